//! A person leaves: every table, log and refused run below an output folder loses them, and a receipt says what was done.
//!
//! Rewritten tables are stored under new paths and become visible by one commit; only then is anything deleted. Whoever stops in
//! between repeats the request: what is left to do is found by what still holds the person. Tables of people go last, since they
//! say which accounts are the person's.

mod json;
mod objects;
mod parquet;
mod receipt;
mod scan;
mod survey;
mod traces;

use std::collections::BTreeSet;

use serde::Serialize;
use url::Url;

use crate::engine::Engine;
use crate::error::{Error, Kind, Result};
use crate::number_format::counted;
use crate::publish::commit::{self, Commit, Reason};
use crate::publish::{Place, remove, rewrite};
use crate::published::files::{TableFile, table_files};
use crate::published::identify::{Identified, identify_all, nobody};
use crate::published::rows::{PersonNames, TableRow};
use crate::storage::{Stores, below};
pub use receipt::{Done, HeldObject, Receipt};
pub use scan::Scan;
use survey::Survey;
use traces::Traces;

/// How often a request begins again because something was published meanwhile.
const ATTEMPTS: usize = 5;
/// Most paths that an error names.
const NAMED: usize = 5;

/// A person who has left.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Forgotten {
    /// The salt of the hashes in the receipt; it is kept nowhere.
    pub salt: String,
    /// Person ids that were found for the request.
    pub person_ids: BTreeSet<String>,
    /// Accounts that were found for it, each `network:account_id`.
    pub accounts: BTreeSet<String>,
    /// What was done.
    pub receipt: Receipt,
}

/// Removes the person who is meant by all of `queries` from everything below `output`: person ids, accounts as
/// `network:account_id`, bare ids of accounts or display names. Several people are removed where each is named by an id or an account.
/// At the end everything that is left is searched for the person, and [`Receipt::scan`] says what was found: whoever calls this has to
/// refuse what still holds them.
///
/// # Errors
/// [`Kind::Usage`] if the queries mean more people than they name; [`Kind::BadInput`] if nothing holds anybody of the name, or a file
/// cannot be read; [`Kind::Interrupted`] if others publish all the time; [`Kind::Unavailable`] if the store does not answer. Whatever
/// was not done yet, the same request does.
pub async fn forget(engine: &Engine, output: &Url, queries: &[String]) -> Result<Forgotten> {
    let mut refused = None;
    for _ in 0..ATTEMPTS {
        match attempt(engine, output, queries).await {
            Err(error) if error.kind == Kind::Interrupted => refused = Some(error),
            ended => return ended,
        }
    }
    Err(refused.unwrap_or_else(|| Error::internal("no attempt was made")))
}

async fn attempt(engine: &Engine, output: &Url, queries: &[String]) -> Result<Forgotten> {
    let stores = &engine.stores;
    let commits = commit::all(stores, output).await?;
    let (files, _) = table_files(engine, output, &commits).await?;
    let Identified { ids, accounts, unreadable } = identify_all(&files, queries).await?;
    if let Some((file, cause)) = unreadable.first_key_value() {
        return Err(unreadable_file(file, cause, unreadable.len()));
    }
    let mut traces = Traces::new(ids.clone(), accounts.clone());
    add_handles(&files, &mut traces).await?;
    let survey = Survey::of(stores, output, &commits, &traces).await?;
    let names = ids.iter().chain(&accounts);
    let mut receipt =
        match Receipt::unfinished(stores, output, names.clone().chain(queries)).await? {
            Some(earlier) => earlier,
            None if survey.held.is_empty() => {
                return Err(nobody(&files, output, &queries.join(", ")).await?);
            }
            None => Receipt::begin()?,
        };
    receipt.add_names(names);
    receipt.add_held(survey.held.clone());
    for (table, rows) in &survey.counts_left {
        let left = receipt.counts_left.entry(table.clone()).or_default();
        // What an earlier attempt has counted is counted once.
        *left = (*left).max(*rows);
    }
    receipt.write(stores, output).await?;
    if let Some(newest) = commits.first().filter(|_| !survey.held.is_empty()) {
        let tables = survey.rewritten.clone();
        let commit = rewrite::commit(stores, output, newest, Reason::Forget, tables).await?;
        receipt.commit = Some(commit.number);
        receipt.write(stores, output).await?;
    }
    finish(stores, output, survey).await?;
    receipt.scan = Some(scan::scan(stores, output, &traces).await?);
    let salt = receipt.salt.take().unwrap_or_default();
    receipt.write(stores, output).await?;
    Ok(Forgotten { salt, person_ids: ids, accounts, receipt })
}

/// Writes the logs that are to change, and deletes what nobody reads any more.
async fn finish(stores: &Stores, output: &Url, survey: Survey) -> Result<()> {
    for (path, bytes) in survey.logs {
        stores.write(&below(output, &path)?, bytes).await?;
    }
    // Whoever published meanwhile may name a file of that name again.
    let now: BTreeSet<String> = paths(&commit::all(stores, output).await?);
    let mut unnamed: Vec<String> =
        survey.unneeded.into_iter().filter(|path| !now.contains(path)).collect();
    // Tables of people tell whose accounts are whose: they go last.
    let people = Some(PersonNames::<String>::TABLE);
    unnamed.sort_by_key(|path| Place::of(path).table() == people);
    for path in unnamed {
        remove(stores, output, &path).await?;
    }
    Ok(())
}

/// Every file that commits name.
fn paths(commits: &[Commit]) -> BTreeSet<String> {
    let tables = commits.iter().flat_map(|commit| commit.tables.values());
    tables.flat_map(|table| &table.files).map(|file| file.path.clone()).collect()
}

/// Adds the handles of the accounts of the person, as any run knew them.
async fn add_handles(files: &[TableFile], traces: &mut Traces) -> Result<()> {
    for file in files.iter().filter(|file| file.table == "accounts") {
        for row in file.rows_of(&traces.ids.clone()).await? {
            if let Some(handle) = row.get("handle").and_then(|handle| handle.as_str()) {
                traces.add_handle(handle);
            }
        }
    }
    Ok(())
}

fn unreadable_file(file: &str, cause: &str, count: usize) -> Error {
    let files = counted(count as u64, "file", "files");
    Error::bad_input(
        format!("{files} cannot be read and may hold the person: `{file}`: {cause}"),
        "restore or delete them, then repeat; nothing has changed",
    )
    .in_file(file)
}

/// The error for a search that found the person after all.
pub fn still_held(scan: &Scan) -> Option<Error> {
    let first = scan.holding.first()?;
    let named: Vec<&str> = scan.holding.iter().take(NAMED).map(String::as_str).collect();
    let more = if scan.holding.len() > NAMED { ", …" } else { "" };
    Some(
        Error::new(
            Kind::Gate,
            format!(
                "{} still hold the person or cannot be read: {}{more}",
                counted(scan.holding.len() as u64, "object", "objects"),
                named.join(", ")
            ),
            "a run that began since has scored the person again, or the object is not one that renown writes: let the inputs \
             carry the refusal, remove the object, then repeat",
        )
        .in_file(first),
    )
}
