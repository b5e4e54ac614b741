//! What topics are found from.

use arrow::array::Float64Array;

use crate::lists::Lists;
use crate::method::Method;
use crate::model::{People, Trust, VertexIndex};
use crate::phrases::Vocabulary;
use crate::reduce::InteractionRules;

/// What topics are found from.
pub struct TopicInputs<'a> {
    /// Everyone who is eligible.
    pub people: &'a People,
    /// The phrases of topics, with their ontology.
    pub vocabulary: &'a Vocabulary,
    /// The vertices that reacted to each post, if there are posts. Lists: posts.
    pub post_reactors: Option<&'a Lists<VertexIndex>>,
    /// How much everybody's attention counts.
    pub trust: &'a Trust,
    /// How interactions weigh.
    pub rules: &'a InteractionRules,
    /// The method.
    pub method: &'a Method,
    /// The values of the measures of its forecast on all topics together, a column of vertices for each term: no value on a topic is
    /// above them. None: topics are not compared with the whole.
    pub values: Option<&'a [Float64Array]>,
}
