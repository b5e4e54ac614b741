//! The previous run, as far as changes are explained against it: of the people who are scored now, and of nobody else.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::measures::MeasureRow;
use super::rows::ScoreOrder;
use super::table::of_profile;
use super::tenures::EarlierRuns;
use crate::error::Result;
use crate::method::Forecast;
use crate::method::profile::STANDARD;
use crate::model::{
    JoinRate, LoggedCheck, NetworkIndex, PersonIndex, Persons, Previous, VertexIndex,
};

/// The measure of trust that is carried over.
const VOUCHES: &str = "vouches";

/// The part of a log by which the next run is judged; a run of an earlier version has none.
#[derive(Default, Deserialize)]
struct JudgedBy {
    #[serde(default)]
    figures: Vec<LoggedCheck>,
    #[serde(default)]
    joins: Option<BTreeMap<String, JoinRate>>,
}

/// What the last of the `earlier` runs published of `persons`. `None` if there is none with all of its files, or if it is of a
/// version that wrote less.
///
/// # Errors
/// [`crate::error::Kind::Unavailable`] if the store does not answer, [`crate::error::Kind::BadInput`] if a file is
/// damaged.
pub async fn read(
    earlier: &EarlierRuns<'_>,
    persons: &Persons,
    forecast: &Forecast,
) -> Result<Option<Previous>> {
    let Some(run) = earlier.last_whole().await? else { return Ok(None) };
    let Some(method) = run.record().await?.method() else { return Ok(None) };
    let table = run.measures().await?;
    let terms = forecast.terms.iter().map(|term| term.measure.as_str());
    let used: Vec<&str> = terms.filter(|name| table.has(name)).collect();
    let has_all_measures = used.len() == forecast.terms.len();
    let n = persons.vertices();
    let mut measures = vec![vec![None; n]; used.len()];
    let (mut existed, mut vouches) = (vec![false; n], vec![None; n]);
    let has_vouches = table.has(VOUCHES);
    let of_trust: &[&str] = if has_vouches { &[VOUCHES] } else { &[] };
    let see = |row: MeasureRow<'_>| {
        let Some(vertex) = find_vertex(persons, row.network, row.person_id) else { return };
        let vertex = vertex.index();
        existed[vertex] = true;
        for (measure, value) in measures.iter_mut().zip(&row.values) {
            measure[vertex] = *value;
        }
        if has_vouches {
            vouches[vertex] = row.values.last().copied().flatten();
        }
    };
    table.each(&[&used[..], of_trust].concat(), None, see).await?;
    let mut scores = vec![None; persons.len()];
    let (mut scored, mut lost, mut excluded) = (0, 0, 0);
    let see = |row: ScoreOrder<&str>| {
        scored += 1;
        match find_person(persons, row.person_id) {
            Some(person) => scores[person.index()] = Some(row.score),
            None => {
                lost += 1;
                excluded += u64::from(persons.ineligible.contains(row.person_id));
            }
        }
    };
    run.each::<ScoreOrder>(|scores| scores.filter(of_profile(STANDARD)), see).await?;
    let measures: BTreeMap<String, Vec<Option<f64>>> =
        used.into_iter().map(str::to_owned).zip(measures).collect();
    let JudgedBy { figures, joins } = run.log().await?.unwrap_or_default();
    Ok(Some(Previous {
        commit: run.commit().number,
        day: run.commit().snapshot_date,
        method,
        scores,
        existed,
        vouches: has_vouches.then_some(vouches),
        has_all_measures,
        measures,
        people: scored,
        lost,
        excluded,
        checks: figures,
        joins,
    }))
}

/// The vertex of a person on a network, if it is scored there now.
fn find_vertex(persons: &Persons, network: &str, id: &str) -> Option<VertexIndex> {
    let network = persons.networks.binary_search_by(|name| name.as_str().cmp(network)).ok()?;
    let range = persons.network(NetworkIndex::new(network));
    let on_network = &persons.vertex_persons[range.clone()];
    let at = on_network.binary_search(&find_person(persons, id)?).ok()?;
    Some(VertexIndex::new(range.start + at))
}

/// The person `id`, if it is scored now.
fn find_person(persons: &Persons, id: &str) -> Option<PersonIndex> {
    let (mut low, mut high) = (0, persons.len());
    while low < high {
        let middle = low + (high - low) / 2;
        match persons.ids.value(middle).cmp(id) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => return Some(PersonIndex::new(middle)),
        }
    }
    None
}
