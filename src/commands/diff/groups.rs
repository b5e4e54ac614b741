//! How scores changed in groups of people.

use std::collections::BTreeMap;

use serde::Serialize;

use super::paired::Paired;
use super::score_changes::{mean, sign};
use crate::error::Result;
use crate::published::Run;
use crate::published::rows::PersonGroups;
use renown_stats::quantiles::median;

/// Minimum number of people of a group that is shown.
const MIN_PEOPLE: usize = 20;
/// Maximum number of groups that are shown.
const MAX_GROUPS: usize = 20;

/// How scores changed by one property of people.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Grouping {
    /// The property: `network`, `language` or `country`.
    pub property: String,
    /// The largest groups of 20 people or more, the largest first, of equals the lower name; at most 20.
    pub groups: Vec<Group>,
    /// People in groups of fewer.
    pub in_smaller_groups: usize,
    /// People in further groups of 20 or more.
    pub in_further_groups: usize,
    /// People of whom the property is unknown.
    pub unknown: usize,
}

/// People who are alike in something, and are in both runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// What they share.
    pub name: String,
    /// How many they are; a person on several networks counts in each.
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

/// How scores changed by network, language and country, as the table `people` of `run` states them.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] if the table is of another version or cannot be read.
pub(super) async fn group_changes(run: &Run, paired: &Paired) -> Result<Vec<Grouping>> {
    let mut changes: [BTreeMap<String, Vec<f64>>; 3] = Default::default();
    let mut unknown = [0; 3];
    let see = |person: PersonGroups<&str>| {
        let Some(pair) = paired.find(person.person_id) else { return };
        let change = paired.changes[pair];
        let PersonGroups { networks, language, country, .. } = person;
        let [language, country] = [language, country].map(Vec::from_iter);
        let names = [networks, language, country];
        for ((groups, unknown), names) in changes.iter_mut().zip(&mut unknown).zip(names) {
            *unknown += usize::from(names.is_empty());
            for name in names {
                // A name is copied once.
                match groups.get_mut(name) {
                    Some(group) => group.push(change),
                    None => drop(groups.insert(name.to_owned(), vec![change])),
                }
            }
        }
    };
    run.each::<PersonGroups>(Ok, see).await?;
    let properties = ["network", "language", "country"].into_iter().zip(changes).zip(unknown);
    let grouping = |((property, changes), unknown)| grouping(property, changes, unknown);
    Ok(properties.map(grouping).collect())
}

fn grouping(property: &str, changes: BTreeMap<String, Vec<f64>>, unknown: usize) -> Grouping {
    let (mut large, small): (Vec<_>, Vec<_>) =
        changes.into_iter().partition(|(_, changes)| changes.len() >= MIN_PEOPLE);
    // It keeps the order of names.
    large.sort_by_key(|(_, changes)| std::cmp::Reverse(changes.len()));
    let further = large.split_off(large.len().min(MAX_GROUPS));
    let people =
        |groups: &[(String, Vec<f64>)]| groups.iter().map(|(_, changes)| changes.len()).sum();
    Grouping {
        property: property.to_owned(),
        in_smaller_groups: people(&small),
        in_further_groups: people(&further),
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
