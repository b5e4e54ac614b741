//! What an attack does to its target: trust, measures and forecast are computed anew, everything in the method unchanged.

use crate::error::Result;
use crate::job::{Job, UnprovenRule};
use crate::method::{Method, TrustRule, points};
use crate::model::{Interaction, Interactions, Persons, Standing, VertexIndex};
use crate::propagate::{TrustInputs, find_founders, find_trust, rank_networks};
use crate::reduce::{InteractionRules, attention_graphs};
use crate::score::audience_flags::{audience_flags, shares_audience};
use crate::score::measures::{VertexInputs, VertexMeasures};

use super::arrangements::Plant;
use super::baseline::Baseline;
use super::network::Network;

/// How people are scored, by the names of the table.
pub(crate) const SCORED_BY: [&str; 4] = [STANDARD, NO_DEFENCE, "reactors", "pagerank"];
/// By the job's method.
pub(crate) const STANDARD: &str = "standard";
/// By the same forecast, everybody counting whole.
pub(crate) const NO_DEFENCE: &str = "no_defence";

/// What an attack is measured with.
pub(super) struct Scoring<'a> {
    pub method: &'a Method,
    pub rules: &'a InteractionRules,
    /// Names of the measures of the forecast.
    pub names: Vec<&'a str>,
    /// The method's rule of trust, but for its networks.
    pub no_defence: TrustRule,
    /// Whether the job links accounts without proof.
    pub links_unproven: bool,
}

/// What an attack did to its target.
pub(super) struct Effect {
    /// Accounts of the attack besides the target.
    pub accounts: usize,
    /// Real people who reacted to these.
    pub links: usize,
    /// Interactions that were planted.
    pub acts: usize,
    /// The forecast of the target before and after, for each of [`SCORED_BY`].
    pub forecasts: [(f64, f64); 4],
    /// What the audience of the target looks like.
    pub flags: Vec<&'static str>,
}

impl<'a> Scoring<'a> {
    /// The scoring of a job.
    pub fn of(job: &'a Job, rules: &'a InteractionRules) -> Self {
        let method = &job.method;
        let names = method.forecast.terms.iter().map(|term| term.measure.as_str()).collect();
        let no_defence = TrustRule { networks: Default::default(), ..method.trust.clone() };
        let links_unproven = job.people.unproven == UnprovenRule::Link;
        Self { method, rules, names, no_defence, links_unproven }
    }

    /// What a plant does to `target`. Memory: a copy of the interactions of the network, and a graph of its attention.
    ///
    /// # Errors
    /// As [`find_founders`] and [`rank_networks`].
    pub fn effect(
        &self,
        network: &Network,
        baseline: &Baseline,
        plant: &Plant,
        target: VertexIndex,
    ) -> Result<Effect> {
        let world = World::new(self, network, plant, target, self.links_unproven)?;
        let defended = self.measures(network, &world, &self.method.trust, target);
        let standard = self.forecast(baseline, target, &defended);
        let mut flags = audience_flags(&defended.engagement);
        flags.extend(
            shares_audience(target, &world.interactions, self.rules).then_some("shared_audience"),
        );
        // Without a defence a claim is believed.
        let world = match plant.claims.is_some() && !self.links_unproven {
            true => World::new(self, network, plant, target, true)?,
            false => world,
        };
        let undefended = self.measures(network, &world, &self.no_defence, target);
        let no_defence = self.forecast(baseline, target, &undefended);
        let reactors = undefended.engagement.all.reactors_window as f64;
        let graphs =
            attention_graphs(world.interactions.window(0, u32::MAX), &world.persons, self.rules)?;
        let rank =
            crate::method::RankRule { tolerance: PAGERANK_TOLERANCE, ..self.method.rank.clone() };
        let ranks = rank_networks(&graphs, &rank, None)?;
        let mean_rank = ranks.pagerank[target.index()] * world.persons.vertices() as f64;
        let after = [standard, no_defence, reactors, mean_rank];
        let mut forecasts = [(0.0, 0.0); 4];
        for (at, (forecast, after)) in forecasts.iter_mut().zip(after).enumerate() {
            let before = baseline.values[at][target.index()];
            *forecast =
                (baseline.of_person(at, target, before), baseline.of_person(at, target, after));
        }
        Ok(Effect {
            accounts: plant.accounts,
            links: plant.links,
            acts: plant.events.len(),
            forecasts,
            flags,
        })
    }

    fn measures(
        &self,
        network: &Network,
        world: &World,
        rule: &TrustRule,
        target: VertexIndex,
    ) -> VertexMeasures {
        let trust = find_trust(&TrustInputs {
            window: world.interactions.window(0, self.method.attention.window_hours),
            persons: &world.persons,
            rules: self.rules,
            standings: &world.standings,
            rule,
        });
        let inputs = VertexInputs {
            interactions: &world.interactions,
            posts: network.posts.as_ref(),
            rules: self.rules,
            trust: &trust,
            persons: &world.persons,
            earlier: &world.earlier,
            covered_minutes: &[network.covered_minutes],
        };
        VertexMeasures::compute(target, &inputs, &self.names)
    }

    /// The forecast on the network; a measure that cannot be computed again is as it was.
    fn forecast(&self, baseline: &Baseline, target: VertexIndex, measures: &VertexMeasures) -> f64 {
        let terms = self.names.iter().zip(&baseline.measures);
        let values =
            terms.map(|(name, before)| measures.value(name).unwrap_or(before[target.index()]));
        self.method.forecast.expected(baseline.level, values)
    }
}

/// Maximum L1 distance of PageRank to the exact ranks.
const PAGERANK_TOLERANCE: f64 = 1e-8;

/// A network with what was planted.
struct World {
    persons: Persons,
    interactions: Interactions,
    earlier: Interactions,
    standings: Vec<Option<Standing>>,
}

impl World {
    fn new(
        scoring: &Scoring<'_>,
        network: &Network,
        plant: &Plant,
        target: VertexIndex,
        believes_claims: bool,
    ) -> Result<Self> {
        let persons = network.persons(plant.new_accounts);
        let mut standings = network.standings.clone();
        standings.resize(persons.vertices(), None);
        let read_hours = scoring.method.window_hours();
        let (mut recent, mut older): (Vec<Interaction>, Vec<Interaction>) =
            plant.events.iter().partition(|event| event.age_hours() < read_hours);
        recent.sort_unstable();
        older.sort_unstable();
        let mut interactions = network.interactions.merged(&recent);
        let mut earlier = network.earlier.merged(&older);
        if plant.unfollows {
            let takes_back = |event: &Interaction| {
                event.actor == target && !scoring.rules.is_reaction(event.kind)
            };
            let kept = interactions.all().iter().filter(|event| !takes_back(event));
            interactions = kept.copied().collect();
        }
        if let Some(claimed) = plant.claims.filter(|_| believes_claims) {
            let owner = |vertex: VertexIndex| if vertex == claimed { target } else { vertex };
            for all in [&mut interactions, &mut earlier] {
                let events = all.all().iter().map(|event| Interaction {
                    target: owner(event.target),
                    actor: owner(event.actor),
                    ..*event
                });
                *all = events.filter(|event| event.actor != event.target).collect();
            }
            let of_claimed = standings[claimed.index()].take();
            let own = &mut standings[target.index()];
            *own = own.or(of_claimed);
        }
        if plant.is_first_night {
            let method = scoring.method;
            let (tenure, window) = (method.trust.tenure_hours, method.attention.window_hours);
            let before =
                interactions.as_of(tenure, 0..window).joined(earlier.as_of(tenure, 0..window));
            let mut seeds = network.seeds.clone();
            seeds.resize(persons.vertices(), false);
            let before = before.window(0, u32::MAX);
            let founders = find_founders(before, &persons, scoring.rules, &seeds, None, method)?;
            for (standing, is_founder) in standings.iter_mut().zip(founders) {
                let founder = Standing { since_days: 0, is_founder: true };
                *standing = standing.or(is_founder.then_some(founder));
            }
        }
        Ok(Self { persons, interactions, earlier, standings })
    }
}

/// Points that a forecast gains.
pub(super) fn gained((before, after): (f64, f64)) -> f64 {
    points(after) - points(before)
}
