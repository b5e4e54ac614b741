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

/// `2^(−age/h)` at one age by every half-life, in units of [`UNIT`]: what a reaction needs lies in one line of the cache.
#[derive(Clone, Copy)]
#[repr(align(32))]
pub(super) struct Decays([u32; HALF_LIVES.len()]);

impl Decays {
    /// At an age that does not count.
    const NONE: Self = Self([0; HALF_LIVES.len()]);

    fn at(age_minutes: u32, half_lives: &[f64]) -> Self {
        Self(std::array::from_fn(|own| {
            let decay = libm::exp2(-f64::from(age_minutes) / half_lives[own]);
            libm::round(UNIT as f64 * decay) as u32
        }))
    }

    /// The decay of a quantity.
    pub(super) fn of(&self, quantity: usize) -> u64 {
        u64::from(self.0[HALF_LIFE_OF[quantity]])
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

/// What a method says about the past, as tables that kernels look up. Memory: 32 bytes a minute of the history, 17 MB a year.
pub struct HistoryRules {
    /// By age in minutes.
    decays: Vec<Decays>,
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
        let longest = half_lives.iter().copied().fold(0.0, f64::max) * f64::from(LONGEST);
        let ages = 0..=history_minutes.min(libm::ceil(longest) as u32);
        Self {
            decays: ages.map(|age| Decays::at(age, &half_lives)).collect(),
            half_lives,
            week_minutes: libm::round(at_least_a_step(base / 4.0)) as u32,
            day_minutes: libm::round(at_least_a_step(base / 28.0)) as u32,
            history_minutes,
            base_minutes: base,
            reactions: kinds.map(|rule| rule.reaction).collect(),
        }
    }

    /// The decays at an age.
    pub(super) fn decays_at(&self, age_minutes: u32) -> &Decays {
        self.decays.get(age_minutes as usize).unwrap_or(&Decays::NONE)
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
