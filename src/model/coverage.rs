//! How much of the past the data of each network cover.

use super::indices::NetworkIndex;
use super::interactions::Window;
use super::persons::Persons;
use rayon::prelude::*;

/// Share of the events of a network that may be older than where its data begin: a stray old event moves nobody.
const STRAY: f64 = 0.001;
/// Of few events so many may be, and no more than this share.
const FEW: (f64, f64) = (10.0, 0.01);

/// Minutes of the past that the data of each network cover: up to the age that `begun` gives, in minutes, or else up to the age
/// that all but a thousandth of the events, and of few events but ten or a hundredth, have not. Length: networks.
pub(crate) fn covered_minutes(
    persons: &Persons,
    events: &[Window<'_>],
    begun: impl Fn(&str) -> Option<u32> + Sync,
) -> Vec<u32> {
    let networks = (0..persons.networks.len()).into_par_iter().map(NetworkIndex::new);
    let of_network = |network: NetworkIndex| {
        if let Some(minutes) = begun(&persons.networks[network.index()]) {
            return minutes;
        }
        // By hour, so that memory stays small.
        let mut by_hour: Vec<u64> = Vec::new();
        for window in events {
            let own = window.interactions().of_targets(persons.network(network));
            for hour in own.iter().filter_map(|event| window.age_hours(event)) {
                let hour = hour as usize;
                if by_hour.len() <= hour {
                    by_hour.resize(hour + 1, 0);
                }
                by_hour[hour] += 1;
            }
        }
        let all = by_hour.iter().sum::<u64>() as f64;
        let mut stray = (STRAY * all).max(FEW.0.min(FEW.1 * all)) as u64;
        while let Some(oldest) = by_hour.last().filter(|oldest| **oldest <= stray) {
            stray -= oldest;
            by_hour.pop();
        }
        // In whole days: what one more event changes would change the sums of everybody.
        u32::try_from(60 * by_hour.len().next_multiple_of(24)).unwrap_or(u32::MAX)
    };
    networks.map(of_network).collect()
}
