//! Topic scores as of a date in the past, and what later posts are about, so that both can be compared.

use super::attribution::{TopicShare, attribute_posts};
use super::catalogue::Catalogue;
use super::context::{Context, TopicHistory};
use super::endorsers::group_endorsers_by_person;
use super::inputs::TopicInputs;
use super::scope::PostScope;
use super::scores::{OfVertex, TopicScore, forecast, score_topics};
use crate::lists::Lists;
use crate::model::VertexIndex;
use crate::reduce::history;

/// Simple counts on the topic that a topic score is compared with: posts that count as evidence, distinct trusted people who
/// reacted to these, and distinct people by credit who reacted on the topic, at half-lives.
pub const TOPIC_COUNTS: [&str; 8] = [
    "topic_posts",
    "topic_reactors",
    "credited_reactors_hl_1_4",
    "credited_reactors_hl_1_2",
    "credited_reactors_hl_1",
    "credited_reactors_hl_2",
    "credited_reactors_hl_4",
    "credited_reactors_hl_8",
];

/// The topic scores that a run of a date would publish.
pub struct TopicForecasts {
    /// The topics of the date, in order of id.
    pub catalogue: Catalogue,
    /// The scores, in order of (person, topic).
    pub forecasts: Vec<TopicForecast>,
    /// Topics of the posts that a run of the date reads, and of later ones, attributed as if they were read too. Lists: posts.
    pub of_posts: Lists<TopicShare>,
}

/// A topic score with its distribution.
pub struct TopicForecast {
    /// The score; position, percentile and share of attention are not set.
    pub score: TopicScore,
    /// α of the negative binomial distribution of the observed reactors around the expected ones.
    pub overdispersion: f64,
    /// The expected reactors on each network of the person.
    pub of_vertices: Vec<(VertexIndex, f64)>,
    /// By [`TOPIC_COUNTS`].
    pub counts: [f64; TOPIC_COUNTS.len()],
}

/// The topic scores of the date that `inputs` are as of; none without posts or without phrases. Posts that are older than the
/// method's window, or published later, are not read. `last_acts` has the age of the last reaction of each vertex to anybody, as
/// [`crate::reduce::history::find_last_acts`] finds them.
pub fn forecast_topics(inputs: &TopicInputs<'_>, last_acts: Vec<u32>) -> Option<TopicForecasts> {
    let TopicInputs { people, vocabulary, method, .. } = *inputs;
    let (posts, reactors) = people.posts.as_ref().zip(inputs.post_reactors)?;
    if vocabulary.is_empty() {
        return None;
    }
    let scope = PostScope::read(posts, method);
    let catalogue = Catalogue::of(vocabulary, posts, &people.refusals, scope);
    let attribute =
        |scope| attribute_posts(people, posts, vocabulary, &catalogue, &method.topics, scope);
    let of_posts = attribute(scope);
    let history = Some(TopicHistory { last_acts });
    let context = Context::of(inputs, (posts, reactors), &catalogue, &of_posts);
    let context = Context { history, ..context };
    let endorsers = group_endorsers_by_person(&context);
    let forecasts =
        score_topics(&context, &endorsers, |score, of| with_counts(&context, score, of));
    drop(context);
    Some(TopicForecasts { forecasts, of_posts: attribute(scope.with_later()), catalogue })
}

fn with_counts(
    context: &Context<'_>,
    score: TopicScore,
    of_vertices: &[(VertexIndex, OfVertex)],
) -> TopicForecast {
    let rule = &context.method.forecast;
    let of_vertex = |(vertex, of): &(VertexIndex, OfVertex)| {
        (*vertex, forecast(context, score.topic, *vertex, of))
    };
    let of_each: Vec<(VertexIndex, f64)> = of_vertices.iter().map(of_vertex).collect();
    // As for a person's score: a sum over networks is taken for negative binomial too, with its mean and variance.
    let powers = of_each.iter().map(|(_, own)| libm::pow(*own, rule.overdispersion_power));
    let powers: f64 = powers.sum();
    let expected = score.expected_reactors;
    let overdispersion = match expected > 0.0 {
        true => rule.overdispersion * powers / (expected * expected),
        false => 0.0,
    };
    let counts = TOPIC_COUNTS.map(|name| match name {
        "topic_posts" => score.posts as f64,
        "topic_reactors" => score.reactors as f64,
        name => {
            let value =
                |(_, of): &(VertexIndex, OfVertex)| Some(of.history?[history::number(name)?]);
            of_vertices.iter().filter_map(value).sum()
        }
    });
    TopicForecast { score, overdispersion, of_vertices: of_each, counts }
}
