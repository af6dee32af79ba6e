//! A worker: the loop that picks fibers and runs them, and what a running fiber sees of it.
//!
//! Where the next fiber comes from, in this order:
//!
//! 1. every 61st pick (every 15th with a world to itself, when it goes on to fibers in hand between two picks): the
//!    injector first, so that it does not starve;
//! 2. the hand-off slot: the fiber that was woken last by this worker, hot in its caches; after
//!    [`SLOT_STREAK`] picks in a row from the slot it goes behind the queue instead;
//! 3. the worker's own fibers: those of the world that it has to itself ([`crate::mode`]), those that others
//!    may steal, and pinned ones, in turns;
//! 4. the injector, a batch; sockets; due timers; then it searches: half of another worker's queue.
//!
//! Must stay true:
//!
//! - only the owner fills the slot; it is emptied by the owner, or by the monitor once its
//!   fiber has waited ([`crate::preempt`]); thieves never look at it;
//! - filling the empty slot wakes nobody (the hand-off stays on this core); everything that is
//!   pushed to a queue may wake one worker;
//! - a pinned fiber is only ever in its worker's inbox, `pinned` list or `pinned_slot`;
//! - a worker is inside the world of the fiber that it runs, and outside of all while it sleeps.

mod pick;

use crate::deque::{LocalQueue, Thief};
use crate::fiber::{Cx, FiberHeader, FiberRef, NO_WORKER, Outcome, ParkEnd, Wake};
use crate::lockrank::{self, Rank};
use crate::park::Parker;
use crate::sched::Shared;
use crate::seed::Rng;
use crate::stats::Counters;
use crate::sync::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Mutex, Ordering};
use crate::timer::{TimerAction, TimerId};
use crate::trace::{Event, Log};
use crate::wait::WaitReason;
use crate::world::{Entered, LOOK, PREEMPT, STOP, Seat, World};
use core::ops::Range;
use core::ptr;
use std::collections::VecDeque;
use std::sync::Arc;

/// Picks in a row from the hand-off slot before the queue has its turn.
pub(crate) const SLOT_STREAK: u32 = 64;

/// After how many picks a worker looks beyond its own fibers.
#[derive(Clone, Copy)]
struct Intervals {
    /// The injector comes first, and sockets are asked.
    injector: u32,
    /// If its shard has timers, it reads the clock.
    timers: u32,
}

impl Intervals {
    const SHARED: Intervals = Intervals { injector: 61, timers: 16 };
    /// With a world to itself each pick may be followed by up to [`SLOT_STREAK`] fibers in hand.
    const ALONE: Intervals = Intervals { injector: 15, timers: 4 };
}

/// How often a worker looks for work before it sleeps, and for how many spins it waits each time.
#[cfg(not(loom))]
const LINGER_LOOKS: u32 = 16;
#[cfg(not(loom))]
const LINGER_SPINS: u32 = 40;
/// Nanoseconds that a worker is awake before it is said to be away: somebody else had better keep time and poll meanwhile. To wake
/// another takes some microseconds of both.
const LONG_TURN: u64 = 50_000;
/// Goroutine numbers that a worker takes at a time.
const ID_BATCH: u64 = 16;

/// The part of a worker that others see.
pub(crate) struct WorkerShared {
    pub seat: Seat,
    pub index: u16,
    pub parker: Parker,
    pub thief: Thief,
    /// The hand-off slot. Only the owner stores non-null.
    pub slot: AtomicPtr<FiberHeader>,
    /// Fibers that only this worker may take: pinned ones that others woke.
    pub inbox: Mutex<VecDeque<FiberRef>>,
    pub inbox_len: AtomicUsize,
    /// Whether pinned fibers wait; a hint for the monitor.
    pub has_pinned: AtomicBool,
    /// Number of picks so far, for the monitor to see that time passes within one.
    pub picks: AtomicU64,
    /// The hand-off slot while the worker has its world to itself, and the number of fibers that it keeps: both
    /// the owner's; the monitor looks.
    pub private_slot: AtomicPtr<FiberHeader>,
    pub private_len: AtomicUsize,
    /// Whether the worker has its world to itself; a hint for the monitor.
    pub alone: AtomicBool,
    /// How long the worker has run.
    #[cfg(not(loom))]
    pub clock: crate::cputime::CpuClock,
    #[cfg(not(loom))]
    pub slices: crate::thread::Slices,
    /// What the monitor wants; a [`crate::mode::Wish`].
    pub wish: AtomicU8,
    pub counters: Counters,
    pub log: Log,
}

impl WorkerShared {
    pub fn new(index: u16) -> (WorkerShared, LocalQueue) {
        let (queue, thief) = LocalQueue::new();
        let shared = WorkerShared {
            seat: Seat::new(),
            index,
            parker: Parker::new(),
            thief,
            slot: AtomicPtr::new(ptr::null_mut()),
            inbox: Mutex::new(VecDeque::new()),
            inbox_len: AtomicUsize::new(0),
            has_pinned: AtomicBool::new(false),
            picks: AtomicU64::new(0),
            private_slot: AtomicPtr::new(ptr::null_mut()),
            private_len: AtomicUsize::new(0),
            alone: AtomicBool::new(false),
            #[cfg(not(loom))]
            clock: crate::cputime::CpuClock::new(),
            #[cfg(not(loom))]
            slices: crate::thread::Slices::new(),
            wish: AtomicU8::new(0),
            counters: Counters::default(),
            log: Log::new(),
        };
        (shared, queue)
    }

    /// Leaves a fiber for this worker alone. The caller then wakes it.
    pub fn deliver(&self, fiber: FiberRef) {
        let _rank = lockrank::hold(Rank::Inbox);
        let mut inbox = self.inbox.lock();
        inbox.push_back(fiber);
        self.inbox_len.store(inbox.len(), Ordering::Release);
    }

    /// Empties the slot; for the owner, and for the monitor.
    pub fn take_slot(&self) -> Option<FiberRef> {
        if self.slot.load(Ordering::Relaxed).is_null() {
            return None;
        }
        // AcqRel: the taker sees the fiber as whoever put it there left it.
        let fiber = self.slot.swap(ptr::null_mut(), Ordering::AcqRel);
        // SAFETY: what is in the slot is a queued fiber.
        (!fiber.is_null()).then(|| unsafe { FiberRef::from_raw(fiber) })
    }
}

/// A worker as its running fiber (and the host) sees it.
pub struct WorkerCx {
    pub(crate) current: Option<FiberRef>,
    pub(crate) me: Arc<WorkerShared>,
    shared: Arc<Shared>,
    /// The world that the worker is inside, or null.
    pub(crate) world: *const World,
    /// Whether nobody else can be inside.
    pub(crate) alone: bool,
    /// Not 0: the world is being closed around this worker, since so many picks.
    pub(crate) closing: u32,
    /// It has one of that world's permits.
    pub(crate) permit: bool,
    host: *mut (),
    pub(crate) queue: LocalQueue,
    /// Fibers that nobody else can take.
    pub(crate) private: VecDeque<FiberRef>,
    pub(crate) pinned_slot: Option<FiberRef>,
    pub(crate) pinned: VecDeque<FiberRef>,
    rng: Rng,
    tick: u32,
    pub(crate) streak: u32,
    /// Fibers that may still be gone on to before the worker looks around.
    pub(crate) hand: u32,
    searching: bool,
    /// When the worker last woke up, and for how long it was awake the time before; nanoseconds.
    woke_up: u64,
    last_turn: u64,
    /// Timers or sockets have work for a world that another worker has to itself: that one had better keep time and poll.
    leaves_keeping: bool,
    ids: Range<u64>,
}

impl Cx for WorkerCx {
    #[inline]
    fn current(&self) -> FiberRef {
        self.current.expect("internal error: no fiber is running")
    }

    #[inline(always)]
    fn ready(&mut self, fiber: FiberRef) {
        // Where nobody else can see it, which is mostly.
        if self.is_alone_with(fiber) && fiber.pinned_to() == NO_WORKER && fiber.wake_alone() {
            self.keep_woken(fiber);
        } else {
            self.ready_shared(fiber);
        }
    }

    #[inline]
    fn exclusive(&self) -> bool {
        self.alone
    }

    fn contended(&self, fifths: u64) {
        self.me.counters.contended.add(fifths);
    }

    #[inline]
    fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }
}

/// What a running fiber and its host may ask for.
impl WorkerCx {
    /// The worker's number, from 0.
    #[inline]
    pub fn index(&self) -> usize {
        usize::from(self.me.index)
    }

    /// The scheduler.
    #[inline]
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The fiber that is running.
    #[inline]
    pub fn current(&self) -> FiberRef {
        Cx::current(self)
    }

    /// The fiber that is running, if one is (none in callbacks of timers and of the host).
    pub fn current_opt(&self) -> Option<FiberRef> {
        self.current
    }

    /// Makes a fiber runnable whose wait the caller has completed; see [`Cx::ready`].
    #[inline]
    pub fn ready(&mut self, fiber: FiberRef) {
        Cx::ready(self, fiber);
    }

    /// The worker's seeded generator.
    #[inline]
    pub fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    /// The word that running code polls: not 0 means that a safepoint should look at it. Bits
    /// [`PREEMPT`] (return [`Outcome::Yielded`]; the worker clears the bit) and [`STOP`] (call
    /// [`WorkerCx::safepoint`]).
    #[inline]
    pub fn interrupt(&self) -> &AtomicU32 {
        self.me.seat.interrupt()
    }

    /// The address of [`WorkerCx::interrupt`]'s word, constant while the worker lives.
    pub fn interrupt_ptr(&self) -> *const AtomicU32 {
        ptr::from_ref(self.me.seat.interrupt())
    }

    /// The address of a byte that is 1 while the current world is this worker's alone, constant while the
    /// worker lives. It changes at safepoints only.
    pub fn alone_ptr(&self) -> *const AtomicBool {
        &raw const self.me.alone
    }

    /// The host's pointer for this worker, as last set (null at first).
    #[inline]
    pub fn host_data(&self) -> *mut () {
        self.host
    }

    /// Sets the host's pointer for this worker.
    pub fn set_host_data(&mut self, data: *mut ()) {
        self.host = data;
    }

    /// Halts while the current world is stopped; clears [`STOP`]. Answers whether the fiber should yield:
    /// because [`PREEMPT`] is set (the bit is cleared when it does), or another worker wants the world.
    pub fn safepoint(&mut self) -> bool {
        let bits = self.interrupt().load(Ordering::Acquire);
        if bits & STOP != 0 {
            self.halt();
        }
        if bits & LOOK != 0 {
            if self.look() {
                // For `between_fibers`, which then makes way.
                self.interrupt().fetch_or(LOOK, Ordering::Relaxed);
                return true;
            }
            if self.closing != 0 {
                // It goes on between two fibers.
                return true;
            }
        }
        bits & PREEMPT != 0
    }

    /// Stops the current world for the caller (its collector, say): afterwards no other worker is
    /// inside. False: somebody else did, this worker halted meanwhile, and the world runs again.
    pub fn stop_world(&mut self) -> bool {
        let Some(world) = self.current_world() else { return true };
        self.shared.stop_world(world, &self.me.seat)
    }

    /// Lets the world run again that [`WorkerCx::stop_world`] stopped.
    pub fn start_world(&mut self) {
        if let Some(world) = self.current_world() {
            world.start();
        }
    }

    /// Gives a new fiber to the scheduler, at the end of this worker's queue, and numbers it.
    pub fn spawn(&mut self, fiber: FiberRef) {
        fiber.set_id(self.next_id());
        let alone = self.is_alone_with(fiber);
        // Whoever has another world alone takes no lock for what its own workers add.
        let inside = ptr::eq(self.world, fiber.world()).then_some(self.index());
        // SAFETY: a fiber's world outlives it.
        unsafe { (*fiber.world()).add(fiber, inside, alone) };
        fiber.spawned();
        self.me.counters.spawned.bump();
        if alone && fiber.pins() {
            // Where it runs first it stays, so others must have the chance to be first.
            self.share();
        } else if alone {
            return self.keep(fiber);
        }
        if self.shared.config().stress_steal {
            return self.send_away(fiber);
        }
        self.queue.push(fiber);
        self.notify_work();
    }

    /// Starts a timer; `when` and `period` in nanoseconds on [`Shared::now`]'s clock.
    pub fn timer_start(&mut self, when: u64, period: u64, action: TimerAction) -> TimerId {
        self.shared.timer_start_on(self.index(), when, period, action)
    }

    /// Parks the current fiber for `nanos`; it must leave its worker with [`Outcome::Parked`].
    pub fn sleep(&mut self, nanos: u64) {
        let fiber = self.current();
        fiber.begin_park(WaitReason::Sleep);
        let when = self.shared.now().saturating_add(nanos);
        self.timer_start(when, 0, TimerAction::Wake(fiber));
    }

    /// Runs `job` on a thread of the blocking pool and parks the current fiber until it is done;
    /// the fiber must leave its worker with [`Outcome::Parked`].
    #[cfg(not(loom))]
    pub fn block_on(&mut self, job: Box<dyn FnOnce() + Send>) {
        let fiber = self.current();
        fiber.begin_park(WaitReason::Blocking);
        self.shared.spawn_blocking(job, Some(fiber));
    }

    #[inline]
    pub(crate) fn current_world<'w>(&self) -> Option<&'w World> {
        // SAFETY: a world outlives its fibers and the workers inside it.
        (!self.world.is_null()).then(|| unsafe { &*self.world })
    }

    fn next_id(&mut self) -> u64 {
        self.ids.next().unwrap_or_else(|| {
            let first = self.shared.take_ids(ID_BATCH);
            self.ids = first + 1..first + ID_BATCH;
            first
        })
    }

    #[cold]
    fn halt(&mut self) {
        self.me.counters.safepoints.bump();
        self.note(Event::Halt, 0);
        match self.current_world() {
            Some(world) => world.safepoint(&self.me.seat),
            None => {
                self.interrupt().fetch_and(!STOP, Ordering::AcqRel);
            }
        }
    }
}

/// Where woken fibers go.
impl WorkerCx {
    #[inline(never)]
    fn ready_shared(&mut self, fiber: FiberRef) {
        let alone = self.is_alone_with(fiber);
        match fiber.wake(alone) {
            Wake::Enqueue if alone && fiber.pinned_to() == NO_WORKER => self.keep_woken(fiber),
            Wake::Enqueue => self.enqueue_woken(fiber),
            Wake::Nothing => self.me.counters.notified.bump(),
        }
    }

    #[inline]
    fn enqueue_woken(&mut self, fiber: FiberRef) {
        if fiber.pinned_to() != NO_WORKER {
            return self.enqueue_pinned(fiber);
        }
        if self.shared.config().stress_steal {
            return self.send_away(fiber);
        }
        if !ptr::eq(fiber.world(), self.world)
            && let Some(owner) = self.shared.owner_of(fiber)
            && owner != self.me.index
        {
            return self.shared.deliver(owner, fiber);
        }
        if self.me.slot.load(Ordering::Relaxed).is_null() {
            // Release pairs with the AcqRel in `take_slot` (the monitor's). No read-modify-write:
            // nobody but us makes an empty slot full.
            self.me.slot.store(fiber.as_ptr(), Ordering::Release);
            return;
        }
        let older = self.me.slot.swap(fiber.as_ptr(), Ordering::AcqRel);
        if !older.is_null() {
            // SAFETY: what was in the slot is a queued fiber.
            self.queue.push(unsafe { FiberRef::from_raw(older) });
            self.notify_work();
        }
    }

    fn enqueue_pinned(&mut self, fiber: FiberRef) {
        if fiber.pinned_to() != self.me.index {
            return self.shared.enqueue(fiber);
        }
        if let Some(older) = self.pinned_slot.replace(fiber) {
            self.pinned.push_back(older);
        }
    }

    /// The hostile mode: every fiber moves to another worker, if there is one.
    fn send_away(&mut self, fiber: FiberRef) {
        let workers = self.shared.workers();
        let next = (self.index() + 1) % workers;
        if next == self.index() {
            self.queue.push(fiber);
        } else {
            self.shared.deliver(next as u16, fiber);
        }
    }

    #[inline]
    pub(crate) fn notify_work(&self) {
        if self.shared.notify_one() {
            self.me.counters.wakeups.bump();
        }
    }
}

/// The loop.
impl WorkerCx {
    pub(crate) fn new(shared: Arc<Shared>, me: Arc<WorkerShared>, queue: LocalQueue) -> WorkerCx {
        let rng = Rng::new(shared.config().seed, u64::from(me.index) + 1);
        WorkerCx {
            current: None,
            me,
            shared,
            world: ptr::null(),
            alone: false,
            closing: 0,
            permit: false,
            host: ptr::null_mut(),
            queue,
            private: VecDeque::new(),
            pinned_slot: None,
            pinned: VecDeque::new(),
            rng,
            tick: 0,
            streak: 0,
            hand: 0,
            searching: false,
            woke_up: 0,
            last_turn: 0,
            leaves_keeping: false,
            ids: 0..0,
        }
    }

    /// Runs fibers until the scheduler shuts down.
    pub(crate) fn run(&mut self) {
        #[cfg(not(loom))]
        {
            self.me.clock.start();
            self.me.slices.start();
        }
        while !self.shared.is_shut_down() {
            if self.index() >= self.shared.workers() {
                self.retire();
            } else if !self.step() && !self.linger() {
                self.sleep_until_woken();
            }
        }
        self.leave_world();
    }

    /// Looks on for some microseconds before it sleeps, if it may search and another worker runs,
    /// which may make work at any moment: to be woken from sleep costs that worker, and this one,
    /// more. Alone, nothing can come but timers and events, for which it sleeps at once.
    #[cfg(not(loom))]
    fn linger(&mut self) -> bool {
        if !self.searching || !self.shared.others_run() {
            return false;
        }
        for _ in 0..LINGER_LOOKS {
            (0..LINGER_SPINS).for_each(|_| crate::sync::spin_loop());
            if self.shared.queues_hold_work() {
                return true;
            }
        }
        false
    }

    /// Loom explores the sleep; a look more or less changes nothing.
    #[cfg(loom)]
    fn linger(&mut self) -> bool {
        false
    }

    /// Rests after a panic came out of a fiber, until the scheduler is shut down.
    #[cfg(not(loom))]
    pub(crate) fn wait_for_shutdown(&mut self) {
        self.leave_world();
        self.me.parker.park(None);
    }

    /// Finds one fiber and runs it; false if there is none.
    pub(crate) fn step(&mut self) -> bool {
        let Some(fiber) = self.pick().or_else(|| self.take_from_io()).or_else(|| self.search()) else {
            return false;
        };
        // Only who hands work over and has none may leave the post to the other one: which is awake then, and takes it when it sleeps.
        self.leaves_keeping = false;
        if self.searching {
            self.searching = false;
            let stays_away = self.last_turn >= LONG_TURN;
            if self.shared.idle().stop_searching() && self.shared.has_more_to_do(stays_away) {
                self.notify_work();
            }
        }
        self.hand = SLOT_STREAK;
        self.run_fiber(fiber);
        while let Some(fiber) = self.next_in_hand() {
            self.count_pick();
            self.run_current(fiber);
        }
        true
    }

    /// The monitor reads it to see whether the worker is still at the same fiber.
    #[inline]
    pub(crate) fn count_pick(&self) {
        self.me.picks.store(self.me.picks.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    #[inline]
    fn intervals(&self) -> Intervals {
        if self.alone { Intervals::ALONE } else { Intervals::SHARED }
    }

    /// Runs a fiber of the world that the worker is inside.
    #[inline]
    fn run_current(&mut self, fiber: FiberRef) {
        fiber.start_running();
        self.current = Some(fiber);
        self.resume(fiber);
        self.current = None;
    }

    fn run_fiber(&mut self, fiber: FiberRef) {
        self.count_pick();
        let pinned = !self.pinned.is_empty() || self.pinned_slot.is_some();
        self.me.has_pinned.store(pinned, Ordering::Relaxed);
        if self.interrupt().load(Ordering::Relaxed) != 0 {
            self.between_fibers();
        }
        if self.closing != 0 {
            self.go_on_closing();
        }
        if !self.is_admitted(fiber) {
            return;
        }
        if let Err(owner) = self.enter_world(fiber.world()) {
            return self.refuse(fiber, owner);
        }
        fiber.pin_if_wanted(self.me.index);
        self.run_current(fiber);
        if self.permit
            && let Some(fiber) = self.current_world().and_then(|world| world.permits.take_aside())
        {
            self.queue.push(fiber);
        }
    }

    /// Whether the worker may run a fiber now: has, or gets, a permit where its world is limited. If not the fiber is put aside.
    #[inline]
    fn is_admitted(&mut self, fiber: FiberRef) -> bool {
        // SAFETY: a world outlives its fibers.
        let world = unsafe { &*fiber.world() };
        let inside = ptr::eq(self.world, world);
        world.limit() == 0 || inside && self.permit || self.is_permitted(fiber, world, inside)
    }

    #[cold]
    fn is_permitted(&mut self, fiber: FiberRef, world: &World, inside: bool) -> bool {
        if !inside {
            self.leave_world();
        }
        if !world.permits.admit(fiber) {
            return false;
        }
        if let Err(owner) = self.enter_world(world) {
            if let Some(aside) = world.permits.depart() {
                self.shared.inject(aside);
            }
            self.refuse(fiber, owner);
            return false;
        }
        self.permit = true;
        true
    }

    /// Answers the interrupt word before the next fiber runs.
    #[cold]
    fn between_fibers(&mut self) {
        self.interrupt().fetch_and(!PREEMPT, Ordering::Relaxed);
        self.poll_stop();
        if self.interrupt().load(Ordering::Relaxed) & LOOK != 0 && self.look() {
            self.make_way();
        }
    }

    fn resume(&mut self, mut fiber: FiberRef) {
        loop {
            self.me.counters.resumes.bump();
            self.note_fiber(Event::Resume, fiber);
            // SAFETY: the fiber is Running, and this worker took it out of a run queue.
            let outcome = unsafe { (fiber.vtable().resume)(fiber, self) };
            // The host may have gone on to other fibers ([`crate::turn`]): the outcome is the last one's.
            fiber = self.current();
            let id = fiber.id();
            match outcome {
                Outcome::Parked => {
                    if fiber.finish_park(self.alone) == ParkEnd::Parked {
                        // From here on the fiber belongs to whoever wakes it.
                        self.me.counters.parks.bump();
                        self.note(Event::Park, id);
                        return;
                    }
                }
                Outcome::Yielded => {
                    self.me.counters.yields.bump();
                    self.note(Event::Yield, id);
                    return self.requeue(fiber);
                }
                Outcome::Finished => {
                    self.note(Event::Finish, id);
                    return self.finish(fiber);
                }
            }
        }
    }

    /// Records an event, if events are recorded.
    #[inline]
    pub(crate) fn note(&self, event: Event, fiber: u64) {
        self.me.log.record(|| self.shared.now(), event, fiber);
    }

    /// Records an event of a fiber.
    #[inline]
    pub(crate) fn note_fiber(&self, event: Event, fiber: FiberRef) {
        self.note(event, fiber.id());
    }

    /// Puts a fiber that yields behind the others.
    fn requeue(&mut self, fiber: FiberRef) {
        fiber.yielded();
        if fiber.pinned_to() != NO_WORKER {
            self.pinned.push_back(fiber);
        } else if self.shared.config().stress_steal {
            self.send_away(fiber);
        } else if self.alone {
            self.keep(fiber);
            if self.interrupt().load(Ordering::Relaxed) & PREEMPT != 0 {
                // It has used its time up: who waits elsewhere comes first.
                let every = self.intervals().injector;
                self.tick = self.tick / every * every + (every - 1);
            }
        } else if self.interrupt().load(Ordering::Relaxed) & PREEMPT != 0 {
            // It has used its time up, and goes behind everybody: in its own queue it would be
            // back before those in the injector, a whole time slice each time.
            self.shared.inject(fiber);
        } else {
            // Nobody is woken: this worker is about to look at its queue.
            self.queue.push(fiber);
        }
    }

    pub(crate) fn finish(&mut self, fiber: FiberRef) {
        self.me.counters.finished.bump();
        fiber.finished();
        // SAFETY: a world outlives its fibers; nobody else refers to a finished fiber.
        unsafe {
            (*fiber.world()).remove(fiber, self.alone);
            (fiber.vtable().finish)(fiber, self);
        }
    }

    /// Goes into a world; `Err` is who has it.
    #[inline]
    fn enter_world(&mut self, world: *const World) -> Result<(), u16> {
        if self.world == world { Ok(()) } else { self.switch_world(world) }
    }

    #[cold]
    fn switch_world(&mut self, world: *const World) -> Result<(), u16> {
        self.leave_world();
        // SAFETY: a world outlives its fibers and timers.
        let entered = unsafe { (*world).enter(&self.me.seat, self.me.index) };
        if let Entered::Refused(owner) = entered {
            return Err(owner);
        }
        self.world = world;
        self.set_alone(entered == Entered::Alone);
        Ok(())
    }

    pub(crate) fn leave_world(&mut self) {
        if let Some(world) = self.current_world() {
            let aside = core::mem::take(&mut self.permit).then(|| world.permits.depart()).flatten();
            self.closing = 0;
            self.set_alone(false);
            world.leave(&self.me.seat, self.me.index);
            self.world = ptr::null();
            if let Some(fiber) = aside {
                self.shared.inject(fiber);
            }
        }
    }

    /// Halts if the world wants to stop; between fibers.
    #[inline]
    fn poll_stop(&mut self) {
        if self.interrupt().load(Ordering::Relaxed) & STOP != 0 {
            self.halt();
        }
    }

    /// Nothing to do: sleeps until there may be something.
    pub(crate) fn sleep_until_woken(&mut self) {
        self.leave_world();
        self.me.counters.sleeps.bump();
        self.note(Event::Sleep, 0);
        #[cfg(not(loom))]
        self.me.slices.sleeps();
        let shared = self.shared.clone();
        self.last_turn = shared.now().saturating_sub(self.woke_up);
        shared.idle().sleep(self.me.index, self.searching);
        self.searching = false;
        let woken = if shared.work_is_visible(&self.me) {
            Vec::new()
        } else {
            shared.report_deadlock();
            shared.wait_for_work(&self.me, !self.leaves_keeping)
        };
        self.leaves_keeping = false;
        // Whether the waker took us out of the list or we do it ourselves: now we search.
        shared.idle().take(self.me.index);
        // It may have been its own alarm clock.
        #[cfg(not(loom))]
        shared.monitor.nudge();
        self.searching = true;
        self.woke_up = shared.now();
        self.note(Event::Wakeup, 0);
        self.ready_from_io(woken);
    }

    /// This worker is above the worker count: gives its fibers to the others and sleeps.
    fn retire(&mut self) {
        self.demote_slots();
        self.publish_all();
        if !self.pinned.is_empty() || self.me.inbox_len.load(Ordering::Acquire) != 0 {
            // Pinned fibers have nowhere else to go.
            self.empty_inbox();
            if let Some(fiber) = self.pinned.pop_front() {
                self.run_fiber(fiber);
            }
        }
        self.leave_world();
        while let Some(fiber) = self.queue.pop() {
            self.shared.inject(fiber);
        }
        if !self.pinned.is_empty()
            || self.pinned_slot.is_some()
            || !self.me.slot.load(Ordering::Relaxed).is_null()
        {
            return;
        }
        self.leave_world();
        let shared = self.shared.clone();
        shared.idle().retire(self.searching);
        self.searching = false;
        // Who fell asleep while this worker was about to stop keeping time has left that to it.
        shared.notify_one();
        if self.me.inbox_len.load(Ordering::Acquire) == 0
            && !shared.is_shut_down()
            && self.index() >= shared.workers()
        {
            shared.report_deadlock();
            self.me.parker.park(None);
        }
        shared.idle().unretire();
    }
}
