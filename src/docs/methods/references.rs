//! Declared sources as citations in the text and one list of references.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The source of what is Renown's own.
const OWN: &str = "own";

/// The works cited so far, by authors and year.
#[derive(Default)]
pub(super) struct References(BTreeMap<String, String>);

impl References {
    /// Cites a declared source: works as `AUTHORS YEAR, *TITLE*, PLACE`, with remarks, parted by `; `.
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

    /// The list, in the order of the alphabet.
    pub fn list(&self) -> String {
        self.0.values().fold(String::new(), |mut list, work| {
            let _ = writeln!(list, "- {work}");
            list
        })
    }
}

/// Authors with year, title and place of a work.
fn work(part: &str) -> Option<(&str, &str, &str)> {
    let (who, rest) = part.split_once(", *")?;
    let (title, place) = rest.split_once('*')?;
    Some((who, title, place))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::schema::{Direction, table};

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

    #[test]
    fn every_declared_source_is_own_or_a_work() {
        let measures = table(Direction::Output, "measures").unwrap().columns.iter();
        let measures = measures.filter_map(|c| Some(c.measure.as_ref()?.source.as_str()));
        let metrics = crate::evaluate::METRICS.iter().map(|metric| metric.source);
        let mut titles = BTreeSet::new();
        let mut whose = BTreeSet::new();
        let defined = super::super::definitions::SOURCES.iter().copied();
        for source in measures.chain(metrics).chain(defined).filter(|source| *source != OWN) {
            let (who, title, _) = work(source.split("; ").next().unwrap()).expect(source);
            let year = who.rsplit(' ').next().unwrap();
            assert!(year.len() == 4 && year.parse::<u32>().is_ok(), "{source}");
            for (who, title, _) in source.split("; ").filter_map(work) {
                whose.insert(who);
                titles.insert((who, title));
            }
            assert!(!title.is_empty());
        }
        assert_eq!(whose.len(), titles.len(), "one name for two works: {titles:?}");
    }
}
