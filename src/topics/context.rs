//! What every step of finding topics looks at.

use arrow::array::{Array, Float64Array};

use super::attribution::TopicShare;
use super::catalogue::Catalogue;
use super::inputs::TopicInputs;
use crate::lists::Lists;
use crate::method::Method;
use crate::model::{Interaction, People, PersonIndex, PostIndex, Posts, Trust, VertexIndex};
use crate::phrases::Vocabulary;
use crate::reduce::InteractionRules;
use crate::reduce::history::{self, HistoryInputs, TargetReactions};

/// What every step looks at.
pub(super) struct Context<'a> {
    pub people: &'a People,
    pub posts: &'a Posts,
    pub vocabulary: &'a Vocabulary,
    pub catalogue: &'a Catalogue,
    /// Topics of each post. Lists: posts.
    pub of_posts: &'a Lists<TopicShare>,
    /// The vertices that reacted to each post. Lists: posts.
    pub reactors: &'a Lists<VertexIndex>,
    pub method: &'a Method,
    pub rules: &'a InteractionRules,
    pub trust: &'a Trust,
    /// The values of the terms of the forecast on all topics together.
    pub values: Option<&'a [Float64Array]>,
    /// What measures of history are computed with, if the forecast uses any.
    pub history: Option<TopicHistory>,
    /// Posts of each person, ascending. Lists: persons.
    pub posts_of: Lists<PostIndex>,
    /// Vertices of each person, ascending. Lists: persons.
    pub vertices_of: Lists<VertexIndex>,
}

/// What measures of history are computed with.
pub(super) struct TopicHistory {
    /// Age of the last reaction of each vertex to anybody, in minutes. Length: vertices.
    pub last_acts: Vec<u32>,
}

impl TopicHistory {
    /// Nothing if the forecast uses no measure of history.
    fn of(inputs: &TopicInputs<'_>) -> Option<Self> {
        let mut terms = inputs.method.forecast.terms.iter();
        let is_used = terms.any(|term| history::number(&term.measure).is_some());
        let TopicInputs { people, rules, trust, .. } = *inputs;
        is_used.then(|| Self { last_acts: HistoryInputs::of(people, rules, trust).last_acts() })
    }

    /// The measures of `reactions` to a vertex, by number.
    pub fn measure(
        &self,
        context: &Context<'_>,
        vertex: VertexIndex,
        reactions: &mut TargetReactions,
    ) -> [f64; history::MEASURES] {
        let network = context.people.persons.network_of(vertex);
        let rules = context.rules.history();
        // Posts are read within the window: of older ones no topic is known, and so of no older reactions.
        let covered = context.people.covered_minutes[network.index()];
        let factors = rules.factors(covered.min(context.method.window_hours().saturating_mul(60)));
        reactions.measure(rules, &factors, context.trust.audience(vertex), &self.last_acts)
    }
}

impl<'a> Context<'a> {
    /// What is looked at where posts are about `of_posts`.
    pub fn of(
        inputs: &TopicInputs<'a>,
        (posts, reactors): (&'a Posts, &'a Lists<VertexIndex>),
        catalogue: &'a Catalogue,
        of_posts: &'a Lists<TopicShare>,
    ) -> Self {
        let TopicInputs { people, vocabulary, trust, rules, method, values, .. } = *inputs;
        Self {
            people,
            posts,
            vocabulary,
            catalogue,
            of_posts,
            reactors,
            method,
            rules,
            trust,
            values,
            history: TopicHistory::of(inputs),
            posts_of: group_posts_by_person(people, posts),
            vertices_of: people.persons.vertices_by_person(),
        }
    }

    /// The person of a vertex.
    pub fn person(&self, vertex: VertexIndex) -> PersonIndex {
        self.people.persons.person_of(vertex)
    }

    /// A value of a term on a topic, which is at most that on all topics together: what the data cover of the one is less, and so it
    /// is divided by less.
    pub fn at_most_on_all(&self, term: usize, vertex: VertexIndex, on_topic: f64) -> f64 {
        let Some(column) = self.values.and_then(|values| values.get(term)) else { return on_topic };
        let on_all =
            if column.is_valid(vertex.index()) { column.value(vertex.index()) } else { 0.0 };
        on_topic.min(on_all)
    }

    /// Age in hours at which a post or reaction is too old to be evidence.
    pub fn evidence_hours(&self) -> f64 {
        let half_life = f64::from(self.method.attention.half_life_hours);
        self.method.topics.evidence.half_lives * half_life
    }

    /// Original posts of a person, young enough to be evidence, with a reaction.
    pub fn evidence_posts(&self, person: PersonIndex) -> impl Iterator<Item = PostIndex> {
        let hours = self.evidence_hours();
        self.posts_of.of(person.index()).iter().copied().filter(move |post| {
            let age = f64::from(self.posts.age_hours[post.index()]);
            let is_young = self.posts.is_original(*post) && age < hours;
            is_young && !self.reactors.of(post.index()).is_empty()
        })
    }

    /// The topics of an interaction with a target's post; none if it names no post, or one of another author.
    pub fn topics_of(&self, interaction: &Interaction) -> &[TopicShare] {
        let is_of_target = |post: &PostIndex| self.posts.author(*post) == interaction.target;
        let post = interaction.post.get().filter(is_of_target);
        post.map_or(&[], |post| self.of_posts.of(post.index()))
    }

    /// The share of a post that is about a topic, in units of [`WHOLE`](super::WHOLE); 0 if it is not.
    pub fn share(&self, post: PostIndex, topic: u32) -> u32 {
        let topics = self.of_posts.of(post.index());
        topics.binary_search_by_key(&topic, |(topic, _)| *topic).map_or(0, |at| topics[at].1)
    }
}

/// The posts of each person, ascending. Lists: persons.
fn group_posts_by_person(people: &People, posts: &Posts) -> Lists<PostIndex> {
    let persons = &people.persons;
    let authors = posts.authors.iter().zip((0..).map(PostIndex::new));
    let pairs = authors.map(|(author, post)| (persons.person_of(*author), post));
    Lists::grouped(persons.len(), pairs)
}
