//! The end of what the host waits for: somebody says so, or nothing can happen any more.

use super::Shared;
use crate::sync::{Ordering, fence};
use crate::timer::NEVER;
use std::any::Any;
use std::time::Instant;

#[derive(Default)]
pub(super) struct Done {
    signalled: bool,
    panic: Option<Box<dyn Any + Send>>,
}

impl Done {
    /// Nothing is to be waited for any more.
    fn is_over(&self) -> bool {
        self.signalled || self.panic.is_some()
    }
}

impl Shared {
    /// Announces that a wake-up may come from outside (a blocking call of the host, a request
    /// that a foreign thread will spawn): until [`Shared::end_pending`] there is no deadlock.
    pub fn begin_pending(&self) {
        self.pending.fetch_add(1, Ordering::AcqRel);
    }

    /// The announced wake-up has been made, or will not come.
    pub fn end_pending(&self) {
        // Release pairs with the Acquire in `is_deadlocked`: the work that was added before is seen.
        if self.pending.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.report_deadlock();
        }
    }

    /// Says that what the host waits for in [`Shared::wait_done`] has happened.
    pub fn signal_done(&self) {
        self.done.lock().signalled = true;
        self.done_changed.notify_all();
    }

    /// Waits on a foreign thread until [`Shared::signal_done`]; consumes the signal. While
    /// somebody waits here, a deadlock is reported to the host.
    ///
    /// # Panics
    /// With the payload of a panic that came out of a fiber's `resume` on some worker.
    pub fn wait_done(&self) {
        self.waiters.fetch_add(1, Ordering::SeqCst);
        self.report_deadlock();
        let mut done = self.done.lock();
        while !done.is_over() {
            self.done_changed.wait(&mut done);
        }
        // In one critical section with the consumption: a worker that falls asleep now must not
        // see somebody who waits and no signal.
        done.signalled = false;
        self.waiters.fetch_sub(1, Ordering::SeqCst);
        let panic = done.panic.take();
        drop(done);
        if let Some(payload) = panic {
            std::panic::resume_unwind(payload);
        }
    }

    /// Waits until [`Shared::wait_done`] would answer at once, or until the deadline; the answer says which. Consumes
    /// nothing, and no deadlock is reported meanwhile.
    pub fn is_done_before(&self, deadline: Instant) -> bool {
        let mut done = self.done.lock();
        while !done.is_over() && Instant::now() < deadline {
            self.done_changed.wait_until(&mut done, deadline);
        }
        done.is_over()
    }

    /// Says that somebody waits, without waiting: under loom the host's `on_deadlock` ends the model.
    #[cfg(loom)]
    pub(crate) fn wait_done_for_models(&self) {
        self.waiters.fetch_add(1, Ordering::SeqCst);
        self.report_deadlock();
    }

    /// Reports a deadlock to the host, once, if there is one.
    pub(crate) fn report_deadlock(&self) {
        // Between what the caller has changed (a wait begun, a pending wake-up made) and what it
        // reads here: of two callers at the same time, one sees both changes.
        fence(Ordering::SeqCst);
        if self.waiters.load(Ordering::SeqCst) == 0 || !self.is_deadlocked() {
            return;
        }
        // One at a time: what the host begins for the first who finds a deadlock may be over before it has begun all of it.
        let asking = self.asking.lock();
        if !self.is_deadlocked() || self.host.before_deadlock(self) {
            return;
        }
        drop(asking);
        if !self.deadlocked.swap(true, Ordering::AcqRel) {
            self.host.on_deadlock(self, self.live_fibers());
        }
    }

    /// The monitor asks the host to look; see [`Host::on_look`].
    #[cfg(not(loom))]
    pub(crate) fn look_by_host(&self, resting: bool) -> bool {
        self.host.on_look(resting)
    }

    /// Whether all workers rest, all queues are empty, and nothing outside is pending.
    fn is_deadlocked(&self) -> bool {
        self.idle.locked(|sleepers| {
            sleepers.resting() == self.created()
                && self.pending.load(Ordering::Acquire) == 0
                && self.timers.earliest() == NEVER
                && !self.queues_hold_work()
                && (0..self.created()).all(|i| self.worker(i).inbox_len.load(Ordering::Acquire) == 0)
                && !self.is_shut_down()
                && self.somebody_still_waits()
        })
    }

    fn somebody_still_waits(&self) -> bool {
        let done = self.done.lock();
        !done.signalled && done.panic.is_none() && self.waiters.load(Ordering::SeqCst) > 0
    }

    /// Keeps a panic that came out of a worker, for [`Shared::wait_done`].
    #[cfg(not(loom))]
    pub(crate) fn worker_panicked(&self, payload: Box<dyn Any + Send>) {
        self.done.lock().panic = Some(payload);
        self.done_changed.notify_all();
    }
}
