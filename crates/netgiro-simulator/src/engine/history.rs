//! A list of limited length.

use std::collections::VecDeque;

/// A list that drops its oldest entries. An entry has a number, and the revision in which it last changed.
#[derive(Debug)]
pub(crate) struct History<T> {
    entries: VecDeque<(u64, T)>,
    forgotten: usize,
    limit: usize,
}

impl<T> History<T> {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            forgotten: 0,
            limit,
        }
    }

    pub(crate) fn add(&mut self, entry: T, revision: u64) -> usize {
        self.add_with(|| entry, revision)
    }

    /// The same of an entry that is not made where nothing is remembered.
    pub(crate) fn add_with(&mut self, entry: impl FnOnce() -> T, revision: u64) -> usize {
        let number = self.total();
        if self.limit == 0 {
            self.forgotten += 1;
            return number;
        }
        self.entries.push_back((revision, entry()));
        if self.entries.len() > self.limit {
            self.entries.pop_front();
            self.forgotten += 1;
        }
        number
    }

    pub(crate) fn get(&self, number: usize) -> Option<&T> {
        let place = number.checked_sub(self.forgotten)?;
        self.entries.get(place).map(|(_, entry)| entry)
    }

    /// An entry, to change it in this revision.
    pub(crate) fn get_mut(&mut self, number: usize, revision: u64) -> Option<&mut T> {
        let place = number.checked_sub(self.forgotten)?;
        let (changed, entry) = self.entries.get_mut(place)?;
        *changed = revision;
        Some(entry)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().map(|(_, entry)| entry)
    }

    /// How many entries there have been, including dropped ones.
    pub(crate) fn total(&self) -> usize {
        self.forgotten + self.entries.len()
    }

    /// Among the newest `limit` entries, those that changed after a revision, oldest first, with their numbers.
    pub(crate) fn since(&self, revision: u64, limit: usize) -> impl Iterator<Item = (usize, &T)> {
        let skipped = self.entries.len().saturating_sub(limit);
        (self.entries.iter().enumerate().skip(skipped))
            .filter(move |(_, (changed, _))| *changed > revision)
            .map(|(place, (_, entry))| (self.forgotten + place, entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entries_go_first() {
        let mut history = History::new(2);
        let numbers: Vec<_> = ["a", "b", "c"].map(|entry| history.add(entry, 1)).into();
        assert_eq!(numbers, [0, 1, 2]);
        assert_eq!(history.iter().copied().collect::<Vec<_>>(), ["b", "c"]);
        assert_eq!(history.get_mut(0, 2), None);
        assert_eq!(history.get_mut(2, 2), Some(&mut "c"));
    }

    #[test]
    fn what_changed_is_told_from_what_did_not() {
        let mut history = History::new(3);
        for (revision, entry) in (1..).zip(["a", "b", "c", "d"]) {
            history.add(entry, revision);
        }
        let since = |history: &History<_>, revision, limit| {
            let entries = history.since(revision, limit);
            entries.map(|(number, entry)| (number, *entry)).collect()
        };
        let all: Vec<_> = since(&history, 0, 9);
        assert_eq!(all, [(1, "b"), (2, "c"), (3, "d")]);
        assert_eq!(since(&history, 0, 1), [(3, "d")]);
        history.get_mut(1, 5);
        assert_eq!(since(&history, 4, 9), [(1, "b")]);
        assert_eq!(history.total(), 4);
    }

    #[test]
    fn nothing_is_remembered_under_a_limit_of_none() {
        let mut history = History::new(0);
        assert_eq!(history.add("a", 1), 0);
        assert_eq!(history.add("b", 2), 1);
        assert_eq!(history.iter().count(), 0);
    }
}
