//! Large arrays without addresses that go from one heap to another with their memory.
//!
//! A program that gives an array away ([`Heap::give`]) says that nobody will look at it any more. When it crosses, its pages are taken
//! out from under it ([`Heap::take_given`]) and become a large object of the receiver's heap ([`Heap::adopt`]); nothing is
//! copied. The object stays in its heap, and whoever looks at it all the same finds zeroes, until it is garbage.
//!
//! Must stay true: pages on their way belong to no block, so no collector looks at them; a page of memory is mapped once.

use super::Heap;
use super::arena::window;
use super::sizeclass::PAGE;
use crate::panic::{Fatal, Result};
use crate::value::Word;
use std::ptr::copy_nonoverlapping;
use std::sync::atomic::Ordering::Relaxed;

/// Arrays are given away from this size on, in bytes; less is as quickly copied.
pub(crate) const GIVE_FROM: u64 = 1 << 16;

/// An array between two heaps.
#[derive(Debug)]
pub struct Pages {
    base: u64,
    pages: u64,
    /// Bytes of the array.
    len: u64,
    /// The object that the memory was taken from.
    from: Option<Word>,
}

impl Pages {
    fn new(len: u64) -> Option<Pages> {
        let pages = len.div_ceil(PAGE);
        window().take(pages).map(|base| Pages { base, pages, len, from: None })
    }

    /// A copy of so many bytes; `None` where there are no pages.
    ///
    /// # Safety
    /// The bytes can be read.
    pub(crate) unsafe fn copy(src: Word, len: u64) -> Option<Pages> {
        let pages = Pages::new(len)?;
        // SAFETY: the caller's bytes, into new pages.
        unsafe { copy_nonoverlapping(src as *const u8, pages.base as *mut u8, len as usize) };
        Some(pages)
    }

    /// Where the array will be.
    pub(crate) fn base(&self) -> Word {
        self.base
    }

    /// Bytes of the pages.
    pub(crate) fn bytes(&self) -> u64 {
        self.pages * PAGE
    }

    /// Whether the memory was an object's.
    pub(crate) fn is_moved(&self) -> bool {
        self.from.is_some()
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        match self.from {
            Some(_) => window().give_mapped(self.base, self.pages),
            None => window().give(self.base, self.pages),
        }
    }
}

impl Heap {
    /// Notes that the program gives an array of so many bytes away. False where it must be copied when it crosses: it is not large, or not
    /// all of its object.
    ///
    /// # Safety
    /// As for [`Heap::find`].
    pub unsafe fn give(&self, addr: Word, bytes: u64) -> bool {
        // SAFETY: handed on.
        let Some(object) = (unsafe { self.find(addr) }) else { return false };
        let whole =
            object.is_large() && bytes >= GIVE_FROM && object.start == addr && object.size - bytes < 8;
        if whole && object.layout.is_noscan() {
            object.block().given.store(true, Relaxed);
            return true;
        }
        false
    }

    /// Takes the memory of the object of so many bytes at `start`, if that was given away and there are pages to take it to; the object is all
    /// zeroes from then on.
    ///
    /// # Safety
    /// As for [`Heap::find`].
    pub(crate) unsafe fn take_given(&self, start: Word, len: u64) -> Option<Pages> {
        // SAFETY: handed on.
        let object = unsafe { self.find(start) }?;
        if !object.is_large() || object.size - len >= 8 || !object.block().given.swap(false, Relaxed) {
            return None;
        }
        let mut pages = Pages::new(len)?;
        window().move_pages(start, pages.base, pages.pages);
        pages.from = Some(start);
        Some(pages)
    }

    /// Undoes [`Heap::take_given`].
    ///
    /// # Safety
    /// The object is alive.
    pub(crate) unsafe fn take_back(&self, pages: Pages) {
        let Some(start) = pages.from else { return };
        window().move_pages(pages.base, start, pages.pages);
        // SAFETY: handed on.
        if let Some(object) = unsafe { self.find(start) } {
            object.block().given.store(true, Relaxed);
        }
    }

    /// Whether so many bytes of pages may come in.
    pub(crate) fn check_pages(&self, bytes: u64) -> Result<()> {
        if bytes != 0 && self.lock().pacer.forbids(bytes) {
            return Err(Fatal::OutOfMemory(bytes).into());
        }
        Ok(())
    }

    /// Makes pages an object of this heap, at their address.
    pub(crate) fn adopt(&self, pages: Pages) {
        let Pages { base, pages: count, len, from } = pages;
        std::mem::forget(pages);
        let mut central = self.lock();
        central.pacer.took(count * PAGE);
        let block = central.add_large(self, base, count, len, self.types.layouts.noscan());
        // SAFETY: a block of this heap, under its lock.
        unsafe { (*block).mapped = from.is_some() };
        drop(central);
        if self.is_marking() {
            self.assist();
        }
    }
}
