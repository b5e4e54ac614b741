//! A method from data: its forecast fitted to the people who reacted after origins in the past, or to labels from outside.

mod choice;
mod fitted;
mod forms;
mod held_out;
mod labels;
mod not_fitted;
mod origins;
mod rolling_origin;
mod topic_levels;
mod trust;

use std::fmt::Write as _;

use crate::engine::Engine;
use crate::error::{Error, Result, printable};
use crate::job::{Job, no_snapshot};
use crate::method::{Method, ROLLING_ORIGIN};
use crate::number_format::counted;
pub use choice::TriedForecast;
pub use fitted::Fitted;
pub use held_out::is_held_out;

/// What a fitted forecast is valid for.
pub(crate) const FIT_CAVEAT: &str =
    "It is a forecast of such data and of no other; fit again when they change";

/// Fits the forecast of the job's method to its data: to the people who reacted after origins in the past, or to a label set
/// of `ground_truth`. The fitted method is called `version`.
///
/// # Errors
/// [`crate::error::Kind::Usage`] if no snapshot is named; [`crate::error::Kind::BadInput`] if the data do not suffice, and as a run.
pub async fn fit_method(
    engine: &Engine,
    job: &Job,
    version: &str,
    label_set: Option<&str>,
) -> Result<Fitted> {
    let day = job.snapshot.ok_or_else(no_snapshot)?;
    match label_set {
        Some(label_set) => {
            let method = labels::fit(engine, job, day, version, label_set).await?;
            Ok(Fitted { method, tried: vec![], observed_hours: 0 })
        }
        None => rolling_origin::fit(engine, job, day, version).await,
    }
}

/// What a method says where its forecast counts everybody although trust decides who counts.
pub fn for_sale(method: &Method) -> Option<String> {
    let counting = method.forecast.counting_everybody();
    (!method.trust.networks.is_empty() && !counting.is_empty()).then(|| {
        let networks: Vec<&str> = method.trust.networks.keys().map(String::as_str).collect();
        format!(
            "The forecast counts everybody ({}) although trust decides who counts on {}: it can be bought",
            counting.join(", "),
            networks.join(", ")
        )
    })
}

/// The method as a file for people to read.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if it cannot be written as TOML.
pub fn method_file(method: &Method) -> Result<String> {
    let text = toml::to_string(method).map_err(Error::internal)?;
    let mut file = String::new();
    if let Some(record) = &method.fit {
        let to = match record.target.as_str() {
            ROLLING_ORIGIN => format!(
                "reactors within up to {} hours after {}",
                method.forecast.horizon_hours,
                counted(record.origins_hours.len() as u64, "origin", "origins")
            ),
            truth => format!("the truth `{truth}`"),
        };
        let _ = writeln!(
            file,
            "# Fitted by Renown to {to} of job `{}` up to {}: {} rows.\n# {FIT_CAVEAT}. A forecast is not a cause.",
            record.job, record.snapshot, record.rows
        );
    }
    if let Some(warning) = for_sale(method) {
        let _ = writeln!(file, "# {}.", printable(&warning));
    }
    Ok(file + &text)
}
