//! PageRank against direct solves, closed forms and serial push; its bound; its refusals.

use fastrand::Rng;
use renown_graph::csr::Csr;
use renown_graph::edges::EdgeList;
use renown_graph::pagerank::{PageRank, RankError, Ranks, Stop};
use renown_graph::perturbation::of_rounded_weights;
use renown_graph::scale::scale_out_weights;

use crate::random::{Edges, skewed, small, teleport};
use crate::{bits, on_threads, oracle};

/// Error of the oracles themselves, in L1.
const ORACLE_ERROR: f64 = 1e-13;

const CHUNK_LENGTHS: [usize; 3] = [1, 7, 4096];

fn rank(damping: f64, tolerance: f64, chunk_len: usize) -> PageRank {
    let stop = Stop::Tolerance { tolerance, max_iterations: 10_000 };
    PageRank { damping, stop, chunk_len }
}

/// A tolerance that rounding lets every graph here reach: near d = 1 each rounding error lives on
/// for 1/(1−d) steps, and shows in ‖Δ‖₁ where the graph is periodic.
fn reachable(damping: f64) -> f64 {
    if damping > 0.9 { 1e-11 } else { 1e-13 }
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum()
}

fn uniform(n: usize) -> Vec<f64> {
    vec![1.0 / n as f64; n]
}

/// Within the bound of `expected`, and a distribution.
fn certified(found: &Ranks, expected: &[f64]) {
    let error = distance(&found.ranks, expected);
    assert!(error <= found.bound + ORACLE_ERROR, "{error:e} > {:e}", found.bound);
    assert!(found.ranks.iter().all(|rank| *rank >= 0.0));
    let sum: f64 = found.ranks.iter().sum();
    // The last term is for the rounding of this sum.
    let slack = found.bound + expected.len() as f64 * f64::EPSILON;
    assert!((sum - 1.0).abs() <= slack, "{sum}");
}

#[test]
fn small_graphs_agree_with_a_direct_solve() {
    // One thread: waking others for a chunk of one vertex takes a minute, and is tested below.
    on_threads(1, small_graphs);
}

fn small_graphs() {
    let mut rng = Rng::with_seed(5);
    for case in 0..300 {
        let graph = small(&mut rng).csr();
        let n = graph.vertices();
        let given = (case % 2 == 0).then(|| teleport(n, &mut rng));
        let v = given.clone().unwrap_or_else(|| uniform(n));
        for damping in [0.0, 0.5, 0.85, 0.99] {
            let exact = oracle::dense(&graph, damping, &v);
            for chunk_len in CHUNK_LENGTHS {
                let settled = rank(damping, reachable(damping), chunk_len);
                let found = settled.run(&graph, given.as_deref()).unwrap();
                certified(&found, &exact);
                // Not vacuous: the tolerance and a few hundred roundings.
                assert!(found.bound <= reachable(damping) + 300.0 * f64::EPSILON / (1.0 - damping));
                // The bound holds wherever iteration stops, not only at convergence …
                let early = PageRank { stop: Stop::Iterations(rng.u32(1..20)), ..settled };
                certified(&early.run(&graph, given.as_deref()).unwrap(), &exact);
            }
            // … and where only rounding is left.
            let late = PageRank { stop: Stop::Iterations(5_000), ..rank(damping, 1e-12, 7) };
            if case % 20 == 0 {
                let found = late.run(&graph, given.as_deref()).unwrap();
                certified(&found, &exact);
                assert!(found.bound <= 400.0 * f64::EPSILON / (1.0 - damping));
            }
        }
    }
}

/// Every chunk length and several dampings against a closed form in d.
fn closed_form(edges: &Edges, teleport: Option<&[f64]>, expected: impl Fn(f64) -> Vec<f64>) {
    for chunk_len in CHUNK_LENGTHS {
        for damping in [0.0, 0.5, 0.85, 0.99] {
            let found = rank(damping, reachable(damping), chunk_len).run(&edges.csr(), teleport);
            certified(&found.unwrap(), &expected(damping));
        }
    }
}

#[test]
fn a_clique_is_uniform() {
    let edges: Vec<_> =
        (0..30).flat_map(|s| (0..30).filter(move |t| *t != s).map(move |t| (s, t))).collect();
    closed_form(&Edges::plain(30, &edges), None, |_| uniform(30));
}

/// From the teleport vertex the walk survives k steps with probability d^k and laps the cycle:
/// r_k = (1−d)·d^k / (1 − d^n).
#[test]
fn a_cycle_decays_from_the_teleport_vertex() {
    let edges: Vec<_> = (0..23).map(|s| (s, (s + 1) % 23)).collect();
    let edges = Edges::plain(23, &edges);
    closed_form(&edges, None, |_| uniform(23));
    let mut at_0 = vec![0.0; 23];
    at_0[0] = 1.0;
    closed_form(&edges, Some(&at_0), |d| {
        let lap = 1.0 - d.powi(23);
        (0..23).map(|k| (1.0 - d) * d.powi(k) / lap).collect()
    });
}

/// k leaves → centre, which dangles: a leaf has ℓ = (1 − d + d·c)/n, the centre c = ℓ·(1 + d·k),
/// and k·ℓ + c = 1 gives ℓ = 1/(n + d·k).
#[test]
fn a_star_pointing_in() {
    let edges: Vec<_> = (1..=40).map(|leaf| (leaf, 0)).collect();
    closed_form(&Edges::plain(41, &edges), None, |d| {
        let leaf = 1.0 / (41.0 + d * 40.0);
        let mut ranks = vec![leaf; 41];
        ranks[0] = leaf * (1.0 + d * 40.0);
        ranks
    });
}

/// Centre → k leaves, which dangle: a leaf has ℓ = c + d·c/k, and c + k·ℓ = 1 gives c = 1/(n + d).
#[test]
fn a_star_pointing_out() {
    let edges: Vec<_> = (1..=40).map(|leaf| (0, leaf)).collect();
    closed_form(&Edges::plain(41, &edges), None, |d| {
        let centre = 1.0 / (41.0 + d);
        let mut ranks = vec![centre * (1.0 + d / 40.0); 41];
        ranks[0] = centre;
        ranks
    });
}

/// 0 → 1 with 1 dangling, v = 1/2: r₀ = 1/(2 + d). 0 ⇄ 1 with v = (a, 1−a):
/// r₀ = (1−d)·a + d·(1 − r₀) = ((1−d)·a + d)/(1 + d).
#[test]
fn two_vertices() {
    closed_form(&Edges::plain(2, &[(0, 1)]), None, |d| {
        vec![1.0 / (2.0 + d), (1.0 + d) / (2.0 + d)]
    });
    let (a, both) = (0.125, Edges::plain(2, &[(0, 1), (1, 0)]));
    closed_form(&both, Some(&[a, 1.0 - a]), |d| {
        let first = ((1.0 - d) * a + d) / (1.0 + d);
        vec![first, 1.0 - first]
    });
}

/// 0 → 1 and 0 → 2 with weights 3 : 1, both back to 0: shares follow weights, not counts.
#[test]
fn shares_follow_weights() {
    let edges = Edges {
        vertices: 3,
        sources: vec![0, 0, 1, 2],
        targets: vec![1, 2, 0, 0],
        weights: Some(vec![3.0, 1.0, 5.0, 0.5]),
    };
    closed_form(&edges, Some(&[1.0, 0.0, 0.0]), |d| {
        let hub = 1.0 / (1.0 + d);
        vec![hub, 0.75 * d * hub, 0.25 * d * hub]
    });
}

#[test]
fn several_chunks_agree_with_serial_push() {
    let mut rng = Rng::with_seed(6);
    let edges = skewed(20_000, 160_000, &mut rng);
    let graph = edges.csr();
    for given in [None, Some(teleport(20_000, &mut rng))] {
        let v = given.clone().unwrap_or_else(|| uniform(20_000));
        let pushed = oracle::push(&edges, 0.85, &v);
        for chunk_len in CHUNK_LENGTHS {
            let found = rank(0.85, 1e-12, chunk_len).run(&graph, given.as_deref()).unwrap();
            certified(&found, &pushed);
            let residual = oracle::push_residual(&edges, 0.85, &v, &found.ranks);
            assert!(residual / 0.15 <= 1e-12 + ORACLE_ERROR, "{residual:e}");
            // Roundings: a hub of thousands of edges, or as many additions as there are vertices.
            assert!(found.bound <= 3e-11, "{:e}", found.bound);
        }
    }
}

/// Two chunk lengths round differently, and nothing else is left after 300 steps: no error of an
/// oracle hides a bound that is too small.
#[test]
fn rounding_stays_within_the_bounds() {
    let mut rng = Rng::with_seed(10);
    let graph = skewed(5_000, 40_000, &mut rng).csr();
    let v = teleport(5_000, &mut rng);
    let settled = |chunk_len| {
        let stop = Stop::Iterations(300);
        let method = PageRank { stop, ..rank(0.85, 1e-12, chunk_len) };
        method.run(&graph, Some(&v)).unwrap()
    };
    let (short, long) = (settled(7), settled(4096));
    let apart = distance(&short.ranks, &long.ranks);
    assert!(apart > 0.0);
    assert!(apart <= short.bound + long.bound, "{apart:e}");
    // A bound by ‖Δ‖₁ alone does not hold: the rounding term is needed.
    let promised = 0.85 / 0.15 * (short.residual + long.residual);
    assert!(apart > promised, "{apart:e} {promised:e}");
}

#[test]
fn threads_and_edge_order_change_no_bit() {
    let mut rng = Rng::with_seed(7);
    let edges = skewed(20_000, 160_000, &mut rng);
    let v = teleport(20_000, &mut rng);
    for chunk_len in [7, 4096] {
        let method = rank(0.85, 1e-12, chunk_len);
        let first = method.run(&edges.csr(), Some(&v)).unwrap();
        for threads in [1, 2, 3, 8] {
            let shuffled = edges.shuffled(&mut rng);
            let again = on_threads(threads, || method.run(&shuffled.csr(), Some(&v)).unwrap());
            assert_eq!(bits(&again.ranks), bits(&first.ranks));
            assert_eq!(again, first);
        }
    }
}

#[test]
fn a_graph_without_weights_gives_the_bits_of_weights_of_one() {
    let edges = skewed(5_000, 40_000, &mut Rng::with_seed(13));
    let once: std::collections::BTreeSet<(u32, u32)> =
        edges.sources.iter().copied().zip(edges.targets.iter().copied()).collect();
    let graph = Edges::plain(5_000, &once.into_iter().collect::<Vec<_>>()).csr();
    let weighted = PageRank::default().run(&graph, None);
    assert_eq!(PageRank::default().run(&graph.into_unweighted().unwrap(), None), weighted);
}

/// 20 iterations by the plain formula, in sequence, over the given weights.
fn plain_iterations(edges: &Edges, damping: f64) -> Vec<f64> {
    let n = edges.vertices;
    let weight = |i: usize| edges.weights.as_ref().map_or(1.0, |weights| weights[i]);
    let mut totals = vec![0.0; n];
    edges.sources.iter().enumerate().for_each(|(i, s)| totals[*s as usize] += weight(i));
    let mut ranks = uniform(n);
    for _ in 0..20 {
        let dangling: f64 = (0..n).filter(|v| totals[*v] == 0.0).map(|v| ranks[v]).sum();
        let mut next = vec![(1.0 - damping + damping * dangling) / n as f64; n];
        for (i, (s, t)) in edges.sources.iter().zip(&edges.targets).enumerate() {
            next[*t as usize] += damping * ranks[*s as usize] * weight(i) / totals[*s as usize];
        }
        ranks = next;
    }
    ranks
}

#[test]
fn each_rank_agrees_with_plain_iterations() {
    let mut rng = Rng::with_seed(14);
    let mut edges = skewed(5_000, 100_000, &mut rng);
    let apart = |edges: &Edges| {
        let method = PageRank { stop: Stop::Iterations(20), ..PageRank::default() };
        let found = method.run(&edges.csr(), None).unwrap().ranks;
        let plain = plain_iterations(edges, 0.85);
        let relative = found.iter().zip(plain).map(|(found, plain)| (found - plain).abs() / plain);
        relative.fold(0.0, f64::max)
    };
    // 32 bits hold a weight to within 2⁻²⁴; a rank of 20 steps is at most 2·20 such shares away.
    edges.weights = Some(edges.sources.iter().map(|_| 0.1 + 4.0 * rng.f64()).collect());
    let weighted = apart(&edges);
    assert!(weighted > 0.0 && weighted <= 40.0 * 2f64.powi(-24), "{weighted:e}");
    edges.weights = None;
    let unweighted = apart(&edges);
    assert!(unweighted <= 1e-12, "{unweighted:e}");
}

#[test]
fn a_chunk_may_exceed_the_graph() {
    let graph = small(&mut Rng::with_seed(8)).csr();
    let whole = rank(0.85, 1e-12, usize::MAX).run(&graph, None);
    assert_eq!(whole, rank(0.85, 1e-12, graph.vertices()).run(&graph, None));
}

#[test]
fn iterations_are_counted() {
    let graph = Edges::plain(2, &[(0, 1)]).csr();
    let three = PageRank { stop: Stop::Iterations(3), ..PageRank::default() };
    let found = three.run(&graph, None).unwrap();
    // Each step multiplies the change by −d/2; the first moves d/4 from one vertex to the other.
    assert_eq!(found.iterations, 3);
    assert!((found.residual - 0.425 * 0.425 * 0.425).abs() < 1e-15);
    // Without damping the teleport vector is the fixed point: one step finds it.
    assert_eq!(rank(0.0, 1e-12, 7).run(&graph, None).unwrap().iterations, 1);
}

#[test]
fn not_converging_is_an_error() {
    let graph = skewed(5_000, 20_000, &mut Rng::with_seed(9)).csr();
    let stop = Stop::Tolerance { tolerance: 1e-12, max_iterations: 2 };
    let method = PageRank { stop, ..PageRank::default() };
    let two = PageRank { stop: Stop::Iterations(2), ..method };
    let found = two.run(&graph, None).unwrap();
    assert!(found.bound > 1e-3);
    let refused = RankError::NotConverged {
        iterations: 2,
        residual: found.residual,
        bound: found.bound,
        tolerance: 1e-12,
    };
    assert_eq!(method.run(&graph, None), Err(refused));
}

#[test]
fn parameters_out_of_range_are_refused() {
    let graph = Edges::plain(2, &[(0, 1)]).csr();
    let refused = |method: PageRank| method.run(&graph, None).unwrap_err();
    for damping in [-0.1, 1.0, 1.5, f64::INFINITY] {
        assert_eq!(refused(rank(damping, 1e-12, 7)), RankError::Damping(damping));
    }
    assert!(matches!(refused(rank(f64::NAN, 1e-12, 7)), RankError::Damping(d) if d.is_nan()));
    for tolerance in [1e-15, 0.0, -1.0, f64::INFINITY] {
        assert_eq!(refused(rank(0.85, tolerance, 7)), RankError::Tolerance(tolerance));
    }
    assert!(matches!(refused(rank(0.85, f64::NAN, 7)), RankError::Tolerance(t) if t.is_nan()));
    assert_eq!(refused(rank(0.85, 1e-12, 0)), RankError::NoChunk);
    let none = Stop::Tolerance { tolerance: 1e-12, max_iterations: 0 };
    for stop in [Stop::Iterations(0), none] {
        let method = PageRank { stop, ..PageRank::default() };
        assert_eq!(refused(method), RankError::NoIterations);
    }
    let empty = Edges::plain(0, &[]).csr();
    assert_eq!(PageRank::default().run(&empty, None), Err(RankError::EmptyGraph));
}

#[test]
fn a_teleport_vector_is_a_distribution() {
    let graph = Edges::plain(2, &[(0, 1)]).csr();
    let run = |v: &[f64]| PageRank::default().run(&graph, Some(v));
    let length = |found| RankError::TeleportLength { vertices: 2, found };
    assert_eq!(run(&[1.0]), Err(length(1)));
    assert_eq!(run(&[]), Err(length(0)));
    for value in [-0.5, f64::INFINITY] {
        let refused = RankError::TeleportEntry { vertex: 1, value };
        assert_eq!(run(&[1.5, value]), Err(refused));
    }
    assert!(matches!(
        run(&[f64::NAN, -1.0]),
        Err(RankError::TeleportEntry { vertex: 0, value }) if value.is_nan()
    ));
    for v in [[0.5, 0.5 + 2e-9], [0.5, 0.5 - 2e-9], [0.0, 0.0]] {
        let sum = v[0] + v[1];
        assert_eq!(run(&v), Err(RankError::TeleportSum { sum }));
    }
    // Within the slack it is divided by its sum.
    let found = run(&[0.5, 0.5 + 5e-10]).unwrap();
    let v = [0.5 / (1.0 + 5e-10), (0.5 + 5e-10) / (1.0 + 5e-10)];
    certified(&found, &oracle::dense(&graph, 0.85, &v));
}

/// Of weights that 32 bits do not hold: the graph of 64 bits agrees with the oracle within its bound, and the rounded one within the bound
/// of its weights in addition.
#[test]
fn rounded_weights_stay_within_their_bound() {
    let mut rng = Rng::with_seed(23);
    for _ in 0..20 {
        let mut edges = skewed(60, 400, &mut rng);
        edges.weights = Some((0..edges.sources.len()).map(|_| rng.f64().powi(3)).collect());
        let list = || EdgeList {
            sources: edges.sources.clone(),
            targets: edges.targets.clone(),
            weights: edges.weights.clone().unwrap(),
        };
        let mut lists = [list()];
        scale_out_weights(edges.vertices, &mut lists);
        let narrow = Csr::from_edges(edges.vertices, lists.to_vec()).unwrap();
        let wide = Csr::from_edges_in_f64(edges.vertices, lists.to_vec()).unwrap();
        let expected = oracle::push(&edges, 0.85, &uniform(edges.vertices));
        let ranker = rank(0.85, 1e-13, 7);
        let found = ranker.run(&wide, None).unwrap();
        let bound = found.bound + of_rounded_weights(0.85, wide.weight_rounding());
        assert!(bound < 1e-12 && distance(&found.ranks, &expected) <= bound + ORACLE_ERROR);
        let found = ranker.run(&narrow, None).unwrap();
        let of_weights = of_rounded_weights(0.85, narrow.weight_rounding());
        let off = distance(&found.ranks, &expected);
        assert!(off <= found.bound + of_weights && off > 1e-12 && of_weights < 7e-7, "{off:e}");
    }
}
