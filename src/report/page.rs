//! The page.

use chrono::{Duration, NaiveDate};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::bars::{Bar, Bars};
use super::chart::{capital, count, fixed, number, signed, signed_to};
use super::histogram::{Bin, Histogram};
use super::interval::interval;
use super::read::{Bins, Cause, Log, OnTopic, Part, Person, Stage, quantile};
use super::whiskers::{Whisker, Whiskers};
use super::{FEWEST, Told, agreement};
use crate::error::printable;
use crate::explain::{said, words};
use crate::method::FORWARD;
use crate::read::Dropped;
use crate::score::scores::points;
use crate::score::style::NAMES;

const STYLE: &str = include_str!("style.css");
/// Nothing may be loaded and nothing run, whatever a name may hold.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";
/// Most bars of a histogram.
const BARS: i64 = 40;

/// The sections by id, with their headings, in order.
const SECTIONS: [(&str, &str); 9] = [
    ("people", "The people at the top"),
    ("scores", "How scores are spread"),
    ("why", "What scores are made of"),
    ("changes", "What changed"),
    ("topics", "Topics"),
    ("forecast", "Forecast and outcome"),
    ("baselines", "Beside simple counts"),
    ("groups", "Groups"),
    ("run", "The run itself"),
];

pub(super) fn page(told: &Told) -> Markup {
    let shown = SECTIONS.iter().filter(|(id, _)| !(told.public && *id == "people"));
    let job = printable(&told.run.job);
    let date = day(told.commit.snapshot_date);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (job) ", " (date) " – Renown" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                header { (head(told, &job, &date)) }
                div.columns {
                    nav aria-label="Sections" {
                        ul { @for (id, heading) in shown.clone() { li { a href={ "#" (id) } { (heading) } } } }
                    }
                    main id="content" {
                        @for (id, heading) in shown {
                            section id=(id) aria-labelledby={ (id) "-heading" } {
                                h2 id={ (id) "-heading" } { (heading) }
                                (section(told, id))
                            }
                        }
                    }
                }
                footer { p {
                    "Made by Renown " (env!("CARGO_PKG_VERSION")) " from commit " (told.commit.number)
                    ". A forecast is not a cause."
                    @if told.public { " This page names nobody and leaves out groups of fewer than " (FEWEST) " people." }
                } }
            }
        }
    }
}

fn section(told: &Told, id: &str) -> Markup {
    match id {
        "people" => leaders(told),
        "scores" => scores(told),
        "why" => parts(told),
        "changes" => changes(told),
        "topics" => topics(told),
        "forecast" => agreement::forecast(told),
        "baselines" => agreement::baselines(told),
        "groups" => agreement::groups(told),
        _ => run(told),
    }
}

/// A day as people write it.
fn day(date: NaiveDate) -> String {
    date.format("%-d %B %Y").to_string()
}

/// A count of people; a page that names nobody does not tell small ones.
fn of_people(told: &Told, people: u64) -> String {
    if told.public && people < FEWEST { format!("fewer than {FEWEST}") } else { count(people) }
}

fn head(told: &Told, job: &str, date: &str) -> Markup {
    let (commit, run) = (&told.commit, &told.run);
    let days = number(f64::from(commit.horizon_hours) / 24.0);
    let first = commit.snapshot_date + Duration::days(1);
    let last = commit.snapshot_date + Duration::hours(i64::from(commit.horizon_hours));
    let facts: [(&str, Markup); 4] = [
        ("people scored", html! { (of_people(told, told.scores.people)) }),
        (
            "people expected, median",
            html! {
                @if told.public && told.scores.people < FEWEST { "–" } @else { (number(told.scores.expected(0.5))) }
            },
        ),
        ("days looked ahead", html! { (days) }),
        (
            "gates passed",
            html! {
                (run.gates.iter().filter(|gate| gate.ends_with(": passed")).count()) " of " (run.gates.len())
            },
        ),
    ];
    html! {
        p.eyebrow { "Renown · " (job) }
        h1 { "Who moves people, " (date) }
        p.lead {
            "Each score says how many different people are expected to react to somebody from " (day(first)) " to "
            (day(last)) ", by what was known at the end of " (date) " (UTC). Every 10 points are five times the people. "
            "A score is a forecast, and a forecast is not a cause."
            @if run.fit().is_some_and(|fit| fit.truth != FORWARD) {
                " The method was fitted to judgements: its scores order people, and the people they speak of are a scale."
            }
        }
        dl.facts { @for (name, value) in facts { div { dt { (name) } dd { (value) } } } }
        dl.origin {
            div { dt { "job" } dd { (job) } }
            div { dt { "method" } dd { (printable(&run.method_version)) } }
            div { dt { "content of the method, SHA-256" } dd { code { (run.method_sha256) } } }
            div { dt { "run" } dd { code { (commit.run_id) } } }
            div { dt { "scored by" } dd { "Renown " (run.renown_version) } }
            div { dt { "run before" } dd {
                @match &told.before { Some(before) => (day(before.snapshot_date)), None => "none" }
            } }
        }
    }
}

/// What is said where there is nothing to show, with the command that would change that.
pub(super) fn nothing(why: &str, command: &str) -> Markup {
    html! { p.nothing { (why) " " code { (command) } } }
}

/// A chart below the sentence that says what one sees, with its numbers.
pub(super) fn figure(sentence: &str, chart: &Markup, numbers: Option<&Markup>) -> Markup {
    html! {
        figure {
            figcaption { (sentence) }
            (chart)
            @if let Some(numbers) = numbers { details { summary { "The numbers" } (numbers) } }
        }
    }
}

/// A column of a table.
pub(super) enum Column<'a> {
    Text(&'a str),
    Number(&'a str),
}

/// A table that scrolls within itself where it is wide; the first cell of a row is its head.
pub(super) fn table(caption: &str, columns: &[Column], rows: &[Vec<String>]) -> Markup {
    html! {
        div.scroll role="region" aria-label=(caption) tabindex="0" {
            table {
                caption { (caption) }
                thead { tr { @for column in columns { @match column {
                    Column::Text(name) => th scope="col" { (name) },
                    Column::Number(name) => th.number scope="col" { (name) },
                } } } }
                tbody { @for row in rows { tr { @for (at, (cell, column)) in row.iter().zip(columns).enumerate() {
                    @match (at, column) {
                        (0, Column::Number(_)) => th.number scope="row" { (cell) },
                        (0, _) => th scope="row" { (cell) },
                        (_, Column::Number(_)) => td.number { (cell) },
                        (_, Column::Text(_)) => td { (cell) },
                    }
                } } } }
            }
        }
    }
}

fn leaders(told: &Told) -> Markup {
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
fn bars(told: &Told, bins: &Bins) -> (Vec<Bin>, bool) {
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

const LEFT_OUT: &str = " Bars of fewer than 20 people are left out.";

fn bin_rows(bins: &[Bin]) -> Vec<Vec<String>> {
    let shown = bins.iter().filter(|bin| bin.value > 0.0);
    let row = |bin: &Bin| vec![fixed(bin.from, 1), fixed(bin.to, 1), count(bin.value as u64)];
    shown.map(row).collect()
}

fn scores(told: &Told) -> Markup {
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

fn parts(told: &Told) -> Markup {
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

/// A cause in words.
fn cause(name: &str) -> String {
    match name {
        "method" => "a new version of the method".into(),
        "ageing" => "ageing: the same reactions, a run older".into(),
        "own_posts" => "own posts".into(),
        "audience" => "what the audience did".into(),
        "trust_and_others" => "who is trusted now, and what others did".into(),
        other => other.replace('_', " "),
    }
}

fn changes(told: &Told) -> Markup {
    let date = told.commit.snapshot_date;
    let Some(before) = &told.before else {
        let day_before = date.pred_opt().unwrap_or(date);
        let why = "There was no run before this one to compare with; for a day before and then this one again:";
        return nothing(why, &format!("renown run JOB --snapshot {day_before}"));
    };
    let own = &told.scores;
    let moved: u64 = own.moved.values().sum();
    let compared = moved + own.unmoved;
    let mut says = match compared {
        0 => "Nobody who is scored now had a score before.".to_owned(),
        _ => format!(
            "Since {}, {} of {} people moved by 0.05 points or more.",
            day(before.snapshot_date),
            of_people(told, moved),
            of_people(told, compared)
        ),
    };
    if let Some(method) = told.method_before.as_ref().filter(|own| **own != told.run.method_version)
    {
        says.push_str(&format!(" The method was {} then.", printable(method)));
    }
    if own.people > compared {
        let word = of_people(told, own.people - compared);
        says.push_str(&format!(" {word} had no score then."));
    }
    let (bins, left_out) = bars(told, &own.moved);
    if left_out {
        says.push_str(LEFT_OUT);
    }
    let chart = Histogram {
        name: "moves-chart",
        title: "People by points gained or lost",
        told: &says,
        bins: &bins,
        log: true,
        line: None,
        across: "points gained or lost",
        upward: "people, on a logarithmic scale",
    };
    let columns =
        [Column::Number("points from"), Column::Number("to below"), Column::Number("people")];
    let numbers = table("People by points gained or lost", &columns, &bin_rows(&bins));
    html! {
        div.figures {
            @if bins.is_empty() { p.says { (says) } } @else { (figure(&says, &chart.draw(), Some(&numbers))) }
            (causes(told, compared))
        }
        @if !told.public { div.figures {
            @for (people, heading) in told.movers.iter().zip(["Rose most", "Fell most"]) { (movers(people, heading)) }
        } }
    }
}

fn causes(told: &Told, compared: u64) -> Markup {
    let shown = told.causes.iter().filter(|(_, own)| !told.public || own.people >= FEWEST);
    let mut shown: Vec<_> = shown.collect();
    shown.sort_by_key(|(name, own)| (std::cmp::Reverse(own.size), *name));
    let Some((first, largest)) = shown.first() else {
        return html! { p.says { "No cause moved enough people to be told." } };
    };
    let all: i64 = shown.iter().map(|(_, own)| own.size).sum();
    let says = format!(
        "Most of what moved is {}: {} % of all points gained and lost. Bars tell how far each moved people on average.",
        cause(first),
        fixed(100.0 * largest.size as f64 / all.max(1) as f64, 0)
    );
    let mean = |own: &Cause, people: u64| own.size as f64 / 1e6 / people.max(1) as f64;
    let bars: Vec<Bar> = shown
        .iter()
        .map(|(name, own)| Bar {
            label: cause(name),
            value: mean(own, compared),
            text: format!("{} points", number(mean(own, compared))),
        })
        .collect();
    let chart = Bars {
        name: "causes-chart",
        title: "Mean points moved per person, by cause",
        told: &says,
        rows: &bars,
    };
    let columns = [
        Column::Text("cause"),
        Column::Number("people moved"),
        Column::Number("mean points of all, without sign"),
        Column::Number("of those moved"),
        Column::Number("sum of points"),
    ];
    let row = |(name, own): &(&String, &Cause)| {
        vec![
            (*name).clone(),
            count(own.people),
            number(mean(own, compared)),
            number(mean(own, own.people)),
            fixed(own.sum as f64 / 1e6, 2),
        ]
    };
    let rows: Vec<Vec<String>> = shown.iter().map(row).collect();
    figure(&says, &chart.draw(), Some(&table("Changes by cause", &columns, &rows)))
}

fn movers(people: &[Person], heading: &str) -> Markup {
    let row = |person: &Person| {
        let causes = person
            .causes
            .iter()
            .map(|(name, points)| format!("{} {}", name.replace('_', " "), signed(*points)));
        vec![
            person.name.clone(),
            person.score.change_1d.map_or(String::new(), signed),
            fixed(person.score.score, 1),
            causes.collect::<Vec<_>>().join(", "),
        ]
    };
    let rows: Vec<Vec<String>> = people.iter().map(row).collect();
    let columns = [
        Column::Text("name"),
        Column::Number("points"),
        Column::Number("score now"),
        Column::Text("why"),
    ];
    html! {
        @if rows.is_empty() { p.says { (heading) ": nobody by 0.05 points or more." } }
        @else { (table(heading, &columns, &rows)) }
    }
}

fn topics(told: &Told) -> Markup {
    let shown = told.topics.iter().filter(|own| !told.public || own.topic.reactors >= FEWEST);
    let shown: Vec<_> = shown.collect();
    let all = told.commit.tables.get("topics").map_or(0, |table| table.rows);
    let Some(first) = shown.first() else {
        return match all {
            0 => nothing(
                "No post was about a topic: give the job the input `posts`, and [topics] as this says:",
                "renown schema job",
            ),
            _ => html! { p.nothing { "No topic drew " (FEWEST) " people or more." } },
        };
    };
    let path = |own: &OnTopic| printable(&own.topic.path.join(" › "));
    let says = format!(
        "Posts are about {} topics. Most people reacted on {}: {} to {} posts. For a score on it there is evidence enough \
         for {}.",
        count(all),
        path(first),
        count(first.topic.reactors),
        count(first.topic.posts),
        match first.topic.people {
            1 if !told.public => "1 person".to_owned(),
            people => format!("{} people", of_people(told, people)),
        }
    );
    let mut columns = vec![
        Column::Text("topic"),
        Column::Number("people with a score"),
        Column::Number("who reacted"),
        Column::Number("posts"),
    ];
    if !told.public {
        columns.push(Column::Text("who moves most, and how many"));
    }
    let row = |own: &&OnTopic| {
        let people =
            own.people.iter().map(|(name, people)| format!("{name} ({})", number(*people)));
        vec![
            path(own),
            of_people(told, own.topic.people),
            count(own.topic.reactors),
            count(own.topic.posts),
            people.collect::<Vec<_>>().join(", "),
        ]
    };
    let rows: Vec<Vec<String>> = shown.iter().map(row).collect();
    let bars: Vec<Bar> = shown
        .iter()
        .map(|own| Bar {
            label: path(own),
            value: own.topic.reactors as f64,
            text: format!("{} people", count(own.topic.reactors)),
        })
        .collect();
    let chart = Bars {
        name: "topics-chart",
        title: "People who reacted, by topic",
        told: &says,
        rows: &bars,
    };
    html! {
        p.says { (says) }
        div.figures.uneven {
            figure { (chart.draw()) }
            (table("Topics that most people reacted to", &columns, &rows))
        }
    }
}

fn run(told: &Told) -> Markup {
    let commit = &told.commit;
    let before = told.before.as_ref().filter(|_| !told.public);
    let mut columns = vec![Column::Text("table"), Column::Number("rows")];
    if before.is_some() {
        columns.push(Column::Number("in the run before"));
    }
    let rows = commit.tables.iter().map(|(name, table)| {
        let then = before.and_then(|before| before.tables.get(name)).map(|table| count(table.rows));
        vec![name.clone(), of_people(told, table.rows), then.unwrap_or_else(|| "–".into())]
    });
    let gate = |gate: &String| {
        let (name, outcome) = gate.split_once(": ").unwrap_or((gate, ""));
        vec![name.replace('_', " "), outcome.to_owned()]
    };
    let gates: Vec<Vec<String>> = told.run.gates.iter().map(gate).collect();
    html! {
        p.says { "The tables passed " (gates.len()) " gates before anybody could read them." }
        div.figures {
            (table("Rows of the tables", &columns, &rows.collect::<Vec<_>>()))
            (table("Gates", &[Column::Text("gate"), Column::Text("outcome")], &gates))
        }
        @match &told.log {
            Some(log) => (course(told, log)),
            None => (nothing("The log of the run is gone; to have one:", "renown run JOB")),
        }
    }
}

/// Drops, time and memory.
fn course(told: &Told, log: &Log) -> Markup {
    let seconds: f64 = log.stages.iter().map(|stage| stage.seconds).sum();
    let peak = log.stages.iter().map(|stage| stage.peak_memory_bytes).max().unwrap_or_default();
    let slowest = log.stages.iter().max_by(|one, other| one.seconds.total_cmp(&other.seconds));
    let says = format!(
        "Up to the gates the run took {} seconds and {} MB of memory{}.",
        number(seconds),
        count(peak / 1_000_000),
        slowest.map_or(String::new(), |own| format!("; the longest stage was “{}”", own.stage))
    );
    let bars: Vec<Bar> = log
        .stages
        .iter()
        .map(|stage| Bar {
            label: stage.stage.clone(),
            value: stage.seconds,
            text: format!("{} s", fixed(stage.seconds, 2)),
        })
        .collect();
    let chart = Bars { name: "stages-chart", title: "Seconds by stage", told: &says, rows: &bars };
    let columns = [
        Column::Text("stage"),
        Column::Number("rows in"),
        Column::Number("rows out"),
        Column::Number("seconds"),
        Column::Number("peak MB"),
    ];
    let row = |stage: &Stage| {
        vec![
            stage.stage.clone(),
            of_people(told, stage.rows_in),
            of_people(told, stage.rows_out),
            fixed(stage.seconds, 2),
            count(stage.peak_memory_bytes / 1_000_000),
        ]
    };
    let stages: Vec<Vec<String>> = log.stages.iter().map(row).collect();
    let met: Vec<_> = log.drops.iter().filter(|drop| drop.rows != "0").collect();
    let rows = |drop: &&Dropped| {
        let rows =
            drop.rows.parse().map_or_else(|_| drop.rows.clone(), |rows| of_people(told, rows));
        vec![drop.rule.clone(), drop.table.clone(), rows]
    };
    let drops: Vec<Vec<String>> = met.iter().map(rows).collect();
    let columns_of_drops = [Column::Text("rule"), Column::Text("input"), Column::Number("rows")];
    html! { div.figures {
        (figure(&says, &chart.draw(), Some(&table("Stages", &columns, &stages))))
        @if drops.is_empty() { p.says { "No rule dropped a row." } }
        @else { (table("Rows that a rule met", &columns_of_drops, &drops)) }
    } }
}
