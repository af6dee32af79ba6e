//! Loads, stores, objects, memory values.
//!
//! Pointer stores go through [`Translator::store_pointer`], which tells the collector while it marks.

use super::Translator;
use crate::abi::{plain, store_word};
use crate::callbacks::Callback;
use cranelift_codegen::ir::{InstBuilder, Type, Value, types};
use vo_bytecode::Reg;
use vo_bytecode::operand::RegList;
use vo_runtime::context::offsets;
use vo_runtime::panic::RuntimePanic;

/// How a value lies in memory and comes into a register.
#[derive(Clone, Copy)]
enum Cell {
    Signed(Type),
    Unsigned(Type),
    Whole(Type),
}

impl Cell {
    fn bytes(self) -> i64 {
        match self {
            Cell::Signed(ty) | Cell::Unsigned(ty) | Cell::Whole(ty) => i64::from(ty.bytes()),
        }
    }
}

macro_rules! loads {
    ($($name:ident $at:ident = $kind:ident $ty:ident;)*) => {
        impl Translator<'_, '_> {
            $(pub(crate) fn $name(&mut self, dst: Reg, base: Reg, offset: i32) {
                self.nil_trap(base);
                let base = self.get(base);
                let value = self.load(Cell::$kind(types::$ty), base, offset);
                self.set(dst, value);
            }

            pub(crate) fn $at(&mut self, dst: Reg, base: Reg, len: Reg, index: Reg) {
                let cell = Cell::$kind(types::$ty);
                let at = self.element(base, len, index, cell.bytes());
                let value = self.load(cell, at, 0);
                self.set(dst, value);
            })*
        }
    };
}

macro_rules! stores {
    ($($name:ident $at:ident = $ty:ident;)*) => {
        impl Translator<'_, '_> {
            $(pub(crate) fn $name(&mut self, base: Reg, offset: i32, src: Reg) {
                self.nil_trap(base);
                let (base, value) = (self.get(base), self.get(src));
                self.store(types::$ty, value, base, offset);
            }

            pub(crate) fn $at(&mut self, base: Reg, len: Reg, index: Reg, src: Reg) {
                let at = self.element(base, len, index, i64::from(types::$ty.bytes()));
                let value = self.get(src);
                self.store(types::$ty, value, at, 0);
            })*
        }
    };
}

loads! {
    load_i8 load_at_i8 = Signed I8;
    load_u8 load_at_u8 = Unsigned I8;
    load_i16 load_at_i16 = Signed I16;
    load_u16 load_at_u16 = Unsigned I16;
    load_i32 load_at_i32 = Signed I32;
    load_u32 load_at_u32 = Unsigned I32;
    load_i64 load_at_i64 = Whole I64;
    load_f32 load_at_f32 = Whole F32;
    load_f64 load_at_f64 = Whole F64;
    load_ptr load_at_ptr = Whole I64;
}

stores! {
    store8 store_at8 = I8;
    store16 store_at16 = I16;
    store32 store_at32 = I32;
    store64 store_at64 = I64;
    store_f32 store_at_f32 = F32;
    store_f64 store_at_f64 = F64;
}

impl Translator<'_, '_> {
    fn load(&mut self, cell: Cell, base: Value, offset: i32) -> Value {
        match cell {
            Cell::Whole(ty) => self.b.ins().load(ty, plain(), base, offset),
            Cell::Signed(ty) => {
                let value = self.b.ins().load(ty, plain(), base, offset);
                self.b.ins().sextend(types::I64, value)
            }
            Cell::Unsigned(ty) => {
                let value = self.b.ins().load(ty, plain(), base, offset);
                self.b.ins().uextend(types::I64, value)
            }
        }
    }

    fn store(&mut self, ty: Type, value: Value, base: Value, offset: i32) {
        let narrow = ty.is_int() && ty != types::I64;
        let value = if narrow { self.b.ins().ireduce(ty, value) } else { value };
        self.b.ins().store(plain(), value, base, offset);
    }

    /// Stores an address where the collector looks: while it marks beside the running fibers, it is told
    /// the place before.
    fn store_pointer(&mut self, value: Value, base: Value, offset: i32) {
        let marking = self.b.ins().load(types::I64, plain(), self.ctx, offsets::BARRIER);
        let on = self.unlikely(marking);
        let slot = self.b.ins().iadd_imm_s(base, i64::from(offset));
        self.tell(Callback::write_barrier, &[slot, value]);
        self.b.ins().jump(on, &[]);
        self.b.switch_to_block(on);
        self.b.ins().store(plain(), value, base, offset);
    }

    /// The address of element `index` of `len` elements of `size` bytes, checked.
    fn element(&mut self, base: Reg, len: Reg, index: Reg, size: i64) -> Value {
        let (base, len, index) = (self.get(base), self.get(len), self.get(index));
        self.bounds_trap(index, len);
        let offset = match size {
            1 => index,
            _ if size.count_ones() == 1 => self.b.ins().ishl_imm_s(index, i64::from(size.trailing_zeros())),
            _ => self.b.ins().imul_imm_s(index, size),
        };
        self.b.ins().iadd(base, offset)
    }

    pub(crate) fn load_any(&mut self, dst: Reg, base: Reg, offset: i32) {
        self.load_ptr(dst, base, offset);
    }

    pub(crate) fn store_ptr(&mut self, base: Reg, offset: i32, src: Reg) {
        self.nil_trap(base);
        let (base, value) = (self.get(base), self.get(src));
        self.store_pointer(value, base, offset);
    }

    pub(crate) fn store_any(&mut self, base: Reg, offset: i32, src: Reg) {
        self.store_ptr(base, offset, src);
    }

    pub(crate) fn store_at_ptr(&mut self, base: Reg, len: Reg, index: Reg, src: Reg) {
        let at = self.element(base, len, index, 8);
        let value = self.get(src);
        self.store_pointer(value, at, 0);
    }

    pub(crate) fn index_addr(&mut self, dst: Reg, base: Reg, len: Reg, index: Reg, size: u32) {
        let at = self.element(base, len, index, i64::from(size));
        self.set(dst, at);
    }

    pub(crate) fn field_addr(&mut self, dst: Reg, base: Reg, offset: u32) {
        self.nil_trap(base);
        let base = self.get(base);
        let at = self.b.ins().iadd_imm_s(base, i64::from(offset));
        self.set(dst, at);
        self.set_checked(dst);
    }

    pub(crate) fn nil_check(&mut self, ptr: Reg) {
        self.nil_trap(ptr);
    }

    pub(crate) fn bounds_check(&mut self, index: Reg, len: Reg) {
        let (index, len) = (self.get(index), self.get(len));
        self.bounds_trap(index, len);
    }

    pub(crate) fn copy_mem(&mut self, dst: Reg, src: Reg, ty: u32) {
        self.nil_trap(dst);
        self.nil_trap(src);
        let (dst, src, ty) = (self.get(dst), self.get(src), self.type_word_of(ty));
        self.tell(Callback::copy_mem, &[dst, src, ty]);
    }

    pub(crate) fn zero_mem(&mut self, dst: Reg, ty: u32) {
        self.nil_trap(dst);
        let (dst, ty) = (self.get(dst), self.type_word_of(ty));
        self.tell(Callback::zero_mem, &[dst, ty]);
    }

    pub(crate) fn eq_mem(&mut self, dst: Reg, a: Reg, b: Reg, ty: u32) {
        let (a, b, ty, outs) = (self.get(a), self.get(b), self.type_word_of(ty), self.outs_area(1));
        self.check(Callback::eq_mem, &[a, b, ty, outs]);
        let equal = self.out(0);
        self.set(dst, equal);
    }

    pub(crate) fn new_object(&mut self, dst: Reg, ty: u32) {
        let ty = self.type_word_of(ty);
        let object = self.made(Callback::alloc, &[ty]);
        self.set(dst, object);
        self.set_checked(dst);
    }

    pub(crate) fn new_closure(&mut self, dst: Reg, func: u32, ty: u32, captures: RegList<'_>) {
        let ty = self.type_word_of(ty);
        let closure = self.made(Callback::alloc, &[ty]);
        let func = self.int(i64::from(func));
        self.b.ins().store(plain(), func, closure, 0);
        for (i, reg) in captures.iter().enumerate() {
            let value = self.get(reg);
            store_word(&mut self.b, value, closure, i + 1);
        }
        self.set(dst, closure);
        self.set_checked(dst);
    }

    pub(crate) fn make_slice(&mut self, ptr: Reg, ty: u32, len: Reg, cap: Reg) {
        let (ty, len, cap, outs) = (self.type_word_of(ty), self.get(len), self.get(cap), self.outs_area(1));
        self.check(Callback::make_slice, &[ty, len, cap, outs]);
        let address = self.out(0);
        self.set(ptr, address);
    }

    /// The panic of a slice expression that is out of range. The kinds are told apart by `three`,
    /// see `slice_expr` of the runtime: bit 0 max was written, bit 1 the operand is an array.
    pub(crate) fn slice_traps(
        &mut self,
        three: bool,
        array: bool,
        lo: Value,
        hi: Value,
        max: Value,
        cap: Value,
    ) {
        use cranelift_codegen::ir::condcodes::IntCC::UnsignedGreaterThan as Above;
        let (i, n) = (0, 0);
        if three {
            let out = self.b.ins().icmp(Above, max, cap);
            let panic = if array {
                RuntimePanic::Slice3Alen { max: i, len: n }
            } else {
                RuntimePanic::Slice3Acap { max: i, cap: n }
            };
            self.trap_if(out, panic, Some(max), Some(cap));
            let out = self.b.ins().icmp(Above, hi, max);
            self.trap_if(out, RuntimePanic::Slice3B { hi: i, max: n }, Some(hi), Some(max));
            let out = self.b.ins().icmp(Above, lo, hi);
            return self.trap_if(out, RuntimePanic::Slice3C { lo: i, hi: n }, Some(lo), Some(hi));
        }
        let out = self.b.ins().icmp(Above, hi, cap);
        let panic = if array {
            RuntimePanic::SliceAlen { hi: i, len: n }
        } else {
            RuntimePanic::SliceAcap { hi: i, cap: n }
        };
        self.trap_if(out, panic, Some(hi), Some(cap));
        let out = self.b.ins().icmp(Above, lo, hi);
        self.trap_if(out, RuntimePanic::SliceB { lo: i, hi: n }, Some(lo), Some(hi));
    }
}
