//! Dense ids against a `BTreeSet`.

use std::collections::BTreeSet;

use renown::graph::GraphError;
use renown::graph::ids::{DenseIds, dense};

use crate::on_threads;

#[test]
fn ids_are_ranks_among_the_distinct_keys() {
    let mut rng = fastrand::Rng::with_seed(1);
    // Keys around and above i64::MAX, many of them more than once.
    let mut column = || -> Vec<u64> { (0..30_000).map(|_| u64::MAX - rng.u64(..9_000)).collect() };
    let (sources, targets) = (column(), column());
    let distinct: BTreeSet<u64> = sources.iter().chain(&targets).copied().collect();
    let DenseIds { keys, sources: source_ids, targets: target_ids } =
        dense(&sources, &targets).unwrap();
    assert!(keys.iter().eq(&distinct));
    let back = |ids: &[u32]| -> Vec<u64> { ids.iter().map(|&id| keys[id as usize]).collect() };
    assert_eq!(back(&source_ids), sources);
    assert_eq!(back(&target_ids), targets);
    let again = on_threads(3, || dense(&sources, &targets).unwrap());
    assert_eq!((again.keys, again.sources), (keys, source_ids));
}

#[test]
fn keys_may_be_text() {
    let found = dense(&["did:b", "a", "did:b"], &["a", "https://c", "did:b"]).unwrap();
    assert_eq!(found.keys, ["a", "did:b", "https://c"]);
    assert_eq!(found.sources, [1, 0, 1]);
    assert_eq!(found.targets, [0, 2, 1]);
}

#[test]
fn no_edges_have_no_ids() {
    assert!(dense::<u64>(&[], &[]).unwrap().keys.is_empty());
}

#[test]
fn columns_of_different_lengths_are_refused() {
    let refused = GraphError::LengthsDiffer { column: "targets", expected: 2, found: 1 };
    assert_eq!(dense(&[1u64, 2], &[1]), Err(refused));
}
