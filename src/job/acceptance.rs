//! What somebody accepts of one run.

/// A check whose finding somebody accepts for one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// Name of the check.
    pub check: String,
    /// Why the run is right.
    pub reason: String,
    /// Who says so.
    pub by: String,
}
