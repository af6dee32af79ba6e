//! Where a worker's next fiber comes from; the order is told at [`crate::worker`].

use super::{SLOT_STREAK, WorkerCx};
use crate::fiber::{FiberRef, NO_WORKER};
use crate::lockrank::{self, Rank};
use crate::sync::Ordering;
use crate::timer::{NEVER, Popped, TimerAction};
use crate::trace::Event;

impl WorkerCx {
    /// The next fiber of this worker's own, or of the injector.
    pub(super) fn pick(&mut self) -> Option<FiberRef> {
        self.tick = self.tick.wrapping_add(1);
        let intervals = self.intervals();
        if self.tick.is_multiple_of(intervals.injector) {
            #[cfg(not(loom))]
            self.shared.poll_io();
            if let Some(fiber) = self.shared.injector().take() {
                return Some(fiber);
            }
        }
        if self.tick.is_multiple_of(intervals.timers) || self.shared.timers_are_due() {
            self.run_own_timers();
        }
        if self.me.inbox_len.load(Ordering::Relaxed) != 0 {
            self.empty_inbox();
        }
        self.take_handoff().or_else(|| self.take_local()).or_else(|| self.take_injected())
    }

    pub(super) fn take_injected(&mut self) -> Option<FiberRef> {
        // A batch would be in the reach of others, who may not be allowed in.
        let injector = self.shared.injector();
        if self.alone { injector.take() } else { injector.take_batch(&self.queue) }
    }

    pub(super) fn take_handoff(&mut self) -> Option<FiberRef> {
        if self.streak >= SLOT_STREAK {
            self.streak = 0;
            self.demote_slots();
            return None;
        }
        let fiber = match self.pinned_slot.take().or_else(|| self.take_private_slot()) {
            Some(fiber) => fiber,
            None => self.me.take_slot()?,
        };
        self.streak += 1;
        self.me.counters.handoffs.bump();
        Some(fiber)
    }

    /// Puts the fibers of the slots behind the others.
    pub(super) fn demote_slots(&mut self) {
        self.pinned.extend(self.pinned_slot.take());
        if let Some(fiber) = self.take_private_slot() {
            self.keep(fiber);
        }
        if let Some(fiber) = self.me.take_slot() {
            self.queue.push(fiber);
        }
    }

    pub(super) fn take_local(&mut self) -> Option<FiberRef> {
        self.streak = 0;
        if self.pinned.is_empty() {
            return self.take_queued();
        }
        if self.tick & 1 == 0 {
            self.pinned.pop_front().or_else(|| self.take_queued())
        } else {
            self.take_queued().or_else(|| self.pinned.pop_front())
        }
    }

    /// A fiber that is tied to nobody: one of the private ones, mostly, and now and then one from the queue.
    #[inline]
    pub(super) fn take_queued(&mut self) -> Option<FiberRef> {
        if self.private.is_empty() || self.tick & 15 == 0 {
            return self.queue.pop().or_else(|| self.take_private());
        }
        self.take_private()
    }

    pub(super) fn empty_inbox(&mut self) {
        let _rank = lockrank::hold(Rank::Inbox);
        let me = self.me.clone();
        let mut inbox = me.inbox.lock();
        for fiber in inbox.drain(..) {
            if fiber.pinned_to() != NO_WORKER {
                self.pinned.push_back(fiber);
            } else if self.is_alone_with(fiber) {
                self.keep(fiber);
            } else {
                self.queue.push(fiber);
            }
        }
        me.inbox_len.store(0, Ordering::Release);
    }

    /// The first of those whom sockets wake just now, if there are any; the others are queued.
    #[cfg(not(loom))]
    pub(super) fn take_from_io(&mut self) -> Option<FiberRef> {
        let woken = self.shared.look_at_io();
        if woken.is_empty() {
            return None;
        }
        self.ready_from_io(woken);
        self.take_handoff().or_else(|| self.take_local())
    }

    /// Loom knows no sockets.
    #[cfg(loom)]
    pub(super) fn take_from_io(&mut self) -> Option<FiberRef> {
        None
    }

    /// Makes ready whom sockets have woken.
    pub(super) fn ready_from_io(&mut self, woken: Vec<FiberRef>) {
        for fiber in woken {
            let me = self.me.index;
            self.leaves_keeping |= self.shared.owner_of(fiber).is_some_and(|owner| owner != me);
            self.ready(fiber);
            self.shared.end_pending();
        }
    }

    /// Fires what is due, then looks at the other workers' queues.
    pub(super) fn search(&mut self) -> Option<FiberRef> {
        for shard in 0..self.shared.timers().shards() {
            self.run_timers(shard);
        }
        if let Some(fiber) = self.take_handoff().or_else(|| self.take_local()) {
            return Some(fiber);
        }
        let workers = self.shared.workers();
        if !self.searching {
            self.searching = self.shared.idle().start_searching(workers);
        }
        if !self.searching {
            return None;
        }
        let (count, start) = (self.shared.created(), self.rng.next_u64() as usize);
        for i in 0..count {
            let victim = self.shared.worker(start.wrapping_add(i) % count);
            if victim.index == self.me.index {
                continue;
            }
            if let Some(fiber) = victim.thief.steal_half(&self.queue) {
                self.me.counters.steals.bump();
                self.note(Event::Steal, fiber.id());
                return Some(fiber);
            }
        }
        self.take_injected()
    }

    pub(super) fn run_own_timers(&mut self) {
        let shard = self.index() % self.shared.timers().shards();
        if self.shared.timers_are_due() {
            self.shared.clear_timers_due();
            for shard in 0..self.shared.timers().shards() {
                self.run_timers(shard);
            }
        } else {
            self.run_timers(shard);
        }
    }

    /// Fires the timers of `shard` that are due.
    pub(super) fn run_timers(&mut self, shard: usize) {
        if self.shared.timers().next_of(shard) == NEVER {
            return;
        }
        let now = self.shared.now();
        loop {
            self.poll_stop();
            match self.shared.timers().pop_due(shard, now, self.world) {
                Popped::Nothing => return,
                Popped::Enter(world) => {
                    if self.enter_world(world).is_err() {
                        // Whoever has the world looks at this flag, and keeps time when it sleeps.
                        self.leaves_keeping = true;
                        return self.shared.set_timers_due();
                    }
                }
                Popped::Fire(action) => {
                    self.me.counters.timers.bump();
                    self.fire(action);
                }
            }
        }
    }

    pub(super) fn fire(&mut self, action: TimerAction) {
        match action {
            TimerAction::Wake(fiber) => self.ready(fiber),
            // SAFETY: whoever started the timer vouches for the call; we are inside its world.
            TimerAction::Call { call, data, generation, .. } => unsafe { call(self, data, generation) },
        }
    }
}
