//! A forecast fitted to outside judgements.
//!
//! A pair of people is a comparison that one of them won, `P(a over b) = σ(η_a − η_b)` with η the predictor of the
//! forecast (Bradley & Terry 1952, *Rank Analysis of Incomplete Block Designs*). Graded values are taken as the pairs
//! that they order. Measures of a person on several networks add up.

use chrono::NaiveDate;

use super::held_out::is_held_out;
use super::not_fitted;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::job::Job;
use crate::method::{FitForm, FitRecord, Forecast, Method, Term, Validation, may_enter};
use crate::model::{Labels, People, PersonIndex};
use crate::pipeline::Measured;
use crate::pipeline::backtest::{Backtest, History, read_history};
use crate::pipeline::run_id::data_sha256;
use crate::pipeline::sample::mix32;
use crate::read::{self, Violations};
use crate::schema::CUSTOM_MEASURE;
use crate::score::measures::MeasureColumns;
use renown_stats::bradley_terry::{self, ComparisonFit, ComparisonProblem, win_probability};
use renown_stats::quantiles::median;

/// Scale of the logarithm of counts, and share of the middle of what is no count.
const OFFSET: f64 = 0.1;
/// Ridges that are tried.
const RIDGES: [f64; 5] = [1e-4, 1e-3, 1e-2, 1e-1, 1.0];
/// Parts into which people are divided: a fit to the pairs within four is held against those within the fifth.
const FOLDS: u32 = 5;
/// Others with whom each person of a graded truth is compared.
const OTHERS: usize = 50;
/// Fewest pairs that can be fitted to.
const LEAST_PAIRS: usize = 50;

/// Measures of everybody, one column for each, and the pairs.
struct Items {
    names: Vec<String>,
    offsets: Vec<f64>,
    /// Values of each measure. Lengths: persons.
    values: Vec<Vec<f64>>,
    /// φ of each. Lengths: persons.
    columns: Vec<Vec<f64>>,
    nonnegative: Vec<bool>,
    pairs: Vec<(u32, u32)>,
}

pub(super) async fn fit(
    engine: &Engine,
    job: &Job,
    day: NaiveDate,
    version: &str,
    truth: &str,
) -> Result<Method> {
    let History { people, known, .. } = read_history(engine, job, day, 0).await?;
    let found =
        read::label_sets(engine, job, &people.persons, &mut Violations::stop_at_first()).await?;
    let names: Vec<String> = found.sets.iter().map(|truth| truth.name.clone()).collect();
    let own = found.sets.into_iter().find(|own| own.name == truth).ok_or_else(|| {
        Error::bad_input(
            format!("input `ground_truth` has no truth `{truth}`"),
            format!("name one of: {}", names.join(", ")),
        )
        .in_table("ground_truth")
    })?;
    tokio::task::block_in_place(|| {
        let sha256 = data_sha256(&people);
        let mut backtest = Backtest::new(people, known);
        backtest.set_as_of(0, &job.method);
        let Measured { measures, .. } = backtest.measure(job)?;
        let people = backtest.people();
        let items = items(people, job, &measures, own.labels)?;
        let (candidate, validation) = items.choose()?;
        let fitted = items.fit(&candidate, &items.pairs)?;
        let mut method = job.method.clone();
        method.forecast = items.forecast(people, &measures, &method, &candidate, &fitted)?;
        let record = FitRecord {
            job: job.name.clone(),
            snapshot: day.to_string(),
            data_sha256: sha256,
            renown_version: env!("CARGO_PKG_VERSION").to_owned(),
            target: truth.to_owned(),
            held_out: job.fit.held_out,
            origins_hours: vec![],
            rows: items.pairs.len() as u64,
            form: FitForm::Coefficients,
            strength: None,
            anchor: items.names[candidate.measures[0]].clone(),
            ridge: candidate.ridge,
            validation,
        };
        method.fitted_as(version, record)
    })
}

fn items(people: &People, job: &Job, measures: &MeasureColumns, form: Labels) -> Result<Items> {
    let ids = &people.persons.ids;
    let seen = |person: PersonIndex| !is_held_out(ids.value(person.index()), job.fit.held_out);
    let pairs = match form {
        Labels::Pairwise(rows) => {
            let pairs = rows.into_iter().map(|(winner, loser, _)| (winner, loser));
            let pairs = pairs.filter(|(winner, loser)| seen(*winner) && seen(*loser));
            pairs.map(|(winner, loser)| (winner.into(), loser.into())).collect()
        }
        Labels::Graded(mut rows) => {
            rows.retain(|row| seen(row.0));
            compared(&rows)
        }
    };
    if pairs.len() < LEAST_PAIRS {
        return Err(Error::bad_input(
            format!(
                "the truth orders {} pairs of people who are scored; a fit needs {LEAST_PAIRS}",
                pairs.len()
            ),
            "give more judgements of people who are in this snapshot",
        )
        .in_table("ground_truth"));
    }
    let names = may_enter()?.into_iter().map(str::to_owned);
    let names = names.chain(measures.custom.iter().map(|(name, _)| name.clone()));
    let mut items = Items {
        names: vec![],
        offsets: vec![],
        values: vec![],
        columns: vec![],
        nonnegative: vec![],
        pairs,
    };
    for name in names.filter(|name| job.fit.takes(name)) {
        let column = measures.values(&name)?;
        let of_vertex: Vec<f64> =
            column.iter().map(|value| value.unwrap_or(0.0).max(0.0)).collect();
        let values = people.persons.sum_by_person(&of_vertex);
        let offset = offset(&name, &values);
        let column: Vec<f64> = values.iter().map(|value| libm::log1p(value / offset)).collect();
        let differs = items.pairs.iter().any(|(a, b)| column[*a as usize] != column[*b as usize]);
        if differs && !items.columns.contains(&column) {
            items.nonnegative.push(!name.starts_with(CUSTOM_MEASURE));
            items.names.push(name);
            items.offsets.push(offset);
            items.values.push(values);
            items.columns.push(column);
        }
    }
    if items.names.is_empty() {
        return Err(Error::bad_input(
            "no measure tells the people of the truth apart",
            "give inputs that say something of them",
        )
        .in_table("ground_truth"));
    }
    Ok(items)
}

/// Scale of the logarithm: of counts that of a forward fit, of others a tenth of the median of those above 0.
fn offset(name: &str, values: &[f64]) -> f64 {
    let stated = name.starts_with(CUSTOM_MEASURE) || name.ends_with("_count");
    let mut positive: Vec<f64> = values.iter().copied().filter(|value| *value > 0.0).collect();
    positive.sort_unstable_by(f64::total_cmp);
    match median(&positive) {
        Some(middle) if stated => OFFSET * middle,
        _ => OFFSET,
    }
}

/// Each person of a graded truth beside some others, the higher one first; equals are no pair.
fn compared(rows: &[(PersonIndex, f64, Option<String>)]) -> Vec<(u32, u32)> {
    let mut pairs = Vec::new();
    for topic in rows.iter().map(|(.., topic)| topic).collect::<std::collections::BTreeSet<_>>() {
        let of_topic: Vec<(u32, f64)> =
            rows.iter().filter(|row| row.2 == *topic).map(|row| (row.0.into(), row.1)).collect();
        let n = of_topic.len();
        for (place, (person, value)) in of_topic.iter().enumerate() {
            for step in 1..=OTHERS.min(n.saturating_sub(1) / 2) {
                // Far and near ones in turn, each pair once.
                let (other, of_other) = of_topic[(place + step * (n / (2 * OTHERS)).max(1)) % n];
                match value.total_cmp(&of_other) {
                    std::cmp::Ordering::Greater => pairs.push((*person, other)),
                    std::cmp::Ordering::Less => pairs.push((other, *person)),
                    std::cmp::Ordering::Equal => {}
                }
            }
        }
    }
    // Half way round is met from both ends.
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

struct Candidate {
    measures: Vec<usize>,
    ridge: f64,
}

impl Items {
    fn fit(&self, candidate: &Candidate, pairs: &[(u32, u32)]) -> Result<ComparisonFit> {
        self.solve(candidate, pairs, |problem| {
            bradley_terry::fit(problem, None).map_err(not_fitted)
        })
    }

    fn solve<T>(
        &self,
        candidate: &Candidate,
        pairs: &[(u32, u32)],
        solve: impl FnOnce(&ComparisonProblem<'_>) -> Result<T>,
    ) -> Result<T> {
        let own = &candidate.measures;
        solve(&ComparisonProblem {
            columns: own.iter().map(|k| &self.columns[*k][..]).collect(),
            pairs,
            weights: None,
            nonnegative: &own.iter().map(|k| self.nonnegative[*k]).collect::<Vec<_>>(),
            ridge: candidate.ridge,
            ridged: &(0..own.len()).map(|place| place > 0).collect::<Vec<_>>(),
        })
    }

    /// The measure that orders most pairs rightly by itself, and all with the ridge that foresees unseen people best; the
    /// measure alone if that is no worse.
    fn choose(&self) -> Result<(Candidate, Validation)> {
        let right = |k: usize| {
            let order = |(a, b): &(u32, u32)| {
                let (a, b) = (self.columns[k][*a as usize], self.columns[k][*b as usize]);
                if a > b { 1.0 } else { f64::from(u8::from(a == b)) / 2.0 }
            };
            self.pairs.iter().fold(0.0, |sum, pair| sum + order(pair))
        };
        let known = (0..self.names.len()).filter(|k| self.nonnegative[*k] || right(*k) > 0.0);
        let anchor = known.map(|k| (k, right(k)));
        let anchor = anchor.reduce(|best, next| if next.1 > best.1 { next } else { best });
        let anchor = anchor.map_or(0, |(k, _)| k);
        let alone = Candidate { measures: vec![anchor], ridge: 0.0 };
        let of_alone = self.validate(&alone)?;
        let others = (0..self.names.len()).filter(|k| *k != anchor);
        let all: Vec<usize> = std::iter::once(anchor).chain(others).collect();
        let mut best: Option<(Candidate, Validation)> = None;
        for ridge in RIDGES {
            let candidate = Candidate { measures: all.clone(), ridge };
            let found = self.validate(&candidate)?;
            if best.as_ref().is_none_or(|(_, best)| found.log_score > best.log_score) {
                best = Some((candidate, found));
            }
        }
        let better = |found: &Validation| found.log_score > of_alone.log_score;
        let (candidate, found) = match best.filter(|(_, found)| better(found)) {
            Some(best) => best,
            None => (alone, of_alone.clone()),
        };
        let validation = Validation {
            log_score_anchor: of_alone.log_score,
            agreement_anchor: of_alone.agreement,
            ..found
        };
        Ok((candidate, validation))
    }

    /// How good a candidate is on people that it was not fitted to.
    fn validate(&self, candidate: &Candidate) -> Result<Validation> {
        let fold = |person: u32| mix32(person) % FOLDS;
        let (mut pairs, mut right, mut log_score) = (0.0, 0.0, 0.0);
        for own in 0..FOLDS {
            let within = |(a, b): &&(u32, u32)| fold(*a) == own && fold(*b) == own;
            let outside = |(a, b): &&(u32, u32)| fold(*a) != own && fold(*b) != own;
            let fitted: Vec<(u32, u32)> = self.pairs.iter().filter(outside).copied().collect();
            if fitted.is_empty() {
                continue;
            }
            let fit = self.fit(candidate, &fitted)?;
            for (winner, loser) in self.pairs.iter().filter(within) {
                let advantage = self.predictor(candidate, &fit, *winner)
                    - self.predictor(candidate, &fit, *loser);
                pairs += 1.0;
                log_score += libm::log(win_probability(advantage).max(f64::MIN_POSITIVE));
                right +=
                    if advantage > 0.0 { 1.0 } else { f64::from(u8::from(advantage == 0.0)) / 2.0 };
            }
        }
        if pairs == 0.0 {
            return Err(Error::bad_input(
                "no fifth of the people of the truth is compared within itself, so that a fit could not be checked",
                "give judgements of more pairs",
            )
            .in_table("ground_truth"));
        }
        Ok(Validation {
            log_score: log_score / pairs,
            agreement: right / pairs,
            ..Validation::default()
        })
    }

    fn predictor(&self, candidate: &Candidate, fit: &ComparisonFit, person: u32) -> f64 {
        let parts = candidate.measures.iter().zip(&fit.coefficients);
        parts.fold(0.0, |sum, (k, slope)| sum + slope * self.columns[*k][person as usize])
    }

    /// The forecast whose predictor is that of the pairs. Comparisons tell no level: it is set so that as many people are
    /// expected by all together as reacted in the last 30 days, or one by each if none did.
    fn forecast(
        &self,
        people: &People,
        measures: &MeasureColumns,
        method: &Method,
        candidate: &Candidate,
        fitted: &ComparisonFit,
    ) -> Result<Forecast> {
        let errors = self.solve(candidate, &self.pairs, |problem| {
            bradley_terry::standard_errors(problem, fitted, None).map_err(not_fitted)
        })?;
        let columns = candidate.measures.iter().zip(&fitted.coefficients).zip(errors);
        let kept = columns.filter(|((_, slope), _)| **slope != 0.0);
        let terms = kept.map(|((k, slope), error)| {
            let mut sorted = self.values[*k].clone();
            sorted.sort_unstable_by(f64::total_cmp);
            Term {
                measure: self.names[*k].clone(),
                offset: self.offsets[*k],
                coefficient: *slope,
                slopes: vec![],
                reference: median(&sorted).unwrap_or(0.0),
                highest: sorted.last().copied(),
                standard_error: error,
            }
        });
        let sum = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, |sum, own| sum + own);
        let persons = 0..people.persons.len() as u32;
        let expected = sum(&mut persons.map(|p| libm::exp(self.predictor(candidate, fitted, p))));
        let reacted = sum(&mut measures.values("credited_reactors_30d")?.iter().flatten());
        let wanted = if reacted > 0.0 { reacted } else { people.persons.len() as f64 };
        Ok(Forecast {
            intercept: libm::log(wanted / expected),
            levels: std::collections::BTreeMap::new(),
            terms: terms.collect(),
            ..method.forecast.clone()
        })
    }
}
