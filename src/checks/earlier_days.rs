//! The check that the days before have the rows that they had: clocks that are wrong, and days that are missing or filled with others.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::judge::{Figure, Judge, Judgement, percent};
use crate::model::{Check, HISTORY_DAYS, People};
use crate::number_format::count;

/// Days that are compared.
const DAYS: usize = HISTORY_DAYS.unsigned_abs() as usize;
const HOURS: u32 = 24;

/// Rows that have come to the days before since they were published as the last day, by input and network. Whoever is excluded takes
/// rows away, so that fewer rows are looked at only where a day has none, and the figure is not shown.
pub(super) fn check(people: &People, judge: &Judge<'_>) -> Vec<Check> {
    let days = rows_by_day(people);
    let subjects = days.into_iter().map(|(subject, days)| {
        let unit = "share of rows";
        let figure = Figure { name: "earlier_days", subject: subject.clone(), unit, value: None };
        judge.compared(figure, |_| {
            let history = judge.history("rows_of_last_day", &subject);
            let (mut before, mut more, mut gone) = (0.0, 0.0, None);
            for (day, then) in &history {
                let age = judge.day.signed_duration_since(*day).num_days();
                let age = usize::try_from(age).ok().filter(|age| *age > 0 && *age < DAYS);
                let Some(now) = age.and_then(|age| days.get(age)) else { continue };
                before += then;
                more += (*now as f64 - then).max(0.0);
                if *now == 0 && *then >= judge.least_rows() {
                    gone = gone.or(Some((*day, *then)));
                }
            }
            let limit = judge.since_last_run(judge.rule.earlier_rows_share);
            let is_more = more > limit * before && more >= judge.least_rows();
            let finding = match gone {
                Some((day, then)) => format!("no rows of {day}, which had {}", count(then as u64)),
                None => format!("earlier days have more than {} more rows", percent(limit)),
            };
            (before > 0.0).then_some(Judgement {
                limit,
                is_outside: is_more || gone.is_some(),
                finding,
            })
        })
    });
    subjects.collect()
}

/// Rows of each of the last days, the last one first, by input and network.
fn rows_by_day(people: &People) -> BTreeMap<String, [u64; DAYS]> {
    let persons = &people.persons;
    let none = || vec![[0_u64; DAYS]; persons.networks.len()];
    let add = |mut rows: Vec<[u64; DAYS]>, (network, hours): (usize, u32)| {
        if let Some(rows) = rows[network].get_mut((hours / HOURS) as usize) {
            *rows += 1;
        }
        rows
    };
    let both = |mut all: Vec<[u64; DAYS]>, others: Vec<[u64; DAYS]>| {
        let cells = all.iter_mut().flatten().zip(others.into_iter().flatten());
        cells.for_each(|(own, other)| *own += other);
        all
    };
    let events = people.interactions.all().par_iter();
    let events = events.map(|event| (persons.network_of(event.target).index(), event.age_hours()));
    let mut inputs = vec![("interactions", events.fold(none, add).reduce(none, both))];
    if let Some(posts) = &people.posts {
        let posts = posts.authors.par_iter().zip(&posts.age_hours);
        let posts = posts.map(|(author, hours)| (persons.network_of(*author).index(), *hours));
        inputs.push(("posts", posts.fold(none, add).reduce(none, both)));
    }
    let named = |(input, rows): (&'static str, Vec<[u64; DAYS]>)| {
        let networks = persons.networks.iter().zip(rows);
        networks.map(move |(network, rows)| (format!("{input}/{network}"), rows))
    };
    inputs.into_iter().flat_map(named).collect()
}
