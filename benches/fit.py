#!/usr/bin/env python3
"""How good fitted forecasts are, forward in time, beside single counts.

usage: fit.py RENOWN sample|bitcoin-otc|trolls|higgs DATA DAY… [--trust]      (needs duckdb, numpy, scipy)

DATA is as the head of jobs/NAME.toml, or jobs/validate-trolls.toml, says; for the sample it is not looked at. For each DAY a method
is fitted to the data up to its end and to nothing after it, the day is scored by it, and its active people (a reactor in 90 days) are held against the
distinct people who react to them within the horizon after it. Told are, of active people and of established ones (five reactors in
90 days), the concordance (Harrell's C, ties half) of the forecast and of the best single count, picked by its concordance at the
first DAY's fit; observed / forecast; the mean log score; and how much lies within the 90 % interval, by the randomised probability
integral transform and plain. Everybody counts whole, unless `--trust` leaves it to the fit who counts; then those who count are
what is observed.
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
from scipy.stats import nbinom

ROOT = Path(__file__).parents[1]
# Job, and interactions as (actor, target, time).
JOBS = {
    "sample": ("fit-sample", f"SELECT actor_id::VARCHAR a, target_id::VARCHAR t, \"at\" FROM '{ROOT}/jobs/sample/interactions.parquet' "
                             "WHERE kind <> 'accept'"),
    "higgs": ("higgs", "SELECT src::VARCHAR a, dst::VARCHAR t, ts AS \"at\" FROM '{data}/interactions.parquet'"),
    "bitcoin-otc": ("bitcoin-otc", "SELECT src::VARCHAR a, dst::VARCHAR t, ts AS \"at\" FROM '{data}/ratings.parquet'"),
    "trolls": ("validate-trolls", "SELECT src::VARCHAR a, dst::VARCHAR t, ts AS \"at\" FROM '{data}/interactions.parquet'"),
}


def concordance(x, y):
    """Of two people for whom different numbers were observed, how often x orders them right, ties half."""
    order = np.argsort(y, kind="stable")
    ranks = np.unique(x, return_inverse=True)[1]
    seen, counts, right, pairs = 0, np.zeros(ranks.max() + 1), 0.0, 0.0
    for group in np.split(order, np.flatnonzero(np.diff(y[order])) + 1):
        below = np.cumsum(counts)
        own = ranks[group]
        right += (below[own] - counts[own] / 2).sum()
        pairs += seen * len(group)
        counts += np.bincount(own, minlength=len(counts))
        seen += len(group)
    return right / pairs


def main(renown, name, data, days, trust):
    job, interactions = JOBS[name]
    interactions = interactions.format(data=data)
    found, counts = [], None
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        shutil.copytree(ROOT / "jobs", here / "jobs")
        file = here / "jobs" / f"{job}.toml"
        text = re.sub(r'url = ".*"', f'url = "{here}/out/"', file.read_text())
        base = re.search(r'method += "(.*)"', text)[1]
        method = (here / "jobs" / base).read_text()
        if not trust:
            # No data reach back so far: the fit finds no founders, and everybody counts whole.
            method = re.sub(r"(?m)^tenure_hours.*\n|^\[trust.networks.*\nfull_credit.*\n", "", method)
            method = re.sub(r"(?m)^\[trust\]$", "[trust]\ntenure_hours = 87000", method)
        (here / "jobs" / "base.toml").write_text(method)
        (here / "jobs" / "base-job.toml").write_text(text.replace(base, "base.toml"))
        (here / "jobs" / "fitted-job.toml").write_text(text.replace(base, "fitted.toml"))
        options = ["--set", f"data={data}"] if "${data}" in text else []
        for day in days:
            fitted = here / "jobs" / "fitted.toml"
            fitted.unlink(missing_ok=True)
            check_output([renown, "fit", here / "jobs/base-job.toml", "--snapshot", day, *options, "--out", fitted])
            check_call([renown, "run", here / "jobs/fitted-job.toml", "--snapshot", day, *options, "--quiet"])
            forecast = tomllib.loads(fitted.read_text())
            horizon = forecast["forecast"]["horizon_hours"]
            counts = counts or [c for (c,) in duckdb.sql(
                f"SELECT column_name FROM (DESCRIBE FROM '{here}/out/measures/*/*.parquet') WHERE column_type IN ('BIGINT', 'DOUBLE') "
                "AND regexp_matches(column_name, '^(credited_)?(repeat_)?(reactors|reactions|weeks|days|pair_weeks|recency)_')").fetchall()]
            trusted = f"""JOIN (SELECT account_id, credit >= .5 AS counts FROM '{here}/out/accounts/{day}/*.parquet') c
                ON c.account_id = e.a AND c.counts""" if trust else ""
            rows = duckdb.sql(f"""
                WITH e AS ({interactions}), observed AS (
                    SELECT t, count(DISTINCT a) AS y FROM e {trusted} WHERE a <> t AND "at" >= DATE '{day}' + 1
                    AND "at" < DATE '{day}' + 1 + INTERVAL {horizon} HOURS GROUP BY 1)
                SELECT expected_reactors AS forecast, coalesce(y, 0) AS observed, m.*
                FROM '{here}/out/scores/{day}/*.parquet' s JOIN '{here}/out/measures/{day}/*.parquet' m USING (person_id)
                LEFT JOIN observed ON t = substr(person_id, strpos(person_id, ':') + 1)
                WHERE reactors_90d > 0 ORDER BY person_id""").fetchnumpy()
            shutil.rmtree(here / "out")
            mu, y = np.asarray(rows["forecast"], float), np.asarray(rows["observed"], float)
            established = np.asarray(rows["reactors_90d"]) >= 5
            of_counts = {c: concordance(np.asarray(rows[c], float), y) for c in counts}
            of_established = {c: concordance(np.asarray(rows[c], float)[established], y[established]) for c in counts}
            r = mu ** (2 - forecast["forecast"]["overdispersion_power"]) / max(forecast["forecast"]["overdispersion"], 1e-9)
            law = nbinom(r, r / (r + mu))
            u = np.random.default_rng(1).random(len(y))
            pit = law.cdf(y - 1) + u * law.pmf(y)
            form = forecast.get("fit", {}).get("form", "none")
            own = [concordance(mu, y), concordance(mu[established], y[established]), law.logpmf(y).mean(), y.sum() / mu.sum(),
                   ((pit > .05) & (pit < .95)).mean(), ((y >= law.ppf(.05)) & (y <= law.ppf(.95))).mean()]
            found.append((own, of_counts, of_established))
            show(f"{day} {form}", len(y), own)
    best = max(found[0][1], key=found[0][1].get)
    mean = lambda values: float(np.mean(list(values)))
    show("mean", 0, np.mean([own for own, *_ in found], 0))
    print(f"{best}, picked on the first day: concordance {mean(c[best] for _, c, _ in found):.3f} "
          f"({mean(c[best] for *_, c in found):.3f})")


def show(what, people, own):
    print(f"{what:<20} {people:7} active: concordance {own[0]:.3f} ({own[1]:.3f}), log score {own[2]:.4f}, observed / forecast {own[3]:.2f}, "
          f"within 90 % {own[4]:.3f}, plain {own[5]:.3f}", flush=True)


options = [word for word in sys.argv[1:] if word != "--trust"]
main(options[0], options[1], options[2], options[3:], "--trust" in sys.argv)
