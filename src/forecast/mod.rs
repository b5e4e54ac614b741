//! Count regression, paired comparison and predictive intervals.

mod design;
pub mod error;
pub mod interval;
mod matrix;
mod negative_binomial;
mod newton;
mod overdispersion;
pub mod pairs;
pub mod regression;
mod sandwich;
