//! Which objects a walk has reached, and the number of each.
//!
//! The first few objects are in a list. With more, each block of the heap has a row of numbers, one for each slot, so that an object is
//! found by its place and not by hashing its address; the rows are found by a small table of blocks. What lies outside
//! of the heap (package variables) is in a map of its own.

use crate::heap::Located;
use crate::value::Word;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Objects in the list.
const FEW: usize = 8;

/// Blocks that are at hand.
const LAST: usize = 16;

/// Places of the table of blocks that are kept for the next walk.
const MOST_BLOCKS: usize = 1 << 10;

/// See the module. Made once for each thread, and cleared after each walk.
#[derive(Default)]
pub(super) struct Seen {
    few: Vec<(Located, u32)>,
    /// The table of blocks: (block, first number of its row in `rows`); 0 is no block. A power of two, at most half full.
    blocks: Vec<(u64, u32)>,
    used: usize,
    /// Blocks that were looked up last, each where its address says.
    last: [(u64, u32); LAST],
    /// Numbers plus one; 0 is none.
    rows: Vec<u32>,
    outside: HashMap<u64, u32, BuildHasherDefault<AddressHasher>>,
}

/// Hashes addresses.
#[derive(Default)]
pub(super) struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {
        panic!("internal error: only addresses are hashed here");
    }
    fn write_u64(&mut self, n: u64) {
        self.0 = mix(n);
    }
    fn write_u32(&mut self, n: u32) {
        self.0 = mix(u64::from(n) << 3);
    }
}

fn mix(n: u64) -> u64 {
    // The tables take the high bits.
    (n >> 3).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl Seen {
    /// The number of an object; `next` where it is new, which it has from now on.
    #[inline]
    pub(super) fn number(&mut self, object: &Located, next: u32) -> u32 {
        if self.rows.is_empty() { self.among_few(object, next) } else { self.in_rows(object, next) }
    }

    #[inline(never)]
    fn among_few(&mut self, object: &Located, next: u32) -> u32 {
        if let Some((_, number)) = self.few.iter().find(|(known, _)| known.start == object.start) {
            return *number;
        }
        if self.few.len() < FEW {
            self.few.push((*object, next));
            return next;
        }
        for (known, number) in std::mem::take(&mut self.few) {
            self.in_rows(&known, number);
        }
        self.in_rows(object, next)
    }

    /// The same for what lies outside of the heap.
    pub(super) fn number_outside(&mut self, start: Word, next: u32) -> u32 {
        *self.outside.entry(start).or_insert(next)
    }

    #[inline(always)]
    fn in_rows(&mut self, object: &Located, next: u32) -> u32 {
        let at = (mix(object.block) >> 60) as usize % LAST;
        if self.last[at].0 != object.block {
            self.last[at] = (object.block, self.row(object));
        }
        self.number_in_row(self.last[at].1 + object.index, next)
    }

    /// Where the numbers of the slots of an object's block begin, once there are rows.
    #[inline]
    pub(super) fn row_of(&mut self, object: &Located) -> Option<u32> {
        (!self.rows.is_empty()).then(|| self.row(object))
    }

    /// The number of the object at a place of the rows; `next` where it is new, which it has from now on.
    #[inline(always)]
    pub(super) fn number_in_row(&mut self, at: u32, next: u32) -> u32 {
        let number = &mut self.rows[at as usize];
        if *number == 0 {
            *number = next + 1;
        }
        *number - 1
    }

    /// Where the row of an object's block begins.
    #[inline(never)]
    fn row(&mut self, object: &Located) -> u32 {
        if 2 * self.used >= self.blocks.len() {
            self.grow();
        }
        let mask = self.blocks.len() - 1;
        let mut at = (mix(object.block) >> 32) as usize & mask;
        loop {
            match self.blocks[at] {
                (block, row) if block == object.block => return row,
                (0, _) => break,
                _ => at = (at + 1) & mask,
            }
        }
        let row = self.rows.len() as u32;
        self.rows.resize(self.rows.len() + object.slots as usize, 0);
        self.blocks[at] = (object.block, row);
        self.used += 1;
        row
    }

    fn grow(&mut self) {
        let len = (2 * self.blocks.len()).max(64);
        let mask = len - 1;
        for known in std::mem::replace(&mut self.blocks, vec![(0, 0); len]) {
            if known.0 != 0 {
                let mut at = (mix(known.0) >> 32) as usize & mask;
                while self.blocks[at].0 != 0 {
                    at = (at + 1) & mask;
                }
                self.blocks[at] = known;
            }
        }
    }

    /// Forgets everything, and memory that only a large value needs.
    pub(super) fn clear(&mut self) {
        self.few.clear();
        self.outside.clear();
        if !self.rows.is_empty() {
            self.last = [(0, 0); LAST];
            self.used = 0;
            if self.blocks.len() > MOST_BLOCKS {
                self.blocks = Vec::new();
            }
            self.blocks.fill((0, 0));
            self.rows.clear();
            self.rows.shrink_to(1 << 18);
        }
    }
}
