//! Select: the interpreter gathers the cases in the machine between `SelectBegin` and `SelectExec`, with the
//! words that they send, compiled code on its stack; what the chosen case has received stays in the machine until
//! `SelectValue`.
//!
//! The scheduler knows a case by its place, the program by its index: they are the same number.
//!
//! Must stay true: nothing that may give the worker up happens between `SelectBegin` and the entry
//! into `SelectExec`, nor between its end and `SelectValue`.

use crate::machine::Machine;
use crate::memory::Frames;
use crate::ops::chan::Waited;
use smallvec::SmallVec;
use vo_runtime::context::SelectCase as LaidCase;
use vo_runtime::heap::barrier;
use vo_runtime::object::chan;
use vo_runtime::panic::{RuntimePanic, Trap};
use vo_runtime::port;
use vo_sched::WaitReason;
use vo_sched::chan::{RingStorage, block_forever};
use vo_sched::fiber::{Across, Cx};
use vo_sched::select::{SelectCase, Selected, poll_alone, select_by};
use vo_sched::waiter::Dir;

/// What a case does; the numbers are those of a laid case's `sends`.
#[derive(Clone, Copy)]
#[repr(u64)]
enum What {
    Recv = 0,
    Send = 1,
    RecvPort = 2,
}

/// A gathered case.
#[derive(Clone, Copy)]
struct Case {
    what: What,
    /// A channel, or the handle of a port.
    chan: u64,
    /// First of the words that it sends in `words`.
    first: usize,
}

/// The select that is being gathered or has just been done.
pub(crate) struct SelectState {
    cases: Vec<Case>,
    words: Vec<u64>,
    /// What the chosen receive got; room for the largest element of the program. It does not move.
    pub(crate) values: Vec<u64>,
}

impl SelectState {
    pub(crate) fn new(max_elem_words: usize) -> SelectState {
        SelectState { cases: Vec::new(), words: Vec::new(), values: vec![0; max_elem_words.max(1)] }
    }

    /// Starts a select of `n` cases.
    pub(crate) fn begin(&mut self, n: usize) {
        self.words.clear();
        self.cases.clear();
        // A place that stays empty is never ready.
        self.cases.resize(n, Case { what: What::Recv, chan: 0, first: 0 });
    }

    /// Adds a send.
    pub(crate) fn add_send(&mut self, index: u16, chan: u64, words: impl Iterator<Item = u64>) {
        let first = self.words.len();
        self.words.extend(words);
        self.cases[usize::from(index)] = Case { what: What::Send, chan, first };
    }

    /// Adds a receive.
    pub(crate) fn add_recv(&mut self, index: u16, chan: u64) {
        self.cases[usize::from(index)] = Case { what: What::Recv, chan, first: 0 };
    }

    /// Adds a receive from a port.
    pub(crate) fn add_port(&mut self, index: u16, port: u64) {
        self.cases[usize::from(index)] = Case { what: What::RecvPort, chan: port, first: 0 };
    }

    pub(crate) fn for_each_word(&self, mut f: impl FnMut(u64)) {
        self.words.iter().chain(&self.values).for_each(|&word| f(word));
        self.cases.iter().for_each(|case| f(case.chan));
    }

    fn laid(&mut self) -> SmallVec<[LaidCase; 8]> {
        let words = self.words.as_mut_ptr();
        let lay = |case: &Case| LaidCase {
            chan: case.chan,
            sends: case.what as u64,
            words: words.wrapping_add(case.first),
        };
        self.cases.iter().map(lay).collect()
    }
}

/// Whether a case is of a port.
fn is_port(case: &LaidCase) -> bool {
    case.sends == What::RecvPort as u64
}

/// A case as the scheduler wants it. What it receives, if it is done at once, goes to `values`.
#[inline]
fn scheduler_case(case: &LaidCase, values: *mut u64) -> SelectCase<RingStorage> {
    let nil = RingStorage { slots: std::ptr::null_mut(), cap: 0, elem_words: 0 };
    let (core, storage) = match case.chan {
        0 => (std::ptr::null(), nil),
        handle if is_port(case) => {
            // SAFETY: a port value that is not nil is a handle.
            let (core, storage) = unsafe { port::port_of(handle) }.parts();
            (std::ptr::from_ref(core), storage)
        }
        // SAFETY: a channel value that is not nil is the address of a channel.
        ch => unsafe {
            let (core, storage) = chan::parts(ch);
            (std::ptr::from_ref(core), storage)
        },
    };
    let (dir, words) =
        if case.sends == What::Send as u64 { (Dir::Send, case.words) } else { (Dir::Recv, values) };
    SelectCase { core, storage, dir, words }
}

/// Performs the gathered select: the chosen index, or -1 where none is ready and it is not to wait.
pub(crate) fn exec(m: &mut Machine, w: impl Frames, may_wait: bool) -> Result<Waited<i64>, Trap> {
    let cases = m.select.laid();
    exec_cases(m, w, &cases, may_wait)
}

/// The index of a case that was ready and has been done, where the island is the worker's alone and no port is among
/// the cases: a short way for what most selects come to.
#[inline]
pub(crate) fn exec_at_once(m: &mut Machine, laid: &[LaidCase]) -> Option<i64> {
    if !m.worker().exclusive() || laid.iter().any(is_port) {
        return None;
    }
    let values = m.select.values.as_mut_ptr();
    // SAFETY: as for `exec_cases`; the world is the worker's alone.
    let polled = unsafe { poll_alone(m.worker(), laid.len(), &|i: usize| scheduler_case(&laid[i], values)) };
    let (index, ok) = polled.done()?;
    m.context.select_ok = u64::from(ok);
    if laid[index].sends == What::Recv as u64 {
        // SAFETY: the case was done, so it has a channel.
        let words = unsafe { chan::parts(laid[index].chan) }.1.elem_words;
        barrier::taken(&m.select.values[..words]);
    }
    Some(index as i64)
}

/// Performs a select of these cases; see [`exec`].
pub(crate) fn exec_cases(
    m: &mut Machine,
    w: impl Frames,
    laid: &[LaidCase],
    may_wait: bool,
) -> Result<Waited<i64>, Trap> {
    if laid.iter().all(|case| case.chan == 0) {
        if !may_wait {
            return Ok(Waited::Done(-1));
        }
        let none = laid.is_empty();
        block_forever(m.worker(), if none { WaitReason::SelectNoCases } else { WaitReason::Select });
        return Ok(Waited::Parked);
    }
    let values = m.select.values.as_mut_ptr();
    let has_ports = laid.iter().any(|case| is_port(case) && case.chan != 0);
    let case = |i: usize| scheduler_case(&laid[i], values);
    // SAFETY: the cases were made from live channels, with the words that verified code gives them; `values`
    // has room for any element of the program.
    let selected = unsafe {
        match has_ports {
            true => select_by(&mut Across(m.worker()), laid.len(), case, may_wait),
            false => select_by(m.worker(), laid.len(), case, may_wait),
        }
    };
    match selected {
        Selected::Ready { index, ok } => {
            m.context.select_ok = u64::from(ok);
            let chosen = case(index);
            let words = chosen.storage.elem_words;
            if chosen.dir == Dir::Recv {
                barrier::taken(&m.select.values[..words]);
            }
            if is_port(&laid[index]) {
                open_received(m, w, words)?;
            }
            Ok(Waited::Done(index as i64))
        }
        Selected::NotReady => Ok(Waited::Done(-1)),
        Selected::Block => {
            if has_ports {
                let ports = laid.iter().map(|case| if is_port(case) { case.chan } else { 0 });
                m.fiber_mut().extra().ports = ports.collect();
            }
            Ok(Waited::Parked)
        }
        Selected::Closed { .. } => Err(RuntimePanic::SendOnClosed {}.into()),
    }
}

/// Builds the message that a select has received from a port, whose element and message are `len` words.
pub(crate) fn open_received(m: &mut Machine, w: impl Frames, len: usize) -> Result<(), Trap> {
    let mut words: SmallVec<[u64; 10]> = SmallVec::from_slice(&m.select.values[..len]);
    m.select.values[len - 1] = 0;
    m.open_element(w, &mut words)?;
    m.select.values[..len].copy_from_slice(&words);
    Ok(())
}
