//! Worlds that only so many workers run at once.
//!
//! A worker that takes a fiber of such a world needs a permit; it keeps it as long as it stays inside. If there is none the fiber is put
//! aside, and whoever has a permit takes it from there: after each of its fibers' turns, and when it leaves.
//!
//! Must stay true: a fiber that is put aside is Queued, and in no other queue; while one is aside, some worker has a permit and will
//! look. Both sides look under one lock, so neither misses the other.

use crate::fiber::FiberRef;
use crate::sync::{AtomicUsize, Mutex, Ordering};
use std::collections::VecDeque;

/// Who may run the fibers of a world.
#[derive(Default)]
pub(crate) struct Permits {
    /// 0 is any number.
    limit: AtomicUsize,
    inside: Mutex<Inside>,
    /// Number of fibers aside; a hint without the lock.
    aside: AtomicUsize,
}

#[derive(Default)]
struct Inside {
    workers: usize,
    aside: VecDeque<FiberRef>,
}

impl Permits {
    /// Sets the number of permits. For a world without fibers.
    pub(crate) fn set_limit(&self, workers: usize) {
        self.limit.store(workers, Ordering::Relaxed);
    }

    /// The number of permits; 0 is any number.
    #[inline]
    pub(crate) fn limit(&self) -> usize {
        self.limit.load(Ordering::Relaxed)
    }

    /// Takes a permit to run a fiber, or puts it aside.
    pub(crate) fn admit(&self, fiber: FiberRef) -> bool {
        let mut inside = self.inside.lock();
        let admitted = inside.workers < self.limit();
        if admitted {
            inside.workers += 1;
        } else {
            inside.aside.push_back(fiber);
            self.aside.store(inside.aside.len(), Ordering::Relaxed);
        }
        admitted
    }

    /// Gives a permit back; a fiber that is aside comes with that, for the caller to queue.
    pub(crate) fn depart(&self) -> Option<FiberRef> {
        let mut inside = self.inside.lock();
        inside.workers -= 1;
        let fiber = inside.aside.pop_front();
        self.aside.store(inside.aside.len(), Ordering::Relaxed);
        fiber
    }

    /// A fiber that is aside, for a worker that has a permit.
    #[inline]
    pub(crate) fn take_aside(&self) -> Option<FiberRef> {
        if self.aside.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let mut inside = self.inside.lock();
        let fiber = inside.aside.pop_front();
        self.aside.store(inside.aside.len(), Ordering::Relaxed);
        fiber
    }
}
