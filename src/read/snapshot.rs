//! Stage 1: every input is opened, cut to its window and validated against its contract.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use chrono::NaiveDate;
use datafusion::prelude::{Expr, ident};

use super::cast_faults;
use super::files::Listing;
use super::freshness::{AgeLimits, empty_day, empty_source};
use super::input_opener::InputOpener;
use super::open_input::OpenInput;
use super::row_counts::RowCounts;
use super::row_filter::{RowFilter, newest_time};
use super::row_rules::{RowRule, account_rules, interaction_rules, naming_rules};
use super::scan_estimate::ScanEstimate;
use super::validate::{ValidInput, Validator, WindowRules};
use super::violations::Violations;
use crate::engine::{Engine, count_rows};
use crate::error::{Error, Kind, Result};
use crate::job::Job;
use crate::method::Method;
use crate::model::time::HOUR_US;
use crate::model::{Dropped, Warning};
use crate::suggest::did_you_mean;

/// The columns of `accounts` with the age of a person.
const AGE_COLUMNS: [&str; 2] = ["birth_date", "is_minor"];
const AGE_REMEDY: &str =
    "name the column with the age so in a SELECT, or leave `minimum_age` under [consent] out";

/// All inputs of one snapshot, validated and not yet read in full.
pub struct Snapshot {
    /// Day that the snapshot covers to its end.
    pub day: NaiveDate,
    /// First instant not covered, in microseconds since 1970 (UTC).
    pub cutoff_us: i64,
    /// First instant of the window; interactions before it are earlier ones.
    pub(super) window_us: i64,
    /// Files behind each input or source.
    pub files: BTreeMap<String, Listing>,
    /// Columns that are not read, by input.
    pub ignored: BTreeMap<String, Vec<String>>,
    /// Rows dropped so far, by rule.
    pub drops: Vec<Dropped>,
    /// What should be looked at.
    pub warnings: Vec<Warning>,
    /// How old the newest events may be.
    pub age_limits: AgeLimits,
    /// Rows of all inputs.
    pub rows_total: u64,
    /// Rows of all inputs, without those outside the window.
    pub rows_in_window: u64,
    /// Ids that look like a missing value and are none.
    pub(super) not_missing: BTreeSet<String>,
    pub(super) accounts: Option<ValidInput>,
    pub(super) identities: Option<ValidInput>,
    pub(super) consent: Option<ValidInput>,
    pub(super) disputes: Option<ValidInput>,
    pub(super) posts: Option<ValidInput>,
    pub(super) endorsements: Option<ValidInput>,
    pub(super) lists: Option<ValidInput>,
    pub(super) topics: Option<ValidInput>,
    pub(super) topic_edges: Option<ValidInput>,
    pub(super) topic_phrases: Option<ValidInput>,
    pub(super) interactions: Option<ValidInput>,
    pub(super) follows: Option<ValidInput>,
}

/// Opens and validates the inputs of `job` for the snapshot of `day`; interactions of `earlier_hours` before the window too.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] for missing files, columns, types, nulls, values outside their set and kinds of
/// interaction that the method lacks; [`crate::error::Kind::Gate`] for a day without files or rows;
/// [`crate::error::Kind::BadJob`] for a `SELECT` that fails or writes, and for a method whose data begin after the snapshot; [`crate::error::Kind::Unavailable`] if a store does
/// not answer.
pub async fn snapshot(
    engine: &Engine,
    job: &Job,
    day: NaiveDate,
    earlier_hours: u32,
    violations: &mut Violations,
) -> Result<Snapshot> {
    let cutoff_us = cutoff(day)?;
    job.method.forecast.refuse_covered_later(&job.method.version, cutoff_us)?;
    let opener = InputOpener::new(engine, job, violations).await?;
    let validator = Validator { engine, violations, cutoff_us };
    let (drops, age_limits) = (vec![], AgeLimits::none(cutoff_us));
    let mut reader =
        Reader { job, day, cutoff_us, earlier_hours, opener, validator, drops, age_limits };
    let accounts = reader.open("accounts").await?;
    if let Some(accounts) = accounts.as_ref().filter(|_| job.consent.asks_age)
        && !AGE_COLUMNS.iter().any(|column| accounts.has(column))
    {
        reader.validator.violations.report(accounts.violation(
            "the job gives a minimum age, and neither column `birth_date` nor `is_minor` is there",
            AGE_REMEDY,
        ))?;
    }
    let rules = accounts.as_ref().map_or(Ok(vec![]), account_rules)?;
    let of_day = accounts.clone();
    let accounts = reader.validator.validate(accounts, rules).await?;
    reader.refuse_empty_day(of_day.as_ref(), accounts.as_ref())?;
    let identities = reader.whole("identities", vec![]).await?;
    let consent = reader.whole("consent", naming_rules()?).await?;
    let disputes = reader.whole("disputes", naming_rules()?).await?;
    let topics = reader.whole("topics", vec![]).await?;
    let topic_edges = reader.whole("topic_edges", vec![]).await?;
    let topic_phrases = reader.whole("topic_phrases", vec![]).await?;
    let lists = reader.whole("lists", vec![]).await?;
    let endorsements = reader.in_window("endorsements").await?;
    let posts = reader.in_window("posts").await?;
    let interactions = reader.interactions().await?;
    let follows = reader.in_window("follows").await?;
    let Reader { opener, validator, drops, age_limits, .. } = reader;
    validator.violations.stop_if_any()?;
    let people = [&accounts, &identities, &consent, &disputes, &posts, &endorsements, &lists];
    let others = [&topics, &topic_edges, &topic_phrases, &interactions, &follows];
    let all = || people.into_iter().chain(others).flatten();
    let rows_in_window = all().map(|input| input.rows_in_window).sum();
    let rows_total = all().map(|input| input.rows_total).sum();
    Ok(Snapshot {
        day,
        cutoff_us,
        window_us: cutoff_us - i64::from(job.method.window_hours()) * HOUR_US,
        files: opener.files,
        ignored: opener.ignored,
        drops,
        warnings: opener.warnings,
        age_limits,
        rows_total,
        rows_in_window,
        not_missing: job.reading.not_missing.clone(),
        accounts,
        identities,
        consent,
        disputes,
        posts,
        endorsements,
        lists,
        topics,
        topic_edges,
        topic_phrases,
        interactions,
        follows,
    })
}

/// Opens and validates the inputs of one snapshot. Each is `None` if the job does not have it, or its violations were kept.
struct Reader<'a> {
    job: &'a Job,
    day: NaiveDate,
    cutoff_us: i64,
    earlier_hours: u32,
    opener: InputOpener<'a>,
    validator: Validator<'a>,
    drops: Vec<Dropped>,
    age_limits: AgeLimits,
}

impl Reader<'_> {
    async fn open(&mut self, table: &str) -> Result<Option<OpenInput>> {
        let input = self.opener.open(self.job, table, self.validator.violations).await?;
        let Some(input) = input else { return Ok(None) };
        for source in &input.daily_sources {
            let what = format!("reading the source `{}`", source.name);
            if count_rows(&what, source.rows.clone()).await? == 0 {
                let empty = empty_source(&input, &source.name, self.day);
                self.validator.violations.report(empty)?;
            }
        }
        Ok(Some(input))
    }

    /// Reports sources of the day whose rows are all older than the input may be, where the input has other sources.
    async fn refuse_stale_sources(&mut self, input: &OpenInput, filter: &RowFilter) -> Result<()> {
        let Some(time) = filter.time().filter(|_| self.age_limits.has(&input.table.table)) else {
            return Ok(());
        };
        for source in &input.daily_sources {
            let Some(alone) = &source.alone else { continue };
            let mut alone = OpenInput { frame: alone.clone(), ..input.clone() };
            filter.apply(&mut alone)?;
            let what = format!("reading {}", input.origin);
            // Of sources that are joined, none alone gives a row.
            if let Some(newest_us) = newest_time(&what, alone.conform()?, time).await? {
                let violations = &mut *self.validator.violations;
                self.age_limits.report_source(input, &source.name, newest_us, violations)?;
            }
        }
        Ok(())
    }

    async fn whole(&mut self, table: &str, rules: Vec<RowRule>) -> Result<Option<ValidInput>> {
        let input = self.open(table).await?;
        let of_day = input.clone();
        let valid = self.validator.validate(input, rules).await?;
        self.refuse_empty_day(of_day.as_ref(), valid.as_ref())?;
        Ok(valid)
    }

    async fn in_window(&mut self, table: &str) -> Result<Option<ValidInput>> {
        let valid = self.events(table, vec![], vec![]).await?;
        Ok(valid.map(|(input, _)| input))
    }

    /// An input of events, and the number of its rows by `group`.
    async fn events(
        &mut self,
        table: &str,
        group: Vec<Expr>,
        more: Vec<RowRule>,
    ) -> Result<Option<(ValidInput, RowCounts)>> {
        let filter = RowFilter::of(self.job, table, self.cutoff_us, self.earlier_hours);
        let Some(input) = self.open(table).await? else { return Ok(None) };
        self.age_limits.add(&input, &self.job.reading);
        let (of_day, times) = (input.clone(), filter.clone());
        let rules = WindowRules { filter, group, more };
        let valid = self.validator.validate_in_window(input, rules, &mut self.drops).await?;
        self.refuse_empty_day(Some(&of_day), valid.as_ref().map(|(valid, _)| valid))?;
        if valid.is_some() {
            self.refuse_stale_sources(&of_day, &times).await?;
        }
        Ok(valid)
    }

    /// Refuses an input of one day that has no rows.
    fn refuse_empty_day(
        &mut self,
        input: Option<&OpenInput>,
        valid: Option<&ValidInput>,
    ) -> Result<()> {
        match input.filter(|input| input.is_daily).zip(valid) {
            // That a source is empty says it.
            Some((input, _)) if self.validator.violations.has_gate(&input.table.table) => Ok(()),
            Some((input, valid)) if valid.rows_total == 0 => {
                self.validator.violations.report(empty_day(input, self.day))
            }
            _ => Ok(()),
        }
    }

    async fn interactions(&mut self) -> Result<Option<ValidInput>> {
        let (group, more) = (vec![ident("kind")], interaction_rules()?);
        let valid = self.events("interactions", group, more).await?;
        let Some((input, by_kind)) = valid else { return Ok(None) };
        let kinds = refuse_unknown_kinds(&by_kind, &self.job.method, &input.origin);
        let kinds = kinds.map_err(|violation| violation.in_table("interactions"));
        self.validator.violations.keep(kinds)?;
        Ok(Some(input))
    }
}

/// The first instant that the snapshot of `day` does not cover, in microseconds since 1970.
fn cutoff(day: NaiveDate) -> Result<i64> {
    let midnight = day.succ_opt().and_then(|next| next.and_hms_opt(0, 0, 0));
    let midnight = midnight.ok_or_else(|| {
        Error::bad_job(format!("snapshot {day} is out of range"), "give another date")
    })?;
    Ok(midnight.and_utc().timestamp_micros())
}

/// Refuses kinds of interaction that the method lacks.
fn refuse_unknown_kinds(by_kind: &RowCounts, method: &Method, origin: &str) -> Result<()> {
    let mut unknown = BTreeMap::new();
    for batch in &by_kind.batches {
        let (Some(kinds), Some(rows)) = (
            batch.column_by_name("kind").and_then(|column| column.as_string_view_opt()),
            batch.column_by_name("rows").and_then(|c| c.as_primitive_opt::<Int64Type>()),
        ) else {
            return Err(Error::internal("the counts of kinds have other columns"));
        };
        for (kind, rows) in kinds.iter().zip(rows.values()) {
            let kind = kind.unwrap_or_default();
            if !method.kinds.contains_key(kind) {
                *unknown.entry(kind.to_owned()).or_insert(0) += rows;
            }
        }
    }
    let Some((kind, rows)) = unknown.first_key_value() else { return Ok(()) };
    let near = did_you_mean(kind, method.kinds.keys().map(String::as_str));
    let cause = format!(
        "input `interactions` ({origin}): kind `{kind}` in {rows} rows is not in method `{}` ({} unknown kinds in all)",
        method.version,
        unknown.len()
    );
    let remedy =
        format!("{near}map or drop it under [kinds] of the job, or give it a weight in the method");
    Err(Error::bad_input(cause, remedy).in_column("kind").in_rows(rows.unsigned_abs()))
}

impl Snapshot {
    /// An error of reading the rows of an input, with the value at fault where a `SELECT` casts it. (Validation may not have
    /// met it: what a rule does not ask for is not computed.)
    pub(super) async fn explain(&self, error: Error) -> Error {
        let people = [&self.accounts, &self.identities, &self.consent, &self.disputes, &self.posts];
        let others = [&self.endorsements, &self.lists, &self.interactions, &self.follows];
        let all: Vec<&ValidInput> = people.into_iter().chain(others).flatten().collect();
        for input in all {
            if error.cause.contains(&input.origin) {
                return cast_faults::explain(&input.frame, &input.origin, error).await;
            }
        }
        error
    }

    /// Whether the job has interactions or follows.
    pub(super) fn has_interaction_source(&self) -> bool {
        self.interactions.is_some() || self.follows.is_some()
    }

    /// The input that says who interacted with whom: `interactions`, or else `follows`.
    pub(super) fn interaction_source(&self) -> &'static str {
        if self.interactions.is_some() { "interactions" } else { "follows" }
    }

    /// The inputs that say who interacted with whom, in words.
    pub(super) fn interaction_sources(&self) -> &'static str {
        let both = self.interactions.is_some() && self.follows.is_some();
        if both { "interactions or follows" } else { self.interaction_source() }
    }

    /// The error for accounts of which none has an age, where the job asks for it.
    pub(super) fn without_ages(&self) -> Error {
        let origin = self.accounts.as_ref().map_or("", |input| &input.origin);
        let cause = format!(
            "input `accounts` ({origin}): the job gives a minimum age, and no row has a `birth_date` or `is_minor`"
        );
        Error::bad_input(cause, AGE_REMEDY).in_table("accounts").in_column("birth_date")
    }

    /// The error for a window without any interaction or follow among eligible people.
    pub(super) fn without_interactions(&self, method: &Method) -> Error {
        let hours = method.window_hours();
        let interactions = self.interactions.as_ref().map(|input| {
            format!(
                "input `interactions` ({}): no interaction among eligible people in the {hours} hours before the end of {}",
                input.origin, self.day
            )
        });
        let follows = self.follows.as_ref().map(|input| {
            format!(
                "input `follows` ({}): no follow among eligible people started before the end of {}",
                input.origin, self.day
            )
        });
        let causes: Vec<String> = interactions.into_iter().chain(follows).collect();
        let remedy = "check that the snapshot has arrived, and `consent`; equal scores for everyone are not published";
        let is_late = ["interactions", "follows"].iter().any(|input| self.age_limits.has(input));
        let kind = if is_late { Kind::Gate } else { Kind::BadInput };
        Error::new(kind, causes.join("; "), remedy).in_table(self.interaction_source())
    }
}

/// What one pass over each input of `job` would read, by input, and the files behind the inputs and sources; from listings
/// and footers alone.
///
/// # Errors
/// As [`snapshot()`], as far as footers and the job show it.
pub async fn estimate_scans(
    engine: &Engine,
    job: &Job,
    day: NaiveDate,
) -> Result<(BTreeMap<String, ScanEstimate>, BTreeMap<String, Listing>)> {
    let (cutoff_us, violations) = (cutoff(day)?, &mut Violations::stop_at_first());
    let mut opener = InputOpener::new(engine, job, violations).await?;
    let mut estimates = BTreeMap::new();
    for table in job.inputs_of_runs().into_keys() {
        if let Some(mut input) = opener.open(job, table, violations).await? {
            let earlier_hours = job.method.earlier_hours(true);
            RowFilter::of(job, table, cutoff_us, earlier_hours).apply(&mut input)?;
            let what = format!("reading {}", input.origin);
            let estimate = ScanEstimate::of(engine, &what, input.conform()?).await;
            let estimate = estimate.map_err(|violation| violation.in_table(table))?;
            estimates.insert(table.to_owned(), estimate);
        }
    }
    let read = |name: &String| match name.strip_prefix("sources.") {
        Some(source) => opener.selected.contains(source),
        None => true,
    };
    opener.files.retain(|name, _| read(name));
    Ok((estimates, opener.files))
}
