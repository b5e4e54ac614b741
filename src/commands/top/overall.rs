//! The people with the highest scores.

use datafusion::dataframe::DataFrame;
use datafusion::functions_nested::expr_fn::array_has;
use datafusion::prelude::{ident, lit};

use super::filter::Filter;
use crate::commands::text_bars::Bars;
use crate::commands::text_table::{
    UNKNOWN, align_right, bar, forecast_people, headed, hide, interval,
};
use crate::engine::count_rows;
use crate::error::{Result, printable_name};
use crate::number_format::{count, counted, fixed};
use crate::published::Run;
use crate::published::lookup::names;
use crate::published::rows::ScoreRow;
use crate::published::run::scores_of;
use crate::published::table::{of_profile, planned, rows};

/// Flags of scores that say how far the forecast can be relied on: what the method learnt and what came along, and what the data lack.
const OF_FORECAST: [(&str, &str); 6] = [
    (
        "trust_none",
        "on a network of theirs everybody counts whole, because the method was not fitted to it, or found too little history or \
         too few long-standing people there",
    ),
    (
        "method_not_fitted",
        "neither slopes nor level of the forecast were learnt from these data, so that its level may be off by a factor; \
         `renown fit` learns them",
    ),
    (
        "default_slopes",
        "the level of the forecast was learnt from the data; how much each measure tells came along from other networks",
    ),
    (
        "untrusted_measures",
        "the forecast has measures that count everybody, although trust decides who counts on a network of theirs: it can be bought",
    ),
    (
        "short_history",
        "the data of a network of theirs cover less than one horizon: sums are scaled up from few days, and neither forecast nor \
         interval knows it; `renown explain` says how many",
    ),
    (
        "exceeds_network",
        "the forecast is larger than the number of other people who appear on a network of theirs",
    ),
];
/// Characters of the longest bar.
pub(super) const BAR_WIDTH: usize = 10;

/// One line of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct TopPerson {
    /// Display name, or the person's id where there is none.
    pub name: String,
    /// The score.
    pub score: ScoreRow,
}

/// The `limit` people with the highest scores under a profile who pass the filter, by the tables `people` and `scores`; of
/// equal ones the lower id first.
///
/// # Errors
/// [`crate::error::Kind::Usage`] if there is no such profile, [`crate::error::Kind::BadInput`] or
/// [`crate::error::Kind::Unavailable`] if the tables cannot be read.
pub async fn highest(
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
        TopPerson { name: printable_name(name), score }
    };
    Ok(highest.into_iter().map(named).collect())
}

/// The page about a published run: the people, and where the tables are.
///
/// # Errors
/// As [`highest`].
pub(crate) async fn page(
    run: &Run,
    profile: &str,
    filter: &Filter,
    limit: usize,
    bars: Option<Bars>,
) -> Result<String> {
    let (people, scores) = (run.table("people").await?, run.table("scores").await?);
    let people = highest(people, scores.clone(), profile, filter, limit).await?;
    let commit = run.commit();
    let mut page = format!(
        "top {} of {} people on {}; forecast: {}\n{}\n",
        count(people.len() as u64),
        count(commit.tables.get("people").map_or(0, |table| table.rows)),
        commit.snapshot_date,
        run.record().await?.forecast_in_words(profile, "", commit.horizon_hours),
        people_table(&people, bars),
    );
    page += &flags(scores, profile).await?;
    page += &format!("\ntables: {}\n", run.output());
    for (name, table) in &commit.tables {
        for file in &table.files {
            page += &format!("  {name:<16} {:>9} rows  {}\n", count(table.rows), file.path);
        }
    }
    page += &format!("  commit {} (run {})\n", commit.number, commit.run_id);
    Ok(page)
}

/// A line for each flag that says how far the forecast can be relied on, with how many of the `scores` under a profile have it.
///
/// # Errors
/// As [`highest`].
pub(crate) async fn flags(scores: DataFrame, profile: &str) -> Result<String> {
    let scores = planned("scores", scores.filter(of_profile(profile)))?;
    let of_flag = |flag: &str| {
        let flagged = scores.clone().filter(array_has(ident("flags"), lit(flag)));
        planned("scores", flagged)
    };
    let mut lines = String::new();
    for (flag, meaning) in OF_FORECAST {
        let people = count_rows("counting flags of scores", of_flag(flag)?).await?;
        if people > 0 {
            let people = counted(people, "person", "people");
            lines += &format!("\n{flag} ({people}): {meaning}\n");
        }
    }
    Ok(lines)
}

/// The people as a table of text, with a bar for each score if bars are to be drawn.
pub fn people_table(people: &[TopPerson], bars: Option<Bars>) -> String {
    let largest = people.iter().map(|person| person.score.score).fold(1.0, f64::max);
    let mut table = headed(&[
        "",
        "name",
        "forecast (people)",
        "percentile",
        "score",
        "",
        "90 % prediction interval",
        "true reach",
        "amplification",
        "network",
    ]);
    let whole = |value: Option<f64>| {
        value.map_or_else(|| UNKNOWN.to_owned(), |value| count(libm::round(value) as u64))
    };
    for (position, TopPerson { name, score }) in (1..).zip(people) {
        table.add_row([
            format!("{position}"),
            match score.flags.iter().any(|flag| flag == "disputed") {
                true => format!("{name} (disputed)"),
                false => name.clone(),
            },
            forecast_people(score.expected_reactors),
            fixed(score.percentile, 1),
            fixed(score.score, 1),
            bar(bars, score.score, largest, BAR_WIDTH),
            interval(score.score_low.zip(score.score_high), 1),
            whole(Some(score.true_reach)),
            whole(score.amplification),
            whole(score.network_score),
        ]);
    }
    align_right(&mut table, &[0, 2, 3, 4, 6, 7, 8, 9]);
    if bars.is_none() {
        hide(&mut table, 5);
    }
    table.to_string()
}
