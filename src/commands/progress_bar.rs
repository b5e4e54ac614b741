//! The stages of a run as a bar on standard error.

use std::time::Duration;

use indicatif::ProgressStyle;

use crate::pipeline::progress::Observer;

/// A bar with the name of the current stage; it is cleared when it is dropped.
pub(super) struct ProgressBar(indicatif::ProgressBar);

impl ProgressBar {
    pub(super) fn of_stages(stages: u64) -> Self {
        let bar = indicatif::ProgressBar::new(stages);
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self(bar)
    }
}

impl Observer for ProgressBar {
    fn start(&self, stage: &'static str) {
        self.0.set_message(stage);
    }

    fn end(&self) {
        self.0.inc(1);
    }
}

impl Drop for ProgressBar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
