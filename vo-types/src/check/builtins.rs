//! Calls of predeclared functions and of package `unsafe`'s.

use vo_syntax::ast::*;
use vo_syntax::diag::Code;

use super::errors::Place;
use super::{Checker, OpMode, Operand};
use crate::constant::{self, CmpOp, Constant};
use crate::types::{Basic, Dir, FoundKind, Lookup, MAX_NESTING, Type, TypeId};
use crate::universe::Builtin;

/// A call being checked: the call, its node, and the arguments evaluated so far.
pub(super) struct Call<'w> {
    pub(super) call: &'w CallExpr,
    e: Option<&'w Expr>,
    args: Vec<Operand<'w>>,
}

impl<'w> Call<'w> {
    fn spread(&self) -> bool {
        self.call.ellipsis.is_valid()
    }

    pub(super) fn value(&self, ty: TypeId) -> Option<Operand<'w>> {
        Some(Operand::new(OpMode::Value, ty, self.e))
    }

    fn nothing(&self) -> Option<Operand<'w>> {
        Some(Operand::new(OpMode::NoValue, TypeId::EMPTY_TUPLE, self.e))
    }

    fn constant(&self, ty: TypeId, val: Constant) -> Option<Operand<'w>> {
        Some(Operand { val, ..Operand::new(OpMode::Constant, ty, self.e) })
    }
}

impl<'w> Checker<'w> {
    /// A call of a predeclared function.
    pub fn builtin(&mut self, call: &'w CallExpr, e: Option<&'w Expr>, b: Builtin) -> Operand<'w> {
        let invalid = Operand::invalid(e);
        if call.ellipsis.is_valid() && b != Builtin::Append {
            let message = format!("invalid operation: invalid use of ... with built-in {}", b.name());
            self.error(Code::InvalidDotDotDot, &call.fun, message);
            self.use_exprs(&call.args);
            return invalid;
        }
        // len and cap of something without calls may be constant.
        let outer_call = self.env.has_call;
        if matches!(b, Builtin::Len | Builtin::Cap) {
            self.env.has_call = false;
        }
        let mut args = Vec::new();
        let mut count = call.args.len();
        if !matches!(b, Builtin::Make | Builtin::New | Builtin::Offsetof) {
            args = self.arguments(&call.args);
            count = args.len();
            if args.iter().any(|a| !a.is_valid()) {
                return invalid;
            }
            for a in &args {
                if self.is_generic(a.ty) {
                    let name = a.expr.map_or(String::new(), |e| self.es(e));
                    let message = format!("cannot use generic function {name} without instantiation");
                    self.error(Code::UninstantiatedFunction, a, message);
                    return invalid;
                }
            }
        }
        let problem = if count < b.min_args() {
            Some(("not enough", Code::NotEnoughArguments))
        } else if count > b.min_args() && !b.is_variadic() {
            Some(("too many", Code::TooManyArguments))
        } else {
            None
        };
        if let Some((what, code)) = problem {
            let message = format!(
                "invalid operation: {what} arguments for {} (expected {}, found {count})",
                super::show::call_string(call),
                b.min_args()
            );
            self.error(code, &call.fun, message);
            return invalid;
        }
        let result = self.builtin_call(b, Call { call, e, args });
        if matches!(b, Builtin::Len | Builtin::Cap) {
            self.env.has_call |= outer_call;
        }
        result.unwrap_or(invalid)
    }

    fn builtin_call(&mut self, b: Builtin, c: Call<'w>) -> Option<Operand<'w>> {
        self.requires_builtin(b, &c.call.fun);
        match b {
            Builtin::Append => self.append(c),
            Builtin::Len | Builtin::Cap => self.length(b, c),
            Builtin::Clear => self.clear(c),
            Builtin::Close => self.close(c),
            Builtin::Complex => self.complex(c),
            Builtin::Copy => self.copy(c),
            Builtin::Delete => self.delete(c),
            Builtin::Real | Builtin::Imag => self.real_imag(b, c),
            Builtin::Make => self.make(c),
            Builtin::Max | Builtin::Min => self.min_max(b, c),
            Builtin::New => self.new_builtin(c),
            Builtin::Panic => self.panic(c),
            Builtin::Print | Builtin::Println => self.print(b, c),
            Builtin::Recover => c.value(TypeId::EMPTY_INTERFACE),
            Builtin::Assert => self.assert(c),
            Builtin::UnsafeAdd => self.unsafe_add(c),
            Builtin::Alignof | Builtin::Sizeof => self.size_of(b, c),
            Builtin::Offsetof => self.offset_of(c),
            Builtin::UnsafeSlice => self.unsafe_slice(c),
            Builtin::SliceData => self.slice_data(c),
            Builtin::UnsafeString => self.unsafe_string(c),
            Builtin::StringData => self.string_data(c),
        }
    }

    // ---- slices and maps ----------------------------------------------------------------------

    /// The element type of a slice, or of the slices a type parameter stands for.
    fn slice_elem(&self, x: &Operand<'w>) -> Result<TypeId, String> {
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

    fn all_strings(&self, ty: TypeId) -> bool {
        self.w.all_basic(ty, Basic::is_string)
    }

    /// Whether an operand is a string or a byte slice (in all its types), strings among them.
    fn string_or_bytes(&self, x: &Operand<'w>) -> bool {
        let terms = self.w.specific_types(x.ty).unwrap_or_default();
        let is_string = |t: TypeId| self.w.is_basic(t, Basic::is_string);
        !terms.is_empty()
            && terms.iter().all(|t| is_string(t.ty) || self.is_byte_slice(t.ty))
            && terms.iter().any(|t| is_string(t.ty))
    }

    fn append(&mut self, mut c: Call<'w>) -> Option<Operand<'w>> {
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

    fn copy(&mut self, mut c: Call<'w>) -> Option<Operand<'w>> {
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

    fn length(&mut self, b: Builtin, c: Call<'w>) -> Option<Operand<'w>> {
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
                if let (OpMode::Constant, Constant::Str(s)) = (x.mode, &x.val) {
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

    fn array_behind(&self, ty: TypeId) -> &'w Type {
        match self.w.under(ty) {
            Type::Pointer(base) => match self.w.under(*base) {
                array @ Type::Array { .. } => array,
                _ => self.w.under(ty),
            },
            other => other,
        }
    }

    fn bad_length(&self, b: Builtin, x: &Operand<'w>) -> Option<Operand<'w>> {
        if !self.w.is_invalid(self.w.underlying(x.ty)) {
            let code = if b == Builtin::Len { Code::InvalidLen } else { Code::InvalidCap };
            let message = format!("invalid argument: {} for built-in {}", self.os(x), b.name());
            self.error(code, x, message);
        }
        None
    }

    fn clear(&mut self, c: Call<'w>) -> Option<Operand<'w>> {
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

    fn delete(&mut self, mut c: Call<'w>) -> Option<Operand<'w>> {
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

    fn close(&mut self, c: Call<'w>) -> Option<Operand<'w>> {
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

    fn make(&mut self, c: Call<'w>) -> Option<Operand<'w>> {
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
                super::show::call_string(c.call),
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
    fn made_type(&self, ty: TypeId) -> Result<usize, String> {
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

    pub(super) fn make_size(&mut self, e: &'w Expr) -> Option<i64> {
        let mut x = self.expr(e);
        if !self.valid_index(&mut x, Code::InvalidIndex, "index", false) || !x.is_constant() {
            return None;
        }
        x.val.as_i64()
    }

    fn new_builtin(&mut self, c: Call<'w>) -> Option<Operand<'w>> {
        let arg = &c.call.args[0];
        let mut x = self.expr_or_type(arg, false);
        match x.mode {
            OpMode::Invalid => return None,
            OpMode::Builtin(_) => {
                let message = format!("{} must be called", self.os(&x));
                self.error(Code::UncalledBuiltin, &x, message);
                return None;
            }
            OpMode::TypeExpr => self.check_var_type(arg.place(), x.ty),
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

    // ---- numbers ------------------------------------------------------------------------------

    /// Reports a number of a type parameter's type: complex, real and imag do not take those.
    fn no_type_param(&self, b: Builtin, x: &Operand<'w>, wanted: fn(Basic) -> bool) -> bool {
        if !self.w.is_type_param(x.ty) || !self.w.all_basic(x.ty, wanted) {
            return true;
        }
        let message = format!(
            "{} not supported as argument to built-in {} for go1.18 (see go.dev/issue/50937)",
            self.os(x),
            b.name()
        );
        self.error(Code::InvalidTypeParameterUse, x, message);
        false
    }

    fn complex(&mut self, c: Call<'w>) -> Option<Operand<'w>> {
        let (mut x, mut y) = (c.args[0].clone(), c.args[1].clone());
        match (self.w.is_untyped(x.ty), self.w.is_untyped(y.ty)) {
            (true, false) => self.convert_untyped(&mut x, y.ty),
            (false, true) => self.convert_untyped(&mut y, x.ty),
            (true, true) => {
                let real = |o: &Operand<'w>| self.w.is_untyped_numeric(o.ty) && o.val.imag().sign() == 0;
                if x.is_constant() && y.is_constant() {
                    if real(&x) {
                        x.ty = TypeId::UNTYPED_FLOAT;
                    }
                    if real(&y) {
                        y.ty = TypeId::UNTYPED_FLOAT;
                    }
                } else {
                    self.convert_untyped(&mut x, TypeId::FLOAT64);
                    self.convert_untyped(&mut y, TypeId::FLOAT64);
                }
            }
            (false, false) => {}
        }
        if !x.is_valid() || !y.is_valid() {
            return None;
        }
        if !self.w.identical(x.ty, y.ty) {
            let message = format!(
                "invalid operation: {} (mismatched types {} and {})",
                super::show::call_string(c.call),
                self.ts(x.ty),
                self.ts(y.ty)
            );
            self.error(Code::InvalidComplex, &x, message);
            return None;
        }
        if !self.no_type_param(Builtin::Complex, &x, Basic::is_float) {
            return None;
        }
        let result = match self.w.basic(x.ty) {
            Some(Basic::Float32) => TypeId::COMPLEX64,
            Some(Basic::Float64) => TypeId::COMPLEX128,
            Some(Basic::UntypedFloat) => TypeId::UNTYPED_COMPLEX,
            _ => {
                let message = format!(
                    "invalid argument: arguments have type {}, expected floating-point",
                    self.ts(x.ty)
                );
                self.error(Code::InvalidComplex, &x, message);
                return None;
            }
        };
        if x.is_constant() && y.is_constant() {
            let val = Constant::complex(x.val.to_float(), y.val.to_float());
            return c.constant(result, val);
        }
        c.value(result)
    }

    fn real_imag(&mut self, b: Builtin, c: Call<'w>) -> Option<Operand<'w>> {
        let mut x = c.args[0].clone();
        if self.w.is_untyped(x.ty) {
            if x.is_constant() {
                if self.w.is_untyped_numeric(x.ty) {
                    x.ty = TypeId::UNTYPED_COMPLEX;
                }
            } else {
                self.convert_untyped(&mut x, TypeId::COMPLEX128);
                if !x.is_valid() {
                    return None;
                }
            }
        }
        if !self.no_type_param(b, &x, Basic::is_complex) {
            return None;
        }
        let result = match self.w.basic(x.ty) {
            Some(Basic::Complex64) => TypeId::FLOAT32,
            Some(Basic::Complex128) => TypeId::FLOAT64,
            Some(Basic::UntypedComplex) => TypeId::UNTYPED_FLOAT,
            _ => {
                let message =
                    format!("invalid argument: argument has type {}, expected complex type", self.ts(x.ty));
                self.error(Code::InvalidReal, &x, message);
                return None;
            }
        };
        if x.is_constant() {
            let val = if b == Builtin::Real { x.val.real() } else { x.val.imag() };
            return c.constant(result, val.to_float());
        }
        c.value(result)
    }

    fn min_max(&mut self, b: Builtin, c: Call<'w>) -> Option<Operand<'w>> {
        for a in &c.args {
            if !self.w.all_basic(a.ty, Basic::is_ordered) {
                let message = format!("invalid argument: {} cannot be ordered", self.os(a));
                self.error(Code::InvalidMinMax, a, message);
                return None;
            }
        }
        let op = if b == Builtin::Max { CmpOp::Gt } else { CmpOp::Lt };
        let mut x = c.args[0].clone();
        for a in &c.args[1..] {
            let mut a = a.clone();
            if !self.match_operands(&mut x, &mut a) {
                return None;
            }
            if !self.w.identical(x.ty, a.ty) {
                let name = a.expr.map_or(String::new(), |e| self.es(e));
                let message = format!(
                    "invalid argument: mismatched types {} (previous argument) and {} (type of {name})",
                    self.ts(x.ty),
                    self.ts(a.ty)
                );
                self.error(Code::InvalidMinMax, &a, message);
                return None;
            }
            if x.is_constant() && a.is_constant() {
                if constant::compare(&a.val, op, &x.val) == Some(true) {
                    x.val = a.val;
                }
            } else {
                x.mode = OpMode::Value;
            }
        }
        if !x.is_constant() {
            x.mode = OpMode::Value;
            self.assignment(
                &mut x,
                Some(TypeId::EMPTY_INTERFACE),
                &format!("argument to built-in {}", b.name()),
            );
            if !x.is_valid() {
                return None;
            }
        }
        for a in &c.args {
            if let Some(e) = a.expr {
                self.update_expr_type(e, x.ty, true);
            }
        }
        x.expr = c.e;
        Some(x)
    }

    // ---- panics and printing ------------------------------------------------------------------

    fn panic(&mut self, mut c: Call<'w>) -> Option<Operand<'w>> {
        if self.env.sig.is_some() {
            self.panics.insert(c.call.id);
        }
        self.assignment(&mut c.args[0], Some(TypeId::EMPTY_INTERFACE), "argument to panic");
        if !c.args[0].is_valid() {
            return None;
        }
        c.nothing()
    }

    fn print(&mut self, b: Builtin, mut c: Call<'w>) -> Option<Operand<'w>> {
        let context = format!("argument to built-in {}", b.name());
        for a in &mut c.args {
            self.assignment(a, None, &context);
            if !a.is_valid() {
                return None;
            }
        }
        c.nothing()
    }

    fn assert(&mut self, mut c: Call<'w>) -> Option<Operand<'w>> {
        let cond = c.args[0].clone();
        if !self.w.all_basic(cond.ty, Basic::is_boolean) {
            let message = format!("invalid argument: {} is not boolean", self.os(&cond));
            self.error(Code::InvalidAssertCall, &cond, message);
            return None;
        }
        if cond.is_constant() && cond.val.as_bool() == Some(false) && !self.env.dead {
            let message = format!("{} failed", super::show::call_string(c.call));
            self.error(Code::InvalidAssertCall, &c.call.span, message);
        }
        self.assignment(&mut c.args[0], None, "argument to built-in assert");
        for a in c.args.iter_mut().skip(1) {
            self.assignment(a, Some(TypeId::EMPTY_INTERFACE), "argument to built-in assert");
        }
        c.nothing()
    }

    // ---- unsafe -------------------------------------------------------------------------------

    fn unsafe_add(&mut self, mut c: Call<'w>) -> Option<Operand<'w>> {
        self.assignment(&mut c.args[0], Some(TypeId::UNSAFE_POINTER), "argument to unsafe.Add");
        if !c.args[0].is_valid() || !self.valid_index(&mut c.args[1], Code::InvalidUnsafe, "length", true) {
            return None;
        }
        c.value(TypeId::UNSAFE_POINTER)
    }

    fn size_of(&mut self, b: Builtin, mut c: Call<'w>) -> Option<Operand<'w>> {
        let context = format!("argument to unsafe.{}", b.name());
        self.assignment(&mut c.args[0], None, &context);
        let x = &c.args[0];
        if !x.is_valid() {
            return None;
        }
        if !self.is_complete(x.ty) || !self.has_known_size(x.ty) {
            return None;
        }
        if self.has_variable_size(x.ty) {
            return c.value(TypeId::UINTPTR);
        }
        let layout = self.w.layout_of(x.ty);
        if layout.size < 0 {
            self.error(Code::TypeTooLarge, x, format!("{} is too large", self.os(x)));
            return None;
        }
        let n = if b == Builtin::Sizeof { layout.size } else { layout.align };
        c.constant(TypeId::UINTPTR, Constant::Int(n))
    }

    /// Whether the size depends on type parameters.
    pub fn has_variable_size(&self, ty: TypeId) -> bool {
        let memo = &self.w.variable_size;
        if self.w.is_type_param(ty) || memo.depth() > MAX_NESTING {
            return true;
        }
        match self.w.under(ty) {
            Type::Array { elem, .. } => {
                memo.get_or(ty, || self.w.is_settled(), || self.has_variable_size(*elem))
            }
            Type::Struct(s) => {
                let any = || s.fields.iter().any(|f| self.has_variable_size(f.ty));
                memo.get_or(ty, || self.w.is_settled(), any)
            }
            _ => false,
        }
    }

    fn offset_of(&mut self, c: Call<'w>) -> Option<Operand<'w>> {
        let arg = &c.call.args[0];
        let Expr::Selector(sel) = arg.unparen() else {
            let message = format!("invalid argument: {} is not a selector expression", self.es(arg));
            self.error(Code::InvalidOffsetof, arg, message);
            self.use_expr(arg);
            return None;
        };
        let x = self.expr(&sel.x);
        if !x.is_valid() {
            return None;
        }
        let (base, _) = match self.w.under(x.ty) {
            Type::Pointer(base) if matches!(self.w.under(*base), Type::Struct(_)) => (*base, true),
            _ => (x.ty, false),
        };
        let name = sel.sel.name;
        let found = match self.w.lookup(base, false, Some(self.pkg), name) {
            Lookup::Found(found) | Lookup::NeedsPointer(found) => found,
            _ => {
                let message = format!("invalid argument: {} has no single field {name}", self.ts(base));
                self.error(Code::InvalidOffsetof, &x, message);
                return None;
            }
        };
        if found.kind != FoundKind::Field {
            let message = format!("invalid argument: {} is a method value", self.es(arg));
            self.error(Code::InvalidOffsetof, arg, message);
            return None;
        }
        if found.indirect {
            let message =
                format!("invalid argument: field {name} is embedded via a pointer in {}", self.ts(base));
            self.error(Code::InvalidOffsetof, &x, message);
            return None;
        }
        let ty = self.w.found_type(&found);
        let selection = crate::info::Selection {
            kind: crate::info::SelectionKind::FieldVal,
            recv: base,
            target: crate::info::Target::Field,
            path: found.path.clone().into(),
            indirect: false,
            ty,
        };
        self.w.info.set_selection(sel.id, selection);
        self.w.info.set_type(arg.id(), crate::info::Mode::Variable, ty, None);
        if self.has_variable_size(base) {
            return c.value(TypeId::UINTPTR);
        }
        let (mut at, mut offset) = (base, 0i64);
        for &i in &found.path {
            let next = self.w.field_offsets(at).get(i as usize).copied().unwrap_or(0);
            let sum = if next < 0 { None } else { offset.checked_add(next) };
            let Some(sum) = sum else {
                self.error(Code::TypeTooLarge, &x, format!("{} is too large", self.os(&x)));
                return None;
            };
            offset = sum;
            at = match self.w.under(at) {
                Type::Struct(s) => s.fields[i as usize].ty,
                _ => break,
            };
        }
        c.constant(TypeId::UINTPTR, Constant::Int(offset))
    }

    fn unsafe_slice(&mut self, mut c: Call<'w>) -> Option<Operand<'w>> {
        let x = c.args[0].clone();
        let under = self.common_underlying(x.ty).map(|u| self.w.types.raw(u));
        let Ok(Type::Pointer(base)) = under else {
            let message = format!("invalid argument: {} is not a pointer", self.os(&x));
            self.error(Code::InvalidUnsafe, &x, message);
            return None;
        };
        let elem = *base;
        if !self.valid_index(&mut c.args[1], Code::InvalidUnsafe, "length", false) {
            return None;
        }
        c.value(self.w.types.slice(elem))
    }

    fn slice_data(&mut self, c: Call<'w>) -> Option<Operand<'w>> {
        let x = &c.args[0];
        match self.common_underlying(x.ty).map(|u| self.w.types.raw(u)) {
            Ok(Type::Slice(elem)) => c.value(self.w.types.pointer(*elem)),
            _ => {
                let message = format!("invalid argument: {} is not a slice", self.os(x));
                self.error(Code::InvalidUnsafe, x, message);
                None
            }
        }
    }

    fn unsafe_string(&mut self, mut c: Call<'w>) -> Option<Operand<'w>> {
        let target = self.w.types.pointer(TypeId::BYTE);
        self.assignment(&mut c.args[0], Some(target), "argument to unsafe.String");
        if !c.args[0].is_valid() || !self.valid_index(&mut c.args[1], Code::InvalidUnsafe, "length", false) {
            return None;
        }
        c.value(TypeId::STRING)
    }

    fn string_data(&mut self, mut c: Call<'w>) -> Option<Operand<'w>> {
        self.assignment(&mut c.args[0], Some(TypeId::STRING), "argument to unsafe.StringData");
        if !c.args[0].is_valid() {
            return None;
        }
        c.value(self.w.types.pointer(TypeId::BYTE))
    }
}
