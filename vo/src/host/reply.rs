//! Answers that come later, from whatever thread.

use std::sync::{Arc, Mutex, PoisonError};
use vo_vm::Outside;

/// The right, and the duty, to answer a call of a host function. The goroutine that called waits; it runs on when this
/// is sent. One that is dropped instead panics in the calling goroutine.
pub struct Reply<Answer> {
    slot: Arc<Slot<Answer>>,
    /// Wakes the goroutine when it is dropped, which is after the slot has been filled.
    _caller: Outside,
}

/// Where the answer is put for the goroutine to find it.
pub(super) struct Slot<Answer>(Mutex<Option<Answer>>);

impl<Answer> Slot<Answer> {
    pub(super) fn new() -> Arc<Slot<Answer>> {
        Arc::new(Slot(Mutex::new(None)))
    }

    pub(super) fn take(&self) -> Option<Answer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<Answer> Reply<Answer> {
    pub(super) fn new(slot: Arc<Slot<Answer>>, caller: Outside) -> Reply<Answer> {
        Reply { slot, _caller: caller }
    }

    /// Answers the call. Where the run has ended meanwhile, nobody hears it.
    pub fn send(self, answer: Answer) {
        *self.slot.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
    }
}

impl<Answer> std::fmt::Debug for Reply<Answer> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reply")
    }
}
