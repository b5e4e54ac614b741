//! The method's rules for interactions: weight by kind and age, decay, and which kinds are reactions.

use std::sync::LazyLock;

use super::history::HistoryRules;
use crate::error::{Error, Result};
use crate::method::{MEASURE_HOURS, Method};

/// Vertices whose interactions are summed as one parallel work item.
pub(crate) const CHUNK_VERTICES: usize = 1 << 10;

/// Fixed-point scale of attention: this many units are one fresh interaction of weight 1.
pub const ONE: i64 = 1 << 32;

/// What a method says about interactions, as tables that kernels look up.
pub struct InteractionRules {
    /// Weight of an interaction of each kind at each age, in units of [`ONE`].
    weights: Vec<Vec<i64>>,
    /// Decay at each age, in units of [`ONE`].
    decays: Vec<i64>,
    /// Whether each kind is a reaction.
    reactions: Vec<bool>,
    /// Interactions of one pair that can be summed without overflow.
    max_per_pair: usize,
    /// How the past counts, once it is asked for.
    history: LazyHistory,
}

/// Made when first needed: most methods and stages need none.
type LazyHistory = LazyLock<HistoryRules, Box<dyn FnOnce() -> HistoryRules + Send + Sync>>;

impl InteractionRules {
    /// The rules of a method, for ages up to the longer of its window and 90 days.
    pub fn of(method: &Method) -> Self {
        let window = method.attention.window_hours;
        let unit = |age| decay(age, method.attention.half_life_hours);
        let hours = 0..window.max(MEASURE_HOURS);
        let weights = method.kinds.values().map(|rule| {
            let weight = |age| if age < window { rule.weight * unit(age) } else { 0.0 };
            hours.clone().map(|age| libm::round(weight(age)) as i64).collect()
        });
        let heaviest = method.kinds.values().map(|rule| rule.weight).fold(0.0, f64::max);
        Self {
            weights: weights.collect(),
            decays: hours.clone().map(|age| libm::round(unit(age)) as i64).collect(),
            reactions: method.kinds.values().map(|rule| rule.reaction).collect(),
            max_per_pair: (i64::MAX as f64 / (heaviest * ONE as f64 + 1.0)) as usize,
            history: {
                let (forecast, kinds) = (method.forecast.clone(), method.kinds.clone());
                LazyLock::new(Box::new(move || HistoryRules::of(&forecast, kinds.values())))
            },
        }
    }

    /// Weight of an interaction of a kind at an age, in units of [`ONE`].
    pub(crate) fn weight(&self, kind: u8, age_hours: u32) -> i64 {
        self.weights[usize::from(kind)].get(age_hours as usize).copied().unwrap_or(0)
    }

    /// `2^(−age/h)`, in units of [`ONE`].
    pub(super) fn decay(&self, age_hours: u32) -> i64 {
        self.decays[age_hours as usize]
    }

    /// How the past counts in measures of history.
    pub fn history(&self) -> &HistoryRules {
        &self.history
    }

    /// Whether interactions of this kind are reactions.
    pub(crate) fn is_reaction(&self, kind: u8) -> bool {
        self.reactions[usize::from(kind)]
    }

    /// Refuses a pair with so many interactions that their sum could overflow.
    pub(super) fn refuse_overflow(&self, interactions: usize) -> Result<()> {
        if interactions <= self.max_per_pair {
            return Ok(());
        }
        let cause = format!(
            "one account acted {interactions} times on one other; at the method's weights {} can be summed",
            self.max_per_pair
        );
        let remedy = "check for a runaway source, or lower the weights of the kinds in the method";
        Err(Error::bad_input(cause, remedy))
    }
}

/// `2^(−age/h)` in units of [`ONE`], for whole hours `age`.
fn decay(age_hours: u32, half_life_hours: u32) -> f64 {
    ONE as f64 * libm::exp2(-f64::from(age_hours) / f64::from(half_life_hours))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_life_halves() {
        assert_eq!(decay(0, 720), ONE as f64);
        assert_eq!(decay(720, 720), ONE as f64 / 2.0);
        assert_eq!(decay(2160, 720), ONE as f64 / 8.0);
    }
}
