//! Where compiled frames leave their records while their turn ends: a stack of words whose top compiled code
//! moves itself.
//!
//! Records lie here innermost first, the words of each backwards; the bottom of the turn lays them onto the
//! fiber's saved stack in reverse. The top and the end stand in the context, so that a frame with a few words
//! needs no call to leave.
//!
//! Must stay true: between two turns nothing lies here; top and end belong to `room`.

use crate::machine::Machine;
use vo_runtime::context::JitContext;

/// Words that fit at first.
const FIRST: usize = 256;

/// The memory of the words.
pub(crate) struct Spilled {
    room: Box<[u64]>,
}

impl Spilled {
    /// Nothing spilled; `context` is the one of the same machine.
    pub(crate) fn new(context: &mut JitContext) -> Spilled {
        let mut spilled = Spilled { room: vec![0; FIRST].into_boxed_slice() };
        spilled.place(context, 0);
        spilled
    }

    fn place(&mut self, context: &mut JitContext, len: usize) {
        let words = self.room.as_mut_ptr_range();
        context.spill = words.start.wrapping_add(len);
        context.spill_end = words.end;
    }

    #[cold]
    fn grow(&mut self, context: &mut JitContext, len: usize, n: usize) {
        let mut room = vec![0; (len + n).next_power_of_two()].into_boxed_slice();
        room[..len].copy_from_slice(&self.room[..len]);
        self.room = room;
        self.place(context, len);
    }
}

impl Machine {
    /// The words that wait to be laid.
    #[inline]
    pub(crate) fn spilled(&self) -> &[u64] {
        let start = self.spill.room.as_ptr();
        // SAFETY: the top lies in the room, at or behind its start, and what is below it has been written.
        unsafe { std::slice::from_raw_parts(start, self.context.spill.offset_from_unsigned(start)) }
    }

    /// Room for `n` more words, which the caller fills.
    #[inline]
    pub(crate) fn spill_room(&mut self, n: usize) -> *mut u64 {
        let len = self.spilled().len();
        if self.spill.room.len() - len < n {
            self.spill.grow(&mut self.context, len, n);
        }
        let at = self.context.spill;
        self.context.spill = at.wrapping_add(n);
        at
    }

    /// Forgets what waits to be laid.
    #[inline]
    pub(crate) fn clear_spilled(&mut self) {
        self.context.spill = self.spill.room.as_mut_ptr();
    }
}
