//! Channels and select.

use crate::fiber::Completed;
use crate::interp::{Exit, Flow, Interp, Site, Transfer};
use crate::machine::Machine;
use crate::ops::chan::{self as ops, Waited};
use crate::ops::select;
use crate::record;
use crate::unwind;
use smallvec::{SmallVec, smallvec};
use vo_bytecode::Reg;
use vo_bytecode::operand::RegList;
use vo_runtime::object::chan;

/// The fiber waits at the running instruction: its frames become records.
pub(super) fn park(m: &mut Machine, site: Site) -> Option<Transfer> {
    record::spill(m, site.w, site.pc);
    Some(Transfer::Exit(Exit::Parked))
}

/// The operation was done at once. Its point is taken where every point is.
pub(super) fn complete(
    m: &mut Machine,
    site: Site,
    outcome: impl FnOnce(&Machine) -> Completed,
) -> Option<Transfer> {
    if !m.takes_every_point() {
        return None;
    }
    let completed = outcome(m);
    m.fiber_mut().completed = Some(Box::new(completed));
    record::spill(m, site.w, site.pc);
    Some(Transfer::Exit(Exit::Yielded))
}

impl Interp<'_> {
    #[inline(always)]
    pub(crate) fn chan_new(&mut self, dst: Reg, ty: u32, n: Reg) -> Flow {
        let (ty, n) = (self.m.program().ty(ty), self.w.int(n));
        let made = self.m.ensure(self.site()).and_then(|()| chan::new(self.m.cache(), ty, n));
        self.put_result(dst, made)
    }

    #[inline(always)]
    pub(crate) fn chan_send(&mut self, chan: Reg, words: RegList<'_>) -> Flow {
        self.aside(move |m, site| match ops::send(m, site.w.get(chan), &site.words(words)) {
            Ok(Waited::Done(())) => complete(m, site, |_| Completed::default()),
            Ok(Waited::Parked) => park(m, site),
            Err(trap) => Some(unwind::trap(m, site, trap)),
        })
    }

    #[inline(always)]
    pub(crate) fn chan_recv(&mut self, ok: Reg, words: RegList<'_>, chan: Reg) -> Flow {
        self.aside(move |m, site| {
            let mut buffer: SmallVec<[u64; 8]> = smallvec![0; words.len()];
            match ops::recv(m, site.w.get(chan), &mut buffer) {
                Waited::Done(sent) => {
                    site.put(words, &buffer);
                    site.w.set(ok, u64::from(sent));
                    complete(m, site, |_| Completed { words: buffer.to_vec(), ok: sent, case: 0 })
                }
                Waited::Parked => park(m, site),
            }
        })
    }

    #[inline(always)]
    pub(crate) fn chan_try_send(&mut self, ok: Reg, chan: Reg, words: RegList<'_>) -> Flow {
        self.aside(move |m, site| match ops::try_send(m, site.w.get(chan), &site.words(words)) {
            Ok(sent) => {
                site.w.set(ok, u64::from(sent));
                None
            }
            Err(trap) => Some(unwind::trap(m, site, trap)),
        })
    }

    #[inline(always)]
    pub(crate) fn chan_try_recv(&mut self, done: Reg, ok: Reg, words: RegList<'_>, chan: Reg) -> Flow {
        self.aside(move |m, site| {
            let mut buffer: SmallVec<[u64; 8]> = smallvec![0; words.len()];
            let answer = ops::try_recv(m, site.w.get(chan), &mut buffer);
            site.put(words, &buffer);
            site.w.set(done, u64::from(answer.is_some()));
            site.w.set(ok, u64::from(answer == Some(true)));
            None
        })
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
        self.aside(move |m, Site { w, .. }| {
            m.select.add_send(index, w.get(chan), words.iter().map(|r| w.get(r)));
            None
        })
    }

    #[inline(always)]
    pub(crate) fn select_recv(&mut self, index: u16, chan: Reg, _n: u16) -> Flow {
        self.m.select.add_recv(index, self.w.get(chan));
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn select_exec(&mut self, dst: Reg, default: u16) -> Flow {
        self.aside(move |m, site| match select::exec(m, site, default == 0) {
            Ok(Waited::Done(case)) => {
                site.w.set(dst, case as u64);
                complete(m, site, |m| Completed {
                    words: m.select.values.clone(),
                    ok: m.context.select_ok != 0,
                    case,
                })
            }
            Ok(Waited::Parked) => park(m, site),
            Err(trap) => Some(unwind::trap(m, site, trap)),
        })
    }

    #[inline(always)]
    pub(crate) fn select_value(&mut self, ok: Reg, words: RegList<'_>) -> Flow {
        self.aside(move |m, site| {
            site.put(words, &m.select.values);
            site.w.set(ok, m.context.select_ok);
            None
        })
    }
}
