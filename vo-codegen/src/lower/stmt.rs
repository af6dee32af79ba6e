//! Statements: blocks, branches, loops, returns.

use vo_bytecode::{Inst, Reg};
use vo_syntax::ast::{self, AssignOp, BranchKind, Decl, Expr, Node, NodeId, Stmt};
use vo_syntax::source::Pos;
use vo_types::object::ObjId;
use vo_types::version::LOOP_VARIABLES;

use super::{Lower, Place, Storage, Targets, Value};
use crate::func::Label;

impl<'w> Lower<'_, 'w> {
    /// A block: variables declared in it give their registers back at its end.
    pub(super) fn block(&mut self, block: &'w ast::Block) {
        self.stmts(&block.stmts);
    }

    pub(super) fn stmts(&mut self, stmts: &'w [Stmt]) {
        self.scope(|l| stmts.iter().for_each(|s| l.stmt(s)));
    }

    /// Runs `body`; variables declared in it give their registers and slots back.
    pub(super) fn scope<R>(&mut self, body: impl FnOnce(&mut Self) -> R) -> R {
        let (vars, slots) = (self.f.regs.vars(), self.f.slot_mark());
        let result = body(self);
        self.f.regs.release_vars(vars);
        self.f.release_slots(slots);
        result
    }

    /// One statement.
    pub(super) fn stmt(&mut self, s: &'w Stmt) {
        let scratch = self.f.scratch_mark();
        self.at(s.pos());
        self.scoped(|l| l.stmt_inner(s));
        self.f.release_scratch(scratch);
    }

    fn stmt_inner(&mut self, s: &'w Stmt) {
        match s {
            Stmt::Empty(_) => {}
            Stmt::Decl(s) => self.local_decl(&s.decl),
            Stmt::Labeled(s) => self.labeled(s),
            Stmt::Expr(s) => self.effect(&s.x),
            Stmt::Send(s) => self.send_stmt(s),
            Stmt::IncDec(s) => self.inc_dec(s),
            Stmt::Assign(s) => self.assign_stmt(s),
            Stmt::Go(s) => self.go_stmt(s),
            Stmt::Defer(s) => self.defer_stmt(s),
            Stmt::Return(s) => self.return_stmt(s),
            Stmt::Branch(s) => self.branch_stmt(s),
            Stmt::Block(s) => self.block(s),
            Stmt::If(s) => self.if_stmt(s),
            Stmt::Switch(s) => self.switch_stmt(s),
            Stmt::TypeSwitch(s) => self.type_switch_stmt(s),
            Stmt::Select(s) => self.select_stmt(s),
            Stmt::For(s) => self.for_stmt(s),
            Stmt::Range(s) => self.range_stmt(s),
            Stmt::ErrDefer(s) => self.errdefer_stmt(s),
            Stmt::Fail(s) => self.fail_stmt(s),
            Stmt::Bad(_) => panic!("internal error: a bad statement was compiled"),
        }
    }

    fn local_decl(&mut self, decl: &'w Decl) {
        if let Decl::Var(d) = decl {
            d.specs.iter().for_each(|spec| self.var_spec(spec));
        }
    }

    // ---- labels and branches --------------------------------------------------------------------

    fn goto_label(&mut self, stmt: NodeId) -> Label {
        if let Some(&label) = self.gotos.get(&stmt) {
            return label;
        }
        let label = self.label();
        self.gotos.insert(stmt, label);
        label
    }

    fn labeled(&mut self, s: &'w ast::LabeledStmt) {
        let label = self.goto_label(s.id);
        if self.facts.goto_back.contains(&s.id) {
            self.f.expect_jump(label);
            self.loop_head(label);
        } else {
            self.bind(label);
        }
        self.stmt(&s.stmt);
    }

    fn branch_stmt(&mut self, s: &'w ast::BranchStmt) {
        if s.kind == BranchKind::Fallthrough {
            let next = self.fallthrough.expect("internal error: fallthrough out of place");
            return self.jump(next);
        }
        let target = self.world.info.jump_target(s.id).expect("internal error: branch without target");
        self.branch_to(s.kind, target);
    }

    /// Goes to a statement's label, or to the end or the next turn of one.
    pub(super) fn branch_to(&mut self, kind: BranchKind, target: NodeId) {
        if self.branch_out(kind, target) {
            return;
        }
        if kind == BranchKind::Goto {
            let label = self.goto_label(target);
            return self.jump(label);
        }
        let targets = *self.targets.get(&target).expect("internal error: branch to nowhere");
        match kind {
            BranchKind::Break => self.jump(targets.break_),
            _ => self.jump(targets.continue_.expect("internal error: continue of no loop")),
        }
    }

    /// Makes a statement one that `break` and `continue` can name.
    pub(super) fn with_targets(
        &mut self,
        stmt: NodeId,
        break_: Label,
        continue_: Option<Label>,
        body: impl FnOnce(&mut Self),
    ) {
        self.targets.insert(stmt, Targets { break_, continue_ });
        body(self);
        self.targets.remove(&stmt);
    }

    // ---- if and for -------------------------------------------------------------------------------

    fn if_stmt(&mut self, s: &'w ast::IfStmt) {
        // `else if` chains are as long as people make them: no recursion along them.
        let end = self.label();
        let (vars, slots) = (self.f.regs.vars(), self.f.slot_mark());
        let mut at = Some(s);
        while let Some(s) = at.take() {
            if let Some(init) = &s.init {
                self.stmt(init);
            }
            self.at(s.cond.pos());
            let (yes, no) = (self.label(), self.label());
            self.scoped(|l| l.cond(&s.cond, yes, no, true));
            self.bind(yes);
            self.block(&s.then);
            if s.els.is_some() {
                self.jump(end);
            }
            self.bind(no);
            match &s.els {
                Some(Stmt::If(next)) => at = Some(next),
                Some(els) => self.stmt(els),
                None => {}
            }
        }
        self.bind(end);
        self.f.regs.release_vars(vars);
        self.f.release_slots(slots);
    }

    /// The loop's condition stands at the bottom, so that a turn makes one jump.
    fn for_stmt(&mut self, s: &'w ast::ForStmt) {
        self.scope(|l| {
            if let Some(init) = &s.init {
                l.stmt(init);
            }
            let boxed = l.boxed_loop_vars(s);
            let (body, next, test, end) = (l.label(), l.label(), l.label(), l.label());
            let endless = s.cond.is_none();
            if l.f.is_live() {
                l.f.expect_jump(body);
            }
            if !endless {
                l.jump(test);
            }
            l.loop_depth += 1;
            l.loop_head(body);
            l.with_targets(s.id, end, Some(next), |l| l.block(&s.body));
            l.bind(next);
            boxed.into_iter().for_each(|obj| l.renew_box(obj));
            if let Some(post) = &s.post {
                l.stmt(post);
            }
            l.bind(test);
            match &s.cond {
                Some(cond) => {
                    l.at(cond.pos());
                    l.scoped(|l| l.cond(cond, body, end, false));
                }
                None => l.jump(body),
            }
            l.loop_depth -= 1;
            l.bind(end);
        });
    }

    /// Whether every turn of a loop has variables of its own, as the language version has it.
    pub(super) fn own_loop_variables(&self, pos: Pos) -> bool {
        self.world.language_version(pos) >= LOOP_VARIABLES
    }

    /// Loop variables that every turn has its own box of.
    fn boxed_loop_vars(&mut self, s: &'w ast::ForStmt) -> Vec<ObjId> {
        let Some(Stmt::Assign(init)) = &s.init else { return Vec::new() };
        if !self.own_loop_variables(s.span.start) {
            return Vec::new();
        }
        if init.op != AssignOp::Define {
            return Vec::new();
        }
        let defs = init.lhs.iter().filter_map(Expr::as_ident);
        let objs: Vec<ObjId> = defs.filter_map(|n| self.world.info.def(n.id)).collect();
        objs.into_iter().filter(|&obj| self.needs_box(obj)).collect()
    }

    /// Puts a variable into a new box with the same value.
    fn renew_box(&mut self, obj: ObjId) {
        let ty = self.var_ty(obj);
        let Storage::Place(place) = self.storage(obj) else { return };
        let ptr: Reg = place.as_ptr().expect("internal error: a box without pointer");
        self.scoped(|l| {
            let dst = l.tmp(vo_bytecode::Class::Ptr);
            let desc = l.desc(ty);
            l.emit(Inst::New { dst, ty: desc });
            l.emit(Inst::CopyMem { dst, src: ptr, ty: desc });
            l.mov(ptr, dst);
        });
    }

    // ---- return -------------------------------------------------------------------------------------

    fn return_stmt(&mut self, s: &'w ast::ReturnStmt) {
        if self.return_from_range(s) {
            return;
        }
        let types = self.results.types.clone();
        match &s.results[..] {
            [] => self.leave(),
            [one] if types.len() == 1 && self.stores_results() => {
                if let Storage::Regs(regs) = self.results.vars[0].clone() {
                    self.expr_to(one, types[0], &regs, false);
                    return self.leave();
                }
                let value = self.expr_as(one, types[0], None);
                self.return_values(vec![value]);
            }
            _ => {
                let values = self.returned_values(s);
                self.return_values(values);
            }
        }
    }

    /// The values of a `return`, converted to the types of the results.
    pub(super) fn returned_values(&mut self, s: &'w ast::ReturnStmt) -> Vec<Value> {
        let types = self.results.types.clone();
        if let [call] = &s.results[..]
            && types.len() != 1
        {
            let (values, from) = self.tuple_values(call);
            let values = values.into_iter().zip(from).zip(&types);
            return values.map(|((v, from), &to)| self.value_as(v, from, to)).collect();
        }
        let values = self.operands(&s.results, &types);
        s.results.iter().zip(values).map(|(e, value)| self.given_away(e, value)).collect()
    }

    /// A local variable in a box of its own is handed on as it is when the function ends.
    fn given_away(&mut self, e: &'w Expr, value: Value) -> Value {
        let Value::Mem { place, owned: false } = value else { return value };
        let own = self.ident_obj(e).is_some_and(|obj| {
            let facts = self.facts.var(obj);
            let same = |p: &Place| p.as_ptr().is_some() && p.as_ptr() == place.as_ptr();
            !facts.captured
                && !facts.address_taken
                && matches!(self.vars.get(&obj), Some(Storage::Place(p)) if same(p))
        });
        Value::Mem { place, owned: own && self.defers.is_none() }
    }

    // ---- send -----------------------------------------------------------------------------------------

    fn send_stmt(&mut self, s: &'w ast::SendStmt) {
        let ty = self.ty(&s.chan);
        let elem = self.chan_elem(ty);
        let chan = self.reg(&s.chan);
        let value = self.expr_as(&s.value, elem, None);
        let words: Vec<u16> = self.words(value, elem).iter().map(|r| r.0).collect();
        self.emit_send(ty, chan, &words);
    }
}
