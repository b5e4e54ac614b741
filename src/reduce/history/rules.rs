//! How the past counts in measures of history: decays by age, the lengths of a week and a day, and how much of the past the
//! data cover.

use super::names::{HALF_LIFE_OF, HALF_LIVES, POSTS, QUANTITIES, RECENCY, number};
use crate::method::{Forecast, KindRule};

/// Fixed-point scale of a decay: so many units are 1.
pub(super) const UNIT: u64 = 1 << 31;
/// Hours of four weeks: the measures of longer horizons have the half-lives of this one.
const FOUR_WEEKS: u32 = 28 * 24;
/// After so many half-lives a decay is below half a unit.
const LONGEST: u32 = 33;
/// The data cover at least this part of the base, so that no sum is divided by next to nothing.
const LEAST_COVERED: f64 = 1.0 / 28.0;

/// `2^(−age/h)` at every age, in units of [`UNIT`]. Memory: 4 bytes a minute of the history.
pub(super) struct Decay(Vec<u32>);

impl Decay {
    fn new(half_life_minutes: f64, history_minutes: u32) -> Self {
        let longest = libm::ceil(f64::from(LONGEST) * half_life_minutes);
        let minutes = history_minutes.min(longest as u32);
        let at = |age: u32| UNIT as f64 * libm::exp2(-f64::from(age) / half_life_minutes);
        Self((0..=minutes).map(|age| libm::round(at(age)) as u32).collect())
    }

    /// The decay at an age.
    pub(super) fn at(&self, age_minutes: u32) -> u64 {
        self.0.get(age_minutes as usize).map_or(0, |decay| u64::from(*decay))
    }
}

/// The shorter of the horizon and four weeks, in minutes.
fn base_minutes(forecast: &Forecast) -> f64 {
    f64::from(60 * forecast.horizon_hours.min(FOUR_WEEKS))
}

/// In minutes, by [`HALF_LIVES`].
fn half_lives(forecast: &Forecast) -> Vec<f64> {
    let (base, step) = (base_minutes(forecast), f64::from(forecast.clock_minutes));
    HALF_LIVES.iter().map(|eighths| (base * *eighths as f64 / 8.0).max(step)).collect()
}

/// The part of its half-life by which a quantity is divided: that which the data cover, and at least a day of four weeks.
fn covered_part(quantity: usize, half_life: f64, covered_minutes: f64, base_minutes: f64) -> f64 {
    match quantity {
        // How long ago the last one was is known whatever came before.
        RECENCY..POSTS => 1.0,
        _ => 1.0 - libm::exp2(-covered_minutes.max(base_minutes * LEAST_COVERED) / half_life),
    }
}

/// How many times as large as what the data hold a sum of a forecast is at most, where they cover so many minutes; `None` without
/// sums that fade.
pub fn largest_scale(forecast: &Forecast, covered_minutes: u32) -> Option<f64> {
    let covered = f64::from(covered_minutes.min(forecast.history_hours.saturating_mul(60)));
    let half_lives = half_lives(forecast);
    let measures = forecast.terms.iter().filter_map(|term| number(&term.measure));
    let parts = measures.map(|number| {
        let quantity = number % QUANTITIES;
        let half_life = half_lives[HALF_LIFE_OF[quantity]];
        covered_part(quantity, half_life, covered, base_minutes(forecast))
    });
    parts.reduce(f64::min).map(|part| 1.0 / part)
}

/// What a method says about the past, as tables that kernels look up. Memory: up to 30 MB with a history of a year.
pub struct HistoryRules {
    /// By [`HALF_LIVES`].
    decays: Vec<Decay>,
    /// Half-lives in minutes.
    half_lives: Vec<f64>,
    /// How long a reaction makes a week, in minutes: a quarter of the base.
    pub(super) week_minutes: u32,
    /// How long a reaction makes a day: a 28th of it.
    pub(super) day_minutes: u32,
    /// Ages that count, in minutes.
    pub(super) history_minutes: u32,
    base_minutes: f64,
    /// Whether each kind is a reaction.
    reactions: Vec<bool>,
}

impl HistoryRules {
    /// The rules of a forecast, with the kinds of interaction in the order of their names.
    pub(crate) fn of<'a>(forecast: &Forecast, kinds: impl Iterator<Item = &'a KindRule>) -> Self {
        let base = base_minutes(forecast);
        let at_least_a_step = |minutes: f64| minutes.max(f64::from(forecast.clock_minutes));
        let half_lives = half_lives(forecast);
        let history_minutes = forecast.history_hours.saturating_mul(60);
        Self {
            decays: half_lives.iter().map(|own| Decay::new(*own, history_minutes)).collect(),
            half_lives,
            week_minutes: libm::round(at_least_a_step(base / 4.0)) as u32,
            day_minutes: libm::round(at_least_a_step(base / 28.0)) as u32,
            history_minutes,
            base_minutes: base,
            reactions: kinds.map(|rule| rule.reaction).collect(),
        }
    }

    /// The decay of a quantity.
    pub(super) fn decay_of(&self, quantity: usize) -> &Decay {
        &self.decays[HALF_LIFE_OF[quantity]]
    }

    /// Whether interactions of this kind are reactions.
    pub(super) fn is_reaction(&self, kind: u8) -> bool {
        self.reactions[usize::from(kind)]
    }

    /// What each quantity is multiplied by where the data cover so many minutes: unions become weeks and days, and every sum that
    /// decays is divided by the part of its half-life that the data cover, `1 − 2^(−minutes/h)`.
    pub(crate) fn factors(&self, covered_minutes: u32) -> [f64; QUANTITIES] {
        let covered = f64::from(covered_minutes.min(self.history_minutes));
        std::array::from_fn(|quantity| {
            let half_life = self.half_lives[HALF_LIFE_OF[quantity]];
            let part = covered_part(quantity, half_life, covered, self.base_minutes);
            self.length(quantity) / (part * UNIT as f64)
        })
    }

    /// What a decay of 1 is worth: of unions `∫ 2^(−x/h) dx = h / ln 2`, in weeks or days.
    fn length(&self, quantity: usize) -> f64 {
        use super::names::{DAYS, PAIR_WEEKS, WEEKS};
        let union_minutes = match quantity {
            WEEKS..DAYS | PAIR_WEEKS..RECENCY => self.week_minutes,
            DAYS..PAIR_WEEKS => self.day_minutes,
            _ => return 1.0,
        };
        self.half_lives[HALF_LIFE_OF[quantity]]
            / (std::f64::consts::LN_2 * f64::from(union_minutes))
    }
}
