//! Parquet at a URL: which files are there, whether their columns fit together, and a table over them.

mod columns;
#[cfg(feature = "delta")]
mod delta;
mod footer;
mod input_table;
mod listing;
mod named;
mod partitions;
mod special;
mod table;
mod table_format;
mod types;

pub(crate) use columns::ColumnRules;
pub(crate) use input_table::InputTable;
pub(super) use listing::is_nothing_found;
pub use listing::{InputFile, Listing, PassedOver, TableVersion, refuse_changed_files};
pub(crate) use named::NamedFiles;
