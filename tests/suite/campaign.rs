//! Campaigns: tests over so many random cases that the fast suite runs only the first few of each.
//!
//! Their names end in `campaign`: `RENOWN_CASES=500 cargo test --test suite campaign` runs 500 cases of each,
//! `RENOWN_SECONDS=120` ends each after two minutes. `.ci/run campaigns` runs 20 cases of each, in 20 seconds at most.

use std::time::{Duration, Instant};

/// Numbers of cases from `first` on: `usual` of them, or as many as `RENOWN_CASES` says. After `RENOWN_SECONDS` no case but
/// the first begins.
pub fn cases(first: u64, usual: u64) -> impl Iterator<Item = u64> {
    let cases = variable("RENOWN_CASES").unwrap_or(usual);
    let limit = variable("RENOWN_SECONDS").map(Duration::from_secs);
    let begin = Instant::now();
    let in_time = move |case: &u64| *case == first || limit.is_none_or(|l| begin.elapsed() < l);
    (first..first.saturating_add(cases)).take_while(in_time)
}

/// Whether `RENOWN_CASES` is set: loops over all stages or calls then leave none out.
pub fn is_whole() -> bool {
    variable("RENOWN_CASES").is_some()
}

/// How far apart the calls are at which a fault is tried, in a loop over hundreds of calls of a second each: `usual`, or one in a
/// campaign whose time is not limited.
pub fn distance_of_calls(usual: usize) -> usize {
    let is_limited = variable("RENOWN_SECONDS").is_some();
    if is_whole() && !is_limited { 1 } else { usual }
}

fn variable(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|e| panic!("{name}: {e}")))
}
