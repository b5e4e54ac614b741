"""Turn the open data of Klout into the input tables topics, topic_edges and topic_phrases.

    python3 convert.py DATA_FOLDER

Writes topics.parquet, topic_edges.parquet and topic_phrases.parquet beside this file. Needs the Python packages
duckdb, pyarrow, wordfreq and english-words. The same input and packages give the same rows in the same order.

DATA_FOLDER holds Klout's files of 1 June 2018 as Parquet:

    topics.parquet                   topic_id text, slug text, name text
    topic_edges.parquet              parent_topic_id text, child_topic_id text
    topic_names_by_language.parquet  topic_id text, language text, name text
    entity_topic_labels.parquet      entity_name text, topic_id text, label 0 or 1

What is made of them:

- the topics without `_ROOT_`, and the edges among them; those in SPECIAL begin branches of special categories of personal data
- phrases: the names in six languages, and the names of entities that people labelled as belonging to the topic.
  A name that is the same in at least four languages is one in every language
- weight 0.4, so that a phrase counts only beside another one of its branch: words of one or two letters; names of
  entities that need a bracket to be told from others; single words that are ordinary words too (`Target`, `Time`, `Gap`): a name that is the same in every language, or that of an entity, and stands in a
  dictionary in lower case; and words so frequent that they say little (`home`, `life`)
"""

import collections
import pathlib
import re
import sys

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from english_words import get_english_words_set
from wordfreq import zipf_frequency

ROOT = "0"
# Article 9 of the GDPR: the first topics of the branches.
SPECIAL = {
    "religion": ["religion", "spirituality", "atheism"],
    "health": ["health-and-wellness-super"],
    "sexual_orientation": ["lgbt-issues", "same-sex-marriage"],
    "politics": ["politics", "communism", "socialism", "liberalism", "activism", "voting", "social-justice"],
    "trade_union": ["labor-unions"],
}
UNKNOWN = "_display_unknown_"
IN_COMPANY = 0.4
# Zipf frequencies: three are one in a million words.
ORDINARY, FREQUENT = 3.0, 5.6


def ambiguous(phrase, language, is_name, dictionary):
    """Whether a phrase may well mean something else."""
    if not re.fullmatch(r"\w+", phrase):
        return False
    if len(phrase) <= 2:
        return True
    frequency = zipf_frequency(phrase, language or "en")
    english = language in (None, "en")
    return frequency >= FREQUENT or (is_name and english and frequency >= ORDINARY and phrase.lower() in dictionary)


def main(data):
    def read(name, query):
        return duckdb.sql(query.replace("DATA", f"'{data / name}.parquet'")).fetchall()

    topics = read("topics", f"SELECT topic_id, slug, name FROM DATA WHERE topic_id <> '{ROOT}' ORDER BY topic_id")
    known = {topic for topic, _, _ in topics}
    edges = read("topic_edges", f"SELECT DISTINCT child_topic_id, parent_topic_id FROM DATA WHERE parent_topic_id <> '{ROOT}' ORDER BY 1, 2")
    edges = [edge for edge in edges if known.issuperset(edge)]
    names = read("topic_names_by_language", "SELECT topic_id, language, name FROM DATA WHERE name IS NOT NULL")
    entities = read("entity_topic_labels", f"SELECT DISTINCT topic_id, entity_name FROM DATA WHERE label = 1 AND entity_name <> '{UNKNOWN}'")
    dictionary = get_english_words_set(["gcide"], lower=False) | get_english_words_set(["web2"], lower=False)

    special = {slug: category for category, slugs in SPECIAL.items() for slug in slugs}
    unknown = special.keys() - {slug for _, slug, _ in topics}
    assert not unknown, unknown

    languages = collections.defaultdict(lambda: collections.defaultdict(set))
    for topic, language, name in names:
        if topic in known and name != UNKNOWN:
            languages[topic][name].add(language)
    for topic, _, name in topics:
        languages[topic][name].add("en")
    phrases = {}
    for topic, of_topic in languages.items():
        for name, where in of_topic.items():
            everywhere = len(where) >= 4
            for language in [None] if everywhere else sorted(where):
                doubtful = ambiguous(name, language, everywhere, dictionary)
                phrases[topic, name, language] = IN_COMPANY if doubtful else None
    for topic, entity in entities:
        # What stands in brackets tells apart what is called alike.
        name = re.sub(r"\s*\(.*\)$", "", entity)
        if topic in known and name and name not in languages[topic]:
            doubtful = name != entity or ambiguous(name, None, True, dictionary)
            phrases[topic, name, None] = IN_COMPANY if doubtful else None

    here = pathlib.Path(__file__).resolve().parent
    text = pa.string()
    tables = {
        "topics": (
            [("topic_id", text), ("name", text), ("special_category", text)],
            [(topic, name, special.get(slug)) for topic, slug, name in topics],
        ),
        "topic_edges": ([("topic_id", text), ("parent_id", text)], edges),
        "topic_phrases": (
            [("topic_id", text), ("phrase", text), ("language", text), ("weight", pa.float64())],
            [(*key, weight) for key, weight in sorted(phrases.items(), key=lambda p: (p[0][0], p[0][1], p[0][2] or ""))],
        ),
    }
    for table, (columns, rows) in tables.items():
        arrays = [pa.array(column, kind) for column, (_, kind) in zip(zip(*rows), columns)]
        path = here / f"{table}.parquet"
        pq.write_table(pa.table(arrays, [name for name, _ in columns]), path, compression="zstd", compression_level=19)
        print(f"{path.name}: {len(rows)} rows, {path.stat().st_size} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
