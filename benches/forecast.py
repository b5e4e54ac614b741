#!/usr/bin/env python3
"""How good the forecasts of a research job are: people who reacted after the cutoff, against what its scores expect.

usage: forecast.py RENOWN higgs|bitcoin-otc DATA DAY…      (needs duckdb, scipy)

DATA is as the head of jobs/NAME.toml says. For each snapshot: people scored, observed / forecast, and the rank
correlations (Spearman) of the forecast and of the plain count of reactors in 90 days with what was observed. If DATA has
labels.parquet (account, fraudulent), also how well what a run says tells good from bad: the area under the ROC curve.
"""

import shutil
import sys
import tempfile
from pathlib import Path
from subprocess import check_call

import duckdb
from scipy.stats import mannwhitneyu, spearmanr

# File of the interactions, horizon in hours.
JOBS = {"higgs": ("interactions", 24), "bitcoin-otc": ("ratings", 672)}


def people(out, interactions, horizon, day):
    """Account, forecast, plain count, score, PageRank, negative share and observed reactors of everybody scored."""
    duckdb.sql(f"""CREATE OR REPLACE TABLE people AS
        WITH observed AS (
            SELECT dst::VARCHAR AS account, count(DISTINCT src) AS reactors FROM '{interactions}'
            WHERE src <> dst AND ts >= DATE '{day}' + 1 AND ts < DATE '{day}' + 1 + INTERVAL {horizon} HOURS GROUP BY 1)
        SELECT split_part(person_id, ':', 2) AS account, expected_reactors AS forecast, reactors_90d AS plain, score, pagerank,
               coalesce(m.negative_share, 0) AS negative_share, coalesce(reactors, 0) AS observed
        FROM '{out}/scores/{day}/*.parquet' JOIN '{out}/measures/{day}/*.parquet' m USING (person_id)
        LEFT JOIN observed ON account = split_part(person_id, ':', 2)""")
    return duckdb.sql("FROM people").fetchnumpy()


def auc(good, bad):
    return mannwhitneyu(good, bad).statistic / (len(good) * len(bad))


def main(renown, job, data, days):
    name, horizon = JOBS[job]
    labels = Path(data, "labels.parquet")
    for day in days:
        # The job writes to ../out from where it lies.
        with tempfile.TemporaryDirectory() as parent:
            jobs = shutil.copytree(Path(__file__).parents[1] / "jobs", Path(parent, "jobs"))
            run = [renown, "run", jobs / f"{job}.toml", "--set", f"data={Path(data).resolve()}", "--snapshot", day, "--quiet"]
            check_call(run)
            scored = people(Path(parent, "out", job), Path(data, f"{name}.parquet"), horizon, day)
            ratio = scored["observed"].sum() / scored["forecast"].sum()
            forecast, plain = (spearmanr(scored[of], scored["observed"]).statistic for of in ("forecast", "plain"))
            print(f"{day}  {len(scored['score']):>7} people  {ratio:6.2f}  {forecast:.3f}  {plain:.3f}", flush=True)
            if labels.exists():
                labelled = f"SELECT p.*, fraudulent FROM people p JOIN '{labels}' l ON p.account = l.account::VARCHAR"
                good, bad = (duckdb.sql(f"FROM ({labelled}) WHERE {which} fraudulent").fetchnumpy() for which in ("NOT", ""))
                told = "  ".join(f"{of} {auc(good[of], bad[of]):.2f}" for of in ("score", "negative_share", "pagerank"))
                print(f"            {len(good['score'])} benign, {len(bad['score'])} fraudulent: {told}")


main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
