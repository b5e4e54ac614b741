//! Inputs of which no row finds what it names in another: follows, identities, lists, endorsements, labels, and posts of
//! interactions.

use std::fmt;

use super::accounts::Accounts;
use super::directory::Directory;
use super::endorsements::EndorsementRows;
use super::follows::FollowRows;
use super::identities::Identities;
use super::ids::NetworkId;
use super::interactions::InteractionRows;
use super::lists::ListRows;
use super::near_ids::{KnownId, likely_difference};
use super::posts::PostRows;
use super::snapshot::Snapshot;
use super::unmatched_ids::UnmatchedIds;
use super::validate::ValidInput;
use super::violations::Violations;
use crate::error::{Error, Result};
use crate::model::{JoinRate, SuppressedCount, Warning};
use crate::number_format::counted;

/// An input with rows of which none finds what it names.
pub(super) struct NoMatch<'a> {
    pub(super) table: &'static str,
    pub(super) origin: &'a str,
    pub(super) column: &'static str,
    pub(super) rows: u64,
    /// What the rows are, and what none of them does: (" with a `post_id`", "names a post of `posts`").
    pub(super) words: [&'static str; 2],
    pub(super) remedy: &'static str,
    /// Why nothing may be found although all is well.
    pub(super) harmless: Option<&'static str>,
    pub(super) unmatched: &'a UnmatchedIds,
}

impl NoMatch<'_> {
    /// A violation. Where it may be harmless, and ids look alike in both inputs, it is only a warning.
    pub(super) fn report(
        self,
        known: &[KnownId<'_>],
        violations: &mut Violations,
        warnings: &mut Vec<Warning>,
    ) -> Result<()> {
        let Self { table, origin, column, rows, words: [which, does], remedy, harmless, unmatched } =
            self;
        let unmatched = unmatched.iter();
        let difference = likely_difference(unmatched.clone(), known);
        let of_persons = unmatched.clone().all(|(network, _)| network.is_empty());
        let those = known.iter().filter(|known| known.is_wanted(of_persons));
        let [these, those] =
            [Shapes::of(unmatched.map(|(_, id)| id)), Shapes::of(those.map(|known| known.id))];
        // Ids of ineligible people must not be shown: kinds and lengths are enough to see the mistake.
        let mut details = String::new();
        if !these.is_empty() && !those.is_empty() {
            details += &format!(" (ids are {these} here, and {those} there)");
        }
        if let Some(difference) = difference {
            details += &format!(", likely because of {difference}");
        }
        match harmless.filter(|_| difference.is_none() && !these.is_other_kind(&those)) {
            Some(harmless) => {
                let rows = match SuppressedCount::rounded(rows) {
                    SuppressedCount::Exact(rows) => format!("{rows} rows"),
                    SuppressedCount::Few => "the rows".to_owned(),
                };
                let text = format!("none of {rows}{which} {does}{details}; {harmless}");
                warnings.push(Warning::new(table, text));
                Ok(())
            }
            None => {
                let shown = counted(rows, "row", "rows");
                let cause =
                    format!("input `{table}` ({origin}): none of {shown}{which} {does}{details}");
                let violation = Error::bad_input(cause, remedy).in_table(table).in_column(column);
                violations.report(violation.in_rows(rows))
            }
        }
    }
}

/// What ids look like: the least and the greatest length of those that are numbers, and of the others.
#[derive(Default)]
struct Shapes {
    numbers: Option<(usize, usize)>,
    texts: Option<(usize, usize)>,
}

impl Shapes {
    fn of<'a>(ids: impl Iterator<Item = &'a str>) -> Self {
        let mut shapes = Self::default();
        for id in ids {
            let is_number = id.bytes().all(|byte| byte.is_ascii_digit());
            let lengths = if is_number { &mut shapes.numbers } else { &mut shapes.texts };
            let length = id.chars().count();
            let (least, greatest) = lengths.unwrap_or((length, length));
            *lengths = Some((least.min(length), greatest.max(length)));
        }
        shapes
    }

    fn is_empty(&self) -> bool {
        self.numbers.is_none() && self.texts.is_none()
    }

    /// Whether these are numbers and the others are texts, or the other way round.
    fn is_other_kind(&self, other: &Self) -> bool {
        let both = |one: Option<_>, other: Option<_>| one.is_some() && other.is_some();
        !self.is_empty()
            && !other.is_empty()
            && !both(self.numbers, other.numbers)
            && !both(self.texts, other.texts)
    }
}

impl fmt::Display for Shapes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let range = |(least, greatest): (usize, usize)| match least == greatest {
            true => least.to_string(),
            false => format!("{least} to {greatest}"),
        };
        let numbers = self.numbers.map(|lengths| format!("numbers of {} digits", range(lengths)));
        let texts = self.texts.map(|lengths| format!("texts of {} characters", range(lengths)));
        let both: Vec<String> = numbers.into_iter().chain(texts).collect();
        f.write_str(&both.join(" and "))
    }
}

/// The inputs that name accounts, persons and posts of others, before consent is applied: that a join finds nothing must not
/// depend on who refused.
pub(super) struct Joins<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) directory: &'a Directory,
    pub(super) accounts: Option<&'a Accounts>,
    /// Whether an interaction, follow or post names the account, by account number.
    pub(super) named: &'a [bool],
}

const WINDOW_ONLY: &str =
    "without `accounts` only people of the window are known, and these may be others";

impl Joins<'_> {
    /// Interactions that name posts.
    pub(super) fn check_posts(
        &self,
        interactions: &InteractionRows,
        posts: &PostRows,
        post_ids: &[(NetworkId, u32)],
        violations: &mut Violations,
        warnings: &mut Vec<Warning>,
    ) -> Result<()> {
        let (Some(input), Some(of_posts)) = (&self.snapshot.interactions, &self.snapshot.posts)
        else {
            return Ok(());
        };
        let is_post = posts.mark_posts(post_ids.len());
        let rows = interactions.rows_with_post();
        if rows == 0 || interactions.any_finds_post(&is_post) {
            return Ok(());
        }
        let networks = self.directory.network_names();
        let known = post_ids.iter().filter(|(_, number)| is_post[*number as usize]);
        let known = known.map(|((network, id), _)| KnownId::new(&networks[*network as usize], id));
        // What is reacted to may be older than all posts that are read.
        let is_cut = of_posts.rows_in_window < of_posts.rows_total || of_posts.rows_total == 0;
        let no_match = NoMatch {
            table: "interactions",
            origin: &input.origin,
            column: "post_id",
            rows,
            words: [" with a `post_id`", "names a post of `posts` in the window"],
            remedy: "write network and post_id in both inputs alike, in a SELECT, or leave `post_id` or `posts` out",
            harmless: is_cut.then_some("the posts may be from before the window"),
            unmatched: interactions.unmatched_posts(),
        };
        no_match.report(&known.collect::<Vec<_>>(), violations, warnings)
    }

    /// Accounts that take part in follows; `elsewhere` says of each account number whether an interaction or post names it.
    pub(super) fn check_follows(
        &self,
        follows: &FollowRows,
        elsewhere: &[bool],
        violations: &mut Violations,
        warnings: &mut Vec<Warning>,
    ) -> Result<()> {
        let Some(input) = &self.snapshot.follows else { return Ok(()) };
        let is_elsewhere = |account: &u32| elsewhere[*account as usize] || self.is_listed(*account);
        let is_known: Vec<u32> =
            (0..elsewhere.len() as u32).filter(|account| is_elsewhere(account)).collect();
        let rows = follows.accounts().count() as u64;
        if rows == 0
            || is_known.is_empty()
            || follows.accounts().flatten().any(|a| is_elsewhere(&a))
        {
            return Ok(());
        }
        let mut ids = UnmatchedIds::default();
        for account in follows.accounts().flatten() {
            let (_, network, id) = self.directory.account(account);
            ids.add(network, id);
        }
        let no_match = NoMatch {
            words: ["", "has an account of the other inputs"],
            remedy: "write network, follower_id and followee_id as the other inputs do, in a SELECT, or leave `follows` out",
            ..self.of_accounts("follows", "follower_id", input, rows, &ids)
        };
        no_match.report(&self.known_ids(is_known.into_iter()), violations, warnings)
    }

    /// How many accounts of follows among eligible people are in the other inputs, as [`Self::check_follows`]; `None` for a job
    /// without others.
    pub(super) fn rate_of_follows(
        &self,
        follows: &FollowRows,
        elsewhere: &[bool],
    ) -> Option<JoinRate> {
        let Snapshot { interactions, posts, accounts, .. } = self.snapshot;
        interactions.as_ref().or(posts.as_ref()).or(accounts.as_ref())?;
        let mut follow = vec![false; elsewhere.len()];
        follows.mark_accounts(&mut follow);
        let (mut rows, mut unmatched) = (0, 0);
        for account in (0..elsewhere.len() as u32).filter(|account| follow[*account as usize]) {
            rows += 1;
            unmatched += u64::from(!elsewhere[account as usize] && !self.is_listed(account));
        }
        let counted = "accounts in `follows` are in the other inputs";
        (rows > 0).then(|| JoinRate::new(counted, rows, unmatched))
    }

    /// Accounts that `identities` links. Returns how many are found.
    pub(super) fn check_identities(
        &self,
        identities: &Identities,
        violations: &mut Violations,
        warnings: &mut Vec<Warning>,
    ) -> Result<Option<JoinRate>> {
        let Some(input) = &self.snapshot.identities else { return Ok(None) };
        let all = 0..self.directory.account_numbers() as u32;
        let (found, unmatched): (Vec<u32>, Vec<u32>) = all
            .filter(|account| identities.links(*account))
            .partition(|account| self.is_in_data(*account));
        let rows = (found.len() + unmatched.len()) as u64;
        if rows == 0 {
            return Ok(None);
        }
        if found.is_empty() {
            let mut ids = UnmatchedIds::default();
            for account in &unmatched {
                let (_, network, id) = self.directory.account(*account);
                ids.add(network, id);
            }
            let no_match = NoMatch {
                words: ["", "links an account of the other inputs"],
                remedy: "write network and account_id as the other inputs do, in a SELECT, or leave `identities` out",
                ..self.of_accounts("identities", "account_id", input, rows, &ids)
            };
            no_match.report(&self.known_accounts(), violations, warnings)?;
        }
        let counted = "accounts in `identities` are in the other inputs";
        let unmatched = SuppressedCount::rounded(unmatched.len() as u64);
        Ok(Some(JoinRate { counted: counted.into(), rows, unmatched }))
    }

    /// Members of lists.
    pub(super) fn check_lists(
        &self,
        lists: &ListRows,
        violations: &mut Violations,
        warnings: &mut Vec<Warning>,
    ) -> Result<()> {
        let Some(input) = &self.snapshot.lists else { return Ok(()) };
        let rows = lists.rows();
        if rows == 0 || lists.any_member(|member| self.directory.person(member).is_some()) {
            return Ok(());
        }
        let no_match = NoMatch {
            words: ["", "has a member that is an account of the other inputs"],
            remedy: "write network and member_id as the other inputs do, in a SELECT, or leave `lists` out",
            ..self.of_accounts("lists", "member_id", input, rows, lists.unmatched())
        };
        no_match.report(&self.known_accounts(), violations, warnings)
    }

    /// Givers and receivers of endorsements.
    pub(super) fn check_endorsements(
        &self,
        endorsements: &EndorsementRows,
        violations: &mut Violations,
        warnings: &mut Vec<Warning>,
    ) -> Result<()> {
        let Some(input) = &self.snapshot.endorsements else { return Ok(()) };
        let rows = endorsements.rows();
        if rows == 0 || endorsements.any(|person| self.directory.person(person).is_some()) {
            return Ok(());
        }
        let mut known = Vec::new();
        for person in 0..self.directory.persons() as u32 {
            known.push(KnownId::new("", self.directory.person_id(person)));
            for account in self.directory.accounts(person) {
                let (_, network, id) = self.directory.account(*account);
                known.extend(KnownId::of_account(network, id, self.directory.is_linked(*account)));
            }
        }
        let no_match = NoMatch {
            words: ["", "has a giver and a receiver that are persons of the other inputs"],
            remedy: "give a `person_id` of `identities`, or `network:account_id` of an account without one, in a SELECT, or leave \
                     `endorsements` out",
            ..self.of_accounts("endorsements", "giver_id", input, rows, endorsements.unmatched())
        };
        no_match.report(&known, violations, warnings)
    }

    fn of_accounts<'b>(
        &self,
        table: &'static str,
        column: &'static str,
        input: &'b ValidInput,
        rows: u64,
        unmatched: &'b UnmatchedIds,
    ) -> NoMatch<'b> {
        let harmless = self.accounts.is_none().then_some(WINDOW_ONLY);
        let (origin, words, remedy) = (input.origin.as_str(), ["", ""], "");
        NoMatch { table, origin, column, rows, words, remedy, harmless, unmatched }
    }

    fn is_in_data(&self, account: u32) -> bool {
        self.named[account as usize] || self.is_listed(account)
    }

    fn is_listed(&self, account: u32) -> bool {
        self.accounts.is_some_and(|accounts| accounts.row(account).is_some())
    }

    fn known_accounts(&self) -> Vec<KnownId<'_>> {
        let all = 0..self.directory.account_numbers() as u32;
        self.known_ids(all.filter(|account| self.is_in_data(*account)))
    }

    /// The ids of `accounts`, and all handles.
    fn known_ids(&self, accounts: impl Iterator<Item = u32>) -> Vec<KnownId<'_>> {
        let ids = accounts.map(|account| {
            let (_, network, id) = self.directory.account(account);
            KnownId::new(network, id)
        });
        let handles = self.accounts.into_iter().flat_map(Accounts::handles);
        let handles = handles
            .map(|(account, handle)| KnownId::handle(self.directory.account(account).1, handle));
        ids.chain(handles).collect()
    }
}
