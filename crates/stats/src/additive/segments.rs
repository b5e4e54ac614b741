//! Rows by segment, and the sums over them that a Newton step needs.

use std::ops::Range;

use rayon::prelude::*;

use super::curve::{locate, width};
use crate::design::{CHUNK, in_order};
use crate::matrix::Symmetric;

/// Chunks at most, each of which holds 32 bytes for each pair of slots while it is summed.
const MAX_CHUNKS: usize = 16;

/// Rows of a chunk at least.
const MIN_CHUNK: usize = 1024;

/// Rows that one thread sums, of so many.
pub(super) fn chunk_length(rows: usize) -> usize {
    rows.div_ceil(MAX_CHUNKS).max(MIN_CHUNK)
}

/// The measures of all rows that are above 0. A slot is a segment of a measure.
pub(super) struct Segments {
    /// Where the entries of each row begin, and where the last ones end.
    begins: Vec<usize>,
    entries: Vec<Entry>,
    /// The slots of each measure.
    pub(super) slots: Vec<Range<usize>>,
    /// What a value in a higher segment has in each slot; 0 in a measure's last.
    widths: Vec<f64>,
    /// The level of each row.
    pub(super) groups: Vec<u32>,
    /// How many levels there are.
    pub(super) levels: usize,
}

/// A value: its slot, and how far it reaches into it.
struct Entry {
    slot: u32,
    rest: f64,
}

/// What a chunk adds: sums of r and w as in [`Segments::moments`], times 1 and `rest`.
struct Moments {
    residuals: Vec<f64>,
    weights: Vec<f64>,
    gradient: Vec<[f64; 2]>,
    /// Level by slot.
    cross: Vec<[f64; 2]>,
    /// Slot by slot, that of the lower measure first: times 1 and its `rest`, each times 1 and the other's.
    pairs: Vec<[f64; 4]>,
}

impl Segments {
    /// The `rows` of columns, each cut into so many `segments`.
    pub(super) fn new(
        columns: &[&[f64]],
        segments: &[usize],
        rows: &[usize],
        groups: Vec<u32>,
        levels: usize,
    ) -> Self {
        let (mut slots, mut widths) = (Vec::with_capacity(columns.len()), Vec::new());
        for &count in segments {
            slots.push(widths.len()..widths.len() + count);
            widths.extend((0..count).map(|j| if j + 1 < count { width(j) } else { 0.0 }));
        }
        let (mut begins, mut entries) = (vec![0], Vec::new());
        for &row in rows {
            for (column, slots) in columns.iter().zip(&slots) {
                if column[row] > 0.0 {
                    let (segment, rest) = locate(column[row], slots.len());
                    entries.push(Entry { slot: (slots.start + segment) as u32, rest });
                }
            }
            begins.push(entries.len());
        }
        Self { begins, entries, slots, widths, groups, levels }
    }

    /// Levels and slots: the length of a point.
    pub(super) fn width(&self) -> usize {
        self.levels + self.widths.len()
    }

    /// Puts η of every row into `predictors`: level and offset, to which the measures are added in their order.
    pub(super) fn predict(&self, point: &[f64], offsets: &[f64], predictors: &mut [f64]) {
        let (levels, slopes) = point.split_at(self.levels);
        let mut heights = vec![0.0; slopes.len()];
        for slots in &self.slots {
            for slot in slots.start + 1..slots.end {
                heights[slot] = heights[slot - 1] + slopes[slot - 1] * self.widths[slot - 1];
            }
        }
        predictors.par_chunks_mut(CHUNK).enumerate().for_each(|(index, predictors)| {
            for (place, predictor) in predictors.iter_mut().enumerate() {
                let row = index * CHUNK + place;
                let start = levels[self.groups[row] as usize] + offsets[row];
                *predictor = self.row(row).iter().fold(start, |sum, entry| {
                    let slot = entry.slot as usize;
                    sum + (heights[slot] + slopes[slot] * entry.rest)
                });
            }
        });
    }

    /// Σ r·(e, s) and Σ w·(e, s)·(e, s)ᵀ for r = `residuals` and w = `weights`, with e the unit vector of a row's level and
    /// s what the row has in each slot.
    pub(super) fn moments(
        &self,
        residuals: &[f64],
        weights: &[f64],
        chunk: usize,
    ) -> (Vec<f64>, Symmetric) {
        let mut total = self.no_rows();
        let partial = |rows| self.chunk(rows, residuals, weights);
        in_order(residuals.len(), chunk, partial, |partial| total.add(&partial));
        self.assemble(&total)
    }

    fn row(&self, row: usize) -> &[Entry] {
        &self.entries[self.begins[row]..self.begins[row + 1]]
    }

    fn no_rows(&self) -> Moments {
        let slots = self.widths.len();
        Moments {
            residuals: vec![0.0; self.levels],
            weights: vec![0.0; self.levels],
            gradient: vec![[0.0; 2]; slots],
            cross: vec![[0.0; 2]; self.levels * slots],
            pairs: vec![[0.0; 4]; slots * slots],
        }
    }

    fn chunk(&self, rows: Range<usize>, residuals: &[f64], weights: &[f64]) -> Moments {
        let mut sums = self.no_rows();
        let slots = self.widths.len();
        for row in rows {
            let (residual, weight) = (residuals[row], weights[row]);
            let (level, entries) = (self.groups[row] as usize, self.row(row));
            sums.residuals[level] += residual;
            sums.weights[level] += weight;
            for (place, one) in entries.iter().enumerate() {
                let slot = one.slot as usize;
                let weighted = weight * one.rest;
                add(&mut sums.gradient[slot], &[residual, residual * one.rest]);
                add(&mut sums.cross[level * slots + slot], &[weight, weighted]);
                let pairs = &mut sums.pairs[slot * slots..][..slots];
                for other in &entries[place..] {
                    let products = [weight, weight * other.rest, weighted, weighted * other.rest];
                    add(&mut pairs[other.slot as usize], &products);
                }
            }
        }
        sums
    }

    fn assemble(&self, total: &Moments) -> (Vec<f64>, Symmetric) {
        let (levels, slots) = (self.levels, self.widths.len());
        let mut gradient = total.residuals.clone();
        gradient.resize(self.width(), 0.0);
        let mut hessian = Symmetric::zero(self.width());
        for level in 0..levels {
            hessian.add(level, level, total.weights[level]);
        }
        for (k, one) in self.slots.iter().enumerate() {
            self.expand(
                one,
                |slot| total.gradient[slot],
                |slot, sum| gradient[levels + slot] = sum,
            );
            for level in 0..levels {
                let sums = |slot| total.cross[level * slots + slot];
                self.expand(one, sums, |slot, sum| hessian.add(level, levels + slot, sum));
            }
            for other in &self.slots[k..] {
                self.expand_pair(total, one, other, |slot, with, sum| {
                    if slot <= with {
                        hessian.add(levels + slot, levels + with, sum);
                    }
                });
            }
        }
        (gradient, hessian)
    }

    /// For each slot of a measure the sum over rows of what they have in it, from sums by the slot that they are in.
    fn expand(
        &self,
        slots: &Range<usize>,
        sums: impl Fn(usize) -> [f64; 2],
        mut put: impl FnMut(usize, f64),
    ) {
        let mut above = 0.0;
        for slot in slots.clone().rev() {
            let [whole, rest] = sums(slot);
            put(slot, self.widths[slot] * above + rest);
            above += whole;
        }
    }

    /// The same for the products of two measures.
    fn expand_pair(
        &self,
        total: &Moments,
        one: &Range<usize>,
        other: &Range<usize>,
        mut put: impl FnMut(usize, usize, f64),
    ) {
        let width = self.widths.len();
        // By slot of the first measure and slot that the second is in.
        let mut half = vec![[0.0; 2]; one.len() * other.len()];
        for with in other.clone() {
            for times in 0..2 {
                let sums = |slot: usize| {
                    let pair = &total.pairs[slot * width + with];
                    [pair[times], pair[2 + times]]
                };
                self.expand(one, sums, |slot, sum| {
                    half[(slot - one.start) * other.len() + with - other.start][times] = sum;
                });
            }
        }
        for slot in one.clone() {
            let sums = &half[(slot - one.start) * other.len()..];
            self.expand(other, |with| sums[with - other.start], |with, sum| put(slot, with, sum));
        }
    }
}

impl Moments {
    fn add(&mut self, other: &Self) {
        add_all(&mut self.residuals, &other.residuals);
        add_all(&mut self.weights, &other.weights);
        add_all(self.gradient.as_flattened_mut(), other.gradient.as_flattened());
        add_all(self.cross.as_flattened_mut(), other.cross.as_flattened());
        add_all(self.pairs.as_flattened_mut(), other.pairs.as_flattened());
    }
}

fn add<const N: usize>(sums: &mut [f64; N], values: &[f64; N]) {
    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
}

fn add_all(sums: &mut [f64], values: &[f64]) {
    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
}
