//! Range clauses.

use vo_syntax::ast::*;
use vo_syntax::diag::Code;

use super::{Checker, Mode, Operand};
use crate::object::ObjId;
use crate::types::{Basic, Dir, Signature, Type, TypeId};

/// The types of the iteration values; `Err` with the reason if the type cannot be ranged over.
type KeyValue = Result<(Option<TypeId>, Option<TypeId>), String>;

impl<'w> Checker<'w> {
    pub fn range_stmt(&mut self, s: &'w RangeStmt) {
        let mut x = self.expr(&s.x);
        let (key, value) = self.range_types(s, &x);
        if x.is_valid() && self.w.is_untyped(x.ty) && self.w.is_basic(x.ty, Basic::is_string) {
            self.update_expr_type(&s.x, TypeId::STRING, true);
        }
        self.with_scope(|c| {
            let over_int = x.is_valid() && c.w.all_basic(x.ty, Basic::is_integer);
            let lhs = [s.key.as_ref(), s.value.as_ref()];
            let types = [key, value];
            if s.define {
                c.define_iteration_vars(s, lhs, types, &mut x, over_int);
            } else {
                c.assign_iteration_vars(lhs, types, &mut x, over_int);
            }
            if over_int && s.key.is_none() && x.is_valid() && c.w.is_untyped(x.ty) {
                c.assignment(&mut x, None, "range clause");
            }
            c.with_scope(|c| c.stmt_list(&s.body.stmts));
        });
    }

    fn range_types(&mut self, s: &'w RangeStmt, x: &Operand<'w>) -> (Option<TypeId>, Option<TypeId>) {
        let invalid = (Some(TypeId::INVALID), Some(TypeId::INVALID));
        if !x.is_valid() {
            return invalid;
        }
        let needed = match self.common_underlying(x.ty).map(|u| self.w.types.raw(u)) {
            Ok(Type::Basic(b)) if b.is_integer() => (1, 22),
            Ok(Type::Signature(_)) => (1, 23),
            _ => (1, 0),
        };
        let types = match self.too_new(x, needed) {
            Some(why) => Err(why),
            None => self.range_key_value(x.ty),
        };
        match types {
            Err(why) => {
                let why = if why.is_empty() { why } else { format!(": {why}") };
                let message = format!("cannot range over {}{why}", self.os(x));
                self.error(Code::InvalidRange, x, message);
                invalid
            }
            Ok((key, value)) => {
                if let (None, Some(e)) = (key, &s.key) {
                    let message = format!("range over {} permits no iteration variables", self.os(x));
                    self.error(Code::InvalidIterationVariable, e, message);
                } else if let (None, Some(e)) = (value, &s.value) {
                    let message = format!("range over {} permits only one iteration variable", self.os(x));
                    self.error(Code::InvalidIterationVariable, e, message);
                }
                (key, value)
            }
        }
    }

    fn range_key_value(&self, ty: TypeId) -> KeyValue {
        let under = self.common_bytes_or_string(ty)?;
        let pair = |k, v| Ok((Some(k), Some(v)));
        match self.w.types.raw(under) {
            Type::Basic(b) if b.is_string() => pair(TypeId::INT, TypeId::RUNE),
            Type::Basic(b) if b.is_integer() => Ok((Some(ty), None)),
            Type::Array { elem, .. } | Type::Slice(elem) => pair(TypeId::INT, *elem),
            Type::Pointer(base) => match self.w.under(*base) {
                Type::Array { elem, .. } => pair(TypeId::INT, *elem),
                _ => Err(String::new()),
            },
            Type::Map { key, value } => pair(*key, *value),
            Type::Chan { dir: Dir::Send, .. } => {
                Err(format!("receive from send-only channel {}", self.ts(under)))
            }
            Type::Port { dir: Dir::Send, .. } => {
                Err(format!("receive from send-only port {}", self.ts(under)))
            }
            Type::Chan { elem, .. } | Type::Port { elem, .. } => Ok((Some(*elem), None)),
            Type::Signature(sig) => self.range_func(sig),
            _ => Err(String::new()),
        }
    }

    fn range_func(&self, sig: &Signature) -> KeyValue {
        const WANT: &str = "func must be func(yield func(...) bool): ";
        let [yield_param] = &*sig.params else { return Err(format!("{WANT}wrong argument count")) };
        if !sig.results.is_empty() {
            return Err(format!("{WANT}unexpected results"));
        }
        let under =
            self.common_underlying(yield_param.ty).map_err(|why| format!("{WANT}in yield type, {why}"))?;
        let Type::Signature(cb) = self.w.types.raw(under) else {
            return Err(format!("{WANT}argument is not func"));
        };
        if cb.params.len() > 2 {
            return Err(format!("{WANT}yield func has too many parameters"));
        }
        match &*cb.results {
            [only] if self.w.types.unalias(only.ty) == TypeId::BOOL => {}
            [only] if self.w.is_basic(only.ty, Basic::is_boolean) => {
                return Err(format!("{WANT}yield func returns user-defined boolean, not bool"));
            }
            _ => return Err(format!("{WANT}yield func does not return bool")),
        }
        if cb.variadic {
            let text = self.ts(yield_param.ty);
            return Err(format!("yield func of type {text} cannot be variadic"));
        }
        Ok((cb.params.first().map(|p| p.ty), cb.params.get(1).map(|p| p.ty)))
    }

    fn define_iteration_vars(
        &mut self,
        s: &'w RangeStmt,
        lhs: [Option<&'w Expr>; 2],
        types: [Option<TypeId>; 2],
        x: &mut Operand<'w>,
        over_int: bool,
    ) {
        let mut vars: Vec<(ObjId, &'w Ident)> = Vec::new();
        for (e, ty) in lhs.into_iter().zip(types) {
            let Some(e) = e else { continue };
            let Expr::Ident(name) = e else {
                self.use_lhs(std::slice::from_ref(e));
                self.error(Code::Syntax, e, format!("cannot declare {}", self.es(e)));
                continue;
            };
            let obj = self.new_local(name, TypeId::NONE);
            if !name.name.is_blank() {
                vars.push((obj, name));
            }
            let ty = match ty {
                Some(ty) if !self.w.is_invalid(ty) => ty,
                _ => {
                    self.w.object(obj).ty.set(TypeId::INVALID);
                    self.w.object(obj).used.set(true);
                    continue;
                }
            };
            if over_int {
                self.init_var(obj, x, "range clause");
            } else {
                let mut y = Operand::new(Mode::Value, ty, Some(e));
                self.init_var(obj, &mut y, "assignment");
            }
            self.w.info.set_type(e.id(), crate::info::Mode::Variable, self.w.object(obj).ty(), None);
        }
        if vars.is_empty() {
            self.error(Code::NoNewVariables, &s.op_pos, "no new variables on left side of :=");
        }
        for (obj, name) in vars {
            self.declare_local(obj, name);
        }
    }

    fn assign_iteration_vars(
        &mut self,
        lhs: [Option<&'w Expr>; 2],
        types: [Option<TypeId>; 2],
        x: &mut Operand<'w>,
        over_int: bool,
    ) {
        for (e, ty) in lhs.into_iter().zip(types) {
            let Some(e) = e else { continue };
            let ty = match ty {
                Some(ty) if !self.w.is_invalid(ty) => ty,
                _ => {
                    self.use_lhs(std::slice::from_ref(e));
                    continue;
                }
            };
            if over_int {
                self.assign_var(e, x, "range clause");
                if x.is_valid() && !self.w.all_basic(x.ty, Basic::is_integer) {
                    let message = format!("cannot use iteration variable of type {}", self.ts(x.ty));
                    self.error(Code::InvalidRange, e, message);
                }
            } else {
                let mut y = Operand::new(Mode::Value, ty, Some(e));
                self.assign_var(e, &mut y, "assignment");
            }
        }
    }
}
