//! Dense ids against a `BTreeSet`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use renown::graph::GraphError;
use renown::graph::ids::{Part, Vertices, join};

use crate::on_threads;

#[test]
fn ids_are_by_outgoing_edges_and_then_by_key() {
    let mut rng = fastrand::Rng::with_seed(1);
    // Keys around and above i64::MAX, many of them more than once; parts with few and with many.
    let mut part = |rows: usize| -> [Vec<u64>; 2] {
        [(); 2].map(|()| (0..rows).map(|_| u64::MAX - rng.u64(..9_000)).collect())
    };
    let columns = [20_000, 1, 0, 3, 9_000].map(&mut part);
    let distinct: BTreeSet<u64> = columns.iter().flatten().flatten().copied().collect();
    let dense = || {
        let parts = columns.iter().map(|[sources, targets]| Part::new(sources, targets).unwrap());
        let mut parts: Vec<Part<u64>> = parts.collect();
        let vertices = join(&mut parts).unwrap();
        (vertices, parts)
    };
    let (Vertices { keys, ids }, parts) = dense();
    assert!(keys.iter().eq(&distinct));
    let sources = || columns.iter().flat_map(|[sources, _]| sources);
    let mut outgoing: BTreeMap<u64, usize> = distinct.iter().map(|key| (*key, 0)).collect();
    sources().for_each(|source| *outgoing.get_mut(source).unwrap() += 1);
    let mut order: Vec<u64> = distinct.into_iter().collect();
    order.sort_by_key(|key| (Reverse(outgoing[key]), *key));
    let named: Vec<u64> = ids.iter().map(|id| order[*id as usize]).collect();
    assert_eq!(named, keys);
    let back = |ids: &[u32]| -> Vec<u64> { ids.iter().map(|&id| order[id as usize]).collect() };
    for (part, columns) in parts.iter().zip(&columns) {
        assert_eq!([back(&part.sources), back(&part.targets)], *columns);
    }
    assert!(on_threads(3, dense) == (Vertices { keys, ids }, parts));
}

#[test]
fn keys_may_be_text() {
    let part = Part::new(&["did:b", "a", "did:b"], &["a", "https://c", "did:b"]).unwrap();
    let mut parts = [part.map(str::to_owned)];
    let Vertices { keys, ids } = join(&mut parts).unwrap();
    assert_eq!(
        (&keys[..], &ids[..]),
        (&["a", "did:b", "https://c"].map(String::from)[..], &[1, 0, 2][..])
    );
    assert_eq!((&parts[0].sources[..], &parts[0].targets[..]), (&[0, 1, 0][..], &[1, 2, 0][..]));
}

#[test]
fn no_edges_have_no_ids() {
    assert!(join::<u64>(&mut []).unwrap().keys.is_empty());
    assert!(join(&mut [Part::<u64>::new(&[], &[]).unwrap()]).unwrap().keys.is_empty());
}

#[test]
fn columns_of_different_lengths_are_refused() {
    let refused = GraphError::LengthsDiffer { column: "targets", expected: 2, found: 1 };
    assert_eq!(Part::new(&[1u64, 2], &[1]), Err(refused));
}
