//! Finding fields and methods, with embedding.
//!
//! The search goes level by level through embedded fields; the shallowest match wins, and two
//! matches on one level are ambiguous.

use rustc_hash::FxHashSet;
use vo_syntax::symbol::Symbol;

use super::{IMethod, Type, TypeId};
use crate::World;
use crate::object::ObjId;
use crate::package::PkgId;

/// What was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FoundKind {
    /// A field; its index is the last step of the path.
    Field,
    /// A declared method (of the origin, for instances).
    Method(ObjId),
    /// A method of an interface: its index in the type set.
    Interface(u32),
}

/// A field or method that was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// What it is.
    pub kind: FoundKind,
    /// Indices of the fields on the way, the field itself included.
    pub path: Vec<u32>,
    /// Whether a pointer is followed on the way.
    pub indirect: bool,
    /// The type that declares the method, or the struct that has the field.
    pub holder: TypeId,
}

/// The outcome of a search.
#[derive(Clone, Debug)]
pub enum Lookup {
    /// It is there.
    Found(Found),
    /// Nothing of that name.
    Missing,
    /// Several of that name on the shallowest level; the path to one of them.
    Ambiguous,
    /// A method with pointer receiver, and the operand is neither pointer nor addressable.
    NeedsPointer(Found),
}

/// A method of a method set, promoted ones included.
#[derive(Clone, Debug)]
pub struct MethodSetEntry {
    /// The name.
    pub name: Symbol,
    /// The declaring package, which matters for unexported names.
    pub pkg: Option<PkgId>,
    /// How to get there.
    pub found: Found,
    /// The signature (without receiver).
    pub sig: TypeId,
}

struct Embedded {
    ty: TypeId,
    path: Vec<u32>,
    indirect: bool,
    multiples: bool,
}

impl World {
    /// Finds the field or method `name` (seen from `pkg`, which decides about unexported names)
    /// in `ty`. `addressable` says that methods of the pointer may be used too.
    pub fn lookup(&self, ty: TypeId, addressable: bool, pkg: Option<PkgId>, name: Symbol) -> Lookup {
        self.lookup_fold(ty, addressable, pkg, name, false)
    }

    /// Like `lookup`; `fold` ignores case, for suggestions.
    pub(crate) fn lookup_fold(
        &self,
        ty: TypeId,
        addressable: bool,
        pkg: Option<PkgId>,
        name: Symbol,
        fold: bool,
    ) -> Lookup {
        if name.is_blank() {
            return Lookup::Missing;
        }
        // A defined pointer type has the fields of what it points to, but not its methods.
        if let Some(n) = self.types.as_named(ty) {
            let _ = n;
            let under = self.underlying(ty);
            if let Type::Pointer(_) = self.types.raw(under) {
                return match self.search(under, false, pkg, name, fold) {
                    Lookup::Found(f) if f.kind == FoundKind::Field => Lookup::Found(f),
                    _ => Lookup::Missing,
                };
            }
        }
        self.search(ty, addressable, pkg, name, fold)
    }

    fn search(&self, ty: TypeId, addressable: bool, pkg: Option<PkgId>, name: Symbol, fold: bool) -> Lookup {
        let (base, is_ptr) = self.deref(ty);
        if is_ptr && matches!(self.under(base), Type::Interface(_)) {
            return Lookup::Missing;
        }
        let matches = |other: Symbol, other_pkg: Option<PkgId>| {
            if fold && other.as_str().to_lowercase() == name.as_str().to_lowercase() {
                return true;
            }
            other == name && (name.is_exported() || other_pkg == pkg)
        };
        let mut level = vec![Embedded { ty: base, path: Vec::new(), indirect: is_ptr, multiples: false }];
        let mut seen: FxHashSet<TypeId> = FxHashSet::default();
        while !level.is_empty() && seen.len() < 10_000 {
            let mut next: Vec<Embedded> = Vec::new();
            let mut found: Option<Found> = None;
            for e in &level {
                let ty = self.types.unalias(e.ty);
                if self.types.as_named(ty).is_some() {
                    if !seen.insert(self.canonical(ty)) {
                        continue;
                    }
                    if let Some(m) = self.declared_method(ty, name, fold, &matches) {
                        if found.is_some() || e.multiples {
                            return Lookup::Ambiguous;
                        }
                        let (path, indirect) = (e.path.clone(), e.indirect);
                        found = Some(Found { kind: FoundKind::Method(m), path, indirect, holder: ty });
                        continue;
                    }
                }
                match self.under(ty) {
                    Type::Struct(s) => {
                        for (i, f) in s.fields.iter().enumerate() {
                            let step = || {
                                let mut path = e.path.clone();
                                path.push(i as u32);
                                path
                            };
                            if matches(f.name, f.pkg) {
                                if found.is_some() || e.multiples {
                                    return Lookup::Ambiguous;
                                }
                                let (path, indirect) = (step(), e.indirect);
                                found = Some(Found { kind: FoundKind::Field, path, indirect, holder: ty });
                                continue;
                            }
                            if found.is_none() && f.embedded {
                                let (ty, is_ptr) = self.deref(f.ty);
                                if let Type::Named(_) | Type::Struct(_) | Type::Interface(_) =
                                    self.types.get(ty)
                                {
                                    let indirect = e.indirect || is_ptr;
                                    next.push(Embedded {
                                        ty,
                                        path: step(),
                                        indirect,
                                        multiples: e.multiples,
                                    });
                                }
                            }
                        }
                    }
                    Type::Interface(_) => {
                        let Some(set) = self.type_set(ty) else { continue };
                        if let Some(i) = set.methods.iter().position(|m| matches(m.name, m.pkg)) {
                            if found.is_some() || e.multiples {
                                return Lookup::Ambiguous;
                            }
                            let kind = FoundKind::Interface(i as u32);
                            let (path, indirect) = (e.path.clone(), e.indirect);
                            found = Some(Found { kind, path, indirect, holder: ty });
                        }
                    }
                    _ => {}
                }
            }
            if let Some(found) = found {
                if let FoundKind::Method(m) = found.kind {
                    let needs = self.object(m).func().is_some_and(|f| f.ptr_recv.get());
                    if needs && !found.indirect && !addressable {
                        return Lookup::NeedsPointer(found);
                    }
                }
                return Lookup::Found(found);
            }
            level = self.merge_multiples(next);
        }
        Lookup::Missing
    }

    /// Embedded types that occur more than once on a level make what they contain ambiguous.
    fn merge_multiples(&self, list: Vec<Embedded>) -> Vec<Embedded> {
        let mut merged: Vec<Embedded> = Vec::with_capacity(list.len());
        for e in list {
            match merged.iter_mut().find(|m| self.identical(m.ty, e.ty)) {
                Some(same) => same.multiples = true,
                None => merged.push(e),
            }
        }
        merged
    }

    fn declared_method(
        &self,
        named: TypeId,
        name: Symbol,
        fold: bool,
        matches: &impl Fn(Symbol, Option<PkgId>) -> bool,
    ) -> Option<ObjId> {
        let origin = self.origin(named);
        let n = self.types.as_named(origin)?;
        self.collect_methods(n.obj);
        if let Some(&m) = n.methods_by_name.borrow().get(&name)
            && matches(name, self.object(m).pkg)
        {
            return Some(m);
        }
        // Without regard to case, when a similar name is looked for.
        let methods = n.methods.borrow();
        let others = if fold { &methods[..] } else { &[] };
        others.iter().copied().find(|&m| {
            let obj = self.object(m);
            matches(obj.name, obj.pkg)
        })
    }

    /// The base type of a pointer type (literal or alias, not a defined one), and whether it was
    /// a pointer.
    pub(crate) fn deref(&self, ty: TypeId) -> (TypeId, bool) {
        match self.types.as_pointer(ty) {
            Some(base) => (base, true),
            None => (ty, false),
        }
    }

    /// The type of what was found: the field's type or the method's signature.
    pub fn found_type(&self, found: &Found) -> TypeId {
        match found.kind {
            FoundKind::Field => match (self.under(found.holder), found.path.last()) {
                (Type::Struct(s), Some(&i)) => s.fields[i as usize].ty,
                _ => TypeId::INVALID,
            },
            FoundKind::Method(m) => self.method_signature(m, found.holder),
            FoundKind::Interface(i) => match self.type_set(found.holder) {
                Some(set) => set.methods[i as usize].sig,
                None => TypeId::INVALID,
            },
        }
    }

    /// The method set of a type, promoted methods included, in the order of method tables
    /// (exported names first, each group by name). For an interface these are its methods.
    pub fn method_set(&self, ty: TypeId) -> Vec<MethodSetEntry> {
        let names = self.names_of_methods(ty);
        names.into_iter().filter_map(|(name, pkg)| self.method_of(ty, name, pkg)).collect()
    }

    /// The names of all methods that a type, or a pointer to it, may have, in the order of method sets; and the
    /// packages that they are declared in. It looks at no method's signature.
    pub fn names_of_methods(&self, ty: TypeId) -> Vec<(Symbol, Option<PkgId>)> {
        let mut names: Vec<(Symbol, Option<PkgId>)> = Vec::new();
        let mut seen = FxHashSet::default();
        self.method_names(self.deref(ty).0, &mut names, &mut seen);
        names.sort_by_cached_key(|&(name, pkg)| {
            (!name.is_exported(), name, pkg.map(|p| self.package(p).path.clone()))
        });
        names.dedup_by(|a, b| a.0 == b.0 && (a.0.is_exported() || a.1 == b.1));
        names
    }

    /// The method of a name in a type's method set.
    pub fn method_of(&self, ty: TypeId, name: Symbol, pkg: Option<PkgId>) -> Option<MethodSetEntry> {
        match self.lookup(ty, false, pkg, name) {
            Lookup::Found(found) if found.kind != FoundKind::Field => {
                let sig = self.found_type(&found);
                Some(MethodSetEntry { name, pkg, found, sig })
            }
            _ => None,
        }
    }

    fn method_names(
        &self,
        ty: TypeId,
        names: &mut Vec<(Symbol, Option<PkgId>)>,
        seen: &mut FxHashSet<TypeId>,
    ) {
        let ty = self.types.unalias(ty);
        if !seen.insert(ty) {
            return;
        }
        for m in self.declared_methods(ty) {
            let obj = self.object(m);
            names.push((obj.name, obj.pkg));
        }
        match self.under(ty) {
            Type::Struct(s) => {
                for f in s.fields.iter().filter(|f| f.embedded) {
                    self.method_names(self.deref(f.ty).0, names, seen);
                }
            }
            Type::Interface(_) => {
                let methods: &[IMethod] = self.type_set(ty).map_or(&[], |s| &s.methods);
                names.extend(methods.iter().map(|m| (m.name, m.pkg)));
            }
            _ => {}
        }
    }
}
