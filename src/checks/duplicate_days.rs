//! The check for a day that was delivered twice, under two dates.

use std::collections::HashSet;

use rayon::prelude::*;

use super::judge::{Figure, Judge, Judgement, percent};
use crate::model::{Check, HISTORY_DAYS, Interaction, People};

const DAY: u32 = 24 * 60;
/// Fewest different minutes of a day that tell days apart.
const LEAST_MINUTES: usize = 10;

/// The share of the interactions of the last day with any that are those of one earlier day, at the same minutes.
pub(super) fn check(people: &People, judge: &Judge<'_>) -> Check {
    let events = people.interactions.all();
    let newest = events.iter().map(|event| event.age_minutes / DAY).min().unwrap_or(0);
    let of_day =
        |event: &Interaction| (event.target, event.actor, event.kind, event.age_minutes % DAY);
    let is_newest = |event: &&Interaction| event.age_minutes / DAY == newest;
    let last: HashSet<_> = events.iter().filter(is_newest).map(of_day).collect();
    // Where times are days or parts of a day, whoever reacts again does so at the same minute.
    let minutes: HashSet<u32> = last.iter().map(|(.., minute)| *minute).collect();
    let none = || vec![0_u64; HISTORY_DAYS.unsigned_abs() as usize];
    let count = |mut again: Vec<u64>, (at, event): (usize, &Interaction)| {
        let on = |event: &Interaction| (of_day(event), event.age_minutes / DAY - newest);
        let (this, days) = on(event);
        // Rows of one pair stand together: of equal ones on a day one counts.
        let is_first = at == 0 || events.get(at - 1).map(on) != Some((this, days));
        let is_again = days > 0 && is_first && last.contains(&this);
        if let Some(again) = again.get_mut((days as usize).wrapping_sub(1)).filter(|_| is_again) {
            *again += 1;
        }
        again
    };
    let again = events.par_iter().enumerate().fold(none, count).reduce(none, |mut all, others| {
        all.iter_mut().zip(others).for_each(|(own, other)| *own += other);
        all
    });
    let most = again.into_iter().max().unwrap_or(0);
    let share = (minutes.len() >= LEAST_MINUTES).then(|| most as f64 / last.len() as f64);
    let figure = Figure {
        name: "duplicate_day",
        subject: String::new(),
        unit: "share of the last day's interactions",
        value: share,
    };
    let least = 4 * judge.rule.least_people;
    judge.compared(figure, |_| {
        let (limit, share) = (judge.rule.duplicate_share, share?);
        Some(Judgement {
            limit,
            is_outside: share > limit && most >= least,
            finding: format!(
                "{} of the last day's interactions are those of an earlier day, at the same minutes",
                percent(share)
            ),
        })
    })
}
