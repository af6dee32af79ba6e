//! Channels and select.

use super::Translator;
use crate::abi::plain;
use crate::callbacks::Callback;
use cranelift_codegen::ir::{InstBuilder, types};
use vo_bytecode::Reg;
use vo_bytecode::operand::RegList;
use vo_runtime::context::offsets;

impl Translator<'_, '_> {
    pub(crate) fn chan_new(&mut self, dst: Reg, ty: u32, n: Reg) {
        let (ty, n, outs) = (self.type_word_of(ty), self.get(n), self.outs_area(1));
        self.check(Callback::chan_new, &[ty, n, outs]);
        let chan = self.out(0);
        self.set(dst, chan);
    }

    pub(crate) fn chan_send(&mut self, chan: Reg, words: RegList<'_>) {
        let words = self.words(&[], words);
        let chan = self.get(chan);
        let status = self.ask(Callback::chan_send, &[chan, words]);
        self.suspend_unless_ok(status);
    }

    pub(crate) fn chan_recv(&mut self, ok: Reg, words: RegList<'_>, chan: Reg) {
        let (chan, outs) = (self.get(chan), self.outs_area(words.len() + 1));
        let elem = self.b.ins().iadd_imm_s(outs, 8);
        let status = self.ask(Callback::chan_recv, &[chan, elem, outs]);
        self.suspend_unless_ok(status);
        self.set_outs(1, words);
        let sent = self.out(0);
        self.set(ok, sent);
    }

    pub(crate) fn chan_try_send(&mut self, ok: Reg, chan: Reg, words: RegList<'_>) {
        let words = self.words(&[], words);
        let (chan, outs) = (self.get(chan), self.outs_area(1));
        self.check(Callback::chan_try_send, &[chan, words, outs]);
        let sent = self.out(0);
        self.set(ok, sent);
    }

    pub(crate) fn chan_try_recv(&mut self, done: Reg, ok: Reg, words: RegList<'_>, chan: Reg) {
        let (chan, outs) = (self.get(chan), self.outs_area(words.len()));
        // Nothing received is zero.
        let zero = self.int(0);
        for i in 0..words.len() {
            self.b.ins().store(plain(), zero, outs, 8 * i as i32);
        }
        let answer = self.ask(Callback::chan_try_recv, &[chan, outs]);
        self.set_outs(0, words);
        let (one, high) = (self.int(1), self.b.ins().ushr_imm_s(answer, 1));
        let received = self.b.ins().band(answer, one);
        self.set(done, received);
        self.set(ok, high);
    }

    pub(crate) fn chan_close(&mut self, chan: Reg) {
        let chan = self.get(chan);
        self.check(Callback::chan_close, &[chan]);
    }

    pub(crate) fn chan_len(&mut self, dst: Reg, chan: Reg) {
        let chan = self.get(chan);
        let len = self.ask(Callback::chan_len, &[chan]);
        self.set(dst, len);
    }

    pub(crate) fn chan_cap(&mut self, dst: Reg, chan: Reg) {
        let chan = self.get(chan);
        let cap = self.ask(Callback::chan_cap, &[chan]);
        self.set(dst, cap);
    }

    pub(crate) fn select_begin(&mut self, n: u16) {
        let n = self.int(i64::from(n));
        self.tell(Callback::select_begin, &[n]);
    }

    pub(crate) fn select_send(&mut self, index: u16, chan: Reg, words: RegList<'_>) {
        let list = self.words(&[], words);
        let (index, chan) = (self.int(i64::from(index)), self.get(chan));
        let n = self.int(words.len() as i64);
        self.tell(Callback::select_add_send, &[index, chan, list, n]);
    }

    pub(crate) fn select_recv(&mut self, index: u16, chan: Reg, n: u16) {
        let (index, chan, n) = (self.int(i64::from(index)), self.get(chan), self.int(i64::from(n)));
        self.tell(Callback::select_add_recv, &[index, chan, n]);
    }

    pub(crate) fn select_exec(&mut self, dst: Reg, default: u16) {
        let default = self.int(i64::from(default));
        let status = self.ask(Callback::select_exec, &[default]);
        self.suspend_unless_ok(status);
        let case = self.b.ins().load(types::I64, plain(), self.ctx, offsets::SELECT_CASE);
        self.set(dst, case);
    }

    pub(crate) fn select_value(&mut self, ok: Reg, words: RegList<'_>) {
        let (outs, n) = (self.outs_area(words.len()), self.int(words.len() as i64));
        let sent = self.ask(Callback::select_value, &[outs, n]);
        self.set_outs(0, words);
        self.set(ok, sent);
    }
}
