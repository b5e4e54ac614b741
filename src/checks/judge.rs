//! What figures are judged by.

use chrono::{Datelike, Days, NaiveDate};

use crate::method::CheckRule;
use crate::model::{Check, HISTORY_DAYS, History, LoggedCheck, Previous, Verdict};
use renown_stats::quantiles::median;

/// Checks of what the method itself decides.
const OF_METHOD: [&str; 4] = ["credit", "expected_reactors", "outside_range", "scores_moved"];
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
    /// Whether the method scores for the first time, after it was compared.
    pub is_promoted: bool,
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
        Self { day, previous, rule, is_promoted: false, days }
    }

    /// A share of people that may be reached in a day, over the days since the last run.
    pub fn since_last_run(&self, share: f64) -> f64 {
        share * f64::from(self.days)
    }

    /// A factor that may be reached in a day, over the days since the last run.
    pub fn factor(&self, factor: f64) -> f64 {
        1.0 + (factor - 1.0) * f64::from(self.days)
    }

    /// Hours since the last run.
    pub fn hours(&self) -> u32 {
        let hours =
            self.previous.map(|previous| self.day.signed_duration_since(previous.day).num_hours());
        hours.and_then(|hours| u32::try_from(hours).ok()).unwrap_or(24)
    }

    /// What the last run published of a check.
    pub fn earlier(&self, name: &str, subject: &str) -> Option<&'a LoggedCheck> {
        let is_it = |check: &&LoggedCheck| check.check == name && check.subject == subject;
        self.previous?.checks.iter().find(is_it)
    }

    /// The subjects of a check in the last run.
    pub fn subjects(&self, name: &'static str) -> impl Iterator<Item = &'a str> {
        let checks = self.previous.map_or(&[][..], |previous| &previous.checks[..]);
        checks.iter().filter(move |check| check.check == name).map(|check| check.subject.as_str())
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
        let is_judged = !(self.is_promoted && OF_METHOD.contains(&name));
        let judged = self.previous.filter(|_| is_judged);
        let judged = judged.and_then(|previous| Some((previous, judge(previous)?)));
        let history = self.history(name, &subject);
        let (verdict, limit, judged_by, finding) = match judged {
            None if !is_judged => (
                Verdict::NotJudged,
                None,
                "nothing: the method was compared before, and scores from this run on".to_owned(),
                String::new(),
            ),
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
            is_shown: true,
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

    /// A share whose change since the last run is judged, of `all` people or rows, of which fewer than `least` refuse nothing.
    pub fn changed_share(
        &self,
        figure: Figure,
        (all, least): (u64, f64),
        limit: f64,
        what: &str,
    ) -> Check {
        let limit = self.since_last_run(limit);
        let earlier = self.earlier(figure.name, &figure.subject).map(|check| check.figure);
        let now = figure.value;
        self.compared(figure, |previous| {
            let (now, before) = now.zip(earlier)?;
            let change = (now - before).abs();
            let is_outside = change > limit && change * all as f64 >= least;
            let finding =
                format!("{} of {what}, {} on {}", percent(now), percent(before), previous.day);
            Some(Judgement { limit, is_outside, finding })
        })
    }

    /// Fewer people than this refuse nothing.
    pub fn least_people(&self) -> f64 {
        self.rule.least_people as f64
    }

    /// Fewer rows than this, more or less, refuse nothing.
    pub fn least_rows(&self) -> f64 {
        4.0 * self.rule.least_people as f64
    }

    /// What is usual for a count of rows; `None` with fewer than three of the same weekdays of the last four weeks.
    pub fn usual(&self, history: &History) -> Option<Usual> {
        let is_same = |day: &&NaiveDate| day.weekday() == self.day.weekday();
        let same: Vec<f64> = history.keys().filter(is_same).map(|day| history[day]).collect();
        if same.len() < LEAST_WEEKDAYS {
            return None;
        }
        let all: Vec<f64> = history.values().copied().collect();
        let (median, spread) = middle(same)?;
        let (_, of_all) = middle(all.clone())?;
        let (least, most) = all.iter().fold((f64::INFINITY, 0.0_f64), |(least, most), rows| {
            (least.min(*rows), most.max(*rows))
        });
        // Four weekdays may be alike by chance. Counts vary at least as if each row came by itself, and by a twentieth.
        let chance = median.max(1.0).sqrt().max(0.05 * median);
        let deviation = (OF_MAD * spread.max(of_all)).max(chance);
        Some(Usual { median, deviation, range: (least, most) })
    }
}

/// What is usual for a count of rows.
pub(super) struct Usual {
    /// Of the same weekdays.
    pub median: f64,
    /// A robust standard deviation: of the same weekdays, or of all days if those vary more.
    deviation: f64,
    /// Of all days.
    pub range: (f64, f64),
}

impl Usual {
    /// How many standard deviations a count is away.
    pub fn deviations(&self, rows: f64) -> f64 {
        (rows - self.median).abs() / self.deviation
    }
}

/// Median, and median absolute deviation.
fn middle(values: Vec<f64>) -> Option<(f64, f64)> {
    let middle = median_of(values.clone())?;
    let spread = median_of(values.into_iter().map(|value| (value - middle).abs()).collect())?;
    Some((middle, spread))
}

fn median_of(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    median(&values)
}

/// A share in words.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_usual_is_robust() {
        let rule = CheckRule::default();
        let day = NaiveDate::from_ymd_opt(2026, 3, 29).unwrap();
        let judge = Judge::new(day, None, &rule);
        let history = |weeks: &[f64]| -> History {
            let days = (1..).map(|week| day - Days::new(7 * week));
            days.zip(weeks.iter().copied()).collect()
        };
        assert!(judge.usual(&history(&[100.0, 100.0])).is_none());
        // Equal counts vary as much as a Poisson number does.
        let usual = judge.usual(&history(&[100.0, 100.0, 100.0])).unwrap();
        assert!((usual.deviations(140.0) - 4.0).abs() < 1e-12);
        // One day like no other moves neither the median nor the spread.
        let usual = judge.usual(&history(&[100.0, 130.0, 5_000.0, 70.0])).unwrap();
        assert_eq!((usual.median, usual.range), (115.0, (70.0, 5_000.0)));
        // Distances 15, 15, 45 and 4,885: 30.
        assert!((usual.deviations(0.0) - 115.0 / (OF_MAD * 30.0)).abs() < 1e-12);
        // Days of the week that vary more than the same weekdays do.
        let mut week = history(&[100.0, 100.0, 100.0]);
        week.extend([(day - Days::new(1), 300.0), (day - Days::new(2), 200.0)]);
        week.extend([(day - Days::new(3), 500.0), (day - Days::new(4), 400.0)]);
        assert!(
            (judge.usual(&week).unwrap().deviations(500.0) - 400.0 / (OF_MAD * 100.0)).abs()
                < 1e-12
        );
    }

    #[test]
    fn limits_grow_with_the_days_between() {
        let rule = CheckRule::default();
        let day = NaiveDate::from_ymd_opt(2026, 3, 29).unwrap();
        assert_eq!(Judge::new(day, None, &rule).since_last_run(0.01), 0.01);
        let judge = |days| Judge { days, ..Judge::new(day, None, &rule) };
        assert_eq!((judge(7).since_last_run(0.01), judge(7).factor(1.5)), (0.07, 4.5));
    }
}
