//! What changed since the run before, and why.

use maud::{Markup, html};

use super::bars::{Bar, Bars};
use super::chart::{count, fixed, number, signed};
use super::counted::Cause;
use super::histogram::Histogram;
use super::page::{Column, day, figure, nothing, of_people, table};
use super::read::Person;
use super::scored::{LEFT_OUT, bars, bin_rows};
use super::{FEWEST, Told};
use crate::error::printable;

/// A cause in words.
fn cause(name: &str) -> String {
    match name {
        "method" => "a new version of the method".into(),
        "decay" => "decay: the same reactions, a run older".into(),
        "new_posts" => "new posts".into(),
        "audience" => "what the audience did".into(),
        "trust_and_others" => "who is trusted now, and what others did".into(),
        other => other.replace('_', " "),
    }
}

pub(super) fn changes(told: &Told) -> Markup {
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
