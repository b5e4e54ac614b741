#!/usr/bin/env python3
"""How good fitted forecasts are, forward in time, beside single counts.

usage: fit.py RENOWN sample|questions|bitcoin-otc|trolls|higgs DATA DAY… [--trust] [--older RENOWN JOBS]    (needs duckdb, numpy, scipy)

DATA is as the head of the job of that network says (NETWORKS in forward.py); for the sample it is not looked at. For each DAY a method
is fitted to the data up to its end and to nothing after it, the day is scored by it, and its active people (a reactor in 90 days) are
held against the distinct people who react to them within the horizon after it. Printed are, of active people and of established
ones (five reactors in 90 days), the concordance of the forecast; observed / forecast; the mean log score; and how much lies
within the 90 % interval, by the randomised probability integral transform and plain. Then how far the forecast is above the best of the
simple counts (distinct reactors and reactions in three windows, reactors with decay), picked for each day by what was observed before it; above the
best of all measures, picked by what was observed after the first DAY, which is known afterwards; and, with `--older`, above the fit of
version 0.8.0, whose job files are in the folder JOBS: mean of days, with its 95 % interval, people being clusters. Everybody
counts whole, unless `--trust` leaves it to the fit who counts; then those who count are what is observed.
"""

import argparse
import tempfile
from datetime import datetime, time, timedelta
from pathlib import Path

import numpy as np

from agreement import clustered_error, concordance
from forward import EVERYBODY, EVERYBODY_BEFORE, NETWORKS, Past, days_of, predictive

FAMILIES = ("reactors_", "repeat_reactors_", "active_reactors_", "reactions_", "weeks_", "days_", "pair_weeks_", "recency_")
# Instants that counts are picked at: one horizon before the end of a day, one and a half, and so on.
EARLIER = 6


class Day:
    """How a forecast, or a count, did on a day."""

    def __init__(self, people, values):
        y, self.who, established = people["observed"], people["person_id"], people["reactors_90d"] >= 5
        self.c, self.influence = concordance(values, y)
        self.c_established, own = concordance(values[established], y[established])
        self.influence_established = np.zeros(len(y))
        self.influence_established[established] = own


class ForecastDay(Day):
    """How a forecast did on a day, by its distribution too."""

    def __init__(self, people, forecast):
        super().__init__(people, people["forecast"])
        mean, y = people["forecast"], people["observed"]
        law = predictive(mean, forecast["overdispersion"], forecast["overdispersion_power"])
        pit = law.cdf(y - 1) + np.random.default_rng(1).random(len(y)) * law.pmf(y)
        self.log_scores, self.mean, self.level = law.logpmf(y), mean, y.sum() / mean.sum()
        self.within = (pit > 0.05) & (pit < 0.95)
        self.plain = (y >= law.ppf(0.05)) & (y <= law.ppf(0.95))

    def numbers(self):
        return [self.c, self.c_established, self.log_scores.mean(), self.level, self.within.mean(), self.plain.mean()]


def show(what, people, own):
    print(f"{what:<20} {people:7} active: concordance {own[0]:.3f} ({own[1]:.3f}), log score {own[2]:.4f}, observed / forecast {own[3]:.2f}, "
          f"within 90 % {own[4]:.3f}, plain {own[5]:.3f}", flush=True)


def difference(one, other, what):
    """Mean over days of the difference of two forecasts or counts in `what`, and its half 95 % interval."""
    of = {"c": "influence", "c_established": "influence_established"}
    if what in of:
        influences = [(a.who, getattr(a, of[what]) - getattr(b, of[what])) for a, b in zip(one, other)]
        mean = np.mean([getattr(a, what) - getattr(b, what) for a, b in zip(one, other)])
    else:
        gains = [a.log_scores - b.log_scores for a, b in zip(one, other)]
        influences = [(a.who, (gain - gain.mean()) / len(gain)) for a, gain in zip(one, gains)]
        mean = np.mean([gain.mean() for gain in gains])
    error = clustered_error(influences)
    return f"{mean:+.4f} (se {error:.4f}, 95 % {mean - 1.96 * error:+.4f} to {mean + 1.96 * error:+.4f})"


def best_before(past, end):
    """The simple count that agreed best with what was observed by the end of a day, after instants before it."""
    found = {}
    for back in range(EARLIER):
        at = end - past.horizon * (1 + back / 2)
        if at > past.begin() + past.horizon / 2:
            people = past.simple_counts(at)
            observed = np.asarray(people["observed"], float)
            if len(observed) >= 15 and observed.sum() >= 5:
                for count in people.keys() - {"t", "observed"}:
                    found.setdefault(count, []).append(concordance(np.asarray(people[count], float), observed)[0])
    means = {count: np.mean(own) for count, own in sorted(found.items())}
    return max(means, key=means.get, default="decayed_month")


def of_count(past, end, people, count):
    """The values of a simple count for people."""
    rows = past.simple_counts(end)
    of = dict(zip(rows["t"], np.asarray(rows[count], float)))
    return np.array([of.get(person.split(":", 1)[1], 0.0) for person in people["person_id"]])


def main(options):
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        past = Past(here / "now", options.renown, options.network, options.data, everybody=None if options.trust else EVERYBODY)
        older = options.older and Past(here / "older", options.older[0], options.network, options.data, options.older[1], EVERYBODY_BEFORE)
        days, older_days, picked, alone = [], [], [], []
        for day in days_of(options.days):
            method = past.fit(day)
            people = past.people(day)
            days.append(ForecastDay(people, method["forecast"]))
            show(f"{day} {method.get('fit', {}).get('form', 'none')}", len(people["observed"]), days[-1].numbers())
            counts = [name for name in people if name.removeprefix("credited_").startswith(FAMILIES)]
            end = datetime.combine(day + timedelta(1), time())
            count = best_before(past, end)
            picked.append((count, Day(people, of_count(past, end, people, count))))
            alone.append({count: Day(people, people[count]) for count in counts})
            if older:
                method, then = older.fit(day), older.people(day)
                assert list(then["person_id"]) == list(people["person_id"]) and (then["observed"] == people["observed"]).all()
                older_days.append(ForecastDay(then, method["forecast"]))
                show(f"{day} older", len(then["observed"]), older_days[-1].numbers())
        show("mean", 0, np.mean([day.numbers() for day in days], 0))
        if older:
            show("mean, older", 0, np.mean([day.numbers() for day in older_days], 0))
        for least in (1, 5, 10):
            within = np.concatenate([day.within[day.mean >= least] for day in days])
            plain = np.concatenate([day.plain[day.mean >= least] for day in days])
            if len(within) >= 100:
                print(f"of {len(within)} forecasts of {least} and more: within 90 % {within.mean():.3f}, plain {plain.mean():.3f}")
        best = max(alone[0], key=lambda count: alone[0][count].c)
        rows = [(f"the best simple count picked before ({', '.join(dict.fromkeys(name for name, _ in picked))})", [own for _, own in picked]),
                (f"{best}, picked on the first day", [own[best] for own in alone])]
        for what, others in rows:
            print(f"{what}: concordance {np.mean([own.c for own in others]):.3f} ({np.mean([own.c_established for own in others]):.3f})\n"
                  f"  above it: {difference(days, others, 'c')}; established {difference(days, others, 'c_established')}")
        if older:
            print("above the older fit: concordance " + difference(days, older_days, "c") + "; established "
                  + difference(days, older_days, "c_established") + "; log score " + difference(days, older_days, "log_scores"))


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("renown")
parser.add_argument("network", choices=NETWORKS)
parser.add_argument("data")
parser.add_argument("days", nargs="+")
parser.add_argument("--trust", action="store_true")
parser.add_argument("--older", nargs=2, metavar=("RENOWN", "JOBS"))
main(parser.parse_args())
