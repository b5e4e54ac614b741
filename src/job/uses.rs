//! What scores may be used for, and what they may not: the section `[uses]`.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What nobody may use scores for unless the job says otherwise, and the laws that say so.
pub const FORBIDDEN: [(&str, &str); 5] = [
    (
        "credit",
        "EU AI Act, Annex III 5(b); US Equal Credit Opportunity Act, 15 U.S.C. 1691; US Fair Credit Reporting Act, 15 U.S.C. 1681",
    ),
    ("education", "EU AI Act, Annex III 3"),
    (
        "hiring",
        "EU AI Act, Annex III 4; US Civil Rights Act, Title VII, 42 U.S.C. 2000e; US Fair Credit Reporting Act, 15 U.S.C. 1681",
    ),
    (
        "housing",
        "US Fair Housing Act, 42 U.S.C. 3601; US Fair Credit Reporting Act, 15 U.S.C. 1681",
    ),
    ("insurance", "EU AI Act, Annex III 5(c); US Fair Credit Reporting Act, 15 U.S.C. 1681"),
];

/// The laws that stand above all uses.
pub const ALL_USES: &str = "Decisions with legal or similarly significant effects on a person must not rest on these scores alone \
    (GDPR, Article 22), and nobody may be treated worse for them in another context or out of proportion (EU AI Act, \
    Article 5(1)(c), social scoring).";

/// What scores may be used for, and what they may not. Both stand in the table `runs`, in the metadata of every file and in the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Uses {
    /// What they were made for, in words.
    pub permitted: BTreeSet<String>,
    /// What they must not be used for, in words. Default: credit, education, hiring, housing and insurance.
    pub forbidden: BTreeSet<String>,
}

impl Default for Uses {
    fn default() -> Self {
        let forbidden = FORBIDDEN.iter().map(|(name, _)| (*name).to_owned()).collect();
        Self { permitted: BTreeSet::new(), forbidden }
    }
}

impl Uses {
    /// The law behind a forbidden use, if it is one of the default.
    pub fn law(forbidden: &str) -> Option<&'static str> {
        FORBIDDEN.iter().find(|(name, _)| *name == forbidden).map(|(_, law)| *law)
    }

    /// The uses as one text, for the metadata of a file.
    pub fn joined(uses: &BTreeSet<String>) -> String {
        uses.iter().map(String::as_str).collect::<Vec<_>>().join("; ")
    }

    /// The forbidden use that `purpose` names, whatever its case.
    pub(super) fn forbids(&self, purpose: &str) -> Option<&str> {
        let words = words(purpose);
        let is_named = |forbidden: &&String| words.contains(&self::words(forbidden));
        self.forbidden.iter().find(is_named).map(String::as_str)
    }

    pub(super) fn check(&self, file: &str) -> Result<()> {
        let all = self.permitted.iter().chain(&self.forbidden);
        let refused = |cause: String, remedy: &str| Err(Error::bad_job(cause, remedy));
        for name in all {
            if name.trim().is_empty() || name.contains([';', '\n']) {
                return refused(
                    format!("{file}: a use of `[uses]` is empty, or has a `;` or a line break"),
                    "name each use in a few words",
                );
            }
        }
        match self.permitted.iter().find_map(|name| Some((name, self.forbids(name)?))) {
            None => Ok(()),
            Some((permitted, forbidden)) => refused(
                format!(
                    "{file}: `uses.permitted` has `{permitted}`, and `uses.forbidden` has `{forbidden}`"
                ),
                "leave it in one of them",
            ),
        }
    }
}

/// The words of a text in lower case, with a space before and after each.
fn words(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let words: Vec<String> = words.map(str::to_lowercase).collect();
    format!(" {} ", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_name_forbidden_uses_by_whole_words() {
        let uses = Uses::default();
        for (purpose, expected) in [
            ("hiring", Some("hiring")),
            ("Hiring of engineers", Some("hiring")),
            ("pre-screening for CREDIT", Some("credit")),
            ("invitations to a conference", None),
            ("accreditation of press", None),
            ("creditors", None),
        ] {
            assert_eq!(uses.forbids(purpose), expected, "{purpose}");
        }
    }
}
