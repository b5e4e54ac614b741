//! Queries of users that fail over the rows of their sources: which failures are of the query, and what to write instead.

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;

/// How work on the rows of a user's `SELECT` is named, in a job.
pub const OF_SQL: &str = "SQL of inputs.";

/// And where no job gives it.
pub const OF_SELECT: &str = "the SELECT of ";

/// How the reader of Parquet begins where a condition of a query fails over the rows of a file.
const IN_CONDITION: &str = "Error evaluating filter predicate: ";

/// Whether work of this name is on the rows of a user's `SELECT`.
pub(super) fn is_select(what: &str) -> bool {
    [OF_SQL, OF_SELECT].iter().any(|of| what.contains(of))
}

/// What is wrong with a `SELECT`, and a remedy, if it failed over rows that could be read. Conditions and columns are computed
/// as a file is read: an error met in one is not always of that file.
pub(super) fn of_select(
    what: &str,
    error: &DataFusionError,
    is_in_file: bool,
) -> Option<(String, &'static str)> {
    use ArrowError::{ArithmeticOverflow, CastError, ComputeError, DivideByZero, ParseError};
    let root = error.find_root();
    let text = root.strip_backtrace();
    let condition = text.split_once(IN_CONDITION).map(|(_, condition)| condition);
    let is_computed = match root {
        DataFusionError::ArrowError(fault, _) => matches!(
            **fault,
            DivideByZero | ArithmeticOverflow(_) | CastError(_) | ParseError(_) | ComputeError(_)
        ),
        DataFusionError::Execution(_) => !is_in_file,
        _ => text.contains("Regular expression did not compile"),
    };
    if !is_select(what) || !(is_computed || condition.is_some()) {
        return None;
    }
    let text = condition.unwrap_or(&text);
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let (cause, remedy) = if has(&["DivideByZero", "Divide by zero"]) {
        ("it divides by zero", "divide by nullif(…, 0): what it gives for 0 is then missing")
    } else if has(&["CompiledTooBig", "exceeds size limit"]) {
        ("one of its regular expressions is too large", "write it with smaller counts")
    } else {
        // The fault of a condition is written as code, with its text in quotes.
        let text = condition.and_then(|fault| fault.split('"').nth(1)).unwrap_or(text);
        (text, "correct the SELECT; TRY_CAST(… AS …) makes values missing that are not of a type")
    };
    Some((format!("{what}: the SELECT cannot be computed: {cause}"), remedy))
}
