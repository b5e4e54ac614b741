//! What one sees while a run works: a bar or a line of the log for each stage; and the record of the
//! stages for the summary and `log.json`.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::publish::log::StageLog;

/// Shows the stages of a run as they go by and keeps their records.
pub struct Progress {
    bar: Option<ProgressBar>,
    stages: Vec<StageLog>,
    began: Instant,
}

impl Progress {
    /// Logs each stage, and shows a bar of `stages` stages on standard error.
    pub fn with_bar(stages: u64) -> Self {
        let bar = ProgressBar::new(stages);
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar: Some(bar), ..Self::silent() }
    }

    /// Logs each stage, which nobody sees where no log was set up.
    pub fn silent() -> Self {
        Self { bar: None, stages: vec![], began: Instant::now() }
    }

    /// A stage begins.
    pub fn begin(&mut self, stage: &'static str) {
        self.began = Instant::now();
        if let Some(bar) = &self.bar {
            bar.set_message(stage);
        }
    }

    /// The stage that began last has ended.
    pub fn end(&mut self, stage: &'static str, rows_in: u64, rows_out: u64) {
        let seconds = self.began.elapsed().as_secs_f64();
        let peak_memory_bytes = peak_memory();
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
        tracing::info!(stage, rows_in, rows_out, seconds, peak_memory_bytes,);
        let stage = stage.to_owned();
        self.stages.push(StageLog { stage, rows_in, rows_out, seconds, peak_memory_bytes });
    }

    /// The stages so far.
    pub fn stages(&self) -> &[StageLog] {
        &self.stages
    }

    /// Clears the bar.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// The stages as a table.
    pub fn summary(&self) -> String {
        let mut out = format!(
            "{:<10} {:>14} {:>14} {:>9} {:>9}\n",
            "stage", "rows in", "rows out", "seconds", "peak MB"
        );
        for s in &self.stages {
            let _ = writeln!(
                out,
                "{:<10} {:>14} {:>14} {:>9.2} {:>9.0}",
                s.stage,
                s.rows_in,
                s.rows_out,
                s.seconds,
                s.peak_memory_bytes as f64 / 1e6
            );
        }
        out
    }
}

/// Most memory that this process has held so far, in bytes; 0 where the system does not tell.
pub fn peak_memory() -> u64 {
    use nix::sys::resource::{UsageWho, getrusage};
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    getrusage(UsageWho::RUSAGE_SELF).map_or(0, |usage| usage.max_rss().unsigned_abs() * unit)
}
