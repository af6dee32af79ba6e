//! Struct types.

use rustc_hash::FxHashMap;
use vo_syntax::ast::{Expr, Field as AstField, Ident, StructType, Symbol};
use vo_syntax::diag::{Code, Diagnostic};
use vo_syntax::lexer::unquote_string;
use vo_syntax::source::Pos;

use super::errors::Place;
use super::{Action, Checker};
use crate::types::{Field, TypeId};

impl<'w> Checker<'w> {
    pub fn struct_type(&mut self, s: &'w StructType) -> TypeId {
        let mut fields: Vec<Field> = Vec::new();
        let mut seen: FxHashMap<Symbol, Pos> = FxHashMap::default();
        for f in &s.fields.fields {
            let tag = self.tag(f);
            if f.names.is_empty() {
                self.embedded(f, tag, &mut fields, &mut seen);
                continue;
            }
            let ty = self.var_type(&f.ty);
            for name in &f.names {
                self.field(name, ty, false, tag, &mut fields, &mut seen);
            }
        }
        self.w.types.new_struct(fields)
    }

    fn tag(&self, f: &AstField) -> Symbol {
        let bytes = f.tag.as_ref().and_then(|t| unquote_string(&t.raw)).unwrap_or_default();
        Symbol::intern(&String::from_utf8_lossy(&bytes))
    }

    fn field(
        &self,
        name: &Ident,
        ty: TypeId,
        embedded: bool,
        tag: Symbol,
        fields: &mut Vec<Field>,
        seen: &mut FxHashMap<Symbol, Pos>,
    ) {
        let pos = name.span.start;
        if !name.name.is_blank() {
            if let Some(&other) = seen.get(&name.name) {
                let message = format!("{} redeclared", name.name);
                let d = Diagnostic::error(Code::DuplicateField, name.span, message);
                self.report(d.label(other.span(), format!("other declaration of {}", name.name)));
                return;
            }
            seen.insert(name.name, pos);
        }
        fields.push(Field { name: name.name, ty, embedded, tag, pkg: Some(self.pkg), pos });
    }

    fn embedded(
        &mut self,
        f: &'w AstField,
        tag: Symbol,
        fields: &mut Vec<Field>,
        seen: &mut FxHashMap<Symbol, Pos>,
    ) {
        let ty = self.var_type(&f.ty);
        match embedded_name(&f.ty) {
            Some(name) => {
                self.field(name, ty, true, tag, fields, seen);
                if !self.w.is_invalid(ty) {
                    self.later(Action::Embedded(f.ty.place(), ty));
                }
            }
            None => {
                let message = format!("invalid embedded field type {}", self.es(&f.ty));
                self.error(Code::InvalidEmbedded, &f.ty, message);
            }
        }
    }
}

/// The name that an embedded field gets from its type.
pub(crate) fn embedded_name(e: &Expr) -> Option<&Ident> {
    match e {
        Expr::Ident(name) => Some(name),
        Expr::Star(star) => match &star.x {
            Expr::Star(_) => None,
            inner => embedded_name(inner),
        },
        Expr::Selector(sel) => Some(&sel.sel),
        Expr::Index(index) => embedded_name(&index.x),
        Expr::Paren(p) => embedded_name(&p.x),
        _ => None,
    }
}
