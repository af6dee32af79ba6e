//! Substitution of type parameters.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::{Field, IMethod, Named, Param, Term, Type, TypeId};
use crate::World;
use crate::object::{Object, ObjectKind};

/// Which type stands for which type parameter.
#[derive(Clone, Debug, Default)]
pub struct Subst {
    from: Vec<TypeId>,
    to: Vec<TypeId>,
    /// What composite types became so far: one type may be reached in very many ways.
    done: RefCell<FxHashMap<TypeId, TypeId>>,
}

impl Subst {
    /// Each of `from` (type parameters) becomes its counterpart in `to`.
    pub fn new(from: &[TypeId], to: &[TypeId]) -> Subst {
        let len = from.len().min(to.len());
        Subst { from: from[..len].to_vec(), to: to[..len].to_vec(), done: RefCell::default() }
    }

    /// Whether nothing is replaced.
    pub fn is_empty(&self) -> bool {
        self.from.is_empty()
    }

    /// Adds a pair.
    pub fn push(&mut self, from: TypeId, to: TypeId) {
        self.from.push(from);
        self.to.push(to);
        self.done.take();
    }

    /// What a type parameter becomes.
    pub fn get(&self, tparam: TypeId) -> Option<TypeId> {
        self.from.iter().position(|&f| f == tparam).map(|i| self.to[i])
    }
}

impl World {
    /// The type with type parameters replaced; the same id if there is nothing to replace.
    pub fn subst(&self, id: TypeId, subst: &Subst) -> TypeId {
        if subst.is_empty() || id == TypeId::NONE {
            return id;
        }
        match self.types.raw(id) {
            Type::Basic(_) | Type::Island => return id,
            Type::TypeParam(_) => return subst.get(id).unwrap_or(id),
            Type::Named(n) if n.targs.is_empty() && n.outer().is_empty() => return id,
            _ => {}
        }
        if let Some(&done) = subst.done.borrow().get(&id) {
            return done;
        }
        let done = self.subst_composite(id, subst);
        subst.done.borrow_mut().insert(id, done);
        done
    }

    fn subst_composite(&self, id: TypeId, subst: &Subst) -> TypeId {
        let types = &self.types;
        match types.raw(id) {
            Type::Basic(_) | Type::Island | Type::TypeParam(_) => id,
            Type::Named(n) => self.subst_named(id, n, subst),
            Type::Alias(a) => self.subst_alias(id, a, subst),
            Type::Pointer(elem) => same_or(id, *elem, self.subst(*elem, subst), |t| types.pointer(t)),
            Type::Slice(elem) => same_or(id, *elem, self.subst(*elem, subst), |t| types.slice(t)),
            Type::Array { len, elem } => {
                same_or(id, *elem, self.subst(*elem, subst), |t| types.array(*len, t))
            }
            Type::Map { key, value } => {
                let (k, v) = (self.subst(*key, subst), self.subst(*value, subst));
                if (k, v) == (*key, *value) { id } else { types.map(k, v) }
            }
            Type::Chan { dir, elem } => same_or(id, *elem, self.subst(*elem, subst), |t| types.chan(*dir, t)),
            Type::Port { dir, elem } => same_or(id, *elem, self.subst(*elem, subst), |t| types.port(*dir, t)),
            Type::Tuple(elems) => match self.subst_list(elems, subst) {
                None => id,
                Some(elems) => types.tuple(&elems),
            },
            Type::Struct(s) => self.subst_struct(id, &s.fields, subst),
            Type::Signature(_) => self.subst_signature(id, subst),
            Type::Interface(_) => self.subst_interface(id, subst),
            Type::Union(terms) => {
                let new: Vec<Term> =
                    terms.iter().map(|t| Term { ty: self.subst(t.ty, subst), ..*t }).collect();
                let same = new.iter().zip(terms).all(|(a, b)| a.ty == b.ty);
                if same { id } else { types.new_union(new) }
            }
        }
    }

    fn subst_named(&self, id: TypeId, n: &Named, subst: &Subst) -> TypeId {
        let origin = n.origin.unwrap_or(id);
        let declared = self.types.as_named(origin).unwrap_or(n);
        // Arguments for the function around the declaration come first, once there are any.
        let bare = n.targs.len() <= declared.tparams().len();
        if bare
            && !declared.outer().is_empty()
            && let Some(mut targs) = self.subst_list(declared.outer(), subst)
        {
            targs.extend(n.targs.iter().map(|&t| self.subst(t, subst)));
            return self.instantiate_named(origin, &targs);
        }
        match (n.origin, self.subst_list(&n.targs, subst)) {
            (Some(origin), Some(targs)) => self.instantiate_named(origin, &targs),
            _ => id,
        }
    }

    /// A list with type parameters replaced, or `None` if nothing changes.
    fn subst_list(&self, list: &[TypeId], subst: &Subst) -> Option<Vec<TypeId>> {
        let new: Vec<TypeId> = list.iter().map(|&t| self.subst(t, subst)).collect();
        (new != list).then_some(new)
    }

    fn subst_alias(&self, id: TypeId, a: &super::Alias, subst: &Subst) -> TypeId {
        let target = a.target.get();
        if target == TypeId::NONE {
            return id;
        }
        if a.origin.is_none() && a.tparams().is_empty() {
            // An alias declared inside a generic function may mention its type parameters.
            return same_or(id, target, self.subst(target, subst), |t| t);
        }
        match (a.origin, self.subst_list(&a.targs, subst)) {
            (Some(origin), Some(targs)) => {
                self.types.alias_to(a.obj, self.subst(target, subst), Some(origin), &targs)
            }
            _ => id,
        }
    }

    fn subst_struct(&self, id: TypeId, fields: &[Field], subst: &Subst) -> TypeId {
        let new: Vec<Field> = fields.iter().map(|f| Field { ty: self.subst(f.ty, subst), ..*f }).collect();
        let same = new.iter().zip(fields).all(|(a, b)| a.ty == b.ty);
        if same { id } else { self.types.new_struct(new) }
    }

    fn subst_params(&self, params: &[Param], subst: &Subst) -> (Vec<Param>, bool) {
        let new: Vec<Param> = params.iter().map(|p| Param { ty: self.subst(p.ty, subst), ..*p }).collect();
        let changed = new.iter().zip(params).any(|(a, b)| a.ty != b.ty);
        (new, changed)
    }

    fn subst_signature(&self, id: TypeId, subst: &Subst) -> TypeId {
        let Type::Signature(s) = self.types.raw(id) else { return id };
        let (tparams, inner) = self.subst_type_params(&s.tparams, subst);
        let subst = inner.as_ref().unwrap_or(subst);
        let (params, changed) = self.subst_params(&s.params, subst);
        let (results, also_changed) = self.subst_params(&s.results, subst);
        if !changed && !also_changed && inner.is_none() {
            return id;
        }
        self.types.new_signature(tparams, params, results, s.variadic)
    }

    /// Type parameters of a generic method whose constraints mention outer type parameters are
    /// declared anew, with the constraints replaced; the substitution that also does that.
    fn subst_type_params(&self, tparams: &[TypeId], subst: &Subst) -> (Vec<TypeId>, Option<Subst>) {
        let bound = |t: TypeId| self.types.as_type_param(t).map_or(TypeId::NONE, |p| p.bound.get());
        let changed = tparams.iter().any(|&t| self.subst(bound(t), subst) != bound(t));
        if !changed {
            return (tparams.to_vec(), None);
        }
        let new = self.clone_type_params(tparams);
        let mut inner = subst.clone();
        for (&old, &fresh) in tparams.iter().zip(&new) {
            inner.push(old, fresh);
        }
        for (&old, &fresh) in tparams.iter().zip(&new) {
            self.set_bound(fresh, self.subst(bound(old), &inner));
        }
        (new, Some(inner))
    }

    /// New type parameters of the same names, their constraints not set.
    pub(crate) fn clone_type_params(&self, tparams: &[TypeId]) -> Vec<TypeId> {
        let clone = |(index, &tparam): (usize, &TypeId)| {
            let Some(p) = self.types.as_type_param(tparam) else { return tparam };
            let old = self.object(p.obj);
            let kind = ObjectKind::TypeName { alias: false };
            let obj = self.add_object(Object::new(kind, old.name, old.pkg, old.pos, TypeId::INVALID));
            let fresh = self.types.new_type_param(obj, index);
            self.object(obj).ty.set(fresh);
            fresh
        };
        tparams.iter().enumerate().map(clone).collect()
    }

    fn subst_interface(&self, id: TypeId, subst: &Subst) -> TypeId {
        let Type::Interface(i) = self.types.raw(id) else { return id };
        let methods: Vec<IMethod> =
            i.methods.iter().map(|m| IMethod { sig: self.subst(m.sig, subst), ..*m }).collect();
        let embeds: Vec<_> = i.embeds.iter().map(|&(t, pos)| (self.subst(t, subst), pos)).collect();
        let same = methods.iter().zip(&i.methods).all(|(a, b)| a.sig == b.sig)
            && embeds.iter().zip(&i.embeds).all(|(a, b)| a.0 == b.0);
        if same { id } else { self.types.new_interface(methods, embeds, i.implicit) }
    }

    /// Sets the constraint of a type parameter. A constraint that is not an interface stands for
    /// the interface that embeds it.
    pub(crate) fn set_bound(&self, tparam: TypeId, bound: TypeId) {
        let Some(p) = self.types.as_type_param(tparam) else { return };
        p.bound.set(bound);
        p.iface.set(TypeId::NONE);
    }
}

fn same_or(id: TypeId, old: TypeId, new: TypeId, make: impl FnOnce(TypeId) -> TypeId) -> TypeId {
    if old == new { id } else { make(new) }
}
