//! What is held against the truths: every profile, simple counts, and chance.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

use super::ALL;
use super::compare::{Kind, Predictor};
use super::round::{Column, Fared, Round, Told};
use crate::error::{Error, Result};
use crate::job::Job;
use crate::model::People;
use crate::pipeline::backtest::Backtest;
use crate::pipeline::measure::Measured;
use crate::pipeline::sample::mix32;
use crate::propagate::Trust;
use crate::score::measures::Measures;
use crate::score::scores::{ESTABLISHED, score_people};
use renown_stats::predictive::{cdf, randomised_pit};

/// Simple counts that a score has to beat, as they stand in `measures`; with them the columns `measure_*` of the job.
const BASELINES: [&str; 9] = [
    "followers_count",
    "followers",
    "posts_90d",
    "reactions_90d",
    "reactors_90d",
    "reactors_decayed",
    "audience_90d",
    "pagerank",
    "follow_pagerank",
];
/// A number for everybody that has nothing to do with them.
pub(super) const RANDOM: &str = "random";

/// The profiles of each of the `jobs`, then the baselines.
pub(super) fn predictors(jobs: &[Job], people: &People) -> Vec<Predictor> {
    let of = |name: &str, method: usize, kind| Predictor {
        name: name.to_owned(),
        method,
        version: jobs[method].method.version.clone(),
        kind,
    };
    let profiles = jobs
        .iter()
        .enumerate()
        .flat_map(|(method, job)| job.profiles.iter().map(move |profile| (&*profile.name, method)));
    let profiles = profiles.map(|(name, method)| of(name, method, Kind::Score));
    let own = people.account_stats.custom.iter().map(|(name, _)| name.as_str());
    let counts = BASELINES.into_iter().chain(own).map(|name| of(name, 0, Kind::Count));
    profiles.chain(counts).chain([of(RANDOM, 0, Kind::Chance)]).collect()
}

/// Everybody at an instant: values by person, as runs of the jobs would have found them.
pub(super) struct Standing {
    /// What each predictor says. Lengths: persons.
    pub predicted: Vec<Vec<f64>>,
    /// α of each forecast, of predictors that say how many come.
    overdispersion: Vec<Option<Vec<f64>>>,
    /// Whom the first job's method trusts.
    pub trust: Trust,
    /// The measures of each job.
    pub measures: Vec<Measures>,
    /// Whether anybody reacted within its window.
    pub active: Vec<bool>,
    /// Reactors within 90 days.
    pub reactors: Vec<f64>,
}

impl Standing {
    /// Everybody so many hours before the end of the data.
    ///
    /// # Errors
    /// As [`Backtest::measure`].
    pub fn at(
        hindsight: &mut Backtest,
        hours: u32,
        jobs: &[Job],
        predictors: &[Predictor],
    ) -> Result<Self> {
        let (mut predicted, mut overdispersion) = (vec![], vec![]);
        let (mut first, mut measures) = (None, vec![]);
        for job in jobs {
            hindsight.set_as_of(hours, job.method.window_hours());
            let Measured { trust, measures: own, .. } = hindsight.measure(job)?;
            let people = hindsight.people();
            for profile in &job.profiles {
                let found = score_people(&people.persons, &own, &trust, profile)?;
                let foresees = !profile.fitted_to_labels && !profile.structural;
                predicted.push(found.expected_reactors);
                overdispersion.push(foresees.then_some(found.overdispersion));
            }
            first.get_or_insert(trust);
            measures.push(own);
        }
        let trust = first.ok_or_else(|| Error::internal("no job is validated"))?;
        let people = hindsight.people();
        for baseline in predictors.iter().filter(|predictor| predictor.kind != Kind::Score) {
            predicted.push(match baseline.kind {
                Kind::Chance => random(people.persons.len()),
                _ => of_persons(people, &measures[0], &baseline.name)?,
            });
            overdispersion.push(None);
        }
        let window = of_persons(people, &measures[0], "reactors_window")?;
        Ok(Self {
            predicted,
            overdispersion,
            trust,
            active: window.iter().map(|reactors| *reactors > 0.0).collect(),
            reactors: of_persons(people, &measures[0], "reactors_90d")?,
            measures,
        })
    }

    /// Whether each person belongs to each population.
    pub fn populations(&self) -> [(&'static str, Vec<bool>); 3] {
        let established = self.reactors.iter().map(|reactors| *reactors >= ESTABLISHED).collect();
        [
            (ALL, vec![true; self.reactors.len()]),
            (ACTIVE, self.active.clone()),
            ("established", established),
        ]
    }

    /// These people, of whom something is told.
    pub fn round(&self, person: Vec<u32>, told: Told) -> Round {
        let of = |values: &Vec<f64>| {
            Column::of(person.iter().map(|person| values[*person as usize]).collect())
        };
        let predicted: Vec<Column> = self.predicted.par_iter().map(of).collect();
        Round { fared: predicted.iter().map(|_| None).collect(), predicted, person, told }
    }

    /// How each predictor that says how many come fared with the people of a round, to whom so many `came`.
    pub fn fared(&self, person: &[u32], came: &[f64]) -> Vec<Option<Fared>> {
        let of_predictor = |(expected, spread): (&Vec<f64>, &Option<Vec<f64>>)| {
            let spread = spread.as_ref()?;
            let law = |(person, came): (&u32, &f64)| {
                let (expected, spread) = (expected[*person as usize], spread[*person as usize]);
                let uniform = f64::from(mix32(*person)) / (f64::from(u32::MAX) + 1.0);
                let transform = randomised_pit(expected, spread, *came, uniform);
                let anybody = 1.0 - cdf(expected, spread, 0.0);
                let off = anybody - f64::from(u8::from(*came > 0.0));
                (libm::log(expected), (transform, off * off))
            };
            let (logs, (transform, brier)) = person.par_iter().zip(came).map(law).unzip();
            Some(Fared { logs, transform, brier, tenth: vec![0; person.len()] })
        };
        self.predicted.iter().zip(&self.overdispersion).map(of_predictor).collect()
    }
}

/// The population that is parted further.
pub(super) const ACTIVE: &str = "active";

fn random(persons: usize) -> Vec<f64> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
    (0..persons).map(|_| (random.next_u64() >> 11) as f64).collect()
}

/// A measure of each person, summed over their networks.
pub(super) fn of_persons(people: &People, measures: &Measures, name: &str) -> Result<Vec<f64>> {
    let column = measures.values(name)?;
    let of_vertex: Vec<f64> = column.iter().map(|value| value.unwrap_or(0.0)).collect();
    Ok(people.persons.sum_by_person(&of_vertex))
}
