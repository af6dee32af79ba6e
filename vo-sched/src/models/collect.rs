//! Marking beside a running world: the barrier that notes what is overwritten, the queue of packets, the last stop.
//!
//! The heap is a crate of its own (`vo-runtime`, `heap/{cycle,barrier,queue,mark}.rs`), which knows nothing of threads but
//! what stands here: [`World`] stops the workers and walks over their fibers, and that code is the one that ships. What marks and notes is modelled,
//! under the names that it has there, with the orderings that it has there: mark bits and fields are relaxed, and all
//! that makes them enough is the lock of the queue and the two stops.

use super::explore;
use crate::sync::{AtomicBool, AtomicU64, Mutex, Ordering, Ordering::Relaxed, RaceCell};
use crate::world::{STOP, Seat, World};
use loom::thread;
use std::sync::Arc;

/// An object with one field, an object's number + 1 or 0, and its mark bit.
#[derive(Default)]
struct Object {
    field: AtomicU64,
    mark: AtomicU64,
}

/// What a marker that asked for work is told.
enum Next {
    Packet(Vec<usize>),
    Wait,
    Empty,
    Closed,
}

#[derive(Default)]
struct State {
    packets: Vec<Vec<usize>>,
    working: usize,
    open: bool,
}

/// `heap/queue.rs`.
#[derive(Default)]
struct MarkQueue(Mutex<State>);

impl MarkQueue {
    fn open(&self, items: Vec<usize>) {
        let mut state = self.0.lock();
        state.open = true;
        state.packets.push(items);
    }

    fn take(&self) -> Next {
        let mut state = self.0.lock();
        match state.packets.pop() {
            _ if !state.open => Next::Closed,
            Some(packet) => {
                state.working += 1;
                Next::Packet(packet)
            }
            None if state.working > 0 => Next::Wait,
            None => Next::Empty,
        }
    }

    fn give(&self, items: Vec<usize>) {
        if !items.is_empty() {
            self.0.lock().packets.push(items);
        }
    }

    fn done(&self, rest: Vec<usize>) {
        let mut state = self.0.lock();
        state.working -= 1;
        if !rest.is_empty() {
            state.packets.push(rest);
        }
    }

    fn close(&self) {
        let mut state = self.0.lock();
        assert!(state.packets.is_empty() && state.working == 0, "marking ends while somebody marks");
        state.open = false;
    }
}

/// A worker's part of `heap/barrier.rs`.
struct Notes {
    on: AtomicBool,
    words: RaceCell<Vec<u64>>,
}

/// The objects of the models: 0 is what the roots lead to, the last one is free until it is allocated.
const OBJECTS: usize = 4;
const FRESH: usize = OBJECTS - 1;

struct Heap {
    objects: [Object; OBJECTS],
    queue: MarkQueue,
    notes: Notes,
    world: World,
    seats: [Seat; 2],
}

impl Heap {
    /// The root leads to 1, and that to 2.
    fn new() -> Arc<Heap> {
        let heap = Heap {
            objects: Default::default(),
            queue: MarkQueue::default(),
            notes: Notes { on: AtomicBool::new(false), words: RaceCell::new(Vec::new()) },
            world: World::always_open(),
            seats: [Seat::new(), Seat::new()],
        };
        heap.objects[0].field.store(2, Relaxed);
        heap.objects[1].field.store(3, Relaxed);
        Arc::new(heap)
    }

    /// `Marker::word`: whether the object has to be followed.
    fn word(&self, word: u64, stack: &mut Vec<usize>) {
        if word == 0 {
            return;
        }
        let object = word as usize - 1;
        let mark = &self.objects[object].mark;
        if mark.load(Relaxed) & 1 == 0 && mark.fetch_or(1, Relaxed) & 1 == 0 {
            stack.push(object);
        }
    }

    /// `Heap::work`: follows one object of a packet, and gives the rest back.
    fn work(&self, mut stack: Vec<usize>) {
        if let Some(object) = stack.pop() {
            self.word(self.objects[object].field.load(Relaxed), &mut stack);
        }
        self.queue.done(stack);
    }

    /// `Heap::begin`, in a stop.
    fn begin(&self) {
        let mut stack = Vec::new();
        self.word(1, &mut stack);
        self.notes.on.store(true, Relaxed);
        self.queue.open(stack);
    }

    /// `Heap::finish`, in a stop that may take its time.
    fn finish(&self) {
        // SAFETY: the world is stopped; loom checks.
        let notes = unsafe { self.notes.words.with_mut(std::mem::take) };
        let mut stack = Vec::new();
        notes.into_iter().for_each(|word| self.word(word, &mut stack));
        self.queue.give(stack);
        loop {
            match self.queue.take() {
                Next::Packet(packet) => self.work(packet),
                Next::Wait => thread::yield_now(),
                Next::Empty | Next::Closed => break,
            }
        }
        self.queue.close();
        self.notes.on.store(false, Relaxed);
    }

    /// `Heap::help_in_stop`, of a worker that waits for the end of a stop.
    fn help_in_stop(&self, is_over: &dyn Fn() -> bool) {
        while !is_over() {
            match self.queue.take() {
                Next::Packet(packet) => self.work(packet),
                Next::Wait => thread::yield_now(),
                Next::Empty | Next::Closed => return,
            }
        }
    }

    /// Workers that are stopped help.
    fn with_help(self: Arc<Heap>) -> Arc<Heap> {
        let heap = Arc::downgrade(&self);
        self.world.set_help(Box::new(move |is_over| heap.upgrade().unwrap().help_in_stop(is_over)));
        self
    }

    /// The thread that marks beside the island, for a while.
    fn mark_in_background(&self, turns: usize) {
        for _ in 0..turns {
            if let Next::Packet(packet) = self.queue.take() {
                self.work(packet);
            }
        }
    }

    /// A store of an address, with the barrier or (to see that the model would notice) without.
    fn store(&self, object: usize, word: u64, barrier: bool) {
        let field = &self.objects[object].field;
        if barrier && self.notes.on.load(Relaxed) {
            let old = field.load(Relaxed);
            // SAFETY: the worker's own notes; loom checks.
            unsafe { self.notes.words.with_mut(|words| words.push(old)) };
        }
        field.store(word, Relaxed);
    }

    /// A new object: born marked while the heap marks.
    fn alloc(&self) -> usize {
        if self.notes.on.load(Relaxed) {
            self.objects[FRESH].mark.fetch_or(1, Relaxed);
        }
        FRESH
    }

    fn poll(&self, worker: usize) {
        if self.seats[worker].interrupt().load(Ordering::Acquire) & STOP != 0 {
            self.world.safepoint(&self.seats[worker]);
        }
    }

    fn in_stop(&self, f: impl FnOnce()) {
        while !self.world.stop(|| self.seats.iter(), &self.seats[1]) {}
        f();
        self.world.start();
    }

    fn assert_marked_from(&self, object: usize) {
        assert!(
            self.objects[object].mark.load(Relaxed) & 1 == 1,
            "object {object} is reachable and would be freed"
        );
        let next = self.objects[object].field.load(Relaxed);
        if next != 0 {
            self.assert_marked_from(next as usize - 1);
        }
    }

    /// A worker takes object 2 out of object 1, and hides it in a new object that the root then leads to.
    fn hide(&self, barrier: bool) {
        let _ = self.world.enter(&self.seats[0], 0 as u16);
        self.poll(0);
        let hidden = self.objects[1].field.load(Relaxed);
        self.store(1, 0, barrier);
        let fresh = self.alloc();
        self.store(fresh, hidden, barrier);
        self.store(0, fresh as u64 + 1, barrier);
        self.world.leave(&self.seats[0], 0 as u16);
    }

    /// A collection by worker 1, from its beginning to its end.
    fn collect(&self) {
        let _ = self.world.enter(&self.seats[1], 1 as u16);
        self.in_stop(|| self.begin());
        self.in_stop(|| {
            self.finish();
            self.assert_marked_from(0);
        });
        self.world.leave(&self.seats[1], 1 as u16);
    }
}

fn hide_from_collection(barrier: bool) {
    let heap = Heap::new();
    let (mutator, marker) = (heap.clone(), heap.clone());
    let mutator = thread::spawn(move || mutator.hide(barrier));
    let marker = thread::spawn(move || marker.mark_in_background(2));
    heap.collect();
    mutator.join().unwrap();
    marker.join().unwrap();
}

/// What was reachable when marking began, and what is new, survives, wherever a worker moves it meanwhile.
#[test]
fn loom_barrier_against_marking() {
    super::explore_within(2, || hide_from_collection(true));
}

/// Without the barrier an object is lost: the model sees that.
#[test]
#[should_panic(expected = "is reachable and would be freed")]
fn loom_without_barrier_objects_are_lost() {
    super::explore_within(2, || hide_from_collection(false));
}

/// The queue says that it is empty only when everything has been followed, whoever followed it.
#[test]
fn loom_queue_is_empty_when_all_is_marked() {
    explore(|| {
        let heap = Heap::new();
        heap.begin();
        let other = heap.clone();
        let marker = thread::spawn(move || other.mark_in_background(3));
        heap.finish();
        (0..3).for_each(|object| heap.assert_marked_from(object));
        marker.join().unwrap();
    });
}

/// A mark belongs to who sets it first: no object is followed twice.
#[test]
fn loom_marks_belong_to_one() {
    explore(|| {
        let heap = Heap::new();
        let other = heap.clone();
        let count = |heap: &Heap| {
            let mut stack = Vec::new();
            heap.word(3, &mut stack);
            stack.len()
        };
        let marker = thread::spawn(move || count(&other));
        let mine = count(&heap);
        assert_eq!(mine + marker.join().unwrap(), 1);
    });
}

/// A fiber that does not run and holds an address: what is told of it is `looked_at` alone, as in `vo-vm/src/fiber.rs`.
struct Resting {
    word: RaceCell<u64>,
    looked_at: AtomicBool,
}

/// A heap, and a fiber that holds object 3 (nothing else leads to it) when marking begins.
struct WithFiber {
    heap: Arc<Heap>,
    fiber: Resting,
}

impl WithFiber {
    fn new() -> Arc<WithFiber> {
        let heap = Heap::new();
        heap.objects[1].field.store(0, Relaxed);
        let fiber = Resting { word: RaceCell::new(3), looked_at: AtomicBool::new(false) };
        Arc::new(WithFiber { heap, fiber })
    }

    /// `Machine::begin_turn` and what the fiber does then: it puts what it holds into an object that has been marked, and forgets it.
    fn run(&self, looks: bool) {
        let heap = &self.heap;
        let _ = heap.world.enter(&heap.seats[0], 0 as u16);
        // SAFETY: the fiber runs, on this worker; loom checks.
        let word = unsafe { self.fiber.word.with(|word| *word) };
        if looks && heap.notes.on.load(Relaxed) && !self.fiber.looked_at.load(Relaxed) {
            self.fiber.looked_at.store(true, Relaxed);
            // SAFETY: the worker's own notes; loom checks.
            unsafe { heap.notes.words.with_mut(|words| words.push(word)) };
        }
        heap.poll(0);
        heap.store(0, word, true);
        // SAFETY: as above.
        unsafe { self.fiber.word.with_mut(|word| *word = 0) };
        heap.poll(0);
        heap.world.leave(&heap.seats[0], 0 as u16);
    }

    /// `Roots::mark_resting`, in a stop.
    fn look(&self) {
        if !self.fiber.looked_at.swap(true, Relaxed) {
            let mut stack = Vec::new();
            // SAFETY: the world is stopped; loom checks.
            self.heap.word(unsafe { self.fiber.word.with(|word| *word) }, &mut stack);
            self.heap.queue.give(stack);
        }
    }

    /// A collection that looks at the fiber in its second stop only.
    fn collect(&self) {
        let heap = &self.heap;
        let _ = heap.world.enter(&heap.seats[1], 1 as u16);
        heap.in_stop(|| heap.begin());
        heap.in_stop(|| {
            self.look();
            heap.finish();
            heap.assert_marked_from(0);
            // SAFETY: the world is stopped; loom checks.
            let held = unsafe { self.fiber.word.with(|word| *word) };
            if held != 0 {
                heap.assert_marked_from(held as usize - 1);
            }
        });
        heap.world.leave(&heap.seats[1], 1 as u16);
    }
}

fn run_against_collection(looks: bool) {
    let with = WithFiber::new();
    let (worker, marker) = (with.clone(), with.heap.clone());
    let worker = thread::spawn(move || worker.run(looks));
    let marker = thread::spawn(move || marker.mark_in_background(1));
    with.collect();
    worker.join().unwrap();
    marker.join().unwrap();
}

/// What a fiber held when marking began survives, whether a stop or its worker looks at it first.
#[test]
fn loom_resting_fibers_against_marking() {
    super::explore_within(2, || run_against_collection(true));
}

/// Where its worker does not look the object is lost: the model sees that. (The walk then finds a fiber that holds nothing.)
#[test]
#[should_panic(expected = "is reachable and would be freed")]
fn loom_resting_fibers_must_be_looked_at() {
    super::explore_within(2, || run_against_collection(false));
}

/// A worker that comes to be stopped in one of two stops, and does something before and afterwards.
fn be_stopped(heap: &Heap) {
    let _ = heap.world.enter(&heap.seats[0], 0 as u16);
    heap.poll(0);
    let old = heap.objects[1].field.load(Relaxed);
    heap.store(1, 0, true);
    heap.store(0, old, true);
    heap.poll(0);
    heap.world.leave(&heap.seats[0], 0 as u16);
}

/// Stopped workers mark as well; marking is over when they are done with what they have, and they go on when the stop is.
#[test]
fn loom_stopped_workers_help() {
    super::explore_within(2, || {
        let heap = Heap::new().with_help();
        let other = heap.clone();
        let worker = thread::spawn(move || be_stopped(&other));
        let _ = heap.world.enter(&heap.seats[1], 1 as u16);
        heap.in_stop(|| {
            heap.begin();
            heap.world.call_for_help();
            heap.finish();
            heap.assert_marked_from(0);
        });
        heap.world.leave(&heap.seats[1], 1 as u16);
        worker.join().unwrap();
    });
}

/// A stop that ends before all is marked does not wait for those who help; the next one finds what they have left.
#[test]
fn loom_help_outlasts_a_stop() {
    super::explore_within(2, || {
        let heap = Heap::new().with_help();
        let other = heap.clone();
        let worker = thread::spawn(move || be_stopped(&other));
        let _ = heap.world.enter(&heap.seats[1], 1 as u16);
        heap.in_stop(|| {
            heap.begin();
            heap.world.call_for_help();
        });
        heap.in_stop(|| {
            heap.finish();
            heap.assert_marked_from(0);
        });
        heap.world.leave(&heap.seats[1], 1 as u16);
        worker.join().unwrap();
    });
}
