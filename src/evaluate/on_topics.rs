//! Topic scores at backtest dates against the people who were observed to react on the topic after them.
//!
//! What is compared are (person, topic) pairs. A person with many topics is drawn with all of them, and so counts as one.

use rayon::prelude::*;

use super::comparison::{Comparison, compare};
use super::evaluation_set::{EvaluationSet, ForecastEvaluation, RankedValues, Target};
use super::metric_row::{EVERYONE, FORECAST, MetricRow, ON_TOPICS, TOPIC_SCORES};
use super::notes;
use super::predictor::{Predictor, PredictorKind, RANDOM, TOPIC_SCORE};
use super::validity::Evaluated;
use crate::job::{Job, Validate};
use crate::method::profile::STANDARD;
use crate::model::PersonIndex;
use crate::pipeline::backtest::{Backtest, OutcomeWindow};
use crate::pipeline::sample::mix32;
use crate::topics::{TOPIC_COUNTS, TopicForecast, TopicForecasts};

/// Fewest pairs at a backtest date that are compared.
const MIN_PAIRS: usize = 30;
/// The same in a band of the forecast.
const MIN_PAIRS_IN_BAND: usize = 100;
/// Bands: forecasts of at least so many people.
const BANDS: [u32; 3] = [1, 5, 10];

/// Whether the topic scores of a job are forecasts of people who react.
pub(super) fn has_topic_forecast(job: &Job) -> bool {
    let mut profiles = job.profiles.iter();
    profiles.any(|own| own.name == STANDARD && !own.fitted_to_labels && !own.structural)
}

/// The topic score under each of the `jobs`, simple counts on the topic, and chance.
pub(super) fn list_topic_predictors(jobs: &[Job]) -> Vec<Predictor> {
    let predictor = |name: &str, method: usize, kind| Predictor {
        name: name.to_owned(),
        method,
        version: jobs[method].method.version.clone(),
        kind,
    };
    let scores = (0..jobs.len()).map(|method| predictor(TOPIC_SCORE, method, PredictorKind::Score));
    let counts = TOPIC_COUNTS.map(|name| predictor(name, 0, PredictorKind::Count));
    scores.chain(counts).chain([predictor(RANDOM, 0, PredictorKind::Chance)]).collect()
}

/// A (person, topic) pair with its forecast under each method.
type Pair<'a> = Vec<&'a TopicForecast>;

/// The pairs that have a topic score under every method at a backtest date, with what was observed in the `window` after it. None
/// without topics. Memory: some 200 bytes a pair.
pub(super) fn compare_pairs(
    backtest: &Backtest,
    window: &OutcomeWindow<'_>,
    methods: &[Option<TopicForecasts>],
) -> Option<EvaluationSet> {
    let methods: Vec<&TopicForecasts> =
        methods.iter().map(Option::as_ref).collect::<Option<_>>()?;
    let pairs = pairs_of_all(&methods)?;
    let observed = observe(backtest, window, methods[0], &pairs);
    let of_method = |method: usize, value: fn(&TopicForecast) -> f64| -> Vec<f64> {
        pairs.iter().map(|pair| value(pair[method])).collect()
    };
    // Topics are numbered in order of id, and a person has other numbers on each.
    let draw = |index: usize| {
        let score = &pairs[index][0].score;
        mix32(mix32(score.person.into()) ^ score.topic.wrapping_add(1))
    };
    let (mut values, mut forecasts) = (vec![], vec![]);
    for method in 0..methods.len() {
        let expected = of_method(method, |own| own.score.expected_reactors);
        let overdispersion = of_method(method, |own| own.overdispersion);
        let evaluated = ForecastEvaluation::of(&expected, overdispersion, &observed, draw);
        forecasts.push(Some(evaluated));
        values.push(expected);
    }
    for count in 0..TOPIC_COUNTS.len() {
        values.push(pairs.iter().map(|pair| pair[0].counts[count]).collect());
    }
    let chance = |index| f64::from(mix32(draw(index)));
    values.push((0..pairs.len()).map(chance).collect());
    forecasts.resize_with(values.len(), || None);
    Some(EvaluationSet {
        persons: pairs.iter().map(|pair| pair[0].score.person).collect(),
        predictions: values.into_par_iter().map(RankedValues::new).collect(),
        forecasts,
        target: Target::Observed(RankedValues::new(observed)),
    })
}

/// The pairs that every method scores, in the order of the first; none without a method.
fn pairs_of_all<'a>(methods: &[&'a TopicForecasts]) -> Option<Vec<Pair<'a>>> {
    let (first, others) = methods.split_first()?;
    // Methods with other windows number topics differently.
    let numbers = |other: &TopicForecasts| -> Vec<Option<u32>> {
        let ids = first.catalogue.entries().iter();
        ids.map(|entry| other.catalogue.number(&entry.id)).collect()
    };
    let numbers: Vec<Vec<Option<u32>>> = others.iter().map(|other| numbers(other)).collect();
    let in_all = |own: &'a TopicForecast| {
        let mut pair = vec![own];
        for (other, numbers) in others.iter().zip(&numbers) {
            let key = (own.score.person, numbers[own.score.topic as usize]?);
            let of = |own: &TopicForecast| (own.score.person, own.score.topic);
            let at = other.forecasts.binary_search_by_key(&key, of).ok()?;
            pair.push(&other.forecasts[at]);
        }
        Some(pair)
    };
    Some(first.forecasts.iter().filter_map(in_all).collect())
}

/// How many trusted people reacted on the topic of each of the `pairs`. Length: pairs.
fn observe(
    backtest: &Backtest,
    window: &OutcomeWindow<'_>,
    first: &TopicForecasts,
    pairs: &[Pair<'_>],
) -> Vec<f64> {
    let vertices = backtest.people().persons.vertices_by_person();
    let person = |pair: &Pair<'_>| -> PersonIndex { pair[0].score.person };
    let of_persons: Vec<&[Pair<'_>]> =
        pairs.chunk_by(|one, other| person(one) == person(other)).collect();
    let observe = |of_person: &&[Pair<'_>]| {
        let topics: Vec<u32> = of_person.iter().map(|pair| pair[0].score.topic).collect();
        let mut sums = vec![0.0; topics.len()];
        for vertex in vertices.of(person(&of_person[0]).index()) {
            let observed = backtest.observed_on_topics(*vertex, window, &topics, &first.of_posts);
            sums.iter_mut().zip(observed).for_each(|(sum, observed)| *sum += observed);
        }
        sums
    };
    of_persons.par_iter().flat_map_iter(observe).collect()
}

/// The metrics of pairs at all backtest dates with enough of them, and by how many people are forecast.
pub(super) fn evaluate_pairs(
    sets: Vec<EvaluationSet>,
    predictors: &[Predictor],
    settings: &Validate,
) -> Evaluated {
    let mut evaluated = Evaluated::default();
    let mut add = |group_by, group_value: &str, min_pairs, mut sets: Vec<EvaluationSet>| {
        sets.retain(|set| set.persons.len() >= min_pairs);
        if sets.is_empty() {
            return false;
        }
        let of = Comparison { target: ON_TOPICS, population: TOPIC_SCORES, group_by, group_value };
        let number = count_pairs(&of, &sets, &predictors[0]);
        evaluated.rows.extend(compare(&of, predictors, &mut sets, settings));
        evaluated.rows.push(number);
        true
    };
    let mut few = vec![];
    for least in BANDS {
        let in_band = |set: &EvaluationSet| {
            let expected = &set.predictions[0].values;
            let indices = (0..).zip(expected).filter(|(_, own)| **own >= f64::from(least));
            set.subset(&indices.map(|(index, _)| index).collect::<Vec<u32>>())
        };
        let of_band = sets.iter().map(in_band).collect();
        if !add(FORECAST, &format!("{least} and more"), MIN_PAIRS_IN_BAND, of_band) {
            few.push(least);
        }
    }
    let is_any = add(EVERYONE, "", MIN_PAIRS, sets);
    evaluated.notes.extend(match (is_any, few.first()) {
        (false, _) => Some(notes::few_pairs(MIN_PAIRS)),
        (true, Some(least)) => Some(notes::few_pairs_forecast(*least, MIN_PAIRS_IN_BAND)),
        (true, None) => None,
    });
    evaluated
}

/// A row of how many pairs were compared.
fn count_pairs(of: &Comparison<'_>, sets: &[EvaluationSet], score: &Predictor) -> MetricRow {
    let pairs: usize = sets.iter().map(|set| set.persons.len()).sum();
    MetricRow {
        target: of.target.to_owned(),
        population: of.population.to_owned(),
        group_by: of.group_by.to_owned(),
        group_value: of.group_value.to_owned(),
        predictor: score.name.clone(),
        method_version: score.version.clone(),
        metric: "pairs".to_owned(),
        value: pairs as f64 / sets.len() as f64,
        interval: None,
        difference: None,
        from_first: None,
        people: sets.iter().map(EvaluationSet::people).max().unwrap_or(0) as u64,
        backtests: sets.len() as u64,
        is_baseline: false,
    }
}
