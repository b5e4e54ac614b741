//! Outside judgements of people, which scores are measured against and never computed from.

use std::collections::{BTreeMap, HashMap};

use arrow::array::{Array, AsArray, RecordBatch, StringViewArray};
use arrow::datatypes::Float64Type;
use datafusion::prelude::{Expr, ident, lit};

use super::check::{Checked, whole};
use super::conform::RowRule;
use super::ids::text;
use super::refusals::{Subject, subjects};
use super::snapshot::Reader;
use super::violations::Violations;
use crate::engine::{Engine, count_if};
use crate::error::{Error, Result};
use crate::job::{GROUND_TRUTH, Job};
use crate::model::{Dropped, LabelSet, LabelSets, Labels, Persons};

/// The input `ground_truth`, which holds to its contract; its rows are not read yet.
pub struct GroundTruth {
    input: Checked,
    /// Columns that are passed over.
    pub ignored: Vec<String>,
}

/// Opens `ground_truth` and holds it against its contract; `None` if the job has none, or its violations were kept.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] for files, columns and rows that break the contract, and as
/// [`super::snapshot()`].
pub async fn open_ground_truth(
    engine: &Engine,
    job: &Job,
    violations: &mut Violations,
) -> Result<Option<GroundTruth>> {
    if !job.inputs.contains_key(GROUND_TRUTH) {
        return Ok(None);
    }
    let mut reader = Reader::new(engine, job, violations).await?;
    let opened = reader.open(job, GROUND_TRUTH, violations).await?;
    let checked = whole(engine, opened, &truth_rules()?, violations).await?;
    let ignored = reader.ignored.remove(GROUND_TRUTH).unwrap_or_default();
    Ok(checked.map(|input| GroundTruth { input, ignored }))
}

/// The truths of `job` about `persons`; none if the job has no `ground_truth`.
///
/// # Errors
/// As [`open_ground_truth()`], and [`crate::error::Kind::BadInput`] for a truth of both forms, two values of one
/// person, and comparisons of a person with themselves.
pub async fn label_sets(
    engine: &Engine,
    job: &Job,
    persons: &Persons,
    violations: &mut Violations,
) -> Result<LabelSets> {
    match open_ground_truth(engine, job, violations).await? {
        Some(input) => input.label_sets(engine, persons, violations).await,
        None => Ok(LabelSets::default()),
    }
}

impl GroundTruth {
    /// The truths about `persons`.
    ///
    /// # Errors
    /// As [`label_sets()`].
    pub async fn label_sets(
        &self,
        engine: &Engine,
        persons: &Persons,
        violations: &mut Violations,
    ) -> Result<LabelSets> {
        let what = format!("reading {}", self.input.origin);
        let rows = engine.sorted_rows(&what, self.input.frame.clone(), &["truth"]).await?;
        let reading = Reading::of(&rows, &subjects(persons))?;
        for violation in reading.violations() {
            violations.report(violation)?;
        }
        Ok(reading.end())
    }
}

/// The judgements of one name.
#[derive(Default)]
struct Judgements {
    graded: Vec<Grade>,
    pairwise: Vec<(u32, u32, Option<String>)>,
    /// How many rows are graded, and how many pairwise, whoever they are about.
    rows: [usize; 2],
}

/// Rows of `ground_truth` over numbers.
struct Reading {
    judgements: BTreeMap<String, Judgements>,
    strange: u64,
    repeated: u64,
}

impl Reading {
    fn of(rows: &RecordBatch, numbers: &HashMap<Subject<'_>, u32>) -> Result<Self> {
        let (names, forms, topics) =
            (text(rows, "truth")?, text(rows, "form")?, text(rows, "topic_id")?);
        let (people, losers) = (text(rows, "person_id")?, text(rows, "loser_id")?);
        let values = rows.column_by_name("value").and_then(|c| c.as_primitive_opt::<Float64Type>());
        let values = values.ok_or_else(|| Error::internal("column `value` is no number"))?;
        let mut reading = Self { judgements: BTreeMap::new(), strange: 0, repeated: 0 };
        for row in 0..rows.num_rows() {
            let number = |ids: &StringViewArray| person(numbers, ids.value(row));
            let topic = topics.is_valid(row).then(|| topics.value(row).to_owned());
            let own = reading.judgements.entry(names.value(row).to_owned()).or_default();
            let pairwise = forms.value(row) == "pairwise";
            own.rows[usize::from(pairwise)] += 1;
            match (number(people), pairwise) {
                // -0 is 0.
                (Some(one), false) => own.graded.push((one, values.value(row) + 0.0, topic)),
                (Some(one), true) => match number(losers) {
                    Some(other) => own.pairwise.push((one, other, topic)),
                    None => reading.strange += 1,
                },
                (None, _) => reading.strange += 1,
            }
        }
        reading.sort();
        Ok(reading)
    }

    /// Puts judgements in order, repeated ones once.
    fn sort(&mut self) {
        for Judgements { graded, pairwise, .. } in self.judgements.values_mut() {
            let found = graded.len() + pairwise.len();
            graded.sort_unstable_by(|(one, value, topic), (other, than, of)| {
                (one, topic).cmp(&(other, of)).then(value.total_cmp(than))
            });
            graded.dedup();
            pairwise.sort_unstable();
            pairwise.dedup();
            self.repeated += (found - graded.len() - pairwise.len()) as u64;
        }
    }

    /// What contradicts itself.
    fn violations(&self) -> Vec<Error> {
        let mut violations = Vec::new();
        let mut violation = |column: &str, rows: usize, cause: String, remedy: &str| {
            let violation =
                Error::bad_input(format!("input `{GROUND_TRUTH}`: truth {cause}"), remedy);
            violations
                .push(violation.in_table(GROUND_TRUTH).in_column(column).in_rows(rows as u64));
        };
        for (name, Judgements { graded, pairwise, rows: [as_graded, as_pairwise] }) in
            &self.judgements
        {
            if *as_graded > 0 && *as_pairwise > 0 {
                let cause = format!(
                    "`{name}` is graded in {as_graded} rows and pairwise in {as_pairwise} rows"
                );
                let remedy = "give the two forms names of their own";
                violation("form", as_graded + as_pairwise, cause, remedy);
            }
            let twice = graded.windows(2).filter(|two| same_subject(&two[0], &two[1])).count();
            if twice > 0 {
                let cause = format!("`{name}` has {twice} further values of people that have one");
                let remedy = "keep one value of each person and topic, all their accounts together";
                violation("value", twice, cause, remedy);
            }
            let own = pairwise.iter().filter(|(winner, loser, _)| winner == loser).count();
            if own > 0 {
                let cause = format!("`{name}` compares people with themselves in {own} rows");
                let remedy = "leave out comparisons of accounts of one person";
                violation("loser_id", own, cause, remedy);
            }
        }
        violations
    }

    fn end(self) -> LabelSets {
        let truth = |(name, own): (String, Judgements)| {
            let labels = match own.rows {
                [0, _] => Labels::Pairwise(own.pairwise),
                _ => Labels::Graded(own.graded),
            };
            LabelSet { name, labels }
        };
        let rule = "about who is not scored";
        let drops = vec![
            Dropped::suppressed(GROUND_TRUTH, rule, self.strange),
            Dropped::exact(GROUND_TRUTH, "repeated", self.repeated),
        ];
        LabelSets { sets: self.judgements.into_iter().map(truth).collect(), drops }
    }
}

type Grade = (u32, f64, Option<String>);

/// Whether two grades are of one person on one topic.
fn same_subject((one, _, topic): &Grade, (other, _, of): &Grade) -> bool {
    (one, topic) == (other, of)
}

/// The number of the person whom `id` names: by the id of the person, or by one of their accounts as
/// `network:account_id`.
fn person(numbers: &HashMap<Subject<'_>, u32>, id: &str) -> Option<u32> {
    let account = || {
        // The name of a network holds no colon, ids of accounts may.
        let (network, account) = id.split_once(':')?;
        numbers.get(&Subject::Account(network, account))
    };
    numbers.get(&Subject::Person(id)).or_else(account).copied()
}

/// The rules of `ground_truth` that its columns alone do not state.
fn truth_rules() -> Result<Vec<RowRule>> {
    let form = |form: &str| ident("form").eq(lit(form));
    let (value, loser) = (ident("value"), ident("loser_id"));
    // NaN compares above every number, or below every one, by its sign.
    let not_finite = value.clone().lt(lit(f64::MIN)).or(value.clone().gt(lit(f64::MAX)));
    let rules: [(&str, &str, Expr); 6] = [
        ("value", "is null where `form` is graded", form("graded").and(value.clone().is_null())),
        ("value", "is set where `form` is pairwise", form("pairwise").and(value.is_not_null())),
        ("value", "is no finite number", not_finite),
        (
            "loser_id",
            "is set where `form` is graded",
            form("graded").and(loser.clone().is_not_null()),
        ),
        (
            "loser_id",
            "is null where `form` is pairwise",
            form("pairwise").and(loser.clone().is_null()),
        ),
        ("loser_id", "is `person_id`", ident("person_id").eq(loser)),
    ];
    let rule = |(column, words, broken): (&str, &str, Expr)| {
        let words = format!("column `{column}` {words}");
        Ok(RowRule { words, column: Some(column.to_owned()), broken: count_if(broken)? })
    };
    rules.into_iter().map(rule).collect()
}
