//! `renown backfill`: runs a job for many days, in order.

use std::path::PathBuf;

use chrono::NaiveDate;

use super::context::Context;
use super::job_args::{DAY, parse_day, parse_variable};
use super::prune::removed_line;
use crate::error::Result;
use crate::job::Job;
use crate::number_format::{count, counted};
use crate::pipeline::{self, Backfill, BackfilledDay, DayState, backfill};

/// Run a job for each day of a period, in order; days that are published and current are skipped
#[derive(clap::Args)]
pub(super) struct Args {
    /// Job file
    job: PathBuf,
    /// First day, in UTC
    #[arg(long, value_name = DAY, value_parser = parse_day)]
    from: NaiveDate,
    /// Day after the last one, in UTC
    #[arg(long, value_name = DAY, value_parser = parse_day)]
    to: NaiveDate,
    /// Set the variable ${NAME} of the job file
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = parse_variable)]
    set: Vec<(String, String)>,
}

pub(super) async fn execute(args: Args, context: &mut Context<'_>) -> Result<()> {
    let Args { job, from, to, set } = args;
    let load = |day| Job::load(&job, &set, Some(day));
    let engine = context.engine.clone();
    let bars = context.progress_bars(pipeline::STAGES);
    let see = |day: &BackfilledDay| match context.quiet {
        true => Ok(()),
        false => context.print(&format!("{}\n", line(day))),
    };
    let done = backfill(&engine, load, from, to, bars, see).await?;
    if !context.quiet {
        context.print(&summary(&done))?;
    }
    if let Err(error) = &done.pruned {
        tracing::warn!("every day is published, but the retention was not applied: {error}");
    }
    match done.failed {
        Some((day, error)) => Err(error.within(day)),
        None => Ok(()),
    }
}

/// What was made of a day.
fn line(day: &BackfilledDay) -> String {
    let BackfilledDay { snapshot_date, commit, people, seconds, .. } = day;
    let did = match day.state {
        DayState::Published => "published",
        DayState::Current => "current",
        DayState::Renewed => "renewed",
        DayState::Stale => "stale: an earlier day has to be run again first",
    };
    let people = counted(*people, "person", "people");
    format!("{snapshot_date}  {did}, commit {commit}, {people}, {seconds:.2} s")
}

fn summary(done: &Backfill) -> String {
    let of = |state| done.days.iter().filter(|day| day.state == state).count() as u64;
    let mut lines = format!(
        "{}: {} published, {} renewed, {} current, {} stale\n",
        counted(done.days.len() as u64, "day", "days"),
        count(of(DayState::Published)),
        count(of(DayState::Renewed)),
        count(of(DayState::Current)),
        count(of(DayState::Stale)),
    );
    if let Ok(Some(pruned)) = &done.pruned {
        lines += &removed_line(pruned);
    }
    if let Some((day, _)) = &done.failed {
        lines += &format!(
            "stopped at {day}; the days before it are published: give it as the first day to go on\n"
        );
    }
    lines
}
