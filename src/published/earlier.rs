//! The tables of version 0.7.0 under the names that their columns and causes have now.

use datafusion::dataframe::DataFrame;
use datafusion::error::Result;
use datafusion::prelude::{ident, lit, when};

use crate::renamed;

/// Table, column of 0.7.0, column now; for the table `measures` see [`crate::renamed`].
const COLUMNS: [(&str, &str, &str); 11] = [
    ("cohorts", "campaign", "cohort"),
    ("cohorts", "rank", "position"),
    ("scores", "network", "network_score"),
    ("topic_posts", "rank", "position"),
    ("topic_scores", "attention_rank", "topic_attention_share"),
    ("topic_scores", "rank", "position"),
    ("topic_scores", "vouchers", "endorsers"),
    ("validity", "draws", "resamples"),
    ("validity", "group", "group_value"),
    ("validity", "instants", "backtests"),
    ("validity", "truth", "target"),
];

/// Cause of a change in 0.7.0, cause now.
const CAUSES: [(&str, &str); 2] = [("ageing", "decay"), ("own_posts", "new_posts")];

/// The table `name` with the names of now.
pub(super) fn table(name: &str, mut frame: DataFrame) -> Result<DataFrame> {
    let has =
        |frame: &DataFrame, column: &str| frame.schema().has_column_with_unqualified_name(column);
    // Tables of 0.7.0 have no such column, but for `runs`, where nothing is renamed.
    if has(&frame, "run_id") {
        return Ok(frame);
    }
    let columns = COLUMNS.into_iter().filter(|(table, ..)| *table == name);
    let mut columns: Vec<(&str, &str)> = columns.map(|(_, old, new)| (old, new)).collect();
    if name == "measures" {
        columns.extend(renamed::measures());
    }
    for (old, new) in columns {
        if has(&frame, old) {
            frame = frame.with_column_renamed(old, new)?;
        }
    }
    if name != "changes" {
        return Ok(frame);
    }
    let cause = ident("cause");
    let renamed = CAUSES.iter().rev().try_fold(cause.clone(), |otherwise, (old, new)| {
        when(cause.clone().eq(lit(*old)), lit(*new)).otherwise(otherwise)
    })?;
    frame.with_column("cause", renamed)
}
