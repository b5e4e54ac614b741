//! All tables of a run.

use arrow::array::RecordBatch;
use chrono::NaiveDate;

use super::batches::Shared;
use super::checks::draft_checks;
use super::people::{draft_accounts, draft_cohorts, draft_measures, draft_people};
use super::scores::{draft_changes, draft_contributions, draft_scores};
use super::topics::{
    draft_evidence, draft_influence_edges, draft_interests, draft_topic_posts, draft_topic_scores,
    draft_topics,
};
use crate::error::Result;
use crate::method::profile::Profile;
use crate::model::{Check, People, Tenure, Trust};
use crate::score::changes::Changes;
use crate::score::cohorts::CohortMember;
use crate::score::context::ScoreContext;
use crate::score::contributions::Contributions;
use crate::score::influence_edges::InfluenceEdge;
use crate::score::measures::MeasureColumns;
use crate::score::scores::Scores;
use crate::score::style::Style;
use crate::topics::TopicResults;

/// The tables of a run before they are audited.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Day of the snapshot.
    pub day: NaiveDate,
    /// Id of the run, as in every row.
    pub run_id: String,
    /// Table `people`.
    pub people: Vec<RecordBatch>,
    /// Table `accounts`.
    pub accounts: Vec<RecordBatch>,
    /// Table `scores`.
    pub scores: Vec<RecordBatch>,
    /// Table `contributions`.
    pub contributions: Vec<RecordBatch>,
    /// Table `changes`.
    pub changes: Vec<RecordBatch>,
    /// Table `measures`.
    pub measures: Vec<RecordBatch>,
    /// Table `influence_edges`.
    pub influence_edges: Vec<RecordBatch>,
    /// Table `topics`.
    pub topics: Vec<RecordBatch>,
    /// Table `topic_scores`.
    pub topic_scores: Vec<RecordBatch>,
    /// Table `topic_interests`.
    pub topic_interests: Vec<RecordBatch>,
    /// Table `topic_evidence`.
    pub topic_evidence: Vec<RecordBatch>,
    /// Table `topic_posts`.
    pub topic_posts: Vec<RecordBatch>,
    /// Table `cohorts`.
    pub cohorts: Vec<RecordBatch>,
    /// Table `checks`.
    pub checks: Vec<RecordBatch>,
}

impl Draft {
    /// The tables by name, in the order in which they are published.
    pub fn tables(&self) -> [(&'static str, &Vec<RecordBatch>); 14] {
        [
            ("people", &self.people),
            ("accounts", &self.accounts),
            ("scores", &self.scores),
            ("contributions", &self.contributions),
            ("changes", &self.changes),
            ("measures", &self.measures),
            ("influence_edges", &self.influence_edges),
            ("topics", &self.topics),
            ("topic_scores", &self.topic_scores),
            ("topic_interests", &self.topic_interests),
            ("topic_evidence", &self.topic_evidence),
            ("topic_posts", &self.topic_posts),
            ("cohorts", &self.cohorts),
            ("checks", &self.checks),
        ]
    }
}

/// What the tables are drafted from.
pub struct DraftInputs<'a> {
    /// Everyone who is eligible.
    pub people: &'a People,
    /// How much everybody's attention counts.
    pub trust: &'a Trust,
    /// How long each vertex is known, for the next run. Length: vertices.
    pub tenures: &'a [Tenure],
    /// Topics of the snapshot.
    pub topics: &'a TopicResults,
    /// The measures of every vertex.
    pub measures: &'a MeasureColumns,
    /// The scores of every person under each profile, in order of its name.
    pub scores: &'a [(&'a Profile, Scores)],
    /// Figures published with the scores.
    pub context: &'a ScoreContext,
    /// The styles of those who have one. Length: persons.
    pub styles: &'a [Option<Style>],
    /// The latest event that reached each person, microseconds since 1970. Length: persons.
    pub data_until: &'a [Option<i64>],
    /// Why the standard scores changed, if there is a previous run.
    pub changes: Option<&'a Changes>,
    /// What the scores are made of under each profile, in order of its name.
    pub contributions: Vec<Contributions<'a>>,
    /// The strongest edges of each network, in order.
    pub edges: Vec<InfluenceEdge>,
    /// Cohorts by name, with their members in order of person.
    pub cohorts: Vec<(&'a str, Vec<CohortMember>)>,
    /// What the run was checked for, in order.
    pub checks: &'a [Check],
}

/// Drafts the tables of the run `run_id` over the snapshot of `day`. Contributions and edges are drafted first and then dropped, so that they add
/// nothing to the peak, which is when all tables are in memory.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if a table breaks its contract.
pub fn draft_tables(day: NaiveDate, run_id: &str, inputs: DraftInputs<'_>) -> Result<Draft> {
    let persons = &inputs.people.persons;
    let shared = &Shared::new(day, run_id, persons)?;
    let DraftInputs { topics, scores, context, styles, changes, .. } = inputs;
    let posts = inputs.people.posts.as_ref();
    let contributions = draft_contributions(shared, inputs.contributions)?;
    let influence_edges = draft_influence_edges(shared, topics, inputs.edges)?;
    Ok(Draft {
        day,
        run_id: run_id.to_owned(),
        people: draft_people(shared, &inputs.people.disputes)?,
        accounts: draft_accounts(shared, inputs.trust, inputs.tenures)?,
        scores: draft_scores(shared, scores, context, changes, styles, inputs.data_until)?,
        contributions,
        changes: draft_changes(shared, changes)?,
        measures: draft_measures(shared, inputs.measures)?,
        influence_edges,
        topics: draft_topics(shared, topics)?,
        topic_scores: draft_topic_scores(shared, topics)?,
        topic_interests: draft_interests(shared, topics)?,
        topic_evidence: draft_evidence(shared, topics, posts)?,
        topic_posts: draft_topic_posts(shared, topics, posts)?,
        cohorts: draft_cohorts(shared, &inputs.cohorts)?,
        checks: draft_checks(shared, inputs.checks)?,
    })
}
