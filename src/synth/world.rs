//! The state from which the rows of all tables are generated.

use chrono::{Days, NaiveDate};

use super::calendar::{Calendar, midnight_us};
use super::parameters::{DAYS, FUTURE_DAYS, Parameters};
use super::population::Population;
use super::random::{Stream, hash, unit};
use super::vocabulary::{Topic, topics, words};
use crate::error::{Error, Result};

/// The state from which rows are generated.
pub(super) struct World {
    pub(super) population: Population,
    pub(super) topics: Vec<Topic>,
    pub(super) words: Vec<&'static str>,
    pub(super) past: Calendar,
    pub(super) future: Calendar,
    /// The first instant of the interactions, and the first one after them.
    pub(super) first_us: i64,
    pub(super) end_us: i64,
    /// Days from 1970 to the day of the snapshot.
    pub(super) day_number: i32,
}

impl World {
    /// The world of these parameters, which [`Parameters::check`] has accepted.
    pub(super) fn new(parameters: &Parameters) -> Result<Self> {
        let outside = || Error::internal("a day out of range");
        let after = parameters.snapshot.succ_opt().ok_or_else(outside)?;
        let first = after.checked_sub_days(Days::new(DAYS.into())).ok_or_else(outside)?;
        let days = parameters.snapshot.signed_duration_since(NaiveDate::default()).num_days();
        Ok(Self {
            population: Population::new(parameters),
            topics: topics()?,
            words: words(),
            past: Calendar::new(first, DAYS),
            future: Calendar::new(after, FUTURE_DAYS),
            first_us: midnight_us(first),
            end_us: midnight_us(after),
            day_number: i32::try_from(days).map_err(Error::internal)?,
        })
    }

    /// When an account was created, in microseconds: before all events, and shortly before them if it only follows buyers.
    pub(super) fn created_us(&self, account: u32) -> i64 {
        let random = unit(hash(self.population.seed, Stream::Opened, account.into()));
        let days = match self.population.level[account as usize] {
            0 => 30.0 * random,
            _ => 30.0 + 4_000.0 * random,
        };
        let seconds = (days * 86_400.0) as i64;
        self.first_us - 1_000_000 * (seconds + 1)
    }
}
