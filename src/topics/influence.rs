//! On what people move others: the reactions to their posts about it.
//!
//! A topic score is the forecast of the method, over the same measures counted on one topic: the distinct people
//! who are expected to react to a person's posts about it within the horizon. It is never above the person's own,
//! and one more reactor never lowers it.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::attribution::WHOLE;
use super::catalogue::Catalogue;
use super::inputs::TopicInputs;
use crate::lists::Lists;
use crate::method::{MEASURE_HOURS, points};
use crate::model::{Endorsement, Interaction, People};
use crate::phrases::Vocabulary;
use crate::propagate::Trust;
use crate::reduce::{Engagement, InteractionRules, ONE};
use crate::score::measures::of_engagement;
use renown_graph::numbering::NONE;
use renown_stats::quantiles::percentile_ranks;

/// Who moves people on what.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicScore {
    /// Number of the person.
    pub person: u32,
    /// Index into the topics.
    pub topic: u32,
    /// Points, 1 to 100.
    pub score: f64,
    /// Expected (person, network) pairs that react on the topic within the horizon.
    pub expected_reactors: f64,
    /// Place among those with a score on the topic, 1 for the highest; equals share the smaller one.
    pub place: i64,
    /// Mid-rank percentile among them.
    pub percentile: f64,
    /// Share of the attention on the topic that ends up with the person, 0 to 1.
    pub attention_share: f64,
    /// Posts that count as evidence.
    pub posts: i64,
    /// Distinct trusted people who reacted to them.
    pub reactors: i64,
    /// Distinct trusted people who endorsed the person on the topic, or on one below it, or put it on a list of that name.
    pub endorsers: i64,
    /// Distinct people of both kinds.
    pub people: i64,
    /// Different weeks of these posts.
    pub weeks: i64,
    /// Share of the reactions on the topic within 90 days that are below zero, among those of known sentiment.
    pub negative_share: Option<f64>,
}

/// The scores of everybody for whom there is enough evidence, in order of (person, topic).
pub(super) fn scores(inputs: &TopicInputs<'_>) -> Vec<TopicScore> {
    let persons = 0..inputs.people.persons.len() as u32;
    persons.into_par_iter().flat_map_iter(|person| of_person(inputs, person)).collect()
}

/// Posts about a topic that drew a reaction.
#[derive(Default)]
struct Drawn {
    posts: i64,
    /// Weeks before the cutoff.
    weeks: BTreeSet<u32>,
}

fn of_person(inputs: &TopicInputs<'_>, person: u32) -> Vec<TopicScore> {
    let least = &inputs.method.topics.evidence;
    let mut drawn: BTreeMap<u32, Drawn> = BTreeMap::new();
    for post in inputs.evidence_posts(person) {
        for (topic, _) in inputs.of_posts.of(post as usize) {
            let drawn = drawn.entry(*topic).or_default();
            drawn.posts += 1;
            drawn.weeks.insert(inputs.posts.age_hours[post as usize] / (7 * 24));
        }
    }
    drawn.retain(|_, drawn| {
        drawn.posts >= i64::from(least.posts) && drawn.weeks.len() >= least.weeks as usize
    });
    if drawn.is_empty() {
        return vec![];
    }
    let candidates: Vec<u32> = drawn.keys().copied().collect();
    let engagement = topical_engagement(inputs, person, &candidates);
    let scores = drawn.into_iter().zip(engagement).map(|((topic, drawn), engagement)| {
        let Topical { of_networks, reactors } = engagement;
        let endorsed = inputs.endorsed.of(person as usize);
        let of_topic = endorsed.partition_point(|(own, _)| *own < topic)
            ..endorsed.partition_point(|(own, _)| *own <= topic);
        let endorsers = &endorsed[of_topic];
        let endorsed = |id: &u32| endorsers.binary_search(&(topic, *id)).is_ok();
        let both = endorsers.len() + reactors.iter().filter(|id| !endorsed(id)).count();
        let posts = inputs.posts_of.of(person as usize);
        let about = |vertex: u32| {
            let own = move |post: &u32| inputs.posts.authors[*post as usize] == vertex;
            let posts = posts.iter().copied().filter(own);
            posts.filter(move |post| inputs.is_own(*post) && inputs.share(*post, topic) > 0)
        };
        let of_network = |(vertex, engagement): &(u32, Engagement)| {
            forecast(inputs, *vertex, engagement, |counts| h_index(inputs, about(*vertex), counts))
        };
        let expected_reactors = of_networks.iter().map(of_network).sum();
        let sum = |count: fn(&Engagement) -> i64| -> i64 {
            of_networks.iter().map(|(_, engagement)| count(engagement)).sum()
        };
        let (known, negative) = (sum(|r| r.sentiment_known), sum(|r| r.negative));
        TopicScore {
            person,
            topic,
            score: points(expected_reactors),
            expected_reactors,
            place: 0,
            percentile: 0.0,
            attention_share: 0.0,
            posts: drawn.posts,
            reactors: reactors.len() as i64,
            endorsers: endorsers.len() as i64,
            people: both as i64,
            weeks: drawn.weeks.len() as i64,
            negative_share: (known > 0).then(|| negative as f64 / known as f64),
        }
    });
    scores.filter(|score| score.people >= i64::from(least.people)).collect()
}

impl TopicInputs<'_> {
    /// Whether a post is its author's own.
    fn is_own(&self, post: u32) -> bool {
        (post as usize) < self.posts.originals
    }

    /// Own posts of a person, young enough to be evidence, that drew a reaction.
    pub(super) fn evidence_posts(&self, person: u32) -> impl Iterator<Item = u32> {
        let hours = self.evidence_hours();
        self.posts_of.of(person as usize).iter().copied().filter(move |post| {
            let age = f64::from(self.posts.age_hours[*post as usize]);
            self.is_own(*post) && age < hours && !self.reactors.of(*post as usize).is_empty()
        })
    }
}

/// What was done to a person's posts about a topic.
#[derive(Default)]
struct Topical {
    /// By vertex.
    of_networks: Vec<(u32, Engagement)>,
    /// Distinct trusted people who reacted to posts that are evidence, within the time of evidence, ascending.
    reactors: Vec<u32>,
}

/// What was done to the posts of a person about each of `topics`, which are ascending.
fn topical_engagement(inputs: &TopicInputs<'_>, person: u32, topics: &[u32]) -> Vec<Topical> {
    let mut all: Vec<Topical> = topics.iter().map(|_| Topical::default()).collect();
    let mut reactors: Vec<Vec<u32>> = vec![vec![]; topics.len()];
    let hours = inputs.evidence_hours();
    let young = |age: u32| f64::from(age) < hours;
    for vertex in inputs.vertices_of.of(person as usize) {
        let of_vertex = *vertex as usize..*vertex as usize + 1;
        let mut of_topics: Vec<Option<Engagement>> = vec![None; topics.len()];
        for of_actor in
            inputs.people.interactions.of_targets(of_vertex).chunk_by(Interaction::same_pair)
        {
            let trusted = inputs.trust.trusted[of_actor[0].actor as usize];
            let actor = inputs.person(of_actor[0].actor);
            for (topic, about) in on_topics(inputs, of_actor, topics) {
                let evidence = about.iter().any(|event| {
                    let post = inputs.posts.age_hours[event.post as usize];
                    young(event.age_hours) && young(post) && inputs.rules.is_reaction(event.kind)
                });
                if evidence && trusted {
                    reactors[topic].push(actor);
                }
                of_topics[topic].get_or_insert_default().add(about.iter(), inputs.rules, trusted);
            }
        }
        for (topical, engagement) in all.iter_mut().zip(of_topics) {
            topical.of_networks.extend(engagement.map(|engagement| (*vertex, engagement)));
        }
    }
    for (topical, mut reactors) in all.iter_mut().zip(reactors) {
        reactors.sort_unstable();
        reactors.dedup();
        topical.reactors = reactors;
    }
    all
}

/// Who of the trusted endorsed for each person, as (topic, giver) in order: a word on a topic is one on those above it.
pub(super) fn endorsed(
    people: &People,
    vocabulary: &Vocabulary,
    catalogue: &Catalogue,
    trust: &Trust,
) -> Lists<(u32, u32)> {
    let mut trusted = vec![false; people.persons.len()];
    for (person, own) in people.persons.vertex_persons.iter().zip(&trust.trusted) {
        trusted[*person as usize] |= own;
    }
    let mut all: Vec<(u32, (u32, u32))> = Vec::new();
    for Endorsement { receiver, topic, giver } in &people.endorsements {
        if !trusted[*giver as usize] {
            continue;
        }
        let Some(topic) = catalogue.number(topic) else { continue };
        if catalogue.refused_by(*giver).contains(&topic) {
            continue;
        }
        match catalogue.entries()[topic as usize].in_ontology {
            None => all.push((*receiver, (topic, *giver))),
            Some(topic) if vocabulary.is_off(topic) => {}
            Some(topic) => {
                let above = vocabulary.branches.of(topic as usize).iter();
                let above = above.map(|(above, _)| catalogue.of_ontology(*above));
                all.extend(above.map(|topic| (*receiver, (topic, *giver))));
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    Lists::grouped(people.persons.len(), all.iter().copied())
}

/// The interactions with posts about each of `topics`, by index into these.
fn on_topics(
    inputs: &TopicInputs<'_>,
    events: &[Interaction],
    topics: &[u32],
) -> BTreeMap<usize, Vec<Interaction>> {
    let mut on_topics: BTreeMap<usize, Vec<Interaction>> = BTreeMap::new();
    for event in events {
        for (topic, _) in inputs.about(event) {
            if let Ok(at) = topics.binary_search(topic) {
                on_topics.entry(at).or_default().push(*event);
            }
        }
    }
    on_topics
}

/// The method's forecast over the engagement of a vertex on a topic; `h_index` is that of the posts about it, over the
/// reactors that count.
fn forecast(
    inputs: &TopicInputs<'_>,
    vertex: u32,
    engagement: &Engagement,
    h_index: impl Fn(&dyn Fn(u32) -> bool) -> i64,
) -> f64 {
    let (forecast, persons) = (&inputs.method.forecast, &inputs.people.persons);
    let level = forecast.level(&persons.networks[persons.network_of(vertex as usize)]);
    let values = forecast.terms.iter().map(|term| match term.measure.as_str() {
        "h_index" => h_index(&|_| true) as f64,
        "trusted_h_index" => h_index(&|actor| inputs.trust.trusted[actor as usize]) as f64,
        name => of_engagement(name, engagement).unwrap_or(0.0),
    });
    forecast.expected(level, values)
}

fn h_index(
    inputs: &TopicInputs<'_>,
    posts: impl Iterator<Item = u32>,
    counts: &dyn Fn(u32) -> bool,
) -> i64 {
    let young = posts.filter(|post| inputs.posts.age_hours[*post as usize] < MEASURE_HOURS);
    let reactors = |post: u32| inputs.reactors.of(post as usize).iter();
    let mut reactors: Vec<usize> =
        young.map(|post| reactors(post).filter(|actor| counts(**actor)).count()).collect();
    reactors.sort_unstable_by(|one, other| other.cmp(one));
    reactors.iter().zip(1..).take_while(|(reactors, place)| *reactors >= place).count() as i64
}

/// Sets place and percentile of each score within its topic.
pub(super) fn places(scores: &mut [TopicScore]) {
    let topics = scores.iter().map(|score| score.topic + 1).max().unwrap_or_default();
    let pairs = scores.iter().map(|score| score.topic).zip(0_u32..);
    let by_topic = Lists::grouped(topics as usize, pairs);
    for of_topic in by_topic.iter() {
        let expected: Vec<f64> =
            of_topic.iter().map(|at| scores[*at as usize].expected_reactors).collect();
        let mut sorted = expected.clone();
        sorted.sort_unstable_by(|one, other| other.total_cmp(one));
        for ((at, percentile), own) in
            of_topic.iter().zip(percentile_ranks(&expected)).zip(&expected)
        {
            let score = &mut scores[*at as usize];
            score.place = 1 + sorted.partition_point(|other| other > own) as i64;
            score.percentile = percentile;
        }
    }
}

/// The topic on which an actor's interactions with a target are: more than half of their weight goes to posts about
/// it. Of several such topics the one with the largest share in these posts, and of equals the lower.
pub(crate) fn dominant(
    of_pair: &[Interaction],
    of_posts: &Lists<super::Share>,
    rules: &InteractionRules,
) -> Option<u32> {
    // Weight of the posts about each topic, and what of it is the topic's share.
    let (mut all, mut on): (i64, BTreeMap<u32, (i64, i64)>) = (0, BTreeMap::new());
    for event in of_pair {
        let weight = rules.weight(event);
        all += weight;
        if event.post != NONE {
            for (topic, share) in of_posts.of(event.post as usize) {
                let (about, of_topic) = on.entry(*topic).or_default();
                *about += weight;
                *of_topic += part(weight, *share);
            }
        }
    }
    let mostly = on.into_iter().filter(|(_, (about, _))| *about > all / 2);
    let heaviest = mostly.max_by_key(|(topic, (_, share))| (*share, std::cmp::Reverse(*topic)));
    heaviest.map(|(topic, _)| topic)
}

/// A share of a weight in units of [`ONE`], which is at most a thousand.
pub(super) fn part(weight: i64, share: u32) -> i64 {
    const { assert!(1_000 * ONE as i128 * WHOLE as i128 <= i64::MAX as i128) };
    weight * i64::from(share) / i64::from(WHOLE)
}
