//! The tables of scores: the scores themselves, what they are made of, and why they moved.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray};
use rayon::prelude::*;

use super::{Drafting, ROWS, Results, floats, in_files, lists, texts};
use crate::error::Result;
use crate::lists::Lists;
use crate::method::profile::{Profile, STANDARD};
use crate::schema::{self, Direction, Table};
use crate::score::changes::Changes;
use crate::score::contributions::{Cause, Contribution, contributions};
use crate::score::scores::{Scores, Values};
use crate::score::style::Style;

/// Writes the tables of scores.
pub(super) struct ScoreTables<'a> {
    pub(super) draft: &'a Drafting<'a>,
    pub(super) results: &'a Results<'a>,
}

impl ScoreTables<'_> {
    /// The profiles with their scores, in order of name.
    fn profiles(&self) -> &[(&Profile, Scores)] {
        &self.results.scores
    }

    pub(super) fn scores(&self) -> Result<Vec<RecordBatch>> {
        let rows = self.draft.persons.len() * self.profiles().len();
        in_files("scores", rows, |table, rows| self.scores_of(table, rows))
    }

    fn scores_of(&self, table: &Table, rows: Range<usize>) -> Result<RecordBatch> {
        let (profiles, standing) = (self.profiles(), self.results.standing);
        let persons = || rows.clone().map(|row| row / profiles.len());
        let of_row = |row: usize| (&profiles[row % profiles.len()], row / profiles.len());
        let number = |of: fn(&Scores) -> &Vec<f64>| {
            floats(rows.clone().map(|row| {
                let ((_, scores), person) = of_row(row);
                of(scores)[person]
            }))
        };
        let beside = |values: &[f64]| floats(persons().map(|person| values[person]));
        let optional = |values: &[Option<f64>]| -> ArrayRef {
            Arc::new(persons().map(|person| values[person]).collect::<Float64Array>())
        };
        let moved = |row: usize| {
            let ((profile, _), person) = of_row(row);
            let changes = self.results.changes?;
            (profile.name == STANDARD).then(|| changes.total(person))?
        };
        let flags = rows.clone().map(|row| {
            let ((_, scores), person) = of_row(row);
            scores.flags[person].iter()
        });
        let mut columns = vec![
            ("person_id", texts(persons().map(|person| self.draft.id(person)))),
            ("profile", texts(rows.clone().map(|row| of_row(row).0.0.name.as_str()))),
            ("score", number(|scores| &scores.score)),
            ("score_low", number(|scores| &scores.score_low)),
            ("score_high", number(|scores| &scores.score_high)),
            ("expected_reactors", number(|scores| &scores.expected_reactors)),
            ("percentile", number(|scores| &scores.percentile)),
            ("change_1d", Arc::new(rows.clone().map(moved).collect::<Float64Array>())),
            ("true_reach", beside(&standing.true_reach)),
            ("amplification", optional(&standing.amplification)),
            ("network_score", optional(&standing.network_score)),
            ("negative_share", optional(&standing.negative_share)),
            ("flags", lists(flags)),
            (
                "method_version",
                texts(rows.clone().map(|row| of_row(row).0.0.method_version.as_str())),
            ),
        ];
        columns.extend(self.draft.run_columns(rows.len()));
        columns.extend(style_columns(persons().map(|person| self.results.styles[person].as_ref())));
        table.batch(columns)
    }

    pub(super) fn contributions(&self) -> Result<Vec<RecordBatch>> {
        let persons = self.draft.persons;
        let values = self.profiles().iter().map(|(profile, _)| {
            Ok((*profile, Values::of(&profile.forecast, self.results.measures)?))
        });
        let values: Vec<(&Profile, Values<'_>)> = values.collect::<Result<_>>()?;
        let vertices = persons.vertices_by_person();
        // A person has a row for each term of each profile, the level and the reference, and few join networks.
        let rows: usize = values.iter().map(|(profile, _)| profile.forecast.terms.len() + 2).sum();
        let at_once = (ROWS / (2 * rows)).max(1);
        let table = schema::table(Direction::Output, "contributions")?;
        (0..persons.len().div_ceil(at_once).max(1))
            .into_par_iter()
            .map(|file| {
                let of_file = file * at_once..((file + 1) * at_once).min(persons.len());
                self.contributions_of(table, of_file, &vertices, &values)
            })
            .collect()
    }

    fn contributions_of(
        &self,
        table: &Table,
        of_file: Range<usize>,
        vertices: &Lists<u32>,
        values: &[(&Profile, Values<'_>)],
    ) -> Result<RecordBatch> {
        let persons = self.draft.persons;
        let mut rows: Vec<(usize, &Profile, Contribution<'_>)> = Vec::new();
        for person in of_file {
            for (profile, values) in values {
                let own = contributions(persons, &profile.forecast, values, vertices.of(person));
                rows.extend(own.into_iter().map(|row| (person, *profile, row)));
            }
        }
        let networks = rows.iter().map(|(.., row)| match row.network {
            Some(network) => persons.networks[network].as_str(),
            None => "",
        });
        let measured = |of: fn(&Cause<'_>) -> Option<f64>| -> ArrayRef {
            Arc::new(rows.iter().map(|(.., row)| of(&row.cause)).collect::<Float64Array>())
        };
        let mut columns = vec![
            ("person_id", texts(rows.iter().map(|(person, ..)| self.draft.id(*person)))),
            ("profile", texts(rows.iter().map(|(_, profile, _)| profile.name.as_str()))),
            ("network", texts(networks)),
            ("measure", texts(rows.iter().map(|(.., row)| row.cause.name()))),
            (
                "value",
                measured(|cause| match cause {
                    Cause::Measure(_, value) => Some(*value),
                    _ => None,
                }),
            ),
            (
                "reference_value",
                measured(|cause| match cause {
                    Cause::Measure(term, _) => Some(term.reference),
                    _ => None,
                }),
            ),
            ("points", floats(rows.iter().map(|(.., row)| row.points))),
        ];
        columns.extend(self.draft.run_columns(rows.len()));
        table.batch(columns)
    }

    pub(super) fn changes(&self) -> Result<Vec<RecordBatch>> {
        let none = Changes::default();
        let changes = self.results.changes.unwrap_or(&none);
        let rows = changes.rows();
        in_files("changes", rows.len(), |table, range| {
            let rows = &rows[range];
            let since = Date32Array::from_value(changes.since_days, rows.len());
            let mut columns = vec![
                ("person_id", texts(rows.iter().map(|row| self.draft.id(row.person)))),
                ("cause", texts(rows.iter().map(|row| row.cause))),
                ("points", floats(rows.iter().map(|row| row.points))),
                ("previous_snapshot_date", Arc::new(since) as ArrayRef),
            ];
            columns.extend(self.draft.run_columns(rows.len()));
            table.batch(columns)
        })
    }
}

fn style_columns<'a>(
    styles: impl Iterator<Item = Option<&'a Style>> + Clone,
) -> Vec<(&'static str, ArrayRef)> {
    let axis = |axis: fn(&Style) -> f64| -> ArrayRef {
        Arc::new(styles.clone().map(|style| style.map(axis)).collect::<Float64Array>())
    };
    let count = |count: fn(&Style) -> i64| -> ArrayRef {
        Arc::new(styles.clone().map(|style| style.map(count)).collect::<Int64Array>())
    };
    let names: StringArray = styles.clone().map(|style| style.map(|style| style.name)).collect();
    vec![
        ("style", Arc::new(names)),
        ("creating_share", axis(|style| style.creating)),
        ("topic_entropy", axis(|style| style.entropy)),
        ("interactions_made", count(|style| style.interactions)),
        ("weeks_active", count(|style| style.weeks)),
    ]
}
