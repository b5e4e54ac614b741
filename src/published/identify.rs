//! Who is meant by a request, over all runs.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use url::Url;

use super::files::TableFile;
use super::lookup::{Misspelled, account_id};
use super::rows::{PersonNames, TableRow};
use crate::error::{Error, Kind, Result};

/// Maximum number of people named where several are meant.
const CANDIDATES: usize = 20;

/// The ids and accounts that the runs take for one person, beginning with `query`.
pub(crate) async fn identify(
    files: &[TableFile],
    query: &str,
    unreadable: &mut BTreeMap<String, String>,
) -> Result<(BTreeSet<String>, BTreeSet<String>)> {
    let mut known = Known::default();
    known.ids.insert(query.to_owned());
    known.follow(files, query, unreadable).await?;
    if known.accounts.is_empty() {
        // A bare account id or a display name is not a person id.
        let meant = named(files, query, unreadable).await?;
        if !meant.is_empty() {
            known.ids.clear();
            known.accounts = meant;
            known.follow(files, query, unreadable).await?;
        }
    }
    Ok((known.ids, known.accounts))
}

/// Who is meant by several queries.
pub(crate) struct Identified {
    /// Person ids.
    pub ids: BTreeSet<String>,
    /// Accounts, each `network:account_id`.
    pub accounts: BTreeSet<String>,
    /// Files that cannot be read, with the cause.
    pub unreadable: BTreeMap<String, String>,
}

/// The ids and accounts that the runs take for the people of all `queries`.
///
/// # Errors
/// [`Kind::Usage`] if a query means several people: a run has people apart whom others link, or names are shared, and not each of them
/// is named by id or account.
pub(crate) async fn identify_all(files: &[TableFile], queries: &[String]) -> Result<Identified> {
    let (mut ids, mut accounts) = (BTreeSet::new(), BTreeSet::new());
    let mut unreadable = BTreeMap::new();
    for query in queries {
        let (of_query, its_accounts) = identify(files, query, &mut unreadable).await?;
        refuse_apart(files, queries, query, &of_query, &mut unreadable).await?;
        ids.extend(of_query);
        accounts.extend(its_accounts);
    }
    Ok(Identified { ids, accounts, unreadable })
}

/// Refuses a query whose people `ids` a run has apart, unless `queries` name each of them.
async fn refuse_apart(
    files: &[TableFile],
    queries: &[String],
    query: &str,
    ids: &BTreeSet<String>,
    unreadable: &mut BTreeMap<String, String>,
) -> Result<()> {
    if ids.len() < 2 {
        return Ok(());
    }
    // The people of each run, and whether all are named.
    let mut runs: BTreeMap<(NaiveDate, &str), BTreeMap<String, bool>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.table == PersonNames::<String>::TABLE) {
        let people = runs.entry((file.day, &file.run_id)).or_default();
        let see = |person: PersonNames<&str>| {
            if ids.contains(person.person_id) {
                let names = |query: &String| {
                    person.person_id == query || person.accounts.contains(&query.as_str())
                };
                people.insert(person.person_id.to_owned(), queries.iter().any(names));
            }
        };
        if let Err(error) = file.each_person(see).await {
            unreadable.insert(file.path.clone(), error.cause);
        }
    }
    let apart = runs.into_values().find(|people| people.len() > 1 && people.values().any(|n| !n));
    let Some(apart) = apart else { return Ok(()) };
    let ids: Vec<&str> = apart.keys().map(String::as_str).collect();
    Err(Error::new(
        Kind::Usage,
        format!("`{query}` is {} people in one of the runs: {}", ids.len(), ids.join(", ")),
        "name each of them by its id if all of them are to go",
    ))
}

/// Ids and accounts that are known to be of one person.
#[derive(Default)]
struct Known {
    ids: BTreeSet<String>,
    accounts: BTreeSet<String>,
}

impl Known {
    /// Ids and accounts lead to each other until no run adds any.
    async fn follow(
        &mut self,
        files: &[TableFile],
        query: &str,
        unreadable: &mut BTreeMap<String, String>,
    ) -> Result<()> {
        loop {
            let before = (self.ids.len(), self.accounts.len());
            each_person(files, unreadable, |person| {
                let PersonNames { person_id, accounts: listed, .. } = person;
                let is_known =
                    |account: &&str| *account == query || self.accounts.contains(*account);
                if self.ids.contains(person_id) || listed.iter().any(is_known) {
                    self.ids.insert(person_id.to_owned());
                    self.accounts.extend(listed.into_iter().map(str::to_owned));
                }
            })
            .await;
            if (self.ids.len(), self.accounts.len()) == before {
                return Ok(());
            }
        }
    }
}

/// The accounts of the one person whose account has the bare id `query`, or else whose display name it is.
async fn named(
    files: &[TableFile],
    query: &str,
    unreadable: &mut BTreeMap<String, String>,
) -> Result<BTreeSet<String>> {
    let folded = query.to_lowercase();
    let mut ways: [BTreeSet<String>; 3] = Default::default();
    // Accounts that one person has in any run.
    let mut together: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    each_person(files, unreadable, |person| {
        let PersonNames { person_id: _, display_name, accounts } = person;
        let same_id = accounts.iter().find(|account| account_id(account) == query);
        let same = display_name == Some(query);
        let alike = display_name.is_some_and(|name| name.to_lowercase() == folded);
        let first = accounts.first();
        let found = [same_id, first.filter(|_| same), first.filter(|_| alike)];
        for (way, account) in ways.iter_mut().zip(found) {
            if let Some(account) = account {
                way.insert((*account).to_owned());
                let of_person = together.entry((*account).to_owned()).or_default();
                of_person.extend(accounts.iter().map(|account| (*account).to_owned()));
            }
        }
    })
    .await;
    let Some(meant) = ways.into_iter().find(|meant| !meant.is_empty()) else {
        return Ok(BTreeSet::new());
    };
    let mut people: Vec<BTreeSet<String>> = Vec::new();
    for account in meant {
        let mut of_person = together.remove(&account).unwrap_or_default();
        of_person.insert(account);
        // One person may have had other accounts in another run.
        let (same, others): (Vec<_>, Vec<_>) =
            people.into_iter().partition(|other| !other.is_disjoint(&of_person));
        people = others;
        of_person.extend(same.into_iter().flatten());
        people.push(of_person);
    }
    if let [person] = &people[..] {
        return Ok(person.clone());
    }
    let mut first: Vec<&str> =
        people.iter().filter_map(|accounts| accounts.first()).map(String::as_str).collect();
    first.sort_unstable();
    let more = if first.len() > CANDIDATES { ", …" } else { "" };
    first.truncate(CANDIDATES);
    Err(Error::new(
        Kind::Usage,
        format!("`{query}` may be any of {} people", people.len()),
        format!("give one of their accounts: {}{more}", first.join(", ")),
    ))
}

/// Gives every person of every run to `see`; files that cannot be read are added to `unreadable`.
async fn each_person(
    files: &[TableFile],
    unreadable: &mut BTreeMap<String, String>,
    mut see: impl FnMut(PersonNames<&str>),
) {
    for file in files.iter().filter(|file| file.table == PersonNames::<String>::TABLE) {
        if let Err(error) = file.each_person(&mut see).await {
            unreadable.insert(file.path.clone(), error.cause);
        }
    }
}

/// The error for a query that no file holds anything on.
pub(crate) async fn nobody(files: &[TableFile], output: &Url, query: &str) -> Result<Error> {
    let mut near = Misspelled::new(query);
    each_person(files, &mut BTreeMap::new(), |person| near.see(&person)).await;
    Ok(Error::bad_input(
        format!("no file below `{output}` holds anything on `{query}`"),
        near.remedy(),
    ))
}
