//! Strings.

use super::Translator;
use crate::callbacks::Callback;
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

    pub(crate) fn str_eq(&mut self, dst: Reg, ap: Reg, al: Reg, bp: Reg, bl: Reg) {
        let (ap, al, bp, bl) = (self.get(ap), self.get(al), self.get(bp), self.get(bl));
        let (look, done) = (self.b.create_block(), self.b.create_block());
        let answer = self.b.append_block_param(done, types::I64);
        let same = self.b.ins().icmp(IntCC::Equal, al, bl);
        let zero = self.int(0);
        self.b.ins().brif(same, look, &[], done, &[zero.into()]);
        self.b.switch_to_block(look);
        let equal = self.ask(Callback::str_eq, &[ap, bp, al]);
        self.b.ins().jump(done, &[equal.into()]);
        self.b.switch_to_block(done);
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
        let values = [self.get(ap), self.get(al), self.get(index)];
        let both = self.ask(Callback::str_rune, &values);
        let low = self.b.ins().ireduce(types::I32, both);
        let (r, w) = (self.b.ins().sextend(types::I64, low), self.b.ins().ushr_imm_s(both, 32));
        self.set(rune, r);
        self.set(width, w);
    }
}
