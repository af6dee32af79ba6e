//! Slices.

use super::Translator;
use crate::abi::plain;
use crate::callbacks::Callback;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, Opcode, Type, Value, types};
use vo_bytecode::Reg;
use vo_bytecode::operand::RegList;
use vo_runtime::object::slice::{ARRAY, THREE};
use vo_runtime::panic::RuntimePanic;

impl Translator<'_, '_> {
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn slice_expr(
        &mut self,
        ptr: Reg,
        len: Reg,
        cap: Reg,
        ap: Reg,
        _al: Reg,
        ac: Reg,
        lo: Reg,
        hi: Reg,
        max: Reg,
        size: u32,
        three: u16,
    ) {
        let (ap, ac, lo, hi) = (self.get(ap), self.get(ac), self.get(lo), self.get(hi));
        let has_max = three & THREE != 0;
        let max = if has_max { self.get(max) } else { ac };
        self.slice_traps(has_max, three & ARRAY != 0, lo, hi, max, ac);
        let capacity = self.b.ins().isub(max, lo);
        // Without capacity the address stays inside the object.
        let none = self.b.ins().icmp_imm_s(IntCC::Equal, capacity, 0);
        let offset = self.b.ins().imul_imm_s(lo, i64::from(size));
        let moved = self.b.ins().iadd(ap, offset);
        let address = self.b.ins().select(none, ap, moved);
        let length = self.difference(hi, lo);
        self.set(ptr, address);
        self.set(len, length);
        self.set(cap, capacity);
    }

    /// `hi - lo`, which is known where `hi` is `lo` and something.
    pub(crate) fn difference(&mut self, hi: Value, lo: Value) -> Value {
        let start = self.b.func.dfg.resolve_aliases(lo);
        match self.made_by(hi) {
            Some((Opcode::Iadd, a, Some(more))) if a == start => more,
            Some((Opcode::Iadd, more, Some(b))) if b == start => more,
            _ => self.b.ins().isub(hi, lo),
        }
    }

    #[allow(clippy::too_many_arguments)]
    pub(crate) fn slice_grow(&mut self, ptr: Reg, cap: Reg, ap: Reg, al: Reg, ac: Reg, n: Reg, ty: u32) {
        let (ap, al, ac, n) = (self.get(ap), self.get(al), self.get(ac), self.get(n));
        let room = self.b.ins().isub(ac, al);
        let full = self.b.ins().icmp(IntCC::UnsignedGreaterThan, n, room);
        let (grow, done) = (self.cold_block(), self.b.create_block());
        let address = self.b.append_block_param(done, types::I64);
        let capacity = self.b.append_block_param(done, types::I64);
        self.b.ins().brif(full, grow, &[], done, &[ap.into(), ac.into()]);
        self.go_to(grow);
        let (ty, outs) = (self.type_word_of(ty), self.outs_area(2));
        let status = self.ask_quietly(Callback::slice_grow, &[ap, al, ac, n, ty, outs]);
        self.check_status(status);
        let (new, room) = (self.out(0), self.out(1));
        self.b.ins().jump(done, &[new.into(), room.into()]);
        self.go_to(done);
        self.set(ptr, address);
        self.set(cap, capacity);
    }

    #[allow(clippy::too_many_arguments)]
    pub(crate) fn slice_append(
        &mut self,
        ptr: Reg,
        len: Reg,
        cap: Reg,
        ap: Reg,
        al: Reg,
        ac: Reg,
        bp: Reg,
        bl: Reg,
        ty: u32,
    ) {
        let done = self.b.create_block();
        let appended = [0; 3].map(|_| self.b.append_block_param(done, types::I64));
        let elem = self.link.types.get(ty);
        if elem.is_noscan() {
            let (ap, al, ac) = (self.get(ap), self.get(al), self.get(ac));
            let (bp, bl) = (self.get(bp), self.get(bl));
            self.append_in_place(elem.size, [ap, al, ac], (bp, bl), done);
        }
        // The second slice's capacity is nobody's concern.
        let words = self.words(&[], RegList(&[ap.0, al.0, ac.0, bp.0, bl.0, bl.0]));
        let second = self.b.ins().iadd_imm_s(words, 24);
        let (ty, outs) = (self.type_word_of(ty), self.outs_area(3));
        self.check(Callback::slice_append, &[words, second, ty, outs]);
        let made = [self.out(0).into(), self.out(1).into(), self.out(2).into()];
        self.b.ins().jump(done, &made);
        self.go_to(done);
        for (reg, value) in [ptr, len, cap].into_iter().zip(appended) {
            self.set(reg, value);
        }
    }

    /// Appends elements without pointers where there is room, and goes to `done` with the slice; else goes on.
    fn append_in_place(&mut self, size: u64, [ap, al, ac]: [Value; 3], (bp, n): (Value, Value), done: Block) {
        let len = self.b.ins().iadd(al, n);
        let full = self.b.ins().icmp(IntCC::UnsignedGreaterThan, len, ac);
        let (room, grow, copied) = (self.b.create_block(), self.b.create_block(), self.b.create_block());
        self.b.ins().brif(full, grow, &[], room, &[]);
        self.go_to(room);
        let (used, bytes) = (self.bytes_of(al, size), self.bytes_of(n, size));
        let to = self.b.ins().iadd(ap, used);
        self.copy_bytes(to, bp, bytes, copied);
        self.go_to(copied);
        self.b.ins().jump(done, &[ap.into(), len.into(), ac.into()]);
        self.go_to(grow);
    }

    /// The bytes of so many elements of a size.
    fn bytes_of(&mut self, n: Value, size: u64) -> Value {
        match size {
            1 => n,
            _ if size.is_power_of_two() => self.b.ins().ishl_imm_s(n, i64::from(size.trailing_zeros())),
            _ => self.b.ins().imul_imm_s(n, size as i64),
        }
    }

    /// Copies `n` bytes without pointers, and goes to `done`. Of few both ends are copied, which overlap, in one, two or
    /// four pieces; all is read before anything is written, as the ranges may overlap too.
    fn copy_bytes(&mut self, to: Value, from: Value, n: Value, done: Block) {
        let (many, few) = (self.b.create_block(), self.b.create_block());
        let long = self.b.ins().icmp_imm_s(IntCC::UnsignedGreaterThan, n, 16);
        self.b.ins().brif(long, many, &[], few, &[]);
        self.go_to(few);
        for ty in [types::I64, types::I32, types::I16, types::I8] {
            let (enough, less) = (self.b.create_block(), self.b.create_block());
            let long = self.b.ins().icmp_imm_s(IntCC::UnsignedGreaterThanOrEqual, n, i64::from(ty.bytes()));
            self.b.ins().brif(long, enough, &[], less, &[]);
            self.go_to(enough);
            self.copy_ends(to, from, n, ty, 1);
            self.b.ins().jump(done, &[]);
            self.go_to(less);
        }
        self.b.ins().jump(done, &[]);
        self.go_to(many);
        for ends in [1, 2, 4] {
            let (fits, more) = (self.b.create_block(), self.b.create_block());
            let short = self.b.ins().icmp_imm_s(IntCC::UnsignedLessThanOrEqual, n, 32 * ends);
            self.b.ins().brif(short, fits, &[], more, &[]);
            self.go_to(fits);
            self.copy_ends(to, from, n, types::I8X16, ends as i32);
            self.b.ins().jump(done, &[]);
            self.go_to(more);
        }
        self.tell_quietly(Callback::move_bytes, &[to, from, n]);
        self.b.ins().jump(done, &[]);
    }

    /// Copies so many pieces of a type from the beginning and the end of a range of `n` bytes.
    fn copy_ends(&mut self, to: Value, from: Value, n: Value, ty: Type, pieces: i32) {
        let bytes = ty.bytes() as i32;
        let last = self.b.ins().iadd_imm_s(n, i64::from(-bytes * pieces));
        let (from_last, to_last) = (self.b.ins().iadd(from, last), self.b.ins().iadd(to, last));
        let mut read = Vec::new();
        for (from, to) in [(from, to), (from_last, to_last)] {
            for at in (0..pieces).map(|i| i * bytes) {
                read.push((self.b.ins().load(ty, plain(), from, at), to, at));
            }
        }
        for (value, to, at) in read {
            self.b.ins().store(plain(), value, to, at);
        }
    }

    pub(crate) fn slice_copy(&mut self, n: Reg, ap: Reg, al: Reg, bp: Reg, bl: Reg, ty: u32) {
        let elem = self.link.types.get(ty);
        if elem.is_noscan() {
            let (ap, al, bp, bl) = (self.get(ap), self.get(al), self.get(bp), self.get(bl));
            let copied = self.b.ins().umin(al, bl);
            let (bytes, done) = (self.bytes_of(copied, elem.size), self.b.create_block());
            self.copy_bytes(ap, bp, bytes, done);
            self.go_to(done);
            return self.set(n, copied);
        }
        let words = self.words(&[], RegList(&[ap.0, al.0, bp.0, bl.0]));
        let second = self.b.ins().iadd_imm_s(words, 16);
        let ty = self.type_word_of(ty);
        let copied = self.ask(Callback::slice_copy, &[words, second, ty]);
        self.set(n, copied);
    }

    pub(crate) fn slice_clear(&mut self, ap: Reg, al: Reg, ty: u32) {
        let values = [self.get(ap), self.get(al), self.type_word_of(ty)];
        self.tell(Callback::slice_clear, &values);
    }

    pub(crate) fn slice_to_array(&mut self, ptr: Reg, ap: Reg, al: Reg, n: u32) {
        let (ap, al, n) = (self.get(ap), self.get(al), self.int(i64::from(n)));
        let short = self.b.ins().icmp(IntCC::UnsignedLessThan, al, n);
        self.trap_if(short, RuntimePanic::SliceToArray { want: 0, len: 0 }, Some(n), Some(al));
        // As the address of an array it may be used behind this only.
        self.memory.doubt(ap);
        self.set(ptr, ap);
    }
}
