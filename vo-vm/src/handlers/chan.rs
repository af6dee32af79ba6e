//! Channels and select.

use crate::fiber::Completed;
use crate::interp::{Exit, Flow, Interp, Site, Transfer};
use crate::machine::Machine;
use crate::ops::chan::{self as ops, Waited};
use crate::ops::select;
use crate::record;
use smallvec::{SmallVec, smallvec};
use vo_bytecode::Reg;
use vo_bytecode::operand::RegList;
use vo_runtime::object::chan;

impl Interp<'_> {
    /// The fiber waits at the running instruction: its frames become records.
    #[inline(always)]
    pub(super) fn park(&mut self) -> Flow {
        let site = self.site();
        record::spill(self.m, site.w, site.pc);
        Flow::Exit(Exit::Parked)
    }

    /// The operation was done at once. Its point is taken where every point is.
    #[inline(always)]
    pub(super) fn complete(&mut self, outcome: impl FnOnce(&Machine) -> Completed) -> Flow {
        if !self.m.takes_every_point() {
            return Flow::Next;
        }
        let (site, completed) = (self.site(), outcome(self.m));
        let transfer = leave_completed(self.m, site, completed);
        self.transfer(transfer)
    }

    #[inline(always)]
    pub(super) fn put(&mut self, regs: RegList<'_>, words: &[u64]) {
        for (reg, &word) in regs.iter().zip(words) {
            self.w.set(reg, word);
        }
    }

    #[inline(always)]
    pub(crate) fn chan_new(&mut self, dst: Reg, ty: u32, n: Reg) -> Flow {
        let (ty, n) = (self.m.program().ty(ty), self.w.int(n));
        let made = self.m.ensure(self.w).and_then(|()| chan::new(self.m.cache(), ty, n));
        self.put_result(dst, made)
    }

    #[inline(always)]
    pub(crate) fn chan_send(&mut self, chan: Reg, words: RegList<'_>) -> Flow {
        let words = self.words(words);
        match ops::send(self.m, self.w.get(chan), &words) {
            Ok(Waited::Done(())) => self.complete(|_| Completed::default()),
            Ok(Waited::Parked) => self.park(),
            Err(trap) => self.trap(trap),
        }
    }

    #[inline(always)]
    pub(crate) fn chan_recv(&mut self, ok: Reg, words: RegList<'_>, chan: Reg) -> Flow {
        let mut buffer: SmallVec<[u64; 8]> = smallvec![0; words.len()];
        match ops::recv(self.m, self.w.get(chan), &mut buffer) {
            Waited::Done(sent) => {
                self.put(words, &buffer);
                self.w.set(ok, u64::from(sent));
                self.complete(|_| Completed { words: buffer.to_vec(), ok: sent, case: 0 })
            }
            Waited::Parked => self.park(),
        }
    }

    #[inline(always)]
    pub(crate) fn chan_try_send(&mut self, ok: Reg, chan: Reg, words: RegList<'_>) -> Flow {
        let words = self.words(words);
        match ops::try_send(self.m, self.w.get(chan), &words) {
            Ok(sent) => {
                self.w.set(ok, u64::from(sent));
                Flow::Next
            }
            Err(trap) => self.trap(trap),
        }
    }

    #[inline(always)]
    pub(crate) fn chan_try_recv(&mut self, done: Reg, ok: Reg, words: RegList<'_>, chan: Reg) -> Flow {
        let mut buffer: SmallVec<[u64; 8]> = smallvec![0; words.len()];
        let answer = ops::try_recv(self.m, self.w.get(chan), &mut buffer);
        self.put(words, &buffer);
        self.w.set(done, u64::from(answer.is_some()));
        self.w.set(ok, u64::from(answer == Some(true)));
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn chan_close(&mut self, chan: Reg) -> Flow {
        let closed = ops::close(self.m, self.w.get(chan));
        self.done(closed)
    }

    #[inline(always)]
    pub(crate) fn chan_len(&mut self, dst: Reg, ch: Reg) -> Flow {
        // SAFETY: a channel value is nil or the address of a channel.
        let len = unsafe { chan::len(self.w.get(ch)) };
        self.w.set(dst, len);
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn chan_cap(&mut self, dst: Reg, ch: Reg) -> Flow {
        // SAFETY: a channel value is nil or the address of a channel.
        let cap = unsafe { chan::cap(self.w.get(ch)) };
        self.w.set(dst, cap);
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn select_begin(&mut self, n: u16) -> Flow {
        self.m.select.begin(usize::from(n));
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn select_send(&mut self, index: u16, chan: Reg, words: RegList<'_>) -> Flow {
        let w = self.w;
        self.m.select.add_send(index, w.get(chan), words.iter().map(|r| w.get(r)));
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn select_recv(&mut self, index: u16, chan: Reg, _n: u16) -> Flow {
        self.m.select.add_recv(index, self.w.get(chan));
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn select_exec(&mut self, dst: Reg, default: u16) -> Flow {
        match select::exec(self.m, self.w, default == 0) {
            Ok(Waited::Done(case)) => {
                self.w.set(dst, case as u64);
                self.complete(|m| Completed {
                    words: m.select.values.clone(),
                    ok: m.context.select_ok != 0,
                    case,
                })
            }
            Ok(Waited::Parked) => self.park(),
            Err(trap) => self.trap(trap),
        }
    }

    #[inline(always)]
    pub(crate) fn select_value(&mut self, ok: Reg, words: RegList<'_>) -> Flow {
        for (i, reg) in words.iter().enumerate() {
            self.w.set(reg, self.m.select.values[i]);
        }
        self.w.set(ok, self.m.context.select_ok);
        Flow::Next
    }
}

/// Leaves the worker at a blocking operation whose outcome is known.
#[cold]
#[inline(never)]
fn leave_completed(m: &mut Machine, site: Site, completed: Completed) -> Transfer {
    m.fiber_mut().completed = Some(Box::new(completed));
    record::spill(m, site.w, site.pc);
    Transfer::Exit(Exit::Yielded)
}
