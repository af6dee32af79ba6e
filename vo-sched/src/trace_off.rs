//! The twin of [`trace`](../trace.rs) without the feature: the same items, and nothing happens.

/// See the twin.
#[derive(Clone, Copy)]
pub(crate) enum Event {
    Resume,
    Park,
    Yield,
    Finish,
    Steal,
    Sleep,
    Wakeup,
    Halt,
}

/// See the twin.
pub(crate) struct Log;

impl Log {
    pub fn new() -> Log {
        Log
    }

    #[inline(always)]
    pub fn record(&self, _now: impl FnOnce() -> u64, _event: Event, _fiber: u64) {}

    pub fn print(&self, _worker: usize, _out: &mut String) {}
}
