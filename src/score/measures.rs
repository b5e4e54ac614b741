//! Stage 5: the measures of every vertex, as `schemas/output/measures.toml` declares them.

use std::cmp::Reverse;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array};
use arrow::datatypes::{DataType, Float64Type, UInt32Type};
use datafusion::dataframe::DataFrame;
use datafusion::prelude::{ident, lit};
use rayon::slice::ParallelSliceMut;

use super::percentile::mid_rank;
use crate::error::{Error, Result};
use crate::graph::attention::{Attention, ONE, Pairs};
use crate::graph::csr::Csr;
use crate::method::Method;
use crate::propagate::Ranks;
use crate::read::{People, Persons, Posts};

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

/// Computes the measures of every vertex.
///
/// # Errors
/// As [`Error::engine`] if the engine fails over data in memory.
pub async fn measures(
    people: &People,
    attention: &Attention,
    ranks: &Ranks,
    method: &Method,
) -> Result<Measures> {
    let n = people.persons.vertices();
    let received = received(&attention.pairs, n);
    let responses = match &people.posts {
        Some(posts) => {
            let reactors = reactors_of_posts(people, posts, method).await?;
            Some(responses(posts, &reactors, n))
        }
        None => None,
    };
    let mut columns = Vec::new();
    columns.extend(audience_columns(&received));
    columns.extend(rank_columns(&people.persons, attention, ranks));
    columns.extend(post_columns(&people.persons, responses.as_deref(), method));
    let share = |part: &[i64], whole: &[i64]| -> Float64Array {
        part.iter().zip(whole).map(|(p, w)| (*w > 0).then(|| *p as f64 / *w as f64)).collect()
    };
    let negative_share = share(&received.negative, &received.sentiment_known);
    columns.push(("negative_share", Arc::new(negative_share) as ArrayRef));
    columns.push(("reciprocity", Arc::new(share(&received.mutual, &received.audience_90d))));
    Ok(Measures { columns, sentiment_known: received.sentiment_known, negative: received.negative })
}

/// Sums over the pairs of each vertex. All lengths: vertices.
#[derive(Default)]
struct Received {
    reactors_7d: Vec<i64>,
    reactors_30d: Vec<i64>,
    reactors_90d: Vec<i64>,
    decayed: Vec<i64>,
    reactions_30d: Vec<i64>,
    reactions_90d: Vec<i64>,
    squares: Vec<f64>,
    audience_90d: Vec<i64>,
    mutual: Vec<i64>,
    sentiment_known: Vec<i64>,
    negative: Vec<i64>,
    interactions_made_90d: Vec<i64>,
    people_engaged_90d: Vec<i64>,
}

fn received(pairs: &Pairs, vertices: usize) -> Received {
    let zeros = || vec![0_i64; vertices];
    let mut sums = Received {
        reactors_7d: zeros(),
        reactors_30d: zeros(),
        reactors_90d: zeros(),
        decayed: zeros(),
        reactions_30d: zeros(),
        reactions_90d: zeros(),
        squares: vec![0.0; vertices],
        audience_90d: zeros(),
        mutual: zeros(),
        sentiment_known: zeros(),
        negative: zeros(),
        interactions_made_90d: zeros(),
        people_engaged_90d: zeros(),
    };
    // Pairs are sorted by (target, actor), so that the pair the other way is found by bisection.
    let row_of = |t: u32| pairs.with_target(t as usize..t as usize + 1);
    for pair in 0..pairs.targets.len() {
        let (t, a) = (pairs.targets[pair] as usize, pairs.actors[pair] as usize);
        sums.reactors_7d[t] += i64::from(pairs.reactions_7d[pair] > 0);
        sums.reactors_30d[t] += i64::from(pairs.reactions_30d[pair] > 0);
        sums.reactors_90d[t] += i64::from(pairs.reactions_90d[pair] > 0);
        sums.decayed[t] += pairs.latest[pair];
        sums.reactions_30d[t] += pairs.reactions_30d[pair];
        sums.reactions_90d[t] += pairs.reactions_90d[pair];
        sums.squares[t] += (pairs.reactions_90d[pair] as f64).powi(2);
        sums.sentiment_known[t] += pairs.sentiment_known[pair];
        sums.negative[t] += pairs.negative[pair];
        let interactions = pairs.interactions_90d[pair];
        if interactions > 0 {
            sums.audience_90d[t] += 1;
            sums.interactions_made_90d[a] += interactions;
            sums.people_engaged_90d[a] += 1;
            let back = row_of(pairs.actors[pair]);
            let found = pairs.actors[back.clone()].binary_search(&pairs.targets[pair]);
            let mutual = found.is_ok_and(|at| pairs.interactions_90d[back.start + at] > 0);
            sums.mutual[t] += i64::from(mutual);
        }
    }
    sums
}

fn audience_columns(sums: &Received) -> Vec<(&'static str, ArrayRef)> {
    let ints = |values: &[i64]| -> ArrayRef { Arc::new(Int64Array::from(values.to_vec())) };
    let decayed = sums.decayed.iter().map(|d| *d as f64 / ONE as f64);
    // Hill number of order 2; squares of counts are whole numbers, exact below 2^53.
    let effective =
        sums.reactions_90d.iter().zip(&sums.squares).map(|(sum, squares)| {
            if *squares > 0.0 { (*sum as f64).powi(2) / squares } else { 0.0 }
        });
    vec![
        ("reactors_7d", ints(&sums.reactors_7d)),
        ("reactors_30d", ints(&sums.reactors_30d)),
        ("reactors_90d", ints(&sums.reactors_90d)),
        ("reactors_decayed", Arc::new(Float64Array::from_iter_values(decayed))),
        ("effective_reactors", Arc::new(Float64Array::from_iter_values(effective))),
        ("reactions_30d", ints(&sums.reactions_30d)),
        ("reactions_90d", ints(&sums.reactions_90d)),
        ("audience_90d", ints(&sums.audience_90d)),
        ("interactions_made_90d", ints(&sums.interactions_made_90d)),
        ("people_engaged_90d", ints(&sums.people_engaged_90d)),
    ]
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

/// Distinct people other than the author who reacted to each post. Length: posts.
async fn reactors_of_posts(people: &People, posts: &Posts, method: &Method) -> Result<Vec<i64>> {
    let plan = |e| Error::engine("counting reactors of posts", &e);
    let reactions = method.reaction_kinds().map(lit).collect();
    let reacted = ident("post").is_not_null().and(ident("kind").in_list(reactions, false));
    let distinct = people
        .events
        .frame
        .clone()
        .filter(reacted)
        .and_then(|e| e.select_columns(&["post", "actor"]))
        .and_then(DataFrame::distinct)
        .map_err(plan)?
        .collect()
        .await
        .map_err(plan)?;
    let mut reactors = vec![0_i64; posts.authors.len()];
    for batch in distinct {
        let post = batch["post"].as_primitive::<UInt32Type>();
        let actor = batch["actor"].as_primitive::<UInt32Type>();
        for (post, actor) in post.values().iter().zip(actor.values()) {
            let post = *post as usize;
            reactors[post] += i64::from(posts.authors[post] != *actor);
        }
    }
    Ok(reactors)
}

/// What the posts of one author drew.
#[derive(Clone, Default)]
struct Response {
    posts: i64,
    with_reaction: i64,
    reactors: i64,
    h_index: i64,
}

/// Response to each vertex's posts; `reactors` holds the reactors of each post. Length: vertices.
fn responses(posts: &Posts, reactors: &[i64], vertices: usize) -> Vec<Response> {
    let mut of_posts: Vec<(u32, i64)> =
        posts.authors.iter().copied().zip(reactors.iter().copied()).collect();
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
