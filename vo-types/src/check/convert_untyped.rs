//! Untyped constants and how they get their types.
//!
//! An untyped expression is remembered with its untyped type. When its context decides, the new
//! type is pushed down into the expression tree, so that in the end every node has the type it is
//! evaluated with.

use vo_syntax::ast::*;
use vo_syntax::diag::Code;

use super::{Checker, Mode, Operand};
use crate::constant::{ConstKind, Constant, int_fits};
use crate::types::{Basic, Type, TypeId};

/// An untyped expression whose type is not decided.
#[derive(Clone, Debug)]
pub(crate) struct Untyped<'w> {
    expr: &'w Expr,
    /// Whether it is the left operand of a shift by a non-constant amount.
    shifted: bool,
    mode: Mode,
    ty: TypeId,
    val: Constant,
}

/// The type that an implicit conversion gives, and the value if that is rounded.
pub(crate) type Implicit = (TypeId, Option<Constant>);

/// The value as a constant of a basic type: rounded where the type rounds, `None` if the type
/// cannot represent it.
pub(crate) fn represent(value: &Constant, basic: Basic) -> Option<Constant> {
    if value.is_unknown() {
        return Some(Constant::Unknown);
    }
    if basic.is_integer() {
        let value = value.to_int();
        if value.kind() != ConstKind::Int {
            return None;
        }
        return match basic.int_bits() {
            Some(bits) => int_fits(&value, bits, !basic.is_unsigned()).then_some(value),
            None => Some(value),
        };
    }
    if basic.is_float() {
        let value = value.to_float();
        if value.kind() != ConstKind::Float {
            return None;
        }
        return round(&value, basic);
    }
    if basic.is_complex() {
        let part = match basic {
            Basic::Complex64 => Basic::Float32,
            Basic::Complex128 => Basic::Float64,
            _ => Basic::UntypedFloat,
        };
        let value = value.to_complex();
        if value.kind() != ConstKind::Complex {
            return None;
        }
        let re = round(&value.real().to_float(), part)?;
        let im = round(&value.imag().to_float(), part)?;
        return Some(Constant::complex(re, im));
    }
    let fits = match basic {
        b if b.is_string() => value.kind() == ConstKind::String,
        b if b.is_boolean() => value.kind() == ConstKind::Bool,
        _ => false,
    };
    fits.then(|| value.clone())
}

fn round(value: &Constant, basic: Basic) -> Option<Constant> {
    match basic {
        Basic::Float32 => {
            let f = value.to_f32()?;
            f.is_finite().then(|| Constant::from_f64(f64::from(f)))
        }
        Basic::Float64 => {
            let f = value.to_f64()?;
            f.is_finite().then(|| Constant::from_f64(f))
        }
        _ => Some(value.clone()),
    }
}

impl<'w> Checker<'w> {
    pub fn remember_untyped(&mut self, e: &'w Expr, x: &Operand<'w>) {
        let info = Untyped { expr: e, shifted: false, mode: x.mode, ty: x.ty, val: x.val.clone() };
        self.untyped.insert(e.id(), info);
    }

    pub fn mark_shifted(&mut self, e: &'w Expr) {
        if let Some(info) = self.untyped.get_mut(&e.id()) {
            info.shifted = true;
        }
    }

    /// The type an untyped type has when nothing else decides.
    pub fn default_type(&self, ty: TypeId) -> TypeId {
        match self.w.types.get(ty) {
            Type::Basic(b) => match b {
                Basic::UntypedBool => TypeId::BOOL,
                Basic::UntypedInt => TypeId::INT,
                Basic::UntypedRune => TypeId::RUNE,
                Basic::UntypedFloat => TypeId::FLOAT64,
                Basic::UntypedComplex => TypeId::COMPLEX128,
                Basic::UntypedString => TypeId::STRING,
                _ => ty,
            },
            _ => ty,
        }
    }

    // ---- representability ---------------------------------------------------------------------

    /// Rounds a constant to a basic type, or tells which kind of error that is.
    pub fn representation(&self, x: &Operand<'w>, basic: Basic) -> Result<Constant, Code> {
        if let Some(value) = represent(&x.val, basic) {
            return Ok(value);
        }
        let numeric = self.w.is_basic(x.ty, Basic::is_numeric) && basic.is_numeric();
        Err(match numeric {
            true if !self.w.is_basic(x.ty, Basic::is_integer) && basic.is_integer() => Code::TruncatedFloat,
            true => Code::NumericOverflow,
            false => Code::InvalidConstantValue,
        })
    }

    /// Rounds a constant to a basic type; reports it if that cannot be.
    pub fn representable(&self, x: &mut Operand<'w>, basic: Basic) {
        match self.representation(x, basic) {
            Ok(value) => x.val = value,
            Err(code) => {
                let target = if self.w.basic(x.ty) == Some(basic) && !self.w.is_untyped(x.ty) {
                    x.ty
                } else {
                    TypeId(basic as u32)
                };
                let target = self.w.underlying(target);
                self.invalid_conversion(code, x, target);
                x.invalidate();
            }
        }
    }

    fn invalid_conversion(&self, code: Code, x: &Operand<'w>, target: TypeId) {
        let (os, ts) = (self.os(x), self.ts(target));
        let (code, message) = match code {
            Code::TruncatedFloat => (code, format!("{os} truncated to {ts}")),
            Code::NumericOverflow => (code, format!("{os} overflows {ts}")),
            _ => (Code::InvalidUntypedConversion, format!("cannot convert {os} to type {ts}")),
        };
        self.error(code, x, message);
    }

    // ---- implicit conversion ------------------------------------------------------------------

    /// The type that an untyped operand gets when it is used as a `target`.
    pub fn implicit_type(&self, x: &Operand<'w>, target: TypeId) -> Result<Implicit, Code> {
        let w = self.w;
        if !x.is_valid() || !w.is_untyped(x.ty) || w.is_invalid(target) {
            return Ok((x.ty, None));
        }
        let refused = Err(Code::InvalidUntypedConversion);
        if w.is_untyped(target) {
            return match self.larger_untyped(x.ty, target) {
                Some(ty) => Ok((ty, None)),
                None => refused,
            };
        }
        if x.is_nil() {
            return if w.has_nil(target) { Ok((target, None)) } else { refused };
        }
        if w.is_type_param(target) {
            let terms = w.specific_types(target).unwrap_or_default();
            if terms.is_empty() {
                return refused;
            }
            for t in terms {
                self.implicit_type(x, w.underlying(t.ty)).map_err(|_| Code::InvalidUntypedConversion)?;
            }
            return Ok((target, None));
        }
        match w.under(target) {
            Type::Basic(b) => {
                if x.is_constant() {
                    return self.representation(x, *b).map(|value| (target, Some(value)));
                }
                let fits = match w.types.get(x.ty) {
                    Type::Basic(Basic::UntypedBool) => b.is_boolean(),
                    Type::Basic(Basic::UntypedString) => b.is_string(),
                    _ => b.is_numeric(),
                };
                if fits { Ok((target, None)) } else { refused }
            }
            Type::Interface(_) => {
                let empty = w.type_set(target).is_some_and(|s| s.is_all());
                if empty { Ok((self.default_type(x.ty), None)) } else { refused }
            }
            _ => refused,
        }
    }

    fn larger_untyped(&self, a: TypeId, b: TypeId) -> Option<TypeId> {
        if a == b {
            return Some(a);
        }
        let numeric = self.w.is_untyped_numeric(a) && self.w.is_untyped_numeric(b);
        numeric.then(|| a.max(b))
    }

    /// Gives an operand the type and value that `implicit_type` found.
    pub fn apply_implicit(&mut self, x: &mut Operand<'w>, (ty, val): Implicit) {
        if let Some(val) = val {
            x.val = val;
            if let Some(e) = x.expr
                && let Some(info) = self.untyped.get_mut(&e.id())
            {
                info.val = x.val.clone();
            }
        }
        if ty != x.ty {
            x.ty = ty;
            // The second value of a comma-ok form is no expression of its own.
            if let Some(e) = x.expr.filter(|_| x.nth == 0) {
                self.update_expr_type(e, ty, false);
            }
        }
    }

    /// Converts an untyped operand; reports it if that cannot be.
    pub fn convert_untyped(&mut self, x: &mut Operand<'w>, target: TypeId) {
        match self.implicit_type(x, target) {
            Ok(implicit) => self.apply_implicit(x, implicit),
            Err(code) => {
                let shown = if self.w.is_type_param(target) { target } else { self.w.underlying(target) };
                self.invalid_conversion(code, x, shown);
                x.invalidate();
            }
        }
    }

    // ---- pushing types down -------------------------------------------------------------------

    /// Tells an untyped expression the type it is used with. `done` says that the type is decided
    /// even if it is untyped.
    pub fn update_expr_type(&mut self, e: &'w Expr, ty: TypeId, done: bool) {
        let mut work = vec![e];
        while let Some(e) = work.pop() {
            let Some(info) = self.untyped.get(&e.id()).cloned() else { continue };
            match e {
                Expr::Paren(p) => work.push(&p.x),
                // The operands of a constant expression are never evaluated.
                Expr::Unary(u) if info.mode != Mode::Constant && u.op != UnaryOp::Recv => {
                    work.push(&u.x);
                }
                Expr::Binary(b) if info.mode != Mode::Constant => {
                    if b.op.is_shift() {
                        work.push(&b.x);
                    } else if !b.op.is_comparison() {
                        work.push(&b.y);
                        work.push(&b.x);
                    }
                }
                _ => {}
            }
            self.update_one(e, info, ty, done);
        }
    }

    fn update_one(&mut self, e: &'w Expr, mut info: Untyped<'w>, ty: TypeId, done: bool) {
        if !done && self.w.is_untyped(ty) {
            info.ty = self.w.underlying(ty);
            let (mode, ty) = (info.mode, info.ty);
            self.record_untyped(e, mode, ty, &info.val);
            self.untyped.insert(e.id(), info);
            return;
        }
        self.untyped.remove(&e.id());
        if info.shifted && !self.w.all_basic(ty, Basic::is_integer) {
            let message = format!(
                "invalid operation: shifted operand {} (type {}) must be integer",
                self.es(e),
                self.ts(ty)
            );
            self.error(Code::InvalidShiftOperand, e, message);
            return;
        }
        let mut val = info.val;
        if info.mode == Mode::Constant {
            let mut c = Operand::new(info.mode, info.ty, Some(info.expr));
            c.val = val;
            self.convert_untyped(&mut c, ty);
            if !c.is_valid() {
                return;
            }
            val = c.val;
        }
        self.record_untyped(e, info.mode, ty, &val);
    }

    fn record_untyped(&self, e: &Expr, mode: Mode, ty: TypeId, val: &Constant) {
        let x = Operand::new(mode, ty, None);
        self.w.info.set_type(e.id(), x.mode, ty, Some(val));
    }
}
