#!/usr/bin/env python3
"""A whole `renown run` over a synthetic world, beside the same counts in DuckDB (counts.sql).

usage: nightly.py RENOWN PEOPLE INTERACTIONS POSTS      (needs duckdb)
"""

import os
import sys
import tempfile
import time
from pathlib import Path
from subprocess import run

COUNTS = Path(__file__).with_name("counts.sql")
# Where counts are made; the other stages rank, score, check and publish.
COUNTING = ("read", "people", "attention", "measures")


def counts(world):
    import duckdb

    session = duckdb.connect()
    for table in ("interactions", "posts"):
        session.execute(f"SET VARIABLE {table} = '{world}/{table}/*.parquet'")
    print(session.execute(COUNTS.read_text()).fetchall())


def measured(command):
    """Wall-clock seconds, processor seconds, and peak memory in bytes of a process."""
    began = time.monotonic()
    child = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(child, 0)
    assert status == 0, f"{command} ended with {status}"
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def show(name, seconds, cpu, peak):
    print(f"{name:<14} {seconds:7.1f} s {cpu / seconds:5.2f} cores {peak / 1e6:7.0f} MB", flush=True)


def main(renown, people, interactions, posts):
    with tempfile.TemporaryDirectory() as folder:
        world = f"{folder}/world"
        sizes = ["--people", people, "--interactions", interactions, "--posts", posts]
        show("renown synth", *measured([renown, "synth", *sizes, "--seed", "1", "--out", world]))
        plan = run([renown, "plan", f"{world}/job.toml"], capture_output=True, text=True, check=True).stdout
        print(next(line for line in plan.splitlines() if "memory" in line))
        show("renown run", *measured([renown, "run", f"{world}/job.toml"]))
        print(f"DuckDB makes the counts of {', '.join(COUNTING)}:")
        show("DuckDB", *measured([sys.executable, __file__, "--counts", world]))


if sys.argv[1] == "--counts":
    counts(sys.argv[2])
else:
    main(*sys.argv[1:])
