#!/usr/bin/env python3
"""Whole runs over synthetic worlds, beside what `plan` says and, if asked, the same counts in DuckDB (counts.sql).

usage: nightly.py RENOWN [--counts] PEOPLE,INTERACTIONS,POSTS…      (--counts needs duckdb)
"""

import sys
import tempfile
from pathlib import Path
from subprocess import check_output

from process import measured


def counts(world):
    import duckdb

    session = duckdb.connect()
    for table in ("interactions", "posts"):
        session.execute(f"SET VARIABLE {table} = '{world}/{table}/*.parquet'")
    session.execute(Path(__file__).with_name("counts.sql").read_text())


def show(name, measures, more=""):
    seconds, cpu, peak = measures
    print(f"{name:<13} {seconds:7.2f} s {cpu / seconds:5.2f} cores {peak / 1e6:7.0f} MB{more}", flush=True)


def main(renown, beside, worlds):
    for people, interactions, posts in worlds:
        print(f"\n{people} people, {interactions} interactions, {posts} posts")
        with tempfile.TemporaryDirectory() as folder:
            world, said = f"{folder}/world", f"{folder}/said"
            sizes = ["--people", people, "--interactions", interactions, "--posts", posts]
            show("renown synth", measured([renown, "synth", *sizes, "--seed", "1", "--out", world]))
            plan = check_output([renown, "plan", f"{world}/job.toml"], text=True)
            memory, output = (next(line.split()[1] for line in plan.splitlines() if line.startswith(f"  {word}"))
                              for word in ("memory", "output"))
            run = measured([renown, "run", f"{world}/job.toml"], said)
            tables = sum(file.stat().st_size for file in Path(world, "run-output").rglob("*.parquet"))
            show("renown run", run, f", planned {memory} MB; tables {tables / 1e6:.1f} MB, planned {output} MB")
            print(Path(said).read_text().split("top ")[0].strip())
            if beside:
                show("DuckDB", measured([sys.executable, __file__, "--count", world]))


if sys.argv[1] == "--count":
    counts(sys.argv[2])
else:
    options = [word for word in sys.argv[2:] if word != "--counts"]
    main(sys.argv[1], "--counts" in sys.argv, [world.split(",") for world in options])
