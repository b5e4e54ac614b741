//! How scores moved in groups of people.

use std::collections::BTreeMap;

use arrow::array::{AsArray, RecordBatch, StringArray};
use datafusion::dataframe::DataFrame;
use serde::Serialize;

use super::compare::{mean, sign};
use super::paired::Paired;
use crate::engine;
use crate::error::Result;
use crate::published::{other_version, selected};
use renown_stats::percentile::median;

/// Fewest people of a group that is told.
const LEAST: usize = 20;
/// Most groups that are told.
const MOST: usize = 20;

/// How scores moved by one property of people.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Grouping {
    /// The property: `network`, `language` or `country`.
    pub of: String,
    /// The largest groups of 20 people or more, the largest first, of equals the lower name; at most 20.
    pub groups: Vec<Group>,
    /// People in groups of fewer.
    pub in_smaller: usize,
    /// People in further groups of 20 or more.
    pub in_further: usize,
    /// People of whom the property is not known.
    pub unknown: usize,
}

/// People who are alike in something, and are in both runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// What they share.
    pub name: String,
    /// How many they are; somebody on several networks is one of each.
    pub people: usize,
    /// Mean change of their scores, in points.
    pub mean: f64,
    /// Median of it.
    pub median: f64,
    /// Share whose score rose, 0 to 1.
    pub rose: f64,
    /// Share whose score fell, 0 to 1.
    pub fell: f64,
}

/// How scores moved by network, language and country, as the table `people` states them.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] if the table is of another version or cannot be read.
pub(super) async fn by(people: DataFrame, paired: &Paired) -> Result<Vec<Grouping>> {
    let columns = ["person_id", "networks", "language", "country"];
    let people = selected("people", people, &columns)?;
    let mut changes: [BTreeMap<String, Vec<f64>>; 3] = Default::default();
    let mut unknown = [0; 3];
    for batch in engine::batches("reading the table `people`", people).await? {
        let [ids, languages, countries] = [text(&batch, 0)?, text(&batch, 2)?, text(&batch, 3)?];
        let networks =
            batch.column(1).as_list_opt::<i32>().ok_or_else(|| other_version("people"))?;
        for row in 0..batch.num_rows() {
            let Some(pair) = paired.find(ids.value(row)) else { continue };
            let networks = networks.value(row);
            let networks = networks.as_string_opt().ok_or_else(|| other_version("people"))?;
            let one = |texts: &StringArray| texts.slice(row, 1);
            for (of, names) in [networks, &one(languages), &one(countries)].into_iter().enumerate()
            {
                let known = names.iter().flatten();
                unknown[of] += usize::from(known.clone().next().is_none());
                for name in known {
                    // A name is copied once.
                    match changes[of].get_mut(name) {
                        Some(group) => group.push(paired.changes[pair]),
                        None => {
                            drop(changes[of].insert(name.to_owned(), vec![paired.changes[pair]]))
                        }
                    }
                }
            }
        }
    }
    let of = ["network", "language", "country"].into_iter().zip(changes).zip(unknown);
    Ok(of.map(|((of, changes), unknown)| grouping(of, changes, unknown)).collect())
}

fn text(batch: &RecordBatch, column: usize) -> Result<&StringArray> {
    batch.column(column).as_string_opt().ok_or_else(|| other_version("people"))
}

fn grouping(of: &str, changes: BTreeMap<String, Vec<f64>>, unknown: usize) -> Grouping {
    let (mut large, small): (Vec<_>, Vec<_>) =
        changes.into_iter().partition(|(_, changes)| changes.len() >= LEAST);
    // It keeps the order of names.
    large.sort_by_key(|(_, changes)| std::cmp::Reverse(changes.len()));
    let further = large.split_off(large.len().min(MOST));
    let people = |groups: &[(String, Vec<f64>)]| groups.iter().map(|(_, own)| own.len()).sum();
    Grouping {
        of: of.to_owned(),
        in_smaller: people(&small),
        in_further: people(&further),
        groups: large.into_iter().map(|(name, changes)| group(name, changes)).collect(),
        unknown,
    }
}

fn group(name: String, mut changes: Vec<f64>) -> Group {
    changes.sort_unstable_by(f64::total_cmp);
    let people = changes.len();
    let share = |wanted: i32| {
        changes.iter().filter(|change| sign(**change) == wanted).count() as f64 / people as f64
    };
    Group {
        name,
        people,
        mean: mean(&changes),
        median: median(&changes).unwrap_or_default(),
        rose: share(1),
        fell: share(-1),
    }
}
