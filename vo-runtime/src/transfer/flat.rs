//! What has no addresses: strings, arrays of numbers.
//!
//! Where there are many of a size, those of which most has been reached are copied whole as soon as they are, to where the receiver will have
//! them ([`crate::heap::ready`]); then they are as nodes are ([`super::nodes`]). Of others only the part that was reached
//! crosses, from its first byte to its last, which is known at the end of the walk; large ones cross as pages.

use super::What;
use super::copy::{Copied, Copier, Place};
use super::nodes::{NODE, READY, Reached, copy_words};
use crate::heap::sizeclass::{self, MAX_SMALL, class_of};
use crate::heap::{GIVE_FROM, Located, Pages};
use crate::value::Word;
use std::ptr::{copy_nonoverlapping, write_bytes};

/// Objects without addresses are copied into pages from this size on: the receiver would have pages from the system for them anyway.
const PAGES_FROM: u64 = 1 << 20;

impl Copier<'_> {
    /// Reaches bytes of an object without addresses, if all of that crosses: most strings, and arrays of numbers.
    #[inline(always)]
    pub(super) unsafe fn reach_leaf(
        &mut self,
        at: Place,
        object: &Located,
        addr: Word,
        bytes: u64,
    ) -> Copied<bool> {
        let add = addr - object.start;
        let most = object.size <= MAX_SMALL && bytes <= object.size - add && 2 * bytes >= object.size;
        if !most || !object.layout.is_noscan() {
            return Ok(false);
        }
        // SAFETY: the address is one of a live object.
        match unsafe { self.leaf(object)? } {
            Some(Reached::Ready(to)) => self.set(at, to + add),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Reaches a part, of at least a half, of an object without addresses: its address, or its number where it is not made ready.
    ///
    /// # Safety
    /// The object is alive.
    #[inline(always)]
    unsafe fn leaf(&mut self, object: &Located) -> Copied<Option<Reached>> {
        let (bin, class) = object.bin();
        let Some(cursor) = self.scratch.cursors.of(bin, class, &mut self.parts.ready) else {
            return Ok(None);
        };
        let next = NODE | READY | cursor.number;
        let id = self.scratch.seen.number(object, next);
        if id != next {
            return Ok(Some(self.known_node(id).unwrap_or(Reached::Number(id))));
        }
        let to = cursor.next;
        cursor.advance();
        self.count(16 + object.size)?;
        // SAFETY: a live object of so many bytes; a slot of its size that is ours.
        unsafe {
            if object.size <= 64 {
                copy_words(object.start, to, object.size);
            } else {
                copy_nonoverlapping(object.start as *const u8, to as *mut u8, object.size as usize);
            }
        }
        Ok(Some(Reached::Ready(to)))
    }

    /// Copies the objects without addresses, each from the first byte that was reached to the last.
    pub(super) unsafe fn flat_objects(&mut self) -> Copied<()> {
        for (id, start) in std::mem::take(&mut self.scratch.flat) {
            let super::Object { lo, hi, .. } = self.parts.objects[id as usize];
            // SAFETY: a part of a live object.
            unsafe {
                if hi - lo >= GIVE_FROM && self.as_pages(id, start, lo, hi)? {
                    continue;
                }
                self.count(hi - lo)?;
                if !self.make_ready(id, start, lo, hi) {
                    self.push_piece(id, start + lo, lo, hi - lo);
                }
            }
        }
        Ok(())
    }

    /// Copies bytes without addresses to where the receiver will have them, if there are many objects of their size.
    unsafe fn make_ready(&mut self, id: u32, start: Word, lo: u64, hi: u64) -> bool {
        // What is reached of the object begins at a word.
        let first = lo / 8 * 8;
        let bytes = hi - first;
        if bytes == 0 || bytes > MAX_SMALL {
            return false;
        }
        let (layouts, class) = (&self.heap.types().layouts, class_of(bytes));
        let bin = layouts.bin(layouts.noscan(), class);
        let Some(cursor) = self.scratch.cursors.of(bin, class, &mut self.parts.ready) else { return false };
        let (to, rest) = (cursor.next, sizeclass::size(class) - bytes);
        cursor.advance();
        // SAFETY: words of a live object; a slot that is ours.
        unsafe {
            copy_nonoverlapping((start + first) as *const u8, to as *mut u8, bytes as usize);
            write_bytes((to + bytes) as *mut u8, 0, rest as usize);
        }
        self.parts.objects[id as usize].what = What::Ready(to.wrapping_sub(first));
        true
    }

    /// Has an object cross as pages, if that is worth it and there are some.
    unsafe fn as_pages(&mut self, id: u32, start: Word, lo: u64, hi: u64) -> Copied<bool> {
        // SAFETY: the object is alive, and the island's.
        let given = if lo == 0 { unsafe { self.heap.take_given(start, hi) } } else { None };
        if let Some(pages) = given {
            self.parts.objects[id as usize].what = What::Pages(Box::new(Some(pages)));
            return Ok(true);
        }
        if hi - lo < PAGES_FROM {
            return Ok(false);
        }
        self.count(hi - lo)?;
        let object = &mut self.parts.objects[id as usize];
        let first = lo / 8 * 8;
        // SAFETY: a part of a live object, in words that are all its.
        let Some(pages) = (unsafe { Pages::copy(start + first, hi - first) }) else {
            self.bytes -= hi - lo;
            return Ok(false);
        };
        object.what = What::Pages(Box::new(Some(pages)));
        Ok(true)
    }
}
