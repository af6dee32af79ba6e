//! Iteration over a map.
//!
//! Hashes are gone through from the first one of a random table up to the last one and on from 0: after a table comes
//! the one that the next hash leads to. Tables are split and never merged, so wherever one ended, another begins,
//! whatever has grown meanwhile. In a table, groups and the places in them come in order from a random one.
//!
//! The iterator keeps the table it is in. If others take its place it goes on in the old one, which nobody changes any
//! more, and looks each key up in the map: what is not there was deleted. So entries that last come
//! exactly once, deleted ones do not, and new ones where they lie ahead. NaN is never found
//! and never deleted but by `clear`, after which an iteration is over.

use super::table::{Place, Table};
use super::{MapRef, find_mem, group::WIDTH};
use crate::heap::AllocCache;
use crate::heap::barrier::overwriting;
use crate::panic::{Fatal, Result};
use crate::rtype::{MapShape, Ty, eq_mem};
use crate::value::{Word, store_word};

/// An iterator object.
#[repr(C)]
struct Iter {
    map: Word,
    /// The table's address.
    table: Word,
    /// The map type.
    ty: Ty,
    /// The first hash of the table.
    hash: u64,
    /// Where the iteration started.
    start: u64,
    /// The map's count of clears when it started.
    clears: u32,
    /// Places of the table that were looked at.
    seen: u16,
    /// The place that was the first one.
    first: u16,
    /// Binary logarithm of the table's groups.
    log: u8,
    over: bool,
}

/// Words of an iterator that are addresses.
pub(crate) const POINTERS: (usize, &[u32]) = (size_of::<Iter>() / 8, &[0, 1]);

/// A new iterator that starts at a random place.
///
/// # Safety
/// `map` is a map of type `ty` or 0.
pub unsafe fn iter(cache: &mut AllocCache, map: Word, ty: Ty) -> Result<Word> {
    let layout = cache.heap().types().layouts.map_iter();
    let iter = cache.alloc_layout(size_of::<Iter>() as u64, layout)? as *mut Iter;
    let random = cache.random();
    // SAFETY: a new object of the iterator's size, zero but for the type, which is written first.
    let state = unsafe {
        (&raw mut (*iter).ty).write(ty);
        &mut *iter
    };
    let table = match map {
        0 => None,
        map => MapRef::at(map).root().table(random),
    };
    match table {
        Some(table) => {
            // SAFETY: the word of a new object.
            unsafe { store_word(&raw mut state.map as Word, map) };
            state.clears = MapRef::at(map).clears();
            state.start = first_hash(random, table.depth(ty.map_shape()));
            state.hash = state.start;
            state.enter(table, random);
        }
        None => state.over = true,
    }
    Ok(iter as Word)
}

/// The least hash that agrees in so many bits.
fn first_hash(hash: u64, depth: u32) -> u64 {
    hash & !(u64::MAX.checked_shr(depth).unwrap_or(0))
}

/// Addresses of the next key and element; `None` at the end.
///
/// # Safety
/// `iter` is an iterator of [`iter`].
pub unsafe fn next(iter: Word) -> Result<Option<(Word, Word)>> {
    // SAFETY: an iterator object, used by one fiber.
    let state = unsafe { &mut *(iter as *mut Iter) };
    if state.over {
        return Ok(None);
    }
    let map = MapRef::at(state.map);
    map.check_reading(Fatal::ConcurrentMapIterWrite)?;
    if map.clears() != state.clears {
        state.over = true;
        return Ok(None);
    }
    let ty = state.ty;
    let shape = ty.map_shape();
    loop {
        let table = state.table();
        while let Some(place) = state.next_place(table, shape) {
            let entry = place.entry(shape);
            if !table.is_stale(shape) {
                return Ok(Some((entry, entry + shape.elem_offset)));
            }
            // SAFETY: an entry of the shape, here and below.
            if let Some(elem) = unsafe { current(state.map, entry, shape)? } {
                return Ok(Some((elem - shape.elem_offset, elem)));
            }
        }
        if !state.go_on(map, table.depth(shape)) {
            state.over = true;
            return Ok(None);
        }
    }
}

/// The element in the map that belongs to an entry of a table that was replaced, if it was not deleted.
///
/// # Safety
/// `entry` is an entry of the map's shape.
#[cold]
unsafe fn current(map: Word, entry: Word, shape: &MapShape) -> Result<Option<Word>> {
    // SAFETY: handed on; the entry begins with its key.
    unsafe {
        if !shape.reflexive && !eq_mem(&shape.key, entry, entry)? {
            return Ok(Some(entry + shape.elem_offset));
        }
        find_mem(map, entry, shape)
    }
}

impl Iter {
    fn table(&self) -> Table {
        Table { base: self.table, log: self.log as u32 }
    }

    /// Begins with a table, at a random place.
    fn enter(&mut self, table: Table, random: u64) {
        let field = &raw mut self.table as Word;
        // SAFETY: a word of this object.
        unsafe {
            overwriting(field);
            store_word(field, table.base);
        }
        (self.log, self.seen) = (table.log as u8, 0);
        self.first = (random & (table.places() as u64 - 1)) as u16;
    }

    /// The next place of the table that holds an entry.
    #[inline(always)]
    fn next_place(&mut self, table: Table, shape: &MapShape) -> Option<Place> {
        let (places, turn) = (table.places(), self.first as u32 % WIDTH);
        while (self.seen as u32) < places {
            let (seen, first) = (self.seen as u32, self.first as u32);
            let group = table.group((first / WIDTH + seen / WIDTH) % (places / WIDTH), shape);
            // The group's places in the order of the iteration, without those before.
            let full = group.control().full().bits();
            let ahead = (full << WIDTH | full) >> turn & 0xff & (0xff << (seen % WIDTH));
            if ahead != 0 {
                let place = ahead.trailing_zeros();
                self.seen = (seen / WIDTH * WIDTH + place + 1) as u16;
                return Some(Place { group, place: (place + turn) % WIDTH });
            }
            self.seen = ((seen / WIDTH + 1) * WIDTH) as u16;
        }
        None
    }

    /// Goes to the next table; `false` where all hashes were gone through.
    #[cold]
    fn go_on(&mut self, map: MapRef, depth: u32) -> bool {
        self.hash = self.hash.wrapping_add(1u64.checked_shl(64 - depth).unwrap_or(0));
        if self.hash == self.start {
            return false;
        }
        match map.root().table(self.hash) {
            Some(table) => {
                self.enter(table, self.first as u64);
                true
            }
            None => false,
        }
    }
}
