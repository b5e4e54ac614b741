//! Stage 6: what posts are about, what people talk about, and on what they move others.
//!
//! Two things are kept apart. What people *talk about* follows from their posts alone ([`Interest`]); what they
//! *move people on* from the reactions to those posts ([`TopicScore`]), and is only said where there is enough
//! evidence: several posts, several people, more than one week.

mod attribution;
mod catalogue;
mod evidence;
mod influence;
mod interests;
mod rank;

pub use attribution::{Share, WHOLE};
pub use catalogue::{Catalogue, Entry};
pub use evidence::{Evidence, TopPost};
pub use influence::TopicScore;
pub(crate) use influence::dominant;
pub use interests::Interest;

use crate::error::Result;
use crate::lists::Lists;
use crate::method::Method;
use crate::model::{Interaction, People};
use crate::phrases::Vocabulary;
use crate::propagate::Trust;
use crate::reduce::InteractionRules;
use renown_graph::numbering::NONE;

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

/// A topic that posts are about, or that lies above one.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Index into the topics.
    pub topic: u32,
    /// Names from a root of the ontology down to it.
    pub path: Vec<String>,
    /// Ids of the topics above it, sorted.
    pub ancestors: Vec<String>,
    /// People with a score on it.
    pub people: i64,
    /// Own posts about it.
    pub posts: i64,
    /// Distinct people who reacted to them.
    pub reactors: i64,
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
    let world = World {
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
    let interests = interests::interests(&world);
    let mut scores = influence::scores(&world);
    let summaries = rank::summaries(&world, vocabulary, &catalogue, &mut scores)?;
    influence::places(&mut scores);
    let evidence = evidence::evidence(&world, vocabulary, &catalogue, &scores);
    let posts = evidence::top_posts(&world, catalogue.len());
    Ok(Topics { catalogue, summaries, scores, interests, evidence, posts, of_posts })
}

/// What all steps look at.
struct World<'a> {
    people: &'a People,
    posts: &'a crate::model::Posts,
    of_posts: &'a Lists<Share>,
    reactors: &'a Lists<u32>,
    method: &'a Method,
    rules: &'a InteractionRules,
    /// Whose attention counts.
    trust: &'a Trust,
    /// Posts of each person, ascending.
    posts_of: Lists<u32>,
    /// Vertices of each person, ascending.
    vertices_of: Lists<u32>,
    /// Who endorsed for each person, as (topic, giver), in order.
    endorsed: Lists<(u32, u32)>,
}

impl World<'_> {
    /// The person of a vertex.
    fn person(&self, vertex: u32) -> u32 {
        self.people.persons.vertex_persons[vertex as usize]
    }

    /// Hours before the cutoff that evidence may be old.
    fn evidence_hours(&self) -> f64 {
        let half_life = f64::from(self.method.attention.half_life_hours);
        self.method.topics.evidence.half_lives * half_life
    }

    /// What an interaction with a target's post is about; one with no post, or with somebody else's, is about nothing.
    fn about(&self, event: &Interaction) -> &[Share] {
        let post = event.post as usize;
        let of_target = event.post != NONE && self.posts.authors[post] == event.target;
        if of_target { self.of_posts.of(post) } else { &[] }
    }

    /// The share of a post that is about a topic, in [`WHOLE`]ths; 0 if it is not.
    fn share(&self, post: u32, topic: u32) -> u32 {
        let topics = self.of_posts.of(post as usize);
        topics.binary_search_by_key(&topic, |(topic, _)| *topic).map_or(0, |at| topics[at].1)
    }
}

fn posts_of(people: &People, posts: usize) -> Lists<u32> {
    let authors = people.posts.as_ref().map_or(&[][..], |posts| &posts.authors);
    let persons = &people.persons;
    let pairs = (0..posts as u32)
        .map(|post| (persons.vertex_persons[authors[post as usize] as usize], post));
    Lists::grouped(persons.len(), pairs)
}
