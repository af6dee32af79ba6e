//! What the markers of a heap share: packets of objects whose words are still to be looked at.
//!
//! A marker takes a packet as its stack and follows it; when it has much and others have nothing, it
//! gives half of its stack back. Marking is complete when there is no packet and nobody holds one.
//! What markers counted is added up here.

use super::mark::Item;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Packets of one heap, and who works on them.
#[derive(Default)]
pub(super) struct MarkQueue {
    state: Mutex<State>,
    changed: Condvar,
    /// There is no packet: who has much should give some.
    hungry: AtomicBool,
    /// Objects that have been marked since marking began.
    progress: AtomicU64,
}

#[derive(Default)]
struct State {
    packets: Vec<Vec<Item>>,
    /// Markers that hold a packet.
    working: usize,
    /// Threads that wait for a change: mostly none, and to tell nobody costs a call of the system too.
    waiting: usize,
    phase: Phase,
    found: Found,
}

/// Whether there is something to mark at all.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    /// No marking is going on.
    #[default]
    Closed,
    Open,
    /// There will be none any more.
    Abandoned,
}

/// What markers have found.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Found {
    pub(super) objects: u64,
    pub(super) bytes: u64,
    /// Of them, those of objects that slices have grown out of.
    pub(super) outgrown: u64,
    /// Objects were marked that no packet holds, since stacks were full.
    pub(super) overflow: bool,
    /// Time that was spent.
    pub(super) time: Duration,
    /// Packets that workers have followed while they were stopped.
    pub(super) helped: u32,
}

impl Found {
    pub(super) fn add(&mut self, other: Found) {
        self.objects += other.objects;
        self.bytes += other.bytes;
        self.outgrown += other.outgrown;
        self.overflow |= other.overflow;
        self.time += other.time;
        self.helped += other.helped;
    }
}

/// What a marker that asked for work is told.
pub(super) enum Next {
    /// Work, to be given back with [`MarkQueue::done`].
    Packet(Vec<Item>),
    /// There is none, but somebody still works.
    Wait,
    /// There is none, and nobody works.
    Empty,
    /// No marking is going on.
    Closed,
    /// There will be none any more.
    Abandoned,
}

impl MarkQueue {
    /// Marking begins: with these objects.
    pub(super) fn open(&self, items: Vec<Item>) {
        let mut state = self.lock();
        debug_assert!(state.packets.is_empty() && state.working == 0);
        state.phase = Phase::Open;
        state.packets.push(items);
        self.progress.store(0, Relaxed);
        self.tell(state);
    }

    /// Objects that have been marked since [`MarkQueue::open`].
    pub(super) fn progress(&self) -> u64 {
        self.progress.load(Relaxed)
    }

    /// Marking is over; what was found.
    pub(super) fn close(&self) -> Found {
        let mut state = self.lock();
        debug_assert!(state.packets.is_empty() && state.working == 0);
        state.phase = Phase::Closed;
        let found = std::mem::take(&mut state.found);
        self.tell(state);
        found
    }

    /// The heap goes away: packets are forgotten.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        state.packets.clear();
        state.phase = Phase::Abandoned;
        self.tell(state);
    }

    /// Adds a packet.
    pub(super) fn give(&self, items: Vec<Item>) {
        if items.is_empty() {
            return;
        }
        let mut state = self.lock();
        state.packets.push(items);
        self.hungry.store(false, Relaxed);
        self.tell(state);
    }

    /// Takes a packet.
    pub(super) fn take(&self) -> Next {
        let mut state = self.lock();
        match state.phase {
            Phase::Open => {}
            Phase::Closed => return Next::Closed,
            Phase::Abandoned => return Next::Abandoned,
        }
        match state.packets.pop() {
            Some(packet) => {
                state.working += 1;
                if state.packets.is_empty() {
                    self.hungry.store(true, Relaxed);
                }
                Next::Packet(packet)
            }
            None if state.working > 0 => Next::Wait,
            None => Next::Empty,
        }
    }

    /// A packet has been worked on; what is left of it comes back.
    pub(super) fn done(&self, rest: Vec<Item>, found: Found) {
        let mut state = self.lock();
        state.working -= 1;
        state.found.add(found);
        self.progress.fetch_add(found.objects, Relaxed);
        if !rest.is_empty() {
            state.packets.push(rest);
            self.hungry.store(false, Relaxed);
        }
        self.tell(state);
    }

    /// Adds what was found without a packet.
    pub(super) fn count(&self, found: Found) {
        self.lock().found.add(found);
        self.progress.fetch_add(found.objects, Relaxed);
    }

    /// A worker that was stopped has followed so many packets.
    pub(super) fn count_help(&self, packets: u32) {
        let mut state = self.lock();
        // It may be late: what counts is what was there before the end.
        if state.phase == Phase::Open {
            state.found.helped += packets;
        }
    }

    /// Whether marking left objects aside; forgets it.
    pub(super) fn take_overflow(&self) -> bool {
        std::mem::take(&mut self.lock().found.overflow)
    }

    /// Whether a marker with much should give some of it.
    #[inline(always)]
    pub(super) fn is_hungry(&self) -> bool {
        self.hungry.load(Relaxed)
    }

    /// Waits until something changes, or for a while.
    pub(super) fn wait(&self, at_most: Duration) {
        let mut state = self.lock();
        if state.packets.is_empty() && state.phase == Phase::Open {
            state.waiting += 1;
            let waited = self.changed.wait_timeout(state, at_most);
            waited.unwrap_or_else(PoisonError::into_inner).0.waiting -= 1;
        }
    }

    /// Waits until there is something to mark, but no longer than this; whether there is something.
    pub(super) fn wait_open_for(&self, at_most: Duration) -> bool {
        let closed = |state: &mut State| state.phase == Phase::Closed;
        let mut state = self.lock();
        state.waiting += 1;
        let waited = self.changed.wait_timeout_while(state, at_most, closed);
        let (mut state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        state.waiting -= 1;
        !timeout.timed_out()
    }

    /// Something has changed that a waiting thread may look for.
    fn tell(&self, state: MutexGuard<'_, State>) {
        let somebody = state.waiting > 0;
        drop(state);
        if somebody {
            self.changed.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
