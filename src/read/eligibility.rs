//! Consent decided and persons numbered, from the rows of their accounts.
//!
//! Of two statements about one account or person the later counts, whenever it was made; of two at the
//! same instant the refusal. A person with any account that refused, was deleted or belongs to a minor
//! is removed whole.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::{
    Array, AsArray, BooleanArray, LargeStringBuilder, RecordBatch, StringViewArray,
};

use crate::error::{Error, Result};
use crate::job::ConsentRule;
use crate::model::Persons;

/// The vertex of an account of nobody who is scored.
pub(super) const NOBODY: u32 = u32::MAX;

/// Refuses more rows of the input `table` than there are numbers of 32 bits, [`NOBODY`] left out.
/// There are never more persons or vertices than accounts.
///
/// # Errors
/// [`crate::error::Kind::BadInput`].
pub(super) fn numberable(table: &str, rows: usize) -> Result<()> {
    numberable_within(table, rows, NOBODY as usize)
}

fn numberable_within(table: &str, rows: usize, most: usize) -> Result<()> {
    if rows <= most {
        return Ok(());
    }
    let error = Error::bad_input(
        format!(
            "input `{table}`: {rows} {table} after repeated rows were left out; renown numbers at most {most}"
        ),
        "split the job by network",
    );
    Err(error.in_table(table).in_rows(rows as u64))
}

/// Rows of accounts grouped into persons, and what is known of each. All lengths: rows.
pub(super) struct Eligibility<'a> {
    rows: Members<'a>,
    /// Number of the person of each row; persons are numbered in order of id.
    person: Vec<u32>,
    /// Whether the person may be scored.
    pub(super) consented: Vec<bool>,
    /// Whether the account is listed in `accounts` or took part in an interaction or follow that counts.
    appears: Vec<AtomicBool>,
}

/// Whom an account meets in an interaction or follow.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Met {
    /// One of the two may not be scored.
    Strange,
    /// An account of the same person.
    Own,
    /// Somebody else.
    Other,
}

/// The columns of the member rows.
struct Members<'a> {
    network: &'a StringViewArray,
    account: &'a StringViewArray,
    person: &'a StringViewArray,
    /// Display name, country, language.
    texts: [&'a StringViewArray; 3],
    listed: &'a BooleanArray,
    linked: &'a BooleanArray,
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
            listed: flag("listed")?,
            linked: flag("linked")?,
            automated: flag("is_automated")?,
            minor: flag("minor")?,
            account_out: flag("account_out")?,
            account_in: flag("account_in")?,
            person_out: flag("person_out")?,
            person_in: flag("person_in")?,
        })
    }

    /// The rows of each person, which stand together.
    fn persons(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        let mut from = 0;
        std::iter::from_fn(move || {
            let start = from;
            let id = (start < self.person.len()).then(|| self.person.value(start))?;
            while from < self.person.len() && self.person.value(from) == id {
                from += 1;
            }
            Some(start..from)
        })
    }

    /// Whether the person with these rows agreed: each account must be covered, silence is no consent.
    fn agrees(&self, mut rows: Range<usize>) -> bool {
        rows.all(|row| set(self.account_in, row) || set(self.person_in, row))
    }

    /// Whether the person with these rows may be scored.
    fn may_be_scored(&self, rows: Range<usize>, rule: ConsentRule) -> bool {
        let refuses = [self.minor, self.account_out, self.person_out];
        if rows.clone().any(|row| refuses.iter().any(|flags| set(flags, row))) {
            return false;
        }
        match rule {
            ConsentRule::OptOut => true,
            ConsentRule::OptIn => self.agrees(rows),
        }
    }
}

impl<'a> Eligibility<'a> {
    /// Decides under `rule` who may be scored, from the rows of `members`.
    pub(super) fn of(members: &'a RecordBatch, rule: ConsentRule) -> Result<Self> {
        let rows = Members::of(members)?;
        let (mut person, mut consented) = (Vec::new(), Vec::new());
        for (number, of) in (0..).zip(rows.persons()) {
            let may = rows.may_be_scored(of.clone(), rule);
            person.resize(of.end, number);
            consented.resize(of.end, may);
        }
        let listed = (0..members.num_rows()).map(|row| set(rows.listed, row));
        let appears = listed.map(AtomicBool::new).collect();
        Ok(Self { rows, person, consented, appears })
    }

    /// Whatever in the accounts contradicts itself; `meetings` is the input that tells who met whom.
    pub(super) fn contradictions(&self, meetings: &str) -> Vec<Error> {
        contradictions(&self.rows, meetings)
    }

    fn appears(&self, row: usize) -> bool {
        self.appears[row].load(Ordering::Relaxed)
    }

    /// How many accounts of people who are scored take part in interactions or follows though `accounts`
    /// lacks them.
    pub(super) fn unlisted(&self) -> u64 {
        let scored = |row: &usize| self.consented[*row] && self.appears(*row);
        let rows = (0..self.appears.len()).filter(scored);
        rows.filter(|row| !set(self.rows.listed, *row)).count() as u64
    }

    /// Tells whom account `one` met in `other`, and notes that both appear unless one may not be scored.
    pub(super) fn meet(&self, one: usize, other: usize) -> Met {
        if !(self.consented[one] && self.consented[other]) {
            return Met::Strange;
        }
        self.appears[one].store(true, Ordering::Relaxed);
        self.appears[other].store(true, Ordering::Relaxed);
        if self.person[one] == self.person[other] { Met::Own } else { Met::Other }
    }

    /// How many accounts belong to people who may not be scored, and how many appear nowhere but
    /// beside such people, or only in `identities`.
    pub(super) fn left_out(&self) -> (u64, u64) {
        let refused = self.consented.iter().filter(|may| !**may).count();
        let absent = |row: &usize| self.consented[*row] && !self.appears(*row);
        let absent = (0..self.appears.len()).filter(absent).count();
        (refused as u64, absent as u64)
    }

    /// Numbers the persons who may be scored and appear. Returns with them the vertex of each row,
    /// [`NOBODY`] for the others.
    pub(super) fn number(self) -> (Persons, Vec<u32>) {
        let mut roll = Roll { account_offsets: vec![0], ..Roll::default() };
        let appears: Vec<bool> = self.appears.into_iter().map(AtomicBool::into_inner).collect();
        for of in self.rows.persons() {
            if self.consented[of.start] {
                roll.person(&self.rows, of, &appears);
            }
        }
        roll.number(self.person.len())
    }
}

/// Builds [`Persons`] one by one.
#[derive(Default)]
struct Roll {
    ids: LargeStringBuilder,
    texts: [LargeStringBuilder; 3],
    automated: Vec<bool>,
    opted_in: Vec<bool>,
    /// Networks, numbered as they come; put in order at the end.
    network_numbers: HashMap<String, u32>,
    account_networks: Vec<u32>,
    account_ids: LargeStringBuilder,
    account_offsets: Vec<usize>,
    /// Member row of each account.
    account_rows: Vec<usize>,
}

impl Roll {
    fn person(&mut self, rows: &Members<'_>, of: Range<usize>, appears: &[bool]) {
        let appearing = || of.clone().filter(|row| appears[*row]);
        if appearing().next().is_none() {
            return;
        }
        self.ids.append_value(rows.person.value(of.start));
        for (text, to) in rows.texts.iter().zip(&mut self.texts) {
            let first = appearing().find(|row| text.is_valid(*row) && !text.value(*row).is_empty());
            to.append_option(first.map(|row| text.value(row)));
        }
        self.opted_in.push(rows.agrees(of.clone()));
        self.automated.push(appearing().any(|row| set(rows.automated, row)));
        for row in appearing() {
            let name = rows.network.value(row);
            let known = self.network_numbers.get(name).copied();
            let number = known.unwrap_or_else(|| {
                let next = self.network_numbers.len() as u32;
                self.network_numbers.insert(name.to_owned(), next);
                next
            });
            self.account_networks.push(number);
            self.account_ids.append_value(rows.account.value(row));
            self.account_rows.push(row);
        }
        self.account_offsets.push(self.account_networks.len());
    }

    /// Puts the networks in order and numbers the vertices of `rows` member rows.
    fn number(mut self, rows: usize) -> (Persons, Vec<u32>) {
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
        let mut of_accounts = Vec::with_capacity(self.account_networks.len());
        for person in 0..ids.len() {
            for account in self.account_offsets[person]..self.account_offsets[person + 1] {
                of_accounts.push((self.account_networks[account], person as u32));
            }
        }
        let mut vertices = of_accounts.clone();
        vertices.sort_unstable();
        vertices.dedup();
        let mut vertex_of = vec![NOBODY; rows];
        for (key, row) in of_accounts.iter().zip(&self.account_rows) {
            vertex_of[*row] = vertices.partition_point(|vertex| vertex < key) as u32;
        }
        let count = |n: usize| vertices.partition_point(|(network, _)| (*network as usize) < n);
        let network_offsets = (0..=networks.len()).map(count).collect();
        let [mut names, mut countries, mut languages] = self.texts;
        let persons = Persons {
            ids,
            display_names: names.finish(),
            countries: countries.finish(),
            languages: languages.finish(),
            automated: self.automated,
            opted_in: self.opted_in,
            networks,
            account_networks: self.account_networks,
            account_ids: self.account_ids.finish(),
            account_offsets: self.account_offsets,
            vertex_persons: vertices.into_iter().map(|(_, person)| person).collect(),
            network_offsets,
        };
        (persons, vertex_of)
    }
}

/// Accounts that appear twice, identities or profiles that contradict one another.
fn contradictions(rows: &Members<'_>, meetings: &str) -> Vec<Error> {
    let mut violations = Vec::new();
    let mut violation = |rows: usize, table: &str, column: &str, cause: String, remedy: &str| {
        if rows > 0 {
            let violation = Error::bad_input(format!("input `{table}`: {cause}"), remedy);
            violations.push(violation.in_table(table).in_column(column).in_rows(rows as u64));
        }
    };
    let mut keys: Vec<usize> = (0..rows.network.len()).collect();
    let key = |row: usize| (rows.network.value(row), rows.account.value(row));
    keys.sort_unstable_by_key(|row| key(*row));
    let twice = |p: &&[usize]| key(p[0]) == key(p[1]);
    let two_persons = |p: &&[usize]| rows.person.value(p[0]) != rows.person.value(p[1]);
    let identities = keys.windows(2).filter(twice).filter(two_persons).count();
    violation(
        identities,
        "identities",
        "person_id",
        format!("{identities} accounts are given to more than one person"),
        "keep one person_id for each (network, account_id)",
    );
    let profiles = keys.windows(2).filter(twice).count() - identities;
    violation(
        profiles,
        "accounts",
        "account_id",
        format!("{profiles} accounts have two rows that contradict each other"),
        "keep one row for each (network, account_id), for example the newest",
    );
    let borrowed = rows.persons().filter(|of| {
        of.clone().any(|row| set(rows.linked, row)) && !of.clone().all(|row| set(rows.linked, row))
    });
    let borrowed = borrowed.count();
    violation(
        borrowed,
        "identities",
        "person_id",
        format!(
            "{borrowed} person_ids are `network:account_id` of an account that it gives to nobody"
        ),
        "add a row that gives that account to the person, or name the person otherwise",
    );
    let colon =
        (0..rows.network.len()).filter(|row| rows.network.value(*row).contains(':')).count();
    violation(
        colon,
        meetings,
        "network",
        format!(
            "the network of {colon} accounts holds `:`, which parts network and account in ids"
        ),
        "name the network without it in a SELECT",
    );
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_row_over_the_limit_is_refused() {
        numberable_within("accounts", 3, 3).unwrap();
        let error = numberable_within("accounts", 4, 3).unwrap_err();
        assert_eq!(
            error.to_string(),
            "input `accounts`: 4 accounts after repeated rows were left out; renown numbers at \
             most 3\nremedy: split the job by network"
        );
        assert_eq!(error.kind, crate::error::Kind::BadInput);
        // Were there as many accounts as numbers, the last would have the number of nobody.
        numberable("accounts", (1 << 32) - 1).unwrap();
        numberable("accounts", 1 << 32).unwrap_err();
    }
}
