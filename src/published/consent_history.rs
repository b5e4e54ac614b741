//! What earlier runs published, as far as consent is decided or compared by it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use url::Url;

use super::rows::{PersonNames, TableRow};
use super::run::Run;
use super::table::of_people;
use crate::engine::Engine;
use crate::error::{Kind, Result};
use crate::model::{ConsentHistory, LoggedConsent};
use crate::publish::commit::Commit;
use crate::publish::history::CommitHistory;
use crate::publish::log;
use crate::storage::below;

/// The part of a log that is compared; a run of an earlier version has none.
#[derive(Deserialize)]
struct ConsentOfLog {
    #[serde(default)]
    consent: Option<Vec<LoggedConsent>>,
}

/// Maximum number of runs whose refusals are compared.
const MAX_RUNS: usize = 30;

/// The counts of the last run that was published below `output`, whatever its day, and the accounts that `persons` had in the
/// latest day that has them.
///
/// # Errors
/// [`crate::error::Kind::Unavailable`] if the store does not answer, [`crate::error::Kind::BadInput`] if a file is
/// damaged.
pub async fn read(
    engine: &Engine,
    output: &Url,
    persons: &BTreeSet<&str>,
) -> Result<ConsentHistory> {
    let mut history = ConsentHistory::default();
    let commits = CommitHistory::read(&engine.stores, output).await?;
    let Some(last) = commits.last_run().await? else { return Ok(history) };
    let log: Option<ConsentOfLog> = log::read(&engine.stores, output, &last).await?;
    history.log_is_gone = log.is_none();
    history.counts = log.and_then(|log| log.consent);
    for (_, number) in commits.days().rev().take(MAX_RUNS) {
        let Some(commit) = commits.commit(number).await? else { continue };
        match log::read::<ConsentOfLog>(&engine.stores, output, &commit).await {
            Ok(log) => history.add(log.and_then(|log| log.consent).unwrap_or_default()),
            // What is compared is what is left of old days.
            Err(error) if error.kind == Kind::BadInput => {}
            Err(error) => return Err(error),
        }
    }
    let mut wanted = persons.clone();
    for (_, number) in commits.days().rev() {
        if wanted.is_empty() {
            break;
        }
        let Some(commit) = commits.commit(number).await? else { continue };
        if has_people(engine, output, &commit).await? {
            let found = accounts_of(&Run::open(engine, output, &commit)?, &wanted).await?;
            wanted.retain(|person| !found.contains_key(*person));
            history.former_persons.extend(found);
        }
    }
    Ok(history)
}

/// Whether the files of the table `people` are there: those of old days may have been deleted.
async fn has_people(engine: &Engine, output: &Url, commit: &Commit) -> Result<bool> {
    let Some(table) = commit.tables.get(PersonNames::<String>::TABLE) else { return Ok(false) };
    for file in &table.files {
        if engine.stores.size(&below(output, &file.path)?).await? != Some(file.size) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The accounts of those of `persons` who are in a run.
async fn accounts_of(
    run: &Run,
    persons: &BTreeSet<&str>,
) -> Result<BTreeMap<String, Vec<(String, String)>>> {
    let mut found = BTreeMap::new();
    let see = |person: PersonNames<&str>| {
        let accounts = person.accounts.iter().filter_map(|account| account.split_once(':'));
        let accounts = accounts.map(|(network, id)| (network.to_owned(), id.to_owned()));
        found.insert(person.person_id.to_owned(), accounts.collect());
    };
    run.each::<PersonNames>(|people| people.filter(of_people(persons.iter().copied())), see)
        .await?;
    Ok(found)
}
