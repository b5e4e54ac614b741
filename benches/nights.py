#!/usr/bin/env python3
"""Nights of real data, one after the other: which of them the checks against the last run refuse.

    python benches/nights.py RENOWN JOB FROM TO [--set data=DATA]

RENOWN is the program, JOB a job file, FROM and TO the dates of the first and of the last snapshot. Prints a line for each night that was
refused, with the checks, and how many there were. Nothing is accepted: a refused night is not published, and the next one is judged by
the last that was.
"""

import datetime
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def main(renown: str, job: str, first: str, last: str, *options: str) -> None:
    """Runs the nights into an empty output of their own."""
    path = Path(job).resolve()
    day, end = (datetime.date.fromisoformat(text) for text in (first, last))
    nights = refused = 0
    with tempfile.TemporaryDirectory() as folder:
        # Jobs publish next to the folder that they are in.
        copy = Path(shutil.copytree(path.parent, Path(folder, "jobs")), path.name)
        while day <= end:
            command = [renown, "run", copy, "--snapshot", str(day), "--quiet", *options]
            ended = subprocess.run(command, capture_output=True, text=True, check=False)
            nights += 1
            if ended.returncode == 80:
                refused += 1
                print(f"{day}: {ended.stderr.splitlines()[0]}", flush=True)
            elif ended.returncode != 0:
                sys.exit(f"{day}: {ended.stderr}")
            day += datetime.timedelta(days=1)
    print(f"{path.name}: {refused} of {nights} nights refused")


if __name__ == "__main__":
    main(*sys.argv[1:])
