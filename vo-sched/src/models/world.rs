//! Stopping a world against entering, leaving, halting, and spawning.

use super::{VTABLE, explore};
use crate::fiber::{FiberHeader, FiberRef};
use crate::sync::{Ordering, RaceCell};
use crate::world::{STOP, Seat, World};
use loom::thread;
use std::sync::Arc;

struct Shared {
    world: World,
    seats: [Seat; 2],
    /// Worker `i` writes cell `i` while it is inside; a stopper writes all.
    heap: [RaceCell<u32>; 2],
}

impl Shared {
    fn new() -> Arc<Shared> {
        Arc::new(Shared {
            world: World::always_open(),
            seats: [Seat::new(), Seat::new()],
            heap: [RaceCell::new(0), RaceCell::new(0)],
        })
    }

    fn mutate(&self, worker: usize) {
        // SAFETY: a worker inside has its own cell to itself; loom checks.
        unsafe { self.heap[worker].with_mut(|cell| *cell += 1) };
    }

    fn poll(&self, worker: usize) {
        if self.seats[worker].interrupt().load(Ordering::Acquire) & STOP != 0 {
            self.world.safepoint(&self.seats[worker]);
        }
    }

    fn collect(&self) {
        for cell in &self.heap {
            // SAFETY: the world is stopped; loom checks.
            unsafe { cell.with_mut(|cell| *cell += 1) };
        }
    }

    fn stop(&self, mine: &Seat) -> bool {
        self.world.stop(|| self.seats.iter(), mine)
    }
}

#[test]
fn loom_stop_against_enter_and_leave() {
    explore(|| {
        let shared = Shared::new();
        let other = shared.clone();
        let worker = thread::spawn(move || {
            for _ in 0..2 {
                let _ = other.world.enter(&other.seats[0], 0 as u16);
                other.mutate(0);
                other.world.leave(&other.seats[0], 0 as u16);
            }
        });
        assert!(shared.stop(&Seat::new()));
        shared.collect();
        shared.world.start();
        worker.join().unwrap();
    });
}

#[test]
fn loom_stop_against_safepoints() {
    explore(|| {
        let shared = Shared::new();
        let other = shared.clone();
        let worker = thread::spawn(move || {
            let _ = other.world.enter(&other.seats[0], 0 as u16);
            for _ in 0..2 {
                other.mutate(0);
                other.poll(0);
            }
            other.mutate(0);
            other.world.leave(&other.seats[0], 0 as u16);
        });
        let _ = shared.world.enter(&shared.seats[1], 1 as u16);
        shared.mutate(1);
        assert!(shared.stop(&shared.seats[1]));
        shared.collect();
        shared.world.start();
        shared.mutate(1);
        shared.world.leave(&shared.seats[1], 1 as u16);
        worker.join().unwrap();
    });
}

/// Both want to collect: at least one does, never both at once.
#[test]
fn loom_two_stoppers() {
    explore(|| {
        let shared = Shared::new();
        let run = |shared: &Shared, me: usize| {
            let _ = shared.world.enter(&shared.seats[me], me as u16);
            shared.mutate(me);
            let stopped = shared.stop(&shared.seats[me]);
            if stopped {
                shared.collect();
                shared.world.start();
            }
            shared.mutate(me);
            shared.world.leave(&shared.seats[me], me as u16);
            stopped
        };
        let other = shared.clone();
        let thread = thread::spawn(move || run(&other, 0));
        let mine = run(&shared, 1);
        assert!(thread.join().unwrap() || mine);
    });
}

/// A worker spawns fibers while a stopper walks the list: it sees a list, and afterwards all are there.
#[test]
fn loom_stop_against_spawn() {
    explore(|| {
        let shared = Shared::new();
        let other = shared.clone();
        let worker = thread::spawn(move || {
            let _ = other.world.enter(&other.seats[0], 0 as u16);
            let fibers: Vec<_> = (0..2)
                .map(|_| {
                    let header = Box::into_raw(Box::new(FiberHeader::new(&VTABLE, &other.world)));
                    // SAFETY: the header is freed by the main thread, at the end.
                    let fiber = unsafe { FiberRef::from_raw(header) };
                    other.world.add(fiber, Some(0), false);
                    other.poll(0);
                    fiber
                })
                .collect();
            other.world.remove(fibers[0], false);
            other.world.leave(&other.seats[0], 0 as u16);
            fibers.into_iter().map(|fiber| fiber.as_ptr() as usize).collect::<Vec<_>>()
        });
        assert!(shared.stop(&Seat::new()));
        let mut seen = 0;
        shared.world.for_each_fiber(|_| seen += 1);
        let again = shared.world.live_fibers();
        assert_eq!(seen, again, "the list changed while the world stood still");
        shared.world.start();
        for header in worker.join().unwrap() {
            // SAFETY: the worker has ended, and nobody else knows the fiber.
            drop(unsafe { Box::from_raw(header as *mut FiberHeader) });
        }
        assert_eq!(shared.world.live_fibers(), 1);
    });
}
