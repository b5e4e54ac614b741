//! The published run that a command reads: by a job file, an output folder or a commit.

use std::path::Path;

use chrono::NaiveDate;
use clap::Args;
use url::Url;

use super::job_args::JobSettings;
use crate::engine::Engine;
use crate::error::{Error, Kind, Result};
use crate::job::{Job, parse_url};
use crate::publish::commit::{self, Commit};
use crate::publish::history::CommitHistory;
use crate::published::Run;
use crate::storage::Stores;

/// A published run, as the command line names it.
#[derive(Args)]
pub(super) struct RunSelector {
    /// Published run: a job file, or the URL of an output folder or of one of its commits
    pub(super) run: String,
    #[command(flatten)]
    pub(super) settings: JobSettings,
}

impl RunSelector {
    /// Opens the run.
    pub(super) async fn open(&self, engine: &Engine) -> Result<Run> {
        let (output, commit) = self.run(&engine.stores).await?;
        let history = CommitHistory::read(&engine.stores, &output).await?;
        for damaged in history.damaged() {
            tracing::warn!("{}", damaged.describe());
        }
        Ok(Run::open(engine, &output, &commit)?.with_notes(history.notes(&commit)))
    }

    /// The output folder and the commit of the run, or of a validation or attacks: one that is named, or that of the day if
    /// there is no run.
    pub(super) async fn run_or_validation(&self, stores: &Stores) -> Result<(Url, Commit)> {
        if is_commit(&self.run) {
            return self.commit(stores).await;
        }
        let (output, day) = self.output()?;
        if commit::in_force(stores, &output, day).await?.is_none() {
            let validation = commit::validity_in_force(stores, &output, day).await?;
            let attacks = commit::attacks_in_force(stores, &output, day).await?;
            if let Some(commit) = validation.or(attacks) {
                return Ok((output, commit));
            }
        }
        self.run(stores).await
    }

    /// The output folder and the commit of the run.
    async fn run(&self, stores: &Stores) -> Result<(Url, Commit)> {
        if !is_commit(&self.run) {
            let (output, day) = self.output()?;
            let run = commit::in_force(stores, &output, day).await?;
            let nothing = || commit::nothing_published(&output);
            return Ok((output.clone(), run.ok_or_else(nothing)?));
        }
        let (output, commit) = self.commit(stores).await?;
        if commit.is_of_run() {
            return Ok((output, commit));
        }
        let what = match (commit.is_of_attacks(), commit.is_rewrite()) {
            (true, _) => "attacks",
            (_, true) => "a rewrite",
            (_, false) => "a validation",
        };
        Err(Error::bad_input(
            format!("`{}` is the commit of {what}, which has no scores", self.run),
            "name the commit of a run, or the output folder",
        ))
    }

    /// The commit that is named, and its output folder.
    async fn commit(&self, stores: &Stores) -> Result<(Url, Commit)> {
        if self.settings.snapshot.is_some() {
            return Err(not_applicable("--snapshot", &self.run));
        }
        let (url, _) = self.output()?;
        let output = url.join("../").map_err(Error::internal)?;
        let commit = match commit::number(&url) {
            Some(number) => commit::read(stores, &output, number).await?,
            None => None,
        };
        commit.map(|commit| (output, commit)).ok_or_else(|| commit::nothing_published(&url))
    }

    /// The output folder and the date of a job, or the URL that is named and the date that is set.
    fn output(&self) -> Result<(Url, Option<NaiveDate>)> {
        let JobSettings { snapshot, set } = &self.settings;
        if is_job(&self.run) {
            let job = Job::load(Path::new(&self.run), set, *snapshot)?;
            return Ok((job.output, job.snapshot));
        }
        if !set.is_empty() {
            return Err(not_applicable("--set", &self.run));
        }
        Ok((parse_url(Path::new(""), &self.run)?, *snapshot))
    }

    /// The output folder alone, with all of its runs.
    pub(super) fn output_folder(&self) -> Result<Url> {
        if !is_job(&self.run) && self.settings.snapshot.is_some() {
            return Err(not_applicable("--snapshot", &self.run));
        }
        Ok(self.output()?.0)
    }
}

/// The snapshot date for `run` where several share it: it applies to all but commits, and to all if there is no other, so
/// that it is refused.
pub(super) fn shared_snapshot(
    run: &str,
    all: &[String],
    snapshot: Option<NaiveDate>,
) -> Option<NaiveDate> {
    snapshot.filter(|_| applies(run, all, |other| !is_commit(other)))
}

/// The variables for `run` where several share them: they apply to job files, and to all if there is none, so that they
/// are refused.
pub(super) fn shared_variables(
    run: &str,
    all: &[String],
    set: &[(String, String)],
) -> Vec<(String, String)> {
    if applies(run, all, is_job) { set.to_vec() } else { vec![] }
}

fn applies(run: &str, all: &[String], can_apply: fn(&str) -> bool) -> bool {
    can_apply(run) || !all.iter().any(|other| can_apply(other))
}

fn is_job(run: &str) -> bool {
    run.ends_with(".toml")
}

fn is_commit(run: &str) -> bool {
    run.ends_with(".json")
}

fn not_applicable(option: &str, run: &str) -> Error {
    Error::new(Kind::Usage, format!("{option} does not apply to `{run}`"), "leave it out")
}
