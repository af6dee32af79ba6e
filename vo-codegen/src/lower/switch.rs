//! Expression switches and type switches.
//!
//! A switch over integers whose cases are dense constants becomes a jump table; everything else compares
//! from top to bottom. The tag is evaluated once.

use vo_bytecode::operand::LabelList;
use vo_bytecode::{Class, Inst, Reg};
use vo_syntax::ast::{self, CaseClause, Expr, Node};
use vo_types::types::TypeId;

use super::{Lower, Regs, Value};
use crate::func::Label;

/// Fewer cases than this are compared one by one.
const MIN_TABLE: usize = 4;

impl<'w> Lower<'_, 'w> {
    pub(super) fn switch_stmt(&mut self, s: &'w ast::SwitchStmt) {
        self.scope(|l| {
            if let Some(init) = &s.init {
                l.stmt(init);
            }
            let end = l.label();
            let bodies: Vec<Label> = s.cases.iter().map(|_| l.label()).collect();
            let default = s.cases.iter().position(|c| c.is_default).map_or(end, |i| bodies[i]);
            l.scoped(|l| match &s.tag {
                None => l.condition_cases(&s.cases, &bodies, default),
                Some(tag) => l.tag_cases(tag, &s.cases, &bodies, default),
            });
            l.with_targets(s.id, end, None, |l| l.case_bodies(&s.cases, &bodies, end));
            l.bind(end);
        });
    }

    fn case_bodies(&mut self, cases: &'w [CaseClause], bodies: &[Label], end: Label) {
        let outer = self.fallthrough;
        for (i, case) in cases.iter().enumerate() {
            self.bind(bodies[i]);
            self.fallthrough = bodies.get(i + 1).copied();
            self.stmts(&case.body);
            self.jump(end);
        }
        self.fallthrough = outer;
    }

    /// `switch { case a < b: … }`
    fn condition_cases(&mut self, cases: &'w [CaseClause], bodies: &[Label], default: Label) {
        for (case, &body) in cases.iter().zip(bodies) {
            for e in &case.exprs {
                self.at(e.pos());
                let next = self.label();
                self.scoped(|l| l.cond(e, body, next, false));
                self.bind(next);
            }
        }
        self.jump(default);
    }

    fn tag_cases(&mut self, tag: &'w Expr, cases: &'w [CaseClause], bodies: &[Label], default: Label) {
        let ty = self.ty(tag);
        // The clauses may assign variables that the tag is read from, but only after the choice.
        let value = match cases.iter().flat_map(|c| &c.exprs).all(|e| self.constant(e).is_some()) {
            true => self.glance(tag, ty),
            false => self.expr_as(tag, ty, None),
        };
        if let Some(table) = self.table(ty, cases, bodies) {
            return self.jump_table(&value.regs(), table, default);
        }
        for (case, &body) in cases.iter().zip(bodies) {
            for e in &case.exprs {
                self.at(e.pos());
                let next = self.label();
                self.scoped(|l| l.case_branch(&value, ty, e, body, next));
                self.bind(next);
            }
        }
        self.jump(default);
    }

    /// Goes to `body` where the tag equals the case, else on to `next`, which is bound behind.
    fn case_branch(&mut self, tag: &Value, ty: TypeId, e: &'w Expr, body: Label, next: Label) {
        if self.is_nil(e) {
            if let Value::Regs(regs) = tag {
                self.emit(Inst::JumpEqImm { a: regs[0], imm: 0, target: body.0 });
            }
            return;
        }
        let case_ty = self.ty(e);
        if let Some(basic) = self.basic(ty)
            && (basic.is_integer() || basic.is_boolean())
            && let Some(c) = self.constant(e)
            && let Some(imm) = crate::consts::as_int(c, basic).and_then(|v| i32::try_from(v).ok())
            && let Value::Regs(regs) = tag
        {
            return self.emit(Inst::JumpEqImm { a: regs[0], imm, target: body.0 });
        }
        match (self.is_interface(ty), self.is_interface(case_ty)) {
            (true, false) | (false, true) => self.mixed_case(tag, ty, e, case_ty, body, next),
            _ => {
                let value = self.expr_as(e, ty, None);
                self.equal_branch(ty, tag, &value, body, next, false);
            }
        }
    }

    fn mixed_case(
        &mut self,
        tag: &Value,
        ty: TypeId,
        e: &'w Expr,
        case_ty: TypeId,
        body: Label,
        next: Label,
    ) {
        let case = self.expr(e, None);
        let (iface, value, concrete) = match self.is_interface(ty) {
            true => (tag.clone().regs(), case, case_ty),
            false => (case.regs(), tag.clone(), ty),
        };
        let word = self.type_word(concrete);
        self.emit(Inst::JumpNe { a: iface[0], b: word, target: next.0 });
        let held = self.unbox(iface[1], concrete, None);
        self.equal_branch(concrete, &held, &value, body, next, false);
    }

    /// Values and labels of a switch whose cases are integer constants close to each other.
    fn table(&mut self, ty: TypeId, cases: &'w [CaseClause], bodies: &[Label]) -> Option<Vec<(i64, Label)>> {
        let basic = self.basic(ty).filter(|b| b.is_integer())?;
        let mut entries = Vec::new();
        for (case, &body) in cases.iter().zip(bodies) {
            for e in &case.exprs {
                entries.push((crate::consts::as_int(self.constant(e)?, basic)?, body));
            }
        }
        if entries.len() < MIN_TABLE {
            return None;
        }
        let (min, max) = (entries.iter().map(|e| e.0).min()?, entries.iter().map(|e| e.0).max()?);
        let span = max.checked_sub(min)?;
        (span < 4 * entries.len() as i64 && i32::try_from(min.checked_neg()?).is_ok()).then_some(entries)
    }

    fn jump_table(&mut self, tag: &Regs, entries: Vec<(i64, Label)>, default: Label) {
        let min = entries.iter().map(|e| e.0).min().unwrap_or(0);
        let max = entries.iter().map(|e| e.0).max().unwrap_or(0);
        let mut targets = vec![default; (max - min) as usize + 1];
        // Of equal cases the first counts; the checker has refused them anyway.
        for &(value, label) in entries.iter().rev() {
            targets[(value - min) as usize] = label;
        }
        let units: Vec<u16> = targets.iter().flat_map(|l| [l.0 as u16, (l.0 >> 16) as u16]).collect();
        let a = match min {
            0 => tag[0],
            _ => {
                let dst = self.tmp_int();
                self.emit(Inst::AddImm { dst, a: tag[0], imm: -min as i32 });
                dst
            }
        };
        self.emit(Inst::JumpTable { a, default: default.0, targets: LabelList(&units) });
    }

    // ---- type switches ------------------------------------------------------------------------------

    pub(super) fn type_switch_stmt(&mut self, s: &'w ast::TypeSwitchStmt) {
        self.scope(|l| {
            if let Some(init) = &s.init {
                l.stmt(init);
            }
            let ty = l.ty(&s.x);
            let value = l.expr(&s.x, None).regs();
            // The clauses may assign the variable that is switched on.
            let iface: Regs = l.kept_words(&value);
            let end = l.label();
            let bodies: Vec<Label> = s.cases.iter().map(|_| l.label()).collect();
            let default = s.cases.iter().position(|c| c.is_default).map_or(end, |i| bodies[i]);
            for (case, &body) in s.cases.iter().zip(&bodies) {
                for e in &case.exprs {
                    l.scoped(|l| l.type_case(iface[0], e, body));
                }
            }
            l.jump(default);
            l.with_targets(s.id, end, None, |l| {
                for (case, &body) in s.cases.iter().zip(&bodies) {
                    l.bind(body);
                    l.scope(|l| {
                        l.bind_case(case, &iface, ty);
                        l.stmts(&case.body);
                    });
                    l.jump(end);
                }
            });
            l.bind(end);
        });
    }

    fn kept_words(&mut self, value: &Regs) -> Regs {
        let kept = [self.f.regs.var(Class::Int), self.f.regs.var(Class::Any)];
        self.moves(&kept, value);
        Regs::from_slice(&kept)
    }

    fn type_case(&mut self, word: Reg, e: &'w Expr, body: Label) {
        self.at(e.pos());
        if self.is_nil(e) {
            return self.emit(Inst::JumpEqImm { a: word, imm: 0, target: body.0 });
        }
        let ty = self.ty(e);
        self.type_hit(word, ty, body);
    }

    /// The variable that a clause declares: of the clause's type if it names just one.
    fn bind_case(&mut self, case: &'w CaseClause, iface: &Regs, ty: TypeId) {
        let Some(obj) = self.world.info.implicit(case.id) else { return };
        let var_ty = self.var_ty(obj);
        self.scoped(|l| {
            let value = match l.is_interface(var_ty) || l.world.identical(var_ty, ty) {
                true => Value::Regs(iface.clone()),
                false => l.unbox(iface[1], var_ty, None),
            };
            l.declare_value(obj, value);
        });
    }
}
