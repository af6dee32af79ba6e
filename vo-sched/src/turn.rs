//! From one fiber to the next without a look around: where nothing but to run the next fiber can be wanted of
//! the worker.
//!
//! Most switches are of this kind: a fiber waits, or yields, in a world that its worker has to itself, and the one
//! that it has woken, or the first of the others, comes next. The worker then goes on by itself
//! ([`WorkerCx::next_in_hand`]), or the host does before its `resume` returns ([`WorkerCx::next_turn`]), which
//! saves the way out of one turn and into the other.
//!
//! Must stay true:
//!
//! - both do what the worker's loop would have done, in the same order: who runs next does not depend on them;
//! - after [`SLOT_STREAK`](crate::worker) fibers in a row the worker looks around: at the injector, timers, its inbox;
//! - nothing is asked of the worker (its interrupt word is 0), nobody is pinned, and the world is neither shared
//!   nor waits for a permit.

use crate::fiber::{FiberRef, NO_WORKER, Outcome};
use crate::sync::Ordering;
use crate::trace::Event;
use crate::worker::{SLOT_STREAK, WorkerCx};
use core::ptr;

/// Who runs next.
#[derive(Clone, Copy)]
enum Next {
    /// Who has just been woken.
    Woken(FiberRef),
    /// The first of the others.
    First(FiberRef),
}

impl WorkerCx {
    /// Ends the turn of the current fiber, which has come to `outcome`, and begins that of the next one: for hosts, before
    /// they return from [`crate::FiberVTable::resume`]. The next fiber is of the same kind; it is current and
    /// Running. `None`: nothing has been done, and the host returns the outcome.
    ///
    /// # Safety
    /// As for returning the outcome. A fiber that finished is gone when this answers another one.
    #[inline]
    pub unsafe fn next_turn(&mut self, outcome: Outcome) -> Option<FiberRef> {
        let fiber = self.current?;
        let next = self.in_hand()?;
        let (Next::Woken(to) | Next::First(to)) = next;
        if !ptr::eq(to.vtable(), fiber.vtable()) {
            return None;
        }
        match outcome {
            Outcome::Parked => {
                if !fiber.rests() {
                    return None;
                }
                fiber.finish_rest();
                self.take(next);
                self.me.counters.parks.bump();
                self.note_fiber(Event::Park, fiber);
            }
            Outcome::Yielded => {
                if fiber.pinned_to() != NO_WORKER || self.shared().config().stress_steal {
                    return None;
                }
                self.me.counters.yields.bump();
                self.note_fiber(Event::Yield, fiber);
                fiber.yielded();
                self.take(next);
                self.keep(fiber);
            }
            Outcome::Finished => {
                self.note_fiber(Event::Finish, fiber);
                self.take(next);
                self.finish(fiber);
            }
        }
        self.count_pick();
        to.start_running();
        self.current = Some(to);
        self.me.counters.resumes.bump();
        self.note_fiber(Event::Resume, to);
        Some(to)
    }

    /// The fiber that has just been woken, or else the first of the others, where the worker may go on to it at once.
    #[inline]
    pub(crate) fn next_in_hand(&mut self) -> Option<FiberRef> {
        let next = self.in_hand()?;
        self.take(next);
        let (Next::Woken(fiber) | Next::First(fiber)) = next;
        Some(fiber)
    }

    /// Looks who is next.
    #[inline]
    fn in_hand(&self) -> Option<Next> {
        if self.hand == 0
            || !self.alone
            || self.interrupt().load(Ordering::Relaxed) != 0
            || self.pinned_slot.is_some()
        {
            return None;
        }
        if self.current_world().is_none_or(|world| world.limit() != 0 && !self.permit) {
            return None;
        }
        let woken = self.me.private_slot.load(Ordering::Relaxed);
        if woken.is_null() {
            let first = *self.private.front()?;
            let plain = self.pinned.is_empty() && self.queue.is_empty();
            return (plain && ptr::eq(first.world(), self.world)).then_some(Next::First(first));
        }
        // SAFETY: what is in the slot is a queued fiber.
        let fiber = unsafe { FiberRef::from_raw(woken) };
        (self.streak < SLOT_STREAK && ptr::eq(fiber.world(), self.world)).then_some(Next::Woken(fiber))
    }

    /// Takes who is next out of the place where it waits.
    #[inline]
    fn take(&mut self, next: Next) {
        self.hand -= 1;
        match next {
            Next::Woken(_) => {
                self.me.private_slot.store(ptr::null_mut(), Ordering::Relaxed);
                self.streak += 1;
                self.me.counters.handoffs.bump();
            }
            Next::First(_) => {
                self.streak = 0;
                self.private.pop_front();
                self.me.private_len.store(self.private.len(), Ordering::Relaxed);
                if let Some(second) = self.private.front() {
                    second.approach();
                }
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use crate::fiber::Outcome;
    use crate::{Config, NoHost, Scheduler, step};
    use std::sync::{Arc, Mutex};

    /// Fibers that yield take turns in the order of their numbers, whether the host goes on by itself or not.
    #[test]
    fn the_order_is_the_loops() {
        let log = Arc::new(Mutex::new(Vec::new()));
        let sched = Scheduler::new(Config { workers: 1, ..Config::default() }, Arc::new(NoHost));
        let (written, mut left) = (log.clone(), 0);
        let main = step::fiber(sched.root_world(), move |cx| {
            // SAFETY: this worker runs the main fiber, whose world outlives it.
            let world = unsafe { &*cx.current().world() };
            if left == 0 {
                for name in 1..=3 {
                    let (log, mut turns) = (written.clone(), 0);
                    let other = step::fiber(world, move |_| {
                        log.lock().unwrap().push(name);
                        turns += 1;
                        if turns == 20 { Outcome::Finished } else { Outcome::Yielded }
                    });
                    cx.spawn(other);
                }
            }
            left += 1;
            if left == 40 {
                cx.shared().signal_done();
                return Outcome::Finished;
            }
            Outcome::Yielded
        });
        sched.run_until_done(main);
        let log = log.lock().unwrap();
        assert_eq!(log.len(), 60);
        assert!(log.chunks(3).all(|turn| turn == [1, 2, 3]), "{log:?}");
    }
}
