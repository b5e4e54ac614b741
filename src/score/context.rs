//! The context of a score: reach, amplification, network and negative share of every person.

use arrow::array::{Array, Float64Array};

use super::measures::MeasureColumns;
use crate::error::Result;
use crate::model::Persons;
use crate::reduce::Engagement;

/// Figures published with the score of every person. All lengths: persons.
pub struct ScoreContext {
    /// Distinct trusted people who gave any attention within 90 days, summed over networks.
    pub true_reach: Vec<f64>,
    /// 100 × P(a post gets a trusted reaction), shrunk; `None` without posts.
    pub amplification: Vec<Option<f64>>,
    /// Mean PageRank percentile of the engaged audience, 0 to 100; `None` without audience.
    pub network_score: Vec<Option<f64>>,
    /// Share of reactions below zero among those of known sentiment.
    pub negative_share: Vec<Option<f64>>,
}

/// Computes the context of every person's score; `engagement` has the length of vertices.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if a measure was not computed.
pub fn compute_context(
    persons: &Persons,
    measures: &MeasureColumns,
    engagement: &[Engagement],
) -> Result<ScoreContext> {
    let column = |name| measures.values(name);
    let counts = |count: fn(&Engagement) -> i64| {
        let counts: Vec<f64> = engagement.iter().map(|e| count(e) as f64).collect();
        persons.sum_by_person(&counts)
    };
    Ok(ScoreContext {
        true_reach: persons.sum_by_person(column("trusted_audience_90d")?.values()),
        amplification: mean(persons, &column("amplification")?, column("posts_90d")?.values()),
        network_score: mean(
            persons,
            &column("audience_pagerank_percentile")?,
            column("attention_received")?.values(),
        ),
        negative_share: ratio(&counts(|e| e.negative), &counts(|e| e.sentiment_known)),
    })
}

fn ratio(part: &[f64], whole: &[f64]) -> Vec<Option<f64>> {
    part.iter().zip(whole).map(|(p, w)| (*w > 0.0).then(|| p / w)).collect()
}

/// Weighted mean of a vertex value over the networks of each person; `None` where it is undefined on all of them.
fn mean(persons: &Persons, of_vertex: &Float64Array, weights: &[f64]) -> Vec<Option<f64>> {
    let weight = |v: usize| if of_vertex.is_valid(v) { weights[v] } else { 0.0 };
    let weights: Vec<f64> = (0..of_vertex.len()).map(weight).collect();
    let products: Vec<f64> = weights
        .iter()
        .zip(of_vertex.values())
        .map(|(w, x)| if *w > 0.0 { w * x } else { 0.0 })
        .collect();
    let (products, weights) = (persons.sum_by_person(&products), persons.sum_by_person(&weights));
    // A weighted mean may miss its single value by a rounding: it stays within 0..100.
    let means = ratio(&products, &weights).into_iter();
    means.map(|m| m.map(|m| m.min(100.0))).collect()
}
