//! What a topic score rests on, and the posts that moved most people.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use rayon::prelude::*;

use super::attribution::WHOLE;
use super::catalogue::Catalogue;
use super::influence::TopicScore;
use super::inputs::TopicInputs;
use crate::lists::Lists;
use crate::phrases::Vocabulary;
use renown_graph::numbering::NONE;

/// Most people named who reacted to a post.
const NAMED: usize = 10;

/// A post behind a topic score.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// Number of the person.
    pub person: u32,
    /// Index into the topics.
    pub topic: u32,
    /// Index into the posts.
    pub post: u32,
    /// Phrases of the topic, or of a topic under it, that the post holds, sorted; if there are none, those of the
    /// post that it answers.
    pub phrases: Vec<String>,
    /// Distinct people who reacted to it.
    pub reactors: i64,
    /// Numbers of the first ten of them in order of id, those who refuse the topic left out.
    pub people: Vec<u32>,
    /// Share of the post that is about the topic, 0 to 1.
    pub share: f64,
}

/// A post among those of a topic with most reactors.
#[derive(Clone, Debug, PartialEq)]
pub struct TopPost {
    /// Index into the topics.
    pub topic: u32,
    /// Index into the posts.
    pub post: u32,
    /// Number of the person who published it.
    pub person: u32,
    /// Place among the posts of the topic; equals share the smaller one.
    pub place: i64,
    /// Distinct people who reacted to it.
    pub reactors: i64,
}

/// The strongest posts behind each score: those with most reactors, of equals those that are more about the
/// topic, then the younger, then the first.
pub(super) fn evidence(
    inputs: &TopicInputs<'_>,
    vocabulary: &Vocabulary,
    catalogue: &Catalogue,
    scores: &[TopicScore],
) -> Vec<Evidence> {
    let most = inputs.method.topics.evidence_posts as usize;
    let meant = Meant { vocabulary, catalogue };
    let of_score = |score: &TopicScore| {
        let about = |post: &u32| inputs.share(*post, score.topic) > 0;
        let mut posts: Vec<u32> = inputs.evidence_posts(score.person).filter(about).collect();
        posts.sort_by_key(|post| {
            let reactors = inputs.reactors.of(*post as usize).len();
            let age = inputs.posts.age_hours[*post as usize];
            (Reverse(reactors), Reverse(inputs.share(*post, score.topic)), age, *post)
        });
        posts.truncate(most);
        posts.sort_unstable();
        let posts = posts.into_iter().map(|post| Evidence {
            person: score.person,
            topic: score.topic,
            post,
            phrases: meant.phrases(inputs, post, score),
            reactors: people_of(inputs, post).len() as i64,
            people: named(inputs, catalogue, post, score.topic),
            share: f64::from(inputs.share(post, score.topic)) / f64::from(WHOLE),
        });
        posts.collect::<Vec<_>>()
    };
    scores.par_iter().flat_map_iter(of_score).collect()
}

/// People who reacted to a post, ascending.
fn people_of(inputs: &TopicInputs<'_>, post: u32) -> BTreeSet<u32> {
    inputs.reactors.of(post as usize).iter().map(|vertex| inputs.person(*vertex)).collect()
}

fn named(inputs: &TopicInputs<'_>, catalogue: &Catalogue, post: u32, topic: u32) -> Vec<u32> {
    let people = people_of(inputs, post).into_iter();
    people.filter(|person| !catalogue.refused_by(*person).contains(&topic)).take(NAMED).collect()
}

/// What the phrases of posts mean to a person.
struct Meant<'a> {
    vocabulary: &'a Vocabulary,
    catalogue: &'a Catalogue,
}

impl Meant<'_> {
    /// The phrases by which a post is about the topic of a score, or else those of the posts above it.
    fn phrases(&self, inputs: &TopicInputs<'_>, post: u32, score: &TopicScore) -> Vec<String> {
        let mut at = post;
        let mut seen = BTreeSet::new();
        while at != NONE && seen.insert(at) {
            let own = self.own_phrases(inputs, at as usize, score);
            if !own.is_empty() {
                return own.into_iter().collect();
            }
            at = inputs.posts.parents[at as usize];
        }
        vec![]
    }

    fn own_phrases(
        &self,
        inputs: &TopicInputs<'_>,
        post: usize,
        score: &TopicScore,
    ) -> BTreeSet<String> {
        let Self { vocabulary, catalogue } = self;
        let refused = catalogue.refused_by(score.person);
        let meant = vocabulary.meant(inputs.posts.hits.of(post)).filter(|(_, sense)| {
            let mut above = vocabulary.branches.of(sense.topic as usize).iter();
            !refused.contains(&catalogue.of_ontology(sense.topic))
                && above.any(|(above, _)| catalogue.of_ontology(*above) == score.topic)
        });
        let phrase = |phrase: u32| vocabulary.lexicon.phrases()[phrase as usize].text.to_string();
        let tags = inputs.posts.tags.of(post).iter();
        let tags = tags.filter(|tag| catalogue.of_tag(**tag) == Some(score.topic));
        let name = |tag: &u32| format!("#{}", inputs.posts.tag_names[*tag as usize].1);
        meant.map(|(hit, _)| phrase(hit.phrase)).chain(tags.map(name)).collect()
    }
}

/// The own posts of each topic with most reactors, at least one, in the time of evidence, in order of (topic,
/// post). Of equals the younger goes first, then the one with the lower number.
pub(super) fn top_posts(inputs: &TopicInputs<'_>, topics: usize) -> Vec<TopPost> {
    let most = inputs.method.topics.posts as usize;
    let hours = inputs.evidence_hours();
    let drew = inputs.posts.originals().filter(|post| {
        f64::from(inputs.posts.age_hours[*post]) < hours && !inputs.reactors.of(*post).is_empty()
    });
    let pairs = drew.flat_map(|post| {
        inputs.of_posts.of(post).iter().map(move |(topic, _)| (*topic, post as u32))
    });
    let by_topic = Lists::grouped(topics, pairs);
    let of_topic = |topic: usize| {
        let reactors = |post: &u32| people_of(inputs, *post).len() as i64;
        let mut posts: Vec<(i64, u32)> =
            by_topic.of(topic).iter().map(|post| (reactors(post), *post)).collect();
        posts.sort_by_key(|(reactors, post)| {
            (Reverse(*reactors), inputs.posts.age_hours[*post as usize], *post)
        });
        posts.truncate(most);
        let mut top: Vec<TopPost> = Vec::with_capacity(posts.len());
        for (place, (reactors, post)) in (1..).zip(posts) {
            let place = match top.last() {
                Some(before) if before.reactors == reactors => before.place,
                _ => place,
            };
            let person = inputs.person(inputs.posts.authors[post as usize]);
            top.push(TopPost { topic: topic as u32, post, person, place, reactors });
        }
        top.sort_unstable_by_key(|top| top.post);
        top
    };
    (0..topics).into_par_iter().flat_map_iter(of_topic).collect()
}
