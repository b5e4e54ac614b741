//! The rows of `ground_truth`: labels of people from outside, for validation and fitting.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::array::{Array, RecordBatch, StringViewArray};
use arrow::datatypes::Float64Type;

use super::columns::{numbers, text};
use super::files::Listing;
use super::input_opener::InputOpener;
use super::joins::NoMatch;
use super::near_ids::KnownId;
use super::row_rules::label_rules;
use super::unmatched_ids::UnmatchedIds;
use super::validate::{ValidInput, Validator};
use super::violations::Violations;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::job::{GROUND_TRUTH, Job};
use crate::model::{
    Dropped, IneligibleIds, JoinRate, Judgement, LabelSet, LabelSets, Labels, PersonIndex, Persons,
};

/// The input `ground_truth`, validated against its contract; its rows are not read yet.
pub struct GroundTruth {
    input: ValidInput,
    /// Columns that are not read.
    pub ignored: Vec<String>,
    /// The files behind it; none for a `SELECT`.
    pub files: BTreeMap<String, Listing>,
}

/// Opens `ground_truth` and validates it against its contract; `None` if the job has none, or its violations were kept.
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
    let mut opener = InputOpener::new(engine, job, violations).await?;
    let input = opener.open(job, GROUND_TRUTH, violations).await?;
    // Labels have no times.
    let mut validator = Validator { engine, violations, cutoff_us: i64::MAX };
    let input = validator.validate(input, label_rules()?).await?;
    let ignored = opener.ignored.remove(GROUND_TRUTH).unwrap_or_default();
    let files = opener.files.remove_entry(GROUND_TRUTH).into_iter().collect();
    Ok(input.map(|input| GroundTruth { input, ignored, files }))
}

/// The label sets of `job` about `persons`; none if the job has no `ground_truth`.
///
/// # Errors
/// As [`open_ground_truth()`], and [`crate::error::Kind::BadInput`] for a label set of both forms, two values of one
/// person by one judge, and comparisons of a person with themselves.
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
    /// The label sets about `persons`.
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
        let labels = LabelRows::of(&rows, persons)?;
        for violation in labels.violations() {
            violations.report(violation)?;
        }
        if labels.rows > 0 && labels.not_scored == labels.rows {
            let no_match = NoMatch {
                table: GROUND_TRUTH,
                origin: &self.input.origin,
                column: "person_id",
                rows: labels.rows,
                words: ["", "is about people who are scored"],
                remedy: "give a `person_id` of `identities`, or `network:account_id`, in a SELECT",
                harmless: None,
                unmatched: &labels.unmatched,
            };
            // Without a reason why it may be harmless it is no warning.
            no_match.report(&known_ids(persons), violations, &mut vec![])?;
        }
        Ok(labels.into_sets())
    }
}

/// The ids of persons and of their accounts.
fn known_ids(persons: &Persons) -> Vec<KnownId<'_>> {
    let mut known = Vec::new();
    for person in (0..persons.len()).map(PersonIndex::new) {
        known.push(KnownId::new("", persons.ids.value(person.index())));
        for account in persons.accounts(person) {
            let (network, id) =
                (persons.account_network(account), persons.account_ids.value(account));
            known.extend(KnownId::of_account(network, id, false));
        }
    }
    known
}

/// Each person, by person id and by (network, account id).
struct PersonLookup<'a> {
    by_id: HashMap<&'a str, PersonIndex>,
    by_account: HashMap<(&'a str, &'a str), PersonIndex>,
}

impl<'a> PersonLookup<'a> {
    fn of(persons: &'a Persons) -> Self {
        let (mut by_id, mut by_account) = (HashMap::new(), HashMap::new());
        for person in (0..persons.len()).map(PersonIndex::new) {
            by_id.insert(persons.ids.value(person.index()), person);
            for account in persons.accounts(person) {
                let network = persons.account_network(account);
                by_account.insert((network, persons.account_ids.value(account)), person);
            }
        }
        Self { by_id, by_account }
    }

    /// The person with the id, or with the account that it names as `network:account_id`.
    fn find(&self, id: &str) -> Option<PersonIndex> {
        // The name of a network has no colon; the id of an account may have one.
        let account = || self.by_account.get(&id.split_once(':')?);
        self.by_id.get(id).or_else(account).copied()
    }
}

/// (person, value, topic, judgement).
type Grade = (PersonIndex, f64, Option<String>, Judgement);

/// (more influential person, other person, topic, judgement).
type Comparison = (PersonIndex, PersonIndex, Option<String>, Judgement);

/// The labels of one name.
#[derive(Default)]
struct NamedLabels {
    graded: Vec<Grade>,
    pairwise: Vec<Comparison>,
    /// Number of graded and of pairwise rows, about scored people or not.
    rows: [usize; 2],
}

/// Rows of `ground_truth` over persons.
#[derive(Default)]
struct LabelRows {
    by_name: BTreeMap<String, NamedLabels>,
    /// Without those by ineligible judges.
    rows: u64,
    /// Rows by ineligible judges.
    judge_ineligible: u64,
    not_scored: u64,
    /// Ids of people who are not scored.
    unmatched: UnmatchedIds,
    duplicates: u64,
}

/// A number for each judge of each label set, in order of their ids.
fn number_judges<'a>(
    names: &'a StringViewArray,
    judges: &'a StringViewArray,
    ineligible: &IneligibleIds,
) -> BTreeMap<&'a str, BTreeMap<&'a str, u32>> {
    let mut of_name: BTreeMap<&str, BTreeMap<&str, u32>> = BTreeMap::new();
    for (name, judge) in names.iter().zip(judges) {
        if let Some((name, judge)) = name.zip(judge.filter(|judge| !ineligible.contains(judge))) {
            of_name.entry(name).or_default().insert(judge, 0);
        }
    }
    for judges in of_name.values_mut() {
        judges.values_mut().zip(0..).for_each(|(number, next)| *number = next);
    }
    of_name
}

impl LabelRows {
    fn of(rows: &RecordBatch, persons: &Persons) -> Result<Self> {
        let lookup = PersonLookup::of(persons);
        let (names, forms, topics) =
            (text(rows, "truth")?, text(rows, "form")?, text(rows, "topic_id")?);
        let (winners, losers) = (text(rows, "person_id")?, text(rows, "loser_id")?);
        let values = numbers::<Float64Type>(rows, "value")?;
        let (judges, weights) = (text(rows, "judge")?, numbers::<Float64Type>(rows, "weight")?);
        let number_of = number_judges(names, judges, &persons.ineligible);
        let mut labels = Self::default();
        for row in 0..rows.num_rows() {
            let judge = judges.is_valid(row).then(|| judges.value(row));
            // As if the judge were not there.
            if judge.is_some_and(|judge| persons.ineligible.contains(judge)) {
                labels.judge_ineligible += 1;
                continue;
            }
            labels.rows += 1;
            let unmatched = &mut labels.unmatched;
            let mut person = |ids: &StringViewArray| {
                let found = lookup.find(ids.value(row));
                if found.is_none() {
                    unmatched.add("", ids.value(row));
                }
                found
            };
            let topic = topics.is_valid(row).then(|| topics.value(row).to_owned());
            let name = names.value(row);
            let judgement = Judgement {
                weight: if weights.is_valid(row) { weights.value(row) } else { 1.0 },
                judge: judge.and_then(|judge| number_of.get(name)?.get(judge).copied()),
            };
            let named = labels.by_name.entry(name.to_owned()).or_default();
            let pairwise = forms.value(row) == "pairwise";
            named.rows[usize::from(pairwise)] += 1;
            match (person(winners), pairwise) {
                // −0 becomes 0.
                (Some(one), false) => {
                    named.graded.push((one, values.value(row) + 0.0, topic, judgement));
                }
                (Some(one), true) => match person(losers) {
                    Some(other) => named.pairwise.push((one, other, topic, judgement)),
                    None => labels.not_scored += 1,
                },
                (None, _) => labels.not_scored += 1,
            }
        }
        labels.sort();
        Ok(labels)
    }

    /// Sorts the labels, duplicates once.
    fn sort(&mut self) {
        for NamedLabels { graded, pairwise, .. } in self.by_name.values_mut() {
            let all = graded.len() + pairwise.len();
            graded.sort_unstable_by(|one, other| {
                let subject = (one.0, &one.2).cmp(&(other.0, &other.2));
                subject.then(one.1.total_cmp(&other.1)).then(one.3.order(&other.3))
            });
            graded.dedup();
            pairwise.sort_unstable_by(|one, other| {
                let pair = (one.0, one.1, &one.2).cmp(&(other.0, other.1, &other.2));
                pair.then(one.3.order(&other.3))
            });
            pairwise.dedup();
            self.duplicates += (all - graded.len() - pairwise.len()) as u64;
        }
    }

    /// Label sets that contradict themselves.
    fn violations(&self) -> Vec<Error> {
        let mut violations = Vec::new();
        let mut report = |column: &str, rows: usize, cause: String, remedy: &str| {
            let cause = format!("input `{GROUND_TRUTH}`: truth {cause}");
            let violation = Error::bad_input(cause, remedy).in_table(GROUND_TRUTH);
            violations.push(violation.in_column(column).in_rows(rows as u64));
        };
        for (name, NamedLabels { graded, pairwise, rows }) in &self.by_name {
            let [graded_rows, pairwise_rows] = *rows;
            if graded_rows > 0 && pairwise_rows > 0 {
                let cause = format!(
                    "`{name}` is graded in {graded_rows} rows and pairwise in {pairwise_rows} rows"
                );
                let remedy = "give the two forms different names";
                report("form", graded_rows + pairwise_rows, cause, remedy);
            }
            let subject = |row: &Grade| (row.0, row.2.clone(), row.3.judge);
            let distinct = graded.iter().map(subject).collect::<BTreeSet<_>>().len();
            let twice = graded.len() - distinct;
            if twice > 0 {
                let cause = format!("`{name}` has {twice} further values of people that have one");
                let remedy = "keep one value of each person, topic and judge, all accounts of the person together, or name \
                              the judges in `judge`";
                report("value", twice, cause, remedy);
            }
            let with_self = pairwise.iter().filter(|(winner, loser, ..)| winner == loser).count();
            if with_self > 0 {
                let cause = format!("`{name}` compares people with themselves in {with_self} rows");
                let remedy = "leave out comparisons of accounts of one person";
                report("loser_id", with_self, cause, remedy);
            }
        }
        violations
    }

    fn into_sets(self) -> LabelSets {
        let set = |(name, named): (String, NamedLabels)| {
            let labels = match named.rows {
                [0, _] => Labels::Pairwise(named.pairwise),
                _ => Labels::Graded(named.graded),
            };
            LabelSet { name, labels }
        };
        let drops = vec![
            Dropped::suppressed(GROUND_TRUTH, "judge ineligible", self.judge_ineligible)
                .of(self.rows + self.judge_ineligible),
            Dropped::suppressed(GROUND_TRUTH, "person not scored", self.not_scored).of(self.rows),
            Dropped::exact(GROUND_TRUTH, "duplicate rows", self.duplicates)
                .of(self.rows - self.not_scored),
        ];
        let counted = "labels are about people who are scored";
        let join = (self.rows > 0).then(|| JoinRate::new(counted, self.rows, self.not_scored));
        LabelSets { sets: self.by_name.into_iter().map(set).collect(), drops, join }
    }
}
