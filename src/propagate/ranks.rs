//! Stage 5: PageRank within each network.

use std::ops::Range;

use super::{pagerank_of, uniform_over};
use crate::error::{Error, Result};
use crate::method::RankRule;
use renown_graph::csr::Csr;
use renown_graph::pagerank::RankError;

/// PageRank of every vertex within its network.
pub struct Ranks {
    /// PageRank of each vertex; sums to 1 within a network. Length: vertices.
    pub pagerank: Vec<f64>,
    /// Certified L1 distance to the exact ranks, the maximum over the networks.
    pub bound: f64,
    /// Iterations, the maximum over the networks.
    pub iterations: u32,
}

/// Ranks every vertex within its network. Start and teleport are uniform over the vertices that `existed` (all of them
/// where it is `None`); the others have no edges and rank 0.
///
/// # Errors
/// [`crate::error::Kind::BadJob`] if the method's iterations do not suffice for its tolerance.
pub fn rank_networks(graphs: &[Csr], rule: &RankRule, existed: Option<&[bool]>) -> Result<Ranks> {
    rank_networks_from(graphs, rule, |network| {
        existed.and_then(|existed| uniform_over(&existed[network]))
    })
}

/// As [`rank_networks`]; `teleport` gives the teleport vector of a network, whose vertices are its argument, uniform if it is
/// `None`.
///
/// # Errors
/// As [`rank_networks`].
pub fn rank_networks_from(
    graphs: &[Csr],
    rule: &RankRule,
    teleport: impl Fn(Range<usize>) -> Option<Vec<f64>>,
) -> Result<Ranks> {
    let pagerank = pagerank_of(rule);
    let mut all = Ranks { pagerank: vec![], bound: 0.0, iterations: 0 };
    for graph in graphs {
        let network = all.pagerank.len()..all.pagerank.len() + graph.vertices();
        let teleport = teleport(network);
        let ranked = pagerank.run(graph, teleport.as_deref()).map_err(ranking_error)?;
        all.pagerank.extend(ranked.ranks);
        all.bound = all.bound.max(ranked.bound);
        all.iterations = all.iterations.max(ranked.iterations);
    }
    Ok(all)
}

/// A failed propagation as an error with a remedy.
pub fn ranking_error(error: RankError) -> Error {
    let remedy = match error {
        RankError::NotConverged { .. } => "allow more iterations, or a larger tolerance",
        _ => "correct damping, tolerance or iterations",
    };
    Error::bad_job(format!("ranks: {error}"), remedy)
}
