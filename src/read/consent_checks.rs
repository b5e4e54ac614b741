//! Whether the statements of `consent` meet the accounts of the snapshot as they should.
//!
//! A table of refusals that meets nobody, or fewer than it did, lets people be scored who refused. Rows of accounts that no
//! longer exist are normal, so that a share alone decides nothing: it is compared with that of the last published run.

use super::near_ids::{Difference, plain};
use super::violations::Violations;
use crate::error::{Error, Result};
use crate::job::{Consent, UnmatchedRule};
use crate::model::{
    ConsentCounts, ConsentHistory, LoggedConsent, StatementsOf, SuppressedCount, Warning,
};
use crate::number_format::{count, counted};
use crate::suggest::did_you_mean;

/// Fewer statements than this may go or no longer match from one run to the next.
const MIN_FEWER: u64 = 11;
/// Of 100 refusals, as many may go.
const FEWER_IN_100: u64 = 5;

/// What is compared.
pub(super) struct Compared<'a> {
    /// How the job names the input; `None` if it has none.
    pub(super) origin: Option<&'a str>,
    /// Rows of the input.
    pub(super) rows: u64,
    /// The statements in numbers, by network.
    pub(super) counts: &'a [ConsentCounts],
    /// Statements that would likely be found if their ids were written differently.
    pub(super) near: &'a [NearMisses<'a>],
    /// The networks of the snapshot.
    pub(super) networks: &'a [Box<str>],
    pub(super) history: &'a ConsentHistory,
}

/// Statements of one network that would likely be found but for one difference.
pub(super) struct NearMisses<'a> {
    /// The network; `None` for statements that name a person.
    pub(super) network: Option<&'a str>,
    pub(super) difference: Difference,
    pub(super) statements: u64,
}

/// Something that is not as it should be.
struct Finding {
    cause: String,
    remedy: String,
    rows: u64,
}

impl Compared<'_> {
    /// Reports what is not as it should be, as the job says: as violations or as warnings.
    pub(super) fn report(
        &self,
        consent: &Consent,
        violations: &mut Violations,
        warnings: &mut Vec<Warning>,
    ) -> Result<()> {
        if self.history.log_is_gone && self.origin.is_some() {
            let text = "the log of the last published run is gone: its statements are not compared with these";
            warnings.push(Warning::new("consent", text));
        }
        for Finding { cause, remedy, .. } in self.slow_losses() {
            warnings.push(Warning::new("consent", format!("{cause}; {remedy}")));
        }
        let found = self.findings();
        if found.is_empty() && self.origin.is_some() && self.rows == 0 {
            warnings.push(Warning::new("consent", "there is no statement"));
        }
        for Finding { cause, remedy, rows } in found {
            match consent.unmatched {
                UnmatchedRule::Warn => {
                    warnings.push(Warning::new("consent", format!("{cause}; {remedy}")));
                }
                UnmatchedRule::Stop => {
                    let cause = match self.origin {
                        Some(origin) => format!("input `consent` ({origin}): {cause}"),
                        None => cause,
                    };
                    let remedy = format!(
                        "{remedy}; if all is as it should be, set `unmatched = \"warn\"` under [consent]"
                    );
                    let violation = Error::bad_input(cause, remedy).in_table("consent");
                    violations.report(violation.in_rows(rows))?;
                }
            }
        }
        Ok(())
    }

    fn findings(&self) -> Vec<Finding> {
        let before = self.history.counts.as_deref().unwrap_or_default();
        let statements_before: u64 = before.iter().map(|of| of.statements.estimate()).sum();
        if self.rows == 0 && statements_before > 0 {
            return vec![self.no_statements(before)];
        }
        let mut found = self.none_matched();
        let named = before.iter().filter_map(|before| match &before.statements_of {
            StatementsOf::Network(name) => Some(name.as_str()),
            StatementsOf::OtherNetworks | StatementsOf::Persons => None,
        });
        let now = ConsentCounts::grouped(self.counts, &named.collect());
        let none = ConsentCounts::default();
        for before in before {
            let now = now.get(&before.statements_of).unwrap_or(&none);
            found.extend(fewer_refusals(before, now, LAST_RUN));
            found.extend(fewer_matches(before, now));
        }
        found
    }

    /// Refusals that went a few at a time: not many fewer than in the last published run, but than in one before. Only a
    /// warning, which one that is as it should be would otherwise stop for as many runs as are compared.
    fn slow_losses(&self) -> Vec<Finding> {
        let before = self.history.counts.as_deref().unwrap_or_default();
        let named = before.iter().filter_map(|before| match &before.statements_of {
            StatementsOf::Network(name) => Some(name.as_str()),
            StatementsOf::OtherNetworks | StatementsOf::Persons => None,
        });
        let now = ConsentCounts::grouped(self.counts, &named.collect());
        let lost = before.iter().filter_map(|before| {
            let of = &before.statements_of;
            let now = now.get(of).filter(|_| *of != StatementsOf::OtherNetworks)?;
            let largest =
                self.history.largest.iter().find(|largest| largest.statements_of == *of)?;
            match fewer_refusals(before, now, LAST_RUN) {
                None => fewer_refusals(largest, now, "in one of the last 30 published runs"),
                Some(_) => None,
            }
        });
        lost.collect()
    }

    fn no_statements(&self, before: &[LoggedConsent]) -> Finding {
        let all: u64 = before.iter().map(|of| of.statements.estimate()).sum();
        let all = SuppressedCount::of(all);
        let cause = match self.origin {
            Some(_) => format!("there is no statement, and the last published run had {all}"),
            None => {
                format!(
                    "the job has no input `consent`, and the last published run had {all} statements"
                )
            }
        };
        Finding { cause, remedy: "restore the table of statements".into(), rows: 0 }
    }

    /// Networks of which no statement matches. One that no other input has is named only if it is like one that does: what
    /// stands there by mistake may be the id of a person.
    fn none_matched(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        let (mut strange, mut strange_statements) = (0_u64, 0);
        for ConsentCounts { network, statements, matched, .. } in self.counts {
            if *matched > 0 || *statements == 0 {
                continue;
            }
            let known = || self.networks.iter().map(|name| &**name);
            let (what, near) = match network.as_deref() {
                None => ("statements by `person_id`".to_owned(), String::new()),
                Some(name) if known().any(|known| known == name) => {
                    (format!("statements of network `{name}`"), String::new())
                }
                Some(name) => {
                    let alike = known().find(|known| plain(known) == plain(name));
                    let near = match alike {
                        Some(alike) => did_you_mean(alike, [alike]),
                        None => did_you_mean(name, known()),
                    };
                    if near.is_empty() {
                        strange += 1;
                        strange_statements += statements;
                        continue;
                    }
                    (format!("statements of network `{name}`"), near)
                }
            };
            let mut cause = none_of(*statements, &what);
            let of_network = |near: &&NearMisses<'_>| near.network == network.as_deref();
            for near in self.near.iter().filter(of_network) {
                let statements = SuppressedCount::of(near.statements);
                cause += &format!(" (likely because of {}: {statements})", near.difference.words());
            }
            let remedy = format!("{near}{REMEDY}");
            found.push(Finding { cause, remedy, rows: *statements });
        }
        if strange > 0 {
            let networks = counted(strange, "network", "networks");
            let what = format!("statements of {networks} that no other input has");
            let cause = none_of(strange_statements, &what);
            found.push(Finding { cause, remedy: REMEDY.into(), rows: strange_statements });
        }
        found
    }
}

const LAST_RUN: &str = "in the last published run";

const REMEDY: &str = "write networks and ids as the other inputs do, or leave out with a SELECT … WHERE the statements of \
                      accounts that are not in this job";

fn none_of(statements: u64, what: &str) -> String {
    let statements = count(statements);
    format!("none of {statements} {what} is about an account or person of this snapshot")
}

/// Fewer accounts that refused than in the last published run. Whoever agreed again has not gone: the refusal is still there.
fn fewer_refusals(before: &LoggedConsent, now: &ConsentCounts, when: &str) -> Option<Finding> {
    let SuppressedCount::Exact(refused) = before.ever_refused else { return None };
    let fewer = refused.saturating_sub(now.ever_refused);
    if fewer < MIN_FEWER || 100 * fewer <= FEWER_IN_100 * before.refusing.estimate() {
        return None;
    }
    let now = SuppressedCount::of(now.ever_refused);
    let who = match &before.statements_of {
        StatementsOf::Network(name) => format!("{now} accounts of network `{name}`"),
        StatementsOf::OtherNetworks => format!("{now} accounts of other networks"),
        StatementsOf::Persons => format!("{now} persons by `person_id`"),
    };
    let before = count(refused);
    let cause = format!("{who} have refused, and {when} {before} had");
    let remedy = "check that the table is complete: a refusal stays in it, with a later statement of whoever agrees again";
    Some(Finding { cause, remedy: remedy.into(), rows: fewer })
}

/// A share of statements that match an account which is smaller than in the last published run: some no longer match, or new
/// ones never did.
fn fewer_matches(before: &LoggedConsent, now: &ConsentCounts) -> Option<Finding> {
    let statements = before.statements.estimate();
    let matched = statements.saturating_sub(before.unmatched.estimate());
    let no_longer = matched.saturating_sub(now.matched);
    let more = (now.statements - now.matched).saturating_sub(before.unmatched.estimate());
    if now.matched == 0 || statements == 0 || no_longer.max(more) < MIN_FEWER {
        return None;
    }
    let share = |matched: u64, statements: u64| matched as f64 / statements as f64;
    let (share_before, share_now) =
        (share(matched, statements), share(now.matched, now.statements));
    // In whole numbers: the border must not depend on rounding.
    let product = |one: u64, other: u64| u128::from(one) * u128::from(other);
    let lost = product(matched, now.statements).saturating_sub(product(now.matched, statements));
    if 100 * lost <= u128::from(FEWER_IN_100) * product(statements, now.statements) {
        return None;
    }
    let of_network = match &before.statements_of {
        StatementsOf::Network(name) => format!("of network `{name}`"),
        StatementsOf::OtherNetworks => "of other networks".to_owned(),
        StatementsOf::Persons => "by `person_id`".to_owned(),
    };
    let cause = format!(
        "{:.0} % of {} {of_network} are about accounts or persons of this snapshot, and in the last published run \
         {:.0} % were",
        100.0 * share_now,
        counted(now.statements, "statement", "statements"),
        100.0 * share_before
    );
    let remedy =
        "check that networks and ids are written as before, in `consent` and in the other inputs";
    Some(Finding { cause, remedy: remedy.into(), rows: now.statements - now.matched })
}
