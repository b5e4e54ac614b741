//! A person's score on a topic as a page.

use std::fmt::Write as _;

use comfy_table::Table;

use super::explanation::TopicExplanation;
use crate::commands::text_table::{
    align_right, forecast_people, headed, number_or_unknown, percent, plain,
};
use crate::error::{printable, printable_name};
use crate::number_format::{count, counted, fixed};
use crate::published::rows::{InterestRow, TopicScoreRow};

/// The score, the evidence behind it and the strongest posts.
pub(super) fn page(explanation: &TopicExplanation) -> String {
    let TopicExplanation { person, path, score, interest, evidence, .. } = explanation;
    let name = person.display_name.as_deref().unwrap_or(&person.person_id);
    let mut page = format!(
        "{} ({}) on {}\n\n{}\n",
        printable(name),
        printable_name(&person.person_id),
        printable(&path.join(" › ")),
        facts(score.as_ref(), interest.as_ref())
    );
    if score.is_none() {
        page.push_str(
            "\nNot enough evidence of influence: the method requires several posts that drew reactions, from several people \
             and in more than one week, none of them too old.\n",
        );
    }
    if !evidence.is_empty() {
        let _ = writeln!(page, "\nstrongest posts\n{}", posts_table(explanation));
    }
    page
}

fn facts(score: Option<&TopicScoreRow>, interest: Option<&InterestRow>) -> Table {
    let mut table = plain();
    if let Some(score) = score {
        let TopicScoreRow { posts, weeks, people, reactors, endorsers, .. } = score;
        let [reactors, endorsers] = [reactors, endorsers].map(|people| count(*people));
        let [posts, weeks, people] = [
            counted(*posts, "post", "posts"),
            counted(*weeks, "week", "weeks"),
            counted(*people, "person", "people"),
        ];
        for (name, value) in [
            ("forecast (people)", forecast_people(score.expected_reactors)),
            ("score", fixed(score.score, 1)),
            ("position on the topic", count(score.position)),
            ("percentile on the topic", fixed(score.percentile, 1)),
            ("share of attention on the topic", percent(score.topic_attention_share)),
            (
                "evidence",
                format!("{posts} in {weeks}, {people} ({reactors} reacted, {endorsers} endorsed)"),
            ),
            ("negative share", number_or_unknown(score.negative_share)),
        ] {
            table.add_row([name.to_owned(), value]);
        }
    }
    let interest = interest.map_or_else(
        || "too little to count".to_owned(),
        |interest| {
            let share = percent(interest.expressed_share);
            let posts = counted(interest.posts, "post", "posts");
            format!("{share} of what the person writes, {posts}")
        },
    );
    table.add_row(["writes about it".to_owned(), interest]);
    table
}

fn posts_table(explanation: &TopicExplanation) -> Table {
    let mut table =
        headed(&["post", "published", "about it", "phrases", "reactors", "some of them"]);
    for post in &explanation.evidence {
        let name = |id: &String| explanation.names.get(id).unwrap_or(id).clone();
        let some: Vec<String> = post.reactor_ids.iter().map(name).collect();
        table.add_row([
            printable(&format!("{}:{}", post.network, post.post_id)),
            post.created_at.get(..10).unwrap_or(&post.created_at).to_owned(),
            percent(post.share),
            printable(&post.phrases.join(", ")),
            count(post.reactors),
            printable(&some.join(", ")),
        ]);
    }
    align_right(&mut table, &[2, 4]);
    table
}
