//! The people at the top of a published run, of all or on a topic.

mod on_topic;

use comfy_table::{CellAlignment, ColumnConstraint, Table};
use datafusion::common::JoinType;
use datafusion::dataframe::DataFrame;
use datafusion::functions_nested::expr_fn::array_has;
use datafusion::prelude::{ident, lit};

use crate::commands::bars::Bars;
use crate::error::{Result, printable};
use crate::published::lookup::names;
use crate::published::rows::ScoreRow;
use crate::published::run::scores_of;
use crate::published::table::{Queried, highest_first, planned, rows};
pub use on_topic::{OnTopic, TopicList, on_topic, render_on_topic};

/// Characters of the longest bar.
const BAR_WIDTH: usize = 10;

/// Which people are listed.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Country, as in `people`.
    pub country: Option<String>,
    /// Language, as in `people`.
    pub language: Option<String>,
    /// A network that they have an account on.
    pub network: Option<String>,
    /// Minimum score: on the topic, if one is named.
    pub min_score: Option<f64>,
}

impl Filter {
    /// Ids, as the column `id`, of those in a table `people` who pass the filter.
    fn people(&self, people: DataFrame) -> Queried {
        let mut kept = people;
        for (column, wanted) in [("country", &self.country), ("language", &self.language)] {
            if let Some(wanted) = wanted {
                kept = kept.filter(ident(column).eq(lit(wanted.as_str())))?;
            }
        }
        if let Some(network) = &self.network {
            kept = kept.filter(array_has(ident("networks"), lit(network.as_str())))?;
        }
        kept.select(vec![ident("person_id").alias("id")])
    }

    /// The `limit` highest `scores` of the people who pass the filter; of equals the lower id first.
    fn highest(&self, people: DataFrame, scores: DataFrame, limit: usize) -> Result<DataFrame> {
        let people = planned("people", self.people(people))?;
        let scores = match self.min_score {
            Some(min_score) => scores.filter(ident("score").gt_eq(lit(min_score))),
            None => Ok(scores),
        };
        let highest = scores
            .and_then(|own| own.join(people, JoinType::LeftSemi, &["person_id"], &["id"], None))
            .and_then(|own| own.sort(highest_first()))
            .and_then(|own| own.limit(0, Some(limit)));
        planned("scores", highest)
    }
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct TopPerson {
    /// Display name, or the person's id where there is none.
    pub name: String,
    /// The score.
    pub score: ScoreRow,
}

/// The `limit` people with the highest scores under a profile who pass the filter, by the tables `people` and `scores`; of
/// equals the lower id first.
///
/// # Errors
/// [`crate::error::Kind::Usage`] if there is no such profile, [`crate::error::Kind::BadInput`] or
/// [`crate::error::Kind::Unavailable`] if the tables cannot be read.
pub async fn top(
    people: DataFrame,
    scores: DataFrame,
    profile: &str,
    filter: &Filter,
    limit: usize,
) -> Result<Vec<TopPerson>> {
    let scores = scores_of(scores, profile).await?;
    let highest: Vec<ScoreRow> = rows(filter.highest(people.clone(), scores, limit)?).await?;
    let names = names(people, highest.iter().map(|score| score.person_id.as_str())).await?;
    let named = |score: ScoreRow| {
        let name = names.get(&score.person_id).unwrap_or(&score.person_id);
        TopPerson { name: printable(name), score }
    };
    Ok(highest.into_iter().map(named).collect())
}

/// The list as a table for people to read, with a bar at each score if bars are to be drawn.
pub fn render(people: &[TopPerson], bars: Option<Bars>) -> String {
    let bar = bar(bars, people.iter().map(|p| p.score.score));
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table.set_header([
        "",
        "name",
        "forecast people",
        "percentile",
        "score",
        "",
        "90 % interval",
        "true reach",
        "amplification",
        "network",
    ]);
    let number = |x: Option<f64>| x.map_or("–".to_owned(), |x| format!("{x:.0}"));
    for (position, TopPerson { name, score }) in (1..).zip(people) {
        let interval = score.score_low.zip(score.score_high);
        table.add_row([
            format!("{position}"),
            name.clone(),
            format!("{:.1}", score.expected_reactors),
            format!("{:.1}", score.percentile),
            format!("{:.1}", score.score),
            bar(score.score),
            interval.map_or("–".to_owned(), |(low, high)| format!("{low:.1}–{high:.1}")),
            number(Some(score.true_reach)),
            number(score.amplification),
            number(score.network_score),
        ]);
    }
    arrange(&mut table, &[1], 5, bars);
    table.to_string()
}

/// Draws a bar of a score, of which the highest has the longest.
fn bar(bars: Option<Bars>, scores: impl Iterator<Item = f64>) -> impl Fn(f64) -> String {
    let highest = scores.fold(1.0, f64::max);
    move |score| bars.map_or(String::new(), |bars| bars.draw(score / highest, BAR_WIDTH))
}

/// Aligns all columns but some of texts and that of the bars, which is not there without bars.
fn arrange(table: &mut Table, texts: &[usize], of_bars: usize, bars: Option<Bars>) {
    for (at, column) in table.column_iter_mut().enumerate() {
        if at == of_bars && bars.is_none() {
            column.set_constraint(ColumnConstraint::Hidden);
        } else if at != of_bars && !texts.contains(&at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}
