//! The run before, as far as changes are told from it: of the people who are scored now, and of nobody else.

use std::collections::BTreeMap;

use arrow::array::{AsArray, Float64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Float64Type};
use chrono::NaiveDate;
use datafusion::dataframe::DataFrame;
use datafusion::prelude::{cast, ident, lit};
use url::Url;

use crate::engine::{self, Engine};
use crate::error::{Error, Result};
use crate::method::profile::STANDARD;
use crate::method::{Forecast, Method};
use crate::model::{Persons, Previous};
use crate::publish::commit::{self, Commit};
use crate::published::{rows, table};
use crate::renamed;

/// What was published of `persons` for the newest day before `day` that has a run below `output`. `None` if there is
/// none, if its files are gone or if it is of a version that wrote less.
///
/// # Errors
/// [`crate::error::Kind::Unavailable`] if the store does not answer, [`crate::error::Kind::BadInput`] if a file is
/// damaged.
pub async fn previous(
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
    if !commit::intact(&engine.stores, output, &commit).await? {
        return Ok(None);
    }
    let Some(method) = method(engine, output, &commit).await? else { return Ok(None) };
    let measures = table(engine, output, &commit, "measures").await?;
    let has = |name: &str| measures.schema().has_column_with_unqualified_name(name);
    if !has("is_trusted") {
        return Ok(None);
    }
    let used = forecast.terms.iter().map(|term| term.measure.as_str()).filter(|name| has(name));
    let used: Vec<&str> = used.collect();
    let n = persons.vertices();
    let mut known: BTreeMap<String, Vec<Option<f64>>> =
        used.iter().map(|name| ((*name).to_owned(), vec![None; n])).collect();
    let (mut existed, mut trusted) = (vec![false; n], vec![false; n]);
    for batch in
        numbers(measures, &["network", "person_id"], &[&used[..], &["is_trusted"]].concat()).await?
    {
        let vertices = vertices(persons, &batch)?;
        for (name, values) in &mut known {
            place(&vertices, float(&batch, name)?, values);
        }
        for (vertex, own) in vertices.iter().zip(float(&batch, "is_trusted")?) {
            if let Some(vertex) = vertex {
                existed[*vertex] = true;
                trusted[*vertex] = own == Some(1.0);
            }
        }
    }
    Ok(Some(Previous {
        commit: commit.number,
        day: before,
        method,
        scores: scores(engine, output, &commit, persons).await?,
        existed,
        trusted,
        measures: known,
    }))
}

/// The method of a run; `None` if its table `runs` does not hold it.
async fn method(engine: &Engine, output: &Url, commit: &Commit) -> Result<Option<Method>> {
    let runs = table(engine, output, commit, "runs").await?;
    let runs = rows("reading the table `runs`", runs).await?;
    let text = runs.first().and_then(|row| row.get("method")?.as_str());
    let method = text.and_then(|text| serde_json::from_str(text).ok());
    Ok(method.and_then(|mut method| {
        renamed::update_method(&mut method);
        serde_json::from_value(method).ok()
    }))
}

async fn scores(
    engine: &Engine,
    output: &Url,
    commit: &Commit,
    persons: &Persons,
) -> Result<Vec<Option<f64>>> {
    let what = "reading the table `scores`";
    let scores = table(engine, output, commit, "scores").await?;
    let scores = scores.filter(ident("profile").eq(lit(STANDARD)));
    let scores = scores.map_err(|e| Error::engine(what, e))?;
    let mut all = vec![None; persons.len()];
    for batch in numbers(scores, &["person_id"], &["score"]).await? {
        let people = text(&batch, "person_id")?;
        let people: Vec<Option<usize>> =
            people.iter().map(|id| person(persons, id.unwrap_or_default())).collect();
        place(&people, float(&batch, "score")?, &mut all);
    }
    Ok(all)
}

/// Batches with some columns of text as they are and others as numbers.
async fn numbers(frame: DataFrame, texts: &[&str], numbers: &[&str]) -> Result<Vec<RecordBatch>> {
    let what = "reading the run before";
    let mut columns: Vec<_> =
        texts.iter().map(|name| cast(ident(*name), DataType::Utf8).alias(*name)).collect();
    columns.extend(numbers.iter().map(|name| cast(ident(*name), DataType::Float64).alias(*name)));
    let frame = frame.select(columns).map_err(|e| Error::engine(what, e))?;
    engine::batches(what, frame).await
}

/// Puts each value at its place, if it has one.
fn place(places: &[Option<usize>], values: &Float64Array, to: &mut [Option<f64>]) {
    for (place, value) in places.iter().zip(values) {
        if let Some(place) = place {
            to[*place] = value;
        }
    }
}

fn text<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a StringArray> {
    let column = batch.column_by_name(name).and_then(|column| column.as_string_opt());
    column.ok_or_else(|| Error::internal(format!("column `{name}` is no text")))
}

fn float<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a Float64Array> {
    let column = batch.column_by_name(name).and_then(|c| c.as_primitive_opt::<Float64Type>());
    column.ok_or_else(|| Error::internal(format!("column `{name}` is no number")))
}

/// The vertex of each row, if its person is scored on its network now.
fn vertices(persons: &Persons, batch: &RecordBatch) -> Result<Vec<Option<usize>>> {
    let vertex = |(name, id): (Option<&str>, Option<&str>)| {
        let name = name?;
        let network = persons.networks.binary_search_by(|own| own.as_str().cmp(name)).ok()?;
        let range = persons.network(network);
        let person = person(persons, id?)? as u32;
        let of_network = &persons.vertex_persons[range.clone()];
        of_network.binary_search(&person).ok().map(|at| range.start + at)
    };
    Ok(text(batch, "network")?.iter().zip(text(batch, "person_id")?).map(vertex).collect())
}

/// The number of the person `id`, if it is scored now.
fn person(persons: &Persons, id: &str) -> Option<usize> {
    let (mut low, mut high) = (0, persons.len());
    while low < high {
        let middle = low + (high - low) / 2;
        match persons.ids.value(middle).cmp(id) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => return Some(middle),
        }
    }
    None
}
