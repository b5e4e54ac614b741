//! Which predictor is taken, by pairs of people whom it was not fitted to.
//!
//! People, not pairs, are held out: they are divided into [`FOLDS`] parts, up to [`PARTITIONS`] times; a fit to the pairs without people
//! of one part is held against the pairs within that part. The best single measure is picked anew in each fit, so that the
//! choice between many measures costs it what it costs the others.
//!
//! [`take`] tells which candidate is taken. Standard errors are those of the jackknife that leaves out people: [`GROUPS`] groups of
//! them in turn, each with all pairs of its people; the best single measure of each fit is picked anew without them.
//! Source: Arvesen 1969, *Jackknifing U-statistics*; Efron & Tibshirani 1993, *An Introduction to the Bootstrap*, §11.5.

use rayon::prelude::*;

use super::best_single::{GROUPS, Pick, Picks, share_in_order};
use super::measured::Measured;
use super::predictor::{Candidate, Fitting, Form, Predictor};
use crate::error::{Error, Result};
use crate::method::Validation;
use crate::pipeline::sample::mix32;
use renown_stats::bradley_terry::win_probability;
use renown_stats::resampling::jackknife_error;

/// Parts into which people are divided.
const FOLDS: u32 = 5;
/// How often they are where there are few judgements.
const PARTITIONS: u32 = 2;
/// From as many judgements on they are divided once, which takes half of the time.
const MANY: usize = 20_000;

/// The candidate that is taken, and how good it and the best single measure were.
pub(super) struct Choice {
    pub candidate: Candidate,
    pub validation: Validation,
}

/// Chooses among all candidates.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] if no part of the people is compared within itself, or nothing could be fitted.
pub(super) fn choose(of: &Measured) -> Result<Choice> {
    let group_of: Vec<usize> = of.persons.iter().map(|person| group(*person)).collect();
    let rounds = if of.judged.len() < MANY { PARTITIONS } else { 1 };
    let parts: Vec<(u32, u32)> =
        (0..rounds).flat_map(|round| (0..FOLDS).map(move |fold| (round, fold))).collect();
    let held_out = |part: &(u32, u32)| HeldOut::of(of, *part, &group_of).transpose();
    let held_out: Vec<HeldOut> =
        parts.par_iter().filter_map(held_out).collect::<Result<Vec<HeldOut>>>()?;
    let Some(first) = held_out.first() else {
        return Err(Error::bad_input(
            "no fifth of the people of the truth is compared within itself, so that a fit could not be checked",
            "give judgements of more pairs",
        )
        .in_table("ground_truth"));
    };
    let tried: Vec<Tried> = (0..first.candidates.len())
        .map(|candidate| {
            let differs = |group| {
                let sums = Sums::of(of, &held_out, candidate, &group_of, group);
                (sums.weight > 0.0).then(|| sums.differences())
            };
            let without: Vec<[f64; 2]> =
                (0..GROUPS).filter_map(|group| differs(Some(group))).collect();
            let error = |metric: usize| match without.len() {
                0 | 1 => f64::INFINITY,
                _ => jackknife_error(&without.iter().map(|both| both[metric]).collect::<Vec<_>>()),
            };
            let sums = Sums::of(of, &held_out, candidate, &group_of, None);
            Tried {
                candidate: first.candidates[candidate],
                log_score: sums.log_score / sums.weight,
                agreement: sums.right / sums.weight,
                gains: sums.differences(),
                errors: [error(0), error(1)],
            }
        })
        .collect();
    let (single, taken) = (&tried[0], &tried[take(&tried)]);
    Ok(Choice {
        candidate: taken.candidate,
        validation: Validation {
            log_score: taken.log_score,
            agreement: taken.agreement,
            log_score_anchor: single.log_score,
            agreement_anchor: single.agreement,
            disagreement: disagreement(&tried, taken),
            ..Validation::default()
        },
    })
}

/// How good a candidate was on people whom it was not fitted to.
#[derive(Clone, Debug)]
struct Tried {
    candidate: Candidate,
    /// Mean log probability of the judgements.
    log_score: f64,
    /// Share of the pairs in the right order.
    agreement: f64,
    /// By how much both are above those of the best single measure.
    gains: [f64; 2],
    /// Standard errors of that.
    errors: [f64; 2],
}

impl Tried {
    /// Whether it orders pairs worse than the best single measure by more than one standard error.
    fn orders_worse(&self) -> bool {
        self.gains[1] < -self.errors[1]
    }
}

/// What the best log score of those that are refused says against `taken`, if it is better.
fn disagreement(tried: &[Tried], taken: &Tried) -> Option<String> {
    let refused = tried.iter().filter(|own| own.orders_worse() && own.gains[0] > own.errors[0]);
    let best = refused
        .reduce(|best, next| if next.log_score > best.log_score { next } else { best })
        .filter(|best| best.log_score > taken.log_score)?;
    let form = match best.candidate.form {
        Form::Curves => "curves",
        _ => "lines",
    };
    Some(format!(
        "{form} with the ridge {} have a log score of {:.4}, above {:.4}, and order pairs worse than the best single measure, by {:.4} \
         with a standard error of {:.4}: refused",
        best.candidate.ridge, best.log_score, taken.log_score, -best.gains[1], best.errors[1]
    ))
}

/// Which of `tried`, of which the first is the best single measure, is taken: that with the best log score among those that do not
/// order pairs worse than the single measure by more than one standard error; but the single measure as long as its log score
/// is within one standard error of it (the rule of Breiman, Friedman, Olshen & Stone 1984, *Classification and Regression
/// Trees*, §3.4.3).
fn take(tried: &[Tried]) -> usize {
    let allowed = (1..tried.len()).filter(|at| !tried[*at].orders_worse());
    let best =
        allowed.reduce(
            |best, next| {
                if tried[next].log_score > tried[best].log_score { next } else { best }
            },
        );
    best.filter(|at| tried[*at].gains[0] > tried[*at].errors[0]).unwrap_or(0)
}

fn fold(person: u32, round: u32) -> u32 {
    mix32(person.wrapping_add(round.wrapping_mul(0x9e37_79b9))) % FOLDS
}

/// The group of a person, whatever the fold.
fn group(person: u32) -> usize {
    mix32(mix32(person) ^ 0x85eb_ca6b) as usize % GROUPS
}

/// What was fitted without the people of one part, and how far it sets apart the two people of each pair within it.
struct HeldOut {
    /// Indices of these judgements.
    pairs: Vec<usize>,
    candidates: Vec<Candidate>,
    /// Of each candidate η(winner) − η(loser) of each pair.
    advantages: Vec<Vec<f64>>,
    /// The best single measure, also without each of the groups.
    picks: Picks,
}

impl HeldOut {
    /// None if there are no pairs within the part, or none without it.
    fn of(of: &Measured, (round, part): (u32, u32), group_of: &[usize]) -> Result<Option<Self>> {
        let within = |person: u32| fold(of.persons[person as usize], round) == part;
        let pairs = || (0..of.judged.len()).zip(&of.judged.pairs);
        let both = pairs().filter(|(_, (a, b))| within(*a) && within(*b));
        let inside: Vec<usize> = both.map(|(at, _)| at).collect();
        let neither = pairs().filter(|(_, (a, b))| !within(*a) && !within(*b));
        let outside: Vec<usize> = neither.map(|(at, _)| at).collect();
        let picks = Picks::of(of, &outside, group_of);
        let Some(pick) = picks.all.filter(|_| !inside.is_empty()) else { return Ok(None) };
        let judged = &of.judged.select(&outside);
        let fitted = Fitting { of, judged, anchor: pick.measure }.all()?;
        let advantages = |(_, predictor): &(Candidate, Predictor)| {
            let scores = predictor.scores(of);
            let advantage = |at: &usize| {
                let (winner, loser) = of.judged.pairs[*at];
                scores[winner as usize] - scores[loser as usize]
            };
            inside.iter().map(advantage).collect()
        };
        Ok(Some(Self {
            candidates: fitted.iter().map(|(candidate, _)| *candidate).collect(),
            advantages: fitted.iter().map(advantages).collect(),
            picks,
            pairs: inside,
        }))
    }
}

/// Sums over judgements of people whom no fit had seen.
#[derive(Default)]
struct Sums {
    weight: f64,
    log_score: f64,
    right: f64,
    /// The same of the best single measure.
    log_score_single: f64,
    right_single: f64,
}

impl Sums {
    /// Over all, or those without people of a group.
    fn of(
        of: &Measured,
        held_out: &[HeldOut],
        candidate: usize,
        group_of: &[usize],
        without: Option<usize>,
    ) -> Self {
        let mut sums = Self::default();
        for part in held_out {
            // The best single measure of the part, and of the part without the group.
            let pick = without.and_then(|group| part.picks.without[group]);
            let pick = pick.filter(|pick| part.picks.all != Some(*pick));
            for (place, at) in part.pairs.iter().enumerate() {
                let (winner, loser) = of.judged.pairs[*at];
                let has = |group| [winner, loser].iter().any(|p| group_of[*p as usize] == group);
                if without.is_some_and(has) {
                    continue;
                }
                let weight = of.judged.weights[*at];
                let (advantage, single) =
                    (part.advantages[candidate][place], part.advantages[0][place]);
                let by_single = pick.map_or(single, |Pick { measure, reverse }| {
                    let column = &of.measures[measure].column;
                    let ahead = column[winner as usize] - column[loser as usize];
                    if reverse { -ahead } else { ahead }
                });
                sums.weight += weight;
                sums.log_score += weight * log_probability(advantage);
                sums.log_score_single += weight * log_probability(single);
                sums.right += weight * share_in_order(advantage);
                sums.right_single += weight * share_in_order(by_single);
            }
        }
        sums
    }

    /// By how much the mean log score and the share in the right order are above those of the best single measure.
    fn differences(&self) -> [f64; 2] {
        [
            (self.log_score - self.log_score_single) / self.weight,
            (self.right - self.right_single) / self.weight,
        ]
    }
}

fn log_probability(advantage: f64) -> f64 {
    libm::log(win_probability(advantage).max(f64::MIN_POSITIVE))
}

#[cfg(test)]
mod tests {
    use super::super::best_single::best_single;
    use super::super::judged_pairs::JudgedPairs;
    use super::super::measured::Measure;
    use super::super::predictor::SINGLE;
    use super::*;

    fn tried(log_score: f64, gains: [f64; 2], errors: [f64; 2]) -> Tried {
        let candidate = Candidate { form: Form::Lines, ridge: 0.1 };
        Tried { candidate, log_score, agreement: 0.0, gains, errors }
    }

    #[test]
    fn what_orders_pairs_worse_is_refused_and_what_is_hardly_better_is_not_taken() {
        let single = || tried(-0.6, [0.0; 2], [0.0; 2]);
        let better = || tried(-0.5, [0.1, -0.009], [0.05, 0.01]);
        assert_eq!(take(&[single(), better()]), 1);
        assert_eq!(take(&[single(), tried(-0.5, [0.1, -0.011], [0.05, 0.01])]), 0);
        assert_eq!(take(&[single(), tried(-0.55, [0.05, 0.01], [0.06, 0.01])]), 0);
        assert_eq!(take(&[single(), better(), tried(-0.45, [0.15, 0.0], [0.05, 0.01])]), 2);
        // The better one orders worse.
        let three = [single(), better(), tried(-0.45, [0.15, -0.1], [0.05, 0.01])];
        assert!(disagreement(&three, &three[1]).unwrap().starts_with("lines with the ridge 0.1"));
        assert_eq!(disagreement(&three[..2], &three[1]), None);
        assert_eq!(take(&[single(), better(), tried(-0.45, [0.15, -0.1], [0.05, 0.01])]), 1);
        assert_eq!(take(&[single()]), 0);
        let unknown = tried(-0.5, [0.1, 0.1], [f64::INFINITY; 2]);
        assert_eq!(take(&[single(), unknown]), 0);
    }

    #[test]
    fn folds_and_groups_are_independent_and_of_equal_size() {
        let mut cells = vec![[0_usize; GROUPS]; FOLDS as usize];
        (0..100_000).for_each(|person| cells[fold(person, 0) as usize][group(person)] += 1);
        assert!(cells.iter().flatten().all(|people| (850..1_150).contains(people)), "{cells:?}");
        let again = (0..100_000).filter(|person| fold(*person, 0) == fold(*person, 1)).count();
        assert!((19_000..21_000).contains(&again), "{again}");
    }

    /// Measures of 300 people, and 6,000 comparisons decided by `merit`.
    fn judged(seed: u64, measures: usize, merit: impl Fn(&[f64]) -> f64) -> Measured {
        let mut random = fastrand::Rng::with_seed(seed);
        let columns: Vec<Vec<f64>> =
            (0..measures).map(|_| (0..300).map(|_| 7.0 * random.f64()).collect()).collect();
        let merit = |person: u32| {
            merit(&columns.iter().map(|column| column[person as usize]).collect::<Vec<f64>>())
        };
        let mut pairs = Vec::new();
        while pairs.len() < 6_000 {
            let (a, b) = (random.u32(..300), random.u32(..300));
            let a_wins = random.f64() < win_probability(merit(a) - merit(b));
            if a != b {
                pairs.push(if a_wins { (a, b) } else { (b, a) });
            }
        }
        let measure = |(k, column): (usize, &Vec<f64>)| Measure {
            name: format!("measure_{k}"),
            offset: 1.0,
            nonnegative: true,
            column: column.clone(),
        };
        Measured {
            persons: (0..300).collect(),
            measures: columns.iter().enumerate().map(measure).collect(),
            judged: JudgedPairs { weights: vec![1.0; pairs.len()], pairs },
        }
    }

    #[test]
    fn curves_are_taken_where_the_truth_is_curved() {
        // The first counts up to 2 only, the second from 4 on.
        let merit = |z: &[f64]| 1.5 * z[0].min(2.0) + 1.5 * (z[1] - 4.0).max(0.0);
        let choice = choose(&judged(1, 3, merit)).unwrap();
        assert_eq!(choice.candidate.form, Form::Curves);
        let Validation { agreement, agreement_anchor, .. } = choice.validation;
        assert!(agreement > agreement_anchor + 0.05, "{agreement} {agreement_anchor}");
    }

    #[test]
    fn lines_or_curves_are_as_good_where_the_truth_is_straight() {
        let choice = choose(&judged(2, 4, |z| 0.5 * z[0] + 0.4 * z[1])).unwrap();
        assert_ne!(choice.candidate.form, Form::Single);
        let Validation { agreement, agreement_anchor, .. } = choice.validation;
        assert!(agreement > agreement_anchor + 0.02, "{agreement} {agreement_anchor}");
    }

    #[test]
    fn among_noise_the_single_measure_is_kept() {
        for seed in 10..14 {
            let of_one = choose(&judged(seed, 12, |z| 0.6 * z[3])).unwrap();
            assert_eq!(of_one.candidate, SINGLE);
            assert_eq!(best_single(&judged(seed, 12, |z| 0.6 * z[3])), 3);
            let of_none = choose(&judged(seed, 12, |_| 0.0)).unwrap();
            assert_eq!(of_none.candidate, SINGLE);
        }
    }

    /// A judgement of weight 3 is three judgements.
    #[test]
    fn weights_are_repetitions() {
        let mut weighted = judged(3, 3, |z| 0.4 * z[0] + 0.3 * z[1]);
        let mut repeated = judged(3, 3, |z| 0.4 * z[0] + 0.3 * z[1]);
        let times = |at: usize| 1 + at % 3;
        let all = weighted.judged.pairs.iter().enumerate();
        repeated.judged.pairs =
            all.flat_map(|(at, pair)| std::iter::repeat_n(*pair, times(at))).collect();
        repeated.judged.weights = vec![1.0; repeated.judged.pairs.len()];
        weighted.judged.weights = (0..weighted.judged.len()).map(|at| times(at) as f64).collect();
        let (one, other) = (choose(&weighted).unwrap(), choose(&repeated).unwrap());
        assert_eq!(one.candidate, other.candidate);
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
        close(one.validation.log_score, other.validation.log_score);
        close(one.validation.agreement, other.validation.agreement);
        close(one.validation.log_score_anchor, other.validation.log_score_anchor);
        assert_eq!(best_single(&weighted), best_single(&repeated));
    }

    #[test]
    fn a_measure_of_the_job_may_count_against_people() {
        let mut of = judged(4, 2, |z| 0.1 * z[0] - 0.8 * z[1]);
        assert_eq!(best_single(&of), 0);
        of.measures.iter_mut().for_each(|measure| measure.nonnegative = false);
        assert_eq!(best_single(&of), 1);
        let fitting = Fitting { of: &of, judged: &of.judged, anchor: 1 };
        let predictor = fitting.candidate(SINGLE).unwrap();
        assert!(predictor.parts[0].slopes[0] < -0.5);
        assert!(choose(&of).unwrap().validation.agreement > 0.7);
    }

    #[test]
    fn people_who_are_compared_with_no_one_else_cannot_be_checked() {
        let mut of = judged(5, 1, |z| z[0]);
        of.judged = of.judged.select(&[0]);
        assert!(choose(&of).is_err());
    }
}
