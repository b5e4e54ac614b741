//! Measures of the responses to a vertex's posts.

use std::cmp::Reverse;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arrow::array::{ArrayRef, Float64Array, Int64Array};
use rayon::prelude::*;

use super::min_ages::MinAges;
use super::wanted::Wanted;
use crate::lists::Lists;
use crate::method::{MEASURE_HOURS, Method};
use crate::model::{
    Interaction, Interactions, NetworkIndex, Persons, PostIndex, Posts, Trust, VertexIndex,
    is_trusted,
};
use crate::reduce::InteractionRules;

/// Chains of reposts are followed up no further than this: in bad data they go in circles.
const MAX_REPOST_CHAIN: usize = 64;

/// Responses to the posts of one author.
#[derive(Clone, Debug, Default)]
pub(super) struct Responses {
    posts: i64,
    posts_30d: i64,
    with_reaction: i64,
    with_trusted_reaction: i64,
    reactors: i64,
    trusted_reactors: i64,
    reactions: i64,
    h_index: i64,
    trusted_h_index: i64,
    reposters: i64,
    onward_reposters: i64,
}

/// The name of a measure, and its value.
type OfResponses = (&'static str, fn(&Responses) -> i64);

const COUNTS: [OfResponses; 8] = [
    ("posts_30d", |r| r.posts_30d),
    ("posts_90d", |r| r.posts),
    ("posts_with_reaction_90d", |r| r.with_reaction),
    ("posts_with_trusted_reaction_90d", |r| r.with_trusted_reaction),
    ("h_index", |r| r.h_index),
    ("trusted_h_index", |r| r.trusted_h_index),
    ("repost_reach_90d", |r| r.reposters),
    ("onward_reach_90d", |r| r.onward_reposters),
];
const AMPLIFICATION: &str = "amplification";
/// Means over posts.
const PER_POST: [OfResponses; 3] = [
    ("reactors_per_post", |r| r.reactors),
    ("trusted_reactors_per_post", |r| r.trusted_reactors),
    ("reactions_per_post", |r| r.reactions),
];

impl Responses {
    /// The measure `name`; `None` if it is no count of responses.
    pub(super) fn measure(&self, name: &str) -> Option<f64> {
        COUNTS.iter().find(|(measure, _)| *measure == name).map(|(_, of)| of(self) as f64)
    }
}

/// Responses to each vertex's posts of the last 90 days but for the number of all reactions, from posts and reposts that are old
/// enough; `reactors` holds the reactors of each post. Of authors for whom `is_wanted`; others have none. Length: vertices.
pub(super) fn count_responses(
    posts: &Posts,
    reactors: &Lists<VertexIndex>,
    trust: &Trust,
    min_ages: MinAges,
    is_wanted: impl Fn(VertexIndex) -> bool + Sync,
) -> Vec<Responses> {
    let ages = min_ages.posts_hours..MEASURE_HOURS;
    let recent = posts
        .originals()
        .filter(|post| ages.contains(&posts.age_hours[*post]) && is_wanted(posts.authors[*post]));
    let mut reactions: Vec<PostReactors> = recent
        .map(|post| {
            let reactors = reactors.of(post);
            let mut audience = trust.audience(posts.authors[post]);
            let trusted = reactors.iter().filter(|actor| is_trusted(audience.credit(**actor)));
            PostReactors {
                author: posts.authors[post],
                all: reactors.len() as i64,
                trusted: trusted.count() as i64,
                is_young: posts.age_hours[post] < 30 * 24,
            }
        })
        .collect();
    reactions.par_sort_unstable_by_key(|post| (post.author, Reverse(post.all)));
    let mut responses = vec![Responses::default(); trust.vertices()];
    for post in &reactions {
        let response = &mut responses[post.author.index()];
        response.posts += 1;
        response.posts_30d += i64::from(post.is_young);
        response.with_reaction += i64::from(post.all > 0);
        response.with_trusted_reaction += i64::from(post.trusted > 0);
        response.reactors += post.all;
        response.trusted_reactors += post.trusted;
        // Posts come in falling order: the h-th has at least h reactors as long as this holds.
        response.h_index += i64::from(post.all >= response.posts);
    }
    reactions.par_sort_unstable_by_key(|post| (post.author, Reverse(post.trusted)));
    for of_author in reactions.chunk_by(|one, other| one.author == other.author) {
        let response = &mut responses[of_author[0].author.index()];
        for (position, post) in (1..).zip(of_author) {
            response.trusted_h_index += i64::from(post.trusted >= position);
        }
    }
    count_reposts(posts, min_ages.interactions_hours, is_wanted, &mut responses);
    responses
}

/// The reactors of an original post.
struct PostReactors {
    author: VertexIndex,
    all: i64,
    trusted: i64,
    is_young: bool,
}

/// Counts reactions of others to each author's posts of the last 90 days.
pub(super) fn count_reactions(
    interactions: &Interactions,
    posts: &Posts,
    rules: &InteractionRules,
    responses: &mut [Responses],
) {
    let counts: Vec<AtomicI64> = responses.iter().map(|_| AtomicI64::new(0)).collect();
    let is_reaction = |interaction: &&Interaction| rules.is_reaction(interaction.kind);
    interactions.all().par_iter().filter(is_reaction).for_each(|reaction| {
        let Some(post) = reaction.post.get() else { return };
        let author = posts.author(post);
        if posts.age_hours[post.index()] < MEASURE_HOURS && author != reaction.actor {
            counts[author.index()].fetch_add(1, Ordering::Relaxed);
        }
    });
    for (response, count) in responses.iter_mut().zip(counts) {
        response.reactions = count.into_inner();
    }
}

/// Counts distinct people who reposted a post of each author within 90 days, or another's repost of it.
fn count_reposts(
    posts: &Posts,
    since_hours: u32,
    is_wanted: impl Fn(VertexIndex) -> bool + Sync,
    responses: &mut [Responses],
) {
    let ages = since_hours..MEASURE_HOURS;
    let parent = |post: PostIndex| posts.parents[post.index()].get();
    let author_and_reposter = |post: PostIndex| {
        let reposted = parent(post)?;
        let (mut root, mut steps) = (reposted, 1);
        while !posts.is_original(root) && steps < MAX_REPOST_CHAIN {
            root = parent(root)?;
            steps += 1;
        }
        let author = posts.is_original(root).then(|| posts.author(root))?;
        if !is_wanted(author) {
            return None;
        }
        let reposter = posts.author(post);
        // To repost one's own repost carries the post no further.
        let is_onward = steps > 1 && posts.author(reposted) != reposter;
        (author != reposter).then_some((author, reposter, is_onward))
    };
    let reposts = (posts.originals..posts.authors.len()).into_par_iter();
    let recent = reposts.filter(|post| ages.contains(&posts.age_hours[*post]));
    let recent = recent.map(PostIndex::new);
    let mut pairs: Vec<(VertexIndex, VertexIndex, bool)> =
        recent.filter_map(author_and_reposter).collect();
    pairs.par_sort_unstable();
    pairs.dedup();
    for of_pair in pairs.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
        let response = &mut responses[of_pair[0].0.index()];
        response.reposters += 1;
        response.onward_reposters += i64::from(of_pair.iter().any(|(.., onward)| *onward));
    }
}

/// Whether any of these measures is wanted.
pub(crate) fn any_wanted(wanted: Wanted<'_>) -> bool {
    let names = COUNTS.iter().chain(&PER_POST).map(|(name, _)| *name);
    names.chain([AMPLIFICATION]).any(|name| wanted.has(name))
}

/// The columns of these measures; null without posts.
pub(super) fn build_columns(
    persons: &Persons,
    responses: Option<&[Responses]>,
    method: &Method,
) -> Vec<(&'static str, ArrayRef)> {
    let n = persons.vertices();
    let mut columns: Vec<(&'static str, ArrayRef)> = Vec::new();
    for (name, of) in COUNTS {
        columns.push(match responses {
            Some(of_all) => {
                (name, Arc::new(Int64Array::from_iter_values(of_all.iter().map(of))) as _)
            }
            None => (name, Arc::new(Int64Array::new_null(n)) as _),
        });
    }
    for (name, of) in PER_POST {
        let mean = |r: &Responses| (r.posts > 0).then(|| of(r) as f64 / r.posts as f64);
        columns.push(match responses {
            Some(of_all) => {
                (name, Arc::new(of_all.iter().map(mean).collect::<Float64Array>()) as _)
            }
            None => (name, Arc::new(Float64Array::new_null(n)) as _),
        });
    }
    columns.push((AMPLIFICATION, Arc::new(amplification(persons, responses, method))));
    columns
}

/// 100 × P(a post gets a trusted reaction), the posterior mean under a beta prior around the network's share.
fn amplification(
    persons: &Persons,
    responses: Option<&[Responses]>,
    method: &Method,
) -> Float64Array {
    let mut amplification = vec![None; persons.vertices()];
    for network in (0..persons.networks.len()).map(NetworkIndex::new) {
        let range = persons.network(network);
        let Some(of_network) = responses.map(|r| &r[range.clone()]) else { continue };
        let posts: i64 = of_network.iter().map(|r| r.posts).sum();
        let with_reaction: i64 = of_network.iter().map(|r| r.with_trusted_reaction).sum();
        let share = with_reaction as f64 / posts.max(1) as f64;
        let strength = method.amplification.prior_posts;
        for (vertex, r) in range.zip(of_network).filter(|(_, r)| r.posts > 0) {
            let shrunk =
                (r.with_trusted_reaction as f64 + strength * share) / (r.posts as f64 + strength);
            amplification[vertex] = Some(100.0 * shrunk);
        }
    }
    Float64Array::from(amplification)
}
