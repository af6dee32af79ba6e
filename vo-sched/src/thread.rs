//! What threads ask the operating system for: when they get a processor.
//!
//! A worker that wakes up for a moment (a message, a timer) is waited for, and whoever waits notices how late it comes. A worker that
//! runs on and on is not noticed. The system decides between the two when the first one wakes up and all processors are busy: it comes
//! at once if its slices are shorter than those of the thread that runs there (Linux 6.12 and later; others take no notice). So a
//! worker sleeps with the shortest slices that there are, and gets the usual ones from the monitor when it has run for some
//! milliseconds without sleeping. A thread that only works, such as a collector's, has the usual slices. And a worker wakes up when its
//! time has come, and not when it suits the system to save an interrupt.
//!
//! Must stay true: slices say when a thread comes, not how much it runs; who has the wrong ones for a while comes a little later.
//!
//! # Rejected
//!
//! - *A lower priority for the collector's threads*: they hold locks and work that somebody waits for sooner or later. While the
//!   processors are busy with other programs such a thread does not run for seconds, and nor do those that wait. Nor may a thread go
//!   back from there (`SCHED_IDLE`, a high nice value) without privileges.
//! - *One length of slices for all workers*: a worker of an island that computes would keep another's from coming until its slice
//!   is over, which the system notices at the next tick only, after one to four milliseconds.

use std::sync::atomic::{AtomicI32, Ordering};

/// Nanoseconds of a short slice: the least that Linux gives.
#[cfg(target_os = "linux")]
const SHORT: u64 = 100_000;
/// The system's own choice.
#[cfg(target_os = "linux")]
const USUAL: u64 = 0;

/// The system's `struct sched_attr`, in its first form.
#[cfg(target_os = "linux")]
#[repr(C)]
#[derive(Default)]
struct Attributes {
    size: u32,
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    runtime: u64,
    deadline: u64,
    period: u64,
}

/// Has a thread (0: the calling one) ask for slices of so many nanoseconds, unless somebody has given it another policy than the usual
/// one. Nothing happens where the system does not know them, or the thread has ended.
#[cfg(target_os = "linux")]
fn set_slice(thread: i32, nanos: u64) {
    let size = size_of::<Attributes>() as u32;
    let mut attributes = Attributes { size, ..Attributes::default() };
    // SAFETY: asks for a thread's attributes, into a place of the size that it says.
    let known = unsafe { libc::syscall(libc::SYS_sched_getattr, thread, &raw mut attributes, size, 0) };
    if known == 0 && attributes.policy == libc::SCHED_OTHER as u32 {
        attributes.runtime = nanos;
        // SAFETY: sets a thread's attributes from a struct that says how large it is.
        unsafe { libc::syscall(libc::SYS_sched_setattr, thread, &raw mut attributes, 0) };
    }
}

/// Other systems have nothing of the kind.
#[cfg(not(target_os = "linux"))]
fn set_slice(_thread: i32, _nanos: u64) {}

#[cfg(not(target_os = "linux"))]
const SHORT: u64 = 0;
#[cfg(not(target_os = "linux"))]
const USUAL: u64 = 0;

/// The calling thread asks for the usual slices: those of the thread that has started it may be short.
pub fn ask_for_usual_slices() {
    set_slice(0, USUAL);
}

/// Which slices a worker has: short ones, unless it has run for long without sleeping.
pub(crate) struct Slices {
    /// The worker's thread, as the system calls it; 0 before it has begun, and where there are no slices.
    thread: AtomicI32,
    /// Looks of the monitor at the worker since it has last slept; [`LONG`] and more: it has usual slices.
    looks: AtomicI32,
}

/// Looks of the monitor, a millisecond apart, that a worker runs with short slices.
const LONG: i32 = 4;

impl Slices {
    pub fn new() -> Slices {
        Slices { thread: AtomicI32::new(0), looks: AtomicI32::new(0) }
    }

    /// The calling thread is the worker's from now on.
    #[cfg(target_os = "linux")]
    pub fn start(&self) {
        // SAFETY: neither touches memory; the second is of the calling thread alone.
        unsafe {
            self.thread.store(libc::gettid(), Ordering::Relaxed);
            libc::prctl(libc::PR_SET_TIMERSLACK, 1 as libc::c_ulong);
        }
        set_slice(0, SHORT);
    }

    /// Other systems have no slices.
    #[cfg(not(target_os = "linux"))]
    pub fn start(&self) {}

    /// The worker is about to sleep.
    #[inline]
    pub fn sleeps(&self) {
        if self.looks.load(Ordering::Relaxed) != 0 && self.looks.swap(0, Ordering::Relaxed) >= LONG {
            set_slice(0, SHORT);
        }
    }

    /// The monitor finds the worker awake. (If that goes to sleep at this moment it has usual slices until it sleeps again.)
    pub fn is_awake(&self) {
        let thread = self.thread.load(Ordering::Relaxed);
        if thread != 0
            && self.looks.load(Ordering::Relaxed) < LONG
            && self.looks.fetch_add(1, Ordering::Relaxed) == LONG - 1
        {
            set_slice(thread, USUAL);
        }
    }
}
