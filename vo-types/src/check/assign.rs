//! Assignments: of values to types, of constants, variables and lists of them.

use vo_syntax::ast::*;
use vo_syntax::diag::Code;

use super::{Checker, Mode, Operand};
use crate::constant::Constant;
use crate::object::{ObjId, ObjectKind};
use crate::types::{Type, TypeId};

impl<'w> Checker<'w> {
    /// Checks that `x` can be assigned to `target` (none: to a new variable or `_`) and converts
    /// it if it is untyped. `context` completes "in …".
    pub fn assignment(&mut self, x: &mut Operand<'w>, target: Option<TypeId>, context: &str) {
        self.single_value(x);
        match x.mode {
            Mode::Invalid => return,
            Mode::NoValue | Mode::Builtin(_) | Mode::TypeExpr => {
                let to = target.map_or("_".to_owned(), |t| self.ts(t));
                let message = format!("cannot assign {} to {to} in {context}", self.os(x));
                self.error(Code::IncompatibleAssign, x, message);
                return x.invalidate();
            }
            _ => {}
        }
        if self.w.is_untyped(x.ty) && !self.assign_untyped(x, target, context) {
            return x.invalidate();
        }
        if let Type::Signature(s) = self.w.types.get(x.ty)
            && !s.tparams.is_empty()
        {
            let name = x.expr.map_or(String::new(), |e| self.es(e));
            let message = format!("cannot use generic function {name} without instantiation in {context}");
            self.error(Code::UninstantiatedFunction, x, message);
            return x.invalidate();
        }
        let Some(target) = target else { return };
        if let Err((code, why)) = self.assignable_to(x, target) {
            if self.dyn_converted(x, target) {
                return;
            }
            let why = if why.is_empty() { why } else { format!(": {why}") };
            let message = format!("cannot use {} as {} value in {context}{why}", self.os(x), self.ts(target));
            self.error(code, x, message);
            x.invalidate();
        }
    }

    fn assign_untyped(&mut self, x: &mut Operand<'w>, target: Option<TypeId>, context: &str) -> bool {
        if x.is_nil() && target.is_none() {
            let message = format!("use of untyped nil in {context}");
            self.error(Code::UntypedNilUse, x, message);
            return false;
        }
        let wanted = match target {
            Some(t) if x.is_nil() || !self.w.is_interface(t) => t,
            _ => self.default_type(x.ty),
        };
        match self.implicit_type(x, wanted) {
            Ok(implicit) => {
                self.apply_implicit(x, implicit);
                true
            }
            Err(code) => {
                let (code, why) = match code {
                    Code::TruncatedFloat => (code, " (truncated)"),
                    Code::NumericOverflow => (code, " (overflows)"),
                    _ => (Code::IncompatibleAssign, ""),
                };
                let shown = target.unwrap_or(wanted);
                let message =
                    format!("cannot use {} as {} value in {context}{why}", self.os(x), self.ts(shown));
                self.error(code, x, message);
                false
            }
        }
    }

    // ---- initialisation -----------------------------------------------------------------------

    /// Gives a constant its value and type.
    pub fn init_const(&mut self, obj: ObjId, declared: Option<TypeId>, x: &mut Operand<'w>) {
        let object = self.w.object(obj);
        let ObjectKind::Const { value } = &object.kind else { return };
        let fail = |object: &crate::object::Object| {
            if object.ty.get() == TypeId::NONE {
                object.ty.set(TypeId::INVALID);
            }
            let _ = value.set(Constant::Unknown);
        };
        if !x.is_valid() || self.w.is_invalid(x.ty) || object.ty.get() == TypeId::INVALID {
            return fail(object);
        }
        if !x.is_constant() {
            let message = format!("{} is not constant", self.os(x));
            self.error(Code::InvalidConstInit, x, message);
            return fail(object);
        }
        let ty = declared.unwrap_or(x.ty);
        object.ty.set(ty);
        self.assignment(x, Some(ty), "constant declaration");
        if !x.is_valid() {
            let _ = value.set(Constant::Unknown);
            return;
        }
        let _ = value.set(x.val.clone());
    }

    /// Gives a variable its initial value, and its type if it has none.
    pub fn init_var(&mut self, obj: ObjId, x: &mut Operand<'w>, context: &str) {
        let object = self.w.object(obj);
        if !x.is_valid() || self.w.is_invalid(x.ty) || object.ty.get() == TypeId::INVALID {
            if object.ty.get() == TypeId::NONE {
                object.ty.set(TypeId::INVALID);
            }
            return x.invalidate();
        }
        if object.ty.get() == TypeId::NONE {
            let mut ty = x.ty;
            if self.w.is_untyped(ty) {
                if x.is_nil() {
                    let message = format!("use of untyped nil in {context}");
                    self.error(Code::UntypedNilUse, x, message);
                    object.ty.set(TypeId::INVALID);
                    return x.invalidate();
                }
                ty = self.default_type(ty);
            }
            object.ty.set(match self.w.types.raw(ty) {
                // Reported by the assignment.
                Type::Tuple(_) => TypeId::INVALID,
                _ => ty,
            });
        }
        let ty = object.ty.get();
        self.assignment(x, Some(ty), context);
    }

    /// Initialises variables from values: one each, or all from one call. `returning` is the
    /// return statement when the variables are a function's results.
    pub fn init_vars(&mut self, vars: &[ObjId], rhs: &'w [Expr], returning: Option<&'w ReturnStmt>) {
        let context = match returning {
            Some(_) => "return statement",
            None if vars.len() > 1 => "multiple assignment",
            None => "assignment",
        };
        if vars.len() == rhs.len() && !is_single_call(rhs) {
            for (&obj, e) in vars.iter().zip(rhs) {
                let object = self.w.object(obj);
                let target = match object.ty.get() {
                    TypeId::NONE => None,
                    ty => Some(ty),
                };
                let what = if returning.is_some() { "result variable" } else { object.name.as_str() };
                let mut x = self.expr_with_target(e, target, Some(what));
                self.init_var(obj, &mut x, context);
            }
            return;
        }
        if rhs.len() != 1 {
            self.invalidate_vars(vars);
            self.use_exprs(rhs);
            if let Some(statement) = returning {
                let types: Vec<TypeId> = rhs.iter().map(|e| self.w.info.type_of(e.id())).collect();
                self.return_error(statement, vars, rhs, &types);
            } else if let Some(first) = rhs.first() {
                self.assign_error(first, rhs, vars.len(), rhs.len());
            }
            return;
        }
        let operands = self.several(&rhs[0], vars.len(), returning.is_none());
        let Some(mut operands) = operands else { return self.invalidate_vars(vars) };
        if operands.len() == vars.len() {
            for (&obj, x) in vars.iter().zip(&mut operands) {
                self.init_var(obj, x, context);
            }
            return;
        }
        self.invalidate_vars(vars);
        if operands.iter().any(|x| !x.is_valid()) {
            return;
        }
        match returning {
            Some(statement) => {
                let types: Vec<TypeId> = operands.iter().map(|x| x.ty).collect();
                self.return_error(statement, vars, rhs, &types);
            }
            None => self.assign_error(&rhs[0], rhs, vars.len(), operands.len()),
        }
    }

    fn invalidate_vars(&self, vars: &[ObjId]) {
        for &obj in vars {
            let object = self.w.object(obj);
            if object.ty.get() == TypeId::NONE {
                object.ty.set(TypeId::INVALID);
            }
        }
    }

    /// The values of one expression on the right of an assignment to `wanted` variables; with
    /// `comma_ok` a second, boolean one where the expression can give it. `None` if the expression is in error.
    pub fn several(&mut self, e: &'w Expr, wanted: usize, comma_ok: bool) -> Option<Vec<Operand<'w>>> {
        let x = self.multi_expr(e);
        if !x.is_valid() {
            return None;
        }
        if let Some(operands) = self.dyn_results(e, wanted) {
            return Some(operands);
        }
        if comma_ok && wanted == 2 && matches!(x.mode, Mode::CommaOk | Mode::MapIndex) {
            self.record_comma_ok(e, x.ty);
            let mut ok = Operand::new(Mode::Value, TypeId::UNTYPED_BOOL, Some(e));
            ok.nth = super::operand::OK_VALUE;
            return Some(vec![x, ok]);
        }
        Some(self.unpack(x))
    }

    /// The expression is used in its comma-ok form: its type is the pair.
    fn record_comma_ok(&self, e: &'w Expr, ty: TypeId) {
        let pair = self.w.types.tuple(&[ty, TypeId::BOOL]);
        let mut at = e;
        loop {
            if let Some(tv) = self.w.info.type_and_value(at.id()) {
                self.w.info.set_type(at.id(), tv.mode, pair, None);
            }
            match at {
                Expr::Paren(p) => at = &p.x,
                _ => return,
            }
        }
    }

    /// "assignment mismatch: 2 variables but f() returns 1 value"
    fn assign_error(&self, at: &'w Expr, rhs: &'w [Expr], left: usize, right: usize) {
        let count = |n: usize, unit: &str| format!("{n} {unit}{}", if n == 1 { "" } else { "s" });
        let (vars, vals) = (count(left, "variable"), count(right, "value"));
        let message = match rhs {
            [only] => match only.unparen() {
                Expr::Call(call) => {
                    format!("assignment mismatch: {vars} but {} returns {vals}", self.es(&call.fun))
                }
                Expr::Try(_) | Expr::Dyn(_) => {
                    format!("assignment mismatch: {vars} but {} has {vals}", self.es(only))
                }
                _ => format!("assignment mismatch: {vars} but {vals}"),
            },
            _ => format!("assignment mismatch: {vars} but {vals}"),
        };
        self.error(Code::WrongAssignCount, at, message);
    }

    /// "not enough return values\n\thave (int)\n\twant (int, error)"
    fn return_error(&self, statement: &'w ReturnStmt, vars: &[ObjId], rhs: &'w [Expr], have: &[TypeId]) {
        let (quality, at) = if have.len() < vars.len() {
            ("not enough", rhs.last().map_or(statement.span, |e| e.span()))
        } else {
            let at = rhs.get(vars.len()).or(rhs.first());
            ("too many", at.map_or(statement.span, |e| e.span()))
        };
        let want: Vec<TypeId> = vars.iter().map(|&v| self.w.object(v).ty()).collect();
        let message = format!(
            "{quality} return values\n\thave {}\n\twant {}",
            self.types_summary(have, false, false),
            self.types_summary(&want, false, false)
        );
        self.error(Code::WrongResultCount, &at, message);
    }

    // ---- assignment statements ----------------------------------------------------------------

    /// The type of the left side of an assignment; `Ok(None)` for `_`.
    pub fn lhs_var(&mut self, lhs: &'w Expr) -> Result<Option<TypeId>, ()> {
        let mut restore = None;
        if let Expr::Ident(name) = lhs.unparen() {
            if name.name.is_blank() {
                return Ok(None);
            }
            // Assigning to a variable is no use of it.
            if let Some((_, obj)) = self.w.lookup_name(self.env.scope, name.name)
                && self.w.object(obj).var_kind().is_some()
            {
                restore = Some((obj, self.w.object(obj).used.get()));
            }
        }
        if let Expr::Dyn(d) = lhs.unparen() {
            if self.multi_expr(lhs).is_valid() {
                self.dyn_assigned(d);
            }
            return Err(());
        }
        let x = self.expr(lhs);
        if let Some((obj, used)) = restore {
            self.w.object(obj).used.set(used);
        }
        if !x.is_valid() {
            return Err(());
        }
        if matches!(x.mode, Mode::Variable | Mode::MapIndex) {
            return Ok(Some(x.ty));
        }
        if let Some(Expr::Selector(sel)) = x.expr.map(Expr::unparen)
            && let Some(inner) = self.w.info.type_and_value(sel.x.id())
            && inner.mode == crate::info::Mode::MapIndex
        {
            let message = format!("cannot assign to struct field {} in map", self.es(lhs));
            self.error(Code::UnaddressableFieldAssign, &x, message);
            return Err(());
        }
        let message =
            format!("cannot assign to {} (neither addressable nor a map index expression)", self.es(lhs));
        self.error(Code::UnassignableOperand, &x, message);
        Err(())
    }

    /// `lhs = x`
    pub fn assign_var(&mut self, lhs: &'w Expr, x: &mut Operand<'w>, context: &str) {
        match self.lhs_var(lhs) {
            Ok(target) => {
                let blank = target.is_none() && context == "assignment";
                let context = if blank { "assignment to _ identifier" } else { context };
                self.assignment(x, target, context);
            }
            Err(()) => {
                if x.is_valid() && x.expr.is_some() && self.w.is_untyped(x.ty) {
                    let ty = self.default_type(x.ty);
                    if !x.is_nil() {
                        self.convert_untyped(x, ty);
                    }
                }
                x.invalidate();
            }
        }
    }

    /// `lhs… = rhs…`
    pub fn assign_vars(&mut self, lhs: &'w [Expr], rhs: &'w [Expr]) {
        let context = if lhs.len() > 1 { "multiple assignment" } else { "assignment" };
        if lhs.len() == rhs.len() && !is_single_call(rhs) {
            for (l, r) in lhs.iter().zip(rhs) {
                self.assign_pair(l, r, context);
            }
            return;
        }
        if rhs.len() != 1 {
            self.use_lhs(lhs);
            let before = self.error_count();
            self.use_exprs(rhs);
            if self.error_count() == before {
                self.assign_error(&rhs[0], rhs, lhs.len(), rhs.len());
            }
            return;
        }
        let Some(mut operands) = self.several(&rhs[0], lhs.len(), true) else {
            return self.use_lhs(lhs);
        };
        if operands.len() != lhs.len() {
            self.use_lhs(lhs);
            if operands.iter().all(Operand::is_valid) {
                self.assign_error(&rhs[0], rhs, lhs.len(), operands.len());
            }
            return;
        }
        for (l, x) in lhs.iter().zip(&mut operands) {
            self.assign_var(l, x, context);
        }
    }

    fn assign_pair(&mut self, l: &'w Expr, r: &'w Expr, context: &str) {
        match self.lhs_var(l) {
            Ok(target) => {
                let what = self.es(l);
                let mut x = self.expr_with_target(r, target, Some(&what));
                let blank = target.is_none() && context == "assignment";
                let context = if blank { "assignment to _ identifier" } else { context };
                self.assignment(&mut x, target, context);
            }
            Err(()) => self.use_expr(r),
        }
    }

    pub fn error_count(&self) -> usize {
        self.w.package(self.pkg).state.diagnostics.borrow().len()
    }

    /// `lhs… := rhs…`
    pub fn short_var_decl(&mut self, s: &'w AssignStmt) {
        let mut vars: Vec<ObjId> = Vec::new();
        let mut new_vars: Vec<(ObjId, &'w Ident)> = Vec::new();
        let mut seen: Vec<Symbol> = Vec::new();
        let mut failed = false;
        for l in &s.lhs {
            let Expr::Ident(name) = l else {
                self.use_lhs(std::slice::from_ref(l));
                let message = format!("non-name {} on left side of :=", self.es(l));
                self.error(Code::Syntax, l, message);
                failed = true;
                continue;
            };
            if !name.name.is_blank() {
                if seen.contains(&name.name) {
                    let message = format!("{} repeated on left side of :=", name.name);
                    self.error(Code::RepeatedName, l, message);
                    failed = true;
                    continue;
                }
                seen.push(name.name);
            }
            // A variable of the same scope is assigned to, not declared again.
            if let Some(obj) = self.w.scope(self.env.scope).get(name.name) {
                self.w.info.set_use(name.id, obj);
                if self.w.object(obj).var_kind().is_some() {
                    self.w.info.set_type(name.id, crate::info::Mode::Variable, self.w.object(obj).ty(), None);
                    vars.push(obj);
                } else {
                    let message = format!("cannot assign to {}", self.es(l));
                    self.error(Code::UnassignableOperand, l, message);
                    failed = true;
                }
                continue;
            }
            let obj = self.new_local(name, TypeId::NONE);
            vars.push(obj);
            if !name.name.is_blank() {
                new_vars.push((obj, name));
            }
        }
        if failed || vars.len() != s.lhs.len() {
            self.use_exprs(&s.rhs);
            self.invalidate_vars(&vars);
        } else {
            self.init_vars(&vars, &s.rhs, None);
        }
        if !new_vars.is_empty() {
            for (obj, name) in new_vars {
                self.declare_local(obj, name);
            }
        } else if !failed {
            self.error(Code::NoNewVariables, &s.op_pos, "no new variables on left side of :=");
        }
    }
}

/// Whether the right side is one call, which may have several results: a wrong number of them is
/// then reported as such.
fn is_single_call(rhs: &[Expr]) -> bool {
    matches!(rhs, [only] if matches!(only.unparen(), Expr::Call(_) | Expr::Try(_) | Expr::Dyn(_)))
}
