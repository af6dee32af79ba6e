//! Large arrays without addresses that become longer where they are.
//!
//! `append` makes a new array, since others may look at the old one. Who has an array alone, or shares only bytes that nobody
//! will change, such as a builder of strings, need not have it copied, nor have new memory for what is there
//! already: the pages behind it become a part of its block, where they are free.
//!
//! Must stay true: only workers inside the island do this, and not while it marks, so that no marker sees an object
//! grow; other workers may look the object up meanwhile, hence the atomics in the block.

use super::arena::{LARGE_PAGE, window};
use super::sizeclass::PAGE;
use super::{Central, Heap};
use crate::value::Word;

/// What is so large ends where a large page ends, so that it has these.
const ROUNDED_FROM: u64 = 4 << 20;

impl Heap {
    /// Makes the array of `old` bytes at `start` one of `new` bytes where it is; the added ones are zero. False where that cannot be: it
    /// has no pages of its own, it is a part of an object or has addresses, others have the pages behind it.
    ///
    /// # Safety
    /// As for [`Heap::find`].
    pub(crate) unsafe fn extend(&self, start: Word, old: u64, new: u64) -> bool {
        // SAFETY: handed on.
        let Some(object) = (unsafe { self.find(start) }) else { return false };
        let whole = object.is_large() && object.start == start && object.size.wrapping_sub(old) < 8;
        if !whole || !object.layout.is_noscan() || new <= old || self.is_marking() {
            return false;
        }
        let mut central = self.lock();
        let block = object.block();
        let (before, wanted) = (block.pages(), new.div_ceil(PAGE));
        let pages = if wanted > before { central.take_behind(start, before, wanted) } else { before };
        if pages < wanted {
            return false;
        }
        block.lengthen(new, pages);
        window().set_block(start + before * PAGE, pages - before, std::ptr::from_ref(block).cast_mut());
        central.pacer.handed(0, (pages - before) * PAGE);
        self.note_goal(&central);
        true
    }
}

impl Central {
    /// Takes zeroed pages behind the `before` that begin at `start`, so that there are `wanted` or some more; answers how many there
    /// are then.
    fn take_behind(&mut self, start: Word, before: u64, wanted: u64) -> u64 {
        let end = start + before * PAGE;
        if self.pacer.forbids((wanted - before) * PAGE) {
            return before;
        }
        let pages = if self.spare.take_at(end, wanted - before) {
            // SAFETY: pages that are ours now.
            unsafe { std::ptr::write_bytes(end as *mut u8, 0, ((wanted - before) * PAGE) as usize) };
            wanted
        } else {
            let rounded = ((start + wanted * PAGE).next_multiple_of(LARGE_PAGE) - start) / PAGE;
            let tries = if wanted * PAGE >= ROUNDED_FROM { [rounded, wanted] } else { [wanted; 2] };
            let taken = tries.into_iter().find(|&n| window().take_at(end, n - before, n * PAGE));
            let Some(pages) = taken else { return before };
            self.make_up_for(pages - before);
            pages
        };
        self.pacer.spare_bytes = self.spare.total() * PAGE;
        self.pacer.took((pages - before) * PAGE);
        pages
    }
}
