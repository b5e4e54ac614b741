//! Tables of a run, summarised as their rows are read.

use std::collections::BTreeMap;

use datafusion::prelude::{ident, lit};

use crate::error::Result;
use crate::method::profile::STANDARD;
use crate::published::Run;
use crate::published::rows::{ChangePoints, ContributionPoints, ScoreSummary};
use crate::published::table::of_profile;
use crate::score::style::NAMES;

/// How many fall into each bin; bins are whole numbers of some unit.
pub(super) type Bins = BTreeMap<i64, u64>;

/// The number of the bin below which a share of all values lies.
pub(super) fn quantile(bins: &Bins, share: f64) -> Option<i64> {
    let all: u64 = bins.values().sum();
    let below = (share * all as f64) as u64;
    let mut counted = 0;
    bins.iter().find_map(|(bin, count)| {
        counted += count;
        (counted > below).then_some(*bin)
    })
}

/// All standard scores.
#[derive(Debug, Default)]
pub(super) struct ScoresSummary {
    pub people: u64,
    /// By score in tenths of a point.
    pub scores: Bins,
    /// By the logarithm of the forecast people in thousandths; a forecast of 0 is in the lowest bin there can be.
    expected: Bins,
    /// Highest score and its forecast people.
    pub highest: (f64, f64),
    /// By points since the previous run in tenths, of those whose score changed by half a tenth at least.
    pub moved: Bins,
    /// Of those who had a score before, how many changed less.
    pub unmoved: u64,
    /// By style, in the order of their names.
    pub styles: [u64; 16],
    /// People by flag of their scores.
    pub flags: BTreeMap<String, u64>,
}

impl ScoresSummary {
    /// The forecast people that a share of people stays below; to a thousandth.
    pub(super) fn expected(&self, share: f64) -> f64 {
        let bin = quantile(&self.expected, share).filter(|bin| *bin != i64::MIN);
        bin.map_or(0.0, |bin| libm::exp(bin as f64 / 1000.0))
    }

    fn add(&mut self, row: &ScoreSummary<&str>) {
        self.people += 1;
        *self.scores.entry(in_tenths(row.score)).or_default() += 1;
        let bin = if row.expected_reactors > 0.0 {
            libm::round(libm::log(row.expected_reactors) * 1000.0) as i64
        } else {
            i64::MIN
        };
        *self.expected.entry(bin).or_default() += 1;
        if row.expected_reactors > self.highest.1 {
            self.highest = (row.score, row.expected_reactors);
        }
        if let Some(change) = row.change_1d {
            match change.abs() < 0.05 {
                true => self.unmoved += 1,
                false => *self.moved.entry(in_tenths(change)).or_default() += 1,
            }
        }
        let style = row.style.and_then(|style| NAMES.iter().position(|name| *name == style));
        if let Some(style) = style {
            self.styles[style] += 1;
        }
        for flag in &row.flags {
            // A name is copied once.
            match self.flags.get_mut(*flag) {
                Some(people) => *people += 1,
                None => drop(self.flags.insert((*flag).to_owned(), 1)),
            }
        }
    }
}

fn in_tenths(points: f64) -> i64 {
    libm::floor(points * 10.0) as i64
}

/// Summarises the standard scores.
pub(super) async fn scores(run: &Run) -> Result<ScoresSummary> {
    let mut summary = ScoresSummary::default();
    run.each::<ScoreSummary>(|all| all.filter(of_profile(STANDARD)), |row| summary.add(&row))
        .await?;
    Ok(summary)
}

/// What a measure adds to the scores of people who have any of it.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub people: u64,
    /// Points without their signs, in millionths, so that their sum has no order.
    pub size: i64,
    /// By points in hundredths.
    pub points: Bins,
}

/// The contributions to standard scores, by measure.
pub(super) async fn parts(run: &Run) -> Result<BTreeMap<String, Part>> {
    let mut parts: BTreeMap<String, Part> = BTreeMap::new();
    let rows = of_profile(STANDARD).and(ident("measure").not_eq(lit("reference")));
    let see = |row: ContributionPoints<&str>| {
        if row.value.is_some_and(|value| value <= 0.0) {
            return;
        }
        // A name is copied once.
        if !parts.contains_key(row.measure) {
            parts.insert(row.measure.to_owned(), Part::default());
        }
        if let Some(part) = parts.get_mut(row.measure) {
            part.people += 1;
            part.size += millionths(row.points.abs());
            *part.points.entry(libm::round(row.points * 100.0) as i64).or_default() += 1;
        }
    };
    run.each::<ContributionPoints>(|all| all.filter(rows), see).await?;
    Ok(parts)
}

/// What a cause adds to the changes of scores.
#[derive(Debug, Default)]
pub(super) struct Cause {
    pub people: u64,
    /// Points without their signs, in millionths.
    pub size: i64,
    /// Points, in millionths.
    pub sum: i64,
}

/// The changes by cause.
pub(super) async fn causes(run: &Run) -> Result<BTreeMap<String, Cause>> {
    let mut causes: BTreeMap<String, Cause> = BTreeMap::new();
    let see = |row: ChangePoints<&str>| {
        let cause = causes.entry(row.cause.to_owned()).or_default();
        cause.people += 1;
        cause.size += millionths(row.points.abs());
        cause.sum += millionths(row.points);
    };
    run.each::<ChangePoints>(Ok, see).await?;
    Ok(causes)
}

fn millionths(points: f64) -> i64 {
    libm::round(points * 1e6) as i64
}
