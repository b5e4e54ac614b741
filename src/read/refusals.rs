//! Topics that people refuse to be known for.

use std::collections::{BTreeMap, HashMap};

use arrow::array::Array;
use datafusion::prelude::ident;

use super::check::Checked;
use super::ids::{instants, text};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::model::{Persons, Refusals};

/// The refusals in `consent` of single topics. Of two statements of an account or a person about a topic the later
/// counts, of two at the same instant the refusal; a refusal of any account is one of its person.
pub(super) async fn refusals(
    engine: &Engine,
    consent: Option<&Checked>,
    persons: &Persons,
) -> Result<Refusals> {
    let mut refusals = Refusals::new();
    let Some(consent) = consent else { return Ok(refusals) };
    let what = format!("reading {}", consent.origin);
    let single = consent.frame.clone().filter(ident("topic_id").is_not_null());
    let single = single.map_err(|e| Error::engine(&what, e))?;
    let rows = engine.sorted_rows(&what, single, &["at"]).await?;
    if rows.num_rows() == 0 {
        return Ok(refusals);
    }
    let at = instants(&rows, "at")?;
    let (network, account) = (text(&rows, "network")?, text(&rows, "account_id")?);
    let [person, topic, status] = ["person_id", "topic_id", "status"].map(|name| text(&rows, name));
    let (person, topic, status) = (person?, topic?, status?);

    // The latest statement of each subject about each topic: when it was made, and whether it refuses.
    let mut latest: BTreeMap<(Subject<'_>, &str), (i64, bool)> = BTreeMap::new();
    for row in 0..rows.num_rows() {
        let statement = (at.value(row), status.value(row) != "opted_in");
        let mut of = |subject| {
            let known = latest.entry((subject, topic.value(row))).or_insert(statement);
            *known = (*known).max(statement);
        };
        if network.is_valid(row) && account.is_valid(row) {
            of(Subject::Account(network.value(row), account.value(row)));
        }
        if person.is_valid(row) {
            of(Subject::Person(person.value(row)));
        }
    }
    let numbers = subjects(persons);
    for ((subject, topic), (_, refuses)) in latest {
        if let (true, Some(person)) = (refuses, numbers.get(&subject)) {
            refusals.entry(*person).or_default().insert(topic.to_owned());
        }
    }
    Ok(refusals)
}

/// Who makes a statement.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Subject<'a> {
    /// Network and account id.
    Account(&'a str, &'a str),
    /// Person id.
    Person(&'a str),
}

/// The person of each subject.
pub(super) fn subjects(persons: &Persons) -> HashMap<Subject<'_>, u32> {
    let mut numbers = HashMap::new();
    for person in 0..persons.len() {
        numbers.insert(Subject::Person(persons.ids.value(person)), person as u32);
        for account in persons.accounts(person) {
            let network = &persons.networks[persons.account_networks[account] as usize];
            let account = persons.account_ids.value(account);
            numbers.insert(Subject::Account(network, account), person as u32);
        }
    }
    numbers
}
