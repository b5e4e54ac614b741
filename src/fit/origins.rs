//! What was known of everybody at each origin, an instant in the past, and what came after it.
//!
//! What accounts state (followers, verified) is of the snapshot and not of the origin: it enters no such fit, and trust
//! alone looks at it, for seeds.

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::error::Result;
use crate::lists::Lists;
use crate::method::Method;
use crate::model::{Persons, Standing, VertexIndex};
use crate::pipeline::backtest::{Backtest, OutcomeWindow};
use crate::pipeline::sample::mix32;
use crate::propagate::{TrustInputs, find_trust};
use crate::reduce::InteractionRules;
use crate::score::measures::{SampledInputs, find_active};

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

/// Whom an origin is looked at with.
pub(super) struct Origin {
    /// Whole hours before the end of the data.
    pub hours: u32,
    /// One in so many people is looked at.
    one_in: u32,
    /// Who was long-standing. Length: vertices.
    pub standings: Vec<Option<Standing>>,
}

impl Origin {
    /// Whether the person of a vertex is looked at.
    pub fn takes(&self, persons: &Persons, vertex: VertexIndex) -> bool {
        mix32(persons.person_of(vertex).into()).is_multiple_of(self.one_in)
    }
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

    /// The rows at each of `origins`, which are whole hours before the end of the data, the oldest first; and these origins.
    pub(super) fn at(
        backtest: &mut Backtest,
        origins: &[u32],
        looking: &Looking<'_>,
    ) -> Result<(Self, Vec<Origin>)> {
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
        let mut found = Vec::with_capacity(origins.len());
        for (index, hours) in (0..).zip(origins) {
            found.push(rows.add((index, *hours), backtest, looking, &rules, most)?);
        }
        Ok((rows, found))
    }

    fn add(
        &mut self,
        (index, hours): (u32, u32),
        backtest: &mut Backtest,
        looking: &Looking<'_>,
        rules: &InteractionRules,
        most: usize,
    ) -> Result<Origin> {
        let method = looking.method;
        // Who draws reactions: nothing of all others tells how many will react to them.
        let persons = &backtest.people().persons;
        let in_window = backtest.window(hours, method.window_hours());
        let mut vertices = find_active(in_window, rules, persons.vertices());
        let one_in = u32::try_from(vertices.len().div_ceil(most)).unwrap_or(u32::MAX).max(1);
        let mut origin = Origin { hours, one_in, standings: vec![] };
        vertices.retain(|vertex| origin.takes(persons, *vertex));
        backtest.set_as_of_some(hours, method, &vertices);
        let people = backtest.people();
        let persons = &people.persons;
        origin.standings = backtest.standings(method, looking.seeds)?;
        let trust = find_trust(&TrustInputs {
            window: backtest.window(hours, method.attention.window_hours),
            persons,
            rules,
            standings: &origin.standings,
            rule: &method.trust,
        });
        let inputs = SampledInputs {
            vertices: &vertices,
            people,
            window: backtest.window(hours, method.window_hours()),
            history: backtest.window(hours, method.forecast.history_hours),
            rules,
            trust: &trust,
        };
        for (values, more) in self.values.iter_mut().zip(inputs.measure(&self.names)) {
            values.extend(more);
        }
        let window = OutcomeWindow {
            as_of_hours: hours,
            horizon_hours: looking.observed_hours,
            kinds: looking.outcomes,
            trust: &trust,
        };
        for vertex in &vertices {
            self.origin.push(index);
            self.network.push(persons.network_of(*vertex).into());
            self.person.push(persons.person_of(*vertex).into());
        }
        let observed = vertices.par_iter().map(|vertex| backtest.observed(*vertex, &window)[0]);
        self.trusted.par_extend(observed);
        Ok(origin)
    }
}

/// The rows of each origin. Lists: origins.
pub(super) fn by_origin(rows: &Rows, origins: usize) -> Lists<u32> {
    Lists::grouped(origins, rows.origin.iter().copied().zip(0..))
}
