//! What each worker did last: a ring of events, with the feature `trace`.
//!
//! The twin [`trace_off`](../trace_off.rs) has the same items and does nothing, so that the code
//! that records reads straight through. A worker writes its own ring; whoever prints it
//! ([`crate::Shared::trace_text`]) reads it while workers may run on, and so may see an entry that
//! is being overwritten: each entry is one word, so what is printed is some event that happened.
//!
//! ```text
//! entry: microseconds (32) | event (4) | fiber number (28)
//! ```

use crate::sync::{AtomicU64, Ordering};
use std::fmt::Write;

/// Entries of one worker's ring.
const ENTRIES: usize = 4096;

macro_rules! events {
    ($($name:ident $text:literal,)*) => {
        /// What happened.
        #[derive(Clone, Copy)]
        #[repr(u8)]
        pub(crate) enum Event { $($name,)* }

        const TEXTS: &[&str] = &[$($text,)*];
    };
}

events! {
    Resume "resumes",
    Park "parks",
    Yield "yields",
    Finish "finishes",
    Steal "steals",
    Sleep "sleeps",
    Wakeup "is awake",
    Halt "halts",
}

/// One worker's ring.
pub(crate) struct Log {
    entries: Box<[AtomicU64]>,
    written: AtomicU64,
}

impl Log {
    pub fn new() -> Log {
        let entries = (0..ENTRIES).map(|_| AtomicU64::new(0)).collect();
        Log { entries, written: AtomicU64::new(0) }
    }

    /// Records an event of the owner; `now` in nanoseconds.
    pub fn record(&self, now: impl FnOnce() -> u64, event: Event, fiber: u64) {
        let n = self.written.load(Ordering::Relaxed);
        let entry = (now() / 1000) << 32 | (event as u64) << 28 | (fiber & 0x0fff_ffff);
        self.entries[n as usize % ENTRIES].store(entry, Ordering::Relaxed);
        // Release: a reader that sees the count sees the entry.
        self.written.store(n + 1, Ordering::Release);
    }

    /// Appends one line per event, oldest first.
    pub fn print(&self, worker: usize, out: &mut String) {
        let written = self.written.load(Ordering::Acquire);
        for n in written.saturating_sub(ENTRIES as u64)..written {
            let entry = self.entries[n as usize % ENTRIES].load(Ordering::Relaxed);
            let (micros, event, fiber) = (entry >> 32, entry >> 28 & 15, entry & 0x0fff_ffff);
            let text = TEXTS.get(event as usize).copied().unwrap_or("?");
            // Writing to a string does not fail.
            let _ = match fiber {
                0 => writeln!(out, "{micros:>10} µs  worker {worker} {text}"),
                _ => writeln!(out, "{micros:>10} µs  worker {worker}: fiber {fiber} {text}"),
            };
        }
    }
}
