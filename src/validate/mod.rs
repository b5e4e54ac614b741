//! How right scores are: held against what came after instants in the past, and against outside judgements, beside
//! simple counts of the same people.

mod compare;
pub mod metrics;

use std::fmt::Write as _;

use chrono::{Days, NaiveDate};
use comfy_table::{CellAlignment, Table};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use serde::Serialize;

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::forecast::interval::{cdf, randomised_pit};
use crate::hindsight::{Ahead, Hindsight, measured, mixed, outcomes, read_back, window_hours};
use crate::job::{Job, no_snapshot};
use crate::method::{FORWARD, Method};
use crate::read::{self, Faults, Form, People};
use crate::score::measures::Measures;
use crate::score::scores::{ESTABLISHED, per_person, scores};
pub use compare::{DRAWS, SEED};
use compare::{Fared, Group, Predictor, Told, compare};

/// Most instants from which it is looked ahead.
const INSTANTS: u32 = 5;
/// Simple counts that a score has to beat, as they stand in `measures`.
const BASELINES: [&str; 7] = [
    "followers_count",
    "posts_90d",
    "reactions_90d",
    "reactors_90d",
    "reactors_decayed",
    "audience_90d",
    "rank",
];
/// What a forecast says: trusted people who come.
const FORESEEN: &str = "future_trusted_reactors";
/// A number for everybody that has nothing to do with them.
const RANDOM: &str = "random";

/// How right scores are.
#[derive(Debug, Serialize)]
pub struct Validity {
    /// The snapshot.
    pub snapshot_date: String,
    /// Version of the method.
    pub method_version: String,
    /// Hours that are looked ahead.
    pub horizon_hours: u32,
    /// Instants from which it is looked ahead, in whole hours before the end of the snapshot, the latest first.
    pub instants_hours: Vec<u32>,
    /// Draws of the bootstrap.
    pub draws: u64,
    /// Their seed.
    pub seed: u64,
    /// What to know before relying on it.
    pub notes: Vec<String>,
    /// What was found, in order of truth, population and metric.
    pub rows: Vec<Row>,
}

/// One metric of one predictor against one truth in one population.
#[derive(Debug, Serialize)]
pub struct Row {
    /// What was compared with.
    pub truth: String,
    /// Who was compared.
    pub population: String,
    /// A profile, a measure or `random`.
    pub predictor: String,
    /// Name of the metric.
    pub metric: String,
    /// Its value, the mean over instants.
    pub value: f64,
    /// The middle 95 % of the bootstrap.
    pub interval: Option<(f64, f64)>,
    /// By how much it is above the best simple count; none for simple counts.
    pub difference: Option<Difference>,
    /// People compared, at the instant of most.
    pub people: u64,
}

/// A metric beside that of the best simple count, in hindsight.
#[derive(Debug, Serialize)]
pub struct Difference {
    /// The simple count.
    pub baseline: String,
    /// By how much the metric is above its.
    pub value: f64,
    /// The middle 95 % of the bootstrap, of pairs.
    pub interval: Option<(f64, f64)>,
}

/// Everybody at an instant: values by person.
struct Standing {
    predicted: Vec<Vec<f64>>,
    /// α of each forecast, of predictors that say how many come.
    overdispersion: Vec<Option<Vec<f64>>>,
    /// Reactors in the window, and in 90 days.
    reactors: [Vec<f64>; 2],
    trusted: Vec<bool>,
}

/// Measures how right the scores of a job are: at instants in the past against the people who reacted after them, and at
/// the end of the snapshot against the truths of `ground_truth`.
///
/// # Errors
/// [`crate::error::Kind::Usage`] if no snapshot is named; [`crate::error::Kind::BadInput`] if the data reach back for
/// no instant and there is no truth, and as a run.
pub async fn validate(engine: &Engine, job: &Job) -> Result<Validity> {
    let day = job.snapshot.ok_or_else(no_snapshot)?;
    let horizon = job.method.forecast.horizon_hours;
    let every = job.fit.every_hours.unwrap_or((horizon / 4).max(1));
    let back = horizon.saturating_add(every.saturating_mul(INSTANTS - 1));
    let people = read_back(engine, job, day, back).await?;
    let truths = read::truths(engine, job, &people.persons, &mut Faults::stop()).await?;
    tokio::task::block_in_place(|| {
        let predictors = predictors(job);
        let reach = people.reach_hours();
        let instants = (0..INSTANTS).map(|index| horizon + index * every);
        // Before an instant there must be as long a time as after it.
        let instants: Vec<u32> = instants.filter(|hours| hours + horizon <= reach).collect();
        if instants.is_empty() && truths.truths.is_empty() {
            return Err(Error::bad_input(
                format!(
                    "interactions reach back {reach} hours from the end of the snapshot; looking {horizon} hours ahead \
                     takes {}",
                    2 * horizon
                ),
                "give a longer time, a method with a shorter `forecast.horizon_hours`, or `ground_truth`",
            )
            .in_table("interactions"));
        }
        let mut hindsight = Hindsight::of(people);
        let mut rows = forward(&mut hindsight, job, &predictors, &instants)?;
        let mut notes = vec![NO_CAUSE.to_owned()];
        if !instants.is_empty() {
            notes.push(STATED.to_owned());
        }
        let names = truths.truths.iter().map(|truth| truth.name.as_str());
        notes.extend(seen(&job.method, day, &instants, names));
        if !truths.truths.is_empty() {
            hindsight.look_from(0, window_hours(&job.method));
            let standing = Standing::of(hindsight.people(), job, &predictors)?;
            for truth in truths.truths {
                let (groups, on_topics) = standing.judged(truth.form);
                if on_topics > 0 {
                    notes.push(format!(
                        "truth `{}`: {on_topics} judgements on topics are left out: scores are of influence as a whole",
                        truth.name
                    ));
                }
                for (population, group) in groups {
                    rows.extend(compare(&truth.name, population, &predictors, &[group]));
                }
            }
        }
        Ok(Validity {
            snapshot_date: day.to_string(),
            method_version: job.method.version.clone(),
            horizon_hours: horizon,
            instants_hours: instants,
            draws: DRAWS,
            seed: SEED,
            notes,
            rows,
        })
    })
}

/// Agreement is not cause.
const NO_CAUSE: &str = "a forecast is not a cause: those who are reacted to may be like those who react, and would be \
                        reacted to by them all the same";
/// What accounts state is of a later day than the instants.
const STATED: &str = "followers_count is what accounts stated at the end of the snapshot: at earlier instants it knows \
                      what came after";

/// That the method was fitted to what it is held against, as far as its record tells.
fn seen<'a>(
    method: &Method,
    day: NaiveDate,
    instants: &[u32],
    mut truths: impl Iterator<Item = &'a str>,
) -> Option<String> {
    let record = method.fit.as_ref()?;
    let version = &method.version;
    if record.truth != FORWARD {
        return truths.any(|name| name == record.truth).then(|| {
            format!(
                "method `{version}` was fitted to `{}`: agreement with it is no proof",
                record.truth
            )
        });
    }
    let last: NaiveDate = record.snapshot.parse().ok()?;
    let oldest = day.checked_sub_days(Days::new(u64::from(*instants.last()?) / 24))?;
    (last > oldest).then(|| {
        format!(
            "method `{version}` was fitted to data up to {last}: if they are these, it has seen what came after the instants"
        )
    })
}

/// What is held against the truths: every profile, simple counts, and chance.
fn predictors(job: &Job) -> Vec<Predictor> {
    let of = |name: &str, is_baseline| Predictor { name: name.to_owned(), is_baseline };
    let profiles = job.profiles.iter().map(|profile| of(&profile.name, false));
    let baselines = BASELINES.iter().map(|name| of(name, true));
    profiles.chain(baselines).chain([of(RANDOM, true)]).collect()
}

impl Standing {
    fn of(people: &People, job: &Job, predictors: &[Predictor]) -> Result<Self> {
        let persons = &people.persons;
        let (trust, measures) = measured(people, job)?;
        let mut predicted = Vec::with_capacity(predictors.len());
        let mut overdispersion = Vec::with_capacity(predictors.len());
        for predictor in predictors {
            let profile = job.profiles.iter().find(|profile| profile.name == predictor.name);
            let mut spread = None;
            predicted.push(match (profile, predictor.name.as_str()) {
                (Some(profile), _) => {
                    let own = scores(persons, &measures, &trust, profile)?;
                    let foresees = !profile.truth && !profile.structural;
                    spread = foresees.then_some(own.overdispersion);
                    own.expected_reactors
                }
                (None, RANDOM) => {
                    let mut random = Xoshiro256PlusPlus::seed_from_u64(SEED);
                    (0..persons.len()).map(|_| (random.next_u64() >> 11) as f64).collect()
                }
                (None, measure) => of_persons(people, &measures, measure)?,
            });
            overdispersion.push(spread);
        }
        let reactors = [
            of_persons(people, &measures, "reactors_window")?,
            of_persons(people, &measures, "reactors_90d")?,
        ];
        Ok(Self { predicted, overdispersion, reactors, trusted: trust.trusted })
    }

    /// The populations, with whether each person is in them.
    fn populations(&self) -> [(&'static str, Vec<bool>); 3] {
        let [window, days] = &self.reactors;
        [
            ("all", vec![true; window.len()]),
            ("active", window.iter().map(|reactors| *reactors > 0.0).collect()),
            ("established", days.iter().map(|reactors| *reactors >= ESTABLISHED).collect()),
        ]
    }

    /// The values of the people of these numbers.
    fn group(&self, person: Vec<u32>, told: Told) -> Group {
        let of = |values: &Vec<f64>| person.iter().map(|p| values[*p as usize]).collect();
        let predicted = self.predicted.iter().map(of).collect();
        Group { predicted, fared: self.predicted.iter().map(|_| None).collect(), person, told }
    }

    /// How each predictor that says how many come fared in a group to which so many `came`.
    fn fared(&self, group: &Group, came: &[f64]) -> Vec<Option<Fared>> {
        let of_predictor = |(expected, spread): (&Vec<f64>, &Option<Vec<f64>>)| {
            let spread = spread.as_ref()?;
            let law = |(person, came): (&u32, &f64)| {
                let (expected, spread) = (expected[*person as usize], spread[*person as usize]);
                let uniform = f64::from(mixed(*person)) / (f64::from(u32::MAX) + 1.0);
                let transform = randomised_pit(expected, spread, *came, uniform);
                let anybody = 1.0 - cdf(expected, spread, 0.0);
                let off = anybody - f64::from(u8::from(*came > 0.0));
                (f64::from(u8::from((0.05..0.95).contains(&transform))), off * off)
            };
            let (covered, brier) = group.person.iter().zip(came).map(law).unzip();
            Some(Fared { covered, brier })
        };
        self.predicted.iter().zip(&self.overdispersion).map(of_predictor).collect()
    }

    /// The people of a truth in each population, and how many judgements are on topics.
    fn judged(&self, form: Form) -> (Vec<(&'static str, Group)>, usize) {
        let mut groups = Vec::new();
        let mut on_topics = 0;
        for (population, member) in self.populations() {
            let is_member = |person: u32| member[person as usize];
            match &form {
                Form::Graded(rows) => {
                    let whole = rows.iter().filter(|row| row.2.is_none());
                    on_topics = rows.len() - whole.clone().count();
                    let own = whole.filter(|row| is_member(row.0));
                    let (person, values): (Vec<u32>, Vec<f64>) =
                        own.map(|row| (row.0, row.1)).unzip();
                    groups.push((population, self.group(person, Told::Graded(values))));
                }
                Form::Pairwise(rows) => {
                    let whole = rows.iter().filter(|row| row.2.is_none());
                    on_topics = rows.len() - whole.clone().count();
                    let own = whole.filter(|row| is_member(row.0) && is_member(row.1));
                    let own: Vec<[u32; 2]> = own.map(|row| [row.0, row.1]).collect();
                    let mut person: Vec<u32> = own.iter().flatten().copied().collect();
                    person.sort_unstable();
                    person.dedup();
                    let place = |number| person.partition_point(|p| *p < number) as u32;
                    let pairs = own.iter().map(|[one, other]| (place(*one), place(*other)));
                    let pairs = pairs.collect();
                    groups.push((population, self.group(person, Told::Pairs(pairs))));
                }
            }
        }
        groups.retain(|(_, group)| group.person.len() > 1);
        (groups, on_topics)
    }
}

/// A measure of each person, summed over their networks.
fn of_persons(people: &People, measures: &Measures, name: &str) -> Result<Vec<f64>> {
    let column = measures.values(name)?;
    let of_vertex: Vec<f64> = column.iter().map(|value| value.unwrap_or(0.0)).collect();
    Ok(per_person(&people.persons, &of_vertex))
}

/// Scores of instants in the past against those who came after: the trusted ones, who are what is foreseen, and all.
fn forward(
    hindsight: &mut Hindsight,
    job: &Job,
    predictors: &[Predictor],
    instants: &[u32],
) -> Result<Vec<Row>> {
    let method = &job.method;
    let outcomes = outcomes(method);
    let truths = [FORESEEN, "future_reactors"];
    // (truth, population) → groups.
    let mut groups: Vec<(&str, &str, Vec<Group>)> = Vec::new();
    for hours in instants {
        hindsight.look_from(*hours, window_hours(method));
        let persons = &hindsight.people().persons;
        let standing = Standing::of(hindsight.people(), job, predictors)?;
        let ahead = Ahead {
            hours: *hours,
            horizon_hours: method.forecast.horizon_hours,
            outcomes: &outcomes,
            trusted: &standing.trusted,
        };
        let mut there = vec![false; persons.len()];
        let mut came = [vec![0.0; persons.len()], vec![0.0; persons.len()]];
        for (vertex, person) in persons.vertex_persons.iter().enumerate() {
            there[*person as usize] |= hindsight.was_there(vertex, *hours);
            for (sums, own) in came.iter_mut().zip(hindsight.came(vertex, &ahead)) {
                sums[*person as usize] += own;
            }
        }
        for (truth, came) in truths.iter().zip(&came) {
            for (population, member) in standing.populations() {
                let own = |p: &u32| there[*p as usize] && member[*p as usize];
                let person: Vec<u32> = (0..persons.len() as u32).filter(own).collect();
                let told: Vec<f64> = person.iter().map(|p| came[*p as usize]).collect();
                let mut group = standing.group(person, Told::Came(told.clone()));
                if *truth == FORESEEN {
                    group.fared = standing.fared(&group, &told);
                }
                match groups.iter_mut().find(|(t, p, _)| (*t, *p) == (*truth, population)) {
                    Some((.., groups)) => groups.push(group),
                    None => groups.push((truth, population, vec![group])),
                }
            }
        }
    }
    groups.sort_by_key(|(truth, ..)| *truth != truths[0]);
    let rows = groups
        .iter()
        .flat_map(|(truth, population, groups)| compare(truth, population, predictors, groups));
    Ok(rows.collect())
}

/// What was found, for people to read: of each metric the profiles, the best simple count and chance.
pub fn render(validity: &Validity) -> String {
    let mut page = format!(
        "{} on {}: looked {} hours ahead from {} instants; intervals of 95 % by {} draws of people\n",
        validity.method_version,
        validity.snapshot_date,
        validity.horizon_hours,
        validity.instants_hours.len(),
        validity.draws
    );
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table.set_header([
        "truth",
        "population",
        "people",
        "metric",
        "predictor",
        "value",
        "95 %",
        "above the best count",
    ]);
    let between = |interval: Option<(f64, f64)>| {
        interval.map_or(String::new(), |(low, high)| format!("{low:.3} to {high:.3}"))
    };
    for row in &validity.rows {
        let of_own = row.difference.as_ref();
        let best = validity.rows.iter().any(|own| {
            (&own.truth, &own.population, &own.metric) == (&row.truth, &row.population, &row.metric)
                && own.difference.as_ref().is_some_and(|d| d.baseline == row.predictor)
        });
        if BASELINES.contains(&&*row.predictor) && !best {
            continue;
        }
        table.add_row([
            row.truth.clone(),
            row.population.clone(),
            row.people.to_string(),
            row.metric.clone(),
            row.predictor.clone(),
            format!("{:.3}", row.value),
            between(row.interval),
            of_own.map_or(String::new(), |d| format!("{:+.3} ({})", d.value, between(d.interval))),
        ]);
    }
    for column in [2, 5] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let _ = writeln!(page, "\n{table}\n");
    for note in &validity.notes {
        let _ = writeln!(page, "{note}");
    }
    page
}
