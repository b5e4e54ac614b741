//! The forecast of people who react, as a method declares it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::renamed;
use crate::schema::{self, CUSTOM_MEASURE, Direction};
use crate::suggest::did_you_mean;
use renown_stats::additive::{KNOTS, effect};

/// ln(expected reactors) = `intercept` + level of the network + Σ f(z) over the terms, z = ln(1 + measure / `offset`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Forecast {
    /// Hours ahead that the forecast covers.
    pub horizon_hours: u32,
    /// Hours of the past that its measures look back, one horizon at least and up to ten years: each origin sees these hours before it and nothing else.
    #[serde(default = "year")]
    pub history_hours: u32,
    /// The smallest common step of the times of events, in minutes: no half-life and no day of the measures of history is shorter.
    #[serde(default = "minute")]
    pub clock_minutes: u32,
    /// First instant that the data of a network cover, by name, as `"2018-03-12T17:00:00Z"`; before the end of the snapshot. Without one it is the time after which
    /// lie 99.9 % of the events that were read.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub covered_since: BTreeMap<String, DateTime<Utc>>,
    /// Natural logarithm of the forecast for a person whose measures are all 0.
    pub intercept: f64,
    /// α of the negative binomial distribution of observed reactors around the forecast μ, with the variance
    /// μ + α·μ^`overdispersion_power`; 0 or more. The interval of each score follows from it.
    #[serde(default = "one")]
    pub overdispersion: f64,
    /// 1 to 2: with 2 the interval widens in proportion to the forecast, with 1 to its root.
    #[serde(default = "two")]
    pub overdispersion_power: f64,
    /// Kinds of interaction to forecast. Default: all reactions.
    #[serde(default)]
    pub outcomes: Vec<String>,
    /// Difference of the logarithm on each network, by name; 0 on others.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub levels: BTreeMap<String, f64>,
    /// Difference of the logarithm of a topic score on each network, by name, 0 or less; 0 on others: who drew reactions on a topic draws
    /// part of the next ones on others.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub topic_levels: BTreeMap<String, f64>,
    /// The measures of the forecast.
    pub terms: Vec<Term>,
}

fn year() -> u32 {
    365 * 24
}

fn minute() -> u32 {
    1
}

fn one() -> f64 {
    1.0
}

fn two() -> f64 {
    2.0
}

/// The longest step of a clock: four weeks.
pub const MAX_CLOCK_MINUTES: u32 = 28 * 24 * 60;
/// The largest slope of a curve; fits to labels over measures of little range have steep ones.
const MAX_SLOPE: f64 = 100.0;

/// One measure in the forecast, with f(z) = `coefficient` · z, or the curve with these `slopes`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// A column of `measures` that may enter the forecast, or a custom `measure_*`.
    pub measure: String,
    /// Scale of the logarithm, in the measure's unit; more than 0.
    pub offset: f64,
    /// Slope of a line: 0 or more, for a `measure_*` any number.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub coefficient: f64,
    /// In its place the slopes of a curve between z = 0, 0.7, 1.6, 2.4, 3.4, 4.6, 6.2 and on, each 0 or more; the last one goes
    /// on for ever.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slopes: Vec<f64>,
    /// Value of the reference person, with whom explanations compare; 0 or more.
    #[serde(default)]
    pub reference: f64,
    /// Largest value in the data to which the coefficients were fitted; scores with a larger one are flagged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub highest: Option<f64>,
    /// Standard error of the coefficient, where it was fitted and is not 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard_error: Option<f64>,
}

fn is_zero(coefficient: &f64) -> bool {
    *coefficient == 0.0
}

impl Term {
    /// z = ln(1 + x / offset), for x of 0 or more.
    pub fn transformed(&self, value: f64) -> f64 {
        libm::log1p(value / self.offset)
    }

    /// What a value adds to the logarithm of the forecast; a value below 0 counts as 0. A larger value of a curve never adds less.
    pub fn part(&self, value: f64) -> f64 {
        effect(self.curve(), self.transformed(value.max(0.0)))
    }

    /// The slopes: one of a line, or those of a curve.
    pub fn curve(&self) -> &[f64] {
        match self.slopes.as_slice() {
            [] => std::slice::from_ref(&self.coefficient),
            slopes => slopes,
        }
    }

    /// Whether no value moves the forecast.
    pub fn is_flat(&self) -> bool {
        self.curve().iter().all(|slope| *slope == 0.0)
    }

    /// Whether it counts people, or what they did, by whatever credit they have: where trust decides who counts, such counts
    /// are for sale.
    pub fn counts_everybody(&self) -> bool {
        !self.measure.starts_with(CUSTOM_MEASURE) && counts_everybody(&self.measure)
    }

    /// Multiplies all slopes.
    pub(crate) fn scale(&mut self, factor: f64) {
        self.coefficient *= factor;
        self.slopes.iter_mut().for_each(|slope| *slope *= factor);
    }

    /// Mean size of the slopes.
    pub(crate) fn steepness(&self) -> f64 {
        let curve = self.curve();
        curve.iter().fold(0.0, |sum, slope| sum + slope.abs()) / curve.len() as f64
    }
}

impl Forecast {
    /// Minutes from the first instant that the data of a network cover to `cutoff_us`, if the method knows it.
    pub fn covered_minutes(&self, network: &str, cutoff_us: i64) -> Option<u32> {
        let since = self.covered_since.get(network)?;
        let minutes = cutoff_us.saturating_sub(since.timestamp_micros()).max(0) / 60_000_000;
        Some(u32::try_from(minutes).unwrap_or(u32::MAX))
    }

    /// How the people react who are forecast: nothing if in any way, else ` by ` and the kinds.
    pub fn reacting_by(&self) -> String {
        match self.outcomes.split_last() {
            None => String::new(),
            Some((last, [])) => format!(" by {last}"),
            Some((last, others)) => format!(" by {} or {last}", others.join(", ")),
        }
    }

    /// The measures of the forecast that count people of any credit.
    pub fn counting_everybody(&self) -> Vec<&str> {
        let terms = self.terms.iter().filter(|term| !term.is_flat() && term.counts_everybody());
        terms.map(|term| term.measure.as_str()).collect()
    }

    /// Refuses an instant that the data cover from on, if it is not before their end; `version` is the method's.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadJob`] for such an instant.
    pub(crate) fn refuse_covered_later(&self, version: &str, cutoff_us: i64) -> Result<()> {
        let later = self.covered_since.iter().find(|(_, at)| at.timestamp_micros() >= cutoff_us);
        let Some((network, at)) = later else { return Ok(()) };
        let since = at.format("%Y-%m-%dT%H:%M:%SZ");
        Err(Error::bad_job(
            format!(
                "method `{version}`: `forecast.covered_since` of `{network}` is {since}, not before the end of the snapshot"
            ),
            "give the first instant that the data cover, or leave the network out of `forecast.covered_since`; of an earlier snapshot \
             use a method that was fitted to data up to it",
        ))
    }

    /// Logarithm of the forecast on a network for a person whose measures are all 0.
    pub fn level(&self, network: &str) -> f64 {
        self.intercept + self.levels.get(network).copied().unwrap_or(0.0)
    }

    /// The same on a topic.
    pub fn level_on_topics(&self, network: &str) -> f64 {
        self.level(network) + self.topic_levels.get(network).copied().unwrap_or(0.0)
    }

    /// The forecast for the `values` of the terms, in their order, given the level of the network.
    pub fn expected(&self, level: f64, values: impl Iterator<Item = f64>) -> f64 {
        let parts = self.terms.iter().zip(values).map(|(term, value)| term.part(value));
        libm::exp(parts.fold(level, |sum, part| sum + part))
    }

    pub(super) fn check(&self, name: &str) -> Result<()> {
        let refuse =
            |what: String, remedy: &str| Err(Error::bad_job(format!("{name}: {what}"), remedy));
        let may_enter = may_enter()?;
        for (at, term) in self.terms.iter().enumerate() {
            if self.terms[..at].iter().any(|other| other.measure == term.measure) {
                return refuse(
                    format!("`{}` has two terms in the forecast", term.measure),
                    "give each measure one term: its points are one row",
                );
            }
            let is_custom = term.measure.starts_with(CUSTOM_MEASURE);
            if !is_custom && !may_enter.contains(&term.measure.as_str()) {
                let near = suggest_measure(&term.measure, &may_enter);
                return refuse(
                    format!("`{}` may not enter the forecast", term.measure),
                    &format!("{near}those that may: {}, and any `measure_*`", may_enter.join(", ")),
                );
            }
            let Term { measure, offset, coefficient, slopes, reference, .. } = term;
            let finite = offset.is_finite() && coefficient.is_finite() && reference.is_finite();
            if !(finite && *offset > 0.0 && (is_custom || *coefficient >= 0.0) && *reference >= 0.0)
            {
                return refuse(
                    format!(
                        "the term of `{measure}` has offset {offset}, coefficient {coefficient} and reference \
                         {reference}"
                    ),
                    "give an offset above 0, a coefficient and a reference of 0 or more",
                );
            }
            if let Some(steep) = slopes.iter().find(|slope| **slope > MAX_SLOPE) {
                return refuse(
                    format!("the term of `{measure}` has the slope {steep}"),
                    &format!("give slopes up to {MAX_SLOPE}"),
                );
            }
            if slopes.len() > KNOTS.len() || (!slopes.is_empty() && *coefficient != 0.0) {
                return refuse(
                    format!(
                        "the term of `{measure}` has coefficient {coefficient} and {} slopes",
                        slopes.len()
                    ),
                    "give a coefficient, or up to seven slopes",
                );
            }
            let is_allowed = |slope: &f64| slope.is_finite() && (is_custom || *slope >= 0.0);
            if let Some(slope) = slopes.iter().find(|slope| !is_allowed(slope)) {
                return refuse(
                    format!("the term of `{measure}` has the slope {slope}"),
                    "give slopes of 0 or more",
                );
            }
        }
        if self.terms.iter().all(Term::is_flat) {
            return refuse(
                "no term of the forecast has a coefficient other than 0, and none has slopes"
                    .into(),
                "give at least one, or all scores are equal",
            );
        }
        if let Some(level) = self.levels.values().find(|level| !level.is_finite()) {
            return refuse(format!("a level is {level}"), "give finite numbers");
        }
        if self.history_hours < self.horizon_hours {
            return refuse(
                format!(
                    "`forecast.history_hours` is {}, and `forecast.horizon_hours` {}",
                    self.history_hours, self.horizon_hours
                ),
                "let the forecast look back at least as far as it looks ahead; a year is the default",
            );
        }
        let is_level = |level: &f64| level.is_finite() && *level <= 0.0;
        if let Some(level) = self.topic_levels.values().find(|level| !is_level(level)) {
            return refuse(
                format!("a level of `forecast.topic_levels` is {level}"),
                "give finite numbers of 0 or less: no topic draws more people than all",
            );
        }
        if !self.intercept.is_finite() {
            return refuse(
                format!("`forecast.intercept` is {}", self.intercept),
                "give a finite number",
            );
        }
        if !(1..=MAX_CLOCK_MINUTES).contains(&self.clock_minutes) {
            return refuse(
                format!("`forecast.clock_minutes` is {}", self.clock_minutes),
                &format!("give 1 to {MAX_CLOCK_MINUTES}"),
            );
        }
        if !(0.0..=1e6).contains(&self.overdispersion) {
            return refuse(
                format!("`forecast.overdispersion` is {}", self.overdispersion),
                "give 0 or more",
            );
        }
        if !(1.0..=2.0).contains(&self.overdispersion_power) {
            return refuse(
                format!("`forecast.overdispersion_power` is {}", self.overdispersion_power),
                "give 1 to 2",
            );
        }
        Ok(())
    }
}

/// Whether a measure that may enter the forecast counts people of any credit.
pub(crate) fn counts_everybody(measure: &str) -> bool {
    !["credited_", "trusted_"].iter().any(|by_credit| measure.starts_with(by_credit))
}

/// The beginning of the remedy for an unknown measure: the new name of a renamed one, or the nearest of the `known` names.
pub(crate) fn suggest_measure(name: &str, known: &[&str]) -> String {
    match renamed::measure(name) {
        Some(new) => format!("it is called `{new}` now; "),
        None => did_you_mean(name, known.iter().copied()),
    }
}

/// Names of the measures that may enter the forecast, in the order of the contract.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if the contract does not parse.
pub fn may_enter() -> Result<Vec<&'static str>> {
    let columns = schema::table(Direction::Output, "measures")?.columns.iter();
    let may = columns.filter(|c| c.measure.as_ref().is_some_and(|measure| measure.forecast));
    Ok(may.map(|c| c.name.as_str()).collect())
}
