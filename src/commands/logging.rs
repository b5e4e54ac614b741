//! Log lines on standard error.

use std::io::{IsTerminal as _, Write};

use clap::ValueEnum;
use tracing_subscriber::filter::{EnvFilter, LevelFilter};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::error::{Error, Kind, Result, redact};

/// Target of the line that says why the program fails; no filter of a module hides it.
pub(super) const FAILURE: &str = "renown::failure";

/// Format of the lines on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people
    Text,
    /// One JSON object a line, errors included
    Json,
}

/// What is logged, and how.
#[derive(Clone, Copy, Debug, Default)]
pub struct Logging {
    /// The format; without one a bar on a terminal, else JSON for stages and text for errors.
    pub format: Option<LogFormat>,
    /// Whether only warnings and errors are shown.
    pub quiet: bool,
}

impl Logging {
    /// Whether a bar shows the progress of stages.
    pub fn shows_bar(self) -> bool {
        self.format.is_none() && !self.quiet && std::io::stderr().is_terminal()
    }

    /// Sets up the log of the process. `RUST_LOG` filters it; by default stages are logged and, from other libraries,
    /// warnings. The reason of a failure passes every filter.
    ///
    /// # Errors
    /// [`Kind::Usage`] if `RUST_LOG` cannot be read; the log is set up all the same, so that the error is shown.
    pub fn begin(self) -> Result<()> {
        let default = if self.shows_bar() { "warn" } else { "warn,renown=info" };
        let variable = std::env::var("RUST_LOG").ok().filter(|filter| !filter.is_empty());
        let parsed = EnvFilter::try_new(variable.as_deref().unwrap_or(default));
        let failure = format!("{FAILURE}=error").parse().map_err(Error::internal)?;
        let (filter, result) = match parsed {
            Ok(filter) => (filter, Ok(())),
            Err(e) => {
                let cause = format!("RUST_LOG is `{}`: {e}", variable.unwrap_or_default());
                let remedy = "give levels, as in RUST_LOG=warn,datafusion=debug";
                let error = Error::new(Kind::Usage, cause, remedy).caused_by(e);
                (EnvFilter::new(default), Err(error))
            }
        };
        let max_level = if self.quiet { LevelFilter::WARN } else { LevelFilter::TRACE };
        let lines = tracing_subscriber::fmt::layer().with_writer(|| Redacted(std::io::stderr()));
        let lines = match self.format {
            Some(LogFormat::Text) => lines.boxed(),
            None if self.shows_bar() => lines.boxed(),
            _ => lines.json().flatten_event(true).with_current_span(false).boxed(),
        };
        tracing_subscriber::registry()
            .with(lines)
            .with(filter.add_directive(failure))
            .with(max_level)
            .try_init()
            .map_err(Error::internal)?;
        // A panic of a library becomes an error; where it happened helps to report it.
        std::panic::set_hook(Box::new(|panic| tracing::warn!(panic = %panic)));
        result
    }
}

/// Takes credentials out of lines on their way: libraries log the URLs that they ask for.
struct Redacted<W: Write>(W);

impl<W: Write> Write for Redacted<W> {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.0.write_all(redact(&String::from_utf8_lossy(line)).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}
