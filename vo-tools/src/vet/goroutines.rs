//! Mistakes with goroutines, wait groups, locks and atomics.

use super::{Pass, for_each_stmt};
use vo_syntax::ast::*;
use vo_syntax::diag::Code;
use vo_types::ObjId;

pub(super) fn check(pass: &mut Pass<'_>, file: &File) {
    for_each_stmt(file, |stmt| match stmt {
        Stmt::Go(s) => add_inside(pass, &s.call),
        Stmt::Defer(s) => {
            locking_at_the_end(pass, &s.call);
            measured_too_early(pass, &s.call);
        }
        Stmt::Assign(s) => atomic_assigned(pass, s),
        Stmt::For(s) if !pass.options.loop_variables_per_turn => {
            let mut vars = Vec::new();
            if let Some(Stmt::Assign(init)) = &s.init {
                vars.extend(init.lhs.iter().filter_map(|x| pass.variable(x)));
            }
            captured(pass, &vars, &s.body);
        }
        Stmt::Range(s) if !pass.options.loop_variables_per_turn && s.define => {
            let vars: Vec<ObjId> =
                [&s.key, &s.value].into_iter().flatten().filter_map(|x| pass.variable(x)).collect();
            captured(pass, &vars, &s.body);
        }
        _ => {}
    });
    // Outside of statements a function literal may hold them too; the walk above goes there as well.
}

/// `go func() { wg.Add(1); … }()`: the group may be waited for before the goroutine begins.
fn add_inside(pass: &mut Pass<'_>, call: &CallExpr) {
    let Expr::FuncLit(f) = call.fun.unparen() else { return };
    let Some(Stmt::Expr(first)) = f.body.stmts.first() else { return };
    let Expr::Call(add) = first.x.unparen() else { return };
    if pass.callee(add).is_some_and(|f| f.is_method("sync", "WaitGroup", &["Add"])) {
        pass.report(Code::WaitGroupAddInside, add.span, "WaitGroup.Add called from inside new goroutine")
            .notes
            .push(
                "the group may be waited for before the goroutine begins; call Add before the go statement"
                    .into(),
            );
    }
}

/// `defer mu.Lock()` right behind `mu.Lock()` was meant to unlock; any deferred lock is left locked.
fn locking_at_the_end(pass: &mut Pass<'_>, call: &CallExpr) {
    let Some(f) = pass.callee(call) else { return };
    let is_lock =
        f.is_method("sync", "Mutex", &["Lock"]) || f.is_method("sync", "RWMutex", &["Lock", "RLock"]);
    if !is_lock {
        return;
    }
    let meant = f.name.replace("Lock", "Unlock");
    let (span, fun) = (call.span, call.fun.to_string());
    pass.report(
        Code::DeferredLock,
        span,
        format!("deferring {fun} locks when the function returns; was {meant} meant?"),
    );
}

/// `defer f(time.Since(start))`: the argument is evaluated now.
fn measured_too_early(pass: &mut Pass<'_>, call: &CallExpr) {
    struct Since<'a, 'w> {
        pass: &'a Pass<'w>,
        found: Vec<vo_syntax::source::Span>,
    }
    impl Visitor for Since<'_, '_> {
        fn visit_expr(&mut self, x: &Expr) {
            match x {
                Expr::FuncLit(_) => return,
                Expr::Call(c) if self.pass.callee(c).is_some_and(|f| f.is_func("time", &["Since"])) => {
                    self.found.push(c.span);
                }
                _ => {}
            }
            walk_expr(self, x);
        }
    }
    let mut since = Since { pass, found: Vec::new() };
    call.args.iter().for_each(|x| since.visit_expr(x));
    for span in since.found {
        pass.report(Code::DeferredTime, span, "call to time.Since is not deferred");
    }
}

const ADDS: &[&str] = &["AddInt32", "AddInt64", "AddUint32", "AddUint64", "AddUintptr"];

/// `x = atomic.AddInt64(&x, 1)`: the assignment is not atomic.
fn atomic_assigned(pass: &mut Pass<'_>, s: &AssignStmt) {
    if s.op != AssignOp::Assign || s.lhs.len() != s.rhs.len() {
        return;
    }
    for (left, right) in s.lhs.iter().zip(&s.rhs) {
        let Expr::Call(call) = right.unparen() else { continue };
        let Some(arg) = call.args.first() else { continue };
        if call.args.len() != 2 || !pass.callee(call).is_some_and(|f| f.is_func("sync/atomic", ADDS)) {
            continue;
        }
        let same = match (left.unparen(), arg.unparen()) {
            (left, Expr::Unary(u)) if u.op == UnaryOp::Addr => left.to_string() == u.x.to_string(),
            (Expr::Star(s), arg) => s.x.to_string() == arg.to_string(),
            _ => false,
        };
        if same {
            pass.report(Code::AtomicAssigned, left.span(), "direct assignment to atomic value");
        }
    }
}

/// Function literals that are started, or deferred, at the end of a loop's body and use its variables: all of
/// them see the last turn's.
fn captured(pass: &mut Pass<'_>, vars: &[ObjId], body: &Block) {
    let call = match body.stmts.last() {
        Some(Stmt::Go(s)) => &s.call,
        Some(Stmt::Defer(s)) => &s.call,
        _ => return,
    };
    let Expr::FuncLit(f) = call.fun.unparen() else { return };
    struct Uses<'a, 'w> {
        pass: &'a Pass<'w>,
        vars: &'a [ObjId],
        found: Vec<Ident>,
    }
    impl Visitor for Uses<'_, '_> {
        fn visit_ident(&mut self, name: &Ident) {
            if self.pass.world.info.use_of(name.id).is_some_and(|obj| self.vars.contains(&obj)) {
                self.found.push(*name);
            }
        }
    }
    let mut uses = Uses { pass, vars, found: Vec::new() };
    uses.visit_block(&f.body);
    for name in uses.found {
        pass.report(
            Code::LoopVariableCaptured,
            name.span,
            format!("loop variable {name} captured by func literal"),
        );
    }
}
