//! Channels: the one algorithm, over a storage that somebody else owns.
//!
//! A [`ChanCore`] is the part that synchronises; the element slots belong to a [`ChanStorage`].
//! In a Vo program both live inside one object of the garbage-collected heap; a Rust program uses
//! [`crate::channel::Channel`]. An element is an array of 64-bit words, the raw register contents
//! of its leaves: an int is one word, a string two, a `struct{}` none.
//!
//! Must stay true:
//!
//! - one of the two wait queues is empty (a select that waits to do both is the exception, and
//!   never meets itself because it holds all its locks while it looks);
//! - elements in the buffer imply that no receiver waits; free room implies that no sender waits;
//! - waiters are served first come, first served, and a value that meets a waiter is handed to it
//!   directly;
//! - nobody is woken under a lock: the woken are collected, then made ready;
//! - a fiber that was woken has *completed* its operation: what it received, and whether the
//!   channel was closed, is in its wait node ([`finish_recv`], [`finish_send`]).
//!
//! ```text
//! ChanCore, 56 bytes, all zero when new
//!   0  lock | closed
//!   8  count        elements in the buffer
//!  16  head         slot of the oldest one
//!  24  recvq        first, last
//!  40  sendq        first, last
//! ```

use crate::fiber::Cx;
use crate::lock::ChanLock;
use crate::sync::{AtomicU32, AtomicU64, Ordering, RaceCell};
use crate::wait::WaitReason;
use crate::waiter::{Completion, Dir, WaitNode, WaitQueue, WokenList, copy_words};
use core::ptr;

/// The slots of one channel.
///
/// # Safety
/// `slot(i)` for `i < cap()` is the address of `elem_words()` words that only this channel's
/// operations access, all three answers are constant, and the slots live as long as the core.
pub unsafe trait ChanStorage: Copy {
    /// Number of elements that the buffer holds; 0 for an unbuffered channel.
    fn cap(&self) -> usize;
    /// Words of one element.
    fn elem_words(&self) -> usize;
    /// The address of slot `i`.
    fn slot(&self, i: usize) -> *mut u64;
}

/// Slots that lie one after the other: the storage that everybody uses so far.
#[derive(Clone, Copy, Debug)]
pub struct RingStorage {
    /// The first word of slot 0; may dangle when the buffer has no words.
    pub slots: *mut u64,
    /// Number of slots.
    pub cap: usize,
    /// Words of one slot.
    pub elem_words: usize,
}

// SAFETY: whoever makes a `RingStorage` for a channel points it at `cap * elem_words` words.
unsafe impl ChanStorage for RingStorage {
    #[inline]
    fn cap(&self) -> usize {
        self.cap
    }

    #[inline]
    fn elem_words(&self) -> usize {
        self.elem_words
    }

    #[inline]
    fn slot(&self, i: usize) -> *mut u64 {
        self.slots.wrapping_add(i * self.elem_words)
    }
}

/// As [`RingStorage`] where an element is one word: most are, and it then costs nothing to know how many words there are.
#[derive(Clone, Copy, Debug)]
pub struct WordStorage {
    /// Slot 0; may dangle when there is none.
    pub slots: *mut u64,
    /// Number of slots.
    pub cap: usize,
}

// SAFETY: whoever makes a `WordStorage` for a channel points it at `cap` words.
unsafe impl ChanStorage for WordStorage {
    #[inline(always)]
    fn cap(&self) -> usize {
        self.cap
    }

    #[inline(always)]
    fn elem_words(&self) -> usize {
        1
    }

    #[inline(always)]
    fn slot(&self, i: usize) -> *mut u64 {
        self.slots.wrapping_add(i)
    }
}

/// The synchronising part of a channel. Zeroed memory is an open, empty channel; dropping it does
/// nothing. Its address must not change once it has been used.
#[repr(C)]
pub struct ChanCore {
    lock: ChanLock,
    closed: AtomicU32,
    count: AtomicU64,
    head: RaceCell<u64>,
    recvq: WaitQueue,
    sendq: WaitQueue,
}

// SAFETY: what is not atomic is guarded by the lock.
unsafe impl Send for ChanCore {}
// SAFETY: as above.
unsafe impl Sync for ChanCore {}

/// Where the parts of a core lie, in bytes: for compiled code, which works on channels of a world that is its
/// worker's alone, and looks at others before it asks.
pub mod offsets {
    use super::ChanCore;
    use core::mem::offset_of;

    /// Not 0: closed. 32 bits.
    pub const CLOSED: usize = offset_of!(ChanCore, closed);
    /// Elements in the buffer.
    pub const COUNT: usize = offset_of!(ChanCore, count);
    /// Slot of the oldest one.
    pub const HEAD: usize = offset_of!(ChanCore, head);
    /// Not 0: somebody waits to receive.
    pub const RECVQ: usize = offset_of!(ChanCore, recvq);
    /// Not 0: somebody waits to send.
    pub const SENDQ: usize = offset_of!(ChanCore, sendq);
}

/// What a send did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum SendResult {
    /// The element is delivered or in the buffer.
    Done,
    /// The current fiber is registered and must leave its worker; then [`finish_send`].
    Block,
    /// The channel is closed: "send on closed channel".
    Closed,
}

/// What a receive did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum RecvResult {
    /// `out` is written. `ok` is false for the zero value of a closed channel.
    Done {
        /// Whether the element was sent by somebody.
        ok: bool,
    },
    /// The current fiber is registered and must leave its worker; then [`finish_recv`].
    Block,
}

/// The channel was closed already, or never made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlreadyClosed;

impl Default for ChanCore {
    fn default() -> Self {
        Self::new()
    }
}

/// One step of an operation that holds the lock.
pub(crate) enum Attempt {
    /// Done, and nobody has to be woken.
    Done,
    /// Done; the node's fiber is to be made ready after the unlock.
    Woke(*mut WaitNode),
    /// The channel is closed: a sender panics, a receiver has got the zero value.
    Closed,
    /// It would have to wait.
    NotReady,
}

impl ChanCore {
    /// An open, empty channel: all zero bits.
    #[cfg(not(loom))]
    pub const fn new() -> ChanCore {
        ChanCore {
            lock: ChanLock::new(),
            closed: AtomicU32::new(0),
            count: AtomicU64::new(0),
            head: RaceCell::new(0),
            recvq: WaitQueue::new(),
            sendq: WaitQueue::new(),
        }
    }

    /// An open, empty channel.
    #[cfg(loom)]
    pub fn new() -> ChanCore {
        ChanCore {
            lock: ChanLock::new(),
            closed: AtomicU32::new(0),
            count: AtomicU64::new(0),
            head: RaceCell::new(0),
            recvq: WaitQueue::new(),
            sendq: WaitQueue::new(),
        }
    }

    /// Number of elements in the buffer at some moment of the call.
    #[inline]
    pub fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed) as usize
    }

    /// Whether the buffer was empty at some moment of the call.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the channel has been closed.
    #[inline]
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire) != 0
    }

    pub(crate) fn lock<C: Cx + ?Sized>(&self, cx: &C) {
        self.lock.lock(cx);
    }

    pub(crate) fn unlock<C: Cx + ?Sized>(&self, cx: &C) {
        self.lock.unlock(cx);
    }

    #[inline(always)]
    fn lock_unless<C: Cx + ?Sized>(&self, cx: &C, alone: bool) {
        if !alone {
            self.lock.lock(cx);
        }
    }

    #[inline(always)]
    fn unlock_unless(&self, alone: bool) {
        self.lock.unlock_unless(alone);
    }

    /// Runs `f` under the lock, whatever mode a world is in: for what several worlds share.
    pub fn with_lock<R>(&self, f: impl FnOnce() -> R) -> R {
        self.lock.with(f)
    }

    pub(crate) fn queue(&self, dir: Dir) -> &WaitQueue {
        match dir {
            Dir::Recv => &self.recvq,
            Dir::Send => &self.sendq,
        }
    }

    /// A look without the lock: whether an operation would have to wait. May be wrong by the time
    /// it answers, but was right at some moment of the call, if the channel is not closed.
    #[inline]
    pub(crate) fn looks_blocked<S: ChanStorage>(&self, storage: S, dir: Dir) -> bool {
        if storage.cap() == 0 {
            let other = if dir == Dir::Send { Dir::Recv } else { Dir::Send };
            return self.queue(other).looks_empty();
        }
        let count = self.count.load(Ordering::Acquire);
        if dir == Dir::Send { count == storage.cap() as u64 } else { count == 0 }
    }

    /// The words of slot `head + offset`, modulo the capacity.
    ///
    /// # Safety
    /// The lock is held, and `offset <= cap`.
    unsafe fn slot<S: ChanStorage>(&self, storage: S, offset: u64) -> *mut u64 {
        // SAFETY: the lock guards `head`.
        let head = unsafe { self.head.with(|head| *head) };
        let (cap, i) = (storage.cap() as u64, head + offset);
        storage.slot(if i >= cap { i - cap } else { i } as usize)
    }

    /// Moves `head` to the next slot.
    ///
    /// # Safety
    /// The lock is held.
    unsafe fn advance_head<S: ChanStorage>(&self, storage: S) {
        let cap = storage.cap() as u64;
        // SAFETY: the lock guards `head`.
        unsafe { self.head.with_mut(|head| *head = if *head + 1 == cap { 0 } else { *head + 1 }) };
    }

    /// Calls `f` with the address of every buffered element, oldest first: for collectors, which
    /// have stopped the channel's world, and for owners that drop the elements with the channel.
    ///
    /// # Safety
    /// Nobody uses the channel meanwhile, and the storage is this channel's.
    pub unsafe fn for_each_buffered<S: ChanStorage>(&self, storage: S, mut f: impl FnMut(*mut u64)) {
        for offset in 0..self.count.load(Ordering::Relaxed) {
            // SAFETY: the caller has the channel to itself, and `offset` is below the count.
            f(unsafe { self.slot(storage, offset) });
        }
    }

    /// Sends if that needs no waiting.
    ///
    /// # Safety
    /// The lock is held (or the world is the caller's `alone`); `words` has the storage's `elem_words` words.
    #[inline(always)]
    pub(crate) unsafe fn attempt_send<S: ChanStorage>(
        &self,
        storage: S,
        words: *const u64,
        alone: bool,
    ) -> Attempt {
        if self.closed.load(Ordering::Relaxed) != 0 {
            return Attempt::Closed;
        }
        let len = storage.elem_words();
        // SAFETY: the lock is held; a dequeued node is ours until its fiber is woken.
        unsafe {
            let receiver = self.recvq.pop_winner(alone);
            if !receiver.is_null() {
                (*receiver).put_words(words, len);
                (*receiver).complete(Completion::Done);
                return Attempt::Woke(receiver);
            }
            let count = self.count.load(Ordering::Relaxed);
            if count == storage.cap() as u64 {
                return Attempt::NotReady;
            }
            copy_words(words, self.slot(storage, count), len);
            self.count.store(count + 1, Ordering::Release);
        }
        Attempt::Done
    }

    /// Receives if that needs no waiting. `Attempt::Closed` has zeroed `out`.
    ///
    /// # Safety
    /// The lock is held (or the world is the caller's `alone`); `out` has room for the storage's `elem_words`.
    #[inline(always)]
    pub(crate) unsafe fn attempt_recv<S: ChanStorage>(
        &self,
        storage: S,
        out: *mut u64,
        alone: bool,
    ) -> Attempt {
        let len = storage.elem_words();
        // SAFETY: the lock is held; a dequeued node is ours until its fiber is woken.
        unsafe {
            let count = self.count.load(Ordering::Relaxed);
            if count > 0 {
                return self.take_oldest(storage, out, count, alone);
            }
            let sender = self.sendq.pop_winner(alone);
            if !sender.is_null() {
                (*sender).copy_words_to(out);
                (*sender).complete(Completion::Done);
                return Attempt::Woke(sender);
            }
            if self.closed.load(Ordering::Relaxed) != 0 {
                ptr::write_bytes(out, 0, len);
                return Attempt::Closed;
            }
        }
        Attempt::NotReady
    }

    /// Takes the oldest buffered element; the longest waiting sender's goes to the end.
    ///
    /// # Safety
    /// As for `attempt_recv`, and `count`, the number of buffered elements, is not 0.
    #[inline(always)]
    unsafe fn take_oldest<S: ChanStorage>(
        &self,
        storage: S,
        out: *mut u64,
        count: u64,
        alone: bool,
    ) -> Attempt {
        let len = storage.elem_words();
        // SAFETY: the lock is held. The slot that was `head` is the one after the last element
        // once `head` has moved, which is where a waiting sender's element belongs.
        unsafe {
            let slot = self.slot(storage, 0);
            copy_words(slot, out, len);
            let sender = self.sendq.pop_winner(alone);
            self.advance_head(storage);
            if !sender.is_null() {
                (*sender).copy_words_to(slot);
                (*sender).complete(Completion::Done);
                return Attempt::Woke(sender);
            }
            // A stale pointer in a free slot would keep garbage alive.
            if len == 1 { slot.write(0) } else { ptr::write_bytes(slot, 0, len) }
        }
        self.count.store(count - 1, Ordering::Release);
        Attempt::Done
    }
}

/// Makes the fiber of a node that `attempt_*` dequeued runnable.
#[inline]
pub(crate) fn ready_node<C: Cx + ?Sized>(cx: &mut C, node: *mut WaitNode) {
    // SAFETY: the node was dequeued by us, and its fiber has not been woken yet.
    let fiber = unsafe { (*node).fiber() };
    cx.ready(fiber);
}

/// Sends the element at `words`, waiting if need be.
///
/// # Safety
/// `core` and `storage` belong together; `words` has `elem_words` words; `cx` runs a fiber, which
/// after [`SendResult::Block`] leaves its worker with [`crate::Outcome::Parked`].
#[inline]
pub unsafe fn send<C: Cx + ?Sized, S: ChanStorage>(
    core: &ChanCore,
    storage: S,
    cx: &mut C,
    words: *const u64,
) -> SendResult {
    // Twice, so that nothing about the lock is asked where it is not needed.
    // SAFETY: handed on to the caller.
    unsafe {
        match cx.exclusive() {
            true => send_in(core, storage, cx, words, true),
            false => send_in(core, storage, cx, words, false),
        }
    }
}

/// As [`send`], and part of the caller's code: for whoever knows that the world is its worker's alone.
///
/// # Safety
/// As for [`send`], and [`Cx::exclusive`] is true.
#[inline(always)]
pub unsafe fn send_alone<C: Cx + ?Sized, S: ChanStorage>(
    core: &ChanCore,
    storage: S,
    cx: &mut C,
    words: *const u64,
) -> SendResult {
    debug_assert!(cx.exclusive());
    // SAFETY: handed on to the caller.
    unsafe { send_in(core, storage, cx, words, true) }
}

/// # Safety
/// As for [`send`]; `alone` is what `cx` says.
#[inline(always)]
unsafe fn send_in<C: Cx + ?Sized, S: ChanStorage>(
    core: &ChanCore,
    storage: S,
    cx: &mut C,
    words: *const u64,
    alone: bool,
) -> SendResult {
    core.lock_unless(cx, alone);
    // SAFETY: the lock is held; `words` is the caller's promise.
    match unsafe { core.attempt_send(storage, words, alone) } {
        Attempt::Done => {
            core.unlock_unless(alone);
            SendResult::Done
        }
        Attempt::Woke(node) => {
            core.unlock_unless(alone);
            ready_node(cx, node);
            SendResult::Done
        }
        Attempt::Closed => {
            core.unlock_unless(alone);
            SendResult::Closed
        }
        Attempt::NotReady => {
            let fiber = cx.current();
            let node = &fiber.node;
            // SAFETY: the fiber runs and its inline node is in no queue; the lock is held.
            unsafe {
                node.arm(fiber, core_address(core), Dir::Send, None);
                node.put_words(words, storage.elem_words());
                fiber.begin_park_inside(WaitReason::ChanSend, alone);
                core.sendq.push(ptr::from_ref(node).cast_mut());
            }
            core.unlock_unless(alone);
            SendResult::Block
        }
    }
}

/// Receives an element into `out`, waiting if need be.
///
/// # Safety
/// As for [`send`]; `out` has room for `elem_words` words, and is written unless the answer is
/// [`RecvResult::Block`].
#[inline]
pub unsafe fn recv<C: Cx + ?Sized, S: ChanStorage>(
    core: &ChanCore,
    storage: S,
    cx: &mut C,
    out: *mut u64,
) -> RecvResult {
    // Twice, so that nothing about the lock is asked where it is not needed.
    // SAFETY: handed on to the caller.
    unsafe {
        match cx.exclusive() {
            true => recv_in(core, storage, cx, out, true),
            false => recv_in(core, storage, cx, out, false),
        }
    }
}

/// As [`recv`], and part of the caller's code: for whoever knows that the world is its worker's alone.
///
/// # Safety
/// As for [`recv`], and [`Cx::exclusive`] is true.
#[inline(always)]
pub unsafe fn recv_alone<C: Cx + ?Sized, S: ChanStorage>(
    core: &ChanCore,
    storage: S,
    cx: &mut C,
    out: *mut u64,
) -> RecvResult {
    debug_assert!(cx.exclusive());
    // SAFETY: handed on to the caller.
    unsafe { recv_in(core, storage, cx, out, true) }
}

/// # Safety
/// As for [`recv`]; `alone` is what `cx` says.
#[inline(always)]
unsafe fn recv_in<C: Cx + ?Sized, S: ChanStorage>(
    core: &ChanCore,
    storage: S,
    cx: &mut C,
    out: *mut u64,
    alone: bool,
) -> RecvResult {
    core.lock_unless(cx, alone);
    // SAFETY: the lock is held; `out` is the caller's promise.
    match unsafe { core.attempt_recv(storage, out, alone) } {
        Attempt::Done => {
            core.unlock_unless(alone);
            RecvResult::Done { ok: true }
        }
        Attempt::Woke(node) => {
            core.unlock_unless(alone);
            ready_node(cx, node);
            RecvResult::Done { ok: true }
        }
        Attempt::Closed => {
            core.unlock_unless(alone);
            RecvResult::Done { ok: false }
        }
        Attempt::NotReady => {
            let fiber = cx.current();
            let node = &fiber.node;
            // SAFETY: the fiber runs and its inline node is in no queue; the lock is held.
            unsafe {
                node.arm(fiber, core_address(core), Dir::Recv, None);
                node.reserve(storage.elem_words());
                fiber.begin_park_inside(WaitReason::ChanReceive, alone);
                core.recvq.push(ptr::from_ref(node).cast_mut());
            }
            core.unlock_unless(alone);
            RecvResult::Block
        }
    }
}

/// Sends if that is possible at once; `None` if it is not (the `default` of a select).
///
/// # Safety
/// As for [`send`], except that it never blocks and that `cx` need not run a fiber.
#[inline]
pub unsafe fn try_send<C: Cx + ?Sized, S: ChanStorage>(
    core: &ChanCore,
    storage: S,
    cx: &mut C,
    words: *const u64,
) -> Option<SendResult> {
    // Not closed, then no room: a closed channel is never open again, so at the moment of the
    // second look the channel was either open and full, which is our answer, or it was closed
    // between the looks, and the answer is that of the moment before.
    if !core.is_closed() && core.looks_blocked(storage, Dir::Send) {
        return None;
    }
    core.lock(cx);
    // SAFETY: the lock is held; `words` is the caller's promise.
    let attempt = unsafe { core.attempt_send(storage, words, cx.exclusive()) };
    core.unlock(cx);
    match attempt {
        Attempt::Done => Some(SendResult::Done),
        Attempt::Woke(node) => {
            ready_node(cx, node);
            Some(SendResult::Done)
        }
        Attempt::Closed => Some(SendResult::Closed),
        Attempt::NotReady => None,
    }
}

/// Receives if that is possible at once; `None` if it is not. `Some(ok)` has written `out`.
///
/// # Safety
/// As for [`recv`], except that it never blocks and that `cx` need not run a fiber.
#[inline]
pub unsafe fn try_recv<C: Cx + ?Sized, S: ChanStorage>(
    core: &ChanCore,
    storage: S,
    cx: &mut C,
    out: *mut u64,
) -> Option<bool> {
    // Empty, then not closed: it was open at the second look, hence at the first, where it was
    // empty. The looks must not be swapped, or a value sent before the close would be missed.
    if core.looks_blocked(storage, Dir::Recv) && !core.is_closed() {
        return None;
    }
    core.lock(cx);
    // SAFETY: the lock is held; `out` is the caller's promise.
    let attempt = unsafe { core.attempt_recv(storage, out, cx.exclusive()) };
    core.unlock(cx);
    match attempt {
        Attempt::Done => Some(true),
        Attempt::Woke(node) => {
            ready_node(cx, node);
            Some(true)
        }
        Attempt::Closed => Some(false),
        Attempt::NotReady => None,
    }
}

/// Closes the channel: every waiting receiver gets the zero value and false, every waiting sender
/// is told to panic.
///
/// # Errors
/// [`AlreadyClosed`]: "close of closed channel".
///
/// # Safety
/// `core` and `storage` belong together.
pub unsafe fn close<C: Cx + ?Sized, S: ChanStorage>(
    core: &ChanCore,
    storage: S,
    cx: &mut C,
) -> Result<(), AlreadyClosed> {
    core.lock(cx);
    if core.closed.load(Ordering::Relaxed) != 0 {
        core.unlock(cx);
        return Err(AlreadyClosed);
    }
    core.closed.store(1, Ordering::Release);
    let zeros: smallvec::SmallVec<[u64; 8]> = smallvec::smallvec![0; storage.elem_words()];
    let mut woken = WokenList::new();
    // SAFETY: the lock is held; each dequeued node is ours until its fiber is woken.
    unsafe {
        loop {
            let node = core.recvq.pop_winner(cx.exclusive());
            if node.is_null() {
                break;
            }
            (*node).put_words(zeros.as_ptr(), zeros.len());
            (*node).complete(Completion::Closed);
            woken.push(node);
        }
        loop {
            let node = core.sendq.pop_winner(cx.exclusive());
            if node.is_null() {
                break;
            }
            (*node).complete(Completion::Closed);
            woken.push(node);
        }
    }
    core.unlock(cx);
    woken.ready_all(cx);
    Ok(())
}

/// The rest of a [`send`] that had blocked; called by the fiber once it runs again. Answers
/// [`SendResult::Closed`] if the channel was closed meanwhile, else [`SendResult::Done`].
#[inline]
pub fn finish_send<C: Cx + ?Sized>(cx: &C) -> SendResult {
    let fiber = cx.current();
    // SAFETY: the current fiber was woken, so its node is its own again.
    let completion = unsafe {
        fiber.node.forget();
        fiber.node.completion()
    };
    match completion {
        Completion::Done => SendResult::Done,
        Completion::Closed => SendResult::Closed,
        Completion::Pending => panic!("internal error: a sender runs that nobody woke"),
    }
}

/// The rest of a [`recv`] that had blocked: writes the element to `out` and answers `ok`.
///
/// # Safety
/// `cx` runs the fiber whose receive blocked, and `out` has room for the channel's `elem_words`.
#[inline]
pub unsafe fn finish_recv<C: Cx + ?Sized>(cx: &C, out: *mut u64) -> bool {
    let fiber = cx.current();
    // SAFETY: the current fiber was woken, so its node is its own again; `out` is the caller's.
    unsafe {
        fiber.node.copy_words_to(out);
        fiber.node.forget();
        match fiber.node.completion() {
            Completion::Done => true,
            Completion::Closed => false,
            Completion::Pending => panic!("internal error: a receiver runs that nobody woke"),
        }
    }
}

/// Parks the current fiber for ever (nil channels, `select {}`); it must leave its worker.
pub fn block_forever<C: Cx + ?Sized>(cx: &C, reason: WaitReason) {
    let fiber = cx.current();
    fiber.open_ticket();
    // SAFETY: the fiber runs, its inline node and the nodes of its last select are in no queue.
    unsafe {
        fiber.node.arm(fiber, ptr::null(), Dir::Recv, None);
        fiber.select.with_mut(|nodes| nodes.resize(0));
    }
    fiber.begin_park(reason);
}

#[inline]
fn core_address(core: &ChanCore) -> *const () {
    ptr::from_ref(core).cast()
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn zeroed_memory_is_an_open_empty_channel() {
        assert_eq!(size_of::<ChanCore>(), 56);
        let core = ChanCore::new();
        // SAFETY: the core has no padding and no pointers to anything.
        let bytes = unsafe { core::slice::from_raw_parts(ptr::from_ref(&core).cast::<u8>(), 56) };
        assert!(bytes.iter().all(|&b| b == 0));
    }
}
