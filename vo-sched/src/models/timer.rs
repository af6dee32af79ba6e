//! Timers against their cancellation: a timer fires, or its stop says true, never both or neither.

use super::explore;
use crate::sync::{AtomicU32, Ordering};
use crate::timer::{NEVER, Popped, TimerAction, Timers};
use crate::worker::WorkerCx;
use loom::thread;
use std::ptr;
use std::sync::Arc;

unsafe fn nothing(_: &mut WorkerCx, _: *mut (), _: u64) {}

fn action() -> TimerAction {
    TimerAction::Call { call: nothing, data: ptr::null_mut(), generation: 0, world: ptr::null() }
}

fn fire_all(timers: &Timers, now: u64) -> u32 {
    let mut fired = 0;
    while let Popped::Fire(_) = timers.pop_due(0, now, ptr::null()) {
        fired += 1;
    }
    fired
}

#[test]
fn loom_stop_against_fire() {
    explore(|| {
        let timers = Arc::new(Timers::new());
        let id = timers.start(0, 1, 0, action());
        let (other, stopper) = (timers.clone(), timers.clone());
        let worker = thread::spawn(move || fire_all(&other, 1));
        let stopped = thread::spawn(move || u32::from(stopper.stop(id)));
        let late = fire_all(&timers, 1);
        assert_eq!(worker.join().unwrap() + stopped.join().unwrap() + late, 1);
        assert_eq!(timers.earliest(), NEVER);
    });
}

#[test]
fn loom_reset_against_fire() {
    explore(|| {
        let timers = Arc::new(Timers::new());
        let id = timers.start(0, 1, 0, action());
        let other = timers.clone();
        let worker = thread::spawn(move || fire_all(&other, 1));
        let moved = timers.reset(id, 5, 0);
        let early = worker.join().unwrap();
        assert_eq!(early, u32::from(!moved));
        assert_eq!(fire_all(&timers, 5), u32::from(moved));
    });
}

/// The stop of a timer that has fired does not reach the timer that took its place.
#[test]
fn loom_a_late_stop_is_harmless() {
    explore(|| {
        let timers = Arc::new(Timers::new());
        let first = timers.start(0, 1, 0, action());
        let other = timers.clone();
        let worker = thread::spawn(move || {
            let fired = fire_all(&other, 1);
            (fired, other.start(0, 9, 0, action()))
        });
        let stopped = u32::from(timers.stop(first));
        let (fired, second) = worker.join().unwrap();
        assert_eq!(fired + stopped, 1);
        assert!(timers.stop(second));
    });
}

/// Several firing workers share the due timers between them.
#[test]
fn loom_two_workers_fire() {
    explore(|| {
        let timers = Arc::new(Timers::new());
        for _ in 0..2 {
            timers.start(0, 1, 0, action());
        }
        let total = Arc::new(AtomicU32::new(0));
        let (other, sum) = (timers.clone(), total.clone());
        let worker = thread::spawn(move || sum.fetch_add(fire_all(&other, 1), Ordering::Relaxed));
        total.fetch_add(fire_all(&timers, 1), Ordering::Relaxed);
        worker.join().unwrap();
        assert_eq!(total.load(Ordering::Relaxed), 2);
    });
}
