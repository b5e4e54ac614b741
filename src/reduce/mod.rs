//! Interactions and follows reduced to pairs and counts: attention graphs, engagement by vertex, reactors by post.

mod attention;
mod engagement;
pub(crate) mod engagement_measures;
mod follow_graphs;
pub mod history;
mod post_reactors;
mod rules;

pub use attention::attention_graphs;
pub(crate) use engagement::received_by;
pub use engagement::{Engagement, ReactionCounts, engagement, engagement_of, engagement_received};
pub use follow_graphs::follow_graphs;
pub use post_reactors::{post_reactors, post_reactors_of};
pub(crate) use rules::CHUNK_VERTICES;
pub use rules::{InteractionRules, ONE};
