//! Calls of predeclared functions and of package `unsafe`'s.

mod collections;
mod numbers;
mod unsafe_package;

use vo_syntax::ast::*;
use vo_syntax::diag::Code;

use super::{Checker, Mode, Operand};
use crate::constant::Constant;
use crate::types::{Basic, TypeId};
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
        Some(Operand::new(Mode::Value, ty, self.e))
    }

    fn nothing(&self) -> Option<Operand<'w>> {
        Some(Operand::new(Mode::NoValue, TypeId::EMPTY_TUPLE, self.e))
    }

    fn constant(&self, ty: TypeId, val: Constant) -> Option<Operand<'w>> {
        Some(Operand { val, ..Operand::new(Mode::Constant, ty, self.e) })
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
}
