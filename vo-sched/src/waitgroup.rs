//! A counter that native fibers wait for to come to zero; see [`crate::mutex`] for an example.
//!
//! ```text
//! state: count (high 32 bits) | waiting fibers (low 32 bits)
//! ```
//!
//! Whoever brings the count to zero takes all waiting fibers off the word, with the same
//! compare-and-swap, and releases as many units of the semaphore.

use crate::mutex::{acquire, release};
use crate::sync::{AtomicU32, AtomicU64, Ordering};
use crate::wait::WaitReason;

/// A number of things to wait for.
#[derive(Default)]
pub struct WaitGroup {
    state: AtomicU64,
    passed: AtomicU32,
}

const ONE: u64 = 1 << 32;

impl WaitGroup {
    /// A group of none.
    pub const fn new() -> WaitGroup {
        WaitGroup { state: AtomicU64::new(0), passed: AtomicU32::new(0) }
    }

    /// Adds `count` things.
    pub fn add(&self, count: u32) {
        self.state.fetch_add(u64::from(count) * ONE, Ordering::AcqRel);
    }

    /// One thing is done. In a native fiber.
    ///
    /// # Panics
    /// If there is none left.
    pub fn done(&self) {
        let step = |state: u64| {
            let left = (state >> 32).checked_sub(1).expect("more done than were added");
            Some(if left == 0 { 0 } else { state - ONE })
        };
        let before = self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, step);
        let before = before.expect("the step always answers");
        if before >> 32 == 1 {
            (0..before as u32).for_each(|_| release(&self.passed));
        }
    }

    /// Waits until nothing is left. In a native fiber.
    pub fn wait(&self) {
        let join = |state: u64| (state >> 32 > 0).then_some(state + 1);
        if self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, join).is_ok() {
            acquire(&self.passed, WaitReason::WaitGroupWait);
        }
    }
}
