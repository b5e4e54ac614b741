//! A forecast fitted to outside judgements.
//!
//! A pair of people is a comparison that one of them won, `P(a over b) = σ(η_a − η_b)` with η the predictor of the
//! forecast (Bradley & Terry 1952, *Rank Analysis of Incomplete Block Designs*), as often as its weight says. Graded values are
//! taken as the pairs that they order. Measures of a person on several networks add up.
//!
//! η is the best single measure, lines over all measures, or smooth curves over those that matter: [`choice`] says which, by
//! people who took no part in the fit. All measures that may enter a forecast can be taken, those that are known at the snapshot
//! alone too: what people stand for over a lifetime is often told by plain totals, and not by what is recent.

mod best_single;
mod choice;
mod judged_pairs;
mod measured;
mod predictor;

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::held_out::is_held_out;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::job::Job;
use crate::method::{FitForm, FitRecord, Forecast, Method, Term};
use crate::model::{Labels, PersonIndex, Persons};
use crate::pipeline::backtest::{Backtest, History, read_history};
use crate::pipeline::run_id::data_sha256;
use crate::read::{self, Violations};
use crate::score::measures::{MeasureColumns, Wanted};
use best_single::best_single;
use choice::{Choice, choose};
use judged_pairs::JudgedPairs;
use measured::{Measured, values_of};
use predictor::{Fitting, Part, Predictor};
use renown_stats::quantiles::median;

/// Fewest judgements that can be fitted to.
const LEAST_PAIRS: usize = 50;

pub(super) async fn fit(
    engine: &Engine,
    job: &Job,
    day: NaiveDate,
    version: &str,
    truth: &str,
) -> Result<Method> {
    let History { people, known, .. } = read_history(engine, job, day, 0).await?;
    let found =
        read::label_sets(engine, job, &people.persons, &mut Violations::stop_at_first()).await?;
    let names: Vec<String> = found.sets.iter().map(|truth| truth.name.clone()).collect();
    let own = found.sets.into_iter().find(|own| own.name == truth).ok_or_else(|| {
        Error::bad_input(
            format!("input `ground_truth` has no truth `{truth}`"),
            format!("name one of: {}", names.join(", ")),
        )
        .in_table("ground_truth")
    })?;
    tokio::task::block_in_place(|| {
        let sha256 = data_sha256(&people);
        let mut backtest = Backtest::new(people, known);
        backtest.set_as_of(0, &job.method);
        let measures = backtest.measure(job, Wanted::all())?.measures;
        let persons = &backtest.people().persons;
        let judged = judged_pairs(persons, job, own.labels)?;
        let measured = Measured::of(judged, persons, &measures, job)?;
        let Choice { candidate, validation } = choose(&measured)?;
        let anchor = best_single(&measured);
        let fitting = Fitting { of: &measured, judged: &measured.judged, anchor };
        let predictor = fitting.candidate(candidate)?;
        let mut method = job.method.clone();
        method.forecast = forecast(persons, &measures, &method, &measured, &predictor)?;
        let record = FitRecord {
            job: job.name.clone(),
            snapshot: day.to_string(),
            data_sha256: sha256,
            renown_version: env!("CARGO_PKG_VERSION").to_owned(),
            target: truth.to_owned(),
            held_out: job.fit.held_out,
            origins_hours: vec![],
            rows: measured.judged.len() as u64,
            form: FitForm::Coefficients,
            strength: None,
            anchor: measured.measures[anchor].name.clone(),
            ridge: candidate.ridge,
            validation,
        };
        method.fitted_as(version, record)
    })
}

/// The judgements of people who are not held out.
fn judged_pairs(persons: &Persons, job: &Job, labels: Labels) -> Result<JudgedPairs> {
    let seen =
        |person: PersonIndex| !is_held_out(persons.ids.value(person.index()), job.fit.held_out);
    let judged = JudgedPairs::of(labels, seen, job.fit.rows as usize);
    if judged.len() < LEAST_PAIRS {
        return Err(Error::bad_input(
            format!(
                "the truth orders {} pairs of people who are scored; a fit needs {LEAST_PAIRS}",
                judged.len()
            ),
            "give more judgements of people who are in this snapshot",
        )
        .in_table("ground_truth"));
    }
    Ok(judged)
}

/// The forecast whose predictor is that of the pairs. Comparisons tell no level: it is set so that as many people are
/// expected by all together as reacted in the last 30 days, or one by each if none did.
fn forecast(
    persons: &Persons,
    measures: &MeasureColumns,
    method: &Method,
    measured: &Measured,
    predictor: &Predictor,
) -> Result<Forecast> {
    if predictor.parts.is_empty() {
        return Err(Error::bad_input(
            "no measure orders the pairs of the truth better than chance",
            "give inputs that say something of these people, or more judgements",
        )
        .in_table("ground_truth"));
    }
    let (mut terms, mut logarithms) = (Vec::new(), vec![0.0; persons.len()]);
    for Part { measure, slopes, standard_error } in &predictor.parts {
        let measure = &measured.measures[*measure];
        let mut values = values_of(&measure.name, persons, measures)?;
        let (coefficient, slopes) = match slopes[..] {
            [slope] => (slope, vec![]),
            _ => (0.0, slopes.clone()),
        };
        let mut term = Term {
            measure: measure.name.clone(),
            offset: measure.offset,
            coefficient,
            slopes,
            reference: 0.0,
            highest: None,
            standard_error: *standard_error,
        };
        logarithms.iter_mut().zip(&values).for_each(|(sum, value)| *sum += term.part(*value));
        values.sort_unstable_by(f64::total_cmp);
        term.reference = median(&values).unwrap_or(0.0);
        term.highest = values.last().copied();
        terms.push(term);
    }
    let expected = logarithms.iter().fold(0.0, |sum, logarithm| sum + libm::exp(*logarithm));
    let reacted = measures.values("credited_reactors_30d")?;
    let reacted = reacted.iter().flatten().fold(0.0, |sum, reactors| sum + reactors);
    let wanted = if reacted > 0.0 { reacted } else { persons.len() as f64 };
    Ok(Forecast {
        intercept: libm::log(wanted / expected),
        levels: BTreeMap::new(),
        topic_levels: BTreeMap::new(),
        terms,
        ..method.forecast.clone()
    })
}
