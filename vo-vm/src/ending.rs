//! How an island ends: why, in which steps, and what is left to be told.
//!
//! 1. Somebody gives a reason ([`begin`]): a kill, an uncaught panic, a limit, or nothing can reach or run it any more. The first reason
//!    counts. From then on nothing can be started there.
//! 2. The *reaper*, a job of the blocking pool that runs while there is something to look after, stops the island, takes its fibers out of
//!    what they wait for, and lets it run again: each fiber unwinds as for `Goexit`, and runs its deferred calls.
//! 3. After the island's time for that, what has not ended is dropped at its next turn.
//! 4. With the last fiber gone, [`finish`] gives the heap back whole, closes the ports (those who send there are told that it is
//!    gone), and tells the watchers. An island without fibers goes there at once.
//!
//! The reaper also finds the islands that nothing can reach any more ([`crate::lost`]); they end as finished.
//!
//! Must stay true: `finish` runs once, with no worker inside the island; nothing here waits for a fiber of another island.

use crate::end::{IslandEnd, Reason};
use crate::fiber::VoFiber;
use crate::island::{Island, State};
use crate::resume::VO_FIBER;
use crate::vm::Shared;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use vo_runtime::port::{Port, PortRef};
use vo_runtime::rtype::Ty;
use vo_runtime::transfer::Message;
use vo_sched::cancel::Outside;
use vo_sched::chan;

/// The islands that are looked after.
#[derive(Default)]
pub(crate) struct Reaper {
    queue: Mutex<Queue>,
    /// Held while islands are looked at: the run does not end meanwhile.
    busy: Mutex<()>,
}

#[derive(Default)]
struct Queue {
    new: Vec<Arc<Island>>,
    /// A job of the pool is at work.
    running: bool,
    /// The run is over.
    closed: bool,
}

impl Reaper {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn keep_busy(&self) -> MutexGuard<'_, ()> {
        self.busy.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Nothing is looked after any more when this returns: the fibers may be dropped.
    pub(crate) fn close(&self) {
        let new = {
            let mut queue = self.lock();
            queue.closed = true;
            std::mem::take(&mut queue.new)
        };
        drop(new);
        drop(self.keep_busy());
    }
}

/// Ends an island; the first reason counts. False where it ends already.
pub(crate) fn begin(island: &Arc<Island>, end: IslandEnd) -> bool {
    let mut life = island.life();
    if island.state() != State::Running || island.is_main() {
        return false;
    }
    life.end = Some(Arc::new(end));
    island.advance(State::Ending);
    drop(life);
    island.drop_waiting();
    if island.world().live_fibers() == 0 {
        finish_from_outside(island);
    } else {
        look_after(island.clone());
    }
    true
}

/// A turn begins in an island whose processor time is limited: sees to it that somebody looks.
pub(crate) fn meter(island: &Arc<Island>) {
    if !island.metered.swap(true, Ordering::AcqRel) {
        look_after(island.clone());
    }
}

/// Puts an island on the reaper's list, and the reaper to work.
fn look_after(island: Arc<Island>) {
    if island.watched.swap(true, Ordering::AcqRel) {
        return;
    }
    let vm = island.vm().clone();
    set_to_work(&vm, Some(island));
}

/// Has the reaper look at the islands that have lost a right.
pub(crate) fn look_at_suspects(vm: &Arc<Shared>) {
    set_to_work(vm, None);
}

/// Puts the reaper to work.
fn set_to_work(vm: &Arc<Shared>, island: Option<Arc<Island>>) {
    let Some(scheduler) = vm.scheduler() else { return };
    let mut queue = vm.reaper.lock();
    if queue.closed {
        return;
    }
    queue.new.extend(island);
    if !queue.running {
        queue.running = true;
        drop(queue);
        let reaper = vm.clone();
        scheduler.spawn_blocking(Box::new(move || reap(&reaper)), None);
    }
}

/// An island that the reaper looks after.
struct Case {
    island: Arc<Island>,
    /// When its fibers were first taken out of their waits.
    cancelled: Option<Instant>,
    /// When it is looked at again, and how long after that.
    next: Instant,
    pause: Duration,
    /// Turns that had begun when it was last looked at.
    turns: u64,
}

const FIRST_PAUSE: Duration = Duration::from_micros(100);
/// How often processor time is looked at.
const METER: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// The reaper's work: until nothing is left to look after.
fn reap(vm: &Arc<Shared>) {
    let mut cases: Vec<Case> = Vec::new();
    loop {
        look_for_lost(vm);
        {
            let mut queue = vm.reaper.lock();
            for island in queue.new.drain(..) {
                // From now on a new reason to look makes a new case.
                island.watched.store(false, Ordering::Release);
                cases.push(Case {
                    island,
                    cancelled: None,
                    next: Instant::now(),
                    pause: FIRST_PAUSE,
                    turns: 0,
                });
            }
            if cases.is_empty() && !vm.suspects.is_wanted() || queue.closed {
                queue.running = false;
                return;
            }
        }
        let now = Instant::now();
        {
            let _busy = vm.reaper.keep_busy();
            if vm.reaper.lock().closed {
                return;
            }
            cases.retain_mut(|case| case.next > now || case.step(vm));
        }
        if let Some(next) = cases.iter().map(|case| case.next).min() {
            // New cases wait at most this long.
            let pause = next.saturating_duration_since(Instant::now()).min(Duration::from_millis(1));
            std::thread::sleep(pause);
        }
    }
}

/// Looks for islands that nothing reaches, if that is wanted.
fn look_for_lost(vm: &Arc<Shared>) {
    let Some(scheduler) = vm.scheduler() else { return };
    let _busy = vm.reaper.keep_busy();
    if vm.suspects.take_wanted() && !vm.reaper.lock().closed {
        vm.suspects.look(&scheduler);
    }
}

impl Case {
    /// Looks at the island; whether it must be looked at again.
    fn step(&mut self, vm: &Shared) -> bool {
        let Some(scheduler) = vm.scheduler() else { return false };
        match self.island.state() {
            State::Ended => return false,
            State::Running => return self.metered(&scheduler),
            State::Ending | State::Dead => {}
        }
        let time = Duration::from_nanos(self.island.limits.ending.load(Ordering::Relaxed));
        let overdue = self.cancelled.is_some_and(|since| since.elapsed() >= time);
        if overdue {
            self.island.advance(State::Dead);
        }
        self.cancel(&scheduler, self.cancelled.is_none() || overdue);
        if self.island.world().live_fibers() == 0 {
            finish_from_outside(&self.island);
            return false;
        }
        self.later()
    }

    /// Takes the island's fibers out of what they wait for: all, or those that have not been told of the end. (A
    /// fiber that ran when the others were told may have come to wait before it looked at anything.)
    fn cancel(&mut self, scheduler: &vo_sched::Shared, all: bool) {
        self.cancelled.get_or_insert_with(Instant::now);
        let world = self.island.world();
        scheduler.stop_world_from_outside(world);
        // SAFETY: the world has just been stopped; a parked fiber of it belongs to nobody.
        let cancelled = unsafe {
            match all {
                true => scheduler.cancel_fibers(world),
                false => scheduler.cancel_some(world, |fiber| {
                    std::ptr::eq(fiber.vtable(), &VO_FIBER) && !VoFiber::of(fiber).is_cancelled()
                }),
            }
        };
        world.start();
        if cancelled.outside > 0 {
            self.island.vm().sockets.interrupt_island(self.island.number(), scheduler);
        }
    }

    /// A running island whose processor time may be limited: ends it if it has had too much.
    fn metered(&mut self, scheduler: &vo_sched::Shared) -> bool {
        let (limit, counts) = (self.island.limits.cpu.load(Ordering::Relaxed), &self.island.counts);
        if limit == 0 {
            return false;
        }
        let turns = counts.turns.load(Ordering::Relaxed);
        if counts.active.load(Ordering::Relaxed) == 0 && turns == self.turns {
            self.island.metered.store(false, Ordering::Release);
            return false;
        }
        self.turns = turns;
        // Who is stopped enters the time it has had so far.
        let world = self.island.world();
        scheduler.stop_world_from_outside(world);
        world.start();
        if counts.cpu.load(Ordering::Relaxed) > limit {
            let text = format!("more than {:?} on processors", Duration::from_nanos(limit));
            begin(&self.island, IslandEnd::new(Reason::OverLimit, text));
            return false;
        }
        self.next = Instant::now() + METER;
        true
    }

    fn later(&mut self) -> bool {
        self.next = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        true
    }
}

/// As [`finish`], from a thread or worker that is not inside.
fn finish_from_outside(island: &Arc<Island>) {
    let Some(scheduler) = island.vm().scheduler() else { return };
    if island.world().live_fibers() == 0 && island.advance(State::Ended) {
        scheduler.stop_world_from_outside(island.world());
        // SAFETY: the world is stopped, and has no fibers.
        unsafe { give_back(island, &scheduler) };
        island.world().start();
        tell(island, &scheduler);
    }
}

/// The last fiber of an island may have gone: called by the worker that ran it, which is inside.
pub(crate) fn fiber_gone(island: &Arc<Island>, worker: &mut vo_sched::WorkerCx) {
    if island.state() == State::Running && (island.is_main() || island.is_reachable()) {
        return;
    }
    if island.world().live_fibers() != 0 {
        return;
    }
    begin_finished(island);
    let scheduler = worker.shared().clone();
    if island.advance(State::Ended) {
        while !worker.stop_world() {}
        // SAFETY: the world is stopped, and has no fibers.
        unsafe { give_back(island, &scheduler) };
        worker.start_world();
        tell(island, &scheduler);
    }
}

/// An island that still runs, with no fiber and nobody to reach it, has finished.
fn begin_finished(island: &Arc<Island>) {
    let mut life = island.life();
    if island.state() == State::Running {
        life.end = Some(Arc::new(IslandEnd::new(Reason::Finished, String::new())));
        island.advance(State::Ending);
    }
}

/// Gives the island's memory back.
///
/// # Safety
/// The island's world is stopped, and has no fibers.
unsafe fn give_back(island: &Island, scheduler: &vo_sched::Shared) {
    // SAFETY: by the contract; timers go with the world, and nobody else is inside.
    unsafe {
        let _ = scheduler.cancel_fibers(island.world());
        let (bytes, collections) = island.heap().totals();
        island.counts.collections.store(u64::from(collections), Ordering::Relaxed);
        island.counts.bytes.store(bytes, Ordering::Relaxed);
        island.heap().release();
    }
    island.vm().sockets.close_island(island.number(), scheduler);
}

/// Closes the island's ports, tells its watchers, and drops what its handles held.
fn tell(island: &Arc<Island>, scheduler: &vo_sched::Shared) {
    let mut cx = Outside::new(scheduler);
    for port in island.take_ports() {
        close_gone(&port, &mut cx);
    }
    let vm = island.vm().clone();
    vm.note_end(island);
    let (watchers, end) = {
        let mut life = island.life();
        (std::mem::take(&mut life.watchers), life.end.clone())
    };
    for (watcher, error) in watchers {
        send_end(&vm, &watcher, error, end.as_deref(), &mut cx);
    }
    vm.islands().remove(&island.number());
    drop(island.handles.take_all());
}

/// Those who wait to send are told that the home is gone; what lies in the mailbox is dropped.
fn close_gone(port: &Port, cx: &mut Outside<'_>) {
    let (core, storage) = port.parts();
    // SAFETY: core and storage are the port's; `out` has room for an element, and the word behind it is a message that
    // the mailbox owned.
    unsafe {
        let _ = chan::close(core, storage, cx);
        let mut out = vec![0u64; port.words() + 1];
        while chan::try_recv(core, storage, cx, out.as_mut_ptr()) == Some(true) {
            drop(Message::from_word(out[port.words()]));
        }
    }
}

/// Adds a port that is told of the island's end, now if it has ended. The port has room for that.
pub(crate) fn watch(island: &Arc<Island>, watcher: PortRef, error: Ty) {
    let mut life = island.life();
    if island.state() != State::Ended {
        return life.watchers.push((watcher, error));
    }
    let end = life.end.clone();
    drop(life);
    if let Some(scheduler) = island.vm().scheduler() {
        send_end(island.vm(), &watcher, error, end.as_deref(), &mut Outside::new(&scheduler));
    }
}

/// Sends a value of package island's `End` struct: reason, error, trace.
fn send_end(vm: &Shared, watcher: &PortRef, error: Ty, end: Option<&IslandEnd>, cx: &mut Outside<'_>) {
    let Some(end) = end else { return };
    let noscan = vm.program.types().layouts.noscan();
    let mut message = Message::of_words(vec![end.reason as u64, 0, 0, 0, 0]);
    if !end.text.is_empty() {
        message.set_boxed_string(1, error, &end.text, noscan);
    }
    message.set_string(3, &end.trace, noscan);
    let port = watcher.port();
    let (core, storage) = port.parts();
    let mut words = vec![0u64; port.words() + 1];
    words[port.words()] = Box::new(message).into_word();
    // SAFETY: the words are an element of the port, whose owner it becomes.
    unsafe {
        if chan::try_send(core, storage, cx, words.as_ptr()) != Some(chan::SendResult::Done) {
            drop(Message::from_word(words[port.words()]));
        }
    }
}
