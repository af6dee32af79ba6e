//! Registers, constants, addresses.

use crate::interp::{Flow, Interp};
use vo_bytecode::Reg;

impl Interp<'_> {
    #[inline(always)]
    pub(crate) fn mov(&mut self, dst: Reg, src: Reg) -> Flow {
        self.w.set(dst, self.w.get(src));
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn zero(&mut self, dst: Reg) -> Flow {
        self.w.set(dst, 0);
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn const_i32(&mut self, dst: Reg, value: i32) -> Flow {
        self.w.set(dst, value as i64 as u64);
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn const_i64(&mut self, dst: Reg, value: i64) -> Flow {
        self.w.set(dst, value as u64);
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn const_f64(&mut self, dst: Reg, bits: u64) -> Flow {
        self.w.set(dst, bits);
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn const_f32(&mut self, dst: Reg, bits: u32) -> Flow {
        self.w.set(dst, u64::from(bits));
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn const_str(&mut self, ptr: Reg, len: Reg, string: u32) -> Flow {
        let (p, l) = self.m.program().string(string);
        self.w.set(ptr, p);
        self.w.set(len, l);
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn type_word(&mut self, dst: Reg, ty: u32) -> Flow {
        self.w.set(dst, self.m.program().type_word(ty));
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn func_val(&mut self, dst: Reg, func: u32) -> Flow {
        self.w.set(dst, self.m.program().static_closure(func));
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn global_addr(&mut self, dst: Reg, offset: u32) -> Flow {
        self.w.set(dst, self.m.globals() + u64::from(offset));
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn slot_addr(&mut self, dst: Reg, slot: u16, offset: u32) -> Flow {
        let code = self.w.code();
        let word = code.slots[slot as usize] as usize;
        self.w.set(dst, self.w.slot(code, word) as u64 + u64::from(offset));
        Flow::Next
    }
}
