//! The tables of topics, and of influence edges, which name a topic too.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray};

use super::batches::{
    Columns, Shared, floats, integers, lists, optional_floats, optional_integers, texts,
};
use crate::error::Result;
use crate::model::{PostIndex, Posts, in_steps};
use crate::schema::UTC;
use crate::score::influence_edges::InfluenceEdge;
use crate::topics::{EvidencePost, TopicResults, TopicSummary, distinct_urls};

fn topic_ids(results: &TopicResults, topics: impl Iterator<Item = u32>) -> ArrayRef {
    let entries = results.catalogue.entries();
    texts(topics.map(|topic| entries[topic as usize].id.as_str()))
}

pub(super) fn draft_topics(
    shared: &Shared<'_>,
    results: &TopicResults,
) -> Result<Vec<RecordBatch>> {
    let entries = results.catalogue.entries();
    shared.table("topics", &results.summaries, |rows| {
        let names = rows.iter().map(|row| entries[row.topic as usize].name.as_str());
        vec![
            ("topic_id", topic_ids(results, rows.iter().map(|row| row.topic))),
            ("name", texts(names)),
            ("path", lists(rows.iter().map(|row| &row.path))),
            ("ancestors", lists(rows.iter().map(|row| &row.ancestors))),
            ("people", optional_integers(rows.iter().map(|row| in_steps(row.people)))),
            // Of few people posts say no more than people do.
            ("posts", optional_integers(rows.iter().map(shown_posts))),
            ("reactors", optional_integers(rows.iter().map(|row| in_steps(row.reactors)))),
        ]
    })
}

/// The posts of a topic, where as many people reacted to them as are shown.
fn shown_posts(topic: &TopicSummary) -> Option<i64> {
    in_steps(topic.reactors).and(in_steps(topic.posts))
}

pub(super) fn draft_topic_scores(
    shared: &Shared<'_>,
    results: &TopicResults,
) -> Result<Vec<RecordBatch>> {
    shared.table("topic_scores", &results.scores, |rows| {
        vec![
            ("person_id", shared.ids(rows.iter().map(|row| row.person))),
            ("topic_id", topic_ids(results, rows.iter().map(|row| row.topic))),
            ("score", floats(rows.iter().map(|row| row.score))),
            ("expected_reactors", floats(rows.iter().map(|row| row.expected_reactors))),
            ("position", integers(rows.iter().map(|row| row.position))),
            ("percentile", floats(rows.iter().map(|row| row.percentile))),
            ("topic_attention_share", floats(rows.iter().map(|row| row.attention_share))),
            ("posts", integers(rows.iter().map(|row| row.posts))),
            ("reactors", integers(rows.iter().map(|row| row.reactors))),
            ("endorsers", integers(rows.iter().map(|row| row.endorsers))),
            ("credited_endorsers", floats(rows.iter().map(|row| row.credited_endorsers))),
            ("people", integers(rows.iter().map(|row| row.people))),
            ("weeks", integers(rows.iter().map(|row| row.weeks))),
            ("negative_share", optional_floats(rows.iter().map(|row| row.negative_share))),
        ]
    })
}

pub(super) fn draft_interests(
    shared: &Shared<'_>,
    results: &TopicResults,
) -> Result<Vec<RecordBatch>> {
    shared.table("topic_interests", &results.interests, |rows| {
        vec![
            ("person_id", shared.ids(rows.iter().map(|row| row.person))),
            ("topic_id", topic_ids(results, rows.iter().map(|row| row.topic))),
            ("expressed_share", floats(rows.iter().map(|row| row.share))),
            ("posts", integers(rows.iter().map(|row| row.posts))),
        ]
    })
}

pub(super) fn draft_evidence(
    shared: &Shared<'_>,
    results: &TopicResults,
    posts: Option<&Posts>,
) -> Result<Vec<RecordBatch>> {
    shared.table("topic_evidence", &results.evidence, |rows| {
        let people = |row: &EvidencePost| {
            row.people.iter().map(|person| shared.id(*person)).collect::<Vec<_>>()
        };
        let mut columns = post_columns(shared, posts, rows.iter().map(|row| row.post));
        columns.extend([
            ("person_id", shared.ids(rows.iter().map(|row| row.person))),
            ("topic_id", topic_ids(results, rows.iter().map(|row| row.topic))),
            ("phrases", lists(rows.iter().map(|row| &row.phrases))),
            ("reactors", integers(rows.iter().map(|row| row.reactors))),
            ("reactor_ids", lists(rows.iter().map(people))),
            ("share", floats(rows.iter().map(|row| row.share))),
        ]);
        columns
    })
}

pub(super) fn draft_topic_posts(
    shared: &Shared<'_>,
    results: &TopicResults,
    posts: Option<&Posts>,
) -> Result<Vec<RecordBatch>> {
    shared.table("topic_posts", &results.posts, |rows| {
        let urls = rows.iter().map(|row| posts.map(|p| distinct_urls(p, row.post)));
        let mut columns = post_columns(shared, posts, rows.iter().map(|row| row.post));
        columns.extend([
            ("urls", lists(urls.map(Option::unwrap_or_default))),
            ("topic_id", topic_ids(results, rows.iter().map(|row| row.topic))),
            ("person_id", shared.ids(rows.iter().map(|row| row.person))),
            ("position", integers(rows.iter().map(|row| row.position))),
            ("reactors", integers(rows.iter().map(|row| row.reactors))),
        ]);
        columns
    })
}

/// The columns that identify a post.
fn post_columns(
    shared: &Shared<'_>,
    posts: Option<&Posts>,
    rows: impl Iterator<Item = PostIndex> + Clone,
) -> Columns<'static> {
    // Without posts there is no row.
    let persons = shared.persons;
    let network = |post: PostIndex| Some(persons.network_name(posts?.author(post)));
    let at = rows.clone().map(|post| Some(posts?.at_us[post.index()]));
    let at: TimestampMicrosecondArray = at.collect();
    let networks: StringArray = rows.clone().map(network).collect();
    let ids: StringArray = rows.map(|post| Some(posts?.ids.value(post.index()))).collect();
    vec![
        ("network", Arc::new(networks)),
        ("post_id", Arc::new(ids)),
        ("created_at", Arc::new(at.with_timezone(UTC))),
    ]
}

pub(super) fn draft_influence_edges(
    shared: &Shared<'_>,
    results: &TopicResults,
    edges: Vec<InfluenceEdge>,
) -> Result<Vec<RecordBatch>> {
    let persons = shared.persons;
    let entries = results.catalogue.entries();
    shared.table("influence_edges", &edges, |rows| {
        let networks = rows.iter().map(|edge| persons.network_name(edge.influencer));
        let influencers = rows.iter().map(|edge| persons.person_of(edge.influencer));
        let influenced = rows.iter().map(|edge| persons.person_of(edge.influenced));
        let topics = rows.iter().map(|edge| Some(entries[edge.topic? as usize].id.as_str()));
        vec![
            ("network", texts(networks)),
            ("influencer_id", shared.ids(influencers)),
            ("influenced_id", shared.ids(influenced)),
            ("attention", floats(rows.iter().map(|edge| f64::from(edge.attention)))),
            ("attention_share", floats(rows.iter().map(|edge| edge.attention_share))),
            ("audience_share", floats(rows.iter().map(|edge| edge.audience_share))),
            ("topic_id", Arc::new(topics.collect::<StringArray>())),
        ]
    })
}
