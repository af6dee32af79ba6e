//! Built-in functions.
//!
//! Those with a value take expressions. Those that are called for their effect work on values, so that
//! `go` and `defer` can run them later in a function of their own ([`Lower::effect_of`]).

use vo_bytecode::operand::RegList;
use vo_bytecode::typedesc::Mem;
use vo_bytecode::{Class, Inst, Reg};
use vo_syntax::ast::{self, BinaryOp, Expr};
use vo_syntax::source::Dialect;
use vo_types::types::{Basic, Type, TypeId};
use vo_types::universe::Builtin;

use super::{Len, Lower, Place, Regs, Value, Wish};

impl<'w> Lower<'_, 'w> {
    /// A built-in function that has a value.
    pub(super) fn builtin(
        &mut self,
        b: Builtin,
        e: &'w Expr,
        call: &'w ast::CallExpr,
        wish: Wish<'_>,
    ) -> Value {
        let args = &call.args;
        match b {
            Builtin::Append => self.append(call, wish),
            Builtin::Cap => self.capacity(&args[0]),
            Builtin::Len => self.length(&args[0]),
            Builtin::Complex => self.complex(e, call),
            Builtin::Real => Value::one(self.regs(&args[0])[0]),
            Builtin::Imag => Value::one(self.regs(&args[0])[1]),
            Builtin::Copy => Value::one(self.copy(call)),
            Builtin::Make => self.make(e, call, wish),
            Builtin::New => self.new_value(e, &args[0], wish),
            Builtin::Max | Builtin::Min => self.min_max(b == Builtin::Max, e, call),
            Builtin::Recover => self.recover(wish),
            Builtin::Sizeof | Builtin::Alignof | Builtin::Offsetof => {
                Value::one(self.layout_fact(b, &args[0]))
            }
            Builtin::UnsafeAdd => self.unsafe_add(call),
            Builtin::UnsafeSlice => {
                let ptr = self.reg(&args[0]);
                let len = self.index_reg(&args[1]);
                let Type::Pointer(elem) = *self.under(self.ty(&args[0])) else {
                    panic!("internal error: unsafe.Slice of no pointer")
                };
                let size = self.const_int(self.size(elem) as i64);
                self.check_unsafe("checkUnsafeSlice", &[ptr, len, size]);
                Value::Regs(Regs::from_slice(&[ptr, len, len]))
            }
            Builtin::UnsafeString => {
                let ptr = self.reg(&args[0]);
                let len = self.index_reg(&args[1]);
                self.check_unsafe("checkUnsafeString", &[ptr, len]);
                Value::Regs(Regs::from_slice(&[ptr, len]))
            }
            Builtin::SliceData | Builtin::StringData => Value::one(self.regs(&args[0])[0]),
            _ => {
                self.builtin_effect(b, call);
                Value::Regs(Regs::new())
            }
        }
    }

    /// A built-in function as a statement.
    pub(super) fn builtin_effect(&mut self, b: Builtin, call: &'w ast::CallExpr) {
        match b {
            Builtin::Recover => {
                self.recover(None);
            }
            Builtin::Copy => {
                self.copy(call);
            }
            Builtin::Print
            | Builtin::Println
            | Builtin::Close
            | Builtin::Delete
            | Builtin::Panic
            | Builtin::Clear => {
                let (types, values) = self.effect_operands(b, call);
                self.at(call.span.start);
                let out = self.prints_out(call);
                self.effect_of(b, &types, values, out);
            }
            Builtin::Assert => self.assert(call),
            _ => {
                let values: Vec<&'w Expr> = call.args.iter().filter(|e| !self.is_type(e)).collect();
                values.into_iter().for_each(|e| self.effect(e));
            }
        }
    }

    fn is_type(&self, e: &'w Expr) -> bool {
        self.world.info.type_and_value(ast::Node::id(e)).is_some_and(|tv| tv.is_type())
    }

    /// Types and values of the arguments of a built-in function that is called for its effect.
    pub(super) fn effect_operands(
        &mut self,
        b: Builtin,
        call: &'w ast::CallExpr,
    ) -> (Vec<TypeId>, Vec<Value>) {
        if let Some((mut types, mut values)) = self.spread_operands(call) {
            if let (Builtin::Delete, Type::Map { key, .. }) = (b, self.under(types[0])) {
                values[1] = self.value_as(values[1].clone(), types[1], *key);
                types[1] = *key;
            }
            return (types, values);
        }
        let mut types: Vec<TypeId> = call.args.iter().map(|e| self.ty(e)).collect();
        match b {
            Builtin::Panic => types[0] = TypeId::EMPTY_INTERFACE,
            Builtin::Assert => types[1..].fill(TypeId::EMPTY_INTERFACE),
            Builtin::Delete => {
                if let Type::Map { key, .. } = *self.under(types[0]) {
                    types[1] = key;
                }
            }
            Builtin::Print | Builtin::Println => {
                for (ty, e) in types.iter_mut().zip(&call.args) {
                    if self.is_nil(e) {
                        *ty = TypeId::UNSAFE_POINTER;
                    }
                }
            }
            Builtin::Recover => {
                let token = self.token.expect("internal error: recover without token");
                return (vec![TypeId::INT], vec![Value::one(token)]);
            }
            _ => {}
        }
        let values = self.operands(&call.args, &types);
        (types, values)
    }

    /// Arguments that are the results of one call.
    fn spread_operands(&mut self, call: &'w ast::CallExpr) -> Option<(Vec<TypeId>, Vec<Value>)> {
        let [arg] = &call.args[..] else { return None };
        if !matches!(arg.unparen(), Expr::Call(_) | Expr::Try(_) | Expr::Dyn(_))
            || !matches!(self.world.types.get(self.ty(arg)), Type::Tuple(_))
        {
            return None;
        }
        let (values, types) = self.tuple_values(arg);
        Some((types, values))
    }

    /// What `unsafe.Sizeof` and its like give in an instance of a generic function.
    fn layout_fact(&mut self, b: Builtin, e: &'w Expr) -> Reg {
        let ty = self.ty(e);
        let fact = match b {
            Builtin::Sizeof => self.world.size_of(ty),
            Builtin::Alignof => self.world.align_of(ty),
            _ => self.offset_of(e),
        };
        self.const_int(fact)
    }

    /// The offset of a selected field from the value, or from what the last pointer on the way points to.
    fn offset_of(&mut self, e: &'w Expr) -> i64 {
        let Expr::Selector(sel) = e.unparen() else { return 0 };
        let Some(selection) = self.world.info.selection(sel.id) else { return 0 };
        let mut ty = self.subst(selection.recv);
        let mut offset = 0;
        for &step in &selection.path {
            if let Type::Pointer(elem) = *self.under(ty) {
                (ty, offset) = (elem, 0);
            }
            offset += i64::from(self.p.field_offset(ty, step as usize));
            ty = self.end_of_path(ty, &[step]);
        }
        offset
    }

    /// Whether `print` writes to standard output, as it does in Vo's files; in Go's it is standard error.
    pub(super) fn prints_out(&self, call: &ast::CallExpr) -> bool {
        let sources = self.world.sources.borrow();
        sources.file_at(call.span.start).is_some_and(|f| f.dialect() == Dialect::Vo)
    }

    /// Runs a built-in function for its effect. `out` says that `print` writes to standard output.
    pub(super) fn effect_of(&mut self, b: Builtin, types: &[TypeId], values: Vec<Value>, out: bool) {
        match b {
            Builtin::Print => self.print(types, values, false, out),
            Builtin::Println => self.print(types, values, true, out),
            Builtin::Panic => {
                let v = values[0].clone().regs();
                self.emit(Inst::Panic { ty: v[0], data: v[1] });
            }
            Builtin::Assert => self.assert_values(types, values),
            Builtin::Close => {
                let chan = values[0].clone().regs()[0];
                let port = self.is_port(types[0]);
                self.emit(if port { Inst::PortClose { port: chan } } else { Inst::ChanClose { chan } });
            }
            Builtin::Delete => self.delete(types, values),
            Builtin::Clear => self.clear(types[0], values),
            Builtin::Copy => {
                let (a, b) = (values[0].clone().regs(), values[1].clone().regs());
                self.copy_words(types[0], &a, &b);
            }
            Builtin::Recover => {
                let (ty, data) = (self.tmp_int(), self.tmp(Class::Any));
                let token = values[0].clone().regs()[0];
                self.emit(Inst::Recover { ty, data, token });
            }
            _ => panic!("internal error: {} has no effect", b.name()),
        }
    }

    fn delete(&mut self, types: &[TypeId], values: Vec<Value>) {
        let map = values[0].clone().regs()[0];
        let key = self.map_key_of(values[1].clone(), types[1]);
        let ty = self.desc(types[0]);
        match key {
            super::expr::MapKey::Int(key) => self.emit(Inst::MapDelInt { map, key, ty }),
            super::expr::MapKey::Str(kp, kl) => self.emit(Inst::MapDelStr { map, kp, kl, ty }),
            super::expr::MapKey::Mem(place) => {
                let key = self.address(&place);
                self.emit(Inst::MapDelMem { map, key, ty });
            }
        }
    }

    fn clear(&mut self, ty: TypeId, values: Vec<Value>) {
        let regs = values[0].clone().regs();
        match *self.under(ty) {
            Type::Map { .. } => {
                let ty = self.desc(ty);
                self.emit(Inst::MapClear { map: regs[0], ty });
            }
            Type::Slice(elem) => {
                let ty = self.desc(elem);
                self.emit(Inst::SliceClear { ap: regs[0], al: regs[1], ty });
            }
            _ => panic!("internal error: clear of neither map nor slice"),
        }
    }

    fn recover(&mut self, wish: Wish<'_>) -> Value {
        let token = self.token.expect("internal error: recover without token");
        let dst = self.dsts(wish, &[Class::Int, Class::Any]);
        self.emit(Inst::Recover { ty: dst[0], data: dst[1], token });
        Value::Regs(dst)
    }

    // ---- len, cap ---------------------------------------------------------------------------------------

    fn length(&mut self, e: &'w Expr) -> Value {
        let ty = self.ty(e);
        match *self.under(ty) {
            Type::Basic(_) | Type::Slice(_) => Value::one(self.second(e)),
            Type::Map { .. } => {
                let map = self.reg(e);
                let dst = self.tmp_int();
                self.emit(Inst::MapLen { dst, map });
                Value::one(dst)
            }
            Type::Chan { .. } | Type::Port { .. } => {
                let chan = self.reg(e);
                let dst = self.tmp_int();
                let port = self.is_port(ty);
                self.emit(if port { Inst::PortLen { dst, port: chan } } else { Inst::ChanLen { dst, chan } });
                Value::one(dst)
            }
            _ => self.array_length(e, ty),
        }
    }

    /// The length of a string or a slice; a place in memory is read there alone.
    fn second(&mut self, e: &'w Expr) -> Reg {
        if self.constant(e).is_some() {
            return self.regs(e)[1];
        }
        match self.location(e) {
            super::Storage::Regs(regs) => regs[1],
            super::Storage::Place(place) => {
                let dst = self.tmp_int();
                let (base, offset) = self.near_address(&place.plus(8));
                self.load_leaf(Mem::Len, dst, base, offset);
                dst
            }
        }
    }

    fn capacity(&mut self, e: &'w Expr) -> Value {
        let ty = self.ty(e);
        match *self.under(ty) {
            Type::Slice(_) => Value::one(self.regs(e)[2]),
            Type::Chan { .. } | Type::Port { .. } => {
                let chan = self.reg(e);
                let dst = self.tmp_int();
                let port = self.is_port(ty);
                self.emit(if port { Inst::PortCap { dst, port: chan } } else { Inst::ChanCap { dst, chan } });
                Value::one(dst)
            }
            _ => self.array_length(e, ty),
        }
    }

    /// The length of an array, or of an array behind a pointer, whose expression has effects.
    fn array_length(&mut self, e: &'w Expr, ty: TypeId) -> Value {
        self.expr(e, None);
        let array = match *self.under(ty) {
            Type::Pointer(elem) => elem,
            _ => ty,
        };
        match *self.under(array) {
            Type::Array { len, .. } => Value::one(self.const_int(len)),
            _ => panic!("internal error: len of {}", self.world.runtime_type_string(ty)),
        }
    }

    // ---- append, copy -----------------------------------------------------------------------------------

    fn append(&mut self, call: &'w ast::CallExpr, wish: Wish<'_>) -> Value {
        if let Some((types, values)) = self.spread_operands(call) {
            let Type::Slice(elem) = *self.under(types[0]) else {
                panic!("internal error: append to no slice")
            };
            let base = values[0].clone().regs();
            let rest = values.into_iter().zip(types).skip(1);
            let rest = rest.map(|(v, ty)| self.value_as(v, ty, elem)).collect();
            return self.append_computed(&base, rest, elem, wish);
        }
        let ty = self.ty(&call.args[0]);
        let ty = if self.is_nil(&call.args[0]) { self.subst(self.world.info.type_of(call.id)) } else { ty };
        let Type::Slice(elem) = *self.under(ty) else { panic!("internal error: append to no slice") };
        let base = self.expr_as(&call.args[0], ty, None).regs();
        if call.ellipsis.is_valid() {
            return self.append_slice(&base, &call.args[1], elem, wish);
        }
        let rest = &call.args[1..];
        if rest.is_empty() {
            return Value::Regs(base);
        }
        self.append_values(&base, rest, elem, wish)
    }

    fn append_slice(&mut self, base: &Regs, more: &'w Expr, elem: TypeId, wish: Wish<'_>) -> Value {
        if self.is_nil(more) {
            return Value::Regs(base.clone());
        }
        let more = self.regs(more);
        let dst = self.dsts(wish, &[Class::Ptr, Class::Int, Class::Int]);
        let ty = self.desc(elem);
        let (ptr, len, cap) = (dst[0], dst[1], dst[2]);
        let (ap, al, ac) = (base[0], base[1], base[2]);
        self.emit(Inst::SliceAppend { ptr, len, cap, ap, al, ac, bp: more[0], bl: more[1], ty });
        Value::Regs(dst)
    }

    fn append_values(&mut self, base: &Regs, rest: &'w [Expr], elem: TypeId, wish: Wish<'_>) -> Value {
        let values = self.operands(rest, &vec![elem; rest.len()]);
        self.append_computed(base, values, elem, wish)
    }

    pub(super) fn append_computed(
        &mut self,
        base: &Regs,
        values: Vec<Value>,
        elem: TypeId,
        wish: Wish<'_>,
    ) -> Value {
        let n = self.const_int(values.len() as i64);
        // Where the slice is wanted, growing may write pointer and capacity: they are read no more, unless a
        // value to append lies in them.
        let wished = wish.filter(|h| h.regs.len() == 3).filter(|h| {
            let uses = |v: &Value| match v {
                Value::Regs(regs) => regs.iter().any(|r| h.regs.contains(r)),
                Value::Mem { place, .. } => {
                    let mut hit = false;
                    place.clone().map_regs(|r| {
                        hit |= h.regs.contains(&r);
                        r
                    });
                    hit
                }
            };
            let same = h.regs == &base[..];
            let apart = h.fresh && !h.regs.iter().any(|r| base.contains(r));
            (same || apart) && !values.iter().any(uses)
        });
        let (ptr, cap) = match wished {
            Some(h) => (h.regs[0], h.regs[2]),
            None => (self.tmp(Class::Ptr), self.tmp_int()),
        };
        let ty = self.desc(elem);
        self.emit(Inst::SliceGrow { ptr, cap, ap: base[0], al: base[1], ac: base[2], n, ty });
        let size = self.size(elem);
        for (i, value) in values.iter().enumerate() {
            self.scoped(|l| {
                let index = match i {
                    0 => base[1],
                    _ => {
                        let dst = l.tmp_int();
                        l.emit(Inst::AddImm { dst, a: base[1], imm: i as i32 });
                        dst
                    }
                };
                let place = Place::at(ptr).element(index, Len::Reg(cap), size);
                l.store_value(&place, elem, value);
            });
        }
        let len = match wished {
            Some(h) => h.regs[1],
            None => self.tmp_int(),
        };
        self.emit(Inst::AddImm { dst: len, a: base[1], imm: values.len() as i32 });
        Value::Regs(Regs::from_slice(&[ptr, len, cap]))
    }

    fn copy(&mut self, call: &'w ast::CallExpr) -> Reg {
        if let Some((types, values)) = self.spread_operands(call) {
            return self.copy_words(types[0], &values[0].clone().regs(), &values[1].clone().regs());
        }
        let ty = self.ty(&call.args[0]);
        let a = self.regs(&call.args[0]);
        let b = self.regs(&call.args[1]);
        self.copy_words(ty, &a, &b)
    }

    fn copy_words(&mut self, ty: TypeId, a: &Regs, b: &Regs) -> Reg {
        let Type::Slice(elem) = *self.under(ty) else { panic!("internal error: copy to no slice") };
        let n = self.tmp_int();
        let ty = self.desc(elem);
        self.emit(Inst::SliceCopy { n, ap: a[0], al: a[1], bp: b[0], bl: b[1], ty });
        n
    }

    // ---- make, new, complex -------------------------------------------------------------------------------

    fn make(&mut self, e: &'w Expr, call: &'w ast::CallExpr, wish: Wish<'_>) -> Value {
        let ty = self.ty(e);
        let mut sizes = Vec::new();
        for arg in &call.args[1..] {
            sizes.push(self.size_arg(arg));
        }
        match *self.under(ty) {
            Type::Slice(elem) => {
                let len = sizes[0];
                let cap = sizes.get(1).copied().unwrap_or(len);
                let dst = self.dsts(wish, &[Class::Ptr, Class::Int, Class::Int]);
                let ty = self.desc(elem);
                let (kept_len, kept_cap) = (self.apart(len, &dst), self.apart(cap, &dst));
                self.emit(Inst::MakeSlice { ptr: dst[0], ty, len: kept_len, cap: kept_cap });
                Value::Regs(Regs::from_slice(&[dst[0], kept_len, kept_cap]))
            }
            Type::Map { .. } => {
                let n = sizes.first().copied().unwrap_or_else(|| self.const_int(0));
                let dst = self.dst(wish, Class::Ptr);
                let ty = self.desc(ty);
                self.emit(Inst::MapNew { dst, ty, n });
                Value::one(dst)
            }
            Type::Chan { .. } => {
                let n = sizes.first().copied().unwrap_or_else(|| self.const_int(0));
                let dst = self.dst(wish, Class::Ptr);
                let ty = self.desc(ty);
                self.emit(Inst::ChanNew { dst, ty, n });
                Value::one(dst)
            }
            Type::Port { .. } => {
                let dst = self.dst(wish, Class::Ptr);
                let ty = self.desc(ty);
                self.emit(Inst::PortNew { dst, ty, n: sizes[0] });
                Value::one(dst)
            }
            Type::Island => self.make_island(sizes.first().copied(), wish),
            _ => panic!("internal error: make of another type"),
        }
    }

    /// A register that is none of those that will be written.
    fn apart(&mut self, reg: Reg, written: &[Reg]) -> Reg {
        if written.contains(&reg) { self.copied(reg) } else { reg }
    }

    /// A length or capacity. A huge unsigned one is out of range like a negative one.
    fn size_arg(&mut self, e: &'w Expr) -> Reg {
        self.index_reg(e)
    }

    fn new_value(&mut self, e: &'w Expr, arg: &'w Expr, wish: Wish<'_>) -> Value {
        let ty = self.ty(e);
        let Type::Pointer(elem) = *self.under(ty) else { panic!("internal error: new gives no pointer") };
        if self.is_type(arg) {
            let dst = self.dst(wish, Class::Ptr);
            let desc = self.desc(elem);
            self.emit(Inst::New { dst, ty: desc });
            return Value::one(dst);
        }
        let value = self.expr_as(arg, elem, None);
        if let Value::Mem { .. } = value {
            return Value::one(self.own(value, elem));
        }
        let dst = self.tmp(Class::Ptr);
        let desc = self.desc(elem);
        self.emit(Inst::New { dst, ty: desc });
        self.store_value(&Place::at(dst), elem, &value);
        Value::one(dst)
    }

    fn complex(&mut self, e: &'w Expr, call: &'w ast::CallExpr) -> Value {
        let ty = self.ty(e);
        let single = self.basic(ty) == Some(Basic::Complex64);
        let part = if single { TypeId::FLOAT32 } else { TypeId::FLOAT64 };
        let values = match self.spread_operands(call) {
            Some((_, values)) => values,
            None => self.operands(&call.args, &[part, part]),
        };
        Value::Regs(values.into_iter().flat_map(Value::regs).collect())
    }

    fn unsafe_add(&mut self, call: &'w ast::CallExpr) -> Value {
        let ptr = self.reg(&call.args[0]);
        let n = self.index_reg(&call.args[1]);
        let (bits, dst) = (self.tmp_int(), self.tmp(Class::Ptr));
        self.bits_to(bits, ptr);
        self.emit(Inst::AddI64 { dst: bits, a: bits, b: n });
        self.bits_to(dst, bits);
        Value::one(dst)
    }

    /// The library says what memory may be made a slice or a string.
    fn check_unsafe(&mut self, check: &str, args: &[Reg]) {
        let args: Vec<u16> = args.iter().map(|r| r.0).collect();
        if let Some(func) = self.p.package_func("runtime", check) {
            self.emit(Inst::Call { func, args: RegList(&args), results: RegList(&[]) });
        }
    }

    // ---- min, max -----------------------------------------------------------------------------------------

    fn min_max(&mut self, max: bool, e: &'w Expr, call: &'w ast::CallExpr) -> Value {
        let ty = self.ty(e);
        let basic = self.basic(ty).expect("internal error: min of no basic type");
        let values: Vec<Regs> = call.args.iter().map(|a| self.expr_as(a, ty, None).regs()).collect();
        let classes = self.classes(ty);
        let acc = self.tmps(&classes);
        self.moves(&acc, &values[0]);
        for value in &values[1..] {
            self.scoped(|l| l.min_max_step(max, basic, &acc, value));
        }
        Value::Regs(acc)
    }

    fn min_max_step(&mut self, max: bool, basic: Basic, acc: &Regs, value: &Regs) {
        let keep = self.label();
        if basic.is_float() {
            self.float_min_max(max, acc[0], value[0]);
            return;
        }
        let (low, high) = if max { (value, acc) } else { (acc, value) };
        if basic.is_string() {
            let order = self.tmp_int();
            self.emit(Inst::StrCmp { dst: order, ap: low[0], al: low[1], bp: high[0], bl: high[1] });
            self.emit(Inst::JumpLeImm { a: order, imm: 0, target: keep.0 });
        } else if basic.is_unsigned() {
            self.emit(Inst::JumpLeU { a: low[0], b: high[0], target: keep.0 });
        } else {
            self.emit(Inst::JumpLeS { a: low[0], b: high[0], target: keep.0 });
        }
        self.moves(acc, value);
        self.bind(keep);
    }

    /// NaN wins; of two zeros the negative one is less.
    fn float_min_max(&mut self, max: bool, acc: Reg, value: Reg) {
        let class = self.f.regs.class(acc);
        let (keep, take, equal, end) = (self.label(), self.label(), self.label(), self.label());
        let flag = self.tmp_int();
        let test = |l: &mut Self, eq: bool, a: Reg, b: Reg, target: super::Label| {
            l.emit(match (eq, class) {
                (true, Class::F64) => Inst::NeF64 { dst: flag, a, b },
                (true, _) => Inst::NeF32 { dst: flag, a, b },
                (false, Class::F64) => Inst::LtF64 { dst: flag, a, b },
                (false, _) => Inst::LtF32 { dst: flag, a, b },
            });
            l.emit(Inst::JumpIf { a: flag, target: target.0 });
        };
        test(self, true, acc, acc, keep);
        test(self, true, value, value, take);
        let (low, high) = if max { (value, acc) } else { (acc, value) };
        test(self, false, low, high, keep);
        test(self, false, high, low, take);
        self.bind(equal);
        self.merge_zeros(max, class, acc, value);
        self.jump(end);
        self.bind(take);
        self.mov(acc, value);
        self.bind(keep);
        self.bind(end);
    }

    /// Of equal floats: the sign of zero is the or of both for min, the and for max.
    fn merge_zeros(&mut self, max: bool, class: Class, acc: Reg, value: Reg) {
        let (a, b) = (self.tmp_int(), self.tmp_int());
        let bits = |l: &mut Self, dst: Reg, a: Reg| match class {
            Class::F64 => l.emit(Inst::BitsFromF64 { dst, a }),
            _ => l.emit(Inst::BitsFromF32 { dst, a }),
        };
        bits(self, a, acc);
        bits(self, b, value);
        self.int_op(if max { BinaryOp::And } else { BinaryOp::Or }, Basic::Int, a, a, b);
        match class {
            Class::F64 => self.emit(Inst::F64FromBits { dst: acc, a }),
            _ => self.emit(Inst::F32FromBits { dst: acc, a }),
        }
    }

    // ---- print ----------------------------------------------------------------------------------------------

    fn print(&mut self, types: &[TypeId], values: Vec<Value>, line: bool, out: bool) {
        for (i, (value, &ty)) in values.into_iter().zip(types).enumerate() {
            if line && i > 0 {
                self.print_native("printsp", &[], out);
            }
            self.print_value(value.regs(), ty, out);
        }
        if line {
            self.print_native("printnl", &[], out);
        }
    }

    fn print_native(&mut self, name: &str, regs: &[Reg], out: bool) {
        let name = format!("runtime.{}{name}", if out { "out" } else { "" });
        let classes: Vec<Class> = regs.iter().map(|&r| self.f.regs.class(r)).collect();
        let native = self.p.native(&name, &classes, &[]);
        let args: Vec<u16> = regs.iter().map(|r| r.0).collect();
        self.emit(Inst::CallNative { native, args: RegList(&args), results: RegList(&[]) });
    }

    fn print_value(&mut self, regs: Regs, ty: TypeId, out: bool) {
        let single = regs.first().is_some_and(|&r| self.f.regs.class(r) == Class::F32);
        let name = match self.under(ty) {
            Type::Basic(b) if b.is_boolean() => "printbool",
            Type::Basic(b) if b.is_unsigned() => "printuint",
            Type::Basic(b) if b.is_integer() => "printint",
            Type::Basic(b) if b.is_float() && single => "printfloat32",
            Type::Basic(b) if b.is_float() => "printfloat",
            Type::Basic(b) if b.is_complex() && single => "printcomplex64",
            Type::Basic(b) if b.is_complex() => "printcomplex",
            Type::Basic(b) if b.is_string() => "printstring",
            Type::Interface(_) => "printiface",
            Type::Slice(_) => "printslice",
            _ => "printpointer",
        };
        let wide: Regs = regs.iter().map(|&r| self.widened(r)).collect();
        self.print_native(name, &wide, out);
    }

    fn widened(&mut self, reg: Reg) -> Reg {
        if self.f.regs.class(reg) != Class::F32 {
            return reg;
        }
        let dst = self.tmp(Class::F64);
        self.emit(Inst::F64FromF32 { dst, a: reg });
        dst
    }
}
