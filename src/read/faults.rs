//! What becomes of faults in the inputs: the first one ends a run, a check gathers them all.

use crate::error::{Error, Kind, Result};

/// Meets the faults of the inputs as they are found.
#[derive(Debug, Default)]
pub struct Faults {
    gathered: Option<Vec<Error>>,
}

impl Faults {
    /// The first fault is returned as an error.
    pub fn stop() -> Self {
        Self { gathered: None }
    }

    /// Faults that somebody has to mend are kept, so that the search goes on; others (a store that
    /// does not answer) are returned as errors.
    pub fn gather() -> Self {
        Self { gathered: Some(vec![]) }
    }

    /// Meets one fault.
    ///
    /// # Errors
    /// The fault itself, unless it is kept.
    pub(super) fn meet(&mut self, fault: Error) -> Result<()> {
        match &mut self.gathered {
            Some(all) if matches!(fault.kind, Kind::BadInput | Kind::BadJob) => {
                all.push(fault);
                Ok(())
            }
            _ => Err(fault),
        }
    }

    /// Meets `broken` faults after which nothing can go on, and gives the one to end with.
    pub(super) fn end(&mut self, broken: Vec<Error>) -> Error {
        let first = broken.first().cloned();
        let met: Result<()> = broken.into_iter().try_for_each(|fault| self.meet(fault));
        met.err().or(first).unwrap_or_else(|| Error::internal("an end without a fault"))
    }

    /// The value, or `None` if it is a fault that was kept.
    ///
    /// # Errors
    /// As [`Self::meet`].
    pub(super) fn pass<T>(&mut self, result: Result<T>) -> Result<Option<T>> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(fault) => self.meet(fault).map(|()| None),
        }
    }

    /// Ends the search if any fault was kept: what comes next would build on it.
    ///
    /// # Errors
    /// The first fault kept.
    pub(super) fn none_so_far(&self) -> Result<()> {
        self.gathered.iter().flatten().next().map_or(Ok(()), |first| Err(first.clone()))
    }

    /// The faults kept.
    pub fn into_gathered(self) -> Vec<Error> {
        self.gathered.unwrap_or_default()
    }
}
