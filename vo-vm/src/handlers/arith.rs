//! Integer and float arithmetic. Each handler is its row's formula.

use crate::interp::{Flow, Interp};
use vo_bytecode::Reg;
use vo_runtime::panic::RuntimePanic;

macro_rules! binary {
    ($($name:ident |$a:ident, $b:ident| $value:expr;)*) => {
        impl Interp<'_> {
            $(#[inline(always)]
            pub(crate) fn $name(&mut self, dst: Reg, a: Reg, b: Reg) -> Flow {
                let ($a, $b) = (self.w.get(a), self.w.get(b));
                self.w.set(dst, $value);
                Flow::Next
            })*
        }
    };
}

macro_rules! unary {
    ($($name:ident |$a:ident| $value:expr;)*) => {
        impl Interp<'_> {
            $(#[inline(always)]
            pub(crate) fn $name(&mut self, dst: Reg, a: Reg) -> Flow {
                let $a = self.w.get(a);
                self.w.set(dst, $value);
                Flow::Next
            })*
        }
    };
}

macro_rules! immediate {
    ($($name:ident $ty:ident |$a:ident, $imm:ident| $value:expr;)*) => {
        impl Interp<'_> {
            $(#[inline(always)]
            pub(crate) fn $name(&mut self, dst: Reg, a: Reg, imm: $ty) -> Flow {
                let ($a, $imm) = (self.w.get(a), imm);
                self.w.set(dst, $value);
                Flow::Next
            })*
        }
    };
}

/// A float64 register.
fn d(word: u64) -> f64 {
    f64::from_bits(word)
}

/// A float32 register: the low half of its word.
fn s(word: u64) -> f32 {
    f32::from_bits(word as u32)
}

/// The word of a float32 register.
fn sw(value: f32) -> u64 {
    u64::from(value.to_bits())
}

binary! {
    add_i64 |a, b| a.wrapping_add(b);
    sub_i64 |a, b| a.wrapping_sub(b);
    mul_i64 |a, b| a.wrapping_mul(b);
    and64 |a, b| a & b;
    or64 |a, b| a | b;
    xor64 |a, b| a ^ b;
    and_not64 |a, b| a & !b;
    shl64 |a, b| if b < 64 { a << b } else { 0 };
    shr_s64 |a, b| ((a as i64) >> b.min(63)) as u64;
    shr_u64 |a, b| if b < 64 { a >> b } else { 0 };
    add_i32 |a, b| (a as i32).wrapping_add(b as i32) as i64 as u64;
    sub_i32 |a, b| (a as i32).wrapping_sub(b as i32) as i64 as u64;
    mul_i32 |a, b| (a as i32).wrapping_mul(b as i32) as i64 as u64;
    add_u32 |a, b| u64::from((a as u32).wrapping_add(b as u32));
    sub_u32 |a, b| u64::from((a as u32).wrapping_sub(b as u32));
    mul_u32 |a, b| u64::from((a as u32).wrapping_mul(b as u32));
    shl_u32 |a, b| if b < 32 { u64::from((a as u32) << b) } else { 0 };
    eq_i64 |a, b| u64::from(a == b);
    ne_i64 |a, b| u64::from(a != b);
    lt_s64 |a, b| u64::from((a as i64) < b as i64);
    le_s64 |a, b| u64::from(a as i64 <= b as i64);
    lt_u64 |a, b| u64::from(a < b);
    le_u64 |a, b| u64::from(a <= b);

    add_f64 |a, b| (d(a) + d(b)).to_bits();
    sub_f64 |a, b| (d(a) - d(b)).to_bits();
    mul_f64 |a, b| (d(a) * d(b)).to_bits();
    div_f64 |a, b| (d(a) / d(b)).to_bits();
    eq_f64 |a, b| u64::from(d(a) == d(b));
    ne_f64 |a, b| u64::from(d(a) != d(b));
    lt_f64 |a, b| u64::from(d(a) < d(b));
    le_f64 |a, b| u64::from(d(a) <= d(b));
    add_f32 |a, b| sw(s(a) + s(b));
    sub_f32 |a, b| sw(s(a) - s(b));
    mul_f32 |a, b| sw(s(a) * s(b));
    div_f32 |a, b| sw(s(a) / s(b));
    eq_f32 |a, b| u64::from(s(a) == s(b));
    ne_f32 |a, b| u64::from(s(a) != s(b));
    lt_f32 |a, b| u64::from(s(a) < s(b));
    le_f32 |a, b| u64::from(s(a) <= s(b));
}

unary! {
    neg_i64 |a| a.wrapping_neg();
    not64 |a| !a;
    not_bool |a| a ^ 1;
    ext8s |a| a as i8 as i64 as u64;
    ext8u |a| u64::from(a as u8);
    ext16s |a| a as i16 as i64 as u64;
    ext16u |a| u64::from(a as u16);
    ext32s |a| a as i32 as i64 as u64;
    ext32u |a| u64::from(a as u32);

    neg_f64 |a| a ^ 1 << 63;
    abs_f64 |a| a & !(1 << 63);
    sqrt_f64 |a| d(a).sqrt().to_bits();
    floor_f64 |a| d(a).floor().to_bits();
    ceil_f64 |a| d(a).ceil().to_bits();
    trunc_f64 |a| d(a).trunc().to_bits();
    neg_f32 |a| u64::from(a as u32 ^ 1 << 31);
    f64_from_s64 |a| (a as i64 as f64).to_bits();
    f64_from_u64 |a| (a as f64).to_bits();
    f32_from_s64 |a| sw(a as i64 as f32);
    f32_from_u64 |a| sw(a as f32);
    s64_from_f64 |a| signed(d(a)) as u64;
    u64_from_f64 |a| unsigned(d(a));
    f64_from_f32 |a| f64::from(s(a)).to_bits();
    f32_from_f64 |a| sw(d(a) as f32);
    bits_from_f64 |a| a;
    f64_from_bits |a| a;
    bits_from_f32 |a| u64::from(a as u32);
    f32_from_bits |a| u64::from(a as u32);
}

immediate! {
    add_imm i32 |a, imm| a.wrapping_add(imm as i64 as u64);
    mul_imm i32 |a, imm| a.wrapping_mul(imm as i64 as u64);
    and_imm i32 |a, imm| a & imm as i64 as u64;
    or_imm i32 |a, imm| a | imm as i64 as u64;
    xor_imm i32 |a, imm| a ^ imm as i64 as u64;
    shl_imm u16 |a, imm| a << (imm & 63);
    shr_s_imm u16 |a, imm| ((a as i64) >> (imm & 63)) as u64;
    shr_u_imm u16 |a, imm| a >> (imm & 63);
}

/// Truncation to int64; what does not fit gives the least integer.
#[inline(always)]
fn signed(value: f64) -> i64 {
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) {
        value as i64
    } else {
        i64::MIN
    }
}

/// Truncation to uint64 by way of int64.
#[inline(always)]
fn unsigned(value: f64) -> u64 {
    const TWO_63: f64 = 9_223_372_036_854_775_808.0;
    if value < TWO_63 { signed(value) as u64 } else { signed(value - TWO_63) as u64 ^ 1 << 63 }
}

impl Interp<'_> {
    #[inline(always)]
    pub(crate) fn div_s64(&mut self, dst: Reg, a: Reg, b: Reg) -> Flow {
        let (a, b) = (self.w.int(a), self.w.int(b));
        if b == 0 {
            return self.trap(RuntimePanic::DivideByZero {});
        }
        self.w.set(dst, a.wrapping_div(b) as u64);
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn div_u64(&mut self, dst: Reg, a: Reg, b: Reg) -> Flow {
        let (a, b) = (self.w.get(a), self.w.get(b));
        if b == 0 {
            return self.trap(RuntimePanic::DivideByZero {});
        }
        self.w.set(dst, a / b);
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn rem_s64(&mut self, dst: Reg, a: Reg, b: Reg) -> Flow {
        let (a, b) = (self.w.int(a), self.w.int(b));
        if b == 0 {
            return self.trap(RuntimePanic::DivideByZero {});
        }
        self.w.set(dst, a.wrapping_rem(b) as u64);
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn rem_u64(&mut self, dst: Reg, a: Reg, b: Reg) -> Flow {
        let (a, b) = (self.w.get(a), self.w.get(b));
        if b == 0 {
            return self.trap(RuntimePanic::DivideByZero {});
        }
        self.w.set(dst, a % b);
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn check_shift(&mut self, count: Reg) -> Flow {
        if self.w.int(count) < 0 { self.trap(RuntimePanic::NegativeShift {}) } else { Flow::Next }
    }

    #[inline(always)]
    pub(crate) fn fma_f64(&mut self, dst: Reg, a: Reg, b: Reg, c: Reg) -> Flow {
        let value = d(self.w.get(a)).mul_add(d(self.w.get(b)), d(self.w.get(c)));
        self.w.set(dst, value.to_bits());
        Flow::Next
    }
}
