//! Code that is never reached, and how control leaves statements.

use super::{Pass, for_each_function};
use vo_syntax::ast::*;
use vo_syntax::diag::Code;

pub(super) fn check(pass: &mut Pass<'_>, file: &File) {
    for_each_function(file, |_, body| {
        block(pass, &body.stmts);
    });
}

/// Whether control can go on behind a list of statements; reports the first statement of each stretch that
/// it cannot reach.
fn block(pass: &mut Pass<'_>, stmts: &[Stmt]) -> bool {
    let mut alive = true;
    for stmt in stmts {
        // A label may be the target of a jump, and what declares nothing but names does nothing.
        let harmless = matches!(stmt, Stmt::Empty(_) | Stmt::Labeled(_));
        if !alive && !harmless {
            pass.report(Code::UnreachableCode, stmt.span(), "unreachable code");
            alive = true;
        }
        alive |= matches!(stmt, Stmt::Labeled(_));
        alive = statement(pass, stmt, alive);
    }
    alive
}

/// Whether control can go on behind a statement.
fn statement(pass: &mut Pass<'_>, stmt: &Stmt, alive: bool) -> bool {
    match stmt {
        Stmt::Labeled(s) => statement(pass, &s.stmt, true),
        Stmt::Return(_) | Stmt::Fail(_) | Stmt::Branch(_) => false,
        Stmt::Expr(s) => alive && !never_returns(pass, &s.x),
        Stmt::Block(s) => block(pass, &s.stmts),
        Stmt::If(s) => {
            let then = block(pass, &s.then.stmts);
            let els = s.els.as_ref().is_none_or(|els| statement(pass, els, true));
            then || els
        }
        Stmt::For(s) => {
            block(pass, &s.body.stmts);
            s.cond.is_some() || leaves(pass, stmt.id(), &s.body.stmts)
        }
        Stmt::Range(s) => {
            block(pass, &s.body.stmts);
            true
        }
        Stmt::Switch(s) => cases(pass, stmt, &s.cases),
        Stmt::TypeSwitch(s) => cases(pass, stmt, &s.cases),
        Stmt::Select(s) => {
            let mut goes_on = false;
            for case in &s.cases {
                goes_on |= block(pass, &case.body);
                goes_on |= leaves(pass, stmt.id(), &case.body);
            }
            goes_on
        }
        _ => alive,
    }
}

fn cases(pass: &mut Pass<'_>, stmt: &Stmt, cases: &[CaseClause]) -> bool {
    let mut goes_on = !cases.iter().any(|c| c.is_default);
    for case in cases {
        // What falls through goes on in the next case.
        goes_on |= block(pass, &case.body);
        goes_on |= leaves(pass, stmt.id(), &case.body);
    }
    goes_on
}

/// Whether a `break` in these statements leaves the statement `target`.
fn leaves(pass: &Pass<'_>, target: NodeId, stmts: &[Stmt]) -> bool {
    struct Breaks<'a, 'w> {
        pass: &'a Pass<'w>,
        target: NodeId,
        found: bool,
    }
    impl Visitor for Breaks<'_, '_> {
        fn visit_stmt(&mut self, stmt: &Stmt) {
            if let Stmt::Branch(b) = stmt
                && b.kind == BranchKind::Break
            {
                let to = self.pass.world.info.jump_target(b.id);
                self.found |= to.is_none_or(|to| to == self.target);
            }
            walk_stmt(self, stmt);
        }
        fn visit_expr(&mut self, _x: &Expr) {}
    }
    let mut breaks = Breaks { pass, target, found: false };
    stmts.iter().for_each(|s| breaks.visit_stmt(s));
    breaks.found
}

/// Whether a call ends the function: `panic`, or what ends the program or goroutine.
pub(super) fn never_returns(pass: &Pass<'_>, x: &Expr) -> bool {
    let Expr::Call(call) = x.unparen() else { return false };
    pass.is_builtin(call, "panic")
}

/// As [`never_returns`], functions of the library that end the program or the goroutine included.
pub(super) fn ends_all(pass: &Pass<'_>, x: &Expr) -> bool {
    let Expr::Call(call) = x.unparen() else { return false };
    let ends = |f: super::FuncName| {
        let log = ["Fatal", "Fatalf", "Fatalln", "Panic", "Panicf", "Panicln"];
        f.is_func("os", &["Exit"])
            || f.is_func("runtime", &["Goexit"])
            || f.is_func("log", &log)
            || f.is_method("log", "Logger", &log)
    };
    never_returns(pass, x) || pass.callee(call).is_some_and(ends)
}
