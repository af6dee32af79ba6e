//! Selectors: qualified names, fields, methods, method expressions.

use vo_syntax::ast::*;
use vo_syntax::diag::{Code, Diagnostic};
use vo_syntax::source::Pos;

use super::{Checker, Mode, Operand};
use crate::info::{Selection, SelectionKind, Target};
use crate::object::ObjectKind;
use crate::package::PkgId;
use crate::types::{Found, FoundKind, Lookup, Param, Type, TypeId};

impl<'w> Checker<'w> {
    pub fn selector(&mut self, sel: &'w SelectorExpr, e: &'w Expr, want_type: bool) -> Operand<'w> {
        if let Expr::Ident(name) = &sel.x
            && let Some((_, obj)) = self.w.lookup_name(self.env.scope, name.name)
            && let ObjectKind::PkgName { imported, .. } = self.w.object(obj).kind
        {
            self.w.info.set_use(name.id, obj);
            self.use_import(obj);
            return self.qualified(sel, e, imported);
        }
        let x = self.expr_or_type(&sel.x, false);
        match x.mode {
            Mode::Invalid => return Operand::invalid(Some(e)),
            Mode::Builtin(_) => {
                let message = format!("invalid use of {} in selector expression", self.os(&x));
                let dot = Pos(sel.sel.span.start.0.saturating_sub(1));
                self.error(Code::UncalledBuiltin, &dot, message);
                return Operand::invalid(Some(e));
            }
            _ => {}
        }
        if want_type {
            self.error(Code::NotAType, &sel.sel, format!("{} is not a type", self.es(e)));
            return Operand::invalid(Some(e));
        }
        if x.is_nil() {
            let message = format!("invalid use of nil in selector expression {}", self.es(e));
            self.error(Code::UntypedNilUse, &x, message);
            return Operand::invalid(Some(e));
        }
        self.select(x, sel, e)
    }

    // ---- qualified names ----------------------------------------------------------------------

    fn qualified(&mut self, sel: &'w SelectorExpr, e: &'w Expr, imported: PkgId) -> Operand<'w> {
        let mut x = Operand::invalid(Some(e));
        let package = self.w.package(imported);
        let name = sel.sel.name;
        let Some(obj) = self.w.scope(package.scope).get(name) else {
            if !package.state.fake.get() {
                let message = self.undefined_in_package(e, name, imported);
                let d = Diagnostic::error(Code::UndeclaredImportedName, sel.sel.span, message);
                self.report(self.did_you_mean(d, &sel.sel, || self.exported_names(imported)));
            }
            return x;
        };
        let object = self.w.object(obj);
        if !object.is_exported() {
            let message = format!("name {name} not exported by package {}", package.name);
            self.error(Code::UnexportedName, &sel.sel, message);
        }
        self.w.info.set_use(sel.sel.id, obj);
        x.ty = match object.kind {
            ObjectKind::Builtin(_) | ObjectKind::Nil => TypeId::INVALID,
            _ => self.w.type_of(obj),
        };
        match &object.kind {
            ObjectKind::Builtin(b) => {
                x.mode = Mode::Builtin(*b);
                return x;
            }
            _ if self.w.is_invalid(x.ty) => return Operand::invalid(Some(e)),
            ObjectKind::Const { value } => {
                x.mode = Mode::Constant;
                x.val = value.get().cloned().unwrap_or_default();
            }
            ObjectKind::TypeName { .. } => x.mode = Mode::TypeExpr,
            ObjectKind::Var { .. } => x.mode = Mode::Variable,
            ObjectKind::Func(_) => x.mode = Mode::Value,
            _ => {}
        }
        x
    }

    fn undefined_in_package(&self, e: &Expr, name: Symbol, imported: PkgId) -> String {
        let wanted = name.as_str().to_lowercase();
        let scope = self.w.scope(self.w.package(imported).scope);
        let other = scope.objects().into_iter().find(|&o| {
            let object = self.w.object(o);
            object.is_exported() && object.name.as_str().to_lowercase() == wanted
        });
        match other {
            Some(o) => format!("undefined: {} (but have {})", self.es(e), self.w.object(o).name),
            None => format!("undefined: {}", self.es(e)),
        }
    }

    // ---- fields and methods -------------------------------------------------------------------

    fn select(&mut self, x: Operand<'w>, sel: &'w SelectorExpr, e: &'w Expr) -> Operand<'w> {
        let name = sel.sel.name;
        let base = self.w.deref(x.ty).0;
        if !self.is_complete(base) {
            return Operand::invalid(Some(e));
        }
        let lookup = self.w.lookup(x.ty, x.mode == Mode::Variable, Some(self.pkg), name);
        let found = match lookup {
            Lookup::Found(found) => found,
            other => {
                self.select_error(&x, sel, &other);
                return Operand::invalid(Some(e));
            }
        };
        let ty = self.w.found_type(&found);
        if let FoundKind::Method(m) = found.kind {
            self.depends_on(m);
        }
        if self.w.is_invalid(ty) {
            return Operand::invalid(Some(e));
        }
        if x.mode == Mode::TypeExpr {
            return self.method_expr(&x, sel, e, found, ty);
        }
        let kind =
            if found.kind == FoundKind::Field { SelectionKind::FieldVal } else { SelectionKind::MethodVal };
        let indirect = found.indirect;
        self.record_selection(sel, kind, x.ty, found, ty);
        let mode = match kind {
            SelectionKind::FieldVal if x.mode == Mode::Variable || indirect => Mode::Variable,
            _ => Mode::Value,
        };
        Operand::new(mode, ty, Some(e))
    }

    fn record_selection(
        &self,
        sel: &SelectorExpr,
        kind: SelectionKind,
        recv: TypeId,
        found: Found,
        ty: TypeId,
    ) {
        let target = match found.kind {
            FoundKind::Field => Target::Field,
            FoundKind::Method(m) => Target::Method(m),
            FoundKind::Interface(i) => Target::Interface(i),
        };
        if let FoundKind::Method(m) = found.kind {
            self.w.info.set_use(sel.sel.id, m);
        }
        let (path, indirect) = (found.path.into(), found.indirect);
        self.w.info.set_selection(sel.id, Selection { kind, recv, target, path, indirect, ty });
    }

    fn method_expr(
        &mut self,
        x: &Operand<'w>,
        sel: &'w SelectorExpr,
        e: &'w Expr,
        found: Found,
        ty: TypeId,
    ) -> Operand<'w> {
        if found.kind == FoundKind::Field {
            let message = format!(
                "operand for field selector {} must be value of type {}",
                sel.sel.name,
                self.ts(x.ty)
            );
            self.error(Code::MissingFieldOrMethod, &sel.x, message);
            return Operand::invalid(Some(e));
        }
        let Type::Signature(sig) = self.w.types.get(ty) else { return Operand::invalid(Some(e)) };
        let named = sig.params.first().is_some_and(|p| !p.name.is_empty());
        let own = match found.kind {
            FoundKind::Method(m) => self.w.object(m).func().and_then(|f| f.recv_var.get()),
            _ => None,
        };
        let own = own.map(|v| self.w.object(v).name).filter(|n| !n.is_empty());
        let name = match (named, own) {
            (false, _) => Symbol::intern(""),
            (true, own) => own.unwrap_or_else(|| Symbol::intern("_")),
        };
        let mut params = vec![Param { name, ty: x.ty, pos: Default::default() }];
        params.extend(sig.params.iter().copied());
        let (tparams, results) = (sig.tparams.to_vec(), sig.results.to_vec());
        let func = self.w.types.new_signature(tparams, params, results, sig.variadic);
        self.record_selection(sel, SelectionKind::MethodExpr, x.ty, found, func);
        Operand::new(Mode::Value, func, Some(e))
    }

    fn select_error(&self, x: &Operand<'w>, sel: &'w SelectorExpr, lookup: &Lookup) {
        let name = sel.sel.name;
        if self.w.is_invalid(self.w.underlying(x.ty)) {
            return;
        }
        let xe = self.es(&sel.x);
        match lookup {
            Lookup::Ambiguous => {
                let message = format!("ambiguous selector {xe}.{name}");
                self.error(Code::AmbiguousSelector, &sel.sel, message);
            }
            Lookup::NeedsPointer(_) if x.mode == Mode::TypeExpr => {
                let ts = self.ts(x.ty);
                let message =
                    format!("invalid method expression {ts}.{name} (needs pointer receiver (*{ts}).{name})");
                self.error(Code::InvalidMethodExpr, &sel.sel, message);
            }
            Lookup::NeedsPointer(_) => {
                let message = format!("cannot call pointer method {name} on {}", self.ts(x.ty));
                self.error(Code::InvalidMethodExpr, &sel.sel, message);
            }
            _ => {
                let why = if self.is_interface_pointer(x.ty) {
                    self.interface_pointer_error(x.ty)
                } else {
                    self.lookup_error(x.ty, name, x.mode == Mode::Variable, false)
                };
                let message = format!("{xe}.{name} undefined ({why})");
                let d = Diagnostic::error(Code::MissingFieldOrMethod, sel.sel.span, message);
                self.report(self.did_you_mean(d, &sel.sel, || self.member_names(x.ty)));
            }
        }
    }

    /// Why a name was not found, with a similar name if there is one.
    pub fn lookup_error(&self, ty: TypeId, name: Symbol, addressable: bool, in_literal: bool) -> String {
        let holder = if in_literal { self.common_underlying(ty).unwrap_or(ty) } else { ty };
        let alternative = self.w.lookup_fold(holder, addressable, Some(self.pkg), name, true);
        let ts = self.ts(ty);
        let mut missing = match in_literal {
            true => format!("unknown field {name} in struct literal of type {ts}"),
            false => format!("type {ts} has no field or method {name}"),
        };
        let (Lookup::Found(found) | Lookup::NeedsPointer(found)) = alternative else { return missing };
        let Some((alt, pkg, what)) = self.found_name(&found) else { return missing };
        let tail = |s: Symbol| s.chars().skip(1).collect::<String>();
        let what = if in_literal { String::new() } else { format!("{what} ") };
        let same_package = pkg == Some(self.pkg);
        let only_first_differs = tail(name) == tail(alt);
        let misspelled = same_package
            || (name.is_exported() && alt.is_exported())
            || (!name.is_exported() && alt.is_exported() && only_first_differs);
        if misspelled {
            missing.push_str(&format!(", but does have {what}{alt}"));
        } else if name.is_exported() && only_first_differs {
            missing.push_str(&format!(", but does have unexported {what}{alt}"));
        } else if !name.is_exported() && name == alt {
            return match in_literal {
                true => format!("cannot refer to unexported field {alt} in struct literal of type {ts}"),
                false => format!("cannot refer to unexported {what}{alt}"),
            };
        }
        missing
    }

    fn found_name(&self, found: &Found) -> Option<(Symbol, Option<PkgId>, &'static str)> {
        match found.kind {
            FoundKind::Field => match self.w.under(found.holder) {
                Type::Struct(s) => {
                    let f = s.fields.get(*found.path.last()? as usize)?;
                    Some((f.name, f.pkg, "field"))
                }
                _ => None,
            },
            FoundKind::Method(m) => {
                let object = self.w.object(m);
                Some((object.name, object.pkg, "method"))
            }
            FoundKind::Interface(i) => {
                let m = self.w.type_set(found.holder)?.methods.get(i as usize)?;
                Some((m.name, m.pkg, "method"))
            }
        }
    }
}
