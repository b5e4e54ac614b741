//! Small dense symmetric matrices and their Cholesky factor.
//!
//! A = L·Lᵀ, row by row (Golub & Van Loan 2013, *Matrix Computations*, §4.2). A matrix that rounding
//! or a redundant column leaves without a positive pivot gets a ridge relative to each diagonal
//! entry, so that the scale of the columns does not matter.

/// A symmetric matrix, both triangles stored.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Symmetric {
    order: usize,
    entries: Vec<f64>,
}

/// The lower triangle L of A = L·Lᵀ.
#[derive(Debug)]
pub(super) struct Cholesky {
    order: usize,
    entries: Vec<f64>,
}

impl Symmetric {
    /// The zero matrix.
    pub(super) fn zero(order: usize) -> Self {
        Self { order, entries: vec![0.0; order * order] }
    }

    /// Rows, which are as many as columns.
    pub(super) fn order(&self) -> usize {
        self.order
    }

    /// One entry.
    pub(super) fn get(&self, row: usize, column: usize) -> f64 {
        self.entries[row * self.order + column]
    }

    /// Adds to an entry and to its mirror image.
    pub(super) fn add(&mut self, row: usize, column: usize, value: f64) {
        self.entries[row * self.order + column] += value;
        if row != column {
            self.entries[column * self.order + row] += value;
        }
    }

    /// Multiplies every entry.
    pub(super) fn scale(&mut self, factor: f64) {
        self.entries.iter_mut().for_each(|entry| *entry *= factor);
    }

    /// Multiplies each entry by the scale of its row, that of its column, and a factor.
    pub(super) fn rescale(&mut self, scales: &[f64], factor: f64) {
        for (row, scale) in self.entries.chunks_exact_mut(self.order.max(1)).zip(scales) {
            row.iter_mut().zip(scales).for_each(|(entry, other)| *entry *= scale * other * factor);
        }
    }

    /// The rows and columns `kept`, in that order.
    pub(super) fn principal(&self, kept: &[usize]) -> Self {
        let entries = kept.iter().flat_map(|&i| kept.iter().map(move |&j| self.get(i, j)));
        Self { order: kept.len(), entries: entries.collect() }
    }

    /// xᵀ·A·x.
    pub(super) fn quadratic(&self, x: &[f64]) -> f64 {
        let row = |i: usize| x.iter().enumerate().fold(0.0, |sum, (j, x)| sum + self.get(i, j) * x);
        x.iter().enumerate().fold(0.0, |sum, (i, x)| sum + x * row(i))
    }

    /// The factor, with the smallest ridge of 0, 10⁻¹², 10⁻¹⁰, … 10⁻² of the diagonal that has one.
    pub(super) fn cholesky(&self) -> Option<Cholesky> {
        let ridges = [0.0, 1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2];
        ridges.iter().find_map(|ridge| self.cholesky_with(*ridge))
    }

    fn cholesky_with(&self, ridge: f64) -> Option<Cholesky> {
        let n = self.order;
        let mut lower = self.entries.clone();
        for i in 0..n {
            let (above, row) = lower.split_at_mut(i * n);
            for j in 0..i {
                let done = &above[j * n..j * n + j + 1];
                let known = (0..j).fold(0.0, |sum, k| sum + row[k] * done[k]);
                row[j] = (row[j] - known) / done[j];
            }
            let whole = row[i] * (1.0 + ridge);
            let pivot = row[..i].iter().fold(whole, |rest, entry| rest - entry * entry);
            // A pivot of rounding errors alone is no pivot.
            if !(pivot > 1e-14 * whole && pivot.is_finite()) {
                return None;
            }
            row[i] = libm::sqrt(pivot);
        }
        Some(Cholesky { order: n, entries: lower })
    }
}

impl Cholesky {
    /// Replaces b by the solution x of A·x = b.
    pub(super) fn solve(&self, b: &mut [f64]) {
        let n = self.order;
        for i in 0..n {
            let row = &self.entries[i * n..i * n + i + 1];
            let known = (0..i).fold(0.0, |sum, k| sum + row[k] * b[k]);
            b[i] = (b[i] - known) / row[i];
        }
        for i in (0..n).rev() {
            let row = &self.entries[i * n..i * n + i + 1];
            b[i] /= row[i];
            let solved = b[i];
            b[..i].iter_mut().zip(row).for_each(|(b, entry)| *b -= entry * solved);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(entries: &[&[f64]]) -> Symmetric {
        Symmetric { order: entries.len(), entries: entries.concat() }
    }

    #[test]
    fn factored_systems_are_solved() {
        let a = matrix(&[&[4.0, 2.0, 1.0], &[2.0, 5.0, 3.0], &[1.0, 3.0, 6.0]]);
        let mut x = [1.0 * 4.0 - 2.0 * 2.0 + 3.0, 2.0 - 10.0 + 9.0, 1.0 - 6.0 + 18.0];
        a.cholesky().unwrap().solve(&mut x);
        for (x, known) in x.iter().zip([1.0, -2.0, 3.0]) {
            assert!((x - known).abs() < 1e-14);
        }
        assert_eq!(a.quadratic(&[1.0, -2.0, 3.0]), 3.0 - 2.0 + 3.0 * 13.0);
        assert_eq!(a.principal(&[2, 0]), matrix(&[&[6.0, 1.0], &[1.0, 4.0]]));
    }

    #[test]
    fn a_redundant_column_gets_a_ridge_and_an_indefinite_matrix_no_factor() {
        let redundant = matrix(&[&[1.0, 1.0], &[1.0, 1.0]]);
        assert!(redundant.cholesky_with(0.0).is_none());
        let mut x = [2.0, 2.0];
        redundant.cholesky().unwrap().solve(&mut x);
        assert!((x[0] + x[1] - 2.0).abs() < 1e-3);
        assert!(matrix(&[&[1.0, 2.0], &[2.0, 1.0]]).cholesky().is_none());
        assert!(matrix(&[&[f64::NAN]]).cholesky().is_none());
    }
}
