//! Timers: sharded 4-ary heaps over slabs.
//!
//! A timer is an entry of a slab, named by a [`TimerId`] that carries the entry's generation, so
//! that a late `stop` is harmless and nobody owns memory of somebody else. Each shard has a lock,
//! and the moment of its earliest timer in an atomic that can be read without the lock. Any worker
//! may fire any shard's timers: workers look at their own shard now and then while they run, idle
//! workers sleep exactly until the earliest of all.
//!
//! To stop a timer only frees its entry. What stands for it in the heap is *stale* then, which is seen when it comes to
//! the top, where none stays; when stale items are the larger part of a heap it is made anew. So items need not know where
//! they are, and moving them touches nothing else.
//!
//! Must stay true: an entry has exactly one item in the heap that names its start, from `start` until it is stopped or
//! fired for the last time; a heap's first item is not stale; `stop` answers true exactly when it took the entry out before it fired; no callback runs
//! under a shard's lock; a callback's `data` leaves the heap only while the firing worker is inside
//! the data's world, so that a collector that has stopped the world finds it in one place or the other.
//!
//! # Rejected
//!
//! - *A wheel*: constant time, but a millisecond's granularity or many levels; here a hundred
//!   thousand timers cost a few cache misses each, and precision is the clock's.
//! - *One heap under one lock*: tokio's was its bottleneck.

use crate::fiber::FiberRef;
use crate::lockrank::{self, Rank};
use crate::sync::{AtomicU64, Mutex, Ordering, prefetch};
use crate::worker::WorkerCx;
use crate::world::World;
use core::ptr;

/// No timer: later than every moment.
pub const NEVER: u64 = u64::MAX;

const SHARDS: usize = if cfg!(loom) { 1 } else { 8 };
const SHARD_BITS: u32 = 3;
const SLOT_BITS: u32 = 29;
const ARITY: usize = 4;

/// What happens when a timer fires.
#[derive(Clone, Copy)]
pub enum TimerAction {
    /// The fiber, which has called `begin_park`, is made ready.
    Wake(FiberRef),
    /// `call(cx, data, generation)` runs on the firing worker, inside `world` if it is not null. It
    /// must not block; it may send to channels, spawn and ready fibers, start timers.
    Call {
        /// The function.
        call: unsafe fn(&mut WorkerCx, *mut (), u64),
        /// Handed to it, and shown to the collector ([`crate::Shared::for_each_timer_word`]).
        data: *mut (),
        /// Handed to it: the host's own means to recognise a stale firing.
        generation: u64,
        /// The world that `data` belongs to.
        world: *const World,
    },
}

// SAFETY: the scheduler only carries `data` and `world` to the worker that fires.
unsafe impl Send for TimerAction {}

impl TimerAction {
    fn world(&self) -> *const World {
        match self {
            TimerAction::Wake(_) => ptr::null(),
            TimerAction::Call { world, .. } => *world,
        }
    }

    /// It will be done soon: has what it is about brought near.
    #[inline]
    fn approach(&self) {
        match self {
            TimerAction::Wake(fiber) => fiber.approach(),
            TimerAction::Call { data, .. } => prefetch(data.cast_const()),
        }
    }

    /// Whether the action is about a world.
    fn is_of(&self, world: *const World) -> bool {
        match self {
            TimerAction::Wake(fiber) => ptr::eq(fiber.world(), world),
            TimerAction::Call { world: of, .. } => ptr::eq(*of, world),
        }
    }
}

/// Names one start of one timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimerId(u64);

impl TimerId {
    fn new(shard: usize, slot: u32, generation: u32) -> TimerId {
        TimerId(u64::from(generation) << 32 | u64::from(slot) << SHARD_BITS | shard as u64)
    }

    fn shard(self) -> usize {
        (self.0 & ((1 << SHARD_BITS) - 1)) as usize
    }

    fn slot(self) -> usize {
        ((self.0 >> SHARD_BITS) & ((1 << SLOT_BITS) - 1)) as usize
    }

    fn generation(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// The id as a number that is never 0, for hosts that store it in a word.
    pub fn to_bits(self) -> u64 {
        self.0
    }

    /// The id that [`TimerId::to_bits`] gave. Any other number names no timer.
    pub fn from_bits(bits: u64) -> TimerId {
        TimerId(bits)
    }
}

struct Entry {
    action: Option<TimerAction>,
    period: u64,
    /// The key of its item in the heap; in a free entry, the next free one.
    key: u64,
    generation: u32,
}

/// An item of the heap.
#[derive(Clone, Copy)]
struct Due {
    when: u64,
    /// In the high bits a number that grows with each start, so that timers of the same moment fire first come, first
    /// served (it begins anew after 34 thousand million starts); in the low ones the entry.
    key: u64,
}

impl Due {
    fn before(&self, other: &Due) -> bool {
        (self.when, self.key) < (other.when, other.key)
    }

    fn slot(&self) -> usize {
        (self.key & ((1 << SLOT_BITS) - 1)) as usize
    }
}

/// Stale items that a heap may have whatever its size.
const FEW_STALE: usize = 64;

#[derive(Default)]
struct Heap {
    due: Vec<Due>,
    /// Number of stale items.
    stale: usize,
    entries: Vec<Entry>,
    /// Index plus one of the first free entry.
    free: u32,
    seq: u64,
}

#[repr(align(128))]
struct Shard {
    /// The earliest moment in the heap, or [`NEVER`]. Written under the lock.
    next: AtomicU64,
    heap: Mutex<Heap>,
}

/// What [`Timers::pop_due`] found.
pub enum Popped {
    /// Nothing is due.
    Nothing,
    /// The next action belongs to this world: enter it and ask again.
    Enter(*const World),
    /// To be done now.
    Fire(TimerAction),
}

/// All timers of a scheduler.
pub struct Timers {
    shards: Box<[Shard]>,
}

impl Default for Timers {
    fn default() -> Self {
        Self::new()
    }
}

impl Timers {
    /// No timers.
    pub fn new() -> Timers {
        let shard = || Shard { next: AtomicU64::new(NEVER), heap: Mutex::new(Heap::default()) };
        Timers { shards: (0..SHARDS).map(|_| shard()).collect() }
    }

    /// Number of shards; shard `i` is looked after by the workers `i` modulo this.
    pub fn shards(&self) -> usize {
        self.shards.len()
    }

    /// Starts a timer that fires at `when` and then, if `period` is not 0, every `period`
    /// (nanoseconds on [`crate::Shared::now`]'s clock).
    pub fn start(&self, hint: usize, when: u64, period: u64, action: TimerAction) -> TimerId {
        let index = hint % SHARDS;
        self.locked(index, |heap| {
            let slot = heap.alloc(action, period);
            heap.insert(slot, when.min(NEVER - 1));
            TimerId::new(index, slot, heap.entries[slot as usize].generation)
        })
    }

    /// Takes the timer out. True: it was waiting and will not fire (again).
    pub fn stop(&self, id: TimerId) -> bool {
        self.with_live(id, |heap| heap.cancel(id.slot() as u32))
    }

    /// Moves a waiting timer to `when`. False: it was not waiting any more, and nothing is changed.
    pub fn reset(&self, id: TimerId, when: u64, period: u64) -> bool {
        self.with_live(id, |heap| {
            heap.entries[id.slot()].period = period;
            heap.insert(id.slot() as u32, when.min(NEVER - 1));
            heap.one_is_stale();
        })
    }

    /// The earliest moment of one shard.
    #[inline]
    pub fn next_of(&self, shard: usize) -> u64 {
        self.shards[shard].next.load(Ordering::Relaxed)
    }

    /// The earliest moment of all.
    pub fn earliest(&self) -> u64 {
        self.shards.iter().map(|shard| shard.next.load(Ordering::Acquire)).min().unwrap_or(NEVER)
    }

    /// Takes the next action of `shard` that is due at `now` and may run inside the world `inside`.
    pub fn pop_due(&self, shard: usize, now: u64, inside: *const World) -> Popped {
        if self.next_of(shard) > now {
            return Popped::Nothing;
        }
        self.locked(shard, |heap| heap.pop_due(now, inside))
    }

    /// Calls `f` with the data word of every waiting timer of `world`.
    pub fn for_each_word(&self, world: *const World, mut f: impl FnMut(u64)) {
        for index in 0..self.shards.len() {
            self.locked(index, |heap| {
                for action in heap.entries.iter().filter_map(|entry| entry.action) {
                    if let TimerAction::Call { data, world: of, .. } = action
                        && of == world
                    {
                        f(data as u64);
                    }
                }
            });
        }
    }

    /// Takes the timers of a stopped world out that `wanted` accepts; answers the fibers that were to be woken by
    /// them.
    pub fn take_world(&self, world: *const World, wanted: impl Fn(&TimerAction) -> bool) -> Vec<FiberRef> {
        let mut sleepers = Vec::new();
        for index in 0..self.shards.len() {
            self.locked(index, |heap| {
                for slot in 0..heap.entries.len() {
                    let of_world = |action: &TimerAction| action.is_of(world) && wanted(action);
                    let Some(action) = heap.entries[slot].action.filter(of_world) else { continue };
                    heap.cancel(slot as u32);
                    if let TimerAction::Wake(fiber) = action {
                        sleepers.push(fiber);
                    }
                }
            });
        }
        sleepers
    }

    /// Whether a timer of the world is waiting.
    pub fn any_of(&self, world: *const World) -> bool {
        (0..self.shards.len()).any(|index| {
            self.locked(index, |heap| heap.entries.iter().filter_map(|e| e.action).any(|a| a.is_of(world)))
        })
    }

    fn locked<R>(&self, index: usize, f: impl FnOnce(&mut Heap) -> R) -> R {
        let shard = &self.shards[index];
        let _rank = lockrank::hold(Rank::Timers);
        let mut heap = shard.heap.lock();
        let result = f(&mut heap);
        let next = heap.due.first().map_or(NEVER, |due| due.when);
        // Release pairs with the Acquire in `earliest`.
        shard.next.store(next, Ordering::Release);
        result
    }

    fn with_live(&self, id: TimerId, f: impl FnOnce(&mut Heap)) -> bool {
        if id.shard() >= self.shards.len() {
            return false;
        }
        self.locked(id.shard(), |heap| {
            let live = heap
                .entries
                .get(id.slot())
                .is_some_and(|entry| entry.generation == id.generation() && entry.action.is_some());
            if live {
                f(heap);
            }
            live
        })
    }
}

impl Heap {
    fn alloc(&mut self, action: TimerAction, period: u64) -> u32 {
        if let Some(slot) = self.free.checked_sub(1) {
            let entry = &mut self.entries[slot as usize];
            self.free = entry.key as u32;
            (entry.action, entry.period) = (Some(action), period);
            return slot;
        }
        let slot = self.entries.len() as u32;
        assert!(slot < 1 << SLOT_BITS, "internal error: too many timers");
        self.entries.push(Entry { action: Some(action), period, key: 0, generation: 1 });
        slot
    }

    fn release(&mut self, slot: u32) {
        let entry = &mut self.entries[slot as usize];
        entry.action = None;
        entry.generation = entry.generation.wrapping_add(1).max(1);
        entry.key = u64::from(self.free);
        self.free = slot + 1;
    }

    /// Puts an item for the entry into the heap; one that it has becomes stale.
    fn insert(&mut self, slot: u32, when: u64) {
        self.seq += 1;
        let key = self.seq << SLOT_BITS | u64::from(slot);
        self.entries[slot as usize].key = key;
        self.due.push(Due { when, key });
        self.up(self.due.len() - 1);
    }

    /// Frees a waiting entry.
    fn cancel(&mut self, slot: u32) {
        self.release(slot);
        self.one_is_stale();
    }

    /// Whether an item stands for a waiting timer.
    fn is_live(&self, due: &Due) -> bool {
        let entry = &self.entries[due.slot()];
        entry.key == due.key && entry.action.is_some()
    }

    /// One more item has become stale.
    fn one_is_stale(&mut self) {
        self.stale += 1;
        if self.stale > FEW_STALE && self.stale > self.due.len() / 2 {
            let mut due = core::mem::take(&mut self.due);
            due.retain(|due| self.is_live(due));
            (self.due, self.stale) = (due, 0);
            for at in (0..self.due.len().div_ceil(ARITY)).rev() {
                self.down(at);
            }
        }
        self.drop_stale();
    }

    /// Drops stale items from the top.
    fn drop_stale(&mut self) {
        while self.stale > 0 && self.due.first().is_some_and(|due| !self.is_live(due)) {
            self.stale -= 1;
            self.remove_first();
        }
    }

    fn remove_first(&mut self) {
        self.due.swap_remove(0);
        if !self.due.is_empty() {
            self.down(0);
        }
    }

    fn pop_due(&mut self, now: u64, inside: *const World) -> Popped {
        let Some(&first) = self.due.first() else { return Popped::Nothing };
        let when = first.when;
        if when > now {
            return Popped::Nothing;
        }
        let slot = first.slot() as u32;
        let entry = &self.entries[first.slot()];
        let action = entry.action.expect("internal error: a free timer is in the heap");
        let (world, period) = (action.world(), entry.period);
        if !world.is_null() && world != inside {
            return Popped::Enter(world);
        }
        self.remove_first();
        match (now - when).checked_div(period) {
            // The next multiple of the period that lies ahead: a late ticker drops ticks.
            Some(missed) => {
                let next = when.saturating_add(period.saturating_mul(missed + 1));
                self.insert(slot, next.min(NEVER - 1));
            }
            None => self.release(slot),
        }
        self.drop_stale();
        if let Some(next) = self.due.first() {
            // Mostly it is due as well.
            if let Some(action) = &self.entries[next.slot()].action {
                action.approach();
            }
        }
        Popped::Fire(action)
    }

    fn up(&mut self, mut at: usize) {
        let moving = self.due[at];
        while at > 0 {
            let parent = (at - 1) / ARITY;
            if !moving.before(&self.due[parent]) {
                break;
            }
            self.due[at] = self.due[parent];
            at = parent;
        }
        self.due[at] = moving;
    }

    fn down(&mut self, mut at: usize) {
        let moving = self.due[at];
        loop {
            let first = at * ARITY + 1;
            let last = (first + ARITY).min(self.due.len());
            let Some(least) =
                (first..last).reduce(|a, b| if self.due[b].before(&self.due[a]) { b } else { a })
            else {
                break;
            };
            if !self.due[least].before(&moving) {
                break;
            }
            self.due[at] = self.due[least];
            at = least;
        }
        self.due[at] = moving;
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::seed::Rng;

    unsafe fn nothing(_: &mut WorkerCx, _: *mut (), _: u64) {}

    fn call(generation: u64) -> TimerAction {
        TimerAction::Call { call: nothing, data: ptr::null_mut(), generation, world: ptr::null() }
    }

    fn pop(timers: &Timers, now: u64) -> Option<u64> {
        for shard in 0..timers.shards() {
            match timers.pop_due(shard, now, ptr::null()) {
                Popped::Fire(TimerAction::Call { generation, .. }) => return Some(generation),
                Popped::Fire(TimerAction::Wake(_)) | Popped::Enter(_) => unreachable!(),
                Popped::Nothing => {}
            }
        }
        None
    }

    #[test]
    fn timers_fire_in_order_and_equal_moments_in_start_order() {
        let timers = Timers::new();
        let mut rng = Rng::new(1, 1);
        for i in 0..10_000u64 {
            let when = u64::from(rng.below(500));
            timers.start(0, when, 0, call(when << 32 | i));
        }
        let mut fired: Vec<u64> = Vec::new();
        while let Some(key) = pop(&timers, 1000) {
            fired.push(key);
        }
        assert_eq!(fired.len(), 10_000);
        assert!(fired.is_sorted());
        assert_eq!(timers.earliest(), NEVER);
    }

    #[test]
    fn stop_answers_whether_it_came_in_time() {
        let timers = Timers::new();
        let (a, b) = (timers.start(1, 10, 0, call(1)), timers.start(1, 20, 0, call(2)));
        assert!(timers.stop(a));
        assert!(!timers.stop(a));
        assert_eq!(pop(&timers, 30), Some(2));
        assert!(!timers.stop(b));
        // The slot is used again, and the old name does not reach the new timer.
        let c = timers.start(1, 40, 0, call(3));
        assert!(!timers.stop(b) && !timers.stop(a));
        assert!(timers.stop(c));
    }

    #[test]
    fn reset_moves_a_waiting_timer() {
        let timers = Timers::new();
        let a = timers.start(0, 10, 0, call(1));
        assert!(timers.reset(a, 100, 0));
        assert_eq!(timers.earliest(), 100);
        assert_eq!(pop(&timers, 50), None);
        assert_eq!(pop(&timers, 100), Some(1));
        assert!(!timers.reset(a, 200, 0));
    }

    #[test]
    fn a_late_ticker_drops_ticks() {
        let timers = Timers::new();
        let id = timers.start(0, 10, 10, call(1));
        assert_eq!(pop(&timers, 35), Some(1));
        assert_eq!(pop(&timers, 35), None);
        assert_eq!(timers.earliest(), 40);
        assert!(timers.stop(id));
    }

    #[test]
    fn what_was_stopped_is_forgotten() {
        let timers = Timers::new();
        let mut rng = Rng::new(3, 1);
        let mut waiting = Vec::new();
        for i in 0..100_000u64 {
            let when = 1000 + u64::from(rng.below(1 << 20));
            let id = timers.start(0, when, 0, call(i));
            if rng.below(100) == 0 {
                waiting.push((when, id));
            } else {
                assert!(timers.stop(id));
            }
            // Some move.
            if rng.below(50) == 0
                && let Some((when, id)) = waiting.last_mut()
            {
                *when += 77;
                assert!(timers.reset(*id, *when, 0));
            }
        }
        let held = timers.shards[0].heap.lock().due.len();
        assert!(held <= 2 * waiting.len() + 2 * FEW_STALE, "{held} items for {} timers", waiting.len());
        waiting.sort_by_key(|&(when, _)| when);
        for &(when, _) in &waiting {
            assert_eq!(timers.earliest(), when);
            assert!(pop(&timers, when - 1).is_none());
            assert!(pop(&timers, when).is_some());
        }
        assert_eq!(timers.earliest(), NEVER);
    }

    #[test]
    fn random_stops_leave_the_rest_in_order() {
        let timers = Timers::new();
        let mut rng = Rng::new(2, 1);
        let ids: Vec<_> = (0..5_000u64)
            .map(|i| timers.start(i as usize, u64::from(rng.below(1 << 20)), 0, call(i)))
            .collect();
        let stopped = ids.iter().filter(|_| rng.below(2) == 0).filter(|&&id| timers.stop(id)).count();
        let mut left = 0;
        while pop(&timers, 1 << 20).is_some() {
            left += 1;
        }
        assert_eq!(stopped + left, 5_000);
    }
}
