//! Calls of functions, methods, closures and interface methods; arguments and results.
//!
//! The function value and all arguments are evaluated in source order, then the call is made. Words go in and
//! out leaf by leaf; a value of a memory type goes as the address of a copy that the callee owns.

use smallvec::SmallVec;
use vo_bytecode::operand::RegList;
use vo_bytecode::{Class, Inst, Reg};
use vo_syntax::ast::{self, Expr, Node};
use vo_types::info::{self, Mode, Selection};
use vo_types::object::{ObjId, ObjectKind};
use vo_types::package::PkgId;
use vo_types::types::{FoundKind, Lookup, Signature, Type, TypeId};

use super::assign::Target;
use super::{Lower, Place, Regs, Storage, Value, Wish};
use crate::escape;
use crate::program::{Code, Intrinsic};

/// What is called.
#[derive(Clone, Debug)]
pub(super) enum Callee {
    Code(Code),
    Closure(Reg),
    Iface { ty: Reg, data: Reg, method: u32 },
}

/// A call whose function and receiver have been evaluated.
pub(super) struct Prepared {
    pub callee: Callee,
    /// The declared function or method that it is.
    pub declared: Option<ObjId>,
    /// Words of the receiver.
    pub first: Regs,
    /// The signature without receiver.
    pub sig: TypeId,
}

/// A method that a selector stands for.
pub struct Resolved {
    pub(crate) target: MethodTarget,
    pub(crate) path: Vec<u32>,
    pub(crate) sig: TypeId,
}

/// Where a method's code is.
#[derive(Clone, Debug)]
pub enum MethodTarget {
    Declared { obj: ObjId, targs: Vec<TypeId>, by_pointer: bool },
    Interface { selector: u32 },
}

/// Arguments of a `...T` parameter that are evaluated before the slice is made.
const FEW: usize = 16;

impl<'w> Lower<'_, 'w> {
    // ---- entry points ---------------------------------------------------------------------------------

    /// The single value of a call, a conversion or a built-in function.
    pub(super) fn call_value(&mut self, e: &'w Expr, call: &'w ast::CallExpr, wish: Wish<'_>) -> Value {
        if let Some(tv) = self.world.info.type_and_value(call.fun.id()) {
            match tv.mode {
                Mode::TypeExpr => {
                    let to = self.ty(e);
                    return self.convert(&call.args[0], to, wish);
                }
                Mode::Builtin(builtin) => return self.builtin(builtin, e, call, wish),
                _ => {}
            }
        }
        let prepared = self.prepare(&call.fun);
        if let Callee::Code(Code::Intrinsic(op)) = prepared.callee {
            return self.intrinsic(op, call, wish);
        }
        let args = self.arguments(&prepared, call);
        let types = self.result_types(prepared.sig);
        let [ty] = types[..] else { return Value::Regs(Regs::new()) };
        let classes = self.classes(ty);
        let dst = self.dsts(wish, &classes);
        self.at(call.span.start);
        self.emit_call(&prepared.callee, &args, &dst);
        self.arrived(&dst, ty)
    }

    /// All results of a call.
    pub(super) fn call_results(&mut self, call: &'w ast::CallExpr) -> Vec<Value> {
        let prepared = self.prepare(&call.fun);
        let args = self.arguments(&prepared, call);
        let types = self.result_types(prepared.sig);
        self.at(call.span.start);
        self.call_words(&prepared.callee, &args, &types)
    }

    /// Makes a call whose results of leaves go to these registers.
    pub(super) fn call_into(&mut self, call: &'w ast::CallExpr, dst: &[Regs]) {
        let prepared = self.prepare(&call.fun);
        let args = self.arguments(&prepared, call);
        let all: Regs = dst.iter().flatten().copied().collect();
        self.at(call.span.start);
        self.emit_call(&prepared.callee, &args, &all);
    }

    /// Makes a call; its results are in temporaries.
    pub(super) fn call_words(&mut self, callee: &Callee, args: &[u16], types: &[TypeId]) -> Vec<Value> {
        let mut parts: Vec<Regs> = Vec::new();
        for &ty in types {
            let classes = self.classes(ty);
            parts.push(self.tmps(&classes));
        }
        let all: Regs = parts.iter().flatten().copied().collect();
        self.emit_call(callee, args, &all);
        parts.iter().zip(types).map(|(words, &ty)| self.arrived(words, ty)).collect()
    }

    /// A call as a statement.
    pub(super) fn call_effect(&mut self, call: &'w ast::CallExpr) {
        let tv = self.world.info.type_and_value(call.fun.id());
        match tv.map(|tv| tv.mode) {
            Some(Mode::Builtin(builtin)) => self.builtin_effect(builtin, call),
            Some(Mode::TypeExpr) => self.effect(&call.args[0]),
            _ => {
                let prepared = self.prepare(&call.fun);
                if let Callee::Code(Code::Intrinsic(op)) = prepared.callee {
                    self.intrinsic(op, call, None);
                    return;
                }
                let args = self.arguments(&prepared, call);
                let types = self.result_types(prepared.sig);
                self.at(call.span.start);
                self.call_words(&prepared.callee, &args, &types);
            }
        }
    }

    pub(super) fn result_types(&self, sig: TypeId) -> SmallVec<[TypeId; 2]> {
        self.signature(sig).results.iter().map(|r| self.subst(r.ty)).collect()
    }

    pub(super) fn emit_call(&mut self, callee: &Callee, args: &[u16], results: &[Reg]) {
        let results: SmallVec<[u16; 8]> = results.iter().map(|r| r.0).collect();
        let (args, results) = (RegList(args), RegList(&results));
        match *callee {
            Callee::Code(Code::Func(func)) => self.emit(Inst::Call { func, args, results }),
            Callee::Code(Code::Native(native)) => self.emit(Inst::CallNative { native, args, results }),
            Callee::Code(Code::Intrinsic(_)) => panic!("internal error: call of an intrinsic"),
            Callee::Closure(closure) => self.emit(Inst::CallClosure { closure, args, results }),
            Callee::Iface { ty, data, method } => {
                self.emit(Inst::CallIface { ty, data, method, args, results })
            }
        }
        self.release_kept();
    }

    // ---- what is called -------------------------------------------------------------------------------

    /// Evaluates the function part of a call.
    pub(super) fn prepare(&mut self, fun: &'w Expr) -> Prepared {
        let fun = fun.unparen();
        let sig = self.ty(fun);
        if let Some((obj, targs)) = self.static_function(fun) {
            let callee = Callee::Code(self.p.code_of(obj, &targs));
            return Prepared { callee, declared: Some(obj), first: Regs::new(), sig };
        }
        if let Some((sel, selection)) = self.method_selection(fun) {
            return self.prepare_method(sel, selection, sig);
        }
        let closure = self.reg(fun);
        Prepared { callee: Callee::Closure(closure), declared: None, first: Regs::new(), sig }
    }

    /// The declared function that an expression names, with its type arguments.
    pub(super) fn static_function(&self, e: &'w Expr) -> Option<(ObjId, Vec<TypeId>)> {
        let name = match e.unparen() {
            Expr::Ident(name) => name,
            Expr::Selector(sel) if self.world.info.selection(sel.id).is_none() => &sel.sel,
            Expr::Index(x) => return self.static_function(&x.x),
            _ => return None,
        };
        let obj = self.world.info.use_of(name.id)?;
        if !matches!(self.world.object(obj).kind, ObjectKind::Func(_)) {
            return None;
        }
        Some((obj, self.instance_args(name.id)))
    }

    /// Type arguments at an identifier, in terms of this instance.
    pub(super) fn instance_args(&self, ident: ast::NodeId) -> Vec<TypeId> {
        let instance = self.world.info.instance(ident);
        instance.map_or(Vec::new(), |i| i.targs.iter().map(|&t| self.subst(t)).collect())
    }

    fn prepare_method(&mut self, sel: &'w ast::SelectorExpr, selection: &Selection, sig: TypeId) -> Prepared {
        let resolved = self.resolve(sel, selection);
        let base = self.location(&sel.x);
        let recv = self.ty(&sel.x);
        let (at, ty) = self.walk(base, recv, &resolved.path);
        match resolved.target {
            MethodTarget::Interface { selector } => {
                let iface = self.read_storage(&at, ty);
                self.p.mark_called(selector);
                let callee = Callee::Iface { ty: iface[0], data: iface[1], method: selector };
                Prepared { callee, declared: None, first: Regs::new(), sig }
            }
            MethodTarget::Declared { obj, targs, by_pointer } => {
                let first = self.receiver(at, ty, by_pointer);
                let callee = Callee::Code(self.p.code_of(obj, &targs));
                Prepared { callee, declared: Some(obj), first, sig }
            }
        }
    }

    /// The method that a selector stands for in this instance.
    pub(super) fn resolve(&mut self, sel: &'w ast::SelectorExpr, selection: &Selection) -> Resolved {
        let recv = self.subst(selection.recv);
        let mut resolved = match (self.env.is_empty(), selection.target) {
            (true, info::Target::Method(obj)) => {
                let path: Vec<u32> = selection.path.to_vec();
                let holder = self.end_of_path(recv, &path);
                self.declared(obj, holder, path)
            }
            _ => {
                let pkg = self.selecting_package(selection, sel);
                self.find_method(recv, pkg, sel.sel.name)
            }
        };
        let own = self.instance_args(sel.sel.id);
        if let MethodTarget::Declared { targs, .. } = &mut resolved.target
            && !own.is_empty()
        {
            resolved.sig = self.world.instantiate_signature(resolved.sig, &own);
            targs.extend(own);
        }
        resolved
    }

    /// The package from which an unexported method is selected: the method's own.
    fn selecting_package(&self, selection: &Selection, sel: &'w ast::SelectorExpr) -> Option<PkgId> {
        if sel.sel.name.is_exported() {
            return None;
        }
        if let info::Target::Method(obj) = selection.target {
            return self.world.object(obj).pkg;
        }
        let holder = self.end_of_path(selection.recv, &selection.path);
        let set = self.world.type_set(holder)?;
        set.methods.iter().find(|m| m.name == sel.sel.name).and_then(|m| m.pkg)
    }

    /// The method of this name in a type's method set, or in that of the pointer to it.
    pub(super) fn find_method(
        &mut self,
        recv: TypeId,
        pkg: Option<PkgId>,
        name: vo_syntax::ast::Symbol,
    ) -> Resolved {
        let found = match self.world.lookup(recv, true, pkg, name) {
            Lookup::Found(found) | Lookup::NeedsPointer(found) => found,
            _ => panic!("internal error: {} has no method {name}", self.world.runtime_type_string(recv)),
        };
        match found.kind {
            FoundKind::Method(obj) => self.declared(obj, found.holder, found.path),
            FoundKind::Interface(i) => {
                let set = self.world.type_set(found.holder).expect("internal error: no type set");
                let method = set.methods[i as usize];
                let selector = self.p.types.selector(method.name, method.pkg, method.sig);
                Resolved { target: MethodTarget::Interface { selector }, path: found.path, sig: method.sig }
            }
            FoundKind::Field => panic!("internal error: {name} is a field"),
        }
    }

    fn declared(&self, obj: ObjId, holder: TypeId, path: Vec<u32>) -> Resolved {
        let holder = self.world.types.as_pointer(holder).unwrap_or(holder);
        let targs = self.world.type_args(holder).to_vec();
        let by_pointer = self.world.object(obj).func().is_some_and(|f| f.ptr_recv.get());
        let sig = self.world.method_signature(obj, holder);
        Resolved { target: MethodTarget::Declared { obj, targs, by_pointer }, path, sig }
    }

    /// The type at the end of a path of fields, pointers followed on the way.
    pub(super) fn end_of_path(&self, ty: TypeId, path: &[u32]) -> TypeId {
        path.iter().fold(ty, |ty, &step| {
            let ty = match *self.under(ty) {
                Type::Pointer(elem) => elem,
                _ => ty,
            };
            match self.under(ty) {
                Type::Struct(s) => s.fields[step as usize].ty,
                _ => panic!("internal error: field of no struct"),
            }
        })
    }

    /// The words of a receiver: the address of what lies at `at`, or its value.
    pub(super) fn receiver(&mut self, at: Storage, ty: TypeId, by_pointer: bool) -> Regs {
        let pointed = self.world.types.as_pointer(ty);
        match (by_pointer, pointed) {
            (true, Some(_)) => self.read_storage(&at, ty),
            (true, None) => match at {
                Storage::Place(place) => Regs::from_slice(&[self.checked_address(&place)]),
                // A value without leaves has no variable: any address will do.
                Storage::Regs(regs) => {
                    let dst = self.tmp(Class::Ptr);
                    let desc = self.desc(ty);
                    self.emit(Inst::New { dst, ty: desc });
                    self.store(&Place::at(dst), ty, &regs);
                    Regs::from_slice(&[dst])
                }
            },
            (false, Some(elem)) => {
                let ptr = self.read_storage(&at, ty)[0];
                let value = self.load_value(Place::at(ptr), elem, None);
                self.words(value, elem)
            }
            (false, _) => {
                let value = self.storage_value(at, ty, None);
                self.words(value, ty)
            }
        }
    }

    // ---- arguments --------------------------------------------------------------------------------------

    /// The words of the receiver and all arguments.
    pub(super) fn arguments(&mut self, prepared: &Prepared, call: &'w ast::CallExpr) -> Vec<u16> {
        if let Some(words) = self.moved_variable(call) {
            return words.iter().map(|r| r.0).collect();
        }
        let mut words: Vec<u16> = prepared.first.iter().map(|r| r.0).collect();
        let sig = self.signature(prepared.sig);
        let spread = call.ellipsis.is_valid();
        let args = self.keeping(prepared.declared, call, |l| l.argument_words(sig, &call.args, spread));
        words.extend(args.iter().map(|r| r.0));
        words
    }

    /// The argument of a call of `island.Move` that is a variable: the variable is nil before the call is made.
    fn moved_variable(&mut self, call: &'w ast::CallExpr) -> Option<Regs> {
        let arg = escape::given_away(self.world, call)?;
        let (target, ty) = (self.target(arg), self.ty(arg));
        let value = match &target {
            Target::Regs(regs, _) => regs.clone(),
            Target::Place(place, _) => self.load_value(place.clone(), ty, None).regs(),
            _ => return None,
        };
        let classes = self.classes(ty);
        let words = self.tmps(&classes);
        self.moves(&words, &value);
        let nil = self.zero(ty, None);
        self.write_target(&target, &nil);
        Some(words)
    }

    pub(super) fn argument_words(&mut self, sig: &Signature, args: &'w [Expr], spread: bool) -> Vec<Reg> {
        let params: Vec<TypeId> = sig.params.iter().map(|p| self.subst(p.ty)).collect();
        if let [call] = args
            && (params.len() != 1 || sig.variadic)
            && let Type::Tuple(_) = self.world.types.get(self.ty(call))
        {
            return self.spread_call(call, &params, sig.variadic);
        }
        let fixed = if sig.variadic && !spread { params.len() - 1 } else { params.len() };
        let mut words = Vec::new();
        if fixed == params.len() || args.len() <= fixed + FEW {
            // All at once, so that what is read late waits for all calls.
            let mut types = params[..fixed].to_vec();
            if fixed < params.len() {
                let elem = self.variadic_elem(params[fixed]);
                types.resize(args.len(), elem);
            }
            let mut values = self.operands(args, &types);
            let rest = values.split_off(fixed);
            for (value, &ty) in values.into_iter().zip(&types) {
                words.extend(self.words(value, ty));
            }
            if fixed < params.len() {
                let elem = self.variadic_elem(params[fixed]);
                words.extend(self.variadic_slice(rest.len(), elem, |_, i| rest[i].clone()));
            }
            return words;
        }
        for (arg, &ty) in args.iter().zip(&params[..fixed]) {
            let value = self.expr_as(arg, ty, None);
            words.extend(self.words(value, ty));
        }
        let elem = self.variadic_elem(params[fixed]);
        let rest = &args[fixed..];
        words.extend(self.variadic_slice(rest.len(), elem, |l, i| l.expr_as(&rest[i], elem, None)));
        words
    }

    fn variadic_elem(&self, slice: TypeId) -> TypeId {
        match *self.under(slice) {
            Type::Slice(elem) => elem,
            _ => panic!("internal error: a variadic parameter that is no slice"),
        }
    }

    /// A new slice of the arguments of a `...T` parameter; nil where there are none.
    pub(super) fn variadic_slice(
        &mut self,
        n: usize,
        elem: TypeId,
        mut arg: impl FnMut(&mut Self, usize) -> Value,
    ) -> Regs {
        if n == 0 {
            let regs = self.tmps(&[Class::Ptr, Class::Int, Class::Int]);
            self.zero_regs(&regs);
            return regs;
        }
        // A few arguments come first; many are stored one by one, so that they do not all wait in registers.
        let few = if n <= FEW { n } else { 0 };
        let values: Vec<Value> = (0..few).map(|i| arg(self, i)).collect();
        let ptr = self.tmp(Class::Ptr);
        let len = self.const_int(n as i64);
        let ty = self.desc(elem);
        self.emit(Inst::MakeSlice { ptr, ty, len, cap: len });
        let size = self.size(elem);
        for i in 0..n {
            self.scoped(|l| {
                let value = values.get(i).cloned().unwrap_or_else(|| arg(l, i));
                l.store_value(&Place::at(ptr).plus(i as u32 * size), elem, &value);
            });
        }
        Regs::from_slice(&[ptr, len, len])
    }

    /// `f(g())` where g has several results.
    fn spread_call(&mut self, call: &'w Expr, params: &[TypeId], variadic: bool) -> Vec<Reg> {
        let (values, types) = self.tuple_values(call);
        let fixed = if variadic { params.len() - 1 } else { params.len() };
        let mut words = Vec::new();
        for i in 0..fixed {
            let value = self.value_as(values[i].clone(), types[i], params[i]);
            words.extend(self.words(value, params[i]));
        }
        if variadic {
            let elem = self.variadic_elem(params[fixed]);
            let rest = self.variadic_slice(values.len() - fixed, elem, |l, i| {
                l.value_as(values[fixed + i].clone(), types[fixed + i], elem)
            });
            words.extend(rest);
        }
        words
    }

    // ---- intrinsics ---------------------------------------------------------------------------------------

    fn intrinsic(&mut self, op: Intrinsic, call: &'w ast::CallExpr, wish: Wish<'_>) -> Value {
        let single = matches!(op, Intrinsic::Float32bits);
        let float = if single { TypeId::FLOAT32 } else { TypeId::FLOAT64 };
        let from_bits = matches!(op, Intrinsic::Float64frombits | Intrinsic::Float32frombits);
        let mut args = Regs::new();
        for arg in &call.args {
            let ty = if from_bits { self.ty(arg) } else { float };
            args.extend(self.expr_as(arg, ty, None).regs());
        }
        let class = match op {
            Intrinsic::Float64bits | Intrinsic::Float32bits => Class::Int,
            Intrinsic::Float32frombits => Class::F32,
            _ => Class::F64,
        };
        let dst = self.dst(wish, class);
        let a = args[0];
        self.emit(match op {
            Intrinsic::Sqrt => Inst::SqrtF64 { dst, a },
            Intrinsic::Floor => Inst::FloorF64 { dst, a },
            Intrinsic::Ceil => Inst::CeilF64 { dst, a },
            Intrinsic::Trunc => Inst::TruncF64 { dst, a },
            Intrinsic::Abs => Inst::AbsF64 { dst, a },
            Intrinsic::Fma => Inst::FmaF64 { dst, a, b: args[1], c: args[2] },
            Intrinsic::Float64bits => Inst::BitsFromF64 { dst, a },
            Intrinsic::Float32bits => Inst::BitsFromF32 { dst, a },
            Intrinsic::Float64frombits => Inst::F64FromBits { dst, a },
            Intrinsic::Float32frombits => Inst::F32FromBits { dst, a },
        });
        Value::one(dst)
    }
}
