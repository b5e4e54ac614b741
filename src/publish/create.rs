//! Creating a commit after the newest one.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use url::Url;

use super::commit_object::{
    Began, Commit, CommittedTable, FORMAT, FORMAT_OF_REWRITES, Of, Reason, object_url,
};
use super::history::CommitHistory;
use super::stale;
use crate::error::{Error, Kind, Result};
use crate::storage::{Creation, Stores};

/// Creates the commit after the newest. `began` is what was published when the run, validation or rewrite began: another of the day
/// that was committed since has won, and so has a rewrite, whose tables this one has not read; commits of other days only take
/// numbers. A rewrite alone is created after no other commit than `began.newest`. If the answer of the store is lost, the stored
/// object decides.
///
/// # Errors
/// [`Kind::Interrupted`] if another has won, [`Kind::BadInput`] if the last object among the commits is damaged,
/// [`Kind::Unavailable`] if the store does not take it.
pub async fn commit(
    stores: &Stores,
    output: &Url,
    began: Began,
    mut commit: Commit,
) -> Result<Commit> {
    loop {
        let history = CommitHistory::read(stores, output).await?;
        history.refuse_torn()?;
        let newest = history.newest();
        let last = newest.map_or(0, |newest| newest.number);
        if let Some(newest) = newest {
            add_earlier_rewrites(&history, &mut commit.rewrites).await?;
            refuse_rewritten(newest, began)?;
        }
        let now = commit.follow(newest);
        if commit.is_rewrite() && last != began.newest {
            return Err(published_since(last));
        }
        if let Some(now) = now.filter(|now| Some(*now) != began.in_force) {
            return match history.commit(now).await? {
                Some(winner) if winner.run_id == commit.run_id => Ok(winner),
                winner => Err(published_first(now, commit.snapshot_date, winner.as_ref())),
            };
        }
        if commit.is_of_run() {
            stale::update(&history, &mut commit, began).await?;
        }
        let text = serde_json::to_vec_pretty(&commit).map_err(Error::internal)?;
        match stores.create_whole(&object_url(output, commit.number)?, text).await? {
            // The same bytes: an earlier attempt of ours whose answer was lost, or the same run.
            Creation::New | Creation::Same => return Ok(commit),
            // Another has taken this number.
            Creation::Other => {}
        }
    }
}

/// Adds what earlier rewrites made of the same commits, so that the newest one of a commit has all of its tables.
async fn add_earlier_rewrites(
    history: &CommitHistory,
    rewrites: &mut BTreeMap<u64, BTreeMap<String, CommittedTable>>,
) -> Result<()> {
    for (number, tables) in rewrites {
        for (name, table) in
            history.rewritten(*number).await?.map_or_else(BTreeMap::new, |(_, t)| t)
        {
            tables.entry(name).or_insert(table);
        }
    }
    Ok(())
}

/// Refuses what began before tables were rewritten, as far as `newest` knows: it may hold who has left.
pub(super) fn refuse_rewritten(newest: &Commit, began: Began) -> Result<()> {
    let since = newest.last_rewrite.filter(|number| *number > began.newest);
    since.map_or(Ok(()), |rewrite| {
        Err(Error::new(
            Kind::Interrupted,
            format!("tables of earlier runs were rewritten meanwhile, by commit {rewrite}"),
            "nothing of this run is visible; run again",
        ))
    })
}

fn published_since(number: u64) -> Error {
    Error::new(
        Kind::Interrupted,
        format!("commit {number} was published meanwhile, which this rewrite does not cover"),
        "nothing has changed; run again",
    )
}

fn published_first(number: u64, day: NaiveDate, winner: Option<&Commit>) -> Error {
    let run_id = winner.map_or("unknown", |winner| winner.run_id.as_str());
    Error::new(
        Kind::Interrupted,
        format!("another run ({run_id} of {day}) published first, as commit {number}"),
        "nothing of this run is visible; run again",
    )
}

impl Commit {
    /// Takes the place after `newest`, with all that is carried from commit to commit. Returns the number that was in force for
    /// the day, of commits of its kind.
    fn follow(&mut self, newest: Option<&Self>) -> Option<u64> {
        self.number = newest.map_or(1, |newest| newest.number.saturating_add(1));
        if let Some(newest) = newest {
            self.in_force.clone_from(&newest.in_force);
            self.validity_in_force.clone_from(&newest.validity_in_force);
            self.attacks_in_force.clone_from(&newest.attacks_in_force);
            self.rewritten_in.clone_from(&newest.rewritten_in);
            self.last_rewrite = newest.last_rewrite;
            // Marks say by themselves which days are stale.
            if self.reason != Some(Reason::Stale) {
                self.stale.clone_from(&newest.stale);
                self.marked_stale.clone_from(&newest.marked_stale);
            }
        }
        if self.reason.is_some() {
            self.last_rewrite = Some(self.number);
            self.rewritten_in.extend(self.rewrites.keys().map(|earlier| (*earlier, self.number)));
        }
        self.format = if self.last_rewrite.is_some() { FORMAT_OF_REWRITES } else { FORMAT };
        let all = match self.of()? {
            Of::Runs => &mut self.in_force,
            Of::Validations => &mut self.validity_in_force,
            Of::Attacks => &mut self.attacks_in_force,
        };
        all.insert(self.snapshot_date, self.number)
    }
}
