//! Strings.

use super::Translator;
use crate::abi::plain;
use crate::callbacks::Callback;
use crate::facts::Range;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use vo_bytecode::Reg;
use vo_bytecode::operand::RegList;

impl Translator<'_, '_> {
    pub(crate) fn str_concat(&mut self, ptr: Reg, len: Reg, parts: RegList<'_>) {
        let words = self.words(&[], parts);
        let (n, outs) = (self.int(parts.len() as i64 / 2), self.outs_area(2));
        self.check(Callback::str_concat, &[words, n, outs]);
        self.set_outs(0, RegList(&[ptr.0, len.0]));
    }

    /// Most strings that differ do so in length or in the first byte.
    pub(crate) fn str_eq(&mut self, dst: Reg, ap: Reg, al: Reg, bp: Reg, bl: Reg) {
        let (ap, al, bp, bl) = (self.get(ap), self.get(al), self.get(bp), self.get(bl));
        let (first, look, done) = (self.b.create_block(), self.b.create_block(), self.b.create_block());
        let answer = self.b.append_block_param(done, types::I64);
        let same = self.b.ins().icmp(IntCC::Equal, al, bl);
        let (no, yes) = (self.int(0), self.int(1));
        let some = self.b.create_block();
        self.b.ins().brif(same, some, &[], done, &[no.into()]);
        self.go_to(some);
        self.b.ins().brif(al, first, &[], done, &[yes.into()]);
        self.go_to(first);
        let (a, b) = (
            self.b.ins().uload8(types::I64, plain(), ap, 0),
            self.b.ins().uload8(types::I64, plain(), bp, 0),
        );
        let same = self.b.ins().icmp(IntCC::Equal, a, b);
        self.b.ins().brif(same, look, &[], done, &[no.into()]);
        self.go_to(look);
        let equal = self.ask(Callback::str_eq, &[ap, bp, al]);
        self.b.ins().jump(done, &[equal.into()]);
        self.go_to(done);
        self.set(dst, answer);
    }

    pub(crate) fn str_cmp(&mut self, dst: Reg, ap: Reg, al: Reg, bp: Reg, bl: Reg) {
        let values = [self.get(ap), self.get(al), self.get(bp), self.get(bl)];
        let order = self.ask(Callback::str_cmp, &values);
        self.set(dst, order);
    }

    pub(crate) fn str_slice(&mut self, ptr: Reg, len: Reg, ap: Reg, al: Reg, lo: Reg, hi: Reg) {
        let (ap, al, lo, hi) = (self.get(ap), self.get(al), self.get(lo), self.get(hi));
        self.slice_traps(false, true, lo, hi, hi, al);
        // An empty rest keeps the address inside the bytes.
        let (moved, at_end) = (self.b.ins().iadd(ap, lo), self.b.ins().icmp(IntCC::Equal, lo, al));
        let address = self.b.ins().select(at_end, ap, moved);
        let length = self.b.ins().isub(hi, lo);
        self.set(ptr, address);
        self.set(len, length);
    }

    fn convert(&mut self, what: i64, a: Value, b: Value, dst: &[Reg]) {
        let (what, outs) = (self.int(what), self.outs_area(3));
        self.check(Callback::str_convert, &[what, a, b, outs]);
        for (i, &reg) in dst.iter().enumerate() {
            let word = self.out(i);
            self.set(reg, word);
        }
    }

    pub(crate) fn str_from_bytes(&mut self, ptr: Reg, len: Reg, ap: Reg, al: Reg) {
        let (a, b) = (self.get(ap), self.get(al));
        self.convert(0, a, b, &[ptr, len]);
    }

    pub(crate) fn str_from_runes(&mut self, ptr: Reg, len: Reg, ap: Reg, al: Reg) {
        let (a, b) = (self.get(ap), self.get(al));
        self.convert(1, a, b, &[ptr, len]);
    }

    pub(crate) fn str_from_rune(&mut self, ptr: Reg, len: Reg, rune: Reg) {
        let (a, b) = (self.get(rune), self.int(0));
        self.convert(2, a, b, &[ptr, len]);
    }

    pub(crate) fn bytes_from_str(&mut self, ptr: Reg, len: Reg, cap: Reg, ap: Reg, al: Reg) {
        let (a, b) = (self.get(ap), self.get(al));
        self.convert(3, a, b, &[ptr, len, cap]);
    }

    pub(crate) fn runes_from_str(&mut self, ptr: Reg, len: Reg, cap: Reg, ap: Reg, al: Reg) {
        let (a, b) = (self.get(ap), self.get(al));
        self.convert(4, a, b, &[ptr, len, cap]);
    }

    pub(crate) fn str_rune(&mut self, rune: Reg, width: Reg, ap: Reg, al: Reg, index: Reg) {
        let (ap, al, index) = (self.get(ap), self.get(al), self.get(index));
        let (more, done) = (self.b.create_block(), self.b.create_block());
        let result = self.b.append_block_param(done, types::I64);
        let wide = self.b.append_block_param(done, types::I64);
        let at = self.b.ins().iadd(ap, index);
        let byte = self.b.ins().uload8(types::I64, plain(), at, 0);
        let one = self.int(1);
        let ascii = self.b.ins().icmp_imm_s(IntCC::UnsignedLessThan, byte, 0x80);
        self.b.ins().brif(ascii, done, &[byte.into(), one.into()], more, &[]);
        self.go_to(more);
        let both = self.ask(Callback::str_rune, &[ap, al, index]);
        let low = self.b.ins().ireduce(types::I32, both);
        let (r, w) = (self.b.ins().sextend(types::I64, low), self.b.ins().ushr_imm_s(both, 32));
        self.b.ins().jump(done, &[r.into(), w.into()]);
        self.go_to(done);
        self.set(rune, result);
        self.set(width, wide);
        // A code point's bytes are inside the string.
        self.facts.set_range(&self.b.func.dfg, wide, Range { lo: 1, hi: 4 });
    }
}
