//! Counters: what the workers did, for `--stats` and for tests.
//!
//! Each worker counts for itself with plain loads and stores of its own atomics; a [`Stats`] is
//! the sum at some moment. Nothing but the monitor decides anything by these
//! numbers ([`crate::mode`]).

use crate::sync::{AtomicU64, Ordering};

macro_rules! counters {
    ($($name:ident: $doc:literal,)*) => {
        /// One worker's counters.
        #[derive(Default)]
        pub(crate) struct Counters {
            $(pub $name: Counter,)*
        }

        /// The sums over all workers.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Stats {
            $(#[doc = $doc] pub $name: u64,)*
        }

        impl Stats {
            pub(crate) fn add(&mut self, counters: &Counters) {
                $(self.$name += counters.$name.get();)*
            }
        }

        impl std::fmt::Display for Stats {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $(writeln!(f, "{:>12} {}", self.$name, stringify!($name))?;)*
                Ok(())
            }
        }
    };
}

counters! {
    resumes: "Times that a fiber was resumed.",
    finished: "Fibers that ended.",
    spawned: "Fibers that were spawned by workers.",
    yields: "Times that a fiber gave way and stayed runnable.",
    parks: "Times that a fiber parked.",
    notified: "Wake-ups that came before the fiber had parked.",
    handoffs: "Fibers that ran from the hand-off slot.",
    steals: "Times that a worker found another's fibers.",
    sleeps: "Times that a worker went to sleep.",
    wakeups: "Times that a worker woke another one.",
    timers: "Timers that fired.",
    preempts: "Times that the monitor asked a fiber to give way.",
    opened: "Times that a worker let others into its world.",
    closed: "Times that a worker got a world to itself again.",
    contended: "Fifths of a microsecond, about, that workers have waited for what another one held.",
    safepoints: "Times that a worker halted for a stopped world.",
}

/// A counter with one writer.
#[derive(Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    #[inline]
    pub fn bump(&self) {
        self.add(1);
    }

    #[inline]
    pub fn add(&self, n: u64) {
        // Not an atomic addition: there is one writer.
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(n), Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
