//! Stage 4: trust, which decides whose attention counts.
//!
//! # Formula
//!
//! ```text
//! t = (1 − d)·v + d·(Pᵀt + D(t)·v),    v uniform over the seeds of the network
//! ```
//!
//! over attention older than the method's lag: PageRank with the teleport vector on seeds (Gyöngyi,
//! Garcia-Molina, Pedersen 2004, *Combating Web Spam with TrustRank*, §4). n·t, n the people of the network, has the
//! mean 1, so that the threshold means the same on any network. Trust weighs no edge: it decides who is counted.
//!
//! # Without seeds
//!
//! A network without seeds trusts everyone who acted before the lag and received attention from at least
//! `fallback_people` distinct people before it. Scores that rest on this fallback say so.

use super::{pagerank_of, ranking_error, uniform_over};
use crate::error::Result;
use crate::method::Method;
use crate::model::{Interactions, NetworkIndex, Persons};
use crate::reduce::{InteractionRules, attention_graphs};
use renown_graph::csr::Csr;

/// Who is trusted. All lengths: vertices, but for `fallback`.
pub struct Trust {
    /// n·t, of mean 1 on each network; `None` on networks without seeds.
    pub trust: Vec<Option<f64>>,
    /// Whether each vertex is trusted.
    pub trusted: Vec<bool>,
    /// Whether trust rests on the fallback. Length: networks.
    pub fallback: Vec<bool>,
}

/// Propagates trust from `seeds` (length: vertices) over attention older than the method's lag, among the vertices that
/// `existed` (all of them where it is `None`); the others have no attention and are no seeds.
///
/// # Errors
/// [`crate::error::Kind::BadJob`] if the method's iterations do not suffice for its tolerance, and as
/// [`attention_graphs`].
pub fn propagate_trust(
    interactions: &Interactions,
    persons: &Persons,
    rules: &InteractionRules,
    seeds: &[bool],
    existed: Option<&[bool]>,
    method: &Method,
) -> Result<Trust> {
    let lagged = attention_graphs(interactions, persons, rules, method.trust.lag_hours)?;
    let mut all = Trust { trust: vec![], trusted: vec![], fallback: vec![] };
    for (network, graph) in lagged.iter().enumerate() {
        let vertices = persons.network(NetworkIndex::new(network));
        let existed = existed.map(|existed| &existed[vertices.clone()]);
        let has_existed = |vertex: usize| existed.is_none_or(|existed| existed[vertex]);
        let seeds = seeds[vertices].iter().enumerate();
        let seeds = seeds.map(|(vertex, seed)| *seed && has_existed(vertex));
        let teleport = uniform_over(&seeds.collect::<Vec<bool>>());
        all.fallback.push(teleport.is_none());
        let Some(teleport) = teleport else {
            all.trust.resize(all.trust.len() + graph.vertices(), None);
            all.trusted.extend(trust_without_seeds(graph, method.trust.fallback_people));
            continue;
        };
        let pagerank = pagerank_of(&method.rank);
        let ranked = pagerank.run(graph, Some(&teleport)).map_err(ranking_error)?;
        let n = (0..graph.vertices()).filter(|vertex| has_existed(*vertex)).count() as f64;
        all.trusted.extend(ranked.ranks.iter().map(|t| n * t >= method.trust.threshold));
        all.trust.extend(ranked.ranks.iter().map(|t| Some(n * t)));
    }
    Ok(all)
}

fn trust_without_seeds(graph: &Csr, min_people: u32) -> impl Iterator<Item = bool> + '_ {
    let is_trusted = move |vertex: usize| {
        let (actors, _) = graph.row(vertex);
        min_people == 0 || (graph.out_degree()[vertex] > 0 && actors.len() >= min_people as usize)
    };
    (0..graph.vertices()).map(is_trusted)
}
