#!/usr/bin/env python3
"""How near a fitted forecast comes to rates that are known, in a synthetic world.

usage: planted.py RENOWN WORLD      (needs duckdb, numpy, scipy; WORLD is a folder that `renown synth` wrote)

The method is fitted to the world's own past and scores its last day. Told are, of everybody scored: Spearman's rank correlation
of the forecast with the number of reactors that the rates make expected (of people with at least 20 reactions in 90 days, and
of all); the calibration slope, that of a Poisson regression of the drawn number on the logarithm of the forecast; and how much
of what was drawn lies within the 90 % interval, plain and by the randomised probability integral transform. Everybody counts as
trusted: the rates are of all who may be scored.
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
from scipy.optimize import minimize
from scipy.stats import nbinom, spearmanr

METHOD = (Path(__file__).parents[1] / "jobs/methods/standard-6.toml").read_text()


def main(renown, world):
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        text = re.sub(r"\[\[trust.seeds\]\]\nverified = true\n", "", METHOD)
        # No data reach back so far: the fit finds no founders, and everybody counts whole.
        (here / "base.toml").write_text(re.sub(r"(?m)^tenure_hours *= *\d+", "tenure_hours = 87000", text))
        job = Path(world, "job.toml").read_text()
        job = re.sub(r'= "(\w+/)"', lambda m: f'= "{Path(world).resolve()}/{m[1]}"', job)
        job = job.replace("[inputs]", 'method = "base.toml"\n\n[inputs]')
        job = re.sub(r'url = ".*"', f'url = "{here}/out/"', job)
        (here / "job.toml").write_text(job)
        print(check_output([renown, "fit", here / "job.toml", "--out", here / "fitted.toml"], text=True))
        (here / "job.toml").write_text(job.replace("base.toml", "fitted.toml"))
        check_call([renown, "run", here / "job.toml", "--quiet"])
        fitted = tomllib.loads((here / "fitted.toml").read_text())["forecast"]
        rows = duckdb.sql(f"""
            WITH accounts AS (SELECT person_id, unnest(accounts) AS account FROM '{here}/out/people/*/*.parquet'),
            drawn AS (
                SELECT t.person_id, count(DISTINCT (e.network, a.person_id)) AS drawn
                FROM '{world}/future/*.parquet' e JOIN accounts t ON t.account = e.network || ':' || e.target_id
                JOIN accounts a ON a.account = e.network || ':' || e.actor_id
                WHERE a.person_id <> t.person_id AND e.kind <> 'follow' GROUP BY 1)
            SELECT s.expected_reactors AS forecast, t.expected_scored_reactors AS planted, coalesce(drawn, 0) AS drawn, reactions
            FROM '{here}/out/scores/*/*.parquet' s JOIN '{world}/truth/*.parquet' t USING (person_id)
            JOIN (SELECT person_id, sum(reactions_90d) AS reactions FROM '{here}/out/measures/*/*.parquet' GROUP BY 1)
            USING (person_id) LEFT JOIN drawn USING (person_id)""").fetchnumpy()
        shutil.rmtree(here / "out")
    forecast, planted, drawn = (np.asarray(rows[name], float) for name in ("forecast", "planted", "drawn"))
    busy = np.asarray(rows["reactions"], float) >= 20
    rho = [spearmanr(forecast[who], planted[who]).statistic for who in (busy, np.ones(len(busy), bool))]
    x = np.log(forecast)
    slope = minimize(lambda b: np.mean(np.exp(b[0] + b[1] * x) - drawn * (b[0] + b[1] * x)), [0.0, 1.0]).x[1]
    alpha = fitted["overdispersion"] * forecast ** (fitted["overdispersion_power"] - 2)
    law = nbinom(1 / alpha, 1 / (1 + alpha * forecast))
    below, upto = law.cdf(drawn - 1), law.cdf(drawn)
    transform = below + np.random.default_rng(1).random(len(drawn)) * (upto - below)
    plain = (drawn >= law.ppf(0.05)) & (drawn <= law.ppf(0.95))
    print(f"{len(busy)} people, {busy.sum()} with 20 reactions: Spearman with the planted rate {rho[0]:.3f}, of all {rho[1]:.3f}\n"
          f"drawn / forecast {drawn.sum() / forecast.sum():.2f}, calibration slope {slope:.2f}, within the 90 % interval: "
          f"plain {plain.mean():.3f}, randomised {np.mean((transform > 0.05) & (transform < 0.95)):.3f}")


main(sys.argv[1], sys.argv[2])
