//! Contributions in words.

use super::rows::ContributionRow;
use crate::schema::{self, Direction};

impl ContributionRow {
    /// What was counted, in words, with `value` for its number.
    pub(crate) fn in_words(&self, value: &str) -> String {
        match self.measure.as_str() {
            "reference" => "the reference person of the method".to_owned(),
            "joined" => format!("everything on {}", self.network),
            "level" => format!("the level of {}", self.network),
            name => sentence(name).replace("{}", if self.value.is_some() { value } else { "no" }),
        }
    }
}

/// What a measure says of a person, with `{}` for its value.
pub(crate) fn sentence(measure: &str) -> String {
    let table = schema::table(Direction::Output, "measures");
    let columns = table.iter().flat_map(|table| &table.columns);
    let mut declared = columns.filter(|column| column.name == measure);
    let says = declared.find_map(|column| column.measure.as_ref()?.says.clone());
    says.unwrap_or_else(|| format!("{measure} of {{}}"))
}
