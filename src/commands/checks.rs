//! `renown checks`: what a run was checked for against the run before.

use chrono::NaiveDate;
use comfy_table::Table;
use serde::Serialize;

use super::context::Context;
use super::output_format::OutputFormat;
use super::run_selector::RunSelector;
use super::text_table::{align_right, headed, number_or_unknown};
use crate::error::{Error, Result, printable};
use crate::model::{History, LoggedCheck, Verdict};
use crate::number_format::counted;
use crate::publish::log::RunLog;
use crate::published::check_rows::CheckRow;
use crate::published::rows::TableRow;

/// Days of history that a line of text shows.
const SHOWN_DAYS: usize = 7;

/// Show what a run was checked for against the run before
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    run: RunSelector,
    /// Show the figures of the four weeks before, and every check
    #[arg(long)]
    history: bool,
    /// Format of the answer
    #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
    format: OutputFormat,
}

/// The checks of a run.
#[derive(Debug, Serialize)]
struct RunChecks {
    snapshot_date: NaiveDate,
    run_id: String,
    /// Checks whose findings somebody accepted, each `check: reason (who)`.
    accepted: Vec<String>,
    checks: Vec<CheckWithHistory>,
}

#[derive(Debug, Serialize)]
struct CheckWithHistory {
    #[serde(flatten)]
    row: CheckRow,
    history: History,
}

pub(super) async fn execute(args: Args, context: &mut Context<'_>) -> Result<()> {
    let run = args.run.open(&context.engine).await?;
    if !run.has(CheckRow::TABLE) {
        return Err(Error::bad_input(
            format!("the run of {} has no table `checks`", run.commit().snapshot_date),
            "an earlier version of renown wrote it: run the job again",
        ));
    }
    let mut checks = Vec::new();
    // Figures of the days before are in the log alone.
    let figures = run.log::<RunLog>().await?.map(|log| log.figures).unwrap_or_default();
    for row in run.rows::<CheckRow>(Ok).await? {
        let is_it =
            |logged: &&LoggedCheck| logged.check == row.check && logged.subject == row.subject;
        let history = figures.iter().find(is_it).map(|logged| logged.history.clone());
        checks.push(CheckWithHistory { history: history.unwrap_or_default(), row });
    }
    let commit = run.commit();
    let answer = RunChecks {
        snapshot_date: commit.snapshot_date,
        run_id: commit.run_id.clone(),
        accepted: run.record().await?.accepted.unwrap_or_default(),
        checks,
    };
    context.answer_about(run.notes(), args.format, &answer, |answer| page(answer, args.history))
}

fn page(answer: &RunChecks, with_history: bool) -> String {
    let count = |verdict: Verdict| {
        answer.checks.iter().filter(|check| check.row.verdict == verdict.name()).count()
    };
    let mut page = format!(
        "checks of {}: {} passed, {} accepted, {} with nothing to judge by\n",
        answer.snapshot_date,
        count(Verdict::Passed),
        count(Verdict::Accepted),
        count(Verdict::NotJudged),
    );
    for check in answer.checks.iter().filter(|check| {
        check.row.verdict == Verdict::Compared.name() && !check.row.finding.is_empty()
    }) {
        let days = counted(check.history.len() as u64 + 1, "night", "nights");
        page += &format!(
            "{}, compared for {days}: {}\n",
            printable(&check.row.subject),
            printable(&check.row.finding)
        );
    }
    for accepted in &answer.accepted {
        page += &format!("accepted: {}\n", printable(accepted));
    }
    page + &format!("\n{}\n", table(&answer.checks, with_history))
}

/// The checks as a table: one line for those of a name that passed, unless all are asked for.
fn table(checks: &[CheckWithHistory], with_history: bool) -> Table {
    let mut header = vec!["check", "of", "figure", "limit", "verdict", "judged by"];
    if with_history {
        header.push("on the days before, the newest first");
    }
    let mut table = headed(&header);
    for same in checks.chunk_by(|one, other| one.row.check == other.row.check) {
        let (passed, others): (Vec<_>, Vec<_>) = same.iter().partition(|check| {
            !with_history && same.len() > 1 && check.row.verdict == Verdict::Passed.name()
        });
        if let Some(first) = passed.first() {
            table.add_row([
                first.row.check.clone(),
                format!("{} of them", passed.len()),
                String::new(),
                number_or_unknown(first.row.limit),
                first.row.verdict.clone(),
                printable(&first.row.judged_by),
            ]);
        }
        for CheckWithHistory { row, history } in others {
            let mut cells = vec![
                row.check.clone(),
                printable(&row.subject),
                number_or_unknown(row.figure),
                number_or_unknown(row.limit),
                row.verdict.clone(),
                printable(&row.judged_by),
            ];
            if with_history {
                let figures = history.values().rev().take(SHOWN_DAYS);
                let figures: Vec<String> =
                    figures.map(|figure| number_or_unknown(Some(*figure))).collect();
                cells.push(figures.join(", "));
            }
            table.add_row(cells);
        }
    }
    align_right(&mut table, &[2, 3]);
    table
}
