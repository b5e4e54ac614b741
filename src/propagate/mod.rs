//! Stages 4 and 5: trust and PageRank, propagated over the graphs of [`crate::reduce`].

mod ranks;
mod seeds;
mod trust;

pub use ranks::{Ranks, rank_networks, rank_networks_from, ranking_error};
pub use seeds::select_seeds;
pub use trust::{BUDGET, Night, TrustInputs, advance_tenures, find_founders, find_trust, is_vouch};

use crate::method::RankRule;
use renown_graph::pagerank::{PageRank, Stop};

/// The teleport vector that is uniform over the vertices that are `wanted`; `None` if there are none.
fn uniform_over(wanted: &[bool]) -> Option<Vec<f64>> {
    let count = wanted.iter().filter(|wanted| **wanted).count();
    let share = |wanted: &bool| if *wanted { 1.0 / count as f64 } else { 0.0 };
    (count > 0).then(|| wanted.iter().map(share).collect())
}

/// PageRank with the settings of a method.
fn pagerank_of(rule: &RankRule) -> PageRank {
    let stop = Stop::Tolerance { tolerance: rule.tolerance, max_iterations: rule.max_iterations };
    PageRank { damping: rule.damping, stop, ..PageRank::default() }
}
