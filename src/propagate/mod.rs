//! Propagation of scores over a [`Csr`]: kernels over slices, the same bits
//! at any thread count.

pub mod hitting;
pub mod pagerank;
mod pull;
mod step;
pub mod sum;
pub mod trust;

use crate::error::{Error, Result};
use crate::graph::csr::Csr;
use crate::method::RankRule;
use pagerank::{PageRank, RankError, Stop};

/// Stage 5: PageRank on the attention within each network.
pub struct Ranks {
    /// Rank of each vertex; the ranks of a network sum to 1. Length: vertices.
    pub ranks: Vec<f64>,
    /// Certified L1 distance to the exact ranks, the largest over the networks.
    pub bound: f64,
    /// Iterations, the most over the networks.
    pub iterations: u32,
}

/// Ranks every vertex within its network; start and teleport are uniform.
///
/// # Errors
/// [`crate::error::Kind::BadJob`] if the method's iterations do not suffice for its tolerance.
pub fn ranks(graphs: &[Csr], rule: &RankRule) -> Result<Ranks> {
    let pagerank = pagerank_of(rule);
    let mut all = Ranks { ranks: vec![], bound: 0.0, iterations: 0 };
    for graph in graphs {
        let ranked = pagerank.run(graph, None).map_err(not_ranked)?;
        all.ranks.extend(ranked.ranks);
        all.bound = all.bound.max(ranked.bound);
        all.iterations = all.iterations.max(ranked.iterations);
    }
    Ok(all)
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
