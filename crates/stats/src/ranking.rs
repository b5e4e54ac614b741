//! Items in the order of a value, sorted once for every metric and every resample.
//!
//! A metric takes the multiplicity of each item besides: how often it counts. That is 1 without resampling, and what a
//! bootstrap draws otherwise. Ties are never broken: tied items share their rank.
//!
//! ```
//! use renown_stats::ranking::Ranking;
//!
//! let ranking = Ranking::new(&[3.0, 1.0, 4.0, 1.0]);
//!
//! assert_eq!(ranking.distinct_values(), 3);
//! // Twice the mid-rank, so that it is whole: the two lowest share rank 1.5.
//! assert_eq!(ranking.doubled_ranks(&[1; 4]), [6.0, 3.0, 8.0, 3.0]);
//! // The highest one, and who is tied with it.
//! assert_eq!(ranking.top(&[1; 4], 1), [false, false, true, false]);
//! ```

/// In [`Ranking::restrict`]: an item that is left out.
pub const LEFT_OUT: u32 = u32::MAX;

/// Items in the order of a value, and which of them are tied.
#[derive(Clone, Debug)]
pub struct Ranking {
    /// Indices of items, the lowest value first.
    order: Vec<u32>,
    /// Where each group of equal values begins in `order`, and the end.
    bounds: Vec<u32>,
}

impl Ranking {
    /// Ranks items by their `values`, which are numbers (not NaN) and at most 2³² − 1.
    pub fn new(values: &[f64]) -> Self {
        // The values stand beside the indices: none is looked up while sorting.
        let mut sorted: Vec<(u64, u32)> =
            values.iter().map(|value| ordered(*value)).zip(0..).collect();
        sorted.sort_unstable();
        let order: Vec<u32> = sorted.into_iter().map(|(_, index)| index).collect();
        let value = |index: &u32| values[*index as usize];
        let (mut bounds, mut end) = (vec![0], 0);
        // −0 and 0 are one value.
        for group in order.chunk_by(|a, b| value(a) == value(b)) {
            end += group.len() as u32;
            bounds.push(end);
        }
        Self { order, bounds }
    }

    /// The ranking of some of the items: `new_index` gives the index that each has among them, [`LEFT_OUT`] for all
    /// others. Linear, where sorting anew is not.
    pub fn restrict(&self, new_index: &[u32]) -> Self {
        let (mut order, mut bounds, mut end) = (Vec::new(), vec![0], 0);
        for group in self.tied_groups() {
            let kept = group.iter().map(|index| new_index[*index as usize]);
            order.extend(kept.filter(|index| *index != LEFT_OUT));
            if order.len() > end {
                end = order.len();
                bounds.push(end as u32);
            }
        }
        Self { order, bounds }
    }

    /// Number of items.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// How many different values there are.
    pub fn distinct_values(&self) -> usize {
        self.bounds.len() - 1
    }

    /// The decile of each item by mid-rank, 0 for the lowest; tied items are in one decile. Length: items.
    pub fn deciles(&self) -> Vec<u8> {
        let ranks = self.doubled_ranks(&vec![1; self.order.len()]);
        let doubled_len = 2.0 * self.order.len() as f64;
        ranks.into_iter().map(|rank| (10.0 * (rank - 1.0) / doubled_len) as u8).collect()
    }

    /// Whether each item is among the `k` highest; all that are tied with the last of them are too. Length: items.
    pub fn top(&self, multiplicities: &[u32], k: usize) -> Vec<bool> {
        let (mut top, mut above) = (vec![false; self.order.len()], 0.0);
        for group in self.tied_groups().rev() {
            if above >= k as f64 {
                break;
            }
            group.iter().for_each(|index| top[*index as usize] = true);
            above += count(group, multiplicities);
        }
        top
    }

    /// Whether any two of the items that count have different values.
    pub fn varies(&self, multiplicities: &[u32]) -> bool {
        self.tied_groups().filter(|group| count(group, multiplicities) > 0.0).nth(1).is_some()
    }

    /// Twice the mid-rank of each item, ranks from 1. Length: items.
    pub fn doubled_ranks(&self, multiplicities: &[u32]) -> Vec<f64> {
        let mut ranks = vec![0.0; self.order.len()];
        let mut below = 0.0;
        for group in self.tied_groups() {
            let tied = count(group, multiplicities);
            for index in group {
                ranks[*index as usize] = 2.0 * below + tied + 1.0;
            }
            below += tied;
        }
        ranks
    }

    /// The number of the value of each item, 0 for the lowest. Length: items.
    pub(crate) fn group_numbers(&self) -> Vec<u32> {
        let mut numbers = vec![0; self.order.len()];
        for (number, group) in (0..).zip(self.tied_groups()) {
            group.iter().for_each(|index| numbers[*index as usize] = number);
        }
        numbers
    }

    /// The items of each value, the lowest value first.
    pub(crate) fn tied_groups(
        &self,
    ) -> impl DoubleEndedIterator<Item = &[u32]> + ExactSizeIterator {
        self.bounds.windows(2).map(|bounds| &self.order[bounds[0] as usize..bounds[1] as usize])
    }
}

/// A number in the order of [`f64::total_cmp`].
fn ordered(value: f64) -> u64 {
    let bits = value.to_bits();
    let sign = 1 << 63;
    if bits & sign == 0 { bits | sign } else { !bits }
}

/// How often the items of a group count.
pub(crate) fn count(group: &[u32], multiplicities: &[u32]) -> f64 {
    group.iter().map(|index| u64::from(multiplicities[*index as usize])).sum::<u64>() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restricted_ranking_equals_a_ranking_of_the_items() {
        let values = [3.0, 1.0, 3.0, -0.0, 0.0, 2.0, 1.0];
        let new_index = [LEFT_OUT, 3, 0, 2, 1, LEFT_OUT, 4];
        let restricted = Ranking::new(&values).restrict(&new_index);
        let direct = Ranking::new(&[3.0, 0.0, -0.0, 1.0, 1.0]);
        assert_eq!(restricted.bounds, direct.bounds);
        assert_eq!(restricted.doubled_ranks(&[1; 5]), direct.doubled_ranks(&[1; 5]));
        assert!(Ranking::new(&values).restrict(&[LEFT_OUT; 7]).is_empty());
    }

    #[test]
    fn tied_items_are_in_the_top_together_and_in_one_decile() {
        let ranking = Ranking::new(&[5.0, 1.0, 4.0, 4.0, 0.0]);
        let top = |multiplicities: [u32; 5], k| ranking.top(&multiplicities, k);
        assert_eq!(top([1; 5], 1), [true, false, false, false, false]);
        assert_eq!(top([1; 5], 2), [true, false, true, true, false]);
        assert_eq!(top([3, 1, 1, 1, 1], 2), [true, false, false, false, false]);
        assert_eq!(Ranking::new(&[0.0; 20]).deciles(), [5; 20]);
        let rising: Vec<f64> = (0..20).map(f64::from).collect();
        let expected: Vec<u8> = (0..20).map(|i| i / 2).collect();
        assert_eq!(Ranking::new(&rising).deciles(), expected);
    }
}
