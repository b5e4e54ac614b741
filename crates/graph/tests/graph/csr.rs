//! The graph against a naive map, and every way to refuse one.

use std::collections::BTreeMap;

use fastrand::Rng;
use renown_graph::GraphError;
use renown_graph::csr::Csr;
use renown_graph::edges::{EdgeList, UnitWeight};

use crate::random::{Edges, csr, skewed, small};
use crate::{bits, on_threads};

/// (target, source) → weights as given, each list in ascending order.
fn naive(edges: &Edges) -> BTreeMap<(u32, u32), Vec<f64>> {
    let mut map: BTreeMap<_, Vec<f64>> = BTreeMap::new();
    for (i, (&source, &target)) in edges.sources.iter().zip(&edges.targets).enumerate() {
        let weight = edges.weights.as_ref().map_or(1.0, |weights| weights[i]);
        map.entry((target, source)).or_default().push(weight);
    }
    for weights in map.values_mut() {
        weights.sort_by(f64::total_cmp);
    }
    map
}

fn agrees(edges: &Edges) {
    let graph = edges.csr();
    let map = naive(edges);
    let mut expected = map.iter();
    assert_eq!(graph.vertices(), edges.vertices);
    assert_eq!(graph.edges(), map.len());
    assert_eq!(graph.offsets().len(), edges.vertices + 1);
    let mut out = vec![0.0; edges.vertices];
    for target in 0..edges.vertices {
        let (sources, weights) = graph.row(target);
        assert!(sources.is_sorted_by(|a, b| a < b));
        assert_eq!(sources.len(), weights.len());
        for (&source, &weight) in sources.iter().zip(weights) {
            let (key, given) = expected.next().unwrap();
            assert_eq!(*key, (target as u32, source));
            assert_eq!(weight, given.iter().sum::<f64>() as f32);
            out[source as usize] += f64::from(weight);
        }
    }
    assert_eq!(expected.next(), None);
    assert_eq!(bits(graph.out_weight()), bits(&out));
    let degree = |source| map.keys().filter(|(_, s)| *s == source).count() as u32;
    if edges.vertices <= 40 {
        let degrees: Vec<u32> = (0..edges.vertices as u32).map(degree).collect();
        assert_eq!(graph.out_degree(), degrees);
    }
    for (&source, &weight) in graph.sources().iter().zip(graph.weights()) {
        let (weight_64, total) = (f64::from(weight), out[source as usize]);
        let expected = if total > 0.0 { weight_64 / total } else { 0.0 };
        assert_eq!(graph.transition_probability(source, weight), expected);
    }
}

#[test]
fn rows_are_sorted_merged_and_transposed() {
    let mut rng = Rng::with_seed(2);
    for _ in 0..300 {
        agrees(&small(&mut rng));
    }
    // More rows than one task of the parallel sort, and a hub's row above the threshold of rayon.
    agrees(&skewed(20_000, 200_000, &mut rng));
}

#[test]
fn a_small_graph_has_the_expected_arrays() {
    let edges = Edges {
        vertices: 4,
        sources: vec![2, 0, 2, 1, 2, 0],
        targets: vec![1, 1, 1, 1, 0, 3],
        weights: Some(vec![0.25, 3.0, 0.5, 0.0, 1.0, 1.0]),
    };
    let graph = edges.csr();
    assert_eq!(graph.offsets(), [0, 1, 4, 4, 5]);
    assert_eq!(graph.sources(), [2, 0, 1, 2, 0]);
    assert_eq!(graph.weights(), [1.0, 3.0, 0.0, 0.75, 1.0]);
    assert_eq!(graph.out_weight(), [4.0, 0.0, 1.75, 0.0]);
    assert_eq!(graph.row(2), (&[][..], &[][..]));
    assert_eq!(graph.transition_probability(0, 3.0), 0.75);
    assert_eq!(graph.transition_probability(1, 0.0), 0.0);
}

#[test]
fn without_weights_duplicates_count() {
    let graph = Edges::plain(2, &[(0, 1), (0, 1), (1, 1), (0, 1)]).csr();
    assert_eq!(graph.row(1), (&[0, 1][..], &[3.0, 1.0][..]));
}

#[test]
fn the_order_of_the_edges_changes_no_bit() {
    let mut rng = Rng::with_seed(3);
    // 2⁵³ swallows a 1 added to it, but not the sum of many.
    let columns = 3_000;
    let edges = Edges {
        vertices: 3,
        sources: (0..columns).map(|_| rng.u32(..3)).collect(),
        targets: (0..columns).map(|_| rng.u32(..3)).collect(),
        weights: Some(
            (0..columns)
                .map(|_| if rng.u8(..3) == 0 { 2f64.powi(53) } else { 1.0 + rng.f64() * 1e9 })
                .collect(),
        ),
    };
    let in_given_order = |edges: &Edges| edges.weights.iter().flatten().sum::<f64>();
    let graph = edges.csr();
    let mut order_matters = false;
    for threads in [1, 2, 3, 8] {
        let shuffled = edges.shuffled(&mut rng);
        order_matters |= in_given_order(&shuffled) != in_given_order(&edges);
        let again = on_threads(threads, || shuffled.csr());
        assert_eq!(again, graph);
        assert_eq!(bits(again.out_weight()), bits(graph.out_weight()));
    }
    assert!(order_matters, "the weights are too tame to show anything");
    // To the bit of the f32: 2²⁴, and twice a quarter of its spacing and a little. Largest first,
    // even f64 loses both little ones, and the half that is left rounds down instead of up.
    let tight = |weights: [f64; 3]| csr(1, &[0; 3], &[0; 3], Some(&weights)).unwrap();
    let quarter = 0.5 + 2f64.powi(-29);
    let first = tight([2f64.powi(24), quarter, quarter]);
    assert_eq!(first, tight([quarter, quarter, 2f64.powi(24)]));
    assert_eq!(first.weights(), [2f32.powi(24) + 2.0]);
}

#[test]
fn negative_zero_is_zero() {
    let graph = csr(1, &[0, 0], &[0, 0], Some(&[-0.0, -0.0])).unwrap();
    assert_eq!(graph.weights()[0].to_bits(), 0);
    assert_eq!(graph.out_weight()[0].to_bits(), 0);
}

#[test]
fn a_graph_may_be_empty() {
    let graph = csr(0, &[], &[], None).unwrap();
    assert_eq!((graph.vertices(), graph.edges()), (0, 0));
    assert_eq!(graph.offsets(), [0]);
}

#[test]
fn bad_edges_are_refused() {
    let two = |weights: [f64; 2]| csr(2, &[0, 0], &[1, 1], Some(&weights));
    let lengths = |column, found| GraphError::LengthsDiffer { column, expected: 2, found };
    assert_eq!(csr(2, &[0, 1], &[1], None), Err(lengths("targets", 1)));
    assert_eq!(csr(2, &[0, 1], &[1, 0], Some(&[1.0; 3])), Err(lengths("weights", 3)));
    let unknown = |row, vertex| GraphError::UnknownVertex { row, vertex, vertices: 2 };
    assert_eq!(csr(2, &[0, 1, 9], &[1, 2, 9], None), Err(unknown(1, 2)));
    assert_eq!(csr(2, &[0, 7], &[1, 8], None), Err(unknown(1, 7)));
    for weight in [-1.0, -f64::MIN_POSITIVE, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(two([1.0, weight]), Err(GraphError::BadWeight { row: 1, weight }));
    }
    assert!(matches!(
        two([f64::NAN, -1.0]),
        Err(GraphError::BadWeight { row: 0, weight }) if weight.is_nan()
    ));
    let limit = u32::MAX as usize;
    assert_eq!(csr(usize::MAX, &[], &[], None), Err(GraphError::TooManyVertices { limit }));
}

#[test]
fn weights_that_no_f32_holds_are_refused() {
    let two = |weights: [f64; 2]| csr(2, &[0, 0], &[1, 1], Some(&weights));
    let largest = f64::from(f32::MAX);
    assert_eq!(two([largest, 0.0]).unwrap().weights(), [f32::MAX]);
    for weights in [[largest, largest], [0.0, 1e39], [f64::MAX, f64::MAX]] {
        let refused =
            GraphError::WeightTooLarge { from: 0, to: 1, weight: weights[0] + weights[1] };
        assert_eq!(two(weights), Err(refused));
    }
    let smallest = f64::from(f32::from_bits(1));
    assert_eq!(two([smallest, 0.0]).unwrap().weights(), [f32::from_bits(1)]);
    // Each alone would round to 0; together they do not.
    assert_eq!(two([smallest * 0.4; 2]).unwrap().weights(), [f32::from_bits(1)]);
    let refused = GraphError::WeightTooSmall { from: 0, to: 1, weight: smallest * 0.5 };
    assert_eq!(two([smallest * 0.25; 2]), Err(refused));
}

#[test]
fn the_division_into_parts_changes_no_bit() {
    let mut rng = Rng::with_seed(11);
    // Several buckets, of which one is a row that all threads sort, and weights of 32 bits.
    let rows = 400_000;
    let mut end = |hub: bool| if hub && rng.bool() { 7 } else { rng.u32(..5_000) };
    let ends: Vec<(u32, u32)> = (0..rows).map(|_| (end(false), end(true))).collect();
    let weights: Vec<f32> = (0..rows).map(|_| rng.f32()).collect();
    let parts = |length: usize| -> Vec<EdgeList<f32>> {
        let both = ends.chunks(length).zip(weights.chunks(length));
        both.map(|(ends, weights)| EdgeList {
            sources: ends.iter().map(|(source, _)| *source).collect(),
            targets: ends.iter().map(|(_, target)| *target).collect(),
            weights: weights.to_vec(),
        })
        .collect()
    };
    let whole = Csr::from_edges(5_000, parts(rows)).unwrap();
    let wide: Vec<f64> = weights.iter().map(|weight| f64::from(*weight)).collect();
    let (sources, targets): (Vec<u32>, Vec<u32>) = ends.iter().copied().unzip();
    assert_eq!(csr(5_000, &sources, &targets, Some(&wide)).unwrap(), whole);
    for threads in [1, 3, 8] {
        let cut = on_threads(threads, || Csr::from_edges(5_000, parts(10_007)).unwrap());
        assert_eq!(cut, whole);
    }
    agrees(&Edges { vertices: 5_000, sources, targets, weights: Some(wide) });
}

#[test]
fn only_weights_of_one_can_be_left_out() {
    let edges = |weights: [f64; 2]| csr(2, &[0, 1], &[1, 1], Some(&weights)).unwrap();
    let without = edges([1.0, 1.0]).into_unweighted().unwrap();
    assert_eq!(without.row(1), (&[0, 1][..], &[UnitWeight, UnitWeight][..]));
    assert_eq!((without.out_weight(), without.out_degree()), (&[1.0, 1.0][..], &[1, 1][..]));
    assert_eq!(edges([1.0, 2.0]).into_unweighted(), Err(edges([1.0, 2.0])));
}
