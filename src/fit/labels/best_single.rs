//! The best single measure, which everything else has to outperform.

use rayon::prelude::*;

use super::measured::Measured;

/// Groups of people that the jackknife leaves out in turn.
pub(super) const GROUPS: usize = 20;

/// The measure that orders most pairs right, by weight; of equals the first. Of a measure that may count against a person the
/// reverse order counts too.
pub(super) fn best_single(of: &Measured) -> usize {
    let all: Vec<usize> = (0..of.judged.len()).collect();
    let picks = Picks::of(of, &all, &vec![0; of.persons.len()]);
    picks.all.map_or(0, |pick| pick.measure)
}

/// The measure that is the best by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pick {
    pub measure: usize,
    /// Whether less of it is better.
    pub reverse: bool,
}

/// The best single measure by some pairs.
#[derive(Debug)]
pub(super) struct Picks {
    /// By all of them; none if there are none.
    pub all: Option<Pick>,
    /// By those without people of each group.
    pub without: Vec<Option<Pick>>,
}

impl Picks {
    /// By the judgements at `pairs`; `group_of` is the group of each person.
    pub fn of(of: &Measured, pairs: &[usize], group_of: &[usize]) -> Self {
        // Of all pairs, then of those with anybody of each group: how many there are, and how many each measure orders right.
        let mut weights = vec![0.0; 1 + GROUPS];
        let mut right = vec![vec![0.0; 1 + GROUPS]; of.measures.len()];
        let places = |at: usize| {
            let (winner, loser) = of.judged.pairs[at];
            let (one, other) = (group_of[winner as usize], group_of[loser as usize]);
            [Some(0), Some(1 + one), (one != other).then_some(1 + other)].into_iter().flatten()
        };
        for at in pairs {
            places(*at).for_each(|place| weights[place] += of.judged.weights[*at]);
        }
        right.par_iter_mut().zip(&of.measures).for_each(|(right, measure)| {
            for at in pairs {
                let (winner, loser) = of.judged.pairs[*at];
                let difference = measure.column[winner as usize] - measure.column[loser as usize];
                let share = share_in_order(difference);
                places(*at).for_each(|place| right[place] += share * of.judged.weights[*at]);
            }
        });
        let pick = |count: &dyn Fn(&[f64]) -> f64| {
            let all = count(&weights);
            let measures = right.iter().zip(&of.measures).enumerate();
            let scored = measures.map(|(measure, (right, declared))| {
                let right = count(right);
                let reverse = !declared.nonnegative && 2.0 * right < all;
                (Pick { measure, reverse }, if reverse { all - right } else { right })
            });
            let best = scored.reduce(|best, next| if next.1 > best.1 { next } else { best });
            best.map(|(pick, _)| pick).filter(|_| all > 0.0)
        };
        let without = |group: usize| pick(&|counts: &[f64]| counts[0] - counts[1 + group]);
        Self { all: pick(&|counts: &[f64]| counts[0]), without: (0..GROUPS).map(without).collect() }
    }
}

/// Of a pair with a difference in favour of the winner: whether it is in the right order, ties half.
pub(super) fn share_in_order(difference: f64) -> f64 {
    if difference > 0.0 { 1.0 } else { f64::from(u8::from(difference == 0.0)) / 2.0 }
}
