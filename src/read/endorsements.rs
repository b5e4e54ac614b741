//! Endorsements: explicit ones, and lists whose names are topics.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::TimestampMicrosecondType;

use super::columns::{texts, uneven, values};
use super::ids::{BLOCK_ROWS, Ids, PersonRef};
use super::lists::ListRows;
use super::unmatched_ids::UnmatchedIds;
use super::validate::ValidInput;
use crate::engine::in_blocks;
use crate::error::Result;
use crate::model::{Dropped, Endorsement, JoinRate, PersonIndex};
use crate::phrases::Vocabulary;

/// A row of `endorsements`.
struct Row {
    giver: PersonRef,
    receiver: PersonRef,
    topic: Box<str>,
    at_us: i64,
}

/// The rows of `endorsements`.
#[derive(Default)]
pub(super) struct EndorsementRows {
    rows: Vec<Row>,
    /// Persons that no other input names.
    unmatched: UnmatchedIds,
}

impl EndorsementRows {
    /// Reads `endorsements`, after all inputs that name accounts or persons.
    pub(super) async fn read(input: &ValidInput, ids: &Arc<Ids>) -> Result<Self> {
        let what = format!("reading {}", input.origin);
        let ids = Arc::clone(ids);
        let block = move |block: &[RecordBatch]| decode(block, &ids);
        let mut all = Self::default();
        for block in in_blocks(&what, input.frame.clone(), BLOCK_ROWS, block).await? {
            all.rows.extend(block.rows);
            all.unmatched.extend(block.unmatched);
        }
        Ok(all)
    }

    /// Number of rows.
    pub(super) fn rows(&self) -> u64 {
        self.rows.len() as u64
    }

    /// Whether giver and receiver of any row are known.
    pub(super) fn any(&self, is_known: impl Fn(PersonRef) -> bool) -> bool {
        self.rows.iter().any(|row| is_known(row.giver) && is_known(row.receiver))
    }

    /// Persons that no other input names.
    pub(super) fn unmatched(&self) -> &UnmatchedIds {
        &self.unmatched
    }
}

fn decode(block: &[RecordBatch], ids: &Ids) -> Result<EndorsementRows> {
    let mut unmatched = UnmatchedIds::default();
    let mut persons = |column| -> Result<Vec<PersonRef>> {
        let texts: Vec<&str> = texts(block, column)?.flatten().collect();
        let found = ids.find_persons(&texts);
        for (id, person) in texts.into_iter().zip(&found) {
            // The id of an account that is linked to a person is none of a person.
            if !matches!(person, PersonRef::Linked(_)) {
                unmatched.add("", id);
            }
        }
        Ok(found)
    };
    let ends = persons("giver_id")?.into_iter().zip(persons("receiver_id")?);
    let at = values::<TimestampMicrosecondType>(block, "at")?;
    let mut rest = texts(block, "topic_id")?.zip(at);
    let row = |(giver, receiver)| {
        let (topic, at) = rest.next().ok_or_else(uneven)?;
        let topic = topic.ok_or_else(uneven)?.into();
        Ok(Row { giver, receiver, topic, at_us: at.ok_or_else(uneven)? })
    };
    let rows = ends.map(row).collect::<Result<_>>()?;
    Ok(EndorsementRows { rows, unmatched })
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
    (drops, joins): (&mut Vec<Dropped>, &mut BTreeMap<String, JoinRate>),
) -> (Vec<Endorsement>, Option<i64>) {
    if rows.is_none() && lists.is_none() {
        return (vec![], None);
    }
    let mut given: Vec<Given> = Vec::new();
    if let Some(rows) = rows {
        given.extend(explicit(rows, &scored, vocabulary, (drops, joins)));
    }
    if let Some(lists) = lists {
        let listed = lists.endorsements(&scored, vocabulary, (drops, joins)).into_iter();
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
    (drops, joins): (&mut Vec<Dropped>, &mut BTreeMap<String, JoinRate>),
) -> Vec<Given> {
    let (mut not_scored, mut unknown_topic, all) = (0, 0, rows.rows());
    let mut given = Vec::with_capacity(rows.rows.len());
    for Row { giver, receiver, topic, at_us } in rows.rows {
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
    drops.push(Dropped::suppressed("endorsements", rule, not_scored).of(all));
    let (rule, scored) = ("topic_id not found in the ontology", all - not_scored);
    drops.push(Dropped::exact("endorsements", rule, unknown_topic).of_eligible(scored));
    if all > 0 {
        let counted = "rows find giver and receiver among the people scored";
        joins.insert("endorsements".into(), JoinRate::new(counted, all, not_scored));
    }
    given
}
