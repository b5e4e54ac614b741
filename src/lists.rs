//! Lists of different lengths in one array.

use std::ops::Range;

/// Lists of items, end to end.
#[derive(Clone, Debug, PartialEq)]
pub struct Lists<T> {
    /// Where each list begins, and the last ends. Length: lists + 1.
    offsets: Vec<usize>,
    items: Vec<T>,
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Self { offsets: vec![0], items: vec![] }
    }
}

impl<T> Lists<T> {
    /// Number of lists.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there is no list.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a list.
    pub fn push(&mut self, list: impl IntoIterator<Item = T>) {
        self.items.extend(list);
        self.offsets.push(self.items.len());
    }

    /// List number `list`.
    pub fn of(&self, list: usize) -> &[T] {
        &self.items[self.range(list)]
    }

    /// Where the items of list number `list` stand.
    pub fn range(&self, list: usize) -> Range<usize> {
        self.offsets[list]..self.offsets[list + 1]
    }

    /// The items of all lists.
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// Lists of the same lengths that hold `items`, which are as many.
    pub fn with_items<U>(self, items: Vec<U>) -> Lists<U> {
        debug_assert_eq!(self.items.len(), items.len());
        Lists { offsets: self.offsets, items }
    }

    /// All lists in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[T]> + Clone {
        self.offsets.windows(2).map(|ends| &self.items[ends[0]..ends[1]])
    }
}

impl<T> Lists<T> {
    /// Sorts each list.
    pub fn sort_each_by_key<K: Ord>(&mut self, key: impl Fn(&T) -> K) {
        for list in 0..self.len() {
            let range = self.range(list);
            self.items[range].sort_unstable_by_key(&key);
        }
    }
}

impl<T> Extend<Lists<T>> for Lists<T> {
    fn extend<I: IntoIterator<Item = Self>>(&mut self, more: I) {
        for lists in more {
            let before = self.items.len();
            self.items.extend(lists.items);
            self.offsets.extend(lists.offsets[1..].iter().map(|offset| before + offset));
        }
    }
}

impl<T: Copy> Lists<T> {
    /// The `pairs` (list, item) as `lists` lists, each in the order of the pairs.
    pub fn grouped(lists: usize, pairs: impl Iterator<Item = (impl Into<u32>, T)> + Clone) -> Self {
        let pairs = pairs.map(|(list, item)| {
            let list: u32 = list.into();
            (list as usize, item)
        });
        let mut offsets = vec![0_usize; lists + 1];
        pairs.clone().for_each(|(list, _)| offsets[list + 1] += 1);
        for list in 0..lists {
            offsets[list + 1] += offsets[list];
        }
        let Some((_, first)) = pairs.clone().next() else { return Self { offsets, items: vec![] } };
        let (mut next, mut items) = (offsets.clone(), vec![first; offsets[lists]]);
        for (list, item) in pairs {
            let slot = &mut next[list];
            items[*slot] = item;
            *slot += 1;
        }
        Self { offsets, items }
    }
}
