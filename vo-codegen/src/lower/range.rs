//! `for … range`: over integers, strings, slices, arrays, pointers to arrays, maps, channels.
//!
//! The range expression is evaluated once. Every turn has variables of its own; those of the loop itself
//! (index, length, base) are hidden from the program.

use vo_bytecode::{Class, Inst, Reg};
use vo_syntax::ast::{self, Expr, Node};
use vo_types::types::{Basic, Type, TypeId};

use super::{Len, Lower, Place, Regs, Value};
use crate::func::Label;

/// Labels of a loop.
struct Loop {
    body: Label,
    next: Label,
    test: Label,
    end: Label,
}

impl<'w> Lower<'_, 'w> {
    pub(super) fn range_stmt(&mut self, s: &'w ast::RangeStmt) {
        let ty = self.ty(&s.x);
        if s.define && !self.own_loop_variables(s.span.start) {
            return self.scope(|l| {
                l.declare_shared(s);
                l.range_over(s, ty);
            });
        }
        self.range_over(s, ty);
    }

    /// Declares the variables that all turns share.
    fn declare_shared(&mut self, s: &'w ast::RangeStmt) {
        for e in s.key.iter().chain(&s.value) {
            if let Some(obj) = e.as_ident().and_then(|n| self.world.info.def(n.id)) {
                let ty = self.var_ty(obj);
                let zero = self.zero(ty, None);
                self.declare_value(obj, zero);
            }
        }
    }

    fn range_over(&mut self, s: &'w ast::RangeStmt, ty: TypeId) {
        self.scope(|l| match *l.under(ty) {
            Type::Basic(b) if b.is_string() => l.range_string(s),
            Type::Basic(b) => l.range_int(s, ty, b),
            Type::Slice(elem) => l.range_slice(s, elem),
            Type::Array { len, elem } => l.range_array(s, ty, len, elem),
            Type::Pointer(array) => {
                let Type::Array { len, elem } = *l.under(array) else {
                    panic!("internal error: range over a pointer that is none to an array")
                };
                l.range_array_ptr(s, len, elem)
            }
            Type::Map { key, value } => l.range_map(s, ty, key, value),
            Type::Chan { elem, .. } | Type::Port { elem, .. } => l.range_chan(s, elem),
            Type::Signature(_) => l.range_func(s),
            _ => panic!("internal error: no range over {}", l.world.runtime_type_string(ty)),
        });
    }

    fn new_loop(&mut self) -> Loop {
        Loop { body: self.label(), next: self.label(), test: self.label(), end: self.label() }
    }

    /// Begins a loop whose test is at the bottom.
    fn enter(&mut self, lp: &Loop) {
        if self.f.is_live() {
            self.f.expect_jump(lp.body);
        }
        self.jump(lp.test);
        self.loop_depth += 1;
        self.loop_head(lp.body);
    }

    fn leave_loop(&mut self, lp: &Loop) {
        self.loop_depth -= 1;
        self.bind(lp.end);
    }

    /// The body of a turn, with the variables set.
    fn turn(&mut self, s: &'w ast::RangeStmt, lp: &Loop) {
        self.with_targets(s.id, lp.end, Some(lp.next), |l| l.block(&s.body));
    }

    fn var(&mut self, class: Class) -> Reg {
        self.f.regs.var(class)
    }

    fn kept(&mut self, regs: &[Reg]) -> Regs {
        let classes: Vec<Class> = regs.iter().map(|&r| self.f.regs.class(r)).collect();
        let vars: Regs = classes.into_iter().map(|c| self.var(c)).collect();
        self.moves(&vars, regs);
        vars
    }

    /// Gives the iteration variable on the left of `range` a value.
    pub(super) fn set_range_var(
        &mut self,
        s: &'w ast::RangeStmt,
        e: Option<&'w Expr>,
        value: Value,
        from: TypeId,
    ) {
        let Some(e) = e else { return };
        if e.is_blank() {
            return;
        }
        if s.define && self.own_loop_variables(s.span.start) {
            if let Some(obj) = e.as_ident().and_then(|n| self.world.info.def(n.id)) {
                let value = self.value_as(value, from, self.var_ty(obj));
                self.declare_value(obj, value);
            }
            return;
        }
        let target = self.target(e);
        let value = self.value_as(value, from, self.ty(e));
        self.write_target(&target, &value);
    }

    fn wants(e: Option<&'w Expr>) -> bool {
        e.is_some_and(|e| !e.is_blank())
    }

    /// A key that only reads the hidden index may be the hidden index itself.
    fn index_var(&mut self, s: &'w ast::RangeStmt, e: Option<&'w Expr>, index: Reg, ty: TypeId) {
        if s.define
            && let Some(obj) = e.and_then(|e| e.as_ident()).and_then(|n| self.world.info.def(n.id))
            && !self.facts.var(obj).assigned
            && !self.needs_box(obj)
            && self.own_loop_variables(s.span.start)
            && self.world.identical(self.var_ty(obj), ty)
        {
            self.vars.insert(obj, super::Storage::Regs(Regs::from_slice(&[index])));
            return;
        }
        self.set_range_var(s, e, Value::one(index), ty);
    }

    /// Counts `index` from 0 to `len`.
    fn counted(
        &mut self,
        s: &'w ast::RangeStmt,
        index: Reg,
        len: Reg,
        basic: Basic,
        set: impl FnOnce(&mut Self),
    ) {
        let lp = self.new_loop();
        self.emit(Inst::Zero { dst: index });
        self.enter(&lp);
        self.scope(|l| {
            l.scoped(set);
            l.turn(s, &lp);
        });
        self.bind(lp.next);
        self.at(s.pos());
        self.emit(Inst::AddImm { dst: index, a: index, imm: 1 });
        self.bind(lp.test);
        match basic.is_unsigned() {
            true => self.emit(Inst::JumpLtU { a: index, b: len, target: lp.body.0 }),
            false => self.emit(Inst::JumpLtS { a: index, b: len, target: lp.body.0 }),
        }
        self.leave_loop(&lp);
    }

    fn range_int(&mut self, s: &'w ast::RangeStmt, ty: TypeId, basic: Basic) {
        // `for i := range 10`: the constant has the variable's type.
        let ty = match (&s.key, self.world.is_untyped(ty)) {
            (Some(key), true) => self.key_type(s, key),
            (None, true) => TypeId::INT,
            _ => ty,
        };
        let basic = self.basic(ty).unwrap_or(basic);
        let index = self.var(Class::Int);
        let n = self.expr_as(&s.x, ty, None).regs();
        let len = self.kept(&n)[0];
        self.counted(s, index, len, basic, |l| l.index_var(s, s.key.as_ref(), index, ty));
    }

    fn key_type(&self, s: &'w ast::RangeStmt, key: &'w Expr) -> TypeId {
        let def = key.as_ident().and_then(|n| self.world.info.def(n.id)).filter(|_| s.define);
        match def {
            Some(obj) => self.var_ty(obj),
            None if key.is_blank() => TypeId::INT,
            None => self.ty(key),
        }
    }

    fn range_slice(&mut self, s: &'w ast::RangeStmt, elem: TypeId) {
        let slice = self.head(&s.x, 2);
        if self.only_clears(s, elem) {
            let ty = self.desc(elem);
            return self.emit(Inst::SliceClear { ap: slice[0], al: slice[1], ty });
        }
        let index = self.var(Class::Int);
        let kept = self.kept(&slice);
        let size = self.size(elem);
        let place = Place::at(kept[0]).element(index, Len::Reg(kept[1]), size);
        self.range_elements(s, index, kept[1], place, elem);
    }

    /// Whether the loop is `for i := range a { a[i] = zero }`, with a variable `a`.
    fn only_clears(&self, s: &'w ast::RangeStmt, elem: TypeId) -> bool {
        let [ast::Stmt::Assign(body)] = &s.body.stmts[..] else { return false };
        let ([Expr::Index(to)], [zero]) = (&body.lhs[..], &body.rhs[..]) else { return false };
        let index = s.key.as_ref().and_then(|key| self.ident_obj(key));
        let slice = self.ident_obj(&s.x);
        s.define
            && s.value.is_none()
            && body.op == ast::AssignOp::Assign
            && index.is_some()
            && slice.is_some()
            && self.ident_obj(&to.x) == slice
            && matches!(&to.indices[..], [i] if self.ident_obj(i) == index)
            && self.is_zero(zero)
            && (self.is_nil(zero) || self.world.identical(self.ty(zero), elem))
    }

    fn range_elements(&mut self, s: &'w ast::RangeStmt, index: Reg, len: Reg, place: Place, elem: TypeId) {
        self.counted(s, index, len, Basic::Int, |l| {
            if l.load_range_var(s, &place, elem) {
                l.index_var(s, s.key.as_ref(), index, TypeId::INT);
            } else if Self::wants(s.value.as_ref()) {
                let value = l.load_value(place, elem, None);
                // Both are assigned at once: the value is read before the key is written.
                l.set_key_and_value(s, index, value, elem);
            } else {
                l.index_var(s, s.key.as_ref(), index, TypeId::INT);
            }
        });
    }

    /// Reads an element into the registers of the variable that the turn declares for it.
    fn load_range_var(&mut self, s: &'w ast::RangeStmt, place: &Place, elem: TypeId) -> bool {
        let name = s.value.as_ref().filter(|e| s.define && !e.is_blank()).and_then(|e| e.as_ident());
        let Some(obj) = name.and_then(|n| self.world.info.def(n.id)) else { return false };
        let same = self.world.identical(self.var_ty(obj), elem);
        if !same || self.leaves(elem).is_none() || self.needs_box(obj) {
            return false;
        }
        let regs = self.var_regs(elem);
        self.load(place, elem, &regs);
        self.vars.insert(obj, super::Storage::Regs(regs));
        true
    }

    fn set_key_and_value(&mut self, s: &'w ast::RangeStmt, index: Reg, value: Value, elem: TypeId) {
        if s.define {
            self.set_range_var(s, s.value.as_ref(), value, elem);
            return self.index_var(s, s.key.as_ref(), index, TypeId::INT);
        }
        self.assign_turn(s, Value::one(index), TypeId::INT, value, elem);
    }

    /// `for a, b = range …`: both are assigned at once.
    fn assign_turn(&mut self, s: &'w ast::RangeStmt, key: Value, key_ty: TypeId, value: Value, elem: TypeId) {
        let exprs: Vec<&'w Expr> = s.key.iter().chain(&s.value).collect();
        let targets = exprs.iter().map(|e| self.target(e)).collect();
        self.assign_computed(targets, vec![key, value], &[key_ty, elem]);
    }

    /// Over an array: over a copy if the elements are asked for.
    fn range_array(&mut self, s: &'w ast::RangeStmt, ty: TypeId, len: i64, elem: TypeId) {
        let index = self.var(Class::Int);
        if !Self::wants(s.value.as_ref()) || len == 0 {
            if !self.is_plain(&s.x) {
                self.expr(&s.x, None);
            }
            let n = self.var(Class::Int);
            self.int(n, len);
            return self
                .counted(s, index, n, Basic::Int, |l| l.index_var(s, s.key.as_ref(), index, TypeId::INT));
        }
        let value = self.expr(&s.x, None);
        let base = match self.is_unwritten(&s.x) {
            Some(place) => place,
            None => {
                let ptr = self.own(value, ty);
                Place::owned(self.kept(&[ptr])[0])
            }
        };
        let n = self.var(Class::Int);
        self.int(n, len);
        let size = self.size(elem);
        let place = base.element(index, Len::Reg(n), size);
        self.range_elements(s, index, n, place, elem);
    }

    /// Whether evaluating the expression has no effect.
    fn is_plain(&self, e: &'w Expr) -> bool {
        match e.unparen() {
            Expr::Ident(_) => true,
            Expr::Selector(x) => self.is_plain(&x.x),
            _ => false,
        }
    }

    /// The place of a local variable that is never assigned: ranging over it needs no copy.
    fn is_unwritten(&mut self, e: &'w Expr) -> Option<Place> {
        let obj = self.ident_obj(e)?;
        let facts = self.facts.var(obj);
        match self.vars.get(&obj) {
            Some(super::Storage::Place(place)) if !facts.assigned && !facts.address_taken => {
                Some(place.clone())
            }
            _ => None,
        }
    }

    fn range_array_ptr(&mut self, s: &'w ast::RangeStmt, len: i64, elem: TypeId) {
        let index = self.var(Class::Int);
        let ptr = self.reg(&s.x);
        let base = self.kept(&[ptr])[0];
        let n = self.var(Class::Int);
        self.int(n, len);
        let size = self.size(elem);
        if Self::wants(s.value.as_ref()) && len > 0 {
            self.emit(Inst::NilCheck { ptr: base });
        }
        let place = Place::owned(base).element(index, Len::Reg(n), size);
        self.range_elements(s, index, n, place, elem);
    }

    fn range_string(&mut self, s: &'w ast::RangeStmt) {
        let text = self.regs(&s.x);
        let text = self.kept(&text);
        let (index, width, rune) = (self.var(Class::Int), self.var(Class::Int), self.var(Class::Int));
        let lp = self.new_loop();
        self.emit(Inst::Zero { dst: index });
        self.enter(&lp);
        self.emit(Inst::StrRune { rune, width, ap: text[0], al: text[1], index });
        self.scope(|l| {
            l.scoped(|l| {
                if Self::wants(s.value.as_ref()) {
                    l.set_key_and_value(s, index, Value::one(rune), TypeId::RUNE);
                } else {
                    l.index_var(s, s.key.as_ref(), index, TypeId::INT);
                }
            });
            l.turn(s, &lp);
        });
        self.bind(lp.next);
        self.at(s.pos());
        self.emit(Inst::AddI64 { dst: index, a: index, b: width });
        self.bind(lp.test);
        self.emit(Inst::JumpLtS { a: index, b: text[1], target: lp.body.0 });
        self.leave_loop(&lp);
    }

    fn range_map(&mut self, s: &'w ast::RangeStmt, ty: TypeId, key: TypeId, elem: TypeId) {
        let map = self.reg(&s.x);
        let iter = self.var(Class::Ptr);
        let desc = self.desc(ty);
        self.emit(Inst::MapIter { dst: iter, map, ty: desc });
        let (kp, ep) = (self.var(Class::Ptr), self.var(Class::Ptr));
        let lp = self.new_loop();
        self.enter(&lp);
        self.scope(|l| {
            l.scoped(|l| {
                let key_value = Self::wants(s.key.as_ref()).then(|| l.copied_element(kp, key));
                let elem_value = Self::wants(s.value.as_ref()).then(|| l.copied_element(ep, elem));
                if let (false, Some(k), Some(v)) = (s.define, &key_value, &elem_value) {
                    return l.assign_turn(s, k.clone(), key, v.clone(), elem);
                }
                if let Some(value) = key_value {
                    l.set_range_var(s, s.key.as_ref(), value, key);
                }
                if let Some(value) = elem_value {
                    l.set_range_var(s, s.value.as_ref(), value, elem);
                }
            });
            l.turn(s, &lp);
        });
        self.bind(lp.next);
        self.at(s.pos());
        self.bind(lp.test);
        self.scoped(|l| {
            let ok = l.tmp_int();
            l.emit(Inst::MapNext { ok, key: kp, elem: ep, iter });
            l.emit(Inst::JumpIf { a: ok, target: lp.body.0 });
        });
        self.leave_loop(&lp);
    }

    /// A key or element of a map, which may be overwritten or moved later.
    fn copied_element(&mut self, at: Reg, ty: TypeId) -> Value {
        match self.load_value(Place::at(at), ty, None) {
            value @ Value::Regs(_) => value,
            value => Value::owned(self.own(value, ty)),
        }
    }

    fn range_chan(&mut self, s: &'w ast::RangeStmt, elem: TypeId) {
        let chan = self.reg(&s.x);
        let chan = self.kept(&[chan])[0];
        let classes = self.classes(elem);
        let words: Regs = classes.into_iter().map(|c| self.var(c)).collect();
        let lp = self.new_loop();
        self.enter(&lp);
        self.scope(|l| {
            l.scoped(|l| {
                let value = l.arrived(&words, elem);
                l.set_range_var(s, s.key.as_ref(), value, elem);
            });
            l.turn(s, &lp);
        });
        self.bind(lp.next);
        self.at(s.pos());
        self.bind(lp.test);
        self.scoped(|l| {
            let ok = l.tmp_int();
            let list: Vec<u16> = words.iter().map(|r| r.0).collect();
            let ty = l.ty(&s.x);
            l.emit_receive(ty, ok, &list, chan);
            l.emit(Inst::JumpIf { a: ok, target: lp.body.0 });
        });
        self.leave_loop(&lp);
    }
}
