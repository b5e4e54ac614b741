//! Kinds of interaction to map or drop: the section `[kinds]`.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::prelude::{Expr, case, lit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::method::Method;

/// What to do with kinds of interaction that the method does not list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Kinds {
    /// Kinds to count as another kind: `retweet = "repost"`.
    pub map: BTreeMap<String, String>,
    /// Kinds to ignore, such as `view`.
    pub drop: BTreeSet<String>,
}

impl Kinds {
    /// Whether nothing is mapped and nothing dropped.
    pub fn is_empty(&self) -> bool {
        self.map.is_empty() && self.drop.is_empty()
    }

    /// Expression for whether `kind` is dropped.
    pub fn is_dropped(&self, kind: Expr) -> Expr {
        kind.in_list(self.drop.iter().map(|k| lit(k.as_str())).collect(), false)
    }

    /// Expression for the kind that `kind` is counted as.
    ///
    /// # Errors
    /// [`crate::error::Kind::Internal`] if the expression cannot be built.
    pub fn map_kind(&self, kind: Expr) -> Result<Expr> {
        let mut cases = None;
        for (from, to) in &self.map {
            let mut before = cases.unwrap_or_else(|| case(kind.clone()));
            cases = Some(before.when(lit(from.as_str()), lit(to.as_str())));
        }
        match cases {
            Some(mut cases) => cases.otherwise(kind).map_err(Error::internal),
            None => Ok(kind),
        }
    }

    pub(super) fn check(&self, file: &str, method: &Method) -> Result<()> {
        if let Some(kind) = self.drop.iter().find(|kind| self.map.contains_key(*kind)) {
            return Err(Error::bad_job(
                format!("{file}: kind `{kind}` is both mapped and dropped"),
                "do one of the two",
            ));
        }
        match self.map.iter().find(|(_, to)| !method.kinds.contains_key(*to)) {
            None => Ok(()),
            Some((from, to)) => {
                let known: Vec<&str> = method.kinds.keys().map(String::as_str).collect();
                Err(Error::bad_job(
                    format!(
                        "{file}: kind `{from}` is mapped to `{to}`, which is not in method `{}`",
                        method.version
                    ),
                    format!("map it to one of {}", known.join(", ")),
                ))
            }
        }
    }
}
