//! What every command works with: the engine, and where its answer goes.

use std::io::{ErrorKind, Write};

use serde::Serialize;

use super::output_format::OutputFormat;
use super::progress_bar::ProgressBar;
use super::text_bars::Bars;
use crate::engine::Engine;
use crate::error::{Error, Kind, Result, printable};
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

    /// As [`Context::answer`], about a run: with what its readers should know before the page, or under `notes` in the object.
    pub(super) fn answer_about<T: Serialize>(
        &mut self,
        run_notes: &[String],
        format: OutputFormat,
        value: &T,
        page: impl FnOnce(&T) -> String,
    ) -> Result<()> {
        if format == OutputFormat::Text || run_notes.is_empty() {
            if format == OutputFormat::Text {
                self.print_notes(run_notes)?;
            }
            return self.answer(format, value, page);
        }
        let mut object = serde_json::to_value(value).map_err(Error::internal)?;
        if let Some(object) = object.as_object_mut() {
            object.insert("notes".to_owned(), run_notes.into());
        }
        self.answer(format, &object, |_| String::new())
    }

    /// Writes what the readers of a run should know, a line each.
    pub(super) fn print_notes(&mut self, run_notes: &[String]) -> Result<()> {
        run_notes.iter().try_for_each(|note| self.print(&format!("note: {}\n", printable(note))))
    }

    /// What bars next to numbers are drawn with; none unless the answer goes to a terminal.
    pub(super) fn bars_next_to_numbers(&self) -> Option<Bars> {
        self.is_terminal.then_some(self.bars)
    }

    /// The progress of a command with this number of stages.
    pub(super) fn progress(&self, stages: u64) -> Progress {
        self.progress_bars(stages)()
    }

    /// As [`Context::progress`], for each of several runs.
    pub(super) fn progress_bars(&self, stages: u64) -> impl Fn() -> Progress + use<> {
        let shows_progress = self.shows_progress;
        move || match shows_progress {
            true => Progress::observed_by(Box::new(ProgressBar::of_stages(stages))),
            false => Progress::silent(),
        }
    }
}
