//! Type identity: each type's canonical form.
//!
//! Two types are identical exactly if their canonical ids are equal. The canonical form drops
//! what identity ignores (parameter names, aliases, `byte` against `uint8`, how an interface came
//! by its methods), and is interned by structure. It is computed on demand, because an
//! interface's type set is known only once everything it embeds is declared.

use vo_syntax::source::Pos;
use vo_syntax::symbol::Symbol;

use super::{Dir, Field, IMethod, Param, Term, Type, TypeId};
use crate::World;
use crate::package::PkgId;

/// A struct field, as far as identity is concerned.
type FieldKey = (Symbol, Option<PkgId>, TypeId, bool, Symbol);

/// The structure of a canonical type, over canonical component ids.
#[derive(PartialEq, Eq, Hash, Clone)]
pub(crate) enum CanonKey {
    Pointer(TypeId),
    Slice(TypeId),
    Array(i64, TypeId),
    Map(TypeId, TypeId),
    Chan(Dir, TypeId),
    Port(Dir, TypeId),
    Tuple(Vec<TypeId>),
    Struct(Vec<FieldKey>),
    Signature(Vec<TypeId>, Vec<TypeId>, bool),
    Interface(Vec<(Symbol, Option<PkgId>, TypeId)>, Option<Vec<(bool, TypeId)>>, bool),
    Union(Vec<(bool, TypeId)>),
    Instance(TypeId, Vec<TypeId>),
}

impl World {
    /// Whether two types are identical.
    pub fn identical(&self, a: TypeId, b: TypeId) -> bool {
        if a == b || self.canonical(a) == self.canonical(b) {
            return true;
        }
        let uncertain = |t| self.types.cached_canon(t).is_none();
        uncertain(a) && uncertain(b) && self.same_structure(a, b, &mut Vec::new())
    }

    /// Whether two types are identical, for those without canonical form: anonymous interfaces that
    /// contain themselves. Two that are being compared already are taken to be the same.
    fn same_structure(&self, a: TypeId, b: TypeId, open: &mut Vec<(TypeId, TypeId)>) -> bool {
        let (a, b) = (self.types.unalias(a), self.types.unalias(b));
        if a == b || open.contains(&(a, b)) {
            return true;
        }
        if let (Some(a), Some(b)) = (self.types.cached_canon(a), self.types.cached_canon(b)) {
            return a == b;
        }
        let mut same = |a: TypeId, b: TypeId| self.same_structure(a, b, open);
        match (self.types.raw(a), self.types.raw(b)) {
            (Type::Pointer(a), Type::Pointer(b)) | (Type::Slice(a), Type::Slice(b)) => same(*a, *b),
            (Type::Array { len: n, elem: a }, Type::Array { len: m, elem: b }) => n == m && same(*a, *b),
            (Type::Map { key: k, value: v }, Type::Map { key: l, value: w }) => same(*k, *l) && same(*v, *w),
            (Type::Chan { dir: d, elem: a }, Type::Chan { dir: e, elem: b })
            | (Type::Port { dir: d, elem: a }, Type::Port { dir: e, elem: b }) => d == e && same(*a, *b),
            (Type::Tuple(a), Type::Tuple(b)) => pairwise(a, b, |a, b| same(*a, *b)),
            (Type::Struct(a), Type::Struct(b)) => pairwise(&a.fields, &b.fields, |f, g| {
                let alike = (f.name, f.embedded, f.tag) == (g.name, g.embedded, g.tag);
                alike && (f.name.is_exported() || f.pkg == g.pkg) && same(f.ty, g.ty)
            }),
            (Type::Signature(a), Type::Signature(b)) => {
                a.tparams.is_empty()
                    && b.tparams.is_empty()
                    && a.variadic == b.variadic
                    && pairwise(&a.params, &b.params, |p, q| same(p.ty, q.ty))
                    && pairwise(&a.results, &b.results, |p, q| same(p.ty, q.ty))
            }
            (Type::Named(n), Type::Named(m)) if n.origin.is_some() && n.origin == m.origin => {
                pairwise(&n.targs, &m.targs, |a, b| same(*a, *b))
            }
            (Type::Interface(_), Type::Interface(_)) => {
                open.push((a, b));
                let same = self.same_methods(a, b, open);
                open.pop();
                same
            }
            _ => false,
        }
    }

    fn same_methods(&self, a: TypeId, b: TypeId, open: &mut Vec<(TypeId, TypeId)>) -> bool {
        let (Some(a), Some(b)) = (self.type_set(a), self.type_set(b)) else { return false };
        let methods = pairwise(&a.methods, &b.methods, |m, n| {
            self.same_method_name(m, n) && self.same_structure(m.sig, n.sig, open)
        });
        methods
            && a.comparable == b.comparable
            && self.terms_subset(&a.terms, &b.terms)
            && self.terms_subset(&b.terms, &a.terms)
    }

    /// The canonical id: equal for identical types, different for others. It is itself a type
    /// id, of a type without aliases and parameter names.
    pub fn canonical(&self, id: TypeId) -> TypeId {
        if let Some(canon) = self.types.cached_canon(id) {
            return canon;
        }
        if let Type::Alias(a) = self.types.raw(id) {
            return match a.target.get() {
                TypeId::NONE => self.uncertain(id),
                target => self.canonical(target),
            };
        }
        // An anonymous interface can contain itself through a named one; the inner occurrence
        // then stands for itself.
        if self.types.canon_busy.borrow().contains(&id) {
            return self.uncertain(id);
        }
        let outer = self.types.canon_unsure.replace(false);
        self.types.canon_busy.borrow_mut().push(id);
        let canon = self.compute_canonical(id);
        self.types.canon_busy.borrow_mut().pop();
        match canon {
            Some(canon) if !self.types.canon_unsure.get() => {
                self.types.set_canon(id, canon);
                self.types.canon_unsure.set(outer);
                canon
            }
            Some(canon) => canon,
            None => self.uncertain(id),
        }
    }

    /// A form that may change when more is declared: neither it nor what contains it is cached.
    fn uncertain(&self, id: TypeId) -> TypeId {
        self.types.canon_unsure.set(true);
        id
    }

    fn compute_canonical(&self, id: TypeId) -> Option<TypeId> {
        let all = |list: &[TypeId]| -> Vec<TypeId> { list.iter().map(|&t| self.canonical(t)).collect() };
        let params = |list: &[Param]| -> Vec<TypeId> { list.iter().map(|p| self.canonical(p.ty)).collect() };
        let key = match self.types.raw(id) {
            Type::Basic(b) => return Some(TypeId(*b as u32)),
            Type::TypeParam(_) | Type::Island => return Some(id),
            Type::Alias(_) => return None,
            Type::Named(n) => match n.origin {
                None => return Some(id),
                Some(origin) => CanonKey::Instance(self.canonical(origin), all(&n.targs)),
            },
            Type::Pointer(elem) => CanonKey::Pointer(self.canonical(*elem)),
            Type::Slice(elem) => CanonKey::Slice(self.canonical(*elem)),
            Type::Array { len, elem } => CanonKey::Array(*len, self.canonical(*elem)),
            Type::Map { key, value } => CanonKey::Map(self.canonical(*key), self.canonical(*value)),
            Type::Chan { dir, elem } => CanonKey::Chan(*dir, self.canonical(*elem)),
            Type::Port { dir, elem } => CanonKey::Port(*dir, self.canonical(*elem)),
            Type::Tuple(elems) => CanonKey::Tuple(all(elems)),
            Type::Struct(s) => CanonKey::Struct(s.fields.iter().map(|f| self.field_key(f)).collect()),
            // Generic function types are identical only to themselves: nothing can have such a
            // type but the function.
            Type::Signature(s) if !s.tparams.is_empty() => return Some(id),
            Type::Signature(s) => CanonKey::Signature(params(&s.params), params(&s.results), s.variadic),
            Type::Union(terms) => {
                CanonKey::Union(terms.iter().map(|t| (t.tilde, self.canonical(t.ty))).collect())
            }
            Type::Interface(_) => self.interface_key(id)?,
        };
        let known = self.types.canon_keys.borrow().get(&key).copied();
        Some(known.unwrap_or_else(|| {
            let canon = self.make_canonical(id, &key);
            if !self.types.canon_unsure.get() {
                self.types.canon_keys.borrow_mut().insert(key, canon);
                self.types.set_canon(canon, canon);
            }
            canon
        }))
    }

    fn field_key(&self, f: &Field) -> FieldKey {
        let pkg = if f.name.is_exported() { None } else { f.pkg };
        (f.name, pkg, self.canonical(f.ty), f.embedded, f.tag)
    }

    fn interface_key(&self, id: TypeId) -> Option<CanonKey> {
        let set = self.type_set(id)?;
        let methods = set.methods.iter().map(|m| {
            let pkg = if m.name.is_exported() { None } else { m.pkg };
            (m.name, pkg, self.canonical(m.sig))
        });
        let methods = methods.collect();
        let terms = set.terms.as_ref().map(|terms| {
            let mut list: Vec<_> = terms.iter().map(|t| (t.tilde, self.canonical(t.ty))).collect();
            list.sort();
            list
        });
        Some(CanonKey::Interface(methods, terms, set.comparable))
    }

    /// The type that a canonical key describes. Where the original has nothing to drop it is
    /// itself canonical.
    fn make_canonical(&self, id: TypeId, key: &CanonKey) -> TypeId {
        let types = &self.types;
        let terms = |list: &[(bool, TypeId)]| -> Vec<Term> {
            list.iter().map(|&(tilde, ty)| Term { tilde, ty }).collect()
        };
        match key {
            CanonKey::Pointer(t) => types.pointer(*t),
            CanonKey::Slice(t) => types.slice(*t),
            CanonKey::Array(len, t) => types.array(*len, *t),
            CanonKey::Map(k, v) => types.map(*k, *v),
            CanonKey::Chan(dir, t) => types.chan(*dir, *t),
            CanonKey::Port(dir, t) => types.port(*dir, *t),
            CanonKey::Tuple(list) => types.tuple(list),
            CanonKey::Struct(fields) => self.canonical_struct(id, fields),
            CanonKey::Signature(params, results, variadic) => types.func(params, results, *variadic),
            CanonKey::Union(list) => types.new_union(terms(list)),
            CanonKey::Instance(origin, targs) => self.instantiate_named(*origin, targs),
            CanonKey::Interface(methods, list, comparable) => {
                let methods =
                    methods.iter().map(|&(name, pkg, sig)| IMethod { name, pkg, sig, pos: Pos::NONE });
                let mut embeds = Vec::new();
                if let Some(list) = list {
                    embeds.push((types.new_union(terms(list)), Pos::NONE));
                }
                if *comparable {
                    embeds.push((TypeId::COMPARABLE, Pos::NONE));
                }
                let made = types.new_interface(methods.collect(), embeds, false);
                // The set is the same by construction; sharing it avoids computing it again.
                if let (Type::Interface(to), Some(set)) = (types.raw(made), self.type_set(id)) {
                    let _ = to.tset.set(set.clone());
                }
                made
            }
        }
    }

    fn canonical_struct(&self, id: TypeId, keys: &[FieldKey]) -> TypeId {
        let Type::Struct(s) = self.types.raw(id) else { return id };
        if s.fields.iter().zip(keys).all(|(f, k)| f.ty == k.2) {
            return id;
        }
        let fields = s.fields.iter().zip(keys).map(|(f, k)| Field { ty: k.2, ..*f });
        self.types.new_struct(fields.collect())
    }
}

/// Whether two lists are of one length and agree at each place.
fn pairwise<T>(a: &[T], b: &[T], mut same: impl FnMut(&T, &T) -> bool) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
}
