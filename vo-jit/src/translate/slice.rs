//! Slices.

use super::Translator;
use crate::callbacks::Callback;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, types};
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
        let length = self.b.ins().isub(hi, lo);
        self.set(ptr, address);
        self.set(len, length);
        self.set(cap, capacity);
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
        // The second slice's capacity is nobody's concern.
        let words = self.words(&[], RegList(&[ap.0, al.0, ac.0, bp.0, bl.0, bl.0]));
        let second = self.b.ins().iadd_imm_s(words, 24);
        let (ty, outs) = (self.type_word_of(ty), self.outs_area(3));
        self.check(Callback::slice_append, &[words, second, ty, outs]);
        self.set_outs(0, RegList(&[ptr.0, len.0, cap.0]));
    }

    pub(crate) fn slice_copy(&mut self, n: Reg, ap: Reg, al: Reg, bp: Reg, bl: Reg, ty: u32) {
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
        self.set(ptr, ap);
    }
}
