//! How large a world is.

use chrono::{Datelike, NaiveDate};

use crate::error::{Error, Kind, Result};

/// Days that the interactions and posts of a snapshot cover: what a fit needs, a tenure and a lag before two horizons, and some more.
pub const DAYS: u32 = 126;
/// Days that `future` covers.
pub const FUTURE_DAYS: u32 = 28;

/// Fewer people form no networks; the accounts of more do not fit 32-bit numbers.
const PEOPLE: std::ops::RangeInclusive<u32> = 10..=1_000_000_000;
/// Interactions in a row group, by default.
pub const GROUP: u64 = 1 << 18;

/// Size and seed of a world.
#[derive(Clone, Debug)]
pub struct Parameters {
    /// People, 10 to a thousand million.
    pub people: u32,
    /// Interactions in the snapshot, at least one.
    pub interactions: u64,
    /// Posts in the snapshot, at least one.
    pub posts: u32,
    /// Random seed.
    pub seed: u64,
    /// The last day of the snapshot.
    pub snapshot: NaiveDate,
    /// Interactions in a row group, usually [`GROUP`]. Each group has its own random numbers, so that other sizes give other
    /// rows.
    pub group: u64,
}

impl Parameters {
    /// Refuses values out of range.
    ///
    /// # Errors
    /// [`Kind::Usage`].
    pub(super) fn check(&self) -> Result<()> {
        let refused = |name: &str, value: String, remedy: &str| {
            Err(Error::new(Kind::Usage, format!("{name}: {value} is out of range"), remedy))
        };
        if !PEOPLE.contains(&self.people) {
            let remedy = "give 10 to 1000000000 people";
            return refused("people", self.people.to_string(), remedy);
        }
        // Beyond 2^53 the times of rows cannot be distinguished.
        if !(1..=1 << 53).contains(&self.interactions) {
            let remedy = "give 1 to 9007199254740992 interactions";
            return refused("interactions", self.interactions.to_string(), remedy);
        }
        if self.posts == 0 {
            return refused("posts", self.posts.to_string(), "give at least one post");
        }
        if !(1900..=9000).contains(&self.snapshot.year()) {
            let remedy = "give a day of the years 1900 to 9000";
            return refused("snapshot", self.snapshot.to_string(), remedy);
        }
        Ok(())
    }

    /// Interactions after the cutoff, at the rate of those before.
    pub(super) fn future(&self) -> u64 {
        let rows = u128::from(self.interactions) * u128::from(FUTURE_DAYS) / u128::from(DAYS);
        (rows as u64).max(1)
    }
}
