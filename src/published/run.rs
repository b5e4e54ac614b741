//! One published run.

use std::collections::BTreeMap;

use datafusion::dataframe::DataFrame;
use serde::de::DeserializeOwned;
use url::Url;

use super::lookup;
use super::measures::Measures;
use super::rows::{PersonRow, RunRow, ScoreRow, TableRow, TopicRow};
use super::table::{self, Queried, Verified, of_person, of_profile, planned, reading};
use crate::engine::{Engine, count_rows};
use crate::error::{Error, Help, Kind, Result};
use crate::method::profile::STANDARD;
use crate::publish::commit::Commit;
use crate::publish::log;

/// One published run, or the table of one validation.
#[derive(Clone)]
pub struct Run {
    engine: Engine,
    output: Url,
    commit: Commit,
    notes: Vec<String>,
    verified: Verified,
}

impl Run {
    /// The run of a commit below `output`. No file of it is read before it is needed.
    ///
    /// # Errors
    /// As [`Engine::connect`].
    pub fn open(engine: &Engine, output: &Url, commit: &Commit) -> Result<Self> {
        engine.connect(output)?;
        Ok(Self {
            engine: engine.clone(),
            output: output.clone(),
            commit: commit.clone(),
            notes: vec![],
            verified: Verified::default(),
        })
    }

    /// The same run, with what its readers should know.
    #[must_use]
    pub fn with_notes(self, notes: Vec<String>) -> Self {
        Self { notes, ..self }
    }

    /// What its readers should know, such as that it is stale.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Its commit.
    pub fn commit(&self) -> &Commit {
        &self.commit
    }

    /// The output folder.
    pub fn output(&self) -> &Url {
        &self.output
    }

    /// Whether it has the table `name`; runs of earlier versions lack some.
    pub fn has(&self, name: &str) -> bool {
        self.commit.tables.contains_key(name)
    }

    /// One of its tables, with the columns that it has in this version.
    ///
    /// # Errors
    /// [`Kind::BadInput`] if its files cannot be read or are not as they were committed, [`Kind::Unavailable`] if the store does not answer.
    pub async fn table(&self, name: &str) -> Result<DataFrame> {
        table::open(&self.engine, &self.output, &self.commit, name, &self.verified).await
    }

    /// The rows of a table that `query` leaves, in its order.
    ///
    /// # Errors
    /// As [`Run::table`]; [`Kind::BadInput`] if the table has columns of another version.
    pub async fn rows<T: TableRow>(
        &self,
        query: impl FnOnce(DataFrame) -> Queried,
    ) -> Result<Vec<T>> {
        table::rows(self.queried(T::TABLE, query).await?).await
    }

    /// Gives every row of a table that `query` leaves to `see`, holding few of them in memory at a time.
    ///
    /// # Errors
    /// As [`Run::rows`].
    pub async fn each<T: TableRow>(
        &self,
        query: impl FnOnce(DataFrame) -> Queried,
        see: impl FnMut(T::Borrowed<'_>),
    ) -> Result<()> {
        table::each::<T>(self.queried(T::TABLE, query).await?, see).await
    }

    async fn queried(
        &self,
        name: &str,
        query: impl FnOnce(DataFrame) -> Queried,
    ) -> Result<DataFrame> {
        planned(name, query(self.table(name).await?))
    }

    /// The only row of a person in a table that `query` leaves.
    ///
    /// # Errors
    /// As [`Run::rows`]; [`Kind::BadInput`] if there is none, or several.
    async fn only<T: TableRow>(
        &self,
        person_id: &str,
        query: impl FnOnce(DataFrame) -> Queried,
    ) -> Result<T> {
        let query = |frame| query(frame)?.filter(of_person(person_id));
        let mut rows = self.rows(query).await?;
        match (rows.pop(), rows.len()) {
            (Some(row), 0) => Ok(row),
            (last, others) => Err(Error::bad_input(
                format!(
                    "the table `{}` has {} rows of `{person_id}`",
                    T::TABLE,
                    others + usize::from(last.is_some())
                ),
                "restore its files, or run the job again from its inputs",
            )),
        }
    }

    /// Its record.
    ///
    /// # Errors
    /// As [`Run::rows`]; [`Kind::BadInput`] if its table `runs` has not one row.
    pub async fn record(&self) -> Result<RunRow> {
        let mut rows = self.rows(Ok).await?;
        let row = rows.pop().filter(|_| rows.is_empty());
        row.ok_or_else(|| table::other_version(RunRow::TABLE, "it has not one row"))
    }

    /// Its log ([`RunLog`](crate::publish::log::RunLog), or
    /// [`ValidationLog`](crate::publish::log::ValidationLog) of a validation, [`AttackLog`](crate::publish::log::AttackLog) of
    /// attacks); none if the file is gone.
    ///
    /// # Errors
    /// [`Kind::BadInput`] if the file is no such log, [`Kind::Unavailable`] if the store does not answer.
    pub async fn log<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        log::read(&self.engine.stores, &self.output, &self.commit).await
    }

    /// The table `scores` under one profile.
    ///
    /// # Errors
    /// As [`Run::table`]; [`Kind::Usage`] if there is no such profile.
    pub async fn scores(&self, profile: &str) -> Result<DataFrame> {
        scores_of(self.table("scores").await?, profile).await
    }

    /// The score of the person `person_id` under a profile.
    ///
    /// # Errors
    /// As [`Run::scores`] and [`Run::rows`]; [`Kind::BadInput`] if the person has no score.
    pub async fn score(&self, person_id: &str, profile: &str) -> Result<ScoreRow> {
        // That there is no such profile is said before that the person is not in it.
        self.scores(profile).await?;
        self.only(person_id, |scores| scores.filter(of_profile(profile))).await
    }

    /// The one person that is meant by `wanted`: a person id, an account as `network:account_id`, the bare id of an account,
    /// or a display name; the first of these that matches decides.
    ///
    /// # Errors
    /// As [`Run::rows`]; [`Kind::Usage`] if several people are meant, [`Kind::BadInput`] if nobody is.
    pub async fn person(&self, wanted: &str) -> Result<PersonRow> {
        let id = lookup::person(self.table("people").await?, wanted).await?;
        self.only(&id, Ok).await
    }

    /// The names that the people `ids` show, by id; those without a name are left out.
    ///
    /// # Errors
    /// As [`Run::rows`].
    pub async fn names<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a str>,
    ) -> Result<BTreeMap<String, String>> {
        lookup::names(self.table("people").await?, ids).await
    }

    /// Its table `measures`.
    ///
    /// # Errors
    /// As [`Run::table`].
    pub async fn measures(&self) -> Result<Measures> {
        self.table("measures").await.map(Measures::of)
    }

    /// The topics that posts are about.
    ///
    /// # Errors
    /// As [`Run::rows`].
    pub async fn topics(&self) -> Result<Vec<TopicRow>> {
        self.rows(Ok).await
    }
}

/// The rows of a table `scores` under one profile.
///
/// # Errors
/// [`Kind::Usage`] if there is no such profile.
pub(crate) async fn scores_of(scores: DataFrame, profile: &str) -> Result<DataFrame> {
    let scores = planned("scores", scores.filter(of_profile(profile)))?;
    let first = planned("scores", scores.clone().limit(0, Some(1)))?;
    if count_rows(&reading("scores"), first).await? == 0 && profile != STANDARD {
        return Err(no_profile(profile));
    }
    Ok(scores)
}

/// The error for a profile that a run does not have.
pub(crate) fn no_profile(profile: &str) -> Error {
    Error::new(
        Kind::Usage,
        format!("the run has no scores of a profile `{profile}`"),
        "name a profile of the job",
    )
    .with_help(Help::StandardProfile)
}
