//! Step fibers: a fiber made of one closure that is called for every resume.
//!
//! The smallest host there is, and the cheapest fiber: the closure keeps its own state, does one
//! step, and answers how it left off. Tests and benchmarks use it, and whoever wants to write a
//! state machine by hand.
//!
//! ```
//! use std::sync::Arc;
//! use vo_sched::{Config, NoHost, Outcome, Scheduler, step};
//!
//! let sched = Scheduler::new(Config { workers: 2, ..Config::default() }, Arc::new(NoHost));
//! let mut left = 3;
//! let main = step::fiber(sched.root_world(), move |cx| {
//!     if left == 0 {
//!         cx.shared().signal_done();
//!         return Outcome::Finished;
//!     }
//!     left -= 1;
//!     cx.sleep(1_000);
//!     Outcome::Parked
//! });
//! sched.run_until_done(main);
//! ```

use crate::fiber::{FiberHeader, FiberRef, FiberVTable, Outcome};
use crate::worker::WorkerCx;
use crate::world::World;

#[repr(C)]
struct StepFiber<F> {
    header: FiberHeader,
    step: F,
}

/// A new fiber of `world` whose every resume calls `step`. It is freed when it finishes, or with
/// the scheduler.
pub fn fiber<F>(world: &World, step: F) -> FiberRef
where
    F: FnMut(&mut WorkerCx) -> Outcome + Send + 'static,
{
    let header = FiberHeader::new(vtable::<F>(), world);
    let fiber = Box::into_raw(Box::new(StepFiber { header, step }));
    // SAFETY: the box lives until `finish` or `drop`; the header is its first field.
    unsafe { FiberRef::from_raw(fiber.cast()) }
}

fn vtable<F>() -> &'static FiberVTable
where
    F: FnMut(&mut WorkerCx) -> Outcome + Send + 'static,
{
    &FiberVTable { name: "step", resume: resume::<F>, finish: finish::<F>, drop: free::<F> }
}

/// # Safety
/// See [`FiberVTable::resume`]; `fiber` was made by [`fiber`] with this `F`.
unsafe fn resume<F: FnMut(&mut WorkerCx) -> Outcome>(fiber: FiberRef, cx: &mut WorkerCx) -> Outcome {
    let mut fiber = fiber;
    loop {
        // SAFETY: the fiber is Running on this worker, so its closure is ours; it was made with this `F`, whose table
        // it has. What it answered would be returned.
        unsafe {
            let outcome = ((*fiber.as_ptr().cast::<StepFiber<F>>()).step)(cx);
            match cx.next_turn(outcome) {
                Some(next) => fiber = next,
                None => return outcome,
            }
        }
    }
}

/// # Safety
/// See [`FiberVTable::finish`].
unsafe fn finish<F>(fiber: FiberRef, _cx: &mut WorkerCx) {
    // SAFETY: handed on to the caller.
    unsafe { free::<F>(fiber) }
}

/// # Safety
/// See [`FiberVTable::drop`].
unsafe fn free<F>(fiber: FiberRef) {
    // SAFETY: the fiber was boxed by `fiber`, and nobody refers to it any more.
    drop(unsafe { Box::from_raw(fiber.as_ptr().cast::<StepFiber<F>>()) });
}
