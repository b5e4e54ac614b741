//! The objective that a fit minimises, its derivatives, and where it begins.

use rayon::prelude::*;

use super::penalty::Penalty;
use super::problem::{AdditiveProblem, EMPTY_GROUP_PSEUDOCOUNT};
use super::segments::{Segments, chunk_length};
use crate::design::sum;
use crate::error::FitError;
use crate::matrix::Symmetric;
use crate::newton::{Minimum, Objective, minimise};

/// A Newton step that promises to lower f, which is about 1, by less than this changes nothing.
const NEGLIGIBLE: f64 = 1e-16;

/// The objective f at a point; a changes from one minimisation to the next. Rows that weigh nothing are left out.
///
/// A point is levels, then slots, each times its unit; f is divided by the sum of the rows' curvatures at the start.
pub(super) struct Model {
    pub(super) segments: Segments,
    /// The level of each group that has rows.
    pub(super) level_of: Vec<Option<usize>>,
    pub(super) outcomes: Vec<f64>,
    pub(super) weights: Vec<f64>,
    pub(super) offsets: Vec<f64>,
    /// a.
    pub(super) overdispersion: f64,
    /// η of every row.
    pub(super) predictors: Vec<f64>,
    /// Outcomes that are added to those of each level.
    pseudocounts: Vec<f64>,
    defaults: Vec<f64>,
    penalties: Vec<Penalty>,
    units: Vec<f64>,
    total: f64,
}

impl Model {
    /// The model of a valid problem.
    pub(super) fn new(problem: &AdditiveProblem) -> Self {
        let weight = |i: usize| problem.weights.map_or(1.0, |weights| weights[i]);
        let rows: Vec<usize> = (0..problem.outcomes.len()).filter(|&i| weight(i) > 0.0).collect();
        let groups = problem.groups.iter().max().map_or(0, |&last| last as usize + 1);
        let mut has_rows = vec![false; groups];
        rows.iter().for_each(|&i| has_rows[problem.groups[i] as usize] = true);
        let mut levels = 0;
        let number = |has_rows: bool| {
            levels += usize::from(has_rows);
            has_rows.then(|| levels - 1)
        };
        let level_of: Vec<Option<usize>> = has_rows.into_iter().map(number).collect();
        let level = |&i: &usize| level_of[problem.groups[i] as usize].unwrap_or(0) as u32;
        let counts: Vec<usize> = problem.default_slopes.iter().map(Vec::len).collect();
        let in_level = rows.iter().map(level).collect();
        let segments = Segments::new(&problem.measures, &counts, &rows, in_level, levels);
        let gather = |value: &dyn Fn(usize) -> f64| rows.iter().map(|&i| value(i)).collect();
        let outcomes: Vec<f64> = gather(&|i| problem.outcomes[i]);
        let weights: Vec<f64> = gather(&weight);
        Self {
            pseudocounts: pseudocounts(&segments, &outcomes, &weights),
            level_of,
            offsets: gather(&|i| problem.offsets.map_or(0.0, |offsets| offsets[i])),
            overdispersion: 0.0,
            predictors: vec![0.0; outcomes.len()],
            defaults: problem.default_slopes.concat(),
            penalties: counts.iter().map(|&n| Penalty::new(n, problem.strength)).collect(),
            units: vec![1.0; segments.width()],
            total: 1.0,
            segments,
            outcomes,
            weights,
        }
    }

    /// The default slopes, with levels at which each group's means add up to its outcomes; in natural units.
    pub(super) fn first_point(&mut self) -> Vec<f64> {
        let levels = self.segments.levels;
        let mut point = vec![0.0; levels];
        point.extend(&self.defaults);
        self.segments.predict(&point, &self.offsets, &mut self.predictors);
        let groups = || self.segments.groups.iter().map(|&group| group as usize);
        let mut largest = vec![f64::NEG_INFINITY; levels];
        for (level, eta) in groups().zip(&self.predictors) {
            largest[level] = largest[level].max(*eta);
        }
        let (mut outcomes, mut means) = (self.pseudocounts.clone(), vec![0.0; levels]);
        for (i, level) in groups().enumerate() {
            outcomes[level] += self.weights[i] * self.outcomes[i];
            means[level] += self.weights[i] * libm::exp(self.predictors[i] - largest[level]);
        }
        for level in 0..levels {
            point[level] = libm::log(outcomes[level] / means[level]) - largest[level];
        }
        point
    }

    /// The minimum from a start, both in natural units.
    pub(super) fn minimise(&mut self, start: &[f64]) -> Result<Minimum, FitError> {
        self.units.fill(1.0);
        self.total = 1.0;
        self.value(start);
        let (_, hessian) = self.derivatives(start);
        self.total = (0..self.segments.levels).fold(0.0, |sum, k| sum + hessian.get(k, k));
        let unit = |k: usize| libm::sqrt(hessian.get(k, k) / self.total);
        self.units = (0..start.len()).map(unit).collect();
        let point = start.iter().zip(&self.units).map(|(value, unit)| value * unit).collect();
        let levels = self.segments.levels;
        let bounded: Vec<bool> = (0..start.len()).map(|k| k >= levels).collect();
        let mut end = minimise(self, point, &bounded)?;
        end.point = self.natural(&end.point);
        Ok(end)
    }

    fn natural(&self, point: &[f64]) -> Vec<f64> {
        point.iter().zip(&self.units).map(|(value, unit)| value / unit).collect()
    }

    /// b of each measure, with its penalty and where it begins in a point.
    fn differences(&self, point: &[f64]) -> Vec<(&Penalty, usize, Vec<f64>)> {
        let levels = self.segments.levels;
        let difference = |slot: usize| point[levels + slot] - self.defaults[slot];
        let measures = self.penalties.iter().zip(&self.segments.slots);
        measures
            .map(|(penalty, slots)| {
                (penalty, levels + slots.start, slots.clone().map(difference).collect())
            })
            .collect()
    }
}

/// Outcomes to add to those of each level: some if all of its own are 0.
fn pseudocounts(segments: &Segments, outcomes: &[f64], weights: &[f64]) -> Vec<f64> {
    let mut rows = vec![(0.0, 0.0, 0.0); segments.levels];
    for ((group, outcome), weight) in segments.groups.iter().zip(outcomes).zip(weights) {
        let (count, weighted, observed) = &mut rows[*group as usize];
        *count += 1.0;
        *weighted += weight;
        *observed += outcome;
    }
    let pseudocount = |(count, weighted, observed)| {
        if observed == 0.0 { EMPTY_GROUP_PSEUDOCOUNT * weighted / count } else { 0.0 }
    };
    rows.into_iter().map(pseudocount).collect()
}

/// −ℓ of a row.
fn loss(eta: f64, y: f64, a: f64) -> f64 {
    if a == 0.0 {
        return libm::exp(eta) - y * eta;
    }
    let u = libm::exp(0.5 * eta);
    let t = a * u;
    2.0 * (u * u * excess(t) - y * (0.5 * eta - libm::log1p(t)))
}

/// (t − ln(1 + t))/t², which is ½ at 0.
fn excess(t: f64) -> f64 {
    if t > 0.3 {
        return (t - libm::log1p(t)) / t / t;
    }
    // ln(1 + t) = 2·artanh(v), whose first term takes t away exactly: the difference above would lose its digits.
    let w = 1.0 / (2.0 + t);
    let v = t * w;
    let square = v * v;
    let series =
        (3..=23).rev().step_by(2).fold(0.0, |sum, odd| sum * square + 1.0 / f64::from(odd));
    w - 2.0 * v * w * w * series
}

/// ∂ℓ/∂η and −∂²ℓ/∂η² of a row.
fn score(eta: f64, y: f64, a: f64) -> (f64, f64) {
    let u = libm::exp(0.5 * eta);
    let (mean, t) = (u * u, a * u);
    let variance = 1.0 + t;
    let curvature = (mean * (1.0 + 0.5 * t) + 0.5 * y * t) / variance / variance;
    ((y - mean) / variance, curvature)
}

impl Objective for Model {
    const COUPLED: bool = true;

    fn value(&mut self, point: &[f64]) -> f64 {
        let point = self.natural(point);
        self.segments.predict(&point, &self.offsets, &mut self.predictors);
        let row = |i: usize| {
            self.weights[i] * loss(self.predictors[i], self.outcomes[i], self.overdispersion)
        };
        let loss = sum(self.outcomes.len(), row);
        let added =
            point.iter().zip(&self.pseudocounts).fold(0.0, |sum, (level, y)| sum + level * y);
        let differences = self.differences(&point);
        let penalty = differences.iter().fold(0.0, |sum, (penalty, _, b)| sum + penalty.value(b));
        (loss - added + penalty) / self.total
    }

    fn derivatives(&self, point: &[f64]) -> (Vec<f64>, Symmetric) {
        let point = self.natural(point);
        let row = |i: usize| {
            let (slope, curvature) =
                score(self.predictors[i], self.outcomes[i], self.overdispersion);
            (self.weights[i] * slope, self.weights[i] * curvature)
        };
        let rows = self.outcomes.len();
        let (residuals, weights): (Vec<f64>, Vec<f64>) = (0..rows).into_par_iter().map(row).unzip();
        let chunk = chunk_length(rows);
        let (mut gradient, mut hessian) = self.segments.moments(&residuals, &weights, chunk);
        gradient.iter_mut().for_each(|sum| *sum = -*sum);
        gradient.iter_mut().zip(&self.pseudocounts).for_each(|(sum, count)| *sum -= count);
        for (penalty, first, b) in self.differences(&point) {
            penalty.add_gradient(&b, &mut gradient[first..first + b.len()]);
            penalty.add_hessian(first, &mut hessian);
        }
        let scales: Vec<f64> = self.units.iter().map(|unit| 1.0 / unit).collect();
        gradient.iter_mut().zip(&scales).for_each(|(sum, scale)| *sum *= scale / self.total);
        hessian.rescale(&scales, 1.0 / self.total);
        (gradient, hessian)
    }

    fn negligible(&self, value: f64) -> f64 {
        NEGLIGIBLE * (1.0 + value.abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_overdispersion_loses_no_digits() {
        for (eta, y) in [(-30.0, 0.0), (-2.0, 1.0), (0.0, 3.0), (3.0, 20.0), (13.8, 1e6)] {
            let (u, poisson) = (libm::exp(0.5 * eta), loss(eta, y, 0.0));
            for a in [1e-300, 1e-20, 1e-13] {
                let apart = (loss(eta, y, a) - poisson).abs();
                let first_order = 2.0 * a * u * (y + u * u);
                assert!(
                    apart <= 4e-15 * (1.0 + y * eta.abs()) + first_order,
                    "{eta} {y} {a} {apart}"
                );
            }
            // The first order in a is exact: ∂(−ℓ)/∂a = −⅔·u³ + 2·y·u at a = 0.
            let a = 1e-6 / (1.0 + u);
            let slope = (loss(eta, y, a) - poisson) / a;
            let exact = 2.0 * y * u - 2.0 / 3.0 * u * u * u;
            assert!((slope - exact).abs() <= 1e-4 * (1.0 + exact.abs() + u * u), "{slope} {exact}");
            // The two forms of the difference meet.
            let a = 0.3 / u;
            let both = [a * (1.0 - 1e-13), a * (1.0 + 1e-13)].map(|a| loss(eta, y, a));
            assert!((both[0] - both[1]).abs() <= 1e-11 * (1.0 + both[0].abs()), "{both:?}");
        }
    }

    #[test]
    fn every_row_is_convex() {
        let mut random = fastrand::Rng::with_seed(9);
        for _ in 0..10_000 {
            let eta = 40.0 * random.f64() - 25.0;
            let y = libm::floor(libm::exp(14.0 * random.f64()) - 1.0);
            let a = libm::exp(16.0 * random.f64() - 9.0);
            let (slope, curvature) = score(eta, y, a);
            assert!(slope.is_finite() && curvature > 0.0, "{eta} {y} {a}");
        }
    }
}
