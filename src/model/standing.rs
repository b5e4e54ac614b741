//! Since when people are known on a network.

use crate::digest::{Digest, Digestible};

/// Who is long-standing on a network: their reactions vouch for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Since which day, in days since 1970-01-01.
    pub since_days: i32,
    /// Whether the person is a founder: known since before the first night with trust.
    pub is_founder: bool,
}

impl Digestible for Standing {
    fn digest(&self, to: &mut Digest) {
        let Self { since_days, is_founder } = self;
        to.add(since_days);
        to.add(is_founder);
    }
}
