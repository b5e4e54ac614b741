//! Interactions over vertices.
//!
//! This is where text ids end: ids are numbered as their rows are decoded, an interaction becomes 20 bytes, and all later
//! stages work on those.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::Float64Type;
use hashbrown::DefaultHashBuilder;
use rayon::prelude::*;

use super::columns::{texts, times_before, uneven, values};
use super::eligibility::{Eligibility, Pairing};
use super::ids::{BLOCK_ROWS, Ids};
use super::unmatched_ids::UnmatchedIds;
use super::validate::ValidInput;
use crate::engine::in_blocks;
use crate::error::Result;
use crate::method::Method;
use crate::model::time::hours_before;
use crate::model::{
    Dropped, Interaction, Interactions, JoinRate, OrNone, PostIndex, Sentiment, VertexIndex,
};
use renown_graph::buckets::Buckets;
use renown_graph::numbering::NONE;

/// Interactions per bucket: a bucket is sorted within the cache.
const ROWS_PER_BUCKET: u64 = 1 << 15;

/// An interaction as read, between account numbers and later vertices.
#[derive(Clone, Copy)]
struct Row {
    at_us: i64,
    /// Hash of actor, target, post and reacting post: rows with one pair of vertices, kind and instant that differ in it are
    /// different interactions.
    texts: u64,
    target: u32,
    actor: u32,
    /// Number of the post, later its index; [`NONE`] where `posts` lacks it.
    post: u32,
    kind: u8,
    sentiment: Sentiment,
    names_post: bool,
}

/// The rows of `interactions`; none for a job without them.
#[derive(Default)]
pub(super) struct InteractionRows {
    blocks: Vec<Vec<Row>>,
    unmatched_posts: UnmatchedIds,
}

/// Decodes blocks of interactions.
struct Decoder {
    ids: Arc<Ids>,
    /// Index of each kind of the method.
    kinds: HashMap<String, u8>,
    hasher: DefaultHashBuilder,
    /// The end of the window.
    end_us: i64,
}

impl InteractionRows {
    /// Reads `interactions`, after `posts`.
    pub(super) async fn read(input: &ValidInput, method: &Method, ids: &Arc<Ids>) -> Result<Self> {
        let what = format!("reading {}", input.origin);
        let kinds = method.kinds.keys().cloned().zip(0_u8..).collect();
        let (ids, hasher) = (Arc::clone(ids), DefaultHashBuilder::default());
        let decoder = Decoder { ids, kinds, hasher, end_us: input.end_us };
        let block = move |block: &[RecordBatch]| decoder.decode(block);
        let mut all = Self::default();
        for (block, unmatched) in in_blocks(&what, input.frame.clone(), BLOCK_ROWS, block).await? {
            all.blocks.push(block);
            all.unmatched_posts.extend(unmatched);
        }
        Ok(all)
    }

    /// Takes the rows before `start_us` out.
    pub(super) fn take_before(&mut self, start_us: i64) -> Self {
        let take = |block: &mut Vec<Row>| -> Vec<Row> {
            block.extract_if(.., |row| row.at_us < start_us).collect()
        };
        Self { blocks: self.blocks.par_iter_mut().map(take).collect(), ..Self::default() }
    }

    /// Keeps the rows among different vertices; `vertex_of` has the vertex of each account number.
    pub(super) fn keep_numbered(&mut self, vertex_of: &[OrNone<VertexIndex>]) {
        let vertex = |account: u32| vertex_of[account as usize].get();
        self.blocks.par_iter_mut().for_each(|block| {
            block.retain(|row| {
                let (actor, target) = (vertex(row.actor), vertex(row.target));
                actor.is_some() && target.is_some() && actor != target
            });
        });
    }

    /// Actor and target of each row.
    pub(super) fn accounts(&self) -> impl Iterator<Item = [u32; 2]> {
        self.blocks.iter().flatten().map(|row| [row.actor, row.target])
    }

    /// Number of rows that name a post.
    pub(super) fn rows_with_post(&self) -> u64 {
        self.blocks.iter().flatten().filter(|row| row.names_post).count() as u64
    }

    /// Whether any row names a post that is there, by post number.
    pub(super) fn any_finds_post(&self, is_post: &[bool]) -> bool {
        let is_found = |row: &Row| row.post != NONE && is_post[row.post as usize];
        self.blocks.iter().flatten().any(is_found)
    }

    /// Ids of posts that neither `posts` nor one of its rows names.
    pub(super) fn unmatched_posts(&self) -> &UnmatchedIds {
        &self.unmatched_posts
    }

    /// Marks the accounts that take part, by account number.
    pub(super) fn mark_accounts(&self, observed: &mut [bool]) {
        for row in self.blocks.iter().flatten() {
            observed[row.actor as usize] = true;
            observed[row.target as usize] = true;
        }
    }

    /// Keeps the interactions among different eligible people, and notes in `eligibility` which accounts appear. Returns the
    /// number of interactions among eligible people, with those of a person with themselves.
    pub(super) fn keep_scored(
        &mut self,
        eligibility: &Eligibility<'_>,
        drops: &mut Vec<Dropped>,
    ) -> u64 {
        let block = |block: &mut Vec<Row>| {
            let (mut not_scored, mut same_person) = (0, 0);
            block.retain(|row| {
                let pairing = eligibility.pair(row.actor, row.target);
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
        drops.push(Dropped::suppressed("interactions", rule, not_scored).of(all));
        let rule = "between accounts of one person";
        let eligible = all - not_scored;
        drops.push(Dropped::exact("interactions", rule, same_person).of(eligible));
        eligible
    }

    /// The interactions over vertices, duplicates once. `vertex_of` has the vertex of each account number; `post_of`, for a
    /// job with posts, the index of each post number.
    pub(super) fn into_interactions(
        self,
        vertex_of: &[OrNone<VertexIndex>],
        vertices: usize,
        post_of: Option<&[OrNone<PostIndex>]>,
        cutoff_us: i64,
        (drops, joins): (&mut Vec<Dropped>, &mut BTreeMap<String, JoinRate>),
    ) -> Interactions {
        let mut blocks = self.blocks;
        let post_index = |number: u32| {
            let index = post_of.and_then(|post_of| post_of.get(number as usize));
            index.copied().unwrap_or(OrNone::NONE)
        };
        let per_block: Vec<u64> = blocks
            .par_iter_mut()
            .map(|block| {
                let mut counts = vec![0_u64; Buckets::blocks(vertices)];
                for row in block {
                    row.actor = vertex_of[row.actor as usize].into();
                    row.target = vertex_of[row.target as usize].into();
                    row.post = post_index(row.post).into();
                    counts[Buckets::block_of(row.target) as usize] += 1;
                }
                counts
            })
            .reduce_with(|mut one, other| {
                one.iter_mut().zip(other).for_each(|(one, other)| *one += other);
                one
            })
            .unwrap_or_default();
        let all: usize = blocks.iter().map(Vec::len).sum();
        let buckets = Buckets::divide(vertices, &per_block, ROWS_PER_BUCKET);
        let dealt: Vec<Dealt> =
            blocks.into_par_iter().map(|block| Dealt::of(&buckets, &block)).collect();
        let sorted: Vec<(Vec<Interaction>, NamedPosts)> = (0..buckets.rows.len())
            .into_par_iter()
            .map(|bucket| sort_bucket(bucket, &dealt, cutoff_us))
            .collect();
        drop(dealt);
        let with_post: u64 = sorted.iter().map(|(_, posts)| posts.rows).sum();
        let without_post = sorted.iter().map(|(_, posts)| posts.unmatched).sum();
        let mut rows = Vec::with_capacity(sorted.iter().map(|(rows, _)| rows.len()).sum());
        for (of_bucket, _) in sorted {
            rows.extend(of_bucket);
        }
        let duplicates = (all - rows.len()) as u64;
        drops.push(Dropped::exact("interactions", "duplicate rows", duplicates).of(all as u64));
        let rule = "post_id not found in `posts`: kept without a post";
        let without_post = if post_of.is_some() { without_post } else { 0 };
        drops.push(Dropped::suppressed("interactions", rule, without_post));
        if post_of.is_some() && with_post > 0 {
            let counted = "interactions with a post_id find their post";
            joins.insert("posts".into(), JoinRate::new(counted, with_post, without_post));
        }
        Interactions { rows }
    }
}

impl Decoder {
    fn decode(&self, block: &[RecordBatch]) -> Result<(Vec<Row>, UnmatchedIds)> {
        let networks = self.ids.networks(block)?;
        let actors = self.ids.accounts(block, &networks, "actor_id")?;
        let targets = self.ids.accounts(block, &networks, "target_id")?;
        let post_ids: Vec<Option<&str>> = texts(block, "post_id")?.collect();
        let named = networks.iter().zip(&post_ids);
        let named: Vec<(u32, &str)> = named.filter_map(|(n, id)| Some((*n, (*id)?))).collect();
        let found = self.ids.posts.find(&named);
        let mut unmatched = UnmatchedIds::default();
        if found.contains(&NONE) {
            let names = texts(block, "network")?.flatten().zip(&post_ids);
            let named = names.filter_map(|(network, id)| Some((network, (*id)?)));
            for ((network, id), _) in named.zip(&found).filter(|(_, found)| **found == NONE) {
                unmatched.add(network, id);
            }
        }
        let mut found = found.into_iter();
        let mut rest = texts(block, "via_post_id")?
            .zip(texts(block, "kind")?)
            .zip(times_before(block, "at", self.end_us)?)
            .zip(values::<Float64Type>(block, "sentiment")?);
        let mut rows = Vec::with_capacity(networks.len());
        for ((actor, target), post_id) in actors.into_iter().zip(targets).zip(post_ids) {
            let (((via, kind), at), sentiment) = rest.next().ok_or_else(uneven)?;
            let kind = kind.and_then(|kind| self.kinds.get(kind)).ok_or_else(uneven)?;
            rows.push(Row {
                at_us: at,
                texts: self.hasher.hash_one((actor, target, post_id, via)),
                target,
                actor,
                post: post_id.and_then(|_| found.next()).unwrap_or(NONE),
                kind: *kind,
                sentiment: match sentiment {
                    None => Sentiment::Unknown,
                    Some(value) if value < 0.0 => Sentiment::Negative,
                    Some(_) => Sentiment::NotNegative,
                },
                names_post: post_id.is_some(),
            });
        }
        Ok((rows, unmatched))
    }
}

/// Interactions by bucket of their targets.
struct Dealt {
    /// Where each bucket begins, and the last ends.
    bounds: Vec<usize>,
    rows: Vec<Row>,
}

impl Dealt {
    fn of(buckets: &Buckets, block: &[Row]) -> Self {
        let bounds = buckets.bounds(block.iter().map(|row| row.target));
        let (mut next, mut rows) = (bounds.clone(), block.to_vec());
        for row in block {
            let slot = &mut next[buckets.bucket_of(row.target)];
            rows[*slot] = *row;
            *slot += 1;
        }
        Self { bounds, rows }
    }
}

/// Numbers of interactions that name a post.
struct NamedPosts {
    rows: u64,
    /// Those whose post was not found.
    unmatched: u64,
}

/// The interactions of a bucket, sorted, duplicates once, and how many name a post. Of rows that differ in sentiment alone the
/// most negative is kept: any fixed choice would do.
fn sort_bucket(bucket: usize, dealt: &[Dealt], cutoff_us: i64) -> (Vec<Interaction>, NamedPosts) {
    let parts =
        dealt.iter().flat_map(|part| &part.rows[part.bounds[bucket]..part.bounds[bucket + 1]]);
    let mut rows: Vec<Row> = parts.copied().collect();
    let key = |row: &Row| (row.target, row.actor, row.at_us, row.kind, row.texts);
    rows.sort_unstable_by_key(|row| (key(row), std::cmp::Reverse(row.sentiment)));
    rows.dedup_by_key(|row| key(row));
    let with_post = || rows.iter().filter(|row| row.names_post);
    let posts = NamedPosts {
        rows: with_post().count() as u64,
        unmatched: with_post().filter(|row| row.post == NONE).count() as u64,
    };
    let interaction = |row: &Row| Interaction {
        target: VertexIndex::new(row.target as usize),
        actor: VertexIndex::new(row.actor as usize),
        post: (row.post != NONE).then(|| PostIndex::new(row.post as usize)).into(),
        // All times are before the cutoff: it was checked when they were decoded.
        age_hours: hours_before(cutoff_us, row.at_us).unwrap_or_default(),
        kind: row.kind,
        sentiment: row.sentiment,
    };
    let mut interactions: Vec<Interaction> = rows.iter().map(interaction).collect();
    // The order depends on what is kept of the rows, not on the hash.
    interactions.sort_unstable();
    (interactions, posts)
}
