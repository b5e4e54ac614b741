//! The measures of the people of a label set, by which a predictor may order them.

use super::judged_pairs::JudgedPairs;
use crate::error::{Error, Result};
use crate::job::Job;
use crate::method::may_enter;
use crate::model::Persons;
use crate::schema::CUSTOM_MEASURE;
use crate::score::measures::MeasureColumns;
use renown_stats::quantiles::median;

/// Scale of the logarithm of counts, and share of the middle of what is no count.
const OFFSET: f64 = 0.1;

/// The people who were judged, the measures in which they differ, and the judgements.
pub(super) struct Measured {
    /// The people, ascending.
    pub persons: Vec<u32>,
    pub measures: Vec<Measure>,
    /// Judgements of `persons`, by index.
    pub judged: JudgedPairs,
}

/// A measure of the people who were judged.
pub(super) struct Measure {
    pub name: String,
    /// Scale of the logarithm.
    pub offset: f64,
    /// Whether more of it may not count against a person: so of all but those of the job's own.
    pub nonnegative: bool,
    /// z = ln(1 + x / offset). Length: people who were judged.
    pub column: Vec<f64>,
}

impl Measured {
    /// Those of `judged`, whose pairs are of all `persons`.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadInput`] if no measure differs in any pair.
    pub fn of(
        judged: JudgedPairs,
        persons: &Persons,
        measures: &MeasureColumns,
        job: &Job,
    ) -> Result<Self> {
        let mut people: Vec<u32> = judged.pairs.iter().flat_map(|(a, b)| [*a, *b]).collect();
        people.sort_unstable();
        people.dedup();
        let index = |person: u32| people.partition_point(|other| *other < person) as u32;
        let pairs = judged.pairs.iter().map(|(a, b)| (index(*a), index(*b))).collect();
        let judged = JudgedPairs { pairs, weights: judged.weights };
        let names = may_enter()?.into_iter().map(str::to_owned);
        let names = names.chain(measures.custom.iter().map(|(name, _)| name.clone()));
        let mut found: Vec<Measure> = Vec::new();
        for name in names.filter(|name| job.fit.takes(name)) {
            let values = values_of(&name, persons, measures)?;
            let offset = offset(&name, &values);
            let z = |person: &u32| libm::log1p(values[*person as usize] / offset);
            let column: Vec<f64> = people.iter().map(z).collect();
            let differs = |(a, b): &(u32, u32)| column[*a as usize] != column[*b as usize];
            if judged.pairs.iter().any(differs) && found.iter().all(|other| other.column != column)
            {
                let nonnegative = !name.starts_with(CUSTOM_MEASURE);
                found.push(Measure { name, offset, nonnegative, column });
            }
        }
        if found.is_empty() {
            return Err(Error::bad_input(
                "no measure tells the people of the truth apart",
                "give inputs that say something of them",
            )
            .in_table("ground_truth"));
        }
        Ok(Self { persons: people, measures: found, judged })
    }
}

/// A measure of every person, at least 0; of several networks it is added up.
pub(super) fn values_of(
    name: &str,
    persons: &Persons,
    measures: &MeasureColumns,
) -> Result<Vec<f64>> {
    let column = measures.values(name)?;
    let of_vertex: Vec<f64> = column.iter().map(|value| value.unwrap_or(0.0).max(0.0)).collect();
    Ok(persons.sum_by_person(&of_vertex))
}

/// Scale of the logarithm: of counts that of a forecast, of others a tenth of the median of those above 0.
fn offset(name: &str, values: &[f64]) -> f64 {
    let stated = name.starts_with(CUSTOM_MEASURE) || name.ends_with("_count");
    let mut positive: Vec<f64> = values.iter().copied().filter(|value| *value > 0.0).collect();
    positive.sort_unstable_by(f64::total_cmp);
    match median(&positive) {
        Some(middle) if stated => OFFSET * middle,
        _ => OFFSET,
    }
}
