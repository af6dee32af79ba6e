//! A Vo fiber: what a goroutine is between and during its runs.
//!
//! The scheduler's header comes first; the rest belongs to whoever the header's state table says
//! owns the fiber. A parked goroutine is this struct, the buffer of its records, and nothing else.

use crate::island::Island;
use crate::native::Completion;
use crate::unwind::Panics;
use smallvec::SmallVec;
use std::sync::Arc;
use vo_runtime::transfer::Message;
use vo_sched::{FiberHeader, FiberRef};

/// Marks of how deep a fiber was: words saved, bytes on the stack.
pub(crate) type Deep = SmallVec<[(usize, usize); 0]>;

/// A goroutine.
#[repr(C)]
pub(crate) struct VoFiber {
    pub(crate) header: FiberHeader,
    pub(crate) island: *const Island,
    /// Frame records, the innermost on top; see [`crate::record`].
    pub(crate) saved: Vec<u64>,
    /// How deep the fiber was each time that the VM stack was full: words saved, and bytes that the frames
    /// had on the stack, in sum. Empty for almost every fiber.
    pub(crate) deep: Deep,
    /// Panics in flight; made at the first one.
    pub(crate) panics: Option<Box<Panics>>,
    /// Id of the panic that the function about to be entered may recover, or 0.
    pub(crate) recover_token: u64,
    /// What native calls that have not returned do when they are gone on with, innermost last: one
    /// entry for each frame at a `CallNative` that waits, or whose native has called Vo code. `None`: just
    /// go on.
    pub(crate) pending: Vec<Option<Box<Completion>>>,
    /// A blocking operation that was done at once, and whose point is taken all the same
    /// (`VO_STRESS=suspend`): what it gives when the fiber goes on.
    pub(crate) completed: Option<Box<Completed>>,
    /// What few fibers have.
    pub(crate) extra: Option<Box<Extra>>,
    /// Number of the collection in which what the fiber holds was last looked at; it was new if it is younger ([`crate::roots`]).
    pub(crate) looked_at: u32,
    /// Whether the program ends when this fiber does.
    pub(crate) is_main: bool,
    /// Number of the goroutine that started this one; 0 for the main goroutine.
    pub(crate) creator: u64,
    /// Function and code offset of the `go` statement.
    pub(crate) created_at: (u32, u32),
}

/// What a fiber has that deals with other islands.
#[derive(Default)]
pub(crate) struct Extra {
    /// The function that it runs, still as a message.
    pub(crate) incoming: Option<Box<Message>>,
    /// Handles of the ports that it waits for: one, or one for each case of a select (0 for a channel).
    pub(crate) ports: Vec<u64>,
    /// It initialises its island's packages.
    pub(crate) is_init: bool,
    /// Its island ends, and it unwinds because of that.
    pub(crate) cancelled: bool,
    /// It only collects its island's garbage.
    pub(crate) collects: bool,
}

impl Extra {
    /// Whether the fiber runs on as one does that deals with no other island.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.incoming.is_none() && self.ports.is_empty() && !self.cancelled && !self.collects
    }
}

/// The outcome of a blocking operation that did not have to wait.
#[derive(Default)]
pub(crate) struct Completed {
    /// What a receive got.
    pub(crate) words: Vec<u64>,
    pub(crate) ok: bool,
    /// The chosen case of a select.
    pub(crate) case: i64,
}

impl VoFiber {
    /// The fiber behind a header that this crate made.
    ///
    /// # Safety
    /// `fiber` refers to the header of a live `VoFiber`, and the caller may touch the fiber's data
    /// (see the state table of `vo_sched::fiber`).
    pub(crate) unsafe fn of<'a>(fiber: FiberRef) -> &'a mut VoFiber {
        // SAFETY: the header is the first field of a `repr(C)` struct; access is the caller's right.
        unsafe { &mut *fiber.as_ptr().cast::<VoFiber>() }
    }

    /// What few fibers have, made where there was nothing.
    pub(crate) fn extra(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }

    /// Whether the fiber unwinds because its island ends.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.extra.as_ref().is_some_and(|extra| extra.cancelled)
    }

    /// Whether nothing is to be done when the fiber's last frame returns but to end it.
    #[inline(always)]
    pub(crate) fn is_nobody_special(&self) -> bool {
        !self.is_main && self.panics.is_none() && self.extra.is_none()
    }

    /// Whether the fiber is only kept to print its panics.
    pub(crate) fn is_dying(&self) -> bool {
        self.panics.as_ref().is_some_and(|p| p.dying.is_some())
    }

    /// The panics in flight, made where there were none yet.
    pub(crate) fn panics(&mut self) -> &mut Panics {
        self.panics.get_or_insert_default()
    }
}

/// Fibers that have finished on a worker, to be used again: in their boxes, which the scheduler will refer to.
#[derive(Default)]
#[allow(clippy::vec_box)]
pub(crate) struct Pool(Vec<Box<VoFiber>>);

/// How many a worker keeps.
const KEPT: usize = 1 << 16;

/// Words for records that a kept fiber may have room for.
const KEPT_WORDS: usize = 64;

impl Pool {
    /// A finished fiber, made new.
    #[inline]
    pub(crate) fn take(
        &mut self,
        island: *const Island,
        world: *const vo_sched::World,
    ) -> Option<Box<VoFiber>> {
        let mut fiber = self.0.pop()?;
        fiber.header.renew(world);
        fiber.island = island;
        fiber.is_main = false;
        Some(fiber)
    }

    /// Keeps a finished fiber, or frees it.
    #[inline]
    pub(crate) fn put(&mut self, mut fiber: Box<VoFiber>) {
        if self.0.len() >= KEPT {
            return;
        }
        if fiber.saved.capacity() > KEPT_WORDS {
            fiber.saved = Vec::new();
        }
        fiber.saved.clear();
        fiber.pending.clear();
        if !fiber.deep.is_empty() {
            fiber.deep = Deep::new();
        }
        if fiber.panics.is_some() || fiber.completed.is_some() {
            (fiber.panics, fiber.completed) = (None, None);
        }
        fiber.recover_token = 0;
        fiber.extra = None;
        fiber.island = std::ptr::null();
        self.0.push(fiber);
    }
}

impl Drop for VoFiber {
    fn drop(&mut self) {
        // SAFETY: `new_fiber` has counted the fiber among those who keep an island, but for the main one.
        unsafe {
            if !self.island.is_null() && !(*self.island).is_main() {
                Arc::decrement_strong_count(self.island);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fiber_is_small() {
        assert!(size_of::<VoFiber>() <= 288, "{}", size_of::<VoFiber>());
    }
}
