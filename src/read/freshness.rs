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
use crate::model::time::{HOUR_US, start_of_hour};
use crate::model::{NetworkEvents, NewestEvents, People, Warning};

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

    /// Reports each network of an input with a limit whose newest event is older, while others are fresh, if it had events all
    /// the time until then; those that had not are warned of.
    ///
    /// # Errors
    /// As [`Self::report`].
    pub fn report_networks(
        &self,
        people: &People,
        violations: &mut Violations,
    ) -> Result<Vec<Warning>> {
        let mut warnings = Vec::new();
        let newest = people.newest_events();
        for (table, hours) in newest.by_input() {
            let Some((limit, origin)) = self.limits.get(table) else { continue };
            if hours.is_none_or(|hours| hours >= *limit) {
                // Said of the whole input.
                continue;
            }
            let networks = people.events_by_network(table, *limit).into_iter();
            for NetworkEvents { network, newest, is_steady } in networks {
                let old = NewestEvent::of(self.cutoff_us, newest).filter(|_| newest >= *limit);
                let Some(NewestEvent { at, hours_before_cutoff }) = old else { continue };
                let found = format!(
                    "the newest event of eligible people on the network `{network}` is from {}, {hours_before_cutoff} h before \
                     the cutoff, and others are newer; `max_age_hours` is {limit}",
                    at.format("%Y-%m-%d %H:%M UTC")
                );
                if is_steady {
                    let cause = format!("input `{table}` ({origin}): {found}");
                    let remedy = "run again once the data of this network are there; if they may be so old, give `max_age_hours` \
                                  under [reading] of the job, or leave the network out in a SELECT";
                    violations.report(Error::new(Kind::Gate, cause, remedy).in_table(table))?;
                } else {
                    warnings.push(Warning::new(table, found));
                }
            }
        }
        Ok(warnings)
    }

    /// Reports an input that selects from several sources of the day, of which one `source` alone gives rows that all are older
    /// than the limit.
    ///
    /// # Errors
    /// As [`Self::report`].
    pub(super) fn report_source(
        &self,
        input: &OpenInput,
        source: &str,
        newest_us: i64,
        violations: &mut Violations,
    ) -> Result<()> {
        let Some((limit, _)) = self.limits.get(&input.table.table) else { return Ok(()) };
        if self.cutoff_us - newest_us <= i64::from(*limit) * HOUR_US {
            return Ok(());
        }
        // Nothing is said of the time: it may be of an ineligible person.
        let mut error = input.violation(
            format!(
                "all rows of the source `{source}` are older than the {limit} h of `max_age_hours`, and those of other sources are newer"
            ),
            "run again once the data of the day are there; if they may be so old, give `max_age_hours` under [reading] of the job",
        );
        error.kind = Kind::Gate;
        violations.report(error)
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
    // Without consent people would be scored who refused.
    let remedy = match input.table.table.as_str() {
        "consent" => "run again once its rows are there",
        _ => "run again once its rows are there, or leave the input out of the job",
    };
    let mut error = input.violation(format!("the day {day} is empty: it has no rows"), remedy);
    error.kind = Kind::Gate;
    error
}

/// The error for a source of one day without a row, which an input selects from.
pub(super) fn empty_source(input: &OpenInput, source: &str, day: NaiveDate) -> Error {
    let mut error = input.violation(
        format!("the day {day} of the source `{source}` is empty: it has no rows"),
        "run again once its rows are there, or leave the source out of the SELECT; if a day may have none, let the source be the \
         folder of all days and choose the day in the SELECT",
    );
    error.kind = Kind::Gate;
    error
}

/// What opening `url` gave; if there is nothing, and its path has a date of its own, how to write that of the snapshot.
pub(super) fn with_date_of_snapshot<T>(opened: Result<T>, url: &Url) -> Result<T> {
    let form = match date_in(url.path()) {
        Some(true) => "{snapshot}",
        Some(false) => "{snapshot:%Y%m%d}",
        None => return opened,
    };
    opened.map_err(|mut error| {
        if is_nothing_found(&error) {
            error.remedy +=
                &format!("; `{form}` in place of a date in the path is the date of the snapshot");
        }
        error
    })
}

/// Whether a text has a date of this century, with dashes (`true`) or without; the first of them decides.
fn date_in(text: &str) -> Option<bool> {
    text.split(|c: char| !c.is_ascii_digit() && c != '-').find_map(|part| {
        let forms = [("%Y-%m-%d", 10, true), ("%Y%m%d", 8, false)];
        let found = forms.into_iter().find(|(form, length, _)| {
            let is_date = |text| NaiveDate::parse_from_str(text, form).is_ok();
            part.len() == *length && part.starts_with("20") && is_date(part)
        });
        found.map(|(.., dashes)| dashes)
    })
}

/// What opening `url` gave; if there is nothing at the path of a `day`, that the day has not arrived.
pub(super) fn of_day<T>(opened: Result<T>, url: &Url, day: Option<NaiveDate>) -> Result<T> {
    opened.map_err(|error| match day {
        Some(day) if is_nothing_found(&error) => Error::new(
            Kind::Gate,
            format!("the day {day} has not arrived: {}", error.cause),
            format!(
                "run again once its files are at `{url}`, or correct the path and the date: `{{snapshot}}` writes it with dashes, \
                 `{{snapshot:%Y%m%d}}` without"
            ),
        ),
        _ => error,
    })
}
