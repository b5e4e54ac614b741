//! The ontology and the phrases of a job, from its inputs or bundled ones.

use arrow::array::{Array, AsArray, RecordBatch, StringViewArray};
use arrow::datatypes::Float64Type;
use datafusion::dataframe::DataFrame;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::columns::text;
use super::open_input::OpenInput;
use super::snapshot::Snapshot;
use super::violations::Violations;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::job::{Bundled, MissingColumns, Topics};
use crate::phrases::{Ontology, Topic, TopicPhrase, Vocabulary};
use crate::schema::{self, Direction};

/// The three tables of the bundled ontology.
const KLOUT_2018: [(&str, &[u8]); 3] = [
    ("topics", include_bytes!("../../jobs/ontologies/klout-2018/topics.parquet")),
    ("topic_edges", include_bytes!("../../jobs/ontologies/klout-2018/topic_edges.parquet")),
    ("topic_phrases", include_bytes!("../../jobs/ontologies/klout-2018/topic_phrases.parquet")),
];

/// Reads the ontology and its phrases. A job without posts does not use them, but its inputs are validated all the same.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] for topics that contradict themselves, edges to unknown topics, cycles,
/// phrases of unknown topics; [`crate::error::Kind::BadJob`] for changes of unknown topics.
pub async fn vocabulary(
    engine: &Engine,
    snapshot: &Snapshot,
    job: &Topics,
    violations: &mut Violations,
) -> Result<Vocabulary> {
    let inputs = snapshot.topics.as_ref().map(|topics| {
        let rest = [&snapshot.topic_edges, &snapshot.topic_phrases];
        let rest = rest.map(|table| table.as_ref().map(|input| input.frame.clone()));
        let [edges, phrases] = rest;
        [Some(topics.frame.clone()), edges, phrases]
    });
    let bundled = job.ontology.unwrap_or(Bundled::Klout2018) == Bundled::Klout2018;
    let [topics, edges, phrases] = match inputs {
        Some(inputs) => inputs,
        None if bundled && snapshot.posts.is_some() => {
            let [topics, edges, phrases] = KLOUT_2018;
            [
                Some(unpacked(engine, topics)?),
                Some(unpacked(engine, edges)?),
                Some(unpacked(engine, phrases)?),
            ]
        }
        None => [None, None, None],
    };
    let rows = async |name: &str, frame: Option<DataFrame>, key: &[&str]| match frame {
        Some(frame) => engine.sorted_rows(&format!("reading {name}"), frame, key).await.map(Some),
        None => Ok(None),
    };
    let topics = rows("topics", topics, &["topic_id"]).await?;
    let edges = rows("topic_edges", edges, &["topic_id", "parent_id"]).await?;
    let phrases = rows("topic_phrases", phrases, &["topic_id", "phrase", "language"]).await?;
    let ontology =
        ontology(topics.as_ref(), edges.as_ref())?.map_err(|all| violations.fail(all))?;
    let phrases = phrases.as_ref().map_or(Ok(vec![]), |rows| topic_phrases(rows, &ontology));
    let vocabulary = phrases.and_then(|phrases| Vocabulary::new(ontology, phrases, job));
    vocabulary.map_err(|violation| violations.fail(vec![violation]))
}

/// A bundled table, conformed to its contract.
fn unpacked(engine: &Engine, (name, bytes): (&str, &'static [u8])) -> Result<DataFrame> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from_static(bytes));
    let batches = reader.and_then(|reader| reader.build()).map_err(Error::internal)?;
    let batches = batches.collect::<std::result::Result<Vec<_>, _>>().map_err(Error::internal)?;
    let table = schema::table(Direction::Input, name)?;
    let (frame, origin) = (engine.frame(batches)?, format!("the bundled {name}"));
    let missing_columns = MissingColumns::default();
    let (closed, is_daily) = (true, false);
    OpenInput {
        table,
        frame,
        origin,
        closed,
        files: None,
        is_daily,
        daily_sources: vec![],
        missing_columns,
    }
    .conform()
}

fn optional(column: &StringViewArray, row: usize) -> Option<String> {
    column.is_valid(row).then(|| column.value(row).to_owned())
}

fn ontology(
    topics: Option<&RecordBatch>,
    edges: Option<&RecordBatch>,
) -> Result<std::result::Result<Ontology, Vec<Error>>> {
    let mut all = Vec::new();
    if let Some(rows) = topics {
        let (ids, names) = (text(rows, "topic_id")?, text(rows, "name")?);
        let special = text(rows, "special_category")?;
        all.extend((0..rows.num_rows()).map(|row| Topic {
            id: ids.value(row).to_owned(),
            name: names.value(row).to_owned(),
            special_category: optional(special, row),
        }));
    }
    let mut pairs = Vec::new();
    if let Some(rows) = edges {
        let (topics, parents) = (text(rows, "topic_id")?, text(rows, "parent_id")?);
        let pair = |row| (topics.value(row).to_owned(), parents.value(row).to_owned());
        pairs.extend((0..rows.num_rows()).map(pair));
    }
    Ok(Ontology::new(all, &pairs))
}

fn topic_phrases(rows: &RecordBatch, ontology: &Ontology) -> Result<Vec<TopicPhrase>> {
    let (topics, phrases) = (text(rows, "topic_id")?, text(rows, "phrase")?);
    let languages = text(rows, "language")?;
    let weights = rows.column_by_name("weight").and_then(|c| c.as_primitive_opt::<Float64Type>());
    let weights = weights.ok_or_else(|| Error::internal("column `weight` is not a number"))?;
    let refused = |cause: String, column: &str, rows: usize, remedy: &str| {
        Error::bad_input(format!("input `topic_phrases`: {cause}"), remedy)
            .in_table("topic_phrases")
            .in_column(column)
            .in_rows(rows as u64)
    };
    let unknown = |row: &usize| ontology.number(topics.value(*row)).is_none();
    let unknown: Vec<usize> = (0..rows.num_rows()).filter(unknown).collect();
    if let Some(first) = unknown.first() {
        let cause = format!(
            "{} rows have a topic_id not found in `topics`, first `{}`",
            unknown.len(),
            topics.value(*first)
        );
        return Err(refused(
            cause,
            "topic_id",
            unknown.len(),
            "add them to `topics`, or remove the rows",
        ));
    }
    // NaN is outside every range.
    let outside = weights.iter().flatten().filter(|weight| !(*weight > 0.0 && *weight <= 1.0));
    let outside = outside.count();
    if outside > 0 {
        let cause = format!("the weight of {outside} rows is not above 0 and at most 1");
        return Err(refused(cause, "weight", outside, "correct them"));
    }
    let phrase = |row: usize| {
        Some(TopicPhrase {
            topic: ontology.number(topics.value(row))?,
            phrase: phrases.value(row).to_owned(),
            language: optional(languages, row),
            weight: if weights.is_valid(row) { weights.value(row) } else { 1.0 },
        })
    };
    Ok((0..rows.num_rows()).filter_map(phrase).collect())
}
