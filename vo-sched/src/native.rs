//! Native fibers: Rust closures on stacks of their own (corosensei).
//!
//! A native fiber is a fiber like any other: the same header, the same queues, channels, timers.
//! Inside it, blocking looks like an ordinary call: the operation registers the fiber and switches
//! back to the worker's stack, which sees an [`Outcome`].
//!
//! Must stay true:
//!
//! - a native fiber stays on the worker that started it, because compiled Rust code may keep the
//!   address of a thread-local across a switch;
//! - the [`WorkerCx`] is reached through [`with_cx`] only, for the length of one closure that does
//!   not switch;
//! - a fiber that is dropped before its end is unwound on its own worker's thread; its destructors
//!   run, and must not block.
//!
//! Stacks are mapped with a guard page, and a finished fiber's stack goes to its worker's pool.

use crate::chan;
use crate::fiber::{FiberHeader, FiberRef, FiberVTable, Outcome};
use crate::sched::{Scheduler, Shared};
use crate::wait::WaitReason;
use crate::worker::WorkerCx;
use crate::world::World;
use core::cell::{Cell, RefCell};
use core::ptr;
use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult, Yielder};
use std::sync::Arc;
use std::time::Duration;

/// Bytes of a native fiber's stack; only what is touched is resident.
pub const STACK_SIZE: usize = 256 * 1024;
/// Stacks that a worker keeps for its next fibers.
const POOLED_STACKS: usize = 64;

type Switch = Yielder<(), Outcome>;

#[repr(C)]
struct NativeFiber {
    header: FiberHeader,
    body: Body,
    /// Valid while the coroutine is suspended or runs.
    switch: *const Switch,
}

enum Body {
    Fresh(Box<dyn FnOnce() + Send>),
    Started(Coroutine<(), Outcome, ()>),
    Ended,
}

/// What runs on this thread just now.
#[derive(Clone, Copy)]
struct Active {
    cx: *mut WorkerCx,
    fiber: *mut NativeFiber,
}

const NOTHING: Active = Active { cx: ptr::null_mut(), fiber: ptr::null_mut() };

thread_local! {
    static ACTIVE: Cell<Active> = const { Cell::new(NOTHING) };
    static STACKS: RefCell<Vec<DefaultStack>> = const { RefCell::new(Vec::new()) };
}

static VTABLE: FiberVTable = FiberVTable { name: "native", resume, finish, drop: free };

/// A new native fiber of `world` that runs `body`; to be given to [`Shared::spawn`].
pub fn fiber(world: &World, body: impl FnOnce() + Send + 'static) -> FiberRef {
    let header = FiberHeader::new(&VTABLE, world);
    header.pin_on_start();
    let fiber = NativeFiber { header, body: Body::Fresh(Box::new(body)), switch: ptr::null() };
    // SAFETY: the box lives until `finish` or `drop`; the header is its first field.
    unsafe { FiberRef::from_raw(Box::into_raw(Box::new(fiber)).cast()) }
}

impl Shared {
    /// Spawns a native fiber in the root world, from any thread.
    pub fn spawn_native(&self, body: impl FnOnce() + Send + 'static) {
        self.spawn(fiber(self.root_world(), body));
    }
}

impl Scheduler {
    /// Runs `main` as a native fiber and waits for its result.
    ///
    /// # Panics
    /// If `main`, or any other native fiber, panics meanwhile.
    pub fn run<T: Send + 'static>(&self, main: impl FnOnce() -> T + Send + 'static) -> T {
        let result = Arc::new(std::sync::Mutex::new(None));
        let (slot, shared) = (result.clone(), self.shared().clone());
        self.spawn_native(move || {
            let value = main();
            *slot.lock().expect("nothing panics under this lock") = Some(value);
            shared.signal_done();
        });
        self.wait_done();
        let value = result.lock().expect("nothing panics under this lock").take();
        value.expect("internal error: done without a result")
    }
}

/// Whether the caller runs inside a native fiber.
pub fn is_native() -> bool {
    !ACTIVE.get().cx.is_null()
}

/// Calls `f` with the worker that runs the calling native fiber. `f` must not call anything of
/// this module that blocks.
///
/// # Panics
/// Outside of a native fiber.
pub fn with_cx<R>(f: impl FnOnce(&mut WorkerCx) -> R) -> R {
    let active = ACTIVE.replace(NOTHING);
    assert!(!active.cx.is_null(), "this needs a native fiber (and not be inside another with_cx)");
    // SAFETY: the worker's `resume` set it for the time that the fiber runs, and does not use the
    // context meanwhile; replacing it with NOTHING excludes a second borrow.
    let result = f(unsafe { &mut *active.cx });
    ACTIVE.set(active);
    result
}

/// Leaves the worker. After `Parked`, returns when somebody has made the fiber ready.
///
/// # Panics
/// Outside of a native fiber.
pub fn suspend(outcome: Outcome) {
    let active = ACTIVE.get();
    assert!(!active.fiber.is_null(), "only a native fiber can leave its worker");
    // SAFETY: the fiber runs, so its coroutine's switch is valid. The worker sets ACTIVE anew
    // before it switches back.
    unsafe { (*(*active.fiber).switch).suspend(outcome) };
}

/// Lets the others run first.
pub fn yield_now() {
    suspend(Outcome::Yielded);
}

/// Spawns a native fiber in the world of the calling one.
pub fn spawn(body: impl FnOnce() + Send + 'static) {
    with_cx(|cx| {
        // SAFETY: the running fiber's world is alive.
        let new = fiber(unsafe { &*cx.current().world() }, body);
        cx.spawn(new);
    });
}

/// Waits for at least `time`.
pub fn sleep(time: Duration) {
    with_cx(|cx| cx.sleep(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)));
    suspend(Outcome::Parked);
}

/// Waits for ever.
pub fn block_forever() -> ! {
    with_cx(|cx| chan::block_forever(cx, WaitReason::SelectNoCases));
    suspend(Outcome::Parked);
    unreachable!("internal error: somebody woke a fiber that waits for nothing")
}

/// Runs `job` on a thread of the blocking pool, and waits for its result without holding up the worker.
pub fn blocking<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> T {
    let result = Arc::new(std::sync::Mutex::new(None));
    let slot = result.clone();
    with_cx(|cx| {
        cx.block_on(Box::new(move || *slot.lock().expect("nothing panics under this lock") = Some(job())));
    });
    suspend(Outcome::Parked);
    let value = result.lock().expect("nothing panics under this lock").take();
    value.expect("the blocking job panicked")
}

/// # Safety
/// See [`FiberVTable::resume`].
unsafe fn resume(fiber: FiberRef, cx: &mut WorkerCx) -> Outcome {
    let fiber = fiber.as_ptr().cast::<NativeFiber>();
    let outer = ACTIVE.replace(Active { cx, fiber });
    // SAFETY: the fiber is Running on this worker, to which it is pinned: its body is ours.
    let result = unsafe {
        let body = &mut (*fiber).body;
        if let Body::Fresh(_) = body {
            start(fiber, body);
        }
        let Body::Started(coroutine) = body else { panic!("internal error: an ended fiber was resumed") };
        coroutine.resume(())
    };
    ACTIVE.set(outer);
    match result {
        CoroutineResult::Yield(outcome) => outcome,
        CoroutineResult::Return(()) => Outcome::Finished,
    }
}

/// Puts a fresh body onto a stack.
fn start(fiber: *mut NativeFiber, body: &mut Body) {
    let stack = STACKS.with_borrow_mut(Vec::pop);
    let stack = stack.unwrap_or_else(|| DefaultStack::new(STACK_SIZE).expect("cannot map a fiber's stack"));
    let Body::Fresh(run) = core::mem::replace(body, Body::Ended) else { unreachable!() };
    *body = Body::Started(Coroutine::with_stack(stack, move |switch: &Switch, ()| {
        // SAFETY: the fiber outlives its coroutine, and only its own worker touches it now.
        unsafe { (*fiber).switch = switch };
        run();
    }));
}

/// # Safety
/// See [`FiberVTable::finish`].
unsafe fn finish(fiber: FiberRef, _cx: &mut WorkerCx) {
    // SAFETY: the fiber was boxed by `fiber`, and nobody refers to it any more.
    let mut fiber = unsafe { Box::from_raw(fiber.as_ptr().cast::<NativeFiber>()) };
    if let Body::Started(coroutine) = core::mem::replace(&mut fiber.body, Body::Ended) {
        let stack = coroutine.into_stack();
        STACKS.with_borrow_mut(|pool| {
            if pool.len() < POOLED_STACKS {
                pool.push(stack);
            }
        });
    }
}

/// # Safety
/// See [`FiberVTable::drop`]; a started fiber is dropped by its own worker's thread.
unsafe fn free(fiber: FiberRef) {
    // SAFETY: the fiber was boxed by `fiber`, and nobody refers to it any more. Dropping a
    // suspended coroutine unwinds its stack.
    drop(unsafe { Box::from_raw(fiber.as_ptr().cast::<NativeFiber>()) });
}
