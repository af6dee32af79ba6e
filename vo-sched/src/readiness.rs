//! What is known of one direction of a socket: one word, shared by the fiber that waits and by all who wake it.
//!
//! | word    | meaning                                          |
//! |---------|--------------------------------------------------|
//! | NOTHING | not known to be ready, nobody waits              |
//! | READY   | somebody signalled since the fiber last tried    |
//! | a fiber | it waits (Parking or Parked)                     |
//!
//! Signals come from the poller, which reports edges, and from whoever changes what the fiber looks at before it
//! tries: a deadline has passed, the socket is closed. Must stay true: READY is stored even if nobody waits, and
//! whoever consumes it tries the operation again, seeing all that was done before any of the signals; a fiber's
//! address is taken out of the word exactly once.

use crate::sync::{AtomicUsize, Ordering};

const NOTHING: usize = 0;
const READY: usize = 1;

#[derive(Default)]
pub(crate) struct Readiness {
    word: AtomicUsize,
}

impl Readiness {
    /// Leaves the address of a fiber that has begun to park; a signal that comes from now on takes it. False: there
    /// was a signal already, which is consumed.
    pub fn wait(&self, fiber: usize) -> bool {
        // Release publishes Parking with the fiber; Acquire pairs with the signal's Release.
        if self.word.compare_exchange(NOTHING, fiber, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            return true;
        }
        let before = self.word.swap(NOTHING, Ordering::AcqRel);
        assert_eq!(before, READY, "internal error: two fibers wait for one direction of a socket");
        false
    }

    /// Says that it is worth while to try; answers the address of the fiber that waited.
    #[must_use]
    pub fn signal(&self) -> Option<usize> {
        let before = self.word.swap(READY, Ordering::AcqRel);
        if before == NOTHING || before == READY {
            return None;
        }
        // The fiber tries again at once: what it has not seen yet, the next signal will report. Whoever has
        // signalled meanwhile is read here, so that the fiber sees what was done before.
        let _ = self.word.compare_exchange(READY, NOTHING, Ordering::AcqRel, Ordering::Acquire);
        Some(before)
    }
}
