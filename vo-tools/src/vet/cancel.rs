//! Cancel functions that are lost: the context lives on until its parent ends.
//!
//! A variable that holds the cancel function of a context must be used on every way out of the function that
//! declares it. The ways are followed through the tree: a statement that mentions the variable, in whatever
//! manner, settles every way that goes through it.

use super::{Pass, for_each_function};
use vo_syntax::ast::*;
use vo_syntax::diag::Code;
use vo_syntax::source::Span;
use vo_types::ObjId;

const WITH: &[&str] = &[
    "WithCancel",
    "WithTimeout",
    "WithDeadline",
    "WithCancelCause",
    "WithTimeoutCause",
    "WithDeadlineCause",
];

pub(super) fn check(pass: &mut Pass<'_>, file: &File) {
    for_each_function(file, |_, body| {
        for lost in definitions(pass, &body.stmts) {
            examine(pass, body, lost);
        }
    });
}

/// `ctx, cancel := context.With…(…)`
struct Definition {
    /// The statement.
    stmt: NodeId,
    name: Ident,
    /// None for the blank identifier.
    cancel: Option<ObjId>,
    function: String,
}

/// All definitions in a function's body, those in literals inside apart.
fn definitions(pass: &Pass<'_>, stmts: &[Stmt]) -> Vec<Definition> {
    struct Find<'a, 'w> {
        pass: &'a Pass<'w>,
        found: Vec<Definition>,
    }
    impl Find<'_, '_> {
        fn note(&mut self, stmt: NodeId, targets: &[&Ident], values: &[Expr]) {
            let ([_, target], [Expr::Call(call)]) = (targets, values) else { return };
            let Some(f) = self.pass.callee(call).filter(|f| f.is_func("context", WITH)) else { return };
            let blank = target.name.is_blank();
            let cancel = self.pass.world.info.object_of(target.id);
            let local = cancel
                .is_some_and(|c| self.pass.world.object(c).var_kind() == Some(vo_types::VarKind::Local));
            if blank || local {
                let cancel = if blank { None } else { cancel };
                self.found.push(Definition { stmt, name: **target, cancel, function: f.name });
            }
        }
    }
    impl Visitor for Find<'_, '_> {
        fn visit_stmt(&mut self, stmt: &Stmt) {
            if let Stmt::Assign(s) = stmt {
                let targets: Vec<&Ident> = s.lhs.iter().filter_map(Expr::as_ident).collect();
                self.note(s.id, &targets, &s.rhs);
            }
            if let Stmt::Decl(d) = stmt
                && let Decl::Var(v) = &d.decl
            {
                for spec in &v.specs {
                    self.note(stmt.id(), &spec.names.iter().collect::<Vec<_>>(), &spec.values);
                }
            }
            walk_stmt(self, stmt);
        }
        fn visit_expr(&mut self, _x: &Expr) {}
    }
    let mut find = Find { pass, found: Vec::new() };
    stmts.iter().for_each(|s| find.visit_stmt(s));
    find.found
}

fn examine(pass: &mut Pass<'_>, body: &Block, lost: Definition) {
    let name = lost.name;
    let Some(cancel) = lost.cancel else {
        let message = format!(
            "the cancel function returned by context.{} should be called, not discarded, to avoid a context leak",
            lost.function
        );
        pass.report(Code::LostCancel, name.span, message);
        return;
    };
    let mut ways = Ways {
        pass,
        cancel,
        definition: lost.stmt,
        exits: Vec::new(),
        breaks: Vec::new(),
        unsure: false,
        lost: None,
    };
    let alive = ways.list(&body.stmts, false);
    if alive {
        ways.lose(Span::new(body.rbrace, body.rbrace.offset(1)));
    }
    let Some(exit) = ways.lost.filter(|_| !ways.unsure) else { return };
    let line = pass.line(name.span.start);
    let message = format!("the {name} function is not used on all paths (possible context leak)");
    pass.report(Code::LostCancel, name.span, message);
    let message =
        format!("this return statement may be reached without using the {name} var defined on line {line}");
    pass.report(Code::LostCancel, exit, message);
}

/// Follows the ways behind a definition. `true` means: some way that has not used the variable is here.
struct Ways<'a, 'w> {
    pass: &'a Pass<'w>,
    cancel: ObjId,
    definition: NodeId,
    exits: Vec<Span>,
    /// Statements that a way has broken out of without using the variable.
    breaks: Vec<NodeId>,
    /// Whether there are jumps that are not followed.
    unsure: bool,
    lost: Option<Span>,
}

impl Ways<'_, '_> {
    fn lose(&mut self, exit: Span) {
        self.exits.push(exit);
        self.lost.get_or_insert(exit);
    }

    fn list(&mut self, stmts: &[Stmt], mut alive: bool) -> bool {
        for stmt in stmts {
            alive = self.stmt(stmt, alive);
        }
        alive
    }

    fn uses(&self, visit: impl FnOnce(&mut Uses<'_, '_>)) -> bool {
        let mut uses = Uses { pass: self.pass, obj: self.cancel, found: false };
        visit(&mut uses);
        uses.found
    }

    fn stmt(&mut self, stmt: &Stmt, alive: bool) -> bool {
        if stmt.id() == self.definition {
            return true;
        }
        let uses_expr = |w: &Self, x: &Option<Expr>| w.uses(|u| x.iter().for_each(|x| u.visit_expr(x)));
        match stmt {
            Stmt::Block(b) => self.list(&b.stmts, alive),
            Stmt::Labeled(s) => self.stmt(&s.stmt, alive),
            Stmt::If(s) => {
                let mut alive = s.init.as_ref().map_or(alive, |init| self.stmt(init, alive));
                alive &= !self.uses(|u| u.visit_expr(&s.cond));
                let then = self.list(&s.then.stmts, alive);
                let els = s.els.as_ref().map_or(alive, |els| self.stmt(els, alive));
                then | els
            }
            Stmt::For(s) => {
                let mut alive = s.init.as_ref().map_or(alive, |init| self.stmt(init, alive));
                alive &= !uses_expr(self, &s.cond);
                let behind = self.list(&s.body.stmts, alive);
                let post = s.post.as_ref().is_some_and(|p| self.uses(|u| u.visit_stmt(p)));
                // A definition in the body is lost when the next turn begins, but that is not a return.
                let turns_end = s.cond.is_some() && (alive || behind && !post);
                turns_end | self.broken(stmt.id())
            }
            Stmt::Range(s) => {
                let alive = alive & !self.uses(|u| u.visit_expr(&s.x));
                let behind = self.list(&s.body.stmts, alive);
                alive | behind | self.broken(stmt.id())
            }
            Stmt::Switch(s) => {
                let mut alive = s.init.as_ref().map_or(alive, |init| self.stmt(init, alive));
                alive &= !uses_expr(self, &s.tag);
                self.cases(stmt.id(), &s.cases, alive)
            }
            Stmt::TypeSwitch(s) => {
                let mut alive = s.init.as_ref().map_or(alive, |init| self.stmt(init, alive));
                alive &= !self.uses(|u| u.visit_expr(&s.x));
                self.cases(stmt.id(), &s.cases, alive)
            }
            Stmt::Select(s) => {
                let mut behind = false;
                for case in &s.cases {
                    let used = case.comm.as_ref().is_some_and(|c| self.uses(|u| u.visit_stmt(c)));
                    behind |= self.list(&case.body, alive && !used);
                }
                behind | self.broken(stmt.id())
            }
            Stmt::Branch(b) => {
                match b.kind {
                    BranchKind::Goto => self.unsure = true,
                    BranchKind::Break if alive => self.breaks.extend(self.pass.world.info.jump_target(b.id)),
                    // The next turn, or the next case: what becomes of it shows there.
                    BranchKind::Continue => self.unsure |= alive,
                    _ => {}
                }
                b.kind == BranchKind::Fallthrough && alive
            }
            _ if self.uses(|u| u.visit_stmt(stmt)) => false,
            Stmt::Return(s) => {
                // A bare return gives a named result away.
                if alive {
                    self.lose(s.span);
                }
                false
            }
            Stmt::Fail(s) => {
                if alive {
                    self.lose(s.span);
                }
                false
            }
            Stmt::Expr(s) => alive && !super::flow::ends_all(self.pass, &s.x),
            _ => alive,
        }
    }

    fn cases(&mut self, id: NodeId, cases: &[CaseClause], alive: bool) -> bool {
        let mut behind = alive && !cases.iter().any(|c| c.is_default);
        let mut fallen = false;
        for case in cases {
            let used = self.uses(|u| case.exprs.iter().for_each(|x| u.visit_expr(x)));
            let end = self.list(&case.body, alive && !used || fallen);
            let falls =
                matches!(case.body.last(), Some(Stmt::Branch(b)) if b.kind == BranchKind::Fallthrough);
            fallen = falls && end;
            behind |= end && !falls;
        }
        behind | self.broken(id)
    }

    fn broken(&mut self, id: NodeId) -> bool {
        self.breaks.contains(&id)
    }
}

struct Uses<'a, 'w> {
    pass: &'a Pass<'w>,
    obj: ObjId,
    found: bool,
}

impl Visitor for Uses<'_, '_> {
    fn visit_ident(&mut self, name: &Ident) {
        self.found |= self.pass.world.info.use_of(name.id) == Some(self.obj);
    }
}
