//! Expression switches and type switches.

use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;
use vo_syntax::ast::*;
use vo_syntax::diag::{Code, Diagnostic};
use vo_syntax::source::Span;

use super::errors::Place;
use super::{Checker, Mode, Operand};
use crate::constant::{ConstKind, Constant, dedup_key};
use crate::object::{Color, ObjId, Object, ObjectKind, VarKind};
use crate::types::TypeId;

/// The constant cases so far: value and canonical type, and where each is.
type SeenConstants = FxHashMap<(Vec<u8>, TypeId), Span>;

impl<'w> Checker<'w> {
    pub fn switch(&mut self, s: &'w SwitchStmt) {
        self.with_scope(|c| {
            if let Some(init) = &s.init {
                c.stmt(init);
            }
            let tag = c.switch_tag(s);
            c.several_defaults(&s.cases);
            let mut seen = SeenConstants::default();
            for clause in &s.cases {
                c.case_values(&tag, &clause.exprs, &mut seen);
                c.with_scope(|c| c.stmt_list(&clause.body));
            }
        });
    }

    fn switch_tag(&mut self, s: &'w SwitchStmt) -> Operand<'w> {
        let Some(tag) = &s.tag else {
            let mut x = Operand::new(Mode::Constant, TypeId::BOOL, None);
            x.val = Constant::Bool(true);
            return x;
        };
        let mut x = self.expr(tag);
        if !x.is_valid() {
            return x;
        }
        // Constants become values: the switch evaluates its tag.
        self.assignment(&mut x, None, "switch expression");
        if x.is_valid() && !self.w.comparable_type(x.ty, true) && !self.w.has_nil(x.ty) {
            let message = format!("cannot switch on {} ({} is not comparable)", self.os(&x), self.ts(x.ty));
            self.error(Code::InvalidSwitch, &x, message);
            x.invalidate();
        }
        x
    }

    fn several_defaults(&self, cases: &[CaseClause]) {
        let mut first: Option<Span> = None;
        for clause in cases.iter().filter(|c| c.is_default) {
            match first {
                None => first = Some(clause.span),
                Some(first) => self.second_default(clause.span, first),
            }
        }
    }

    fn case_values(&mut self, tag: &Operand<'w>, list: &'w [Expr], seen: &mut SeenConstants) {
        for e in list {
            let mut v = self.expr(e);
            if !tag.is_valid() || !v.is_valid() {
                continue;
            }
            let mut x = tag.clone();
            self.convert_untyped(&mut v, x.ty);
            if !v.is_valid() {
                continue;
            }
            // The comparison leaves the case's own type and value alone.
            let mut result = v.clone();
            self.comparison(&mut result, &mut x, BinaryOp::Eq, true);
            if !result.is_valid() || !v.is_constant() {
                continue;
            }
            let comparable = matches!(v.val.kind(), ConstKind::Int | ConstKind::Float | ConstKind::String);
            let Some(key) = dedup_key(&v.val).filter(|_| comparable) else { continue };
            let ty = self.w.canonical(v.ty);
            match seen.entry((key, ty)) {
                Entry::Occupied(first) => {
                    let message = format!("duplicate case {} in expression switch", self.os(&v));
                    let d = Diagnostic::error(Code::DuplicateCase, e.place(), message);
                    self.report(d.label(*first.get(), "previous case"));
                }
                Entry::Vacant(entry) => {
                    entry.insert(super::errors::node_pos(e).span());
                }
            }
        }
    }

    // ---- type switches ------------------------------------------------------------------------

    pub fn type_switch(&mut self, s: &'w TypeSwitchStmt) {
        self.with_scope(|c| {
            if let Some(init) = &s.init {
                c.stmt(init);
            }
            let bind = s.bind.as_ref();
            if let Some(name) = bind.filter(|n| n.name.is_blank()) {
                c.error(Code::NoNewVariables, name, "no new variable on left side of :=");
            }
            let bind = bind.filter(|n| !n.name.is_blank());
            let subject = c.switch_subject(s);
            c.several_defaults(&s.cases);
            let mut seen: FxHashMap<Option<TypeId>, Span> = FxHashMap::default();
            let mut variables: Vec<ObjId> = Vec::new();
            for clause in &s.cases {
                let ty = c.case_types(subject.as_ref(), &clause.exprs, &mut seen);
                c.with_scope(|c| {
                    if let Some(name) = bind {
                        let ty = c.clause_type(clause, ty, subject.as_ref());
                        variables.push(c.clause_variable(name, clause, ty));
                    }
                    c.stmt_list(&clause.body);
                });
            }
            if let Some(name) = bind
                && !variables.iter().any(|&v| c.w.object(v).used.get())
            {
                let message = format!("{} declared and not used", name.name);
                c.error(Code::UnusedTypeSwitchVariable, name, message);
            }
        });
    }

    fn switch_subject(&mut self, s: &'w TypeSwitchStmt) -> Option<Operand<'w>> {
        let x = self.expr(&s.x);
        if !x.is_valid() {
            return None;
        }
        let message = if self.w.is_type_param(x.ty) {
            format!("cannot use type switch on type parameter value {}", self.os(&x))
        } else if !self.w.is_interface(x.ty) {
            format!("{} is not an interface", self.os(&x))
        } else {
            return Some(x);
        };
        self.error(Code::InvalidTypeSwitch, &x, message);
        None
    }

    /// Checks the types of a clause; the last one (`None` for `nil` or an error).
    fn case_types(
        &mut self,
        subject: Option<&Operand<'w>>,
        list: &'w [Expr],
        seen: &mut FxHashMap<Option<TypeId>, Span>,
    ) -> Option<TypeId> {
        let mut last = None;
        for e in list {
            last = None;
            let ty = if self.is_nil_name(e) {
                self.expr(e);
                None
            } else {
                let ty = self.var_type(e);
                if self.w.is_invalid(ty) {
                    last = Some(TypeId::INVALID);
                    continue;
                }
                Some(ty)
            };
            match seen.entry(ty.map(|t| self.w.canonical(t))) {
                Entry::Occupied(first) => {
                    let text = ty.map_or("nil".to_owned(), |t| self.ts(t));
                    let message = format!("duplicate case {text} in type switch");
                    let d = Diagnostic::error(Code::DuplicateCase, e.place(), message);
                    self.report(d.label(*first.get(), "previous case"));
                    continue;
                }
                Entry::Vacant(entry) => {
                    entry.insert(e.place());
                }
            }
            last = ty;
            if let (Some(subject), Some(ty)) = (subject, ty) {
                self.assertable(e, subject, ty, true);
            }
        }
        last
    }

    fn is_nil_name(&self, e: &Expr) -> bool {
        let Expr::Ident(name) = e.unparen() else { return false };
        let found = self.w.lookup_name(self.env.scope, name.name);
        found.is_some_and(|(_, obj)| matches!(self.w.object(obj).kind, ObjectKind::Nil))
    }

    /// The type of the switch's variable in a clause: the single type given, else the subject's.
    fn clause_type(
        &self,
        clause: &CaseClause,
        last: Option<TypeId>,
        subject: Option<&Operand<'w>>,
    ) -> TypeId {
        match (&clause.exprs[..], last) {
            ([_], Some(ty)) => ty,
            _ => subject.map_or(TypeId::INVALID, |x| x.ty),
        }
    }

    fn clause_variable(&mut self, name: &'w Ident, clause: &'w CaseClause, ty: TypeId) -> ObjId {
        let kind = ObjectKind::Var { kind: VarKind::Local, owner: self.env.owner };
        let object = Object::new(kind, name.name, Some(self.pkg), name.span.start, ty);
        object.color.set(Color::Black);
        let obj = self.w.add_object(object);
        self.declare_at(self.env.scope, obj, name.span.start);
        self.w.info.set_implicit(clause.id, obj);
        obj
    }
}
