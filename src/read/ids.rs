//! Text ids as numbers: the networks, accounts and posts that the inputs name.

use std::collections::HashMap;

use arrow::array::{
    Array, ListArray, PrimitiveArray, RecordBatch, StringViewArray, TimestampMicrosecondArray,
};
use arrow::datatypes::ArrowPrimitiveType;

use crate::error::{Error, Result};
use renown_graph::numbering::{Numbering, TooManyIds};

/// Rows that are numbered at once, at least: numbering wants large batches.
pub(super) const BLOCK_ROWS: usize = 1 << 18;

/// The ids met so far, with their numbers.
#[derive(Default)]
pub(super) struct Ids {
    networks: Numbering<Box<str>>,
    /// (network, account_id).
    accounts: Numbering<(u32, Box<str>)>,
    /// (network, post_id) of the rows of `posts`.
    pub(super) posts: Numbering<(u32, Box<str>)>,
    /// Tags of posts that are no phrases, as they are written.
    pub(super) tags: Numbering<Box<str>>,
}

pub(super) fn too_many(table: &str) -> impl Fn(TooManyIds) -> Error {
    move |e| Error::bad_input(format!("input `{table}`: {e}"), "split the job by network")
}

impl Ids {
    /// The number of the network of each row.
    pub(super) fn networks(&self, block: &[RecordBatch]) -> Result<Vec<u32>> {
        let mut known: HashMap<&str, u32> = HashMap::new();
        let mut numbers = Vec::new();
        for name in texts(block, "network")?.flat_map(StringViewArray::iter).flatten() {
            let number = match known.get(name) {
                Some(number) => *number,
                None => {
                    let number = self.networks.number(&[name]).map_err(too_many("networks"))?[0];
                    known.insert(name, number);
                    number
                }
            };
            numbers.push(number);
        }
        Ok(numbers)
    }

    /// The number of the account in column `id` of each row.
    pub(super) fn accounts(
        &self,
        block: &[RecordBatch],
        networks: &[u32],
        id: &str,
    ) -> Result<Vec<u32>> {
        let ids = texts(block, id)?.flat_map(StringViewArray::iter).flatten();
        let keys: Vec<(u32, &str)> = networks.iter().copied().zip(ids).collect();
        self.accounts.number(&keys).map_err(too_many("accounts"))
    }

    /// Names of networks by number, and their places in order of name.
    pub(super) fn into_names(self) -> Names {
        let mut networks: Vec<(Box<str>, u32)> = self.networks.into_keys();
        networks.sort_unstable();
        let mut places = vec![0; networks.len()];
        for (place, (_, number)) in (0..).zip(&networks) {
            places[*number as usize] = place;
        }
        networks.sort_unstable_by_key(|(_, number)| *number);
        Names {
            networks: networks.into_iter().map(|(name, _)| name).collect(),
            places,
            accounts: self.accounts,
            posts: self.posts,
            tags: self.tags,
        }
    }
}

/// [`Ids`] once all rows are read.
pub(super) struct Names {
    /// Names of the networks by number.
    pub(super) networks: Vec<Box<str>>,
    /// Place of each network in order of name.
    pub(super) places: Vec<u32>,
    pub(super) accounts: Numbering<(u32, Box<str>)>,
    pub(super) posts: Numbering<(u32, Box<str>)>,
    pub(super) tags: Numbering<Box<str>>,
}

/// A column of a batch.
fn one<'a, T: Array + 'static>(rows: &'a RecordBatch, name: &str) -> Result<&'a T> {
    let column = rows.column_by_name(name).and_then(|column| column.as_any().downcast_ref());
    column.ok_or_else(|| Error::internal(format!("column `{name}` has another type")))
}

pub(super) fn text<'a>(rows: &'a RecordBatch, name: &str) -> Result<&'a StringViewArray> {
    one(rows, name)
}

pub(super) fn instants<'a>(
    rows: &'a RecordBatch,
    name: &str,
) -> Result<&'a TimestampMicrosecondArray> {
    one(rows, name)
}

pub(super) fn list<'a>(rows: &'a RecordBatch, name: &str) -> Result<&'a ListArray> {
    one(rows, name)
}

/// A column of the rows of a block.
fn column<'a, T: Array + 'static>(
    block: &'a [RecordBatch],
    name: &str,
) -> Result<impl Iterator<Item = &'a T> + use<'a, T>> {
    let columns: Result<Vec<&T>> = block.iter().map(|batch| one(batch, name)).collect();
    Ok(columns?.into_iter())
}

pub(super) fn texts<'a>(
    block: &'a [RecordBatch],
    name: &str,
) -> Result<impl Iterator<Item = &'a StringViewArray> + use<'a>> {
    column::<StringViewArray>(block, name)
}

pub(super) fn values<'a, T: ArrowPrimitiveType>(
    block: &'a [RecordBatch],
    name: &str,
) -> Result<impl Iterator<Item = Option<T::Native>> + use<'a, T>> {
    Ok(column::<PrimitiveArray<T>>(block, name)?.flat_map(|column| column.iter()))
}
