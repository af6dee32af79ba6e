//! What interfaces mean: their methods, and the types they admit.
//!
//! A [`TypeSet`] is computed from an interface's own methods and everything it embeds. `terms` is
//! `None` when the interface does not restrict types; otherwise only the listed terms belong to
//! it, and none at all if the list is empty.

use super::{IMethod, Interface, Term, Type, TypeId};
use crate::World;

/// How many terms a union may have, since they are compared in pairs.
pub(crate) const MAX_TERMS: usize = 100;

/// See the module's description.
#[derive(Clone, Debug, Default)]
pub struct TypeSet {
    /// All methods, embedded ones included, in the order of method tables: exported names first,
    /// each group by name.
    pub methods: Vec<IMethod>,
    /// The types admitted, or `None` for no restriction. Terms do not overlap.
    pub terms: Option<Vec<Term>>,
    /// Whether only comparable types are admitted (beyond what `terms` says).
    pub comparable: bool,
}

impl TypeSet {
    /// Whether the interface can be used only as a constraint.
    pub fn is_constraint(&self) -> bool {
        self.comparable || self.terms.is_some()
    }

    /// Whether every type belongs to it.
    pub fn is_all(&self) -> bool {
        !self.is_constraint() && self.methods.is_empty()
    }

    /// Whether no type belongs to it.
    pub fn is_empty(&self) -> bool {
        self.terms.as_ref().is_some_and(|t| t.is_empty())
    }
}

impl World {
    /// The type set of an interface type (aliases and names are looked through); `None` for other
    /// types, and as long as something the interface embeds is not declared yet.
    pub fn type_set(&self, id: TypeId) -> Option<&TypeSet> {
        let id = self.underlying(id);
        let Type::Interface(iface) = self.types.raw(id) else { return None };
        if let Some(set) = iface.tset.get() {
            return Some(set);
        }
        // The bound stops generic interfaces that grow without end (an error that is reported).
        let depth = self.depth.get();
        if iface.computing.replace(true) || depth > 100 {
            return None;
        }
        self.depth.set(depth + 1);
        let set = self.compute_type_set(iface);
        self.depth.set(depth);
        iface.computing.set(false);
        let _ = iface.tset.set(set?);
        iface.tset.get()
    }

    fn compute_type_set(&self, iface: &Interface) -> Option<TypeSet> {
        let mut set = TypeSet { methods: iface.methods.to_vec(), ..TypeSet::default() };
        for &(embedded, _) in &iface.embeds {
            let terms = match self.types.get(self.underlying(embedded)) {
                Type::Interface(_) => {
                    let inner = self.type_set(embedded)?;
                    set.comparable |= inner.comparable;
                    for m in &inner.methods {
                        if !set.methods.iter().any(|o| self.same_method_name(o, m)) {
                            set.methods.push(*m);
                        }
                    }
                    inner.terms.clone()
                }
                Type::Union(terms) => self.union_terms(terms)?,
                Type::Basic(super::Basic::Invalid) if self.is_unresolved(embedded) => return None,
                Type::Basic(super::Basic::Invalid) => continue,
                _ => Some(vec![Term { tilde: false, ty: embedded }]),
            };
            set.terms = self.intersect(set.terms, terms);
        }
        if set.comparable
            && let Some(terms) = &mut set.terms
        {
            terms.retain(|t| self.comparable_type(t.ty, false));
            set.comparable = false;
        }
        self.sort_methods(&mut set.methods);
        Some(set)
    }

    fn sort_methods(&self, methods: &mut [IMethod]) {
        methods.sort_by(|a, b| {
            let key = |m: &IMethod| (!m.name.is_exported(), m.name);
            key(a).cmp(&key(b)).then_with(|| {
                let path = |m: &IMethod| m.pkg.map(|p| self.package(p).path.clone());
                path(a).cmp(&path(b))
            })
        });
    }

    /// Whether two methods have the same name, seen across packages.
    pub(crate) fn same_method_name(&self, a: &IMethod, b: &IMethod) -> bool {
        a.name == b.name && (a.name.is_exported() || a.pkg == b.pkg)
    }

    /// The terms of a union; the inner `None` means all types.
    pub(crate) fn union_terms(&self, union: &[Term]) -> Option<Option<Vec<Term>>> {
        let mut all: Vec<Term> = Vec::new();
        for term in union {
            if all.len() > 2 * MAX_TERMS {
                break;
            }
            match self.types.get(self.underlying(term.ty)) {
                Type::Interface(_) => match &self.type_set(term.ty)?.terms {
                    None => return Some(None),
                    // One beyond the limit is enough to report it.
                    Some(inner) => all.extend(inner.iter().copied().take(MAX_TERMS + 1)),
                },
                Type::Basic(super::Basic::Invalid) => continue,
                // No type has a defined type for its underlying type.
                _ if term.tilde && !self.identical(self.underlying(term.ty), term.ty) => continue,
                _ => all.push(*term),
            }
        }
        Some(Some(self.normalise(all)))
    }

    /// Drops terms that others include.
    fn normalise(&self, terms: Vec<Term>) -> Vec<Term> {
        let mut kept: Vec<Term> = Vec::new();
        for term in terms {
            if kept.iter().any(|k| self.term_includes(*k, term)) {
                continue;
            }
            kept.retain(|k| !self.term_includes(term, *k));
            kept.push(term);
        }
        kept
    }

    /// Whether every type of `b` belongs to `a`.
    pub(crate) fn term_includes(&self, a: Term, b: Term) -> bool {
        match (a.tilde, b.tilde) {
            (false, true) => false,
            (false, false) => self.identical(a.ty, b.ty),
            (true, _) => self.identical(self.underlying(a.ty), self.underlying(b.ty)),
        }
    }

    /// Whether two terms have a type in common.
    pub(crate) fn terms_overlap(&self, a: Term, b: Term) -> bool {
        self.term_includes(a, b) || self.term_includes(b, a)
    }

    fn intersect(&self, a: Option<Vec<Term>>, b: Option<Vec<Term>>) -> Option<Vec<Term>> {
        let (a, b) = match (a, b) {
            (None, other) | (other, None) => return other,
            (Some(a), Some(b)) => (a, b),
        };
        let mut both = Vec::new();
        for &x in &a {
            for &y in &b {
                if self.term_includes(x, y) {
                    both.push(y);
                } else if self.term_includes(y, x) {
                    both.push(x);
                }
            }
        }
        Some(self.normalise(both))
    }

    /// Whether every type of the first list belongs to the second (`None`: all types).
    pub(crate) fn terms_subset(&self, a: &Option<Vec<Term>>, b: &Option<Vec<Term>>) -> bool {
        match (a, b) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(a), Some(b)) => a.iter().all(|&x| b.iter().any(|&y| self.term_includes(y, x))),
        }
    }

    /// The types a type parameter can stand for, as written in its constraint; a type that is no
    /// type parameter stands for itself. `None` when the constraint names no types.
    pub(crate) fn specific_types(&self, id: TypeId) -> Option<Vec<Term>> {
        if !self.is_type_param(id) {
            return Some(vec![Term { tilde: false, ty: id }]);
        }
        match self.type_set(id) {
            Some(set) => set.terms.clone(),
            None => None,
        }
    }
}
