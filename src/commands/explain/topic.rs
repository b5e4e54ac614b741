//! What a run says of one person on one topic: the posts, the phrases, the people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use datafusion::prelude::{ident, lit};
use serde::{Deserialize, Serialize};
use url::Url;

use super::page::{align_right, number, plain};
use super::{Who, only};
use crate::engine::Engine;
use crate::error::{Error, Result, printable};
use crate::publish::commit::Commit;
use crate::published::{lookup, names, parsed, rows, table};

/// What a run says of one person on one topic.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TopicExplanation {
    /// Who it is.
    pub person: Who,
    /// Id of the topic.
    pub topic_id: String,
    /// Names from a root down to it.
    pub path: Vec<String>,
    /// What the person moves people on; none without enough evidence.
    pub score: Option<TopicScore>,
    /// What the person talks about; none if too little is about it.
    pub interest: Option<Interest>,
    /// The strongest posts behind the score.
    pub evidence: Vec<Evidence>,
    /// Names of the people that the evidence names, by id; those without a name are left out.
    pub names: BTreeMap<String, String>,
}

/// A row of `topic_scores`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TopicScore {
    /// Points, 1 to 100.
    pub score: f64,
    /// Expected people on the topic in the horizon.
    pub expected_reactors: f64,
    /// Place among those with a score on it.
    pub position: u64,
    /// Percentile among them.
    pub percentile: f64,
    /// Share of the attention on the topic that ends up with the person.
    pub topic_attention_share: f64,
    /// Posts that count as evidence.
    pub posts: u64,
    /// Distinct people who reacted to them.
    pub reactors: u64,
    /// Distinct people who endorsed or listed the person.
    pub endorsers: u64,
    /// Distinct people of both kinds.
    pub people: u64,
    /// Different weeks of them.
    pub weeks: u64,
    /// Share of negative reactions.
    pub negative_share: Option<f64>,
}

/// A row of `topic_interests`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interest {
    /// Share of what the person's posts are about.
    pub expressed_share: f64,
    /// Posts about it.
    pub posts: u64,
}

/// A row of `topic_evidence`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Network of the post.
    pub network: String,
    /// Id of the post.
    pub post_id: String,
    /// When it was published.
    pub created_at: String,
    /// Phrases of the topic that it holds.
    pub phrases: Vec<String>,
    /// Distinct people who reacted to it.
    pub reactors: u64,
    /// Ids of the first ten of them.
    pub reactor_ids: Vec<String>,
    /// Share of the post that is about the topic.
    pub share: f64,
}

/// What the committed run below `output` says of `person` on `topic`.
///
/// # Errors
/// [`crate::error::Kind::Usage`] if several people or topics are meant, [`crate::error::Kind::BadInput`] if none is
/// or a file cannot be read, [`crate::error::Kind::Unavailable`] if the store does not answer.
pub async fn explain_topic(
    engine: &Engine,
    output: &Url,
    commit: &Commit,
    person: &str,
    topic: &str,
) -> Result<TopicExplanation> {
    let open = async |name: &str| table(engine, output, commit, name).await;
    let people = open("people").await?;
    let id = lookup::person(people.clone(), person).await?;
    let person: Who = only("people", people.clone(), &id).await?;
    let topics = lookup::topics(open("topics").await?).await?;
    let topic = lookup::topic(&topics, topic)?;
    let own = async |name: &str, order: &[&str]| {
        let what = format!("reading the table `{name}`");
        let plan = |e| Error::engine(&what, e);
        let own = ident("person_id").eq(lit(&*id)).and(ident("topic_id").eq(lit(&*topic.topic_id)));
        let own = open(name).await?.filter(own).map_err(plan)?;
        let order = order.iter().map(|column| ident(*column).sort(*column != "reactors", false));
        rows(&what, own.sort(order.collect()).map_err(plan)?).await
    };
    let score = own("topic_scores", &["person_id"]).await?;
    let interest = own("topic_interests", &["person_id"]).await?;
    let evidence = own("topic_evidence", &["reactors", "created_at", "post_id"]).await?;
    let evidence: Vec<Evidence> =
        evidence.iter().map(|row| parsed("topic_evidence", row)).collect::<Result<_>>()?;
    let reacted = evidence.iter().flat_map(|post| &post.reactor_ids);
    let names = names(people, reacted.map(String::as_str)).await?;
    Ok(TopicExplanation {
        person,
        topic_id: topic.topic_id.clone(),
        path: topic.path.clone(),
        score: score.first().map(|row| parsed("topic_scores", row)).transpose()?,
        interest: interest.first().map(|row| parsed("topic_interests", row)).transpose()?,
        evidence,
        names,
    })
}

/// The explanation as a page for people to read.
pub fn render_topic(explanation: &TopicExplanation) -> String {
    let TopicExplanation { person, path, score, interest, evidence, .. } = explanation;
    let name = person.display_name.as_deref().unwrap_or(&person.person_id);
    let mut page = format!(
        "{} ({}) on {}\n\n",
        printable(name),
        printable(&person.person_id),
        printable(&path.join(" › "))
    );
    let mut facts = plain();
    if let Some(score) = score {
        for (name, value) in [
            ("expected people", number(Some(score.expected_reactors))),
            ("score", number(Some(score.score))),
            ("place on the topic", score.position.to_string()),
            ("percentile on the topic", number(Some(score.percentile))),
            ("attention on the topic", format!("{:.1} %", 100.0 * score.topic_attention_share)),
            (
                "rests on",
                format!(
                    "{} posts of {} weeks, {} people ({} reacted, {} endorsed)",
                    score.posts, score.weeks, score.people, score.reactors, score.endorsers
                ),
            ),
            ("negative share", number(score.negative_share)),
        ] {
            facts.add_row([name.to_owned(), value]);
        }
    }
    let talks = interest.as_ref().map_or("too little to say".to_owned(), |interest| {
        format!(
            "{:.1} % of what is written, {} posts",
            100.0 * interest.expressed_share,
            interest.posts
        )
    });
    facts.add_row(["talks about it".to_owned(), talks]);
    let _ = writeln!(page, "{facts}");
    if score.is_none() {
        page.push_str(
            "\nNot enough evidence that anybody is moved: the method asks for several posts that drew reactions, from \
             several people and in more than one week, none of them too old.\n",
        );
    }
    if !evidence.is_empty() {
        let mut posts = plain();
        posts.set_header(["post", "published", "about it", "phrases", "people", "among them"]);
        for post in evidence {
            let known = |id: &String| explanation.names.get(id).unwrap_or(id).clone();
            let people: Vec<String> = post.reactor_ids.iter().map(known).collect();
            posts.add_row([
                printable(&format!("{}:{}", post.network, post.post_id)),
                post.created_at.get(..10).unwrap_or(&post.created_at).to_owned(),
                format!("{:.0} %", 100.0 * post.share),
                printable(&post.phrases.join(", ")),
                post.reactors.to_string(),
                printable(&people.join(", ")),
            ]);
        }
        align_right(&mut posts, &[2, 4]);
        let _ = writeln!(page, "\nthe strongest posts\n{posts}");
    }
    page
}
