//! What is unknown about a person, and why, as far as the tables show.

use std::collections::BTreeMap;

use super::explanation::PersonMeasure;
use crate::published::rows::{PersonRow, ScoreRow};
use crate::schema::CUSTOM_MEASURE;

/// What is unknown, each with its reason.
pub(super) fn unknown(
    person: &PersonRow,
    score: &ScoreRow,
    measures: &[PersonMeasure],
) -> Vec<String> {
    let mut lines = Vec::new();
    let profile = [
        ("display name", &person.display_name),
        ("country", &person.country),
        ("language", &person.language),
    ];
    for (name, _) in profile.iter().filter(|(_, value)| value.is_none()) {
        lines.push(format!("{name}: no account of the person states one in `accounts`"));
    }
    for network in &person.networks {
        let on_network = || measures.iter().filter(|m| m.network == *network);
        let value = |name: &str| on_network().find(|m| m.name == name).and_then(|m| m.value);
        let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for m in on_network().filter(|m| m.value.is_none()) {
            by_reason.entry(why_unknown(&m.name, value)).or_default().push(&m.name);
        }
        for (why, names) in by_reason {
            lines.push(format!("{} on {network}: {why}", names.join(", ")));
        }
    }
    for flag in person.flags.iter().chain(&score.flags) {
        let meaning = match flag.as_str() {
            "method_not_fitted" => {
                "neither slopes nor level were learnt from these data: they came along, or were set by hand"
            }
            "default_slopes" => {
                "only the level was learnt from these data; how much each measure tells came along from other networks"
            }
            "short_history" => {
                "the data of a network cover less than one horizon: sums are scaled up from few days, and the interval does not know it"
            }
            "exceeds_network" => {
                "the forecast on a network is larger than the number of other people who appear there"
            }
            "untrusted_measures" => {
                "the forecast has measures that count everybody, although trust decides who counts on a network: it can be bought"
            }
            "trust_none" => {
                "the method has no trust for a network: everybody counts whole there, however little is known of them"
            }
            "outside_range" => "a measure is larger than any that the method was fitted on",
            "trust_not_applied" => "every actor counts the same, however little is known of them",
            "thin_evidence" => "fewer than five distinct people reacted within 90 days",
            "burst" => "half of the people who reacted within 90 days did so in the last 7",
            "mutual_audience" => {
                "at least half of the audience are people with whom the person interacted too"
            }
            "shared_audience" => "nearly the same people reacted to somebody else",
            "uncredited_audience" => "at least half of the people who reacted are without credit",
            "disputed" => "the person disputes what is said of them: see the disputes above",
            "automated" => "an account says that it is automated",
            _ => "see `renown schema scores` and `renown schema people`",
        };
        lines.push(format!("{flag}: {meaning}"));
    }
    lines
}

fn why_unknown(measure: &str, value: impl Fn(&str) -> Option<f64>) -> &'static str {
    match measure {
        "audience_pagerank_percentile" => "no one gave attention within the method's window",
        "reciprocity" => "no audience within 90 days",
        "vouches" => "everybody counts whole on the network",
        "followers" | "trusted_followers" | "follows_gained_30d" | "follows_gained_90d"
        | "follow_pagerank" => "the run had no `follows` input",
        "followers_count" | "listed_count" | "account_age_days" => {
            "no account of the person states it in `accounts`"
        }
        "audience_followers" => "no one who gave attention states it in `accounts`",
        name if name.starts_with(CUSTOM_MEASURE) => {
            "no account of the person states it in `accounts`"
        }
        "burstiness" => "fewer than three reactions within 90 days, or all within one hour",
        "concentration" => "no reactions within 90 days",
        "negative_share" if value("reactions_90d") == Some(0.0) => "no reactions within 90 days",
        "negative_share" => "the sentiment of no reaction within 90 days is known",
        _ if value("posts_90d").is_none() => "the run had no `posts` input",
        _ => "no original posts within 90 days",
    }
}
