//! Counts by group, and their sums up to a group.

/// Counts by group as sums within blocks: a sum takes three reads, and adding to a count moves the rest of three short arrays, which
/// lie together in memory where the nodes of a tree do not.
pub(crate) struct CumulativeCounts {
    /// Blocks of groups, and blocks of blocks, are of `2^bits`: the third root of the number of groups, so that all three arrays are
    /// short.
    bits: u32,
    /// Of each group the sum of those before it in its block. Length: groups + 1.
    groups: Vec<u64>,
    /// Of each block the sum of those before it in its block of blocks.
    blocks: Vec<u64>,
    /// Of each block of blocks the sum of those before it.
    tops: Vec<u64>,
}

impl CumulativeCounts {
    /// No counts in as many groups.
    pub(crate) fn of_groups(groups: usize) -> Self {
        let bits = (groups as u64).next_power_of_two().ilog2().div_ceil(3).max(2);
        Self {
            bits,
            groups: vec![0; groups + 1],
            blocks: vec![0; (groups >> bits) + 1],
            tops: vec![0; (groups >> (2 * bits)) + 1],
        }
    }

    /// The counts of each group, in linear time.
    pub(crate) fn of_counts(counts: &[u64]) -> Self {
        let mut sums = Self::of_groups(counts.len());
        let (mut in_block, mut in_top, mut all) = (0, 0, 0);
        let bits = sums.bits;
        let is_first = |number: usize| number & ((1 << bits) - 1) == 0;
        // The end counts as a group without a count.
        for (group, count) in counts.iter().chain([&0]).enumerate() {
            let block = group >> sums.bits;
            if is_first(group) {
                if is_first(block) {
                    sums.tops[block >> sums.bits] = all;
                    in_top = 0;
                }
                sums.blocks[block] = in_top;
                in_block = 0;
            }
            sums.groups[group] = in_block;
            in_block += count;
            in_top += count;
            all += count;
        }
        sums
    }

    /// Adds to the count of a group.
    pub(crate) fn add(&mut self, group: usize, count: u64) {
        let (bits, block) = (self.bits, group >> self.bits);
        add_after(&mut self.groups, group, bits, count);
        add_after(&mut self.blocks, block, bits, count);
        add_to_all(&mut self.tops[(block >> bits) + 1..], count);
    }

    /// The sum of the counts of the first `groups` groups.
    pub(crate) fn before(&self, groups: usize) -> u64 {
        let block = groups >> self.bits;
        self.groups[groups] + self.blocks[block] + self.tops[block >> self.bits]
    }
}

/// Adds to the sums of all after `at` in its block.
fn add_after(sums: &mut [u64], at: usize, bits: u32, count: u64) {
    let end = sums.len().min(((at >> bits) + 1) << bits);
    add_to_all(&mut sums[at + 1..end], count);
}

/// Without a check in every addition, so that several are done at once: counts are of 32 bits, and so are their numbers.
fn add_to_all(sums: &mut [u64], count: u64) {
    sums.iter_mut().for_each(|sum| *sum = sum.wrapping_add(count));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_given_at_once_are_those_added_one_by_one() {
        for groups in (0..20).chain([63, 64, 65, 300, 4_095, 4_096, 17_000_usize]) {
            let counts: Vec<u64> = (0..groups as u64).map(|group| group * 7 % 5).collect();
            let mut added = CumulativeCounts::of_groups(groups);
            counts.iter().enumerate().for_each(|(group, count)| added.add(group, *count));
            let at_once = CumulativeCounts::of_counts(&counts);
            let mut sum = 0;
            for end in 0..=groups {
                assert_eq!(
                    (at_once.before(end), added.before(end)),
                    (sum, sum),
                    "{end} of {groups}"
                );
                sum += counts.get(end).copied().unwrap_or(0);
            }
        }
    }
}
