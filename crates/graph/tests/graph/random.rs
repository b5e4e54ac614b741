//! Seeded random graphs, as edge lists.

use fastrand::Rng;
use renown_graph::GraphError;
use renown_graph::csr::Csr;
use renown_graph::edges::{EdgeList, UnitWeight};

/// Columns of an edge list.
#[derive(Debug, Clone, Default)]
pub struct Edges {
    pub vertices: usize,
    pub sources: Vec<u32>,
    pub targets: Vec<u32>,
    pub weights: Option<Vec<f64>>,
}

/// The graph of the edges of one part.
pub fn csr(
    vertices: usize,
    sources: &[u32],
    targets: &[u32],
    weights: Option<&[f64]>,
) -> Result<Csr, GraphError> {
    let (sources, targets) = (sources.to_vec(), targets.to_vec());
    match weights {
        Some(weights) => {
            let weights = weights.to_vec();
            Csr::from_edges(vertices, vec![EdgeList { sources, targets, weights }])
        }
        None => {
            let weights = vec![UnitWeight; sources.len()];
            Csr::from_edges(vertices, vec![EdgeList { sources, targets, weights }])
        }
    }
}

impl Edges {
    /// An unweighted graph.
    pub fn plain(vertices: usize, edges: &[(u32, u32)]) -> Self {
        let (sources, targets) = edges.iter().copied().unzip();
        Self { vertices, sources, targets, weights: None }
    }

    pub fn csr(&self) -> Csr {
        csr(self.vertices, &self.sources, &self.targets, self.weights.as_deref()).unwrap()
    }

    pub fn shuffled(&self, rng: &mut Rng) -> Self {
        let mut order: Vec<usize> = (0..self.sources.len()).collect();
        rng.shuffle(&mut order);
        let weights = self.weights.as_ref();
        Self {
            vertices: self.vertices,
            sources: order.iter().map(|&i| self.sources[i]).collect(),
            targets: order.iter().map(|&i| self.targets[i]).collect(),
            weights: weights.map(|weights| order.iter().map(|&i| weights[i]).collect()),
        }
    }
}

/// 1 to 40 vertices with every edge case: dangling, unreachable, periodic, with self-loops,
/// duplicates, weight 0, and weights across twelve orders of magnitude.
pub fn small(rng: &mut Rng) -> Edges {
    let n = if rng.u8(..10) == 0 { 1 } else { rng.u32(1..=40) };
    let mut edges = Vec::new();
    if rng.u8(..4) == 0 {
        // One long cycle: it mixes slowest.
        edges.extend((0..n).map(|v| (v, (v + 1) % n)));
    }
    let (block, loops) = (rng.u32(1..=n), rng.bool());
    for _ in 0..rng.u32(0..=4 * n) {
        let (source, target) = (rng.u32(..n), rng.u32(..n));
        // Sources past the block dangle, except on the cycle; its edges are often duplicates.
        if source < block && (loops || source != target) {
            edges.extend(vec![(source, target); rng.usize(1..=3)]);
        }
    }
    let mut graph = Edges::plain(n as usize, &edges);
    let kind = rng.u8(..4);
    graph.weights = (kind > 0).then(|| edges.iter().map(|_| weight(kind, rng)).collect());
    graph
}

fn weight(kind: u8, rng: &mut Rng) -> f64 {
    match (kind, rng.u8(..8)) {
        (_, 0) => 0.0,
        (1, _) => f64::from(rng.u32(1..=9)),
        (2, _) => 10f64.powf(12.0 * rng.f64() - 6.0),
        _ => rng.f64(),
    }
}

/// `n` vertices with a skewed degree distribution, a fifth of them dangling, integer weights.
pub fn skewed(n: u32, edges: usize, rng: &mut Rng) -> Edges {
    let mut graph = Edges { vertices: n as usize, ..Edges::default() };
    let mut weights = Vec::new();
    for _ in 0..edges {
        let source = rng.u32(..n);
        if source % 5 != 3 {
            graph.sources.push(source);
            graph.targets.push((f64::from(n) * rng.f64().powi(4)) as u32);
            weights.push(f64::from(rng.u32(1..=100)));
        }
    }
    graph.weights = Some(weights);
    graph
}

/// A teleport vector: random entries, some of them 0, summing to 1 within rounding.
pub fn teleport(n: usize, rng: &mut Rng) -> Vec<f64> {
    let mut entries: Vec<f64> =
        (0..n).map(|_| if rng.u8(..3) == 0 { 0.0 } else { rng.f64() }).collect();
    entries[rng.usize(..n)] = 1.0;
    let total: f64 = entries.iter().sum();
    entries.iter().map(|entry| entry / total).collect()
}
