//! What figures are judged by.

use chrono::{Datelike, Days, NaiveDate};

use crate::method::CheckRule;
use crate::model::{Check, EarlierCheck, HISTORY_DAYS, History, Previous, Verdict};
use renown_stats::quantiles::median;

/// Runs further apart are judged as if they were so many days apart.
const MAX_DAYS: u32 = 10;
/// Fewest earlier runs of the same weekday to judge by.
const LEAST_WEEKDAYS: usize = 3;
/// Standard deviation of a normal distribution with a median absolute deviation of 1.
const OF_MAD: f64 = 1.4826;

/// The run before, with the limits.
pub(super) struct Judge<'a> {
    pub day: NaiveDate,
    pub previous: Option<&'a Previous>,
    pub rule: &'a CheckRule,
    /// Days since the last run, from 1 to [`MAX_DAYS`].
    days: u32,
}

/// A figure that has not been judged.
pub(super) struct Figure {
    pub name: &'static str,
    pub subject: String,
    pub unit: &'static str,
    pub value: Option<f64>,
}

/// What came out of a comparison.
pub(super) struct Judgement {
    /// What the figure, or its change, may be.
    pub limit: f64,
    /// Whether it is outside.
    pub is_outside: bool,
    /// What was found, in words.
    pub finding: String,
}

impl<'a> Judge<'a> {
    pub fn new(day: NaiveDate, previous: Option<&'a Previous>, rule: &'a CheckRule) -> Self {
        let days =
            previous.map_or(1, |previous| day.signed_duration_since(previous.day).num_days());
        let days = u32::try_from(days).unwrap_or(1).clamp(1, MAX_DAYS);
        Self { day, previous, rule, days }
    }

    /// A share of people that may be reached in a day, over the days since the last run.
    pub fn since_last_run(&self, share: f64) -> f64 {
        share * f64::from(self.days)
    }

    /// Hours since the last run.
    pub fn hours(&self) -> u32 {
        let hours =
            self.previous.map(|previous| self.day.signed_duration_since(previous.day).num_hours());
        hours.and_then(|hours| u32::try_from(hours).ok()).unwrap_or(24)
    }

    /// What the last run published of a check.
    pub fn earlier(&self, name: &str, subject: &str) -> Option<&'a EarlierCheck> {
        let is_it = |check: &&EarlierCheck| check.name == name && check.subject == subject;
        self.previous?.checks.iter().find(is_it)
    }

    /// The subjects of a check in the last run.
    pub fn subjects(&self, name: &'static str) -> impl Iterator<Item = &'a str> {
        let checks = self.previous.map_or(&[][..], |previous| &previous.checks[..]);
        checks.iter().filter(move |check| check.name == name).map(|check| check.subject.as_str())
    }

    /// The figure of a check on each earlier day that is kept.
    pub fn history(&self, name: &str, subject: &str) -> History {
        let (Some(previous), Some(check)) = (self.previous, self.earlier(name, subject)) else {
            return History::new();
        };
        let first = self.day - Days::new(HISTORY_DAYS.unsigned_abs());
        let mut history = check.history.clone();
        history.insert(previous.day, check.figure);
        history.retain(|day, _| *day >= first);
        history
    }

    /// The check of a figure that is compared with the last run; `judge` gives `None` where that is impossible.
    pub fn compared(
        &self,
        figure: Figure,
        judge: impl FnOnce(&'a Previous) -> Option<Judgement>,
    ) -> Check {
        let Figure { name, subject, unit, value } = figure;
        let judged = self.previous.and_then(|previous| Some((previous, judge(previous)?)));
        let history = self.history(name, &subject);
        let (verdict, limit, judged_by, finding) = match judged {
            None => (Verdict::NotJudged, None, self.nothing_to_judge_by(), String::new()),
            Some((previous, judged)) => {
                let verdict = if judged.is_outside { Verdict::Refused } else { Verdict::Passed };
                let finding = if judged.is_outside { judged.finding } else { String::new() };
                (verdict, Some(judged.limit), format!("the run of {}", previous.day), finding)
            }
        };
        Check {
            name,
            subject,
            figure: value,
            unit,
            limit,
            judged_by,
            verdict,
            finding,
            examples: vec![],
            history,
        }
    }

    fn nothing_to_judge_by(&self) -> String {
        match self.previous {
            None => "nothing: no earlier day was published".to_owned(),
            Some(previous) => format!("nothing: the run of {} has no such figure", previous.day),
        }
    }

    /// A share whose change since the last run is judged, of `people` people.
    pub fn changed_share(&self, figure: Figure, people: u64, limit: f64, what: &str) -> Check {
        let limit = self.since_last_run(limit);
        let earlier = self.earlier(figure.name, &figure.subject).map(|check| check.figure);
        let (now, least) = (figure.value, self.rule.least_people);
        self.compared(figure, |previous| {
            let (now, before) = now.zip(earlier)?;
            let change = (now - before).abs();
            let is_outside = change > limit && change * people as f64 >= least as f64;
            let finding =
                format!("{} of {what}, {} on {}", percent(now), percent(before), previous.day);
            Some(Judgement { limit, is_outside, finding })
        })
    }

    /// How far a count of rows is from those of the same weekdays of the last four weeks, in robust standard deviations; `None`
    /// with fewer than three of them.
    pub fn deviations(&self, history: &History, rows: f64) -> Option<(f64, f64)> {
        let is_same = |day: &&NaiveDate| day.weekday() == self.day.weekday();
        let same: Vec<f64> = history.keys().filter(is_same).map(|day| history[day]).collect();
        if same.len() < LEAST_WEEKDAYS {
            return None;
        }
        let middle = median_of(same.clone())?;
        let spread = median_of(same.iter().map(|rows| (rows - middle).abs()).collect())?;
        // Counts vary at least as if each row came by itself, and by a twentieth.
        let least = middle.max(1.0).sqrt().max(0.05 * middle);
        Some((middle, (rows - middle).abs() / (OF_MAD * spread).max(least)))
    }
}

fn median_of(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    median(&values)
}

/// A share in words.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}
