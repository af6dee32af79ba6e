//! Interface types and constraints.

use vo_syntax::ast::{InterfaceElem, InterfaceType, Node};
use vo_syntax::diag::{Code, Diagnostic};
use vo_syntax::source::Pos;

use super::{Action, Checker};
use crate::types::{IMethod, Type, TypeId};

impl<'w> Checker<'w> {
    pub fn interface_type(&mut self, i: &'w InterfaceType) -> TypeId {
        let mut methods: Vec<IMethod> = Vec::new();
        let mut embeds: Vec<(TypeId, Pos)> = Vec::new();
        for elem in &i.elems {
            match elem {
                InterfaceElem::Embedded(e) => {
                    let ty = self.constraint_elem(e);
                    embeds.push((ty, e.pos()));
                }
                InterfaceElem::Method(m) => {
                    if m.name.name.is_blank() {
                        let message = "methods must have a unique non-blank name";
                        self.error(Code::BlankInterfaceMethod, &m.name, message);
                        continue;
                    }
                    if let Some(list) = &m.type_params {
                        let message = "interface method must have no type parameters";
                        self.error(Code::InvalidMethodTypeParameters, list, message);
                    }
                    let sig = self.func_type(&m.ty);
                    let (name, pkg, pos) = (m.name.name, Some(self.pkg), m.name.span.start);
                    self.protocol_method(&m.name, sig);
                    methods.push(IMethod { name, pkg, sig, pos });
                }
            }
        }
        if methods.is_empty() && embeds.is_empty() {
            return TypeId::EMPTY_INTERFACE;
        }
        methods.sort_by_key(|m| (!m.name.is_exported(), m.name));
        let id = self.w.types.new_interface(methods, embeds, false);
        self.later(Action::Interface(id));
        self.note_type_literal(i.span, id);
        id
    }

    /// Reports methods that an interface has twice.
    pub fn interface_methods(&mut self, id: TypeId) {
        let Type::Interface(iface) = self.w.types.raw(id) else { return };
        self.w.type_set(id);
        let mut seen: Vec<IMethod> = Vec::new();
        for m in &iface.methods {
            match seen.iter().find(|s| self.w.same_method_name(s, m)) {
                Some(other) => self.duplicate_method(m, m.pos, other),
                None => seen.push(*m),
            }
        }
        for &(embedded, pos) in &iface.embeds {
            let Type::Interface(_) = self.w.under(embedded) else { continue };
            let Some(set) = self.w.type_set(embedded) else { continue };
            for m in &set.methods {
                match seen.iter().find(|s| self.w.same_method_name(s, m)) {
                    Some(other) if self.w.identical(other.sig, m.sig) => {}
                    Some(other) => self.duplicate_method(m, pos, other),
                    None => seen.push(IMethod { pos, ..*m }),
                }
            }
        }
    }

    fn duplicate_method(&self, m: &IMethod, at: Pos, other: &IMethod) {
        let d = Diagnostic::error(Code::DuplicateMethod, at.span(), format!("duplicate method {}", m.name));
        self.report(d.label(other.pos.span(), format!("other declaration of method {}", m.name)));
    }
}
