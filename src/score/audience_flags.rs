//! What an audience looks like, where that is worth a look: shown, never counted against anybody.

use crate::reduce::Engagement;

/// From so many people on, an audience is looked at.
const LEAST_PEOPLE: i64 = 5;

/// What to look at in the audience of the last 90 days, from [`LEAST_PEOPLE`] people on: at least half of it
///
/// | flag | |
/// |---|---|
/// | `burst` | reacted within the last 7 days, and it has 10 people or more |
/// | `mutual_audience` | are people with whom the vertex interacted too |
/// | `uncredited_audience` | is without credit, by the credit of each in this audience |
pub fn audience_flags(engagement: &Engagement) -> Vec<&'static str> {
    let Engagement { all, credited, mutual, .. } = engagement;
    let credited = credited.reactors_90d as f64 / crate::model::CREDIT as f64;
    let flags = [
        ("burst", all.reactors_90d >= 2 * LEAST_PEOPLE && 2 * all.reactors_7d >= all.reactors_90d),
        ("mutual_audience", all.audience_90d >= LEAST_PEOPLE && 2 * mutual >= all.audience_90d),
        (
            "uncredited_audience",
            all.reactors_90d >= LEAST_PEOPLE && 2.0 * credited <= all.reactors_90d as f64,
        ),
    ];
    flags.into_iter().filter(|(_, is_set)| *is_set).map(|(flag, _)| flag).collect()
}
