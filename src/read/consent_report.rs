//! What is reported of the statements of `consent`: those that are ignored, those that meet nobody, and why.

use std::collections::BTreeMap;

use super::accounts::Accounts;
use super::consent::{ConsentRows, Statements, UnknownSubject};
use super::consent_checks::{Compared, NearMisses};
use super::directory::Directory;
use super::ids::Ids;
use super::near_ids::{Difference, differences};
use super::snapshot::Snapshot;
use super::violations::Violations;
use crate::error::{Error, Result};
use crate::job::Consent;
use crate::model::{
    ConsentCounts, ConsentHistory, Dropped, Posts, Refusals, SuppressedCount, Warning,
};
use crate::phrases::TopicFinder;
use renown_graph::numbering::NONE;

/// The accounts of this snapshot that unknown persons had in an earlier run, by place among the unknown subjects.
pub(super) fn former_accounts(
    rows: &ConsentRows,
    ids: &Ids,
    history: &ConsentHistory,
) -> BTreeMap<u32, Vec<u32>> {
    let mut former = BTreeMap::new();
    for (place, subject) in (0..).zip(rows.unknown()) {
        let UnknownSubject { network: None, id } = subject else { continue };
        if let Some(accounts) = history.former_persons.get(&**id) {
            let keys: Vec<(&str, &str)> =
                accounts.iter().map(|(network, id)| (network.as_str(), id.as_str())).collect();
            let mut numbers = ids.find_accounts(&keys);
            numbers.retain(|number| *number != NONE);
            former.insert(place, numbers);
        }
    }
    former
}

/// Violations of statements on topics that there are not.
pub(super) fn unknown_topics(statements: &Statements<'_>, finder: &TopicFinder<'_>) -> Vec<Error> {
    let violation = |(topic, rows): (&str, u64)| {
        let cause = format!("input `consent`: there is no topic `{topic}`, which {rows} rows name");
        let remedy = format!(
            "{}give the id or the name of a topic, or `#` and a tag: as it is, no topic would be refused",
            finder.did_you_mean(topic)
        );
        Error::bad_input(cause, remedy).in_table("consent").in_column("topic_id").in_rows(rows)
    };
    statements.unknown_topics(finder).into_iter().map(violation).collect()
}

/// Warns of refused tags that none of the `posts` has, and that are no topic in another spelling: they may be typing errors, and
/// then nobody is kept off the topic that is meant.
pub(super) fn refused_tags_without_posts(
    refusals: &Refusals,
    finder: &TopicFinder<'_>,
    posts: &Posts,
) -> Option<Warning> {
    let mut people: BTreeMap<&str, u64> = BTreeMap::new();
    for topic in refusals.values().flatten() {
        let Some(tag) = topic.strip_prefix('#') else { continue };
        let has_posts =
            posts.tag_names.binary_search_by(|(name, _)| name.as_str().cmp(tag)).is_ok();
        if !has_posts && finder.ids(topic).len() == 1 {
            *people.entry(topic).or_default() += 1;
        }
    }
    let named = people.keys().take(MAX_NAMED).map(|topic| format!("`{topic}`"));
    let named = named.collect::<Vec<_>>().join(", ");
    let more = if people.len() > MAX_NAMED { ", …" } else { "" };
    let refused = SuppressedCount::of(people.values().sum());
    let text = format!(
        "{refused} refusals are of tags that no post has, {named}{more}: check that they are spelled as the tags that are meant"
    );
    (!people.is_empty()).then(|| Warning::new("consent", text))
}

/// Most tags that are named.
const MAX_NAMED: usize = 5;

/// Warns of statements on topics in a job that has none: a table whose `topic_id` is filled by mistake would leave nobody out.
pub(super) fn without_topics(statements: &Statements<'_>) -> Option<Warning> {
    let on_topics = statements.on_topics();
    let shown = SuppressedCount::of(on_topics);
    let text = format!(
        "{shown} statements have a `topic_id`, and this job has no topics: they keep nobody from being scored"
    );
    (on_topics > 0).then(|| Warning::new("consent", text))
}

/// What the statements of `consent` are reported against.
pub(super) struct ReportedConsent<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) directory: &'a Directory,
    pub(super) accounts: Option<&'a Accounts>,
    pub(super) consent: &'a Consent,
    pub(super) history: &'a ConsentHistory,
}

impl ReportedConsent<'_> {
    /// Reports statements that are ignored or not found, and what is not as it should be.
    pub(super) fn report(
        &self,
        statements: Option<&Statements<'_>>,
        counts: &[ConsentCounts],
        drops: &mut Vec<Dropped>,
        violations: &mut Violations,
        warnings: &mut Vec<Warning>,
    ) -> Result<()> {
        let mut near = Vec::new();
        if let Some(statements) = statements {
            let rows = &statements.rows;
            let rule = "opted in at the cutoff or later: ignored";
            drops.push(Dropped::suppressed("consent", rule, rows.late).of(rows.rows_read));
            let unmatched = counts.iter().map(|of| of.statements - of.matched).sum();
            let rule = "account or person not found in this snapshot";
            drops.push(Dropped::suppressed("consent", rule, unmatched));
            near = near_misses(rows, self.directory, self.accounts);
            for difference in Difference::ALL {
                let of_kind = near.iter().filter(|near| near.difference == difference);
                let rule = format!("not found, likely because of {}", difference.words());
                let statements: u64 = of_kind.map(|near| near.statements).sum();
                drops.push(Dropped::suppressed("consent", &rule, statements));
            }
        }
        let compared = Compared {
            origin: self.snapshot.consent.as_ref().map(|input| input.origin.as_str()),
            rows: statements.map_or(0, |statements| statements.rows.rows_read),
            counts,
            near: &near,
            networks: self.directory.network_names(),
            history: self.history,
        };
        compared.report(self.consent, violations, warnings)
    }
}

/// Statements that would be found but for how their ids are written, by network and difference.
fn near_misses<'a>(
    rows: &'a ConsentRows,
    directory: &Directory,
    accounts: Option<&Accounts>,
) -> Vec<NearMisses<'a>> {
    let mut counts: BTreeMap<(Option<&str>, Difference), u64> = BTreeMap::new();
    let found = differences(rows.unknown(), directory, accounts);
    for ((subject, difference), statements) in
        rows.unknown().iter().zip(found).zip(rows.of_unknown())
    {
        if let Some(difference) = difference {
            *counts.entry((subject.network.as_deref(), difference)).or_default() += statements;
        }
    }
    let near = counts.into_iter().map(|((network, difference), statements)| NearMisses {
        network,
        difference,
        statements,
    });
    near.collect()
}
