//! Variables: where each one lives, and how it is declared, read and written.
//!
//! A variable of leaves lives in registers unless its address is taken, or it is captured and assigned: then
//! it is a box on the heap. A variable of a memory type lives in a frame slot, or in a box when its address
//! may leave the function, when a literal captures it, or when it is large.

use vo_bytecode::{Class, Inst, Reg};
use vo_syntax::ast::{Expr, Node};
use vo_types::object::{ObjId, VarKind};
use vo_types::types::TypeId;

use super::{Base, Hint, Lower, Place, Regs, Value, Wish};

/// Larger variables are not kept in frame slots: slots are copied whenever a fiber leaves the function.
const MAX_SLOT: u64 = 1024;
/// All slots of a function together.
const MAX_SLOTS: u64 = 8192;

/// Where a variable lives.
#[derive(Clone, Debug)]
pub enum Storage {
    Regs(Regs),
    Place(Place),
}

impl<'w> Lower<'_, 'w> {
    /// The type of a variable.
    pub(super) fn var_ty(&self, obj: ObjId) -> TypeId {
        self.subst(self.world.type_of(obj))
    }

    /// Whether the variable must be a box on the heap.
    pub(super) fn needs_box(&mut self, obj: ObjId) -> bool {
        let facts = self.facts.var(obj);
        let ty = self.var_ty(obj);
        match self.leaves(ty) {
            Some(_) => facts.needs_box(),
            None => facts.address_taken || facts.captured || self.p.types.size(ty) > MAX_SLOT,
        }
    }

    pub(super) fn var_regs(&mut self, ty: TypeId) -> Regs {
        self.classes(ty).into_iter().map(|c| self.f.regs.var(c)).collect()
    }

    /// A new box, its pointer in a variable's register.
    pub(super) fn new_box(&mut self, ty: TypeId) -> Reg {
        let dst = self.f.regs.var(Class::Ptr);
        let ty = self.desc(ty);
        self.emit(Inst::New { dst, ty });
        dst
    }

    fn slot(&mut self, ty: TypeId) -> Place {
        if self.f.slot_bytes() > MAX_SLOTS {
            return Place::owned(self.new_box(ty));
        }
        let desc = self.p.types.desc(ty);
        let size = self.size(ty);
        Place::of(Base::Slot(self.f.slot(desc, size)))
    }

    /// A slot for a value that must be in memory for a moment.
    pub(super) fn scratch(&mut self, ty: TypeId) -> Place {
        let desc = self.p.types.desc(ty);
        let size = self.size(ty);
        if self.p.types.size(ty) > MAX_SLOT {
            let dst = self.tmp(Class::Ptr);
            self.emit(Inst::New { dst, ty: desc.0 });
            return Place::owned(dst);
        }
        Place::of(Base::Slot(self.f.scratch(desc, size)))
    }

    /// Declares a variable with its zero value.
    pub(super) fn declare_zero(&mut self, obj: ObjId) {
        let ty = self.var_ty(obj);
        let storage = if self.needs_box(obj) {
            Storage::Place(Place::owned(self.new_box(ty)))
        } else if self.leaves(ty).is_some() {
            let regs = self.var_regs(ty);
            self.zero_regs(&regs);
            Storage::Regs(regs)
        } else {
            let place = self.slot(ty);
            if matches!(place.base, Base::Slot(_)) {
                self.store_zero(&place, ty);
            }
            Storage::Place(place)
        };
        self.vars.insert(obj, storage);
    }

    /// Declares a variable with the value of an expression.
    pub(super) fn declare_expr(&mut self, obj: ObjId, e: &'w Expr) {
        let ty = self.var_ty(obj);
        if self.leaves(ty).is_some() && !self.needs_box(obj) {
            let regs = self.var_regs(ty);
            self.expr_to(e, ty, &regs, true);
            self.vars.insert(obj, Storage::Regs(regs));
        } else if self.leaves(ty).is_none() && !self.needs_box(obj) && self.is_built_in_place(e) {
            let place = self.slot(ty);
            self.composite_to_place(e, ty, &place, matches!(place.base, Base::Ptr(_)));
            self.vars.insert(obj, Storage::Place(place));
        } else {
            let value = self.expr_as(e, ty, None);
            self.declare_value(obj, value);
        }
    }

    /// Declares a variable with a value that has been computed.
    pub(super) fn declare_value(&mut self, obj: ObjId, value: Value) {
        let ty = self.var_ty(obj);
        let storage = match value {
            Value::Regs(regs) if !self.needs_box(obj) => {
                let vars = self.var_regs(ty);
                self.moves(&vars, &regs);
                Storage::Regs(vars)
            }
            Value::Regs(regs) => {
                let place = Place::owned(self.new_box(ty));
                self.store(&place, ty, &regs);
                Storage::Place(place)
            }
            Value::Mem { place, owned: true } if place.as_ptr().is_some() => {
                // Nobody else has the copy: it becomes the variable.
                let ptr = self.f.regs.var(Class::Ptr);
                self.mov(ptr, place.as_ptr().expect("internal error: no pointer"));
                Storage::Place(Place::owned(ptr))
            }
            value => {
                let place = if self.needs_box(obj) { Place::owned(self.new_box(ty)) } else { self.slot(ty) };
                self.store_value(&place, ty, &value);
                Storage::Place(place)
            }
        };
        self.vars.insert(obj, storage);
    }

    /// Where a variable lives.
    pub(super) fn storage(&mut self, obj: ObjId) -> Storage {
        if let Some(storage) = self.vars.get(&obj) {
            return storage.clone();
        }
        let object = self.world.object(obj);
        if object.var_kind() == Some(VarKind::Package) {
            let offset = self.p.global(obj);
            return Storage::Place(Place::of(Base::Global(offset)));
        }
        panic!("internal error: variable {} has no storage in {}", object.name, self.name)
    }

    /// The value of a variable.
    pub(super) fn read_var(&mut self, obj: ObjId, wish: Wish<'_>) -> Value {
        match self.storage(obj) {
            Storage::Regs(regs) => Value::Regs(regs),
            Storage::Place(place) => {
                let ty = self.var_ty(obj);
                self.load_value(place, ty, wish)
            }
        }
    }

    /// Assigns a value to a storage.
    pub(super) fn write_storage(&mut self, storage: &Storage, ty: TypeId, value: &Value) {
        match (storage, value) {
            (Storage::Regs(dst), Value::Regs(src)) => self.moves(dst, src),
            (Storage::Regs(_), Value::Mem { .. }) => panic!("internal error: memory into registers"),
            (Storage::Place(place), value) => self.store_value(place, ty, value),
        }
    }

    /// The value of an expression, converted to `ty`, in these registers.
    pub(super) fn expr_to(&mut self, e: &'w Expr, ty: TypeId, dst: &[Reg], fresh: bool) {
        self.scoped(|l| {
            let value = l.expr_as(e, ty, Some(Hint { regs: dst, fresh })).regs();
            l.moves(dst, &value);
        });
    }

    /// The local variable or package variable that an identifier names.
    pub(super) fn ident_obj(&self, e: &'w Expr) -> Option<ObjId> {
        let name = e.unparen().as_ident()?;
        let obj = self.world.info.object_of(name.id())?;
        self.world.object(obj).var_kind().map(|_| obj)
    }
}
