//! The tables of version 0.7.0 under the names that their columns, causes and measures have now.

use datafusion::dataframe::DataFrame;
use datafusion::error::Result;
use datafusion::prelude::{Expr, ident, lit, when};

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
    match name {
        "changes" => frame.with_column("cause", replaced(ident("cause"), &CAUSES)?),
        "contributions" => {
            let measures: Vec<_> = renamed::measures().collect();
            frame.with_column("measure", replaced(ident("measure"), &measures)?)
        }
        _ => Ok(frame),
    }
}

/// Texts with some values in place of others.
fn replaced(texts: Expr, values: &[(&str, &str)]) -> Result<Expr> {
    let Some(((old, new), others)) = values.split_first() else { return Ok(texts) };
    let mut cases = when(texts.clone().eq(lit(*old)), lit(*new));
    for (old, new) in others {
        cases = cases.when(texts.clone().eq(lit(*old)), lit(*new));
    }
    cases.otherwise(texts)
}
