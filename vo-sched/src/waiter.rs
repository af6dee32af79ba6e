//! What a fiber waits with: wait nodes, and the queues that hold them.
//!
//! A node stands for one fiber's wish to send or receive (or to acquire) on one object. It sits
//! in the fiber itself, or, for a select, in an array that the fiber owns: a parked fiber
//! allocates nothing. The element travels *through the node*: a sender's node holds the words to
//! send, a receiver's node gets the received words from the sender, so that a woken fiber finds
//! its operation completed.
//!
//! | field          | guarded by                                                          |
//! |----------------|---------------------------------------------------------------------|
//! | owner          | the fiber; immutable from `arm` to the end of the wait              |
//! | links          | the lock of the object whose queue the node is or was in            |
//! | body           | the fiber while Running; that lock while the node is queued; then the waker that dequeued it, until it wakes the fiber |
//!
//! Must stay true: a node's address does not change while it is queued; a node is removed from
//! its queue before its fiber reuses it; of a select's nodes exactly one is dequeued by the
//! winner of the ticket, and the fiber itself removes the rest.

use crate::fiber::{FiberHeader, FiberRef};
use crate::sync::{AtomicPtr, Ordering, RaceCell};
use core::ptr;

/// Words of an element that a node holds without an allocation: a string is two, a slice three.
pub const INLINE_WORDS: usize = 3;

/// Copies the words of an element: mostly one, for which a call of `memcpy` takes longer than all the rest.
///
/// # Safety
/// `from` and `to` have `len` words and do not overlap.
#[inline(always)]
pub(crate) unsafe fn copy_words(from: *const u64, to: *mut u64, len: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        match len {
            0 => {}
            1 => to.write(from.read()),
            _ => ptr::copy_nonoverlapping(from, to, len),
        }
    }
}

/// The case index of a node that belongs to no select.
const NOT_SELECT: u32 = u32::MAX;

/// What a fiber waits with on one object.
#[repr(C)]
pub struct WaitNode {
    owner: RaceCell<Owner>,
    links: RaceCell<Links>,
    body: RaceCell<Body>,
}

/// Who waits for what; written by `arm` only, so that the fiber may read it without the lock.
#[derive(Clone, Copy)]
struct Owner {
    fiber: *mut FiberHeader,
    /// The object (channel core, semaphore address); kept after the node has left the queue.
    object: *const (),
}

#[derive(Clone, Copy)]
struct Links {
    prev: *mut WaitNode,
    next: *mut WaitNode,
}

const UNLINKED: Links = Links { prev: ptr::null_mut(), next: ptr::null_mut() };

struct Body {
    case: u32,
    queued: bool,
    completion: Completion,
    dir: Dir,
    elem: ElemBuf,
}

/// What a node waits to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Dir {
    /// To receive, or to acquire.
    Recv,
    /// To send.
    Send,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Completion {
    /// It has not.
    Pending,
    /// The element was handed over (or the semaphore granted).
    Done,
    /// The channel was closed.
    Closed,
}

impl Default for WaitNode {
    fn default() -> Self {
        Self::new()
    }
}

impl WaitNode {
    /// A node that waits for nothing.
    pub fn new() -> WaitNode {
        let owner = Owner { fiber: ptr::null_mut(), object: ptr::null() };
        let body = Body {
            case: NOT_SELECT,
            queued: false,
            completion: Completion::Pending,
            dir: Dir::Recv,
            elem: ElemBuf::empty(),
        };
        WaitNode { owner: RaceCell::new(owner), links: RaceCell::new(UNLINKED), body: RaceCell::new(body) }
    }

    /// Prepares the node for a wait of `fiber` on `object`. `case` is the index in a select.
    ///
    /// # Safety
    /// The calling worker runs `fiber`, which owns the node, and the node is in no queue.
    #[inline]
    pub(crate) unsafe fn arm(&self, fiber: FiberRef, object: *const (), dir: Dir, case: Option<u32>) {
        // SAFETY: an unqueued node belongs to its running fiber.
        unsafe {
            self.owner.with_mut(|owner| *owner = Owner { fiber: fiber.as_ptr(), object });
            self.links.with_mut(|links| *links = UNLINKED);
            self.body.with_mut(|body| {
                debug_assert!(!body.queued);
                body.case = case.unwrap_or(NOT_SELECT);
                body.completion = Completion::Pending;
                body.dir = dir;
            });
        }
    }

    /// Makes room for `len` words to be received.
    ///
    /// # Safety
    /// As for [`WaitNode::arm`].
    #[inline]
    pub(crate) unsafe fn reserve(&self, len: usize) {
        // SAFETY: an unqueued node belongs to its running fiber.
        unsafe { self.body.with_mut(|body| body.elem.reserve(len)) }
    }

    /// Stores the words that the node sends, or that it has received.
    ///
    /// # Safety
    /// `words` has `len` words, and the caller is the one who may write the body (see the table).
    #[inline]
    pub(crate) unsafe fn put_words(&self, words: *const u64, len: usize) {
        // SAFETY: handed on to the caller.
        unsafe { self.body.with_mut(|body| body.elem.write(words, len)) }
    }

    /// Copies the node's words to `out`.
    ///
    /// # Safety
    /// `out` has room for the node's words, and the caller may read the body.
    #[inline]
    pub(crate) unsafe fn copy_words_to(&self, out: *mut u64) {
        // SAFETY: handed on to the caller; source and target are different allocations.
        unsafe {
            self.body.with(|body| copy_words(body.elem.as_ptr(), out, body.elem.len as usize));
        }
    }

    /// Calls `f` with the node's words.
    ///
    /// # Safety
    /// The caller may read the body.
    pub(crate) unsafe fn with_words(&self, f: impl FnOnce(&[u64])) {
        // SAFETY: the words are those that were written.
        unsafe {
            self.body.with(|body| f(core::slice::from_raw_parts(body.elem.as_ptr(), body.elem.len as usize)));
        }
    }

    /// Writes the outcome of the wait.
    ///
    /// # Safety
    /// The caller has dequeued the node and not yet woken the fiber.
    #[inline]
    pub(crate) unsafe fn complete(&self, completion: Completion) {
        // SAFETY: the dequeuer owns the body until it wakes the fiber.
        unsafe { self.body.with_mut(|body| body.completion = completion) }
    }

    /// How the wait ended.
    ///
    /// # Safety
    /// The caller runs the node's fiber, which has been woken.
    #[inline]
    pub(crate) unsafe fn completion(&self) -> Completion {
        // SAFETY: a woken fiber owns the body of its winning node again.
        unsafe { self.body.with(|body| body.completion) }
    }

    /// Forgets what the node was about, so that it keeps nothing alive.
    ///
    /// # Safety
    /// The caller runs the node's fiber, and the node is in no queue.
    #[inline]
    pub(crate) unsafe fn forget(&self) {
        // SAFETY: an unqueued node belongs to its running fiber.
        unsafe {
            self.owner.with_mut(|owner| owner.object = ptr::null());
            self.body.with_mut(|body| body.elem.len = 0);
        }
    }

    /// Whether the node is in a queue.
    ///
    /// # Safety
    /// The caller holds the object's lock.
    pub(crate) unsafe fn is_queued(&self) -> bool {
        // SAFETY: handed on to the caller.
        unsafe { self.body.with(|body| body.queued) }
    }

    /// Number of words that the node holds.
    ///
    /// # Safety
    /// The caller may read the body.
    pub(crate) unsafe fn words(&self) -> usize {
        // SAFETY: handed on to the caller.
        unsafe { self.body.with(|body| body.elem.len as usize) }
    }

    /// Whether the node waits to send or to receive.
    ///
    /// # Safety
    /// The caller may read the body.
    pub(crate) unsafe fn dir(&self) -> Dir {
        // SAFETY: handed on to the caller.
        unsafe { self.body.with(|body| body.dir) }
    }

    /// The object that the node waits (or waited) for.
    ///
    /// # Safety
    /// The caller runs the node's fiber, or holds the object's lock.
    pub(crate) unsafe fn object(&self) -> *const () {
        // SAFETY: handed on to the caller; the field only changes in `arm`.
        unsafe { self.owner.with(|owner| owner.object) }
    }

    /// The fiber that waits.
    ///
    /// # Safety
    /// The node has been armed, and the caller has dequeued it or holds its queue's lock.
    #[inline]
    pub(crate) unsafe fn fiber(&self) -> FiberRef {
        // SAFETY: an armed node names a live fiber.
        unsafe { FiberRef::from_raw(self.owner.with(|owner| owner.fiber)) }
    }

    /// The words that the node keeps alive; see [`FiberHeader::for_each_wait_word`].
    pub(crate) fn for_each_word(&self, f: &mut impl FnMut(u64)) {
        // SAFETY: called with the world stopped, or by the worker that runs the node's fiber: nobody else writes these fields.
        unsafe {
            f(self.owner.with(|owner| owner.object as u64));
            let elem = &(*self.body.as_ptr()).elem;
            for i in 0..elem.len as usize {
                f(*elem.as_ptr().add(i));
            }
        }
    }
}

/// The words of one element: in place up to [`INLINE_WORDS`], else in a box whose address and
/// capacity take the place of the words.
struct ElemBuf {
    len: u32,
    /// Words in the box, or 0 when the words are in place.
    cap: u32,
    words: [u64; INLINE_WORDS],
}

impl ElemBuf {
    const fn empty() -> ElemBuf {
        ElemBuf { len: 0, cap: 0, words: [0; INLINE_WORDS] }
    }

    #[inline]
    fn reserve(&mut self, len: usize) {
        self.len = 0;
        if len > INLINE_WORDS && len > self.cap as usize {
            self.grow(len);
        }
    }

    #[cold]
    fn grow(&mut self, len: usize) {
        self.free();
        let boxed: Box<[u64]> = vec![0u64; len].into_boxed_slice();
        self.cap = len as u32;
        self.words[0] = Box::into_raw(boxed) as *mut u64 as u64;
    }

    #[inline]
    fn as_ptr(&self) -> *const u64 {
        if self.cap == 0 { self.words.as_ptr() } else { self.words[0] as *const u64 }
    }

    /// # Safety
    /// `words` has `len` words.
    #[inline]
    unsafe fn write(&mut self, words: *const u64, len: usize) {
        self.reserve(len);
        // SAFETY: `reserve` made room for `len` words; the source is the caller's.
        unsafe { copy_words(words, self.as_ptr().cast_mut(), len) };
        self.len = len as u32;
    }

    fn free(&mut self) {
        if self.cap != 0 {
            let slice = ptr::slice_from_raw_parts_mut(self.words[0] as *mut u64, self.cap as usize);
            // SAFETY: the box was made in `reserve` with exactly this length, and is freed once.
            drop(unsafe { Box::from_raw(slice) });
            self.cap = 0;
        }
    }
}

impl Drop for ElemBuf {
    fn drop(&mut self) {
        self.free();
    }
}

/// The nodes of a fiber's select: kept for the next one, freed with the fiber.
pub(crate) struct SelectNodes {
    nodes: *mut WaitNode,
    len: u32,
    cap: u32,
}

impl SelectNodes {
    pub(crate) const fn empty() -> SelectNodes {
        SelectNodes { nodes: ptr::null_mut(), len: 0, cap: 0 }
    }

    /// Sets the number of nodes. The old nodes must be in no queue.
    pub(crate) fn resize(&mut self, len: usize) {
        if len > self.cap as usize {
            self.free();
            let nodes: Box<[WaitNode]> = (0..len).map(|_| WaitNode::new()).collect();
            self.nodes = Box::into_raw(nodes) as *mut WaitNode;
            self.cap = len as u32;
        }
        self.len = len as u32;
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &WaitNode> {
        // SAFETY: the first `len` nodes of the box are initialised and live as long as `self`.
        (0..self.len as usize).map(|i| unsafe { &*self.nodes.add(i) })
    }

    /// The address of node `i`, stable until the next `resize`.
    pub(crate) fn node(&self, i: usize) -> *mut WaitNode {
        assert!(i < self.len as usize, "internal error: select node out of range");
        // SAFETY: in range of the box.
        unsafe { self.nodes.add(i) }
    }

    fn free(&mut self) {
        if self.cap != 0 {
            let slice = ptr::slice_from_raw_parts_mut(self.nodes, self.cap as usize);
            // SAFETY: the box was made in `resize` with exactly this length, and is freed once.
            drop(unsafe { Box::from_raw(slice) });
            (self.nodes, self.len, self.cap) = (ptr::null_mut(), 0, 0);
        }
    }
}

impl Drop for SelectNodes {
    fn drop(&mut self) {
        self.free();
    }
}

/// A FIFO queue of waiting nodes, doubly linked so that a select's losers leave in constant time.
/// All zero bits are an empty queue. Every method but `looks_empty` wants the object's lock.
#[repr(C)]
pub(crate) struct WaitQueue {
    first: AtomicPtr<WaitNode>,
    last: RaceCell<*mut WaitNode>,
}

impl WaitQueue {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> WaitQueue {
        WaitQueue { first: AtomicPtr::new(ptr::null_mut()), last: RaceCell::new(ptr::null_mut()) }
    }

    #[cfg(loom)]
    pub(crate) fn new() -> WaitQueue {
        WaitQueue { first: AtomicPtr::new(ptr::null_mut()), last: RaceCell::new(ptr::null_mut()) }
    }

    /// A hint that needs no lock: whether nobody seems to wait.
    #[inline]
    pub(crate) fn looks_empty(&self) -> bool {
        // Relaxed would do for a hint; Acquire because the non-blocking operations order two such
        // looks (see `chan`).
        self.first.load(Ordering::Acquire).is_null()
    }

    /// Puts `node` at the end.
    ///
    /// # Safety
    /// The caller holds the lock; `node` is armed, in no queue, and stays in place.
    #[inline]
    pub(crate) unsafe fn push(&self, node: *mut WaitNode) {
        // SAFETY: the lock guards links and `last`; the nodes in the queue are live.
        unsafe {
            let last = self.last.with(|last| *last);
            (*node).links.with_mut(|links| {
                links.prev = last;
                links.next = ptr::null_mut();
            });
            (*node).body.with_mut(|body| body.queued = true);
            if last.is_null() {
                self.first.store(node, Ordering::Release);
            } else {
                (*last).links.with_mut(|links| links.next = node);
            }
            self.last.with_mut(|slot| *slot = node);
        }
    }

    /// Puts `node` at the beginning.
    ///
    /// # Safety
    /// As for [`WaitQueue::push`].
    pub(crate) unsafe fn push_front(&self, node: *mut WaitNode) {
        // SAFETY: the lock guards links and `last`; the nodes in the queue are live.
        unsafe {
            let first = self.first.load(Ordering::Relaxed);
            if first.is_null() {
                return self.push(node);
            }
            (*node).links.with_mut(|links| *links = Links { prev: ptr::null_mut(), next: first });
            (*node).body.with_mut(|body| body.queued = true);
            (*first).links.with_mut(|links| links.prev = node);
            self.first.store(node, Ordering::Release);
        }
    }

    /// Takes the longest waiting node whose fiber can still be won. The losers of finished
    /// selects are dropped from the queue on the way.
    ///
    /// # Safety
    /// The caller holds the lock; `alone` says that it need not, having the world to itself.
    #[inline]
    pub(crate) unsafe fn pop_winner(&self, alone: bool) -> *mut WaitNode {
        loop {
            let node = self.first.load(Ordering::Relaxed);
            if node.is_null() {
                return node;
            }
            // SAFETY: the lock guards the queue, whose nodes are live.
            unsafe {
                self.unlink(node);
                let case = (*node).body.with(|body| body.case);
                if case == NOT_SELECT || (*node).fiber().win_ticket(case, alone) {
                    return node;
                }
            }
        }
    }

    /// Removes `node` if it is still queued.
    ///
    /// # Safety
    /// The caller holds the lock of the object that the node was armed for, and this is the
    /// queue of that object that the node was pushed to.
    pub(crate) unsafe fn remove(&self, node: *mut WaitNode) {
        // SAFETY: the lock guards the queue.
        unsafe {
            if (*node).body.with(|body| body.queued) {
                self.unlink(node);
            }
        }
    }

    /// # Safety
    /// The caller holds the lock, and `node` is in this queue.
    #[inline]
    unsafe fn unlink(&self, node: *mut WaitNode) {
        // SAFETY: the lock guards links and `last`; the neighbours are live.
        unsafe {
            let Links { prev, next } = (*node).links.with(|links| *links);
            if prev.is_null() {
                self.first.store(next, Ordering::Release);
            } else {
                (*prev).links.with_mut(|links| links.next = next);
            }
            if next.is_null() {
                self.last.with_mut(|last| *last = prev);
            } else {
                (*next).links.with_mut(|links| links.prev = prev);
            }
            // The field alone: the fiber of a select that another node has won may read the others.
            (&raw mut (*(*node).body.as_ptr()).queued).write(false);
        }
    }
}

/// Dequeued nodes whose fibers are to be woken once the lock is released, in order. They are
/// chained through the links that the queue no longer needs.
pub(crate) struct WokenList {
    first: *mut WaitNode,
    last: *mut WaitNode,
}

impl WokenList {
    pub(crate) fn new() -> WokenList {
        WokenList { first: ptr::null_mut(), last: ptr::null_mut() }
    }

    /// # Safety
    /// The caller has dequeued `node` and won its fiber.
    pub(crate) unsafe fn push(&mut self, node: *mut WaitNode) {
        // SAFETY: a dequeued, won node belongs to the caller until it wakes the fiber.
        unsafe {
            (*node).links.with_mut(|links| links.next = ptr::null_mut());
            if self.last.is_null() {
                self.first = node;
            } else {
                (*self.last).links.with_mut(|links| links.next = node);
            }
        }
        self.last = node;
    }

    /// Makes every fiber of the list runnable. No lock is held.
    pub(crate) fn ready_all(self, cx: &mut (impl crate::fiber::Cx + ?Sized)) {
        let mut node = self.first;
        while !node.is_null() {
            // SAFETY: the node is ours until its fiber is made runnable, so it is read before.
            let (fiber, next) = unsafe { ((*node).fiber(), (*node).links.with(|links| links.next)) };
            cx.ready(fiber);
            node = next;
        }
    }
}
