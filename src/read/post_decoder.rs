//! Decoding of posts: each post is searched for phrases as it is decoded, and its texts are not kept.

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, AsArray, ListArray, RecordBatch, StringViewArray};
use hashbrown::DefaultHashBuilder;

use super::columns::{list, text, texts, times_before, uneven};
use super::ids::{Ids, too_many};
use crate::error::Result;
use crate::lists::Lists;
use crate::phrases::{Extracted, Finder, Hit, Vocabulary, spelling};
use renown_graph::numbering::NONE;

/// A row of `posts`, over numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PostRow {
    pub(super) post: u32,
    /// Number of the author's account.
    pub(super) author: u32,
    pub(super) is_repost: bool,
    pub(super) at_us: i64,
    /// Number of the post that it replies to, quotes or reposts; [`NONE`] for the others.
    pub(super) parent: u32,
    /// Hash of its texts.
    pub(super) content: u64,
}

/// The posts of a block of rows. All lengths: rows.
#[derive(Default)]
pub(super) struct PostBlock {
    pub(super) rows: Vec<PostRow>,
    /// Phrases.
    pub(super) hits: Lists<Hit>,
    /// Numbers of the tags that are not phrases.
    pub(super) tags: Lists<u32>,
    /// URLs, as written.
    pub(super) urls: Lists<Box<str>>,
}

/// Decodes blocks of `posts`.
pub(super) struct PostDecoder {
    vocabulary: Arc<Vocabulary>,
    ids: Arc<Ids>,
    hasher: DefaultHashBuilder,
    /// The end of the window.
    end_us: i64,
}

impl PostDecoder {
    pub(super) fn new(vocabulary: &Arc<Vocabulary>, ids: &Arc<Ids>, end_us: i64) -> Self {
        let (vocabulary, ids) = (Arc::clone(vocabulary), Arc::clone(ids));
        Self { vocabulary, ids, hasher: DefaultHashBuilder::default(), end_us }
    }

    /// The posts of a block, searched for phrases.
    pub(super) fn decode(&self, block: &[RecordBatch]) -> Result<PostBlock> {
        let Self { vocabulary, ids, hasher, end_us } = self;
        let networks = ids.networks(block)?;
        let posts = networks.iter().copied().zip(texts(block, "post_id")?.flatten());
        let posts: Vec<(u32, &str)> = posts.collect();
        let posts = ids.posts.number(&posts).map_err(too_many("posts"))?;
        let authors = ids.accounts(block, &networks, "author_id")?;
        let parents = networks.iter().zip(texts(block, "parent_post_id")?);
        let parents: Vec<Option<(u32, &str)>> =
            parents.map(|(network, id)| Some((*network, id?))).collect();
        let named: Vec<(u32, &str)> = parents.iter().flatten().copied().collect();
        let mut named = ids.posts.number(&named).map_err(too_many("posts"))?.into_iter();
        let mut at = times_before(block, "created_at", *end_us)?.into_iter();

        let mut read = PostBlock::default();
        let mut finder = vocabulary.lexicon.finder(true);
        let (mut extracted, mut all_tags) = (Extracted::default(), Vec::new());
        let mut keys = posts.into_iter().zip(authors).zip(parents);
        for batch in block {
            let content = Content::of(batch)?;
            for row in 0..batch.num_rows() {
                let ((post, author), parent) = keys.next().ok_or_else(uneven)?;
                read.rows.push(PostRow {
                    post,
                    author,
                    is_repost: content.text(KIND, row) == Some("repost"),
                    at_us: at.next().ok_or_else(uneven)?,
                    parent: parent.and_then(|_| named.next()).unwrap_or(NONE),
                    content: content.hash(row, hasher),
                });
                content.search(row, &mut finder);
                finder.finish_post(&mut extracted);
                let Extracted { hits, tags, urls } = &mut extracted;
                read.hits.push(hits.drain(..));
                tags.retain(|tag| {
                    vocabulary.tags && !vocabulary.stop_tags.contains(&spelling(tag))
                });
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
}

// Indices into [`Content::texts`].
const TITLE: usize = 0;
const TEXT: usize = 1;
const LANGUAGE: usize = 2;
const KIND: usize = 3;

// Indices into [`Content::lists`].
const HASHTAGS: usize = 0;
const URLS: usize = 1;

/// The content of the posts of a batch.
struct Content<'a> {
    /// Title, text, language and kind.
    texts: [&'a StringViewArray; 4],
    /// Hashtags and URLs.
    lists: [&'a ListArray; 2],
}

impl<'a> Content<'a> {
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

    /// Passes each text of a list to `visit`; a missing list is empty.
    fn for_each(&self, list: usize, row: usize, mut visit: impl FnMut(&str)) {
        let list = self.lists[list];
        if let Some(texts) = list.values().as_string_view_opt().filter(|_| list.is_valid(row)) {
            let ends = list.value_offsets();
            let items = ends[row] as usize..ends[row + 1] as usize;
            items.filter(|item| texts.is_valid(*item)).for_each(|item| visit(texts.value(item)));
        }
    }

    fn hash(&self, row: usize, hasher: &DefaultHashBuilder) -> u64 {
        let mut hasher = hasher.build_hasher();
        (0..self.texts.len()).for_each(|column| self.text(column, row).hash(&mut hasher));
        for list in 0..self.lists.len() {
            self.for_each(list, row, |text| text.hash(&mut hasher));
            list.hash(&mut hasher);
        }
        hasher.finish()
    }

    fn search(&self, row: usize, finder: &mut Finder<'_>) {
        finder.set_language(self.text(LANGUAGE, row));
        self.text(TITLE, row).into_iter().for_each(|title| finder.add_title(title));
        self.text(TEXT, row).into_iter().for_each(|text| finder.add_text(text));
        self.for_each(HASHTAGS, row, |tag| finder.add_tag(tag));
        self.for_each(URLS, row, |url| finder.add_url(url));
    }
}
