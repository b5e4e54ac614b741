//! The tables of people: who they are, their measures, the cohorts that they belong to.

use arrow::array::{ArrayRef, LargeStringArray, RecordBatch};
use arrow::datatypes::DataType;

use super::batches::{Shared, floats, in_files, integers, lists, texts};
use crate::error::{Error, Result};
use crate::model::{PersonIndex, VertexIndex};
use crate::score::cohorts::CohortMember;
use crate::score::measures::MeasureColumns;

pub(super) fn draft_people(shared: &Shared<'_>) -> Result<Vec<RecordBatch>> {
    let persons = shared.persons;
    let accounts = |person: PersonIndex| {
        let accounts = persons.accounts(person).map(|account| {
            let network = persons.account_network(account);
            format!("{network}:{}", persons.account_ids.value(account))
        });
        let mut accounts: Vec<String> = accounts.collect();
        accounts.sort_unstable();
        accounts
    };
    let networks = |person: PersonIndex| {
        let mut networks = persons.account_networks[persons.accounts(person)].to_vec();
        networks.sort_unstable();
        networks.dedup();
        networks.into_iter().map(|network| persons.networks[network.index()].as_str())
    };
    let flags = |person: PersonIndex| persons.automated[person.index()].then_some("automated");
    in_files("people", persons.len(), |table, rows| {
        let optional = |column: &LargeStringArray| -> Result<ArrayRef> {
            let slice = column.slice(rows.start, rows.len());
            arrow::compute::cast(&slice, &DataType::Utf8).map_err(Error::internal)
        };
        let of_rows = rows.clone().map(PersonIndex::new);
        let mut columns = vec![
            ("person_id", shared.ids(of_rows.clone())),
            ("display_name", optional(&persons.display_names)?),
            ("accounts", lists(of_rows.clone().map(accounts))),
            ("networks", lists(of_rows.clone().map(networks))),
            ("country", optional(&persons.countries)?),
            ("language", optional(&persons.languages)?),
            ("flags", lists(of_rows.map(flags))),
        ];
        columns.extend(shared.run_columns(rows.len()));
        table.batch(columns)
    })
}

pub(super) fn draft_measures(
    shared: &Shared<'_>,
    measures: &MeasureColumns,
) -> Result<Vec<RecordBatch>> {
    let persons = shared.persons;
    in_files("measures", persons.vertices(), |table, rows| {
        let of_rows = rows.clone().map(VertexIndex::new);
        let networks = of_rows.clone().map(|vertex| persons.network_name(vertex));
        let ids = shared.ids(of_rows.map(|vertex| persons.person_of(vertex)));
        let mut columns = vec![("network", texts(networks)), ("person_id", ids)];
        for (name, column) in &measures.columns {
            columns.push((name, column.slice(rows.start, rows.len())));
        }
        columns.extend(shared.run_columns(rows.len()));
        let custom = measures.custom.iter();
        let custom =
            custom.map(|(name, column)| (name.as_str(), column.slice(rows.start, rows.len())));
        table.batch_with_custom(columns, custom.collect())
    })
}

pub(super) fn draft_cohorts(
    shared: &Shared<'_>,
    cohorts: &[(&str, Vec<CohortMember>)],
) -> Result<Vec<RecordBatch>> {
    let members: Vec<(&str, &CohortMember)> =
        cohorts.iter().flat_map(|(name, members)| members.iter().map(|m| (*name, m))).collect();
    shared.table("cohorts", &members, |rows| {
        vec![
            ("cohort", texts(rows.iter().map(|(name, _)| *name))),
            ("person_id", shared.ids(rows.iter().map(|(_, m)| m.person))),
            ("position", integers(rows.iter().map(|(_, m)| m.position))),
            ("score", floats(rows.iter().map(|(_, m)| m.score))),
            ("reasons", lists(rows.iter().map(|(_, m)| &m.reasons))),
        ]
    })
}
