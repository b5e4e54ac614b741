#!/usr/bin/env python3
"""Whether a fitted forecast ranks people no worse than simple counts do, forward in time.

usage: fit.py RENOWN sample|higgs|bitcoin-otc DATA FIT-DAY DAY…      (needs duckdb, numpy, scipy)

DATA is as the head of jobs/NAME.toml says; for the sample it is not looked at. The method is fitted to the job's data up to
FIT-DAY and to nothing after it. Each DAY is scored by it, and held against the distinct people, and the distinct trusted
ones, who react within the horizon after it: Spearman's rank correlation of the forecast and of each baseline, mean over days,
and the difference of the forecast and the best baseline with its 95 % interval, by a bootstrap of people (300 draws, seeded).
The best baseline is the best in hindsight. Also calibration: observed / forecast, and the share of what was observed within the
90 % interval, plain and by the randomised probability integral transform.
"""

import re
import shutil
import sys
import tempfile
import tomllib
from pathlib import Path
from subprocess import check_call, check_output

import duckdb
import numpy as np
from scipy.stats import nbinom, rankdata

ROOT = Path(__file__).parents[1]
# Interactions as (actor, target, kind, at), and the kinds that are reactions.
JOBS = {
    "sample": f"SELECT actor_id::VARCHAR a, target_id::VARCHAR t, \"at\" FROM '{ROOT}/jobs/sample/interactions.parquet'",
    "higgs": "SELECT src::VARCHAR a, dst::VARCHAR t, ts AS \"at\" FROM '{data}/interactions.parquet'",
    "bitcoin-otc": "SELECT src::VARCHAR a, dst::VARCHAR t, ts AS \"at\" FROM '{data}/ratings.parquet'",
}
BASELINES = ("reactors_7d", "reactors_30d", "reactors_90d", "reactors_decayed", "reactions_30d", "reactions_90d",
             "credited_reactors_30d", "credited_reactors_90d", "followers_count", "pagerank")


def spearman(one, other):
    one, other = rankdata(one), rankdata(other)
    return 0.0 if one.std() == 0 or other.std() == 0 else np.corrcoef(one, other)[0, 1]


def scored(out, interactions, horizon, day):
    """Everybody scored on a day: measures, forecast, overdispersion's share, and who reacted after it."""
    duckdb.sql(f"""CREATE OR REPLACE TABLE people AS
        WITH m AS (SELECT *, split_part(person_id, ':', 2) AS account FROM '{out}/measures/{day}/*.parquet'),
        seen AS (
            SELECT t.account, count(DISTINCT e.a) AS observed, count(DISTINCT e.a) FILTER (a.is_trusted = 1) AS trusted
            FROM ({interactions}) e JOIN m t ON t.account = e.t LEFT JOIN m a ON a.account = e.a
            WHERE e.a <> e.t AND e."at" >= DATE '{day}' + 1 AND e."at" < DATE '{day}' + 1 + INTERVAL {horizon} HOURS GROUP BY 1)
        SELECT m.* REPLACE (coalesce(followers_count, 0) AS followers_count), expected_reactors AS forecast,
               coalesce(observed, 0) AS observed, coalesce(trusted, 0) AS trusted_observed
        FROM m JOIN '{out}/scores/{day}/*.parquet' s USING (person_id) LEFT JOIN seen USING (account)
        WHERE s.profile = 'standard' ORDER BY person_id""")
    table = duckdb.sql("FROM people").fetchnumpy()
    return {name: np.asarray(column) for name, column in table.items()}


def compare(days, population, truth):
    """The forecast and the best baseline over days, with the difference and its interval."""
    kept = [{k: v[population(d)] for k, v in d.items()} for d in days]
    of = lambda name, sets: float(np.mean([spearman(d[name], d[truth]) for d in sets]))
    found = {name: of(name, kept) for name in BASELINES}
    best = max(found, key=found.get)
    own = of("forecast", kept)
    people = np.unique(np.concatenate([d["person_id"] for d in kept]))
    places = [np.searchsorted(people, d["person_id"]) for d in kept]
    random, draws = np.random.default_rng(1), []
    for _ in range(300):
        weight = np.bincount(random.integers(0, len(people), len(people)), minlength=len(people))
        sets = []
        for d, place in zip(kept, places):
            rows = np.repeat(np.arange(len(place)), weight[place])
            sets.append({k: d[k][rows] for k in ("forecast", best, truth)})
        draws.append(of("forecast", sets) - of(best, sets))
    low, high = np.quantile(draws, [0.025, 0.975])
    return own, best, found[best], low, high, sum(len(d[truth]) for d in kept)


def main(renown, name, data, fit_day, days):
    with tempfile.TemporaryDirectory() as parent:
        jobs = Path(shutil.copytree(ROOT / "jobs", Path(parent, "jobs")))
        settings = [] if name == "sample" else ["--set", f"data={Path(data).resolve()}"]
        job, method = jobs / f"{name}.toml", jobs / "methods" / "fitted.toml"
        print(check_output([renown, "fit", job, *settings, "--snapshot", fit_day, "--out", method], text=True))
        fitted = tomllib.loads(method.read_text())["forecast"]
        horizon = fitted["horizon_hours"]
        job.write_text(re.sub(r"methods/[\w-]+\.toml", "methods/fitted.toml", job.read_text()))
        sets = []
        for day in days:
            check_call([renown, "run", job, *settings, "--snapshot", day, "--quiet"])
            sets.append(scored(Path(parent, "out", name), JOBS[name].format(data=data), horizon, day))
    populations = {
        "all": lambda d: np.ones(len(d["person_id"]), bool),
        "active": lambda d: d["reactors_window"] > 0,
        "established": lambda d: d["reactors_window"] >= 5,
    }
    for truth in ("observed", "trusted_observed"):
        for label, population in populations.items():
            own, best, of_best, low, high, n = compare(sets, population, truth)
            print(f"{truth:>16} {label:>11} {n:>8} rows  forecast {own:.3f}  {best} {of_best:.3f}  "
                  f"{own - of_best:+.3f} [{low:+.3f}, {high:+.3f}]", flush=True)
    expected = np.concatenate([d["forecast"] for d in sets])
    observed = np.concatenate([d["trusted_observed"] for d in sets])
    alpha = fitted["overdispersion"] * expected ** (fitted["overdispersion_power"] - 2)
    law = nbinom(1 / alpha, 1 / (1 + alpha * expected))
    below, upto = law.cdf(observed - 1), law.cdf(observed)
    transform = below + np.random.default_rng(1).random(len(observed)) * (upto - below)
    plain = (observed >= law.ppf(0.05)) & (observed <= law.ppf(0.95))
    within = (transform > 0.05) & (transform < 0.95)
    print(f"observed / forecast {observed.sum() / expected.sum():.2f}, within the 90 % interval: plain {plain.mean():.3f}, "
          f"randomised {within.mean():.3f}, of {(expected >= 1).sum()} forecasts of 1 and more {within[expected >= 1].mean():.3f}")


main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5:])
