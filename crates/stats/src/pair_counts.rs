//! How two rankings order all pairs of items, counted in whole numbers, so that no order of the items changes a bit.

use crate::cumulative_counts::CumulativeCounts;
use crate::ranking::Ranking;

/// How a predictor and an outcome order all pairs of items that count.
pub(crate) struct PairCounts {
    /// Those that the outcome tells apart.
    pub different_outcomes: u128,
    /// Those that the predictor tells apart.
    pub different_predictions: u128,
    /// Those that both put in the same order, twice, and those that the outcome alone tells apart.
    pub doubled_in_order: u128,
}

impl PairCounts {
    /// Counts the pairs of items that count as often as `multiplicities` says. One pass in the order of the predictor, with a tree
    /// over the values of the outcome, which are often few.
    pub(crate) fn of(predictor: &Ranking, outcome: &Ranking, multiplicities: &[u32]) -> Self {
        let group_of = outcome.group_numbers();
        let mut seen = CumulativeCounts::of_groups(outcome.distinct_values());
        let times = |index: &u32| u64::from(multiplicities[*index as usize]);
        let (mut in_order, mut tied_in_predictor, mut tied_in_both) = (0_u128, 0_u128, 0_u128);
        let mut lower = 0_u64;
        // How often the items tied in the predictor have each outcome: a large group takes few steps.
        let (mut tied, mut groups) = (vec![0_u64; outcome.distinct_values()], vec![]);
        for of_value in predictor.tied_groups() {
            for index in of_value {
                let (times, group) = (times(index), group_of[*index as usize] as usize);
                if times > 0 && tied[group] == 0 {
                    groups.push(group);
                }
                tied[group] += times;
            }
            for group in &groups {
                in_order += u128::from(tied[*group]) * u128::from(seen.before(*group));
            }
            let before = lower;
            for group in groups.drain(..) {
                let times = std::mem::take(&mut tied[group]);
                seen.add(group, times);
                tied_in_both += pairs(times);
                lower += times;
            }
            tied_in_predictor += pairs(lower - before);
        }
        let of_outcome = outcome.tied_groups().map(|tied| pairs(tied.iter().map(times).sum()));
        Self::from_ties(in_order, pairs(lower), tied_in_predictor, of_outcome.sum(), tied_in_both)
    }

    /// Counts the pairs of items that count once each. Gives to `see` of each item twice the pairs with another outcome that both put
    /// in the same order, those that the predictor does not tell apart once, and how many have another outcome.
    pub(crate) fn of_each(
        predictor: &Ranking,
        outcome: &Ranking,
        mut see: impl FnMut(usize, u64, u64),
    ) -> Self {
        let all = outcome.len() as u64;
        let group_of = outcome.group_numbers();
        let mut up_to = vec![0_u64];
        for tied in outcome.tied_groups() {
            up_to.push(up_to[up_to.len() - 1] + tied.len() as u64);
        }
        let values = outcome.distinct_values();
        let mut seen = CumulativeCounts::of_groups(values);
        // Items with each outcome: seen before, and tied in the predictor with what these have.
        let (mut of_outcome, mut tied) = (vec![0_u64; values], vec![(0_u64, 0_u64); values]);
        let mut groups: Vec<usize> = vec![];
        let (mut in_order, mut tied_in_predictor, mut tied_in_both) = (0_u128, 0_u128, 0_u128);
        let mut lower = 0_u64;
        for of_value in predictor.tied_groups() {
            for index in of_value {
                let group = group_of[*index as usize] as usize;
                if tied[group].0 == 0 {
                    groups.push(group);
                }
                tied[group].0 += 1;
            }
            groups.sort_unstable();
            let people = of_value.len() as u64;
            let mut tied_up_to = 0;
            for group in &groups {
                let (same, in_both_orders) = &mut tied[*group];
                tied_up_to += *same;
                let below = seen.before(*group);
                // With a higher outcome and a higher prediction: all of that outcome but those seen and those tied.
                let seen_above = lower - below - of_outcome[*group];
                let above = all - up_to[group + 1] - seen_above - (people - tied_up_to);
                *in_both_orders = 2 * (below + above) + (people - *same);
                in_order += u128::from(*same) * u128::from(below);
                tied_in_both += pairs(*same);
            }
            for index in of_value {
                let group = group_of[*index as usize] as usize;
                let others = all - (up_to[group + 1] - up_to[group]);
                see(*index as usize, tied[group].1, others);
            }
            for group in groups.drain(..) {
                let (same, _) = std::mem::take(&mut tied[group]);
                seen.add(group, same);
                of_outcome[group] += same;
            }
            lower += people;
            tied_in_predictor += pairs(people);
        }
        let tied_in_outcome = up_to.windows(2).map(|ends| pairs(ends[1] - ends[0])).sum();
        Self::from_ties(in_order, pairs(all), tied_in_predictor, tied_in_outcome, tied_in_both)
    }

    fn from_ties(
        in_order: u128,
        all: u128,
        tied_in_predictor: u128,
        tied_in_outcome: u128,
        tied_in_both: u128,
    ) -> Self {
        Self {
            different_outcomes: all - tied_in_outcome,
            different_predictions: all - tied_in_predictor,
            doubled_in_order: 2 * in_order + (tied_in_predictor - tied_in_both),
        }
    }

    /// The share of pairs with different outcomes that are in the right order, ties of the predictor half.
    pub(crate) fn concordance(&self) -> Option<f64> {
        let pairs = self.different_outcomes;
        (pairs > 0).then(|| self.doubled_in_order as f64 / (2.0 * pairs as f64))
    }

    /// Kendall's τ-b; none if either side is constant.
    pub(crate) fn kendall(&self) -> Option<f64> {
        // Pairs in order, less those out of order.
        let difference = self.doubled_in_order as f64 - self.different_outcomes as f64;
        let spread = libm::sqrt(self.different_predictions as f64)
            * libm::sqrt(self.different_outcomes as f64);
        (spread > 0.0).then(|| difference / spread)
    }
}

/// The pairs among so many.
fn pairs(count: u64) -> u128 {
    u128::from(count) * u128::from(count.saturating_sub(1)) / 2
}
