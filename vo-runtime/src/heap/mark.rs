//! Marking: finding every object that the roots lead to.
//!
//! A word that may be an address is looked up: window, page table, owner, slot, alloc bit. So stale words
//! and integers do no harm but to keep an object too long. Marked objects with pointers go onto the mark
//! stack; `drain` takes them off and looks at the words that their layout names.
//!
//! The stack is bounded. When it is full the object stays marked and is not pushed; afterwards
//! `rescan` visits all marked objects of all blocks again, as often as it takes. Marks are only
//! ever added, so this ends.
//!
//! Several markers may work at once, beside the running island or while it is stopped: a mark belongs to who sets
//! it first, and a marker with much gives half of its stack to the others ([`MarkQueue`]). A marker beside running fibers
//! may read a word while it is written, and so follow the old or the new address: `barrier` says why both are right.

use super::arena::{Window, window};
use super::block::Block;
use super::queue::{Found, MarkQueue};
use crate::layout::Layout;
use crate::rtype::{LoadedTypes, RtType};
use crate::value::{Word, load_word};
use std::sync::atomic::Ordering::Relaxed;

/// A collection in progress: roots are told to it.
pub struct Marker<'a> {
    heap: u64,
    window: &'static Window,
    base: u64,
    size: u64,
    stack: Vec<Item>,
    stack_limit: usize,
    /// What was marked so far.
    found: Found,
    /// Bytes of roots that were looked at.
    root_bytes: u64,
    /// Where others wait for work.
    queue: Option<&'a MarkQueue>,
    types: &'a LoadedTypes,
}

/// An object whose words are still to be looked at.
#[derive(Clone, Copy)]
pub(super) struct Item {
    addr: u64,
    block: *mut Block,
}

// SAFETY: an object of a heap that is being marked, and its block; neither goes away meanwhile.
unsafe impl Send for Item {}

/// Objects that a marker keeps when it gives others some, and after how many it looks whether to.
/// Few are enough: of a tree each stands for all that is below it.
const KEEP: usize = 4;
const LOOK: usize = 128;

/// Objects that are fetched before they are looked at.
const AHEAD: usize = 16;

/// Asks for the cache line at an address of the heap; see [`vo_sched::sync::prefetch`].
#[inline(always)]
pub fn prefetch(addr: u64) {
    vo_sched::sync::prefetch(addr as *const u8);
}

impl<'a> Marker<'a> {
    pub(super) fn new(heap: u64, types: &'a LoadedTypes, stack_limit: usize) -> Marker<'a> {
        let window = window();
        let (base, size) = window.range();
        Marker {
            heap,
            window,
            base,
            size,
            stack: Vec::with_capacity(stack_limit.min(1024)),
            stack_limit,
            found: Found::default(),
            root_bytes: 0,
            queue: None,
            types,
        }
    }

    /// A marker that gives others work when they have none.
    pub(super) fn sharing(mut self, queue: &'a MarkQueue) -> Marker<'a> {
        self.queue = Some(queue);
        self
    }

    /// Works on these objects next.
    pub(super) fn set_stack(&mut self, items: Vec<Item>) {
        debug_assert!(self.stack.is_empty());
        self.stack = items;
    }

    /// The objects that are still to be looked at, and what was found since the last call.
    pub(super) fn take(&mut self) -> (Vec<Item>, Found) {
        (std::mem::take(&mut self.stack), std::mem::take(&mut self.found))
    }

    /// Others have found that.
    pub(super) fn add(&mut self, found: Found) {
        self.found.add(found);
    }

    /// So many bytes of roots are looked at: what a collection costs beside the objects.
    pub fn count_roots(&mut self, bytes: u64) {
        self.root_bytes += bytes;
    }

    /// Bytes of the roots that were looked at.
    pub(super) fn root_bytes(&self) -> u64 {
        self.root_bytes
    }

    /// The program's types.
    pub fn types(&self) -> &'a LoadedTypes {
        self.types
    }

    /// Marks the object that a word points into, if it does.
    #[inline(always)]
    pub fn word(&mut self, word: Word) {
        if word.wrapping_sub(self.base) < self.size {
            self.address(word);
        }
    }

    /// Marks the object at an address of the window, if there is one.
    #[inline]
    fn address(&mut self, addr: u64) {
        let Some((block, index)) = self.find(addr) else { return };
        // SAFETY: a block of this heap; what is read of it does not change while the heap marks.
        unsafe {
            if !(*block).set_mark(index) {
                return;
            }
            self.found.objects += 1;
            let bytes = (*block).object_bytes();
            self.found.bytes += bytes;
            if (*block).class == 0 && (*block).outgrown.load(Relaxed) {
                self.found.outgrown += bytes;
            }
            if (*block).noscan {
                return;
            }
            let addr = (*block).slot_addr(index);
            if self.stack.len() < self.stack_limit {
                self.stack.push(Item { addr, block });
            } else {
                self.found.overflow = true;
            }
        }
    }

    /// The allocated slot of this heap that an address lies in.
    #[inline(always)]
    fn find(&self, addr: u64) -> Option<(*mut Block, u32)> {
        let block = self.window.block_of(addr);
        // SAFETY: blocks are never freed, and the owner may be read by anybody; the rest is read only where
        // the block is of this heap, which gives none back while it marks. It could have come from another heap
        // since the page led to it; then the page does not any more.
        unsafe {
            if block.is_null() || (*block).owner() != self.heap || self.window.block_of(addr) != block {
                return None;
            }
            let index = (*block).index_of(addr);
            (index < (*block).slots && (*block).is_alloc(index)).then_some((block, index))
        }
    }

    /// Whether the object at an address has been reached; true for what is no object.
    pub fn is_marked(&self, addr: Word) -> bool {
        // SAFETY: a block of this heap, which is stopped.
        self.find(addr).is_none_or(|(block, index)| unsafe { (*block).is_marked(index) })
    }

    /// Marks what the object at an address leads to, not the object. The heap is stopped.
    pub(super) fn contents(&mut self, addr: Word) {
        let Some((block, index)) = self.find(addr) else { return };
        // SAFETY: an allocated slot of this heap, which is stopped.
        unsafe {
            if !(*block).noscan {
                self.object((*block).slot_addr(index), block);
            }
        }
    }

    /// Marks what the aligned words in `[lo, hi)` may point at: native stacks.
    ///
    /// # Safety
    /// The range is readable.
    pub unsafe fn range(&mut self, lo: u64, hi: u64) {
        let mut addr = lo.next_multiple_of(8);
        while addr + 8 <= hi {
            // SAFETY: inside the range.
            self.word(unsafe { load_word(addr) });
            addr += 8;
        }
    }

    /// Marks what a value of a type in memory outside the heap points at: globals, frame slots.
    ///
    /// # Safety
    /// `addr` holds a value of the type.
    pub unsafe fn value(&mut self, ty: &RtType, addr: Word) {
        // SAFETY: the value's words are readable.
        unsafe { self.scan(addr, ty.size, ty.layout) };
    }

    /// Follows the objects on the stack until there is none.
    pub(super) fn drain(&mut self) {
        while !self.drain_some(usize::MAX) {}
    }

    /// Follows about so many objects; whether none is left. What is taken off the stack waits in a short
    /// queue, so that its memory has come into the cache when its words are looked at.
    pub(super) fn drain_some(&mut self, at_most: usize) -> bool {
        let mut queue = [Item { addr: 0, block: std::ptr::null_mut() }; AHEAD];
        let (mut first, mut len, mut seen) = (0, 0, 0);
        loop {
            while len < AHEAD
                && let Some(item) = self.stack.pop()
            {
                prefetch(item.addr);
                queue[(first + len) % AHEAD] = item;
                len += 1;
            }
            if len == 0 {
                return true;
            }
            if seen >= at_most {
                self.stack.extend((0..len).map(|i| queue[(first + i) % AHEAD]));
                return false;
            }
            let Item { addr, block } = queue[first];
            (first, len, seen) = ((first + 1) % AHEAD, len - 1, seen + 1);
            // SAFETY: a marked object of this heap.
            unsafe { self.object(addr, block) };
            if seen % LOOK == 0 {
                self.share();
            }
        }
    }

    /// Gives half of the stack, the older one, to others if they have nothing.
    fn share(&mut self) {
        if let Some(queue) = self.queue
            && queue.is_hungry()
            && self.stack.len() > 2 * KEEP
        {
            let newer = self.stack.split_off(self.stack.len() / 2);
            queue.give(std::mem::replace(&mut self.stack, newer));
        }
    }

    /// Objects were marked that are not on the stack.
    pub(super) fn set_overflow(&mut self) {
        self.found.overflow = true;
    }

    /// Whether objects were marked that are not on the stack; forgets it.
    pub(super) fn take_overflow(&mut self) -> bool {
        std::mem::take(&mut self.found.overflow)
    }

    /// Looks at all marked objects of a block again.
    pub(super) fn rescan(&mut self, block: *mut Block) {
        // SAFETY: a block of this heap, which is stopped.
        unsafe {
            if (*block).noscan {
                return;
            }
            for index in 0..(*block).slots {
                if (*block).is_marked(index) {
                    self.object((*block).slot_addr(index), block);
                    self.drain();
                }
            }
        }
    }

    /// Looks at the words of an object.
    ///
    /// # Safety
    /// `addr` is the first address of an allocated slot of `block`, a block of this heap.
    #[inline(always)]
    unsafe fn object(&mut self, addr: u64, block: *mut Block) {
        // SAFETY: by the contract; an object's words are readable.
        unsafe {
            let slot = (*block).slot();
            let layout = (*block).layout();
            if let Some(trace) = layout.trace() {
                trace(addr, slot, self);
            } else if slot <= 512 {
                let mut bits = (*block).slot_bits;
                while bits != 0 {
                    self.word(load_word(addr + 8 * bits.trailing_zeros() as u64));
                    bits &= bits - 1;
                }
            } else {
                self.scan(addr, slot, layout);
            }
        }
    }

    /// Looks at the words of `bytes` bytes that a layout names.
    ///
    /// # Safety
    /// The bytes are readable.
    pub(crate) unsafe fn scan(&mut self, addr: u64, bytes: u64, layout: &Layout) {
        if layout.is_noscan() {
            return;
        }
        // SAFETY: inside the bytes.
        unsafe {
            if layout.is_all() {
                return self.range(addr, addr + bytes);
            }
            let period = layout.period() as u64;
            let words = bytes / 8;
            let mut start = 0;
            while start < words {
                for (i, &set) in layout.bits().iter().enumerate() {
                    let mut bits = set;
                    while bits != 0 {
                        let word = start + 64 * i as u64 + bits.trailing_zeros() as u64;
                        bits &= bits - 1;
                        if word < words {
                            self.word(load_word(addr + 8 * word));
                        }
                    }
                }
                start += period;
            }
        }
    }
}
