//! The receipt of a person who has left: what held them, and what was done. It names nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Read as _;
use std::time::SystemTime;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::objects::read;
use super::scan::Scan;
use crate::error::{Error, Result};
use crate::method::hex;
use crate::number_format::counted;
use crate::publish::{RECEIPTS, objects};
use crate::storage::{Stores, below};

/// What no request can reach.
const OUT_OF_REACH: [&str; 2] = [
    "copies of tables made by others, answers and reports that were written elsewhere",
    "the inputs: the next run scores the person again unless `consent` has the refusal",
];
/// Bytes of a salt.
const SALT_BYTES: usize = 16;

/// What held a person, and what was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// Name of the receipt.
    pub receipt: String,
    /// When it was written, in UTC.
    pub written_at: String,
    /// Version of Renown.
    pub renown_version: String,
    /// SHA-256 of the salt followed by a person id or an account, in hexadecimal digits, of each that the person had.
    pub people_sha256: BTreeSet<String>,
    /// The salt, until the request is done: by it the same request, made again, finds what it began. Then it is kept nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
    /// The commit in which rewritten tables became visible; `None` if nothing was ever published.
    pub commit: Option<u64>,
    /// What held the person.
    pub held: Vec<HeldObject>,
    /// Published counts that still count the person, by table: how many rows have one.
    pub counts_left: BTreeMap<String, u64>,
    /// What the search of everything that is left found; `None` until it has ended.
    pub scan: Option<Scan>,
    /// What is out of reach.
    pub out_of_reach: Vec<String>,
}

/// An object that held the person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeldObject {
    /// Path below the output folder.
    pub path: String,
    /// The table, where it is a file of one.
    pub table: Option<String>,
    /// Day of its snapshot.
    pub snapshot_date: Option<NaiveDate>,
    /// Rows that were of the person, or named them; of a log entries.
    pub rows: u64,
    /// Lists in rows of others that held the person.
    pub lists: u64,
    /// What was done with it.
    pub done: Done,
    /// SHA-256 before.
    pub sha256_before: String,
    /// Path of what is in its place.
    pub path_after: Option<String>,
    /// SHA-256 of what is in its place.
    pub sha256_after: Option<String>,
}

/// What was done with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    /// The rows and entries of the person were removed.
    Rewritten,
    /// The object was deleted.
    Deleted,
}

/// A new salt.
fn new_salt() -> Result<String> {
    let mut bytes = [0; SALT_BYTES];
    let random = "/dev/urandom";
    let filled = std::fs::File::open(random).and_then(|mut file| file.read_exact(&mut bytes));
    filled.map_err(|e| Error::io(&format!("reading `{random}`"), e))?;
    Ok(hex(&bytes))
}

/// The name of the receipt with this salt.
fn name(salt: &str) -> String {
    let mut name = hex(&Sha256::digest(format!("receipt {salt}")));
    name.truncate(2 * SALT_BYTES);
    name
}

/// The salted hash of a person id or an account.
fn salted(salt: &str, person_id: &str) -> String {
    hex(&Sha256::digest(format!("{salt}{person_id}")))
}

/// The present time, in UTC.
fn now() -> String {
    DateTime::<Utc>::from(SystemTime::now()).to_rfc3339_opts(SecondsFormat::Secs, true)
}

impl Receipt {
    /// Writes the receipt below `output`, as JSON and as a page.
    ///
    /// # Errors
    /// [`crate::error::Kind::Unavailable`] if the store does not take it.
    pub(super) async fn write(&self, stores: &Stores, output: &Url) -> Result<()> {
        let json = serde_json::to_vec_pretty(self).map_err(Error::internal)?;
        let at =
            |extension: &str| below(output, &format!("{RECEIPTS}/{}.{extension}", self.receipt));
        stores.write(&at("txt")?, self.page().into_bytes()).await?;
        // A receipt is read back by its JSON: whoever completes it finds both.
        stores.write(&at("json")?, json).await
    }

    /// A receipt of somebody who has any of `names`, which are person ids and accounts.
    ///
    /// # Errors
    /// [`crate::error::Kind::Unavailable`] if the system has no random numbers.
    pub(super) fn begin() -> Result<Self> {
        let salt = new_salt()?;
        Ok(Self {
            receipt: name(&salt),
            written_at: now(),
            renown_version: env!("CARGO_PKG_VERSION").to_owned(),
            people_sha256: BTreeSet::new(),
            salt: Some(salt),
            commit: None,
            held: Vec::new(),
            counts_left: BTreeMap::new(),
            scan: None,
            out_of_reach: OUT_OF_REACH.map(str::to_owned).to_vec(),
        })
    }

    /// Adds that the person has any of `names`, which are person ids and accounts.
    pub(super) fn add_names<'a>(&mut self, names: impl Iterator<Item = &'a String>) {
        let Some(salt) = &self.salt else { return };
        self.people_sha256.extend(names.map(|name| salted(salt, name)));
    }

    /// Adds objects that held the person. What an earlier attempt has planned for an object stands where all that is left of it is to be
    /// deleted.
    pub(super) fn add_held(&mut self, held: Vec<HeldObject>) {
        for object in held {
            let same = self.held.iter_mut().find(|earlier| {
                (&earlier.path, &earlier.sha256_before) == (&object.path, &object.sha256_before)
            });
            match same {
                Some(earlier) if object.done == Done::Rewritten => *earlier = object,
                Some(_) => {}
                None => self.held.push(object),
            }
        }
    }

    /// The receipt below `output` of an earlier attempt at what is asked for, where any of `names` is the person's.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadInput`] if one cannot be read, [`crate::error::Kind::Unavailable`] if the store does not answer.
    pub(super) async fn unfinished<'a>(
        stores: &Stores,
        output: &Url,
        names: impl Iterator<Item = &'a String> + Clone,
    ) -> Result<Option<Self>> {
        let receipts = objects(stores, output, &format!("{RECEIPTS}/")).await?.into_iter();
        for path in receipts.map(|object| object.path).filter(|path| path.ends_with(".json")) {
            let Some(bytes) = read(stores, output, &path).await? else { continue };
            let receipt: Self = serde_json::from_slice(&bytes).map_err(|e| {
                let cause = format!("`{path}` is no receipt of renown: {e}");
                Error::bad_input(cause, "move it away, then repeat").caused_by(e).in_file(&path)
            })?;
            let Some(salt) = &receipt.salt else { continue };
            if names.clone().any(|name| receipt.people_sha256.contains(&salted(salt, name))) {
                return Ok(Some(receipt));
            }
        }
        Ok(None)
    }

    /// The receipt as people read it.
    pub fn page(&self) -> String {
        let mut page = format!(
            "receipt {}\nwritten {} by renown {}\n",
            self.receipt, self.written_at, self.renown_version
        );
        for sha256 in &self.people_sha256 {
            let _ = writeln!(page, "person or account (SHA-256 of salt and id): {sha256}");
        }
        let commit = self.commit.map_or("none: nothing is published".to_owned(), |n| n.to_string());
        let _ = writeln!(page, "commit: {commit}\n\nwhat held the person");
        for object in &self.held {
            let _ = writeln!(page, "  {}", object.line());
            let _ = writeln!(page, "    before {}", object.sha256_before);
            if let (Some(path), Some(sha256)) = (&object.path_after, &object.sha256_after) {
                let _ = writeln!(page, "    after  {sha256}  {path}");
            }
        }
        if self.held.is_empty() {
            page.push_str("  nothing\n");
        }
        for (table, rows) in &self.counts_left {
            let rows = counted(*rows, "row", "rows");
            let _ = writeln!(page, "left as they are: counts in {rows} of `{table}`");
        }
        page.push('\n');
        page += &match &self.scan {
            None => "not finished: make the same request again\n".to_owned(),
            Some(Scan { objects, bytes, holding }) => format!(
                "searched afterwards: {} ({bytes} bytes); {} hold the person\n",
                counted(*objects, "object", "objects"),
                holding.len()
            ),
        };
        for line in &self.out_of_reach {
            let _ = writeln!(page, "out of reach: {line}");
        }
        page
    }
}

impl HeldObject {
    fn line(&self) -> String {
        let done = match self.done {
            Done::Rewritten => "rewritten",
            Done::Deleted => "deleted",
        };
        let rows = counted(self.rows, "row", "rows");
        let lists = match self.lists {
            0 => String::new(),
            lists => format!(", {} of others", counted(lists, "list", "lists")),
        };
        format!("{}: {rows}{lists}; {done}", self.path)
    }
}
