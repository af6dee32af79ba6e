//! Objects that are made outside of any heap, for one that will have them: those of large messages between islands.
//!
//! They lie in runs of pages as they will in blocks: slots of one bin each, filled from the front. The receiver's heap makes each run a
//! block of its own ([`Heap::adopt_ready`]), so that an object is copied once and has its address from the beginning. A bin gets
//! its first run when as many objects of it have been asked for as a block holds: what is small, or has little of
//! each kind, is not worth a block that is mostly empty.
//!
//! The memory goes round: for pages that come in, a heap gives as many of its spare ones to the pages that the next message is
//! made in ([`super::arena`]), up to what is kept there. Otherwise the receiver's garbage would pile up as spare pages, and each message
//! have new ones from the system.
//!
//! Must stay true: pages on their way belong to no block, so no collector looks at them; a slot that has been handed out is written from its
//! first byte to its last by who asked for it, since the memory holds anything.

use super::alloc::POISON;
use super::arena::window;
use super::sizeclass::{self, PAGE, block_pages};
use super::{Central, Heap};
use crate::value::Word;

/// A number of a ready object has so many bits for its slot, and so many for its run: see [`Ready::number`].
const SLOT_BITS: u32 = 11;
const RUN_BITS: u32 = 18;

/// Numbers of ready objects are below this.
pub(crate) const NUMBERS: u32 = 1 << (SLOT_BITS + RUN_BITS);

const _: () = assert!(block_pages(1) * PAGE / sizeclass::size(1) <= 1 << SLOT_BITS);

/// Objects without a heap, in whole runs of pages.
#[derive(Default)]
pub(crate) struct Ready {
    runs: Vec<Run>,
}

/// Pages with slots of one bin.
struct Run {
    base: u64,
    bin: u32,
    class: u8,
    /// Behind the last slot that was handed out.
    end: u64,
}

/// Where the next object of a bin will lie.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cursor {
    /// The next slot, and the end of the last one; equal where there is none.
    pub(crate) next: Word,
    end: Word,
    /// Number of the next slot.
    pub(crate) number: u32,
    /// Bytes of a slot, and how many a block has; 0 while nobody has asked.
    slot: u32,
    slots: u32,
    /// Objects that have been asked for before there was a run.
    asked: u32,
}

/// Cursors by bin, for one walk over a value.
#[derive(Default)]
pub(crate) struct Cursors {
    list: Vec<Cursor>,
    /// Bins whose cursors are not as new.
    touched: Vec<u32>,
}

impl Cursor {
    /// Hands the next slot out; there is one.
    #[inline(always)]
    pub(crate) fn advance(&mut self) {
        self.next += u64::from(self.slot);
        self.number += 1;
    }

    #[inline(always)]
    fn has_room(&self) -> bool {
        self.next != self.end
    }
}

impl Cursors {
    /// The cursor of a bin, if that has room: where its objects, of a size class, are to be made ready, and there are pages.
    #[inline(always)]
    pub(crate) fn of(&mut self, bin: u32, class: u8, ready: &mut Ready) -> Option<&mut Cursor> {
        let has_room = self.list.get(bin as usize).is_some_and(Cursor::has_room);
        if !has_room && !self.more(bin, class, ready) {
            return None;
        }
        self.list.get_mut(bin as usize)
    }

    /// Whether there is room now.
    #[cold]
    fn more(&mut self, bin: u32, class: u8, ready: &mut Ready) -> bool {
        if self.list.len() <= bin as usize {
            self.list.resize(bin as usize + 1, Cursor::default());
        }
        let cursor = &mut self.list[bin as usize];
        if cursor.slot == 0 {
            cursor.slot = sizeclass::size(class) as u32;
            cursor.slots = (block_pages(class) * PAGE) as u32 / cursor.slot;
            self.touched.push(bin);
        }
        if cursor.asked < cursor.slots {
            cursor.asked += 1;
            return false;
        }
        match ready.add_run(bin, class) {
            Some((run, base)) => {
                cursor.next = base;
                cursor.end = base + u64::from(cursor.slots) * u64::from(cursor.slot);
                cursor.number = run << SLOT_BITS;
                true
            }
            None => false,
        }
    }

    /// The walk is over: says how far the last run of each bin is used, and forgets everything.
    pub(crate) fn finish(&mut self, ready: &mut Ready) {
        for run in &mut ready.runs {
            let cursor = &self.list[run.bin as usize];
            if cursor.end == run.end {
                run.end = cursor.next;
            }
        }
        for bin in self.touched.drain(..) {
            self.list[bin as usize] = Cursor::default();
        }
    }
}

impl Ready {
    /// Pages for a bin: the run's index and first address; `None` where there are none, or the numbers are used up.
    fn add_run(&mut self, bin: u32, class: u8) -> Option<(u32, u64)> {
        let run = self.runs.len() as u32;
        if run >= 1 << RUN_BITS {
            return None;
        }
        let pages = block_pages(class);
        let base = window().take_used(pages).or_else(|| window().take(pages))?;
        let slot = sizeclass::size(class);
        self.runs.push(Run { base, bin, class, end: base + pages * PAGE / slot * slot });
        Some((run, base))
    }

    /// The address of the object with a number.
    #[inline]
    pub(crate) fn address(&self, number: u32) -> Word {
        let run = &self.runs[(number >> SLOT_BITS) as usize];
        let slot = number & ((1 << SLOT_BITS) - 1);
        run.base + u64::from(slot) * sizeclass::size(run.class)
    }

    /// Bytes of the objects.
    pub(crate) fn bytes(&self) -> u64 {
        self.runs.iter().map(|run| run.end - run.base).sum()
    }

    /// Bytes of the pages.
    pub(crate) fn page_bytes(&self) -> u64 {
        self.runs.iter().map(|run| block_pages(run.class) * PAGE).sum()
    }

    /// Gives the pages back: nobody will have the objects.
    pub(crate) fn clear(&mut self) {
        for run in self.runs.drain(..) {
            window().recycle(run.base, block_pages(run.class));
        }
    }

    /// Bytes that it holds itself.
    pub(crate) fn capacity(&self) -> usize {
        size_of::<Run>() * self.runs.capacity()
    }
}

impl Drop for Ready {
    fn drop(&mut self) {
        self.clear();
    }
}

impl Heap {
    /// Makes ready objects objects of this heap, where they lie. The caller has asked [`Heap::check_pages`] whether they may come in.
    pub(crate) fn adopt_ready(&self, ready: &mut Ready) {
        if ready.runs.is_empty() {
            return;
        }
        let mut central = self.lock();
        // As where a heap grows: what is dead makes room first.
        central.sweep_some(ready.runs.len(), self.config.stress);
        let mut pages = 0;
        for run in ready.runs.drain(..) {
            pages += block_pages(run.class);
            central.adopt_run(self, &run);
        }
        central.give_for(pages);
        central.adopts.0 = true;
        drop(central);
        if self.is_marking() {
            self.assist();
        }
    }
}

impl Central {
    fn adopt_run(&mut self, heap: &Heap, run: &Run) {
        self.add_bins(run.bin, heap);
        let (pages, slot) = (block_pages(run.class), sizeclass::size(run.class));
        let objects = (run.end - run.base) / slot;
        let block = window().take_block();
        // SAFETY: ours now; nobody knows it before `set_block`. The free slots are ours as well.
        unsafe {
            (*block).set_small(run.base, pages, run.class, run.bin, self.bins[run.bin as usize].info.layout);
            (*block).zeroed = false;
            (*block).take_over(heap.id);
            (*block).set_alloc(0..objects as u32, true);
            if heap.is_marking() {
                (*block).set_marks(0..objects as u32, true);
            }
            if heap.config.stress {
                let free = run.base + pages * PAGE - run.end;
                std::ptr::write_bytes(run.end as *mut u8, POISON, free as usize);
            }
        }
        window().set_block(run.base, pages, block);
        let bin = &mut self.bins[run.bin as usize];
        bin.blocks.push(block);
        bin.handed += objects;
        self.pacer.took(pages * PAGE);
        self.pacer.handed(objects, objects * slot);
        heap.note_goal(self);
    }

    /// So many pages came in: as many spare ones go where the next message has its pages from.
    fn give_for(&mut self, pages: u64) {
        let mut wanted = pages.min(window().wanted());
        while wanted > 0
            // The long runs are for large objects.
            && let Some((base, given)) = self.spare.take_short(wanted)
        {
            window().recycle(base, given);
            wanted -= given;
        }
        self.pacer.spare_bytes = self.spare.total() * PAGE;
    }
}
