//! What a run is checked for against the last published one, so that no night is published that is nothing like the one before.
//!
//! Every check compares figures of this run with what the last one published, within limits of the method
//! ([`crate::method::CheckRule`]). What ineligible people would show is compared too; of that the verdict alone is published.

mod duplicate_days;
mod earlier_days;
mod inputs;
mod judge;
mod reading;
mod rows;
mod scores;
mod shadow;

use std::collections::BTreeSet;

use crate::error::Result;
use crate::model::{Check, Verdict};
pub use inputs::{CheckInputs, ShadowScores};
use judge::Judge;
pub use shadow::{SHADOW_MOVED, shadow_subject};

/// Checks a run, in order of (check, subject).
///
/// # Errors
/// [`crate::error::Kind::Internal`] if a measure was not computed.
pub fn check_run(inputs: &CheckInputs<'_>) -> Result<Vec<Check>> {
    let mut judge = Judge::new(inputs.day, inputs.previous, &inputs.method.checks);
    judge.is_promoted = inputs.is_promoted;
    let mut checks = scores::check(inputs, &judge)?;
    checks.extend(rows::check(inputs.people, inputs.method, &judge));
    checks.extend(reading::check(inputs.people, &judge));
    checks.extend(earlier_days::check(inputs.people, &judge));
    checks.push(duplicate_days::check(inputs.people, &judge));
    if let Some(shadow) = inputs.shadow {
        checks.extend(shadow::compare(inputs, shadow, &judge));
    }
    for check in &mut checks {
        let is_accepted = inputs.accepted.iter().any(|accepted| accepted.check == check.name);
        if check.verdict == Verdict::Refused && is_accepted {
            check.verdict = Verdict::Accepted;
            // Later runs are judged by this one, and not by what was before it.
            check.history.clear();
        }
    }
    // Where earlier days are accepted as they are now, they are compared with what they were no more.
    let accepted = checks.iter().filter(|check| check.verdict == Verdict::Accepted);
    let renewed: BTreeSet<String> = accepted
        .filter(|check| check.name == "earlier_days")
        .map(|check| check.subject.clone())
        .collect();
    for check in checks.iter_mut().filter(|check| check.name == "rows_of_last_day") {
        if renewed.contains(&check.subject) {
            check.history.clear();
        }
    }
    checks.sort_by(|one, other| (one.name, &one.subject).cmp(&(other.name, &other.subject)));
    Ok(checks)
}

/// The names of all checks that can refuse a run, in order.
pub const NAMES: [&str; 15] = [
    "credit",
    "dropped",
    "duplicate_day",
    "earlier_days",
    "expected_reactors",
    "joins",
    "newest_event",
    "outside_range",
    "people_excluded",
    "people_gained",
    "people_lost",
    "rows",
    "rows_of_last_day",
    "scores_moved",
    "without_reactor",
];
