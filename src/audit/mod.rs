//! Stage 8: the gates. Only [`audit`] makes an [`Audited`], and nothing else can be published.

mod scores;
mod topics;

use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, Date32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::Float64Type;
use arrow::row::{OwnedRow, RowConverter, SortField};
use chrono::NaiveDate;
use hashbrown::HashMap;
use rayon::prelude::*;

use crate::error::{Error, Kind, Result};
use crate::method::{Evidence, GateRule};
use crate::model::time::days_since_epoch;
use crate::schema::{self, Direction, UTC};
use crate::tables::{Draft, lists};

/// The table of a validation.
pub const VALIDITY: &str = "validity";

/// What a run says of itself in the table `runs`.
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
    /// Hours that the forecast covers.
    pub horizon_hours: u32,
}

/// Where tables come from. It stands in every file of theirs, so that one that is taken from its folder can be cited.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Day of the snapshot.
    pub day: NaiveDate,
    /// Id of the run, or of the validation.
    pub run_id: String,
    /// Version of the method.
    pub method_version: String,
    /// Hash of the method.
    pub method_sha256: String,
    /// Hash of the rows left after consent.
    pub data_sha256: String,
    /// Seed of what is drawn by chance; a run draws nothing.
    pub seed: Option<u32>,
}

impl Origin {
    /// The keys in the metadata of the files; the last one is that of a validation alone.
    pub const KEYS: [&str; 7] = [
        "renown.version",
        "renown.snapshot_date",
        "renown.run_id",
        "renown.method_version",
        "renown.method_sha256",
        "renown.data_sha256",
        "renown.seed",
    ];

    /// What stands there by its key.
    pub fn metadata(&self) -> impl Iterator<Item = (&'static str, String)> {
        let values = [
            env!("CARGO_PKG_VERSION").to_owned(),
            self.day.to_string(),
            self.run_id.clone(),
            self.method_version.clone(),
            self.method_sha256.clone(),
            self.data_sha256.clone(),
        ];
        let seed = self.seed.map(|seed| seed.to_string());
        Self::KEYS.into_iter().zip(values.into_iter().chain(seed))
    }
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
        self.tables.iter().map(|(_, batches)| rows(batches) as u64).sum()
    }

    /// The tables by name, each sorted by its key.
    pub fn tables(&self) -> &[(&'static str, Vec<RecordBatch>)] {
        &self.tables
    }
}

/// Passes the tables through the gates and adds the table `runs`.
///
/// # Errors
/// [`Kind::Gate`] naming the gate, the table and how many rows it refuses.
pub fn audit(draft: Draft, facts: &RunFacts, rule: &GateRule, least: &Evidence) -> Result<Audited> {
    let named = draft.tables();
    enough_people(&draft.people, rule.least_people)?;
    for (name, batches) in named {
        keys_unique(name, batches)?;
    }
    scores::in_range("scores", &draft.scores)?;
    scores::in_range("topic_scores", &draft.topic_scores)?;
    scores::within_intervals(&draft.scores)?;
    rows_agree(&draft)?;
    scores::contributions_sum(&draft)?;
    scores::changes_sum(&draft)?;
    topics::agree(&draft)?;
    topics::enough_evidence(&draft.topic_scores, least)?;
    rank_mass(&draft.measures, rule.rank_mass_tolerance)?;
    for (name, batches) in named {
        numbers_finite(name, batches)?;
    }
    let gates = [
        "enough_people",
        "keys_unique",
        "scores_in_range",
        "scores_within_intervals",
        "rows_agree",
        "contributions_sum",
        "changes_sum",
        "topics_agree",
        "enough_evidence",
        "rank_mass",
        "numbers_finite",
    ];
    let runs = runs(&draft, facts, &gates)?;
    let tables = draft.tables().map(|(name, batches)| (name, batches.clone()));
    Ok(Audited {
        origin: Origin {
            day: draft.day,
            run_id: facts.run_id.clone(),
            method_version: facts.method_version.clone(),
            method_sha256: facts.method_sha256.clone(),
            data_sha256: facts.data_sha256.clone(),
            seed: None,
        },
        horizon_hours: facts.horizon_hours,
        tables: tables.into_iter().chain([("runs", vec![runs])]).collect(),
    })
}

/// Passes the table `validity` through the gates that it can fail.
///
/// # Errors
/// As [`audit`].
pub fn audit_validity(
    origin: Origin,
    horizon_hours: u32,
    validity: RecordBatch,
) -> Result<Audited> {
    let batches = vec![validity];
    keys_unique(VALIDITY, &batches)?;
    numbers_finite(VALIDITY, &batches)?;
    Ok(Audited { origin, horizon_hours, tables: vec![(VALIDITY, batches)] })
}

fn refused(gate: &str, cause: String) -> Error {
    Error::new(
        Kind::Gate,
        format!("gate `{gate}` refused: {cause}; nothing was published"),
        "look at the inputs of this snapshot; the tables published before stay in force",
    )
}

fn rows(batches: &[RecordBatch]) -> usize {
    batches.iter().map(RecordBatch::num_rows).sum()
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef> {
    batch.column_by_name(name).ok_or_else(|| Error::internal(format!("no column `{name}`")))
}

fn text<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a StringArray> {
    column(batch, name)?
        .as_string_opt()
        .ok_or_else(|| Error::internal(format!("column `{name}` is no text")))
}

/// The texts of a column, or of its lists.
fn texts<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a StringArray> {
    match column(batch, name)?.as_list_opt::<i32>() {
        None => text(batch, name),
        Some(lists) => lists
            .values()
            .as_string_opt()
            .ok_or_else(|| Error::internal(format!("column `{name}` has no texts"))),
    }
}

fn float<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a arrow::array::Float64Array> {
    column(batch, name)?
        .as_primitive_opt::<Float64Type>()
        .ok_or_else(|| Error::internal(format!("column `{name}` is no number")))
}

/// Somebody is left to be scored.
fn enough_people(people: &[RecordBatch], least: u64) -> Result<()> {
    let found = rows(people) as u64;
    if found < least {
        let cause = format!("{found} people may be scored, fewer than the {least} of the method");
        return Err(refused("enough_people", cause));
    }
    Ok(())
}

/// Keys rise strictly from row to row: sorted and unique.
fn keys_unique(name: &str, batches: &[RecordBatch]) -> Result<()> {
    let table = schema::table(Direction::Output, name)?;
    let types = table.columns.iter().filter(|c| table.key.contains(&c.name));
    let fields = types.map(|c| SortField::new(c.kind.arrow())).collect();
    let converter = RowConverter::new(fields).map_err(Error::internal)?;
    // Keys of a batch that do not rise, and its first and last key.
    let of_batch = |batch: &RecordBatch| -> Result<(usize, Option<[OwnedRow; 2]>)> {
        let columns = table.columns.iter().filter(|c| table.key.contains(&c.name));
        let key = columns.map(|c| column(batch, &c.name).cloned());
        let key: Vec<ArrayRef> = key.collect::<Result<_>>()?;
        let keys = converter.convert_columns(&key).map_err(Error::internal)?;
        let wrong = (1..keys.num_rows()).filter(|row| keys.row(row - 1) >= keys.row(*row));
        let ends = keys.num_rows().checked_sub(1);
        Ok((wrong.count(), ends.map(|last| [0, last].map(|row| keys.row(row).owned()))))
    };
    let batches_of: Vec<_> = batches.par_iter().map(of_batch).collect::<Result<_>>()?;
    let mut wrong: usize = batches_of.iter().map(|(wrong, _)| wrong).sum();
    let ends: Vec<&[OwnedRow; 2]> =
        batches_of.iter().filter_map(|(_, ends)| ends.as_ref()).collect();
    wrong += ends.windows(2).filter(|two| two[0][1] >= two[1][0]).count();
    if wrong > 0 {
        let of = rows(batches);
        return Err(refused(
            "keys_unique",
            format!("{wrong} of {of} keys of `{name}` do not rise"),
        ));
    }
    Ok(())
}

/// Every floating-point value of a table is a finite number.
fn numbers_finite(name: &str, batches: &[RecordBatch]) -> Result<()> {
    let columns = batches.par_iter().flat_map_iter(RecordBatch::columns);
    let of_column = |column: &ArrayRef| match column.as_primitive_opt::<Float64Type>() {
        Some(values) => values.iter().flatten().filter(|v| !v.is_finite()).count(),
        None => 0,
    };
    let wrong: usize = columns.map(of_column).sum();
    if wrong > 0 {
        return Err(refused(
            "numbers_finite",
            format!("{wrong} values of `{name}` are no numbers"),
        ));
    }
    Ok(())
}

/// Everyone in `people` has a score and measures, and nobody else appears in any table.
fn rows_agree(draft: &Draft) -> Result<()> {
    let mut people = HashMap::new();
    for batch in &draft.people {
        people.extend(text(batch, "person_id")?.iter().flatten().map(|id| (id, (false, false))));
    }
    let mut strangers = 0;
    for batch in &draft.scores {
        for id in text(batch, "person_id")?.iter().flatten() {
            people.get_mut(id).map_or_else(|| strangers += 1, |has| has.0 = true);
        }
    }
    for batch in &draft.measures {
        for id in text(batch, "person_id")?.iter().flatten() {
            people.get_mut(id).map_or_else(|| strangers += 1, |has| has.1 = true);
        }
    }
    // The columns that name people, in tables that not everybody is in.
    let others: [(&[RecordBatch], &[&str]); 8] = [
        (&draft.contributions, &["person_id"]),
        (&draft.changes, &["person_id"]),
        (&draft.influence_edges, &["influencer_id", "influenced_id"]),
        (&draft.topic_scores, &["person_id"]),
        (&draft.topic_interests, &["person_id"]),
        (&draft.topic_evidence, &["person_id", "reactor_ids"]),
        (&draft.topic_posts, &["person_id"]),
        (&draft.cohorts, &["person_id"]),
    ];
    for (batches, columns) in others {
        let of_batch = |batch: &RecordBatch| -> Result<usize> {
            let unknown = |name: &&str| {
                Ok(texts(batch, name)?
                    .iter()
                    .flatten()
                    .filter(|id| !people.contains_key(id))
                    .count())
            };
            columns.iter().map(unknown).sum()
        };
        strangers += batches.par_iter().map(of_batch).sum::<Result<usize>>()?;
    }
    let missing = people.values().filter(|(scored, measured)| !(*scored && *measured)).count();
    if strangers + missing > 0 {
        return Err(refused(
            "rows_agree",
            format!(
                "{missing} of {} people lack a score or measures, {strangers} rows name people that \
                 `people` lacks",
                people.len()
            ),
        ));
    }
    Ok(())
}

/// The ranks of each network are not negative and sum to 1.
fn rank_mass(measures: &[RecordBatch], tolerance: f64) -> Result<()> {
    let mut mass: HashMap<&str, f64> = HashMap::new();
    let mut negative = 0;
    for batch in measures {
        let networks = text(batch, "network")?;
        for (network, rank) in networks.iter().flatten().zip(float(batch, "rank")?.values()) {
            *mass.entry(network).or_default() += rank;
            negative += usize::from(*rank < 0.0);
        }
    }
    if negative > 0 {
        return Err(refused("rank_mass", format!("{negative} ranks are negative")));
    }
    // A mass that is no number is within no tolerance.
    let right = |mass: &f64| (mass - 1.0).abs() <= tolerance;
    let wrong: Vec<_> = mass.into_iter().filter(|(_, mass)| !right(mass)).collect();
    if let Some((network, mass)) = wrong.iter().min_by_key(|(network, _)| *network) {
        return Err(refused(
            "rank_mass",
            format!(
                "the ranks of network `{network}` sum to {mass}, not 1 within {tolerance}; so {} networks",
                wrong.len()
            ),
        ));
    }
    Ok(())
}

fn runs(draft: &Draft, facts: &RunFacts, gates: &[&str]) -> Result<RecordBatch> {
    let one = |text: &str| -> ArrayRef { Arc::new(StringArray::from(vec![text])) };
    let count = |batches: &[RecordBatch]| -> ArrayRef {
        Arc::new(Int64Array::from(vec![rows(batches) as i64]))
    };
    let cutoff = TimestampMicrosecondArray::from(vec![facts.cutoff_us]).with_timezone(UTC);
    let passed = gates.iter().map(|gate| format!("{gate}: passed"));
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
        ("horizon_hours", Arc::new(Int64Array::from(vec![i64::from(facts.horizon_hours)]))),
        ("gates", lists(std::iter::once(passed))),
    ];
    let counts = draft.tables().map(|(name, batches)| (format!("{name}_rows"), count(batches)));
    columns.extend(counts.iter().map(|(name, count)| (name.as_str(), Arc::clone(count))));
    schema::table(Direction::Output, "runs")?.batch(columns)
}
