//! Measures of what others say and who follows: follows, endorsements, and what accounts state.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array};
use rayon::prelude::*;

use crate::lists::Lists;
use crate::model::{Follows, People};
use crate::propagate::Trust;
use renown_graph::csr::Csr;

/// Who follows a vertex.
#[derive(Clone, Default)]
struct Following {
    followers: i64,
    trusted: i64,
    gained_30d: i64,
    gained_90d: i64,
}

/// The columns of these measures; `follow_ranks` has the ranks on follows, where there are any.
pub(super) fn columns(
    people: &People,
    graphs: &[Csr],
    trust: &Trust,
    follow_ranks: Option<&[f64]>,
) -> Vec<(&'static str, ArrayRef)> {
    let n = people.persons.vertices();
    let following = people.follows.as_ref().map(|follows| following(follows, trust, n));
    let count = |of: fn(&Following) -> i64| -> ArrayRef {
        match &following {
            Some(all) => Arc::new(Int64Array::from_iter_values(all.iter().map(of))),
            None => Arc::new(Int64Array::new_null(n)),
        }
    };
    let profiles = &people.account_stats;
    let stated =
        |values: &[Option<i64>]| -> ArrayRef { Arc::new(Int64Array::from(values.to_vec())) };
    let days = profiles.created_hours.iter().map(|hours| hours.map(|hours| i64::from(hours / 24)));
    let ranks = match follow_ranks {
        Some(ranks) => Float64Array::from(ranks.to_vec()),
        None => Float64Array::new_null(n),
    };
    vec![
        ("followers", count(|own| own.followers)),
        ("trusted_followers", count(|own| own.trusted)),
        ("follows_gained_30d", count(|own| own.gained_30d)),
        ("follows_gained_90d", count(|own| own.gained_90d)),
        ("follow_pagerank", Arc::new(ranks)),
        ("endorsers", Arc::new(Int64Array::from(endorsers(people)))),
        ("followers_count", stated(&profiles.followers)),
        ("listed_count", stated(&profiles.listed)),
        ("account_age_days", Arc::new(days.collect::<Int64Array>())),
        ("audience_followers", Arc::new(audience_followers(people, graphs))),
    ]
}

fn following(follows: &Follows, trust: &Trust, vertices: usize) -> Vec<Following> {
    let mut all = vec![Following::default(); vertices];
    for follow in follows.all() {
        let own = &mut all[follow.followee as usize];
        let gained =
            |days: u32| i64::from(follow.since_hours().is_some_and(|hours| hours < days * 24));
        own.followers += 1;
        own.trusted += i64::from(trust.trusted[follow.follower as usize]);
        own.gained_30d += gained(30);
        own.gained_90d += gained(90);
    }
    all
}

/// Distinct people who endorsed the person of each vertex, on any topic.
fn endorsers(people: &People) -> Vec<i64> {
    let pairs = people.endorsements.iter().map(|own| (own.receiver, own.giver));
    let of_persons = Lists::grouped(people.persons.len(), pairs);
    let count = |person: &u32| {
        let mut givers = of_persons.of(*person as usize).to_vec();
        givers.sort_unstable();
        givers.dedup();
        givers.len() as i64
    };
    people.persons.vertex_persons.iter().map(count).collect()
}

/// Mean of the followers that the accounts of the audience state, weighted by its attention; none where nobody of the
/// audience states any.
fn audience_followers(people: &People, graphs: &[Csr]) -> Float64Array {
    let persons = &people.persons;
    let of_network = |(network, graph): (usize, &Csr)| -> Vec<Option<f64>> {
        let stated = &people.account_stats.followers[persons.network(network)];
        let mean = |target: usize| {
            let (actors, weights) = graph.row(target);
            let known = actors.iter().zip(weights);
            let known =
                known.filter_map(|(actor, weight)| Some((*weight, stated[*actor as usize]?)));
            let (sum, all) = known.fold((0.0, 0.0), |(sum, all), (weight, followers)| {
                (sum + f64::from(weight) * followers as f64, all + f64::from(weight))
            });
            (all > 0.0).then(|| sum / all)
        };
        (0..graph.vertices()).into_par_iter().map(mean).collect()
    };
    graphs.iter().enumerate().flat_map(of_network).collect()
}
