//! `renown run`: scores a snapshot and publishes the tables.

use super::context::Context;
use super::job_args::JobArgs;
use super::prune::removed_line;
use super::text_bars::Bars;
use super::top::{self, Filter};
use super::{input_notes, text_table};
use crate::audit::Audited;
use crate::checks;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::job::{Acceptance, Job};
use crate::method::profile::STANDARD;
use crate::number_format::count;
use crate::pipeline::progress::Progress;
use crate::pipeline::{self, PreparedRun, Ready, RunOutcome};
use crate::publish::commit::Commit;
use crate::publish::encoded_bytes;
use crate::published::Run;
use crate::read::InputNotes;
use crate::suggest::did_you_mean;

/// Number of people that are listed at the end.
const LISTED: usize = 20;

/// Score a snapshot and publish the tables
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    job: JobArgs,
    /// Run every stage and check the gates, but write nothing
    #[arg(long)]
    dry_run: bool,
    /// Publish although this check refuses, and say why; may be given several times
    #[arg(long, value_name = "CHECK=REASON", value_parser = parse_acceptance)]
    accept: Vec<(String, String)>,
    /// Who accepts, as the table `runs` will say
    #[arg(long, value_name = "NAME", requires = "accept", env = "USER", default_value = "unknown")]
    accepted_by: String,
}

/// Parses `CHECK=REASON`.
fn parse_acceptance(text: &str) -> std::result::Result<(String, String), String> {
    let (check, reason) =
        text.split_once('=').ok_or_else(|| "give it as CHECK=REASON".to_owned())?;
    if !checks::NAMES.contains(&check) {
        let names = checks::NAMES.into_iter();
        return Err(format!("there is no check `{check}`{}", did_you_mean(check, names)));
    }
    match reason.trim() {
        "" => Err("give a reason after the =".to_owned()),
        reason => Ok((check.to_owned(), reason.to_owned())),
    }
}

pub(super) async fn execute(args: Args, context: &mut Context<'_>) -> Result<()> {
    let mut job = args.job.load()?;
    let accepted = args.accept.into_iter();
    let by = args.accepted_by;
    job.accepted =
        accepted.map(|(check, reason)| Acceptance { check, reason, by: by.clone() }).collect();
    match args.dry_run {
        false => publish(&job, context).await,
        true => rehearse(&job, context).await,
    }
}

async fn publish(job: &Job, context: &mut Context<'_>) -> Result<()> {
    let mut progress = context.progress(pipeline::STAGES);
    let outcome = pipeline::run(&context.engine, job, &mut progress).await;
    progress.finish();
    let RunOutcome { commit, already, renewed, notes, pruned } = outcome?;
    if let Err(error) = &pruned {
        tracing::warn!(
            "published as commit {}, but the retention was not applied: {error}",
            commit.number
        );
    }
    if context.quiet {
        input_notes::log_warnings(&notes.warnings);
        return Ok(());
    }
    print_course(&progress, &notes, context)?;
    if already {
        print_nothing_to_do(&commit, context)?;
    }
    if renewed {
        context.print("it was stale, and is no more: it rests on what is in force\n")?;
    }
    if let Ok(Some(pruned)) = &pruned {
        context.print(&format!("\n{}", removed_line(pruned)))?;
    }
    context.print("\n")?;
    // The tables are published: a list that cannot be shown must not fail the job.
    let run = Run::open(&context.engine, &job.output, &commit)?;
    let bars = context.bars_next_to_numbers();
    let page = top::page(&run, STANDARD, &Filter::default(), LISTED, bars).await;
    match page.and_then(|page| context.print(&page)) {
        Ok(()) => {}
        Err(error) => {
            tracing::warn!("published as commit {}, but not shown: {error}", commit.number);
        }
    }
    Ok(())
}

/// Runs a job up to the gates and shows what would be published.
async fn rehearse(job: &Job, context: &mut Context<'_>) -> Result<()> {
    let mut progress = context.progress(pipeline::STAGES);
    let prepared = pipeline::prepare(&context.engine, job, &mut progress).await;
    progress.finish();
    let PreparedRun { ready, notes } = prepared?;
    match context.quiet {
        true => input_notes::log_warnings(&notes.warnings),
        false => print_course(&progress, &notes, context)?,
    }
    let audited = match ready {
        Ready::Refused(refused, ..) => return Err(refused.error),
        _ if context.quiet => return Ok(()),
        Ready::Nothing(commit) => return print_nothing_to_do(&commit, context),
        Ready::Tables(audited, ..) => audited,
    };
    let bars = context.bars_next_to_numbers();
    let page = rehearsal_page(job, &audited, &context.engine, bars).await?;
    context.print(&page)
}

async fn rehearsal_page(
    job: &Job,
    audited: &Audited,
    engine: &Engine,
    bars: Option<Bars>,
) -> Result<String> {
    let table = |name: &str| {
        let found = audited.tables().iter().find(|(table, _)| *table == name);
        let batches = found.map(|(_, batches)| batches.clone());
        let missing = || Error::internal(format!("no table `{name}`"));
        engine.frame(batches.ok_or_else(missing)?)
    };
    let (people, scores) = (table("people")?, table("scores")?);
    let flags = top::flags(scores.clone(), STANDARD).await?;
    let people = top::highest(people, scores, STANDARD, &Filter::default(), LISTED).await?;
    let mut page = format!(
        "\n{}\n{flags}\ndry run: nothing was written; a run would write to {}\n",
        top::people_table(&people, bars),
        job.output
    );
    let origin = audited.origin();
    for (name, batches) in audited.tables() {
        let rows: usize = batches.iter().map(|batch| batch.num_rows()).sum();
        let bytes = tokio::task::block_in_place(|| encoded_bytes(name, origin, batches))?;
        let [rows, bytes] = [count(rows as u64), count(bytes)];
        page += &format!("  {name:<16} {rows:>9} rows  {bytes:>11} bytes\n");
    }
    page += &format!("  run {} of {}\n", origin.run_id, origin.day);
    Ok(page)
}

/// The stages, and what became of the inputs.
fn print_course(progress: &Progress, notes: &InputNotes, context: &mut Context<'_>) -> Result<()> {
    let mut table = text_table::headed(&["stage", "rows in", "rows out", "seconds", "peak MB"]);
    for stage in progress.stages() {
        table.add_row([
            stage.stage.clone(),
            count(stage.rows_in),
            count(stage.rows_out),
            format!("{:.2}", stage.seconds),
            count(stage.peak_memory_bytes / 1_000_000),
        ]);
    }
    text_table::align_right(&mut table, &[1, 2, 3, 4]);
    let notes = input_notes::describe(notes);
    context.print(&format!("{table}\n{notes}"))
}

fn print_nothing_to_do(commit: &Commit, context: &mut Context<'_>) -> Result<()> {
    context.print(&format!(
        "\nnothing to do: these rows, job and method are published as commit {}\n",
        commit.number
    ))
}
