//! The gates of every table: its people, its keys, its numbers.

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::Float64Type;
use arrow::row::{OwnedRow, RowConverter, SortField};
use hashbrown::HashMap;
use rayon::prelude::*;

use super::columns::{column, count_rows, text, texts};
use crate::error::{Error, Result};
use crate::schema::{self, Direction};
use crate::tables::Draft;

/// Enough people are eligible.
pub(super) fn enough_people(people: &[RecordBatch], min_people: u64) -> Option<String> {
    let found = count_rows(people) as u64;
    (found < min_people).then(|| {
        format!("{found} people are eligible, fewer than the {min_people} that the method asks for")
    })
}

/// Keys ascend strictly from row to row: sorted and unique.
pub(super) fn keys_unique(name: &str, batches: &[RecordBatch]) -> Result<Option<String>> {
    let table = schema::table(Direction::Output, name)?;
    let types = table.columns.iter().filter(|c| table.key.contains(&c.name));
    let fields = types.map(|c| SortField::new(c.kind.arrow())).collect();
    let converter = RowConverter::new(fields).map_err(Error::internal)?;
    // Keys of a batch that do not ascend, and its first and last key.
    let of_batch = |batch: &RecordBatch| -> Result<(usize, Option<[OwnedRow; 2]>)> {
        let columns = table.columns.iter().filter(|c| table.key.contains(&c.name));
        let key = columns.map(|c| column(batch, &c.name).cloned());
        let key: Vec<ArrayRef> = key.collect::<Result<_>>()?;
        let keys = converter.convert_columns(&key).map_err(Error::internal)?;
        let wrong = (1..keys.num_rows()).filter(|row| keys.row(row - 1) >= keys.row(*row));
        let ends = keys.num_rows().checked_sub(1);
        Ok((wrong.count(), ends.map(|last| [0, last].map(|row| keys.row(row).owned()))))
    };
    let batches_of: Vec<_> = batches.par_iter().map(of_batch).collect::<Result<_>>()?;
    let mut wrong: usize = batches_of.iter().map(|(wrong, _)| wrong).sum();
    let ends: Vec<&[OwnedRow; 2]> =
        batches_of.iter().filter_map(|(_, ends)| ends.as_ref()).collect();
    wrong += ends.windows(2).filter(|two| two[0][1] >= two[1][0]).count();
    let all = count_rows(batches);
    Ok((wrong > 0)
        .then(|| format!("{wrong} of {all} keys of `{name}` are duplicates or out of order")))
}

/// Every floating-point value of a table is a finite number.
pub(super) fn numbers_finite(name: &str, batches: &[RecordBatch]) -> Result<Option<String>> {
    let columns = batches.par_iter().flat_map_iter(RecordBatch::columns);
    let of_column = |column: &ArrayRef| match column.as_primitive_opt::<Float64Type>() {
        Some(values) => values.iter().flatten().filter(|v| !v.is_finite()).count(),
        None => 0,
    };
    let wrong: usize = columns.map(of_column).sum();
    Ok((wrong > 0).then(|| format!("{wrong} values of `{name}` are not finite numbers")))
}

/// Every row of a table names the run that writes it.
pub(super) fn rows_of_run(
    name: &str,
    batches: &[RecordBatch],
    run_id: &str,
) -> Result<Option<String>> {
    let of_batch = |batch: &RecordBatch| -> Result<usize> {
        Ok(text(batch, "run_id")?.iter().filter(|id| *id != Some(run_id)).count())
    };
    let wrong: usize = batches.par_iter().map(of_batch).sum::<Result<usize>>()?;
    let all = count_rows(batches);
    Ok((wrong > 0).then(|| format!("{wrong} of {all} rows of `{name}` name another run")))
}

/// Every row names the run, everyone in `people` has a score and measures, and nobody else appears in any table.
pub(super) fn rows_agree(draft: &Draft) -> Result<Option<String>> {
    for (name, batches) in draft.tables() {
        if let Some(cause) = rows_of_run(name, batches, &draft.run_id)? {
            return Ok(Some(cause));
        }
    }
    let mut people = HashMap::new();
    for batch in &draft.people {
        people.extend(text(batch, "person_id")?.iter().flatten().map(|id| (id, (false, false))));
    }
    let mut unknown = 0;
    for batch in &draft.scores {
        for id in text(batch, "person_id")?.iter().flatten() {
            people.get_mut(id).map_or_else(|| unknown += 1, |has| has.0 = true);
        }
    }
    for batch in &draft.measures {
        for id in text(batch, "person_id")?.iter().flatten() {
            people.get_mut(id).map_or_else(|| unknown += 1, |has| has.1 = true);
        }
    }
    // The columns that name people, in tables that need not name everybody.
    let others: [(&[RecordBatch], &[&str]); 9] = [
        (&draft.accounts, &["person_id"]),
        (&draft.contributions, &["person_id"]),
        (&draft.changes, &["person_id"]),
        (&draft.influence_edges, &["influencer_id", "influenced_id"]),
        (&draft.topic_scores, &["person_id"]),
        (&draft.topic_interests, &["person_id"]),
        (&draft.topic_evidence, &["person_id", "reactor_ids"]),
        (&draft.topic_posts, &["person_id"]),
        (&draft.cohorts, &["person_id"]),
    ];
    for (batches, columns) in others {
        let of_batch = |batch: &RecordBatch| -> Result<usize> {
            let of_column = |name: &&str| {
                let ids = texts(batch, name)?.iter().flatten();
                Ok(ids.filter(|id| !people.contains_key(id)).count())
            };
            columns.iter().map(of_column).sum()
        };
        unknown += batches.par_iter().map(of_batch).sum::<Result<usize>>()?;
    }
    let missing = people.values().filter(|(scored, measured)| !(*scored && *measured)).count();
    Ok((unknown + missing > 0).then(|| {
        format!(
            "{missing} of {} people lack a score or measures, {unknown} rows name people that `people` lacks",
            people.len()
        )
    }))
}
