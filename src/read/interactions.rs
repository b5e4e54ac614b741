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
use crate::model::time::minutes_before;
use crate::model::{
    Dropped, Interaction, Interactions, JoinRate, OrNone, PostIndex, Sentiment, VertexIndex,
};
use renown_graph::buckets::Buckets;
use renown_graph::numbering::NONE;

/// Interactions per bucket: a bucket is sorted within the cache.
const ROWS_PER_BUCKET: u64 = 1 << 15;
/// Buckets that are sorted before what they hold is put together: as much memory stands beside the rows.
const BUCKETS_AT_ONCE: usize = 64;

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
    /// Whether it names a post, within the window: there are no older posts.
    names_post: bool,
}

impl Row {
    fn interaction(&self, cutoff_us: i64) -> Interaction {
        Interaction {
            target: VertexIndex::new(self.target as usize),
            actor: VertexIndex::new(self.actor as usize),
            post: (self.post != NONE).then(|| PostIndex::new(self.post as usize)).into(),
            // All times are before the cutoff: it was checked when they were decoded.
            age_minutes: minutes_before(cutoff_us, self.at_us).unwrap_or_default(),
            kind: self.kind,
            sentiment: self.sentiment,
        }
    }
}

/// The rows of `interactions`; none for a job without them.
#[derive(Default)]
pub(super) struct InteractionRows {
    blocks: Vec<Vec<Row>>,
    /// First instant of the window; older rows are of the history alone.
    window_us: i64,
    unmatched_posts: UnmatchedIds,
}

/// Decodes blocks of interactions.
struct Decoder {
    ids: Arc<Ids>,
    /// Index of each kind of the method.
    kinds: HashMap<String, u8>,
    hasher: DefaultHashBuilder,
    window_us: i64,
    /// The end of the window.
    end_us: i64,
}

impl InteractionRows {
    /// Reads `interactions`, after `posts`; the window begins at `window_us`.
    pub(super) async fn read(
        input: &ValidInput,
        method: &Method,
        ids: &Arc<Ids>,
        window_us: i64,
    ) -> Result<Self> {
        let what = format!("reading {}", input.origin);
        let kinds = method.kinds.keys().cloned().zip(0_u8..).collect();
        let (ids, hasher) = (Arc::clone(ids), DefaultHashBuilder::default());
        let decoder = Decoder { ids, kinds, hasher, window_us, end_us: input.end_us };
        let block = move |block: &[RecordBatch]| decoder.decode(block);
        let mut all = Self { window_us, ..Self::default() };
        for (block, unmatched) in in_blocks(&what, input.frame.clone(), BLOCK_ROWS, block).await? {
            all.blocks.push(block);
            all.unmatched_posts.extend(unmatched);
        }
        Ok(all)
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
    /// number of interactions among eligible people within the window, with those of a person with themselves.
    pub(super) fn keep_scored(
        &mut self,
        eligibility: &Eligibility<'_>,
        drops: &mut Vec<Dropped>,
    ) -> u64 {
        let window_us = self.window_us;
        let block = |block: &mut Vec<Row>| {
            let (mut not_scored, mut same_person, mut recent) = (0, 0, 0);
            block.retain(|row| {
                let pairing = eligibility.pair(row.actor, row.target);
                not_scored += u64::from(pairing == Pairing::NotScored);
                same_person += u64::from(pairing == Pairing::SamePerson);
                recent += u64::from(pairing != Pairing::NotScored && row.at_us >= window_us);
                pairing == Pairing::Scored
            });
            (not_scored, same_person, recent)
        };
        let all: u64 = self.blocks.iter().map(|block| block.len() as u64).sum();
        let counts: Vec<(u64, u64, u64)> = self.blocks.par_iter_mut().map(block).collect();
        let not_scored = counts.iter().map(|block| block.0).sum();
        let same_person = counts.iter().map(|block| block.1).sum();
        let rule = "involves an ineligible person";
        drops.push(Dropped::suppressed("interactions", rule, not_scored).of(all));
        let rule = "between accounts of one person";
        drops.push(Dropped::exact("interactions", rule, same_person).of_eligible(all - not_scored));
        counts.iter().map(|block| block.2).sum()
    }

    /// The interactions over vertices, duplicates once: those within the window, and older ones. `vertex_of` has the vertex of each account number; `post_of`, for a
    /// job with posts, the index of each post number.
    pub(super) fn into_interactions(
        self,
        vertex_of: &[OrNone<VertexIndex>],
        vertices: usize,
        post_of: Option<&[OrNone<PostIndex>]>,
        cutoff_us: i64,
        (drops, joins): (&mut Vec<Dropped>, &mut BTreeMap<String, JoinRate>),
    ) -> [Interactions; 2] {
        let window_us = self.window_us;
        let mut blocks = self.blocks;
        let post_index = |number: u32| {
            let index = post_of.and_then(|post_of| post_of.get(number as usize));
            index.copied().unwrap_or(OrNone::NONE)
        };
        let (per_block, all_recent) = blocks
            .par_iter_mut()
            .map(|block| {
                let mut counts = vec![0_u64; Buckets::blocks(vertices)];
                let all_recent = block.iter().filter(|row| row.at_us >= window_us).count();
                for row in block {
                    row.actor = vertex_of[row.actor as usize].into();
                    row.target = vertex_of[row.target as usize].into();
                    row.post = post_index(row.post).into();
                    counts[Buckets::block_of(row.target) as usize] += 1;
                }
                (counts, all_recent)
            })
            .reduce_with(|(mut one, recent), (other, others)| {
                one.iter_mut().zip(other).for_each(|(one, other)| *one += other);
                (one, recent + others)
            })
            .unwrap_or_default();
        let all: usize = blocks.iter().map(Vec::len).sum();
        let buckets = Buckets::divide(vertices, &per_block, ROWS_PER_BUCKET);
        let dealt: Vec<Dealt> =
            blocks.into_par_iter().map(|block| Dealt::of(&buckets, block)).collect();
        let mut recent = Vec::with_capacity(all_recent);
        let mut earlier = Vec::with_capacity(all - all_recent);
        let (mut with_post, mut without_post) = (0, 0);
        let numbers: Vec<usize> = (0..buckets.rows.len()).collect();
        for together in numbers.chunks(BUCKETS_AT_ONCE) {
            let sorted = together.par_iter();
            let sorted = sorted.map(|bucket| Sorted::of(*bucket, &dealt, (window_us, cutoff_us)));
            for own in sorted.collect::<Vec<Sorted>>() {
                recent.extend(own.recent);
                earlier.extend(own.earlier);
                with_post += own.with_post;
                without_post += own.unmatched_post;
            }
        }
        drop(dealt);
        let duplicates = (all - recent.len() - earlier.len()) as u64;
        drops.push(
            Dropped::exact("interactions", "duplicate rows", duplicates).of_eligible(all as u64),
        );
        let rule = "post_id not found in `posts`: kept without a post";
        let without_post = if post_of.is_some() { without_post } else { 0 };
        drops.push(Dropped::suppressed("interactions", rule, without_post));
        if post_of.is_some() && with_post > 0 {
            let counted = "interactions with a post_id find their post";
            joins.insert("posts".into(), JoinRate::new(counted, with_post, without_post));
        }
        [recent, earlier].map(|rows| Interactions { rows })
    }
}

impl Decoder {
    fn decode(&self, block: &[RecordBatch]) -> Result<(Vec<Row>, UnmatchedIds)> {
        let networks = self.ids.networks(block)?;
        let actors = self.ids.accounts(block, &networks, "actor_id")?;
        let targets = self.ids.accounts(block, &networks, "target_id")?;
        let times = times_before(block, "at", self.end_us)?;
        let given_posts: Vec<Option<&str>> = texts(block, "post_id")?.collect();
        // Posts are read within the window.
        let within = given_posts.iter().zip(&times);
        let post_ids: Vec<Option<&str>> =
            within.map(|(post, at)| post.filter(|_| *at >= self.window_us)).collect();
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
            .zip(times)
            .zip(given_posts)
            .zip(values::<Float64Type>(block, "sentiment")?);
        let mut rows = Vec::with_capacity(networks.len());
        for ((actor, target), post_id) in actors.into_iter().zip(targets).zip(post_ids) {
            let ((((via, kind), at), given_post), sentiment) = rest.next().ok_or_else(uneven)?;
            let kind = kind.and_then(|kind| self.kinds.get(kind)).ok_or_else(uneven)?;
            rows.push(Row {
                at_us: at,
                texts: self.hasher.hash_one((actor, target, given_post, via)),
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
    /// Deals a block in its own memory: each row is swapped to the next free place of its bucket.
    fn of(buckets: &Buckets, mut rows: Vec<Row>) -> Self {
        let bounds = buckets.bounds(rows.iter().map(|row| row.target));
        let mut next = bounds.clone();
        for bucket in 0..buckets.rows.len() {
            while next[bucket] < bounds[bucket + 1] {
                let at = next[bucket];
                let own = buckets.bucket_of(rows[at].target);
                if own != bucket {
                    rows.swap(at, next[own]);
                }
                next[own] += 1;
            }
        }
        Self { bounds, rows }
    }
}

/// The interactions of a bucket.
struct Sorted {
    /// Those within the window, sorted, duplicates once.
    recent: Vec<Interaction>,
    /// Older ones, likewise.
    earlier: Vec<Interaction>,
    /// Interactions that name a post.
    with_post: u64,
    /// Those whose post was not found.
    unmatched_post: u64,
}

impl Sorted {
    /// Sorts a bucket. Of rows that differ in sentiment alone the most negative is kept: any fixed choice would do.
    fn of(bucket: usize, dealt: &[Dealt], (window_us, cutoff_us): (i64, i64)) -> Self {
        let parts =
            dealt.iter().flat_map(|part| &part.rows[part.bounds[bucket]..part.bounds[bucket + 1]]);
        let mut rows: Vec<Row> = parts.copied().collect();
        let key = |row: &Row| (row.target, row.actor, row.at_us, row.kind, row.texts);
        rows.sort_unstable_by_key(|row| (key(row), std::cmp::Reverse(row.sentiment)));
        rows.dedup_by_key(|row| key(row));
        let with_post = || rows.iter().filter(|row| row.names_post);
        let (all, unmatched) =
            (with_post().count(), with_post().filter(|row| row.post == NONE).count());
        let interactions = |is_recent: bool| -> Vec<Interaction> {
            let rows = rows.iter().filter(|row| (row.at_us >= window_us) == is_recent);
            let mut interactions: Vec<Interaction> =
                rows.map(|row| row.interaction(cutoff_us)).collect();
            // The order depends on what is kept of the rows, not on the hash.
            interactions.sort_unstable();
            interactions
        };
        Self {
            recent: interactions(true),
            earlier: interactions(false),
            with_post: all as u64,
            unmatched_post: unmatched as u64,
        }
    }
}
