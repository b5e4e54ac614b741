//! Who there is on a network to attack, and to be drawn into an attack.

use rayon::prelude::*;

use crate::error::Result;
use crate::method::Method;
use crate::model::{Interaction, VertexIndex};
use crate::propagate::is_vouch;
use crate::reduce::InteractionRules;

use super::kinds::Variant;
use super::network::Network;
use super::random::Random;

/// To whom so many distinct people reacted, and who acted, is a member of the network.
const PEOPLE: usize = 2;

/// Who there is on a network, by what is older than the lag.
pub(super) struct Scene<'a> {
    pub network: &'a Network,
    /// Lag, tenure and window of the method, in hours.
    pub lag: f64,
    pub tenure: f64,
    pub window: f64,
    /// The most frequent kind of reaction on the network.
    pub reaction: u8,
    /// The kinds `repost` and `mention`, where the method has them as reactions.
    pub repost: Option<u8>,
    pub mention: Option<u8>,
    /// Whether each kind is a reaction.
    pub is_reaction: Vec<bool>,
    /// Who acted.
    pub acting: Vec<VertexIndex>,
    /// Who acted, and to whom two distinct people reacted; by number, and by how many did, the most first.
    pub members: Vec<VertexIndex>,
    pub by_support: Vec<VertexIndex>,
    /// Trusted people who acted.
    pub trusted: Vec<VertexIndex>,
    /// Who acted, and to whom nobody ever reacted.
    pub without_audience: Vec<VertexIndex>,
    /// Who may turn: the seeds, or the best supported tenth of the founders.
    pub turning: Vec<VertexIndex>,
}

/// What an attack does to each target, as `effect` finds it with random numbers of its own; the number of the target comes with
/// it. As many at once as there are threads: each holds a copy of the network.
///
/// # Errors
/// As `effect`.
pub(super) fn of_targets<T: Send>(
    network: &Network,
    variant: &Variant,
    targets: &[VertexIndex],
    effect: impl Fn(usize, VertexIndex, Random) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let name = format!("{}: {}", variant.kind.name, variant.text());
    let numbered: Vec<(usize, VertexIndex)> = targets.iter().copied().enumerate().collect();
    let mut effects = Vec::with_capacity(targets.len());
    for group in numbered.chunks(rayon::current_num_threads()) {
        let of_group = group.par_iter().map(|(number, target)| {
            effect(*number, *target, Random::of(&network.name, &name, *number))
        });
        effects.extend(of_group.collect::<Result<Vec<T>>>()?);
    }
    Ok(effects)
}

impl<'a> Scene<'a> {
    /// The scene of a network; `is_trusted` by numbers of the network.
    pub fn new(
        network: &'a Network,
        method: &Method,
        rules: &InteractionRules,
        is_trusted: impl Fn(VertexIndex) -> bool,
    ) -> Self {
        let lagged = method.trust.lag_hours..method.attention.window_hours;
        let is_reaction: Vec<bool> = method.kinds.values().map(|rule| rule.reaction).collect();
        let mut of_kinds = vec![0_u64; is_reaction.len()];
        let (mut acted, mut ever) = (vec![false; network.people], vec![false; network.people]);
        let mut support = vec![0_usize; network.people];
        for event in network.interactions.all().iter().chain(network.earlier.all()) {
            ever[event.target.index()] = true;
            let is_reaction = is_reaction[usize::from(event.kind)];
            of_kinds[usize::from(event.kind)] += u64::from(is_reaction);
            acted[event.actor.index()] |= is_reaction && lagged.contains(&event.age_hours());
        }
        for pair in network.interactions.all().chunk_by(Interaction::same_pair) {
            let vouches =
                |event: &Interaction| lagged.contains(&event.age_hours()) && is_vouch(event, rules);
            support[pair[0].target.index()] += usize::from(pair.iter().any(vouches));
        }
        let everybody = || (0..network.people).map(VertexIndex::new);
        let acting: Vec<VertexIndex> = everybody().filter(|v| acted[v.index()]).collect();
        let among = |wanted: &dyn Fn(VertexIndex) -> bool| -> Vec<VertexIndex> {
            acting.iter().copied().filter(|vertex| wanted(*vertex)).collect()
        };
        let members = among(&|vertex| support[vertex.index()] >= PEOPLE);
        let mut by_support = members.clone();
        by_support.sort_by_key(|vertex| std::cmp::Reverse(support[vertex.index()]));
        let of_name = |name: &str| {
            let kinds = (0..).zip(&method.kinds);
            let mut named = kinds.filter(|(_, (kind, rule))| *kind == name && rule.reaction);
            named.next().map(|(number, _)| number)
        };
        let most = of_kinds.iter().zip(0_u8..).max_by_key(|(count, kind)| {
            (is_reaction[usize::from(*kind)], **count, std::cmp::Reverse(*kind))
        });
        Self {
            network,
            lag: method.trust.lag_hours.into(),
            tenure: method.trust.tenure_hours.into(),
            window: method.attention.window_hours.into(),
            reaction: most.map_or(0, |(_, kind)| kind),
            repost: of_name("repost"),
            mention: of_name("mention"),
            turning: turning(network, &by_support),
            trusted: among(&|vertex| is_trusted(vertex)),
            without_audience: among(&|vertex| !ever[vertex.index()]),
            is_reaction,
            acting,
            members,
            by_support,
        }
    }
}

/// The seeds, or, without any, the best supported tenth of the founders, of the members where there are no founders.
fn turning(network: &Network, by_support: &[VertexIndex]) -> Vec<VertexIndex> {
    let everybody = (0..network.people).map(VertexIndex::new);
    let seeds: Vec<VertexIndex> = everybody.filter(|v| network.seeds[v.index()]).collect();
    if !seeds.is_empty() {
        return seeds;
    }
    let is_founder = |vertex: &&VertexIndex| {
        network.standings[vertex.index()].is_some_and(|standing| standing.is_founder)
    };
    let founders: Vec<VertexIndex> = by_support.iter().filter(is_founder).copied().collect();
    let pool = if founders.is_empty() { by_support.to_vec() } else { founders };
    let tenth = 2.max(pool.len() / 10);
    pool.into_iter().take(tenth).collect()
}
