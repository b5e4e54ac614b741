//! On what people influence others: the reactions to their posts about it.
//!
//! A topic score is the forecast of the method, over the same measures counted on one topic: the distinct people who are
//! expected to react to a person's posts about it within the horizon. What the data cover of a topic is the window that posts are read
//! of, which may be less than the history of reactions: measures of history are divided by the part of their half-life that lies in
//! the window, and are at most what they are on all topics together. So a topic score is never above the person's own score, and one
//! more reactor never lowers it.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use renown_stats::quantiles::percentile_ranks;

use super::context::Context;
use super::endorsers::Endorser;
use crate::lists::Lists;
use crate::method::{MEASURE_HOURS, points};
use crate::model::{CREDIT, Interaction, PersonIndex, PostIndex, VertexIndex, is_trusted};
use crate::reduce::Engagement;
use crate::reduce::history::{self, TargetReactions};

/// How much a person influences others on a topic.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicScore {
    /// The person.
    pub person: PersonIndex,
    /// Index of the topic.
    pub topic: u32,
    /// Points, 1 to 100.
    pub score: f64,
    /// Expected (person, network) pairs that react on the topic within the horizon.
    pub expected_reactors: f64,
    /// Position among those with a score on the topic, 1 for the highest; equals share the smaller one.
    pub position: i64,
    /// Mid-rank percentile among them.
    pub percentile: f64,
    /// Share of the attention on the topic that ends up with the person, 0 to 1.
    pub attention_share: f64,
    /// Posts that count as evidence: a trusted person reacted to each.
    pub posts: i64,
    /// Distinct trusted people who reacted to them.
    pub reactors: i64,
    /// Distinct trusted people who endorsed the person on the topic, or on one below it, or put it on a list of that name.
    pub endorsers: i64,
    /// Sum of the credit of everybody who did.
    pub credited_endorsers: f64,
    /// Distinct trusted people who reacted or endorsed.
    pub people: i64,
    /// Different weeks of these posts.
    pub weeks: i64,
    /// Share of the reactions on the topic within 90 days that are below zero, among those of known sentiment.
    pub negative_share: Option<f64>,
}

/// What is kept of the scores of everybody for whom there is enough evidence, in order of (person, topic). `endorsers` has those
/// of each person, in order; `keep` is given each score, and what each vertex of the person drew on the topic.
pub(super) fn score_topics<T: Send>(
    context: &Context<'_>,
    endorsers: &Lists<Endorser>,
    keep: impl Fn(TopicScore, &[(VertexIndex, OfVertex)]) -> T + Sync,
) -> Vec<T> {
    let persons = (0..context.people.persons.len()).into_par_iter().map(PersonIndex::new);
    let of_person =
        |person: PersonIndex| score_person(context, person, endorsers.of(person.index()), &keep);
    persons.flat_map_iter(of_person).collect()
}

fn score_person<T>(
    context: &Context<'_>,
    person: PersonIndex,
    endorsers: &[Endorser],
    keep: &impl Fn(TopicScore, &[(VertexIndex, OfVertex)]) -> T,
) -> Vec<T> {
    let required = &context.method.topics.evidence;
    let mut posts_on: BTreeMap<u32, u32> = BTreeMap::new();
    for post in context.evidence_posts(person) {
        for (topic, _) in context.of_posts.of(post.index()) {
            *posts_on.entry(*topic).or_default() += 1;
        }
    }
    // Few topics have enough posts whoever reacted to them: only on these is it looked up who did.
    posts_on.retain(|_, posts| *posts >= required.posts);
    if posts_on.is_empty() {
        return vec![];
    }
    let candidates: Vec<u32> = posts_on.into_keys().collect();
    let engagement = engagement_on_topics(context, person, &candidates);
    let scores = candidates.iter().zip(engagement).map(|(&topic, engagement)| {
        let TopicEngagement { of_vertices, reactors, posts } = engagement;
        let week = |post: &PostIndex| context.posts.age_hours[post.index()] / (7 * 24);
        let weeks: BTreeSet<u32> = posts.iter().map(week).collect();
        let of_topic = endorsers.partition_point(|endorser| endorser.topic < topic)
            ..endorsers.partition_point(|endorser| endorser.topic <= topic);
        let endorsers = &endorsers[of_topic];
        let credit: i64 = endorsers.iter().map(|endorser| endorser.credit).sum();
        let trusted = endorsers.iter().filter(|endorser| is_trusted(endorser.credit));
        let trusted: Vec<PersonIndex> = trusted.map(|endorser| endorser.giver).collect();
        let endorsed = |giver: &PersonIndex| trusted.binary_search(giver).is_ok();
        let people = trusted.len() + reactors.iter().filter(|person| !endorsed(person)).count();
        let forecasts =
            of_vertices.iter().map(|(vertex, of)| forecast(context, topic, *vertex, of));
        let expected_reactors: f64 = forecasts.sum();
        let sum = |count: fn(&Engagement) -> i64| -> i64 {
            of_vertices.iter().map(|(_, of)| count(&of.engagement)).sum()
        };
        let (known, negative) = (sum(|e| e.sentiment_known), sum(|e| e.negative));
        let score = TopicScore {
            person,
            topic,
            score: points(expected_reactors),
            expected_reactors,
            position: 0,
            percentile: 0.0,
            attention_share: 0.0,
            posts: posts.len() as i64,
            reactors: reactors.len() as i64,
            endorsers: trusted.len() as i64,
            credited_endorsers: credit as f64 / CREDIT as f64,
            people: people as i64,
            weeks: weeks.len() as i64,
            negative_share: (known > 0).then(|| negative as f64 / known as f64),
        };
        (score, of_vertices)
    });
    let enough = scores.filter(|(score, _)| {
        let people = score.people >= i64::from(required.people);
        let posts = score.posts >= i64::from(required.posts);
        people && posts && score.weeks >= i64::from(required.weeks)
    });
    enough.map(|(score, of_vertices)| keep(score, &of_vertices)).collect()
}

/// Engagement with a person's posts about a topic.
#[derive(Default)]
struct TopicEngagement {
    /// By vertex.
    of_vertices: Vec<(VertexIndex, OfVertex)>,
    /// Distinct trusted people who reacted to posts that are evidence, recently enough to be evidence, ascending.
    reactors: Vec<PersonIndex>,
    /// Original posts that are evidence: each drew such a reaction of at least one of them, ascending.
    posts: Vec<PostIndex>,
}

/// What a vertex drew on a topic.
pub(super) struct OfVertex {
    engagement: Engagement,
    /// By number; nothing if the forecast uses none of them.
    pub history: Option<[f64; history::MEASURES]>,
}

/// Engagement with the posts of a person about each of `topics`, which are ascending.
fn engagement_on_topics(
    context: &Context<'_>,
    person: PersonIndex,
    topics: &[u32],
) -> Vec<TopicEngagement> {
    let mut all: Vec<TopicEngagement> = topics.iter().map(|_| TopicEngagement::default()).collect();
    let mut evidence: Vec<(Vec<PersonIndex>, Vec<PostIndex>)> =
        vec![Default::default(); topics.len()];
    let hours = context.evidence_hours();
    let is_young = |age: u32| f64::from(age) < hours;
    for vertex in context.vertices_of.of(person.index()) {
        let mut of_topics: Vec<Option<Engagement>> = vec![None; topics.len()];
        let mut reactions: Vec<TargetReactions> = Vec::new();
        reactions.resize_with(topics.len(), TargetReactions::default);
        let of_vertex = context.people.interactions.of_target(*vertex);
        let mut on_topics = Vec::new();
        let mut audience = context.trust.audience(*vertex);
        for of_actor in of_vertex.chunk_by(Interaction::same_pair) {
            let credit = audience.credit(of_actor[0].actor);
            let actor = context.person(of_actor[0].actor);
            set_interactions_on(context, of_actor, topics, &mut on_topics);
            for on_topic in on_topics.chunk_by(|one, other| one.0 == other.0) {
                let topic = on_topic[0].0;
                let on_topic = || on_topic.iter().map(|(_, interaction)| interaction);
                let young_reactions = on_topic().filter(|interaction| {
                    is_young(interaction.age_hours()) && context.rules.is_reaction(interaction.kind)
                });
                let mut reacted_to: Vec<PostIndex> = young_reactions
                    .filter_map(|interaction| interaction.post.get())
                    .filter(|post| is_young(context.posts.age_hours[post.index()]))
                    .collect();
                if is_trusted(credit) && !reacted_to.is_empty() {
                    reacted_to.retain(|post| context.posts.is_original(*post));
                    evidence[topic].0.push(actor);
                    evidence[topic].1.extend(reacted_to);
                }
                let engagement = of_topics[topic].get_or_insert_default();
                engagement.add(on_topic(), context.rules, credit);
                if context.history.is_some() {
                    let counted = on_topic().filter(|e| context.rules.is_reaction(e.kind));
                    counted.for_each(|e| reactions[topic].push(e.actor, e.age_minutes, e.post));
                }
            }
        }
        for ((of_topic, engagement), mut reactions) in all.iter_mut().zip(of_topics).zip(reactions)
        {
            let history = context.history.as_ref();
            let history = history.map(|history| history.measure(context, *vertex, &mut reactions));
            let own = engagement.map(|engagement| (*vertex, OfVertex { engagement, history }));
            of_topic.of_vertices.extend(own);
        }
    }
    for (of_topic, (mut reactors, mut posts)) in all.iter_mut().zip(evidence) {
        reactors.sort_unstable();
        reactors.dedup();
        posts.sort_unstable();
        posts.dedup();
        (of_topic.reactors, of_topic.posts) = (reactors, posts);
    }
    all
}

/// Sets `found` to the interactions with posts about each of `topics`, with its index, in order of topic.
fn set_interactions_on(
    context: &Context<'_>,
    interactions: &[Interaction],
    topics: &[u32],
    found: &mut Vec<(usize, Interaction)>,
) {
    found.clear();
    for interaction in interactions {
        for (topic, _) in context.topics_of(interaction) {
            if let Ok(at) = topics.binary_search(topic) {
                found.push((at, *interaction));
            }
        }
    }
    found.sort_by_key(|(topic, _)| *topic);
}

/// The method's forecast over the engagement of a vertex on a topic.
pub(super) fn forecast(
    context: &Context<'_>,
    topic: u32,
    vertex: VertexIndex,
    of: &OfVertex,
) -> f64 {
    let forecast = &context.method.forecast;
    let level = forecast.level_on_topics(context.people.persons.network_name(vertex));
    let terms = forecast.terms.iter().enumerate();
    let values = terms.map(|(at, term)| match term.measure.as_str() {
        "h_index" => h_index(context, topic, vertex, false) as f64,
        "trusted_h_index" => h_index(context, topic, vertex, true) as f64,
        name => match (history::number(name), &of.history) {
            (Some(number), Some(history)) => context.at_most_on_all(at, vertex, history[number]),
            _ => of.engagement.measure(name).unwrap_or(0.0),
        },
    });
    forecast.expected(level, values)
}

/// The h-index of a vertex's posts of 90 days about a topic, over all reactors or those that are trusted.
fn h_index(context: &Context<'_>, topic: u32, vertex: VertexIndex, only_trusted: bool) -> i64 {
    let person = context.person(vertex).index();
    let about = context.posts_of.of(person).iter().copied().filter(|post| {
        context.posts.author(*post) == vertex
            && context.posts.is_original(*post)
            && context.share(*post, topic) > 0
    });
    let young = about.filter(|post| context.posts.age_hours[post.index()] < MEASURE_HOURS);
    let count = |post: PostIndex| {
        let (reactors, mut audience) =
            (context.reactors.of(post.index()), context.trust.audience(vertex));
        match only_trusted {
            true => reactors.iter().filter(|actor| is_trusted(audience.credit(**actor))).count(),
            false => reactors.len(),
        }
    };
    let mut reactors: Vec<usize> = young.map(count).collect();
    reactors.sort_unstable_by(|one, other| other.cmp(one));
    reactors.iter().zip(1..).take_while(|(reactors, position)| *reactors >= position).count() as i64
}

/// Sets position and percentile of each score within its topic.
pub(super) fn set_positions(scores: &mut [TopicScore]) {
    let topics = scores.iter().map(|score| score.topic + 1).max().unwrap_or_default();
    let pairs = scores.iter().map(|score| score.topic).zip(0_u32..);
    let by_topic = Lists::grouped(topics as usize, pairs);
    for of_topic in by_topic.iter() {
        let expected: Vec<f64> =
            of_topic.iter().map(|at| scores[*at as usize].expected_reactors).collect();
        let mut sorted = expected.clone();
        sorted.sort_unstable_by(|one, other| other.total_cmp(one));
        for ((at, percentile), of_score) in
            of_topic.iter().zip(percentile_ranks(&expected)).zip(&expected)
        {
            let score = &mut scores[*at as usize];
            score.position = 1 + sorted.partition_point(|other| other > of_score) as i64;
            score.percentile = percentile;
        }
    }
}
