//! Channels and select.
//!
//! An element that goes into a buffer or comes out of it, with nobody to be woken and nobody to be kept out, is a
//! few loads and stores. A non-blocking operation that cannot be done is found out by looking. Everything
//! else is one call. The cases of a select are laid on the stack, for one call.

use super::Translator;
use crate::abi::{self, plain};
use crate::callbacks::Callback;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, Type, Value, types};
use vo_bytecode::operand::RegList;
use vo_bytecode::{Inst, Reg};
use vo_runtime::context::{SelectCase, offsets};
use vo_runtime::object::chan::offsets as chan;

/// Words of a laid case.
const CASE_WORDS: usize = size_of::<SelectCase>() / 8;

/// A select whose cases are being laid: how many, and how many words of the area they and what they send take.
#[derive(Clone, Copy)]
pub(super) struct LaidSelect {
    n: u16,
    words: usize,
}

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

    pub(crate) fn select_begin(&mut self, n: u16) {
        if self.cases_follow() {
            self.args_area(CASE_WORDS * usize::from(n));
            self.select = Some(LaidSelect { n, words: CASE_WORDS * usize::from(n) });
            return;
        }
        let n = self.int(i64::from(n));
        self.tell(Callback::select_begin, &[n]);
    }

    /// Whether the running `SelectBegin` has its cases and its `SelectExec` just behind it, with no way in
    /// between. (What the compiler makes has.)
    fn cases_follow(&self) -> bool {
        let graph = &self.body.graph;
        let begin = graph.inst_at(self.body.pc);
        for i in graph.blocks[self.body.block].insts().skip_while(|&i| i != begin).skip(1) {
            match &graph.insts[i].1 {
                Inst::SelectSend { .. } | Inst::SelectRecv { .. } | Inst::SelectPort { .. } => {}
                Inst::SelectExec { .. } => return true,
                _ => return false,
            }
        }
        false
    }

    /// Lays a case; `words` is what it sends. `what` is the case's `sends`.
    fn lay_case(&mut self, index: u16, chan: Reg, what: i64, words: Option<RegList<'_>>) {
        let Some(LaidSelect { words: first, .. }) = self.select else { return };
        let count = words.map_or(0, RegList::len);
        let base = self.args_area(first + count);
        if let Some(select) = &mut self.select {
            select.words += count;
        }
        for (i, reg) in words.iter().flat_map(|words| words.iter()).enumerate() {
            let value = self.get(reg);
            abi::store_word(&mut self.b, value, base, first + i);
        }
        let (chan, sends) = (self.get(chan), self.int(what));
        let words = self.b.ins().iadd_imm_s(base, 8 * first as i64);
        for (i, value) in [chan, sends, words].into_iter().enumerate() {
            abi::store_word(&mut self.b, value, base, CASE_WORDS * usize::from(index) + i);
        }
    }

    pub(crate) fn select_send(&mut self, index: u16, chan: Reg, words: RegList<'_>) {
        if self.select.is_some() {
            return self.lay_case(index, chan, 1, Some(words));
        }
        let list = self.words(&[], words);
        let (index, chan) = (self.int(i64::from(index)), self.get(chan));
        let n = self.int(words.len() as i64);
        self.tell(Callback::select_add_send, &[index, chan, list, n]);
    }

    pub(crate) fn select_recv(&mut self, index: u16, chan: Reg, n: u16) {
        if self.select.is_some() {
            return self.lay_case(index, chan, 0, None);
        }
        let (index, chan, n) = (self.int(i64::from(index)), self.get(chan), self.int(i64::from(n)));
        self.tell(Callback::select_add_recv, &[index, chan, n]);
    }

    pub(crate) fn select_port(&mut self, index: u16, port: Reg, n: u16) {
        if self.select.is_some() {
            return self.lay_case(index, port, 2, None);
        }
        let (index, port, n) = (self.int(i64::from(index)), self.get(port), self.int(i64::from(n)));
        self.tell(Callback::select_add_port, &[index, port, n]);
    }

    pub(crate) fn select_exec(&mut self, dst: Reg, default: u16) {
        let default = self.int(i64::from(default));
        let status = match self.select.take() {
            Some(LaidSelect { n, .. }) => {
                let (cases, n) = (self.args_area(0), self.int(i64::from(n)));
                self.ask(Callback::select, &[cases, n, default])
            }
            None => self.ask(Callback::select_exec, &[default]),
        };
        self.suspend_unless_ok(status);
        let ctx = self.ctx();
        let case = self.b.ins().load(types::I64, plain(), ctx, offsets::SELECT_CASE);
        self.set(dst, case);
    }

    pub(crate) fn select_value(&mut self, ok: Reg, words: RegList<'_>) {
        let ctx = self.ctx();
        let values = self.b.ins().load(types::I64, plain(), ctx, offsets::SELECT_VALUES);
        for (i, reg) in words.iter().enumerate() {
            let word = self.b.ins().load(types::I64, plain(), values, 8 * i as i32);
            self.set_word(reg, word);
        }
        let ctx = self.ctx();
        let sent = self.b.ins().load(types::I64, plain(), ctx, offsets::SELECT_OK);
        self.set(ok, sent);
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
        let head = self.b.ins().load(types::I64, plain(), ch, chan::HEAD);
        let behind = self.b.ins().iadd(head, count);
        let wrapped = self.b.ins().isub(behind, cap);
        let wraps = self.b.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, behind, cap);
        let place = self.b.ins().select(wraps, wrapped, behind);
        let slot = self.chan_slot(ch, place, words.len());
        for (i, reg) in words.iter().enumerate() {
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
        let head = self.b.ins().load(types::I64, plain(), ch, chan::HEAD);
        let cap = self.b.ins().load(types::I64, plain(), ch, chan::CAP);
        let (slot, zero) = (self.chan_slot(ch, head, words.len()), self.int(0));
        for (i, reg) in words.iter().enumerate() {
            let at = chan::BUFFER + 8 * i as i32;
            let word = self.b.ins().load(types::I64, plain(), slot, at);
            self.b.ins().store(plain(), zero, slot, at);
            self.set_word(reg, word);
        }
        let next = self.b.ins().iadd_imm_s(head, 1);
        let last = self.b.ins().icmp(IntCC::Equal, next, cap);
        let next = self.b.ins().select(last, zero, next);
        self.b.ins().store(plain(), next, ch, chan::HEAD);
        let count = self.b.ins().iadd_imm_s(count, -1);
        self.b.ins().store(plain(), count, ch, chan::COUNT);
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
