//! What a fit gives.

use super::choice::TriedForecast;
use crate::method::Method;

/// A fitted method, and the forecasts that were tried.
#[derive(Debug)]
pub struct Fitted {
    /// The method.
    pub method: Method,
    /// The forecasts that were tried, the best single measure first; empty for a fit to labels, and for data that are too short to
    /// compare any.
    pub tried: Vec<TriedForecast>,
    /// Hours after the origins whose reactors were observed; fewer than the horizon where the data are shorter, 0 where they are too
    /// short to learn anything from.
    pub observed_hours: u32,
}
