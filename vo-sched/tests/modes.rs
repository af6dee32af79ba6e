//! Worlds that belong to one worker and are opened and closed: nothing may be lost or done twice, whatever the
//! mode; long turns are shared, short ones are not.

#![cfg(not(loom))]

mod common;

use common::{Words, scheduler};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use vo_sched::chan::{self, RecvResult, SendResult};
use vo_sched::select::Selected;
use vo_sched::waiter::Dir;
use vo_sched::{Config, FiberRef, Outcome, Scheduler, WorkerCx, World, step};

fn sched(workers: usize, stress_modes: bool) -> Scheduler {
    scheduler(Config { workers, stress_modes, seed: 1, ..Config::default() })
}

fn in_every_mode(test: impl Fn(&Scheduler)) {
    common::in_every_mode(|config| Config { stress_modes: true, ..config }, test);
}

/// Sends `count` ones, then counts itself off.
fn sender(world: &World, to: Arc<Words>, count: u64, left: Arc<AtomicUsize>) -> FiberRef {
    let (mut sent, mut blocked) = (0, false);
    step::fiber(world, move |cx| {
        if core::mem::take(&mut blocked) {
            assert_eq!(chan::finish_send(cx), SendResult::Done);
            sent += 1;
        }
        while sent < count {
            // SAFETY: core and storage belong together; the fiber parks on Block.
            match unsafe { chan::send(&to.core, to.storage(), cx, &1) } {
                SendResult::Done => sent += 1,
                SendResult::Block => {
                    blocked = true;
                    return Outcome::Parked;
                }
                SendResult::Closed => unreachable!(),
            }
            if cx.safepoint() {
                return Outcome::Yielded;
            }
        }
        if left.fetch_sub(1, Ordering::AcqRel) == 1 {
            // SAFETY: as above.
            unsafe { chan::close(&to.core, to.storage(), cx) }.expect("it is closed once");
        }
        Outcome::Finished
    })
}

/// Receives until the channel is closed, adds what it got to `sum`, and ends the run if it is the last.
fn receiver(world: &World, from: Arc<Words>, sum: Arc<AtomicU64>, left: Arc<AtomicUsize>) -> FiberRef {
    let mut waiting = false;
    step::fiber(world, move |cx| {
        loop {
            let mut word = 0;
            // SAFETY: core and storage belong together; the fiber parks on Block.
            let ok = unsafe {
                if core::mem::take(&mut waiting) {
                    chan::finish_recv(cx, &mut word)
                } else {
                    match chan::recv(&from.core, from.storage(), cx, &mut word) {
                        RecvResult::Done { ok } => ok,
                        RecvResult::Block => {
                            waiting = true;
                            return Outcome::Parked;
                        }
                    }
                }
            };
            if !ok {
                break;
            }
            sum.fetch_add(word, Ordering::Relaxed);
        }
        count_off(cx, &left);
        Outcome::Finished
    })
}

fn count_off(cx: &WorkerCx, left: &AtomicUsize) {
    if left.fetch_sub(1, Ordering::AcqRel) == 1 {
        cx.shared().signal_done();
    }
}

#[test]
fn nothing_is_lost_between_many() {
    for cap in [0, 1, 16] {
        in_every_mode(|sched| {
            let (world, words, sum) = (sched.new_world(), Words::new(cap), Arc::new(AtomicU64::new(0)));
            let (senders, receivers) = (Arc::new(AtomicUsize::new(8)), Arc::new(AtomicUsize::new(5)));
            for _ in 0..5 {
                sched.spawn(receiver(&world, words.clone(), sum.clone(), receivers.clone()));
            }
            for _ in 0..8 {
                sched.spawn(sender(&world, words.clone(), 5_000, senders.clone()));
            }
            sched.wait_done();
            assert_eq!(sum.load(Ordering::Relaxed), 40_000);
        });
    }
}

/// Fibers that select between sending to one channel and receiving from another, in a ring.
#[test]
fn selects_lose_nothing() {
    in_every_mode(|sched| {
        let world = sched.new_world();
        let ring: Vec<_> = (0..4).map(|_| Words::new(0)).collect();
        let (rounds, left) = (3_000u64, Arc::new(AtomicUsize::new(4)));
        for i in 0..4 {
            let (from, to, left) = (ring[i].clone(), ring[(i + 1) % 4].clone(), left.clone());
            let (mut sent, mut got, mut waiting, mut word) = (0, 0, false, Box::new(7));
            sched.spawn(step::fiber(&world, move |cx| {
                while sent < rounds || got < rounds {
                    let mut out = 0;
                    let mut cases = Vec::new();
                    if sent < rounds {
                        cases.push(to.case(Dir::Send, &mut word));
                    }
                    if got < rounds {
                        cases.push(from.case(Dir::Recv, &mut out));
                    }
                    // SAFETY: the channels live; the fiber parks on Block; the words are there.
                    let selected = unsafe {
                        if core::mem::take(&mut waiting) {
                            vo_sched::select::finish_select(cx, |index, _| cases[index].words)
                        } else {
                            vo_sched::select::select(cx, &cases, true)
                        }
                    };
                    match selected {
                        Selected::Block => {
                            waiting = true;
                            return Outcome::Parked;
                        }
                        Selected::Ready { index, .. } if cases[index].dir == Dir::Send => sent += 1,
                        Selected::Ready { .. } => {
                            assert_eq!(out, 7);
                            got += 1;
                        }
                        other => unreachable!("{other:?}"),
                    }
                }
                count_off(cx, &left);
                Outcome::Finished
            }));
        }
        sched.wait_done();
    });
}

/// Fibers that are woken from elsewhere: by timers and by the blocking pool.
#[test]
fn wake_ups_from_outside_arrive() {
    in_every_mode(|sched| {
        let (world, left) = (sched.new_world(), Arc::new(AtomicUsize::new(40)));
        for i in 0..40u64 {
            let (left, mut turns) = (left.clone(), 0);
            sched.spawn(step::fiber(&world, move |cx| {
                turns += 1;
                match turns % 4 {
                    _ if turns == 40 => {
                        count_off(cx, &left);
                        return Outcome::Finished;
                    }
                    0 => cx.sleep(1_000 * (i % 7)),
                    1 => cx.block_on(Box::new(|| {})),
                    _ => return Outcome::Yielded,
                }
                Outcome::Parked
            }));
        }
        sched.wait_done();
        while world.live_fibers() > 0 {
            std::thread::yield_now();
        }
    });
}

/// A fiber that runs on while another waits gets company; the two then run at the same time.
#[test]
fn long_turns_are_shared() {
    let sched = sched(2, false);
    let world = sched.new_world();
    let there = Arc::new(AtomicBool::new(false));
    let (says, mut other) = (there.clone(), None);
    other.replace(step::fiber(&world, move |_| {
        says.store(true, Ordering::Release);
        Outcome::Finished
    }));
    sched.run_until_done(step::fiber(&world, move |cx| {
        cx.spawn(other.take().expect("it runs once"));
        while !there.load(Ordering::Acquire) {
            let _ = cx.safepoint();
        }
        cx.shared().signal_done();
        Outcome::Finished
    }));
    assert!(sched.stats().opened > 0);
}

/// A world that was opened belongs to one worker again once the turns are short.
#[test]
fn short_turns_are_not_shared_for_long() {
    let sched = sched(2, false);
    let world = sched.new_world();
    for _ in 0..4 {
        let shared = sched.shared().clone();
        let mut turns = 0u64;
        sched.spawn(step::fiber(&world, move |cx| {
            turns += 1;
            // One long turn, for the world to be opened.
            let long = std::time::Instant::now();
            while turns == 1 && shared.stats().opened == 0 && long.elapsed().as_secs() < 60 {
                let _ = cx.safepoint();
            }
            if turns.is_multiple_of(1024) && shared.stats().closed > 0 {
                shared.signal_done();
                return Outcome::Finished;
            }
            Outcome::Yielded
        }));
    }
    sched.wait_done();
}

/// Native fibers stay where they began, so their world is everybody's.
#[test]
fn native_fibers_open_their_world() {
    in_every_mode(|sched| {
        let (world, left) = (sched.new_world(), Arc::new(AtomicUsize::new(8)));
        for _ in 0..8 {
            let left = left.clone();
            sched.spawn(vo_sched::native::fiber(&world, move || {
                for _ in 0..20 {
                    vo_sched::native::yield_now();
                    vo_sched::native::blocking(|| {});
                }
                vo_sched::native::with_cx(|cx| count_off(cx, &left));
            }));
        }
        sched.wait_done();
    });
}
