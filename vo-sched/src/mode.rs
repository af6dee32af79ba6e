//! When a world is one worker's alone, and when it is everybody's.
//!
//! Most of what locks and atomics cost is paid for nothing: programs that talk more than they compute run
//! best on one core, where a channel operation is a few plain loads and stores. So a world belongs to the
//! worker that came first ([`crate::world`] has the protocol), which keeps the world's fibers to itself: woken
//! ones in a slot of its own, the others in a list that nobody steals from. It is *opened* when others could
//! help, and closed again when they are no use. Neither is urgent: the monitor decides, at its looks, a
//! millisecond apart ([`Policy`]), and asks a worker, which does it at its next safepoint.
//!
//! - Open: fibers wait, a worker sleeps, and the owner has been at one fiber since the last look, or its
//!   fibers run for long between two switches. With short turns another worker would mostly fetch cache lines.
//!   (Turns are measured by the time that the worker has run, not by the clock on the wall.)
//! - Close: one worker has been alone inside for some looks, or all that are inside do short turns.
//!   A world that was opened again soon after has to be quiet for longer the next time.
//! - Shut: the workers inside wait for each other's locks so often that one of them would be as fast, or those who
//!   come in soon wait for a lock and go again. The world is closed, and not opened again for a while, which is
//!   longer each time that this happens soon again.
//!
//! A worker that has fibers of several worlds is asked to share too; it gives away those of the worlds
//! that it is not inside, and opens its own only where there are none.
//!
//! Must stay true: a worker changes the mode of the world that it is inside only here, between two
//! fibers or in a fiber's safepoint, where no lock of the world is held and no fiber is about to park.

use crate::fiber::{FiberHeader, FiberRef};
use crate::sync::Ordering;
use crate::worker::{WorkerCx, WorkerShared};
use crate::world::LOOK;
use core::ptr;

/// What the monitor asks of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Wish {
    Nothing = 0,
    /// To let others have fibers.
    Share = 1,
    /// To have the world to itself.
    Close = 2,
}

/// Picks after which a worker no longer waits for the others to leave.
const PATIENCE: u32 = 20_000;
/// Picks after which it reminds them.
const REMINDER: u32 = 256;

impl WorkerShared {
    /// Asks the worker for something, at its next safepoint.
    pub fn ask(&self, wish: Wish) {
        self.wish.store(wish as u8, Ordering::Relaxed);
        self.seat.interrupt().fetch_or(LOOK, Ordering::AcqRel);
    }

    /// Whether fibers wait that only this worker can run: a hint.
    pub fn has_private_work(&self) -> bool {
        self.private_len.load(Ordering::Relaxed) != 0 || !self.private_slot.load(Ordering::Relaxed).is_null()
    }
}

/// Fibers that nobody else can take.
impl WorkerCx {
    /// Whether the worker has the fiber's world to itself.
    #[inline]
    pub(crate) fn is_alone_with(&self, fiber: FiberRef) -> bool {
        self.alone && ptr::eq(fiber.world(), self.world)
    }

    /// A woken fiber runs next; the one that was to run next goes behind the others.
    #[inline(always)]
    pub(crate) fn keep_woken(&mut self, fiber: FiberRef) {
        let slot = &self.me.private_slot;
        let older = slot.load(Ordering::Relaxed);
        slot.store(fiber.as_ptr(), Ordering::Relaxed);
        if !older.is_null() {
            // SAFETY: what is in the slot is a queued fiber.
            self.keep_older(unsafe { FiberRef::from_raw(older) });
        }
    }

    /// As [`WorkerCx::keep`], where that would be a lot of code.
    #[inline(never)]
    fn keep_older(&mut self, fiber: FiberRef) {
        self.keep(fiber);
    }

    /// Puts a fiber behind the others.
    #[inline]
    pub(crate) fn keep(&mut self, fiber: FiberRef) {
        self.private.push_back(fiber);
        self.me.private_len.store(self.private.len(), Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn take_private_slot(&self) -> Option<FiberRef> {
        let slot = &self.me.private_slot;
        let fiber: *mut FiberHeader = slot.load(Ordering::Relaxed);
        if fiber.is_null() {
            return None;
        }
        slot.store(ptr::null_mut(), Ordering::Relaxed);
        // SAFETY: what is in the slot is a queued fiber.
        Some(unsafe { FiberRef::from_raw(fiber) })
    }

    #[inline]
    pub(crate) fn take_private(&mut self) -> Option<FiberRef> {
        let fiber = self.private.pop_front()?;
        self.me.private_len.store(self.private.len(), Ordering::Relaxed);
        Some(fiber)
    }

    /// Moves private fibers that `wanted` accepts to the queue. Answers whether there were any.
    fn publish(&mut self, wanted: impl Fn(FiberRef) -> bool) -> bool {
        let slot = self.take_private_slot();
        let mut any = false;
        for _ in 0..self.private.len() + usize::from(slot.is_some()) {
            let fiber = match self.private.pop_front() {
                Some(fiber) => fiber,
                None => break,
            };
            if wanted(fiber) {
                self.queue.push(fiber);
                any = true;
            } else {
                self.private.push_back(fiber);
            }
        }
        match slot {
            Some(fiber) if wanted(fiber) => {
                self.queue.push(fiber);
                any = true;
            }
            Some(fiber) => self.me.private_slot.store(fiber.as_ptr(), Ordering::Relaxed),
            None => {}
        }
        self.me.private_len.store(self.private.len(), Ordering::Relaxed);
        any
    }

    /// Gives all private fibers to the queue, whatever their world.
    pub(crate) fn publish_all(&mut self) {
        self.publish(|_| true);
    }
}

/// Changing the mode.
impl WorkerCx {
    pub(crate) fn set_alone(&mut self, alone: bool) {
        self.alone = alone;
        self.me.alone.store(alone, Ordering::Relaxed);
    }

    /// Does what was asked for. True: another worker wants the world to itself, and a running fiber is to
    /// give way.
    #[cold]
    pub(crate) fn look(&mut self) -> bool {
        self.interrupt().fetch_and(!LOOK, Ordering::AcqRel);
        let wish = self.me.wish.swap(Wish::Nothing as u8, Ordering::Relaxed);
        if wish == Wish::Share as u8 {
            self.share();
        } else if wish == Wish::Close as u8 {
            self.begin_closing();
        }
        let me = self.me.index;
        self.current_world().is_some_and(|world| world.wants_out(me))
    }

    /// Lets others have fibers.
    pub(crate) fn share(&mut self) {
        if self.closing != 0 {
            self.closing = 0;
            if let Some(world) = self.current_world() {
                world.cancel_closing();
            }
        }
        let world = self.world;
        if !self.publish(|fiber| !ptr::eq(fiber.world(), world)) {
            if self.alone
                && let Some(world) = self.current_world()
            {
                world.open();
                self.set_alone(false);
                self.me.counters.opened.bump();
            }
            self.publish_all();
        }
        self.notify_work();
    }

    fn begin_closing(&mut self) {
        let me = self.me.index;
        if !self.alone
            && self.closing == 0
            && self.current_world().is_some_and(|world| world.begin_closing(me))
        {
            self.closing = 1;
        }
    }

    /// Between two fibers, while the world is to become this worker's: looks whether the others have gone.
    #[cold]
    pub(crate) fn go_on_closing(&mut self) {
        let Some(world) = self.current_world() else {
            self.closing = 0;
            return;
        };
        let (shared, me) = (self.shared(), &self.me);
        let remind = self.closing % REMINDER == 1;
        let seats = (0..shared.created()).map(|i| &shared.worker(i).seat);
        if world.finish_closing(me.index, seats, &me.seat, remind) {
            self.closing = 0;
            self.set_alone(true);
            self.me.counters.closed.bump();
            self.withdraw();
        } else if self.closing >= PATIENCE {
            world.cancel_closing();
            self.closing = 0;
        } else {
            self.closing += 1;
            // The fiber that runs next is not to keep it waiting.
            self.interrupt().fetch_or(LOOK, Ordering::Relaxed);
        }
    }

    /// Takes the world's fibers out of the others' reach.
    fn withdraw(&mut self) {
        let world = self.world;
        let fibers: Vec<FiberRef> = std::iter::from_fn(|| self.queue.pop()).collect();
        for fiber in self.me.take_slot().into_iter().chain(fibers) {
            if ptr::eq(fiber.world(), world) {
                self.keep(fiber);
            } else {
                self.queue.push(fiber);
            }
        }
    }

    /// Between two fibers, when another worker wants the world to itself: gives it the world's fibers, and
    /// leaves.
    #[cold]
    pub(crate) fn make_way(&mut self) {
        self.publish_all();
        let world = self.world;
        let owner = self.current_world().and_then(|world| world.owner());
        let fibers: Vec<FiberRef> = std::iter::from_fn(|| self.queue.pop()).collect();
        let slot = self.me.take_slot();
        let (theirs, others): (Vec<_>, Vec<_>) =
            slot.into_iter().chain(fibers).partition(|fiber| ptr::eq(fiber.world(), world));
        others.into_iter().for_each(|fiber| self.queue.push(fiber));
        self.leave_world();
        for fiber in theirs {
            match owner {
                Some(owner) => self.shared().deliver(owner, fiber),
                None => self.queue.push(fiber),
            }
        }
    }

    /// The fiber's world belongs to `owner`, who gets the fiber.
    #[cold]
    pub(crate) fn refuse(&mut self, fiber: FiberRef, owner: u16) {
        if fiber.pinned_to() == self.me.index {
            // It can run nowhere else, so its world has to be opened.
            self.shared().worker(usize::from(owner)).ask(Wish::Share);
            self.pinned.push_back(fiber);
            crate::sync::yield_thread();
        } else if owner == self.me.index {
            self.queue.push(fiber);
        } else {
            self.shared().deliver(owner, fiber);
        }
    }
}

#[cfg(not(loom))]
pub(crate) use policy::Policy;

#[cfg(not(loom))]
mod policy {
    use super::Wish;
    use crate::sched::Shared;
    use crate::sync::Ordering;
    use crate::worker::WorkerShared;
    use std::time::Duration;

    /// Fewer picks in a millisecond than this are long turns, which others should share.
    const LONG: u64 = 1500;
    /// More are short turns, which one worker does better alone.
    const SHORT: u64 = 2500;
    /// Microseconds that a worker has run before its turns are judged.
    const ENOUGH: u64 = 800;
    /// Quiet looks after which a world is closed, and how often they double for one that is opened again.
    const QUIET: u32 = 10;
    const DOUBLINGS: u32 = 8;
    /// Looks after which a world that nobody has been inside is forgotten.
    const FORGET: u32 = 2000;
    /// Fifths of a microsecond in a millisecond for which those inside wait for locks: more are a dispute. (It costs
    /// the holders about as much.)
    const DISPUTED: u64 = 1200;
    /// Looks for which a wait for a lock is remembered when one worker is left inside.
    const REMEMBERED: u32 = 10;
    /// Looks in a row that find a dispute before the world is shut.
    const DISPUTES: u32 = 3;
    /// Looks for which it is then shut, and how often they double.
    const SHUT: u32 = 25;
    const SHUT_DOUBLINGS: u32 = 4;
    /// Looks without dispute after which the doubling begins anew.
    const PEACE: u32 = 50;

    /// What the monitor knows of workers and of the worlds that they are inside.
    #[derive(Default)]
    pub(crate) struct Policy {
        workers: Vec<Judged>,
        worlds: Vec<Seen>,
        /// How long all workers have waited for locks so far, and since the look before.
        waited: u64,
        waits: u64,
    }

    /// A worker's turns.
    #[derive(Clone, Copy, Default)]
    struct Judged {
        /// Picks and running time when they were judged last, and wall time for where that is all there is.
        picks: u64,
        micros: u64,
        wall: u64,
        /// Picks in a millisecond, then.
        rate: u64,
        /// Waited for locks so far, and in a millisecond of its time.
        waited: u64,
        waits: u64,
        /// They were judged at this look.
        fresh: bool,
    }

    impl Judged {
        fn look(&mut self, worker: &WorkerShared, since: u64) {
            self.wall += since;
            let micros = worker.clock.micros().unwrap_or(self.wall);
            let ran = micros.saturating_sub(self.micros);
            self.fresh = ran >= ENOUGH;
            if self.fresh {
                let picks = worker.picks.load(Ordering::Relaxed);
                self.rate = picks.wrapping_sub(self.picks) * 1000 / ran;
                let waited = worker.counters.contended.get();
                self.waits = waited.wrapping_sub(self.waited) * 1000 / ran;
                (self.picks, self.micros, self.waited) = (picks, micros, waited);
            }
        }
    }

    /// An open world.
    #[derive(Default)]
    struct Seen {
        place: usize,
        quiet: u32,
        /// Times that it was closed.
        closed: u32,
        /// Looks at which nobody was inside.
        absent: u32,
        /// Looks since somebody waited for a lock.
        calm: u32,
        /// Looks in a row that found a dispute, or none.
        disputes: u32,
        peace: u32,
        /// Looks until it may be opened again, and how often they have doubled.
        shut: u32,
        shut_before: u32,
    }

    impl Policy {
        /// A look, `since` after the one before.
        pub fn look(&mut self, shared: &Shared, since: Duration) {
            let created = shared.created();
            if created < 2 {
                return;
            }
            if shared.config().stress_modes {
                return (0..created).for_each(|i| {
                    let worker = shared.worker(i);
                    worker.ask(if worker.alone.load(Ordering::Relaxed) { Wish::Share } else { Wish::Close });
                });
            }
            self.workers.resize(created, Judged::default());
            for (i, judged) in self.workers.iter_mut().enumerate() {
                judged.look(shared.worker(i), since.as_micros() as u64);
            }
            let waited = (0..created).map(|i| shared.worker(i).counters.contended.get()).sum();
            self.waits = waited - std::mem::replace(&mut self.waited, waited);
            self.worlds.iter_mut().for_each(|seen| seen.shut = seen.shut.saturating_sub(1));
            if shared.idle().sleeping() > 0 {
                self.open_busy(shared);
            }
            self.close_quiet(shared);
        }

        fn open_busy(&self, shared: &Shared) {
            for (i, judged) in self.workers.iter().enumerate() {
                let worker = shared.worker(i);
                let keeps = worker.alone.load(Ordering::Relaxed) || worker.has_private_work();
                let place = worker.seat.place();
                let shut = self.worlds.iter().any(|seen| seen.place == place && seen.shut > 0);
                if keeps && judged.fresh && !shut && wants_help(shared, worker, judged.rate) {
                    worker.ask(Wish::Share);
                }
            }
        }

        fn close_quiet(&mut self, shared: &Shared) {
            self.worlds.iter_mut().for_each(|seen| seen.absent += 1);
            let judged = std::mem::take(&mut self.workers);
            for i in 0..judged.len() {
                let worker = shared.worker(i);
                let place = worker.seat.place();
                if place == 0 || worker.alone.load(Ordering::Relaxed) {
                    continue;
                }
                let inside = || (0..judged.len()).filter(|&j| shared.worker(j).seat.place() == place);
                // The busiest of those inside speaks for all.
                if inside().any(|j| (judged[j].rate, j) > (judged[i].rate, i)) {
                    continue;
                }
                let quiet = inside().count() == 1 || inside().all(|j| judged[j].rate > SHORT);
                let (lonely, waits) = (inside().count() == 1, self.waits);
                let seen = self.seen(place);
                seen.absent = 0;
                seen.calm = if waits > 0 { 0 } else { seen.calm.saturating_add(1) };
                let hot = inside().map(|j| judged[j].waits).sum::<u64>() > DISPUTED;
                let disputed = hot || lonely && seen.calm < REMEMBERED;
                if judged[i].fresh && (seen.is_disputed(disputed) || seen.is_quiet(quiet)) {
                    worker.ask(Wish::Close);
                }
            }
            self.workers = judged;
            self.worlds.retain(|seen| seen.absent < FORGET);
        }

        fn seen(&mut self, place: usize) -> &mut Seen {
            let at = match self.worlds.iter().position(|seen| seen.place == place) {
                Some(at) => at,
                None => {
                    self.worlds.push(Seen { place, calm: REMEMBERED, ..Seen::default() });
                    self.worlds.len() - 1
                }
            };
            &mut self.worlds[at]
        }
    }

    impl Seen {
        fn is_disputed(&mut self, disputed: bool) -> bool {
            if !disputed {
                (self.disputes, self.peace) = (0, self.peace + 1);
                if self.peace >= PEACE {
                    self.shut_before = 0;
                }
                return false;
            }
            (self.disputes, self.peace) = (self.disputes + 1, 0);
            let shut = self.disputes >= DISPUTES;
            if shut {
                self.shut = SHUT << self.shut_before.min(SHUT_DOUBLINGS);
                (self.disputes, self.shut_before) = (0, self.shut_before + 1);
            }
            shut
        }

        fn is_quiet(&mut self, quiet: bool) -> bool {
            self.quiet = if quiet { self.quiet + 1 } else { 0 };
            let enough = self.quiet >= QUIET << self.closed.min(DOUBLINGS);
            if enough {
                (self.quiet, self.closed) = (0, self.closed + 1);
            }
            enough
        }
    }

    /// Whether others should help a worker that has its world to itself and makes so many picks.
    fn wants_help(shared: &Shared, worker: &WorkerShared, rate: u64) -> bool {
        if rate == 0 {
            return worker.has_private_work()
                || worker.inbox_len.load(Ordering::Relaxed) != 0
                || shared.timers_are_due();
        }
        rate < LONG && worker.private_len.load(Ordering::Relaxed) != 0
    }
}
