//! What holds a person below an output folder, with what is to stand in its place.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::objects::{Format, read};
use super::receipt::{Done, HeldObject};
use super::traces::Traces;
use super::{json, parquet, scan};
use crate::error::{Error, Result};
use crate::method::hex;
use crate::publish::commit::{Commit, CommittedFile};
use crate::publish::rewrite::{self, Rewritten};
use crate::publish::{Place, encode_rows, objects};
use crate::storage::Stores;

/// What is done with a person.
#[derive(Default)]
pub(super) struct Survey {
    /// The objects that hold the person.
    pub held: Vec<HeldObject>,
    /// The tables of commits that have other files.
    pub rewritten: Rewritten,
    /// Logs without the person, by their paths.
    pub logs: Vec<(String, Vec<u8>)>,
    /// Paths of objects that are not needed once the rewritten tables are visible.
    pub unneeded: BTreeSet<String>,
    /// Rows of published counts that still count the person, by table.
    pub counts_left: BTreeMap<String, u64>,
}

/// A file that another one stands in for.
struct Replaced {
    by: CommittedFile,
    removed: u64,
}

impl Survey {
    /// Searches every object below `output`, and stores what is to stand in the place of table files that `commits` name.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadInput`] if an object cannot be read, [`crate::error::Kind::Unavailable`] if the store does not answer.
    pub(super) async fn of(
        stores: &Stores,
        output: &Url,
        commits: &[Commit],
        traces: &Traces,
    ) -> Result<Self> {
        let mut survey = Self::default();
        let named = commits.iter().flat_map(|commit| commit.tables.values());
        let named: BTreeMap<&str, &CommittedFile> =
            named.flat_map(|table| &table.files).map(|file| (file.path.as_str(), file)).collect();
        let (mut replaced, mut expired) = (BTreeMap::new(), BTreeSet::new());
        let all: Vec<String> =
            objects(stores, output, "").await?.into_iter().map(|object| object.path).collect();
        for path in &all {
            let place = Place::of(path);
            // Neither names anybody, and neither is ever changed.
            if matches!(place, Place::Commit(_) | Place::Receipt) {
                continue;
            }
            let Some(bytes) = read(stores, output, path).await? else { continue };
            if let Place::Refused { day, run_id, .. } = place {
                if scan::holds(path, bytes, traces)? {
                    expired.insert((day, run_id));
                }
                continue;
            }
            match (place, named.get(path.as_str())) {
                (_, Some(file)) => {
                    let cut = survey.cut_file(stores, output, file, bytes, traces).await?;
                    replaced.extend(cut.map(|cut| (file.path.clone(), cut)));
                }
                (Place::Log { .. }, _) => survey.cut_log(path, &bytes, traces)?,
                _ if Format::of(path) == Format::Parquet => {
                    survey.delete_file(path, bytes, traces)?;
                }
                _ => {}
            }
        }
        // Of a refused run all is deleted: nobody is to look at half of it.
        for path in &all {
            let Place::Refused { day, run_id, .. } = Place::of(path) else { continue };
            if !expired.contains(&(day, run_id)) {
                continue;
            }
            let Some(bytes) = read(stores, output, path).await? else { continue };
            survey.delete(path, 0, 0, &bytes);
        }
        survey.add_tables(commits, &replaced);
        Ok(survey)
    }

    /// The file of a table of a commit without the person, stored under a new path.
    async fn cut_file(
        &mut self,
        stores: &Stores,
        output: &Url,
        file: &CommittedFile,
        bytes: Bytes,
        traces: &Traces,
    ) -> Result<Option<Replaced>> {
        let path = &file.path;
        if hex(&Sha256::digest(&bytes)) != file.sha256 {
            return Err(Error::bad_input(
                format!("`{path}` has changed since it was committed"),
                "run the job of its day again, restore the file, or delete it, then repeat",
            )
            .in_file(path));
        }
        let decoded = parquet::decode(path, bytes)?;
        let Some(cut) = parquet::cut(&decoded.rows, traces)? else { return Ok(None) };
        let table = Place::of(path).table().unwrap_or_default();
        let left = encode_rows(table, decoded.metadata, &cut.rows)?;
        let by = rewrite::store_file(stores, output, path, left).await?;
        self.count_left(path, &cut);
        self.held.push(HeldObject {
            done: Done::Rewritten,
            path_after: Some(by.path.clone()),
            sha256_after: Some(by.sha256.clone()),
            ..held(path, cut.removed, cut.shortened, file.sha256.clone())
        });
        self.unneeded.insert(path.clone());
        Ok(Some(Replaced { by, removed: cut.removed }))
    }

    /// Counts that other rows of the run have of the person.
    fn count_left(&mut self, path: &str, cut: &parquet::Cut) {
        let (table, rows) = match Place::of(path).table() {
            // Its record has the number of rows of every table.
            Some("people") => ("runs", cut.removed),
            // Topics count people, posts and reactors.
            Some("topic_scores") => ("topics", cut.removed),
            // Shares and findings count whom they name, among others.
            Some("checks") => ("checks", cut.shortened),
            // Evidence counts reactors.
            Some("topic_evidence") => ("topic_evidence", cut.shortened),
            _ => return,
        };
        if rows > 0 {
            *self.counts_left.entry(table.to_owned()).or_default() += rows;
        }
    }

    /// A table file that no commit names: what an interrupted run, or an interrupted request, has left.
    fn delete_file(&mut self, path: &str, bytes: Bytes, traces: &Traces) -> Result<()> {
        let decoded = parquet::decode(path, bytes.clone())?;
        if let Some(cut) = parquet::cut(&decoded.rows, traces)? {
            self.delete(path, cut.removed, cut.shortened, &bytes);
        }
        Ok(())
    }

    fn delete(&mut self, path: &str, rows: u64, lists: u64, bytes: &[u8]) {
        self.held.push(held(path, rows, lists, hex(&Sha256::digest(bytes))));
        self.unneeded.insert(path.to_owned());
    }

    fn cut_log(&mut self, path: &str, bytes: &[u8], traces: &Traces) -> Result<()> {
        let mut log: Value = serde_json::from_slice(bytes).map_err(|e| {
            Error::bad_input(format!("`{path}` is no JSON: {e}"), "delete it, then repeat")
                .caused_by(e)
                .in_file(path)
        })?;
        let removed = json::cut("", &mut log, traces);
        if removed == 0 {
            return Ok(());
        }
        let left = serde_json::to_vec_pretty(&log).map_err(Error::internal)?;
        self.held.push(HeldObject {
            done: Done::Rewritten,
            path_after: Some(path.to_owned()),
            sha256_after: Some(hex(&Sha256::digest(&left))),
            ..held(path, removed, 0, hex(&Sha256::digest(bytes)))
        });
        self.logs.push((path.to_owned(), left));
        Ok(())
    }

    /// The tables of all commits that have replaced files. One file may be of several commits.
    fn add_tables(&mut self, commits: &[Commit], replaced: &BTreeMap<String, Replaced>) {
        for commit in commits {
            for (name, table) in &commit.tables {
                if !table.files.iter().any(|file| replaced.contains_key(&file.path)) {
                    continue;
                }
                let mut table = table.clone();
                for file in &mut table.files {
                    if let Some(Replaced { by, removed }) = replaced.get(&file.path) {
                        *file = by.clone();
                        table.rows = table.rows.saturating_sub(*removed);
                    }
                }
                self.rewritten.entry(commit.number).or_default().insert(name.clone(), table);
            }
        }
    }
}

fn held(path: &str, rows: u64, lists: u64, sha256_before: String) -> HeldObject {
    let place = Place::of(path);
    HeldObject {
        path: path.to_owned(),
        table: place.table().map(str::to_owned),
        snapshot_date: place.day(),
        rows,
        lists,
        done: Done::Deleted,
        sha256_before,
        path_after: None,
        sha256_after: None,
    }
}
