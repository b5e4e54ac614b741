//! What a run is checked by.

use chrono::NaiveDate;

use super::shadow::ShadowScores;
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
