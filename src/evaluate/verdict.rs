//! Whether a forecast is right, in one line: in level, in its intervals, and in the order of people.

use serde::Serialize;

use super::metric::{
    CONCORDANCE, CONCORDANCE_IF_RIGHT, COVERAGE_90, OBSERVED_OVER_FORECAST, PAIRWISE_ACCURACY,
};
use super::metric_row::{
    ACTIVE, ALL, Difference, EVERYONE, FUTURE_TARGETS, MetricRow, TOPIC, TOPIC_SCORES,
    validated_score,
};
use crate::number_format::{fixed, precise, signed_precise};
use crate::published::evaluation_rows::ValidityRow;

/// Which values are right.
struct Band {
    /// Right values.
    low: f64,
    high: f64,
    /// Which values the 95 % interval of a right value may hold: a wider one proves nothing.
    wide_low: f64,
    wide_high: f64,
}

/// Observed over forecast.
const LEVEL: Band = Band { low: 0.8, high: 1.25, wide_low: 0.67, wide_high: 1.5 };
/// Share of people within the 90 % prediction interval, by the randomised probability integral transform.
const COVERAGE: Band = Band { low: 0.87, high: 0.93, wide_low: 0.8, wide_high: 1.0 };

/// The thresholds, in words.
pub(crate) fn describe_verdicts() -> String {
    let Band { low, high, wide_low, wide_high } = LEVEL;
    let coverage = COVERAGE;
    format!(
        "A verdict has up to three parts. Level: observed / forecast is good from {low} to {high} with its 95 % interval within \
         {wide_low} to {wide_high}. Interval: coverage of the 90 % prediction interval is good from {} to {} with its 95 % interval \
         within {} to {}. Both are bad if the whole 95 % interval is outside the first range, and unclear otherwise. Order: the \
         concordance (of labelled pairs the share in the right order) less that of the best count is good if its 95 % interval is \
         above 0, bad if it is below 0, and unclear if it includes 0. It is of active people, of all topic scores, and of all people with \
         a label.",
        coverage.low, coverage.high, coverage.wide_low, coverage.wide_high
    )
}

/// How good something is, as far as its interval tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// It is as it should be.
    Good,
    /// The interval is too wide to tell.
    Unclear,
    /// It is not.
    Bad,
}

impl Grade {
    /// A value by the band of right ones. Without an interval nothing is clear.
    fn within(band: &Band, value: f64, interval: Option<(f64, f64)>) -> Self {
        match interval {
            Some((low, high)) if high < band.low || low > band.high => Self::Bad,
            Some((low, high))
                if (band.low..=band.high).contains(&value)
                    && low >= band.wide_low
                    && high <= band.wide_high =>
            {
                Self::Good
            }
            _ => Self::Unclear,
        }
    }

    /// A difference, of which more is better.
    fn above_zero(interval: Option<(f64, f64)>) -> Self {
        match interval {
            Some((low, _)) if low > 0.0 => Self::Good,
            Some((_, high)) if high < 0.0 => Self::Bad,
            _ => Self::Unclear,
        }
    }

    /// As a sign.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Unclear => "~",
            Self::Bad => "✗",
        }
    }

    /// As a word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Unclear => "unclear",
            Self::Bad => "bad",
        }
    }
}

/// A metric with its grade.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Graded {
    /// The grade.
    pub grade: Grade,
    /// Name of the metric.
    pub metric: String,
    /// Its value.
    pub value: f64,
    /// Its 95 % interval.
    pub interval: Option<(f64, f64)>,
    /// Difference to the best count.
    pub difference: Option<Difference>,
}

/// Whether the scores of a method are right by one target. Parts that do not apply are none: labels have neither level nor
/// interval.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// The target.
    pub target: String,
    /// Who was compared.
    pub population: String,
    /// `everyone`, or `topic` where it is the mean over topics.
    pub group_by: String,
    /// Version of the method.
    pub method_version: String,
    /// Observed over forecast.
    pub level: Option<Graded>,
    /// Coverage of the 90 % prediction interval.
    pub interval: Option<Graded>,
    /// Order of people, by the difference to the best count.
    pub order: Option<Graded>,
    /// The concordance that the forecast would reach if it were exactly right.
    pub concordance_if_right: Option<f64>,
}

impl Verdict {
    /// Its parts in words, each with its grade.
    pub(crate) fn parts(&self) -> Vec<(Grade, String)> {
        let interval = |ends: Option<(f64, f64)>, factor: f64, digits: usize| {
            ends.map_or_else(String::new, |(low, high)| {
                format!(" ({} to {})", fixed(factor * low, digits), fixed(factor * high, digits))
            })
        };
        let level = self.level.iter().map(|Graded { grade, value, interval: ends, .. }| {
            (
                *grade,
                format!(
                    "level: observed / forecast {}{}",
                    precise(*value, 2),
                    interval(*ends, 1.0, 2)
                ),
            )
        });
        let coverage =
            self.interval.iter().map(|Graded { grade, value, interval: ends, .. }| {
                let (value, ends) = (fixed(100.0 * value, 1), interval(*ends, 100.0, 1));
                (*grade, format!("interval: the 90 % interval holds {value} %{ends}"))
            });
        let order = self.order.iter().map(|Graded { grade, metric, value, difference, .. }| {
            let mut text = format!("order: {} {}", metric.replace('_', " "), precise(*value, 3));
            if let Some(difference) = difference {
                text += &format!(
                    ", {}{} from {}",
                    signed_precise(difference.value, 3),
                    difference.interval.map_or_else(String::new, |(low, high)| format!(
                        " ({} to {})",
                        precise(low, 3),
                        precise(high, 3)
                    )),
                    difference.to
                );
            }
            if let Some(value) = self.concordance_if_right {
                text += &format!("; {} if the forecast were exactly right", precise(value, 3));
            }
            (*grade, text)
        });
        level.chain(coverage).chain(order).collect()
    }
}

/// A row of a validation, just computed or read back.
pub(crate) trait MetricOf {
    /// Target, population, `group_by`, group, predictor, method version and metric.
    fn key(&self) -> [&str; 7];
    /// Its value, and the 95 % interval of that.
    fn value(&self) -> (f64, Option<(f64, f64)>);
    /// The difference to the best count, or of a count to the score.
    fn difference(&self) -> Option<Difference>;
}

impl MetricOf for MetricRow {
    fn key(&self) -> [&str; 7] {
        let Self { target, population, group_by, group_value, predictor, metric, .. } = self;
        let method = &self.method_version;
        [target, population, group_by, group_value, predictor, method, metric].map(|text| &**text)
    }

    fn value(&self) -> (f64, Option<(f64, f64)>) {
        (self.value, self.interval)
    }

    fn difference(&self) -> Option<Difference> {
        self.difference.clone()
    }
}

impl MetricOf for ValidityRow {
    fn key(&self) -> [&str; 7] {
        let Self { target, population, group_by, group_value, predictor, metric, .. } = self;
        let method = &self.method_version;
        [target, population, group_by, group_value, predictor, method, metric].map(|text| &**text)
    }

    fn value(&self) -> (f64, Option<(f64, f64)>) {
        (self.value, self.interval())
    }

    fn difference(&self) -> Option<Difference> {
        let (to, value) = self.baseline.clone().zip(self.difference)?;
        Some(Difference { to, value, interval: self.difference_interval() })
    }
}

/// The verdict of each target and method, in the order of the rows: of active people for targets that are observed of people, of all
/// topic scores for the one that is observed on topics, of everyone for labels, and of the mean over topics for labels that are only of
/// topics.
pub(crate) fn verdicts<'a, R: MetricOf + 'a>(
    rows: impl Iterator<Item = &'a R> + Clone,
) -> Vec<Verdict> {
    let mut keys: Vec<(&str, &str)> = vec![];
    for [target, _, _, _, _, method, _] in rows.clone().map(MetricOf::key) {
        if !keys.contains(&(target, method)) {
            keys.push((target, method));
        }
    }
    let verdict = |(target, method): (&str, &str)| {
        let found = [(ACTIVE, EVERYONE), (ALL, EVERYONE), (TOPIC_SCORES, EVERYONE), (ALL, TOPIC)]
            .map(|(population, group_by)| {
                let predictor = validated_score(population, group_by);
                let wanted = [target, population, group_by, "", predictor, method];
                let of_key = rows.clone().filter(move |row| row.key()[..6] == wanted[..]);
                (population, group_by, of_key.collect::<Vec<&R>>())
            });
        let is_future = FUTURE_TARGETS.contains(&target);
        let mut found = found.into_iter().skip(usize::from(!is_future));
        let (population, group_by, of_key) = found.find(|(_, _, rows)| !rows.is_empty())?;
        let row = |metric: &str| of_key.iter().copied().find(|row| row.key()[6] == metric);
        let graded = |row: &R, grade: Grade| {
            let (value, interval) = row.value();
            let (metric, difference) = (row.key()[6].to_owned(), row.difference());
            Graded { grade, metric, value, interval, difference }
        };
        let within = |band: &Band, metric: &str| {
            let row = row(metric)?;
            let (value, interval) = row.value();
            Some(graded(row, Grade::within(band, value, interval)))
        };
        let order = row(CONCORDANCE).or_else(|| row(PAIRWISE_ACCURACY)).map(|row| {
            let interval = row.difference().and_then(|difference| difference.interval);
            graded(row, Grade::above_zero(interval))
        });
        Some(Verdict {
            target: target.to_owned(),
            population: population.to_owned(),
            group_by: group_by.to_owned(),
            method_version: method.to_owned(),
            level: within(&LEVEL, OBSERVED_OVER_FORECAST),
            interval: within(&COVERAGE, COVERAGE_90),
            order,
            concordance_if_right: row(CONCORDANCE_IF_RIGHT).map(|row| row.value().0),
        })
    };
    keys.into_iter().filter_map(verdict).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grade_is_as_clear_as_its_interval() {
        let of = |value, interval| Grade::within(&LEVEL, value, interval);
        for (value, interval, grade) in [
            (1.0, Some((0.9, 1.1)), Grade::Good),
            (0.8, Some((0.67, 0.95)), Grade::Good),
            (1.0, Some((0.6, 1.4)), Grade::Unclear),
            (1.0, Some((0.8, 1.6)), Grade::Unclear),
            (1.3, Some((1.2, 1.4)), Grade::Unclear),
            (1.4, Some((1.3, 1.5)), Grade::Bad),
            (0.5, Some((0.3, 0.79)), Grade::Bad),
            (1.0, None, Grade::Unclear),
        ] {
            assert_eq!(of(value, interval), grade, "{value} {interval:?}");
        }
        assert_eq!(Grade::within(&COVERAGE, 0.9, Some((0.86, 0.94))), Grade::Good);
        assert_eq!(Grade::within(&COVERAGE, 0.6, Some((0.5, 0.7))), Grade::Bad);
        for (interval, grade) in [
            (Some((0.001, 0.1)), Grade::Good),
            (Some((0.0, 0.1)), Grade::Unclear),
            (Some((-0.1, -0.001)), Grade::Bad),
            (None, Grade::Unclear),
        ] {
            assert_eq!(Grade::above_zero(interval), grade);
        }
        assert_eq!([Grade::Good, Grade::Unclear, Grade::Bad].map(Grade::sign).concat(), "✓~✗");
    }
}
