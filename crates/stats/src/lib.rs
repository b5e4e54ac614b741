//! Statistics over slices: count regression, dispersion, intervals, rank correlation and paired comparison.

pub mod bradley_terry;
mod design;
pub mod error;
pub mod interval;
mod matrix;
pub mod metrics;
mod negative_binomial;
mod newton;
pub mod overdispersion;
pub mod percentile;
pub mod regression;
mod sandwich;
