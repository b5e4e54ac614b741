//! Where things lie below an output folder; the one way to list and to remove them.

use chrono::{DateTime, NaiveDate, Utc};
use url::Url;

use super::commit_object::number_of_name;
use crate::error::Result;
use crate::storage::{Stores, below};

/// Folder of commits.
pub const COMMITS: &str = "commits";
/// Folder of logs.
pub const LOGS: &str = "logs";
/// Folder of refused runs.
pub const REFUSED: &str = "refused";
/// Folder of receipts.
pub const RECEIPTS: &str = "receipts";
/// Folder of methods that somebody put in force.
pub const PROMOTIONS: &str = "promotions";
/// Name of a log.
const LOG: &str = "log.json";
/// Digits of the number of a file among those of its table.
const NUMBER_DIGITS: usize = 5;
/// Hex digits of the hash in the name of a file whose usual path is taken; a multiple if such names are taken too.
pub(super) const HASH_DIGITS: usize = 16;

/// An object below an output folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Path below the folder.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// When it was last written.
    pub last_modified: DateTime<Utc>,
}

/// What an object is, by its path below the output folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// The commit of this number.
    Commit(u64),
    /// The log of a run, a validation or attacks.
    Log {
        /// Day of the snapshot.
        day: NaiveDate,
        /// Id of the run.
        run_id: &'a str,
    },
    /// A file of a table, as far as its name tells.
    Table {
        /// Name of the table.
        table: &'a str,
        /// Day of the snapshot.
        day: NaiveDate,
        /// Id of the run.
        run_id: &'a str,
    },
    /// Something of a refused run.
    Refused {
        /// Day of the snapshot.
        day: NaiveDate,
        /// Id of the run.
        run_id: &'a str,
        /// Name of the table of which it is a file; `None` of a log or of anything else.
        table: Option<&'a str>,
    },
    /// A receipt.
    Receipt,
    /// A method that somebody put in force.
    Promotion,
    /// Anything else, which Renown did not write.
    Other,
}

impl<'a> Place<'a> {
    /// What lies at `path`.
    pub fn of(path: &'a str) -> Self {
        let parts: Vec<&str> = path.split('/').collect();
        match parts[..] {
            [COMMITS, name] => number_of_name(name).map_or(Self::Other, Self::Commit),
            [RECEIPTS, ..] => Self::Receipt,
            [PROMOTIONS, ..] => Self::Promotion,
            [folder, day, run_or_file, ref rest @ ..] => {
                day.parse().map_or(Self::Other, |day| Self::of_day(folder, day, run_or_file, rest))
            }
            _ => Self::Other,
        }
    }

    fn of_day(folder: &'a str, day: NaiveDate, run_or_file: &'a str, rest: &[&'a str]) -> Self {
        match (folder, rest) {
            (LOGS, [LOG]) => Self::Log { day, run_id: run_or_file },
            (REFUSED, [file, below @ ..]) => {
                // The name of a file begins with that of its table in place of a run.
                let table = run_of_file(file).filter(|_| below.is_empty());
                Self::Refused { day, run_id: run_or_file, table }
            }
            (LOGS | REFUSED | COMMITS, _) => Self::Other,
            (table, []) => match run_of_file(run_or_file) {
                Some(run_id) => Self::Table { table, day, run_id },
                None => Self::Other,
            },
            _ => Self::Other,
        }
    }

    /// The table that it is a file of, published or refused.
    pub fn table(self) -> Option<&'a str> {
        match self {
            Self::Table { table, .. } => Some(table),
            Self::Refused { table, .. } => table,
            _ => None,
        }
    }

    /// Day of the snapshot.
    pub fn day(self) -> Option<NaiveDate> {
        match self {
            Self::Log { day, .. } | Self::Table { day, .. } | Self::Refused { day, .. } => {
                Some(day)
            }
            _ => None,
        }
    }
}

/// The objects below a `folder` of the output, such as `logs/`, or below all of it if that is empty; in order of their paths.
///
/// # Errors
/// [`crate::error::Kind::Unavailable`] if the store cannot be listed.
pub async fn objects(stores: &Stores, output: &Url, folder: &str) -> Result<Vec<Object>> {
    let base = stores.resolve(output)?.1;
    let listed = stores.list(&below(output, folder)?, "").await?.into_iter();
    let object = listed.filter_map(|meta| {
        let parts = meta.location.prefix_match(&base)?;
        let parts: Vec<String> = parts.map(|part| part.as_ref().to_owned()).collect();
        let last_modified = meta.last_modified;
        Some(Object { path: parts.join("/"), size: meta.size, last_modified })
    });
    Ok(object.collect())
}

/// Removes the object at `path` below the output, with the folders that it leaves empty; one that is gone is no error.
///
/// # Errors
/// [`crate::error::Kind::Unavailable`] if the store does not do it.
pub async fn remove(stores: &Stores, output: &Url, path: &str) -> Result<()> {
    let url = below(output, path)?;
    stores.delete(&url).await?;
    stores.remove_empty_folders(&url, output);
    Ok(())
}

/// Path of a file of a table.
pub fn table_path(table: &str, day: NaiveDate, run_id: &str, number: usize) -> String {
    format!("{table}/{day}/{run_id}-{number:0NUMBER_DIGITS$}.parquet")
}

/// Path of a log.
pub fn log_path(day: NaiveDate, run_id: &str) -> String {
    format!("{LOGS}/{day}/{run_id}/{LOG}")
}

/// Folder of a refused run.
pub fn refused_folder(day: NaiveDate, run_id: &str) -> String {
    format!("{REFUSED}/{day}/{run_id}/")
}

/// Path of a file of a table of a refused run.
pub fn refused_table_path(table: &str, day: NaiveDate, run_id: &str, number: usize) -> String {
    format!("{}{table}-{number:0NUMBER_DIGITS$}.parquet", refused_folder(day, run_id))
}

/// Path of the log of a refused run.
pub fn refused_log_path(day: NaiveDate, run_id: &str) -> String {
    refused_folder(day, run_id) + LOG
}

/// The run that the name of a table file says that it belongs to; `None` if it is no name of a table file.
pub fn run_of_file(file: &str) -> Option<&str> {
    let (front, number) = numbered(file.strip_suffix(".parquet")?)?;
    (is_number(number) && !front.is_empty()).then_some(front)
}

/// The path without the hash of a file that was stored in place of another.
pub(super) fn first_path(path: &str) -> String {
    let stem = path.strip_suffix(".parquet").unwrap_or(path);
    match numbered(stem).filter(|(_, number)| is_number(number)) {
        Some((front, number)) => format!("{front}-{number}.parquet"),
        None => format!("{stem}.parquet"),
    }
}

/// A stem without the hash at its end, parted at the last `-`.
fn numbered(stem: &str) -> Option<(&str, &str)> {
    let (front, last) = stem.rsplit_once('-')?;
    match is_hash(last) {
        true => front.rsplit_once('-'),
        false => Some((front, last)),
    }
}

fn is_hash(text: &str) -> bool {
    let has_length = (HASH_DIGITS..=64).step_by(HASH_DIGITS).any(|digits| digits == text.len());
    has_length && text.bytes().all(|digit| digit.is_ascii_hexdigit())
}

fn is_number(text: &str) -> bool {
    text.len() == NUMBER_DIGITS && text.bytes().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_found_by_its_path() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        let hash = "0123456789abcdef";
        let table = table_path("scores", day, "r-1", 7);
        let refused = refused_table_path("topic_scores", day, "r-1", 7);
        for path in [table.clone(), table.replace(".p", &format!("-{hash}.p"))] {
            assert_eq!(Place::of(&path), Place::Table { table: "scores", day, run_id: "r-1" });
            assert_eq!(first_path(&path), table);
        }
        let of_refused = |table| Place::Refused { day, run_id: "r-1", table };
        assert_eq!(Place::of(&refused), of_refused(Some("topic_scores")));
        assert_eq!(Place::of(&refused_log_path(day, "r-1")), of_refused(None));
        assert_eq!(Place::of("refused/2026-11-21/r-1/people/a-00000.parquet"), of_refused(None));
        assert_eq!(Place::of(&log_path(day, "r-1")), Place::Log { day, run_id: "r-1" });
        assert_eq!(Place::of(&super::super::commit::path(3)), Place::Commit(3));
        assert_eq!(Place::of("receipts/2026-11-21/one.json"), Place::Receipt);
        assert_eq!(Place::of("promotions/0123.json"), Place::Promotion);
        for other in [
            "readme.txt",
            "commits/3.json",
            "scores/2026-11-21/mine.csv",
            "scores/today/r-00000.parquet",
            "logs/2026-11-21/r-00000.parquet",
            "logs/2026-11-21/r/more/log.json",
            "refused/2026-11-21/r-00000.parquet",
        ] {
            assert_eq!(Place::of(other), Place::Other, "{other}");
        }
    }
}
