//! Where published tables come from.

use chrono::NaiveDate;

use crate::job::Uses;

/// Where tables come from. Every file of them holds it in its metadata, so that a file taken out of its folder can be cited.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Day of the snapshot.
    pub day: NaiveDate,
    /// Id of the run, of the validation, or of the attacks.
    pub run_id: String,
    /// Version of the method.
    pub method_version: String,
    /// Hash of the method.
    pub method_sha256: String,
    /// Hash of the rows left after consent.
    pub data_sha256: String,
    /// What the tables may be used for, and what they may not.
    pub uses: Uses,
    /// Random seed; none for a run, which is not random.
    pub seed: Option<u32>,
}

impl Origin {
    /// The keys in the metadata of the files; the last one is that of a validation or of attacks alone.
    pub const KEYS: [&str; 9] = [
        "renown.version",
        "renown.snapshot_date",
        "renown.run_id",
        "renown.method_version",
        "renown.method_sha256",
        "renown.data_sha256",
        "renown.permitted_uses",
        "renown.forbidden_uses",
        "renown.seed",
    ];

    /// The metadata of the files: [`Self::KEYS`] with their values.
    pub fn metadata(&self) -> impl Iterator<Item = (&'static str, String)> {
        let values = [
            env!("CARGO_PKG_VERSION").to_owned(),
            self.day.to_string(),
            self.run_id.clone(),
            self.method_version.clone(),
            self.method_sha256.clone(),
            self.data_sha256.clone(),
            Uses::joined(&self.uses.permitted),
            Uses::joined(&self.uses.forbidden),
        ];
        let seed = self.seed.map(|seed| seed.to_string());
        Self::KEYS.into_iter().zip(values.into_iter().chain(seed))
    }
}
