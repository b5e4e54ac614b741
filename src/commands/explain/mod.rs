//! `renown explain`: one person's score, what it is made of, the measures, the influence and what is unknown.

mod coverage;
mod credit;
mod explanation;
mod measures;
mod page;
mod topic;
mod topic_page;
mod unknown;
mod what_if;

use datafusion::prelude::{ident, lit};

pub use explanation::{
    Alternative, Coverage, Credit, Explanation, Neighbour, PersonMeasure, TopicExplanation,
};
pub use topic::explain_topic;
pub use what_if::WhatIf;

use super::context::Context;
use super::output_format::OutputFormat;
use super::run_selector::RunSelector;
use crate::error::{Error, Result};
use crate::method::profile::STANDARD;
use crate::published::Run;
use crate::published::rows::{EdgeRow, ScoreRow};
use crate::published::table::{ascending, of_person, of_profile};

/// Maximum number of people named in either direction of influence.
const NEIGHBOURS: usize = 10;

/// Explain one person's score
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    run: RunSelector,
    /// Person id, `network:account_id`, account id or display name
    person: String,
    /// Explain the score on this topic, with the posts behind it: id or name
    #[arg(long, conflicts_with_all = ["what_if", "profile"])]
    topic: Option<String>,
    /// Profile of the score
    #[arg(long, default_value = STANDARD)]
    profile: String,
    /// Compute the score with another value of a measure: MEASURE=+10, MEASURE=-3 or MEASURE=25 (NETWORK:MEASURE for a person
    /// on several networks); may be repeated
    #[arg(long, value_name = "MEASURE=NUMBER")]
    what_if: Vec<WhatIf>,
    /// Format of the answer
    #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
    format: OutputFormat,
}

pub(super) async fn execute(args: Args, context: &mut Context<'_>) -> Result<()> {
    let Args { run, person, topic, profile, what_if, format } = args;
    let run = run.open(&context.engine).await?;
    if let Some(topic) = topic {
        let explanation = explain_topic(&run, &person, &topic).await?;
        return context.answer_about(run.notes(), format, &explanation, topic_page::page);
    }
    let options = ExplainOptions { profile, what_if };
    let explanation = explain_score(&run, &person, &options).await?;
    context.answer_about(run.notes(), format, &explanation, page::page)
}

/// What to explain of a score.
#[derive(Clone, Debug)]
pub struct ExplainOptions {
    /// Name of the profile.
    pub profile: String,
    /// Measures with other values than they have.
    pub what_if: Vec<WhatIf>,
}

impl Default for ExplainOptions {
    fn default() -> Self {
        Self { profile: STANDARD.to_owned(), what_if: vec![] }
    }
}

/// Explains the score of the person that `wanted` names in a run: a person id, an account as `network:account_id`, the bare
/// id of an account, or a display name; the first of these that matches decides.
///
/// # Errors
/// [`crate::error::Kind::Usage`] if several people are meant or there is no such profile, [`crate::error::Kind::BadInput`]
/// if no one is or a file cannot be read, [`crate::error::Kind::Unavailable`] if the store does not answer.
pub async fn explain_score(
    run: &Run,
    wanted: &str,
    options: &ExplainOptions,
) -> Result<Explanation> {
    let ExplainOptions { profile, what_if: what_ifs } = options;
    let person = run.person(wanted).await?;
    let id = person.person_id.as_str();
    let score = run.score(id, profile).await?;
    let record = run.record().await?;
    let windows = record.windows();
    let measures = measures::of_person(&run.measures().await?, id, &windows).await?;
    // A run of an earlier version has neither.
    let (mut contributions, mut changes) = (vec![], vec![]);
    if run.has("contributions") {
        let rows = of_person(id).and(of_profile(profile));
        let order = ascending(&["network", "measure"]);
        contributions = run.rows(|all| all.filter(rows)?.sort(order)).await?;
        if profile == STANDARD {
            changes =
                run.rows(|all| all.filter(of_person(id))?.sort(ascending(&["cause"]))).await?;
        }
    }
    let (mut what_if, mut suggestions) = (vec![], vec![]);
    if !contributions.is_empty() || !what_ifs.is_empty() {
        let published = record.profile(profile);
        let published = published.ok_or_else(|| no_forecast(profile, &score))?;
        what_if = what_if::what_if(&published, &measures, what_ifs)?;
        suggestions = what_if::suggestions(&published, &measures);
    }
    let unknown = unknown::unknown(&person, &score, &measures);
    let coverage = match record.profile(profile) {
        Some(published) => coverage::of_networks(&record, &published, &person.networks),
        None => vec![],
    };
    Ok(Explanation {
        commit: run.commit().number,
        snapshot_date: run.commit().snapshot_date,
        run_id: run.commit().run_id.clone(),
        profile: profile.clone(),
        forecast: record.forecast_in_words(profile, "", run.commit().horizon_hours),
        score,
        contributions,
        changes,
        what_if,
        suggestions,
        coverage,
        credit: credit::of_person_on_networks(run, id, &measures).await?,
        measures,
        influencers: neighbours(run, id, Direction::Influencers).await?,
        influenced: neighbours(run, id, Direction::Influenced).await?,
        unknown,
        windows,
        person,
    })
}

fn no_forecast(profile: &str, score: &ScoreRow) -> Error {
    Error::bad_input(
        format!(
            "the run does not hold the forecast of profile `{profile}`, method `{}`",
            score.method_version
        ),
        "use the version of renown that wrote it",
    )
}

/// The other end of an edge.
#[derive(Clone, Copy, PartialEq)]
enum Direction {
    Influencers,
    Influenced,
}

/// The people that the person influences or is influenced by, the strongest first.
async fn neighbours(run: &Run, id: &str, direction: Direction) -> Result<Vec<Neighbour>> {
    let (here, there) = match direction {
        Direction::Influencers => ("influenced_id", "influencer_id"),
        Direction::Influenced => ("influencer_id", "influenced_id"),
    };
    let order = vec![
        ident("attention").sort(false, false),
        ident("network").sort(true, false),
        ident(there).sort(true, false),
    ];
    let edges: Vec<EdgeRow> = run
        .rows(|all| all.filter(ident(here).eq(lit(id)))?.sort(order)?.limit(0, Some(NEIGHBOURS)))
        .await?;
    let neighbour = |edge: EdgeRow| Neighbour {
        network: edge.network,
        person_id: match direction {
            Direction::Influencers => edge.influencer_id,
            Direction::Influenced => edge.influenced_id,
        },
        display_name: None,
        attention: edge.attention,
        attention_share: edge.attention_share,
        audience_share: edge.audience_share,
    };
    let mut neighbours: Vec<Neighbour> = edges.into_iter().map(neighbour).collect();
    let names = run.names(neighbours.iter().map(|n| n.person_id.as_str())).await?;
    for neighbour in &mut neighbours {
        neighbour.display_name = names.get(&neighbour.person_id).cloned();
    }
    Ok(neighbours)
}
