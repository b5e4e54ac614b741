//! Who follows whom, over dense numbers.
//!
//! Follows are numbered as they are decoded, as interactions are, and take 12 bytes each from then on.

use std::cmp::Reverse;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::TimestampMicrosecondType;
use rayon::prelude::*;

use super::check::Checked;
use super::eligibility::{Eligibility, Met};
use super::ids::{BLOCK_ROWS, Ids, values};
use crate::engine::in_blocks;
use crate::error::{Error, Result};
use crate::model::time::hours_before;
use crate::model::{Dropped, Follow, Follows};
use renown_graph::numbering::NONE;

/// Follows as they were read, between account numbers and later member rows.
pub(super) struct FollowRows {
    blocks: Vec<Vec<Follow>>,
}

impl FollowRows {
    /// Reads the follows; those that begin at the cutoff or later are left out before.
    pub(super) async fn read(input: &Checked, cutoff_us: i64, ids: &Arc<Ids>) -> Result<Self> {
        let what = format!("reading {}", input.origin);
        let ids = Arc::clone(ids);
        let block = move |block: &[RecordBatch]| rows(block, cutoff_us, &ids);
        Ok(Self { blocks: in_blocks(&what, input.frame.clone(), BLOCK_ROWS, block).await? })
    }

    /// Notes in `met`, by account number, who takes part in any.
    pub(super) fn note(&self, met: &mut [bool]) {
        for row in self.blocks.iter().flatten() {
            met[row.follower as usize] = true;
            met[row.followee as usize] = true;
        }
    }

    /// The follows among different people who may be scored, over member rows, with the number of all among
    /// those who may be; notes in `census` who appears in them.
    pub(super) fn among(
        mut self,
        row_of: &[u32],
        census: &Eligibility<'_>,
        drops: &mut Vec<Dropped>,
    ) -> (Self, u64) {
        let block = |block: &mut Vec<Follow>| {
            let (mut strange, mut own) = (0, 0);
            block.retain_mut(|row| {
                row.follower = row_of[row.follower as usize];
                row.followee = row_of[row.followee as usize];
                let met = census.meet(row.follower as usize, row.followee as usize);
                strange += u64::from(met == Met::Strange);
                own += u64::from(met == Met::Own);
                met == Met::Other
            });
            (strange, own)
        };
        let found: u64 = self.blocks.iter().map(|block| block.len() as u64).sum();
        let done: Vec<(u64, u64)> = self.blocks.par_iter_mut().map(block).collect();
        let (strange, own) = done.iter().fold((0, 0), |(s, o), block| (s + block.0, o + block.1));
        let rule = "from or to who may not be scored";
        drops.push(Dropped::suppressed("follows", rule, strange));
        drops.push(Dropped::exact("follows", "of a person by themselves", own));
        (self, found - strange)
    }

    /// The follows over vertices, each pair once.
    pub(super) fn with_vertices(self, vertex_of: &[u32], drops: &mut Vec<Dropped>) -> Follows {
        let mut rows = Vec::with_capacity(self.blocks.iter().map(Vec::len).sum());
        for block in self.blocks {
            rows.extend(block.into_iter().map(|row| Follow {
                followee: vertex_of[row.followee as usize],
                follower: vertex_of[row.follower as usize],
                since: row.since,
            }));
        }
        let found = rows.len();
        // Of one pair the most hours first, and what is not known last.
        let key = |row: &Follow| (row.followee, row.follower, Reverse(row.since_hours()));
        rows.par_sort_unstable_by_key(key);
        rows.dedup_by_key(|row| (row.followee, row.follower));
        let rule = "repeated: the earliest of the same two people on a network is kept";
        drops.push(Dropped::exact("follows", rule, (found - rows.len()) as u64));
        Follows { rows }
    }
}

/// The follows of a block.
fn rows(block: &[RecordBatch], cutoff_us: i64, ids: &Ids) -> Result<Vec<Follow>> {
    let networks = ids.networks(block)?;
    let followers = ids.accounts(block, &networks, "follower_id")?;
    let followees = ids.accounts(block, &networks, "followee_id")?;
    let mut since = values::<TimestampMicrosecondType>(block, "since")?;
    let mut rows = Vec::with_capacity(networks.len());
    for (follower, followee) in followers.into_iter().zip(followees) {
        let read = || Error::internal("the columns of follows differ in length");
        let since = since.next().ok_or_else(read)?;
        let hours = since.and_then(|at| hours_before(cutoff_us, at));
        rows.push(Follow { followee, follower, since: hours.unwrap_or(NONE) });
    }
    Ok(rows)
}
