//! What the page shows of a validation.

use chrono::NaiveDate;

use super::privacy::MIN_PEOPLE;
use crate::error::{Result, printable};
use crate::publish::commit::Commit;
use crate::publish::log::ValidationLog;
use crate::published::Run;
use crate::published::evaluation_rows::ValidityRow;
use crate::published::table::ascending;

/// A validation on the page.
pub(super) struct ValidationReport {
    /// Whether the page shows nothing of few people.
    public: bool,
    /// Its number on the page, from 1.
    number: usize,
    /// Name of the job, or, without its log, of the output folder.
    pub name: String,
    pub commit: Commit,
    /// What to know before relying on it.
    pub notes: Vec<String>,
    rows: Vec<ValidityRow>,
}

impl ValidationReport {
    /// Reads a validation; `number` is its own on the page.
    pub(super) async fn read(run: &Run, number: usize, public: bool) -> Result<Self> {
        let log: Option<ValidationLog> = run.log().await?;
        let (job, notes) = log.map_or((None, vec![]), |log| (Some(log.job), log.notes));
        let segments = || run.output().path_segments()?.rfind(|name| !name.is_empty());
        let folder = || segments().map(str::to_owned);
        let order =
            ascending(&["target", "population", "group_by", "group_value", "predictor", "metric"]);
        Ok(Self {
            public,
            number,
            name: printable(&job.or_else(folder).unwrap_or_default()),
            notes: notes.iter().map(|note| printable(note)).collect(),
            rows: run.rows(|all| all.sort(order)).await?,
            commit: run.commit().clone(),
        })
    }

    /// Its day.
    pub(super) fn day(&self) -> NaiveDate {
        self.commit.snapshot_date
    }

    /// An id on the page that no other validation has.
    pub(super) fn id(&self, name: &str) -> String {
        format!("validation-{}-{name}", self.number)
    }

    /// The rows that may be shown, in order of target, population, group, predictor and metric.
    pub(super) fn rows(&self) -> impl Iterator<Item = &ValidityRow> + Clone {
        self.rows.iter().filter(|row| self.may_show(row, MIN_PEOPLE))
    }

    /// Whether a row may be shown on this page if that takes at least `min_people`.
    pub(super) fn may_show(&self, row: &ValidityRow, min_people: u64) -> bool {
        !self.public || row.people >= min_people
    }
}
