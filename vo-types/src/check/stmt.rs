//! Statements.

use vo_syntax::ast::*;
use vo_syntax::diag::{Code, Diagnostic};

use super::binary::Shown;
use super::{Checker, Mode, at};
use crate::constant::Constant;
use crate::types::{Basic, Type, TypeId};
use crate::universe::UseKind;

impl<'w> Checker<'w> {
    /// The body of a function; the environment is set up.
    pub fn func_body(&mut self, body: &'w Block) {
        self.stmt_list(&body.stmts);
        self.labels(body);
        let results = self.env.sig.and_then(|s| self.w.types.as_signature(s)).map_or(0, |s| s.results.len());
        if results > 0 && !self.list_terminates(&body.stmts) {
            self.error(Code::MissingReturn, &at(body.rbrace), "missing return");
        }
    }

    /// Reports variables of the function just checked that nothing uses.
    pub fn report_unused_locals(&mut self) {
        for obj in std::mem::take(&mut self.locals) {
            let object = self.w.object(obj);
            if !object.used.get() && !object.name.is_blank() {
                let message = format!("declared and not used: {}", object.name);
                self.error(Code::UnusedVariable, &object.pos, message);
            }
        }
    }

    pub fn stmt_list(&mut self, list: &'w [Stmt]) {
        for s in list {
            self.stmt(s);
        }
    }

    fn block(&mut self, b: &'w Block) {
        self.with_scope(|c| c.stmt_list(&b.stmts));
    }

    pub fn stmt(&mut self, s: &'w Stmt) {
        match s {
            Stmt::Bad(_) | Stmt::Empty(_) | Stmt::Branch(_) => {}
            Stmt::Decl(d) => self.decl_stmt(&d.decl),
            Stmt::Labeled(l) => self.stmt(&l.stmt),
            Stmt::Expr(e) => self.expr_stmt(&e.x),
            Stmt::Send(s) => self.send(s),
            Stmt::IncDec(s) => self.inc_dec(s),
            Stmt::Assign(s) => self.assign_stmt(s),
            Stmt::Go(s) => {
                let crosses = s.target.as_ref().is_some_and(|target| self.island_target(target));
                self.suspended_call("go", &s.call);
                if crosses {
                    self.call_crosses(&s.call);
                }
            }
            Stmt::Defer(s) => self.suspended_call("defer", &s.call),
            Stmt::ErrDefer(s) => self.errdefer_stmt(s),
            Stmt::Fail(s) => self.fail_stmt(s),
            Stmt::Return(s) => self.return_stmt(s),
            Stmt::Block(b) => self.block(b),
            Stmt::If(s) => self.if_stmt(s),
            Stmt::Switch(s) => self.switch(s),
            Stmt::TypeSwitch(s) => self.type_switch(s),
            Stmt::Select(s) => self.select_stmt(s),
            Stmt::For(s) => self.for_stmt(s),
            Stmt::Range(s) => self.range_stmt(s),
        }
        // Types declared or used by the statement can be verified now.
        if !self.w.actions.borrow().is_empty() {
            self.finish();
        }
    }

    // ---- simple statements --------------------------------------------------------------------

    fn expr_stmt(&mut self, e: &'w Expr) {
        let (x, kind) = self.raw_expr(e, None, None, false);
        let (code, what) = match x.mode {
            Mode::Invalid => return,
            Mode::Builtin(_) => (Code::UncalledBuiltin, "must be called"),
            Mode::TypeExpr => (Code::NotAnExpression, "is not an expression"),
            _ if kind == UseKind::Statement => return self.dyn_statement(e),
            _ => (Code::UnusedExpression, "is not used"),
        };
        self.error(code, &x, format!("{} {what}", self.os(&x)));
    }

    fn send(&mut self, s: &'w SendStmt) {
        let ch = self.expr(&s.chan);
        let elem = match self.common_underlying(ch.ty).map(|u| self.w.types.raw(u)) {
            Ok(Type::Chan { elem, .. } | Type::Port { elem, .. }) => Some(*elem),
            _ => None,
        };
        let mut value = self.expr_with_target(&s.value, elem, Some("channel element"));
        if !ch.is_valid() || !value.is_valid() {
            return;
        }
        if let Some(elem) = self.chan_elem(&s.span, &ch, false) {
            self.assignment(&mut value, Some(elem), "send");
        }
    }

    fn inc_dec(&mut self, s: &'w IncDecStmt) {
        let mut x = self.expr(&s.x);
        if !x.is_valid() {
            return;
        }
        let op = if s.inc { "++" } else { "--" };
        if !self.w.all_basic(x.ty, Basic::is_numeric) {
            let message =
                format!("invalid operation: {}{op} (non-numeric type {})", self.es(&s.x), self.ts(x.ty));
            return self.error(Code::NonNumericIncDec, &s.x, message);
        }
        // x++ is x = x + 1, where the constant takes the type of x.
        if x.is_constant() {
            x.val = Constant::Unknown;
        }
        x.mode = Mode::Value;
        self.assign_var(&s.x, &mut x, "assignment");
    }

    fn assign_stmt(&mut self, s: &'w AssignStmt) {
        match s.op {
            AssignOp::Define => self.short_var_decl(s),
            AssignOp::Assign => self.assign_vars(&s.lhs, &s.rhs),
            AssignOp::Op(op) => {
                let ([lhs], [rhs]) = (&s.lhs[..], &s.rhs[..]) else {
                    let message =
                        format!("assignment operation {}= requires single-valued expressions", op.text());
                    return self.error(Code::MultiValueAssignOp, s, message);
                };
                let mut x = self.expr(lhs);
                self.binary_op(&mut x, rhs, op, None, Shown::Assign(lhs, rhs));
                if !x.is_valid() {
                    return;
                }
                if self.w.is_untyped(x.ty) {
                    // A comparison as an assignment operation does not parse.
                    x.mode = Mode::Value;
                }
                self.assign_var(lhs, &mut x, "assignment operation");
            }
        }
    }

    pub fn suspended_call(&mut self, keyword: &str, call: &'w CallExpr) {
        // The parser has reported what is no call, and made it one without parentheses.
        if !call.lparen.is_valid() {
            return self.use_expr(&call.fun);
        }
        let (x, kind) = self.checked_call(call);
        let code = if keyword == "go" { Code::InvalidGo } else { Code::InvalidDefer };
        let (code, what) = match kind {
            UseKind::Statement => return,
            UseKind::Conversion => (code, "requires function call, not conversion"),
            UseKind::Expression => (Code::UnusedResults, "discards result of"),
        };
        if x.is_valid() {
            self.error(code, &call.span, format!("{keyword} {what} {}", self.os_call(&x, call)));
        } else {
            let message = format!("{keyword} {what} {}", self.os_call(&x, call));
            self.error(code, &call.span, message);
        }
    }

    fn return_stmt(&mut self, s: &'w ReturnStmt) {
        let results = self.env.results.clone();
        let named = results.first().is_some_and(|&r| !self.w.object(r).name.is_empty());
        if s.results.is_empty() {
            if results.is_empty() {
                return;
            }
            if !named {
                let types: Vec<TypeId> = results.iter().map(|&r| self.w.object(r).ty()).collect();
                let want = self.types_summary(&types, false, false);
                let message = format!("not enough return values\n\thave ()\n\twant {want}");
                return self.error(Code::WrongResultCount, &at(s.span.start), message);
            }
            for &r in &results {
                self.hidden_result(s, r);
            }
            return;
        }
        if results.is_empty() {
            let first = &s.results[0];
            let before = self.error_count();
            self.use_exprs(&s.results);
            if self.error_count() == before {
                self.error(Code::WrongResultCount, first, self.too_many_returned(s));
            }
            return;
        }
        self.init_vars(&results, &s.results, Some(s));
    }

    fn too_many_returned(&self, s: &'w ReturnStmt) -> String {
        let mut types = Vec::new();
        for e in &s.results {
            types.extend(self.w.types.tuple_elems(self.w.info.type_of(e.id())));
        }
        let have = self.types_summary(&types, false, false);
        format!("too many return values\n\thave {have}\n\twant ()")
    }

    fn hidden_result(&self, s: &ReturnStmt, result: crate::object::ObjId) {
        let object = self.w.object(result);
        if object.name.is_blank() {
            return;
        }
        let Some((_, found)) = self.w.lookup_name(self.env.scope, object.name) else { return };
        if found == result {
            return;
        }
        let message = format!("result parameter {} not in scope at return", object.name);
        let d = Diagnostic::error(Code::OutOfScopeResult, at(s.span.start), message);
        let other = self.w.object(found);
        let what = match other.kind {
            crate::object::ObjectKind::Const { .. } => "const",
            crate::object::ObjectKind::TypeName { .. } => "type",
            _ => "var",
        };
        let label = format!("inner declaration of {what} {} {}", other.name, self.ts(other.ty()));
        self.report(d.label(other.pos.span(), label));
    }

    // ---- compound statements ------------------------------------------------------------------

    fn if_stmt(&mut self, s: &'w IfStmt) {
        self.with_scope(|c| {
            if let Some(init) = &s.init {
                c.stmt(init);
            }
            c.condition(&s.cond, "non-boolean condition in if statement");
            let known = c.w.info.constant(s.cond.id()).and_then(Constant::as_bool);
            c.maybe_dead(known == Some(false), |c| c.block(&s.then));
            if let Some(els) = &s.els {
                c.maybe_dead(known == Some(true), |c| c.stmt(els));
            }
        });
    }

    fn condition(&mut self, cond: &'w Expr, message: &str) {
        let x = self.expr(cond);
        if !x.is_valid() {
            return;
        }
        if !self.w.all_basic(x.ty, Basic::is_boolean) {
            self.error(Code::InvalidCondition, cond, message);
        } else if self.w.is_untyped(x.ty)
            && let Some(e) = x.expr
        {
            self.update_expr_type(e, TypeId::BOOL, true);
        }
    }

    fn for_stmt(&mut self, s: &'w ForStmt) {
        self.with_scope(|c| {
            if let Some(init) = &s.init {
                c.stmt(init);
            }
            if let Some(cond) = &s.cond {
                c.condition(cond, "non-boolean condition in for statement");
            }
            if let Some(post) = &s.post {
                if let Stmt::Assign(a) = post
                    && a.op == AssignOp::Define
                {
                    c.error(Code::InvalidPostDecl, post, "cannot declare in post statement of for loop");
                }
                c.stmt(post);
            }
            let known = s.cond.as_ref().and_then(|e| c.w.info.constant(e.id())).and_then(Constant::as_bool);
            c.maybe_dead(known == Some(false), |c| c.block(&s.body));
        });
    }

    /// Checks statements that, if `dead`, are never reached.
    fn maybe_dead(&mut self, dead: bool, check: impl FnOnce(&mut Self)) {
        let outer = self.env.dead;
        self.env.dead |= dead;
        check(self);
        self.env.dead = outer;
    }

    fn select_stmt(&mut self, s: &'w SelectStmt) {
        let mut default: Option<&CommClause> = None;
        for clause in &s.cases {
            if clause.comm.is_some() {
                continue;
            }
            match default {
                None => default = Some(clause),
                Some(first) => self.second_default(clause.span, first.span),
            }
        }
        for clause in &s.cases {
            if let Some(comm) = &clause.comm
                && !is_communication(comm)
            {
                let message = "select case must be send or receive (possibly with assignment)";
                let at = match comm {
                    Stmt::Expr(e) => at(super::errors::node_pos(&e.x)),
                    _ => comm.span(),
                };
                self.error(Code::InvalidSelectCase, &at, message);
                continue;
            }
            self.with_scope(|c| {
                if let Some(comm) = &clause.comm {
                    c.stmt(comm);
                    if let Stmt::Send(send) = comm {
                        c.no_port_send(send);
                    }
                }
                c.stmt_list(&clause.body);
            });
        }
    }

    pub fn second_default(&self, second: vo_syntax::source::Span, first: vo_syntax::source::Span) {
        let message = format!("multiple defaults (first at {})", self.ps(first.start));
        self.error(Code::DuplicateDefault, &second, message);
    }
}

/// Whether a statement may stand in a `case` of `select`.
fn is_communication(s: &Stmt) -> bool {
    let receives = |e: &Expr| matches!(e.unparen(), Expr::Unary(u) if u.op == UnaryOp::Recv);
    match s {
        Stmt::Send(_) => true,
        Stmt::Expr(e) => receives(&e.x),
        Stmt::Assign(a) => {
            let plain = matches!(a.op, AssignOp::Assign | AssignOp::Define);
            plain && a.lhs.len() <= 2 && matches!(&a.rhs[..], [only] if receives(only))
        }
        _ => false,
    }
}
