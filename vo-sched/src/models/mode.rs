//! Worlds that belong to one worker: who has one alone shares nothing, and whatever the mode changes to,
//! memory that the mode's lock guards is one worker's at a time.

use super::explore;
use super::workers::{Common, run, shared};
use crate::chan::{self, ChanCore, RecvResult, RingStorage, SendResult};
use crate::fiber::{Cx, FiberRef, Outcome};
use crate::lock::ChanLock;
use crate::mode::Wish;
use crate::step;
use crate::sync::{Mutex, RaceCell};
use crate::world::{Entered, Seat, World};
use loom::thread;
use std::sync::Arc;

/// A world and something in it that its lock guards.
struct Model {
    world: World,
    seats: [Seat; 2],
    lock: ChanLock,
    cell: RaceCell<u32>,
}

impl Model {
    fn new() -> Arc<Model> {
        Arc::new(Model {
            world: World::new(),
            seats: [Seat::new(), Seat::new()],
            lock: ChanLock::default(),
            cell: RaceCell::new(0),
        })
    }

    fn mutate(&self, alone: bool) {
        self.lock.lock_unless(alone);
        // SAFETY: the lock, or that nobody else is inside; loom checks.
        unsafe { self.cell.with_mut(|cell| *cell += 1) };
        self.lock.unlock_unless(alone);
    }

    /// Goes in, does something, and goes out, unless refused.
    fn visit(&self, worker: u16) {
        let seat = &self.seats[usize::from(worker)];
        let entered = self.world.enter(seat, worker);
        if let Entered::Refused(owner) = entered {
            assert_eq!(owner, 1 - worker);
            return;
        }
        self.mutate(entered == Entered::Alone);
        self.world.leave(seat, worker);
    }
}

#[test]
fn loom_mode_one_worker_alone() {
    explore(|| {
        let model = Model::new();
        let other = model.clone();
        let thread = thread::spawn(move || {
            other.visit(0);
            other.visit(0);
        });
        model.visit(1);
        model.visit(1);
        thread.join().unwrap();
    });
}

#[test]
fn loom_mode_opening_against_entering() {
    explore(|| {
        let model = Model::new();
        let other = model.clone();
        let thread = thread::spawn(move || {
            other.visit(0);
            other.visit(0);
        });
        match model.world.enter(&model.seats[1], 1) {
            Entered::Alone => {
                model.mutate(true);
                model.world.open();
                model.mutate(false);
                model.world.leave(&model.seats[1], 1);
            }
            Entered::Refused(owner) => assert_eq!(owner, 0),
            Entered::Shared => unreachable!("nobody else opens"),
        }
        thread.join().unwrap();
    });
}

#[test]
fn loom_mode_closing_against_entering() {
    explore(|| {
        let model = Model::new();
        assert_eq!(model.world.enter(&model.seats[1], 1), Entered::Alone);
        model.world.open();
        let other = model.clone();
        let thread = thread::spawn(move || {
            other.visit(0);
            other.visit(0);
        });
        model.mutate(false);
        if model.world.begin_closing(1) {
            let seats = || model.seats.iter();
            let closed = (0..2).any(|_| model.world.finish_closing(1, seats(), &model.seats[1], true));
            if closed {
                model.mutate(true);
            } else {
                model.mutate(false);
                model.world.cancel_closing();
                model.mutate(false);
            }
        }
        model.world.leave(&model.seats[1], 1);
        thread.join().unwrap();
        model.visit(0);
    });
}

fn mutator(world: &World, common: &Arc<Common>) -> FiberRef {
    let common = common.clone();
    step::fiber(world, move |cx| {
        common.touch_locked(cx);
        common.one_less(cx);
        Outcome::Finished
    })
}

/// A worker shares its world while it spawns; the other one comes, steals, and shares.
#[test]
fn loom_mode_opening_against_stealing() {
    explore(|| {
        let shared = shared(2);
        let world = shared.new_world();
        let common = Common::new(2);
        let mut spawned = Some([mutator(&world, &common), mutator(&world, &common)]);
        shared.spawn(step::fiber(&world, move |cx| {
            for fiber in spawned.take().expect("it runs once") {
                cx.spawn(fiber);
            }
            // The first one to look is the owner, who is asked here, to have the moment chosen by loom.
            cx.shared().worker(cx.index()).ask(Wish::Share);
            let _ = cx.safepoint();
            Outcome::Finished
        }));
        run(&shared, || {});
    });
}

/// Two fibers and a channel, while the world is opened: the value arrives once.
#[test]
fn loom_mode_opening_against_park_and_wake() {
    explore(|| {
        let shared = shared(2);
        let world = shared.new_world();
        let core = Arc::new(ChanCore::new());
        let storage = || RingStorage { slots: std::ptr::null_mut(), cap: 0, elem_words: 1 };
        let (sending, mut waited) = (core.clone(), false);
        let sender = step::fiber(&world, move |cx| {
            if std::mem::replace(&mut waited, true) {
                assert_eq!(chan::finish_send(cx), SendResult::Done);
                return Outcome::Finished;
            }
            // SAFETY: the storage is the channel's.
            match unsafe { chan::send(&sending, storage(), cx, &7) } {
                SendResult::Block => Outcome::Parked,
                sent => {
                    assert_eq!(sent, SendResult::Done);
                    Outcome::Finished
                }
            }
        });
        let (mut sender, mut waited) = (Some(sender), false);
        shared.spawn(step::fiber(&world, move |cx| {
            let mut word = 0;
            if std::mem::replace(&mut waited, true) {
                // SAFETY: as above.
                assert!(unsafe { chan::finish_recv(cx, &mut word) });
            } else {
                cx.spawn(sender.take().expect("it is spawned once"));
                cx.shared().worker(cx.index()).ask(Wish::Share);
                let _ = cx.safepoint();
                // SAFETY: as above.
                if unsafe { chan::recv(&core, storage(), cx, &mut word) } == RecvResult::Block {
                    return Outcome::Parked;
                }
            }
            assert_eq!(word, 7);
            cx.shared().begin_shutdown();
            Outcome::Finished
        }));
        run(&shared, || {});
    });
}

/// An open world, with fibers on both workers, is closed around one of them.
#[test]
fn loom_mode_closing_again() {
    explore(|| {
        let shared = shared(2);
        let world = shared.new_world();
        let common = Common::new(2);
        let (mutating, mut turns, mut spawned) = (common.clone(), 0, Some(mutator(&world, &common)));
        shared.spawn(step::fiber(&world, move |cx| {
            turns += 1;
            match turns {
                1 => {
                    cx.spawn(spawned.take().expect("it runs once"));
                    cx.shared().worker(cx.index()).ask(Wish::Share);
                }
                2 => cx.shared().worker(cx.index()).ask(Wish::Close),
                _ => {
                    mutating.touch_locked(cx);
                    mutating.one_less(cx);
                    return Outcome::Finished;
                }
            }
            let _ = cx.safepoint();
            mutating.touch_locked(cx);
            Outcome::Yielded
        }));
        run(&shared, || {});
    });
}

/// A fiber of a world that is a worker's alone parks, while a foreign thread makes it ready.
#[test]
fn loom_mode_ready_from_outside_against_park_alone() {
    explore(|| {
        let shared = shared(1);
        let world = shared.new_world();
        let parked: Arc<Mutex<Option<FiberRef>>> = Arc::new(Mutex::new(None));
        let (slot, mut waited) = (parked.clone(), false);
        shared.spawn(step::fiber(&world, move |cx| {
            assert!(cx.exclusive());
            if std::mem::replace(&mut waited, true) {
                cx.shared().begin_shutdown();
                return Outcome::Finished;
            }
            let mut slot = slot.lock();
            cx.current().begin_park(crate::WaitReason::HostCall);
            *slot = Some(cx.current());
            Outcome::Parked
        }));
        run(&shared, || {
            let fiber = loop {
                if let Some(fiber) = parked.lock().take() {
                    break fiber;
                }
                thread::yield_now();
            };
            shared.ready(fiber);
        });
    });
}
