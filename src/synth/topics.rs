//! The tables of topics.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray};

use super::world::World;
use crate::error::Result;
use crate::schema::{self, Direction};

fn texts<'a>(texts: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(texts.map(Some).collect::<StringArray>())
}

/// Rows of `topics`.
pub(super) fn rows(world: &World, range: Range<u64>) -> Result<RecordBatch> {
    let topics = &world.topics[range.start as usize..range.end as usize];
    let names: Vec<String> = topics.iter().map(|(name, _)| name.replace('-', " ")).collect();
    let no_category: StringArray = topics.iter().map(|_| None::<&str>).collect();
    schema::table(Direction::Input, "topics")?.batch(vec![
        ("topic_id", texts(topics.iter().map(|(name, _)| name.as_str()))),
        ("name", texts(names.iter().map(String::as_str))),
        ("special_category", Arc::new(no_category)),
    ])
}

/// Rows of `topic_phrases`: those of some topics.
pub(super) fn phrases(world: &World, range: Range<u64>) -> Result<RecordBatch> {
    let topics = &world.topics[range.start as usize..range.end as usize];
    let pairs = || {
        topics.iter().flat_map(|(name, phrases)| {
            phrases.iter().map(move |phrase| (name.as_str(), phrase.as_str()))
        })
    };
    let any_language: StringArray = pairs().map(|_| None::<&str>).collect();
    let sure: Float64Array = pairs().map(|_| None).collect();
    schema::table(Direction::Input, "topic_phrases")?.batch(vec![
        ("topic_id", texts(pairs().map(|(name, _)| name))),
        ("phrase", texts(pairs().map(|(_, phrase)| phrase))),
        ("language", Arc::new(any_language)),
        ("weight", Arc::new(sure)),
    ])
}
