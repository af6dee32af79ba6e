//! Function literals and composite literals.

use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;
use vo_syntax::ast::*;
use vo_syntax::diag::{Code, Diagnostic};
use vo_syntax::source::Span;

use super::errors::Place;
use super::{Checker, LaterLiteral, Mode, Operand};
use crate::constant::dedup_key;
use crate::info::{Selection, SelectionKind, Target};
use crate::object::Owner;
use crate::types::{Field, FoundKind, Lookup, Type, TypeId};

/// The fields that a struct literal has given so far, by their paths.
#[derive(Default)]
struct GivenFields {
    given: FxHashMap<Vec<u32>, Symbol>,
    /// Embedded fields of which a promoted field was given.
    enclosing: FxHashMap<Vec<u32>, Symbol>,
}

impl<'w> Checker<'w> {
    // ---- function literals --------------------------------------------------------------------

    pub fn func_lit(&mut self, lit: &'w FuncLit, e: &'w Expr) -> Operand<'w> {
        let parts = self.func_parts(&lit.ty, Owner::Literal(lit.id));
        let env = self.env.clone();
        let later = LaterLiteral { lit, sig: parts.sig, scope: parts.scope, env, results: parts.results };
        if self.env.in_body {
            self.literal_body(later);
        } else {
            self.literals.push(later);
        }
        Operand::new(Mode::Value, parts.sig, Some(e))
    }

    /// Checks a literal's body. Its environment is the one the literal stands in.
    pub fn literal_body(&mut self, later: LaterLiteral<'w>) {
        let mut env = later.env;
        let outermost = !env.in_body;
        // Another function's check may have led here: its variables may still find a use.
        let others = if outermost { std::mem::take(&mut self.locals) } else { Vec::new() };
        env.scope = later.scope;
        env.sig = Some(later.sig);
        env.results = later.results;
        env.owner = Owner::Literal(later.lit.id);
        env.in_body = true;
        self.with_env(env, |c| {
            c.func_body(&later.lit.body);
            if outermost {
                c.report_unused_locals();
            }
        });
        if outermost {
            self.locals = others;
        }
    }

    // ---- composite literals -------------------------------------------------------------------

    pub fn composite_lit(&mut self, lit: &'w CompositeLit, e: &'w Expr, hint: Option<TypeId>) -> Operand<'w> {
        let mut open_array = false;
        let (ty, base) = match (&lit.ty, hint) {
            (Some(Expr::ArrayType(a)), _) if matches!(a.len, ArrayLen::Ellipsis(_)) => {
                open_array = true;
                let elem = self.var_type(&a.elem);
                let ty = self.w.types.array(-1, elem);
                (ty, ty)
            }
            (Some(te), _) => {
                let ty = self.typ(te);
                (ty, ty)
            }
            (None, Some(hint)) => {
                let base = match self.common_underlying(hint).map(|u| self.w.types.raw(u)) {
                    Ok(Type::Pointer(base)) => *base,
                    _ => hint,
                };
                (hint, base)
            }
            (None, None) => {
                self.error(Code::UntypedLiteral, e, "missing type in composite literal");
                self.use_exprs(&lit.elts);
                return Operand::invalid(Some(e));
            }
        };
        if !self.is_complete(base) {
            self.use_exprs(&lit.elts);
            return Operand::invalid(Some(e));
        }
        let under = self.common_underlying(base);
        let mut result = ty;
        match under.as_ref().map(|&u| self.w.types.raw(u)) {
            Ok(Type::Struct(s)) => self.struct_lit(lit, base, &s.fields),
            Ok(Type::Array { len, elem }) => {
                let n = self.indexed_elements(&lit.elts, *elem, *len);
                if open_array {
                    result = self.w.types.array(n, *elem);
                    if let Some(te) = &lit.ty {
                        self.record_type_expr(te, result);
                    }
                }
            }
            Ok(Type::Slice(elem)) => {
                self.indexed_elements(&lit.elts, *elem, -1);
            }
            Ok(Type::Map { key, value }) => self.map_lit(lit, *key, *value),
            _ => {
                for elt in &lit.elts {
                    self.use_expr(elt);
                }
                if !self.w.is_invalid(base) && !self.w.is_invalid(self.w.underlying(base)) {
                    let element = if lit.ty.is_none() { " element" } else { "" };
                    let why = match under {
                        Err(_) => " (no common underlying type)",
                        Ok(_) => "",
                    };
                    let message = format!("invalid composite literal{element} type {}{why}", self.ts(ty));
                    self.error(Code::InvalidLiteral, e, message);
                }
                return Operand::invalid(Some(e));
            }
        }
        Operand::new(Mode::Value, result, Some(e))
    }

    fn struct_lit(&mut self, lit: &'w CompositeLit, base: TypeId, fields: &'w [Field]) {
        match lit.elts.first() {
            None => {}
            Some(Expr::KeyValue(_)) => self.keyed_struct(lit, base),
            Some(_) => self.positional_struct(lit, base, fields),
        }
    }

    fn keyed_struct(&mut self, lit: &'w CompositeLit, base: TypeId) {
        let mut seen = GivenFields::default();
        let holder = self.common_underlying(base).unwrap_or(base);
        for elt in &lit.elts {
            let Expr::KeyValue(kv) = elt else {
                let message = "mixture of field:value and value elements in struct literal";
                self.error(Code::MixedStructLiteral, elt, message);
                continue;
            };
            let Expr::Ident(key) = &kv.key else {
                let message = format!("invalid field name {} in struct literal", self.es(&kv.key));
                self.error(Code::UnknownLiteralField, elt, message);
                self.use_expr(&kv.value);
                continue;
            };
            let found = self.w.lookup(holder, false, Some(self.pkg), key.name);
            let target = match &found {
                Lookup::Found(f) if f.kind == FoundKind::Field => Some(self.w.found_type(f)),
                _ => None,
            };
            // Elided literals are not allowed here, so that no hint is given.
            let mut x = self.expr_with_target(&kv.value, target, Some(key.name.as_str()));
            self.struct_field(&mut x, kv, key, base, found, &mut seen);
        }
    }

    fn struct_field(
        &mut self,
        x: &mut Operand<'w>,
        kv: &'w KeyValueExpr,
        key: &'w Ident,
        base: TypeId,
        found: Lookup,
        seen: &mut GivenFields,
    ) {
        let found = match found {
            Lookup::Found(f) => f,
            _ => {
                let message = self.lookup_error(base, key.name, false, true);
                let d = Diagnostic::error(Code::UnknownLiteralField, key.span, message);
                return self.report(self.did_you_mean(d, key, || self.field_names(base)));
            }
        };
        if found.kind != FoundKind::Field {
            let message = format!("{} is not a field", key.name);
            return self.error(Code::UnknownLiteralField, key, message);
        }
        if found.indirect {
            let message = format!("invalid implicit pointer indirection to reach {}", key.name);
            return self.error(Code::UnknownLiteralField, key, message);
        }
        let ty = self.w.found_type(&found);
        let selection = Selection {
            kind: SelectionKind::FieldVal,
            recv: base,
            target: Target::Field,
            path: found.path.clone().into(),
            indirect: false,
            ty,
        };
        self.w.info.set_selection(key.id, selection);
        self.assignment(x, Some(ty), "struct literal");
        self.repeated_field(kv, key, found.path, seen);
    }

    /// A field may be given once, and not together with a field that contains it.
    fn repeated_field(&self, kv: &KeyValueExpr, key: &Ident, path: Vec<u32>, seen: &mut GivenFields) {
        let name = key.name;
        if seen.given.contains_key(&path) {
            let message = format!("duplicate field name {name} in struct literal");
            return self.error(Code::DuplicateLiteralField, kv, message);
        }
        // What contains the field, and what the field contains.
        for len in 1..path.len() {
            if let Some(other) = seen.given.get(&path[..len]) {
                let message =
                    format!("cannot specify promoted field {name} and enclosing embedded field {other}");
                return self.error(Code::DuplicateLiteralField, kv, message);
            }
        }
        if let Some(other) = seen.enclosing.get(&path) {
            let message = format!("cannot specify embedded field {name} and enclosed promoted field {other}");
            return self.error(Code::DuplicateLiteralField, kv, message);
        }
        for len in 1..path.len() {
            seen.enclosing.entry(path[..len].to_vec()).or_insert(name);
        }
        seen.given.insert(path, name);
    }

    fn positional_struct(&mut self, lit: &'w CompositeLit, base: TypeId, fields: &'w [Field]) {
        let mut refused = false;
        for (i, elt) in lit.elts.iter().enumerate() {
            if let Expr::KeyValue(kv) = elt {
                let message = "mixture of field:value and value elements in struct literal";
                self.error(Code::MixedStructLiteral, elt, message);
                self.use_expr(&kv.value);
                continue;
            }
            let target = fields.get(i);
            let name = target.map(|f| f.name.as_str());
            let mut x = self.expr_with_target(elt, target.map(|f| f.ty), name);
            let Some(f) = target else {
                let message = format!("too many values in struct literal of type {}", self.ts(base));
                self.error(Code::InvalidStructLiteral, &x, message);
                self.use_exprs(&lit.elts[i + 1..]);
                return;
            };
            if !f.name.is_exported() && f.pkg != Some(self.pkg) {
                let message = format!(
                    "implicit assignment to unexported field {} in struct literal of type {}",
                    f.name,
                    self.ts(base)
                );
                self.error(Code::UnexportedLiteralField, &x, message);
                refused = true;
                continue;
            }
            self.assignment(&mut x, Some(f.ty), "struct literal");
        }
        if lit.elts.len() < fields.len() && !refused {
            let hidden = fields.iter().any(|f| !f.name.is_exported() && f.pkg != Some(self.pkg));
            let hint = if hidden { " (type has unexported fields - use key:value pairs)" } else { "" };
            let message = format!("too few values in struct literal of type {}{hint}", self.ts(base));
            self.error(Code::InvalidStructLiteral, &lit.rbrace, message);
        }
    }

    /// The elements of an array or slice literal; the largest index plus one.
    fn indexed_elements(&mut self, elts: &'w [Expr], elem: TypeId, len: i64) -> i64 {
        let mut seen: FxHashMap<i64, Span> = FxHashMap::default();
        let keyed = elts.iter().any(|e| matches!(e, Expr::KeyValue(_)));
        let (mut index, mut max) = (0i64, 0i64);
        for elt in elts {
            let mut valid = false;
            let value = match elt {
                Expr::KeyValue(kv) => {
                    if let Some(i) = self.literal_index(&kv.key, len) {
                        index = i;
                        valid = true;
                    }
                    &kv.value
                }
                _ if len >= 0 && index >= len => {
                    let message = format!("index {index} is out of bounds (>= {len})");
                    self.error(Code::OversizeArrayLiteral, elt, message);
                    elt
                }
                _ => {
                    valid = true;
                    elt
                }
            };
            if valid && keyed {
                if let Some(&first) = seen.get(&index) {
                    let message = format!("duplicate index {index} in array or slice literal");
                    let d = Diagnostic::error(Code::DuplicateLiteralKey, elt.place(), message);
                    self.report(d.label(first, "the first one is here"));
                }
                seen.entry(index).or_insert(elt.place());
            }
            index += 1;
            max = max.max(index);
            let mut x = self.expr_with_hint(value, elem);
            self.assignment(&mut x, Some(elem), "array or slice literal");
        }
        max
    }

    fn literal_index(&mut self, key: &'w Expr, len: i64) -> Option<i64> {
        let index = self.checked_index(key, len).ok()?;
        if index.is_none() {
            let message = format!("index {} must be integer constant", self.es(key));
            self.error(Code::InvalidLiteralIndex, key, message);
        }
        index
    }

    fn map_lit(&mut self, lit: &'w CompositeLit, key_ty: TypeId, value_ty: TypeId) {
        let mut seen: FxHashMap<(TypeId, Vec<u8>), Span> = FxHashMap::default();
        let any_key = self.w.is_interface(key_ty);
        for elt in &lit.elts {
            let Expr::KeyValue(kv) = elt else {
                self.error(Code::MissingLiteralKey, elt, "missing key in map literal");
                continue;
            };
            let mut key = self.expr_with_hint(&kv.key, key_ty);
            self.assignment(&mut key, Some(key_ty), "map literal");
            if key.is_constant()
                && let Some(bytes) = dedup_key(&key.val)
            {
                let ty = if any_key { self.w.canonical(key.ty) } else { TypeId::INVALID };
                match seen.entry((ty, bytes)) {
                    Entry::Occupied(first) => {
                        let message = format!("duplicate key {} in map literal", key.val);
                        let d = Diagnostic::error(Code::DuplicateLiteralKey, key.place(), message);
                        self.report(d.label(*first.get(), "the first one is here"));
                    }
                    Entry::Vacant(entry) => {
                        entry.insert(key.place());
                    }
                }
            }
            let mut value = self.expr_with_hint(&kv.value, value_ty);
            self.assignment(&mut value, Some(value_ty), "map literal");
        }
    }
}
