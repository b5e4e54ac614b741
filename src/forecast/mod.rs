//! The forecast: count regression, paired comparison, and how far what happens may be from what is expected.

mod design;
pub mod error;
pub mod interval;
mod matrix;
mod negative_binomial;
mod newton;
pub mod overdispersion;
pub mod pairs;
pub mod regression;
mod sandwich;
