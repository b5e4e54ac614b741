//! A validation, read back.

use chrono::NaiveDate;
use datafusion::prelude::ident;
use serde::Deserialize;
use url::Url;

use super::FEWEST;
use crate::audit::VALIDITY;
use crate::engine::Engine;
use crate::error::{Error, Result, printable};
use crate::publish::commit::Commit;
use crate::publish::log::{self, ValidationLog};
use crate::published::{parsed, rows, table};

/// A validation on the page.
pub(super) struct Validation {
    /// Whether the page tells of no few people.
    public: bool,
    /// Tells it from others on the page.
    place: usize,
    /// Name of the job, or, without its log, of the output folder.
    pub name: String,
    pub commit: Commit,
    /// What to know before relying on it.
    pub notes: Vec<String>,
    rows: Vec<Measured>,
}

/// A row of `validity`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Measured {
    pub target: String,
    pub population: String,
    pub group_by: String,
    pub group_value: String,
    pub predictor: String,
    pub metric: String,
    pub value: f64,
    low: Option<f64>,
    high: Option<f64>,
    pub baseline: Option<String>,
    pub difference: Option<f64>,
    difference_low: Option<f64>,
    difference_high: Option<f64>,
    pub people: u64,
    /// Backtests, or topics.
    pub backtests: u64,
    pub resamples: u64,
    pub seed: u64,
    pub method_version: String,
    pub method_sha256: String,
    pub data_sha256: String,
}

impl Measured {
    pub(super) fn interval(&self) -> Option<(f64, f64)> {
        self.low.zip(self.high)
    }

    /// The interval of the difference from the best simple count.
    pub(super) fn beside(&self) -> Option<(f64, f64)> {
        self.difference_low.zip(self.difference_high)
    }
}

impl Validation {
    pub(super) fn day(&self) -> NaiveDate {
        self.commit.snapshot_date
    }

    /// A name of its own on the page.
    pub(super) fn id(&self, name: &str) -> String {
        format!("validation-{}-{name}", self.place)
    }

    /// What may be told, in order of truth, population, part, predictor and metric.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Measured> {
        self.rows.iter().filter(|row| self.may_tell(row, FEWEST))
    }

    /// Whether what is said of so many people, who are `fewest` or more, may be told.
    pub(super) fn may_tell(&self, row: &Measured, fewest: u64) -> bool {
        !self.public || row.people >= fewest
    }
}

/// The validation of a commit; `place` tells it from others on the page.
pub(super) async fn validation(
    engine: &Engine,
    (output, commit): (&Url, Commit),
    place: usize,
    public: bool,
) -> Result<Validation> {
    let log: Option<ValidationLog> = log::read(&engine.stores, output, &commit).await?;
    let (job, notes) = log.map_or((None, vec![]), |log| (Some(log.job), log.notes));
    let folder = || output.path_segments()?.rfind(|name| !name.is_empty()).map(str::to_owned);
    let order = ["target", "population", "group_by", "group_value", "predictor", "metric"];
    let order = order.map(|column| ident(column).sort(true, false)).into();
    let all = table(engine, output, &commit, VALIDITY).await?.sort(order);
    let what = "reading the table `validity`";
    let found = rows(what, all.map_err(|e| Error::engine(what, e))?).await?;
    Ok(Validation {
        public,
        place,
        name: printable(&job.or_else(folder).unwrap_or_default()),
        notes: notes.iter().map(|note| printable(note)).collect(),
        rows: found.iter().map(|row| parsed(VALIDITY, row)).collect::<Result<_>>()?,
        commit,
    })
}
