//! Composite literals.
//!
//! Structs of leaves are put together from the registers of their elements; arrays and large structs are
//! written in place; `[]T{…}` writes a new array; `map[K]V{…}` inserts one element after another.

use vo_bytecode::{Class, Inst, Reg};
use vo_syntax::ast::{self, Expr, Node};
use vo_types::types::{Type, TypeId};

use super::{Len, Lower, Place, Regs, Value, Wish};

/// An element with the index or field it stands for.
struct Element<'w> {
    at: u64,
    value: &'w Expr,
}

impl<'w> Lower<'_, 'w> {
    /// The value of a composite literal.
    pub(super) fn composite(&mut self, lit: &'w ast::CompositeLit, wish: Wish<'_>) -> Value {
        let ty = self.subst(self.world.info.type_of(lit.id));
        self.composite_of(lit, ty, wish)
    }

    fn composite_of(&mut self, lit: &'w ast::CompositeLit, ty: TypeId, wish: Wish<'_>) -> Value {
        match *self.under(ty) {
            Type::Slice(elem) => self.slice_literal(lit, elem, wish),
            Type::Map { key, value } => self.map_literal(lit, ty, (key, value), wish),
            // An element `{…}` of a list of pointers.
            Type::Pointer(elem) => {
                let dst = self.tmp(Class::Ptr);
                let desc = self.desc(elem);
                self.emit(Inst::New { dst, ty: desc });
                self.scoped(|l| l.composite_fields(lit, elem, &Place::owned(dst), true));
                Value::one(dst)
            }
            _ if self.leaves(ty).is_some() => Value::Regs(self.leaf_struct(lit, ty, wish)),
            _ => {
                let dst = self.tmp(Class::Ptr);
                let desc = self.desc(ty);
                self.emit(Inst::New { dst, ty: desc });
                self.scoped(|l| l.composite_fields(lit, ty, &Place::owned(dst), true));
                Value::owned(dst)
            }
        }
    }

    /// Whether an expression is a literal that can be written where it is to lie.
    pub(super) fn is_built_in_place(&mut self, e: &'w Expr) -> bool {
        let Expr::CompositeLit(_) = e.unparen() else { return false };
        let ty = self.ty(e);
        matches!(self.under(ty), Type::Array { .. } | Type::Struct(_))
    }

    /// Writes a literal to a place that nothing else can see. `zeroed` says whether it is all zero.
    pub(super) fn composite_to_place(&mut self, e: &'w Expr, ty: TypeId, place: &Place, zeroed: bool) {
        let Expr::CompositeLit(lit) = e.unparen() else { panic!("internal error: no composite literal") };
        if !zeroed {
            self.store_zero(place, ty);
        }
        self.scoped(|l| l.composite_fields(lit, ty, place, true));
    }

    fn leaf_struct(&mut self, lit: &'w ast::CompositeLit, ty: TypeId, wish: Wish<'_>) -> Regs {
        let Type::Struct(s) = self.under(ty) else { return Regs::new() };
        let elements = self.struct_elements(lit, ty);
        let classes = self.classes(ty);
        let into = wish.filter(|h| h.fresh && self.fits(h.regs, &classes));
        let mut parts: Vec<Option<Regs>> = vec![None; s.fields.len()];
        for element in elements {
            let field = element.at as usize;
            let field_ty = s.fields[field].ty;
            let (first, n) = self.p.types.field_leaves(ty, field);
            let regs = match into {
                Some(hint) => {
                    let dst = &hint.regs[first..first + n];
                    self.expr_to(element.value, field_ty, dst, true);
                    Regs::from_slice(dst)
                }
                None => self.expr_as(element.value, field_ty, None).regs(),
            };
            parts[field] = Some(regs);
        }
        let mut all = Regs::new();
        for (i, part) in parts.into_iter().enumerate() {
            match part {
                Some(regs) => all.extend(regs),
                None => {
                    let (first, n) = self.p.types.field_leaves(ty, i);
                    let regs = match into {
                        Some(hint) => Regs::from_slice(&hint.regs[first..first + n]),
                        None => self.tmps(&classes[first..first + n]),
                    };
                    self.zero_regs(&regs);
                    all.extend(regs);
                }
            }
        }
        all
    }

    fn struct_elements(&self, lit: &'w ast::CompositeLit, ty: TypeId) -> Vec<Element<'w>> {
        let Type::Struct(s) = self.under(ty) else { panic!("internal error: no struct") };
        let element = |(i, e): (usize, &'w Expr)| match e {
            Expr::KeyValue(kv) => {
                let name = kv.key.as_ident().map(|n| n.name);
                let at = s.fields.iter().position(|f| Some(f.name) == name);
                Element { at: at.expect("internal error: no such field") as u64, value: &kv.value }
            }
            value => Element { at: i as u64, value },
        };
        lit.elts.iter().enumerate().map(element).collect()
    }

    fn array_elements(&self, lit: &'w ast::CompositeLit) -> (Vec<Element<'w>>, u64) {
        let (mut at, mut len) = (0u64, 0u64);
        let mut elements = Vec::with_capacity(lit.elts.len());
        for e in &lit.elts {
            let value = match e {
                Expr::KeyValue(kv) => {
                    let key = self.constant(&kv.key).and_then(|c| c.to_int().as_u64());
                    at = key.expect("internal error: index is no constant");
                    &kv.value
                }
                value => value,
            };
            elements.push(Element { at, value });
            at += 1;
            len = len.max(at);
        }
        (elements, len)
    }

    /// Writes the elements of a literal to a zeroed place. `visible` is false while nobody sees the place.
    pub(super) fn composite_fields(
        &mut self,
        lit: &'w ast::CompositeLit,
        ty: TypeId,
        place: &Place,
        zeroed: bool,
    ) {
        match self.under(ty) {
            Type::Struct(s) => {
                for element in self.struct_elements(lit, ty) {
                    let field = element.at as usize;
                    let offset = self.p.field_offset(ty, field);
                    let at = place.clone().plus(offset);
                    self.scoped(|l| l.element_to_place(element.value, s.fields[field].ty, &at, zeroed));
                }
            }
            Type::Array { elem, .. } => {
                let (elements, _) = self.array_elements(lit);
                self.elements_to_place(elements, *elem, place, zeroed);
            }
            _ => {
                let value = self.composite_of(lit, ty, None);
                self.store_value(place, ty, &value);
            }
        }
    }

    fn elements_to_place(&mut self, elements: Vec<Element<'w>>, elem: TypeId, place: &Place, zeroed: bool) {
        let size = self.p.types.size(elem);
        for element in elements {
            self.scoped(|l| {
                let at = match u32::try_from(element.at * size) {
                    Ok(bytes) if bytes < i32::MAX as u32 / 2 => place.clone().plus(bytes),
                    _ => {
                        let index = l.const_int(element.at as i64);
                        place.clone().element(index, Len::Const(element.at + 1), size as u32)
                    }
                };
                l.element_to_place(element.value, elem, &at, zeroed);
            });
        }
    }

    /// Writes the value of an expression to a part of a new value.
    fn element_to_place(&mut self, e: &'w Expr, ty: TypeId, place: &Place, zeroed: bool) {
        // A zero in an interface is not the interface's zero.
        let same = !self.is_interface(ty) || self.is_interface(self.ty(e));
        if zeroed && (self.is_nil(e) || same && self.is_zero(e)) {
            return;
        }
        if same
            && zeroed
            && self.is_built_in_place(e)
            && let Expr::CompositeLit(lit) = e.unparen()
        {
            return self.composite_fields(lit, ty, place, zeroed);
        }
        let value = self.expr_as(e, ty, None);
        self.store_value(place, ty, &value);
    }

    /// Whether an expression is certainly the zero value, without effects.
    pub(super) fn is_zero(&self, e: &'w Expr) -> bool {
        if self.is_nil(e) {
            return true;
        }
        let Some(value) = self.constant(e) else { return false };
        let Some(basic) = self.basic(self.ty(e)) else { return false };
        match crate::consts::scalar(value, basic) {
            crate::consts::Scalar::Str(bytes) => bytes.is_empty(),
            crate::consts::Scalar::Words(words) => words.iter().all(|w| match w {
                crate::consts::Word::Int(v) => *v == 0,
                crate::consts::Word::F64(v) => v.to_bits() == 0,
                crate::consts::Word::F32(v) => v.to_bits() == 0,
            }),
        }
    }

    fn slice_literal(&mut self, lit: &'w ast::CompositeLit, elem: TypeId, wish: Wish<'_>) -> Value {
        let (elements, len) = self.array_elements(lit);
        let ptr = match wish.filter(|h| h.fresh) {
            Some(hint) => hint.regs[0],
            None => self.tmp(Class::Ptr),
        };
        let n = self.const_int(len as i64);
        let ty = self.desc(elem);
        self.emit(Inst::MakeSlice { ptr, ty, len: n, cap: n });
        let place = Place::owned(ptr);
        self.elements_to_place(elements, elem, &place, true);
        Value::Regs(Regs::from_slice(&[ptr, n, n]))
    }

    fn map_literal(
        &mut self,
        lit: &'w ast::CompositeLit,
        ty: TypeId,
        (key, value): (TypeId, TypeId),
        wish: Wish<'_>,
    ) -> Value {
        let dst = self.dst(wish.filter(|h| h.fresh), Class::Ptr);
        let n = self.const_int(lit.elts.len() as i64);
        let desc = self.desc(ty);
        self.emit(Inst::MapNew { dst, ty: desc, n });
        for e in &lit.elts {
            let Expr::KeyValue(kv) = e else { panic!("internal error: map element without key") };
            let scratch = self.f.scratch_mark();
            self.scoped(|l| l.map_element(ty, dst, (key, &kv.key), (value, &kv.value)));
            self.f.release_scratch(scratch);
        }
        Value::one(dst)
    }

    fn map_element(&mut self, map_ty: TypeId, map: Reg, key: (TypeId, &'w Expr), value: (TypeId, &'w Expr)) {
        self.at(key.1.pos());
        let key = self.map_key(key.1, key.0);
        let element = self.expr_as(value.1, value.0, None);
        let elem = self.map_set(map_ty, map, &key);
        self.store_value(&Place::owned(elem), value.0, &element);
    }
}
