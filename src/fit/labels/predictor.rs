//! Predictors of who wins a pair: a measure, lines over many measures, curves over many measures.

use super::judged_pairs::JudgedPairs;
use super::measured::{Measure, Measured};
use crate::error::Result;
use crate::fit::not_fitted::not_fitted;
use renown_stats::additive::{KNOTS, effect};
use renown_stats::bradley_terry::{self, ComparisonFit, ComparisonProblem};
use renown_stats::error::FitError;
use renown_stats::spline::{smooth_basis, spline};

/// Ridges that are tried, the strongest first.
pub(super) const RIDGES: [f64; 5] = [1.0, 1e-1, 1e-2, 1e-3, 1e-4];

/// How measures enter a predictor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Form {
    /// The best single measure.
    Single,
    /// All measures, each by a line.
    Lines,
    /// Those that have a line with the same ridge, each by a curve.
    Curves,
}

/// A form and λ of its ridge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candidate {
    pub form: Form,
    pub ridge: f64,
}

/// The best single measure.
pub(super) const SINGLE: Candidate = Candidate { form: Form::Single, ridge: 0.0 };

/// η = Σ f_k(z_k).
#[derive(Clone, Debug)]
pub(super) struct Predictor {
    /// The measures that move it.
    pub parts: Vec<Part>,
}

/// f of one measure.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    /// Index of the measure.
    pub measure: usize,
    /// One slope of a line, or seven of a curve between [`KNOTS`].
    pub slopes: Vec<f64>,
    /// Standard error of the slope of a line.
    pub standard_error: Option<f64>,
}

impl Predictor {
    /// Of the parts that do anything.
    fn of(parts: impl Iterator<Item = Part>) -> Self {
        let moves = |part: &Part| part.slopes.iter().any(|slope| *slope != 0.0);
        Self { parts: parts.filter(moves).collect() }
    }

    /// η of everybody who was judged.
    pub fn scores(&self, of: &Measured) -> Vec<f64> {
        let mut scores = vec![0.0; of.persons.len()];
        for Part { measure, slopes, .. } in &self.parts {
            let column = &of.measures[*measure].column;
            scores.iter_mut().zip(column).for_each(|(score, z)| *score += effect(slopes, *z));
        }
        scores
    }
}

/// Judgements that predictors are fitted to.
pub(super) struct Fitting<'a> {
    pub of: &'a Measured,
    /// All of them, or a part.
    pub judged: &'a JudgedPairs,
    /// Index of the best single measure.
    pub anchor: usize,
}

impl Fitting<'_> {
    /// Every candidate fitted: the single measure, then lines and then curves with each of [`RIDGES`].
    pub fn all(&self) -> Result<Vec<(Candidate, Predictor)>> {
        let single = lines(&[self.anchor], &self.single().fit(None)?);
        let (mut fitted, mut curves) = (vec![(SINGLE, single)], Vec::with_capacity(RIDGES.len()));
        let mut before: Option<ComparisonFit> = None;
        for ridge in RIDGES {
            let fit = self.lines(ridge).fit(before.as_ref())?;
            fitted.push((Candidate { form: Form::Lines, ridge }, lines(&self.order(), &fit)));
            let curved = self.curves(&self.kept(&fit), ridge)?;
            curves.push((Candidate { form: Form::Curves, ridge }, curved));
            before = Some(fit);
        }
        fitted.extend(curves);
        Ok(fitted)
    }

    /// One candidate fitted, with standard errors of lines.
    pub fn candidate(&self, candidate: Candidate) -> Result<Predictor> {
        let (measures, mut problem) = match candidate.form {
            Form::Single => (vec![self.anchor], self.single()),
            Form::Lines => (self.order(), self.lines(candidate.ridge)),
            Form::Curves => {
                let kept = self.kept(&self.lines(candidate.ridge).fit(None)?);
                return self.curves(&kept, candidate.ridge);
            }
        };
        let fit = problem.fit(None)?;
        let mut predictor = lines(&measures, &fit);
        if !predictor.parts.is_empty() {
            let errors = bradley_terry::standard_errors(&problem.problem(), &fit, None);
            let errors: Vec<_> = measures.into_iter().zip(errors.map_err(not_fitted)?).collect();
            for part in &mut predictor.parts {
                let of_part = errors.iter().find(|(measure, _)| *measure == part.measure);
                part.standard_error = of_part.and_then(|(_, error)| *error);
            }
        }
        Ok(predictor)
    }

    /// The measures, the best single one first.
    fn order(&self) -> Vec<usize> {
        let others = (0..self.of.measures.len()).filter(|k| *k != self.anchor);
        std::iter::once(self.anchor).chain(others).collect()
    }

    /// The measures that move the predictor of a fit of lines, and the best single one first in any case.
    fn kept(&self, lines: &ComparisonFit) -> Vec<usize> {
        let slopes = self.order().into_iter().zip(&lines.coefficients);
        let kept = slopes.filter(|(k, slope)| *k == self.anchor || **slope != 0.0);
        kept.map(|(measure, _)| measure).collect()
    }

    fn measure(&self, k: usize) -> &Measure {
        &self.of.measures[k]
    }

    fn single(&self) -> Problem<'_> {
        let anchor = self.measure(self.anchor);
        Problem::new(vec![&anchor.column], vec![anchor.nonnegative], self.judged, 0.0)
    }

    fn lines(&self, ridge: f64) -> Problem<'_> {
        let measures = || self.order().into_iter().map(|k| self.measure(k));
        let columns = measures().map(|measure| &measure.column[..]).collect();
        let nonnegative = measures().map(|measure| measure.nonnegative).collect();
        Problem::new(columns, nonnegative, self.judged, ridge)
    }

    /// Natural cubic splines of the measures `kept`, of which the line of the first alone is not shrunk, and then the polygons
    /// through them: what a method file holds.
    fn curves(&self, kept: &[usize], ridge: f64) -> Result<Predictor> {
        let bases: Vec<[Vec<f64>; 3]> =
            kept.iter().map(|k| smooth_basis(&self.measure(*k).column)).collect();
        let columns = bases.iter().flatten().map(Vec::as_slice).collect();
        // Where more may not count against a person, no line falls; what bends it is not bounded.
        let nonnegative = kept.iter().flat_map(|k| [self.measure(*k).nonnegative, false, false]);
        let mut problem = Problem::new(columns, nonnegative.collect(), self.judged, ridge);
        let fit = problem.fit(None)?;
        let part = |(k, coefficients): (&usize, &[f64])| {
            let mut slopes = polygon(coefficients);
            if self.measure(*k).nonnegative {
                slopes.iter_mut().for_each(|slope| *slope = slope.max(0.0));
            }
            Part { measure: *k, slopes, standard_error: None }
        };
        Ok(Predictor::of(kept.iter().zip(fit.coefficients.chunks_exact(3)).map(part)))
    }
}

/// The lines of a fit over some measures.
fn lines(measures: &[usize], fit: &ComparisonFit) -> Predictor {
    let part = |(measure, slope): (&usize, &f64)| Part {
        measure: *measure,
        slopes: vec![*slope],
        standard_error: None,
    };
    Predictor::of(measures.iter().zip(&fit.coefficients).map(part))
}

/// The slopes of the polygon through a spline at [`KNOTS`]; above the last one the spline is a line.
fn polygon(coefficients: &[f64]) -> Vec<f64> {
    let curve = |z: f64| {
        coefficients.iter().zip(spline(z)).fold(0.0, |sum, (coefficient, s)| sum + coefficient * s)
    };
    let ends = KNOTS[1..].iter().copied().chain([KNOTS[KNOTS.len() - 1] + 1.0]);
    KNOTS.iter().zip(ends).map(|(from, to)| (curve(to) - curve(*from)) / (to - from)).collect()
}

/// A regression of pairs, with what it borrows.
struct Problem<'a> {
    columns: Vec<&'a [f64]>,
    nonnegative: Vec<bool>,
    judged: &'a JudgedPairs,
    ridge: f64,
    ridged: Vec<bool>,
}

impl<'a> Problem<'a> {
    /// All columns but the first are shrunk.
    fn new(
        columns: Vec<&'a [f64]>,
        nonnegative: Vec<bool>,
        judged: &'a JudgedPairs,
        ridge: f64,
    ) -> Self {
        let ridged = (0..columns.len()).map(|place| place > 0).collect();
        Self { columns, nonnegative, judged, ridge, ridged }
    }

    fn problem(&self) -> ComparisonProblem<'_> {
        ComparisonProblem {
            columns: self.columns.clone(),
            pairs: &self.judged.pairs,
            weights: Some(&self.judged.weights),
            nonnegative: &self.nonnegative,
            ridge: self.ridge,
            ridged: &self.ridged,
        }
    }

    fn fit(&mut self, start: Option<&ComparisonFit>) -> Result<ComparisonFit> {
        let fit = match bradley_terry::fit(&self.problem(), start) {
            // Of a measure that orders all pairs right no slope is the most likely one: it is shrunk too.
            Err(FitError::NotConverged { .. } | FitError::Stalled { .. } | FitError::Singular) => {
                self.ridged.fill(true);
                self.ridge = self.ridge.max(RIDGES[RIDGES.len() - 1]);
                bradley_terry::fit(&self.problem(), None)
            }
            fit => fit,
        };
        fit.map_err(not_fitted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_polygon_meets_its_spline_at_the_knots() {
        let coefficients = [0.8, -0.3, 0.4];
        let slopes = polygon(&coefficients);
        assert_eq!(slopes.len(), 7);
        for z in KNOTS.into_iter().chain([9.0]) {
            let [line, first, second] = spline(z);
            let curve = 0.8 * line - 0.3 * first + 0.4 * second;
            assert!((effect(&slopes, z) - curve).abs() < 1e-9, "{z}");
        }
        assert!(polygon(&[0.5, 0.0, 0.0]).iter().all(|slope| (slope - 0.5).abs() < 1e-12));
    }

    #[test]
    fn a_measure_that_orders_all_pairs_right_is_shrunk() {
        let measure = Measure {
            name: "followers".into(),
            offset: 1.0,
            nonnegative: true,
            column: (0..10).map(f64::from).collect(),
        };
        let pairs: Vec<(u32, u32)> = (0..9).map(|i| (i + 1, i)).collect();
        let judged = JudgedPairs { weights: vec![1.0; pairs.len()], pairs };
        let of = Measured { persons: (0..10).collect(), measures: vec![measure], judged };
        let fitting = Fitting { of: &of, judged: &of.judged, anchor: 0 };
        let predictor = fitting.candidate(SINGLE).unwrap();
        assert!(predictor.parts[0].slopes[0] > 1.0);
        assert!(fitting.all().is_ok());
    }
}
