//! The table `runs`: one row that describes the run.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};

use super::columns::count_rows;
use crate::error::Result;
use crate::job::{Acceptance, Uses};
use crate::model::NewestEvents;
use crate::model::time::{days_since_epoch, start_of_hour};
use crate::schema::{self, Direction, UTC};
use crate::tables::{Draft, lists};

/// What a run says about itself in the table `runs`.
#[derive(Clone, Debug)]
pub struct RunFacts {
    /// Id of the run.
    pub run_id: String,
    /// Name of the job.
    pub job: String,
    /// Version of the method.
    pub method_version: String,
    /// Hash of the method.
    pub method_sha256: String,
    /// Hash of the rows left after consent.
    pub data_sha256: String,
    /// The method, as JSON.
    pub method: String,
    /// The profiles, as JSON.
    pub profiles: String,
    /// First instant not covered, microseconds since 1970 (UTC).
    pub cutoff_us: i64,
    /// The newest event of each input.
    pub newest: NewestEvents,
    /// Hours of the past that the data of each network cover, each `network: hours`.
    pub covered_hours: Vec<String>,
    /// Networks whose founders are settled.
    pub trust_networks: Vec<String>,
    /// Hours that the forecast covers.
    pub horizon_hours: u32,
    /// What the scores may be used for, and what they may not.
    pub uses: Uses,
    /// Checks that somebody accepts, with why and who.
    pub accepted: Vec<Acceptance>,
}

/// The table `runs` of a draft that has passed the `gates`.
pub(super) fn runs_table(
    draft: &Draft,
    facts: &RunFacts,
    gates: impl Iterator<Item = &'static str>,
) -> Result<RecordBatch> {
    let one = |text: &str| -> ArrayRef { Arc::new(StringArray::from(vec![text])) };
    let count = |batches: &[RecordBatch]| -> ArrayRef {
        Arc::new(Int64Array::from(vec![count_rows(batches) as i64]))
    };
    let cutoff = TimestampMicrosecondArray::from(vec![facts.cutoff_us]).with_timezone(UTC);
    let newest = |hours: Option<u32>| -> ArrayRef {
        let at = hours.map(|hours| start_of_hour(facts.cutoff_us, hours));
        Arc::new(TimestampMicrosecondArray::from(vec![at]).with_timezone(UTC))
    };
    let NewestEvents { interactions, posts, endorsements, follows } = facts.newest;
    let accepted = facts.accepted.iter();
    let accepted =
        accepted.map(|Acceptance { check, reason, by }| format!("{check}: {reason} ({by})"));
    let passed = gates.map(|gate| format!("{gate}: passed"));
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("snapshot_date", Arc::new(Date32Array::from(vec![days_since_epoch(draft.day)?]))),
        ("run_id", one(&facts.run_id)),
        ("job", one(&facts.job)),
        ("method_version", one(&facts.method_version)),
        ("method_sha256", one(&facts.method_sha256)),
        ("data_sha256", one(&facts.data_sha256)),
        ("method", one(&facts.method)),
        ("profiles", one(&facts.profiles)),
        ("renown_version", one(env!("CARGO_PKG_VERSION"))),
        ("cutoff", Arc::new(cutoff)),
        ("newest_interaction_at", newest(interactions)),
        ("newest_post_at", newest(posts)),
        ("newest_endorsement_at", newest(endorsements)),
        ("newest_follow_at", newest(follows)),
        // A later run of an earlier day changes it in a copy.
        ("stale", Arc::new(BooleanArray::from(vec![false]))),
        ("horizon_hours", Arc::new(Int64Array::from(vec![i64::from(facts.horizon_hours)]))),
        ("covered_hours", lists(std::iter::once(&facts.covered_hours))),
        ("trust_networks", lists(std::iter::once(&facts.trust_networks))),
        ("permitted_uses", lists(std::iter::once(&facts.uses.permitted))),
        ("forbidden_uses", lists(std::iter::once(&facts.uses.forbidden))),
        ("gates", lists(std::iter::once(passed))),
        ("accepted", lists(std::iter::once(accepted))),
    ];
    let counts = draft.tables().map(|(name, batches)| (format!("{name}_rows"), count(batches)));
    columns.extend(counts.iter().map(|(name, count)| (name.as_str(), Arc::clone(count))));
    schema::table(Direction::Output, "runs")?.batch(columns)
}
