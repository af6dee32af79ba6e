//! Unions of types, in constraints.

use vo_syntax::ast::{Expr, Node, UnionExpr};
use vo_syntax::diag::Code;
use vo_syntax::source::Span;

use super::{Action, Checker};
use crate::types::{MAX_TERMS, Term, Type, TypeId};

impl<'w> Checker<'w> {
    /// An element of an interface or a constraint: a type, or a union.
    pub fn constraint_elem(&mut self, e: &'w Expr) -> TypeId {
        match e {
            Expr::Union(u) => {
                let ty = self.union_type(u);
                self.record_type_expr(e, ty);
                ty
            }
            _ => {
                let ty = self.declared_type(e);
                if self.w.is_type_param(ty) {
                    let message = "term cannot be a type parameter";
                    self.error(Code::InvalidTypeParameterUse, e, message);
                    return TypeId::INVALID;
                }
                ty
            }
        }
    }

    pub fn union_type(&mut self, u: &'w UnionExpr) -> TypeId {
        let mut terms: Vec<Term> = Vec::new();
        let mut places: Vec<Span> = Vec::new();
        for t in &u.terms {
            let ty = self.declared_type(&t.ty);
            let start = if t.tilde.is_valid() { t.tilde } else { t.ty.pos() };
            let place = Span::new(start, t.ty.end());
            let tilde = t.tilde.is_valid();
            if self.w.is_type_param(ty) {
                let message = if tilde {
                    format!("type in term ~{} cannot be a type parameter", self.es(&t.ty))
                } else {
                    "term cannot be a type parameter".to_owned()
                };
                self.error(Code::InvalidTypeParameterUse, &t.ty, message);
                return TypeId::INVALID;
            }
            terms.push(Term { tilde, ty });
            places.push(place);
        }
        if let [only] = terms[..]
            && !only.tilde
        {
            return only.ty;
        }
        if terms.iter().any(|t| self.w.is_invalid(t.ty)) {
            return TypeId::INVALID;
        }
        if let Some(&first_too_many) = places.get(MAX_TERMS) {
            self.too_many_terms(first_too_many);
            return TypeId::INVALID;
        }
        self.later(Action::Union(places, terms.clone()));
        self.w.types.new_union(terms)
    }

    fn too_many_terms(&self, at: Span) {
        let message = format!("cannot handle more than {MAX_TERMS} union terms (implementation limitation)");
        self.error(Code::InvalidUnion, &at, message);
    }

    /// Checks terms against each other and for what may not be in a union.
    pub fn union_terms(&mut self, places: &[Span], terms: &[Term]) {
        if let Some(Some(all)) = self.w.union_terms(terms)
            && all.len() > MAX_TERMS
        {
            return self.too_many_terms(places[0]);
        }
        for (i, t) in terms.iter().enumerate() {
            if self.w.is_invalid(t.ty) {
                continue;
            }
            let at = places[i];
            let under = self.w.underlying(t.ty);
            let is_interface = matches!(self.w.types.raw(under), Type::Interface(_));
            if t.tilde {
                if is_interface {
                    let message = format!("invalid use of ~ ({} is an interface)", self.ts(t.ty));
                    self.error(Code::InvalidUnion, &at, message);
                    continue;
                }
                if !self.w.identical(under, t.ty) {
                    let (ty, under) = (self.ts(t.ty), self.ts(under));
                    let message = format!("invalid use of ~ (underlying type of {ty} is {under})");
                    self.error(Code::InvalidUnion, &at, message);
                    continue;
                }
            }
            if is_interface {
                self.interface_term(at, t, terms.len());
                continue;
            }
            let overlap = terms[..i]
                .iter()
                .find(|o| !matches!(self.w.under(o.ty), Type::Interface(_)) && self.w.terms_overlap(**o, *t));
            if let Some(other) = overlap {
                let (a, b) = (self.term_string(t), self.term_string(other));
                self.error(Code::InvalidUnion, &at, format!("overlapping terms {a} and {b}"));
            }
        }
    }

    fn interface_term(&mut self, at: Span, t: &Term, count: usize) {
        let Some(set) = self.w.type_set(t.ty) else { return };
        if count < 2 {
            return;
        }
        let name = self.term_string(t);
        let message = if !set.methods.is_empty() {
            format!("cannot use {name} in union ({name} contains methods)")
        } else if self.w.types.unalias(t.ty) == TypeId::COMPARABLE {
            "cannot use comparable in union".to_owned()
        } else if set.comparable {
            format!("cannot use {name} in union ({name} embeds comparable)")
        } else {
            return;
        };
        self.error(Code::InvalidUnion, &at, message);
    }

    pub fn term_string(&self, t: &Term) -> String {
        let ty = self.w.type_string(t.ty, crate::types::Qualifier::Path);
        format!("{}{ty}", if t.tilde { "~" } else { "" })
    }
}
