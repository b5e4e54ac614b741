//! What posts are about, what people talk about, and on what they influence others.
//!
//! Two things are kept apart. What people *talk about* follows from their posts alone ([`Interest`]); on what they
//! *influence others* from the reactions to those posts ([`TopicScore`]), and is published only with enough evidence:
//! several posts, several people, more than one week.

mod attribution;
mod catalogue;
mod context;
mod dominant;
mod endorsers;
mod evidence;
mod forecasts;
mod inputs;
mod interests;
mod scope;
mod scores;
mod summaries;

use crate::error::Result;
use crate::lists::Lists;
pub use attribution::{TopicShare, WHOLE};
pub use catalogue::{Catalogue, TopicEntry};
use context::Context;
pub(crate) use dominant::dominant_topic;
pub(crate) use evidence::distinct_urls;
pub use evidence::{EvidencePost, TopPost};
pub use forecasts::{TOPIC_COUNTS, TopicForecast, TopicForecasts, forecast_topics};
pub use inputs::TopicInputs;
pub use interests::Interest;
use scope::PostScope;
pub use scores::TopicScore;
pub use summaries::TopicSummary;

/// Topics of a snapshot.
#[derive(Default)]
pub struct TopicResults {
    /// The topics, in order of id.
    pub catalogue: Catalogue,
    /// Topics of each post, in order of topic. Lists: posts.
    pub of_posts: Lists<TopicShare>,
    /// A summary of each topic that posts are about, and of those above, in order of topic.
    pub summaries: Vec<TopicSummary>,
    /// On what people influence others, in order of (person, topic).
    pub scores: Vec<TopicScore>,
    /// What people talk about, in order of (person, topic).
    pub interests: Vec<Interest>,
    /// The strongest posts behind each of `scores`, in order of (person, topic, network, post id).
    pub evidence: Vec<EvidencePost>,
    /// The posts of each topic with most reactors, in order of (topic, network, post id).
    pub posts: Vec<TopPost>,
}

/// Finds what everybody talks about and on what they influence others; nothing without posts or without phrases.
///
/// # Errors
/// [`crate::error::Kind::BadJob`] if the method's iterations do not suffice for a topic.
pub fn find_topics(inputs: &TopicInputs<'_>) -> Result<TopicResults> {
    let TopicInputs { people, vocabulary, method, .. } = *inputs;
    let (Some(posts), Some(reactors)) = (&people.posts, inputs.post_reactors) else {
        return Ok(TopicResults::default());
    };
    if vocabulary.is_empty() {
        // Every post is still looked up: it has no topic.
        let of_posts = Lists::grouped(posts.authors.len(), std::iter::empty::<(u32, TopicShare)>());
        return Ok(TopicResults { of_posts, ..TopicResults::default() });
    }
    let scope = PostScope::read(posts, method);
    let catalogue = Catalogue::of(vocabulary, posts, &people.refusals, scope);
    let of_posts =
        attribution::attribute_posts(people, posts, vocabulary, &catalogue, &method.topics, scope);
    let context = Context::of(inputs, (posts, reactors), &catalogue, &of_posts);
    let interests = interests::find_interests(&context);
    let endorsers = endorsers::group_endorsers_by_person(&context);
    let mut scores = scores::score_topics(&context, &endorsers, |score, _| score);
    let summaries = summaries::summarise_topics(&context, &mut scores)?;
    scores::set_positions(&mut scores);
    let evidence = evidence::select_evidence(&context, &scores);
    let posts = evidence::select_top_posts(&context);
    drop(context);
    Ok(TopicResults { catalogue, summaries, scores, interests, evidence, posts, of_posts })
}
