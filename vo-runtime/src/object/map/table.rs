//! A table: a power of two of groups in a row, and behind them a word about them.
//!
//! ```text
//! | group | group | ... | room 2 | used 2 | depth 1 | stale 1 |
//! ```
//! A lookup starts at the group that bits of the hash name and goes on in growing steps until a group has an empty
//! place; whoever inserts takes a place without an entry in the first group on that way that has one. A deleted entry leaves its place
//! empty unless its group was full, which others may have gone past. *Room* counts the empty places that
//! may still be filled: an eighth stays empty, except in a table of one group, where there is no way to go on.
//!
//! Must stay true: entries never move inside of a table, and where the word behind lies never changes. A
//! place that is not full is zero. A table that was replaced keeps its entries as they were, for iterators.

use super::group::{Group, Places, WIDTH, tags};
use super::key::Key;
use crate::heap::AllocCache;
use crate::object::mem::zero_layout;
use crate::panic::Result;
use crate::rtype::{KeyForm, MapShape, hash_mem, hash_str, hash_word};
use crate::value::{Word, copy_bytes, copy_words, load_str, load_uint};

/// Binary logarithm of the groups of the largest table.
pub(super) const MAX_LOG: u32 = 7;

/// Objects from this size on lie at multiples of 16: roots use the low bits.
pub(super) const ALIGNED: u64 = 32;

/// A table, by address and binary logarithm of its groups.
#[derive(Clone, Copy)]
pub(super) struct Table {
    pub(super) base: Word,
    pub(super) log: u32,
}

/// A place in a group.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) group: Group,
    pub(super) place: u32,
}

impl Place {
    /// The address of the entry.
    #[inline(always)]
    pub(super) fn entry(self, shape: &MapShape) -> Word {
        self.group.entry(self.place, shape)
    }
}

/// Places that may be filled, of a table with so many groups.
const fn room(log: u32) -> u16 {
    let places = WIDTH << log;
    (if log == 0 { places } else { places / 8 * 7 }) as u16
}

/// The logarithm of a table that has room for so many entries; it may exceed [`MAX_LOG`].
pub(super) fn log_for(entries: u64) -> u32 {
    if entries <= WIDTH as u64 {
        return 0;
    }
    entries.div_ceil(WIDTH as u64 / 8 * 7).next_power_of_two().trailing_zeros()
}

/// The hash of an entry's key; NaN has another each time.
///
/// # Safety
/// `entry` is an entry of the shape.
#[inline(always)]
pub(super) unsafe fn hash_of(entry: Word, shape: &MapShape, seed: u64) -> u64 {
    // SAFETY: the entry begins with its key. What was hashed once does not fail.
    unsafe {
        match shape.form {
            KeyForm::Int(size) => hash_word(load_uint(entry, size as u64), seed),
            KeyForm::Str => hash_str(load_str(entry), seed),
            KeyForm::Mem => hash_mem(&shape.key, entry, seed).unwrap_or(0),
        }
    }
}

impl Table {
    /// An empty table, for hashes that agree in `depth` bits.
    pub(super) fn new(cache: &mut AllocCache, shape: &MapShape, log: u32, depth: u32) -> Result<Table> {
        let bytes = (shape.group_size << log) + 8;
        let base = cache.alloc_layout(bytes.max(ALIGNED), shape.group_layout)?;
        let table = Table { base, log };
        table.set_room(shape, room(log));
        // SAFETY: a byte of the table's last word.
        unsafe { ((table.about(shape) + 4) as *mut u8).write(depth as u8) };
        Ok(table)
    }

    #[inline(always)]
    fn mask(self) -> u32 {
        (1 << self.log) - 1
    }

    /// Places.
    #[inline(always)]
    pub(super) fn places(self) -> u32 {
        WIDTH << self.log
    }

    /// The group of a number.
    #[inline(always)]
    pub(super) fn group(self, number: u32, shape: &MapShape) -> Group {
        Group(self.base + number as u64 * shape.group_size)
    }

    /// The address of the last word.
    #[inline(always)]
    fn about(self, shape: &MapShape) -> Word {
        self.base + (shape.group_size << self.log)
    }

    /// Empty places that may be filled.
    #[inline(always)]
    pub(super) fn room(self, shape: &MapShape) -> u16 {
        // SAFETY: in the table's last word, here and below.
        unsafe { (self.about(shape) as *const u16).read_volatile() }
    }

    #[inline(always)]
    fn set_room(self, shape: &MapShape, room: u16) {
        // SAFETY: as above.
        unsafe { (self.about(shape) as *mut u16).write_volatile(room) }
    }

    /// Entries.
    #[inline(always)]
    pub(super) fn used(self, shape: &MapShape) -> u16 {
        // SAFETY: as above.
        unsafe { ((self.about(shape) + 2) as *const u16).read_volatile() }
    }

    #[inline(always)]
    fn set_used(self, shape: &MapShape, used: u16) {
        // SAFETY: as above.
        unsafe { ((self.about(shape) + 2) as *mut u16).write_volatile(used) }
    }

    /// Leading bits in which the hashes of the table's keys agree.
    #[inline(always)]
    pub(super) fn depth(self, shape: &MapShape) -> u32 {
        // SAFETY: as above.
        unsafe { ((self.about(shape) + 4) as *const u8).read_volatile() as u32 }
    }

    /// Whether others have taken its place.
    #[inline(always)]
    pub(super) fn is_stale(self, shape: &MapShape) -> bool {
        // SAFETY: as above.
        unsafe { ((self.about(shape) + 5) as *const u8).read_volatile() != 0 }
    }

    /// Others take its place.
    pub(super) fn set_stale(self, shape: &MapShape) {
        // SAFETY: as above.
        unsafe { ((self.about(shape) + 5) as *mut u8).write_volatile(1) }
    }

    /// The place of a key.
    #[inline(always)]
    pub(super) fn find<K: Key>(self, hash: u64, key: &K, shape: &MapShape) -> Option<Place> {
        let (tags, mut way) = (tags(hash), Way::new(hash, self.mask()));
        self.group(way.group, shape).expect(hash, shape);
        loop {
            let group = self.group(way.group, shape);
            let control = group.control();
            for place in control.matches(tags) {
                // SAFETY: an entry of the table.
                if unsafe { key.is_at(group.entry(place, shape)) } {
                    return Some(Place { group, place });
                }
            }
            if control.empty().any() || !way.go_on() {
                return None;
            }
        }
    }

    /// A place for an entry that is not there, and whether taking it needs room; `None` where all are full.
    #[inline(always)]
    fn vacancy(self, hash: u64, shape: &MapShape) -> Option<(Place, bool)> {
        let mut way = Way::new(hash, self.mask());
        loop {
            let group = self.group(way.group, shape);
            let control = group.control();
            if let Some(place) = control.vacancy(hash) {
                return Some((Place { group, place }, !control.is_deleted(place)));
            }
            if !way.go_on() {
                return None;
            }
        }
    }

    /// Takes a place for an entry that is not there; `None` where there is no room.
    #[inline(always)]
    pub(super) fn take(self, hash: u64, shape: &MapShape) -> Option<Place> {
        let (place, needs_room) = self.vacancy(hash, shape)?;
        if needs_room {
            let room = self.room(shape);
            self.set_room(shape, room.checked_sub(1)?);
        }
        self.set_used(shape, self.used(shape).wrapping_add(1));
        place.group.fill(place.place, hash);
        Some(place)
    }

    /// Removes an entry.
    pub(super) fn remove(self, place: Place, shape: &MapShape) {
        // SAFETY: an entry that nobody may use any more.
        unsafe { zero_layout(shape.entry_layout, place.entry(shape), shape.entry_size) };
        let passed = self.log != 0 && !place.group.control().empty().any();
        place.group.vacate(place.place, passed);
        let used = self.used(shape).wrapping_sub(1);
        self.set_used(shape, used);
        if !passed {
            self.set_room(shape, self.room(shape).wrapping_add(1).min(room(self.log)));
        }
        if used == 0 && self.room(shape) != room(self.log) {
            (0..=self.mask()).for_each(|number| self.group(number, shape).reset());
            self.set_room(shape, room(self.log));
        }
    }

    /// Removes all entries.
    pub(super) fn clear(self, shape: &MapShape) {
        if self.used(shape) == 0 && self.room(shape) == room(self.log) {
            return;
        }
        // SAFETY: the groups, which hold what the layout says.
        unsafe { zero_layout(shape.group_layout, self.base, shape.group_size << self.log) };
        self.set_used(shape, 0);
        self.set_room(shape, room(self.log));
    }

    /// Whether so much of it are places of deleted entries that a new table of the same size does.
    pub(super) fn is_littered(self, shape: &MapShape) -> bool {
        self.log != 0 && self.used(shape) as u32 <= self.places() / 4 * 3
    }

    /// Calls `f` with each group that has entries, in order, and their places.
    #[inline(always)]
    pub(super) fn for_each_group(self, shape: &MapShape, mut f: impl FnMut(Group, Places)) {
        for number in 0..=self.mask() {
            let group = self.group(number, shape);
            let full = group.control().full();
            if full.any() {
                f(group, full);
            }
        }
    }

    /// Copies its entries to new tables, each to the one that `choose` names for its hash.
    #[inline(always)]
    pub(super) fn copy_to(self, shape: &MapShape, seed: u64, choose: impl Fn(u64) -> Table) {
        self.for_each_group(shape, |group, full| {
            for place in full {
                let entry = group.entry(place, shape);
                // SAFETY: an entry of this shape.
                let hash = unsafe { hash_of(entry, shape, seed) };
                if let Some(new) = choose(hash).take(hash, shape) {
                    // SAFETY: entries of this shape; the new one is zero and nobody else's.
                    unsafe { copy_entry(new.entry(shape), entry, shape) };
                }
            }
        });
    }
}

/// Copies an entry to where none was.
///
/// # Safety
/// Both are memory of entries of the shape.
#[inline(always)]
unsafe fn copy_entry(new: Word, old: Word, shape: &MapShape) {
    // SAFETY: by the contract.
    unsafe {
        if shape.entry_size.is_multiple_of(8) {
            copy_words(new, old, shape.entry_size / 8);
        } else {
            copy_bytes(new, old, shape.entry_size);
        }
    }
}

/// The groups that a hash visits: all of them, in steps that grow by one.
struct Way {
    group: u32,
    step: u32,
    mask: u32,
}

impl Way {
    #[inline(always)]
    fn new(hash: u64, mask: u32) -> Way {
        Way { group: (hash >> 7) as u32 & mask, step: 0, mask }
    }

    /// Goes to the next group; `false` where all were visited.
    #[inline(always)]
    fn go_on(&mut self) -> bool {
        self.step += 1;
        self.group = (self.group + self.step) & self.mask;
        self.step <= self.mask
    }
}
