#!/usr/bin/env python3
"""Thirty nights of the sample, one after the other: why scores moved.

usage: replay.py RENOWN      (needs duckdb)

Runs jobs/sample.toml for the 30 days up to 31 August 2018 into one folder and tells, of all changes from night to night: how far
the causes are from summing to the difference of the two published scores, at most; how many people whom nobody reacted to since
moved by anything but decay and trust; how many changes are above 3 points, and the most that decay moved anybody, alone and beside other causes.
"""

import shutil
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path
from subprocess import check_call

import duckdb

ROOT = Path(__file__).parents[1]


def main(renown):
    days = [date(2018, 8, 31) - timedelta(29 - n) for n in range(30)]
    with tempfile.TemporaryDirectory() as parent:
        jobs = Path(shutil.copytree(ROOT / "jobs", Path(parent, "jobs")))
        for day in days:
            check_call([renown, "run", jobs / "sample.toml", "--snapshot", str(day), "--quiet"])
        out = Path(parent, "out/sample")
        duckdb.sql(f"""
            CREATE TABLE moved AS
            SELECT s.snapshot_date AS day, s.person_id, s.change_1d, s.score - p.score AS difference
            FROM '{out}/scores/*/*.parquet' s JOIN '{out}/scores/*/*.parquet' p
            ON p.person_id = s.person_id AND p.snapshot_date = s.snapshot_date - 1;
            CREATE TABLE causes AS SELECT snapshot_date AS day, person_id, sum(points) AS points,
                sum(abs(points)) FILTER (cause NOT IN ('decay', 'trust_and_others')) AS own,
                count(*) FILTER (cause <> 'decay') AS others, sum(points) FILTER (cause = 'decay') AS by_decay
            FROM '{out}/changes/*/*.parquet' GROUP BY ALL;
            CREATE TABLE reacted AS SELECT DISTINCT 'quantum.stackexchange:' || target_id AS person_id, "at"::DATE AS day
            FROM '{jobs}/sample/interactions.parquet'""")
        print(duckdb.sql("""
            SELECT count(*) AS changes, count(*) FILTER (difference <> 0) AS moved,
                   max(abs(difference - change_1d)) AS off_scores, max(abs(difference - coalesce(points, 0))) AS off_causes,
                   count(*) FILTER (r.person_id IS NULL AND coalesce(own, 0) > 0) AS moved_without_reactions,
                   count(*) FILTER (abs(difference) > 3) AS above_3,
                   max(abs(difference)) FILTER (coalesce(others, 0) = 0) AS most_of_decay_alone,
                   max(abs(by_decay)) AS most_of_decay
            FROM moved m LEFT JOIN causes c USING (day, person_id)
            LEFT JOIN reacted r ON r.person_id = m.person_id AND r.day = m.day"""))


main(sys.argv[1])
