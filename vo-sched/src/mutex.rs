//! A mutex for native fibers: who must wait leaves the worker to others.
//!
//! One word counts the owner and those who wait; the waiting themselves stand in the scheduler's
//! [`crate::semaphore`] table, in the order of their coming, and the lock is handed to the first:
//! nobody starves.
//!
//! ```
//! # use std::sync::Arc;
//! use vo_sched::mutex::Mutex;
//! use vo_sched::waitgroup::WaitGroup;
//! use vo_sched::{Config, NoHost, Scheduler, native};
//!
//! # Scheduler::new(Config::default(), Arc::new(NoHost)).run(|| {
//! let (sum, group) = (Arc::new(Mutex::new(0)), Arc::new(WaitGroup::new()));
//! for i in 0..10 {
//!     let (sum, group) = (sum.clone(), group.clone());
//!     group.add(1);
//!     native::spawn(move || {
//!         *sum.lock() += i;
//!         group.done();
//!     });
//! }
//! group.wait();
//! assert_eq!(*sum.lock(), 45);
//! # });
//! ```

use crate::fiber::Outcome;
use crate::native::{is_native, suspend, with_cx};
use crate::semaphore::Acquire;
use crate::sync::{AtomicU32, Ordering};
use crate::wait::WaitReason;
use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};

/// Takes a unit of the semaphore `count`, for a native fiber.
pub(crate) fn acquire(count: &AtomicU32, reason: WaitReason) {
    let acquired = with_cx(|cx| {
        let shared = cx.shared().clone();
        shared.semaphores().acquire(cx, count, false, reason)
    });
    if acquired == Acquire::Block {
        suspend(Outcome::Parked);
    }
}

/// Gives a unit of the semaphore `count` back, for a native fiber. A fiber that is unwound at
/// shutdown runs nowhere, and nobody that it could release will run again.
pub(crate) fn release(count: &AtomicU32) {
    if !is_native() {
        return;
    }
    with_cx(|cx| {
        let shared = cx.shared().clone();
        shared.semaphores().release(cx, count);
    });
}

/// A value that one fiber at a time may use.
pub struct Mutex<T> {
    /// The owner, if there is one, and those who want to be.
    users: AtomicU32,
    handed: AtomicU32,
    value: UnsafeCell<T>,
}

// SAFETY: the lock hands the value from fiber to fiber.
unsafe impl<T: Send> Send for Mutex<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Mutex<T> {}

impl<T> Mutex<T> {
    /// A free mutex.
    pub const fn new(value: T) -> Mutex<T> {
        Mutex { users: AtomicU32::new(0), handed: AtomicU32::new(0), value: UnsafeCell::new(value) }
    }

    /// Waits for the value. In a native fiber.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        // Acquire pairs with the Release in `drop`, here or by way of the semaphore.
        if self.users.fetch_add(1, Ordering::Acquire) > 0 {
            acquire(&self.handed, WaitReason::MutexLock);
        }
        MutexGuard(self)
    }

    /// Takes the value if it is free.
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        let free = self.users.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed);
        free.is_ok().then(|| MutexGuard(self))
    }

    /// The value itself, when nobody else can have the mutex.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

/// The value of a locked [`Mutex`]; dropping it, in a native fiber if somebody waits, unlocks.
pub struct MutexGuard<'a, T>(&'a Mutex<T>);

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the guard's owner has the lock.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard's owner has the lock.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        // Release pairs with the Acquire in `lock`. Whoever else is counted waits for the
        // semaphore, or is about to: one unit is the lock itself.
        if self.0.users.fetch_sub(1, Ordering::Release) > 1 {
            release(&self.0.handed);
        }
    }
}
