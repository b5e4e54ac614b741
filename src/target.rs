//! What commands that read published tables are asked about: a job file, an output folder or a commit.

use std::path::Path;

use chrono::NaiveDate;
use renown::error::{Error, Kind, Result};
use renown::job::{Job, url_of};
use renown::publish::commit::{self, Commit};
use renown::storage::Stores;
use url::Url;

use crate::cli::Settings;

/// The output folder and the run that `target` names.
pub async fn run_of(stores: &Stores, target: &str, settings: &Settings) -> Result<(Url, Commit)> {
    if !target.ends_with(".json") {
        let (output, day) = output_of(target, settings)?;
        let run = commit::in_force(stores, &output, day).await?;
        return run
            .map(|run| (output.clone(), run))
            .ok_or_else(|| commit::nothing_published(&output));
    }
    let (output, commit) = named(stores, target, settings).await?;
    if commit.is_of_run() {
        return Ok((output, commit));
    }
    Err(Error::bad_input(
        format!("`{target}` is the commit of a validation, which scores nobody"),
        "name the commit of a run, or the output folder",
    ))
}

/// The same, or a validation: one that `target` names, or that of the day where there is no run.
pub async fn run_or_validation(
    stores: &Stores,
    target: &str,
    settings: &Settings,
) -> Result<(Url, Commit)> {
    if target.ends_with(".json") {
        return named(stores, target, settings).await;
    }
    let (output, day) = output_of(target, settings)?;
    if commit::in_force(stores, &output, day).await?.is_none()
        && let Some(commit) = commit::validity_in_force(stores, &output, day).await?
    {
        return Ok((output, commit));
    }
    run_of(stores, target, settings).await
}

/// The commit at a URL, and its output folder.
async fn named(stores: &Stores, target: &str, settings: &Settings) -> Result<(Url, Commit)> {
    if settings.snapshot.is_some() {
        return Err(does_not_go("--snapshot", target));
    }
    let (url, _) = output_of(target, settings)?;
    let commit = commit::read(stores, &url).await?;
    let output = url.join("../").map_err(Error::internal)?;
    commit.map(|commit| (output, commit)).ok_or_else(|| commit::nothing_published(&url))
}

/// Whether an option goes with `target`: with those that it `fits`, and where there is none with all, to be refused.
pub fn goes_with(target: &str, all: &[String], fits: fn(&str) -> bool) -> bool {
    fits(target) || !all.iter().any(|own| fits(own))
}

/// What fills a job file does not go with the URLs beside it.
pub fn filling(target: &str, all: &[String], set: &[(String, String)]) -> Vec<(String, String)> {
    if goes_with(target, all, |own| own.ends_with(".toml")) { set.to_vec() } else { vec![] }
}

/// The output folder of a job file and its day, or what a URL and `--snapshot` name.
pub fn output_of(target: &str, settings: &Settings) -> Result<(Url, Option<NaiveDate>)> {
    if target.ends_with(".toml") {
        let job = Job::load(Path::new(target), &settings.set, settings.snapshot)?;
        return Ok((job.output, job.snapshot));
    }
    if !settings.set.is_empty() {
        return Err(does_not_go("--set", target));
    }
    Ok((url_of(Path::new(""), target)?, settings.snapshot))
}

pub fn does_not_go(option: &str, target: &str) -> Error {
    Error::new(Kind::Usage, format!("{option} does not go with `{target}`"), "leave it out")
}
