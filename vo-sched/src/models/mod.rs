//! Loom's models: every interleaving (up to a bound of pre-emptions) of small uses of this crate.
//!
//! `RUSTFLAGS="--cfg loom" cargo test --release -p vo-sched --target-dir target/loom loom`
//!
//! One file per module that shares memory between threads, of the same name, and [`workers`] for those that drive real ones. What the models run
//! is the code that ships; only the atomics, locks and cells below it are loom's ([`crate::sync`]),
//! and `crossbeam-deque` is a locked list ([`crate::deque`]).
//!
//! In most models a thread stands for a worker together with the one fiber that it runs: a
//! [`Fiber`] whose blocking operations park the thread. [`lost`] is about the machine's search for islands that nothing reaches. Those of [`sched`], [`mode`] and [`limit`] drive real workers.

mod cancel;
mod chan;
mod collect;
mod fiber;
mod limit;
mod lock;
mod lost;
mod mode;
mod park;
mod readiness;
mod sched;
mod select;
mod semaphore;
mod timer;
mod workers;
mod world;

use crate::fiber::{Cx, FiberHeader, FiberRef, FiberState, FiberVTable, Outcome, ParkEnd, Wake};
use crate::seed::Rng;
use crate::worker::WorkerCx;
use loom::sync::Notify;
use std::ptr;

/// Explores `model` within the bounds that CI affords; `LOOM_MAX_PREEMPTIONS` overrides.
fn explore(model: impl Fn() + Sync + Send + 'static) {
    explore_within(3, model);
}

/// As [`explore`], for a model that is explored for minutes within wider bounds than `preemptions`.
fn explore_within(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    if builder.preemption_bound.is_none() {
        builder.preemption_bound = Some(preemptions);
    }
    builder.max_branches = 20_000;
    builder.location = std::env::var_os("LOOM_LOCATION").is_some();
    builder.check(model);
}

unsafe fn no_resume(_: FiberRef, _: &mut WorkerCx) -> Outcome {
    unreachable!("model fibers are driven by their threads")
}

unsafe fn no_finish(_: FiberRef, _: &mut WorkerCx) {}

unsafe fn no_drop(_: FiberRef) {}

static VTABLE: FiberVTable =
    FiberVTable { name: "model", resume: no_resume, finish: no_finish, drop: no_drop };

/// A fiber that is tied to the thread that made it.
#[repr(C)]
struct Fiber {
    header: FiberHeader,
    woken: Notify,
}

/// The context of a model's thread: its fiber, and nothing else.
struct ModelCx {
    fiber: Box<Fiber>,
    rng: Rng,
}

impl ModelCx {
    /// A context with a running fiber.
    fn new() -> ModelCx {
        let fiber = Box::new(Fiber { header: FiberHeader::new(&VTABLE, ptr::null()), woken: Notify::new() });
        fiber.header.spawned();
        fiber.header.start_running();
        ModelCx { fiber, rng: Rng::new(1, 1) }
    }

    /// What a worker does when its fiber returns `Parked`, and what the next worker does once it
    /// is woken: afterwards the fiber runs.
    fn park(&self) {
        let header = &self.fiber.header;
        if header.finish_park(false) == ParkEnd::Notified {
            return;
        }
        while header.state() != FiberState::Queued {
            self.fiber.woken.wait();
        }
        header.start_running();
    }
}

impl Cx for ModelCx {
    fn current(&self) -> FiberRef {
        // SAFETY: the box lives as long as the context, and nobody wakes the fiber later.
        unsafe { FiberRef::from_raw(ptr::from_ref(&self.fiber.header).cast_mut()) }
    }

    fn ready(&mut self, fiber: FiberRef) {
        if fiber.wake(false) == Wake::Enqueue {
            // SAFETY: all fibers of a model are `Fiber`s. Its thread may go on before `notify`
            // returns, but the fiber lives until the thread that waits for it has seen the notice.
            unsafe { (*fiber.as_ptr().cast::<Fiber>()).woken.notify() };
        }
    }

    fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }
}
