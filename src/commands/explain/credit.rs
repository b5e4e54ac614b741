//! How much the attention of a person counts, and what would raise it.

use super::explanation::{Credit, PersonMeasure};
use crate::error::Result;
use crate::number_format::number;
use crate::published::Run;
use crate::published::rows::{AccountRow, TableRow};
use crate::published::table::{ascending, of_person};

/// The credit of the person `id` on each network; nothing in a run of an earlier version.
pub(super) async fn of_person_on_networks(
    run: &Run,
    id: &str,
    measures: &[PersonMeasure],
) -> Result<Vec<Credit>> {
    if !run.has(AccountRow::<String>::TABLE) {
        return Ok(vec![]);
    }
    let order = ascending(&["network", "account_id"]);
    let mut accounts: Vec<AccountRow> =
        run.rows(|all| all.filter(of_person(id))?.sort(order)).await?;
    // All accounts of a person on a network have the credit of the person.
    accounts.dedup_by(|one, other| one.network == other.network);
    let method = run.record().await?.method();
    let credit = |account: AccountRow| {
        let is_vouches = |m: &&PersonMeasure| m.network == account.network && m.name == "vouches";
        let full_credit = method.as_ref().and_then(|own| own.trust.full_credit(&account.network));
        Credit {
            vouches: measures.iter().find(is_vouches).and_then(|measure| measure.value),
            full_credit,
            credit: account.credit,
            known_since: account.known_since,
            is_founder: account.is_founder == 1,
            network: account.network,
        }
    };
    Ok(accounts.into_iter().map(credit).collect())
}

/// In words: how much it is, why, and what would raise it.
pub(super) fn in_words(credit: &Credit) -> String {
    let Credit { vouches, full_credit, known_since, .. } = credit;
    let (Some(vouches), Some(full_credit)) = (vouches, full_credit) else {
        return "counts whole, like everybody on this network: the method has no trust for it"
            .into();
    };
    let since = known_since.map(|day| format!(", known since {day}")).unwrap_or_default();
    if credit.is_founder {
        return format!("counts whole: a founder{since}");
    }
    let standing =
        known_since.map(|day| format!("; long-standing since {day}")).unwrap_or_default();
    if credit.credit >= 1.0 {
        return format!("counts whole: {} vouches of {full_credit}{standing}", number(*vouches));
    }
    format!(
        "counts {}/{full_credit}: so many vouches by long-standing people who reacted; each further one who reacts adds up to 1, \
         less the more people that one reacts to{standing}",
        number(*vouches)
    )
}
