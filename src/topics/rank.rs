//! The attention on each topic, propagated, and how many people stand behind it.
//!
//! Of the attention of actor a to target t that on a topic is `ln(1 + Σ κ·2^(−age/h)·share)`, over the
//! interactions with posts about it. On a topic with enough pairs of people it is propagated as the whole
//! attention is (PageRank over the topic's own graph: whoever acts or is acted upon on it); on one with fewer, each
//! actor's attention is divided once. Either sums to 1 over the topic.
//!
//! Topics have different edges each, so that they are ranked one by one: all of them together cost as much as the
//! attention on topics has edges, which lanes over one graph would cost for each topic.

use rayon::prelude::*;

use super::catalogue::{Catalogue, Entry};
use super::influence::{TopicScore, part};
use super::inputs::TopicInputs;
use crate::error::{Error, Result};
use crate::lists::Lists;
use crate::model::Interaction;
use crate::phrases::Vocabulary;
use crate::propagate::ranking_error;
use crate::reduce::ONE;
use renown_graph::csr::Csr;
use renown_graph::edges::EdgeList;
use renown_graph::pagerank::{PageRank, Stop};

/// Pairs of people on topics that are in memory at once, unless one topic has more.
const PAIRS: u64 = 1 << 24;
/// Vertices whose interactions are looked at together.
const CHUNK: usize = 1 << 10;
/// Closer to the exact ranks than this a topic is not ranked.
const TOLERANCE: f64 = 1e-9;

/// A topic that posts are about, or that lies above one.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Index into the topics.
    pub topic: u32,
    /// Names from a root of the ontology down to it.
    pub path: Vec<String>,
    /// Ids of the topics above it, sorted.
    pub ancestors: Vec<String>,
    /// People with a score on it.
    pub people: i64,
    /// Own posts about it.
    pub posts: i64,
    /// Distinct people who reacted to them.
    pub reactors: i64,
}

/// Attention of an actor to a target on a topic.
struct Edge {
    topic: u32,
    target: u32,
    actor: u32,
    /// In units of [`ONE`].
    weight: i64,
    /// Whether any of it is a reaction.
    reacts: bool,
}

/// Sets `attention_share` of the scores, and tells of each topic that posts are about, and of those above.
///
/// # Errors
/// [`crate::error::Kind::BadJob`] if the method's iterations do not suffice.
pub(super) fn summaries(
    inputs: &TopicInputs<'_>,
    vocabulary: &Vocabulary,
    catalogue: &Catalogue,
    scores: &mut [TopicScore],
) -> Result<Vec<Summary>> {
    let n = catalogue.len();
    let mut posts = vec![0_i64; n];
    for post in inputs.posts.originals() {
        inputs.of_posts.of(post).iter().for_each(|(topic, _)| posts[*topic as usize] += 1);
    }
    let listed = listed(inputs, vocabulary, catalogue);
    let by_topic = Lists::grouped(n, scores.iter().map(|score| score.topic).zip(0_u32..));
    let counts = pairs_of_topics(inputs, n);
    let mut summaries = Vec::new();
    let mut from = 0;
    while from < n {
        let (mut to, mut pairs) = (from, 0);
        while to < n && (to == from || pairs + counts[to] <= PAIRS) {
            pairs += counts[to];
            to += 1;
        }
        let edges = edges(inputs, from as u32..to as u32);
        let of_topics: Vec<&[Edge]> = {
            let mut rest = &edges[..];
            let mut all = Vec::with_capacity(to - from);
            for topic in from..to {
                let (own, more) =
                    rest.split_at(rest.partition_point(|edge| edge.topic as usize <= topic));
                all.push(own);
                rest = more;
            }
            all
        };
        for (topic, edges) in (from..to).zip(of_topics) {
            if !listed[topic] {
                continue;
            }
            let scored = by_topic.of(topic);
            if !scored.is_empty() {
                let ranks = ranks(inputs, edges)?;
                for at in scored {
                    let score = &mut scores[*at as usize];
                    let own = ranks.binary_search_by_key(&score.person, |(person, _)| *person);
                    score.attention_share = own.map_or(0.0, |at| ranks[at].1);
                }
            }
            let mut reactors: Vec<u32> =
                edges.iter().filter(|e| e.reacts).map(|edge| inputs.person(edge.actor)).collect();
            reactors.par_sort_unstable();
            reactors.dedup();
            let entry = &catalogue.entries()[topic];
            summaries.push(Summary {
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

/// Whether any post, own or passed on, is about each topic or one below it.
fn listed(inputs: &TopicInputs<'_>, vocabulary: &Vocabulary, catalogue: &Catalogue) -> Vec<bool> {
    let mut about = vec![false; catalogue.len()];
    inputs.of_posts.items().iter().for_each(|(topic, _)| about[*topic as usize] = true);
    let mut listed = about.clone();
    for (entry, _) in catalogue.entries().iter().zip(about).filter(|(_, about)| *about) {
        let above = entry.in_ontology.map(|own| vocabulary.branches.of(own as usize));
        for (above, _) in above.unwrap_or_default() {
            listed[catalogue.of_ontology(*above) as usize] = true;
        }
    }
    listed
}

fn path(vocabulary: &Vocabulary, entry: &Entry) -> Vec<String> {
    let Some(topic) = entry.in_ontology else { return vec![entry.name.clone()] };
    let ontology = &vocabulary.ontology;
    let name = |topic: u32| ontology.topics()[topic as usize].name.clone();
    ontology.path(topic).into_iter().map(name).collect()
}

fn ancestors(vocabulary: &Vocabulary, entry: &Entry) -> Vec<String> {
    let Some(topic) = entry.in_ontology else { return vec![] };
    let above = vocabulary.branches.of(topic as usize).iter().map(|(above, _)| *above);
    let id = |topic: u32| vocabulary.ontology.topics()[topic as usize].id.clone();
    // Topics of an ontology are numbered in order of id.
    above.filter(|above| *above != topic).map(id).collect()
}

/// Pairs of people on each topic.
fn pairs_of_topics(inputs: &TopicInputs<'_>, topics: usize) -> Vec<u64> {
    let chunks = (0..inputs.people.persons.vertices()).into_par_iter().step_by(CHUNK);
    let of_chunk = |mut counts: Vec<u64>, start| {
        on_topics(inputs, start, |pair| counts[pair.topic as usize] += 1);
        counts
    };
    let none = || vec![0; topics];
    chunks.fold(none, of_chunk).reduce(none, |mut one, other| {
        one.iter_mut().zip(other).for_each(|(one, other)| *one += other);
        one
    })
}

/// The attention on some topics, in order of (topic, target, actor).
fn edges(inputs: &TopicInputs<'_>, topics: std::ops::Range<u32>) -> Vec<Edge> {
    let chunks = (0..inputs.people.persons.vertices()).into_par_iter().step_by(CHUNK);
    let of_chunk = |start| {
        let mut edges = Vec::new();
        on_topics(inputs, start, |edge| {
            if topics.contains(&edge.topic) {
                edges.push(edge);
            }
        });
        edges
    };
    let mut edges: Vec<Edge> = chunks.flat_map_iter(of_chunk).collect();
    edges.par_sort_unstable_by_key(|edge| (edge.topic, edge.target, edge.actor));
    edges
}

/// Shows the attention on each topic between the targets of a chunk and their actors to `see`.
fn on_topics(inputs: &TopicInputs<'_>, start: usize, mut see: impl FnMut(Edge)) {
    let end = inputs.people.persons.vertices().min(start + CHUNK);
    let mut weights: Vec<(u32, i64, bool)> = Vec::new();
    for of_pair in
        inputs.people.interactions.of_targets(start..end).chunk_by(Interaction::same_pair)
    {
        for event in of_pair {
            let (weight, reacts) =
                (inputs.rules.weight(event), inputs.rules.is_reaction(event.kind));
            let topics = inputs.about(event);
            weights
                .extend(topics.iter().map(|(topic, share)| (*topic, part(weight, *share), reacts)));
        }
        weights.sort_unstable();
        for on_topic in weights.chunk_by(|one, other| one.0 == other.0) {
            see(Edge {
                topic: on_topic[0].0,
                target: of_pair[0].target,
                actor: of_pair[0].actor,
                weight: on_topic.iter().map(|(_, weight, _)| weight).sum(),
                reacts: on_topic.iter().any(|(.., reacts)| *reacts),
            });
        }
        weights.clear();
    }
}

/// What of the attention on a topic ends up with each person, in order of person.
fn ranks(inputs: &TopicInputs<'_>, edges: &[Edge]) -> Result<Vec<(u32, f64)>> {
    if edges.is_empty() {
        return Ok(vec![]);
    }
    let mut vertices: Vec<u32> = edges.iter().flat_map(|edge| [edge.actor, edge.target]).collect();
    vertices.par_sort_unstable();
    vertices.dedup();
    let number = |vertex: u32| vertices.partition_point(|other| *other < vertex) as u32;
    let heavy = || edges.iter().filter(|edge| edge.weight > 0);
    let part = EdgeList {
        sources: heavy().map(|edge| number(edge.actor)).collect(),
        targets: heavy().map(|edge| number(edge.target)).collect(),
        // Each pair is one edge, so that this rounding is the only one.
        weights: heavy().map(|edge| libm::log1p(edge.weight as f64 / ONE as f64) as f32).collect(),
    };
    let graph = Csr::from_edges(vertices.len(), vec![part]).map_err(Error::internal)?;
    let of_vertices = if edges.len() as u64 >= inputs.method.topics.ranked_pairs {
        let rule = &inputs.method.rank;
        let tolerance = rule.tolerance.max(TOLERANCE);
        let stop = Stop::Tolerance { tolerance, max_iterations: rule.max_iterations };
        let pagerank = PageRank { damping: rule.damping, stop, ..PageRank::default() };
        pagerank.run(&graph, None).map_err(ranking_error)?.ranks
    } else {
        divided(&graph)
    };
    let mut of_persons: Vec<(u32, f64)> = vertices
        .iter()
        .zip(of_vertices)
        .map(|(vertex, rank)| (inputs.person(*vertex), rank))
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
fn divided(graph: &Csr) -> Vec<f64> {
    let actors = graph.out_degree().iter().filter(|degree| **degree > 0).count();
    let of_target = |target: usize| {
        let (actors, weights) = graph.row(target);
        actors.iter().zip(weights).map(|(a, w)| graph.transition_probability(*a, *w)).sum::<f64>()
    };
    (0..graph.vertices()).map(|target| of_target(target) / actors.max(1) as f64).collect()
}
