//! Finality: finalizers, cleanups, weak pointers.
//!
//! What is to happen when an object is unreachable is kept here, beside the heap, and looked at once marking
//! is over:
//!
//! 1. what objects with finalizers lead to is marked (but not those objects): so of a chain of them only the
//!    first dies, and the others after it; one that leads to itself never dies, as in Go;
//! 2. weak handles of unmarked objects become nil;
//! 3. unmarked objects with finalizers are marked, and their finalizers are due;
//! 4. cleanups of objects that are still unmarked are due.
//!
//! What is due waits in a list until the program's own fiber takes it ([`Heap::next_due`]). The words that
//! belong to a watch (the function, its argument) are roots.
//!
//! A weak handle is an object of one word without pointers that holds the address, so that two weak pointers
//! are equal exactly when they were made of equal pointers, even after the object is gone.

use super::{Central, Heap, Marker, Roots};
use crate::value::{Word, load_word, store_word};
use std::collections::{HashMap, VecDeque};

/// What happens when an object is unreachable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchKind {
    /// Something is called with the object, which lives until then.
    Finalizer,
    /// Something is called without the object.
    Cleanup,
}

/// What is to be done about an object that has become unreachable.
#[derive(Clone, Copy, Debug)]
pub struct Due {
    pub kind: WatchKind,
    /// The object, for finalizers; else 0.
    pub object: Word,
    /// What [`Heap::watch`] was given.
    pub words: [Word; 3],
}

#[derive(Clone, Copy)]
struct Watch {
    id: u64,
    kind: WatchKind,
    words: [Word; 3],
}

/// All watches of a heap.
#[derive(Default)]
pub(super) struct Watched {
    by_object: HashMap<Word, Vec<Watch>>,
    due: VecDeque<Due>,
    /// Handle by the address that it stands for.
    weak: HashMap<Word, Word>,
    last_id: u64,
    /// The function that takes what is due, and whether it runs.
    runner: Word,
    running: bool,
}

impl Heap {
    /// Remembers what to do when the object that `addr` lies in is unreachable; the answer names the watch, 0
    /// where the address is in no object of the heap.
    pub fn watch(&self, addr: Word, kind: WatchKind, words: [Word; 3]) -> u64 {
        let mut central = self.lock();
        let Some(object) = self.find_object(addr) else { return 0 };
        let watched = &mut central.watched;
        watched.last_id += 1;
        let id = watched.last_id;
        watched.by_object.entry(object).or_default().push(Watch { id, kind, words });
        id
    }

    /// Forgets a watch of the object that `addr` lies in, where it is not due already.
    pub fn unwatch(&self, addr: Word, id: u64) {
        let mut central = self.lock();
        let object = self.find_object(addr).unwrap_or(addr);
        central.watched.forget(object, |watch| watch.id == id);
    }

    /// Whether the object at `addr` has a finalizer.
    pub fn has_finalizer(&self, addr: Word) -> bool {
        let central = self.lock();
        let watches = central.watched.by_object.get(&addr);
        watches.is_some_and(|all| all.iter().any(|w| w.kind == WatchKind::Finalizer))
    }

    /// Takes the object's finalizer away.
    pub fn clear_finalizer(&self, addr: Word) {
        self.lock().watched.forget(addr, |watch| watch.kind == WatchKind::Finalizer);
    }

    /// Sets the function value that calls what is due.
    pub fn set_due_runner(&self, closure: Word) {
        self.lock().watched.runner = closure;
    }

    /// The function value to be called in a fiber of its own, where something is due and none runs
    /// yet. It runs from now on, until [`Heap::next_due`] answers nothing.
    pub fn start_due_runner(&self) -> Option<Word> {
        let mut central = self.lock();
        let watched = &mut central.watched;
        if watched.due.is_empty() || watched.running || watched.runner == 0 {
            return None;
        }
        watched.running = true;
        Some(watched.runner)
    }

    /// What is due next. The caller keeps its words alive.
    pub fn next_due(&self) -> Option<Due> {
        let mut central = self.lock();
        let watched = &mut central.watched;
        let due = watched.due.pop_front();
        watched.running = due.is_some();
        due
    }

    /// The weak handle for an address, if there is one.
    pub fn weak_handle(&self, addr: Word) -> Option<Word> {
        self.lock().watched.weak.get(&addr).copied()
    }

    /// Makes `handle`, a new object of one word without pointers, the weak handle for an address, where
    /// there is none; answers the one that counts. The handle of what is not in the heap is never cleared.
    pub fn add_weak_handle(&self, addr: Word, handle: Word) -> Word {
        let mut central = self.lock();
        *central.watched.weak.entry(addr).or_insert_with(|| {
            // SAFETY: the new object has the word.
            unsafe { store_word(handle, addr) };
            handle
        })
    }

    /// The address that a weak handle stands for, or 0.
    ///
    /// # Safety
    /// `handle` is 0 or an answer of this heap's `add_weak_handle`, and kept alive.
    pub unsafe fn weak_value(&self, handle: Word) -> Word {
        // SAFETY: a handle is an object of one word. It changes only while the island is stopped.
        if handle == 0 { 0 } else { unsafe { load_word(handle) } }
    }
}

impl Watched {
    fn forget(&mut self, object: Word, which: impl Fn(&Watch) -> bool) {
        if let Some(watches) = self.by_object.get_mut(&object) {
            watches.retain(|watch| !which(watch));
            if watches.is_empty() {
                self.by_object.remove(&object);
            }
        }
    }

    /// Marks what the watches themselves keep alive.
    pub(super) fn mark_roots(&self, marker: &mut Marker<'_>) {
        marker.word(self.runner);
        for watch in self.by_object.values().flatten() {
            watch.words.iter().for_each(|&word| marker.word(word));
        }
        for due in &self.due {
            marker.word(due.object);
            due.words.iter().for_each(|&word| marker.word(word));
        }
    }

    fn unmarked(&self, marker: &Marker<'_>, kind: WatchKind) -> Vec<Word> {
        let has = |watches: &[Watch]| watches.iter().any(|watch| watch.kind == kind);
        let watched = self.by_object.iter().filter(|(_, watches)| has(watches));
        let mut found: Vec<Word> =
            watched.map(|(&object, _)| object).filter(|&object| !marker.is_marked(object)).collect();
        // The order must not depend on the hasher.
        found.sort_unstable();
        found
    }

    /// Makes the watches of a kind of an object due.
    fn fall_due(&mut self, object: Word, kind: WatchKind) {
        let Some(watches) = self.by_object.get(&object) else { return };
        let shown = if kind == WatchKind::Finalizer { object } else { 0 };
        let due = watches.iter().filter(|watch| watch.kind == kind);
        self.due.extend(due.map(|watch| Due { kind, object: shown, words: watch.words }));
        self.forget(object, |watch| watch.kind == kind);
    }

    /// Clears the weak handles of objects that nothing reaches, and forgets handles that nobody has.
    fn settle_weak(&mut self, marker: &Marker<'_>) {
        self.weak.retain(|&addr, &mut handle| {
            if marker.is_marked(addr) {
                return marker.is_marked(handle);
            }
            // SAFETY: nothing has been swept since the handle was made: its word is still there.
            unsafe { store_word(handle, 0) };
            false
        });
    }
}

impl Central {
    /// Decides what is due, once everything that the roots lead to is marked.
    pub(super) fn settle_watched(&mut self, roots: &mut dyn Roots, marker: &mut Marker<'_>) {
        let dying = self.watched.unmarked(marker, WatchKind::Finalizer);
        for &object in &dying {
            marker.contents(object);
        }
        self.trace(roots, marker);
        self.watched.settle_weak(marker);
        for object in dying {
            if !marker.is_marked(object) {
                self.watched.fall_due(object, WatchKind::Finalizer);
                marker.word(object);
            }
        }
        self.trace(roots, marker);
        for object in self.watched.unmarked(marker, WatchKind::Cleanup) {
            self.watched.fall_due(object, WatchKind::Cleanup);
        }
    }
}
