//! Natives of package syscall: the doors to the system, by libc.
//!
//! Each answers an errno, 0 for success, and retries when a signal interrupts. What
//! may wait for a device is done at once where the device is ready and on the
//! blocking pool where it is not, so that only the goroutine waits. Descriptors
//! 0, 1 and 2 are the host's first: an embedding may have redirected them.

use crate::abi::{Slice, Str, str_bytes};
use crate::sys::{Sys, code, errno, errno_of, pair, retry};
use crate::{native, natives};
use std::ffi::CString;
use vo_bytecode::Status;
use vo_vm::native::NativeCx;

/// Bytes that a pipe takes without waiting once it says that it is writable.
const PIPE_ATOMIC: u64 = 4096;

fn path(s: Str) -> Sys<CString> {
    CString::new(str_bytes(s)).map_err(|_| libc::EINVAL)
}

/// A call on a path.
fn on_path(s: Str, call: impl Fn(*const libc::c_char) -> libc::c_int) -> Sys {
    let path = path(s)?;
    retry(|| call(path.as_ptr()) as i64)
}

/// A call on two paths.
fn on_paths(a: Str, b: Str, call: impl Fn(*const libc::c_char, *const libc::c_char) -> libc::c_int) -> Sys {
    let (a, b) = (path(a)?, path(b)?);
    retry(|| call(a.as_ptr(), b.as_ptr()) as i64)
}

/// Whether a descriptor can be read or written without waiting.
fn ready(fd: i64, events: i16) -> bool {
    let mut poll = libc::pollfd { fd: fd as i32, events, revents: 0 };
    // SAFETY: one valid entry.
    unsafe { libc::poll(&mut poll, 1, 0) != 0 }
}

fn raw_read(fd: i64, ptr: u64, len: u64, offset: Option<i64>) -> Sys {
    let (fd, buf, len) = (fd as i32, ptr as *mut libc::c_void, len as usize);
    // SAFETY: the caller's slice is alive while the native, or its completion, has not ended, and does not move.
    retry(|| unsafe {
        match offset {
            None => libc::read(fd, buf, len) as i64,
            Some(at) => libc::pread(fd, buf, len, at) as i64,
        }
    })
}

fn raw_write(fd: i64, ptr: u64, len: u64, offset: Option<i64>) -> Sys {
    let (fd, buf, len) = (fd as i32, ptr as *const libc::c_void, len as usize);
    // SAFETY: as for `raw_read`.
    retry(|| unsafe {
        match offset {
            None => libc::write(fd, buf, len) as i64,
            Some(at) => libc::pwrite(fd, buf, len, at) as i64,
        }
    })
}

/// Does it here, or on the blocking pool; delivers `(n, errno)`.
fn here_or_pool(
    cx: &mut NativeCx<'_>,
    results: &mut [u64],
    here: bool,
    call: impl FnOnce() -> Sys + Send + 'static,
) -> Status {
    let deliver = |result: Sys, results: &mut [u64]| {
        let (n, errno) = pair(result);
        (results[0], results[1]) = (n as u64, errno as u64);
        Status::Ok
    };
    if here {
        return deliver(call(), results);
    }
    cx.block(call, move |_, result, results| deliver(result, results))
}

fn read(cx: &mut NativeCx<'_>, args: &[u64], results: &mut [u64]) -> Status {
    let (fd, ptr, len) = (args[0] as i64, args[1], args[2]);
    if fd <= 2 && len > 0 {
        // SAFETY: the caller's slice, which nothing else in this call touches.
        let into = unsafe { std::slice::from_raw_parts_mut(ptr as *mut u8, len as usize) };
        if let Some(answer) = cx.host().read(fd as i32, into) {
            let result = answer.map(|n| n as i64).map_err(|e| errno_of(&e));
            return here_or_pool(cx, results, true, move || result);
        }
    }
    let here = ready(fd, libc::POLLIN);
    here_or_pool(cx, results, here, move || raw_read(fd, ptr, len, None))
}

fn write(cx: &mut NativeCx<'_>, args: &[u64], results: &mut [u64]) -> Status {
    let (fd, ptr, len) = (args[0] as i64, args[1], args[2]);
    if fd <= 2 {
        let bytes = str_bytes(Str { ptr, len });
        if let Some(answer) = cx.host().write(fd as i32, bytes) {
            let result = answer.map(|n| n as i64).map_err(|e| errno_of(&e));
            return here_or_pool(cx, results, true, move || result);
        }
    }
    let here = len <= PIPE_ATOMIC && ready(fd, libc::POLLOUT);
    here_or_pool(cx, results, here, move || raw_write(fd, ptr, len, None))
}

fn pread(cx: &mut NativeCx<'_>, args: &[u64], results: &mut [u64]) -> Status {
    let (fd, ptr, len, offset) = (args[0] as i64, args[1], args[2], args[4] as i64);
    here_or_pool(cx, results, true, move || raw_read(fd, ptr, len, Some(offset)))
}

fn pwrite(cx: &mut NativeCx<'_>, args: &[u64], results: &mut [u64]) -> Status {
    let (fd, ptr, len, offset) = (args[0] as i64, args[1], args[2], args[4] as i64);
    here_or_pool(cx, results, true, move || raw_write(fd, ptr, len, Some(offset)))
}

/// The values of `sysStat` in its order.
fn stat_words(stat: &libc::stat) -> [i64; 16] {
    [
        stat.st_mode as i64,
        stat.st_size,
        stat.st_dev as i64,
        stat.st_ino as i64,
        stat.st_nlink as i64,
        stat.st_uid as i64,
        stat.st_gid as i64,
        stat.st_rdev as i64,
        stat.st_blksize as i64,
        stat.st_blocks as i64,
        stat.st_atime,
        stat.st_atime_nsec,
        stat.st_mtime,
        stat.st_mtime_nsec,
        stat.st_ctime,
        stat.st_ctime_nsec,
    ]
}

/// Runs a stat call and stores its values into a Vo `[]int64`.
fn stat_into(out: Slice, call: impl Fn(*mut libc::stat) -> libc::c_int) -> Sys {
    // SAFETY: plain numbers, for which zero is a value.
    let mut stat: libc::stat = unsafe { std::mem::zeroed() };
    retry(|| call(&mut stat) as i64)?;
    for (i, value) in stat_words(&stat).into_iter().take(out.len as usize).enumerate() {
        // SAFETY: element `i` of the caller's slice of 64-bit integers.
        unsafe { vo_runtime::value::store_word(out.ptr + 8 * i as u64, value as u64) };
    }
    Ok(0)
}

/// Reads directory entries in the system's form and rewrites them in the library's.
fn read_dir(fd: i64, buf: Slice) -> Sys {
    // A system's entry is never shorter than the library's form of it.
    let mut raw = vec![0u8; buf.len as usize];
    let mut out = Vec::with_capacity(raw.len());
    loop {
        // SAFETY: the buffer is as long as said.
        let n = retry(|| unsafe { libc::syscall(libc::SYS_getdents64, fd, raw.as_mut_ptr(), raw.len()) })?
            as usize;
        let mut at = 0;
        while at < n {
            let length = u16::from_ne_bytes([raw[at + 16], raw[at + 17]]) as usize;
            let name = &raw[at + 19..at + length];
            let name = &name[..name.iter().position(|&b| b == 0).unwrap_or(name.len())];
            if name != b"." && name != b".." {
                let inode = u64::from_ne_bytes(raw[at..at + 8].try_into().unwrap_or([0; 8]));
                out.extend_from_slice(&inode.to_le_bytes());
                out.push(raw[at + 18]);
                out.extend_from_slice(&(name.len() as u16).to_le_bytes());
                out.extend_from_slice(name);
            }
            at += length;
        }
        // A buffer that held only the two left out is not the end.
        if n == 0 || !out.is_empty() {
            break;
        }
    }
    // SAFETY: what is copied is no longer than the caller's slice.
    unsafe { std::ptr::copy_nonoverlapping(out.as_ptr(), buf.ptr as *mut u8, out.len()) };
    Ok(out.len() as i64)
}

/// A string that a system call puts into a buffer, which grows until it fits.
fn growing(mut call: impl FnMut(&mut [u8]) -> Sys<Option<usize>>) -> Sys<Vec<u8>> {
    let mut buf = vec![0; 256];
    loop {
        if let Some(len) = call(&mut buf)? {
            buf.truncate(len);
            return Ok(buf);
        }
        buf.resize(buf.len() * 2, 0);
    }
}

fn read_link(target: Str) -> Sys<Vec<u8>> {
    let path = path(target)?;
    growing(|buf| {
        // SAFETY: the buffer is as long as said.
        let n =
            retry(|| unsafe { libc::readlink(path.as_ptr(), buf.as_mut_ptr().cast(), buf.len()) as i64 })?;
        Ok(((n as usize) < buf.len()).then_some(n as usize))
    })
}

fn host_name() -> Sys<Vec<u8>> {
    growing(|buf| {
        // SAFETY: the buffer is as long as said.
        retry(|| unsafe { libc::gethostname(buf.as_mut_ptr().cast(), buf.len()) as i64 })?;
        Ok(buf.iter().position(|&b| b == 0))
    })
}

fn current_dir() -> Sys<Vec<u8>> {
    use std::os::unix::ffi::OsStringExt;
    std::env::current_dir().map(|dir| dir.into_os_string().into_vec()).map_err(|e| errno_of(&e))
}

/// A string and an errno as results.
fn string_result(cx: &mut NativeCx<'_>, result: Sys<Vec<u8>>) -> (Str, i64) {
    match result {
        Ok(bytes) => (cx.string(&bytes), 0),
        Err(errno) => (Str::default(), errno as i64),
    }
}

fn timespec(sec: i64, nsec: i64) -> libc::timespec {
    libc::timespec { tv_sec: sec, tv_nsec: nsec }
}

fn process_id(which: i64) -> i64 {
    // SAFETY: these calls have no preconditions.
    unsafe {
        match which {
            0 => libc::getpid() as i64,
            1 => libc::getppid() as i64,
            2 => libc::getuid() as i64,
            3 => libc::getgid() as i64,
            4 => libc::geteuid() as i64,
            5 => libc::getegid() as i64,
            _ => libc::sysconf(libc::_SC_PAGESIZE),
        }
    }
}

// The calls below pass paths that live through the call, plain numbers, and buffers as long as said.
natives! {
    // SAFETY: see above the table.
    "syscall.sysOpen" => fn open(cx, name: Str, flags: i64, perm: u32) -> (i64, i64) { pair(on_path(name, |p| unsafe { libc::open(p, flags as i32 | libc::O_CLOEXEC, perm) })) }
    // SAFETY: see above the table.
    "syscall.sysClose" => fn close(cx, fd: i64) -> i64 { code(match unsafe { libc::close(fd as i32) } { 0 => Ok(0), _ => Err(errno()) }) }
    // SAFETY: see above the table.
    "syscall.sysSeek" => fn seek(cx, fd: i64, offset: i64, whence: i64) -> (i64, i64) { pair(retry(|| unsafe { libc::lseek(fd as i32, offset, whence as i32) })) }
    // SAFETY: see above the table.
    "syscall.sysFsync" => fn fsync(cx, fd: i64) -> i64 { code(retry(|| unsafe { libc::fsync(fd as i32) as i64 })) }
    // SAFETY: see above the table.
    "syscall.sysFtruncate" => fn ftruncate(cx, fd: i64, size: i64) -> i64 { code(retry(|| unsafe { libc::ftruncate(fd as i32, size) as i64 })) }
    "syscall.sysStat" => fn stat(cx, name: Str, follow: bool, out: Slice) -> i64 {
        code(path(name).and_then(|path| {
            // SAFETY: see above the table.
            stat_into(out, |buf| unsafe { if follow { libc::stat(path.as_ptr(), buf) } else { libc::lstat(path.as_ptr(), buf) } })
        }))
    }
    // SAFETY: see above the table.
    "syscall.sysFstat" => fn fstat(cx, fd: i64, out: Slice) -> i64 { code(stat_into(out, |buf| unsafe { libc::fstat(fd as i32, buf) })) }
    "syscall.sysReadDir" => fn sys_read_dir(cx, fd: i64, buf: Slice) -> (i64, i64) { pair(read_dir(fd, buf)) }
    // SAFETY: see above the table.
    "syscall.sysMkdir" => fn mkdir(cx, name: Str, perm: u32) -> i64 { code(on_path(name, |p| unsafe { libc::mkdir(p, perm) })) }
    // SAFETY: see above the table.
    "syscall.sysUnlink" => fn unlink(cx, name: Str, dir: bool) -> i64 { code(on_path(name, |p| unsafe { if dir { libc::rmdir(p) } else { libc::unlink(p) } })) }
    // SAFETY: see above the table.
    "syscall.sysRename" => fn rename(cx, from: Str, to: Str) -> i64 { code(on_paths(from, to, |a, b| unsafe { libc::rename(a, b) })) }
    // SAFETY: see above the table.
    "syscall.sysLink" => fn link(cx, from: Str, to: Str) -> i64 { code(on_paths(from, to, |a, b| unsafe { libc::link(a, b) })) }
    // SAFETY: see above the table.
    "syscall.sysSymlink" => fn symlink(cx, target: Str, name: Str) -> i64 { code(on_paths(target, name, |a, b| unsafe { libc::symlink(a, b) })) }
    "syscall.sysReadlink" => fn sys_read_link(cx, name: Str) -> (Str, i64) { string_result(cx, read_link(name)) }
    // SAFETY: see above the table.
    "syscall.sysChmod" => fn chmod(cx, name: Str, mode: u32) -> i64 { code(on_path(name, |p| unsafe { libc::chmod(p, mode) })) }
    // SAFETY: see above the table.
    "syscall.sysFchmod" => fn fchmod(cx, fd: i64, mode: u32) -> i64 { code(retry(|| unsafe { libc::fchmod(fd as i32, mode) as i64 })) }
    "syscall.sysChown" => fn chown(cx, name: Str, uid: i64, gid: i64, follow: bool) -> i64 {
        // SAFETY: see above the table.
        code(on_path(name, |p| unsafe { if follow { libc::chown(p, uid as u32, gid as u32) } else { libc::lchown(p, uid as u32, gid as u32) } }))
    }
    // SAFETY: see above the table.
    "syscall.sysFchown" => fn fchown(cx, fd: i64, uid: i64, gid: i64) -> i64 { code(retry(|| unsafe { libc::fchown(fd as i32, uid as u32, gid as u32) as i64 })) }
    // SAFETY: see above the table.
    "syscall.sysTruncate" => fn truncate(cx, name: Str, size: i64) -> i64 { code(on_path(name, |p| unsafe { libc::truncate(p, size) })) }
    "syscall.sysUtimes" => fn utimes(cx, name: Str, asec: i64, ansec: i64, msec: i64, mnsec: i64) -> i64 {
        let times = [timespec(asec, ansec), timespec(msec, mnsec)];
        // SAFETY: see above the table.
        code(on_path(name, |p| unsafe { libc::utimensat(libc::AT_FDCWD, p, times.as_ptr(), 0) }))
    }
    // SAFETY: see above the table.
    "syscall.sysChdir" => fn chdir(cx, name: Str) -> i64 { code(on_path(name, |p| unsafe { libc::chdir(p) })) }
    // SAFETY: see above the table.
    "syscall.sysFchdir" => fn fchdir(cx, fd: i64) -> i64 { code(retry(|| unsafe { libc::fchdir(fd as i32) as i64 })) }
    "syscall.sysGetcwd" => fn getcwd(cx) -> (Str, i64) { string_result(cx, current_dir()) }
    "syscall.sysPipe" => fn pipe(cx) -> (i64, i64, i64) {
        let mut fds = [0; 2];
        // SAFETY: see above the table.
        match unsafe { libc::pipe2(fds.as_mut_ptr(), libc::O_CLOEXEC) } {
            0 => (fds[0] as i64, fds[1] as i64, 0),
            _ => (0, 0, errno() as i64),
        }
    }
    "syscall.sysHostname" => fn hostname(cx) -> (Str, i64) { string_result(cx, host_name()) }
    "syscall.sysID" => fn sys_id(cx, which: i64) -> i64 { process_id(which) }
    // SAFETY: see above the table.
    "syscall.sysKill" => fn kill(cx, pid: i64, sig: i64) -> i64 { code(retry(|| unsafe { libc::kill(pid as i32, sig as i32) as i64 })) }
    "syscall.sysExit" => fn exit(cx, code: i64) -> Status { cx.exit(code as i32) }
    "syscall.sysArgs" => fn args(cx) -> Slice {
        let args = cx.host().args();
        cx.string_slice(&args)
    }
    "syscall.sysEnviron" => fn environ(cx) -> Slice {
        let environ = cx.host().environ();
        cx.string_slice(&environ)
    }
}

/// The natives that may wait, whose results come from a completion.
pub const WAITING: &[(&str, vo_vm::Native)] = &[
    ("syscall.sysRead", native!(read(i64, Slice) -> (i64, i64))),
    ("syscall.sysWrite", native!(write(i64, Slice) -> (i64, i64))),
    ("syscall.sysPread", native!(pread(i64, Slice, i64) -> (i64, i64))),
    ("syscall.sysPwrite", native!(pwrite(i64, Slice, i64) -> (i64, i64))),
];
