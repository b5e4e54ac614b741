//! What a method that is only compared would do to the scores of a night.

use super::inputs::{CheckInputs, ShadowScores};
use super::judge::{Judge, percent};
use crate::model::{Check, PersonIndex, Verdict};
use crate::number_format::count;
use renown_stats::correlation::spearman;
use renown_stats::quantiles::median;
use renown_stats::ranking::Ranking;

/// The check whose history counts the nights on which a method was compared.
pub const SHADOW_MOVED: &str = "shadow_moved";
/// People who are named as examples.
const EXAMPLES: usize = 5;

/// The name under which a method is compared: its version, and the beginning of its SHA-256.
pub fn shadow_subject(version: &str, sha256: &str) -> String {
    format!("{version} {}", sha256.get(..12).unwrap_or(sha256))
}

/// A person scored under both methods.
struct Paired {
    person: PersonIndex,
    /// Points under the method in force, and under the other.
    points: [f64; 2],
}

impl Paired {
    fn change(&self) -> f64 {
        self.points[1] - self.points[0]
    }
}

/// How the scores of the night differ; nothing of it refuses a night.
pub(super) fn compare(
    inputs: &CheckInputs<'_>,
    shadow: &ShadowScores,
    judge: &Judge<'_>,
) -> Vec<Check> {
    let all = paired(inputs, shadow);
    let mut changes: Vec<f64> = all.iter().map(Paired::change).collect();
    changes.sort_unstable_by(f64::total_cmp);
    let limit = judge.rule.moved_points;
    let mut moved: Vec<&Paired> = all.iter().filter(|one| one.change().abs() >= limit).collect();
    moved.sort_by(|one, other| {
        let size = other.change().abs().total_cmp(&one.change().abs());
        size.then(one.person.cmp(&other.person))
    });
    let share = (!all.is_empty()).then(|| moved.len() as f64 / all.len() as f64);
    let ranking =
        |at: usize| Ranking::new(&all.iter().map(|one| one.points[at]).collect::<Vec<f64>>());
    let order = spearman(&ranking(0), &ranking(1), &vec![1; all.len()]);
    let here: f64 = inputs.scores.expected_reactors.iter().fold(0.0, |sum, own| sum + own);
    let ratio = (here > 0.0).then(|| shadow.expected_reactors / here);
    let only = shadow.scores.len() - all.len();
    let persons = &inputs.people.persons;
    let finding = format!(
        "{} of {} people would move by {limit} points or more ({}); {} would be scored besides, {} no more",
        count(moved.len() as u64),
        count(all.len() as u64),
        share.map_or("nobody is scored under both".into(), percent),
        count(only as u64),
        count((persons.len() - all.len()) as u64),
    );
    let subject = shadow_subject(&shadow.method_version, &shadow.method_sha256);
    let check = |name, unit, figure| Check {
        name,
        subject: subject.clone(),
        figure,
        is_shown: true,
        unit,
        limit: None,
        judged_by: format!("method {}, which is in force", inputs.method.version),
        verdict: Verdict::Compared,
        finding: String::new(),
        examples: vec![],
        history: judge.history(name, &subject),
    };
    let id = |one: &&Paired| persons.ids.value(one.person.index()).to_owned();
    vec![
        Check {
            finding,
            examples: moved.iter().take(EXAMPLES).map(id).collect(),
            ..check(SHADOW_MOVED, "share of people", share)
        },
        check("shadow_change", "median of points", median(&changes)),
        check("shadow_order", "Spearman", order),
        check("shadow_expected", "ratio of expected people", ratio),
    ]
}

/// Everybody who is scored under both methods, in order.
fn paired(inputs: &CheckInputs<'_>, shadow: &ShadowScores) -> Vec<Paired> {
    let persons = &inputs.people.persons;
    let mut all = Vec::with_capacity(persons.len());
    let mut at = 0;
    for person in 0..persons.len() {
        let id = persons.ids.value(person);
        while at < shadow.scores.len() && shadow.ids.value(at) < id {
            at += 1;
        }
        if at < shadow.scores.len() && shadow.ids.value(at) == id {
            let points = [inputs.scores.score[person], shadow.scores[at]];
            all.push(Paired { person: PersonIndex::new(person), points });
        }
    }
    all
}
