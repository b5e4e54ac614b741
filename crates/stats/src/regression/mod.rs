//! Negative-binomial (NB2) regression with a log link, a level per group and bounds on coefficients.
//!
//! # Formula
//!
//! ```text
//! ln μ_i = level[group_i] + Σ_k β_k·φ_k(i),    Var y_i = μ_i + α·μ_i²
//! f = −(1/n)·ℓ + ½·λ·Σ_{k ridged} (β_k·s_k)² + ½·(κ/n)·Σ_g (level_g − mean level)²
//!     + ½·ρ·(Σ_k β_k − e)²,  where Σ_k β_k would be above e without it
//! ```
//!
//! with ℓ the log likelihood and s_k the standard deviation of column k over the rows, so that λ
//! means the same at any scale and number of rows. Source: Cameron & Trivedi 2013, *Regression
//! Analysis of Count Data*, §3.3; Lawless 1987, *Negative binomial and mixed Poisson regression*.
//!
//! # Variant
//!
//! Levels are shrunk to their mean with κ = [`LEVEL_PRIOR`], the weight of a tenth of an outcome: a
//! group without any outcome keeps a finite level, one group alone is not moved. The mean is over
//! groups, each counting once. A column without spread has coefficient 0.
//!
//! Of columns that are logarithms of counts Σ_k β_k is the elasticity: outcomes grow by this power when all counts
//! grow alike. Where it comes out above a bound e, it is fitted again with ρ = [`ELASTICITY_PRIOR`], which keeps it
//! at the bound but for a trace: a fit to a period of growth then does not predict more than in proportion. As f is
//! convex, the minimum under the bound lies on it.
//!
//! Outcomes need not be whole: with α = 0 the estimate is then Poisson quasi-likelihood.
//!
//! # Solver
//!
//! For fixed α, f is convex (the weights μ(1 + αy)/(1 + αμ)² of the observed information are never
//! negative) and projected Newton applies. α is refitted after each step by maximum likelihood
//! within 10⁻⁶..10³ or as 0, until neither moves by more than 10⁻⁸.
//!
//! ```
//! use renown_stats::regression::{RegressionProblem, fit, standard_errors};
//!
//! // Where x is 1, outcomes are three times as high on average.
//! let x = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
//! let problem = RegressionProblem {
//!     columns: vec![&x],
//!     groups: &[0; 8],
//!     outcomes: &[2.0, 0.0, 5.0, 1.0, 4.0, 11.0, 2.0, 7.0],
//!     nonnegative: &[true],
//!     ridge: 0.0,
//!     ridged: &[false],
//!     max_elasticity: None,
//! };
//! let fitted = fit(&problem, None)?;
//! assert!((fitted.levels[0].exp() - 2.0).abs() < 1e-6);
//! assert!((fitted.coefficients[0].exp() - 3.0).abs() < 1e-6);
//!
//! // Each row is a cluster of its own.
//! let errors = standard_errors(&problem, &fitted, &[0, 1, 2, 3, 4, 5, 6, 7])?;
//! assert!(errors[0].is_some_and(|error| (0.2..1.0).contains(&error)));
//! # Ok::<(), renown_stats::error::FitError>(())
//! ```

mod estimate;
mod model;
mod problem;
mod robust;
#[cfg(test)]
mod tests;

pub use estimate::{fit, fit_dispersion};
pub use problem::{ELASTICITY_PRIOR, LEVEL_PRIOR, MAX_GROUPS, RegressionFit, RegressionProblem};
pub use robust::standard_errors;
