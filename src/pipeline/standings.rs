//! Who is long-standing, and since when.

use std::collections::BTreeSet;

use chrono::{Duration, NaiveDate};

use crate::error::Result;
use crate::job::Job;
use crate::method::Method;
use crate::model::time::days_since_epoch;
use crate::model::{NetworkIndex, People, Persons, Standing, Tenure, Tenures, Window};
use crate::propagate::{find_founders, select_seeds};
use crate::reduce::InteractionRules;

/// Who is long-standing on the first night with trust: the founders by `earlier`, the interactions of the window that ends a
/// tenure before it, known since the day `since_days`. Length: vertices.
///
/// # Errors
/// As [`find_founders`].
pub(super) fn first_night(
    people: &People,
    earlier: Window<'_>,
    existed: Option<&[bool]>,
    method: &Method,
    seeds: &BTreeSet<String>,
    since_days: i32,
) -> Result<Vec<Option<Standing>>> {
    if method.trust.networks.is_empty() {
        return Ok(vec![None; people.persons.vertices()]);
    }
    let rules = InteractionRules::of(method);
    let seeds = select_seeds(people, &method.trust.seeds, seeds);
    let founders = find_founders(earlier, &people.persons, &rules, &seeds, existed, method)?;
    let standing = |is_founder: bool| is_founder.then_some(Standing { since_days, is_founder });
    Ok(founders.into_iter().map(standing).collect())
}

/// Who was long-standing on the day `instant_days`: on networks whose founders were settled by then whoever is known since
/// that day or longer, and the founders by `first_night` on all others. Length: vertices.
pub(super) fn at_instant(
    persons: &Persons,
    tenures: &Tenures,
    first_night: Vec<Option<Standing>>,
    instant_days: i32,
    tenure_days: i32,
) -> Vec<Option<Standing>> {
    let mut standings = first_night;
    for (number, network) in persons.networks.iter().enumerate() {
        let vertices = persons.network(NetworkIndex::new(number));
        let known = &tenures.of_vertices[vertices.clone()];
        let founders = known.iter().filter_map(|own| own.standing).filter(|own| own.is_founder);
        // Founders are known since a tenure before the first night with trust.
        let first_days = founders.map(|own| own.since_days + tenure_days).min();
        if tenures.networks.contains(network)
            && first_days.is_some_and(|first| first <= instant_days)
        {
            let by_then =
                known.iter().map(|own| own.standing.filter(|own| own.since_days <= instant_days));
            standings.splice(vertices, by_then);
        }
    }
    standings
}

/// Adds the founders of networks on which this is the first night with trust.
///
/// # Errors
/// As [`find_founders`].
pub(super) fn settle_founders(
    tenures: &mut Tenures,
    people: &People,
    job: &Job,
    day: NaiveDate,
) -> Result<()> {
    let (persons, rule) = (&people.persons, &job.method.trust);
    let is_new = |network: &String| {
        rule.full_credit(network).is_some() && !tenures.networks.contains(network)
    };
    let new: Vec<usize> =
        (0..persons.networks.len()).filter(|at| is_new(&persons.networks[*at])).collect();
    if new.is_empty() {
        return Ok(());
    }
    let window_hours = job.method.attention.window_hours;
    let earlier = people.interactions_as_of(rule.tenure_hours, window_hours);
    let since = days_since_epoch(day - Duration::hours(rule.tenure_hours.into()))?;
    let earlier = earlier.window(0, u32::MAX);
    let founders = first_night(people, earlier, None, &job.method, &job.trust.seeds, since)?;
    for network in new {
        let vertices = persons.network(NetworkIndex::new(network));
        // Settled without a founder nobody there would ever have credit.
        if founders[vertices.clone()].iter().all(Option::is_none) {
            continue;
        }
        for vertex in vertices {
            tenures.of_vertices[vertex] = Tenure { standing: founders[vertex], full_credit: None };
        }
        tenures.networks.insert(persons.networks[network].clone());
    }
    Ok(())
}

/// Whole hours from the first interaction of each vertex to the cutoff. Length: vertices.
pub(super) fn first_hours(people: &People) -> Vec<Option<u32>> {
    let mut first = vec![None; people.persons.vertices()];
    for event in people.interactions.all() {
        for end in [event.actor, event.target] {
            let own = &mut first[end.index()];
            *own = (*own).max(Some(event.age_hours()));
        }
    }
    first
}
