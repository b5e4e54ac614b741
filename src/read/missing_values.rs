//! Ids that look like a missing value written as text: a `nan` that many rows name would be scored as one person.

use std::collections::{BTreeMap, BTreeSet};

use super::accounts::Accounts;
use super::directory::Directory;
use super::eligibility::Eligibility;
use super::follows::FollowRows;
use super::interactions::InteractionRows;
use super::near_ids::trimmed;
use super::posts::PostRows;
use super::snapshot::Snapshot;
use super::violations::Violations;
use crate::error::{Error, Result};
use crate::model::{SuppressedCount, Warning};
use crate::number_format::counted;

/// What programs write for a missing value, in small letters. `0` is not among them: numbers of accounts begin there.
const TEXTS: [&str; 46] = [
    "nan",
    "-nan",
    "null",
    "(null)",
    "<null>",
    "none",
    "nil",
    "<nil>",
    "na",
    "n/a",
    "#n/a",
    "<na>",
    "nat",
    "undefined",
    "\\n",
    "-1",
    "-1.0",
    "[deleted]",
    "[removed]",
    "deleted",
    "removed",
    "unknown",
    "-",
    "?",
    "--",
    ".",
    "[]",
    "{}",
    "\"\"",
    "''",
    "\\\\n",
    "(none)",
    "<none>",
    "missing",
    "#ref!",
    "#value!",
    "1.#qnan",
    "-999",
    "-9999",
    "00000000-0000-0000-0000-000000000000",
    "nul",
    "-99",
    "0.0",
    "empty",
    "ghost",
    "anonymous",
];

/// How many of [`TEXTS`], the last, may well be what an account is called: they look missing where very many rows name them.
const NAMES: usize = 3;

/// Of 100 rows, as many may name an id that looks missing.
const MAX_IN_100: u64 = 10;

/// Whether so many rows name ids that look missing.
fn are_many(rows: u64, all: u64) -> bool {
    100 * rows > MAX_IN_100 * all
}

/// The place in [`TEXTS`] of an id that looks missing.
fn place(id: &str) -> Option<u8> {
    const LONGEST: usize = 48;
    if id.len() > LONGEST {
        return None;
    }
    let id = trimmed(id).to_ascii_lowercase();
    (0_u8..).zip(TEXTS).find(|(_, text)| *text == id).map(|(place, _)| place)
}

/// An input that names accounts, and where it does so.
struct Named<'a, Rows> {
    table: &'static str,
    origin: &'a str,
    columns: &'static [&'static str],
    /// Account numbers of each row, by column.
    rows: Rows,
    /// Whether many rows that name such ids stop a run: posts of deleted accounts are common.
    may_stop: bool,
}

/// The accounts whose ids look missing.
pub(super) struct MissingValues<'a> {
    not_missing: &'a BTreeSet<String>,
    /// By account number: place in [`TEXTS`]; [`Self::NONE`] for an id like any other.
    texts: Vec<u8>,
    /// How each is written, the first way of several.
    written: BTreeMap<u8, &'a str>,
}

impl<'a> MissingValues<'a> {
    const NONE: u8 = u8::MAX;

    /// The accounts of `directory` whose ids look missing, but for those in `not_missing`. Accounts of people who are there and
    /// ineligible are left out: they must not be named.
    pub(super) fn of(
        directory: &'a Directory,
        eligibility: &Eligibility<'_>,
        accounts: Option<&Accounts>,
        not_missing: &'a BTreeSet<String>,
    ) -> Self {
        let mut found = Self { not_missing, texts: vec![], written: BTreeMap::new() };
        let allowed = found.allowed();
        for account in 0..directory.account_numbers() as u32 {
            let id = directory.account(account).2;
            let Some(place) = place(id).filter(|place| !allowed.contains(place)) else { continue };
            let is_listed = accounts.is_some_and(|accounts| accounts.row(account).is_some());
            let is_somebody = is_listed || eligibility.has_refused(account);
            if is_somebody && !eligibility.is_eligible(account) {
                continue;
            }
            found.texts.resize(directory.account_numbers(), Self::NONE);
            found.texts[account as usize] = place;
            found.add(place, id);
        }
        found
    }

    fn allowed(&self) -> BTreeSet<u8> {
        self.not_missing.iter().filter_map(|text| place(text)).collect()
    }

    fn add(&mut self, place: u8, id: &'a str) {
        let written = self.written.entry(place).or_insert(id);
        *written = (*written).min(id);
    }

    /// Reports how many rows of an input name accounts whose ids look missing.
    fn report<const N: usize>(
        &self,
        named: Named<'_, impl Iterator<Item = [u32; N]>>,
        violations: &mut Violations,
        warnings: &mut Vec<Warning>,
    ) -> Result<()> {
        if self.written.is_empty() {
            return Ok(());
        }
        let mut counts = Counts::default();
        for accounts in named.rows {
            let texts = accounts.map(|account| self.texts[account as usize]);
            let missing = (0..).zip(texts).filter(|(_, text)| *text != Self::NONE);
            counts.add(missing, 1);
        }
        let counts = counts.without_names();
        let Named { table, origin, columns, may_stop, .. } = named;
        self.report_counts(&counts, (table, origin, columns), may_stop, violations, warnings)
    }

    /// Reports persons of `identities` whose ids look missing: all accounts without a person would be one.
    pub(super) fn report_persons(
        directory: &'a Directory,
        origin: &str,
        not_missing: &'a BTreeSet<String>,
        violations: &mut Violations,
        warnings: &mut Vec<Warning>,
    ) -> Result<()> {
        let mut found = Self { not_missing, texts: vec![], written: BTreeMap::new() };
        let allowed = found.allowed();
        let mut counts = Counts::default();
        for person in 0..directory.persons() as u32 {
            let accounts = directory.accounts(person);
            if !accounts.iter().any(|account| directory.is_linked(*account)) {
                continue;
            }
            let (id, accounts) = (directory.person_id(person), accounts.len() as u64);
            let place = place(id).filter(|place| !allowed.contains(place));
            place.iter().for_each(|place| found.add(*place, id));
            counts.add(place.map(|place| (0, place)).into_iter(), accounts);
        }
        let counts = counts.without_names();
        let of = ("identities", origin, &["person_id"][..]);
        found.report_counts(&counts, of, true, violations, warnings)
    }

    fn report_counts(
        &self,
        counts: &Counts,
        (table, origin, columns): (&str, &str, &[&str]),
        may_stop: bool,
        violations: &mut Violations,
        warnings: &mut Vec<Warning>,
    ) -> Result<()> {
        let stops = may_stop && are_many(counts.any, counts.all);
        let written = |place: &u8| self.written.get(place).copied().unwrap_or_default();
        if stops && let Some(((column, text), _)) = counts.by_text.iter().max_by_key(|(_, n)| **n) {
            let (column, text) = (columns[*column], written(text));
            let all: BTreeSet<&str> =
                counts.by_text.keys().map(|(_, text)| written(text)).collect();
            let quoted = |quote: char| {
                let texts = all.iter().map(|text| format!("{quote}{text}{quote}"));
                texts.collect::<Vec<_>>().join(", ")
            };
            let cause = format!(
                "input `{table}` ({origin}): ids that look like missing values written as text, {}, are in {} % of {}, most \
                 of them in column `{column}`",
                quoted('`'),
                100 * counts.any / counts.all,
                counted(counts.all, "row", "rows")
            );
            let remedy = format!(
                "leave these rows out with a SELECT … WHERE {column} NOT IN ({}); if `{text}` is an id like any other, list it \
                 as `not_missing = ['{text}']` under [reading]",
                quoted('\'')
            );
            let violation = Error::bad_input(cause, remedy).in_table(table).in_column(column);
            return violations.report(violation.in_rows(counts.any));
        }
        for ((column, text), rows) in &counts.by_text {
            let (column, text) = (columns[*column], written(text));
            let share =
                match (SuppressedCount::rounded(*rows), SuppressedCount::rounded(counts.all)) {
                    (SuppressedCount::Exact(rows), SuppressedCount::Exact(all)) => {
                        format!(
                            "in about {rows} of {all} rows ({:.1} %)",
                            100.0 * rows as f64 / all as f64
                        )
                    }
                    (rows, _) => format!("in {rows} rows"),
                };
            let text = format!(
                "id `{text}` in column `{column}` looks like a missing value written as text, {share}: leave these rows out, or \
                 list it as `not_missing = ['{text}']` under [reading]"
            );
            warnings.push(Warning::new(table, text));
        }
        Ok(())
    }
}

/// The inputs that name accounts, and the ids that look missing.
pub(super) struct NamedInputs<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) missing: &'a MissingValues<'a>,
}

impl NamedInputs<'_> {
    /// Reports how many of their rows name accounts whose ids look missing.
    pub(super) fn report(
        &self,
        interactions: &InteractionRows,
        follows: Option<&FollowRows>,
        posts: Option<&PostRows>,
        violations: &mut Violations,
        warnings: &mut Vec<Warning>,
    ) -> Result<()> {
        let Self { snapshot, missing } = self;
        if let Some(input) = &snapshot.interactions {
            let named = Named {
                table: "interactions",
                origin: &input.origin,
                columns: &["actor_id", "target_id"],
                rows: interactions.accounts(),
                may_stop: true,
            };
            missing.report(named, violations, warnings)?;
        }
        if let (Some(input), Some(rows)) = (&snapshot.follows, follows) {
            let named = Named {
                table: "follows",
                origin: &input.origin,
                columns: &["follower_id", "followee_id"],
                rows: rows.accounts(),
                may_stop: true,
            };
            missing.report(named, violations, warnings)?;
        }
        if let (Some(input), Some(rows)) = (&snapshot.posts, posts) {
            let named = Named {
                table: "posts",
                origin: &input.origin,
                columns: &["author_id"],
                rows: rows.authors(),
                may_stop: false,
            };
            missing.report(named, violations, warnings)?;
        }
        Ok(())
    }
}

/// Numbers of rows.
#[derive(Default)]
struct Counts {
    /// By place of the column, and of the text in [`TEXTS`].
    by_text: BTreeMap<(usize, u8), u64>,
    /// By the text, of rows whose texts all may be names.
    by_name: BTreeMap<u8, u64>,
    /// With any such text.
    any: u64,
    all: u64,
}

impl Counts {
    /// Adds rows whose ids look missing in these columns, if in any.
    fn add(&mut self, missing: impl Iterator<Item = (usize, u8)>, rows: u64) {
        let mut first = None;
        for (column, text) in missing {
            *self.by_text.entry((column, text)).or_default() += rows;
            first = first.min(Some(text)).or(Some(text));
        }
        match first {
            Some(text) if is_name(text) => *self.by_name.entry(text).or_default() += rows,
            Some(_) => self.any += rows,
            None => {}
        }
        self.all += rows;
    }

    /// The counts without texts that may be names and are not in very many rows.
    fn without_names(mut self) -> Self {
        for (text, rows) in std::mem::take(&mut self.by_name) {
            match are_many(rows, self.all) {
                true => self.any += rows,
                false => self.by_text.retain(|(_, other), _| *other != text),
            }
        }
        self
    }
}

/// Whether a text may be what an account is called, by its place in [`TEXTS`].
fn is_name(text: u8) -> bool {
    usize::from(text) >= TEXTS.len() - NAMES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_values_are_known_in_any_spelling() {
        for id in ["nan", "NaN", "NULL", "None", " none ", "\\N", "-1", "[deleted]", "N/A", "<NA>"]
            .into_iter()
            .chain(["null\u{200b}", "\\\\N", "00000000-0000-0000-0000-000000000000", "1.#QNAN"])
        {
            assert!(place(id).is_some(), "{id}");
        }
        for id in ["nul", "-99", "0.0", "Ghost"] {
            assert!(place(id).is_some(), "{id}");
        }
        assert!(is_name(place("empty").unwrap()) && !is_name(place("0.0").unwrap()));
        for id in ["0", "1", "-2", "nano", "nonesuch", "u-1", "", "NULL Islander of the sea"] {
            assert!(place(id).is_none(), "{id}");
        }
    }
}
