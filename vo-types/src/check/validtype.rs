//! Types that would contain themselves.

use super::Checker;
use crate::object::ObjId;
use crate::types::{Type, TypeId};

/// Instances of one generic type on a path of containment after which it is taken to grow
/// without end.
const MAX_GROWTH: usize = 10;

impl<'w> Checker<'w> {
    /// Reports a defined type that contains itself without indirection.
    pub fn valid_type(&mut self, id: TypeId) {
        let mut path = Vec::new();
        self.contains_itself(id, &mut path);
    }

    /// Whether a type is known as far as using its structure needs. A declaration that needs its
    /// own structure (`type T [unsafe.Sizeof(T{})]int`) is reported as a cycle.
    pub fn is_complete(&mut self, ty: TypeId) -> bool {
        let Some(open) = self.open_part(ty, 0) else { return true };
        let Type::Named(n) = self.w.types.raw(open) else { return true };
        let path = self.w.path.borrow().clone();
        let Some(start) = path.iter().rposition(|&o| o == n.obj) else { return true };
        self.cycle_error(&path[start..]);
        n.rhs.set(TypeId::INVALID);
        n.underlying.set(TypeId::INVALID);
        false
    }

    /// A defined type inside of a type whose declaration has not been reached its end.
    fn open_part(&self, ty: TypeId, depth: u32) -> Option<TypeId> {
        if depth > 100 {
            return None;
        }
        let ty = self.w.types.unalias(ty);
        match self.w.types.raw(ty) {
            Type::Named(n) => {
                let origin = n.origin.unwrap_or(ty);
                let Type::Named(o) = self.w.types.raw(origin) else { return None };
                if o.rhs.get() == TypeId::NONE && o.underlying.get() == TypeId::NONE {
                    return Some(origin);
                }
                let inside = if o.underlying.get() == TypeId::NONE { o.rhs.get() } else { TypeId::NONE };
                if inside == TypeId::NONE { None } else { self.open_part(inside, depth + 1) }
            }
            Type::Array { elem, .. } => self.open_part(*elem, depth + 1),
            Type::Struct(s) => s.fields.iter().find_map(|f| self.open_part(f.ty, depth + 1)),
            _ => None,
        }
    }

    /// Walks what a value of the type contains; true if there was a cycle (reported once, on the
    /// type's first visit).
    fn contains_itself(&mut self, id: TypeId, path: &mut Vec<TypeId>) -> bool {
        let id = self.w.types.unalias(id);
        match self.w.types.raw(id) {
            Type::Array { elem, .. } => self.contains_itself(*elem, path),
            Type::Struct(s) => s.fields.iter().any(|f| self.contains_itself(f.ty, path)),
            Type::Union(terms) => terms.iter().any(|t| self.contains_itself(t.ty, path)),
            Type::Interface(i) => i.embeds.iter().any(|(e, _)| self.contains_itself(*e, path)),
            Type::Named(n) => {
                match n.valid.get() {
                    Some(true) => return false,
                    Some(false) => return true,
                    None => {}
                }
                if let Some(start) = path.iter().position(|&t| t == id) {
                    self.report_containment(&path[start..]);
                    return true;
                }
                let origin = self.w.origin(id);
                if n.origin.is_some() {
                    let same = path.iter().filter(|&&t| self.w.origin(t) == origin).count();
                    if same > MAX_GROWTH {
                        let last = path.iter().rposition(|&t| self.w.origin(t) == origin).unwrap_or(0);
                        self.report_containment(&path[last..]);
                        return true;
                    }
                }
                if self.is_foreign(origin) && n.origin.is_none() {
                    return false;
                }
                path.push(id);
                // Through the declaration as written, so that all names on the way are reported.
                let inside = match (n.origin, n.rhs.get()) {
                    (None, rhs) if rhs != TypeId::NONE => rhs,
                    _ => self.w.underlying(id),
                };
                let bad = self.contains_itself(inside, path);
                path.pop();
                n.valid.set(Some(!bad));
                bad
            }
            _ => false,
        }
    }

    fn is_foreign(&self, origin: TypeId) -> bool {
        match self.w.types.as_named(origin) {
            Some(n) => self.w.object(n.obj).pkg != Some(self.pkg),
            None => false,
        }
    }

    fn report_containment(&mut self, cycle: &[TypeId]) {
        let mut objects: Vec<ObjId> = Vec::new();
        for &ty in cycle {
            if let Some(n) = self.w.types.as_named(ty) {
                objects.push(n.obj);
            }
        }
        self.cycle_error(&objects);
        for &ty in cycle {
            for id in [ty, self.w.origin(ty)] {
                if let Type::Named(n) = self.w.types.raw(id) {
                    n.valid.set(Some(false));
                    n.underlying.set(TypeId::INVALID);
                }
            }
        }
    }
}
