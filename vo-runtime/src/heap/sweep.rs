//! Sweeping: what was not marked is free.
//!
//! A block's mark bits become its alloc bits; nothing in the objects is touched (but under
//! stress, which poisons). After a collection all blocks are *unswept*. They are swept one by one: by an allocation that
//! needs a block of their bin, a few whenever the heap would grow, and by the background marker when it has nothing
//! else to do; what is left, in the stop in which the next collection begins. Blocks without survivors give
//! their pages to the heap's spare pages; those go back to the operating system, bit by bit and beside the island, beyond what the
//! next cycle will need, and those of large objects at once.

use super::Central;
use super::alloc::{DIRECT, POISON};
use super::arena::window;
use super::block::Block;
use super::sizeclass::PAGE;

impl Central {
    /// All blocks become unswept: marking is over.
    pub(super) fn retire_blocks(&mut self) {
        debug_assert_eq!(self.unswept, 0);
        for bin in &mut self.bins {
            bin.unswept = std::mem::take(&mut bin.blocks);
            bin.next = 0;
            self.unswept += bin.unswept.len();
        }
        self.unswept_large = std::mem::take(&mut self.large);
        self.unswept += self.unswept_large.len();
    }

    /// Sweeps a block of a bin, which then is the last in its list; false where all are swept.
    pub(super) fn sweep_one(&mut self, bin: usize, stress: bool) -> bool {
        let Some(block) = self.bins[bin].unswept.pop() else { return false };
        // SAFETY: a block of this heap, under its lock, while nobody marks.
        unsafe { sweep_block(&mut *block, stress) };
        self.bins[bin].blocks.push(block);
        self.swept();
        true
    }

    fn swept(&mut self) {
        self.unswept -= 1;
    }

    /// Sweeps some blocks, and frees those that are empty; false where all are swept.
    pub(super) fn sweep_some(&mut self, count: usize, stress: bool) -> bool {
        for _ in 0..count {
            if self.unswept == 0 {
                return false;
            }
            if let Some(block) = self.unswept_large.pop() {
                self.sweep_and_free(block, None, stress);
                continue;
            }
            while self.bins[self.sweeping].unswept.is_empty() {
                self.sweeping = (self.sweeping + 1) % self.bins.len();
            }
            let bin = self.sweeping;
            if let Some(block) = self.bins[bin].unswept.pop() {
                self.sweep_and_free(block, Some(bin), stress);
            }
        }
        self.unswept > 0
    }

    /// Sweeps everything.
    pub(super) fn sweep_all(&mut self, stress: bool) {
        while self.sweep_some(usize::MAX, stress) {}
    }

    fn sweep_and_free(&mut self, block: *mut Block, bin: Option<usize>, stress: bool) {
        // SAFETY: a block of this heap that is in no list, under its lock, while nobody marks. A block without
        // survivors is not used any more.
        unsafe {
            match (sweep_block(&mut *block, stress), bin) {
                (0, _) => self.free_block(block),
                (_, Some(bin)) => self.bins[bin].blocks.push(block),
                (_, None) => self.large.push(block),
            }
        }
        self.swept();
    }

    /// Takes a block out of use.
    ///
    /// # Safety
    /// The block is this heap's and in none of its lists; nobody uses its objects.
    pub(super) unsafe fn free_block(&mut self, block: *mut Block) {
        // SAFETY: ours by the contract.
        unsafe {
            let (base, pages, mapped) = ((*block).base, (*block).pages(), (*block).mapped);
            window().set_block(base, pages, std::ptr::null_mut());
            window().give_block(block);
            self.pacer.in_use_bytes -= pages * PAGE;
            if mapped {
                window().give_mapped(base, pages);
            } else if pages * PAGE >= DIRECT {
                window().give(base, pages);
            } else {
                self.spare.give(base, pages);
                self.pacer.spare_bytes += pages * PAGE;
            }
        }
    }

    /// At most so many spare pages that the next cycle will not need, once all is swept, or any; the caller gives them to the system.
    pub(super) fn take_unneeded(&mut self, at_most: u64, all: bool) -> Option<(u64, u64)> {
        let keep = if all { 0 } else { self.pacer.spare_goal() / PAGE };
        let surplus = self.spare.total().saturating_sub(keep);
        if surplus == 0 || !all && self.unswept > 0 {
            return None;
        }
        let taken = self.spare.take_some(surplus.min(at_most))?;
        self.pacer.spare_bytes = self.spare.total() * PAGE;
        Some(taken)
    }
}

/// Makes the mark bits the alloc bits; answers the number of survivors.
fn sweep_block(block: &mut Block, stress: bool) -> u32 {
    if stress {
        poison_dead(block);
    }
    block.swap_marks();
    block.count_alloc()
}

/// Fills slots that are not marked with poison. Free slots have it already, but in a block that was fresh.
fn poison_dead(block: &Block) {
    for (i, mut dead) in block.dead(block.zeroed).enumerate() {
        while dead != 0 {
            let index = 64 * i as u32 + dead.trailing_zeros();
            dead &= dead - 1;
            if index < block.slots {
                // SAFETY: the slot holds no reachable object, and the island is stopped.
                unsafe {
                    std::ptr::write_bytes(block.slot_addr(index) as *mut u8, POISON, block.slot() as usize)
                };
            }
        }
    }
}
