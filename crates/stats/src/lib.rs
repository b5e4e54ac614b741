//! Statistics over slices: count regression, predictive distributions, resampling and metrics of agreement.
//!
//! | module | what it has |
//! |---|---|
//! | [`regression`] | negative-binomial regression with bounds, ridge and cluster-robust standard errors |
//! | [`additive`] | additive monotone regression of counts: a curve per measure, shrunk to default slopes |
//! | [`overdispersion`] | how the variance of counts grows with their mean |
//! | [`predictive_distribution`] | distribution, quantiles and intervals of a forecast count; log score and PIT |
//! | [`bradley_terry`] | paired comparison by measures, with weights |
//! | [`spline`] | a smooth basis of a measure's logarithm |
//! | [`quantiles`] | percentile ranks, medians, quantiles |
//! | [`ranking`] | items in order of a value, with ties |
//! | [`concordance`] | Harrell's C with the influence of each item |
//! | [`correlation`] | Spearman's ρ, Kendall's τ-b |
//! | [`classification`] | area under the ROC curve, pairwise accuracy |
//! | [`retrieval`] | NDCG, precision of the first k |
//! | [`calibration`] | observed over expected, calibration intercept and slope |
//! | [`resampling`] | bootstrap and jackknife |
//!
//! All results have the same bits at any number of threads. Nothing here knows of files, columns, async or logging.
//!
//! # A metric with its interval
//!
//! Metrics take how often each item counts, so that a bootstrap need not copy or sort anything anew:
//!
//! ```
//! use renown_stats::correlation::spearman;
//! use renown_stats::ranking::Ranking;
//! use renown_stats::resampling::{bootstrap, interval_95};
//!
//! let forecast: Vec<f64> = (0..200).map(f64::from).collect();
//! let observed: Vec<f64> = (0..200).map(|i| f64::from(i + 97 * i % 61)).collect();
//! let (forecast, observed) = (Ranking::new(&forecast), Ranking::new(&observed));
//!
//! let rho = spearman(&forecast, &observed, &[1; 200]).unwrap();
//! let deviations = bootstrap(200, 200, 1, |multiplicities| {
//!     Some(spearman(&forecast, &observed, multiplicities)? - rho)
//! });
//! let (low, high) = interval_95(rho, deviations.into_iter()).unwrap();
//! assert!(0.9 < low && low < rho && rho < high && high < 1.0);
//! ```

pub mod additive;
mod bounded_quadratic;
pub mod bradley_terry;
pub mod calibration;
pub mod classification;
pub mod concordance;
pub mod correlation;
mod cumulative_counts;
mod design;
pub mod error;
mod matrix;
mod negative_binomial;
mod newton;
pub mod overdispersion;
mod pair_counts;
pub mod predictive_distribution;
pub mod quantiles;
pub mod ranking;
pub mod regression;
pub mod resampling;
pub mod retrieval;
mod sandwich;
pub mod spline;
