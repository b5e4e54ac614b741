//! Endorsements: explicit ones, and lists whose names are topics.

use std::cmp::Reverse;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::TimestampMicrosecondType;

use super::columns::{texts, uneven, values};
use super::ids::{BLOCK_ROWS, Ids, PersonRef};
use super::lists::ListRows;
use super::validate::ValidInput;
use crate::engine::in_blocks;
use crate::error::Result;
use crate::model::{Dropped, Endorsement, PersonIndex};
use crate::phrases::Vocabulary;

/// A row of `endorsements`.
struct Row {
    giver: PersonRef,
    receiver: PersonRef,
    topic: Box<str>,
    at_us: i64,
}

/// The rows of `endorsements`.
pub(super) struct EndorsementRows(Vec<Row>);

impl EndorsementRows {
    /// Reads `endorsements`, after all inputs that name accounts or persons.
    pub(super) async fn read(input: &ValidInput, ids: &Arc<Ids>) -> Result<Self> {
        let what = format!("reading {}", input.origin);
        let ids = Arc::clone(ids);
        let block = move |block: &[RecordBatch]| decode(block, &ids);
        let blocks = in_blocks(&what, input.frame.clone(), BLOCK_ROWS, block).await?;
        Ok(Self(blocks.into_iter().flatten().collect()))
    }
}

fn decode(block: &[RecordBatch], ids: &Ids) -> Result<Vec<Row>> {
    let persons = |column| -> Result<Vec<PersonRef>> {
        let texts: Vec<&str> = texts(block, column)?.flatten().collect();
        Ok(ids.find_persons(&texts))
    };
    let ends = persons("giver_id")?.into_iter().zip(persons("receiver_id")?);
    let at = values::<TimestampMicrosecondType>(block, "at")?;
    let mut rest = texts(block, "topic_id")?.zip(at);
    let row = |(giver, receiver)| {
        let (topic, at) = rest.next().ok_or_else(uneven)?;
        let topic = topic.ok_or_else(uneven)?.into();
        Ok(Row { giver, receiver, topic, at_us: at.ok_or_else(uneven)? })
    };
    ends.map(row).collect()
}

/// Why an endorsement counts, the strongest reason first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    /// An endorsement, the latest first.
    Endorsed(Reverse<i64>),
    /// Membership of a list.
    Listed,
}

/// An endorsement and why it counts.
type Given = (Endorsement, Reason);

/// The endorsements among scored people, sorted and each once, and when the newest was given, in microseconds since 1970. Of each
/// giver the latest endorsements count, up to `max_per_giver`, and then list memberships, in order of person and topic. `scored`
/// finds a scored person.
pub(super) fn endorsements(
    rows: Option<EndorsementRows>,
    lists: Option<ListRows>,
    scored: impl Fn(PersonRef) -> Option<PersonIndex>,
    vocabulary: &Vocabulary,
    max_per_giver: usize,
    drops: &mut Vec<Dropped>,
) -> (Vec<Endorsement>, Option<i64>) {
    if rows.is_none() && lists.is_none() {
        return (vec![], None);
    }
    let mut given: Vec<Given> = Vec::new();
    if let Some(rows) = rows {
        given.extend(explicit(rows, &scored, vocabulary, drops));
    }
    if let Some(lists) = lists {
        let listed = lists.endorsements(&scored, vocabulary, drops).into_iter();
        given.extend(listed.map(|endorsement| (endorsement, Reason::Listed)));
    }
    given.retain(|(endorsement, _)| endorsement.giver != endorsement.receiver);
    let at_us = given.iter().filter_map(|(_, reason)| match reason {
        Reason::Endorsed(Reverse(at_us)) => Some(*at_us),
        Reason::Listed => None,
    });
    let newest_us = at_us.max();
    given.sort_unstable();
    given.dedup_by(|(one, _), (other, _)| one == other);

    // The reason before the receiver and the topic: the cap keeps the first of each giver.
    given.sort_unstable_by(|(one, why), (other, why_other)| {
        let key = (one.giver, why, one.receiver, &one.topic);
        key.cmp(&(other.giver, why_other, other.receiver, &other.topic))
    });
    let mut beyond = 0;
    let mut kept = Vec::with_capacity(given.len());
    for of_giver in given.chunk_by(|(one, _), (other, _)| one.giver == other.giver) {
        beyond += of_giver.len().saturating_sub(max_per_giver) as u64;
        kept.extend(
            of_giver.iter().take(max_per_giver).map(|(endorsement, _)| endorsement.clone()),
        );
    }
    kept.sort_unstable();
    drops.push(Dropped::exact(
        "endorsements",
        "beyond the maximum per giver, lists included",
        beyond,
    ));
    (kept, newest_us)
}

/// The rows of `endorsements` among scored people, on known topics.
fn explicit(
    rows: EndorsementRows,
    scored: impl Fn(PersonRef) -> Option<PersonIndex>,
    vocabulary: &Vocabulary,
    drops: &mut Vec<Dropped>,
) -> Vec<Given> {
    let (mut not_scored, mut unknown_topic) = (0, 0);
    let mut given = Vec::with_capacity(rows.0.len());
    for Row { giver, receiver, topic, at_us } in rows.0 {
        let (Some(giver), Some(receiver)) = (scored(giver), scored(receiver)) else {
            not_scored += 1;
            continue;
        };
        if !topic.starts_with('#') && vocabulary.ontology.number(&topic).is_none() {
            unknown_topic += 1;
            continue;
        }
        let topic = topic.into_string();
        given.push((Endorsement { receiver, topic, giver }, Reason::Endorsed(Reverse(at_us))));
    }
    let rule = "involves a person who is not scored";
    drops.push(Dropped::suppressed("endorsements", rule, not_scored));
    drops.push(Dropped::exact("endorsements", "topic_id not found in the ontology", unknown_topic));
    given
}
