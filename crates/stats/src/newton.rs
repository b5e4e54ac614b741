//! Projected Newton: a smooth convex objective under x_k ≥ 0 for some k.
//!
//! # Formula
//!
//! ```text
//! A = { k bounded : x_k ≤ ε and g_k > 0 },   d_F = −H_FF⁻¹·g_F,   d_k = −g_k / H_kk for k in A
//! x(t) = [x + t·d]₊,   t = 1, ½, ¼, … until
//! f(x) − f(x(t)) ≥ σ·( −t·Σ_F g·d + Σ_A g_k·(x_k − x_k(t)) )
//! ```
//!
//! with gradient g, Hessian H, F the coordinates that are not in A, ε = min(10⁻³, ‖x − [x − g]₊‖∞)
//! and σ = 10⁻⁴. Source: Bertsekas 1982, *Projected Newton methods for optimization problems with
//! simple constraints*, §2. Coordinates that end at their bound are exactly 0.
//!
//! # Variant
//!
//! The line search forgives 10⁻¹²·(1 + |f|), which is what rounding makes of f near the minimum. A
//! parameter outside x may be refitted after each step ([`Objective::settle`]).
//!
//! Where many bounded coordinates say nearly the same, they may leave their bounds together and return, in turn, by steps
//! that lower f by less than rounding. An objective may therefore ask for the minimum of the quadratic model under the
//! bounds ([`Objective::COUPLED`]): d then is a descent direction that ends within them, and A is empty.
//!
//! # Stop rule
//!
//! ‖x − [x − g]₊‖∞ ≤ 10⁻⁸, a full step moves no coordinate by more than 10⁻⁸·(1 + |x_k|), and the
//! parameter outside x has settled. An objective may say which promised decrease is too small to matter
//! ([`Objective::negligible`]): a full step that promises less ends the search too, whatever its length, so that rounding
//! in directions in which f is flat is not chased.

use super::bounded_quadratic;
use super::error::FitError;
use super::matrix::Symmetric;

/// What counts as settled: gradient, step and overdispersion.
pub(super) const TOLERANCE: f64 = 1e-8;

const MAX_ITERATIONS: u32 = 200;
const MAX_HALVINGS: u32 = 50;
const NEAR_BOUND: f64 = 1e-3;
const SUFFICIENT: f64 = 1e-4;
const ROUNDING: f64 = 1e-12;

/// A function to minimise.
pub(super) trait Objective {
    /// Whether bounded coordinates may say nearly the same: a step then costs a few factors of H, not one.
    const COUPLED: bool = false;

    /// Moves to `point` and gives f there; infinite or NaN if it has no value.
    fn value(&mut self, point: &[f64]) -> f64;

    /// g and H at the point moved to last, which is `point`.
    fn derivatives(&self, point: &[f64]) -> (Vec<f64>, Symmetric);

    /// What counts as no decrease of f, which is `value`.
    fn negligible(&self, _value: f64) -> f64 {
        0.0
    }

    /// Refits the parameter outside the point; whether it stayed as it was.
    fn settle(&mut self) -> bool {
        true
    }
}

/// The minimum of an objective.
#[derive(Debug)]
pub(super) struct Minimum {
    /// The point, at which the objective was evaluated last.
    pub(super) point: Vec<f64>,
    /// Newton steps taken.
    pub(super) iterations: u32,
    /// ‖x − [x − g]₊‖∞.
    pub(super) optimality: f64,
}

struct Direction {
    step: Vec<f64>,
    active: Vec<bool>,
}

/// Minimises from `start`, with the coordinates that are `bounded` ≥ 0.
pub(super) fn minimise<O: Objective>(
    objective: &mut O,
    start: Vec<f64>,
    bounded: &[bool],
) -> Result<Minimum, FitError> {
    let mut point = start;
    let mut last = f64::INFINITY;
    objective.value(&point);
    let mut settled = objective.settle();
    for iterations in 0..MAX_ITERATIONS {
        let value = objective.value(&point);
        let (gradient, hessian) = objective.derivatives(&point);
        let optimality = optimality(&point, &gradient, bounded);
        last = optimality;
        let coupled = if O::COUPLED { coupled(&point, &gradient, &hessian, bounded) } else { None };
        let direction = match coupled {
            Some(direction) => direction,
            None => direction(&point, &gradient, &hessian, bounded, optimality)?,
        };
        let is_last = || {
            let full = reach(&point, &direction.step, 1.0, bounded);
            is_short(&point, &direction.step, bounded)
                || promised(&point, &full, &gradient, &direction, 1.0) < objective.negligible(value)
        };
        if settled && optimality <= TOLERANCE && is_last() {
            return Ok(Minimum { point, iterations, optimality });
        }
        point = search(objective, &point, value, &gradient, &direction, bounded)
            .ok_or(FitError::Stalled { iterations, optimality })?;
        settled = objective.settle();
    }
    Err(FitError::NotConverged { iterations: MAX_ITERATIONS, optimality: last })
}

/// ‖x − [x − g]₊‖∞, where only bounded coordinates are cut at 0.
fn optimality(point: &[f64], gradient: &[f64], bounded: &[bool]) -> f64 {
    let residual = |k: usize| point[k] - moved(point[k], -gradient[k], bounded[k]);
    // `max` would drop a NaN, which must not pass for convergence.
    (0..point.len()).map(|k| residual(k).abs()).fold(0.0, |max, r| if r <= max { max } else { r })
}

fn moved(from: f64, by: f64, bounded: bool) -> f64 {
    if bounded { (from + by).max(0.0) } else { from + by }
}

fn is_short(point: &[f64], step: &[f64], bounded: &[bool]) -> bool {
    point.iter().zip(step).zip(bounded).all(|((&from, &by), &bounded)| {
        (moved(from, by, bounded) - from).abs() <= TOLERANCE * (1.0 + from.abs())
    })
}

/// The point along a direction, cut at the bounds.
fn reach(point: &[f64], step: &[f64], length: f64, bounded: &[bool]) -> Vec<f64> {
    (0..point.len()).map(|k| moved(point[k], length * step[k], bounded[k])).collect()
}

/// How far f falls on the way to `trial`, to first order and as if no free coordinate were cut.
fn promised(
    point: &[f64],
    trial: &[f64],
    gradient: &[f64],
    direction: &Direction,
    length: f64,
) -> f64 {
    (0..point.len()).fold(0.0, |sum, k| {
        let free = -length * direction.step[k];
        sum + gradient[k] * if direction.active[k] { point[k] - trial[k] } else { free }
    })
}

/// The direction to the minimum of the quadratic model under the bounds.
fn coupled(
    point: &[f64],
    gradient: &[f64],
    hessian: &Symmetric,
    bounded: &[bool],
) -> Option<Direction> {
    let step = bounded_quadratic::minimum(point, gradient, hessian, bounded)?;
    Some(Direction { active: vec![false; step.len()], step })
}

fn direction(
    point: &[f64],
    gradient: &[f64],
    hessian: &Symmetric,
    bounded: &[bool],
    optimality: f64,
) -> Result<Direction, FitError> {
    let near = NEAR_BOUND.min(optimality);
    let is_active = |k: usize| bounded[k] && point[k] <= near && gradient[k] > 0.0;
    let active: Vec<bool> = (0..point.len()).map(is_active).collect();
    let free: Vec<usize> = (0..point.len()).filter(|&k| !active[k]).collect();
    let factor = hessian.principal(&free).cholesky().ok_or(FitError::Singular)?;
    let mut solved: Vec<f64> = free.iter().map(|&k| -gradient[k]).collect();
    factor.solve(&mut solved);
    // Any negative step takes an active coordinate that stands at 0 back to 0.
    let mut step: Vec<f64> = (0..point.len()).map(|k| -gradient[k] / hessian.get(k, k)).collect();
    free.iter().zip(solved).for_each(|(&k, solved)| step[k] = solved);
    Ok(Direction { step, active })
}

/// The first point along the projected direction that lowers the objective enough.
fn search(
    objective: &mut impl Objective,
    point: &[f64],
    value: f64,
    gradient: &[f64],
    direction: &Direction,
    bounded: &[bool],
) -> Option<Vec<f64>> {
    let slack = ROUNDING * (1.0 + value.abs());
    let mut length = 1.0;
    for _ in 0..MAX_HALVINGS {
        let trial = reach(point, &direction.step, length, bounded);
        let promised = promised(point, &trial, gradient, direction, length);
        // Not a number is not at most anything, so that such a trial is refused.
        if objective.value(&trial) <= value - SUFFICIENT * promised + slack {
            return Some(trial);
        }
        length *= 0.5;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ½·(x − c)ᵀ·A·(x − c) with A = [[2, 1.5], [1.5, 2]].
    struct Bowl([f64; 2]);

    impl Objective for Bowl {
        fn value(&mut self, x: &[f64]) -> f64 {
            let e = [x[0] - self.0[0], x[1] - self.0[1]];
            e[0] * e[0] + 1.5 * e[0] * e[1] + e[1] * e[1]
        }

        fn derivatives(&self, x: &[f64]) -> (Vec<f64>, Symmetric) {
            let e = [x[0] - self.0[0], x[1] - self.0[1]];
            let mut hessian = Symmetric::zero(2);
            hessian.add(0, 0, 2.0);
            hessian.add(0, 1, 1.5);
            hessian.add(1, 1, 2.0);
            (vec![2.0 * e[0] + 1.5 * e[1], 1.5 * e[0] + 2.0 * e[1]], hessian)
        }
    }

    #[test]
    fn a_bound_that_binds_moves_the_other_coordinate() {
        let centre = [1.0, -2.0];
        let free = minimise(&mut Bowl(centre), vec![5.0, 5.0], &[false, false]).unwrap();
        assert!((free.point[0] - 1.0).abs() < 1e-12 && (free.point[1] + 2.0).abs() < 1e-12);
        let bound = minimise(&mut Bowl(centre), vec![5.0, 5.0], &[false, true]).unwrap();
        // With x₁ = 0: 2·(x₀ − 1) + 1.5·2 = 0.
        assert!((bound.point[0] + 0.5).abs() < 1e-12);
        assert_eq!(bound.point[1], 0.0);
    }

    #[test]
    fn a_coordinate_leaves_its_bound_by_a_full_newton_step() {
        let end = minimise(&mut Bowl([1.0, 2.0]), vec![0.0, 0.0], &[true, true]).unwrap();
        assert!((end.point[0] - 1.0).abs() < 1e-12 && (end.point[1] - 2.0).abs() < 1e-12);
        assert_eq!(end.iterations, 1);
    }

    /// eˣ, which has no minimum.
    struct Falling;

    impl Objective for Falling {
        fn value(&mut self, x: &[f64]) -> f64 {
            libm::exp(x[0])
        }

        fn derivatives(&self, x: &[f64]) -> (Vec<f64>, Symmetric) {
            let mut hessian = Symmetric::zero(1);
            hessian.add(0, 0, libm::exp(x[0]));
            (vec![libm::exp(x[0])], hessian)
        }
    }

    #[test]
    fn a_minimum_at_infinity_is_an_error() {
        let end = minimise(&mut Falling, vec![0.0], &[false]);
        assert!(matches!(end, Err(FitError::NotConverged { .. })), "{end:?}");
    }
}
