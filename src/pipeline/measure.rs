//! Measures of people as of a date. A run measures the end of its snapshot; backtests and fits measure that and earlier dates.

use renown_graph::csr::Csr;

use super::progress::{Progress, Rows};
use crate::error::Result;
use crate::job::Job;
use crate::lists::Lists;
use crate::method::{Method, RankRule};
use crate::model::{People, Standing, Trust, VertexIndex};
use crate::propagate::{Ranks, TrustInputs, find_trust, rank_networks};
use crate::reduce::{
    Engagement, InteractionRules, attention_graphs, engagement, engagement_received, follow_graphs,
    post_reactors,
};
use crate::score::measures::{
    GIVEN, MeasureColumns, MeasureInputs, ON_ATTENTION, ON_FOLLOW_RANKS, ON_RANKS, Wanted,
    any_of_posts, measure_vertices,
};

/// Stages that [`measure`] runs.
pub const STAGES: u64 = 4;

/// A date as of which people are measured, and how.
pub struct AsOf<'a> {
    /// The method.
    pub method: &'a Method,
    /// Who is long-standing at the date. Length: vertices.
    pub standings: &'a [Option<Standing>],
    /// Whether each vertex existed at the date; `None` where all did. Length: vertices.
    pub existed: Option<&'a [bool]>,
    /// Maximum L1 distance of PageRank to the exact ranks.
    pub rank_tolerance: f64,
    /// Which measures are computed.
    pub wanted: Wanted<'a>,
}

impl<'a> AsOf<'a> {
    /// The end of the snapshot, as a run of `job` measures it with these people long-standing.
    pub fn snapshot(job: &'a Job, standings: &'a [Option<Standing>]) -> Self {
        let method = &job.method;
        let rank_tolerance = method.rank.tolerance;
        Self { method, standings, existed: None, rank_tolerance, wanted: Wanted::all() }
    }
}

/// People measured as of a date, with everything that the measures rest on.
pub struct Measured {
    /// How interactions weigh.
    pub rules: InteractionRules,
    /// The graph of attention of each network; none where no wanted measure needs them.
    pub attention: Vec<Csr>,
    /// How much everybody's attention counts.
    pub trust: Trust,
    /// PageRank on attention.
    pub ranks: Ranks,
    /// The vertices that reacted to each post, if there are posts. Lists: posts.
    pub post_reactors: Option<Lists<VertexIndex>>,
    /// Interactions received and made. Length: vertices.
    pub engagement: Vec<Engagement>,
    /// The measures of every vertex.
    pub measures: MeasureColumns,
}

impl Measured {
    /// Frees engagement and the reactors of posts.
    pub fn free_engagement(&mut self) {
        self.engagement = vec![];
        self.post_reactors = None;
    }

    /// Frees the graphs of attention.
    pub fn free_attention(&mut self) {
        self.attention = vec![];
    }
}

/// Measures `people`, who are as they were at the date.
///
/// # Errors
/// [`crate::error::Kind::BadJob`] if the method's iterations do not suffice for its tolerance,
/// [`crate::error::Kind::BadInput`] if one account interacted too often with another for the sum to be exact.
pub fn measure(people: &People, as_of: &AsOf<'_>, progress: &mut Progress) -> Result<Measured> {
    let AsOf { method, existed, wanted, .. } = *as_of;
    let (persons, interactions) = (&people.persons, &people.interactions);
    let (vertices, rows) = (persons.vertices() as u64, interactions.all().len() as u64);
    let rules = InteractionRules::of(method);

    let needs_ranks = wanted.has_any(&ON_RANKS);
    let attention =
        progress.compute("attention", rows, || match needs_ranks || wanted.has(ON_ATTENTION) {
            true => attention_graphs(interactions.window(0, u32::MAX), persons, &rules),
            false => Ok(vec![]),
        })?;
    let trust = progress.compute("trust", vertices, || {
        Ok(find_trust(&TrustInputs {
            window: interactions.window(0, method.attention.window_hours),
            persons,
            rules: &rules,
            standings: as_of.standings,
            rule: &method.trust,
        }))
    })?;
    let rank_rule = RankRule { tolerance: as_of.rank_tolerance, ..method.rank.clone() };
    let AllRanks { on_attention, on_follows } =
        progress.compute("ranks", attention.rows(), || {
            let follows = people.follows.as_ref().filter(|_| wanted.has(ON_FOLLOW_RANKS));
            let on_follows = follows.map(|follows| {
                rank_networks(&follow_graphs(follows, persons)?, &rank_rule, existed)
            });
            let graphs = if needs_ranks { &attention[..] } else { &[] };
            let on_attention = rank_networks(graphs, &rank_rule, existed)?;
            Ok(AllRanks { on_attention, on_follows: on_follows.transpose()? })
        })?;
    let VertexMeasures { post_reactors, engagement, measures } =
        progress.compute("measures", rows, || {
            let posts = people.posts.as_ref().filter(|_| any_of_posts(wanted));
            let post_reactors = posts.map(|posts| post_reactors(interactions, posts, &rules, 0));
            let engagement = match wanted.has_any(&GIVEN) {
                true => engagement(interactions, persons, &rules, &trust, 0),
                false => engagement_received(interactions, persons, &rules, &trust, 0),
            };
            let inputs = MeasureInputs {
                people,
                rules: &rules,
                attention: &attention,
                trust: &trust,
                ranks: &on_attention,
                follow_ranks: on_follows.as_ref(),
                engagement: &engagement,
                post_reactors: post_reactors.as_ref(),
            };
            let measures = measure_vertices(&inputs, method, wanted);
            Ok(VertexMeasures { post_reactors, engagement, measures })
        })?;
    Ok(Measured {
        rules,
        attention,
        trust,
        ranks: on_attention,
        post_reactors,
        engagement,
        measures,
    })
}

/// The result of the stage `ranks`.
struct AllRanks {
    on_attention: Ranks,
    on_follows: Option<Ranks>,
}

/// Ranked vertices.
impl Rows for AllRanks {
    fn rows(&self) -> u64 {
        self.on_attention.pagerank.len() as u64
    }
}

/// The result of the stage `measures`.
struct VertexMeasures {
    post_reactors: Option<Lists<VertexIndex>>,
    engagement: Vec<Engagement>,
    measures: MeasureColumns,
}

/// Measured vertices.
impl Rows for VertexMeasures {
    fn rows(&self) -> u64 {
        self.engagement.len() as u64
    }
}
