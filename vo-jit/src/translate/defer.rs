//! Deferred calls, panics, recovering.

use super::Translator;
use crate::abi::plain;
use crate::callbacks::Callback;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value};
use vo_bytecode::Reg;
use vo_bytecode::operand::RegList;

impl Translator<'_, '_> {
    fn push_defer(&mut self, list: Reg, kind: i64, target: Value, words: Value, n: usize) {
        let (head, kind, n) = (self.get(list), self.int(kind), self.int(n as i64));
        let head = self.made(Callback::defer_push, &[head, kind, target, words, n]);
        self.set(list, head);
    }

    pub(crate) fn defer_push(&mut self, list: Reg, func: u32, args: RegList<'_>) {
        let words = self.words(&[], args);
        let func = self.int(i64::from(func));
        self.push_defer(list, 0, func, words, args.len());
    }

    pub(crate) fn defer_closure(&mut self, list: Reg, closure: Reg, args: RegList<'_>) {
        let words = self.words(&[], args);
        let closure = self.get(closure);
        self.push_defer(list, 1, closure, words, args.len());
    }

    pub(crate) fn defer_iface(&mut self, list: Reg, ty: Reg, data: Reg, method: u32, args: RegList<'_>) {
        let func = self.method(ty, method);
        let data = self.get(data);
        let words = self.words(&[data], args);
        self.push_defer(list, 0, func, words, args.len() + 1);
    }

    pub(crate) fn err_defer_push(&mut self, list: Reg) {
        let head = self.get(list);
        self.tell(Callback::err_defer_push, &[head]);
    }

    pub(crate) fn err_defer_drop(&mut self, list: Reg) {
        let head = self.get(list);
        let rest = self.ask(Callback::err_defer_drop, &[head]);
        self.set(list, rest);
    }

    pub(crate) fn run_defers(&mut self, list: Reg) {
        let head = self.get(list);
        let some = self.b.ins().icmp_imm_s(IntCC::NotEqual, head, 0);
        let (run, done) = (self.b.create_block(), self.b.create_block());
        self.b.ins().brif(some, run, &[], done, &[]);
        self.go_to(run);
        let outs = self.outs_area(1);
        self.b.ins().store(plain(), head, outs, 0);
        self.note_frame();
        let status = self.ask(Callback::run_defers, &[outs]);
        let head = self.out(0);
        self.set(list, head);
        self.suspend_unless_ok(status);
        self.b.ins().jump(done, &[]);
        self.go_to(done);
    }

    pub(crate) fn defer_unwind(&mut self, list: Reg, state: Reg) {
        let outs = self.outs_area(2);
        let (head, at) = (self.get(list), self.get(state));
        self.b.ins().store(plain(), head, outs, 0);
        self.b.ins().store(plain(), at, outs, 8);
        let (second, site) = (self.b.ins().iadd_imm_s(outs, 8), self.note_frame());
        let status = self.ask(Callback::defer_unwind, &[outs, second, site]);
        let (head, at) = (self.out(0), self.out(1));
        self.set(list, head);
        self.set(state, at);
        self.suspend_or_leave_unless_ok(status);
    }

    pub(crate) fn recover_token(&mut self, dst: Reg) {
        let token = self.ask(Callback::recover_token, &[]);
        self.set(dst, token);
    }

    pub(crate) fn recover(&mut self, ty: Reg, data: Reg, token: Reg) {
        let (token, outs) = (self.get(token), self.outs_area(2));
        self.tell(Callback::recover, &[token, outs]);
        let (t, d) = (self.out(0), self.out(1));
        self.set(ty, t);
        self.set(data, d);
    }

    pub(crate) fn panic(&mut self, ty: Reg, data: Reg) {
        let (ty, data) = (self.get(ty), self.get(data));
        let _ = self.ask(Callback::panic, &[ty, data]);
        self.panicked();
    }
}
