//! What people dispute of what is said of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, LargeStringArray, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use chrono::{DateTime, NaiveDate};

use super::columns::{texts, uneven, values};
use super::ids::{BLOCK_ROWS, Ids, PersonRef};
use super::mentions::{Mentions, mask_display_names};
use super::validate::ValidInput;
use crate::engine::in_blocks;
use crate::error::Result;
use crate::model::{Dispute, Dropped, PersonIndex};
use renown_graph::numbering::NONE;

/// A row of `disputes`.
struct Row {
    who: PersonRef,
    what: Box<str>,
    since_us: i64,
    resolved_us: Option<i64>,
}

/// The rows of `disputes`.
#[derive(Default)]
pub(super) struct DisputeRows(Vec<Row>);

impl DisputeRows {
    /// Reads `disputes`, after all inputs that name accounts or persons.
    pub(super) async fn read(input: &ValidInput, ids: &Arc<Ids>) -> Result<Self> {
        let what = format!("reading {}", input.origin);
        let ids = Arc::clone(ids);
        let block = move |block: &[RecordBatch]| decode(block, &ids);
        let blocks = in_blocks(&what, input.frame.clone(), BLOCK_ROWS, block).await?;
        Ok(Self(blocks.into_iter().flatten().collect()))
    }

    /// The disputes of scored people that are open at `cutoff_us`, in order of person, day and text, each once. `scored` finds the
    /// scored people whom a row names.
    pub(super) fn open(
        self,
        cutoff_us: i64,
        scored: impl Fn(PersonRef) -> Vec<PersonIndex>,
        mentions: Option<&Mentions>,
        drops: &mut Vec<Dropped>,
    ) -> BTreeMap<PersonIndex, Vec<Dispute>> {
        let all = self.0.len() as u64;
        let (mut not_scored, mut closed) = (0, 0);
        let mut open: Vec<(PersonIndex, NaiveDate, Box<str>)> = Vec::new();
        for Row { who, what, since_us, resolved_us } in self.0 {
            let people = scored(who);
            if people.is_empty() {
                not_scored += 1;
                continue;
            }
            let is_open = resolved_us.is_none_or(|resolved| resolved >= cutoff_us);
            let since = DateTime::from_timestamp_micros(since_us).map(|at| at.date_naive());
            match since.filter(|_| is_open && since_us < cutoff_us) {
                Some(since) => {
                    open.extend(people.into_iter().map(|own| (own, since, what.clone())))
                }
                None => closed += 1,
            }
        }
        let rule = "names nobody who is scored";
        drops.push(Dropped::suppressed("disputes", rule, not_scored).of(all));
        let (rule, known) = ("resolved, or not yet made", all - not_scored);
        drops.push(Dropped::exact("disputes", rule, closed).of(known));
        open.sort_unstable();
        open.dedup();
        let mut said: LargeStringArray = open.iter().map(|(.., what)| Some(&**what)).collect();
        if let Some(mentions) = mentions {
            let masked = mask_display_names(&mut said, mentions);
            let rule = "texts with the name of an ineligible person: masked";
            drops.push(Dropped::suppressed("disputes", rule, masked));
        }
        let mut disputes: BTreeMap<PersonIndex, Vec<Dispute>> = BTreeMap::new();
        for (row, (person, since, _)) in open.into_iter().enumerate() {
            let what = if said.is_valid(row) { said.value(row) } else { "" }.to_owned();
            disputes.entry(person).or_default().push(Dispute { since, what });
        }
        disputes
    }
}

fn decode(block: &[RecordBatch], ids: &Ids) -> Result<Vec<Row>> {
    let networks = texts(block, "network")?;
    let mut accounts = texts(block, "account_id")?;
    let persons: Vec<Option<&str>> = texts(block, "person_id")?.collect();
    let keys = networks.map(|network| {
        let account = accounts.next().ok_or_else(uneven)?;
        Ok(network.zip(account).unwrap_or_default())
    });
    let accounts = ids.find_accounts(&keys.collect::<Result<Vec<_>>>()?);
    let named: Vec<&str> = persons.iter().map(|person| person.unwrap_or_default()).collect();
    let mut whom = ids.find_persons(&named).into_iter().zip(persons).zip(accounts);
    let mut whats = texts(block, "what")?;
    let mut resolved = values::<TimestampMicrosecondType>(block, "resolved_at")?;
    let row = |since: Option<i64>| {
        let ((person, named), account) = whom.next().ok_or_else(uneven)?;
        let who = match (named, account) {
            (Some(_), _) => person,
            (None, NONE) => PersonRef::Unknown,
            (None, account) => PersonRef::Account(account),
        };
        Ok(Row {
            who,
            what: whats.next().flatten().ok_or_else(uneven)?.into(),
            since_us: since.ok_or_else(uneven)?,
            resolved_us: resolved.next().ok_or_else(uneven)?,
        })
    };
    values::<TimestampMicrosecondType>(block, "since")?.map(row).collect()
}
