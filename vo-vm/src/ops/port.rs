//! Islands and ports: the algorithm of ports is that of channels, the object `vo_runtime::port`'s.
//!
//! A port's lock is taken in every mode of an island, since others use it too ([`Across`]). A fiber that waits keeps the handles of
//! its ports alive (`Extra::ports`), and finds the port there when it runs again.

use crate::cross::Refused;
use crate::end::{IslandEnd, Reason};
use crate::island::{Island, IslandRef, State, home_of};
use crate::machine::{Machine, new_fiber};
use crate::memory::Frames;
use crate::ops::chan::Waited;
use smallvec::SmallVec;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use vo_runtime::heap::barrier;
use vo_runtime::panic::{Result, RuntimePanic, Trap};
use vo_runtime::port::{self, Held, Home, Port};
use vo_runtime::rtype::Ty;
use vo_runtime::transfer::Message;
use vo_sched::WaitReason;
use vo_sched::chan::{RecvResult, SendResult, block_forever, close};
use vo_sched::fiber::{Across, Cx};

type Words = SmallVec<[u64; 10]>;

// ---- islands ------------------------------------------------------------------------------------

/// A new island, for at most `n` workers where that is not 0: its handle.
pub(crate) fn island_new(m: &mut Machine, w: impl Frames, n: i64) -> Result<u64> {
    if n < 0 || n > i64::from(u16::MAX) {
        return Err(RuntimePanic::MakeIsland {}.into());
    }
    m.ensure(w)?;
    let (vm, scheduler) = (m.vm.clone(), m.worker().shared().clone());
    let island = Island::new(&vm, &scheduler, n as usize);
    let handle = island_handle(m, &island)?;
    // Who makes islands over and over, which end, has little in its heap that says so. Each collection looks at all handles.
    let many = m.island().handles.count().div_ceil(MANY_HANDLES) as u64;
    m.cache().heap().count_outside(KEPT_BY_HANDLE / many);
    Ok(handle)
}

/// About the bytes that an island takes outside of heaps, from its making until nothing refers to it, though it may have ended.
const KEPT_BY_HANDLE: u64 = 6 << 10;

/// With each so many handles an island of them has, collections because of new ones are rarer.
const MANY_HANDLES: usize = 2048;

/// The running island's handle of an island. Nothing collects meanwhile.
pub(crate) fn island_handle(m: &mut Machine, island: &Arc<Island>) -> Result<u64> {
    let target = Arc::as_ptr(island) as u64;
    let keep: Box<dyn std::any::Any + Send> = match std::ptr::eq(m.island(), &**island) {
        true => Box::new(island.clone()),
        false => Box::new(IslandRef::new(island.clone())),
    };
    let held = Held::Island { target, keep };
    // SAFETY: the island outlives the turn.
    let here = unsafe { &*m.island };
    here.handles.intern(m.cache(), held)
}

/// The island that a handle leads to.
///
/// # Safety
/// `handle` is an island's handle, not 0.
pub(crate) unsafe fn island_of(handle: u64) -> Arc<Island> {
    // SAFETY: the handle keeps the island; its target came from an `Arc`.
    unsafe {
        let island = port::island_target(handle) as *const Island;
        Arc::increment_strong_count(island);
        Arc::from_raw(island)
    }
}

/// `go @(island) closure()`, for the statement at a function's code offset.
pub(crate) fn go_island(
    m: &mut Machine,
    handle: u64,
    closure: u64,
    at: (u32, u32),
) -> std::result::Result<(), Refused> {
    if handle == 0 {
        return Err(RuntimePanic::GoNilIsland {}.into());
    }
    // SAFETY: an island value that is not nil is a handle.
    let island = unsafe { island_of(handle) };
    if island.state() != State::Running {
        return Err(RuntimePanic::GoEndedIsland {}.into());
    }
    let message = m.copy_closure(closure)?;
    m.island().counts.sent.fetch_add(1, Ordering::Relaxed);
    let creator = m.fiber_ref().id();
    let fiber = new_fiber(&mut m.pool, &island, (creator, at), |_| {});
    // SAFETY: a new fiber belongs to its creator.
    unsafe { crate::fiber::VoFiber::of(fiber) }.extra().incoming = Some(message);
    let worker = m.worker();
    match island.start(fiber, |fiber| worker.spawn(fiber)) {
        true => {
            over_goroutines(&island);
            Ok(())
        }
        false => Err(RuntimePanic::GoEndedIsland {}.into()),
    }
}

/// Ends an island that has more goroutines than it may.
pub(crate) fn over_goroutines(island: &Arc<Island>) {
    let limit = island.limits.goroutines.load(Ordering::Relaxed);
    if limit != 0 && island.world().live_fibers() > limit {
        let text = format!("more than {limit} goroutines");
        crate::ending::begin(island, IslandEnd::new(Reason::OverLimit, text));
    }
}

// ---- ports --------------------------------------------------------------------------------------

/// A new port of type `ty`, made at a function's code offset.
pub(crate) fn new(m: &mut Machine, w: impl Frames, ty: Ty, cap: i64, made_at: (u32, u32)) -> Result<u64> {
    m.ensure(w)?;
    let home = m.island_arc();
    let port = Port::new(ty, cap, home.clone() as Arc<dyn Home>, made_at)?;
    home.add_port(&port);
    home.handles.intern(m.cache(), Held::Own(port))
}

/// An element as a mailbox takes it: the words, and the message behind them.
fn packed(m: &mut Machine, port: &Port, own: bool, words: &[u64]) -> std::result::Result<Words, Refused> {
    let mut packed = Words::from_slice(words);
    let mut message = 0;
    if !own {
        m.island().counts.sent.fetch_add(1, Ordering::Relaxed);
        if !port.is_flat() {
            message = m.copy_out(port.elem(), words)?.into_word();
            packed.fill(0);
        }
    }
    packed.push(message);
    Ok(packed)
}

/// Frees the message of an element that was not sent.
fn unpack(words: &[u64]) {
    // SAFETY: nobody has taken the element, so its message is ours.
    drop(unsafe { Message::from_word(words.last().copied().unwrap_or(0)) });
}

/// Frees the message of an element that was not sent and that the running fiber still has: what the program has given away
/// stays with it.
fn keep(m: &Machine, words: &[u64]) {
    // SAFETY: as for `unpack`; the value is alive in the fiber's registers.
    unsafe {
        if let Some(mut message) = Message::from_word(words.last().copied().unwrap_or(0)) {
            message.give_back(m.island().heap());
        }
    }
}

/// Why a port that is closed refuses.
fn closed(port: &Port) -> Refused {
    if home_of(port).state() == State::Ended {
        Refused::Gone
    } else {
        RuntimePanic::SendOnClosedPort {}.into()
    }
}

/// Sends the element at `words`.
pub(crate) fn send(m: &mut Machine, handle: u64, words: &[u64]) -> std::result::Result<Waited<()>, Refused> {
    if handle == 0 {
        block_forever(m.worker(), WaitReason::ChanSendNil);
        return Ok(Waited::Parked);
    }
    // SAFETY: a port value that is not nil is a handle, and the running fiber keeps it alive.
    let (port, own) = unsafe { (port::port_of(handle), port::is_own(handle)) };
    let (core, storage) = port.parts();
    if core.is_closed() {
        return Err(closed(port));
    }
    let words = packed(m, port, own, words)?;
    // SAFETY: core and storage are the port's; the words are an element and its message.
    match unsafe { vo_sched::chan::send(core, storage, &mut Across(m.worker()), words.as_ptr()) } {
        SendResult::Done => Ok(Waited::Done(())),
        SendResult::Block => {
            m.fiber().header.rename_wait(WaitReason::PortSend);
            m.fiber_mut().extra().ports.push(handle);
            Ok(Waited::Parked)
        }
        SendResult::Closed => {
            keep(m, &words);
            Err(closed(port))
        }
    }
}

/// The rest of a send that has waited.
pub(crate) fn sent(m: &mut Machine) -> std::result::Result<(), Refused> {
    let handle = waited_for(m);
    let worker = Across(m.worker());
    // SAFETY: the fiber has kept the handle.
    let port = unsafe { port::port_of(handle) };
    let mut words = Vec::new();
    let current = worker.current();
    // SAFETY: the running fiber's node is its own.
    let (_, completion) = unsafe { current.take_wait(&mut words) };
    match completion {
        vo_sched::waiter::Completion::Done => Ok(()),
        _ => {
            unpack(&words);
            Err(closed(port))
        }
    }
}

/// The port that the fiber has waited for.
fn waited_for(m: &mut Machine) -> u64 {
    let port = m.fiber_mut().extra().ports.pop();
    port.expect("internal error: a fiber waited for a port that it has not kept")
}

/// The port for an error about a wait that has just been completed or refused.
pub(crate) fn port_behind<'a>(handle: u64) -> Option<&'a Port> {
    // SAFETY: a port value that is not nil is a handle.
    (handle != 0).then(|| unsafe { port::port_of(handle) })
}

/// Receives an element into `words`; answers whether it was sent.
pub(crate) fn recv(m: &mut Machine, w: impl Frames, handle: u64, words: &mut [u64]) -> Result<Waited<bool>> {
    if handle == 0 {
        block_forever(m.worker(), WaitReason::ChanReceiveNil);
        return Ok(Waited::Parked);
    }
    // SAFETY: as for `send`.
    let (core, storage) = unsafe { port::port_of(handle) }.parts();
    let mut buffer: Words = smallvec::smallvec![0; words.len() + 1];
    // SAFETY: as for `send`; the buffer has room for an element and its message.
    match unsafe { vo_sched::chan::recv(core, storage, &mut Across(m.worker()), buffer.as_mut_ptr()) } {
        RecvResult::Done { ok } => {
            barrier::taken(&buffer);
            m.open_element(w, &mut buffer)?;
            words.copy_from_slice(&buffer[..words.len()]);
            Ok(Waited::Done(ok))
        }
        RecvResult::Block => {
            m.fiber().header.rename_wait(WaitReason::PortReceive);
            m.fiber_mut().extra().ports.push(handle);
            Ok(Waited::Parked)
        }
    }
}

/// The rest of a receive that has waited.
pub(crate) fn received(m: &mut Machine, w: impl Frames, words: &mut [u64]) -> Result<bool> {
    waited_for(m);
    let mut buffer: Words = smallvec::smallvec![0; words.len() + 1];
    // SAFETY: the fiber has waited for a port whose elements have so many words.
    let ok = unsafe { vo_sched::chan::finish_recv(&Across(m.worker()), buffer.as_mut_ptr()) };
    m.open_element(w, &mut buffer)?;
    words.copy_from_slice(&buffer[..words.len()]);
    Ok(ok)
}

/// Receives if nobody has to wait for it: `Some` of whether the element was sent.
pub(crate) fn try_recv(
    m: &mut Machine,
    w: impl Frames,
    handle: u64,
    words: &mut [u64],
) -> Result<Option<bool>> {
    if handle == 0 {
        return Ok(None);
    }
    // SAFETY: as for `send`.
    let (core, storage) = unsafe { port::port_of(handle) }.parts();
    let mut buffer: Words = smallvec::smallvec![0; words.len() + 1];
    // SAFETY: as for `recv`.
    let got =
        unsafe { vo_sched::chan::try_recv(core, storage, &mut Across(m.worker()), buffer.as_mut_ptr()) };
    if got.is_some() {
        barrier::taken(&buffer);
        m.open_element(w, &mut buffer)?;
        words.copy_from_slice(&buffer[..words.len()]);
    }
    Ok(got)
}

/// Sends if there is room: whether it was sent.
pub(crate) fn try_send(m: &mut Machine, handle: u64, words: &[u64]) -> std::result::Result<bool, Refused> {
    if handle == 0 {
        return Ok(false);
    }
    // SAFETY: as for `send`.
    let (port, own) = unsafe { (port::port_of(handle), port::is_own(handle)) };
    let (core, storage) = port.parts();
    if core.is_closed() {
        return Err(closed(port));
    }
    let words = packed(m, port, own, words)?;
    // SAFETY: as for `send`.
    match unsafe { vo_sched::chan::try_send(core, storage, &mut Across(m.worker()), words.as_ptr()) } {
        Some(SendResult::Done) => Ok(true),
        None => {
            keep(m, &words);
            Ok(false)
        }
        Some(_) => {
            keep(m, &words);
            Err(closed(port))
        }
    }
}

/// Closes a port.
pub(crate) fn close_port(m: &mut Machine, handle: u64) -> Result<()> {
    if handle == 0 {
        return Err(RuntimePanic::CloseNilPort {}.into());
    }
    // SAFETY: as for `send`.
    let (core, storage) = unsafe { port::port_of(handle) }.parts();
    // SAFETY: core and storage are the port's.
    let closed = unsafe { close(core, storage, &mut Across(m.worker())) };
    closed.map_err(|_| Trap::from(RuntimePanic::CloseClosedPort {}))
}

/// Number of elements that wait, and the capacity; 0 for nil.
pub(crate) fn len_and_cap(handle: u64) -> (u64, u64) {
    port_behind(handle).map_or((0, 0), Port::len_and_cap)
}
