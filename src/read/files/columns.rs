//! The columns of several files as those of one table: what is missing in some, and what has several types or spellings.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::types::widen;
use crate::error::Error;
use crate::job::MissingColumns;

/// Maximum number of files that an error names.
const MAX_NAMED: usize = 3;

/// A column that some files lack.
#[derive(Clone, Debug)]
struct Gap {
    /// Indices of the files that lack it.
    files: Vec<usize>,
    /// Whether all files that have it are younger than those that lack it, by name or by time of writing.
    is_new: bool,
}

/// A column that is not the same in all files: what it is in two of them.
#[derive(Clone, Debug)]
struct Conflict {
    files: [usize; 2],
    found: [String; 2],
}

/// Where the files of a table differ.
#[derive(Clone, Debug, Default)]
pub(super) struct Drift {
    /// Files of the table.
    files: usize,
    gaps: BTreeMap<String, Gap>,
    /// Columns of which no type holds all values.
    types: BTreeMap<String, Conflict>,
    /// Columns whose names differ in case alone, by each of their spellings.
    spellings: BTreeMap<String, Conflict>,
}

/// What is asked of columns that some files lack.
#[derive(Clone, Copy)]
pub(crate) struct ColumnRules<'a> {
    /// What the job says; `None` where there is no job.
    pub missing: Option<MissingColumns>,
    /// Whether a contract allows to leave a column out.
    pub is_optional: &'a dyn Fn(&str) -> bool,
}

/// One table over the columns of several files, which are given in order of their paths; `ages` orders them by the time at
/// which they were written.
pub(super) fn unify(schemas: &[SchemaRef], ages: &[i64]) -> (SchemaRef, Drift) {
    let mut drift = Drift { files: schemas.len(), ..Drift::default() };
    // By first appearance; the files and types of each.
    let mut names: Vec<&str> = Vec::new();
    let mut found: BTreeMap<&str, Vec<(usize, &Field)>> = BTreeMap::new();
    for (file, schema) in schemas.iter().enumerate() {
        for field in schema.fields() {
            let of_column = found.entry(field.name()).or_default();
            if of_column.is_empty() {
                names.push(field.name());
            }
            // A file with two columns of one name is refused elsewhere.
            if of_column.last().is_none_or(|(last, _)| *last != file) || schemas.len() == 1 {
                of_column.push((file, field));
            }
        }
    }
    if let [one] = schemas {
        let plain = |field: &Arc<Field>| {
            Field::new(field.name(), field.data_type().clone(), field.is_nullable())
        };
        let fields: Vec<Field> = one.fields().iter().map(plain).collect();
        return (Arc::new(Schema::new(fields)), drift);
    }
    let mut fields = Vec::with_capacity(names.len());
    for name in &names {
        let of_column = &found[name];
        let kinds: BTreeSet<&DataType> = of_column.iter().map(|(_, f)| f.data_type()).collect();
        let mut wide = Some(DataType::Null);
        for kind in &kinds {
            wide = wide.and_then(|wide| widen(&wide, kind));
        }
        if wide.is_none() {
            drift.types.insert((*name).to_owned(), type_conflict(of_column));
        }
        let kind = wide.unwrap_or_else(|| of_column[0].1.data_type().clone());
        let has_gap = of_column.len() < schemas.len();
        if has_gap {
            drift.gaps.insert((*name).to_owned(), gap(of_column, ages));
        }
        let nullable = has_gap || of_column.iter().any(|(_, field)| field.is_nullable());
        fields.push(Field::new(*name, kind, nullable));
    }
    drift.spellings = spelling_conflicts(&found);
    (Arc::new(Schema::new(fields)), drift)
}

fn gap(of_column: &[(usize, &Field)], ages: &[i64]) -> Gap {
    let has: BTreeSet<usize> = of_column.iter().map(|(file, _)| *file).collect();
    let files: Vec<usize> = (0..ages.len()).filter(|file| !has.contains(file)).collect();
    let by_name = files.last() < has.first();
    let age = |file: &usize| ages[*file];
    let by_age = files.iter().map(age).max() < has.iter().map(age).min();
    Gap { files, is_new: by_name || by_age }
}

/// The first two files whose types have none in common.
fn type_conflict(of_column: &[(usize, &Field)]) -> Conflict {
    let (first, field) = of_column[0];
    let loses =
        |(_, other): &&(usize, &Field)| widen(field.data_type(), other.data_type()).is_none();
    // Of three types each two may have one in common.
    let (other, other_field) =
        of_column.iter().find(loses).unwrap_or(&of_column[of_column.len() - 1]);
    let found = [field, other_field].map(|field| format!("is {}", field.data_type()));
    Conflict { files: [first, *other], found }
}

fn spelling_conflicts(found: &BTreeMap<&str, Vec<(usize, &Field)>>) -> BTreeMap<String, Conflict> {
    let mut by_letters: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in found.keys() {
        by_letters.entry(name.to_lowercase()).or_default().push(name);
    }
    let mut conflicts = BTreeMap::new();
    let files = |name: &str| -> Vec<usize> { found[name].iter().map(|(file, _)| *file).collect() };
    for spellings in by_letters.into_values().filter(|spellings| spellings.len() > 1) {
        for (place, name) in spellings.iter().enumerate() {
            let other = spellings[usize::from(place == 0)];
            // Two columns of every file are two columns.
            if files(name) == files(other) {
                continue;
            }
            let found = [*name, other].map(|name| format!("is spelled `{name}`"));
            let conflict = Conflict { files: [files(name)[0], files(other)[0]], found };
            conflicts.insert((*name).to_owned(), conflict);
        }
    }
    conflicts
}

impl Drift {
    /// The columns among those that are `used` that some files lack, and how many of how many files.
    pub(super) fn missing<'a>(
        &'a self,
        used: &'a dyn Fn(&str) -> bool,
    ) -> impl Iterator<Item = (&'a str, [usize; 2])> {
        let gaps = self.gaps.iter().filter(|(name, _)| used(name));
        gaps.map(|(name, gap)| (name.as_str(), [gap.files.len(), self.files]))
    }

    /// The errors for the columns among those that are `used` that cannot be read as one; `path` names a file.
    pub(super) fn violations(
        &self,
        used: &dyn Fn(&str) -> bool,
        rules: ColumnRules<'_>,
        path: &dyn Fn(usize) -> String,
    ) -> Vec<Error> {
        let mut violations = Vec::new();
        let used_only = |conflicts: &BTreeMap<String, Conflict>| -> Vec<(String, Conflict)> {
            let conflicts = conflicts.iter().filter(|(name, _)| used(name));
            conflicts.map(|(name, conflict)| (name.clone(), conflict.clone())).collect()
        };
        let spelled = used_only(&self.spellings);
        for (name, conflict) in &spelled {
            let remedy = "write it in one spelling in all files, or give each spelling a folder";
            violations.push(conflict.error(name, remedy, path));
        }
        for (name, conflict) in used_only(&self.types) {
            let remedy = "write these files again with one type";
            violations.push(conflict.error(&name, remedy, path));
        }
        for (name, gap) in self.gaps.iter().filter(|(name, _)| used(name)) {
            let is_told = spelled.iter().any(|(told, _)| told == name);
            let is_new = gap.is_new && (rules.is_optional)(name);
            if !(is_told || is_new || rules.missing == Some(MissingColumns::Null)) {
                violations.push(self.gap_error(name, gap, rules, path));
            }
        }
        violations
    }

    fn gap_error(
        &self,
        name: &str,
        gap: &Gap,
        rules: ColumnRules<'_>,
        path: &dyn Fn(usize) -> String,
    ) -> Error {
        let mut named = String::new();
        for (place, file) in gap.files.iter().take(MAX_NAMED).enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            // A text takes whatever is written to it.
            let _ = write!(named, "{comma}`{}`", path(*file));
        }
        let more = if gap.files.len() > MAX_NAMED { ", …" } else { "" };
        let cause = format!(
            "column `{name}` is missing in {} of {} files: {named}{more}",
            gap.files.len(),
            self.files
        );
        let remedy = match rules.missing {
            Some(_) => {
                "write these files again with it, or set `missing_columns = \"null\"` under [reading] to read nulls in its \
                 place"
            }
            None => "write these files again with it, or leave them out",
        };
        Error::bad_input(cause, remedy).in_column(name).in_file(&path(gap.files[0]))
    }
}

impl Conflict {
    fn error(&self, name: &str, remedy: &str, path: &dyn Fn(usize) -> String) -> Error {
        let [one, other] = self.files.map(path);
        let [is, is_other] = &self.found;
        let cause = format!("column `{name}` {is} in `{one}` and {is_other} in `{other}`");
        Error::bad_input(cause, remedy).in_column(name).in_file(&other)
    }
}
