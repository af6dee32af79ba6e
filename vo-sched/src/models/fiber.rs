//! The parking hand-shake: no wake-up is lost, no fiber runs twice, saved frames are seen.

use super::{VTABLE, explore};
use crate::fiber::{FiberHeader, FiberRef, FiberState, ParkEnd, Wake};
use crate::sync::{Mutex, RaceCell};
use crate::wait::WaitReason;
use loom::thread;
use std::ptr;
use std::sync::Arc;

struct Shared {
    header: FiberHeader,
    /// The object's lock with its queue of at most one waiter.
    waiter: Mutex<Option<FiberRef>>,
    /// What the parking worker saves, and whoever runs the fiber next reads.
    frames: RaceCell<u32>,
    /// What the waker puts into the wait node.
    result: RaceCell<u32>,
    /// Touched by everybody who believes to run the fiber.
    running: RaceCell<u32>,
}

impl Shared {
    fn new() -> Arc<Shared> {
        let shared = Arc::new(Shared {
            header: FiberHeader::new(&VTABLE, ptr::null()),
            waiter: Mutex::new(None),
            frames: RaceCell::new(0),
            result: RaceCell::new(0),
            running: RaceCell::new(0),
        });
        shared.header.spawned();
        shared.header.start_running();
        shared
    }

    fn fiber(&self) -> FiberRef {
        // SAFETY: the header lives as long as the model.
        unsafe { FiberRef::from_raw(ptr::from_ref(&self.header).cast_mut()) }
    }

    fn park(&self) -> ParkEnd {
        let mut waiter = self.waiter.lock();
        self.header.begin_park(WaitReason::ChanReceive);
        *waiter = Some(self.fiber());
        drop(waiter);
        // SAFETY: a Parking fiber's frames are its worker's; loom checks.
        unsafe { self.frames.with_mut(|frames| *frames = 7) };
        self.header.finish_park(false)
    }

    fn run_on(&self) {
        // SAFETY: only the one who runs the fiber gets here; loom checks.
        unsafe {
            self.running.with_mut(|turns| *turns += 1);
            assert_eq!(self.frames.with(|frames| *frames), 7);
            assert_eq!(self.result.with(|result| *result), 9);
        }
    }

    /// Dequeues the fiber if it waits, completes it, and wakes it.
    fn wake(&self) -> Option<Wake> {
        let fiber = self.waiter.lock().take()?;
        // SAFETY: the dequeuer owns the node's result until the wake-up; loom checks.
        unsafe { self.result.with_mut(|result| *result = 9) };
        Some(fiber.wake(false))
    }
}

#[test]
fn loom_park_against_wake() {
    explore(|| {
        let shared = Shared::new();
        let other = shared.clone();
        let waker = thread::spawn(move || {
            let woke = other.wake();
            if woke == Some(Wake::Enqueue) {
                // The waker's worker runs the fiber next.
                other.header.start_running();
                other.run_on();
            }
            woke
        });
        let end = shared.park();
        if end == ParkEnd::Notified {
            shared.run_on();
        }
        match waker.join().unwrap() {
            None => assert_eq!((end, shared.header.state()), (ParkEnd::Parked, FiberState::Parked)),
            Some(Wake::Enqueue) => assert_eq!(end, ParkEnd::Parked),
            Some(Wake::Nothing) => assert_eq!(end, ParkEnd::Notified),
        }
    });
}

/// Two workers' worth of parking: the fiber is woken, runs elsewhere, parks there and is woken again.
#[test]
fn loom_a_fiber_parks_twice_on_different_workers() {
    explore(|| {
        let shared = Shared::new();
        let other = shared.clone();
        let waker = thread::spawn(move || {
            if other.wake() == Some(Wake::Enqueue) {
                other.header.start_running();
                other.run_on();
                // Parks again; the first worker may still be inside `finish_park`'s caller.
                let _ = other.park();
            }
        });
        if shared.park() == ParkEnd::Notified {
            shared.run_on();
        }
        waker.join().unwrap();
    });
}

#[test]
fn loom_cancel_against_wake() {
    explore(|| {
        let shared = Shared::new();
        let other = shared.clone();
        let waker = thread::spawn(move || other.wake());
        {
            let mut waiter = shared.waiter.lock();
            shared.header.begin_park(WaitReason::ChanReceive);
            *waiter = Some(shared.fiber());
        }
        // It finds that it need not wait: either it takes itself out, or the waker has it.
        if shared.waiter.lock().take().is_some() {
            assert_eq!(shared.header.cancel_park(), None);
            assert_eq!(waker.join().unwrap(), None);
        } else {
            // The wake-up is on its way, so it is waited for.
            let end = shared.header.finish_park(false);
            let woke = waker.join().unwrap();
            assert_eq!(end == ParkEnd::Notified, woke == Some(Wake::Nothing));
        }
    });
}
