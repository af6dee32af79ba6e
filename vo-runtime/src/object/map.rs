//! Maps: tables of groups, each a word of control bytes with its entries behind it.
//!
//! ```text
//! header      count | root | seed | flags, clears       (shared by all copies of the map value)
//! root        one table, or a directory of tables
//! table       group | group | ... | room, used, ...      (1 to 128 groups; replaced when it is full)
//! group       8 control bytes | key elem | key elem | ...  (Go's memory layout)
//! ```
//!
//! A lookup reads the control word that the hash leads to and the entry that it names, which lie
//! together, and no more. Up to eight entries are one group. A table doubles until it has 128 groups; a larger map
//! has many of them, of which the first bits of the hash choose one, and grows by splitting
//! one at a time: what growing takes, in time and memory, does not depend on the size of the map.
//!
//! An entry stays where it is while its table lasts. Iterators hold on to the table they are in, and look keys up
//! again once others have taken its place; see `iter`.
//!
//! Rejected: a dense row of entries found through groups of positions: easier to iterate over, but
//! a cache line more for each lookup, and all of it is copied when it grows.
//!
//! Must stay true: what a racing reader computes addresses from never changes once it is published, or is read
//! as one word, so that it goes astray among entries but not outside of them. Memory of entries that are not
//! there is zero. Element addresses stay valid until the next insertion.

mod group;
mod iter;
mod key;
mod root;
mod table;

#[cfg(test)]
mod tests;

use crate::heap::AllocCache;
use crate::heap::barrier::{overwriting, overwriting_values};
use crate::panic::{Fatal, Result, RuntimePanic, Trap};
use crate::rtype::{KeyForm, MapShape, Ty};
use crate::value::{Str, Word, load_str, load_uint, load_word, store_word};
pub(crate) use iter::POINTERS as ITER_POINTERS;
pub use iter::{iter, next};
use key::{IntKey, Key, MemKey, StrKey};
use root::Root;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed, Ordering::Release, fence};

/// A map object. Compiled code reads `count` at offset 0.
#[repr(C)]
struct Header {
    /// Live entries.
    count: u64,
    /// See [`Root`].
    root: Word,
    seed: u64,
    flags: u32,
    /// How often all entries were deleted at once.
    clears: u32,
}

/// Words of a header that are addresses.
pub(crate) const HEADER_POINTERS: (usize, &[u32]) = (4, &[1]);

/// Set while an operation changes the map.
const WRITING: u32 = 1;

/// Entries that memory is set aside for when a map is made; larger ones grow as they are filled.
const MAX_HINT: i64 = 1 << 26;

/// How often an insertion makes room before it gives up: every other time half of a table is free.
const MAX_GROWTHS: u32 = 64;

/// Bytes of a group of entries of so many bytes.
pub(crate) const fn group_bytes(entry_size: u64) -> u64 {
    group::bytes(entry_size)
}

/// Where the entries of a group lie.
pub(crate) fn group_entries(entry_size: u64) -> impl Iterator<Item = u64> {
    let first = group::bytes(0);
    (0..group::WIDTH as u64).map(move |place| first + place * entry_size)
}

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
    clears set_clears clears: u32;
}

impl MapRef {
    #[inline(always)]
    fn at(map: Word) -> MapRef {
        MapRef(map as *mut Header)
    }

    #[inline(always)]
    fn root(self) -> Root {
        // SAFETY: the field of a map object.
        Root(unsafe { load_word(&raw const (*self.0).root as Word) })
    }

    fn set_root(self, root: Root) {
        // What the root leads to is written before, for racing readers.
        fence(Release);
        // SAFETY: the field of a map object.
        unsafe {
            let field = &raw mut (*self.0).root as Word;
            overwriting(field);
            store_word(field, root.0);
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
    if hint > group::WIDTH as i64 {
        map.set_root(Root::with_room(cache, ty.map_shape(), hint.min(MAX_HINT) as u64)?);
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
    let (shape, mut count) = (ty.map_shape(), 0);
    map.root().for_each_table(shape, |table| {
        table.for_each_group(shape, |group, full| {
            for entry in full.map(|place| group.entry(place, shape)) {
                count += 1;
                match rows.last_mut() {
                    Some((first, n)) if *first + *n * shape.entry_size == entry => *n += 1,
                    _ => rows.push((entry, 1)),
                }
            }
        });
    });
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
    // SAFETY: handed on.
    Ok(found(unsafe { find_mem(map, key, ty.map_shape())? }, ty.map_shape()))
}

/// # Safety
/// `map` is a map of this shape or 0; `key` is the address of a key.
unsafe fn find_mem(map: Word, key: Word, shape: &MapShape) -> Result<Option<Word>> {
    // SAFETY: handed on; the key's memory holds what its form says.
    unsafe {
        match shape.form {
            KeyForm::Int(8) => find(map, &IntKey::<8>::new(load_uint(key, 8)), shape),
            KeyForm::Int(4) => find(map, &IntKey::<4>::new(load_uint(key, 4)), shape),
            KeyForm::Int(2) => find(map, &IntKey::<2>::new(load_uint(key, 2)), shape),
            KeyForm::Int(_) => find(map, &IntKey::<1>::new(load_uint(key, 1)), shape),
            KeyForm::Str => find(map, &StrKey(load_str(key)), shape),
            KeyForm::Mem => find(map, &MemKey { addr: key, ty: shape.key }, shape),
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
    Ok(found(unsafe { find(map, key, shape)? }, shape))
}

#[inline(always)]
fn found(elem: Option<Word>, shape: &MapShape) -> (Word, bool) {
    (elem.unwrap_or(shape.zero), elem.is_some())
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
    let Some(table) = map.root().table(hash) else { return Ok(None) };
    Ok(table.find(hash, key, shape).map(|found| found.entry(shape) + shape.elem_offset))
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
    let entry = match map.root().table(hash).and_then(|table| table.find(hash, key, shape)) {
        Some(found) => {
            let entry = found.entry(shape);
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
fn insert<K: Key>(cache: &mut AllocCache, map: MapRef, hash: u64, key: &K, shape: &MapShape) -> Result<Word> {
    for _ in 0..MAX_GROWTHS {
        let root = map.root();
        if let Some(place) = root.table(hash).and_then(|table| table.take(hash, shape)) {
            let entry = place.entry(shape);
            // SAFETY: the entry is free, and this fiber is the one that writes.
            unsafe { key.store(entry) };
            map.set_count(map.count() + 1);
            return Ok(entry);
        }
        match root.grown(cache, shape, hash, map.seed()) {
            Ok(grown) if grown == root => {}
            Ok(grown) => map.set_root(grown),
            Err(trap) => {
                map.flags().store(0, Relaxed);
                return Err(trap);
            }
        }
    }
    // Only a race leads here.
    Err(Fatal::ConcurrentMapWrites.into())
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
    if let Some(table) = map.root().table(hash)
        && let Some(place) = table.find(hash, key, shape)
    {
        table.remove(place, shape);
        map.set_count(map.count() - 1);
    }
    map.end_writing()
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
    let shape = ty.map_shape();
    map.root().for_each_table(shape, |table| table.clear(shape));
    map.set_count(0);
    map.set_clears(map.clears().wrapping_add(1));
    map.end_writing()
}
