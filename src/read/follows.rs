//! Follows over vertices.
//!
//! Accounts are numbered as follows are decoded, as for interactions; a follow takes 12 bytes from then on.

use std::cmp::Reverse;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::TimestampMicrosecondType;
use rayon::prelude::*;

use super::columns::{uneven, values};
use super::eligibility::{Eligibility, Pairing};
use super::ids::{BLOCK_ROWS, Ids};
use super::validate::ValidInput;
use crate::engine::in_blocks;
use crate::error::Result;
use crate::model::time::hours_before;
use crate::model::{Dropped, Follow, Follows, OrNone, VertexIndex};
use renown_graph::numbering::NONE;

/// A follow as read, between account numbers.
struct Row {
    followee: u32,
    follower: u32,
    /// Hours from the start to the cutoff, [`NONE`] where they are unknown.
    since: u32,
}

/// The rows of `follows`.
pub(super) struct FollowRows {
    blocks: Vec<Vec<Row>>,
}

impl FollowRows {
    /// Reads `follows`, from which those that start at the cutoff or later are left out before.
    pub(super) async fn read(input: &ValidInput, cutoff_us: i64, ids: &Arc<Ids>) -> Result<Self> {
        let what = format!("reading {}", input.origin);
        let ids = Arc::clone(ids);
        let block = move |block: &[RecordBatch]| decode(block, cutoff_us, &ids);
        Ok(Self { blocks: in_blocks(&what, input.frame.clone(), BLOCK_ROWS, block).await? })
    }

    /// Follower and followee of each row.
    pub(super) fn accounts(&self) -> impl Iterator<Item = [u32; 2]> {
        self.blocks.iter().flatten().map(|row| [row.follower, row.followee])
    }

    /// Marks the accounts that take part, by account number.
    pub(super) fn mark_accounts(&self, observed: &mut [bool]) {
        for row in self.blocks.iter().flatten() {
            observed[row.follower as usize] = true;
            observed[row.followee as usize] = true;
        }
    }

    /// Keeps the follows among different eligible people, and notes in `eligibility` which accounts appear. Returns the number
    /// of follows among eligible people, with those of a person by themselves.
    pub(super) fn keep_scored(
        &mut self,
        eligibility: &Eligibility<'_>,
        drops: &mut Vec<Dropped>,
    ) -> u64 {
        let block = |block: &mut Vec<Row>| {
            let (mut not_scored, mut same_person) = (0, 0);
            block.retain(|row| {
                let pairing = eligibility.pair(row.follower, row.followee);
                not_scored += u64::from(pairing == Pairing::NotScored);
                same_person += u64::from(pairing == Pairing::SamePerson);
                pairing == Pairing::Scored
            });
            (not_scored, same_person)
        };
        let all: u64 = self.blocks.iter().map(|block| block.len() as u64).sum();
        let dropped: Vec<(u64, u64)> = self.blocks.par_iter_mut().map(block).collect();
        let not_scored = dropped.iter().map(|block| block.0).sum();
        let same_person = dropped.iter().map(|block| block.1).sum();
        let rule = "involves an ineligible person";
        drops.push(Dropped::suppressed("follows", rule, not_scored).of(all));
        let rule = "between accounts of one person";
        let eligible = all - not_scored;
        drops.push(Dropped::exact("follows", rule, same_person).of_eligible(eligible));
        eligible
    }

    /// The follows over vertices, each pair once. `vertex_of` has the vertex of each account number.
    pub(super) fn into_follows(
        self,
        vertex_of: &[OrNone<VertexIndex>],
        drops: &mut Vec<Dropped>,
    ) -> Follows {
        let mut rows = Vec::with_capacity(self.blocks.iter().map(Vec::len).sum());
        // Whoever takes part in a follow among eligible people is scored.
        let vertex = |account: u32| vertex_of[account as usize].get();
        for block in self.blocks {
            rows.extend(block.into_iter().filter_map(|row| {
                let (followee, follower) = vertex(row.followee).zip(vertex(row.follower))?;
                Some(Follow { followee, follower, since: row.since })
            }));
        }
        let all = rows.len();
        // Of one pair the earliest start comes first, and an unknown start last.
        let key = |row: &Follow| (row.followee, row.follower, Reverse(row.since_hours()));
        rows.par_sort_unstable_by_key(key);
        rows.dedup_by_key(|row| (row.followee, row.follower));
        let rule = "duplicate rows: the earliest follow of a pair on a network is kept";
        drops.push(
            Dropped::exact("follows", rule, (all - rows.len()) as u64).of_eligible(all as u64),
        );
        Follows { rows }
    }
}

/// The follows of a block.
fn decode(block: &[RecordBatch], cutoff_us: i64, ids: &Ids) -> Result<Vec<Row>> {
    let networks = ids.networks(block)?;
    let followers = ids.accounts(block, &networks, "follower_id")?;
    let followees = ids.accounts(block, &networks, "followee_id")?;
    let mut since = values::<TimestampMicrosecondType>(block, "since")?;
    let mut rows = Vec::with_capacity(networks.len());
    for (follower, followee) in followers.into_iter().zip(followees) {
        let since = since.next().ok_or_else(uneven)?;
        let hours = since.and_then(|at| hours_before(cutoff_us, at));
        rows.push(Row { followee, follower, since: hours.unwrap_or(NONE) });
    }
    Ok(rows)
}
