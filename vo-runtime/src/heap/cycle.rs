//! A collection from its beginning to its end.
//!
//! ```text
//!            first stop                                          last stop
//!   idle --> begin: roots, some marking --- enough? ----------------------------> complete --> idle, unswept
//!                       |  no                                       ^  all marked
//!                       +--> marking: background thread, assists ---+-- finish (may take several stops)
//! ```
//!
//! In the first stop everything outside of the heap is looked at, but for fibers that do not run where there are many, and marking goes
//! on for a moment: a small heap is done with that. Else the island runs on, with the write barrier (`barrier`) and with new objects born
//! marked, while a thread of the heap's own marks. Workers that allocate much meanwhile must help.
//! When nothing is left to mark the next allocation stops the island again: what was noted since is
//! marked, more fibers are looked at, and when there are no more finality is settled. If that turns out to be long the island runs on
//! once more, unless the heap has grown so far that it must end.
//!
//! Must stay true: while the heap marks no block is swept or freed, and `must_collect` is how the
//! background thread asks for the next stop. All that needs the roots happens in stops. Nothing long does: what the last
//! collection has left to be swept is swept before the first stop, and pages go to the system beside the island.

use super::arena::window;
use super::mark::{Item, Marker};
use super::pacer::StopClock;
use super::queue::{Found, Next};
use super::{Central, Collected, Heap, Roots};
use crate::value::Word;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

/// How long a marker waits before it looks again whether there is something to do.
const PAUSE: Duration = Duration::from_micros(50);
/// How long a worker at most waits for markers, each time that it takes memory from a heap that has outgrown its goal.
const LATE: Duration = Duration::from_millis(2);
/// Objects that are followed between two looks at the clock, or at other markers.
const STEP: usize = 2048;
/// An island is idle when it has allocated less than so many bytes in [`super::HeapConfig::idle`].
const IDLE_BYTES: u64 = 64 << 10;
/// Objects that are followed beside the running island before it is looked whether somebody wants to stop it: some 0.1 ms.
const HELP: usize = 1024;
/// How long a marker works before it offers its processor to others: to a worker that is known to be late, and to whoever there is
/// (a worker, say, that had to make way for this thread and that a stop waits for). Who yields on a busy processor does not have it again
/// for some milliseconds, and while marking goes on the heap grows.
const TURN: [Duration; 2] = [Duration::from_micros(100), Duration::from_millis(1)];
/// Fibers at rest that are looked at before the first look at the clock, and between later ones.
const RESTING_STEPS: (usize, usize) = (8, 128);
/// How much less often an island that stays idle is looked at.
const RARELY: u32 = 12;
/// How long an island runs, in multiples of a stop's patience, until more of its fibers are looked at.
const RESTING_GAP: u32 = 4;
/// Pages that go to the system at once, and spare pages that are worth a thread to look after them.
const TRIM_STEP: u64 = 128;
const WORTH_TRIMMING: u64 = 1 << 20;
/// Blocks that are swept between two chances for others to have the lock.
const SWEEP_STEP: usize = 64;
/// So many times that many blocks are swept right after a collection in one stop, where that gives the system memory.
const SWEPT_AFTER: usize = 32;
/// Blocks that a worker sweeps each time that it would begin a collection before the last one's garbage is swept.
const SWEPT_BEFORE: usize = 256;
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
        let started = StopClock::start(Duration::ZERO);
        // SAFETY: handed on.
        let collected = unsafe {
            if self.is_marking() {
                self.finish(roots, Duration::ZERO, true);
            }
            let mut central = self.lock();
            let mut marker = self.mark_roots(&mut central, roots);
            while !roots.mark_resting(&mut marker, usize::MAX) {}
            let (items, found) = marker.take();
            self.queue.open(items);
            self.queue.count(found);
            self.mark_stopped(roots, || false);
            marker.add(self.queue.close());
            central.trace(roots, &mut marker);
            self.complete(&mut central, roots, &mut marker, started)
        };
        self.sweep_now();
        collected
    }

    /// Begins a collection in a stop that took `stopping` to come about; the answer says that it is over already. Else the heap marks
    /// from now on, and the island may run, until [`Heap::finish`] says so.
    ///
    /// # Safety
    /// As for [`Heap::collect`]; and the heap does not mark. Before the island runs on, whoever stores addresses
    /// looks whether the heap marks.
    pub unsafe fn begin(self: &Arc<Self>, roots: &mut dyn Roots, stopping: Duration) -> Option<Collected> {
        let started = StopClock::start(stopping);
        let mut central = self.lock();
        let mut marker = self.mark_roots(&mut central, roots);
        let most = if self.config.stress { Duration::MAX } else { self.config.patience };
        let rooted = mark_resting(roots, &mut marker, || started.working() < most);
        let patience = if self.config.stress || central.pacer.was_at_once() { most } else { Duration::ZERO };
        let over = rooted && drain_while(&mut marker, || started.working() < patience);
        if !over && self.start_marker() {
            self.marking.store(true, Relaxed);
            self.resting.store(!rooted, Relaxed);
            central.switch_notes(true);
            central.pacer.add_roots(marker.root_bytes());
            let (items, found) = marker.take();
            self.queue.open(items);
            self.queue.count(found);
            self.must_collect.store(false, Relaxed);
            central.pacer.note_stop(&started);
            return None;
        }
        if !rooted {
            mark_resting(roots, &mut marker, || true);
        }
        central.pacer.add_roots(marker.root_bytes());
        central.trace(roots, &mut marker);
        // SAFETY: handed on.
        Some(unsafe { self.complete(&mut central, roots, &mut marker, started) })
    }

    /// Ends a collection, in a stop that took `stopping` to come about, if it can be ended soon, or however long it takes where `patient`
    /// is set; the answer says that it is over.
    ///
    /// # Safety
    /// As for [`Heap::collect`].
    pub unsafe fn finish(
        &self,
        roots: &mut dyn Roots,
        stopping: Duration,
        patient: bool,
    ) -> Option<Collected> {
        let started = StopClock::start(stopping);
        let mut central = self.lock();
        if !self.is_marking() {
            return None;
        }
        let in_time = || started.working() < self.config.patience;
        self.shade(&central.take_notes());
        // An island that has outgrown its goal is stopped again and again, but not for long, until all its fibers have been looked at.
        let rooted = self.more_resting(&mut central, roots, || patient || in_time());
        let patient = patient || central.pacer.is_overdue();
        if !rooted || !self.mark_stopped(roots, || !patient && !in_time()) {
            self.must_collect.store(false, Relaxed);
            central.pacer.note_stop(&started);
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

    /// Looks at more of the fibers that have not been looked at since marking began; whether all have been.
    fn more_resting(&self, central: &mut Central, roots: &mut dyn Roots, goes_on: impl Fn() -> bool) -> bool {
        if !self.resting.load(Relaxed) {
            return true;
        }
        let mut marker = self.marker();
        let rooted = mark_resting(roots, &mut marker, goes_on);
        self.resting.store(!rooted, Relaxed);
        central.pacer.add_roots(marker.root_bytes());
        let (items, found) = marker.take();
        self.queue.count(found);
        self.queue.give(items);
        rooted
    }

    /// A worker whose fiber held so many bytes of roots has noted them, before a stop came to it.
    pub fn note_resting(&self, bytes: u64) {
        self.lock().pacer.add_roots(bytes);
    }

    /// Marks, while the island runs, until nothing is left or `leave` says so.
    pub fn help(&self, leave: impl Fn() -> bool) {
        let mut marker = self.marker().sharing(&self.queue);
        let mut turn = Turn::begin();
        while !leave() {
            match self.queue.take() {
                Next::Packet(packet) => {
                    self.work(&mut marker, packet, HELP);
                    turn.offer(self);
                }
                Next::Wait => self.queue.wait(PAUSE),
                Next::Empty | Next::Closed | Next::Abandoned => return,
            }
        }
    }

    /// Marks until nothing is left and nobody marks any more, or `leave` says so: then answers false. The island is stopped; where it
    /// is not done soon, its workers are called to help.
    fn mark_stopped(&self, roots: &mut dyn Roots, leave: impl Fn() -> bool) -> bool {
        let mut marker = self.marker().sharing(&self.queue);
        for step in 0_u32.. {
            match self.queue.take() {
                Next::Packet(packet) => self.work(&mut marker, packet, STEP),
                Next::Wait => self.queue.wait(PAUSE),
                Next::Empty | Next::Closed | Next::Abandoned => return true,
            }
            if leave() {
                return false;
            }
            if step == 0 {
                roots.call_for_help();
            }
        }
        false
    }

    /// Marks, for a worker that waits for the end of a stop, until nothing is left or `is_over` says that the stop is.
    pub fn help_in_stop(&self, is_over: &dyn Fn() -> bool) {
        self.help_in_stop_now(is_over);
        wipe_stack();
    }

    #[inline(never)]
    fn help_in_stop_now(&self, is_over: &dyn Fn() -> bool) {
        let mut marker = self.marker().sharing(&self.queue);
        let mut packets = 0;
        while !is_over() {
            match self.queue.take() {
                Next::Packet(packet) => {
                    packets += 1;
                    self.work(&mut marker, packet, HELP);
                }
                Next::Wait => self.queue.wait(PAUSE),
                Next::Empty | Next::Closed | Next::Abandoned => break,
            }
        }
        self.queue.count_help(packets);
    }

    /// Follows some of a packet, and gives the rest back.
    fn work(&self, marker: &mut Marker<'_>, packet: Vec<Item>, objects: usize) {
        let started = Instant::now();
        marker.set_stack(packet);
        marker.drain_some(objects);
        let (rest, found) = marker.take();
        self.queue.done(rest, Found { time: started.elapsed(), ..found });
    }

    /// A worker that has taken memory while the heap marks helps where marking is behind.
    #[cold]
    #[inline(never)]
    pub(super) fn assist(&self) {
        self.assist_now();
        wipe_stack();
    }

    #[inline(never)]
    fn assist_now(&self) {
        let behind = self.lock().pacer.behind(self.queue.progress());
        if behind.objects == 0 {
            return;
        }
        let began = Instant::now();
        loop {
            match self.queue.take() {
                Next::Packet(packet) => {
                    let mut marker = self.marker().sharing(&self.queue);
                    // Not for long: a stop would have to wait for it.
                    let most = if behind.late { 4 * HELP } else { HELP } as u64;
                    return self.work(&mut marker, packet, behind.objects.clamp(16, most) as usize);
                }
                // Others have it all, and perhaps no processor: let them get on with it.
                Next::Wait if behind.late && !self.must_collect() && began.elapsed() < LATE => {
                    self.queue.wait(4 * PAUSE);
                }
                // The thread that marks has perhaps no processor to say so.
                Next::Empty if behind.late || !self.resting.load(Relaxed) => {
                    return self.must_collect.store(true, Relaxed);
                }
                _ => return,
            }
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
        while self.sweep_step(SWEPT_BEFORE) {}
        while self.trim_step(false) {}
    }

    /// Sweeps some of what the last collection has left unswept, before the next one begins; whether all is swept, or the heap marks.
    pub fn is_ready(&self) -> bool {
        !self.sweep_step(if self.config.stress { usize::MAX } else { SWEPT_BEFORE })
    }

    fn sweep_step(&self, blocks: usize) -> bool {
        let mut central = self.lock();
        !self.is_marking() && central.sweep_some(blocks, self.config.stress)
    }

    /// A collection is over and the island runs: gives the system what the next one will not need, and sees to it that
    /// somebody does so when the island becomes idle.
    pub fn tidy(self: &Arc<Self>) {
        // Who marked beside the island sweeps as well; a collection in one stop wakes nobody up.
        let has_too_much = self.lock().pacer.has_too_much();
        for _ in 0..if has_too_much { SWEPT_AFTER } else { 0 } {
            if !self.sweep_step(SWEEP_STEP) {
                break;
            }
        }
        while self.trim_step(false) {}
        let worth_it = {
            let pacer = &self.lock().pacer;
            pacer.spare_bytes + pacer.in_use_bytes >= WORTH_TRIMMING
        };
        if worth_it {
            self.start_marker();
        }
    }

    /// Gives some spare pages to the system, not holding the heap's lock meanwhile: those that the next cycle will not need, when
    /// all is swept, or `all` of them. Whether there were any.
    pub(super) fn trim_step(&self, all: bool) -> bool {
        let mut central = self.lock();
        let Some((base, pages)) = central.take_unneeded(TRIM_STEP, all) else { return false };
        let adopts = central.adopts.0 || central.adopts.1;
        drop(central);
        if adopts && !all {
            // The next message will need them.
            window().recycle(base, pages);
        } else {
            window().give(base, pages);
        }
        true
    }

    fn marker(&self) -> Marker<'_> {
        Marker::new(self.id, &self.types, self.config.mark_stack)
    }

    /// Makes the heap ready for marking, and marks the roots.
    fn mark_roots(&self, central: &mut Central, roots: &mut dyn Roots) -> Marker<'_> {
        central.sweep_all(self.config.stress);
        central.flush_caches(self.config.stress);
        central.pacer.begin_cycle();
        central.adopts = (false, central.adopts.0);
        self.epoch.fetch_add(1, Relaxed);
        let mut marker = self.marker();
        roots.mark_roots(&mut marker);
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
        started: StopClock,
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
        let collected = central.pacer.end_cycle(&started, &found, at_once);
        central.retire_blocks();
        let few = central.unswept <= SWEPT_AT_ONCE && central.unswept_large.is_empty();
        if self.config.verify || self.config.stress || at_once && few {
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

    /// Marks, asks for the last stop, and sweeps, again and again while the island lives. Leads the collections of an island that
    /// is idle.
    fn mark_in_background(&self) {
        vo_sched::thread::ask_for_usual_slices();
        let mut marker = self.marker().sharing(&self.queue);
        let (mut leads, mut turn) = (false, Turn::begin());
        loop {
            match self.queue.take() {
                Next::Packet(packet) if self.config.patience.is_zero() => {
                    self.work(&mut marker, packet, 4);
                    std::thread::sleep(PAUSE);
                }
                Next::Packet(packet) => {
                    self.work(&mut marker, packet, HELP);
                    turn.offer(self);
                }
                Next::Wait => self.queue.wait(Duration::from_millis(1)),
                Next::Empty => {
                    if self.resting.load(Relaxed) {
                        std::thread::sleep(RESTING_GAP * self.config.patience);
                    }
                    // A collection in one stop has no other.
                    if self.is_marking() {
                        self.must_collect.store(true, Relaxed);
                    }
                    if leads {
                        self.step_from_outside();
                    }
                    self.queue.wait(Duration::from_millis(1));
                }
                Next::Closed if self.sweep_step(SWEEP_STEP) || self.trim_step(false) => {
                    turn.offer(self);
                }
                Next::Closed if std::mem::take(&mut leads) => self.trim_all(),
                Next::Closed => leads = self.wait_for_marking(),
                Next::Abandoned => return,
            }
        }
    }

    /// Waits for the next collection. Where the island hardly allocates meanwhile, its free pages go to the system, and before
    /// that its garbage is collected if it may be much: the answer says that this thread has begun to.
    fn wait_for_marking(&self) -> bool {
        let mut pause = self.config.idle;
        let mut before = self.lock().pacer.ever_handed();
        while !self.queue.wait_open_for(pause) {
            let (handed, worth_it) = {
                let pacer = &self.lock().pacer;
                (pacer.ever_handed(), pacer.is_worth_collecting())
            };
            pause = self.config.idle * if handed == before { RARELY } else { 1 };
            if handed - before < IDLE_BYTES {
                if worth_it && self.step_from_outside() {
                    return true;
                }
                self.trim_all();
            }
            before = handed;
        }
        false
    }

    /// Gives all spare pages to the system, unless the island wakes up meanwhile.
    fn trim_all(&self) {
        while !self.must_collect() && self.trim_step(true) {}
    }

    /// Sets what stops the island from outside, begins or ends a collection and lets it run again: for when no worker
    /// does, since nobody allocates. It answers false where there is no island any more. Set once.
    pub fn set_step_from_outside(&self, step: super::Hook) {
        let _ = self.outside.set(step);
    }

    fn step_from_outside(&self) -> bool {
        self.outside.get().is_some_and(|step| step())
    }

    /// Sets what says whether a thread that marks or sweeps should offer its processor, since a worker waits for one. Set once.
    pub fn set_waited_for(&self, waited_for: super::Hook) {
        let _ = self.waited_for.set(waited_for);
    }

    /// The island is gone: nobody will end a collection that has begun.
    pub fn abandon(&self) {
        self.queue.abandon();
    }
}

/// The time since a marker has offered the processor to others. The system may let who wakes up wait for the end of the marker's
/// slice, some milliseconds.
struct Turn(Instant);

impl Turn {
    fn begin() -> Turn {
        Turn(Instant::now())
    }

    /// Offers the processor, if the turn is over.
    fn offer(&mut self, heap: &Heap) {
        let spent = self.0.elapsed();
        let is_late = || heap.waited_for.get().is_some_and(|waited_for| waited_for());
        if spent >= TURN[1] || spent >= TURN[0] && is_late() {
            std::thread::yield_now();
            *self = Turn::begin();
        }
    }
}

/// Marks roots that may wait, as long as `goes_on` says so; whether there are no more.
fn mark_resting(roots: &mut dyn Roots, marker: &mut Marker<'_>, goes_on: impl Fn() -> bool) -> bool {
    let mut step = RESTING_STEPS.0;
    loop {
        if roots.mark_resting(marker, std::mem::replace(&mut step, RESTING_STEPS.1)) {
            return true;
        }
        if !goes_on() {
            return false;
        }
    }
}

/// Marks as long as `goes_on` says so; whether nothing is left.
fn drain_while(marker: &mut Marker<'_>, goes_on: impl Fn() -> bool) -> bool {
    while goes_on() {
        if marker.drain_some(STEP) {
            return true;
        }
    }
    false
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
