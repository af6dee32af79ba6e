//! Channels in the heap. The algorithm is `vo_sched::chan`'s.
//!
//! ```text
//!   0   ChanCore        lock, state, queues of waiting fibers
//!   56  capacity        elements
//!   64  words           of one element
//!   72  slots           capacity * words
//! ```
//!
//! An element lies in its slot as its leaf words, as it crosses.

use crate::machine::Machine;
use vo_runtime::heap::AllocCache;
use vo_runtime::panic::{RuntimePanic, Trap};
use vo_runtime::rtype::Ty;
use vo_runtime::value::MAX_ALLOC;
use vo_sched::WaitReason;
use vo_sched::chan::{ChanCore, RecvResult, RingStorage, SendResult, block_forever};

/// The start of a channel object.
#[repr(C)]
struct Header {
    core: ChanCore,
    cap: u64,
    words: u64,
}

/// Words of an element of a type.
pub(crate) fn elem_words(elem: Ty) -> usize {
    // A value of a memory type crosses as the address of a copy.
    elem.leaves.as_ref().map_or(1, Vec::len)
}

/// A new channel of a channel type with room for `cap` elements.
pub(crate) fn new(cache: &mut AllocCache, ty: Ty, cap: i64) -> Result<u64, Trap> {
    let elem = ty.elem_type();
    let words = elem_words(elem) as u64;
    let bytes = u64::try_from(cap).ok().and_then(|cap| cap.checked_mul(words * 8));
    let fits = |bytes: u64| bytes <= MAX_ALLOC && elem.size.checked_mul(cap as u64).is_some_and(|b| b <= MAX_ALLOC);
    let Some(bytes) = bytes.filter(|&bytes| fits(bytes)) else {
        return Err(RuntimePanic::MakeChan {}.into());
    };
    let size = size_of::<Header>() as u64 + bytes;
    let copies = elem.leaves.is_none();
    let chan = if elem.is_noscan() && !copies { cache.alloc_bytes(size)? } else { cache.alloc_words(size / 8)? };
    let header = chan as *mut Header;
    // SAFETY: a new, zeroed object of the header's size and more; zeroes are an open, empty core.
    unsafe {
        (*header).cap = cap as u64;
        (*header).words = words;
    }
    Ok(chan)
}

/// The core of a channel and its slots.
///
/// # Safety
/// `chan` is a channel value that is not nil, and the object outlives the answer.
#[inline(always)]
pub(crate) unsafe fn parts<'a>(chan: u64) -> (&'a ChanCore, RingStorage) {
    let header = chan as *const Header;
    // SAFETY: the header that `new` wrote, which does not change but for the core's own atomics.
    unsafe {
        let slots = chan as usize + size_of::<Header>();
        let (cap, elem_words) = ((*header).cap as usize, (*header).words as usize);
        (&(*header).core, RingStorage { slots: slots as *mut u64, cap, elem_words })
    }
}

/// Number of buffered elements; 0 for nil.
///
/// # Safety
/// `chan` is a channel value.
pub(crate) unsafe fn len(chan: u64) -> u64 {
    // SAFETY: not nil.
    if chan == 0 { 0 } else { unsafe { parts(chan).0.len() as u64 } }
}

/// Capacity; 0 for nil.
///
/// # Safety
/// `chan` is a channel value.
pub(crate) unsafe fn cap(chan: u64) -> u64 {
    // SAFETY: not nil.
    if chan == 0 { 0 } else { unsafe { parts(chan).1.cap as u64 } }
}

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
        RecvResult::Done { ok } => Waited::Done(ok),
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
        vo_sched::chan::try_recv(core, storage, m.worker(), words.as_mut_ptr())
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
