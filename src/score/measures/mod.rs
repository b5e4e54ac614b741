//! Stage 7: the measures of every vertex, as `schemas/output/measures.toml` declares them.

mod counts;
mod places;
mod responses;
mod standing;

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array};
use arrow::datatypes::{DataType, Float64Type};
pub(crate) use counts::of_engagement;
use responses::{Response, of_response, responses};

use crate::error::{Error, Result};
use crate::lists::Lists;
use crate::method::Method;
use crate::model::People;
use crate::propagate::{Ranks, Trust};
use crate::reduce::{Engagement, InteractionRules, engagement, post_reactors};
use renown_graph::csr::Csr;

/// What the measures are computed from.
pub struct Basis<'a> {
    /// Who is measured, and what they did.
    pub people: &'a People,
    /// What the method says of interactions.
    pub rules: &'a InteractionRules,
    /// Graphs of attention of the networks.
    pub graphs: &'a [Csr],
    /// Who is trusted.
    pub trust: &'a Trust,
    /// Ranks of everybody.
    pub ranks: &'a Ranks,
    /// Ranks of everybody on follows, where there are any. Length: vertices.
    pub follow_ranks: Option<&'a [f64]>,
    /// Interactions received and made. Length: vertices.
    pub engagement: &'a [Engagement],
    /// Who reacted to each post, where there are posts.
    pub reactors: Option<&'a Lists<u32>>,
}

/// The measures of every vertex.
pub struct Measures {
    /// Columns by name, in any order; each has one value per vertex.
    pub columns: Vec<(&'static str, ArrayRef)>,
    /// The columns `measure_*` of `accounts`, in order of name.
    pub own: Vec<(String, ArrayRef)>,
}

impl Measures {
    /// The values of a measure; null where it is not defined.
    ///
    /// # Errors
    /// [`crate::error::Kind::Internal`] if there is no such measure.
    pub fn values(&self, name: &str) -> Result<Float64Array> {
        let declared = self.columns.iter().map(|(own, column)| (*own, column));
        let own = self.own.iter().map(|(own, column)| (own.as_str(), column));
        let (_, column) = declared
            .chain(own)
            .find(|(own, _)| *own == name)
            .ok_or_else(|| Error::internal(format!("no measure `{name}` was computed")))?;
        let cast = arrow::compute::cast(column, &DataType::Float64).map_err(Error::internal)?;
        Ok(cast.as_primitive::<Float64Type>().clone())
    }
}

/// Computes the measures of every vertex.
pub fn measures(basis: &Basis<'_>, method: &Method) -> Measures {
    let persons = &basis.people.persons;
    let drawn = basis.people.posts.as_ref().zip(basis.reactors);
    let responses = drawn.map(|(posts, reactors)| {
        let trusted = &basis.trust.trusted;
        responses(&basis.people.interactions, posts, basis.rules, reactors, trusted, [0, 0])
    });
    let mut columns = counts::columns(basis.engagement);
    columns.extend(places::columns(persons, basis, &method.rank));
    let Basis { people, graphs, trust, follow_ranks, .. } = *basis;
    columns.extend(standing::columns(people, graphs, trust, follow_ranks));
    columns.extend(responses::columns(persons, responses.as_deref(), method));
    let own = people.account_stats.custom.iter().map(|(name, values)| -> (_, ArrayRef) {
        (name.clone(), Arc::new(Float64Array::from(values.clone())))
    });
    Measures { columns, own: own.collect() }
}

/// What a forecast needs of the measures that follow from a person's own posts and the reactions to them alone.
pub struct Local {
    engagement: Vec<Engagement>,
    responses: Option<Vec<Response>>,
}

impl Local {
    /// From posts and interactions that are at least so many hours old, as if `trusted` were trusted; of posts only if
    /// one of the `names` needs them.
    pub fn of(
        people: &People,
        rules: &InteractionRules,
        trusted: &[bool],
        [posts_hours, events_hours]: [u32; 2],
        names: &[&str],
    ) -> Self {
        let People { persons, interactions: events, posts, .. } = people;
        let none = Response::default();
        let needed = names.iter().any(|name| of_response(name, &none).is_some());
        let responses = posts.as_ref().filter(|_| needed).map(|posts| {
            let reactors = post_reactors(events, posts, rules, events_hours);
            responses(events, posts, rules, &reactors, trusted, [posts_hours, events_hours])
        });
        let engagement = engagement(events, persons, rules, trusted, events_hours);
        Self { engagement, responses }
    }

    /// Whether a measure follows from a person's own posts and the reactions to them alone.
    pub fn has(name: &str) -> bool {
        of_engagement(name, &Engagement::default())
            .or(of_response(name, &Response::default()))
            .is_some()
    }

    /// The value of a measure for a vertex; none if it follows from more than that.
    pub fn value(&self, name: &str, vertex: usize) -> Option<f64> {
        let drawn = self.responses.as_ref().map(|responses| &responses[vertex]);
        of_engagement(name, &self.engagement[vertex])
            .or(drawn.and_then(|own| of_response(name, own)))
    }
}
