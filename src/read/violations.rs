//! Violations of input contracts: the first one ends a run, a check collects them all.

use crate::error::{Error, Kind, Result};

/// Handles violations in the inputs as they are found.
#[derive(Debug, Default)]
pub struct Violations {
    /// The violations kept so far; `None` if the first one is returned as an error.
    kept: Option<Vec<Error>>,
}

impl Violations {
    /// The first violation is returned as an error.
    pub fn stop_at_first() -> Self {
        Self { kept: None }
    }

    /// Violations that the owner of the data or the job can fix, and days that have not arrived, are kept, so that the search
    /// goes on; other errors (a store that does not answer) are returned.
    pub fn keep_all() -> Self {
        Self { kept: Some(vec![]) }
    }

    /// Reports one violation.
    ///
    /// # Errors
    /// The violation itself, unless it is kept.
    pub(super) fn report(&mut self, violation: Error) -> Result<()> {
        match &mut self.kept {
            Some(kept) if matches!(violation.kind, Kind::BadInput | Kind::BadJob | Kind::Gate) => {
                kept.push(violation);
                Ok(())
            }
            _ => Err(violation),
        }
    }

    /// Reports `violations` after which reading cannot go on, and returns the error to end with.
    pub(super) fn fail(&mut self, violations: Vec<Error>) -> Error {
        let first = violations.first().cloned();
        let reported: Result<()> = violations.into_iter().try_for_each(|one| self.report(one));
        let error = reported.err().or(first);
        error.unwrap_or_else(|| Error::internal("reading failed without a violation"))
    }

    /// The value, or `None` if it is a violation that was kept.
    ///
    /// # Errors
    /// As [`Self::report`].
    pub(super) fn keep<T>(&mut self, result: Result<T>) -> Result<Option<T>> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(violation) => self.report(violation).map(|()| None),
        }
    }

    /// Ends the search if any violation was kept, where the next step would build on what is wrong.
    ///
    /// # Errors
    /// The first violation kept.
    pub(super) fn stop_if_any(&self) -> Result<()> {
        self.kept.iter().flatten().next().map_or(Ok(()), |first| Err(first.clone()))
    }

    /// Whether it was kept that the data of `table` have not arrived.
    pub(super) fn has_gate(&self, table: &str) -> bool {
        let is_of = |error: &Error| error.place.table.as_deref() == Some(table);
        self.kept.iter().flatten().any(|error| error.kind == Kind::Gate && is_of(error))
    }

    /// The violations kept.
    pub fn into_kept(self) -> Vec<Error> {
        self.kept.unwrap_or_default()
    }
}
