//! The level of topic scores: people change what they write about, so that who drew reactions on a topic draws part of the next ones
//! on others. How large that part is differs between networks.

use std::collections::BTreeMap;

use arrow::array::Float64Array;
use rayon::prelude::*;

use super::forms::{PRIOR_REACTORS, observed_part, rounded};
use super::origins::Origin;
use crate::method::Method;
use crate::model::{People, VertexIndex};
use crate::phrases::Vocabulary;
use crate::pipeline::backtest::{Backtest, OutcomeWindow, outcome_kinds};
use crate::propagate::{TrustInputs, find_trust};
use crate::reduce::{InteractionRules, post_reactors_of};
use crate::score::measures::SampledInputs;
use crate::topics::{TopicForecasts, TopicInputs, forecast_topics};

/// The logarithm of `(Σ observed + 20) / (Σ forecast + 20)` over the topic scores on each network of an origin, in the mean over
/// `origins`, of the people whom these were looked at with; at most 0, as no topic draws more than all. `observed_hours` after each
/// origin are observed. Networks without topic scores are left out.
pub(super) fn learn(
    mut backtest: Backtest,
    method: &Method,
    vocabulary: &Vocabulary,
    (origins, observed_hours): (&[Origin], u32),
) -> BTreeMap<String, f64> {
    let rules = InteractionRules::of(method);
    let kinds = outcome_kinds(method);
    let mut sums: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for origin in origins {
        let hours = origin.hours;
        let authors = authors(backtest.people(), origin);
        backtest.set_as_of_some(hours, method, &authors);
        let people = backtest.people();
        let trust = find_trust(&TrustInputs {
            window: backtest.window(hours, method.attention.window_hours),
            persons: &people.persons,
            rules: &rules,
            standings: &origin.standings,
            rule: &method.trust,
        });
        let inputs = SampledInputs {
            vertices: &authors,
            people,
            window: backtest.window(hours, method.window_hours()),
            history: backtest.window(hours, method.forecast.history_hours),
            rules: &rules,
            trust: &trust,
        };
        let Some(found) = forecast(&inputs, vocabulary, method) else { break };
        let window = OutcomeWindow {
            as_of_hours: hours,
            horizon_hours: observed_hours,
            kinds: &kinds,
            trust: &trust,
        };
        for own in &found.forecasts {
            for (vertex, expected) in &own.of_vertices {
                let topics = [own.score.topic];
                let [observed, forecast] = [
                    backtest.observed_on_topics(*vertex, &window, &topics, &found.of_posts)[0],
                    *expected,
                ];
                let name = people.persons.network_name(*vertex);
                let sums = sums.entry(name.to_owned()).or_default();
                *sums = (sums.0 + observed, sums.1 + forecast);
            }
        }
    }
    let part = observed_part(method.forecast.horizon_hours, observed_hours);
    let count = origins.len() as f64;
    let level = |(name, (observed, forecast)): (String, (f64, f64))| {
        let observed = observed / (part * count) + PRIOR_REACTORS;
        let level = libm::log(observed / (forecast / count + PRIOR_REACTORS));
        (name, rounded(level.min(0.0)))
    };
    sums.into_iter().map(level).collect()
}

/// The vertices that published a post and that an origin is looked at with, ascending: no others have topic scores there.
fn authors(people: &People, origin: &Origin) -> Vec<VertexIndex> {
    let authors = people.posts.iter().flat_map(|posts| &posts.authors).copied();
    let taken = authors.filter(|author| origin.takes(&people.persons, *author));
    let mut authors: Vec<VertexIndex> = taken.collect();
    authors.par_sort_unstable();
    authors.dedup();
    authors
}

/// The topic scores of those vertices.
fn forecast(
    inputs: &SampledInputs<'_>,
    vocabulary: &Vocabulary,
    method: &Method,
) -> Option<TopicForecasts> {
    let SampledInputs { people, rules, trust, window, .. } = *inputs;
    let posts = people.posts.as_ref()?;
    let mut is_author = vec![false; people.persons.vertices()];
    inputs.vertices.iter().for_each(|author| is_author[author.index()] = true);
    let reactors = post_reactors_of(window, posts, rules, &is_author);
    let terms = method.forecast.terms.iter();
    let names: Vec<&str> = terms.map(|term| &*term.measure).collect();
    let column = |of_authors: Vec<f64>| -> Float64Array {
        let mut of_all = vec![0.0; people.persons.vertices()];
        let authors = inputs.vertices.iter().zip(of_authors);
        authors.for_each(|(vertex, value)| of_all[vertex.index()] = value);
        of_all.into()
    };
    let values: Vec<Float64Array> = inputs.measure(&names).into_iter().map(column).collect();
    let topic_inputs = TopicInputs {
        people,
        vocabulary,
        post_reactors: Some(&reactors),
        trust,
        rules,
        method,
        values: Some(&values),
    };
    forecast_topics(&topic_inputs, inputs.last_acts())
}
