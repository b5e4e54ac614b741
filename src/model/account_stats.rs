//! Statistics that accounts report, by vertex.

use crate::digest::{Digest, Digestible};

/// Statistics of the accounts of each vertex, from `accounts`. Where a person has several accounts on one network, they
/// are summed over the accounts that have a value; `None` where no account has one.
pub struct AccountStats {
    /// Followers, as the network reports them. Length: vertices.
    pub followers: Vec<Option<i64>>,
    /// Lists that contain the account, as the network reports them. Length: vertices.
    pub listed: Vec<Option<i64>>,
    /// Whether the network has verified any account. Length: vertices.
    pub verified: Vec<bool>,
    /// Whole hours from the creation of the oldest account to the cutoff. A creation date that is not before the cutoff is
    /// ignored. Length: vertices.
    pub created_hours: Vec<Option<u32>>,
    /// The custom measures, columns `measure_*`: name of the column, and values of length vertices. Sorted by name; all
    /// values are finite.
    pub custom: Vec<(String, Vec<Option<f64>>)>,
}

impl Digestible for AccountStats {
    fn digest(&self, to: &mut Digest) {
        let Self { followers, listed, verified, created_hours, custom } = self;
        to.add(followers);
        to.add(listed);
        to.add(verified);
        to.add(created_hours);
        to.add(custom);
    }
}
