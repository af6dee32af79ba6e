//! Taking fibers out of what they wait for, when their world is to end.
//!
//! The world is stopped meanwhile, so that only fibers of other worlds, threads of the blocking pool and the poller
//! can wake a fiber of it. A fiber is cancelled by winning it as any waker must: its node is dequeued under the lock of what it
//! waits for, or its select ticket is won by the one compare-and-swap. Whoever comes first has it:
//!
//! | it waits for                    | cancelled by                                | cannot be               |
//! |---------------------------------|---------------------------------------------|-------------------------|
//! | a channel, a port               | dequeuing its node under the object's lock  | when a partner was first |
//! | one of several                  | winning the ticket; then its nodes are unlinked | when a partner was first |
//! | a semaphore, a condition        | dequeuing its node under the bucket's lock  | when it was granted      |
//! | nothing that ever comes         | nobody else has it                          |                         |
//! | a timer                         | taking the timer out of its shard           | when it has fired        |
//! | a socket, a job, its host       | not at all: it runs when that is over       |                         |
//!
//! A cancelled fiber is woken with nothing completed. Its host knows that it has cancelled the world, and asks
//! [`FiberHeader::take_wait`] what was left in the node.

use crate::chan::ChanCore;
use crate::fiber::{Cx, FiberHeader, FiberRef, FiberState};
use crate::sched::Shared;
use crate::seed::Rng;
use crate::timer::TimerAction;
use crate::wait::WaitReason;
use crate::waiter::{Completion, Dir};
use crate::world::World;
use core::ptr;

/// The place of a select's ticket that no case has: the select was cancelled.
const CANCELLED: u32 = u32::MAX - 1;

/// What became of a fiber that was to be cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Cancel {
    /// It is the caller's to wake.
    Won,
    /// Somebody else wakes it, or it is not waiting.
    Woken,
    /// It waits for something outside, which will wake it.
    Outside,
}

/// What can wake a fiber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitsFor {
    /// Fibers of the same world, or who sends to a port of it.
    Fibers,
    /// A port that it sends to has no room: whose, its host knows.
    Port,
    /// It does not wait, or for something that comes by itself.
    Nothing,
}

/// How the waits of a world's fibers were ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cancelled {
    /// Fibers that run again because of it.
    pub woken: usize,
    /// Fibers that wait for something outside.
    pub outside: usize,
}

impl Shared {
    /// Ends the waits of all fibers of a world, and stops its timers. The fibers run again when the world does.
    ///
    /// # Safety
    /// The caller has stopped the world.
    pub unsafe fn cancel_fibers(&self, world: &World) -> Cancelled {
        let sleepers = self.timers().take_world(world, |_| true);
        // SAFETY: by the contract.
        unsafe { self.cancel_parked(world, sleepers, |_| true) }
    }

    /// As [`Shared::cancel_fibers`], for those fibers that `wanted` accepts: others, and timers that wake no fiber,
    /// are left alone.
    ///
    /// # Safety
    /// As there.
    pub unsafe fn cancel_some(&self, world: &World, wanted: impl Fn(FiberRef) -> bool) -> Cancelled {
        let sleeps = |action: &TimerAction| matches!(action, TimerAction::Wake(fiber) if wanted(*fiber));
        let sleepers = self.timers().take_world(world, sleeps);
        // SAFETY: by the contract.
        unsafe { self.cancel_parked(world, sleepers, wanted) }
    }

    /// # Safety
    /// As for [`Shared::cancel_fibers`]; `won` are fibers whose timers were taken out.
    unsafe fn cancel_parked(
        &self,
        world: &World,
        mut won: Vec<FiberRef>,
        wanted: impl Fn(FiberRef) -> bool,
    ) -> Cancelled {
        let mut parked = Vec::new();
        world.for_each_fiber(|fiber| {
            if fiber.state() == FiberState::Parked && wanted(fiber) {
                parked.push(fiber);
            }
        });
        let mut done = Cancelled::default();
        for fiber in parked {
            // SAFETY: the world is stopped.
            match unsafe { self.cancel(fiber) } {
                Cancel::Won => won.push(fiber),
                Cancel::Woken => {}
                Cancel::Outside => done.outside += 1,
            }
        }
        done.woken = won.len();
        won.into_iter().for_each(|fiber| self.ready(fiber));
        done
    }

    /// Wins a parked fiber, if it can be.
    ///
    /// # Safety
    /// The fiber is Parked, and its world is stopped.
    unsafe fn cancel(&self, fiber: FiberRef) -> Cancel {
        use WaitReason as R;
        let won = |won: bool| if won { Cancel::Won } else { Cancel::Woken };
        // SAFETY: a parked fiber's nodes are read under the locks that guard them.
        unsafe {
            match fiber.last_reason() {
                R::ChanReceive | R::ChanSend | R::PortReceive | R::PortSend => won(dequeue(fiber)),
                R::ChanReceiveNil | R::ChanSendNil | R::SelectNoCases => Cancel::Won,
                R::Select => won(cancel_select(fiber)),
                R::MutexLock
                | R::RWMutexRLock
                | R::RWMutexLock
                | R::WaitGroupWait
                | R::CondWait
                | R::Semacquire => won(self.semaphores().cancel(fiber)),
                // Its timer was taken out, or has fired.
                R::Sleep => Cancel::Woken,
                R::IoWait | R::Blocking | R::GcAssist | R::HostCall => Cancel::Outside,
                R::None | R::Runnable | R::Finished => Cancel::Woken,
            }
        }
    }

    /// What a fiber of a stopped world waits for.
    pub fn waits_for(&self, fiber: FiberRef) -> WaitsFor {
        use WaitReason as R;
        if fiber.state() != FiberState::Parked {
            return WaitsFor::Nothing;
        }
        match fiber.last_reason() {
            R::PortSend => WaitsFor::Port,
            R::Sleep | R::IoWait | R::Blocking | R::GcAssist | R::HostCall => WaitsFor::Nothing,
            R::None | R::Runnable | R::Finished => WaitsFor::Nothing,
            _ => WaitsFor::Fibers,
        }
    }

    /// The words that a fiber of a stopped world waits to send to a port, while nobody can take them; not called where somebody has.
    ///
    /// # Safety
    /// The fiber is Parked in a [`WaitReason::PortSend`], and its world is stopped.
    pub unsafe fn with_words_to_send(&self, fiber: FiberRef, f: impl FnOnce(&[u64])) {
        // SAFETY: as for `dequeue`; the words of a queued node do not change under the lock.
        unsafe {
            let core = fiber.node.object().cast::<ChanCore>();
            if core.is_null() {
                return;
            }
            (*core).with_lock(|| {
                if fiber.node.is_queued() {
                    fiber.node.with_words(f);
                }
            });
        }
    }

    /// Whether timers of the world are waiting.
    pub fn has_timers(&self, world: &World) -> bool {
        self.timers().any_of(world)
    }
}

/// Takes the node of a fiber that waits for one channel or port out of its queue; false where a partner was first.
///
/// # Safety
/// As for `Shared::cancel`.
pub(crate) unsafe fn dequeue(fiber: FiberRef) -> bool {
    // SAFETY: an armed node's object is a channel that lives while somebody waits; the lock guards its queues.
    unsafe {
        let node = &fiber.node;
        let core = node.object().cast::<ChanCore>();
        if core.is_null() {
            return true;
        }
        (*core).with_lock(|| {
            let queued = node.is_queued();
            if queued {
                (*core).queue(node.dir()).remove(ptr::from_ref(node).cast_mut());
            }
            queued
        })
    }
}

/// Wins a fiber's select and unlinks its nodes; false where a partner was first.
///
/// # Safety
/// As for `Shared::cancel`.
pub(crate) unsafe fn cancel_select(fiber: FiberRef) -> bool {
    if !fiber.win_ticket(CANCELLED, false) {
        return false;
    }
    // SAFETY: who has won the ticket has the nodes, once each is out of its queue.
    unsafe {
        fiber.select.with(|nodes| {
            for node in nodes.iter() {
                let core = node.object().cast::<ChanCore>();
                if core.is_null() {
                    continue;
                }
                (*core).with_lock(|| (*core).queue(node.dir()).remove(ptr::from_ref(node).cast_mut()));
                node.forget();
            }
        });
    }
    true
}

/// For a host whose fiber runs again after its world was cancelled.
impl FiberHeader {
    /// What the fiber last parked for.
    pub fn last_reason(&self) -> WaitReason {
        WaitReason::from_byte(self.reason_byte())
    }

    /// Whether the fiber's last select was cancelled. If it was not, it must be finished ([`crate::select::finish_select`]).
    pub fn select_was_cancelled(&self) -> bool {
        self.won_case().is_none_or(|case| case == CANCELLED)
    }

    /// How the fiber's last wait on one object ended, with the words in its node, which is empty then.
    ///
    /// # Safety
    /// The fiber runs, and has waited for a channel or port.
    pub unsafe fn take_wait(&self, out: &mut Vec<u64>) -> (Dir, Completion) {
        // SAFETY: a running fiber's node is its own.
        unsafe {
            out.resize(self.node.words(), 0);
            self.node.copy_words_to(out.as_mut_ptr());
            let wait = (self.node.dir(), self.node.completion());
            self.node.forget();
            wait
        }
    }
}

/// A context without a fiber, for threads that are no workers: to close ports, and to send without waiting.
pub struct Outside<'a> {
    shared: &'a Shared,
    rng: Rng,
}

impl<'a> Outside<'a> {
    /// A context of this scheduler.
    pub fn new(shared: &'a Shared) -> Outside<'a> {
        Outside { shared, rng: Rng::new(shared.config().seed, 0) }
    }
}

impl Cx for Outside<'_> {
    fn current(&self) -> FiberRef {
        panic!("internal error: no fiber runs here")
    }

    fn ready(&mut self, fiber: FiberRef) {
        self.shared.ready(fiber);
    }

    fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }
}
