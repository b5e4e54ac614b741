//! People in parts, so that unfairness shows.

use std::collections::BTreeMap;

use arrow::array::{Array, LargeStringArray};

use super::standing::Standing;
use crate::job::GroupBy;
use crate::model::People;
use renown_stats::ranking::Ranking;

/// Most parts of one parting that are told of: the largest ones.
const MOST: usize = 20;
/// Hours of the ages at which accounts are parted, and what those below and above are called.
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

/// The people of `persons`, ascending, in parts by name: as places in it. Who states nothing is in none; somebody on
/// several networks is in several.
pub(super) fn parts(
    parting: GroupBy,
    people: &People,
    standing: &Standing,
    hours: u32,
    persons: &[u32],
) -> BTreeMap<String, Vec<u32>> {
    let mut parts: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    let mut put = |name: String, place: u32| parts.entry(name).or_default().push(place);
    let stated = |texts: &LargeStringArray, mut put: Box<dyn FnMut(String, u32) + '_>| {
        for (place, person) in (0..).zip(persons) {
            if texts.is_valid(*person as usize) {
                put(texts.value(*person as usize).to_owned(), place);
            }
        }
    };
    match parting {
        GroupBy::Language => stated(&people.persons.languages, Box::new(put)),
        GroupBy::Country => stated(&people.persons.countries, Box::new(put)),
        GroupBy::Network => {
            for (vertex, person) in people.persons.vertex_persons.iter().enumerate() {
                if let Ok(place) = persons.binary_search(person) {
                    let network = &people.persons.networks[people.persons.network_of(vertex)];
                    put(network.clone(), place as u32);
                }
            }
            parts.values_mut().for_each(|places| places.sort_unstable());
        }
        GroupBy::AccountAge => {
            let mut opened: Vec<Option<u32>> = vec![None; people.persons.len()];
            for (vertex, person) in people.persons.vertex_persons.iter().enumerate() {
                let own = &mut opened[*person as usize];
                *own = (*own).max(people.account_stats.created_hours[vertex]);
            }
            for (place, person) in (0..).zip(persons) {
                // Who opened an account later has met people on another network, or its date is wrong.
                if let Some(age) = opened[*person as usize].and_then(|age| age.checked_sub(hours)) {
                    let named = AGES.iter().find(|(below, _)| age < *below);
                    put(named.map_or(AGES[3].1, |(_, name)| name).to_owned(), place);
                }
            }
        }
        GroupBy::Size => {
            let sizes = persons.iter().map(|person| standing.reactors[*person as usize]);
            let tenths = Ranking::new(&sizes.collect::<Vec<f64>>()).deciles();
            for (place, tenth) in (0..).zip(tenths) {
                put(format!("decile {:02}", tenth + 1), place);
            }
        }
    }
    parts
}

/// The names of the parts of at least `least` people at the instant of most, the largest ones; and how many people are in
/// none of them. A part that all people are in is none.
pub(super) fn told(
    sizes: &BTreeMap<String, usize>,
    all: usize,
    least: usize,
) -> (Vec<&str>, usize) {
    let parts = sizes.iter().filter(|(_, size)| **size < all);
    let mut large: Vec<(&str, usize)> = parts.map(|(name, size)| (name.as_str(), *size)).collect();
    large.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    let kept = large.iter().take(MOST).take_while(|(_, size)| *size >= least).count();
    let left_out = large.drain(kept..).map(|(_, size)| size).sum();
    let mut names: Vec<&str> = large.into_iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    (names, left_out)
}
