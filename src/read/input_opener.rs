//! Opens the inputs of a job: Parquet at a URL, or a `SELECT` over named sources.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::prelude::Expr;

use super::epoch;
use super::open_input::OpenInput;
use super::select::{register_source, select};
use super::sources::{Listing, open};
use super::violations::Violations;
use crate::engine::Engine;
use crate::error::{Error, OF_SQL, Result};
use crate::job::{Input, Job};
use crate::schema::{self, Direction};

/// Opens the inputs of one job.
pub(super) struct InputOpener<'a> {
    engine: &'a Engine,
    /// Files behind each input or source.
    pub(super) files: BTreeMap<String, Listing>,
    /// Columns that are not read, by input.
    pub(super) ignored: BTreeMap<String, Vec<String>>,
    /// Sources that the inputs opened so far select from.
    pub(super) sources: BTreeSet<String>,
}

impl<'a> InputOpener<'a> {
    /// Opens the sources of `job`, over which its SQL inputs select.
    pub(super) async fn new(
        engine: &'a Engine,
        job: &Job,
        violations: &mut Violations,
    ) -> Result<Self> {
        let mut files = BTreeMap::new();
        for (name, url) in &job.sources {
            let Some((frame, found)) = violations.keep(open(engine, url).await)? else { continue };
            files.insert(format!("sources.{name}"), Listing { url: url.clone(), files: found });
            register_source(engine, name, &job.sources, frame)?;
        }
        // A SELECT over a missing source would only repeat its violation.
        violations.stop_if_any()?;
        Ok(Self { engine, files, ignored: BTreeMap::new(), sources: BTreeSet::new() })
    }

    /// Opens one input; `None` if the job does not have it, or its violations were kept.
    pub(super) async fn open(
        &mut self,
        job: &Job,
        name: &str,
        violations: &mut Violations,
    ) -> Result<Option<OpenInput>> {
        let Some(input) = job.inputs.get(name) else { return Ok(None) };
        let place = |violation: Error| violation.in_table(name);
        let opened = self.open_frame(job, name, input).await.map_err(place);
        let Some(opened) = violations.keep(opened)? else { return Ok(None) };
        let wrong = opened.violations()?;
        let is_valid = wrong.is_empty();
        for violation in wrong {
            let violation = Box::pin(self.with_unit(&opened, violation)).await?;
            violations.report(violation)?;
        }
        let ignored = opened.ignored();
        if !ignored.is_empty() {
            self.ignored.insert(name.into(), ignored);
        }
        Ok(is_valid.then_some(opened))
    }

    /// A violation about a column of integers where the contract has times, with what to write for the unit that they have.
    async fn with_unit(&self, input: &OpenInput, mut violation: Error) -> Result<Error> {
        let name = violation.place.column.clone().unwrap_or_default();
        if let Some(column) = input.epoch_columns().into_iter().find(|column| column.name == name) {
            let what = format!("reading {}", input.origin);
            let column = Expr::Column(column);
            let sql = epoch::conversion(&what, input.frame.clone(), column, &name).await?;
            violation.remedy = format!(
                "write {sql} AS {name} in a SELECT, or write the file with the contract's type"
            );
        }
        Ok(violation)
    }

    async fn open_frame(&mut self, job: &Job, name: &str, input: &Input) -> Result<OpenInput> {
        let table = schema::table(Direction::Input, name)?;
        Ok(match input {
            Input::Url(url) => {
                let (frame, files) = open(self.engine, url).await?;
                let listing = Listing { url: url.clone(), files: files.clone() };
                self.files.insert(name.into(), listing);
                let (origin, url) = (url.to_string(), Some(url.clone()));
                OpenInput { table, frame, origin, closed: false, url, files }
            }
            Input::Sql(sql) => {
                let select = Box::pin(select(self.engine, name, sql, &job.sources));
                let (frame, sources) = select.await?;
                self.sources.extend(sources);
                let origin = format!("{OF_SQL}{name}");
                OpenInput { table, frame, origin, closed: true, url: None, files: vec![] }
            }
        })
    }
}
