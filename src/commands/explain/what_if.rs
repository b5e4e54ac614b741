//! The score with other values of measures.

use super::explanation::{Alternative, PersonMeasure};
use crate::error::{Error, Kind, Result};
use crate::method::Forecast;
use crate::method::points;
use crate::method::profile::Profile;
use crate::suggest::did_you_mean;

/// Maximum number of suggested changes.
const SUGGESTIONS: usize = 3;

/// A measure with another value: `measure=+10`, `measure=-3` or `measure=25`, after `network:` where the person is on
/// several.
#[derive(Clone, Debug, PartialEq)]
pub struct WhatIf {
    network: Option<String>,
    measure: String,
    change: ValueChange,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum ValueChange {
    Add(f64),
    Set(f64),
}

impl std::str::FromStr for WhatIf {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let wrong = || "give it as MEASURE=+10, MEASURE=-3 or MEASURE=25".to_owned();
        let (name, number) = text.rsplit_once('=').ok_or_else(wrong)?;
        let (network, measure) = match name.split_once(':') {
            Some((network, measure)) => (Some(network.to_owned()), measure),
            None => (None, name),
        };
        let value: f64 = number.parse().map_err(|_| wrong())?;
        if measure.is_empty() || !value.is_finite() {
            return Err(wrong());
        }
        let relative = number.starts_with(['+', '-']);
        let change = if relative { ValueChange::Add(value) } else { ValueChange::Set(value) };
        Ok(Self { network, measure: measure.to_owned(), change })
    }
}

/// The values of the terms on each network of the person.
struct ForecastInputs<'a> {
    forecast: &'a Forecast,
    networks: Vec<&'a str>,
    /// Lengths: networks, terms.
    values: Vec<Vec<f64>>,
}

impl<'a> ForecastInputs<'a> {
    fn of(profile: &'a Profile, measures: &'a [PersonMeasure]) -> Self {
        let forecast = &profile.forecast;
        let mut networks: Vec<&str> = measures.iter().map(|m| m.network.as_str()).collect();
        networks.dedup();
        let value = |network: &str, measure: &str| {
            let wanted = |m: &&PersonMeasure| m.network == network && m.name == measure;
            measures.iter().find(wanted).and_then(|m| m.value).unwrap_or(0.0)
        };
        let on_network = |network: &&str| {
            forecast.terms.iter().map(|term| value(network, &term.measure)).collect()
        };
        let values = networks.iter().map(on_network).collect();
        Self { forecast, networks, values }
    }

    fn score(&self, values: &[Vec<f64>]) -> f64 {
        let expected = |(network, values): (&&str, &Vec<f64>)| {
            self.forecast.expected(self.forecast.level(network), values.iter().copied())
        };
        points(self.networks.iter().zip(values).map(expected).sum())
    }

    /// The score with another value of one term.
    fn with(&self, (network, term): (usize, usize), new_value: f64) -> Alternative {
        let mut values = self.values.clone();
        values[network][term] = new_value;
        let score = self.score(&values);
        Alternative {
            network: self.networks[network].to_owned(),
            measure: self.forecast.terms[term].measure.clone(),
            value: self.values[network][term],
            new_value,
            score,
            points: score - self.score(&self.values),
        }
    }

    /// Indices of the network and the term that `what_if` names.
    fn find(&self, what_if: &WhatIf) -> Result<(usize, usize)> {
        let refuse = |cause: String, remedy: String| Err(Error::new(Kind::Usage, cause, remedy));
        let terms: Vec<&str> =
            self.forecast.terms.iter().map(|term| term.measure.as_str()).collect();
        let Some(term) = terms.iter().position(|term| *term == what_if.measure) else {
            let near = did_you_mean(&what_if.measure, terms.iter().copied());
            return refuse(
                format!(
                    "`{}` does not enter the forecast, so no value of it moves the score",
                    what_if.measure
                ),
                format!("{near}those that do: {}", terms.join(", ")),
            );
        };
        let network = match (&what_if.network, self.networks.len()) {
            (None, 1) => Some(0),
            (None, _) => None,
            (Some(name), _) => self.networks.iter().position(|network| network == name),
        };
        match network {
            Some(network) => Ok((network, term)),
            None => refuse(
                format!("the network of `{}` is not clear", what_if.measure),
                format!(
                    "write it as NETWORK:MEASURE; the person is on {}",
                    self.networks.join(", ")
                ),
            ),
        }
    }
}

/// The scores with each of `what_ifs` on top of those before it.
///
/// # Errors
/// [`Kind::Usage`] for a measure that does not enter the forecast, or a network that the person is not on.
pub(super) fn what_if(
    profile: &Profile,
    measures: &[PersonMeasure],
    what_ifs: &[WhatIf],
) -> Result<Vec<Alternative>> {
    let mut inputs = ForecastInputs::of(profile, measures);
    let mut all = Vec::new();
    for what_if in what_ifs {
        let (network, term) = inputs.find(what_if)?;
        let value = match what_if.change {
            ValueChange::Add(more) => inputs.values[network][term] + more,
            ValueChange::Set(value) => value,
        };
        if value < 0.0 {
            return Err(Error::new(
                Kind::Usage,
                format!("`{}` would be {value}", what_if.measure),
                "give a value of 0 or more",
            ));
        }
        all.push(inputs.with((network, term), value));
        inputs.values[network][term] = value;
    }
    Ok(all)
}

/// Unit of measures that are 1 at most.
const AT_MOST_ONE: &str = "0 to 1";

/// The three measures with the largest gain in points when they are 10 % or at least one higher.
pub(super) fn suggestions(profile: &Profile, measures: &[PersonMeasure]) -> Vec<Alternative> {
    let inputs = ForecastInputs::of(profile, measures);
    let terms = (0..inputs.networks.len())
        .flat_map(|network| (0..inputs.forecast.terms.len()).map(move |term| (network, term)));
    // Nothing can be one higher that is 1 at most.
    let is_bounded = |term: usize| {
        let name = &inputs.forecast.terms[term].measure;
        measures.iter().any(|measure| measure.name == *name && measure.unit == AT_MOST_ONE)
    };
    let higher = terms.filter(|(_, term)| !is_bounded(*term)).map(|(network, term)| {
        let value = inputs.values[network][term];
        inputs.with((network, term), (value * 1.1).max(value + 1.0).ceil())
    });
    let mut all: Vec<Alternative> = higher.filter(|other| other.points > 0.0).collect();
    all.sort_by(|one, other| other.points.total_cmp(&one.points));
    all.truncate(SUGGESTIONS);
    all
}
