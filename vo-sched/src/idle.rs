//! Who sleeps, who searches, and whom to wake.
//!
//! Waking a thread costs microseconds, a fiber switch tens of nanoseconds: so a new piece of work
//! wakes at most one worker, and none if some worker is searching already; that one, when it finds
//! work and was the last to search, wakes the next. At most half of the workers search.
//!
//! ```text
//! state: searching (high 16) | sleeping (low 16)
//! ```
//!
//! # No wake-up is lost
//!
//! Who adds work: push, fence, read `state`. Who goes to sleep: enter itself into the list and
//! `state`, fence, look at every queue once more. In every order of the two fences, either the
//! adder sees a sleeper (and no searcher) and wakes it, or the sleeper sees the work. If the adder
//! sees a searcher, that searcher has yet to look at all queues before it sleeps. Both sides use
//! fences rather than SeqCst loads: the proof needs the store-load order, and loom models only
//! fences and read-modify-writes that strongly.
//!
//! # Rejected
//!
//! - *Wake somebody for every piece of work*: half of such wake-ups find nothing.
//! - *Spin before every sleep*: an idle process must use no processor time. Workers look on for some
//!   microseconds only while another one runs ([`crate::worker`]).

use crate::lockrank::{self, Rank};
use crate::sync::{AtomicU32, Mutex, Ordering, fence};

const SEARCHING: u32 = 1 << 16;
const SLEEPING: u32 = 1;

/// The idle workers of a scheduler.
pub struct Idle {
    state: AtomicU32,
    list: Mutex<Sleepers>,
}

/// The sleepers' list, as seen under its lock.
pub struct Sleepers {
    /// Workers that wait for work, the latest to sleep at the end.
    asleep: Vec<u16>,
    /// Workers above the current worker count, asleep until it rises.
    retired: usize,
}

impl Sleepers {
    /// Threads that do not run: asleep or retired.
    pub fn resting(&self) -> usize {
        self.asleep.len() + self.retired
    }
}

fn searching(state: u32) -> u32 {
    state >> 16
}

fn sleeping(state: u32) -> u32 {
    state & 0xffff
}

impl Default for Idle {
    fn default() -> Self {
        Self::new()
    }
}

impl Idle {
    /// Nobody sleeps and nobody searches.
    pub fn new() -> Idle {
        Idle { state: AtomicU32::new(0), list: Mutex::new(Sleepers { asleep: Vec::new(), retired: 0 }) }
    }

    /// After work was added: the worker to wake, which is entered as searching, if one should be.
    #[inline]
    pub fn worker_to_notify(&self) -> Option<u16> {
        // Pairs with the fence in `sleep`: see the proof above.
        fence(Ordering::SeqCst);
        let state = self.state.load(Ordering::Relaxed);
        if searching(state) > 0 || sleeping(state) == 0 {
            return None;
        }
        self.take_sleeper()
    }

    #[cold]
    fn take_sleeper(&self) -> Option<u16> {
        let _rank = lockrank::hold(Rank::Sleepers);
        let mut list = self.list.lock();
        if searching(self.state.load(Ordering::Relaxed)) > 0 {
            return None;
        }
        let worker = list.asleep.pop()?;
        self.state.fetch_add(SEARCHING - SLEEPING, Ordering::AcqRel);
        Some(worker)
    }

    /// Takes the worker `wanted` out of the list, if it sleeps; it is then entered as searching.
    pub fn take(&self, wanted: u16) -> bool {
        let _rank = lockrank::hold(Rank::Sleepers);
        let mut list = self.list.lock();
        let Some(at) = list.asleep.iter().position(|&worker| worker == wanted) else { return false };
        list.asleep.remove(at);
        self.state.fetch_add(SEARCHING - SLEEPING, Ordering::AcqRel);
        true
    }

    /// Whether one more of `workers` may search; if so, it is entered.
    pub fn start_searching(&self, workers: usize) -> bool {
        let state = self.state.load(Ordering::Relaxed);
        if 2 * searching(state) as usize >= workers {
            return false;
        }
        self.state.fetch_add(SEARCHING, Ordering::AcqRel);
        true
    }

    /// A searcher has found work. True: it was the last, and wakes another for what may be left.
    #[must_use]
    pub fn stop_searching(&self) -> bool {
        searching(self.state.fetch_sub(SEARCHING, Ordering::AcqRel)) == 1
    }

    /// Enters the worker into the list. Afterwards it must look at every queue once more.
    pub fn sleep(&self, worker: u16, was_searching: bool) {
        let _rank = lockrank::hold(Rank::Sleepers);
        let mut list = self.list.lock();
        list.asleep.push(worker);
        let change = if was_searching { SLEEPING.wrapping_sub(SEARCHING) } else { SLEEPING };
        self.state.fetch_add(change, Ordering::AcqRel);
        // Pairs with the fence in `worker_to_notify`.
        fence(Ordering::SeqCst);
    }

    /// Enters a retired worker.
    pub fn retire(&self, was_searching: bool) {
        let _rank = lockrank::hold(Rank::Sleepers);
        let mut list = self.list.lock();
        list.retired += 1;
        if was_searching {
            self.state.fetch_sub(SEARCHING, Ordering::AcqRel);
        }
        fence(Ordering::SeqCst);
    }

    /// A retired worker is up again.
    pub fn unretire(&self) {
        let _rank = lockrank::hold(Rank::Sleepers);
        self.list.lock().retired -= 1;
    }

    /// The number of workers that sleep, at some moment of the call.
    #[cfg(not(loom))]
    pub fn sleeping(&self) -> usize {
        sleeping(self.state.load(Ordering::Relaxed)) as usize
    }

    /// Calls `f` with the list locked: nobody falls asleep or is woken meanwhile.
    pub fn locked<R>(&self, f: impl FnOnce(&Sleepers) -> R) -> R {
        let _rank = lockrank::hold(Rank::Sleepers);
        f(&self.list.lock())
    }
}
