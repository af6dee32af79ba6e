//! Expressions: primary expressions, operands, addresses. Operators, calls, conversions, composite
//! literals and interfaces have their own modules.

use vo_bytecode::{Class, Inst, Reg};
use vo_syntax::ast::{self, Expr, Node, UnaryOp};
use vo_types::constant::Constant;
use vo_types::info::{Mode, Selection, SelectionKind};
use vo_types::object::ObjectKind;
use vo_types::types::{Type, TypeId};

use super::{Len, Lower, Place, Regs, Storage, Value, Wish};
use crate::consts::{self, Scalar, Word};

impl<'w> Lower<'_, 'w> {
    /// The value of an expression.
    pub(super) fn expr(&mut self, e: &'w Expr, wish: Wish<'_>) -> Value {
        if let Some(value) = self.constant(e) {
            let ty = self.ty(e);
            return self.const_value(value, ty, wish);
        }
        match e {
            Expr::Paren(e) => self.expr(&e.x, wish),
            Expr::Ident(name) => self.ident(e, name, wish),
            Expr::FuncLit(lit) => self.func_lit(lit, wish),
            Expr::CompositeLit(lit) => self.composite(lit, wish),
            Expr::Selector(sel) => self.selector(e, sel, wish),
            Expr::Index(x) => self.index(e, x, wish),
            Expr::Slice(x) => self.slice_expr(e, x, wish),
            Expr::TypeAssert(x) => self.type_assert(e, x, wish),
            Expr::Call(call) => self.call_value(e, call, wish),
            Expr::Star(_) => {
                let place = self.place(e).expect("internal error: no place behind a pointer");
                let ty = self.ty(e);
                self.load_value(place, ty, wish)
            }
            Expr::Unary(x) => self.unary(e, x, wish),
            Expr::Binary(x) => self.binary(e, x, wish),
            Expr::Try(_) | Expr::Dyn(_) => {
                let (mut values, _) = self.tuple_values(e);
                values.pop().unwrap_or_else(|| Value::Regs(Regs::new()))
            }
            _ => panic!("internal error: no value at {:?}", e.span()),
        }
    }

    /// The value of a constant expression.
    pub(super) fn constant(&self, e: &'w Expr) -> Option<&'w Constant> {
        self.world.info.constant(e.id())
    }

    /// The registers of an expression's leaves.
    pub(super) fn regs(&mut self, e: &'w Expr) -> Regs {
        self.expr(e, None).regs()
    }

    /// The register of an expression of one leaf.
    pub(super) fn reg(&mut self, e: &'w Expr) -> Reg {
        self.expr(e, None).regs()[0]
    }

    /// The first registers of an expression's leaves: what is not asked for is not read from memory.
    pub(super) fn head(&mut self, e: &'w Expr, n: usize) -> Regs {
        if self.constant(e).is_some() {
            return self.regs(e);
        }
        match self.location(e) {
            Storage::Regs(regs) => Regs::from_slice(&regs[..n]),
            Storage::Place(place) => {
                let ty = self.ty(e);
                self.load_head(&place, ty, n)
            }
        }
    }

    /// The value of an expression, converted to the type of what it is assigned to.
    pub(super) fn expr_as(&mut self, e: &'w Expr, ty: TypeId, wish: Wish<'_>) -> Value {
        if self.is_nil(e) {
            return self.zero(ty, wish);
        }
        let from = self.ty(e);
        if self.is_interface(ty) && !self.is_interface(from) {
            return self.box_expr(e, from, wish);
        }
        if let Some(value) = self.constant(e) {
            return self.const_value(value, ty, wish);
        }
        self.expr(e, wish)
    }

    /// Whether the expression is `nil`.
    pub(super) fn is_nil(&self, e: &'w Expr) -> bool {
        self.world.info.type_and_value(e.id()).is_some_and(|tv| tv.mode == Mode::NilValue)
    }

    /// A constant of a basic type.
    pub(super) fn const_value(&mut self, value: &Constant, ty: TypeId, wish: Wish<'_>) -> Value {
        let Some(basic) = self.basic(ty) else {
            panic!("internal error: constant of type {}", self.world.runtime_type_string(ty))
        };
        match consts::scalar(value, basic) {
            Scalar::Str(bytes) => self.const_str(&bytes, wish),
            Scalar::Words(words) => {
                if let (Some(hint), [word]) = (wish, &words[..]) {
                    self.const_word(word, hint.regs[0]);
                    return Value::one(hint.regs[0]);
                }
                Value::Regs(words.iter().map(|w| self.const_word_reg(w)).collect())
            }
        }
    }

    fn const_word(&mut self, word: &Word, dst: Reg) {
        match *word {
            Word::Int(0) => self.emit(Inst::Zero { dst }),
            Word::Int(value) if self.f.regs.class(dst) == Class::Int => self.int(dst, value),
            Word::Int(value) => {
                // An address made of a number.
                let int = self.const_int(value);
                self.bits_to(dst, int);
            }
            Word::F64(v) => self.emit(Inst::ConstF64 { dst, bits: v.to_bits() }),
            Word::F32(v) => self.emit(Inst::ConstF32 { dst, bits: v.to_bits() }),
        }
    }

    fn const_word_reg(&mut self, word: &Word) -> Reg {
        match *word {
            Word::Int(value) => self.const_int(value),
            Word::F64(v) => self.constant_reg(Class::F64, v.to_bits()),
            Word::F32(v) => self.constant_reg(Class::F32, v.to_bits() as u64),
        }
    }

    /// Moves a word between an integer and a pointer register.
    pub(super) fn bits_to(&mut self, dst: Reg, src: Reg) {
        let any = self.tmp(Class::Any);
        self.mov(any, src);
        self.mov(dst, any);
    }

    /// A string constant.
    pub(super) fn const_str(&mut self, bytes: &[u8], wish: Wish<'_>) -> Value {
        let regs = self.dsts(wish, &[Class::Ptr, Class::Int]);
        if bytes.is_empty() {
            self.zero_regs(&regs);
        } else {
            let string = self.p.string(bytes);
            self.emit(Inst::ConstStr { ptr: regs[0], len: regs[1], string });
        }
        Value::Regs(regs)
    }

    fn ident(&mut self, e: &'w Expr, name: &'w ast::Ident, wish: Wish<'_>) -> Value {
        let ty = self.ty(e);
        if self.is_nil(e) {
            return self.zero(ty, wish);
        }
        let Some(obj) = self.world.info.object_of(name.id) else {
            let at = self.world.sources.borrow().lookup(name.span.start).to_string();
            panic!("internal error: {at}: nothing is known about the name {}", name.name)
        };
        match self.world.object(obj).kind {
            ObjectKind::Var { .. } => self.read_var(obj, wish),
            ObjectKind::Func(_) => self.func_value(obj, name.id, wish),
            ObjectKind::Nil => self.zero(ty, wish),
            _ => panic!("internal error: {} is no value", name.name),
        }
    }

    fn selector(&mut self, e: &'w Expr, sel: &'w ast::SelectorExpr, wish: Wish<'_>) -> Value {
        let Some(selection) = self.world.info.selection(sel.id) else {
            return self.ident(e, &sel.sel, wish);
        };
        match selection.kind {
            SelectionKind::FieldVal => {
                let ty = self.ty(e);
                match self.location(e) {
                    Storage::Regs(regs) => Value::Regs(regs),
                    Storage::Place(place) => self.load_value(place, ty, wish),
                }
            }
            SelectionKind::MethodVal => self.method_value(sel, selection, wish),
            SelectionKind::MethodExpr => self.method_expr(sel, selection, wish),
        }
    }

    /// Where the value of an expression is, without reading it from memory.
    pub(super) fn location(&mut self, e: &'w Expr) -> Storage {
        match e {
            Expr::Paren(e) => return self.location(&e.x),
            Expr::Ident(name) => {
                if let Some(obj) = self.world.info.object_of(name.id)
                    && self.world.object(obj).var_kind().is_some()
                {
                    return self.storage(obj);
                }
            }
            Expr::Selector(sel) => match self.world.info.selection(sel.id) {
                Some(selection) if selection.kind == SelectionKind::FieldVal => {
                    let base = self.location(&sel.x);
                    let ty = self.ty(&sel.x);
                    return self.walk(base, ty, &selection.path).0;
                }
                None => {
                    if let Some(obj) = self.world.info.use_of(sel.sel.id)
                        && self.world.object(obj).var_kind().is_some()
                    {
                        return self.storage(obj);
                    }
                }
                Some(_) => {}
            },
            Expr::Index(x) => {
                if let Some(place) = self.element_place(x) {
                    return Storage::Place(place);
                }
            }
            Expr::Star(x) => return Storage::Place(Place::at(self.reg(&x.x))),
            _ => {}
        }
        match self.expr(e, None) {
            Value::Regs(regs) => Storage::Regs(regs),
            Value::Mem { place, .. } => Storage::Place(place),
        }
    }

    /// The place of an expression, if it lies in memory.
    pub(super) fn place(&mut self, e: &'w Expr) -> Option<Place> {
        match self.location(e) {
            Storage::Place(place) => Some(place),
            Storage::Regs(_) => None,
        }
    }

    /// Goes along fields, through pointers on the way.
    pub(super) fn walk(&mut self, base: Storage, ty: TypeId, path: &[u32]) -> (Storage, TypeId) {
        let (mut at, mut ty) = (base, ty);
        for &step in path {
            if let Type::Pointer(elem) = *self.under(ty) {
                at = Storage::Place(Place::at(self.read_storage(&at, ty)[0]));
                ty = elem;
            }
            let Type::Struct(s) = self.under(ty) else { panic!("internal error: field of no struct") };
            at = match at {
                Storage::Regs(regs) => {
                    let (first, n) = self.p.types.field_leaves(ty, step as usize);
                    Storage::Regs(Regs::from_slice(&regs[first..first + n]))
                }
                Storage::Place(place) => {
                    let offset = self.p.field_offset(ty, step as usize);
                    Storage::Place(place.plus(offset))
                }
            };
            ty = s.fields[step as usize].ty;
        }
        (at, ty)
    }

    /// The registers of a value of leaves.
    pub(super) fn read_storage(&mut self, at: &Storage, ty: TypeId) -> Regs {
        match at {
            Storage::Regs(regs) => regs.clone(),
            Storage::Place(place) => self.load_value(place.clone(), ty, None).regs(),
        }
    }

    /// The value at a location.
    pub(super) fn storage_value(&mut self, at: Storage, ty: TypeId, wish: Wish<'_>) -> Value {
        match at {
            Storage::Regs(regs) => Value::Regs(regs),
            Storage::Place(place) => self.load_value(place, ty, wish),
        }
    }

    // ---- index and slice expressions ----------------------------------------------------------

    /// An index or a length: an integer register.
    pub(super) fn index_reg(&mut self, e: &'w Expr) -> Reg {
        match self.constant(e).and_then(|c| c.to_int().as_i64()) {
            Some(value) => self.const_int(value),
            None => self.reg(e),
        }
    }

    /// The place of an element of an array, a slice, or an array behind a pointer.
    pub(super) fn element_place(&mut self, x: &'w ast::IndexExpr) -> Option<Place> {
        let ty = self.ty(&x.x);
        match *self.under(ty) {
            Type::Array { len, elem } if len > 0 => {
                let base = self.place(&x.x)?;
                Some(self.array_element(base, len as u64, elem, &x.indices[0]))
            }
            Type::Pointer(array) => {
                let Type::Array { len, elem } = *self.under(array) else { return None };
                let base = Place::at(self.reg(&x.x));
                Some(self.array_element(base, len as u64, elem, &x.indices[0]))
            }
            Type::Slice(elem) => {
                let slice = self.head(&x.x, 2);
                let index = self.index_reg(&x.indices[0]);
                let size = self.size(elem);
                Some(Place::at(slice[0]).element(index, Len::Reg(slice[1]), size))
            }
            _ => None,
        }
    }

    fn array_element(&mut self, base: Place, len: u64, elem: TypeId, index: &'w Expr) -> Place {
        let size = self.size(elem);
        if let Some(at) = self.constant(index).and_then(|c| c.to_int().as_u64())
            && at < len
            && let Ok(bytes) = u32::try_from(at * size as u64)
            && bytes < i32::MAX as u32 / 2
        {
            return base.plus(bytes);
        }
        let index = self.index_reg(index);
        base.element(index, Len::Const(len), size)
    }

    fn index(&mut self, e: &'w Expr, x: &'w ast::IndexExpr, wish: Wish<'_>) -> Value {
        if self.world.info.type_and_value(e.id()).is_some_and(|tv| tv.mode == Mode::Value)
            && let Some(value) = self.instance_value(x, wish)
        {
            return value;
        }
        let base = self.ty(&x.x);
        match self.under(base) {
            Type::Map { .. } => self.map_index(x, wish),
            Type::Basic(_) => self.string_index(x, wish),
            Type::Array { len: 0, elem } => {
                let index = self.index_reg(&x.indices[0]);
                let len = self.const_int(0);
                self.emit(Inst::BoundsCheck { index, len });
                self.zero(*elem, wish)
            }
            _ => {
                let ty = self.ty(e);
                let place = self.element_place(x).expect("internal error: indexing of no array");
                self.load_value(place, ty, wish)
            }
        }
    }

    fn string_index(&mut self, x: &'w ast::IndexExpr, wish: Wish<'_>) -> Value {
        let s = self.regs(&x.x);
        let index = self.index_reg(&x.indices[0]);
        let dst = self.dst(wish, Class::Int);
        self.emit(Inst::LoadAtU8 { dst, base: s[0], len: s[1], index });
        Value::one(dst)
    }

    fn slice_expr(&mut self, e: &'w Expr, x: &'w ast::SliceExpr, wish: Wish<'_>) -> Value {
        let base = self.ty(&x.x);
        let array = !matches!(self.under(base), Type::Slice(_));
        let (ap, al, ac, elem) = match *self.under(base) {
            Type::Basic(_) => return self.string_slice(x, wish),
            Type::Slice(elem) => {
                let s = self.regs(&x.x);
                (s[0], s[1], s[2], elem)
            }
            Type::Pointer(array) => {
                let Type::Array { len, elem } = *self.under(array) else {
                    panic!("internal error: slice of no array")
                };
                let ptr = self.reg(&x.x);
                self.emit(Inst::NilCheck { ptr });
                let len = self.const_int(len);
                (ptr, len, len, elem)
            }
            Type::Array { len, elem } => {
                let place = self.place(&x.x);
                let ptr = match place {
                    Some(place) => self.heap_address(&place),
                    None => {
                        let dst = self.tmp(Class::Ptr);
                        let ty = self.desc(base);
                        self.emit(Inst::New { dst, ty });
                        dst
                    }
                };
                let len = self.const_int(len);
                (ptr, len, len, elem)
            }
            _ => panic!("internal error: slice of {}", self.world.runtime_type_string(base)),
        };
        let _ = e;
        let lo = self.bound(x.lo.as_ref(), None);
        let hi = self.bound(x.hi.as_ref(), Some(al));
        let max = self.bound(x.max.as_ref(), Some(ac));
        let dst = self.dsts(wish, &[Class::Ptr, Class::Int, Class::Int]);
        let size = self.size(elem);
        // An array's errors speak of its length, a slice's of its capacity.
        let (ptr, len, cap, three) = (dst[0], dst[1], dst[2], x.three as u16 | (array as u16) << 1);
        self.emit(Inst::SliceExpr { ptr, len, cap, ap, al, ac, lo, hi, max, size, three });
        Value::Regs(dst)
    }

    fn bound(&mut self, e: Option<&'w Expr>, default: Option<Reg>) -> Reg {
        match (e, default) {
            (Some(e), _) => self.index_reg(e),
            (None, Some(reg)) => reg,
            (None, None) => self.const_int(0),
        }
    }

    fn string_slice(&mut self, x: &'w ast::SliceExpr, wish: Wish<'_>) -> Value {
        let s = self.regs(&x.x);
        let lo = self.bound(x.lo.as_ref(), None);
        let hi = self.bound(x.hi.as_ref(), Some(s[1]));
        let dst = self.dsts(wish, &[Class::Ptr, Class::Int]);
        self.emit(Inst::StrSlice { ptr: dst[0], len: dst[1], ap: s[0], al: s[1], lo, hi });
        Value::Regs(dst)
    }

    // ---- unary operators that are not arithmetic --------------------------------------------------

    fn unary(&mut self, e: &'w Expr, x: &'w ast::UnaryExpr, wish: Wish<'_>) -> Value {
        match x.op {
            UnaryOp::Addr => self.address_of(&x.x, wish),
            UnaryOp::Recv => {
                let ty = self.ty(&x.x);
                self.receive(&x.x, ty, wish).0
            }
            _ => self.unary_arith(e, x, wish),
        }
    }

    /// `&x`
    fn address_of(&mut self, x: &'w Expr, wish: Wish<'_>) -> Value {
        if let Expr::CompositeLit(lit) = x.unparen() {
            let ty = self.ty(x);
            let dst = match wish.filter(|h| h.fresh) {
                Some(hint) => hint.regs[0],
                None => self.tmp(Class::Ptr),
            };
            let desc = self.desc(ty);
            self.emit(Inst::New { dst, ty: desc });
            self.scoped(|l| l.composite_fields(lit, ty, &Place::owned(dst), true));
            return Value::one(dst);
        }
        let ty = self.ty(x);
        match self.location(x) {
            Storage::Place(place) => Value::one(self.checked_address(&place)),
            // Nothing lies there: all such variables may have the same address.
            Storage::Regs(_) => {
                let dst = self.dst(wish, Class::Ptr);
                let ty = self.desc(ty);
                self.emit(Inst::New { dst, ty });
                Value::one(dst)
            }
        }
    }

    /// The address of a place as a value: a heap address that is certainly not nil.
    pub(super) fn checked_address(&mut self, place: &Place) -> Reg {
        let checked = place.offset != 0 || !place.steps.is_empty();
        if !checked && let super::Base::Ptr(ptr) = place.base {
            self.emit(Inst::NilCheck { ptr });
        }
        self.heap_address(place)
    }

    /// The address of a place that outlives the frame.
    pub(super) fn heap_address(&mut self, place: &Place) -> Reg {
        let reg = self.address(place);
        if self.f.regs.class(reg) == Class::Raw {
            panic!("internal error: the address of a frame slot escapes in {}", self.name);
        }
        reg
    }

    // ---- maps -----------------------------------------------------------------------------------

    fn map_index(&mut self, x: &'w ast::IndexExpr, wish: Wish<'_>) -> Value {
        let map_ty = self.ty(&x.x);
        let Type::Map { key, value } = *self.under(map_ty) else { panic!("internal error: no map") };
        let map = self.reg(&x.x);
        let key = self.passing_key(&x.indices[0], key);
        let (elem, _) = self.map_get(map_ty, map, &key);
        let value = self.load_value(Place::at(elem), value, wish);
        self.detached(value, map_ty)
    }

    /// An element of a memory type read from a map: copied before the map changes.
    fn detached(&mut self, value: Value, map_ty: TypeId) -> Value {
        let Type::Map { value: elem, .. } = *self.under(map_ty) else { panic!("internal error: no map") };
        match value {
            Value::Mem { .. } => Value::owned(self.own(value, elem)),
            value => value,
        }
    }

    /// `m[k]` with whether it is there.
    pub(super) fn map_index_ok(&mut self, x: &'w ast::IndexExpr) -> (Value, Reg) {
        let map_ty = self.ty(&x.x);
        let Type::Map { key, value } = *self.under(map_ty) else { panic!("internal error: no map") };
        let map = self.reg(&x.x);
        let key = self.passing_key(&x.indices[0], key);
        let (elem, ok) = self.map_get(map_ty, map, &key);
        let value = self.load_value(Place::at(elem), value, None);
        (self.detached(value, map_ty), ok)
    }

    /// A key, evaluated, in the form that map instructions take.
    pub(super) fn map_key(&mut self, e: &'w Expr, ty: TypeId) -> MapKey {
        let value = self.expr_as(e, ty, None);
        self.map_key_of(value, ty)
    }

    /// As [`Lower::map_key`] for a lookup: the map does not keep the key.
    fn passing_key(&mut self, e: &'w Expr, ty: TypeId) -> MapKey {
        let value = self.glance(e, ty);
        self.map_key_of(value, ty)
    }

    /// The form in which a value is a key.
    pub(super) fn map_key_of(&mut self, value: Value, ty: TypeId) -> MapKey {
        let form = match self.under(ty) {
            Type::Basic(b) if b.is_integer() || b.is_boolean() => 0,
            Type::Basic(vo_types::types::Basic::UnsafePointer) => 0,
            Type::Pointer(_) | Type::Chan { .. } | Type::Island | Type::Port { .. } => 0,
            Type::Basic(b) if b.is_string() => 1,
            _ => 2,
        };
        match (form, value) {
            (0, value) => MapKey::Int(value.regs()[0]),
            (1, value) => {
                let regs = value.regs();
                MapKey::Str(regs[0], regs[1])
            }
            (_, Value::Mem { place, .. }) => MapKey::Mem(place),
            (_, value) => {
                let place = self.scratch(ty);
                self.store_value(&place, ty, &value);
                MapKey::Mem(place)
            }
        }
    }

    /// The address of the element of a key, and whether it is there.
    pub(super) fn map_get(&mut self, map_ty: TypeId, map: Reg, key: &MapKey) -> (Reg, Reg) {
        let ty = self.desc(map_ty);
        let (elem, ok) = (self.tmp(Class::Ptr), self.tmp_int());
        match key {
            MapKey::Int(key) => self.emit(Inst::MapGetInt { elem, ok, map, key: *key, ty }),
            MapKey::Str(kp, kl) => self.emit(Inst::MapGetStr { elem, ok, map, kp: *kp, kl: *kl, ty }),
            MapKey::Mem(place) => {
                let key = self.address(place);
                self.emit(Inst::MapGetMem { elem, ok, map, key, ty });
            }
        }
        (elem, ok)
    }

    /// The address of the element of a key, which is there afterwards.
    pub(super) fn map_set(&mut self, map_ty: TypeId, map: Reg, key: &MapKey) -> Reg {
        let ty = self.desc(map_ty);
        let elem = self.tmp(Class::Ptr);
        match key {
            MapKey::Int(key) => self.emit(Inst::MapSetInt { elem, map, key: *key, ty }),
            MapKey::Str(kp, kl) => self.emit(Inst::MapSetStr { elem, map, kp: *kp, kl: *kl, ty }),
            MapKey::Mem(place) => {
                let key = self.address(place);
                self.emit(Inst::MapSetMem { elem, map, key, ty });
            }
        }
        elem
    }

    // ---- channels ---------------------------------------------------------------------------------

    /// `<-ch`: the value, and whether it was sent.
    pub(super) fn receive(&mut self, ch: &'w Expr, ty: TypeId, wish: Wish<'_>) -> (Value, Reg) {
        let elem = self.chan_elem(ty);
        let chan = self.reg(ch);
        let classes = self.classes(elem);
        let ok = self.tmp_int();
        let words = self.dsts(wish, &classes);
        let list: Vec<u16> = words.iter().map(|r| r.0).collect();
        self.emit_receive(ty, ok, &list, chan);
        (self.received(&words, elem), ok)
    }

    /// The element type of a channel.
    pub(super) fn chan_elem(&self, ty: TypeId) -> TypeId {
        match *self.under(ty) {
            Type::Chan { elem, .. } | Type::Port { elem, .. } => elem,
            _ => panic!("internal error: no channel"),
        }
    }

    /// A received value. A closed channel gives no address for a value in memory.
    pub(super) fn received(&mut self, words: &[Reg], elem: TypeId) -> Value {
        if self.leaves(elem).is_none() {
            let there = self.label();
            self.emit(Inst::JumpNeImm { a: words[0], imm: 0, target: there.0 });
            let ty = self.desc(elem);
            self.emit(Inst::New { dst: words[0], ty });
            self.bind(there);
        }
        self.arrived(words, elem)
    }

    /// Evaluates an expression for its effects.
    pub(super) fn effect(&mut self, e: &'w Expr) {
        match e.unparen() {
            Expr::Call(call) => {
                self.call_effect(call);
            }
            other => {
                self.expr(other, None);
            }
        }
    }

    /// A selection of an expression node, if it is one of a method.
    pub(super) fn method_selection(&self, e: &'w Expr) -> Option<(&'w ast::SelectorExpr, &'w Selection)> {
        let sel = match e.unparen() {
            Expr::Selector(sel) => sel,
            Expr::Index(x) => self.instantiated_method(x)?,
            _ => return None,
        };
        let selection = self.world.info.selection(sel.id)?;
        (selection.kind == SelectionKind::MethodVal).then_some((sel, selection))
    }
}

/// A map key as instructions take it.
#[derive(Clone, Debug)]
pub(super) enum MapKey {
    Int(Reg),
    Str(Reg, Reg),
    Mem(Place),
}
