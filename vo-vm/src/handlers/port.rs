//! Islands and ports.

use crate::cross::Refused;
use crate::fiber::Completed;
use crate::interp::{Flow, Interp};
use crate::ops::chan::Waited;
use crate::ops::port as ops;
use crate::unwind;
use smallvec::{SmallVec, smallvec};
use vo_bytecode::Reg;
use vo_bytecode::operand::RegList;

impl Interp<'_> {
    /// Panics with what an operation refused.
    fn refused(&mut self, refused: Refused, port: u64) -> Flow {
        match self.m.refuse(self.w, refused, ops::port_behind(port)) {
            Some(trap) => self.trap(trap),
            None => {
                let site = self.site();
                let transfer = unwind::unwind(self.m, site);
                self.transfer(transfer)
            }
        }
    }

    #[inline(always)]
    pub(crate) fn island_new(&mut self, dst: Reg, n: Reg) -> Flow {
        let made = ops::island_new(self.m, self.w, self.w.int(n));
        self.put_result(dst, made)
    }

    #[inline(always)]
    pub(crate) fn go_island(&mut self, island: Reg, closure: Reg) -> Flow {
        let (site, w) = (self.site(), self.w);
        match ops::go_island(self.m, w.get(island), w.get(closure), (w.code().index, site.pc)) {
            Ok(()) => Flow::Next,
            Err(refused) => self.refused(refused, 0),
        }
    }

    #[inline(always)]
    pub(crate) fn port_new(&mut self, dst: Reg, ty: u32, n: Reg) -> Flow {
        let (ty, n) = (self.m.program().ty(ty), self.w.int(n));
        let made = ops::new(self.m, self.w, ty, n);
        self.put_result(dst, made)
    }

    #[inline(always)]
    pub(crate) fn port_send(&mut self, port: Reg, words: RegList<'_>) -> Flow {
        let (words, port) = (self.words(words), self.w.get(port));
        match ops::send(self.m, port, &words) {
            Ok(Waited::Done(())) => self.complete(|_| Completed::default()),
            Ok(Waited::Parked) => self.park(),
            Err(refused) => self.refused(refused, port),
        }
    }

    #[inline(always)]
    pub(crate) fn port_recv(&mut self, ok: Reg, words: RegList<'_>, port: Reg) -> Flow {
        let mut buffer: SmallVec<[u64; 8]> = smallvec![0; words.len()];
        match ops::recv(self.m, self.w, self.w.get(port), &mut buffer) {
            Ok(Waited::Done(sent)) => {
                self.put(words, &buffer);
                self.w.set(ok, u64::from(sent));
                self.complete(|_| Completed { words: buffer.to_vec(), ok: sent, case: 0 })
            }
            Ok(Waited::Parked) => self.park(),
            Err(trap) => self.trap(trap),
        }
    }

    #[inline(always)]
    pub(crate) fn port_try_recv(&mut self, done: Reg, ok: Reg, words: RegList<'_>, port: Reg) -> Flow {
        let mut buffer: SmallVec<[u64; 8]> = smallvec![0; words.len()];
        match ops::try_recv(self.m, self.w, self.w.get(port), &mut buffer) {
            Ok(answer) => {
                self.put(words, &buffer);
                self.w.set(done, u64::from(answer.is_some()));
                self.w.set(ok, u64::from(answer == Some(true)));
                Flow::Next
            }
            Err(trap) => self.trap(trap),
        }
    }

    #[inline(always)]
    pub(crate) fn port_close(&mut self, port: Reg) -> Flow {
        let closed = ops::close_port(self.m, self.w.get(port));
        self.done(closed)
    }

    #[inline(always)]
    pub(crate) fn port_len(&mut self, dst: Reg, port: Reg) -> Flow {
        let (len, _) = ops::len_and_cap(self.w.get(port));
        self.w.set(dst, len);
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn port_cap(&mut self, dst: Reg, port: Reg) -> Flow {
        let (_, cap) = ops::len_and_cap(self.w.get(port));
        self.w.set(dst, cap);
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn select_port(&mut self, index: u16, port: Reg, _n: u16) -> Flow {
        self.m.select.add_port(index, self.w.get(port));
        Flow::Next
    }
}
