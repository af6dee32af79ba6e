//! System calls as natives answer them: a number or an errno, repeated while signals interrupt.
//!
//! What must stay true: an errno is read right after the call that failed, on the same thread.

use std::io::Error;

/// The result of a system call: a number, or an errno.
pub type Sys<T = i64> = Result<T, i32>;

/// The errno of this thread's last call.
pub fn errno() -> i32 {
    errno_of(&Error::last_os_error())
}

/// An error's errno; `EIO` for one that is not the system's.
pub fn errno_of(error: &Error) -> i32 {
    error.raw_os_error().unwrap_or(libc::EIO)
}

/// Repeats a call, which answers -1 where it fails, as long as signals interrupt it.
pub fn retry(mut call: impl FnMut() -> i64) -> Sys {
    loop {
        match call() {
            -1 if errno() == libc::EINTR => {}
            -1 => return Err(errno()),
            n => return Ok(n),
        }
    }
}

/// A number and an errno as the two results `(n, errno)`.
pub fn pair(result: Sys) -> (i64, i64) {
    match result {
        Ok(n) => (n, 0),
        Err(errno) => (0, errno as i64),
    }
}

/// An errno as the only result: 0 for success.
pub fn code(result: Sys) -> i64 {
    pair(result).1
}
