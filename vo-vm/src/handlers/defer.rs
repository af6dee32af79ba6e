//! Deferred calls, panics, recovery; see [`crate::unwind`].

use crate::handlers::call::method_of;
use crate::interp::{Flow, Interp};
use crate::unwind;
use crate::value::Deferred;
use vo_bytecode::Reg;
use vo_bytecode::operand::RegList;
use vo_runtime::panic::RuntimePanic;

impl Interp<'_> {
    #[inline(always)]
    pub(crate) fn defer_push(&mut self, list: Reg, func: u32, args: RegList<'_>) -> Flow {
        let words = self.words(args);
        let head = Deferred::push_func(self.m, self.w, self.w.get(list), func, &words);
        self.put_result(list, head)
    }

    #[inline(always)]
    pub(crate) fn defer_closure(&mut self, list: Reg, closure: Reg, args: RegList<'_>) -> Flow {
        let words = self.words(args);
        let head = Deferred::push_closure(self.m, self.w, self.w.get(list), self.w.get(closure), &words);
        self.put_result(list, head)
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
        let word = self.w.get(ty);
        if word == 0 {
            return self.trap(RuntimePanic::NilDereference {});
        }
        let Some(func) = method_of(word, method) else {
            return self.trap(RuntimePanic::UnreachableMethod {});
        };
        let mut words = self.words(args);
        words.insert(0, self.w.get(data));
        let head = Deferred::push_func(self.m, self.w, self.w.get(list), func, &words);
        self.put_result(list, head)
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
        let rest = Deferred::without_errdefers(self.m, self.w.get(list));
        self.w.set(list, rest);
        Flow::Next
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
