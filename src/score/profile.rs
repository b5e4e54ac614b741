//! A profile: a named weighting of measures.

use serde::{Deserialize, Serialize};

use crate::method::{Forecast, Method};

/// Name of the profile that every run publishes.
pub const STANDARD: &str = "standard";

/// A named forecast by which everybody is scored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Version of the method that the forecast is from.
    pub method_version: String,
    /// Whether its coefficients were fitted, and not weighted since.
    pub fitted: bool,
    /// The forecast.
    pub forecast: Forecast,
}

impl Profile {
    /// The profile that every run publishes.
    pub fn standard(method: &Method) -> Self {
        Self {
            name: STANDARD.to_owned(),
            method_version: method.version.clone(),
            fitted: method.fitted,
            forecast: method.forecast.clone(),
        }
    }
}
