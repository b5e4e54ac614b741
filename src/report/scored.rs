//! Who is at the top, how scores are spread, and what they are made of.

use maud::{Markup, html};

use super::bars::{Bar, Bars};
use super::chart::{capital, count, fixed, number, signed, signed_to};
use super::counted::{Bins, Part, quantile};
use super::histogram::{Bin, Histogram};
use super::interval::interval;
use super::page::{Column, figure, nothing, of_people, table};
use super::read::Person;
use super::whiskers::{Whisker, Whiskers};
use super::{FEWEST, Told};
use crate::commands::explain::{said, words};
use crate::error::printable;
use crate::method::points;
use crate::score::style::NAMES;

/// Most bars of a histogram.
const BARS: i64 = 40;

pub(super) fn leaders(told: &Told) -> Markup {
    let Some(first) = told.leaders.first() else {
        return nothing("Nobody was scored.", "renown check JOB");
    };
    let highs = told.leaders.iter().filter_map(|person| person.score.score_high);
    let most = highs.chain([first.score.score]).fold(2.0, f64::max);
    html! {
        p.says {
            (first.name) " is first: " (number(first.score.expected_reactors))
            " different people are expected to react. The bar is the span into which the score falls in 90 of 100 cases; "
            "after it stands what adds most points."
        }
        ol.leaders { @for (place, person) in (1..).zip(&told.leaders) { li { (leader(told, place, person, most)) } } }
    }
}

fn leader(told: &Told, place: usize, person: &Person, most: f64) -> Markup {
    let score = &person.score;
    let ends = score.score_low.zip(score.score_high);
    html! {
        span.place { (place) }
        div.who {
            h3 { (person.name) }
            p { (number(score.expected_reactors)) " people expected" br; "above " (number(score.percentile.min(99.9))) " % of all" }
        }
        div.score {
            span.points { (fixed(score.score, 1)) }
            @if let (Some(change), Some(before)) = (score.change_1d.filter(|own| own.abs() >= 0.05), &told.before) {
                span.change { (signed(change)) " since " (before.snapshot_date.format("%-d %b")) }
            }
        }
        @if let Some(ends) = ends {
            div.span { (interval(place, score.score, ends, most)) p { (fixed(ends.0, 1)) " to " (fixed(ends.1, 1)) } }
        }
        ul.why { @for row in &person.why {
            li { span.number { (signed(row.points)) } " " (printable(&words(row, &[]))) }
        } }
    }
}

/// Whole bins of tenths as bars of equal width; few people of a page that names nobody are left out.
pub(super) fn bars(told: &Told, bins: &Bins) -> (Vec<Bin>, bool) {
    let (Some((least, _)), Some((most, _))) = (bins.first_key_value(), bins.last_key_value())
    else {
        return (vec![], false);
    };
    let people: u64 = bins.values().sum();
    let in_width = |width: i64| {
        let mut joined = Bins::new();
        for (bin, people) in bins {
            *joined.entry(bin.div_euclid(width)).or_default() += people;
        }
        let all = joined.len();
        if told.public {
            joined.retain(|_, people| *people >= FEWEST);
            // Few who are left out could be found by subtraction: the smallest bar goes with them.
            let hidden = people - joined.values().sum::<u64>();
            if (1..FEWEST).contains(&hidden) {
                let least = joined.iter().min_by_key(|(_, people)| **people).map(|(bin, _)| *bin);
                least.map(|bin| joined.remove(&bin));
            }
        }
        (joined, all)
    };
    // The narrowest that gives few bars, which hold nearly everybody where small ones are left out.
    let fitting = |width: &i64| {
        let held: u64 = in_width(*width).0.values().sum();
        (most - least).div_euclid(*width) < BARS && 10 * held >= 9 * people
    };
    let width = [1, 2, 5, 10, 20, 50, 100].into_iter().find(fitting).unwrap_or(100);
    let (joined, all) = in_width(width);
    let left_out = joined.len() < all;
    let (Some((first, _)), Some((last, _))) = (joined.first_key_value(), joined.last_key_value())
    else {
        return (vec![], left_out);
    };
    let bin = |place: i64| Bin {
        from: (place * width) as f64 / 10.0,
        to: ((place + 1) * width) as f64 / 10.0,
        value: joined.get(&place).copied().unwrap_or_default() as f64,
        interval: None,
    };
    ((*first..=*last).map(bin).collect(), left_out)
}

pub(super) const LEFT_OUT: &str = " Bars of fewer than 20 people are left out.";

pub(super) fn bin_rows(bins: &[Bin]) -> Vec<Vec<String>> {
    let shown = bins.iter().filter(|bin| bin.value > 0.0);
    let row = |bin: &Bin| vec![fixed(bin.from, 1), fixed(bin.to, 1), count(bin.value as u64)];
    shown.map(row).collect()
}

pub(super) fn scores(told: &Told) -> Markup {
    let own = &told.scores;
    if told.public && own.people < FEWEST {
        return html! { p.nothing { "Fewer than " (FEWEST) " people were scored." } };
    }
    let (bins, left_out) = bars(told, &own.scores);
    // Of so many there are enough above the last one.
    let shares = [
        (0.5, "Half of the people"),
        (0.9, "nine in ten"),
        (0.99, "99 in 100"),
        (0.999, "999 in 1,000"),
    ];
    let told_of = |(share, _): &&(f64, &str)| {
        (1.0 - share) * own.people as f64 >= FEWEST as f64 || *share == 0.5
    };
    let said: Vec<(String, &str)> = shares
        .iter()
        .filter(told_of)
        .map(|(share, who)| (number(own.expected(*share)), *who))
        .collect();
    // Of equal numbers the one that holds for most people.
    let last =
        (1..=said.len()).filter(|next| said.get(*next).is_none_or(|n| n.0 != said[next - 1].0));
    let said = last
        .map(|next| &said[next - 1])
        .map(|(people, who)| format!("{who} expect at most {people}"));
    let mut says = capital(&said.collect::<Vec<_>>().join(", "));
    says.push_str(" people who react.");
    if !told.public {
        let (score, people) = own.highest;
        says.push_str(&format!(
            " The highest score is {}: {} people.",
            fixed(score, 1),
            number(people)
        ));
    }
    if left_out {
        says.push_str(LEFT_OUT);
    }
    let chart = Histogram {
        name: "scores-chart",
        title: "People by score",
        told: &says,
        bins: &bins,
        log: true,
        line: None,
        across: "score, points",
        upward: "people, on a logarithmic scale",
    };
    let columns =
        [Column::Number("score from"), Column::Number("to below"), Column::Number("people")];
    let numbers = table("People by score", &columns, &bin_rows(&bins));
    let row = |(share, _): &(f64, &str)| {
        let people = own.expected(*share);
        vec![number(100.0 * share), number(people), fixed(points(people), 1)]
    };
    let mut steps: Vec<Vec<String>> = shares.iter().filter(told_of).map(row).collect();
    if !told.public {
        steps.push(vec!["100".into(), number(own.highest.1), fixed(own.highest.0, 1)]);
    }
    let columns = [
        Column::Number("of 100 people"),
        Column::Number("expect at most"),
        Column::Number("score"),
    ];
    html! {
        div.figures {
            @if bins.is_empty() {
                p.nothing { "No score is shared by so many people that they could be told here." }
            } @else {
                (figure(&says, &chart.draw(), Some(&numbers)))
            }
            (table("From the middle to the top", &columns, &steps))
        }
        (styles(told))
    }
}

/// The matrix of styles: a table whose cells are the darker the more people.
fn styles(told: &Told) -> Markup {
    let styles = &told.scores.styles;
    let all: u64 = styles.iter().sum();
    let Some((most, people)) =
        (0..16).map(|at| (at, styles[at])).rev().max_by_key(|own| own.1).filter(|_| all > 0)
    else {
        return nothing(
            "How people take part is not known: that takes posts about topics, the input `posts` and [topics] of the job:",
            "renown schema job",
        );
    };
    if told.public && people < FEWEST {
        return html! { p.nothing { "No style is shared by " (FEWEST) " people or more." } };
    }
    let of = number(100.0 * people as f64 / all as f64);
    let columns = [
        "listens, casual",
        "listens, consistent",
        "participates, casual",
        "participates, consistent",
    ];
    let rows = ["shares, broad", "shares, focused", "creates, broad", "creates, focused"];
    let shade = |people: u64| match libm::sqrt(people as f64 / styles[most] as f64) {
        _ if people == 0 || (told.public && people < FEWEST) => "s0",
        share if share < 0.34 => "s1",
        share if share < 0.67 => "s2",
        _ => "s3",
    };
    html! {
        figure {
            figcaption {
                "The most common style is " strong { (NAMES[most]) }
                // With all of them told, few could be found by subtraction.
                @if !told.public {
                    ": " (of) " % of the " (count(all)) " people whose style is known, those with posts about topics"
                }
                "."
            }
            div.scroll role="region" aria-label="People by style" tabindex="0" {
                table.matrix {
                    caption { "People by style" }
                    thead { tr { td {} @for column in columns { th scope="col" { (column) } } } }
                    tbody { @for (row, name) in rows.iter().enumerate() { tr {
                        th scope="row" { (name) }
                        @for at in 4 * row..4 * row + 4 {
                            td class=(shade(styles[at])) { b { (of_people(told, styles[at])) } " " (NAMES[at]) }
                        }
                    } } }
                }
            }
        }
    }
}

/// A column of `measures` in words.
fn measure(name: &str) -> String {
    match name {
        "level" => "the level of the network".to_owned(),
        "joined" => "a second network".to_owned(),
        _ => said(name).replace("{} ", "").replace(" of {}", "").replace('_', " "),
    }
}

pub(super) fn parts(told: &Told) -> Markup {
    let shown = told.parts.iter().filter(|(_, part)| !told.public || part.people >= FEWEST);
    let mut shown: Vec<_> = shown.collect();
    if shown.is_empty() {
        return nothing("No measure added anything for enough people.", "renown run JOB");
    }
    shown.sort_by_key(|(name, part)| (std::cmp::Reverse(part.size), *name));
    let all: i64 = shown.iter().map(|(_, part)| part.size).sum();
    let at =
        |part: &Part, share| quantile(&part.points, share).map_or(0.0, |bin| bin as f64 / 100.0);
    let whisker = |(name, part): &(&String, &Part)| {
        let (low, half, high) = (at(part, 0.25), at(part, 0.5), at(part, 0.75));
        Whisker {
            label: measure(name),
            value: half,
            interval: Some((low, high)),
            text: signed_to(half, 2),
            strong: true,
        }
    };
    let whiskers: Vec<Whisker> = shown.iter().map(whisker).collect();
    let share = |part: &Part| 100.0 * part.size as f64 / all.max(1) as f64;
    let bars: Vec<Bar> = shown
        .iter()
        .map(|(name, part)| Bar {
            label: measure(name),
            value: share(part),
            text: format!("{} %", fixed(share(part), 0)),
        })
        .collect();
    let (first, part) = shown[0];
    let says = format!(
        "Of all points that measures add to or take from people who have any of them, {} % are for: {}.",
        fixed(share(part), 0),
        measure(first)
    );
    let rises = "Where there is any of a measure, half of the people get the points at the dot, and the middle half of them \
                 those of the line; all against the method's reference person.";
    let columns = [
        Column::Text("measure"),
        Column::Number("people with any"),
        Column::Number("share of points, %"),
        Column::Number("a quarter gets less than"),
        Column::Number("half"),
        Column::Number("three quarters"),
    ];
    let row = |(name, part): &(&String, &Part)| {
        let points = [0.25, 0.5, 0.75].map(|share| fixed(at(part, share), 2));
        let [low, half, high] = points;
        vec![(*name).clone(), count(part.people), fixed(share(part), 1), low, half, high]
    };
    let rows: Vec<Vec<String>> = shown.iter().map(row).collect();
    let numbers = table("Contributions by measure", &columns, &rows);
    let share_chart =
        Bars { name: "share-chart", title: "Share of points by measure", told: &says, rows: &bars };
    let points_chart = Whiskers {
        name: "points-chart",
        title: "Points by measure: median and quartiles",
        told: rises,
        rows: &whiskers,
        log: false,
        reference: Some((0.0, "adds nothing")),
        across: "points",
    };
    html! { div.figures {
        (figure(&says, &share_chart.draw(), Some(&numbers)))
        (figure(rises, &points_chart.draw(), None))
    } }
}
