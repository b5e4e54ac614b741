//! How the run went: rows, gates, drops, time and memory.

use maud::{Markup, html};

use crate::error::printable;
use crate::job::{ALL_USES, Uses};
use crate::method::{FitForm, Method};
use crate::model::{Dropped, Verdict};
use crate::number_format::{count, fixed, number};
use crate::publish::log::{RunLog, StageLog};
use crate::published::check_rows::CheckRow;
use crate::published::rows::RunRow;
use crate::report::run_report::RunReport;
use crate::report::widgets::bars::{Bar, Bars};
use crate::report::widgets::figures::{Column, figure, nothing, table};

pub(super) fn section(report: &RunReport) -> Markup {
    let commit = &report.commit;
    let previous = report.previous.as_ref().filter(|_| !report.public);
    let mut columns = vec![Column::Text("table"), Column::Number("rows")];
    if previous.is_some() {
        columns.push(Column::Number("in the previous run"));
    }
    let rows = commit.tables.iter().map(|(name, table)| {
        let then =
            previous.and_then(|previous| previous.tables.get(name)).map(|table| count(table.rows));
        vec![name.clone(), report.people(table.rows), then.unwrap_or_else(|| "–".into())]
    });
    let gate = |gate: &String| {
        let (name, outcome) = gate.split_once(": ").unwrap_or((gate, ""));
        vec![name.replace('_', " "), outcome.to_owned()]
    };
    let gates: Vec<Vec<String>> = report.record.gates.iter().map(gate).collect();
    let accepted = report.record.accepted.iter().flatten().filter(|_| !report.public);
    html! {
        p.says { "The tables passed " (gates.len()) " gates before they were published." }
        @for accepted in accepted {
            p.says { "Accepted as it is: " (printable(accepted)) }
        }
        @if let Some(method) = report.record.method() {
            p.says { (trust(&method)) }
            p.says { (learnt(&method)) }
        }
        @for line in uses(&report.record) { p.says { (line) } }
        div.figures {
            (table("Rows of the tables", &columns, &rows.collect::<Vec<_>>()))
            (table("Gates", &[Column::Text("gate"), Column::Text("outcome")], &gates))
            @if !report.checks.is_empty() {
                (checks(&report.checks))
            }
        }
        @match &report.log {
            Some(log) => (stages(report, log)),
            None => (nothing("The log of the run is gone; to have one:", "renown run JOB")),
        }
    }
}

/// What the scores may be used for, and what they may not, with the laws that say so.
fn uses(record: &RunRow) -> Vec<String> {
    let list = |uses: &Option<Vec<String>>| uses.clone().unwrap_or_default();
    let (permitted, forbidden) = (list(&record.permitted_uses), list(&record.forbidden_uses));
    let mut lines = vec![];
    if !permitted.is_empty() {
        lines.push(format!("Made for: {}.", printable(&permitted.join(", "))));
    }
    if !forbidden.is_empty() {
        let with_law = |name: &String| match Uses::law(name) {
            Some(law) => format!("{name} ({law})"),
            None => name.clone(),
        };
        let all: Vec<String> = forbidden.iter().map(with_law).collect();
        lines.push(format!("Not to be used for: {}.", printable(&all.join("; "))));
        lines.push(ALL_USES.to_owned());
    }
    lines
}

/// The checks against the last run, counted by name and verdict.
fn checks(checks: &[CheckRow]) -> Markup {
    let columns = [
        Column::Text("check against the last run"),
        Column::Number("passed"),
        Column::Number("accepted"),
        Column::Number("nothing to judge by"),
    ];
    let rows = checks.chunk_by(|one, other| one.check == other.check).map(|same| {
        let of = |verdict: Verdict| same.iter().filter(|row| row.verdict == verdict.name()).count();
        let counts = [Verdict::Passed, Verdict::Accepted, Verdict::NotJudged].map(of);
        let name = same.first().map(|row| row.check.replace('_', " ")).unwrap_or_default();
        std::iter::once(name).chain(counts.map(|rows| count(rows as u64))).collect()
    });
    table("Checks", &columns, &rows.collect::<Vec<_>>())
}

/// On which networks trust decides who counts.
fn trust(method: &Method) -> String {
    let networks: Vec<&str> = method.trust.networks.keys().map(String::as_str).collect();
    match networks.is_empty() {
        true => "Everybody counts whole (trust_none): the method was not fitted to these networks."
            .into(),
        false => format!(
            "Reactors count by credit on {}; on any other network everybody counts whole (trust_none).",
            networks.join(", ")
        ),
    }
}

/// What the forecast learnt from data of the job, and what came along.
fn learnt(method: &Method) -> &'static str {
    match method.fit.as_ref().map(|record| record.form) {
        None => {
            "The forecast came along or was set by hand: neither its slopes nor its level were learnt from these data."
        }
        Some(FitForm::Level) => {
            "The level of the forecast was learnt from the data; how much each measure tells came along from other networks."
        }
        Some(FitForm::Curves) => {
            "How much each measure tells, and the level of the forecast, were learnt from the data."
        }
        Some(FitForm::Count) => {
            "The forecast is one measure, with slope and level learnt from the data."
        }
        Some(FitForm::Coefficients) => "The coefficients of the forecast were fitted to data.",
    }
}

/// Drops, time and memory.
fn stages(report: &RunReport, log: &RunLog) -> Markup {
    let seconds: f64 = log.stages.iter().map(|stage| stage.seconds).sum();
    let peak = log.stages.iter().map(|stage| stage.peak_memory_bytes).max().unwrap_or_default();
    let slowest = log.stages.iter().max_by(|one, other| one.seconds.total_cmp(&other.seconds));
    let says = format!(
        "Up to the gates the run took {} seconds and {} MB of memory{}.",
        number(seconds),
        count(peak / 1_000_000),
        slowest.map_or(String::new(), |slowest| format!(
            "; the longest stage was “{}”",
            slowest.stage
        ))
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
    let chart =
        Bars { name: "stages-chart", title: "Seconds by stage", alt_text: &says, rows: &bars };
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
            report.people(stage.rows_in),
            report.people(stage.rows_out),
            fixed(stage.seconds, 2),
            count(stage.peak_memory_bytes / 1_000_000),
        ]
    };
    let stage_rows: Vec<Vec<String>> = log.stages.iter().map(row).collect();
    let applied: Vec<_> = log.notes.dropped.iter().filter(|drop| drop.rows != "0").collect();
    let rows = |drop: &&Dropped| {
        let rows = drop.rows.parse().map_or_else(|_| drop.rows.clone(), |rows| report.people(rows));
        vec![drop.rule.clone(), drop.table.clone(), rows]
    };
    let drops: Vec<Vec<String>> = applied.iter().map(rows).collect();
    let columns_of_drops = [Column::Text("rule"), Column::Text("input"), Column::Number("rows")];
    html! { div.figures {
        (figure(&says, &chart.draw(), Some(&table("Stages", &columns, &stage_rows))))
        @if drops.is_empty() { p.says { "No rule dropped a row." } }
        @else { (table("Rows dropped by rule", &columns_of_drops, &drops)) }
    } }
}
