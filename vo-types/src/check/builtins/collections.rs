//! Predeclared functions of slices, maps, channels and new variables.

use super::Call;
use crate::check::errors::Place;
use crate::check::{Checker, Mode, Operand, show};
use crate::constant::Constant;
use crate::types::{Basic, Dir, Type, TypeId};
use crate::universe::Builtin;
use vo_syntax::ast::*;
use vo_syntax::diag::Code;

impl<'w> Checker<'w> {
    /// The element type of a slice, or of the slices a type parameter stands for.
    pub(super) fn slice_elem(&self, x: &Operand<'w>) -> Result<TypeId, String> {
        let terms = self.w.specific_types(x.ty).unwrap_or_default();
        let mut elem: Option<TypeId> = None;
        let not_slice = || match x.is_nil() {
            true => "argument must be a slice; have untyped nil".to_owned(),
            false => format!("argument must be a slice; have {}", self.os(x)),
        };
        for t in &terms {
            let Type::Slice(e) = self.w.under(t.ty) else { return Err(not_slice()) };
            match elem {
                Some(first) if !self.w.identical(first, *e) => {
                    return Err(format!(
                        "mismatched slice element types {} and {} in {}",
                        self.ts(first),
                        self.ts(*e),
                        self.os(x)
                    ));
                }
                _ => elem = Some(*e),
            }
        }
        elem.ok_or_else(not_slice)
    }

    pub(super) fn all_strings(&self, ty: TypeId) -> bool {
        self.w.all_basic(ty, Basic::is_string)
    }

    /// Whether an operand is a string or a byte slice (in all its types), strings among them.
    pub(super) fn string_or_bytes(&self, x: &Operand<'w>) -> bool {
        let terms = self.w.specific_types(x.ty).unwrap_or_default();
        let is_string = |t: TypeId| self.w.is_basic(t, Basic::is_string);
        !terms.is_empty()
            && terms.iter().all(|t| is_string(t.ty) || self.is_byte_slice(t.ty))
            && terms.iter().any(|t| is_string(t.ty))
    }

    pub(super) fn append(&mut self, mut c: Call<'w>) -> Option<Operand<'w>> {
        let x = c.args[0].clone();
        let elem = match self.slice_elem(&x) {
            Ok(elem) => elem,
            Err(why) => {
                self.error(Code::InvalidAppend, &x, format!("invalid append: {why}"));
                return None;
            }
        };
        let bytes = self.w.types.slice(TypeId::BYTE);
        if c.args.len() == 2
            && c.spread()
            && self.assignable_to(&x, bytes).is_ok()
            && self.string_or_bytes(&c.args[1])
        {
            if self.w.is_untyped(c.args[1].ty) {
                let mut y = c.args[1].clone();
                self.convert_untyped(&mut y, TypeId::STRING);
            }
            return c.value(x.ty);
        }
        let slice = self.w.types.slice(elem);
        let spread = c.spread();
        if spread && c.args.len() != 2 {
            let (have, what) = (c.args.len(), if c.args.len() < 2 { "not enough" } else { "too many" });
            if c.call.args.len() == 1 && have > 1 {
                let message = format!("cannot use ... with {have}-valued {}", self.es(&c.call.args[0]));
                self.error(Code::InvalidDotDotDot, &c.call.fun, message);
                return None;
            }
            let types: Vec<TypeId> = c.args.iter().map(|a| a.ty).collect();
            let (have, want) =
                (self.types_summary(&types, false, true), self.types_summary(&[x.ty, slice], true, false));
            let message =
                format!("{what} arguments in call to {}\n\thave {have}\n\twant {want}", self.es(&c.call.fun));
            let at = if c.args.len() > 2 { &c.args[2] } else { &c.args[c.args.len() - 1] };
            self.error(Code::TooManyArguments, at, message);
            return None;
        }
        let context = format!("argument to {}", self.es(&c.call.fun));
        for a in c.args.iter_mut().skip(1) {
            let target = if spread { slice } else { elem };
            self.assignment(a, Some(target), &context);
        }
        c.value(x.ty)
    }

    pub(super) fn copy(&mut self, mut c: Call<'w>) -> Option<Operand<'w>> {
        let (x, y) = (c.args[0].clone(), c.args[1].clone());
        let to = match self.slice_elem(&x) {
            Ok(elem) => elem,
            Err(why) => {
                self.error(Code::InvalidCopy, &x, format!("invalid copy: {why}"));
                return None;
            }
        };
        let bytes = self.w.types.slice(TypeId::BYTE);
        if self.assignable_to(&x, bytes).is_ok() && self.string_or_bytes(&y) {
            if self.w.is_untyped(y.ty) {
                self.convert_untyped(&mut c.args[1], TypeId::STRING);
            }
            return c.value(TypeId::INT);
        }
        let from = match self.slice_elem(&y) {
            Ok(elem) => elem,
            Err(_) if self.all_strings(y.ty) => TypeId::BYTE,
            Err(why) => {
                self.error(Code::InvalidCopy, &y, format!("invalid copy: {why}"));
                return None;
            }
        };
        if !self.w.identical(to, from) {
            let message = format!(
                "invalid copy: arguments {} and {} have different element types {} and {}",
                self.os(&x),
                self.os(&y),
                self.ts(to),
                self.ts(from)
            );
            self.error(Code::InvalidCopy, &x, message);
            return None;
        }
        c.value(TypeId::INT)
    }

    pub(super) fn length(&mut self, b: Builtin, c: Call<'w>) -> Option<Operand<'w>> {
        let x = &c.args[0];
        let len = b == Builtin::Len;
        if self.w.is_type_param(x.ty) {
            let terms = self.w.specific_types(x.ty).unwrap_or_default();
            let ok = |t: TypeId| match self.array_behind(t) {
                Type::Basic(b) => b.is_string() && len,
                Type::Array { .. } | Type::Slice(_) | Type::Chan { .. } => true,
                Type::Port { dir, .. } => *dir != Dir::Send,
                Type::Map { .. } => len,
                _ => false,
            };
            if !terms.is_empty() && terms.iter().all(|t| ok(t.ty)) {
                return c.value(TypeId::INT);
            }
            return self.bad_length(b, x);
        }
        match self.array_behind(x.ty) {
            Type::Basic(kind) if kind.is_string() && len => {
                if let (Mode::Constant, Constant::Str(s)) = (x.mode, &x.val) {
                    let n = Constant::Int(s.len() as i64);
                    return c.constant(TypeId::INT, n);
                }
                if self.w.is_untyped(x.ty)
                    && let Some(e) = x.expr
                {
                    self.update_expr_type(e, TypeId::STRING, true);
                }
                c.value(TypeId::INT)
            }
            Type::Array { len, .. } if !self.env.has_call => {
                let n = if *len >= 0 { Constant::Int(*len) } else { Constant::Unknown };
                c.constant(TypeId::INT, n)
            }
            Type::Array { .. } | Type::Slice(_) | Type::Chan { .. } => c.value(TypeId::INT),
            Type::Port { dir, .. } if *dir != Dir::Send => c.value(TypeId::INT),
            Type::Map { .. } if len => c.value(TypeId::INT),
            _ => self.bad_length(b, x),
        }
    }

    pub(super) fn array_behind(&self, ty: TypeId) -> &'w Type {
        match self.w.under(ty) {
            Type::Pointer(base) => match self.w.under(*base) {
                array @ Type::Array { .. } => array,
                _ => self.w.under(ty),
            },
            other => other,
        }
    }

    pub(super) fn bad_length(&self, b: Builtin, x: &Operand<'w>) -> Option<Operand<'w>> {
        if !self.w.is_invalid(self.w.underlying(x.ty)) {
            let code = if b == Builtin::Len { Code::InvalidLen } else { Code::InvalidCap };
            let message = format!("invalid argument: {} for built-in {}", self.os(x), b.name());
            self.error(code, x, message);
        }
        None
    }

    pub(super) fn clear(&mut self, c: Call<'w>) -> Option<Operand<'w>> {
        let x = &c.args[0];
        let terms = self.w.specific_types(x.ty).unwrap_or_default();
        let ok = |t: TypeId| matches!(self.w.under(t), Type::Map { .. } | Type::Slice(_));
        if terms.is_empty() || !terms.iter().all(|t| ok(t.ty)) {
            let message = format!(
                "invalid argument: cannot clear {}: argument must be (or constrained by) map or slice",
                self.os(x)
            );
            self.error(Code::InvalidClear, x, message);
            return None;
        }
        c.nothing()
    }

    pub(super) fn delete(&mut self, mut c: Call<'w>) -> Option<Operand<'w>> {
        let map = c.args[0].clone();
        let terms = self.w.specific_types(map.ty).unwrap_or_default();
        let mut key: Option<TypeId> = None;
        for t in &terms {
            let Type::Map { key: k, .. } = self.w.under(t.ty) else {
                key = None;
                break;
            };
            match key {
                Some(first) if !self.w.identical(first, *k) => {
                    let message =
                        format!("invalid argument: maps of {} must have identical key types", self.os(&map));
                    self.error(Code::InvalidDelete, &map, message);
                    return None;
                }
                _ => key = Some(*k),
            }
        }
        let Some(key) = key else {
            let message = format!("invalid argument: {} is not a map", self.os(&map));
            self.error(Code::InvalidDelete, &map, message);
            return None;
        };
        self.assignment(&mut c.args[1], Some(key), "argument to delete");
        if !c.args[1].is_valid() {
            return None;
        }
        c.nothing()
    }

    pub(super) fn close(&mut self, c: Call<'w>) -> Option<Operand<'w>> {
        let x = &c.args[0];
        let terms = self.w.specific_types(x.ty).unwrap_or_default();
        let mut problem = terms.is_empty().then_some("non-channel");
        for t in &terms {
            match self.w.under(t.ty) {
                Type::Chan { dir: Dir::Recv, .. } => problem = Some("receive-only channel"),
                Type::Port { dir: Dir::Send, .. } => problem = Some("send-only port"),
                Type::Port { dir: Dir::Recv, .. } => problem = Some("receive-only port"),
                Type::Chan { .. } | Type::Port { .. } => {}
                _ => problem = Some("non-channel"),
            }
            if problem.is_some() {
                break;
            }
        }
        if let Some(what) = problem {
            let message = format!("invalid operation: cannot close {what} {}", self.os(x));
            self.error(Code::InvalidClose, x, message);
            return None;
        }
        c.nothing()
    }

    // ---- make and new -------------------------------------------------------------------------

    pub(super) fn make(&mut self, c: Call<'w>) -> Option<Operand<'w>> {
        let arg = &c.call.args[0];
        let rest = &c.call.args[1..];
        let ty = self.var_type(arg);
        if self.w.is_invalid(ty) {
            self.use_exprs(rest);
            return None;
        }
        if matches!(self.w.under(ty), Type::Island | Type::Port { .. }) && !self.w.is_type_param(ty) {
            return self.make_isolated(ty, c);
        }
        let min = match self.made_type(ty) {
            Ok(min) => min,
            Err(why) => {
                let message = format!("invalid argument: cannot make {}: {why}", self.es(arg));
                self.error(Code::InvalidMake, arg, message);
                self.use_exprs(rest);
                return None;
            }
        };
        let count = c.call.args.len();
        if count < min || min + 1 < count {
            let message = format!(
                "invalid operation: {} expects {min} or {} arguments; found {count}",
                show::call_string(c.call),
                min + 1
            );
            let code = if count < min { Code::NotEnoughArguments } else { Code::TooManyArguments };
            self.error(code, &c.call.span, message);
            self.use_exprs(rest);
            return None;
        }
        let sizes: Vec<Option<i64>> = rest.iter().map(|e| self.make_size(e)).collect();
        if let [Some(len), Some(cap)] = sizes[..]
            && len > cap
        {
            let message = "invalid argument: length and capacity swapped";
            self.error(Code::SwappedMakeArguments, &rest[0], message);
        }
        c.value(ty)
    }

    /// The least number of arguments of `make` for a type.
    pub(super) fn made_type(&self, ty: TypeId) -> Result<usize, String> {
        const WRONG: &str = "type must be slice, map, or channel";
        let one = |t: TypeId| match self.w.under(t) {
            Type::Slice(_) => Ok(2),
            Type::Map { .. } | Type::Chan { .. } => Ok(1),
            _ => Err(WRONG.to_owned()),
        };
        if self.w.is_type_param(ty) {
            for t in self.w.specific_types(ty).unwrap_or_default() {
                one(t.ty)?;
            }
        }
        one(self.common_underlying(ty)?)
    }

    pub(in crate::check) fn make_size(&mut self, e: &'w Expr) -> Option<i64> {
        let mut x = self.expr(e);
        if !self.valid_index(&mut x, Code::InvalidIndex, "index", false) || !x.is_constant() {
            return None;
        }
        x.val.as_i64()
    }

    pub(super) fn new_builtin(&mut self, c: Call<'w>) -> Option<Operand<'w>> {
        let arg = &c.call.args[0];
        let mut x = self.expr_or_type(arg, false);
        match x.mode {
            Mode::Invalid => return None,
            Mode::Builtin(_) => {
                let message = format!("{} must be called", self.os(&x));
                self.error(Code::UncalledBuiltin, &x, message);
                return None;
            }
            Mode::TypeExpr => self.check_var_type(arg.place(), x.ty),
            _ => {
                self.requires(&c.call.fun, (1, 26), &format!("new({})", self.es(arg)));
                if self.w.is_untyped(x.ty) {
                    self.assignment(&mut x, None, "argument to new");
                    if !x.is_valid() {
                        return None;
                    }
                }
            }
        }
        c.value(self.w.types.pointer(x.ty))
    }
}
