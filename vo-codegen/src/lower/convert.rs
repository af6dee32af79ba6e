//! Conversions `T(x)`.

use vo_bytecode::{Class, Inst, Reg};
use vo_syntax::ast::{Expr, Node};
use vo_types::info::Mode;
use vo_types::types::{Basic, Type, TypeId};

use super::{Lower, Place, Regs, Value, Wish};

impl<'w> Lower<'_, 'w> {
    /// `to(x)` for an operand that is no constant, or a constant that the conversion does not fold.
    pub(super) fn convert(&mut self, x: &'w Expr, to: TypeId, wish: Wish<'_>) -> Value {
        let from = self.ty(x);
        if self.is_nil(x) || self.is_interface(to) {
            return self.expr_as(x, to, wish);
        }
        // A constant that becomes a value of a type parameter's type.
        if let (Some(value), Some(basic)) = (self.constant(x), self.basic(to))
            && basic.is_numeric()
        {
            return self.const_value(value, to, wish);
        }
        match (self.under(from), self.under(to)) {
            (Type::Basic(a), Type::Basic(b)) => self.convert_basic(x, *a, *b, wish),
            (Type::Slice(elem), Type::Basic(b)) if b.is_string() => self.string_from_slice(x, *elem, wish),
            (Type::Basic(a), Type::Slice(elem)) if a.is_string() => self.slice_from_string(x, *elem, wish),
            (Type::Slice(_), Type::Array { len, .. }) => {
                let ptr = self.slice_to_array(x, *len);
                if *len == 0 {
                    return self.zero(to, wish);
                }
                self.load_value(Place::at(ptr), to, wish)
            }
            (Type::Slice(_), Type::Pointer(array)) => {
                let Type::Array { len, .. } = *self.under(*array) else {
                    panic!("internal error: slice to a pointer that is none to an array")
                };
                Value::one(self.slice_to_array(x, len))
            }
            (Type::Basic(Basic::Uintptr), Type::Pointer(_))
            | (Type::Pointer(_), Type::Basic(Basic::Uintptr)) => self.convert_word(x, to, wish),
            (Type::Basic(Basic::UnsafePointer), Type::Pointer(_)) => self.convert_address(x, wish),
            _ => self.expr(x, wish),
        }
    }

    /// A string operand that is looked at before anything else can happen, and kept by nobody: bytes that it is
    /// converted from stand for it, uncopied.
    pub(super) fn glance(&mut self, e: &'w Expr, ty: TypeId) -> Value {
        match self.converted_bytes(e, ty) {
            Some(bytes) => Value::Regs(Regs::from_slice(&self.regs(bytes)[..2])),
            None => self.expr_as(e, ty, None),
        }
    }

    /// The bytes that a conversion to a string copies, if the expression is one.
    fn converted_bytes(&self, e: &'w Expr, ty: TypeId) -> Option<&'w Expr> {
        let Expr::Call(call) = e.unparen() else { return None };
        let [bytes] = &call.args[..] else { return None };
        let converts = matches!(self.world.info.type_and_value(call.fun.id())?.mode, Mode::TypeExpr);
        let to_string = self.basic(ty).is_some_and(|b| b.is_string())
            && self.basic(self.ty(e)).is_some_and(|b| b.is_string());
        let Type::Slice(elem) = *self.under(self.ty(bytes)) else { return None };
        (converts && to_string && self.size(elem) == 1).then_some(bytes)
    }

    fn slice_to_array(&mut self, x: &'w Expr, len: i64) -> Reg {
        let s = self.regs(x);
        let ptr = self.tmp(Class::Ptr);
        self.emit(Inst::SliceToArray { ptr, ap: s[0], al: s[1], n: len as u32 });
        ptr
    }

    fn string_from_slice(&mut self, x: &'w Expr, elem: TypeId, wish: Wish<'_>) -> Value {
        let s = self.regs(x);
        let dst = self.dsts(wish, &[Class::Ptr, Class::Int]);
        let (ptr, len, ap, al) = (dst[0], dst[1], s[0], s[1]);
        self.emit(match self.size(elem) {
            1 => Inst::StrFromBytes { ptr, len, ap, al },
            _ => Inst::StrFromRunes { ptr, len, ap, al },
        });
        Value::Regs(dst)
    }

    fn slice_from_string(&mut self, x: &'w Expr, elem: TypeId, wish: Wish<'_>) -> Value {
        let s = self.regs(x);
        let dst = self.dsts(wish, &[Class::Ptr, Class::Int, Class::Int]);
        let (ptr, len, cap, ap, al) = (dst[0], dst[1], dst[2], s[0], s[1]);
        self.emit(match self.size(elem) {
            1 => Inst::BytesFromStr { ptr, len, cap, ap, al },
            _ => Inst::RunesFromStr { ptr, len, cap, ap, al },
        });
        Value::Regs(dst)
    }

    /// Between an address and the number it is.
    fn convert_word(&mut self, x: &'w Expr, to: TypeId, wish: Wish<'_>) -> Value {
        let src = self.reg(x);
        let classes = self.classes(to);
        let dst = self.dst(wish, classes[0]);
        match self.f.regs.class(src) == classes[0] {
            true => self.mov(dst, src),
            false => self.bits_to(dst, src),
        }
        Value::one(dst)
    }

    /// An address that is one of another type from here on: by way of a register of any class, which says so.
    fn convert_address(&mut self, x: &'w Expr, wish: Wish<'_>) -> Value {
        let src = self.reg(x);
        let dst = self.dst(wish, Class::Ptr);
        self.bits_to(dst, src);
        Value::one(dst)
    }

    fn convert_basic(&mut self, x: &'w Expr, from: Basic, to: Basic, wish: Wish<'_>) -> Value {
        if from.is_complex() {
            return self.convert_complex(x, from, to, wish);
        }
        if to.is_string() && from.is_integer() {
            let rune = self.reg(x);
            let dst = self.dsts(wish, &[Class::Ptr, Class::Int]);
            self.emit(Inst::StrFromRune { ptr: dst[0], len: dst[1], rune });
            return Value::Regs(dst);
        }
        if !to.is_numeric() || !from.is_numeric() {
            let words = matches!(
                (from, to),
                (Basic::UnsafePointer, Basic::Uintptr) | (Basic::Uintptr, Basic::UnsafePointer)
            );
            if words {
                let src = self.reg(x);
                if to == Basic::Uintptr {
                    let pointer = self.ty(x);
                    self.keep_pointer(src, pointer);
                }
                let class = if to == Basic::Uintptr { Class::Int } else { Class::Ptr };
                let dst = self.dst(wish, class);
                self.bits_to(dst, src);
                return Value::one(dst);
            }
            return self.expr(x, wish);
        }
        if from.is_integer() && to.is_integer() {
            if keeps_canonical(from, to) {
                return self.expr(x, wish);
            }
            let a = self.reg(x);
            let dst = self.dst(wish, Class::Int);
            self.extend(dst, a, to);
            return Value::one(dst);
        }
        let a = self.reg(x);
        Value::one(self.convert_number(a, from, to, wish))
    }

    /// Between numbers of which at least one is a float.
    fn convert_number(&mut self, a: Reg, from: Basic, to: Basic, wish: Wish<'_>) -> Reg {
        let wide = |b: Basic| matches!(b, Basic::Float64 | Basic::UntypedFloat);
        let full_unsigned = |b: Basic| b.is_unsigned() && b.int_bits() == Some(64);
        if to.is_float() {
            let class = if wide(to) { Class::F64 } else { Class::F32 };
            let dst = self.dst(wish, class);
            self.emit(match (from.is_integer(), wide(to)) {
                (true, true) if full_unsigned(from) => Inst::F64FromU64 { dst, a },
                (true, true) => Inst::F64FromS64 { dst, a },
                (true, false) if full_unsigned(from) => Inst::F32FromU64 { dst, a },
                (true, false) => Inst::F32FromS64 { dst, a },
                (false, _) if wide(from) == wide(to) => Inst::Mov { dst, src: a },
                (false, true) => Inst::F64FromF32 { dst, a },
                (false, false) => Inst::F32FromF64 { dst, a },
            });
            return dst;
        }
        let a = if wide(from) {
            a
        } else {
            let widened = self.tmp(Class::F64);
            self.emit(Inst::F64FromF32 { dst: widened, a });
            widened
        };
        let dst = self.dst(wish, Class::Int);
        match full_unsigned(to) {
            true => self.emit(Inst::U64FromF64 { dst, a }),
            false => self.emit(Inst::S64FromF64 { dst, a }),
        }
        if to.int_bits().is_some_and(|bits| bits < 64) {
            self.extend(dst, dst, to);
        }
        dst
    }

    fn convert_complex(&mut self, x: &'w Expr, from: Basic, to: Basic, wish: Wish<'_>) -> Value {
        let part = |b: Basic| if b == Basic::Complex64 { Basic::Float32 } else { Basic::Float64 };
        let (from, to) = (part(from), part(to));
        if from == to {
            return self.expr(x, wish);
        }
        let parts = self.regs(x);
        let regs: Regs = parts.iter().map(|&a| self.convert_number(a, from, to, None)).collect();
        Value::Regs(regs)
    }
}

/// Whether the canonical register of every value of `from` is also canonical for the converted value.
fn keeps_canonical(from: Basic, to: Basic) -> bool {
    let bits = |b: Basic| b.int_bits().unwrap_or(64);
    if bits(to) == 64 || from == to {
        return true;
    }
    match (from.is_unsigned(), to.is_unsigned()) {
        (a, b) if a == b => bits(from) <= bits(to),
        (true, false) => bits(from) < bits(to),
        _ => false,
    }
}
