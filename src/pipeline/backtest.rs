//! Rows that were read once, looked at from instants in the past.
//!
//! Everything younger than the instant is left out, and ages are counted from it, so that what is computed is what a run at
//! that instant would have computed. What accounts state (followers, verified) is of the snapshot and not of the instant.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::engine::Engine;
use crate::error::Result;
use crate::job::Job;
use crate::method::{Method, RankRule};
use crate::model::{Follows, Interaction, Interactions, People};
use crate::phrases::Vocabulary;
use crate::propagate::{Trust, propagate_trust, rank_networks, select_seeds};
use crate::read::{self, Listing, Violations};
use crate::reduce::{InteractionRules, attention_graphs, engagement, follow_graphs, post_reactors};
use crate::score::measures::{Basis, Measures, measures};

/// L1 distance to the exact ranks, at most, of those that are seen from an instant.
const RANK_TOLERANCE: f64 = 1e-6;

/// People with all that was read of them, as they stood at one instant at a time.
pub struct Backtest {
    people: People,
    whole: Interactions,
    follows: Option<Follows>,
    /// Ages of posts at the end of the data.
    ages: Option<Vec<u32>>,
    /// Hours since each vertex is first known to have been there: it acted, was acted upon, published or was opened.
    first_seen: Vec<Option<u32>>,
    /// Whether each vertex is known to have been there; without it all of them are.
    there: Option<Vec<bool>>,
}

/// What is counted after an instant.
pub struct Ahead<'a> {
    /// The instant, in whole hours before the end of the data.
    pub hours: u32,
    /// Hours that are looked ahead.
    pub horizon_hours: u32,
    /// Whether each kind is counted.
    pub outcomes: &'a [bool],
    /// Whether each vertex was trusted at the instant.
    pub trusted: &'a [bool],
}

impl Backtest {
    /// Looks from the end of the data until told otherwise.
    pub fn of(mut people: People) -> Self {
        let mut first_seen = people.account_stats.created_hours.clone();
        let mut meet = |vertex: u32, hours: u32| {
            let own = &mut first_seen[vertex as usize];
            *own = (*own).max(Some(hours));
        };
        for event in people.interactions.all() {
            meet(event.target, event.age_hours);
            meet(event.actor, event.age_hours);
        }
        if let Some(posts) = &people.posts {
            for (author, hours) in posts.authors.iter().zip(&posts.age_hours) {
                meet(*author, *hours);
            }
        }
        for follow in people.follows.iter().flat_map(Follows::all) {
            if let Some(hours) = follow.since_hours() {
                meet(follow.followee, hours);
                meet(follow.follower, hours);
            }
        }
        let ages = people.posts.as_ref().map(|posts| posts.age_hours.clone());
        let follows = people.follows.take();
        let whole = std::mem::replace(&mut people.interactions, Interactions::default());
        Self { people, whole, follows, ages, first_seen, there: None }
    }

    /// Looks from so many whole hours before the end of the data, back over `window_hours`.
    pub fn look_from(&mut self, hours: u32, window_hours: u32) {
        let there = || self.first_seen.iter().map(|seen| *seen >= Some(hours)).collect();
        // A run at the end has all whom its inputs name.
        self.there = (hours > 0).then(there);
        self.people.interactions = self.whole.as_of(hours, window_hours);
        self.people.follows = self.follows.as_ref().map(|follows| follows.as_of(hours));
        if let (Some(posts), Some(ages)) = (&mut self.people.posts, &self.ages) {
            let age = |age: &u32| age.checked_sub(hours).unwrap_or(u32::MAX);
            posts.age_hours = ages.iter().map(age).collect();
        }
    }

    /// The people as a run at the instant would have read them.
    pub fn people(&self) -> &People {
        &self.people
    }

    /// Whether each vertex is known to have been there at the instant that is looked from; without it all of them are.
    pub fn there(&self) -> Option<&[bool]> {
        self.there.as_deref()
    }

    /// Whether a vertex is known to have been there.
    pub fn was_there(&self, vertex: usize, hours: u32) -> bool {
        self.first_seen[vertex] >= Some(hours)
    }

    /// Distinct people who did anything that is counted to a vertex after an instant: the trusted ones, and all.
    pub fn came(&self, vertex: usize, ahead: &Ahead<'_>) -> [f64; 2] {
        let after = ahead.hours - ahead.horizon_hours.min(ahead.hours)..ahead.hours;
        let counted = |event: &Interaction| {
            after.contains(&event.age_hours) && ahead.outcomes[usize::from(event.kind)]
        };
        let of_target = self.whole.of_targets(vertex..vertex + 1).chunk_by(Interaction::same_pair);
        let reacted = of_target.filter(|of_pair| of_pair.iter().any(counted));
        reacted.fold([0.0, 0.0], |[trusted, all], of_pair| {
            let own = f64::from(u8::from(ahead.trusted[of_pair[0].actor as usize]));
            [trusted + own, all + 1.0]
        })
    }
}

/// A number with its bits mixed, so that one in n is no pattern of the ids (Steele, Lea, Flood 2014, *Fast Splittable
/// Pseudorandom Number Generators*, mix32).
pub fn mixed(number: u32) -> u32 {
    let number = (number ^ (number >> 16)).wrapping_mul(0x85eb_ca6b);
    let number = (number ^ (number >> 13)).wrapping_mul(0xc2b2_ae35);
    number ^ (number >> 16)
}

/// Whether each kind of the method is counted ahead: those that its forecast names, or all reactions.
pub fn outcomes(method: &Method) -> Vec<bool> {
    let named = &method.forecast.outcomes;
    let counted = method.kinds.iter().map(|(kind, rule)| match named.is_empty() {
        true => rule.reaction,
        false => named.contains(kind),
    });
    counted.collect()
}

/// What was read of a job.
pub struct ReadBack {
    /// Everyone who may be scored.
    pub people: People,
    /// Phrases of its topics.
    pub vocabulary: Arc<Vocabulary>,
    /// Files behind each input or source.
    pub files: BTreeMap<String, Listing>,
}

/// Reads the people of a job, with interactions and posts back to `more_hours` before the window.
///
/// # Errors
/// As a run.
pub async fn read_back(
    engine: &Engine,
    job: &Job,
    day: NaiveDate,
    more_hours: u32,
) -> Result<ReadBack> {
    let mut reading = job.clone();
    let window = &mut reading.method.attention.window_hours;
    *window = job.method.window_hours().saturating_add(more_hours);
    let violations = &mut Violations::stop_at_first();
    let snapshot = read::snapshot(engine, &reading, day, violations).await?;
    let vocabulary = Arc::new(read::vocabulary(engine, &snapshot, &job.topics, violations).await?);
    let method = &reading.method;
    let files = snapshot.files.clone();
    let people =
        read::people(engine, snapshot, &job.consent, method, &vocabulary, violations).await?;
    Ok(ReadBack { people, vocabulary, files })
}

/// Trust and measures of everybody at the instant that is looked from, as a run computes them; ranks, and what follows from
/// them, within 1e-6 of it, in L1.
///
/// # Errors
/// [`crate::error::Kind::BadJob`] if the method's iterations do not suffice for its tolerance.
pub fn measured(hindsight: &Backtest, job: &Job) -> Result<(Trust, Measures)> {
    let Backtest { people, there, .. } = hindsight;
    let (method, persons, there) = (&job.method, &people.persons, there.as_deref());
    let rules = InteractionRules::of(method);
    let graphs = attention_graphs(&people.interactions, persons, &rules, 0)?;
    let seeds = select_seeds(people, &method.trust.seeds, &job.trust.seeds);
    let trust = propagate_trust(&people.interactions, persons, &rules, &seeds, there, method)?;
    // Ranks are a count to beat, of which the order matters: digits beyond it would be half of the time.
    let rank =
        RankRule { tolerance: method.rank.tolerance.max(RANK_TOLERANCE), ..method.rank.clone() };
    let on_follows = people.follows.as_ref();
    let on_follows =
        on_follows.map(|own| rank_networks(&follow_graphs(own, persons)?, &rank, there));
    let on_follows = on_follows.transpose()?;
    let reactors =
        people.posts.as_ref().map(|posts| post_reactors(&people.interactions, posts, &rules, 0));
    let basis = Basis {
        people,
        rules: &rules,
        graphs: &graphs,
        trust: &trust,
        ranks: &rank_networks(&graphs, &rank, there)?,
        follow_ranks: on_follows.as_ref().map(|ranks| &ranks.pagerank[..]),
        engagement: &engagement(&people.interactions, persons, &rules, &trust.trusted, 0),
        reactors: reactors.as_ref(),
    };
    let measures = measures(&basis, method);
    Ok((trust, measures))
}
