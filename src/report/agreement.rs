//! How scores agree with what came and with judgements: what is compared in a table `validity`, in words.

use super::chart::{count, fixed};
use super::measured::{Measured, Validation};
use crate::error::printable;
use crate::evaluate::{EVERYONE, FORWARD_TRUTHS, TOPIC};
use crate::method::profile::STANDARD;

/// What a forecast says, trusted people who come, and all who do.
pub(super) const FORESEEN: &str = FORWARD_TRUTHS[0];
const ANYBODY: &str = FORWARD_TRUTHS[1];
/// Populations, the first being what is shown first.
pub(super) const POPULATIONS: [&str; 3] = ["all", "active", "established"];
/// Metrics in the order in which they are shown; those that end in `_` go on with how many are first.
const METRICS: [&str; 8] = [
    "spearman",
    "auc",
    "pairwise_accuracy",
    "pairwise_auc",
    "kendall_tau_b",
    "auc_any",
    "ndcg_",
    "precision_",
];
/// How many of these say most of a truth: each truth has one of them, and pairs have both of theirs.
const MAIN: usize = 4;

/// A truth and the people who were held against it, or topics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Compared<'a> {
    pub truth: &'a str,
    pub population: &'a str,
    pub group_by: &'a str,
}

impl<'a> Compared<'a> {
    /// All of a validation, by truth, the main population first.
    pub(super) fn all(of: &'a Validation) -> Vec<Self> {
        let mut all: Vec<Self> = vec![];
        let whole = |row: &&Measured| {
            row.group_value.is_empty() && [EVERYONE, TOPIC].contains(&row.group_by.as_str())
        };
        for Measured { target: truth, population, group_by, .. } in of.rows().filter(whole) {
            let own = Self { truth, population, group_by };
            if !all.contains(&own) {
                all.push(own);
            }
        }
        all.sort_by_key(|own| {
            (place(own.truth, &FORWARD_TRUTHS), own.truth, place(own.population, &POPULATIONS))
        });
        all
    }

    fn own<'b>(self, of: &'b Validation) -> impl Iterator<Item = &'b Measured> + use<'a, 'b> {
        of.rows().filter(move |row| {
            row.target == self.truth
                && row.population == self.population
                && row.group_by == self.group_by
                && row.group_value.is_empty()
        })
    }

    /// The rows of a metric.
    pub(super) fn rows<'b>(self, of: &'b Validation, metric: &str) -> Vec<&'b Measured> {
        self.own(of).filter(|row| row.metric == metric).collect()
    }

    /// The score that is held against the truth.
    pub(super) fn score(self) -> &'static str {
        if self.group_by == TOPIC { "topic_score" } else { STANDARD }
    }

    /// Its metrics that other predictors have as well, those first that say most.
    pub(super) fn metrics(self, of: &Validation) -> Vec<&str> {
        let score = self.own(of).filter(|row| row.predictor == self.score());
        let mut found: Vec<&str> = score.map(|row| &*row.metric).collect();
        found.retain(|name| metric_place(name) < METRICS.len());
        found.sort_by_key(|name| metric_place(name));
        found
    }

    pub(super) fn words(self) -> String {
        let who = if self.group_by == TOPIC { "on topics" } else { population(self.population) };
        format!("{}, {who}", truth(self.truth))
    }

    /// The same with how many there are.
    pub(super) fn counted(self, row: &Measured) -> String {
        match self.group_by {
            TOPIC => format!("{} (the mean over {} topics)", self.words(), row.backtests),
            _ => format!("{} ({} people)", self.words(), count(row.people)),
        }
    }
}

fn place(name: &str, of: &[&str]) -> usize {
    of.iter().position(|own| *own == name).unwrap_or(of.len())
}

fn metric_place(name: &str) -> usize {
    let is = |own: &&str| name == *own || (own.ends_with('_') && name.starts_with(own));
    METRICS.iter().position(is).unwrap_or(METRICS.len())
}

/// Whether a metric is one of those that say most of a truth.
pub(super) fn is_main(metric: &str) -> bool {
    metric_place(metric) < MAIN
}

/// Who was compared, in words.
pub(super) fn population(name: &str) -> &str {
    match name {
        "all" => "everybody",
        "active" => "active people",
        "established" => "established people",
        other => other,
    }
}

/// What was compared with, in words.
pub(super) fn truth(name: &str) -> String {
    match name {
        FORESEEN => "trusted people who reacted".into(),
        ANYBODY => "all people who reacted".into(),
        other => format!("judgements: {}", printable(other)),
    }
}

/// A metric in words, and the value that chance gives it.
pub(super) fn metric(name: &str) -> (String, Option<(f64, &'static str)>) {
    match name {
        "spearman" => ("order, Spearman’s ρ".into(), Some((0.0, "chance"))),
        "kendall_tau_b" => ("order, Kendall’s τ-b".into(), Some((0.0, "chance"))),
        "auc_any" => ("whether anybody comes, AUC".into(), Some((0.5, "chance"))),
        "auc" => ("of whom it is true, AUC".into(), Some((0.5, "chance"))),
        "pairwise_accuracy" => ("pairs in the right order".into(), Some((0.5, "chance"))),
        "pairwise_auc" => ("pairs by their margin, AUC".into(), Some((0.5, "chance"))),
        other => match other.rsplit_once('_') {
            Some(("ndcg", first)) => (format!("the first {first}, discounted gain"), None),
            Some(("precision", first)) => (format!("the first {first}, share that belongs"), None),
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
