//! Functions that the compiler makes: closures of declared functions, bound methods, method expressions,
//! entries of method tables, calls of natives and of built-in functions.
//!
//! A wrapper has its parameters' words in the order of the call, forwards them and returns what comes back.
//! It lets the right to recover pass, so it has the flag of what it wraps.

use vo_bytecode::module::FuncFlags;
use vo_bytecode::operand::RegList;
use vo_bytecode::{Class, Function, Inst, Reg};
use vo_types::object::ObjId;
use vo_types::types::TypeId;
use vo_types::universe::Builtin;

use std::rc::Rc;

use super::call::{Callee, MethodTarget};
use super::{Lower, Place, Regs, Storage, Value};
use crate::escape::Facts;
use crate::func::TooLarge;
use crate::program::{Code, Program};

/// A method as a wrapper reaches it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Method {
    /// The type whose method it is, promoted or not.
    pub recv: TypeId,
    pub path: Vec<u32>,
    pub target: MethodKey,
    /// The signature without receiver.
    pub sig: TypeId,
}

/// Where the method's code is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MethodKey {
    Declared { obj: ObjId, targs: Vec<TypeId>, by_pointer: bool },
    Interface { selector: u32 },
}

/// The kinds of wrappers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum WrapperKind {
    /// A function without body: calls its native.
    Native { obj: ObjId },
    /// The closure of a declared function.
    Value { obj: ObjId, targs: Vec<TypeId> },
    /// A closure that holds a receiver.
    Bound { obj: ObjId, targs: Vec<TypeId>, sig: TypeId },
    /// A closure that holds an interface value.
    BoundIface { selector: u32, sig: TypeId },
    /// The closure of a method expression.
    Expr(Method),
    /// A function whose receiver is an interface's data word.
    Data(Method),
    /// The closure code of a function that package reflect makes, for a function type.
    Made { ty: TypeId },
    /// A built-in function on evaluated operands.
    Builtin { builtin: Builtin, types: Vec<TypeId>, out: bool },
    /// A closure that makes a call with the words that it holds, of values of these types.
    Spawn { callee: Spawned, types: Vec<TypeId>, results: Vec<Class> },
}

/// What is called on another island.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Spawned {
    Func(u32),
    /// The first word is the closure.
    Closure,
    /// The first two words are the interface value.
    Iface(u32),
}

impl From<MethodTarget> for MethodKey {
    fn from(target: MethodTarget) -> MethodKey {
        match target {
            MethodTarget::Declared { obj, targs, by_pointer } => {
                MethodKey::Declared { obj, targs, by_pointer }
            }
            MethodTarget::Interface { selector } => MethodKey::Interface { selector },
        }
    }
}

/// Lowers a wrapper.
pub fn wrapper<'w>(
    p: &mut Program<'w>,
    name: String,
    kind: &WrapperKind,
    flags: FuncFlags,
) -> Result<Function, TooLarge> {
    let mut l = Lower::new(p, name, Rc::default(), Rc::new(Facts::default()));
    let (params, results) = match kind {
        WrapperKind::Native { obj } => l.native_stub(*obj),
        WrapperKind::Value { obj, targs } => l.value_wrapper(*obj, targs),
        WrapperKind::Bound { obj, targs, sig } => l.bound_wrapper(*obj, targs, *sig),
        WrapperKind::BoundIface { selector, sig } => l.bound_iface_wrapper(*selector, *sig),
        WrapperKind::Expr(method) => l.expr_wrapper(method),
        WrapperKind::Data(method) => l.data_wrapper(method),
        WrapperKind::Made { ty } => l.made_wrapper(*ty),
        WrapperKind::Builtin { builtin, types, out } => l.builtin_wrapper(*builtin, types, *out),
        WrapperKind::Spawn { callee, types, results } => l.spawn_wrapper(*callee, types, results),
    };
    l.f.finish(l.name, params as u16, results, flags)
}

impl<'w> Lower<'_, 'w> {
    fn sig_params(&mut self, sig: TypeId) -> Vec<Reg> {
        let (params, _) = self.p.types.signature_classes(sig);
        params.into_iter().map(|c| self.f.regs.pinned(c)).collect()
    }

    /// Calls with these words and returns what comes back.
    fn forward(&mut self, callee: &Callee, words: &[Reg], results: &[Class]) {
        let args: Vec<u16> = words.iter().map(|r| r.0).collect();
        let regs = self.tmps(results);
        self.emit_call(callee, &args, &regs);
        let results: Vec<u16> = regs.iter().map(|r| r.0).collect();
        self.emit(Inst::Return { results: RegList(&results) });
    }

    fn native_stub(&mut self, obj: ObjId) -> (usize, Vec<Class>) {
        let (params, results) = self.p.declared_classes(obj, &[]);
        let words: Vec<Reg> = params.iter().map(|&c| self.f.regs.pinned(c)).collect();
        let native = self.p.native_of(obj);
        self.forward(&Callee::Code(Code::Native(native)), &words, &results);
        (words.len(), results)
    }

    fn value_wrapper(&mut self, obj: ObjId, targs: &[TypeId]) -> (usize, Vec<Class>) {
        let (params, results) = self.p.declared_classes(obj, targs);
        self.f.regs.pinned(Class::Ptr);
        let words: Vec<Reg> = params.iter().map(|&c| self.f.regs.pinned(c)).collect();
        let func = self.p.func_of(obj, targs);
        self.forward(&Callee::Code(Code::Func(func)), &words, &results);
        (1 + words.len(), results)
    }

    fn bound_wrapper(&mut self, obj: ObjId, targs: &[TypeId], sig: TypeId) -> (usize, Vec<Class>) {
        let (params, results) = self.p.declared_classes(obj, targs);
        let closure = self.f.regs.pinned(Class::Ptr);
        let args = self.sig_params(sig);
        let mut held = self.tmps(&params[..params.len() - args.len()]);
        self.read_words(closure, &held, &mut 8);
        if let Some(ty) = self.p.memory_receiver(obj, targs) {
            // The method owns its receiver; the closure keeps its own.
            let place = Place::at(held[0]);
            held[0] = self.own(Value::Mem { place, owned: false }, ty);
        }
        let words: Vec<Reg> = held.iter().chain(&args).copied().collect();
        let func = self.p.func_of(obj, targs);
        self.forward(&Callee::Code(Code::Func(func)), &words, &results);
        (1 + args.len(), results)
    }

    fn bound_iface_wrapper(&mut self, selector: u32, sig: TypeId) -> (usize, Vec<Class>) {
        let closure = self.f.regs.pinned(Class::Ptr);
        let args = self.sig_params(sig);
        let held = self.tmps(&[Class::Int, Class::Any]);
        self.read_words(closure, &held, &mut 8);
        let (_, results) = self.p.types.signature_classes(sig);
        let callee = Callee::Iface { ty: held[0], data: held[1], method: selector };
        self.forward(&callee, &args, &results);
        (1 + args.len(), results)
    }

    fn expr_wrapper(&mut self, method: &Method) -> (usize, Vec<Class>) {
        self.f.regs.pinned(Class::Ptr);
        let classes = self.classes(method.recv);
        let recv: Regs = classes.into_iter().map(|c| self.f.regs.pinned(c)).collect();
        let args = self.sig_params(method.sig);
        let at = match self.leaves(method.recv) {
            Some(_) => Storage::Regs(recv.clone()),
            None => Storage::Place(Place::at(recv[0])),
        };
        let results = self.forward_method(at, method, &args);
        (1 + recv.len() + args.len(), results)
    }

    /// Puts the parameters into an object that has room for the results behind them, and lets package
    /// reflect do the rest.
    fn made_wrapper(&mut self, ty: TypeId) -> (usize, Vec<Class>) {
        let closure = self.f.regs.pinned(Class::Ptr);
        let sig = self.signature(ty);
        let params: Vec<TypeId> = sig.params.iter().map(|p| p.ty).collect();
        let results: Vec<TypeId> = sig.results.iter().map(|p| p.ty).collect();
        let regs = self.param_regs(&params);
        let (frame_ty, frame) = (self.p.made_frame(ty), self.tmp(Class::Ptr));
        let desc = self.desc(frame_ty);
        self.emit(Inst::New { dst: frame, ty: desc });
        for (i, (words, &ty)) in regs.iter().zip(&params).enumerate() {
            let place = Place::owned(frame).plus(self.p.field_offset(frame_ty, i));
            let value = self.arrived(words, ty);
            self.store_value(&place, ty, &value);
        }
        let func = self.p.package_func("reflect", "callMade");
        let func = func.expect("internal error: package reflect has no callMade");
        self.emit_call(&Callee::Code(Code::Func(func)), &[closure.0, frame.0], &[]);
        let mut words = Vec::new();
        for (i, &ty) in results.iter().enumerate() {
            let place = Place::owned(frame).plus(self.p.field_offset(frame_ty, params.len() + i));
            let value = self.load_value(place, ty, None);
            words.extend(self.words(value, ty).iter().map(|r| r.0));
        }
        self.emit(Inst::Return { results: RegList(&words) });
        let (_, classes) = self.p.types.signature_classes(ty);
        (1 + regs.iter().map(|r| r.len()).sum::<usize>(), classes)
    }

    fn data_wrapper(&mut self, method: &Method) -> (usize, Vec<Class>) {
        let pointer = self.world.types.as_pointer(method.recv).is_some();
        let data = self.f.regs.pinned(if pointer { Class::Ptr } else { Class::Any });
        let args = self.sig_params(method.sig);
        if let (true, MethodKey::Declared { obj, by_pointer: false, .. }, []) =
            (pointer, &method.target, &method.path[..])
        {
            self.check_receiver(data, *obj);
        }
        let at = if pointer {
            Storage::Regs(Regs::from_slice(&[data]))
        } else if self.p.types.is_inline(method.recv) {
            Storage::Regs(self.unbox(data, method.recv, None).regs())
        } else {
            let ptr = self.tmp(Class::Ptr);
            self.mov(ptr, data);
            Storage::Place(Place::at(ptr))
        };
        let results = self.forward_method(at, method, &args);
        (1 + args.len(), results)
    }

    /// A method of a value, called through a nil pointer in an interface, panics with its name.
    fn check_receiver(&mut self, ptr: Reg, obj: ObjId) {
        let Some(ty) = self.p.package_type("runtime", "plainError") else { return };
        let ok = self.label();
        self.emit(Inst::JumpNeImm { a: ptr, imm: 0, target: ok.0 });
        let name = self.p.func_name(obj);
        let base = name.rsplit('.').nth(1).unwrap_or_default();
        let text = format!("value method {name} called using nil *{base} pointer");
        let text = self.const_str(text.as_bytes(), None);
        let v = self.box_value(text, ty, None).regs();
        self.emit(Inst::Panic { ty: v[0], data: v[1] });
        self.bind(ok);
    }

    /// Goes to where the method is declared and calls it.
    fn forward_method(&mut self, at: Storage, method: &Method, args: &[Reg]) -> Vec<Class> {
        let (_, results) = self.p.types.signature_classes(method.sig);
        let (at, ty) = self.walk(at, method.recv, &method.path);
        match &method.target {
            MethodKey::Interface { selector } => {
                let iface = self.read_storage(&at, ty);
                self.p.mark_called(*selector);
                let callee = Callee::Iface { ty: iface[0], data: iface[1], method: *selector };
                self.forward(&callee, args, &results);
            }
            MethodKey::Declared { obj, targs, by_pointer } => {
                let first = self.receiver(at, ty, *by_pointer);
                let words: Vec<Reg> = first.iter().chain(args).copied().collect();
                let func = self.p.func_of(*obj, targs);
                self.forward(&Callee::Code(Code::Func(func)), &words, &results);
            }
        }
        results
    }

    fn spawn_wrapper(&mut self, callee: Spawned, types: &[TypeId], results: &[Class]) -> (usize, Vec<Class>) {
        let closure = self.f.regs.pinned(Class::Ptr);
        let classes: Vec<Class> = types.iter().flat_map(|&ty| self.classes(ty)).collect();
        let words = self.tmps(&classes);
        self.read_words(closure, &words, &mut 8);
        let (callee, args) = match callee {
            Spawned::Func(func) => (Callee::Code(Code::Func(func)), &words[..]),
            Spawned::Closure => (Callee::Closure(words[0]), &words[1..]),
            Spawned::Iface(method) => (Callee::Iface { ty: words[0], data: words[1], method }, &words[2..]),
        };
        let args: Vec<u16> = args.iter().map(|r| r.0).collect();
        let dropped = self.tmps(results);
        self.emit_call(&callee, &args, &dropped);
        self.emit(Inst::Return { results: RegList(&[]) });
        (1, Vec::new())
    }

    fn builtin_wrapper(&mut self, builtin: Builtin, types: &[TypeId], out: bool) -> (usize, Vec<Class>) {
        let regs = self.param_regs(types);
        let count = regs.iter().map(|r| r.len()).sum();
        let values: Vec<Value> = regs.iter().zip(types).map(|(words, &ty)| self.arrived(words, ty)).collect();
        self.effect_of(builtin, types, values, out);
        self.emit(Inst::Return { results: RegList(&[]) });
        (count, Vec::new())
    }
}
