//! How one worker sleeps and is woken.
//!
//! | state    | meaning                                                   |
//! |----------|-----------------------------------------------------------|
//! | Empty    | the worker is awake                                       |
//! | Parked   | it waits on the condition                                 |
//! | Polling  | it waits in the poller, which its waker must break        |
//! | Notified | a wake-up that has not been consumed                      |
//!
//! Must stay true: a wake-up is never lost (it is a state, not an event), and several before a
//! sleep count as one. A left-over wake-up makes the next sleep return at once, which is harmless
//! because every sleeper looks for work again.

use crate::sync::{AtomicU32, Condvar, Mutex, Ordering};
use std::time::Instant;

const EMPTY: u32 = 0;
const PARKED: u32 = 1;
#[cfg(not(loom))]
const POLLING: u32 = 2;
const NOTIFIED: u32 = 3;

/// One worker's bed.
pub struct Parker {
    state: AtomicU32,
    lock: Mutex<()>,
    wake: Condvar,
}

impl Default for Parker {
    fn default() -> Self {
        Self::new()
    }
}

impl Parker {
    /// The parker of a worker that is awake.
    pub fn new() -> Parker {
        Parker { state: AtomicU32::new(EMPTY), lock: Mutex::new(()), wake: Condvar::new() }
    }

    /// Sleeps until woken, or until `deadline`. Only the owner calls it.
    pub fn park(&self, deadline: Option<Instant>) {
        if self.consume() {
            return;
        }
        let mut guard = self.lock.lock();
        // Acquire pairs with the Release in `unpark`: the work that was announced is visible.
        if self.state.compare_exchange(EMPTY, PARKED, Ordering::Acquire, Ordering::Acquire).is_err() {
            // A swap, not a store: another waker may have come since, and what it announced must
            // be visible once its wake-up is consumed here.
            self.state.swap(EMPTY, Ordering::Acquire);
            return;
        }
        loop {
            let timed_out = match deadline {
                Some(deadline) => self.wake.wait_until(&mut guard, deadline).timed_out(),
                None => {
                    self.wake.wait(&mut guard);
                    false
                }
            };
            if self.consume() {
                return;
            }
            if timed_out {
                // A waker may come now; its Notified must not be overwritten unseen, but to sleep
                // no longer is all that it wants.
                self.state.swap(EMPTY, Ordering::Acquire);
                return;
            }
        }
    }

    /// Says that the owner is about to wait in the poller. False: it was woken already.
    #[cfg(not(loom))]
    #[must_use]
    pub fn begin_poll(&self) -> bool {
        if self.consume() {
            return false;
        }
        // Acquire pairs with the Release in `unpark`, here and in `end_poll`.
        let begun = self.state.compare_exchange(EMPTY, POLLING, Ordering::Acquire, Ordering::Acquire);
        if begun.is_err() {
            self.state.swap(EMPTY, Ordering::Acquire);
        }
        begun.is_ok()
    }

    /// The owner is back from the poller, or has not been there. True: it was woken since
    /// [`Parker::begin_poll`], and must not sleep before it has looked for work.
    #[cfg(not(loom))]
    #[must_use]
    pub fn end_poll(&self) -> bool {
        self.state.swap(EMPTY, Ordering::Acquire) == NOTIFIED
    }

    /// Whether the owner sleeps or waits in the poller, and nobody has woken it; a hint for the monitor.
    #[cfg(not(loom))]
    pub fn is_asleep(&self) -> bool {
        matches!(self.state.load(Ordering::Relaxed), PARKED | POLLING)
    }

    /// Whether the owner has been woken and has not noticed; a hint. (An owner that is awake notices when it next means to sleep.)
    #[cfg(not(loom))]
    pub fn is_called(&self) -> bool {
        self.state.load(Ordering::Relaxed) == NOTIFIED
    }

    fn consume(&self) -> bool {
        self.state.compare_exchange(NOTIFIED, EMPTY, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Wakes the owner, now or when it next tries to sleep. True: it waits in the poller, and the
    /// caller must break that wait.
    #[must_use]
    pub fn unpark(&self) -> bool {
        // Release pairs with the Acquires above.
        match self.state.swap(NOTIFIED, Ordering::Release) {
            PARKED => {
                // The owner set Parked under the lock; once we have had the lock, it waits.
                drop(self.lock.lock());
                self.wake.notify_one();
                false
            }
            #[cfg(not(loom))]
            POLLING => true,
            _ => false,
        }
    }
}
