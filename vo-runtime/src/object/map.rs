//! Maps: a dense row of entries, found through groups of control bytes.
//!
//! ```text
//! header   count | table | seed | flags used | free          (shared by all copies of the map value)
//! table    entries | cap mask | groups ... | hashes ...      (replaced when the map grows)
//! group    12 control bytes, overflow count, 3 unused | 12 positions      (one cache line)
//! entries  key elem | key elem | ...                         (Go's memory layout)
//! ```
//!
//! An entry keeps its *position* for life: growth copies the row as it is, deletion puts the position on
//! a free list. So an iterator is a position, a start and an end; entries survive growth exactly once,
//! deleted ones are not met, and new ones beyond the end are left out, as Go allows. Lookups go
//! through the groups: a control byte is 7 bits of the hash with the high bit set, 0 where empty; all 12
//! are compared at once. A group counts the keys that found it full and went on; a lookup ends at a group
//! that nobody overflowed, so deletions leave no tombstones. Up to eight entries need no
//! groups: their hashes are compared directly.
//!
//! The word kept per position is the hash with bit 31 set, or for a dead position the next free one.
//!
//! Rejected: entries inside the groups (Go's own design): growth moves entries, so that iterators must
//! look keys up again; and a half empty row of large entries.
//!
//! Must stay true: a table's geometry never changes after it is published, and positions in its groups
//! are below its capacity, so that a racing reader goes astray among entries but not outside of
//! them. An entry that is not live is zero. Element addresses stay valid until the next insertion.

mod group;
mod key;
mod table;

#[cfg(test)]
mod tests;

use crate::heap::AllocCache;
use crate::heap::barrier::{overwriting, overwriting_values};
use crate::object::mem::zero_layout;
use crate::panic::{Fatal, Result, RuntimePanic, Trap};
use crate::rtype::{KeyForm, MapShape, Ty};
use crate::value::{Str, Word, load_str, load_uint, load_word, store_word};
use key::{IntKey, Key, MemKey, StrKey};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
pub(crate) use table::trace as trace_table;
use table::{MAX_CAP, SMALL, Table};

/// A map object. Compiled code reads `count` at offset 0.
#[repr(C)]
struct Header {
    /// Live entries.
    count: u64,
    /// The table, 0 before the first insertion.
    table: Word,
    seed: u64,
    flags: u32,
    /// Positions below this have been used.
    used: u32,
    /// The first free position plus one.
    free: u32,
    /// Capacity that `make` asked for.
    hint: u32,
}

/// Words of a header that are addresses.
pub(crate) const HEADER_POINTERS: (usize, &[u32]) = (5, &[1]);

/// Set while an operation changes the map.
const WRITING: u32 = 1;

/// A map, by address. Fields are read and written raw, one by one: racing programs share them.
#[derive(Clone, Copy)]
struct MapRef(*mut Header);

macro_rules! fields {
    ($($get:ident $set:ident $field:ident: $ty:ty;)*) => {
        impl MapRef {
            $(
                #[inline(always)]
                fn $get(self) -> $ty {
                    // SAFETY: a `MapRef` is made of a map object's address only.
                    unsafe { (&raw const (*self.0).$field).read_volatile() }
                }
                #[inline(always)]
                fn $set(self, value: $ty) {
                    // SAFETY: as above.
                    unsafe { (&raw mut (*self.0).$field).write_volatile(value) }
                }
            )*
        }
    };
}

fields! {
    count set_count count: u64;
    seed set_seed seed: u64;
    used set_used used: u32;
    free set_free free: u32;
    hint set_hint hint: u32;
}

impl MapRef {
    fn at(map: Word) -> MapRef {
        MapRef(map as *mut Header)
    }

    #[inline(always)]
    fn table(self) -> Option<Table> {
        // SAFETY: the field of a map object.
        Table::at(unsafe { load_word(&raw const (*self.0).table as Word) })
    }

    fn set_table(self, table: Table) {
        // SAFETY: the field of a map object.
        unsafe {
            let field = &raw mut (*self.0).table as Word;
            overwriting(field);
            store_word(field, table.addr());
        }
    }

    #[inline(always)]
    fn flags<'a>(self) -> &'a AtomicU32 {
        // SAFETY: the field of a map object, only used as an atomic; the reference is used at once.
        unsafe { AtomicU32::from_ptr(&raw mut (*self.0).flags) }
    }

    /// Fails where somebody changes the map meanwhile.
    #[inline(always)]
    fn check_reading(self, fatal: Fatal) -> Result<()> {
        if self.flags().load(Relaxed) & WRITING != 0 { Err(fatal.into()) } else { Ok(()) }
    }

    #[inline(always)]
    fn begin_writing(self) -> Result<()> {
        self.check_reading(Fatal::ConcurrentMapWrites)?;
        self.flags().store(WRITING, Relaxed);
        Ok(())
    }

    #[inline(always)]
    fn end_writing(self) -> Result<()> {
        if self.flags().load(Relaxed) & WRITING == 0 {
            return Err(Fatal::ConcurrentMapWrites.into());
        }
        self.flags().store(0, Relaxed);
        Ok(())
    }
}

// ---- making ----

/// A new map of a type with room for about `hint` entries.
pub fn new(cache: &mut AllocCache, ty: Ty, hint: i64) -> Result<Word> {
    debug_assert!(ty.map.is_some());
    let layout = cache.heap().types().layouts.map();
    let map = MapRef::at(cache.alloc_layout(size_of::<Header>() as u64, layout)?);
    map.set_seed(cache.random());
    map.set_hint(hint.clamp(0, MAX_CAP as i64) as u32);
    if hint > SMALL as i64 {
        map.set_table(Table::new(cache, ty.map_shape(), map.hint())?);
    }
    Ok(map.0 as Word)
}

/// The number of entries; 0 for nil.
///
/// # Safety
/// `map` is a map or 0.
#[inline(always)]
pub unsafe fn len(map: Word) -> u64 {
    if map == 0 { 0 } else { MapRef::at(map).count() }
}

/// The live entries of a map: how many, and where they lie, as rows of (first address, number).
///
/// # Safety
/// `map` is a map of type `ty`.
pub(crate) unsafe fn live_entries(map: Word, ty: Ty) -> Result<(u64, Vec<(Word, u64)>)> {
    let map = MapRef::at(map);
    map.check_reading(Fatal::ConcurrentMapIterWrite)?;
    let mut rows: Vec<(Word, u64)> = Vec::new();
    let Some(table) = map.table() else { return Ok((0, rows)) };
    let (shape, end) = (ty.map_shape(), map.used().min(table.cap()));
    let (mut next, mut count) = (0, 0);
    while let Some(position) = table.next_live(next, end) {
        let entry = table.entry(position, shape);
        match rows.last_mut() {
            Some((first, n)) if *first + *n * shape.entry_size == entry => *n += 1,
            _ => rows.push((entry, 1)),
        }
        (next, count) = (position + 1, count + 1);
    }
    Ok((count, rows))
}

// ---- lookup ----

/// The element of an integer key: its address, or that of a zero value, and whether it is there.
///
/// # Safety
/// `map` is a map of type `ty` or 0, whose keys are integers in the wide sense.
#[inline]
pub unsafe fn get_int(map: Word, key: Word, ty: Ty) -> Result<(Word, bool)> {
    let shape = ty.map_shape();
    // SAFETY: handed on.
    unsafe {
        match shape.form {
            KeyForm::Int(8) => get(map, &IntKey::<8>::new(key), shape),
            KeyForm::Int(4) => get(map, &IntKey::<4>::new(key), shape),
            KeyForm::Int(2) => get(map, &IntKey::<2>::new(key), shape),
            KeyForm::Int(1) => get(map, &IntKey::<1>::new(key), shape),
            _ => wrong_form(ty),
        }
    }
}

/// The element of a string key; see [`get_int`].
///
/// # Safety
/// `map` is a map of type `ty` or 0, whose keys are strings; the key is alive.
#[inline]
pub unsafe fn get_str(map: Word, key: Str, ty: Ty) -> Result<(Word, bool)> {
    // SAFETY: handed on.
    unsafe { get(map, &StrKey(key), ty.map_shape()) }
}

/// The element of a key in memory, of any type; see [`get_int`]. Panics where the key is unhashable.
///
/// # Safety
/// `map` is a map of type `ty` or 0; `key` is the address of a key.
pub unsafe fn get_mem(map: Word, key: Word, ty: Ty) -> Result<(Word, bool)> {
    let shape = ty.map_shape();
    // SAFETY: handed on; the key's memory holds what its form says.
    unsafe {
        match shape.form {
            KeyForm::Int(size) => get_int(map, load_uint(key, size as u64), ty),
            KeyForm::Str => get(map, &StrKey(load_str(key)), shape),
            KeyForm::Mem => get(map, &MemKey { addr: key, ty: shape.key }, shape),
        }
    }
}

#[cold]
fn wrong_form<T>(ty: Ty) -> Result<T> {
    panic!("internal error: integer key for {}", ty.name)
}

/// The address of the element of an integer key of `SIZE` bytes, if it is there; it fails fatally only.
///
/// # Safety
/// `map` is a map of type `ty` or 0, whose keys have so many bytes.
#[inline(always)]
pub unsafe fn find_int<const SIZE: u8>(map: Word, key: Word, ty: Ty) -> Result<Option<Word>> {
    // SAFETY: handed on.
    unsafe { find(map, &IntKey::<SIZE>::new(key), ty.map_shape()) }
}

/// The address of the element of a string key, if it is there; it fails fatally only.
///
/// # Safety
/// As for [`get_str`].
#[inline(always)]
pub unsafe fn find_str(map: Word, key: Str, ty: Ty) -> Result<Option<Word>> {
    // SAFETY: handed on.
    unsafe { find(map, &StrKey(key), ty.map_shape()) }
}

/// # Safety
/// `map` is a map of this shape or 0, the key is one of it.
#[inline(always)]
unsafe fn get<K: Key>(map: Word, key: &K, shape: &MapShape) -> Result<(Word, bool)> {
    // SAFETY: handed on.
    Ok(match unsafe { find(map, key, shape)? } {
        Some(elem) => (elem, true),
        None => (shape.zero, false),
    })
}

/// # Safety
/// `map` is a map of this shape or 0, the key is one of it.
#[inline(always)]
unsafe fn find<K: Key>(map: Word, key: &K, shape: &MapShape) -> Result<Option<Word>> {
    if map == 0 || MapRef::at(map).count() == 0 {
        check_absent(key)?;
        return Ok(None);
    }
    let map = MapRef::at(map);
    map.check_reading(Fatal::ConcurrentMapReadWrite)?;
    let hash = key.hash(map.seed())?;
    let Some(table) = map.table() else { return Ok(None) };
    Ok(table.find(hash, key, shape).map(|found| table.entry(found, shape) + shape.elem_offset))
}

/// The key's panic comes even where there is nothing to find, in words of its own.
#[inline(always)]
fn check_absent<K: Key>(key: &K) -> Result<()> {
    match key.hash(0) {
        Err(Trap::Panic(RuntimePanic::Unhashable { ty })) => {
            Err(RuntimePanic::UnhashableAbsent { ty }.into())
        }
        other => other.map(drop),
    }
}

// ---- insertion ----

/// The address of the element of an integer key, inserted zeroed where it was absent; nil panics.
///
/// # Safety
/// As for [`get_int`].
#[inline]
pub unsafe fn set_int(cache: &mut AllocCache, map: Word, key: Word, ty: Ty) -> Result<Word> {
    let shape = ty.map_shape();
    // SAFETY: handed on.
    unsafe {
        match shape.form {
            KeyForm::Int(8) => set(cache, map, &IntKey::<8>::new(key), shape),
            KeyForm::Int(4) => set(cache, map, &IntKey::<4>::new(key), shape),
            KeyForm::Int(2) => set(cache, map, &IntKey::<2>::new(key), shape),
            KeyForm::Int(1) => set(cache, map, &IntKey::<1>::new(key), shape),
            _ => wrong_form(ty),
        }
    }
}

/// The address of the element of an integer key of `SIZE` bytes, inserted zeroed where it was absent; nil panics.
///
/// # Safety
/// As for [`find_int`].
#[inline(always)]
pub unsafe fn put_int<const SIZE: u8>(cache: &mut AllocCache, map: Word, key: Word, ty: Ty) -> Result<Word> {
    // SAFETY: handed on.
    unsafe { set(cache, map, &IntKey::<SIZE>::new(key), ty.map_shape()) }
}

/// The address of the element of a string key; see [`set_int`].
///
/// # Safety
/// As for [`get_str`].
#[inline]
pub unsafe fn set_str(cache: &mut AllocCache, map: Word, key: Str, ty: Ty) -> Result<Word> {
    // SAFETY: handed on.
    unsafe { set(cache, map, &StrKey(key), ty.map_shape()) }
}

/// The address of the element of a key in memory; see [`set_int`]. Panics where the key is unhashable.
///
/// # Safety
/// As for [`get_mem`].
pub unsafe fn set_mem(cache: &mut AllocCache, map: Word, key: Word, ty: Ty) -> Result<Word> {
    let shape = ty.map_shape();
    // SAFETY: handed on; the key's memory holds what its form says.
    unsafe {
        match shape.form {
            KeyForm::Int(size) => set_int(cache, map, load_uint(key, size as u64), ty),
            KeyForm::Str => set(cache, map, &StrKey(load_str(key)), shape),
            KeyForm::Mem => set(cache, map, &MemKey { addr: key, ty: shape.key }, shape),
        }
    }
}

/// # Safety
/// `map` is a map of this shape or 0, the key is one of it.
#[inline(always)]
unsafe fn set<K: Key>(cache: &mut AllocCache, map: Word, key: &K, shape: &MapShape) -> Result<Word> {
    if map == 0 {
        return Err(RuntimePanic::NilMapAssign {}.into());
    }
    let map = MapRef::at(map);
    let hash = key.hash(map.seed())?;
    map.begin_writing()?;
    let entry = match map.table().and_then(|table| Some((table, table.find(hash, key, shape)?))) {
        Some((table, position)) => {
            let entry = table.entry(position, shape);
            if !shape.reflexive {
                // Equal keys may differ: +0.0 becomes -0.0.
                // SAFETY: the entry's key.
                unsafe {
                    overwriting_values(shape.key.layout, entry, shape.key.size);
                    key.store(entry);
                }
            }
            entry
        }
        None => insert(cache, map, hash, key, shape)?,
    };
    map.end_writing()?;
    Ok(entry + shape.elem_offset)
}

/// A new entry for a key that is not there.
#[inline(never)]
fn insert<K: Key>(cache: &mut AllocCache, map: MapRef, hash: u32, key: &K, shape: &MapShape) -> Result<Word> {
    let (free, used) = (map.free(), map.used());
    let (table, position) = match map.table() {
        Some(table) if free != 0 && free <= table.cap() => {
            map.set_free(table.hash(free - 1));
            (table, free - 1)
        }
        Some(table) if used < table.cap() => (table, used),
        _ => match grow(cache, map, shape) {
            Ok(table) => (table, used),
            Err(trap) => {
                map.flags().store(0, Relaxed);
                return Err(trap);
            }
        },
    };
    if position >= table.cap() || table.is_live(position) {
        // Only a race leads here.
        return Err(Fatal::ConcurrentMapWrites.into());
    }
    if position == used {
        map.set_used(position + 1);
    }
    let entry = table.entry(position, shape);
    // SAFETY: the entry is free, and this fiber is the one that writes.
    unsafe { key.store(entry) };
    table.set_hash(position, hash);
    table.index(hash, position);
    map.set_count(map.count() + 1);
    Ok(entry)
}

/// A larger table with the same entries.
#[cold]
fn grow(cache: &mut AllocCache, map: MapRef, shape: &MapShape) -> Result<Table> {
    let table = match map.table() {
        None => Table::new(cache, shape, map.hint().min(SMALL))?,
        Some(old) => {
            let table = Table::new(cache, shape, old.cap() + 1)?;
            table.copy_from(old, map.used(), shape);
            table
        }
    };
    map.set_table(table);
    Ok(table)
}

// ---- deletion ----

/// Deletes an integer key.
///
/// # Safety
/// As for [`get_int`].
#[inline]
pub unsafe fn delete_int(map: Word, key: Word, ty: Ty) -> Result<()> {
    let shape = ty.map_shape();
    // SAFETY: handed on.
    unsafe {
        match shape.form {
            KeyForm::Int(8) => delete(map, &IntKey::<8>::new(key), shape),
            KeyForm::Int(4) => delete(map, &IntKey::<4>::new(key), shape),
            KeyForm::Int(2) => delete(map, &IntKey::<2>::new(key), shape),
            KeyForm::Int(1) => delete(map, &IntKey::<1>::new(key), shape),
            _ => wrong_form(ty),
        }
    }
}

/// Deletes a string key.
///
/// # Safety
/// As for [`get_str`].
#[inline]
pub unsafe fn delete_str(map: Word, key: Str, ty: Ty) -> Result<()> {
    // SAFETY: handed on.
    unsafe { delete(map, &StrKey(key), ty.map_shape()) }
}

/// Deletes a key in memory; panics where it is unhashable.
///
/// # Safety
/// As for [`get_mem`].
pub unsafe fn delete_mem(map: Word, key: Word, ty: Ty) -> Result<()> {
    let shape = ty.map_shape();
    // SAFETY: handed on; the key's memory holds what its form says.
    unsafe {
        match shape.form {
            KeyForm::Int(size) => delete_int(map, load_uint(key, size as u64), ty),
            KeyForm::Str => delete(map, &StrKey(load_str(key)), shape),
            KeyForm::Mem => delete(map, &MemKey { addr: key, ty: shape.key }, shape),
        }
    }
}

/// # Safety
/// `map` is a map of this shape or 0, the key is one of it.
unsafe fn delete<K: Key>(map: Word, key: &K, shape: &MapShape) -> Result<()> {
    if map == 0 || MapRef::at(map).count() == 0 {
        check_absent(key)?;
        return Ok(());
    }
    let map = MapRef::at(map);
    let hash = key.hash(map.seed())?;
    map.begin_writing()?;
    if let Some(table) = map.table()
        && let Some(position) = table.find(hash, key, shape)
    {
        table.unindex(hash, position);
        // SAFETY: an entry that nobody may use any more.
        unsafe { zero_layout(shape.entry_layout, table.entry(position, shape), shape.entry_size) };
        map.set_count(map.count() - 1);
        release(map, table, position);
    }
    map.end_writing()
}

/// Makes a position free.
fn release(map: MapRef, table: Table, position: u32) {
    if map.count() == 0 {
        table.set_hash(position, 0);
        map.set_used(0);
        map.set_free(0);
    } else if position + 1 == map.used() {
        table.set_hash(position, 0);
        map.set_used(position);
    } else {
        table.set_hash(position, map.free());
        map.set_free(position + 1);
    }
}

/// Deletes all entries.
///
/// # Safety
/// `map` is a map of type `ty` or 0.
pub unsafe fn clear(map: Word, ty: Ty) -> Result<()> {
    if map == 0 {
        return Ok(());
    }
    let map = MapRef::at(map);
    map.begin_writing()?;
    if let Some(table) = map.table() {
        let shape = ty.map_shape();
        let bytes = map.used().min(table.cap()) as u64 * shape.entry_size;
        // SAFETY: the row has so many bytes.
        unsafe { zero_layout(shape.entry_layout, table.entries(), bytes) };
        table.clear();
    }
    map.set_count(0);
    map.set_used(0);
    map.set_free(0);
    map.end_writing()
}

// ---- iteration ----

/// An iterator object.
#[repr(C)]
struct Iter {
    map: Word,
    /// Of the map's shape.
    entry_size: u64,
    elem_offset: u64,
    /// Positions `start..end` come first, then `0..start`.
    start: u32,
    end: u32,
    next: u32,
    wrapped: u32,
}

/// Words of an iterator that are addresses.
pub(crate) const ITER_POINTERS: (usize, &[u32]) = (5, &[0]);

/// A new iterator that starts at a random place.
///
/// # Safety
/// `map` is a map of type `ty` or 0.
pub unsafe fn iter(cache: &mut AllocCache, map: Word, ty: Ty) -> Result<Word> {
    let shape = ty.map_shape();
    let layout = cache.heap().types().layouts.map_iter();
    let iter = cache.alloc_layout(size_of::<Iter>() as u64, layout)? as *mut Iter;
    let end = if map == 0 { 0 } else { MapRef::at(map).used() };
    // A number below `end`, without the cost of a division.
    let start = (((cache.random() >> 32) * end as u64) >> 32) as u32;
    // SAFETY: a new object of the iterator's size.
    unsafe {
        store_word(&raw mut (*iter).map as Word, map);
        (&raw mut (*iter).entry_size).write(shape.entry_size);
        (&raw mut (*iter).elem_offset).write(shape.elem_offset);
        (&raw mut (*iter).start).write(start);
        (&raw mut (*iter).end).write(end);
        (&raw mut (*iter).next).write(start);
    }
    Ok(iter as Word)
}

/// Addresses of the next key and element; `None` at the end.
///
/// # Safety
/// `iter` is an iterator of [`iter`].
pub unsafe fn next(iter: Word) -> Result<Option<(Word, Word)>> {
    // SAFETY: an iterator object, used by one fiber.
    let state = unsafe { &mut *(iter as *mut Iter) };
    if state.map == 0 {
        return Ok(None);
    }
    let map = MapRef::at(state.map);
    map.check_reading(Fatal::ConcurrentMapIterWrite)?;
    let Some(table) = map.table() else { return Ok(None) };
    loop {
        let end = if state.wrapped != 0 { state.start } else { state.end };
        let end = end.min(map.used()).min(table.cap());
        if let Some(position) = table.next_live(state.next, end) {
            state.next = position + 1;
            let entry = table.entries() + position as u64 * state.entry_size;
            return Ok(Some((entry, entry + state.elem_offset)));
        }
        if state.wrapped != 0 {
            return Ok(None);
        }
        (state.wrapped, state.next) = (1, 0);
    }
}
