//! Index and slice expressions.

use vo_syntax::ast::*;
use vo_syntax::diag::Code;

use super::errors::Place;
use super::expr::Want;
use super::{Checker, Mode, Operand};
use crate::constant::Constant;
use crate::object::Color;
use crate::types::{Basic, Type, TypeId};

/// What indexing a type gives.
struct Indexed {
    elem: TypeId,
    mode: Mode,
    /// The constant length, or -1.
    len: i64,
    /// The key type, for maps.
    key: Option<TypeId>,
}

impl<'w> Checker<'w> {
    /// `x[i]`, or the instantiation of a generic function.
    pub fn index_expr(&mut self, index: &'w IndexExpr, e: &'w Expr, want: Option<&Want>) -> Operand<'w> {
        let mut x = self.expr_or_type(&index.x, true);
        match x.mode {
            Mode::Invalid => {
                self.use_exprs(&index.indices);
                return Operand::invalid(Some(e));
            }
            Mode::TypeExpr => {
                let ty = self.instantiated_type(index, e);
                let mode = if ty.is_invalid() { Mode::Invalid } else { Mode::TypeExpr };
                if mode == Mode::TypeExpr {
                    self.check_var_type(e.place(), ty);
                }
                return Operand::new(mode, ty, Some(e));
            }
            Mode::Value if self.is_generic(x.ty) => {
                self.explicit_instance(&mut x, index, e, want);
                return x;
            }
            Mode::Value if self.is_open_generic_func(&index.x) => {
                self.type_list(&index.indices);
                return Operand { expr: Some(e), ..x };
            }
            Mode::Builtin(_) => {
                let message = format!("cannot index {}", self.os(&x));
                self.error(Code::NonIndexable, &index.lbrack, message);
                self.use_exprs(&index.indices);
                return Operand::invalid(Some(e));
            }
            _ => {}
        }
        let base = self.w.deref(x.ty).0;
        if !self.is_complete(base) {
            self.use_exprs(&index.indices);
            return Operand::invalid(Some(e));
        }
        let Some(indexed) = self.indexed(&x) else {
            let message = format!("cannot index {}", self.os(&x));
            self.error(Code::NonIndexable, &index.lbrack, message);
            self.use_exprs(&index.indices);
            return Operand::invalid(Some(e));
        };
        if self.w.is_untyped(x.ty) {
            self.update_expr_type(&index.x, TypeId::STRING, true);
        }
        if let [_, second, ..] = &index.indices[..] {
            self.error(Code::InvalidIndex, second, "invalid operation: more than one index");
        }
        let Some(i) = index.indices.first() else { return Operand::invalid(Some(e)) };
        if let Some(key) = indexed.key {
            let mut k = self.expr_with_target(i, Some(key), Some("map index"));
            self.assignment(&mut k, Some(key), "map index");
        } else {
            self.index(i, indexed.len);
        }
        Operand::new(indexed.mode, indexed.elem, Some(e))
    }

    /// Whether an expression names a generic function whose signature is being declared, which has
    /// no type yet.
    fn is_open_generic_func(&self, e: &Expr) -> bool {
        let obj = e.as_ident().and_then(|name| self.w.info.use_of(name.id));
        obj.is_some_and(|obj| {
            let open = self.w.object(obj).color.get() == Color::Grey;
            open && self.func_decl(obj).is_some_and(|d| d.type_params.is_some())
        })
    }

    fn indexed(&self, x: &Operand<'w>) -> Option<Indexed> {
        if self.w.is_type_param(x.ty) {
            return self.indexed_param(x);
        }
        self.indexed_type(x, x.ty)
    }

    fn indexed_type(&self, x: &Operand<'w>, ty: TypeId) -> Option<Indexed> {
        let of = |elem, mode, len| Some(Indexed { elem, mode, len, key: None });
        match self.w.under(ty) {
            Type::Basic(b) if b.is_string() => {
                let len = match &x.val {
                    Constant::Str(s) if x.is_constant() => s.len() as i64,
                    _ => -1,
                };
                of(TypeId::BYTE, Mode::Value, len)
            }
            Type::Array { len, elem } => {
                let mode = if x.mode == Mode::Variable { Mode::Variable } else { Mode::Value };
                of(*elem, mode, *len)
            }
            Type::Pointer(base) => match self.w.under(*base) {
                Type::Array { len, elem } => of(*elem, Mode::Variable, *len),
                _ => None,
            },
            Type::Slice(elem) => of(*elem, Mode::Variable, -1),
            Type::Map { key, value } => {
                Some(Indexed { elem: *value, mode: Mode::MapIndex, len: -1, key: Some(*key) })
            }
            _ => None,
        }
    }

    /// All types of a type parameter must be indexable, with one element type, and all be maps of
    /// one key type or none.
    fn indexed_param(&self, x: &Operand<'w>) -> Option<Indexed> {
        let terms = self.w.specific_types(x.ty)?;
        let mut all: Option<Indexed> = None;
        for t in terms {
            let mut one = self.indexed_type(x, t.ty)?;
            if let Type::Basic(_) = self.w.under(t.ty) {
                one.elem = TypeId::BYTE;
            }
            let Some(so_far) = &mut all else {
                all = Some(one);
                continue;
            };
            let same_key = match (so_far.key, one.key) {
                (None, None) => true,
                (Some(a), Some(b)) => self.w.identical(a, b),
                _ => false,
            };
            if !same_key || !self.w.identical(so_far.elem, one.elem) {
                return None;
            }
            if so_far.len < 0 || (one.len >= 0 && one.len < so_far.len) {
                so_far.len = one.len;
            }
            if one.mode == Mode::Value {
                so_far.mode = Mode::Value;
            }
        }
        all
    }

    /// Checks an index; its constant value if it has one. `len` is the constant length, or -1.
    pub fn index(&mut self, e: &'w Expr, len: i64) -> Option<i64> {
        self.checked_index(e, len).unwrap_or(None)
    }

    /// As `index`; `Err` if an error was reported.
    pub fn checked_index(&mut self, e: &'w Expr, len: i64) -> Result<Option<i64>, ()> {
        let mut x = self.expr(e);
        if !self.valid_index(&mut x, Code::InvalidIndex, "index", false) {
            return Err(());
        }
        if !x.is_constant() || x.val.is_unknown() {
            return Ok(None);
        }
        let value = x.val.as_i64();
        if len >= 0 && value.is_some_and(|v| v >= len) {
            let message = format!("invalid argument: index {} out of bounds [0:{len}]", x.val);
            self.error(Code::InvalidIndex, &x, message);
            return Err(());
        }
        Ok(value)
    }

    /// Whether an operand can be an index, a length or a count.
    pub fn valid_index(&mut self, x: &mut Operand<'w>, code: Code, what: &str, negative_ok: bool) -> bool {
        if !x.is_valid() {
            return false;
        }
        self.convert_untyped(x, TypeId::INT);
        if !x.is_valid() {
            return false;
        }
        let problem = if !self.w.all_basic(x.ty, Basic::is_integer) {
            "must be integer"
        } else if x.is_constant() && !negative_ok && x.val.sign() < 0 {
            "must not be negative"
        } else if x.is_constant() && !x.val.is_unknown() && x.val.as_i64().is_none() {
            "overflows int"
        } else {
            return true;
        };
        let message = format!("invalid argument: {what} {} {problem}", self.os(x));
        self.error(code, x, message);
        false
    }

    /// `x[lo:hi:max]`
    pub fn slice_expr(&mut self, s: &'w SliceExpr, e: &'w Expr) -> Operand<'w> {
        let mut x = self.expr(&s.x);
        let bounds = [s.lo.as_ref(), s.hi.as_ref(), s.max.as_ref()];
        if !x.is_valid() {
            bounds.iter().flatten().for_each(|b| self.use_expr(b));
            return x;
        }
        let base = self.w.deref(x.ty).0;
        let complete = self.is_complete(base);
        let Some(len) = (if complete { self.sliced(&mut x, s) } else { None }) else {
            bounds.iter().flatten().for_each(|b| self.use_expr(b));
            return Operand::invalid(Some(e));
        };
        x.mode = Mode::Value;
        x.expr = Some(e);
        self.slice_bounds(bounds, s.three, len);
        x
    }

    /// Checks what is sliced and sets the result's type; the constant length or -1.
    fn sliced(&mut self, x: &mut Operand<'w>, s: &'w SliceExpr) -> Option<i64> {
        let under = match self.common_bytes_or_string(x.ty) {
            Ok(under) => under,
            Err(why) => {
                let why = match &*why {
                    "no specific type" => format!("no specific type in {}", self.ts(x.ty)),
                    _ => why,
                };
                let message = format!("cannot slice {}: {why}", self.os(x));
                self.error(Code::NonSliceable, x, message);
                return None;
            }
        };
        match self.w.types.raw(under) {
            Type::Basic(b) if b.is_string() => {
                if let (true, Some(max)) = (s.three, &s.max) {
                    let message = "invalid operation: 3-index slice of string";
                    self.error(Code::InvalidSliceExpr, max, message);
                    return None;
                }
                let len = match &x.val {
                    Constant::Str(s) if x.is_constant() => s.len() as i64,
                    _ => -1,
                };
                if self.w.is_untyped(x.ty) {
                    if let Some(e) = x.expr {
                        self.update_expr_type(e, TypeId::STRING, true);
                    }
                    x.ty = TypeId::STRING;
                }
                Some(len)
            }
            Type::Array { len, elem } => {
                if x.mode != Mode::Variable {
                    let message = format!("cannot slice unaddressable value {}", self.os(x));
                    self.error(Code::NonSliceable, x, message);
                    return None;
                }
                x.ty = self.w.types.slice(*elem);
                Some(*len)
            }
            Type::Pointer(base) => match self.w.under(*base) {
                Type::Array { len, elem } => {
                    x.ty = self.w.types.slice(*elem);
                    Some(*len)
                }
                _ => self.cannot_slice(x),
            },
            Type::Slice(_) => Some(-1),
            _ => self.cannot_slice(x),
        }
    }

    fn cannot_slice(&self, x: &Operand<'w>) -> Option<i64> {
        self.error(Code::NonSliceable, x, format!("cannot slice {}", self.os(x)));
        None
    }

    fn slice_bounds(&mut self, bounds: [Option<&'w Expr>; 3], three: bool, len: i64) {
        if three && (bounds[1].is_none() || bounds[2].is_none()) {
            return;
        }
        let max = if len >= 0 { len + 1 } else { -1 };
        let mut values = [-1i64; 3];
        for (i, bound) in bounds.iter().enumerate() {
            values[i] = match bound {
                Some(e) => self.index(e, max).unwrap_or(-1),
                None if i == 0 => 0,
                None => len,
            };
        }
        for i in 0..2 {
            for j in i + 1..3 {
                if values[i] > 0 && values[j] >= 0 && values[j] < values[i] {
                    let Some(at) = bounds[j] else { continue };
                    let message = format!("invalid slice indices: {} < {}", values[j], values[i]);
                    self.error(Code::SwappedSliceIndices, at, message);
                    return;
                }
            }
        }
    }
}
