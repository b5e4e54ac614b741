#!/usr/bin/env python3
"""The slopes that travel: one line over Renown's measures for four networks, and how it does on the one that it has not seen.

usage: pooled.py RENOWN DATA_FOLDER      (needs duckdb, numpy, scipy; DATA_FOLDER has a folder of each network, as FOLDERS names them)

Everybody counts whole. At several instants that lie a horizon and more before the days of NETWORKS the measures of active people are taken
from a run, and the distinct people who react to them within the horizon. Fitted is the line ln μ = level of the network + Σ slope · ln(1 + measure / 0.1), slopes
0 or more, by the quasi-likelihood of Var y = μ + a μ^1.5; slopes are drawn to 0 with a standard deviation of .2, and each network
weighs as much as 6,000 people. Then, at each day of each network: the line of the other three, its level learnt at the latest origins before
that day, beside `renown fit`; and from half a horizon of data, beside the same line fitted at home, since a fit learns nothing
but the level from so little. Last, what the slopes of standard-6 and those of all four reach at the same days.
"""

import sys
import tempfile
import tomllib
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln

from agreement import clustered_error, concordance
from forward import ROOT, Past

# Folder, days that are forecast from, and how far instants of the fit lie apart, in horizons.
FOLDERS = {
    "questions": ("quantum_stackexchange", ["2018-07-13", "2018-07-20", "2018-07-27", "2018-08-03"], 0.25),
    "trolls": ("ira_troll_tweets", ["2016-10-30", "2016-11-29", "2016-12-29"], 0.5),
    "bitcoin-otc": ("bitcoin_otc_fraud", ["2013-01-30", "2013-03-31", "2013-06-29"], 0.5),
    "higgs": ("higgs_twitter", ["2012-07-04", "2012-07-05", "2012-07-06"], 0.5),
}
# Measures that another reaction can only raise; posts are not everywhere.
MEASURES = [*(f"reactors_hl_{h}" for h in ("1_4", "1_2", 1, 2, 4, 8)), "repeat_reactors_hl_1", "repeat_reactors_hl_4", "active_reactors_hl_1",
            *(f"{of}_hl_{h}" for of in ("reactions", "weeks") for h in ("1_2", 2, 8)), "days_hl_2", "pair_weeks_hl_2", "pair_weeks_hl_8",
            *(f"recency_hl_{h}" for h in ("1_8", "1_2", 2))]
STANDARD = tomllib.loads((ROOT / "jobs/methods/standard-6.toml").read_text())["forecast"]
# Origins for each day of a network, most of their people, and what all people of a network weigh together.
ORIGINS, PEOPLE, WEIGHT = 4, 3000, 6000
SD, POWER, GROWTH, PRIOR = 0.2, 1.5, 0.8, 20


class Look:
    """The active people at an instant: z = ln(1 + measure / 0.1) (people × measures), and how many react to them afterwards."""

    def __init__(self, people):
        self.z = np.log1p(np.column_stack([people[name] for name in MEASURES]) / 0.1)
        self.y, self.who, self.established = people["observed"], people["person_id"], people["reactors_90d"] >= 5


class World:
    """A network, looked at at instants."""

    def __init__(self, renown, data, name):
        folder, days, self.step = FOLDERS[name]
        self.renown, self.name, self.data = renown, name, Path(data, folder)
        self.ends = [datetime.combine(date.fromisoformat(day) + timedelta(1), time()) for day in days]
        self.looks = {}
        with tempfile.TemporaryDirectory() as folder:
            past = Past(folder, renown, name, self.data)
            self.horizon, self.begin = past.horizon, past.begin()

    def look(self, at, since=None, within=None):
        """Whoever was active at an instant, which becomes the end of a day."""
        key = (at, since)
        if key not in self.looks:
            later_by = -timedelta(hours=at.hour, minutes=at.minute) % timedelta(1)
            with tempfile.TemporaryDirectory() as folder:
                past = Past(folder, self.renown, self.name, self.data, since=since, later_by=later_by)
                day = (at + later_by - timedelta(1)).date()
                self.looks[key] = Look(past.people(day, fitted=False, within=within))
        return self.looks[key]

    def origins(self):
        """Those of the fit of the pooled line."""
        back = [self.horizon * (1 + self.step * n) for n in range(ORIGINS)]
        return sorted({end - own for end in self.ends for own in back if end - own > self.begin + self.horizon})

    def latest(self, end):
        """Those that the level of a day is learnt at, each with its outcome before the end of the day."""
        return [at for n in range(3) if (at := end - self.horizon * (1 + n / 4)) > self.begin + self.horizon / 2]

    def home(self, end):
        """`renown fit` up to the end of a day: its forecast, and how it distributes."""
        with tempfile.TemporaryDirectory() as folder:
            past, day = Past(folder, self.renown, self.name, self.data), (end - timedelta(1)).date()
            method = past.fit(day)
            people = past.people(day)
        return people, method["forecast"], method["fit"]["form"]


def log_score(y, mean, a, power):
    """Logarithm of the negative binomial probability of y, of variance mean + a · mean^power."""
    size = np.clip(mean ** (2 - power) / a, 1e-6, 1e9)
    return (gammaln(y + size) - gammaln(size) - gammaln(y + 1) + size * np.log(size / (size + mean)) + y * np.log(mean / (size + mean)))


def dispersion(y, mean):
    tries = [(log_score(y, mean, a, power).mean(), a, power) for power in (1, 1.25, 1.5, 1.75, 2) for a in np.exp(np.linspace(-3, 3.5, 27))]
    return max(tries)[1:]


def fit_line(networks):
    """Slopes (one of each measure), the level of each of some networks (lists of looks) and a."""
    z, y, weight, network = [], [], [], []
    for number, looks in enumerate(networks):
        people = sum(min(len(look.y), PEOPLE) for look in looks)
        for at, look in enumerate(looks):
            rows = np.random.default_rng(at).permutation(len(look.y))[:PEOPLE]
            z.append(look.z[rows])
            y.append(look.y[rows])
            weight.append(np.full(len(rows), WEIGHT / people if len(networks) > 1 else 1.0))
            network.append(np.full(len(rows), number))
    z, y, weight, network = (np.concatenate(part) for part in (z, y, weight, network))
    levels = np.eye(len(networks))[network]
    columns, k = np.column_stack([z, levels]), z.shape[1]
    bounds = [(0, None)] * k + [(None, None)] * len(networks)

    def loss(v, a):
        eta = np.clip(columns @ v, -25, 15)
        mean, root = np.exp(eta), np.exp(eta / 2)
        if a:
            log = np.log1p(a * root)
            gain, slope = 2 * (y * (eta / 2 - log) - (root - log / a) / a), (y - mean) / (1 + a * root)
        else:
            gain, slope = y * eta - mean, y - mean
        ridge, gradient = v[:k] / SD**2, -columns.T @ (weight * slope)
        gradient[:k] += ridge
        return -(weight * gain).sum() + v[:k] @ ridge / 2, gradient

    v, a = np.r_[np.zeros(k), np.full(len(networks), np.log(np.average(y, weights=weight)))], 0.0
    for _ in range(2):
        v = minimize(loss, v, (a,), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 2000, "maxfun": 4000, "ftol": 1e-11}).x
        if not a:
            mean = np.exp(np.clip(columns @ v, -25, 15))
            a = max(np.exp(np.linspace(-4, 3, 40)), key=lambda a: np.average(log_score(y, mean, a, POWER), weights=weight))
    return v[:k], v[k:], a


class Forecast:
    """A line with the level and the dispersion that were learnt at origins, for the people of a look."""

    def __init__(self, slopes, start, origins, look, part=1.0):
        """`part`: of a horizon, in which was observed what the origins have."""
        means = [np.exp(start + origin.z @ slopes) * part**GROWTH for origin in origins]
        y, mean = np.concatenate([origin.y for origin in origins]), np.concatenate(means)
        level = (y.sum() / len(origins) + PRIOR) / (mean.sum() / len(origins) + PRIOR)
        a, power = dispersion(y, level * mean)
        self.mean = level * np.exp(start + look.z @ slopes)
        self.add(look, log_score(look.y, self.mean, a, power))

    def add(self, look, scores):
        self.who, self.scores, self.level = look.who, scores, look.y.sum() / self.mean.sum()
        self.c, self.influence = concordance(self.mean, look.y)
        self.c_established = concordance(self.mean[look.established], look.y[look.established])[0]


class Home(Forecast):
    def __init__(self, people, forecast):
        self.mean = people["forecast"]
        self.add(Look(people), log_score(people["observed"], self.mean, max(forecast["overdispersion"], 1e-9), forecast["overdispersion_power"]))


def show(name, what, one, beside=None):
    mean = lambda of: np.mean([getattr(day, of) if of != "scores" else day.scores.mean() for day in one])
    text = f"{name:<12} {what:<44} C {mean('c'):.3f} ({mean('c_established'):.3f}), log score {mean('scores'):.4f}, o / f {mean('level'):.2f}"
    if beside:
        more = clustered_error([(a.who, a.influence - b.influence) for a, b in zip(one, beside)])
        gains = [a.scores - b.scores for a, b in zip(one, beside)]
        error = clustered_error([(day.who, (gain - gain.mean()) / len(gain)) for day, gain in zip(one, gains)])
        text += (f"; above home: C {mean('c') - np.mean([day.c for day in beside]):+.3f} (se {more:.3f}), "
                 f"log score {np.mean([gain.mean() for gain in gains]):+.4f} (se {error:.4f})")
    print(text, flush=True)


def main(renown, data):
    worlds = {name: World(renown, data, name) for name in FOLDERS}
    looks = {name: [world.look(at) for at in world.origins()] for name, world in worlds.items()}
    describe = lambda slopes: ", ".join(f"{name} {slope:.3f}" for name, slope in zip(MEASURES, slopes) if slope >= 0.0005)
    all_four, levels, a = fit_line(list(looks.values()))
    print(f"all four: {describe(all_four)}; levels {' '.join(f'{own:.2f}' for own in levels)}, mean {levels.mean():.2f}; a {a:.2f}")
    terms = {term["measure"].removeprefix("credited_"): term["coefficient"] for term in STANDARD["terms"]}
    standard = np.array([terms.get(name, 0.0) for name in MEASURES])
    print(f"standard-6: {describe(standard)}; level {STANDARD['intercept']:.2f}", flush=True)
    for name, world in worlds.items():
        slopes, levels, a = fit_line([own for other, own in looks.items() if other != name])
        print(f"without {name}: {describe(slopes)}; level {levels.mean():.2f}; a {a:.2f}", flush=True)
        found = {}
        for end in world.ends:
            origins, now = [world.look(at) for at in world.latest(end)], world.look(end)
            people, forecast, form = world.home(end)
            found.setdefault("renown fit at home", []).append(Home(people, forecast))
            for what, own, start in (("the line of the other three", slopes, levels.mean()), ("standard-6", standard, STANDARD["intercept"]),
                                     ("the line of all four", all_four, levels.mean())):
                found.setdefault(what, []).append(Forecast(own, start, origins, now))
            # Half a horizon of data: people as they were a quarter of a horizon ago, and who reacted since.
            since, then = end - world.horizon / 2, end - world.horizon / 4
            before, now = world.look(then, since, world.horizon / 4), world.look(end, since)
            at_home, level, _ = fit_line([[before]])
            for what, own, start in (("half a horizon: a line fitted at home", at_home, level[0] + GROWTH * np.log(4)),
                                     ("half a horizon: the line of the other three", slopes, levels.mean())):
                found.setdefault(what, []).append(Forecast(own, start, [before], now, 1 / 4))
        for what, own in found.items():
            at_home = "half a horizon: a line fitted at home" if what.startswith("half") else "renown fit at home"
            show(name, what, own, None if what == at_home else found[at_home])


main(*sys.argv[1:])
