//! What happened, up to a limit.

use std::collections::VecDeque;

/// A list that forgets its oldest entries; an entry is found again by the number it got when it was added.
#[derive(Debug)]
pub(crate) struct History<T> {
    entries: VecDeque<T>,
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

    pub(crate) fn add(&mut self, entry: T) -> usize {
        let number = self.forgotten + self.entries.len();
        self.entries.push_back(entry);
        if self.entries.len() > self.limit {
            self.entries.pop_front();
            self.forgotten += 1;
        }
        number
    }

    pub(crate) fn get_mut(&mut self, number: usize) -> Option<&mut T> {
        self.entries.get_mut(number.checked_sub(self.forgotten)?)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entries_go_first() {
        let mut history = History::new(2);
        let numbers: Vec<_> = ["a", "b", "c"].map(|entry| history.add(entry)).into();
        assert_eq!(numbers, [0, 1, 2]);
        assert_eq!(history.iter().copied().collect::<Vec<_>>(), ["b", "c"]);
        assert_eq!(history.get_mut(0), None);
        assert_eq!(history.get_mut(2), Some(&mut "c"));
    }

    #[test]
    fn nothing_is_remembered_under_a_limit_of_none() {
        let mut history = History::new(0);
        assert_eq!(history.add("a"), 0);
        assert_eq!(history.add("b"), 1);
        assert_eq!(history.iter().count(), 0);
    }
}
