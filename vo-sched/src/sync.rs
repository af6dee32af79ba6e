//! The one door to synchronisation: std and `parking_lot`, or loom's models of them.
//!
//! Every module of this crate that shares memory between threads takes its atomics, locks and
//! cells from here and from nowhere else. Under `--cfg loom` the very same code then runs inside
//! loom's scheduler, which explores its interleavings. Must stay true:
//!
//! - the names and signatures below are the same in both worlds;
//! - plain memory that two threads may touch lives in a [`RaceCell`], so that loom can tell an
//!   unordered pair of accesses from an ordered one.

pub use imp::*;

/// Asks for the memory at an address, which may be any, to be brought near: it will be wanted soon.
#[inline(always)]
pub fn prefetch<T>(at: *const T) {
    #[cfg(all(target_arch = "x86_64", not(loom)))]
    // SAFETY: a hint, which never faults.
    unsafe {
        core::arch::x86_64::_mm_prefetch::<{ core::arch::x86_64::_MM_HINT_T0 }>(at.cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(loom))))]
    let _ = at;
}

#[cfg(not(loom))]
mod imp {
    pub use core::sync::atomic::{
        AtomicBool, AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence,
    };
    pub use parking_lot::{Condvar, Mutex, MutexGuard};

    use core::cell::UnsafeCell;

    /// Gives the processor back for a while in a spin loop.
    #[inline]
    pub fn spin_loop() {
        core::hint::spin_loop();
    }

    /// Gives the processor to another thread.
    pub fn yield_thread() {
        std::thread::yield_now();
    }

    /// Plain memory whose exclusion some protocol guarantees.
    #[repr(transparent)]
    pub struct RaceCell<T>(UnsafeCell<T>);

    // SAFETY: access goes through the unsafe methods, whose callers guarantee the ordering.
    unsafe impl<T: Send> Sync for RaceCell<T> {}

    impl<T> RaceCell<T> {
        /// A cell that holds `value`.
        #[inline]
        pub const fn new(value: T) -> Self {
            RaceCell(UnsafeCell::new(value))
        }

        /// Reads through a shared reference.
        ///
        /// # Safety
        /// No other thread writes the cell meanwhile, and no write of this thread is in progress.
        #[inline]
        pub unsafe fn with<R>(&self, f: impl FnOnce(&T) -> R) -> R {
            // SAFETY: the caller guarantees that nobody writes.
            f(unsafe { &*self.0.get() })
        }

        /// Reads and writes through an exclusive reference.
        ///
        /// # Safety
        /// No other access, by any thread or by an enclosing call, happens meanwhile.
        #[inline]
        pub unsafe fn with_mut<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
            // SAFETY: the caller guarantees exclusive access.
            f(unsafe { &mut *self.0.get() })
        }

        /// The address of the contents, for readers with a protocol of their own.
        #[inline]
        pub fn as_ptr(&self) -> *mut T {
            self.0.get()
        }
    }
}

#[cfg(loom)]
mod imp {
    pub use loom::sync::atomic::{
        AtomicBool, AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence,
    };

    use core::ops::{Deref, DerefMut};
    use std::time::Instant;

    /// See the std version. Loom must be told that nothing new can be seen without another thread.
    pub fn spin_loop() {
        loom::thread::yield_now();
    }

    /// See the std version.
    pub fn yield_thread() {
        loom::thread::yield_now();
    }

    /// Loom's cell behind the same interface.
    pub struct RaceCell<T>(loom::cell::UnsafeCell<T>);

    // SAFETY: access goes through the unsafe methods, and loom checks their callers.
    unsafe impl<T: Send> Sync for RaceCell<T> {}
    // SAFETY: as above; loom's cell is conservative about `Send`.
    unsafe impl<T: Send> Send for RaceCell<T> {}

    impl<T> RaceCell<T> {
        /// A cell that holds `value`.
        pub fn new(value: T) -> Self {
            RaceCell(loom::cell::UnsafeCell::new(value))
        }

        /// Reads through a shared reference.
        ///
        /// # Safety
        /// As in the std version; loom panics if it is broken.
        #[track_caller]
        pub unsafe fn with<R>(&self, f: impl FnOnce(&T) -> R) -> R {
            // SAFETY: loom checks what the caller guarantees.
            self.0.with(|p| f(unsafe { &*p }))
        }

        /// Reads and writes through an exclusive reference.
        ///
        /// # Safety
        /// As in the std version; loom panics if it is broken.
        #[track_caller]
        pub unsafe fn with_mut<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
            // SAFETY: loom checks what the caller guarantees.
            self.0.with_mut(|p| f(unsafe { &mut *p }))
        }

        /// The address of the contents; accesses through it are not checked by loom.
        pub fn as_ptr(&self) -> *mut T {
            self.0.with_mut(|p| p)
        }
    }

    /// Loom's mutex with `parking_lot`'s interface (no poisoning).
    #[derive(Default)]
    pub struct Mutex<T>(loom::sync::Mutex<T>);

    /// The guard of [`Mutex`]; empty only while its owner waits on a [`Condvar`].
    pub struct MutexGuard<'a, T>(Option<loom::sync::MutexGuard<'a, T>>);

    impl<T> Mutex<T> {
        /// A free lock around `value`.
        pub fn new(value: T) -> Self {
            Mutex(loom::sync::Mutex::new(value))
        }

        /// Waits for the lock.
        pub fn lock(&self) -> MutexGuard<'_, T> {
            MutexGuard(Some(self.0.lock().expect("loom locks are not poisoned")))
        }
    }

    impl<T> Deref for MutexGuard<'_, T> {
        type Target = T;
        fn deref(&self) -> &T {
            self.0.as_ref().expect("the guard is used while it waits")
        }
    }

    impl<T> DerefMut for MutexGuard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            self.0.as_mut().expect("the guard is used while it waits")
        }
    }

    /// Loom's condition variable with `parking_lot`'s interface.
    #[derive(Default)]
    pub struct Condvar(loom::sync::Condvar);

    /// What a timed wait answers. Time does not pass under loom.
    pub struct WaitTimeoutResult;

    impl WaitTimeoutResult {
        /// Never: loom has no clock.
        pub fn timed_out(&self) -> bool {
            false
        }
    }

    impl Condvar {
        /// A condition that nobody waits for.
        pub fn new() -> Self {
            Condvar(loom::sync::Condvar::new())
        }

        /// Releases the lock, waits, and takes the lock again.
        pub fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
            let inner = guard.0.take().expect("the guard already waits");
            guard.0 = Some(self.0.wait(inner).expect("loom locks are not poisoned"));
        }

        /// Waits as if the deadline never came.
        pub fn wait_until<T>(&self, guard: &mut MutexGuard<'_, T>, _deadline: Instant) -> WaitTimeoutResult {
            self.wait(guard);
            WaitTimeoutResult
        }

        /// Wakes one waiting thread.
        pub fn notify_one(&self) -> bool {
            self.0.notify_one();
            true
        }

        /// Wakes all waiting threads.
        pub fn notify_all(&self) -> usize {
            self.0.notify_all();
            1
        }
    }
}
