//! What a score is made of, why it moved, and what it would be if something were otherwise.

use serde::{Deserialize, Serialize};

use super::{Measure, Score};
use crate::error::{Error, Kind, Result, did_you_mean};
use crate::method::Forecast;
use crate::method::points;
use crate::method::profile::Profile;
use crate::schema::{self, Direction};

/// Most changes of a measure that are suggested.
const SUGGESTIONS: usize = 3;

/// A row of `contributions`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contribution {
    /// Network; empty for the reference person.
    pub network: String,
    /// The measure, `level`, `joined` or `reference`.
    pub measure: String,
    /// The person's value.
    pub value: Option<f64>,
    /// The reference person's value.
    pub reference_value: Option<f64>,
    /// Points.
    pub points: f64,
}

/// A row of `changes`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The cause.
    pub cause: String,
    /// Points.
    pub points: f64,
    /// Day of the snapshot before.
    pub previous_snapshot_date: String,
}

/// A measure to be taken as otherwise than it is: `measure=+10`, `measure=-3` or `measure=25`, after `network:` where
/// the person is on several.
#[derive(Clone, Debug, PartialEq)]
pub struct WhatIf {
    network: Option<String>,
    measure: String,
    by: By,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum By {
    More(f64),
    Exactly(f64),
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
        let by = if relative { By::More(value) } else { By::Exactly(value) };
        Ok(Self { network, measure: measure.to_owned(), by })
    }
}

/// A score that would be, if measures were otherwise and all else as it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Otherwise {
    /// Network of the measure.
    pub network: String,
    /// The measure.
    pub measure: String,
    /// Its value.
    pub value: f64,
    /// What it would be.
    pub otherwise: f64,
    /// The score that would be.
    pub score: f64,
    /// Points that it would be higher by.
    pub points: f64,
}

/// The values of the terms on each network of the person.
struct Known<'a> {
    forecast: &'a Forecast,
    networks: Vec<&'a str>,
    /// Lengths: networks, terms.
    values: Vec<Vec<f64>>,
}

impl<'a> Known<'a> {
    fn of(profile: &'a Profile, measures: &'a [Measure]) -> Self {
        let forecast = &profile.forecast;
        let mut networks: Vec<&str> = measures.iter().map(|own| own.network.as_str()).collect();
        networks.dedup();
        let value = |network: &str, measure: &str| {
            let own = |m: &&Measure| m.network == network && m.name == measure;
            measures.iter().find(own).and_then(|m| m.value).unwrap_or(0.0)
        };
        let of = |network: &&str| {
            forecast.terms.iter().map(|term| value(network, &term.measure)).collect()
        };
        let values = networks.iter().map(of).collect();
        Self { forecast, networks, values }
    }

    fn score(&self, values: &[Vec<f64>]) -> f64 {
        let of = |(network, values): (&&str, &Vec<f64>)| {
            self.forecast.expected(self.forecast.level(network), values.iter().copied())
        };
        points(self.networks.iter().zip(values).map(of).sum())
    }

    /// The score with one value otherwise, beside what it is.
    fn otherwise(&self, (network, term): (usize, usize), otherwise: f64) -> Otherwise {
        let mut values = self.values.clone();
        values[network][term] = otherwise;
        let score = self.score(&values);
        Otherwise {
            network: self.networks[network].to_owned(),
            measure: self.forecast.terms[term].measure.clone(),
            value: self.values[network][term],
            otherwise,
            score,
            points: score - self.score(&self.values),
        }
    }

    /// Where the measure of `what_if` stands.
    fn place(&self, what_if: &WhatIf) -> Result<(usize, usize)> {
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
            (Some(name), _) => self.networks.iter().position(|own| own == name),
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

/// The score that would be if each of `what_ifs` held, one after the other.
///
/// # Errors
/// [`Kind::Usage`] for a measure that does not enter the forecast, or a network that the person is not on.
pub(super) fn what_if(
    profile: &Profile,
    measures: &[Measure],
    what_ifs: &[WhatIf],
) -> Result<Vec<Otherwise>> {
    let mut known = Known::of(profile, measures);
    let mut all = Vec::new();
    for what_if in what_ifs {
        let (network, term) = known.place(what_if)?;
        let value = match what_if.by {
            By::More(more) => known.values[network][term] + more,
            By::Exactly(value) => value,
        };
        if value < 0.0 {
            return Err(Error::new(
                Kind::Usage,
                format!("`{}` would be {value}", what_if.measure),
                "give a value of 0 or more",
            ));
        }
        all.push(known.otherwise((network, term), value));
        known.values[network][term] = value;
    }
    Ok(all)
}

/// The measures that, a tenth or at least one higher, go with most points: the highest three.
pub(super) fn suggestions(profile: &Profile, measures: &[Measure]) -> Vec<Otherwise> {
    let known = Known::of(profile, measures);
    let places = (0..known.networks.len())
        .flat_map(|network| (0..known.forecast.terms.len()).map(move |term| (network, term)));
    let higher = places.map(|(network, term)| {
        let value = known.values[network][term];
        known.otherwise((network, term), (value * 1.1).max(value + 1.0).ceil())
    });
    let mut all: Vec<Otherwise> = higher.filter(|other| other.points > 0.0).collect();
    all.sort_by(|one, other| other.points.total_cmp(&one.points));
    all.truncate(SUGGESTIONS);
    all
}

/// The profile of a score, from those that a run published.
///
/// # Errors
/// [`Kind::BadInput`] if the run does not hold it.
pub(super) fn profile(published: &str, name: &str, score: &Score) -> Result<Profile> {
    let profiles: Vec<Profile> = serde_json::from_str(published).unwrap_or_default();
    let own = profiles.into_iter().find(|profile| profile.name == name);
    own.ok_or_else(|| {
        Error::bad_input(
            format!(
                "the run does not hold the forecast of profile `{name}`, method `{}`",
                score.method_version
            ),
            "use the version of renown that wrote it",
        )
    })
}

/// A contribution in words: what was counted, beside how many of all, and its points.
pub(crate) fn words(row: &Contribution, measures: &[Measure]) -> String {
    let own = |m: &&Measure| m.network == row.network && m.name == row.measure;
    let measure = measures.iter().find(own);
    let what = match (row.measure.as_str(), row.value) {
        ("reference", _) => "the reference person of the method".to_owned(),
        ("joined", _) => format!("everything on {}", row.network),
        ("level", _) => format!("the level of {}", row.network),
        (name, Some(value)) => said(name).replace("{}", &super::page::number(Some(value))),
        (name, None) => said(name).replace("{}", "no"),
    };
    let place = match measure.and_then(|measure| measure.percentile) {
        // Nobody is above everybody, themselves too.
        Some(percentile) => format!(", more than {:.0} % of people", percentile.floor().min(99.0)),
        None => String::new(),
    };
    format!("{what}{place}")
}

/// What a measure says of somebody, with `{}` for its value.
pub(crate) fn said(name: &str) -> String {
    let table = schema::table(Direction::Output, "measures");
    let columns = table.iter().flat_map(|table| &table.columns);
    let mut own = columns.filter(|column| column.name == name);
    let said = own.find_map(|column| column.measure.as_ref()?.says.clone());
    said.unwrap_or_else(|| format!("{name} of {{}}"))
}
