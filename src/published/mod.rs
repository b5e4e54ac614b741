//! What was published, read back: [`Run`] and one row type a table.

mod cells;
pub(crate) mod describe;
pub mod files;
pub(crate) mod lookup;
pub(crate) mod measures;
pub mod previous;
mod renamed;
pub mod rows;
pub(crate) mod run;
pub(crate) mod table;

pub use run::Run;
