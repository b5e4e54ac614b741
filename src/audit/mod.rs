//! The gates. Only [`audit_run`], [`audit_validation`] and [`audit_attacks`] make an [`Audited`], and nothing else can be published.

mod columns;
mod origin;
mod ranks;
mod rows;
mod runs;
mod scores;
mod topics;

use arrow::array::RecordBatch;

use crate::error::{Error, Help, Kind, Result};
use crate::method::{Evidence, GateRule};
use crate::model::{Check, Verdict};
use crate::tables::Draft;
use columns::count_rows;
pub use origin::Origin;
pub use runs::RunFacts;
use runs::runs_table;

/// The table of a validation.
pub const VALIDITY: &str = "validity";
/// The table of simulated attacks.
pub const ATTACKS: &str = "attacks";

/// Findings of checks that an error names; the table has them all.
const SHOWN: usize = 8;

/// What the method asks of the tables.
#[derive(Clone, Copy, Debug)]
pub struct Limits<'a> {
    /// Fewest people, and the tolerance of ranks.
    pub gates: &'a GateRule,
    /// Evidence that a topic score rests on.
    pub evidence: &'a Evidence,
}

/// A gate of a draft: why it is refused, or `None` if it passes.
type Gate = fn(&Draft, &Limits<'_>) -> Result<Option<String>>;
/// A gate of the one table of a validation, or of attacks.
type SingleGate = fn(&str, &Origin, &[RecordBatch]) -> Result<Option<String>>;
/// A gate of one table.
type TableGate = fn(&str, &[RecordBatch]) -> Result<Option<String>>;

/// The gates of a run, by name and in order. No gate stands that is not listed here.
const GATES: [(&str, Gate); 11] = [
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
const SINGLE_GATES: [(&str, SingleGate); 3] = [
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

/// Tables that passed the gates, and that a check against the last published run refuses: they can be kept to be looked at, and not be
/// published.
#[derive(Debug)]
pub struct Refused {
    tables: Audited,
    /// Why, with the names of the checks.
    pub error: Error,
}

impl Audit {
    /// The tables, if they may be published.
    ///
    /// # Errors
    /// [`Kind::Gate`] with the names of the checks that refuse them.
    pub fn passed(self) -> Result<Audited> {
        match self {
            Self::Passed(audited) => Ok(audited),
            Self::Refused(refused) => Err(refused.error),
        }
    }

    /// Rows of all tables.
    pub fn rows(&self) -> u64 {
        match self {
            Self::Passed(audited) => audited.rows(),
            Self::Refused(refused) => refused.tables.rows(),
        }
    }
}

impl Refused {
    /// The tables.
    pub fn tables(&self) -> &Audited {
        &self.tables
    }
}

/// What the audit of a run ends with.
#[derive(Debug)]
pub enum Audit {
    /// The tables may be published.
    Passed(Audited),
    /// They may not.
    Refused(Box<Refused>),
}

/// Passes the tables of a run through the gates, adds the table `runs`, and refuses them if any of the `checks` that they hold is
/// refused.
///
/// # Errors
/// [`Kind::Gate`] with the name of the gate, the table and how many rows it refuses.
pub fn audit_run(
    draft: Draft,
    checks: &[Check],
    facts: &RunFacts,
    limits: &Limits<'_>,
) -> Result<Audit> {
    let audited = pass_gates(draft, facts, limits)?;
    Ok(match refusal(checks) {
        None => Audit::Passed(audited),
        Some(error) => Audit::Refused(Box::new(Refused { tables: audited, error })),
    })
}

/// The error of the checks that are refused, if any is.
fn refusal(checks: &[Check]) -> Option<Error> {
    let refused = checks.iter().filter(|check| check.verdict == Verdict::Refused);
    let mut names: Vec<&'static str> = Vec::new();
    let mut causes = Vec::new();
    for Check { name, subject, finding, judged_by, .. } in refused {
        if !names.contains(name) {
            names.push(name);
        }
        let of = if subject.is_empty() { String::new() } else { format!(" ({subject})") };
        causes.push(format!("`{name}`{of}: {finding}, judged by {judged_by}"));
    }
    let more = causes.len().saturating_sub(SHOWN);
    causes.truncate(SHOWN);
    if more > 0 {
        causes.push(format!("{more} more"));
    }
    let cause = format!(
        "{} refused: {}",
        if names.len() == 1 { "a check" } else { "checks" },
        causes.join("; ")
    );
    let remedy = "nothing was published, and the tables published before stay in force: look at the inputs of this snapshot, or accept \
                  what is as it should be, with a reason";
    let error = Error::new(Kind::Gate, cause, remedy);
    (!names.is_empty()).then(|| error.with_help(Help::Acceptance(names)))
}

/// The tables of a run that pass the gates, with the table `runs`.
fn pass_gates(draft: Draft, facts: &RunFacts, limits: &Limits<'_>) -> Result<Audited> {
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
fn check_tables(draft: &Draft, check: TableGate) -> Result<Option<String>> {
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
