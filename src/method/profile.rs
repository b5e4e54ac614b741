//! A profile: a named weighting of measures.

use serde::{Deserialize, Serialize};

use crate::method::{FitForm, Forecast, Method, ROLLING_ORIGIN};

/// Name of the profile that every run publishes.
pub const STANDARD: &str = "standard";

/// A named forecast by which everyone is scored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Name, as in the table `scores`.
    pub name: String,
    /// Version of the method with this forecast.
    pub method_version: String,
    /// Whether its coefficients are as they were fitted, without weights of a job.
    pub fitted: bool,
    /// Whether its coefficients were fitted to a label set: `expected_reactors` is then a scale and not a count.
    pub fitted_to_labels: bool,
    /// Whether only its level was learnt from data of the job, and its slopes came along.
    #[serde(default)]
    pub default_slopes: bool,
    /// Whether the data have no times, so that nothing is forecast.
    pub structural: bool,
    /// The forecast.
    pub forecast: Forecast,
}

impl Profile {
    /// The profile called `name` with the forecast of a method.
    pub fn of(name: &str, method: &Method) -> Self {
        Self {
            name: name.to_owned(),
            method_version: method.version.clone(),
            fitted: method.fitted,
            fitted_to_labels: method
                .fit
                .as_ref()
                .is_some_and(|record| record.target != ROLLING_ORIGIN),
            default_slopes: method.fit.as_ref().is_some_and(|record| record.form == FitForm::Level),
            structural: method.structural,
            forecast: method.forecast.clone(),
        }
    }
}
