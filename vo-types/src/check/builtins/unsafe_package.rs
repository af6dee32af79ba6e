//! The functions of package `unsafe`.

use super::Call;
use crate::check::{Checker, Operand};
use crate::constant::Constant;
use crate::types::{FoundKind, Lookup, MAX_NESTING, Type, TypeId};
use crate::universe::Builtin;
use vo_syntax::ast::*;
use vo_syntax::diag::Code;

impl<'w> Checker<'w> {
    pub(super) fn unsafe_add(&mut self, mut c: Call<'w>) -> Option<Operand<'w>> {
        self.assignment(&mut c.args[0], Some(TypeId::UNSAFE_POINTER), "argument to unsafe.Add");
        if !c.args[0].is_valid() || !self.valid_index(&mut c.args[1], Code::InvalidUnsafe, "length", true) {
            return None;
        }
        c.value(TypeId::UNSAFE_POINTER)
    }

    pub(super) fn size_of(&mut self, b: Builtin, mut c: Call<'w>) -> Option<Operand<'w>> {
        let context = format!("argument to unsafe.{}", b.name());
        self.assignment(&mut c.args[0], None, &context);
        let x = &c.args[0];
        if !x.is_valid() {
            return None;
        }
        if !self.is_complete(x.ty) || !self.has_known_size(x.ty) {
            return None;
        }
        if self.has_variable_size(x.ty) {
            return c.value(TypeId::UINTPTR);
        }
        let layout = self.w.layout_of(x.ty);
        if layout.size < 0 {
            self.error(Code::TypeTooLarge, x, format!("{} is too large", self.os(x)));
            return None;
        }
        let n = if b == Builtin::Sizeof { layout.size } else { layout.align };
        c.constant(TypeId::UINTPTR, Constant::Int(n))
    }

    /// Whether the size depends on type parameters.
    pub fn has_variable_size(&self, ty: TypeId) -> bool {
        let memo = &self.w.variable_size;
        if self.w.is_type_param(ty) || memo.depth() > MAX_NESTING {
            return true;
        }
        match self.w.under(ty) {
            Type::Array { elem, .. } => {
                memo.get_or(ty, || self.w.is_settled(), || self.has_variable_size(*elem))
            }
            Type::Struct(s) => {
                let any = || s.fields.iter().any(|f| self.has_variable_size(f.ty));
                memo.get_or(ty, || self.w.is_settled(), any)
            }
            _ => false,
        }
    }

    pub(super) fn offset_of(&mut self, c: Call<'w>) -> Option<Operand<'w>> {
        let arg = &c.call.args[0];
        let Expr::Selector(sel) = arg.unparen() else {
            let message = format!("invalid argument: {} is not a selector expression", self.es(arg));
            self.error(Code::InvalidOffsetof, arg, message);
            self.use_expr(arg);
            return None;
        };
        let x = self.expr(&sel.x);
        if !x.is_valid() {
            return None;
        }
        let (base, _) = match self.w.under(x.ty) {
            Type::Pointer(base) if matches!(self.w.under(*base), Type::Struct(_)) => (*base, true),
            _ => (x.ty, false),
        };
        let name = sel.sel.name;
        let found = match self.w.lookup(base, false, Some(self.pkg), name) {
            Lookup::Found(found) | Lookup::NeedsPointer(found) => found,
            _ => {
                let message = format!("invalid argument: {} has no single field {name}", self.ts(base));
                self.error(Code::InvalidOffsetof, &x, message);
                return None;
            }
        };
        if found.kind != FoundKind::Field {
            let message = format!("invalid argument: {} is a method value", self.es(arg));
            self.error(Code::InvalidOffsetof, arg, message);
            return None;
        }
        if found.indirect {
            let message =
                format!("invalid argument: field {name} is embedded via a pointer in {}", self.ts(base));
            self.error(Code::InvalidOffsetof, &x, message);
            return None;
        }
        let ty = self.w.found_type(&found);
        let selection = crate::info::Selection {
            kind: crate::info::SelectionKind::FieldVal,
            recv: base,
            target: crate::info::Target::Field,
            path: found.path.clone().into(),
            indirect: false,
            ty,
        };
        self.w.info.set_selection(sel.id, selection);
        self.w.info.set_type(arg.id(), crate::info::Mode::Variable, ty, None);
        if self.has_variable_size(base) {
            return c.value(TypeId::UINTPTR);
        }
        let (mut at, mut offset) = (base, 0i64);
        for &i in &found.path {
            let next = self.w.field_offsets(at).get(i as usize).copied().unwrap_or(0);
            let sum = if next < 0 { None } else { offset.checked_add(next) };
            let Some(sum) = sum else {
                self.error(Code::TypeTooLarge, &x, format!("{} is too large", self.os(&x)));
                return None;
            };
            offset = sum;
            at = match self.w.under(at) {
                Type::Struct(s) => s.fields[i as usize].ty,
                _ => break,
            };
        }
        c.constant(TypeId::UINTPTR, Constant::Int(offset))
    }

    pub(super) fn unsafe_slice(&mut self, mut c: Call<'w>) -> Option<Operand<'w>> {
        let x = c.args[0].clone();
        let under = self.common_underlying(x.ty).map(|u| self.w.types.raw(u));
        let Ok(Type::Pointer(base)) = under else {
            let message = format!("invalid argument: {} is not a pointer", self.os(&x));
            self.error(Code::InvalidUnsafe, &x, message);
            return None;
        };
        let elem = *base;
        if !self.valid_index(&mut c.args[1], Code::InvalidUnsafe, "length", false) {
            return None;
        }
        c.value(self.w.types.slice(elem))
    }

    pub(super) fn slice_data(&mut self, c: Call<'w>) -> Option<Operand<'w>> {
        let x = &c.args[0];
        match self.common_underlying(x.ty).map(|u| self.w.types.raw(u)) {
            Ok(Type::Slice(elem)) => c.value(self.w.types.pointer(*elem)),
            _ => {
                let message = format!("invalid argument: {} is not a slice", self.os(x));
                self.error(Code::InvalidUnsafe, x, message);
                None
            }
        }
    }

    pub(super) fn unsafe_string(&mut self, mut c: Call<'w>) -> Option<Operand<'w>> {
        let target = self.w.types.pointer(TypeId::BYTE);
        self.assignment(&mut c.args[0], Some(target), "argument to unsafe.String");
        if !c.args[0].is_valid() || !self.valid_index(&mut c.args[1], Code::InvalidUnsafe, "length", false) {
            return None;
        }
        c.value(TypeId::STRING)
    }

    pub(super) fn string_data(&mut self, mut c: Call<'w>) -> Option<Operand<'w>> {
        self.assignment(&mut c.args[0], Some(TypeId::STRING), "argument to unsafe.StringData");
        if !c.args[0].is_valid() {
            return None;
        }
        c.value(self.w.types.pointer(TypeId::BYTE))
    }
}
