//! Follows as one graph per network.

use crate::error::{Error, Result};
use crate::model::{Follows, NetworkIndex, Persons};
use renown_graph::csr::Csr;
use renown_graph::edges::EdgeList;

/// The follow graph of each network: vertices numbered from 0 within the network, edges from follower to followee, each
/// of weight 1. Length: networks.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if a follow crosses networks.
pub fn follow_graphs(follows: &Follows, persons: &Persons) -> Result<Vec<Csr>> {
    let graph = |network: NetworkIndex| {
        let range = persons.network(network);
        let first = range.start as u32;
        let mut edges = EdgeList::default();
        for follow in follows.of_followees(range.clone()) {
            edges.sources.push(u32::from(follow.follower) - first);
            edges.targets.push(u32::from(follow.followee) - first);
            edges.weights.push(1.0_f32);
        }
        Csr::from_edges(range.len(), vec![edges]).map_err(Error::internal)
    };
    (0..persons.networks.len()).map(NetworkIndex::new).map(graph).collect()
}
