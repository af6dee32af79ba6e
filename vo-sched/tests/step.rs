//! Step fibers on real threads: migration, pre-emption, stopping worlds, semaphores, worker counts.

#![cfg(not(loom))]

mod common;

use common::{Words, scheduler};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use vo_sched::chan::{self, RecvResult, SendResult};
use vo_sched::semaphore::Acquire;
use vo_sched::{Config, Outcome, PREEMPT, Scheduler, TimerAction, WaitReason, WorkerCx, step};

fn sched(workers: usize, stress_steal: bool) -> Scheduler {
    scheduler(Config { workers, stress_steal, seed: 1, ..Config::default() })
}

fn in_every_mode(test: impl Fn(&Scheduler)) {
    common::in_every_mode(|config| Config { stress_steal: true, ..config }, test);
}

/// Sends `count` words from one fiber to another, and counts the resumes on unexpected states.
fn stream(sched: &Scheduler, cap: usize, count: u64) {
    let words = Words::new(cap);
    let (to, from, all) = (words.clone(), words, sched.shared().clone());
    let mut next = 0;
    let mut blocked = false;
    let sender = step::fiber(sched.root_world(), move |cx| {
        if core::mem::take(&mut blocked) {
            assert_eq!(chan::finish_send(cx), SendResult::Done);
            next += 1;
        }
        while next < count {
            match to.send(cx, next) {
                SendResult::Done => next += 1,
                SendResult::Block => {
                    blocked = true;
                    return Outcome::Parked;
                }
                SendResult::Closed => unreachable!(),
            }
        }
        Outcome::Finished
    });
    let (mut expected, mut waiting) = (0, false);
    let receiver = step::fiber(sched.root_world(), move |cx| {
        let mut word = 0;
        if core::mem::take(&mut waiting) {
            // SAFETY: our receive blocked and was completed; one word.
            assert!(unsafe { chan::finish_recv(cx, &mut word) });
            assert_eq!(word, expected);
            expected += 1;
        }
        while expected < count {
            match from.recv(cx, &mut word) {
                RecvResult::Done { ok } => {
                    assert!(ok && word == expected);
                    expected += 1;
                }
                RecvResult::Block => {
                    waiting = true;
                    return Outcome::Parked;
                }
            }
        }
        all.signal_done();
        Outcome::Finished
    });
    sched.spawn(sender);
    sched.run_until_done(receiver);
}

#[test]
fn words_arrive_in_order() {
    in_every_mode(|sched| {
        for cap in [0, 1, 3, 64] {
            stream(sched, cap, 20_000);
        }
    });
}

#[test]
fn spawning_many_finishes_all() {
    in_every_mode(|sched| {
        let left = Arc::new(AtomicUsize::new(20_000));
        let main = step::fiber(sched.root_world(), move |cx| {
            for _ in 0..20_000 {
                let left = left.clone();
                // SAFETY: the running fiber's world is alive.
                let world = unsafe { &*cx.current().world() };
                let new = step::fiber(world, move |cx| {
                    if left.fetch_sub(1, Ordering::AcqRel) == 1 {
                        cx.shared().signal_done();
                    }
                    Outcome::Finished
                });
                cx.spawn(new);
            }
            Outcome::Finished
        });
        sched.run_until_done(main);
    });
}

/// Fibers that give way only when they are asked keep all workers busy, and another one gets its turn all the
/// same, once each of them has been asked. (Time says nothing on a busy machine, so turns are counted.)
#[test]
fn a_fiber_that_never_blocks_is_preempted() {
    for workers in [1, 2] {
        let sched = sched(workers, false);
        let (stop, running) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let turns = Arc::new(AtomicUsize::new(0));
        for _ in 0..workers {
            let (stop, running, turns) = (stop.clone(), running.clone(), turns.clone());
            let mut begun = false;
            sched.spawn(step::fiber(sched.root_world(), move |cx| {
                if !core::mem::replace(&mut begun, true) {
                    running.fetch_add(1, Ordering::Relaxed);
                }
                loop {
                    if stop.load(Ordering::Relaxed) {
                        return Outcome::Finished;
                    }
                    if cx.interrupt().load(Ordering::Relaxed) & PREEMPT != 0 {
                        turns.fetch_add(1, Ordering::Relaxed);
                        return Outcome::Yielded;
                    }
                }
            }));
        }
        while running.load(Ordering::Relaxed) < workers {
            std::thread::yield_now();
        }
        let (seen, before) = (turns.clone(), turns.load(Ordering::Relaxed));
        let waited = Arc::new(AtomicUsize::new(usize::MAX));
        let answer = waited.clone();
        sched.run_until_done(step::fiber(sched.root_world(), move |cx| {
            answer.store(seen.load(Ordering::Relaxed) - before, Ordering::Relaxed);
            stop.store(true, Ordering::Relaxed);
            cx.shared().signal_done();
            Outcome::Finished
        }));
        assert!(waited.load(Ordering::Relaxed) <= 2 * workers, "{waited:?} turns");
        assert!(sched.stats().preempts > 0);
    }
}

/// A fiber that was handed over does not wait for the fiber that woke it, if a worker is free.
#[test]
fn a_stuck_handoff_is_taken_over() {
    let sched = sched(2, false);
    let words = Words::new(0);
    let ran = Arc::new(AtomicBool::new(false));
    let (from, flag) = (words.clone(), ran.clone());
    let mut waiting = false;
    sched.spawn(step::fiber(sched.root_world(), move |cx| {
        if waiting {
            flag.store(true, Ordering::Release);
            return Outcome::Finished;
        }
        waiting = true;
        let mut word = 0;
        assert_eq!(from.recv(cx, &mut word), RecvResult::Block);
        Outcome::Parked
    }));
    std::thread::sleep(Duration::from_millis(5));
    let main = step::fiber(sched.root_world(), move |cx| {
        assert_eq!(words.send(cx, 1), SendResult::Done);
        let begin = Instant::now();
        // Never looks at its interrupt word.
        while !ran.load(Ordering::Acquire) {
            assert!(begin.elapsed() < Duration::from_secs(5), "the hand-off is stuck");
        }
        cx.shared().signal_done();
        Outcome::Finished
    });
    sched.run_until_done(main);
}

#[test]
fn a_stopped_world_stands_still() {
    for (workers, stress) in [(2, false), (4, false), (4, true)] {
        let sched = sched(workers, stress);
        let world = sched.new_world();
        let (inside, steps) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicU64::new(0)));
        let over = Arc::new(AtomicBool::new(false));
        for _ in 0..6 {
            let (inside, steps, over) = (inside.clone(), steps.clone(), over.clone());
            sched.spawn(step::fiber(&world, move |cx| {
                for _ in 0..50 {
                    inside.fetch_add(1, Ordering::SeqCst);
                    steps.fetch_add(1, Ordering::Relaxed);
                    inside.fetch_sub(1, Ordering::SeqCst);
                    if cx.interrupt().load(Ordering::Relaxed) != 0 {
                        cx.safepoint();
                    }
                }
                if over.load(Ordering::Relaxed) { Outcome::Finished } else { Outcome::Yielded }
            }));
        }
        let mut stops = 0;
        let main = step::fiber(&world, move |cx| {
            if cx.stop_world() {
                let before = steps.load(Ordering::SeqCst);
                assert_eq!(inside.load(Ordering::SeqCst), 0);
                std::thread::sleep(Duration::from_micros(100));
                assert_eq!(inside.load(Ordering::SeqCst), 0);
                assert_eq!(steps.load(Ordering::SeqCst), before);
                cx.start_world();
                stops += 1;
            }
            if stops < 100 {
                return Outcome::Yielded;
            }
            over.store(true, Ordering::Relaxed);
            cx.shared().signal_done();
            Outcome::Finished
        });
        sched.run_until_done(main);
    }
}

#[test]
fn a_world_can_be_stopped_from_outside() {
    let sched = sched(2, false);
    let world = sched.new_world();
    let steps = Arc::new(AtomicU64::new(0));
    for _ in 0..3 {
        let steps = steps.clone();
        sched.spawn(step::fiber(&world, move |_| {
            steps.fetch_add(1, Ordering::Relaxed);
            Outcome::Yielded
        }));
    }
    for _ in 0..100 {
        sched.stop_world_from_outside(&world);
        let before = steps.load(Ordering::Relaxed);
        std::thread::sleep(Duration::from_micros(50));
        assert_eq!(steps.load(Ordering::Relaxed), before);
        world.start();
    }
}

/// A mutex as the library builds it: a word that is 0 when free, else 1 plus the waiters.
fn lock(cx: &mut WorkerCx, state: &AtomicU32, sema: &AtomicU32) -> Acquire {
    if state.fetch_add(1, Ordering::AcqRel) == 0 {
        return Acquire::Done;
    }
    let shared = cx.shared().clone();
    shared.semaphores().acquire(cx, sema, false, WaitReason::MutexLock)
}

fn unlock(cx: &mut WorkerCx, state: &AtomicU32, sema: &AtomicU32) {
    if state.fetch_sub(1, Ordering::AcqRel) > 1 {
        let shared = cx.shared().clone();
        shared.semaphores().release(cx, sema);
    }
}

#[test]
fn semaphores_exclude() {
    in_every_mode(|sched| {
        let mutex = Arc::new((AtomicU32::new(0), AtomicU32::new(0)));
        let (inside, left) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(8)));
        for _ in 0..8 {
            let (mutex, inside, left) = (mutex.clone(), inside.clone(), left.clone());
            let (mut rounds, mut waiting) = (500, false);
            sched.spawn(step::fiber(sched.root_world(), move |cx| {
                while rounds > 0 {
                    if !core::mem::take(&mut waiting) && lock(cx, &mutex.0, &mutex.1) == Acquire::Block {
                        waiting = true;
                        return Outcome::Parked;
                    }
                    assert_eq!(inside.fetch_add(1, Ordering::Relaxed), 0);
                    std::hint::spin_loop();
                    assert_eq!(inside.fetch_sub(1, Ordering::Relaxed), 1);
                    unlock(cx, &mutex.0, &mutex.1);
                    rounds -= 1;
                }
                if left.fetch_sub(1, Ordering::AcqRel) == 1 {
                    cx.shared().signal_done();
                }
                Outcome::Finished
            }));
        }
        sched.wait_done();
    });
}

#[test]
fn notify_lists_wake_every_ticket() {
    in_every_mode(|sched| {
        let (woken, drawn) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let address = 0x1000;
        for _ in 0..10 {
            let (woken, drawn) = (woken.clone(), drawn.clone());
            let mut waited = false;
            sched.spawn(step::fiber(sched.root_world(), move |cx| {
                let shared = cx.shared().clone();
                if !core::mem::replace(&mut waited, true) {
                    let ticket = shared.semaphores().notify_add(address);
                    drawn.fetch_add(1, Ordering::Release);
                    if shared.semaphores().notify_wait(cx, address, ticket) == Acquire::Block {
                        return Outcome::Parked;
                    }
                }
                if woken.fetch_add(1, Ordering::AcqRel) == 9 {
                    shared.signal_done();
                }
                Outcome::Finished
            }));
        }
        let mut singles = 0;
        sched.run_until_done(step::fiber(sched.root_world(), move |cx| {
            if drawn.load(Ordering::Acquire) < 10 {
                return Outcome::Yielded;
            }
            let shared = cx.shared().clone();
            if singles < 4 {
                singles += 1;
                shared.semaphores().notify_one(cx, address);
                return Outcome::Yielded;
            }
            shared.semaphores().notify_all(cx, address);
            Outcome::Finished
        }));
    });
}

#[test]
fn the_number_of_workers_can_change() {
    let sched = sched(2, false);
    let over = Arc::new(AtomicBool::new(false));
    let steps = Arc::new(AtomicU64::new(0));
    for _ in 0..8 {
        let (over, steps) = (over.clone(), steps.clone());
        sched.spawn(step::fiber(sched.root_world(), move |_| {
            steps.fetch_add(1, Ordering::Relaxed);
            if over.load(Ordering::Relaxed) { Outcome::Finished } else { Outcome::Yielded }
        }));
    }
    for (round, count) in [4, 1, 3, 1, 2, 1, 4].into_iter().cycle().take(50).enumerate() {
        sched.set_workers(count);
        assert_eq!(sched.workers(), count);
        if round % 10 == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    over.store(true, Ordering::Relaxed);
    while sched.live_fibers() > 0 {
        std::thread::yield_now();
    }
    assert!(steps.load(Ordering::Relaxed) > 8);
}

#[test]
fn timers_call_on_a_worker_and_can_be_stopped() {
    static FIRED: AtomicU64 = AtomicU64::new(0);
    unsafe fn fire(cx: &mut WorkerCx, data: *mut (), generation: u64) {
        assert!(cx.current_opt().is_none());
        assert_eq!(data as usize, 7);
        FIRED.fetch_add(generation, Ordering::SeqCst);
    }
    let sched = sched(2, false);
    let world = sched.root_world().clone();
    let action = |generation| TimerAction::Call {
        call: fire,
        data: 7 as *mut (),
        generation,
        world: Arc::as_ptr(&world),
    };
    let soon = sched.now() + 2_000_000;
    let stopped = sched.timer_start(soon, 0, action(1000));
    sched.timer_start(soon, 0, action(1));
    let ticker = sched.timer_start(soon, 1_000_000, action(10));
    assert!(sched.timer_stop(stopped));
    std::thread::sleep(Duration::from_millis(30));
    assert!(sched.timer_stop(ticker));
    let (fired, now) = (FIRED.load(Ordering::SeqCst), sched.now());
    assert_eq!(fired % 10, 1);
    // Ticks that come too late are dropped, so that a busy machine sees fewer, never more.
    let possible = 1 + (now - soon) / 1_000_000;
    assert!((1..=possible).contains(&(fired / 10)), "{fired} of {possible}");
}

#[test]
fn nothing_runs_when_nothing_is_to_do() {
    let sched = sched(4, false);
    stream(&sched, 1, 1000);
    std::thread::sleep(Duration::from_millis(60));
    // Other tests of this process run meanwhile, so the scheduler's own counters have to tell.
    let stats = sched.stats();
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(stats, sched.stats());
}

#[test]
fn shutdown_interrupts_fibers_that_never_end() {
    for workers in [1, 2, 4] {
        for _ in 0..50 {
            let sched = sched(workers, false);
            for _ in 0..6 {
                sched.spawn(step::fiber(sched.root_world(), |cx| {
                    while cx.interrupt().load(Ordering::Relaxed) & PREEMPT == 0 {
                        std::hint::spin_loop();
                    }
                    Outcome::Yielded
                }));
            }
            sched.shutdown();
        }
    }
}
