//! Engagement: the interactions that each vertex received and made, as the counts that measures are made of.
//!
//! Interactions are sorted by (target, actor), so each actor of a target is counted in one pass. Counts are kept twice:
//! of all actors alike, and of each by the credit that it has in the audience of the target.

use std::ops::Range;
use std::sync::atomic::{AtomicI64, Ordering};

use rayon::prelude::*;

use super::rules::{CHUNK_VERTICES, InteractionRules};
use crate::method::MEASURE_HOURS;
use crate::model::{
    CREDIT, Interaction, Interactions, Persons, Sentiment, Trust, VertexIndex, is_trusted,
};

/// Counts over the actors who interacted with a vertex.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReactionCounts {
    /// People who reacted within 7 days.
    pub reactors_7d: i64,
    /// People who reacted within 30 days.
    pub reactors_30d: i64,
    /// People who reacted within 90 days.
    pub reactors_90d: i64,
    /// People who reacted within the longer of the method's window and 90 days.
    pub reactors_window: i64,
    /// Σ over these of the decay `2^(−age/h)` of their latest reaction, in units of [`ONE`](super::ONE).
    pub decayed: i64,
    /// Reactions within 30 days.
    pub reactions_30d: i64,
    /// Reactions within 90 days.
    pub reactions_90d: i64,
    /// People who interacted in any way within 90 days.
    pub audience_90d: i64,
}

/// Interactions that a vertex received and made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Engagement {
    /// From all people.
    pub all: ReactionCounts,
    /// From people by their credit: all counts but `decayed` in units of [`CREDIT`].
    pub credited: ReactionCounts,
    /// Trusted people who interacted in any way within 90 days.
    pub trusted_audience_90d: i64,
    /// Σ of the squares of each person's reactions within 90 days; exact below 2^53.
    pub squares: f64,
    /// The largest number of reactions within 90 days that one person made.
    pub max_reactions_90d: i64,
    /// People of the 90-day audience with whom the vertex also interacted within 90 days.
    pub mutual: i64,
    /// Reactions within 90 days whose sentiment is known.
    pub sentiment_known: i64,
    /// Reactions within 90 days whose sentiment is below zero.
    pub negative: i64,
    /// Hours from the first to the last reaction within 90 days.
    pub reaction_hours: i64,
    /// Σ of the squares of the hours between consecutive reactions; exact below 2^53.
    pub gap_squares: f64,
    /// Interactions that the vertex made within 90 days.
    pub interactions_made_90d: i64,
    /// People with whom the vertex interacted within 90 days.
    pub people_engaged_90d: i64,
}

/// Engagement of each vertex, from interactions at least `since_hours` old. Length: vertices.
pub fn engagement(
    interactions: &Interactions,
    persons: &Persons,
    rules: &InteractionRules,
    trust: &Trust,
    since_hours: u32,
) -> Vec<Engagement> {
    let made = Made::new(persons.vertices());
    let chunks = of_chunks(persons.vertices(), |vertices| {
        let (mut recent, of_chunk) = (vec![], interactions.of_targets(vertices.clone()));
        let see = |target: VertexIndex, actor: VertexIndex, interactions_90d: i64| {
            recent.push((target, actor));
            made.add(actor, interactions_90d);
        };
        (count_chunk(of_chunk, vertices, rules, trust, since_hours, see), recent)
    });
    let (mut all, mut recent) = (Vec::with_capacity(persons.vertices()), Vec::new());
    for (of_chunk, pairs) in chunks {
        all.extend(of_chunk);
        recent.extend(pairs);
    }
    made.write_to(&mut all);
    count_mutual(&recent, &mut all);
    all
}

/// As [`engagement`], but for what each vertex did itself, in return too.
pub fn engagement_received(
    interactions: &Interactions,
    persons: &Persons,
    rules: &InteractionRules,
    trust: &Trust,
    since_hours: u32,
) -> Vec<Engagement> {
    let chunks = of_chunks(persons.vertices(), |vertices| {
        let of_chunk = interactions.of_targets(vertices.clone());
        count_chunk(of_chunk, vertices, rules, trust, since_hours, |_, _, _| {})
    });
    chunks.into_iter().flatten().collect()
}

/// What `work` makes of each chunk of so many vertices, in their order.
fn of_chunks<T: Send>(vertices: usize, work: impl Fn(Range<usize>) -> T + Sync + Send) -> Vec<T> {
    let starts = (0..vertices).into_par_iter().step_by(CHUNK_VERTICES);
    starts.map(|start| work(start..vertices.min(start + CHUNK_VERTICES))).collect()
}

/// What each vertex did within 90 days, counted by all threads at once.
struct Made {
    interactions: Vec<AtomicI64>,
    people: Vec<AtomicI64>,
}

impl Made {
    fn new(vertices: usize) -> Self {
        let zeros = || (0..vertices).map(|_| AtomicI64::new(0)).collect();
        Self { interactions: zeros(), people: zeros() }
    }

    /// Adds the interactions of `actor` with one target.
    fn add(&self, actor: VertexIndex, interactions: i64) {
        self.interactions[actor.index()].fetch_add(interactions, Ordering::Relaxed);
        self.people[actor.index()].fetch_add(1, Ordering::Relaxed);
    }

    fn write_to(self, all: &mut [Engagement]) {
        for ((vertex, interactions), people) in
            all.iter_mut().zip(self.interactions).zip(self.people)
        {
            vertex.interactions_made_90d = interactions.into_inner();
            vertex.people_engaged_90d = people.into_inner();
        }
    }
}

/// The target and the actor of a pair.
type Ends = (VertexIndex, VertexIndex);

/// The engagement of a chunk of vertices. Gives the pairs within 90 days to `see`, with how many interactions they are.
fn count_chunk(
    interactions: &[Interaction],
    vertices: Range<usize>,
    rules: &InteractionRules,
    trust: &Trust,
    since_hours: u32,
    mut see: impl FnMut(VertexIndex, VertexIndex, i64),
) -> Vec<Engagement> {
    let mut all = vec![Engagement::default(); vertices.len()];
    for of_target in interactions.chunk_by(|one, other| one.target == other.target) {
        let target = of_target[0].target;
        let see = |actor: VertexIndex, interactions: i64| see(target, actor, interactions);
        all[target.index() - vertices.start] = received(of_target, rules, trust, since_hours, see);
    }
    all
}

/// What the target of the interactions `of_target` received. Gives everybody who interacted within 90 days to `see`, ascending,
/// with how often.
fn received(
    of_target: &[Interaction],
    rules: &InteractionRules,
    trust: &Trust,
    since_hours: u32,
    mut see: impl FnMut(VertexIndex, i64),
) -> Engagement {
    let mut engagement = Engagement::default();
    let Some(first) = of_target.first() else { return engagement };
    let mut audience = trust.audience(first.target);
    for pair in of_target.chunk_by(Interaction::same_pair) {
        let actor = pair[0].actor;
        let old = pair.iter().filter(|event| event.age_hours() >= since_hours);
        let interactions_90d = engagement.add(old, rules, audience.credit(actor));
        if interactions_90d > 0 {
            see(actor, interactions_90d);
        }
    }
    let is_counted = |event: &&Interaction| {
        rules.is_reaction(event.kind) && (since_hours..MEASURE_HOURS).contains(&event.age_hours())
    };
    let ages = of_target.iter().filter(is_counted).map(|event| event.age_hours());
    engagement.set_gaps(&mut ages.collect::<Vec<u32>>());
    engagement
}

/// What one vertex received, as [`engagement`] computes it for all, but for what the vertex did itself, in return too.
pub(crate) fn received_by(
    target: VertexIndex,
    interactions: &Interactions,
    rules: &InteractionRules,
    trust: &Trust,
) -> Engagement {
    received(interactions.of_target(target), rules, trust, 0, |_, _| {})
}

/// The engagement of one vertex, as [`engagement`] computes it for all, but for what the vertex did itself.
pub fn engagement_of(
    target: VertexIndex,
    interactions: &Interactions,
    rules: &InteractionRules,
    trust: &Trust,
) -> Engagement {
    let mut mutual = 0;
    let answers = |actor: VertexIndex, _| {
        let back = interactions.of_pair(actor, target).iter();
        mutual += i64::from(back.into_iter().any(|event| event.age_hours() < MEASURE_HOURS));
    };
    let of_target = interactions.of_target(target);
    let engagement = received(of_target, rules, trust, 0, answers);
    Engagement { mutual, ..engagement }
}

impl Engagement {
    /// Adds the interactions of one actor, who has so much `credit` in the audience; returns how many of them lie within 90
    /// days.
    pub(crate) fn add<'a>(
        &mut self,
        pair: impl Iterator<Item = &'a Interaction>,
        rules: &InteractionRules,
        credit: i64,
    ) -> i64 {
        let mut sums = PairSums::default();
        for event in pair {
            let recent = event.age_hours() < MEASURE_HOURS;
            sums.interactions_90d += i64::from(recent);
            if rules.is_reaction(event.kind) {
                sums.add_reaction(event.age_hours());
                if recent {
                    self.sentiment_known += i64::from(event.sentiment != Sentiment::Unknown);
                    self.negative += i64::from(event.sentiment == Sentiment::Negative);
                }
            }
        }
        let decay = sums.youngest.map_or(0, |age| rules.decay(age));
        self.all.add(&sums, decay, 1);
        // Both are fixed-point numbers of at most 1: the product fits.
        self.credited.add(&sums, credit * decay / CREDIT, credit);
        if is_trusted(credit) {
            self.trusted_audience_90d += sums.interactions_90d.min(1);
        }
        self.squares += (sums.reactions_90d as f64) * (sums.reactions_90d as f64);
        self.max_reactions_90d = self.max_reactions_90d.max(sums.reactions_90d);
        sums.interactions_90d
    }

    /// Sets the spacing of reactions of these ages.
    fn set_gaps(&mut self, ages: &mut [u32]) {
        ages.sort_unstable();
        let gaps = ages.windows(2).map(|two| f64::from(two[1] - two[0]));
        self.gap_squares = gaps.fold(0.0, |sum, gap| sum + gap * gap);
        if let (Some(youngest), Some(oldest)) = (ages.first(), ages.last()) {
            self.reaction_hours = i64::from(oldest - youngest);
        }
    }
}

/// Sums over the interactions of one actor with one target.
#[derive(Default)]
struct PairSums {
    interactions_90d: i64,
    reactions_7d: i64,
    reactions_30d: i64,
    reactions_90d: i64,
    /// Age of the latest reaction.
    youngest: Option<u32>,
}

impl PairSums {
    fn add_reaction(&mut self, age_hours: u32) {
        let within = |days: u32| i64::from(age_hours < days * 24);
        self.reactions_7d += within(7);
        self.reactions_30d += within(30);
        self.reactions_90d += within(90);
        self.youngest = Some(self.youngest.map_or(age_hours, |age| age.min(age_hours)));
    }
}

impl ReactionCounts {
    /// Adds the sums of one actor, who counts `weight` times.
    fn add(&mut self, pair: &PairSums, decay: i64, weight: i64) {
        self.reactors_7d += weight * pair.reactions_7d.min(1);
        self.reactors_30d += weight * pair.reactions_30d.min(1);
        self.reactors_90d += weight * pair.reactions_90d.min(1);
        self.reactors_window += weight * i64::from(pair.youngest.is_some());
        self.decayed += decay;
        self.reactions_30d += weight * pair.reactions_30d;
        self.reactions_90d += weight * pair.reactions_90d;
        self.audience_90d += weight * pair.interactions_90d.min(1);
    }
}

/// Counts the pairs that go both ways. `pairs` are sorted.
fn count_mutual(pairs: &[Ends], all: &mut [Engagement]) {
    let offsets = |end: &dyn Fn(&Ends) -> VertexIndex| {
        let mut offsets = vec![0_usize; all.len() + 1];
        pairs.iter().for_each(|pair| offsets[end(pair).index() + 1] += 1);
        for vertex in 0..all.len() {
            offsets[vertex + 1] += offsets[vertex];
        }
        offsets
    };
    // The targets of each actor, ascending because the pairs are sorted by target.
    let by_actor = offsets(&|pair| pair.1);
    let (mut next, mut targets) = (by_actor.clone(), vec![0; pairs.len()]);
    for (target, actor) in pairs {
        let slot = &mut next[actor.index()];
        targets[*slot] = u32::from(*target);
        *slot += 1;
    }
    let by_target = offsets(&|pair| pair.0);
    all.par_iter_mut().enumerate().for_each(|(vertex, engagement)| {
        let mut targets = targets[by_actor[vertex]..by_actor[vertex + 1]].iter().peekable();
        for (_, actor) in &pairs[by_target[vertex]..by_target[vertex + 1]] {
            let actor = u32::from(*actor);
            while targets.next_if(|target| **target < actor).is_some() {}
            engagement.mutual += i64::from(targets.peek() == Some(&&actor));
        }
    });
}
