//! Where a map's tables are: the word in its header, and the directory.
//!
//! ```text
//! root        0 | table + its logarithm | directory + 15
//! directory   | depth | table | table | ... 2^depth tables of the largest size
//! ```
//! The first *depth* bits of a hash choose the table. A table in which keys agree in fewer bits stands in the directory
//! several times in a row. When one is full it is split in two by the next bit, and the directory doubled
//! if it was there only once. So a map grows by a table at a time, and no step is longer than a table.
//!
//! Must stay true: a root tells all about the geometry of what it leads to, so that a racing reader sees
//! what belongs together; the size of a directory never changes; tables are never merged.

use super::table::{ALIGNED, MAX_LOG, Table, log_for};
use crate::heap::AllocCache;
use crate::heap::barrier::overwriting;
use crate::panic::{Fatal, Result};
use crate::rtype::MapShape;
use crate::value::{Word, load_word, store_word};
use std::sync::atomic::{Ordering::Release, fence};

/// Low bits of a root: the logarithm of its only table, or that it is a directory.
const KIND: u64 = 15;
const DIRECTORY: u64 = KIND;
/// The most bits that choose a table: they do not overlap with those that choose in a table.
const MAX_DEPTH: u32 = 40;

const _: () = assert!((MAX_LOG as u64) < DIRECTORY);

/// The table of a hash in a row of `1 << depth`.
#[inline(always)]
fn index(hash: u64, depth: u32) -> u64 {
    // For a depth of 0 there is nothing to shift out by 64.
    hash >> 1 >> (63 - depth)
}

/// The word that leads to a map's tables.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Root(pub(super) Word);

impl Root {
    fn of_table(table: Table) -> Root {
        debug_assert!(table.base & KIND == 0);
        Root(table.base | table.log as u64)
    }

    /// Tables with room for about so many entries.
    pub(super) fn with_room(cache: &mut AllocCache, shape: &MapShape, entries: u64) -> Result<Root> {
        let log = log_for(entries);
        if log <= MAX_LOG {
            return Ok(Root::of_table(Table::new(cache, shape, log, 0)?));
        }
        // Hashes do not spread evenly: some tables get more than the average.
        let depth = log_for(entries + entries / 16) - MAX_LOG;
        let directory = Directory::new(cache, depth)?;
        for i in 0..1 << depth {
            directory.set(i, Table::new(cache, shape, MAX_LOG, depth)?);
        }
        Ok(directory.root())
    }

    #[inline(always)]
    fn directory(self) -> Option<Directory> {
        (self.0 & KIND == DIRECTORY).then_some(Directory(self.0 & !KIND))
    }

    /// The table of a hash.
    #[inline(always)]
    pub(super) fn table(self, hash: u64) -> Option<Table> {
        let table = match self.directory() {
            Some(directory) => directory.table(index(hash, directory.depth())),
            None => Table { base: self.0 & !KIND, log: (self.0 & KIND) as u32 },
        };
        (table.base != 0).then_some(table)
    }

    /// Bits that choose a table.
    fn depth(self) -> u32 {
        self.directory().map_or(0, Directory::depth)
    }

    /// Calls `f` with every table once.
    pub(super) fn for_each_table(self, shape: &MapShape, mut f: impl FnMut(Table)) {
        let depth = self.depth();
        let mut i = 0;
        while i < 1 << depth {
            // The hash of the first key that could be there.
            let Some(table) = self.table(first_hash(i, depth)) else { return };
            f(table);
            i += 1 << (depth - table.depth(shape).min(depth));
        }
    }

    /// What comes after this, where the full table of a hash has made room for more.
    #[cold]
    pub(super) fn grown(
        self,
        cache: &mut AllocCache,
        shape: &MapShape,
        hash: u64,
        seed: u64,
    ) -> Result<Root> {
        let Some(old) = self.table(hash) else { return Root::with_room(cache, shape, 1) };
        let littered = old.is_littered(shape);
        let root = if old.log < MAX_LOG || littered {
            let new = Table::new(cache, shape, old.log + !littered as u32, old.depth(shape))?;
            old.copy_to(shape, seed, |_| new);
            self.with_tables(shape, hash, old, [new, new])
        } else {
            let depth = old.depth(shape) + 1;
            let root = if depth > self.depth() { self.doubled(cache, shape)? } else { self };
            let halves =
                [Table::new(cache, shape, MAX_LOG, depth)?, Table::new(cache, shape, MAX_LOG, depth)?];
            old.copy_to(shape, seed, |hash| halves[index(hash, depth) as usize & 1]);
            root.with_tables(shape, hash, old, halves)
        };
        old.set_stale(shape);
        Ok(root)
    }

    /// Two tables in the place of the one of a hash: one for each half of its hashes.
    fn with_tables(self, shape: &MapShape, hash: u64, old: Table, new: [Table; 2]) -> Root {
        let Some(directory) = self.directory() else { return Root::of_table(new[0]) };
        let depth = directory.depth();
        let same = 1 << (depth - old.depth(shape).min(depth));
        let first = index(hash, depth) & !(same - 1);
        for i in 0..same {
            directory.set(first + i, new[(2 * i >= same) as usize]);
        }
        self
    }

    /// A directory of twice the size.
    fn doubled(self, cache: &mut AllocCache, shape: &MapShape) -> Result<Root> {
        let depth = self.depth();
        if depth >= MAX_DEPTH {
            return Err(Fatal::OutOfMemory(shape.group_size << (MAX_LOG + depth)).into());
        }
        let directory = Directory::new(cache, depth + 1)?;
        for i in 0..2 << depth {
            if let Some(table) = self.table(first_hash(i / 2, depth)) {
                directory.set(i, table);
            }
        }
        Ok(directory.root())
    }
}

/// The least hash that leads to a place of a directory.
fn first_hash(index: u64, depth: u32) -> u64 {
    index << (63 - depth) << 1
}

/// A directory, by address.
#[derive(Clone, Copy)]
struct Directory(Word);

impl Directory {
    /// A directory without tables.
    fn new(cache: &mut AllocCache, depth: u32) -> Result<Directory> {
        let directory = cache.alloc_words((1 + (1 << depth)).max(ALIGNED / 8))?;
        // SAFETY: its first word.
        unsafe { store_word(directory, depth as u64) };
        Ok(Directory(directory))
    }

    fn root(self) -> Root {
        debug_assert!(self.0 & KIND == 0);
        Root(self.0 | DIRECTORY)
    }

    #[inline(always)]
    fn depth(self) -> u32 {
        // SAFETY: its first word.
        unsafe { load_word(self.0) as u32 }
    }

    #[inline(always)]
    fn table(self, index: u64) -> Table {
        // SAFETY: indices lie below `1 << depth`.
        Table { base: unsafe { load_word(self.0 + 8 + 8 * index) }, log: MAX_LOG }
    }

    fn set(self, index: u64, table: Table) {
        let field = self.0 + 8 + 8 * index;
        fence(Release);
        // SAFETY: as above.
        unsafe {
            overwriting(field);
            store_word(field, table.base);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_bits_choose() {
        assert_eq!((index(u64::MAX, 0), index(u64::MAX, 1), index(5 << 61, 3)), (0, 1, 5));
        assert_eq!((first_hash(0, 0), first_hash(1, 1), first_hash(5, 3)), (0, 1 << 63, 5 << 61));
    }
}
