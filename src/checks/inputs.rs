//! What a run is checked by.

use arrow::array::LargeStringArray;
use chrono::NaiveDate;

use crate::job::Acceptance;
use crate::method::Method;
use crate::model::{People, Previous};
use crate::score::measures::MeasureColumns;
use crate::score::scores::Scores;

/// What is checked.
pub struct CheckInputs<'a> {
    /// Everyone who is eligible.
    pub people: &'a People,
    /// The measures of every vertex.
    pub measures: &'a MeasureColumns,
    /// The standard scores.
    pub scores: &'a Scores,
    /// The method.
    pub method: &'a Method,
    /// Day of the snapshot.
    pub day: NaiveDate,
    /// The last published run before it.
    pub previous: Option<&'a Previous>,
    /// What somebody accepts.
    pub accepted: &'a [Acceptance],
    /// Whether the method scores for the first time, after it was compared for some nights and somebody put it in force.
    pub is_promoted: bool,
    /// The scores under a method that is only compared.
    pub shadow: Option<&'a ShadowScores>,
}

/// Standard scores of the same night under a method that is not in force.
#[derive(Debug)]
pub struct ShadowScores {
    /// Version of the method.
    pub method_version: String,
    /// SHA-256 of its content.
    pub method_sha256: String,
    /// Ids of all who are scored under it, ascending.
    pub ids: LargeStringArray,
    /// Their scores.
    pub scores: Vec<f64>,
    /// The people that all of them are expected to draw.
    pub expected_reactors: f64,
}
