//! The write barrier: what the collector is told while it marks beside the running island.
//!
//! Marking works on a snapshot: everything that was reachable when it began will be marked. What a worker
//! holds is from the snapshot or newer, and new objects are born marked, so only one thing can
//! hide an object: that the last path to it in the heap is cut before a marker has come by. So whoever
//! overwrites an address, in an object or in a package variable, first notes the one that
//! was there (Yuasa's deletion barrier). Stacks, registers and the frames of running fibers need nothing:
//! they are roots, and were looked at in the stop in which marking began. Fibers that do not run are looked at
//! bit by bit in later stops: whoever goes on with one that has not been looked at notes all that it holds first
//! ([`resting`]). What a sender waits with is in its wait node until then, whoever has received it.
//!
//! The same is owed to the other ways of taking an address out of the heap: a receive from a channel's
//! buffer, the value of a weak pointer.
//!
//! A worker's notes lie in its own [`Notes`], which its allocation cache owns and functions of this crate find through
//! a thread-local word. Markers get them when they are many, and in the stop that ends the cycle.
//!
//! Must stay true: notes are written only by the thread that has entered the island with them, or in a stop.

use crate::layout::Layout;
use crate::value::{Word, load_word};
use std::cell::{Cell, UnsafeCell};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Notes that are kept before a marker gets them.
const FULL: usize = 512;

/// What a worker has overwritten while the heap marks.
pub(super) struct Notes {
    /// Whether the heap marks. Changes only in a stop.
    on: AtomicBool,
    words: UnsafeCell<Vec<Word>>,
    /// Hands a full list over.
    heap: *const super::Heap,
}

thread_local! {
    /// The notes of the island that this thread has entered.
    static CURRENT: Cell<*const Notes> = const { Cell::new(std::ptr::null()) };
}

impl Notes {
    pub(super) fn new(heap: *const super::Heap, on: bool) -> Notes {
        Notes { on: AtomicBool::new(on), words: UnsafeCell::new(Vec::new()), heap }
    }

    #[inline]
    pub(super) fn is_on(&self) -> bool {
        self.on.load(Relaxed)
    }

    /// Marking begins or ends: the island is stopped.
    pub(super) fn switch(&self, on: bool) {
        self.on.store(on, Relaxed);
    }

    /// The notes so far.
    ///
    /// # Safety
    /// The calling thread owns the notes, or the island is stopped.
    pub(super) unsafe fn take(&self) -> Vec<Word> {
        // SAFETY: by the contract nobody else touches the list.
        std::mem::take(unsafe { &mut *self.words.get() })
    }

    #[inline]
    fn add(&self, word: Word) {
        if word == 0 {
            return;
        }
        // SAFETY: the notes of this thread.
        let words = unsafe { &mut *self.words.get() };
        words.push(word);
        if words.len() >= FULL {
            let full = std::mem::take(words);
            // SAFETY: the heap outlives its caches, which own their notes.
            unsafe { (*self.heap).shade_notes(&full) };
        }
    }
}

/// From now on this thread's overwriting is noted there; null: nowhere.
pub(super) fn set_current(notes: *const Notes) {
    CURRENT.set(notes);
}

/// This thread's notes, if the heap marks.
#[inline(always)]
fn current<'a>() -> Option<&'a Notes> {
    let notes = CURRENT.get();
    // SAFETY: whoever enters an island keeps its cache, and so the notes, until it leaves.
    (!notes.is_null()).then(|| unsafe { &*notes }).filter(|notes| notes.is_on())
}

/// The address at `at` is about to be overwritten.
///
/// # Safety
/// `at` is an aligned word that is readable.
pub unsafe fn overwriting(at: Word) {
    if let Some(notes) = current() {
        // SAFETY: by the contract.
        notes.add(unsafe { load_word(at) });
    }
}

/// Values of a layout are about to be overwritten.
///
/// # Safety
/// The bytes are readable and lie as the layout says.
#[inline(always)]
pub unsafe fn overwriting_values(layout: &Layout, at: Word, bytes: u64) {
    if !layout.is_noscan()
        && let Some(notes) = current()
    {
        // SAFETY: by the contract.
        unsafe { note_values(notes, layout, at, bytes) };
    }
}

/// # Safety
/// As for [`overwriting_values`].
#[cold]
unsafe fn note_values(notes: &Notes, layout: &Layout, at: Word, bytes: u64) {
    for word in (0..bytes / 8).filter(|&word| layout.is_pointer(word as usize)) {
        // SAFETY: by the contract.
        notes.add(unsafe { load_word(at + 8 * word) });
    }
}

/// What a fiber held when marking began is told to `f`'s argument, before the fiber is gone on with.
pub fn resting(f: impl FnOnce(&mut dyn FnMut(Word))) {
    if let Some(notes) = current() {
        f(&mut |word| notes.add(word));
    }
}

/// Words that may be addresses have been taken out of the heap by other means than a load.
#[inline(always)]
pub fn taken(words: &[Word]) {
    if let Some(notes) = current() {
        words.iter().for_each(|&word| notes.add(word));
    }
}
