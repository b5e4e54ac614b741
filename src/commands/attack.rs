//! `renown attack`: what attacks on the scores of a job would gain.

use std::fmt::Write as _;

use comfy_table::Table;

use super::context::Context;
use super::job_args::JobArgs;
use super::output_format::OutputFormat;
use super::text_table::{UNKNOWN, align_right, headed};
use crate::attack::{self, AttackRow, AttackSettings, Attacks, KINDS, NO_DEFENCE, STANDARD};
use crate::error::{Result, printable};
use crate::number_format::{count, fixed, signed};

/// Simulate attacks on the scores of a job and publish the table `attacks`
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    job: JobArgs,
    /// Kind of attack to simulate; repeat it for several [default: all]; a selection is not published
    #[arg(long, value_name = "KIND", value_parser = clap::builder::PossibleValuesParser::new(KINDS.map(|kind| kind.name)))]
    kind: Vec<String>,
    /// People on each network that are attacked, one after the other
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    targets: u32,
    /// Simulate, but write nothing
    #[arg(long)]
    dry_run: bool,
    /// Format of the answer
    #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
    format: OutputFormat,
}

pub(super) async fn execute(args: Args, context: &mut Context<'_>) -> Result<()> {
    let Args { job, kind, targets, dry_run, format } = args;
    let job = job.load()?;
    let publishes = kind.is_empty() && !dry_run;
    let settings = AttackSettings { kinds: kind, targets };
    let mut progress = context.progress(attack::stages(&settings));
    let attacks = attack::measure_attacks(&context.engine, &job, &settings, &mut progress).await;
    progress.finish();
    let attacks = attacks?;
    context.answer(format, &attacks, page)?;
    if !publishes {
        return Ok(());
    }
    let commit = attack::publish_attacks(&context.engine, &job, &attacks).await?;
    match format {
        OutputFormat::Text => {
            let output = &job.output;
            context.print(&format!("table `attacks`: commit {} of {output}\n", commit.number))
        }
        OutputFormat::Json => Ok(()),
    }
}

/// Every attack under the method, next to the baselines, and why some gain.
fn page(attacks: &Attacks) -> String {
    let Attacks { method_version, snapshot_date, seed, notes, rows, .. } = attacks;
    let mut page = format!(
        "attacks on {} on {snapshot_date}; medians over the targets (seed {seed})\n",
        printable(method_version)
    );
    for note in notes {
        let _ = writeln!(page, "{}", printable(note));
    }
    let mut networks: Vec<&str> = rows.iter().map(|row| &*row.network).collect();
    networks.dedup();
    for network in &networks {
        let of_network: Vec<&AttackRow> =
            rows.iter().filter(|row| row.network == *network).collect();
        if networks.len() > 1 {
            let _ = writeln!(page, "\n{}", printable(network));
        }
        let _ = write!(page, "\n{}\n\n", table(&of_network));
        page += &on_topics(&of_network);
        page += &reasons(&of_network);
    }
    page.push_str(
        "\npoints: gained in score; without: of the same forecast where everybody counts whole; of reactors and PageRank: \
         where these share out the sum of the forecasts\n",
    );
    page
}

fn table(rows: &[&AttackRow]) -> Table {
    let header = [
        "attack",
        "with",
        "acts",
        "points",
        "95 %",
        "forecast",
        "percentiles",
        "per 100 accounts",
        "per 100 acts",
        "without",
        "reactors",
        "PageRank",
        "verdict",
        "flags",
    ];
    let mut table = headed(&header);
    let points = |points: Option<f64>| points.map_or_else(|| UNKNOWN.to_owned(), signed);
    for row in rows.iter().filter(|row| row.scored_by == STANDARD) {
        let by = |scored_by: &str| {
            let same = |other: &&&AttackRow| {
                (other.attack, &other.variant, other.scored_by)
                    == (row.attack, &row.variant, scored_by)
            };
            points(rows.iter().find(same).and_then(|row| row.points_median))
        };
        let ratio = row.forecast_ratio.map(|ratio| format!("×{}", fixed(ratio, 2)));
        table.add_row([
            row.attack.to_owned(),
            row.variant.clone(),
            row.acts.map_or_else(|| UNKNOWN.to_owned(), count),
            points(row.points_median),
            points(row.points_95),
            ratio.unwrap_or_else(|| UNKNOWN.to_owned()),
            points(row.percentiles_median),
            points(row.points_per_100_accounts),
            points(row.points_per_100_acts),
            by(NO_DEFENCE),
            by("reactors"),
            by("pagerank"),
            row.verdict.replace('_', " "),
            row.flags.join(", "),
        ]);
    }
    align_right(&mut table, &(2..12).collect::<Vec<_>>());
    table
}

/// How many targets are listed on the topics that are attacked.
fn on_topics(rows: &[&AttackRow]) -> String {
    let line = |row: &&&AttackRow| {
        let listed = row.listed?;
        let how = if row.scored_by == NO_DEFENCE { "without a defence, " } else { "" };
        let position = row.position_median.map(|position| {
            format!(", median position {}", crate::number_format::number(position))
        });
        let position = position.unwrap_or_default();
        Some(format!(
            "{}: {how}{listed} of {} targets newly listed{position}\n",
            row.attack, row.targets
        ))
    };
    rows.iter().filter_map(|row| line(&row)).collect()
}

/// Why attacks gain or do not apply, each reason once with the kinds that it is of.
fn reasons(rows: &[&AttackRow]) -> String {
    let mut reasons: Vec<(&str, Vec<&str>)> = vec![];
    for row in rows {
        let Some(why) = row.why.as_deref() else { continue };
        match reasons.iter_mut().find(|(reason, _)| *reason == why) {
            Some((_, kinds)) if kinds.contains(&row.attack) => {}
            Some((_, kinds)) => kinds.push(row.attack),
            None => reasons.push((why, vec![row.attack])),
        }
    }
    let line = |(why, kinds): (&str, Vec<&str>)| format!("{}: {why}\n", kinds.join(", "));
    reasons.into_iter().map(line).collect()
}
