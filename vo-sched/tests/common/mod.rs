//! What tests and benches of step fibers share: channels of one-word elements, and every mode.

#![allow(dead_code, reason = "each user takes what it needs")]

use std::cell::Cell;
use std::sync::Arc;
use vo_sched::chan::{self, ChanCore, RecvResult, RingStorage, SendResult};
use vo_sched::select::SelectCase;
use vo_sched::waiter::Dir;
use vo_sched::{Config, NoHost, Scheduler, WorkerCx};

/// A scheduler whose programs have no heap.
pub fn scheduler(config: Config) -> Scheduler {
    Scheduler::new(config, Arc::new(NoHost))
}

/// Runs a test with 1, 2 and 4 workers, each with a stress mode off and on.
pub fn in_every_mode(stressed: impl Fn(Config) -> Config, test: impl Fn(&Scheduler)) {
    for workers in [1, 2, 4] {
        let config = || Config { workers, seed: 1, ..Config::default() };
        test(&scheduler(config()));
        test(&scheduler(stressed(config())));
    }
}

/// A channel of one-word elements with its own buffer.
pub struct Words {
    pub core: ChanCore,
    slots: Vec<Cell<u64>>,
}

// SAFETY: the slots are used by the channel's operations only, under the core's lock.
unsafe impl Sync for Words {}
// SAFETY: as above.
unsafe impl Send for Words {}

impl Words {
    pub fn new(cap: usize) -> Arc<Words> {
        Arc::new(Words { core: ChanCore::new(), slots: vec![Cell::new(0); cap] })
    }

    pub fn storage(&self) -> RingStorage {
        RingStorage { slots: self.slots.as_ptr().cast_mut().cast(), cap: self.slots.len(), elem_words: 1 }
    }

    pub fn send(&self, cx: &mut WorkerCx, word: u64) -> SendResult {
        // SAFETY: core and storage belong together; the callers park on Block.
        unsafe { chan::send(&self.core, self.storage(), cx, &word) }
    }

    pub fn recv(&self, cx: &mut WorkerCx, out: &mut u64) -> RecvResult {
        // SAFETY: as above.
        unsafe { chan::recv(&self.core, self.storage(), cx, out) }
    }

    pub fn case(&self, dir: Dir, word: &mut u64) -> SelectCase<RingStorage> {
        SelectCase { core: &self.core, storage: self.storage(), dir, words: word }
    }
}
