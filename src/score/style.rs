//! How people take part: 16 styles from four measured axes.
//!
//! The names are those of Klout's influence matrix of 2011. Each axis has two sides with a threshold in between that the
//! method sets, so that a style does not change because others do.

use rayon::prelude::*;

use crate::method::{MEASURE_HOURS, StyleRule};
use crate::model::{People, VertexIndex};
use crate::topics::TopicResults;

/// Names by the bits creating, focused, participating and consistent, the first the highest.
pub(crate) const NAMES: [&str; 16] = [
    "observer",
    "curator",
    "socializer",
    "taste maker",
    "syndicator",
    "feeder",
    "networker",
    "activist",
    "dabbler",
    "broadcaster",
    "explorer",
    "celebrity",
    "specialist",
    "pundit",
    "conversationalist",
    "thought leader",
];

/// What is measured of a person within 90 days.
#[derive(Clone, Debug, PartialEq)]
pub struct Style {
    /// Name of the style.
    pub name: &'static str,
    /// Share of the posts that are original, 0 to 1.
    pub creating: f64,
    /// Entropy of what the person talks about, in nats: 0 for one topic, ln n for n equal ones.
    pub entropy: f64,
    /// Interactions with others.
    pub interactions: i64,
    /// Weeks with a post or an interaction, 0 to 13.
    pub weeks: i64,
}

/// Classifies each person who has posts about any topic. Length: persons.
pub fn classify_styles(
    people: &People,
    topics: &TopicResults,
    rule: &StyleRule,
) -> Vec<Option<Style>> {
    let persons = &people.persons;
    let person = |vertex: VertexIndex| persons.person_of(vertex).index();
    let mut all = vec![Activity::default(); persons.len()];
    if let Some(posts) = &people.posts {
        for (post, author) in posts.authors.iter().enumerate() {
            if posts.age_hours[post] < MEASURE_HOURS {
                let activity = &mut all[person(*author)];
                activity.originals += i64::from(post < posts.originals);
                activity.posts += 1;
                activity.weeks |= week(posts.age_hours[post]);
            }
        }
    }
    let interactions = people.interactions.all().iter();
    for made in interactions.filter(|made| made.age_hours() < MEASURE_HOURS) {
        let activity = &mut all[person(made.actor)];
        activity.interactions += 1;
        activity.weeks |= week(made.age_hours());
    }
    let interests = |person: usize| {
        let interests = &topics.interests;
        let before = |p: usize| interests.partition_point(|of| of.person.index() < p);
        &interests[before(person)..before(person + 1)]
    };
    let style = |(person, activity): (usize, &Activity)| {
        let shares = interests(person).iter().map(|interest| interest.share);
        let all: f64 = shares.clone().sum();
        (activity.posts > 0 && all > 0.0).then(|| {
            let plogp = shares.map(|share| share / all).map(|p| p * libm::log(p));
            // No term is above 0, and 0 − 0 is +0, whose bits do not depend on the compiler as those of −0 may.
            activity.style(plogp.fold(0.0, |sum, term| sum - term), rule)
        })
    };
    all.par_iter().enumerate().map(|(person, activity)| style((person, activity))).collect()
}

/// The bit of a week before the cutoff.
fn week(age_hours: u32) -> u16 {
    1 << (age_hours / (7 * 24))
}

/// What a person did within 90 days, which are 13 weeks, the last one incomplete.
#[derive(Clone, Default)]
struct Activity {
    originals: i64,
    posts: i64,
    interactions: i64,
    weeks: u16,
}

impl Activity {
    fn style(&self, entropy: f64, rule: &StyleRule) -> Style {
        let creating = self.originals as f64 / self.posts as f64;
        let weeks = i64::from(self.weeks.count_ones());
        let axes = [
            creating >= rule.creating,
            entropy <= rule.entropy,
            self.interactions >= i64::from(rule.interactions),
            weeks >= i64::from(rule.weeks),
        ];
        let bits = axes.iter().fold(0, |bits, axis| 2 * bits + usize::from(*axis));
        Style { name: NAMES[bits], creating, entropy, interactions: self.interactions, weeks }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_side_of_each_axis_has_its_name() {
        let rule = StyleRule { creating: 0.5, entropy: 1.0, interactions: 3, weeks: 2 };
        let name = |originals, entropy, interactions, weeks| {
            Activity { originals, posts: 4, interactions, weeks }.style(entropy, &rule).name
        };
        assert_eq!(name(1, 1.1, 2, 0b1), "observer");
        assert_eq!(name(1, 1.1, 2, 0b101), "curator");
        assert_eq!(name(1, 1.1, 3, 0b1), "socializer");
        assert_eq!(name(1, 1.0, 2, 0b1), "syndicator");
        assert_eq!(name(2, 1.1, 2, 0b1), "dabbler");
        assert_eq!(name(2, 1.0, 3, 0b11), "thought leader");
        let mut names = NAMES;
        names.sort_unstable();
        assert!(names.windows(2).all(|two| two[0] < two[1]));
        // The oldest hour that counts lies in the 13th week.
        assert_eq!(week(MEASURE_HOURS - 1), 1 << 12);
    }
}
