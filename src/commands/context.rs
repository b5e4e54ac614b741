//! What every command works with: the engine, and where its answer goes.

use std::io::{ErrorKind, Write};

use serde::Serialize;

use super::output_format::OutputFormat;
use super::progress_bar::ProgressBar;
use super::text_bars::Bars;
use crate::engine::Engine;
use crate::error::{Error, Kind, Result};
use crate::pipeline::progress::Progress;

/// The surroundings of a command. The program's answer goes to standard output; a caller may capture it elsewhere.
pub struct Context<'a> {
    /// The engine with its object stores.
    pub engine: Engine,
    /// Where the answer goes.
    pub out: &'a mut (dyn Write + Send),
    /// Whether the answer goes to a terminal: only there bars accompany numbers.
    pub is_terminal: bool,
    /// What bars are drawn with.
    pub bars: Bars,
    /// Whether a bar on standard error shows the progress of stages.
    pub shows_progress: bool,
    /// Whether commands that publish or write answer nothing.
    pub quiet: bool,
}

impl<'a> Context<'a> {
    /// A context whose answers go to `out`, as they would to a file.
    pub fn new(engine: Engine, out: &'a mut (dyn Write + Send)) -> Self {
        let bars = Bars::of_environment();
        Self { engine, out, is_terminal: false, bars, shows_progress: false, quiet: false }
    }

    /// Writes a part of the answer; a reader that has gone away (`| head`) is no error.
    pub(super) fn print(&mut self, text: &str) -> Result<()> {
        match self.out.write_all(text.as_bytes()) {
            Err(e) if e.kind() != ErrorKind::BrokenPipe => {
                let cause = format!("writing the answer: {e}");
                Err(Error::new(Kind::Unavailable, cause, "check where the output goes")
                    .caused_by(e))
            }
            _ => Ok(()),
        }
    }

    /// Writes an answer as a page for people, or as JSON.
    pub(super) fn answer<T: Serialize>(
        &mut self,
        format: OutputFormat,
        value: &T,
        page: impl FnOnce(&T) -> String,
    ) -> Result<()> {
        match format {
            OutputFormat::Text => self.print(&page(value)),
            OutputFormat::Json => {
                let text = serde_json::to_string_pretty(value).map_err(Error::internal)?;
                self.print(&format!("{text}\n"))
            }
        }
    }

    /// What bars next to numbers are drawn with; none unless the answer goes to a terminal.
    pub(super) fn bars_next_to_numbers(&self) -> Option<Bars> {
        self.is_terminal.then_some(self.bars)
    }

    /// The progress of a command with this number of stages.
    pub(super) fn progress(&self, stages: u64) -> Progress {
        match self.shows_progress {
            true => Progress::observed_by(Box::new(ProgressBar::of_stages(stages))),
            false => Progress::silent(),
        }
    }
}
