//! Arithmetic, bitwise and shift operators; string concatenation; logical operators as values.
//!
//! What must stay true: a register of a narrow integer type is canonical after every operator; operands are
//! evaluated left to right, each once.

use vo_bytecode::operand::RegList;
use vo_bytecode::{Class, Inst, Reg};
use vo_syntax::ast::{self, BinaryOp, Expr, UnaryOp};
use vo_types::types::{Basic, TypeId};

use super::{Lower, Regs, Value, Wish};

impl<'w> Lower<'_, 'w> {
    /// Brings a register back into the range of a narrow integer type.
    pub(super) fn extend(&mut self, dst: Reg, a: Reg, basic: Basic) {
        self.emit(match basic {
            Basic::Int8 => Inst::Ext8S { dst, a },
            Basic::Int16 => Inst::Ext16S { dst, a },
            Basic::Int32 => Inst::Ext32S { dst, a },
            Basic::Uint8 => Inst::Ext8U { dst, a },
            Basic::Uint16 => Inst::Ext16U { dst, a },
            Basic::Uint32 => Inst::Ext32U { dst, a },
            _ => return self.mov(dst, a),
        });
    }

    fn is_narrow(basic: Basic) -> bool {
        basic.int_bits().is_some_and(|bits| bits < 64)
    }

    // ---- unary ----------------------------------------------------------------------------------

    pub(super) fn unary_arith(&mut self, e: &'w Expr, x: &'w ast::UnaryExpr, wish: Wish<'_>) -> Value {
        let ty = self.ty(e);
        let basic = self.basic(ty).expect("internal error: unary operator on no basic type");
        if x.op == UnaryOp::Plus {
            return self.expr(&x.x, wish);
        }
        if x.op == UnaryOp::Not && is_condition(&x.x) {
            return self.condition_value(e, wish);
        }
        let a = self.regs(&x.x);
        let classes = self.classes(ty);
        let dst = if a.len() == 1 { self.dsts(wish, &classes) } else { self.tmps(&classes) };
        for (&dst, &a) in dst.iter().zip(&a) {
            self.unary_leaf(x.op, basic, dst, a);
        }
        Value::Regs(dst)
    }

    fn unary_leaf(&mut self, op: UnaryOp, basic: Basic, dst: Reg, a: Reg) {
        match (op, self.f.regs.class(a)) {
            (UnaryOp::Not, _) => self.emit(Inst::NotBool { dst, a }),
            (UnaryOp::BitNot, _) => {
                self.emit(Inst::Not64 { dst, a });
                if Self::is_narrow(basic) && basic.is_unsigned() {
                    self.extend(dst, dst, basic);
                }
            }
            (_, Class::F64) => self.emit(Inst::NegF64 { dst, a }),
            (_, Class::F32) => self.emit(Inst::NegF32 { dst, a }),
            _ => {
                self.emit(Inst::NegI64 { dst, a });
                if Self::is_narrow(basic) {
                    self.extend(dst, dst, basic);
                }
            }
        }
    }

    // ---- binary -----------------------------------------------------------------------------------

    pub(super) fn binary(&mut self, e: &'w Expr, x: &'w ast::BinaryExpr, wish: Wish<'_>) -> Value {
        if x.op.is_comparison() {
            return self.comparison_value(e, x, wish);
        }
        if x.op.is_logical() {
            return self.condition_value(e, wish);
        }
        let ty = self.ty(e);
        if self.basic(ty).is_some_and(|b| b.is_string()) {
            return self.concat(e, wish);
        }
        self.arith_chain(e, ty, wish)
    }

    /// `a op b op c …` leaning to the left, without recursion along the chain.
    fn arith_chain(&mut self, e: &'w Expr, ty: TypeId, wish: Wish<'_>) -> Value {
        let mut links: Vec<&'w ast::BinaryExpr> = Vec::new();
        let mut at = e;
        while let Expr::Binary(x) = at
            && self.constant(at).is_none()
            && !x.op.is_comparison()
            && !x.op.is_logical()
        {
            links.push(x);
            at = &x.x;
        }
        if links.len() == 1
            && self.is_late(at)
            && super::order::has_call(self.world, &links[0].y)
            && !links[0].op.is_shift()
        {
            let b = self.regs(&links[0].y);
            let a = self.expr(at, None).regs();
            return Value::Regs(self.arith(links[0].op, ty, &a, &b, wish));
        }
        let mut acc = self.expr(at, None).regs();
        while let Some(link) = links.pop() {
            // Only the last link may write where the value is wanted: the others' operands follow.
            let wish = if links.is_empty() { wish } else { None };
            acc = self.arith_operand(link.op, ty, &acc, &link.y, wish);
        }
        Value::Regs(acc)
    }

    /// `a op y`
    pub(super) fn arith_operand(
        &mut self,
        op: BinaryOp,
        ty: TypeId,
        a: &Regs,
        y: &'w Expr,
        wish: Wish<'_>,
    ) -> Regs {
        let basic = self.basic(ty).expect("internal error: arithmetic on no basic type");
        if op.is_shift() {
            return self.shift(op, basic, a[0], y, wish);
        }
        if basic.is_integer() {
            if let Some(dst) = self.int_immediate(op, basic, a[0], y, wish) {
                return Regs::from_slice(&[dst]);
            }
            let b = self.reg(y);
            let dst = self.dst(wish, Class::Int);
            self.int_op(op, basic, dst, a[0], b);
            return Regs::from_slice(&[dst]);
        }
        let b = self.regs(y);
        self.arith(op, ty, a, &b, wish)
    }

    /// `a op b` for operands that have been evaluated (no shifts).
    pub(super) fn arith(&mut self, op: BinaryOp, ty: TypeId, a: &Regs, b: &Regs, wish: Wish<'_>) -> Regs {
        let basic = self.basic(ty).expect("internal error: arithmetic on no basic type");
        if basic.is_string() {
            let parts: Vec<u16> = a.iter().chain(b).map(|r| r.0).collect();
            let dst = self.dsts(wish, &[Class::Ptr, Class::Int]);
            self.emit(Inst::StrConcat { ptr: dst[0], len: dst[1], parts: RegList(&parts) });
            return dst;
        }
        if basic.is_complex() {
            return self.complex_op(op, basic, a, b);
        }
        let class = self.f.regs.class(a[0]);
        let dst = self.dst(wish, class);
        match class {
            Class::Int => self.int_op(op, basic, dst, a[0], b[0]),
            class => self.float_op(op, class, dst, a[0], b[0]),
        }
        Regs::from_slice(&[dst])
    }

    pub(super) fn float_op(&mut self, op: BinaryOp, class: Class, dst: Reg, a: Reg, b: Reg) {
        self.emit(match (op, class) {
            (BinaryOp::Add, Class::F64) => Inst::AddF64 { dst, a, b },
            (BinaryOp::Sub, Class::F64) => Inst::SubF64 { dst, a, b },
            (BinaryOp::Mul, Class::F64) => Inst::MulF64 { dst, a, b },
            (BinaryOp::Quo, Class::F64) => Inst::DivF64 { dst, a, b },
            (BinaryOp::Add, _) => Inst::AddF32 { dst, a, b },
            (BinaryOp::Sub, _) => Inst::SubF32 { dst, a, b },
            (BinaryOp::Mul, _) => Inst::MulF32 { dst, a, b },
            (BinaryOp::Quo, _) => Inst::DivF32 { dst, a, b },
            _ => panic!("internal error: no such operator on floats"),
        });
    }

    /// The operator with a small constant on the right, where there is an instruction for it.
    fn int_immediate(
        &mut self,
        op: BinaryOp,
        basic: Basic,
        a: Reg,
        y: &'w Expr,
        wish: Wish<'_>,
    ) -> Option<Reg> {
        let value = self.constant(y)?;
        let value = crate::consts::as_int(value, basic)?;
        if matches!(op, BinaryOp::Quo | BinaryOp::Rem) {
            return self.div_immediate(op, basic, a, value, wish);
        }
        let wide_op = matches!(op, BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul);
        if wide_op && matches!(basic, Basic::Int32 | Basic::Uint32) && self.loop_depth > 0 {
            return None;
        }
        let imm = match op {
            BinaryOp::Sub => i32::try_from(value.checked_neg()?).ok()?,
            BinaryOp::AndNot => i32::try_from(!value).ok()?,
            _ => i32::try_from(value).ok()?,
        };
        let inst = |dst| match op {
            BinaryOp::Add | BinaryOp::Sub => Inst::AddImm { dst, a, imm },
            BinaryOp::Mul => Inst::MulImm { dst, a, imm },
            BinaryOp::And | BinaryOp::AndNot => Inst::AndImm { dst, a, imm },
            BinaryOp::Or => Inst::OrImm { dst, a, imm },
            _ => Inst::XorImm { dst, a, imm },
        };
        let dst = self.dst(wish, Class::Int);
        self.emit(inst(dst));
        if wide_op && Self::is_narrow(basic) {
            self.extend(dst, dst, basic);
        }
        Some(dst)
    }

    /// Unsigned division by a power of two.
    fn div_immediate(
        &mut self,
        op: BinaryOp,
        basic: Basic,
        a: Reg,
        value: i64,
        wish: Wish<'_>,
    ) -> Option<Reg> {
        let divisor = value as u64;
        if !basic.is_unsigned() || !divisor.is_power_of_two() {
            return None;
        }
        if op == BinaryOp::Quo {
            let dst = self.dst(wish, Class::Int);
            self.emit(Inst::ShrUImm { dst, a, imm: divisor.trailing_zeros() as u16 });
            return Some(dst);
        }
        let imm = i32::try_from(divisor - 1).ok()?;
        let dst = self.dst(wish, Class::Int);
        self.emit(Inst::AndImm { dst, a, imm });
        Some(dst)
    }

    /// An integer operator on registers.
    pub(super) fn int_op(&mut self, op: BinaryOp, basic: Basic, dst: Reg, a: Reg, b: Reg) {
        let unsigned = basic.is_unsigned();
        let fused = match (op, basic) {
            (BinaryOp::Add, Basic::Int32) => Some(Inst::AddI32 { dst, a, b }),
            (BinaryOp::Sub, Basic::Int32) => Some(Inst::SubI32 { dst, a, b }),
            (BinaryOp::Mul, Basic::Int32) => Some(Inst::MulI32 { dst, a, b }),
            (BinaryOp::Add, Basic::Uint32) => Some(Inst::AddU32 { dst, a, b }),
            (BinaryOp::Sub, Basic::Uint32) => Some(Inst::SubU32 { dst, a, b }),
            (BinaryOp::Mul, Basic::Uint32) => Some(Inst::MulU32 { dst, a, b }),
            _ => None,
        };
        if let Some(inst) = fused {
            return self.emit(inst);
        }
        let (inst, may_leave) = match op {
            BinaryOp::Add => (Inst::AddI64 { dst, a, b }, true),
            BinaryOp::Sub => (Inst::SubI64 { dst, a, b }, true),
            BinaryOp::Mul => (Inst::MulI64 { dst, a, b }, true),
            BinaryOp::Quo if unsigned => (Inst::DivU64 { dst, a, b }, false),
            BinaryOp::Quo => (Inst::DivS64 { dst, a, b }, true),
            BinaryOp::Rem if unsigned => (Inst::RemU64 { dst, a, b }, false),
            BinaryOp::Rem => (Inst::RemS64 { dst, a, b }, false),
            BinaryOp::And => (Inst::And64 { dst, a, b }, false),
            BinaryOp::Or => (Inst::Or64 { dst, a, b }, false),
            BinaryOp::Xor => (Inst::Xor64 { dst, a, b }, false),
            BinaryOp::AndNot => (Inst::AndNot64 { dst, a, b }, false),
            _ => panic!("internal error: no integer operator"),
        };
        self.emit(inst);
        if may_leave && Self::is_narrow(basic) {
            self.extend(dst, dst, basic);
        }
    }

    /// `a << y`, `a >> y`
    pub(super) fn shift(&mut self, op: BinaryOp, basic: Basic, a: Reg, y: &'w Expr, wish: Wish<'_>) -> Regs {
        let left = op == BinaryOp::Shl;
        if let Some(count) = self.constant(y).and_then(|c| c.to_int().as_u64()) {
            let dst = self.dst(wish, Class::Int);
            self.shift_const(left, basic, dst, a, count);
            return Regs::from_slice(&[dst]);
        }
        let b = self.reg(y);
        let count_ty = self.ty(y);
        if !self.basic(count_ty).is_some_and(|b| b.is_unsigned()) {
            self.emit(Inst::CheckShift { count: b });
        }
        let dst = self.dst(wish, Class::Int);
        match (left, basic) {
            (true, Basic::Uint32) => self.emit(Inst::ShlU32 { dst, a, b }),
            (true, _) => {
                self.emit(Inst::Shl64 { dst, a, b });
                if Self::is_narrow(basic) {
                    self.extend(dst, dst, basic);
                }
            }
            (false, b_) if b_.is_unsigned() => self.emit(Inst::ShrU64 { dst, a, b }),
            (false, _) => self.emit(Inst::ShrS64 { dst, a, b }),
        }
        Regs::from_slice(&[dst])
    }

    fn shift_const(&mut self, left: bool, basic: Basic, dst: Reg, a: Reg, count: u64) {
        if count == 0 {
            return self.mov(dst, a);
        }
        let imm = count.min(63) as u16;
        match (left, basic.is_unsigned()) {
            (true, _) | (false, true) if count > 63 => self.emit(Inst::Zero { dst }),
            (true, _) => {
                self.emit(Inst::ShlImm { dst, a, imm });
                if Self::is_narrow(basic) {
                    self.extend(dst, dst, basic);
                }
            }
            (false, true) => self.emit(Inst::ShrUImm { dst, a, imm }),
            (false, false) => self.emit(Inst::ShrSImm { dst, a, imm }),
        }
    }

    /// `a + b + c …` of strings: one instruction.
    fn concat(&mut self, e: &'w Expr, wish: Wish<'_>) -> Value {
        let mut parts: Vec<&'w Expr> = Vec::new();
        let mut work = vec![e];
        while let Some(at) = work.pop() {
            match at.unparen() {
                Expr::Binary(x) if x.op == BinaryOp::Add && self.constant(at).is_none() => {
                    work.push(&x.y);
                    work.push(&x.x);
                }
                part => parts.push(part),
            }
        }
        let mut words: Vec<u16> = Vec::new();
        for part in parts {
            words.extend(self.regs(part).iter().map(|r| r.0));
        }
        let dst = self.dsts(wish, &[Class::Ptr, Class::Int]);
        self.emit(Inst::StrConcat { ptr: dst[0], len: dst[1], parts: RegList(&words) });
        Value::Regs(dst)
    }

    // ---- complex numbers --------------------------------------------------------------------------

    fn complex_op(&mut self, op: BinaryOp, basic: Basic, a: &Regs, b: &Regs) -> Regs {
        let class = self.f.regs.class(a[0]);
        match op {
            BinaryOp::Add | BinaryOp::Sub => {
                let dst = self.tmps(&[class, class]);
                self.float_op(op, class, dst[0], a[0], b[0]);
                self.float_op(op, class, dst[1], a[1], b[1]);
                dst
            }
            BinaryOp::Mul => self.complex_mul(class, a, b),
            BinaryOp::Quo => self.complex_div(basic, a, b),
            _ => panic!("internal error: no such operator on complex numbers"),
        }
    }

    /// (a + bi)(c + di) = (ac - bd) + (ad + bc)i
    fn complex_mul(&mut self, class: Class, a: &Regs, b: &Regs) -> Regs {
        let dst = self.tmps(&[class, class]);
        let (t, u) = (self.tmp(class), self.tmp(class));
        self.float_op(BinaryOp::Mul, class, t, a[0], b[0]);
        self.float_op(BinaryOp::Mul, class, u, a[1], b[1]);
        self.float_op(BinaryOp::Sub, class, dst[0], t, u);
        self.float_op(BinaryOp::Mul, class, t, a[0], b[1]);
        self.float_op(BinaryOp::Mul, class, u, a[1], b[0]);
        self.float_op(BinaryOp::Add, class, dst[1], t, u);
        dst
    }

    /// Division has rules for infinities and NaN; the library has it, for complex128.
    fn complex_div(&mut self, basic: Basic, a: &Regs, b: &Regs) -> Regs {
        let single = basic == Basic::Complex64;
        let mut args = Vec::new();
        for &reg in a.iter().chain(b) {
            let wide = if single { self.tmp(Class::F64) } else { reg };
            if single {
                self.emit(Inst::F64FromF32 { dst: wide, a: reg });
            }
            args.push(wide.0);
        }
        let quotient = self.tmps(&[Class::F64, Class::F64]);
        let results: Vec<u16> = quotient.iter().map(|r| r.0).collect();
        let results = RegList(&results);
        let args = RegList(&args);
        match self.p.package_func("runtime", "complexDiv") {
            Some(func) => self.emit(Inst::Call { func, args, results }),
            None => {
                let native = self.p.native("runtime.complexdiv", &[Class::F64; 4], &[Class::F64; 2]);
                self.emit(Inst::CallNative { native, args, results });
            }
        }
        if !single {
            return quotient;
        }
        let dst = self.tmps(&[Class::F32, Class::F32]);
        for (&dst, &a) in dst.iter().zip(&quotient) {
            self.emit(Inst::F32FromF64 { dst, a });
        }
        dst
    }

    /// A condition as a value: 1 or 0.
    pub(super) fn condition_value(&mut self, e: &'w Expr, wish: Wish<'_>) -> Value {
        let dst = match wish.filter(|h| h.fresh) {
            Some(hint) => hint.regs[0],
            None => self.tmp_int(),
        };
        let (yes, no, end) = (self.label(), self.label(), self.label());
        self.scoped(|l| l.cond(e, yes, no, true));
        self.bind(yes);
        self.int(dst, 1);
        self.jump(end);
        self.bind(no);
        self.emit(Inst::Zero { dst });
        self.bind(end);
        Value::one(dst)
    }
}

/// Whether an expression is better branched on than computed.
fn is_condition(e: &Expr) -> bool {
    matches!(e.unparen(), Expr::Binary(x) if x.op.is_comparison() || x.op.is_logical())
}
