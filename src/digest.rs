//! What a run was computed from, as one SHA-256.
//!
//! Every type digests itself by taking itself apart, without `..`, so that a new field does not compile until it
//! is decided whether a published table can show it. Texts and lists are preceded by their length and optional values by
//! a flag, so that no two different values digest alike.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, LargeStringArray};
use rayon::prelude::*;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};
use crate::lists::Lists;

/// Bytes that are collected before they are hashed: the hash function works on long runs.
const BUFFER: usize = 1 << 12;

/// Rows that are hashed at once: the digest of a long list is over the digests of parts of this length, whatever the
/// number of threads.
const ROWS_PER_PART: usize = 1 << 16;

/// A value that can be digested.
pub trait Digestible {
    /// Adds the value to a digest.
    fn digest(&self, to: &mut Digest);
}

/// Collects values into a SHA-256.
#[derive(Default)]
pub struct Digest {
    hash: Sha256,
    buffer: Vec<u8>,
}

impl Digest {
    /// The digest of one value.
    pub fn of(value: &(impl Digestible + ?Sized)) -> [u8; 32] {
        let mut digest = Self::default();
        digest.add(value);
        digest.finish()
    }

    /// Adds a value.
    pub fn add(&mut self, value: &(impl Digestible + ?Sized)) {
        value.digest(self);
    }

    /// Adds a list, its parts hashed by all threads.
    pub fn add_rows<T: Digestible + Sync>(&mut self, rows: &[T]) {
        self.add_parts(rows.len(), |digest, row| digest.add(&rows[row]));
    }

    /// Adds a list of `rows` rows that `add` adds one by one, its parts hashed by all threads.
    pub fn add_parts(&mut self, rows: usize, add: impl Fn(&mut Self, usize) + Sync) {
        let part = |start: usize| {
            let mut digest = Self::default();
            (start..rows.min(start + ROWS_PER_PART)).for_each(|row| add(&mut digest, row));
            digest.finish()
        };
        let parts: Vec<[u8; 32]> =
            (0..rows).into_par_iter().step_by(ROWS_PER_PART).map(part).collect();
        self.add(&rows);
        parts.iter().for_each(|part| self.bytes(part));
    }

    /// The SHA-256 of all that was added.
    pub fn finish(mut self) -> [u8; 32] {
        self.hash.update(&self.buffer);
        self.hash.finalize().into()
    }

    /// Adds settings, as JSON: every key that their type has.
    ///
    /// # Errors
    /// [`crate::error::Kind::Internal`] if they cannot be written as JSON.
    pub fn add_settings(&mut self, settings: &impl Serialize) -> Result<()> {
        self.add(&serde_json::to_string(settings).map_err(Error::internal)?);
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) {
        if self.buffer.len() + bytes.len() > BUFFER {
            self.hash.update(&self.buffer);
            self.buffer.clear();
        }
        match bytes.len() > BUFFER {
            true => self.hash.update(bytes),
            false => self.buffer.extend_from_slice(bytes),
        }
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Digestible for $number {
            fn digest(&self, to: &mut Digest) {
                to.bytes(&self.to_le_bytes());
            }
        }
    )*};
}

numbers!(u8, u32, u64, i32, i64, f64);

impl Digestible for usize {
    fn digest(&self, to: &mut Digest) {
        to.add(&(*self as u64));
    }
}

impl Digestible for bool {
    fn digest(&self, to: &mut Digest) {
        to.add(&u8::from(*self));
    }
}

impl Digestible for str {
    fn digest(&self, to: &mut Digest) {
        to.add(&self.len());
        to.bytes(self.as_bytes());
    }
}

impl Digestible for String {
    fn digest(&self, to: &mut Digest) {
        to.add(self.as_str());
    }
}

impl<T: Digestible + ?Sized> Digestible for &T {
    fn digest(&self, to: &mut Digest) {
        to.add(*self);
    }
}

impl<T: Digestible + ?Sized> Digestible for Box<T> {
    fn digest(&self, to: &mut Digest) {
        to.add(&**self);
    }
}

impl<T: Digestible> Digestible for Option<T> {
    fn digest(&self, to: &mut Digest) {
        to.add(&self.is_some());
        self.iter().for_each(|value| to.add(value));
    }
}

impl<T: Digestible> Digestible for [T] {
    fn digest(&self, to: &mut Digest) {
        to.add(&self.len());
        self.iter().for_each(|value| to.add(value));
    }
}

impl<T: Digestible> Digestible for Vec<T> {
    fn digest(&self, to: &mut Digest) {
        to.add(self.as_slice());
    }
}

impl<T: Digestible> Digestible for BTreeSet<T> {
    fn digest(&self, to: &mut Digest) {
        to.add(&self.len());
        self.iter().for_each(|value| to.add(value));
    }
}

impl<K: Digestible, V: Digestible> Digestible for BTreeMap<K, V> {
    fn digest(&self, to: &mut Digest) {
        to.add(&self.len());
        self.iter().for_each(|entry| to.add(&entry));
    }
}

impl<A: Digestible, B: Digestible> Digestible for (A, B) {
    fn digest(&self, to: &mut Digest) {
        let (a, b) = self;
        to.add(a);
        to.add(b);
    }
}

impl<A: Digestible, B: Digestible, C: Digestible> Digestible for (A, B, C) {
    fn digest(&self, to: &mut Digest) {
        let (a, b, c) = self;
        to.add(a);
        to.add(b);
        to.add(c);
    }
}

impl<T: Digestible> Digestible for Lists<T> {
    fn digest(&self, to: &mut Digest) {
        to.add(&self.len());
        self.iter().for_each(|list| to.add(list));
    }
}

impl Digestible for LargeStringArray {
    fn digest(&self, to: &mut Digest) {
        to.add(&self.len());
        self.iter().for_each(|text| to.add(&text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_values_digest_differently() {
        let texts = |texts: &[&str]| Digest::of(texts);
        assert_ne!(texts(&["ab", "c"]), texts(&["a", "bc"]));
        assert_ne!(texts(&["ab"]), texts(&["ab", ""]));
        assert_ne!(Digest::of(&Some(0_u32)), Digest::of(&None::<u32>));
        assert_ne!(Digest::of(&0.0), Digest::of(&-0.0));
        assert_ne!(Digest::of(&(1_u32, 2_u32)), Digest::of(&(2_u32, 1_u32)));
    }

    #[test]
    fn long_lists_and_long_texts_are_digested_whole() {
        let mut rows: Vec<u32> = (0..3 * ROWS_PER_PART as u32 + 5).collect();
        let of = |rows: &[u32]| {
            let mut digest = Digest::default();
            digest.add_rows(rows);
            digest.finish()
        };
        let whole = of(&rows);
        for row in [0, ROWS_PER_PART - 1, ROWS_PER_PART, 3 * ROWS_PER_PART + 4] {
            rows[row] ^= 1;
            assert_ne!(of(&rows), whole, "row {row}");
            rows[row] ^= 1;
        }
        assert_ne!(of(&rows[..rows.len() - 1]), whole);
        let text = "x".repeat(3 * BUFFER);
        assert_ne!(Digest::of(text.as_str()), Digest::of(&text[1..]));
        // The same bytes in different pieces.
        let mut pieces = Digest::default();
        pieces.add(&text.len());
        text.as_bytes().chunks(7).for_each(|piece| pieces.bytes(piece));
        assert_eq!(pieces.finish(), Digest::of(text.as_str()));
    }
}
