//! What the program says on standard error while it works.

use std::io::IsTerminal as _;

use clap::ValueEnum;
use renown::commands::exit;
use renown::error::{Error, Kind, Result};
use tracing_subscriber::filter::{EnvFilter, LevelFilter};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// Target of the line that says why the program fails: its own, so that no filter of a module hides it.
const FAILURE: &str = "renown::failure";

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
    /// of the libraries, warnings. Why the program fails passes every filter.
    ///
    /// # Errors
    /// [`Kind::Usage`] if `RUST_LOG` cannot be read; the log is set up all the same, to tell it.
    pub fn begin(self) -> Result<()> {
        let usual = if self.bar() { "warn" } else { "warn,renown=info" };
        let asked = std::env::var("RUST_LOG").ok().filter(|filter| !filter.is_empty());
        let parsed = EnvFilter::try_new(asked.as_deref().unwrap_or(usual));
        let failure = format!("{FAILURE}=error").parse().map_err(Error::internal)?;
        let (filter, read) = match parsed {
            Ok(filter) => (filter, Ok(())),
            Err(e) => {
                let cause = format!("RUST_LOG is `{}`: {e}", asked.unwrap_or_default());
                let remedy = "give levels, as in RUST_LOG=warn,datafusion=debug";
                (EnvFilter::new(usual), Err(Error::new(Kind::Usage, cause, remedy)))
            }
        };
        let most = if self.quiet { LevelFilter::WARN } else { LevelFilter::TRACE };
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
        let lines = match self.log {
            Some(Log::Text) => lines.boxed(),
            None if self.bar() => lines.boxed(),
            _ => lines.json().flatten_event(true).with_current_span(false).boxed(),
        };
        tracing_subscriber::registry()
            .with(lines)
            .with(filter.add_directive(failure))
            .with(most)
            .try_init()
            .map_err(Error::internal)?;
        // A panic of a library ends in an error of its own; where it happened helps to report it.
        std::panic::set_hook(Box::new(|panic| tracing::warn!(panic = %panic)));
        read
    }

    /// Says why the program fails.
    pub fn fail(self, error: &Error) {
        if self.log == Some(Log::Json) {
            tracing::error!(
                target: FAILURE,
                kind = error.kind.name(),
                exit_code = exit::code(error.kind),
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
