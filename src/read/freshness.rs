//! Whether the day has arrived: paths with the date at which nothing is, days without rows, and newest events that are old.
//!
//! Each of them ends a run as a gate does: nothing was published, and the data are those of another day.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use super::files::is_nothing_found;
use super::open_input::OpenInput;
use super::violations::Violations;
use crate::error::{Error, Kind, Result};
use crate::job::Reading;
use crate::model::NewestEvents;
use crate::model::time::start_of_hour;

/// The newest event of an input, among eligible people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewestEvent {
    /// The hour in which it happened, UTC.
    pub at: DateTime<Utc>,
    /// Hours from the beginning of that hour to the cutoff.
    pub hours_before_cutoff: u32,
}

impl NewestEvent {
    fn of(cutoff_us: i64, hours: u32) -> Option<Self> {
        let at = DateTime::from_timestamp_micros(start_of_hour(cutoff_us, hours))?;
        Some(Self { at, hours_before_cutoff: hours.saturating_add(1) })
    }

    /// The newest event of each input that has one.
    pub(super) fn by_input(cutoff_us: i64, newest: &NewestEvents) -> BTreeMap<String, Self> {
        let event = |(input, hours): (&str, Option<u32>)| {
            Some((input.to_owned(), Self::of(cutoff_us, hours?)?))
        };
        newest.by_input().into_iter().filter_map(event).collect()
    }
}

/// How old the newest event of each input of a snapshot may be at the cutoff.
#[derive(Clone, Debug)]
pub struct AgeLimits {
    cutoff_us: i64,
    /// Hours and the origin of the input, by input.
    limits: BTreeMap<String, (u32, String)>,
}

impl AgeLimits {
    /// No limits.
    pub(super) fn none(cutoff_us: i64) -> Self {
        Self { cutoff_us, limits: BTreeMap::new() }
    }

    /// Adds the limit of an input, if it has one.
    pub(super) fn add(&mut self, input: &OpenInput, reading: &Reading) {
        let table = &input.table.table;
        if let Some(hours) = reading.max_age_hours(table, input.is_daily) {
            self.limits.insert(table.clone(), (hours, input.origin.clone()));
        }
    }

    /// Removes all limits: what is read is history.
    pub fn clear(&mut self) {
        self.limits.clear();
    }

    /// Whether the newest event of `input` has a limit.
    pub(super) fn has(&self, input: &str) -> bool {
        self.limits.contains_key(input)
    }

    /// Reports each input whose newest event is older than its limit.
    ///
    /// # Errors
    /// [`Kind::Gate`] for the first, unless the violations are kept.
    pub fn report(&self, newest: &NewestEvents, violations: &mut Violations) -> Result<()> {
        for (table, hours) in newest.by_input() {
            let Some((limit, origin)) = self.limits.get(table) else { continue };
            // Of follows the start may be unknown.
            let is_timeless = table == "follows" && hours.is_none();
            // An event of the last of `limit` hours is `limit - 1` whole hours old.
            let is_fresh = hours.is_some_and(|hours| hours < *limit);
            if is_fresh || is_timeless || violations.has_gate(table) {
                continue;
            }
            let cutoff = DateTime::from_timestamp_micros(self.cutoff_us).unwrap_or_default();
            let cutoff = cutoff.format("%Y-%m-%d %H:%M UTC");
            let found = match hours.and_then(|hours| NewestEvent::of(self.cutoff_us, hours)) {
                Some(NewestEvent { at, hours_before_cutoff }) => format!(
                    "the newest event of eligible people is from {}, {hours_before_cutoff} h before the cutoff {cutoff}",
                    at.format("%Y-%m-%d %H:%M UTC")
                ),
                None => format!(
                    "no event of eligible people is in the window before the cutoff {cutoff}"
                ),
            };
            violations.report(
                Error::new(
                    Kind::Gate,
                    format!("input `{table}` ({origin}): {found}; `max_age_hours` is {limit}"),
                    "run again once the data of the day are there; if it may be so old, give `max_age_hours` under [reading] of \
                     the job",
                )
                .in_table(table),
            )?;
        }
        Ok(())
    }
}

/// The error for an input of one day without a row.
pub(super) fn empty_day(input: &OpenInput, day: NaiveDate) -> Error {
    let mut error = input.violation(
        format!("the day {day} is empty: it has no rows"),
        "run again once its rows are there, or leave the input out of the job",
    );
    error.kind = Kind::Gate;
    error
}

/// What opening `url` gave; if there is nothing at the path of a `day`, that the day has not arrived.
pub(super) fn of_day<T>(opened: Result<T>, url: &Url, day: Option<NaiveDate>) -> Result<T> {
    opened.map_err(|error| match day {
        Some(day) if is_nothing_found(&error) => Error::new(
            Kind::Gate,
            format!("the day {day} has not arrived: {}", error.cause),
            format!("run again once its files are at `{url}`, or correct the path and the date"),
        ),
        _ => error,
    })
}
