//! Islands and ports.
//!
//! The contract of every door is that of [`super`].

use crate::callbacks::{machine, port_element, site_parts, type_of};
use crate::fiber::Completed;
use crate::ops::chan::Waited;
use crate::ops::port as ports;
use vo_bytecode::Status;
use vo_runtime::context::JitContext;

pub(in crate::callbacks) unsafe extern "C" fn create_island(
    ctx: *mut JitContext,
    n: u64,
    out: *mut u64,
) -> Status {
    let m = machine(ctx);
    let floor = m.at_floor();
    let made = ports::island_new(m, floor, n as i64);
    m.deliver(out, made.map(|word| [word]))
}

pub(in crate::callbacks) unsafe extern "C" fn go_island(
    ctx: *mut JitContext,
    island: u64,
    closure: u64,
    site: u64,
) -> Status {
    let m = machine(ctx);
    match ports::go_island(m, island, closure, site_parts(site)) {
        Ok(()) => Status::Ok,
        Err(refused) => m.raise_refused(refused, 0),
    }
}

pub(in crate::callbacks) unsafe extern "C" fn port_new(
    ctx: *mut JitContext,
    ty: u64,
    cap: u64,
    site: u64,
    out: *mut u64,
) -> Status {
    let m = machine(ctx);
    let (floor, ty) = (m.at_floor(), type_of(ty));
    let made = ports::new(m, floor, ty, cap as i64, site_parts(site));
    m.deliver(out, made.map(|word| [word]))
}

pub(in crate::callbacks) unsafe extern "C" fn port_send(
    ctx: *mut JitContext,
    port: u64,
    words: *mut u64,
) -> Status {
    let m = machine(ctx);
    let words = port_element(port, words);
    match ports::send(m, port, words) {
        Ok(Waited::Done(())) => m.complete(|_| Completed::default()),
        Ok(Waited::Parked) => Status::WaitIo,
        Err(refused) => m.raise_refused(refused, port),
    }
}

pub(in crate::callbacks) unsafe extern "C" fn port_recv(
    ctx: *mut JitContext,
    port: u64,
    words: *mut u64,
    ok: *mut u64,
) -> Status {
    let m = machine(ctx);
    let (floor, words) = (m.at_floor(), port_element(port, words));
    match ports::recv(m, floor, port, words) {
        Ok(Waited::Done(sent)) => {
            *ok = u64::from(sent);
            m.complete(|_| Completed { words: words.to_vec(), ok: sent, case: 0 })
        }
        Ok(Waited::Parked) => Status::WaitIo,
        Err(trap) => m.raise(trap),
    }
}

pub(in crate::callbacks) unsafe extern "C" fn port_try_recv(
    ctx: *mut JitContext,
    port: u64,
    words: *mut u64,
    out: *mut u64,
) -> Status {
    let m = machine(ctx);
    let (floor, words) = (m.at_floor(), port_element(port, words));
    let got = ports::try_recv(m, floor, port, words);
    m.deliver(out, got.map(|ok| [u64::from(ok.is_some()), u64::from(ok == Some(true))]))
}

pub(in crate::callbacks) unsafe extern "C" fn port_close(ctx: *mut JitContext, port: u64) -> Status {
    let m = machine(ctx);
    let closed = ports::close_port(m, port);
    m.status(closed)
}

pub(in crate::callbacks) unsafe extern "C" fn port_len(_: *mut JitContext, port: u64) -> u64 {
    ports::len_and_cap(port).0
}

pub(in crate::callbacks) unsafe extern "C" fn port_cap(_: *mut JitContext, port: u64) -> u64 {
    ports::len_and_cap(port).1
}
