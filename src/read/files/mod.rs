//! Parquet at a URL: which files are there, whether their columns fit together, and a table over them.

mod columns;
mod encryption;
mod footer;
mod listing;
mod named;
mod partitions;
mod special;
mod table;
mod table_format;
mod types;

pub(crate) use columns::ColumnRules;
pub use listing::{
    InputFile, Listing, PassedOver, files_not_read, null_columns, refuse_changed_files,
};
pub(crate) use named::NamedFiles;
pub(crate) use table::ParquetFiles;
pub(crate) use types::widen;
