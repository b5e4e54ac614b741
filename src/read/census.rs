//! Consent decided and persons numbered, from the rows of their accounts.
//!
//! Of two statements about one account or person the later counts, whenever it was made; of two at the
//! same instant the refusal. A person with any account that refused, was deleted or belongs to a minor
//! is removed whole.

use std::collections::HashMap;
use std::ops::Range;

use arrow::array::{
    Array, AsArray, BooleanArray, LargeStringBuilder, RecordBatch, StringViewArray,
};

use super::persons::Persons;
use crate::error::{Error, Result};
use crate::job::ConsentRule;

/// Most persons, and most (network, person) pairs, that 32-bit vertex ids can number.
const MOST_VERTICES: usize = u32::MAX as usize;

/// The persons who may be scored under `rule`, from the rows of `members`; and the number of accounts
/// of those who may not.
pub(super) fn census(members: &RecordBatch, rule: ConsentRule) -> Result<(Persons, u64)> {
    let mut census = Census::default();
    census.take(members, rule)?;
    let removed = census.removed;
    Ok((census.number()?, removed))
}

/// The columns of the member rows.
struct Members<'a> {
    network: &'a StringViewArray,
    account: &'a StringViewArray,
    person: &'a StringViewArray,
    /// Display name, country, language.
    texts: [&'a StringViewArray; 3],
    appears: &'a BooleanArray,
    automated: &'a BooleanArray,
    minor: &'a BooleanArray,
    account_out: &'a BooleanArray,
    account_in: &'a BooleanArray,
    person_out: &'a BooleanArray,
    person_in: &'a BooleanArray,
}

/// Whether the flag is set: a missing one is not.
fn set(flags: &BooleanArray, row: usize) -> bool {
    flags.is_valid(row) && flags.value(row)
}

impl<'a> Members<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self> {
        let wrong =
            |name: &str| Error::internal(format!("member column `{name}` is not as joined"));
        let column = |name: &str| batch.column_by_name(name).ok_or_else(|| wrong(name));
        let text = |name: &str| column(name)?.as_string_view_opt().ok_or_else(|| wrong(name));
        let flag = |name: &str| column(name)?.as_boolean_opt().ok_or_else(|| wrong(name));
        Ok(Self {
            network: text("network")?,
            account: text("account_id")?,
            person: text("person_id")?,
            texts: [text("display_name")?, text("country")?, text("language")?],
            appears: flag("appears")?,
            automated: flag("is_automated")?,
            minor: flag("minor")?,
            account_out: flag("account_out")?,
            account_in: flag("account_in")?,
            person_out: flag("person_out")?,
            person_in: flag("person_in")?,
        })
    }

    /// Whether the person with these rows may be scored.
    fn may_be_scored(&self, rows: Range<usize>, rule: ConsentRule) -> bool {
        let refuses = [self.minor, self.account_out, self.person_out];
        if rows.clone().any(|row| refuses.iter().any(|flags| set(flags, row))) {
            return false;
        }
        let agrees = |row| set(self.account_in, row) || set(self.person_in, row);
        match rule {
            ConsentRule::OptOut => true,
            // Each account must be covered: silence is no consent.
            ConsentRule::OptIn => self.appearing(rows).all(agrees),
        }
    }

    fn appearing(&self, rows: Range<usize>) -> impl Iterator<Item = usize> + '_ {
        rows.filter(|row| set(self.appears, *row))
    }
}

/// Builds [`Persons`] one by one.
#[derive(Default)]
struct Census {
    ids: LargeStringBuilder,
    texts: [LargeStringBuilder; 3],
    automated: Vec<bool>,
    /// Networks, numbered as they come; put in order at the end.
    network_numbers: HashMap<String, u32>,
    account_networks: Vec<u32>,
    account_ids: LargeStringBuilder,
    account_offsets: Vec<usize>,
    /// Accounts of people who may not be scored.
    removed: u64,
}

impl Census {
    fn take(&mut self, members: &RecordBatch, rule: ConsentRule) -> Result<()> {
        let rows = Members::of(members)?;
        self.account_offsets.push(0);
        let mut from = 0;
        for row in 0..members.num_rows() {
            let last = row + 1 == members.num_rows();
            if last || rows.person.value(row + 1) != rows.person.value(row) {
                self.person(&rows, from..row + 1, rule);
                from = row + 1;
            }
        }
        contradictions(&rows)
    }

    fn person(&mut self, rows: &Members<'_>, of: Range<usize>, rule: ConsentRule) {
        let appearing = rows.appearing(of.clone()).count();
        if appearing == 0 {
            return;
        }
        if !rows.may_be_scored(of.clone(), rule) {
            self.removed += appearing as u64;
            return;
        }
        self.ids.append_value(rows.person.value(of.start));
        for (text, to) in rows.texts.iter().zip(&mut self.texts) {
            let first = of.clone().find(|row| text.is_valid(*row) && !text.value(*row).is_empty());
            to.append_option(first.map(|row| text.value(row)));
        }
        self.automated.push(of.clone().any(|row| set(rows.automated, row)));
        for row in rows.appearing(of) {
            let name = rows.network.value(row);
            let known = self.network_numbers.get(name).copied();
            let number = known.unwrap_or_else(|| {
                let next = self.network_numbers.len() as u32;
                self.network_numbers.insert(name.to_owned(), next);
                next
            });
            self.account_networks.push(number);
            self.account_ids.append_value(rows.account.value(row));
        }
        self.account_offsets.push(self.account_networks.len());
    }

    /// Puts the networks in order and numbers the vertices.
    fn number(mut self) -> Result<Persons> {
        let mut numbered: Vec<(String, u32)> = self.network_numbers.into_iter().collect();
        numbered.sort_unstable();
        let mut order = vec![0; numbered.len()];
        for (place, (_, number)) in (0..).zip(&numbered) {
            order[*number as usize] = place;
        }
        let networks: Vec<String> = numbered.into_iter().map(|(name, _)| name).collect();
        for network in &mut self.account_networks {
            *network = order[*network as usize];
        }
        let ids = self.ids.finish();
        let mut vertices = Vec::with_capacity(self.account_networks.len());
        for person in 0..ids.len() {
            for account in self.account_offsets[person]..self.account_offsets[person + 1] {
                vertices.push((self.account_networks[account], person as u32));
            }
        }
        vertices.sort_unstable();
        vertices.dedup();
        if vertices.len() > MOST_VERTICES {
            return Err(Error::bad_input(
                format!(
                    "{} people on their networks: vertex ids hold {MOST_VERTICES}",
                    vertices.len()
                ),
                "split the job by network",
            ));
        }
        let count = |n: usize| vertices.partition_point(|(network, _)| (*network as usize) < n);
        let network_offsets = (0..=networks.len()).map(count).collect();
        let [mut names, mut countries, mut languages] = self.texts;
        Ok(Persons {
            ids,
            display_names: names.finish(),
            countries: countries.finish(),
            languages: languages.finish(),
            automated: self.automated,
            networks,
            account_networks: self.account_networks,
            account_ids: self.account_ids.finish(),
            account_offsets: self.account_offsets,
            vertex_persons: vertices.into_iter().map(|(_, person)| person).collect(),
            network_offsets,
        })
    }
}

/// Refuses accounts that appear twice: identities or profiles that contradict one another.
fn contradictions(rows: &Members<'_>) -> Result<()> {
    let mut keys: Vec<usize> = (0..rows.network.len()).collect();
    let key = |row: usize| (rows.network.value(row), rows.account.value(row));
    keys.sort_unstable_by_key(|row| key(*row));
    let twice = |p: &&[usize]| key(p[0]) == key(p[1]);
    let two_persons = |p: &&[usize]| rows.person.value(p[0]) != rows.person.value(p[1]);
    let identities = keys.windows(2).filter(twice).filter(two_persons).count();
    if identities > 0 {
        return Err(Error::bad_input(
            format!("input `identities`: {identities} accounts are given to more than one person"),
            "keep one person_id for each (network, account_id)",
        ));
    }
    let profiles = keys.windows(2).filter(twice).count();
    if profiles > 0 {
        return Err(Error::bad_input(
            format!(
                "input `accounts`: {profiles} accounts have two rows that contradict each other"
            ),
            "keep one row for each (network, account_id), for example the newest",
        ));
    }
    let colon =
        (0..rows.network.len()).filter(|row| rows.network.value(*row).contains(':')).count();
    if colon > 0 {
        return Err(Error::bad_input(
            format!(
                "the network of {colon} accounts holds `:`, which parts network and account in ids"
            ),
            "name the network without it in a SELECT",
        ));
    }
    Ok(())
}
