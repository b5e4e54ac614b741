//! Statistics that accounts report, summed by vertex.

use arrow::array::Array;
use arrow::datatypes::{ArrowPrimitiveType, Float64Type, Int64Type, TimestampMicrosecondType};

use super::accounts::Accounts;
use super::persons::NumberedPersons;
use crate::error::{Error, Result};
use crate::model::time::hours_before;
use crate::model::{AccountStats, Dropped};

/// The statistics of all vertices.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] for a sum over accounts that is out of range.
pub(super) fn account_stats(
    numbered: &NumberedPersons,
    accounts: Option<&Accounts>,
    cutoff_us: i64,
    drops: &mut Vec<Dropped>,
) -> Result<AccountStats> {
    let vertices = numbered.persons.vertices();
    let mut stats = AccountStats {
        followers: vec![None; vertices],
        listed: vec![None; vertices],
        verified: vec![false; vertices],
        created_hours: vec![None; vertices],
        custom: vec![],
    };
    let mut not_before_cutoff = 0;
    if let Some(accounts) = accounts {
        let rows = numbered.accounts.iter().filter_map(|account| {
            let vertex = numbered.vertex_of[*account as usize].get()?.index();
            accounts.row(*account).map(|row| Row { vertex, row })
        });
        let rows: Vec<Row> = rows.collect();
        let sums = Sums { accounts, rows: &rows, vertices };
        for name in accounts.custom_measures() {
            // The sum starts at 0, so that −0 becomes 0.
            let add = |sum: f64, value: f64| Some(sum + value).filter(|sum| sum.is_finite());
            stats.custom.push((name.clone(), sums.of::<Float64Type>(&name, add)?));
        }
        stats.followers = sums.of::<Int64Type>("followers_count", i64::checked_add)?;
        stats.listed = sums.of::<Int64Type>("listed_count", i64::checked_add)?;
        let verified = accounts.flags("is_verified")?;
        let created = accounts.numbers::<TimestampMicrosecondType>("created_at")?;
        for Row { vertex, row } in rows {
            stats.verified[vertex] |= verified.value(row);
            if created.is_valid(row) {
                match hours_before(cutoff_us, created.value(row)) {
                    // The oldest account has the most hours.
                    Some(hours) => {
                        stats.created_hours[vertex] = stats.created_hours[vertex].max(Some(hours));
                    }
                    None => not_before_cutoff += 1,
                }
            }
        }
    }
    let rule = "creation date ignored (after the cutoff)";
    drops.push(Dropped::exact("accounts", rule, not_before_cutoff));
    Ok(stats)
}

/// A row of `accounts` and the vertex that it belongs to.
struct Row {
    vertex: usize,
    row: usize,
}

/// Sums columns by vertex.
struct Sums<'a> {
    accounts: &'a Accounts,
    /// In order of (person, network, account id), so that the same accounts give the same bits.
    rows: &'a [Row],
    vertices: usize,
}

impl Sums<'_> {
    /// The sum of a column over the accounts of each vertex that have a value. `add` returns `None` for a sum that is out of
    /// range.
    fn of<T: ArrowPrimitiveType>(
        &self,
        name: &str,
        add: impl Fn(T::Native, T::Native) -> Option<T::Native>,
    ) -> Result<Vec<Option<T::Native>>> {
        let column = self.accounts.numbers::<T>(name)?;
        let mut sums: Vec<Option<T::Native>> = vec![None; self.vertices];
        let mut out_of_range = 0_u64;
        for Row { vertex, row } in self.rows.iter().filter(|found| column.is_valid(found.row)) {
            match add(sums[*vertex].unwrap_or_default(), column.value(*row)) {
                Some(sum) => sums[*vertex] = Some(sum),
                None => out_of_range += 1,
            }
        }
        if out_of_range > 0 {
            let cause = format!(
                "input `accounts`: column `{name}` of {out_of_range} accounts is too large to be added to the \
                 other accounts of the same people"
            );
            let violation =
                Error::bad_input(cause, "correct the numbers, or scale them in a SELECT");
            return Err(violation.in_table("accounts").in_column(name).in_rows(out_of_range));
        }
        Ok(sums)
    }
}
