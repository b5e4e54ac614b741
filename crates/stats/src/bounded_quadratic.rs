//! The minimum of a strictly convex quadratic function under bounds.
//!
//! # Formula
//!
//! ```text
//! min_d  gᵀ·d + ½·dᵀ·H·d    where x_k + d_k ≥ 0 for k bounded
//! ```
//!
//! With the set A of coordinates that end at their bound, d_A = −x_A and H_FF·d_F = −g_F + H_FA·x_A. A is right if x + d ≥ 0
//! in F and g + H·d ≥ 0 in A; coordinates where this fails change sides.
//!
//! # Variant
//!
//! All of them change at once, unless their number has not fallen for three rounds: then the last one alone (Murty's rule),
//! which ends after finitely many rounds. Source: Júdice & Pires 1994, *A block principal pivoting algorithm for large-scale
//! strictly monotone linear complementarity problems*. Rounding may keep a nearly singular H from an end: none is found then.

use super::matrix::Symmetric;

const MAX_ROUNDS: u32 = 100;

/// Rounds that may pass before coordinates change sides one by one.
const PATIENCE: u32 = 3;

/// What rounding makes of a zero.
const ROUNDING: f64 = 1e-14;

/// d, if it was found.
pub(super) fn minimum(
    point: &[f64],
    gradient: &[f64],
    hessian: &Symmetric,
    bounded: &[bool],
) -> Option<Vec<f64>> {
    let is_held = |k: usize| bounded[k] && point[k] <= 0.0 && gradient[k] > 0.0;
    let mut held: Vec<bool> = (0..point.len()).map(is_held).collect();
    let largest = gradient.iter().fold(0.0, |max: f64, g| max.max(g.abs()));
    let (mut fewest, mut patience) = (usize::MAX, PATIENCE);
    for _ in 0..MAX_ROUNDS {
        let step = step(point, gradient, hessian, &held)?;
        let is_wrong = |&k: &usize| {
            if held[k] {
                slope(k, gradient, hessian, &step) < -ROUNDING * largest
            } else {
                bounded[k] && point[k] + step[k] < -ROUNDING * (1.0 + point[k])
            }
        };
        let wrong: Vec<usize> = (0..point.len()).filter(is_wrong).collect();
        let Some(last) = wrong.last() else { return Some(step) };
        if wrong.len() < fewest {
            (fewest, patience) = (wrong.len(), PATIENCE);
        } else {
            patience = patience.saturating_sub(1);
        }
        let changed = if patience > 0 { &wrong[..] } else { std::slice::from_ref(last) };
        changed.iter().for_each(|&k| held[k] = !held[k]);
    }
    None
}

/// d for a set A.
fn step(point: &[f64], gradient: &[f64], hessian: &Symmetric, held: &[bool]) -> Option<Vec<f64>> {
    let mut step: Vec<f64> =
        (0..point.len()).map(|k| if held[k] { -point[k] } else { 0.0 }).collect();
    let free: Vec<usize> = (0..point.len()).filter(|&k| !held[k]).collect();
    let mut solved: Vec<f64> = free.iter().map(|&k| -slope(k, gradient, hessian, &step)).collect();
    hessian.principal(&free).cholesky()?.solve(&mut solved);
    free.iter().zip(solved).for_each(|(&k, solved)| step[k] = solved);
    Some(step)
}

/// The derivative by a coordinate after a step.
fn slope(k: usize, gradient: &[f64], hessian: &Symmetric, step: &[f64]) -> f64 {
    step.iter().enumerate().fold(gradient[k], |sum, (j, step)| sum + hessian.get(k, j) * step)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Random problems, many of whose columns are nearly alike: all conditions of the minimum hold.
    #[test]
    fn the_conditions_of_the_minimum_hold() {
        let mut random = fastrand::Rng::with_seed(2);
        for round in 0..300 {
            let n = 1 + round % 40;
            let common: Vec<f64> = (0..60).map(|_| random.f64()).collect();
            let mut column = || common.iter().map(|c| c + 0.1 * random.f64()).collect();
            let columns: Vec<Vec<f64>> = (0..n).map(|_| column()).collect();
            let mut hessian = Symmetric::zero(n);
            for j in 0..n {
                hessian.add(j, j, 1e-3);
                for k in j..n {
                    let products = columns[j].iter().zip(&columns[k]).map(|(a, b)| a * b);
                    hessian.add(j, k, products.sum());
                }
            }
            let gradient: Vec<f64> = (0..n).map(|_| random.f64() - 0.5).collect();
            let value = |r: &mut fastrand::Rng| if r.bool() { 0.0 } else { r.f64() };
            let point: Vec<f64> = (0..n).map(|_| value(&mut random)).collect();
            let bounded: Vec<bool> = (0..n).map(|k| k % 7 != 3).collect();
            let step = minimum(&point, &gradient, &hessian, &bounded).unwrap();
            for k in 0..n {
                let (end, slope) = (point[k] + step[k], slope(k, &gradient, &hessian, &step));
                if bounded[k] {
                    assert!(end > -1e-10 && slope > -1e-10, "{k} {end} {slope}");
                    assert!(end.min(slope) < 1e-10, "{k} {end} {slope}");
                } else {
                    assert!(slope.abs() < 1e-10, "{k} {slope}");
                }
            }
        }
    }
}
