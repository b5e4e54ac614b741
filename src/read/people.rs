//! Stage 2: accounts are joined into persons, and ineligible persons are removed.
//!
//! First every input that names accounts, persons or posts is read over numbers; persons, consent and everything else are
//! then decided over flat arrays.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::account_stats::account_stats;
use super::accounts::{AccountRows, Accounts};
use super::consent::{ConsentRows, Statements};
use super::consent_report::{
    ReportedConsent, former_accounts, refused_tags_without_posts, unknown_topics, without_topics,
};
use super::directory::{AccountTexts, Directory};
use super::disputes::DisputeRows;
use super::eligibility::{Eligibility, Standing};
use super::endorsements::{EndorsementRows, endorsements};
use super::follows::FollowRows;
use super::identities::{Identities, IdentityRows};
use super::ids::{IdTexts, Ids, PersonRef};
use super::interactions::InteractionRows;
use super::joins::Joins;
use super::lists::ListRows;
use super::mentions::{Mentions, mask_display_names};
use super::missing_values::{MissingValues, NamedInputs};
use super::network_checks::{networks_written_differently, unmet_accounts};
use super::persons::NumberedPersons;
use super::posts::{PostRows, PostTexts};
use super::snapshot::Snapshot;
use super::violations::Violations;
use crate::error::{Error, Result};
use crate::job::{Consent, PeopleRule};
use crate::method::Method;
use crate::model::time::hours_before;
use crate::model::{ConsentHistory, Dropped, People, Refusals, Warning, covered_minutes};
use crate::phrases::{TopicFinder, Vocabulary};

/// The rows of a snapshot that name accounts, persons or posts, read and not yet joined.
pub struct PeopleRows {
    snapshot: Snapshot,
    ids: Ids,
    rows: Rows,
}

impl PeopleRows {
    /// Reads the rows of a snapshot.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadInput`] for rows that cannot be read and more ids than 32-bit numbers.
    pub async fn read(
        snapshot: Snapshot,
        consent: &Consent,
        method: &Method,
        vocabulary: &Arc<Vocabulary>,
    ) -> Result<Self> {
        match Rows::read(&snapshot, consent, method, vocabulary).await {
            Ok((ids, rows)) => Ok(Self { snapshot, ids, rows }),
            // Boxed: its future is large, and hardly ever needed.
            Err(error) => Err(Box::pin(snapshot.explain(error)).await),
        }
    }

    /// Ids of persons who refuse, and whom no other input names: an earlier run may know their accounts.
    pub fn unknown_persons(&self) -> BTreeSet<&str> {
        self.rows.statements.as_ref().map(ConsentRows::unknown_persons).unwrap_or_default()
    }
}

/// Joins accounts into persons, and keeps the eligible people and their data. `history` is what earlier runs published.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] for accounts or identities that contradict each other, a network name that contains
/// `:` or is written in several ways, account statistics whose sum is out of range, statements that do not meet the
/// accounts as they should or name unknown topics, and a window without any interaction or follow.
pub fn people(
    rows: PeopleRows,
    (consent, people_rule): (&Consent, &PeopleRule),
    method: &Method,
    vocabulary: &Vocabulary,
    history: &ConsentHistory,
    violations: &mut Violations,
) -> Result<People> {
    let (mut drops, mut warnings) = (Vec::new(), rows.snapshot.warnings.clone());
    let PeopleRows { snapshot, ids, rows } = rows;
    let Rows { statements, posts, mut interactions, mut follows, .. } = rows;
    let former = statements.as_ref().map(|rows| former_accounts(rows, &ids, history));
    let IdTexts { networks, network_places, accounts: account_ids, persons, posts: post_ids, tags } =
        ids.into_texts();
    let mut observed = vec![false; account_ids.len()];
    interactions.mark_accounts(&mut observed);
    let mut authored = vec![false; observed.len()];
    let authors = posts.iter().flat_map(PostRows::authors);
    authors.for_each(|[author]| authored[author as usize] = true);
    // Of interactions and posts; follows are checked against it.
    let mut elsewhere = observed.clone();
    elsewhere.iter_mut().zip(&authored).for_each(|(named, authored)| *named |= authored);
    follows.iter().for_each(|follows| follows.mark_accounts(&mut observed));
    let accounts = rows.accounts.map(|rows| rows.by_account(observed.len())).transpose()?;
    let accounts = accounts.as_ref();
    let identities = rows.identities.map(|rows| rows.by_account(observed.len()));
    let identities = identities.as_ref();
    let texts = AccountTexts { networks, accounts: account_ids, persons };
    let directory = &Directory::new(texts, &network_places, accounts, identities, &observed);
    let mut joins = BTreeMap::new();

    report_duplicates(accounts, identities, &mut drops);
    if vocabulary.lexicon.never_found > 0 {
        let rule = "phrase without letters and digits: found in no post";
        drops.push(Dropped::exact("topic_phrases", rule, vocabulary.lexicon.never_found));
    }
    for violation in contradictions(accounts, identities) {
        violations.report(violation)?;
    }
    for violation in directory.violations(snapshot.interaction_source()) {
        violations.report(violation)?;
    }
    let table = if accounts.is_some() { "accounts" } else { snapshot.interaction_source() };
    for violation in networks_written_differently(directory, table) {
        violations.report(violation)?;
    }
    if let Some(accounts) = accounts
        && consent.asks_age
        && accounts.lacks_ages()?
    {
        violations.report(snapshot.without_ages())?;
    }
    let statements = statements.map(|rows| rows.over(directory, former.unwrap_or_default()));
    let counts = statements.as_ref().map(Statements::counts).unwrap_or_default();
    let reported = ReportedConsent { snapshot: &snapshot, directory, accounts, consent, history };
    reported.report(statements.as_ref(), &counts, &mut drops, violations, &mut warnings)?;
    let finder = TopicFinder::new(vocabulary);
    if let Some(statements) = &statements {
        if snapshot.posts.is_some() && !vocabulary.is_empty() {
            for violation in unknown_topics(statements, &finder) {
                violations.report(violation)?;
            }
        } else {
            warnings.extend(without_topics(statements));
        }
    }
    let mut named = elsewhere.clone();
    follows.iter().for_each(|follows| follows.mark_accounts(&mut named));
    let checked = Joins { snapshot: &snapshot, directory, accounts, named: &named };
    if let Some(posts) = &posts {
        checked.check_posts(&interactions, posts, &post_ids, violations, &mut warnings)?;
    }
    if let Some(follows) = &follows {
        checked.check_follows(follows, &elsewhere, violations, &mut warnings)?;
    }
    if let Some(identities) = identities {
        let rate = checked.check_identities(identities, violations, &mut warnings)?;
        joins.extend(rate.map(|rate| ("identities".to_owned(), rate)));
    }
    if let Some(lists) = &rows.lists {
        checked.check_lists(lists, violations, &mut warnings)?;
    }
    if let Some(endorsements) = &rows.endorsements {
        checked.check_endorsements(endorsements, violations, &mut warnings)?;
    }
    let decisions = statements.as_ref().map(Statements::decisions);
    let eligibility = Eligibility::decide(directory, accounts, decisions.as_ref(), consent)?;
    let missing = MissingValues::of(directory, &eligibility, accounts, &snapshot.not_missing);
    let input = NamedInputs { snapshot: &snapshot, missing: &missing };
    input.report(&interactions, follows.as_ref(), posts.as_ref(), violations, &mut warnings)?;
    if let Some(input) = &snapshot.identities {
        let (origin, allowed) = (&input.origin, &snapshot.not_missing);
        MissingValues::report_persons(directory, origin, allowed, violations, &mut warnings)?;
    }
    let strangers = statements.iter().flat_map(Statements::refusing_strangers);
    let mentions = Mentions::of(directory, &eligibility, accounts, strangers)?;
    let mentions = mentions.as_ref();
    let texts = PostTexts { posts: post_ids, network_places: &network_places, tags };
    let posts = posts.map(|rows| rows.keep_eligible(texts, &eligibility, mentions, &mut drops));
    let posts = posts.transpose();
    let posts = violations.keep(posts.map_err(|violation| violation.in_table("posts")))?.flatten();
    violations.stop_if_any()?;

    let followed = follows.as_mut().map(|rows| rows.keep_scored(&eligibility, &mut drops));
    let interacted = interactions.keep_scored(&eligibility, &mut drops);
    interactions.mark_accounts(&mut authored);
    let rate = follows.as_ref().and_then(|rows| checked.rate_of_follows(rows, &authored));
    joins.extend(rate.map(|rate| ("follows".to_owned(), rate)));
    // Only after consent: whether ineligible people interacted must not be shown.
    if snapshot.has_interaction_source() && interacted + followed.unwrap_or_default() == 0 {
        violations.report(snapshot.without_interactions(method))?;
    }
    report_left_out(&snapshot, &eligibility, accounts, consent, &mut drops);

    let is_proven = |account: u32| {
        identities.is_none_or(|all| !all.links(account) || all.proven[account as usize])
    };
    let unproven = people_rule.unproven;
    let mut numbered =
        NumberedPersons::new(directory, &eligibility, accounts, unproven, is_proven)?;
    let strangers = statements.iter().flat_map(Statements::refusing_strangers);
    numbered.persons.ineligible = eligibility.ineligible_ids(strangers);
    if numbered.separated > 0 {
        let rule = "accounts linked without `proof`: people of their own";
        drops.push(Dropped::exact("identities", rule, numbered.separated));
    }
    if let Some(mentions) = mentions {
        let masked = mask_display_names(&mut numbered.persons.display_names, mentions);
        let rule = "display names with the name of an ineligible person: masked";
        drops.push(Dropped::suppressed("accounts", rule, masked));
    }
    if let Some(accounts) = accounts.filter(|_| snapshot.has_interaction_source()) {
        let (sources, scored) = (snapshot.interaction_sources(), &numbered.persons.networks);
        warnings.extend(unmet_accounts(directory, accounts, &observed, sources, scored));
    }
    let scored = |reference: PersonRef| numbered.find(directory, reference);
    let disputes = rows.disputes.map(|rows| {
        // Of a person whose accounts are people of their own each is disputed.
        let scored = |reference: PersonRef| match (reference, directory.person(reference)) {
            (PersonRef::Account(_), _) => scored(reference).into_iter().collect(),
            (_, Some(person)) => numbered.indices_of(person).to_vec(),
            (_, None) => vec![],
        };
        rows.open(snapshot.cutoff_us, scored, mentions, &mut drops)
    });
    let refused_hours = statements.as_ref().map_or_else(Vec::new, |statements| {
        let at = statements.refused_us();
        at.map(|at_us| hours_before(snapshot.cutoff_us, at_us).unwrap_or(0)).collect()
    });
    let refusals = statements.map_or_else(Refusals::new, |statements| {
        statements.refusals(&finder, |person| numbered.indices_of(person))
    });
    let max_per_giver = method.topics.evidence.per_giver as usize;
    let counts_of_joins = (&mut drops, &mut joins);
    let (endorsements, endorsed_us) = endorsements(
        rows.endorsements,
        rows.lists,
        scored,
        vocabulary,
        max_per_giver,
        counts_of_joins,
    );
    let cutoff_us = snapshot.cutoff_us;
    let endorsed_hours = endorsed_us.and_then(|at_us| hours_before(cutoff_us, at_us));
    let account_stats = account_stats(&numbered, accounts, cutoff_us, &mut drops);
    let account_stats = account_stats.map_err(|violation| violations.fail(vec![violation]))?;
    let (vertex_of, vertices) = (&numbered.vertex_of, numbered.persons.vertices());
    let (posts, post_of) = posts.map(|posts| posts.into_posts(vertex_of, cutoff_us)).unzip();
    let [interactions, earlier] = interactions.into_interactions(
        vertex_of,
        vertices,
        post_of.as_deref(),
        cutoff_us,
        (&mut drops, &mut joins),
    );
    let covered = |network: &str| method.forecast.covered_minutes(network, cutoff_us);
    let events = [&interactions, &earlier].map(|events| events.window(0, u32::MAX));
    let covered_minutes = covered_minutes(&numbered.persons, &events, covered);
    let follows = follows.map(|follows| follows.into_follows(vertex_of, &mut drops));
    if let Some(posts) = &posts {
        warnings.extend(refused_tags_without_posts(&refusals, &finder, posts));
    }
    let unknown = method.unknown_networks(&numbered.persons.networks);
    warnings.extend(unknown.into_iter().map(|text| Warning::new("interactions", text)));
    warnings.extend(Dropped::warnings(&snapshot.drops));
    warnings.extend(Dropped::warnings(&drops));
    Ok(People {
        persons: numbered.persons,
        account_stats,
        interactions,
        earlier,
        covered_minutes,
        follows,
        posts,
        refusals,
        endorsements,
        endorsed_hours,
        disputes: disputes.unwrap_or_default(),
        drops,
        consent: counts,
        refused_hours,
        warnings,
        joins,
    })
}

/// All rows that name accounts, persons or posts, over numbers.
struct Rows {
    posts: Option<PostRows>,
    interactions: InteractionRows,
    follows: Option<FollowRows>,
    accounts: Option<AccountRows>,
    identities: Option<IdentityRows>,
    statements: Option<ConsentRows>,
    disputes: Option<DisputeRows>,
    endorsements: Option<EndorsementRows>,
    lists: Option<ListRows>,
}

impl Rows {
    async fn read(
        snapshot: &Snapshot,
        consent: &Consent,
        method: &Method,
        vocabulary: &Arc<Vocabulary>,
    ) -> Result<(Ids, Self)> {
        let shared_ids = Arc::new(Ids::default());
        let ids = &shared_ids;
        let mut rows = Self {
            posts: None,
            interactions: InteractionRows::default(),
            follows: None,
            accounts: None,
            identities: None,
            statements: None,
            disputes: None,
            endorsements: None,
            lists: None,
        };
        let place = |table: &'static str| move |error: Error| error.in_table(table);
        if let Some(input) = &snapshot.posts {
            let posts = PostRows::read(input, vocabulary, ids).await.map_err(place("posts"))?;
            rows.posts = Some(posts);
        }
        if let Some(input) = &snapshot.interactions {
            let interactions = InteractionRows::read(input, method, ids, snapshot.window_us).await;
            rows.interactions = interactions.map_err(place("interactions"))?;
        }
        if let Some(input) = &snapshot.follows {
            let follows = FollowRows::read(input, snapshot.cutoff_us, ids).await;
            rows.follows = Some(follows.map_err(place("follows"))?);
        }
        if let Some(input) = &snapshot.accounts {
            let accounts = AccountRows::read(input, snapshot.day, consent, ids).await;
            rows.accounts = Some(accounts.map_err(place("accounts"))?);
        }
        if let Some(input) = &snapshot.identities {
            let identities = IdentityRows::read(input, ids).await;
            rows.identities = Some(identities.map_err(place("identities"))?);
        }
        // The rest refers to accounts and persons, and gives no new one a number.
        if let Some(input) = &snapshot.consent {
            let statements = ConsentRows::read(input, snapshot.cutoff_us, ids).await;
            rows.statements = Some(statements.map_err(place("consent"))?);
        }
        if let Some(input) = &snapshot.disputes {
            let disputes = DisputeRows::read(input, ids).await;
            rows.disputes = Some(disputes.map_err(place("disputes"))?);
        }
        if let Some(input) = &snapshot.endorsements {
            let endorsements = EndorsementRows::read(input, ids).await;
            rows.endorsements = Some(endorsements.map_err(place("endorsements"))?);
        }
        if let Some(input) = &snapshot.lists {
            let lists = ListRows::read(input, vocabulary, ids).await;
            rows.lists = Some(lists.map_err(place("lists"))?);
        }
        let ids = Arc::into_inner(shared_ids);
        Ok((ids.ok_or_else(|| Error::internal("ids are still being read"))?, rows))
    }
}

fn report_duplicates(
    accounts: Option<&Accounts>,
    identities: Option<&Identities>,
    drops: &mut Vec<Dropped>,
) {
    if let Some(accounts) = accounts {
        let (duplicates, all) = (accounts.duplicates, accounts.rows_read());
        drops.push(Dropped::exact("accounts", "duplicate rows", duplicates).of(all));
    }
    if let Some(identities) = identities {
        let (duplicates, all) = (identities.duplicates, identities.rows_read);
        drops.push(Dropped::exact("identities", "duplicate rows", duplicates).of(all));
    }
}

/// Accounts with several persons, and accounts with several rows.
fn contradictions(accounts: Option<&Accounts>, identities: Option<&Identities>) -> Vec<Error> {
    let mut violations = Vec::new();
    let persons = identities.map_or(0, |identities| identities.contradictory);
    if persons > 0 {
        let cause =
            format!("input `identities`: {persons} accounts are linked to more than one person");
        let remedy = "keep one person_id for each (network, account_id)";
        let violation = Error::bad_input(cause, remedy).in_table("identities");
        violations.push(violation.in_column("person_id").in_rows(persons));
    }
    let rows = accounts.map_or(0, |accounts| accounts.contradictory);
    if rows > 0 {
        let cause =
            format!("input `accounts`: {rows} accounts have two rows that contradict each other");
        let remedy = "keep one row for each (network, account_id), for example the newest";
        let violation = Error::bad_input(cause, remedy).in_table("accounts");
        violations.push(violation.in_column("account_id").in_rows(rows));
    }
    violations
}

fn report_left_out(
    snapshot: &Snapshot,
    eligibility: &Eligibility<'_>,
    accounts: Option<&Accounts>,
    consent: &Consent,
    drops: &mut Vec<Dropped>,
) {
    let all = eligibility.accounts();
    for (standing, table, rule) in Standing::REASONS {
        // What people decided is looked at with the statements; that they are unknown is a gap of the data.
        let is_gap = matches!(standing, Standing::NoRow | Standing::NoAge);
        let dropped = Dropped::suppressed(table, rule, eligibility.count(standing));
        drops.push(if is_gap { dropped.of(all) } else { dropped });
    }
    let left_out = eligibility.count_left_out(accounts);
    let rule = "seen only with ineligible people";
    drops.push(Dropped::suppressed("accounts", rule, left_out.absent));
    if accounts.is_some() {
        let sources = snapshot.interaction_sources();
        let rule = format!("accounts in {sources} but not in `accounts`: scored anyway");
        let source = snapshot.interaction_source();
        drops.push(Dropped::exact(source, &rule, left_out.unlisted));
        if consent.asks_age && !consent.excludes_unknown() {
            let rule = "accounts of people without a known age: scored anyway";
            drops.push(Dropped::exact("accounts", rule, left_out.ageless));
        }
    }
}
