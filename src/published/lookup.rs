//! The person or topic of a run that is meant by an id or a name.

use std::collections::BTreeMap;

use datafusion::dataframe::DataFrame;

use super::rows::{PersonNames, TopicRow};
use super::table::{each, of_people, reading};
use crate::error::{Error, Help, Kind, Result};
use crate::suggest::did_you_mean;

/// Maximum number of people or topics named where several are meant.
const CANDIDATES: usize = 20;

/// The id of the one person in a table `people` who is meant by `wanted`: a person id, an account as
/// `network:account_id`, the bare id of an account, or a display name; the first of these that matches decides.
///
/// # Errors
/// [`Kind::Usage`] if several people are meant, [`Kind::BadInput`] if nobody is.
pub(super) async fn person(people: DataFrame, wanted: &str) -> Result<String> {
    let folded = wanted.to_lowercase();
    // How many are meant in each way, and the ids of the first few.
    let mut found: [(usize, Vec<String>); 5] = Default::default();
    let see = |person: PersonNames<&str>| {
        let PersonNames { person_id, display_name, accounts } = person;
        let ways = [
            person_id == wanted,
            accounts.contains(&wanted),
            accounts.iter().any(|account| account_id(account) == wanted),
            display_name == Some(wanted),
            display_name.is_some_and(|name| name.to_lowercase() == folded),
        ];
        if let Some(way) = ways.iter().position(|way| *way) {
            let (count, ids) = &mut found[way];
            *count += 1;
            ids.push(person_id.to_owned());
            ids.sort_unstable();
            ids.truncate(CANDIDATES);
        }
    };
    each::<PersonNames>(people.clone(), see).await?;
    match found.into_iter().find(|(count, _)| *count > 0) {
        Some((1, ids)) => Ok(ids.concat()),
        Some((count, ids)) => Err(several(wanted, "people", count, &ids)),
        None => Err(no_person(people, wanted).await?),
    }
}

async fn no_person(people: DataFrame, wanted: &str) -> Result<Error> {
    let mut near = Misspelled::new(wanted);
    each::<PersonNames>(people, |person| near.see(&person)).await?;
    Ok(Error::bad_input(format!("nobody in this run is `{wanted}`"), near.remedy()))
}

/// The name or id of a person that is nearest to one that nobody has.
pub(crate) struct Misspelled<'a> {
    wanted: &'a str,
    /// The number of typing errors, and the name.
    nearest: Option<(usize, String)>,
}

impl<'a> Misspelled<'a> {
    pub(crate) fn new(wanted: &'a str) -> Self {
        Self { wanted, nearest: None }
    }

    /// Compares the names and ids of one more person.
    pub(crate) fn see(&mut self, person: &PersonNames<&str>) {
        let PersonNames { person_id, display_name, accounts } = person;
        let ids = accounts.iter().flat_map(|account| [*account, account_id(account)]);
        for name in display_name.iter().copied().chain([*person_id]).chain(ids) {
            let Some(distance) = typing_errors(self.wanted, name) else { continue };
            let found = (distance, name.to_owned());
            if self.nearest.as_ref().is_none_or(|nearest| found < *nearest) {
                self.nearest = Some(found);
            }
        }
    }

    pub(crate) fn remedy(&self) -> String {
        let near = self.nearest.as_ref();
        let near = near.map_or_else(String::new, |(_, name)| format!("did you mean `{name}`? "));
        format!("{near}give a person id, `network:account_id`, an account id or a display name")
    }
}

/// Whether a text is an id and no handle: hexadecimal digits, as of UUIDs, or long and with digits. Another one is never a
/// typing error but another person.
fn is_opaque(text: &str) -> bool {
    let id = account_id(text);
    let is_hex = id.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    let is_long = id.len() >= 16 && !id.contains([' ', '.', '@']);
    id.contains(|c: char| c.is_ascii_digit()) && (is_hex || is_long)
}

/// How many typing errors make `wanted` of `name`, if they are so few that it may be meant; another number is never a
/// typing error but another person.
fn typing_errors(wanted: &str, name: &str) -> Option<usize> {
    if is_opaque(wanted) {
        return None;
    }
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let length = wanted.chars().count();
    let most = match length {
        0..4 => return None,
        4..8 => 1,
        _ => 2,
    };
    // Cheaper than the distance, which is never less.
    if name.chars().count().abs_diff(length) > most || digits(wanted) != digits(name) {
        return None;
    }
    let distance = strsim::damerau_levenshtein(&wanted.to_lowercase(), &name.to_lowercase());
    (distance <= most).then_some(distance)
}

/// The names that the people `ids` show, by id; those without a name are left out.
///
/// # Errors
/// As [`each`].
pub(crate) async fn names<'a>(
    people: DataFrame,
    ids: impl IntoIterator<Item = &'a str>,
) -> Result<BTreeMap<String, String>> {
    let named = people.filter(of_people(ids)).map_err(|e| Error::engine(&reading("people"), e))?;
    let mut names = BTreeMap::new();
    let see = |person: PersonNames<&str>| {
        let name = person.display_name.map(str::to_owned);
        names.extend(name.map(|name| (person.person_id.to_owned(), name)));
    };
    each::<PersonNames>(named, see).await?;
    Ok(names)
}

/// The network's own id of an account `network:account_id`; names of networks hold no `:`.
pub(crate) fn account_id(account: &str) -> &str {
    account.split_once(':').map_or(account, |(_, id)| id)
}

fn several(wanted: &str, what: &str, count: usize, ids: &[String]) -> Error {
    let more = if count > ids.len() { ", …" } else { "" };
    Error::new(
        Kind::Usage,
        format!("`{wanted}` may be any of {count} {what}"),
        format!("give one of their ids: {}{more}", ids.join(", ")),
    )
}

/// The one topic that is meant by `wanted`: an id or a name; the first of these that matches decides.
/// Case, spaces, hyphens and a leading `#` make no difference between names.
///
/// # Errors
/// [`Kind::Usage`] if several topics are meant, [`Kind::BadInput`] if none is.
pub(crate) fn topic<'a>(topics: &'a [TopicRow], wanted: &str) -> Result<&'a TopicRow> {
    let spelled = crate::phrases::spelling(wanted);
    let ways: [&dyn Fn(&TopicRow) -> bool; 3] =
        [&|topic| topic.topic_id == wanted, &|topic| topic.name == wanted, &|topic| {
            crate::phrases::spelling(&topic.name) == spelled
        }];
    for way in ways {
        let found: Vec<&TopicRow> = topics.iter().filter(|topic| way(topic)).collect();
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
