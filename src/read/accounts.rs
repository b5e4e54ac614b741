//! Accounts with all that decides who they belong to and whether they may be scored, as one join.

use arrow::array::RecordBatch;
use chrono::{Months, NaiveDate};
use datafusion::common::JoinType;
use datafusion::dataframe::DataFrame;
use datafusion::functions::expr_fn::{coalesce, concat};
use datafusion::functions_aggregate::expr_fn::{bool_or, max};
use datafusion::prelude::{Expr, ident, lit, when};
use datafusion::scalar::ScalarValue;

use super::check::Checked;
use super::conform::own_measure;
use super::snapshot::Snapshot;
use crate::engine::{Engine, count_rows};
use crate::error::{Error, Result};
use crate::job::Consent;
use crate::model::Dropped;
use crate::schema::UTC;

/// One row per account of `accounts`, interactions or identities, sorted by (person, network,
/// account), with all that decides who it belongs to and whether it may be scored. `listed` tells
/// whether `accounts` has it, `linked` whether `identities` has. `numbered` are the accounts of interactions
/// and posts; their numbers stand in the rows.
pub(super) async fn members(
    engine: &Engine,
    snapshot: &Snapshot,
    consent: &Consent,
    numbered: RecordBatch,
    drops: &mut Vec<Dropped>,
) -> Result<RecordBatch> {
    let what = "joining accounts into persons";
    let plan = |e| Error::engine("joining accounts into persons", e);
    let account = ["network", "account_id"];
    let keys = |frame: &DataFrame, listed: bool, number: Expr, belongs: Expr| {
        let mut columns = account.map(ident).to_vec();
        let number = number.alias("number");
        columns.extend([lit(listed).alias("listed"), number, belongs.alias("belongs")]);
        frame.clone().select(columns).map_err(plan)
    };
    let no_number = || lit(ScalarValue::UInt32(None));
    let mut accounts = None;
    if let Some(input) = &snapshot.accounts {
        let columns = account_columns(&input.frame, snapshot.day, consent)?;
        let frame = input.frame.clone().select(columns).map_err(plan)?;
        accounts = Some(distinct(engine, input, "accounts", frame, drops).await?);
    }
    let mut identities = None;
    if let Some(input) = &snapshot.identities {
        let columns = ["network", "account_id", "person_id"];
        let frame = input.frame.clone().select_columns(&columns).map_err(plan)?;
        identities = Some(distinct(engine, input, "identities", frame, drops).await?);
    }

    let mut all = keys(&engine.frame(vec![numbered])?, false, ident("number"), ident("met"))?;
    let own_person = concat(vec![ident("network"), lit(":"), ident("account_id")]);
    let (mut person, mut linked) = (own_person.clone(), lit(false));
    let mut profile = no_profile();
    if let Some(accounts) = &accounts {
        all = all.union(keys(accounts, true, no_number(), lit(true))?).map_err(plan)?;
        let own = accounts.schema().columns().into_iter();
        let own = own.filter(|column| own_measure(&column.name)).map(|column| ident(column.name));
        profile = PROFILE.map(ident).into_iter().chain(own).collect();
    }
    if let Some(identities) = &identities {
        all = all.union(keys(identities, false, no_number(), lit(true))?).map_err(plan)?;
        person = coalesce(vec![ident("person_id"), own_person]);
        linked = ident("person_id").is_not_null();
    }
    let any = |flag: &str| bool_or(ident(flag)).alias(flag);
    let once = vec![any("listed"), any("belongs"), max(ident("number")).alias("number")];
    // Who only wrote posts is nobody that is known.
    let known = all.aggregate(account.map(ident).into(), once);
    let mut members = known.and_then(|all| all.filter(ident("belongs"))).map_err(plan)?;
    for joined in accounts.into_iter().chain(identities) {
        members = left_join(members, joined, &account)?;
    }
    let mut select = account.map(ident).to_vec();
    select.extend([
        ident("listed"),
        ident("number"),
        linked.alias("linked"),
        person.alias("person_id"),
    ]);
    select.extend(profile);
    members = members.select(select).map_err(plan)?;
    let statements = snapshot.consent.as_ref();
    if let Some(consent) = statements {
        let about_nobody = unmatched(consent, &members, &account).await?
            + unmatched(consent, &members, &["person_id"]).await?;
        let rule = "about nobody in this snapshot";
        drops.push(Dropped::suppressed("consent", rule, about_nobody));
    }
    members = with_statements(members, statements, "account", &account)?;
    members = with_statements(members, statements, "person", &["person_id"])?;
    engine.sorted_rows(what, members, &["person_id", "network", "account_id"]).await
}

/// What is taken from an account's profile, beside measures of one's own.
const PROFILE: [&str; 9] = [
    "display_name",
    "country",
    "language",
    "is_automated",
    "minor",
    "followers_count",
    "listed_count",
    "is_verified",
    "created_at",
];

/// The profile of everybody where the job has no accounts.
fn no_profile() -> Vec<Expr> {
    let value = |name: &str| match name {
        "is_automated" | "minor" | "is_verified" => lit(false),
        "followers_count" | "listed_count" => lit(ScalarValue::Int64(None)),
        "created_at" => lit(ScalarValue::TimestampMicrosecond(None, Some(UTC.into()))),
        _ => lit(ScalarValue::Utf8View(None)),
    };
    PROFILE.iter().map(|name| value(name).alias(*name)).collect()
}

/// The columns of `accounts` that matter here; a minor is under the minimum age at the end of `day`.
fn account_columns(accounts: &DataFrame, day: NaiveDate, consent: &Consent) -> Result<Vec<Expr>> {
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
    let own = accounts.schema().columns().into_iter().filter(|column| own_measure(&column.name));
    let mut columns = vec![
        ident("network"),
        ident("account_id"),
        ident("display_name"),
        ident("country"),
        ident("language"),
        coalesce(vec![ident("is_automated"), no()]).alias("is_automated"),
        minor.alias("minor"),
        ident("followers_count"),
        ident("listed_count"),
        coalesce(vec![ident("is_verified"), no()]).alias("is_verified"),
        ident("created_at"),
    ];
    columns.extend(own.map(|column| ident(column.name)));
    Ok(columns)
}

/// The frame without repeated rows, in memory; what was repeated is counted.
async fn distinct(
    engine: &Engine,
    input: &Checked,
    table: &str,
    frame: DataFrame,
    drops: &mut Vec<Dropped>,
) -> Result<DataFrame> {
    let frame = frame.distinct().map_err(Error::internal)?;
    let (frame, rows) = engine.materialise(&format!("reading {}", input.origin), frame).await?;
    drops.push(Dropped::exact(table, "repeated", input.rows_in_window.saturating_sub(rows)));
    Ok(frame)
}

/// `left` with the other columns of `right`; the key columns stay those of `left`.
fn left_join(left: DataFrame, right: DataFrame, on: &[&str]) -> Result<DataFrame> {
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

/// Number of statements about subjects, named by `key`, that `members` lacks.
async fn unmatched(consent: &Checked, members: &DataFrame, key: &[&str]) -> Result<u64> {
    let plan = |e| Error::engine("applying consent", e);
    let named = key.iter().fold(lit(true), |all, k| all.and(ident(*k).is_not_null()));
    let statements = consent.frame.clone().filter(named).map_err(plan)?;
    let lacking = statements.join(members.clone(), JoinType::LeftAnti, key, key, None);
    count_rows("applying consent", lacking.map_err(plan)?).await
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
    let plan = |e| Error::engine("applying consent", e);
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
