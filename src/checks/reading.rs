//! Checks of what became of the inputs: rows that rules drop, rows that find what they name, and how old the newest event is.

use super::judge::{Figure, Judge, Judgement, percent};
use crate::model::{Check, JoinRate, People};

/// Inputs with rows that name what is in another one.
const JOINED: [&str; 5] = ["endorsements", "follows", "identities", "lists", "posts"];

pub(super) fn check(people: &People, judge: &Judge<'_>) -> Vec<Check> {
    let mut checks = dropped(people, judge);
    checks.extend(joins(people, judge));
    checks.extend(newest(people, judge));
    checks
}

/// The share of its rows that each rule drops, where nothing of it concerns ineligible people. It is not shown: rows given twice change
/// no byte of a table.
fn dropped(people: &People, judge: &Judge<'_>) -> Vec<Check> {
    let rules = people.drops.iter().filter_map(|drop| {
        let (share, rows) = drop.share()?;
        let figure = Figure {
            name: "dropped",
            subject: format!("{}: {}", drop.table, drop.rule),
            unit: "share of rows",
            value: Some(share),
        };
        let limit = judge.rule.rows_share_change;
        let (rows, what) = ((rows, judge.least_rows()), "rows are dropped by this rule");
        Some(Check { is_shown: false, ..judge.changed_share(figure, rows, limit, what) })
    });
    rules.collect()
}

/// The share of rows that find what they name. What they name may be ineligible: the share is not shown, and neither is whether there
/// are any rows.
fn joins(people: &People, judge: &Judge<'_>) -> Vec<Check> {
    let rates = JOINED.map(|input| {
        let (unit, rate) = ("share of rows", people.joins.get(input));
        let figure = Figure { name: "joins", subject: input.to_owned(), unit, value: None };
        judge.compared(figure, |previous| {
            let (rate, limit) = (rate?, judge.since_last_run(judge.rule.rows_share_change));
            let before = previous.joins.as_ref()?.get(input).and_then(JoinRate::matched)?;
            let change = (rate.matched()? - before).abs();
            // Of few rows that find nothing the number is not known: one more of them is no change.
            let least = judge.least_rows();
            Some(Judgement {
                limit,
                is_outside: change > limit && change * rate.rows as f64 >= least,
                finding: format!(
                    "the share of {} changed by more than {}",
                    rate.counted,
                    percent(limit)
                ),
            })
        })
    });
    rates.into()
}

/// How old the newest event of each input and network is.
fn newest(people: &People, judge: &Judge<'_>) -> Vec<Check> {
    let mut checks = Vec::new();
    for input in ["interactions", "posts"] {
        for events in people.events_by_network(input, 24) {
            let (name, subject) = ("newest_event", format!("{input}/{}", events.network));
            let hours = f64::from(events.newest);
            let history = judge.history(name, &subject);
            let figure = Figure { name, subject, unit: "hours", value: Some(hours) };
            checks.push(judge.compared(figure, |_| {
                let longest = history.values().copied().reduce(f64::max)?;
                let limit = f64::from(judge.rule.max_age_hours);
                Some(Judgement {
                    limit,
                    is_outside: hours > limit && hours > 3.0 * longest,
                    finding: format!(
                        "the newest event is {hours} hours old, {longest} at most in the runs before"
                    ),
                })
            }));
        }
    }
    checks
}
