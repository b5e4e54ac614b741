//! The forecast: how it is fitted, and how far what happens may be from it.

pub mod interval;
