//! Measures of history recomputed naively: every instant and every pair by itself.

use std::collections::{BTreeMap, BTreeSet};

use renown::method::Method;
use renown::reduce::history::NAMES;

/// Decays are whole numbers of this many units.
const UNIT: f64 = 2_147_483_648.0;
/// Credit of 1.
const FULL: u128 = 1 << 20;

/// A reaction to one target.
#[derive(Clone)]
pub struct Reaction<'a> {
    pub actor: &'a str,
    /// Whole minutes before the cutoff.
    pub minutes: i64,
    /// Credit in the audience of the target, in units.
    pub credit: i128,
    pub post: Option<&'a str>,
}

/// Half-lives of the measures, by the end of their names.
const HALF_LIVES: [(&str, f64); 7] =
    [("1_8", 0.125), ("1_4", 0.25), ("1_2", 0.5), ("1", 1.0), ("2", 2.0), ("4", 4.0), ("8", 8.0)];

/// Minutes that the data cover: to whole days up to the age that all but a thousandth of these events have not.
pub fn covered_minutes(ages_minutes: impl Iterator<Item = i64>) -> i64 {
    let mut hours: Vec<i64> = ages_minutes.map(|minutes| minutes / 60).collect();
    hours.sort_unstable();
    let all = hours.len() as f64;
    let stray = (0.001 * all).max((0.01 * all).min(10.0)) as usize;
    let older = |hour: i64| hours.len() - hours.partition_point(|own| *own <= hour);
    let oldest = hours.iter().copied().find(|hour| older(*hour) <= stray);
    oldest.map_or(0, |hour| 60 * 24 * (hour / 24 + 1))
}

/// The measures of one target. `last_acts` has the minutes since the last reaction of everybody to anybody.
pub fn measures(
    method: &Method,
    reactions: &[Reaction<'_>],
    last_acts: &BTreeMap<&str, i64>,
    covered_minutes: i64,
) -> BTreeMap<&'static str, f64> {
    let base = 60.0 * f64::from(method.forecast.horizon_hours.min(28 * 24));
    let covered = covered_minutes.min(60 * i64::from(method.forecast.history_hours)) as f64;
    let covered = covered.max(base / 28.0);
    NAMES.iter().map(|name| (*name, measure(name, base, reactions, last_acts, covered))).collect()
}

fn measure(
    name: &str,
    base: f64,
    reactions: &[Reaction<'_>],
    last_acts: &BTreeMap<&str, i64>,
    covered: f64,
) -> f64 {
    let (what, half_life) = name.rsplit_once("_hl_").unwrap();
    let half_life = base * HALF_LIVES.iter().find(|own| own.0 == half_life).unwrap().1;
    let by_credit = what.starts_with("credited_");
    let what = what.trim_start_matches("credited_");
    let units =
        |age: i64, half_life: f64| (UNIT * (-(age as f64) / half_life).exp2()).round() as u128;
    let part = if what == "recency" { 1.0 } else { 1.0 - (-covered / half_life).exp2() };
    let weighed = |units: u128, credit: i128| units * credit.unsigned_abs() / FULL;
    let actors: BTreeSet<&str> = reactions.iter().map(|own| own.actor).collect();
    let of_actor = |actor: &str| {
        let mut own: Vec<&Reaction<'_>> =
            reactions.iter().filter(|own| own.actor == actor).collect();
        own.sort_by_key(|own| own.minutes);
        own
    };
    // All units, and those by credit.
    let mut sums = (0_u128, 0_u128);
    let mut add = |units: u128, credit: i128| {
        sums.0 += units;
        sums.1 += weighed(units, credit);
    };
    let mut length = 1.0;
    let week = (base / 4.0).round() as i64;
    // At every minute the largest credit of those that cover it.
    let union = |events: &[&Reaction<'_>], minutes: i64| -> (u128, u128) {
        let mut ends: BTreeSet<i64> = BTreeSet::new();
        for own in events {
            ends.extend([(own.minutes - minutes).max(0), own.minutes]);
        }
        let ends: Vec<i64> = ends.into_iter().collect();
        let mut sums = (0, 0);
        for span in ends.windows(2) {
            let covers = |own: &&&Reaction<'_>| {
                (own.minutes - minutes).max(0) <= span[0] && span[1] <= own.minutes
            };
            if let Some(credit) = events.iter().filter(covers).map(|own| own.credit).max() {
                let units = units(span[0], half_life) - units(span[1], half_life);
                sums.0 += units;
                sums.1 += units * credit.unsigned_abs();
            }
        }
        (sums.0, sums.1)
    };
    match what {
        "reactors" => actors.iter().for_each(|actor| {
            let own = of_actor(actor);
            add(units(own[0].minutes, half_life), own[0].credit);
        }),
        "repeat_reactors" => actors.iter().for_each(|actor| {
            if let Some(second) = of_actor(actor).get(1) {
                add(units(second.minutes, half_life), second.credit);
            }
        }),
        "active_reactors" => actors.iter().for_each(|actor| {
            let own = of_actor(actor);
            let here = units(own[0].minutes, 2.0 * base);
            add(here * units(last_acts[actor], base) / UNIT as u128, own[0].credit);
        }),
        "reactions" => actors.iter().for_each(|actor| {
            let own = of_actor(actor);
            add(own.iter().map(|own| units(own.minutes, half_life)).sum(), own[0].credit);
        }),
        "weeks" | "days" => {
            let minutes = if what == "weeks" { week } else { (base / 28.0).round() as i64 };
            let (all, credited) = union(&reactions.iter().collect::<Vec<_>>(), minutes);
            sums = (all, credited / FULL);
            length = half_life / (std::f64::consts::LN_2 * minutes as f64);
        }
        "pair_weeks" => {
            actors.iter().for_each(|actor| {
                let own = of_actor(actor);
                add(union(&own, week).0, own[0].credit);
            });
            length = half_life / (std::f64::consts::LN_2 * week as f64);
        }
        "recency" => {
            let all = reactions.iter().map(|own| units(own.minutes, half_life)).max();
            let own =
                reactions.iter().map(|own| weighed(units(own.minutes, half_life), own.credit));
            sums = (all.unwrap_or(0), own.max().unwrap_or(0));
        }
        "posts" => {
            let posts: BTreeSet<&str> = reactions.iter().filter_map(|own| own.post).collect();
            for post in posts {
                let own = || reactions.iter().filter(|own| own.post == Some(post));
                sums.0 += own().map(|own| units(own.minutes, half_life)).max().unwrap();
                let credited = own().map(|own| weighed(units(own.minutes, half_life), own.credit));
                sums.1 += credited.max().unwrap();
            }
        }
        other => panic!("no measure {other}"),
    }
    let value = |units: u128| units as f64 * (length / (part * UNIT));
    let (credited, others) = (value(sums.1), value(sums.0 - sums.1));
    match (by_credit, what) {
        (false, _) => value(sums.0),
        (true, "reactors" | "repeat_reactors" | "active_reactors") => {
            credited + 0.01 * (credited + 0.1) * others / (others + 10.0)
        }
        (true, _) => credited,
    }
}
