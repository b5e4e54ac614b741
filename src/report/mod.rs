//! A published run and validations as one page for people who would rather look than read: HTML that loads nothing and runs
//! nothing.

mod attack_report;
mod pages;
mod privacy;
mod run_report;
mod summaries;
mod validation_report;
mod widgets;

use url::Url;

use crate::engine::Engine;
use crate::error::{Error, Help, Kind, Result};
use crate::publish::commit::{self, Commit};
use crate::published::Run;
use attack_report::AttackReport;
use pages::document::{self, Document};
use run_report::RunReport;
use validation_report::ValidationReport;

/// The page about commits, each with its output folder: the run that is among them, and validations in order, those of the
/// days of runs after them; and the first simulated attacks, of the day of a run or by themselves. With `public` it names nobody and leaves out groups of fewer than 20 people. The same commits
/// give the same bytes.
///
/// # Errors
/// [`Kind::Usage`] for two runs; [`Kind::BadInput`] or [`Kind::Unavailable`] if files cannot be read.
pub async fn render(engine: &Engine, commits: &[(Url, Commit)], public: bool) -> Result<String> {
    let mut run: Option<(&Url, &Commit)> = None;
    let mut validations: Vec<ValidationReport> = vec![];
    let mut attacks: Option<AttackReport> = None;
    for (output, commit) in commits {
        let mut of_attacks = Some(commit.clone()).filter(Commit::is_of_attacks);
        if commit.is_of_run() {
            let day = Some(commit.snapshot_date);
            of_attacks = commit::attacks_in_force(&engine.stores, output, day).await?;
        }
        if let Some(commit) = of_attacks.filter(|_| attacks.is_none()) {
            attacks = Some(AttackReport::read(&Run::open(engine, output, &commit)?, public).await?);
        }
        if commit.is_of_attacks() {
            continue;
        }
        let mut validation = Some(commit.clone());
        if commit.is_of_run() {
            let (first_output, first) = *run.get_or_insert((output, commit));
            if first.run_id != commit.run_id {
                return Err(two_runs((first_output, first), (output, commit)));
            }
            let day = Some(commit.snapshot_date);
            validation = commit::validity_in_force(&engine.stores, output, day).await?;
        }
        // A validation that several targets have in common is shown once.
        let is_new =
            |commit: &Commit| validations.iter().all(|other| other.commit.run_id != commit.run_id);
        if let Some(commit) = validation.filter(is_new) {
            let run = Run::open(engine, output, &commit)?;
            let number = validations.len() + 1;
            validations.push(ValidationReport::read(&run, number, public).await?);
        }
    }
    let run = match run {
        Some((output, commit)) => {
            Some(RunReport::read(engine, &Run::open(engine, output, commit)?, public).await?)
        }
        None => None,
    };
    Ok(document::render(&Document { public, run, validations, attacks }).into_string())
}

fn two_runs(first: (&Url, &Commit), second: (&Url, &Commit)) -> Error {
    let [one, other] = [first, second].map(|(output, commit)| {
        format!("commit {} of `{output}` ({})", commit.number, commit.snapshot_date)
    });
    Error::new(
        Kind::Usage,
        format!("{one} and {other} are two runs, and a page is of one"),
        "compare them as two runs, or name the commit of a validation",
    )
    .with_help(Help::Comparison)
}
