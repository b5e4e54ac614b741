//! Topics and their parents.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::error::Error;
use crate::lists::Lists;

/// Smaller shares of a topic's weight are not passed on: at a damping of one half that is eight generations, and a topic
/// has at most 256 ancestors that count.
const MIN_SHARE: f64 = 1.0 / 256.0;

/// A row of `topics`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Topic {
    /// Id of the topic.
    pub id: String,
    /// Name as shown.
    pub name: String,
    /// Special category of personal data that the topic and its descendants reveal.
    pub special_category: Option<String>,
}

/// Topics as a directed acyclic graph, numbered in order of their ids.
#[derive(Clone, Debug, Default)]
pub struct Ontology {
    topics: Vec<Topic>,
    parents: Lists<u32>,
    children: Lists<u32>,
    /// Special categories of each topic and its ancestors, sorted.
    special: Lists<u32>,
    categories: Vec<String>,
    /// The parent of each topic on the shortest path to a root, the smallest of several.
    nearest_parents: Vec<Option<u32>>,
}

impl Ontology {
    /// An ontology of `topics` with `edges` (topic, parent), in any order; duplicates count once.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadInput`], one for each rule broken: two topics with one id, an empty name, an edge from or to
    /// an unknown topic, a cycle.
    pub fn new(mut topics: Vec<Topic>, edges: &[(String, String)]) -> Result<Self, Vec<Error>> {
        topics.sort_unstable();
        topics.dedup();
        let mut violations = Vec::new();
        let twice: Vec<&str> =
            topics.windows(2).filter(|two| two[0].id == two[1].id).map(|two| &*two[0].id).collect();
        let nameless = topics.iter().filter(|topic| topic.name.trim().is_empty());
        let nameless: Vec<&str> = nameless.map(|topic| &*topic.id).collect();
        let remedy = "keep one row for each topic_id";
        violations.extend(broken("topics", "topic_id", "contradict each other", &twice, remedy));
        violations.extend(broken("topics", "name", "have no name", &nameless, "name them"));
        let number = |id: &str| topics.binary_search_by(|topic| (*topic.id).cmp(id));
        let mut unknown: [Vec<&str>; 2] = Default::default();
        let mut pairs = Vec::with_capacity(edges.len());
        for (topic, parent) in edges {
            let ends = [topic, parent].map(|id| number(id).map_err(|_| id));
            for (end, unknown) in ends.iter().zip(&mut unknown) {
                unknown.extend(end.as_ref().err().map(|id| id.as_str()));
            }
            if let [Ok(topic), Ok(parent)] = ends {
                pairs.push((topic as u32, parent as u32));
            }
        }
        for (column, mut unknown) in ["topic_id", "parent_id"].into_iter().zip(unknown) {
            unknown.sort_unstable();
            unknown.dedup();
            let remedy = "add them to `topics`, or remove their rows";
            violations.extend(broken(
                "topic_edges",
                column,
                "are not in `topics`",
                &unknown,
                remedy,
            ));
        }
        pairs.sort_unstable();
        pairs.dedup();
        let parents = Lists::grouped(topics.len(), pairs.iter().copied());
        let children = children(&parents);
        let order = parents_first(&parents, &children);
        if let Some(cycle) = cycle(&parents, &order) {
            let ids: Vec<&str> = cycle.iter().map(|topic| &*topics[*topic as usize].id).collect();
            let remedy = "remove one of these edges";
            violations.extend(broken("topic_edges", "parent_id", "form a cycle", &ids, remedy));
        }
        if !violations.is_empty() {
            return Err(violations);
        }
        let nearest_parents = nearest_parents(&parents, &children);
        let mut ontology = Self { topics, parents, children, nearest_parents, ..Self::default() };
        ontology.inherit_categories(&order);
        Ok(ontology)
    }

    /// Number of topics.
    pub fn len(&self) -> usize {
        self.topics.len()
    }

    /// Whether there is no topic.
    pub fn is_empty(&self) -> bool {
        self.topics.is_empty()
    }

    /// The topics in order of id.
    pub fn topics(&self) -> &[Topic] {
        &self.topics
    }

    /// The number of the topic `id`.
    pub fn number(&self, id: &str) -> Option<u32> {
        let found = self.topics.binary_search_by(|topic| (*topic.id).cmp(id));
        found.ok().map(|number| number as u32)
    }

    /// The parents of `topic`, ascending.
    pub fn parents(&self, topic: u32) -> &[u32] {
        self.parents.of(topic as usize)
    }

    /// Special categories of personal data that `topic` reveals, by itself or by an ancestor.
    pub fn special_categories(&self, topic: u32) -> impl Iterator<Item = &str> {
        self.special.of(topic as usize).iter().map(|category| &*self.categories[*category as usize])
    }

    /// `topic` and all its descendants, in no order.
    pub fn with_descendants(&self, topic: u32) -> Vec<u32> {
        let (mut found, mut visited) = (vec![topic], BTreeSet::from([topic]));
        let mut at = 0;
        while let Some(topic) = found.get(at).copied() {
            at += 1;
            let children = self.children.of(topic as usize).iter();
            found.extend(children.filter(|child| visited.insert(**child)));
        }
        found
    }

    /// The share of a topic's weight that counts for each of its ancestors, and all for itself: a topic passes on the share
    /// `damping`, in equal parts to its parents. Shares below 1/256 are not passed on. Sorted by topic.
    pub fn roll_up(&self, damping: f64) -> Lists<(u32, f64)> {
        let mut all = Lists::default();
        for topic in 0..self.topics.len() as u32 {
            let mut shares = BTreeMap::from([(topic, 1.0)]);
            let mut passing = vec![(topic, 1.0)];
            while !passing.is_empty() {
                let mut passed = BTreeMap::new();
                for (from, share) in passing {
                    let parents = self.parents(from);
                    let each = damping * share / parents.len() as f64;
                    for parent in parents.iter().filter(|_| each >= MIN_SHARE) {
                        *passed.entry(*parent).or_insert(0.0) += each;
                    }
                }
                for (topic, share) in &passed {
                    *shares.entry(*topic).or_insert(0.0) += share;
                }
                passing = passed.into_iter().collect();
            }
            all.push(shares);
        }
        all
    }

    /// The shortest path from a root to `topic`, both included; of several the one with smaller ids.
    pub fn path(&self, topic: u32) -> Vec<u32> {
        let mut path = vec![topic];
        let mut at = topic;
        while let Some(parent) = self.nearest_parents[at as usize] {
            path.push(parent);
            at = parent;
        }
        path.reverse();
        path
    }

    fn inherit_categories(&mut self, parents_first: &[u32]) {
        let categories = self.topics.iter().filter_map(|topic| topic.special_category.clone());
        self.categories = categories.collect();
        self.categories.sort_unstable();
        self.categories.dedup();
        let mut special: Vec<Vec<u32>> = vec![vec![]; self.topics.len()];
        for topic in parents_first.iter().copied() {
            let category = self.topics[topic as usize].special_category.as_ref();
            let category = category.and_then(|name| self.categories.binary_search(name).ok());
            let mut all: Vec<u32> = category.map(|category| category as u32).into_iter().collect();
            let parents = self.parents(topic).iter();
            all.extend(parents.flat_map(|parent| special[*parent as usize].iter().copied()));
            all.sort_unstable();
            all.dedup();
            special[topic as usize] = all;
        }
        self.special = Lists::default();
        special.into_iter().for_each(|categories| self.special.push(categories));
    }
}

/// The children of each topic, ascending.
fn children(parents: &Lists<u32>) -> Lists<u32> {
    let pairs = (0..).zip(parents.iter());
    let pairs = pairs.flat_map(|(topic, above)| above.iter().map(move |parent| (*parent, topic)));
    Lists::grouped(parents.len(), pairs)
}

/// The parent of each topic on the shortest path to a root, the smallest of several.
fn nearest_parents(parents: &Lists<u32>, children: &Lists<u32>) -> Vec<Option<u32>> {
    let mut depths = vec![usize::MAX; parents.len()];
    let roots = (0..).zip(parents.iter()).filter(|(_, above)| above.is_empty());
    let mut next: VecDeque<u32> = roots.map(|(root, _)| root).collect();
    next.iter().for_each(|root| depths[*root as usize] = 0);
    while let Some(topic) = next.pop_front() {
        for child in children.of(topic as usize) {
            if depths[*child as usize] == usize::MAX {
                depths[*child as usize] = depths[topic as usize] + 1;
                next.push_back(*child);
            }
        }
    }
    let nearest = |parents: &[u32]| {
        parents.iter().copied().min_by_key(|parent| (depths[*parent as usize], *parent))
    };
    parents.iter().map(nearest).collect()
}

/// The topics in topological order, parents first; topics of cycles and their descendants are left out.
fn parents_first(parents: &Lists<u32>, children: &Lists<u32>) -> Vec<u32> {
    let mut waiting: Vec<usize> = parents.iter().map(<[u32]>::len).collect();
    let mut order: Vec<u32> =
        (0..parents.len() as u32).filter(|topic| waiting[*topic as usize] == 0).collect();
    let mut at = 0;
    while let Some(topic) = order.get(at).copied() {
        at += 1;
        for child in children.of(topic as usize) {
            waiting[*child as usize] -= 1;
            if waiting[*child as usize] == 0 {
                order.push(*child);
            }
        }
    }
    order
}

/// The topics of a cycle, if there is one: the next is a parent of each, and the first of the last.
fn cycle(parents: &Lists<u32>, parents_first: &[u32]) -> Option<Vec<u32>> {
    let mut outside = vec![false; parents.len()];
    parents_first.iter().for_each(|topic| outside[*topic as usize] = true);
    // Every topic that is left out has a parent that is left out.
    let mut topic = outside.iter().position(|outside| !outside)? as u32;
    let mut path = Vec::new();
    loop {
        if let Some(first) = path.iter().position(|passed| *passed == topic) {
            return Some(path.split_off(first));
        }
        path.push(topic);
        topic = *parents.of(topic as usize).iter().find(|parent| !outside[**parent as usize])?;
    }
}

/// The violation of a rule by the topics `ids` of `table`, if there are any.
fn broken(
    table: &str,
    column: &str,
    how: &str,
    ids: &[&str],
    remedy: impl Into<String>,
) -> Option<Error> {
    const SHOWN: usize = 5;
    let (first, rest) = (ids.get(..SHOWN).unwrap_or(ids), ids.len().saturating_sub(SHOWN));
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    let cause = format!("input `{table}`: topics {how}: `{}`{more}", first.join("`, `"));
    let violation = Error::bad_input(cause, remedy).in_table(table).in_column(column);
    (!ids.is_empty()).then(|| violation.in_rows(ids.len() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ontology(topics: &[&str], edges: &[(&str, &str)]) -> Result<Ontology, Vec<Error>> {
        let topic = |line: &&str| {
            let (id, category) = line.split_once('!').unwrap_or((line, ""));
            let name = id.trim_matches('0').to_uppercase();
            let special_category = (!category.is_empty()).then(|| category.to_owned());
            Topic { id: id.to_owned(), name, special_category }
        };
        let edges: Vec<_> = edges.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        Ontology::new(topics.iter().map(topic).collect(), &edges)
    }

    fn violations(topics: &[&str], edges: &[(&str, &str)]) -> Vec<String> {
        ontology(topics, edges).unwrap_err().into_iter().map(|violation| violation.cause).collect()
    }

    #[test]
    fn invalid_ontologies_are_refused() {
        assert_eq!(
            violations(&["a", "a!health"], &[]),
            ["input `topics`: topics contradict each other: `a`"]
        );
        assert_eq!(violations(&["a", "0"], &[]), ["input `topics`: topics have no name: `0`"]);
        assert_eq!(
            violations(&["a"], &[("a", "b"), ("c", "a")]),
            [
                "input `topic_edges`: topics are not in `topics`: `c`",
                "input `topic_edges`: topics are not in `topics`: `b`",
            ]
        );
        assert_eq!(
            violations(&["a"], &[("a", "a")]),
            ["input `topic_edges`: topics form a cycle: `a`"]
        );
        let edges = [("a", "b"), ("b", "c"), ("c", "d"), ("d", "b"), ("e", "a")];
        assert_eq!(
            violations(&["a", "b", "c", "d", "e"], &edges),
            ["input `topic_edges`: topics form a cycle: `b`, `c`, `d`"]
        );
    }

    #[test]
    fn weight_rolls_up_and_is_shared_among_parents() {
        // The parents of d are b and c, whose parent is a.
        let edges = [("b", "a"), ("c", "a"), ("d", "b"), ("d", "c"), ("d", "c")];
        let ontology = ontology(&["d", "c", "b", "a"], &edges).unwrap();
        let shares = ontology.roll_up(0.5);
        assert_eq!(shares.of(3), [(0, 0.25), (1, 0.25), (2, 0.25), (3, 1.0)]);
        assert_eq!(shares.of(0), [(0, 1.0)]);
        assert_eq!(ontology.path(3), [0, 1, 3]);
        let descendants =
            |topic| ontology.with_descendants(topic).into_iter().collect::<BTreeSet<_>>();
        assert_eq!((descendants(0), descendants(3)), ((0..4).collect(), BTreeSet::from([3])));
    }

    #[test]
    fn a_long_chain_rolls_up_a_few_generations() {
        let ids: Vec<String> = (0..5_000).map(|id| format!("t{id:04}")).collect();
        let topics = ids.iter().map(String::as_str).collect::<Vec<_>>();
        let edges: Vec<_> = topics.windows(2).map(|two| (two[1], two[0])).collect();
        let shares = ontology(&topics, &edges).unwrap().roll_up(0.5);
        assert_eq!(shares.of(4_999).len(), 9);
        assert_eq!(shares.of(4_999)[0], (4_991, 1.0 / 256.0));
    }

    #[test]
    fn categories_reach_all_descendants() {
        let edges = [("b", "a"), ("c", "b"), ("c", "d")];
        let ontology = ontology(&["a!religion", "b", "c", "d!health", "e"], &edges).unwrap();
        let of = |topic| ontology.special_categories(topic).collect::<Vec<_>>();
        assert_eq!(of(2), ["health", "religion"]);
        assert_eq!((of(1), of(4)), (vec!["religion"], vec![]));
    }
}
