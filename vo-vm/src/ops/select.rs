//! Select: the cases are gathered in the machine between `SelectBegin` and `SelectExec`, with the
//! words that they send; what the chosen case has received stays there until `SelectValue`.
//!
//! The scheduler knows a case by its place, the program by its index: they are the same number.
//!
//! Must stay true: nothing that may give the worker up happens between `SelectBegin` and the entry
//! into `SelectExec`, nor between its end and `SelectValue`.

use crate::machine::Machine;
use crate::ops::chan::Waited;
use vo_runtime::heap::barrier;
use vo_runtime::object::chan;
use vo_runtime::panic::{RuntimePanic, Trap};
use vo_sched::WaitReason;
use vo_sched::chan::{RingStorage, block_forever};
use vo_sched::select::{SelectCase, Selected, select};
use vo_sched::waiter::Dir;

/// A gathered case.
#[derive(Clone, Copy)]
struct Case {
    dir: Dir,
    chan: u64,
    /// First of its words in `words`.
    first: usize,
    len: usize,
}

/// The select that is being gathered or has just been done.
pub(crate) struct SelectState {
    cases: Vec<Case>,
    words: Vec<u64>,
    /// What the chosen receive got; room for the largest element of the program.
    pub(crate) values: Vec<u64>,
    pub(crate) ok: bool,
}

impl SelectState {
    pub(crate) fn new(max_elem_words: usize) -> SelectState {
        SelectState {
            cases: Vec::new(),
            words: Vec::new(),
            values: vec![0; max_elem_words.max(1)],
            ok: false,
        }
    }

    /// Starts a select of `n` cases.
    pub(crate) fn begin(&mut self, n: usize) {
        self.words.clear();
        self.cases.clear();
        // A place that stays empty is never ready.
        self.cases.resize(n, Case { dir: Dir::Recv, chan: 0, first: 0, len: 0 });
    }

    /// Adds a send.
    pub(crate) fn add_send(&mut self, index: u16, chan: u64, words: impl Iterator<Item = u64>) {
        let first = self.words.len();
        self.words.extend(words);
        self.cases[usize::from(index)] = Case { dir: Dir::Send, chan, first, len: self.words.len() - first };
    }

    /// Adds a receive of `n` words.
    pub(crate) fn add_recv(&mut self, index: u16, chan: u64, n: usize) {
        let first = self.words.len();
        self.words.resize(first + n, 0);
        self.cases[usize::from(index)] = Case { dir: Dir::Recv, chan, first, len: n };
    }

    pub(crate) fn for_each_word(&self, mut f: impl FnMut(u64)) {
        self.words.iter().chain(&self.values).for_each(|&word| f(word));
        self.cases.iter().for_each(|case| f(case.chan));
    }

    fn scheduler_cases(&mut self) -> Vec<SelectCase<RingStorage>> {
        let words = self.words.as_mut_ptr();
        let convert = |case: &Case| {
            let words = words.wrapping_add(case.first);
            let nil = RingStorage { slots: std::ptr::null_mut(), cap: 0, elem_words: 0 };
            let (core, storage) = match case.chan {
                0 => (std::ptr::null(), nil),
                // SAFETY: a channel value that is not nil is the address of a channel.
                ch => unsafe {
                    let (core, storage) = chan::parts(ch);
                    (std::ptr::from_ref(core), storage)
                },
            };
            SelectCase { core, storage, dir: case.dir, words }
        };
        self.cases.iter().map(convert).collect()
    }

    fn keep_received(&mut self, index: usize) {
        let Case { first, len, dir, .. } = self.cases[index];
        if dir == Dir::Recv {
            self.values[..len].copy_from_slice(&self.words[first..first + len]);
            barrier::taken(&self.values[..len]);
        }
    }
}

/// Performs the gathered select: the chosen index, or -1 where none is ready and it is not to wait.
pub(crate) fn exec(m: &mut Machine, may_wait: bool) -> Result<Waited<i64>, Trap> {
    if m.select.cases.iter().all(|case| case.chan == 0) {
        if !may_wait {
            return Ok(Waited::Done(-1));
        }
        let none = m.select.cases.is_empty();
        block_forever(m.worker(), if none { WaitReason::SelectNoCases } else { WaitReason::Select });
        return Ok(Waited::Parked);
    }
    let cases = m.select.scheduler_cases();
    // SAFETY: the cases were made from live channels, with the words that verified code gives them.
    match unsafe { select(m.worker(), &cases, may_wait) } {
        Selected::Ready { index, ok } => {
            m.select.ok = ok;
            m.select.keep_received(index);
            Ok(Waited::Done(index as i64))
        }
        Selected::NotReady => Ok(Waited::Done(-1)),
        Selected::Block => Ok(Waited::Parked),
        Selected::Closed { .. } => Err(RuntimePanic::SendOnClosed {}.into()),
    }
}
