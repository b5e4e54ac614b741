//! Posts of eligible people over dense indices, with their phrases.
//!
//! The phrases of a post by an ineligible person are dropped with it, before anything is computed from them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{LargeStringArray, LargeStringBuilder};
use rayon::prelude::*;

use super::eligibility::Eligibility;
use super::ids::{BLOCK_ROWS, Ids, NetworkId};
use super::mentions::Mentions;
use super::post_decoder::{PostBlock, PostDecoder, PostRow};
use super::validate::ValidInput;
use crate::engine::in_blocks;
use crate::error::{Error, Result};
use crate::lists::Lists;
use crate::model::time::hours_before;
use crate::model::{Dropped, OrNone, PostIndex, Posts, VertexIndex};
use crate::phrases::{Vocabulary, spelling};
use renown_graph::numbering::NONE;

/// Where the phrases of a row are: its block, and its position there.
type Place = (u32, u32);

/// The rows of `posts`, over numbers.
pub(super) struct PostRows {
    blocks: Vec<PostBlock>,
}

/// Texts of posts and tags, with their numbers.
pub(super) struct PostTexts<'a> {
    /// Ids of posts, in no order.
    pub(super) posts: Vec<(NetworkId, u32)>,
    /// Position of each network number among the sorted names.
    pub(super) network_places: &'a [u32],
    /// Tags as written, in no order.
    pub(super) tags: Vec<(Box<str>, u32)>,
}

/// The posts of eligible people.
pub(super) struct EligiblePosts {
    /// Number of original posts, which come first.
    originals: usize,
    /// The posts, in the order of [`Posts`].
    posts: Vec<(PostRow, Place)>,
    ids: LargeStringArray,
    /// Place in `posts` of each post number, [`NONE`] where it is not among them.
    index: Vec<u32>,
    blocks: Vec<PostBlock>,
    /// Whether each link of each block names an ineligible person; empty if nobody is ineligible.
    masked_urls: Vec<Vec<bool>>,
    tags: Vec<(Box<str>, u32)>,
}

impl PostRows {
    /// Reads `posts`, before interactions are read.
    pub(super) async fn read(
        input: &ValidInput,
        vocabulary: &Arc<Vocabulary>,
        ids: &Arc<Ids>,
    ) -> Result<Self> {
        let what = format!("reading {}", input.origin);
        let decoder = PostDecoder::new(vocabulary, ids, input.end_us);
        let block = move |block: &[_]| decoder.decode(block);
        Ok(Self { blocks: in_blocks(&what, input.frame.clone(), BLOCK_ROWS, block).await? })
    }

    /// The account of the author of each row.
    pub(super) fn authors(&self) -> impl Iterator<Item = [u32; 1]> {
        self.blocks.iter().flat_map(|block| &block.rows).map(|row| [row.author])
    }

    /// Whether each of `numbers` post numbers is that of a row, not only of a post that one refers to.
    pub(super) fn mark_posts(&self, numbers: usize) -> Vec<bool> {
        let mut is_post = vec![false; numbers];
        let rows = self.blocks.iter().flat_map(|block| &block.rows);
        rows.for_each(|row| is_post[row.post as usize] = true);
        is_post
    }

    /// Keeps the posts of eligible people, each once, and sorts them.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadInput`] if rows of one post contradict each other.
    pub(super) fn keep_eligible(
        self,
        texts: PostTexts<'_>,
        eligibility: &Eligibility<'_>,
        mentions: Option<&Mentions>,
        drops: &mut Vec<Dropped>,
    ) -> Result<EligiblePosts> {
        let all: usize = self.blocks.iter().map(|block| block.rows.len()).sum();
        let mut posts: Vec<(PostRow, Place)> = Vec::with_capacity(all);
        for (number, block) in (0..).zip(&self.blocks) {
            let rows = (0..).zip(&block.rows).map(|(place, row)| (*row, (number, place)));
            posts.extend(rows.filter(|(row, _)| eligibility.is_eligible(row.author)));
        }
        let eligible = posts.len();
        let ineligible = (all - eligible) as u64;
        let rule = "author unknown or ineligible";
        drops.push(Dropped::suppressed("posts", rule, ineligible).of(all as u64));
        posts.par_sort_unstable();
        posts.dedup_by_key(|(row, _)| *row);
        let duplicates = (eligible - posts.len()) as u64;
        drops.push(
            Dropped::exact("posts", "duplicate rows", duplicates).of_eligible(eligible as u64),
        );
        let twice = posts.windows(2).filter(|two| two[0].0.post == two[1].0.post).count();
        if twice > 0 {
            return Err(Error::bad_input(
                format!("input `posts`: {twice} posts have two rows that contradict each other"),
                "keep one row for each (network, post_id), for example the newest",
            ));
        }
        let reposts = posts.iter().filter(|(row, _)| row.is_repost).count();
        let rule = "reposts (not original posts)";
        drops.push(Dropped::exact("posts", rule, reposts as u64));

        let mut index = vec![NONE; texts.posts.len()];
        for (place, (row, _)) in (0..).zip(&posts) {
            index[row.post as usize] = place;
        }
        let mut keys = texts.posts;
        keys.retain(|(_, number)| index[*number as usize] != NONE);
        if let Some(mentions) = mentions {
            let rule = "post ids with the name of an ineligible person: masked";
            let at_us = |number: u32| posts[index[number as usize] as usize].0.at_us;
            drops.push(Dropped::suppressed("posts", rule, mask_ids(&mut keys, at_us, mentions)));
        }
        let is_repost = |number: u32| posts[index[number as usize] as usize].0.is_repost;
        let place = |network: u32| texts.network_places[network as usize];
        keys.par_sort_unstable_by(|((network, id), number), ((other, other_id), other_number)| {
            let key = (is_repost(*number), place(*network), id);
            key.cmp(&(is_repost(*other_number), place(*other), other_id))
        });
        let (mut sorted, mut ids) = (Vec::with_capacity(posts.len()), LargeStringBuilder::new());
        for (place, ((_, id), number)) in (0..).zip(keys) {
            let slot = &mut index[number as usize];
            sorted.push(posts[*slot as usize]);
            ids.append_value(id);
            *slot = place;
        }
        let mut masked_urls = Vec::new();
        if let Some(mentions) = mentions {
            masked_urls = find_masked_urls(&self.blocks, mentions);
            let urls = posts.iter().flat_map(|(_, (block, row))| {
                let range = self.blocks[*block as usize].urls.range(*row as usize);
                &masked_urls[*block as usize][range]
            });
            let masked = urls.filter(|masked| **masked).count() as u64;
            let rule = "links with the name of an ineligible person: removed";
            drops.push(Dropped::suppressed("posts", rule, masked));
        }
        Ok(EligiblePosts {
            masked_urls,
            originals: sorted.len() - reposts,
            posts: sorted,
            ids: ids.finish(),
            index,
            blocks: self.blocks,
            tags: texts.tags,
        })
    }
}

impl EligiblePosts {
    /// The posts over vertices, without those of authors who are not scored, and the index of each post number among the
    /// original posts.
    pub(super) fn into_posts(
        self,
        vertex_of: &[OrNone<VertexIndex>],
        cutoff_us: i64,
    ) -> (Posts, Vec<OrNone<PostIndex>>) {
        let mut indices = Vec::with_capacity(self.posts.len());
        let mut next = 0;
        for (row, _) in &self.posts {
            let author = vertex_of[row.author as usize].get();
            indices.push(OrNone::from(author.map(|_| PostIndex::new(next))));
            next += usize::from(author.is_some());
        }
        let index = |number: u32| match self.index.get(number as usize) {
            Some(place) if *place != NONE => indices[*place as usize],
            _ => OrNone::NONE,
        };
        let is_scored: Vec<bool> = indices.iter().map(|index| index.get().is_some()).collect();
        let originals = is_scored[..self.originals].iter().filter(|scored| **scored).count();
        let mut posts = Posts {
            originals,
            authors: Vec::with_capacity(next),
            ids: filtered(&self.ids, &is_scored),
            at_us: Vec::with_capacity(next),
            age_hours: Vec::with_capacity(next),
            parents: Vec::with_capacity(next),
            hits: Lists::default(),
            tags: Lists::default(),
            urls: Lists::default(),
            tag_names: vec![],
        };
        for (row, (number, at)) in &self.posts {
            let Some(author) = vertex_of[row.author as usize].get() else { continue };
            let block = &self.blocks[*number as usize];
            posts.authors.push(author);
            posts.at_us.push(row.at_us);
            // All times are before the cutoff: it was checked when they were decoded.
            posts.age_hours.push(hours_before(cutoff_us, row.at_us).unwrap_or_default());
            posts.parents.push(index(row.parent));
            posts.hits.push(block.hits.of(*at as usize).iter().copied());
            posts.tags.push(block.tags.of(*at as usize).iter().copied());
            let masked = self.masked_urls.get(*number as usize);
            let is_masked = |place: &usize| masked.is_some_and(|masked| masked[*place]);
            let urls = block.urls.range(*at as usize).filter(|place| !is_masked(place));
            posts.urls.push(urls.map(|place| block.urls.items()[place].clone()));
        }
        posts.number_tags(self.tags);
        let original = |number: u32| {
            let post = index(number).get();
            OrNone::from(post.filter(|post| posts.is_original(*post)))
        };
        let originals = (0..self.index.len() as u32).map(original).collect();
        (posts, originals)
    }
}

impl Posts {
    /// Numbers the tags of these posts in order of spelling; `names` has the text of each number so far.
    fn number_tags(&mut self, names: Vec<(Box<str>, u32)>) {
        let mut used = vec![false; names.len()];
        self.tags.items().iter().for_each(|tag| used[*tag as usize] = true);
        let mut by_spelling: BTreeMap<String, Vec<(Box<str>, u32)>> = BTreeMap::new();
        for (name, number) in names {
            if used[number as usize] {
                by_spelling.entry(spelling(&name)).or_default().push((name, number));
            }
        }
        let mut number_of = vec![NONE; used.len()];
        for (place, (spelling, mut names)) in (0..).zip(by_spelling) {
            names.sort_unstable();
            names.iter().for_each(|(_, number)| number_of[*number as usize] = place);
            self.tag_names.extend(names.into_iter().next().map(|(name, _)| (spelling, name)));
        }
        let mut numbered = Lists::default();
        for tags in self.tags.iter() {
            let mut tags: Vec<u32> = tags.iter().map(|tag| number_of[*tag as usize]).collect();
            tags.sort_unstable();
            tags.dedup();
            numbered.push(tags);
        }
        self.tags = numbered;
    }
}

/// Masks the ids of posts that hold a name of an ineligible person, and counts them. Ids that are the same once they are masked
/// are numbered in the order of their times (`at_us`, by post number), so that no order of the names is left.
fn mask_ids(keys: &mut [(NetworkId, u32)], at_us: impl Fn(u32) -> i64, mentions: &Mentions) -> u64 {
    let mask = |(place, ((network, id), _)): (usize, &(NetworkId, u32))| {
        Some((*network, mentions.mask_post_id(*network, id)?, place))
    };
    let mut masked: Vec<(u32, String, usize)> =
        keys.par_iter().enumerate().filter_map(mask).collect();
    if masked.is_empty() {
        return 0;
    }
    masked.sort_by_cached_key(|(network, _, place)| {
        let ((_, id), number) = &keys[*place];
        (*network, at_us(*number), id.clone())
    });
    let taken: HashSet<(u32, &str)> =
        keys.iter().map(|((network, id), _)| (*network, &**id)).collect();
    let mut uses: HashMap<(u32, String), u64> = HashMap::new();
    let mut ids: Vec<(usize, Box<str>)> = Vec::with_capacity(masked.len());
    for (network, id, place) in masked {
        let uses = uses.entry((network, id.clone())).or_default();
        let unique = loop {
            *uses += 1;
            let candidate = if *uses == 1 { id.clone() } else { format!("{id}~{uses}") };
            if !taken.contains(&(network, candidate.as_str())) {
                break candidate;
            }
        };
        ids.push((place, unique.into()));
    }
    let masked = ids.len() as u64;
    for (place, id) in ids {
        keys[place].0.1 = id;
    }
    masked
}

/// Whether each link of each block names an ineligible person.
fn find_masked_urls(blocks: &[PostBlock], mentions: &Mentions) -> Vec<Vec<bool>> {
    let of_block = |block: &PostBlock| {
        block.urls.items().par_iter().map(|url| mentions.is_in_url(url)).collect()
    };
    blocks.iter().map(of_block).collect()
}

/// The texts whose flag is set.
fn filtered(texts: &LargeStringArray, flags: &[bool]) -> LargeStringArray {
    let kept = texts.iter().zip(flags).filter(|(_, kept)| **kept);
    LargeStringArray::from_iter_values(kept.filter_map(|(text, _)| text))
}
