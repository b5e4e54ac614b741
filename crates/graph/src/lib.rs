//! Graphs as flat arrays, and propagation over them: slices in, slices out, the same bits at any thread count.
//!
//! [`numbering`] gives ids dense numbers, [`csr`] builds compressed sparse rows, [`pagerank`] and [`hitting`] propagate
//! over them, [`sum`] adds floating-point numbers in an order that no thread count changes. Nothing here knows of files,
//! columns or async.

pub mod buckets;
pub mod csr;
mod error;
pub mod hitting;
pub mod ids;
pub mod numbering;
pub mod pagerank;
mod pull;
mod step;
pub mod sum;

pub use error::GraphError;
