//! Stage 3: interactions become attention, and attention a graph per network.
//!
//! Interaction e of kind k, `age` whole hours before the cutoff, weighs `κ_k · 2^(−age/h)` with
//! half-life h; what is older than the window weighs nothing. The weights are fixed-point integers,
//! looked up in a table, so that a sum is exact in any order and on any engine. A pair saturates:
//! `A(a→t) = ln(1 + Σ)`.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, Int64Array, RecordBatch, UInt8Array};
use arrow::datatypes::{ArrowPrimitiveType, Int64Type, UInt32Type};
use datafusion::common::JoinType;
use datafusion::functions_aggregate::expr_fn::{count, max, sum};
use datafusion::prelude::{ident, lit};

use super::csr::{Csr, EdgePart};
use crate::engine::{self, Engine, count_if};
use crate::error::{Error, Result};
use crate::method::Method;
use crate::read::{Events, MEASURE_HOURS, Persons};

/// Fixed-point scale of attention: this many units are one fresh interaction of weight 1.
pub const ONE: i64 = 1 << 32;

/// Attention between people: a graph for each network, and what each pair of people did.
pub struct Attention {
    /// Graph of each network over its vertices (numbered from 0 within the network), edges from actor to
    /// target with weight A(actor→target). Length: networks.
    pub graphs: Vec<Csr>,
    /// What each actor did to each target.
    pub pairs: Pairs,
}

/// Pairs of vertices in order of (target, actor), with counts. All lengths: pairs.
pub struct Pairs {
    /// Vertex acted upon.
    pub targets: Vec<u32>,
    /// Vertex that acted.
    pub actors: Vec<u32>,
    /// Attention Σ of the pair within the window, in units of [`ONE`].
    pub weights: Vec<i64>,
    /// Decay `2^(−age/h)` of the latest reaction within 90 days, in units of [`ONE`]; 0 without any.
    pub latest: Vec<i64>,
    /// Interactions of any kind within 90 days.
    pub interactions_90d: Vec<i64>,
    /// Reactions within 7 days.
    pub reactions_7d: Vec<i64>,
    /// Reactions within 30 days.
    pub reactions_30d: Vec<i64>,
    /// Reactions within 90 days.
    pub reactions_90d: Vec<i64>,
    /// Reactions within 90 days whose sentiment is known.
    pub sentiment_known: Vec<i64>,
    /// Reactions within 90 days whose sentiment is below zero.
    pub negative: Vec<i64>,
}

impl Pairs {
    /// The pairs whose target is in `vertices`.
    pub fn with_target(&self, vertices: Range<usize>) -> Range<usize> {
        let before = |v: usize| self.targets.partition_point(|t| (*t as usize) < v);
        before(vertices.start)..before(vertices.end)
    }
}

/// Aggregates events into pairs and builds the graph of each network.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] if one pair has so many interactions that their sum overflows,
/// As [`Error::engine`] if the engine fails over data in memory.
pub async fn attention(
    engine: &Engine,
    events: &Events,
    persons: &Persons,
    method: &Method,
) -> Result<Attention> {
    let pairs = pairs(engine, events, method).await?;
    let graphs = (0..persons.networks.len())
        .map(|n| graph(&pairs, persons.network(n)))
        .collect::<Result<_>>()?;
    Ok(Attention { graphs, pairs })
}

/// `2^(−age/h)` in units of [`ONE`], for whole hours `age`.
fn decay(age_hours: u32, half_life_hours: u32) -> f64 {
    ONE as f64 * libm::exp2(-f64::from(age_hours) / f64::from(half_life_hours))
}

/// The table (kind, age in hours) → attention weight, decay of a reaction, both in units of [`ONE`].
fn decay_table(method: &Method) -> Result<RecordBatch> {
    let hours = method.attention.window_hours.max(MEASURE_HOURS);
    let mut columns = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (kind, rule) in method.kinds.values().enumerate() {
        for age in 0..hours {
            let unit = decay(age, method.attention.half_life_hours);
            let weight = if age < method.attention.window_hours { rule.weight * unit } else { 0.0 };
            let counts = rule.reaction && age < MEASURE_HOURS;
            columns.0.push(kind as u8);
            columns.1.push(age as i32);
            columns.2.push(libm::round(weight) as i64);
            columns.3.push(if counts { libm::round(unit) as i64 } else { 0 });
        }
    }
    RecordBatch::try_from_iter([
        ("of_kind", Arc::new(UInt8Array::from(columns.0)) as ArrayRef),
        ("of_age", Arc::new(Int32Array::from(columns.1)) as ArrayRef),
        ("weight", Arc::new(Int64Array::from(columns.2)) as ArrayRef),
        ("decay", Arc::new(Int64Array::from(columns.3)) as ArrayRef),
    ])
    .map_err(Error::internal)
}

async fn pairs(engine: &Engine, events: &Events, method: &Method) -> Result<Pairs> {
    let plan = |e| Error::engine("aggregating interactions into attention", &e);
    let decays = engine.frame(vec![decay_table(method)?])?;
    let reaction = ident("kind").in_list(method.reaction_kinds().map(lit).collect(), false);
    let younger = |days: i32| ident("age_hours").lt(lit(days * 24));
    let recent = || reaction.clone().and(younger(90));
    let aggregates = vec![
        count(lit(1_i64)).alias("interactions"),
        sum(ident("weight")).alias("weight"),
        max(ident("decay")).alias("latest"),
        count_if(younger(90))?.alias("interactions_90d"),
        count_if(reaction.clone().and(younger(7)))?.alias("reactions_7d"),
        count_if(reaction.clone().and(younger(30)))?.alias("reactions_30d"),
        count_if(recent())?.alias("reactions_90d"),
        count_if(recent().and(ident("negative").is_not_null()))?.alias("sentiment_known"),
        count_if(recent().and(ident("negative")))?.alias("negative"),
    ];
    let sorted = events
        .frame
        .clone()
        .join(decays, JoinType::Inner, &["kind", "age_hours"], &["of_kind", "of_age"], None)
        .and_then(|e| e.aggregate(vec![ident("target"), ident("actor")], aggregates))
        .and_then(|p| {
            p.sort(vec![ident("target").sort(true, true), ident("actor").sort(true, true)])
        })
        .map_err(plan)?;
    let rows = engine::rows("aggregating interactions into attention", sorted).await?;
    refuse_overflow(&rows, method)?;
    Ok(Pairs {
        targets: column::<UInt32Type>(&rows, "target")?,
        actors: column::<UInt32Type>(&rows, "actor")?,
        weights: column::<Int64Type>(&rows, "weight")?,
        latest: column::<Int64Type>(&rows, "latest")?,
        interactions_90d: column::<Int64Type>(&rows, "interactions_90d")?,
        reactions_7d: column::<Int64Type>(&rows, "reactions_7d")?,
        reactions_30d: column::<Int64Type>(&rows, "reactions_30d")?,
        reactions_90d: column::<Int64Type>(&rows, "reactions_90d")?,
        sentiment_known: column::<Int64Type>(&rows, "sentiment_known")?,
        negative: column::<Int64Type>(&rows, "negative")?,
    })
}

fn column<T: ArrowPrimitiveType>(rows: &RecordBatch, name: &str) -> Result<Vec<T::Native>> {
    rows.column_by_name(name)
        .and_then(|c| c.as_primitive_opt::<T>())
        .filter(|c| c.null_count() == 0)
        .map(|c| c.values().to_vec())
        .ok_or_else(|| Error::internal(format!("attention has no column `{name}` of its type")))
}

/// The engine's sums wrap in silence, so that a pair that could have wrapped is refused.
fn refuse_overflow(rows: &RecordBatch, method: &Method) -> Result<()> {
    let heaviest = method.kinds.values().map(|k| k.weight).fold(0.0, f64::max);
    let most = (i64::MAX as f64 / (heaviest * ONE as f64 + 1.0)) as i64;
    let largest = column::<Int64Type>(rows, "interactions")?.into_iter().max().unwrap_or(0);
    if largest > most {
        return Err(Error::bad_input(
            format!(
                "one account acted {largest} times on one other; at the method's weights {most} can be summed"
            ),
            "check for a runaway source, or lower the weights of the kinds in the method",
        ));
    }
    Ok(())
}

/// The graph over the vertices in `range`.
fn graph(pairs: &Pairs, range: Range<usize>) -> Result<Csr> {
    let of = pairs.with_target(range.clone());
    let mut edges = EdgePart::default();
    for pair in of.filter(|pair| pairs.weights[*pair] > 0) {
        edges.sources.push(pairs.actors[pair] - range.start as u32);
        edges.targets.push(pairs.targets[pair] - range.start as u32);
        edges.weights.push(libm::log1p(pairs.weights[pair] as f64 / ONE as f64));
    }
    Csr::from_parts(range.len(), vec![edges]).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_life_halves() {
        assert_eq!(decay(0, 720), ONE as f64);
        assert_eq!(decay(720, 720), ONE as f64 / 2.0);
        assert_eq!(decay(2160, 720), ONE as f64 / 8.0);
    }
}
