//! The tables of scores: the scores themselves, what they are made of, and why they changed.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};

use super::batches::{
    Columns, MAX_ROWS, Shared, floats, in_files, in_files_of, lists, optional_floats, texts,
};
use crate::error::Result;
use crate::method::profile::{Profile, STANDARD};
use crate::model::PersonIndex;
use crate::schema::UTC;
use crate::score::changes::Changes;
use crate::score::context::ScoreContext;
use crate::score::contributions::{Contribution, Contributions};
use crate::score::scores::Scores;
use crate::score::style::Style;

pub(super) fn draft_scores(
    shared: &Shared<'_>,
    profiles: &[(&Profile, Scores)],
    context: &ScoreContext,
    changes: Option<&Changes>,
    styles: &[Option<Style>],
    data_until: &[Option<i64>],
) -> Result<Vec<RecordBatch>> {
    let rows = shared.persons.len() * profiles.len();
    in_files("scores", rows, |table, rows| {
        let persons = || rows.clone().map(|row| row / profiles.len());
        let of_row = |row: usize| {
            let (profile, scores) = &profiles[row % profiles.len()];
            (*profile, scores, row / profiles.len())
        };
        let number = |of: fn(&Scores) -> &Vec<f64>| {
            floats(rows.clone().map(|row| {
                let (_, scores, person) = of_row(row);
                of(scores)[person]
            }))
        };
        let in_context = |values: &[f64]| floats(persons().map(|person| values[person]));
        let optional =
            |values: &[Option<f64>]| optional_floats(persons().map(|person| values[person]));
        let change = |row: usize| {
            let (profile, _, person) = of_row(row);
            changes.filter(|_| profile.name == STANDARD)?.total(PersonIndex::new(person))
        };
        let flags = rows.clone().map(|row| {
            let (_, scores, person) = of_row(row);
            scores.flags[person].iter()
        });
        let of_profile =
            |of: fn(&Profile) -> &str| texts(rows.clone().map(|row| of(of_row(row).0)));
        let mut columns = vec![
            ("person_id", shared.ids(persons().map(PersonIndex::new))),
            ("profile", of_profile(|profile| &profile.name)),
            ("score", number(|scores| &scores.score)),
            ("score_low", number(|scores| &scores.score_low)),
            ("score_high", number(|scores| &scores.score_high)),
            ("expected_reactors", number(|scores| &scores.expected_reactors)),
            ("percentile", number(|scores| &scores.percentile)),
            ("change_1d", optional_floats(rows.clone().map(change))),
            ("true_reach", in_context(&context.true_reach)),
            ("amplification", optional(&context.amplification)),
            ("network_score", optional(&context.network_score)),
            ("negative_share", optional(&context.negative_share)),
            ("data_until", instants(persons().map(|person| data_until[person]))),
            ("flags", lists(flags)),
            ("method_version", of_profile(|profile| &profile.method_version)),
        ];
        columns.extend(style_columns(persons().map(|person| styles[person].as_ref())));
        columns.extend(shared.run_columns(rows.len()));
        table.batch(columns)
    })
}

fn instants(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<TimestampMicrosecondArray>().with_timezone(UTC))
}

fn style_columns<'a>(styles: impl Iterator<Item = Option<&'a Style>> + Clone) -> Columns<'static> {
    let axis =
        |axis: fn(&Style) -> f64| optional_floats(styles.clone().map(|style| style.map(axis)));
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

pub(super) fn draft_contributions(
    shared: &Shared<'_>,
    profiles: Vec<Contributions<'_>>,
) -> Result<Vec<RecordBatch>> {
    // A person has a row for each term of each profile, the level and the reference, and few people join networks.
    let terms = profiles.iter().map(|profile| profile.profile.forecast.terms.len() + 2);
    let persons_per_file = (MAX_ROWS / (2 * terms.sum::<usize>())).max(1);
    let persons = shared.persons;
    in_files_of("contributions", persons.len(), persons_per_file, |table, of_file| {
        let rows = contribution_rows(shared, &profiles, of_file);
        let networks = rows.iter().map(|(.., row)| match row.network {
            Some(network) => persons.networks[network.index()].as_str(),
            None => "",
        });
        let mut columns = vec![
            ("person_id", shared.ids(rows.iter().map(|(person, ..)| *person))),
            ("profile", texts(rows.iter().map(|(_, profile, _)| profile.name.as_str()))),
            ("network", texts(networks)),
            ("measure", texts(rows.iter().map(|(.., row)| row.cause))),
            ("value", optional_floats(rows.iter().map(|(.., row)| row.value))),
            ("reference_value", optional_floats(rows.iter().map(|(.., row)| row.reference_value))),
            ("points", floats(rows.iter().map(|(.., row)| row.points))),
        ];
        columns.extend(shared.run_columns(rows.len()));
        table.batch(columns)
    })
}

/// The rows of some persons, in order of (person, profile).
fn contribution_rows<'a>(
    shared: &Shared<'_>,
    profiles: &'a [Contributions<'a>],
    persons: Range<usize>,
) -> Vec<(PersonIndex, &'a Profile, Contribution<'a>)> {
    let mut rows = Vec::new();
    for person in persons.map(PersonIndex::new) {
        for of_profile in profiles {
            let of_person = of_profile.of(shared.persons, person);
            rows.extend(of_person.map(|row| (person, of_profile.profile, row)));
        }
    }
    rows
}

pub(super) fn draft_changes(
    shared: &Shared<'_>,
    changes: Option<&Changes>,
) -> Result<Vec<RecordBatch>> {
    let none = Changes::default();
    let changes = changes.unwrap_or(&none);
    shared.table("changes", changes.rows(), |rows| {
        let previous = Date32Array::from_value(changes.previous_days, rows.len());
        vec![
            ("person_id", shared.ids(rows.iter().map(|row| row.person))),
            ("cause", texts(rows.iter().map(|row| row.cause))),
            ("points", floats(rows.iter().map(|row| row.points))),
            ("previous_snapshot_date", Arc::new(previous)),
        ]
    })
}
