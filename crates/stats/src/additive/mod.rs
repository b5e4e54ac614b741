//! Additive monotone regression of counts: each measure acts by a curve of its own that never falls.
//!
//! # Formula
//!
//! ```text
//! η_i = γ[group_i] + offset_i + Σ_k f_k(z_ik),    μ_i = e^η_i,    Var y_i = μ_i + a·μ_i^1.5
//! f_k(0) = 0,   f_k linear between the KNOTS with slopes β_kj ≥ 0, the last of which goes on for ever
//! ℓ_i = 2·[ y·(η/2 − L) − (u − L/a)/a ],    u = e^(η/2),   L = ln(1 + a·u)
//! f = −Σ_i w_i·ℓ_i + Σ_k [ mean_j(b_kj)²/2τ² + Σ_j (b_k,j+1 − b_kj)²/2δ² + .001·Σ_j b_kj² ]
//! ```
//!
//! with b = β − β⁰, the distance to default slopes, and τ, δ the [`Strength`]. ℓ is the quasi-likelihood of that
//! variance (Wedderburn 1974, *Quasi-likelihood functions, generalized linear models, and the Gauss–Newton method*, §2);
//! piecewise linear curves whose steps of slope are shrunk are P-splines of degree 1 (Eilers & Marx 1996, *Flexible
//! smoothing with B-splines and penalties*, §3), and shrinking b makes β⁰ the mean of a normal prior.
//!
//! ```text
//! ∂ℓ/∂η = (y − μ)/(1 + a·u),    −∂²ℓ/∂η² = [μ·(1 + a·u/2) + y·a·u/2]/(1 + a·u)² ≥ 0
//! ```
//!
//! so that f is convex and has one minimum. As a → 0 ℓ becomes y·η − μ, that of Poisson.
//!
//! # Number of segments
//!
//! A measure has as many segments as it has default slopes, from 1 to 7. With one it acts by a line, f_k = β_k·z: for
//! single counts, or to pool networks. Its penalty is then b²/2τ² alone.
//!
//! # Variant
//!
//! Intercepts are not penalised. That of a group whose outcomes are all 0 would be −∞: [`EMPTY_GROUP_PSEUDOCOUNT`] is added
//! to the outcomes in the derivative by this intercept, and to no other. A group without rows (or whose rows all have
//! weight 0) gets the intercept at which the means of all rows together would add up to their outcomes: the best guess for a
//! group never seen.
//!
//! a is given, or fitted: the Poisson fit, then a by maximum likelihood of the negative binomial with that variance about
//! those means ([`crate::overdispersion`]), then the fit with a.
//!
//! # Solver
//!
//! Newton steps, each to the minimum of the quadratic model under the bounds (found by block pivoting, as neighbouring
//! segments and alike measures enter and leave their bounds together), with each coordinate in units of its curvature at
//! the start, where slopes are β⁰ and each group's means add up to its outcomes. f is strictly convex in the slopes, so that
//! columns that are alike, or 0 in all rows, need no care.
//!
//! A value z in segment j has the full width in every segment below j, r = z − KNOTS\[j\] in j, and 0 above. For each pair
//! of measures the four sums of w·{1, r}×{1, r'} by pair of segments are therefore enough: sums from above give all of the
//! Hessian's entries. A row costs four additions for each pair of its measures that are not 0.
//!
//! # Parallelism
//!
//! Rows are cut into at most 16 chunks, whose length depends on the number of rows alone. A chunk is summed by one thread
//! and chunks are added in order: the same bits at any number of threads.
//!
//! ```
//! use renown_stats::additive::{AdditiveProblem, STRENGTHS, effect, fit};
//!
//! // Outcomes grow with z up to 1.6 and no further.
//! let z = [0.0, 0.0, 0.7, 0.7, 1.6, 1.6, 2.4, 2.4, 3.4, 3.4, 4.6, 4.6];
//! let y = [1.0, 0.0, 2.0, 1.0, 5.0, 4.0, 4.0, 6.0, 5.0, 4.0, 6.0, 4.0];
//! let problem = AdditiveProblem {
//!     measures: vec![&z],
//!     groups: &[0; 12],
//!     offsets: None,
//!     outcomes: &y,
//!     weights: None,
//!     default_slopes: &[vec![0.3; 7]],
//!     strength: STRENGTHS[3],
//!     overdispersion: None,
//! };
//! let fitted = fit(&problem)?;
//! let curve = &fitted.slopes[0];
//! assert!(curve[0] > curve[4] && curve.iter().all(|slope| *slope >= 0.0));
//! assert!(effect(curve, 5.0) >= effect(curve, 4.6));
//! let means = fitted.means(&problem.measures, problem.groups, None)?;
//! assert!((means.iter().sum::<f64>() - 42.0).abs() < 2.0);
//! # Ok::<(), renown_stats::error::FitError>(())
//! ```

mod curve;
mod estimate;
mod model;
mod penalty;
mod problem;
mod segments;
#[cfg(test)]
mod tests;

pub use curve::{KNOTS, effect};
pub use estimate::{AdditiveFit, fit};
pub use problem::{AdditiveProblem, EMPTY_GROUP_PSEUDOCOUNT, STRENGTHS, Strength};
