//! Explicit conversions `T(x)`.

use vo_syntax::diag::Code;

use super::convert_untyped::represent;
use super::{Checker, Mode, Operand};
use crate::constant::{ConstKind, Constant};
use crate::types::{Basic, Dir, Struct, Type, TypeId};

impl<'w> Checker<'w> {
    /// Converts `x` to a type; reports it if that cannot be.
    pub fn conversion(&mut self, x: &mut Operand<'w>, ty: TypeId) {
        let w = self.w;
        if !self.is_complete(ty) {
            return x.invalidate();
        }
        let constant = x.is_constant();
        let const_target = w.is_basic(ty, Basic::is_const_type);
        let mut result = Ok(());
        let mut final_constant = false;
        if constant && const_target {
            match self.constant_conversion(&x.val, x.ty, ty) {
                Some(value) => {
                    x.val = value;
                    final_constant = true;
                }
                None => {
                    let integers = w.is_basic(x.ty, Basic::is_integer) && w.is_basic(ty, Basic::is_integer);
                    if integers {
                        let message = format!("constant {} overflows {}", x.val, self.ts(ty));
                        self.error(Code::InvalidConversion, x, message);
                        return x.invalidate();
                    }
                    if w.is_basic(ty, Basic::is_integer) && x.val.to_int().kind() == ConstKind::Int {
                        x.val = x.val.to_int();
                    }
                    result = Err(String::new());
                }
            }
        } else if constant && w.is_type_param(ty) {
            result = self.constant_to_param(x, ty);
            x.mode = Mode::Value;
        } else {
            result = self.convertible(x, ty);
            if result.is_ok() {
                x.mode = Mode::Value;
            }
        }
        if let Err(why) = result {
            let why = if why.is_empty() { String::new() } else { format!(": {why}") };
            let message = format!("cannot convert {} to type {}{why}", self.os(x), self.ts(ty));
            self.error(Code::InvalidConversion, x, message);
            return x.invalidate();
        }
        if w.is_untyped(x.ty) {
            let used = self.untyped_conversion_type(x, ty, constant, final_constant);
            if let Some(e) = x.expr {
                self.update_expr_type(e, used, true);
            }
        }
        x.ty = ty;
    }

    /// The type that an untyped operand itself has under a conversion.
    fn untyped_conversion_type(&self, x: &Operand<'w>, ty: TypeId, constant: bool, folded: bool) -> TypeId {
        let w = self.w;
        if w.is_interface(ty) || (constant && !folded && !x.is_nil()) || w.is_type_param(ty) {
            return if x.is_nil() { ty } else { self.default_type(x.ty) };
        }
        if folded && w.is_basic(ty, Basic::is_string) && w.is_basic(x.ty, Basic::is_integer) {
            return x.ty;
        }
        ty
    }

    /// The constant that a conversion between constant types gives, if it is one.
    fn constant_conversion(&self, value: &Constant, from: TypeId, to: TypeId) -> Option<Constant> {
        let basic = self.w.basic(to)?;
        if let Some(value) = represent(value, basic) {
            return Some(value);
        }
        if basic.is_string() && self.w.is_basic(from, Basic::is_integer) {
            return Some(rune_string(value));
        }
        None
    }

    /// A constant converts to a type parameter if it converts to each of its types.
    fn constant_to_param(&self, x: &Operand<'w>, ty: TypeId) -> Result<(), String> {
        let terms = self.w.specific_types(ty).unwrap_or_default();
        if terms.is_empty() {
            return Err(format!("{} does not contain specific types", self.ts(ty)));
        }
        for t in terms {
            let under = self.w.underlying(t.ty);
            if self.w.is_basic(under, Basic::is_const_type) {
                if self.constant_conversion(&x.val, x.ty, under).is_some() {
                    continue;
                }
                let integers =
                    self.w.is_basic(x.ty, Basic::is_integer) && self.w.is_basic(under, Basic::is_integer);
                let (u, p) = (self.ts(under), self.ts(ty));
                return Err(if integers {
                    format!("constant {} overflows {u} (in {p})", x.val)
                } else {
                    format!("cannot convert {} to type {u} (in {p})", self.os(x))
                });
            }
            if self.convertible(x, under).is_err() {
                let (u, p) = (self.ts(under), self.ts(ty));
                return Err(format!("cannot convert {} to type {u} (in {p})", self.os(x)));
            }
        }
        Ok(())
    }

    /// Whether a (non-constant) conversion is legal; the reason if there is a special one.
    fn convertible(&self, x: &Operand<'w>, ty: TypeId) -> Result<(), String> {
        let w = self.w;
        let cause = match self.assignable_to(x, ty) {
            Ok(()) => return Ok(()),
            Err((_, cause)) => cause,
        };
        let (v, t) = (x.ty, ty);
        let (vu, tu) = (w.underlying(v), w.underlying(t));
        let (vp, tp) = (w.is_type_param(v), w.is_type_param(t));
        if !vp && !tp {
            if self.identical_ignoring_tags(vu, tu) {
                return Ok(());
            }
            if let (Some(a), Some(b)) = (w.types.as_pointer(v), w.types.as_pointer(t))
                && !w.is_type_param(a)
                && !w.is_type_param(b)
                && self.identical_ignoring_tags(w.underlying(a), w.underlying(b))
            {
                return Ok(());
            }
        }
        if vp || tp {
            return self.convertible_params(x, ty, vp, tp);
        }
        let basic = |t: TypeId, pred: fn(Basic) -> bool| w.is_basic(t, pred);
        let real = |b: Basic| b.is_integer() || b.is_float();
        if basic(v, real) && basic(t, real) {
            return Ok(());
        }
        if basic(v, Basic::is_complex) && basic(t, Basic::is_complex) {
            return Ok(());
        }
        if basic(t, Basic::is_string) && (basic(v, Basic::is_integer) || self.is_bytes_or_runes(vu)) {
            return Ok(());
        }
        if basic(v, Basic::is_string) && self.is_bytes_or_runes(tu) {
            return Ok(());
        }
        let unsafe_pointer = |t: TypeId| w.basic(t) == Some(Basic::UnsafePointer);
        let word =
            |u: TypeId| matches!(w.types.raw(u), Type::Pointer(_)) || w.basic(u) == Some(Basic::Uintptr);
        if (word(vu) && unsafe_pointer(t)) || (unsafe_pointer(v) && (word(tu) || unsafe_pointer(t))) {
            return Ok(());
        }
        self.slice_to_array(vu, tu).map_err(|_| cause)?;
        let (needed, what) = match w.types.raw(tu) {
            Type::Array { .. } => ((1, 20), "array"),
            _ => ((1, 17), "array pointer"),
        };
        match self.too_new(x, needed) {
            Some(why) => Err(format!("conversion of slice to {what} {why}")),
            None => Ok(()),
        }
    }

    fn slice_to_array(&self, vu: TypeId, tu: TypeId) -> Result<(), String> {
        let w = self.w;
        let Type::Slice(elem) = w.types.raw(vu) else { return Err(String::new()) };
        let array = match w.types.raw(tu) {
            Type::Array { .. } => tu,
            Type::Pointer(base) => w.underlying(*base),
            _ => return Err(String::new()),
        };
        match w.types.raw(array) {
            Type::Array { elem: to, .. } if w.identical(*elem, *to) => Ok(()),
            _ => Err(String::new()),
        }
    }

    fn is_bytes_or_runes(&self, under: TypeId) -> bool {
        match self.w.types.raw(under) {
            Type::Slice(elem) => {
                let elem = self.w.underlying(*elem);
                self.w.identical(elem, TypeId::UINT8) || self.w.identical(elem, TypeId::INT32)
            }
            _ => false,
        }
    }

    /// A conversion with type parameters is legal if it is for each of their types.
    fn convertible_params(&self, x: &Operand<'w>, ty: TypeId, vp: bool, tp: bool) -> Result<(), String> {
        let w = self.w;
        let (v, t) = (self.ts(x.ty), self.ts(ty));
        let from = w.specific_types(x.ty).unwrap_or_default();
        let to = w.specific_types(ty).unwrap_or_default();
        if from.is_empty() || to.is_empty() {
            return Err(String::new());
        }
        for f in &from {
            let one = Operand { ty: f.ty, ..x.clone() };
            for g in &to {
                if self.convertible(&one, g.ty).is_ok() {
                    continue;
                }
                let (fs, gs) = (self.ts(f.ty), self.ts(g.ty));
                return Err(match (vp, tp) {
                    (true, true) => format!("cannot convert {fs} (in {v}) to type {gs} (in {t})"),
                    (true, false) => format!("cannot convert {fs} (in {v}) to type {t}"),
                    _ => format!("cannot convert {v} to type {gs} (in {t})"),
                });
            }
        }
        Ok(())
    }

    /// Identity of types where struct tags, at any depth of type literals, do not count.
    pub fn identical_ignoring_tags(&self, a: TypeId, b: TypeId) -> bool {
        let w = self.w;
        if w.identical(a, b) {
            return true;
        }
        let same = |x: TypeId, y: TypeId| self.identical_ignoring_tags(x, y);
        match (w.types.get(a), w.types.get(b)) {
            (Type::Struct(x), Type::Struct(y)) => self.structs_ignoring_tags(x, y),
            (Type::Pointer(x), Type::Pointer(y)) | (Type::Slice(x), Type::Slice(y)) => same(*x, *y),
            (Type::Array { len: m, elem: x }, Type::Array { len: n, elem: y }) => m == n && same(*x, *y),
            (Type::Map { key: k, value: v }, Type::Map { key: l, value: u }) => same(*k, *l) && same(*v, *u),
            (Type::Chan { dir: d, elem: x }, Type::Chan { dir: e, elem: y })
            | (Type::Port { dir: d, elem: x }, Type::Port { dir: e, elem: y }) => d == e && same(*x, *y),
            (Type::Signature(x), Type::Signature(y)) => {
                let all = |p: &[crate::types::Param], q: &[crate::types::Param]| {
                    p.len() == q.len() && p.iter().zip(q).all(|(a, b)| same(a.ty, b.ty))
                };
                x.tparams.is_empty()
                    && y.tparams.is_empty()
                    && x.variadic == y.variadic
                    && all(&x.params, &y.params)
                    && all(&x.results, &y.results)
            }
            _ => false,
        }
    }

    fn structs_ignoring_tags(&self, a: &Struct, b: &Struct) -> bool {
        a.fields.len() == b.fields.len()
            && a.fields.iter().zip(&b.fields).all(|(f, g)| {
                f.name == g.name
                    && f.embedded == g.embedded
                    && (f.name.is_exported() || f.pkg == g.pkg)
                    && self.identical_ignoring_tags(f.ty, g.ty)
            })
    }

    /// Whether a value can be assigned to a type; otherwise the kind of error and, if there is a
    /// special one, the reason.
    pub fn assignable_to(&self, x: &Operand<'w>, ty: TypeId) -> Result<(), (Code, String)> {
        let w = self.w;
        if !x.is_valid() || w.is_invalid(x.ty) || w.is_invalid(ty) || w.identical(x.ty, ty) {
            return Ok(());
        }
        let plain = Err((Code::IncompatibleAssign, String::new()));
        let (v, t) = (x.ty, ty);
        let (vu, tu) = (w.underlying(v), w.underlying(t));
        let (vp, tp) = (w.is_type_param(v), w.is_type_param(t));
        if w.is_untyped(vu) {
            return match self.implicit_type(x, t) {
                Ok(_) => Ok(()),
                Err(_) => plain,
            };
        }
        if !vp && !tp && (!w.has_name(v) || !w.has_name(t)) && w.identical(vu, tu) {
            return Ok(());
        }
        let iface_target = !tp && matches!(w.types.raw(tu), Type::Interface(_));
        if iface_target || self.is_interface_pointer(tu) {
            match self.implements(v, t, false) {
                Ok(()) if iface_target => return Ok(()),
                Ok(()) => {}
                // A type parameter may still be assignable by its types.
                Err(why) if !vp => return Err((Code::InvalidInterfaceAssign, why)),
                Err(_) => {}
            }
        }
        if !vp && matches!(w.types.raw(vu), Type::Interface(_)) && self.implements(t, v, false).is_ok() {
            return Err((Code::IncompatibleAssign, "need type assertion".to_owned()));
        }
        if let (Type::Chan { dir: Dir::Both, elem: a }, Type::Chan { elem: b, .. })
        | (Type::Port { dir: Dir::Both, elem: a }, Type::Port { elem: b, .. }) =
            (w.types.raw(vu), w.types.raw(tu))
            && w.identical(*a, *b)
        {
            return if !w.has_name(v) || !w.has_name(t) { Ok(()) } else { plain };
        }
        if vp || tp {
            return self.assignable_params(x, ty, vp, tp);
        }
        plain
    }

    fn assignable_params(
        &self,
        x: &Operand<'w>,
        ty: TypeId,
        vp: bool,
        tp: bool,
    ) -> Result<(), (Code, String)> {
        let w = self.w;
        let plain = Err((Code::IncompatibleAssign, String::new()));
        let (v, t) = (self.ts(x.ty), self.ts(ty));
        if tp && !w.has_name(x.ty) {
            let terms = w.specific_types(ty).unwrap_or_default();
            if terms.is_empty() {
                return plain;
            }
            for g in terms {
                if self.assignable_to(x, g.ty).is_err() {
                    let why = format!("cannot assign {v} to {} (in {t})", self.ts(g.ty));
                    return Err((Code::IncompatibleAssign, why));
                }
            }
            return Ok(());
        }
        if vp && !w.has_name(ty) {
            let terms = w.specific_types(x.ty).unwrap_or_default();
            if terms.is_empty() {
                return plain;
            }
            for f in terms {
                let one = Operand { ty: f.ty, ..x.clone() };
                if self.assignable_to(&one, ty).is_err() {
                    let why = format!("cannot assign {} (in {v}) to {t}", self.ts(f.ty));
                    return Err((Code::IncompatibleAssign, why));
                }
            }
            return Ok(());
        }
        plain
    }
}

/// The string of one code point; U+FFFD for what is none.
fn rune_string(value: &Constant) -> Constant {
    let code = match value.kind() {
        ConstKind::Int => value.as_i64().and_then(|i| u32::try_from(i).ok()),
        _ => None,
    };
    let c = code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
    Constant::string(c.to_string())
}
