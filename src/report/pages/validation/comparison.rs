//! What is compared in a table `validity`, in words.

use crate::error::printable;
use crate::evaluate::{
    CONCORDANCE, EVERYONE, FUTURE_TARGETS, ON_TOPICS, PERSON_TARGETS, TOPIC, TOPIC_SCORES,
    validated_score,
};
use crate::number_format::{count, fixed};
use crate::published::evaluation_rows::ValidityRow;
use crate::report::validation_report::ValidationReport;

/// The targets that a forecast has: trusted people who react, and all who do.
pub(super) const FORECAST_TARGET: &str = PERSON_TARGETS[0];
const ALL_REACTORS: &str = PERSON_TARGETS[1];
/// Populations, the one that is shown first coming first.
pub(super) const POPULATIONS: [&str; 4] = ["all", "active", "established", TOPIC_SCORES];
/// Metrics in the order in which they are shown; after a last `_` comes their k.
const METRICS: [&str; 9] = [
    CONCORDANCE,
    "pairwise_accuracy",
    "pairwise_auc",
    "auc",
    "ndcg_",
    "spearman",
    "kendall_tau_b",
    "auc_any",
    "precision_",
];
/// How many of these are main metrics: every target has one of them, and pairs have both of theirs.
const MAIN: usize = 5;

/// A target, and the people or topics that were compared by it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Comparison<'a> {
    pub target: &'a str,
    pub population: &'a str,
    pub group_by: &'a str,
}

impl<'a> Comparison<'a> {
    /// All of a validation, by target, the main population first.
    pub(super) fn all(of: &'a ValidationReport) -> Vec<Self> {
        let mut all: Vec<Self> = vec![];
        let whole = |row: &&ValidityRow| {
            row.group_value.is_empty() && [EVERYONE, TOPIC].contains(&row.group_by.as_str())
        };
        for ValidityRow { target, population, group_by, .. } in of.rows().filter(whole) {
            let comparison = Self { target, population, group_by };
            if !all.contains(&comparison) {
                all.push(comparison);
            }
        }
        all.sort_by_key(|Self { target, population, .. }| {
            (index(target, &FUTURE_TARGETS), *target, index(population, &POPULATIONS))
        });
        all
    }

    fn all_rows<'b>(
        self,
        of: &'b ValidationReport,
    ) -> impl Iterator<Item = &'b ValidityRow> + use<'a, 'b> {
        of.rows().filter(move |row| {
            row.target == self.target
                && row.population == self.population
                && row.group_by == self.group_by
                && row.group_value.is_empty()
        })
    }

    /// The rows of a metric.
    pub(super) fn rows<'b>(self, of: &'b ValidationReport, metric: &str) -> Vec<&'b ValidityRow> {
        self.all_rows(of).filter(|row| row.metric == metric).collect()
    }

    /// The predictor that is compared with baselines.
    pub(super) fn score(self) -> &'static str {
        validated_score(self.population, self.group_by)
    }

    /// Its metrics that other predictors have too, the main ones first.
    pub(super) fn metrics(self, of: &ValidationReport) -> Vec<&str> {
        let score = self.all_rows(of).filter(|row| row.predictor == self.score());
        let mut found: Vec<&str> = score.map(|row| &*row.metric).collect();
        found.retain(|name| metric_index(name) < METRICS.len());
        found.sort_by_key(|name| metric_index(name));
        found
    }

    pub(super) fn words(self) -> String {
        let who = if self.group_by == TOPIC { "on topics" } else { population(self.population) };
        format!("{}, {who}", target(self.target))
    }

    /// The same with numbers.
    pub(super) fn counted(self, row: &ValidityRow) -> String {
        match self.group_by {
            TOPIC => format!("{} (the mean over {} topics)", self.words(), row.backtests),
            _ => format!("{} ({} people)", self.words(), count(row.people)),
        }
    }
}

fn index(name: &str, of: &[&str]) -> usize {
    of.iter().position(|known| *known == name).unwrap_or(of.len())
}

fn metric_index(name: &str) -> usize {
    let is = |known: &&str| name == *known || (known.ends_with('_') && name.starts_with(known));
    METRICS.iter().position(is).unwrap_or(METRICS.len())
}

/// Whether a metric is a main metric.
pub(super) fn is_main(metric: &str) -> bool {
    metric_index(metric) < MAIN
}

/// Who was compared, in words.
pub(super) fn population(name: &str) -> &str {
    match name {
        "all" => "everyone",
        "active" => "active people",
        "established" => "established people",
        TOPIC_SCORES => "all topic scores",
        other => other,
    }
}

/// A target in words.
pub(super) fn target(name: &str) -> String {
    match name {
        FORECAST_TARGET => "trusted people who reacted".into(),
        ALL_REACTORS => "all people who reacted".into(),
        ON_TOPICS => "trusted people who reacted on a topic".into(),
        other => format!("labels {}", printable(other)),
    }
}

/// A metric in words, and the value that chance gives it.
pub(super) fn metric(name: &str) -> (String, Option<(f64, &'static str)>) {
    match name {
        CONCORDANCE => ("concordance, Harrell’s C".into(), Some((0.5, "chance"))),
        "spearman" => ("rank correlation, Spearman’s ρ".into(), Some((0.0, "chance"))),
        "kendall_tau_b" => ("rank correlation, Kendall’s τ-b".into(), Some((0.0, "chance"))),
        "auc_any" => ("any reaction, AUC".into(), Some((0.5, "chance"))),
        "auc" => ("label is true, AUC".into(), Some((0.5, "chance"))),
        "pairwise_accuracy" => ("share of pairs in the right order".into(), Some((0.5, "chance"))),
        "pairwise_auc" => ("pairs by margin, AUC".into(), Some((0.5, "chance"))),
        "observed_over_forecast" => ("observed / forecast".into(), None),
        other => match other.rsplit_once('_') {
            Some(("ndcg", first)) => (format!("NDCG at {first}"), None),
            Some(("precision", first)) => (format!("precision at {first}"), None),
            _ => (other.replace('_', " "), None),
        },
    }
}

/// A value with its interval, as it reads.
pub(super) fn between(value: f64, interval: Option<(f64, f64)>) -> String {
    let ends = interval.map(|(low, high)| format!(" ({} to {})", fixed(low, 2), fixed(high, 2)));
    format!("{}{}", fixed(value, 2), ends.unwrap_or_default())
}

/// The ends of an interval as they read, each in a cell of its own.
pub(super) fn ends(interval: Option<(f64, f64)>, read: impl Fn(f64) -> String) -> [String; 2] {
    interval.map_or(["–".into(), "–".into()], |(low, high)| [read(low), read(high)])
}
