//! Where an input table comes from.

use std::collections::BTreeSet;

use serde::Serialize;
use url::Url;

use crate::error::{Error, Help, Kind};

/// Where an input table comes from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Input {
    /// Parquet that conforms to the contract.
    #[serde(serialize_with = "serialize_as_text")]
    Url(Url),
    /// A `SELECT` over the sources.
    Sql(String),
}

/// What a job reads of the day of the snapshot alone: names of inputs and sources whose URL or SQL holds `{snapshot}`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Daily {
    /// Names of inputs.
    pub inputs: BTreeSet<String>,
    /// Names of sources.
    pub sources: BTreeSet<String>,
}

fn serialize_as_text<S: serde::Serializer>(
    url: &Url,
    to: S,
) -> std::result::Result<S::Ok, S::Error> {
    to.serialize_str(url.as_str())
}

/// The error where no snapshot is named.
pub fn no_snapshot() -> Error {
    Error::new(
        Kind::Usage,
        "no snapshot is named",
        "name its date, in `snapshot` under [job] or for this run",
    )
    .with_help(Help::SnapshotDate)
}
