//! Why the program fails: the last line on standard error, and the exit code.

use std::io::Write as _;
use std::process::ExitCode;

use super::logging::{FAILURE, LogFormat, Logging};
use super::{exit, hints};
use crate::error::{Error, Kind};

/// Reports an error on standard error and gives its exit code.
pub fn report(error: Error, logging: Logging) -> ExitCode {
    let error = hints::with_hint(error);
    let code = exit::code(error.kind);
    if logging.format == Some(LogFormat::Json) {
        tracing::error!(
            target: FAILURE,
            kind = error.kind.name(),
            exit_code = code,
            cause = error.cause,
            remedy = error.remedy,
            table = error.place.table,
            column = error.place.column,
            file = error.place.file,
            rows = error.place.rows,
        );
    } else {
        // A closed standard error must not hide the exit code.
        let _ = std::io::stderr().write_all(format!("error: {error}\n").as_bytes());
    }
    ExitCode::from(code)
}

/// Reports a command line that does not parse (or prints the help that it asks for) in clap's words, or as a JSON object if
/// the command line asks for JSON: it is searched for that option, as it has no parsed form.
pub fn refuse(refused: &clap::Error) -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    let json = words.iter().any(|word| word == "--log=json")
        || words.windows(2).any(|two| two[0] == "--log" && two[1] == "json");
    if !(json && refused.use_stderr()) {
        refused.exit();
    }
    let text = refused.to_string();
    let cause = text.split("\n\nUsage").next().unwrap_or_default().trim();
    let cause = cause.strip_prefix("error: ").unwrap_or(cause);
    let logging = Logging { format: Some(LogFormat::Json), quiet: false };
    // A log filter that cannot be read is the smaller fault.
    let _ = logging.begin();
    report(Error::new(Kind::Usage, cause, "see `renown --help`"), logging)
}
