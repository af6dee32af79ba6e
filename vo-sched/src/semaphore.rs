//! Semaphores and notify lists, keyed by address: what `sync.Mutex`, `RWMutex`, `WaitGroup` and
//! `Cond` wait on.
//!
//! A program's semaphore is a 32-bit count anywhere in its memory; those who wait for it stand in
//! a table of this scheduler, under the count's address, so that a lock nobody waits for costs the
//! program four bytes. Must stay true:
//!
//! - a waiter is queued under its bucket's lock only after it has announced itself (`waiting`)
//!   and then found the count at zero once more; a releaser adds to the count and then looks at
//!   `waiting`: one of the two sees the other;
//! - a release that finds a waiter hands the unit to it, so that a woken fiber has acquired;
//! - addresses do not move.

use crate::fiber::{Cx, FiberRef};
use crate::lockrank::{self, Rank};
use crate::sync::{AtomicU32, Mutex, Ordering, fence};
use crate::wait::WaitReason;
use crate::waiter::{Completion, Dir, WaitNode, WaitQueue, WokenList};
use core::ptr;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

const BUCKETS: usize = if cfg!(loom) { 1 } else { 64 };

/// What an operation that may wait did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Acquire {
    /// It is done.
    Done,
    /// The current fiber is registered and must leave its worker; when it runs again, it is done.
    Block,
}

/// All waiters of a scheduler's semaphores and notify lists.
pub struct SemTable {
    buckets: Box<[Bucket]>,
}

#[repr(align(64))]
struct Bucket {
    /// Fibers that wait, or are about to, on addresses of this bucket.
    waiting: AtomicU32,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    semaphores: FxHashMap<usize, WaitQueue>,
    notify: FxHashMap<usize, NotifyList>,
}

/// A condition's waiters: those with tickets from `notified` on have not been notified.
#[derive(Default)]
struct NotifyList {
    next_ticket: u32,
    notified: u32,
    /// Tickets whose holders have not done waiting; at 0 the list is forgotten.
    outstanding: usize,
    /// Waiters in the order of their arrival, with their tickets.
    waiters: VecDeque<(u32, *mut WaitNode)>,
}

// SAFETY: the nodes are used under the bucket's lock, and belong to parked fibers.
unsafe impl Send for Entries {}

impl Default for SemTable {
    fn default() -> Self {
        Self::new()
    }
}

impl SemTable {
    /// Nobody waits.
    pub fn new() -> SemTable {
        let bucket = || Bucket { waiting: AtomicU32::new(0), entries: Mutex::new(Entries::default()) };
        SemTable { buckets: (0..BUCKETS).map(|_| bucket()).collect() }
    }

    fn bucket(&self, address: usize) -> &Bucket {
        let hash = (address >> 2).wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as usize);
        &self.buckets[(hash >> 32) % BUCKETS]
    }

    /// Takes one unit of `count`, waiting for it if there is none. `lifo` puts the waiter first.
    pub fn acquire<C: Cx + ?Sized>(
        &self,
        cx: &mut C,
        count: &AtomicU32,
        lifo: bool,
        reason: WaitReason,
    ) -> Acquire {
        if take_unit(count) {
            return Acquire::Done;
        }
        let address = ptr::from_ref(count) as usize;
        let bucket = self.bucket(address);
        let _rank = lockrank::hold(Rank::Semaphores);
        let mut entries = bucket.entries.lock();
        bucket.waiting.fetch_add(1, Ordering::Relaxed);
        // Pairs with the fence in `release`: it sees `waiting`, or we see the unit.
        fence(Ordering::SeqCst);
        if take_unit(count) {
            bucket.waiting.fetch_sub(1, Ordering::Relaxed);
            return Acquire::Done;
        }
        let fiber = cx.current();
        let queue = entries.semaphores.entry(address).or_insert_with(WaitQueue::new);
        // SAFETY: the fiber runs and its inline node is in no queue; the bucket's lock is held.
        unsafe {
            fiber.node.arm(fiber, address as *const (), Dir::Recv, None);
            fiber.begin_park(reason);
            let node = ptr::from_ref(&fiber.node).cast_mut();
            if lifo { queue.push_front(node) } else { queue.push(node) }
        }
        Acquire::Block
    }

    /// Gives one unit back: to the first waiter if there is one, else to `count`.
    pub fn release<C: Cx + ?Sized>(&self, cx: &mut C, count: &AtomicU32) {
        count.fetch_add(1, Ordering::Release);
        let address = ptr::from_ref(count) as usize;
        let bucket = self.bucket(address);
        // Pairs with the fence in `acquire`.
        fence(Ordering::SeqCst);
        if bucket.waiting.load(Ordering::Relaxed) == 0 {
            return;
        }
        let node = {
            let _rank = lockrank::hold(Rank::Semaphores);
            let mut entries = bucket.entries.lock();
            let Some(queue) = entries.semaphores.get(&address) else { return };
            // The unit is the waiter's, unless somebody has taken it meanwhile.
            if !take_unit(count) {
                return;
            }
            // SAFETY: the bucket's lock guards the queue.
            let (node, empty) = unsafe { (queue.pop_winner(false), queue.looks_empty()) };
            if empty {
                entries.semaphores.remove(&address);
            }
            bucket.waiting.fetch_sub(1, Ordering::Relaxed);
            node
        };
        // SAFETY: we dequeued the node, and have not yet woken its fiber.
        unsafe { (*node).complete(Completion::Done) };
        crate::chan::ready_node(cx, node);
    }

    /// Draws a ticket of the notify list at `address`: the caller is notified by every notification
    /// from now on, even if it calls [`SemTable::notify_wait`] only later.
    pub fn notify_add(&self, address: usize) -> u32 {
        self.with_list(address, |list| {
            let ticket = list.next_ticket;
            list.next_ticket = ticket.wrapping_add(1);
            list.outstanding += 1;
            ticket
        })
    }

    /// Waits until the ticket is notified.
    pub fn notify_wait<C: Cx + ?Sized>(&self, cx: &mut C, address: usize, ticket: u32) -> Acquire {
        let fiber = cx.current();
        self.with_list(address, |list| {
            if is_before(ticket, list.notified) {
                list.outstanding -= 1;
                return Acquire::Done;
            }
            // SAFETY: the fiber runs and its inline node is in no queue; the bucket's lock is held.
            unsafe { fiber.node.arm(fiber, address as *const (), Dir::Recv, None) };
            fiber.begin_park(WaitReason::CondWait);
            list.waiters.push_back((ticket, ptr::from_ref(&fiber.node).cast_mut()));
            Acquire::Block
        })
    }

    /// Notifies the longest waiting ticket, if any.
    pub fn notify_one<C: Cx + ?Sized>(&self, cx: &mut C, address: usize) {
        let node = self.with_list(address, |list| {
            if list.notified == list.next_ticket {
                return None;
            }
            let ticket = list.notified;
            list.notified = ticket.wrapping_add(1);
            let at = list.waiters.iter().position(|&(of, _)| of == ticket)?;
            list.outstanding -= 1;
            list.waiters.remove(at).map(|(_, node)| node)
        });
        if let Some(node) = node {
            // SAFETY: we took the node out of the list, and have not yet woken its fiber.
            unsafe { (*node).complete(Completion::Done) };
            crate::chan::ready_node(cx, node);
        }
    }

    /// Notifies every ticket drawn so far.
    pub fn notify_all<C: Cx + ?Sized>(&self, cx: &mut C, address: usize) {
        let waiters = self.with_list(address, |list| {
            list.notified = list.next_ticket;
            list.outstanding -= list.waiters.len();
            core::mem::take(&mut list.waiters)
        });
        let mut woken = WokenList::new();
        for (_, node) in waiters {
            // SAFETY: we took the node out of the list, and have not yet woken its fiber.
            unsafe {
                (*node).complete(Completion::Done);
                woken.push(node);
            }
        }
        woken.ready_all(cx);
    }

    /// Takes a fiber that waits for a semaphore or notify list out of its queue; false where it was granted.
    ///
    /// # Safety
    /// The fiber is parked, has waited in this table last, and its world is stopped.
    pub(crate) unsafe fn cancel(&self, fiber: FiberRef) -> bool {
        let node = ptr::from_ref(&fiber.node).cast_mut();
        // SAFETY: the node's owner does not change while its fiber is parked; the bucket's lock guards the rest.
        unsafe {
            let address = (*node).object() as usize;
            let bucket = self.bucket(address);
            let _rank = lockrank::hold(Rank::Semaphores);
            let mut entries = bucket.entries.lock();
            if (*node).is_queued() {
                if let Some(queue) = entries.semaphores.get(&address) {
                    queue.remove(node);
                    if queue.looks_empty() {
                        entries.semaphores.remove(&address);
                    }
                }
                bucket.waiting.fetch_sub(1, Ordering::Relaxed);
                return true;
            }
            let Some(list) = entries.notify.get_mut(&address) else { return false };
            let Some(at) = list.waiters.iter().position(|&(_, of)| of == node) else { return false };
            list.waiters.remove(at);
            list.outstanding -= 1;
            if list.outstanding == 0 {
                entries.notify.remove(&address);
            }
            true
        }
    }

    /// Works on the list at `address`, which exists while a ticket is neither notified nor done waiting.
    fn with_list<R>(&self, address: usize, f: impl FnOnce(&mut NotifyList) -> R) -> R {
        let bucket = self.bucket(address);
        let _rank = lockrank::hold(Rank::Semaphores);
        let mut entries = bucket.entries.lock();
        let list = entries.notify.entry(address).or_default();
        let result = f(list);
        if list.outstanding == 0 {
            entries.notify.remove(&address);
        }
        result
    }
}

/// Whether ticket `a` was drawn before `b`, on a counter that wraps.
fn is_before(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}

/// Takes a unit of `count` if there is one.
fn take_unit(count: &AtomicU32) -> bool {
    let mut units = count.load(Ordering::Relaxed);
    while units > 0 {
        // Acquire pairs with the Release in `release`: a lock's owner sees its predecessor's writes.
        match count.compare_exchange_weak(units, units - 1, Ordering::Acquire, Ordering::Relaxed) {
            Ok(_) => return true,
            Err(now) => units = now,
        }
    }
    false
}
