//! Names of columns that are no names of a contract, and that are meant to be.
//!
//! An optional column whose name is written differently would be passed over in silence: if `birthDate` were ignored where
//! `birth_date` is meant, minors would be scored.

use crate::schema::{Column, Table};

/// Maximum edit distance at which the name of a column is taken for a typing error of a name in the contract.
const MAX_TYPING_ERRORS: usize = 1;

/// Columns of `accounts` by which people are protected; all columns of `consent` are.
const PROTECTING: [&str; 2] = ["birth_date", "is_minor"];

/// Names of columns with an age, as [`letters`], and words of such names.
const AGES: [&str; 23] = [
    "adult",
    "adults",
    "age",
    "agegroup",
    "agerange",
    "ages",
    "birth",
    "birthdate",
    "birthday",
    "birthyear",
    "born",
    "bornat",
    "bornon",
    "child",
    "children",
    "dateofbirth",
    "dob",
    "isadult",
    "ischild",
    "isunderage",
    "minor",
    "minors",
    "underage",
];

/// What a column outside the contract is taken for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mistaken<'a> {
    /// This column, in another spelling: refused.
    Spelling(&'a Column),
    /// This column, which is there as well: refused.
    Again(&'a Column),
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
        let spelled = letters(name);
        let is_spelled = |column: &&Column| letters(&column.name) == spelled;
        let present = table.columns.iter().filter(|column| found.contains(&column.name));
        if let Some(column) = present.clone().find(is_spelled) {
            return Some(Self::Again(column)).filter(|_| column.nullable);
        }
        // A mandatory column is reported as missing by its own name.
        let is_absent = |column: &&&Column| column.nullable && !found.contains(&column.name);
        let columns: Vec<&Column> = table.columns.iter().filter(|c| is_absent(&c)).collect();
        let meant = |is_meant: &dyn Fn(&Column) -> bool| {
            columns.iter().copied().find(|column| is_meant(column))
        };
        if let Some(column) = meant(&|column| is_spelled(&column)) {
            return Some(Self::Spelling(column));
        }
        let near =
            |one: &str, other: &str| strsim::damerau_levenshtein(one, other) <= MAX_TYPING_ERRORS;
        let is_mistyped =
            |column: &Column| protects(table, column) && near(&letters(&column.name), &spelled);
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
            && has_age(name)
            && !PROTECTING.iter().any(|column| found.iter().any(|found| found == column));
        is_age.then_some(Self::Age)
    }
}

/// Whether people are protected by a column of `table`.
pub(super) fn protects(table: &Table, column: &Column) -> bool {
    table.table == "consent" || PROTECTING.contains(&column.name.as_str())
}

/// Whether a word of a name, `minor_flag` or `userAge`, says that it is the age of a person.
fn has_age(name: &str) -> bool {
    let mut words = String::new();
    for c in name.chars() {
        let is_next = c.is_uppercase() && words.ends_with(char::is_lowercase);
        if is_next || !c.is_alphabetic() {
            words.push(' ');
        }
        words.extend(c.to_lowercase().filter(|c| c.is_alphabetic()));
    }
    let is_age = |word: &str| AGES.contains(&word);
    // That of an account is none.
    is_age(&letters(name))
        || (words.split(' ').any(is_age) && !words.split(' ').any(|word| word == "account"))
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
                Some(Mistaken::Again(column)) => format!("again {}", column.name),
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
        for name in ["DateOfBirth", "minor_flag", "minors", "age_years", "AGE", "userAge18"] {
            assert_eq!(of("accounts", name, &[]), "age", "{name}");
        }
        assert_eq!(of("accounts", "DateOfBirth", &["is_minor"]), "none");
        assert_eq!(of("accounts", "isMinor", &["is_minor"]), "again is_minor");
        assert_eq!(of("accounts", "Network", &["network"]), "none");
        for name in ["shoe_size", "account_age", "image", "page_views", "minority"] {
            assert_eq!(of("accounts", name, &[]), "none", "{name}");
        }
    }
}
