//! Declared sources as citations in the text and one list of references.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The source of definitions that are Renown's own.
pub(super) const OWN: &str = "own";

/// The works cited so far, by authors and year.
#[derive(Default)]
pub(super) struct References(BTreeMap<String, String>);

impl References {
    /// Cites a declared source: works as `AUTHORS YEAR, *TITLE*, PLACE`, with remarks, separated by `; `.
    pub fn cite(&mut self, source: &str) -> String {
        if source == OWN {
            return "a definition of Renown's own".to_owned();
        }
        let cited = source.split("; ").map(|part| match work(part) {
            Some((who, title, place)) => {
                self.0.insert(who.to_owned(), format!("{who}. *{title}*."));
                format!("{who}{place}")
            }
            None => part.to_owned(),
        });
        cited.collect::<Vec<_>>().join("; ")
    }

    /// The list in alphabetical order.
    pub fn list(&self) -> String {
        self.0.values().fold(String::new(), |mut list, work| {
            let _ = writeln!(list, "- {work}");
            list
        })
    }
}

/// Authors with year, title and place of a work.
pub(super) fn work(part: &str) -> Option<(&str, &str, &str)> {
    let (who, rest) = part.split_once(", *")?;
    let (title, place) = rest.split_once('*')?;
    Some((who, title, place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn works_are_listed_once_and_in_order() {
        let mut references = References::default();
        assert_eq!(
            references.cite("Zu & Li 2004, *Two*, §3; but for one"),
            "Zu & Li 2004, §3; but for one"
        );
        assert_eq!(references.cite("Ab 1999, *One*; Zu & Li 2004, *Two*"), "Ab 1999; Zu & Li 2004");
        references.cite(OWN);
        assert_eq!(references.list(), "- Ab 1999. *One*.\n- Zu & Li 2004. *Two*.\n");
    }
}
