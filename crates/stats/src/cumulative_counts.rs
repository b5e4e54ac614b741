//! Counts by group, and their sums up to a group.

/// Counts by group as a binary indexed tree (Fenwick 1994, *A New Data Structure for Cumulative Frequency Tables*). The first group,
/// often that of most items, stands outside of it, so that counting it takes one step.
pub(crate) struct CumulativeCounts {
    first: u64,
    /// Of all other groups. Length: groups, and at least 1.
    rest: Vec<u64>,
}

impl CumulativeCounts {
    /// No counts in as many groups.
    pub(crate) fn of_groups(groups: usize) -> Self {
        Self { first: 0, rest: vec![0; groups.max(1)] }
    }

    /// Adds to the count of a group.
    pub(crate) fn add(&mut self, group: usize, count: u64) {
        let mut node = group;
        if node == 0 {
            self.first += count;
            return;
        }
        while node < self.rest.len() {
            self.rest[node] += count;
            node += lowest_bit(node);
        }
    }

    /// The sum of the counts of the first `groups` groups.
    pub(crate) fn before(&self, groups: usize) -> u64 {
        let Some(mut node) = groups.checked_sub(1) else { return 0 };
        let mut sum = self.first;
        while node > 0 {
            sum += self.rest[node];
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
    fn sums_are_those_of_the_counts_before() {
        for groups in 0..20_usize {
            let counts: Vec<u64> = (0..groups as u64).map(|group| 1 + group * 7 % 5).collect();
            let mut sums = CumulativeCounts::of_groups(groups);
            counts.iter().enumerate().for_each(|(group, count)| sums.add(group, *count));
            for end in 0..=groups {
                assert_eq!(sums.before(end), counts[..end].iter().sum::<u64>());
            }
        }
    }
}
