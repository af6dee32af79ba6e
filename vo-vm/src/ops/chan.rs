//! Channel operations: the algorithm is `vo_sched::chan`'s, the object `vo_runtime::object::chan`'s.

use crate::machine::Machine;
use vo_runtime::heap::barrier;
use vo_runtime::object::chan::parts;
use vo_runtime::panic::{RuntimePanic, Trap};
use vo_sched::WaitReason;
use vo_sched::chan::{RecvResult, SendResult, block_forever};

/// What an operation that may wait has come to.
pub(crate) enum Waited<T> {
    Done(T),
    /// The fiber is registered; its turn ends.
    Parked,
}

/// Sends the element at `words`.
pub(crate) fn send(m: &mut Machine, ch: u64, words: &[u64]) -> Result<Waited<()>, Trap> {
    if ch == 0 {
        block_forever(m.worker(), WaitReason::ChanSendNil);
        return Ok(Waited::Parked);
    }
    // SAFETY: a channel value that is not nil is the address of a channel; verified code sends as
    // many words as its element has.
    let sent = unsafe {
        let (core, storage) = parts(ch);
        vo_sched::chan::send(core, storage, m.worker(), words.as_ptr())
    };
    match sent {
        SendResult::Done => Ok(Waited::Done(())),
        SendResult::Block => Ok(Waited::Parked),
        SendResult::Closed => Err(RuntimePanic::SendOnClosed {}.into()),
    }
}

/// Receives an element into `words`; answers whether it was sent.
pub(crate) fn recv(m: &mut Machine, ch: u64, words: &mut [u64]) -> Waited<bool> {
    if ch == 0 {
        block_forever(m.worker(), WaitReason::ChanReceiveNil);
        return Waited::Parked;
    }
    // SAFETY: as for `send`.
    let received = unsafe {
        let (core, storage) = parts(ch);
        vo_sched::chan::recv(core, storage, m.worker(), words.as_mut_ptr())
    };
    match received {
        RecvResult::Done { ok } => {
            barrier::taken(words);
            Waited::Done(ok)
        }
        RecvResult::Block => Waited::Parked,
    }
}

/// Sends if nobody has to wait for it; answers whether it did.
pub(crate) fn try_send(m: &mut Machine, ch: u64, words: &[u64]) -> Result<bool, Trap> {
    if ch == 0 {
        return Ok(false);
    }
    // SAFETY: as for `send`.
    let sent = unsafe {
        let (core, storage) = parts(ch);
        vo_sched::chan::try_send(core, storage, m.worker(), words.as_ptr())
    };
    match sent {
        Some(SendResult::Closed) => Err(RuntimePanic::SendOnClosed {}.into()),
        answer => Ok(answer.is_some()),
    }
}

/// Receives if nobody has to wait for it: `Some` of whether the element was sent.
pub(crate) fn try_recv(m: &mut Machine, ch: u64, words: &mut [u64]) -> Option<bool> {
    if ch == 0 {
        return None;
    }
    // SAFETY: as for `send`.
    unsafe {
        let (core, storage) = parts(ch);
        let received = vo_sched::chan::try_recv(core, storage, m.worker(), words.as_mut_ptr());
        barrier::taken(words);
        received
    }
}

/// Closes a channel.
pub(crate) fn close(m: &mut Machine, ch: u64) -> Result<(), Trap> {
    if ch == 0 {
        return Err(RuntimePanic::CloseNil {}.into());
    }
    // SAFETY: as for `send`.
    let closed = unsafe {
        let (core, storage) = parts(ch);
        vo_sched::chan::close(core, storage, m.worker())
    };
    closed.map_err(|_| RuntimePanic::CloseClosed {}.into())
}
