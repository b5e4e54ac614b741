//! What each command does.

pub mod access;
pub mod audience;
pub mod bars;
pub mod check;
pub mod diff;
pub mod exit;
pub mod explain;
pub mod hints;
pub mod plan;
pub mod rank;
pub mod runs;
pub mod top;
pub mod topics;
