//! The tables of a small world, built from their contracts and not by the stages.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, ListArray, RecordBatch,
    TimestampMicrosecondArray, new_empty_array, new_null_array,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field};
use chrono::NaiveDate;
use renown::audit::RunFacts;
use renown::model::NewestEvents;
use renown::schema::{self, Direction, Type, UTC};
use renown::tables::Draft;

use crate::parquet_files::texts;

pub const PEOPLE: [&str; 4] = ["net:ann", "net:bob", "net:cid", "net:dee"];

/// Id of the run that the tables are of.
pub const RUN: &str = "run";

/// A batch of an output table of [`RUN`]: the given columns, and 0, empty or false in all others.
pub fn filled(table: &str, rows: usize, given: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let table = schema::table(Direction::Output, table).unwrap();
    let others = table.columns.iter().filter(|c| given.iter().all(|(name, _)| *name != c.name));
    let others = others.map(|c| match c.name.as_str() {
        "run_id" => ("run_id", texts(std::iter::repeat_n(RUN, rows))),
        name => (name, empty(c.kind, rows)),
    });
    let others = others.collect::<Vec<_>>();
    table.batch([given, others].concat()).unwrap()
}

fn empty(kind: Type, rows: usize) -> ArrayRef {
    match kind {
        Type::Id | Type::Text => texts(std::iter::repeat_n("", rows)),
        Type::Int64 => Arc::new(Int64Array::from_value(0, rows)),
        Type::Float64 => Arc::new(Float64Array::from_value(0.0, rows)),
        Type::Boolean => Arc::new(BooleanArray::from(vec![false; rows])),
        Type::Date => Arc::new(Date32Array::from_value(0, rows)),
        Type::Timestamp => {
            Arc::new(TimestampMicrosecondArray::from_value(0, rows).with_timezone(UTC))
        }
        Type::TextList => {
            let item = Arc::new(Field::new("item", DataType::Utf8, false));
            let offsets = OffsetBuffer::from_lengths(vec![0; rows]);
            Arc::new(ListArray::new(item, offsets, new_empty_array(&DataType::Utf8), None))
        }
    }
}

/// `batch` with another column in the place of `name`.
pub fn put(batch: &RecordBatch, name: &str, column: ArrayRef) -> RecordBatch {
    let mut columns = batch.columns().to_vec();
    columns[batch.schema().index_of(name).unwrap()] = column;
    RecordBatch::try_new(batch.schema(), columns).unwrap()
}

pub fn numbers(values: &[f64]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

/// Scores and forecasts of these people.
pub fn scores(people: &[&str], scores: &[f64], expected: &[f64]) -> RecordBatch {
    let columns = vec![
        ("person_id", texts(people.iter().copied())),
        ("profile", texts(people.iter().map(|_| "standard"))),
        ("score", numbers(scores)),
        ("score_low", numbers(scores)),
        ("score_high", numbers(scores)),
        ("change_1d", new_null_array(&DataType::Float64, people.len())),
        ("expected_reactors", numbers(expected)),
    ];
    filled("scores", people.len(), columns)
}

/// Scores of these people as their only contribution.
pub fn contributions(people: &[&str], points: &[f64]) -> RecordBatch {
    let columns = vec![
        ("person_id", texts(people.iter().copied())),
        ("profile", texts(people.iter().map(|_| "standard"))),
        ("points", numbers(points)),
    ];
    filled("contributions", people.len(), columns)
}

/// Changes of these people, all caused by their audience.
pub fn changes(people: &[&str], points: &[f64]) -> RecordBatch {
    let columns = vec![
        ("person_id", texts(people.iter().copied())),
        ("cause", texts(people.iter().map(|_| "audience"))),
        ("points", numbers(points)),
    ];
    filled("changes", people.len(), columns)
}

/// Measures of these people on `network`, of which only the ranks are not 0.
pub fn measures(network: &str, people: &[&str], ranks: &[f64]) -> RecordBatch {
    let columns = vec![
        ("network", texts(people.iter().map(|_| network))),
        ("person_id", texts(people.iter().copied())),
        ("pagerank", numbers(ranks)),
    ];
    filled("measures", people.len(), columns)
}

pub fn edges(network: &str, ends: &[(&str, &str)]) -> RecordBatch {
    let columns = vec![
        ("network", texts(ends.iter().map(|_| network))),
        ("influencer_id", texts(ends.iter().map(|(influencer, _)| *influencer))),
        ("influenced_id", texts(ends.iter().map(|(_, influenced)| *influenced))),
        ("topic_id", new_null_array(&DataType::Utf8, ends.len())),
    ];
    filled("influence_edges", ends.len(), columns)
}

pub fn people(ids: &[&str]) -> RecordBatch {
    filled("people", ids.len(), vec![("person_id", texts(ids.iter().copied()))])
}

/// One account of each of these people.
pub fn accounts(network: &str, people: &[&str]) -> RecordBatch {
    let columns = vec![
        ("network", texts(people.iter().map(|_| network))),
        ("account_id", texts(people.iter().copied())),
        ("person_id", texts(people.iter().copied())),
    ];
    filled("accounts", people.len(), columns)
}

/// Four people, two of whom attend to the first; every table in two batches.
pub fn draft(day: NaiveDate) -> Draft {
    let [ann, bob, cid, dee] = PEOPLE;
    Draft {
        day,
        run_id: RUN.to_owned(),
        people: vec![people(&[ann, bob]), people(&[cid, dee])],
        accounts: vec![accounts("net", &[ann, bob]), accounts("net", &[cid, dee])],
        scores: vec![
            scores(&[ann, bob], &[11.0, 1.0], &[4.0, 0.0]),
            scores(&[cid, dee], &[1.0, 100.0], &[0.0, 1e9]),
        ],
        contributions: vec![
            contributions(&[ann, bob, cid], &[11.0, 1.0, 1.0]),
            contributions(&[dee], &[100.0]),
        ],
        changes: vec![changes(&[], &[])],
        measures: vec![
            measures("net", &[ann, bob], &[0.5, 0.25]),
            measures("net", &[cid, dee], &[0.125, 0.125]),
        ],
        influence_edges: vec![edges("net", &[(ann, bob)]), edges("net", &[(ann, cid)])],
        topics: vec![topics(&["t1"]), topics(&["t2"])],
        topic_scores: vec![
            topic_scores(&[(ann, "t1")], [3, 5, 2]),
            topic_scores(&[(ann, "t2")], [9; 3]),
        ],
        topic_interests: vec![of_topics("topic_interests", &[(ann, "t1"), (bob, "t2")], vec![])],
        topic_evidence: vec![evidence(&[(ann, "t1"), (ann, "t2")])],
        topic_posts: vec![topic_posts(&[(ann, "t1"), (bob, "t2")])],
        cohorts: vec![cohort("a", &[ann, bob]), cohort("b", &[ann])],
        checks: vec![check(&[ann, dee])],
    }
}

/// The tables with another run id.
pub fn of_run(mut draft: Draft, run_id: &str) -> Draft {
    for table in [
        &mut draft.people,
        &mut draft.accounts,
        &mut draft.scores,
        &mut draft.contributions,
        &mut draft.checks,
        &mut draft.changes,
        &mut draft.measures,
        &mut draft.influence_edges,
        &mut draft.topics,
        &mut draft.topic_scores,
        &mut draft.topic_interests,
        &mut draft.topic_evidence,
        &mut draft.topic_posts,
        &mut draft.cohorts,
    ] {
        for batch in table {
            let ids = texts(std::iter::repeat_n(run_id, batch.num_rows()));
            *batch = put(batch, "run_id", ids);
        }
    }
    draft.run_id = run_id.to_owned();
    draft
}

/// A check that names these people as examples.
pub fn check(people: &[&str]) -> RecordBatch {
    let item = Arc::new(Field::new("item", DataType::Utf8, false));
    let offsets = OffsetBuffer::from_lengths([people.len()]);
    let examples = ListArray::new(item, offsets, texts(people.iter().copied()), None);
    filled("checks", 1, vec![("examples", Arc::new(examples))])
}

/// Members of a cohort.
pub fn cohort(name: &str, people: &[&str]) -> RecordBatch {
    let columns = vec![
        ("cohort", texts(people.iter().map(|_| name))),
        ("person_id", texts(people.iter().copied())),
    ];
    filled("cohorts", people.len(), columns)
}

pub fn topics(ids: &[&str]) -> RecordBatch {
    filled("topics", ids.len(), vec![("topic_id", texts(ids.iter().copied()))])
}

/// Rows of `table` for pairs of person and topic.
pub fn of_topics(table: &str, pairs: &[(&str, &str)], more: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let mut columns = vec![
        ("person_id", texts(pairs.iter().map(|(person, _)| *person))),
        ("topic_id", texts(pairs.iter().map(|(_, topic)| *topic))),
    ];
    columns.extend(more);
    filled(table, pairs.len(), columns)
}

/// Topic scores of 1 with evidence of these numbers of posts, people and weeks.
pub fn topic_scores(pairs: &[(&str, &str)], evidence: [i64; 3]) -> RecordBatch {
    let count =
        |at: usize| -> ArrayRef { Arc::new(Int64Array::from_value(evidence[at], pairs.len())) };
    let columns = vec![
        ("score", numbers(&vec![1.0; pairs.len()])),
        ("posts", count(0)),
        ("people", count(1)),
        ("weeks", count(2)),
    ];
    of_topics("topic_scores", pairs, columns)
}

/// A post behind each pair.
pub fn evidence(pairs: &[(&str, &str)]) -> RecordBatch {
    of_topics("topic_evidence", pairs, vec![("post_id", texts(pairs.iter().map(|_| "1")))])
}

/// A post of each pair.
pub fn topic_posts(pairs: &[(&str, &str)]) -> RecordBatch {
    of_topics("topic_posts", pairs, vec![("post_id", texts(pairs.iter().map(|_| "1")))])
}

pub fn facts(run_id: &str) -> RunFacts {
    RunFacts {
        run_id: run_id.into(),
        job: "small".into(),
        method_version: "standard-5".into(),
        method_sha256: "0".repeat(64),
        data_sha256: "1".repeat(64),
        method: "{}".into(),
        profiles: "[]".into(),
        cutoff_us: 0,
        newest: NewestEvents::default(),
        horizon_hours: 672,
        covered_hours: vec![],
        uses: renown::job::Uses::default(),
        trust_networks: vec![],
        accepted: vec![],
    }
}
