//! The stages of a run between reading and publishing, a function each: what a stage takes of the stages before it, and of
//! the job.

use super::inputs::Inputs;
use super::measure::{AsOf, Measured, measure};
use super::progress::{Progress, Rows};
use super::scoring::{ScoreInputs, Scored, score};
use crate::audit::{Audit, Limits, audit_run};
use crate::checks::{CheckInputs, ShadowScores, check_run};
use crate::error::{Error, Result};
use crate::job::Job;
use crate::model::time::days_since_epoch;
use crate::model::{Check, Standing, Tenure, Trust};
use crate::propagate::{Night, advance_tenures};
use crate::score::changes::{ChangeInputs, Changes, explain_changes};
use crate::score::cohorts::{CohortInputs, CohortMember, select_members};
use crate::score::contributions::{Contributions, decompose_scores};
use crate::score::forecast_values::ForecastValues;
use crate::score::influence_edges::{EdgeInputs, InfluenceEdge, select_edges};
use crate::score::latest_events::latest_events;
use crate::tables::{Draft, DraftInputs, draft_tables};
use crate::topics::{TopicInputs, TopicResults, find_topics};

/// Runs the stages of a job.
pub(super) struct Stages<'a> {
    pub inputs: &'a Inputs,
    pub job: &'a Job,
    pub progress: &'a mut Progress,
}

/// What explains the scores.
pub(super) struct Explained<'a> {
    /// Why the standard scores changed, if there is a previous run.
    pub changes: Option<Changes>,
    /// What the scores are made of, under each profile.
    pub contributions: Vec<Contributions<'a>>,
    pub influence_edges: Vec<InfluenceEdge>,
    /// The members of each cohort.
    pub cohorts: Vec<Vec<CohortMember>>,
    pub checks: &'a [Check],
}

impl<'a> Stages<'a> {
    fn persons(&self) -> u64 {
        self.inputs.people.persons.len() as u64
    }

    pub fn measure(&mut self) -> Result<Measured> {
        let standings: Vec<Option<Standing>> =
            self.inputs.tenures.of_vertices.iter().map(|own| own.standing).collect();
        let as_of = AsOf::snapshot(self.job, &standings);
        measure(&self.inputs.people, &as_of, self.progress)
    }

    /// How long everybody is known after this night.
    fn tenures(&self, trust: &Trust) -> Result<Vec<Tenure>> {
        let Inputs { tenures, day, .. } = self.inputs;
        let since_last_run =
            tenures.day.map_or(1, |last| day.signed_duration_since(last).num_days());
        let night = Night {
            days: days_since_epoch(*day)?,
            since_last_run: i32::try_from(since_last_run).map_err(Error::internal)?,
            tenure_days: (self.job.method.trust.tenure_hours / 24).cast_signed(),
        };
        Ok(advance_tenures(&tenures.of_vertices, trust, &night))
    }

    pub fn topics(&mut self, measured: &Measured) -> Result<TopicResults> {
        let Inputs { people, vocabulary, .. } = self.inputs;
        let posts = people.posts.as_ref().map_or(0, |posts| posts.authors.len() as u64);
        self.progress.compute("topics", posts, || {
            let values = ForecastValues::new(&self.job.method.forecast, &measured.measures)?;
            find_topics(&TopicInputs {
                people,
                vocabulary,
                post_reactors: measured.post_reactors.as_ref(),
                trust: &measured.trust,
                rules: &measured.rules,
                method: &self.job.method,
                values: Some(values.columns()),
            })
        })
    }

    pub fn scores(&mut self, measured: &Measured, topics: &TopicResults) -> Result<Scored<'a>> {
        let (people, job) = (&self.inputs.people, self.job);
        self.progress.compute("scores", people.persons.vertices() as u64, || {
            score(&ScoreInputs {
                people,
                measured,
                topics,
                profiles: &job.profiles,
                style: &job.method.style,
                refuse_equal: !job.has_interaction_source(),
            })
        })
    }

    pub fn changes(&mut self, measured: &Measured, scored: &Scored<'_>) -> Result<Option<Changes>> {
        let persons = self.persons();
        let Inputs { people, previous, day, .. } = self.inputs;
        let (rules, trust, method) = (&measured.rules, &measured.trust, &self.job.method);
        let scores = &scored.standard()?.score[..];
        let explain = |previous| {
            explain_changes(&ChangeInputs {
                people,
                rules,
                trust,
                method,
                day: *day,
                scores,
                previous,
            })
        };
        let previous = previous.as_ref();
        self.progress.compute("changes", persons, || previous.map(explain).transpose())
    }

    pub fn contributions(
        &mut self,
        measured: &Measured,
        scored: &Scored<'_>,
    ) -> Result<Vec<Contributions<'a>>> {
        let (persons, profiles) = (&self.inputs.people.persons, self.job.profiles.iter());
        self.progress.compute("contributions", scored.rows(), || {
            profiles.map(|profile| decompose_scores(persons, &measured.measures, profile)).collect()
        })
    }

    pub fn influence_edges(
        &mut self,
        measured: &Measured,
        topics: &TopicResults,
    ) -> Result<Vec<InfluenceEdge>> {
        let inputs = EdgeInputs {
            people: &self.inputs.people,
            attention: &measured.attention,
            rules: &measured.rules,
            topics,
            max_edges: self.job.influence.top as usize,
        };
        let edges = measured.attention.rows();
        self.progress.compute("influence_edges", edges, || Ok(select_edges(&inputs)))
    }

    pub fn cohorts(
        &mut self,
        topics: &TopicResults,
        scored: &Scored<'_>,
    ) -> Result<Vec<Vec<CohortMember>>> {
        let inputs = CohortInputs {
            persons: &self.inputs.people.persons,
            vocabulary: &self.inputs.vocabulary,
            topics,
            scores: &scored.standard()?.score,
        };
        let (persons, cohorts) = (self.persons(), &self.job.cohorts);
        self.progress.compute("cohorts", persons, || select_members(cohorts, &inputs))
    }

    pub fn tables(
        &mut self,
        measured: &Measured,
        topics: &TopicResults,
        scored: &Scored<'_>,
        explained: Explained<'_>,
    ) -> Result<Draft> {
        let Inputs { people, facts, day, .. } = self.inputs;
        let tenures = self.tenures(&measured.trust)?;
        let names = self.job.cohorts.iter().map(|cohort| cohort.name.as_str());
        let inputs = DraftInputs {
            people,
            trust: &measured.trust,
            tenures: &tenures,
            topics,
            measures: &measured.measures,
            scores: &scored.by_profile,
            context: &scored.context,
            data_until: &latest_events(people, facts.cutoff_us),
            styles: &scored.styles,
            changes: explained.changes.as_ref(),
            contributions: explained.contributions,
            edges: explained.influence_edges,
            cohorts: names.zip(explained.cohorts).collect(),
            checks: explained.checks,
        };
        self.progress.compute("tables", scored.rows(), || draft_tables(*day, &facts.run_id, inputs))
    }

    pub fn checks(
        &mut self,
        measured: &Measured,
        scored: &Scored<'_>,
        shadow: Option<&ShadowScores>,
    ) -> Result<Vec<Check>> {
        let inputs = CheckInputs {
            people: &self.inputs.people,
            measures: &measured.measures,
            scores: scored.standard()?,
            method: &self.job.method,
            day: self.inputs.day,
            previous: self.inputs.previous.as_ref(),
            accepted: &self.job.accepted,
            is_promoted: is_promoted(self.inputs, self.job),
            shadow,
        };
        let persons = self.persons();
        self.progress.compute("checks", persons, || check_run(&inputs))
    }

    pub fn audit(&mut self, draft: Draft, checks: &[Check]) -> Result<Audit> {
        let method = &self.job.method;
        let limits = Limits { gates: &method.gates, evidence: &method.topics.evidence };
        let rows = draft.rows();
        self.progress
            .compute("audit", rows, || audit_run(draft, checks, &self.inputs.facts, &limits))
    }
}

/// Whether the method differs from that of the run before although the job compares methods first: somebody put it in force.
fn is_promoted(inputs: &Inputs, job: &Job) -> bool {
    let previous = inputs.previous.as_ref();
    job.shadow_nights > 0
        && previous.is_some_and(|previous| !previous.method.scores_like(&job.method))
}
