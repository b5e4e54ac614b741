//! Ages in whole hours or minutes before the cutoff, and days as tables hold them.

use chrono::NaiveDate;

use crate::error::{Error, Result};

/// Microseconds in an hour.
pub(crate) const HOUR_US: i64 = 3_600_000_000;

/// Whole hours from `at_us` to the last instant before the cutoff, so that a window of n hours is 0..n.
/// `None` for what is not before the cutoff.
pub(crate) fn hours_before(cutoff_us: i64, at_us: i64) -> Option<u32> {
    if at_us >= cutoff_us {
        return None;
    }
    // All hours of 64-bit microseconds are fewer than 2^32.
    u32::try_from((cutoff_us - 1).saturating_sub(at_us) / HOUR_US).ok()
}

/// Whole minutes from `at_us` to the last instant before the cutoff; `None` for what is not before it, or over 8,000 years old.
pub(crate) fn minutes_before(cutoff_us: i64, at_us: i64) -> Option<u32> {
    if at_us >= cutoff_us {
        return None;
    }
    u32::try_from((cutoff_us - 1).saturating_sub(at_us) / (HOUR_US / 60)).ok()
}

/// The start of the hour that began `hours` whole hours before the last hour before the cutoff.
pub(crate) fn start_of_hour(cutoff_us: i64, hours: u32) -> i64 {
    cutoff_us.saturating_sub((i64::from(hours) + 1) * HOUR_US)
}

/// Days from 1970-01-01 to `day`, the value of a date column.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if a date column does not reach as far.
pub(crate) fn days_since_epoch(day: NaiveDate) -> Result<i32> {
    i32::try_from(day.signed_duration_since(NaiveDate::default()).num_days())
        .map_err(Error::internal)
}
