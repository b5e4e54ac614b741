//! Measures that follow from a vertex's own posts and the reactions to them alone, so that they can be computed again under
//! other conditions: at another date, or with other trust.

use super::min_ages::MinAges;
use super::posts::{Responses, count_responses};
use crate::model::{Interactions, People, Persons, Posts, Trust, VertexIndex};
use crate::reduce::history::{self, HistoryInputs, HistoryMeasures};
use crate::reduce::{Engagement, InteractionRules, engagement, engagement_of, post_reactors};

/// Measures of every vertex, computed again.
pub struct RecomputedMeasures {
    engagement: Vec<Engagement>,
    history: HistoryMeasures,
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
            count_responses(posts, &reactors, trust, min_ages, |_| true)
        });
        let engagement = engagement(interactions, persons, rules, trust, since_hours);
        let history = HistoryInputs { since_hours, ..HistoryInputs::of(people, rules, trust) };
        let numbers = names.iter().filter_map(|name| history::number(name)).collect();
        Self { engagement, history: history.measure(numbers), responses }
    }

    /// Whether a measure can be computed again.
    pub fn includes(name: &str) -> bool {
        let (engagement, responses) = (Engagement::default(), Responses::default());
        let is_of_history = history::number(name).is_some();
        is_of_history || engagement.measure(name).or(responses.measure(name)).is_some()
    }

    /// The value of a measure for a vertex; `None` if it cannot be computed again.
    pub fn value(&self, name: &str, vertex: VertexIndex) -> Option<f64> {
        if let Some(value) = self.history.value(name, vertex) {
            return Some(value);
        }
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
    /// Whose interactions they are.
    pub persons: &'a Persons,
    /// Interactions older than the window.
    pub earlier: &'a Interactions,
    /// Minutes of the past that the data of each network cover. Length: networks.
    pub covered_minutes: &'a [u32],
}

/// Measures of one vertex, computed again.
pub struct VertexMeasures {
    /// What it received.
    pub engagement: Engagement,
    /// By number, if one of them was asked for.
    history: Option<[f64; history::MEASURES]>,
    responses: Option<Responses>,
}

impl VertexMeasures {
    /// Computes the measures `names` (and all others of engagement) of a vertex.
    pub fn compute(vertex: VertexIndex, inputs: &VertexInputs<'_>, names: &[&str]) -> Self {
        let VertexInputs { interactions, posts, rules, trust, .. } = *inputs;
        let history = HistoryInputs {
            interactions: [interactions, inputs.earlier],
            persons: inputs.persons,
            covered_minutes: inputs.covered_minutes,
            rules: rules.history(),
            trust,
            since_hours: 0,
        };
        let of_history = names.iter().any(|name| history::number(name).is_some());
        let none = Responses::default();
        let needed = names.iter().any(|name| none.measure(name).is_some());
        let responses = posts.filter(|_| needed).map(|posts| {
            let reactors = post_reactors(interactions, posts, rules, 0);
            let is_wanted = |author| author == vertex;
            let mut all = count_responses(posts, &reactors, trust, MinAges::default(), is_wanted);
            std::mem::take(&mut all[vertex.index()])
        });
        Self {
            engagement: engagement_of(vertex, interactions, rules, trust),
            history: of_history.then(|| history.measure_one(vertex)),
            responses,
        }
    }

    /// The value of a measure; `None` if it cannot be computed again.
    pub fn value(&self, name: &str) -> Option<f64> {
        if let (Some(number), Some(history)) = (history::number(name), &self.history) {
            return Some(history[number]);
        }
        let of_responses = || self.responses.as_ref().and_then(|responses| responses.measure(name));
        self.engagement.measure(name).or_else(of_responses)
    }
}
