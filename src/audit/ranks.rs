//! The gate of PageRank.

use arrow::array::RecordBatch;
use hashbrown::HashMap;

use super::columns::{float, text};
use crate::error::Result;

/// The ranks of each network are not negative and sum to 1.
pub(super) fn rank_mass(measures: &[RecordBatch], tolerance: f64) -> Result<Option<String>> {
    let mut mass: HashMap<&str, f64> = HashMap::new();
    let mut negative = 0;
    for batch in measures {
        let networks = text(batch, "network")?;
        for (network, rank) in networks.iter().flatten().zip(float(batch, "pagerank")?.values()) {
            *mass.entry(network).or_default() += rank;
            negative += usize::from(*rank < 0.0);
        }
    }
    if negative > 0 {
        return Ok(Some(format!("{negative} ranks are negative")));
    }
    // A mass that is not a number is within no tolerance.
    let right = |mass: &f64| (mass - 1.0).abs() <= tolerance;
    let wrong: Vec<_> = mass.into_iter().filter(|(_, mass)| !right(mass)).collect();
    let first = wrong.iter().min_by_key(|(network, _)| *network);
    Ok(first.map(|(network, mass)| {
        format!(
            "the ranks of network `{network}` sum to {mass}, not 1 within {tolerance} ({} networks in all)",
            wrong.len()
        )
    }))
}
