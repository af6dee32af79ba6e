//! `select`.
//!
//! All channel operands and values to send are evaluated once, in source order. One case with a default is a
//! trial without waiting; one case alone is the plain operation.

use vo_bytecode::operand::RegList;
use vo_bytecode::{Class, Inst, Reg};
use vo_syntax::ast::{self, AssignOp, CommClause, Expr, Node, Stmt, UnaryOp};
use vo_types::types::TypeId;

use super::{Lower, Value};
use crate::func::Label;

/// A communication, its operands evaluated.
enum Comm<'w> {
    Send { chan: Reg, words: Vec<u16> },
    Recv { chan: Reg, ty: TypeId, elem: TypeId, into: Option<&'w ast::AssignStmt> },
}

impl<'w> Lower<'_, 'w> {
    pub(super) fn select_stmt(&mut self, s: &'w ast::SelectStmt) {
        let default = s.cases.iter().find(|c| c.comm.is_none());
        let cases: Vec<&'w CommClause> = s.cases.iter().filter(|c| c.comm.is_some()).collect();
        let end = self.label();
        self.with_targets(s.id, end, None, |l| match (&cases[..], default) {
            ([], None) => l.wait_for_ever(),
            ([], Some(default)) => l.stmts(&default.body),
            ([case], None) => l.single_case(case),
            ([case], Some(default)) => l.try_case(case, default, end),
            (cases, default) => l.many_cases(cases, default, end),
        });
        self.bind(end);
    }

    fn wait_for_ever(&mut self) {
        let dst = self.tmp_int();
        self.emit(Inst::SelectBegin { n: 0 });
        self.emit(Inst::SelectExec { dst, default: 0 });
        self.emit(Inst::Unreachable {});
    }

    fn evaluated(&mut self, case: &'w CommClause) -> Comm<'w> {
        self.at(case.pos());
        match case.comm.as_ref().expect("internal error: no communication") {
            Stmt::Send(s) => {
                let ty = self.ty(&s.chan);
                let elem = self.chan_elem(ty);
                let chan = self.reg(&s.chan);
                let value = self.expr_as(&s.value, elem, None);
                let words = self.words(value, elem).iter().map(|r| r.0).collect();
                Comm::Send { chan, words }
            }
            Stmt::Expr(s) => self.evaluated_receive(&s.x, None),
            Stmt::Assign(s) => self.evaluated_receive(&s.rhs[0], Some(s)),
            _ => panic!("internal error: no communication"),
        }
    }

    fn evaluated_receive(&mut self, e: &'w Expr, into: Option<&'w ast::AssignStmt>) -> Comm<'w> {
        let Expr::Unary(x) = e.unparen() else { panic!("internal error: no receive") };
        debug_assert!(x.op == UnaryOp::Recv, "internal error: no receive");
        let ty = self.ty(&x.x);
        let chan = self.reg(&x.x);
        Comm::Recv { chan, ty, elem: self.chan_elem(ty), into }
    }

    fn single_case(&mut self, case: &'w CommClause) {
        self.scope(|l| {
            match l.evaluated(case) {
                Comm::Send { chan, words } => l.emit(Inst::ChanSend { chan, words: RegList(&words) }),
                Comm::Recv { chan, ty, elem, into } => {
                    let (words, list) = l.element_words(elem);
                    let ok = l.tmp_int();
                    l.emit_receive(ty, ok, &list, chan);
                    let value = l.received(&words, elem);
                    l.assign_received(into, value, elem, ok);
                }
            }
            l.stmts(&case.body);
        });
    }

    fn element_words(&mut self, elem: TypeId) -> (super::Regs, Vec<u16>) {
        let classes = self.classes(elem);
        let words = self.tmps(&classes);
        let list = words.iter().map(|r| r.0).collect();
        (words, list)
    }

    /// The assignment or definition of a receive case.
    fn assign_received(&mut self, into: Option<&'w ast::AssignStmt>, value: Value, elem: TypeId, ok: Reg) {
        let Some(s) = into else { return };
        let parts = [(value, elem), (Value::one(ok), TypeId::BOOL)];
        for (l, (value, from)) in s.lhs.iter().zip(parts) {
            let declared = l.as_ident().and_then(|name| self.world.info.def(name.id));
            match declared {
                Some(obj) if s.op == AssignOp::Define => {
                    let value = self.value_as(value, from, self.var_ty(obj));
                    self.declare_value(obj, value);
                }
                _ if l.is_blank() => {}
                _ => {
                    let target = self.target(l);
                    let value = self.value_as(value, from, self.ty(l));
                    self.write_target(&target, &value);
                }
            }
        }
    }

    fn try_case(&mut self, case: &'w CommClause, default: &'w CommClause, end: Label) {
        let not_ready = self.label();
        self.scope(|l| {
            match l.evaluated(case) {
                Comm::Send { chan, words } => {
                    let ok = l.tmp_int();
                    l.emit(Inst::ChanTrySend { ok, chan, words: RegList(&words) });
                    l.emit(Inst::JumpIfNot { a: ok, target: not_ready.0 });
                }
                Comm::Recv { chan, ty, elem, into } => {
                    let (words, list) = l.element_words(elem);
                    let (done, ok) = (l.tmp_int(), l.tmp_int());
                    let words_list = RegList(&list);
                    l.emit(match l.is_port(ty) {
                        true => Inst::PortTryRecv { done, ok, words: words_list, port: chan },
                        false => Inst::ChanTryRecv { done, ok, words: words_list, chan },
                    });
                    l.emit(Inst::JumpIfNot { a: done, target: not_ready.0 });
                    let value = l.received(&words, elem);
                    l.assign_received(into, value, elem, ok);
                }
            }
            l.stmts(&case.body);
        });
        self.jump(end);
        self.bind(not_ready);
        self.stmts(&default.body);
    }

    fn many_cases(&mut self, cases: &[&'w CommClause], default: Option<&'w CommClause>, end: Label) {
        let comms: Vec<Comm<'_>> = cases.iter().map(|c| self.evaluated(c)).collect();
        self.emit(Inst::SelectBegin { n: cases.len() as u16 });
        for (i, comm) in comms.iter().enumerate() {
            let index = i as u16;
            match comm {
                Comm::Send { chan, words } => {
                    self.emit(Inst::SelectSend { index, chan: *chan, words: RegList(words) });
                }
                Comm::Recv { chan, ty, elem, .. } => {
                    let n = self.classes(*elem).len() as u16;
                    self.emit(match self.is_port(*ty) {
                        true => Inst::SelectPort { index, port: *chan, n },
                        false => Inst::SelectRecv { index, chan: *chan, n },
                    });
                }
            }
        }
        let chosen = self.tmp(Class::Int);
        self.emit(Inst::SelectExec { dst: chosen, default: default.is_some() as u16 });
        let labels: Vec<Label> = cases.iter().map(|_| self.label()).collect();
        for (i, label) in labels.iter().enumerate().skip(1) {
            self.emit(Inst::JumpEqImm { a: chosen, imm: i as i32, target: label.0 });
        }
        if let Some(default) = default {
            self.emit(Inst::JumpEqImm { a: chosen, imm: 0, target: labels[0].0 });
            self.stmts(&default.body);
            self.jump(end);
        }
        for ((case, comm), label) in cases.iter().zip(comms).zip(labels) {
            self.bind(label);
            self.scope(|l| {
                if let Comm::Recv { elem, into, .. } = comm {
                    let (words, list) = l.element_words(elem);
                    let ok = l.tmp_int();
                    l.emit(Inst::SelectValue { ok, words: RegList(&list) });
                    let value = l.received(&words, elem);
                    l.assign_received(into, value, elem, ok);
                }
                l.stmts(&case.body);
            });
            self.jump(end);
        }
    }
}
