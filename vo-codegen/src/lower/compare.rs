//! Comparisons and conditions: branches first, values from branches where no instruction gives one.
//!
//! What must stay true: of the two labels of a condition one is bound right behind it, and no jump is made
//! to that one; struct fields are compared in source order and the first difference ends the comparison.

use vo_bytecode::{Class, Inst, Reg};
use vo_syntax::ast::{self, BinaryOp, Expr, UnaryOp};
use vo_types::types::{Basic, Type, TypeId};

use super::{Lower, Regs, Storage, Value, Wish};
use crate::func::Label;

impl<'w> Lower<'_, 'w> {
    /// Goes to `yes` where the condition holds, else to `no`. The label named by `next_is_yes` is bound
    /// right behind.
    pub(super) fn cond(&mut self, e: &'w Expr, yes: Label, no: Label, next_is_yes: bool) {
        if let Some(value) = self.constant(e).and_then(|c| c.as_bool()) {
            if value != next_is_yes {
                self.jump(if value { yes } else { no });
            }
            return;
        }
        match e {
            Expr::Paren(x) => self.cond(&x.x, yes, no, next_is_yes),
            Expr::Unary(x) if x.op == UnaryOp::Not => self.cond(&x.x, no, yes, !next_is_yes),
            Expr::Binary(x) if x.op == BinaryOp::LogAnd => {
                let mid = self.label();
                self.cond(&x.x, mid, no, true);
                self.bind(mid);
                self.scoped(|l| l.cond(&x.y, yes, no, next_is_yes));
            }
            Expr::Binary(x) if x.op == BinaryOp::LogOr => {
                let mid = self.label();
                self.cond(&x.x, yes, mid, false);
                self.bind(mid);
                self.scoped(|l| l.cond(&x.y, yes, no, next_is_yes));
            }
            Expr::Binary(x) if x.op.is_comparison() => self.compare_branch(x, yes, no, next_is_yes),
            _ => {
                let a = self.reg(e);
                self.branch_bool(a, yes, no, next_is_yes);
            }
        }
    }

    /// Branches on a boolean register.
    pub(super) fn branch_bool(&mut self, a: Reg, yes: Label, no: Label, next_is_yes: bool) {
        match next_is_yes {
            true => self.emit(Inst::JumpIfNot { a, target: no.0 }),
            false => self.emit(Inst::JumpIf { a, target: yes.0 }),
        }
    }

    fn compare_branch(&mut self, x: &'w ast::BinaryExpr, yes: Label, no: Label, next_is_yes: bool) {
        let ty = self.compared_type(x);
        if let Some(basic) = self.basic(ty)
            && (basic.is_integer() || basic.is_boolean())
        {
            return self.int_branch(x, basic, yes, no, next_is_yes);
        }
        if matches!(x.op, BinaryOp::Eq | BinaryOp::Ne) {
            let (yes, no, next_is_eq) = match x.op {
                BinaryOp::Eq => (yes, no, next_is_yes),
                _ => (no, yes, !next_is_yes),
            };
            return self.equality_branch(x, ty, yes, no, next_is_eq);
        }
        let a = self.comparison_value_of(x, ty, None);
        self.branch_bool(a, yes, no, next_is_yes);
    }

    /// The type as which both operands are compared: an interface if one of them is.
    fn compared_type(&self, x: &'w ast::BinaryExpr) -> TypeId {
        let (tx, ty) = (self.ty(&x.x), self.ty(&x.y));
        if self.is_nil(&x.x) || (self.is_interface(ty) && !self.is_nil(&x.y)) { ty } else { tx }
    }

    /// A constant operand of an integer comparison.
    fn small_const(&self, e: &'w Expr, basic: Basic) -> Option<i32> {
        let value = crate::consts::as_int(self.constant(e)?, basic)?;
        i32::try_from(value).ok()
    }

    fn int_branch(&mut self, x: &'w ast::BinaryExpr, basic: Basic, yes: Label, no: Label, next_is_yes: bool) {
        // Jump where `op` holds; where `yes` comes next, jump to `no` where it does not.
        let (op, target) = if next_is_yes { (negated(x.op), no) } else { (x.op, yes) };
        let target = target.0;
        let equality = matches!(op, BinaryOp::Eq | BinaryOp::Ne);
        let signed = !basic.is_unsigned();
        if signed || equality {
            if let Some(imm) = self.small_const(&x.y, basic) {
                let a = self.reg(&x.x);
                return self.jump_imm(op, a, imm, target);
            }
            if let Some(imm) = self.small_const(&x.x, basic) {
                let a = self.reg(&x.y);
                return self.jump_imm(mirrored(op), a, imm, target);
            }
        }
        let a = self.reg(&x.x);
        let b = self.reg(&x.y);
        self.emit(match (op, signed) {
            (BinaryOp::Eq, _) => Inst::JumpEq { a, b, target },
            (BinaryOp::Ne, _) => Inst::JumpNe { a, b, target },
            (BinaryOp::Lt, true) => Inst::JumpLtS { a, b, target },
            (BinaryOp::Le, true) => Inst::JumpLeS { a, b, target },
            (BinaryOp::Gt, true) => Inst::JumpLtS { a: b, b: a, target },
            (BinaryOp::Ge, true) => Inst::JumpLeS { a: b, b: a, target },
            (BinaryOp::Lt, false) => Inst::JumpLtU { a, b, target },
            (BinaryOp::Le, false) => Inst::JumpLeU { a, b, target },
            (BinaryOp::Gt, false) => Inst::JumpLtU { a: b, b: a, target },
            _ => Inst::JumpLeU { a: b, b: a, target },
        });
    }

    fn jump_imm(&mut self, op: BinaryOp, a: Reg, imm: i32, target: u32) {
        self.emit(match op {
            BinaryOp::Eq => Inst::JumpEqImm { a, imm, target },
            BinaryOp::Ne => Inst::JumpNeImm { a, imm, target },
            BinaryOp::Lt => Inst::JumpLtImm { a, imm, target },
            BinaryOp::Le => Inst::JumpLeImm { a, imm, target },
            BinaryOp::Gt => Inst::JumpGtImm { a, imm, target },
            _ => Inst::JumpGeImm { a, imm, target },
        });
    }

    fn equality_branch(
        &mut self,
        x: &'w ast::BinaryExpr,
        ty: TypeId,
        eq: Label,
        ne: Label,
        next_is_eq: bool,
    ) {
        // `x == nil`: the first word says it.
        if self.is_nil(&x.x) || self.is_nil(&x.y) {
            let operand = if self.is_nil(&x.x) { &x.y } else { &x.x };
            let a = self.head(operand, 1)[0];
            return match next_is_eq {
                true => self.emit(Inst::JumpNeImm { a, imm: 0, target: ne.0 }),
                false => self.emit(Inst::JumpEqImm { a, imm: 0, target: eq.0 }),
            };
        }
        if self.is_interface(ty) && self.is_interface(self.ty(&x.x)) != self.is_interface(self.ty(&x.y)) {
            return self.mixed_branch(x, eq, ne, next_is_eq);
        }
        if self.basic(ty).is_some_and(|b| b.is_string()) {
            let (a, b) = self.compared_strings(x, ty);
            return self.equal_branch(ty, &a, &b, eq, ne, next_is_eq);
        }
        let a = self.compared_operand(&x.x, ty);
        let b = self.compared_operand(&x.y, ty);
        self.equal_branch(ty, &a, &b, eq, ne, next_is_eq);
    }

    /// The operands of a comparison of strings, which are only looked at. A call may change bytes that the operand
    /// before it is converted from.
    fn compared_strings(&mut self, x: &'w ast::BinaryExpr, ty: TypeId) -> (Value, Value) {
        let a = match super::order::has_call(self.world, &x.y) {
            true => self.expr_as(&x.x, ty, None),
            false => self.glance(&x.x, ty),
        };
        (a, self.glance(&x.y, ty))
    }

    fn compared_operand(&mut self, e: &'w Expr, ty: TypeId) -> Value {
        if self.leaves(ty).is_none() {
            return match self.location(e) {
                Storage::Place(place) => Value::Mem { place, owned: false },
                Storage::Regs(regs) => Value::Regs(regs),
            };
        }
        self.expr_as(e, ty, None)
    }

    /// An interface compared with a value of a concrete type: the type words first, then the values.
    fn mixed_branch(&mut self, x: &'w ast::BinaryExpr, eq: Label, ne: Label, next_is_eq: bool) {
        let iface_first = self.is_interface(self.ty(&x.x));
        let concrete = self.ty(if iface_first { &x.y } else { &x.x });
        let a = self.expr(&x.x, None);
        let b = self.expr(&x.y, None);
        let (iface, value) = if iface_first { (a.regs(), b) } else { (b.regs(), a) };
        let word = self.type_word(concrete);
        self.emit(Inst::JumpNe { a: iface[0], b: word, target: ne.0 });
        let held = self.unbox(iface[1], concrete, None);
        self.equal_branch(concrete, &held, &value, eq, ne, next_is_eq);
    }

    /// Branches on whether two values of a type are equal.
    pub(super) fn equal_branch(
        &mut self,
        ty: TypeId,
        a: &Value,
        b: &Value,
        eq: Label,
        ne: Label,
        next_is_eq: bool,
    ) {
        if let (Value::Regs(a), Value::Regs(b)) = (a, b) {
            if self.word_equality(ty).is_some() {
                return match next_is_eq {
                    true => self.emit(Inst::JumpNe { a: a[0], b: b[0], target: ne.0 }),
                    false => self.emit(Inst::JumpEq { a: a[0], b: b[0], target: eq.0 }),
                };
            }
            if let Some(flag) = self.equal_flag(ty, a, b, None) {
                return self.branch_bool(flag, eq, ne, next_is_eq);
            }
            self.parts_unequal(ty, a, b, ne);
            if !next_is_eq {
                self.jump(eq);
            }
            return;
        }
        let a = self.value_address(a, ty);
        let b = self.value_address(b, ty);
        let dst = self.tmp_int();
        let ty = self.desc(ty);
        self.emit(Inst::EqMem { dst, a, b, ty });
        self.branch_bool(dst, eq, ne, next_is_eq);
    }

    fn value_address(&mut self, value: &Value, ty: TypeId) -> Reg {
        match value {
            Value::Mem { place, .. } => self.address(place),
            Value::Regs(_) => {
                let place = self.scratch(ty);
                self.store_value(&place, ty, value);
                self.address(&place)
            }
        }
    }

    /// Whether values of the type are equal when their one word is.
    fn word_equality(&self, ty: TypeId) -> Option<()> {
        match self.under(ty) {
            Type::Basic(b) if b.is_integer() || b.is_boolean() || *b == Basic::UnsafePointer => Some(()),
            Type::Pointer(_) | Type::Chan { .. } | Type::Island | Type::Port { .. } => Some(()),
            // Only nil compares with these.
            Type::Map { .. } | Type::Signature(_) => Some(()),
            _ => None,
        }
    }

    /// Equality by one instruction, where there is one.
    fn equal_flag(&mut self, ty: TypeId, a: &Regs, b: &Regs, wish: Wish<'_>) -> Option<Reg> {
        let inst: fn(Reg, &Regs, &Regs) -> Inst<'static> = match self.under(ty) {
            Type::Basic(Basic::Float64 | Basic::UntypedFloat) => {
                |dst, a, b| Inst::EqF64 { dst, a: a[0], b: b[0] }
            }
            Type::Basic(Basic::Float32) => |dst, a, b| Inst::EqF32 { dst, a: a[0], b: b[0] },
            Type::Basic(basic) if basic.is_string() => {
                |dst, a, b| Inst::StrEq { dst, ap: a[0], al: a[1], bp: b[0], bl: b[1] }
            }
            Type::Interface(_) => |dst, a, b| Inst::IfaceEq { dst, at: a[0], ad: a[1], bt: b[0], bd: b[1] },
            _ if self.word_equality(ty).is_some() => |dst, a, b| Inst::EqI64 { dst, a: a[0], b: b[0] },
            _ => return None,
        };
        let dst = self.dst(wish, Class::Int);
        self.emit(inst(dst, a, b));
        Some(dst)
    }

    /// Jumps to `ne` where parts of two values differ.
    fn parts_unequal(&mut self, ty: TypeId, a: &[Reg], b: &[Reg], ne: Label) {
        match self.under(ty) {
            Type::Struct(s) => {
                for (i, field) in s.fields.iter().enumerate().filter(|(_, f)| !f.name.is_blank()) {
                    let (first, n) = self.p.types.field_leaves(ty, i);
                    self.part_unequal(field.ty, &a[first..first + n], &b[first..first + n], ne);
                }
            }
            Type::Basic(basic) if basic.is_complex() => {
                let part = if *basic == Basic::Complex64 { TypeId::FLOAT32 } else { TypeId::FLOAT64 };
                self.part_unequal(part, &a[..1], &b[..1], ne);
                self.part_unequal(part, &a[1..], &b[1..], ne);
            }
            // Arrays without elements.
            _ => {}
        }
    }

    fn part_unequal(&mut self, ty: TypeId, a: &[Reg], b: &[Reg], ne: Label) {
        if self.word_equality(ty).is_some() {
            return self.emit(Inst::JumpNe { a: a[0], b: b[0], target: ne.0 });
        }
        let (a, b) = (Regs::from_slice(a), Regs::from_slice(b));
        match self.equal_flag(ty, &a, &b, None) {
            Some(flag) => self.emit(Inst::JumpIfNot { a: flag, target: ne.0 }),
            None => self.parts_unequal(ty, &a, &b, ne),
        }
    }

    // ---- comparisons as values ------------------------------------------------------------------------

    pub(super) fn comparison_value(&mut self, e: &'w Expr, x: &'w ast::BinaryExpr, wish: Wish<'_>) -> Value {
        let ty = self.compared_type(x);
        let simple = match self.under(ty) {
            Type::Basic(b) => !b.is_complex(),
            Type::Interface(_) => false,
            _ => self.word_equality(ty).is_some(),
        };
        let nil = self.is_nil(&x.x) || self.is_nil(&x.y);
        if simple && !nil {
            return Value::one(self.comparison_value_of(x, ty, wish));
        }
        self.condition_value(e, wish)
    }

    /// A comparison of basic values or words as a boolean register.
    fn comparison_value_of(&mut self, x: &'w ast::BinaryExpr, ty: TypeId, wish: Wish<'_>) -> Reg {
        let (a, b) = match self.basic(ty).is_some_and(|b| b.is_string()) {
            true => self.compared_strings(x, ty),
            false => (self.expr_as(&x.x, ty, None), self.expr_as(&x.y, ty, None)),
        };
        let (a, b) = (a.regs(), b.regs());
        let (op, a, b) = match x.op {
            BinaryOp::Gt => (BinaryOp::Lt, b, a),
            BinaryOp::Ge => (BinaryOp::Le, b, a),
            op => (op, a, b),
        };
        if self.basic(ty).is_some_and(|b| b.is_string()) {
            return self.string_comparison(op, &a, &b, wish);
        }
        let dst = self.dst(wish, Class::Int);
        let unsigned = self.basic(ty).is_some_and(|b| b.is_unsigned());
        let (a, b) = (a[0], b[0]);
        self.emit(match (op, self.f.regs.class(a)) {
            (BinaryOp::Eq, Class::F64) => Inst::EqF64 { dst, a, b },
            (BinaryOp::Ne, Class::F64) => Inst::NeF64 { dst, a, b },
            (BinaryOp::Lt, Class::F64) => Inst::LtF64 { dst, a, b },
            (_, Class::F64) => Inst::LeF64 { dst, a, b },
            (BinaryOp::Eq, Class::F32) => Inst::EqF32 { dst, a, b },
            (BinaryOp::Ne, Class::F32) => Inst::NeF32 { dst, a, b },
            (BinaryOp::Lt, Class::F32) => Inst::LtF32 { dst, a, b },
            (_, Class::F32) => Inst::LeF32 { dst, a, b },
            (BinaryOp::Eq, _) => Inst::EqI64 { dst, a, b },
            (BinaryOp::Ne, _) => Inst::NeI64 { dst, a, b },
            (BinaryOp::Lt, _) if unsigned => Inst::LtU64 { dst, a, b },
            (BinaryOp::Lt, _) => Inst::LtS64 { dst, a, b },
            _ if unsigned => Inst::LeU64 { dst, a, b },
            _ => Inst::LeS64 { dst, a, b },
        });
        dst
    }

    fn string_comparison(&mut self, op: BinaryOp, a: &Regs, b: &Regs, wish: Wish<'_>) -> Reg {
        let dst = self.dst(wish, Class::Int);
        let (ap, al, bp, bl) = (a[0], a[1], b[0], b[1]);
        match op {
            BinaryOp::Eq => self.emit(Inst::StrEq { dst, ap, al, bp, bl }),
            BinaryOp::Ne => {
                let eq = self.tmp_int();
                self.emit(Inst::StrEq { dst: eq, ap, al, bp, bl });
                self.emit(Inst::NotBool { dst, a: eq });
            }
            _ => {
                let order = self.tmp_int();
                self.emit(Inst::StrCmp { dst: order, ap, al, bp, bl });
                let zero = self.const_int(0);
                match op {
                    BinaryOp::Lt => self.emit(Inst::LtS64 { dst, a: order, b: zero }),
                    _ => self.emit(Inst::LeS64 { dst, a: order, b: zero }),
                }
            }
        }
        dst
    }
}

/// The operator that holds where the other does not (integers).
fn negated(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Eq => BinaryOp::Ne,
        BinaryOp::Ne => BinaryOp::Eq,
        BinaryOp::Lt => BinaryOp::Ge,
        BinaryOp::Le => BinaryOp::Gt,
        BinaryOp::Gt => BinaryOp::Le,
        _ => BinaryOp::Lt,
    }
}

/// The operator with its operands exchanged.
fn mirrored(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Lt => BinaryOp::Gt,
        BinaryOp::Le => BinaryOp::Ge,
        BinaryOp::Gt => BinaryOp::Lt,
        BinaryOp::Ge => BinaryOp::Le,
        op => op,
    }
}
