//! How long a thread has run: what the monitor measures turns by.
//!
//! On a busy machine a worker may stand still for milliseconds without doing anything long, so wall time says
//! little about it.

use std::sync::atomic::{AtomicI64, Ordering};

/// One thread's clock, which others read.
pub(crate) struct CpuClock(AtomicI64);

/// No thread yet, or the system has no such clocks.
const NONE: i64 = i64::MIN;

impl CpuClock {
    pub fn new() -> CpuClock {
        CpuClock(AtomicI64::new(NONE))
    }

    /// The clock is the calling thread's from now on.
    #[cfg(target_os = "linux")]
    pub fn start(&self) {
        let mut clock: libc::clockid_t = 0;
        // SAFETY: the calling thread's own handle, and a place for the answer.
        if unsafe { libc::pthread_getcpuclockid(libc::pthread_self(), &mut clock) } == 0 {
            self.0.store(i64::from(clock), Ordering::Relaxed);
        }
    }

    /// Other systems have no such clocks.
    #[cfg(not(target_os = "linux"))]
    pub fn start(&self) {}

    /// Microseconds that the thread has run; `None` where nobody knows.
    #[cfg(target_os = "linux")]
    pub fn micros(&self) -> Option<u64> {
        let clock = libc::clockid_t::try_from(self.0.load(Ordering::Relaxed)).ok()?;
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: a place for the answer. The clock of a thread that has ended is an error.
        if unsafe { libc::clock_gettime(clock, &mut time) } != 0 {
            return None;
        }
        Some(time.tv_sec as u64 * 1_000_000 + time.tv_nsec as u64 / 1_000)
    }

    /// Nobody knows.
    #[cfg(not(target_os = "linux"))]
    pub fn micros(&self) -> Option<u64> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_thread_that_sleeps_does_not_run() {
        let clock = CpuClock::new();
        assert_eq!(clock.micros(), None);
        clock.start();
        let before = clock.micros().expect("Linux has such clocks");
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert!(clock.micros().expect("the thread lives") < before + 15_000);
    }
}
