//! Channels.
//!
//! The contract of every door is that of [`super`].

use crate::callbacks::{element, machine, type_of};
use crate::fiber::Completed;
use crate::ops::chan::{self as ops, Waited};
use vo_bytecode::Status;
use vo_runtime::context::JitContext;
use vo_runtime::object::chan;

pub(in crate::callbacks) unsafe extern "C" fn chan_new(
    ctx: *mut JitContext,
    ty: u64,
    cap: u64,
    out: *mut u64,
) -> Status {
    let m = machine(ctx);
    let (floor, ty) = (m.at_floor(), type_of(ty));
    let made = m.ensure(floor).and_then(|()| chan::new(m.cache(), ty, cap as i64));
    m.deliver(out, made.map(|word| [word]))
}

pub(in crate::callbacks) unsafe extern "C" fn chan_send(
    ctx: *mut JitContext,
    ch: u64,
    words: *mut u64,
) -> Status {
    let m = machine(ctx);
    let words = element(ch, words);
    match ops::send(m, ch, words) {
        Ok(Waited::Done(())) => m.complete(|_| Completed::default()),
        Ok(Waited::Parked) => Status::WaitIo,
        Err(trap) => m.raise(trap),
    }
}

pub(in crate::callbacks) unsafe extern "C" fn chan_recv(
    ctx: *mut JitContext,
    ch: u64,
    words: *mut u64,
    ok: *mut u64,
) -> Status {
    let m = machine(ctx);
    let words = element(ch, words);
    match ops::recv(m, ch, words) {
        Waited::Done(sent) => {
            *ok = u64::from(sent);
            m.complete(|_| Completed { words: words.to_vec(), ok: sent, case: 0 })
        }
        Waited::Parked => Status::WaitIo,
    }
}

pub(in crate::callbacks) unsafe extern "C" fn chan_try_send(
    ctx: *mut JitContext,
    ch: u64,
    words: *mut u64,
    done: *mut u64,
) -> Status {
    let m = machine(ctx);
    let sent = ops::try_send(m, ch, element(ch, words));
    m.deliver(done, sent.map(|sent| [u64::from(sent)]))
}

pub(in crate::callbacks) unsafe extern "C" fn chan_try_recv(
    ctx: *mut JitContext,
    ch: u64,
    words: *mut u64,
) -> u64 {
    let m = machine(ctx);
    match ops::try_recv(m, ch, element(ch, words)) {
        None => 0,
        Some(ok) => 1 | u64::from(ok) << 1,
    }
}

pub(in crate::callbacks) unsafe extern "C" fn chan_close(ctx: *mut JitContext, ch: u64) -> Status {
    let m = machine(ctx);
    let closed = ops::close(m, ch);
    m.status(closed)
}

pub(in crate::callbacks) unsafe extern "C" fn chan_len(_: *mut JitContext, ch: u64) -> u64 {
    chan::len(ch)
}

pub(in crate::callbacks) unsafe extern "C" fn chan_cap(_: *mut JitContext, ch: u64) -> u64 {
    chan::cap(ch)
}
