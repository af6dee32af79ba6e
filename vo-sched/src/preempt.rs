//! The monitor: a thread that looks, a thousand times a second, at the workers that run.
//!
//! - A fiber that has run for a whole time slice while others wait is asked to give way: its
//!   worker's interrupt word gets [`PREEMPT`].
//! - A fiber that has waited in a hand-off slot for a whole look, because the fiber that woke it
//!   runs on, is moved to the injector, where an idle worker finds it. Nobody else empties
//!   another worker's slot: a hand-off that takes its usual tens of nanoseconds is never disturbed.
//! - Sockets are polled, in case no worker has come to it.
//! - Worlds are opened and closed ([`crate::mode`]).
//! - A worker that runs on and on without sleeping gets the system's usual slices ([`crate::thread`]).
//! - A timer that is due while the workers are busy is made known to them.
//!
//! It costs nothing when nothing runs: after a few looks at sleeping workers it sleeps too, and
//! the first worker that wakes up, by whatever, wakes it.

use crate::mode::Policy;
use crate::sched::Shared;
use crate::sync::{AtomicBool, AtomicU64, Condvar, Mutex, Ordering};
use crate::worker::WorkerShared;
use crate::world::PREEMPT;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Time between two looks.
const LOOK: Duration = Duration::from_millis(1);
/// Looks at sleeping workers before the monitor sleeps: transitions within this time are free.
const IDLE_LOOKS: u32 = 20;

/// The monitor's part of the scheduler, and the keeper of its threads.
pub(crate) struct Monitor {
    asleep: AtomicBool,
    preempts: AtomicU64,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    stop: bool,
    nudged: bool,
    threads: Vec<JoinHandle<()>>,
}

/// What the monitor knew of one worker at its last look.
#[derive(Clone, Copy)]
struct Seen {
    picks: u64,
    since: Instant,
    slot: usize,
}

impl Monitor {
    pub fn new() -> Monitor {
        Monitor {
            asleep: AtomicBool::new(false),
            preempts: AtomicU64::new(0),
            state: Mutex::new(State::default()),
            wake: Condvar::new(),
        }
    }

    pub fn preempts(&self) -> u64 {
        self.preempts.load(Ordering::Relaxed)
    }

    /// Makes `thread` one that [`Monitor::stop_and_join`] waits for.
    pub fn keep_thread(&self, thread: JoinHandle<()>) {
        self.state.lock().threads.push(thread);
    }

    /// A worker is woken, or wakes up: the monitor has something to look at again.
    #[inline]
    pub fn nudge(&self) {
        if self.asleep.load(Ordering::Relaxed) {
            self.state.lock().nudged = true;
            self.wake.notify_one();
        }
    }

    pub fn start(&self, shared: &Arc<Shared>) {
        let shared = shared.clone();
        let name = format!("{}-monitor", shared.config().name);
        let started = std::thread::Builder::new().name(name).spawn(move || shared.monitor.run(&shared));
        self.keep_thread(started.expect("cannot start the monitor thread"));
    }

    /// Ends the monitor and waits for all threads but the caller's own.
    pub fn stop_and_join(&self) {
        let threads = {
            let mut state = self.state.lock();
            state.stop = true;
            self.wake.notify_one();
            core::mem::take(&mut state.threads)
        };
        for thread in threads {
            if thread.thread().id() != std::thread::current().id() {
                // A worker's panic has been kept for `wait_done`.
                let _ = thread.join();
            }
        }
    }

    fn run(&self, shared: &Shared) {
        let mut seen: Vec<Seen> = Vec::new();
        let (mut policy, mut last) = (Policy::default(), Instant::now());
        let mut idle_looks = 0;
        while self.pause(shared, idle_looks >= IDLE_LOOKS) {
            let created = shared.created();
            let now = Instant::now();
            seen.resize(created, Seen { picks: 0, since: now, slot: 0 });
            // No lock is taken at a look: a worker that wakes up at this moment, on this processor, would have to wait for it.
            let all_rest = (0..created).all(|i| shared.worker(i).parker.is_asleep());
            let picked = seen
                .iter()
                .enumerate()
                .any(|(i, s)| s.picks != shared.worker(i).picks.load(Ordering::Relaxed));
            let goes_on = shared.look_by_host(all_rest && !picked);
            idle_looks = if all_rest && !goes_on { idle_looks + 1 } else { 0 };
            for (index, seen) in seen.iter_mut().enumerate() {
                let worker = shared.worker(index);
                self.look(shared, worker, seen, now);
                if !worker.parker.is_asleep() {
                    worker.slices.is_awake();
                }
            }
            policy.look(shared, now.duration_since(last));
            last = now;
            self.look_at_timers(shared);
            shared.poll_io();
        }
    }

    /// Waits until the next look; false when the monitor is to end.
    fn pause(&self, shared: &Shared, deep: bool) -> bool {
        if deep {
            self.asleep.store(true, Ordering::SeqCst);
        }
        // Who wakes up leaves the list before it looks whether the monitor is asleep.
        let deep = deep && shared.idle().locked(|sleepers| sleepers.resting()) == shared.created();
        let mut state = self.state.lock();
        if deep {
            while !state.stop && !state.nudged {
                self.wake.wait(&mut state);
            }
        } else if !state.stop {
            self.wake.wait_for(&mut state, LOOK);
        }
        self.asleep.store(false, Ordering::SeqCst);
        state.nudged = false;
        !state.stop
    }

    fn look(&self, shared: &Shared, worker: &WorkerShared, seen: &mut Seen, now: Instant) {
        let picks = worker.picks.load(Ordering::Relaxed);
        let slot = worker.slot.load(Ordering::Relaxed) as usize;
        if picks != seen.picks {
            *seen = Seen { picks, since: now, slot };
            return;
        }
        if slot != 0 && slot == seen.slot {
            // The same fiber waits behind the same pick.
            if let Some(fiber) = worker.take_slot() {
                shared.inject(fiber);
            }
        }
        seen.slot = slot;
        if now.duration_since(seen.since) >= shared.config().time_slice && Self::others_wait(shared, worker) {
            worker.seat.interrupt().fetch_or(PREEMPT, Ordering::Relaxed);
            self.preempts.fetch_add(1, Ordering::Relaxed);
            seen.since = now;
        }
    }

    fn others_wait(shared: &Shared, worker: &WorkerShared) -> bool {
        !worker.thief.is_empty()
            || worker.has_private_work()
            || worker.inbox_len.load(Ordering::Relaxed) != 0
            || worker.has_pinned.load(Ordering::Relaxed)
            || !shared.injector().is_empty()
            || shared.timers_are_due()
    }

    fn look_at_timers(&self, shared: &Shared) {
        if shared.timers().earliest() <= shared.now() {
            shared.set_timers_due();
            // Who has a world to itself is asked to share it, if it does not come to look.
            if !(0..shared.created()).any(|i| shared.worker(i).alone.load(Ordering::Relaxed)) {
                shared.notify_one();
            }
        }
    }
}
