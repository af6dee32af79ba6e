//! Assignments, `op=`, `++`, short variable declarations, values of several results.
//!
//! An assignment has two phases: operands of index expressions and pointer indirections on the left and all
//! expressions on the right are evaluated, then the assignments are made from left to right.

use vo_bytecode::operand::RegList;
use vo_bytecode::{Class, Inst, Reg};
use vo_syntax::ast::{self, AssignOp, BinaryOp, Expr, Node, UnaryOp};
use vo_types::constant::Constant;
use vo_types::info::Mode;
use vo_types::object::ObjId;
use vo_types::types::{Type, TypeId};
use vo_types::universe::Builtin;

use super::expr::MapKey;
use super::order::has_call;
use super::{Hint, Lower, Place, Regs, Storage, Value};

/// What is assigned to, its operands evaluated.
pub(super) enum Target {
    Blank,
    Regs(Regs, TypeId),
    Place(Place, TypeId),
    Map { map_ty: TypeId, map: Reg, key: MapKey, elem: TypeId },
}

impl Target {
    fn ty(&self) -> Option<TypeId> {
        match self {
            Target::Blank => None,
            Target::Regs(_, ty) | Target::Place(_, ty) => Some(*ty),
            Target::Map { elem, .. } => Some(*elem),
        }
    }
}

impl<'w> Lower<'_, 'w> {
    pub(super) fn assign_stmt(&mut self, s: &'w ast::AssignStmt) {
        match s.op {
            AssignOp::Op(op) => self.op_assign(op, &s.lhs[0], &s.rhs[0]),
            AssignOp::Define => self.define(&s.lhs, &s.rhs),
            AssignOp::Assign => self.assign(&s.lhs, &s.rhs),
        }
    }

    // ---- targets ----------------------------------------------------------------------------------

    /// Evaluates the operands of what is assigned to.
    pub(super) fn target(&mut self, e: &'w Expr) -> Target {
        let e = e.unparen();
        if e.is_blank() {
            return Target::Blank;
        }
        let ty = self.ty(e);
        if let Expr::Index(x) = e
            && let map_ty = self.ty(&x.x)
            && let Type::Map { key, value } = *self.under(map_ty)
        {
            let map = self.reg(&x.x);
            let key = self.map_key(&x.indices[0], key);
            return Target::Map { map_ty, map, key, elem: value };
        }
        match self.location(e) {
            Storage::Regs(regs) => Target::Regs(regs, ty),
            Storage::Place(place) => Target::Place(place, ty),
        }
    }

    /// Makes the assignment.
    pub(super) fn write_target(&mut self, target: &Target, value: &Value) {
        match target {
            Target::Blank => {}
            Target::Regs(dst, _) => {
                let Value::Regs(src) = value else { panic!("internal error: memory into registers") };
                self.moves(dst, src);
            }
            Target::Place(place, ty) => self.store_value(place, *ty, value),
            Target::Map { map_ty, map, key, elem } => {
                let at = self.map_set(*map_ty, *map, key);
                self.store_value(&Place::at(at), *elem, value);
            }
        }
    }

    // ---- assignments --------------------------------------------------------------------------------

    fn assign(&mut self, lhs: &'w [Expr], rhs: &'w [Expr]) {
        match (lhs, rhs) {
            ([l], [r]) => self.assign_one(l, r),
            (_, [r]) if lhs.len() > 1 => self.assign_tuple(lhs, r),
            _ if self.assign_in_turn(lhs, rhs) => {}
            _ => self.assign_many(lhs, rhs),
        }
    }

    /// `m[k] = append(m[k], x…)` looks the key up once, as `m[k] op= x` does.
    fn append_to_element(&mut self, l: &'w Expr, r: &'w Expr) -> bool {
        let (Expr::Index(to), Expr::Call(call)) = (l.unparen(), r.unparen()) else { return false };
        let [first, rest @ ..] = &call.args[..] else { return false };
        let Expr::Index(from) = first.unparen() else { return false };
        let mode = self.world.info.type_and_value(call.fun.id()).map(|tv| tv.mode);
        let appends = matches!(mode, Some(Mode::Builtin(Builtin::Append))) && !call.ellipsis.is_valid();
        let to_map = matches!(self.under(self.ty(&to.x)), Type::Map { .. });
        let simple = !rest.is_empty() && !rest.iter().any(|e| has_call(self.world, e));
        let same =
            || self.same_operand(&to.x, &from.x) && self.same_operand(&to.indices[0], &from.indices[0]);
        if !(appends && to_map && simple && same()) {
            return false;
        }
        let target = self.target(l);
        let Target::Map { map_ty, map, key, elem: ty } = &target else { return false };
        let Type::Slice(elem) = *self.under(*ty) else { return false };
        let values = self.operands(rest, &vec![elem; rest.len()]);
        let at = self.map_set(*map_ty, *map, key);
        let old = self.load_value(Place::at(at), *ty, None).regs();
        let new = self.append_computed(&old, values, elem, None).regs();
        self.store(&Place::at(at), *ty, &new);
        true
    }

    /// Whether two expressions are the same variable or the same constant.
    fn same_operand(&self, a: &'w Expr, b: &'w Expr) -> bool {
        match (self.constant(a), self.constant(b)) {
            (Some(x), Some(y)) => {
                let same = match (x, y) {
                    (Constant::Int(x), Constant::Int(y)) => x == y,
                    _ => x.as_bytes().is_some_and(|x| y.as_bytes() == Some(x)),
                };
                return same && self.world.identical(self.ty(a), self.ty(b));
            }
            (None, None) => {}
            _ => return false,
        }
        matches!((a.unparen(), b.unparen()), (Expr::Ident(_), Expr::Ident(_)))
            && self.ident_obj(a).is_some_and(|obj| self.ident_obj(b) == Some(obj))
    }

    fn assign_one(&mut self, l: &'w Expr, r: &'w Expr) {
        if self.append_to_element(l, r) {
            return;
        }
        let target = self.target(l);
        match &target {
            Target::Blank => {
                let ty = self.ty(r);
                if self.is_nil(r) {
                    return;
                }
                self.expr_as(r, ty, None);
            }
            Target::Regs(dst, ty) => {
                let dst = dst.clone();
                self.expr_to(r, *ty, &dst, false);
            }
            Target::Place(place, ty) => {
                let ty = *ty;
                let value = self.expr_as(r, ty, None);
                self.store_value(place, ty, &value);
            }
            Target::Map { elem, .. } => {
                let value = self.expr_as(r, *elem, None);
                self.write_target(&target, &value);
            }
        }
    }

    fn assign_many(&mut self, lhs: &'w [Expr], rhs: &'w [Expr]) {
        let mut targets: Vec<Target> = lhs.iter().map(|e| self.target(e)).collect();
        let types: Vec<TypeId> =
            targets.iter().zip(rhs).map(|(t, r)| t.ty().unwrap_or_else(|| self.ty(r))).collect();
        let mut values = self.operands(rhs, &types);
        for (value, &ty) in values.iter_mut().zip(&types) {
            if matches!(value, Value::Mem { owned: false, .. }) {
                let place = self.scratch(ty);
                self.store_value(&place, ty, value);
                *value = Value::Mem { place, owned: false };
            }
        }
        self.protect(&mut targets);
        self.write_targets(&targets, &values);
    }

    /// Saves operands that lie in registers of variables which the same statement assigns.
    fn protect(&mut self, targets: &mut [Target]) {
        let written: Regs = targets
            .iter()
            .flat_map(|t| match t {
                Target::Regs(regs, _) => regs.clone(),
                _ => Regs::new(),
            })
            .collect();
        let save = |l: &mut Self, reg: Reg| if written.contains(&reg) { l.copied(reg) } else { reg };
        for target in targets {
            match target {
                Target::Blank | Target::Regs(..) => {}
                Target::Place(place, _) => place.map_regs(|r| save(self, r)),
                Target::Map { map, key, .. } => {
                    *map = save(self, *map);
                    match key {
                        MapKey::Int(k) => *k = save(self, *k),
                        MapKey::Str(p, l) => (*p, *l) = (save(self, *p), save(self, *l)),
                        MapKey::Mem(place) => place.map_regs(|r| save(self, r)),
                    }
                }
            }
        }
    }

    /// Makes several assignments. Registers are moved at once, memory is written from left to right.
    fn write_targets(&mut self, targets: &[Target], values: &[Value]) {
        let (mut dst, mut src) = (Regs::new(), Regs::new());
        for (target, value) in targets.iter().zip(values) {
            match (target, value) {
                (Target::Regs(to, _), Value::Regs(from)) => {
                    // Of two assignments to one variable the last counts.
                    for (&to, &from) in to.iter().zip(from) {
                        match dst.iter().position(|&d| d == to) {
                            Some(at) => src[at] = from,
                            None => {
                                dst.push(to);
                                src.push(from);
                            }
                        }
                    }
                }
                _ => self.write_target(target, value),
            }
        }
        self.moves(&dst, &src);
    }

    fn assign_tuple(&mut self, lhs: &'w [Expr], r: &'w Expr) {
        let targets: Vec<Target> = lhs.iter().map(|e| self.target(e)).collect();
        let (values, types) = self.tuple_values(r);
        self.assign_computed(targets, values, &types);
    }

    /// Assigns computed values of these types at once.
    pub(super) fn assign_computed(&mut self, mut targets: Vec<Target>, values: Vec<Value>, types: &[TypeId]) {
        let mut converted = Vec::with_capacity(values.len());
        for ((value, &from), target) in values.into_iter().zip(types).zip(&targets) {
            let to = target.ty().unwrap_or(from);
            converted.push(match self.value_as(value, from, to) {
                value @ Value::Mem { owned: false, .. } => Value::owned(self.own(value, to)),
                value => value,
            });
        }
        self.protect(&mut targets);
        self.write_targets(&targets, &converted);
    }

    /// A computed value, converted to the type of what it is assigned to.
    pub(super) fn value_as(&mut self, value: Value, from: TypeId, to: TypeId) -> Value {
        match self.is_interface(to) && !self.is_interface(from) {
            true => self.box_value(value, from, None),
            false => value,
        }
    }

    /// The values of a call with several results, or of a comma-ok form, and their types.
    pub(super) fn tuple_values(&mut self, e: &'w Expr) -> (Vec<Value>, Vec<TypeId>) {
        let types = self.tuple(self.ty(e));
        let with_ok = |(value, ok): (Value, Reg)| vec![value, Value::one(ok)];
        let values = match e.unparen() {
            Expr::Call(call) => self.call_results(call),
            Expr::Try(t) => return (self.try_values(t, &types), types),
            Expr::Dyn(d) => return (self.dyn_values(d, &types), types),
            Expr::Index(x) => with_ok(self.map_index_ok(x)),
            Expr::TypeAssert(x) => with_ok(self.type_assert_ok(x)),
            Expr::Unary(x) if x.op == UnaryOp::Recv => {
                let ty = self.ty(&x.x);
                with_ok(self.receive(&x.x, ty, None))
            }
            _ => panic!("internal error: no tuple"),
        };
        let types = if types.len() == values.len() { types } else { self.comma_ok_types(e) };
        (values, types)
    }

    fn comma_ok_types(&self, e: &'w Expr) -> Vec<TypeId> {
        vec![self.ty(e), TypeId::BOOL]
    }

    // ---- definitions ----------------------------------------------------------------------------------

    fn define(&mut self, lhs: &'w [Expr], rhs: &'w [Expr]) {
        match (lhs, rhs) {
            ([l], [r]) => match self.defined(l) {
                Some(obj) => self.declare_expr(obj, r),
                None => self.assign_one(l, r),
            },
            (_, [r]) if lhs.len() > 1 => {
                if self.define_tuple(lhs, r) {
                    return;
                }
                let (values, types) = self.tuple_values(r);
                for ((l, value), from) in lhs.iter().zip(values).zip(types) {
                    self.define_value(l, value, from);
                }
            }
            _ => self.define_many(lhs, rhs),
        }
    }

    /// `a, b := f()` where all that is declared lives in registers: the results arrive there.
    fn define_tuple(&mut self, lhs: &'w [Expr], r: &'w Expr) -> bool {
        let mut types = self.tuple(self.ty(r));
        if types.len() != lhs.len() {
            types = self.comma_ok_types(r);
        }
        let fits = lhs.iter().zip(&types).all(|(l, &ty)| match self.defined(l) {
            Some(obj) => {
                self.world.identical(self.var_ty(obj), ty)
                    && self.leaves(ty).is_some()
                    && !self.needs_box(obj)
            }
            None => l.is_blank() && self.leaves(ty).is_some(),
        });
        if !fits {
            return false;
        }
        let mut dst: Vec<Regs> = Vec::new();
        for (l, &ty) in lhs.iter().zip(&types) {
            let classes = self.classes(ty);
            dst.push(if self.defined(l).is_some() { self.var_regs(ty) } else { self.tmps(&classes) });
        }
        self.tuple_into(r, &dst);
        for (l, regs) in lhs.iter().zip(dst) {
            if let Some(obj) = self.defined(l) {
                self.vars.insert(obj, Storage::Regs(regs));
            }
        }
        true
    }

    /// Evaluates a call of several results, or a comma-ok form, into registers that nothing reads meanwhile.
    fn tuple_into(&mut self, e: &'w Expr, dst: &[Regs]) {
        let (first, last) = (&dst[0], dst[dst.len() - 1].first().copied());
        let ok = || last.expect("internal error: a boolean without register");
        match e.unparen() {
            Expr::Call(call) => self.call_into(call, dst),
            Expr::TypeAssert(x) => self.type_assert_into(x, first, ok()),
            Expr::Unary(x) if x.op == UnaryOp::Recv => {
                let chan = self.reg(&x.x);
                let words: Vec<u16> = first.iter().map(|r| r.0).collect();
                let ty = self.ty(&x.x);
                self.emit_receive(ty, ok(), &words, chan);
            }
            Expr::Index(x) => {
                let (value, found) = self.map_index_ok(x);
                self.moves(first, &value.regs());
                self.mov(ok(), found);
            }
            _ => {
                let (values, _) = self.tuple_values(e);
                for (value, regs) in values.into_iter().zip(dst) {
                    self.moves(regs, &value.regs());
                }
            }
        }
    }

    /// The variable that the left side of a definition declares, if it declares one.
    fn defined(&self, l: &'w Expr) -> Option<ObjId> {
        l.as_ident().and_then(|name| self.world.info.def(name.id))
    }

    fn define_value(&mut self, l: &'w Expr, value: Value, from: TypeId) {
        match self.defined(l) {
            Some(obj) => {
                let value = self.value_as(value, from, self.var_ty(obj));
                self.declare_value(obj, value);
            }
            None => {
                let target = self.target(l);
                let value = self.value_as(value, from, target.ty().unwrap_or(from));
                self.write_target(&target, &value);
            }
        }
    }

    fn define_many(&mut self, lhs: &'w [Expr], rhs: &'w [Expr]) {
        // New variables are not visible to any of the expressions: each is computed where it is to be.
        if lhs.iter().all(|l| self.defined(l).is_some())
            && !rhs.iter().any(|r| super::order::has_call(self.world, r))
        {
            return lhs.iter().zip(rhs).for_each(|(l, r)| {
                let obj = self.defined(l).expect("internal error: no definition");
                self.declare_expr(obj, r);
            });
        }
        let mut values = Vec::with_capacity(rhs.len());
        for (l, r) in lhs.iter().zip(rhs) {
            let ty = match (self.defined(l), l.is_blank()) {
                (Some(obj), _) => self.var_ty(obj),
                (None, true) => self.ty(r),
                (None, false) => self.ty(l),
            };
            let value = self.expr_as(r, ty, None);
            // Values of variables that this statement also assigns are kept.
            values.push(match value {
                Value::Regs(regs) if lhs.iter().any(|l| self.defined(l).is_none() && !l.is_blank()) => {
                    Value::Regs(regs.into_iter().map(|r| self.copied(r)).collect())
                }
                Value::Mem { owned: false, .. } => Value::owned(self.own(value, ty)),
                value => value,
            });
        }
        for (l, value) in lhs.iter().zip(values) {
            match self.defined(l) {
                Some(obj) => self.declare_value(obj, value),
                None => {
                    let target = self.target(l);
                    self.write_target(&target, &value);
                }
            }
        }
    }

    /// `var a, b T = x, y` inside of a function.
    pub(super) fn var_spec(&mut self, spec: &'w ast::VarSpec) {
        self.at(spec.span.start);
        let objs: Vec<Option<ObjId>> = spec.names.iter().map(|n| self.world.info.def(n.id)).collect();
        match &spec.values[..] {
            [] => objs.into_iter().flatten().for_each(|obj| self.declare_zero(obj)),
            [value] if objs.len() > 1 => {
                let (values, types) = self.tuple_values(value);
                for ((obj, value), from) in objs.into_iter().zip(values).zip(types) {
                    let Some(obj) = obj else { continue };
                    let value = self.value_as(value, from, self.var_ty(obj));
                    self.declare_value(obj, value);
                }
            }
            [value] => match objs[0] {
                Some(obj) => self.declare_expr(obj, value),
                None => self.blank_value(value),
            },
            values => {
                let mut computed = Vec::new();
                for (obj, value) in objs.iter().zip(values) {
                    let ty = obj.map_or_else(|| self.ty(value), |obj| self.var_ty(obj));
                    computed.push(self.expr_as(value, ty, None));
                }
                for (obj, value) in objs.into_iter().zip(computed) {
                    if let Some(obj) = obj {
                        self.declare_value(obj, value);
                    }
                }
            }
        }
    }

    fn blank_value(&mut self, e: &'w Expr) {
        if !self.is_nil(e) {
            let ty = self.ty(e);
            self.expr_as(e, ty, None);
        }
    }

    // ---- op= and ++ -------------------------------------------------------------------------------------

    pub(super) fn inc_dec(&mut self, s: &'w ast::IncDecStmt) {
        let op = if s.inc { BinaryOp::Add } else { BinaryOp::Sub };
        let target = self.target(&s.x);
        let ty = target.ty().expect("internal error: ++ of nothing");
        self.update(&target, ty, false, |l, old, dst| l.plus_one(op, ty, old, dst));
    }

    fn plus_one(&mut self, op: BinaryOp, ty: TypeId, old: &Regs, dst: Option<Hint<'_>>) -> Regs {
        let basic = self.basic(ty).expect("internal error: ++ of no number");
        if !basic.is_integer() {
            let one = self.one(ty);
            return self.arith(op, ty, old, &one, dst);
        }
        let d = self.dst(dst, Class::Int);
        let imm = if op == BinaryOp::Add { 1 } else { -1 };
        self.emit(Inst::AddImm { dst: d, a: old[0], imm });
        if basic.int_bits().is_some_and(|bits| bits < 64) {
            self.extend(d, d, basic);
        }
        Regs::from_slice(&[d])
    }

    fn one(&mut self, ty: TypeId) -> Regs {
        self.const_value(&Constant::Int(1), ty, None).regs()
    }

    pub(super) fn op_assign(&mut self, op: BinaryOp, l: &'w Expr, r: &'w Expr) {
        let target = self.target(l);
        let ty = target.ty().expect("internal error: op= to nothing");
        if self.basic(ty).is_some_and(|b| b.is_string()) {
            return self.concat_assign(&target, ty, r);
        }
        // The right side is evaluated before the left is read again only where it may have effects.
        if let Target::Regs(dst, _) = &target {
            let dst = dst.clone();
            let result = self.arith_operand(op, ty, &dst, r, Some(Hint { regs: &dst, fresh: false }));
            return self.moves(&dst, &result);
        }
        let may_panic = op.is_shift() || matches!(op, BinaryOp::Quo | BinaryOp::Rem);
        if self.constant(r).is_some() {
            return self.update(&target, ty, may_panic, |l, old, dst| l.arith_operand(op, ty, old, r, dst));
        }
        if op.is_shift() {
            return self.shift_assign(op, &target, ty, r);
        }
        let right = self.regs(r);
        self.update(&target, ty, may_panic, |l, old, dst| l.arith(op, ty, old, &right, dst));
    }

    fn shift_assign(&mut self, op: BinaryOp, target: &Target, ty: TypeId, r: &'w Expr) {
        self.update(target, ty, true, |l, old, dst| l.arith_operand(op, ty, old, r, dst));
    }

    fn concat_assign(&mut self, target: &Target, ty: TypeId, r: &'w Expr) {
        let right = self.regs(r);
        self.update(target, ty, false, |l, old, dst| {
            let parts: Vec<u16> = old.iter().chain(&right).map(|r| r.0).collect();
            let to = l.dsts(dst, &[Class::Ptr, Class::Int]);
            l.emit(Inst::StrConcat { ptr: to[0], len: to[1], parts: RegList(&parts) });
            to
        });
    }

    /// Reads a target, computes its new value, writes it. An element of a map is looked up once, unless the computation
    /// may panic: the key is put into the map only after that.
    fn update(
        &mut self,
        target: &Target,
        ty: TypeId,
        may_panic: bool,
        f: impl FnOnce(&mut Self, &Regs, Option<Hint<'_>>) -> Regs,
    ) {
        match target {
            Target::Blank => {}
            Target::Regs(regs, _) => {
                let new = f(self, regs, Some(Hint { regs, fresh: false }));
                self.moves(regs, &new);
            }
            Target::Place(place, _) => {
                let place = self.settled(place);
                let old = self.load_value(place.clone(), ty, None).regs();
                let new = f(self, &old, None);
                self.store(&place, ty, &new);
            }
            Target::Map { map_ty, map, key, .. } if !may_panic => {
                let at = self.map_set(*map_ty, *map, key);
                let old = self.load_value(Place::at(at), ty, None).regs();
                let new = f(self, &old, None);
                self.store(&Place::at(at), ty, &new);
            }
            Target::Map { map_ty, map, key, .. } => {
                let (at, _) = self.map_get(*map_ty, *map, key);
                let old = self.load_value(Place::at(at), ty, None).regs();
                let new = f(self, &old, None);
                let at = self.map_set(*map_ty, *map, key);
                self.store(&Place::at(at), ty, &new);
            }
        }
    }

    /// A place that is read and written: its address is computed once, unless an indexed access does it.
    fn settled(&mut self, place: &Place) -> Place {
        let indexed = place.steps.len();
        let on_frame = matches!(place.base, super::Base::Slot(_));
        if indexed < 2 || on_frame {
            return place.clone();
        }
        let ptr = self.address(place);
        Place::at(ptr)
    }
}
