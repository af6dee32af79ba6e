//! Where marking begins: what the machine tells the collector.

use super::Marker;

/// What keeps objects alive from outside of the heap. The machine implements it for an island: globals
/// and frame records precisely, native stacks and registers of stopped workers conservatively. The heap is locked meanwhile: only the marker may be used.
pub trait Roots {
    /// Marks all roots.
    fn mark_roots(&mut self, marker: &mut Marker<'_>);

    /// Marks what belongs to something that is not an object but was found through one
    /// (`Marker::foreign`): the records of a fiber that waits in a reachable channel's queue.
    fn mark_foreign(&mut self, token: u64, marker: &mut Marker<'_>) {
        let _ = (token, marker);
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
