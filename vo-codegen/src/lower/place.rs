//! Places: where a value lies in memory, kept symbolic until it is read or written.
//!
//! ```text
//! base + before₀  [index₀] · size₀  + before₁  [index₁] · size₁ …  + offset
//! ```
//!
//! What must stay true: the registers of a place are evaluated operands; computing the address has no effect
//! but the nil and bounds checks, which belong to the moment of access.

use smallvec::SmallVec;
use vo_bytecode::typedesc::{Leaf, Mem};
use vo_bytecode::{Class, Inst, Reg};
use vo_types::types::TypeId;

use super::{Lower, Regs, Value};

/// Where a place begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// A heap address, perhaps nil.
    Ptr(Reg),
    /// The address of an object that this function made: never nil.
    Owned(Reg),
    /// A frame slot.
    Slot(u16),
    /// Bytes from the start of the package variables.
    Global(u32),
}

/// The number of elements that an index is checked against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Len {
    Const(u64),
    Reg(Reg),
}

/// Indexing on the way to a place.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Bytes to go before indexing.
    pub before: u32,
    pub index: Reg,
    pub len: Len,
    /// Bytes of an element.
    pub size: u32,
}

/// See the module's description.
#[derive(Clone, Debug)]
pub struct Place {
    pub base: Base,
    pub steps: SmallVec<[Step; 1]>,
    pub offset: u32,
}

impl Place {
    /// What an address points to.
    pub fn at(ptr: Reg) -> Place {
        Place::of(Base::Ptr(ptr))
    }

    /// What the address of an object points to that this function made.
    pub fn owned(ptr: Reg) -> Place {
        Place::of(Base::Owned(ptr))
    }

    /// The start of a base.
    pub fn of(base: Base) -> Place {
        Place { base, steps: SmallVec::new(), offset: 0 }
    }

    /// Bytes further on.
    pub fn plus(mut self, bytes: u32) -> Place {
        self.offset = self.offset.saturating_add(bytes);
        self
    }

    /// An element of the array that lies here.
    pub fn element(mut self, index: Reg, len: Len, size: u32) -> Place {
        let before = std::mem::take(&mut self.offset);
        self.steps.push(Step { before, index, len, size });
        self
    }

    /// The pointer, if the place is exactly what it points to.
    pub fn as_ptr(&self) -> Option<Reg> {
        match self.base {
            Base::Ptr(reg) | Base::Owned(reg) if self.steps.is_empty() && self.offset == 0 => Some(reg),
            _ => None,
        }
    }

    /// Replaces registers, so that the place stays what it is when their variables are assigned.
    pub fn map_regs(&mut self, mut f: impl FnMut(Reg) -> Reg) {
        if let Base::Ptr(reg) | Base::Owned(reg) = &mut self.base {
            *reg = f(*reg);
        }
        for step in &mut self.steps {
            step.index = f(step.index);
            if let Len::Reg(reg) = &mut step.len {
                *reg = f(*reg);
            }
        }
    }
}

impl<'w> Lower<'_, 'w> {
    fn len_reg(&mut self, len: Len) -> Reg {
        match len {
            Len::Const(n) => self.const_int(n as i64),
            Len::Reg(reg) => reg,
        }
    }

    /// A register with an address, and bytes to add to it.
    fn base_address(&mut self, base: Base, plus: u32, fold: bool) -> (Reg, u32) {
        match base {
            Base::Ptr(reg) | Base::Owned(reg) => (reg, plus),
            Base::Slot(slot) => {
                let dst = self.tmp(Class::Raw);
                let (offset, rest) = if fold { (plus, 0) } else { (0, plus) };
                self.emit(Inst::SlotAddr { dst, slot, offset });
                (dst, rest)
            }
            Base::Global(offset) => {
                let dst = self.tmp(Class::Ptr);
                self.emit(Inst::GlobalAddr { dst, offset: offset + plus });
                (dst, 0)
            }
        }
    }

    fn advance(&mut self, base: Reg, bytes: u32) -> Reg {
        if bytes == 0 {
            return base;
        }
        let dst = self.tmp(self.f.regs.class(base));
        self.emit(Inst::FieldAddr { dst, base, offset: bytes });
        dst
    }

    /// The address just before the last `skip` steps, with the bytes still to add.
    fn partial_address(&mut self, place: &Place, skip: usize, fold: bool) -> (Reg, u32) {
        let steps = &place.steps[..place.steps.len() - skip];
        let rest = if skip > 0 { place.steps[steps.len()].before } else { place.offset };
        self.check_array(place);
        let Some(first) = steps.first() else {
            return self.base_address(place.base, rest, fold || skip > 0);
        };
        let (mut reg, mut bytes) = self.base_address(place.base, first.before, true);
        for (i, step) in steps.iter().enumerate() {
            if i > 0 {
                bytes = step.before;
            }
            let base = self.advance(reg, bytes);
            let len = self.len_reg(step.len);
            let dst = self.tmp(self.f.regs.class(base));
            self.emit(Inst::IndexAddr { dst, base, len, index: step.index, size: step.size });
            reg = dst;
            bytes = 0;
        }
        (reg, rest)
    }

    /// An array behind a pointer: indexing checks the index, not the pointer.
    fn check_array(&mut self, place: &Place) {
        if let (Base::Ptr(ptr), Some(Step { before: 0, len: Len::Const(_), .. })) =
            (place.base, place.steps.first())
        {
            self.emit(Inst::NilCheck { ptr });
        }
    }

    /// A register with an address near the place, and bytes to add to it.
    pub(super) fn near_address(&mut self, place: &Place) -> (Reg, i32) {
        let (reg, bytes) = self.partial_address(place, 0, false);
        match i32::try_from(bytes) {
            Ok(bytes) => (reg, bytes),
            Err(_) => (self.advance(reg, bytes), 0),
        }
    }

    /// A register with the address of the place: a heap address, or one into a frame slot that must be used
    /// at once. A heap address is checked for nil only where bytes are added to it.
    pub(super) fn address(&mut self, place: &Place) -> Reg {
        let (reg, bytes) = self.partial_address(place, 0, true);
        self.advance(reg, bytes)
    }

    /// Checks what an access would check, where there is nothing to access.
    fn touch(&mut self, place: &Place) {
        if !place.steps.is_empty() {
            self.address(place);
        } else if let Base::Ptr(ptr) = place.base {
            self.emit(Inst::NilCheck { ptr });
        }
    }

    /// Whether the last step goes over elements that are this leaf and nothing else.
    fn is_element(place: &Place, leaves: &[Leaf]) -> bool {
        match (place.steps.last(), leaves) {
            (Some(step), [leaf]) => {
                place.offset == 0 && leaf.offset == 0 && leaf.mem.size() == step.size && leaf.mem != Mem::Any
            }
            _ => false,
        }
    }

    fn element_operands(&mut self, place: &Place) -> (Reg, Reg, Reg) {
        let (base, bytes) = self.partial_address(place, 1, true);
        let base = self.advance(base, bytes);
        let step = place.steps[place.steps.len() - 1];
        (base, self.len_reg(step.len), step.index)
    }

    /// Reads a value of leaves.
    pub(super) fn load(&mut self, place: &Place, ty: TypeId, dst: &[Reg]) {
        let leaves = self.leaves(ty).expect("internal error: load of a memory type");
        if leaves.is_empty() {
            return self.touch(place);
        }
        if Self::is_element(place, &leaves) {
            let (base, len, index) = self.element_operands(place);
            return self.load_at(leaves[0].mem, dst[0], base, len, index);
        }
        let (base, offset) = self.near_address(place);
        // The base may itself be one of the destinations: it is read last.
        let order = (0..leaves.len())
            .filter(|&i| dst[i] != base)
            .chain((0..leaves.len()).filter(|&i| dst[i] == base));
        for i in order.collect::<SmallVec<[usize; 8]>>() {
            self.load_leaf(leaves[i].mem, dst[i], base, offset + leaves[i].offset as i32);
        }
    }

    /// Reads the first leaves of a value.
    pub(super) fn load_head(&mut self, place: &Place, ty: TypeId, n: usize) -> Regs {
        let leaves = self.leaves(ty).expect("internal error: load of a memory type");
        let (base, offset) = self.near_address(place);
        let mut regs = Regs::new();
        for leaf in &leaves[..n] {
            let dst = self.tmp(leaf.mem.class());
            self.load_leaf(leaf.mem, dst, base, offset + leaf.offset as i32);
            regs.push(dst);
        }
        regs
    }

    /// Writes a value of leaves.
    pub(super) fn store(&mut self, place: &Place, ty: TypeId, src: &[Reg]) {
        let leaves = self.leaves(ty).expect("internal error: store of a memory type");
        if leaves.is_empty() {
            return self.touch(place);
        }
        if Self::is_element(place, &leaves) {
            let (base, len, index) = self.element_operands(place);
            return self.store_at(leaves[0].mem, base, len, index, src[0]);
        }
        let (base, offset) = self.near_address(place);
        for (leaf, &src) in leaves.iter().zip(src) {
            self.store_leaf(leaf.mem, base, offset + leaf.offset as i32, src);
        }
    }

    /// Writes a value of any type to a place.
    pub(super) fn store_value(&mut self, place: &Place, ty: TypeId, value: &Value) {
        match value {
            Value::Regs(regs) => self.store(place, ty, regs),
            Value::Mem { place: src, .. } => {
                let src = self.address(src);
                let dst = self.address(place);
                let ty = self.desc(ty);
                self.emit(Inst::CopyMem { dst, src, ty });
            }
        }
    }

    /// Writes the zero value of a type to a place.
    pub(super) fn store_zero(&mut self, place: &Place, ty: TypeId) {
        match self.leaves(ty) {
            Some(leaves) if leaves.len() <= 1 => {
                let value = self.zero(ty, None).regs();
                self.store(place, ty, &value);
            }
            _ => {
                let dst = self.address(place);
                let ty = self.desc(ty);
                self.emit(Inst::ZeroMem { dst, ty });
            }
        }
    }

    /// The value at a place: read into registers, or left where it is.
    pub(super) fn load_value(&mut self, place: Place, ty: TypeId, wish: super::Wish<'_>) -> Value {
        if self.leaves(ty).is_none() {
            return Value::Mem { place, owned: false };
        }
        let classes = self.classes(ty);
        // Several loads may panic half-way or overwrite the base, so a hint must be fresh.
        let regs: Regs =
            if classes.len() == 1 { self.dsts(wish, &classes) } else { self.fresh_dsts(wish, &classes) };
        self.load(&place, ty, &regs);
        Value::Regs(regs)
    }

    /// A value of a memory type as the address of a copy that the receiver owns.
    pub(super) fn own(&mut self, value: Value, ty: TypeId) -> Reg {
        let Value::Mem { place, owned } = value else {
            panic!("internal error: leaves where a value in memory is expected")
        };
        if let (true, Some(ptr)) = (owned, place.as_ptr()) {
            return ptr;
        }
        let dst = self.tmp(Class::Ptr);
        let ty = self.desc(ty);
        self.emit(Inst::New { dst, ty });
        let src = self.address(&place);
        self.emit(Inst::CopyMem { dst, src, ty });
        dst
    }

    /// The words in which a value is passed on: its leaves, or the address of a copy.
    pub(super) fn words(&mut self, value: Value, ty: TypeId) -> Regs {
        match value {
            Value::Regs(regs) => regs,
            value => Regs::from_slice(&[self.own(value, ty)]),
        }
    }

    /// A value that arrived in words.
    pub(super) fn arrived(&mut self, words: &[Reg], ty: TypeId) -> Value {
        match self.leaves(ty) {
            Some(_) => Value::Regs(Regs::from_slice(words)),
            None => Value::owned(words[0]),
        }
    }

    pub(super) fn load_leaf(&mut self, mem: Mem, dst: Reg, base: Reg, offset: i32) {
        self.emit(match mem {
            Mem::I8 => Inst::LoadI8 { dst, base, offset },
            Mem::U8 => Inst::LoadU8 { dst, base, offset },
            Mem::I16 => Inst::LoadI16 { dst, base, offset },
            Mem::U16 => Inst::LoadU16 { dst, base, offset },
            Mem::I32 => Inst::LoadI32 { dst, base, offset },
            Mem::U32 => Inst::LoadU32 { dst, base, offset },
            Mem::I64 => Inst::LoadI64 { dst, base, offset },
            Mem::Len => Inst::LoadLen { dst, base, offset },
            Mem::F32 => Inst::LoadF32 { dst, base, offset },
            Mem::F64 => Inst::LoadF64 { dst, base, offset },
            Mem::Ptr => Inst::LoadPtr { dst, base, offset },
            Mem::Any => Inst::LoadAny { dst, base, offset },
        });
    }

    fn store_leaf(&mut self, mem: Mem, base: Reg, offset: i32, src: Reg) {
        self.emit(match mem {
            Mem::I8 | Mem::U8 => Inst::Store8 { base, offset, src },
            Mem::I16 | Mem::U16 => Inst::Store16 { base, offset, src },
            Mem::I32 | Mem::U32 => Inst::Store32 { base, offset, src },
            Mem::I64 => Inst::Store64 { base, offset, src },
            Mem::Len => Inst::StoreLen { base, offset, src },
            Mem::F32 => Inst::StoreF32 { base, offset, src },
            Mem::F64 => Inst::StoreF64 { base, offset, src },
            Mem::Ptr => Inst::StorePtr { base, offset, src },
            Mem::Any => Inst::StoreAny { base, offset, src },
        });
    }

    fn load_at(&mut self, mem: Mem, dst: Reg, base: Reg, len: Reg, index: Reg) {
        self.emit(match mem {
            Mem::I8 => Inst::LoadAtI8 { dst, base, len, index },
            Mem::U8 => Inst::LoadAtU8 { dst, base, len, index },
            Mem::I16 => Inst::LoadAtI16 { dst, base, len, index },
            Mem::U16 => Inst::LoadAtU16 { dst, base, len, index },
            Mem::I32 => Inst::LoadAtI32 { dst, base, len, index },
            Mem::U32 => Inst::LoadAtU32 { dst, base, len, index },
            Mem::I64 | Mem::Len => Inst::LoadAtI64 { dst, base, len, index },
            Mem::F32 => Inst::LoadAtF32 { dst, base, len, index },
            Mem::F64 => Inst::LoadAtF64 { dst, base, len, index },
            Mem::Ptr | Mem::Any => Inst::LoadAtPtr { dst, base, len, index },
        });
    }

    fn store_at(&mut self, mem: Mem, base: Reg, len: Reg, index: Reg, src: Reg) {
        self.emit(match mem {
            Mem::I8 | Mem::U8 => Inst::StoreAt8 { base, len, index, src },
            Mem::I16 | Mem::U16 => Inst::StoreAt16 { base, len, index, src },
            Mem::I32 | Mem::U32 => Inst::StoreAt32 { base, len, index, src },
            Mem::I64 | Mem::Len => Inst::StoreAt64 { base, len, index, src },
            Mem::F32 => Inst::StoreAtF32 { base, len, index, src },
            Mem::F64 => Inst::StoreAtF64 { base, len, index, src },
            Mem::Ptr | Mem::Any => Inst::StoreAtPtr { base, len, index, src },
        });
    }
}
