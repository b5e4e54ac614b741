//! PageRank computed in other ways: a dense direct solve, and serial push over the edge list.

use renown_graph::csr::Csr;

use crate::random::Edges;

/// Solves (I − d·Pᵀ − d·v·danglingᵀ)·r = (1−d)·v by Gaussian elimination with partial pivoting and
/// one step of iterative refinement.
pub fn dense(graph: &Csr, damping: f64, teleport: &[f64]) -> Vec<f64> {
    let n = graph.vertices();
    let mut weights = vec![vec![0.0; n]; n];
    for (target, row) in weights.iter_mut().enumerate() {
        let (sources, values) = graph.row(target);
        for (&source, &value) in sources.iter().zip(values) {
            row[source as usize] = f64::from(value);
        }
    }
    let mut matrix = vec![vec![0.0; n]; n];
    for source in 0..n {
        let total: f64 = (0..n).map(|target| weights[target][source]).sum();
        for target in 0..n {
            let passed = match total > 0.0 {
                true => weights[target][source] / total,
                false => teleport[target],
            };
            matrix[target][source] = f64::from(target == source) - damping * passed;
        }
    }
    let right: Vec<f64> = teleport.iter().map(|v| (1.0 - damping) * v).collect();
    let mut ranks = eliminate(matrix.clone(), right.clone());
    let left_over =
        (0..n).map(|i| right[i] - (0..n).map(|j| matrix[i][j] * ranks[j]).sum::<f64>()).collect();
    let correction = eliminate(matrix, left_over);
    for (rank, correction) in ranks.iter_mut().zip(correction) {
        *rank += correction;
    }
    ranks
}

fn eliminate(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let n = right.len();
    for column in 0..n {
        let by_size = |a: &usize, b: &usize| {
            let size = |row: usize| matrix[row][column].abs();
            size(*a).total_cmp(&size(*b))
        };
        let pivot = (column..n).max_by(by_size).unwrap();
        matrix.swap(column, pivot);
        right.swap(column, pivot);
        let (above, below) = matrix.split_at_mut(column + 1);
        for (i, row) in below.iter_mut().enumerate() {
            let factor = row[column] / above[column][column];
            for (entry, pivot) in row.iter_mut().zip(&above[column]) {
                *entry -= factor * pivot;
            }
            right[column + 1 + i] -= factor * right[column];
        }
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|k| matrix[row][k] * right[k]).sum();
        right[row] = (right[row] - known) / matrix[row][row];
    }
    right
}

/// Out-edges of every vertex and the total of their weights, straight from the edge list.
fn out_edges(edges: &Edges) -> Vec<(f64, Vec<(usize, f64)>)> {
    let mut out = vec![(0.0, Vec::new()); edges.vertices];
    for (i, (&source, &target)) in edges.sources.iter().zip(&edges.targets).enumerate() {
        let weight = edges.weights.as_ref().map_or(1.0, |weights| weights[i]);
        let (total, list) = &mut out[source as usize];
        *total += weight;
        list.push((target as usize, weight));
    }
    out
}

/// ‖F(r) − r‖₁ by pushing every rank along its out-edges (the verifier of the GAP benchmark suite,
/// Beamer, Asanović, Patterson 2015, `pr.cc`), with the dangling mass returned to v.
pub fn push_residual(edges: &Edges, damping: f64, teleport: &[f64], ranks: &[f64]) -> f64 {
    let mut incoming = vec![0.0; edges.vertices];
    let mut dangling = 0.0;
    for (source, (total, list)) in out_edges(edges).iter().enumerate() {
        if *total == 0.0 {
            dangling += ranks[source];
        }
        for (target, weight) in list {
            incoming[*target] += ranks[source] * weight / total;
        }
    }
    (0..edges.vertices)
        .map(|v| {
            let next =
                (1.0 - damping) * teleport[v] + damping * (incoming[v] + dangling * teleport[v]);
            (next - ranks[v]).abs()
        })
        .sum()
}

/// Ranks by serial Gauss–Seidel push, letting dangling mass vanish: that gives
/// (1−d)·(I − d·Pᵀ)⁻¹·v, of which PageRank is the multiple that sums to 1 (Boldi, Santini, Vigna
/// 2009; Del Corso, Gullí, Romani 2005). The formula of the kernel is nowhere used.
pub fn push(edges: &Edges, damping: f64, teleport: &[f64]) -> Vec<f64> {
    let out = out_edges(edges);
    let mut ranks = vec![0.0; edges.vertices];
    let mut waiting: Vec<f64> = teleport.iter().map(|v| (1.0 - damping) * v).collect();
    while waiting.iter().sum::<f64>() > 1e-15 {
        for (source, (total, list)) in out.iter().enumerate() {
            let pushed = std::mem::take(&mut waiting[source]);
            ranks[source] += pushed;
            for (target, weight) in list {
                waiting[*target] += damping * pushed * weight / total;
            }
        }
    }
    let total: f64 = ranks.iter().sum();
    ranks.iter().map(|rank| rank / total).collect()
}
