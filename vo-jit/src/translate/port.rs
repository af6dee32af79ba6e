//! Islands and ports.

use super::Translator;
use crate::abi::plain;
use crate::callbacks::Callback;
use cranelift_codegen::ir::InstBuilder;
use vo_bytecode::Reg;
use vo_bytecode::operand::RegList;

impl Translator<'_, '_> {
    pub(crate) fn island_new(&mut self, dst: Reg, n: Reg) {
        let (n, outs) = (self.get(n), self.outs_area(1));
        self.check(Callback::create_island, &[n, outs]);
        let island = self.out(0);
        self.set(dst, island);
    }

    pub(crate) fn go_island(&mut self, island: Reg, closure: Reg) {
        let (island, closure, site) = (self.get(island), self.get(closure), self.site());
        self.check(Callback::go_island, &[island, closure, site]);
    }

    pub(crate) fn port_new(&mut self, dst: Reg, ty: u32, n: Reg) {
        let (ty, n, site, outs) = (self.type_word_of(ty), self.get(n), self.site(), self.outs_area(1));
        self.check(Callback::port_new, &[ty, n, site, outs]);
        let port = self.out(0);
        self.set(dst, port);
    }

    pub(crate) fn port_send(&mut self, port: Reg, words: RegList<'_>) {
        let words = self.words(&[], words);
        let port = self.get(port);
        let status = self.ask(Callback::port_send, &[port, words]);
        self.suspend_unless_ok(status);
    }

    pub(crate) fn port_recv(&mut self, ok: Reg, words: RegList<'_>, port: Reg) {
        let (port, outs) = (self.get(port), self.outs_area(words.len() + 1));
        let elem = self.b.ins().iadd_imm_s(outs, 8);
        let status = self.ask(Callback::port_recv, &[port, elem, outs]);
        self.suspend_unless_ok(status);
        self.set_outs(1, words);
        let sent = self.out(0);
        self.set(ok, sent);
    }

    pub(crate) fn port_try_recv(&mut self, done: Reg, ok: Reg, words: RegList<'_>, port: Reg) {
        let (port, outs) = (self.get(port), self.outs_area(words.len() + 2));
        let elem = self.b.ins().iadd_imm_s(outs, 16);
        // Nothing received is zero.
        let zero = self.int(0);
        for i in 0..words.len() {
            self.b.ins().store(plain(), zero, elem, 8 * i as i32);
        }
        self.check(Callback::port_try_recv, &[port, elem, outs]);
        self.set_outs(2, words);
        let (received, sent) = (self.out(0), self.out(1));
        self.set(done, received);
        self.set(ok, sent);
    }

    pub(crate) fn port_close(&mut self, port: Reg) {
        let port = self.get(port);
        self.check(Callback::port_close, &[port]);
    }

    pub(crate) fn port_len(&mut self, dst: Reg, port: Reg) {
        let port = self.get(port);
        let len = self.ask(Callback::port_len, &[port]);
        self.set(dst, len);
    }

    pub(crate) fn port_cap(&mut self, dst: Reg, port: Reg) {
        let port = self.get(port);
        let cap = self.ask(Callback::port_cap, &[port]);
        self.set(dst, cap);
    }
}
