//! Underlying types, and instances of generic types.
//!
//! An instance is an id from the moment it is written; its underlying type and the signatures of
//! its methods are made by substitution when somebody asks. That is what lets a generic type
//! mention ever larger instances of itself behind pointers.

use vo_syntax::source::Pos;

use super::{Alias, Named, Subst, Type, TypeId};
use crate::World;
use crate::object::ObjId;

impl World {
    /// The underlying type: never a name or an alias. A type parameter's is the interface of its
    /// constraint. [`TypeId::INVALID`] for a type whose declaration is in error.
    pub fn underlying(&self, id: TypeId) -> TypeId {
        let id = self.types.unalias(id);
        match self.types.raw(id) {
            Type::Named(n) => self.named_underlying(n),
            Type::TypeParam(_) => self.constraint_interface(id),
            _ => id,
        }
    }

    /// The type data of the underlying type.
    pub fn under(&self, id: TypeId) -> &Type {
        self.types.raw(self.underlying(id))
    }

    fn named_underlying(&self, n: &Named) -> TypeId {
        match n.underlying.get() {
            TypeId::NONE => {}
            known => return known,
        }
        let Some(origin) = n.origin else {
            return self.follow_rhs(n);
        };
        if n.expanding.replace(true) {
            return TypeId::INVALID;
        }
        let generic = self.underlying(origin);
        let expanded = match self.types.as_named(origin) {
            Some(o) if o.underlying.get() != TypeId::NONE => {
                let local = n.targs.len() > o.tparams().len();
                let outer = if local { o.outer() } else { &[] };
                let params: Vec<TypeId> = outer.iter().chain(o.tparams()).copied().collect();
                self.subst(generic, &Subst::new(&params, &n.targs))
            }
            _ => TypeId::NONE,
        };
        n.expanding.set(false);
        n.underlying.set(expanded);
        if expanded == TypeId::NONE { TypeId::INVALID } else { expanded }
    }

    /// A declared type takes its underlying type from the right-hand side of its declaration,
    /// once that is known.
    fn follow_rhs(&self, n: &Named) -> TypeId {
        if n.rhs.get() == TypeId::NONE {
            self.resolve(n.obj);
        }
        if n.underlying.get() != TypeId::NONE {
            return n.underlying.get();
        }
        let rhs = n.rhs.get();
        if rhs == TypeId::NONE || n.expanding.replace(true) {
            return TypeId::INVALID;
        }
        let under = self.underlying(rhs);
        n.expanding.set(false);
        if !under.is_invalid() || !self.is_unresolved(rhs) {
            n.underlying.set(under);
        }
        under
    }

    /// Whether the type is a name (or an instance of one) whose declaration has not been
    /// finished.
    pub(crate) fn is_unresolved(&self, id: TypeId) -> bool {
        match self.types.raw(id) {
            Type::Alias(a) => a.target.get() == TypeId::NONE || self.is_unresolved(a.target.get()),
            Type::Named(n) => match n.origin {
                Some(origin) => self.is_unresolved(origin),
                None => n.underlying.get() == TypeId::NONE,
            },
            _ => false,
        }
    }

    /// A type parameter's constraint as an interface type.
    pub fn constraint_interface(&self, tparam: TypeId) -> TypeId {
        let Some(p) = self.types.as_type_param(tparam) else { return TypeId::INVALID };
        match p.iface.get() {
            TypeId::NONE => {}
            known => return known,
        }
        let bound = p.bound.get();
        if bound == TypeId::NONE {
            return TypeId::EMPTY_INTERFACE;
        }
        if self.is_unresolved(bound) {
            return TypeId::EMPTY_INTERFACE;
        }
        let under = match self.types.get(bound) {
            // A type parameter as constraint is an error that has been reported.
            Type::TypeParam(_) => TypeId::EMPTY_INTERFACE,
            _ => self.underlying(bound),
        };
        let iface = match self.types.raw(under) {
            Type::Interface(_) => under,
            Type::Basic(super::Basic::Invalid) => TypeId::EMPTY_INTERFACE,
            _ => self.types.new_interface(Vec::new(), vec![(bound, Pos::NONE)], true),
        };
        p.iface.set(iface);
        iface
    }

    /// The constraint of a type parameter as written.
    pub fn constraint(&self, tparam: TypeId) -> TypeId {
        self.types.as_type_param(tparam).map_or(TypeId::INVALID, |p| p.bound.get())
    }

    /// The instance of a generic defined type with these arguments (not verified).
    pub fn instantiate_named(&self, origin: TypeId, targs: &[TypeId]) -> TypeId {
        match self.types.raw(origin) {
            Type::Named(n) => self.types.instance(origin, n.obj, targs),
            _ => TypeId::INVALID,
        }
    }

    /// The instance of a generic alias with these arguments (not verified).
    pub(crate) fn instantiate_alias(&self, origin: TypeId, alias: &Alias, targs: &[TypeId]) -> TypeId {
        let target = match alias.target.get() {
            TypeId::NONE => return TypeId::INVALID,
            target => self.subst(target, &Subst::new(alias.tparams(), targs)),
        };
        self.types.alias_to(alias.obj, target, Some(origin), targs)
    }

    /// The signature of a generic function with its type parameters replaced.
    pub fn instantiate_signature(&self, sig: TypeId, targs: &[TypeId]) -> TypeId {
        let Some(s) = self.types.as_signature(sig) else { return sig };
        let subst = Subst::new(&s.tparams, targs);
        let params = s.params.iter().map(|p| super::Param { ty: self.subst(p.ty, &subst), ..*p });
        let results = s.results.iter().map(|p| super::Param { ty: self.subst(p.ty, &subst), ..*p });
        self.types.new_signature(Vec::new(), params.collect(), results.collect(), s.variadic)
    }

    /// The origin of an instance, aliases not followed.
    pub(crate) fn origin_raw(&self, id: TypeId) -> TypeId {
        match self.types.raw(id) {
            Type::Named(Named { origin: Some(origin), .. }) => *origin,
            _ => id,
        }
    }

    /// The origin of an instance; other types are their own origin.
    pub fn origin(&self, id: TypeId) -> TypeId {
        let id = self.types.unalias(id);
        match self.types.raw(id) {
            Type::Named(Named { origin: Some(origin), .. }) => *origin,
            _ => id,
        }
    }

    /// The type arguments of an instance; empty for other types.
    pub fn type_args(&self, id: TypeId) -> &[TypeId] {
        match self.types.get(id) {
            Type::Named(n) => &n.targs,
            _ => &[],
        }
    }

    /// The methods declared for a defined type (for the origin, if it is an instance), in source
    /// order.
    pub fn declared_methods(&self, id: TypeId) -> Vec<ObjId> {
        let Some(n) = self.types.as_named(self.origin(id)) else { return Vec::new() };
        self.collect_methods(n.obj);
        n.methods.borrow().clone()
    }

    /// The signature of a declared method as a method of `recv`, which may be an instance of the
    /// type that declares it.
    pub fn method_signature(&self, method: ObjId, recv: TypeId) -> TypeId {
        let sig = self.type_of(method);
        let targs = self.type_args(recv);
        if targs.is_empty() {
            return sig;
        }
        match self.object(method).func().and_then(|f| f.recv_tparams.get()) {
            Some(tparams) => self.subst(sig, &Subst::new(tparams, targs)),
            None => sig,
        }
    }
}
