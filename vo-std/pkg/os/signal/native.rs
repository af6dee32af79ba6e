//! Natives of package os/signal: what becomes of a signal.
//!
//! The handler of a signal that is to be delivered writes its number to a pipe; a goroutine reads it there. The pipe is
//! the process's: of several programs in one process, the last that asks for signals gets them.
//!
//! What must stay true: the handler calls nothing but `write`, and leaves `errno` as it was.

use crate::natives;
use std::sync::atomic::{AtomicI32, Ordering};

/// Where the handler writes, or -1. The handler's loads pair with the store before `sigaction`.
static PIPE: AtomicI32 = AtomicI32::new(-1);

const DELIVER: i64 = 2;
const IGNORE: i64 = 1;

extern "C" fn on_signal(signal: libc::c_int) {
    let byte = signal as u8;
    // SAFETY: `write` may be called in a signal handler; the byte outlives the call; errno is this thread's.
    unsafe {
        let errno = libc::__errno_location();
        let before = *errno;
        libc::write(PIPE.load(Ordering::Acquire), (&raw const byte).cast(), 1);
        *errno = before;
    }
}

/// Says what becomes of a signal: 0 its default, 1 nothing, 2 its number is written to `pipe`. Signals that cannot be
/// caught are left as they are.
fn set(signal: i64, what: i64, pipe: i64) {
    if what == DELIVER {
        PIPE.store(pipe as i32, Ordering::Release);
    }
    // SAFETY: an action of zeros is one; the handler is a function of the right type; a pipe that
    // does not block cannot hold the handler up.
    unsafe {
        if what == DELIVER {
            let flags = libc::fcntl(pipe as i32, libc::F_GETFL);
            libc::fcntl(pipe as i32, libc::F_SETFL, flags | libc::O_NONBLOCK);
        }
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = match what {
            DELIVER => on_signal as extern "C" fn(libc::c_int) as usize,
            IGNORE => libc::SIG_IGN,
            _ => libc::SIG_DFL,
        };
        // One handler at a time: their stack has no room for several, which come at once when many signals do.
        libc::sigfillset(&mut action.sa_mask);
        action.sa_flags = libc::SA_RESTART | libc::SA_ONSTACK;
        libc::sigaction(signal as i32, &action, std::ptr::null_mut());
    }
}

natives! {
    "os/signal.setSignal" => fn set_signal(cx, signal: i64, what: i64, pipe: i64) { set(signal, what, pipe) }
}
