//! What attacks gain: the rows of the table `attacks`.

use chrono::NaiveDate;
use renown_stats::quantiles::{median, quantile};
use serde::Serialize;

use super::baseline::Baseline;
use super::effects::{Effect, SCORED_BY, STANDARD, gained};
use super::kinds::{Nature, Variant};
use crate::pipeline::progress::Rows;
use crate::publish::log::AttackLog;

/// Up to this ratio of the forecast an attack is prevented.
pub(super) const PREVENTED_RATIO: f64 = 1.05;
/// Up to this share of what it would gain without a defence an attack is limited.
const LIMITED_SHARE: f64 = 0.5;

/// What attacks gain.
#[derive(Debug, Serialize)]
pub struct Attacks {
    /// The snapshot.
    pub snapshot_date: NaiveDate,
    /// Version of the method.
    pub method_version: String,
    /// SHA-256 of its content.
    pub method_sha256: String,
    /// SHA-256 of the rows left after consent.
    pub data_sha256: String,
    /// Random seed of the draws.
    pub seed: u32,
    /// What to know about the networks.
    pub notes: Vec<String>,
    /// Every attack on every network, for each way of scoring.
    pub rows: Vec<AttackRow>,
    /// Hash of all that can reach a row.
    #[serde(skip)]
    pub(super) id: String,
    #[serde(skip)]
    pub(super) horizon_hours: u32,
    #[serde(skip)]
    pub(super) log: AttackLog,
}

/// What one attack gains on one network under one way of scoring.
#[derive(Clone, Debug, Serialize)]
pub struct AttackRow {
    /// The network.
    pub network: String,
    /// The kind of attack.
    pub attack: &'static str,
    /// What it is planted with.
    pub variant: String,
    /// How people are scored: `standard`, or a baseline.
    pub scored_by: &'static str,
    /// People on whom it was simulated, one after the other; 0 where it does not apply.
    pub targets: u64,
    /// Medians over the targets: accounts of the attack besides the target, real people who reacted to these, and interactions.
    pub accounts: Option<u64>,
    /// Real people who reacted to these accounts.
    pub links: Option<u64>,
    /// Planted interactions.
    pub acts: Option<u64>,
    /// Points gained, the median.
    pub points_median: Option<f64>,
    /// Points gained, the 95th percentile.
    pub points_95: Option<f64>,
    /// The forecast as a multiple of what it was, the median.
    pub forecast_ratio: Option<f64>,
    /// Percentiles gained among active people, the median.
    pub percentiles_median: Option<f64>,
    /// Median points for 100 accounts.
    pub points_per_100_accounts: Option<f64>,
    /// Median points for 100 interactions.
    pub points_per_100_acts: Option<f64>,
    /// Targets that have a score on the attacked topic afterwards and had none before.
    pub listed: Option<u64>,
    /// Position on it of all targets that have a score, the median.
    pub position_median: Option<f64>,
    /// What scores of most targets would show.
    pub flags: Vec<&'static str>,
    /// What became of it.
    pub verdict: &'static str,
    /// Why it gains what it gains, or does not apply.
    pub why: Option<String>,
}

impl Rows for Vec<AttackRow> {
    fn rows(&self) -> u64 {
        self.len() as u64
    }
}

impl AttackRow {
    /// An attack that does not apply.
    pub(super) fn not_applicable(network: &str, variant: &Variant, why: &str) -> Self {
        Self {
            network: network.to_owned(),
            attack: variant.kind.name,
            variant: variant.text(),
            scored_by: STANDARD,
            targets: 0,
            accounts: None,
            links: None,
            acts: None,
            points_median: None,
            points_95: None,
            forecast_ratio: None,
            percentiles_median: None,
            points_per_100_accounts: None,
            points_per_100_acts: None,
            listed: None,
            position_median: None,
            flags: vec![],
            verdict: "not_applicable",
            why: Some(why.to_owned()),
        }
    }
}

/// The rows of an attack by what it did to its targets, one for each way of scoring; none without targets. `everybody_counts`
/// says that the network is without trust.
pub(super) fn summarise(
    network: &str,
    variant: &Variant,
    baseline: &Baseline,
    effects: &[Effect],
    everybody_counts: bool,
) -> Vec<AttackRow> {
    if effects.is_empty() {
        return vec![AttackRow::not_applicable(
            network,
            variant,
            "nobody on this network has a reactor",
        )];
    }
    let middle = |of: &dyn Fn(&Effect) -> f64| median(&sorted(effects.iter().map(of)));
    let count = |of: fn(&Effect) -> usize| middle(&|effect| of(effect) as f64).map(round);
    let accounts = count(|effect| effect.accounts);
    let acts = count(|effect| effect.acts);
    let per_100 = |points: Option<f64>, of: Option<u64>| {
        let of = of.filter(|of| *of > 0)?;
        Some(100.0 * points? / of as f64)
    };
    let mut rows: Vec<AttackRow> = vec![];
    for (at, scored_by) in SCORED_BY.into_iter().enumerate() {
        let points = sorted(effects.iter().map(|effect| gained(effect.forecasts[at])));
        let points_median = median(&points);
        let ratios = effects.iter().map(|effect| effect.forecasts[at].1 / effect.forecasts[at].0);
        let percentiles = |effect: &Effect| {
            let (before, after) = effect.forecasts[at];
            baseline.percentile(at, after) - baseline.percentile(at, before)
        };
        rows.push(AttackRow {
            scored_by,
            targets: effects.len() as u64,
            accounts,
            links: count(|effect| effect.links),
            acts,
            points_median,
            points_95: quantile(&points, 0.95),
            forecast_ratio: median(&sorted(ratios.filter(|ratio| ratio.is_finite()))),
            percentiles_median: middle(&percentiles),
            points_per_100_accounts: per_100(points_median, accounts),
            points_per_100_acts: per_100(points_median, acts),
            why: None,
            ..AttackRow::not_applicable(network, variant, "")
        });
    }
    let undefended = rows[1].points_median.unwrap_or(0.0);
    for row in &mut rows {
        row.verdict = verdict(row, variant, undefended);
    }
    let first = &mut rows[0];
    first.flags = common_flags(effects);
    let gains = !["prevented", "reference"].contains(&first.verdict);
    first.why = match (everybody_counts, gains) {
        (true, true) => Some("everybody counts whole on this network (`trust_none`)".to_owned()),
        (_, true) => Some(variant.kind.why.to_owned()),
        (_, false) => None,
    };
    rows
}

fn verdict(row: &AttackRow, variant: &Variant, undefended: f64) -> &'static str {
    let is_prevented = row.forecast_ratio.is_some_and(|ratio| ratio <= PREVENTED_RATIO);
    match variant.kind.nature {
        Nature::Reference => "reference",
        _ if is_prevented => "prevented",
        Nature::RealAudience => "real_audience",
        Nature::Attack => {
            let points = row.points_median.unwrap_or(0.0);
            let is_limited = row.scored_by == STANDARD && points <= LIMITED_SHARE * undefended;
            if is_limited { "limited" } else { "not_prevented" }
        }
    }
}

/// The flags of at least half of the targets.
fn common_flags(effects: &[Effect]) -> Vec<&'static str> {
    let mut flags: Vec<&'static str> =
        effects.iter().flat_map(|effect| &effect.flags).copied().collect();
    flags.sort_unstable();
    flags.dedup();
    let targets = |flag: &str| effects.iter().filter(|own| own.flags.contains(&flag)).count();
    flags.retain(|flag| 2 * targets(flag) >= effects.len());
    flags
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values
}

fn round(value: f64) -> u64 {
    libm::round(value) as u64
}
