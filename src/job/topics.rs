//! How topics of posts are found: the section `[topics]`.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::Input;
use crate::error::{Error, Result};
use crate::schema::{self, Direction};
use crate::suggest::did_you_mean;

/// How topics of posts are found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Topics {
    /// Bundled ontology, where the job has no input `topics`: `klout-2018` (the default) or `none`.
    pub ontology: Option<Bundled>,
    /// Whether tags and hashtags that are not phrases of the ontology are topics too.
    pub tags: bool,
    /// Language of posts that state none, BCP 47.
    pub language: String,
    /// Special categories of personal data (GDPR, article 9) whose branches of the ontology are used: `religion`,
    /// `health`, `sexual_orientation`, `politics`, `trade_union`, `ethnicity`. Default: none of them.
    pub special_categories: BTreeSet<String>,
    /// Phrases and tags to ignore.
    pub stop: BTreeSet<String>,
    /// Changes to single topics, by `topic_id`.
    pub change: BTreeMap<String, TopicChange>,
}

impl Default for Topics {
    fn default() -> Self {
        Self {
            ontology: None,
            tags: false,
            language: "en".into(),
            special_categories: BTreeSet::new(),
            stop: BTreeSet::new(),
            change: BTreeMap::new(),
        }
    }
}

impl Topics {
    pub(super) fn check(&self, file: &str, inputs: &BTreeMap<String, Input>) -> Result<()> {
        let has_topics = inputs.contains_key("topics");
        if has_topics && self.ontology.is_some() {
            return Err(Error::bad_job(
                format!("{file}: `topics.ontology` and `inputs.topics` are both given"),
                "leave out one of the two",
            ));
        }
        for rest in ["topic_edges", "topic_phrases"] {
            if inputs.contains_key(rest) && !has_topics {
                return Err(Error::bad_job(
                    format!("{file}: `inputs.{rest}` without `inputs.topics`"),
                    "name the topics too",
                ));
            }
        }
        let topics = schema::table(Direction::Input, "topics")?;
        let category = topics.columns.iter().find(|column| column.name == "special_category");
        let known = category.and_then(|column| column.values.as_deref()).unwrap_or_default();
        match self.special_categories.iter().find(|name| !known.contains(name)) {
            None => Ok(()),
            Some(name) => {
                let near = did_you_mean(name, known.iter().map(String::as_str));
                Err(Error::bad_job(
                    format!("{file}: unknown special category `{name}`"),
                    format!("{near}known are: {}", known.join(", ")),
                ))
            }
        }
    }
}

/// A bundled ontology.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Bundled {
    /// The topics of Klout, 2018: `jobs/ontologies/klout-2018`.
    #[serde(rename = "klout-2018")]
    Klout2018,
    /// No topic at all.
    None,
}

/// Changes to a topic.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TopicChange {
    /// Phrases to add, in every language.
    pub add: BTreeSet<String>,
    /// Phrases to remove.
    pub drop: BTreeSet<String>,
    /// Whether to leave out the topic and all topics below it.
    pub off: bool,
}
