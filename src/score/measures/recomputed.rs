//! Measures that follow from a vertex's own posts and the reactions to them alone, so that they can be computed again under
//! other conditions: at another date, or with other trust.

use super::min_ages::MinAges;
use super::posts::{Responses, count_responses};
use crate::model::{Interactions, People, Posts, Trust, VertexIndex};
use crate::reduce::{Engagement, InteractionRules, engagement, engagement_of, post_reactors};

/// Measures of every vertex, computed again.
pub struct RecomputedMeasures {
    engagement: Vec<Engagement>,
    responses: Option<Vec<Responses>>,
}

impl RecomputedMeasures {
    /// Computes the measures `names` (and all others of engagement) from posts and interactions that are old enough, with this
    /// `trust`.
    pub fn compute(
        people: &People,
        rules: &InteractionRules,
        trust: &Trust,
        min_ages: MinAges,
        names: &[&str],
    ) -> Self {
        let People { persons, interactions, posts, .. } = people;
        let none = Responses::default();
        let needed = names.iter().any(|name| none.measure(name).is_some());
        let since_hours = min_ages.interactions_hours;
        let responses = posts.as_ref().filter(|_| needed).map(|posts| {
            let reactors = post_reactors(interactions, posts, rules, since_hours);
            count_responses(interactions, posts, rules, &reactors, trust, min_ages)
        });
        let engagement = engagement(interactions, persons, rules, trust, since_hours);
        Self { engagement, responses }
    }

    /// Whether a measure can be computed again.
    pub fn includes(name: &str) -> bool {
        let (engagement, responses) = (Engagement::default(), Responses::default());
        engagement.measure(name).or(responses.measure(name)).is_some()
    }

    /// The value of a measure for a vertex; `None` if it cannot be computed again.
    pub fn value(&self, name: &str, vertex: VertexIndex) -> Option<f64> {
        let vertex = vertex.index();
        let responses = self.responses.as_ref().map(|responses| &responses[vertex]);
        let of_engagement = self.engagement[vertex].measure(name);
        of_engagement.or(responses.and_then(|responses| responses.measure(name)))
    }
}

/// What the measures of one vertex are computed from again.
pub struct VertexInputs<'a> {
    /// The interactions.
    pub interactions: &'a Interactions,
    /// The posts, if there are posts.
    pub posts: Option<&'a Posts>,
    /// How interactions weigh.
    pub rules: &'a InteractionRules,
    /// How much everybody's attention counts.
    pub trust: &'a Trust,
}

/// Measures of one vertex, computed again.
pub struct VertexMeasures {
    /// What it received.
    pub engagement: Engagement,
    responses: Option<Responses>,
}

impl VertexMeasures {
    /// Computes the measures `names` (and all others of engagement) of a vertex.
    pub fn compute(vertex: VertexIndex, inputs: &VertexInputs<'_>, names: &[&str]) -> Self {
        let VertexInputs { interactions, posts, rules, trust } = *inputs;
        let none = Responses::default();
        let needed = names.iter().any(|name| none.measure(name).is_some());
        let responses = posts.filter(|_| needed).map(|posts| {
            let reactors = post_reactors(interactions, posts, rules, 0);
            let min_ages = MinAges::default();
            let mut all = count_responses(interactions, posts, rules, &reactors, trust, min_ages);
            std::mem::take(&mut all[vertex.index()])
        });
        Self { engagement: engagement_of(vertex, interactions, rules, trust), responses }
    }

    /// The value of a measure; `None` if it cannot be computed again.
    pub fn value(&self, name: &str) -> Option<f64> {
        let of_responses = || self.responses.as_ref().and_then(|responses| responses.measure(name));
        self.engagement.measure(name).or_else(of_responses)
    }
}
