//! Checks of scores and of who is scored.

use super::inputs::CheckInputs;
use super::judge::{Figure, Judge, Judgement, percent};
use crate::error::Result;
use crate::model::{Check, PersonIndex, Previous};
use crate::number_format::count;

/// People who are named as examples.
const EXAMPLES: usize = 5;
/// Refusals are known so many days late at most.
const LATE_DAYS: u32 = 7;

pub(super) fn check(inputs: &CheckInputs<'_>, judge: &Judge<'_>) -> Result<Vec<Check>> {
    let persons = &inputs.people.persons;
    let people = persons.len() as u64;
    let sum = |values: &[f64]| values.iter().fold(0.0, |sum, value| sum + value);
    let share = |count: usize| Some(count as f64 / people.max(1) as f64);
    let reactors = inputs.measures.values("reactors_window")?;
    let by_credit = inputs.measures.values("credited_reactors_window")?;
    let reactors_of = persons.sum_by_person(reactors.values());
    let without = reactors_of.iter().filter(|reactors| **reactors == 0.0).count();
    let flags = &inputs.scores.flags;
    let outside = flags.iter().filter(|flags| flags.contains(&"outside_range")).count();
    let (all, credited) = (sum(reactors.values()), sum(by_credit.values()));
    let of_run = |name, unit, value| Figure { name, subject: String::new(), unit, value };
    let rule = judge.rule;
    Ok(vec![
        moved(inputs, judge),
        gained(inputs, judge),
        lost(judge),
        excluded(inputs, judge),
        expected(sum(&inputs.scores.expected_reactors), judge),
        judge.changed_share(
            of_run("without_reactor", "share of people", share(without)),
            (people, judge.least_people()),
            rule.without_reactor_change,
            "people have no reactor in the window",
        ),
        judge.changed_share(
            of_run("outside_range", "share of people", share(outside)),
            (people, judge.least_people()),
            rule.outside_range_change,
            "people have a measure outside the range that the method was fitted to",
        ),
        judge.changed_share(
            of_run("credit", "share of reactors", (all > 0.0).then(|| credited / all)),
            (all as u64, judge.least_rows()),
            rule.credit_change,
            "reactors count by credit",
        ),
    ])
}

/// Scores that moved, where the method is the same.
fn moved(inputs: &CheckInputs<'_>, judge: &Judge<'_>) -> Check {
    let (persons, scores) = (&inputs.people.persons, &inputs.scores.score);
    let (rule, limit) = (judge.rule, judge.since_last_run(judge.rule.moved_share));
    let mut paired = 0_u64;
    let mut movers: Vec<(f64, usize)> = Vec::new();
    let before = inputs.previous.map_or(&[][..], |previous| &previous.scores[..]);
    for (person, (now, before)) in scores.iter().zip(before).enumerate() {
        let Some(before) = before else { continue };
        paired += 1;
        let points = (now - before).abs();
        if points >= rule.moved_points {
            movers.push((points, person));
        }
    }
    let share = (paired > 0).then(|| movers.len() as f64 / paired as f64);
    let unit = "share of people";
    let figure = Figure { name: "scores_moved", subject: String::new(), unit, value: share };
    let mut check = judge.compared(figure, |previous| {
        let share = share.filter(|_| previous.method.scores_like(inputs.method))?;
        let finding = format!(
            "{} of {} people moved by {} points or more, {}",
            count(movers.len() as u64),
            count(paired),
            rule.moved_points,
            percent(share)
        );
        let is_outside = share > limit && movers.len() as u64 >= rule.least_people;
        Some(Judgement { limit, is_outside, finding })
    });
    let is_other = |previous: &&Previous| !previous.method.scores_like(inputs.method);
    if let Some(previous) = inputs.previous.filter(is_other) {
        let (before, now) = (&previous.method.version, &inputs.method.version);
        check.judged_by = format!("nothing: the method was `{before}` and is `{now}`");
    }
    movers.sort_unstable_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
    let id = |(_, person): &(f64, usize)| persons.ids.value(*person).to_owned();
    check.examples = movers.iter().take(EXAMPLES).map(id).collect();
    check
}

/// New people.
fn gained(inputs: &CheckInputs<'_>, judge: &Judge<'_>) -> Check {
    let before = inputs.previous.map_or(&[][..], |previous| &previous.scores[..]);
    let new = || {
        let is_new = |person: &PersonIndex| before[person.index()].is_none();
        (0..before.len()).map(PersonIndex::new).filter(is_new)
    };
    let gained = new().count() as u64;
    // Of those of both runs: of people who have left no figure tells.
    let stayed = before.len() as u64 - gained;
    let share = (stayed > 0).then(|| gained as f64 / stayed as f64);
    let figure = Figure {
        name: "people_gained",
        subject: String::new(),
        unit: "share of the people of both runs",
        value: share,
    };
    let mut check = judge.compared(figure, |_| {
        let limit = judge.since_last_run(judge.rule.gained_share);
        let is_outside = share? > limit && gained >= judge.rule.least_people;
        let finding =
            format!("{} new people, and {} of the last run", count(gained), count(stayed));
        Some(Judgement { limit, is_outside, finding })
    });
    let persons = &inputs.people.persons;
    let id = |person: PersonIndex| persons.ids.value(person.index()).to_owned();
    check.examples = new().take(EXAMPLES).map(id).collect();
    check
}

/// People who are not scored any more. Some of them may be ineligible: how many there are is not shown.
fn lost(judge: &Judge<'_>) -> Check {
    let unit = "share of the last run's people";
    let figure = Figure { name: "people_lost", subject: String::new(), unit, value: None };
    judge.compared(figure, |previous| {
        let limit = judge.since_last_run(judge.rule.lost_share);
        let share = previous.lost as f64 / previous.people.max(1) as f64;
        Some(Judgement {
            limit,
            is_outside: share > limit && previous.lost >= judge.rule.least_people,
            finding: format!("more than {} of the last run's people are gone", percent(limit)),
        })
    })
}

/// People who are ineligible now, and of whom no statement is new.
fn excluded(inputs: &CheckInputs<'_>, judge: &Judge<'_>) -> Check {
    let unit = "share of the last run's people";
    let figure = Figure { name: "people_excluded", subject: String::new(), unit, value: None };
    let since = judge.hours().saturating_add(24 * LATE_DAYS);
    let refused = inputs.people.refused_hours.iter().filter(|hours| **hours < since).count();
    judge.compared(figure, |previous| {
        let limit = judge.since_last_run(judge.rule.excluded_share);
        let without = previous.excluded.saturating_sub(refused as u64);
        let share_of = |people: u64| people as f64 / previous.people.max(1) as f64;
        let least = judge.rule.least_people;
        // A wave of refusals on one day is looked at too.
        let wave = judge.since_last_run(judge.rule.lost_share);
        let is_wave = share_of(previous.excluded) > wave && previous.excluded >= 4 * least;
        let is_silent = share_of(without) > limit && without >= least;
        let finding = match is_silent {
            true => format!(
                "more than {} of the last run's people are ineligible now without a new statement",
                percent(limit)
            ),
            false => {
                format!("more than {} of the last run's people are ineligible now", percent(wave))
            }
        };
        Some(Judgement { limit, is_outside: is_silent || is_wave, finding })
    })
}

/// All expected reactors together.
fn expected(total: f64, judge: &Judge<'_>) -> Check {
    let (name, subject) = ("expected_reactors", String::new());
    let earlier = judge.earlier(name, &subject).map(|check| check.figure);
    let figure =
        Figure { name, subject, unit: "people, summed over everybody", value: Some(total) };
    judge.compared(figure, |previous| {
        let limit = judge.factor(judge.rule.level_factor);
        let before = earlier.filter(|before| *before > 0.0)?;
        let (ratio, least) = (total / before, judge.rule.least_people as f64);
        let is_far = ratio > limit || ratio < 1.0 / limit;
        Some(Judgement {
            limit,
            is_outside: is_far && (total - before).abs() >= least,
            finding: format!(
                "{total:.1} expected reactors in all, {before:.1} on {}",
                previous.day
            ),
        })
    })
}
