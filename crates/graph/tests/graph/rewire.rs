//! Rewired graphs: their degrees, and which graphs they are.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use renown_graph::rewire::rewire;

/// A simple graph without self-loops, its edges by target and source.
fn simple(rng: &mut Rng, vertices: u32, edges: usize) -> (Vec<u32>, Vec<u32>) {
    let mut all = BTreeSet::new();
    for _ in 0..edges {
        let (source, target) = (rng.u32(0..vertices), rng.u32(0..vertices));
        if source != target {
            all.insert((target, source));
        }
    }
    all.into_iter().map(|(target, source)| (source, target)).unzip()
}

fn degrees(ends: &[u32]) -> BTreeMap<u32, usize> {
    let mut degrees = BTreeMap::new();
    ends.iter().for_each(|end| *degrees.entry(*end).or_default() += 1);
    degrees
}

#[test]
fn degrees_are_kept_and_the_graph_stays_simple() {
    let mut rng = Rng::with_seed(5);
    for case in 0..200 {
        let vertices = rng.u32(2..30);
        let edges = rng.usize(0..150);
        let (sources, targets) = simple(&mut rng, vertices, edges);
        let mut rewired = targets.clone();
        let swapped = rewire(&sources, &mut rewired, 10, case);
        assert_eq!(degrees(&rewired), degrees(&targets));
        let pairs: BTreeSet<(u32, u32)> =
            sources.iter().copied().zip(rewired.iter().copied()).collect();
        assert_eq!(pairs.len(), sources.len(), "an edge is there twice");
        assert!(pairs.iter().all(|(source, target)| source != target));
        assert!(swapped > 0 || rewired == targets);
        let mut again = targets.clone();
        assert_eq!(rewire(&sources, &mut again, 10, case), swapped);
        assert_eq!(again, rewired);
    }
}

#[test]
fn different_seeds_give_different_graphs_and_few_edges_stay() {
    let mut rng = Rng::with_seed(6);
    let (sources, targets) = simple(&mut rng, 200, 1_000);
    let rewired = |seed: u64| {
        let mut rewired = targets.clone();
        rewire(&sources, &mut rewired, 10, seed);
        rewired
    };
    assert_ne!(rewired(1), rewired(2));
    let stayed = rewired(1).iter().zip(&targets).filter(|(one, other)| one == other).count();
    assert!(stayed < 50, "{stayed}");
}

/// Of all simple graphs with the degrees of a small one each is as likely as any other.
#[test]
fn all_graphs_with_these_degrees_are_equally_likely() {
    // Three vertices with two edges each have one graph; four with one edge in and out each have nine: derangements.
    let (sources, targets) = ([0, 1, 2, 3], [1, 0, 3, 2]);
    let mut counts: BTreeMap<[u32; 4], u32> = BTreeMap::new();
    let draws = 9_000;
    for seed in 0..draws {
        let mut rewired = targets;
        rewire(&sources, &mut rewired, 25, seed);
        *counts.entry(rewired).or_default() += 1;
    }
    assert_eq!(counts.len(), 9);
    let expected = draws as f64 / 9.0;
    let chi_square: f64 = counts
        .values()
        .map(|count| (f64::from(*count) - expected) * (f64::from(*count) - expected) / expected)
        .sum();
    // 99.9 % of χ² with 8 degrees of freedom.
    assert!(chi_square < 26.1, "{chi_square}: {counts:?}");
    let mut rewired = [1, 2, 0, 2, 0, 1];
    rewire(&[0, 0, 1, 1, 2, 2], &mut rewired, 10, 1);
    assert_eq!(rewired, [1, 2, 0, 2, 0, 1]);
}

#[test]
fn nothing_is_swapped_where_nothing_can_be() {
    assert_eq!(rewire(&[], &mut [], 10, 1), 0);
    assert_eq!(rewire(&[0], &mut [1], 10, 1), 0);
    let mut star = [1, 2, 3];
    assert_eq!(rewire(&[0, 0, 0], &mut star, 10, 1), 0);
    assert_eq!(star, [1, 2, 3]);
}
