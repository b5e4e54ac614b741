//! Stage 6: what posts are about, what people talk about, and on what they move others.
//!
//! Two things are kept apart. What people *talk about* follows from their posts alone ([`Interest`]); what they
//! *move people on* from the reactions to those posts ([`TopicScore`]), and is only said where there is enough
//! evidence: several posts, several people, more than one week.

mod attribution;
mod catalogue;
mod evidence;
mod influence;
mod inputs;
mod interests;
mod rank;

pub use attribution::{Share, WHOLE};
pub use catalogue::{Catalogue, Entry};
pub use evidence::{Evidence, TopPost};
pub use influence::TopicScore;
pub(crate) use influence::dominant;
use inputs::TopicInputs;
pub use interests::Interest;
pub use rank::Summary;

use crate::error::Result;
use crate::lists::Lists;
use crate::method::Method;
use crate::model::People;
use crate::phrases::Vocabulary;
use crate::propagate::Trust;
use crate::reduce::InteractionRules;

/// What the posts of a snapshot are about and what came of it.
#[derive(Default)]
pub struct Topics {
    /// The topics, in order of id.
    pub catalogue: Catalogue,
    /// Topics of each post, in order of topic. Lists: posts.
    pub of_posts: Lists<Share>,
    /// What is said of each topic that posts are about, and of those above, in order of topic.
    pub summaries: Vec<Summary>,
    /// Who moves people on what, in order of (person, topic).
    pub scores: Vec<TopicScore>,
    /// What people talk about, in order of (person, topic).
    pub interests: Vec<Interest>,
    /// The strongest posts behind each of `scores`, in order of (person, topic, network, post id).
    pub evidence: Vec<Evidence>,
    /// The posts of each topic with most reactors, in order of (topic, network, post id).
    pub posts: Vec<TopPost>,
}

/// Finds what everybody talks about and moves others on; `reactors` has the reactors of each post. Without posts
/// or without topics there is nothing to find.
///
/// # Errors
/// Those of the propagation.
pub fn topics(
    people: &People,
    vocabulary: &Vocabulary,
    reactors: Option<&Lists<u32>>,
    trust: &Trust,
    rules: &InteractionRules,
    method: &Method,
) -> Result<Topics> {
    let (Some(posts), Some(reactors)) = (&people.posts, reactors) else {
        return Ok(Topics::default());
    };
    if vocabulary.is_empty() {
        return Ok(Topics::default());
    }
    let catalogue = Catalogue::of(vocabulary, posts, &people.refusals);
    let of_posts = attribution::attribution(people, posts, vocabulary, &catalogue, &method.topics);
    let inputs = TopicInputs {
        people,
        posts,
        of_posts: &of_posts,
        reactors,
        method,
        rules,
        trust,
        posts_of: posts_of(people, posts.authors.len()),
        vertices_of: people.persons.vertices_by_person(),
        endorsed: influence::endorsed(people, vocabulary, &catalogue, trust),
    };
    let interests = interests::interests(&inputs);
    let mut scores = influence::scores(&inputs);
    let summaries = rank::summaries(&inputs, vocabulary, &catalogue, &mut scores)?;
    influence::places(&mut scores);
    let evidence = evidence::evidence(&inputs, vocabulary, &catalogue, &scores);
    let posts = evidence::top_posts(&inputs, catalogue.len());
    Ok(Topics { catalogue, summaries, scores, interests, evidence, posts, of_posts })
}

fn posts_of(people: &People, posts: usize) -> Lists<u32> {
    let authors = people.posts.as_ref().map_or(&[][..], |posts| &posts.authors);
    let persons = &people.persons;
    let pairs = (0..posts as u32)
        .map(|post| (persons.vertex_persons[authors[post as usize] as usize], post));
    Lists::grouped(persons.len(), pairs)
}
