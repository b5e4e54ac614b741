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

/// Rows of a regression: an active person on a network at an origin. All lengths but that of `names`: rows; rows of an origin
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
    /// Hours after an origin that are observed.
    pub observed_hours: u32,
    /// Most rows; of more a part of the people is taken.
    pub most: u32,
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.origin.len()
    }

    /// The rows at each of `origins`, which are whole hours before the end of the data, the oldest first.
    pub(super) fn at(
        backtest: &mut Backtest,
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
        };
        let most = (looking.most as usize / origins.len().max(1)).max(1);
        let rules = InteractionRules::of(looking.method);
        for (index, hours) in (0..).zip(origins) {
            backtest.set_as_of(*hours, looking.method);
            rows.add((index, *hours), backtest, looking, &rules, most)?;
        }
        Ok(rows)
    }

    fn add(
        &mut self,
        (index, hours): (u32, u32),
        backtest: &Backtest,
        looking: &Looking<'_>,
        rules: &InteractionRules,
        most: usize,
    ) -> Result<()> {
        let (method, people) = (looking.method, backtest.people());
        let persons = &people.persons;
        let standings = backtest.standings(method, looking.seeds)?;
        let trust = find_trust(&TrustInputs {
            interactions: &people.interactions,
            persons,
            rules,
            standings: &standings,
            rule: &method.trust,
            window_hours: method.attention.window_hours,
        });
        let local =
            RecomputedMeasures::compute(people, rules, &trust, MinAges::default(), looking.names);
        let window = OutcomeWindow {
            as_of_hours: hours,
            horizon_hours: looking.observed_hours,
            kinds: looking.outcomes,
            trust: &trust,
        };
        // Who draws reactions: nothing of all others tells how many will react to them.
        let is_active =
            |vertex: &VertexIndex| local.value("reactors_window", *vertex).unwrap_or(0.0) > 0.0;
        let vertices = (0..persons.vertices()).map(VertexIndex::new);
        let active: Vec<VertexIndex> = vertices.filter(is_active).collect();
        let one_in = u32::try_from(active.len().div_ceil(most)).unwrap_or(u32::MAX).max(1);
        let taken =
            |vertex: &VertexIndex| mix32(persons.person_of(*vertex).into()).is_multiple_of(one_in);
        for vertex in active.into_iter().filter(taken) {
            for (name, values) in self.names.iter().zip(&mut self.values) {
                values.push(local.value(name, vertex).unwrap_or(0.0));
            }
            self.origin.push(index);
            self.network.push(persons.network_of(vertex).into());
            self.person.push(persons.person_of(vertex).into());
            let [trusted, _] = backtest.observed(vertex, &window);
            self.trusted.push(trusted);
        }
        Ok(())
    }
}

/// The rows of each origin. Lists: origins.
pub(super) fn by_origin(rows: &Rows, origins: usize) -> Lists<u32> {
    Lists::grouped(origins, rows.origin.iter().copied().zip(0..))
}
