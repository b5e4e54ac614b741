//! Reading the people of a snapshot, with what earlier runs published of consent.

use std::sync::Arc;

use crate::engine::Engine;
use crate::error::Result;
use crate::job::Job;
use crate::model::People;
use crate::phrases::Vocabulary;
use crate::published::consent_history;
use crate::read::{self, PeopleRows, Snapshot, Violations};

/// Reads the eligible people of a snapshot of `job` and their data.
///
/// # Errors
/// As [`PeopleRows::read`], [`consent_history::read`] and [`read::people()`].
pub async fn read_people(
    engine: &Engine,
    job: &Job,
    snapshot: Snapshot,
    vocabulary: &Arc<Vocabulary>,
    violations: &mut Violations,
) -> Result<People> {
    let (consent, method) = (&job.consent, &job.method);
    // On the heap: the futures of all readers are large, and so are those of the engine below them.
    let rows = Box::pin(PeopleRows::read(snapshot, consent, method, vocabulary)).await?;
    let persons = rows.unknown_persons();
    let history = Box::pin(consent_history::read(engine, &job.output, &persons)).await?;
    read::people(rows, (consent, &job.people), method, vocabulary, &history, violations)
}
