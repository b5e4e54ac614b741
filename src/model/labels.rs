//! Labels of people from outside, for validation and fitting; scores are never computed from them.

use std::cmp::Ordering;

use super::dropped::Dropped;
use super::indices::PersonIndex;
use super::join_rate::JoinRate;
use super::warning::Warning;
use crate::digest::{Digest, Digestible};

/// One label set of `ground_truth`, restricted to scored people.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelSet {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
}

/// (person, value, topic, judgement).
type Grade = (PersonIndex, f64, Option<String>, Judgement);

/// Labels, each with its topic, or `None` for influence in general, and who gave it.
#[derive(Clone, Debug, PartialEq)]
pub enum Labels {
    /// (person, value, topic, judgement), sorted by person and topic, each once of one judge; all values are finite.
    Graded(Vec<Grade>),
    /// (more influential person, other person, topic, judgement), the two different, sorted; no two rows are equal.
    Pairwise(Vec<(PersonIndex, PersonIndex, Option<String>, Judgement)>),
}

/// Who gave a label, and how much it counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// How many judgements it counts as: more than 0, up to a million.
    pub weight: f64,
    /// Number of the judge in the label set, in order of the judges' ids; `None` if the row names no one.
    pub judge: Option<u32>,
}

impl Default for Judgement {
    /// One judgement, by nobody in particular.
    fn default() -> Self {
        Self { weight: 1.0, judge: None }
    }
}

impl Judgement {
    /// By weight, then by judge: what judges are called changes the order of nothing else.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        self.weight.total_cmp(&other.weight).then(self.judge.cmp(&other.judge))
    }
}

impl Labels {
    /// With one value of each person on each topic: the mean over the judges by weight, which counts once. Pairs stay as they
    /// are: each is a judgement of its own.
    pub fn averaged(self) -> Self {
        let Self::Graded(rows) = self else { return self };
        let same_subject = |one: &Grade, other: &Grade| (one.0, &one.2) == (other.0, &other.2);
        let mean = |rows: &[Grade]| {
            let sum = |of: &dyn Fn(&Grade) -> f64| rows.iter().fold(0.0, |sum, row| sum + of(row));
            let weights = sum(&|row| row.3.weight);
            // What is tied stays tied: equal grades are not computed, and products not rounded more than once.
            match sum(&|row| row.3.weight * row.1) {
                _ if rows.iter().all(|row| row.1 == rows[0].1) => rows[0].1,
                products if products.is_finite() => products / weights,
                _ => sum(&|row| row.3.weight / weights * row.1),
            }
        };
        let averaged = rows.chunk_by(same_subject).map(|rows| {
            let (person, _, topic, _) = &rows[0];
            (*person, mean(rows), topic.clone(), Judgement::default())
        });
        Self::Graded(averaged.collect())
    }
}

/// The labels of `ground_truth` about scored people.
#[derive(Debug, Default)]
pub struct LabelSets {
    /// The label sets, sorted by name; one without any scored person is empty.
    pub sets: Vec<LabelSet>,
    /// Rows dropped by rule.
    pub drops: Vec<Dropped>,
    /// How many labels are about scored people; `None` if there are no labels.
    pub join: Option<JoinRate>,
}

impl LabelSets {
    /// What should be looked at.
    pub fn warnings(&self) -> Vec<Warning> {
        Dropped::warnings(&self.drops)
    }
}

/// Who judged is left out: no table shows it.
impl Digestible for LabelSet {
    fn digest(&self, to: &mut Digest) {
        let Self { name, labels } = self;
        to.add(name);
        let weights: Vec<f64> = match labels {
            Labels::Graded(rows) => {
                to.add("graded");
                let labels = rows.iter().map(|(person, value, topic, _)| (*person, *value, topic));
                to.add(&labels.collect::<Vec<_>>());
                rows.iter().map(|row| row.3.weight).collect()
            }
            Labels::Pairwise(rows) => {
                to.add("pairwise");
                let labels = rows.iter().map(|(winner, loser, topic, _)| (*winner, *loser, topic));
                to.add(&labels.collect::<Vec<_>>());
                rows.iter().map(|row| row.3.weight).collect()
            }
        };
        if weights.iter().any(|weight| *weight != 1.0) {
            to.add(&weights);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_has_the_mean_of_all_judges_by_weight() {
        let person = PersonIndex::new;
        let by = |judge, weight| Judgement { weight, judge: Some(judge) };
        let rust = Some("rust".to_owned());
        let labels = Labels::Graded(vec![
            (person(0), 2.0, None, by(0, 3.0)),
            (person(0), 4.0, None, by(1, 1.0)),
            (person(0), 7.0, rust.clone(), by(0, 0.5)),
            (person(1), f64::MAX, None, by(0, 1.0)),
            (person(1), f64::MAX, None, by(1, 1.0)),
            (person(2), f64::MAX, None, by(0, 1.0)),
            (person(2), f64::MAX / 2.0, None, by(1, 1.0)),
        ]);
        let once = Judgement::default();
        let averaged = Labels::Graded(vec![
            (person(0), 2.5, None, once),
            (person(0), 7.0, rust, once),
            (person(1), f64::MAX, None, once),
            (person(2), 0.75 * f64::MAX, None, once),
        ]);
        assert_eq!(labels.averaged(), averaged);
        let pairs = Labels::Pairwise(vec![(person(0), person(1), None, by(0, 3.0))]);
        assert_eq!(pairs.clone().averaged(), pairs);
    }
}
