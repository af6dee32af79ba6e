//! A map's table: the row of entries, the groups that lead to them, a hash for each.
//!
//! ```text
//! 0         8      12      16 or 64
//! | entries | cap  | mask  | groups (mask + 1) | hashes (cap) |
//! ```
//! A small table (`mask` all ones) has no groups; its hashes begin at 16. Else groups begin at 64, so that
//! in large tables each is one cache line. Groups are filled to ten of their twelve places.

use super::group::{BYTES, Group, WIDTH, equal_words};
use super::key::Key;
use crate::heap::{AllocCache, Marker};
use crate::object::mem::copy_layout;
use crate::panic::{Fatal, Result};
use crate::rtype::MapShape;
use crate::value::{Word, load_word, store_word, zero_bytes};

/// Entries of a table without groups.
pub(super) const SMALL: u32 = 8;
/// Entries per group on average when the table is full.
const FILL: u32 = 10;
/// Entries of the largest table.
pub(super) const MAX_CAP: u32 = (1 << 27) * FILL;

const NO_GROUPS: u32 = u32::MAX;
const CAP: u64 = 8;
const MASK: u64 = 12;
const SMALL_HASHES: u64 = 16;
const GROUPS: u64 = 64;
const LIVE: u32 = 1 << 31;

/// A table, by address.
#[derive(Clone, Copy)]
pub(super) struct Table(Word);

/// Marks what a table leads to: its entries.
///
/// # Safety
/// `addr` is a table or zeroes.
pub(crate) unsafe fn trace(addr: Word, _bytes: u64, marker: &mut Marker<'_>) {
    // SAFETY: the first word.
    marker.word(unsafe { load_word(addr) });
}

impl Table {
    /// The table at an address; `None` for 0.
    #[inline(always)]
    pub(super) fn at(addr: Word) -> Option<Table> {
        (addr != 0).then_some(Table(addr))
    }

    pub(super) fn addr(self) -> Word {
        self.0
    }

    /// An empty table with room for at least `want` entries.
    pub(super) fn new(cache: &mut AllocCache, shape: &MapShape, want: u32) -> Result<Table> {
        if want > MAX_CAP {
            return Err(Fatal::OutOfMemory(want as u64 * shape.entry_size).into());
        }
        let groups = if want <= SMALL { 0 } else { want.div_ceil(FILL).next_power_of_two().max(2) };
        let cap = if groups == 0 { SMALL } else { groups * FILL };
        let start = if groups == 0 { SMALL_HASHES } else { GROUPS + groups as u64 * BYTES };
        let entries = cache.alloc_layout(cap as u64 * shape.entry_size, shape.entry_layout)?;
        let layout = cache.heap().types().layouts.map_table();
        let table = cache.alloc_layout(start + cap as u64 * 4, layout)?;
        // SAFETY: a new object with room for all of this.
        unsafe {
            store_word(table, entries);
            ((table + CAP) as *mut u32).write(cap);
            ((table + MASK) as *mut u32).write(groups.wrapping_sub(1));
        }
        Ok(Table(table))
    }

    /// The row of entries.
    #[inline(always)]
    pub(super) fn entries(self) -> Word {
        // SAFETY: the first word of a table.
        unsafe { load_word(self.0) }
    }

    /// Positions.
    #[inline(always)]
    pub(super) fn cap(self) -> u32 {
        // SAFETY: a table's field.
        unsafe { ((self.0 + CAP) as *const u32).read_volatile() }
    }

    #[inline(always)]
    fn mask(self) -> u32 {
        // SAFETY: a table's field.
        unsafe { ((self.0 + MASK) as *const u32).read_volatile() }
    }

    #[inline(always)]
    fn group(self, index: u32) -> Group {
        Group(self.0 + GROUPS + index as u64 * BYTES)
    }

    #[inline(always)]
    fn hashes(self) -> Word {
        match self.mask() {
            NO_GROUPS => self.0 + SMALL_HASHES,
            mask => self.0 + GROUPS + (mask as u64 + 1) * BYTES,
        }
    }

    /// The hash word of a position.
    #[inline(always)]
    pub(super) fn hash(self, position: u32) -> u32 {
        // SAFETY: positions lie below the capacity.
        unsafe { (self.hashes() as *const u32).add(position as usize).read_volatile() }
    }

    /// Writes the hash word of a position.
    #[inline(always)]
    pub(super) fn set_hash(self, position: u32, hash: u32) {
        // SAFETY: positions lie below the capacity.
        unsafe { (self.hashes() as *mut u32).add(position as usize).write_volatile(hash) }
    }

    /// Whether a position holds an entry.
    #[inline(always)]
    pub(super) fn is_live(self, position: u32) -> bool {
        self.hash(position) & LIVE != 0
    }

    /// The first position from `from` on, below `end`, that holds an entry.
    #[inline(always)]
    pub(super) fn next_live(self, from: u32, end: u32) -> Option<u32> {
        let hashes = self.hashes() as *const u32;
        // SAFETY: `end` is at most the capacity.
        (from..end).find(|&i| unsafe { hashes.add(i as usize).read_volatile() } & LIVE != 0)
    }

    /// Address of an entry.
    #[inline(always)]
    pub(super) fn entry(self, position: u32, shape: &MapShape) -> Word {
        self.entries() + position as u64 * shape.entry_size
    }

    /// The position of a key.
    #[inline(always)]
    pub(super) fn find<K: Key>(self, hash: u32, key: &K, shape: &MapShape) -> Option<u32> {
        let mask = self.mask();
        if mask == NO_GROUPS {
            return self.find_small(hash, key, shape);
        }
        let entries = self.entries();
        let mut probe = Probe::new(hash, mask);
        // Bounded, should a race have spoilt the counts.
        for _ in 0..=mask {
            let group = self.group(probe.group);
            let mut places = group.matches(probe.tag);
            while places != 0 {
                let position = group.position(places.trailing_zeros());
                // SAFETY: positions in groups lie below the capacity.
                if unsafe { key.is_at(entries + position as u64 * shape.entry_size) } {
                    return Some(position);
                }
                places &= places - 1;
            }
            if !group.overflowed() {
                return None;
            }
            probe.next();
        }
        None
    }

    #[inline(always)]
    fn find_small<K: Key>(self, hash: u32, key: &K, shape: &MapShape) -> Option<u32> {
        let entries = self.entries();
        // SAFETY: a small table has eight hashes.
        let mut places = unsafe { equal_words(self.0 + SMALL_HASHES, hash) };
        while places != 0 {
            let position = places.trailing_zeros();
            // SAFETY: the row has eight entries.
            if unsafe { key.is_at(entries + position as u64 * shape.entry_size) } {
                return Some(position);
            }
            places &= places - 1;
        }
        None
    }

    /// Enters a position into the groups.
    pub(super) fn index(self, hash: u32, position: u32) {
        let mask = self.mask();
        if mask == NO_GROUPS {
            return;
        }
        let mut probe = Probe::new(hash, mask);
        for _ in 0..=mask {
            let group = self.group(probe.group);
            if let Some(place) = group.empty_place() {
                group.fill(place, probe.tag, position);
                return;
            }
            group.count_overflow(true);
            probe.next();
        }
    }

    /// Takes a position out of the groups.
    pub(super) fn unindex(self, hash: u32, position: u32) {
        let mask = self.mask();
        if mask == NO_GROUPS {
            return;
        }
        let mut probe = Probe::new(hash, mask);
        for _ in 0..=mask {
            let group = self.group(probe.group);
            let mut places = group.matches(probe.tag);
            while places != 0 {
                let place = places.trailing_zeros();
                if group.position(place) == position {
                    group.erase(place);
                    return;
                }
                places &= places - 1;
            }
            group.count_overflow(false);
            probe.next();
        }
    }

    /// Takes over the first `used` positions of another table.
    pub(super) fn copy_from(self, old: Table, used: u32, shape: &MapShape) {
        let used = used.min(old.cap()).min(self.cap());
        // SAFETY: both rows have so many entries.
        unsafe {
            copy_layout(shape.entry_layout, self.entries(), old.entries(), used as u64 * shape.entry_size);
        }
        for position in 0..used {
            let hash = old.hash(position);
            self.set_hash(position, hash);
            if hash & LIVE != 0 {
                self.index(hash, position);
            }
        }
    }

    /// Forgets all entries, whose memory is zero already.
    pub(super) fn clear(self) {
        let end = self.hashes() + self.cap() as u64 * 4;
        // SAFETY: what lies behind the table's fields.
        unsafe { zero_bytes(self.0 + SMALL_HASHES, end - self.0 - SMALL_HASHES) };
    }
}

/// The groups that a hash visits, in order: an odd step reaches all of them.
struct Probe {
    group: u32,
    tag: u8,
    mask: u32,
}

impl Probe {
    #[inline(always)]
    fn new(hash: u32, mask: u32) -> Probe {
        Probe { group: hash & mask, tag: (hash >> 24) as u8, mask }
    }

    #[inline(always)]
    fn next(&mut self) {
        self.group = (self.group + 2 * self.tag as u32 + 1) & self.mask;
    }
}

const _: () = assert!(FILL < WIDTH);
