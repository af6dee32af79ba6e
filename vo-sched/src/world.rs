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
//! Must stay true: between `stop` and `start` no other worker touches the world's heap, fibers or
//! timers' data; the lists of fibers have locks of their own and may grow meanwhile.

use crate::fiber::{AllLinks, FiberHeader, FiberRef};
use crate::lockrank::{self, Rank};
use crate::sync::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Condvar, Mutex, Ordering, fence};
use core::ptr;

/// Interrupt bit: give the worker to another fiber at the next safepoint ([`crate::Outcome::Yielded`]).
pub const PREEMPT: u32 = 1;
/// Interrupt bit: call [`crate::WorkerCx::safepoint`] at the next safepoint.
pub const STOP: u32 = 2;

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

    fn is_moving_in(&self, world: usize) -> bool {
        self.place.load(Ordering::Relaxed) == world
    }
}

/// The number of locks over which a world's list of fibers is spread.
const SHARDS: usize = if cfg!(loom) { 1 } else { 16 };

/// A set of fibers that is stopped as one, and the list of those fibers.
pub struct World {
    /// Written under `gate`; read without it by those who enter and leave.
    stopping: AtomicBool,
    gate: Mutex<()>,
    changed: Condvar,
    shards: Box<[Mutex<Shard>]>,
    host: AtomicPtr<()>,
}

struct Shard {
    first: *mut FiberHeader,
    count: usize,
}

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
    /// A world without fibers.
    pub fn new() -> World {
        World {
            stopping: AtomicBool::new(false),
            gate: Mutex::new(()),
            changed: Condvar::new(),
            shards: (0..SHARDS).map(|_| Mutex::new(Shard { first: ptr::null_mut(), count: 0 })).collect(),
            host: AtomicPtr::new(ptr::null_mut()),
        }
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

    /// Goes in; waits outside while the world is stopped.
    pub fn enter(&self, seat: &Seat) {
        loop {
            seat.place.store(self.address(), Ordering::Relaxed);
            // Pairs with the fence in `stop`: either we see `stopping`, or the stopper sees us.
            fence(Ordering::SeqCst);
            if !self.stopping.load(Ordering::Acquire) {
                return;
            }
            let mut gate = self.gate.lock();
            seat.place.store(0, Ordering::Relaxed);
            self.changed.notify_all();
            while self.stopping.load(Ordering::Relaxed) {
                self.changed.wait(&mut gate);
            }
        }
    }

    /// Goes out.
    pub fn leave(&self, seat: &Seat) {
        // Release pairs with the stopper's acquire fence after it has read the place: it sees what this
        // worker did inside.
        seat.place.store(0, Ordering::Release);
        // Pairs with the fence in `stop`: either the stopper sees that we left, or we see it and tell it.
        fence(Ordering::SeqCst);
        if self.stopping.load(Ordering::Relaxed) {
            let _gate = self.gate.lock();
            self.changed.notify_all();
        }
    }

    /// Halts here while the world is stopped. Called by a worker inside, when its interrupt word has [`STOP`].
    pub fn safepoint(&self, seat: &Seat) {
        // Cleared first: a stopper that comes later raises it again, one that came before is seen below.
        seat.interrupt.fetch_and(!STOP, Ordering::AcqRel);
        let mut gate = self.gate.lock();
        self.halt(seat, &mut gate);
    }

    fn halt(&self, seat: &Seat, gate: &mut crate::sync::MutexGuard<'_, ()>) {
        if !self.stopping.load(Ordering::Relaxed) {
            return;
        }
        let inside = seat.place.load(Ordering::Relaxed) != 0;
        if inside {
            seat.place.store(self.address() | HALTED, Ordering::Relaxed);
        }
        self.changed.notify_all();
        while self.stopping.load(Ordering::Relaxed) {
            self.changed.wait(gate);
        }
        if inside {
            seat.place.store(self.address(), Ordering::Relaxed);
        }
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
            self.halt(mine, &mut gate);
            return false;
        }
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
        self.shards.iter().map(|shard| shard.lock().count).sum()
    }

    /// Calls `f` for every fiber that has been spawned and has not finished, in no order. Fibers
    /// that finish are freed, so either the world is stopped, or `f` must only read what the header
    /// holds; `f` must not spawn.
    pub fn for_each_fiber(&self, mut f: impl FnMut(FiberRef)) {
        for shard in &self.shards {
            let _rank = lockrank::hold(Rank::WorldFibers);
            let shard = shard.lock();
            let mut header = shard.first;
            while !header.is_null() {
                // SAFETY: fibers leave the list under the lock, before they are freed.
                unsafe {
                    let next = (*header).all.with(|all| all.next);
                    f(FiberRef::from_raw(header));
                    header = next;
                }
            }
        }
    }

    /// Adds a new fiber to the list.
    pub(crate) fn add(&self, fiber: FiberRef, hint: usize) {
        let index = hint % SHARDS;
        // SAFETY: a new fiber belongs to its creator.
        unsafe { fiber.shard.with_mut(|shard| *shard = index as u32) };
        let _rank = lockrank::hold(Rank::WorldFibers);
        let mut shard = self.shards[index].lock();
        // SAFETY: the shard's lock guards the links of its fibers.
        unsafe {
            fiber.all.with_mut(|all| *all = AllLinks { prev: ptr::null_mut(), next: shard.first });
            if !shard.first.is_null() {
                (*shard.first).all.with_mut(|all| all.prev = fiber.as_ptr());
            }
        }
        shard.first = fiber.as_ptr();
        shard.count += 1;
    }

    /// Takes a fiber that has finished out of the list.
    pub(crate) fn remove(&self, fiber: FiberRef) {
        // SAFETY: written once, before the fiber was published.
        let index = unsafe { fiber.shard.with(|shard| *shard) } as usize;
        let _rank = lockrank::hold(Rank::WorldFibers);
        let mut shard = self.shards[index].lock();
        // SAFETY: the shard's lock guards the links of its fibers.
        unsafe {
            let AllLinks { prev, next } = fiber.all.with(|all| *all);
            if prev.is_null() {
                shard.first = next;
            } else {
                (*prev).all.with_mut(|all| all.next = next);
            }
            if !next.is_null() {
                (*next).all.with_mut(|all| all.prev = prev);
            }
        }
        shard.count -= 1;
    }

    /// Takes all fibers that `wanted` accepts out of the list; for shutdown.
    pub(crate) fn take_all(&self, wanted: impl Fn(FiberRef) -> bool) -> Vec<FiberRef> {
        let mut found = Vec::new();
        self.for_each_fiber(|fiber| {
            if wanted(fiber) {
                found.push(fiber);
            }
        });
        found.iter().for_each(|&fiber| self.remove(fiber));
        found
    }
}
