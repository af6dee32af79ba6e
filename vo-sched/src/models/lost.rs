//! Finding islands that nothing reaches against who still does: an island that is found lost never runs again, and nobody has a right to
//! reach it.
//!
//! The steps are those of the machine's reaper: look at each world while it is stopped, read the counts of rights, look whether all
//! have rested. What is checked of this crate is that a worker that has been inside is seen ([`World::has_rested`]), and that who
//! has been woken is, by whoever sees that the waker's right is gone.

use super::chan::Chan;
use super::{ModelCx, explore};
use crate::chan::{self, RecvResult, SendResult};
use crate::fiber::{Across, Cx, FiberRef, FiberState, ParkEnd};
use crate::sync::{AtomicBool, AtomicUsize, Ordering, RaceCell};
use crate::world::{Seat, World};
use loom::thread;
use std::sync::Arc;

/// An island with one mailbox; a word in it that is not 0 is a right to reach the island of that number, less one.
struct Island {
    world: World,
    seat: Seat,
    rights: AtomicUsize,
    mailbox: Arc<Chan<1, 1>>,
    /// Rights of its own to the island of each number. Only who is inside, or has stopped it, looks.
    held: RaceCell<[usize; 2]>,
}

struct Model {
    islands: [Island; 2],
    ended: AtomicBool,
}

impl Model {
    fn new(rights: [usize; 2]) -> Arc<Model> {
        let island = |rights| Island {
            world: World::always_open(),
            seat: Seat::new(),
            rights: AtomicUsize::new(rights),
            mailbox: Chan::new(),
            held: RaceCell::new([0; 2]),
        };
        Arc::new(Model { islands: rights.map(island), ended: AtomicBool::new(false) })
    }

    fn gain(&self, island: usize) {
        self.islands[island].rights.fetch_add(1, Ordering::Relaxed);
    }

    fn lose(&self, island: usize) {
        self.islands[island].rights.fetch_sub(1, Ordering::AcqRel);
    }

    /// Looks at the first `count` islands, whose fibers are given; whether they are lost.
    fn look(&self, count: usize, fibers: &[FiberRef]) -> bool {
        let islands = &self.islands[..count];
        let mut held = [0; 2];
        for (island, &fiber) in islands.iter().zip(fibers) {
            if !island.look(fiber, &mut held) {
                return false;
            }
        }
        let enclosed = islands.iter().zip(held).all(|(i, held)| i.rights.load(Ordering::Acquire) == held);
        let lost = enclosed && islands.iter().zip(fibers).all(|(island, &fiber)| island.has_rested(fiber));
        if lost {
            self.ended.store(true, Ordering::SeqCst);
        }
        lost
    }

    /// Who runs, or has a right, is not on an island that has been found lost.
    fn assert_reached(&self) {
        assert!(!self.ended.load(Ordering::SeqCst), "what was found lost is not");
    }
}

impl Island {
    fn stopped<R>(&self, f: impl FnOnce() -> R) -> R {
        assert!(self.world.stop(|| [&self.seat].into_iter(), &Seat::new()));
        let result = f();
        self.world.start();
        result
    }

    fn rests(&self, fiber: FiberRef) -> bool {
        !self.world.has_inside(&self.seat) && fiber.state() == FiberState::Parked
    }

    fn look(&self, fiber: FiberRef, held: &mut [usize; 2]) -> bool {
        self.stopped(|| {
            let rests = self.rests(fiber);
            if rests {
                self.world.begin_rest();
                // SAFETY: the world is stopped, and nobody is inside; the lock guards the slots.
                unsafe {
                    self.held.with(|own| (0..2).for_each(|to| held[to] += own[to]));
                    let core = &self.mailbox.core;
                    core.with_lock(|| {
                        core.for_each_buffered(self.mailbox.storage(), |slot| {
                            if *slot != 0 {
                                held[*slot as usize - 1] += 1;
                            }
                        });
                    });
                }
            }
            rests
        })
    }

    fn has_rested(&self, fiber: FiberRef) -> bool {
        self.stopped(|| self.world.has_rested() && self.rests(fiber))
    }

    /// Sends a word to the mailbox, from outside; it has room.
    fn send(&self, word: u64) {
        let mut cx = ModelCx::new();
        assert_eq!(self.mailbox.try_send(&mut cx, word), Some(SendResult::Done));
    }
}

/// Begins the fiber's wait for the mailbox of an island. It parks at once: the island has rested for a while.
fn park(cx: &mut ModelCx, island: &Island) {
    let mut word = 0;
    // SAFETY: core and storage belong together; the fiber parks on Block.
    let waits = unsafe {
        let mailbox = &island.mailbox;
        chan::recv(&mailbox.core, mailbox.storage(), &mut Across(cx), &raw mut word)
    };
    assert_eq!(waits, RecvResult::Block);
    assert_eq!(cx.current().finish_park(false), ParkEnd::Parked);
}

/// The worker of an island whose fiber waits: when that is woken, `run`s it inside with what it has received, and parks it again.
fn work(model: &Model, island: usize, cx: &mut ModelCx, run: impl FnOnce(u64)) {
    let here = &model.islands[island];
    while cx.current().state() != FiberState::Queued {
        cx.fiber.woken.wait();
    }
    let _ = here.world.enter(&here.seat, 0);
    cx.current().start_running();
    model.assert_reached();
    let mut word = 0;
    // SAFETY: the fiber has waited for a word.
    assert!(unsafe { chan::finish_recv(cx, &raw mut word) });
    run(word);
    model.assert_reached();
    park(cx, here);
    here.world.leave(&here.seat, 0);
}

/// Somebody sends a message and gives his right up: the island is lost when it has received, and not before.
#[test]
fn loom_lost_against_the_last_message() {
    explore(|| {
        let model = Model::new([1, 0]);
        let mut cx = ModelCx::new();
        let fiber = cx.current();
        park(&mut cx, &model.islands[0]);
        let outside = model.clone();
        let sender = thread::spawn(move || {
            outside.islands[0].send(0);
            outside.assert_reached();
            outside.lose(0);
        });
        let inside = model.clone();
        let cx = Movable(cx);
        let worker = thread::spawn(move || {
            let mut cx = cx;
            work(&inside, 0, cx.get(), |word| assert_eq!(word, 0));
            cx
        });
        model.look(1, &[fiber]);
        sender.join().unwrap();
        let cx = worker.join().unwrap();
        assert!(model.ended.load(Ordering::SeqCst) || model.look(1, &[fiber]));
        drop_parked(cx);
    });
}

/// A right to an island is sent there, to a mailbox that nobody empties, by who then gives his own up.
#[test]
fn loom_lost_against_a_right_that_moves_in() {
    explore(|| {
        let model = Model::new([1, 0]);
        let mut cx = ModelCx::new();
        let fiber = cx.current();
        // It waits for something else.
        let never = Chan::<1, 0>::new();
        let mut word = 0;
        // SAFETY: as in `park`.
        let waits = unsafe { chan::recv(&never.core, never.storage(), &mut Across(&mut cx), &raw mut word) };
        assert_eq!(waits, RecvResult::Block);
        assert_eq!(fiber.finish_park(false), ParkEnd::Parked);
        let outside = model.clone();
        let sender = thread::spawn(move || {
            outside.gain(0);
            outside.islands[0].send(1);
            outside.assert_reached();
            outside.lose(0);
        });
        model.look(1, &[fiber]);
        sender.join().unwrap();
        assert!(model.ended.load(Ordering::SeqCst) || model.look(1, &[fiber]));
        // SAFETY: the fiber is parked, and nobody else is left.
        assert!(unsafe { crate::cancel::dequeue(fiber) });
    });
}

/// Two islands; somebody sends the first one his right to the second, and gives his right to the first up. The first one then has all
/// there is, writes to the second, and gives its right up too.
#[test]
fn loom_lost_against_a_right_that_is_passed_on() {
    super::explore_within(2, || {
        let model = Model::new([1, 1]);
        let (mut one, mut two) = (ModelCx::new(), ModelCx::new());
        let fibers = [one.current(), two.current()];
        park(&mut one, &model.islands[0]);
        let never = Chan::<1, 0>::new();
        let mut word = 0;
        // SAFETY: as in `park`.
        let waits = unsafe { chan::recv(&never.core, never.storage(), &mut Across(&mut two), &raw mut word) };
        assert_eq!(waits, RecvResult::Block);
        assert_eq!(fibers[1].finish_park(false), ParkEnd::Parked);
        let outside = model.clone();
        let sender = thread::spawn(move || {
            outside.islands[0].send(2);
            outside.assert_reached();
            outside.lose(0);
        });
        let inside = model.clone();
        let one = Movable(one);
        let worker = thread::spawn(move || {
            let mut one = one;
            work(&inside, 0, one.get(), |word| {
                assert_eq!(word, 2);
                // SAFETY: the worker is inside; loom checks.
                unsafe { inside.islands[0].held.with_mut(|held| held[1] += 1) };
                inside.gain(1);
                inside.islands[1].send(2);
                // SAFETY: as above.
                unsafe { inside.islands[0].held.with_mut(|held| held[1] -= 1) };
                inside.lose(1);
            });
            one
        });
        model.look(2, &fibers);
        sender.join().unwrap();
        let one = worker.join().unwrap();
        assert!(model.ended.load(Ordering::SeqCst) || model.look(2, &fibers));
        drop_parked(one);
        // SAFETY: the fiber is parked, and nobody else is left.
        assert!(unsafe { crate::cancel::dequeue(fibers[1]) });
        drop(two);
    });
}

/// A context goes to the thread of its fiber's next worker.
struct Movable(ModelCx);

// SAFETY: one thread at a time has it.
unsafe impl Send for Movable {}

impl Movable {
    fn get(&mut self) -> &mut ModelCx {
        &mut self.0
    }
}

/// Takes the fiber out of its wait before it is freed.
fn drop_parked(cx: Movable) {
    // SAFETY: the fiber is parked, and nobody else is left.
    assert!(unsafe { crate::cancel::dequeue(cx.0.current()) });
}
