//! Fits to the people who reacted after origins in the past: what the data suffice for is learnt, and the rest comes along with
//! the standard method.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::choice::{self, Choice};
use super::fitted::Fitted;
use super::forms::{Data, Form, OFFSET, Shape, observed_part, rounded};
use super::origins::{Looking, Origin, Rows};
use super::{topic_levels, trust};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::job::Job;
use crate::method::{
    BUILT_IN, FitForm, FitRecord, Forecast, MAX_CLOCK_MINUTES, Method, ROLLING_ORIGIN, Term,
    Validation, counts_everybody, may_enter,
};
use crate::model::{People, covered_minutes};
use crate::pipeline::backtest::{Backtest, History, outcome_kinds, read_history};
use crate::pipeline::run_id::data_sha256;
use crate::reduce::history;
use crate::score::measures::RecomputedMeasures;
use renown_stats::additive::STRENGTHS;
use renown_stats::overdispersion::{Dispersion, fit_dispersion};
use renown_stats::quantiles::median;

/// Rows and reactors of which anything but the level is learnt.
const LEAST_ROWS: usize = 30;
const LEAST_OUTCOMES: f64 = 10.0;
/// A level is learnt from this part of a horizon of outcomes on: one in so many.
const LEAST_PART: u32 = 4;

/// Fits to the people who reacted after origins in the past.
pub(super) async fn fit(
    engine: &Engine,
    job: &Job,
    day: NaiveDate,
    version: &str,
) -> Result<Fitted> {
    let mut method = job.method.clone();
    if !job.fit.outcomes.is_empty() {
        method.forecast.outcomes.clone_from(&job.fit.outcomes);
    }
    let horizon = method.forecast.horizon_hours;
    let every = job.fit.every_hours.unwrap_or((horizon / 4).max(1));
    let back = horizon
        .saturating_add(every.saturating_mul(job.fit.origins - 1))
        .saturating_add(method.trust.tenure_hours);
    // What the data cover is found anew.
    let mut reading = job.clone();
    reading.method.forecast.covered_since.clear();
    let read = read_history(engine, &reading, day, back);
    let History { people, known, cutoff_us, vocabulary, .. } = read.await?;
    tokio::task::block_in_place(|| {
        let sha256 = data_sha256(&people);
        let networks = people.persons.networks.clone();
        let events =
            [&people.interactions, &people.earlier].map(|events| events.window(0, u32::MAX));
        let covered = covered_minutes(&people.persons, &events, |_| None);
        // A stray old event is no history.
        let reach = covered.iter().max().map_or(0, |minutes| minutes / 60);
        method.trust.networks = trust::networks_with_trust(&people, &method, &job.trust.seeds)?;
        method.forecast.covered_since = covered_since(&networks, &covered, cutoff_us);
        method.forecast.clock_minutes = clock_minutes(&people);
        let (origins, observed_hours) = found_origins(reach, &method, job.fit.origins, every);
        let mut record = FitRecord {
            job: job.name.clone(),
            snapshot: day.to_string(),
            data_sha256: sha256,
            renown_version: env!("CARGO_PKG_VERSION").to_owned(),
            target: ROLLING_ORIGIN.to_owned(),
            held_out: 0.0,
            origins_hours: origins.clone(),
            rows: 0,
            form: FitForm::Level,
            strength: None,
            anchor: String::new(),
            ridge: 0.0,
            validation: Validation::default(),
        };
        let default = Method::parse("the standard method", BUILT_IN)?.forecast;
        if origins.is_empty() {
            method.forecast = with_slopes_of(&default, &method.forecast);
            method.version = version.to_owned();
            (method.fitted, method.fit) = (false, None);
            method.check("the fitted method")?;
            return Ok(Fitted { method, tried: vec![], observed_hours: 0 });
        }
        let mut backtest = Backtest::new(people, known);
        let (rows, looked) = rows(&mut backtest, &origins, observed_hours, job, &method)?;
        // Without topics nothing of the people is looked at any more.
        let on_topics = backtest.people().posts.is_some() && !vocabulary.is_empty();
        let on_topics = on_topics.then_some(backtest);
        let is_curved = |name: &str| match job.fit.measures.is_empty() {
            true => history::number(name).is_some() && name.starts_with("credited_"),
            false => job.fit.takes(name),
        };
        let data = Data::of(&rows, origins.len(), networks.len(), &default, is_curved);
        let ready = |own: &u32| origins.iter().filter(|other| **other >= own + horizon).count();
        let ready: Vec<usize> = origins.iter().map(ready).collect();
        // Where trust decides who counts, a forecast over everybody could be bought: only if such measures are named.
        let is_open = method.trust.networks.is_empty() || !job.fit.measures.is_empty();
        let is_count = |name: &str| job.fit.takes(name) && (is_open || !counts_everybody(name));
        let learnt = learn(&data, &ready, (observed_hours, horizon), job.fit.select, is_count)?;
        record.rows = rows.len() as u64;
        if let Some(choice) = &learnt.choice {
            record.anchor = rows.names[choice.anchor].to_owned();
            record.validation = choice.validation.clone();
            let own = &mut record.validation;
            for number in [
                &mut own.log_score,
                &mut own.log_score_anchor,
                &mut own.concordance,
                &mut own.concordance_anchor,
                &mut own.agreement,
                &mut own.agreement_anchor,
                &mut own.observed_over_forecast,
                &mut own.calibration_slope,
                &mut own.coverage_90,
            ] {
                *number = rounded(*number);
            }
        }
        (record.form, record.strength) = match learnt.form {
            Form::Default => (FitForm::Level, None),
            Form::Curves(strength) => (FitForm::Curves, Some([strength.tau, strength.delta])),
            Form::Count(_) => (FitForm::Count, None),
        };
        // Of a network on which nobody was active at any origin nothing was learnt.
        let is_learnt = |name: &String| {
            let number = networks.iter().position(|network| network == name);
            number.is_some_and(|number| rows.network.contains(&(number as u32)))
        };
        method.forecast.covered_since.retain(|name, _| is_learnt(name));
        method.forecast = forecast(&rows, &networks, &learnt, &method.forecast);
        method.forecast.levels.retain(|name, _| is_learnt(name));
        method.forecast.topic_levels = match on_topics {
            Some(backtest) => {
                let last = &looked[choice::latest(looked.len())];
                topic_levels::learn(backtest, &method, &vocabulary, (last, observed_hours))
            }
            None => BTreeMap::new(),
        };
        Ok(Fitted {
            method: method.fitted_as(version, record)?,
            tried: learnt.choice.map_or_else(Vec::new, |choice| choice.tried),
            observed_hours,
        })
    })
}

/// What was learnt from the rows.
struct Learnt {
    form: Form,
    shape: Shape,
    dispersion: Dispersion,
    choice: Option<Choice>,
}

/// Chooses a form where the data suffice, and fits it with its level; single measures for which `is_count`.
fn learn(
    data: &Data<'_>,
    ready: &[usize],
    (observed_hours, horizon): (u32, u32),
    selects: bool,
    is_count: impl Fn(&str) -> bool,
) -> Result<Learnt> {
    let origins = ready.len();
    let is_whole = observed_hours == horizon;
    let outcomes = data.outcomes(0..origins);
    let suffices = outcomes.len() >= LEAST_ROWS
        && outcomes.iter().fold(0.0, |sum, own| sum + own) >= LEAST_OUTCOMES;
    let forms = Form::fitted().filter(|form| selects || *form != Form::Default);
    let forms: Vec<Form> = forms.collect();
    let choice = match is_whole && suffices {
        true => choice::choose(data, ready, &forms, selects, is_count)?,
        false => None,
    };
    // One horizon of outcomes is enough to fit to, and too little to choose by.
    let form = match &choice {
        Some(choice) => choice.form,
        None if is_whole && suffices => Form::Curves(STRENGTHS[0]),
        None => Form::Default,
    };
    let mut shape = data.fit(form, 0..origins)?;
    let mut form = form;
    if shape.is_flat() {
        // Nothing tells people apart here: the slopes that came along do elsewhere.
        (form, shape) = (Form::Default, data.fit(Form::Default, 0..origins)?);
    }
    let scale = 1.0 / observed_part(horizon, observed_hours);
    let last = choice::latest(origins);
    let shape = data.with_levels(&shape, last.clone(), scale);
    let dispersion = match &choice {
        Some(choice) => choice.dispersion,
        None => {
            let rows = data.ranges[last.start].start..data.ranges[last.end - 1].end;
            let means: Vec<f64> =
                data.forecast(&shape, rows.clone()).into_iter().map(|mean| mean / scale).collect();
            fit_dispersion(&means, &data.rows.trusted[rows])
        }
    };
    Ok(Learnt { form, shape, dispersion, choice })
}

/// The forecast that was learnt, with everything else as in `base`.
fn forecast(rows: &Rows, networks: &[String], learnt: &Learnt, base: &Forecast) -> Forecast {
    let levels = &learnt.shape.levels;
    let intercept = levels.iter().fold(0.0, |sum, level| sum + level) / levels.len() as f64;
    let of_networks = networks.iter().zip(levels);
    let of_networks = of_networks.map(|(name, level)| (name.clone(), rounded(level - intercept)));
    let terms = learnt.shape.slopes.iter().map(|(k, slopes)| {
        let slopes: Vec<f64> = slopes.iter().copied().map(rounded).collect();
        let (coefficient, slopes) = match slopes.as_slice() {
            [line] => (*line, vec![]),
            _ => (0.0, slopes),
        };
        Term {
            measure: rows.names[*k].to_owned(),
            offset: OFFSET,
            coefficient,
            slopes,
            reference: rounded(reference(rows, *k)),
            highest: rows.values[*k].iter().copied().reduce(f64::max).map(rounded),
            standard_error: None,
        }
    });
    Forecast {
        intercept: rounded(intercept),
        overdispersion: rounded(learnt.dispersion.overdispersion),
        overdispersion_power: rounded(learnt.dispersion.power),
        levels: if networks.len() > 1 { of_networks.collect() } else { BTreeMap::new() },
        terms: terms.filter(|term| !term.is_flat()).collect(),
        ..base.clone()
    }
}

/// The forecast `base` with the slopes and the level of `default`.
fn with_slopes_of(default: &Forecast, base: &Forecast) -> Forecast {
    Forecast {
        intercept: default.intercept,
        overdispersion: default.overdispersion,
        overdispersion_power: default.overdispersion_power,
        levels: BTreeMap::new(),
        topic_levels: BTreeMap::new(),
        terms: default.terms.clone(),
        ..base.clone()
    }
}

/// First instant that the data of each network cover.
fn covered_since(
    networks: &[String],
    covered_minutes: &[u32],
    cutoff_us: i64,
) -> BTreeMap<String, DateTime<Utc>> {
    let since =
        |minutes: u32| DateTime::from_timestamp_micros(cutoff_us - i64::from(minutes) * 60_000_000);
    let all = networks.iter().zip(covered_minutes);
    all.filter_map(|(name, minutes)| Some((name.clone(), since(*minutes)?))).collect()
}

/// The largest step of which all times between events are multiples, in minutes.
fn clock_minutes(people: &People) -> u32 {
    let mut events = people.interactions.all().iter().chain(people.earlier.all());
    let Some(first) = events.next().map(|event| event.age_minutes) else { return 1 };
    let common = |mut one: u32, mut other: u32| {
        while other != 0 {
            (one, other) = (other, one % other);
        }
        one
    };
    let step = events.fold(0, |step, event| common(step, event.age_minutes.abs_diff(first)));
    step.clamp(1, MAX_CLOCK_MINUTES)
}

/// The origins that the data suffice for, in whole hours before their end, the oldest first, and how many hours are observed
/// after each: a horizon, or with shorter data from one origin what there is, if it is a quarter of that.
fn found_origins(reach: u32, method: &Method, most: u32, every: u32) -> (Vec<u32>, u32) {
    let horizon = method.forecast.horizon_hours;
    let origins = (0..most).rev().map(|index| horizon + index * every);
    let before = method.hours_before_origin();
    let origins: Vec<u32> = origins.filter(|origin| origin + before <= reach).collect();
    if !origins.is_empty() {
        return (origins, horizon);
    }
    // Before the origin there must be as long a time as after it.
    let observed = (reach / 2).min(reach.saturating_sub(before - horizon)).min(horizon);
    match observed >= horizon.div_ceil(LEAST_PART) {
        true => (vec![observed], observed),
        false => (vec![], 0),
    }
}

fn rows(
    backtest: &mut Backtest,
    origins: &[u32],
    observed_hours: u32,
    job: &Job,
    method: &Method,
) -> Result<(Rows, Vec<Origin>)> {
    let names: Vec<&'static str> =
        may_enter()?.into_iter().filter(|name| RecomputedMeasures::includes(name)).collect();
    if !names.iter().any(|name| job.fit.takes(name)) {
        return Err(Error::bad_job(
            "`fit.measures` names none that is known at an instant in the past",
            "name measures of interactions or posts; what accounts state is of the snapshot alone",
        ));
    }
    let looking = Looking {
        method,
        seeds: &job.trust.seeds,
        names: &names,
        outcomes: &outcome_kinds(method),
        observed_hours,
        most: job.fit.rows,
    };
    let (rows, looked) = Rows::at(backtest, origins, &looking)?;
    if rows.len() == 0 {
        return Err(Error::bad_input(
            format!("at none of {} origins anybody had drawn a reaction", origins.len()),
            "give more data, or a method with a longer `attention.window_hours`",
        )
        .in_table("interactions"));
    }
    Ok((rows, looked))
}

/// The median of a measure among active people.
fn reference(rows: &Rows, k: usize) -> f64 {
    let mut values = rows.values[k].clone();
    values.sort_unstable_by(f64::total_cmp);
    median(&values).unwrap_or(0.0)
}
