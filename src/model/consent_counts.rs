//! How the statements of `consent` meet the accounts of a snapshot, in numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Counts below this point at single people.
const FEW: u64 = 11;

/// The statements of one network, or all that name a person by `person_id`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsentCounts {
    /// The network; `None` for statements that name a person.
    pub network: Option<String>,
    /// Statements.
    pub statements: u64,
    /// Those whose account or person the snapshot has.
    pub matched: u64,
    /// Accounts or persons whose latest statement on being scored refuses, whether or not the snapshot has them.
    pub refusing: u64,
    /// Accounts or persons with any statement that refuses: those, and whoever agreed again.
    pub ever_refused: u64,
}

/// [`ConsentCounts`] as a log keeps them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedConsent {
    /// Which statements.
    pub statements_of: StatementsOf,
    /// Statements.
    pub statements: SuppressedCount,
    /// Those whose account or person the snapshot lacks.
    pub unmatched: SuppressedCount,
    /// Accounts or persons whose latest statement on being scored refuses.
    pub refusing: SuppressedCount,
    /// Accounts or persons with any statement that refuses.
    pub ever_refused: SuppressedCount,
}

/// Statements that are counted together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatementsOf {
    /// Those that name an account of this network, on which people are scored.
    Network(String),
    /// Those that name an account of any other network: its name might tell who is not scored.
    OtherNetworks,
    /// Those that name a person.
    Persons,
}

/// A count that is not shown from 1 to 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuppressedCount {
    /// 0, or 11 and more.
    Exact(u64),
    /// 1 to 10.
    Few,
}

/// What earlier runs published, as far as consent is decided or compared by it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsentHistory {
    /// The counts of the last published run; `None` if there is no run, or one of a version that did not count.
    pub counts: Option<Vec<LoggedConsent>>,
    /// The counts of each network, and those by person, with the most refusals in the last runs, each of another day.
    pub largest: Vec<LoggedConsent>,
    /// Whether there is such a run, and its log is gone.
    pub log_is_gone: bool,
    /// Accounts, as network and account id, of persons whom no input names any more, by person id.
    pub former_persons: BTreeMap<String, Vec<(String, String)>>,
}

impl ConsentHistory {
    /// Adds the counts of a run to those with the most refusals.
    pub fn add(&mut self, counts: Vec<LoggedConsent>) {
        for one in counts {
            match self.largest.iter_mut().find(|of| of.statements_of == one.statements_of) {
                None => self.largest.push(one),
                Some(of) if of.ever_refused.estimate() < one.ever_refused.estimate() => *of = one,
                Some(_) => {}
            }
        }
    }
}

impl SuppressedCount {
    /// What is shown of a count.
    pub fn of(count: u64) -> Self {
        if (1..FEW).contains(&count) { Self::Few } else { Self::Exact(count) }
    }

    /// What is shown of a count that others are subtracted from: as it is below 11, and rounded up to tens above.
    pub(crate) fn rounded(count: u64) -> Self {
        if count < FEW { Self::of(count) } else { Self::Exact(count.next_multiple_of(10)) }
    }

    /// The count, or the middle of what it may be.
    pub fn estimate(self) -> u64 {
        match self {
            Self::Exact(count) => count,
            Self::Few => FEW / 2,
        }
    }
}

impl fmt::Display for SuppressedCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(count) => count.fmt(f),
            Self::Few => write!(f, "fewer than {FEW}"),
        }
    }
}

/// A number, or the text that [`fmt::Display`] gives.
impl Serialize for SuppressedCount {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Exact(count) => to.serialize_u64(*count),
            Self::Few => to.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for SuppressedCount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(u64),
            Text(String),
        }
        match Written::deserialize(from)? {
            Written::Number(count) => Ok(Self::of(count)),
            Written::Text(text) if text == Self::Few.to_string() => Ok(Self::Few),
            Written::Text(text) => Err(serde::de::Error::custom(format!("`{text}` is no count"))),
        }
    }
}

impl ConsentCounts {
    /// The counts as a log keeps them; `networks` are those on which people are scored.
    pub fn logged(counts: &[Self], networks: &[String]) -> Vec<LoggedConsent> {
        let named: BTreeSet<&str> = networks.iter().map(String::as_str).collect();
        let grouped = Self::grouped(counts, &named).into_iter();
        let logged = grouped.map(|(statements_of, counts)| LoggedConsent {
            statements_of,
            statements: SuppressedCount::of(counts.statements),
            unmatched: SuppressedCount::of(counts.statements - counts.matched),
            refusing: SuppressedCount::of(counts.refusing),
            ever_refused: SuppressedCount::of(counts.ever_refused),
        });
        logged.collect()
    }

    /// The counts, those of networks that are not in `named` as one.
    pub fn grouped(counts: &[Self], named: &BTreeSet<&str>) -> BTreeMap<StatementsOf, Self> {
        let mut grouped: BTreeMap<StatementsOf, Self> = BTreeMap::new();
        for Self { network, statements, matched, refusing, ever_refused } in counts {
            let group = match network {
                None => StatementsOf::Persons,
                Some(name) if named.contains(name.as_str()) => StatementsOf::Network(name.clone()),
                Some(_) => StatementsOf::OtherNetworks,
            };
            let sum = grouped.entry(group).or_default();
            sum.statements += statements;
            sum.matched += matched;
            sum.refusing += refusing;
            sum.ever_refused += ever_refused;
        }
        grouped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_from_1_to_10_are_not_shown() {
        let shown = [0, 1, 10, 11].map(|count| SuppressedCount::of(count).to_string());
        assert_eq!(shown, ["0", "fewer than 11", "fewer than 11", "11"]);
        for count in [0, 3, 12] {
            let count = SuppressedCount::of(count);
            let json = serde_json::to_string(&count).unwrap();
            assert_eq!(serde_json::from_str::<SuppressedCount>(&json).unwrap(), count);
        }
        assert!(serde_json::from_str::<SuppressedCount>("\"many\"").is_err());
    }
}
