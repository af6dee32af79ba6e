//! Strings.

use super::Translator;
use crate::abi::plain;
use crate::callbacks::Callback;
use crate::facts::Range;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, Type, Value, types};
use vo_bytecode::Reg;
use vo_bytecode::operand::RegList;
use vo_runtime::context::offsets;
use vo_runtime::heap::sizeclass::round_up;
use vo_runtime::layout::MOST_COMMON;

impl Translator<'_, '_> {
    pub(crate) fn str_concat(&mut self, ptr: Reg, len: Reg, parts: RegList<'_>) {
        if let &[ap, al, bp, bl] = parts.0 {
            return self.concat_two(ptr, len, [ap, al, bp, bl].map(Reg));
        }
        let words = self.words(&[], parts);
        let (n, outs) = (self.int(parts.len() as i64 / 2), self.outs_area(2));
        self.check(Callback::str_concat, &[words, n, outs]);
        self.set_outs(0, RegList(&[ptr.0, len.0]));
    }

    /// Where one of the strings is empty the other one is the answer, uncopied.
    fn concat_two(&mut self, ptr: Reg, len: Reg, parts: [Reg; 4]) {
        let [ap, al, bp, bl] = parts.map(|reg| self.get(reg));
        let (first, both, done) = (self.b.create_block(), self.b.create_block(), self.b.create_block());
        let address = self.b.append_block_param(done, types::I64);
        self.b.ins().brif(al, first, &[], done, &[bp.into()]);
        self.go_to(first);
        self.b.ins().brif(bl, both, &[], done, &[ap.into()]);
        self.go_to(both);
        let made = self.made(Callback::str_concat2, &[ap, al, bp, bl]);
        self.b.ins().jump(done, &[made.into()]);
        self.go_to(done);
        let length = self.b.ins().iadd(al, bl);
        self.set(ptr, address);
        self.set(len, length);
    }

    /// Strings of up to sixteen bytes are compared here, longer ones by the machine.
    pub(crate) fn str_eq(&mut self, dst: Reg, ap: Reg, al: Reg, bp: Reg, bl: Reg) {
        let (ap, al, bp, bl) = (self.get(ap), self.get(al), self.get(bp), self.get(bl));
        let (same, done) = (self.b.create_block(), self.b.create_block());
        let answer = self.b.append_block_param(done, types::I8);
        let equal = self.b.ins().icmp(IntCC::Equal, al, bl);
        let no = self.b.ins().iconst(types::I8, 0);
        self.b.ins().brif(equal, same, &[], done, &[no.into()]);
        self.go_to(same);
        match self.constant(al).or(self.constant(bl)) {
            Some(n @ 0..=16) => {
                let equal = self.same_known(ap, bp, n as u32);
                self.b.ins().jump(done, &[equal.into()]);
            }
            _ => self.same_bytes(ap, bp, al, done),
        }
        self.go_to(done);
        self.set_bool(dst, answer);
    }

    /// Whether both ends, of a type's size, of two ranges of `n` bytes are equal.
    fn same_ends(&mut self, ty: Type, a: Value, b: Value, n: Value) -> Value {
        let last = self.b.ins().iadd_imm_s(n, -i64::from(ty.bytes()));
        let (a_last, b_last) = (self.b.ins().iadd(a, last), self.b.ins().iadd(b, last));
        let [a, b, a_last, b_last] = [a, b, a_last, b_last].map(|at| self.b.ins().load(ty, plain(), at, 0));
        self.no_difference(&[(a, b), (a_last, b_last)])
    }

    /// Whether all pairs are equal.
    fn no_difference(&mut self, pairs: &[(Value, Value)]) -> Value {
        let mut any = None;
        for &(a, b) in pairs {
            let differ = self.b.ins().bxor(a, b);
            any = Some(any.map_or(differ, |any| self.b.ins().bor(any, differ)));
        }
        match any {
            Some(any) => self.b.ins().icmp_imm_s(IntCC::Equal, any, 0),
            None => self.b.ins().iconst(types::I8, 1),
        }
    }

    /// Whether two ranges of so many bytes, at most sixteen, are equal.
    fn same_known(&mut self, a: Value, b: Value, n: u32) -> Value {
        let (ty, last) = match n {
            0 => return self.no_difference(&[]),
            1 => (types::I8, None),
            2..=3 => (types::I16, (n > 2).then_some(n - 2)),
            4..=7 => (types::I32, (n > 4).then_some(n - 4)),
            _ => (types::I64, (n > 8).then_some(n - 8)),
        };
        let mut pairs = vec![];
        for at in [Some(0), last].into_iter().flatten() {
            let load = |t: &mut Self, base| t.b.ins().load(ty, plain(), base, at as i32);
            pairs.push((load(self, a), load(self, b)));
        }
        self.no_difference(&pairs)
    }

    /// Whether two ranges of `n` bytes are equal: goes to `done` with the answer.
    fn same_bytes(&mut self, a: Value, b: Value, n: Value, done: Block) {
        let (long, short) = (self.b.create_block(), self.b.create_block());
        let many = self.b.ins().icmp_imm_s(IntCC::UnsignedGreaterThan, n, 16);
        self.b.ins().brif(many, long, &[], short, &[]);
        self.go_to(short);
        for ty in [types::I64, types::I32, types::I16] {
            let (enough, less) = (self.b.create_block(), self.b.create_block());
            let wide = self.b.ins().icmp_imm_s(IntCC::UnsignedGreaterThanOrEqual, n, i64::from(ty.bytes()));
            self.b.ins().brif(wide, enough, &[], less, &[]);
            self.go_to(enough);
            let equal = self.same_ends(ty, a, b, n);
            self.b.ins().jump(done, &[equal.into()]);
            self.go_to(less);
        }
        let (one, yes) = (self.b.create_block(), self.b.ins().iconst(types::I8, 1));
        self.b.ins().brif(n, one, &[], done, &[yes.into()]);
        self.go_to(one);
        let equal = self.same_known(a, b, 1);
        self.b.ins().jump(done, &[equal.into()]);
        self.go_to(long);
        let equal = self.ask(Callback::str_eq, &[a, b, n]);
        let equal = self.b.ins().ireduce(types::I8, equal);
        self.b.ins().jump(done, &[equal.into()]);
    }

    /// The first eight or four bytes, most significant first, tell most strings apart.
    pub(crate) fn str_cmp(&mut self, dst: Reg, ap: Reg, al: Reg, bp: Reg, bl: Reg) {
        let (ap, al, bp, bl) = (self.get(ap), self.get(al), self.get(bp), self.get(bl));
        let (ask, done) = (self.b.create_block(), self.b.create_block());
        let order = self.b.append_block_param(done, types::I64);
        let least = self.b.ins().umin(al, bl);
        for ty in [types::I64, types::I32] {
            let (long, short) = (self.b.create_block(), self.b.create_block());
            let wide =
                self.b.ins().icmp_imm_s(IntCC::UnsignedGreaterThanOrEqual, least, i64::from(ty.bytes()));
            self.b.ins().brif(wide, long, &[], short, &[]);
            self.go_to(long);
            let [a, b] = [ap, bp].map(|at| {
                let word = self.b.ins().load(ty, plain(), at, 0);
                self.b.ins().bswap(word)
            });
            let (less, more) = (self.int(-1), self.int(1));
            let below = self.b.ins().icmp(IntCC::UnsignedLessThan, a, b);
            let answer = self.b.ins().select(below, less, more);
            let same = self.b.ins().icmp(IntCC::Equal, a, b);
            self.b.ins().brif(same, ask, &[], done, &[answer.into()]);
            self.go_to(short);
        }
        self.b.ins().jump(ask, &[]);
        self.go_to(ask);
        let answer = self.ask(Callback::str_cmp, &[ap, al, bp, bl]);
        self.b.ins().jump(done, &[answer.into()]);
        self.go_to(done);
        self.set(dst, order);
    }

    pub(crate) fn str_slice(&mut self, ptr: Reg, len: Reg, ap: Reg, al: Reg, lo: Reg, hi: Reg) {
        let (ap, al, lo, hi) = (self.get(ap), self.get(al), self.get(lo), self.get(hi));
        self.slice_traps(false, true, lo, hi, hi, al);
        // An empty rest keeps the address inside the bytes.
        let (moved, at_end) = (self.b.ins().iadd(ap, lo), self.b.ins().icmp(IntCC::Equal, lo, al));
        let address = self.b.ins().select(at_end, ap, moved);
        let length = self.difference(hi, lo);
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
        let (from, n) = (self.get(ap), self.get(al));
        if let Some(size) = self.common_size(n) {
            let copy = self.copied(Callback::str_copy, from, n, size);
            self.set(ptr, copy);
            return self.set(len, n);
        }
        let (some, done) = (self.b.create_block(), self.b.create_block());
        let address = self.b.append_block_param(done, types::I64);
        let none = self.int(0);
        self.b.ins().brif(n, some, &[], done, &[none.into()]);
        self.go_to(some);
        let made = self.made(Callback::str_copy, &[from, n]);
        self.b.ins().jump(done, &[made.into()]);
        self.go_to(done);
        self.set(ptr, address);
        self.set(len, n);
    }

    /// A number of bytes that is known and common.
    fn common_size(&self, n: Value) -> Option<u64> {
        self.constant(n).map(|n| n as u64).filter(|n| (1..=MOST_COMMON).contains(n))
    }

    /// A new object with a copy of bytes whose number is known and common.
    fn copied(&mut self, door: Callback, from: Value, n: Value, size: u64) -> Value {
        let bin = self.link.types.layouts.common_bin(size);
        self.take_slot(bin, size, |t, to| t.copy_known(to, from, size), |t| t.ask_quietly(door, &[from, n]))
            .object
    }

    /// Copies so many bytes without pointers, the last ones perhaps twice.
    fn copy_known(&mut self, to: Value, from: Value, size: u64) {
        let ty = match size {
            1 => types::I8,
            2..=3 => types::I16,
            4..=7 => types::I32,
            8..=15 => types::I64,
            _ => types::I8X16,
        };
        let step = u64::from(ty.bytes());
        let rest = (!size.is_multiple_of(step)).then_some(size - step);
        for at in (0..size / step).map(|i| i * step).chain(rest) {
            let piece = self.b.ins().load(ty, plain(), from, at as i32);
            self.b.ins().store(plain(), piece, to, at as i32);
        }
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
        let (from, n) = (self.get(ap), self.get(al));
        if let Some(size) = self.common_size(n) {
            let copy = self.copied(Callback::bytes_copy, from, n, size);
            let room = self.int(round_up(size, true) as i64);
            self.set(ptr, copy);
            self.set(len, n);
            return self.set(cap, room);
        }
        let made = self.made(Callback::bytes_copy, &[from, n]);
        let ctx = self.ctx();
        let room = self.b.ins().load(types::I64, plain(), ctx, offsets::RET);
        self.set(ptr, made);
        self.set(len, n);
        self.set(cap, room);
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
