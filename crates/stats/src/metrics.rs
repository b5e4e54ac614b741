//! How well numbers agree with what they should tell: metrics over people who count so many times each.
//!
//! A count of times is what a bootstrap of people needs; without one everybody counts once. Ties are never broken: what
//! is alike shares its place, or takes each order equally often. Values are sorted once, and all metrics but Kendall's τ
//! are linear from then on.

use renown_graph::numbering::NONE;

/// People in the order of a value, and which of them are alike.
#[derive(Clone, Debug)]
pub struct Order {
    /// Indices of people, the lowest value first.
    order: Vec<u32>,
    /// Where each group of equal values begins in `order`, and the end.
    bounds: Vec<u32>,
}

impl Order {
    /// The order of `values`, which are numbers; at most 2³² of them.
    pub fn of(values: &[f64]) -> Self {
        let mut order: Vec<u32> = (0..values.len() as u32).collect();
        let at = |index: &u32| values[*index as usize];
        order.sort_unstable_by(|one, other| at(one).total_cmp(&at(other)).then(one.cmp(other)));
        let (mut bounds, mut end) = (vec![0], 0);
        // -0 and 0 are one value.
        for group in order.chunk_by(|one, other| at(one) == at(other)) {
            end += group.len() as u32;
            bounds.push(end);
        }
        Self { order, bounds }
    }

    /// The order of those who have a place among others, by that place; [`NONE`] is no place.
    pub fn within(&self, places: &[u32]) -> Self {
        let (mut order, mut bounds, mut end) = (Vec::new(), vec![0], 0);
        for group in self.groups() {
            order.extend(group.iter().map(|index| places[*index as usize]).filter(|p| *p != NONE));
            if order.len() > end {
                end = order.len();
                bounds.push(end as u32);
            }
        }
        Self { order, bounds }
    }

    /// How many different values there are.
    pub fn distinct(&self) -> usize {
        self.bounds.len() - 1
    }

    /// Which tenth everybody is in by mid-rank, 0 for the lowest, so that equals are in one; by index.
    pub fn tenths(&self) -> Vec<u8> {
        let everybody = vec![1; self.order.len()];
        let twice = 2.0 * self.order.len() as f64;
        let tenth = |rank: f64| (10.0 * (rank - 1.0) / twice) as u8;
        self.ranks(&everybody).into_iter().map(tenth).collect()
    }

    /// Who is among the first `k`, the highest first; all who are alike to the last of them are too.
    pub fn first(&self, times: &[u32], k: usize) -> Vec<bool> {
        let (mut first, mut before) = (vec![false; self.order.len()], 0.0);
        for group in self.groups().rev() {
            if before >= k as f64 {
                break;
            }
            group.iter().for_each(|index| first[*index as usize] = true);
            before += total(group, times);
        }
        first
    }

    /// Whether any two differ, of those who count.
    pub fn differ(&self, times: &[u32]) -> bool {
        self.groups().filter(|group| total(group, times) > 0.0).nth(1).is_some()
    }

    /// The groups of people with equal values, the lowest first.
    fn groups(&self) -> impl DoubleEndedIterator<Item = &[u32]> {
        self.bounds.windows(2).map(|group| &self.order[group[0] as usize..group[1] as usize])
    }

    /// Twice the mid-rank of everybody, by index.
    pub fn ranks(&self, times: &[u32]) -> Vec<f64> {
        let mut ranks = vec![0.0; self.order.len()];
        let mut below = 0.0;
        for group in self.groups() {
            let own = total(group, times);
            for index in group {
                ranks[*index as usize] = 2.0 * below + own + 1.0;
            }
            below += own;
        }
        ranks
    }
}

/// How often a group counts.
fn total(group: &[u32], times: &[u32]) -> f64 {
    group.iter().map(|index| u64::from(times[*index as usize])).sum::<u64>() as f64
}

/// Spearman's ρ, the correlation of mid-ranks; none if either side is constant. Source: Kendall & Gibbons 1990, *Rank
/// Correlation Methods*, §3.
pub fn spearman(one: &Order, other: &Order, times: &[u32]) -> Option<f64> {
    correlation(&one.ranks(times), &other.ranks(times), times)
}

/// Spearman's ρ of what [`Order::ranks`] gives.
pub fn correlation(a: &[f64], b: &[f64], times: &[u32]) -> Option<f64> {
    let all = times.iter().map(|times| u64::from(*times)).sum::<u64>() as f64;
    let (mut of_both, mut of_a, mut of_b) = (0.0, 0.0, 0.0);
    for ((a, b), times) in a.iter().zip(b).zip(times) {
        let (a, b, times) = (a - (all + 1.0), b - (all + 1.0), f64::from(*times));
        of_both += times * a * b;
        of_a += times * a * a;
        of_b += times * b * b;
    }
    let spread = libm::sqrt(of_a * of_b);
    (spread > 0.0).then(|| of_both / spread)
}

/// Kendall's τ-b; none if either side is constant. Source: Kendall & Gibbons 1990, §3; counted in O(n log n) by a binary
/// indexed tree (Fenwick 1994, *A New Data Structure for Cumulative Frequency Tables*).
pub fn kendall(one: &Order, other: &Order, times: &[u32]) -> Option<f64> {
    let mut place = vec![0; other.order.len()];
    let mut tied_in_other = 0.0;
    for (number, group) in (0..).zip(other.groups()) {
        group.iter().for_each(|index| place[*index as usize] = number);
        tied_in_other += pairs(total(group, times));
    }
    let mut seen = Tree(vec![0; other.bounds.len()]);
    let (mut above, mut tied_in_one, mut concordant, mut discordant) = (0_u64, 0.0, 0.0, 0.0);
    // Of those who are alike in one, how many are at each place of the other: large groups take few steps.
    let (mut here, mut places) = (vec![0_u64; other.bounds.len()], vec![]);
    for group in one.groups() {
        for index in group {
            let (own, place) = (u64::from(times[*index as usize]), place[*index as usize]);
            if own > 0 && here[place] == 0 {
                places.push(place);
            }
            here[place] += own;
        }
        for place in &places {
            let (below, up_to) = (seen.up_to(*place), seen.up_to(place + 1));
            concordant += here[*place] as f64 * below as f64;
            discordant += here[*place] as f64 * (above - up_to) as f64;
        }
        let before = above;
        for place in places.drain(..) {
            let own = std::mem::take(&mut here[place]);
            seen.add(place, own);
            above += own;
        }
        tied_in_one += pairs((above - before) as f64);
    }
    let all = pairs(above as f64);
    let spread = libm::sqrt(all - tied_in_one) * libm::sqrt(all - tied_in_other);
    (spread > 0.0).then(|| (concordant - discordant) / spread)
}

fn pairs(count: f64) -> f64 {
    count * (count - 1.0) / 2.0
}

/// Sums of counts up to a place.
struct Tree(Vec<u64>);

impl Tree {
    fn add(&mut self, place: usize, count: u64) {
        let mut node = place + 1;
        while node < self.0.len() {
            self.0[node] += count;
            node += node & node.wrapping_neg();
        }
    }

    /// The sum of the counts at the first `places` places.
    fn up_to(&self, places: usize) -> u64 {
        let (mut node, mut sum) = (places, 0);
        while node > 0 {
            sum += self.0[node];
            node -= node & node.wrapping_neg();
        }
        sum
    }
}

/// The area under the ROC curve: how often somebody with a label above 0 has more than somebody without, ties half. None without
/// both. Source: Hanley & McNeil 1982, *The Meaning and Use of the Area under a ROC Curve*.
pub fn auc(predictor: &Order, labels: &[f64], times: &[u32]) -> Option<f64> {
    let (mut won, mut positives, mut negatives) = (0.0, 0.0, 0.0);
    for group in predictor.groups() {
        let (mut here, mut others) = (0_u64, 0_u64);
        for index in group {
            let of = if labels[*index as usize] > 0.0 { &mut here } else { &mut others };
            *of += u64::from(times[*index as usize]);
        }
        let (here, others) = (here as f64, others as f64);
        won += here * (negatives + others / 2.0);
        positives += here;
        negatives += others;
    }
    (positives * negatives > 0.0).then(|| won / (positives * negatives))
}

/// How often the first of two people, of whom it is better, has more, ties half; a pair counts as often as both do.
/// None without pairs.
pub fn pairwise_accuracy(values: &[f64], judged: &[(u32, u32)], times: &[u32]) -> Option<f64> {
    let (mut won, mut all) = (0.0, 0.0);
    for (better, worse) in judged {
        let (better, worse) = (*better as usize, *worse as usize);
        let own = f64::from(times[better]) * f64::from(times[worse]);
        let difference = values[better] - values[worse];
        won += own * if difference == 0.0 { 0.5 } else { f64::from(u8::from(difference > 0.0)) };
        all += own;
    }
    (all > 0.0).then(|| won / all)
}

/// The area under the ROC curve over pairs, of which each stands there both ways round: how often the margin of a better one
/// over a worse is above that of a worse one over a better, ties half. `margins` are of the better over the worse of each
/// pair, which counts as often as both of its people do. None without pairs. Source: Hanley & McNeil 1982.
pub fn pairwise_auc(margins: &[f64], judged: &[(u32, u32)], times: &[u32]) -> Option<f64> {
    let weight = |(one, other): &(u32, u32)| {
        f64::from(times[*one as usize]) * f64::from(times[*other as usize])
    };
    let mut rows: Vec<(f64, f64)> =
        margins.iter().copied().zip(judged.iter().map(weight)).collect();
    rows.retain(|(_, weight)| *weight > 0.0);
    rows.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
    // Weights of the margins below each place.
    let mut below = vec![0.0];
    for (_, weight) in &rows {
        below.push(below[below.len() - 1] + weight);
    }
    let all = below[rows.len()];
    let won = rows.iter().fold(0.0, |won, (margin, weight)| {
        // Of the others turned round: those below the margin are the ones above its negative.
        let up_to = below[rows.partition_point(|other| other.0 <= -margin)];
        let under = below[rows.partition_point(|other| other.0 < -margin)];
        won + weight * ((all - up_to) + (up_to - under) / 2.0)
    });
    (all > 0.0).then(|| won / (all * all))
}

/// Normalised discounted cumulative gain of the first `k`: gains are the truth's values, 0 or more, the discount is log₂
/// of the place + 1, and what is alike is averaged over its places. None if nobody gains. Source: Järvelin & Kekäläinen
/// 2002, *Cumulated Gain-Based Evaluation of IR Techniques*; ties: McSherry & Najork 2008, *Computing Information
/// Retrieval Performance Measures Efficiently in the Presence of Tied Scores*.
pub fn ndcg(
    predictor: &Order,
    truth: &Order,
    gains: &[f64],
    times: &[u32],
    k: usize,
) -> Option<f64> {
    let mut discounts = vec![0.0; k + 1];
    for place in 0..k {
        discounts[place + 1] = discounts[place] + 1.0 / libm::log2(place as f64 + 2.0);
    }
    let of = |order: &Order| {
        let (mut sum, mut before) = (0.0, 0);
        for group in order.groups().rev() {
            if before >= k {
                break;
            }
            let own = total(group, times) as usize;
            let after = before + own;
            let gained = group.iter().map(|i| f64::from(times[*i as usize]) * gains[*i as usize]);
            if own > 0 {
                let discount = discounts[after.min(k)] - discounts[before];
                sum += discount * gained.sum::<f64>() / own as f64;
            }
            before = after;
        }
        sum
    };
    let best = of(truth);
    (best > 0.0).then(|| of(predictor) / best)
}

/// Share of the first `k` that are `relevant`, what is alike averaged over its places. None if there are fewer than `k`.
pub fn precision(predictor: &Order, relevant: &[bool], times: &[u32], k: usize) -> Option<f64> {
    let (mut found, mut left) = (0.0, k as f64);
    for group in predictor.groups().rev() {
        let own = total(group, times);
        if left <= 0.0 {
            break;
        }
        if own > 0.0 {
            let relevant = group.iter().filter(|index| relevant[**index as usize]);
            let relevant: f64 = relevant.map(|index| f64::from(times[*index as usize])).sum();
            found += relevant * (left / own).min(1.0);
            left -= own;
        }
    }
    (k > 0 && left <= 0.0).then(|| found / k as f64)
}

/// The mean of values; none of nobody.
pub fn mean(values: &[f64], times: &[u32]) -> Option<f64> {
    let all = times.iter().map(|times| u64::from(*times)).sum::<u64>() as f64;
    let sum = values.iter().zip(times).fold(0.0, |sum, (v, times)| sum + f64::from(*times) * v);
    (all > 0.0).then(|| sum / all)
}

/// What was observed in all over what was expected; none where nothing was expected.
pub fn observed_over_expected(expected: &[f64], observed: &[f64], times: &[u32]) -> Option<f64> {
    let (expected, observed) = (mean(expected, times)?, mean(observed, times)?);
    (expected > 0.0).then(|| observed / expected)
}

/// a and b of `ln E[observed] = a + b · ln expected`, the most likely ones of a Poisson regression: 0 and 1 if forecasts are
/// right; b is below 1 if they lie too far apart. None where nothing came, or all are expected to draw alike. `logs` are
/// ln expected; who is expected to draw nobody (−∞) is left out. Source: Cox 1958, *Two further applications of a model
/// for binary regression*, for counts.
pub fn calibration(logs: &[f64], observed: &[f64], times: &[u32]) -> Option<(f64, f64)> {
    let rows = || {
        let numbers = logs.iter().zip(observed).zip(times);
        numbers
            .filter(|((x, _), times)| x.is_finite() && **times > 0)
            .map(|((x, y), times)| (*x, *y, f64::from(*times)))
    };
    let came = rows().fold(0.0, |sum, (_, y, times)| sum + times * y);
    let expected = rows().fold(0.0, |sum, (x, _, times)| sum + times * libm::exp(x));
    if came <= 0.0 {
        return None;
    }
    let (mut level, mut slope) = (libm::log(came / expected), 1.0);
    for _ in 0..MOST_STEPS {
        let (mut to_level, mut to_slope, mut of_level, mut of_both, mut of_slope) =
            (0.0, 0.0, 0.0, 0.0, 0.0);
        for (x, y, times) in rows() {
            let mean = libm::exp(level + slope * x);
            let off = times * (y - mean);
            to_level += off;
            to_slope += off * x;
            of_level += times * mean;
            of_both += times * mean * x;
            of_slope += times * mean * x * x;
        }
        let determinant = of_level * of_slope - of_both * of_both;
        // All of one forecast.
        if determinant.is_nan() || determinant <= 1e-12 * of_level * of_slope {
            return None;
        }
        let step = (of_level * to_slope - of_both * to_level) / determinant;
        let up = (of_slope * to_level - of_both * to_slope) / determinant;
        level += up;
        slope += step;
        if step.abs() + up.abs() < 1e-12 {
            return Some((level, slope));
        }
    }
    None
}

/// Steps of Newton, of which a dozen do.
const MOST_STEPS: u32 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    const PREDICTED: [f64; 12] = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0, 5.0, 3.0, 5.0, 8.0];
    const TRUE: [f64; 12] = [2.0, 7.0, 1.0, 8.0, 2.0, 8.0, 1.0, 8.0, 2.0, 8.0, 4.0, 5.0];
    const LABELS: [u8; 12] = [0, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 1];
    const TIMES: [u32; 12] = [1, 2, 0, 1, 3, 1, 1, 0, 2, 1, 1, 1];

    /// Of SciPy 1.16 (spearmanr, kendalltau) and scikit-learn 1.9 (roc_auc_score, ndcg_score at 5 and 40), over the rows
    /// and over each of them so many times.
    #[test]
    fn metrics_are_those_of_other_programs() {
        let (predicted, truth) = (Order::of(&PREDICTED), Order::of(&TRUE));
        let labels = LABELS.map(f64::from);
        for (times, golden) in [
            (
                [1; 12],
                [
                    0.141_579_686_364_015_7,
                    0.171_096_477_707_288_75,
                    0.486_111_111_111_111_05,
                    0.747_160_098_992_322_3,
                    0.910_475_941_711_971_4,
                ],
            ),
            (
                TIMES,
                [
                    -0.146_987_951_807_228_9,
                    -0.055_555_555_555_555_566,
                    0.447_916_666_666_666_7,
                    0.624_892_148_791_488_5,
                    0.865_188_995_373_183_7,
                ],
            ),
        ] {
            let found = [
                spearman(&predicted, &truth, &times),
                kendall(&predicted, &truth, &times),
                auc(&predicted, &labels, &times),
                ndcg(&predicted, &truth, &TRUE, &times, 5),
                ndcg(&predicted, &truth, &TRUE, &times, 40),
            ];
            for (found, golden) in found.into_iter().zip(golden) {
                assert!((found.unwrap() - golden).abs() < 1e-12, "{found:?}, not {golden}");
            }
        }
    }

    #[test]
    fn calibration_is_that_of_another_program() {
        let expected = [0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 7.0, 9.0];
        let logs = expected.map(f64::ln);
        let observed = [0.0, 1.0, 0.0, 2.0, 1.0, 6.0, 5.0, 14.0];
        // scipy.optimize.minimize of Σ exp(a + b·ln x) − y·(a + b·ln x), over the rows and over some of them twice.
        for (times, golden) in [
            ([1; 8], (0.211_646_706_818_678_6, 0.991_514_022_416_810_7)),
            ([2, 1, 0, 1, 2, 1, 1, 2], (0.100_803_274_143_406_74, 1.081_441_258_550_125_9)),
        ] {
            let (level, slope) = calibration(&logs, &observed, &times).unwrap();
            assert!((slope - golden.1).abs() < 1e-8, "{slope}, not {golden:?}");
            assert!((level - golden.0).abs() < 1e-8, "{level}, not {golden:?}");
        }
        assert_eq!(calibration(&[2.0; 3], &[1.0, 2.0, 3.0], &[1; 3]), None);
        assert_eq!(calibration(&[1.0, 2.0], &[0.0, 0.0], &[1; 2]), None);
        let none = f64::NEG_INFINITY;
        let beside = calibration(&[none, 0.0, 1.0], &[9.0, 1.0, 2.0], &[1; 3]);
        assert_eq!(beside, calibration(&[0.0, 1.0], &[1.0, 2.0], &[1; 2]));
        assert_eq!(observed_over_expected(&[1.0, 3.0], &[2.0, 1.0], &[1, 1]), Some(0.75));
    }

    #[test]
    fn a_part_of_an_order_is_the_order_of_the_part() {
        let values = [3.0, 1.0, 3.0, -0.0, 0.0, 2.0, 1.0];
        let places = [NONE, 3, 0, 2, 1, NONE, 4];
        let part = Order::of(&values).within(&places);
        let direct = Order::of(&[3.0, 0.0, -0.0, 1.0, 1.0]);
        assert_eq!(part.bounds, direct.bounds);
        assert_eq!(part.ranks(&[1; 5]), direct.ranks(&[1; 5]));
        assert_eq!(Order::of(&values).within(&[NONE; 7]).ranks(&[]), Vec::<f64>::new());
    }

    #[test]
    fn equals_are_first_together_and_in_one_tenth() {
        let order = Order::of(&[5.0, 1.0, 4.0, 4.0, 0.0]);
        let first = |times: [u32; 5], k| order.first(&times, k);
        assert_eq!(first([1; 5], 1), [true, false, false, false, false]);
        assert_eq!(first([1; 5], 2), [true, false, true, true, false]);
        assert_eq!(first([3, 1, 1, 1, 1], 2), [true, false, false, false, false]);
        let tenths = Order::of(&[0.0; 20].map(|_: f64| 0.0)).tenths();
        assert_eq!(tenths, [5; 20]);
        let rising: Vec<f64> = (0..20).map(f64::from).collect();
        let expected: Vec<u8> = (0..20).map(|i| i / 2).collect();
        assert_eq!(Order::of(&rising).tenths(), expected);
    }

    #[test]
    fn what_tells_nothing_has_no_metric() {
        let (some, none) = (Order::of(&[1.0, 2.0, 3.0]), Order::of(&[0.0, -0.0, 0.0]));
        let times = [1; 3];
        assert_eq!(spearman(&some, &none, &times), None);
        assert_eq!(kendall(&none, &some, &times), None);
        assert_eq!(auc(&some, &[1.0; 3], &times), None);
        assert_eq!(ndcg(&some, &none, &[0.0; 3], &times, 2), None);
        assert_eq!(pairwise_accuracy(&[1.0, 2.0], &[], &[1; 2]), None);
        assert_eq!(precision(&some, &[true; 3], &times, 4), None);
        assert_eq!(spearman(&some, &some, &[0, 1, 0]), None);
        assert_eq!(spearman(&Order::of(&[]), &Order::of(&[]), &[]), None);
    }

    #[test]
    fn pairs_both_ways_round_have_the_curve_of_all_of_them() {
        let margins = [1.5, -0.5, 0.0, 2.0, 0.5];
        let judged = [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4)];
        for times in [[1; 5], [2, 1, 1, 3, 0]] {
            let rows = judged.iter().zip(margins).flat_map(|((one, other), margin)| {
                let both = times[*one as usize] * times[*other as usize];
                [(margin, 1.0, both), (-margin, 0.0, both)]
            });
            let rows: Vec<(f64, f64, u32)> = rows.collect();
            let order = Order::of(&rows.iter().map(|row| row.0).collect::<Vec<f64>>());
            let labels: Vec<f64> = rows.iter().map(|row| row.1).collect();
            let counts: Vec<u32> = rows.iter().map(|row| row.2).collect();
            let found = pairwise_auc(&margins, &judged, &times).unwrap();
            assert!((found - auc(&order, &labels, &counts).unwrap()).abs() < 1e-12, "{found}");
        }
        assert_eq!(pairwise_auc(&[], &[], &[1]), None);
    }

    /// Whoever counts so many times is there so many times.
    #[test]
    fn times_are_repetitions() {
        let mut rng = fastrand::Rng::with_seed(3);
        for _ in 0..50 {
            let n = 30;
            let values =
                |rng: &mut fastrand::Rng| (0..n).map(|_| f64::from(rng.u32(0..5))).collect();
            let (one, other): (Vec<f64>, Vec<f64>) = (values(&mut rng), values(&mut rng));
            let times: Vec<u32> = (0..n).map(|_| rng.u32(0..3)).collect();
            let repeated = |values: &[f64]| -> Vec<f64> {
                let all = values.iter().zip(&times);
                all.flat_map(|(value, times)| vec![*value; *times as usize]).collect()
            };
            let (a, b) = (repeated(&one), repeated(&other));
            let once = vec![1; a.len()];
            let orders = [Order::of(&one), Order::of(&other)];
            let of_all = [Order::of(&a), Order::of(&b)];
            let near = |found: Option<f64>, wanted: Option<f64>| {
                assert!((found.unwrap() - wanted.unwrap()).abs() < 1e-12, "{found:?} {wanted:?}");
            };
            near(kendall(&orders[0], &orders[1], &times), kendall(&of_all[0], &of_all[1], &once));
            near(spearman(&orders[0], &orders[1], &times), spearman(&of_all[0], &of_all[1], &once));
            near(auc(&orders[0], &other, &times), auc(&of_all[0], &b, &once));
            near(
                ndcg(&orders[0], &orders[1], &other, &times, 7),
                ndcg(&of_all[0], &of_all[1], &b, &once, 7),
            );
        }
    }

    #[test]
    fn ties_are_half_won_and_half_found() {
        let values = [1.0, 1.0, 2.0];
        let judged = [(0, 1), (2, 0), (0, 2)];
        assert_eq!(pairwise_accuracy(&values, &judged, &[1; 3]), Some(0.5));
        assert_eq!(pairwise_accuracy(&values, &judged, &[1, 0, 3]), Some(0.5));
        assert_eq!(pairwise_accuracy(&values, &judged[..2], &[1, 1, 3]), Some(0.875));
        let order = Order::of(&values);
        assert_eq!(precision(&order, &[true, false, true], &[1; 3], 2), Some(0.75));
        assert_eq!(precision(&order, &[true, false, false], &[1, 3, 1], 3), Some(1.0 / 6.0));
    }
}
