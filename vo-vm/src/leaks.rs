//! Fibers that can never run again.
//!
//! A fiber that waits for other fibers (on channels, mutexes, conditions, wait groups) is leaked if nothing that
//! can run leads to what it waits on. To find those, a collection begins with the other fibers as roots, and marks a
//! waiting one only when something that it waits on is marked. Who is left at the end is leaked, and is
//! then marked like the others: finding leaks does not change the program.
//!
//! Native stacks are ambiguous words: they can hide a leak, but not make one up.

use crate::fiber::VoFiber;
use crate::machine::Machine;
use crate::memory::{Floor, Frames};
use crate::roots::IslandRoots;
use crate::trace;
use std::fmt::Write;
use vo_runtime::heap::{Marker, Roots};
use vo_sched::FiberRef;

/// The roots of a stopped island whose waiting fibers count only if something leads to what they wait on.
struct LeakRoots<'m> {
    roots: IslandRoots<'m>,
    /// Fibers of which nobody knows yet whether they can be woken.
    waiting: Vec<FiberRef>,
    leaked: Vec<FiberRef>,
}

impl Roots for LeakRoots<'_> {
    fn mark_roots(&mut self, marker: &mut Marker<'_>) {
        let waiting = &mut self.waiting;
        self.roots.mark_outside(marker);
        self.roots.mark_fibers(marker, |fiber| {
            let waits = fiber.wait_reason().is_for_fibers();
            if waits {
                waiting.push(fiber);
            }
            !waits
        });
    }

    fn call_for_help(&mut self) {
        self.roots.call_for_help();
    }

    fn settle(&mut self, alive: &dyn Fn(u64) -> bool) {
        self.roots.settle(alive);
    }

    fn mark_more(&mut self, marker: &mut Marker<'_>) -> bool {
        let count = self.waiting.len();
        // Chains of fibers are in the order of their making, or against it: the next round goes the other way.
        self.waiting.reverse();
        self.waiting.retain(|&fiber| {
            let woken = can_be_woken(fiber, marker);
            if woken {
                self.roots.mark_fiber(fiber, marker);
            }
            !woken
        });
        if self.waiting.len() < count {
            return true;
        }
        // Nobody can wake the rest. They are kept all the same.
        self.waiting.iter().for_each(|&fiber| self.roots.mark_fiber(fiber, marker));
        self.leaked.append(&mut self.waiting);
        count > 0
    }
}

/// Whether something that is marked leads to what a fiber waits on.
fn can_be_woken(fiber: FiberRef, marker: &Marker<'_>) -> bool {
    let mut found = false;
    // SAFETY: the island is stopped, and the fiber waits for other fibers.
    unsafe { fiber.for_each_wait_object(|object| found |= marker.is_marked(object)) };
    found
}

impl Machine {
    /// Finds the island's leaked fibers: how many there are, and their traces in the order of their numbers.
    /// `ended` says that the calling fiber has: its worker's stack then holds nothing that counts.
    pub(crate) fn find_leaks(&mut self, w: impl Frames, ended: bool) -> (usize, String) {
        let (collected, count, text) = self.with_island_stopped(w, |m| {
            if ended {
                m.memory.native_end = m.memory.native_from;
            }
            let heap = m.island().heap().clone();
            let mut roots = LeakRoots { roots: IslandRoots::new(m), waiting: Vec::new(), leaked: Vec::new() };
            // SAFETY: the island is stopped; its roots are those of `roots`.
            let collected = unsafe { heap.collect(&mut roots) };
            roots.roots.tell_workers(false);
            let mut leaked = roots.leaked;
            leaked.sort_by_key(|fiber| fiber.id());
            let mut text = String::new();
            for &fiber in &leaked {
                text.push('\n');
                // SAFETY: the island is stopped, so its fibers stand still.
                trace::write_parked(&mut text, m.program(), unsafe { VoFiber::of(fiber) });
            }
            (collected, leaked.len(), text)
        });
        self.after_collection(&collected, true);
        (count, text)
    }

    /// Tells the host which fibers are leaked, where the configuration asks for it: `main` has returned.
    pub(crate) fn report_leaks(&mut self) {
        if !self.vm.config.report_leaks {
            return;
        }
        let (count, text) = self.find_leaks(Floor, true);
        let mut report = String::new();
        let _ = match count {
            0 => writeln!(report, "no goroutine is leaked"),
            1 => writeln!(report, "1 goroutine is leaked: nothing can wake it any more\n{text}"),
            _ => writeln!(report, "{count} goroutines are leaked: nothing can wake them any more\n{text}"),
        };
        self.vm.host.trace(&report);
    }
}
