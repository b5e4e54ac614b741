//! The record of a fit in a fitted method.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::renamed;

/// Target of a fit to the reactors observed after each origin.
pub const ROLLING_ORIGIN: &str = renamed::ROLLING_ORIGIN.1;

/// How the coefficients were fitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FitRecord {
    /// Name of the job with the data.
    pub job: String,
    /// Last day of the data.
    pub snapshot: String,
    /// SHA-256 of the rows left after consent, in hexadecimal digits.
    pub data_sha256: String,
    /// Version of Renown that fitted.
    pub renown_version: String,
    /// Target of the fit: `rolling_origin`, the reactors after each origin, or the name of a label set of `ground_truth`.
    pub target: String,
    /// Share of the people of the label set who were held out of the fit; `validate` compares only them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub held_out: f64,
    /// Hours from each origin to the end of the data, the oldest first; empty for a label set.
    pub origins_hours: Vec<u32>,
    /// Rows of the fit: a person on a network at an origin, or a pair of people.
    pub rows: u64,
    /// The best single measure, which the fit had to outperform.
    pub anchor: String,
    /// λ of the ridge penalty on all other coefficients.
    pub ridge: f64,
    /// Results on held-out data: later origins, or other people.
    pub validation: Validation,
}

fn is_zero(share: &f64) -> bool {
    *share == 0.0
}

/// Accuracy of the forecast on held-out data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Validation {
    /// Mean log probability of the observed values.
    pub log_score: f64,
    /// The same of the anchor alone.
    pub log_score_anchor: f64,
    /// For `rolling_origin`: Spearman's rank correlation with observed reactors among active people, the mean over origins
    /// and over trusted and all reactors. For a label set: share of pairs in the right order.
    pub agreement: f64,
    /// The same of the anchor alone.
    pub agreement_anchor: f64,
    /// Observed reactors / forecast reactors; 0 for a label set.
    pub observed_over_forecast: f64,
    /// Slope of the logarithm of observed reactors over that of the forecast; 1 is calibrated, 0 for a label set.
    pub calibration_slope: f64,
    /// Share of randomised probability integral transforms within the central 90 %; 0 for a label set.
    pub coverage_90: f64,
}
