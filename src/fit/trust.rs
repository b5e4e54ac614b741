//! On which networks trust decides who counts, and how many vouches make full credit there.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Result;
use crate::method::{Method, NetworkTrust};
use crate::model::{Interaction, NetworkIndex, People};
use crate::propagate::{find_founders, is_vouch, select_seeds};
use crate::reduce::InteractionRules;

/// Least share of pairs whose actor is a founder: with fewer, as in storms and among citations, trust would rest on chance.
const LEAST_SHARE: f64 = 0.1;
/// Fewest vouches for full credit.
const LEAST_VOUCHES: f64 = 12.0;
/// Vouches for full credit, were all pairs by founders.
const VOUCHES_PER_SHARE: f64 = 8.0;

/// Trust on each network whose data suffice for it: they reach back a tenure, the lag and a horizon, and founders make a tenth
/// of the pairs. Then `K = max(12, ⌈8 / f⌉)`, f the share of pairs that are by founders.
///
/// # Errors
/// As [`find_founders`].
pub(super) fn networks_with_trust(
    people: &People,
    method: &Method,
    seeds: &BTreeSet<String>,
) -> Result<BTreeMap<String, NetworkTrust>> {
    let (persons, rule) = (&people.persons, &method.trust);
    let window_hours = method.attention.window_hours;
    let rules = InteractionRules::of(method);
    let seeds = select_seeds(people, &rule.seeds, seeds);
    let earlier = people.interactions_as_of(rule.tenure_hours, window_hours);
    let founders =
        find_founders(earlier.window(0, u32::MAX), persons, &rules, &seeds, None, method)?;
    let needed = rule.tenure_hours + rule.lag_hours + method.forecast.horizon_hours;
    let lagged = rule.lag_hours..window_hours;
    let mut found = BTreeMap::new();
    for (number, network) in persons.networks.iter().enumerate() {
        let events = people.interactions.of_targets(persons.network(NetworkIndex::new(number)));
        let reach = events.iter().map(|event| event.age_hours()).max().unwrap_or(0);
        let vouches =
            |event: &Interaction| lagged.contains(&event.age_hours()) && is_vouch(event, &rules);
        let pairs = events.chunk_by(Interaction::same_pair);
        let pairs = pairs.filter(|pair| pair.iter().any(vouches));
        let (mut all, mut by_founders) = (0.0, 0.0);
        for pair in pairs {
            all += 1.0;
            by_founders += f64::from(u8::from(founders[pair[0].actor.index()]));
        }
        let share = by_founders / all;
        if reach >= needed && share >= LEAST_SHARE {
            let full_credit = LEAST_VOUCHES.max(libm::ceil(VOUCHES_PER_SHARE / share)) as u32;
            found.insert(network.clone(), NetworkTrust { full_credit });
        }
    }
    Ok(found)
}
