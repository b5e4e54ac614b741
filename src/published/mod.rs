//! What was published, read back: [`Run`] and one row type a table.

mod cells;
pub mod check_rows;
pub mod consent_history;
pub(crate) mod describe;
mod earlier;
pub mod evaluation_rows;
pub mod files;
pub(crate) mod identify;
pub(crate) mod lookup;
pub(crate) mod measures;
pub mod previous;
pub mod rows;
pub(crate) mod run;
pub(crate) mod table;
pub mod tenures;

pub use run::Run;
