//! Accounts, identities and consent.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Int64Builder, RecordBatch, StringBuilder,
    TimestampMicrosecondBuilder,
};

use super::follows::Follows;
use super::population::{NETWORKS, Role};
use super::random::{Random, Stream};
use super::world::World;
use crate::error::Result;
use crate::schema::{self, Direction, UTC};

const DAY_US: i64 = 86_400_000_000;

/// Languages with their countries and shares.
const LANGUAGES: [(&(&str, [&str; 3]), f64); 6] = [
    (&("en", ["US", "GB", "IN"]), 0.60),
    (&("es", ["ES", "MX", "AR"]), 0.12),
    (&("de", ["DE", "AT", "CH"]), 0.09),
    (&("fr", ["FR", "BE", "CA"]), 0.08),
    (&("pt-BR", ["BR", "BR", "PT"]), 0.07),
    (&("ja", ["JP", "JP", "JP"]), 0.04),
];

const SYLLABLES: [&str; 16] = [
    "ba", "del", "fi", "gor", "ha", "jun", "ka", "lo", "mi", "nu", "ori", "pe", "ra", "sul", "ta",
    "ve",
];

/// What a person stated about being scored.
#[derive(Clone, Copy, PartialEq)]
enum Consent {
    Silent,
    OptedOut,
    Deleted,
    /// Opted out, and in again later.
    Returned,
    OptedIn,
    /// Refuses one topic, and is scored.
    RefusesTopic,
}

/// Shares of all people.
const CONSENTS: [(&Consent, f64); 6] = [
    (&Consent::OptedOut, 0.020),
    (&Consent::Deleted, 0.005),
    (&Consent::Returned, 0.005),
    (&Consent::OptedIn, 0.005),
    (&Consent::RefusesTopic, 0.002),
    (&Consent::Silent, 0.963),
];

/// Attributes of a person without effect on interactions.
struct Profile {
    language: &'static str,
    country: &'static str,
    /// Days from birth to the day of the snapshot, if there is a birth date.
    age_days: Option<i32>,
    is_minor: Option<bool>,
    is_automated: bool,
    consent_given: Consent,
}

fn profile(world: &World, person: u32) -> Profile {
    let seed = world.population.seed;
    let community = u64::from(world.population.community(person));
    let mut random = Random::of(seed, Stream::Profiles, person.into());
    // Most people of a community speak its language.
    let (language, countries) = *if random.chance(0.85) {
        Random::of(seed, Stream::Languages, community).one_of(&LANGUAGES)
    } else {
        random.one_of(&LANGUAGES)
    };
    let days = |from: f64, to: f64, random: &mut Random| {
        Some((365.2425 * (from + (to - from) * random.unit())) as i32)
    };
    // Three in a hundred are under 18: half by their date of birth, half because the network says so.
    let (age_days, is_minor) = match random.unit() {
        x if x < 0.015 => (days(13.0, 17.9, &mut random), None),
        x if x < 0.030 => (None, Some(true)),
        x if x < 0.400 => (days(18.1, 80.0, &mut random), None),
        x if x < 0.600 => (None, Some(false)),
        _ => (None, None),
    };
    Profile {
        language,
        country: random.choose(&countries),
        age_days,
        is_minor,
        is_automated: random.chance(0.02),
        consent_given: *random.one_of(&CONSENTS),
    }
}

/// Whether a person neither refused nor is under 18.
pub(super) fn is_eligible(world: &World, person: u32) -> bool {
    let profile = profile(world, person);
    let young = profile.age_days.is_some_and(|days| f64::from(days) < 18.0 * 365.2425);
    let refused = matches!(profile.consent_given, Consent::OptedOut | Consent::Deleted);
    !(young || profile.is_minor == Some(true) || refused)
}

fn name(seed: u64, person: u32) -> [String; 2] {
    let mut random = Random::of(seed, Stream::Names, person.into());
    [(); 2].map(|()| {
        let number = 2 + random.below(2);
        (0..number).map(|_| random.choose(&SYLLABLES)).collect()
    })
}

fn capital(word: &str) -> String {
    word[..1].to_uppercase() + &word[1..]
}

/// Rows of `accounts`; `follows` has their numbers of followers.
pub(super) fn accounts(world: &World, follows: &Follows, range: Range<u64>) -> Result<RecordBatch> {
    let population = &world.population;
    let [mut network, mut id, mut handle, mut shown, mut country, mut language] =
        [(); 6].map(|()| StringBuilder::new());
    let [mut followers, mut following, mut posts, mut listed] =
        [(); 4].map(|()| Int64Builder::new());
    let [mut verified, mut automated, mut private, mut minor] =
        [(); 4].map(|()| BooleanBuilder::new());
    let mut created = TimestampMicrosecondBuilder::new().with_timezone(UTC);
    let mut born = Date32Builder::new();
    for account in range.map(|account| account as u32) {
        let person = population.person[account as usize];
        let profile = profile(world, person);
        let [given, family] = name(population.seed, person);
        let mut random = Random::of(population.seed, Stream::Shown, account.into());
        let counts = &follows.counts[account as usize];
        network.append_value(NETWORKS[population.network(account)]);
        id.append_value(population.account_id(account).to_string());
        handle.append_value(format!("{given}_{family}_{person}"));
        shown.append_option(
            random.chance(0.97).then(|| format!("{} {}", capital(&given), capital(&family))),
        );
        country.append_option(random.chance(0.8).then_some(profile.country));
        language.append_option(random.chance(0.95).then_some(profile.language));
        created.append_value(world.created_us(account));
        followers.append_value(counts.followers.into());
        following.append_value(counts.following.into());
        posts.append_value(population.of_author(account).len() as i64);
        listed.append_value(i64::from(counts.followers) / 40);
        verified.append_value(counts.followers > 200 && random.chance(0.5));
        automated.append_value(profile.is_automated);
        private.append_value(random.chance(0.03));
        born.append_option(profile.age_days.map(|days| world.day_number - days));
        minor.append_option(profile.is_minor);
    }
    schema::table(Direction::Input, "accounts")?.batch(vec![
        ("network", Arc::new(network.finish()) as ArrayRef),
        ("account_id", Arc::new(id.finish())),
        ("handle", Arc::new(handle.finish())),
        ("display_name", Arc::new(shown.finish())),
        ("created_at", Arc::new(created.finish())),
        ("followers_count", Arc::new(followers.finish())),
        ("following_count", Arc::new(following.finish())),
        ("posts_count", Arc::new(posts.finish())),
        ("listed_count", Arc::new(listed.finish())),
        ("is_verified", Arc::new(verified.finish())),
        ("is_automated", Arc::new(automated.finish())),
        ("is_private", Arc::new(private.finish())),
        ("birth_date", Arc::new(born.finish())),
        ("is_minor", Arc::new(minor.finish())),
        ("country", Arc::new(country.finish())),
        ("language", Arc::new(language.finish())),
    ])
}

/// Rows of `identities` for accounts whose owners have several.
pub(super) fn identities(world: &World, range: Range<u64>) -> Result<RecordBatch> {
    const PROOFS: [&str; 3] = ["signed in with both", "linked from both profiles", "by hand"];
    let population = &world.population;
    let [mut network, mut id, mut person, mut proof] = [(); 4].map(|()| StringBuilder::new());
    for account in range.map(|a| a as u32).filter(|account| population.is_linked(*account)) {
        network.append_value(NETWORKS[population.network(account)]);
        id.append_value(population.account_id(account).to_string());
        person.append_value(population.person_id(account));
        proof.append_value(PROOFS[population.person[account as usize] as usize % PROOFS.len()]);
    }
    schema::table(Direction::Input, "identities")?.batch(vec![
        ("network", Arc::new(network.finish()) as ArrayRef),
        ("account_id", Arc::new(id.finish())),
        ("person_id", Arc::new(person.finish())),
        ("proof", Arc::new(proof.finish())),
    ])
}

/// Rows of `consent`: the statements of the owners of these accounts.
pub(super) fn consent(world: &World, range: Range<u64>) -> Result<RecordBatch> {
    let population = &world.population;
    let [mut network, mut id, mut person, mut topic, mut status] =
        [(); 5].map(|()| StringBuilder::new());
    let mut at = TimestampMicrosecondBuilder::new().with_timezone(UTC);
    for account in range.map(|account| account as u32) {
        if !population.is_first_of_person(account) {
            continue;
        }
        let mut random = Random::of(population.seed, Stream::Statements, account.into());
        let by_person = population.is_linked(account) && random.chance(0.5);
        let consent_given = profile(world, population.person[account as usize]).consent_given;
        let words: &[&str] = match consent_given {
            Consent::Silent => &[],
            Consent::OptedOut | Consent::RefusesTopic => &["opted_out"],
            Consent::Deleted => &["deleted"],
            Consent::Returned => &["opted_out", "opted_in"],
            Consent::OptedIn => &["opted_in"],
        };
        for (number, word) in (0_i64..).zip(words) {
            let account_id = population.account_id(account).to_string();
            network.append_option((!by_person).then(|| NETWORKS[population.network(account)]));
            id.append_option((!by_person).then_some(account_id));
            person.append_option(by_person.then(|| population.person_id(account)));
            let about = &world.topics[random.below(world.topics.len() as u64) as usize].0;
            topic.append_option((consent_given == Consent::RefusesTopic).then_some(about));
            status.append_value(word);
            // The first 200 to 400 days before the end, a second one after it.
            let days = (2 - number) as f64 * 200.0 - 200.0 * random.unit();
            at.append_value(world.end_us - 1 - (days * DAY_US as f64) as i64);
        }
    }
    schema::table(Direction::Input, "consent")?.batch(vec![
        ("network", Arc::new(network.finish()) as ArrayRef),
        ("account_id", Arc::new(id.finish())),
        ("person_id", Arc::new(person.finish())),
        ("topic_id", Arc::new(topic.finish())),
        ("status", Arc::new(status.finish())),
        ("at", Arc::new(at.finish())),
    ])
}

/// The value of `cheats` in `truth`.
pub(super) fn cheats(role: Role) -> Option<&'static str> {
    match role {
        Role::None => None,
        Role::Ring => Some("ring"),
        Role::Pod => Some("pod"),
        Role::Buyer | Role::Bought => Some("bought_follows"),
    }
}
