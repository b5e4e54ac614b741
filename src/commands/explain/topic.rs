//! One person on one topic: the score, the posts behind it, their phrases and the people who reacted.

use datafusion::prelude::{ident, lit};

use super::explanation::TopicExplanation;
use crate::error::Result;
use crate::published::Run;
use crate::published::lookup;
use crate::published::rows::EvidenceRow;
use crate::published::table::{ascending, of_person};

/// Explains the score of the person that `wanted` names on the topic that `topic` names.
///
/// # Errors
/// [`crate::error::Kind::Usage`] if several people or topics are meant, [`crate::error::Kind::BadInput`] if none is
/// or a file cannot be read, [`crate::error::Kind::Unavailable`] if the store does not answer.
pub async fn explain_topic(run: &Run, wanted: &str, topic: &str) -> Result<TopicExplanation> {
    let person = run.person(wanted).await?;
    let topics = run.topics().await?;
    let topic = lookup::topic(&topics, topic)?;
    let rows = || of_person(&person.person_id).and(ident("topic_id").eq(lit(&*topic.topic_id)));
    let mut order = vec![ident("reactors").sort(false, false)];
    order.extend(ascending(&["created_at", "post_id"]));
    let evidence: Vec<EvidenceRow> = run.rows(|all| all.filter(rows())?.sort(order)).await?;
    let reactors = evidence.iter().flat_map(|post| &post.reactor_ids);
    let names = run.names(reactors.map(String::as_str)).await?;
    Ok(TopicExplanation {
        topic_id: topic.topic_id.clone(),
        path: topic.path.clone(),
        score: run.rows(|all| all.filter(rows())).await?.pop(),
        interest: run.rows(|all| all.filter(rows())).await?.pop(),
        evidence,
        names,
        person,
    })
}
