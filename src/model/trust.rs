//! How much the attention of each person counts: credit, and in whose audience.

use std::iter::Peekable;
use std::sync::Arc;

use super::indices::VertexIndex;
use crate::lists::Lists;

/// Fixed-point scale of vouches and credit: so many units are one vouch, or full credit.
pub const CREDIT: i64 = 1 << 20;

/// How much the attention of each person counts.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Vouches for full credit on each network; `None` where everybody counts whole. Length: networks.
    pub(crate) full_credit: Vec<Option<i64>>,
    /// Whether each vertex is a founder. Length: vertices.
    pub(crate) founders: Vec<bool>,
    /// Vouches received, in units of [`CREDIT`]. Length: vertices.
    pub(crate) vouches: Vec<i64>,
    /// Worth of each vouch that a vertex gives, in units of [`CREDIT`]. Length: vertices.
    pub(crate) worth: Vec<i64>,
    /// Whom each long-standing vertex vouches for, ascending. Lists: vertices.
    pub(crate) vouched: Arc<Lists<VertexIndex>>,
    /// The vertices of network n are `network_offsets[n]..network_offsets[n + 1]`.
    pub(crate) network_offsets: Vec<usize>,
}

impl Trust {
    /// Whether everybody counts whole on each network, whatever they did. Length: networks.
    pub fn counts_everybody(&self) -> impl Iterator<Item = bool> {
        self.full_credit.iter().map(Option::is_none)
    }

    /// Vouches that a vertex received; `None` where everybody counts whole.
    pub fn vouches(&self, vertex: VertexIndex) -> Option<f64> {
        let vouches = self.vouches[vertex.index()] as f64 / CREDIT as f64;
        self.full_credit_of(vertex).map(|_| vouches)
    }

    /// Credit of a vertex, 0 to 1.
    pub fn credit(&self, vertex: VertexIndex) -> f64 {
        self.own_credit(vertex) as f64 / CREDIT as f64
    }

    /// Whether a vertex is trusted: its credit is at least ½.
    pub fn is_trusted(&self, vertex: VertexIndex) -> bool {
        is_trusted(self.own_credit(vertex))
    }

    /// Whether a vertex has full credit, on a network where trust decides who counts.
    pub fn has_full_credit(&self, vertex: VertexIndex) -> bool {
        self.full_credit_of(vertex).is_some() && self.own_credit(vertex) == CREDIT
    }

    /// Number of vertices.
    pub fn vertices(&self) -> usize {
        self.vouches.len()
    }

    /// Credit of `actor` in the audience of `target`, in units of [`CREDIT`]; [`Trust::audience`] is faster for many.
    pub fn credit_in_audience(&self, actor: VertexIndex, target: VertexIndex) -> i64 {
        let Some(full_credit) = self.full_credit_of(actor) else { return CREDIT };
        let is_vouched = self.vouched.of(target.index()).binary_search(&actor).is_ok();
        let left_out = if is_vouched { self.worth[target.index()] } else { 0 };
        self.credit_without(actor, left_out, full_credit)
    }

    /// Credit of `actor` as a person who says something about another, in units of [`CREDIT`]: the most on any network, without
    /// what the other vouched for there. Both are given by their vertices.
    pub fn credit_among(&self, actor: &[VertexIndex], target: &[VertexIndex]) -> i64 {
        let on_network = |actor: &VertexIndex| {
            let in_audiences = target.iter().map(|target| self.credit_in_audience(*actor, *target));
            in_audiences.min().unwrap_or_else(|| self.own_credit(*actor))
        };
        actor.iter().map(on_network).max().unwrap_or(0)
    }

    /// The credit that others have in the audience of `target`.
    pub fn audience(&self, target: VertexIndex) -> Audience<'_> {
        Audience {
            trust: self,
            full_credit: self.full_credit_of(target),
            worth: self.worth[target.index()],
            vouched: self.vouched.of(target.index()).iter().peekable(),
        }
    }

    /// Trust with the `vouches` (in people) that were published earlier, where they are known: who had little credit then has
    /// it again. Length: vertices.
    pub fn with_vouches(&self, vouches: &[Option<f64>]) -> Self {
        let units = |vouches: &Option<f64>| {
            libm::round(vouches.unwrap_or(0.0).clamp(0.0, 1e12) * CREDIT as f64) as i64
        };
        Self { vouches: vouches.iter().map(units).collect(), ..self.clone() }
    }

    fn own_credit(&self, vertex: VertexIndex) -> i64 {
        match self.full_credit_of(vertex) {
            Some(full_credit) => self.credit_without(vertex, 0, full_credit),
            None => CREDIT,
        }
    }

    /// Credit of a vertex whose vouches are fewer by `left_out`.
    fn credit_without(&self, vertex: VertexIndex, left_out: i64, full_credit: i64) -> i64 {
        if self.founders[vertex.index()] {
            return CREDIT;
        }
        let vouches = self.vouches[vertex.index()] - left_out;
        CREDIT.min(vouches.max(0) / full_credit)
    }

    fn full_credit_of(&self, vertex: VertexIndex) -> Option<i64> {
        let network = self.network_offsets.partition_point(|start| *start <= vertex.index());
        self.full_credit[network - 1]
    }
}

/// Whether somebody with so much credit, in units of [`CREDIT`], is trusted.
pub fn is_trusted(credit: i64) -> bool {
    2 * credit >= CREDIT
}

/// The credit that others have in the audience of one vertex, whose own vouches do not count there.
pub struct Audience<'a> {
    trust: &'a Trust,
    full_credit: Option<i64>,
    /// Worth of a vouch by the vertex.
    worth: i64,
    /// Whom the vertex vouches for.
    vouched: Peekable<std::slice::Iter<'a, VertexIndex>>,
}

impl Audience<'_> {
    /// Credit of `actor`, in units of [`CREDIT`]. Actors are asked for in ascending order.
    pub fn credit(&mut self, actor: VertexIndex) -> i64 {
        let Some(full_credit) = self.full_credit else { return CREDIT };
        while self.vouched.next_if(|vouched| **vouched < actor).is_some() {}
        let is_vouched = self.vouched.peek().is_some_and(|vouched| **vouched == actor);
        let left_out = if is_vouched { self.worth } else { 0 };
        self.trust.credit_without(actor, left_out, full_credit)
    }
}
