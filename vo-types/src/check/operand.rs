//! Operands: what an expression has turned out to be while it is being checked.

use vo_syntax::ast::Expr;

use super::{Checker, show};
use crate::constant::Constant;
use crate::info::Mode;
use crate::types::{Basic, Type, TypeId};

/// The [`Operand::nth`] of the boolean of a comma-ok form.
pub(crate) const OK_VALUE: u32 = u32::MAX;

/// See the module's description.
#[derive(Clone, Debug)]
pub(crate) struct Operand<'w> {
    pub mode: Mode,
    pub ty: TypeId,
    /// The value of a constant.
    pub val: Constant,
    pub expr: Option<&'w Expr>,
    /// For a result of a call with several: which one, counted from 1.
    pub nth: u32,
}

impl<'w> Operand<'w> {
    /// An operand in error.
    pub fn invalid(expr: Option<&'w Expr>) -> Operand<'w> {
        Operand { mode: Mode::Invalid, ty: TypeId::INVALID, val: Constant::Unknown, expr, nth: 0 }
    }

    pub fn new(mode: Mode, ty: TypeId, expr: Option<&'w Expr>) -> Operand<'w> {
        Operand { mode, ty, val: Constant::Unknown, expr, nth: 0 }
    }

    pub fn is_valid(&self) -> bool {
        self.mode != Mode::Invalid
    }

    pub fn invalidate(&mut self) {
        self.mode = Mode::Invalid;
    }

    pub fn is_constant(&self) -> bool {
        self.mode == Mode::Constant
    }

    pub fn is_nil(&self) -> bool {
        self.mode == Mode::NilValue
    }
}

fn mode_text(mode: Mode) -> &'static str {
    match mode {
        Mode::Invalid => "invalid operand",
        Mode::NoValue => "no value",
        Mode::Builtin(_) => "built-in",
        Mode::TypeExpr => "type",
        Mode::Constant => "constant",
        Mode::Variable => "variable",
        Mode::MapIndex => "map index expression",
        Mode::Value => "value",
        Mode::NilValue => "nil",
        Mode::CommaOk => "comma, ok expression",
    }
}

impl<'w> Checker<'w> {
    /// An operand in a message: `x (variable of type int)`.
    pub fn os(&self, x: &Operand<'w>) -> String {
        if x.is_nil() {
            return match x.ty {
                TypeId::INVALID => "nil (with invalid type)".to_owned(),
                TypeId::UNTYPED_NIL => "nil".to_owned(),
                ty => format!("nil (of type {})", self.ts(ty)),
            };
        }
        let expr = match (x.expr, x.mode) {
            _ if x.nth == OK_VALUE => "ok value of (comma, ok) expression".to_owned(),
            _ if x.nth > 0 => ordinal(x.nth),
            (Some(e), _) => show::expr_string(e),
            (None, Mode::Builtin(b)) => b.name().to_owned(),
            (None, Mode::TypeExpr) => self.ts(x.ty),
            (None, Mode::Constant) => x.val.to_string(),
            _ => String::new(),
        };
        let mut inner = String::new();
        let typeless = matches!(x.mode, Mode::Invalid | Mode::NoValue | Mode::Builtin(_) | Mode::TypeExpr);
        let untyped = !typeless && self.w.is_untyped(x.ty);
        if untyped {
            inner.push_str(&self.ts(x.ty));
            inner.push(' ');
        }
        inner.push_str(mode_text(x.mode));
        if x.mode == Mode::Constant {
            let value = x.val.to_string();
            if value != expr {
                inner.push(' ');
                inner.push_str(&value);
            }
        }
        if !typeless && !untyped {
            inner.push_str(&self.type_description(x.ty));
        }
        if expr.is_empty() { inner } else { format!("{expr} ({inner})") }
    }

    fn type_description(&self, ty: TypeId) -> String {
        if self.w.is_invalid(ty) {
            return " with invalid type".to_owned();
        }
        let generic = if self.is_generic(ty) { "generic " } else { "" };
        if let Some(p) = self.w.types.as_type_param(ty) {
            let bound = self.ts(p.bound.get());
            let empty = self.w.type_set(ty).is_some_and(|s| s.is_empty());
            let empty = if empty { " with empty type set" } else { "" };
            return format!(" of {generic}type {} constrained by {bound}{empty}", self.ts(ty));
        }
        let what = match self.w.types.raw(ty) {
            Type::Named(_) | Type::Alias(_) => match self.composite_kind(ty) {
                "" if self.w.basic(ty) == Some(Basic::UnsafePointer) => "Pointer",
                "" => self.w.basic(ty).map_or("", Basic::name),
                kind => kind,
            },
            _ => "",
        };
        let blank = if what.is_empty() { "" } else { " " };
        format!(" of {generic}{what}{blank}type {}", self.ts(ty))
    }

    /// The word for a composite type's kind; empty for basic types.
    pub fn composite_kind(&self, ty: TypeId) -> &'static str {
        match self.w.under(ty) {
            Type::Array { .. } => "array",
            Type::Slice(_) => "slice",
            Type::Struct(_) => "struct",
            Type::Pointer(_) => "pointer",
            Type::Signature(_) => "func",
            Type::Interface(_) => "interface",
            Type::Map { .. } => "map",
            Type::Chan { .. } => "chan",
            Type::Tuple(_) => "tuple",
            Type::Union(_) => "union",
            Type::Island => "island",
            Type::Port { .. } => "port",
            Type::Basic(_) | Type::Named(_) | Type::TypeParam(_) | Type::Alias(_) => "",
        }
    }

    /// Whether the type is a generic type or function type that lacks its type arguments.
    pub fn is_generic(&self, ty: TypeId) -> bool {
        match self.w.types.raw(ty) {
            Type::Alias(a) if !a.tparams().is_empty() && a.targs.is_empty() => true,
            Type::Alias(_) => self.is_generic(self.w.types.unalias(ty)),
            Type::Named(n) => n.is_generic(),
            Type::Signature(s) => !s.tparams.is_empty(),
            _ => false,
        }
    }
}

/// `1st function result`
fn ordinal(n: u32) -> String {
    let ending = match (n % 10, n % 100) {
        (1, r) if r != 11 => "st",
        (2, r) if r != 12 => "nd",
        (3, r) if r != 13 => "rd",
        _ => "th",
    };
    format!("{n}{ending} function result")
}
