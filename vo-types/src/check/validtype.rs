//! Types that would contain themselves.

use rustc_hash::FxHashSet;
use vo_syntax::diag::Code;

use super::Checker;
use crate::object::ObjId;
use crate::types::{MAX_NESTING, Named, Type, TypeId};

impl<'w> Checker<'w> {
    /// Reports a defined type that contains itself without indirection.
    pub fn valid_type(&mut self, id: TypeId) {
        self.nesting(id, &mut Vec::new(), &mut Vec::new());
    }

    /// Whether a type is known as far as using its structure needs. A declaration that needs its
    /// own structure (`type T [unsafe.Sizeof(T{})]int`) is reported as a cycle.
    pub fn is_complete(&mut self, ty: TypeId) -> bool {
        if self.w.path.borrow().is_empty() {
            return true;
        }
        match self.open_part(ty, &mut FxHashSet::default()) {
            Some(open) => !self.needs_itself(open),
            None => true,
        }
    }

    /// Whether a type is being declared; then it needs itself, which is reported.
    fn needs_itself(&mut self, ty: TypeId) -> bool {
        let obj = match self.w.types.raw(ty) {
            Type::Named(n) => n.obj,
            Type::Alias(a) => a.obj,
            _ => return false,
        };
        let path = self.w.path.borrow().clone();
        let Some(start) = path.iter().rposition(|&o| o == obj) else { return false };
        self.cycle_error(&path[start..]);
        match self.w.types.raw(ty) {
            Type::Named(n) => {
                n.rhs.set(TypeId::INVALID);
                n.underlying.set(TypeId::INVALID);
            }
            Type::Alias(a) => a.target.set(TypeId::INVALID),
            _ => {}
        }
        true
    }

    /// Whether the size of a type is known: nothing that it contains is still being declared. Reports
    /// the cycle otherwise.
    pub fn has_known_size(&mut self, ty: TypeId) -> bool {
        self.w.path.borrow().is_empty() || self.known_size_within(ty, &mut FxHashSet::default())
    }

    fn known_size_within(&mut self, ty: TypeId, seen: &mut FxHashSet<TypeId>) -> bool {
        if let Some(alias) = self.open_alias(ty) {
            return !self.needs_itself(alias);
        }
        let ty = self.w.types.unalias(ty);
        match self.w.types.raw(ty) {
            Type::Array { elem, .. } => self.known_size_within(*elem, seen),
            Type::Struct(s) => {
                !seen.insert(ty) || s.fields.iter().all(|f| self.known_size_within(f.ty, seen))
            }
            Type::Named(n) => {
                if self.needs_itself(self.w.origin(ty)) {
                    return false;
                }
                if !seen.insert(self.w.origin(ty)) {
                    return true;
                }
                self.w.path.borrow_mut().push(n.obj);
                let inside = self.w.types.as_named(self.w.origin(ty)).map_or(TypeId::NONE, |n| n.rhs.get());
                let known = inside == TypeId::NONE || self.known_size_within(inside, seen);
                self.w.path.borrow_mut().pop();
                known
            }
            _ => true,
        }
    }

    /// The alias on the way from a type that is still being declared.
    fn open_alias(&self, mut ty: TypeId) -> Option<TypeId> {
        while let Type::Alias(a) = self.w.types.raw(ty) {
            match a.target.get() {
                TypeId::NONE => return Some(ty),
                target => ty = target,
            }
        }
        None
    }

    /// A defined type inside of a type whose declaration has not been reached its end.
    fn open_part(&self, ty: TypeId, seen: &mut FxHashSet<TypeId>) -> Option<TypeId> {
        if let Some(alias) = self.open_alias(ty) {
            return Some(alias);
        }
        let ty = self.w.types.unalias(ty);
        if seen.len() > 10_000 || !seen.insert(ty) {
            return None;
        }
        match self.w.types.raw(ty) {
            Type::Named(n) => {
                let origin = n.origin.unwrap_or(ty);
                let Type::Named(o) = self.w.types.raw(origin) else { return None };
                if o.rhs.get() == TypeId::NONE && o.underlying.get() == TypeId::NONE {
                    return Some(origin);
                }
                let inside = if o.underlying.get() == TypeId::NONE { o.rhs.get() } else { TypeId::NONE };
                if inside == TypeId::NONE { None } else { self.open_part(inside, seen) }
            }
            Type::Array { elem, .. } => self.open_part(*elem, seen),
            Type::Struct(s) => s.fields.iter().find_map(|f| self.open_part(f.ty, seen)),
            _ => None,
        }
    }

    /// Looks for types whose memory contains that of one in `nest`, which contain them; reports it.
    /// How deeply the type nests, or `None` for a broken one. A type parameter stands for the argument
    /// of the innermost instance, and the argument lies in what is around that instance. `path` is the
    /// whole way here, for the message.
    fn nesting(&mut self, id: TypeId, nest: &mut Vec<TypeId>, path: &mut Vec<TypeId>) -> Option<u32> {
        let id = self.w.types.unalias(id);
        match self.w.types.raw(id) {
            Type::Array { elem, .. } => self.nesting(*elem, nest, path),
            Type::Struct(s) => {
                // What has no type parameters is the same everywhere, and once found in order stays so.
                if let Some(&known) = self.w.struct_nesting.borrow().get(&id) {
                    return Some(known);
                }
                let depth = self.deepest(s.fields.iter().map(|f| f.ty), nest, path)?;
                if !self.w.mentions_type_params(id) {
                    self.w.struct_nesting.borrow_mut().insert(id, depth);
                }
                Some(depth)
            }
            Type::Union(terms) => self.deepest(terms.iter().map(|t| t.ty), nest, path),
            Type::Interface(i) => self.deepest(i.embeds.iter().map(|(t, _)| *t), nest, path),
            Type::TypeParam(_) => self.argument_nesting(id, nest, path),
            Type::Named(n) if n.nesting.get() > 0 => Some(n.nesting.get()),
            Type::Named(n) => self.named_nesting(id, n, nest, path),
            _ => Some(0),
        }
    }

    fn deepest(
        &mut self,
        parts: impl Iterator<Item = TypeId>,
        nest: &mut Vec<TypeId>,
        path: &mut Vec<TypeId>,
    ) -> Option<u32> {
        let mut deepest = 0;
        for part in parts {
            deepest = deepest.max(self.nesting(part, nest, path)?);
        }
        Some(deepest)
    }

    fn named_nesting(
        &mut self,
        id: TypeId,
        n: &'w Named,
        nest: &mut Vec<TypeId>,
        path: &mut Vec<TypeId>,
    ) -> Option<u32> {
        if nest.iter().any(|&t| self.w.identical(t, id)) {
            self.report_containment(id, path);
            return None;
        }
        let declared = self.w.types.as_named(self.w.origin(id))?;
        // A type of another package cannot contain one of this package but through its arguments.
        if n.targs.is_empty() && self.w.object(n.obj).pkg != Some(self.pkg) {
            return Some(0);
        }
        if declared.rhs.get() == TypeId::NONE {
            self.w.resolve(declared.obj);
        }
        let inside = declared.rhs.get();
        if inside == TypeId::NONE {
            return Some(0);
        }
        nest.push(id);
        path.push(id);
        let too_long = path.len() > MAX_NESTING as usize;
        let inner = if too_long { Some(MAX_NESTING) } else { self.nesting(inside, nest, path) };
        path.pop();
        nest.pop();
        let depth = inner? + 1;
        if depth > MAX_NESTING {
            self.too_deep(declared);
            return None;
        }
        // What it contains depends on nothing else, unless it has arguments that do.
        let closed = n.origin.is_none() && declared.tparams().is_empty();
        if closed || (n.origin.is_some() && !self.w.mentions_type_params(id)) {
            n.nesting.set(depth);
        }
        Some(depth)
    }

    /// Reports a type that is nested more deeply than the walks over types can follow, and takes it for
    /// broken from then on.
    fn too_deep(&mut self, declared: &'w Named) {
        if declared.rhs.get() == TypeId::INVALID {
            return;
        }
        let object = self.w.object(declared.obj);
        let message = format!("type {} contains types more than {MAX_NESTING} levels deep", object.name);
        self.error(Code::TooDeep, &object.pos, message);
        declared.rhs.set(TypeId::INVALID);
        declared.underlying.set(TypeId::INVALID);
    }

    fn argument_nesting(
        &mut self,
        id: TypeId,
        nest: &mut Vec<TypeId>,
        path: &mut Vec<TypeId>,
    ) -> Option<u32> {
        let Some(inst) = nest.pop() else { return Some(0) };
        let tparams = self.w.types.as_named(self.w.origin(inst)).map_or(&[][..], |n| n.tparams());
        let index = tparams.iter().position(|&t| t == id);
        let arg = index.and_then(|i| self.w.type_args(inst).get(i).copied());
        let depth = arg.map_or(Some(0), |arg| self.nesting(arg, nest, path));
        nest.push(inst);
        depth
    }

    /// Reports the way from a type back to it, and takes the type for broken from then on.
    fn report_containment(&mut self, id: TypeId, path: &[TypeId]) {
        let start = path.iter().position(|&t| self.w.identical(t, id)).unwrap_or(0);
        let named = |&t: &TypeId| self.w.types.as_named(t).map(|n| n.obj);
        let objects: Vec<ObjId> = path[start..].iter().filter_map(named).collect();
        self.cycle_error_from(&objects, 0);
        for id in [id, self.w.origin(id)] {
            if let Type::Named(n) = self.w.types.raw(id) {
                n.rhs.set(TypeId::INVALID);
                n.underlying.set(TypeId::INVALID);
            }
        }
    }
}
