//! Interface values.

use crate::interp::{Flow, Interp, Site, Transfer};
use crate::machine::Machine;
use crate::unwind;
use vo_bytecode::Reg;
use vo_runtime::panic::AssertionError;
use vo_runtime::rtype::{self, Ty};

impl Interp<'_> {
    #[inline(always)]
    pub(crate) fn iface_eq(&mut self, dst: Reg, at: Reg, ad: Reg, bt: Reg, bd: Reg) -> Flow {
        let w = self.w;
        if w.get(at) != w.get(bt) {
            w.set(dst, 0);
            return Flow::Next;
        }
        // SAFETY: the registers hold interface values.
        let equal = unsafe { rtype::eq_iface(w.get(at), w.get(ad), w.get(bt), w.get(bd)) };
        self.put_result(dst, equal.map(u64::from))
    }

    #[inline(always)]
    pub(crate) fn iface_impl(&mut self, dst: Reg, at: Reg, ty: u32) -> Flow {
        let iface = self.m.program().ty(ty);
        // SAFETY: the register holds a type word.
        let implements = unsafe { Ty::from_word(self.w.get(at)) }.is_some_and(|ty| ty.implements(iface));
        self.w.set(dst, u64::from(implements));
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn assert_fail(&mut self, at: Reg, from: u32, to: u32) -> Flow {
        let (site, word) = (self.site(), self.w.get(at));
        let transfer = assert_fail(self.m, site, word, from, to);
        self.transfer(transfer)
    }
}

#[cold]
#[inline(never)]
fn assert_fail(m: &mut Machine, site: Site, word: u64, from: u32, to: u32) -> Transfer {
    let types = m.program_ref().types();
    // SAFETY: a type word.
    let dynamic = unsafe { Ty::from_word(word) };
    let error = AssertionError::new(types, dynamic, types.get(from), types.get(to));
    m.set_assertion_panic(site.w, &error);
    unwind::unwind(m, site)
}
