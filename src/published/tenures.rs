//! How long people are known, as earlier runs published it: of the people who are scored now, and of nobody else.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use url::Url;

use super::rows::{AccountRow, TableRow};
use super::run::Run;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::model::time::days_since_epoch;
use crate::model::{
    FullCredit, NetworkIndex, PersonIndex, Persons, Standing, Tenure, Tenures, VertexIndex,
};
use crate::publish::commit::Commit;
use crate::publish::history::CommitHistory;
use crate::publish::integrity;

/// Runs in which every account that a later one lacks is looked up: a few nights whose inputs lack people cost nobody what
/// they had.
const RECENT_RUNS: usize = 3;

/// The runs of days before one below an output folder, as far as their files are there.
pub struct EarlierRuns<'a> {
    engine: &'a Engine,
    output: &'a Url,
    history: CommitHistory,
    /// The days with the numbers of their commits, the latest first.
    days: Vec<(NaiveDate, u64)>,
}

impl<'a> EarlierRuns<'a> {
    /// The runs before `day`.
    ///
    /// # Errors
    /// As [`CommitHistory::read`].
    pub async fn before(engine: &'a Engine, output: &'a Url, day: NaiveDate) -> Result<Self> {
        let history = CommitHistory::read(&engine.stores, output).await?;
        let days = history.days().rev().filter(|(earlier, _)| *earlier < day).collect();
        Ok(Self { engine, output, history, days })
    }

    /// Networks whose founders are settled: those that the last run names.
    ///
    /// # Errors
    /// As [`Run::record`].
    pub async fn networks_with_founders(&self) -> Result<BTreeSet<String>> {
        for (_, number) in &self.days {
            if let Some(run) = self.run(*number).await? {
                let networks = run.record().await?.trust_networks;
                return Ok(networks.unwrap_or_default().into_iter().collect());
            }
        }
        Ok(BTreeSet::new())
    }

    /// How long `persons` are known: by the last run that has each of their accounts. Of accounts that the last few runs lack
    /// only those are looked up in older ones that did anything before the last one, by `first_hours`, whole hours before the
    /// end of `day` (length: vertices); others are new.
    ///
    /// # Errors
    /// [`crate::error::Kind::Unavailable`] if the store does not answer, [`crate::error::Kind::BadInput`] if a file is
    /// damaged.
    pub async fn tenures(
        &self,
        day: NaiveDate,
        persons: &Persons,
        first_hours: &[Option<u32>],
    ) -> Result<Tenures> {
        let networks = self.networks_with_founders().await?;
        let of_vertices = vec![Tenure::default(); persons.vertices()];
        let mut found = Tenures { day: None, networks, of_vertices };
        if found.networks.is_empty() {
            return Ok(found);
        }
        let accounts = persons.accounts_by_id();
        let vertices: Vec<Option<VertexIndex>> = accounts
            .iter()
            .map(|(account, person)| persons.vertex(persons.account_networks[*account], *person))
            .collect();
        let mut is_open = vec![true; accounts.len()];
        let mut runs_read = 0;
        for (earlier, number) in &self.days {
            let Some(run) = self.run(*number).await? else { continue };
            let mut wrong_day = None;
            // Runs that lack an account are days without full credit.
            let last = found.day.unwrap_or(*earlier);
            let absent_days = last.signed_duration_since(*earlier).num_days();
            let see = |row: AccountRow<&str>| {
                let Some(at) = find(persons, &accounts, row.network, row.account_id) else {
                    return;
                };
                // Who links an account to another without proof brings no standing.
                let is_proven = persons.account_proven[accounts[at].0];
                if !std::mem::replace(&mut is_open[at], false) || !is_proven {
                    return;
                }
                match (tenure(&row, absent_days), vertices[at]) {
                    (Ok(own), Some(vertex)) => {
                        let known = &mut found.of_vertices[vertex.index()];
                        *known = known.longer(own);
                    }
                    (Err(error), _) => wrong_day = Some(error),
                    (_, None) => {}
                }
            };
            run.each::<AccountRow>(Ok, see).await?;
            wrong_day.map_or(Ok(()), Err)?;
            found.day = Some(last);
            runs_read += 1;
            if runs_read == RECENT_RUNS {
                let hours = day.signed_duration_since(last).num_hours();
                let is_older = |vertex: &Option<VertexIndex>| {
                    let first = vertex.and_then(|vertex| first_hours[vertex.index()]);
                    first.is_some_and(|first| i64::from(first) >= hours)
                };
                for (is_open, vertex) in is_open.iter_mut().zip(&vertices) {
                    *is_open &= is_older(vertex);
                }
            }
            if !is_open.contains(&true) {
                break;
            }
        }
        Ok(found)
    }

    /// The last run of which every file is there; `None` if there is none.
    ///
    /// # Errors
    /// [`crate::error::Kind::Unavailable`] if the store does not answer.
    pub async fn last_whole(&self) -> Result<Option<Run>> {
        for (_, number) in &self.days {
            if let Some(run) = self.whole(*number, |_| true).await? {
                return Ok(Some(run));
            }
        }
        Ok(None)
    }

    /// The run of a commit, if its table `accounts` is there.
    async fn run(&self, number: u64) -> Result<Option<Run>> {
        let table = AccountRow::<String>::TABLE;
        self.whole(number, |commit| commit.tables.contains_key(table)).await
    }

    /// The run of a commit that is `wanted`, if all of it is there. A file with other bytes is refused when it is read.
    async fn whole(&self, number: u64, wanted: impl Fn(&Commit) -> bool) -> Result<Option<Run>> {
        let Self { engine, output, history, .. } = self;
        match history.commit(number).await?.filter(wanted) {
            Some(commit) if integrity::complete(&engine.stores, output, &commit).await? => {
                Run::open(engine, output, &commit).map(Some)
            }
            _ => Ok(None),
        }
    }
}

/// The tenure that a row tells, `absent_days` before the last run.
fn tenure(row: &AccountRow<&str>, absent_days: i64) -> Result<Tenure> {
    let standing = row.known_since.map(|since| {
        let is_founder = row.is_founder == 1;
        Ok::<_, Error>(Standing { since_days: days_since_epoch(since)?, is_founder })
    });
    let full_credit = row.full_credit_since.map(|since| {
        let missed = row.full_credit_missed_days.unwrap_or(0).saturating_add(absent_days);
        let missed_days = i32::try_from(missed).unwrap_or(i32::MAX / 32);
        Ok::<_, Error>(FullCredit { since_days: days_since_epoch(since)?, missed_days })
    });
    Ok(Tenure { standing: standing.transpose()?, full_credit: full_credit.transpose()? })
}

/// Where an account stands among `accounts`, which are in order of (network, account id).
fn find(
    persons: &Persons,
    accounts: &[(usize, PersonIndex)],
    network: &str,
    account_id: &str,
) -> Option<usize> {
    let network = persons.networks.binary_search_by(|name| name.as_str().cmp(network)).ok()?;
    let wanted = (NetworkIndex::new(network), account_id);
    let key =
        |account: usize| (persons.account_networks[account], persons.account_ids.value(account));
    accounts.binary_search_by(|(account, _)| key(*account).cmp(&wanted)).ok()
}
