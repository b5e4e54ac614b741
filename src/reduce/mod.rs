//! Interactions and follows reduced to pairs and counts: attention graphs, engagement by person, reactors by post.

pub mod attention;
pub mod engagement;
pub mod follow_graphs;
pub mod post_reactors;
