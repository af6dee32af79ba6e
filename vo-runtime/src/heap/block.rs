//! Blocks: runs of pages cut into equal slots of one layout, or one large object.
//!
//! ```text
//! base            base + slot     ...                    base + slots * slot    end of pages
//! | slot 0        | slot 1        | ...                  | unused tail          |
//! ```
//!
//! All facts about a block's slots lie in the block, beside the heap, as bitmaps:
//! *alloc*: the slot was handed to a worker's cache since the last collection, or survived it;
//! *mark*: the running collection has reached it. A block is *swept* when the last
//! collection's marks have become its alloc bits; its mark bits are then zero.
//!
//! Must stay true: memory of a slot whose alloc bit is not set is zero or garbage, never an object. While
//! the heap marks beside the running island, markers read a block's facts and set mark bits, and who has the
//! heap's lock sets alloc and mark bits: hence the atomics. At other times, the heap's lock or a stopped
//! island gives access. Other islands read the owner alone.

use super::sizeclass::{PAGE, size as class_size};
use crate::layout::Layout;
use std::ptr::null;
use std::sync::atomic::{
    AtomicBool, AtomicU32, AtomicU64, Ordering::Acquire, Ordering::Relaxed, Ordering::Release,
};

/// A bit for each slot, or more.
type Bits = Box<[AtomicU64]>;

/// A run of pages and what lies in it.
pub(crate) struct Block {
    /// The heap's number; 0 while the block stands for nothing. The only field other islands read.
    pub(crate) owner: AtomicU64,
    pub(crate) base: u64,
    /// Bytes of a slot. Whoever uses a large object without addresses may make that longer meanwhile: see `extend`.
    slot: AtomicU64,
    /// 2^32 / slot, rounded up; 0 for a large object, whose only slot has index 0.
    magic: u64,
    pub(crate) slots: u32,
    pub(crate) noscan: bool,
    /// The memory of free slots is known to be zero.
    pub(crate) zeroed: bool,
    /// Size class; 0 for a large object.
    pub(crate) class: u8,
    /// Layout bits of a slot of up to 64 words.
    pub(crate) slot_bits: u64,
    pub(crate) layout: *const Layout,
    /// As `slot`, it may grow.
    pages: AtomicU64,
    alloc: Bits,
    mark: Bits,
    /// Slots before this one are not looked at by `next_run` until the next collection.
    cursor: AtomicU32,
    /// Place in its bin's list of blocks (or in that of large objects).
    pub(crate) bin: u32,
    /// The program has given the large object away: see `handover`.
    pub(crate) given: AtomicBool,
    /// A slice in it has grown out of it: whatever still leads to it, it is not likely to live.
    pub(crate) outgrown: AtomicBool,
    /// Its pages are a mapping of their own.
    pub(crate) mapped: bool,
}

impl Block {
    /// A block that stands for nothing.
    pub(crate) fn unused() -> Block {
        Block {
            owner: AtomicU64::new(0),
            base: 0,
            slot: AtomicU64::new(0),
            magic: 0,
            slots: 0,
            noscan: true,
            zeroed: false,
            class: 0,
            slot_bits: 0,
            layout: null(),
            pages: AtomicU64::new(0),
            alloc: Box::new([]),
            mark: Box::new([]),
            cursor: AtomicU32::new(0),
            bin: u32::MAX,
            given: AtomicBool::new(false),
            outgrown: AtomicBool::new(false),
            mapped: false,
        }
    }

    /// Becomes a block of a size class.
    pub(crate) fn set_small(&mut self, base: u64, pages: u64, class: u8, bin: u32, layout: &'static Layout) {
        let slot = class_size(class);
        self.set(base, pages, slot, (pages * PAGE / slot) as u32, layout);
        self.magic = (1u64 << 32).div_ceil(slot);
        self.class = class;
        self.bin = bin;
    }

    /// Becomes the block of a large object.
    pub(crate) fn set_large(&mut self, base: u64, pages: u64, bytes: u64, layout: &'static Layout) {
        self.set(base, pages, bytes.next_multiple_of(8), 1, layout);
        self.magic = 0;
        self.class = 0;
        self.bin = u32::MAX;
        *self.alloc[0].get_mut() = 1;
    }

    fn set(&mut self, base: u64, pages: u64, slot: u64, slots: u32, layout: &'static Layout) {
        self.base = base;
        (self.pages, self.slot) = (AtomicU64::new(pages), AtomicU64::new(slot));
        self.slots = slots;
        self.noscan = layout.is_noscan();
        self.slot_bits =
            layout.first_64() & u64::MAX.checked_shr(64 - (slot / 8).min(64) as u32).unwrap_or(0);
        self.layout = layout;
        self.cursor = AtomicU32::new(0);
        (self.given, self.outgrown) = (AtomicBool::new(false), AtomicBool::new(false));
        self.mapped = false;
        let words = self.words();
        if self.alloc.len() < words {
            let zeroes = || (0..words).map(|_| AtomicU64::new(0)).collect();
            (self.alloc, self.mark) = (zeroes(), zeroes());
        } else {
            clear(&mut self.alloc[..words]);
            clear(&mut self.mark[..words]);
        }
    }

    /// Bytes of a slot.
    #[inline(always)]
    pub(crate) fn slot(&self) -> u64 {
        self.slot.load(Relaxed)
    }

    /// Pages of the block.
    #[inline(always)]
    pub(crate) fn pages(&self) -> u64 {
        self.pages.load(Relaxed)
    }

    /// The block's only object is longer from now on, and has so many pages. The caller has the heap's lock, and the page table
    /// is not told yet.
    pub(crate) fn lengthen(&self, bytes: u64, pages: u64) {
        debug_assert!(self.class == 0 && self.noscan && bytes <= pages * PAGE && pages >= self.pages());
        self.slot.store(bytes.next_multiple_of(8), Relaxed);
        self.pages.store(pages, Relaxed);
    }

    /// Index of the slot that an address of the block's pages lies in; may be `slots` or more, in the tail.
    #[inline(always)]
    pub(crate) fn index_of(&self, addr: u64) -> u32 {
        (((addr - self.base) * self.magic) >> 32) as u32
    }

    /// What [`Block::index_of`] multiplies with.
    pub(crate) fn magic(&self) -> u64 {
        self.magic
    }

    /// Address of a slot.
    #[inline(always)]
    pub(crate) fn slot_addr(&self, index: u32) -> u64 {
        self.base + index as u64 * self.slot()
    }

    /// Bytes that an object counts for: those of its slot, or of a large object's pages.
    #[inline(always)]
    pub(crate) fn object_bytes(&self) -> u64 {
        if self.class == 0 { self.pages() * PAGE } else { self.slot() }
    }

    /// The block belongs to a heap from now on.
    pub(crate) fn take_over(&self, heap: u64) {
        self.owner.store(heap, Release);
    }

    /// Whether a slot's alloc bit is set.
    #[inline(always)]
    pub(crate) fn is_alloc(&self, index: u32) -> bool {
        self.alloc[index as usize / 64].load(Relaxed) >> (index % 64) & 1 != 0
    }

    /// Whether a slot's mark bit is set.
    #[inline(always)]
    pub(crate) fn is_marked(&self, index: u32) -> bool {
        self.mark[index as usize / 64].load(Relaxed) >> (index % 64) & 1 != 0
    }

    /// Sets a slot's mark bit; whether it was not set before.
    #[inline(always)]
    pub(crate) fn set_mark(&self, index: u32) -> bool {
        let word = &self.mark[index as usize / 64];
        let bit = 1 << (index % 64);
        // Most are marked already, and looking is cheaper than a locked instruction.
        word.load(Relaxed) & bit == 0 && word.fetch_or(bit, Relaxed) & bit == 0
    }

    /// The heap's number.
    #[inline(always)]
    pub(crate) fn owner(&self) -> u64 {
        // Pairs with the store in `take_over`: who sees the owner sees its facts.
        self.owner.load(Acquire)
    }

    /// The layout of the slots.
    pub(crate) fn layout(&self) -> &'static Layout {
        // SAFETY: layouts are immortal, and a block that is in use has one.
        unsafe { &*self.layout }
    }

    /// The next run of free slots from the cursor on, at most `max` of them, marked allocated. The caller has the
    /// heap's lock.
    pub(crate) fn next_run(&self, max: u32) -> Option<std::ops::Range<u32>> {
        let start = self.find(self.cursor.load(Relaxed), false)?;
        let end = self.find(start, true).unwrap_or(self.slots).min(start.saturating_add(max));
        self.cursor.store(end, Relaxed);
        self.set_alloc(start..end, true);
        Some(start..end)
    }

    /// The next run begins at this slot or before it.
    pub(crate) fn lower_cursor(&self, slot: u32) {
        self.cursor.fetch_min(slot, Relaxed);
    }

    /// The first slot from `from` on whose alloc bit is as wanted.
    fn find(&self, from: u32, set: bool) -> Option<u32> {
        let flip = if set { 0 } else { u64::MAX };
        let mut index = from;
        while index < self.slots {
            let word = (self.alloc[index as usize / 64].load(Relaxed) ^ flip) >> (index % 64);
            if word != 0 {
                let found = index + word.trailing_zeros();
                return (found < self.slots).then_some(found);
            }
            index = (index / 64 + 1) * 64;
        }
        None
    }

    /// Sets or clears the alloc bits of a range. The caller has the heap's lock.
    pub(crate) fn set_alloc(&self, range: std::ops::Range<u32>, set: bool) {
        set_bits(&self.alloc, range, set);
    }

    /// Sets or clears the mark bits of a range.
    pub(crate) fn set_marks(&self, range: std::ops::Range<u32>, set: bool) {
        set_bits(&self.mark, range, set);
    }

    /// How many words of bits are those of slots: the block may have had more slots before.
    fn words(&self) -> usize {
        (self.slots as usize).div_ceil(64)
    }

    /// How many slots are allocated.
    pub(crate) fn count_alloc(&self) -> u32 {
        self.alloc[..self.words()].iter().map(|w| w.load(Relaxed).count_ones()).sum()
    }

    /// How many slots are marked.
    pub(crate) fn count_marks(&self) -> u32 {
        self.mark[..self.words()].iter().map(|w| w.load(Relaxed).count_ones()).sum()
    }

    /// Slots that are allocated and not marked, by 64; where `free` is set, those that are free as well.
    pub(crate) fn dead(&self, free: bool) -> impl Iterator<Item = u64> + '_ {
        let words = self.alloc[..self.words()].iter().zip(&self.mark);
        words.map(move |(alloc, mark)| {
            let (alloc, mark) = (alloc.load(Relaxed), mark.load(Relaxed));
            if free { !mark } else { alloc & !mark }
        })
    }

    /// Makes the mark bits the alloc bits, and clears the marks.
    pub(crate) fn swap_marks(&mut self) {
        std::mem::swap(&mut self.alloc, &mut self.mark);
        let words = self.words();
        clear(&mut self.mark[..words]);
        self.cursor = AtomicU32::new(0);
        self.zeroed = false;
    }
}

fn clear(bits: &mut [AtomicU64]) {
    bits.iter_mut().for_each(|word| *word.get_mut() = 0);
}

/// Sets or clears a range of bits, each word at once.
fn set_bits(bits: &Bits, range: std::ops::Range<u32>, set: bool) {
    let mut index = range.start;
    while index < range.end {
        let bit = index % 64;
        let n = (64 - bit).min(range.end - index);
        let mask = (u64::MAX >> (64 - n)) << bit;
        let word = &bits[index as usize / 64];
        if set {
            word.fetch_or(mask, Relaxed);
        } else {
            word.fetch_and(!mask, Relaxed);
        }
        index += n;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heap::sizeclass::{NUM_CLASSES, block_pages};
    use crate::layout::Layouts;

    #[test]
    fn any_address_leads_to_its_slot() {
        let layouts = Layouts::new();
        let mut block = Block::unused();
        for class in 1..NUM_CLASSES as u8 {
            let pages = block_pages(class);
            block.set_small(1 << 40, pages, class, 0, layouts.noscan());
            for offset in 0..pages * PAGE {
                assert_eq!(block.index_of((1 << 40) + offset) as u64, offset / class_size(class));
            }
        }
    }

    #[test]
    fn runs_are_found_in_order() {
        let layouts = Layouts::new();
        let mut block = Block::unused();
        block.set_small(0, 2, 1, 0, layouts.noscan());
        assert_eq!(block.next_run(u32::MAX), Some(0..2048));
        assert_eq!(block.next_run(u32::MAX), None);
        block.set_alloc(60..70, false);
        block.set_alloc(2047..2048, false);
        block.lower_cursor(0);
        assert_eq!(block.next_run(4), Some(60..64));
        assert_eq!(block.next_run(u32::MAX), Some(64..70));
        assert_eq!(block.next_run(u32::MAX), Some(2047..2048));
        assert_eq!(block.next_run(u32::MAX), None);
        assert_eq!(block.count_alloc(), 2048);
    }
}
