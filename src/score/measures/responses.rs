//! Measures of what a vertex's posts drew.

use std::cmp::Reverse;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arrow::array::{ArrayRef, Float64Array, Int64Array};
use rayon::prelude::*;

use crate::lists::Lists;
use crate::method::{MEASURE_HOURS, Method};
use crate::model::{Interaction, Interactions, Persons, Posts};
use crate::reduce::InteractionRules;
use renown_graph::numbering::NONE;

/// Posts passed on by others are followed no further up than this: in bad data they go in circles.
const LONGEST_CHAIN: usize = 64;

/// What the posts of one author drew.
#[derive(Clone, Debug, Default)]
pub(super) struct Response {
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

/// A measure by its name, from what was drawn.
type OfResponse = (&'static str, fn(&Response) -> i64);

const COUNTS: [OfResponse; 8] = [
    ("posts_30d", |r| r.posts_30d),
    ("posts_90d", |r| r.posts),
    ("posts_with_reaction_90d", |r| r.with_reaction),
    ("posts_with_trusted_reaction_90d", |r| r.with_trusted_reaction),
    ("h_index", |r| r.h_index),
    ("trusted_h_index", |r| r.trusted_h_index),
    ("repost_reach_90d", |r| r.reposters),
    ("onward_reach_90d", |r| r.onward_reposters),
];
/// Means over posts.
const PER_POST: [OfResponse; 3] = [
    ("reactors_per_post", |r| r.reactors),
    ("trusted_reactors_per_post", |r| r.trusted_reactors),
    ("reactions_per_post", |r| r.reactions),
];

/// The measure `name` of what was drawn, if it is a count of it.
pub(super) fn of_response(name: &str, response: &Response) -> Option<f64> {
    COUNTS.iter().find(|(own, _)| *own == name).map(|(_, of)| of(response) as f64)
}

/// Response to each vertex's posts of 90 days, from posts and from what others did that are at least so many hours
/// old; `reactors` holds the reactors of each post, `trusted` who counts as such. Lengths: vertices.
pub(super) fn responses(
    events: &Interactions,
    posts: &Posts,
    rules: &InteractionRules,
    reactors: &Lists<u32>,
    trusted: &[bool],
    [posts_hours, events_hours]: [u32; 2],
) -> Vec<Response> {
    let ages = posts_hours..MEASURE_HOURS;
    let recent = posts.originals().filter(|post| ages.contains(&posts.age_hours[*post]));
    let mut drawn: Vec<Drawn> = recent
        .map(|post| {
            let reactors = reactors.of(post);
            let trusted = reactors.iter().filter(|vertex| trusted[**vertex as usize]).count();
            Drawn {
                author: posts.authors[post],
                reactors: reactors.len() as i64,
                trusted: trusted as i64,
                young: posts.age_hours[post] < 30 * 24,
            }
        })
        .collect();
    drawn.par_sort_unstable_by_key(|drawn| (drawn.author, Reverse(drawn.reactors)));
    let mut responses = vec![Response::default(); trusted.len()];
    for drawn in &drawn {
        let response = &mut responses[drawn.author as usize];
        response.posts += 1;
        response.posts_30d += i64::from(drawn.young);
        response.with_reaction += i64::from(drawn.reactors > 0);
        response.with_trusted_reaction += i64::from(drawn.trusted > 0);
        response.reactors += drawn.reactors;
        response.trusted_reactors += drawn.trusted;
        // Posts come in falling order: the h-th has at least h reactors as long as this holds.
        response.h_index += i64::from(drawn.reactors >= response.posts);
    }
    drawn.par_sort_unstable_by_key(|drawn| (drawn.author, Reverse(drawn.trusted)));
    let mut place = 0;
    let mut author = NONE;
    for drawn in &drawn {
        place = if drawn.author == author { place + 1 } else { 1 };
        author = drawn.author;
        responses[author as usize].trusted_h_index += i64::from(drawn.trusted >= place);
    }
    count_reactions(events, posts, rules, [posts_hours, events_hours], &mut responses);
    count_reposts(posts, events_hours, &mut responses);
    responses
}

/// An own post, and what it drew.
struct Drawn {
    author: u32,
    reactors: i64,
    trusted: i64,
    young: bool,
}

/// Reactions of others to each author's posts of 90 days.
fn count_reactions(
    events: &Interactions,
    posts: &Posts,
    rules: &InteractionRules,
    [posts_hours, events_hours]: [u32; 2],
    responses: &mut [Response],
) {
    let counts: Vec<AtomicI64> = responses.iter().map(|_| AtomicI64::new(0)).collect();
    let ages = posts_hours..MEASURE_HOURS;
    let reactions = |event: &&Interaction| event.post != NONE && rules.is_reaction(event.kind);
    events.all().par_iter().filter(reactions).for_each(|event| {
        let post = event.post as usize;
        let author = posts.authors[post];
        let counted = ages.contains(&posts.age_hours[post]) && event.age_hours >= events_hours;
        if counted && author != event.actor {
            counts[author as usize].fetch_add(1, Ordering::Relaxed);
        }
    });
    for (response, count) in responses.iter_mut().zip(counts) {
        response.reactions = count.into_inner();
    }
}

/// Distinct people who passed on a post of each author within 90 days, or somebody's passing on of it.
fn count_reposts(posts: &Posts, since_hours: u32, responses: &mut [Response]) {
    let ages = since_hours..MEASURE_HOURS;
    let is_repost = |post: u32| post as usize >= posts.originals;
    let passed_on = |post: u32| {
        let passed = posts.parents[post as usize];
        let (mut root, mut steps) = (passed, 1);
        while root != NONE && is_repost(root) && steps < LONGEST_CHAIN {
            root = posts.parents[root as usize];
            steps += 1;
        }
        let author = (root != NONE && !is_repost(root)).then(|| posts.authors[root as usize])?;
        let reposter = posts.authors[post as usize];
        // Passing on one's own passing on carries it no further.
        let onward = steps > 1 && posts.authors[passed as usize] != reposter;
        (author != reposter).then_some((author, reposter, onward))
    };
    let reposts = (posts.originals as u32..posts.authors.len() as u32).into_par_iter();
    let recent = reposts.filter(|post| ages.contains(&posts.age_hours[*post as usize]));
    let mut pairs: Vec<(u32, u32, bool)> = recent.filter_map(passed_on).collect();
    pairs.par_sort_unstable();
    pairs.dedup();
    for of_pair in pairs.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
        let response = &mut responses[of_pair[0].0 as usize];
        response.reposters += 1;
        response.onward_reposters += i64::from(of_pair.iter().any(|(.., onward)| *onward));
    }
}

/// The columns of these measures; null without posts.
pub(super) fn columns(
    persons: &Persons,
    responses: Option<&[Response]>,
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
        let mean = |r: &Response| (r.posts > 0).then(|| of(r) as f64 / r.posts as f64);
        columns.push(match responses {
            Some(of_all) => {
                (name, Arc::new(of_all.iter().map(mean).collect::<Float64Array>()) as _)
            }
            None => (name, Arc::new(Float64Array::new_null(n)) as _),
        });
    }
    columns.push(("amplification", Arc::new(amplification(persons, responses, method))));
    columns
}

/// 100 × P(a post draws a reaction of somebody trusted), the posterior mean under a beta prior around the network's share.
fn amplification(
    persons: &Persons,
    responses: Option<&[Response]>,
    method: &Method,
) -> Float64Array {
    let mut amplification = vec![None; persons.vertices()];
    for network in 0..persons.networks.len() {
        let range = persons.network(network);
        let Some(own) = responses.map(|r| &r[range.clone()]) else { continue };
        let posts: i64 = own.iter().map(|r| r.posts).sum();
        let with_reaction: i64 = own.iter().map(|r| r.with_trusted_reaction).sum();
        let share = with_reaction as f64 / posts.max(1) as f64;
        let strength = method.amplification.prior_posts;
        for (vertex, r) in range.zip(own).filter(|(_, r)| r.posts > 0) {
            let shrunk =
                (r.with_trusted_reaction as f64 + strength * share) / (r.posts as f64 + strength);
            amplification[vertex] = Some(100.0 * shrunk);
        }
    }
    Float64Array::from(amplification)
}
