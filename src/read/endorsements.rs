//! Who vouched for whom on what: endorsements, and the names of lists.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::array::{Array, RecordBatch, StringViewArray};
use datafusion::dataframe::DataFrame;

use super::ids::{instants, text};
use super::refusals::{Subject, subjects};
use super::snapshot::Snapshot;
use crate::engine::Engine;
use crate::error::Result;
use crate::method::Method;
use crate::model::{Dropped, Endorsement, Persons};
use crate::phrases::{Found, Vocabulary};

/// The vouches among people who may be scored, in order and each once. Of each giver the latest endorsements count,
/// up to the method's cap, and then lists, in order of person and topic.
pub(super) async fn endorsements(
    engine: &Engine,
    snapshot: &Snapshot,
    persons: &Persons,
    vocabulary: &Vocabulary,
    method: &Method,
    drops: &mut Vec<Dropped>,
) -> Result<Vec<Endorsement>> {
    if snapshot.endorsements.is_none() && snapshot.lists.is_none() {
        return Ok(vec![]);
    }
    let numbers = subjects(persons);
    let mut reading = Reading { numbers, vocabulary, given: BTreeMap::new() };
    if let Some(endorsements) = &snapshot.endorsements {
        let rows = rows(engine, &endorsements.origin, endorsements.frame.clone(), "at").await?;
        reading.endorsements(&rows, drops)?;
    }
    if let Some(lists) = &snapshot.lists {
        let rows = rows(engine, &lists.origin, lists.frame.clone(), "list_id").await?;
        reading.lists(&rows, drops)?;
    }
    let most = method.topics.evidence.per_giver as usize;
    let mut kept = BTreeSet::new();
    let mut beyond = 0;
    for (giver, given) in reading.given {
        let mut order: Vec<(Given, u32, String)> =
            given.into_iter().map(|((receiver, topic), given)| (given, receiver, topic)).collect();
        order.sort_unstable();
        beyond += order.len().saturating_sub(most) as u64;
        let first = order.into_iter().take(most);
        kept.extend(first.map(|(_, receiver, topic)| Endorsement { receiver, topic, giver }));
    }
    drops.push(Dropped::exact("endorsements", "beyond the cap of their giver, lists too", beyond));
    Ok(kept.into_iter().collect())
}

async fn rows(engine: &Engine, origin: &str, frame: DataFrame, key: &str) -> Result<RecordBatch> {
    engine.sorted_rows(&format!("reading {origin}"), frame, &[key]).await
}

/// What counts first of what a giver gave.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Given {
    /// An endorsement, by its time: the latest first.
    Endorsed(Reverse<i64>),
    /// A place on a list.
    Listed,
}

struct Reading<'a> {
    numbers: HashMap<Subject<'a>, u32>,
    vocabulary: &'a Vocabulary,
    /// By giver, then receiver and topic.
    given: BTreeMap<u32, BTreeMap<(u32, String), Given>>,
}

impl Reading<'_> {
    fn give(&mut self, giver: u32, receiver: u32, topic: String, how: Given) {
        if giver != receiver {
            let given = self.given.entry(giver).or_default();
            let known = given.entry((receiver, topic)).or_insert(how);
            *known = (*known).min(how);
        }
    }

    fn endorsements(&mut self, rows: &RecordBatch, drops: &mut Vec<Dropped>) -> Result<()> {
        let (givers, receivers) = (text(rows, "giver_id")?, text(rows, "receiver_id")?);
        let topics = text(rows, "topic_id")?;
        let at = instants(rows, "at")?;
        let (mut strange, mut unknown) = (0, 0);
        for row in 0..rows.num_rows() {
            let number =
                |ids: &StringViewArray| self.numbers.get(&Subject::Person(ids.value(row))).copied();
            let (Some(giver), Some(receiver)) = (number(givers), number(receivers)) else {
                strange += 1;
                continue;
            };
            let topic = topics.value(row);
            if !topic.starts_with('#') && self.vocabulary.ontology.number(topic).is_none() {
                unknown += 1;
                continue;
            }
            self.give(giver, receiver, topic.to_owned(), Given::Endorsed(Reverse(at.value(row))));
        }
        let rule = "from or to who is not scored";
        drops.push(Dropped::suppressed("endorsements", rule, strange));
        drops.push(Dropped::exact("endorsements", "on a topic that the ontology lacks", unknown));
        Ok(())
    }

    fn lists(&mut self, rows: &RecordBatch, drops: &mut Vec<Dropped>) -> Result<()> {
        let (networks, names) = (text(rows, "network")?, text(rows, "list_name")?);
        let (owners, members) = (text(rows, "owner_id")?, text(rows, "member_id")?);
        let lexicon = &self.vocabulary.lexicon;
        let mut finder = lexicon.finder(false);
        let (mut strange, mut ownerless) = (0, 0);
        for row in 0..rows.num_rows() {
            if !owners.is_valid(row) || !names.is_valid(row) {
                ownerless += 1;
                continue;
            }
            let number = |ids: &StringViewArray| {
                let account = Subject::Account(networks.value(row), ids.value(row));
                self.numbers.get(&account).copied()
            };
            let (Some(giver), Some(receiver)) = (number(owners), number(members)) else {
                strange += 1;
                continue;
            };
            let mut found = Found::default();
            finder.tag(names.value(row));
            finder.end(&mut found);
            // A name is short: what is doubtful has no company in it.
            found.hits.retain(|hit| !lexicon.phrases()[hit.phrase as usize].in_company);
            for sense in found.hits.iter().flat_map(|hit| lexicon.senses(hit.phrase)) {
                let topic = &self.vocabulary.ontology.topics()[sense.topic as usize].id;
                self.give(giver, receiver, topic.clone(), Given::Listed);
            }
        }
        drops.push(Dropped::suppressed("lists", "from or to who is not scored", strange));
        drops.push(Dropped::exact("lists", "without a name or an owner", ownerless));
        Ok(())
    }
}
