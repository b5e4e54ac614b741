//! The judgements of a label set as pairs of people, one of whom won.

use std::collections::BTreeMap;

use crate::model::{Judgement, Labels, PersonIndex};

/// Others with whom each person of a graded label set is compared.
const OTHERS: usize = 50;

/// Judgements of pairs of people. Lengths: judgements.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct JudgedPairs {
    /// The more and the less influential person.
    pub pairs: Vec<(u32, u32)>,
    /// How many judgements each counts as.
    pub weights: Vec<f64>,
}

impl JudgedPairs {
    /// The judgements of people who are `seen`. Of graded labels these are pairs with different grades by one judge, about
    /// `most` at the most; such a pair counts as often as both grades together were given.
    pub fn of(labels: Labels, seen: impl Fn(PersonIndex) -> bool, most: usize) -> Self {
        let (pairs, weights) = match labels {
            Labels::Pairwise(rows) => {
                let rows = rows.into_iter().filter(|row| seen(row.0) && seen(row.1));
                rows.map(|row| ((row.0.into(), row.1.into()), row.3.weight)).unzip()
            }
            Labels::Graded(mut rows) => {
                rows.retain(|row| seen(row.0));
                compared(&rows, most).into_iter().unzip()
            }
        };
        Self { pairs, weights }
    }

    /// Number of judgements.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Those at `indices`.
    pub fn select(&self, indices: &[usize]) -> Self {
        Self {
            pairs: indices.iter().map(|index| self.pairs[*index]).collect(),
            weights: indices.iter().map(|index| self.weights[*index]).collect(),
        }
    }
}

/// (person, value, weight).
type Graded = (u32, f64, f64);

/// A pair and its weight.
type Compared = ((u32, u32), f64);

/// Each person of a graded label set and some others, the higher one first; equals are no pair. Only grades of one judge on
/// one topic are compared: what a grade means differs between judges.
fn compared(rows: &[(PersonIndex, f64, Option<String>, Judgement)], most: usize) -> Vec<Compared> {
    let others = OTHERS.min(most / rows.len().max(1)).max(1);
    let mut groups: BTreeMap<(Option<&str>, Option<u32>), Vec<Graded>> = BTreeMap::new();
    for (person, value, topic, judgement) in rows {
        let group = groups.entry((topic.as_deref(), judgement.judge)).or_default();
        group.push(((*person).into(), *value, judgement.weight));
    }
    let mut all: Vec<Compared> = groups.values().flat_map(|rows| in_group(rows, others)).collect();
    all.sort_unstable_by(|one, other| one.0.cmp(&other.0).then(one.1.total_cmp(&other.1)));
    all
}

/// The pairs of people with grades by one judge.
fn in_group(rows: &[Graded], others: usize) -> Vec<Compared> {
    let n = rows.len();
    let mut pairs = Vec::new();
    for (place, (person, value, weight)) in rows.iter().enumerate() {
        for step in 1..=others.min(n.saturating_sub(1) / 2) {
            // Far and near ones in turn, each pair once.
            let (other, of_other, weight_of_other) =
                rows[(place + step * (n / (2 * others)).max(1)) % n];
            let both = weight * weight_of_other;
            match value.total_cmp(&of_other) {
                std::cmp::Ordering::Greater => pairs.push(((*person, other), both)),
                std::cmp::Ordering::Less => pairs.push(((other, *person), both)),
                std::cmp::Ordering::Equal => {}
            }
        }
    }
    // Half way round is met from both ends.
    pairs.sort_unstable_by_key(|pair| pair.0);
    pairs.dedup_by_key(|pair| pair.0);
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graded(rows: &[(usize, f64, Option<u32>, f64)]) -> JudgedPairs {
        let grade = |(person, value, judge, weight): &(usize, f64, Option<u32>, f64)| {
            (PersonIndex::new(*person), *value, None, Judgement { weight: *weight, judge: *judge })
        };
        JudgedPairs::of(Labels::Graded(rows.iter().map(grade).collect()), |_| true, 1_000)
    }

    #[test]
    fn grades_of_one_judge_are_compared_and_counted_as_often_as_both_were_given() {
        let first = [(0, 1.0, Some(0), 2.0), (1, 5.0, Some(0), 3.0), (2, 5.0, Some(0), 1.0)];
        // The second judge is strict: every grade is lower.
        let second = [(0, 0.5, Some(1), 1.0), (1, 0.1, Some(1), 1.0), (3, 0.0, Some(1), 1.0)];
        let found = graded(&[&first[..], &second].concat());
        let all: Vec<_> = found.pairs.into_iter().zip(found.weights).collect();
        let expected = [((0, 1), 1.0), ((0, 3), 1.0), ((1, 0), 6.0), ((1, 3), 1.0), ((2, 0), 2.0)];
        assert_eq!(all, expected);
    }

    #[test]
    fn there_are_about_as_many_pairs_as_asked_for() {
        let rows: Vec<_> = (0..500).map(|i| (i, (i * 7 % 500) as f64, None, 1.0)).collect();
        let labels = |rows: &[(usize, f64, Option<u32>, f64)]| {
            let once = Judgement::default();
            Labels::Graded(rows.iter().map(|r| (PersonIndex::new(r.0), r.1, None, once)).collect())
        };
        let pairs = |most: usize| JudgedPairs::of(labels(&rows), |_| true, most).len();
        assert!((24_000..=25_000).contains(&pairs(usize::MAX)));
        assert!((1_500..=2_000).contains(&pairs(2_000)));
        assert!((200..=500).contains(&pairs(10)));
        let few = JudgedPairs::of(labels(&rows), |person| person.index() < 4, 1_000);
        assert!(few.pairs.iter().all(|(one, other)| *one < 4 && *other < 4) && few.len() > 2);
    }
}
