//! A method from data: the coefficients of its forecast, fitted to the people who reacted after origins in the past, or to
//! labels from outside.

mod held_out;
mod labels;
mod origins;
mod select;
mod trust;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::NaiveDate;

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::job::{Job, no_snapshot};
use crate::method::{FitRecord, Forecast, Method, ROLLING_ORIGIN, Term, may_enter};
use crate::model::People;
use crate::pipeline::backtest::{Backtest, History, Known, outcome_kinds, read_history};
use crate::pipeline::run_id::data_sha256;
use crate::score::measures::RecomputedMeasures;
pub use held_out::is_held_out;
use origins::{Looking, Rows};
use renown_stats::quantiles::median;
use select::Data;
pub use select::TriedForecast;

/// What a fitted forecast is valid for.
pub(crate) const FIT_CAVEAT: &str =
    "It is a forecast of such data and of no other; fit again when they change";

/// Fewest reactors after all origins that can be fitted to.
const LEAST_OUTCOMES: f64 = 100.0;

/// A fitted method, and the forecasts that were tried.
#[derive(Debug)]
pub struct Fitted {
    /// The method.
    pub method: Method,
    /// The forecasts that were tried, the best single measure first; empty for a fit to labels.
    pub tried: Vec<TriedForecast>,
    /// Hours of interactions before the first origin, where they are clearly fewer than measures look back.
    pub short_hours: Option<u32>,
}

/// Fits the forecast of the job's method to its data: to the people who reacted after origins in the past, or to a label set
/// of `ground_truth`. The fitted method is called `version`.
///
/// # Errors
/// [`crate::error::Kind::Usage`] if no snapshot is named; [`crate::error::Kind::BadInput`] if the data do not suffice, and as a run.
pub async fn fit_method(
    engine: &Engine,
    job: &Job,
    version: &str,
    label_set: Option<&str>,
) -> Result<Fitted> {
    let day = job.snapshot.ok_or_else(no_snapshot)?;
    match label_set {
        Some(label_set) => {
            let method = labels::fit(engine, job, day, version, label_set).await?;
            Ok(Fitted { method, tried: vec![], short_hours: None })
        }
        None => fit_forecast(engine, job, day, version).await,
    }
}

/// Fits to the people who reacted after origins in the past.
async fn fit_forecast(engine: &Engine, job: &Job, day: NaiveDate, version: &str) -> Result<Fitted> {
    let mut method = job.method.clone();
    if !job.fit.outcomes.is_empty() {
        method.forecast.outcomes.clone_from(&job.fit.outcomes);
    }
    let horizon = method.forecast.horizon_hours;
    let every = job.fit.every_hours.unwrap_or((horizon / 4).max(1));
    let back = horizon
        .saturating_add(every.saturating_mul(job.fit.origins - 1))
        .saturating_add(method.trust.tenure_hours);
    let History { people, known, .. } = read_history(engine, job, day, back).await?;
    tokio::task::block_in_place(|| {
        let sha256 = data_sha256(&people);
        let networks = people.persons.networks.clone();
        let reach = people.history_hours();
        method.trust.networks = trust::networks_with_trust(&people, &method, &job.trust.seeds)?;
        let origins = found_origins(reach, &method, job.fit.origins, every)?;
        let history = reach - origins[0];
        let rows = rows(people, known, &origins, job, &method)?;
        let ready = |own: &u32| origins.iter().filter(|other| **other >= own + horizon).count();
        let ready: Vec<usize> = origins.iter().map(ready).collect();
        let data = Data::of(&rows, &ready, networks.len())?;
        let choice = data.choose(&ready, job.fit.select)?;
        let whole = 0..origins.len();
        let fitted = data.fit(&choice.candidate, whole.clone())?;
        let errors = data.errors(&choice.candidate, whole, &fitted.fit)?;
        let columns = choice.candidate.measures.iter().zip(&fitted.fit.coefficients).zip(errors);
        let kept = columns.filter(|((_, slope), _)| **slope > 0.0);
        let terms = kept.map(|((k, slope), error)| Term {
            measure: rows.names[*k].to_owned(),
            offset: data.offset,
            coefficient: *slope,
            reference: reference(&rows, *k),
            highest: rows.values[*k].iter().copied().reduce(f64::max),
            standard_error: error,
        });
        let intercept =
            fitted.levels.iter().fold(0.0, |sum, level| sum + level) / networks.len() as f64;
        let levels = networks.iter().zip(&fitted.levels).map(|(n, l)| (n.clone(), l - intercept));
        method.forecast = Forecast {
            intercept,
            overdispersion: fitted.dispersion.overdispersion,
            overdispersion_power: fitted.dispersion.power,
            levels: if networks.len() > 1 { levels.collect() } else { BTreeMap::new() },
            terms: terms.collect(),
            ..method.forecast.clone()
        };
        let record = FitRecord {
            job: job.name.clone(),
            snapshot: day.to_string(),
            data_sha256: sha256,
            renown_version: env!("CARGO_PKG_VERSION").to_owned(),
            target: ROLLING_ORIGIN.to_owned(),
            held_out: 0.0,
            origins_hours: origins,
            rows: rows.len() as u64,
            anchor: choice.tried[0].measures[0].to_owned(),
            ridge: choice.candidate.ridge,
            validation: choice.validation,
        };
        Ok(Fitted {
            short_hours: (history / 9 < method.window_hours() / 10).then_some(history),
            method: method.fitted_as(version, record)?,
            tried: choice.tried,
        })
    })
}

/// The origins that the data suffice for, in whole hours before their end, the oldest first; one at least.
fn found_origins(reach: u32, method: &Method, most: u32, every: u32) -> Result<Vec<u32>> {
    let horizon = method.forecast.horizon_hours;
    let origins = (0..most).rev().map(|index| horizon + index * every);
    // Before an origin there must be as long a time as after it.
    let before = method.hours_before_origin();
    let origins: Vec<u32> = origins.filter(|origin| origin + before <= reach).collect();
    let enough = match (origins.first(), origins.last()) {
        (Some(oldest), Some(latest)) => *oldest >= latest + horizon,
        _ => false,
    };
    if !enough {
        return Err(Error::bad_input(
            format!(
                "interactions reach back {reach} hours from the end of the snapshot; a fit looks {horizon} hours ahead \
                 from several origins and needs {} hours, in {most} origins of every {every} hours",
                before + 2 * horizon
            ),
            "give a longer time, a method with a shorter `forecast.horizon_hours` or `trust.tenure_hours`, or more `fit.origins`",
        )
        .in_table("interactions"));
    }
    Ok(origins)
}

fn rows(people: People, known: Known, origins: &[u32], job: &Job, method: &Method) -> Result<Rows> {
    let names: Vec<&'static str> = may_enter()?
        .into_iter()
        .filter(|name| RecomputedMeasures::includes(name) && job.fit.takes(name))
        .collect();
    let looking = Looking {
        method,
        seeds: &job.trust.seeds,
        names: &names,
        outcomes: &outcome_kinds(method),
        most: job.fit.rows,
    };
    if names.is_empty() {
        return Err(Error::bad_job(
            "`fit.measures` names none that is known at an instant in the past",
            "name measures of interactions or posts; what accounts state is of the snapshot alone",
        ));
    }
    let rows = Rows::at(Backtest::new(people, known), origins, &looking)?;
    let outcomes = rows.trusted.iter().fold(0.0, |sum, own| sum + own);
    if outcomes < LEAST_OUTCOMES {
        return Err(Error::bad_input(
            format!(
                "within {} hours after {} origins {outcomes} trusted people reacted to anybody; a fit needs \
                 {LEAST_OUTCOMES}",
                method.forecast.horizon_hours,
                origins.len()
            ),
            "give more data, or a method that trusts more people or looks further ahead",
        )
        .in_table("interactions"));
    }
    Ok(rows)
}

/// The median of a measure among active people.
fn reference(rows: &Rows, k: usize) -> f64 {
    let active = rows.values[k].iter().zip(&rows.active).filter(|(_, active)| **active);
    let mut values: Vec<f64> = active.map(|(value, _)| *value).collect();
    values.sort_unstable_by(f64::total_cmp);
    median(&values).unwrap_or(0.0)
}

/// The method as a file for people to read.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if it cannot be written as TOML.
pub fn method_file(method: &Method) -> Result<String> {
    let text = toml::to_string(method).map_err(Error::internal)?;
    let mut file = String::new();
    if let Some(record) = &method.fit {
        let to = match record.target.as_str() {
            ROLLING_ORIGIN => format!(
                "reactors within {} hours after {} origins",
                method.forecast.horizon_hours,
                record.origins_hours.len()
            ),
            truth => format!("the truth `{truth}`"),
        };
        let _ = writeln!(
            file,
            "# Fitted by Renown to {to} of job `{}` up to {}: {} rows.\n# {FIT_CAVEAT}. A forecast is not a cause.",
            record.job, record.snapshot, record.rows
        );
    }
    Ok(file + &text)
}
