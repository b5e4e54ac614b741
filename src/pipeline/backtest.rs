//! Backtests: rows that were read once, as a run at a date in the past would have read them.
//!
//! Everything after the date is left out, and ages are counted from it. What accounts state (followers, verified) is as of the
//! end of the snapshot, not of the date.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use chrono::NaiveDate;
use rayon::prelude::*;

use super::measure::{AsOf, Measured, measure};
use super::people::read_people;
use super::progress::{Progress, Rows};
use super::standings;
use crate::engine::Engine;
use crate::error::Result;
use crate::job::Job;
use crate::lists::Lists;
use crate::method::{Method, RankRule};
use crate::model::time::{HOUR_US, days_since_epoch};
use crate::model::{
    Follows, Interaction, Interactions, NOT_YET, People, Standing, Tenures, Trust, VertexFlags,
    VertexIndex, Window, covered_minutes, is_trusted,
};
use crate::phrases::Vocabulary;
use crate::published::tenures::EarlierRuns;
use crate::read::{self, Listing, Violations};
use crate::reduce::CHUNK_VERTICES;
use crate::score::measures::Wanted;
use crate::topics::TopicShare;

/// Maximum L1 distance of a backtest's PageRank to the exact ranks, and of that of founders. It is a count that a score has to beat,
/// of which only the order matters, and a threshold: further digits would take half of the time.
const RANK_TOLERANCE: f64 = 1e-6;

/// People with their whole history, as they were at one date at a time.
pub struct Backtest {
    /// The people as of the date.
    people: People,
    /// Interactions of the whole history.
    interactions: Interactions,
    /// Follows of the whole history.
    follows: Option<Follows>,
    /// Ages of posts at the end of the data.
    post_ages: Option<Vec<u32>>,
    /// Hours before the end of the data since which each vertex is known to exist: it acted, was acted upon, published or
    /// its account was created.
    first_observed: Vec<Option<u32>>,
    /// The date, in whole hours before the end of the data.
    as_of_hours: u32,
    /// Whether each vertex existed at the date; `None` if all did.
    existed: Option<Vec<bool>>,
    known: Known,
}

/// How long people are known.
pub struct Known {
    /// By earlier runs.
    pub tenures: Tenures,
    /// Day of the end of the data, in days since 1970-01-01.
    pub day: i32,
}

/// Which outcomes after a date are counted.
pub struct OutcomeWindow<'a> {
    /// The date, in whole hours before the end of the data.
    pub as_of_hours: u32,
    /// Hours after the date that are counted.
    pub horizon_hours: u32,
    /// Whether each kind of interaction is counted.
    pub kinds: &'a [bool],
    /// Trust at the date.
    pub trust: &'a Trust,
}

impl OutcomeWindow<'_> {
    fn counts(&self, interaction: &Interaction) -> bool {
        let ages = self.as_of_hours - self.horizon_hours.min(self.as_of_hours)..self.as_of_hours;
        ages.contains(&interaction.age_hours()) && self.kinds[usize::from(interaction.kind)]
    }
}

impl Backtest {
    /// A backtest as of the end of the data, until [`Self::set_as_of`] moves it.
    pub fn new(mut people: People, known: Known) -> Self {
        let mut first_observed = people.account_stats.created_hours.clone();
        let mut observe = |vertex: VertexIndex, hours: u32| {
            let first = &mut first_observed[vertex.index()];
            *first = (*first).max(Some(hours));
        };
        for interaction in people.interactions.all() {
            observe(interaction.target, interaction.age_hours());
            observe(interaction.actor, interaction.age_hours());
        }
        if let Some(posts) = &people.posts {
            for (author, hours) in posts.authors.iter().zip(&posts.age_hours) {
                observe(*author, *hours);
            }
        }
        for follow in people.follows.iter().flat_map(Follows::all) {
            if let Some(hours) = follow.since_hours() {
                observe(follow.followee, hours);
                observe(follow.follower, hours);
            }
        }
        let post_ages = people.posts.as_ref().map(|posts| posts.age_hours.clone());
        let follows = people.follows.take();
        let earlier = std::mem::take(&mut people.earlier);
        let interactions = std::mem::take(&mut people.interactions).joined(earlier);
        Self {
            people,
            interactions,
            follows,
            post_ages,
            first_observed,
            as_of_hours: 0,
            existed: None,
            known,
        }
    }

    /// Moves the date to so many whole hours before the end of the data, with the interactions that `method` looks back at.
    pub fn set_as_of(&mut self, hours: u32, method: &Method) {
        self.move_to(hours, method, |interactions, ages| interactions.as_of(hours, ages));
    }

    /// As [`Self::set_as_of`], with interactions with the `targets` alone, which ascend.
    pub fn set_as_of_some(&mut self, hours: u32, method: &Method, targets: &[VertexIndex]) {
        self.move_to(hours, method, |interactions, ages| {
            interactions.of_targets_as_of(targets, hours, ages)
        });
    }

    fn move_to(
        &mut self,
        hours: u32,
        method: &Method,
        as_of: impl Fn(&Interactions, Range<u32>) -> Interactions,
    ) {
        let window = method.window_hours();
        let existed = || self.first_observed.iter().map(|first| *first >= Some(hours)).collect();
        // A run at the end of the data scores everyone whom its inputs name.
        self.existed = (hours > 0).then(existed);
        self.as_of_hours = hours;
        let history = method.forecast.history_hours.max(window);
        // Free before the next ones are gathered.
        (self.people.interactions, self.people.earlier) = Default::default();
        self.people.interactions = as_of(&self.interactions, 0..window);
        self.people.earlier = as_of(&self.interactions, window..history);
        let cutoff_us = i64::from(self.known.day + 1) * 24 * HOUR_US - i64::from(hours) * HOUR_US;
        let events = [self.interactions.window(hours, history)];
        let covered = |network: &str| method.forecast.covered_minutes(network, cutoff_us);
        self.people.covered_minutes = covered_minutes(&self.people.persons, &events, covered);
        self.people.follows = self.follows.as_ref().map(|follows| follows.as_of(hours));
        if let (Some(posts), Some(ages)) = (&mut self.people.posts, &self.post_ages) {
            let age = |age: &u32| age.checked_sub(hours).unwrap_or(NOT_YET);
            posts.age_hours = ages.iter().map(age).collect();
        }
    }

    /// The interactions of so many hours before a date, given in whole hours before the end of the data.
    pub fn window(&self, as_of_hours: u32, hours: u32) -> Window<'_> {
        self.interactions.window(as_of_hours, hours)
    }

    /// The people as a run at the date would have read them.
    pub fn people(&self) -> &People {
        &self.people
    }

    /// Whether each vertex existed at the date; `None` if all did. Length: vertices.
    pub fn existed(&self) -> Option<&[bool]> {
        self.existed.as_deref()
    }

    /// Whether a run of the date scores each vertex: its account was created by then, or states something of the vertex without
    /// saying when it was created and the vertex existed, or the vertex is named by what the run reads, interactions of the
    /// history or follows. At the end of the data all are. Length: vertices.
    pub fn scored(&self) -> Vec<bool> {
        let Some(existed) = &self.existed else {
            return vec![true; self.first_observed.len()];
        };
        let stats = &self.people.account_stats;
        let of_account = |vertex: usize| match stats.created_hours[vertex] {
            Some(hours) => hours >= self.as_of_hours,
            None => {
                let stated = stats.followers[vertex].is_some()
                    || stats.listed[vertex].is_some()
                    || stats.verified[vertex];
                stated && existed[vertex]
            }
        };
        let named = VertexFlags::new(existed.len());
        for interactions in [&self.people.interactions, &self.people.earlier] {
            interactions.all().par_iter().for_each(|interaction| {
                named.set(interaction.target);
                named.set(interaction.actor);
            });
        }
        let named: Vec<bool> = named.into();
        let mut scored: Vec<bool> =
            named.into_iter().enumerate().map(|(at, named)| named || of_account(at)).collect();
        for follow in self.people.follows.iter().flat_map(Follows::all) {
            scored[follow.followee.index()] = true;
            scored[follow.follower.index()] = true;
        }
        scored
    }

    /// Whether a vertex existed so many hours before the end of the data.
    pub fn existed_at(&self, vertex: VertexIndex, hours: u32) -> bool {
        self.first_observed[vertex.index()] >= Some(hours)
    }

    /// Who is long-standing at the date: by earlier runs, or else the founders, had it been the first night with trust.
    /// Length: vertices.
    ///
    /// # Errors
    /// As [`crate::propagate::find_founders`].
    pub fn standings(
        &self,
        method: &Method,
        seeds: &BTreeSet<String>,
    ) -> Result<Vec<Option<Standing>>> {
        let tenure_before = self.as_of_hours + method.trust.tenure_hours;
        let earlier = self.interactions.window(tenure_before, method.attention.window_hours);
        let Known { tenures, day } = &self.known;
        let instant_days = day - self.as_of_hours.div_ceil(24).cast_signed();
        let tenure_days = (method.trust.tenure_hours / 24).cast_signed();
        let since_days = instant_days - tenure_days;
        let existed = self.existed();
        let tolerance = method.rank.tolerance.max(RANK_TOLERANCE);
        let method =
            &Method { rank: RankRule { tolerance, ..method.rank.clone() }, ..method.clone() };
        let founders =
            standings::first_night(&self.people, earlier, existed, method, seeds, since_days)?;
        let persons = &self.people.persons;
        Ok(standings::at_instant(persons, tenures, founders, instant_days, tenure_days))
    }

    /// The people measured as of the date, as a run of `job` at that date would have measured them, by the `wanted` measures; ranks,
    /// and what follows from them, within 1e-6 in L1.
    ///
    /// # Errors
    /// As [`measure`].
    pub fn measure(&self, job: &Job, wanted: Wanted<'_>) -> Result<Measured> {
        let standings = self.standings(&job.method, &job.trust.seeds)?;
        let snapshot = AsOf::snapshot(job, &standings);
        let rank_tolerance = snapshot.rank_tolerance.max(RANK_TOLERANCE);
        let as_of = AsOf { existed: self.existed(), rank_tolerance, wanted, ..snapshot };
        measure(&self.people, &as_of, &mut Progress::nested())
    }

    /// [`Self::observed`] of every vertex. Length: vertices.
    pub fn observed_of_all(&self, window: &OutcomeWindow<'_>) -> Vec<[f64; 2]> {
        let vertices = self.first_observed.len();
        let starts = (0..vertices).into_par_iter().step_by(CHUNK_VERTICES);
        let of_chunk = |start: usize| {
            let targets = start..vertices.min(start + CHUNK_VERTICES);
            let mut events = self.interactions.of_targets(targets.clone());
            targets.map(VertexIndex::new).map(move |target| {
                self.observed_in(target, Interactions::take_target(&mut events, target), window)
            })
        };
        starts.flat_map_iter(of_chunk).collect()
    }

    /// Observed outcomes of a vertex: distinct trusted people, and all distinct people, who interacted with it in the window.
    pub fn observed(&self, vertex: VertexIndex, window: &OutcomeWindow<'_>) -> [f64; 2] {
        self.observed_in(vertex, self.interactions.of_target(vertex), window)
    }

    fn observed_in(
        &self,
        vertex: VertexIndex,
        of_target: &[Interaction],
        window: &OutcomeWindow<'_>,
    ) -> [f64; 2] {
        let mut audience = window.trust.audience(vertex);
        let reacted = of_target
            .chunk_by(Interaction::same_pair)
            .filter(|of_pair| of_pair.iter().any(|interaction| window.counts(interaction)));
        reacted.fold([0.0, 0.0], |[trusted, all], of_pair| {
            let is_trusted = is_trusted(audience.credit(of_pair[0].actor));
            [trusted + f64::from(u8::from(is_trusted)), all + 1.0]
        })
    }

    /// Observed outcomes of a vertex on each of `topics`, which ascend: distinct trusted people who interacted in the window with
    /// its posts about the topic, by the topics of posts. Length: topics.
    pub fn observed_on_topics(
        &self,
        vertex: VertexIndex,
        window: &OutcomeWindow<'_>,
        topics: &[u32],
        of_posts: &Lists<TopicShare>,
    ) -> Vec<f64> {
        let mut observed = vec![0.0; topics.len()];
        let Some(posts) = &self.people.posts else { return observed };
        let mut audience = window.trust.audience(vertex);
        let mut about: Vec<u32> = Vec::new();
        for of_pair in self.interactions.of_target(vertex).chunk_by(Interaction::same_pair) {
            let counted = of_pair.iter().filter(|interaction| window.counts(interaction));
            let on_posts = counted.filter_map(|interaction| interaction.post.get());
            let on_own = on_posts.filter(|post| posts.author(*post) == vertex);
            about
                .extend(on_own.flat_map(|post| of_posts.of(post.index())).map(|(topic, _)| *topic));
            about.sort_unstable();
            about.dedup();
            if !about.is_empty() && is_trusted(audience.credit(of_pair[0].actor)) {
                let found = about.iter().filter_map(|topic| topics.binary_search(topic).ok());
                found.for_each(|at| observed[at] += 1.0);
            }
            about.clear();
        }
        observed
    }
}

/// Whether each kind of the method is an outcome: those that its forecast names, or else all reactions.
pub fn outcome_kinds(method: &Method) -> Vec<bool> {
    let named = &method.forecast.outcomes;
    let counted = method.kinds.iter().map(|(kind, rule)| match named.is_empty() {
        true => rule.reaction,
        false => named.contains(kind),
    });
    counted.collect()
}

/// A snapshot of a job with a longer history than a run reads.
pub struct History {
    /// Everyone who is eligible.
    pub people: People,
    /// How long they are known.
    pub known: Known,
    /// The end of the data, in microseconds since 1970 (UTC).
    pub cutoff_us: i64,
    /// Phrases of the job's topics.
    pub vocabulary: Arc<Vocabulary>,
    /// Files behind each input or source.
    pub files: BTreeMap<String, Listing>,
}

impl History {
    /// Interactions of the whole history.
    pub fn interactions(&self) -> u64 {
        self.people.interactions.all().len() as u64
    }
}

/// Persons.
impl Rows for History {
    fn rows(&self) -> u64 {
        self.people.persons.len() as u64
    }
}

/// Reads the people of a job, with interactions and posts back to `more_hours` before the method's window.
///
/// # Errors
/// As a run.
pub async fn read_history(
    engine: &Engine,
    job: &Job,
    day: NaiveDate,
    more_hours: u32,
) -> Result<History> {
    let mut reading = job.clone();
    let window = &mut reading.method.attention.window_hours;
    *window = job.method.window_hours().saturating_add(more_hours);
    let violations = &mut Violations::stop_at_first();
    let earlier_hours = job.method.earlier_hours(true);
    let mut snapshot = read::snapshot(engine, &reading, day, earlier_hours, violations).await?;
    snapshot.age_limits.clear();
    let vocabulary = Arc::new(read::vocabulary(engine, &snapshot, &job.topics, violations).await?);
    let (files, cutoff_us) = (snapshot.files.clone(), snapshot.cutoff_us);
    let people = read_people(engine, &reading, snapshot, &vocabulary, violations).await?;
    let first_hours = standings::first_hours(&people);
    let earlier_runs = EarlierRuns::before(engine, &job.output, day).await?;
    let tenures = earlier_runs.tenures(day, &people.persons, &first_hours).await?;
    let known = Known { tenures, day: days_since_epoch(day)? };
    Ok(History { people, known, cutoff_us, vocabulary, files })
}
