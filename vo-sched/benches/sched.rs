//! What the scheduler's moves cost, in nanoseconds each: `cargo bench -p vo-sched`.
//!
//! Plain loops over the public interface, best of five; the figures are for comparing one commit
//! with the next on one machine. Arguments are worker counts (default: 1 2).

#![cfg(not(loom))]

#[path = "../tests/common/mod.rs"]
mod common;

use common::{Words, scheduler};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use vo_sched::chan::{RecvResult, SendResult};
use vo_sched::{Config, Outcome, Scheduler, native, step};

fn sched(workers: usize) -> Scheduler {
    scheduler(Config { workers, ..Config::default() })
}

fn report(name: &str, workers: usize, count: u64, mut run: impl FnMut(&Scheduler)) {
    let sched = sched(workers);
    let best = (0..5)
        .map(|_| {
            let begin = Instant::now();
            run(&sched);
            begin.elapsed()
        })
        .min()
        .expect("five runs");
    println!("{name:<28} {workers} workers {:>10.1} ns", best.as_nanos() as f64 / count as f64);
}

/// One fiber sends `count` words, another receives them.
fn stream(sched: &Scheduler, cap: usize, count: u64) {
    let words = Words::new(cap);
    let (to, from) = (words.clone(), words);
    let mut sent = 0;
    let sender = step::fiber(sched.root_world(), move |cx| {
        while sent < count {
            sent += 1;
            if to.send(cx, sent) == SendResult::Block {
                return Outcome::Parked;
            }
        }
        Outcome::Finished
    });
    let mut received = 0;
    let receiver = step::fiber(sched.root_world(), move |cx| {
        let mut word = 0;
        while received < count {
            received += 1;
            if from.recv(cx, &mut word) == RecvResult::Block {
                return Outcome::Parked;
            }
        }
        cx.shared().signal_done();
        Outcome::Finished
    });
    sched.spawn(sender);
    sched.run_until_done(receiver);
}

fn spawn_many(sched: &Scheduler, count: usize) {
    let left = Arc::new(AtomicUsize::new(count));
    let mut to_go = count;
    sched.run_until_done(step::fiber(sched.root_world(), move |cx| {
        for _ in 0..to_go.min(64) {
            let left = left.clone();
            // SAFETY: the running fiber's world is alive.
            let world = unsafe { &*cx.current().world() };
            cx.spawn(step::fiber(world, move |cx| {
                if left.fetch_sub(1, Ordering::Relaxed) == 1 {
                    cx.shared().signal_done();
                }
                Outcome::Finished
            }));
        }
        to_go -= to_go.min(64);
        if to_go == 0 { Outcome::Finished } else { Outcome::Yielded }
    }));
}

fn yield_many(sched: &Scheduler, fibers: usize, turns: u64) {
    let left = Arc::new(AtomicUsize::new(fibers));
    for _ in 0..fibers {
        let (left, mut turns) = (left.clone(), turns);
        sched.spawn(step::fiber(sched.root_world(), move |cx| {
            turns -= 1;
            if turns > 0 {
                return Outcome::Yielded;
            }
            if left.fetch_sub(1, Ordering::AcqRel) == 1 {
                cx.shared().signal_done();
            }
            Outcome::Finished
        }));
    }
    sched.wait_done();
}

fn native_ping_pong(sched: &Scheduler, count: u64) {
    sched.run(move || {
        let (ping, pong) =
            (vo_sched::channel::Channel::<u64>::new(0), vo_sched::channel::Channel::<u64>::new(0));
        let (their_ping, their_pong) = (ping.clone(), pong.clone());
        native::spawn(move || {
            while let Some(n) = their_ping.recv() {
                their_pong.send(n).unwrap();
            }
        });
        for n in 0..count {
            ping.send(n).unwrap();
            pong.recv().unwrap();
        }
        ping.close().unwrap();
    });
}

fn sleepers(sched: &Scheduler, count: usize) {
    let left = Arc::new(AtomicUsize::new(count));
    for i in 0..count {
        let (left, mut slept) = (left.clone(), false);
        sched.spawn(step::fiber(sched.root_world(), move |cx| {
            if !core::mem::replace(&mut slept, true) {
                cx.sleep((i * 7919 % 100) as u64 * 1_000_000);
                return Outcome::Parked;
            }
            if left.fetch_sub(1, Ordering::AcqRel) == 1 {
                cx.shared().signal_done();
            }
            Outcome::Finished
        }));
    }
    sched.wait_done();
}

/// `fibers` senders and as many receivers share one channel; `work` is done per message.
fn many_to_many(sched: &Scheduler, cap: usize, fibers: u64, count: u64, work: u32) {
    let words = Words::new(cap);
    let left = Arc::new(AtomicUsize::new(fibers as usize));
    for _ in 0..fibers {
        let (to, mut to_send) = (words.clone(), count / fibers);
        sched.spawn(step::fiber(sched.root_world(), move |cx| {
            while to_send > 0 {
                to_send -= 1;
                if to.send(cx, to_send) == SendResult::Block {
                    return Outcome::Parked;
                }
            }
            Outcome::Finished
        }));
        let (from, left, mut to_receive) = (words.clone(), left.clone(), count / fibers);
        sched.spawn(step::fiber(sched.root_world(), move |cx| {
            let mut word = 0;
            while to_receive > 0 {
                to_receive -= 1;
                for _ in 0..work {
                    std::hint::spin_loop();
                }
                if from.recv(cx, &mut word) == RecvResult::Block {
                    return Outcome::Parked;
                }
            }
            if left.fetch_sub(1, Ordering::AcqRel) == 1 {
                cx.shared().signal_done();
            }
            Outcome::Finished
        }));
    }
    sched.wait_done();
}

/// Processor time of the whole process.
fn cpu_time() -> Duration {
    let mut usage = core::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the call fills the struct, all zero bits of which are a value anyway.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
        usage.assume_init()
    };
    let of = |t: libc::timeval| Duration::new(t.tv_sec as u64, t.tv_usec as u32 * 1000);
    of(usage.ru_utime) + of(usage.ru_stime)
}

fn lateness(sched: &Scheduler) {
    let mut late: Vec<u128> = sched.run(|| {
        let one = Duration::from_micros(300);
        (0..300)
            .map(|_| {
                let begin = Instant::now();
                native::sleep(one);
                (begin.elapsed() - one).as_nanos()
            })
            .collect()
    });
    late.sort_unstable();
    println!("a sleep of 300 µs is late by: median {} µs, 95% {} µs", late[150] / 1000, late[285] / 1000);
}

fn main() {
    if std::env::args().any(|arg| arg == "share") {
        for workers in [1, 2, 4] {
            for (cap, fibers, work) in [(16, 8, 100), (16, 8, 1000), (0, 8, 100), (0, 1, 100), (128, 1, 100)]
            {
                let sched = sched(workers);
                let (begin, cpu) = (Instant::now(), cpu_time());
                many_to_many(&sched, cap, fibers, 50_000, work);
                println!(
                    "{workers} workers cap {cap} fibers {fibers} work {work}: {:?} cpu {:?}",
                    begin.elapsed(),
                    cpu_time() - cpu
                );
                println!("{}", sched.stats().to_string().replace('\n', ";"));
            }
        }
        return;
    }
    let args: Vec<usize> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    for workers in if args.is_empty() { vec![1, 2] } else { args } {
        report("unbuffered message", workers, 1_000_000, |s| stream(s, 0, 1_000_000));
        report("buffered message (128)", workers, 4_000_000, |s| stream(s, 128, 4_000_000));
        report("8 to 8, unbuffered", workers, 1_000_000, |s| many_to_many(s, 0, 8, 1_000_000, 0));
        report("8 to 8, buffered (16)", workers, 1_000_000, |s| many_to_many(s, 16, 8, 1_000_000, 0));
        report("8 to 8, some work each", workers, 100_000, |s| many_to_many(s, 16, 8, 100_000, 100));
        report("spawn, run, finish", workers, 500_000, |s| spawn_many(s, 500_000));
        report("yield, 2 fibers", workers, 2_000_000, |s| yield_many(s, 2, 1_000_000));
        report("yield, 1000 fibers", workers, 2_000_000, |s| yield_many(s, 1000, 2_000));
        report("native round trip", workers, 500_000, |s| native_ping_pong(s, 500_000));
        let before = cpu_time();
        report("sleeper (100,000, 100 ms)", workers, 100_000, |s| sleepers(s, 100_000));
        println!("  of it processor time: {:.1} ns", (cpu_time() - before).as_nanos() as f64 / 500_000.0);
        lateness(&sched(workers));
        let sched = sched(workers);
        std::thread::sleep(Duration::from_millis(100));
        let before = cpu_time();
        std::thread::sleep(Duration::from_secs(1));
        println!("idle for a second: {:?} of processor time", cpu_time() - before);
        drop(sched);
    }
}
