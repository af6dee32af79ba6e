//! Loads, stores, objects, memory values.
//!
//! Pointer stores go through [`Translator::store_pointer`], which tells the collector while it marks.

use super::Translator;
use crate::abi::{STATUS, plain};
use crate::callbacks::Callback;
use crate::escape::Made;
use crate::facts::Range;
use crate::hoist::Kind;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, ConstantData, Inst, InstBuilder, Type, Value, ValueDef, types};
use vo_bytecode::operand::RegList;
use vo_bytecode::{Class, Reg, Status};
use vo_runtime::context::offsets;
use vo_runtime::heap::sizeclass;
use vo_runtime::panic::RuntimePanic;
use vo_runtime::rtype::NO_BIN;

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

/// A slot that was taken from a run of free ones.
pub(crate) struct Taken {
    pub(crate) object: Value,
    /// The branch that asks whether there is one, and the blocks between that and where the object is.
    ask: Inst,
    ways: [Block; 2],
}

/// Bytes up to which a value is copied or zeroed by a row of instructions.
const INLINE_BYTES: u64 = 128;

/// Bytes up to which memory without addresses is zeroed so.
const INLINE_ZEROES: u64 = 512;

/// A size in pieces, the largest first: offsets and types. Words that may be addresses must not tear.
fn pieces(size: u64, words: bool) -> Vec<(i32, Type)> {
    let mut pieces = Vec::new();
    let mut at = 0;
    for ty in [types::I8X16, types::I64, types::I32, types::I16, types::I8].into_iter().skip(words.into()) {
        while size - at >= u64::from(ty.bytes()) {
            pieces.push((at as i32, ty));
            at += u64::from(ty.bytes());
        }
    }
    pieces
}

macro_rules! loads {
    ($($name:ident $at:ident = $cell:ident $ty:ident $kind:expr;)*) => {
        impl Translator<'_, '_> {
            $(pub(crate) fn $name(&mut self, dst: Reg, base: Reg, offset: i32) {
                self.load_field(Cell::$cell(types::$ty), $kind, dst, base, offset);
            }

            pub(crate) fn $at(&mut self, dst: Reg, base: Reg, len: Reg, index: Reg) {
                let cell = Cell::$cell(types::$ty);
                let at = self.element(base, len, index, cell.bytes());
                let value = self.load(cell, $kind, at, 0);
                self.set(dst, value);
            })*
        }
    };
}

macro_rules! stores {
    ($($name:ident $at:ident = $ty:ident $kind:expr;)*) => {
        impl Translator<'_, '_> {
            $(pub(crate) fn $name(&mut self, base: Reg, offset: i32, src: Reg) {
                self.nil_trap(base);
                let (base, value) = (self.get(base), self.get(src));
                self.store(types::$ty, $kind, value, base, offset);
            }

            pub(crate) fn $at(&mut self, base: Reg, len: Reg, index: Reg, src: Reg) {
                let at = self.element(base, len, index, i64::from(types::$ty.bytes()));
                let value = self.get(src);
                self.store(types::$ty, $kind, value, at, 0);
            })*
        }
    };
}

loads! {
    load_i8 load_at_i8 = Signed I8 Kind::Int(1);
    load_u8 load_at_u8 = Unsigned I8 Kind::Int(1);
    load_i16 load_at_i16 = Signed I16 Kind::Int(2);
    load_u16 load_at_u16 = Unsigned I16 Kind::Int(2);
    load_i32 load_at_i32 = Signed I32 Kind::Int(4);
    load_u32 load_at_u32 = Unsigned I32 Kind::Int(4);
    load_i64 load_at_i64 = Whole I64 Kind::Int(8);
    load_f32 load_at_f32 = Whole F32 Kind::Float(4);
    load_f64 load_at_f64 = Whole F64 Kind::Float(8);
    load_ptr load_at_ptr = Whole I64 Kind::Ref;
}

stores! {
    store8 store_at8 = I8 Kind::Int(1);
    store16 store_at16 = I16 Kind::Int(2);
    store32 store_at32 = I32 Kind::Int(4);
    store64 store_at64 = I64 Kind::Int(8);
    store_f32 store_at_f32 = F32 Kind::Float(4);
    store_f64 store_at_f64 = F64 Kind::Float(8);
}

impl Translator<'_, '_> {
    fn load(&mut self, cell: Cell, kind: Kind, base: Value, offset: i32) -> Value {
        let (Cell::Whole(ty) | Cell::Signed(ty) | Cell::Unsigned(ty)) = cell;
        let value = self.b.ins().load(ty, plain(), base, offset);
        if let ValueDef::Result(inst, _) = self.b.func.dfg.value_def(value) {
            self.memory.access(inst, kind);
        }
        match cell {
            Cell::Whole(_) => value,
            Cell::Signed(_) => self.b.ins().sextend(types::I64, value),
            Cell::Unsigned(_) => self.b.ins().uextend(types::I64, value),
        }
    }

    fn load_field(&mut self, cell: Cell, kind: Kind, dst: Reg, base: Reg, offset: i32) {
        self.nil_trap(base);
        let kind = if self.body.closure == Some(base) { Kind::Captured } else { kind };
        let base = self.get(base);
        let value = self.load(cell, kind, base, offset);
        self.set(dst, value);
    }

    pub(crate) fn load_len(&mut self, dst: Reg, base: Reg, offset: i32) {
        self.load_field(Cell::Whole(types::I64), Kind::Len, dst, base, offset);
        let value = self.get(dst);
        self.facts.set_range(&self.b.func.dfg, value, Range { lo: 0, hi: i64::MAX });
    }

    pub(crate) fn store_len(&mut self, base: Reg, offset: i32, src: Reg) {
        self.nil_trap(base);
        let (base, value) = (self.get(base), self.get(src));
        self.store(types::I64, Kind::Len, value, base, offset);
    }

    fn store(&mut self, ty: Type, kind: Kind, value: Value, base: Value, offset: i32) {
        let narrow = ty.is_int() && ty != types::I64;
        let value = if narrow { self.b.ins().ireduce(ty, value) } else { value };
        let store = self.b.ins().store(plain(), value, base, offset);
        self.memory.access(store, kind);
    }

    /// Stores an address where the collector looks: while it marks beside the running fibers, it is told
    /// the place before.
    fn store_pointer(&mut self, value: Value, base: Value, offset: i32) {
        let marking = self.marking();
        let (told, on) = (self.cold_block(), self.b.create_block());
        let branch = self.b.ins().brif(marking, told, &[], on, &[]);
        self.objects.tell(told, branch, base);
        self.go_to(told);
        let slot = self.b.ins().iadd_imm_s(base, i64::from(offset));
        self.tell_quietly(Callback::write_barrier, &[slot, value]);
        self.b.ins().jump(on, &[]);
        self.go_to(on);
        self.store(types::I64, Kind::Ref, value, base, offset);
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
        let at = self.b.ins().iadd(base, offset);
        self.memory.element(at, base, index, len, size);
        at
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
        // An element is there, so its address is no nil.
        self.set_checked(dst);
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
        let local = self.class(dst) == Class::Raw;
        let (dst, src, word) = (self.get(dst), self.get(src), self.type_word_of(ty));
        let ty = self.link.types.get(ty);
        if ty.size > INLINE_BYTES {
            return self.tell(Callback::copy_mem, &[dst, src, word]);
        }
        let on = (!local && !ty.is_noscan()).then(|| {
            let (on, copied) = (self.b.create_block(), self.b.create_block());
            let (marking, told) = (self.marking(), self.cold_block());
            let branch = self.b.ins().brif(marking, told, &[], on, &[]);
            self.objects.tell(told, branch, dst);
            self.go_to(told);
            self.tell_quietly(Callback::copy_mem, &[dst, src, word]);
            self.b.ins().jump(copied, &[]);
            self.go_to(on);
            copied
        });
        // The ranges may overlap: everything is read first.
        let words = !ty.is_noscan() || self.is_new(dst) || self.is_new(src);
        let pieces = pieces(ty.size, words);
        let values: Vec<Value> =
            pieces.iter().map(|&(at, piece)| self.b.ins().load(piece, plain(), src, at)).collect();
        for ((at, _), value) in pieces.into_iter().zip(values) {
            self.store_part(value, dst, at);
        }
        if let Some(copied) = on {
            self.b.ins().jump(copied, &[]);
            self.go_to(copied);
        }
    }

    pub(crate) fn zero_mem(&mut self, dst: Reg, ty: u32) {
        self.nil_trap(dst);
        let local = self.class(dst) == Class::Raw;
        let (dst, word) = (self.get(dst), self.type_word_of(ty));
        let ty = self.link.types.get(ty);
        let most = if ty.is_noscan() { INLINE_ZEROES } else { INLINE_BYTES };
        if ty.size > most || (!local && !ty.is_noscan()) {
            return self.tell(Callback::zero_mem, &[dst, word]);
        }
        for (at, piece) in pieces(ty.size, !ty.is_noscan()) {
            let zero = self.zero_of(piece);
            self.store_part(zero, dst, at);
        }
    }

    /// Stores a piece of a value, which may have any parts.
    fn store_part(&mut self, value: Value, base: Value, offset: i32) {
        let store = self.b.ins().store(plain(), value, base, offset);
        self.memory.access(store, Kind::Parts);
    }

    fn zero_of(&mut self, ty: Type) -> Value {
        if ty.is_vector() {
            let zero = self.b.func.dfg.constants.insert(ConstantData::from(&[0u8; 16][..]));
            return self.b.ins().vconst(ty, zero);
        }
        self.b.ins().iconst(ty, 0)
    }

    /// Not 0 while the collector marks beside the running fibers.
    fn marking(&mut self) -> Value {
        let ctx = self.ctx();
        self.b.ins().load(types::I64, plain(), ctx, offsets::BARRIER)
    }

    /// Whether an address is that of an object that the unit makes: its fields may become values, which are words.
    fn is_new(&self, address: Value) -> bool {
        self.memory.is_fresh(self.b.func.dfg.resolve_aliases(address))
    }

    /// A new zeroed object: the front of the worker's run of free ones, or from the machine.
    fn allocate(&mut self, ty: u32) -> Value {
        let (word, ty) = (self.type_word_of(ty), self.link.types.get(ty));
        let object = match ty.bin {
            NO_BIN => self.made(Callback::alloc, &[word]),
            bin => {
                let slow = |t: &mut Self| t.ask_quietly(Callback::alloc, &[word]);
                let Taken { object, ask, ways } = self.take_slot(bin, ty.size, |_, _| (), slow);
                let (size, ty) = (ty.size as u32, ty.word() as i64);
                self.objects.make(Made { object, size, ty, ask, ways });
                object
            }
        };
        self.memory.fresh(object);
        object
    }

    /// The front of the worker's run of free zeroed slots of a bin, for an object of so many bytes, which `fill` may
    /// write to; else what `slow` has from the machine, 0 where the program ends.
    pub(crate) fn take_slot(
        &mut self,
        bin: u32,
        size: u64,
        fill: impl FnOnce(&mut Self, Value),
        slow: impl FnOnce(&mut Self) -> Value,
    ) -> Taken {
        let slot = sizeclass::size(sizeclass::class_of(size)) as i64;
        let at = bin as i32 * offsets::ENTRY_SIZE;
        let ctx = self.ctx();
        let entries = self.b.ins().load(types::I64, plain(), ctx, offsets::ENTRIES);
        let next = self.b.ins().load(types::I64, plain(), entries, at + offsets::ENTRY_NEXT);
        let end = self.b.ins().load(types::I64, plain(), entries, at + offsets::ENTRY_END);
        let after = self.b.ins().iadd_imm_s(next, slot);
        let none = self.b.ins().icmp(IntCC::UnsignedGreaterThan, after, end);
        let (empty, fast, done) = (self.cold_block(), self.b.create_block(), self.b.create_block());
        let object = self.b.append_block_param(done, types::I64);
        let ask = self.b.ins().brif(none, empty, &[], fast, &[]);
        self.go_to(fast);
        self.b.ins().store(plain(), after, entries, at + offsets::ENTRY_NEXT);
        fill(self, next);
        self.b.ins().jump(done, &[next.into()]);
        self.go_to(empty);
        let made = slow(self);
        let failed = self.b.ins().icmp_imm_s(IntCC::Equal, made, 0);
        let exit = self.exit_block();
        let wake = self.b.ins().iconst(STATUS, Status::Wake as i64);
        self.b.ins().brif(failed, exit, &[wake.into()], done, &[made.into()]);
        self.go_to(done);
        self.know_not_nil(object);
        Taken { object, ask, ways: [fast, empty] }
    }

    pub(crate) fn eq_mem(&mut self, dst: Reg, a: Reg, b: Reg, ty: u32) {
        let (a, b, ty, outs) = (self.get(a), self.get(b), self.type_word_of(ty), self.outs_area(1));
        self.check(Callback::eq_mem, &[a, b, ty, outs]);
        let equal = self.out(0);
        self.set(dst, equal);
    }

    pub(crate) fn new_object(&mut self, dst: Reg, ty: u32) {
        if self.new_in_frame(dst, ty) {
            return;
        }
        let object = self.allocate(ty);
        self.set(dst, object);
    }

    pub(crate) fn new_closure(&mut self, dst: Reg, func: u32, ty: u32, captures: RegList<'_>) {
        let closure = self.allocate(ty);
        self.closures.insert(closure, func);
        let func = self.int(i64::from(func));
        let words = captures.iter().map(|reg| self.word(reg));
        let words: Vec<Value> = words.collect();
        for (i, word) in [func].into_iter().chain(words).enumerate() {
            let store = self.b.ins().store(plain(), word, closure, 8 * i as i32);
            self.memory.leave_alone(store);
        }
        self.set(dst, closure);
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
