//! The penalty on one measure's distance b from its default slopes.

use super::problem::Strength;
use crate::matrix::Symmetric;

/// Of several segments, so that the minimum is unique whatever the data and the strength.
const RIDGE: f64 = 0.001;

/// The penalty of one measure with so many segments.
pub(super) struct Penalty {
    segments: usize,
    strength: Strength,
}

impl Penalty {
    pub(super) fn new(segments: usize, strength: Strength) -> Self {
        Self { segments, strength }
    }

    /// mean(b)²/2τ² + Σ(b_j+1 − b_j)²/2δ² + ridge·Σb².
    pub(super) fn value(&self, b: &[f64]) -> f64 {
        let Strength { tau, delta } = self.strength;
        let mean = self.mean(b) / tau;
        let squares = b.iter().fold(0.0, |sum, b| sum + b * b);
        let steps = b.windows(2).map(|pair| (pair[1] - pair[0]) / delta);
        let steps = steps.fold(0.0, |sum, step| sum + step * step);
        0.5 * (mean * mean + steps) + self.ridge() * squares
    }

    /// Adds its derivatives by b.
    pub(super) fn add_gradient(&self, b: &[f64], gradient: &mut [f64]) {
        let Strength { tau, delta } = self.strength;
        let by_mean = self.mean(b) / tau / tau / self.segments as f64;
        for (sum, b) in gradient.iter_mut().zip(b) {
            *sum += by_mean + 2.0 * self.ridge() * b;
        }
        for (j, pair) in b.windows(2).enumerate() {
            let step = (pair[1] - pair[0]) / delta / delta;
            gradient[j] -= step;
            gradient[j + 1] += step;
        }
    }

    /// Adds its second derivatives, from row and column `first` on.
    pub(super) fn add_hessian(&self, first: usize, hessian: &mut Symmetric) {
        let by_mean = (1.0 / self.strength.tau / self.segments as f64).powi(2);
        let by_step = (1.0 / self.strength.delta).powi(2);
        for j in 0..self.segments {
            for k in j..self.segments {
                hessian.add(first + j, first + k, by_mean);
            }
            hessian.add(first + j, first + j, 2.0 * self.ridge());
            if j > 0 {
                hessian.add(first + j - 1, first + j - 1, by_step);
                hessian.add(first + j, first + j, by_step);
                hessian.add(first + j - 1, first + j, -by_step);
            }
        }
    }

    fn mean(&self, b: &[f64]) -> f64 {
        b.iter().fold(0.0, |sum, b| sum + b) / self.segments as f64
    }

    fn ridge(&self) -> f64 {
        if self.segments > 1 { RIDGE } else { 0.0 }
    }
}
