//! One person of a published run: the score, what it is made of, the measures, the influence and what is unknown.

mod explanation;
mod measures;
mod missing;
mod page;
mod topic;
mod what_if;

use datafusion::prelude::{ident, lit};

pub use explanation::{Alternative, Explanation, Neighbour, PersonMeasure, TopicExplanation};
pub use page::render;
pub(crate) use page::{align_right, number, plain, signed};
pub use topic::{explain_topic, render_topic};
pub use what_if::WhatIf;

use crate::error::{Error, Result};
use crate::method::profile::STANDARD;
use crate::published::Run;
use crate::published::rows::{EdgeRow, ScoreRow};
use crate::published::table::{ascending, of_person, of_profile};

/// Maximum number of people named in either direction of influence.
const NEIGHBOURS: usize = 10;

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

/// Explains the score of the person whom `wanted` names in a run: a person id, an account as `network:account_id`, the bare
/// id of an account, or a display name; the first of these that matches decides.
///
/// # Errors
/// [`crate::error::Kind::Usage`] if several people are meant or there is no such profile, [`crate::error::Kind::BadInput`]
/// if nobody is or a file cannot be read, [`crate::error::Kind::Unavailable`] if the store does not answer.
pub async fn explain(run: &Run, wanted: &str, options: &ExplainOptions) -> Result<Explanation> {
    let ExplainOptions { profile, what_if: what_ifs } = options;
    let person = run.person(wanted).await?;
    let id = person.person_id.as_str();
    let score = run.score(id, profile).await?;
    let measures = measures::of_person(&run.measures().await?, id).await?;
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
        let published = run.record().await?.profile(profile);
        let published = published.ok_or_else(|| no_forecast(profile, &score))?;
        what_if = what_if::what_if(&published, &measures, what_ifs)?;
        suggestions = what_if::suggestions(&published, &measures);
    }
    let missing = missing::missing(&person, &score, &measures);
    Ok(Explanation {
        commit: run.commit().number,
        snapshot_date: run.commit().snapshot_date,
        run_id: run.commit().run_id.clone(),
        profile: profile.clone(),
        score,
        contributions,
        changes,
        what_if,
        suggestions,
        measures,
        influencers: neighbours(run, id, Direction::Influencers).await?,
        influenced: neighbours(run, id, Direction::Influenced).await?,
        missing,
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

/// Which end of an edge is asked for.
#[derive(Clone, Copy, PartialEq)]
enum Direction {
    Influencers,
    Influenced,
}

/// Whom the person influences or is influenced by, the strongest first.
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
