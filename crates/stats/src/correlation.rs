//! How well two rankings of the same items agree.
//!
//! ```
//! use renown_stats::correlation::{kendall, spearman};
//! use renown_stats::ranking::Ranking;
//!
//! let (a, b) = (Ranking::new(&[1.0, 2.0, 3.0]), Ranking::new(&[1.0, 3.0, 2.0]));
//! assert_eq!(spearman(&a, &b, &[1; 3]), Some(0.5));
//! assert!((kendall(&a, &b, &[1; 3]).unwrap() - 1.0 / 3.0).abs() < 1e-12);
//! ```

use crate::cumulative_counts::CumulativeCounts;
use crate::ranking::{Ranking, count};

/// Spearman's ρ, the correlation of mid-ranks; none if either side is constant. Source: Kendall & Gibbons 1990, *Rank
/// Correlation Methods*, §3.
pub fn spearman(a: &Ranking, b: &Ranking, multiplicities: &[u32]) -> Option<f64> {
    let (a, b) = (a.doubled_ranks(multiplicities), b.doubled_ranks(multiplicities));
    spearman_of_ranks(&a, &b, multiplicities)
}

/// [`spearman`] of what [`Ranking::doubled_ranks`] gives.
pub fn spearman_of_ranks(a: &[f64], b: &[f64], multiplicities: &[u32]) -> Option<f64> {
    let mean = multiplicities.iter().map(|times| u64::from(*times)).sum::<u64>() as f64 + 1.0;
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for ((a, b), times) in a.iter().zip(b).zip(multiplicities) {
        let (a, b, times) = (a - mean, b - mean, f64::from(*times));
        ab += times * a * b;
        aa += times * a * a;
        bb += times * b * b;
    }
    let spread = libm::sqrt(aa * bb);
    (spread > 0.0).then(|| ab / spread)
}

/// Kendall's τ-b; none if either side is constant. Source: Kendall & Gibbons 1990, §3; counted in O(n log n) by a binary
/// indexed tree (Fenwick 1994, *A New Data Structure for Cumulative Frequency Tables*).
pub fn kendall(a: &Ranking, b: &Ranking, multiplicities: &[u32]) -> Option<f64> {
    let mut group_in_b = vec![0; b.len()];
    let mut tied_in_b = 0.0;
    for (number, group) in (0..).zip(b.tied_groups()) {
        group.iter().for_each(|index| group_in_b[*index as usize] = number);
        tied_in_b += pairs(count(group, multiplicities));
    }
    let groups_of_b = b.distinct_values();
    let mut lower_in_a = CumulativeCounts::of_groups(groups_of_b);
    let (mut lower, mut tied_in_a, mut concordant, mut discordant) = (0_u64, 0.0, 0.0, 0.0);
    // How often the items tied in a are in each group of b: a large group takes few steps.
    let (mut tied, mut groups) = (vec![0_u64; groups_of_b], vec![]);
    for group_of_a in a.tied_groups() {
        for index in group_of_a {
            let times = u64::from(multiplicities[*index as usize]);
            let group = group_in_b[*index as usize];
            if times > 0 && tied[group] == 0 {
                groups.push(group);
            }
            tied[group] += times;
        }
        for group in &groups {
            let (below, up_to) = (lower_in_a.before(*group), lower_in_a.before(group + 1));
            concordant += tied[*group] as f64 * below as f64;
            discordant += tied[*group] as f64 * (lower - up_to) as f64;
        }
        let before = lower;
        for group in groups.drain(..) {
            let times = std::mem::take(&mut tied[group]);
            lower_in_a.add(group, times);
            lower += times;
        }
        tied_in_a += pairs((lower - before) as f64);
    }
    let all = pairs(lower as f64);
    let spread = libm::sqrt(all - tied_in_a) * libm::sqrt(all - tied_in_b);
    (spread > 0.0).then(|| (concordant - discordant) / spread)
}

fn pairs(count: f64) -> f64 {
    count * (count - 1.0) / 2.0
}
