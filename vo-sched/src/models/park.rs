//! A worker's sleep: no wake-up is lost (loom reports a thread that sleeps for ever).

use super::explore;
use crate::park::Parker;
use crate::sync::{AtomicU32, Ordering};
use loom::thread;
use std::sync::Arc;

#[test]
fn loom_park_against_unpark() {
    explore(|| {
        let shared = Arc::new((Parker::new(), AtomicU32::new(0)));
        let other = shared.clone();
        let waker = thread::spawn(move || {
            other.1.store(1, Ordering::Relaxed);
            let _ = other.0.unpark();
        });
        while shared.1.load(Ordering::Relaxed) == 0 {
            shared.0.park(None);
        }
        waker.join().unwrap();
    });
}

#[test]
fn loom_two_wakers() {
    explore(|| {
        let shared = Arc::new((Parker::new(), AtomicU32::new(0)));
        let wakers: Vec<_> = (0..2)
            .map(|_| {
                let other = shared.clone();
                thread::spawn(move || {
                    other.1.fetch_add(1, Ordering::Relaxed);
                    let _ = other.0.unpark();
                })
            })
            .collect();
        while shared.1.load(Ordering::Relaxed) < 2 {
            shared.0.park(None);
        }
        wakers.into_iter().for_each(|waker| waker.join().unwrap());
    });
}
