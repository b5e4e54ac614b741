//! What a fitted method says of its fit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::renamed;

/// Target of a fit to the reactors observed after each origin.
pub const ROLLING_ORIGIN: &str = renamed::ROLLING_ORIGIN.1;

/// Where the coefficients come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FitRecord {
    /// Name of the job that the data are of.
    pub job: String,
    /// Last day of the data.
    pub snapshot: String,
    /// SHA-256 of the rows left after consent, in hexadecimal digits.
    pub data_sha256: String,
    /// Version of Renown that fitted.
    pub renown_version: String,
    /// What was fitted to: `rolling_origin`, the reactors after each origin, or the name of a truth of `ground_truth`.
    pub target: String,
    /// Share of the people of the truth who were held out of the fit; `validate` compares them alone.
    #[serde(default, skip_serializing_if = "nobody")]
    pub held_out: f64,
    /// Hours from each origin to the end of the data, the oldest first; none for a truth.
    pub origins_hours: Vec<u32>,
    /// Rows fitted to: somebody on a network at an origin, or pairs of people.
    pub rows: u64,
    /// The best single measure, beside which the fit had to prove itself.
    pub anchor: String,
    /// λ of the ridge on all other coefficients.
    pub ridge: f64,
    /// What was found on later origins, or on other people, than those fitted to.
    pub validation: Validation,
}

fn nobody(share: &f64) -> bool {
    *share == 0.0
}

/// How good the forecast was on what it had not seen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Validation {
    /// Mean log probability of what was observed.
    pub log_score: f64,
    /// The same of the anchor alone.
    pub log_score_anchor: f64,
    /// Forward: Spearman's rank correlation with what was observed among active people, mean over origins and over
    /// trusted and all reactors. Of a truth: share of pairs in the right order.
    pub agreement: f64,
    /// The same of the anchor alone.
    pub agreement_anchor: f64,
    /// Observed reactors / forecast ones; 0 for a truth.
    pub observed_over_forecast: f64,
    /// Slope of the logarithm of what is observed over that of the forecast; 1 is right, 0 for a truth.
    pub calibration_slope: f64,
    /// Share of randomised probability transforms within the central 90 %; 0 for a truth.
    pub coverage_90: f64,
}
