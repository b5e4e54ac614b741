//! Until when anything is known of each person: the latest event that reached them.

use crate::model::{People, VertexIndex};

/// Microseconds in a minute.
const MINUTE_US: i64 = 60_000_000;

/// The start of the minute of the latest interaction with each person, or of the hour in which they were followed last where that is
/// later, in microseconds since 1970 (UTC); `None` where none is known. Length: persons.
pub fn latest_events(people: &People, cutoff_us: i64) -> Vec<Option<i64>> {
    let mut latest: Vec<Option<u32>> = vec![None; people.persons.len()];
    let mut see = |target: VertexIndex, minutes: u32| {
        let known = &mut latest[people.persons.person_of(target).index()];
        *known = Some(known.map_or(minutes, |known| known.min(minutes)));
    };
    for event in people.interactions.all().iter().chain(people.earlier.all()) {
        see(event.target, event.age_minutes);
    }
    for follow in people.follows.iter().flat_map(|follows| follows.all()) {
        if let Some(hours) = follow.since_hours() {
            // The first minute of the hour: what is known of it.
            see(follow.followee, hours.saturating_mul(60).saturating_add(59));
        }
    }
    let at = |minutes: u32| cutoff_us.saturating_sub((i64::from(minutes) + 1) * MINUTE_US);
    latest.into_iter().map(|minutes| minutes.map(at)).collect()
}
