//! What `fit` looks at.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::method::{Method, may_enter, suggested};
use crate::schema::OWN_MEASURE;

/// What `fit` looks at; a run does not read it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Fit {
    /// Most origins: instants from which the method's horizon is looked ahead, the last of them a horizon before the
    /// end of the snapshot. 2 to 200.
    pub origins: u32,
    /// Hours from one origin to the next; without it a quarter of the horizon.
    pub every_hours: Option<u32>,
    /// Kinds of interaction that are counted ahead, by which people are moved: sign-ups, sales. Without any, those of
    /// the method, which are all reactions if it names none.
    pub outcomes: Vec<String>,
    /// Measures that may enter, of those that may at all; without any, all of them.
    pub measures: Vec<String>,
    /// Most rows (somebody on a network at an origin) that are fitted to; of more people than that a fixed sample is
    /// taken. 1,000 or more.
    pub rows: u32,
    /// Share of the people of a truth who take no part in a fit to it, by a hash of their ids, so that `validate` can
    /// hold the method against people that it has not seen. 0 to 0.9; a fit to what came after holds out later origins
    /// instead.
    pub held_out: f64,
}

impl Default for Fit {
    fn default() -> Self {
        Self {
            origins: 13,
            every_hours: None,
            outcomes: vec![],
            measures: vec![],
            rows: 200_000,
            held_out: 0.0,
        }
    }
}

impl Fit {
    /// Whether a measure may enter.
    pub fn takes(&self, name: &str) -> bool {
        self.measures.is_empty() || self.measures.iter().any(|own| own == name)
    }

    pub(super) fn check(&self, file: &str, method: &Method) -> Result<()> {
        let refuse =
            |what: String, remedy: &str| Err(Error::bad_job(format!("{file}: {what}"), remedy));
        if !(2..=200).contains(&self.origins) {
            return refuse(format!("`fit.origins` is {}", self.origins), "give 2 to 200");
        }
        if self.every_hours.is_some_and(|hours| !(1..=87_660).contains(&hours)) {
            return refuse("`fit.every_hours` is out of range".into(), "give 1 to 87660 hours");
        }
        if !(0.0..=0.9).contains(&self.held_out) {
            return refuse(format!("`fit.held_out` is {}", self.held_out), "give 0 to 0.9");
        }
        if self.rows < 1_000 {
            return refuse(format!("`fit.rows` is {}", self.rows), "give 1000 or more");
        }
        let may = may_enter()?;
        let strange =
            |name: &&String| !may.contains(&name.as_str()) && !name.starts_with(OWN_MEASURE);
        if let Some(name) = self.measures.iter().find(strange) {
            let near = suggested(name, &may);
            return refuse(
                format!("`fit.measures` names `{name}`, which may not enter the forecast"),
                &format!("{near}those that may: {}, and any `measure_*`", may.join(", ")),
            );
        }
        match self.outcomes.iter().find(|kind| !method.kinds.contains_key(*kind)) {
            Some(kind) => refuse(
                format!(
                    "`fit.outcomes` names `{kind}`, which is not in method `{}`",
                    method.version
                ),
                "name kinds of the method",
            ),
            None => Ok(()),
        }
    }
}
