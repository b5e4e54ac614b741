//! Dense numbers for ids, given as ids are decoded, by all threads at once: [`Numbering`] for texts,
//! [`IntegerNumbering`] for integers.
//!
//! Numbers run from 0 without gaps. *Which* number a key gets depends on the keys of its batch and on the threads: before anything that depends on
//! numbers is published, keys are put in order, as [`crate::relabel`] does.
//!
//! ```
//! use renown_graph::numbering::{NONE, Numbering};
//!
//! let numbering = Numbering::default();
//! let numbers = numbering.number(&["ann", "bob", "ann"])?;
//! assert_eq!(numbers[0], numbers[2]);
//! assert_eq!(numbers[0].abs_diff(numbers[1]), 1);
//!
//! assert_eq!(numbering.find(&["bob", "cleo"]), [numbers[1], NONE]);
//!
//! let mut keys = numbering.into_keys();
//! keys.sort_unstable();
//! assert_eq!(keys, [("ann".into(), numbers[0]), ("bob".into(), numbers[1])]);
//! # Ok::<(), renown_graph::numbering::TooManyIds>(())
//! ```

mod integers;
mod limit;
mod texts;

pub use integers::IntegerNumbering;
pub use limit::{NONE, TooManyIds};
pub use texts::{Key, Numbering};
