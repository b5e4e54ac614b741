//! `renown fit`: a method whose forecast is fitted to the data of a job.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::context::Context;
use super::job_args::JobArgs;
use super::local_file;
use super::text_table::{UNKNOWN, align_right, headed};
use crate::error::{Error, Kind, Result};
use crate::fit::{self, Fitted, TriedForecast};
use crate::method::{FitRecord, ROLLING_ORIGIN};
use crate::number_format::{count, fixed, number, signed_to};

/// Fit the forecast of a job's method to its data and write the fitted method
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    job: JobArgs,
    /// New file for the method; its stem becomes the method's version
    #[arg(long, value_name = "METHOD.toml")]
    out: PathBuf,
    /// Fit to this label set of the input `ground_truth` instead of to observed reactors
    #[arg(long, value_name = "NAME", alias = "truth")]
    target: Option<String>,
}

pub(super) async fn execute(args: Args, context: &mut Context<'_>) -> Result<()> {
    let Args { job, out, target } = args;
    let job = job.load()?;
    let version = out.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if out.extension().is_none_or(|extension| extension != "toml") || version.is_empty() {
        let cause = format!("--out is `{}`", out.display());
        return Err(Error::new(Kind::Usage, cause, "name a file that ends in .toml"));
    }
    // Known before the fit, which takes its time.
    if out.exists() {
        return Err(local_file::existing(&out));
    }
    let fitted = fit::fit_method(&context.engine, &job, version, target.as_deref()).await?;
    local_file::create(&out, &fit::method_file(&fitted.method)?)?;
    context.print(&format!("{}\nwritten to {}\n", page(&fitted), out.display()))
}

/// The coefficients, how good the forecast is at held-out origins, and the candidates that were tried.
fn page(fitted: &Fitted) -> String {
    let Fitted { method, tried, short_hours } = fitted;
    let Some(record) = &method.fit else { return String::new() };
    let mut page = format!(
        "method {}, fitted to {} rows ({})\n\n",
        method.version,
        count(record.rows),
        record.target
    );
    let mut terms = headed(&["measure", "coefficient", "standard error"]);
    for term in &method.forecast.terms {
        terms.add_row([
            term.measure.clone(),
            fixed(term.coefficient, 3),
            term.standard_error.map_or_else(|| UNKNOWN.to_owned(), |error| fixed(error, 3)),
        ]);
    }
    align_right(&mut terms, &[1, 2]);
    let _ = writeln!(page, "{terms}");
    let validation = &record.validation;
    if record.target == ROLLING_ORIGIN {
        let _ = writeln!(
            page,
            "\nat held-out origins: observed / forecast {:.2}, calibration slope {:.2}, {:.1} % within the 90 % prediction \
             interval",
            validation.observed_over_forecast,
            validation.calibration_slope,
            100.0 * validation.coverage_90
        );
    }
    if let Some(hours) = short_hours {
        let _ = writeln!(
            page,
            "the history before the first origin is {} hours, and measures look back {}: they are too low there, and a longer \
             history would give a better forecast",
            count(u64::from(*hours)),
            count(u64::from(method.window_hours()))
        );
    }
    let _ = writeln!(page, "\n{}", candidates(record, tried));
    page
}

/// The fitted candidate, the best single measure, and everything that was tried.
fn candidates(record: &FitRecord, tried: &[TriedForecast]) -> comfy_table::Table {
    let agreement = match record.target.as_str() {
        ROLLING_ORIGIN => "Spearman",
        _ => "pairs in order",
    };
    let mut table =
        headed(&["candidate", "ridge", "log score", agreement, "behind the best single measure"]);
    let found = &record.validation;
    table.add_row([
        "fitted".to_owned(),
        number(record.ridge),
        fixed(found.log_score, 4),
        fixed(found.agreement, 3),
    ]);
    table.add_row([
        record.anchor.clone(),
        "none".to_owned(),
        fixed(found.log_score_anchor, 4),
        fixed(found.agreement_anchor, 3),
    ]);
    for candidate in tried {
        let name = match candidate.measures.as_slice() {
            [measure] => (*measure).to_owned(),
            several => format!("{} measures", several.len()),
        };
        let behind = candidate.behind.map(|(difference, error)| {
            format!("{} ± {}", signed_to(difference, 3), fixed(error, 3))
        });
        let mut behind = behind.unwrap_or_default();
        if candidate.measures.len() > 1 && !candidate.every_origin {
            behind.push_str(", not better at every origin");
        }
        table.add_row([
            name,
            number(candidate.ridge),
            fixed(candidate.log_score, 4),
            fixed(candidate.agreement, 3),
            behind,
        ]);
    }
    align_right(&mut table, &[1, 2, 3]);
    table
}
