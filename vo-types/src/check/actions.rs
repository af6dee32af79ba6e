//! Checks that wait until the declarations around them are finished.

use vo_syntax::diag::{Code, Diagnostic};
use vo_syntax::source::Span;

use super::Checker;
use vo_syntax::symbol::Symbol;

use crate::World;
use crate::object::{Color, ObjId};
use crate::types::{Basic, Term, Type, TypeId};

/// See the module's description.
#[derive(Debug)]
pub(crate) enum Action {
    /// A map's key type must be comparable.
    MapKey(Span, TypeId),
    /// What goes through a port must be able to cross between islands.
    Crosses(Span, TypeId),
    /// A variable's type must not be a constraint.
    VarType(Span, TypeId),
    /// The methods of an interface type must be distinct.
    Interface(TypeId),
    /// An embedded field's type: the type as written.
    Embedded(Span, TypeId),
    /// Type arguments must satisfy their constraints; places of the arguments, or of the whole.
    Verify(Vec<Span>, Box<[TypeId]>, Box<[TypeId]>),
    /// A receiver's type.
    Receiver(Span, TypeId),
    /// The terms of a union, with their places.
    Union(Vec<Span>, Vec<Term>),
    /// Methods against fields of a type.
    Methods(ObjId),
}

/// Does everything that waits.
pub(crate) fn run_all(world: &World) {
    loop {
        let next = world.types_to_validate.borrow_mut().pop_front();
        if let Some((pkg, ty)) = next {
            Checker::new(world, pkg).valid_type(ty);
            continue;
        }
        let next = world.actions.borrow_mut().pop_front();
        let Some((pkg, action)) = next else { return };
        Checker::new(world, pkg).run(action);
    }
}

impl<'w> Checker<'w> {
    fn run(&mut self, action: Action) {
        match action {
            Action::MapKey(at, key) => self.map_key(at, key),
            Action::Crosses(at, ty) => self.crosses(&at, ty, None),
            Action::VarType(at, ty) => self.not_a_constraint(at, ty),
            Action::Interface(ty) => self.interface_methods(ty),
            Action::Embedded(at, ty) => self.embedded_field(at, ty),
            Action::Verify(at, tparams, targs) => {
                if let Err((i, why)) = self.verify(&tparams, &targs) {
                    let place = at.get(i).or(at.first()).copied().unwrap_or(Span::NONE);
                    self.error(Code::InvalidTypeArgument, &place, why);
                }
            }
            Action::Receiver(at, ty) => self.receiver(at, ty),
            Action::Union(at, terms) => self.union_terms(&at, &terms),
            Action::Methods(obj) => self.fields_against_methods(obj),
        }
    }

    fn map_key(&mut self, at: Span, key: TypeId) {
        if self.w.is_invalid(key) || self.w.comparable_type(key, true) {
            return;
        }
        let why = if self.w.is_type_param(key) { " (missing comparable constraint)" } else { "" };
        let message = format!("invalid map key type {}{why}", self.ts(key));
        self.error(Code::IncomparableMapKey, &at, message);
    }

    fn not_a_constraint(&mut self, at: Span, ty: TypeId) {
        if !self.w.is_interface(ty) {
            return;
        }
        let Some(set) = self.w.type_set(ty) else { return };
        if !set.is_constraint() {
            return;
        }
        let what = if set.comparable {
            "interface is (or embeds) comparable"
        } else {
            "interface contains type constraints"
        };
        let message = format!("cannot use type {} outside a type constraint: {what}", self.ts(ty));
        self.error(Code::MisplacedConstraint, &at, message);
    }

    fn embedded_field(&mut self, at: Span, ty: TypeId) {
        let (base, is_ptr) = self.w.deref(ty);
        if self.w.is_type_param(base) {
            let message = "embedded field type cannot be a (pointer to a) type parameter";
            return self.error(Code::InvalidEmbedded, &at, message);
        }
        let message = match self.w.under(base) {
            Type::Basic(Basic::UnsafePointer) => "embedded field type cannot be unsafe.Pointer",
            Type::Pointer(_) => "embedded field type cannot be a pointer",
            Type::Interface(_) if is_ptr => "embedded field type cannot be a pointer to an interface",
            _ => return,
        };
        self.error(Code::InvalidEmbedded, &at, message);
    }

    fn receiver(&mut self, at: Span, ty: TypeId) {
        let (base, _) = self.w.deref(ty);
        if self.w.is_invalid(base) {
            return;
        }
        let message = match self.w.types.get(base) {
            Type::Named(n) => {
                if self.w.object(n.obj).pkg != Some(self.pkg) {
                    format!("cannot define new methods on non-local type {}", self.ts(base))
                } else {
                    let why = match self.w.under(base) {
                        Type::Basic(Basic::UnsafePointer) => "unsafe.Pointer",
                        Type::Pointer(_) | Type::Interface(_) => "pointer or interface type",
                        _ => return,
                    };
                    format!("invalid receiver type {} ({why})", self.ts(base))
                }
            }
            Type::Basic(_) | Type::Island => {
                format!("cannot define new methods on non-local type {}", self.ts(base))
            }
            _ => format!("invalid receiver type {}", self.ts(ty)),
        };
        self.error(Code::InvalidReceiverType, &at, message);
    }

    fn fields_against_methods(&mut self, obj: ObjId) {
        let Some(n) = self.w.types.as_named(self.w.object(obj).ty()) else { return };
        let Type::Struct(s) = self.w.under(self.w.object(obj).ty()) else { return };
        for &m in n.methods.borrow().iter() {
            let method = self.w.object(m);
            let Some(f) = s.fields.iter().find(|f| f.name == method.name && f.pkg == method.pkg) else {
                continue;
            };
            let message = format!("field and method with the same name {}", f.name);
            let d = Diagnostic::error(Code::DuplicateFieldAndMethod, method.pos.span(), message);
            self.report(d.label(f.pos.span(), format!("other declaration of {}", f.name)));
        }
    }
}

impl World {
    /// The method of a name that is declared for a type.
    pub fn method_named(&self, type_name: ObjId, name: Symbol) -> Option<ObjId> {
        let ty = self.type_of(type_name);
        self.collect_methods(type_name);
        self.types.as_named(ty)?.methods_by_name.borrow().get(&name).copied()
    }

    /// Attaches the methods declared for a type to it, if that has not happened yet.
    pub(crate) fn collect_methods(&self, type_name: ObjId) {
        let object = self.object(type_name);
        let Some(pkg) = object.pkg else { return };
        if object.color.get() == Color::White {
            self.resolve(type_name);
        }
        let Some(methods) = self.package(pkg).state.methods.borrow_mut().remove(&type_name) else { return };
        let Some(n) = self.types.as_named(object.ty()) else { return };
        let c = Checker::new(self, pkg);
        for m in methods {
            let method = self.object(m);
            let other = n.methods_by_name.borrow().get(&method.name).copied();
            match other {
                Some(other) => {
                    let at = self.position(self.object(other).pos);
                    let message = format!("method {}.{} already declared at {at}", object.name, method.name);
                    let d = Diagnostic::error(Code::DuplicateMethod, method.pos.span(), message);
                    c.report(c.with_other(d, other));
                }
                None => {
                    n.methods_by_name.borrow_mut().insert(method.name, m);
                    n.methods.borrow_mut().push(m);
                }
            }
        }
        self.actions.borrow_mut().push_back((pkg, Action::Methods(type_name)));
    }
}
