//! The kernels of the graph core over a Kronecker graph (R-MAT, the parameters of Graph500).
//!
//! `cargo bench` takes scale 18 (4.2 million edges); `RENOWN_BENCH_SCALE=20 cargo bench` another one.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use fastrand::Rng;
use rayon::prelude::*;
use renown_graph::csr::Csr;
use renown_graph::edges::{EdgeList, UnitWeight};
use renown_graph::numbering::IntegerNumbering;
use renown_graph::pagerank::{PageRank, Stop};
use renown_graph::relabel::relabel_by_out_degree;

/// As in the program: whether arrays lie in large pages decides how fast they are read.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Edges of one list.
const LIST_LEN: usize = 1 << 17;

/// Edges of an R-MAT graph with 16 edges per vertex, by ids of 63 bits, and their weights.
struct Edges {
    sources: Vec<u64>,
    targets: Vec<u64>,
    weights: Vec<f32>,
}

impl Edges {
    /// Chakrabarti, Zhan, Faloutsos 2004, with a, b, c = .57, .19, .19.
    fn rmat(scale: u32) -> Self {
        let mut rng = Rng::with_seed(7);
        let id = |end: u64| (end.wrapping_mul(0x9E37_79B9_7F4A_7C15)) >> 1;
        let (mut sources, mut targets, mut weights) = (vec![], vec![], vec![]);
        for _ in 0..16_usize << scale {
            let (mut source, mut target) = (0, 0);
            for _ in 0..scale {
                let r = rng.f32();
                source = source << 1 | u64::from(r >= 0.76);
                target = target << 1 | u64::from((0.57..0.76).contains(&r) || r >= 0.95);
            }
            sources.push(id(source));
            targets.push(id(target));
            weights.push(0.1 + 4.0 * rng.f32());
        }
        Self { sources, targets, weights }
    }

    /// The edges between numbers.
    fn numbered(&self) -> (Vec<(u64, u32)>, Vec<EdgeList<f32>>) {
        let numbering = IntegerNumbering::default();
        let number = |ids: &[u64]| {
            let mut numbers = Vec::with_capacity(ids.len());
            numbering.number(ids, &mut numbers).map_or(vec![], |()| numbers)
        };
        let ends = self.sources.par_chunks(LIST_LEN).zip(self.targets.par_chunks(LIST_LEN));
        let lists = ends.zip(self.weights.par_chunks(LIST_LEN));
        let lists = lists
            .map(|((sources, targets), weights)| EdgeList {
                sources: number(sources),
                targets: number(targets),
                weights: weights.to_vec(),
            })
            .collect();
        (numbering.into_keys(), lists)
    }
}

fn kernels(criterion: &mut Criterion) {
    let scale = std::env::var("RENOWN_BENCH_SCALE").ok().and_then(|scale| scale.parse().ok());
    let scale = scale.unwrap_or(18);
    let edges = Edges::rmat(scale);
    let (keys, mut lists) = edges.numbered();
    let vertices = relabel_by_out_degree(keys, &mut lists).keys.len();
    let Ok(graph) = Csr::from_edges(vertices, lists.clone()) else { return };
    let mut group = criterion.benchmark_group(format!("scale {scale}"));
    group.sample_size(10);

    group.throughput(Throughput::Elements(edges.sources.len() as u64));
    group.bench_function("ids: numbered", |bench| bench.iter(|| edges.numbered()));
    group.bench_function("ids: relabelled by out-degree", |bench| {
        let set_up = || edges.numbered();
        let work = |(keys, mut lists): (Vec<(u64, u32)>, Vec<EdgeList<f32>>)| {
            relabel_by_out_degree(keys, &mut lists)
        };
        bench.iter_batched(set_up, work, BatchSize::PerIteration);
    });
    group.bench_function("rows: sorted and merged", |bench| {
        let build = |lists| Csr::from_edges(vertices, lists);
        bench.iter_batched(|| lists.clone(), build, BatchSize::PerIteration);
    });

    group.throughput(Throughput::Elements(graph.edges() as u64));
    group.bench_function("sources and weights read once", |bench| {
        let both = || {
            graph.sources().par_chunks(LIST_LEN / 2).zip(graph.weights().par_chunks(LIST_LEN / 2))
        };
        let read = |(sources, weights): (&[u32], &[f32])| -> u32 {
            let sources = sources.iter().fold(0, |all, source| all ^ source);
            weights.iter().fold(sources, |all, weight| all ^ weight.to_bits())
        };
        bench.iter(|| black_box(both().map(read).reduce(|| 0, |one, other| one ^ other)));
    });

    const STEPS: u32 = 20;
    group.throughput(Throughput::Elements(graph.edges() as u64 * u64::from(STEPS)));
    let pagerank = PageRank { stop: Stop::Iterations(STEPS), ..PageRank::default() };
    group.bench_function("ranks: 20 steps", |bench| bench.iter(|| pagerank.run(&graph, None)));

    let once = EdgeList { weights: vec![UnitWeight; graph.edges()], ..with_ends(&graph) };
    if let Ok(Ok(unweighted)) = Csr::from_edges(vertices, vec![once]).map(Csr::into_unweighted) {
        group.throughput(Throughput::Elements(graph.edges() as u64 * u64::from(STEPS)));
        group.bench_function("ranks: 20 steps, no weights", |bench| {
            bench.iter(|| pagerank.run(&unweighted, None));
        });
        group.bench_function("ranks: 20 steps, no weights, plain loop", |bench| {
            bench.iter(|| plain(&unweighted, STEPS));
        });
    }
    group.finish();
}

/// PageRank as plainly as the GAP benchmark has it (Beamer, Asanović, Patterson 2015), with doubles: one sum
/// from left to right for each vertex; what dangling vertices hold is lost, and nothing is certified.
fn plain(graph: &Csr<UnitWeight>, steps: u32) -> Vec<f64> {
    let n = graph.vertices();
    let (mut scores, mut contributions) = (vec![1.0 / n as f64; n], vec![0.0; n]);
    for _ in 0..steps {
        let totals = scores.par_iter().zip(graph.out_degree());
        let shares = totals.map(|(score, degree)| score / f64::from(*degree));
        shares.collect_into_vec(&mut contributions);
        let chunks = scores.par_chunks_mut(1 << 14).enumerate().with_max_len(1);
        let moved = chunks.map(|(chunk, scores)| {
            let mut moved = 0.0;
            for (row, score) in (chunk << 14..).zip(scores) {
                let sources = graph.row(row).0.iter();
                let pulled: f64 = sources.map(|source| contributions[*source as usize]).sum();
                let new = 0.15 / n as f64 + 0.85 * pulled;
                moved += f64::abs(new - *score);
                *score = new;
            }
            moved
        });
        black_box(moved.sum::<f64>());
    }
    scores
}

/// The distinct edges of a graph.
fn with_ends(graph: &Csr) -> EdgeList<UnitWeight> {
    let rows = 0..graph.vertices() as u32;
    let targets = rows.flat_map(|row| graph.row(row as usize).0.iter().map(move |_| row));
    EdgeList { sources: graph.sources().to_vec(), targets: targets.collect(), weights: vec![] }
}

criterion_group!(benches, kernels);
criterion_main!(benches);
