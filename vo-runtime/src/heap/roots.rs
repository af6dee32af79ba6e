//! Where marking begins: what the machine tells the collector.

use super::Marker;

/// What keeps objects alive from outside of the heap. The machine implements it for an island: globals
/// and frame records precisely, native stacks and registers of stopped workers conservatively. The heap is locked meanwhile: only the marker may be used.
pub trait Roots {
    /// Marks all roots, but for those that may wait: see [`Roots::mark_resting`].
    fn mark_roots(&mut self, marker: &mut Marker<'_>);

    /// Marks about so many of the roots that may wait, and says whether all are marked by now. They are what fibers hold that do not
    /// run: there may be many. The island runs between two calls; a fiber that is gone on with before it has been looked at here
    /// is marked by its worker first ([`super::barrier::resting`]). The walk begins in `mark_roots`.
    fn mark_resting(&mut self, marker: &mut Marker<'_>, at_most: usize) -> bool {
        let _ = (marker, at_most);
        true
    }

    /// Marks what is reachable only because of what is marked by now, and says whether there was anything: the
    /// frames of a fiber that waits on a reachable channel, where waiting fibers are no roots by themselves. Called
    /// until it answers no.
    fn mark_more(&mut self, marker: &mut Marker<'_>) -> bool {
        let _ = marker;
        false
    }

    /// There is much to mark: calls the workers that the collection has stopped, to [`super::Heap::help_in_stop`].
    fn call_for_help(&mut self) {}

    /// All that is reachable has been marked: forgets what was known of objects that are not.
    fn settle(&mut self, alive: &dyn Fn(u64) -> bool) {
        let _ = alive;
    }
}

/// Roots that are words: for tests and tools.
impl Roots for Vec<u64> {
    fn mark_roots(&mut self, marker: &mut Marker<'_>) {
        for &word in self.iter() {
            marker.word(word);
        }
    }
}
