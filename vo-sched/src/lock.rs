//! The lock of one channel: the single home of "how much synchronisation does this island need".
//!
//! A channel's critical section is some tens of nanoseconds and never blocks, so the lock is one
//! word: taken with one compare-and-swap, released with one plain store. A waiter spins a little,
//! then gives its processor away, then sleeps in growing steps, because the holder may have been
//! descheduled by the kernel.
//!
//! Everything above the lock is written once. An operation says through [`Cx::exclusive`] whether
//! its world belongs to the calling worker alone; then there is nobody to exclude, and lock and
//! unlock are a test of that flag. A world changes its mode only at the owner's safepoints
//! ([`crate::mode`]), where no channel lock is held, so the answer at `unlock` is the answer at `lock`.
//!
//! Must stay true: no fiber is woken, nothing is allocated by the host and no safepoint is
//! reached while a channel lock is held; an object that fibers of several worlds use is locked
//! through [`crate::fiber::Across`].
//!
//! # Rejected
//!
//! - *`parking_lot`'s one-byte lock*: its unlock is a second read-modify-write, a quarter of the
//!   cost of an uncontended channel operation, to learn of sleepers that hardly ever exist.
//! - *A lock-free queue*: a select over several channels, close, and FIFO hand-off need one
//!   atomic point each; see the facts about Go's and Kotlin's attempts.

use crate::fiber::Cx;
use crate::sync::{AtomicU32, Ordering};

/// The lock itself: one word, all zero bits when free.
#[repr(transparent)]
pub struct SpinWord(AtomicU32);

const FREE: u32 = 0;
const HELD: u32 = 1;

impl Default for SpinWord {
    fn default() -> Self {
        Self::new()
    }
}

impl SpinWord {
    /// A free lock.
    #[cfg(not(loom))]
    pub const fn new() -> SpinWord {
        SpinWord(AtomicU32::new(FREE))
    }

    /// A free lock.
    #[cfg(loom)]
    pub fn new() -> SpinWord {
        SpinWord(AtomicU32::new(FREE))
    }

    /// Takes the lock; answers whether it had to be waited for.
    #[inline]
    pub fn lock(&self) -> bool {
        // Acquire pairs with the Release in `unlock`: the holder sees its predecessor's writes.
        let taken = self.0.compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed);
        if taken.is_err() {
            self.lock_contended();
        }
        taken.is_err()
    }

    /// Gives the lock back.
    #[inline]
    pub fn unlock(&self) {
        // Release pairs with the Acquire in `lock`.
        self.0.store(FREE, Ordering::Release);
    }

    #[cold]
    fn lock_contended(&self) {
        let mut round = 0;
        loop {
            while self.0.load(Ordering::Relaxed) != FREE {
                relax(&mut round);
            }
            if self.0.compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                return;
            }
        }
    }
}

/// One step of waiting for a holder: spin, then yield, then sleep.
#[cfg(not(loom))]
fn relax(round: &mut u32) {
    *round = round.saturating_add(1);
    match *round {
        0..=64 => crate::sync::spin_loop(),
        65..=80 => crate::sync::yield_thread(),
        n => std::thread::sleep(std::time::Duration::from_micros(u64::from((n - 80).min(20)) * 10)),
    }
}

/// Under loom every step is a yield: the model must let the holder run.
#[cfg(loom)]
fn relax(_round: &mut u32) {
    crate::sync::spin_loop();
}

#[cfg(not(loom))]
type Word = SpinWord;

/// Loom cannot bound the turns of a spin loop among three threads, and forgets all but an atomic's
/// last seven stores, so the channel models run on a lock that blocks; the word has a model of its own.
#[cfg(loom)]
#[derive(Default)]
struct Word {
    held: crate::sync::Mutex<bool>,
    freed: crate::sync::Condvar,
}

#[cfg(loom)]
impl Word {
    fn lock(&self) -> bool {
        let mut held = self.held.lock();
        while *held {
            self.freed.wait(&mut held);
        }
        *held = true;
        false
    }

    fn unlock(&self) {
        *self.held.lock() = false;
        self.freed.notify_one();
    }
}

/// The lock of a channel, or of another part of a world; all zero bits are a free lock.
#[repr(transparent)]
pub struct ChanLock(Word);

impl Default for ChanLock {
    fn default() -> Self {
        Self::new()
    }
}

impl ChanLock {
    /// A free lock.
    #[cfg(not(loom))]
    pub const fn new() -> ChanLock {
        ChanLock(SpinWord::new())
    }

    /// A free lock.
    #[cfg(loom)]
    pub fn new() -> ChanLock {
        ChanLock(Word::default())
    }

    /// Runs `f` under the lock.
    pub(crate) fn with<R>(&self, f: impl FnOnce() -> R) -> R {
        self.0.lock();
        let result = f();
        self.0.unlock();
        result
    }

    /// Takes the lock, unless the world is the caller's alone.
    #[inline]
    pub fn lock<C: Cx + ?Sized>(&self, cx: &C) {
        if !cx.exclusive() && self.0.lock() {
            cx.contended(1);
        }
    }

    /// Gives the lock back.
    #[inline]
    pub fn unlock<C: Cx + ?Sized>(&self, cx: &C) {
        self.unlock_unless(cx.exclusive());
    }

    /// Takes the lock, unless the caller is alone in the world that it is part of.
    #[inline]
    pub fn lock_unless(&self, alone: bool) {
        if !alone {
            self.0.lock();
        }
    }

    /// Gives the lock back that [`ChanLock::lock_unless`] took.
    #[inline]
    pub fn unlock_unless(&self, alone: bool) {
        if !alone {
            self.0.unlock();
        }
    }
}
