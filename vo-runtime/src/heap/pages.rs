//! Runs of free pages: best fit, neighbours joined.

use super::sizeclass::{PAGE, PAGE_SHIFT};
use std::collections::{BTreeMap, BTreeSet};

/// Free pages, kept as runs of (first address, pages).
#[derive(Default)]
pub(crate) struct PageRuns {
    by_addr: BTreeMap<u64, u64>,
    by_len: BTreeSet<(u64, u64)>,
    total: u64,
}

impl PageRuns {
    /// Takes `pages` from the smallest run that has them.
    pub(crate) fn take(&mut self, pages: u64) -> Option<u64> {
        let &(len, base) = self.by_len.range((pages, 0)..).next()?;
        self.remove(base, len);
        if len > pages {
            self.insert(base + pages * PAGE, len - pages);
        }
        Some(base)
    }

    /// Takes `pages` from a run that begins at `base`, if there is one that has them.
    pub(crate) fn take_at(&mut self, base: u64, pages: u64) -> bool {
        let Some(&len) = self.by_addr.get(&base).filter(|&&len| len >= pages) else { return false };
        self.remove(base, len);
        if len > pages {
            self.insert(base + pages * PAGE, len - pages);
        }
        true
    }

    /// Adds a run.
    pub(crate) fn give(&mut self, mut base: u64, mut pages: u64) {
        if let Some((&before, &len)) = self.by_addr.range(..base).next_back()
            && before + (len << PAGE_SHIFT) == base
        {
            self.remove(before, len);
            (base, pages) = (before, pages + len);
        }
        let end = base + (pages << PAGE_SHIFT);
        if let Some(&len) = self.by_addr.get(&end) {
            self.remove(end, len);
            pages += len;
        }
        self.insert(base, pages);
    }

    /// Takes the longest run.
    pub(crate) fn take_longest(&mut self) -> Option<(u64, u64)> {
        let &(len, base) = self.by_len.last()?;
        self.remove(base, len);
        Some((base, len))
    }

    /// Takes so many pages, or fewer, from the end of the longest run.
    pub(crate) fn take_some(&mut self, at_most: u64) -> Option<(u64, u64)> {
        let (base, len) = self.take_longest()?;
        let taken = len.min(at_most);
        if taken < len {
            self.insert(base, len - taken);
        }
        Some((base + (len - taken) * PAGE, taken))
    }

    /// The same from the shortest run.
    pub(crate) fn take_short(&mut self, at_most: u64) -> Option<(u64, u64)> {
        let &(len, base) = self.by_len.first()?;
        self.remove(base, len);
        let taken = len.min(at_most);
        if taken < len {
            self.insert(base + taken * PAGE, len - taken);
        }
        Some((base, taken))
    }

    /// Pages in all runs.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    fn insert(&mut self, base: u64, len: u64) {
        self.by_addr.insert(base, len);
        self.by_len.insert((len, base));
        self.total += len;
    }

    fn remove(&mut self, base: u64, len: u64) {
        self.by_addr.remove(&base);
        self.by_len.remove(&(len, base));
        self.total -= len;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_split_and_joined() {
        let mut runs = PageRuns::default();
        runs.give(0, 4);
        runs.give(8 * PAGE, 4);
        assert_eq!(runs.take(6), None);
        runs.give(4 * PAGE, 4);
        assert_eq!(runs.total(), 12);
        assert_eq!(runs.take(6), Some(0));
        assert_eq!(runs.take(6), Some(6 * PAGE));
        assert_eq!((runs.take(1), runs.total()), (None, 0));
        runs.give(0, 2);
        runs.give(3 * PAGE, 5);
        assert!(!runs.take_at(0, 3) && !runs.take_at(PAGE, 1) && runs.take_at(3 * PAGE, 2));
        assert_eq!((runs.total(), runs.take_at(5 * PAGE, 3)), (5, true));
        runs.give(3 * PAGE, 5);
        assert_eq!(runs.take_some(2), Some((6 * PAGE, 2)));
        assert_eq!(runs.take_some(9), Some((3 * PAGE, 3)));
        assert_eq!((runs.take_longest(), runs.take_some(1)), (Some((0, 2)), None));
        runs.give(0, 2);
        runs.give(3 * PAGE, 5);
        assert_eq!((runs.take_short(9), runs.take_short(3)), (Some((0, 2)), Some((3 * PAGE, 3))));
        assert_eq!((runs.take_short(9), runs.take_short(1)), (Some((6 * PAGE, 2)), None));
    }
}
