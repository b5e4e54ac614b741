//! Creating a commit after the newest one.

use std::collections::BTreeMap;

use object_store::{PutMode, PutPayload};
use url::Url;

use super::commit::{
    Began, Commit, CommittedTable, FORMAT, FORMAT_OF_REWRITES, existing, newest, object_url, stored,
};
use crate::error::{Error, Kind, Result};
use crate::storage::{Stores, sync};

/// Creates the commit after the newest. `began` is what was published when the run, validation or rewrite began: another of the day
/// that was committed since has won, and so has a rewrite, whose tables this one has not read; commits of other days only take
/// numbers. A rewrite alone is created after no other commit than `began.newest`. If the answer of the store is lost, the stored
/// object decides.
///
/// # Errors
/// [`Kind::Interrupted`] if another has won, [`Kind::Unavailable`] if the store does not take it.
pub async fn commit(
    stores: &Stores,
    output: &Url,
    began: Began,
    mut commit: Commit,
) -> Result<Commit> {
    let mut newest = newest(stores, output).await?;
    loop {
        let last = newest.as_ref().map_or(0, |newest| newest.number);
        if let Some(newest) = &newest {
            add_earlier_rewrites(stores, output, newest, &mut commit.rewrites).await?;
            if let Some(rewrite) = newest.last_rewrite.filter(|number| *number > began.newest) {
                return Err(rewritten_since(rewrite));
            }
        }
        let now = commit.follow(newest);
        if commit.is_rewrite() && last != began.newest {
            return Err(published_since(last));
        }
        if let Some(now) = now.filter(|now| Some(*now) != began.in_force) {
            let winner = existing(stores, output, now).await?;
            return match winner.run_id == commit.run_id {
                true => Ok(winner),
                false => Err(published_first(&winner)),
            };
        }
        let url = object_url(output, commit.number)?;
        let text = serde_json::to_vec_pretty(&commit).map_err(Error::internal)?;
        let (store, path) = stores.resolve(&url)?;
        let put = store.put_opts(&path, PutPayload::from(text), PutMode::Create.into()).await;
        let Err(error) = put else {
            sync(&url)?;
            return Ok(commit);
        };
        // Whoever took this number, or an earlier attempt of ours whose answer was lost.
        newest = stored(stores, &url).await?;
        match &newest {
            None => return Err(Error::not_written(&url, error)),
            Some(stored) if *stored == commit => return Ok(commit),
            Some(_) => {}
        }
    }
}

/// Adds what earlier rewrites made of the same commits, so that the newest one of a commit has all of its tables.
async fn add_earlier_rewrites(
    stores: &Stores,
    output: &Url,
    newest: &Commit,
    rewrites: &mut BTreeMap<u64, BTreeMap<String, CommittedTable>>,
) -> Result<()> {
    for (number, tables) in rewrites {
        let Some(by) = newest.rewritten_in.get(number) else { continue };
        let earlier = existing(stores, output, *by).await?.rewrites.remove(number);
        for (name, table) in earlier.unwrap_or_default() {
            tables.entry(name).or_insert(table);
        }
    }
    Ok(())
}

fn rewritten_since(rewrite: u64) -> Error {
    Error::new(
        Kind::Interrupted,
        format!("tables of earlier runs were rewritten meanwhile, by commit {rewrite}"),
        "nothing of this run is visible; run again",
    )
}

fn published_since(number: u64) -> Error {
    Error::new(
        Kind::Interrupted,
        format!("commit {number} was published meanwhile, which this rewrite does not cover"),
        "nothing has changed; run again",
    )
}

fn published_first(winner: &Commit) -> Error {
    Error::new(
        Kind::Interrupted,
        format!(
            "another run ({} of {}) published first, as commit {}",
            winner.run_id, winner.snapshot_date, winner.number
        ),
        "nothing of this run is visible; run again",
    )
}

impl Commit {
    /// Takes the place after `newest`, with all that is carried from commit to commit. Returns the number that was in force for
    /// the day, of commits of its kind.
    fn follow(&mut self, newest: Option<Self>) -> Option<u64> {
        self.number = newest.as_ref().map_or(1, |newest| newest.number.saturating_add(1));
        if let Some(newest) = newest {
            self.in_force = newest.in_force;
            self.validity_in_force = newest.validity_in_force;
            self.attacks_in_force = newest.attacks_in_force;
            self.rewritten_in = newest.rewritten_in;
            self.last_rewrite = newest.last_rewrite;
        }
        if self.reason.is_some() {
            self.last_rewrite = Some(self.number);
            self.rewritten_in.extend(self.rewrites.keys().map(|earlier| (*earlier, self.number)));
        }
        self.format = if self.last_rewrite.is_some() { FORMAT_OF_REWRITES } else { FORMAT };
        let all = match (self.is_rewrite(), self.is_of_run(), self.is_of_attacks()) {
            (true, ..) => return None,
            (_, true, _) => &mut self.in_force,
            (_, _, true) => &mut self.attacks_in_force,
            (_, _, false) => &mut self.validity_in_force,
        };
        all.insert(self.snapshot_date, self.number)
    }
}
