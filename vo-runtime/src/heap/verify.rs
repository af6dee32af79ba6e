//! The heap's invariants, checked after a collection when `HeapConfig::verify` is set.
//!
//! A failure is a bug of the runtime or of a program that broke its memory with `unsafe`; it panics
//! with "internal error" and what was found.

use super::Central;
use super::alloc::POISON;
use super::arena::window;
use super::block::Block;
use super::sizeclass::PAGE;
use crate::value::load_word;

impl Central {
    /// Checks every block and every pointer between objects.
    pub(super) fn verify(&self, heap: u64) {
        let mut pages = 0;
        for block in self.blocks() {
            // SAFETY: a block of this heap, which is stopped.
            let block = unsafe { &*block };
            assert_eq!(block.owner(), heap, "internal error: a block of another heap");
            for page in 0..block.pages() {
                let found = window().block_of(block.base + page * PAGE);
                assert!(std::ptr::eq(found, block), "internal error: page table does not lead to the block");
            }
            assert!(block.count_alloc() > 0, "internal error: a block without objects was kept");
            pages += block.pages();
            verify_objects(block, heap);
        }
        assert_eq!(pages * PAGE, self.pacer.in_use_bytes, "internal error: pages are miscounted");
    }
}

/// Checks that what the objects of a block point at is alive.
fn verify_objects(block: &Block, heap: u64) {
    if block.noscan || block.layout().trace().is_some() {
        return;
    }
    for index in (0..block.slots).filter(|&i| block.is_alloc(i)) {
        let addr = block.slot_addr(index);
        for word in (0..block.slot() / 8).filter(|&w| block.layout().is_pointer(w as usize)) {
            // SAFETY: a word of a live object.
            verify_pointer(unsafe { load_word(addr + 8 * word) }, addr, heap);
        }
    }
}

/// A pointer into the window leads to a live object, or one past the end of something.
fn verify_pointer(value: u64, object: u64, heap: u64) {
    let poison = u64::from_ne_bytes([POISON; 8]);
    assert_ne!(value, poison, "internal error: poison in the live object at {object:#x}");
    let target = window().block_of(value);
    // SAFETY: blocks are never freed; the rest is read where the block is of this heap, which is stopped.
    unsafe {
        if target.is_null() || (*target).owner() != heap {
            return;
        }
        let index = (*target).index_of(value);
        let past_the_end = index >= (*target).slots || value == (*target).slot_addr(index);
        assert!(
            past_the_end || (*target).is_alloc(index),
            "internal error: the live object at {object:#x} points at the dead {value:#x}"
        );
    }
}
