//! How the scores of a job are computed and validated, in the form of a methods section of a paper: from the declarations of
//! measures, tables and metrics, the method and the job, so that the page states what the program does.

mod definitions;
mod markdown;
mod references;
mod settings;

use std::fmt::Write as _;

use crate::audit::Origin;
use crate::error::{Error, Result};
use crate::evaluate::{
    INTERVAL_SOURCE, METRICS, NO_CAUSE, STATED, WORTH, describe_intervals, describe_verdicts,
};
use crate::fit::FIT_CAVEAT;
use crate::job::Job;
use crate::schema::{self, Column, Direction, Table};
use markdown::{code, escaped, table};
use references::References;
use settings::Settings;

/// Who made Renown and under which name, in the Citation File Format 1.2.0.
const CITATION: &str = include_str!("../../../CITATION.cff");

/// The page, in Markdown with formulas in LaTeX. It holds nothing of the data.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if a declaration cannot be read.
pub fn methods_page(job: &Job) -> Result<String> {
    let method = &job.method;
    let references = &mut References::default();
    let mut page = format!("# Methods of {}\n\n{}", escaped(&job.name), identity(job)?);
    let mut section = |title: &str, text: String| {
        let _ = write!(page, "\n## {title}\n\n{text}");
    };
    section("Definitions", definitions::attention(method, references));
    section("Scores", definitions::score(method, &job.profiles, references));
    section("Fit", fit(job, references)?);
    section("Topics", definitions::topics(method, references));
    section("Measures", measures(references)?);
    section("Published columns", published()?);
    section("Validation", validation(job, references)?);
    section("Settings of the method", of_method(job)?);
    section("Settings of the job", of_job(job)?);
    section("Limits", limits(job)?);
    section("How to cite", citation()?);
    section("References", references.list());
    Ok(page)
}

/// What is run.
fn identity(job: &Job) -> Result<String> {
    let method = &job.method;
    let day = job.snapshot.map_or("given with each run".to_owned(), |day| day.to_string());
    let inputs: Vec<String> = job.inputs.keys().map(|name| format!("`{name}`")).collect();
    let hours = |hours: u32| format!("{hours} hours");
    let rows = [
        ("Renown", env!("CARGO_PKG_VERSION").to_owned()),
        ("job", escaped(&job.name)),
        ("day of the snapshot, covered to its end in UTC", day),
        ("inputs", inputs.join(", ")),
        ("method", escaped(&method.version)),
        ("SHA-256 of the method", format!("`{}`", method.sha256()?)),
        ("horizon", hours(method.forecast.horizon_hours)),
        ("half-life", hours(method.attention.half_life_hours)),
        ("window", hours(method.attention.window_hours)),
    ];
    let rows = rows.map(|(name, value)| vec![name.to_owned(), value]).into_iter();
    Ok(table(&["".to_owned(), "".to_owned()], rows))
}

fn fit(job: &Job, references: &mut References) -> Result<String> {
    let text = definitions::fit(&job.method, references);
    let Some(record) = &job.method.fit else { return Ok(text) };
    let mut settings = Settings::default();
    settings.add("fit", record, &[])?;
    Ok(format!("{text}\n{}", settings.render()))
}

/// Every measure.
fn measures(references: &mut References) -> Result<String> {
    let contract = schema::table(Direction::Output, "measures")?;
    let mut text = format!("{}\n\n", contract.meaning);
    for Column { name, unit, meaning, measure, .. } in &contract.columns {
        let Some(measure) = measure else { continue };
        let may =
            if measure.forecast { "may enter the forecast" } else { "may not enter the forecast" };
        let unit = if unit.is_empty() { "no unit" } else { unit };
        let _ = writeln!(
            text,
            "- **`{name}`** ({unit}; {}; {may}). {meaning} Formula: {}. {} Source: {}.",
            measure.family,
            code(&measure.formula),
            measure.why,
            references.cite(&measure.source)
        );
    }
    Ok(text)
}

/// Columns of the tables that are not defined above.
fn published() -> Result<String> {
    let mut text = String::new();
    for name in ["scores", "changes", "topic_scores"] {
        let contract = schema::table(Direction::Output, name)?;
        let columns = contract
            .columns
            .iter()
            .filter(|column| !["snapshot_date", "person_id"].contains(&&*column.name));
        let _ = writeln!(text, "`{name}`: {}\n\n{}", contract.meaning, of_columns(columns));
    }
    Ok(text.trim_end().to_owned() + "\n")
}

fn of_columns<'a>(columns: impl Iterator<Item = &'a Column>) -> String {
    let rows = columns.map(|column| {
        vec![format!("`{}`", column.name), column.unit.clone(), column.meaning.clone()]
    });
    table(&["column".into(), "unit".into(), "meaning".into()], rows)
}

/// What scores are compared with, and how.
fn validation(job: &Job, references: &mut References) -> Result<String> {
    let contract = schema::table(Direction::Output, "validity")?;
    let keys = ["target", "population", "group_by", "predictor", "baseline"];
    let keys = of_columns(contract.columns.iter().filter(|column| keys.contains(&&*column.name)));
    let top = job.validate.top.to_string();
    let header = ["metric", "meaning", "range", "ideal", "source"];
    let metrics = METRICS.iter().map(|metric| {
        vec![
            format!("`{}`", metric.name.replace("{k}", &top)),
            metric.meaning.to_owned(),
            metric.range.to_owned(),
            metric.ideal.to_owned(),
            references.cite(metric.source),
        ]
    });
    let metrics = table(&header.map(str::to_owned), metrics);
    let mut settings = Settings::default();
    settings.add("validate", &job.validate, &[])?;
    Ok(format!(
        "{}\n\n{keys}\n{} ({})\n\n{}\n\n{metrics}\n{}",
        contract.meaning,
        describe_intervals(),
        references.cite(INTERVAL_SOURCE),
        describe_verdicts(),
        settings.render()
    ))
}

fn of_method(job: &Job) -> Result<String> {
    let mut settings = Settings::default();
    settings.add("", &job.method, &["forecast.terms", "fit"])?;
    Ok(settings.render())
}

fn of_job(job: &Job) -> Result<String> {
    let mut settings = Settings::default();
    settings.add("consent", &job.consent, &["consent.asks_age"])?;
    settings.add("kinds", &job.kinds, &[])?;
    settings.add("topics", &job.topics, &[])?;
    settings.add("influence", &job.influence, &[])?;
    let seeds = job.trust.seeds.len();
    Ok(format!(
        "{}\nThe job names {seeds} people or accounts as seeds of trust, besides those that a rule of the method selects. They are named in \
         the job file, and not on this page.\n",
        settings.render()
    ))
}

fn limits(job: &Job) -> Result<String> {
    let scores = schema::table(Direction::Output, "scores")?;
    let mut limits = [NO_CAUSE, WORTH, STATED].map(escaped).to_vec();
    if let Some(record) = &job.method.fit {
        limits.push(format!(
            "the forecast was fitted to the data of job {} up to {}. {FIT_CAVEAT}",
            escaped(&record.job),
            escaped(&record.snapshot)
        ));
    }
    limits
        .push(format!("`flags` of `scores`: {}", meaning(scores, "flags")?.trim_end_matches('.')));
    Ok(limits.iter().fold(String::new(), |mut list, limit| {
        let _ = writeln!(list, "- {limit}.");
        list
    }))
}

fn meaning<'a>(table: &'a Table, name: &str) -> Result<&'a str> {
    let column = table.columns.iter().find(|column| column.name == name);
    column
        .map(|column| &*column.meaning)
        .ok_or_else(|| Error::internal(format!("no column `{name}`")))
}

fn citation() -> Result<String> {
    let [title, authors, licence] = ["title", "  - name", "license"].map(cited);
    let (title, authors, licence) = (title?, authors?, licence?);
    let version = env!("CARGO_PKG_VERSION");
    let keys: Vec<String> = Origin::KEYS.iter().map(|key| format!("`{key}`")).collect();
    Ok(format!(
        "{authors}. {title}, version {version}. Computer software, licence {licence}.\n\n\
         ```bibtex\n@software{{renown,\n  author  = {{{{{authors}}}}},\n  title   = {{{{{title}}}}},\n  version = {{{version}}},\n  \
         license = {{{licence}}}\n}}\n```\n\n\
         With a score cite the day of the snapshot, the `run_id`, and the SHA-256 of the method and of the data. They are in the table \
         `runs`, and in the metadata of every published Parquet file as {}, the last only in files of `validity`. The same data, job and \
         method give the same bytes.\n",
        keys.join(", ")
    ))
}

/// A value of [`CITATION`] on the line of its key.
fn cited(key: &str) -> Result<&'static str> {
    let line = CITATION.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
    line.map(|value| value.trim_matches('"'))
        .ok_or_else(|| Error::internal(format!("CITATION.cff has no `{key}`")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::references::{OWN, work};
    use super::*;
    use crate::schema::{Direction, table};

    #[test]
    fn every_declared_source_is_internal_or_a_listed_work() {
        let measures = table(Direction::Output, "measures").unwrap().columns.iter();
        let measures = measures.filter_map(|c| Some(c.measure.as_ref()?.source.as_str()));
        let metrics = METRICS.iter().map(|metric| metric.source);
        let mut titles = BTreeSet::new();
        let mut whose = BTreeSet::new();
        let defined = definitions::SOURCES.iter().copied();
        for source in measures.chain(metrics).chain(defined).filter(|source| *source != OWN) {
            let (who, title, _) = work(source.split("; ").next().unwrap()).expect(source);
            let year = who.rsplit(' ').next().unwrap();
            assert!(year.len() == 4 && year.parse::<u32>().is_ok(), "{source}");
            for (who, title, _) in source.split("; ").filter_map(work) {
                whose.insert(who);
                titles.insert((who, title));
            }
            assert!(!title.is_empty());
        }
        assert_eq!(whose.len(), titles.len(), "one name for two works: {titles:?}");
    }
}
