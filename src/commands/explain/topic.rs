//! One person of a published run on one topic: the posts, the phrases, the people.

use std::fmt::Write as _;

use datafusion::prelude::{ident, lit};

use super::explanation::TopicExplanation;
use super::page::{align_right, number, plain};
use crate::error::{Result, printable};
use crate::published::Run;
use crate::published::lookup;
use crate::published::rows::EvidenceRow;
use crate::published::table::{ascending, of_person};

/// Explains the person whom `wanted` names on the topic that `topic` names.
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
            ("forecast people", number(Some(score.expected_reactors))),
            ("score", number(Some(score.score))),
            ("position on the topic", score.position.to_string()),
            ("percentile on the topic", number(Some(score.percentile))),
            ("attention on the topic", format!("{:.1} %", 100.0 * score.topic_attention_share)),
            (
                "evidence",
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
    let writes = interest.as_ref().map_or("too little".to_owned(), |interest| {
        format!(
            "{:.1} % of what the person writes, {} posts",
            100.0 * interest.expressed_share,
            interest.posts
        )
    });
    facts.add_row(["writes about it".to_owned(), writes]);
    let _ = writeln!(page, "{facts}");
    if score.is_none() {
        page.push_str(
            "\nNot enough evidence of influence: the method requires several posts that drew reactions, from several people \
             and in more than one week, none of them too old.\n",
        );
    }
    if !evidence.is_empty() {
        let mut posts = plain();
        posts.set_header(["post", "published", "about it", "phrases", "people", "among them"]);
        for post in evidence {
            let name = |id: &String| explanation.names.get(id).unwrap_or(id).clone();
            let people: Vec<String> = post.reactor_ids.iter().map(name).collect();
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
