#!/usr/bin/env python3
"""Lopsided inputs at full size: are the counts right, and what do they cost?

usage: shapes.py RENOWN [SHAPE…]      (needs numpy and pyarrow; the largest shape takes about 12 GB of memory)
"""

import json
import sys
import tempfile
from pathlib import Path
from subprocess import check_output

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from process import measured

CUTOFF = np.datetime64("2026-11-22T00:00:00", "us")
JOB = '[inputs]\ninteractions = "in/"\n[output]\nurl = "out/"\n'


def events(actor, target, network="net", kind="reply", age=3_600_000_000):
    rows = len(actor)
    text = lambda value: value if not isinstance(value, str) else pa.array([value] * rows)
    at = pa.array(CUTOFF - (np.zeros(rows, "i8") + age).astype("m8[us]"))
    return pa.table({
        "network": text(network), "actor_id": actor, "target_id": target, "kind": text(kind),
        "at": at.cast(pa.timestamp("us", "UTC")),
    })


def star(to):
    """10⁷ people who each reacted to one."""
    rows = 10**7
    pq.write_table(events(np.arange(1, rows + 1), np.zeros(rows, "i8")), to / "0.parquet")
    return {"people": rows + 1, "most": rows, "sum": rows}


def one_kind(to):
    """10⁷ likes and replies, 99 % of them likes, between 97 people and 10."""
    rows = 10**7
    i = np.arange(rows)
    kind = pa.array(np.where(i % 100 == 0, "reply", "like"))
    pq.write_table(events(i % 97 + 10, i % 10, kind=kind, age=i + 1), to / "0.parquet")
    return {"people": 107, "most": 97, "sum": 970}


def one_event_each(to):
    """10⁶ people in a circle, each of whom answered the next."""
    rows = 10**6
    i = np.arange(rows)
    pq.write_table(events(i, (i + 1) % rows), to / "0.parquet")
    return {"people": rows, "most": 1, "sum": rows}


def networks(to):
    """3,000 networks, each a star of 100."""
    i = np.arange(300_000)
    network = pa.array([f"net{n}" for n in i // 100])
    pq.write_table(events(i, i // 100 * 100 + 10**6, network=network), to / "0.parquet")
    return {"people": 303_000, "most": 100, "sum": 300_000}


def files(to):
    """10,000 files of one row."""
    for i in range(10_000):
        pq.write_table(events(np.array([i + 1]), np.array([0])), to / f"{i}.parquet")
    return {"people": 10_001, "most": 10_000, "sum": 10_000}


def main(renown, names):
    shapes = {f.__name__: f for f in (star, one_kind, one_event_each, networks, files)}
    for name in names or shapes:
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            (folder / "in").mkdir()
            (folder / "j.toml").write_text(JOB)
            expected = shapes[name](folder / "in")
            plan = check_output([renown, "plan", f"{folder}/j.toml", "--snapshot", "2026-11-21", "--format", "json"])
            estimate = json.loads(plan)["estimate"]["memory_bytes"]
            run = [renown, "run", f"{folder}/j.toml", "--snapshot", "2026-11-21", "--quiet"]
            seconds, _, peak = measured(run)
            reactors = pq.read_table(folder / "out/measures/2026-11-21", columns=["reactors_90d"])[0]
            found = {"people": len(reactors), "most": pc.max(reactors).as_py(), "sum": pc.sum(reactors).as_py()}
            assert found == expected, f"{name}: {found}, expected {expected}"
            print(f"{name:<15} {seconds:7.1f} s {peak / 1e6:8.0f} MB, planned {estimate / 1e6:.0f} MB", flush=True)


main(sys.argv[1], sys.argv[2:])
