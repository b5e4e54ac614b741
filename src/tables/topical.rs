//! The tables of topics.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};

use super::{Drafting, Results, floats, in_files, lists, texts};
use crate::error::Result;
use crate::model::People;
use crate::schema::{Table, UTC};
use crate::score::influence::{Edge, strongest};
use crate::topics::{Topics, dominant};

/// Writes the tables of topics.
pub(super) struct TopicTables<'a> {
    pub(super) draft: &'a Drafting<'a>,
    pub(super) people: &'a People,
    pub(super) topics: &'a Topics,
}

fn ints(values: impl Iterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

impl TopicTables<'_> {
    /// The batches of the table `name`, one row for each of `all`.
    fn of<T: Sync>(
        &self,
        name: &str,
        all: &[T],
        columns: impl Fn(&[T]) -> Vec<(&'static str, ArrayRef)> + Sync,
    ) -> Result<Vec<RecordBatch>> {
        in_files(name, all.len(), |table: &Table, rows: Range<usize>| {
            let mut columns = columns(&all[rows.clone()]);
            columns.extend(self.draft.run_columns(rows.len()));
            table.batch(columns)
        })
    }

    fn topic_ids(&self, topics: impl Iterator<Item = u32>) -> ArrayRef {
        let entries = self.topics.catalogue.entries();
        texts(topics.map(|topic| entries[topic as usize].id.as_str()))
    }

    fn person_ids(&self, persons: impl Iterator<Item = u32>) -> ArrayRef {
        texts(persons.map(|person| self.draft.id(person as usize)))
    }

    pub(super) fn topics(&self) -> Result<Vec<RecordBatch>> {
        let entries = self.topics.catalogue.entries();
        self.of("topics", &self.topics.summaries, |rows| {
            let entries = || rows.iter().map(|row| &entries[row.topic as usize]);
            vec![
                ("topic_id", self.topic_ids(rows.iter().map(|row| row.topic))),
                ("name", texts(entries().map(|entry| entry.name.as_str()))),
                ("path", lists(rows.iter().map(|row| &row.path))),
                ("ancestors", lists(rows.iter().map(|row| &row.ancestors))),
                ("people", ints(rows.iter().map(|row| row.people))),
                ("posts", ints(rows.iter().map(|row| row.posts))),
                ("reactors", ints(rows.iter().map(|row| row.reactors))),
            ]
        })
    }

    pub(super) fn scores(&self) -> Result<Vec<RecordBatch>> {
        self.of("topic_scores", &self.topics.scores, |rows| {
            let negative: Float64Array = rows.iter().map(|row| row.negative_share).collect();
            vec![
                ("person_id", self.person_ids(rows.iter().map(|row| row.person))),
                ("topic_id", self.topic_ids(rows.iter().map(|row| row.topic))),
                ("score", floats(rows.iter().map(|row| row.score))),
                ("expected_reactors", floats(rows.iter().map(|row| row.expected_reactors))),
                ("position", ints(rows.iter().map(|row| row.place))),
                ("percentile", floats(rows.iter().map(|row| row.percentile))),
                ("topic_attention_share", floats(rows.iter().map(|row| row.attention_share))),
                ("posts", ints(rows.iter().map(|row| row.posts))),
                ("reactors", ints(rows.iter().map(|row| row.reactors))),
                ("endorsers", ints(rows.iter().map(|row| row.endorsers))),
                ("people", ints(rows.iter().map(|row| row.people))),
                ("weeks", ints(rows.iter().map(|row| row.weeks))),
                ("negative_share", Arc::new(negative)),
            ]
        })
    }

    pub(super) fn interests(&self) -> Result<Vec<RecordBatch>> {
        self.of("topic_interests", &self.topics.interests, |rows| {
            vec![
                ("person_id", self.person_ids(rows.iter().map(|row| row.person))),
                ("topic_id", self.topic_ids(rows.iter().map(|row| row.topic))),
                ("expressed_share", floats(rows.iter().map(|row| row.share))),
                ("posts", ints(rows.iter().map(|row| row.posts))),
            ]
        })
    }

    pub(super) fn evidence(&self) -> Result<Vec<RecordBatch>> {
        self.of("topic_evidence", &self.topics.evidence, |rows| {
            let people = |row: &crate::topics::Evidence| {
                row.people.iter().map(|person| self.draft.id(*person as usize)).collect::<Vec<_>>()
            };
            let mut columns = self.posts_columns(rows.iter().map(|row| row.post));
            columns.extend([
                ("person_id", self.person_ids(rows.iter().map(|row| row.person))),
                ("topic_id", self.topic_ids(rows.iter().map(|row| row.topic))),
                ("phrases", lists(rows.iter().map(|row| &row.phrases))),
                ("reactors", ints(rows.iter().map(|row| row.reactors))),
                ("reactor_ids", lists(rows.iter().map(people))),
                ("share", floats(rows.iter().map(|row| row.share))),
            ]);
            columns
        })
    }

    pub(super) fn posts(&self) -> Result<Vec<RecordBatch>> {
        self.of("topic_posts", &self.topics.posts, |rows| {
            let persons = rows.iter().map(|row| row.person);
            // What is given with a post often stands in its text too.
            let urls = |post: u32| {
                let all =
                    self.people.posts.iter().flat_map(move |posts| posts.urls.of(post as usize));
                let mut seen = BTreeSet::new();
                all.filter(move |url| seen.insert(*url))
            };
            let mut columns = self.posts_columns(rows.iter().map(|row| row.post));
            columns.extend([
                ("urls", lists(rows.iter().map(|row| urls(row.post)))),
                ("topic_id", self.topic_ids(rows.iter().map(|row| row.topic))),
                ("person_id", self.person_ids(persons)),
                ("position", ints(rows.iter().map(|row| row.place))),
                ("reactors", ints(rows.iter().map(|row| row.reactors))),
            ]);
            columns
        })
    }

    /// Which posts they are.
    fn posts_columns(
        &self,
        rows: impl Iterator<Item = u32> + Clone,
    ) -> Vec<(&'static str, ArrayRef)> {
        // Without posts there is no row.
        let posts = self.people.posts.as_ref();
        let persons = &self.people.persons;
        let network = |post: u32| {
            let vertex = posts?.authors[post as usize] as usize;
            Some(persons.networks[persons.network_of(vertex)].as_str())
        };
        let at = rows.clone().map(|post| Some(posts?.at_us[post as usize]));
        let at: TimestampMicrosecondArray = at.collect();
        let networks: StringArray = rows.clone().map(network).collect();
        let ids: StringArray = rows.map(|post| Some(posts?.ids.value(post as usize))).collect();
        vec![
            ("network", Arc::new(networks)),
            ("post_id", Arc::new(ids)),
            ("created_at", Arc::new(at.with_timezone(UTC))),
        ]
    }

    pub(super) fn influence_edges(&self, results: &Results<'_>) -> Result<Vec<RecordBatch>> {
        let persons = &self.people.persons;
        let mut edges: Vec<(usize, Edge)> = Vec::new();
        for (network, graph) in results.graphs.iter().enumerate() {
            let strongest = strongest(graph, results.top as usize);
            edges.extend(strongest.into_iter().map(|edge| (network, edge)));
        }
        let vertex = |network: usize, end: u32| persons.network_offsets[network] + end as usize;
        let person = |network: usize, end: u32| persons.vertex_persons[vertex(network, end)];
        let topic = |network: usize, edge: &Edge| {
            let (target, actor) =
                (vertex(network, edge.influencer), vertex(network, edge.influenced));
            let events = self.people.interactions.of_pair(target as u32, actor as u32);
            let topic = dominant(events, &self.topics.of_posts, results.rules)?;
            let refused = [edge.influencer, edge.influenced].iter().any(|end| {
                self.topics.catalogue.refused_by(person(network, *end)).contains(&topic)
            });
            (!refused).then(|| self.topics.catalogue.entries()[topic as usize].id.as_str())
        };
        self.of("influence_edges", &edges, |edges| {
            let topics = edges.iter().map(|(n, e)| topic(*n, e));
            let networks = edges.iter().map(|(n, _)| persons.networks[*n].as_str());
            vec![
                ("network", texts(networks)),
                (
                    "influencer_id",
                    self.person_ids(edges.iter().map(|(n, e)| person(*n, e.influencer))),
                ),
                (
                    "influenced_id",
                    self.person_ids(edges.iter().map(|(n, e)| person(*n, e.influenced))),
                ),
                ("attention", floats(edges.iter().map(|(_, e)| e.attention))),
                ("attention_share", floats(edges.iter().map(|(_, e)| e.attention_share))),
                ("audience_share", floats(edges.iter().map(|(_, e)| e.audience_share))),
                ("topic_id", Arc::new(topics.collect::<StringArray>())),
            ]
        })
    }
}
