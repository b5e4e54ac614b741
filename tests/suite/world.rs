//! Small worlds: input tables from plain rows, run as a job, every published table read back.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch,
    StringArray, TimestampMicrosecondArray,
};
use arrow::array::{ListBuilder, StringBuilder};
use arrow::datatypes::{
    DataType, Date32Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use chrono::NaiveDate;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use renown::engine::Engine;
use renown::error::Result;
use renown::job::Job;
use renown::model::People;
use renown::pipeline::progress::Progress;
use renown::pipeline::{RunOutcome, read_people, run};
use renown::publish::commit::Commit;
use renown::read::{Violations, snapshot, vocabulary};
use renown::storage::Stores;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

pub use crate::parquet_files::{texts as text, write};

pub const HOUR: i64 = 3_600_000_000;
/// Day of the snapshot of a world, and the first instant after that day.
pub const DAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 3, 31).unwrap();
pub const CUTOFF: i64 = 1_775_001_600_000_000;
pub const METHOD: &str = include_str!("../data/methods/by-hand.toml");

#[derive(Clone, Debug, Default)]
pub struct Account {
    pub network: String,
    pub id: String,
    pub name: Option<String>,
    pub country: Option<String>,
    pub automated: Option<bool>,
    pub birth_date: Option<NaiveDate>,
    pub minor: Option<bool>,
    pub followers: Option<i64>,
    pub listed: Option<i64>,
    pub verified: Option<bool>,
    pub created: Option<i64>,
    /// The column `measure_points`.
    pub points: Option<f64>,
}

#[derive(Clone, Debug)]
pub struct Identity {
    pub network: String,
    pub id: String,
    pub person: String,
}

#[derive(Clone, Debug, Default)]
pub struct Statement {
    pub network: Option<String>,
    pub id: Option<String>,
    pub person: Option<String>,
    pub topic: Option<String>,
    pub status: String,
    pub at: i64,
}

#[derive(Clone, Debug, Default)]
pub struct Post {
    pub network: String,
    pub id: String,
    pub author: String,
    pub at: i64,
    pub kind: Option<String>,
    pub title: Option<String>,
    pub text: Option<String>,
    pub tags: Vec<String>,
    pub parent: Option<String>,
    pub language: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Interaction {
    pub network: String,
    pub actor: String,
    pub target: String,
    pub kind: String,
    pub at: i64,
    pub post: Option<String>,
    pub via: Option<String>,
    pub sentiment: Option<f64>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Follow {
    pub network: String,
    pub follower: String,
    pub followee: String,
    pub since: Option<i64>,
}

/// The inputs of one snapshot and the settings of its job.
#[derive(Clone, Debug)]
pub struct World {
    pub day: NaiveDate,
    pub cutoff: i64,
    pub method: String,
    pub rule: &'static str,
    /// The other keys of `[consent]`.
    pub consent_settings: String,
    pub top: u32,
    pub accounts: Option<Vec<Account>>,
    pub identities: Option<Vec<Identity>>,
    pub consent: Option<Vec<Statement>>,
    pub posts: Option<Vec<Post>>,
    pub events: Vec<Interaction>,
    pub follows: Option<Vec<Follow>>,
    /// Further input tables.
    pub more: Vec<(&'static str, RecordBatch)>,
    /// The rest of the job: its topics, cohorts and so on.
    pub settings: String,
    /// Seeds of trust, by name.
    pub seeds: Vec<String>,
    /// Profiles of the job, besides the standard one.
    pub profiles: String,
    /// Further files in the folder of the job, by name.
    pub extra_files: Vec<(&'static str, String)>,
}

impl Default for World {
    fn default() -> Self {
        Self {
            day: DAY,
            cutoff: CUTOFF,
            // Small worlds may lose all people.
            method: METHOD.replace("min_people          = 1", "min_people = 0"),
            rule: "opt_out",
            // Small worlds have accounts that are not listed, and statements of strangers alone.
            consent_settings: "unknown = \"score\"\nunmatched = \"warn\"\n".into(),
            top: 10,
            accounts: None,
            identities: None,
            consent: None,
            posts: None,
            events: vec![],
            follows: None,
            more: vec![],
            settings: "[topics]\nontology = \"none\"\ntags = true\n".into(),
            seeds: vec![],
            profiles: String::new(),
            extra_files: vec![],
        }
    }
}

pub fn account(network: &str, id: &str) -> Account {
    Account { network: network.into(), id: id.into(), ..Account::default() }
}

pub fn identity(network: &str, id: &str, person: &str) -> Identity {
    Identity { network: network.into(), id: id.into(), person: person.into() }
}

/// A statement of an account, `hours` before the cutoff.
pub fn of_account(network: &str, id: &str, status: &str, hours: i64) -> Statement {
    let (network, id) = (Some(network.into()), Some(id.into()));
    let at = CUTOFF - hours * HOUR;
    Statement { network, id, status: status.into(), at, ..Statement::default() }
}

/// A statement of a person, `hours` before the cutoff.
pub fn of_person(person: &str, status: &str, hours: i64) -> Statement {
    let at = CUTOFF - hours * HOUR;
    Statement { person: Some(person.into()), status: status.into(), at, ..Statement::default() }
}

/// A reply half an hour into the hour that began `hours + 1` hours before the cutoff.
pub fn reply(network: &str, actor: &str, target: &str, hours: i64) -> Interaction {
    Interaction {
        network: network.into(),
        actor: actor.into(),
        target: target.into(),
        kind: "reply".into(),
        at: CUTOFF - hours * HOUR - HOUR / 2,
        ..Interaction::default()
    }
}

/// A follow that started `hours` hours before the cutoff, if that is known.
pub fn follow(network: &str, follower: &str, followee: &str, hours: Option<i64>) -> Follow {
    Follow {
        network: network.into(),
        follower: follower.into(),
        followee: followee.into(),
        since: hours.map(|hours| CUTOFF - hours * HOUR),
    }
}

pub fn maybe_text<'a>(values: impl IntoIterator<Item = &'a Option<String>>) -> ArrayRef {
    Arc::new(values.into_iter().map(Option::as_deref).collect::<StringArray>())
}

/// A list of texts per row.
pub fn lists<'a>(rows: impl IntoIterator<Item = &'a [String]>) -> ArrayRef {
    let mut lists = ListBuilder::new(StringBuilder::new());
    for row in rows {
        row.iter().for_each(|text| lists.values().append_value(text));
        lists.append(true);
    }
    Arc::new(lists.finish())
}

/// Topics as `id` or `id!category`, each with its id as its name.
pub fn topics(rows: &[&str]) -> RecordBatch {
    let parts = || rows.iter().map(|row| row.split_once('!').unwrap_or((row, "")));
    let categories = parts().map(|(_, c)| (!c.is_empty()).then(|| c.to_owned()));
    let categories: Vec<_> = categories.collect();
    RecordBatch::try_from_iter([
        ("topic_id", text(parts().map(|(id, _)| id))),
        ("name", text(parts().map(|(id, _)| id))),
        ("special_category", maybe_text(&categories)),
    ])
    .unwrap()
}

/// Edges as (topic, parent).
pub fn topic_edges(rows: &[(&str, &str)]) -> RecordBatch {
    RecordBatch::try_from_iter([
        ("topic_id", text(rows.iter().map(|(topic, _)| *topic))),
        ("parent_id", text(rows.iter().map(|(_, parent)| *parent))),
    ])
    .unwrap()
}

/// Phrases as (topic, phrase, language, weight).
pub fn topic_phrases(rows: &[(&str, &str, Option<&str>, Option<f64>)]) -> RecordBatch {
    let languages: Vec<_> = rows.iter().map(|row| row.2.map(str::to_owned)).collect();
    RecordBatch::try_from_iter([
        ("topic_id", text(rows.iter().map(|row| row.0))),
        ("phrase", text(rows.iter().map(|row| row.1))),
        ("language", maybe_text(&languages)),
        ("weight", Arc::new(rows.iter().map(|row| row.3).collect::<Float64Array>()) as ArrayRef),
    ])
    .unwrap()
}

/// Microseconds since 1970, in UTC.
pub fn instants(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from_iter_values(values).with_timezone("UTC"))
}

fn days(day: NaiveDate) -> i32 {
    day.signed_duration_since(NaiveDate::default()).num_days() as i32
}

pub fn accounts(rows: &[Account]) -> RecordBatch {
    let births: Date32Array = rows.iter().map(|a| a.birth_date.map(days)).collect();
    let created: TimestampMicrosecondArray = rows.iter().map(|a| a.created).collect();
    let points: Float64Array = rows.iter().map(|a| a.points).collect();
    let counts = |count: fn(&Account) -> Option<i64>| -> ArrayRef {
        Arc::new(rows.iter().map(count).collect::<Int64Array>())
    };
    let flags = |flag: fn(&Account) -> Option<bool>| -> ArrayRef {
        Arc::new(rows.iter().map(flag).collect::<BooleanArray>())
    };
    RecordBatch::try_from_iter([
        ("network", text(rows.iter().map(|a| a.network.as_str()))),
        ("account_id", text(rows.iter().map(|a| a.id.as_str()))),
        ("display_name", maybe_text(rows.iter().map(|a| &a.name))),
        ("country", maybe_text(rows.iter().map(|a| &a.country))),
        ("is_automated", flags(|a| a.automated)),
        ("birth_date", Arc::new(births)),
        ("is_minor", flags(|a| a.minor)),
        ("followers_count", counts(|a| a.followers)),
        ("listed_count", counts(|a| a.listed)),
        ("is_verified", flags(|a| a.verified)),
        ("created_at", Arc::new(created.with_timezone("UTC"))),
        ("measure_points", Arc::new(points)),
    ])
    .unwrap()
}

fn identities(rows: &[Identity]) -> RecordBatch {
    RecordBatch::try_from_iter([
        ("network", text(rows.iter().map(|i| i.network.as_str()))),
        ("account_id", text(rows.iter().map(|i| i.id.as_str()))),
        ("person_id", text(rows.iter().map(|i| i.person.as_str()))),
        ("proof", text(rows.iter().map(|_| "signed in with both"))),
    ])
    .unwrap()
}

fn consent(rows: &[Statement]) -> RecordBatch {
    RecordBatch::try_from_iter([
        ("network", maybe_text(rows.iter().map(|s| &s.network))),
        ("account_id", maybe_text(rows.iter().map(|s| &s.id))),
        ("person_id", maybe_text(rows.iter().map(|s| &s.person))),
        ("topic_id", maybe_text(rows.iter().map(|s| &s.topic))),
        ("status", text(rows.iter().map(|s| s.status.as_str()))),
        ("at", instants(rows.iter().map(|s| s.at))),
    ])
    .unwrap()
}

fn posts(rows: &[Post]) -> RecordBatch {
    RecordBatch::try_from_iter([
        ("network", text(rows.iter().map(|p| p.network.as_str()))),
        ("post_id", text(rows.iter().map(|p| p.id.as_str()))),
        ("author_id", text(rows.iter().map(|p| p.author.as_str()))),
        ("created_at", instants(rows.iter().map(|p| p.at))),
        ("kind", maybe_text(rows.iter().map(|p| &p.kind))),
        ("title", maybe_text(rows.iter().map(|p| &p.title))),
        ("text", maybe_text(rows.iter().map(|p| &p.text))),
        ("hashtags", lists(rows.iter().map(|p| p.tags.as_slice()))),
        ("parent_post_id", maybe_text(rows.iter().map(|p| &p.parent))),
        ("language", maybe_text(rows.iter().map(|p| &p.language))),
    ])
    .unwrap()
}

pub fn interactions(rows: &[Interaction]) -> RecordBatch {
    let sentiment: Float64Array = rows.iter().map(|e| e.sentiment).collect();
    RecordBatch::try_from_iter([
        ("network", text(rows.iter().map(|e| e.network.as_str()))),
        ("actor_id", text(rows.iter().map(|e| e.actor.as_str()))),
        ("target_id", text(rows.iter().map(|e| e.target.as_str()))),
        ("kind", text(rows.iter().map(|e| e.kind.as_str()))),
        ("at", instants(rows.iter().map(|e| e.at))),
        ("post_id", maybe_text(rows.iter().map(|e| &e.post))),
        ("via_post_id", maybe_text(rows.iter().map(|e| &e.via))),
        ("sentiment", Arc::new(sentiment)),
    ])
    .unwrap()
}

pub fn follows(rows: &[Follow]) -> RecordBatch {
    let since: TimestampMicrosecondArray = rows.iter().map(|f| f.since).collect();
    RecordBatch::try_from_iter([
        ("network", text(rows.iter().map(|f| f.network.as_str()))),
        ("follower_id", text(rows.iter().map(|f| f.follower.as_str()))),
        ("followee_id", text(rows.iter().map(|f| f.followee.as_str()))),
        ("since", Arc::new(since.with_timezone("UTC"))),
    ])
    .unwrap()
}

/// `batch` with the column `name` replaced or added.
pub fn with(batch: &RecordBatch, name: &str, column: ArrayRef) -> RecordBatch {
    let mut columns: Vec<(String, ArrayRef)> = without(batch, name);
    columns.push((name.into(), column));
    RecordBatch::try_from_iter(columns).unwrap()
}

/// The columns of `batch` without `name`.
pub fn without(batch: &RecordBatch, name: &str) -> Vec<(String, ArrayRef)> {
    let schema = batch.schema();
    let names = schema.fields().iter().map(|f| f.name().clone());
    names.zip(batch.columns().iter().cloned()).filter(|(other, _)| other != name).collect()
}

pub fn read(path: &Path) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    reader.build().unwrap().map(|batch| batch.unwrap()).collect()
}

/// Loads the job at `path` and runs it in process.
pub async fn run_job(
    path: &Path,
    partitions: usize,
    set: &[(&str, &str)],
) -> Result<(Job, RunOutcome)> {
    let set: Vec<_> = set.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let job = Job::load(path, &set, None)?;
    let engine = Engine::new(Stores::default(), partitions);
    let outcome = run(&engine, &job, &mut Progress::silent()).await?;
    Ok((job, outcome))
}

/// Loads the job at `path` and reads it up to the eligible people.
pub async fn people_of(path: &Path, partitions: usize) -> Result<People> {
    let job = Job::load(path, &[], None)?;
    let (engine, violations) =
        (Engine::new(Stores::default(), partitions), &mut Violations::stop_at_first());
    let (day, earlier_hours) = (job.snapshot.unwrap(), job.method.earlier_hours(true));
    let snapshot = snapshot(&engine, &job, day, earlier_hours, violations).await?;
    let vocabulary = Arc::new(vocabulary(&engine, &snapshot, &job.topics, violations).await?);
    read_people(&engine, &job, snapshot, &vocabulary, violations).await
}

impl World {
    /// The tables of the world by name.
    pub fn tables(&self) -> Vec<(&'static str, RecordBatch)> {
        let mut tables = vec![("interactions", interactions(&self.events))];
        tables.extend(self.accounts.as_ref().map(|rows| ("accounts", accounts(rows))));
        tables.extend(self.identities.as_ref().map(|rows| ("identities", identities(rows))));
        tables.extend(self.consent.as_ref().map(|rows| ("consent", consent(rows))));
        tables.extend(self.posts.as_ref().map(|rows| ("posts", posts(rows))));
        tables.extend(self.follows.as_ref().map(|rows| ("follows", follows(rows))));
        tables.extend(self.more.iter().cloned());
        tables
    }

    /// Writes inputs, method and job below `folder`; returns the path of the job.
    pub fn write(&self, folder: &Path) -> PathBuf {
        let tables = self.tables();
        for (name, batch) in &tables {
            write(&folder.join(format!("{name}.parquet")), batch);
        }
        let inputs = tables.iter().map(|(name, _)| format!("{name} = \"{name}.parquet\"\n"));
        self.write_job(folder, &inputs.collect::<String>())
    }

    /// Writes a job with `inputs` as its `[inputs]`, and its method next to it; more sections may follow.
    pub fn write_job(&self, folder: &Path, inputs: &str) -> PathBuf {
        let path = folder.join("job.toml");
        let Self { day, rule, consent_settings, top, settings, seeds, profiles, .. } = self;
        let job = format!(
            "[job]\nname = \"world\"\nsnapshot = \"{day}\"\nmethod = \"method.toml\"\n\
             [consent]\nrule = \"{rule}\"\n{consent_settings}\n[influence]\ntop = {top}\n[trust]\nseeds = {seeds:?}\n\
             {profiles}{settings}[output]\nurl = \"out/\"\n[inputs]\n{inputs}"
        );
        fs::create_dir_all(folder).unwrap();
        for (name, text) in &self.extra_files {
            fs::write(folder.join(name), text).unwrap();
        }
        self.write_method(&folder.join("method.toml"));
        fs::write(&path, job).unwrap();
        path
    }

    /// Writes the method. Where another one was written before, it gets a version of its own, as an output asks for.
    fn write_method(&self, path: &Path) {
        let content = |text: &str| -> Vec<String> {
            text.lines().filter(|line| !line.starts_with("version")).map(str::to_owned).collect()
        };
        match fs::read_to_string(path) {
            Ok(written) if content(&written) == content(&self.method) => {}
            Ok(_) => {
                let mut hasher = DefaultHasher::new();
                self.method.hash(&mut hasher);
                let (before, after) = self.method.split_once("version").unwrap();
                let (version, after) = after.split_once('\n').unwrap();
                let version = version.trim_end().trim_end_matches('"');
                let method = format!("{before}version{version}-{:x}\"\n{after}", hasher.finish());
                fs::write(path, method).unwrap();
            }
            Err(_) => fs::write(path, &self.method).unwrap(),
        }
    }

    pub async fn run(&self) -> Published {
        let folder = TempDir::new().unwrap();
        self.run_in(folder.path()).await
    }

    /// Runs it in a folder that may hold the runs of other days.
    pub async fn run_in(&self, folder: &Path) -> Published {
        let job = self.write(folder);
        Published::of(&job, 3, &[]).await.unwrap()
    }

    /// The eligible people, as the stages after reading receive them.
    pub async fn people(&self) -> People {
        let folder = TempDir::new().unwrap();
        people_of(&self.write(folder.path()), 3).await.unwrap()
    }

    /// The follows that began before the cutoff.
    pub fn started_follows(&self) -> impl Iterator<Item = &Follow> {
        let before = |f: &&Follow| f.since.is_none_or(|at| at < self.cutoff);
        self.follows.iter().flatten().filter(before)
    }

    /// Replaces `from` by `to`, once, in the method and in those of the profiles.
    pub fn edit_method(&mut self, from: &str, to: &str) {
        let others = self.extra_files.iter_mut().map(|(_, text)| text);
        for text in [&mut self.method].into_iter().chain(others) {
            *text = text.replacen(from, to, 1);
        }
    }

    /// The same inputs with a snapshot `days` later.
    pub fn later(&self, days: i64) -> Self {
        let day = self.day + chrono::Duration::days(days);
        Self { day, cutoff: self.cutoff + 24 * days * HOUR, ..self.clone() }
    }

    /// Keys of all accounts in `accounts`, in events of the window or in follows.
    pub fn members(&self, window_hours: i64) -> BTreeSet<(String, String)> {
        let start = self.cutoff - window_hours * HOUR;
        let within = |e: &&Interaction| (start..self.cutoff).contains(&e.at);
        let ends = self.events.iter().filter(within).flat_map(|e| {
            [(e.network.clone(), e.actor.clone()), (e.network.clone(), e.target.clone())]
        });
        let follows = self.started_follows().flat_map(|f| {
            [(f.network.clone(), f.follower.clone()), (f.network.clone(), f.followee.clone())]
        });
        let accounts = self.accounts.iter().flatten();
        accounts.map(|a| (a.network.clone(), a.id.clone())).chain(ends).chain(follows).collect()
    }

    pub fn person(&self, network: &str, id: &str) -> String {
        let mut identities = self.identities.iter().flatten();
        let link = identities.find(|i| i.network == network && i.id == id);
        link.map_or_else(|| format!("{network}:{id}"), |i| i.person.clone())
    }
}

pub type Row = Map<String, Value>;

/// What one run published.
pub struct Published {
    /// The rows of each table, but for the id of the run, which all of them have.
    pub tables: BTreeMap<String, Vec<Row>>,
    /// The bytes of every file below the output folder, by path.
    pub files: BTreeMap<String, Vec<u8>>,
    pub commit: Commit,
    pub outcome: RunOutcome,
}

impl Published {
    /// Runs the job at `path` and reads what it published.
    pub async fn of(path: &Path, partitions: usize, set: &[(&str, &str)]) -> Result<Self> {
        let (job, outcome) = run_job(path, partitions, set).await?;
        let output = job.output.to_file_path().unwrap();
        let commit = outcome.commit.clone();
        let tables = commit.tables.iter().map(|(name, table)| {
            let rows: Vec<Row> = table
                .files
                .iter()
                .flat_map(|f| read(&output.join(&f.path)))
                .flat_map(rows)
                .collect();
            assert_eq!(rows.len() as u64, table.rows, "rows of {name} in the commit");
            let rows = rows.into_iter().map(|row| without_run_id(name, row, &commit.run_id));
            (name.clone(), rows.collect())
        });
        let tables = tables.collect();
        let mut files = BTreeMap::new();
        collect_files(&output, &output, &mut files);
        Ok(Self { tables, files, commit, outcome })
    }

    /// The log of the run.
    pub fn log(&self) -> serde_json::Value {
        let of_run = format!("{}/log.json", self.commit.run_id);
        let (_, bytes) = self.files.iter().find(|(path, _)| path.ends_with(&of_run)).unwrap();
        serde_json::from_slice(bytes).unwrap()
    }

    /// The rows of a table by the values of `key`, each once.
    pub fn by(&self, table: &str, key: &[&str]) -> BTreeMap<Vec<String>, &Row> {
        let rows = &self.tables[table];
        let value = |row: &Row, name: &&str| row[*name].as_str().unwrap().to_owned();
        let map: BTreeMap<Vec<String>, &Row> =
            rows.iter().map(|row| (key.iter().map(|k| value(row, k)).collect(), row)).collect();
        assert_eq!(map.len(), rows.len(), "keys of {table}");
        map
    }

    /// Ids of everyone published.
    pub fn people(&self) -> Vec<String> {
        self.by("people", &["person_id"]).into_keys().flatten().collect()
    }

    pub fn score(&self, person: &str) -> &Row {
        self.score_by("standard", person)
    }

    pub fn score_by(&self, profile: &str, person: &str) -> &Row {
        self.by("scores", &["profile", "person_id"])[&vec![profile.to_owned(), person.to_owned()]]
    }

    pub fn measures(&self, network: &str, person: &str) -> &Row {
        self.by("measures", &["network", "person_id"])[&vec![network.to_owned(), person.to_owned()]]
    }

    /// The bytes of the table files alone.
    pub fn table_files(&self) -> BTreeMap<&String, &Vec<u8>> {
        self.files.iter().filter(|(path, _)| path.ends_with(".parquet")).collect()
    }

    /// The drops whose number is shown: whether there are any of few is shown as well, how many is not.
    pub fn exact_drops(&self) -> BTreeMap<(&str, &str), &str> {
        let mut drops = self.drops();
        drops.retain(|_, rows| !matches!(*rows, "0" | "fewer than 11"));
        drops
    }

    pub fn drops(&self) -> BTreeMap<(&str, &str), &str> {
        let drops = self.outcome.notes.dropped.iter();
        drops.map(|d| ((d.table.as_str(), d.rule.as_str()), d.rows.as_str())).collect()
    }
}

fn without_run_id(table: &str, mut row: Row, run_id: &str) -> Row {
    assert_eq!(row["run_id"], run_id, "{table}");
    if table != "runs" {
        row.remove("run_id");
    }
    row
}

pub fn collect_files(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_files(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().display().to_string();
            files.insert(name, fs::read(&path).unwrap());
        }
    }
}

pub fn rows(batch: RecordBatch) -> Vec<Row> {
    let schema = batch.schema();
    let row = |at: usize| {
        let columns = schema.fields().iter().zip(batch.columns());
        columns.map(|(field, column)| (field.name().clone(), value(column, at))).collect()
    };
    (0..batch.num_rows()).map(row).collect()
}

fn value(column: &ArrayRef, row: usize) -> Value {
    if column.is_null(row) {
        return Value::Null;
    }
    match column.data_type() {
        DataType::Boolean => json!(column.as_boolean().value(row)),
        DataType::Utf8 => json!(column.as_string::<i32>().value(row)),
        DataType::Int64 => json!(column.as_primitive::<Int64Type>().value(row)),
        DataType::Date32 => json!(column.as_primitive::<Date32Type>().value(row)),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            json!(column.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        DataType::Float64 => {
            let number = column.as_primitive::<Float64Type>().value(row);
            assert!(number.is_finite());
            json!(number)
        }
        DataType::List(_) => {
            let list = column.as_list::<i32>().value(row);
            json!(list.as_string::<i32>().iter().map(Option::unwrap).collect::<Vec<_>>())
        }
        other => panic!("no output has columns of {other}"),
    }
}
