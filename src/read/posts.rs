//! Posts of the people who may be scored, over dense numbers, with the phrases that they hold.
//!
//! Texts are searched as they are decoded and not kept. What a post of somebody who may not be scored holds is
//! dropped with it, before anything is made of it.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use arrow::array::{
    Array, AsArray, LargeStringArray, LargeStringBuilder, ListArray, RecordBatch, StringViewArray,
};
use arrow::datatypes::TimestampMicrosecondType;
use rayon::prelude::*;

use super::check::Checked;
use super::eligibility::{Eligibility, NOBODY, numberable};
use super::ids::{BLOCK_ROWS, Ids, Names, list, text, texts, too_many, values};
use crate::engine::in_blocks;
use crate::error::{Error, Result};
use crate::lists::Lists;
use crate::model::time::HOUR_US;
use crate::model::{Dropped, Posts};
use crate::phrases::{Finder, Found, Hit, Vocabulary, spelling};
use renown_graph::numbering::NONE;

/// A row of `posts`, over numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    post: u32,
    /// Number of the author's account, later its member row.
    author: u32,
    repost: bool,
    at_us: i64,
    /// Number of the post that it answers or passes on.
    parent: u32,
    /// Hash of all that it says.
    content: u64,
}

/// Where the phrases of a row stand: its block, and its place there.
type Place = (u32, u32);

/// What was found in a block of rows.
#[derive(Default)]
struct Block {
    rows: Vec<Row>,
    hits: Lists<Hit>,
    tags: Lists<u32>,
    urls: Lists<Box<str>>,
}

/// The rows of `posts`, over numbers.
pub(super) struct PostRows {
    blocks: Vec<Block>,
}

/// The posts of people who may be scored: their authors are member rows yet.
pub(super) struct KnownPosts {
    own: usize,
    /// The posts, in the order of [`Posts`].
    posts: Vec<(Row, Place)>,
    ids: LargeStringArray,
    /// Index of the post of each number, [`NONE`] for those that are none of these.
    index: Vec<u32>,
    blocks: Vec<Block>,
    tags: Vec<(Box<str>, u32)>,
}

impl PostRows {
    /// Reads `posts`, before interactions are read.
    pub(super) async fn read(
        input: &Checked,
        vocabulary: &Arc<Vocabulary>,
        ids: &Arc<Ids>,
    ) -> Result<Self> {
        let what = format!("reading {}", input.origin);
        let (ids, vocabulary) = (Arc::clone(ids), Arc::clone(vocabulary));
        let block = move |block: &[RecordBatch]| read_block(block, &vocabulary, &ids);
        Ok(Self { blocks: in_blocks(&what, input.frame.clone(), BLOCK_ROWS, block).await? })
    }

    /// The posts of the people who may be scored; `row_of` has the member row of each account number.
    pub(super) fn known(
        self,
        names: &mut Names,
        row_of: &[u32],
        census: &Eligibility<'_>,
        drops: &mut Vec<Dropped>,
    ) -> Result<KnownPosts> {
        let found: usize = self.blocks.iter().map(|block| block.rows.len()).sum();
        let mut posts: Vec<(Row, Place)> = Vec::with_capacity(found);
        for (block, of_block) in (0..).zip(&self.blocks) {
            let rows = (0..).zip(&of_block.rows).map(|(place, row)| (*row, (block, place)));
            posts.extend(rows.filter_map(|(row, place)| {
                let author = row_of[row.author as usize];
                let may = author != NOBODY && census.consented[author as usize];
                may.then_some((Row { author, ..row }, place))
            }));
        }
        let known = posts.len();
        let strange = (found - known) as u64;
        drops.push(Dropped::suppressed("posts", "author unknown or may not be scored", strange));
        posts.par_sort_unstable();
        posts.dedup_by_key(|(row, _)| *row);
        drops.push(Dropped::exact("posts", "repeated", (known - posts.len()) as u64));
        let twice = posts.windows(2).filter(|two| two[0].0.post == two[1].0.post).count();
        if twice > 0 {
            return Err(Error::bad_input(
                format!("input `posts`: {twice} posts have two rows that contradict each other"),
                "keep one row for each (network, post_id), for example the newest",
            ));
        }
        numberable("posts", posts.len())?;
        let reposts = posts.iter().filter(|(row, _)| row.repost).count();
        drops.push(Dropped::exact(
            "posts",
            "reposts, which are no posts of one's own",
            reposts as u64,
        ));

        let mut keys: Vec<((u32, Box<str>), u32)> = std::mem::take(&mut names.posts).into_keys();
        let mut index = vec![NONE; keys.len()];
        for (place, (row, _)) in (0..).zip(&posts) {
            index[row.post as usize] = place;
        }
        keys.retain(|(_, number)| index[*number as usize] != NONE);
        let repost = |number: u32| posts[index[number as usize] as usize].0.repost;
        keys.par_sort_unstable_by(|((left, left_id), one), ((right, right_id), other)| {
            let place = |network: &u32| names.places[*network as usize];
            (repost(*one), place(left), left_id).cmp(&(repost(*other), place(right), right_id))
        });
        let (mut ordered, mut ids) = (Vec::with_capacity(posts.len()), LargeStringBuilder::new());
        for (place, ((_, id), number)) in (0..).zip(keys) {
            let slot = &mut index[number as usize];
            ordered.push(posts[*slot as usize]);
            ids.append_value(id);
            *slot = place;
        }
        Ok(KnownPosts {
            own: ordered.len() - reposts,
            posts: ordered,
            ids: ids.finish(),
            index,
            blocks: self.blocks,
            tags: std::mem::take(&mut names.tags).into_keys(),
        })
    }
}

/// The posts of a block, each searched for phrases.
fn read_block(block: &[RecordBatch], vocabulary: &Vocabulary, ids: &Ids) -> Result<Block> {
    let networks = ids.networks(block)?;
    let posts = texts(block, "post_id")?.flat_map(StringViewArray::iter).flatten();
    let posts: Vec<(u32, &str)> = networks.iter().copied().zip(posts).collect();
    let posts = ids.posts.number(&posts).map_err(too_many("posts"))?;
    let authors = ids.accounts(block, &networks, "author_id")?;
    let parents = texts(block, "parent_post_id")?.flat_map(StringViewArray::iter);
    let parents: Vec<Option<(u32, &str)>> =
        parents.zip(&networks).map(|(id, network)| Some((*network, id?))).collect();
    let named: Vec<(u32, &str)> = parents.iter().flatten().copied().collect();
    let mut named = ids.posts.number(&named).map_err(too_many("posts"))?.into_iter();
    let mut at = values::<TimestampMicrosecondType>(block, "created_at")?;
    let differ = || Error::internal("the columns of posts differ in length");

    let mut read = Block::default();
    let mut finder = vocabulary.lexicon.finder(true);
    let (mut found, mut all_tags) = (Found::default(), Vec::new());
    let mut rows = posts.into_iter().zip(authors).zip(parents);
    for batch in block {
        let said = Said::of(batch)?;
        for row in 0..batch.num_rows() {
            let ((post, author), parent) = rows.next().ok_or_else(differ)?;
            read.rows.push(Row {
                post,
                author,
                repost: said.text(KIND, row) == Some("repost"),
                at_us: at.next().flatten().ok_or_else(differ)?,
                parent: parent.and_then(|_| named.next()).unwrap_or(NONE),
                content: said.hash(row),
            });
            said.search(row, &mut finder);
            finder.end(&mut found);
            let Found { hits, tags, urls } = &mut found;
            read.hits.push(hits.drain(..));
            tags.retain(|tag| vocabulary.tags && !vocabulary.stop_tags.contains(&spelling(tag)));
            read.tags.push(std::iter::repeat_n(NONE, tags.len()));
            all_tags.append(tags);
            read.urls.push(urls.drain(..).map(String::into_boxed_str));
        }
    }
    let all_tags: Vec<&str> = all_tags.iter().map(String::as_str).collect();
    let numbers = ids.tags.number(&all_tags).map_err(too_many("posts"))?;
    read.tags = read.tags.with_items(numbers);
    Ok(read)
}

/// Places of some texts of a post.
const TITLE: usize = 0;
const TEXT: usize = 1;
const LANGUAGE: usize = 2;
const KIND: usize = 3;

/// What the posts of a batch say.
struct Said<'a> {
    /// Title, text, language and kind.
    texts: [&'a StringViewArray; 4],
    /// Tags and addresses.
    lists: [&'a ListArray; 2],
}

impl<'a> Said<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self> {
        let text = |name| text(batch, name);
        Ok(Self {
            texts: [text("title")?, text("text")?, text("language")?, text("kind")?],
            lists: [list(batch, "hashtags")?, list(batch, "urls")?],
        })
    }

    fn text(&self, column: usize, row: usize) -> Option<&'a str> {
        let column = self.texts[column];
        column.is_valid(row).then(|| column.value(row))
    }

    /// The texts of a list, which is empty where it is missing.
    fn each(&self, list: usize, row: usize, mut see: impl FnMut(&str)) {
        let list = self.lists[list];
        if let Some(texts) = list.values().as_string_view_opt().filter(|_| list.is_valid(row)) {
            let ends = list.value_offsets();
            let items = ends[row] as usize..ends[row + 1] as usize;
            items.filter(|item| texts.is_valid(*item)).for_each(|item| see(texts.value(item)));
        }
    }

    fn hash(&self, row: usize) -> u64 {
        let mut hasher = DefaultHasher::new();
        (0..self.texts.len()).for_each(|column| self.text(column, row).hash(&mut hasher));
        for list in 0..self.lists.len() {
            self.each(list, row, |text| text.hash(&mut hasher));
            list.hash(&mut hasher);
        }
        hasher.finish()
    }

    fn search(&self, row: usize, finder: &mut Finder<'_>) {
        finder.language(self.text(LANGUAGE, row));
        self.text(TITLE, row).into_iter().for_each(|title| finder.title(title));
        self.text(TEXT, row).into_iter().for_each(|text| finder.text(text));
        self.each(0, row, |tag| finder.tag(tag));
        self.each(1, row, |url| finder.url(url));
    }
}

impl KnownPosts {
    /// The posts with the vertices of their authors, and the index of each post number among the own ones:
    /// those of authors who do not appear are left out.
    pub(super) fn with_vertices(self, vertex_of: &[u32], cutoff_us: i64) -> (Posts, Vec<u32>) {
        let mut places = Vec::with_capacity(self.posts.len());
        let mut next = 0;
        for (row, _) in &self.posts {
            let appears = vertex_of[row.author as usize] != NOBODY;
            places.push(if appears { next } else { NONE });
            next += u32::from(appears);
        }
        let place = |number: u32| match self.index.get(number as usize) {
            Some(index) if *index != NONE => places[*index as usize],
            _ => NONE,
        };
        let appears: Vec<bool> = places.iter().map(|place| *place != NONE).collect();
        let own = appears[..self.own].iter().filter(|appears| **appears).count();
        let mut posts = Posts {
            originals: own,
            authors: Vec::with_capacity(next as usize),
            ids: only(&self.ids, &appears),
            at_us: Vec::with_capacity(next as usize),
            age_hours: Vec::with_capacity(next as usize),
            parents: Vec::with_capacity(next as usize),
            hits: Lists::default(),
            tags: Lists::default(),
            urls: Lists::default(),
            tag_names: vec![],
        };
        let kept = self.posts.iter().zip(&appears).filter(|(_, appears)| **appears);
        for ((row, (block, at)), _) in kept {
            let block = &self.blocks[*block as usize];
            posts.authors.push(vertex_of[row.author as usize]);
            posts.at_us.push(row.at_us);
            // Whole hours before the last instant covered, as for interactions.
            posts.age_hours.push(((cutoff_us - 1 - row.at_us) / HOUR_US) as u32);
            posts.parents.push(place(row.parent));
            posts.hits.push(block.hits.of(*at as usize).iter().copied());
            posts.tags.push(block.tags.of(*at as usize).iter().copied());
            posts.urls.push(block.urls.of(*at as usize).iter().cloned());
        }
        posts.order_tags(self.tags);
        let own_place = |number: u32| {
            let place = place(number);
            if (place as usize) < own { place } else { NONE }
        };
        let index = (0..self.index.len() as u32).map(own_place).collect();
        (posts, index)
    }
}

impl Posts {
    /// Gives tags numbers in order of spelling, those alone that these posts have.
    fn order_tags(&mut self, names: Vec<(Box<str>, u32)>) {
        let mut used = vec![false; names.len()];
        self.tags.items().iter().for_each(|tag| used[*tag as usize] = true);
        let mut by_spelling: BTreeMap<String, Vec<(Box<str>, u32)>> = BTreeMap::new();
        for (name, number) in names {
            if used[number as usize] {
                by_spelling.entry(spelling(&name)).or_default().push((name, number));
            }
        }
        let mut place_of = vec![NONE; used.len()];
        for (place, (spelling, mut names)) in (0..).zip(by_spelling) {
            names.sort_unstable();
            names.iter().for_each(|(_, number)| place_of[*number as usize] = place);
            self.tag_names.extend(names.into_iter().next().map(|(name, _)| (spelling, name)));
        }
        let mut ordered = Lists::default();
        for tags in self.tags.iter() {
            let mut tags: Vec<u32> = tags.iter().map(|tag| place_of[*tag as usize]).collect();
            tags.sort_unstable();
            tags.dedup();
            ordered.push(tags);
        }
        self.tags = ordered;
    }
}

/// The texts whose flag is set.
fn only(texts: &LargeStringArray, flags: &[bool]) -> LargeStringArray {
    let kept = texts.iter().zip(flags).filter(|(_, kept)| **kept);
    LargeStringArray::from_iter_values(kept.filter_map(|(text, _)| text))
}
