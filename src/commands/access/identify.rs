//! Who is meant by a request, over all runs.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use crate::error::{Error, Kind, Result};
use crate::published::files::TableFile;
use crate::published::lookup::{Misspelled, account_id};
use crate::published::rows::{PersonNames, TableRow};

/// Maximum number of people named where several are meant.
const CANDIDATES: usize = 20;

/// The ids and accounts that the runs take for one person, beginning with `query`.
pub(super) async fn identify(
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
pub(super) async fn nobody(files: &[TableFile], output: &Url, query: &str) -> Result<Error> {
    let mut near = Misspelled::new(query);
    each_person(files, &mut BTreeMap::new(), |person| near.see(&person)).await;
    Ok(Error::bad_input(
        format!("no file below `{output}` holds anything on `{query}`"),
        near.remedy(),
    ))
}
