//! The previous run, as far as changes are explained against it: of the people who are scored now, and of nobody else.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use url::Url;

use super::measures::MeasureRow;
use super::rows::ScoreOrder;
use super::run::Run;
use super::table::of_profile;
use crate::engine::Engine;
use crate::error::Result;
use crate::method::Forecast;
use crate::method::profile::STANDARD;
use crate::model::{NetworkIndex, PersonIndex, Persons, Previous, VertexIndex};
use crate::publish::commit;
use crate::publish::log::RunLog;

/// The measure of trust that is carried over.
const VOUCHES: &str = "vouches";

/// What was published of `persons` for the newest day before `day` that has a run below `output`. `None` if there is
/// none, if its files are gone or if it is of a version that wrote less.
///
/// # Errors
/// [`crate::error::Kind::Unavailable`] if the store does not answer, [`crate::error::Kind::BadInput`] if a file is
/// damaged.
pub async fn read(
    engine: &Engine,
    output: &Url,
    day: NaiveDate,
    persons: &Persons,
    forecast: &Forecast,
) -> Result<Option<Previous>> {
    let newest = commit::newest(&engine.stores, output).await?;
    let before = newest.and_then(|newest| newest.before(day));
    let Some((before, _)) = before else { return Ok(None) };
    let Some(commit) = commit::in_force(&engine.stores, output, Some(before)).await? else {
        return Ok(None);
    };
    // Of days that are kept no longer, changes are not explained; a file with other bytes is refused when it is read.
    if !commit::complete(&engine.stores, output, &commit).await? {
        return Ok(None);
    }
    let run = Run::open(engine, output, &commit)?;
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
    let log = run.log::<RunLog>().await?;
    let (checks, joins) = log.map(|log| (log.figures, log.notes.joins)).unzip();
    Ok(Some(Previous {
        commit: commit.number,
        day: before,
        method,
        scores,
        existed,
        vouches: has_vouches.then_some(vouches),
        has_all_measures,
        measures,
        people: scored,
        lost,
        excluded,
        checks: checks.unwrap_or_default(),
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
