//! How long the phases of a command take.

use std::time::Instant;

/// The phases that have ended, with their seconds.
pub(super) struct Phases {
    since: Instant,
    pub(super) seconds: Vec<(&'static str, f64)>,
}

impl Phases {
    /// The first phase begins.
    pub(super) fn begin() -> Self {
        Self { since: Instant::now(), seconds: vec![] }
    }

    /// A phase has ended, and the next one begins.
    pub(super) fn end(&mut self, phase: &'static str) {
        self.seconds.push((phase, self.since.elapsed().as_secs_f64()));
        self.since = Instant::now();
    }
}
