//! Seeds: the vertices from which trust is propagated.

use std::collections::BTreeSet;

use crate::method::SeedRule;
use crate::model::{AccountStats, People, PersonIndex};

/// Whether each vertex is a seed: by a rule of the method, or because the job names its person or one of its accounts.
/// Length: vertices.
pub fn select_seeds(people: &People, rules: &[SeedRule], named: &BTreeSet<String>) -> Vec<bool> {
    let persons = &people.persons;
    let is_seed = |(vertex, person): (usize, &PersonIndex)| {
        let names_account = |account: usize| {
            let network = persons.account_network(account);
            named.contains(&format!("{network}:{}", persons.account_ids.value(account)))
        };
        let is_named = !named.is_empty()
            && (named.contains(persons.ids.value(person.index()))
                || persons.accounts(*person).any(names_account));
        is_named || rules.iter().any(|rule| meets(&people.account_stats, vertex, rule))
    };
    persons.vertex_persons.iter().enumerate().map(is_seed).collect()
}

/// Whether a vertex meets all conditions of a rule.
fn meets(stats: &AccountStats, vertex: usize, rule: &SeedRule) -> bool {
    let days = stats.created_hours[vertex].map_or(0, |hours| hours / 24);
    let listed = stats.listed[vertex].unwrap_or(0);
    (!rule.verified || stats.verified[vertex])
        && rule.account_days.is_none_or(|min_days| days >= min_days)
        && rule.listed.is_none_or(|min_lists| listed >= i64::from(min_lists))
}
