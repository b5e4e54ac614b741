//! Posts and interactions of the people who may be scored, over dense numbers.
//!
//! This is where text ids end: an interaction becomes 18 bytes (actor, target, post, age, kind,
//! sign), and all later stages work on those.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array};
use arrow::datatypes::{DataType, Int64Type, UInt32Type};
use datafusion::dataframe::DataFrame;
use datafusion::functions::expr_fn::coalesce;
use datafusion::functions_aggregate::expr_fn::min;
use datafusion::prelude::{case, cast, ident, lit, when};

use super::check::Checked;
use super::members::left_join;
use super::{Drop, HOUR_US};
use crate::engine::{self, Engine, count_if};
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
    /// (network, post_id) → index.
    index: DataFrame,
}

/// What turns a time into an age and a kind into a number.
pub(super) struct Rule<'a> {
    pub(super) cutoff_us: i64,
    pub(super) method: &'a Method,
}

fn plan(error: datafusion::error::DataFusionError) -> Error {
    Error::engine("joining interactions to people", &error)
}

/// `vertices` (network, account_id, vertex) with its last two columns renamed.
fn vertices_as(vertices: &DataFrame, account: &str, vertex: &str) -> Result<DataFrame> {
    vertices
        .clone()
        .select(vec![
            ident("network"),
            ident("account_id").alias(account),
            ident("vertex").alias(vertex),
        ])
        .map_err(plan)
}

/// Reads the posts of the people in `vertices`.
pub(super) async fn posts(
    engine: &Engine,
    input: &Checked,
    vertices: &DataFrame,
    drops: &mut Vec<Drop>,
) -> Result<Posts> {
    let what = format!("reading {}", input.origin);
    let repost = coalesce(vec![ident("kind"), lit("original")]).eq(lit("repost"));
    let keyed = input
        .frame
        .clone()
        .select(vec![
            ident("network"),
            ident("post_id"),
            ident("author_id"),
            repost.alias("repost"),
        ])
        .and_then(DataFrame::distinct)
        .map_err(plan)?;
    let authors = vertices_as(vertices, "author_id", "author")?;
    let sorted = left_join(keyed, authors, &["network", "author_id"])?
        .sort(vec![ident("network").sort(true, true), ident("post_id").sort(true, true)])
        .map_err(plan)?;
    let rows = engine::rows(&what, sorted).await?;
    drops.push(Drop::exact("posts", "repeated", input.rows - rows.num_rows() as u64));
    no_two_versions(&rows)?;

    let reposts = rows["repost"].as_boolean();
    let author = rows["author"].as_primitive::<UInt32Type>();
    let own: arrow::array::BooleanArray =
        (0..rows.num_rows()).map(|row| Some(author.is_valid(row) && !reposts.value(row))).collect();
    let unknown = author.null_count() as u64;
    drops.push(Drop::suppressed("posts", "author unknown or may not be scored", unknown));
    let reposts = rows.num_rows() - own.true_count() - author.null_count();
    drops.push(Drop::exact("posts", "reposts, which are no posts of one's own", reposts as u64));
    let rows = arrow::compute::filter_record_batch(&rows, &own).map_err(Error::internal)?;
    let index: ArrayRef = Arc::new(UInt32Array::from_iter_values(0..rows.num_rows() as u32));
    let index = RecordBatch::try_from_iter([
        ("network", Arc::clone(&rows["network"])),
        ("post_id", Arc::clone(&rows["post_id"])),
        ("post", index),
    ])
    .map_err(Error::internal)?;
    Ok(Posts {
        authors: rows["author"].as_primitive::<UInt32Type>().values().to_vec(),
        index: engine.frame(vec![index])?,
    })
}

/// Refuses posts that have two authors, or are both a repost and not.
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
    if sorted.num_rows() > u32::MAX as usize {
        return Err(Error::bad_input(
            format!(
                "input `posts`: {} posts in 90 days, 32-bit numbers hold fewer",
                sorted.num_rows()
            ),
            "split the job by network",
        ));
    }
    Ok(())
}

/// Reads the interactions among the people in `vertices`; repeated ones count once.
pub(super) async fn events(
    engine: &Engine,
    input: &Checked,
    rule: &Rule<'_>,
    vertices: &DataFrame,
    posts: Option<&Posts>,
    drops: &mut Vec<Drop>,
) -> Result<Events> {
    let what = format!("reading {}", input.origin);
    let key = &schema::table(Direction::Input, "interactions")?.key;
    let once = input
        .frame
        .clone()
        .aggregate(
            key.iter().map(ident).collect(),
            // Of rows that differ in sentiment alone, the worst is kept: any fixed choice would do.
            vec![min(ident("sentiment")).alias("sentiment")],
        )
        .map_err(plan)?;
    let mut joined =
        left_join(once, vertices_as(vertices, "actor_id", "actor")?, &["network", "actor_id"])?;
    joined = left_join(
        joined,
        vertices_as(vertices, "target_id", "target")?,
        &["network", "target_id"],
    )?;
    let mut post = lit(datafusion::scalar::ScalarValue::UInt32(None));
    if let Some(posts) = posts {
        joined = left_join(joined, posts.index.clone(), &["network", "post_id"])?;
        post = ident("post");
    }
    let mut kind = None;
    for (number, name) in (0_u8..).zip(rule.method.kinds.keys()) {
        let mut cases = kind.unwrap_or_else(|| case(ident("kind")));
        kind = Some(cases.when(lit(name.as_str()), lit(number)));
    }
    let kind = kind.ok_or_else(|| Error::internal("a method without kinds"))?;
    let age = (lit(rule.cutoff_us - 1) - cast(ident("at"), DataType::Int64)) / lit(HOUR_US);
    let known = ident("sentiment").is_not_null();
    let negative = when(known, ident("sentiment").lt(lit(0.0)));
    let dense = joined
        .select(vec![
            ident("actor"),
            ident("target"),
            post.alias("post"),
            cast(age, DataType::Int32).alias("age_hours"),
            kind.end().map_err(plan)?.alias("kind"),
            negative.end().map_err(plan)?.alias("negative"),
        ])
        .map_err(plan)?;
    let (dense, rows) = engine.materialise(&what, dense).await?;
    drops.push(Drop::exact("interactions", "repeated", input.rows - rows));

    let unknown = ident("actor").is_null().or(ident("target").is_null());
    let to_self = ident("actor").eq(ident("target"));
    let dropped = dense
        .clone()
        .aggregate(
            vec![],
            vec![
                count_if(unknown.clone())?.alias("unknown"),
                count_if(to_self.clone())?.alias("self"),
            ],
        )
        .map_err(plan)?
        .collect()
        .await
        .map_err(plan)?;
    let count = |name: &str| -> u64 {
        let values = dropped
            .iter()
            .filter_map(|b| b.column_by_name(name))
            .flat_map(|c| c.as_primitive::<Int64Type>().iter().flatten().collect::<Vec<_>>());
        values.sum::<i64>().unsigned_abs()
    };
    let (unknown_rows, self_rows) = (count("unknown"), count("self"));
    drops.push(Drop::suppressed("interactions", "from or to who may not be scored", unknown_rows));
    drops.push(Drop::exact("interactions", "of a person with themselves", self_rows));
    let both = ident("actor").is_not_null().and(ident("target").is_not_null());
    let frame = dense.filter(both.and(ident("actor").not_eq(ident("target")))).map_err(plan)?;
    Ok(Events { frame, rows: rows - unknown_rows - self_rows })
}
