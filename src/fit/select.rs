//! Which measures, and how far drawn to the best single count: chosen by what came later.
//!
//! For each of the last origins the forecast is fitted on those whose horizon had ended by then, and held against what
//! came after it (Tashman 2000, *Out-of-sample tests of forecasting accuracy*, §3): never on rows of another person at
//! the same time. [`taken`] tells which of all that is tried is taken. The best single measure is tried too, so that the
//! fit ends there where nothing is better.

use std::ops::Range;

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::method::Validation;
use crate::pipeline::sample::mix32;
use renown_stats::correlation::spearman;
use renown_stats::error::FitError;
use renown_stats::overdispersion::Dispersion;
use renown_stats::predictive_distribution::{log_score, randomised_pit};
use renown_stats::ranking::Ranking;
use renown_stats::regression::{self, RegressionFit, RegressionProblem};
use renown_stats::resampling::jackknife_error;

use super::origins::{Rows, by_origin};

/// Scales of the logarithm of counts that are tried: the smaller, the farther is one reactor from none, beside the tenth
/// from the ninth.
const OFFSETS: [f64; 3] = [0.03, 0.1, 0.3];
/// Ridges that are tried.
const RIDGES: [f64; 4] = [0.001, 0.01, 0.1, 1.0];
/// Origins that are fitted to at a time, the latest ones.
const FITTED: usize = 8;
/// Origins that are held against what came after.
const VALIDATED: usize = 5;
/// Origins over whose levels the forecast's own is the mean.
const LEVELS: usize = 3;
/// Twice all counts come with at most 2^1.25 times the reactors: from none to one more than in proportion.
const ELASTICITY: f64 = 1.25;
/// Measures that are tried alone.
const ALONE: usize = 5;
/// Share of what the best log score gains over that of the best single measure that counts as all of it.
const KEPT: f64 = 0.9;
/// Difference of two rank correlations that matters.
const TOLD: f64 = 0.02;
/// Groups of people, of which the jackknife leaves out one after the other.
const GROUPS: u32 = 20;
/// Distinct people, the measures that a fit of few begins with.
const DISTINCT: [&str; 5] = [
    "credited_reactors_7d",
    "credited_reactors_30d",
    "credited_reactors_90d",
    "credited_reactors_window",
    "credited_reactors_decayed",
];

/// The rows of a fit, transformed.
pub(super) struct Data<'a> {
    pub rows: &'a Rows,
    /// Scale of the logarithm.
    pub offset: f64,
    /// φ of each measure, column after column.
    pub columns: Vec<Vec<f64>>,
    /// Rows of each origin, which stand together.
    pub ranges: Vec<Range<usize>>,
    pub networks: usize,
    active: Vec<Active>,
}

/// Active people of an origin.
struct Active {
    /// Their rows.
    rows: Vec<usize>,
    /// Their order by trusted people who came, and by all.
    came: [Ranking; 2],
}

/// A forecast that could be: some measures, of which one is not shrunk.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Candidate {
    /// Indices of measures; the first is the anchor.
    pub measures: Vec<usize>,
    /// λ.
    pub ridge: f64,
}

/// A forecast fitted to some origins.
pub(super) struct Fitted {
    pub fit: RegressionFit,
    /// How far what comes is from it.
    pub dispersion: Dispersion,
    /// Level of each network.
    pub levels: Vec<f64>,
}

/// The best candidate, and how good it and its anchor alone were.
pub(super) struct Choice {
    pub candidate: Candidate,
    pub validation: Validation,
    /// All that was tried, the best single measure first.
    pub tried: Vec<TriedForecast>,
}

/// A forecast that was tried.
#[derive(Clone, Debug, PartialEq)]
pub struct TriedForecast {
    /// The measures, the one that is not shrunk first.
    pub measures: Vec<&'static str>,
    /// λ.
    pub ridge: f64,
    /// Mean log probability of what came.
    pub log_score: f64,
    /// Rank correlation with what came among active people.
    pub agreement: f64,
    /// By how much that is below the best single measure's, and its standard error, if both are known.
    pub behind: Option<(f64, f64)>,
    /// Whether the log probability of what came is above that of the best single measure at every origin.
    pub every_origin: bool,
}

/// Which of `tried`, of which the first is the best single measure, is taken.
///
/// Those are left that rank active people no worse than the best single measure does, a standard error aside. Several
/// measures must foresee better at every origin, since what is right in a rise alone is wrong in the fall; and where the
/// ranks are so well known that a difference of [`TOLD`] would show, they must rank better, two standard errors aside:
/// else the one measure forecasts as well and is kept. Of what is left, those with nine tenths of what the best log score gains (Gneiting & Raftery 2007, *Strictly Proper Scoring
/// Rules*, §4.1); and of these the one that ranks active people best.
fn taken(tried: &[TriedForecast]) -> usize {
    let as_good = |one: &TriedForecast| {
        let Some((behind, error)) = one.behind else { return false };
        let proven = one.measures.len() == 1 || 2.0 * error > TOLD || behind + 2.0 * error < 0.0;
        behind <= error && proven && (one.measures.len() == 1 || one.every_origin)
    };
    let left: Vec<usize> = (0..tried.len()).filter(|at| as_good(&tried[*at])).collect();
    let gain = |at: &usize| tried[*at].log_score - tried[0].log_score;
    let most = left.iter().map(gain).fold(0.0, f64::max);
    let left = left.into_iter().filter(|at| gain(at) >= KEPT * most);
    // Of equals the first, which is of fewest measures. The best single measure is always left where nothing gains.
    let agreement = |at: &usize| tried[*at].agreement;
    left.reduce(|one, next| if agreement(&next) > agreement(&one) { next } else { one })
        .unwrap_or(0)
}

/// Which of `tried` is taken where none may be left out: of those with most measures the one with the best log score.
fn best_of_all(tried: &[TriedForecast]) -> usize {
    let key = |at: &usize| (tried[*at].measures.len(), tried[*at].log_score);
    let better = |one: usize, next: usize| if key(&next) > key(&one) { next } else { one };
    (0..tried.len()).reduce(better).unwrap_or(0)
}

impl<'a> Data<'a> {
    /// Transforms the rows with the scale that foresees best, by the log score of a fit of distinct people; `ready` as in
    /// [`Data::choose`].
    pub(super) fn of(rows: &'a Rows, ready: &[usize], networks: usize) -> Result<Self> {
        let mut best: Option<(f64, Self)> = None;
        for offset in OFFSETS {
            let data = Self::with(rows, offset, ready.len(), networks);
            let measures: Vec<usize> = data.sets(None).into_iter().next().unwrap_or_default();
            let candidate = Candidate { measures, ridge: RIDGES[0] };
            let validated = data.validated(ready);
            let found = data.validate(&candidate, &validated, ready)?.validation.log_score;
            if best.as_ref().is_none_or(|(log_score, _)| found > *log_score) {
                best = Some((found, data));
            }
        }
        best.map(|(_, data)| data).ok_or_else(|| Error::internal("no scale was tried"))
    }

    fn with(rows: &'a Rows, offset: f64, origins: usize, networks: usize) -> Self {
        let transformed =
            |values: &Vec<f64>| values.iter().map(|value| libm::log1p(value / offset)).collect();
        let of_origin = by_origin(rows, origins);
        let ranges = (0..origins).map(|origin| of_origin.range(origin)).collect();
        let columns = rows.values.iter().map(transformed).collect();
        let active = (0..origins).map(|origin| {
            let own = of_origin.range(origin).filter(|row| rows.active[*row]);
            let own: Vec<usize> = own.collect();
            let came = [&rows.trusted, &rows.all]
                .map(|came| Ranking::new(&own.iter().map(|row| came[*row]).collect::<Vec<f64>>()));
            Active { rows: own, came }
        });
        Self { rows, offset, columns, ranges, networks, active: active.collect() }
    }

    /// Rows of the latest origins of `origins`, as many as are fitted to.
    fn fitted(&self, origins: Range<usize>) -> Range<usize> {
        let first = origins.start.max(origins.end.saturating_sub(FITTED));
        self.ranges[first].start..self.ranges[origins.end - 1].end
    }

    /// The origins that are held against what came after: the last ones before which anything came that could be fitted to.
    fn validated(&self, ready: &[usize]) -> Vec<usize> {
        let any = |rows: Range<usize>| self.rows.trusted[rows].iter().any(|outcome| *outcome > 0.0);
        let fits = |origin: &usize| ready[*origin] > 0 && any(self.fitted(0..ready[*origin]));
        (0..ready.len()).rev().filter(fits).take(VALIDATED).collect()
    }

    /// Fits a candidate to some origins.
    pub(super) fn fit(&self, candidate: &Candidate, origins: Range<usize>) -> Result<Fitted> {
        self.with_problem(candidate, origins.clone(), |problem, first| {
            let fit = regression::fit(problem, None).map_err(not_fitted)?;
            let dispersion = regression::fit_dispersion(problem, &fit).map_err(not_fitted)?;
            let levels = self.levels(&fit, first, origins.end);
            Ok(Fitted { fit, dispersion, levels })
        })
    }

    /// Standard errors of a candidate's coefficients, rows of one person together.
    pub(super) fn errors(
        &self,
        candidate: &Candidate,
        origins: Range<usize>,
        fit: &RegressionFit,
    ) -> Result<Vec<Option<f64>>> {
        let rows = self.fitted(origins.clone());
        self.with_problem(candidate, origins, |problem, _| {
            let people = &self.rows.person[rows.clone()];
            regression::standard_errors(problem, fit, people).map_err(not_fitted)
        })
    }

    fn with_problem<T>(
        &self,
        candidate: &Candidate,
        origins: Range<usize>,
        solve: impl FnOnce(&RegressionProblem<'_>, usize) -> Result<T>,
    ) -> Result<T> {
        let rows = self.fitted(origins);
        if rows.is_empty() {
            return Err(not_fitted(FitError::Empty));
        }
        let first = self.rows.origin[rows.start] as usize;
        let group = |row: usize| {
            let origin = self.rows.origin[row] as usize - first;
            (origin * self.networks) as u32 + self.rows.network[row]
        };
        let groups: Vec<u32> = rows.clone().map(group).collect();
        let ridged: Vec<bool> = (0..candidate.measures.len()).map(|own| own > 0).collect();
        let problem = RegressionProblem {
            columns: candidate.measures.iter().map(|k| &self.columns[*k][rows.clone()]).collect(),
            groups: &groups,
            outcomes: &self.rows.trusted[rows.clone()],
            nonnegative: &vec![true; candidate.measures.len()],
            ridge: candidate.ridge,
            ridged: &ridged,
            max_elasticity: Some(ELASTICITY),
        };
        solve(&problem, first)
    }

    /// The level of each network to go on with: the mean over the last origins.
    fn levels(&self, fit: &RegressionFit, first: usize, end: usize) -> Vec<f64> {
        let recent = end.saturating_sub(LEVELS).max(first)..end;
        let of_network = |network: usize| {
            let levels = recent
                .clone()
                .filter_map(|origin| fit.levels.get((origin - first) * self.networks + network));
            let levels: Vec<f64> = levels.copied().collect();
            levels.iter().fold(0.0, |sum, level| sum + level) / levels.len().max(1) as f64
        };
        (0..self.networks).map(of_network).collect()
    }

    /// The forecast of each row of an origin.
    fn forecast(&self, candidate: &Candidate, fitted: &Fitted, rows: Range<usize>) -> Vec<f64> {
        let expected = |row: usize| {
            let level = fitted.levels[self.rows.network[row] as usize];
            let parts = candidate.measures.iter().zip(&fitted.fit.coefficients);
            libm::exp(parts.fold(level, |sum, (k, slope)| sum + slope * self.columns[*k][row]))
        };
        rows.map(expected).collect()
    }

    /// Active people of each origin, in the order of `values`, which has one of each row.
    fn ordered(&self, origins: &[usize], values: &[f64]) -> Vec<Ranking> {
        let of_origin = |origin: &usize| {
            let own: Vec<f64> = self.active[*origin].rows.iter().map(|row| values[*row]).collect();
            Ranking::new(&own)
        };
        origins.par_iter().map(of_origin).collect()
    }

    /// Mean over origins and over trusted and all reactors of Spearman's ρ with an order of active people that are
    /// `kept`; none if what came was the same for all of them.
    fn agreement(
        &self,
        origins: &[usize],
        orders: &[Ranking],
        kept: impl Fn(usize) -> bool + Sync,
    ) -> Option<f64> {
        let of_origin = |(origin, own): (&usize, &Ranking)| {
            let Active { rows, came } = &self.active[*origin];
            let times: Vec<u32> = rows.iter().map(|row| u32::from(kept(*row))).collect();
            // Where nobody differs in what came, nothing could be told; what does not tell people apart told nothing.
            let came = came.iter().filter(|came| came.varies(&times));
            came.map(|came| spearman(own, came, &times).unwrap_or(0.0)).collect::<Vec<f64>>()
        };
        let found: Vec<Vec<f64>> = origins.par_iter().zip(orders).map(of_origin).collect();
        let (sum, count) =
            found.iter().flatten().fold((0.0, 0.0), |(s, n), one| (s + one, n + 1.0));
        (count > 0.0).then(|| sum / count)
    }

    /// Chooses a candidate, of all measures unless it may `select`; `ready` gives for each origin how many of the first ones had
    /// their outcome by then.
    pub(super) fn choose(&self, ready: &[usize], select: bool) -> Result<Choice> {
        let validated = self.validated(ready);
        let alone = self.best_alone(&validated)?;
        let anchor = alone[0];
        let best = self.ordered(&validated, &self.columns[anchor]);
        let mut tried = Vec::new();
        for candidate in self.candidates(&alone) {
            let found = self.validate(&candidate, &validated, ready)?;
            tried.push((candidate, found));
        }
        let of_anchor = &tried[0].1;
        let told = tried.iter().map(|(candidate, found)| TriedForecast {
            measures: candidate.measures.iter().map(|k| self.rows.names[*k]).collect(),
            ridge: candidate.ridge,
            log_score: found.validation.log_score,
            agreement: found.validation.agreement,
            behind: self.behind(&validated, &best, &self.ordered(&validated, &found.forecast)),
            every_origin: found.log_scores.iter().zip(&of_anchor.log_scores).all(|(f, a)| f > a),
        });
        let told: Vec<TriedForecast> = told.collect();
        let chosen = if select { taken(&told) } else { best_of_all(&told) };
        let validation = Validation {
            log_score_anchor: of_anchor.validation.log_score,
            agreement_anchor: of_anchor.validation.agreement,
            ..tried[chosen].1.validation.clone()
        };
        Ok(Choice { candidate: tried[chosen].0.clone(), validation, tried: told })
    }

    /// The measures that alone rank active people best at the origins, the best first.
    fn best_alone(&self, origins: &[usize]) -> Result<Vec<usize>> {
        let of_measure =
            |k: usize| self.agreement(origins, &self.ordered(origins, &self.columns[k]), |_| true);
        let found = (0..self.columns.len()).filter_map(|k| Some((k, of_measure(k)?)));
        let mut found: Vec<(usize, f64)> = found.collect();
        found.sort_by(|one, other| other.1.total_cmp(&one.1));
        let mut best: Vec<usize> = Vec::new();
        for (k, _) in found {
            if best.iter().all(|own| self.columns[*own] != self.columns[k]) {
                best.push(k);
            }
        }
        best.truncate(ALONE);
        match best.is_empty() {
            false => Ok(best),
            true => Err(Error::bad_input(
                "at none of the last origins did active people differ in who reacted to them after",
                "give data with more interactions, or a method with another horizon",
            )),
        }
    }

    /// By how much an order of active people is worse than the `best` one, and its standard error: the jackknife over groups
    /// of people (Efron & Tibshirani 1993, *An Introduction to the Bootstrap*, §11.5); none as there.
    fn behind(&self, origins: &[usize], best: &[Ranking], own: &[Ranking]) -> Option<(f64, f64)> {
        let difference = |left_out: u32| {
            let kept = |row: usize| group(self.rows.person[row]) != left_out;
            Some(self.agreement(origins, best, kept)? - self.agreement(origins, own, kept)?)
        };
        let without: Vec<f64> = (0..GROUPS).map(difference).collect::<Option<_>>()?;
        // No group has this number.
        Some((difference(GROUPS)?, jackknife_error(&without)))
    }

    /// What is tried: the best measures alone, and both sets with each ridge, drawn to the best.
    fn candidates(&self, alone: &[usize]) -> Vec<Candidate> {
        let single = |k: &usize| Candidate { measures: vec![*k], ridge: 0.0 };
        let mut all: Vec<Candidate> = alone.iter().map(single).collect();
        for measures in self.sets(Some(alone[0])) {
            all.extend(RIDGES.map(|ridge| Candidate { measures: measures.clone(), ridge }));
        }
        all
    }

    /// Sets of measures that are tried: distinct people of several times, and all; each with the anchor, if any, first and
    /// without those that are as another one in every row.
    fn sets(&self, anchor: Option<usize>) -> Vec<Vec<usize>> {
        let distinct = |k: &usize| DISTINCT.contains(&self.rows.names[*k]);
        let all = 0..self.columns.len();
        let sets = [all.clone().filter(distinct).collect::<Vec<usize>>(), all.collect()];
        let with_anchor = |set: Vec<usize>| {
            let mut measures: Vec<usize> = anchor.into_iter().collect();
            for k in set {
                if measures.iter().all(|own| self.columns[*own] != self.columns[k]) {
                    measures.push(k);
                }
            }
            measures
        };
        let mut sets: Vec<Vec<usize>> = sets.into_iter().map(with_anchor).collect();
        sets.retain(|set| set.len() > 1);
        sets
    }

    /// How good a candidate is at some origins, fitted to those before.
    fn validate(&self, candidate: &Candidate, origins: &[usize], ready: &[usize]) -> Result<Found> {
        let mut found = Sums::default();
        let mut forecast = vec![0.0; self.rows.len()];
        let mut log_scores = Vec::with_capacity(origins.len());
        for origin in origins {
            let fitted = self.fit(candidate, 0..ready[*origin])?;
            let rows = self.ranges[*origin].clone();
            let before = found.log_score;
            for (row, expected) in rows.clone().zip(self.forecast(candidate, &fitted, rows)) {
                forecast[row] = expected;
                let overdispersion = fitted.dispersion.at(expected);
                found.add(*origin, row, expected, overdispersion, self.rows.trusted[row]);
            }
            log_scores.push(found.log_score - before);
        }
        let agreement = self.agreement(origins, &self.ordered(origins, &forecast), |_| true);
        let validation = found.validation(agreement.unwrap_or(0.0))?;
        Ok(Found { validation, forecast, log_scores })
    }
}

/// The group of a person. Mixed twice: once mixed, numbers decide who is taken at all.
fn group(person: u32) -> u32 {
    mix32(mix32(person)) % GROUPS
}

/// How good a candidate was.
struct Found {
    validation: Validation,
    /// Forecast of each row at the origins that are validated. Length: rows.
    forecast: Vec<f64>,
    /// Log probability of what came at each origin that is validated, the latest first.
    log_scores: Vec<f64>,
}

/// Forecasts beside what was observed.
#[derive(Default)]
struct Sums {
    groups: Vec<u32>,
    logarithms: Vec<f64>,
    outcomes: Vec<f64>,
    expected: f64,
    log_score: f64,
    covered: f64,
}

impl Sums {
    fn add(&mut self, origin: usize, row: usize, expected: f64, overdispersion: f64, outcome: f64) {
        self.groups.push(origin as u32);
        self.logarithms.push(libm::log(expected));
        self.outcomes.push(outcome);
        self.expected += expected;
        self.log_score += log_score(expected, overdispersion, outcome);
        let uniform = f64::from(mix32(row as u32)) / (f64::from(u32::MAX) + 1.0);
        let transform = randomised_pit(expected, overdispersion, outcome, uniform);
        self.covered += f64::from(u8::from((0.05..0.95).contains(&transform)));
    }

    fn validation(self, agreement: f64) -> Result<Validation> {
        let rows = self.outcomes.len() as f64;
        let slope = RegressionProblem {
            columns: vec![&self.logarithms],
            groups: &self.groups,
            outcomes: &self.outcomes,
            nonnegative: &[false],
            ridge: 0.0,
            ridged: &[false],
            max_elasticity: None,
        };
        let slope = regression::fit(&slope, None).map_err(not_fitted)?;
        let observed = self.outcomes.iter().fold(0.0, |sum, own| sum + own);
        Ok(Validation {
            log_score: self.log_score / rows,
            agreement,
            observed_over_forecast: observed / self.expected,
            calibration_slope: slope.coefficients[0],
            coverage_90: self.covered / rows,
            ..Validation::default()
        })
    }
}

/// A fit that did not come about, as an error that says what to change.
pub(super) fn not_fitted(error: FitError) -> Error {
    Error::bad_input(
        format!("the forecast could not be fitted: {error}"),
        "give more data: a longer time, or more people",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(
        measures: usize,
        log_score: f64,
        agreement: f64,
        behind: f64,
        every: bool,
    ) -> TriedForecast {
        TriedForecast {
            measures: vec!["reactors_30d"; measures],
            ridge: 0.0,
            log_score,
            agreement,
            behind: Some((behind, 0.02)),
            every_origin: every,
        }
    }

    fn anchor() -> TriedForecast {
        tried(1, -0.5, 0.4, 0.0, false)
    }

    #[test]
    fn a_sample_of_people_covers_all_groups() {
        for one_in in [1, 2, 5, 20] {
            let taken = (0..20_000 * one_in).filter(|person| mix32(*person).is_multiple_of(one_in));
            let mut sizes = [0; GROUPS as usize];
            taken.for_each(|person| sizes[group(person) as usize] += 1);
            assert!(sizes.iter().all(|size| (800..1200).contains(size)), "{one_in}: {sizes:?}");
        }
    }

    #[test]
    fn forecasts_that_rank_worse_are_not_selected() {
        assert_eq!(taken(&[anchor(), tried(5, -0.1, 0.37, 0.03, true)]), 0);
        assert_eq!(taken(&[anchor(), tried(5, -0.1, 0.39, 0.01, true)]), 1);
    }

    #[test]
    fn forecasts_that_are_better_at_some_origins_only_are_not_selected() {
        assert_eq!(taken(&[anchor(), tried(3, -0.1, 0.41, -0.01, false)]), 0);
        // Of counts one is as good as another at any origin.
        assert_eq!(taken(&[anchor(), tried(1, -0.4, 0.395, 0.005, false)]), 1);
    }

    #[test]
    fn a_single_measure_that_ranks_as_well_is_kept() {
        let known = |behind: f64, error: f64| TriedForecast {
            behind: Some((behind, error)),
            ..tried(5, -0.1, 0.4 - behind, behind, true)
        };
        assert_eq!(taken(&[anchor(), known(0.001, 0.004)]), 0);
        assert_eq!(taken(&[anchor(), known(-0.001, 0.004)]), 0);
        assert_eq!(taken(&[anchor(), known(0.005, 0.009)]), 0);
        // Not known well enough, or better.
        assert_eq!(taken(&[anchor(), known(0.001, 0.011)]), 1);
        assert_eq!(taken(&[anchor(), known(-0.005, 0.002)]), 1);
    }

    #[test]
    fn of_similar_log_scores_the_best_ranking_is_selected() {
        let better = tried(5, -0.40, 0.40, 0.0, true);
        assert_eq!(taken(&[anchor(), better.clone(), tried(4, -0.405, 0.42, -0.02, true)]), 2);
        assert_eq!(taken(&[anchor(), better.clone(), tried(4, -0.42, 0.42, -0.02, true)]), 1);
        // Of equals the one of fewest measures, which is tried first.
        assert_eq!(taken(&[anchor(), better.clone(), better]), 1);
    }

    #[test]
    fn without_improvement_the_best_single_measure_is_selected() {
        let unknown = TriedForecast { behind: None, ..tried(5, -0.1, 0.5, 0.0, true) };
        assert_eq!(taken(&[anchor(), tried(5, -0.5, 0.4, 0.0, true), unknown]), 0);
    }
}
