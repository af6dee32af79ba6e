//! A collection from its beginning to its end.
//!
//! ```text
//!            first stop                                          last stop
//!   idle --> begin: roots, some marking --- enough? ----------------------------> complete --> idle, unswept
//!                       |  no                                       ^  all marked
//!                       +--> marking: background thread, assists ---+-- finish (may take several stops)
//! ```
//!
//! In the first stop everything outside of the heap is looked at, and marking goes on for a moment: a small heap
//! is done with that. Else the island runs on, with the write barrier (`barrier`) and with new objects born
//! marked, while a thread of the heap's own marks. Workers that allocate much meanwhile must help.
//! When nothing is left to mark the next allocation stops the island again: what was noted since is
//! marked, and finality is settled. If that turns out to be long the island runs on once more, unless the
//! heap has grown so far that it must end.
//!
//! Must stay true: while the heap marks no block is swept or freed, and `must_collect` is how the
//! background thread asks for the last stop. All that needs the roots happens in stops.

use super::mark::{Item, Marker};
use super::pacer::LATE;
use super::queue::{Found, Next};
use super::{Central, Collected, Heap, Roots};
use crate::value::Word;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

/// How long a marker waits before it looks again whether there is something to do.
const PAUSE: Duration = Duration::from_micros(50);
/// Objects that are followed between two looks at the clock, or at other markers.
const STEP: usize = 2048;
/// An island is idle when it has allocated less than so many bytes in so long.
const IDLE: Duration = Duration::from_secs(5);
const IDLE_BYTES: u64 = 64 << 10;
/// Blocks that are swept between two chances for others to have the lock.
const SWEEP_STEP: usize = 64;
/// Blocks that are swept in the stop rather than later.
const SWEPT_AT_ONCE: usize = 256;

impl Heap {
    /// Whether marking has begun and is not over: pointer stores must be told.
    #[inline(always)]
    pub fn is_marking(&self) -> bool {
        self.marking.load(Relaxed)
    }

    /// Number of collections that are complete.
    pub fn cycles(&self) -> u64 {
        self.cycles.load(Relaxed)
    }

    /// Collects in one stop: frees every object that no root leads to. The calling worker may allocate right
    /// after.
    ///
    /// # Safety
    /// No worker runs the island's code or an operation of this crate on its objects until this
    /// returns, and `roots` marks every address of an object that will still be used.
    pub unsafe fn collect(&self, roots: &mut dyn Roots) -> Collected {
        let started = Instant::now();
        // SAFETY: handed on.
        let collected = unsafe {
            if self.is_marking() {
                self.finish(roots, Duration::ZERO, true);
            }
            let mut central = self.lock();
            let mut marker = self.mark_roots(&mut central, roots);
            central.trace(roots, &mut marker);
            self.complete(&mut central, roots, &mut marker, started)
        };
        self.sweep_now();
        collected
    }

    /// Begins a collection in a stop that took `stopping` to come about; the answer says that it is over already. Else the heap marks from now on, and the island
    /// may run, until [`Heap::finish`] says so.
    ///
    /// # Safety
    /// As for [`Heap::collect`]; and the heap does not mark. Before the island runs on, whoever stores addresses
    /// looks whether the heap marks.
    pub unsafe fn begin(self: &Arc<Self>, roots: &mut dyn Roots, stopping: Duration) -> Option<Collected> {
        let started = Instant::now();
        let mut central = self.lock();
        let mut marker = self.mark_roots(&mut central, roots);
        central.pacer.note_stop(stopping);
        let patience = match central.pacer.was_at_once() {
            _ if self.config.stress => Duration::MAX,
            true => self.config.patience,
            false => Duration::ZERO,
        };
        while patience.is_zero() || !marker.drain_some(STEP) {
            if started.elapsed() >= patience && self.start_marker() {
                self.marking.store(true, Relaxed);
                central.switch_notes(true);
                let (items, found) = marker.take();
                self.queue.open(items);
                self.queue.count(found);
                self.must_collect.store(false, Relaxed);
                central.pacer.note_stop(started.elapsed());
                return None;
            }
        }
        central.trace(roots, &mut marker);
        // SAFETY: handed on.
        Some(unsafe { self.complete(&mut central, roots, &mut marker, started) })
    }

    /// Ends a collection, in a stop that took `stopping` to come about, if it can be ended soon, or however long it takes where `patient` is set; the answer says
    /// that it is over.
    ///
    /// # Safety
    /// As for [`Heap::collect`].
    pub unsafe fn finish(
        &self,
        roots: &mut dyn Roots,
        stopping: Duration,
        patient: bool,
    ) -> Option<Collected> {
        let started = Instant::now();
        let mut central = self.lock();
        if !self.is_marking() {
            return None;
        }
        central.pacer.note_stop(stopping);
        let patient = patient || central.pacer.is_overdue();
        self.shade(&central.take_notes());
        if !self.help_until(|| !patient && started.elapsed() > self.config.patience) {
            self.must_collect.store(false, Relaxed);
            central.pacer.note_stop(started.elapsed());
            return None;
        }
        let mut marker = self.marker();
        if self.queue.take_overflow() {
            marker.set_overflow();
        }
        central.trace(roots, &mut marker);
        // SAFETY: handed on.
        Some(unsafe { self.complete(&mut central, roots, &mut marker, started) })
    }

    /// Marks, while the island runs, until there is nothing to take or `leave` says so.
    pub fn help(&self, leave: impl Fn() -> bool) {
        let mut marker = self.marker().sharing(&self.queue);
        while !leave()
            && let Next::Packet(packet) = self.queue.take()
        {
            self.work(&mut marker, packet, STEP);
        }
    }

    /// Marks until nothing is left and nobody marks any more, or `leave` says so: then answers false.
    fn help_until(&self, leave: impl Fn() -> bool) -> bool {
        let mut marker = self.marker().sharing(&self.queue);
        loop {
            match self.queue.take() {
                Next::Packet(packet) => self.work(&mut marker, packet, STEP),
                Next::Wait => self.queue.wait(PAUSE),
                Next::Empty | Next::Closed | Next::Abandoned => return true,
            }
            if leave() {
                return false;
            }
        }
    }

    /// Follows some of a packet, and gives the rest back.
    fn work(&self, marker: &mut Marker<'_>, packet: Vec<Item>, objects: usize) {
        let started = Instant::now();
        marker.set_stack(packet);
        marker.drain_some(objects);
        let (rest, found) = marker.take();
        self.queue.done(rest, Found { time: started.elapsed(), ..found });
    }

    /// A worker that has taken so many bytes while the heap marks helps where marking is late.
    #[cold]
    #[inline(never)]
    pub(super) fn assist(&self, bytes: u64) {
        self.assist_now(bytes);
        wipe_stack();
    }

    #[inline(never)]
    fn assist_now(&self, bytes: u64) {
        let per_word = self.lock().pacer.assist();
        if per_word == 0 {
            return;
        }
        match self.queue.take() {
            Next::Packet(packet) => {
                let mut marker = self.marker().sharing(&self.queue);
                self.work(&mut marker, packet, (bytes / 16 * per_word) as usize + 16);
            }
            // Others have it all: let them get on with it.
            Next::Wait if per_word == LATE => self.queue.wait(4 * PAUSE),
            _ => {}
        }
    }

    /// Marks what a worker has noted.
    #[cold]
    #[inline(never)]
    pub(super) fn shade_notes(&self, words: &[Word]) {
        self.shade(words);
        wipe_stack();
    }

    /// Marks what these words may point at.
    #[inline(never)]
    fn shade(&self, words: &[Word]) {
        let mut marker = self.marker();
        words.iter().for_each(|&word| marker.word(word));
        let (items, found) = marker.take();
        self.queue.count(found);
        self.queue.give(items);
    }

    /// Sweeps what the last collection has left unswept, unless the next one marks already.
    pub fn sweep_now(&self) {
        while self.sweep_step(usize::MAX) {}
    }

    fn sweep_step(&self, blocks: usize) -> bool {
        let mut central = self.lock();
        !self.is_marking() && central.sweep_some(blocks, self.config.stress)
    }

    fn marker(&self) -> Marker<'_> {
        Marker::new(self.id, &self.types, self.config.mark_stack)
    }

    /// Makes the heap ready for marking, and marks the roots.
    fn mark_roots(&self, central: &mut Central, roots: &mut dyn Roots) -> Marker<'_> {
        central.sweep_all(self.config.stress);
        central.flush_caches(self.config.stress);
        central.pacer.begin_cycle();
        let mut marker = self.marker();
        roots.mark_roots(&mut marker);
        central.pacer.note_roots(marker.root_bytes());
        central.watched.mark_roots(&mut marker);
        marker
    }

    /// Everything that the roots lead to is marked.
    ///
    /// # Safety
    /// As for [`Heap::collect`].
    unsafe fn complete(
        &self,
        central: &mut Central,
        roots: &mut dyn Roots,
        marker: &mut Marker<'_>,
        started: Instant,
    ) -> Collected {
        central.settle_watched(roots, marker);
        roots.settle(&|addr| marker.is_marked(addr));
        central.flush_caches(self.config.stress);
        let (_, mut found) = marker.take();
        let at_once = !self.is_marking();
        if !at_once {
            found.add(self.queue.close());
            self.marking.store(false, Relaxed);
            central.switch_notes(false);
        }
        let collected = central.pacer.end_cycle(started.elapsed(), &found, at_once);
        central.retire_blocks();
        if self.config.verify || self.config.stress || at_once && central.unswept <= SWEPT_AT_ONCE {
            central.sweep_all(self.config.stress);
        }
        if self.config.verify {
            central.verify(self.id);
        }
        self.over_limit.store(central.pacer.over_limit().is_some(), Relaxed);
        self.must_collect.store(self.config.stress, Relaxed);
        self.cycles.fetch_add(1, Relaxed);
        collected
    }

    /// Sees to the thread that marks beside the island; false where the system has none.
    fn start_marker(self: &Arc<Self>) -> bool {
        if self.has_marker.load(Relaxed) {
            return true;
        }
        let heap = self.clone();
        let thread = std::thread::Builder::new().name("vo-gc".into()).stack_size(256 << 10);
        let started = thread.spawn(move || heap.mark_in_background()).is_ok();
        self.has_marker.store(started, Relaxed);
        started
    }

    /// Marks, asks for the last stop, and sweeps, again and again while the island lives.
    fn mark_in_background(&self) {
        let mut marker = self.marker().sharing(&self.queue);
        loop {
            match self.queue.take() {
                Next::Packet(packet) if self.config.patience.is_zero() => {
                    self.work(&mut marker, packet, 4);
                    std::thread::sleep(PAUSE);
                }
                Next::Packet(packet) => self.work(&mut marker, packet, STEP),
                Next::Wait => self.queue.wait(Duration::from_millis(1)),
                Next::Empty => {
                    self.must_collect.store(true, Relaxed);
                    self.queue.wait(Duration::from_millis(1));
                }
                Next::Closed if self.sweep_step(SWEEP_STEP) => std::thread::yield_now(),
                Next::Closed => self.wait_for_marking(),
                Next::Abandoned => return,
            }
        }
    }

    /// Waits for the next collection. Where the island hardly allocates meanwhile, its free pages go to the system.
    fn wait_for_marking(&self) {
        let mut before = self.lock().pacer.ever_handed();
        while !self.queue.wait_open_for(IDLE) {
            let mut central = self.lock();
            let handed = central.pacer.ever_handed();
            if handed - before < IDLE_BYTES {
                central.release_spare();
                drop(central);
                return self.queue.wait_open();
            }
            before = handed;
        }
    }

    /// The island is gone: nobody will end a collection that has begun.
    pub fn abandon(&self) {
        self.queue.abandon();
    }
}

/// Overwrites some of the stack below the caller's frame. Whoever worked there has left addresses of objects, and a frame that
/// later comes to lie at the same place need not write all of itself: a collection would take what it
/// finds there for references, and an old node of a queue, say, keeps everything alive that was ever queued after it.
#[inline(never)]
pub fn wipe_stack() {
    let mut area = [0u64; 512];
    std::hint::black_box(&mut area);
}

impl Central {
    fn switch_notes(&self, on: bool) {
        for &cache in &self.caches {
            // SAFETY: a cache removes itself when it ends, and its worker is stopped.
            unsafe { (*cache).notes.switch(on) };
        }
    }

    /// What workers have noted and not handed over.
    fn take_notes(&self) -> Vec<Word> {
        let mut notes = Vec::new();
        for &cache in &self.caches {
            // SAFETY: a cache removes itself when it ends, and its worker is stopped.
            notes.extend(unsafe { (*cache).notes.take() });
        }
        notes
    }
}
