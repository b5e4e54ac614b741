//! The level of topic scores: people change what they write about, so that who drew reactions on a topic draws part of the next ones
//! on others. How large that part is differs between networks.

use std::collections::BTreeMap;

use arrow::array::Float64Array;

use super::forms::{PRIOR_REACTORS, observed_part, rounded};
use crate::error::Result;
use crate::job::Job;
use crate::method::Method;
use crate::model::{People, Trust, VertexIndex};
use crate::phrases::Vocabulary;
use crate::pipeline::backtest::{Backtest, OutcomeWindow, outcome_kinds};
use crate::propagate::{TrustInputs, find_trust};
use crate::reduce::{InteractionRules, post_reactors};
use crate::score::measures::{MinAges, RecomputedMeasures};
use crate::topics::{TopicForecasts, TopicInputs, forecast_topics};

/// The logarithm of `(Σ observed + 20) / (Σ forecast + 20)` over the topic scores on each network of an origin, in the mean over
/// `origins`, in whole hours before the end of the data; at most 0, as no topic draws more than all. `observed_hours` after each origin
/// are observed. Networks without topic scores are left out.
///
/// # Errors
/// As [`Backtest::standings`].
pub(super) fn learn(
    mut backtest: Backtest,
    job: &Job,
    method: &Method,
    vocabulary: &Vocabulary,
    (origins, observed_hours): (&[u32], u32),
) -> Result<BTreeMap<String, f64>> {
    let rules = InteractionRules::of(method);
    let kinds = outcome_kinds(method);
    let mut sums: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for hours in origins {
        backtest.set_as_of(*hours, method);
        let people = backtest.people();
        let trust = find_trust(&TrustInputs {
            interactions: &people.interactions,
            persons: &people.persons,
            rules: &rules,
            standings: &backtest.standings(method, &job.trust.seeds)?,
            rule: &method.trust,
            window_hours: method.attention.window_hours,
        });
        let Some(found) = forecast(people, vocabulary, &trust, &rules, method) else { break };
        let window = OutcomeWindow {
            as_of_hours: *hours,
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
    Ok(sums.into_iter().map(level).collect())
}

fn forecast(
    people: &People,
    vocabulary: &Vocabulary,
    trust: &Trust,
    rules: &InteractionRules,
    method: &Method,
) -> Option<TopicForecasts> {
    let posts = people.posts.as_ref()?;
    let reactors = post_reactors(&people.interactions, posts, rules, 0);
    let terms = method.forecast.terms.iter();
    let names: Vec<&str> = terms.map(|term| &*term.measure).collect();
    let on_all = RecomputedMeasures::compute(people, rules, trust, MinAges::default(), &names);
    let vertices = (0..people.persons.vertices()).map(VertexIndex::new);
    let column = |name: &&str| -> Float64Array {
        vertices.clone().map(|vertex| on_all.value(name, vertex)).collect()
    };
    let values: Vec<Float64Array> = names.iter().map(column).collect();
    forecast_topics(&TopicInputs {
        people,
        vocabulary,
        post_reactors: Some(&reactors),
        trust,
        rules,
        method,
        values: Some(&values),
    })
}
