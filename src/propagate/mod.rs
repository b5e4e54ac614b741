//! Propagation of scores over a [`Csr`]: kernels over slices, the same bits
//! at any thread count.

pub mod seeds;
pub mod trust;

use crate::error::{Error, Result};
use crate::method::RankRule;
use renown_graph::csr::Csr;
use renown_graph::pagerank::{PageRank, RankError, Stop};

/// Stage 5: PageRank on the attention within each network.
pub struct Ranks {
    /// Rank of each vertex; the ranks of a network sum to 1. Length: vertices.
    pub ranks: Vec<f64>,
    /// Certified L1 distance to the exact ranks, the largest over the networks.
    pub bound: f64,
    /// Iterations, the most over the networks.
    pub iterations: u32,
}

/// Ranks every vertex within its network; start and teleport are uniform over those that are `there`, all of them without it:
/// the others, which have no edges, rank 0.
///
/// # Errors
/// [`crate::error::Kind::BadJob`] if the method's iterations do not suffice for its tolerance.
pub fn ranks(graphs: &[Csr], rule: &RankRule, there: Option<&[bool]>) -> Result<Ranks> {
    let pagerank = pagerank_of(rule);
    let mut all = Ranks { ranks: vec![], bound: 0.0, iterations: 0 };
    for graph in graphs {
        let own = all.ranks.len()..all.ranks.len() + graph.vertices();
        let teleport = there.and_then(|there| even_over(&there[own]));
        let ranked = pagerank.run(graph, teleport.as_deref()).map_err(not_ranked)?;
        all.ranks.extend(ranked.ranks);
        all.bound = all.bound.max(ranked.bound);
        all.iterations = all.iterations.max(ranked.iterations);
    }
    Ok(all)
}

/// A jump to any of `wanted` alike; none if there are none.
fn even_over(wanted: &[bool]) -> Option<Vec<f64>> {
    let found = wanted.iter().filter(|wanted| **wanted).count();
    let jump = |wanted: &bool| if *wanted { 1.0 / found as f64 } else { 0.0 };
    (found > 0).then(|| wanted.iter().map(jump).collect())
}

/// PageRank as a method asks for it.
fn pagerank_of(rule: &RankRule) -> PageRank {
    let stop = Stop::Tolerance { tolerance: rule.tolerance, max_iterations: rule.max_iterations };
    PageRank { damping: rule.damping, stop, ..PageRank::default() }
}

/// A failed propagation as an error that says what to change.
pub(crate) fn not_ranked(error: RankError) -> Error {
    let remedy = match error {
        RankError::NotConverged { .. } => "allow more iterations, or a larger tolerance",
        _ => "correct damping, tolerance or iterations",
    };
    Error::bad_job(format!("ranks: {error}"), remedy)
}
