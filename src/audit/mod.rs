//! The gates. Only [`audit_run`], [`audit_validation`] and [`audit_attacks`] make an [`Audited`], and nothing else can be published.

mod columns;
mod origin;
mod ranks;
mod rows;
mod runs;
mod scores;
mod topics;

use arrow::array::RecordBatch;

use crate::error::{Error, Kind, Result};
use crate::method::{Evidence, GateRule};
use crate::tables::Draft;
use columns::count_rows;
pub use origin::Origin;
pub use runs::RunFacts;
use runs::runs_table;

/// The table of a validation.
pub const VALIDITY: &str = "validity";
/// The table of simulated attacks.
pub const ATTACKS: &str = "attacks";

/// What the method asks of the tables.
#[derive(Clone, Copy, Debug)]
pub struct Limits<'a> {
    /// Fewest people, and the tolerance of ranks.
    pub gates: &'a GateRule,
    /// Evidence that a topic score rests on.
    pub evidence: &'a Evidence,
}

/// A check of a draft: why it is refused, or `None` if it passes.
type Check = fn(&Draft, &Limits<'_>) -> Result<Option<String>>;
/// A check of the one table of a validation, or of attacks.
type SingleCheck = fn(&str, &Origin, &[RecordBatch]) -> Result<Option<String>>;
/// A check of one table.
type TableCheck = fn(&str, &[RecordBatch]) -> Result<Option<String>>;

/// The gates of a run, by name and in order. No check runs that is not listed here.
const GATES: [(&str, Check); 11] = [
    ("enough_people", |draft, limits| {
        Ok(rows::enough_people(&draft.people, limits.gates.min_people))
    }),
    ("keys_unique", |draft, _| check_tables(draft, rows::keys_unique)),
    ("scores_in_range", |draft, _| match scores::in_range("scores", &draft.scores)? {
        None => scores::in_range("topic_scores", &draft.topic_scores),
        refused => Ok(refused),
    }),
    ("scores_within_intervals", |draft, _| scores::within_intervals(&draft.scores)),
    ("rows_agree", |draft, _| rows::rows_agree(draft)),
    ("contributions_sum", |draft, _| scores::contributions_sum(draft)),
    ("changes_sum", |draft, _| scores::changes_sum(draft)),
    ("topics_agree", |draft, _| topics::agree(draft)),
    ("enough_evidence", |draft, limits| {
        topics::enough_evidence(&draft.topic_scores, limits.evidence)
    }),
    ("rank_mass", |draft, limits| {
        ranks::rank_mass(&draft.measures, limits.gates.rank_mass_tolerance)
    }),
    ("numbers_finite", |draft, _| check_tables(draft, rows::numbers_finite)),
];

/// The gates of a validation, or of attacks, by name and in order.
const SINGLE_GATES: [(&str, SingleCheck); 3] = [
    ("rows_agree", |table, origin, batches| rows::rows_of_run(table, batches, &origin.run_id)),
    ("keys_unique", |table, _, batches| rows::keys_unique(table, batches)),
    ("numbers_finite", |table, _, batches| rows::numbers_finite(table, batches)),
];

/// Names of the gates of a run, in order.
pub fn gate_names() -> impl Iterator<Item = &'static str> {
    GATES.into_iter().map(|(name, _)| name)
}

/// Tables that have passed every gate.
#[derive(Debug)]
pub struct Audited {
    origin: Origin,
    horizon_hours: u32,
    tables: Vec<(&'static str, Vec<RecordBatch>)>,
}

impl Audited {
    /// Where they come from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Hours that the forecast covers.
    pub fn horizon_hours(&self) -> u32 {
        self.horizon_hours
    }

    /// Rows of all tables.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|(_, batches)| count_rows(batches) as u64).sum()
    }

    /// The tables by name, each sorted by its key.
    pub fn tables(&self) -> &[(&'static str, Vec<RecordBatch>)] {
        &self.tables
    }
}

/// Passes the tables of a run through the gates and adds the table `runs`.
///
/// # Errors
/// [`Kind::Gate`] with the name of the gate, the table and how many rows it refuses.
pub fn audit_run(draft: Draft, facts: &RunFacts, limits: &Limits<'_>) -> Result<Audited> {
    if draft.run_id != facts.run_id {
        return Err(Error::internal("the tables are of another run than the one that is audited"));
    }
    for (gate, check) in GATES {
        refuse_if(gate, check(&draft, limits)?)?;
    }
    let runs = runs_table(&draft, facts, gate_names())?;
    let tables = draft.tables().map(|(name, batches)| (name, batches.clone()));
    Ok(Audited {
        origin: Origin {
            day: draft.day,
            run_id: facts.run_id.clone(),
            method_version: facts.method_version.clone(),
            method_sha256: facts.method_sha256.clone(),
            data_sha256: facts.data_sha256.clone(),
            uses: facts.uses.clone(),
            seed: None,
        },
        horizon_hours: facts.horizon_hours,
        tables: tables.into_iter().chain([("runs", vec![runs])]).collect(),
    })
}

/// Passes the table `validity` through the gates of a validation.
///
/// # Errors
/// As [`audit_run`].
pub fn audit_validation(
    origin: Origin,
    horizon_hours: u32,
    validity: RecordBatch,
) -> Result<Audited> {
    audit_single(VALIDITY, origin, horizon_hours, validity)
}

/// Passes the table `attacks` through the same gates.
///
/// # Errors
/// As [`audit_run`].
pub fn audit_attacks(origin: Origin, horizon_hours: u32, attacks: RecordBatch) -> Result<Audited> {
    audit_single(ATTACKS, origin, horizon_hours, attacks)
}

fn audit_single(
    table: &'static str,
    origin: Origin,
    horizon_hours: u32,
    batch: RecordBatch,
) -> Result<Audited> {
    let batches = vec![batch];
    for (gate, check) in SINGLE_GATES {
        refuse_if(gate, check(table, &origin, &batches)?)?;
    }
    Ok(Audited { origin, horizon_hours, tables: vec![(table, batches)] })
}

/// Why the first table that fails a check is refused.
fn check_tables(draft: &Draft, check: TableCheck) -> Result<Option<String>> {
    for (name, batches) in draft.tables() {
        if let Some(cause) = check(name, batches)? {
            return Ok(Some(cause));
        }
    }
    Ok(None)
}

/// Ends the audit if a gate has a cause to refuse the tables.
fn refuse_if(gate: &str, cause: Option<String>) -> Result<()> {
    cause.map_or(Ok(()), |cause| {
        Err(Error::new(
            Kind::Gate,
            format!("gate `{gate}` refused: {cause}; nothing was published"),
            "look at the inputs of this snapshot; the tables published before stay in force",
        ))
    })
}
