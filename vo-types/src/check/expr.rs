//! Expressions: dispatch, recording, unary operators, literals, dereferences, assertions.

use vo_syntax::ast::*;
use vo_syntax::diag::Code;
use vo_syntax::source::Pos;

use super::errors::Place;
use super::{Checker, Mode, Operand};
use crate::constant::{self, Constant};
use crate::types::{Basic, Dir, Type, TypeId};
use crate::universe::UseKind;

/// The type that a generic function or elided literal is wanted for.
#[derive(Clone, Debug)]
pub(crate) struct Want {
    pub ty: TypeId,
    /// What is assigned to, for messages.
    pub what: String,
}

/// Where the operator of an expression stands; the start of other expressions.
pub(crate) fn op_pos(e: &Expr) -> Pos {
    match e {
        Expr::Binary(b) => b.op_pos,
        _ => e.pos(),
    }
}

/// The name of an operation that can overflow, with a blank after it.
fn op_name(e: &Expr) -> &'static str {
    match e {
        Expr::Unary(u) if u.op == UnaryOp::BitNot => "bitwise complement ",
        Expr::Binary(b) => match b.op {
            BinaryOp::Add => "addition ",
            BinaryOp::Sub => "subtraction ",
            BinaryOp::Xor => "bitwise XOR ",
            BinaryOp::Mul => "multiplication ",
            BinaryOp::Shl => "shift ",
            _ => "",
        },
        _ => "",
    }
}

impl<'w> Checker<'w> {
    // ---- entrances ----------------------------------------------------------------------------

    /// A single value.
    pub fn expr(&mut self, e: &'w Expr) -> Operand<'w> {
        let mut x = self.raw_expr(e, None, None, false).0;
        self.single_value_only(&mut x);
        x
    }

    /// A single value for something of type `target`; a generic function may take its type
    /// arguments from it.
    pub fn expr_with_target(
        &mut self,
        e: &'w Expr,
        target: Option<TypeId>,
        what: Option<&str>,
    ) -> Operand<'w> {
        let want = match (target, what) {
            (Some(ty), Some(what)) if self.is_func(ty) => Some(Want { ty, what: what.to_owned() }),
            _ => None,
        };
        let mut x = self.raw_expr(e, want.as_ref(), None, false).0;
        self.single_value_only(&mut x);
        x
    }

    fn is_func(&self, ty: TypeId) -> bool {
        let under = self.common_underlying(ty);
        under.is_ok_and(|u| matches!(self.w.types.raw(u), Type::Signature(_)))
    }

    /// A single value; a literal without type gets the type `hint`.
    pub fn expr_with_hint(&mut self, e: &'w Expr, hint: TypeId) -> Operand<'w> {
        let want = self.is_func(hint).then(|| Want { ty: hint, what: "element".to_owned() });
        let mut x = self.raw_expr(e, want.as_ref(), Some(hint), false).0;
        self.single_value_only(&mut x);
        x
    }

    /// A value, or several (then the type is a tuple), possibly a generic function.
    pub fn generic_or_multi(&mut self, e: &'w Expr) -> Operand<'w> {
        if let Expr::Index(_) = e {
            self.partial_ok = Some(e.id());
        }
        let mut x = self.raw_expr(e, None, None, true).0;
        self.no_type_or_void(&mut x);
        x
    }

    /// A value, or several.
    pub fn multi_expr(&mut self, e: &'w Expr) -> Operand<'w> {
        let mut x = self.raw_expr(e, None, None, false).0;
        self.no_type_or_void(&mut x);
        x
    }

    /// A value or a type.
    pub fn expr_or_type(&mut self, e: &'w Expr, allow_generic: bool) -> Operand<'w> {
        let mut x = self.raw_expr(e, None, None, allow_generic).0;
        if x.mode == Mode::NoValue {
            let message = format!("{} used as value or type", self.os(&x));
            self.error(Code::NoValue, &x, message);
            x.invalidate();
        }
        self.single_value(&mut x);
        x
    }

    /// Evaluates expressions for their errors and uses only.
    pub fn use_exprs(&mut self, list: &'w [Expr]) {
        for e in list {
            self.use_expr(e);
        }
    }

    pub fn use_expr(&mut self, e: &'w Expr) {
        match e {
            Expr::KeyValue(kv) => self.use_expr(&kv.value),
            Expr::Bad(_) => {}
            _ => {
                self.raw_expr(e, None, None, true);
            }
        }
    }

    /// As `use_exprs`, for the left side of an assignment: assigning is no use of a variable.
    pub fn use_lhs(&mut self, list: &'w [Expr]) {
        for e in list {
            match e.unparen() {
                Expr::Ident(name) => {
                    if name.name.is_blank() {
                        continue;
                    }
                    let local = self.w.lookup_name(self.env.scope, name.name);
                    let Some((_, obj)) = local else {
                        self.use_expr(e);
                        continue;
                    };
                    let was_used = self.w.object(obj).used.get();
                    self.use_expr(e);
                    if self.w.object(obj).var_kind().is_some() {
                        self.w.object(obj).used.set(was_used);
                    }
                }
                _ => self.use_expr(e),
            }
        }
    }

    fn single_value_only(&self, x: &mut Operand<'w>) {
        self.no_type_or_void(x);
        self.single_value(x);
    }

    fn no_type_or_void(&self, x: &mut Operand<'w>) {
        let (code, what) = match x.mode {
            Mode::NoValue => (Code::NoValue, "used as value"),
            Mode::Builtin(_) => (Code::UncalledBuiltin, "must be called"),
            Mode::TypeExpr => (Code::NotAnExpression, "is not an expression"),
            _ => return,
        };
        let message = format!("{} {what}", self.os(x));
        self.error(code, x, message);
        x.invalidate();
    }

    pub fn single_value(&self, x: &mut Operand<'w>) {
        if x.mode == Mode::Value
            && let Type::Tuple(elems) = self.w.types.raw(x.ty)
            && elems.len() != 1
        {
            let message = format!("multiple-value {} in single-value context", self.os(x));
            self.error(Code::TooManyValues, x, message);
            x.invalidate();
        }
    }

    // ---- the core -----------------------------------------------------------------------------

    /// Checks an expression and records what it is. Chains of binary operators are followed in a
    /// loop, since they are as deep as they are long.
    pub fn raw_expr(
        &mut self,
        e: &'w Expr,
        want: Option<&Want>,
        hint: Option<TypeId>,
        allow_generic: bool,
    ) -> (Operand<'w>, UseKind) {
        let Expr::Binary(top) = e else {
            let (mut x, kind) = self.expr_internal(e, want, hint);
            if !allow_generic {
                self.reject_generic(&mut x, want.is_some());
            }
            self.record(&mut x, e);
            return (x, kind);
        };
        let mut chain: Vec<(&'w Expr, &'w BinaryExpr)> = vec![(e, top)];
        let mut left = &top.x;
        while let Expr::Binary(b) = left {
            chain.push((left, b));
            left = &b.x;
        }
        let mut x = self.expr(left);
        for (node, b) in chain.into_iter().rev() {
            self.binary(&mut x, node, b);
            self.record(&mut x, node);
        }
        (x, UseKind::Expression)
    }

    fn reject_generic(&self, x: &mut Operand<'w>, wanted: bool) {
        if wanted && x.mode == Mode::Value && !self.is_generic(x.ty) {
            return;
        }
        let what = match x.mode {
            Mode::Invalid | Mode::NoValue => return,
            _ if !self.is_generic(x.ty) => return,
            _ if matches!(self.w.types.raw(x.ty), Type::Signature(_)) => "function",
            _ => "type",
        };
        let Some(e) = x.expr else { return };
        let message = format!("cannot use generic {what} {} without instantiation", self.es(e));
        let code = if what == "type" { Code::MissingTypeArguments } else { Code::UninstantiatedFunction };
        self.error(code, e, message);
        x.invalidate();
    }

    /// Records mode, type and value. Untyped expressions are remembered until their type is
    /// decided.
    pub fn record(&mut self, x: &mut Operand<'w>, e: &'w Expr) {
        x.expr = Some(e);
        match x.mode {
            Mode::Invalid => return,
            Mode::NoValue => {
                self.w.info.set_type(e.id(), x.mode, TypeId::EMPTY_TUPLE, None);
                return;
            }
            _ => {}
        }
        if self.w.is_untyped(x.ty) {
            self.remember_untyped(e, x);
        }
        self.w.info.set_type(e.id(), x.mode, x.ty, Some(&x.val));
    }

    fn expr_internal(
        &mut self,
        e: &'w Expr,
        want: Option<&Want>,
        hint: Option<TypeId>,
    ) -> (Operand<'w>, UseKind) {
        let value = |x| (x, UseKind::Expression);
        match e {
            Expr::Bad(_) | Expr::Binary(_) => value(Operand::invalid(Some(e))),
            Expr::Ident(name) => {
                let mut x = self.ident(name, e, false);
                self.instantiate_for(&mut x, want, name.span.start);
                value(x)
            }
            Expr::BasicLit(lit) => value(self.basic_lit(lit, e)),
            Expr::FuncLit(lit) => value(self.func_lit(lit, e)),
            Expr::CompositeLit(lit) => value(self.composite_lit(lit, e, hint)),
            Expr::Paren(p) => {
                let (mut x, kind) = self.raw_expr(&p.x, None, None, true);
                x.expr = Some(e);
                (x, kind)
            }
            Expr::Selector(sel) => {
                let mut x = self.selector(sel, e, false);
                self.instantiate_for(&mut x, want, e.pos());
                value(x)
            }
            Expr::Index(index) => value(self.index_expr(index, e, want)),
            Expr::Slice(slice) => value(self.slice_expr(slice, e)),
            Expr::TypeAssert(a) => value(self.type_assert(a, e)),
            Expr::Call(call) => self.call_expr(call, e),
            Expr::Star(star) => value(self.star(star, e)),
            Expr::Unary(u) => {
                let x = self.unary(u, e);
                let kind = if u.op == UnaryOp::Recv { UseKind::Statement } else { UseKind::Expression };
                (x, kind)
            }
            Expr::KeyValue(_) => {
                self.error(Code::Syntax, e, "no key:value expected");
                value(Operand::invalid(Some(e)))
            }
            Expr::ArrayType(_)
            | Expr::SliceType(_)
            | Expr::StructType(_)
            | Expr::FuncType(_)
            | Expr::InterfaceType(_)
            | Expr::MapType(_)
            | Expr::ChanType(_)
            | Expr::PortType(_)
            | Expr::IslandType(_) => {
                let ty = self.typ(e);
                let mode = if ty.is_invalid() { Mode::Invalid } else { Mode::TypeExpr };
                value(Operand::new(mode, ty, Some(e)))
            }
            Expr::Union(u) => value(self.misplaced_union(u, e)),
            Expr::Try(t) => (self.try_expr(t, e), UseKind::Statement),
            Expr::Dyn(d) => (self.dyn_expr(d, e), UseKind::Statement),
        }
    }

    // ---- literals -----------------------------------------------------------------------------

    fn basic_lit(&mut self, lit: &'w BasicLit, e: &'w Expr) -> Operand<'w> {
        let mut x = Operand::invalid(Some(e));
        if lit.bad {
            return x;
        }
        const LIMIT: usize = 10_000;
        let numeric = matches!(lit.kind, LitKind::Int | LitKind::Float | LitKind::Imag);
        if numeric && lit.raw.len() > LIMIT {
            let message =
                format!("excessively long constant: {}... ({} chars)", &lit.raw[..10], lit.raw.len());
            self.error(Code::InvalidConstantValue, e, message);
            return x;
        }
        let (ty, val) = match lit.kind {
            LitKind::Int => (TypeId::UNTYPED_INT, constant::parse_int(&lit.raw)),
            LitKind::Float => (TypeId::UNTYPED_FLOAT, constant::parse_float(&lit.raw)),
            LitKind::Imag => (TypeId::UNTYPED_COMPLEX, constant::parse_imaginary(&lit.raw)),
            LitKind::Char => {
                let value = vo_syntax::lexer::unquote_char(&lit.raw);
                let value = value.map_or(Constant::Unknown, |c| Constant::Int(i64::from(c)));
                (TypeId::UNTYPED_RUNE, value)
            }
            LitKind::String => {
                let bytes = vo_syntax::lexer::unquote_string(&lit.raw);
                (TypeId::UNTYPED_STRING, bytes.map_or(Constant::Unknown, Constant::string))
            }
        };
        if val.is_unknown() {
            let message = format!("malformed constant: {}", lit.raw);
            self.error(Code::InvalidConstantValue, e, message);
            return x;
        }
        x.mode = Mode::Constant;
        x.ty = ty;
        x.val = val;
        self.overflow(&mut x, e.pos());
        x
    }

    // ---- unary operators ----------------------------------------------------------------------

    fn unary(&mut self, u: &'w UnaryExpr, e: &'w Expr) -> Operand<'w> {
        if u.op == UnaryOp::Addr {
            return self.address_of(u, e);
        }
        let mut x = self.expr(&u.x);
        if !x.is_valid() {
            return x;
        }
        if u.op == UnaryOp::Recv {
            return self.receive(x, e);
        }
        let ok = match u.op {
            UnaryOp::Plus | UnaryOp::Neg => self.w.all_basic(x.ty, Basic::is_numeric),
            UnaryOp::BitNot => self.w.all_basic(x.ty, Basic::is_integer),
            _ => self.w.all_basic(x.ty, Basic::is_boolean),
        };
        if !ok {
            let message =
                format!("invalid operation: operator {} not defined on {}", u.op.text(), self.os(&x));
            self.error(Code::UndefinedOperator, &x, message);
            x.invalidate();
            return x;
        }
        if x.mode != Mode::Constant {
            x.mode = Mode::Value;
            return x;
        }
        if x.val.is_unknown() {
            return x;
        }
        x.val = match u.op {
            UnaryOp::Neg => x.val.neg(),
            UnaryOp::BitNot => {
                let basic = self.w.basic(x.ty);
                x.val.complement(basic.filter(|b| b.is_unsigned()).and_then(Basic::int_bits))
            }
            UnaryOp::Not => x.val.not(),
            _ => x.val,
        };
        x.expr = Some(e);
        self.overflow(&mut x, e.pos());
        x
    }

    /// `~x` where a value is expected: perhaps meant as C's complement.
    fn misplaced_union(&mut self, u: &'w UnionExpr, e: &'w Expr) -> Operand<'w> {
        let mut hint = "";
        if let [only] = &u.terms[..] {
            let x = self.expr(&only.ty);
            if !x.is_valid() {
                return Operand::invalid(Some(e));
            }
            if self.w.all_basic(x.ty, Basic::is_integer) {
                hint = " (use ^ for bitwise complement)";
            }
        }
        let message = format!("cannot use ~ outside of interface or type constraint{hint}");
        self.error(Code::UndefinedOperator, e, message);
        Operand::invalid(Some(e))
    }

    fn address_of(&mut self, u: &'w UnaryExpr, e: &'w Expr) -> Operand<'w> {
        let mut x = self.expr(&u.x);
        if !x.is_valid() {
            return x;
        }
        let literal = matches!(u.x.unparen(), Expr::CompositeLit(_));
        if !literal && x.mode != Mode::Variable {
            let message = format!("invalid operation: cannot take address of {}", self.os(&x));
            self.error(Code::UnaddressableOperand, &x, message);
            x.invalidate();
            return x;
        }
        Operand::new(Mode::Value, self.w.types.pointer(x.ty), Some(e))
    }

    fn receive(&mut self, x: Operand<'w>, e: &'w Expr) -> Operand<'w> {
        let mut result = Operand::invalid(Some(e));
        if let Some(elem) = self.chan_elem(&x, &x, true) {
            result.mode = Mode::CommaOk;
            result.ty = elem;
            self.env.has_call = true;
        }
        result
    }

    /// The element type of a channel that is received from or sent to; reports what prevents it.
    pub fn chan_elem(
        &self,
        at: &impl super::errors::Place,
        x: &Operand<'w>,
        receive: bool,
    ) -> Option<TypeId> {
        let blocked = if receive { Dir::Send } else { Dir::Recv };
        let why = match self.common_underlying(x.ty) {
            Err(why) if why == "no specific type" => "no specific channel type".to_owned(),
            Err(why) => why,
            Ok(under) => match self.w.types.raw(under) {
                Type::Chan { dir, elem } | Type::Port { dir, elem } if *dir != blocked => return Some(*elem),
                under @ (Type::Chan { .. } | Type::Port { .. }) => {
                    let what = if matches!(under, Type::Chan { .. }) { "channel" } else { "port" };
                    let only = if receive { "send-only" } else { "receive-only" };
                    format!("{only} {what} {}", self.first_non_channel(x.ty, blocked))
                }
                _ => format!("non-channel {}", self.first_non_channel(x.ty, blocked)),
            },
        };
        let verb = if receive { "receive from" } else { "send to" };
        let code = if receive { Code::InvalidReceive } else { Code::InvalidSend };
        let message = if self.w.is_type_param(x.ty) {
            format!("invalid operation: cannot {verb} {}: {why}", self.os(x))
        } else {
            format!("invalid operation: cannot {verb} {why} {}", self.os(x))
        };
        self.error(code, at, message);
        None
    }

    fn first_non_channel(&self, ty: TypeId, blocked: Dir) -> String {
        let terms = self.w.specific_types(ty).unwrap_or_default();
        let bad = terms.iter().find(|t| match self.w.under(t.ty) {
            Type::Chan { dir, .. } | Type::Port { dir, .. } => *dir == blocked,
            _ => true,
        });
        bad.map_or_else(|| self.ts(ty), |t| self.ts(t.ty))
    }

    /// Reports a constant that has become too large, by its type or beyond all bounds.
    pub fn overflow(&self, x: &mut Operand<'w>, at: Pos) {
        if x.val.is_unknown() {
            self.error(Code::InvalidConstantValue, &at, "constant result is not representable");
            return;
        }
        if !self.w.is_untyped(x.ty) {
            if let Some(basic) = self.w.basic(x.ty) {
                self.representable(x, basic);
            }
            return;
        }
        const MAX_BITS: u64 = 512;
        const MAX_STRING: usize = 64 << 20;
        match &x.val {
            Constant::Big(b) if b.bits() > MAX_BITS => {
                let name = x.expr.map_or("", op_name);
                self.error(Code::InvalidConstantValue, &at, format!("constant {name}overflow"));
                x.val = Constant::Unknown;
            }
            Constant::Str(s) if s.len() > MAX_STRING => {
                let message = format!("constant string too long ({} bytes > {MAX_STRING} bytes)", s.len());
                self.error(Code::InvalidConstantValue, &at, message);
                x.val = Constant::Unknown;
            }
            _ => {}
        }
    }

    // ---- pointers and assertions --------------------------------------------------------------

    fn star(&mut self, star: &'w StarExpr, e: &'w Expr) -> Operand<'w> {
        let mut x = self.expr_or_type(&star.x, false);
        match x.mode {
            Mode::Invalid => return x,
            Mode::TypeExpr => {
                self.check_var_type(star.x.place(), x.ty);
                return Operand::new(Mode::TypeExpr, self.w.types.pointer(x.ty), Some(e));
            }
            Mode::Builtin(_) => {
                let message = format!("invalid operation: cannot indirect {}", self.os(&x));
                self.error(Code::InvalidIndirection, &x, message);
                x.invalidate();
                return x;
            }
            _ => {}
        }
        if x.is_nil() {
            let message = "invalid operation: cannot indirect nil".to_owned();
            self.error(Code::InvalidIndirection, &x, message);
            return Operand::invalid(Some(e));
        }
        let terms = self.w.specific_types(x.ty).unwrap_or_default();
        let mut base: Option<TypeId> = None;
        for t in &terms {
            let Type::Pointer(elem) = self.w.under(t.ty) else {
                base = None;
                break;
            };
            match base {
                Some(b) if !self.w.identical(b, *elem) => {
                    let message = format!(
                        "invalid operation: pointers of {} must have identical base types",
                        self.os(&x)
                    );
                    self.error(Code::InvalidIndirection, &x, message);
                    return Operand::invalid(Some(e));
                }
                _ => base = Some(*elem),
            }
        }
        match base {
            Some(base) => Operand::new(Mode::Variable, base, Some(e)),
            None => {
                let message = format!("invalid operation: cannot indirect {}", self.os(&x));
                self.error(Code::InvalidIndirection, &x, message);
                Operand::invalid(Some(e))
            }
        }
    }

    fn type_assert(&mut self, a: &'w TypeAssertExpr, e: &'w Expr) -> Operand<'w> {
        let invalid = Operand::invalid(Some(e));
        let x = self.expr(&a.x);
        let Some(ty_expr) = &a.ty else { return invalid };
        if !x.is_valid() {
            self.typ(ty_expr);
            return invalid;
        }
        if self.w.is_type_param(x.ty) {
            let message = format!(
                "invalid operation: cannot use type assertion on type parameter value {}",
                self.os(&x)
            );
            self.error(Code::InvalidAssert, &x, message);
            return invalid;
        }
        if !self.w.is_interface(x.ty) {
            let message = format!("invalid operation: {} is not an interface", self.os(&x));
            self.error(Code::InvalidAssert, &x, message);
            return invalid;
        }
        let ty = self.var_type(ty_expr);
        if self.w.is_invalid(ty) {
            return invalid;
        }
        self.assertable(e, &x, ty, false);
        Operand::new(Mode::CommaOk, ty, Some(e))
    }

    /// Reports an assertion that no value of the interface can pass.
    pub fn assertable(&self, e: &Expr, x: &Operand<'w>, ty: TypeId, in_switch: bool) -> bool {
        // The dynamic value may have methods that an interface type does not mention.
        if self.w.is_interface(ty) {
            return true;
        }
        let Some(missing) = self.w.missing_method(ty, x.ty, false) else { return true };
        let why = self.missing_method_cause(ty, x.ty, &missing);
        self.impossible(e, x, ty, &why, in_switch);
        false
    }

    fn impossible(&self, e: &Expr, x: &Operand<'w>, ty: TypeId, why: &str, in_switch: bool) {
        let (es, ts) = (self.es(e), self.ts(ty));
        let message = if in_switch {
            format!("impossible type switch case: {es}\n\t{} cannot have dynamic type {ts} {why}", self.os(x))
        } else {
            format!("impossible type assertion: {es}\n\t{ts} does not implement {} {why}", self.ts(x.ty))
        };
        self.error(Code::ImpossibleAssert, e, message);
    }
}
