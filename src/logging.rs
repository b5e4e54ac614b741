//! What the program says on standard error while it works.

use std::io::IsTerminal as _;

use clap::ValueEnum;
use renown::error::{Error, Kind, Result};
use tracing_subscriber::EnvFilter;

/// Form of the lines on standard error.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Log {
    /// Lines for people
    Text,
    /// A JSON object a line, errors too
    Json,
}

/// What of the log was asked for.
#[derive(Clone, Copy)]
pub struct Logging {
    /// The form; without one a bar on a terminal, else JSON for the stages and text for errors.
    pub log: Option<Log>,
    /// Whether only warnings and errors are shown.
    pub quiet: bool,
}

impl Logging {
    /// Whether a bar shows the stages.
    pub fn bar(self) -> bool {
        self.log.is_none() && !self.quiet && std::io::stderr().is_terminal()
    }

    /// Sets up the log of the process. `RUST_LOG` says what is logged; without it the stages and,
    /// of the libraries, warnings.
    ///
    /// # Errors
    /// [`Kind::Usage`] if `RUST_LOG` cannot be read.
    pub fn begin(self) -> Result<()> {
        let stages = if self.quiet || self.bar() { "warn" } else { "warn,renown=info" };
        let filter = match std::env::var("RUST_LOG") {
            Ok(filter) if !filter.is_empty() => EnvFilter::try_new(&filter).map_err(|e| {
                let cause = format!("RUST_LOG is `{filter}`: {e}");
                Error::new(Kind::Usage, cause, "give levels, as in RUST_LOG=warn,datafusion=debug")
            })?,
            _ => EnvFilter::new(stages),
        };
        let lines = tracing_subscriber::fmt().with_env_filter(filter);
        let lines = lines.with_writer(std::io::stderr);
        let set = match self.log {
            Some(Log::Text) => lines.try_init(),
            None if self.bar() => lines.try_init(),
            _ => lines.json().flatten_event(true).with_current_span(false).try_init(),
        };
        set.map_err(Error::internal)?;
        // A panic of a library ends in an error of its own; where it happened helps to report it.
        std::panic::set_hook(Box::new(|panic| tracing::warn!(panic = %panic)));
        Ok(())
    }

    /// Says why the program fails.
    pub fn fail(self, error: &Error) {
        if self.log == Some(Log::Json) {
            tracing::error!(
                kind = error.kind.name(),
                exit_code = error.kind.exit_code(),
                cause = error.cause,
                remedy = error.remedy,
                table = error.place.table,
                column = error.place.column,
                file = error.place.file,
                rows = error.place.rows,
            );
        } else {
            // A closed standard error must not hide the exit code.
            let _ = std::io::Write::write_all(
                &mut std::io::stderr(),
                format!("error: {error}\n").as_bytes(),
            );
        }
    }
}
