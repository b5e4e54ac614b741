//! Numbers that accounts state, by vertex.

use crate::digest::{Digest, Digestible};

/// Numbers of the accounts of each vertex, from `accounts`. Where a person has several accounts on one
/// network they are summed over those that state one; what no account states is `None`.
pub struct AccountStats {
    /// Accounts that follow, as the network states it. Length: vertices.
    pub followers: Vec<Option<i64>>,
    /// Lists that hold the account, as the network states it. Length: vertices.
    pub listed: Vec<Option<i64>>,
    /// Whether the network has verified any account. Length: vertices.
    pub verified: Vec<bool>,
    /// Whole hours from the opening of the first account to the cutoff. An opening that is not before the
    /// cutoff is not known. Length: vertices.
    pub created_hours: Vec<Option<u32>>,
    /// The columns `measure_*`: name of the column, and values of length vertices. In order of name; all
    /// values are finite.
    pub own: Vec<(String, Vec<Option<f64>>)>,
}

impl Digestible for AccountStats {
    fn digest(&self, to: &mut Digest) {
        let Self { followers, listed, verified, created_hours, own } = self;
        to.add(followers);
        to.add(listed);
        to.add(verified);
        to.add(created_hours);
        to.add(own);
    }
}
