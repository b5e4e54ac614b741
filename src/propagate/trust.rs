//! Stage 4: whose attention counts.
//!
//! # Formula
//!
//! ```text
//! t = (1 − d)·v + d·(Pᵀt + D(t)·v),    v even over the seeds of the network
//! ```
//!
//! over attention that is older than the method's lag: PageRank with the teleport vector on seeds (Gyöngyi,
//! Garcia-Molina, Pedersen 2004, *Combating Web Spam with TrustRank*, §4). n·t, n the people of the network, has the
//! mean 1, so that the threshold means the same on any network. Trust weighs no edge: it decides who is counted.
//!
//! # Without seeds
//!
//! A network without seeds trusts all who acted before the lag and to whom at least `fallback_people` distinct people
//! paid attention before it. Scores that rest on it say so.

use super::{even_over, not_ranked, pagerank_of};
use crate::error::Result;
use crate::method::Method;
use crate::model::{Interactions, Persons};
use crate::reduce::attention::{Rules, attention};
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

/// Propagates trust from `seeds` (length: vertices) over attention that is older than the method's lag, among the people who
/// are `there`, all of them without it; who is not has no attention and is no seed.
///
/// # Errors
/// [`crate::error::Kind::BadJob`] if the method's iterations do not suffice for its tolerance, and as [`attention`].
pub fn trust(
    events: &Interactions,
    persons: &Persons,
    rules: &Rules,
    seeds: &[bool],
    there: Option<&[bool]>,
    method: &Method,
) -> Result<Trust> {
    let (rule, rank) = (&method.trust, &method.rank);
    let lagged = attention(events, persons, rules, rule.lag_hours)?;
    let mut all = Trust { trust: vec![], trusted: vec![], fallback: vec![] };
    for (network, graph) in lagged.iter().enumerate() {
        let own = persons.network(network);
        let there = there.map(|there| &there[own.clone()]);
        let is_there = |vertex: usize| there.is_none_or(|there| there[vertex]);
        let seeds = seeds[own].iter().enumerate().map(|(vertex, seed)| *seed && is_there(vertex));
        let teleport = even_over(&seeds.collect::<Vec<bool>>());
        all.fallback.push(teleport.is_none());
        let Some(teleport) = teleport else {
            all.trust.resize(all.trust.len() + graph.vertices(), None);
            all.trusted.extend(without_seeds(graph, rule.fallback_people));
            continue;
        };
        let ranked = pagerank_of(rank).run(graph, Some(&teleport)).map_err(not_ranked)?;
        let n = (0..graph.vertices()).filter(|vertex| is_there(*vertex)).count() as f64;
        all.trusted.extend(ranked.ranks.iter().map(|t| n * t >= rule.threshold));
        all.trust.extend(ranked.ranks.iter().map(|t| Some(n * t)));
    }
    Ok(all)
}

fn without_seeds(graph: &Csr, people: u32) -> impl Iterator<Item = bool> + '_ {
    let trusts = move |vertex: usize| {
        let (actors, _) = graph.row(vertex);
        people == 0 || (graph.out_degree()[vertex] > 0 && actors.len() >= people as usize)
    };
    (0..graph.vertices()).map(trusts)
}
