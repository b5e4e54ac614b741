#!/usr/bin/env python3
"""How right topics are, against what people said themselves.

usage: topics.py RENOWN tags|experts|accounts|planted|many DATA      (needs duckdb, numpy, pyarrow, scipy, scikit-learn)

tags      DATA holds the Stack Exchange dump that jobs/sample/convert.py reads. Its questions' tags are hidden and found
          again from title and text, over an ontology of the tags: micro F1, precision and recall, for the names
          alone and for Renown, with a paired bootstrap interval of the difference.
experts   The same dump with its tags. Topic scores against the mean score of a person's answers on a tag (Spearman,
          the mean over tags with at least 15 answerers), votes being no input.
accounts  DATA holds posts_en_2016.parquet and authors.parquet of the IRA tweets. What the accounts talk about
          (topic_interests) against the categories that people gave them: accuracy in 5 folds.
many      730,000 phrases of about 20 letters, written to the folder DATA, over 100,000 short posts: the course of the run.
planted   DATA is a folder that `renown synth` wrote. Published pairs of person and topic against the planted topics:
          precision, and recall among the pairs with enough evidence.
"""

import collections
import pathlib
import re
import sys
import tempfile
from subprocess import check_call

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

JOBS = pathlib.Path(__file__).resolve().parents[1] / "jobs"


class Job:
    """A job in a folder of its own."""

    def __init__(self, renown, folder):
        self.renown, self.folder = renown, pathlib.Path(folder)
        self.inputs = []

    def input(self, name, query):
        duckdb.sql(f"COPY ({query}) TO '{self.folder}/{name}.parquet' (FORMAT parquet)")
        self.inputs.append(name)

    def rows(self, table, **columns):
        pq.write_table(pa.table(columns), self.folder / f"{table}.parquet")
        self.inputs.append(table)

    def run(self, day, topics="", method="standard-6", evidence="", quiet=True, **keys):
        """Runs the job with a method, some of its keys changed, and other evidence."""
        text = (JOBS / f"methods/{method}.toml").read_text()
        for key, value in keys.items():
            text, changed = re.subn(rf"^({key}\s*=) .*$", rf"\1 {value}", text, flags=re.M)
            assert changed, key
        if evidence:
            text = re.sub(r"\[topics.evidence\][^\[]*", "", text) + f"\n[topics.evidence]\n{evidence}\n"
        (self.folder / "method.toml").write_text(text)
        inputs = "".join(f'{name} = "{name}.parquet"\n' for name in self.inputs)
        (self.folder / "job.toml").write_text(
            f'[job]\nsnapshot = {day}\nmethod = "method.toml"\n[inputs]\n{inputs}[topics]\n{topics}\n[output]\nurl = "out/"\n'
        )
        check_call([self.renown, "run", self.folder / "job.toml", *["--quiet"] * quiet])

    def table(self, name):
        return f"'{self.folder}/out/{name}/*/*.parquet'"


def forms(words):
    """A name with each word in the singular, and with the last one in the plural."""

    def singular(word):
        if len(word) > 3 and word.endswith("ies"):
            return word[:-3] + "y"
        ends = len(word) > 3 and word.endswith("s") and word[-2:] not in ("ss", "us", "is")
        return word[:-1] if ends else word

    one = [singular(word) for word in words]
    plural = one[-1][:-1] + "ies" if one[-1].endswith("y") else one[-1] + "s"
    return {" ".join(words), " ".join(one), " ".join([*one[:-1], plural])}


def tags(renown, data):
    questions = f"FROM '{data}/posts.parquet' WHERE kind = 'question'"
    gold = {str(post): set(tags) for post, tags in duckdb.sql(f"SELECT post_id, tags {questions}").fetchall()}
    names = sorted(set().union(*gold.values()))
    texts = [f"{title} {text}".lower() for title, text in duckdb.sql(f"SELECT title, text {questions}").fetchall()]
    # A word that begins several names and stands in most questions says nothing: names count without it too.
    begins = collections.Counter(name.split("-")[0] for name in names)
    says_nothing = {
        word
        for word, uses in begins.items()
        if uses >= 3 and sum(bool(re.search(rf"\b{re.escape(word)}\b", text)) for text in texts) > len(texts) / 2
    }
    phrases = set()
    for name in names:
        words = name.split("-")
        phrases |= {(name, form, 1.0) for form in forms(words)}
        if len(words) > 1 and words[0] in says_nothing:
            phrases |= {(name, form, 0.7) for form in forms(words[1:])}

    def found(phrases, **method):
        # Each question is an author of its own, so that its topics are the author's.
        with tempfile.TemporaryDirectory() as folder:
            job = Job(renown, folder)
            job.input("accounts", f"SELECT 'q' AS network, post_id AS account_id {questions}")
            job.input("posts", f"SELECT 'q' AS network, post_id, post_id AS author_id, ts AS created_at, title, text {questions}")
            job.input("interactions", "SELECT 'q' AS network, 'a' AS actor_id, 'b' AS target_id, 'reply' AS kind, TIMESTAMPTZ '2018-08-01' AS at")
            job.rows("topics", topic_id=names, name=[name.replace("-", " ") for name in names])
            columns = list(zip(*sorted(phrases)))
            job.rows("topic_phrases", topic_id=columns[0], phrase=columns[1], weight=columns[2])
            job.run("2018-09-01", window_hours=8760, **method)
            found = collections.defaultdict(set)
            for post, topic in duckdb.sql(f"SELECT split_part(person_id, ':', 2), topic_id FROM {job.table('topic_interests')}").fetchall():
                found[post].add(topic)
        return np.array([(len(found[q] & own), len(found[q] - own), len(own - found[q])) for q, own in gold.items()])

    def f1(counts):
        right, wrong, missed = counts.sum(axis=-2).T
        return 2 * right / (2 * right + wrong + missed), right / (right + wrong), right / (right + missed)

    plain = found({(name, name.replace("-", " "), 1.0) for name in names}, min_share=0.0, max_topics=20, title_weight=1.0)
    ours = found(phrases)
    print(f"{len(gold)} questions, {len(names)} tags; F1, precision, recall")
    for name, counts in [("names alone", plain), ("renown", ours)]:
        print(f"{name:<12} " + "  ".join(f"{value:.3f}" for value in f1(counts)))
    sample = np.random.default_rng(1).integers(len(gold), size=(10_000, len(gold)))
    low, high = np.quantile(f1(ours[sample])[0] - f1(plain[sample])[0], [0.025, 0.975])
    print(f"difference of F1: 95 % within {low:.3f} .. {high:.3f}")


def experts(renown, data):
    from scipy.stats import spearmanr

    answers = duckdb.sql(f"""
        SELECT tag, author, avg(score) FROM (SELECT unnest(tags) AS tag, author, score FROM '{data}/posts.parquet'
        WHERE kind = 'answer' AND author IS NOT NULL) GROUP BY ALL ORDER BY 1, 2""").fetchall()
    truth = collections.defaultdict(dict)
    for tag, author, score in answers:
        truth[tag.replace("-", "")][str(author)] = score
    truth = {tag: of_people for tag, of_people in truth.items() if len(of_people) >= 15}
    sample = JOBS / "sample"
    for method in ("standard-6", "answers-2"):
        with tempfile.TemporaryDirectory() as folder:
            job = Job(renown, folder)
            for table in ("accounts", "posts", "interactions"):
                job.input(table, f"FROM '{sample}/{table}.parquet'")
            # Everybody with any reaction on a tag, however old.
            least = "posts = 1\npeople = 1\nweeks = 1\nhalf_lives = 1000.0"
            job.run("2018-09-01", 'ontology = "none"\ntags = true', method, least, window_hours=8760)
            found = duckdb.sql(f"SELECT topic_id[2:], split_part(person_id, ':', 2), score, topic_attention_share FROM {job.table('topic_scores')}").fetchall()
        for column, values in [("topic score", 2), ("attention rank", 3)]:
            score = {row[:2]: row[values] for row in found}
            each = []
            for tag, of_people in truth.items():
                own = [score.get((tag, person), 0.0) for person in of_people]
                each.append(spearmanr(own, list(of_people.values())).statistic if len(set(own)) > 1 else 0.0)
            means = np.random.default_rng(1).choice(each, (10_000, len(each))).mean(axis=1)
            low, high = np.quantile(means, [0.025, 0.975])
            print(f"{method:<11} {column:<15} {np.mean(each):.3f}, 95 % within {low:.3f} .. {high:.3f} ({len(each)} tags)")


def accounts(renown, data):
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from scipy.sparse import csr_matrix

    posts = f"FROM '{data}/posts_en_2016.parquet' WHERE content IS NOT NULL"
    with tempfile.TemporaryDirectory() as folder:
        job = Job(renown, folder)
        job.input("accounts", f"SELECT DISTINCT 't' AS network, author_id AS account_id {posts}")
        job.input("posts", f"SELECT 't' AS network, post_id, author_id, ts::TIMESTAMPTZ AS created_at, content AS text {posts}")
        job.input("interactions", "SELECT 't' AS network, 'a' AS actor_id, 'b' AS target_id, 'reply' AS kind, TIMESTAMPTZ '2016-12-01' AS at")
        categories = '["ethnicity", "health", "politics", "religion", "sexual_orientation", "trade_union"]'
        job.run("2016-12-31", f"tags = true\nspecial_categories = {categories}", window_hours=8784)
        rows = duckdb.sql(f"""
            SELECT person_id, topic_id, sqrt(expressed_share), account_category FROM {job.table('topic_interests')}
            JOIN '{data}/authors.parquet' ON 't:' || author_id = person_id
            WHERE account_category NOT IN ('Unknown', 'NonEnglish') ORDER BY 1, 2""").fetchall()
    people = {person: category for person, _, _, category in rows}
    number = {person: at for at, person in enumerate(sorted(people))}
    topics = {topic: at for at, topic in enumerate(sorted({topic for _, topic, _, _ in rows}))}
    at = [(number[person], topics[topic]) for person, topic, _, _ in rows]
    shares = csr_matrix(([share for _, _, share, _ in rows], tuple(zip(*at))), (len(number), len(topics)))
    category = np.array([people[person] for person in sorted(people)])
    folds = StratifiedKFold(5, shuffle=True, random_state=1)
    right = cross_val_score(LogisticRegression(C=30, max_iter=3_000), shares, category, cv=folds)
    majority = max(collections.Counter(category).values()) / len(category)
    print(f"{len(number)} accounts, {len(topics)} topics; accuracy {right.mean():.3f} in 5 folds ({right.min():.3f} to {right.max():.3f}), majority {majority:.3f}")


def planted(renown, data):
    check_call([renown, "run", f"{data}/job.toml", "--quiet"])
    pairs = duckdb.sql(f"SELECT person_id, topic_id FROM '{data}/run-output/topic_scores/*/*.parquet'").fetchall()
    truth = duckdb.sql(f"SELECT person_id, unnest(topics) FROM '{data}/truth/*.parquet' WHERE is_eligible").fetchall()
    own = collections.Counter(person for person, _ in truth)
    right = len(set(pairs) & set(truth))
    # Enough evidence: ten posts that drew a reaction, and ten reactors, for each topic of the person, within 60 days.
    enough = duckdb.sql(f"""
        WITH recent AS (SELECT network, post_id, author_id FROM '{data}/posts/*.parquet'
            WHERE kind IS DISTINCT FROM 'repost' AND created_at >= (SELECT max("at") FROM '{data}/interactions/*.parquet') - INTERVAL 60 DAYS),
        drawn AS (SELECT network, author_id, count(DISTINCT post_id) AS posts, count(DISTINCT actor_id) AS reactors
            FROM recent JOIN '{data}/interactions/*.parquet' USING (network, post_id)
            WHERE kind <> 'follow' AND actor_id <> author_id GROUP BY ALL)
        SELECT person_id, sum(posts), sum(reactors) FROM drawn
        JOIN '{data}/identities/*.parquet' AS i ON i.network = drawn.network AND i.account_id = author_id GROUP BY ALL""").fetchall()
    enough = {person for person, posts, reactors in enough if min(posts, reactors) >= 10 * own[person]}
    due = {pair for pair in truth if pair[0] in enough}
    print(f"{len(pairs)} pairs published, precision {right / len(pairs):.3f}; {len(due)} planted pairs with enough evidence, recall {len(due & set(pairs)) / len(due):.3f}")


def many(renown, data):
    import random

    draw = random.Random(1)
    syllables = "ka ro mi ten lu sha ve bor ni sel do fra qui zan pe tor".split()
    words = ["".join(draw.choices(syllables, k=draw.randint(2, 4))) for _ in range(200_000)]
    phrases = sorted({" ".join(draw.choices(words, k=draw.randint(1, 3))) for _ in range(1_050_000)})
    pathlib.Path(data).mkdir(exist_ok=True)
    job = Job(renown, data)
    job.rows("topics", topic_id=[f"t{topic}" for topic in range(10_000)], name=[f"topic {topic}" for topic in range(10_000)])
    job.rows("topic_phrases", topic_id=[f"t{at % 10_000}" for at in range(len(phrases))], phrase=phrases)
    job.rows("texts", text=[" ".join(draw.choices(words, k=16)) for _ in range(100_000)])
    job.inputs.pop()
    job.input("posts", f"SELECT 'a' AS network, row_number() OVER () AS post_id, row_number() OVER () % 100 AS author_id, TIMESTAMPTZ '2018-08-01' AS created_at, text FROM '{data}/texts.parquet'")
    job.input("interactions", "SELECT 'a' AS network, range AS actor_id, (range + 1) % 100 AS target_id, 'reply' AS kind, TIMESTAMPTZ '2018-08-01' AS at FROM range(100)")
    print(f"{len(phrases)} phrases", flush=True)
    job.run("2018-09-01", quiet=False)


def main(renown, what, data):
    {"tags": tags, "experts": experts, "accounts": accounts, "planted": planted, "many": many}[what](renown, data)


main(*sys.argv[1:])
