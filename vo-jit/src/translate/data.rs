//! Registers and constants.

use super::Translator;
use crate::abi::fixed;
use cranelift_codegen::ir::{InstBuilder, immediates, types};
use vo_bytecode::Reg;
use vo_runtime::context::offsets;

impl Translator<'_, '_> {
    pub(crate) fn mov(&mut self, dst: Reg, src: Reg) {
        if self.ty(dst) == self.ty(src) {
            let value = self.get(src);
            self.set(dst, value);
        } else {
            let word = self.word(src);
            self.set_word(dst, word);
        }
    }

    pub(crate) fn zero(&mut self, dst: Reg) {
        let value = match self.ty(dst) {
            types::F64 => self.b.ins().f64const(0.0),
            types::F32 => self.b.ins().f32const(0.0),
            _ => self.int(0),
        };
        self.set(dst, value);
    }

    pub(crate) fn const_i32(&mut self, dst: Reg, value: i32) {
        self.const_i64(dst, i64::from(value));
    }

    pub(crate) fn const_i64(&mut self, dst: Reg, value: i64) {
        let value = self.int(value);
        self.set(dst, value);
    }

    pub(crate) fn const_f64(&mut self, dst: Reg, bits: u64) {
        let value = self.b.ins().f64const(immediates::Ieee64::with_bits(bits));
        self.set(dst, value);
    }

    pub(crate) fn const_f32(&mut self, dst: Reg, bits: u32) {
        let value = self.b.ins().f32const(immediates::Ieee32::with_bits(bits));
        self.set(dst, value);
    }

    pub(crate) fn const_str(&mut self, ptr: Reg, len: Reg, string: u32) {
        let (p, l) = self.link.strings[string as usize];
        self.const_i64(ptr, p as i64);
        self.const_i64(len, l as i64);
    }

    pub(crate) fn type_word(&mut self, dst: Reg, ty: u32) {
        let word = self.type_word_of(ty);
        self.set(dst, word);
    }

    pub(crate) fn func_val(&mut self, dst: Reg, func: u32) {
        let address = std::ptr::from_ref(&self.link.closures[func as usize]) as i64;
        self.const_i64(dst, address);
        self.set_checked(dst);
    }

    pub(crate) fn global_addr(&mut self, dst: Reg, offset: u32) {
        let ctx = self.ctx();
        let base = self.b.ins().load(types::I64, fixed(), ctx, offsets::GLOBALS);
        let address = self.b.ins().iadd_imm_s(base, i64::from(offset));
        self.set(dst, address);
        self.set_checked(dst);
    }

    pub(crate) fn slot_addr(&mut self, dst: Reg, slot: u16, offset: u32) {
        let address = self.slot_address(slot, offset);
        self.set(dst, address);
    }
}
