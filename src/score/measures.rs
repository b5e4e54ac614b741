//! Stage 5: the measures of every vertex, as `schemas/output/measures.toml` declares them.

use std::cmp::Reverse;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array};
use arrow::datatypes::{DataType, Float64Type};
use rayon::prelude::*;

use super::percentile::mid_rank;
use crate::error::{Error, Result};
use crate::graph::attention::{Attention, ONE, Received};
use crate::graph::csr::Csr;
use crate::lists::Lists;
use crate::method::Method;
use crate::propagate::Ranks;
use crate::read::{MEASURE_HOURS, People, Persons, Posts};

/// The measures of every vertex.
pub struct Measures {
    /// Columns by name, in any order; each has one value per vertex.
    pub columns: Vec<(&'static str, ArrayRef)>,
    /// Reactions within 90 days whose sentiment is known. Length: vertices.
    pub sentiment_known: Vec<i64>,
    /// Reactions within 90 days whose sentiment is below zero. Length: vertices.
    pub negative: Vec<i64>,
}

impl Measures {
    /// The values of a measure; null where it is not defined.
    ///
    /// # Errors
    /// [`crate::error::Kind::Internal`] if there is no such measure.
    pub fn values(&self, name: &str) -> Result<Float64Array> {
        let (_, column) = self
            .columns
            .iter()
            .find(|(own, _)| *own == name)
            .ok_or_else(|| Error::internal(format!("no measure `{name}` was computed")))?;
        let cast = arrow::compute::cast(column, &DataType::Float64).map_err(Error::internal)?;
        Ok(cast.as_primitive::<Float64Type>().clone())
    }
}

/// Computes the measures of every vertex; `reactors` has the reactors of each post.
pub fn measures(
    people: &People,
    attention: &Attention,
    ranks: &Ranks,
    reactors: Option<&Lists<u32>>,
    method: &Method,
) -> Measures {
    let received = &attention.received;
    let drawn = people.posts.as_ref().zip(reactors);
    let responses = drawn.map(|(posts, reactors)| responses(posts, reactors, received.len()));
    let mut columns = Vec::new();
    columns.extend(audience_columns(received));
    columns.extend(rank_columns(&people.persons, attention, ranks));
    columns.extend(post_columns(&people.persons, responses.as_deref(), method));
    let share = |part: fn(&Received) -> i64, whole: fn(&Received) -> i64| -> ArrayRef {
        let share = |r| (whole(r) > 0).then(|| part(r) as f64 / whole(r) as f64);
        Arc::new(received.iter().map(share).collect::<Float64Array>())
    };
    columns.push(("negative_share", share(|r| r.negative, |r| r.sentiment_known)));
    columns.push(("reciprocity", share(|r| r.mutual, |r| r.audience_90d)));
    let sums = |sum: fn(&Received) -> i64| received.iter().map(sum).collect();
    Measures {
        columns,
        sentiment_known: sums(|r| r.sentiment_known),
        negative: sums(|r| r.negative),
    }
}

/// A measure by its name, from what was received.
type OfReceived<T> = (&'static str, fn(&Received) -> T);

/// Measures that are counts of what was received.
const COUNTS: [OfReceived<i64>; 9] = [
    ("reactors_7d", |r| r.reactors_7d),
    ("reactors_30d", |r| r.reactors_30d),
    ("reactors_90d", |r| r.reactors_90d),
    ("reactors_window", |r| r.reactors_window),
    ("reactions_30d", |r| r.reactions_30d),
    ("reactions_90d", |r| r.reactions_90d),
    ("audience_90d", |r| r.audience_90d),
    ("interactions_made_90d", |r| r.interactions_made_90d),
    ("people_engaged_90d", |r| r.people_engaged_90d),
];
/// Measures that follow from it otherwise.
const VALUES: [OfReceived<f64>; 2] = [
    ("reactors_decayed", |r| r.decayed as f64 / ONE as f64),
    // Hill number of order 2; squares of counts are whole numbers, exact below 2^53.
    ("effective_reactors", |r| match r.squares > 0.0 {
        true => (r.reactions_90d as f64).powi(2) / r.squares,
        false => 0.0,
    }),
];

/// The measure `name` of what was received, if it is one that follows from that alone.
pub(crate) fn of_received(name: &str, received: &Received) -> Option<f64> {
    let count = COUNTS.iter().find(|(own, _)| *own == name);
    let value = VALUES.iter().find(|(own, _)| *own == name);
    count.map(|(_, of)| of(received) as f64).or(value.map(|(_, of)| of(received)))
}

fn audience_columns(received: &[Received]) -> Vec<(&'static str, ArrayRef)> {
    let counts = COUNTS.iter().map(|(name, of)| -> (_, ArrayRef) {
        (*name, Arc::new(Int64Array::from_iter_values(received.iter().map(of))))
    });
    let values = VALUES.iter().map(|(name, of)| -> (_, ArrayRef) {
        (*name, Arc::new(Float64Array::from_iter_values(received.iter().map(of))))
    });
    counts.chain(values).collect()
}

fn rank_columns(
    persons: &Persons,
    attention: &Attention,
    ranks: &Ranks,
) -> Vec<(&'static str, ArrayRef)> {
    let n = persons.vertices();
    let mut percentiles = Vec::with_capacity(n);
    let mut of_audience = Vec::with_capacity(n);
    let (mut sums, mut shares) = (Vec::with_capacity(n), Vec::with_capacity(n));
    for (network, graph) in attention.graphs.iter().enumerate() {
        // Equal places differ by rounding: ranks are compared at 32 bits.
        let places = ranks.ranks[persons.network(network)].iter().map(|r| f64::from(*r as f32));
        let own = mid_rank(&places.collect::<Vec<_>>());
        for target in 0..graph.vertices() {
            let row = Row::of(graph, target, &own);
            sums.push(row.attention);
            shares.push(row.shares);
            of_audience.push((row.attention > 0.0).then(|| row.percentiles / row.attention));
        }
        percentiles.extend(own);
    }
    vec![
        ("attention_received", Arc::new(Float64Array::from(sums)) as ArrayRef),
        ("attention_shares", Arc::new(Float64Array::from(shares))),
        ("rank", Arc::new(Float64Array::from(ranks.ranks.clone()))),
        ("rank_percentile", Arc::new(Float64Array::from(percentiles))),
        ("audience_rank_percentile", Arc::new(Float64Array::from(of_audience))),
    ]
}

/// Sums over the actors of one target, in order of actor.
#[derive(Default)]
struct Row {
    attention: f64,
    shares: f64,
    percentiles: f64,
}

impl Row {
    fn of(graph: &Csr, target: usize, percentiles: &[f64]) -> Self {
        let (actors, weights) = graph.row(target);
        let mut row = Self::default();
        for (actor, weight) in actors.iter().zip(weights) {
            row.attention += f64::from(*weight);
            row.shares += graph.share(*actor, *weight);
            row.percentiles += f64::from(*weight) * percentiles[*actor as usize];
        }
        row
    }
}

/// What the posts of one author drew.
#[derive(Clone, Default)]
struct Response {
    posts: i64,
    with_reaction: i64,
    reactors: i64,
    h_index: i64,
}

/// Response to each vertex's posts of 90 days; `reactors` holds the reactors of each post. Length: vertices.
fn responses(posts: &Posts, reactors: &Lists<u32>, vertices: usize) -> Vec<Response> {
    let recent = posts.own().filter(|post| posts.age_hours[*post] < MEASURE_HOURS);
    let mut of_posts: Vec<(u32, i64)> =
        recent.map(|post| (posts.authors[post], reactors.of(post).len() as i64)).collect();
    of_posts.par_sort_unstable_by_key(|(author, reactors)| (*author, Reverse(*reactors)));
    let mut responses = vec![Response::default(); vertices];
    for (author, reactors) in of_posts {
        let response = &mut responses[author as usize];
        response.posts += 1;
        response.with_reaction += i64::from(reactors > 0);
        response.reactors += reactors;
        // Posts come in falling order: the h-th has at least h reactors as long as this holds.
        response.h_index += i64::from(reactors >= response.posts);
    }
    responses
}

fn post_columns(
    persons: &Persons,
    responses: Option<&[Response]>,
    method: &Method,
) -> Vec<(&'static str, ArrayRef)> {
    let n = persons.vertices();
    let ints = |value: fn(&Response) -> i64| -> ArrayRef {
        match responses {
            Some(responses) => Arc::new(Int64Array::from_iter_values(responses.iter().map(value))),
            None => Arc::new(Int64Array::new_null(n)),
        }
    };
    let (mut amplification, mut per_post) = (vec![None; n], vec![None; n]);
    for network in 0..persons.networks.len() {
        let range = persons.network(network);
        let Some(own) = responses.map(|r| &r[range.clone()]) else { continue };
        let posts: i64 = own.iter().map(|r| r.posts).sum();
        let with_reaction: i64 = own.iter().map(|r| r.with_reaction).sum();
        let share = with_reaction as f64 / posts.max(1) as f64;
        let strength = method.amplification.prior_posts;
        for (vertex, r) in range.zip(own).filter(|(_, r)| r.posts > 0) {
            let posts = r.posts as f64;
            let shrunk = (r.with_reaction as f64 + strength * share) / (posts + strength);
            amplification[vertex] = Some(100.0 * shrunk);
            per_post[vertex] = Some(r.reactors as f64 / posts);
        }
    }
    vec![
        ("posts_90d", ints(|r| r.posts)),
        ("posts_with_reaction_90d", ints(|r| r.with_reaction)),
        ("h_index", ints(|r| r.h_index)),
        ("amplification", Arc::new(Float64Array::from(amplification))),
        ("reactors_per_post", Arc::new(Float64Array::from(per_post))),
    ]
}
