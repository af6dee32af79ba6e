//! Function types, receivers, and type parameter lists.

use vo_syntax::ast::*;
use vo_syntax::diag::Code;
use vo_syntax::source::Pos;

use super::errors::Place;
use super::{Action, Checker};
use crate::object::{Color, ObjId, Object, ObjectKind, Owner, VarKind};
use crate::scope::ScopeId;
use crate::types::{Param, Subst, Type, TypeId};

/// The parts of a receiver's type expression.
pub(crate) struct ReceiverParts<'a> {
    /// Whether there is a `*`.
    pub ptr: bool,
    /// The type without `*`, parentheses and type parameters.
    pub base: &'a Expr,
    /// The names for the base type's parameters.
    pub tparams: &'a [Expr],
}

pub(crate) fn unpack_receiver(e: &Expr) -> ReceiverParts<'_> {
    let mut base = e.unparen();
    let mut ptr = false;
    if let Expr::Star(star) = base {
        ptr = true;
        base = star.x.unparen();
    }
    match base {
        Expr::Index(index) => ReceiverParts { ptr, base: index.x.unparen(), tparams: &index.indices },
        _ => ReceiverParts { ptr, base, tparams: &[] },
    }
}

/// What checking a function's signature gives.
pub(crate) struct SignatureParts {
    pub sig: TypeId,
    pub scope: ScopeId,
    pub params: Vec<ObjId>,
    pub results: Vec<ObjId>,
}

impl<'w> Checker<'w> {
    /// A function type on its own.
    pub fn func_type(&mut self, f: &'w FuncType) -> TypeId {
        self.func_parts(f, Owner::Package).sig
    }

    /// The signature of a function literal, or of a function type.
    pub fn func_parts(&mut self, f: &'w FuncType, owner: Owner) -> SignatureParts {
        let outer = self.env.scope;
        let scope = self.w.new_scope(Some(outer), true);
        self.env.scope = scope;
        let parts = self.params_and_results(f, Vec::new(), owner, scope, None);
        self.env.scope = outer;
        parts
    }

    /// The signature of a declared function or method.
    pub fn func_signature(&mut self, obj: ObjId, d: &'w FuncDecl) -> TypeId {
        let outer = self.env.scope;
        let scope = self.w.new_scope(Some(outer), true);
        self.env.scope = scope;
        let Some(info) = self.w.object(obj).func() else { return TypeId::INVALID };
        info.scope.set(Some(scope));
        let receiver = d.recv.as_ref().map(|list| self.receiver_var(obj, list));
        let mut tparams = Vec::new();
        if let Some(list) = &d.type_params {
            match d.recv {
                Some(_) => self.requires_type_params(list, (1, 27), "generic method"),
                None => self.requires_type_params(list, (1, 18), "type parameter"),
            }
            tparams = self.declare_type_params(list, |_| {});
        }
        let parts = self.params_and_results(&d.ty, tparams, Owner::Func(obj), scope, receiver.flatten());
        let _ = info.params.set(parts.params.into());
        let _ = info.results.set(parts.results.into());
        self.env.scope = outer;
        parts.sig
    }

    fn params_and_results(
        &mut self,
        f: &'w FuncType,
        tparams: Vec<TypeId>,
        owner: Owner,
        scope: ScopeId,
        receiver: Option<(ObjId, Pos)>,
    ) -> SignatureParts {
        let mut declare: Vec<(ObjId, Pos)> = receiver.into_iter().collect();
        let (params, param_objs, variadic) =
            self.params(&f.params, VarKind::Param, owner, true, &mut declare);
        let (results, result_objs, _) = self.params(&f.results, VarKind::Result, owner, false, &mut declare);
        // Names become visible only after all types, which they must not hide.
        for (obj, pos) in declare {
            self.declare_at(scope, obj, pos);
        }
        let sig = self.w.types.new_signature(tparams, params, results, variadic);
        SignatureParts { sig, scope, params: param_objs, results: result_objs }
    }

    fn params(
        &mut self,
        list: &'w FieldList,
        kind: VarKind,
        owner: Owner,
        variadic_ok: bool,
        declare: &mut Vec<(ObjId, Pos)>,
    ) -> (Vec<Param>, Vec<ObjId>, bool) {
        let (mut params, mut objects) = (Vec::new(), Vec::new());
        let mut variadic = false;
        let last = list.fields.len().wrapping_sub(1);
        for (i, f) in list.fields.iter().enumerate() {
            let mut ty = self.var_type(&f.ty);
            if f.ellipsis.is_valid() {
                if variadic_ok && i == last && f.names.len() <= 1 {
                    variadic = true;
                    if !ty.is_invalid() {
                        ty = self.w.types.slice(ty);
                    }
                } else {
                    let message = if variadic_ok {
                        "can only use ... with final parameter in list"
                    } else {
                        "invalid use of ..."
                    };
                    self.error(Code::MisplacedDotDotDot, &f.ellipsis.span(), message);
                }
            }
            let mut add = |c: &mut Self, name: Option<&Ident>| {
                let text = name.map_or_else(|| Symbol::intern(""), |n| n.name);
                let pos = name.map_or(f.ty.pos(), |n| n.span.start);
                let kind = ObjectKind::Var { kind, owner };
                let obj = c.w.add_object(Object::new(kind, text, Some(c.pkg), pos, ty));
                match name {
                    Some(n) => {
                        c.w.info.set_def(n.id, obj);
                        declare.push((obj, pos));
                    }
                    None => c.w.info.set_implicit(f.id, obj),
                }
                params.push(Param { name: text, ty, pos });
                objects.push(obj);
            };
            if f.names.is_empty() {
                add(self, None);
            }
            for name in &f.names {
                add(self, Some(name));
            }
        }
        (params, objects, variadic)
    }

    // ---- receivers ----------------------------------------------------------------------------

    /// The receiver's variable, if it has a name to declare, and where.
    fn receiver_var(&mut self, method: ObjId, list: &'w FieldList) -> Option<(ObjId, Pos)> {
        let field = list.fields.first()?;
        let parts = unpack_receiver(&field.ty);
        let ty = if parts.tparams.is_empty() {
            self.plain_receiver(&field.ty, parts.base)
        } else {
            self.generic_receiver(method, field, parts)
        };
        self.record_receiver_parens(&field.ty, ty);
        let info = self.w.object(method).func()?;
        info.recv_type.set(Some(ty));
        let name = field.names.first();
        let text = name.map_or_else(|| Symbol::intern(""), |n| n.name);
        let pos = name.map_or(field.ty.pos(), |n| n.span.start);
        let kind = ObjectKind::Var { kind: VarKind::Receiver, owner: Owner::Func(method) };
        let obj = self.w.add_object(Object::new(kind, text, Some(self.pkg), pos, ty));
        info.recv_var.set(Some(obj));
        self.later(Action::Receiver(unpack_receiver(&field.ty).base.place(), ty));
        match name {
            Some(n) => {
                self.w.info.set_def(n.id, obj);
                Some((obj, pos))
            }
            None => {
                self.w.info.set_implicit(field.id, obj);
                None
            }
        }
    }

    fn record_receiver_parens(&self, e: &Expr, ty: TypeId) {
        self.record_type_expr(e, ty);
        if let Expr::Paren(p) = e {
            self.record_receiver_parens(&p.x, ty);
        }
    }

    fn plain_receiver(&mut self, e: &'w Expr, base: &'w Expr) -> TypeId {
        let ty = self.var_type(e);
        let (named, _) = self.w.deref(ty);
        let through_alias = self.alias_instance(ty);
        if through_alias.is_some() || self.w.types.as_named(named).is_some_and(|n| n.origin.is_some()) {
            let shown = self.ts(through_alias.unwrap_or(self.w.types.unalias(named)));
            let message = format!("cannot define new methods on instantiated type {shown}");
            self.error(Code::InvalidReceiverType, base, message);
            return TypeId::INVALID;
        }
        ty
    }

    /// The instance of a generic alias that a receiver's type goes through.
    fn alias_instance(&self, ty: TypeId) -> Option<TypeId> {
        match self.w.types.raw(ty) {
            Type::Alias(a) if a.origin.is_some() => {
                let target = self.w.deref(a.target.get()).0;
                self.w.types.as_named(target).is_none_or(|n| n.origin.is_none()).then_some(ty)
            }
            Type::Alias(a) => self.alias_instance(a.target.get()),
            Type::Pointer(base) => self.alias_instance(*base),
            _ => None,
        }
    }

    fn generic_receiver(&mut self, method: ObjId, field: &'w Field, parts: ReceiverParts<'w>) -> TypeId {
        let names: Vec<Option<&'w Ident>> = parts.tparams.iter().map(|e| e.as_ident()).collect();
        for (e, name) in parts.tparams.iter().zip(&names) {
            if name.is_none() {
                let message = format!("receiver type parameter {} must be an identifier", self.es(e));
                self.error(Code::InvalidReceiverType, e, message);
            }
        }
        let base = match self.generic_type(parts.base) {
            Ok(base) => base,
            Err(why) => {
                self.error(Code::InvalidReceiverType, parts.base, why);
                TypeId::INVALID
            }
        };
        let mut own = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let Some(name) = name else { continue };
            own.push(self.type_param_object(name, index));
        }
        if matches!(self.w.types.raw(base), Type::Alias(_)) {
            if !self.w.is_invalid(base) {
                let message = format!("cannot define new methods on generic alias type {}", self.ts(base));
                self.error(Code::InvalidReceiverType, parts.base, message);
            }
            self.declare_tparam_names(&own, &names);
            return TypeId::INVALID;
        }
        let Type::Named(generic) = self.w.types.raw(base) else {
            self.declare_tparam_names(&own, &names);
            return TypeId::INVALID;
        };
        let wanted = generic.tparams();
        let subst = Subst::new(wanted, &own);
        for (&orig, &fresh) in wanted.iter().zip(&own) {
            let bound = self.w.constraint(orig);
            self.w.set_bound(fresh, self.w.subst(bound, &subst));
        }
        for &fresh in own.iter().skip(wanted.len()) {
            self.w.set_bound(fresh, TypeId::ANY);
        }
        self.declare_tparam_names(&own, &names);
        if names.iter().any(Option::is_none) {
            return TypeId::INVALID;
        }
        if own.len() != wanted.len() {
            let count = |n: usize| format!("{n} type parameter{}", if n == 1 { "" } else { "s" });
            let message = format!(
                "receiver declares {}, but receiver base type declares {}",
                count(own.len()),
                wanted.len()
            );
            self.error(Code::WrongTypeArgumentCount, &field.ty, message);
            return TypeId::INVALID;
        }
        for (e, &ty) in parts.tparams.iter().zip(&own) {
            self.record_type_expr(e, ty);
        }
        if let Some(info) = self.w.object(method).func() {
            let _ = info.recv_tparams.set(own.clone().into());
        }
        let ty = self.w.instantiate_named(base, &own);
        if let Expr::Ident(name) = parts.base {
            self.w.info.set_instance(name.id, &own, ty);
        }
        if parts.ptr { self.w.types.pointer(ty) } else { ty }
    }

    fn declare_tparam_names(&mut self, own: &[TypeId], names: &[Option<&'w Ident>]) {
        for (&ty, name) in own.iter().zip(names.iter().flatten()) {
            if let Some(p) = self.w.types.as_type_param(ty) {
                self.declare_at(self.env.scope, p.obj, name.span.start);
            }
        }
    }

    // ---- type parameters ----------------------------------------------------------------------

    /// A new type parameter with its name object, not declared in a scope yet.
    fn type_param_object(&mut self, name: &Ident, index: usize) -> TypeId {
        let kind = ObjectKind::TypeName { alias: false };
        let object = Object::new(kind, name.name, Some(self.pkg), name.span.start, TypeId::NONE);
        object.color.set(Color::Black);
        let obj = self.w.add_object(object);
        self.w.info.set_def(name.id, obj);
        let ty = self.w.types.new_type_param(obj, index);
        self.w.object(obj).ty.set(ty);
        ty
    }

    pub fn open_type_params_scope(&mut self) {
        self.env.scope = self.w.new_scope(Some(self.env.scope), false);
    }

    /// The type parameters of a type declaration; cycles through the list are legal.
    /// `publish` gets the parameters before their constraints are looked at.
    pub fn declare_type_params_of(
        &mut self,
        obj: ObjId,
        list: &'w FieldList,
        publish: impl FnOnce(&[TypeId]),
    ) {
        self.w.tparams_open.borrow_mut().push(obj);
        self.declare_type_params(list, publish);
        self.w.tparams_open.borrow_mut().pop();
    }

    /// Declares type parameters in the present scope. All are declared before any constraint is
    /// looked at, since constraints may mention them.
    pub fn declare_type_params(
        &mut self,
        list: &'w FieldList,
        publish: impl FnOnce(&[TypeId]),
    ) -> Vec<TypeId> {
        let mut all = Vec::new();
        for f in &list.fields {
            for name in &f.names {
                let ty = self.type_param_object(name, all.len());
                if let Some(p) = self.w.types.as_type_param(ty) {
                    self.declare_at(self.env.scope, p.obj, name.span.start);
                }
                all.push(ty);
            }
        }
        publish(&all);
        let mut at = 0;
        for f in &list.fields {
            let bound = self.bound(&f.ty);
            for _ in &f.names {
                self.w.set_bound(all[at], bound);
                at += 1;
            }
        }
        all
    }

    /// A constraint: an interface, or a union or type that stands for one.
    fn bound(&mut self, e: &'w Expr) -> TypeId {
        let outer = std::mem::replace(&mut self.env.in_constraint, true);
        let ty = match e {
            Expr::Union(u) => {
                let ty = self.union_type(u);
                self.record_type_expr(e, ty);
                if ty.is_invalid() {
                    ty
                } else {
                    let iface = self.w.types.new_interface(Vec::new(), vec![(ty, e.pos())], true);
                    self.later(Action::Interface(iface));
                    iface
                }
            }
            _ => {
                let ty = self.declared_type(e);
                if self.w.is_type_param(ty) {
                    let message = "cannot use a type parameter as constraint";
                    self.error(Code::InvalidTypeParameterUse, e, message);
                    TypeId::INVALID
                } else {
                    ty
                }
            }
        };
        self.env.in_constraint = outer;
        ty
    }
}
