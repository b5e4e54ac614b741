//! Caveats of a validation.

use chrono::{Days, NaiveDate};

use super::metric_row::{ACTIVE, ALL, ESTABLISHED, FUTURE_TARGETS, MetricRow, TOPIC_SCORES};
use crate::job::{GROUND_TRUTH, GroupBy, Job};
use crate::method::{Method, ROLLING_ORIGIN};
use crate::model::JoinRate;

/// Agreement is not cause.
pub(crate) const NO_CAUSE: &str = "a forecast is not a cause: people who are reacted to may be like those who react (homophily), and would \
                        be reacted to by them anyway";
/// What observed reactions prove.
pub(crate) const WORTH: &str = "who reacts after a backtest date is on record; it does not prove that anyone thought or acted differently";
/// Which inputs are of a later day than the backtest dates.
pub(crate) const STATED: &str = "followers_count, measure_* and follows without `since` are as of the end of the snapshot: at earlier backtest \
                      dates they contain later information";

/// Most topics that are named where they are left out.
const MAX_NAMED: usize = 5;

/// Interactions that reach back too short a time for any backtest.
pub(super) fn no_backtest(history_hours: u32, horizon_hours: u32) -> String {
    format!(
        "interactions reach back {history_hours} hours from the end of the snapshot: too short for a backtest of {horizon_hours} hours"
    )
}

/// Counts that many people are not compared by.
pub(super) fn counts_left_out(kept: usize, counts: usize, people: usize) -> String {
    format!(
        "of {counts} counts {kept} are compared, those of the highest concordance in a sample at the latest backtest date: there are \
         more than {people} people"
    )
}

/// Who is compared, in words.
pub(super) fn populations(rows: &[MetricRow], method: &Method) -> Vec<String> {
    let days = method.window_hours() / 24;
    let of_future = rows.iter().any(|row| FUTURE_TARGETS.contains(&&*row.target));
    let of_labels = rows.iter().any(|row| !FUTURE_TARGETS.contains(&&*row.target));
    let mut everyone = vec![];
    if of_future {
        everyone.push(format!(
            "everyone whom a run of the backtest date scores, that is everyone with an account by then or in an interaction of the \
             {days} days before, or in a follow"
        ));
    }
    if of_labels {
        everyone.push("of labels, everyone with a label who is scored".to_owned());
    }
    let notes = [
        (ALL, everyone.join("; ")),
        (ACTIVE, format!("of these, people with at least one reactor in the {days} days before")),
        (
            ESTABLISHED,
            "of these, people with at least five reactors in the 90 days before".to_owned(),
        ),
        (
            TOPIC_SCORES,
            format!(
                "(person, topic) pairs to which a run of the backtest date gives a topic score, under every method that is compared; \
                 observed are reactions to original posts of the person that are about the topic, published in the {days} days before \
                 the date or after it, and attributed to topics by what phrases weighed at the date; endorsements and lists, by which \
                 a pair may have enough evidence, are as of the end of the snapshot"
            ),
        ),
    ];
    let is_used = |name: &str| rows.iter().any(|row| row.population == name);
    let used = notes.into_iter().filter(|(name, _)| is_used(name));
    let used = used.map(|(name, who)| format!("population `{name}`: {who}"));
    let by = method.forecast.reacting_by();
    let observed = (of_future && !by.is_empty()).then(|| format!("observed: people who react{by}"));
    used.chain(observed).collect()
}

/// Groups that are too small or too many.
pub(super) fn groups_left_out(group_by: GroupBy, people: usize, min_people: usize) -> String {
    format!(
        "by {}: {people} people are in groups of fewer than {min_people} people or beyond the largest groups; these are not evaluated",
        group_by.name()
    )
}

/// Topic scores of which there are too few at every backtest date.
pub(super) fn few_pairs(min_pairs: usize) -> String {
    format!(
        "on topics: there are fewer than {min_pairs} topic scores at each backtest date; they are not evaluated"
    )
}

/// The same of those that forecast at least so many people.
pub(super) fn few_pairs_forecast(least: u32, min_pairs: usize) -> String {
    format!(
        "on topics: fewer than {min_pairs} topic scores at each backtest date forecast {least} people and more; these are not \
         evaluated by themselves"
    )
}

/// How many labels of `ground_truth` are about scored people.
pub(super) fn labels_about_people(join: &JoinRate) -> String {
    format!("`{GROUND_TRUTH}`: {}", join.describe())
}

/// Topics of a label set that no post is about.
pub(super) fn unknown_topics(label_set: &str, topics: &[String]) -> String {
    let more = match topics.len().saturating_sub(MAX_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "target `{label_set}`: no post is about {} of its topics, which are left out: {}{more}",
        topics.len(),
        topics[..topics.len().min(MAX_NAMED)].join(", ")
    )
}

/// A label set that a method was fitted to, with some people held out.
pub(super) fn only_held_out(label_set: &str) -> String {
    format!(
        "target `{label_set}`: a method was fitted to it; only people held out of the fit, and pairs of them, are compared"
    )
}

/// That the method may have been fitted to what it is now evaluated on, as far as the record of its fit says.
pub(super) fn possible_leakage(
    method: &Method,
    day: NaiveDate,
    backtests_hours: &[u32],
) -> Option<String> {
    let record = method.fit.as_ref().filter(|record| record.target == ROLLING_ORIGIN)?;
    let last: NaiveDate = record.snapshot.parse().ok()?;
    let oldest = day.checked_sub_days(Days::new(u64::from(*backtests_hours.last()?) / 24))?;
    (last > oldest).then(|| {
        format!(
            "possible leakage: method `{}` was fitted to data up to {last}, which may overlap the backtests",
            method.version
        )
    })
}

/// What the job says that each target is worth.
pub(super) fn worth_of_targets(rows: &[MetricRow], job: &Job) -> Vec<String> {
    let mut targets: Vec<&str> = vec![];
    for row in rows {
        if !targets.contains(&&*row.target) {
            targets.push(&row.target);
        }
    }
    let note = targets.into_iter().map(|target| {
        let worth = job.validate.target(target).filter(|worth| !worth.is_empty());
        match worth {
            Some(worth) => format!("target `{target}`: {worth}"),
            None if FUTURE_TARGETS.contains(&target) => format!("target `{target}`: {WORTH}"),
            None => format!(
                "target `{target}`: the job does not say what it is worth (`validate.target`)"
            ),
        }
    });
    note.collect()
}
