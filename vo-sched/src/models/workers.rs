//! Models that drive real workers: a scheduler, its workers as threads, and what the fibers share.
//!
//! What must stay true: the last fiber shuts the scheduler down, or the workers never end.

use crate::fiber::NO_WORKER;
use crate::lock::ChanLock;
use crate::sched::{Config, NoHost, Shared};
use crate::sync::{AtomicUsize, Ordering, RaceCell};
use crate::worker::WorkerCx;
use loom::thread::{self, JoinHandle};
use std::sync::Arc;

/// A scheduler of so many workers, which have not started.
pub(super) fn shared(workers: usize) -> Arc<Shared> {
    Shared::with_workers(Config { workers, ..Config::default() }, Arc::new(NoHost))
}

/// Starts a thread of the model for each worker.
pub(super) fn start(shared: &Arc<Shared>) -> Vec<JoinHandle<()>> {
    let start = |(me, queue)| {
        let shared = shared.clone();
        thread::spawn(move || WorkerCx::new(shared, me, queue).run())
    };
    shared.take_fresh().into_iter().map(start).collect()
}

/// Waits for the workers, which end when a fiber shuts the scheduler down.
pub(super) fn finish(shared: &Shared, workers: Vec<JoinHandle<()>>) {
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    shared.drop_fibers_of(NO_WORKER);
}

/// Runs the workers, with `meanwhile` on this thread.
pub(super) fn run(shared: &Arc<Shared>, meanwhile: impl FnOnce()) {
    let workers = start(shared);
    meanwhile();
    finish(shared, workers);
}

/// What the fibers of a model share: a count of those that are left, and a cell that nobody may touch beside another.
pub(super) struct Common {
    left: AtomicUsize,
    lock: ChanLock,
    cell: RaceCell<u32>,
}

impl Common {
    /// For so many fibers.
    pub(super) fn new(fibers: usize) -> Arc<Common> {
        let left = AtomicUsize::new(fibers);
        Arc::new(Common { left, lock: ChanLock::default(), cell: RaceCell::new(0) })
    }

    /// Touches what belongs to whoever is inside.
    pub(super) fn touch(&self) {
        // SAFETY: nobody else is inside; loom checks.
        unsafe { self.cell.with_mut(|cell| *cell += 1) };
    }

    /// Touches it where others may be inside.
    pub(super) fn touch_locked(&self, cx: &WorkerCx) {
        self.lock.lock(cx);
        self.touch();
        self.lock.unlock(cx);
    }

    /// A fiber has done its part: the last one ends the model.
    pub(super) fn one_less(&self, cx: &WorkerCx) {
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            cx.shared().begin_shutdown();
        }
    }
}
