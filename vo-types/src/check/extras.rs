//! What Vo has beyond Go: `?`, `fail`, `errdefer` and dynamic access with `~>`.
//!
//! A dynamic operation has the type `(any, error)`. Where its value goes to something of another type, the
//! recorded type of the expression says so (`(int, error)`, or `int` with `?`), and the code generator
//! converts; where a call's results go to several variables, the recorded tuple has as many elements.
//! [`PROTOCOL`] is the one table of the methods that `~>` looks for.

use vo_syntax::ast::*;
use vo_syntax::diag::Code;
use vo_syntax::source::Pos;

use super::errors::Place;
use super::{Checker, Mode, Operand, at};
use crate::types::{FoundKind, Lookup, Type, TypeId};

/// The methods of the dynamic protocol: name, parameters, results, whether the last parameter is variadic.
type ProtocolMethod = (&'static str, &'static [TypeId], &'static [TypeId], bool);

const ANY: TypeId = TypeId::ANY;
const PAIR: &[TypeId] = &[ANY, TypeId::ERROR];

const PROTOCOL: [ProtocolMethod; 5] = [
    ("DynAttr", &[TypeId::STRING], PAIR, false),
    ("DynIndex", &[ANY], PAIR, false),
    ("DynCall", &[ANY], PAIR, true),
    ("DynSetAttr", &[TypeId::STRING, ANY], &[TypeId::ERROR], false),
    ("DynSetIndex", &[ANY, ANY], &[TypeId::ERROR], false),
];

/// The operation of a dynamic expression, with or without `?` behind it.
fn dynamic(e: &Expr) -> Option<(&DynExpr, bool)> {
    match e.unparen() {
        Expr::Dyn(d) => Some((d, false)),
        Expr::Try(t) => match t.x.unparen() {
            Expr::Dyn(d) => Some((d, true)),
            _ => None,
        },
        _ => None,
    }
}

impl<'w> Checker<'w> {
    // ---- ? and fail ---------------------------------------------------------------------------

    /// Whether the function that the code stands in can return an error; if not, that is reported.
    pub fn in_error_function(&mut self, code: Code, what: &str, pos: Pos) -> bool {
        let results: Option<Vec<TypeId>> = self.env.sig.and_then(|sig| {
            let sig = self.w.types.as_signature(sig)?;
            Some(sig.results.iter().map(|r| r.ty).collect())
        });
        let why = match results.as_deref() {
            None => "outside of a function".to_owned(),
            Some([]) => "in a function without results: it lacks a result of type error".to_owned(),
            Some([.., last]) if self.w.identical(*last, TypeId::ERROR) => return true,
            Some(types) if types.iter().any(|&ty| self.w.is_invalid(ty)) => return false,
            Some(types) => {
                let types = self.types_summary(types, false, false);
                format!("in a function with results {types}: it lacks a last result of type error")
            }
        };
        self.error(code, &at(pos), format!("cannot use {what} {why}"));
        false
    }

    /// `x?`
    pub fn try_expr(&mut self, t: &'w TryExpr, e: &'w Expr) -> Operand<'w> {
        let invalid = Operand::invalid(Some(e));
        let x = self.multi_expr(&t.x);
        let fits = self.in_error_function(Code::TryOutsideErrorFunction, "?", t.question);
        self.env.has_call = true;
        if !x.is_valid() {
            return invalid;
        }
        let spreads = matches!(t.x.unparen(), Expr::Call(_) | Expr::Dyn(_) | Expr::Try(_));
        let rest: Option<Vec<TypeId>> = match self.w.types.raw(x.ty) {
            Type::Tuple(elems) if spreads => match &elems[..] {
                [rest @ .., last] if self.w.identical(*last, TypeId::ERROR) => Some(rest.to_vec()),
                _ => None,
            },
            _ if !x.is_nil() && self.w.identical(x.ty, TypeId::ERROR) => Some(Vec::new()),
            _ => None,
        };
        let Some(rest) = rest else {
            let message = format!("cannot use ? on {}: its last result is not of type error", self.os(&x));
            self.error(Code::TryOperand, &x, message);
            return invalid;
        };
        if !fits {
            return invalid;
        }
        match rest[..] {
            [] => Operand::new(Mode::NoValue, TypeId::EMPTY_TUPLE, Some(e)),
            [only] => Operand::new(Mode::Value, only, Some(e)),
            _ => Operand::new(Mode::Value, self.w.types.tuple(&rest), Some(e)),
        }
    }

    /// `fail x`
    pub fn fail_stmt(&mut self, s: &'w FailStmt) {
        let mut x = self.expr(&s.x);
        self.in_error_function(Code::TryOutsideErrorFunction, "fail", s.span.start);
        if !x.is_valid() {
            return;
        }
        if x.is_nil() {
            return self.error(Code::InvalidFail, &x, "cannot fail with nil");
        }
        self.assignment(&mut x, Some(TypeId::ERROR), "fail statement");
    }

    // ---- dynamic access -----------------------------------------------------------------------

    /// `x~>…`
    pub fn dyn_expr(&mut self, d: &'w DynExpr, e: &'w Expr) -> Operand<'w> {
        let x = self.multi_expr(&d.x);
        self.dyn_operands(&d.op);
        self.env.has_call = true;
        if !x.is_valid() || !self.dyn_base(&x, d) {
            return Operand::invalid(Some(e));
        }
        Operand::new(Mode::Value, self.w.types.tuple(PAIR), Some(e))
    }

    /// The key or the arguments: each becomes an `any`.
    fn dyn_operands(&mut self, op: &'w DynOp) {
        let (args, ellipsis) = match op {
            DynOp::Field(_) => return,
            DynOp::Index(key) => {
                let mut x = self.expr(key);
                return self.assignment(&mut x, Some(ANY), "dynamic index");
            }
            DynOp::Call { args, ellipsis } | DynOp::Method { args, ellipsis, .. } => (args, *ellipsis),
        };
        let mut operands = self.arguments(args);
        if ellipsis.is_valid()
            && let Some(last) = operands.last()
            && last.is_valid()
        {
            let slice = self.common_underlying(last.ty).map(|u| self.w.types.raw(u));
            if !matches!(slice, Ok(Type::Slice(_))) {
                let message = format!("cannot use {} with ...: it is no slice", self.os(last));
                self.error(Code::InvalidDotDotDot, last, message);
            }
        }
        for x in &mut operands {
            self.assignment(x, Some(ANY), "argument to dynamic call");
        }
    }

    /// Whether `~>` can look into an operand.
    fn dyn_base(&mut self, x: &Operand<'w>, d: &DynExpr) -> bool {
        if x.is_nil() {
            self.error(Code::InvalidDyn, x, "cannot use ~> on nil");
            return false;
        }
        if let Type::Tuple(elems) = self.w.types.raw(x.ty) {
            if let [v, err] = elems[..]
                && self.w.identical(v, ANY)
                && self.w.identical(err, TypeId::ERROR)
            {
                return true;
            }
            let message = format!("cannot use ~> on {}: of several values only (any, error)", self.os(x));
            self.error(Code::InvalidDyn, x, message);
            return false;
        }
        let parameter = self.w.is_type_param(x.ty);
        if self.w.is_interface(x.ty) && !parameter {
            return true;
        }
        let method = match d.op {
            DynOp::Field(_) | DynOp::Method { .. } => 0,
            DynOp::Index(_) => 1,
            DynOp::Call { .. } => 2,
        };
        let name = PROTOCOL[method].0;
        if let Lookup::Found(found) = self.w.lookup(x.ty, false, Some(self.pkg), Symbol::intern(name))
            && found.kind != FoundKind::Field
            && self.fits_protocol(name, self.w.found_type(&found))
        {
            return true;
        }
        let value = x.expr.map_or("v".to_owned(), |e| self.es(e));
        let message =
            format!("cannot use ~> on {}: it has no method {name} (use any({value})~>…)", self.os(x));
        self.error(Code::InvalidDyn, x, message);
        false
    }

    fn protocol_type(&self, method: &ProtocolMethod) -> TypeId {
        let &(_, params, results, variadic) = method;
        let mut params = params.to_vec();
        if let (true, Some(last)) = (variadic, params.last_mut()) {
            *last = self.w.types.slice(*last);
        }
        self.w.types.func(&params, results, variadic)
    }

    fn fits_protocol(&self, name: &str, sig: TypeId) -> bool {
        let method = PROTOCOL.iter().find(|m| m.0 == name);
        method.is_none_or(|m| self.w.identical(sig, self.protocol_type(m)))
    }

    /// Reports a method that has a name of the dynamic protocol and another signature.
    pub fn protocol_method(&self, name: &Ident, sig: TypeId) {
        if !self.is_vo() || self.w.is_invalid(sig) || self.fits_protocol(name.name.as_str(), sig) {
            return;
        }
        let Some(method) = PROTOCOL.iter().find(|m| m.0 == name.name.as_str()) else { return };
        let (have, want) = (self.ts(sig), self.ts(self.protocol_type(method)));
        let shown = |ty: &str| ty.replacen("func", name.name.as_str(), 1);
        let message =
            format!("wrong signature of {}\n\thave {}\n\twant {}", name.name, shown(&have), shown(&want));
        self.error(Code::InvalidProtocolMethod, &name.place(), message);
    }

    /// `x~>name = …`
    pub fn dyn_assigned(&self, d: &DynExpr) {
        let instead = match d.op {
            DynOp::Index(_) => "; use dyn.SetIndex",
            DynOp::Field(_) => "; use dyn.SetAttr",
            DynOp::Call { .. } | DynOp::Method { .. } => "",
        };
        let message = format!("cannot assign to a dynamic expression{instead}");
        self.error(Code::DynAssign, &at(d.arrow), message);
    }

    // ---- values of dynamic operations ---------------------------------------------------------

    /// The results of a dynamic call that go to `wanted` variables, if these are not one value (and an
    /// error).
    pub fn dyn_results(&mut self, e: &'w Expr, wanted: usize) -> Option<Vec<Operand<'w>>> {
        let (d, tried) = dynamic(e)?;
        let values = if tried { wanted } else { wanted.checked_sub(1)? };
        if values < 2 || !matches!(d.op, DynOp::Call { .. } | DynOp::Method { .. }) {
            return None;
        }
        let mut types = vec![ANY; values];
        if !tried {
            types.push(TypeId::ERROR);
        }
        self.retype(e, self.w.types.tuple(&types));
        let operand = |(i, &ty): (usize, &TypeId)| Operand {
            nth: i as u32 + 1,
            ..Operand::new(Mode::Value, ty, Some(e))
        };
        Some(types.iter().enumerate().map(operand).collect())
    }

    /// A dynamic call as a statement may have any number of results.
    pub fn dyn_statement(&self, e: &'w Expr) {
        if let Some((d, true)) = dynamic(e)
            && matches!(d.op, DynOp::Call { .. } | DynOp::Method { .. })
        {
            self.retype(e, TypeId::EMPTY_TUPLE);
        }
    }

    /// Gives the value of a dynamic operation the type of what it goes to. Answers whether it is one.
    pub fn dyn_converted(&mut self, x: &mut Operand<'w>, target: TypeId) -> bool {
        let Some(e) = x.expr else { return false };
        if x.mode != Mode::Value || !self.w.identical(x.ty, ANY) || dynamic(e).is_none() {
            return false;
        }
        if self.w.is_invalid(target) {
            return true;
        }
        let whole = match (x.nth as usize, self.w.types.raw(self.w.info.type_of(e.id()))) {
            (0, _) => target,
            (nth, Type::Tuple(elems)) => {
                let mut elems = elems.to_vec();
                elems[nth - 1] = target;
                self.w.types.tuple(&elems)
            }
            _ => return false,
        };
        self.retype(e, whole);
        x.ty = target;
        true
    }

    fn retype(&self, e: &'w Expr, ty: TypeId) {
        let mut at = e;
        loop {
            self.w.info.set_type(at.id(), crate::info::Mode::Value, ty, None);
            match at {
                Expr::Paren(p) => at = &p.x,
                _ => return,
            }
        }
    }

    /// `errdefer` of a call.
    pub fn errdefer_stmt(&mut self, s: &'w ErrDeferStmt) {
        self.suspended_call("errdefer", &s.call);
        self.in_error_function(Code::InvalidErrDefer, "errdefer", s.span.start);
    }
}
