#!/usr/bin/env python3
"""How far one more reaction can lower a forecast, by way of trust.

usage: one_more.py RENOWN [DATA]      (needs duckdb, numpy, pyarrow; DATA is a folder with the ratings of jobs/bitcoin-otc.toml)

With everybody's credit fixed, another reaction lowers no measure. Here the fitted method says who counts, as on any night: to the sample
(and to Bitcoin OTC) one reaction is added at a time, and the day is run again. Drawn at random are 200 reactions between any two accounts,
of any age up to a year; 50 by founders of trust, older than the lag, which can vouch; and 50 by founders who vouch for 20 people or more,
for whom another one makes each vouch worth less. Printed are how many made somebody's expected reactors fall, and the largest fall:
of expected reactors, as a ratio, and in points of the score.
"""

import re
import shutil
import sys
import tempfile
import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from subprocess import check_call

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).parents[1]
ANYBODY, FOUNDERS, BUDGET, LAG, YEAR = 200, 50, 20, timedelta(days=7), timedelta(days=365)
# Who of whom, and what else a row needs.
COLUMNS = {"sample": ("actor_id", "target_id", "at", {"network": "quantum.stackexchange", "kind": "comment"}),
           "bitcoin-otc": ("src", "dst", "ts", {"rating": 1})}


class Night:
    def __init__(self, renown, name, folder, data):
        self.renown, self.here = renown, Path(folder)
        jobs = Path(shutil.copytree(ROOT / "jobs", self.here / "jobs"))
        self.job = jobs / f"{name}.toml"
        text = self.job.read_text()
        method = tomllib.loads((jobs / re.search(r'method += "(.*)"', text)[1]).read_text())
        self.window = timedelta(hours=method["attention"]["window_hours"])
        self.day = datetime.fromisoformat(re.search(r"snapshot = ([\d-]+)", text)[1])
        self.job.write_text(re.sub(r'url = ".*"', f'url = "{folder}/out/"', text))
        self.options = []
        file = jobs / "sample/interactions.parquet"
        if name != "sample":
            self.options = ["--set", f"data={folder}"]
            file = Path(shutil.copyfile(Path(data, "ratings.parquet"), self.here / "ratings.parquet"))
        self.file, self.rows = file, pq.read_table(file)

    def run(self, more=()):
        """Expected reactors and score of everybody by id, with more rows, and who are founders."""
        added = pa.Table.from_pylist(list(more), self.rows.schema)
        pq.write_table(pa.concat_tables([self.rows, added]), self.file)
        check_call([self.renown, "run", self.job, "--quiet", *self.options])
        scores = duckdb.sql(f"SELECT person_id, expected_reactors, score FROM '{self.here}/out/scores/*/*.parquet' ORDER BY 1").fetchnumpy()
        founders = duckdb.sql(f"SELECT account_id FROM '{self.here}/out/accounts/*/*.parquet' WHERE is_founder ORDER BY 1").fetchnumpy()
        shutil.rmtree(self.here / "out")
        return scores, founders["account_id"]


def main(renown, name, data=None):
    actor, target, time, rest = COLUMNS[name]
    random = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        night = Night(renown, name, folder, data)
        before, founders = night.run()
        end = night.day + timedelta(days=1)
        accounts = np.unique(np.concatenate([night.rows[column].drop_null().to_numpy().astype(np.int64) for column in (actor, target)]))
        vouched = {}
        for by, of, at, *rating in zip(*(night.rows[column].to_pylist() for column in (actor, target, time, *(rest.keys() & {"rating"})))):
            if by != of and LAG <= end - at.replace(tzinfo=None) < night.window and (rating or [0])[0] >= 0:
                vouched.setdefault(str(by), set()).add(of)
        wide = [founder for founder in founders if len(vouched.get(founder, ())) >= BUDGET]
        people = len(before["person_id"])
        print(f"{name}, {night.day:%Y-%m-%d}: {people} people, {len(founders)} founders, {len(wide)} who vouch for {BUDGET} and more", flush=True)
        vouching = min(YEAR, night.window)
        for what, draws, who, youngest, oldest in (("by anybody", ANYBODY, accounts, timedelta(), YEAR),
                                                   ("by founders", FOUNDERS, founders, LAG, YEAR),
                                                   (f"by founders who vouch for {BUDGET} and more", FOUNDERS, wide, LAG, vouching)):
            falls = []
            for _ in range(draws if len(who) else 0):
                by, of = str(random.choice(who)), int(random.choice(accounts))
                while who is wide and of in vouched[by]:
                    of = int(random.choice(accounts))
                at = end - youngest - (oldest - youngest) * (1 - random.random())
                after, _ = night.run([{actor: int(by), target: of, time: at, **rest}])
                same = np.isin(after["person_id"], before["person_id"])  # somebody may be new
                assert same.sum() == people
                was, now = before["expected_reactors"], after["expected_reactors"][same]
                fell = now < was * (1 - 1e-12)
                falls.append((fell.sum(), (was - now).max(), (now / was).min(), (before["score"] - after["score"][same]).max()))
            if falls:
                fell, most, ratio, points = (np.array(column) for column in zip(*falls))
                print(f"  {what}: {len(fell)} reactions, {(fell > 0).sum()} lowered anybody, {fell.max()} people at most; the largest fall "
                      f"{max(0.0, most.max()):.4f} expected reactors, to {ratio.min():.4f} of what it was, {max(0.0, points.max()):.3f} points", flush=True)


main(sys.argv[1], "sample")
if len(sys.argv) > 2:
    main(sys.argv[1], "bitcoin-otc", sys.argv[2])
