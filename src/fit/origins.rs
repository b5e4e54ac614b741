//! What was known of everybody at each origin, an instant in the past, and what came after it.
//!
//! What accounts state (followers, verified) is of the snapshot and not of the origin: it enters no such fit, and trust
//! alone looks at it, for seeds.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::lists::Lists;
use crate::method::Method;
use crate::model::VertexIndex;
use crate::pipeline::backtest::{Backtest, OutcomeWindow};
use crate::pipeline::sample::mix32;
use crate::propagate::{TrustInputs, find_trust};
use crate::reduce::InteractionRules;
use crate::score::measures::{MinAges, RecomputedMeasures};

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
    /// Ids of people and accounts that the job names as seeds of trust.
    pub seeds: &'a BTreeSet<String>,
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
    pub(super) fn at(
        mut backtest: Backtest,
        origins: &[u32],
        looking: &Looking<'_>,
    ) -> Result<Self> {
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
        let vertices = (0..backtest.people().persons.vertices()).map(VertexIndex::new);
        let seen = |hours: &u32| {
            vertices.clone().filter(|vertex| backtest.existed_at(*vertex, *hours)).count()
        };
        let all: usize = origins.iter().map(seen).sum();
        let one_in = u32::try_from(all.div_ceil(looking.most as usize)).unwrap_or(u32::MAX).max(1);
        for (index, hours) in (0..).zip(origins) {
            backtest.set_as_of(*hours, looking.method);
            rows.add(index, *hours, &backtest, looking, one_in)?;
        }
        Ok(rows)
    }

    fn add(
        &mut self,
        index: u32,
        hours: u32,
        backtest: &Backtest,
        looking: &Looking<'_>,
        one_in: u32,
    ) -> Result<()> {
        let (method, people) = (looking.method, backtest.people());
        let persons = &people.persons;
        let rules = InteractionRules::of(method);
        let standings = backtest.standings(method, looking.seeds)?;
        let trust = find_trust(&TrustInputs {
            interactions: &people.interactions,
            persons,
            rules: &rules,
            standings: &standings,
            rule: &method.trust,
            window_hours: method.attention.window_hours,
        });
        let local =
            RecomputedMeasures::compute(people, &rules, &trust, MinAges::default(), looking.names);
        let window = OutcomeWindow {
            as_of_hours: hours,
            horizon_hours: method.forecast.horizon_hours,
            kinds: looking.outcomes,
            trust: &trust,
        };
        let taken = |vertex: &VertexIndex| {
            mix32(persons.person_of(*vertex).into()).is_multiple_of(one_in)
                && backtest.existed_at(*vertex, hours)
        };
        for vertex in (0..persons.vertices()).map(VertexIndex::new).filter(taken) {
            for (name, values) in self.names.iter().zip(&mut self.values) {
                values.push(local.value(name, vertex).unwrap_or(0.0));
            }
            self.origin.push(index);
            self.network.push(persons.network_of(vertex).into());
            self.person.push(persons.person_of(vertex).into());
            let [trusted, all] = backtest.observed(vertex, &window);
            self.trusted.push(trusted);
            self.all.push(all);
            self.active.push(local.value("reactors_window", vertex).unwrap_or(0.0) > 0.0);
        }
        Ok(())
    }
}

/// The rows of each origin. Lists: origins.
pub(super) fn by_origin(rows: &Rows, origins: usize) -> Lists<u32> {
    Lists::grouped(origins, rows.origin.iter().copied().zip(0..))
}
