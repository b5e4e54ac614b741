//! The rows of `lists`: the owner of a list whose name contains a topic endorses its members on that topic.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use renown_graph::numbering::NONE;

use super::columns::{texts, uneven};
use super::ids::{BLOCK_ROWS, Ids, PersonRef};
use super::unmatched_ids::UnmatchedIds;
use super::validate::ValidInput;
use crate::engine::in_blocks;
use crate::error::Result;
use crate::lists::Lists;
use crate::model::{Dropped, Endorsement, JoinRate, PersonIndex};
use crate::phrases::{Extracted, Vocabulary};

/// The rows of `lists` that have a name and an owner.
#[derive(Default)]
pub(super) struct ListRows {
    /// Owner and member of each row.
    rows: Vec<(PersonRef, PersonRef)>,
    /// Topics that the name of the list contains, as numbers of the ontology. Lists: rows.
    topics: Lists<u32>,
    /// Rows without a name or an owner.
    incomplete: u64,
    /// Members that no other input names.
    unmatched: UnmatchedIds,
}

impl ListRows {
    /// Reads `lists`, after all inputs that name accounts.
    pub(super) async fn read(
        input: &ValidInput,
        vocabulary: &Arc<Vocabulary>,
        ids: &Arc<Ids>,
    ) -> Result<Self> {
        let what = format!("reading {}", input.origin);
        let (ids, vocabulary) = (Arc::clone(ids), Arc::clone(vocabulary));
        let block = move |block: &[RecordBatch]| Self::decode(block, &vocabulary, &ids);
        let mut all = Self::default();
        for block in in_blocks(&what, input.frame.clone(), BLOCK_ROWS, block).await? {
            all.rows.extend(block.rows);
            all.topics.extend([block.topics]);
            all.incomplete += block.incomplete;
            all.unmatched.extend(block.unmatched);
        }
        Ok(all)
    }

    fn decode(block: &[RecordBatch], vocabulary: &Vocabulary, ids: &Ids) -> Result<Self> {
        let lexicon = &vocabulary.lexicon;
        let mut finder = lexicon.finder(false);
        let mut read = Self::default();
        let (mut owners, mut members) = (Vec::new(), Vec::new());
        let mut rest = texts(block, "owner_id")?
            .zip(texts(block, "member_id")?)
            .zip(texts(block, "list_name")?);
        for network in texts(block, "network")? {
            let ((owner, member), name) = rest.next().ok_or_else(uneven)?;
            let (Some(network), Some(owner), Some(member), Some(name)) =
                (network, owner, member, name)
            else {
                read.incomplete += 1;
                continue;
            };
            owners.push((network, owner));
            members.push((network, member));
            let mut extracted = Extracted::default();
            finder.add_tag(name);
            finder.finish_post(&mut extracted);
            // A name is too short to give context to a phrase that needs it.
            extracted.hits.retain(|hit| !lexicon.phrases()[hit.phrase as usize].needs_context);
            let senses = extracted.hits.iter().flat_map(|hit| lexicon.senses(hit.phrase));
            read.topics.push(senses.map(|sense| sense.topic));
        }
        let reference = |account| match account {
            NONE => PersonRef::Unknown,
            account => PersonRef::Account(account),
        };
        let find = |keys: &[(&str, &str)]| ids.find_accounts(keys).into_iter().map(reference);
        read.rows = find(&owners).zip(find(&members)).collect();
        for ((network, member), row) in members.iter().zip(&read.rows) {
            if row.1 == PersonRef::Unknown {
                read.unmatched.add(network, member);
            }
        }
        Ok(read)
    }

    /// Number of rows that have a name and an owner.
    pub(super) fn rows(&self) -> u64 {
        self.rows.len() as u64
    }

    /// Whether the member of any row is known.
    pub(super) fn any_member(&self, is_known: impl Fn(PersonRef) -> bool) -> bool {
        self.rows.iter().any(|(_, member)| is_known(*member))
    }

    /// Members that no other input names.
    pub(super) fn unmatched(&self) -> &UnmatchedIds {
        &self.unmatched
    }

    /// The endorsements that list memberships among scored people amount to; `scored` finds a scored person.
    pub(super) fn endorsements(
        self,
        scored: impl Fn(PersonRef) -> Option<PersonIndex>,
        vocabulary: &Vocabulary,
        (drops, joins): (&mut Vec<Dropped>, &mut BTreeMap<String, JoinRate>),
    ) -> Vec<Endorsement> {
        let (mut not_scored, rows) = (0, self.rows());
        let mut endorsements = Vec::new();
        for ((owner, member), topics) in self.rows.iter().zip(self.topics.iter()) {
            let (Some(giver), Some(receiver)) = (scored(*owner), scored(*member)) else {
                not_scored += 1;
                continue;
            };
            for topic in topics {
                let topic = vocabulary.ontology.topics()[*topic as usize].id.clone();
                endorsements.push(Endorsement { receiver, topic, giver });
            }
        }
        let rule = "involves a person who is not scored";
        drops.push(Dropped::suppressed("lists", rule, not_scored).of(rows));
        let (rule, all) = ("without list_name or owner_id", rows + self.incomplete);
        drops.push(Dropped::exact("lists", rule, self.incomplete).of(all));
        if rows > 0 {
            let counted = "rows find owner and member among the people scored";
            joins.insert("lists".into(), JoinRate::new(counted, rows, not_scored));
        }
        endorsements
    }
}
