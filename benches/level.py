#!/usr/bin/env python3
"""Whether the level of fitted forecasts is right, night after night.

usage: level.py RENOWN sample|questions|bitcoin-otc|trolls|higgs DATA DAY…|FROM..TO/EVERY      (needs duckdb, numpy, scipy)

For each day (or every EVERY days) a method is fitted to the data up to its end and to nothing after it, the day is scored by it, and the
distinct people who react to its active people within the horizon after it are divided by their expected reactors. Everybody counts
whole. Printed is, by how many horizons of data there were, the total of all days and on how many of them the level was right; and on how
many it is right to say that people react to as many as in the horizon before.
"""

import sys
import tempfile
from datetime import datetime, time, timedelta

import numpy as np

from forward import Past, days_of

BANDS = ((0.8, 1.25), (0.67, 1.5))


def main(renown, name, data, days):
    with tempfile.TemporaryDirectory() as folder:
        past, found = Past(folder, renown, name, data), []
        begin = past.begin()
        for day in days:
            form = past.fit(day).get("fit", {}).get("form", "none")
            people = past.people(day)
            observed, forecast = people["observed"].sum(), people["forecast"].sum()
            horizons = (datetime.combine(day + timedelta(1), time()) - begin) / past.horizon
            before = past.simple_counts(datetime.combine(day + timedelta(1), time()) - past.horizon)["observed"].sum()
            found.append((horizons, observed, forecast, before))
            print(f"{day} {form:<7} {horizons:5.1f} horizons of data, {len(people['observed']):6} active: observed {observed:6.0f}, "
                  f"observed / forecast {observed / forecast:.2f}", flush=True)
    horizons, observed, forecast, before = np.array(found, float).T
    for what, which in (("one to three horizons of data", (horizons >= 1) & (horizons < 3)), ("three and more", horizons >= 3)):
        if which.any():
            print(f"{what}: {which.sum()} days, in total {observed[which].sum() / forecast[which].sum():.2f}")
            for by, level in (("forecast", observed / forecast), ("as many as before", observed / np.maximum(before, 1))):
                level = level[which]
                shares = [f"{np.mean((level >= low) & (level <= high)):.0%} within {low} to {high}" for low, high in BANDS]
                print(f"  {by}: {', '.join(shares)}; from {level.min():.2f} to {level.max():.2f}")


main(*sys.argv[1:4], days_of(sys.argv[4:]))
