#!/usr/bin/env python3
"""Tables as others read and write them: pyarrow, Polars and DuckDB.

RENOWN names the program. What is published must be read by all three with the types that its contract states and
with the same values, and stay the same when they write it again; inputs that they wrote must give the same tables.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import polars
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

REPOSITORY = Path(__file__).resolve().parent.parent
RENOWN = os.environ["RENOWN"]

ARROW = {
    "id": pa.string(),
    "text": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
    "list<text>": pa.list_(pa.string()),
}
POLARS = {
    "id": polars.String,
    "text": polars.String,
    "int64": polars.Int64,
    "float64": polars.Float64,
    "boolean": polars.Boolean,
    "date": polars.Date,
    "timestamp": polars.Datetime("us", "UTC"),
    "list<text>": polars.List(polars.String),
}
DUCKDB = {
    "id": "VARCHAR",
    "text": "VARCHAR",
    "int64": "BIGINT",
    "float64": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "list<text>": "VARCHAR[]",
}


def require(holds, what):
    if not holds:
        sys.exit(f"FAILED: {what}")


def renown(*args, cwd=None):
    done = subprocess.run([RENOWN, *map(str, args)], cwd=cwd, capture_output=True, text=True)
    require(done.returncode == 0, f"renown {' '.join(map(str, args))}: {done.stderr}")
    return done.stdout


def database():
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def plain(table):
    """The columns in the types of the contracts, whichever width of offsets or view a library prefers."""
    def narrow(kind):
        if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
            return pa.string()
        if pa.types.is_list(kind) or pa.types.is_large_list(kind):
            return pa.list_(narrow(kind.value_type))
        return kind

    return table.cast(pa.schema([(f.name, narrow(f.type)) for f in table.schema]))


def bits(column):
    return column.combine_chunks().view(pa.int64()) if pa.types.is_float64(column.type) else column.combine_chunks()


def same(found, expected, what):
    found, expected = plain(found), plain(expected)
    require(found.schema.equals(expected.schema), f"{what}: {found.schema} is not {expected.schema}")
    for name in expected.column_names:
        require(bits(found[name]).equals(bits(expected[name])), f"{what}: column {name} has other values")


def read_by_pyarrow(file):
    table = pq.ParquetFile(file).read()
    return {f.name: f.type for f in plain(table).schema}, table


def read_by_polars(file):
    frame = polars.read_parquet(file)
    return dict(frame.schema), frame.to_arrow()


def read_by_duckdb(file):
    relation = database().read_parquet(str(file))
    return dict(zip(relation.columns, map(str, relation.types))), relation.to_arrow_table()


def write_by_pyarrow(table, file):
    pq.write_table(table, file)


def write_by_polars(table, file):
    polars.from_arrow(table).write_parquet(file)


def write_by_duckdb(table, file):
    connection = database()
    connection.register("rows", table)
    connection.execute(f"COPY rows TO '{file}' (FORMAT parquet)")


READERS = {
    "pyarrow": (read_by_pyarrow, write_by_pyarrow, ARROW),
    "Polars": (read_by_polars, write_by_polars, POLARS),
    "DuckDB": (read_by_duckdb, write_by_duckdb, DUCKDB),
}


def newest_commit(output):
    return json.loads(max((output / "commits").glob("*.json")).read_text())


def conforms(contract, table, rows):
    """Nulls, order and uniqueness of the key, as far as every row shows them."""
    name = contract["table"]
    require(table.num_rows == rows, f"{name}: {table.num_rows} rows, the commit says {rows}")
    for column in contract["columns"]:
        nulls = table[column["name"]].null_count
        require(nulls == 0 or column["nullable"], f"{name}: column {column['name']} has {nulls} nulls")
    keys = list(zip(*(table[column].to_pylist() for column in contract["key"])))
    require(keys == sorted(set(keys)), f"{name}: not sorted by a key that is unique")


def round_trip(contract, file, rows, scratch):
    name = contract["table"]
    original = plain(pq.ParquetFile(file).read())
    conforms(contract, original, rows)
    for reader, (read, write, types) in READERS.items():
        found, table = read(file)
        stated = {c["name"]: types[c["type"]] for c in contract["columns"]}
        require(list(found.items()) == list(stated.items()), f"{name}: {reader} reads {found}, stated is {stated}")
        same(table, original, f"{name} read by {reader}")
        write(table, scratch)
        same(pq.ParquetFile(scratch).read(), original, f"{name} written by {reader}")
    print(f"{name:<16} {rows:>6} rows, {len(original.column_names):>2} columns: read and written alike by {', '.join(READERS)}")


def other_types(table, file):
    """What warehouses make of the same rows: text ids, dictionaries, coarser times, small row groups."""
    for i, field in enumerate(table.schema):
        column = table[field.name]
        if field.name.endswith("_id"):
            column = column.cast(pa.string())
        elif field.name == "kind" or field.name == "network":
            column = column.dictionary_encode()
        elif pa.types.is_timestamp(field.type):
            column = column.cast(pa.timestamp("ms", "UTC"))
        table = table.set_column(i, field.name, column)
    pq.write_table(table, file, row_group_size=500)


def nanoseconds(table, file):
    for i, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            table = table.set_column(i, field.name, table[field.name].cast(pa.timestamp("ns", "UTC")))
    pq.write_table(table, file, version="2.6")


def inputs_written_by_others(folder, expected):
    writers = {name: write for name, (_, write, _) in READERS.items()}
    writers |= {"text ids and milliseconds": other_types, "nanoseconds": nanoseconds}
    for writer, write in writers.items():
        shutil.rmtree(folder / "out")
        for file in (REPOSITORY / "jobs/sample").glob("*.parquet"):
            write(pq.read_table(file), folder / "jobs/sample" / file.name)
        renown("run", "jobs/sample.toml", "--quiet", cwd=folder)
        require(newest_commit(folder / "out/sample") == expected, f"inputs by {writer} give other tables")
        print(f"inputs by {writer}: the same bytes")


def readme_queries(folder, scores, runs):
    """The queries of `docs/output.md` give the people at the top, and what `runs` says of where the scores come from."""
    blocks = re.findall(r"```sql\n(.*?)```", (REPOSITORY / "docs" / "output.md").read_text(), re.S)
    require(len(blocks) == 2, f"docs/output.md has {len(blocks)} queries")
    os.chdir(folder)
    rows = database().execute(blocks[0]).fetchall()
    best = pc.top_k_unstable(scores["score"], 10)
    require([row[1] for row in rows] == scores["score"].take(best).to_pylist(), f"a query gives {rows}")
    origin = dict(database().execute(blocks[1]).fetchall())
    for key in ["run_id", "method_version", "method_sha256", "data_sha256"]:
        require([origin[f"renown.{key}"]] == runs[key].to_pylist(), f"a query gives {origin}")
    print("the queries of docs/output.md give the ten people at the top and where the scores come from")


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        shutil.copytree(REPOSITORY / "jobs", folder / "jobs")
        renown("run", "jobs/sample.toml", "--quiet", cwd=folder)
        output = folder / "out/sample"
        commit = newest_commit(output)
        contracts = json.loads(renown("schema", "--format", "json"))
        published = {c["table"]: c for c in contracts if c["status"] == "published"}
        require(set(published) == set(commit["tables"]), f"published are {set(commit['tables'])}")
        for name, table in commit["tables"].items():
            (file,) = table["files"]
            round_trip(published[name], output / file["path"], table["rows"], folder / "scratch.parquet")
        tables = [pq.read_table(output / commit["tables"][name]["files"][0]["path"]) for name in ["scores", "runs"]]
        readme_queries(folder, *tables)
        inputs_written_by_others(folder, commit)


main()
