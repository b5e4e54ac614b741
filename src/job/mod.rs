//! The job file: one typed section per stage, parsed and checked once.

mod acceptance;
mod cohort;
mod consent;
mod fit;
mod input;
mod kinds;
mod overlap;
mod people;
mod profile;
mod reading;
mod retention;
mod sql_text;
mod texts;
mod topics;
mod uses;
mod validate;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub use acceptance::Acceptance;
use chrono::NaiveDate;
pub use cohort::Cohort;
pub use consent::{Consent, ConsentRule, ConsentSection, UnknownRule, UnmatchedRule};
pub use fit::Fit;
pub use input::{Daily, Input, no_snapshot};
pub use kinds::Kinds;
use overlap::refuse_overlap;
pub use people::{PeopleRule, UnprovenRule};
pub use profile::ProfileSection;
pub(crate) use profile::find_measurement_difference;
pub use reading::{MaxAge, MissingColumns, Reading};
pub use retention::Retention;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use texts::Texts;
pub use texts::{parse_input, parse_url};
pub use topics::{Bundled, TopicChange, Topics};
use url::Url;
pub use uses::{ALL_USES, Uses};
pub use validate::{GroupBy, TargetSection, Validate};

use crate::error::{Error, Result};
use crate::method::profile::Profile;
use crate::method::{BUILT_IN, Method};
use crate::schema::{self, Direction, Status};
use crate::storage::credentials::{refuse_secret_keys, refuse_signed};
use crate::suggest::did_you_mean;
use crate::toml_file;

/// A job file as people write it. Text may hold `${name}`, filled by `--set name=value`; in SQL it stays one value:
/// `'${name}'` is a text, `${name}` a number or a text, `"${name}"` a name.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobFile {
    /// Name, snapshot and method.
    #[serde(default)]
    pub job: JobSection,
    /// Raw Parquet as it is, by a name of your own, for use in SQL inputs: name = URL of one file,
    /// a folder or a Hive-partitioned folder. `{snapshot}` is replaced by the snapshot date, `{snapshot:%Y/%m/%d}` by
    /// the date in that form. In SQL a name is written as here, in double quotes where it has capitals or dots.
    #[serde(default)]
    pub sources: BTreeMap<String, String>,
    /// The input tables, by the name of their contract: a URL of Parquet that conforms, or a SQL
    /// `SELECT` over the sources. One of `interactions`, `follows` and `accounts` is required.
    pub inputs: BTreeMap<String, String>,
    /// How inputs are read.
    #[serde(default)]
    pub reading: Reading,
    /// Kinds of interaction that the method does not know; any other is an error.
    #[serde(default)]
    pub kinds: Kinds,
    /// Who is eligible for scoring.
    #[serde(default)]
    pub consent: ConsentSection,
    /// Which accounts are one person.
    #[serde(default)]
    pub people: PeopleRule,
    /// Seeds of trust.
    #[serde(default)]
    pub trust: Trust,
    /// How topics of posts are found.
    #[serde(default)]
    pub topics: Topics,
    /// Which influence edges are published.
    #[serde(default)]
    pub influence: Influence,
    /// Further scores, in addition to the standard one.
    #[serde(default)]
    pub profile: Vec<ProfileSection>,
    /// Settings of `fit`.
    #[serde(default)]
    pub fit: Fit,
    /// Settings of `validate`.
    #[serde(default)]
    pub validate: Validate,
    /// Audiences: the table `cohorts` lists the members of each who opted in.
    #[serde(default)]
    pub cohort: Vec<Cohort>,
    /// What the scores may be used for, and what they may not.
    #[serde(default)]
    pub uses: Uses,
    /// Where tables are written.
    pub output: OutputSection,
}

/// Name, snapshot and method.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JobSection {
    /// Name of the job, as in the table `runs`.
    pub name: String,
    /// Date of the snapshot, which covers everything up to the end of this day in UTC. A date given for a run replaces it.
    #[serde(deserialize_with = "day")]
    pub snapshot: Option<NaiveDate>,
    /// Path of the method file. Default: the built-in method `standard-6`.
    pub method: Option<String>,
    /// Nights on which a changed method is compared before it can be put in force: until then the one of the run before scores. 0 to 28;
    /// 0, the default, scores by a changed method at once.
    pub shadow_nights: u32,
}

impl Default for JobSection {
    fn default() -> Self {
        Self { name: "renown".into(), snapshot: None, method: None, shadow_nights: 0 }
    }
}

/// Reads a day from a TOML date or from text.
fn day<'de, D: serde::Deserializer<'de>>(
    from: D,
) -> std::result::Result<Option<NaiveDate>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Day {
        Date(toml::value::Datetime),
        Text(String),
    }
    let text = match Day::deserialize(from)? {
        Day::Date(date) => date.to_string(),
        Day::Text(text) => text,
    };
    let wrong = |e| serde::de::Error::custom(format!("`{text}` is not a date: {e}"));
    text.parse().map(Some).map_err(wrong)
}

/// Seeds of trust, in addition to those that a rule of the method selects.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Trust {
    /// Ids of people, or of accounts as `network:account_id`; ineligible people are ignored.
    pub seeds: BTreeSet<String>,
}

/// Which influence edges are published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Influence {
    /// Number of strongest edges kept of each person, in either direction.
    pub top: u32,
}

impl Default for Influence {
    fn default() -> Self {
        Self { top: 10 }
    }
}

/// Where tables are written.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutputSection {
    /// URL or path of a folder; one folder holds the runs of one job over all snapshots.
    pub url: String,
    /// Whether jobs of several names publish there on purpose; else a run is refused where the last one is of another job.
    #[serde(default)]
    pub shared: bool,
    /// What is kept of what was published, as in `{ keep_days = 90, superseded = true }`. Default: everything.
    #[serde(default)]
    pub retention: Option<Retention>,
}

/// The input of label sets; only `fit` and `validate` read it.
pub const GROUND_TRUTH: &str = "ground_truth";

/// Most nights on which a method can be compared.
pub const MAX_SHADOW_NIGHTS: u32 = 28;

/// A job ready to run: every reference resolved, every value checked.
#[derive(Clone, Debug)]
pub struct Job {
    /// Name of the job.
    pub name: String,
    /// Day to score, if the job or the command line names one.
    pub snapshot: Option<NaiveDate>,
    /// The method.
    pub method: Method,
    /// Raw sources for SQL inputs.
    pub sources: BTreeMap<String, Url>,
    /// Input tables by name.
    pub inputs: BTreeMap<String, Input>,
    /// Which of both are those of the day of the snapshot alone.
    pub daily: Daily,
    /// How inputs are read.
    pub reading: Reading,
    /// Kinds of interaction to map or drop.
    pub kinds: Kinds,
    /// Who is eligible for scoring.
    pub consent: Consent,
    /// Which accounts are one person.
    pub people: PeopleRule,
    /// Seeds of trust.
    pub trust: Trust,
    /// How topics of posts are found.
    pub topics: Topics,
    /// Which influence edges are published.
    pub influence: Influence,
    /// Profiles in order of name, the standard one among them.
    pub profiles: Vec<Profile>,
    /// Settings of `fit`.
    pub fit: Fit,
    /// Settings of `validate`.
    pub validate: Validate,
    /// Audiences, in order of name.
    pub cohorts: Vec<Cohort>,
    /// What the scores may be used for, and what they may not.
    pub uses: Uses,
    /// The folder to which tables are written.
    pub output: Url,
    /// Whether jobs of other names may publish there too.
    pub shared_output: bool,
    /// What is kept there; everything if nothing is said.
    pub retention: Option<Retention>,
    /// Checks of this run that somebody accepts; no file names them.
    pub accepted: Vec<Acceptance>,
    /// Nights on which a changed method is compared before it can be put in force.
    pub shadow_nights: u32,
    /// A method whose scores are only compared with those under [`Job::method`]; no file names it.
    pub compared: Option<Method>,
}

impl Job {
    /// Reads the job file at `path`; `settings` are the `name=value` pairs of the command line.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadJob`] with file and line for everything that is wrong in the file.
    pub fn load(
        path: &Path,
        settings: &[(String, String)],
        snapshot: Option<NaiveDate>,
    ) -> Result<Self> {
        Self::load_with_method(path, settings, snapshot, None)
    }

    /// As [`Job::load`], with the method file at `method` instead of the one that the job names.
    ///
    /// # Errors
    /// As [`Job::load`].
    pub fn load_with_method(
        path: &Path,
        settings: &[(String, String)],
        snapshot: Option<NaiveDate>,
        method: Option<&Path>,
    ) -> Result<Self> {
        let name = path.display().to_string();
        let text = read_file(path)?;
        refuse_secret_keys(&name, &text)?;
        refuse_signed(&name, &text)?;
        let file: JobFile = toml_file::parse(&name, &text)?;
        let mut texts = Texts {
            file: &name,
            folder: path.parent().map(Path::to_path_buf).unwrap_or_default(),
            settings,
            used: BTreeSet::new(),
            snapshot: snapshot.or(file.job.snapshot),
        };

        let named = file.job.method.as_ref().map(|path| texts.path(path)).transpose()?;
        let method = match method.or(named.as_deref()) {
            None => Method::parse("the built-in method", BUILT_IN)?,
            Some(path) => read_method(path)?,
        };
        let others = file.profile.iter().map(|profile| profile.method.as_ref());
        let others =
            others.map(|path| path.map(|path| read_method(&texts.path(path)?)).transpose());
        let profiles =
            profile::profiles(&name, &method, &file.profile, &others.collect::<Result<Vec<_>>>()?)?;
        let (mut sources, mut daily) = (BTreeMap::new(), Daily::default());
        for (source, url) in &file.sources {
            let (url, is_dated) = texts.url(url)?;
            sources.insert(source.clone(), url);
            daily.sources.extend(is_dated.then(|| source.clone()));
        }
        let mut inputs = BTreeMap::new();
        for (table, value) in &file.inputs {
            check_input_name(&name, table)?;
            let (input, is_dated) = texts.input(value)?;
            inputs.insert(table.clone(), input);
            daily.inputs.extend(is_dated.then(|| table.clone()));
        }
        if !["interactions", "follows", "accounts"].iter().any(|table| inputs.contains_key(*table))
        {
            return Err(Error::bad_job(
                format!(
                    "{name}: `inputs.interactions`, `.follows` and `.accounts` are all missing"
                ),
                "name at least one of them: a URL, or a SELECT over [sources]",
            ));
        }
        if file.job.shadow_nights > MAX_SHADOW_NIGHTS {
            return Err(Error::bad_job(
                format!("{name}: `job.shadow_nights` is {}", file.job.shadow_nights),
                format!(
                    "give at most {MAX_SHADOW_NIGHTS}: so many nights are kept of a comparison"
                ),
            ));
        }
        file.reading.check(&name)?;
        file.kinds.check(&name, &method)?;
        file.topics.check(&name, &inputs)?;
        file.fit.check(&name, &method)?;
        file.validate.check(&name)?;
        file.uses.check(&name)?;
        Cohort::check(&name, &file.cohort, &file.uses)?;
        file.output.retention.map_or(Ok(()), |retention| retention.check(&name))?;
        let mut cohorts = file.cohort;
        cohorts.sort_by(|one, other| one.name.cmp(&other.name));
        let job = Self {
            name: texts.fill(&file.job.name)?,
            snapshot: texts.snapshot,
            method,
            sources,
            consent: file.consent.resolve(&name, &inputs)?,
            inputs,
            daily,
            reading: file.reading,
            kinds: file.kinds,
            people: file.people,
            trust: file.trust,
            topics: file.topics,
            influence: file.influence,
            profiles,
            fit: file.fit,
            validate: file.validate,
            cohorts,
            uses: file.uses,
            output: crate::storage::folder(&texts.url(&file.output.url)?.0),
            shared_output: file.output.shared,
            retention: file.output.retention,
            accepted: vec![],
            shadow_nights: file.job.shadow_nights,
            compared: None,
        };
        texts.check_all_used()?;
        refuse_overlap(&name, &job.inputs, &job.sources, &job.output)?;
        Ok(job)
    }
}

fn read_method(path: &Path) -> Result<Method> {
    Method::parse(&path.display().to_string(), &read_file(path)?)
}

impl Job {
    /// Whether an input has interactions or follows; else accounts alone are scored.
    pub fn has_interaction_source(&self) -> bool {
        ["interactions", "follows"].iter().any(|table| self.inputs.contains_key(*table))
    }

    /// The inputs from which scores are computed: all but [`GROUND_TRUTH`].
    pub fn inputs_of_runs(&self) -> BTreeMap<&str, &Input> {
        let inputs = self.inputs.iter().map(|(name, input)| (name.as_str(), input));
        inputs.filter(|(name, _)| *name != GROUND_TRUTH).collect()
    }
}

fn read_file(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|e| {
        let cause = format!("{}: {e}", path.display());
        Error::bad_job(cause, "check the path of the file").caused_by(e)
    })
}

fn check_input_name(file: &str, name: &str) -> Result<()> {
    let inputs =
        || schema::tables().map(|all| all.iter().filter(|t| t.direction == Direction::Input));
    let read: Vec<&str> =
        inputs()?.filter(|t| t.status == Status::Read).map(|t| t.table.as_str()).collect();
    if read.contains(&name) {
        return Ok(());
    }
    if inputs()?.any(|t| t.table == name) {
        return Err(Error::bad_job(
            format!("{file}: the input `{name}` is reserved: no stage reads it yet"),
            format!("remove it; inputs are: {}", read.join(", ")),
        ));
    }
    let near = did_you_mean(name, read.iter().copied());
    Err(Error::bad_job(
        format!("{file}: unknown input `{name}`"),
        format!("{near}inputs are: {}", read.join(", ")),
    ))
}
