//! Methods that somebody put in force after they had been compared: `promotions/SHA256.json` below an output folder.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use super::layout::PROMOTIONS;
use crate::error::{Error, Result};
use crate::storage::{Creation, Stores, below};

/// A method that is in force from a day on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Promotion {
    /// Version of the method.
    pub method_version: String,
    /// SHA-256 of its content.
    pub method_sha256: String,
    /// The first snapshot that is scored by it; runs of earlier days stay as they were.
    pub from: NaiveDate,
    /// Nights on which it was compared.
    pub nights: u32,
    /// Who put it in force.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Writes a promotion, unless there is one of the method: the one that counts.
///
/// # Errors
/// [`crate::error::Kind::Unavailable`] if the store does not take the file; as [`read`].
pub async fn write(stores: &Stores, output: &Url, promotion: Promotion) -> Result<Promotion> {
    let text = serde_json::to_vec_pretty(&promotion).map_err(Error::internal)?;
    let url = url(output, &promotion.method_sha256)?;
    if stores.create(&url, text).await? != Creation::Other {
        return Ok(promotion);
    }
    let earlier = read(stores, output, &promotion.method_sha256).await?;
    Ok(earlier.unwrap_or(promotion))
}

/// The promotion of a method; none if nobody put it in force.
///
/// # Errors
/// [`crate::error::Kind::Unavailable`] if the store does not answer, [`crate::error::Kind::BadInput`] if the file is damaged.
pub async fn read(stores: &Stores, output: &Url, method_sha256: &str) -> Result<Option<Promotion>> {
    let url = url(output, method_sha256)?;
    let Some(bytes) = stores.read(&url).await? else { return Ok(None) };
    serde_json::from_slice(&bytes).map(Some).map_err(|e| {
        Error::bad_input(
            format!("`{url}` is no promotion of a method: {e}"),
            "remove the file, and promote the method again",
        )
        .caused_by(e)
    })
}

fn url(output: &Url, method_sha256: &str) -> Result<Url> {
    below(output, &format!("{PROMOTIONS}/{method_sha256}.json"))
}
