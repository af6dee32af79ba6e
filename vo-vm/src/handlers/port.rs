//! Islands and ports.

use crate::cross::Refused;
use crate::fiber::Completed;
use crate::handlers::chan::{complete, park};
use crate::handlers::memory::made;
use crate::interp::{Flow, Interp, Site, Transfer};
use crate::machine::Machine;
use crate::ops::chan::Waited;
use crate::ops::port as ops;
use crate::unwind;
use smallvec::{SmallVec, smallvec};
use vo_bytecode::Reg;
use vo_bytecode::operand::RegList;

/// Panics with what an operation refused.
fn refused(m: &mut Machine, site: Site, refused: Refused, port: u64) -> Option<Transfer> {
    Some(match m.refuse(site, refused, ops::port_behind(port)) {
        Some(trap) => unwind::trap(m, site, trap),
        None => unwind::unwind(m, site),
    })
}

impl Interp<'_> {
    #[inline(always)]
    pub(crate) fn island_new(&mut self, dst: Reg, n: Reg) -> Flow {
        self.aside(move |m, site| {
            let island = ops::island_new(m, site, site.w.int(n));
            made(m, site, dst, island)
        })
    }

    #[inline(always)]
    pub(crate) fn go_island(&mut self, island: Reg, closure: Reg) -> Flow {
        self.aside(move |m, site| {
            let w = site.w;
            match ops::go_island(m, w.get(island), w.get(closure), (w.code().index, site.pc)) {
                Ok(()) => None,
                Err(error) => refused(m, site, error, 0),
            }
        })
    }

    #[inline(always)]
    pub(crate) fn port_new(&mut self, dst: Reg, ty: u32, n: Reg) -> Flow {
        self.aside(move |m, site| {
            let at = (site.w.code().index, site.pc);
            let port = ops::new(m, site, m.program().ty(ty), site.w.int(n), at);
            made(m, site, dst, port)
        })
    }

    #[inline(always)]
    pub(crate) fn port_send(&mut self, port: Reg, words: RegList<'_>) -> Flow {
        self.aside(move |m, site| {
            let port = site.w.get(port);
            match ops::send(m, port, &site.words(words)) {
                Ok(Waited::Done(())) => complete(m, site, |_| Completed::default()),
                Ok(Waited::Parked) => park(m, site),
                Err(error) => refused(m, site, error, port),
            }
        })
    }

    #[inline(always)]
    pub(crate) fn port_recv(&mut self, ok: Reg, words: RegList<'_>, port: Reg) -> Flow {
        self.aside(move |m, site| {
            let mut buffer: SmallVec<[u64; 8]> = smallvec![0; words.len()];
            match ops::recv(m, site.w, site.w.get(port), &mut buffer) {
                Ok(Waited::Done(sent)) => {
                    site.put(words, &buffer);
                    site.w.set(ok, u64::from(sent));
                    complete(m, site, |_| Completed { words: buffer.to_vec(), ok: sent, case: 0 })
                }
                Ok(Waited::Parked) => park(m, site),
                Err(trap) => Some(unwind::trap(m, site, trap)),
            }
        })
    }

    #[inline(always)]
    pub(crate) fn port_try_recv(&mut self, done: Reg, ok: Reg, words: RegList<'_>, port: Reg) -> Flow {
        self.aside(move |m, site| {
            let mut buffer: SmallVec<[u64; 8]> = smallvec![0; words.len()];
            match ops::try_recv(m, site.w, site.w.get(port), &mut buffer) {
                Ok(answer) => {
                    site.put(words, &buffer);
                    site.w.set(done, u64::from(answer.is_some()));
                    site.w.set(ok, u64::from(answer == Some(true)));
                    None
                }
                Err(trap) => Some(unwind::trap(m, site, trap)),
            }
        })
    }

    #[inline(always)]
    pub(crate) fn port_close(&mut self, port: Reg) -> Flow {
        self.aside(move |m, site| match ops::close_port(m, site.w.get(port)) {
            Ok(()) => None,
            Err(trap) => Some(unwind::trap(m, site, trap)),
        })
    }

    #[inline(always)]
    pub(crate) fn port_len(&mut self, dst: Reg, port: Reg) -> Flow {
        self.aside(move |_, Site { w, .. }| {
            w.set(dst, ops::len_and_cap(w.get(port)).0);
            None
        })
    }

    #[inline(always)]
    pub(crate) fn port_cap(&mut self, dst: Reg, port: Reg) -> Flow {
        self.aside(move |_, Site { w, .. }| {
            w.set(dst, ops::len_and_cap(w.get(port)).1);
            None
        })
    }

    #[inline(always)]
    pub(crate) fn select_port(&mut self, index: u16, port: Reg, _n: u16) -> Flow {
        self.aside(move |m, site| {
            m.select.add_port(index, site.w.get(port));
            None
        })
    }
}
