//! Every measure of a person, and where its value lies on the network.

use super::explanation::PersonMeasure;
use crate::error::Result;
use crate::published::describe::Windows;
use crate::published::measures::{MeasureRow, Measures};
use crate::schema::{self, CUSTOM_MEASURE, Direction};
use renown_stats::quantiles::{median, percentile_rank};

/// The measures of the person `id`, in order of network and contract.
pub(super) async fn of_person(
    table: &Measures,
    id: &str,
    windows: &Windows,
) -> Result<Vec<PersonMeasure>> {
    let contract = schema::table(Direction::Output, "measures")?;
    let declared = contract.columns.iter().filter(|column| column.measure.is_some());
    let declared = declared.map(|c| (c.name.as_str(), c.unit.as_str(), c.meaning.as_str()));
    let stated = table.columns().into_iter().filter(|name| name.starts_with(CUSTOM_MEASURE));
    let stated = stated.map(|name| (name, "", "As `accounts` states it."));
    // A run of an earlier version may lack a measure.
    let described: Vec<(&str, &str, &str)> =
        declared.filter(|(name, ..)| table.has(name)).chain(stated).collect();
    let names: Vec<&str> = described.iter().map(|(name, ..)| *name).collect();
    let mut networks: Vec<(String, Vec<Option<f64>>)> = vec![];
    let see = |row: MeasureRow<'_>| networks.push((row.network.to_owned(), row.values));
    table.each(&names, Some(id), see).await?;
    networks.sort_by(|one, other| one.0.cmp(&other.0));
    let mut measures = Vec::new();
    for (network, values) in networks {
        for ((name, unit, meaning), value) in described.iter().zip(values) {
            // One column at a time is in memory.
            let all = table.on_network(name, &network).await?;
            let mut all: Vec<f64> = all.into_iter().map(|other| comparable(name, other)).collect();
            all.sort_unstable_by(f64::total_cmp);
            measures.push(PersonMeasure {
                network: network.clone(),
                name: (*name).to_owned(),
                value,
                median: median(&all),
                percentile: value.map(|value| percentile_rank(&all, comparable(name, value))),
                people: all.len(),
                unit: (*unit).to_owned(),
                meaning: windows.meaning(meaning),
            });
        }
    }
    Ok(measures)
}

/// PageRank is compared rounded to 32 bits, as for `pagerank_percentile`: equal positions differ by rounding.
fn comparable(measure: &str, value: f64) -> f64 {
    if measure == "pagerank" { f64::from(value as f32) } else { value }
}
