//! AccountStats: scores beside the standard one.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::method::profile::{Profile, STANDARD};
use crate::method::{Forecast, Method, suggested};
use crate::schema::{self, Direction, OWN_MEASURE};

/// Largest weight of a measure or family.
const LARGEST: f64 = 100.0;

/// A score beside the standard one: the standard forecast with measures weighted otherwise, or the forecast of another
/// method.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileSection {
    /// Name; it stands in `scores`.
    pub name: String,
    /// Path of a method file whose forecast is used; all else in it must be as in the job's own method.
    #[serde(default)]
    pub method: Option<String>,
    /// Factor of the coefficients of a measure, or of all measures of a family (`reach`, `response` …); 0 to 100, 1
    /// for all that are not named. A measure's own weight goes before that of its family. What weighs more takes its
    /// weight from the rest: the coefficients' sum and the reference person's score are kept.
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
            return refuse(
                "the name is empty or taken".into(),
                "give each profile a name of its own",
            );
        }
        if name == STANDARD || (other.is_none() && section.weights.is_empty()) {
            return refuse(
                "it is the standard score".into(),
                "name weights, or the method file of another forecast",
            );
        }
        let base = other.as_ref().unwrap_or(method);
        if let Some(part) = measured_otherwise(method, base) {
            return refuse(
                format!("`{part}` of method `{}` is another than that of the job's", base.version),
                "profiles share what is measured; run a job of its own for it",
            );
        }
        let own = Profile::of(name, base);
        all.push(Profile {
            fitted: own.fitted && section.weights.is_empty(),
            forecast: weighted(file, section, &base.forecast)?,
            ..own
        });
    }
    all.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(all)
}

/// The first part of two methods that differs and that measures depend on.
pub(crate) fn measured_otherwise(one: &Method, other: &Method) -> Option<&'static str> {
    let parts = [
        ("attention", one.attention == other.attention),
        ("kinds", one.kinds == other.kinds),
        ("trust", one.trust == other.trust),
        ("rank", one.rank == other.rank),
        ("amplification", one.amplification == other.amplification),
    ];
    parts.into_iter().find(|(_, same)| !same).map(|(part, _)| part)
}

fn weighted(file: &str, section: &ProfileSection, base: &Forecast) -> Result<Forecast> {
    let family = |measure: &str| -> Result<String> {
        if measure.starts_with(OWN_MEASURE) {
            return Ok("own".to_owned());
        }
        let columns = &schema::table(Direction::Output, "measures")?.columns;
        let own = columns.iter().find(|column| column.name == measure);
        let declared = own.and_then(|column| column.measure.as_ref());
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
        term.coefficient *= weight;
        term.standard_error = None;
        known.extend([term.measure.clone(), family]);
    }
    let refuse = |what: String, remedy: String| {
        Err(Error::bad_job(format!("{file}: profile `{}`: {what}", section.name), remedy))
    };
    for (key, weight) in &section.weights {
        if !known.contains(key) {
            let all: Vec<&str> = known.iter().map(String::as_str).collect();
            let near = suggested(key, &all);
            return refuse(
                format!("the forecast has no measure or family `{key}`"),
                format!("{near}it has: {}", all.join(", ")),
            );
        }
        if !(0.0..=LARGEST).contains(weight) {
            return refuse(
                format!("the weight of `{key}` is {weight}"),
                format!("give 0 to {LARGEST}"),
            );
        }
    }
    if forecast.terms.iter().all(|term| term.coefficient == 0.0) {
        return refuse(
            "no measure is left in the forecast".into(),
            "give one a weight above 0".into(),
        );
    }
    Ok(of_same_scale(forecast, base))
}

/// The forecast with the sum of the coefficients of `base` and its reference person's expected people, so that a larger
/// weight says what counts and not how much all count: an elasticity above what was fitted runs away with large counts.
fn of_same_scale(mut forecast: Forecast, base: &Forecast) -> Forecast {
    let size = |of: &Forecast| of.terms.iter().fold(0.0, |sum, term| sum + term.coefficient.abs());
    let reference = |of: &Forecast| {
        of.terms.iter().fold(of.intercept, |sum, term| sum + term.part(term.reference))
    };
    let scale = size(base) / size(&forecast);
    for term in &mut forecast.terms {
        term.coefficient *= scale;
    }
    forecast.intercept += reference(base) - reference(&forecast);
    forecast
}
