//! Stages as they run: each is timed, shown to an observer, logged as a line, and recorded for the summary and `log.json`.

use std::time::Instant;

use crate::error::Result;
use crate::publish::log::StageLog;

/// A result of a stage, whose rows are counted.
pub trait Rows {
    /// Rows that came out of the stage.
    fn rows(&self) -> u64;
}

/// Sees stages as they run: a progress bar, for example.
pub trait Observer: Send + Sync {
    /// A stage has started.
    fn start(&self, stage: &'static str);

    /// The stage that started last has ended.
    fn end(&self);
}

/// Runs the stages of a command and keeps their records.
pub struct Progress {
    observer: Option<Box<dyn Observer>>,
    is_logged: bool,
    stages: Vec<StageLog>,
}

impl Progress {
    /// Logs each stage, and shows it to an observer until [`Progress::finish`].
    pub fn observed_by(observer: Box<dyn Observer>) -> Self {
        Self { observer: Some(observer), ..Self::silent() }
    }

    /// Logs each stage, which shows nothing where no log is set up.
    pub fn silent() -> Self {
        Self { observer: None, is_logged: true, stages: vec![] }
    }

    /// Neither shows nor logs its stages, which are parts of one stage of another command.
    pub fn nested() -> Self {
        Self { is_logged: false, ..Self::silent() }
    }

    /// Runs a stage that computes on all cores from so many rows.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn compute<T: Rows>(
        &mut self,
        stage: &'static str,
        rows_in: u64,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let started = self.start(stage);
        // The threads of the runtime go on serving others.
        let result = tokio::task::block_in_place(work)?;
        self.end(stage, started, rows_in, result.rows());
        Ok(result)
    }

    /// Runs a stage that reads or writes; `rows_in` counts what went into its result.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn wait<T: Rows>(
        &mut self,
        stage: &'static str,
        rows_in: impl FnOnce(&T) -> u64,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let started = self.start(stage);
        let result = work.await?;
        self.end(stage, started, rows_in(&result), result.rows());
        Ok(result)
    }

    fn start(&self, stage: &'static str) -> Instant {
        if let Some(observer) = &self.observer {
            observer.start(stage);
        }
        Instant::now()
    }

    fn end(&mut self, stage: &str, started: Instant, rows_in: u64, rows_out: u64) {
        let seconds = started.elapsed().as_secs_f64();
        let peak_memory_bytes = peak_memory_bytes();
        if let Some(observer) = &self.observer {
            observer.end();
        }
        if self.is_logged {
            tracing::info!(stage, rows_in, rows_out, seconds, peak_memory_bytes);
        }
        let stage = stage.to_owned();
        self.stages.push(StageLog { stage, rows_in, rows_out, seconds, peak_memory_bytes });
    }

    /// The stages that have ended.
    pub fn stages(&self) -> &[StageLog] {
        &self.stages
    }

    /// The last stage has ended: lets go of the observer.
    pub fn finish(&mut self) {
        self.observer = None;
    }
}

/// Peak memory of this process so far, in bytes; 0 where the system does not report it.
pub fn peak_memory_bytes() -> u64 {
    use nix::sys::resource::{UsageWho, getrusage};
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    getrusage(UsageWho::RUSAGE_SELF).map_or(0, |usage| usage.max_rss().unsigned_abs() * unit)
}
