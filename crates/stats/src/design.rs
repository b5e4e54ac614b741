//! The rows of a regression, and the sums over them that a Newton step needs.
//!
//! # Formula
//!
//! ```text
//! η_i = level[group_i] + Σ_k b_k·x_ik,    x_ik = φ_k(i) / s_k
//! g = Σ_i r_i·(e_i, x_i),    H = Σ_i w_i·(e_i, x_i)·(e_i, x_i)ᵀ
//! ```
//!
//! with e_i the unit vector of the row's group and s_k the standard deviation of column k, so that b
//! is per standard deviation.
//!
//! # Kernel
//!
//! Rows are packed in blocks of 128 as panels of four columns, and each pair of panels adds a 4 × 4
//! tile whose sums stay in registers (Goto & van de Geijn 2008, *Anatomy of High-Performance Matrix
//! Multiplication*, §4–5).
//!
//! # Parallelism
//!
//! Rows are cut into chunks of 4096. A chunk is summed by one thread and the chunks are added in
//! their order, so that the bits do not depend on the number of threads.

use std::num::NonZeroUsize;
use std::ops::Range;

use rayon::prelude::*;

use super::matrix::Symmetric;
use renown_graph::sum::chunked_by;

/// Rows that one thread sums.
pub(super) const CHUNK: usize = 4096;

/// Chunks whose sums are held at a time, which bounds memory.
const BATCH: usize = 64;

/// Columns of a panel.
pub(super) const LANES: usize = 4;

/// Rows of a block, few enough that its panels stay in the cache.
pub(super) const BLOCK: usize = 128;

/// Columns, levels and groups.
#[derive(Debug)]
pub(super) struct Design<'a> {
    /// φ_k of every row.
    pub(super) columns: Vec<&'a [f64]>,
    /// s_k, above 0.
    pub(super) spreads: Vec<f64>,
    /// The group of every row; empty if there are no levels.
    pub(super) groups: &'a [u32],
    /// How many groups there are.
    pub(super) levels: usize,
}

/// Σ z·zᵀ of packed rows.
#[derive(Debug)]
pub(super) struct Gram {
    panels: usize,
    tiles: Vec<[[f64; LANES]; LANES]>,
}

/// What one chunk adds.
struct Partial {
    residual: Vec<f64>,
    weight: Vec<f64>,
    cross: Vec<f64>,
    gradient: Vec<f64>,
    gram: Gram,
}

/// `partial` of every chunk of `chunk` out of `rows`, in parallel; `add` takes them in order.
pub(super) fn in_order<T: Send>(
    rows: usize,
    chunk: usize,
    partial: impl Fn(Range<usize>) -> T + Sync,
    mut add: impl FnMut(T),
) {
    let chunks = rows.div_ceil(chunk);
    for first in (0..chunks).step_by(BATCH) {
        let batch = (first..chunks.min(first + BATCH)).into_par_iter();
        let partials: Vec<T> =
            batch.map(|i| partial(i * chunk..rows.min((i + 1) * chunk))).collect();
        partials.into_iter().for_each(&mut add);
    }
}

/// The sum of `value` over `rows`.
pub(super) fn sum(rows: usize, value: impl Fn(usize) -> f64 + Sync) -> f64 {
    chunked_by(rows, NonZeroUsize::MIN.saturating_add(CHUNK - 1), value)
}

/// The standard deviation of `value` over `rows`; exactly 0 if it is constant.
pub(super) fn spread(rows: usize, value: impl Fn(usize) -> f64 + Sync) -> f64 {
    weighted_spread(rows, |_| 1.0, value)
}

/// The same of rows that have weights; those that have none do not count.
pub(super) fn weighted_spread(
    rows: usize,
    weight: impl Fn(usize) -> f64 + Sync,
    value: impl Fn(usize) -> f64 + Sync,
) -> f64 {
    // Around the first value: a constant column leaves no rounding error to divide by.
    let Some(first) = (0..rows).find(|&i| weight(i) > 0.0) else { return 0.0 };
    let (origin, total) = (value(first), sum(rows, &weight));
    let mean = sum(rows, |i| weight(i) * (value(i) - origin)) / total;
    let square = |i: usize| {
        let from_mean = value(i) - origin - mean;
        weight(i) * (from_mean * from_mean)
    };
    libm::sqrt(sum(rows, square) / total)
}

fn add_all(sum: &mut [f64], values: &[f64]) {
    sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
}

impl Design<'_> {
    /// Levels and columns.
    pub(super) fn width(&self) -> usize {
        self.levels + self.columns.len()
    }

    /// Puts η of every row into `predictors`.
    pub(super) fn predict(&self, point: &[f64], predictors: &mut [f64]) {
        let (levels, slopes) = point.split_at(self.levels);
        predictors.par_chunks_mut(CHUNK).enumerate().for_each(|(index, predictors)| {
            let rows = index * CHUNK..index * CHUNK + predictors.len();
            predictors.fill(0.0);
            if self.levels > 0 {
                let groups = &self.groups[rows.clone()];
                predictors.iter_mut().zip(groups).for_each(|(eta, &g)| *eta = levels[g as usize]);
            }
            for ((column, spread), slope) in self.columns.iter().zip(&self.spreads).zip(slopes) {
                let slope = slope / spread;
                if slope != 0.0 {
                    let values = &column[rows.clone()];
                    predictors.iter_mut().zip(values).for_each(|(eta, x)| *eta += slope * x);
                }
            }
        });
    }

    /// g and H for r = `residuals` and w = `weights`.
    pub(super) fn moments(&self, residuals: &[f64], weights: &[f64]) -> (Vec<f64>, Symmetric) {
        let mut total = self.no_rows();
        in_order(
            residuals.len(),
            CHUNK,
            |rows| self.chunk(rows, residuals, weights),
            |part| total.add(&part),
        );
        self.assemble(&total)
    }

    /// Packs `rows`, at most [`BLOCK`] of them, panel after panel.
    fn pack(&self, rows: Range<usize>, block: &mut [[f64; LANES]]) {
        for (k, column) in self.columns.iter().enumerate() {
            let panel = &mut block[k / LANES * BLOCK..][..rows.len()];
            let values = &column[rows.clone()];
            panel.iter_mut().zip(values).for_each(|(packed, value)| packed[k % LANES] = *value);
        }
    }

    fn no_rows(&self) -> Partial {
        let padded = self.columns.len().div_ceil(LANES) * LANES;
        Partial {
            residual: vec![0.0; self.levels],
            weight: vec![0.0; self.levels],
            cross: vec![0.0; self.levels * padded],
            gradient: vec![0.0; padded],
            gram: Gram::zero(self.columns.len()),
        }
    }

    fn chunk(&self, chunk: Range<usize>, residuals: &[f64], weights: &[f64]) -> Partial {
        let mut partial = self.no_rows();
        let mut block = empty_block(self.columns.len());
        for start in chunk.clone().step_by(BLOCK) {
            let rows = start..chunk.end.min(start + BLOCK);
            self.pack(rows.clone(), &mut block);
            let (residuals, weights) = (&residuals[rows.clone()], &weights[rows.clone()]);
            partial.gram.add_weighted(&block, weights);
            partial.add_gradient(&block, residuals);
            if self.levels > 0 {
                partial.add_levels(&block, &self.groups[rows], residuals, weights);
            }
        }
        partial
    }

    fn assemble(&self, total: &Partial) -> (Vec<f64>, Symmetric) {
        let columns = self.columns.len();
        let padded = total.gradient.len();
        let mut gradient = total.residual.clone();
        let slopes = total.gradient.iter().zip(&self.spreads);
        gradient.extend(slopes.map(|(sum, spread)| sum / spread));
        let mut information = Symmetric::zero(self.width());
        for g in 0..self.levels {
            information.add(g, g, total.weight[g]);
            for k in 0..columns {
                let value = total.cross[g * padded + k] / self.spreads[k];
                information.add(g, self.levels + k, value);
            }
        }
        for j in 0..columns {
            for k in j..columns {
                let value = total.gram.get(j, k) / (self.spreads[j] * self.spreads[k]);
                information.add(self.levels + j, self.levels + k, value);
            }
        }
        (gradient, information)
    }
}

impl Partial {
    fn add(&mut self, other: &Self) {
        add_all(&mut self.residual, &other.residual);
        add_all(&mut self.weight, &other.weight);
        add_all(&mut self.cross, &other.cross);
        add_all(&mut self.gradient, &other.gradient);
        self.gram.add(&other.gram);
    }

    fn add_gradient(&mut self, block: &[[f64; LANES]], residuals: &[f64]) {
        for (sum, panel) in self.gradient.chunks_exact_mut(LANES).zip(block.chunks_exact(BLOCK)) {
            let mut lanes = [0.0; LANES];
            for (row, residual) in panel.iter().zip(residuals) {
                lanes.iter_mut().zip(row).for_each(|(lane, x)| *lane += residual * x);
            }
            add_all(sum, &lanes);
        }
    }

    fn add_levels(
        &mut self,
        block: &[[f64; LANES]],
        groups: &[u32],
        residuals: &[f64],
        weights: &[f64],
    ) {
        let padded = self.gradient.len();
        for (i, &group) in groups.iter().enumerate() {
            let group = group as usize;
            self.residual[group] += residuals[i];
            self.weight[group] += weights[i];
            let cross = self.cross[group * padded..(group + 1) * padded].chunks_exact_mut(LANES);
            for (sum, panel) in cross.zip(block.chunks_exact(BLOCK)) {
                sum.iter_mut().zip(&panel[i]).for_each(|(sum, x)| *sum += weights[i] * x);
            }
        }
    }
}

/// A block for rows of this many columns; what pads the last panel stays 0.
pub(super) fn empty_block(columns: usize) -> Vec<[f64; LANES]> {
    vec![[0.0; LANES]; columns.div_ceil(LANES) * BLOCK]
}

impl Gram {
    /// No rows of this many columns.
    pub(super) fn zero(columns: usize) -> Self {
        let panels = columns.div_ceil(LANES);
        Self { panels, tiles: vec![[[0.0; LANES]; LANES]; panels * (panels + 1) / 2] }
    }

    /// Adds w·x·xᵀ of the first `weights.len()` rows of a block.
    pub(super) fn add_weighted(&mut self, block: &[[f64; LANES]], weights: &[f64]) {
        let mut weighted = [[0.0; LANES]; BLOCK];
        let weighted = &mut weighted[..weights.len()];
        for left in 0..self.panels {
            let panel = &block[left * BLOCK..];
            for ((product, row), weight) in weighted.iter_mut().zip(panel).zip(weights) {
                product.iter_mut().zip(row).for_each(|(product, x)| *product = weight * x);
            }
            for right in left..self.panels {
                let index = self.index(left, right);
                add_tile(weighted, &block[right * BLOCK..], &mut self.tiles[index]);
            }
        }
    }

    /// Adds the rows of another.
    pub(super) fn add(&mut self, other: &Self) {
        add_all(
            self.tiles.as_flattened_mut().as_flattened_mut(),
            other.tiles.as_flattened().as_flattened(),
        );
    }

    /// The entry of columns j ≤ k.
    pub(super) fn get(&self, j: usize, k: usize) -> f64 {
        self.tiles[self.index(j / LANES, k / LANES)][j % LANES][k % LANES]
    }

    fn index(&self, left: usize, right: usize) -> usize {
        left * self.panels - left * (left + 1) / 2 + right
    }
}

fn add_tile(left: &[[f64; LANES]], right: &[[f64; LANES]], tile: &mut [[f64; LANES]; LANES]) {
    let mut sums = *tile;
    for (left, right) in left.iter().zip(right) {
        for (sums, left) in sums.iter_mut().zip(left) {
            sums.iter_mut().zip(right).for_each(|(sum, right)| *sum += left * right);
        }
    }
    *tile = sums;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sums row by row, over chunk and block boundaries and a padded panel.
    #[test]
    fn moments_match_the_definition() {
        for rows in [1, BLOCK, BLOCK + 1, CHUNK, CHUNK + 3, 2 * CHUNK + 77] {
            let mut random = fastrand::Rng::with_seed(rows as u64);
            let columns: Vec<Vec<f64>> =
                (0..6).map(|_| (0..rows).map(|_| random.f64()).collect()).collect();
            let groups: Vec<u32> = (0..rows).map(|_| random.u32(0..3)).collect();
            let residuals: Vec<f64> = (0..rows).map(|_| random.f64() - 0.5).collect();
            let weights: Vec<f64> = (0..rows).map(|_| random.f64()).collect();
            let design = Design {
                columns: columns.iter().map(Vec::as_slice).collect(),
                spreads: vec![0.5, 1.0, 2.0, 1.0, 4.0, 1.0],
                groups: &groups,
                levels: 3,
            };
            let row = |i: usize| {
                let mut row = vec![0.0; 3];
                row[groups[i] as usize] = 1.0;
                row.extend((0..6).map(|k| columns[k][i] / design.spreads[k]));
                row
            };
            let (gradient, information) = design.moments(&residuals, &weights);
            let point = [0.1, 0.2, 0.3, 1.0, -1.0, 2.0, 0.0, 3.0, 0.5];
            let mut predictors = vec![f64::NAN; rows];
            design.predict(&point, &mut predictors);
            for (a, found) in gradient.iter().enumerate() {
                let direct: f64 = (0..rows).map(|i| residuals[i] * row(i)[a]).sum();
                assert!((found - direct).abs() < 1e-10 * rows as f64);
                for b in 0..information.order() {
                    let direct: f64 = (0..rows).map(|i| weights[i] * row(i)[a] * row(i)[b]).sum();
                    assert!(
                        (information.get(a, b) - direct).abs() < 1e-12 * rows as f64,
                        "{a} {b}"
                    );
                }
            }
            for (i, eta) in predictors.iter().enumerate() {
                let direct: f64 = row(i).iter().zip(&point).map(|(x, b)| x * b).sum();
                assert!((eta - direct).abs() < 1e-13);
            }
        }
    }

    #[test]
    fn a_constant_column_has_no_spread() {
        assert_eq!(spread(10_000, |_| 0.1), 0.0);
        assert_eq!(spread(2, |i| i as f64), 0.5);
        assert_eq!(spread(0, |_| 1.0), 0.0);
    }
}
