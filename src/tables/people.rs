//! The tables of people: who they are, their measures, the cohorts that they belong to.

use std::collections::BTreeMap;

use arrow::array::{ArrayRef, LargeStringArray, RecordBatch};
use arrow::datatypes::DataType;

use super::batches::{
    Shared, floats, in_files, integers, lists, optional_days, optional_integers, optional_texts,
    texts,
};
use crate::error::{Error, Result};
use crate::model::{Dispute, PersonIndex, Standing, Tenure, Trust, VertexIndex};
use crate::score::cohorts::CohortMember;
use crate::score::measures::MeasureColumns;

pub(super) fn draft_people(
    shared: &Shared<'_>,
    disputes: &BTreeMap<PersonIndex, Vec<Dispute>>,
) -> Result<Vec<RecordBatch>> {
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
    let disputes_of = |person: PersonIndex| {
        disputes.get(&person).into_iter().flatten().map(Dispute::shown).collect::<Vec<_>>()
    };
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
            ("flags", lists(of_rows.clone().map(flags))),
            ("disputes", lists(of_rows.map(disputes_of))),
        ];
        columns.extend(shared.run_columns(rows.len()));
        table.batch(columns)
    })
}

pub(super) fn draft_accounts(
    shared: &Shared<'_>,
    trust: &Trust,
    tenures: &[Tenure],
) -> Result<Vec<RecordBatch>> {
    let persons = shared.persons;
    let accounts = persons.accounts_by_id();
    shared.table("accounts", &accounts, |rows| {
        let vertices: Vec<Option<VertexIndex>> = rows
            .iter()
            .map(|(account, person)| persons.vertex(persons.account_networks[*account], *person))
            .collect();
        let credit = |vertex: &Option<VertexIndex>| vertex.map_or(0.0, |own| trust.credit(own));
        let tenure = |vertex: &Option<VertexIndex>| {
            vertex.map_or_else(Tenure::default, |own| tenures[own.index()])
        };
        let tenures: Vec<Tenure> = vertices.iter().map(tenure).collect();
        let standings = || tenures.iter().map(|own| own.standing);
        let full_credit = || tenures.iter().map(|own| own.full_credit);
        let is_founder = |own: Option<Standing>| i64::from(own.is_some_and(|own| own.is_founder));
        vec![
            ("network", texts(rows.iter().map(|(account, _)| persons.account_network(*account)))),
            ("account_id", texts(rows.iter().map(|(own, _)| persons.account_ids.value(*own)))),
            ("handle", optional_texts(&persons.account_handles, rows.iter().map(|row| row.0))),
            ("person_id", shared.ids(rows.iter().map(|(_, person)| *person))),
            ("credit", floats(vertices.iter().map(credit))),
            ("known_since", optional_days(standings().map(|own| Some(own?.since_days)))),
            ("is_founder", integers(standings().map(is_founder))),
            ("full_credit_since", optional_days(full_credit().map(|own| Some(own?.since_days)))),
            (
                "full_credit_missed_days",
                optional_integers(full_credit().map(|own| Some(i64::from(own?.missed_days)))),
            ),
        ]
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
