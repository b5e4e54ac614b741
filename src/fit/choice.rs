//! Which form a forecast has: chosen by what came after later origins than those that were fitted to.
//!
//! The forms are fitted to the earlier origins, and their forecasts at the later ones held against what was observed there
//! (Tashman 2000, *Out-of-sample tests of forecasting accuracy*, §3). The best log score decides (Gneiting & Raftery 2007,
//! *Strictly Proper Scoring Rules*, §4.1) among those that rank people no worse than the best single count does.

use std::ops::Range;

use rayon::prelude::*;

use renown_stats::calibration::intercept_and_slope;
use renown_stats::concordance::concordance;
use renown_stats::correlation::spearman;
use renown_stats::overdispersion::{Dispersion, fit_dispersion};
use renown_stats::predictive_distribution::{log_score, randomised_pit};
use renown_stats::ranking::Ranking;
use renown_stats::resampling::jackknife_error;

use super::forms::{Data, Form};
use crate::error::Result;
use crate::method::Validation;
use crate::pipeline::sample::mix32;

/// Later origins that forms are compared at.
const VALIDATED: usize = 5;
/// Single counts that are tried.
const ALONE: usize = 5;
/// Groups of people, of which the jackknife leaves out one after the other.
const GROUPS: u32 = 20;

/// A form that was tried.
#[derive(Clone, Debug, PartialEq)]
pub struct TriedForecast {
    /// What it is, in words.
    pub form: String,
    /// Mean log probability of what was observed at later origins.
    pub log_score: f64,
    /// Concordance with it: the mean over later origins.
    pub concordance: f64,
    /// By how much that is below the best single count's, and its standard error; none without enough people.
    pub behind: Option<(f64, f64)>,
    /// Whether it ranks people clearly worse than that.
    pub is_refused: bool,
}

/// The chosen form.
pub(super) struct Choice {
    pub form: Form,
    /// The best single count.
    pub anchor: usize,
    /// How far what is observed is from it.
    pub dispersion: Dispersion,
    pub validation: Validation,
    /// All that were tried, single counts first.
    pub tried: Vec<TriedForecast>,
}

/// Earlier origins, that forms are fitted to, and later ones, that they are compared at; `ready` has for each origin how many of
/// the first ones had their outcome by then. None where no origin had.
pub(super) fn split(ready: &[usize]) -> Option<(Range<usize>, Range<usize>)> {
    let origins = ready.len();
    // As many later ones as leave as many earlier ones.
    let fits = |count: &usize| *count <= VALIDATED && ready[origins - count] >= *count;
    let count = (1..=origins).rev().find(fits)?;
    let first = origins - count;
    Some((0..ready[first], first..origins))
}

/// The order of people on each network at each of some origins by some value.
type Orders = Vec<Ranking>;

/// Compares forms at later origins.
struct Comparison<'a> {
    data: &'a Data<'a>,
    earlier: Range<usize>,
    later: Range<usize>,
    ready: &'a [usize],
    /// The order by what was observed, at the earlier and at the later origins.
    observed: [Orders; 2],
    /// Measures that may be the single count: no two are alike.
    counts: Vec<usize>,
}

/// How good a form was.
struct Found {
    form: Form,
    dispersion: Dispersion,
    forecast: Vec<f64>,
    log_score: f64,
    orders: Orders,
}

/// Chooses among `forms`, and single measures for which `is_count` if it `selects`; else the best log score among the forms decides
/// alone. `ready` as for [`split`]. None if there are no later origins to choose by.
pub(super) fn choose(
    data: &Data<'_>,
    ready: &[usize],
    forms: &[Form],
    selects: bool,
    is_count: impl Fn(&str) -> bool,
) -> Result<Option<Choice>> {
    let Some((earlier, later)) = split(ready) else { return Ok(None) };
    let any = |origins: &Range<usize>| {
        let rows = data.ranges[origins.start].start..data.ranges[origins.end - 1].end;
        data.rows.trusted[rows].iter().any(|outcome| *outcome > 0.0)
    };
    if !(any(&earlier) && any(&later)) {
        return Ok(None);
    }
    let mut counts: Vec<usize> = Vec::new();
    for (k, name) in data.rows.names.iter().enumerate() {
        let column = &data.columns[k];
        let is_new = || counts.iter().all(|own| data.columns[*own] != *column);
        if is_count(name) && column.iter().any(|z| *z > 0.0) && is_new() {
            counts.push(k);
        }
    }
    if counts.is_empty() {
        return Ok(None);
    }
    let observed = [&earlier, &later]
        .map(|origins| orders(data, origins.clone(), |row| data.rows.trusted[row]));
    let comparison = Comparison { data, earlier, later, ready, observed, counts };
    comparison.choose(forms, selects).map(Some)
}

/// The order of people on each network at each of the `origins` by a value of each row.
fn orders(data: &Data<'_>, origins: Range<usize>, value: impl Fn(usize) -> f64 + Sync) -> Orders {
    let of_cell = |rows: Range<usize>| Ranking::new(&rows.map(&value).collect::<Vec<f64>>());
    data.cells(origins).into_par_iter().map(of_cell).collect()
}

/// The group of a person. Mixed twice: once mixed, numbers decide who is taken at all.
fn group(person: u32) -> u32 {
    mix32(mix32(person)) % GROUPS
}

impl Comparison<'_> {
    fn choose(&self, forms: &[Form], selects: bool) -> Result<Choice> {
        let data = self.data;
        // Concordance of every count, with each group of people left out and with all of them.
        let of_counts = |origins: &Range<usize>, observed: &[Ranking]| -> Vec<Vec<f64>> {
            let of_count = |k: &usize| {
                let own = orders(data, origins.clone(), |row| data.columns[*k][row]);
                self.replicates(&own, origins, observed)
            };
            self.counts.par_iter().map(of_count).collect()
        };
        let earlier = of_counts(&self.earlier, &self.observed[0]);
        let later = of_counts(&self.later, &self.observed[1]);
        let best = |replicate: usize| {
            let better = |one: usize, next: usize| match earlier[next][replicate]
                > earlier[one][replicate]
            {
                true => next,
                false => one,
            };
            (0..self.counts.len()).reduce(better).unwrap_or(0)
        };
        let mut order: Vec<usize> = (0..self.counts.len()).collect();
        let with_all = GROUPS as usize;
        order.sort_by(|one, other| earlier[*other][with_all].total_cmp(&earlier[*one][with_all]));
        // The best count of each replicate, picked on the earlier origins.
        let anchor: Vec<f64> = (0..=with_all).map(|own| later[best(own)][own]).collect();
        let alone = order.iter().take(if selects { ALONE } else { 1 });
        let alone = alone.map(|at| Form::Count(self.counts[*at]));
        let all: Vec<Form> = alone.chain(forms.iter().copied()).collect();
        let found: Vec<Found> =
            all.iter().map(|form| self.validate(*form)).collect::<Result<_>>()?;
        let tried = found.iter().map(|found| {
            let own = self.replicates(&found.orders, &self.later, &self.observed[1]);
            let differences: Vec<f64> = anchor.iter().zip(&own).map(|(a, own)| a - own).collect();
            let (all, without) = (differences[with_all], &differences[..with_all]);
            let error = jackknife_error(without);
            let behind = (all.is_finite() && error.is_finite()).then_some((all, error));
            TriedForecast {
                form: self.name(found.form),
                log_score: found.log_score,
                concordance: own[with_all],
                behind,
                is_refused: behind.is_some_and(|(behind, error)| behind > error),
            }
        });
        let tried: Vec<TriedForecast> = tried.collect();
        let may_be = |at: &usize| match selects {
            true => !tried[*at].is_refused,
            false => *at > 0,
        };
        let left = (0..tried.len()).filter(may_be);
        let better = |one: usize, next: usize| match tried[next].log_score > tried[one].log_score {
            true => next,
            false => one,
        };
        // The best single count is behind nothing.
        let chosen = left.reduce(better).unwrap_or(0);
        let own = &found[chosen];
        let validation = Validation {
            log_score_anchor: found[0].log_score,
            concordance_anchor: anchor[with_all],
            concordance: tried[chosen].concordance,
            disagreement: disagreement(&tried, chosen),
            agreement_anchor: self.agreement(&found[0].orders),
            ..self.validation(own)?
        };
        Ok(Choice {
            form: own.form,
            anchor: self.counts[order[0]],
            dispersion: own.dispersion,
            validation,
            tried,
        })
    }

    /// What a form is called.
    fn name(&self, form: Form) -> String {
        match form {
            Form::Default => "the default slopes".to_owned(),
            Form::Curves(strength) => {
                format!("curves, drawn to the default by ({}, {})", strength.tau, strength.delta)
            }
            Form::Count(measure) => self.data.rows.names[measure].to_owned(),
        }
    }

    /// Mean concordance of people on each network at each of the `origins`, weighted by their number, with each group of people left
    /// out and then with all of them.
    fn replicates(
        &self,
        own: &[Ranking],
        origins: &Range<usize>,
        observed: &[Ranking],
    ) -> Vec<f64> {
        let cells = self.data.cells(origins.clone());
        let mean = |left_out: u32| {
            let of_cells =
                own.iter().zip(observed).zip(&cells).filter_map(|((own, observed), rows)| {
                    let people = &self.data.rows.person[rows.clone()];
                    let times: Vec<u32> =
                        people.iter().map(|person| u32::from(group(*person) != left_out)).collect();
                    Some((concordance(own, observed, &times)?, rows.len() as f64))
                });
            weighted_mean(of_cells).unwrap_or(f64::NAN)
        };
        // No group has the last number.
        (0..=GROUPS).into_par_iter().map(mean).collect()
    }

    /// How good a form is at the later origins, its level learnt from what was observed by each of them.
    fn validate(&self, form: Form) -> Result<Found> {
        let data = self.data;
        let shape = data.fit(form, self.earlier.clone())?;
        let mut forecast = Vec::new();
        for origin in self.later.clone() {
            let shape = data.with_levels(&shape, latest(self.ready[origin]), 1.0);
            forecast.extend(data.forecast(&shape, data.ranges[origin].clone()));
        }
        let outcomes = self.outcomes();
        let dispersion = fit_dispersion(&forecast, outcomes);
        let scores = forecast.iter().zip(outcomes);
        let scores = scores.map(|(mean, y)| log_score(*mean, dispersion.at(*mean), *y));
        let log_score = scores.sum::<f64>() / outcomes.len() as f64;
        let start = data.ranges[self.later.start].start;
        let orders = orders(data, self.later.clone(), |row| forecast[row - start]);
        Ok(Found { form, dispersion, forecast, log_score, orders })
    }

    /// What was observed in the rows of the later origins.
    fn outcomes(&self) -> &[f64] {
        let data = self.data;
        &data.rows.trusted[data.ranges[self.later.start].start..]
    }

    /// Mean of Spearman's ρ of people on each network at each of the later origins, weighted by their number.
    fn agreement(&self, own: &[Ranking]) -> f64 {
        let of_cells = own.iter().zip(&self.observed[1]).filter_map(|(own, observed)| {
            Some((spearman(own, observed, &vec![1; own.len()])?, own.len() as f64))
        });
        weighted_mean(of_cells).unwrap_or(0.0)
    }

    fn validation(&self, found: &Found) -> Result<Validation> {
        let outcomes = self.outcomes();
        let start = self.data.ranges[self.later.start].start;
        let covered =
            found.forecast.iter().zip(outcomes).zip(start..).filter(|((mean, y), row)| {
                let uniform = f64::from(mix32(*row as u32)) / (f64::from(u32::MAX) + 1.0);
                let transform = randomised_pit(**mean, found.dispersion.at(**mean), **y, uniform);
                (0.05..0.95).contains(&transform)
            });
        let sum = |values: &[f64]| values.iter().fold(0.0, |sum, own| sum + own);
        let logarithms: Vec<f64> = found.forecast.iter().map(|mean| libm::log(*mean)).collect();
        let slope = intercept_and_slope(&logarithms, outcomes, &vec![1; outcomes.len()]);
        Ok(Validation {
            log_score: found.log_score,
            agreement: self.agreement(&found.orders),
            observed_over_forecast: sum(outcomes) / sum(&found.forecast),
            calibration_slope: slope.map_or(0.0, |(_, slope)| slope),
            coverage_90: covered.count() as f64 / outcomes.len() as f64,
            ..Validation::default()
        })
    }
}

/// The mean of numbers with weights; none without any.
fn weighted_mean(numbers: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
    let (sum, weights) = numbers
        .fold((0.0, 0.0), |(sum, weights), (own, weight)| (sum + own * weight, weights + weight));
    (weights > 0.0).then(|| sum / weights)
}

/// The latest of the first `ready` origins, within half a horizon of each other where origins are a quarter apart.
pub(super) fn latest(ready: usize) -> Range<usize> {
    const LATEST: usize = 3;
    ready.saturating_sub(LATEST)..ready
}

/// What to say where the form with the best log score was refused, since it orders people clearly worse than the best single
/// count.
fn disagreement(tried: &[TriedForecast], chosen: usize) -> Option<String> {
    let refused =
        tried.iter().filter(|own| own.is_refused && own.log_score > tried[chosen].log_score);
    let refused =
        refused.reduce(|one, next| if next.log_score > one.log_score { next } else { one })?;
    let (behind, error) = refused.behind?;
    Some(format!(
        "{} has the better log score ({:.4}, not {:.4}), but orders people worse than the best single count does, by {behind:.3} in \
         concordance (standard error {error:.3})",
        refused.form, refused.log_score, tried[chosen].log_score
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_of_people_covers_all_groups() {
        for one_in in [1, 2, 5, 20] {
            let taken = (0..20_000 * one_in).filter(|person| mix32(*person).is_multiple_of(one_in));
            let mut sizes = [0; GROUPS as usize];
            taken.for_each(|person| sizes[group(person) as usize] += 1);
            assert!(sizes.iter().all(|size| (800..1200).contains(size)), "{one_in}: {sizes:?}");
        }
    }

    /// Origins a quarter of a horizon apart: of the first ones as many as are a horizon older had their outcome.
    #[test]
    fn forms_are_compared_at_origins_whose_outcomes_were_unknown_when_they_were_fitted() {
        let ready = |origins: usize| -> Vec<usize> {
            (0..origins).map(|own| (own + 1_usize).saturating_sub(4)).collect()
        };
        assert_eq!(split(&ready(13)), Some((0..5, 8..13)));
        assert_eq!(split(&ready(8)), Some((0..3, 6..8)));
        assert_eq!(split(&ready(5)), Some((0..1, 4..5)));
        assert_eq!(split(&ready(4)), None);
        assert_eq!(latest(2), 0..2);
    }
}
