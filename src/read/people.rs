//! Stage 2: accounts joined into persons, and who may not be scored taken out.
//!
//! Consent is decided before anything is computed. Of two statements about one account or person the
//! later counts, whenever it was made; of two at the same instant the refusal. A person with any
//! account that refused, was deleted or belongs to a minor is removed whole.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, LargeStringArray, LargeStringBuilder, RecordBatch,
    StringViewArray, StringViewBuilder, UInt32Array,
};
use chrono::{Months, NaiveDate};
use datafusion::common::JoinType;
use datafusion::dataframe::DataFrame;
use datafusion::functions::expr_fn::{coalesce, concat};
use datafusion::functions_aggregate::expr_fn::max;
use datafusion::prelude::{Expr, ident, lit, when};
use datafusion::scalar::ScalarValue;

use super::Drop;
use super::check::Checked;
use super::events::{self, Events, Posts};
use super::snapshot::Snapshot;
use crate::engine::{Engine, rows};
use crate::error::{Error, Result};
use crate::job::{Consent, ConsentRule};
use crate::method::Method;

/// Most persons, and most (network, person) pairs, that 32-bit vertex ids can number.
const MOST_VERTICES: usize = u32::MAX as usize;

/// Everyone who may be scored, with what they did.
pub struct People {
    /// Who they are.
    pub persons: Persons,
    /// Interactions among them, within the window.
    pub events: Events,
    /// Their posts within 90 days, if the job has posts.
    pub posts: Option<Posts>,
    /// Rows dropped by rule.
    pub drops: Vec<Drop>,
}

/// Persons, their accounts and their vertices, numbered.
///
/// Persons are numbered in order of `ids`. A *vertex* is a person on one network; vertices are
/// numbered in order of (network, person), so that each network is one range of them.
pub struct Persons {
    /// Person ids, sorted; a person without an identity is `network:account_id`. Length: persons.
    pub ids: LargeStringArray,
    /// First display name among the person's accounts. Length: persons.
    pub display_names: LargeStringArray,
    /// First country among the person's accounts. Length: persons.
    pub countries: LargeStringArray,
    /// First language among the person's accounts. Length: persons.
    pub languages: LargeStringArray,
    /// Whether any account says that it is automated. Length: persons.
    pub automated: Vec<bool>,
    /// Names of the networks, sorted.
    pub networks: Vec<String>,
    /// Network of each account, in order of (person, network, account id). Length: accounts.
    pub account_networks: Vec<u32>,
    /// Id of each account. Length: accounts.
    pub account_ids: LargeStringArray,
    /// The accounts of person p are `account_offsets[p]..account_offsets[p + 1]`.
    pub account_offsets: Vec<usize>,
    /// Person of each vertex. Length: vertices.
    pub vertex_persons: Vec<u32>,
    /// The vertices of network n are `network_offsets[n]..network_offsets[n + 1]`.
    pub network_offsets: Vec<usize>,
}

impl Persons {
    /// Number of persons.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether nobody may be scored.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Number of vertices, (network, person) pairs.
    pub fn vertices(&self) -> usize {
        self.vertex_persons.len()
    }

    /// The vertices of network `n`.
    pub fn network(&self, n: usize) -> Range<usize> {
        self.network_offsets[n]..self.network_offsets[n + 1]
    }

    /// The accounts of person `p`.
    pub fn accounts(&self, p: usize) -> Range<usize> {
        self.account_offsets[p]..self.account_offsets[p + 1]
    }
}

/// Joins accounts into persons, applies `consent`, and reads what the rest did.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] for accounts or identities that contradict themselves, a network
/// name that holds `:`, and for more persons than 32-bit ids can number.
pub async fn people(
    engine: &Engine,
    snapshot: Snapshot,
    consent: &Consent,
    method: &Method,
) -> Result<People> {
    let mut drops = Vec::new();
    let members = members(engine, &snapshot, consent, &mut drops).await?;
    let mut census = Census::default();
    census.take(&members, consent.rule)?;
    drops.push(Drop::suppressed("accounts", "may not be scored", census.removed));
    let persons = census.number()?;
    let vertices = engine.frame(vec![persons.vertex_of_accounts()?])?;
    let mut posts = None;
    if let Some(input) = &snapshot.posts {
        posts = Some(events::posts(engine, input, &vertices, &mut drops).await?);
    }
    let rule = events::Rule { cutoff_us: snapshot.cutoff_us, method };
    let events = events::events(
        engine,
        &snapshot.interactions,
        &rule,
        &vertices,
        posts.as_ref(),
        &mut drops,
    )
    .await?;
    Ok(People { persons, events, posts, drops })
}

/// One row per account that appears in `accounts` or in an interaction, sorted by (person, network,
/// account), with all that decides who it belongs to and whether it may be scored.
async fn members(
    engine: &Engine,
    snapshot: &Snapshot,
    consent: &Consent,
    drops: &mut Vec<Drop>,
) -> Result<RecordBatch> {
    let what = format!("reading {}", snapshot.interactions.origin);
    let interactions = &snapshot.interactions.frame;
    let plan = |e| Error::engine("joining accounts into persons", &e);
    let side = |id: &str| {
        interactions
            .clone()
            .select(vec![ident("network"), ident(id).alias("account_id")])
            .map_err(plan)
    };
    let mut keys = side("actor_id")?.union(side("target_id")?).map_err(plan)?;
    let mut profile = vec![
        null_text().alias("display_name"),
        null_text().alias("country"),
        null_text().alias("language"),
        lit(false).alias("is_automated"),
        lit(false).alias("minor"),
    ];
    let mut accounts = None;
    if let Some(input) = &snapshot.accounts {
        let frame =
            input.frame.clone().select(account_columns(snapshot.day, consent)?).map_err(plan)?;
        let frame = distinct(engine, input, "accounts", frame, drops).await?;
        let own = frame.clone().select_columns(&["network", "account_id"]).map_err(plan)?;
        keys = keys.union(own).map_err(plan)?;
        accounts = Some(frame);
        profile =
            ["display_name", "country", "language", "is_automated", "minor"].map(ident).into();
    }
    let mut members = keys.distinct().map_err(plan)?;
    if let Some(accounts) = accounts {
        members = left_join(members, accounts, &["network", "account_id"])?;
    }
    let own_person = concat(vec![ident("network"), lit(":"), ident("account_id")]);
    let mut person = own_person.clone();
    if let Some(input) = &snapshot.identities {
        let columns = ["network", "account_id", "person_id"];
        let frame = input.frame.clone().select_columns(&columns).map_err(plan)?;
        let frame = distinct(engine, input, "identities", frame, drops).await?;
        members = left_join(members, frame, &["network", "account_id"])?;
        person = coalesce(vec![ident("person_id"), own_person]);
    }
    let mut select = vec![ident("network"), ident("account_id"), person.alias("person_id")];
    select.extend(profile);
    members = members.select(select).map_err(plan)?;
    members =
        with_statements(members, snapshot.consent.as_ref(), "account", &["network", "account_id"])?;
    members = with_statements(members, snapshot.consent.as_ref(), "person", &["person_id"])?;
    let order = ["person_id", "network", "account_id"];
    let sorted = members.sort(order.map(|c| ident(c).sort(true, true)).into()).map_err(plan)?;
    rows(&what, sorted).await
}

fn null_text() -> Expr {
    lit(ScalarValue::Utf8View(None))
}

/// The columns of `accounts` that matter here; a minor is under the minimum age at the end of `day`.
fn account_columns(day: NaiveDate, consent: &Consent) -> Result<Vec<Expr>> {
    let no = || lit(false);
    let months = consent.minimum_age.checked_mul(12).map(Months::new);
    let born = months.and_then(|m| day.checked_sub_months(m)).ok_or_else(|| {
        Error::bad_job(
            format!("`consent.minimum_age` is {}", consent.minimum_age),
            "give an age in years",
        )
    })?;
    let days = born.signed_duration_since(NaiveDate::default()).num_days();
    let days = i32::try_from(days).map_err(Error::internal)?;
    let too_young = ident("birth_date").gt(lit(ScalarValue::Date32(Some(days))));
    let minor = coalesce(vec![ident("is_minor"), no()]).or(coalesce(vec![too_young, no()]));
    Ok(vec![
        ident("network"),
        ident("account_id"),
        ident("display_name"),
        ident("country"),
        ident("language"),
        coalesce(vec![ident("is_automated"), no()]).alias("is_automated"),
        minor.alias("minor"),
    ])
}

/// The frame without repeated rows, in memory; what was repeated is counted.
async fn distinct(
    engine: &Engine,
    input: &Checked,
    table: &str,
    frame: DataFrame,
    drops: &mut Vec<Drop>,
) -> Result<DataFrame> {
    let frame = frame.distinct().map_err(Error::internal)?;
    let (frame, rows) = engine.materialise(&format!("reading {}", input.origin), frame).await?;
    drops.push(Drop::exact(table, "repeated", input.rows - rows));
    Ok(frame)
}

/// `left` with the other columns of `right`; the key columns stay those of `left`.
pub(super) fn left_join(left: DataFrame, right: DataFrame, on: &[&str]) -> Result<DataFrame> {
    let mut columns: Vec<Expr> = left.schema().columns().into_iter().map(Expr::Column).collect();
    let mut renamed = Vec::new();
    for column in right.schema().columns() {
        let key = on.contains(&column.name.as_str());
        let name = if key { format!("right_{}", column.name) } else { column.name.clone() };
        if !key {
            columns.push(ident(&name));
        }
        renamed.push(Expr::Column(column).alias(name));
    }
    let right_on: Vec<String> = on.iter().map(|c| format!("right_{c}")).collect();
    let right_on: Vec<&str> = right_on.iter().map(String::as_str).collect();
    let right = right.select(renamed).map_err(Error::internal)?;
    left.join(right, JoinType::Left, on, &right_on, None)
        .and_then(|joined| joined.select(columns))
        .map_err(Error::internal)
}

/// Adds `{prefix}_out` and `{prefix}_in`: whether the latest statement about the subject named by
/// `key` is a refusal, or an agreement. Statements on a single topic do not count here.
fn with_statements(
    members: DataFrame,
    consent: Option<&Checked>,
    prefix: &str,
    key: &[&str],
) -> Result<DataFrame> {
    let (refused, agreed) = (format!("{prefix}_out"), format!("{prefix}_in"));
    let plan = |e| Error::engine("applying consent", &e);
    let Some(consent) = consent else {
        return members
            .with_column(&refused, lit(false))
            .and_then(|m| m.with_column(&agreed, lit(false)))
            .map_err(plan);
    };
    let whole =
        key.iter().fold(ident("topic_id").is_null(), |all, k| all.and(ident(*k).is_not_null()));
    let latest = |statuses: &[&str], name: &str| {
        let of = ident("status").in_list(statuses.iter().map(|s| lit(*s)).collect(), false);
        when(of, ident("at")).end().map(|at| max(at).alias(name)).map_err(plan)
    };
    let latest =
        vec![latest(&["opted_out", "deleted"], "last_out")?, latest(&["opted_in"], "last_in")?];
    let statements = consent
        .frame
        .clone()
        .filter(whole)
        .and_then(|c| c.aggregate(key.iter().map(|k| ident(*k)).collect(), latest))
        .map_err(plan)?;
    let (last_out, last_in) = (ident("last_out"), ident("last_in"));
    let out = last_out
        .clone()
        .is_not_null()
        .and(last_in.clone().is_null().or(last_out.clone().gt_eq(last_in.clone())));
    let agrees =
        last_in.clone().is_not_null().and(last_out.clone().is_null().or(last_in.gt(last_out)));
    left_join(members, statements, key)?
        .with_column(&refused, out)
        .and_then(|m| m.with_column(&agreed, agrees))
        .and_then(|m| m.drop_columns(&["last_out", "last_in"]))
        .map_err(plan)
}

/// The columns of the member rows.
struct Members<'a> {
    network: &'a StringViewArray,
    account: &'a StringViewArray,
    person: &'a StringViewArray,
    texts: [&'a StringViewArray; 3],
    flags: [&'a BooleanArray; 6],
}

impl<'a> Members<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self> {
        let column = |name: &str| {
            batch
                .column_by_name(name)
                .ok_or_else(|| Error::internal(format!("no member column {name}")))
        };
        let text = |name: &str| {
            column(name)?
                .as_string_view_opt()
                .ok_or_else(|| Error::internal(format!("member column {name} is no text")))
        };
        let flag = |name: &str| {
            column(name)?
                .as_boolean_opt()
                .ok_or_else(|| Error::internal(format!("member column {name} is no flag")))
        };
        Ok(Self {
            network: text("network")?,
            account: text("account_id")?,
            person: text("person_id")?,
            texts: [text("display_name")?, text("country")?, text("language")?],
            flags: [
                flag("is_automated")?,
                flag("minor")?,
                flag("account_out")?,
                flag("account_in")?,
                flag("person_out")?,
                flag("person_in")?,
            ],
        })
    }

    fn flag(&self, which: usize, row: usize) -> bool {
        let flags = self.flags[which];
        flags.is_valid(row) && flags.value(row)
    }

    /// Whether the person with these rows may be scored.
    fn may_be_scored(&self, mut rows: Range<usize>, rule: ConsentRule) -> bool {
        let refused = |row| self.flag(1, row) || self.flag(2, row) || self.flag(4, row);
        if rows.clone().any(refused) {
            return false;
        }
        match rule {
            ConsentRule::OptOut => true,
            // Each account must be covered: silence is no consent.
            ConsentRule::OptIn => rows.all(|row| self.flag(3, row) || self.flag(5, row)),
        }
    }
}

/// Builds [`People`] person by person.
#[derive(Default)]
struct Census {
    ids: LargeStringBuilder,
    texts: [LargeStringBuilder; 3],
    automated: Vec<bool>,
    /// Networks, numbered as they come; put in order at the end.
    network_numbers: HashMap<String, u32>,
    account_networks: Vec<u32>,
    account_ids: LargeStringBuilder,
    account_offsets: Vec<usize>,
    /// Accounts of people who may not be scored.
    removed: u64,
}

impl Census {
    fn take(&mut self, members: &RecordBatch, rule: ConsentRule) -> Result<()> {
        let rows = Members::of(members)?;
        self.account_offsets.push(0);
        let mut from = 0;
        for row in 0..members.num_rows() {
            let last = row + 1 == members.num_rows();
            if last || rows.person.value(row + 1) != rows.person.value(row) {
                self.person(&rows, from..row + 1, rule);
                from = row + 1;
            }
        }
        contradictions(&rows)
    }

    fn person(&mut self, rows: &Members<'_>, of: Range<usize>, rule: ConsentRule) {
        if !rows.may_be_scored(of.clone(), rule) {
            self.removed += of.len() as u64;
            return;
        }
        self.ids.append_value(rows.person.value(of.start));
        for (text, to) in rows.texts.iter().zip(&mut self.texts) {
            let first = of.clone().find(|row| text.is_valid(*row) && !text.value(*row).is_empty());
            to.append_option(first.map(|row| text.value(row)));
        }
        self.automated.push(of.clone().any(|row| rows.flag(0, row)));
        for row in of {
            let name = rows.network.value(row);
            let known = self.network_numbers.get(name).copied();
            let number = known.unwrap_or_else(|| {
                let next = self.network_numbers.len() as u32;
                self.network_numbers.insert(name.to_owned(), next);
                next
            });
            self.account_networks.push(number);
            self.account_ids.append_value(rows.account.value(row));
        }
        self.account_offsets.push(self.account_networks.len());
    }

    /// Puts the networks in order and numbers the vertices.
    fn number(mut self) -> Result<Persons> {
        let mut numbered: Vec<(String, u32)> = self.network_numbers.into_iter().collect();
        numbered.sort_unstable();
        let mut order = vec![0; numbered.len()];
        for (place, (_, number)) in (0..).zip(&numbered) {
            order[*number as usize] = place;
        }
        let networks: Vec<String> = numbered.into_iter().map(|(name, _)| name).collect();
        for network in &mut self.account_networks {
            *network = order[*network as usize];
        }
        let ids = self.ids.finish();
        let mut vertices = Vec::with_capacity(self.account_networks.len());
        for person in 0..ids.len() {
            for account in self.account_offsets[person]..self.account_offsets[person + 1] {
                vertices.push((self.account_networks[account], person as u32));
            }
        }
        vertices.sort_unstable();
        vertices.dedup();
        if vertices.len() > MOST_VERTICES {
            return Err(Error::bad_input(
                format!(
                    "{} people on their networks: vertex ids hold {MOST_VERTICES}",
                    vertices.len()
                ),
                "split the job by network",
            ));
        }
        let count = |n: usize| vertices.partition_point(|(network, _)| (*network as usize) < n);
        let network_offsets = (0..=networks.len()).map(count).collect();
        let [mut names, mut countries, mut languages] = self.texts;
        Ok(Persons {
            ids,
            display_names: names.finish(),
            countries: countries.finish(),
            languages: languages.finish(),
            automated: self.automated,
            networks,
            account_networks: self.account_networks,
            account_ids: self.account_ids.finish(),
            account_offsets: self.account_offsets,
            vertex_persons: vertices.into_iter().map(|(_, person)| person).collect(),
            network_offsets,
        })
    }
}

/// Refuses accounts that appear twice: identities or profiles that contradict one another.
fn contradictions(rows: &Members<'_>) -> Result<()> {
    let mut keys: Vec<usize> = (0..rows.network.len()).collect();
    let key = |row: usize| (rows.network.value(row), rows.account.value(row));
    keys.sort_unstable_by_key(|row| key(*row));
    let twice = |p: &&[usize]| key(p[0]) == key(p[1]);
    let two_persons = |p: &&[usize]| rows.person.value(p[0]) != rows.person.value(p[1]);
    let identities = keys.windows(2).filter(twice).filter(two_persons).count();
    if identities > 0 {
        return Err(Error::bad_input(
            format!("input `identities`: {identities} accounts are given to more than one person"),
            "keep one person_id for each (network, account_id)",
        ));
    }
    let profiles = keys.windows(2).filter(twice).count();
    if profiles > 0 {
        return Err(Error::bad_input(
            format!(
                "input `accounts`: {profiles} accounts have two rows that contradict each other"
            ),
            "keep one row for each (network, account_id), for example the newest",
        ));
    }
    let colon =
        (0..rows.network.len()).filter(|row| rows.network.value(*row).contains(':')).count();
    if colon > 0 {
        return Err(Error::bad_input(
            format!(
                "the network of {colon} accounts holds `:`, which parts network and account in ids"
            ),
            "name the network without it in a SELECT",
        ));
    }
    Ok(())
}

impl Persons {
    /// The table (network, account_id) → vertex.
    fn vertex_of_accounts(&self) -> Result<RecordBatch> {
        let mut networks = StringViewBuilder::new().with_deduplicate_strings();
        let mut accounts = StringViewBuilder::new();
        let mut vertices = Vec::with_capacity(self.account_networks.len());
        for person in 0..self.len() {
            for account in self.accounts(person) {
                let network = self.account_networks[account] as usize;
                let range = self.network(network);
                let at = self.vertex_persons[range.clone()].binary_search(&(person as u32));
                let at = at.map_err(|_| Error::internal("an account without vertex"))?;
                networks.append_value(&self.networks[network]);
                accounts.append_value(self.account_ids.value(account));
                vertices.push((range.start + at) as u32);
            }
        }
        RecordBatch::try_from_iter([
            ("network", Arc::new(networks.finish()) as ArrayRef),
            ("account_id", Arc::new(accounts.finish()) as ArrayRef),
            ("vertex", Arc::new(UInt32Array::from(vertices)) as ArrayRef),
        ])
        .map_err(Error::internal)
    }
}
