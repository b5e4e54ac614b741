//! The rows of `identities`: which accounts belong to one person.

use std::sync::Arc;

use arrow::array::RecordBatch;
use rayon::prelude::*;

use super::columns::texts;
use super::ids::{BLOCK_ROWS, Ids};
use super::validate::ValidInput;
use crate::engine::in_blocks;
use crate::error::{Error, Result};
use renown_graph::numbering::NONE;

/// The rows of `identities` as read: number of the account, number of the person id, and whether the row says how the link was
/// proven.
pub(super) struct IdentityRows(Vec<(u32, u32, bool)>);

impl IdentityRows {
    /// Reads `identities`.
    pub(super) async fn read(input: &ValidInput, ids: &Arc<Ids>) -> Result<Self> {
        let what = format!("reading {}", input.origin);
        let frame =
            input.frame.clone().select_columns(&["network", "account_id", "person_id", "proof"]);
        let frame = frame.map_err(|e| Error::engine(&what, e))?;
        let ids = Arc::clone(ids);
        let block = move |block: &[RecordBatch]| {
            let networks = ids.networks(block)?;
            let accounts = ids.accounts(block, &networks, "account_id")?;
            let proofs = texts(block, "proof")?;
            let proven = proofs.map(|proof| proof.is_some_and(|proof| !proof.trim().is_empty()));
            let linked = accounts.into_iter().zip(ids.persons(block)?).zip(proven);
            Ok(linked
                .map(|((account, person), proven)| (account, person, proven))
                .collect::<Vec<_>>())
        };
        Ok(Self(in_blocks(&what, frame, BLOCK_ROWS, block).await?.concat()))
    }

    /// The identities by account, for account numbers below `accounts`.
    pub(super) fn by_account(self, accounts: usize) -> Identities {
        let Self(mut rows) = self;
        let all = rows.len();
        rows.par_sort_unstable();
        // Of rows that differ in their proof alone the one with a proof is last.
        let mut distinct = rows.clone();
        distinct.dedup_by_key(|(account, person, _)| (*account, *person));
        let duplicates = (all - distinct.len()) as u64;
        let contradictory = distinct.windows(2).filter(|two| two[0].0 == two[1].0).count() as u64;
        let (mut person_of, mut proven) = (vec![NONE; accounts], vec![false; accounts]);
        for (account, person, is_proven) in rows {
            person_of[account as usize] = person;
            proven[account as usize] = is_proven;
        }
        Identities { person_of, proven, rows_read: all as u64, duplicates, contradictory }
    }
}

/// `identities`, each account once.
pub(super) struct Identities {
    /// Number of the person id of each account number, [`NONE`] where `identities` lacks it.
    pub(super) person_of: Vec<u32>,
    /// Whether the link of each account number is proven. Length: account numbers.
    pub(super) proven: Vec<bool>,
    /// Rows, duplicates too.
    pub(super) rows_read: u64,
    /// Rows that repeat another one.
    pub(super) duplicates: u64,
    /// Rows that give an account to a further person.
    pub(super) contradictory: u64,
}

impl Identities {
    /// Whether an account is linked to a person.
    pub(super) fn links(&self, account: u32) -> bool {
        self.person_of[account as usize] != NONE
    }
}
