//! Channels. (Select is in [`super::select`].)
//!
//! An element that goes into a buffer or comes out of it, with nobody to be woken and nobody to be kept out, is a
//! few loads and stores. A non-blocking operation that cannot be done is found out by looking. Everything
//! else is one call.

use super::Translator;
use crate::abi::plain;
use crate::callbacks::Callback;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, Type, Value, types};
use vo_bytecode::Reg;
use vo_bytecode::operand::RegList;
use vo_runtime::context::offsets;
use vo_runtime::object::chan::offsets as chan;

impl Translator<'_, '_> {
    pub(crate) fn chan_new(&mut self, dst: Reg, ty: u32, n: Reg) {
        let (ty, n, outs) = (self.type_word_of(ty), self.get(n), self.outs_area(1));
        self.check(Callback::chan_new, &[ty, n, outs]);
        let chan = self.out(0);
        self.set(dst, chan);
    }

    pub(crate) fn chan_send(&mut self, chan: Reg, words: RegList<'_>) {
        let (slow, on) = (self.cold_block(), self.b.create_block());
        let ch = self.get(chan);
        self.unless_shared(ch, words, slow);
        self.put_inline(ch, words, slow);
        self.b.ins().jump(on, &[]);

        self.go_to(slow);
        let words = self.words(&[], words);
        let status = self.ask(Callback::chan_send, &[ch, words]);
        self.suspend_unless_ok(status);
        self.b.ins().jump(on, &[]);
        self.go_to(on);
    }

    pub(crate) fn chan_recv(&mut self, ok: Reg, words: RegList<'_>, chan: Reg) {
        let (slow, on) = (self.cold_block(), self.b.create_block());
        let ch = self.get(chan);
        self.unless_shared(ch, words, slow);
        self.take_inline(ch, words, slow);
        let one = self.int(1);
        self.set(ok, one);
        self.b.ins().jump(on, &[]);

        self.go_to(slow);
        let outs = self.outs_area(words.len() + 1);
        let elem = self.b.ins().iadd_imm_s(outs, 8);
        let status = self.ask(Callback::chan_recv, &[ch, elem, outs]);
        self.suspend_unless_ok(status);
        self.set_outs(1, words);
        let sent = self.out(0);
        self.set(ok, sent);
        self.b.ins().jump(on, &[]);
        self.go_to(on);
    }

    pub(crate) fn chan_try_send(&mut self, ok: Reg, chan: Reg, words: RegList<'_>) {
        let (look, full, may) = (self.b.create_block(), self.b.create_block(), self.b.create_block());
        let (ready, slow, on) = (self.b.create_block(), self.cold_block(), self.b.create_block());
        let (ch, zero) = (self.get(chan), self.int(0));
        self.b.ins().brif(ch, look, &[], full, &[]);

        // Not closed, then no room: as vo-sched looks before it locks.
        self.go_to(look);
        let closed = self.chan_look(types::I32, ch, chan::CLOSED);
        self.b.ins().brif(closed, may, &[], ready, &[]);
        self.go_to(ready);
        let waits = self.chan_look(types::I64, ch, chan::RECVQ);
        let count = self.chan_look(types::I64, ch, chan::COUNT);
        let cap = self.b.ins().load(types::I64, plain(), ch, chan::CAP);
        let room = self.b.ins().icmp(IntCC::UnsignedLessThan, count, cap);
        let waits = self.b.ins().icmp_imm_s(IntCC::NotEqual, waits, 0);
        let possible = self.b.ins().bor(room, waits);
        self.b.ins().brif(possible, may, &[], full, &[]);

        self.go_to(full);
        self.set(ok, zero);
        self.b.ins().jump(on, &[]);

        self.go_to(may);
        self.unless_shared(ch, words, slow);
        self.put_inline(ch, words, slow);
        let one = self.int(1);
        self.set(ok, one);
        self.b.ins().jump(on, &[]);

        self.go_to(slow);
        let words = self.words(&[], words);
        let outs = self.outs_area(1);
        self.check(Callback::chan_try_send, &[ch, words, outs]);
        let sent = self.out(0);
        self.set(ok, sent);
        self.b.ins().jump(on, &[]);
        self.go_to(on);
    }

    pub(crate) fn chan_try_recv(&mut self, done: Reg, ok: Reg, words: RegList<'_>, chan: Reg) {
        let (look, empty, may) = (self.b.create_block(), self.b.create_block(), self.b.create_block());
        let (nothing, slow, on) = (self.b.create_block(), self.cold_block(), self.b.create_block());
        let (ch, zero) = (self.get(chan), self.int(0));
        self.b.ins().brif(ch, look, &[], nothing, &[]);

        // Empty, then not closed: as vo-sched looks before it locks.
        self.go_to(look);
        let count = self.chan_look(types::I64, ch, chan::COUNT);
        let waits = self.chan_look(types::I64, ch, chan::SENDQ);
        let some = self.b.ins().bor(count, waits);
        self.b.ins().brif(some, may, &[], empty, &[]);
        self.go_to(empty);
        let closed = self.chan_look(types::I32, ch, chan::CLOSED);
        self.b.ins().brif(closed, may, &[], nothing, &[]);

        // Nothing received is zero.
        self.go_to(nothing);
        for reg in words.iter() {
            self.set_word(reg, zero);
        }
        self.set(done, zero);
        self.set(ok, zero);
        self.b.ins().jump(on, &[]);

        self.go_to(may);
        self.unless_shared(ch, words, slow);
        self.take_inline(ch, words, slow);
        let one = self.int(1);
        self.set(done, one);
        self.set(ok, one);
        self.b.ins().jump(on, &[]);

        self.go_to(slow);
        let outs = self.outs_area(words.len());
        for i in 0..words.len() {
            self.b.ins().store(plain(), zero, outs, 8 * i as i32);
        }
        let answer = self.ask(Callback::chan_try_recv, &[ch, outs]);
        self.set_outs(0, words);
        let (one, high) = (self.int(1), self.b.ins().ushr_imm_s(answer, 1));
        let received = self.b.ins().band(answer, one);
        self.set(done, received);
        self.set(ok, high);
        self.b.ins().jump(on, &[]);
        self.go_to(on);
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
}

/// What needs nobody else, while the island is this worker's alone. Each leads to `slow` where it does not
/// apply, and changes nothing then.
impl Translator<'_, '_> {
    /// Goes on where `ch` is a channel, the island is this worker's alone, and the collector need not be told of
    /// element `words` that come and go.
    fn unless_shared(&mut self, ch: Value, words: RegList<'_>, slow: Block) {
        let alone = self.alone();
        let on = self.b.create_block();
        self.b.ins().brif(alone, on, &[], slow, &[]);
        self.go_to(on);
        let on = self.b.create_block();
        self.b.ins().brif(ch, on, &[], slow, &[]);
        self.go_to(on);
        if words.iter().any(|reg| self.class(reg).is_traced()) {
            let ctx = self.ctx();
            let marking = self.b.ins().load(types::I64, plain(), ctx, offsets::BARRIER);
            let on = self.b.create_block();
            self.b.ins().brif(marking, slow, &[], on, &[]);
            self.go_to(on);
        }
    }

    /// Puts an element into the buffer, if the channel is open, has room, and nobody waits.
    fn put_inline(&mut self, ch: Value, words: RegList<'_>, slow: Block) {
        let closed = self.b.ins().load(types::I32, plain(), ch, chan::CLOSED);
        let waits = self.b.ins().load(types::I64, plain(), ch, chan::RECVQ);
        let closed = self.b.ins().uextend(types::I64, closed);
        let either = self.b.ins().bor(closed, waits);
        let on = self.b.create_block();
        self.b.ins().brif(either, slow, &[], on, &[]);
        self.go_to(on);
        let count = self.b.ins().load(types::I64, plain(), ch, chan::COUNT);
        let cap = self.b.ins().load(types::I64, plain(), ch, chan::CAP);
        let room = self.b.ins().icmp(IntCC::UnsignedLessThan, count, cap);
        let on = self.b.create_block();
        self.b.ins().brif(room, on, &[], slow, &[]);
        self.go_to(on);
        let regs: Vec<Reg> = words.iter().collect();
        self.put_element(ch, &regs);
    }

    /// Puts an element into the buffer, which has room.
    pub(super) fn put_element(&mut self, ch: Value, words: &[Reg]) {
        let count = self.b.ins().load(types::I64, plain(), ch, chan::COUNT);
        let cap = self.b.ins().load(types::I64, plain(), ch, chan::CAP);
        let head = self.b.ins().load(types::I64, plain(), ch, chan::HEAD);
        let behind = self.b.ins().iadd(head, count);
        let wrapped = self.b.ins().isub(behind, cap);
        let wraps = self.b.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, behind, cap);
        let place = self.b.ins().select(wraps, wrapped, behind);
        let slot = self.chan_slot(ch, place, words.len());
        for (i, &reg) in words.iter().enumerate() {
            let word = self.word(reg);
            self.b.ins().store(plain(), word, slot, chan::BUFFER + 8 * i as i32);
        }
        let count = self.b.ins().iadd_imm_s(count, 1);
        self.b.ins().store(plain(), count, ch, chan::COUNT);
    }

    /// Takes the oldest element out of the buffer, if there is one and nobody waits to send.
    fn take_inline(&mut self, ch: Value, words: RegList<'_>, slow: Block) {
        let waits = self.b.ins().load(types::I64, plain(), ch, chan::SENDQ);
        let on = self.b.create_block();
        self.b.ins().brif(waits, slow, &[], on, &[]);
        self.go_to(on);
        let count = self.b.ins().load(types::I64, plain(), ch, chan::COUNT);
        let on = self.b.create_block();
        self.b.ins().brif(count, on, &[], slow, &[]);
        self.go_to(on);
        let taken = self.take_element(ch, words.len());
        for (reg, word) in words.iter().zip(taken) {
            self.set_word(reg, word);
        }
    }

    /// Takes the oldest element out of the buffer, which is not empty: its words.
    pub(super) fn take_element(&mut self, ch: Value, words: usize) -> Vec<Value> {
        let count = self.b.ins().load(types::I64, plain(), ch, chan::COUNT);
        let head = self.b.ins().load(types::I64, plain(), ch, chan::HEAD);
        let cap = self.b.ins().load(types::I64, plain(), ch, chan::CAP);
        let (slot, zero) = (self.chan_slot(ch, head, words), self.int(0));
        let mut taken = Vec::with_capacity(words);
        for i in 0..words {
            let at = chan::BUFFER + 8 * i as i32;
            taken.push(self.b.ins().load(types::I64, plain(), slot, at));
            self.b.ins().store(plain(), zero, slot, at);
        }
        let next = self.b.ins().iadd_imm_s(head, 1);
        let last = self.b.ins().icmp(IntCC::Equal, next, cap);
        let next = self.b.ins().select(last, zero, next);
        self.b.ins().store(plain(), next, ch, chan::HEAD);
        let count = self.b.ins().iadd_imm_s(count, -1);
        self.b.ins().store(plain(), count, ch, chan::COUNT);
        taken
    }

    /// The address of a channel's slot, less the buffer's offset.
    fn chan_slot(&mut self, ch: Value, place: Value, words: usize) -> Value {
        let size = self.int(8 * words as i64);
        let offset = self.b.ins().imul(place, size);
        self.b.ins().iadd(ch, offset)
    }

    /// Reads a part of a channel that others may be changing.
    fn chan_look(&mut self, ty: Type, ch: Value, offset: i32) -> Value {
        let at = self.b.ins().iadd_imm_s(ch, i64::from(offset));
        self.b.ins().atomic_load(ty, plain(), at)
    }
}
