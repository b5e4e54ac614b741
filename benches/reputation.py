#!/usr/bin/env python3
"""What reputation and profile views of the bundled sample agree with, over everybody who ever acted or was acted upon:
distinct people who acted on somebody, with answers as attention to the asker, as Renown has them, and as attention to
the answerer; and the posts of each.

usage: reputation.py      (needs duckdb, pandas, scipy)
"""

import pathlib

import duckdb
from scipy.stats import spearmanr

SAMPLE = pathlib.Path(__file__).resolve().parents[1] / "jobs/sample"


def table(query):
    return duckdb.sql(query.format(sample=SAMPLE)).df()


truths = table(
    "SELECT truth, split_part(person_id, ':', 2)::BIGINT AS id, value FROM '{sample}/ground_truth.parquet' WHERE topic_id IS NULL"
).pivot(index="id", columns="truth", values="value")
events = table("SELECT * FROM '{sample}/interactions.parquet' WHERE actor_id <> target_id")
posts = table("SELECT author_id, count(*) AS n FROM '{sample}/posts.parquet' GROUP BY 1").set_index("author_id").n
people = sorted(({*events.actor_id} | {*events.target_id}) & {*truths.index})
turned = events.copy()
answers = turned.kind == "reply"
turned.loc[answers, ["actor_id", "target_id"]] = turned.loc[answers, ["target_id", "actor_id"]].values

counts = {
    "people who acted on them": events.groupby("target_id").actor_id.nunique(),
    "the same, answers as attention to the answerer": turned.groupby("target_id").actor_id.nunique(),
    "posts": posts,
}
print(f"Spearman over {len(people)} people")
for name, count in counts.items():
    count = count.reindex(people).fillna(0)
    found = (f"{truth} {spearmanr(count, truths.loc[people, truth])[0]:.3f}" for truth in truths)
    print(f"{name}: {', '.join(found)}")
