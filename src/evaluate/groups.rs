//! People in groups, so that differences between groups show.

use std::collections::BTreeMap;

use arrow::array::{Array, LargeStringArray};

use super::predictions::Predictions;
use crate::job::GroupBy;
use crate::model::{People, PersonIndex};
use renown_stats::ranking::Ranking;

/// Most groups of one kind that are evaluated: the largest ones.
const MAX_GROUPS: usize = 20;
/// Fewer people than this are not shown.
const FEW: usize = 11;
/// Groups by age of the account: below so many hours, and the name.
const AGES: [(u32, &str); 4] = [
    (30 * 24, "below 30 days"),
    (365 * 24, "30 days to 1 year"),
    (3 * 365 * 24, "1 to 3 years"),
    (u32::MAX, "3 years and more"),
];

impl GroupBy {
    /// Its name in the table.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Language => "language",
            Self::Country => "country",
            Self::AccountAge => "account_age",
            Self::Size => "size",
        }
    }
}

/// `persons`, ascending, in groups by name, as indices into `persons`. A person of whom nothing is known is in no group; one
/// on several networks is in several.
pub(super) fn group_people(
    group_by: GroupBy,
    people: &People,
    predictions: &Predictions,
    hours: u32,
    persons: &[PersonIndex],
) -> BTreeMap<String, Vec<u32>> {
    let mut groups: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    let mut put = |name: String, index: u32| groups.entry(name).or_default().push(index);
    let by_text = |texts: &LargeStringArray, mut put: Box<dyn FnMut(String, u32) + '_>| {
        for (index, person) in (0..).zip(persons) {
            if texts.is_valid(person.index()) {
                put(texts.value(person.index()).to_owned(), index);
            }
        }
    };
    match group_by {
        GroupBy::Language => by_text(&people.persons.languages, Box::new(put)),
        GroupBy::Country => by_text(&people.persons.countries, Box::new(put)),
        GroupBy::Network => {
            for (vertex, person) in people.persons.by_vertex() {
                if let Ok(index) = persons.binary_search(&person) {
                    put(people.persons.network_name(vertex).to_owned(), index as u32);
                }
            }
            groups.values_mut().for_each(|indices| indices.sort_unstable());
        }
        GroupBy::AccountAge => {
            let mut created_hours: Vec<Option<u32>> = vec![None; people.persons.len()];
            for (vertex, person) in people.persons.by_vertex() {
                let eldest = &mut created_hours[person.index()];
                *eldest = (*eldest).max(people.account_stats.created_hours[vertex.index()]);
            }
            for (index, person) in (0..).zip(persons) {
                // An account that was created after the backtest date has no age: its person existed on another network,
                // or the date is wrong.
                let age = created_hours[person.index()].and_then(|age| age.checked_sub(hours));
                if let Some(age) = age {
                    let group = AGES.iter().find(|(below, _)| age < *below);
                    put(group.map_or(AGES[3].1, |(_, name)| name).to_owned(), index);
                }
            }
        }
        GroupBy::Size => {
            let sizes = persons.iter().map(|person| predictions.reactors[person.index()]);
            let deciles = Ranking::new(&sizes.collect::<Vec<f64>>()).deciles();
            for (index, decile) in (0..).zip(deciles) {
                put(format!("decile {:02}", decile + 1), index);
            }
        }
    }
    groups
}

/// The names of the groups that are evaluated, in order: the largest ones of at least `min_people` people, and of 11. And the sizes of
/// all others, added up. A group of all people is none. Where the others are fewer than 11 the smallest group is left out too: else
/// their number would follow from the rest.
pub(super) fn select_groups(
    sizes: &BTreeMap<String, usize>,
    all_people: usize,
    min_people: usize,
) -> (Vec<&str>, usize) {
    let groups = sizes.iter().filter(|(_, size)| **size < all_people);
    let mut by_size: Vec<(&str, usize)> =
        groups.map(|(name, size)| (name.as_str(), *size)).collect();
    by_size.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    let is_large = |(_, size): &&(&str, usize)| *size >= min_people.max(FEW);
    let mut kept = by_size.iter().take(MAX_GROUPS).take_while(is_large).count();
    let sum = |groups: &[(&str, usize)]| groups.iter().map(|(_, size)| size).sum::<usize>();
    let left_out = sum(&by_size[kept..]);
    if (1..FEW).contains(&left_out) {
        kept = kept.saturating_sub(1);
    }
    let left_out = sum(&by_size[kept..]);
    by_size.truncate(kept);
    let mut names: Vec<&str> = by_size.into_iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    (names, left_out)
}
