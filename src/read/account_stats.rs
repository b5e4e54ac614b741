//! What accounts state of themselves in numbers, by vertex.

use arrow::array::{Array, BooleanArray, PrimitiveArray, RecordBatch};
use arrow::datatypes::{ArrowPrimitiveType, Float64Type, Int64Type, TimestampMicrosecondType};

use super::conform::own_measure;
use super::eligibility::NOBODY;
use crate::error::{Error, Result};
use crate::model::time::hours_before;
use crate::model::{AccountStats, Dropped};

/// The profiles of `vertices` vertices from the rows of `members`, of which each has the vertex
/// `vertex_of`.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] for a sum over accounts that is out of range.
pub(super) fn account_stats(
    members: &RecordBatch,
    vertex_of: &[u32],
    vertices: usize,
    cutoff_us: i64,
    drops: &mut Vec<Dropped>,
) -> Result<AccountStats> {
    let reading = Reading { members, vertex_of, vertices };
    let schema = members.schema();
    let names = schema.fields().iter().map(|field| field.name().clone());
    let own = names.filter(|name| own_measure(name)).map(|name| {
        let sums = reading.sums::<Float64Type>(&name, |sum, value| {
            // Begun at 0, so that -0 is 0.
            Some(sum + value).filter(|sum| sum.is_finite())
        })?;
        Ok((name, sums))
    });
    let mut own: Vec<(String, Vec<Option<f64>>)> = own.collect::<Result<_>>()?;
    own.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    Ok(AccountStats {
        followers: reading.sums::<Int64Type>("followers_count", i64::checked_add)?,
        listed: reading.sums::<Int64Type>("listed_count", i64::checked_add)?,
        verified: reading.verified()?,
        created_hours: reading.created_hours(cutoff_us, drops)?,
        custom: own,
    })
}

/// Rows of accounts and the vertex of each.
struct Reading<'a> {
    members: &'a RecordBatch,
    vertex_of: &'a [u32],
    vertices: usize,
}

impl Reading<'_> {
    fn column<T: Array + 'static>(&self, name: &str) -> Result<&T> {
        let column = self.members.column_by_name(name).and_then(|c| c.as_any().downcast_ref());
        column.ok_or_else(|| Error::internal(format!("member column `{name}` is not as joined")))
    }

    /// The values of the column that are known, each with its vertex, in the order of the rows.
    fn known<T: ArrowPrimitiveType>(
        &self,
        name: &str,
    ) -> Result<impl Iterator<Item = (usize, T::Native)>> {
        let values = self.column::<PrimitiveArray<T>>(name)?.iter().zip(self.vertex_of);
        let of_vertex = values.filter(|(_, vertex)| **vertex != NOBODY);
        Ok(of_vertex.filter_map(|(value, vertex)| Some((*vertex as usize, value?))))
    }

    /// The sum of the column over the accounts of each vertex; rows are in order of account, so that the
    /// same accounts give the same bits. `add` gives nothing for a sum that is out of range.
    fn sums<T: ArrowPrimitiveType>(
        &self,
        name: &str,
        add: impl Fn(T::Native, T::Native) -> Option<T::Native>,
    ) -> Result<Vec<Option<T::Native>>> {
        let mut sums: Vec<Option<T::Native>> = vec![None; self.vertices];
        let mut beyond = 0_u64;
        for (vertex, value) in self.known::<T>(name)? {
            match add(sums[vertex].unwrap_or_default(), value) {
                Some(sum) => sums[vertex] = Some(sum),
                None => beyond += 1,
            }
        }
        if beyond > 0 {
            let cause = format!(
                "input `accounts`: column `{name}` of {beyond} accounts is too large to be added to the \
                 other accounts of the same people"
            );
            let violation =
                Error::bad_input(cause, "correct the numbers, or scale them in a SELECT");
            return Err(violation.in_table("accounts").in_column(name).in_rows(beyond));
        }
        Ok(sums)
    }

    fn verified(&self) -> Result<Vec<bool>> {
        let flags: &BooleanArray = self.column("is_verified")?;
        let mut verified = vec![false; self.vertices];
        for (flag, vertex) in flags.iter().zip(self.vertex_of) {
            if *vertex != NOBODY && flag == Some(true) {
                verified[*vertex as usize] = true;
            }
        }
        Ok(verified)
    }

    fn created_hours(&self, cutoff_us: i64, drops: &mut Vec<Dropped>) -> Result<Vec<Option<u32>>> {
        let mut hours = vec![None; self.vertices];
        let mut late = 0;
        for (vertex, at) in self.known::<TimestampMicrosecondType>("created_at")? {
            match hours_before(cutoff_us, at) {
                // The first account is the one of most hours.
                Some(own) => hours[vertex] = hours[vertex].max(Some(own)),
                None => late += 1,
            }
        }
        let rule = "kept without their opening, which is not before the cutoff";
        drops.push(Dropped::exact("accounts", rule, late));
        Ok(hours)
    }
}
