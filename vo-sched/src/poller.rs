//! The poller: where the last idle worker waits when sockets are registered.
//!
//! A thin layer over `mio`, made when the first source is registered. One thread at a time polls:
//! the sleeping timekeeper, with the earliest timer as its timeout; a busy worker now and then,
//! without waiting; the monitor, when all workers are busy.
//!
//! Each registered source has an [`IoState`] with a [`Readiness`](crate::readiness) per direction. A fiber that waits
//! counts as pending.
//!
//! While sources are registered, a timer's precision is the operating system's poll timeout (a
//! millisecond on Linux); without them it is the clock's.

use crate::fiber::{Cx, FiberHeader, FiberRef};
use crate::readiness::Readiness;
use crate::sched::Shared;
use crate::semaphore::Acquire;
use crate::sync::Mutex;
use crate::wait::WaitReason;
use crate::waiter::Dir;
use mio::event::Source;
#[cfg(unix)]
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Registry, Token, Waker};
use rustc_hash::FxHashMap;
use std::io;
#[cfg(unix)]
use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::Duration;

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
    readable: Readiness,
    writable: Readiness,
}

impl IoState {
    fn readiness(&self, dir: Dir) -> &Readiness {
        match dir {
            Dir::Recv => &self.readable,
            Dir::Send => &self.writable,
        }
    }

    /// Waits until the source may be ready for `dir`. After `Done`, or once the fiber runs again,
    /// the operation is tried again. At most one fiber waits per direction.
    pub fn wait<C: Cx + ?Sized>(&self, cx: &C, shared: &Shared, dir: Dir) -> Acquire {
        let fiber = cx.current();
        // Pending before the fiber can be found, so that no deadlock is seen in between.
        shared.begin_pending();
        fiber.begin_park(WaitReason::IoWait);
        if self.readiness(dir).wait(fiber.as_ptr() as usize) {
            return Acquire::Block;
        }
        fiber.cancel_park();
        shared.end_pending();
        Acquire::Done
    }

    /// Lets those who wait try again, who will see what the caller has done before.
    pub fn interrupt(&self, shared: &Shared) {
        shared.ready_from_io([Dir::Recv, Dir::Send].into_iter().filter_map(|dir| self.became_ready(dir)));
    }

    /// The source became ready: answers the fiber to wake.
    fn became_ready(&self, dir: Dir) -> Option<FiberRef> {
        let fiber = self.readiness(dir).signal()?;
        // SAFETY: the word held a waiting fiber, which we have taken out of it.
        Some(unsafe { FiberRef::from_raw(fiber as *mut FiberHeader) })
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

    pub(crate) fn has_sources(&self) -> bool {
        !self.sources.lock().is_empty()
    }

    /// Waits for events, if nobody else does, and answers whom they wake. `None`: for ever.
    ///
    /// The waker's event is an edge too: one that is found by somebody who does not wait was meant for the timekeeper,
    /// which is about to wait, and is passed on.
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
            if event.token() == WAKE && timeout == Some(Duration::ZERO) {
                self.wake();
            }
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

    /// Registers a descriptor, which does not block, as [`Shared::register_io`] does.
    ///
    /// # Errors
    /// What the operating system says.
    #[cfg(unix)]
    pub fn register_descriptor(&self, fd: RawFd) -> io::Result<Arc<IoState>> {
        self.register_io(&mut SourceFd(&fd))
    }

    /// Takes a descriptor out of the poller.
    ///
    /// # Errors
    /// As [`Shared::deregister_io`].
    #[cfg(unix)]
    pub fn deregister_descriptor(&self, fd: RawFd, state: &Arc<IoState>) -> io::Result<()> {
        self.deregister_io(&mut SourceFd(&fd), state)
    }

    /// Polls without waiting, and makes ready whom the events wake.
    pub(crate) fn poll_io(&self) {
        self.ready_from_io(self.look_at_io());
    }

    fn ready_from_io(&self, woken: impl IntoIterator<Item = FiberRef>) {
        for fiber in woken {
            self.ready(fiber);
            self.end_pending();
        }
    }

    /// Polls without waiting, and answers whom the events wake. For each: it is made ready, and then [`Shared::end_pending`] called.
    #[must_use]
    pub(crate) fn look_at_io(&self) -> Vec<FiberRef> {
        self.wait_for_io(Some(Duration::ZERO)).unwrap_or_default()
    }

    /// Waits in the poller, if there are sources, and answers as [`Shared::look_at_io`]; `None` if there are none.
    #[must_use]
    pub(crate) fn wait_for_io(&self, timeout: Option<Duration>) -> Option<Vec<FiberRef>> {
        let poller = self.poller().filter(|poller| poller.has_sources())?;
        Some(poller.poll(timeout))
    }
}
