//! What package reflect needs of methods that nothing calls by name.
//!
//! A program that can ask for methods at run time (it reaches the function `keepMethods` of package reflect)
//! keeps all exported methods of the types that become interface values. Beside each lie two closure functions:
//! that of the method bound to an interface value, in the method table of the *signature's* descriptor,
//! and that of the method expression, in the table of the type's own. They lie under selectors of packages
//! that no source can name, so nothing else finds them.
//!
//! For function types there is, where the program reaches `keepMakers`, the code of the functions that MakeFunc
//! makes: it puts its parameters into an object and calls package reflect's `callMade`.
//!
//! Where the program reaches `keepPointers`, each type that values can be made of has its pointer type.
//!
//! What must stay true: the natives of package reflect know the package paths; `callMade` knows the
//! layout of that object.

use rustc_hash::FxHashMap;
use vo_bytecode::typedesc::MethodDesc;
use vo_types::types::{Field, MethodSetEntry, Param, Type, TypeId};

use crate::lower::{Method, WrapperKind};
use crate::program::Program;

const BOUND: &str = "reflect.bound";
const EXPR: &str = "reflect.expr";
const MADE: &str = "reflect.made";

/// Closure functions by the type in whose method table they go.
#[derive(Default)]
pub struct Reflection {
    /// How many of the boxed types have been looked at.
    seen: usize,
    seen_functions: usize,
    seen_pointers: usize,
    seen_signatures: usize,
    kept: FxHashMap<TypeId, Vec<MethodDesc>>,
}

impl Program<'_> {
    /// Keeps the methods of the types that have become interface values since the last time, if the program
    /// can ask for methods at run time.
    pub(crate) fn keep_methods(&mut self) {
        if !self.is_reached("reflect", "keepMethods") {
            return;
        }
        while let Some(&ty) = self.boxed_list.get(self.reflection.seen) {
            self.reflection.seen += 1;
            if matches!(self.world.under(ty), Type::Interface(_)) {
                continue;
            }
            if self.world.types.as_pointer(ty).is_none() {
                let pointer = self.world.types.pointer(ty);
                self.types.desc(pointer);
                self.mark_boxed(pointer);
            }
            self.types.desc(ty);
            for entry in self.world.method_set(ty).iter().filter(|e| e.name.is_exported()) {
                self.keep_method(ty, entry);
            }
        }
    }

    /// Notes that parameters and results of the function types among the boxed types become interface values, if
    /// the program can call functions at run time.
    pub(crate) fn keep_signatures(&mut self) {
        if !self.is_reached("reflect", "keepSignatures") {
            return;
        }
        while let Some(&ty) = self.boxed_list.get(self.reflection.seen_signatures) {
            self.reflection.seen_signatures += 1;
            if let Type::Signature(s) = self.world.under(ty) {
                s.params.iter().chain(&s.results).for_each(|p| self.mark_boxed(p.ty));
            }
        }
    }

    /// Makes the pointer types of what reflection can make variables of, if the program can ask for them.
    pub(crate) fn keep_pointers(&mut self) {
        if !self.is_reached("reflect", "keepPointers") {
            return;
        }
        while let Some(&ty) = self.boxed_list.get(self.reflection.seen_pointers) {
            self.reflection.seen_pointers += 1;
            let depth = |ty| self.world.types.as_pointer(ty);
            if depth(ty).and_then(depth).is_some() {
                continue;
            }
            let pointer = self.world.types.pointer(ty);
            self.types.desc(pointer);
            self.mark_boxed(pointer);
        }
    }

    /// Requests the code of functions that are made for the function types among the boxed types.
    pub(crate) fn keep_makers(&mut self) {
        if !self.is_reached("reflect", "keepMakers") {
            return;
        }
        while let Some(&ty) = self.boxed_list.get(self.reflection.seen_functions) {
            self.reflection.seen_functions += 1;
            if !matches!(self.world.under(ty), Type::Signature(_)) {
                continue;
            }
            // The right to recover goes through to the function that was given to MakeFunc.
            let func = self.wrapper(WrapperKind::Made { ty }, "reflect.makeFuncStub".to_owned(), true, true);
            let selector = self.types.reflect_selector("", MADE, ty);
            self.put_kept(ty, MethodDesc { selector, func, ty: self.types.selectors[selector as usize].ty });
        }
    }

    /// The object in which a made function hands over its parameters and gets its results.
    pub(crate) fn made_frame(&mut self, ty: TypeId) -> TypeId {
        let Type::Signature(s) = self.world.under(ty) else { panic!("internal error: no signature") };
        let field = |(i, p): (usize, &Param)| Field {
            name: format!("F{i}").as_str().into(),
            ty: p.ty,
            embedded: false,
            tag: "".into(),
            pkg: None,
            pos: p.pos,
        };
        let fields = s.params.iter().chain(&s.results).enumerate().map(field).collect();
        self.world.canonical(self.world.types.new_struct(fields))
    }

    fn keep_method(&mut self, ty: TypeId, entry: &MethodSetEntry) {
        let sig = self.world.canonical(entry.sig);
        let selector = self.types.selector(entry.name, None, sig);
        self.mark_called(selector);
        let name = entry.name.as_str();
        let func = self.bound_iface(selector, sig);
        let selector = self.types.reflect_selector(name, BOUND, sig);
        self.put_kept(sig, MethodDesc { selector, func, ty: self.types.selectors[selector as usize].ty });
        let method = Method { recv: ty, path: entry.found.path.clone(), target: self.method_key(entry), sig };
        let func = self.expr_wrapper_of(method);
        let whole = self.with_receiver(ty, sig);
        let selector = self.types.reflect_selector(name, EXPR, whole);
        self.put_kept(ty, MethodDesc { selector, func, ty: self.types.selectors[selector as usize].ty });
    }

    /// The signature of the method expression.
    fn with_receiver(&self, recv: TypeId, sig: TypeId) -> TypeId {
        let Type::Signature(s) = self.world.under(sig) else { panic!("internal error: no signature") };
        let params: Vec<TypeId> = std::iter::once(recv).chain(s.params.iter().map(|p| p.ty)).collect();
        let results: Vec<TypeId> = s.results.iter().map(|p| p.ty).collect();
        self.world.canonical(self.world.types.func(&params, &results, s.variadic))
    }

    pub(crate) fn expr_wrapper_of(&mut self, method: Method) -> u32 {
        let (name, token) = self.method_name(&method);
        self.wrapper(WrapperKind::Expr(method), name, true, token)
    }

    fn put_kept(&mut self, ty: TypeId, method: MethodDesc) {
        let list = self.reflection.kept.entry(ty).or_default();
        if list.iter().all(|m| m.selector != method.selector) {
            list.push(method);
        }
    }

    /// Adds what has been kept to the method tables.
    pub(crate) fn fill_kept(&mut self) {
        for (ty, list) in std::mem::take(&mut self.reflection.kept) {
            let desc = self.types.desc(ty);
            let methods = &mut self.types.descs[desc.0 as usize].methods;
            methods.extend(list);
            methods.sort_by_key(|m| m.selector);
        }
    }
}
