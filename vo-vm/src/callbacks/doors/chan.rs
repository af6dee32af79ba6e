//! Channels.
//!
//! The contract of every door is that of [`super`].
//!
//! Most elements are one word, and most islands one worker's alone: then the operation is part of the door. Where it
//! is not done so, nothing has been done.

use crate::callbacks::{element, machine, type_of};
use crate::fiber::Completed;
use crate::machine::Machine;
use crate::ops::chan::{self as ops, Waited};
use std::sync::atomic::Ordering::Relaxed;
use vo_bytecode::Status;
use vo_runtime::context::JitContext;
use vo_runtime::heap::barrier;
use vo_runtime::object::chan;
use vo_sched::WorkerCx;
use vo_sched::chan::{ChanCore, RecvResult, SendResult, WordStorage, recv_alone, send_alone};

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

/// The worker that has its island to itself, and the parts of a channel whose elements are one word; else `None`. (Where
/// every point is taken, the context denies the first.)
#[inline(always)]
unsafe fn word_alone<'a>(
    ctx: *mut JitContext,
    ch: u64,
) -> Option<(&'a mut WorkerCx, &'a ChanCore, WordStorage)> {
    if ch == 0 || !(*(*ctx).alone).load(Relaxed) {
        return None;
    }
    let (core, storage) = chan::parts(ch);
    if storage.elem_words != 1 {
        return None;
    }
    let worker = &mut *(*(*ctx).machine.cast::<Machine>()).worker;
    Some((worker, core, WordStorage { slots: storage.slots, cap: storage.cap }))
}

pub(in crate::callbacks) unsafe extern "C" fn chan_send(
    ctx: *mut JitContext,
    ch: u64,
    words: *mut u64,
) -> Status {
    if let Some((worker, core, storage)) = word_alone(ctx, ch) {
        match send_alone(core, storage, worker, words) {
            SendResult::Done => return Status::Ok,
            SendResult::Block => return Status::WaitIo,
            SendResult::Closed => {}
        }
    }
    chan_send_any(ctx, ch, words)
}

#[inline(never)]
unsafe fn chan_send_any(ctx: *mut JitContext, ch: u64, words: *mut u64) -> Status {
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
    if let Some((worker, core, storage)) = word_alone(ctx, ch) {
        return match recv_alone(core, storage, worker, words) {
            RecvResult::Done { ok: sent } => {
                *ok = u64::from(sent);
                barrier::taken(std::slice::from_ref(&*words));
                Status::Ok
            }
            RecvResult::Block => Status::WaitIo,
        };
    }
    chan_recv_any(ctx, ch, words, ok)
}

#[inline(never)]
unsafe fn chan_recv_any(ctx: *mut JitContext, ch: u64, words: *mut u64, ok: *mut u64) -> Status {
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
