//! Forms that a forecast may have, and how each is fitted.

use std::ops::Range;

use renown_stats::additive::{self, AdditiveProblem, STRENGTHS, Strength, effect};
use renown_stats::error::FitError;

use super::origins::{Rows, by_origin};
use crate::error::Result;
use crate::fit::not_fitted::not_fitted;
use crate::method::Forecast;

/// Scale of the logarithm of measures.
pub(super) const OFFSET: f64 = 0.1;
/// Origins that are fitted to at a time, the latest ones.
const FITTED: usize = 8;
/// What is added to observed and to forecast reactors where a level is learnt: few of them move it little.
pub(super) const PRIOR_REACTORS: f64 = 20.0;
/// Reactors within a part of a horizon are those of the whole to this power of the part.
const GROWTH: f64 = 0.8;
/// How far the slope of a single count may go.
const FREE: Strength = Strength { tau: 7.0, delta: 1.0 };

/// A form that a forecast may have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Form {
    /// The slopes that came along: lines.
    Default,
    /// A curve for each measure, drawn to those slopes.
    Curves(Strength),
    /// One measure alone, by its number.
    Count(usize),
}

impl Form {
    /// The forms but single counts.
    pub fn fitted() -> impl Iterator<Item = Self> {
        std::iter::once(Self::Default).chain(STRENGTHS.map(Self::Curves))
    }
}

/// The slopes of measures and the level of each network.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    /// Measures with the slopes of their lines or curves.
    pub slopes: Vec<(usize, Vec<f64>)>,
    /// Logarithm of the forecast where all measures are 0, for each network.
    pub levels: Vec<f64>,
}

impl Shape {
    /// Whether no value of any measure moves the forecast.
    pub fn is_flat(&self) -> bool {
        self.slopes.iter().flat_map(|(_, slopes)| slopes).all(|slope| *slope == 0.0)
    }
}

/// The rows of a fit, transformed.
pub(super) struct Data<'a> {
    pub rows: &'a Rows,
    /// z = ln(1 + x / [`OFFSET`]) of each measure. Lengths: rows.
    pub columns: Vec<Vec<f64>>,
    /// Rows of each origin, which stand together.
    pub ranges: Vec<Range<usize>>,
    pub networks: usize,
    /// Level of the forecast that came along.
    default_level: f64,
    /// Slope of each measure in it.
    default_slopes: Vec<f64>,
    /// Measures that a curve is fitted to: no two are alike.
    curved: Vec<usize>,
}

impl<'a> Data<'a> {
    /// `default` is the forecast that came along; curves are fitted to the measures for which `is_curved`.
    pub fn of(
        rows: &'a Rows,
        origins: usize,
        networks: usize,
        default: &Forecast,
        is_curved: impl Fn(&str) -> bool,
    ) -> Self {
        let transformed =
            |values: &Vec<f64>| values.iter().map(|value| libm::log1p(value / OFFSET)).collect();
        let columns: Vec<Vec<f64>> = rows.values.iter().map(transformed).collect();
        let of_origin = by_origin(rows, origins);
        let slope = |name: &&str| {
            let term = default.terms.iter().find(|term| term.measure == **name);
            term.map_or(0.0, |term| term.coefficient)
        };
        let mut curved: Vec<usize> = Vec::new();
        for (k, name) in rows.names.iter().enumerate() {
            let is_new = || curved.iter().all(|own| columns[*own] != columns[k]);
            let varies = || columns[k].iter().any(|z| *z > 0.0);
            if is_curved(name) && varies() && is_new() {
                curved.push(k);
            }
        }
        Self {
            default_level: default.intercept,
            default_slopes: rows.names.iter().map(slope).collect(),
            ranges: (0..origins).map(|origin| of_origin.range(origin)).collect(),
            rows,
            columns,
            networks,
            curved,
        }
    }

    /// The rows of each network at each of the `origins`, where there are any: people are ordered within a network, whose level is
    /// its own.
    pub fn cells(&self, origins: Range<usize>) -> Vec<Range<usize>> {
        let mut cells: Vec<Range<usize>> = Vec::new();
        for origin in origins {
            let rows = self.ranges[origin].clone();
            let networks = &self.rows.network[rows.clone()];
            let mut start = rows.start;
            for of_network in networks.chunk_by(|one, other| one == other) {
                cells.push(start..start + of_network.len());
                start += of_network.len();
            }
        }
        cells
    }

    /// Rows of the latest of the `origins`, as many as are fitted to.
    fn fitted(&self, origins: Range<usize>) -> Range<usize> {
        let first = origins.start.max(origins.end.saturating_sub(FITTED));
        self.ranges[first].start..self.ranges[origins.end - 1].end
    }

    /// What was observed in the rows that a fit to some origins takes.
    pub fn outcomes(&self, origins: Range<usize>) -> &[f64] {
        &self.rows.trusted[self.fitted(origins)]
    }

    /// Fits a form to some origins.
    pub fn fit(&self, form: Form, origins: Range<usize>) -> Result<Shape> {
        match form {
            Form::Default => {
                let slopes = self.default_slopes.iter().enumerate();
                let slopes = slopes.filter(|(_, slope)| **slope > 0.0);
                Ok(Shape {
                    slopes: slopes.map(|(k, slope)| (k, vec![*slope])).collect(),
                    levels: vec![self.default_level; self.networks],
                })
            }
            Form::Curves(strength) => {
                let default = |k: &usize| vec![self.default_slopes[*k]; additive::KNOTS.len()];
                let default: Vec<Vec<f64>> = self.curved.iter().map(default).collect();
                self.solve(&self.curved, &default, strength, origins)
            }
            Form::Count(measure) => self.solve(&[measure], &[vec![0.0]], FREE, origins),
        }
    }

    fn solve(
        &self,
        measures: &[usize],
        default: &[Vec<f64>],
        strength: Strength,
        origins: Range<usize>,
    ) -> Result<Shape> {
        let rows = self.fitted(origins);
        if rows.is_empty() {
            return Err(not_fitted(FitError::Empty));
        }
        let problem = AdditiveProblem {
            measures: measures.iter().map(|k| &self.columns[*k][rows.clone()]).collect(),
            groups: &self.rows.network[rows.clone()],
            offsets: None,
            outcomes: &self.rows.trusted[rows],
            weights: None,
            default_slopes: default,
            strength,
            overdispersion: None,
        };
        let fit = additive::fit(&problem).map_err(not_fitted)?;
        let mut levels = fit.intercepts;
        // A network without rows gets the mean level.
        let mean = levels.iter().fold(0.0, |sum, level| sum + level) / levels.len() as f64;
        levels.resize(self.networks, mean);
        Ok(Shape { slopes: measures.iter().copied().zip(fit.slopes).collect(), levels })
    }

    /// The forecast of each of the `rows`.
    pub fn forecast(&self, shape: &Shape, rows: Range<usize>) -> Vec<f64> {
        let expected = |row: usize| {
            let level = shape.levels[self.rows.network[row] as usize];
            let parts = shape.slopes.iter();
            let parts = parts.map(|(k, slopes)| effect(slopes, self.columns[*k][row]));
            libm::exp(parts.fold(level, |sum, part| sum + part))
        };
        rows.map(expected).collect()
    }

    /// The shape with its levels learnt from what was observed after some origins, on each network by
    /// `(Σ observed + 20) / (Σ forecast + 20)` of an origin in the mean; `scale` makes observed reactors those of a whole horizon.
    pub fn with_levels(&self, shape: &Shape, origins: Range<usize>, scale: f64) -> Shape {
        let count = origins.len() as f64;
        let rows = self.ranges[origins.start].start..self.ranges[origins.end - 1].end;
        let mut sums = vec![(0.0, 0.0); self.networks];
        for (row, expected) in rows.clone().zip(self.forecast(shape, rows)) {
            let (observed, forecast) = &mut sums[self.rows.network[row] as usize];
            *observed += scale * self.rows.trusted[row];
            *forecast += expected;
        }
        let learnt = |(observed, forecast): &(f64, f64)| {
            libm::log((observed / count + PRIOR_REACTORS) / (forecast / count + PRIOR_REACTORS))
        };
        let levels = shape.levels.iter().zip(&sums).map(|(level, sums)| level + learnt(sums));
        Shape { levels: levels.collect(), slopes: shape.slopes.clone() }
    }
}

/// Which part of the reactors within a horizon are those within so many hours of it.
pub(super) fn observed_part(horizon: u32, observed_hours: u32) -> f64 {
    libm::pow(f64::from(observed_hours) / f64::from(horizon), GROWTH)
}

/// To the sixth digit after the point: more mean nothing, and a file is read by people.
pub(super) fn rounded(value: f64) -> f64 {
    libm::round(1e6 * value) / 1e6
}
