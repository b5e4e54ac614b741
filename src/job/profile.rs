//! Further scores: sections `[[profile]]`.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::method::profile::{Profile, STANDARD};
use crate::method::{Forecast, Method, Term, suggest_measure};
use crate::schema::{self, CUSTOM_MEASURE, Direction};

/// Maximum weight of a measure or family.
const MAX_WEIGHT: f64 = 100.0;

/// A score in addition to the standard one: the standard forecast with other weights of measures, or the forecast of
/// another method.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileSection {
    /// Name, as in the table `scores`.
    pub name: String,
    /// Path of a method file whose forecast is used; everything else in it must equal the method of the job.
    #[serde(default)]
    pub method: Option<String>,
    /// Factor of the coefficients of a measure, or of all measures of a family (`reach`, `response` …); 0 to 100,
    /// default 1. The weight of a measure takes precedence over that of its family. Coefficients are scaled so that their
    /// sum and the reference person's score stay the same.
    #[serde(default)]
    pub weights: BTreeMap<String, f64>,
}

/// The standard profile and those of `sections`, with the methods that they name, in order of name.
pub(super) fn profiles(
    file: &str,
    method: &Method,
    sections: &[ProfileSection],
    others: &[Option<Method>],
) -> Result<Vec<Profile>> {
    let mut all = vec![Profile::of(STANDARD, method)];
    for (section, other) in sections.iter().zip(others) {
        let name = &section.name;
        let refuse = |what: String, remedy: &str| {
            Err(Error::bad_job(format!("{file}: profile `{name}`: {what}"), remedy))
        };
        if name.trim().is_empty() || all.iter().any(|profile| profile.name == *name) {
            return refuse("the name is empty or taken".into(), "give each profile a unique name");
        }
        if name == STANDARD || (other.is_none() && section.weights.is_empty()) {
            return refuse(
                "it equals the standard score".into(),
                "name weights, or the method file of another forecast",
            );
        }
        let base = other.as_ref().unwrap_or(method);
        if let Some(part) = find_measurement_difference(method, base) {
            return refuse(
                format!(
                    "`{part}` of method `{}` differs from that of the job's method",
                    base.version
                ),
                "all profiles of a job share their measures; use a separate job",
            );
        }
        let profile = Profile::of(name, base);
        all.push(Profile {
            fitted: profile.fitted && section.weights.is_empty(),
            forecast: weigh_forecast(file, section, &base.forecast)?,
            ..profile
        });
    }
    all.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(all)
}

/// The first section that measures depend on and that differs between two methods.
pub(crate) fn find_measurement_difference(one: &Method, other: &Method) -> Option<&'static str> {
    let parts = [
        ("attention", one.attention == other.attention),
        ("kinds", one.kinds == other.kinds),
        ("trust", one.trust == other.trust),
        ("rank", one.rank == other.rank),
        ("amplification", one.amplification == other.amplification),
    ];
    parts.into_iter().find(|(_, same)| !same).map(|(part, _)| part)
}

fn weigh_forecast(file: &str, section: &ProfileSection, base: &Forecast) -> Result<Forecast> {
    let family = |measure: &str| -> Result<String> {
        if measure.starts_with(CUSTOM_MEASURE) {
            return Ok("own".to_owned());
        }
        let columns = &schema::table(Direction::Output, "measures")?.columns;
        let column = columns.iter().find(|column| column.name == measure);
        let declared = column.and_then(|column| column.measure.as_ref());
        declared
            .map(|declared| declared.family.clone())
            .ok_or_else(|| Error::internal(format!("no measure `{measure}`")))
    };
    let mut forecast = base.clone();
    let mut known = BTreeSet::new();
    for term in &mut forecast.terms {
        let family = family(&term.measure)?;
        let weights = &section.weights;
        let weight = weights.get(&term.measure).or(weights.get(&family)).copied().unwrap_or(1.0);
        term.scale(weight);
        term.standard_error = None;
        known.extend([term.measure.clone(), family]);
    }
    let refuse = |what: String, remedy: String| {
        Err(Error::bad_job(format!("{file}: profile `{}`: {what}", section.name), remedy))
    };
    for (key, weight) in &section.weights {
        if !known.contains(key) {
            let all: Vec<&str> = known.iter().map(String::as_str).collect();
            let near = suggest_measure(key, &all);
            return refuse(
                format!("the forecast has no measure or family `{key}`"),
                format!("{near}it has: {}", all.join(", ")),
            );
        }
        if !(0.0..=MAX_WEIGHT).contains(weight) {
            return refuse(
                format!("the weight of `{key}` is {weight}"),
                format!("give 0 to {MAX_WEIGHT}"),
            );
        }
    }
    if forecast.terms.iter().all(Term::is_flat) {
        return refuse(
            "no measure is left in the forecast".into(),
            "give one a weight above 0".into(),
        );
    }
    Ok(scale_like(forecast, base))
}

/// Scales the coefficients to the sum of those of `base`, and the intercept to its reference person's forecast. Weights
/// then say which measures matter more, not how much all of them do: with elasticities above the fitted ones the forecasts
/// of large counts explode.
fn scale_like(mut forecast: Forecast, base: &Forecast) -> Forecast {
    let size =
        |forecast: &Forecast| forecast.terms.iter().fold(0.0, |sum, term| sum + term.steepness());
    let reference = |of: &Forecast| {
        of.terms.iter().fold(of.intercept, |sum, term| sum + term.part(term.reference))
    };
    let scale = size(base) / size(&forecast);
    for term in &mut forecast.terms {
        term.scale(scale);
    }
    forecast.intercept += reference(base) - reference(&forecast);
    forecast
}
