//! Select: one of several channel operations, chosen evenly among those that are ready.
//!
//! 1. Look at the cases in random order, one lock at a time; the first that is ready is done.
//!    Any ready case is a right answer, so this needs no moment at which all are held.
//! 2. None was ready: lock all channels in the order of their addresses (each once), look again.
//!    Only with all locks held is "none is ready" a fact about one moment.
//!    (A worker that has the world to itself needs no lock, and its first look is such a fact.)
//! 3. Still none: answer so, or put a wait node into every channel's queue, open the fiber's
//!    ticket, unlock all, and park.
//! 4. Whoever dequeues one of the nodes must win the ticket with one compare-and-swap; the losers'
//!    nodes are skipped by everybody. The woken fiber unlinks them ([`finish_select`]).
//!
//! Must stay true: the locks are taken in address order; nodes are published with all locks held,
//! after `begin_park`; a new select does not begin before the old one's nodes are unlinked.

use crate::chan::{Attempt, ChanCore, ChanStorage, ready_node};
use crate::fiber::Cx;
use crate::wait::WaitReason;
use crate::waiter::{Completion, Dir};
use core::ptr;
use smallvec::SmallVec;

/// One case of a select.
#[derive(Clone, Copy)]
pub struct SelectCase<S> {
    /// The channel, or null for a nil channel, which is never ready.
    pub core: *const ChanCore,
    /// Its slots; not looked at when `core` is null.
    pub storage: S,
    /// Send or receive.
    pub dir: Dir,
    /// The element's words: read by a send, written by a receive that is done at once.
    pub words: *mut u64,
}

/// What a select did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Selected {
    /// Case `index` is done. For a receive, `ok` is false if the channel was closed.
    Ready {
        /// The case's place in the list.
        index: usize,
        /// Whether a received element was sent by somebody; true for a send.
        ok: bool,
    },
    /// Nothing is ready and `block` was false: the default case.
    NotReady,
    /// The fiber is registered and must leave its worker; then [`finish_select`].
    Block,
    /// Case `index` is a send to a closed channel: the program panics.
    Closed {
        /// The case's place in the list.
        index: usize,
    },
}

type Order = SmallVec<[u16; 16]>;

/// Performs one of `cases`; waits for one if `block`.
///
/// # Safety
/// Every case's core, storage and words are as [`crate::chan::send`] and [`crate::chan::recv`] want
/// them. After [`Selected::Block`] the current fiber leaves its worker with
/// [`crate::Outcome::Parked`]; the channels live until [`finish_select`].
pub unsafe fn select<C: Cx + ?Sized, S: ChanStorage>(
    cx: &mut C,
    cases: &[SelectCase<S>],
    block: bool,
) -> Selected {
    // SAFETY: the caller's promise.
    unsafe { select_by(cx, cases.len(), |i| cases[i], block) }
}

/// As [`select`], of the `n` cases that `case` answers, the same each time.
///
/// # Safety
/// As there.
#[inline]
pub unsafe fn select_by<C: Cx + ?Sized, S: ChanStorage>(
    cx: &mut C,
    n: usize,
    case: impl Fn(usize) -> SelectCase<S>,
    block: bool,
) -> Selected {
    assert!(n < usize::from(u16::MAX), "internal error: a select of {n} cases");
    if !cx.exclusive() {
        let cases: SmallVec<[SelectCase<S>; 8]> = (0..n).map(case).collect();
        // SAFETY: the caller's promise.
        return unsafe { select_shared(cx, &cases, block) };
    }
    // SAFETY: the caller's promise; nobody else uses the channels.
    unsafe {
        if let Some(done) = poll_alone(cx, n, &case).selected() {
            return done;
        }
        if !block {
            return Selected::NotReady;
        }
        enqueue(cx, n, case);
    }
    Selected::Block
}

/// Does the first case that is ready, in random order, where the world is the calling worker's alone.
///
/// # Safety
/// As for [`select`], and `cx` is exclusive.
#[inline]
pub unsafe fn poll_alone<C: Cx + ?Sized, S: ChanStorage>(
    cx: &mut C,
    n: usize,
    case: &impl Fn(usize) -> SelectCase<S>,
) -> Polled {
    if n > 2 {
        let order = poll_order(cx, n, |i| case(i).core);
        for &i in &order {
            // SAFETY: the caller's promise.
            let polled = unsafe { poll(cx, usize::from(i), case(usize::from(i))) };
            if polled != Polled::NOTHING {
                return polled;
            }
        }
        return Polled::NOTHING;
    }
    let first = if n == 2 { cx.rng().below(2) as usize } else { 0 };
    for i in (0..n).map(|k| k ^ first) {
        let case = case(i);
        // SAFETY: the caller's promise.
        let polled = if case.core.is_null() { Polled::NOTHING } else { unsafe { poll(cx, i, case) } };
        if polled != Polled::NOTHING {
            return polled;
        }
    }
    Polled::NOTHING
}

/// Which case was ready, and how it went, in one word: this is answered so often that it should be in a register.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Polled(u64);

impl Polled {
    /// The case that was done, and whether what it received was sent. `None` also where it sends on a closed channel.
    #[inline]
    pub fn done(self) -> Option<(usize, bool)> {
        (self.0 & 3 < Polled::SEND_CLOSED).then_some(((self.0 >> 2) as usize, self.0 & 3 == Polled::OK))
    }

    const NOTHING: Polled = Polled(u64::MAX);
    const OK: u64 = 0;
    const RECV_CLOSED: u64 = 1;
    const SEND_CLOSED: u64 = 2;

    #[inline]
    fn selected(self) -> Option<Selected> {
        let index = (self.0 >> 2) as usize;
        match self.0 & 3 {
            Polled::OK => Some(Selected::Ready { index, ok: true }),
            Polled::RECV_CLOSED => Some(Selected::Ready { index, ok: false }),
            Polled::SEND_CLOSED => Some(Selected::Closed { index }),
            _ => None,
        }
    }
}

/// Does a case if it is ready, where the world is the calling worker's alone.
///
/// # Safety
/// As for [`select`]; the case has a channel.
#[inline]
unsafe fn poll<C: Cx + ?Sized, S: ChanStorage>(cx: &mut C, index: usize, case: SelectCase<S>) -> Polled {
    // SAFETY: the caller's promise.
    let attempt = unsafe { attempt(&case, true) };
    let how = match (attempt, case.dir) {
        (Attempt::NotReady, _) => return Polled::NOTHING,
        (Attempt::Done, _) => Polled::OK,
        (Attempt::Woke(node), _) => {
            ready_node(cx, node);
            Polled::OK
        }
        (Attempt::Closed, Dir::Recv) => Polled::RECV_CLOSED,
        (Attempt::Closed, Dir::Send) => Polled::SEND_CLOSED,
    };
    Polled((index as u64) << 2 | how)
}

/// As [`select`], where others may use the channels.
///
/// # Safety
/// As there.
unsafe fn select_shared<C: Cx + ?Sized, S: ChanStorage>(
    cx: &mut C,
    cases: &[SelectCase<S>],
    block: bool,
) -> Selected {
    let order = poll_order(cx, cases.len(), |i| cases[i].core);
    // SAFETY: the cases are the caller's promise, here and below.
    if let Some(done) = unsafe { poll_one_by_one(cx, cases, &order) } {
        return done;
    }
    let locks = lock_order(cases, &order);
    lock_all(cx, cases, &locks);
    for &i in &order {
        // SAFETY: all locks are held.
        let attempt = unsafe { attempt(&cases[usize::from(i)], false) };
        if !matches!(attempt, Attempt::NotReady) {
            unlock_all(cx, cases, &locks);
            return complete(cx, usize::from(i), cases[usize::from(i)].dir, attempt);
        }
    }
    if block {
        // SAFETY: all locks are held.
        unsafe { enqueue(cx, cases.len(), |i| cases[i]) };
    }
    unlock_all(cx, cases, &locks);
    if block { Selected::Block } else { Selected::NotReady }
}

/// The rest of a [`select`] that had blocked; called by the fiber once it runs again. `copy` gets
/// the index of the case that was done, and the address for received words comes from it: it
/// answers null for a send (or to drop the element).
///
/// # Safety
/// `cx` runs the fiber whose select blocked, with storage type `S` and channels that are still
/// alive; what `copy` answers is null or has room for the words of that case's element.
pub unsafe fn finish_select<C: Cx + ?Sized>(cx: &C, copy: impl FnOnce(usize, Dir) -> *mut u64) -> Selected {
    let fiber = cx.current();
    let won = fiber.won_case().expect("internal error: a select runs that nobody woke");
    // SAFETY: the fiber runs, so the node array is its own; each loser is removed under the lock
    // of its channel; the winner was dequeued by its waker.
    unsafe {
        fiber.select.with(|nodes| {
            let mut winner = ptr::null();
            for (i, node) in nodes.iter().enumerate() {
                let core = node.object().cast::<ChanCore>();
                if core.is_null() {
                    continue;
                }
                if i as u32 == won {
                    winner = ptr::from_ref(node);
                    continue;
                }
                (*core).lock(cx);
                (*core).queue(node.dir()).remove(ptr::from_ref(node).cast_mut());
                (*core).unlock(cx);
                node.forget();
            }
            if winner.is_null() {
                return Selected::NotReady;
            }
            let (winner, index) = (&*winner, won as usize);
            let dir = winner.dir();
            let out = copy(index, dir);
            if dir == Dir::Recv && !out.is_null() {
                winner.copy_words_to(out);
            }
            winner.forget();
            match (winner.completion(), dir) {
                (Completion::Done, _) => Selected::Ready { index, ok: true },
                (Completion::Closed, Dir::Recv) => Selected::Ready { index, ok: false },
                (Completion::Closed, Dir::Send) => Selected::Closed { index },
                (Completion::Pending, _) => panic!("internal error: a select won and not completed"),
            }
        })
    }
}

/// The case that won the current fiber's blocked select: for hosts that need the index (to find
/// where a received element goes) before they call [`finish_select`].
pub fn selected_case<C: Cx + ?Sized>(cx: &C) -> usize {
    cx.current().won_case().expect("internal error: a select runs that nobody woke") as usize
}

/// The indices of the cases that have a channel, shuffled.
fn poll_order<C: Cx + ?Sized>(cx: &mut C, n: usize, core: impl Fn(usize) -> *const ChanCore) -> Order {
    let mut order = Order::new();
    for i in (0..n).filter(|&i| !core(i).is_null()) {
        let last = order.len();
        order.push(i as u16);
        if last > 0 {
            let other = cx.rng().below(last as u32 + 1) as usize;
            order.swap(last, other);
        }
    }
    order
}

/// One case per distinct channel, in the order of the channels' addresses.
fn lock_order<S>(cases: &[SelectCase<S>], order: &Order) -> Order {
    let mut locks = order.clone();
    locks.sort_unstable_by_key(|&i| cases[usize::from(i)].core as usize);
    locks.dedup_by_key(|i| cases[usize::from(*i)].core as usize);
    locks
}

fn lock_all<C: Cx + ?Sized, S>(cx: &C, cases: &[SelectCase<S>], locks: &Order) {
    for &i in locks {
        // SAFETY: the cases' channels are alive.
        unsafe { (*cases[usize::from(i)].core).lock(cx) };
    }
}

fn unlock_all<C: Cx + ?Sized, S>(cx: &C, cases: &[SelectCase<S>], locks: &Order) {
    for &i in locks.iter().rev() {
        // SAFETY: the cases' channels are alive, and `lock_all` locked them.
        unsafe { (*cases[usize::from(i)].core).unlock(cx) };
    }
}

/// Does the first case, in poll order, that is ready; locks only what looks ready.
///
/// # Safety
/// As for [`select`].
unsafe fn poll_one_by_one<C: Cx + ?Sized, S: ChanStorage>(
    cx: &mut C,
    cases: &[SelectCase<S>],
    order: &Order,
) -> Option<Selected> {
    for &i in order {
        let case = &cases[usize::from(i)];
        // SAFETY: the case's channel is alive.
        let core = unsafe { &*case.core };
        if core.looks_blocked(case.storage, case.dir) && !core.is_closed() {
            continue;
        }
        core.lock(cx);
        // SAFETY: the lock is held.
        let attempt = unsafe { attempt(case, cx.exclusive()) };
        core.unlock(cx);
        if !matches!(attempt, Attempt::NotReady) {
            return Some(complete(cx, usize::from(i), case.dir, attempt));
        }
    }
    None
}

/// # Safety
/// The lock of the case's channel is held (or the world is the caller's `alone`), and the case is as [`select`]
/// wants it.
#[inline]
unsafe fn attempt<S: ChanStorage>(case: &SelectCase<S>, alone: bool) -> Attempt {
    // SAFETY: handed on to the caller.
    unsafe {
        match case.dir {
            Dir::Send => (*case.core).attempt_send(case.storage, case.words, alone),
            Dir::Recv => (*case.core).attempt_recv(case.storage, case.words, alone),
        }
    }
}

/// Wakes whom a successful attempt has dequeued, and says what it was. No lock is held.
fn complete<C: Cx + ?Sized>(cx: &mut C, index: usize, dir: Dir, attempt: Attempt) -> Selected {
    match (attempt, dir) {
        (Attempt::Done, _) => Selected::Ready { index, ok: true },
        (Attempt::Woke(node), _) => {
            ready_node(cx, node);
            Selected::Ready { index, ok: true }
        }
        (Attempt::Closed, Dir::Recv) => Selected::Ready { index, ok: false },
        (Attempt::Closed, Dir::Send) => Selected::Closed { index },
        (Attempt::NotReady, _) => unreachable!("internal error: a case that is not ready completed"),
    }
}

/// Registers the current fiber with every channel.
///
/// # Safety
/// All locks are held, and the cases are as [`select`] wants them.
unsafe fn enqueue<C: Cx + ?Sized, S: ChanStorage>(cx: &C, n: usize, case: impl Fn(usize) -> SelectCase<S>) {
    let fiber = cx.current();
    fiber.open_ticket();
    fiber.begin_park_inside(WaitReason::Select, cx.exclusive());
    // SAFETY: the fiber runs, the nodes of its last select are unlinked, all locks are held.
    unsafe {
        fiber.select.with_mut(|nodes| {
            nodes.resize(n);
            for i in 0..n {
                let (node, case) = (nodes.node(i), case(i));
                (*node).arm(fiber, case.core.cast(), case.dir, Some(i as u32));
                if case.core.is_null() {
                    continue;
                }
                match case.dir {
                    Dir::Send => (*node).put_words(case.words, case.storage.elem_words()),
                    Dir::Recv => (*node).reserve(case.storage.elem_words()),
                }
                (*case.core).queue(case.dir).push(node);
            }
        });
    }
}
