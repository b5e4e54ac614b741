"""Networks looked at from days in the past: who was active, what was measured and forecast, and who reacted afterwards.

Needs duckdb, numpy, scipy.
"""

import os
import re
import shutil
import tomllib
from collections import namedtuple
from datetime import date, timedelta
from pathlib import Path
from subprocess import check_call, check_output

import duckdb
import numpy as np
from scipy.stats import nbinom

ROOT = Path(__file__).parents[1]
# A job, the file of its interactions, and these as actor, target, time.
Network = namedtuple("Network", "job file columns")
EVENTS = 'src::VARCHAR AS a, dst::VARCHAR AS t, ts AS "at"'
NETWORKS = {
    "sample": Network("jobs/fit-sample.toml", "interactions.parquet",
                      """actor_id::VARCHAR AS a, target_id::VARCHAR AS t, "at" WHERE kind <> 'accept'"""),
    "questions": Network("benches/questions.toml", "interactions.parquet", EVENTS + " WHERE kind <> 'accepted'"),
    "bitcoin-otc": Network("jobs/bitcoin-otc.toml", "ratings.parquet", EVENTS),
    "trolls": Network("jobs/validate-trolls.toml", "interactions.parquet", EVENTS),
    "higgs": Network("jobs/higgs.toml", "interactions.parquet", EVENTS),
}
# Under which nobody's attention counts for less: no data reach back so far that there are founders. Before version 0.9.0: of 0 people.
EVERYBODY, EVERYBODY_BEFORE = "tenure_hours = 87000", "fallback_people = 0"


class Past:
    """A job in a folder of its own, run and fitted by a `renown` at days in the past.

    Everybody counts whole by the line `everybody` of the method; with None the method says who counts. `since` leaves out earlier
    events, and `later_by` (a timedelta) dates all of them so much later, so that a day ends at an earlier instant.
    """

    def __init__(self, folder, renown, name, data, jobs=ROOT / "jobs", everybody=EVERYBODY, since=None, later_by=timedelta()):
        self.renown, self.here, network = renown, Path(folder), NETWORKS[name]
        self.is_by_credit = everybody is None
        jobs = Path(shutil.copytree(jobs, self.here / "jobs"))
        job = ROOT / network.job if network.job.startswith("benches") else jobs / Path(network.job).name
        if not job.exists():  # of an older version
            job = next(jobs.glob(f"{job.name.split('-')[0]}-*.toml"))
        text = re.sub(r'url = ".*"', f'url = "{self.here}/out/"', job.read_text())
        base = next(iter(re.findall(r'method += "(.*)"', text)))
        named = jobs / "methods" / Path(base).name
        method = (named if named.exists() else next(jobs.glob("methods/standard-*.toml"))).read_text()
        if everybody:
            method = re.sub(r"(?m)^(tenure_hours|fallback_people).*\n|^\[trust.networks.*\nfull_credit.*\n", "", method)
            method = re.sub(r"\[\[trust.seeds\]\]\nverified = true\n", "", method)
            method = re.sub(r"(?m)^\[trust\]$", f"[trust]\n{everybody}", method)
        self.horizon = timedelta(hours=tomllib.loads(method)["forecast"]["horizon_hours"])
        (jobs / "base.toml").write_text(method)
        for of in ("base", "fitted"):
            (jobs / f"{of}-job.toml").write_text(text.replace(base, f"{of}.toml"))
        self.options = ["--set", f"data={self.here / 'data'}"] if "${data}" in text else []
        data = jobs / "sample" if name == "sample" else Path(data).resolve()
        if name != "sample":
            (self.here / "data").mkdir()
            for file in data.iterdir():
                os.symlink(file, self.here / "data" / file.name)
        if since or later_by:
            file = (jobs / "sample" if name == "sample" else self.here / "data") / network.file
            time = "at" if name == "sample" else "ts"
            kept = file.with_suffix(".kept")
            duckdb.sql(f"""SELECT * REPLACE ("{time}" + INTERVAL '{later_by.total_seconds()} seconds' AS "{time}") FROM '{file}'
                WHERE "{time}" >= TIMESTAMP '{since or "0001-01-01"}'""").write_parquet(str(kept))
            kept.replace(file)
        folder = jobs / "sample" if name == "sample" else self.here / "data"
        columns, _, where = network.columns.partition(" WHERE ")
        self.interactions = f"SELECT {columns} FROM '{folder / network.file}' WHERE {where or 'true'}"

    def begin(self):
        """When the data begin: of a thousand events one was before."""
        return duckdb.sql(f"""SELECT quantile_disc("at"::TIMESTAMP, .001) FROM ({self.interactions})""").fetchall()[0][0]

    def fit(self, day):
        """The method that a fit to the data up to the end of the day makes."""
        fitted = self.here / "jobs" / "fitted.toml"
        fitted.unlink(missing_ok=True)
        check_output([self.renown, "fit", self.here / "jobs/base-job.toml", "--snapshot", str(day), *self.options, "--out", fitted])
        return tomllib.loads(fitted.read_text())

    def people(self, day, fitted=True, within=None):
        """The active people of a day, by id: `forecast` by the fitted or the base method, `observed` distinct people who react
        to them `within` a time (the horizon) after the day, and their measures."""
        job = self.here / "jobs" / ("fitted-job.toml" if fitted else "base-job.toml")
        check_call([self.renown, "run", job, "--snapshot", str(day), *self.options, "--quiet"])
        trusted = f"""JOIN (SELECT account_id FROM '{self.here}/out/accounts/{day}/*.parquet' WHERE credit >= .5) c
            ON c.account_id = e.a""" if self.is_by_credit else ""
        rows = duckdb.sql(f"""
            WITH e AS ({self.interactions}), observed AS (
                SELECT t, count(DISTINCT a) AS y FROM e {trusted} WHERE a <> t AND "at" >= DATE '{day}' + 1
                AND "at" < DATE '{day}' + 1 + INTERVAL '{(within or self.horizon).total_seconds()} seconds' GROUP BY 1)
            SELECT expected_reactors AS forecast, coalesce(y, 0) AS observed, m.*
            FROM '{self.here}/out/scores/{day}/*.parquet' s JOIN '{self.here}/out/measures/{day}/*.parquet' m USING (person_id)
            LEFT JOIN observed ON t = substr(person_id, strpos(person_id, ':') + 1)
            WHERE profile = 'standard' AND reactors_90d > 0 ORDER BY person_id""").fetchnumpy()
        shutil.rmtree(self.here / "out")
        return {name: np.ma.filled(values.astype(float), 0.0) if name != "person_id" and values.dtype.kind in "iuf" else values
                for name, values in rows.items()}


    def simple_counts(self, at):
        """The people active at an instant, by id: distinct reactors, and reactions, in about a quarter of a horizon, a whole one and three (7, 30
        and 90 of 28 days), reactors of the longest with decay by a half-life of 30 and of 7.5 of 28 days; and `observed`, as `people`
        has it but of everybody."""
        ages = f"epoch(TIMESTAMP '{at}' - \"at\"::TIMESTAMP) / {self.horizon.total_seconds()}"
        week, month, quarter = (0.25, 1, 3.75) if self.horizon <= timedelta(days=1) else (7 / 28, 30 / 28, 90 / 28)
        return duckdb.sql(f"""
            WITH e AS (SELECT a, t, {ages} AS age FROM ({self.interactions}) WHERE a <> t),
            pairs AS (SELECT t, a, min(age) AS age, count(*) FILTER (age <= {week}) AS in_week,
                count(*) FILTER (age <= {month}) AS in_month, count(*) AS in_quarter FROM e WHERE age > 0 AND age <= {quarter} GROUP BY ALL),
            y AS (SELECT t, count(DISTINCT a) AS observed FROM e WHERE age <= 0 AND age > -1 GROUP BY t)
            SELECT t, count(*) FILTER (age <= {week}) AS reactors_week, count(*) FILTER (age <= {month}) AS reactors_month,
                count(*) AS reactors_quarter, sum(in_week) AS reactions_week, sum(in_month) AS reactions_month,
                sum(in_quarter) AS reactions_quarter, sum(2.0 ** (-age * 28 / 30)) AS decayed_month,
                sum(2.0 ** (-age * 28 / 7.5)) AS decayed_week, any_value(coalesce(observed, 0)) AS observed
            FROM pairs LEFT JOIN y USING (t) GROUP BY t ORDER BY t""").fetchnumpy()


def predictive(mean, overdispersion, power):
    """The negative binomial distribution around a mean, of variance mean + overdispersion · mean^power."""
    size = np.clip(mean ** (2 - power) / max(overdispersion, 1e-9), 1e-6, 1e9)
    return nbinom(size, size / (size + mean))


def days_of(words):
    """Days that are named one by one, or as FROM..TO/EVERY."""
    for word in words:
        first, _, rest = word.partition("..")
        last, _, every = rest.partition("/")
        day, last = date.fromisoformat(first), date.fromisoformat(last or first)
        while day <= last:
            yield day
            day += timedelta(int(every or 1))
