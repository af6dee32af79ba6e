//! Terminating statements: whether control can reach the end of a statement list.

use vo_syntax::ast::*;

use super::Checker;

impl<'w> Checker<'w> {
    /// Whether a list of statements ends in a terminating statement.
    pub fn list_terminates(&self, list: &[Stmt]) -> bool {
        let last = list.iter().rev().find(|s| !matches!(s, Stmt::Empty(_)));
        last.is_some_and(|s| self.terminates(s, None))
    }

    fn terminates(&self, stmt: &Stmt, label: Option<Symbol>) -> bool {
        match stmt {
            Stmt::Return(_) | Stmt::Fail(_) => true,
            Stmt::Branch(b) => matches!(b.kind, BranchKind::Goto | BranchKind::Fallthrough),
            Stmt::Expr(s) => match s.x.unparen() {
                Expr::Call(call) => self.panics.contains(&call.id),
                _ => false,
            },
            Stmt::Block(b) => self.list_terminates(&b.stmts),
            Stmt::Labeled(l) => self.terminates(&l.stmt, Some(l.label.name)),
            Stmt::If(s) => {
                let Some(els) = &s.els else { return false };
                self.list_terminates(&s.then.stmts) && self.terminates(els, None)
            }
            Stmt::Switch(s) => self.clauses_terminate(&s.cases, label),
            Stmt::TypeSwitch(s) => self.clauses_terminate(&s.cases, label),
            Stmt::Select(s) => {
                s.cases.iter().all(|c| self.list_terminates(&c.body) && !list_breaks(&c.body, label, true))
            }
            Stmt::For(s) => s.cond.is_none() && !list_breaks(&s.body.stmts, label, true),
            _ => false,
        }
    }

    fn clauses_terminate(&self, cases: &[CaseClause], label: Option<Symbol>) -> bool {
        cases.iter().any(|c| c.is_default)
            && cases.iter().all(|c| self.list_terminates(&c.body) && !list_breaks(&c.body, label, true))
    }
}

/// Whether a `break` in the list leaves the statement around it: by `label`, or, if `implicit`,
/// without one.
fn list_breaks(list: &[Stmt], label: Option<Symbol>, implicit: bool) -> bool {
    list.iter().any(|s| breaks(s, label, implicit))
}

fn breaks(stmt: &Stmt, label: Option<Symbol>, implicit: bool) -> bool {
    let clauses = |cases: &[CaseClause]| cases.iter().any(|c| list_breaks(&c.body, label, false));
    match stmt {
        Stmt::Branch(b) if b.kind == BranchKind::Break => match b.label {
            None => implicit,
            Some(name) => Some(name.name) == label,
        },
        Stmt::Block(b) => list_breaks(&b.stmts, label, implicit),
        Stmt::Labeled(l) => breaks(&l.stmt, label, implicit),
        Stmt::If(s) => {
            list_breaks(&s.then.stmts, label, implicit)
                || s.els.as_ref().is_some_and(|e| breaks(e, label, implicit))
        }
        // Inside of these only a labeled break gets out.
        _ if label.is_none() => false,
        Stmt::Switch(s) => clauses(&s.cases),
        Stmt::TypeSwitch(s) => clauses(&s.cases),
        Stmt::Select(s) => s.cases.iter().any(|c| list_breaks(&c.body, label, false)),
        Stmt::For(s) => list_breaks(&s.body.stmts, label, false),
        Stmt::Range(s) => list_breaks(&s.body.stmts, label, false),
        _ => false,
    }
}
