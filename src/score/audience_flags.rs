//! What an audience looks like, where that is worth a look: shown, never counted against anybody. Pods and favours among trusted
//! people are real audiences; taking them away would cost honest conversations.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::method::MEASURE_HOURS;
use crate::model::{CREDIT, Interaction, Interactions, Persons, VertexIndex};
use crate::reduce::{Engagement, InteractionRules};

/// From so many people on, an audience is looked at.
const LEAST_PEOPLE: i64 = 5;
/// Audiences are nearly the same if this share of all their people is in both.
const SAME_SHARE: f64 = 0.8;
/// Bands of hashes by which such audiences are found, and hashes in each: of audiences that share 90 %, 93 % are.
const BANDS: usize = 2;
const HASHES: usize = 3;

/// What to look at in the audience of the last 90 days, from five people on: at least half of it
///
/// | flag | |
/// |---|---|
/// | `burst` | reacted within the last 7 days, and it has 10 people or more |
/// | `mutual_audience` | are people with whom the vertex interacted too |
/// | `uncredited_audience` | is without credit, by the credit of each in this audience |
pub fn audience_flags(engagement: &Engagement) -> Vec<&'static str> {
    let Engagement { all, credited, mutual, .. } = engagement;
    let credited = credited.reactors_90d as f64 / CREDIT as f64;
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

/// The flags of the audiences of every person on all networks: those of [`audience_flags`], and `shared_audience` where four of
/// five people who reacted within 90 days did so to another vertex too, and few to one of both alone. Lists: persons.
pub fn flag_audiences(
    persons: &Persons,
    interactions: &Interactions,
    rules: &InteractionRules,
    engagement: &[Engagement],
) -> Vec<Vec<&'static str>> {
    let shared = find_shared_audiences(interactions, rules, engagement);
    let mut flags = vec![vec![]; persons.len()];
    for (vertex, person) in persons.by_vertex() {
        let own = audience_flags(&engagement[vertex.index()]);
        let is_shared = shared[vertex.index()];
        let of_person: &mut Vec<&'static str> = &mut flags[person.index()];
        of_person.extend(own.into_iter().chain(is_shared.then_some("shared_audience")));
        of_person.sort_unstable();
        of_person.dedup();
    }
    flags
}

/// Whether the audience of each vertex is nearly that of another. Found by minimum hashes (Broder 1997, *On the resemblance and
/// containment of documents*, §3), and then compared. Length: vertices.
fn find_shared_audiences(
    interactions: &Interactions,
    rules: &InteractionRules,
    engagement: &[Engagement],
) -> Vec<bool> {
    let reactors = |vertex: VertexIndex| reactors(interactions.of_target(vertex), rules);
    let vertices = (0..engagement.len()).into_par_iter().map(VertexIndex::new);
    let vertices = vertices
        .filter(|vertex| engagement[vertex.index()].all.reactors_90d >= LEAST_PEOPLE)
        .flat_map_iter(|vertex| {
            let bands = hashes(&reactors(vertex)).into_iter().enumerate();
            bands.map(move |(band, hashes)| ((band, hashes), vertex)).collect::<Vec<_>>()
        });
    let mut candidates: BTreeMap<(usize, [u64; HASHES]), Vec<VertexIndex>> = BTreeMap::new();
    for (band, vertex) in vertices.collect::<Vec<_>>() {
        candidates.entry(band).or_default().push(vertex);
    }
    let mut shared = vec![false; engagement.len()];
    for alike in candidates.into_values().filter(|alike| alike.len() > 1) {
        for two in alike.windows(2) {
            if similarity(&reactors(two[0]), &reactors(two[1])) >= SAME_SHARE {
                shared[two[0].index()] = true;
                shared[two[1].index()] = true;
            }
        }
    }
    shared
}

/// Whether the audience of `target`, of at least five people, is nearly that of another vertex: compared with all.
pub fn shares_audience(
    target: VertexIndex,
    interactions: &Interactions,
    rules: &InteractionRules,
) -> bool {
    let own = reactors(interactions.of_target(target), rules);
    let mut others = interactions.all().chunk_by(|one, other| one.target == other.target);
    let is_alike = |of_target: &[Interaction]| {
        of_target[0].target != target && similarity(&own, &reactors(of_target, rules)) >= SAME_SHARE
    };
    own.len() as i64 >= LEAST_PEOPLE && others.any(is_alike)
}

/// Who reacted within 90 days, of the interactions with one vertex; ascending.
fn reactors(of_target: &[Interaction], rules: &InteractionRules) -> Vec<VertexIndex> {
    let is_counted =
        |event: &Interaction| rules.is_reaction(event.kind) && event.age_hours() < MEASURE_HOURS;
    let pairs = of_target.chunk_by(Interaction::same_pair);
    pairs.filter(|pair| pair.iter().any(is_counted)).map(|pair| pair[0].actor).collect()
}

/// The least hashes of an audience by several hash functions.
fn hashes(reactors: &[VertexIndex]) -> [[u64; HASHES]; BANDS] {
    let mut bands = [[u64::MAX; HASHES]; BANDS];
    for (number, least) in (1..).zip(bands.as_flattened_mut()) {
        let hash = |actor: &VertexIndex| mixed(number << 32 | u64::from(u32::from(*actor)));
        *least = reactors.iter().map(hash).min().unwrap_or(u64::MAX);
    }
    bands
}

/// A number with its bits mixed (Steele, Lea, Flood 2014, *Fast Splittable Pseudorandom Number Generators*, mix64).
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let number = (number ^ (number >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    number ^ (number >> 33)
}

/// Share of the people of two audiences, each ascending, who are in both (Jaccard's).
fn similarity(one: &[VertexIndex], other: &[VertexIndex]) -> f64 {
    let (few, many) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let both = few.iter().filter(|actor| many.binary_search(actor).is_ok()).count();
    both as f64 / (one.len() + other.len() - both) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(of: std::ops::Range<usize>) -> Vec<VertexIndex> {
        of.map(VertexIndex::new).collect()
    }

    #[test]
    fn equal_audiences_have_equal_hashes_and_others_do_not() {
        assert_eq!(hashes(&people(0..9)), hashes(&people(0..9)));
        assert_ne!(hashes(&people(0..9)), hashes(&people(20..29)));
        assert!((similarity(&people(0..9), &people(1..10)) - 0.8).abs() < 1e-12);
        assert_eq!(similarity(&people(0..3), &people(3..6)), 0.0);
    }
}
