//! Dense ids against a `BTreeSet`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use renown_graph::edges::{EdgeList, UnitWeight};
use renown_graph::numbering::{IntegerNumbering, Numbering};
use renown_graph::relabel::{Vertices, relabel_by_out_degree};

use crate::on_threads;

/// Numbers the columns of each part, on all threads at once.
fn parts<Q: Sync>(
    columns: &[[Vec<Q>; 2]],
    number: impl Fn(&[Q]) -> Vec<u32> + Sync,
) -> Vec<EdgeList<UnitWeight>> {
    let part = |[sources, targets]: &[Vec<Q>; 2]| EdgeList {
        sources: number(sources),
        targets: number(targets),
        weights: vec![UnitWeight; sources.len()],
    };
    columns.par_iter().map(part).collect()
}

fn dense(columns: &[[Vec<u64>; 2]]) -> (Vertices<u64>, Vec<EdgeList<UnitWeight>>) {
    let numbering = IntegerNumbering::default();
    let mut parts = parts(columns, |keys| {
        let mut numbers = Vec::new();
        numbering.number(keys, &mut numbers).unwrap();
        numbers
    });
    (relabel_by_out_degree(numbering.into_keys(), &mut parts), parts)
}

#[test]
fn ids_are_sorted_by_outgoing_edges_and_then_by_key() {
    let mut rng = fastrand::Rng::with_seed(1);
    // Keys around and above i64::MAX, many of them more than once; parts with few and with many.
    let mut part = |rows: usize| -> [Vec<u64>; 2] {
        [(); 2].map(|()| (0..rows).map(|_| u64::MAX - rng.u64(..9_000)).collect())
    };
    let columns = [20_000, 1, 0, 3, 9_000].map(&mut part);
    let distinct: BTreeSet<u64> = columns.iter().flatten().flatten().copied().collect();
    let (Vertices { keys, ids }, parts) = dense(&columns);
    assert!(keys.iter().eq(&distinct));
    let sources = || columns.iter().flat_map(|[sources, _]| sources);
    let mut outgoing: BTreeMap<u64, usize> = distinct.iter().map(|key| (*key, 0)).collect();
    sources().for_each(|source| *outgoing.get_mut(source).unwrap() += 1);
    let mut order: Vec<u64> = distinct.into_iter().collect();
    order.sort_by_key(|key| (Reverse(outgoing[key]), *key));
    let named: Vec<u64> = ids.iter().map(|id| order[*id as usize]).collect();
    assert_eq!(named, keys);
    let back = |ids: &[u32]| -> Vec<u64> { ids.iter().map(|&id| order[id as usize]).collect() };
    let ends = |part: &EdgeList<UnitWeight>| [part.sources.clone(), part.targets.clone()];
    for (part, columns) in parts.iter().zip(&columns) {
        assert_eq!(ends(part).map(|ids| back(&ids)), *columns);
    }
    for threads in [1, 3, 8] {
        let (again, again_parts) = on_threads(threads, || dense(&columns));
        assert_eq!(again, Vertices { keys: keys.clone(), ids: ids.clone() });
        assert!(again_parts.iter().map(ends).eq(parts.iter().map(ends)));
    }
}

#[test]
fn keys_may_be_text() {
    let columns = [[vec!["did:b", "a", "did:b"], vec!["a", "https://c", "did:b"]]];
    let numbering = Numbering::default();
    let mut parts = parts(&columns, |keys| numbering.number(keys).unwrap());
    let Vertices { keys, ids } = relabel_by_out_degree(numbering.into_keys(), &mut parts);
    let expected = ["a", "did:b", "https://c"].map(Box::from);
    assert_eq!((&keys[..], &ids[..]), (&expected[..], &[1, 0, 2][..]));
    assert_eq!((&parts[0].sources[..], &parts[0].targets[..]), (&[0, 1, 0][..], &[1, 2, 0][..]));
}

#[test]
fn an_empty_edge_list_has_no_ids() {
    assert!(dense(&[]).0.keys.is_empty());
    assert!(dense(&[[vec![], vec![]]]).0.keys.is_empty());
}
