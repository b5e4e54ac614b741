//! Settings of `fit`: the section `[fit]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::method::{Method, may_enter, suggest_measure};
use crate::schema::CUSTOM_MEASURE;

/// Settings of `fit`; runs ignore them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Fit {
    /// Maximum number of origins: dates after which reactions within the method's horizon are observed. The last one is
    /// a horizon before the end of the snapshot. 2 to 200.
    pub origins: u32,
    /// Hours from one origin to the next. Default: a quarter of the horizon.
    pub every_hours: Option<u32>,
    /// Kinds of interaction to forecast, for example sign-ups or sales. Default: those of the method, which are all
    /// reactions unless it names some.
    pub outcomes: Vec<String>,
    /// Measures to choose from. Default: all measures that may enter the forecast.
    pub measures: Vec<String>,
    /// Whether measures are selected from these. Without, all of them are kept, to fit a form anew that was chosen before.
    pub select: bool,
    /// Maximum number of rows (one person on one network at one origin) to fit to; a fixed sample is taken of more.
    /// 1,000 or more.
    pub rows: u32,
    /// Share of the people of a label set who are held out of a fit to it, by a hash of their ids, so that `validate`
    /// can compare the method with labels that it was not fitted to. 0 to 0.9. A fit to observed reactors holds out
    /// later origins instead.
    pub held_out: f64,
}

impl Default for Fit {
    fn default() -> Self {
        Self {
            origins: 13,
            every_hours: None,
            outcomes: vec![],
            measures: vec![],
            select: true,
            rows: 200_000,
            held_out: 0.0,
        }
    }
}

impl Fit {
    /// Whether a measure is one to choose from.
    pub fn takes(&self, name: &str) -> bool {
        self.measures.is_empty() || self.measures.iter().any(|measure| measure == name)
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
        let unknown =
            |name: &&String| !may.contains(&name.as_str()) && !name.starts_with(CUSTOM_MEASURE);
        if let Some(name) = self.measures.iter().find(unknown) {
            let near = suggest_measure(name, &may);
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
