//! What the page shows of simulated attacks.

use super::privacy::MIN_PEOPLE;
use crate::attack::STANDARD;
use crate::error::{Result, printable};
use crate::publish::commit::Commit;
use crate::publish::log::AttackLog;
use crate::published::Run;
use crate::published::evaluation_rows::AttackGainRow;
use crate::published::table::ascending;

/// Attacks on the page.
pub(super) struct AttackReport {
    pub commit: Commit,
    /// Name of the job; empty without its log.
    pub job: String,
    /// What to know about the networks.
    pub notes: Vec<String>,
    rows: Vec<AttackGainRow>,
}

impl AttackReport {
    /// Reads simulated attacks; on a page that names nobody those of few people are left out, and notes with them.
    pub(super) async fn read(run: &Run, public: bool) -> Result<Self> {
        let log: Option<AttackLog> = run.log().await?;
        let (job, notes) = log.map_or_else(Default::default, |log| (log.job, log.notes));
        let order = ascending(&["network", "attack", "variant", "scored_by"]);
        let mut rows: Vec<AttackGainRow> = run.rows(|all| all.sort(order)).await?;
        rows.retain(|row| !public || row.targets == 0 || row.targets >= MIN_PEOPLE);
        let notes = notes.iter().filter(|_| !public).map(|note| printable(note));
        Ok(Self {
            commit: run.commit().clone(),
            job: printable(&job),
            notes: notes.collect(),
            rows,
        })
    }

    /// Every attack under the job's method.
    pub(super) fn standard(&self) -> impl Iterator<Item = &AttackGainRow> {
        self.rows.iter().filter(|row| row.scored_by == STANDARD)
    }

    /// The same attack under another way of scoring.
    pub(super) fn scored_by(&self, row: &AttackGainRow, name: &str) -> Option<&AttackGainRow> {
        let key =
            |row: &AttackGainRow| (row.network.clone(), row.attack.clone(), row.variant.clone());
        let key_of_row = key(row);
        self.rows.iter().find(|other| other.scored_by == name && key(other) == key_of_row)
    }
}
