//! How much of the past the data of a person's networks cover, and what that does to the forecast.

use super::explanation::Coverage;
use crate::error::printable;
use crate::method::profile::Profile;
use crate::number_format::{duration, number};
use crate::published::rows::RunRow;
use crate::reduce::history::largest_scale;

/// What the data of each of the networks cover, as far as the run says so and the forecast has sums that fade.
pub(super) fn of_networks(run: &RunRow, profile: &Profile, networks: &[String]) -> Vec<Coverage> {
    let of_network = |network: &String| {
        let covered = run.covered_hours(network)?.min(profile.forecast.history_hours);
        let largest_scale = largest_scale(&profile.forecast, covered.saturating_mul(60))?;
        Some(Coverage {
            network: network.clone(),
            covered_hours: covered,
            history_hours: profile.forecast.history_hours,
            horizon_hours: profile.forecast.horizon_hours,
            largest_scale,
        })
    };
    networks.iter().filter_map(of_network).collect()
}

/// One line.
pub(super) fn in_words(coverage: &Coverage) -> String {
    let Coverage { covered_hours, history_hours, horizon_hours, .. } = *coverage;
    let short = match covered_hours < horizon_hours {
        true => ", from less than one horizon, which neither forecast nor interval knows",
        false => "",
    };
    format!(
        "the data of {} cover {} of the {} that the forecast looks back: sums that fade are scaled up, up to {} times{short}",
        printable(&coverage.network),
        duration(covered_hours),
        duration(history_hours),
        number(coverage.largest_scale),
    )
}
