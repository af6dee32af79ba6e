//! A fiber as the scheduler sees it: a resumable thing with a state word.
//!
//! The host (a virtual machine, or [`crate::native`]) embeds a [`FiberHeader`] as the *first*
//! field of its own `#[repr(C)]` fiber and hands out [`FiberRef`]s to it. A fiber has no thread:
//! a worker calls [`FiberVTable::resume`] on its own stack, and the fiber gives the worker back
//! by returning an [`Outcome`].
//!
//! # The state word
//!
//! | state    | who may touch the fiber's data            | next                                        |
//! |----------|-------------------------------------------|---------------------------------------------|
//! | New      | its creator                               | Queued, by the creator                      |
//! | Queued   | the holder of its place in a run queue    | Running, by the worker that took it         |
//! | Running  | the worker that runs it                   | Parking, Queued, Finished, by that worker   |
//! | Parking  | that worker; wakers: the wait nodes only  | Parked by the worker, Notified by the waker |
//! | Resting  | that worker, which has its world to itself | as Parking                                 |
//! | Notified | that worker                               | Running, by the worker                      |
//! | Parked   | its waker: the wait nodes only            | Queued, by the waker                        |
//! | Finished | the worker, which frees it                | none                                        |
//!
//! Must stay true:
//!
//! - a fiber is in at most one run queue, and on at most one worker;
//! - between one `begin_park` and its wake-up there is exactly one waker, because a waker first
//!   wins the fiber's wait node (under the lock of the queue) or its select ticket (by one
//!   compare-and-swap); nobody else calls [`FiberHeader::wake`];
//! - a fiber is Parking *before* its wait node can be found by another thread, and Parked only
//!   *after* its frames are saved;
//! - after a worker has moved a fiber to Parked it does not touch it again, unless it wakes it.
//!
//! # While one worker has the world to itself
//!
//! The state word is then read and written plainly, since nobody else looks at it. A fiber says so when it
//! begins to park: Resting instead of Parking means that only fibers of its own world can wake it, and that
//! no other worker was inside. Whatever may be woken from elsewhere (timers, sockets, jobs, ports) parks
//! as Parking, in every mode. The mode does not change between `begin_park` and `finish_park`, as there is
//! no safepoint between them; who comes into the world later has synchronised with the worker that was
//! alone in it ([`crate::world`]).
//!
//! # Rejected
//!
//! - *Lock the queue until the frames are saved, then park* (Go's `gopark` with an unlock
//!   function): saving frames is unbounded work and would happen under a channel's lock.
//! - *Reference-counted fibers*: two atomic operations per wake-up, to answer a question that the
//!   state table already answers.

use crate::seed::Rng;
use crate::sync::{AtomicU8, AtomicU16, AtomicU32, Ordering, RaceCell, prefetch};
use crate::wait::WaitReason;
use crate::waiter::{SelectNodes, WaitNode};
use crate::worker::WorkerCx;
use crate::world::World;
use core::ops::Deref;
use core::ptr::NonNull;

/// What a resumed fiber tells the worker when it returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// It has ended; the worker calls [`FiberVTable::finish`].
    Finished,
    /// It has called `begin_park`, registered itself with what it waits for, and saved all of its state.
    Parked,
    /// It stays runnable and goes behind the others.
    Yielded,
}

/// What the scheduler can do with a fiber of one kind.
pub struct FiberVTable {
    /// The kind's name in dumps.
    pub name: &'static str,
    /// Runs the fiber until it ends, parks or yields.
    ///
    /// # Safety
    /// The fiber is Running and belongs to the calling worker.
    pub resume: unsafe fn(FiberRef, &mut WorkerCx) -> Outcome,
    /// Frees (or recycles) a fiber that returned [`Outcome::Finished`].
    ///
    /// # Safety
    /// The fiber is Finished; no reference to it is used afterwards.
    pub finish: unsafe fn(FiberRef, &mut WorkerCx),
    /// Frees a fiber that will not run again, at shutdown. It must not run the program's code.
    ///
    /// # Safety
    /// No worker runs; no reference to the fiber is used afterwards.
    pub drop: unsafe fn(FiberRef),
}

/// The states of the table above, as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum FiberState {
    /// Created and not yet given to a scheduler.
    New = 0,
    /// In a run queue.
    Queued = 1,
    /// On a worker.
    Running = 2,
    /// Registered as a waiter; its worker is still saving its frames.
    Parking = 3,
    /// Woken while Parking.
    Notified = 4,
    /// Off the workers until somebody wakes it.
    Parked = 5,
    /// Over.
    Finished = 6,
    /// As Parking, where only this worker can wake it.
    Resting = 7,
}

impl FiberState {
    fn from_word(word: u32) -> FiberState {
        match word {
            0 => FiberState::New,
            1 => FiberState::Queued,
            2 => FiberState::Running,
            3 => FiberState::Parking,
            4 => FiberState::Notified,
            5 => FiberState::Parked,
            6 => FiberState::Finished,
            7 => FiberState::Resting,
            _ => panic!("internal error: fiber state word {word}"),
        }
    }
}

/// How a worker's attempt to park its fiber ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum ParkEnd {
    /// The fiber is its waker's; do not touch it again.
    Parked,
    /// The wake-up came first: the fiber is Running, run it on.
    Notified,
}

/// What the waker has to do after it has won a fiber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Wake {
    /// It is Queued now: put it into a run queue.
    Enqueue,
    /// Its worker has not finished parking and will run it on: nothing to do.
    Nothing,
}

/// No worker: the value of [`FiberHeader::pinned_to`] for a fiber that may run anywhere.
pub const NO_WORKER: u16 = u16::MAX;

/// The scheduler's part of a fiber: the first field of the host's `#[repr(C)]` fiber struct.
///
/// ```text
///   0  state | ticket            state word, select ticket
///   8  reason flags pinned shard
///  16  vtable | world
///  32  id
///  40  all: prev, next           the world's list of its fibers
///  56  select: nodes, len, cap   only while or after it selects
///  72  node                      the one inline wait node
/// 144
/// ```
#[repr(C)]
pub struct FiberHeader {
    state: AtomicU32,
    /// The select ticket: [`TICKET_OPEN`], or the index of the winning case plus one.
    ticket: AtomicU32,
    reason: AtomicU8,
    flags: AtomicU8,
    pinned: AtomicU16,
    pub(crate) shard: RaceCell<u32>,
    vtable: &'static FiberVTable,
    world: *const World,
    id: RaceCell<u64>,
    pub(crate) all: RaceCell<AllLinks>,
    pub(crate) select: RaceCell<SelectNodes>,
    pub(crate) node: WaitNode,
}

// SAFETY: what is not atomic is reached under the state table's rules, or is immutable.
unsafe impl Send for FiberHeader {}
// SAFETY: as above.
unsafe impl Sync for FiberHeader {}

/// The links of the world's list of all fibers, guarded by the list's lock.
#[derive(Clone, Copy)]
pub(crate) struct AllLinks {
    pub prev: *mut FiberHeader,
    pub next: *mut FiberHeader,
}

/// No waker has won the fiber's select yet.
pub(crate) const TICKET_OPEN: u32 = 0;

const FLAG_PIN_ON_START: u8 = 1;

impl FiberHeader {
    /// The header of a new fiber of `world`. The world must outlive the fiber; a world that came
    /// from [`crate::Shared::new_world`] does, since the scheduler keeps it while it has fibers.
    pub fn new(vtable: &'static FiberVTable, world: *const World) -> FiberHeader {
        FiberHeader {
            state: AtomicU32::new(FiberState::New as u32),
            ticket: AtomicU32::new(TICKET_OPEN),
            reason: AtomicU8::new(WaitReason::None.byte()),
            flags: AtomicU8::new(0),
            pinned: AtomicU16::new(NO_WORKER),
            shard: RaceCell::new(0),
            vtable,
            world,
            id: RaceCell::new(0),
            all: RaceCell::new(AllLinks { prev: core::ptr::null_mut(), next: core::ptr::null_mut() }),
            select: RaceCell::new(SelectNodes::empty()),
            node: WaitNode::new(),
        }
    }

    /// Makes the header of a finished fiber, which nobody refers to any more, that of a new one of `world`. What it
    /// has allocated stays.
    pub fn renew(&mut self, world: *const World) {
        self.state = AtomicU32::new(FiberState::New as u32);
        self.flags = AtomicU8::new(0);
        self.pinned = AtomicU16::new(NO_WORKER);
        self.world = world;
        // SAFETY: the header is ours alone, so its node is in no queue.
        unsafe { self.node.forget() };
    }

    /// The fiber's state at some moment of the call.
    pub fn state(&self) -> FiberState {
        FiberState::from_word(self.state.load(Ordering::Acquire))
    }

    /// The kind of fiber.
    #[inline]
    pub fn vtable(&self) -> &'static FiberVTable {
        self.vtable
    }

    /// The island that the fiber belongs to.
    #[inline]
    pub fn world(&self) -> *const World {
        self.world
    }

    /// The goroutine number, from 1; 0 before the fiber was spawned.
    #[inline]
    pub fn id(&self) -> u64 {
        // SAFETY: written once, before the fiber is published.
        unsafe { self.id.with(|id| *id) }
    }

    /// Numbers a new fiber. Only its creator may, before it is spawned.
    pub(crate) fn set_id(&self, new: u64) {
        // SAFETY: a New fiber belongs to its creator.
        unsafe { self.id.with_mut(|id| *id = new) }
    }

    /// What the fiber waits for; for dumps.
    pub fn wait_reason(&self) -> WaitReason {
        match self.state() {
            FiberState::New | FiberState::Queued | FiberState::Notified => WaitReason::Runnable,
            FiberState::Running => WaitReason::None,
            FiberState::Finished => WaitReason::Finished,
            FiberState::Parking | FiberState::Resting | FiberState::Parked => {
                WaitReason::from_byte(self.reason.load(Ordering::Relaxed))
            }
        }
    }

    pub(crate) fn reason_byte(&self) -> u8 {
        self.reason.load(Ordering::Relaxed)
    }

    /// Gives the wait that has just begun a better name, for dumps.
    pub fn rename_wait(&self, reason: WaitReason) {
        self.reason.store(reason.byte(), Ordering::Relaxed);
    }

    /// The worker that the fiber is tied to, or [`NO_WORKER`].
    #[inline]
    pub fn pinned_to(&self) -> u16 {
        self.pinned.load(Ordering::Relaxed)
    }

    /// From its first run on, the fiber stays on the worker that started it. Its world is then open to all
    /// workers for good.
    pub fn pin_on_start(&self) {
        if !self.world.is_null() {
            // SAFETY: a world outlives its fibers.
            unsafe { (*self.world).keep_open() };
        }
        self.flags.fetch_or(FLAG_PIN_ON_START, Ordering::Relaxed);
    }

    /// Whether the fiber will stay where it first runs.
    pub(crate) fn pins(&self) -> bool {
        self.flags.load(Ordering::Relaxed) & FLAG_PIN_ON_START != 0
    }

    /// Whether a worker may resume this fiber and it must then stay there.
    pub(crate) fn pin_if_wanted(&self, worker: u16) {
        if self.flags.load(Ordering::Relaxed) & FLAG_PIN_ON_START != 0 {
            self.pinned.store(worker, Ordering::Relaxed);
        }
    }

    /// New -> Queued, by the creator.
    pub(crate) fn spawned(&self) {
        debug_assert_eq!(self.state(), FiberState::New);
        // Relaxed: the run queue's own release publishes the fiber.
        self.state.store(FiberState::Queued as u32, Ordering::Relaxed);
    }

    /// Queued -> Running, by the worker that took the fiber out of a run queue.
    #[inline]
    pub(crate) fn start_running(&self) {
        debug_assert_eq!(self.state(), FiberState::Queued);
        // Relaxed: only the holder of its place in the queue gets here.
        self.state.store(FiberState::Running as u32, Ordering::Relaxed);
    }

    /// Running -> Queued, by its worker, when it yields.
    #[inline]
    pub(crate) fn yielded(&self) {
        debug_assert_eq!(self.state(), FiberState::Running);
        self.state.store(FiberState::Queued as u32, Ordering::Relaxed);
    }

    /// Running -> Finished, by its worker.
    pub(crate) fn finished(&self) {
        self.state.store(FiberState::Finished as u32, Ordering::Relaxed);
    }

    /// Running -> Parking. The fiber calls this *before* it lets anybody find its wait node.
    #[inline]
    pub fn begin_park(&self, reason: WaitReason) {
        self.begin(reason, FiberState::Parking);
    }

    /// As [`FiberHeader::begin_park`], for a wait that only fibers of the same world end. `alone`: the
    /// calling worker has that world to itself.
    #[inline]
    pub fn begin_park_inside(&self, reason: WaitReason, alone: bool) {
        self.begin(reason, if alone { FiberState::Resting } else { FiberState::Parking });
    }

    #[inline]
    fn begin(&self, reason: WaitReason, state: FiberState) {
        debug_assert_eq!(self.state(), FiberState::Running);
        self.reason.store(reason.byte(), Ordering::Relaxed);
        // Relaxed: the publication of the wait node (the release of the queue's lock) carries it
        // to the waker, which takes that lock first.
        self.state.store(state as u32, Ordering::Relaxed);
    }

    /// Takes `begin_park` back, by the fiber itself, when it finds that it need not wait. Answers
    /// [`ParkEnd::Notified`] if the wake-up has already come (and is hereby consumed); never
    /// answers Parked: in both cases the fiber is Running again.
    pub fn cancel_park(&self) -> Option<ParkEnd> {
        match self.state.swap(FiberState::Running as u32, Ordering::Acquire) {
            s if s == FiberState::Parking as u32 || s == FiberState::Resting as u32 => None,
            s if s == FiberState::Notified as u32 => Some(ParkEnd::Notified),
            s => panic!("internal error: cancel_park in state {:?}", FiberState::from_word(s)),
        }
    }

    /// Parking -> Parked, or Notified -> Running; by the worker, after `resume` returned
    /// [`Outcome::Parked`] and with all of the fiber's state saved. `alone`: the worker has the fiber's
    /// world to itself.
    #[inline]
    pub fn finish_park(&self, alone: bool) -> ParkEnd {
        let mut state = FiberState::Parking as u32;
        if alone {
            state = self.state.load(Ordering::Relaxed);
            if state == FiberState::Resting as u32 {
                // Nobody else can have seen the fiber.
                self.state.store(FiberState::Parked as u32, Ordering::Relaxed);
                return ParkEnd::Parked;
            }
        }
        self.finish_park_shared(state)
    }

    /// Whether the fiber, which begins to park, can only be woken by the worker that runs it. That worker asks.
    #[inline]
    pub(crate) fn rests(&self) -> bool {
        self.state.load(Ordering::Relaxed) == FiberState::Resting as u32
    }

    /// Resting -> Parked; by the worker that has the fiber's world to itself, with the fiber's state saved.
    #[inline]
    pub(crate) fn finish_rest(&self) {
        debug_assert_eq!(self.state(), FiberState::Resting);
        self.state.store(FiberState::Parked as u32, Ordering::Relaxed);
    }

    fn finish_park_shared(&self, mut state: u32) -> ParkEnd {
        loop {
            if state == FiberState::Notified as u32 {
                self.state.store(FiberState::Running as u32, Ordering::Relaxed);
                return ParkEnd::Notified;
            }
            if state != FiberState::Parking as u32 && state != FiberState::Resting as u32 {
                panic!("internal error: a fiber parked in state {:?}", FiberState::from_word(state));
            }
            // Release pairs with the Acquire in `wake`: whoever wakes the fiber (and the worker that
            // then runs it) sees the saved frames. Acquire on failure pairs with the Release in
            // `wake`: this worker sees what the waker put into the wait node.
            let parked = FiberState::Parked as u32;
            match self.state.compare_exchange(state, parked, Ordering::Release, Ordering::Acquire) {
                Ok(_) => return ParkEnd::Parked,
                Err(now) => state = now,
            }
        }
    }

    /// Parking -> Notified, or Parked -> Queued; by the one waker that has won the fiber. `alone`: the
    /// calling worker has the fiber's world to itself.
    #[inline]
    pub fn wake(&self, alone: bool) -> Wake {
        if alone && self.wake_alone() {
            // Its worker was this one, or left the world before this one entered.
            return Wake::Enqueue;
        }
        self.wake_shared()
    }

    /// Parked -> Queued, as [`FiberHeader::wake`] for a worker that has the fiber's world to itself. False: it is not
    /// Parked, and nothing was done.
    #[inline(always)]
    pub(crate) fn wake_alone(&self) -> bool {
        let parked = self.state.load(Ordering::Relaxed) == FiberState::Parked as u32;
        if parked {
            self.state.store(FiberState::Queued as u32, Ordering::Relaxed);
        }
        parked
    }

    fn wake_shared(&self) -> Wake {
        // The common case first. Acquire pairs with `finish_park`'s Release (the frames). Release,
        // here and below, publishes the wait node's result: to `finish_park`'s Acquire on failure,
        // and to whoever learns from the state word alone that the fiber is Queued (workers learn
        // it from a run queue, which releases too).
        let mut state = FiberState::Parked as u32;
        loop {
            let (next, wake) = match state {
                s if s == FiberState::Parked as u32 => (FiberState::Queued, Wake::Enqueue),
                s if s == FiberState::Parking as u32 || s == FiberState::Resting as u32 => {
                    (FiberState::Notified, Wake::Nothing)
                }
                s => panic!("internal error: wake-up of a fiber in state {:?}", FiberState::from_word(s)),
            };
            // If it parks between two attempts it is Parked at the second: we are its only waker, so no one
            // else moves it. Acquire on failure too, since what is learnt there decides the next attempt.
            match self.state.compare_exchange(state, next as u32, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return wake,
                Err(now) => state = now,
            }
        }
    }

    /// Opens the ticket for a new select. Only the fiber itself, before its nodes are found.
    pub(crate) fn open_ticket(&self) {
        self.ticket.store(TICKET_OPEN, Ordering::Relaxed);
    }

    /// Wins the fiber's select for case `index`, or answers false when another has won it.
    pub(crate) fn win_ticket(&self, index: u32, alone: bool) -> bool {
        if alone {
            let open = self.ticket.load(Ordering::Relaxed) == TICKET_OPEN;
            if open {
                self.ticket.store(index + 1, Ordering::Relaxed);
            }
            return open;
        }
        // Relaxed: the locks of the channels order everything else; only the winning is atomic.
        self.ticket.compare_exchange(TICKET_OPEN, index + 1, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// The case that won the fiber's last select that waited.
    pub(crate) fn won_case(&self) -> Option<u32> {
        self.ticket.load(Ordering::Relaxed).checked_sub(1)
    }

    /// Calls `f` with the address of everything that a waiting fiber waits on: of channels, semaphores, conditions. None
    /// where it waits for ever.
    ///
    /// # Safety
    /// As for [`FiberHeader::for_each_wait_word`], and the fiber waits for one of these.
    pub unsafe fn for_each_wait_object(&self, mut f: impl FnMut(u64)) {
        let mut object = |node: &WaitNode| {
            // SAFETY: the world is stopped, so nobody changes the nodes.
            let address = unsafe { node.object() } as u64;
            if address != 0 {
                f(address);
            }
        };
        match self.wait_reason() {
            WaitReason::ChanReceiveNil | WaitReason::ChanSendNil | WaitReason::SelectNoCases => {}
            // SAFETY: as above.
            WaitReason::Select => unsafe { self.select.with(|nodes| nodes.iter().for_each(object)) },
            _ => object(&self.node),
        }
    }

    /// Calls `f` with every word through which a waiting fiber keeps memory alive: the addresses
    /// of the channels (or semaphores) that it waits on and the words of the elements that it
    /// sends or has received. All are ambiguous words, interior addresses included.
    ///
    /// # Safety
    /// The fiber's world is stopped by the caller, and no lock of its channels is held; or the caller runs the fiber.
    pub unsafe fn for_each_wait_word(&self, mut f: impl FnMut(u64)) {
        self.node.for_each_word(&mut f);
        // SAFETY: the world is stopped, or the fiber runs, so nobody changes what the nodes hold.
        unsafe { self.select.with(|nodes| nodes.iter().for_each(|node| node.for_each_word(&mut f))) };
    }
}

/// A pointer to a fiber's header; the unit that run queues hold. It is as good as the state
/// table says: it may be used as long as the fiber has not finished.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(transparent)]
pub struct FiberRef(NonNull<FiberHeader>);

// SAFETY: a reference to a fiber may move between threads; the state table orders the accesses.
unsafe impl Send for FiberRef {}
// SAFETY: as above.
unsafe impl Sync for FiberRef {}

impl FiberRef {
    /// A reference to the fiber at `header`.
    ///
    /// # Safety
    /// The header stays at this address until the scheduler has called `finish` or `drop` for it.
    #[inline]
    pub unsafe fn from_raw(header: *mut FiberHeader) -> FiberRef {
        // SAFETY: the caller hands over a live header.
        FiberRef(unsafe { NonNull::new_unchecked(header) })
    }

    /// The fiber will run soon: has what is read first brought near, the header and the beginning of the host's part.
    #[inline(always)]
    pub(crate) fn approach(self) {
        let at = self.0.as_ptr().cast::<u8>();
        (0..4).for_each(|line| prefetch(at.wrapping_add(64 * line)));
    }

    /// The header's address, which is the address of the host's fiber struct.
    #[inline]
    pub fn as_ptr(self) -> *mut FiberHeader {
        self.0.as_ptr()
    }
}

impl Deref for FiberRef {
    type Target = FiberHeader;

    #[inline]
    fn deref(&self) -> &FiberHeader {
        // SAFETY: `from_raw`'s contract: the header lives until the fiber has finished.
        unsafe { self.0.as_ref() }
    }
}

/// What the blocking operations (channels, selects, semaphores) need of whoever runs a fiber.
/// Workers implement it; so do the little harnesses of the loom models.
pub trait Cx {
    /// The fiber that is running.
    fn current(&self) -> FiberRef;

    /// Makes a fiber runnable whose wait the caller has completed. Never called under a lock.
    fn ready(&mut self, fiber: FiberRef);

    /// The generator for this context's choices.
    fn rng(&mut self) -> &mut Rng;

    /// Whether the current fiber's world belongs to this worker alone; see [`crate::lock`].
    #[inline]
    fn exclusive(&self) -> bool {
        false
    }

    /// The caller has waited for what another worker held, for about so many fifths of a microsecond: heard by who
    /// decides how many workers a world should have.
    fn contended(&self, _fifths: u64) {}
}

/// A context for objects that fibers of several worlds use (ports; the channels of native fibers): they are
/// locked, and their waiters park, as if no world ever belonged to one worker.
pub struct Across<'a, C: Cx + ?Sized>(pub &'a mut C);

impl<C: Cx + ?Sized> Cx for Across<'_, C> {
    fn current(&self) -> FiberRef {
        self.0.current()
    }

    fn ready(&mut self, fiber: FiberRef) {
        self.0.ready(fiber);
    }

    fn rng(&mut self) -> &mut Rng {
        self.0.rng()
    }

    fn contended(&self, fifths: u64) {
        self.0.contended(fifths);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_small() {
        assert!(size_of::<FiberHeader>() <= 144, "{}", size_of::<FiberHeader>());
    }
}
