//! Stage 4: trust, which decides how much the attention of each person counts.
//!
//! # The rule, on each network
//!
//! A reaction *vouches* for its target if it is older than the lag, lies within the window and is not negative. Vouches of
//! *long-standing* people are worth something. A long-standing person a who reacted to n people vouches for each of them
//! with
//!
//! ```text
//! u_a = min(1, budget_a / n),   budget_a = 20 for founders, else min(20, max(0, v'_a − K))
//! v_t = Σ_a u_a                 over the long-standing a who reacted to t
//! w_t = 1 for founders, else min(1, v_t / K)
//! ```
//!
//! v' being the vouches by people known for longer, and K the method's number of vouches for full credit. In the audience of
//! t the vouch of t itself is left out: nobody makes their own audience. One pass over the pairs and no iteration: others
//! hand on what they have to spare in the order in which they became long-standing, so that no circle inflates itself, and
//! accounts with g vouches from h founders hold credit of at most min(g, 20h) / K together.
//!
//! All sums are of integers, in units of [`CREDIT`].
//!
//! # Networks without trust
//!
//! On a network for which the method gives no K everybody counts whole, and scores say so (`trust_none`). That is decided
//! when a method is fitted, never by the data of a night: a flood of accounts cannot switch trust off.

mod founders;
mod tenure;

pub use founders::find_founders;
pub use tenure::{Night, advance_tenures};

use std::sync::Arc;

use rayon::prelude::*;

use crate::lists::Lists;
use crate::method::TrustRule;
use crate::model::{
    CREDIT, Interaction, Interactions, NetworkIndex, Persons, Sentiment, Standing, Trust,
    VertexIndex, Window,
};
use crate::reduce::{CHUNK_VERTICES, InteractionRules};

/// Vouches that a founder has to give.
pub const BUDGET: i64 = 20;

/// What trust is found from.
pub struct TrustInputs<'a> {
    /// Interactions of the method's attention window.
    pub window: Window<'a>,
    /// Who is scored.
    pub persons: &'a Persons,
    /// How interactions weigh.
    pub rules: &'a InteractionRules,
    /// Who is long-standing. Length: vertices.
    pub standings: &'a [Option<Standing>],
    /// The method's rule.
    pub rule: &'a TrustRule,
}

/// Finds how much everybody's attention counts. Linear in the interactions, but for a sort of long-standing people.
/// Memory: 8 bytes for each pair of a long-standing actor and a target, and 20 a vertex.
pub fn find_trust(inputs: &TrustInputs<'_>) -> Trust {
    let TrustInputs { persons, standings, rule, .. } = *inputs;
    let full_credit: Vec<Option<i64>> =
        persons.networks.iter().map(|network| rule.full_credit(network).map(i64::from)).collect();
    let vouchers = find_vouchers(inputs, &full_credit);
    let n = persons.vertices();
    let pairs = || {
        vouchers.iter().enumerate().flat_map(|(target, vouchers)| {
            vouchers.iter().map(move |voucher| (*voucher, VertexIndex::new(target)))
        })
    };
    let vouched = Lists::grouped(n, pairs());
    let worth = Worth { vouchers: &vouchers, vouched: &vouched, standings };
    let worth = worth.of_all(|vertex| full_credit[persons.network_of(vertex).index()]);
    let sum =
        |vouchers: &[VertexIndex]| vouchers.iter().map(|voucher| worth[voucher.index()]).sum();
    let vouches = (0..n).into_par_iter().map(|target| sum(vouchers.of(target))).collect();
    let is_founder = |standing: &Option<Standing>| standing.is_some_and(|known| known.is_founder);
    Trust {
        full_credit,
        founders: standings.iter().map(is_founder).collect(),
        vouches,
        worth,
        vouched: Arc::new(vouched),
        network_offsets: persons.network_offsets.clone(),
    }
}

/// The long-standing vertices that vouch for each vertex, ascending. Lists: vertices.
fn find_vouchers(inputs: &TrustInputs<'_>, full_credit: &[Option<i64>]) -> Lists<VertexIndex> {
    let TrustInputs { window, persons, rules, standings, rule } = *inputs;
    let vouches = |event: &Interaction| {
        window.age_hours(event).is_some_and(|age| age >= rule.lag_hours) && is_vouch(event, rules)
    };
    let mut all = Lists::default();
    for network in (0..persons.networks.len()).map(NetworkIndex::new) {
        let vertices = persons.network(network);
        if full_credit[network.index()].is_none() {
            vertices.for_each(|_| all.push([]));
            continue;
        }
        let starts = vertices.clone().into_par_iter().step_by(CHUNK_VERTICES);
        let chunks: Vec<Lists<VertexIndex>> = starts
            .map(|start| {
                let chunk = start..vertices.end.min(start + CHUNK_VERTICES);
                let mut lists = Lists::default();
                let mut events = window.interactions().of_targets(chunk.clone());
                for target in chunk {
                    let of_target =
                        Interactions::take_target(&mut events, VertexIndex::new(target));
                    let of_actors = of_target.chunk_by(Interaction::same_pair);
                    let of_actors = of_actors.filter(|pair| {
                        standings[pair[0].actor.index()].is_some() && pair.iter().any(vouches)
                    });
                    lists.push(of_actors.map(|pair| pair[0].actor));
                }
                lists
            })
            .collect();
        all.extend(chunks);
    }
    all
}

/// Whether an interaction, if it is old enough, vouches for its target.
pub fn is_vouch(event: &Interaction, rules: &InteractionRules) -> bool {
    rules.is_reaction(event.kind) && event.sentiment != Sentiment::Negative
}

/// What vouches are worth.
struct Worth<'a> {
    /// Who vouches for each vertex. Lists: vertices.
    vouchers: &'a Lists<VertexIndex>,
    /// Whom each vertex vouches for. Lists: vertices.
    vouched: &'a Lists<VertexIndex>,
    standings: &'a [Option<Standing>],
}

impl Worth<'_> {
    /// The worth of each vouch that a vertex gives, in units of [`CREDIT`]; `full_credit` is K of a vertex. Length: vertices.
    fn of_all(&self, full_credit: impl Fn(VertexIndex) -> Option<i64> + Sync) -> Vec<i64> {
        let mut worth = vec![0; self.standings.len()];
        let (mut others, mut all) = (Vec::new(), (0..).map(VertexIndex::new));
        for (standing, vertex) in self.standings.iter().zip(&mut all) {
            match standing {
                Some(Standing { is_founder: true, .. }) => {
                    worth[vertex.index()] = self.share(vertex, BUDGET * CREDIT);
                }
                Some(Standing { since_days, .. }) => others.push((*since_days, vertex)),
                None => {}
            }
        }
        // Each from the vouches by people known for longer, which are settled by then.
        others.sort_unstable();
        for of_day in others.chunk_by(|one, other| one.0 == other.0) {
            let budget = |(_, vertex): &(i32, VertexIndex)| {
                let vouchers = self.vouchers.of(vertex.index()).iter();
                let earlier: i64 = vouchers.map(|voucher| worth[voucher.index()]).sum();
                let spare =
                    full_credit(*vertex).map_or(0, |full_credit| earlier - full_credit * CREDIT);
                self.share(*vertex, spare.clamp(0, BUDGET * CREDIT))
            };
            let of_day: Vec<(VertexIndex, i64)> =
                of_day.par_iter().map(|other| (other.1, budget(other))).collect();
            of_day.into_iter().for_each(|(vertex, own)| worth[vertex.index()] = own);
        }
        worth
    }

    /// The worth of each vouch of a vertex that has `budget` to give.
    fn share(&self, vertex: VertexIndex, budget: i64) -> i64 {
        match self.vouched.of(vertex.index()).len() as i64 {
            0 => 0,
            people => CREDIT.min(budget / people),
        }
    }
}
