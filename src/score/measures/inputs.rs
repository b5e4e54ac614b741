//! What measures are computed from.

use renown_graph::csr::Csr;

use crate::lists::Lists;
use crate::model::{People, Trust, VertexIndex};
use crate::propagate::Ranks;
use crate::reduce::{Engagement, InteractionRules};

/// What measures are computed from.
pub struct MeasureInputs<'a> {
    /// Everyone who is eligible.
    pub people: &'a People,
    /// How interactions weigh.
    pub rules: &'a InteractionRules,
    /// The graph of attention of each network.
    pub attention: &'a [Csr],
    /// How much everybody's attention counts.
    pub trust: &'a Trust,
    /// PageRank on attention.
    pub ranks: &'a Ranks,
    /// PageRank on follows, if there are follows.
    pub follow_ranks: Option<&'a Ranks>,
    /// Interactions received and made. Length: vertices.
    pub engagement: &'a [Engagement],
    /// The vertices that reacted to each post, if there are posts. Lists: posts.
    pub post_reactors: Option<&'a Lists<VertexIndex>>,
}
