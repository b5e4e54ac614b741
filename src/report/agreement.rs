//! How scores agree with what came: the table `validity` in pictures.

use maud::{Markup, html};

use super::chart::{capital, count, fixed, number, signed_to};
use super::histogram::{Bin, Histogram};
use super::page::{Column, figure, nothing, table};
use super::read::Measured;
use super::reliability::{Reliability, Tenth};
use super::whiskers::{Whisker, Whiskers};
use super::{FEWEST, Told};
use crate::error::printable;
use crate::method::FORWARD;
use crate::score::profile::STANDARD;
use crate::validate::FORWARD_TRUTHS;

/// What a forecast says, trusted people who come, and all who do.
const FORESEEN: &str = FORWARD_TRUTHS[0];
const ANYBODY: &str = FORWARD_TRUTHS[1];
/// Most groups of one kind that are shown.
const GROUPS: usize = 15;

/// The rows of some truth, population and metric of everybody.
fn of<'a>(told: &'a Told, (truth, population): (&str, &str), metric: &str) -> Vec<&'a Measured> {
    let own = |row: &&Measured| {
        row.group_by == "everyone"
            && row.truth == truth
            && row.population == population
            && row.metric == metric
            && (!told.public || row.people >= FEWEST)
    };
    told.validity.iter().filter(own).collect()
}

fn missing(told: &Told) -> Markup {
    let command = format!("renown validate JOB --snapshot {}", told.commit.snapshot_date);
    nothing("How right the scores of this day are has not been measured; to measure it:", &command)
}

/// A value with its interval, as it reads.
fn between(value: f64, interval: Option<(f64, f64)>) -> String {
    let ends = interval.map(|(low, high)| format!(" ({} to {})", fixed(low, 2), fixed(high, 2)));
    format!("{}{}", fixed(value, 2), ends.unwrap_or_default())
}

/// The ends of an interval as they read, each in a cell of its own.
fn ends(interval: Option<(f64, f64)>, read: impl Fn(f64) -> String) -> [String; 2] {
    interval.map_or(["–".into(), "–".into()], |(low, high)| [read(low), read(high)])
}

/// Who was compared, in words.
fn population(name: &str) -> &str {
    match name {
        "all" => "everybody",
        "active" => "active people",
        "established" => "established people",
        other => other,
    }
}

/// What was compared with, in words.
fn truth(name: &str) -> String {
    match name {
        FORESEEN => "trusted people who reacted".into(),
        ANYBODY => "all people who reacted".into(),
        other => format!("judgements: {}", printable(other)),
    }
}

/// Forecast beside outcome, and where outcomes lay within what was forecast: of the population that is parted most finely,
/// as of many people with one forecast a single part is made.
pub(super) fn forecast(told: &Told) -> Markup {
    if told.validity.is_empty() {
        return missing(told);
    }
    // Parts of few people are told only where people are named.
    let large = |row: &&Measured| !told.public || row.people >= 10 * FEWEST;
    let own = |who: &str, metric: &str| {
        let mut rows = of(told, (FORESEEN, who), metric).into_iter().filter(large);
        rows.find(|row| row.predictor == STANDARD)
    };
    let tenths = |who: &str| -> Vec<Tenth> {
        let tenth = |at: usize| {
            let forecast = own(who, &format!("forecast_{at:02}"))?;
            let observed = own(who, &format!("observed_{at:02}"))?;
            let (forecast, interval) = (forecast.value, observed.interval());
            Some(Tenth { forecast, observed: observed.value, interval })
        };
        (1..=10).filter_map(tenth).collect()
    };
    let populations = ["established", "active", "all"];
    // The last of equals is the largest.
    let who = populations.into_iter().max_by_key(|who| tenths(who).len()).unwrap_or("all");
    let pit = |at: usize| {
        let row = own(who, &format!("pit_{at:02}"))?;
        let (from, to) = (at as f64 * 10.0 - 10.0, at as f64 * 10.0);
        let percent = |(low, high)| (100.0 * low, 100.0 * high);
        Some(Bin { from, to, value: 100.0 * row.value, interval: row.interval().map(percent) })
    };
    let (tenths, bins): (Vec<Tenth>, Vec<Bin>) = (tenths(who), (1..=10).filter_map(pit).collect());
    if tenths.is_empty() && bins.is_empty() {
        return nothing(
            "The scores of this day foresee no number of people, or too few people were compared; to measure it anew:",
            &format!("renown validate JOB --snapshot {}", told.commit.snapshot_date),
        );
    }
    let compared = own(who, "observed_over_forecast");
    html! {
        p.says {
            "From " (compared.map_or(0, |row| row.instants)) " instants in the past the same method looked ahead as it does \
            today, and this is what came, of " (population(who))
            @if let Some(row) = compared { " (" (count(row.people)) " people)" }
            "." (seen(told))
        }
        div.figures {
            @if !tenths.is_empty() { (reliability(&tenths, compared)) }
            @if !bins.is_empty() { (transform(&bins, own(who, "coverage_90"))) }
        }
    }
}

/// That the method may have seen what it is held against.
fn seen(told: &Told) -> String {
    match told.run.fit().filter(|fit| fit.truth == FORWARD) {
        Some(fit) => format!(
            " The method was fitted to data up to {}; as far as these are the same, it has seen what came.",
            printable(&fit.snapshot)
        ),
        None => String::new(),
    }
}

fn reliability(tenths: &[Tenth], ratio: Option<&Measured>) -> Markup {
    let held = |tenth: &&Tenth| {
        tenth.interval.is_some_and(|(low, high)| (low..=high).contains(&tenth.forecast))
    };
    let held = tenths.iter().filter(held).count();
    let mut says = String::new();
    if let Some(ratio) = ratio {
        says = format!(
            "For each person who was forecast, {} came ({}). ",
            fixed(ratio.value, 2),
            ratio.interval().map_or("no interval".into(), |(low, high)| format!(
                "95 of 100 draws: {} to {}",
                fixed(low, 2),
                fixed(high, 2)
            ))
        );
    }
    says.push_str(&format!(
        "Of {} parts of the people, from the lowest forecasts to the highest, the forecast lies within the interval of what \
         came in {held}. A dot on the broken line is a forecast that was right.",
        tenths.len()
    ));
    let rows = (1..).zip(tenths).map(|(at, tenth)| {
        let [low, high] = ends(tenth.interval, number);
        vec![at.to_string(), number(tenth.forecast), number(tenth.observed), low, high]
    });
    let columns =
        ["part of the people", "forecast, mean", "came, mean", "from", "to"].map(Column::Number);
    let chart = Reliability {
        name: "reliability-chart",
        title: "People who came, by people who were forecast",
        told: &says,
        tenths,
    };
    figure(
        &says,
        &chart.draw(),
        Some(&table("What was forecast and what came", &columns, &rows.collect::<Vec<_>>())),
    )
}

fn transform(bins: &[Bin], coverage: Option<&Measured>) -> Markup {
    let mut says = String::new();
    if let Some(coverage) = coverage {
        says = format!(
            "The 90 % interval held what came for {} of 100 people. ",
            fixed(100.0 * coverage.value, 0)
        );
    }
    says.push_str(
        "Were the forecast right in every way, all bars would end at the broken line: more at the left means forecasts too \
         high, more at the right too low, more at both ends too sure.",
    );
    let rows: Vec<Vec<String>> = (1..)
        .zip(bins)
        .map(|(at, bin): (u32, &Bin)| {
            let [low, high] = ends(bin.interval, |end| fixed(end, 1));
            vec![at.to_string(), fixed(bin.value, 1), low, high]
        })
        .collect();
    let columns = ["tenth of the forecast", "people, %", "from", "to"].map(Column::Number);
    let chart = Histogram {
        name: "pit-chart",
        title: "Where what came lay within what was forecast",
        told: &says,
        bins,
        log: false,
        line: Some((10.0, "right in every way")),
        across: "place within the forecast, %",
        upward: "people, %",
    };
    figure(&says, &chart.draw(), Some(&table("Probability integral transform", &columns, &rows)))
}

/// Truths and populations, each once, in the order of the table.
fn compared(told: &Told) -> Vec<(&str, &str)> {
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    for row in told.validity.iter().filter(|row| row.group_by == "everyone") {
        let pair = (row.truth.as_str(), row.population.as_str());
        if !pairs.contains(&pair) {
            pairs.push(pair);
        }
    }
    // What is forecast first, and of everybody.
    let order =
        |name: &str, of: &[&str]| of.iter().position(|own| *own == name).unwrap_or(of.len());
    pairs.sort_by_key(|(truth, who)| {
        (order(truth, &FORWARD_TRUTHS), *truth, order(who, &["all", "active", "established"]))
    });
    pairs
}

/// Scores beside each simple count, and how far they are from the best.
pub(super) fn baselines(told: &Told) -> Markup {
    if told.validity.is_empty() {
        return missing(told);
    }
    let pairs = compared(told);
    html! {
        div.figures {
            @for pair in &pairs { (beside(told, *pair, "spearman")) }
        }
        details.more {
            summary { "Who reacts at all, and who stands at the top: AUC and discounted gain" }
            div.figures { @for pair in &pairs {
                @for metric in ["auc_any", "auc", "ndcg_20"] { (beside(told, *pair, metric)) }
            } }
        }
        div.figures { @for pair in &pairs { (differences(told, *pair)) } }
    }
}

/// A metric in words, and the value that chance gives it.
fn metric(name: &str) -> (String, Option<(f64, &'static str)>) {
    match name {
        "spearman" => ("order, Spearman’s ρ".into(), Some((0.0, "chance"))),
        "kendall_tau_b" => ("order, Kendall’s τ-b".into(), Some((0.0, "chance"))),
        "auc_any" => ("whether anybody comes, AUC".into(), Some((0.5, "chance"))),
        "auc" => ("who is above the median, AUC".into(), Some((0.5, "chance"))),
        "pairwise_accuracy" => ("pairs in the right order".into(), Some((0.5, "chance"))),
        "ndcg_20" => ("the first 20, discounted gain".into(), None),
        "precision_20" => ("the first 20, share that belongs".into(), None),
        other => (other.replace('_', " "), None),
    }
}

fn predictor(name: &str) -> String {
    match name {
        STANDARD => "the score".into(),
        "random" => "chance".into(),
        other => printable(&other.replace('_', " ")),
    }
}

fn beside(told: &Told, pair: (&str, &str), name: &str) -> Markup {
    let mut rows: Vec<&Measured> = of(told, pair, name);
    rows.sort_by(|one, other| {
        other.value.total_cmp(&one.value).then(one.predictor.cmp(&other.predictor))
    });
    let Some(own) = rows.iter().find(|row| row.predictor == STANDARD) else { return html! {} };
    let (words, chance) = metric(name);
    let place = rows.iter().position(|row| row.predictor == STANDARD).unwrap_or_default() + 1;
    let says = format!(
        "{}, {} ({} people): the score has {}, place {place} of {}.",
        capital(&truth(pair.0)),
        population(pair.1),
        count(own.people),
        between(own.value, own.interval()),
        rows.len()
    );
    let whisker = |row: &&Measured| Whisker {
        label: predictor(&row.predictor),
        value: row.value,
        interval: row.interval(),
        text: between(row.value, row.interval()),
        strong: row.predictor == STANDARD,
    };
    let whiskers: Vec<Whisker> = rows.iter().map(whisker).collect();
    let row = |row: &&Measured| {
        let [low, high] = ends(row.interval(), |end| fixed(end, 3));
        vec![row.predictor.clone(), fixed(row.value, 3), low, high, count(row.people)]
    };
    let numbers: Vec<Vec<String>> = rows.iter().map(row).collect();
    let columns = [
        Column::Text("predictor"),
        Column::Number(name),
        Column::Number("from"),
        Column::Number("to"),
        Column::Number("people"),
    ];
    let id = format!("{name}-{}-{}", slug(pair.0), pair.1);
    let title = capital(&format!("{words}: {}, {}", truth(pair.0), population(pair.1)));
    let chart = Whiskers {
        name: &id,
        title: &title,
        told: &says,
        rows: &whiskers,
        log: false,
        reference: chance,
        across: &words,
    };
    figure(&says, &chart.draw(), Some(&table(&title, &columns, &numbers)))
}

fn differences(told: &Told, pair: (&str, &str)) -> Markup {
    let metrics = [
        "spearman",
        "kendall_tau_b",
        "auc_any",
        "auc",
        "ndcg_20",
        "precision_20",
        "pairwise_accuracy",
    ];
    let rows = metrics
        .iter()
        .flat_map(|name| of(told, pair, name))
        .filter(|row| row.predictor == STANDARD);
    let rows: Vec<&Measured> = rows.filter(|row| row.difference.is_some()).collect();
    if rows.is_empty() {
        return html! {};
    }
    let better = rows.iter().filter(|row| row.beside().is_some_and(|(low, _)| low > 0.0)).count();
    let worse = rows.iter().filter(|row| row.beside().is_some_and(|(_, high)| high < 0.0)).count();
    let says = format!(
        "{}, {}: beside the best simple count of each metric, chosen in hindsight, the score is better beyond doubt in {better} \
         and worse in {worse} of {}.",
        capital(&truth(pair.0)),
        population(pair.1),
        rows.len()
    );
    let whisker = |row: &&Measured| Whisker {
        label: metric(&row.metric).0,
        value: row.difference.unwrap_or_default(),
        interval: row.beside(),
        text: signed_to(row.difference.unwrap_or_default(), 3),
        strong: row.beside().is_some_and(|(low, high)| low > 0.0 || high < 0.0),
    };
    let whiskers: Vec<Whisker> = rows.iter().map(whisker).collect();
    let row = |row: &&Measured| {
        let [low, high] = ends(row.beside(), |end| fixed(end, 3));
        let baseline = row.baseline.as_deref().map_or(String::new(), predictor);
        let difference = fixed(row.difference.unwrap_or_default(), 3);
        vec![row.metric.clone(), baseline, difference, low, high]
    };
    let numbers: Vec<Vec<String>> = rows.iter().map(row).collect();
    let columns = [
        Column::Text("metric"),
        Column::Text("best simple count"),
        Column::Number("difference"),
        Column::Number("from"),
        Column::Number("to"),
    ];
    let id = format!("differences-{}-{}", slug(pair.0), pair.1);
    let title = format!("Above the best simple count: {}, {}", truth(pair.0), population(pair.1));
    let chart = Whiskers {
        name: &id,
        title: &title,
        told: &says,
        rows: &whiskers,
        log: false,
        reference: Some((0.0, "as good")),
        across: "above the best simple count",
    };
    figure(&says, &chart.draw(), Some(&table(&title, &columns, &numbers)))
}

/// Whether the score is as right for some as for others.
pub(super) fn groups(told: &Told) -> Markup {
    if told.validity.is_empty() {
        return missing(told);
    }
    let kinds = ["network", "language", "country", "account_age", "size"];
    let charts: Vec<Markup> = kinds
        .iter()
        .flat_map(|kind| ["observed_over_forecast", "spearman"].map(|name| group(told, kind, name)))
        .flatten()
        .collect();
    if charts.is_empty() {
        return nothing(
            "The people were not parted, or there are not two parts large enough; [validate] of the job names the parts:",
            "renown schema job",
        );
    }
    html! { div.figures { @for chart in charts { (chart) } } }
}

fn group(told: &Told, kind: &str, name: &str) -> Option<Markup> {
    let own = told.validity.iter().filter(|row| {
        row.group_by == kind
            && row.metric == name
            && row.predictor == STANDARD
            && row.truth == FORESEEN
            && (!told.public || row.people >= FEWEST)
    });
    let mut rows: Vec<&Measured> = own.collect();
    // One population, the widest that was parted.
    let who = ["all", "active", "established"];
    let who = who.into_iter().find(|who| rows.iter().any(|row| row.population == *who))?;
    rows.retain(|row| row.population == who);
    let all = rows.len();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.people), row.group.clone()));
    rows.truncate(GROUPS);
    if ["size", "account_age"].contains(&kind) {
        // These have an order of their own.
        rows.sort_by(|one, other| one.group.cmp(&other.group));
    }
    let ratio = name == "observed_over_forecast";
    let low = rows.iter().min_by(|one, other| one.value.total_cmp(&other.value))?;
    let high = rows.iter().max_by(|one, other| one.value.total_cmp(&other.value))?;
    let words = match kind {
        "size" => "size (tenths by people who reacted before)".to_owned(),
        own => own.replace('_', " "),
    };
    let mut says = match (ratio, rows.len()) {
        (true, 1) => format!(
            "By {words} there is one group, {}: for each person forecast {} came.",
            low.group,
            fixed(low.value, 2)
        ),
        (true, _) => format!(
            "By {words}: for each person forecast, from {} ({}) to {} ({}) came. Left of the line a group is forecast too many, \
             right of it too few.",
            fixed(low.value, 2),
            low.group,
            fixed(high.value, 2),
            high.group
        ),
        (false, 1) => format!(
            "By {words} there is one group, {}: it is put in order with ρ {}.",
            low.group,
            fixed(low.value, 2)
        ),
        (false, _) => format!(
            "By {words}: the order is least right for {} (ρ {}) and most for {} (ρ {}).",
            low.group,
            fixed(low.value, 2),
            high.group,
            fixed(high.value, 2)
        ),
    };
    if all > rows.len() {
        says.push_str(&format!(" Shown are the {} largest of {all} groups.", rows.len()));
    }
    let says = printable(&says);
    let whisker = |row: &&Measured| Whisker {
        label: format!("{} · {}", printable(&row.group), count(row.people)),
        value: row.value,
        interval: row.interval(),
        text: between(row.value, row.interval()),
        strong: true,
    };
    let whiskers: Vec<Whisker> = rows.iter().map(whisker).collect();
    let row = |row: &&Measured| {
        let [low, high] = ends(row.interval(), |end| fixed(end, 3));
        vec![printable(&row.group), count(row.people), fixed(row.value, 3), low, high]
    };
    let numbers: Vec<Vec<String>> = rows.iter().map(row).collect();
    let columns = [
        Column::Text("group"),
        Column::Number("people"),
        Column::Number(name),
        Column::Number("from"),
        Column::Number("to"),
    ];
    let title = capital(&format!("{} by {words}, {}", metric(name).0, population(who)));
    let id = format!("group-{kind}-{name}");
    let chart = Whiskers {
        name: &id,
        title: &title,
        told: &says,
        rows: &whiskers,
        log: ratio,
        reference: Some(if ratio { (1.0, "as forecast") } else { (0.0, "chance") }),
        across: if ratio { "came for each person forecast" } else { "Spearman’s ρ" },
    };
    Some(figure(&says, &chart.draw(), Some(&table(&title, &columns, &numbers))))
}

/// A name as part of an id.
fn slug(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}
