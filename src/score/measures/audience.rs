//! Measures of the audience that a vertex is known to have: followers, endorsers, and what accounts state.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array};
use rayon::prelude::*;
use renown_graph::csr::Csr;

use super::inputs::MeasureInputs;
use super::wanted::Wanted;
use crate::lists::Lists;
use crate::model::{CREDIT, Follows, NetworkIndex, People, PersonIndex, Trust, is_trusted};

/// Counts of the followers of a vertex.
#[derive(Clone, Default)]
struct FollowerCounts {
    all: i64,
    trusted: i64,
    gained_30d: i64,
    gained_90d: i64,
}

/// A measure that needs ranks on follows.
pub const ON_FOLLOW_RANKS: &str = "follow_pagerank";
/// A measure that needs the graphs of attention.
pub const ON_ATTENTION: &str = "audience_followers";
/// Measures of followers.
const FOLLOWERS: [&str; 4] =
    ["followers", "trusted_followers", "follows_gained_30d", "follows_gained_90d"];

/// The columns of those of these measures that are wanted; others may be null or left out.
pub(super) fn build_columns(
    inputs: &MeasureInputs<'_>,
    wanted: Wanted<'_>,
) -> Vec<(&'static str, ArrayRef)> {
    let MeasureInputs { people, attention, trust, follow_ranks, .. } = *inputs;
    let n = people.persons.vertices();
    let follows = people.follows.as_ref().filter(|_| wanted.has_any(&FOLLOWERS));
    let followers = follows.map(|follows| count_followers(follows, trust, n));
    let count = |of: fn(&FollowerCounts) -> i64| -> ArrayRef {
        match &followers {
            Some(all) => Arc::new(Int64Array::from_iter_values(all.iter().map(of))),
            None => Arc::new(Int64Array::new_null(n)),
        }
    };
    let (endorsers, credited_endorsers) = count_endorsers(people, trust);
    let stats = &people.account_stats;
    let stated =
        |values: &[Option<i64>]| -> ArrayRef { Arc::new(Int64Array::from(values.to_vec())) };
    let days = stats.created_hours.iter().map(|hours| hours.map(|hours| i64::from(hours / 24)));
    let ranks = match follow_ranks {
        Some(ranks) => Float64Array::from(ranks.pagerank.clone()),
        None => Float64Array::new_null(n),
    };
    let mut columns: Vec<(&'static str, ArrayRef)> = vec![
        ("followers", count(|followers| followers.all)),
        ("trusted_followers", count(|followers| followers.trusted)),
        ("follows_gained_30d", count(|followers| followers.gained_30d)),
        ("follows_gained_90d", count(|followers| followers.gained_90d)),
        (ON_FOLLOW_RANKS, Arc::new(ranks)),
        ("endorsers", Arc::new(Int64Array::from(endorsers))),
        ("credited_endorsers", Arc::new(Float64Array::from(credited_endorsers))),
        ("followers_count", stated(&stats.followers)),
        ("listed_count", stated(&stats.listed)),
        ("account_age_days", Arc::new(days.collect::<Int64Array>())),
    ];
    if wanted.has(ON_ATTENTION) {
        columns.push((ON_ATTENTION, Arc::new(audience_followers(people, attention))));
    }
    columns
}

fn count_followers(follows: &Follows, trust: &Trust, vertices: usize) -> Vec<FollowerCounts> {
    let mut all = vec![FollowerCounts::default(); vertices];
    for follow in follows.all() {
        let followee = &mut all[follow.followee.index()];
        let gained =
            |days: u32| i64::from(follow.since_hours().is_some_and(|hours| hours < days * 24));
        followee.all += 1;
        let credit = trust.credit_in_audience(follow.follower, follow.followee);
        followee.trusted += i64::from(is_trusted(credit));
        followee.gained_30d += gained(30);
        followee.gained_90d += gained(90);
    }
    all
}

/// Distinct people who endorsed the person of each vertex on any topic, and the sum of their credit. Lengths: vertices.
fn count_endorsers(people: &People, trust: &Trust) -> (Vec<i64>, Vec<f64>) {
    let persons = &people.persons;
    let vertices_of = persons.vertices_by_person();
    let pairs = people.endorsements.iter();
    let pairs = pairs.map(|endorsement| (endorsement.receiver, endorsement.giver));
    let of_persons = Lists::grouped(persons.len(), pairs);
    let count = |receiver: &PersonIndex| {
        let mut givers = of_persons.of(receiver.index()).to_vec();
        givers.sort_unstable();
        givers.dedup();
        let own = vertices_of.of(receiver.index());
        let credit =
            givers.iter().map(|giver| trust.credit_among(vertices_of.of(giver.index()), own));
        (givers.len() as i64, credit.sum::<i64>() as f64 / CREDIT as f64)
    };
    persons.vertex_persons.iter().map(count).unzip()
}

/// Mean of the followers that the accounts of the audience state, weighted by its attention; null where no account of the
/// audience states any.
fn audience_followers(people: &People, attention: &[Csr]) -> Float64Array {
    let persons = &people.persons;
    let of_network = |(network, graph): (usize, &Csr)| -> Vec<Option<f64>> {
        let vertices = persons.network(NetworkIndex::new(network));
        let stated = &people.account_stats.followers[vertices];
        let mean = |target: usize| {
            let (actors, weights) = graph.row(target);
            let actors = actors.iter().zip(weights);
            let known =
                actors.filter_map(|(actor, weight)| Some((*weight, stated[*actor as usize]?)));
            let (sum, all) = known.fold((0.0, 0.0), |(sum, all), (weight, followers)| {
                (sum + f64::from(weight) * followers as f64, all + f64::from(weight))
            });
            (all > 0.0).then(|| sum / all)
        };
        (0..graph.vertices()).into_par_iter().map(mean).collect()
    };
    attention.iter().enumerate().flat_map(of_network).collect()
}
