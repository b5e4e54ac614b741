//! Rows divided into buckets whose items fit a core's cache, for work that would otherwise jump through memory.
//!
//! ```
//! use renown_graph::buckets::Buckets;
//!
//! // 200 rows in blocks of 64: the first block holds 10 items, the second none, the third 7, the fourth 1.
//! let buckets = Buckets::divide(200, &[10, 0, 7, 1], 5);
//!
//! assert_eq!(buckets.rows, [0..64, 64..192, 192..200]);
//! assert_eq!(buckets.bucket_of(70), 1);
//! // Where each bucket begins once items of these rows are in order of bucket.
//! assert_eq!(buckets.bounds([3, 199, 5, 70].into_iter()), [0, 2, 3, 4]);
//! ```

use std::ops::Range;

/// Rows that always share a bucket, so that the table from rows to buckets stays small.
const ROWS_PER_BLOCK: usize = 64;

/// Most buckets: with so many, a million items are written in runs, not one by one.
const MAX_BUCKETS: usize = 1 << 12;

/// How rows are divided into buckets of about equally many items.
#[derive(Debug)]
pub struct Buckets {
    /// The rows of each bucket, in order.
    pub rows: Vec<Range<usize>>,
    /// The bucket of each block.
    of_block: Vec<u16>,
}

impl Buckets {
    /// How many blocks `rows` rows make.
    pub fn blocks(rows: usize) -> usize {
        rows.div_ceil(ROWS_PER_BLOCK)
    }

    /// The block of a row.
    pub fn block_of(row: u32) -> u32 {
        row / ROWS_PER_BLOCK as u32
    }

    /// Divides `rows` rows into buckets of about `length` items, more if there would be over 4096 buckets.
    /// `per_block` is the number of items in each block, of [`Buckets::blocks`]`(rows)` blocks; a block is never
    /// divided.
    pub fn divide(rows: usize, per_block: &[u64], length: u64) -> Self {
        let items: u64 = per_block.iter().sum();
        let count = (items / length + 1).min(MAX_BUCKETS as u64);
        let per_bucket = items.div_ceil(count);
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
    pub fn bucket_of(&self, row: u32) -> usize {
        usize::from(self.of_block[Self::block_of(row) as usize])
    }

    /// Where each bucket begins, and the last ends, once the items of these `rows` are in order of bucket. Length:
    /// buckets + 1.
    pub fn bounds(&self, rows: impl Iterator<Item = u32>) -> Vec<usize> {
        let mut bounds = vec![0; self.rows.len() + 1];
        for row in rows {
            bounds[self.bucket_of(row) + 1] += 1;
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
        let buckets = Buckets::divide(200, &[10, 0, 7, 1], 5);
        assert_eq!(buckets.rows, [0..64, 64..192, 192..200]);
        assert_eq!([0, 63, 64, 191, 192].map(|row| buckets.bucket_of(row)), [0, 0, 1, 1, 2]);
        assert_eq!(buckets.bounds([3, 199, 5, 70].into_iter()), [0, 2, 3, 4]);
        assert!(Buckets::divide(0, &[], 5).rows.is_empty());
        assert_eq!(Buckets::divide(70, &[0, 0], 5).rows, [0..64, 64..70]);
    }
}
