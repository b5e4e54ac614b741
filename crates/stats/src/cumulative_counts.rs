//! Counts by group, and their sums up to a group.

/// Counts by group as a binary indexed tree (Fenwick 1994, *A New Data Structure for Cumulative Frequency Tables*). Length:
/// groups + 1.
pub(crate) struct CumulativeCounts(Vec<u64>);

impl CumulativeCounts {
    /// No counts in as many groups.
    pub(crate) fn of_groups(groups: usize) -> Self {
        Self(vec![0; groups + 1])
    }

    /// The counts of each group, in linear time.
    pub(crate) fn of_counts(counts: &[u64]) -> Self {
        let mut tree = Self::of_groups(counts.len());
        for (node, count) in (1..).zip(counts) {
            tree.0[node] += count;
            let above = node + lowest_bit(node);
            if above < tree.0.len() {
                tree.0[above] += tree.0[node];
            }
        }
        tree
    }

    /// Adds to the count of a group.
    pub(crate) fn add(&mut self, group: usize, count: u64) {
        let mut node = group + 1;
        while node < self.0.len() {
            self.0[node] += count;
            node += lowest_bit(node);
        }
    }

    /// The sum of the counts of the first `groups` groups.
    pub(crate) fn before(&self, groups: usize) -> u64 {
        let (mut node, mut sum) = (groups, 0);
        while node > 0 {
            sum += self.0[node];
            node -= lowest_bit(node);
        }
        sum
    }
}

fn lowest_bit(node: usize) -> usize {
    node & node.wrapping_neg()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_given_at_once_are_those_added_one_by_one() {
        for groups in 0..20_usize {
            let counts: Vec<u64> = (0..groups as u64).map(|group| group * 7 % 5).collect();
            let mut added = CumulativeCounts::of_groups(groups);
            counts.iter().enumerate().for_each(|(group, count)| added.add(group, *count));
            let at_once = CumulativeCounts::of_counts(&counts);
            assert_eq!(at_once.0, added.0);
            for end in 0..=groups {
                assert_eq!(at_once.before(end), counts[..end].iter().sum::<u64>());
            }
        }
    }
}
