//! Who is trusted from the start.

use std::collections::BTreeSet;

use crate::method::SeedRule;
use crate::model::{AccountStats, People};

/// Whether each vertex is a seed: by a rule of the method, or by the id of its person or one of its accounts. Length:
/// vertices.
pub fn seeds(people: &People, rules: &[SeedRule], named: &BTreeSet<String>) -> Vec<bool> {
    let persons = &people.persons;
    let of_vertex = |vertex: usize| {
        let person = persons.vertex_persons[vertex] as usize;
        let account = |account: usize| {
            let network = &persons.networks[persons.account_networks[account] as usize];
            named.contains(&format!("{network}:{}", persons.account_ids.value(account)))
        };
        let by_name = !named.is_empty()
            && (named.contains(persons.ids.value(person)) || persons.accounts(person).any(account));
        by_name || rules.iter().any(|rule| meets(&people.account_stats, vertex, rule))
    };
    (0..persons.vertices()).map(of_vertex).collect()
}

/// Whether all that a rule names holds of a vertex.
fn meets(profiles: &AccountStats, vertex: usize, rule: &SeedRule) -> bool {
    let days = profiles.created_hours[vertex].map_or(0, |hours| hours / 24);
    let listed = profiles.listed[vertex].unwrap_or(0);
    (!rule.verified || profiles.verified[vertex])
        && rule.account_days.is_none_or(|least| days >= least)
        && rule.listed.is_none_or(|least| listed >= i64::from(least))
}
