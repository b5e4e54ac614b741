//! Interactions of the people who may be scored, over dense numbers.
//!
//! This is where text ids end: ids are numbered as they are decoded, an interaction becomes 20 bytes, and
//! all later stages work on those. A stage of its own would join texts to numbers many times.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use arrow::array::{
    AsArray, BooleanArray, RecordBatch, StringViewArray, StringViewBuilder, UInt32Array,
};
use arrow::datatypes::{Float64Type, TimestampMicrosecondType};
use rayon::prelude::*;

use super::check::Checked;
use super::eligibility::{Eligibility, Met, NOBODY, numberable};
use super::follows::FollowRows;
use super::ids::{BLOCK_ROWS, Ids, Names, texts, values};
use super::posts::{KnownPosts, PostRows};
use crate::engine::in_blocks;
use crate::error::{Error, Result};
use crate::method::Method;
use crate::model::time::HOUR_US;
use crate::model::{Dropped, Interaction, Interactions, Posts, Sentiment};
use renown_graph::buckets::Buckets;
use renown_graph::numbering::NONE;

/// Interactions per bucket: what is sorted at once stays in cache.
const EVENTS_PER_BUCKET: u64 = 1 << 15;

/// An interaction as it was read, over numbers.
#[derive(Clone, Copy)]
struct Row {
    at_us: i64,
    /// Hash of all texts but the kind: two interactions of one actor with one target, of one kind and at
    /// one instant, that differ in it are two.
    texts: u64,
    target: u32,
    actor: u32,
    post: u32,
    kind: u8,
    sentiment: Sentiment,
    names_post: bool,
}

/// Interactions as they were read, over numbers; of a job without them there are none.
#[derive(Default)]
pub(super) struct InteractionRows {
    blocks: Vec<Vec<Row>>,
}

impl InteractionRows {
    /// Reads the interactions; `posts` are read before.
    pub(super) async fn read(input: &Checked, method: &Method, ids: &Arc<Ids>) -> Result<Self> {
        let what = format!("reading {}", input.origin);
        let names = method.kinds.keys().cloned().zip(0_u8..);
        let kinds: HashMap<String, u8> = names.collect();
        let ids = Arc::clone(ids);
        let block = move |block: &[RecordBatch]| rows(block, &kinds, &ids);
        let blocks = in_blocks(&what, input.frame.clone(), BLOCK_ROWS, block).await?;
        Ok(Self { blocks })
    }

    /// Notes in `met`, by account number, who took part in any.
    fn note(&self, met: &mut [bool]) {
        for row in self.blocks.iter().flatten() {
            met[row.actor as usize] = true;
            met[row.target as usize] = true;
        }
    }
}

/// The interactions of a block.
fn rows(block: &[RecordBatch], kinds: &HashMap<String, u8>, ids: &Ids) -> Result<Vec<Row>> {
    let networks = ids.networks(block)?;
    let actors = ids.accounts(block, &networks, "actor_id")?;
    let targets = ids.accounts(block, &networks, "target_id")?;
    let text = |name| Ok::<_, Error>(texts(block, name)?.flat_map(StringViewArray::iter));
    let posts = text("post_id")?.zip(&networks).map(|(id, network)| Some((*network, id?)));
    let posts: Vec<Option<(u32, &str)>> = posts.collect();
    let named: Vec<(u32, &str)> = posts.iter().flatten().copied().collect();
    let mut found = ids.posts.find(&named).into_iter();
    let mut columns = text("actor_id")?.zip(text("target_id")?).zip(text("via_post_id")?);
    let mut kind = text("kind")?;
    let mut at = values::<TimestampMicrosecondType>(block, "at")?;
    let mut sentiment = values::<Float64Type>(block, "sentiment")?;
    let mut rows = Vec::with_capacity(networks.len());
    for ((actor, target), post) in actors.into_iter().zip(targets).zip(posts) {
        let read = || Error::internal("the columns of interactions differ in length");
        let ((actor_id, target_id), via) = columns.next().ok_or_else(read)?;
        let kind = kind.next().flatten().and_then(|kind| kinds.get(kind)).ok_or_else(read)?;
        let mut hasher = DefaultHasher::new();
        (actor_id, target_id, post.map(|(_, id)| id), via).hash(&mut hasher);
        rows.push(Row {
            at_us: at.next().flatten().ok_or_else(read)?,
            texts: hasher.finish(),
            target,
            actor,
            post: post.and_then(|_| found.next()).unwrap_or(NONE),
            kind: *kind,
            sentiment: match sentiment.next().flatten() {
                None => Sentiment::Unknown,
                Some(value) if value < 0.0 => Sentiment::Negative,
                Some(_) => Sentiment::NotNegative,
            },
            names_post: post.is_some(),
        });
    }
    Ok(rows)
}

/// All that was read over numbers, before it is known who may be scored.
pub(super) struct Read {
    names: Names,
    posts: Option<PostRows>,
    events: InteractionRows,
    /// Follows, if the job has them.
    pub(super) follows: Option<FollowRows>,
    /// The accounts with numbers: network, account_id, number, and whether it took part in an interaction or
    /// follow.
    pub(super) accounts: RecordBatch,
    /// Numbers of accounts.
    numbers: usize,
}

impl Read {
    pub(super) fn new(
        ids: Ids,
        posts: Option<PostRows>,
        events: InteractionRows,
        follows: Option<FollowRows>,
    ) -> Result<Self> {
        let mut names = ids.into_names();
        let keys: Vec<((u32, Box<str>), u32)> = std::mem::take(&mut names.accounts).into_keys();
        let (numbers, mut met) = (keys.len(), vec![false; keys.len()]);
        events.note(&mut met);
        follows.iter().for_each(|follows| follows.note(&mut met));
        let (mut network, mut account, mut number) =
            (StringViewBuilder::new(), StringViewBuilder::new(), Vec::new());
        for ((of, id), own) in keys {
            network.append_value(&names.networks[of as usize]);
            account.append_value(&id);
            number.push(own);
        }
        let met: BooleanArray = number.iter().map(|own| Some(met[*own as usize])).collect();
        let accounts = RecordBatch::try_from_iter([
            ("network", Arc::new(network.finish()) as _),
            ("account_id", Arc::new(account.finish()) as _),
            ("number", Arc::new(UInt32Array::from(number)) as _),
            ("met", Arc::new(met) as _),
        ]);
        let accounts = accounts.map_err(Error::internal)?;
        Ok(Self { names, posts, events, follows, accounts, numbers })
    }

    /// The member row of each account number, from the column `number` of the member rows.
    pub(super) fn rows_of(&self, members: &RecordBatch) -> Result<Vec<u32>> {
        numberable("accounts", members.num_rows())?;
        let numbers = members.column_by_name("number").and_then(|c| c.as_primitive_opt());
        let numbers: &UInt32Array =
            numbers.ok_or_else(|| Error::internal("members lack numbers"))?;
        let mut rows = vec![NOBODY; self.numbers];
        for (row, number) in (0..).zip(numbers) {
            if let Some(number) = number {
                rows[number as usize] = row;
            }
        }
        Ok(rows)
    }

    /// Who of the posts' authors may be scored.
    pub(super) fn known_posts(
        &mut self,
        row_of: &[u32],
        census: &Eligibility<'_>,
        drops: &mut Vec<Dropped>,
    ) -> Result<Option<KnownPosts>> {
        let posts = self.posts.take();
        posts.map(|posts| posts.known(&mut self.names, row_of, census, drops)).transpose()
    }

    /// The interactions among different people who may be scored, over member rows, with the number of all
    /// among those who may be; notes in `census` who appears in them.
    pub(super) fn among(
        self,
        row_of: &[u32],
        census: &Eligibility<'_>,
        drops: &mut Vec<Dropped>,
    ) -> (Among, u64) {
        let block = |mut block: Vec<Row>| {
            let (mut strange, mut own) = (0, 0);
            block.retain_mut(|row| {
                (row.actor, row.target) = (row_of[row.actor as usize], row_of[row.target as usize]);
                let met = census.meet(row.actor as usize, row.target as usize);
                strange += u64::from(met == Met::Strange);
                own += u64::from(met == Met::Own);
                met == Met::Other
            });
            (block, strange, own)
        };
        let found: u64 = self.events.blocks.iter().map(|block| block.len() as u64).sum();
        let done: Vec<(Vec<Row>, u64, u64)> =
            self.events.blocks.into_par_iter().map(block).collect();
        let (strange, own) = done.iter().fold((0, 0), |(s, o), block| (s + block.1, o + block.2));
        let rule = "from or to who may not be scored";
        drops.push(Dropped::suppressed("interactions", rule, strange));
        drops.push(Dropped::exact("interactions", "of a person with themselves", own));
        let blocks = done.into_iter().map(|(block, ..)| block).collect();
        (Among { blocks }, found - strange)
    }
}

/// Interactions among different people who may be scored, over member rows.
pub(super) struct Among {
    blocks: Vec<Vec<Row>>,
}

impl Among {
    /// The interactions and posts over vertices, repeated ones once.
    pub(super) fn with_vertices(
        self,
        posts: Option<KnownPosts>,
        vertex_of: &[u32],
        vertices: usize,
        cutoff_us: i64,
        drops: &mut Vec<Dropped>,
    ) -> (Interactions, Option<Posts>) {
        let (posts, post_of) = posts.map(|posts| posts.with_vertices(vertex_of, cutoff_us)).unzip();
        let post_of = post_of.unwrap_or_default();
        let mut blocks = self.blocks;
        let per_block: Vec<u64> = blocks
            .par_iter_mut()
            .map(|block| {
                let mut counts = vec![0_u64; Buckets::blocks(vertices)];
                for row in block {
                    row.actor = vertex_of[row.actor as usize];
                    row.target = vertex_of[row.target as usize];
                    row.post = post_of.get(row.post as usize).copied().unwrap_or(NONE);
                    counts[Buckets::block_of(row.target) as usize] += 1;
                }
                counts
            })
            .reduce_with(|mut one, other| {
                one.iter_mut().zip(other).for_each(|(one, other)| *one += other);
                one
            })
            .unwrap_or_default();
        let found: usize = blocks.iter().map(Vec::len).sum();
        let buckets = Buckets::divide(vertices, &per_block, EVENTS_PER_BUCKET);
        let dealt: Vec<Dealt> =
            blocks.into_par_iter().map(|block| deal(&buckets, &block)).collect();
        let sorted: Vec<(Vec<Interaction>, u64)> = (0..buckets.rows.len())
            .into_par_iter()
            .map(|bucket| once(bucket, &dealt, cutoff_us))
            .collect();
        drop(dealt);
        let lost = sorted.iter().map(|(_, lost)| lost).sum();
        let mut rows = Vec::with_capacity(sorted.iter().map(|(events, _)| events.len()).sum());
        for (events, _) in sorted {
            rows.extend(events);
        }
        drops.push(Dropped::exact("interactions", "repeated", (found - rows.len()) as u64));
        let words = "kept without their post, which `posts` lacks in the window";
        let lost = if posts.is_some() { lost } else { 0 };
        drops.push(Dropped::suppressed("interactions", words, lost));
        (Interactions { rows }, posts)
    }
}

/// Interactions by bucket of their targets.
struct Dealt {
    /// Where each bucket begins and the last ends.
    bounds: Vec<usize>,
    rows: Vec<Row>,
}

fn deal(buckets: &Buckets, block: &[Row]) -> Dealt {
    let bounds = buckets.bounds(block.iter().map(|row| row.target));
    let (mut next, mut rows) = (bounds.clone(), block.to_vec());
    for row in block {
        let slot = &mut next[buckets.bucket_of(row.target)];
        rows[*slot] = *row;
        *slot += 1;
    }
    Dealt { bounds, rows }
}

/// The interactions of a bucket in order, repeated ones once, and how many of them name a post that is
/// not known. Of rows that differ in sentiment alone the worst is kept: any fixed choice would do.
fn once(bucket: usize, dealt: &[Dealt], cutoff_us: i64) -> (Vec<Interaction>, u64) {
    let own =
        dealt.iter().flat_map(|part| &part.rows[part.bounds[bucket]..part.bounds[bucket + 1]]);
    let mut rows: Vec<Row> = own.copied().collect();
    let key = |row: &Row| (row.target, row.actor, row.at_us, row.kind, row.texts);
    rows.sort_unstable_by_key(|row| (key(row), std::cmp::Reverse(row.sentiment)));
    rows.dedup_by_key(|row| key(row));
    let lost = rows.iter().filter(|row| row.names_post && row.post == NONE).count();
    let event = |row: &Row| Interaction {
        target: row.target,
        actor: row.actor,
        post: row.post,
        // Whole hours before the last instant covered, so that a window of n hours is 0..n.
        age_hours: ((cutoff_us - 1 - row.at_us) / HOUR_US) as u32,
        kind: row.kind,
        sentiment: row.sentiment,
    };
    let mut events: Vec<Interaction> = rows.iter().map(event).collect();
    // What is left of them decides their order, not the hash of what is not.
    events.sort_unstable();
    (events, lost as u64)
}
