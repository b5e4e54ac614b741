//! Whether the inputs mean the same networks and accounts by the same names.

use std::collections::BTreeMap;

use super::accounts::Accounts;
use super::directory::Directory;
use crate::error::Error;
use crate::model::{SuppressedCount, Warning};

/// A violation for each network that is written in several ways: accounts of one input would not be found in another, and
/// minors and people who refused would be scored. `table` is the input to name.
pub(super) fn networks_written_differently(directory: &Directory, table: &str) -> Vec<Error> {
    let mut alike: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in directory.network_names() {
        alike.entry(name.trim().to_lowercase()).or_default().push(name);
    }
    let several = alike.into_values().filter(|names| names.len() > 1);
    let violation = |mut names: Vec<&str>| {
        names.sort_unstable();
        let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
        let cause = format!(
            "the inputs write one network in {} ways, {}: the accounts of one are not found in the other",
            names.len(),
            names.join(" and ")
        );
        let remedy = "write it alike in all inputs, for example `lower(trim(network)) AS network` in a SELECT";
        Error::bad_input(cause, remedy).in_table(table).in_column("network")
    };
    several.map(violation).collect()
}

/// A warning for each network of which no account in `accounts` takes part in an interaction or follow (`observed`, by account
/// number) of the inputs `sources`. Only the networks `scored`, on which people are scored, are named.
pub(super) fn unmet_accounts(
    directory: &Directory,
    accounts: &Accounts,
    observed: &[bool],
    sources: &str,
    scored: &[String],
) -> Vec<Warning> {
    let mut counts = vec![(0_u64, 0_u64); directory.networks()];
    for (account, observed) in (0_u32..).zip(observed) {
        if accounts.row(account).is_some() {
            let (listed, met) = &mut counts[directory.account(account).0 as usize];
            *listed += 1;
            *met += u64::from(*observed);
        }
    }
    let mut warnings: Vec<Warning> = Vec::new();
    for (name, (listed, met)) in directory.network_names().iter().zip(counts) {
        if listed > 0 && met == 0 {
            let listed = match SuppressedCount::of(listed) {
                SuppressedCount::Exact(listed) => format!("{listed} accounts"),
                SuppressedCount::Few => "few accounts".to_owned(),
            };
            let network = match scored.iter().any(|scored| **scored == **name) {
                true => format!("network `{name}`"),
                false => "a network on which nobody is scored".to_owned(),
            };
            let text = format!(
                "none of the {listed} of {network} is in {sources}: check that networks and ids are written \
                 alike"
            );
            warnings.push(Warning::new("accounts", text));
        }
    }
    warnings.sort_unstable_by(|one, other| one.text.cmp(&other.text));
    warnings
}
