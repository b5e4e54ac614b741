"""Turn a Stack Exchange dump of Quantum Computing into the sample's input tables.

    python3 convert.py DUMP_FOLDER

Writes accounts.parquet, posts.parquet, interactions.parquet and ground_truth.parquet
beside this file.
Needs the Python packages duckdb and pyarrow. The same input gives the same rows in
the same order, and with the same pyarrow the same bytes.

DUMP_FOLDER holds the dump's XML tables as Parquet, with at least these columns
(times are UTC without a zone; further columns and files are ignored):

    users.parquet         user_id int64, name text, created timestamp,
                          reputation int64, profile_views int64
    posts.parquet         post_id int64, kind text ('question', 'answer', other),
                          parent_id int64 (the question of an answer),
                          author int64 or null (an account that no longer exists),
                          ts timestamp, title text, text text (without markup),
                          tags list<text> (an answer has those of its question),
                          score int64 (votes for less votes against)
    interactions.parquet  src int64, dst int64, kind text, ts timestamp, post_id int64:
                          'accepted'    asker -> answerer, post_id and ts of the answer
                          'comment_on'  commenter -> author of the commented post post_id

Votes, reputation, scores and views are in ground_truth.parquet alone, which no run
reads: they are what scores are measured against.
"""

import pathlib
import sys

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

NETWORK = "quantum.stackexchange"
COMMUNITY_BOT = -1
UTC = pa.timestamp("us", tz="UTC")

TABLES = {
    "accounts": (
        pa.schema(
            [
                pa.field("network", pa.string(), nullable=False),
                pa.field("account_id", pa.int64(), nullable=False),
                ("display_name", pa.string()),
                ("created_at", UTC),
                ("is_automated", pa.bool_()),
            ]
        ),
        """
        SELECT $network AS network, user_id AS account_id, name AS display_name,
               created AS created_at, user_id = $bot AS is_automated
        FROM users
        ORDER BY account_id
        """,
    ),
    "posts": (
        pa.schema(
            [
                pa.field("network", pa.string(), nullable=False),
                pa.field("post_id", pa.int64(), nullable=False),
                pa.field("author_id", pa.int64(), nullable=False),
                pa.field("created_at", UTC, nullable=False),
                ("title", pa.string()),
                ("text", pa.string()),
                ("hashtags", pa.list_(pa.string())),
                ("kind", pa.string()),
                ("parent_post_id", pa.int64()),
            ]
        ),
        """
        SELECT $network AS network, post_id, author AS author_id, ts AS created_at,
               title, text, tags AS hashtags,
               CASE kind WHEN 'question' THEN 'original' ELSE 'reply' END AS kind,
               parent_id AS parent_post_id
        FROM posts
        WHERE kind IN ('question', 'answer') AND author IS NOT NULL
        ORDER BY post_id
        """,
    ),
    "interactions": (
        pa.schema(
            [
                pa.field("network", pa.string(), nullable=False),
                pa.field("actor_id", pa.int64(), nullable=False),
                pa.field("target_id", pa.int64(), nullable=False),
                pa.field("kind", pa.string(), nullable=False),
                pa.field("at", UTC, nullable=False),
                ("post_id", pa.int64()),
                ("via_post_id", pa.int64()),
            ]
        ),
        """
        SELECT $network AS network, * FROM (
            SELECT answer.author AS actor_id, question.author AS target_id, 'reply' AS kind,
                   answer.ts AS "at", question.post_id AS post_id, answer.post_id AS via_post_id
            FROM posts AS answer JOIN posts AS question ON question.post_id = answer.parent_id
            WHERE answer.kind = 'answer' AND question.kind = 'question'
              AND answer.author IS NOT NULL AND question.author IS NOT NULL
            UNION ALL
            SELECT src, dst, CASE kind WHEN 'accepted' THEN 'accept' ELSE 'comment' END,
                   ts, post_id, NULL
            FROM interactions
            WHERE kind IN ('accepted', 'comment_on')
        )
        ORDER BY actor_id, target_id, kind, "at", post_id, via_post_id
        """,
    ),
    "ground_truth": (
        pa.schema(
            [
                pa.field("truth", pa.string(), nullable=False),
                pa.field("form", pa.string(), nullable=False),
                pa.field("person_id", pa.string(), nullable=False),
                ("loser_id", pa.string()),
                ("topic_id", pa.string()),
                pa.field("value", pa.float64(), nullable=False),
            ]
        ),
        """
        SELECT truth, 'graded' AS form, $network || ':' || user_id AS person_id, NULL AS loser_id,
               topic_id, value
        FROM (
            SELECT 'reputation' AS truth, user_id, NULL AS topic_id, reputation AS value FROM users
            UNION ALL SELECT 'profile_views', user_id, NULL, profile_views FROM users
            UNION ALL
            SELECT 'answers', author, '#' || replace(tag, '-', ''), avg(score)
            FROM (SELECT author, score, unnest(tags) AS tag FROM posts
                  WHERE kind = 'answer' AND author IS NOT NULL)
            GROUP BY ALL
        )
        WHERE user_id <> $bot
        ORDER BY truth, topic_id, user_id
        """,
    ),
}


def main(dump: pathlib.Path) -> None:
    database = duckdb.connect()
    for table in ("users", "posts", "interactions"):
        database.register(table, pq.read_table(dump / f"{table}.parquet"))

    here = pathlib.Path(__file__).resolve().parent
    for name, (schema, query) in TABLES.items():
        values = {"network": NETWORK}
        if "$bot" in query:
            values["bot"] = COMMUNITY_BOT
        rows = database.sql(query, params=values).to_arrow_table().cast(schema)
        path = here / f"{name}.parquet"
        pq.write_table(rows, path, compression="zstd", compression_level=19)
        print(f"{path.name}: {rows.num_rows} rows, {path.stat().st_size} bytes")
        if name == "interactions":
            for kind in sorted(set(rows["kind"].to_pylist())):
                of_kind = rows.filter(pc.equal(rows["kind"], kind))
                own = of_kind.filter(pc.equal(of_kind["actor_id"], of_kind["target_id"])).num_rows
                print(f"  {kind}: {of_kind.num_rows} rows, {own} of an account with itself")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
