//! Sweeping: what was not marked is free.
//!
//! A block's mark bits become its alloc bits; nothing in the objects is touched (but under
//! stress, which poisons). Blocks without survivors give their pages to the heap's spare pages; those
//! go back to the operating system beyond what the next cycle will need.

use super::Central;
use super::alloc::POISON;
use super::arena::window;
use super::block::Block;
use super::sizeclass::PAGE;

impl Central {
    /// Clears the mark bits of all blocks.
    pub(super) fn clear_marks(&mut self) {
        for block in self.blocks() {
            // SAFETY: a block of this heap, which is stopped.
            unsafe { (*block).mark.fill(0) };
        }
    }

    /// Frees what is not marked.
    pub(super) fn sweep(&mut self, stress: bool) {
        let mut survivors = (0, 0);
        for bin in 0..self.bins.len() {
            let blocks = std::mem::take(&mut self.bins[bin].blocks);
            self.bins[bin].blocks = self.sweep_list(blocks, stress, &mut survivors);
            self.bins[bin].next = 0;
        }
        let large = std::mem::take(&mut self.large);
        self.large = self.sweep_list(large, stress, &mut survivors);
        self.pacer.survived(survivors.0, survivors.1);
    }

    /// Sweeps blocks; answers those with survivors.
    fn sweep_list(
        &mut self,
        mut blocks: Vec<*mut Block>,
        stress: bool,
        live: &mut (u64, u64),
    ) -> Vec<*mut Block> {
        blocks.retain(|&block| {
            // SAFETY: a block of this heap, which is stopped. A block without survivors is not used any more.
            unsafe {
                let survivors = sweep_block(&mut *block, stress);
                if survivors == 0 {
                    self.free_block(block);
                    return false;
                }
                let bytes = if (*block).class == 0 { (*block).pages * PAGE } else { (*block).slot };
                *live = (live.0 + survivors as u64, live.1 + survivors as u64 * bytes);
            }
            true
        });
        blocks
    }

    /// Takes a block out of use.
    ///
    /// # Safety
    /// The block is this heap's and in none of its lists; nobody uses its objects.
    pub(super) unsafe fn free_block(&mut self, block: *mut Block) {
        // SAFETY: ours by the contract.
        unsafe {
            let (base, pages) = ((*block).base, (*block).pages);
            window().set_block(base, pages, std::ptr::null_mut());
            window().give_block(block);
            self.spare.give(base, pages);
            self.pacer.in_use_bytes -= pages * PAGE;
            self.pacer.spare_bytes += pages * PAGE;
        }
    }

    /// Gives spare pages to the system that the next cycle will not need.
    pub(super) fn trim_spare(&mut self) {
        let keep = self.pacer.spare_goal() / PAGE;
        while self.spare.total() > keep {
            let Some((base, pages)) = self.spare.take_longest() else { break };
            window().give(base, pages);
        }
        self.pacer.spare_bytes = self.spare.total() * PAGE;
    }
}

/// Makes the mark bits the alloc bits; answers the number of survivors.
fn sweep_block(block: &mut Block, stress: bool) -> u32 {
    if stress {
        poison_dead(block);
    }
    std::mem::swap(&mut block.alloc, &mut block.mark);
    block.cursor = 0;
    block.zeroed = false;
    block.count_alloc()
}

/// Fills slots that are not marked with poison. Free slots have it already, but in a block that was fresh.
fn poison_dead(block: &mut Block) {
    for (i, (&alloc, &mark)) in block.alloc.iter().zip(&block.mark).enumerate() {
        let mut dead = if block.zeroed { !mark } else { alloc & !mark };
        while dead != 0 {
            let index = 64 * i as u32 + dead.trailing_zeros();
            dead &= dead - 1;
            if index < block.slots {
                // SAFETY: the slot holds no reachable object, and the island is stopped.
                unsafe {
                    std::ptr::write_bytes(block.slot_addr(index) as *mut u8, POISON, block.slot as usize)
                };
            }
        }
    }
}
