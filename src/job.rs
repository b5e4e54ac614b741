//! The job file: one typed section per stage, parsed and checked once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use datafusion::prelude::{Expr, case, lit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::credentials::{credential, refuse_secret_keys, refuse_signed};
use crate::error::{Error, Result, nearest};
use crate::method::{BUILT_IN, Method};
use crate::schema::{self, Direction, Status};
use crate::toml_file;

/// A job file as people write it. Text may hold `${name}`, filled by `--set name=value`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobFile {
    /// Name, snapshot and method.
    #[serde(default)]
    pub job: JobSection,
    /// Raw Parquet as it is, by a name of your own, for use in SQL inputs: name = URL of one file,
    /// a folder or a Hive-partitioned folder. `{snapshot}` is replaced by the snapshot date.
    #[serde(default)]
    pub sources: BTreeMap<String, String>,
    /// The input tables, by the name of their contract: a URL of Parquet that conforms, or a SQL
    /// `SELECT` over the sources. `interactions` is required.
    pub inputs: BTreeMap<String, String>,
    /// Kinds of interaction that the method does not know; any other is an error.
    #[serde(default)]
    pub kinds: Kinds,
    /// Who may be scored.
    #[serde(default)]
    pub consent: Consent,
    /// What posts are about.
    #[serde(default)]
    pub topics: Topics,
    /// What is published of who influences whom.
    #[serde(default)]
    pub influence: Influence,
    /// Audiences: who belongs to each stands in the table `cohorts`, if they agreed to be scored.
    #[serde(default)]
    pub cohort: Vec<Cohort>,
    /// Where the tables go.
    pub output: OutputSection,
}

/// Name, snapshot and method.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JobSection {
    /// Name of the job; it stands in the `runs` table.
    pub name: String,
    /// Day to score, covered to its end in UTC; `--snapshot` wins over it.
    #[serde(deserialize_with = "day")]
    pub snapshot: Option<NaiveDate>,
    /// Path of the method file; without it the built-in `standard-2` is used.
    pub method: Option<String>,
}

impl Default for JobSection {
    fn default() -> Self {
        Self { name: "renown".into(), snapshot: None, method: None }
    }
}

/// A day, as a TOML date or as text.
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
    let wrong = |e| serde::de::Error::custom(format!("`{text}` is no day: {e}"));
    text.parse().map(Some).map_err(wrong)
}

/// Who may be scored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Consent {
    /// `opt_out`: everyone who did not refuse; `opt_in`: only who agreed.
    pub rule: ConsentRule,
    /// Age in years below which nobody is scored (where a birth date or `is_minor` is known).
    pub minimum_age: u32,
}

impl Default for Consent {
    fn default() -> Self {
        Self { rule: ConsentRule::OptOut, minimum_age: 18 }
    }
}

/// Whether silence means yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsentRule {
    /// Everyone who did not refuse may be scored.
    OptOut,
    /// Only who agreed may be scored.
    OptIn,
}

/// Kinds of interaction that the method does not know.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Kinds {
    /// Kinds that count as another: `retweet = "repost"`.
    pub map: BTreeMap<String, String>,
    /// Kinds that do not count at all, such as `view`.
    pub drop: BTreeSet<String>,
}

impl Kinds {
    /// Whether nothing is mapped and nothing dropped.
    pub fn is_empty(&self) -> bool {
        self.map.is_empty() && self.drop.is_empty()
    }

    /// Whether `kind` is dropped.
    pub fn dropped(&self, kind: Expr) -> Expr {
        kind.in_list(self.drop.iter().map(|k| lit(k.as_str())).collect(), false)
    }

    /// The kind that `kind` counts as.
    ///
    /// # Errors
    /// [`crate::error::Kind::Internal`] if the expression cannot be built.
    pub fn mapped(&self, kind: Expr) -> Result<Expr> {
        let mut cases = None;
        for (from, to) in &self.map {
            let mut before = cases.unwrap_or_else(|| case(kind.clone()));
            cases = Some(before.when(lit(from.as_str()), lit(to.as_str())));
        }
        match cases {
            Some(mut cases) => cases.otherwise(kind).map_err(Error::internal),
            None => Ok(kind),
        }
    }

    fn check(&self, file: &str, method: &Method) -> Result<()> {
        if let Some(kind) = self.drop.iter().find(|kind| self.map.contains_key(*kind)) {
            return Err(Error::bad_job(
                format!("{file}: kind `{kind}` is both mapped and dropped"),
                "do one of the two",
            ));
        }
        match self.map.iter().find(|(_, to)| !method.kinds.contains_key(*to)) {
            None => Ok(()),
            Some((from, to)) => {
                let known: Vec<&str> = method.kinds.keys().map(String::as_str).collect();
                Err(Error::bad_job(
                    format!(
                        "{file}: kind `{from}` is mapped to `{to}`, which is not in method `{}`",
                        method.version
                    ),
                    format!("map it to one of {}", known.join(", ")),
                ))
            }
        }
    }
}

/// What posts are about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Topics {
    /// The bundled ontology that is used unless the job has an input `topics`: `klout-2018`, the default, or
    /// `none`.
    pub ontology: Option<Bundled>,
    /// Whether tags and hashtags that are no phrase of the ontology are topics of their own.
    pub tags: bool,
    /// Language of posts that state none, BCP 47.
    pub language: String,
    /// Special categories of personal data (GDPR, article 9) whose branches of the ontology are used: `religion`,
    /// `health`, `sexual_orientation`, `politics`, `trade_union`, `ethnicity`. Without it they are left out.
    pub special_categories: BTreeSet<String>,
    /// Phrases and tags that stand for nothing.
    pub stop: BTreeSet<String>,
    /// Changes to single topics, by `topic_id`.
    pub change: BTreeMap<String, TopicChange>,
}

impl Default for Topics {
    fn default() -> Self {
        Self {
            ontology: None,
            tags: false,
            language: "en".into(),
            special_categories: BTreeSet::new(),
            stop: BTreeSet::new(),
            change: BTreeMap::new(),
        }
    }
}

/// Special categories of personal data.
const SPECIAL_CATEGORIES: [&str; 6] =
    ["ethnicity", "health", "politics", "religion", "sexual_orientation", "trade_union"];

impl Topics {
    fn check(&self, file: &str, inputs: &BTreeMap<String, Input>) -> Result<()> {
        let own = inputs.contains_key("topics");
        if own && self.ontology.is_some() {
            return Err(Error::bad_job(
                format!("{file}: `topics.ontology` beside `inputs.topics`"),
                "leave out one of the two",
            ));
        }
        for rest in ["topic_edges", "topic_phrases"] {
            if inputs.contains_key(rest) && !own {
                return Err(Error::bad_job(
                    format!("{file}: `inputs.{rest}` without `inputs.topics`"),
                    "name the topics too",
                ));
            }
        }
        let known = |name: &&String| SPECIAL_CATEGORIES.contains(&name.as_str());
        match self.special_categories.iter().find(|name| !known(name)) {
            None => Ok(()),
            Some(name) => {
                let near = nearest(name, SPECIAL_CATEGORIES)
                    .map_or(String::new(), |near| format!("did you mean `{near}`? "));
                Err(Error::bad_job(
                    format!("{file}: unknown special category `{name}`"),
                    format!("{near}they are {}", SPECIAL_CATEGORIES.join(", ")),
                ))
            }
        }
    }
}

/// A bundled ontology.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Bundled {
    /// The topics of Klout, 2018: `jobs/ontologies/klout-2018`.
    #[serde(rename = "klout-2018")]
    Klout2018,
    /// No topic at all.
    None,
}

/// Changes to a topic.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TopicChange {
    /// Phrases that stand for it too, in every language.
    pub add: BTreeSet<String>,
    /// Phrases that do not stand for it.
    pub drop: BTreeSet<String>,
    /// Whether it and all topics below it are left out.
    pub off: bool,
}

/// What is published of who influences whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Influence {
    /// How many of each person's strongest edges are kept, in either direction.
    pub top: u32,
}

impl Default for Influence {
    fn default() -> Self {
        Self { top: 10 }
    }
}

/// An audience. Whoever meets all conditions belongs to it; a condition that is left out is met by everybody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cohort {
    /// Name of the campaign.
    pub name: String,
    /// Topics, by id or name: people who move others on any of them or on one below.
    #[serde(default)]
    pub topics: BTreeSet<String>,
    /// Least score: the highest on these topics, or the person's own without topics.
    #[serde(default)]
    pub min_score: Option<f64>,
    /// Largest score.
    #[serde(default)]
    pub max_score: Option<f64>,
    /// Networks: people with an account on any of them.
    #[serde(default)]
    pub networks: BTreeSet<String>,
    /// Countries, as accounts state them.
    #[serde(default)]
    pub countries: BTreeSet<String>,
    /// Languages, as accounts state them.
    #[serde(default)]
    pub languages: BTreeSet<String>,
    /// Most people: those with the highest score.
    #[serde(default)]
    pub most: Option<u32>,
}

impl Cohort {
    fn check(file: &str, all: &[Self]) -> Result<()> {
        for (place, cohort) in all.iter().enumerate() {
            let refused = |cause: &str, remedy: &str| {
                Err(Error::bad_job(format!("{file}: cohort `{}` {cause}", cohort.name), remedy))
            };
            if cohort.name.trim().is_empty() {
                return refused("has no name", "name it");
            }
            if all[..place].iter().any(|before| before.name == cohort.name) {
                return refused("stands there twice", "give each cohort a name of its own");
            }
            let (low, high) = (cohort.min_score.unwrap_or(1.0), cohort.max_score.unwrap_or(100.0));
            // What is no number is in no order.
            if !(1.0 <= low && low <= high && high <= 100.0) {
                return refused(
                    &format!("has scores from {low} to {high}"),
                    "give a range within 1 to 100",
                );
            }
        }
        Ok(())
    }
}

/// Where the tables go.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutputSection {
    /// URL or path of a folder; one folder holds the runs of one job over all snapshots.
    pub url: String,
}

/// Where an input table comes from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Input {
    /// Parquet that conforms to the contract.
    #[serde(serialize_with = "as_text")]
    Url(Url),
    /// A `SELECT` over the sources.
    Sql(String),
}

fn as_text<S: serde::Serializer>(url: &Url, to: S) -> std::result::Result<S::Ok, S::Error> {
    to.serialize_str(url.as_str())
}

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
    /// Kinds of interaction that are mapped or dropped.
    pub kinds: Kinds,
    /// Who may be scored.
    pub consent: Consent,
    /// What posts are about.
    pub topics: Topics,
    /// What is published of who influences whom.
    pub influence: Influence,
    /// Audiences, in order of name.
    pub cohorts: Vec<Cohort>,
    /// The folder that the tables go to.
    pub output: Url,
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

        let method = match &file.job.method {
            None => Method::parse("the built-in method", BUILT_IN)?,
            Some(path) => {
                let path = texts.fill(path)?;
                let path = texts.folder.join(path);
                Method::parse(&path.display().to_string(), &read_file(&path)?)?
            }
        };
        let mut sources = BTreeMap::new();
        for (source, url) in &file.sources {
            sources.insert(source.clone(), texts.url(url)?);
        }
        let mut inputs = BTreeMap::new();
        for (table, value) in &file.inputs {
            check_input_name(&name, table)?;
            inputs.insert(table.clone(), texts.input(value)?);
        }
        if !inputs.contains_key("interactions") {
            return Err(Error::bad_job(
                format!("{name}: `inputs.interactions` is missing"),
                "name the interactions: a URL, or a SELECT over [sources]",
            ));
        }
        file.kinds.check(&name, &method)?;
        file.topics.check(&name, &inputs)?;
        Cohort::check(&name, &file.cohort)?;
        let mut cohorts = file.cohort;
        cohorts.sort_by(|one, other| one.name.cmp(&other.name));
        let job = Self {
            name: texts.fill(&file.job.name)?,
            snapshot: texts.snapshot,
            method,
            sources,
            inputs,
            kinds: file.kinds,
            consent: file.consent,
            topics: file.topics,
            influence: file.influence,
            cohorts,
            output: crate::store::folder(&texts.url(&file.output.url)?),
        };
        texts.all_used()?;
        Ok(job)
    }
}

fn read_file(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|e| {
        Error::bad_job(format!("{}: {e}", path.display()), "check the path of the file")
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
            format!("remove it; read are: {}", read.join(", ")),
        ));
    }
    let near = nearest(name, read.iter().copied())
        .map_or(String::new(), |n| format!("did you mean `{n}`? "));
    Err(Error::bad_job(
        format!("{file}: unknown input `{name}`"),
        format!("{near}read are: {}", read.join(", ")),
    ))
}

/// Fills and resolves the texts of one job file.
struct Texts<'a> {
    file: &'a str,
    folder: PathBuf,
    settings: &'a [(String, String)],
    used: BTreeSet<String>,
    snapshot: Option<NaiveDate>,
}

impl Texts<'_> {
    /// Replaces every `${name}`.
    fn fill(&mut self, text: &str) -> Result<String> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, tail) = after.split_once('}').ok_or_else(|| {
                Error::bad_job(format!("{}: `${{` without `}}` in `{text}`", self.file), "close it")
            })?;
            let value = self.settings.iter().rev().find(|(n, _)| n == name).ok_or_else(|| {
                Error::bad_job(
                    format!("{}: `${{{name}}}` is not set", self.file),
                    format!("add --set {name}=VALUE"),
                )
            })?;
            self.used.insert(name.to_owned());
            out.push_str(before);
            out.push_str(&value.1);
            rest = tail;
        }
        out.push_str(rest);
        Ok(out)
    }

    /// As [`Self::fill`], and `{snapshot}` too.
    fn fill_dated(&mut self, text: &str) -> Result<String> {
        let text = self.fill(text)?;
        refuse_signed(self.file, &text)?;
        if !text.contains("{snapshot}") {
            return Ok(text);
        }
        let day = self.snapshot.ok_or_else(no_snapshot)?;
        Ok(text.replace("{snapshot}", &day.to_string()))
    }

    fn url(&mut self, text: &str) -> Result<Url> {
        let text = self.fill_dated(text)?;
        let url = url_of(&self.folder, &text)?;
        // In abfss://container@account the part before the @ names no user.
        let user = matches!(url.scheme(), "s3" | "s3a" | "gs") && !url.username().is_empty();
        if user || url.password().is_some() {
            return Err(credential(self.file, "a URL holds a user or a password"));
        }
        Ok(url)
    }

    fn input(&mut self, text: &str) -> Result<Input> {
        if is_sql(text) {
            return Ok(Input::Sql(self.fill_dated(text)?));
        }
        Ok(Input::Url(self.url(text)?))
    }

    /// A setting that nothing uses is a typing error.
    fn all_used(&self) -> Result<()> {
        match self.settings.iter().find(|(name, _)| !self.used.contains(name)) {
            None => Ok(()),
            Some((name, _)) => Err(Error::bad_job(
                format!("--set {name}: {} has no `${{{name}}}`", self.file),
                "remove it, or correct the name",
            )),
        }
    }
}

/// Whether an input is SQL, not a URL: it begins with a word of SQL, after comments and brackets.
/// Statements that write count too, so that they are refused for what they are.
fn is_sql(text: &str) -> bool {
    const WORDS: [&str; 11] = [
        "select", "with", "values", "insert", "update", "delete", "create", "drop", "copy",
        "alter", "set",
    ];
    let mut rest = text.trim_start();
    loop {
        let after = match (rest.strip_prefix("--"), rest.strip_prefix("/*")) {
            (Some(comment), _) => comment.split_once('\n').map_or("", |(_, after)| after),
            (_, Some(comment)) => comment.split_once("*/").map_or("", |(_, after)| after),
            _ => match rest.strip_prefix('(') {
                Some(after) => after,
                None => break,
            },
        };
        rest = after.trim_start();
    }
    let word: String = rest.chars().take_while(char::is_ascii_alphabetic).collect();
    let follows = rest[word.len()..].starts_with([' ', '\t', '\r', '\n', '*', '(', '"']);
    follows && WORDS.contains(&word.to_ascii_lowercase().as_str())
}

/// What is said when neither job nor command line names a snapshot.
pub fn no_snapshot() -> Error {
    Error::new(
        crate::error::Kind::Usage,
        "no snapshot is named",
        "add --snapshot YYYY-MM-DD, or `snapshot` under [job]",
    )
}

/// `text` as a URL; what has no scheme is a path, relative to `folder`.
///
/// # Errors
/// [`crate::error::Kind::BadJob`] if it is neither.
pub fn url_of(folder: &Path, text: &str) -> Result<Url> {
    // What stands before an @ may be a secret.
    let shown = match (text.split_once("://"), text.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, place))) => format!("{scheme}://…@{place}"),
        _ => text.to_owned(),
    };
    let bad = |cause: String| Error::bad_job(format!("`{shown}`: {cause}"), "give a URL or a path");
    if text.contains("://") {
        return Url::parse(text).map_err(|e| bad(e.to_string()));
    }
    let path = std::path::absolute(folder.join(text)).map_err(|e| bad(e.to_string()))?;
    let url = if text.ends_with('/') || path.is_dir() {
        Url::from_directory_path(&path)
    } else {
        Url::from_file_path(&path)
    };
    let url = url.map_err(|()| bad("not a path".into()))?;
    // Parsing once more resolves `..`, which no store accepts.
    Url::parse(url.as_str()).map_err(|e| bad(e.to_string()))
}
