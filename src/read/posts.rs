//! Posts of the people who may be scored, over dense numbers.

use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch, StringViewArray};
use datafusion::functions::expr_fn::coalesce;
use datafusion::prelude::{ident, lit};
use rayon::prelude::*;

use super::Dropped;
use super::census::{Census, NOBODY, numberable};
use super::check::Checked;
use super::ids::{BLOCK_ROWS, Ids, column, texts, too_many};
use crate::engine::in_blocks;
use crate::error::{Error, Result};
use crate::numbering::{NONE, Numbering};

/// Posts of people who may be scored, reposts left out, in order of (network, post id).
pub struct Posts {
    /// Vertex of each post's author. Length: posts.
    pub authors: Vec<u32>,
}

/// The rows of `posts`, over numbers.
pub(super) struct PostRows {
    /// Number of the post, number of the author's account, whether it is a repost.
    rows: Vec<(u32, u32, bool)>,
}

/// The posts of people who may be scored: their authors are member rows yet.
pub(super) struct KnownPosts {
    /// Member row of each post's author, in order of (network, post id).
    authors: Vec<u32>,
    /// Index of the post of each number, [`NONE`] for those that are none of these.
    index: Vec<u32>,
}

impl PostRows {
    /// Reads `posts`, before interactions are read.
    pub(super) async fn read(input: &Checked, ids: &Arc<Ids>) -> Result<Self> {
        let what = format!("reading {}", input.origin);
        let repost = coalesce(vec![ident("kind"), lit("original")]).eq(lit("repost"));
        let columns =
            vec![ident("network"), ident("post_id"), ident("author_id"), repost.alias("repost")];
        let frame = input.frame.clone().select(columns).map_err(|e| Error::engine(&what, &e))?;
        let ids = Arc::clone(ids);
        let block = move |block: &[RecordBatch]| -> Result<Vec<(u32, u32, bool)>> {
            let networks = ids.networks(block)?;
            let posts = texts(block, "post_id")?.flat_map(StringViewArray::iter).flatten();
            let posts: Vec<(u32, &str)> = networks.iter().copied().zip(posts).collect();
            let posts = ids.posts.number(&posts).map_err(too_many("posts"))?;
            let authors = ids.accounts(block, &networks, "author_id")?;
            let reposts = column::<BooleanArray>(block, "repost")?.flat_map(|column| column.iter());
            let reposts = reposts.map(|repost| repost == Some(true));
            Ok(posts.into_iter().zip(authors).zip(reposts).map(|((p, a), r)| (p, a, r)).collect())
        };
        let blocks = in_blocks(&what, frame, BLOCK_ROWS, block).await?;
        Ok(Self { rows: blocks.concat() })
    }

    /// The posts of the people who may be scored; `row_of` has the member row of each account number.
    pub(super) fn known(
        mut self,
        names: Numbering<(u32, Box<str>)>,
        places: &[u32],
        row_of: &[u32],
        census: &Census<'_>,
        drops: &mut Vec<Dropped>,
    ) -> Result<KnownPosts> {
        let found = self.rows.len();
        self.rows.retain(|(_, author, _)| {
            let row = row_of[*author as usize];
            row != NOBODY && census.consented[row as usize]
        });
        let known = self.rows.len();
        let strange = (found - known) as u64;
        drops.push(Dropped::suppressed("posts", "author unknown or may not be scored", strange));
        self.rows.par_sort_unstable();
        self.rows.dedup();
        drops.push(Dropped::exact("posts", "repeated", (known - self.rows.len()) as u64));
        let (mut reposted, mut kept) = (0, Vec::new());
        for (post, author, repost) in self.rows {
            match repost {
                true => reposted += 1,
                false => kept.push((post, row_of[author as usize])),
            }
        }
        drops.push(Dropped::exact("posts", "reposts, which are no posts of one's own", reposted));
        let twice = kept.windows(2).filter(|two| two[0].0 == two[1].0).count();
        if twice > 0 {
            return Err(Error::bad_input(
                format!("input `posts`: {twice} posts have two rows that contradict each other"),
                "keep one row for each (network, post_id), for example the newest",
            ));
        }
        numberable("posts", kept.len())?;
        let mut keys: Vec<((u32, Box<str>), u32)> = names.into_keys();
        let mut index = vec![NONE; keys.len()];
        for (place, (post, _)) in (0..).zip(&kept) {
            index[*post as usize] = place;
        }
        keys.retain(|(_, number)| index[*number as usize] != NONE);
        keys.par_sort_unstable_by(|((left, left_id), _), ((right, right_id), _)| {
            let place = |network: &u32| places[*network as usize];
            (place(left), left_id).cmp(&(place(right), right_id))
        });
        let mut authors = Vec::with_capacity(keys.len());
        for (place, (_, number)) in (0..).zip(keys) {
            let slot = &mut index[number as usize];
            authors.push(kept[*slot as usize].1);
            *slot = place;
        }
        Ok(KnownPosts { authors, index })
    }
}

impl KnownPosts {
    /// The posts with the vertices of their authors, and the index of each post number in them: those of
    /// authors who do not appear are left out.
    pub(super) fn with_vertices(self, vertex_of: &[u32]) -> (Posts, Vec<u32>) {
        let (mut authors, mut places) = (Vec::new(), Vec::with_capacity(self.authors.len()));
        for author in self.authors {
            let vertex = vertex_of[author as usize];
            places.push(if vertex == NOBODY { NONE } else { authors.len() as u32 });
            if vertex != NOBODY {
                authors.push(vertex);
            }
        }
        let place = |index: u32| if index == NONE { NONE } else { places[index as usize] };
        (Posts { authors }, self.index.into_iter().map(place).collect())
    }
}
