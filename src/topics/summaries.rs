//! The attention on each topic, propagated, and the people and posts of each topic.
//!
//! The attention of actor a to target t on a topic is `ln(1 + Σ κ·2^(−age/h)·share)`, over the interactions with posts about
//! it. On a topic with enough pairs of people it is propagated as the whole attention is (PageRank over the topic's own graph:
//! everyone who acts or is acted upon on it); on one with fewer, each actor's attention is divided once. Either sums to 1 over the
//! topic.
//!
//! Topics have different edges each, so that they are ranked one by one: all of them together cost as much as the attention on
//! topics has edges.

use std::ops::Range;

use rayon::prelude::*;
use renown_graph::csr::Csr;
use renown_graph::edges::EdgeList;
use renown_graph::pagerank::{PageRank, Stop};

use super::attribution::part_of_weight;
use super::catalogue::TopicEntry;
use super::context::Context;
use super::scores::TopicScore;
use crate::error::{Error, Result};
use crate::lists::Lists;
use crate::model::{Interaction, PersonIndex, VertexIndex};
use crate::phrases::Vocabulary;
use crate::propagate::ranking_error;
use crate::reduce::ONE;

/// Maximum number of pairs of people on topics in memory at once, unless one topic has more.
const MAX_PAIRS: u64 = 1 << 24;
/// Vertices whose interactions are one parallel work item.
const CHUNK_VERTICES: usize = 1 << 10;
/// A topic is not ranked closer to the exact ranks than this.
const MIN_TOLERANCE: f64 = 1e-9;

/// A topic that posts are about, or that lies above one.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicSummary {
    /// Index of the topic.
    pub topic: u32,
    /// Names from a root of the ontology down to it.
    pub path: Vec<String>,
    /// Ids of the topics above it, sorted.
    pub ancestors: Vec<String>,
    /// People with a score on it.
    pub people: i64,
    /// Original posts about it.
    pub posts: i64,
    /// Distinct people who reacted to them.
    pub reactors: i64,
}

/// Attention of an actor to a target on a topic.
struct TopicEdge {
    topic: u32,
    target: VertexIndex,
    actor: VertexIndex,
    /// In units of [`ONE`].
    weight: i64,
    /// Whether any of it is a reaction.
    is_reaction: bool,
}

/// Summarises each topic that posts are about, and those above, and sets `attention_share` of the scores.
///
/// # Errors
/// [`crate::error::Kind::BadJob`] if the method's iterations do not suffice.
pub(super) fn summarise_topics(
    context: &Context<'_>,
    scores: &mut [TopicScore],
) -> Result<Vec<TopicSummary>> {
    let Context { vocabulary, catalogue, .. } = *context;
    let n = catalogue.len();
    let mut posts = vec![0_i64; n];
    for post in context.posts.originals() {
        context.of_posts.of(post).iter().for_each(|(topic, _)| posts[*topic as usize] += 1);
    }
    let listed = find_topics_with_posts(context);
    let by_topic = Lists::grouped(n, scores.iter().map(|score| score.topic).zip(0_u32..));
    let pairs = count_pairs(context, n);
    let mut summaries = Vec::new();
    let mut from = 0;
    while from < n {
        let to = end_of_part(&pairs, from);
        let edges = collect_edges(context, from as u32..to as u32);
        let mut rest = &edges[..];
        for topic in from..to {
            let end = rest.partition_point(|edge| edge.topic as usize <= topic);
            let (edges, more) = rest.split_at(end);
            rest = more;
            if !listed[topic] {
                continue;
            }
            let scored = by_topic.of(topic);
            if !scored.is_empty() {
                let ranks = rank_people(context, edges)?;
                for at in scored {
                    let score = &mut scores[*at as usize];
                    let found = ranks.binary_search_by_key(&score.person, |(person, _)| *person);
                    score.attention_share = found.map_or(0.0, |at| ranks[at].1);
                }
            }
            let reactions = edges.iter().filter(|edge| edge.is_reaction);
            let mut reactors: Vec<PersonIndex> =
                reactions.map(|edge| context.person(edge.actor)).collect();
            reactors.par_sort_unstable();
            reactors.dedup();
            let entry = &catalogue.entries()[topic];
            summaries.push(TopicSummary {
                topic: topic as u32,
                path: path(vocabulary, entry),
                ancestors: ancestors(vocabulary, entry),
                people: scored.len() as i64,
                posts: posts[topic],
                reactors: reactors.len() as i64,
            });
        }
        from = to;
    }
    Ok(summaries)
}

/// The end of the topics from `from` on whose pairs fit into memory together: at least one topic.
fn end_of_part(pairs: &[u64], from: usize) -> usize {
    let (mut to, mut sum) = (from, 0);
    while to < pairs.len() && (to == from || sum + pairs[to] <= MAX_PAIRS) {
        sum += pairs[to];
        to += 1;
    }
    to
}

/// Whether any post, original or repost, is about each topic or one below it.
fn find_topics_with_posts(context: &Context<'_>) -> Vec<bool> {
    let Context { vocabulary, catalogue, .. } = context;
    let mut about = vec![false; catalogue.len()];
    context.of_posts.items().iter().for_each(|(topic, _)| about[*topic as usize] = true);
    let mut listed = about.clone();
    for (entry, _) in catalogue.entries().iter().zip(about).filter(|(_, about)| *about) {
        let above = entry.in_ontology.map(|topic| vocabulary.ancestors.of(topic as usize));
        for (above, _) in above.unwrap_or_default() {
            listed[catalogue.of_ontology(*above) as usize] = true;
        }
    }
    listed
}

fn path(vocabulary: &Vocabulary, entry: &TopicEntry) -> Vec<String> {
    let Some(topic) = entry.in_ontology else { return vec![entry.name.clone()] };
    let ontology = &vocabulary.ontology;
    let name = |topic: u32| ontology.topics()[topic as usize].name.clone();
    ontology.path(topic).into_iter().map(name).collect()
}

fn ancestors(vocabulary: &Vocabulary, entry: &TopicEntry) -> Vec<String> {
    let Some(topic) = entry.in_ontology else { return vec![] };
    let above = vocabulary.ancestors.of(topic as usize).iter().map(|(above, _)| *above);
    let id = |topic: u32| vocabulary.ontology.topics()[topic as usize].id.clone();
    // Topics of an ontology are numbered in order of id.
    above.filter(|above| *above != topic).map(id).collect()
}

/// Pairs of people on each topic.
fn count_pairs(context: &Context<'_>, topics: usize) -> Vec<u64> {
    let chunks = (0..context.people.persons.vertices()).into_par_iter().step_by(CHUNK_VERTICES);
    let of_chunk = |mut counts: Vec<u64>, start| {
        for_each_edge(context, start, |edge| counts[edge.topic as usize] += 1);
        counts
    };
    let zeros = || vec![0; topics];
    chunks.fold(zeros, of_chunk).reduce(zeros, |mut one, other| {
        one.iter_mut().zip(other).for_each(|(one, other)| *one += other);
        one
    })
}

/// The attention on some topics, in order of (topic, target, actor).
fn collect_edges(context: &Context<'_>, topics: Range<u32>) -> Vec<TopicEdge> {
    let chunks = (0..context.people.persons.vertices()).into_par_iter().step_by(CHUNK_VERTICES);
    let of_chunk = |start| {
        let mut edges = Vec::new();
        for_each_edge(context, start, |edge| {
            if topics.contains(&edge.topic) {
                edges.push(edge);
            }
        });
        edges
    };
    let mut edges: Vec<TopicEdge> = chunks.flat_map_iter(of_chunk).collect();
    edges.par_sort_unstable_by_key(|edge| (edge.topic, edge.target, edge.actor));
    edges
}

/// Calls `visit` with the attention on each topic between the targets of the chunk from `start` on and their actors.
fn for_each_edge(context: &Context<'_>, start: usize, mut visit: impl FnMut(TopicEdge)) {
    let end = context.people.persons.vertices().min(start + CHUNK_VERTICES);
    let rules = context.rules;
    let mut weights: Vec<(u32, i64, bool)> = Vec::new();
    let of_targets = context.people.interactions.of_targets(start..end);
    for of_pair in of_targets.chunk_by(Interaction::same_pair) {
        for interaction in of_pair {
            let weight = rules.weight(interaction.kind, interaction.age_hours());
            let is_reaction = rules.is_reaction(interaction.kind);
            let topics = context.topics_of(interaction).iter();
            weights.extend(
                topics.map(|(topic, share)| (*topic, part_of_weight(weight, *share), is_reaction)),
            );
        }
        weights.sort_unstable();
        for on_topic in weights.chunk_by(|one, other| one.0 == other.0) {
            visit(TopicEdge {
                topic: on_topic[0].0,
                target: of_pair[0].target,
                actor: of_pair[0].actor,
                weight: on_topic.iter().map(|(_, weight, _)| weight).sum(),
                is_reaction: on_topic.iter().any(|(.., is_reaction)| *is_reaction),
            });
        }
        weights.clear();
    }
}

/// The share of the attention on a topic that ends up with each person, in order of person.
fn rank_people(context: &Context<'_>, edges: &[TopicEdge]) -> Result<Vec<(PersonIndex, f64)>> {
    if edges.is_empty() {
        return Ok(vec![]);
    }
    let mut vertices: Vec<VertexIndex> =
        edges.iter().flat_map(|edge| [edge.actor, edge.target]).collect();
    vertices.par_sort_unstable();
    vertices.dedup();
    let number = |vertex: VertexIndex| vertices.partition_point(|other| *other < vertex) as u32;
    let weighted = || edges.iter().filter(|edge| edge.weight > 0);
    let log_weight = |edge: &TopicEdge| libm::log1p(edge.weight as f64 / ONE as f64) as f32;
    let edge_list = EdgeList {
        sources: weighted().map(|edge| number(edge.actor)).collect(),
        targets: weighted().map(|edge| number(edge.target)).collect(),
        // Each pair is one edge, so that this rounding is the only one.
        weights: weighted().map(log_weight).collect(),
    };
    let graph = Csr::from_edges(vertices.len(), vec![edge_list]).map_err(Error::internal)?;
    let of_vertices = if edges.len() as u64 >= context.method.topics.ranked_pairs {
        let rule = &context.method.rank;
        let tolerance = rule.tolerance.max(MIN_TOLERANCE);
        let stop = Stop::Tolerance { tolerance, max_iterations: rule.max_iterations };
        let pagerank = PageRank { damping: rule.damping, stop, ..PageRank::default() };
        pagerank.run(&graph, None).map_err(ranking_error)?.ranks
    } else {
        divide_once(&graph)
    };
    let mut of_persons: Vec<(PersonIndex, f64)> = vertices
        .iter()
        .zip(of_vertices)
        .map(|(vertex, rank)| (context.person(*vertex), rank))
        .collect();
    of_persons.sort_by_key(|(person, _)| *person);
    of_persons.dedup_by(|next, sum| {
        let same = next.0 == sum.0;
        sum.1 += if same { next.1 } else { 0.0 };
        same
    });
    Ok(of_persons)
}

/// What each vertex gets if each actor divides one unit, as a share of all.
fn divide_once(graph: &Csr) -> Vec<f64> {
    let actors = graph.out_degree().iter().filter(|degree| **degree > 0).count();
    let of_target = |target: usize| {
        let (actors, weights) = graph.row(target);
        actors.iter().zip(weights).map(|(a, w)| graph.transition_probability(*a, *w)).sum::<f64>()
    };
    (0..graph.vertices()).map(|target| of_target(target) / actors.max(1) as f64).collect()
}
