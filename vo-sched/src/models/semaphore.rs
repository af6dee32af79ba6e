//! Semaphores: they exclude, and a release reaches a waiter; notify lists: no ticket is forgotten.

use super::{ModelCx, explore};
use crate::semaphore::{Acquire, SemTable};
use crate::sync::{AtomicU32, Mutex, Ordering, RaceCell};
use crate::wait::WaitReason;
use loom::thread;
use std::sync::Arc;

fn acquire(cx: &mut ModelCx, table: &SemTable, count: &AtomicU32) {
    if table.acquire(cx, count, false, WaitReason::Semacquire) == Acquire::Block {
        cx.park();
    }
}

#[test]
fn loom_a_semaphore_of_one_excludes() {
    explore(|| {
        let shared = Arc::new((SemTable::new(), AtomicU32::new(1), RaceCell::new(0)));
        let enter = |shared: Arc<(SemTable, AtomicU32, RaceCell<u32>)>| {
            let mut cx = ModelCx::new();
            acquire(&mut cx, &shared.0, &shared.1);
            // SAFETY: the semaphore excludes the other; loom checks.
            unsafe { shared.2.with_mut(|inside| *inside += 1) };
            shared.0.release(&mut cx, &shared.1);
            cx
        };
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let other = shared.clone();
                thread::spawn(move || enter(other))
            })
            .collect();
        let fibers: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        // SAFETY: everybody has left.
        assert_eq!(unsafe { shared.2.with(|inside| *inside) }, 2);
        assert_eq!(shared.1.load(Ordering::Relaxed), 1);
        drop(fibers);
    });
}

#[test]
fn loom_release_against_acquire() {
    explore(|| {
        let shared = Arc::new((SemTable::new(), AtomicU32::new(0)));
        let waiters: Vec<_> = (0..2)
            .map(|_| {
                let other = shared.clone();
                thread::spawn(move || {
                    let mut cx = ModelCx::new();
                    acquire(&mut cx, &other.0, &other.1);
                    cx
                })
            })
            .collect();
        let mut cx = ModelCx::new();
        shared.0.release(&mut cx, &shared.1);
        shared.0.release(&mut cx, &shared.1);
        waiters.into_iter().for_each(|waiter| drop(waiter.join().unwrap()));
        assert_eq!(shared.1.load(Ordering::Relaxed), 0);
    });
}

/// A condition as the library builds it: the waiter draws its ticket before it gives the lock
/// back, so a signal that follows a change of the state is never missed.
#[test]
fn loom_signal_against_wait() {
    explore(|| {
        let shared = Arc::new((SemTable::new(), Mutex::new(false)));
        let other = shared.clone();
        let waiter = thread::spawn(move || {
            let mut cx = ModelCx::new();
            loop {
                let ready = other.1.lock();
                if *ready {
                    break;
                }
                let ticket = other.0.notify_add(8);
                drop(ready);
                if other.0.notify_wait(&mut cx, 8, ticket) == Acquire::Block {
                    cx.park();
                }
            }
            cx
        });
        let mut cx = ModelCx::new();
        *shared.1.lock() = true;
        shared.0.notify_one(&mut cx, 8);
        drop(waiter.join().unwrap());
    });
}
