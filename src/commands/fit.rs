//! `renown fit`: a method whose forecast is fitted to the data of a job.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::context::Context;
use super::job_args::JobArgs;
use super::local_file;
use super::text_table::{UNKNOWN, align_right, headed};
use crate::error::{Error, Kind, Result, printable};
use crate::fit::{self, Fitted, TriedForecast};
use crate::method::{FitForm, FitRecord, ROLLING_ORIGIN};
use crate::number_format::{count, counted, fixed, number, signed_to};

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
    local_file::refuse_unwritable(&out)?;
    if out.exists() {
        return Err(local_file::existing(&out));
    }
    let fitted = fit::fit_method(&context.engine, &job, version, target.as_deref()).await?;
    local_file::create(&out, &fit::method_file(&fitted.method)?)?;
    context.print(&format!("{}\nwritten to {}\n", page(&fitted), out.display()))
}

/// What was learnt, how good the forecast is at later origins, and the forms that were tried.
fn page(fitted: &Fitted) -> String {
    let Fitted { method, tried, observed_hours } = fitted;
    let Some(record) = &method.fit else {
        return format!(
            "method {}: nothing could be learnt; the data are too short, and slopes and level are those that came along\n",
            method.version
        );
    };
    let (version, rows) = (&method.version, counted(record.rows, "row", "rows"));
    let learnt = match record.form {
        FitForm::Level => format!("the level of {rows}; the slopes came along"),
        FitForm::Curves => {
            format!("a curve of each measure, of {rows}, drawn to the default slopes")
        }
        FitForm::Count => format!("one measure, of {rows}"),
        FitForm::Coefficients => format!("slopes, of {rows} ({})", record.target),
    };
    let mut page = format!("method {version} learnt {learnt}\n");
    if record.target == ROLLING_ORIGIN && *observed_hours < method.forecast.horizon_hours {
        let _ = writeln!(
            page,
            "the data are short: {} hours after one origin stand for the {} of the horizon",
            count(u64::from(*observed_hours)),
            count(u64::from(method.forecast.horizon_hours))
        );
    }
    if let Some(warning) = fit::for_sale(method) {
        let _ = writeln!(page, "{}; `credited_…` measures are not for sale", printable(&warning));
    }
    let mut terms = headed(&["measure", "slopes", "standard error"]);
    for term in &method.forecast.terms {
        let slopes: Vec<String> = term.curve().iter().map(|slope| fixed(*slope, 3)).collect();
        terms.add_row([
            term.measure.clone(),
            slopes.join(" "),
            term.standard_error.map_or_else(|| UNKNOWN.to_owned(), |error| fixed(error, 3)),
        ]);
    }
    align_right(&mut terms, &[2]);
    let _ = writeln!(page, "\n{terms}");
    let validation = &record.validation;
    if record.target == ROLLING_ORIGIN {
        match tried.is_empty() {
            true => page.push_str(
                "\nthe data are too short to compare it with anything at later origins\n",
            ),
            false => {
                let _ = writeln!(
                    page,
                    "\nat later origins: concordance {:.3} (the count that was best at earlier ones: {:.3}), observed / forecast {:.2}, calibration slope \
                     {:.2}, {:.1} % within the 90 % prediction interval",
                    validation.concordance,
                    validation.concordance_anchor,
                    validation.observed_over_forecast,
                    validation.calibration_slope,
                    100.0 * validation.coverage_90
                );
                if let Some(disagreement) = &validation.disagreement {
                    let _ = writeln!(page, "{disagreement}");
                }
                let _ = writeln!(page, "\n{}", tried_table(tried));
            }
        }
    } else {
        let _ = writeln!(page, "\n{}", labels_table(record));
        if let Some(disagreement) = &validation.disagreement {
            let _ = writeln!(page, "{disagreement}");
        }
    }
    page
}

/// Everything that was tried.
fn tried_table(tried: &[TriedForecast]) -> comfy_table::Table {
    let mut table = headed(&["form", "log score", "concordance", "behind that count"]);
    for own in tried {
        let behind = own.behind.map(|(difference, error)| {
            let refused = if own.is_refused { ", refused" } else { "" };
            format!("{} ± {}{refused}", signed_to(difference, 3), fixed(error, 3))
        });
        table.add_row([
            own.form.clone(),
            fixed(own.log_score, 4),
            fixed(own.concordance, 3),
            behind.unwrap_or_default(),
        ]);
    }
    align_right(&mut table, &[1, 2]);
    table
}

/// The forecast that was fitted to labels, and the best single measure.
fn labels_table(record: &FitRecord) -> comfy_table::Table {
    let mut table = headed(&["form", "ridge", "log score", "pairs in order"]);
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
    align_right(&mut table, &[1, 2, 3]);
    table
}
