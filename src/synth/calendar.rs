//! Times of interactions and posts: more by day than by night, fewer at weekends.

use chrono::{Datelike, NaiveDate, Weekday};

const HOUR_US: i64 = 3_600_000_000;
const MILLISECOND_US: i64 = 1_000;

/// Activity by hour of the day, UTC.
const HOURS: [f64; 24] = [
    0.45, 0.30, 0.22, 0.20, 0.22, 0.30, 0.50, 0.75, 0.95, 1.05, 1.10, 1.15, 1.25, 1.20, 1.15, 1.15,
    1.20, 1.30, 1.45, 1.60, 1.65, 1.50, 1.15, 0.75,
];

/// A span of whole days.
pub(super) struct Calendar {
    first_us: i64,
    /// Share of all events before each hour. Length: hours + 1, from 0 to 1.
    before: Vec<f64>,
}

impl Calendar {
    /// `days` days from the start of `first`.
    pub(super) fn new(first: NaiveDate, days: u32) -> Self {
        let mut before = vec![0.0];
        let mut sum = 0.0;
        for day in first.iter_days().take(days as usize) {
            let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
            for hour in HOURS {
                sum += if weekend { 0.75 * hour } else { hour };
                before.push(sum);
            }
        }
        before.iter_mut().for_each(|share| *share /= sum);
        Self { first_us: midnight_us(first), before }
    }

    /// The instant, in whole milliseconds, before which the share `x` of all events lies; `x` in [0, 1).
    pub(super) fn at_us(&self, x: f64) -> i64 {
        let hours = self.before.len() - 1;
        let hour = self.before.partition_point(|before| *before <= x).clamp(1, hours) - 1;
        let within = (x - self.before[hour]) / (self.before[hour + 1] - self.before[hour]);
        let within = (within * HOUR_US as f64) as i64;
        let within = within.clamp(0, HOUR_US - 1);
        self.first_us + hour as i64 * HOUR_US + within / MILLISECOND_US * MILLISECOND_US
    }
}

/// The first instant of a day, in microseconds since 1970.
pub(super) fn midnight_us(day: NaiveDate) -> i64 {
    day.signed_duration_since(NaiveDate::default()).num_days() * 24 * HOUR_US
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_ascend_within_the_days() {
        let first = NaiveDate::from_ymd_opt(2026, 7, 25).unwrap();
        let calendar = Calendar::new(first, 3);
        let instants: Vec<i64> =
            (0..9_999).map(|i| calendar.at_us(f64::from(i) / 9_999.0)).collect();
        assert!(instants.is_sorted());
        assert_eq!(instants[0], midnight_us(first));
        let end = midnight_us(first) + 72 * HOUR_US;
        assert!(end - HOUR_US < instants[9_998] && instants[9_998] < end);
        let last = calendar.at_us(1.0 - f64::EPSILON / 2.0);
        assert!(end - HOUR_US < last && last < end);
        // A Saturday, a Sunday and a Monday: 0.75, 0.75 and 1 in 2.5.
        let day_us = 24 * HOUR_US;
        let days = instants.chunk_by(|a, b| a / day_us == b / day_us);
        let days: Vec<usize> = days.map(<[i64]>::len).collect();
        assert_eq!(days, [3_000, 3_000, 3_999]);
    }
}
