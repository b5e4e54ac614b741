//! Opens the inputs of a job: Parquet at a URL, or a `SELECT` over named sources.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::prelude::Expr;

use super::epoch;
use super::files::{InputTable, Listing};
use super::freshness::{of_day, with_date_of_snapshot};
use super::open_input::OpenInput;
use super::sources::{Selected, Sources};
use super::violations::Violations;
use crate::engine::Engine;
use crate::error::{Error, OF_SQL, Result};
use crate::job::{Input, Job, Reading};
use crate::model::Warning;
use crate::schema::{self, Direction};

/// Opens the inputs of one job.
pub(super) struct InputOpener<'a> {
    engine: &'a Engine,
    reading: &'a Reading,
    sources: Sources<'a>,
    /// Files behind each input or source.
    pub(super) files: BTreeMap<String, Listing>,
    /// Columns that are not read, by input.
    pub(super) ignored: BTreeMap<String, Vec<String>>,
    /// What should be looked at.
    pub(super) warnings: Vec<Warning>,
    /// Sources that the inputs opened so far select from.
    pub(super) selected: BTreeSet<String>,
}

impl<'a> InputOpener<'a> {
    /// Opens the sources of `job`, over which its SQL inputs select.
    pub(super) async fn new(
        engine: &'a Engine,
        job: &'a Job,
        violations: &mut Violations,
    ) -> Result<Self> {
        let reading = &job.reading;
        engine.set_max_page_bytes(reading.max_page_bytes);
        let day_of = |name: &str| job.snapshot.filter(|_| job.daily.sources.contains(name));
        let missing = reading.missing_columns;
        let sources = Sources::open(engine, &job.sources, day_of, missing, violations).await?;
        // A SELECT over a missing source would only repeat its violation.
        violations.stop_if_any()?;
        let files = sources.listings();
        let files = files.map(|(name, listing)| (format!("sources.{name}"), listing)).collect();
        let (ignored, warnings, selected) = (BTreeMap::new(), vec![], BTreeSet::new());
        Ok(Self { engine, reading, sources, files, ignored, warnings, selected })
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
        self.warnings.extend(opened.warnings());
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
        let missing_columns = self.reading.missing_columns;
        let has_date = job.daily.inputs.contains(name);
        Ok(match input {
            Input::Url(url) => {
                let files = InputTable::open(self.engine, url).await;
                let files = match has_date {
                    true => of_day(files, url, job.snapshot)?,
                    false => with_date_of_snapshot(files, url)?,
                };
                let (frame, origin) = (files.frame(self.engine)?, url.to_string());
                let files = Some(files);
                let opened = OpenInput {
                    table,
                    frame,
                    origin,
                    closed: false,
                    files,
                    is_daily: has_date,
                    daily_sources: vec![],
                    missing_columns,
                };
                self.files.extend(opened.listing().map(|listing| (name.to_owned(), listing)));
                opened
            }
            Input::Sql(sql) => {
                let origin = format!("{OF_SQL}{name}");
                let selected = Box::pin(self.sources.select(&origin, sql)).await?;
                let daily_sources = match job.snapshot {
                    Some(_) => self.sources.of_day(&selected, &job.daily.sources)?,
                    None => vec![],
                };
                let Selected { frame, sources, null_columns } = selected;
                let is_daily =
                    has_date || sources.iter().any(|name| job.daily.sources.contains(name));
                self.selected.extend(sources);
                for (source, columns) in null_columns {
                    if let Some(listing) = self.files.get_mut(&format!("sources.{source}")) {
                        listing.null_columns.extend(columns);
                    }
                }
                OpenInput {
                    table,
                    frame,
                    origin,
                    closed: true,
                    files: None,
                    is_daily,
                    daily_sources,
                    missing_columns,
                }
            }
        })
    }
}
