//! Attacks on topic scores: posts, reactions and endorsements are planted, and topics are found anew.

use super::effects::{NO_DEFENCE, STANDARD, Scoring};
use super::kinds::{Plan, Variant};
use super::network::{Network, PlantedPost, PostPlaces};
use super::random::Random;
use super::results::{AttackRow, PREVENTED_RATIO};
use super::scene::{Scene, of_targets};
use crate::error::Result;
use crate::method::{TrustRule, points};
use crate::model::{
    Endorsement, Interaction, Interactions, NetworkIndex, People, PersonIndex, PostIndex, Refusals,
    Sentiment, VertexIndex,
};
use crate::phrases::Vocabulary;
use crate::propagate::{TrustInputs, find_trust};
use crate::reduce::post_reactors;
use crate::topics::{TopicInputs, TopicResults, TopicScore, find_topics};
use renown_stats::quantiles::{median, quantile};

/// Days before the cutoff at which the target publishes.
const POST_DAYS: [u32; 5] = [2, 6, 10, 14, 18];

/// What attacks on topics take of a network.
pub(super) struct OnTopics<'a> {
    scoring: &'a Scoring<'a>,
    vocabulary: &'a Vocabulary,
    refusals: Refusals,
    endorsements: Vec<Endorsement>,
    /// Topics that can be attacked, with their ids and a post on each.
    topics: Vec<(u32, String, usize)>,
    /// Topic scores before the attack.
    before: Vec<TopicScore>,
}

/// What is planted.
#[derive(Default)]
struct Planted {
    posts: Vec<PlantedPost>,
    events: Vec<Interaction>,
    endorsements: Vec<Endorsement>,
    new_accounts: usize,
}

/// What became of a target on its topic, under the method and without a defence.
struct TopicEffect {
    acts: usize,
    before: f64,
    after: [Option<TopicScore>; 2],
}

impl<'a> OnTopics<'a> {
    /// The topics of a network, by number among all; none without posts.
    ///
    /// # Errors
    /// As [`find_topics`].
    pub fn of(
        people: &People,
        number: NetworkIndex,
        network: &Network,
        scoring: &'a Scoring<'a>,
        vocabulary: &'a Vocabulary,
    ) -> Result<Self> {
        let persons = &people.persons;
        let range = persons.network(number);
        let here = |person: &PersonIndex| {
            let place = persons.vertex_persons[range.clone()].binary_search(person).ok();
            place.map(PersonIndex::new)
        };
        let refusals = people.refusals.iter();
        let endorsements = people.endorsements.iter();
        let endorsements = endorsements.filter_map(|own| {
            let (giver, receiver) = (here(&own.giver)?, here(&own.receiver)?);
            Some(Endorsement { receiver, topic: own.topic.clone(), giver })
        });
        let mut on_topics = Self {
            scoring,
            vocabulary,
            refusals: refusals.filter_map(|(own, ids)| Some((here(own)?, ids.clone()))).collect(),
            endorsements: endorsements.collect(),
            topics: vec![],
            before: vec![],
        };
        if network.posts.is_some() {
            let trust = &scoring.method.trust;
            let found = on_topics.find(network, &Planted::default(), trust)?;
            on_topics.topics = attackable(&found, network);
            on_topics.before = found.scores;
        }
        Ok(on_topics)
    }

    /// Why a plan does not apply; `None` if it does.
    pub fn obstacle(&self, plan: &Plan, network: &Network) -> Option<&'static str> {
        let endorses = matches!(plan, Plan::EndorsementRing { .. });
        match () {
            () if network.posts.is_none() => Some("the job has no posts, and so no topic scores"),
            () if self.topics.is_empty() => Some("no post of this network is about a topic"),
            () if endorses && self.endorsements.is_empty() => {
                Some("the job has no endorsements or lists on this network")
            }
            () => None,
        }
    }

    /// The rows of an attack on `targets`.
    ///
    /// # Errors
    /// As [`find_topics`].
    pub fn attack(
        &self,
        scene: &Scene<'_>,
        variant: &Variant,
        targets: &[VertexIndex],
    ) -> Result<Vec<AttackRow>> {
        let effects = of_targets(scene.network, variant, targets, |number, target, random| {
            self.effect(scene, variant.plan, target, number, random)
        })?;
        Ok(summarise(&scene.network.name, variant, &effects))
    }

    fn effect(
        &self,
        scene: &Scene<'_>,
        plan: Plan,
        target: VertexIndex,
        number: usize,
        random: Random,
    ) -> Result<TopicEffect> {
        let of_target = |topic: u32| {
            let is_own =
                |own: &&TopicScore| own.person.index() == target.index() && own.topic == topic;
            self.before.iter().find(is_own)
        };
        // A topic on which the target has no score yet, where there is one.
        let turns = self.topics.iter().cycle().skip(number).take(self.topics.len());
        let new = turns.clone().find(|(topic, ..)| of_target(*topic).is_none());
        let Some((topic, id, template)) = new.or_else(|| turns.clone().next()) else {
            return Ok(TopicEffect { acts: 0, before: 0.0, after: [None, None] });
        };
        let before = of_target(*topic).map_or(0.0, |own| own.expected_reactors);
        let planted = plant(scene, plan, target, (id, *template), random);
        let method = self.scoring.method;
        let mut after = [None, None];
        for (rule, after) in [&method.trust, &self.scoring.no_defence].into_iter().zip(&mut after) {
            let found = self.find(scene.network, &planted, rule)?;
            let number = found.catalogue.number(id);
            let is_own = |own: &TopicScore| {
                own.person.index() == target.index() && Some(own.topic) == number
            };
            *after = found.scores.into_iter().find(is_own);
        }
        Ok(TopicEffect { acts: planted.events.len() + planted.endorsements.len(), before, after })
    }

    /// The topics of a network with what is planted.
    fn find(&self, network: &Network, planted: &Planted, rule: &TrustRule) -> Result<TopicResults> {
        let Scoring { method, rules, .. } = *self.scoring;
        let Some(posts) = &network.posts else { return Ok(TopicResults::default()) };
        let places = PostPlaces::of_vertices(posts, &(0..network.people));
        let places = places.with_planted(planted.posts.len());
        let moved = network.interactions.all().iter().map(|event| Interaction {
            post: event.post.get().and_then(|post| places.of_post(post)).into(),
            ..*event
        });
        let interactions: Interactions = moved.chain(planted.events.iter().copied()).collect();
        let mut standings = network.standings.clone();
        standings.resize(network.people + planted.new_accounts, None);
        let mut people = People::interacting(network.persons(planted.new_accounts), interactions);
        people.posts = Some(places.posts(posts, &planted.posts));
        people.covered_minutes = vec![network.covered_minutes];
        people.refusals.clone_from(&self.refusals);
        people.endorsements = [&self.endorsements[..], &planted.endorsements].concat();
        let trust = find_trust(&TrustInputs {
            window: people.interactions.window(0, method.attention.window_hours),
            persons: &people.persons,
            rules,
            standings: &standings,
            rule,
        });
        let reactors =
            people.posts.as_ref().map(|posts| post_reactors(&people.interactions, posts, rules, 0));
        find_topics(&TopicInputs {
            people: &people,
            vocabulary: self.vocabulary,
            post_reactors: reactors.as_ref(),
            trust: &trust,
            rules,
            method,
            // What is gained is shown too high rather than too low.
            values: None,
        })
    }
}

/// The topics on which there are scores, or, where there are none, all that posts are about; each with the post that is most about
/// it.
fn attackable(found: &TopicResults, network: &Network) -> Vec<(u32, String, usize)> {
    let Some(posts) = &network.posts else { return vec![] };
    let mut best: Vec<Option<(u32, usize)>> = vec![None; found.catalogue.len()];
    for post in posts.originals() {
        for (topic, share) in found.of_posts.of(post) {
            let best = &mut best[*topic as usize];
            if best.is_none_or(|(most, _)| *share > most) {
                *best = Some((*share, post));
            }
        }
    }
    let mut topics: Vec<u32> = found.scores.iter().map(|score| score.topic).collect();
    if topics.is_empty() {
        topics.extend(0..best.len() as u32);
    }
    topics.sort_unstable();
    topics.dedup();
    let entry = |topic: u32| {
        let (_, post) = best[topic as usize]?;
        Some((topic, found.catalogue.entries()[topic as usize].id.clone(), post))
    };
    topics.into_iter().filter_map(entry).collect()
}

/// Five posts of the target on a topic, and fakes who react to them, or endorse the target.
fn plant(
    scene: &Scene<'_>,
    plan: Plan,
    target: VertexIndex,
    (topic, template): (&str, usize),
    mut random: Random,
) -> Planted {
    let (Plan::TopicSquatting { fakes } | Plan::EndorsementRing { fakes }) = plan else {
        return Planted::default();
    };
    let endorses = matches!(plan, Plan::EndorsementRing { .. });
    let first = scene.network.people;
    let fakes: Vec<VertexIndex> = (first..first + fakes).map(VertexIndex::new).collect();
    let mut planted = Planted { new_accounts: fakes.len(), ..Planted::default() };
    let react =
        |actor: VertexIndex, target: VertexIndex, age: f64, post: Option<PostIndex>| Interaction {
            target,
            actor,
            post: post.into(),
            age_minutes: libm::floor(60.0 * age) as u32,
            kind: scene.reaction,
            sentiment: Sentiment::Unknown,
        };
    for steps in [1, 2] {
        for (at, fake) in fakes.iter().enumerate() {
            let age = (scene.lag * (1.02 + 0.9 * random.unit())).min(scene.window - 1.0);
            planted.events.push(react(*fake, fakes[(at + steps) % fakes.len()], age, None));
        }
    }
    let originals = scene.network.posts.as_ref().map_or(0, |posts| posts.originals);
    for (number, days) in POST_DAYS.into_iter().enumerate() {
        planted.posts.push(PlantedPost { author: target, age_hours: 24 * days, copies: template });
        let post = Some(PostIndex::new(originals + number));
        // Endorsements are to do what reactions do not: a post only needs one.
        let reacting = if endorses { &fakes[number % fakes.len()..][..1] } else { &fakes[..] };
        for fake in reacting {
            let age = f64::from(24 * days) - 24.0 * random.unit();
            planted.events.push(react(*fake, target, age, post));
        }
    }
    if endorses {
        let person = |vertex: VertexIndex| PersonIndex::new(vertex.index());
        for (at, fake) in fakes.iter().enumerate() {
            for receiver in [target, fakes[(at + 1) % fakes.len()]] {
                planted.endorsements.push(Endorsement {
                    receiver: person(receiver),
                    topic: topic.to_owned(),
                    giver: person(*fake),
                });
            }
        }
        planted.endorsements.sort_unstable();
    }
    planted
}

fn summarise(network: &str, variant: &Variant, effects: &[TopicEffect]) -> Vec<AttackRow> {
    let (Plan::TopicSquatting { fakes } | Plan::EndorsementRing { fakes }) = variant.plan else {
        return vec![];
    };
    if effects.is_empty() {
        return vec![AttackRow::not_applicable(
            network,
            variant,
            "nobody on this network has a reactor",
        )];
    }
    let sorted = |values: Vec<f64>| {
        let mut values = values;
        values.sort_unstable_by(f64::total_cmp);
        values
    };
    let acts = median(&sorted(effects.iter().map(|effect| effect.acts as f64).collect()));
    let acts = acts.map(|acts| libm::round(acts) as u64);
    let row = |(at, scored_by): (usize, &'static str)| {
        let after = effects.iter().map(|effect| effect.after[at].as_ref());
        let listed: Vec<&TopicScore> = after.clone().flatten().collect();
        let is_new = |(effect, after): &(&TopicEffect, Option<&TopicScore>)| {
            effect.before == 0.0 && after.is_some()
        };
        let newly_listed = effects.iter().zip(after.clone()).filter(is_new).count() as u64;
        let ratios = effects.iter().zip(after.clone()).filter(|(effect, _)| effect.before > 0.0);
        let ratios = ratios
            .map(|(effect, after)| after.map_or(0.0, |own| own.expected_reactors) / effect.before);
        let forecast_ratio = median(&sorted(ratios.collect()));
        let gains = effects.iter().zip(after).map(|(effect, after)| {
            points(after.map_or(0.0, |own| own.expected_reactors)) - points(effect.before)
        });
        let gains = sorted(gains.collect());
        let points_median = median(&gains);
        let per_100 = |of: u64| Some(100.0 * points_median? / of.max(1) as f64);
        let gains_much = forecast_ratio.is_some_and(|ratio| ratio > PREVENTED_RATIO);
        let is_prevented = newly_listed == 0 && !gains_much;
        AttackRow {
            scored_by,
            targets: effects.len() as u64,
            accounts: Some(fakes as u64),
            links: Some(0),
            acts,
            points_median,
            points_95: quantile(&gains, 0.95),
            points_per_100_accounts: per_100(fakes as u64),
            points_per_100_acts: acts.and_then(per_100),
            forecast_ratio,
            listed: Some(newly_listed),
            position_median: median(&sorted(
                listed.iter().map(|own| own.position as f64).collect(),
            )),
            verdict: if is_prevented { "prevented" } else { "not_prevented" },
            why: (!is_prevented && scored_by == STANDARD).then(|| variant.kind.why.to_owned()),
            ..AttackRow::not_applicable(network, variant, "")
        }
    };
    [STANDARD, NO_DEFENCE].into_iter().enumerate().map(row).collect()
}
