//! A profile: a named weighting of measures.

use serde::{Deserialize, Serialize};

use crate::method::{Forecast, Method, ROLLING_ORIGIN};

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
    /// Whether they were fitted to a label set: `expected_reactors` is then a scale and not a count.
    pub fitted_to_labels: bool,
    /// Whether the data have no times, so that nothing is foreseen.
    pub structural: bool,
    /// The forecast.
    pub forecast: Forecast,
}

impl Profile {
    /// The forecast of a method under a name.
    pub fn of(name: &str, method: &Method) -> Self {
        Self {
            name: name.to_owned(),
            method_version: method.version.clone(),
            fitted: method.fitted,
            fitted_to_labels: method
                .fit
                .as_ref()
                .is_some_and(|record| record.target != ROLLING_ORIGIN),
            structural: method.structural,
            forecast: method.forecast.clone(),
        }
    }
}
