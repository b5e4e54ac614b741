//! What somebody means who asks about a published run: a person, or a topic.

use datafusion::dataframe::DataFrame;
use serde::Deserialize;

use crate::error::{Error, Help, Kind, Result, did_you_mean, nearest};
use crate::published::{Known, bare, each_person, parsed, rows};

/// Most people or topics named where several are meant.
const CANDIDATES: usize = 20;

/// The id of the one person in a table `people` who is meant by `wanted`: a person id, an account as
/// `network:account_id`, the bare id of an account, or a display name; the first of these that anybody has decides.
///
/// # Errors
/// [`Kind::Usage`] if several people are meant, [`Kind::BadInput`] if nobody is.
pub(crate) async fn person(people: DataFrame, wanted: &str) -> Result<String> {
    let folded = wanted.to_lowercase();
    // How many are meant in each way, and the ids of the first few.
    let mut found: [(usize, Vec<String>); 5] = Default::default();
    let see = |p: &Known<'_>| {
        let ways = [
            p.id == wanted,
            p.accounts.contains(&wanted),
            p.accounts.iter().any(|account| bare(account) == wanted),
            p.name == Some(wanted),
            p.name.is_some_and(|name| name.to_lowercase() == folded),
        ];
        if let Some(way) = ways.iter().position(|way| *way) {
            let (count, ids) = &mut found[way];
            *count += 1;
            ids.push(p.id.to_owned());
            ids.sort_unstable();
            ids.truncate(CANDIDATES);
        }
    };
    each_person(people.clone(), see).await?;
    match found.into_iter().find(|(count, _)| *count > 0) {
        Some((1, ids)) => Ok(ids.concat()),
        Some((count, ids)) => Err(several(wanted, "people", count, &ids)),
        None => Err(nobody(people, wanted).await?),
    }
}

async fn nobody(people: DataFrame, wanted: &str) -> Result<Error> {
    let mut near: Option<String> = None;
    let see = |p: &Known<'_>| {
        let known = p.name.into_iter().chain([p.id]).chain(near.as_deref());
        near = nearest(wanted, known).map(str::to_owned);
    };
    each_person(people, see).await?;
    let near = did_you_mean(wanted, near.as_deref());
    Ok(Error::bad_input(
        format!("nobody in this run is `{wanted}`"),
        format!("{near}give a person id, `network:account_id`, an account id or a display name"),
    ))
}

fn several(wanted: &str, what: &str, count: usize, ids: &[String]) -> Error {
    let more = if count > ids.len() { ", …" } else { "" };
    Error::new(
        Kind::Usage,
        format!("`{wanted}` may be any of {count} {what}"),
        format!("give one of their ids: {}{more}", ids.join(", ")),
    )
}

/// A row of `topics`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Topic {
    /// Id.
    pub topic_id: String,
    /// Name as it is shown.
    pub name: String,
    /// Names from a root down to it.
    pub path: Vec<String>,
    /// Ids of the topics above it.
    pub ancestors: Vec<String>,
    /// People with a score on it.
    pub people: u64,
    /// Own posts about it.
    pub posts: u64,
    /// Distinct people who reacted to them.
    pub reactors: u64,
}

impl Topic {
    /// Whether it is `above`, or lies under it.
    pub(crate) fn lies_under(&self, above: &str) -> bool {
        self.topic_id == above || self.ancestors.iter().any(|id| id == above)
    }
}

/// All topics of a table `topics`.
///
/// # Errors
/// [`Kind::BadInput`] if the table has columns of another version, else as [`Error::engine`].
pub(crate) async fn topics(frame: DataFrame) -> Result<Vec<Topic>> {
    let found = rows("reading the table `topics`", frame).await?;
    found.iter().map(|row| parsed("topics", row)).collect()
}

/// The one topic that is meant by `wanted`: an id or a name; the first of these that any topic has decides.
/// Case, spaces, hyphens and a leading `#` make no difference between names.
///
/// # Errors
/// [`Kind::Usage`] if several topics are meant, [`Kind::BadInput`] if none is.
pub(crate) fn topic<'a>(topics: &'a [Topic], wanted: &str) -> Result<&'a Topic> {
    let spelled = crate::phrases::spelling(wanted);
    let ways: [&dyn Fn(&Topic) -> bool; 3] =
        [&|topic| topic.topic_id == wanted, &|topic| topic.name == wanted, &|topic| {
            crate::phrases::spelling(&topic.name) == spelled
        }];
    for way in ways {
        let found: Vec<&Topic> = topics.iter().filter(|topic| way(topic)).collect();
        match found.as_slice() {
            [] => {}
            [topic] => return Ok(topic),
            several_topics => {
                let first = several_topics.iter().take(CANDIDATES);
                let ids: Vec<String> = first.map(|topic| topic.topic_id.clone()).collect();
                return Err(several(wanted, "topics", several_topics.len(), &ids));
            }
        }
    }
    let near = did_you_mean(wanted, topics.iter().map(|topic| topic.name.as_str()));
    Err(Error::bad_input(
        format!("no post of this run is about a topic `{wanted}`"),
        format!("{near}give the id or the name of a topic of this run"),
    )
    .with_help(Help::Topics))
}
