//! The tables of a run as Arrow batches, in the columns and the order of their contracts.
//!
//! A batch becomes one file, so that a large table is many files of at most 2^18 rows.

mod scored;
mod topical;

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, Date32Array, Float64Array, Int64Array, ListBuilder, RecordBatch, StringArray,
    StringBuilder,
};
use arrow::datatypes::{DataType, Field};
use chrono::NaiveDate;
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::method::profile::Profile;
use crate::model::time::days_since_epoch;
use crate::model::{People, Persons};
use crate::reduce::InteractionRules;
use crate::schema::{self, Direction, Table};
use crate::score::changes::Changes;
use crate::score::cohorts::Member;
use crate::score::measures::Measures;
use crate::score::scores::{Scores, Standing};
use crate::score::style::Style;
use crate::topics::Topics;
use renown_graph::csr::Csr;

/// Most rows of one file: few enough for 32-bit text offsets at 8 KiB a row.
const ROWS: usize = 1 << 18;

/// The tables of a run before they are audited.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Day of the snapshot.
    pub day: NaiveDate,
    /// Id of the run, as in every row.
    pub run_id: String,
    /// Table `people`.
    pub people: Vec<RecordBatch>,
    /// Table `scores`.
    pub scores: Vec<RecordBatch>,
    /// Table `contributions`.
    pub contributions: Vec<RecordBatch>,
    /// Table `changes`.
    pub changes: Vec<RecordBatch>,
    /// Table `measures`.
    pub measures: Vec<RecordBatch>,
    /// Table `influence_edges`.
    pub influence_edges: Vec<RecordBatch>,
    /// Table `topics`.
    pub topics: Vec<RecordBatch>,
    /// Table `topic_scores`.
    pub topic_scores: Vec<RecordBatch>,
    /// Table `topic_interests`.
    pub topic_interests: Vec<RecordBatch>,
    /// Table `topic_evidence`.
    pub topic_evidence: Vec<RecordBatch>,
    /// Table `topic_posts`.
    pub topic_posts: Vec<RecordBatch>,
    /// Table `cohorts`.
    pub cohorts: Vec<RecordBatch>,
}

impl Draft {
    /// The tables by name, in the order in which they are published.
    pub fn tables(&self) -> [(&'static str, &Vec<RecordBatch>); 12] {
        [
            ("people", &self.people),
            ("scores", &self.scores),
            ("contributions", &self.contributions),
            ("changes", &self.changes),
            ("measures", &self.measures),
            ("influence_edges", &self.influence_edges),
            ("topics", &self.topics),
            ("topic_scores", &self.topic_scores),
            ("topic_interests", &self.topic_interests),
            ("topic_evidence", &self.topic_evidence),
            ("topic_posts", &self.topic_posts),
            ("cohorts", &self.cohorts),
        ]
    }
}

/// What the tables are written from.
pub struct Results<'a> {
    /// Who is scored, and what they did.
    pub people: &'a People,
    /// Who pays attention to whom: the graph of each network.
    pub graphs: &'a [Csr],
    /// What the method says of interactions.
    pub rules: &'a InteractionRules,
    /// What it is about.
    pub topics: &'a Topics,
    /// Measures of everybody.
    pub measures: &'a Measures,
    /// What stands beside the scores.
    pub standing: &'a Standing,
    /// Scores of everybody under each profile, in order of its name.
    pub scores: Vec<(&'a Profile, Scores)>,
    /// Why the standard scores moved, if there is a run before.
    pub changes: Option<&'a Changes>,
    /// Styles of everybody who has one. Length: persons.
    pub styles: &'a [Option<Style>],
    /// Audiences by name, with their members in order of person.
    pub cohorts: Vec<(&'a str, Vec<Member>)>,
    /// Strongest edges kept of each person, in either direction.
    pub top: u32,
}

/// Drafts the tables of the run `run_id` over the snapshot of `day`.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if a table breaks its contract.
pub fn draft(day: NaiveDate, run_id: &str, results: &Results<'_>) -> Result<Draft> {
    let persons = &results.people.persons;
    let draft = Drafting { date: days_since_epoch(day)?, run_id, persons };
    let scored = ScoreTables { draft: &draft, results };
    let topical = TopicTables { draft: &draft, people: results.people, topics: results.topics };
    Ok(Draft {
        day,
        run_id: run_id.to_owned(),
        people: in_files("people", persons.len(), |table, rows| draft.people(table, rows))?,
        scores: scored.scores()?,
        contributions: scored.contributions()?,
        changes: scored.changes()?,
        measures: in_files("measures", persons.vertices(), |table, rows| {
            draft.measures(table, rows, results.measures)
        })?,
        influence_edges: topical.influence_edges(results)?,
        topics: topical.topics()?,
        topic_scores: topical.scores()?,
        topic_interests: topical.interests()?,
        topic_evidence: topical.evidence()?,
        topic_posts: topical.posts()?,
        cohorts: draft.cohorts(&results.cohorts)?,
    })
}

/// The batches of a table of `rows` rows; an empty table is one empty batch.
fn in_files(
    name: &str,
    rows: usize,
    batch: impl Fn(&Table, Range<usize>) -> Result<RecordBatch> + Sync,
) -> Result<Vec<RecordBatch>> {
    let table = schema::table(Direction::Output, name)?;
    (0..rows.div_ceil(ROWS).max(1))
        .into_par_iter()
        .map(|file| batch(table, file * ROWS..((file + 1) * ROWS).min(rows)))
        .collect()
}

fn texts<'a>(texts: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(texts))
}

fn floats(values: impl Iterator<Item = f64>) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(values))
}

/// A list of texts per row.
pub(crate) fn lists<S: AsRef<str>>(
    rows: impl Iterator<Item = impl IntoIterator<Item = S>>,
) -> ArrayRef {
    let item = Field::new("item", DataType::Utf8, false);
    let mut list = ListBuilder::new(StringBuilder::new()).with_field(item);
    for row in rows {
        for text in row {
            list.values().append_value(text);
        }
        list.append(true);
    }
    Arc::new(list.finish())
}

use scored::ScoreTables;
use topical::TopicTables;

struct Drafting<'a> {
    date: i32,
    run_id: &'a str,
    persons: &'a Persons,
}

impl Drafting<'_> {
    /// The columns that every table has: the day of the snapshot and the run.
    fn run_columns(&self, rows: usize) -> [(&'static str, ArrayRef); 2] {
        let run_ids = std::iter::repeat_n(self.run_id, rows);
        [
            ("snapshot_date", Arc::new(Date32Array::from_value(self.date, rows))),
            ("run_id", texts(run_ids)),
        ]
    }

    fn id(&self, person: usize) -> &str {
        self.persons.ids.value(person)
    }

    fn people(&self, table: &Table, rows: Range<usize>) -> Result<RecordBatch> {
        let persons = self.persons;
        let accounts = |p: usize| {
            let accounts = persons.accounts(p).map(|a| {
                let network = &persons.networks[persons.account_networks[a] as usize];
                format!("{network}:{}", persons.account_ids.value(a))
            });
            let mut accounts: Vec<String> = accounts.collect();
            accounts.sort_unstable();
            accounts
        };
        let networks = |p: usize| {
            let mut of: Vec<u32> =
                persons.accounts(p).map(|a| persons.account_networks[a]).collect();
            of.sort_unstable();
            of.dedup();
            of.into_iter().map(|n| persons.networks[n as usize].as_str())
        };
        let flags = |p: usize| persons.automated[p].then_some("automated");
        let optional = |column: &arrow::array::LargeStringArray| -> Result<ArrayRef> {
            let slice = column.slice(rows.start, rows.len());
            arrow::compute::cast(&slice, &DataType::Utf8).map_err(Error::internal)
        };
        let mut columns = vec![
            ("person_id", texts(rows.clone().map(|p| self.id(p)))),
            ("display_name", optional(&persons.display_names)?),
            ("accounts", lists(rows.clone().map(accounts))),
            ("networks", lists(rows.clone().map(networks))),
            ("country", optional(&persons.countries)?),
            ("language", optional(&persons.languages)?),
            ("flags", lists(rows.clone().map(flags))),
        ];
        columns.extend(self.run_columns(rows.len()));
        table.batch(columns)
    }

    fn cohorts(&self, cohorts: &[(&str, Vec<Member>)]) -> Result<Vec<RecordBatch>> {
        let members: Vec<(&str, &Member)> =
            cohorts.iter().flat_map(|(name, members)| members.iter().map(|m| (*name, m))).collect();
        in_files("cohorts", members.len(), |table, rows| {
            let rows = &members[rows];
            let places = Int64Array::from_iter_values(rows.iter().map(|(_, m)| m.place));
            let mut columns = vec![
                ("cohort", texts(rows.iter().map(|(name, _)| *name))),
                ("person_id", texts(rows.iter().map(|(_, m)| self.id(m.person as usize)))),
                ("position", Arc::new(places)),
                ("score", floats(rows.iter().map(|(_, m)| m.score))),
                ("reasons", lists(rows.iter().map(|(_, m)| &m.reasons))),
            ];
            columns.extend(self.run_columns(rows.len()));
            table.batch(columns)
        })
    }

    fn measures(
        &self,
        table: &Table,
        rows: Range<usize>,
        measures: &Measures,
    ) -> Result<RecordBatch> {
        let persons = self.persons;
        let networks = rows.clone().map(|v| persons.networks[persons.network_of(v)].as_str());
        let people = rows.clone().map(|v| self.id(persons.vertex_persons[v] as usize));
        let mut columns = vec![("network", texts(networks)), ("person_id", texts(people))];
        columns.extend(self.run_columns(rows.len()));
        for (name, column) in &measures.columns {
            columns.push((name, column.slice(rows.start, rows.len())));
        }
        let own = measures.own.iter();
        let own = own.map(|(name, column)| (name.as_str(), column.slice(rows.start, rows.len())));
        table.batch_with(columns, own.collect())
    }
}
