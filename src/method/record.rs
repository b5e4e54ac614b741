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
    /// Rows of the fit: an active person on a network at an origin, or a judgement of a pair of people.
    pub rows: u64,
    /// What was learnt from the data.
    #[serde(default)]
    pub form: FitForm,
    /// τ and δ, how far curves may go from the default slopes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strength: Option<[f64; 2]>,
    /// The best single measure, which the fit had to outperform; none if nothing was compared.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub anchor: String,
    /// λ of the ridge penalty, of a fit to labels.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ridge: f64,
    /// Results on held-out data: later origins, or other people; none if the data are too short to compare anything.
    #[serde(default, skip_serializing_if = "Validation::is_absent")]
    pub validation: Validation,
}

/// What a fit learnt from the data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FitForm {
    /// The level of each network; the slopes came along.
    Level,
    /// A curve of each measure, drawn to the default slopes, and the level.
    Curves,
    /// The slope of one measure, and the level.
    Count,
    /// Slopes of measures, to labels: of the best single one, of lines or of curves.
    #[default]
    Coefficients,
}

fn is_zero(share: &f64) -> bool {
    *share == 0.0
}

/// Accuracy of the forecast on held-out data. A forecast that could not be compared has none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Validation {
    /// Mean log probability of the observed values.
    pub log_score: f64,
    /// The same of the best single measure alone.
    pub log_score_anchor: f64,
    /// For `rolling_origin`: concordance (Harrell's C, ties half) with observed trusted reactors among active people, the mean over
    /// later origins; 0 for a label set.
    pub concordance: f64,
    /// The same of the best single measure, picked at earlier origins.
    pub concordance_anchor: f64,
    /// For `rolling_origin`: Spearman's rank correlation in its place. For a label set: share of pairs in the right order.
    pub agreement: f64,
    /// The same of the best single measure alone.
    pub agreement_anchor: f64,
    /// Observed reactors / forecast reactors; 0 for a label set.
    pub observed_over_forecast: f64,
    /// Slope of the logarithm of observed reactors over that of the forecast; 1 is calibrated, 0 for a label set.
    pub calibration_slope: f64,
    /// Share of randomised probability integral transforms within the central 90 %; 0 for a label set.
    pub coverage_90: f64,
    /// Where log score and order disagree beyond error about which form is best.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disagreement: Option<String>,
}

impl Validation {
    /// Whether nothing was compared.
    pub fn is_absent(&self) -> bool {
        *self == Self::default()
    }
}
