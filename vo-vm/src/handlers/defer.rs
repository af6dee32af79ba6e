//! Deferred calls, panics, recovery; see [`crate::unwind`].

use crate::handlers::call::method_call;
use crate::handlers::memory::made;
use crate::interp::{Flow, Interp, Site};
use crate::unwind;
use crate::value::Deferred;
use vo_bytecode::Reg;
use vo_bytecode::operand::RegList;

impl Interp<'_> {
    #[inline(always)]
    pub(crate) fn defer_push(&mut self, list: Reg, func: u32, args: RegList<'_>) -> Flow {
        self.aside(move |m, site| {
            let head = Deferred::push_func(m, site, site.w.get(list), func, &site.words(args));
            made(m, site, list, head)
        })
    }

    #[inline(always)]
    pub(crate) fn defer_closure(&mut self, list: Reg, closure: Reg, args: RegList<'_>) -> Flow {
        self.aside(move |m, site| {
            let (w, words) = (site.w, site.words(args));
            let head = Deferred::push_closure(m, w, w.get(list), w.get(closure), &words);
            made(m, site, list, head)
        })
    }

    #[inline(always)]
    pub(crate) fn defer_iface(
        &mut self,
        list: Reg,
        ty: Reg,
        data: Reg,
        method: u32,
        args: RegList<'_>,
    ) -> Flow {
        self.aside(move |m, site| {
            let (func, words) = match method_call(site, (ty, data), method, args) {
                Ok(call) => call,
                Err(panic) => return Some(unwind::trap(m, site, panic.into())),
            };
            let head = Deferred::push_func(m, site, site.w.get(list), func, &words);
            made(m, site, list, head)
        })
    }

    #[inline(always)]
    pub(crate) fn err_defer_push(&mut self, list: Reg) -> Flow {
        if let Some(call) = Deferred::at(self.w.get(list)) {
            call.mark_errdefer();
        }
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn err_defer_drop(&mut self, list: Reg) -> Flow {
        self.aside(move |m, Site { w, .. }| {
            w.set(list, Deferred::without_errdefers(m, w.get(list)));
            None
        })
    }

    #[inline(always)]
    pub(crate) fn run_defers(&mut self, list: Reg) -> Flow {
        if self.w.get(list) == 0 {
            return Flow::Next;
        }
        let site = self.site();
        // Opcode and register: two units.
        let next = self.at.wrapping_add(2);
        let transfer = unwind::run_defers(self.m, site, next, list);
        self.transfer(transfer)
    }

    #[inline(always)]
    pub(crate) fn defer_unwind(&mut self, list: Reg, state: Reg) -> Flow {
        let site = self.site();
        // Opcode and two registers: three units.
        let next = self.at.wrapping_add(3);
        let transfer = unwind::defer_unwind(self.m, site, next, list, state);
        self.transfer(transfer)
    }

    #[inline(always)]
    pub(crate) fn recover_token(&mut self, dst: Reg) -> Flow {
        let token = self.m.take_recover_token();
        self.w.set(dst, token);
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn recover(&mut self, ty: Reg, data: Reg, token: Reg) -> Flow {
        let (t, d) = self.m.recover(self.w.get(token));
        self.w.set(ty, t);
        self.w.set(data, d);
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn panic(&mut self, ty: Reg, data: Reg) -> Flow {
        let (site, ty, data) = (self.site(), self.w.get(ty), self.w.get(data));
        let transfer = unwind::panic_value(self.m, site, ty, data);
        self.transfer(transfer)
    }
}
