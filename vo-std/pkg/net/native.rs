//! Natives of package net: sockets, by libc, and waiting for them.
//!
//! Sockets never block: an operation that would answers EAGAIN, and the caller waits with `pollWait` and tries again.
//! An address is 4 or 16 bytes and a port. Each native answers an errno, 0 for success, last.
//!
//! What must stay true: a descriptor is closed after its `pollClose`, when no operation on it is under way.

use crate::abi::{Slice, Str, slice_bytes, str_bytes};
use crate::sys::{Sys, code, errno, errno_of, pair, retry};
use crate::{native, natives};
use std::mem::{size_of, zeroed};
use std::net::ToSocketAddrs;
use vo_bytecode::Status;
use vo_sched::waiter::Dir;
use vo_vm::native::NativeCx;

/// The system's form of an address: large enough for any, and how much of it is used.
struct Address {
    storage: libc::sockaddr_storage,
    len: libc::socklen_t,
}

impl Address {
    /// Room for an address that the system fills in.
    fn room() -> Address {
        // SAFETY: all zeros is a value of this plain struct.
        Address { storage: unsafe { zeroed() }, len: size_of::<libc::sockaddr_storage>() as libc::socklen_t }
    }

    /// The address of an IP and a port.
    fn of_ip(ip: &[u8], port: i64) -> Sys<Address> {
        let mut address = Address::room();
        let port = u16::try_from(port).map_err(|_| libc::EINVAL)?.to_be();
        if let Ok(four) = <[u8; 4]>::try_from(ip) {
            // SAFETY: the storage is large and aligned enough for every kind of address.
            let inet = unsafe { &mut *(&raw mut address.storage).cast::<libc::sockaddr_in>() };
            inet.sin_family = libc::AF_INET as libc::sa_family_t;
            inet.sin_port = port;
            inet.sin_addr.s_addr = u32::from_ne_bytes(four);
            address.len = size_of::<libc::sockaddr_in>() as libc::socklen_t;
        } else {
            let sixteen = <[u8; 16]>::try_from(ip).map_err(|_| libc::EINVAL)?;
            // SAFETY: as above.
            let inet = unsafe { &mut *(&raw mut address.storage).cast::<libc::sockaddr_in6>() };
            inet.sin6_family = libc::AF_INET6 as libc::sa_family_t;
            inet.sin6_port = port;
            inet.sin6_addr.s6_addr = sixteen;
            address.len = size_of::<libc::sockaddr_in6>() as libc::socklen_t;
        }
        Ok(address)
    }

    fn ptr(&self) -> *const libc::sockaddr {
        (&raw const self.storage).cast()
    }

    fn filled(&mut self) -> (*mut libc::sockaddr, *mut libc::socklen_t) {
        ((&raw mut self.storage).cast(), &raw mut self.len)
    }

    /// Writes the IP to `out`, of 16 bytes; answers its length and the port: zeros for what is no internet address.
    fn ip(&self, out: Slice) -> (i64, i64) {
        let four: [u8; 4];
        let (bytes, port): (&[u8], u16) = match i32::from(self.storage.ss_family) {
            libc::AF_INET => {
                // SAFETY: the family says which kind it is.
                let inet = unsafe { &*(&raw const self.storage).cast::<libc::sockaddr_in>() };
                four = inet.sin_addr.s_addr.to_ne_bytes();
                (&four, inet.sin_port)
            }
            libc::AF_INET6 => {
                // SAFETY: as above.
                let inet = unsafe { &*(&raw const self.storage).cast::<libc::sockaddr_in6>() };
                (&inet.sin6_addr.s6_addr, inet.sin6_port)
            }
            _ => (&[], 0),
        };
        assert!(out.len >= 16, "internal error: no room for an address");
        // SAFETY: the caller's slice, with room for 16 bytes.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), out.ptr as *mut u8, bytes.len()) };
        (bytes.len() as i64, i64::from(u16::from_be(port)))
    }
}

/// A call that gives an address to the system.
fn with_ip(ip: Slice, port: i64, call: impl Fn(*const libc::sockaddr, libc::socklen_t) -> i32) -> i64 {
    code(Address::of_ip(slice_bytes(ip), port).and_then(|a| retry(|| call(a.ptr(), a.len) as i64)))
}

/// A call that gets an address from the system: its number, the address's length and port, an errno.
fn from_ip(
    out: Slice,
    call: impl Fn(*mut libc::sockaddr, *mut libc::socklen_t) -> i64,
) -> (i64, i64, i64, i64) {
    let mut address = Address::room();
    let result = retry(|| {
        let (ptr, len) = address.filled();
        call(ptr, len)
    });
    match result {
        Ok(n) => {
            let (len, port) = address.ip(out);
            (n, len, port, 0)
        }
        Err(errno) => (0, 0, 0, errno as i64),
    }
}

/// The options that the package sets, in the order of its constants.
const OPTIONS: [(i32, i32); 5] = [
    (libc::SOL_SOCKET, libc::SO_REUSEADDR),
    (libc::SOL_SOCKET, libc::SO_KEEPALIVE),
    (libc::IPPROTO_TCP, libc::TCP_NODELAY),
    (libc::IPPROTO_IPV6, libc::IPV6_V6ONLY),
    (libc::SOL_SOCKET, libc::SO_BROADCAST),
];

fn set_option(fd: i64, option: i64, value: i64) -> i64 {
    let (level, name) = OPTIONS[option as usize];
    let value = value as libc::c_int;
    let len = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the value lives through the call.
    code(retry(|| unsafe { libc::setsockopt(fd as i32, level, name, (&raw const value).cast(), len) as i64 }))
}

/// `SO_LINGER`: seconds, or a negative number for none.
fn set_linger(fd: i64, seconds: i64) -> i64 {
    let value = libc::linger { l_onoff: i32::from(seconds >= 0), l_linger: seconds.max(0) as i32 };
    let len = size_of::<libc::linger>() as libc::socklen_t;
    let ptr = (&raw const value).cast();
    // SAFETY: the value lives through the call.
    code(retry(|| unsafe { libc::setsockopt(fd as i32, libc::SOL_SOCKET, libc::SO_LINGER, ptr, len) as i64 }))
}

/// What became of a connection that was begun: an errno.
fn pending_error(fd: i64) -> i64 {
    let mut value: libc::c_int = 0;
    let mut len = size_of::<libc::c_int>() as libc::socklen_t;
    let result = retry(|| {
        let ptr = (&raw mut value).cast();
        // SAFETY: value and length live through the call.
        unsafe { libc::getsockopt(fd as i32, libc::SOL_SOCKET, libc::SO_ERROR, ptr, &mut len) as i64 }
    });
    match result {
        Ok(_) => i64::from(value),
        Err(errno) => i64::from(errno),
    }
}

/// The addresses of a host, one to a line: what the system's resolver answers.
fn lookup(cx: &mut NativeCx<'_>, args: &[u64], _: &mut [u64]) -> Status {
    let name = String::from_utf8_lossy(str_bytes(Str { ptr: args[0], len: args[1] })).into_owned();
    let resolve = move || {
        let addresses = (name.as_str(), 0).to_socket_addrs().ok()?;
        let lines: Vec<String> = addresses.map(|address| address.ip().to_string()).collect();
        Some(lines.join("\n"))
    };
    cx.block(resolve, |cx, found, results| {
        let text = cx.string(found.unwrap_or_default().as_bytes());
        (results[0], results[1]) = (text.ptr, text.len);
        Status::Ok
    })
}

// The descriptors below are sockets of the package, and buffers are the callers' slices, which live through the call.
natives! {
    "net.sysSocket" => fn socket(cx, v6: bool, datagrams: bool) -> (i64, i64) {
        let family = if v6 { libc::AF_INET6 } else { libc::AF_INET };
        let kind = if datagrams { libc::SOCK_DGRAM } else { libc::SOCK_STREAM };
        // SAFETY: plain numbers.
        pair(retry(|| unsafe { libc::socket(family, kind | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC, 0) as i64 }))
    }
    // SAFETY: see above the table.
    "net.sysBind" => fn bind(cx, fd: i64, ip: Slice, port: i64) -> i64 { with_ip(ip, port, |a, len| unsafe { libc::bind(fd as i32, a, len) }) }
    // SAFETY: see above the table.
    "net.sysConnect" => fn connect(cx, fd: i64, ip: Slice, port: i64) -> i64 { with_ip(ip, port, |a, len| unsafe { libc::connect(fd as i32, a, len) }) }
    // SAFETY: see above the table.
    "net.sysListen" => fn listen(cx, fd: i64) -> i64 { code(retry(|| unsafe { libc::listen(fd as i32, libc::SOMAXCONN) as i64 })) }
    "net.sysAccept" => fn accept(cx, fd: i64, ip: Slice) -> (i64, i64, i64, i64) {
        // SAFETY: see above the table.
        from_ip(ip, |a, len| unsafe { libc::accept4(fd as i32, a, len, libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC) as i64 })
    }
    "net.sysLocal" => fn local(cx, fd: i64, ip: Slice) -> (i64, i64, i64, i64) {
        // SAFETY: see above the table.
        from_ip(ip, |a, len| unsafe { libc::getsockname(fd as i32, a, len) as i64 })
    }
    "net.sysRemote" => fn remote(cx, fd: i64, ip: Slice) -> (i64, i64, i64, i64) {
        // SAFETY: see above the table.
        from_ip(ip, |a, len| unsafe { libc::getpeername(fd as i32, a, len) as i64 })
    }
    "net.sysSetOption" => fn sys_set_option(cx, fd: i64, option: i64, value: i64) -> i64 { set_option(fd, option, value) }
    "net.sysSetLinger" => fn sys_set_linger(cx, fd: i64, seconds: i64) -> i64 { set_linger(fd, seconds) }
    "net.sysPendingError" => fn sys_pending_error(cx, fd: i64) -> i64 { pending_error(fd) }
    // SAFETY: see above the table.
    "net.sysReceive" => fn receive(cx, fd: i64, p: Slice) -> (i64, i64) { pair(retry(|| unsafe { libc::recv(fd as i32, p.ptr as *mut _, p.len as usize, 0) as i64 })) }
    "net.sysReceiveFrom" => fn receive_from(cx, fd: i64, p: Slice, ip: Slice) -> (i64, i64, i64, i64) {
        // SAFETY: see above the table.
        from_ip(ip, |a, len| unsafe { libc::recvfrom(fd as i32, p.ptr as *mut _, p.len as usize, 0, a, len) as i64 })
    }
    // SAFETY: see above the table.
    "net.sysSend" => fn send(cx, fd: i64, p: Slice) -> (i64, i64) { pair(retry(|| unsafe { libc::send(fd as i32, p.ptr as *const _, p.len as usize, libc::MSG_NOSIGNAL) as i64 })) }
    "net.sysSendTo" => fn send_to(cx, fd: i64, p: Slice, ip: Slice, port: i64) -> (i64, i64) {
        pair(Address::of_ip(slice_bytes(ip), port).and_then(|to| {
            // SAFETY: see above the table.
            retry(|| unsafe { libc::sendto(fd as i32, p.ptr as *const _, p.len as usize, libc::MSG_NOSIGNAL, to.ptr(), to.len) as i64 })
        }))
    }
    "net.sysShutdown" => fn shutdown(cx, fd: i64, writing: bool) -> i64 {
        let how = if writing { libc::SHUT_WR } else { libc::SHUT_RD };
        // SAFETY: see above the table.
        code(retry(|| unsafe { libc::shutdown(fd as i32, how) as i64 }))
    }
    "net.sysClose" => fn close(cx, fd: i64) -> i64 {
        // SAFETY: the descriptor is the caller's to close; see above the table.
        code(match unsafe { libc::close(fd as i32) } { 0 => Ok(0), _ => Err(errno()) })
    }

    "net.pollOpen" => fn poll_open(cx, fd: i64) -> (u64, i64) {
        match cx.open_socket(fd as i32) {
            Ok(socket) => (socket, 0),
            Err(error) => (0, i64::from(errno_of(&error))),
        }
    }
    "net.pollWait" => fn poll_wait(cx, socket: u64, writing: bool) -> Status {
        cx.wait_for_socket(socket, if writing { Dir::Send } else { Dir::Recv })
    }
    "net.pollInterrupt" => fn poll_interrupt(cx, socket: u64) { cx.interrupt_socket(socket) }
    "net.pollClose" => fn poll_close(cx, socket: u64) { cx.close_socket(socket) }
}

/// Natives that wait and then have results.
pub const WAITING: &[(&str, vo_vm::Native)] = &[("net.sysLookup", native!(lookup(Str) -> Str))];
