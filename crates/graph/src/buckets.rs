//! Rows divided into buckets that fit a core's cache, for work that would else jump through memory.

use std::ops::Range;

/// Rows that always share a bucket, so that few entries tell the bucket of each.
const ROWS_PER_BLOCK: usize = 64;

/// Most buckets: parts of a million items are dealt to so many in runs, not one by one.
const MOST_BUCKETS: usize = 1 << 12;

/// How rows are divided into buckets of about as many items.
#[derive(Debug)]
pub struct Buckets {
    /// The rows of each bucket, in order.
    pub rows: Vec<Range<usize>>,
    /// The bucket of each block.
    of_block: Vec<u16>,
}

impl Buckets {
    /// Blocks of `rows` rows.
    pub fn blocks(rows: usize) -> usize {
        rows.div_ceil(ROWS_PER_BLOCK)
    }

    /// The block of a row.
    pub fn block(row: u32) -> u32 {
        row / ROWS_PER_BLOCK as u32
    }

    /// Divides `rows` rows into buckets of about `length` items, of which `per_block` lie in each block.
    /// A block is never divided.
    pub fn of(rows: usize, per_block: &[u64], length: u64) -> Self {
        let items: u64 = per_block.iter().sum();
        let most = (items / length + 1).min(MOST_BUCKETS as u64);
        let per_bucket = items.div_ceil(most);
        let (mut buckets, mut of_block) = (Vec::new(), Vec::with_capacity(per_block.len()));
        let (mut start, mut held) = (0, 0);
        for (block, items) in per_block.iter().enumerate() {
            of_block.push(buckets.len() as u16);
            held += items;
            let end = ((block + 1) * ROWS_PER_BLOCK).min(rows);
            if held >= per_bucket || end == rows {
                buckets.push(start..end);
                (start, held) = (end, 0);
            }
        }
        Self { rows: buckets, of_block }
    }

    /// The bucket of a row.
    pub fn of_row(&self, row: u32) -> usize {
        usize::from(self.of_block[Self::block(row) as usize])
    }

    /// Where each bucket begins, and the last ends, once items of these rows are dealt.
    pub fn bounds(&self, rows: impl Iterator<Item = u32>) -> Vec<usize> {
        let mut bounds = vec![0; self.rows.len() + 1];
        for row in rows {
            bounds[self.of_row(row) + 1] += 1;
        }
        for bucket in 0..self.rows.len() {
            bounds[bucket + 1] += bounds[bucket];
        }
        bounds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_hold_about_as_many_items_and_whole_blocks() {
        let buckets = Buckets::of(200, &[10, 0, 7, 1], 5);
        assert_eq!(buckets.rows, [0..64, 64..192, 192..200]);
        assert_eq!([0, 63, 64, 191, 192].map(|row| buckets.of_row(row)), [0, 0, 1, 1, 2]);
        assert_eq!(buckets.bounds([3, 199, 5, 70].into_iter()), [0, 2, 3, 4]);
        assert!(Buckets::of(0, &[], 5).rows.is_empty());
        assert_eq!(Buckets::of(70, &[0, 0], 5).rows, [0..64, 64..70]);
    }
}
