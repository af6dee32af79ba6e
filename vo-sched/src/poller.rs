//! The poller: where the last idle worker waits when sockets are registered.
//!
//! A thin layer over `mio`, made when the first source is registered. One thread at a time polls:
//! the sleeping timekeeper, with the earliest timer as its timeout; a busy worker now and then,
//! without waiting; the monitor, when all workers are busy.
//!
//! Each registered source has an [`IoState`] with one word per direction:
//!
//! | word    | meaning                                                       |
//! |---------|---------------------------------------------------------------|
//! | NOTHING | not known to be ready, nobody waits                           |
//! | READY   | became ready since somebody last tried                        |
//! | a fiber | it waits (Parking or Parked) and counts as pending            |
//!
//! Must stay true: `mio` reports edges, so READY is stored even if nobody waits, and whoever
//! consumes it tries the operation again; a fiber's address is taken out of the word exactly once,
//! by the poller or by the fiber itself.
//!
//! While sources are registered, a timer's precision is the operating system's poll timeout (a
//! millisecond on Linux); without them it is the clock's.

use crate::fiber::{Cx, FiberHeader, FiberRef};
use crate::sched::Shared;
use crate::semaphore::Acquire;
use crate::sync::{AtomicUsize, Mutex, Ordering};
use crate::wait::WaitReason;
use crate::waiter::Dir;
use mio::event::Source;
use mio::{Events, Interest, Poll, Registry, Token, Waker};
use rustc_hash::FxHashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

const NOTHING: usize = 0;
const READY: usize = 1;
/// The waker's token; sources have the addresses of their states.
const WAKE: Token = Token(0);

pub(crate) struct Poller {
    poll: Mutex<(Poll, Events)>,
    registry: Registry,
    waker: Waker,
    sources: Mutex<FxHashMap<usize, Arc<IoState>>>,
}

/// What is known of one registered source.
#[derive(Default)]
pub struct IoState {
    readable: AtomicUsize,
    writable: AtomicUsize,
}

impl IoState {
    fn word(&self, dir: Dir) -> &AtomicUsize {
        match dir {
            Dir::Recv => &self.readable,
            Dir::Send => &self.writable,
        }
    }

    /// Waits until the source may be ready for `dir`. After `Done`, or once the fiber runs again,
    /// the operation is tried again. At most one fiber waits per direction.
    pub fn wait<C: Cx + ?Sized>(&self, cx: &C, shared: &Shared, dir: Dir) -> Acquire {
        let (fiber, word) = (cx.current(), self.word(dir));
        // Pending before the fiber can be found, so that no deadlock is seen in between.
        shared.begin_pending();
        fiber.begin_park(WaitReason::IoWait);
        // Release publishes Parking with the fiber; Acquire pairs with the poller's Release.
        let waits =
            word.compare_exchange(NOTHING, fiber.as_ptr() as usize, Ordering::AcqRel, Ordering::Acquire);
        if waits.is_ok() {
            return Acquire::Block;
        }
        assert_eq!(
            word.swap(NOTHING, Ordering::AcqRel),
            READY,
            "two fibers wait for one direction of a socket"
        );
        fiber.cancel_park();
        shared.end_pending();
        Acquire::Done
    }

    /// The source became ready: answers the fiber to wake.
    fn became_ready(&self, dir: Dir) -> Option<FiberRef> {
        let word = self.word(dir);
        let before = word.swap(READY, Ordering::AcqRel);
        if before == NOTHING || before == READY {
            return None;
        }
        // The fiber tries again at once: what it has not seen yet, the next edge will report.
        word.store(NOTHING, Ordering::Release);
        // SAFETY: the word held a waiting fiber, which we have taken out of it.
        Some(unsafe { FiberRef::from_raw(before as *mut FiberHeader) })
    }
}

impl Poller {
    pub fn new() -> io::Result<Poller> {
        let poll = Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let waker = Waker::new(&registry, WAKE)?;
        let poll = Mutex::new((poll, Events::with_capacity(256)));
        Ok(Poller { poll, registry, waker, sources: Mutex::new(FxHashMap::default()) })
    }

    /// Breaks the wait of whoever polls.
    pub fn wake(&self) {
        self.waker.wake().expect("the poller's waker works");
    }

    fn has_sources(&self) -> bool {
        !self.sources.lock().is_empty()
    }

    /// Waits for events, if nobody else does, and answers whom they wake. `None`: for ever.
    fn poll(&self, timeout: Option<Duration>) -> Vec<FiberRef> {
        let Some(mut poll) = self.poll.try_lock() else { return Vec::new() };
        let (poll, events) = &mut *poll;
        match poll.poll(events, timeout) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Vec::new(),
            Err(error) => panic!("internal error: the poller failed: {error}"),
        }
        let sources = self.sources.lock();
        let mut woken = Vec::new();
        for event in events.iter() {
            let Some(state) = sources.get(&event.token().0) else { continue };
            if event.is_readable() || event.is_read_closed() || event.is_error() {
                woken.extend(state.became_ready(Dir::Recv));
            }
            if event.is_writable() || event.is_write_closed() || event.is_error() {
                woken.extend(state.became_ready(Dir::Send));
            }
        }
        woken
    }
}

impl Shared {
    /// Registers a source for reading and writing; fibers then wait on the answered state.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn register_io(&self, source: &mut impl Source) -> io::Result<Arc<IoState>> {
        let poller = self.poller_or_new()?;
        let state = Arc::new(IoState::default());
        let token = Arc::as_ptr(&state) as usize;
        poller.registry.register(source, Token(token), Interest::READABLE | Interest::WRITABLE)?;
        poller.sources.lock().insert(token, state.clone());
        self.poller_has_work();
        Ok(state)
    }

    /// Takes a source out of the poller. Fibers must not wait on it any more.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn deregister_io(&self, source: &mut impl Source, state: &Arc<IoState>) -> io::Result<()> {
        let poller = self.poller_or_new()?;
        poller.sources.lock().remove(&(Arc::as_ptr(state) as usize));
        poller.registry.deregister(source)
    }

    /// Polls without waiting, and makes ready whom the events wake.
    pub(crate) fn poll_io(&self) {
        if let Some(poller) = self.poller().filter(|poller| poller.has_sources()) {
            self.ready_from_io(poller.poll(Some(Duration::ZERO)));
        }
    }

    /// Waits in the poller, if there are sources; false if there are none.
    pub(crate) fn wait_for_io(&self, timeout: Option<Duration>) -> bool {
        let Some(poller) = self.poller().filter(|poller| poller.has_sources()) else { return false };
        self.ready_from_io(poller.poll(timeout));
        true
    }

    fn ready_from_io(&self, woken: Vec<FiberRef>) {
        for fiber in woken {
            self.ready(fiber);
            self.end_pending();
        }
    }
}
