//! Pages of code one by one.
//!
//! When a page of a file is touched that is not in the process's page table, Linux enters the pages around it as well if they are
//! in the file cache, sixteen at a time, whether anybody wants them or not. That saves page faults; but a compiler uses a few
//! functions here and a few there, and of what then counts as the process's memory it has used a third.
//!
//! Linux does not do so in mappings that a process watches for writes (`userfaultfd` with
//! `UFFDIO_REGISTER_MODE_WP`), since it would have to be told of each page. So the code is registered for that: asynchronously, which
//! means that the kernel takes notes instead of stopping the writer, and as no page is ever write-protected there is
//! nothing to note. This takes a handful of system calls and one file descriptor. (To cut the code into mappings of a few
//! pages each does the same, but takes milliseconds and hundreds of mappings.)
//!
//! A fault is worth half a microsecond, so what the process is sure to use may well come at once.
//!
//! Linux before 6.7 does not know how, and a sandbox may forbid it: then nothing happens.

use super::objects::{self, PAGE};

/// The interface's version.
const API: u64 = 0xAA;
/// The kernel itself allows a write to a protected page, and notes it.
const FEATURE_WP_ASYNC: u64 = 1 << 15;
/// Faults of the kernel do not count: this needs no privilege.
const USER_MODE_ONLY: libc::c_int = 1;
/// Numbers of requests: direction, size, letter and number.
const REQUEST_API: u64 = request(0x3F, size_of::<Api>());
const REQUEST_REGISTER: u64 = request(0x00, size_of::<Register>());
/// Writes to protected pages are watched.
const MODE_WP: u64 = 1 << 1;

#[repr(C)]
struct Api {
    api: u64,
    features: u64,
    requests: u64,
}

#[repr(C)]
struct Register {
    start: u64,
    bytes: u64,
    mode: u64,
    requests: u64,
}

/// The number of a request that is read and written, as most architectures encode it.
const fn request(number: u64, bytes: usize) -> u64 {
    3 << 30 | (bytes as u64) << 16 | API << 8 | number
}

/// Registers all code and constants. The file descriptor stays open until the process ends.
pub(super) fn one_by_one() {
    if !cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
        return;
    }
    let Some(fd) = open() else { return };
    objects::each(&mut |part| {
        let (start, end) = (part.range.start / PAGE * PAGE, part.range.end.next_multiple_of(PAGE));
        let mut register =
            Register { start: start as u64, bytes: (end - start) as u64, mode: MODE_WP, requests: 0 };
        // SAFETY: the request reads and writes what it is given. Pages that nobody writes to are as they were.
        unsafe { libc::ioctl(fd, REQUEST_REGISTER as _, &raw mut register) };
    });
}

/// A file descriptor of the interface, which only this process has, if there is such a thing.
fn open() -> Option<libc::c_int> {
    // SAFETY: makes a file descriptor.
    let fd = unsafe { libc::syscall(libc::SYS_userfaultfd, libc::O_CLOEXEC | USER_MODE_ONLY) };
    let fd = libc::c_int::try_from(fd).ok().filter(|&fd| fd >= 0)?;
    let mut api = Api { api: API, features: FEATURE_WP_ASYNC, requests: 0 };
    // SAFETY: the request reads and writes what it is given.
    if unsafe { libc::ioctl(fd, REQUEST_API as _, &raw mut api) } == 0 {
        return Some(fd);
    }
    // SAFETY: ours, and nobody else knows it.
    unsafe { libc::close(fd) };
    None
}
