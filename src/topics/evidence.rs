//! The posts that topic scores rest on, and the posts of each topic with most reactors.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use rayon::prelude::*;

use super::attribution::WHOLE;
use super::context::Context;
use super::scores::TopicScore;
use crate::lists::Lists;
use crate::model::{PersonIndex, PostIndex, Posts};

/// Maximum number of people who are named as reactors of a post.
const MAX_NAMED: usize = 10;

/// A post behind a topic score.
#[derive(Clone, Debug, PartialEq)]
pub struct EvidencePost {
    /// The person.
    pub person: PersonIndex,
    /// Index of the topic.
    pub topic: u32,
    /// The post.
    pub post: PostIndex,
    /// Phrases of the topic, or of a topic below it, that the post holds, sorted; if there are none, those of the post that
    /// it answers.
    pub phrases: Vec<String>,
    /// Distinct people who reacted to it.
    pub reactors: i64,
    /// The first ten of them in order of id, those who refuse the topic left out.
    pub people: Vec<PersonIndex>,
    /// Share of the post that is about the topic, 0 to 1.
    pub share: f64,
}

/// A post among those of a topic with most reactors.
#[derive(Clone, Debug, PartialEq)]
pub struct TopPost {
    /// Index of the topic.
    pub topic: u32,
    /// The post.
    pub post: PostIndex,
    /// The person who published it.
    pub person: PersonIndex,
    /// Position among the posts of the topic; equals share the smaller one.
    pub position: i64,
    /// Distinct people who reacted to it.
    pub reactors: i64,
}

/// The strongest posts behind each score: those with most reactors, of equals those that are more about the topic, then the
/// younger, then the first.
pub(super) fn select_evidence(context: &Context<'_>, scores: &[TopicScore]) -> Vec<EvidencePost> {
    let max_posts = context.method.topics.evidence_posts as usize;
    let of_score = |score: &TopicScore| {
        let about = |post: &PostIndex| context.share(*post, score.topic) > 0;
        let mut posts: Vec<PostIndex> =
            context.evidence_posts(score.person).filter(about).collect();
        posts.sort_by_key(|post| {
            let reactors = context.reactors.of(post.index()).len();
            let age = context.posts.age_hours[post.index()];
            (Reverse(reactors), Reverse(context.share(*post, score.topic)), age, *post)
        });
        posts.truncate(max_posts);
        posts.sort_unstable();
        let posts = posts.into_iter().map(|post| EvidencePost {
            person: score.person,
            topic: score.topic,
            post,
            phrases: find_phrases(context, post, score),
            reactors: people_of(context, post).len() as i64,
            people: name_people(context, post, score.topic),
            share: f64::from(context.share(post, score.topic)) / f64::from(WHOLE),
        });
        posts.collect::<Vec<_>>()
    };
    scores.par_iter().flat_map_iter(of_score).collect()
}

/// People who reacted to a post, ascending.
fn people_of(context: &Context<'_>, post: PostIndex) -> BTreeSet<PersonIndex> {
    context.reactors.of(post.index()).iter().map(|vertex| context.person(*vertex)).collect()
}

fn name_people(context: &Context<'_>, post: PostIndex, topic: u32) -> Vec<PersonIndex> {
    let people = people_of(context, post).into_iter();
    let refuses = |person: PersonIndex| context.catalogue.refused_by(person).contains(&topic);
    people.filter(|person| !refuses(*person)).take(MAX_NAMED).collect()
}

/// The phrases by which a post is about the topic of a score, or else those of the posts above it.
fn find_phrases(context: &Context<'_>, post: PostIndex, score: &TopicScore) -> Vec<String> {
    let mut next = Some(post);
    let mut visited = BTreeSet::new();
    while let Some(at) = next.filter(|at| visited.insert(*at)) {
        let phrases = phrases_of_post(context, at.index(), score);
        if !phrases.is_empty() {
            return phrases.into_iter().collect();
        }
        next = context.posts.parents[at.index()].get();
    }
    vec![]
}

fn phrases_of_post(context: &Context<'_>, post: usize, score: &TopicScore) -> BTreeSet<String> {
    let Context { posts, vocabulary, catalogue, .. } = context;
    let refused = catalogue.refused_by(score.person);
    let meant = vocabulary.senses_in_context(posts.hits.of(post)).filter(|(_, sense)| {
        let mut above = vocabulary.ancestors.of(sense.topic as usize).iter();
        !refused.contains(&catalogue.of_ontology(sense.topic))
            && above.any(|(above, _)| catalogue.of_ontology(*above) == score.topic)
    });
    let phrase = |phrase: u32| vocabulary.lexicon.phrases()[phrase as usize].text.to_string();
    let tags = posts.tags.of(post).iter();
    let tags = tags.filter(|tag| catalogue.of_tag(**tag) == Some(score.topic));
    let name = |tag: &u32| format!("#{}", posts.tag_names[*tag as usize].1);
    meant.map(|(hit, _)| phrase(hit.phrase)).chain(tags.map(name)).collect()
}

/// The original posts of each topic with most reactors, at least one, young enough to be evidence, in order of (topic,
/// post). Of equals the younger goes first, then the one with the lower number.
pub(super) fn select_top_posts(context: &Context<'_>) -> Vec<TopPost> {
    let topics = context.catalogue.len();
    let max_posts = context.method.topics.posts as usize;
    let hours = context.evidence_hours();
    let with_reactors = context.posts.originals().filter(|post| {
        f64::from(context.posts.age_hours[*post]) < hours && !context.reactors.of(*post).is_empty()
    });
    let pairs = with_reactors.flat_map(|post| {
        context.of_posts.of(post).iter().map(move |(topic, _)| (*topic, PostIndex::new(post)))
    });
    let by_topic = Lists::grouped(topics, pairs);
    let of_topic = |topic: usize| {
        let reactors = |post: &PostIndex| people_of(context, *post).len() as i64;
        let mut posts: Vec<(i64, PostIndex)> =
            by_topic.of(topic).iter().map(|post| (reactors(post), *post)).collect();
        posts.sort_by_key(|(reactors, post)| {
            (Reverse(*reactors), context.posts.age_hours[post.index()], *post)
        });
        posts.truncate(max_posts);
        let mut top: Vec<TopPost> = Vec::with_capacity(posts.len());
        for (position, (reactors, post)) in (1..).zip(posts) {
            let position = match top.last() {
                Some(before) if before.reactors == reactors => before.position,
                _ => position,
            };
            let person = context.person(context.posts.author(post));
            top.push(TopPost { topic: topic as u32, post, person, position, reactors });
        }
        top.sort_unstable_by_key(|top| top.post);
        top
    };
    (0..topics).into_par_iter().flat_map_iter(of_topic).collect()
}

/// The addresses of a post, each once and in their order: those that are given with a post are often in its text too.
pub(crate) fn distinct_urls(posts: &Posts, post: PostIndex) -> Vec<&str> {
    let mut found = BTreeSet::new();
    let urls = posts.urls.of(post.index()).iter().map(|url| &**url);
    urls.filter(|url| found.insert(*url)).collect()
}
