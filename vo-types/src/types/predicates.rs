//! Questions about types.

use super::{Basic, FoundKind, IMethod, Lookup, MAX_NESTING, Type, TypeId};
use crate::World;
use crate::object::ObjId;

/// Why a type lacks a method that an interface wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MissingReason {
    /// No method of that name.
    NotFound,
    /// A method whose name differs in capitalisation; a declared one's object, and its signature.
    WrongName(Option<ObjId>, TypeId),
    /// A method of another signature.
    WrongSignature(TypeId),
    /// Several methods of that name.
    Ambiguous,
    /// The method has a pointer receiver.
    PointerReceiver,
    /// A field has the name.
    Field,
    /// The method is unexported, and another package's.
    Unexported,
}

/// A method that an interface wants and a type lacks.
#[derive(Clone, Copy, Debug)]
pub struct MissingMethod {
    /// The wanted method.
    pub method: IMethod,
    /// Why it does not count as present.
    pub reason: MissingReason,
}

impl World {
    /// The basic type that underlies a type, if one does. Type parameters have none.
    pub fn basic(&self, id: TypeId) -> Option<Basic> {
        if self.is_type_param(id) {
            return None;
        }
        match self.under(id) {
            Type::Basic(b) => Some(*b),
            _ => None,
        }
    }

    /// Whether the type is invalid (an error was reported).
    pub fn is_invalid(&self, id: TypeId) -> bool {
        matches!(self.types.get(id), Type::Basic(Basic::Invalid))
    }

    /// Whether the type is a type parameter.
    pub fn is_type_param(&self, id: TypeId) -> bool {
        matches!(self.types.get(id), Type::TypeParam(_))
    }

    /// Whether the underlying type is an interface and the type is no type parameter.
    pub fn is_interface(&self, id: TypeId) -> bool {
        !self.is_type_param(id) && matches!(self.under(id), Type::Interface(_))
    }

    /// Whether the type is one of the untyped kinds.
    pub fn is_untyped(&self, id: TypeId) -> bool {
        matches!(self.types.get(id), Type::Basic(b) if b.is_untyped())
    }

    /// Whether the type is an untyped kind of number.
    pub fn is_untyped_numeric(&self, id: TypeId) -> bool {
        matches!(self.types.get(id), Type::Basic(b) if b.is_untyped() && b.is_numeric())
    }

    /// Whether the basic type under it satisfies the predicate. For type parameters: no.
    pub fn is_basic(&self, id: TypeId, pred: impl Fn(Basic) -> bool) -> bool {
        self.basic(id).is_some_and(pred)
    }

    /// As `is_basic`, but for a type parameter: whether all types it stands for satisfy it (and
    /// there are some).
    pub fn all_basic(&self, id: TypeId, pred: impl Fn(Basic) -> bool + Copy) -> bool {
        if !self.is_type_param(id) {
            return self.is_basic(id, pred);
        }
        match self.specific_types(id) {
            Some(terms) => !terms.is_empty() && terms.iter().all(|t| self.is_basic(t.ty, pred)),
            None => false,
        }
    }

    /// Whether the type has a name: predeclared, defined, or a type parameter.
    pub(crate) fn has_name(&self, id: TypeId) -> bool {
        matches!(self.types.get(id), Type::Basic(_) | Type::Named(_) | Type::TypeParam(_) | Type::Island)
    }

    /// Whether `nil` is a value of the type (for a type parameter: of all types it stands for).
    pub fn has_nil(&self, id: TypeId) -> bool {
        if self.is_type_param(id) {
            return match self.specific_types(id) {
                Some(terms) => !terms.is_empty() && terms.iter().all(|t| self.has_nil(t.ty)),
                None => false,
            };
        }
        match self.under(id) {
            Type::Basic(b) => matches!(b, Basic::UnsafePointer | Basic::UntypedNil),
            Type::Pointer(_) | Type::Slice(_) | Type::Map { .. } | Type::Chan { .. } => true,
            Type::Signature(_) | Type::Interface(_) | Type::Island | Type::Port { .. } => true,
            _ => false,
        }
    }

    /// Whether a type mentions type parameters.
    pub(crate) fn mentions_type_params(&self, id: TypeId) -> bool {
        let id = self.types.unalias(id);
        let any = |mut list: &mut dyn Iterator<Item = TypeId>| {
            let known = &self.open_types;
            known.get_or(id, || self.is_settled(), || (&mut list).any(|t| self.mentions_type_params(t)))
        };
        match self.types.raw(id) {
            Type::TypeParam(_) => true,
            Type::Basic(_) | Type::Island | Type::Alias(_) => false,
            Type::Pointer(t) | Type::Slice(t) => self.mentions_type_params(*t),
            Type::Array { elem, .. } | Type::Chan { elem, .. } | Type::Port { elem, .. } => {
                self.mentions_type_params(*elem)
            }
            Type::Map { key, value } => self.mentions_type_params(*key) || self.mentions_type_params(*value),
            Type::Named(n) if n.targs.is_empty() => false,
            Type::Named(n) => any(&mut n.targs.iter().copied()),
            Type::Tuple(list) => any(&mut list.iter().copied()),
            Type::Struct(s) => any(&mut s.fields.iter().map(|f| f.ty)),
            Type::Signature(s) => any(&mut s.params.iter().chain(&s.results).map(|p| p.ty)),
            Type::Interface(i) => {
                any(&mut i.methods.iter().map(|m| m.sig).chain(i.embeds.iter().map(|(t, _)| *t)))
            }
            Type::Union(terms) => any(&mut terms.iter().map(|t| t.ty)),
        }
    }

    /// Whether values of the type can be compared. With `dynamic`, interfaces count as comparable
    /// although a comparison may panic; without, only types whose comparison cannot panic do.
    pub fn comparable_type(&self, id: TypeId, dynamic: bool) -> bool {
        self.comparable_rec(id, dynamic, &mut Vec::new())
    }

    fn comparable_rec(&self, id: TypeId, dynamic: bool, open: &mut Vec<TypeId>) -> bool {
        let id = self.types.unalias(id);
        if self.is_type_param(id) {
            return self.comparable_set(id, open);
        }
        let memo = &self.comparable[usize::from(dynamic)];
        // The bound stops generic types that grow without end (an error that is reported).
        if open.contains(&id) || memo.depth() > MAX_NESTING {
            return true;
        }
        match self.types.get(id) {
            Type::Named(_) | Type::Array { .. } | Type::Struct(_) => {
                memo.get_or(id, || self.is_settled(), || self.comparable_within(id, dynamic, open))
            }
            _ => self.comparable_within(id, dynamic, open),
        }
    }

    fn comparable_within(&self, id: TypeId, dynamic: bool, open: &mut Vec<TypeId>) -> bool {
        open.push(id);
        let ok = match self.under(id) {
            Type::Basic(b) => *b != Basic::UntypedNil,
            Type::Pointer(_) | Type::Chan { .. } | Type::Island | Type::Port { .. } => true,
            Type::Interface(_) => dynamic || self.comparable_set(id, open),
            Type::Struct(s) => s.fields.iter().all(|f| self.comparable_rec(f.ty, dynamic, open)),
            Type::Array { elem, .. } => self.comparable_rec(*elem, dynamic, open),
            _ => false,
        };
        open.pop();
        ok
    }

    fn comparable_set(&self, id: TypeId, open: &mut Vec<TypeId>) -> bool {
        let Some(set) = self.type_set(id) else { return false };
        match &set.terms {
            None => set.comparable,
            Some(terms) => !terms.is_empty() && terms.iter().all(|t| self.comparable_rec(t.ty, false, open)),
        }
    }

    /// Whether a type has all methods of an interface. `addressable` also counts methods of the
    /// pointer type.
    pub fn implements(&self, ty: TypeId, iface: TypeId) -> bool {
        self.missing_method(ty, iface, true).is_none()
    }

    /// The first method (in method-table order) of interface `iface` that `ty` lacks. When `ty`
    /// is an interface and `exact` is false, methods that it does not have are not held against
    /// it: its dynamic value may have them.
    pub fn missing_method(&self, ty: TypeId, iface: TypeId, exact: bool) -> Option<MissingMethod> {
        let wanted = self.type_set(iface)?;
        if wanted.methods.is_empty() {
            return None;
        }
        if let Type::Interface(_) = self.under(ty) {
            return self.missing_in_interface(ty, iface, exact);
        }
        for m in &wanted.methods {
            let reason = match self.lookup(ty, false, m.pkg, m.name) {
                Lookup::Found(f) if f.kind == FoundKind::Field => MissingReason::Field,
                Lookup::Found(f) => {
                    let sig = self.found_type(&f);
                    if self.identical(sig, m.sig) {
                        continue;
                    }
                    MissingReason::WrongSignature(sig)
                }
                Lookup::Ambiguous => MissingReason::Ambiguous,
                Lookup::NeedsPointer(f) => {
                    let sig = self.found_type(&f);
                    if self.identical(sig, m.sig) {
                        MissingReason::PointerReceiver
                    } else {
                        MissingReason::WrongSignature(sig)
                    }
                }
                Lookup::Missing => self.why_missing(ty, m),
            };
            return Some(MissingMethod { method: *m, reason });
        }
        None
    }

    fn missing_in_interface(&self, ty: TypeId, iface: TypeId, exact: bool) -> Option<MissingMethod> {
        let (have, wanted) = (self.type_set(ty)?, self.type_set(iface)?);
        for m in &wanted.methods {
            let reason = match have.methods.iter().find(|h| self.same_method_name(h, m)) {
                Some(h) if self.identical(h.sig, m.sig) => continue,
                Some(h) => MissingReason::WrongSignature(h.sig),
                None if !exact => continue,
                None => self.why_missing(ty, m),
            };
            return Some(MissingMethod { method: *m, reason });
        }
        None
    }

    /// A better reason than "not found": wrong capitalisation, another package's, a field.
    fn why_missing(&self, ty: TypeId, m: &IMethod) -> MissingReason {
        match self.lookup_fold(ty, false, m.pkg, m.name, true) {
            Lookup::Found(f) | Lookup::NeedsPointer(f) => {
                let (name, obj) = match f.kind {
                    FoundKind::Field => return MissingReason::NotFound,
                    FoundKind::Method(o) => (self.object(o).name, Some(o)),
                    FoundKind::Interface(i) => match self.type_set(f.holder) {
                        Some(set) => (set.methods[i as usize].name, None),
                        None => return MissingReason::NotFound,
                    },
                };
                if name == m.name {
                    return MissingReason::Unexported;
                }
                MissingReason::WrongName(obj, self.found_type(&f))
            }
            _ => MissingReason::NotFound,
        }
    }
}
