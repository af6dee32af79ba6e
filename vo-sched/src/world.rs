//! Worlds: what is stopped as one. Each island of the host is a world.
//!
//! A worker *enters* a world before it runs one of the world's fibers and *leaves* it before it
//! runs another's, or goes idle. Where a worker is, it says in its own [`Seat`], so that going
//! from one fiber to the next of the same world costs nothing. To stop a world is to wait until no
//! other seat is inside it and moving:
//!
//! | seat's place  | meaning                                              |
//! |---------------|------------------------------------------------------|
//! | 0             | outside of every world                               |
//! | world         | inside, may touch the world's heap                   |
//! | world \| 1    | inside, halted at a safepoint: its stack as it is    |
//!
//! The handshake is Dekker's. A seat that enters stores its place, fences, and reads `stopping`;
//! the stopper stores `stopping`, fences, and reads the places. At least one sees the other: the
//! seat turns back, or the stopper waits for it and raises [`STOP`] in its interrupt word.
//!
//! # Whose the world is
//!
//! | mode         | who may go in                                                                  |
//! |--------------|--------------------------------------------------------------------------------|
//! | Free         | the first worker that comes; it has the world to itself                          |
//! | Alone(w)     | nobody: worker `w` is inside, and need not lock anything that is part of the world |
//! | Open         | everybody                                                                      |
//! | Closing(w)   | nobody: those inside are asked to leave, and then it is worker `w`'s alone          |
//!
//! Who is refused gives the fiber to the worker that has the world. Only that worker changes Alone and
//! Closing: at its own safepoints, or when it leaves. When to open and to close is [`crate::mode`]'s matter.
//!
//! Entering synchronises with what was done in the world before: through the mode word with the last worker
//! that had it alone, through queues and locks with those that share it. Closing is Dekker's handshake once more:
//! who comes in stores its place, fences, and reads the mode; who closes stores the mode, fences, and reads
//! the places.
//!
//! # Help
//!
//! Who has stopped the world may call those that wait for its end to help ([`World::call_for_help`]): each does what the host
//! has set ([`World::set_help`]), once for each call, and waits on. The stop may end before they are done. Their places do not change meanwhile.
//!
//! Must stay true: between `stop` and `start` no other worker touches the world's heap, fibers or
//! timers' data, but as the host lets helpers do; the lists of fibers have locks of their own and may grow meanwhile; fibers that are
//! added from outside of the world are in a list that is locked in every mode.

use crate::fiber::{AllLinks, FiberHeader, FiberRef};
use crate::limit::Permits;
use crate::lock::ChanLock;
use crate::lockrank::{self, Rank};
use crate::sync::{
    AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Condvar, Mutex, MutexGuard, Ordering, RaceCell, fence,
};
use core::ptr;
use std::sync::OnceLock;

/// Interrupt bit: give the worker to another fiber at the next safepoint ([`crate::Outcome::Yielded`]).
pub const PREEMPT: u32 = 1;
/// Interrupt bit: call [`crate::WorkerCx::safepoint`] at the next safepoint.
pub const STOP: u32 = 2;
/// Interrupt bit: as [`STOP`], to look whether the world is to change its mode.
pub const LOOK: u32 = 4;

const HALTED: usize = 1;

/// One worker's place, and the word through which others interrupt it. A cache line of its own:
/// running code polls the word.
#[repr(C, align(64))]
pub struct Seat {
    interrupt: AtomicU32,
    place: AtomicUsize,
}

impl Default for Seat {
    fn default() -> Self {
        Self::new()
    }
}

impl Seat {
    /// A seat outside of every world.
    pub fn new() -> Seat {
        Seat { interrupt: AtomicU32::new(0), place: AtomicUsize::new(0) }
    }

    /// The word that running code polls: bits [`PREEMPT`] and [`STOP`].
    #[inline]
    pub fn interrupt(&self) -> &AtomicU32 {
        &self.interrupt
    }

    /// Where it is, as a number that means nothing else: 0 outside.
    pub(crate) fn place(&self) -> usize {
        self.place.load(Ordering::Relaxed) & !HALTED
    }

    fn is_moving_in(&self, world: usize) -> bool {
        self.place.load(Ordering::Relaxed) == world
    }
}

/// How a worker went into a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Entered {
    /// Others may be inside.
    Shared,
    /// It is alone, until it leaves or opens the world.
    Alone,
    /// It did not: this worker has the world.
    Refused(u16),
}

/// The world's mode as a number.
mod mode {
    pub const FREE: u32 = 0;
    pub const OPEN: u32 = 1;
    const ALONE: u32 = 2;
    const CLOSING: u32 = 3;

    pub fn alone(worker: u16) -> u32 {
        u32::from(worker) << 2 | ALONE
    }

    pub fn closing(worker: u16) -> u32 {
        u32::from(worker) << 2 | CLOSING
    }

    pub fn worker(mode: u32) -> Option<u16> {
        (mode & 3 >= ALONE).then_some((mode >> 2) as u16)
    }
}

/// The number of locks over which a world's list of fibers is spread, but for one.
const SHARDS: usize = if cfg!(loom) { 1 } else { 15 };

/// What workers do that help while the world is stopped. It may take its time, but should end soon when the argument says that
/// the stop is over.
pub type Help = Box<dyn Fn(&dyn Fn() -> bool) + Send + Sync>;

/// A set of fibers that is stopped as one, and the list of those fibers.
pub struct World {
    /// Written under `gate`; read without it by those who enter and leave.
    stopping: AtomicBool,
    gate: Mutex<()>,
    changed: Condvar,
    /// Calls for help in this stop; changes under `gate`.
    calls: AtomicU32,
    help: OnceLock<Help>,
    mode: AtomicU32,
    /// The world is never closed (again): it has fibers that are tied to workers.
    kept_open: AtomicBool,
    /// The last one is for fibers that come from outside of the world, and always locked.
    shards: Box<[Shard]>,
    host: AtomicPtr<()>,
    /// A worker has gone in since [`World::begin_rest`].
    entered: AtomicBool,
    pub(crate) permits: Permits,
}

struct Shard {
    lock: ChanLock,
    first: RaceCell<*mut FiberHeader>,
    /// The next fiber of a walk, null where the walk is through.
    cursor: RaceCell<*mut FiberHeader>,
    count: AtomicUsize,
}

/// The shard for fibers that come from outside.
const FOREIGN: usize = SHARDS;

// SAFETY: the list's pointers are used under the shard's lock.
unsafe impl Send for World {}
// SAFETY: as above.
unsafe impl Sync for World {}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// A world without fibers, which belongs to whoever comes first.
    pub fn new() -> World {
        World::in_mode(mode::FREE)
    }

    /// A world without fibers that is open for good.
    pub fn always_open() -> World {
        World::in_mode(mode::OPEN)
    }

    fn in_mode(mode: u32) -> World {
        World {
            mode: AtomicU32::new(mode),
            kept_open: AtomicBool::new(mode == mode::OPEN),
            stopping: AtomicBool::new(false),
            gate: Mutex::new(()),
            changed: Condvar::new(),
            calls: AtomicU32::new(0),
            help: OnceLock::new(),
            shards: (0..=SHARDS).map(|_| Shard::new()).collect(),
            host: AtomicPtr::new(ptr::null_mut()),
            entered: AtomicBool::new(false),
            permits: Permits::default(),
        }
    }

    /// Lets at most so many workers run the world's fibers at once. For a world without fibers.
    pub fn set_limit(&self, workers: usize) {
        self.permits.set_limit(workers);
    }

    /// The number of workers that may run the world's fibers at once; 0 is any number.
    #[inline]
    pub fn limit(&self) -> usize {
        self.permits.limit()
    }

    /// The host's pointer for this world (its island), as last set.
    #[inline]
    pub fn host_data(&self) -> *mut () {
        self.host.load(Ordering::Acquire)
    }

    /// Sets the host's pointer.
    pub fn set_host_data(&self, data: *mut ()) {
        self.host.store(data, Ordering::Release);
    }

    fn address(&self) -> usize {
        ptr::from_ref(self) as usize
    }

    /// Goes in, for a worker; waits outside while the world is stopped.
    pub fn enter(&self, seat: &Seat, worker: u16) -> Entered {
        loop {
            seat.place.store(self.address(), Ordering::Relaxed);
            // Pairs with the fences in `stop` and `begin_closing`: either we see `stopping` and the mode, or
            // they see us.
            fence(Ordering::SeqCst);
            if !self.stopping.load(Ordering::Acquire) {
                break;
            }
            let gate = self.gate.lock();
            seat.place.store(0, Ordering::Relaxed);
            self.changed.notify_all();
            drop(self.wait_for_start(gate));
        }
        let entered = self.claim(worker);
        match entered {
            Entered::Refused(_) => self.go_out(seat),
            // Whoever stops the world, now that we are inside, sees it.
            _ if !self.entered.load(Ordering::Relaxed) => self.entered.store(true, Ordering::Relaxed),
            _ => {}
        }
        entered
    }

    /// From now on [`World::has_rested`] says whether somebody has gone in. The caller has stopped the world, and nobody is inside.
    pub fn begin_rest(&self) {
        self.entered.store(false, Ordering::Relaxed);
    }

    /// Whether no worker has gone in since [`World::begin_rest`], so that no fiber has run. The caller has stopped the world.
    pub fn has_rested(&self) -> bool {
        !self.entered.load(Ordering::Relaxed)
    }

    /// Finds out whether the worker may be here.
    fn claim(&self, worker: u16) -> Entered {
        // Acquire pairs with the releases of those who had the world alone.
        let mut now = self.mode.load(Ordering::Acquire);
        loop {
            if now == mode::OPEN {
                return Entered::Shared;
            }
            if let Some(owner) = mode::worker(now) {
                return Entered::Refused(owner);
            }
            let (next, entered) = match self.kept_open.load(Ordering::Relaxed) {
                true => (mode::OPEN, Entered::Shared),
                false => (mode::alone(worker), Entered::Alone),
            };
            match self.mode.compare_exchange(now, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return entered,
                Err(other) => now = other,
            }
        }
    }

    /// Whether a seat is inside.
    pub fn has_inside(&self, seat: &Seat) -> bool {
        seat.place() == self.address()
    }

    /// Goes out.
    pub fn leave(&self, seat: &Seat, worker: u16) {
        let now = self.mode.load(Ordering::Relaxed);
        // Nobody but this worker changes these. Release pairs with the Acquire in `claim`.
        if now == mode::alone(worker) {
            self.mode.store(mode::FREE, Ordering::Release);
        } else if now == mode::closing(worker) {
            self.mode.store(mode::OPEN, Ordering::Release);
        }
        self.go_out(seat);
    }

    fn go_out(&self, seat: &Seat) {
        // Release pairs with the acquire fences of those who have read the place: they see what this
        // worker did inside.
        seat.place.store(0, Ordering::Release);
        // Pairs with the fence in `stop`: either the stopper sees that we left, or we see it and tell it.
        fence(Ordering::SeqCst);
        if self.stopping.load(Ordering::Relaxed) {
            let _gate = self.gate.lock();
            self.changed.notify_all();
        }
    }

    /// The worker that has the world to itself, or is about to: as things stood at some moment of the call.
    #[inline]
    pub fn owner(&self) -> Option<u16> {
        mode::worker(self.mode.load(Ordering::Relaxed))
    }

    /// From now on the world is not closed any more, and opened when its owner is next asked.
    pub fn keep_open(&self) {
        self.kept_open.store(true, Ordering::Relaxed);
    }

    /// Lets everybody in. Called by the worker that is alone inside.
    pub(crate) fn open(&self) {
        // Release pairs with the Acquire in `claim`.
        self.mode.store(mode::OPEN, Ordering::Release);
    }

    /// Lets nobody in any more but those who are. False where the world is not open, or is to stay so.
    /// Called by a worker inside.
    pub(crate) fn begin_closing(&self, worker: u16) -> bool {
        if self.kept_open.load(Ordering::Relaxed) {
            return false;
        }
        let closing = mode::closing(worker);
        let begun = self.mode.compare_exchange(mode::OPEN, closing, Ordering::AcqRel, Ordering::Relaxed);
        // Pairs with the fence in `enter`.
        fence(Ordering::SeqCst);
        begun.is_ok()
    }

    /// After [`World::begin_closing`]: whether nobody else is inside; the world is then the caller's alone.
    /// `remind`: asks those who are to leave.
    pub(crate) fn finish_closing<'a>(
        &self,
        worker: u16,
        seats: impl Iterator<Item = &'a Seat>,
        mine: &Seat,
        remind: bool,
    ) -> bool {
        let mut empty = true;
        for seat in seats.filter(|seat| !ptr::eq(*seat, mine) && seat.place() == self.address()) {
            if remind {
                seat.interrupt.fetch_or(LOOK, Ordering::AcqRel);
            }
            empty = false;
        }
        if empty {
            // Pairs with the release in `go_out`.
            fence(Ordering::Acquire);
            self.mode.store(mode::alone(worker), Ordering::Release);
        }
        empty
    }

    /// Takes [`World::begin_closing`] back.
    pub(crate) fn cancel_closing(&self) {
        self.mode.store(mode::OPEN, Ordering::Release);
    }

    /// Whether the worker, which is inside, is to go because another one wants the world to itself.
    pub(crate) fn wants_out(&self, worker: u16) -> bool {
        let now = self.mode.load(Ordering::Acquire);
        now != mode::OPEN && now != mode::alone(worker) && now != mode::closing(worker)
    }

    /// Halts here while the world is stopped. Called by a worker inside, when its interrupt word has [`STOP`].
    pub fn safepoint(&self, seat: &Seat) {
        // Cleared first: a stopper that comes later raises it again, one that came before is seen below.
        seat.interrupt.fetch_and(!STOP, Ordering::AcqRel);
        self.halt(seat, self.gate.lock());
    }

    fn halt(&self, seat: &Seat, gate: MutexGuard<'_, ()>) {
        if !self.stopping.load(Ordering::Relaxed) {
            return;
        }
        let inside = seat.place.load(Ordering::Relaxed) != 0;
        if inside {
            seat.place.store(self.address() | HALTED, Ordering::Relaxed);
        }
        self.changed.notify_all();
        let _gate = self.wait_for_start(gate);
        if inside {
            seat.place.store(self.address(), Ordering::Relaxed);
        }
    }

    /// Waits, and helps when it is called for, while the world is stopped.
    fn wait_for_start<'a>(&'a self, mut gate: MutexGuard<'a, ()>) -> MutexGuard<'a, ()> {
        let mut heard = 0;
        while self.stopping.load(Ordering::Relaxed) {
            let calls = self.calls.load(Ordering::Relaxed);
            match self.help.get() {
                Some(help) if calls != heard => {
                    heard = calls;
                    drop(gate);
                    help(&|| !self.is_stopping());
                    gate = self.gate.lock();
                }
                _ => self.changed.wait(&mut gate),
            }
        }
        gate
    }

    /// Sets how workers help that wait for the end of a stop. Set once, before the world has fibers.
    pub fn set_help(&self, help: Help) {
        let _ = self.help.set(help);
    }

    /// Calls the workers that wait for the end of the stop to help. Called by who has stopped the world.
    pub fn call_for_help(&self) {
        let _gate = self.gate.lock();
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.changed.notify_all();
    }

    /// Stops every other seat of `seats` that is inside. True: the world is stopped, and the caller
    /// must call [`World::start`]. False: somebody else stopped it, the caller halted meanwhile, and
    /// the world runs again: look whether there is still a reason to stop it. `mine` may be inside
    /// or outside.
    pub fn stop<'a, I>(&self, seats: impl Fn() -> I, mine: &Seat) -> bool
    where
        I: Iterator<Item = &'a Seat>,
    {
        let mut gate = self.gate.lock();
        if self.stopping.load(Ordering::Relaxed) {
            self.halt(mine, gate);
            return false;
        }
        self.calls.store(0, Ordering::Relaxed);
        self.stopping.store(true, Ordering::Release);
        // Pairs with the fences in `enter` and `leave`.
        fence(Ordering::SeqCst);
        let moving = |seat: &Seat| !ptr::eq(seat, mine) && seat.is_moving_in(self.address());
        for seat in seats().filter(|seat| moving(seat)) {
            seat.interrupt.fetch_or(STOP, Ordering::AcqRel);
        }
        while seats().any(moving) {
            self.changed.wait(&mut gate);
        }
        // Pairs with the release of `leave`; those that halted did so under the lock.
        fence(Ordering::Acquire);
        true
    }

    /// Lets the world run again.
    pub fn start(&self) {
        let _gate = self.gate.lock();
        self.stopping.store(false, Ordering::Release);
        self.changed.notify_all();
    }

    /// Whether somebody has stopped the world, or is about to.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Number of fibers that have been spawned and have not finished.
    pub fn live_fibers(&self) -> usize {
        self.shards.iter().map(|shard| shard.count.load(Ordering::Relaxed)).sum()
    }

    /// Calls `f` for every fiber that has been spawned and has not finished, in no order. `f` must not
    /// spawn. The world is stopped by the caller, or no worker is inside.
    pub fn for_each_fiber(&self, mut f: impl FnMut(FiberRef)) {
        for shard in &self.shards {
            let _rank = lockrank::hold(Rank::WorldFibers);
            shard.lock.lock_unless(false);
            // SAFETY: the lock guards the list.
            let mut header = unsafe { shard.first.with(|first| *first) };
            while !header.is_null() {
                // SAFETY: fibers leave the list under the lock, before they are freed.
                unsafe {
                    let next = (*header).all.with(|all| all.next);
                    f(FiberRef::from_raw(header));
                    header = next;
                }
            }
            shard.lock.unlock_unless(false);
        }
    }

    /// Begins a walk over the fibers that there are now: [`World::walk`] goes on with it, in this stop of the world and in later ones.
    pub fn begin_walk(&self) {
        for shard in &self.shards {
            // SAFETY: the lock guards the list.
            shard.locked(false, |first, _| unsafe { shard.cursor.with_mut(|cursor| *cursor = *first) });
        }
    }

    /// Calls `f` for about so many fibers more of the walk: those that were there when it began and have not finished. Answers
    /// whether it is through. `f` must not spawn. The world is stopped by the caller.
    pub fn walk(&self, at_most: usize, mut f: impl FnMut(FiberRef)) -> bool {
        let mut left = at_most;
        for shard in &self.shards {
            shard.locked(false, |_, _| {
                // SAFETY: the lock guards list and cursor; fibers that finish leave both before they are freed.
                unsafe {
                    let mut header = shard.cursor.with(|cursor| *cursor);
                    while !header.is_null() && left > 0 {
                        let next = (*header).all.with(|all| all.next);
                        f(FiberRef::from_raw(header));
                        (header, left) = (next, left - 1);
                    }
                    shard.cursor.with_mut(|cursor| *cursor = header);
                }
            });
            if left == 0 {
                return false;
            }
        }
        true
    }

    /// Adds a new fiber to the list: for a worker inside, which is perhaps alone in the world, or (`None`) for
    /// a worker elsewhere or another thread.
    pub(crate) fn add(&self, fiber: FiberRef, worker: Option<usize>, alone: bool) {
        let index = worker.map_or(FOREIGN, |worker| worker % SHARDS);
        // SAFETY: a new fiber belongs to its creator.
        unsafe { fiber.shard.with_mut(|shard| *shard = index as u32) };
        self.shards[index].locked(alone && index != FOREIGN, |first, count| {
            // SAFETY: the shard's lock guards the links of its fibers.
            unsafe {
                fiber.all.with_mut(|all| *all = AllLinks { prev: ptr::null_mut(), next: *first });
                if !first.is_null() {
                    (**first).all.with_mut(|all| all.prev = fiber.as_ptr());
                }
            }
            *first = fiber.as_ptr();
            *count += 1;
        });
    }

    /// Takes a fiber that has finished out of the list. `alone`: the calling worker has the world to itself.
    pub(crate) fn remove(&self, fiber: FiberRef, alone: bool) {
        // SAFETY: written once, before the fiber was published.
        let index = unsafe { fiber.shard.with(|shard| *shard) } as usize;
        let shard = &self.shards[index];
        shard.locked(alone && index != FOREIGN, |first, count| {
            // SAFETY: the shard's lock guards the links of its fibers, and the cursor.
            unsafe {
                let AllLinks { prev, next } = fiber.all.with(|all| *all);
                shard.cursor.with_mut(|cursor| {
                    if *cursor == fiber.as_ptr() {
                        *cursor = next;
                    }
                });
                if prev.is_null() {
                    *first = next;
                } else {
                    (*prev).all.with_mut(|all| all.next = next);
                }
                if !next.is_null() {
                    (*next).all.with_mut(|all| all.prev = prev);
                }
            }
            *count -= 1;
        });
    }

    /// Takes all fibers that `wanted` accepts out of the list; for shutdown.
    pub(crate) fn take_all(&self, wanted: impl Fn(FiberRef) -> bool) -> Vec<FiberRef> {
        let mut found = Vec::new();
        self.for_each_fiber(|fiber| {
            if wanted(fiber) {
                found.push(fiber);
            }
        });
        found.iter().for_each(|&fiber| self.remove(fiber, false));
        found
    }
}

impl Shard {
    fn new() -> Shard {
        Shard {
            lock: ChanLock::default(),
            first: RaceCell::new(ptr::null_mut()),
            cursor: RaceCell::new(ptr::null_mut()),
            count: AtomicUsize::new(0),
        }
    }

    /// Calls `f` with the shard's first fiber and its count.
    #[inline]
    fn locked(&self, alone: bool, f: impl FnOnce(&mut *mut FiberHeader, &mut usize)) {
        let _rank = lockrank::hold(Rank::WorldFibers);
        self.lock.lock_unless(alone);
        let mut count = self.count.load(Ordering::Relaxed);
        // SAFETY: the lock, or that nobody else is inside, guards the list.
        unsafe { self.first.with_mut(|first| f(first, &mut count)) };
        self.count.store(count, Ordering::Relaxed);
        self.lock.unlock_unless(alone);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::fiber::{FiberVTable, Outcome};
    use crate::worker::WorkerCx;

    unsafe fn resume(_: FiberRef, _: &mut WorkerCx) -> Outcome {
        Outcome::Finished
    }
    unsafe fn finish(_: FiberRef, _: &mut WorkerCx) {}
    unsafe fn drop_fiber(_: FiberRef) {}
    static VTABLE: FiberVTable = FiberVTable { name: "test", resume, finish, drop: drop_fiber };

    /// Fibers may finish and be added between the parts of a walk.
    #[test]
    fn a_walk_comes_to_every_fiber_that_stays() {
        let world = World::new();
        let headers: Vec<Box<FiberHeader>> =
            (0..6).map(|_| Box::new(FiberHeader::new(&VTABLE, &world))).collect();
        // SAFETY: the headers live until the end of the test, and nobody runs them.
        let of = |i: usize| unsafe { FiberRef::from_raw(ptr::from_ref(&*headers[i]).cast_mut()) };
        (0..5).for_each(|i| world.add(of(i), Some(i % 2), true));
        world.begin_walk();
        let mut seen = Vec::new();
        assert!(!world.walk(2, |fiber| seen.push(fiber)));
        // Of the first worker's fibers, the last one in its list is still to come; of the second's, both are.
        assert_eq!(seen, [of(4), of(2)]);
        world.remove(of(0), true);
        world.remove(of(4), true);
        world.add(of(5), Some(1), true);
        assert!(world.walk(usize::MAX, |fiber| seen.push(fiber)));
        assert_eq!(seen, [of(4), of(2), of(3), of(1)]);
        assert!(world.walk(1, |_| panic!("a walk that is through comes to nobody")));
        [1, 2, 3, 5].iter().for_each(|&i| world.remove(of(i), true));
        assert_eq!(world.live_fibers(), 0);
    }
}
