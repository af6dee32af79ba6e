//! Binary operators: arithmetic, comparison, shifts.

use vo_syntax::ast::*;
use vo_syntax::diag::Code;

use super::{Checker, Mode, Operand};
use crate::constant::{self, CmpOp, ConstKind, ConstOp, Constant};
use crate::types::{Basic, Type, TypeId};

/// Shift counts of constants beyond this are refused.
const MAX_SHIFT: u64 = 1023 - 1 + 52;

fn const_op(op: BinaryOp) -> Option<ConstOp> {
    Some(match op {
        BinaryOp::LogOr => ConstOp::LOr,
        BinaryOp::LogAnd => ConstOp::LAnd,
        BinaryOp::Add => ConstOp::Add,
        BinaryOp::Sub => ConstOp::Sub,
        BinaryOp::Or => ConstOp::Or,
        BinaryOp::Xor => ConstOp::Xor,
        BinaryOp::Mul => ConstOp::Mul,
        BinaryOp::Quo => ConstOp::Quo,
        BinaryOp::Rem => ConstOp::Rem,
        BinaryOp::And => ConstOp::And,
        BinaryOp::AndNot => ConstOp::AndNot,
        _ => return None,
    })
}

fn cmp_op(op: BinaryOp) -> CmpOp {
    match op {
        BinaryOp::Ne => CmpOp::Ne,
        BinaryOp::Lt => CmpOp::Lt,
        BinaryOp::Le => CmpOp::Le,
        BinaryOp::Gt => CmpOp::Gt,
        BinaryOp::Ge => CmpOp::Ge,
        _ => CmpOp::Eq,
    }
}

/// How the operation appears in messages about mismatched types.
pub(crate) enum Shown<'w> {
    /// A binary expression.
    Expr(&'w Expr),
    /// An assignment operation.
    Assign(&'w Expr, &'w Expr),
}

impl<'w> Checker<'w> {
    /// `x op y` where `x`, the left operand, has been checked already.
    pub fn binary(&mut self, x: &mut Operand<'w>, e: &'w Expr, b: &'w BinaryExpr) {
        self.binary_op(x, &b.y, b.op, Some(e), Shown::Expr(e));
    }

    /// `x op rhs`; `e` is the whole expression if there is one.
    pub fn binary_op(
        &mut self,
        x: &mut Operand<'w>,
        rhs: &'w Expr,
        op: BinaryOp,
        e: Option<&'w Expr>,
        shown: Shown<'w>,
    ) {
        let mut y = self.expr(rhs);
        if !x.is_valid() {
            return;
        }
        if !y.is_valid() {
            x.invalidate();
            x.expr = y.expr;
            return;
        }
        if op.is_shift() {
            return self.shift(x, &mut y, e, op);
        }
        if !self.match_operands(x, &mut y) {
            return x.invalidate();
        }
        if op.is_comparison() {
            return self.comparison(x, &mut y, op, false);
        }
        if !self.w.identical(x.ty, y.ty) {
            if !self.w.is_invalid(x.ty) && !self.w.is_invalid(y.ty) {
                self.mismatch(x, &y, op, &shown);
            }
            return x.invalidate();
        }
        if !self.operator_defined(x, op) {
            return x.invalidate();
        }
        if matches!(op, BinaryOp::Quo | BinaryOp::Rem) && self.divides_by_zero(x, &y) {
            self.error(Code::DivisionByZero, &y, "invalid operation: division by zero");
            return x.invalidate();
        }
        if x.is_constant() && y.is_constant() {
            return self.fold(x, &y, op, e);
        }
        x.mode = Mode::Value;
    }

    fn mismatch(&self, x: &Operand<'w>, y: &Operand<'w>, op: BinaryOp, shown: &Shown<'w>) {
        let (tx, ty) = (self.ts(x.ty), self.ts(y.ty));
        let text = match shown {
            Shown::Expr(e) => self.es(e),
            Shown::Assign(l, r) => format!("{} {}= {}", self.es(l), op.text(), self.es(r)),
        };
        let message = format!("invalid operation: {text} (mismatched types {tx} and {ty})");
        self.error(Code::MismatchedTypes, x, message);
    }

    fn fold(&mut self, x: &mut Operand<'w>, y: &Operand<'w>, op: BinaryOp, e: Option<&'w Expr>) {
        if x.val.is_unknown() || y.val.is_unknown() {
            x.val = Constant::Unknown;
            return;
        }
        let integers = self.w.is_basic(x.ty, Basic::is_integer);
        let Some(mut op) = const_op(op) else { return };
        if op == ConstOp::Quo && integers {
            op = ConstOp::IntQuo;
        }
        // Values of one integer type may still be represented as fractions (1.0 as an int).
        let (a, b) = if integers { (x.val.to_int(), y.val.to_int()) } else { (x.val.clone(), y.val.clone()) };
        x.val = constant::binary_op(&a, op, &b);
        let at = e.map_or_else(|| x.expr.map_or(Default::default(), |e| e.pos()), super::expr::op_pos);
        if e.is_some() {
            x.expr = e;
        }
        self.overflow(x, at);
    }

    fn divides_by_zero(&self, x: &Operand<'w>, y: &Operand<'w>) -> bool {
        if !y.is_constant() || y.val.is_unknown() {
            return false;
        }
        (x.is_constant() || self.w.all_basic(x.ty, Basic::is_integer)) && y.val.sign() == 0
    }

    fn operator_defined(&self, x: &Operand<'w>, op: BinaryOp) -> bool {
        let w = self.w;
        let ok = match op {
            BinaryOp::Add => w.all_basic(x.ty, |b| b.is_numeric() || b.is_string()),
            BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Quo => w.all_basic(x.ty, Basic::is_numeric),
            BinaryOp::LogAnd | BinaryOp::LogOr => w.all_basic(x.ty, Basic::is_boolean),
            _ => w.all_basic(x.ty, Basic::is_integer),
        };
        if !ok {
            let message = format!("invalid operation: operator {} not defined on {}", op.text(), self.os(x));
            self.error(Code::UndefinedOperator, x, message);
        }
        ok
    }

    /// Brings an untyped operand to the type of the other one; false if that cannot be, which has
    /// been reported.
    pub fn match_operands(&mut self, x: &mut Operand<'w>, y: &mut Operand<'w>) -> bool {
        if !self.may_convert(x, y) {
            return true;
        }
        self.convert_untyped(x, y.ty);
        if !x.is_valid() {
            return false;
        }
        self.convert_untyped(y, x.ty);
        y.is_valid()
    }

    fn may_convert(&self, x: &Operand<'w>, y: &Operand<'w>) -> bool {
        let w = self.w;
        if !w.is_untyped(x.ty) && !w.is_untyped(y.ty) {
            return false;
        }
        if w.all_basic(x.ty, Basic::is_numeric) != w.all_basic(y.ty, Basic::is_numeric) {
            return false;
        }
        if w.is_interface(x.ty) || w.is_interface(y.ty) {
            return true;
        }
        if w.all_basic(x.ty, Basic::is_boolean) != w.all_basic(y.ty, Basic::is_boolean) {
            return false;
        }
        if w.all_basic(x.ty, Basic::is_string) != w.all_basic(y.ty, Basic::is_string) {
            return false;
        }
        if x.is_nil() {
            return w.has_nil(y.ty);
        }
        if y.is_nil() {
            return w.has_nil(x.ty);
        }
        let pointer = |t: TypeId| matches!(w.under(t), Type::Pointer(_)) && !w.is_type_param(t);
        !pointer(x.ty) && !pointer(y.ty)
    }

    // ---- comparison ---------------------------------------------------------------------------

    /// `x op y`. With `in_switch` the comparison is the one of a switch case: `x` is the case.
    pub fn comparison(&mut self, x: &mut Operand<'w>, y: &mut Operand<'w>, op: BinaryOp, in_switch: bool) {
        if self.w.is_invalid(x.ty) || self.w.is_invalid(y.ty) {
            return x.invalidate();
        }
        if let Err((code, at_y, why)) = self.comparable_operands(x, y, op) {
            let why = if why.is_empty() { self.undefined_cause(x, y, op, at_y) } else { why };
            let (ex, ey) = (self.operand_text(x), self.operand_text(y));
            if in_switch {
                let message = format!("invalid case {ex} in switch on {ey} ({why})");
                self.error(code, x, message);
            } else {
                let message = format!("invalid operation: {ex} {} {ey} ({why})", op.text());
                self.error(code, if at_y { y } else { x }, message);
            }
            return x.invalidate();
        }
        if x.is_constant() && y.is_constant() {
            x.val = match constant::compare(&x.val, cmp_op(op), &y.val) {
                Some(b) => Constant::Bool(b),
                None => Constant::Unknown,
            };
        } else {
            x.mode = Mode::Value;
            // Both operands are used as they are: they get the types they have by default.
            for o in [&*x, &*y] {
                if let Some(e) = o.expr {
                    let ty = self.default_type(o.ty);
                    self.update_expr_type(e, ty, true);
                }
            }
        }
        x.ty = TypeId::UNTYPED_BOOL;
    }

    fn operand_text(&self, x: &Operand<'w>) -> String {
        x.expr.map_or_else(|| self.os(x), |e| self.es(e))
    }

    /// Whether the operands can be compared; if not: code, whether the second operand is to
    /// blame, and the reason if it is a special one.
    fn comparable_operands(
        &mut self,
        x: &mut Operand<'w>,
        y: &mut Operand<'w>,
        op: BinaryOp,
    ) -> Result<(), (Code, bool, String)> {
        let assignable = self.assignable_to(x, y.ty).is_ok() || self.assignable_to(y, x.ty).is_ok();
        if !assignable {
            let why = format!("mismatched types {} and {}", self.ts(x.ty), self.ts(y.ty));
            return Err((Code::MismatchedTypes, true, why));
        }
        let code = Code::UndefinedComparison;
        if matches!(op, BinaryOp::Eq | BinaryOp::Ne) {
            if x.is_nil() || y.is_nil() {
                let other = if x.is_nil() { y.ty } else { x.ty };
                if !self.w.has_nil(other) || (x.is_nil() && y.is_nil()) {
                    return Err((code, true, String::new()));
                }
                return Ok(());
            }
            if !self.w.comparable_type(x.ty, true) {
                return Err((code, false, self.incomparable_cause(x.ty)));
            }
            if !self.w.comparable_type(y.ty, true) {
                return Err((code, true, self.incomparable_cause(y.ty)));
            }
            return Ok(());
        }
        for (o, at_y) in [(&*x, false), (&*y, true)] {
            if !self.w.all_basic(o.ty, Basic::is_ordered) {
                return Err((code, at_y, String::new()));
            }
        }
        Ok(())
    }

    fn undefined_cause(&self, x: &Operand<'w>, y: &Operand<'w>, op: BinaryOp, at_y: bool) -> String {
        let mut bad = if at_y { y } else { x };
        if self.w.is_type_param(x.ty) || self.w.is_type_param(y.ty) {
            if !self.w.is_type_param(x.ty) {
                bad = y;
            }
            return format!("type parameter {} cannot use operator {}", self.ts(bad.ty), op.text());
        }
        let what = match self.composite_kind(bad.ty) {
            "" => self.ts(bad.ty),
            kind => kind.to_owned(),
        };
        format!("operator {} not defined on {what}", op.text())
    }

    pub fn incomparable_cause(&self, ty: TypeId) -> String {
        match self.w.under(ty) {
            Type::Slice(_) | Type::Signature(_) | Type::Map { .. } => {
                format!("{} can only be compared to nil", self.composite_kind(ty))
            }
            Type::Struct(s) => {
                let bad = s.fields.iter().find(|f| !self.w.comparable_type(f.ty, true));
                bad.map_or(String::new(), |f| {
                    format!("struct containing {} cannot be compared", self.ts(f.ty))
                })
            }
            Type::Array { .. } => format!("{} cannot be compared", self.ts(ty)),
            Type::Interface(_) if self.w.is_type_param(ty) => {
                let empty = self.w.type_set(ty).is_some_and(|s| s.is_empty());
                let what = if empty { "empty type set" } else { "incomparable types in type set" };
                what.to_owned()
            }
            _ => String::new(),
        }
    }

    // ---- shifts -------------------------------------------------------------------------------

    fn shift(&mut self, x: &mut Operand<'w>, y: &mut Operand<'w>, e: Option<&'w Expr>, op: BinaryOp) {
        let x_int = if x.is_constant() { x.val.to_int() } else { Constant::Unknown };
        let constant_int = x.is_constant() && x_int.kind() == ConstKind::Int;
        let unknown_ok = x.is_constant() && x.val.is_unknown();
        if !self.w.all_basic(x.ty, Basic::is_integer)
            && !(self.w.is_untyped(x.ty) && (constant_int || unknown_ok))
        {
            let message = format!("invalid operation: shifted operand {} must be integer", self.os(x));
            self.error(Code::InvalidShiftOperand, x, message);
            return x.invalidate();
        }
        if !self.shift_count(y) {
            return x.invalidate();
        }
        if x.is_constant() {
            if y.is_constant() {
                return self.constant_shift(x, x_int, y, e, op);
            }
            self.settle_count(y);
            // The type of an untyped constant shifted by a variable amount depends on where the
            // shift stands: `var f float64 = 1 << n` is an error, `var i int64 = 1 << n` is not.
            if self.w.is_untyped(x.ty) {
                if let Some(left) = x.expr {
                    self.mark_shifted(left);
                }
                x.mode = Mode::Value;
                return;
            }
        }
        if !self.w.all_basic(x.ty, Basic::is_integer) {
            let message = format!("invalid operation: shifted operand {} must be integer", self.os(x));
            self.error(Code::InvalidShiftOperand, x, message);
            return x.invalidate();
        }
        self.settle_count(y);
        x.mode = Mode::Value;
    }

    /// An untyped constant count of a shift that is evaluated is a `uint`.
    fn settle_count(&mut self, y: &Operand<'w>) {
        if let (true, Some(e)) = (self.w.is_untyped(y.ty), y.expr) {
            self.update_expr_type(e, TypeId::UINT, true);
        }
    }

    fn shift_count(&mut self, y: &mut Operand<'w>) -> bool {
        if y.is_constant() {
            let count = y.val.to_int();
            if count.kind() == ConstKind::Int && count.sign() < 0 {
                let message = format!("invalid operation: negative shift count {}", self.os(y));
                self.error(Code::InvalidShiftCount, y, message);
                return false;
            }
            if self.w.is_untyped(y.ty) {
                self.representable(y, Basic::Uint);
                return y.is_valid();
            }
            if count.kind() == ConstKind::Int || self.w.all_basic(y.ty, Basic::is_integer) {
                return true;
            }
        } else if self.w.all_basic(y.ty, Basic::is_integer) && !self.w.is_untyped(y.ty) {
            return true;
        } else if self.w.is_untyped(y.ty) {
            self.convert_untyped(y, TypeId::UINT);
            return y.is_valid();
        }
        let message = format!("invalid operation: shift count {} must be integer", self.os(y));
        self.error(Code::InvalidShiftCount, y, message);
        false
    }

    fn constant_shift(
        &mut self,
        x: &mut Operand<'w>,
        value: Constant,
        y: &mut Operand<'w>,
        e: Option<&'w Expr>,
        op: BinaryOp,
    ) {
        if !self.w.is_basic(x.ty, Basic::is_integer) {
            x.ty = TypeId::UNTYPED_INT;
        }
        if x.val.is_unknown() || y.val.is_unknown() {
            x.val = Constant::Unknown;
            return;
        }
        let count = y.val.to_int().as_u64().filter(|&n| n <= MAX_SHIFT);
        let Some(count) = count else {
            let message = format!("invalid operation: invalid shift count {}", self.os(y));
            self.error(Code::InvalidShiftCount, y, message);
            return x.invalidate();
        };
        x.val = if op == BinaryOp::Shl { value.shl(count as u32) } else { value.shr(count as u32) };
        let at = e.map_or_else(|| x.expr.map_or(Default::default(), |e| e.pos()), super::expr::op_pos);
        if e.is_some() {
            x.expr = e;
        }
        self.overflow(x, at);
    }
}
