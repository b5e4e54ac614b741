//! Names of columns that are no names of a contract, and that are meant to be.
//!
//! An optional column whose name is written differently would be passed over in silence: if `birthDate` were ignored where
//! `birth_date` is meant, minors would be scored.

use crate::schema::{Column, Table};

/// Maximum edit distance at which the name of a column is taken for a typing error of a name in the contract.
const MAX_TYPING_ERRORS: usize = 1;

/// Columns of `accounts` by which people are protected; all columns of `consent` are.
const PROTECTING: [&str; 2] = ["birth_date", "is_minor"];

/// Other names of columns with an age, as [`letters`].
const AGES: [&str; 18] = [
    "adult",
    "age",
    "agegroup",
    "agerange",
    "birth",
    "birthday",
    "birthyear",
    "born",
    "bornat",
    "bornon",
    "child",
    "dateofbirth",
    "dob",
    "isadult",
    "ischild",
    "isunderage",
    "minor",
    "underage",
];

/// What a column outside the contract is taken for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mistaken<'a> {
    /// This column, in another spelling: refused.
    Spelling(&'a Column),
    /// This column, with a typing error: refused.
    TypingError(&'a Column),
    /// Perhaps this column, in the plural or singular: a warning.
    Plural(&'a Column),
    /// Perhaps an age: a warning.
    Age,
}

impl<'a> Mistaken<'a> {
    /// What the column `name` is taken for in `table`, of whose columns `found` are present.
    pub(super) fn of(name: &str, table: &'a Table, found: &[String]) -> Option<Self> {
        // A mandatory column is reported as missing by its own name.
        let is_absent = |column: &&&Column| column.nullable && !found.contains(&column.name);
        let columns: Vec<&Column> = table.columns.iter().filter(|c| is_absent(&c)).collect();
        let meant = |is_meant: &dyn Fn(&Column) -> bool| {
            columns.iter().copied().find(|column| is_meant(column))
        };
        let spelled = letters(name);
        if let Some(column) = meant(&|column| letters(&column.name) == spelled) {
            return Some(Self::Spelling(column));
        }
        let protects = |column: &Column| {
            table.table == "consent" || PROTECTING.contains(&column.name.as_str())
        };
        let near =
            |one: &str, other: &str| strsim::damerau_levenshtein(one, other) <= MAX_TYPING_ERRORS;
        let is_mistyped =
            |column: &Column| protects(column) && near(&letters(&column.name), &spelled);
        if let Some(column) = meant(&is_mistyped) {
            return Some(Self::TypingError(column));
        }
        if let Some(column) = meant(&|column| is_plural(&letters(&column.name), &spelled)) {
            return Some(Self::Plural(column));
        }
        if let Some(column) = meant(&|column| near(&column.name, name)) {
            return Some(Self::TypingError(column));
        }
        let is_age = table.table == "accounts"
            && AGES.contains(&spelled.as_str())
            && !PROTECTING.iter().any(|column| found.iter().any(|found| found == column));
        is_age.then_some(Self::Age)
    }
}

/// The letters and digits of a name, in lower case.
fn letters(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether one of two names is the plural of the other.
fn is_plural(one: &str, other: &str) -> bool {
    let of = |plural: &str, singular: &str| {
        let ending = plural.strip_prefix(singular);
        ending.is_some_and(|ending| matches!(ending, "s" | "es"))
    };
    of(one, other) || of(other, one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{self, Direction};

    #[test]
    fn names_are_taken_for_what_they_mean() {
        let of = |table: &str, name: &str, found: &[&str]| {
            let table = schema::table(Direction::Input, table).unwrap();
            let found: Vec<String> = found.iter().map(|name| (*name).to_owned()).collect();
            match Mistaken::of(name, table, &found) {
                None => "none".to_owned(),
                Some(Mistaken::Spelling(column)) => format!("spelling {}", column.name),
                Some(Mistaken::TypingError(column)) => format!("error {}", column.name),
                Some(Mistaken::Plural(column)) => format!("plural {}", column.name),
                Some(Mistaken::Age) => "age".to_owned(),
            }
        };
        for name in ["isMinor", "IS_MINOR", "is-minor", "isminor", "Is Minor"] {
            assert_eq!(of("accounts", name, &[]), "spelling is_minor", "{name}");
        }
        assert_eq!(of("accounts", "displayName", &[]), "spelling display_name");
        assert_eq!(of("posts", "HASHTAGS", &[]), "spelling hashtags");
        for name in ["birthdates", "birth_dates", "birth_dat"] {
            assert_eq!(of("accounts", name, &[]), "error birth_date", "{name}");
        }
        assert_eq!(of("consent", "topicIds", &[]), "error topic_id");
        assert_eq!(of("accounts", "languages", &[]), "plural language");
        assert_eq!(of("posts", "hashtag", &[]), "plural hashtags");
        assert_eq!(of("accounts", "countri", &[]), "error country");
        assert_eq!(of("accounts", "DateOfBirth", &[]), "age");
        assert_eq!(of("accounts", "DateOfBirth", &["is_minor"]), "none");
        assert_eq!(of("accounts", "isMinor", &["is_minor"]), "none");
        assert_eq!(of("accounts", "shoe_size", &[]), "none");
    }
}
