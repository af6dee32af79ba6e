//! Predeclared functions of numbers: complex, real, imag, min and max.

use super::Call;
use crate::check::{Checker, Mode, Operand, show};
use crate::constant::{self, CmpOp, Constant};
use crate::types::{Basic, TypeId};
use crate::universe::Builtin;
use vo_syntax::diag::Code;

impl<'w> Checker<'w> {
    /// Reports a number of a type parameter's type: complex, real and imag do not take those.
    pub(super) fn no_type_param(&self, b: Builtin, x: &Operand<'w>, wanted: fn(Basic) -> bool) -> bool {
        if !self.w.is_type_param(x.ty) || !self.w.all_basic(x.ty, wanted) {
            return true;
        }
        let message = format!(
            "{} not supported as argument to built-in {} for go1.18 (see go.dev/issue/50937)",
            self.os(x),
            b.name()
        );
        self.error(Code::InvalidTypeParameterUse, x, message);
        false
    }

    pub(super) fn complex(&mut self, c: Call<'w>) -> Option<Operand<'w>> {
        let (mut x, mut y) = (c.args[0].clone(), c.args[1].clone());
        match (self.w.is_untyped(x.ty), self.w.is_untyped(y.ty)) {
            (true, false) => self.convert_untyped(&mut x, y.ty),
            (false, true) => self.convert_untyped(&mut y, x.ty),
            (true, true) => {
                let real = |o: &Operand<'w>| self.w.is_untyped_numeric(o.ty) && o.val.imag().sign() == 0;
                if x.is_constant() && y.is_constant() {
                    if real(&x) {
                        x.ty = TypeId::UNTYPED_FLOAT;
                    }
                    if real(&y) {
                        y.ty = TypeId::UNTYPED_FLOAT;
                    }
                } else {
                    self.convert_untyped(&mut x, TypeId::FLOAT64);
                    self.convert_untyped(&mut y, TypeId::FLOAT64);
                }
            }
            (false, false) => {}
        }
        if !x.is_valid() || !y.is_valid() {
            return None;
        }
        if !self.w.identical(x.ty, y.ty) {
            let message = format!(
                "invalid operation: {} (mismatched types {} and {})",
                show::call_string(c.call),
                self.ts(x.ty),
                self.ts(y.ty)
            );
            self.error(Code::InvalidComplex, &x, message);
            return None;
        }
        if !self.no_type_param(Builtin::Complex, &x, Basic::is_float) {
            return None;
        }
        let result = match self.w.basic(x.ty) {
            Some(Basic::Float32) => TypeId::COMPLEX64,
            Some(Basic::Float64) => TypeId::COMPLEX128,
            Some(Basic::UntypedFloat) => TypeId::UNTYPED_COMPLEX,
            _ => {
                let message = format!(
                    "invalid argument: arguments have type {}, expected floating-point",
                    self.ts(x.ty)
                );
                self.error(Code::InvalidComplex, &x, message);
                return None;
            }
        };
        if x.is_constant() && y.is_constant() {
            let val = Constant::complex(x.val.to_float(), y.val.to_float());
            return c.constant(result, val);
        }
        c.value(result)
    }

    pub(super) fn real_imag(&mut self, b: Builtin, c: Call<'w>) -> Option<Operand<'w>> {
        let mut x = c.args[0].clone();
        if self.w.is_untyped(x.ty) {
            if x.is_constant() {
                if self.w.is_untyped_numeric(x.ty) {
                    x.ty = TypeId::UNTYPED_COMPLEX;
                }
            } else {
                self.convert_untyped(&mut x, TypeId::COMPLEX128);
                if !x.is_valid() {
                    return None;
                }
            }
        }
        if !self.no_type_param(b, &x, Basic::is_complex) {
            return None;
        }
        let result = match self.w.basic(x.ty) {
            Some(Basic::Complex64) => TypeId::FLOAT32,
            Some(Basic::Complex128) => TypeId::FLOAT64,
            Some(Basic::UntypedComplex) => TypeId::UNTYPED_FLOAT,
            _ => {
                let message =
                    format!("invalid argument: argument has type {}, expected complex type", self.ts(x.ty));
                self.error(Code::InvalidReal, &x, message);
                return None;
            }
        };
        if x.is_constant() {
            let val = if b == Builtin::Real { x.val.real() } else { x.val.imag() };
            return c.constant(result, val.to_float());
        }
        c.value(result)
    }

    pub(super) fn min_max(&mut self, b: Builtin, c: Call<'w>) -> Option<Operand<'w>> {
        for a in &c.args {
            if !self.w.all_basic(a.ty, Basic::is_ordered) {
                let message = format!("invalid argument: {} cannot be ordered", self.os(a));
                self.error(Code::InvalidMinMax, a, message);
                return None;
            }
        }
        let op = if b == Builtin::Max { CmpOp::Gt } else { CmpOp::Lt };
        let mut x = c.args[0].clone();
        for a in &c.args[1..] {
            let mut a = a.clone();
            if !self.match_operands(&mut x, &mut a) {
                return None;
            }
            if !self.w.identical(x.ty, a.ty) {
                let name = a.expr.map_or(String::new(), |e| self.es(e));
                let message = format!(
                    "invalid argument: mismatched types {} (previous argument) and {} (type of {name})",
                    self.ts(x.ty),
                    self.ts(a.ty)
                );
                self.error(Code::InvalidMinMax, &a, message);
                return None;
            }
            if x.is_constant() && a.is_constant() {
                if constant::compare(&a.val, op, &x.val) == Some(true) {
                    x.val = a.val;
                }
            } else {
                x.mode = Mode::Value;
            }
        }
        if !x.is_constant() {
            x.mode = Mode::Value;
            self.assignment(
                &mut x,
                Some(TypeId::EMPTY_INTERFACE),
                &format!("argument to built-in {}", b.name()),
            );
            if !x.is_valid() {
                return None;
            }
        }
        for a in &c.args {
            if let Some(e) = a.expr {
                self.update_expr_type(e, x.ty, true);
            }
        }
        x.expr = c.e;
        Some(x)
    }
}
