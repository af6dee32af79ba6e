//! Unification: finding types for type parameters that make two types match.
//!
//! Type parameters that are to be inferred have a *slot*; parameters found to stand for the same
//! type share one. Matching is exact (identical types) or as for an assignment, where a defined
//! type matches a type literal with the same structure, channel directions may differ, and a type
//! matches an interface whose methods it has.

use super::Checker;
use crate::types::{Dir, IMethod, Lookup, Param, Type, TypeId};

/// Nesting of types at which unification gives up (it then reports a mismatch).
const MAX_DEPTH: u32 = 100;

/// How strict a match must be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Strict {
    /// The types are sides of an assignment, so that their elements must match exactly.
    pub assign: bool,
    /// They must be identical.
    pub exact: bool,
}

impl Strict {
    pub const ASSIGN: Strict = Strict { assign: true, exact: false };
    pub const INEXACT: Strict = Strict { assign: false, exact: false };
    pub const EXACT: Strict = Strict { assign: false, exact: true };

    fn elements(self) -> Strict {
        Strict { assign: self.assign, exact: self.exact || self.assign }
    }
}

/// See the module's description.
pub(crate) struct Unifier<'c, 'w> {
    c: &'c Checker<'w>,
    tparams: Vec<TypeId>,
    slot_of: Vec<usize>,
    slots: Vec<Option<TypeId>>,
    depth: u32,
}

impl<'c, 'w> Unifier<'c, 'w> {
    pub fn new(c: &'c Checker<'w>, tparams: &[TypeId], given: &[Option<TypeId>]) -> Unifier<'c, 'w> {
        Unifier {
            c,
            tparams: tparams.to_vec(),
            slot_of: (0..tparams.len()).collect(),
            slots: given.to_vec(),
            depth: 0,
        }
    }

    fn bound(&self, ty: TypeId) -> Option<usize> {
        let ty = self.c.w.types.unalias(ty);
        self.tparams.iter().position(|&t| t == ty)
    }

    /// The type found for a type parameter.
    pub fn at(&self, index: usize) -> Option<TypeId> {
        self.slots[self.slot_of[index]]
    }

    pub fn set(&mut self, index: usize, ty: TypeId) {
        self.slots[self.slot_of[index]] = Some(ty);
    }

    /// The number of type parameters without a type.
    pub fn unknowns(&self) -> usize {
        (0..self.tparams.len()).filter(|&i| self.at(i).is_none()).count()
    }

    fn join(&mut self, a: usize, b: usize) -> bool {
        let (sa, sb) = (self.slot_of[a], self.slot_of[b]);
        if sa == sb {
            return true;
        }
        if self.slots[sa].is_some() && self.slots[sb].is_some() {
            return false;
        }
        let (keep, drop) = if self.slots[sa].is_some() { (sa, sb) } else { (sb, sa) };
        for slot in &mut self.slot_of {
            if *slot == drop {
                *slot = keep;
            }
        }
        true
    }

    /// Whether the types match, after giving type parameters types where that makes them.
    pub fn unify(&mut self, x: TypeId, y: TypeId, strict: Strict) -> bool {
        self.depth += 1;
        let ok = self.depth <= MAX_DEPTH && self.step(x, y, strict);
        self.depth -= 1;
        ok
    }

    fn step(&mut self, x: TypeId, y: TypeId, strict: Strict) -> bool {
        let w = self.c.w;
        let (mut x, mut y) = (w.types.unalias(x), w.types.unalias(y));
        if x == y {
            return true;
        }
        // Afterwards: a defined type, if there is one, is in y; a bound type parameter in x.
        if w.types.as_named(x).is_some() || self.bound(y).is_some() {
            std::mem::swap(&mut x, &mut y);
        }
        if !strict.exact
            && w.types.as_named(y).is_some()
            && self.is_literal(x)
            && !matches!(w.types.raw(x), Type::Interface(_))
        {
            y = w.underlying(y);
        }
        match (self.bound(x), self.bound(y)) {
            (Some(px), Some(py)) => {
                if self.join(px, py) {
                    return true;
                }
                return match (self.at(px), self.at(py)) {
                    (Some(a), Some(b)) => self.unify(a, b, strict),
                    _ => false,
                };
            }
            (Some(px), None) => return self.with_param(px, y, strict),
            _ => {}
        }
        if !strict.exact {
            if w.is_type_param(y) && !w.is_type_param(x) {
                std::mem::swap(&mut x, &mut y);
            }
            if w.is_type_param(x) && !w.is_type_param(y) {
                return match self.c.core_type(x) {
                    Some(core) => self.unify(core, y, strict),
                    None => false,
                };
            }
            if let Some(result) = self.interfaces(x, y) {
                return result;
            }
        }
        self.structure(x, y, strict)
    }

    fn is_literal(&self, ty: TypeId) -> bool {
        !matches!(self.c.w.types.raw(ty), Type::Named(_) | Type::TypeParam(_) | Type::Basic(_))
    }

    /// A type parameter to infer against a type.
    fn with_param(&mut self, px: usize, y: TypeId, strict: Strict) -> bool {
        let Some(x) = self.at(px) else {
            self.set(px, y);
            return true;
        };
        if !self.unify(x, y, strict) {
            return false;
        }
        let w = self.c.w;
        let named = |t: TypeId| w.types.as_named(t).is_some();
        let methods = |t: TypeId| {
            (!w.is_type_param(t) && w.is_interface(t)).then(|| w.type_set(t).map_or(0, |s| s.methods.len()))
        };
        match (methods(x), methods(y)) {
            (Some(_), Some(_)) if named(x) && named(y) => return w.identical(x, y),
            (Some(mx), Some(my)) if mx != my => return false,
            (Some(_), None) | (None, Some(_)) => return false,
            _ => {}
        }
        if strict.exact || named(x) {
            return true;
        }
        // A defined type, or a restricted channel, can be assigned what the other one is.
        let restricted =
            matches!(w.under(y), Type::Chan { dir, .. } | Type::Port { dir, .. } if *dir != Dir::Both);
        if named(y) || restricted {
            self.set(px, y);
        }
        true
    }

    /// Inexact matching where an interface is involved; `None` when the general rules apply.
    fn interfaces(&mut self, x: TypeId, y: TypeId) -> Option<bool> {
        let w = self.c.w;
        let as_set = |t: TypeId| (!w.is_type_param(t) && w.is_interface(t)).then(|| w.type_set(t)).flatten();
        let (sx, sy) = (as_set(x), as_set(y));
        if sx.is_none() && sy.is_none() {
            return None;
        }
        if sx.is_some_and(|s| s.is_constraint()) || sy.is_some_and(|s| s.is_constraint()) {
            return Some(false);
        }
        match (sx, sy) {
            (Some(a), Some(b)) => {
                let (few, many) = if a.methods.len() <= b.methods.len() { (a, b) } else { (b, a) };
                let common = few.methods.iter().all(|m| {
                    let other = many.methods.iter().find(|o| w.same_method_name(m, o));
                    other.is_some_and(|o| self.unify(m.sig, o.sig, Strict::EXACT))
                });
                Some(common)
            }
            (Some(s), None) => Some(self.has_methods(y, &s.methods)),
            (None, Some(s)) => Some(self.has_methods(x, &s.methods)),
            (None, None) => None,
        }
    }

    /// Whether a type has the methods, with signatures that match.
    pub fn has_methods(&mut self, ty: TypeId, methods: &[IMethod]) -> bool {
        let w = self.c.w;
        methods.iter().all(|m| match w.lookup(ty, false, m.pkg, m.name) {
            Lookup::Found(f) if f.kind != crate::types::FoundKind::Field => {
                let sig = w.found_type(&f);
                self.unify(sig, m.sig, Strict::EXACT)
            }
            _ => false,
        })
    }

    fn arguments(&mut self, a: &[TypeId], b: &[TypeId], strict: Strict) -> bool {
        let strict = strict.elements();
        a.len() == b.len() && a.iter().zip(b).all(|(&x, &y)| self.unify(x, y, strict))
    }

    fn params(&mut self, a: &[Param], b: &[Param], strict: Strict) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(x, y)| self.unify(x.ty, y.ty, strict))
    }

    fn structure(&mut self, x: TypeId, y: TypeId, strict: Strict) -> bool {
        let w = self.c.w;
        let elems = strict.elements();
        match (w.types.raw(x), w.types.raw(y)) {
            (Type::Array { len: a, elem: x }, Type::Array { len: b, elem: y }) => {
                (*a < 0 || *b < 0 || a == b) && self.unify(*x, *y, elems)
            }
            (Type::Slice(x), Type::Slice(y)) | (Type::Pointer(x), Type::Pointer(y)) => {
                self.unify(*x, *y, elems)
            }
            (Type::Map { key: kx, value: vx }, Type::Map { key: ky, value: vy }) => {
                self.unify(*kx, *ky, elems) && self.unify(*vx, *vy, elems)
            }
            (Type::Chan { dir: a, elem: x }, Type::Chan { dir: b, elem: y })
            | (Type::Port { dir: a, elem: x }, Type::Port { dir: b, elem: y }) => {
                (!strict.exact || a == b) && self.unify(*x, *y, elems)
            }
            (Type::Struct(a), Type::Struct(b)) => {
                a.fields.len() == b.fields.len()
                    && a.fields.iter().zip(&b.fields).all(|(f, g)| {
                        f.embedded == g.embedded
                            && f.name == g.name
                            && f.tag == g.tag
                            && (f.name.is_exported() || f.pkg == g.pkg)
                            && self.unify(f.ty, g.ty, elems)
                    })
            }
            (Type::Signature(a), Type::Signature(b)) => {
                a.tparams.len() == b.tparams.len()
                    && a.variadic == b.variadic
                    && self.params(&a.params, &b.params, elems)
                    && self.params(&a.results, &b.results, elems)
            }
            (Type::Tuple(a), Type::Tuple(b)) => self.arguments(a, b, strict),
            (Type::Named(a), Type::Named(b)) => {
                w.origin(x) == w.origin(y)
                    && a.targs.len() == b.targs.len()
                    && a.targs.iter().zip(&b.targs).all(|(&p, &q)| self.unify(p, q, strict))
            }
            (Type::Interface(_), Type::Interface(_)) => {
                let (Some(a), Some(b)) = (w.type_set(x), w.type_set(y)) else { return false };
                a.comparable == b.comparable
                    && a.terms.is_some() == b.terms.is_some()
                    && a.methods.len() == b.methods.len()
                    && a.methods
                        .iter()
                        .zip(&b.methods)
                        .all(|(m, n)| w.same_method_name(m, n) && self.unify(m.sig, n.sig, elems))
            }
            _ => w.identical(x, y),
        }
    }
}
