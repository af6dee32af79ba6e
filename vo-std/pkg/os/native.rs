//! Natives of package os: other processes, by libc.
//!
//! A process is started by `posix_spawn`, which does not copy the memory of this one, and is waited for through a
//! descriptor that becomes readable when it ends, so that no thread waits with the goroutine.
//!
//! What must stay true: a child has the descriptors that it was given and no others (all of ours are close-on-exec),
//! no blocked signals, and signals that this process ignores for its own reasons as they are by default.

use crate::abi::{Slice, Str, str_bytes};
use crate::natives;
use crate::sys::{Sys, errno_of, pair, retry};
use std::ffi::{CStr, CString};
use std::mem::{MaybeUninit, zeroed};
use std::ptr::null_mut;
use vo_bytecode::Status;
use vo_sched::waiter::Dir;

/// Strings that were joined with zero bytes, which no argument can have.
fn strings(s: Str) -> Sys<Vec<CString>> {
    let bytes = str_bytes(s);
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    // Each ends with a zero byte.
    let all = bytes.split_inclusive(|&b| b == 0).map(CStr::from_bytes_with_nul);
    all.map(|s| s.map(CStr::to_owned).map_err(|_| libc::EINVAL)).collect()
}

/// The form in which the system takes a list of strings.
fn pointers(strings: &[CString]) -> Vec<*mut libc::c_char> {
    strings.iter().map(|s| s.as_ptr().cast_mut()).chain([null_mut()]).collect()
}

/// The numbers of an `[]int`.
fn numbers<'a>(s: Slice) -> &'a [i64] {
    if s.len == 0 {
        return &[];
    }
    // SAFETY: the caller's slice, alive and in place through the call.
    unsafe { std::slice::from_raw_parts(s.ptr as *const i64, s.len as usize) }
}

/// An answer of a function that returns errnos.
fn check(errno: i32) -> Sys<()> {
    if errno == 0 { Ok(()) } else { Err(errno) }
}

/// What is done to the child's descriptors.
struct Actions(libc::posix_spawn_file_actions_t);

impl Actions {
    fn new() -> Sys<Actions> {
        let mut actions = MaybeUninit::uninit();
        // SAFETY: the call makes a value of it.
        check(unsafe { libc::posix_spawn_file_actions_init(actions.as_mut_ptr()) })?;
        // SAFETY: it has succeeded.
        Ok(Actions(unsafe { actions.assume_init() }))
    }
}

impl Drop for Actions {
    fn drop(&mut self) {
        // SAFETY: made by `new`, and destroyed once.
        unsafe { libc::posix_spawn_file_actions_destroy(&mut self.0) };
    }
}

/// Attributes of the child: its signals, and its process group.
struct Attributes(libc::posix_spawnattr_t);

impl Attributes {
    fn new(own_group: bool) -> Sys<Attributes> {
        let mut attributes = MaybeUninit::uninit();
        // SAFETY: the call makes a value of it.
        check(unsafe { libc::posix_spawnattr_init(attributes.as_mut_ptr()) })?;
        // SAFETY: it has succeeded.
        let mut attributes = Attributes(unsafe { attributes.assume_init() });
        let mut flags = libc::POSIX_SPAWN_SETSIGMASK | libc::POSIX_SPAWN_SETSIGDEF;
        // SAFETY: all zeros is a value of this plain struct; the calls get valid pointers.
        unsafe {
            let mut set: libc::sigset_t = zeroed();
            libc::sigemptyset(&mut set);
            check(libc::posix_spawnattr_setsigmask(&mut attributes.0, &set))?;
            libc::sigaddset(&mut set, libc::SIGPIPE);
            check(libc::posix_spawnattr_setsigdefault(&mut attributes.0, &set))?;
            if own_group {
                flags |= libc::POSIX_SPAWN_SETPGROUP;
                check(libc::posix_spawnattr_setpgroup(&mut attributes.0, 0))?;
            }
            check(libc::posix_spawnattr_setflags(&mut attributes.0, flags as _))?;
        }
        Ok(attributes)
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: made by `new`, and destroyed once.
        unsafe { libc::posix_spawnattr_destroy(&mut self.0) };
    }
}

/// A duplicate of a descriptor that is above all that the child gets, so that no move overwrites another's source.
struct Above(i32);

impl Above {
    fn of(fd: i64, count: usize) -> Sys<Above> {
        // SAFETY: plain numbers.
        let above = retry(|| unsafe { libc::fcntl(fd as i32, libc::F_DUPFD_CLOEXEC, count as i32) as i64 })?;
        Ok(Above(above as i32))
    }
}

impl Drop for Above {
    fn drop(&mut self) {
        // SAFETY: made by `of`, and closed once.
        unsafe { libc::close(self.0) };
    }
}

/// Starts a process; its number. Of `fds`, the n-th becomes the child's descriptor n; a negative one is closed.
fn spawn(path: Str, args: Str, env: Str, dir: Str, fds: &[i64], own_group: bool) -> Sys {
    let path = CString::new(str_bytes(path)).map_err(|_| libc::EINVAL)?;
    let dir = CString::new(str_bytes(dir)).map_err(|_| libc::EINVAL)?;
    let (args, env) = (strings(args)?, strings(env)?);
    let mut actions = Actions::new()?;
    let mut above = Vec::new();
    for (target, &fd) in fds.iter().enumerate() {
        let target = target as i32;
        if fd < 0 {
            // SAFETY: the actions are initialised.
            check(unsafe { libc::posix_spawn_file_actions_addclose(&mut actions.0, target) })?;
            continue;
        }
        let source = Above::of(fd, fds.len())?;
        // SAFETY: the actions are initialised.
        check(unsafe { libc::posix_spawn_file_actions_adddup2(&mut actions.0, source.0, target) })?;
        above.push(source);
    }
    if !dir.is_empty() {
        // SAFETY: the actions are initialised, and copy the string.
        check(unsafe { libc::posix_spawn_file_actions_addchdir_np(&mut actions.0, dir.as_ptr()) })?;
    }
    let attributes = Attributes::new(own_group)?;
    let (argv, envp) = (pointers(&args), pointers(&env));
    let mut pid: libc::pid_t = 0;
    // SAFETY: all that is pointed to lives through the call, and both lists end with a null pointer.
    check(unsafe {
        libc::posix_spawn(&mut pid, path.as_ptr(), &actions.0, &attributes.0, argv.as_ptr(), envp.as_ptr())
    })?;
    Ok(i64::from(pid))
}

// The widths of the system's types differ between platforms.
#[allow(clippy::unnecessary_cast)]
fn micros(t: libc::timeval) -> i64 {
    t.tv_sec as i64 * 1_000_000 + t.tv_usec as i64
}

/// Whether a child has ended: its number or 0, its status, and the time that it took, in user and system mode, in
/// microseconds. It is gone then.
fn collect(pid: i64) -> (i64, i64, i64, i64) {
    let mut status: libc::c_int = 0;
    // SAFETY: all zeros is a value of this plain struct.
    let mut usage: libc::rusage = unsafe { zeroed() };
    // SAFETY: status and usage live through the call.
    match retry(|| unsafe { libc::wait4(pid as i32, &mut status, libc::WNOHANG, &mut usage) as i64 }) {
        Ok(found) => (found, i64::from(status), micros(usage.ru_utime), micros(usage.ru_stime)),
        Err(errno) => (-i64::from(errno), 0, 0, 0),
    }
}

natives! {
    "os.sysSpawn" => fn sys_spawn(cx, path: Str, args: Str, env: Str, dir: Str, fds: Slice, own_group: bool) -> (i64, i64) {
        pair(spawn(path, args, env, dir, numbers(fds), own_group))
    }
    "os.sysCollect" => fn sys_collect(cx, pid: i64) -> (i64, i64, i64, i64) { collect(pid) }
    // SAFETY: plain numbers.
    "os.sysProcessDescriptor" => fn descriptor(cx, pid: i64) -> (i64, i64) { pair(retry(|| unsafe { libc::syscall(libc::SYS_pidfd_open, pid as libc::pid_t, 0) as i64 })) }
    "os.pollOpen" => fn poll_open(cx, fd: i64) -> (u64, i64) {
        match cx.open_socket(fd as i32) {
            Ok(number) => (number, 0),
            Err(error) => (0, i64::from(errno_of(&error))),
        }
    }
    "os.pollWait" => fn poll_wait(cx, number: u64) -> Status { cx.wait_for_socket(number, Dir::Recv) }
    "os.pollClose" => fn poll_close(cx, number: u64) { cx.close_socket(number) }
}
