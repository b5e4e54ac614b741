//! What was known of everybody at each origin, and what came after it.
//!
//! An origin is an instant in the past. Everything younger is left out, and measures and trust are counted as a run at
//! that instant would have counted them, from rows that were read once. What accounts state (followers, verified) is
//! of the snapshot and not of the origin: it enters no such fit, and trust alone looks at it, for seeds.

use crate::error::Result;
use crate::graph::attention::Rules;
use crate::lists::Lists;
use crate::method::Method;
use crate::propagate::trust::trust;
use crate::read::{Event, Events, People};
use crate::score::measures::Local;

/// Rows of a regression: somebody on a network at an origin. All lengths but that of `names`: rows; rows of an origin
/// stand together, the oldest origin first.
pub(super) struct Rows {
    /// The measures.
    pub names: Vec<&'static str>,
    /// Values of each measure.
    pub values: Vec<Vec<f64>>,
    /// Index of the origin.
    pub origin: Vec<u32>,
    /// Number of the network.
    pub network: Vec<u32>,
    /// Number of the person.
    pub person: Vec<u32>,
    /// Distinct trusted people who react within the horizon after the origin.
    pub trusted: Vec<f64>,
    /// All distinct people who do.
    pub all: Vec<f64>,
    /// Whether anybody reacted in the window before the origin.
    pub active: Vec<bool>,
}

/// How origins are looked at.
pub(super) struct Looking<'a> {
    pub method: &'a Method,
    /// Whether each vertex is a seed of trust.
    pub seeds: &'a [bool],
    /// Measures that are looked at.
    pub names: &'a [&'static str],
    /// Whether each kind is counted ahead.
    pub outcomes: &'a [bool],
    /// Most rows; of more a part of the people is taken.
    pub most: u32,
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.origin.len()
    }

    /// The rows at each of `origins`, which are whole hours before the end of the data, the oldest first.
    pub(super) fn at(mut people: People, origins: &[u32], looking: &Looking<'_>) -> Result<Self> {
        let names = looking.names.to_vec();
        let mut rows = Self {
            values: vec![vec![]; names.len()],
            names,
            origin: vec![],
            network: vec![],
            person: vec![],
            trusted: vec![],
            all: vec![],
            active: vec![],
        };
        let first_seen = first_seen(&people);
        let seen = |hours: &u32| first_seen.iter().filter(|first| **first >= Some(*hours)).count();
        let all: usize = origins.iter().map(seen).sum();
        let one_in = u32::try_from(all.div_ceil(looking.most as usize)).unwrap_or(u32::MAX).max(1);
        let part =
            |vertex: &usize| mixed(people.persons.vertex_persons[*vertex]).is_multiple_of(one_in);
        let taken: Vec<usize> = (0..people.persons.vertices()).filter(part).collect();
        let whole = std::mem::replace(&mut people.events, Events::none());
        let ages = people.posts.as_ref().map(|posts| posts.age_hours.clone());
        for (index, hours) in (0..).zip(origins) {
            people.events = whole.before(*hours, window_hours(looking.method));
            if let (Some(posts), Some(ages)) = (&mut people.posts, &ages) {
                let age = |age: &u32| age.checked_sub(*hours).unwrap_or(u32::MAX);
                posts.age_hours = ages.iter().map(age).collect();
            }
            let there = taken.iter().copied().filter(|vertex| first_seen[*vertex] >= Some(*hours));
            rows.add(index, *hours, &people, &whole, looking, there)?;
        }
        Ok(rows)
    }

    fn add(
        &mut self,
        index: u32,
        hours: u32,
        people: &People,
        whole: &Events,
        looking: &Looking<'_>,
        there: impl Iterator<Item = usize>,
    ) -> Result<()> {
        let (method, persons) = (looking.method, &people.persons);
        let rules = Rules::of(method);
        let trust = trust(&people.events, persons, &rules, looking.seeds, method)?;
        let local = Local::of(people, &rules, &trust.trusted, [0, 0], looking.names);
        let after = hours - method.forecast.horizon_hours.min(hours)..hours;
        let counted = |event: &&Event| {
            after.contains(&event.age_hours) && looking.outcomes[usize::from(event.kind)]
        };
        let outcome = |vertex: usize| {
            let of_target = whole.of_targets(vertex..vertex + 1).chunk_by(Event::same_pair);
            let reacted = of_target.filter(|of_pair| of_pair.iter().any(|event| counted(&event)));
            reacted.fold([0.0, 0.0], |[trusted, all], of_pair| {
                let own = f64::from(u8::from(trust.trusted[of_pair[0].actor as usize]));
                [trusted + own, all + 1.0]
            })
        };
        for vertex in there {
            for (name, values) in self.names.iter().zip(&mut self.values) {
                values.push(local.value(name, vertex).unwrap_or(0.0));
            }
            self.origin.push(index);
            self.network.push(persons.network_of(vertex) as u32);
            self.person.push(persons.vertex_persons[vertex]);
            let [trusted, all] = outcome(vertex);
            self.trusted.push(trusted);
            self.all.push(all);
            self.active.push(local.value("reactors_window", vertex).unwrap_or(0.0) > 0.0);
        }
        Ok(())
    }
}

/// Hours before an origin that measures look back.
pub(super) fn window_hours(method: &Method) -> u32 {
    method.attention.window_hours.max(crate::read::MEASURE_HOURS)
}

/// Hours since each vertex is first known to have been there: it acted, was acted upon, published or was opened.
fn first_seen(people: &People) -> Vec<Option<u32>> {
    let mut first = people.profiles.created_hours.clone();
    let mut meet = |vertex: u32, hours: u32| {
        let own = &mut first[vertex as usize];
        *own = (*own).max(Some(hours));
    };
    for event in people.events.all() {
        meet(event.target, event.age_hours);
        meet(event.actor, event.age_hours);
    }
    if let Some(posts) = &people.posts {
        for (author, hours) in posts.authors.iter().zip(&posts.age_hours) {
            meet(*author, *hours);
        }
    }
    first
}

/// A number with its bits mixed, so that one in n is no pattern of the ids (Steele, Lea, Flood 2014, *Fast Splittable
/// Pseudorandom Number Generators*, mix32).
pub(super) fn mixed(number: u32) -> u32 {
    let number = (number ^ (number >> 16)).wrapping_mul(0x85eb_ca6b);
    let number = (number ^ (number >> 13)).wrapping_mul(0xc2b2_ae35);
    number ^ (number >> 16)
}

/// The rows of each origin. Lists: origins.
pub(super) fn by_origin(rows: &Rows, origins: usize) -> Lists<u32> {
    Lists::grouped(origins, rows.origin.iter().copied().zip(0..))
}
