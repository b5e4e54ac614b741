//! How the run went: rows, gates, drops, time and memory.

use maud::{Markup, html};

use super::Told;
use super::bars::{Bar, Bars};
use super::chart::{count, fixed, number};
use super::page::{Column, figure, nothing, of_people, table};
use crate::model::Dropped;
use crate::publish::log::{RunLog, StageLog};

pub(super) fn run(told: &Told) -> Markup {
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
fn course(told: &Told, log: &RunLog) -> Markup {
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
    let row = |stage: &StageLog| {
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
