#!/usr/bin/env python3
"""`renown rank` beside what a data team would else use, over Kronecker graphs with weights.

usage: rank.py RENOWN [SCALE…]      (needs numpy, scipy, pyarrow, polars, duckdb; default: scales 18 20 22)

Every tool reads the same Parquet (src, dst: sparse 63-bit ids; weight: 32-bit), adds duplicate edges up, makes 20
iterations with damping .85 and uniform teleport and dangling mass, and writes ids and ranks to Parquet. The tools run
in turn, each as a process of its own; of RUNS runs the median is printed, and how far the ranks lie apart.
"""

import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from process import measured

RUNS = 3


def kronecker(scale, path):
    """R-MAT (Chakrabarti, Zhan, Faloutsos 2004) with the parameters of Graph500 and 16 edges per vertex."""
    rng = np.random.default_rng(7)
    vertices, edges, block = 1 << scale, 16 << scale, 1 << 22
    ids = (rng.permutation(vertices).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(1)
    schema = pa.schema([("src", pa.int64()), ("dst", pa.int64()), ("weight", pa.float32())])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for start in range(0, edges, block):
            rows = min(block, edges - start)
            source, target = np.zeros(rows, np.uint32), np.zeros(rows, np.uint32)
            for _ in range(scale):
                r = rng.random(rows, dtype=np.float32)
                source = source << 1 | (r >= 0.76)
                target = target << 1 | (((r >= 0.57) & (r < 0.76)) | (r >= 0.95))
            weight = rng.random(rows, dtype=np.float32) * 4 + 0.1
            columns = [ids[source].astype(np.int64), ids[target].astype(np.int64), weight]
            writer.write_table(pa.table(columns, schema=schema), row_group_size=1 << 20)


def ranks(ids, source, target, weight):
    """20 iterations with SciPy."""
    import scipy.sparse

    n = len(ids)
    total = np.bincount(source, weights=weight, minlength=n)
    matrix = scipy.sparse.csr_matrix((weight, (target, source)), shape=(n, n))
    dangling = total == 0
    per_unit = np.where(dangling, 0, 1 / np.where(dangling, 1, total))
    rank = np.full(n, 1 / n)
    for _ in range(20):
        rank = 0.15 / n + 0.85 * (matrix @ (rank * per_unit) + rank[dangling].sum() / n)
    return pa.table({"id": ids, "pagerank": rank})


def duckdb(path):
    import duckdb

    session = duckdb.connect()
    session.execute(f"CREATE TABLE e AS SELECT src, dst, sum(weight::DOUBLE) AS w FROM '{path}' GROUP BY ALL")
    session.execute("CREATE TABLE v AS SELECT id, row_number() OVER () - 1 AS k "
                    "FROM (SELECT src AS id FROM e UNION SELECT dst FROM e)")
    edges = session.execute("SELECT a.k AS s, b.k AS t, e.w FROM e JOIN v a ON e.src = a.id JOIN v b ON e.dst = b.id")
    edges = edges.fetchnumpy()
    ids = session.execute("SELECT id FROM v ORDER BY k").fetchnumpy()["id"]
    return ranks(ids, edges["s"], edges["t"], edges["w"])


def polars(path):
    import polars as pl

    weight = pl.col("weight").cast(pl.Float64).sum()
    edges = pl.scan_parquet(path).group_by("src", "dst").agg(weight).collect(engine="streaming")
    ids = pl.DataFrame({"id": pl.concat([edges["src"], edges["dst"]]).unique()}).with_row_index("k")
    edges = edges.join(ids, left_on="src", right_on="id").rename({"k": "s"})
    edges = edges.join(ids, left_on="dst", right_on="id").rename({"k": "t"})
    columns = (edges[name].to_numpy() for name in ("s", "t", "weight"))
    return ranks(ids["id"].to_numpy(), *columns)


PEERS = {"DuckDB and SciPy": duckdb, "Polars and SciPy": polars}


def apart(one, other):
    """The largest relative difference between two tables of ranks."""
    one, other = (pq.read_table(path) for path in (one, other))
    one, other = (table.sort_by("id") for table in (one, other))
    assert one["id"].equals(other["id"]), "the tables have other ids"
    one, other = (table["pagerank"].to_numpy() for table in (one, other))
    return float(np.max(np.abs(one - other) / other))


def main(renown, scales):
    with tempfile.TemporaryDirectory() as folder:
        for scale in scales:
            edges = f"{folder}/{scale}.parquet"
            kronecker(scale, edges)
            tools = {"renown rank": [renown, "rank", edges, "--source", "src", "--target", "dst", "--weight", "weight",
                                     "--iterations", "20", "--out", f"{folder}/renown rank.parquet"]}
            for name in PEERS:
                tools[name] = [sys.executable, __file__, "--peer", name, edges, f"{folder}/{name}.parquet"]
            runs = {name: [] for name in tools}
            for _ in range(RUNS):
                for name, command in tools.items():
                    runs[name].append(measured(command))
            for name, measures in runs.items():
                wall, cpu, peak = (median(column) for column in zip(*measures))
                far = apart(f"{folder}/renown rank.parquet", f"{folder}/{name}.parquet")
                print(f"scale {scale}  {name:<17} {wall:6.2f} s {cpu / wall:5.2f} cores {peak / 1e6:7.0f} MB  "
                      f"ranks within {far:.1e}", flush=True)
            Path(edges).unlink()


if sys.argv[1] == "--peer":
    pq.write_table(PEERS[sys.argv[2]](sys.argv[3]), sys.argv[4], compression="zstd")
else:
    main(sys.argv[1], [int(scale) for scale in sys.argv[2:]] or [18, 20, 22])
