//! Checks of how many rows there are, by input, network and kind.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::judge::{Figure, Judge, Judgement};
use crate::method::Method;
use crate::model::{Check, Follows, Interaction, NetworkIndex, People, Persons, Verdict};
use crate::number_format::count;

/// Rows of one subject.
#[derive(Clone, Copy, Default)]
struct Counts {
    /// Within the window.
    window: u64,
    /// Within the window of the last run: the same rows again, if nothing has changed.
    known: u64,
    /// Of the last day.
    last_day: u64,
}

/// Which ages, in whole hours, are counted where.
struct Ages {
    window: u32,
    since_last_run: u32,
}

impl Ages {
    fn count(&self, counts: &mut Counts, hours: u32) {
        counts.window += u64::from(hours < self.window);
        let then = hours.checked_sub(self.since_last_run);
        counts.known += u64::from(then.is_some_and(|hours| hours < self.window));
        counts.last_day += u64::from(hours < 24);
    }
}

pub(super) fn check(people: &People, method: &Method, judge: &Judge<'_>) -> Vec<Check> {
    let ages = Ages { window: method.attention.window_hours, since_last_run: judge.hours() };
    let mut timed = interactions(people, method, &ages);
    timed.extend(posts(people, &ages));
    let mut states = states(people);
    // What the last run had and this one lacks has no rows. It may have been of people who have left: unless it refuses the run, nothing
    // is said of it.
    let is_gone = |subject: &&str| !timed.contains_key(*subject) && !states.contains_key(*subject);
    let gone: Vec<&str> = judge.subjects("rows").filter(is_gone).collect();
    let networks: BTreeSet<String> = timed.keys().map(|subject| of_network(subject)).collect();
    for subject in &gone {
        match is_timed(subject) {
            true => drop(timed.entry((*subject).to_owned()).or_default()),
            false => drop(states.entry((*subject).to_owned()).or_default()),
        }
    }
    let mut last_days: BTreeMap<String, u64> = BTreeMap::new();
    for (subject, counts) in &timed {
        *last_days.entry(of_network(subject)).or_default() += counts.last_day;
    }
    let mut checks: Vec<Check> = timed
        .into_iter()
        .map(|(subject, Counts { window, known, .. })| {
            in_window(subject, (window, known), Some(ages.window), judge)
        })
        .collect();
    // Rows without times are a state: all of them are there again on the next day.
    checks.extend(
        states.into_iter().map(|(subject, rows)| in_window(subject, (rows, rows), None, judge)),
    );
    checks.extend(last_days.into_iter().map(|(subject, rows)| of_last_day(subject, rows, judge)));
    checks.retain(|check| {
        let is_there = match check.name {
            "rows" => !gone.contains(&check.subject.as_str()),
            _ => networks.contains(&check.subject),
        };
        is_there || check.verdict == Verdict::Refused
    });
    checks
}

/// Whether the rows of a subject have times.
fn is_timed(subject: &str) -> bool {
    matches!(subject.split('/').next(), Some("interactions" | "posts"))
}

/// A subject without the kind.
fn of_network(subject: &str) -> String {
    subject.split('/').take(2).collect::<Vec<_>>().join("/")
}

/// Interactions by network and kind.
fn interactions(people: &People, method: &Method, ages: &Ages) -> BTreeMap<String, Counts> {
    let (persons, kinds) = (&people.persons, method.kinds.len());
    let events = people.interactions.all().par_iter().chain(people.earlier.all());
    let cell = |event: &Interaction| {
        persons.network_of(event.target).index() * kinds + usize::from(event.kind)
    };
    let none = || vec![Counts::default(); persons.networks.len() * kinds];
    let counts = events.fold(none, |mut counts, event| {
        ages.count(&mut counts[cell(event)], event.age_hours());
        counts
    });
    let counts = counts.reduce(none, |mut all, others| {
        for (own, other) in all.iter_mut().zip(others) {
            own.window += other.window;
            own.known += other.known;
            own.last_day += other.last_day;
        }
        all
    });
    let subject = |(cell, counts): (usize, Counts)| {
        let network = &persons.networks[cell / kinds];
        let kind = method.kinds.keys().nth(cell % kinds)?;
        let is_there = counts.window + counts.known > 0;
        is_there.then(|| (format!("interactions/{network}/{kind}"), counts))
    };
    counts.into_iter().enumerate().filter_map(subject).collect()
}

/// Posts by network.
fn posts(people: &People, ages: &Ages) -> BTreeMap<String, Counts> {
    let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
    let Some(posts) = &people.posts else { return counts };
    for (author, hours) in posts.authors.iter().zip(&posts.age_hours) {
        let network = people.persons.network_name(*author);
        match counts.get_mut(network) {
            Some(own) => ages.count(own, *hours),
            None => ages.count(counts.entry(network.to_owned()).or_default(), *hours),
        }
    }
    // No older posts than those of the window are read: those that have left it since are missing.
    counts.into_iter().map(|(network, own)| (format!("posts/{network}"), own)).collect()
}

/// Rows that state how things are, by input and network.
fn states(people: &People) -> BTreeMap<String, u64> {
    let persons = &people.persons;
    let mut rows = BTreeMap::new();
    let mut accounts = vec![0_u64; persons.networks.len()];
    persons.account_networks.iter().for_each(|network| accounts[network.index()] += 1);
    for (network, accounts) in persons.networks.iter().zip(accounts) {
        rows.insert(format!("accounts/{network}"), accounts);
    }
    rows.extend(follows(people.follows.as_ref(), persons));
    if !people.endorsements.is_empty() {
        rows.insert("endorsements".to_owned(), people.endorsements.len() as u64);
    }
    rows
}

fn follows(follows: Option<&Follows>, persons: &Persons) -> BTreeMap<String, u64> {
    let Some(follows) = follows else { return BTreeMap::new() };
    let networks = (0..persons.networks.len()).map(NetworkIndex::new);
    let rows = networks.map(|network| {
        let rows = follows.of_followees(persons.network(network)).len() as u64;
        (format!("follows/{}", persons.networks[network.index()]), rows)
    });
    rows.filter(|(_, rows)| *rows > 0).collect()
}

/// Rows, and of those with times in a window as many as are of the last run's window: they are compared with those of that run.
fn in_window(
    subject: String,
    (rows, known): (u64, u64),
    timed_window: Option<u32>,
    judge: &Judge<'_>,
) -> Check {
    let name = "rows";
    let earlier = judge.earlier(name, &subject).map(|check| check.figure);
    let history = judge.history(name, &subject);
    let figure = Figure { name, subject, unit: "rows", value: Some(rows as f64) };
    judge.compared(figure, |previous| {
        let (limit, before) = (judge.rule.rows_factor, earlier?);
        // Of a run so long ago too much has left the window, and another window has other rows.
        let is_comparable = |hours: u32| {
            2 * judge.hours() <= hours && previous.method.attention.window_hours == hours
        };
        if !timed_window.is_none_or(is_comparable) {
            return None;
        }
        let now = known as f64;
        let usual = judge.usual(&history);
        let deviations = usual.map_or_else(
            || (now - before).abs() / before.max(1.0).sqrt(),
            |usual| usual.deviations(rows as f64),
        );
        let is_far = now >= limit * before || limit * now <= before;
        Some(Judgement {
            limit,
            is_outside: is_far
                && (now - before).abs() >= judge.least_rows()
                && deviations >= judge.rule.rows_deviations,
            finding: format!(
                "{} rows of the time up to {}, for which there were {} then",
                count(known),
                previous.day,
                count(before as u64)
            ),
        })
    })
}

/// Rows of the last day: more than ever, or none at all, where the same weekdays had others. Less than that is how days are.
fn of_last_day(subject: String, rows: u64, judge: &Judge<'_>) -> Check {
    let name = "rows_of_last_day";
    let history = judge.history(name, &subject);
    let figure = Figure { name, subject, unit: "rows", value: Some(rows as f64) };
    let mut check = judge.compared(figure, |_| {
        let (limit, usual, now) = (judge.rule.last_day_factor, judge.usual(&history)?, rows as f64);
        let (least, most) = usual.range;
        let is_far = now >= limit * most || (rows == 0 && least > 0.0);
        Some(Judgement {
            limit,
            is_outside: is_far
                && (now - usual.median).abs() >= judge.least_rows()
                && usual.deviations(now) >= judge.rule.rows_deviations,
            finding: format!(
                "{} rows of the last day, {} on the same weekdays before, {} to {} on all days",
                count(rows),
                count(usual.median as u64),
                count(least as u64),
                count(most as u64),
            ),
        })
    });
    let weeks = "the same weekdays of four weeks";
    check.judged_by = match check.limit {
        Some(_) => weeks.to_owned(),
        None => format!("nothing: fewer than three of {weeks} were published"),
    };
    check
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_counted_by_window() {
        let ages = Ages { window: 48, since_last_run: 24 };
        let mut counts = Counts::default();
        for hours in [0, 23, 24, 47, 48, 71, 72] {
            ages.count(&mut counts, hours);
        }
        assert_eq!((counts.window, counts.known, counts.last_day), (4, 4, 2));
    }

    #[test]
    fn last_days_are_of_a_network() {
        assert_eq!(of_network("interactions/a/like"), "interactions/a");
        assert_eq!(of_network("posts/a"), "posts/a");
        assert!(is_timed("posts/a") && !is_timed("follows/posts") && !is_timed("endorsements"));
    }
}
