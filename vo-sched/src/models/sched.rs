//! Real workers, driven by loom's threads: queues with stealing, idle and wake, timers, shutdown.
//!
//! A fiber that nobody runs leaves a worker asleep for ever, which loom reports.

use super::workers::{finish, shared, start};
use super::{explore, explore_within};
use crate::deque::LocalQueue;
use crate::fiber::{FiberHeader, FiberRef, Outcome};
use crate::idle::Idle;
use crate::park::Parker;
use crate::sched::{Config, Host, Shared};
use crate::step;
use crate::sync::{AtomicU32, AtomicUsize, Mutex, Ordering, fence};
use crate::timer::TimerAction;
use crate::worker::WorkerCx;
use loom::thread::{self};
use std::ptr;
use std::sync::Arc;

/// A fiber that counts down, and shuts the scheduler down at zero.
fn counting(shared: &Shared, left: &Arc<AtomicUsize>) -> FiberRef {
    let left = left.clone();
    step::fiber(shared.root_world(), move |cx| {
        if left.fetch_sub(1, Ordering::AcqRel) == 1 {
            cx.shared().begin_shutdown();
        }
        Outcome::Finished
    })
}

/// The owner pushes and pops, a thief steals halves: every fiber is taken exactly once.
#[test]
fn loom_queue_with_a_thief() {
    explore(|| {
        let headers: Vec<_> =
            (0..4).map(|_| Box::new(FiberHeader::new(&super::VTABLE, ptr::null()))).collect();
        // SAFETY: the headers live to the end of the model.
        let fibers = headers.iter().map(|h| unsafe { FiberRef::from_raw(ptr::from_ref(&**h).cast_mut()) });
        let fibers: Vec<FiberRef> = fibers.collect();
        let taken = Arc::new(AtomicUsize::new(0));
        let (queue, thief) = LocalQueue::new();
        queue.push(fibers[0]);
        queue.push(fibers[1]);
        let count = taken.clone();
        let stealing = thread::spawn(move || {
            let (own, _) = LocalQueue::new();
            for _ in 0..2 {
                let first = thief.steal_half(&own);
                let rest = std::iter::from_fn(|| own.pop());
                count.fetch_add(first.into_iter().chain(rest).count(), Ordering::Relaxed);
            }
        });
        queue.push(fibers[2]);
        let mut mine = queue.pop().into_iter().count();
        queue.push(fibers[3]);
        stealing.join().unwrap();
        mine += std::iter::from_fn(|| queue.pop()).count();
        assert_eq!(mine + taken.load(Ordering::Relaxed), 4);
    });
}

/// The idle protocol alone: two sleepers, one submitter, and a queue that orders nothing by itself
/// (a locked one would hide a missing fence). Whoever takes the first piece of work is not done with it before somebody else has
/// taken the second.
#[test]
fn loom_idle_against_submit() {
    struct Model {
        idle: Idle,
        parkers: [Parker; 2],
        queue: AtomicU32,
        left: AtomicU32,
        second: Parker,
    }
    impl Model {
        fn submit(&self) {
            self.queue.fetch_add(1, Ordering::Release);
            self.notify();
        }

        fn notify(&self) {
            if let Some(worker) = self.idle.worker_to_notify() {
                let _ = self.parkers[usize::from(worker)].unpark();
            }
        }

        /// As [`Shared::has_more_to_do`].
        fn has_more(&self) -> bool {
            fence(Ordering::SeqCst);
            self.queue.load(Ordering::Relaxed) > 0
        }

        fn take(&self) -> bool {
            let less = |queue: u32| queue.checked_sub(1);
            self.queue.fetch_update(Ordering::Acquire, Ordering::Relaxed, less).is_ok()
        }

        fn work(&self, me: u16) {
            let mut searching = false;
            while self.left.load(Ordering::Acquire) > 0 {
                if self.take() {
                    if std::mem::take(&mut searching) && self.idle.stop_searching() && self.has_more() {
                        self.notify();
                    }
                    if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
                        self.parkers.iter().chain([&self.second]).for_each(|parker| {
                            let _ = parker.unpark();
                        });
                        return;
                    }
                    self.second.park(None);
                    continue;
                }
                self.idle.sleep(me, std::mem::take(&mut searching));
                if self.queue.load(Ordering::Acquire) == 0 && self.left.load(Ordering::Acquire) > 0 {
                    self.parkers[usize::from(me)].park(None);
                }
                self.idle.take(me);
                searching = true;
            }
        }
    }
    explore_within(2, || {
        let model = Arc::new(Model {
            idle: Idle::new(),
            parkers: [Parker::new(), Parker::new()],
            queue: AtomicU32::new(0),
            left: AtomicU32::new(2),
            second: Parker::new(),
        });
        let workers: Vec<_> = (0..2)
            .map(|me| {
                let model = model.clone();
                thread::spawn(move || model.work(me))
            })
            .collect();
        model.submit();
        model.submit();
        workers.into_iter().for_each(|worker| worker.join().unwrap());
    });
}

#[test]
fn loom_a_foreign_spawn_reaches_a_worker() {
    explore(|| {
        let shared = shared(1);
        let workers = start(&shared);
        shared.spawn(counting(&shared, &Arc::new(AtomicUsize::new(1))));
        finish(&shared, workers);
    });
}

#[test]
fn loom_two_workers_share() {
    explore(|| {
        let shared = shared(2);
        let left = Arc::new(AtomicUsize::new(2));
        let (one, two) = (counting(&shared, &left), counting(&shared, &left));
        let workers = start(&shared);
        // A fiber that spawns: the work is in one worker's queue, the other may be asleep.
        let (mut first, mut second) = (Some(one), Some(two));
        shared.spawn(step::fiber(shared.root_world(), move |cx| {
            cx.spawn(first.take().expect("it runs once"));
            cx.spawn(second.take().expect("it runs once"));
            Outcome::Finished
        }));
        finish(&shared, workers);
    });
}

#[test]
fn loom_shutdown_against_spawn() {
    explore(|| {
        let shared = shared(1);
        let workers = start(&shared);
        shared.spawn(counting(&shared, &Arc::new(AtomicUsize::new(2))));
        shared.begin_shutdown();
        finish(&shared, workers);
        assert_eq!(shared.live_fibers(), 0);
    });
}

/// A worker that already sleeps until the earliest timer is told of an earlier one.
#[test]
fn loom_a_new_timer_wakes_the_timekeeper() {
    unsafe fn shut_down(cx: &mut WorkerCx, _: *mut (), _: u64) {
        cx.shared().begin_shutdown();
    }
    explore(|| {
        let shared = shared(1);
        let workers = start(&shared);
        // Time stands at 1 under loom: the timer is due at once, but nobody knows of it.
        let action =
            TimerAction::Call { call: shut_down, data: ptr::null_mut(), generation: 0, world: ptr::null() };
        shared.timer_start(1, 0, action);
        finish(&shared, workers);
    });
}

/// A fiber parks on one worker while a foreign thread makes it ready.
#[test]
fn loom_ready_from_outside_against_park() {
    explore(|| {
        let shared = shared(1);
        let parked: Arc<Mutex<Option<FiberRef>>> = Arc::new(Mutex::new(None));
        let slot = parked.clone();
        let mut waited = false;
        shared.spawn(step::fiber(shared.root_world(), move |cx| {
            if std::mem::replace(&mut waited, true) {
                cx.shared().begin_shutdown();
                return Outcome::Finished;
            }
            let mut slot = slot.lock();
            cx.current().begin_park(crate::WaitReason::HostCall);
            *slot = Some(cx.current());
            Outcome::Parked
        }));
        let workers = start(&shared);
        let fiber = loop {
            if let Some(fiber) = parked.lock().take() {
                break fiber;
            }
            thread::yield_now();
        };
        shared.ready(fiber);
        finish(&shared, workers);
    });
}

/// A host that takes a deadlock for the end of the model.
struct Deadlocks(AtomicUsize);

impl Host for Deadlocks {
    fn on_deadlock(&self, shared: &Shared, _live: usize) {
        self.0.fetch_add(1, Ordering::Relaxed);
        shared.begin_shutdown();
    }
}

/// A fiber waits for a job of a foreign thread, and then for ever: one deadlock is seen, and not
/// before the job is done.
#[test]
fn loom_a_deadlock_is_seen_once_and_not_too_early() {
    explore(|| {
        let host = Arc::new(Deadlocks(AtomicUsize::new(0)));
        let shared = Shared::with_workers(Config { workers: 1, ..Config::default() }, host.clone());
        let (finished, saw) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let job_is_done = finished.clone();
        let parked: Arc<Mutex<Option<FiberRef>>> = Arc::new(Mutex::new(None));
        let (slot, woken) = (parked.clone(), saw.clone());
        let mut turns = 0;
        shared.begin_pending();
        shared.spawn(step::fiber(shared.root_world(), move |cx| {
            turns += 1;
            cx.current().begin_park(crate::WaitReason::HostCall);
            if turns == 1 {
                *slot.lock() = Some(cx.current());
            } else {
                woken.store(job_is_done.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
            }
            Outcome::Parked
        }));
        let workers = start(&shared);
        let job = {
            let shared = shared.clone();
            thread::spawn(move || {
                let fiber = loop {
                    if let Some(fiber) = parked.lock().take() {
                        break fiber;
                    }
                    thread::yield_now();
                };
                finished.store(1, Ordering::Relaxed);
                shared.ready(fiber);
                shared.end_pending();
            })
        };
        shared.wait_done_for_models();
        finish(&shared, workers);
        job.join().unwrap();
        assert_eq!(host.0.load(Ordering::Relaxed), 1);
        assert_eq!(saw.load(Ordering::Relaxed), 2);
    });
}
