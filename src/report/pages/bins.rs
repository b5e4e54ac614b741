//! Histograms of points.

use crate::number_format::{count, fixed};
use crate::report::privacy::MIN_PEOPLE;
use crate::report::run_report::RunReport;
use crate::report::summaries::Bins;
use crate::report::widgets::histogram::Bin;

/// Maximum number of bars of a histogram.
const MAX_BARS: i64 = 40;

/// What a page says of bars that it leaves out.
pub(super) const LEFT_OUT: &str = " Bars of fewer than 20 people are left out.";

/// Bars of equal width over bins of tenths of a point, and whether some are left out: those of few people, on a page that
/// names nobody.
pub(super) fn bars(report: &RunReport, bins: &Bins) -> (Vec<Bin>, bool) {
    let (Some((lowest, _)), Some((highest, _))) = (bins.first_key_value(), bins.last_key_value())
    else {
        return (vec![], false);
    };
    let people: u64 = bins.values().sum();
    let in_width = |width: i64| {
        let mut joined = Bins::new();
        for (bin, people) in bins {
            *joined.entry(bin.div_euclid(width)).or_default() += people;
        }
        let all = joined.len();
        if report.public {
            joined.retain(|_, people| *people >= MIN_PEOPLE);
            // Few who are left out could be found by subtraction: the smallest bar goes with them.
            let hidden = people - joined.values().sum::<u64>();
            if (1..MIN_PEOPLE).contains(&hidden) {
                let smallest = joined.iter().min_by_key(|(_, people)| **people);
                let smallest = smallest.map(|(bin, _)| *bin);
                smallest.map(|bin| joined.remove(&bin));
            }
        }
        (joined, all)
    };
    // The narrowest that gives few bars, which hold nearly everybody where small ones are left out.
    let fitting = |width: &i64| {
        let held: u64 = in_width(*width).0.values().sum();
        (highest - lowest).div_euclid(*width) < MAX_BARS && 10 * held >= 9 * people
    };
    let width = [1, 2, 5, 10, 20, 50, 100].into_iter().find(fitting).unwrap_or(100);
    let (joined, all) = in_width(width);
    let left_out = joined.len() < all;
    let (Some((first, _)), Some((last, _))) = (joined.first_key_value(), joined.last_key_value())
    else {
        return (vec![], left_out);
    };
    let bin = |number: i64| Bin {
        from: (number * width) as f64 / 10.0,
        to: ((number + 1) * width) as f64 / 10.0,
        value: joined.get(&number).copied().unwrap_or_default() as f64,
        interval: None,
    };
    ((*first..=*last).map(bin).collect(), left_out)
}

/// The bars as rows of a table.
pub(super) fn bin_rows(bins: &[Bin]) -> Vec<Vec<String>> {
    let shown = bins.iter().filter(|bin| bin.value > 0.0);
    let row = |bin: &Bin| vec![fixed(bin.from, 1), fixed(bin.to, 1), count(bin.value as u64)];
    shown.map(row).collect()
}
