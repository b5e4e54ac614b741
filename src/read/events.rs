//! Posts and interactions of the people who may be scored, over dense numbers.
//!
//! This is where text ids end: an interaction becomes 18 bytes (actor, target, post, age, kind,
//! sign), and all later stages work on those.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, UInt32Array};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, UInt32Type};
use datafusion::dataframe::DataFrame;
use datafusion::functions::expr_fn::coalesce;
use datafusion::functions_aggregate::expr_fn::min;
use datafusion::prelude::{case, cast, ident, lit, when};
use datafusion::scalar::ScalarValue;

use super::census::{Census, NOBODY, numberable};
use super::check::Checked;
use super::members::left_join;
use super::{Dropped, HOUR_US};
use crate::engine::{self, Engine};
use crate::error::{Error, Result};
use crate::method::Method;
use crate::schema::{self, Direction};

/// Interactions between different people who may be scored, one row each, in memory.
///
/// Columns: `actor`, `target` (vertices, u32), `post` (index into [`Posts`], u32, null where the
/// post is not one of them), `age_hours` (i32, whole hours before the cutoff), `kind` (u8, index
/// into the method's kinds), `negative` (sentiment below zero; null where unknown).
pub struct Events {
    /// The rows.
    pub frame: DataFrame,
    /// How many.
    pub rows: u64,
}

/// Posts of people who may be scored, reposts left out, in order of (network, post id).
pub struct Posts {
    /// Vertex of each post's author. Length: posts.
    pub authors: Vec<u32>,
}

/// Posts whose authors are member rows yet.
pub(super) struct PostRows {
    /// Member row of each post's author. Length: posts.
    authors: Vec<u32>,
    /// (network, post_id) → index.
    index: DataFrame,
}

/// Interactions whose actors and targets are member rows yet.
pub(super) struct EventRows {
    batches: Vec<RecordBatch>,
    /// How many there were, those of a person with themselves included.
    pub(super) met: u64,
}

/// What turns a time into an age and a kind into a number.
pub(super) struct Rule<'a> {
    pub(super) cutoff_us: i64,
    pub(super) method: &'a Method,
}

fn plan(error: datafusion::error::DataFusionError) -> Error {
    Error::engine("joining interactions to people", &error)
}

/// `index` (network, account_id, account) with its last two columns renamed.
fn index_as(index: &DataFrame, id: &str, account: &str) -> Result<DataFrame> {
    let columns =
        vec![ident("network"), ident("account_id").alias(id), ident("account").alias(account)];
    index.clone().select(columns).map_err(plan)
}

impl PostRows {
    /// Reads the posts of the people who may be scored.
    pub(super) async fn read(
        engine: &Engine,
        input: &Checked,
        index: &DataFrame,
        census: &Census<'_>,
        drops: &mut Vec<Dropped>,
    ) -> Result<Self> {
        let what = format!("reading {}", input.origin);
        let repost = coalesce(vec![ident("kind"), lit("original")]).eq(lit("repost"));
        let columns =
            vec![ident("network"), ident("post_id"), ident("author_id"), repost.alias("repost")];
        let keyed =
            input.frame.clone().select(columns).and_then(DataFrame::distinct).map_err(plan)?;
        let authors = index_as(index, "author_id", "author")?;
        let joined = left_join(keyed, authors, &["network", "author_id"])?;
        let rows = engine.sorted_rows(&what, joined, &["network", "post_id"]).await?;
        drops.push(Dropped::exact(
            "posts",
            "repeated",
            input.rows.saturating_sub(rows.num_rows() as u64),
        ));

        let (reposts, author) = (rows["repost"].as_boolean(), rows["author"].as_primitive());
        let author: &UInt32Array = author;
        let known =
            |row: usize| author.is_valid(row) && census.consented[author.value(row) as usize];
        let (mut strange, mut reposted) = (0, 0);
        let own: BooleanArray = (0..rows.num_rows())
            .map(|row| {
                strange += u64::from(!known(row));
                reposted += u64::from(known(row) && reposts.value(row));
                Some(known(row) && !reposts.value(row))
            })
            .collect();
        drops.push(Dropped::suppressed("posts", "author unknown or may not be scored", strange));
        drops.push(Dropped::exact("posts", "reposts, which are no posts of one's own", reposted));
        let rows = filter_record_batch(&rows, &own).map_err(Error::internal)?;
        no_two_versions(&rows)?;
        numberable("posts", rows.num_rows())?;
        let number: ArrayRef = Arc::new(UInt32Array::from_iter_values(0..rows.num_rows() as u32));
        let index = RecordBatch::try_from_iter([
            ("network", Arc::clone(&rows["network"])),
            ("post_id", Arc::clone(&rows["post_id"])),
            ("post", number),
        ])
        .map_err(Error::internal)?;
        let authors = rows["author"].as_primitive::<UInt32Type>().values().to_vec();
        Ok(Self { authors, index: engine.frame(vec![index])? })
    }

    /// The posts with the vertices of their authors, and the new number of each post: null for the
    /// posts of authors who do not appear.
    pub(super) fn renumber(self, vertex_of: &[u32]) -> (Posts, Vec<Option<u32>>) {
        let (mut authors, mut numbers) = (Vec::new(), Vec::with_capacity(self.authors.len()));
        for author in self.authors {
            let vertex = vertex_of[author as usize];
            numbers.push((vertex != NOBODY).then_some(authors.len() as u32));
            if vertex != NOBODY {
                authors.push(vertex);
            }
        }
        (Posts { authors }, numbers)
    }
}

/// Refuses posts that have two authors.
fn no_two_versions(sorted: &RecordBatch) -> Result<()> {
    let network = sorted["network"].as_string_view();
    let post = sorted["post_id"].as_string_view();
    let twice = (1..sorted.num_rows())
        .filter(|row| {
            network.value(*row) == network.value(row - 1) && post.value(*row) == post.value(row - 1)
        })
        .count();
    if twice > 0 {
        return Err(Error::bad_input(
            format!("input `posts`: {twice} posts have two rows that contradict each other"),
            "keep one row for each (network, post_id), for example the newest",
        ));
    }
    Ok(())
}

impl EventRows {
    /// Reads the interactions among the people who may be scored, and notes in `census` which
    /// accounts take part in any; repeated ones count once.
    pub(super) async fn read(
        input: &Checked,
        rule: &Rule<'_>,
        index: &DataFrame,
        posts: Option<&PostRows>,
        census: &mut Census<'_>,
        drops: &mut Vec<Dropped>,
    ) -> Result<Self> {
        let what = format!("reading {}", input.origin);
        let rows = dense(input, rule, index, posts)?;
        let batches = engine::batches(&what, rows).await?;
        let found: usize = batches.iter().map(RecordBatch::num_rows).sum();
        let (mut strange, mut own, mut lost) = (0, 0, 0);
        let mut kept = Vec::with_capacity(batches.len());
        for batch in batches {
            let actor = numbers(&batch, "actor")?;
            let target = numbers(&batch, "target")?;
            let no_post = batch["lost"].as_boolean();
            let keep: BooleanArray = (0..batch.num_rows())
                .map(|row| {
                    let (a, t) = (actor[row] as usize, target[row] as usize);
                    if !(census.consented[a] && census.consented[t]) {
                        strange += 1;
                        return Some(false);
                    }
                    census.appears[a] = true;
                    census.appears[t] = true;
                    let other = !census.same_person(a, t);
                    own += u64::from(!other);
                    lost += u64::from(other && no_post.value(row));
                    Some(other)
                })
                .collect();
            let dense = batch.project(&[0, 1, 2, 3, 4, 5]).map_err(Error::internal)?;
            kept.push(filter_record_batch(&dense, &keep).map_err(Error::internal)?);
        }
        let repeated = input.rows.saturating_sub(found as u64);
        drops.push(Dropped::exact("interactions", "repeated", repeated));
        drops.push(Dropped::suppressed(
            "interactions",
            "from or to who may not be scored",
            strange,
        ));
        drops.push(Dropped::exact("interactions", "of a person with themselves", own));
        let words = "kept without their post, which `posts` lacks in 90 days";
        drops.push(Dropped::suppressed("interactions", words, lost));
        Ok(Self { batches: kept, met: (found as u64).saturating_sub(strange) })
    }

    /// The interactions between vertices, on renumbered posts.
    pub(super) fn renumber(
        self,
        engine: &Engine,
        vertex_of: &[u32],
        new_posts: &[Option<u32>],
    ) -> Result<Events> {
        let rows = self.batches.iter().map(|b| b.num_rows() as u64).sum();
        let mut batches = Vec::with_capacity(self.batches.len());
        for batch in self.batches {
            let side = |name: &str| -> Result<ArrayRef> {
                let vertices = numbers(&batch, name)?.iter().map(|row| vertex_of[*row as usize]);
                Ok(Arc::new(UInt32Array::from_iter_values(vertices)))
            };
            let post = batch["post"].as_primitive::<UInt32Type>().iter();
            let post: UInt32Array =
                post.map(|post| post.and_then(|post| new_posts[post as usize])).collect();
            let mut columns = vec![side("actor")?, side("target")?, Arc::new(post)];
            columns.extend(batch.columns()[3..].iter().cloned());
            let batch = RecordBatch::try_new(batch.schema(), columns).map_err(Error::internal)?;
            batches.push(batch);
        }
        Ok(Events { frame: engine.frame(batches)?, rows })
    }
}

fn numbers<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a [u32]> {
    let column = batch[name].as_primitive_opt::<UInt32Type>().filter(|c| c.null_count() == 0);
    let column = column.ok_or_else(|| Error::internal(format!("`{name}` is not numbered")))?;
    Ok(column.values())
}

/// The interactions with numbers instead of ids, repeated ones once.
fn dense(
    input: &Checked,
    rule: &Rule<'_>,
    index: &DataFrame,
    posts: Option<&PostRows>,
) -> Result<DataFrame> {
    let key = &schema::table(Direction::Input, "interactions")?.key;
    // Of rows that differ in sentiment alone the worst is kept: any fixed choice would do.
    let worst = min(ident("sentiment")).alias("sentiment");
    let once = input
        .frame
        .clone()
        .aggregate(key.iter().map(ident).collect(), vec![worst])
        .map_err(plan)?;
    let mut joined =
        left_join(once, index_as(index, "actor_id", "actor")?, &["network", "actor_id"])?;
    joined = left_join(joined, index_as(index, "target_id", "target")?, &["network", "target_id"])?;
    let (mut post, mut lost) = (lit(ScalarValue::UInt32(None)), lit(false));
    if let Some(posts) = posts {
        joined = left_join(joined, posts.index.clone(), &["network", "post_id"])?;
        post = ident("post");
        lost = ident("post_id").is_not_null().and(ident("post").is_null());
    }
    let mut kind = None;
    for (number, name) in (0_u8..).zip(rule.method.kinds.keys()) {
        let mut cases = kind.unwrap_or_else(|| case(ident("kind")));
        kind = Some(cases.when(lit(name.as_str()), lit(number)));
    }
    let kind = kind.ok_or_else(|| Error::internal("a method without kinds"))?;
    // Whole hours before the last instant covered, so that a window of n hours is 0..n.
    let age = (lit(rule.cutoff_us - 1) - cast(ident("at"), DataType::Int64)) / lit(HOUR_US);
    let negative = when(ident("sentiment").is_not_null(), ident("sentiment").lt(lit(0.0)));
    joined
        .select(vec![
            ident("actor"),
            ident("target"),
            post.alias("post"),
            cast(age, DataType::Int32).alias("age_hours"),
            kind.end().map_err(plan)?.alias("kind"),
            negative.end().map_err(plan)?.alias("negative"),
            lost.alias("lost"),
        ])
        .map_err(plan)
}
