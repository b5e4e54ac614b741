//! What topics of posts are made of, and what evidence a topic score needs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Topics of posts, and influence on topics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TopicRule {
    /// Share of a topic's weight that its direct parents get, 0 or more and less than 1.
    pub roll_up: f64,
    /// Weight of the topics of the post that a post replies to, quotes or reposts, relative to its own topics; 0 or more.
    pub parent_weight: f64,
    /// Weight of a phrase in the title, relative to one in the text; 0 or more, as for tags and URLs.
    pub title_weight: f64,
    /// Weight of a phrase that is a tag.
    pub tag_weight: f64,
    /// Weight of a phrase in a URL.
    pub url_weight: f64,
    /// Maximum number of topics of a post, 1 to 20.
    pub max_topics: u32,
    /// Minimum share of a post that is about a topic, 0 to 1; the main topic is always kept.
    pub min_share: f64,
    /// Evidence that a topic score needs.
    pub evidence: Evidence,
    /// Minimum number of pairs (actor, target) on a topic for PageRank; with fewer, each actor's attention is divided
    /// once.
    pub ranked_pairs: u64,
    /// Number of posts kept of each topic: those with most reactors.
    pub posts: u32,
    /// Number of posts kept of each person on each topic.
    pub evidence_posts: u32,
    /// Number of topics kept of what each person writes about.
    pub interests: u32,
}

impl Default for TopicRule {
    fn default() -> Self {
        Self {
            roll_up: 0.5,
            parent_weight: 0.5,
            title_weight: 3.0,
            tag_weight: 3.0,
            url_weight: 1.0,
            max_topics: 5,
            min_share: 0.1,
            evidence: Evidence::default(),
            ranked_pairs: 100,
            posts: 20,
            evidence_posts: 5,
            interests: 50,
        }
    }
}

/// Evidence that a topic score needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Evidence {
    /// Minimum number of the person's posts about the topic with a reaction of a trusted person.
    pub posts: u32,
    /// Minimum number of distinct people who reacted to them, endorsed the person on the topic, or put the person on a
    /// list of that name.
    pub people: u32,
    /// Minimum number of different weeks before the cutoff in which these posts were published.
    pub weeks: u32,
    /// Evidence period, in half-lives: older posts and reactions do not count; more than 0.
    pub half_lives: f64,
    /// Maximum number of endorsements and list entries that count of one giver.
    pub per_giver: u32,
}

impl Default for Evidence {
    fn default() -> Self {
        Self { posts: 3, people: 5, weeks: 2, half_lives: 2.0, per_giver: 20 }
    }
}
