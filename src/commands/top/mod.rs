//! The people at the top of a published run, of all or on a topic.

mod on_topic;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Float64Type;
use comfy_table::{CellAlignment, ColumnConstraint, Table};
use datafusion::common::JoinType;
use datafusion::dataframe::DataFrame;
use datafusion::functions_nested::expr_fn::array_has;
use datafusion::prelude::{ident, lit};
use url::Url;

use crate::commands::bars::Bars;
use crate::engine::Engine;
use crate::error::{Error, Kind, Result, printable};
use crate::method::profile::STANDARD;
use crate::publish::commit::Commit;
use crate::published::{rows, table};
pub use on_topic::{OnTopic, TopicList, on_topic, render_on_topic};

/// Places of the longest bar.
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
    /// Least score: on the topic, if one is asked for.
    pub min_score: Option<f64>,
}

impl Filter {
    /// Those of a table `people` that are meant, with the columns `id` and `display_name`.
    fn people(&self, people: DataFrame) -> Result<DataFrame> {
        let plan = |e| Error::engine("reading the table `people`", e);
        let mut kept = people;
        for (column, wanted) in [("country", &self.country), ("language", &self.language)] {
            if let Some(wanted) = wanted {
                kept = kept.filter(ident(column).eq(lit(wanted.as_str()))).map_err(plan)?;
            }
        }
        if let Some(network) = &self.network {
            let on_it = array_has(ident("networks"), lit(network.as_str()));
            kept = kept.filter(on_it).map_err(plan)?;
        }
        kept.select(vec![ident("person_id").alias("id"), ident("display_name")]).map_err(plan)
    }

    /// The `most` highest `scores` of the people that are meant, with their names; of equals the lower id first.
    fn highest(&self, people: DataFrame, scores: DataFrame, most: usize) -> Result<DataFrame> {
        let plan = |e| Error::engine("reading the scores", e);
        let order = [("expected_reactors", false), ("person_id", true)];
        let order = order.map(|(column, rising)| ident(column).sort(rising, false));
        let scores = match self.min_score {
            Some(least) => scores.filter(ident("score").gt_eq(lit(least))).map_err(plan)?,
            None => scores,
        };
        scores
            .join(self.people(people)?, JoinType::Inner, &["person_id"], &["id"], None)
            .and_then(|scores| scores.sort(order.into()))
            .and_then(|scores| scores.limit(0, Some(most)))
            .map_err(plan)
    }
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// Display name, or the person's id where there is none.
    pub name: String,
    /// Expected people in the horizon.
    pub expected_reactors: f64,
    /// Percentile among everyone scored.
    pub percentile: f64,
    /// Score, 1 to 100.
    pub score: f64,
    /// Ends of its 90 % interval; none in runs of earlier versions.
    pub interval: Option<(f64, f64)>,
    /// True Reach, in people.
    pub true_reach: f64,
    /// Amplification, 0 to 100.
    pub amplification: Option<f64>,
    /// Network, 0 to 100.
    pub network_score: Option<f64>,
}

/// The tables `people` and `scores` of a committed run below `output`.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] or [`crate::error::Kind::Unavailable`] if its files cannot be read.
pub async fn committed(
    engine: &Engine,
    output: &Url,
    commit: &Commit,
) -> Result<(DataFrame, DataFrame)> {
    let people = table(engine, output, commit, "people").await?;
    Ok((people, table(engine, output, commit, "scores").await?))
}

/// The `most` highest scored people of those meant under a profile, by the tables `people` and `scores`; of equals the
/// lower id first.
///
/// # Errors
/// [`Kind::Usage`] if there is no such profile, else as [`Error::engine`] if the tables cannot be read.
pub async fn top(
    people: DataFrame,
    scores: DataFrame,
    profile: &str,
    filter: &Filter,
    most: usize,
) -> Result<Vec<Person>> {
    let scores = of_profile(scores, profile).await?;
    let highest = filter.highest(people, scores, most)?;
    let rows = highest.collect().await.map_err(|e| Error::engine("reading the scores", e))?;
    rows.iter().map(persons).collect::<Result<Vec<_>>>().map(|p| p.into_iter().flatten().collect())
}

/// The scores under a profile.
///
/// # Errors
/// [`Kind::Usage`] if there is no such profile.
pub(crate) async fn of_profile(scores: DataFrame, profile: &str) -> Result<DataFrame> {
    let plan = |e| Error::engine("reading the scores", e);
    let own = scores.clone().filter(ident("profile").eq(lit(profile))).map_err(plan)?;
    let first = own.clone().limit(0, Some(1)).map_err(plan)?;
    let none = rows("reading the scores", first).await?.is_empty();
    if none && profile != STANDARD {
        return Err(no_profile(profile));
    }
    Ok(own)
}

/// What is said of a profile that a run does not have.
pub(crate) fn no_profile(profile: &str) -> Error {
    Error::new(
        Kind::Usage,
        format!("the run has no scores of a profile `{profile}`"),
        "name a profile of the job, or leave --profile out",
    )
}

fn persons(rows: &RecordBatch) -> Result<Vec<Person>> {
    let number = |name: &str| {
        rows.column_by_name(name)
            .and_then(|c| c.as_primitive_opt::<Float64Type>())
            .ok_or_else(|| Error::internal(format!("column `{name}` is no number")))
    };
    let text = |name: &str| {
        rows.column_by_name(name)
            .and_then(|c| c.as_string_opt::<i32>())
            .ok_or_else(|| Error::internal(format!("column `{name}` is no text")))
    };
    let (ids, names) = (text("person_id")?, text("display_name")?);
    let (expected, percentile) = (number("expected_reactors")?, number("percentile")?);
    let (score, reach) = (number("score")?, number("true_reach")?);
    let (amplification, network) = (number("amplification")?, number("network_score")?);
    let ends = number("score_low").ok().zip(number("score_high").ok());
    let optional =
        |column: &arrow::array::Float64Array, row| column.is_valid(row).then(|| column.value(row));
    Ok((0..rows.num_rows())
        .map(|row| Person {
            name: printable(if names.is_valid(row) { names.value(row) } else { ids.value(row) }),
            expected_reactors: expected.value(row),
            percentile: percentile.value(row),
            score: score.value(row),
            interval: ends.map(|(low, high)| (low.value(row), high.value(row))),
            true_reach: reach.value(row),
            amplification: optional(amplification, row),
            network_score: optional(network, row),
        })
        .collect())
}

/// The list as a table for people to read, with a bar beside each score if bars are to be drawn.
pub fn render(people: &[Person], bars: Option<Bars>) -> String {
    let bar = bar(bars, people.iter().map(|p| p.score));
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table.set_header([
        "",
        "name",
        "expected people",
        "percentile",
        "score",
        "",
        "90 % interval",
        "true reach",
        "amplification",
        "network",
    ]);
    let number = |x: Option<f64>| x.map_or("–".to_owned(), |x| format!("{x:.0}"));
    for (place, p) in people.iter().enumerate() {
        table.add_row([
            (place + 1).to_string(),
            p.name.clone(),
            format!("{:.1}", p.expected_reactors),
            format!("{:.1}", p.percentile),
            format!("{:.1}", p.score),
            bar(p.score),
            p.interval.map_or("–".to_owned(), |(low, high)| format!("{low:.1}–{high:.1}")),
            number(Some(p.true_reach)),
            number(p.amplification),
            number(p.network_score),
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
