//! Some people at one instant or on one topic: what is predicted of them, and what is true.

use rayon::prelude::*;

use crate::pipeline::sample::mix32;
use renown_stats::ranking::{LEFT_OUT, Ranking};

/// A part of fewer than one in so many is sorted anew.
const FEW: usize = 16;

/// Numbers of some people, and their order.
#[derive(Clone)]
pub(super) struct Column {
    pub values: Vec<f64>,
    pub order: Ranking,
}

impl Column {
    pub fn of(values: Vec<f64>) -> Self {
        Self { order: Ranking::new(&values), values }
    }

    /// The values of those at `taken`, whose places in it are `places`.
    fn part(&self, taken: &[u32], places: &[u32]) -> Self {
        let values = part(&self.values, taken);
        // Few are sorted sooner than all are passed over.
        let few = taken.len() * FEW < places.len();
        let order = if few { Ranking::new(&values) } else { self.order.restrict(places) };
        Self { values, order }
    }
}

fn part<T: Copy>(values: &[T], taken: &[u32]) -> Vec<T> {
    taken.iter().map(|place| values[*place as usize]).collect()
}

/// What was compared with.
#[derive(Clone)]
pub(super) enum Told {
    /// How many came to each.
    Came(Column),
    /// A number of each.
    Graded(Column),
    /// 1 of those for whom it is true, 0 of the others.
    Labels(Column),
    /// Places of the better and the worse one of each pair.
    Pairs(Vec<(u32, u32)>),
}

/// How a forecast of people fared: numbers of each person.
#[derive(Clone)]
pub(super) struct Fared {
    /// ln of how many were expected.
    pub logs: Vec<f64>,
    /// The randomised probability integral transform of how many came.
    pub transform: Vec<f64>,
    /// The square of what the chance that anybody comes was off.
    pub brier: Vec<f64>,
    /// The tenth of the round in which the forecast is.
    pub tenth: Vec<u8>,
}

/// Some people at one instant, or on one topic.
#[derive(Clone)]
pub(super) struct Round {
    /// Number of each person, ascending.
    pub person: Vec<u32>,
    /// Values of each predictor.
    pub predicted: Vec<Column>,
    /// How each predictor fared that says how many come, where the truth is who came.
    pub fared: Vec<Option<Fared>>,
    /// The truth about them.
    pub told: Told,
}

impl Round {
    /// The people at these places, ascending.
    pub fn part(&self, taken: &[u32]) -> Self {
        if taken.len() == self.person.len() {
            return self.clone();
        }
        let mut places = vec![LEFT_OUT; self.person.len()];
        (0..).zip(taken).for_each(|(new, old)| places[*old as usize] = new);
        let column = |column: &Column| column.part(taken, &places);
        let fared = |fared: &Fared| Fared {
            logs: part(&fared.logs, taken),
            transform: part(&fared.transform, taken),
            brier: part(&fared.brier, taken),
            tenth: part(&fared.tenth, taken),
        };
        let both = |(one, other): &(u32, u32)| {
            let (one, other) = (places[*one as usize], places[*other as usize]);
            (one != LEFT_OUT && other != LEFT_OUT).then_some((one, other))
        };
        Self {
            person: part(&self.person, taken),
            predicted: self.predicted.par_iter().map(column).collect(),
            fared: self.fared.par_iter().map(|own| own.as_ref().map(fared)).collect(),
            told: match &self.told {
                Told::Came(own) => Told::Came(column(own)),
                Told::Graded(own) => Told::Graded(column(own)),
                Told::Labels(own) => Told::Labels(column(own)),
                Told::Pairs(pairs) => Told::Pairs(pairs.iter().filter_map(both).collect()),
            },
        }
    }

    /// One in so many of the people.
    pub fn one_in(&self, many: u32) -> Self {
        let taken = 0..self.person.len() as u32;
        let taken = taken.filter(|place| mix32(self.person[*place as usize]).is_multiple_of(many));
        self.part(&taken.collect::<Vec<u32>>())
    }

    /// With the tenths in which forecasts are.
    pub fn with_tenths(mut self) -> Self {
        for (column, fared) in self.predicted.iter().zip(&mut self.fared) {
            fared.iter_mut().for_each(|fared| fared.tenth = column.order.deciles());
        }
        self
    }
}
