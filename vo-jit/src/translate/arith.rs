//! Integer and float arithmetic. Each method is its row's formula.

use super::Translator;
use crate::facts::Range;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{
    ConstantData, InstBuilder, InstructionData, MemFlagsData, Opcode, Type, Value, types,
};
use vo_bytecode::Reg;
use vo_runtime::panic::RuntimePanic;

const TWO_63: f64 = 9_223_372_036_854_775_808.0;

/// A constant operand comes second: there the machine takes it from memory.
macro_rules! commutative_float {
    ($($name:ident = $ins:ident;)*) => {
        impl Translator<'_, '_> {
            $(pub(crate) fn $name(&mut self, dst: Reg, a: Reg, b: Reg) {
                let (a, b) = (self.get(a), self.get(b));
                let (a, b) = if self.is_float_constant(a) { (b, a) } else { (a, b) };
                let value = self.b.ins().$ins(a, b);
                self.set(dst, value);
            })*
        }
    };
}

commutative_float! {
    add_f64 = fadd;
    add_f32 = fadd;
}

macro_rules! unary {
    ($($name:ident = $ins:ident;)*) => {
        impl Translator<'_, '_> {
            $(pub(crate) fn $name(&mut self, dst: Reg, a: Reg) {
                let a = self.get(a);
                let value = self.b.ins().$ins(a);
                self.set(dst, value);
            })*
        }
    };
}

macro_rules! compare {
    ($($name:ident = $get:ident $ins:ident $cc:expr;)*) => {
        impl Translator<'_, '_> {
            $(pub(crate) fn $name(&mut self, dst: Reg, a: Reg, b: Reg) {
                let (a, b) = (self.$get(a), self.$get(b));
                let cond = self.b.ins().$ins($cc, a, b);
                self.set_bool(dst, cond);
            })*
        }
    };
}

macro_rules! immediate {
    ($($name:ident = $ins:ident;)*) => {
        impl Translator<'_, '_> {
            $(pub(crate) fn $name(&mut self, dst: Reg, a: Reg, imm: i32) {
                let (a, imm) = (self.get(a), self.int(i64::from(imm)));
                let value = self.b.ins().$ins(a, imm);
                self.set(dst, value);
            })*
        }
    };
}

macro_rules! shift_immediate {
    ($($name:ident = $ins:ident;)*) => {
        impl Translator<'_, '_> {
            $(pub(crate) fn $name(&mut self, dst: Reg, a: Reg, imm: u16) {
                let (a, imm) = (self.get(a), self.int(i64::from(imm & 63)));
                let value = self.b.ins().$ins(a, imm);
                self.set(dst, value);
            })*
        }
    };
}

/// In 32 bits, then extended.
macro_rules! narrow {
    ($($name:ident = $ins:ident $extend:ident;)*) => {
        impl Translator<'_, '_> {
            $(pub(crate) fn $name(&mut self, dst: Reg, a: Reg, b: Reg) {
                let (a, b) = (self.low32(a), self.low32(b));
                let value = self.b.ins().$ins(a, b);
                let value = self.b.ins().$extend(types::I64, value);
                self.set(dst, value);
            })*
        }
    };
}

macro_rules! extend {
    ($($name:ident = $ty:ident $extend:ident;)*) => {
        impl Translator<'_, '_> {
            $(pub(crate) fn $name(&mut self, dst: Reg, a: Reg) {
                let a = self.get(a);
                let low = self.b.ins().ireduce(types::$ty, a);
                let value = self.b.ins().$extend(types::I64, low);
                self.set(dst, value);
            })*
        }
    };
}

macro_rules! convert {
    ($($name:ident = $ins:ident $ty:ident;)*) => {
        impl Translator<'_, '_> {
            $(pub(crate) fn $name(&mut self, dst: Reg, a: Reg) {
                let a = self.get(a);
                let value = self.b.ins().$ins(types::$ty, a);
                self.set(dst, value);
            })*
        }
    };
}

/// Constants are computed here: what depends on them, such as shifts, is then translated for a constant.
macro_rules! folded {
    ($($name:ident = $ins:ident $fold:expr;)*) => {
        impl Translator<'_, '_> {
            $(pub(crate) fn $name(&mut self, dst: Reg, a: Reg, b: Reg) {
                let (a, b) = (self.get(a), self.get(b));
                let fold: fn(i64, i64) -> i64 = $fold;
                let value = match (self.constant(a), self.constant(b)) {
                    (Some(a), Some(b)) => self.int(fold(a, b)),
                    _ => self.b.ins().$ins(a, b),
                };
                self.set(dst, value);
            })*
        }
    };
}

folded! {
    add_i64 = iadd i64::wrapping_add;
    sub_i64 = isub i64::wrapping_sub;
    and64 = band |a, b| a & b;
    xor64 = bxor |a, b| a ^ b;
    and_not64 = band_not |a, b| a & !b;
}

/// A constant first operand is loaded once, before the loop.
macro_rules! float_differences {
    ($($name:ident = $ins:ident;)*) => {
        impl Translator<'_, '_> {
            $(pub(crate) fn $name(&mut self, dst: Reg, a: Reg, b: Reg) {
                let (a, b) = (self.get(a), self.get(b));
                let a = self.float_in_register(a);
                let value = self.b.ins().$ins(a, b);
                self.set(dst, value);
            })*
        }
    };
}

float_differences! {
    sub_f64 = fsub;
    sub_f32 = fsub;
}

macro_rules! float_products {
    ($($mul:ident $div:ident;)*) => {
        impl Translator<'_, '_> {
            $(pub(crate) fn $mul(&mut self, dst: Reg, a: Reg, b: Reg) {
                let (a, b) = (self.get(a), self.get(b));
                let value = self.float_product(a, b);
                self.set(dst, value);
            }

            pub(crate) fn $div(&mut self, dst: Reg, a: Reg, b: Reg) {
                let (a, b) = (self.get(a), self.get(b));
                let value = self.float_quotient(a, b);
                self.set(dst, value);
            })*
        }
    };
}

float_products! {
    mul_f64 div_f64;
    mul_f32 div_f32;
}

unary! {
    neg_i64 = ineg;
    not64 = bnot;
    neg_f64 = fneg;
    abs_f64 = fabs;
    sqrt_f64 = sqrt;
    floor_f64 = floor;
    ceil_f64 = ceil;
    trunc_f64 = trunc;
    neg_f32 = fneg;
}

compare! {
    eq_i64 = word icmp IntCC::Equal;
    ne_i64 = word icmp IntCC::NotEqual;
    lt_s64 = get icmp IntCC::SignedLessThan;
    le_s64 = get icmp IntCC::SignedLessThanOrEqual;
    lt_u64 = get icmp IntCC::UnsignedLessThan;
    le_u64 = get icmp IntCC::UnsignedLessThanOrEqual;
    eq_f64 = get fcmp FloatCC::Equal;
    ne_f64 = get fcmp FloatCC::NotEqual;
    lt_f64 = get fcmp FloatCC::LessThan;
    le_f64 = get fcmp FloatCC::LessThanOrEqual;
    eq_f32 = get fcmp FloatCC::Equal;
    ne_f32 = get fcmp FloatCC::NotEqual;
    lt_f32 = get fcmp FloatCC::LessThan;
    le_f32 = get fcmp FloatCC::LessThanOrEqual;
}

immediate! {
    add_imm = iadd;
    and_imm = band;
    or_imm = bor;
    xor_imm = bxor;
}

shift_immediate! {
    shl_imm = ishl;
    shr_s_imm = sshr;
    shr_u_imm = ushr;
}

narrow! {
    add_i32 = iadd sextend;
    sub_i32 = isub sextend;
    add_u32 = iadd uextend;
    sub_u32 = isub uextend;
}

extend! {
    ext8s = I8 sextend;
    ext8u = I8 uextend;
    ext16s = I16 sextend;
    ext16u = I16 uextend;
    ext32s = I32 sextend;
    ext32u = I32 uextend;
}

convert! {
    f64_from_s64 = fcvt_from_sint F64;
    f64_from_u64 = fcvt_from_uint F64;
    f32_from_s64 = fcvt_from_sint F32;
    f32_from_u64 = fcvt_from_uint F32;
    f64_from_f32 = fpromote F64;
    f32_from_f64 = fdemote F32;
}

/// The power of two that a constant of at least three is one more than, or else one less: the exponent, and whether it is more.
fn one_beside_power(times: i64) -> Option<(u32, bool)> {
    let power = |of: i64| (times >= 3 && of.count_ones() == 1).then(|| of.trailing_zeros());
    let more = power(times.wrapping_sub(1)).map(|shift| (shift, true));
    more.or_else(|| power(times.wrapping_add(1)).map(|shift| (shift, false)))
}

/// One over a power of two, if it is a normal number of this type.
fn reciprocal(ty: Type, by: f64) -> Option<f64> {
    let mantissa = by.to_bits() & ((1 << 52) - 1);
    let normal = |x: f64| if ty == types::F32 { (x as f32).is_normal() } else { x.is_normal() };
    let other = 1.0 / by;
    (mantissa == 0 && normal(by) && normal(other)).then_some(other)
}

impl Translator<'_, '_> {
    pub(crate) fn mul_i64(&mut self, dst: Reg, a: Reg, b: Reg) {
        let (a, b) = (self.get(a), self.get(b));
        let value = match (self.constant(a), self.constant(b)) {
            (Some(a), Some(b)) => self.int(a.wrapping_mul(b)),
            (Some(times), None) => self.multiple(b, times),
            (None, Some(times)) => self.multiple(a, times),
            (None, None) => self.b.ins().imul(a, b),
        };
        self.set(dst, value);
    }

    pub(crate) fn mul_imm(&mut self, dst: Reg, a: Reg, imm: i32) {
        let a = self.get(a);
        let value = self.multiple(a, i64::from(imm));
        self.set(dst, value);
    }

    /// A constant multiple of a value of 32 or 64 bits, as a shift and a sum or difference where one does: that is there a
    /// cycle before a product is. Three, five and nine times it are what a machine computes as one address. (Twice
    /// and four times those, as in `10 * x`, were measured in loops: they take as long as the product.)
    fn multiple(&mut self, value: Value, times: i64) -> Value {
        let narrow = self.b.func.dfg.value_type(value) == types::I32;
        // All of it wraps as the product does.
        let times = if narrow { i64::from(times as i32) } else { times };
        if let Some((shift, more)) = one_beside_power(times) {
            let power = self.b.ins().ishl_imm_s(value, i64::from(shift));
            return match more {
                true => self.b.ins().iadd(value, power),
                false => self.b.ins().isub(power, value),
            };
        }
        let times = match narrow {
            true => self.b.ins().iconst(types::I32, i64::from(times as u32)),
            false => self.int(times),
        };
        self.b.ins().imul(value, times)
    }

    /// A product of 32 bits: a multiple, where an operand is constant.
    fn narrow_product(&mut self, a: Reg, b: Reg) -> Value {
        let (wide_a, wide_b) = (self.get(a), self.get(b));
        let (a, b) = (self.low32(a), self.low32(b));
        match (self.constant(wide_a), self.constant(wide_b)) {
            (Some(times), None) => self.multiple(b, times),
            (None, Some(times)) => self.multiple(a, times),
            _ => self.b.ins().imul(a, b),
        }
    }

    pub(crate) fn mul_i32(&mut self, dst: Reg, a: Reg, b: Reg) {
        let value = self.narrow_product(a, b);
        let value = self.b.ins().sextend(types::I64, value);
        self.set(dst, value);
    }

    pub(crate) fn mul_u32(&mut self, dst: Reg, a: Reg, b: Reg) {
        let value = self.narrow_product(a, b);
        let value = self.b.ins().uextend(types::I64, value);
        self.set(dst, value);
    }

    /// The float that a value always is. A float32 is one of these, too.
    fn float_constant(&self, value: Value) -> Option<f64> {
        let dfg = &self.b.func.dfg;
        let inst = dfg.value_def(dfg.resolve_aliases(value)).inst()?;
        match dfg.insts[inst] {
            InstructionData::UnaryIeee64 { imm, .. } => Some(f64::from_bits(imm.bits())),
            InstructionData::UnaryIeee32 { imm, .. } => Some(f64::from(f32::from_bits(imm.bits()))),
            _ => None,
        }
    }

    fn is_float_constant(&self, value: Value) -> bool {
        self.float_constant(value).is_some()
    }

    /// Twice a value is its sum with itself, which is there sooner.
    fn float_product(&mut self, a: Value, b: Value) -> Value {
        let (a, b) = if self.is_float_constant(a) { (b, a) } else { (a, b) };
        match self.float_constant(b) {
            Some(2.0) => self.b.ins().fadd(a, a),
            _ => self.b.ins().fmul(a, b),
        }
    }

    /// To divide by a power of two is to multiply by another, where that is a normal number: both are exact, or rounded
    /// from the same.
    fn float_quotient(&mut self, a: Value, b: Value) -> Value {
        let ty = self.b.func.dfg.value_type(b);
        match self.float_constant(b).and_then(|by| reciprocal(ty, by)) {
            Some(times) => {
                let times = match ty {
                    types::F32 => self.b.ins().f32const(times as f32),
                    _ => self.b.ins().f64const(times),
                };
                self.float_product(a, times)
            }
            None => {
                let a = self.float_in_register(a);
                self.b.ins().fdiv(a, b)
            }
        }
    }

    /// A constant as what is loaded from beside the code, and may stay in a register for a whole loop. As it is, it is made
    /// by way of an integer register wherever it is used; an operand that may lie in memory is better left so.
    fn float_in_register(&mut self, value: Value) -> Value {
        let ty = self.b.func.dfg.value_type(value);
        let mut bytes = [0; 16];
        match (self.float_constant(value), ty) {
            (Some(constant), _) if constant.to_bits() == 0 => return value,
            (Some(constant), types::F64) => bytes[..8].copy_from_slice(&constant.to_bits().to_le_bytes()),
            (Some(constant), types::F32) => {
                bytes[..4].copy_from_slice(&(constant as f32).to_bits().to_le_bytes());
            }
            _ => return value,
        }
        let pool = self.b.func.dfg.constants.insert(ConstantData::from(&bytes[..]));
        let vector = self.b.ins().vconst(if ty == types::F64 { types::F64X2 } else { types::F32X4 }, pool);
        self.b.ins().extractlane(vector, 0)
    }

    /// An instruction's opcode and operands, where a value is its result.
    pub(crate) fn made_by(&self, value: Value) -> Option<(Opcode, Value, Option<Value>)> {
        let dfg = &self.b.func.dfg;
        let inst = dfg.value_def(dfg.resolve_aliases(value)).inst()?;
        match dfg.insts[inst] {
            InstructionData::Unary { opcode, arg } => Some((opcode, dfg.resolve_aliases(arg), None)),
            InstructionData::Binary { opcode, args: [a, b] } => {
                Some((opcode, dfg.resolve_aliases(a), Some(dfg.resolve_aliases(b))))
            }
            _ => None,
        }
    }

    /// A value shifted by a constant.
    fn shifted(&self, value: Value, by: Opcode) -> Option<(Value, i64)> {
        match self.made_by(value)? {
            (opcode, a, Some(b)) if opcode == by => Some((a, self.constant(b)?)),
            _ => None,
        }
    }

    /// `x >> n | x << (width - n)` is a rotation, of 64 bits or of the low 32 where the others are zero.
    fn rotation(&mut self, right: Value, left: Value) -> Option<Value> {
        let (x, n) = self.shifted(right, Opcode::Ushr)?;
        if let Some((y, m)) = self.shifted(left, Opcode::Ishl) {
            let rotates = x == y && n > 0 && n + m == 64;
            let by = rotates.then(|| self.int(n));
            return by.map(|by| self.b.ins().rotr(x, by));
        }
        let (Opcode::Uextend, low, None) = self.made_by(left)? else { return None };
        let (Opcode::Ireduce, wide, None) = self.made_by(low)? else { return None };
        let (y, m) = self.shifted(wide, Opcode::Ishl)?;
        let range = self.facts.range(&self.b.func.dfg, x);
        let is_u32 = range.lo >= 0 && range.hi <= i64::from(u32::MAX);
        if x != y || n <= 0 || n + m != 32 || !is_u32 || self.b.func.dfg.value_type(low) != types::I32 {
            return None;
        }
        let low = self.b.ins().ireduce(types::I32, x);
        let by = self.int(n);
        let rotated = self.b.ins().rotr(low, by);
        Some(self.b.ins().uextend(types::I64, rotated))
    }

    pub(crate) fn or64(&mut self, dst: Reg, a: Reg, b: Reg) {
        let (a, b) = (self.get(a), self.get(b));
        let rotated = self.rotation(a, b).or_else(|| self.rotation(b, a));
        let value = rotated.unwrap_or_else(|| self.b.ins().bor(a, b));
        self.set(dst, value);
    }

    fn low32(&mut self, reg: Reg) -> Value {
        let value = self.get(reg);
        self.b.ins().ireduce(types::I32, value)
    }

    pub(crate) fn not_bool(&mut self, dst: Reg, a: Reg) {
        let a = self.get(a);
        let one = self.int(1);
        let value = self.b.ins().bxor(a, one);
        self.set(dst, value);
    }

    /// Whether a value is known to be at least 0 and below another.
    fn is_below(&self, value: Value, limit: i64) -> bool {
        let range = self.facts.range(&self.b.func.dfg, value);
        range.lo >= 0 && range.hi < limit
    }

    /// A shift whose amount may be 64 or more, which gives 0.
    fn shift(&mut self, dst: Reg, a: Reg, b: Reg, width: i64, left: bool) {
        let (a, b) = (self.get(a), self.get(b));
        let shifted = if left { self.b.ins().ishl(a, b) } else { self.b.ins().ushr(a, b) };
        let value = match self.is_below(b, width) {
            true => shifted,
            false => {
                let below = self.b.ins().icmp_imm_s(IntCC::UnsignedLessThan, b, width);
                let zero = self.int(0);
                self.b.ins().select(below, shifted, zero)
            }
        };
        self.set(dst, value);
    }

    pub(crate) fn shl64(&mut self, dst: Reg, a: Reg, b: Reg) {
        self.shift(dst, a, b, 64, true);
    }

    pub(crate) fn shr_u64(&mut self, dst: Reg, a: Reg, b: Reg) {
        self.shift(dst, a, b, 64, false);
    }

    pub(crate) fn shl_u32(&mut self, dst: Reg, a: Reg, b: Reg) {
        // Registers are canonical: the opcode says that this one holds an unsigned integer of 32 bits.
        let value = self.get(a);
        self.facts.set_range(&self.b.func.dfg, value, Range { lo: 0, hi: i64::from(u32::MAX) });
        self.shift(dst, a, b, 32, true);
        self.ext32u(dst, dst);
    }

    pub(crate) fn shr_s64(&mut self, dst: Reg, a: Reg, b: Reg) {
        let (a, b) = (self.get(a), self.get(b));
        let amount = if self.is_below(b, 64) {
            b
        } else {
            let most = self.int(63);
            self.b.ins().umin(b, most)
        };
        let value = self.b.ins().sshr(a, amount);
        self.set(dst, value);
    }

    /// The divisor, which is not 0 behind this.
    fn divisor(&mut self, b: Reg) -> Value {
        let b = self.get(b);
        if self.constant(b).is_none_or(|b| b == 0) {
            let zero = self.b.ins().icmp_imm_s(IntCC::Equal, b, 0);
            self.trap_if(zero, RuntimePanic::DivideByZero {}, None, None);
        }
        b
    }

    pub(crate) fn div_s64(&mut self, dst: Reg, a: Reg, b: Reg) {
        let b = self.divisor(b);
        let a = self.get(a);
        let value = if self.constant(b).is_some_and(|b| b != -1 && b != 0) {
            self.b.ins().sdiv(a, b)
        } else {
            // The least integer by -1 wraps; the machine's division would fault.
            let (minus, one) = (self.b.ins().icmp_imm_s(IntCC::Equal, b, -1), self.int(1));
            let safe = self.b.ins().select(minus, one, b);
            let (quotient, negated) = (self.b.ins().sdiv(a, safe), self.b.ins().ineg(a));
            self.b.ins().select(minus, negated, quotient)
        };
        self.set(dst, value);
    }

    pub(crate) fn div_u64(&mut self, dst: Reg, a: Reg, b: Reg) {
        let b = self.divisor(b);
        let a = self.get(a);
        let value = self.b.ins().udiv(a, b);
        self.set(dst, value);
    }

    pub(crate) fn rem_s64(&mut self, dst: Reg, a: Reg, b: Reg) {
        let b = self.divisor(b);
        let a = self.get(a);
        let value = self.b.ins().srem(a, b);
        self.set(dst, value);
    }

    pub(crate) fn rem_u64(&mut self, dst: Reg, a: Reg, b: Reg) {
        let b = self.divisor(b);
        let a = self.get(a);
        let value = self.b.ins().urem(a, b);
        self.set(dst, value);
    }

    pub(crate) fn check_shift(&mut self, count: Reg) {
        let count = self.get(count);
        if self.facts.range(&self.b.func.dfg, count).lo >= 0 {
            return;
        }
        let negative = self.b.ins().icmp_imm_s(IntCC::SignedLessThan, count, 0);
        self.trap_if(negative, RuntimePanic::NegativeShift {}, None, None);
        self.facts.set_range(&self.b.func.dfg, count, Range { lo: 0, hi: i64::MAX });
    }

    pub(crate) fn fma_f64(&mut self, dst: Reg, a: Reg, b: Reg, c: Reg) {
        let (a, b, c) = (self.get(a), self.get(b), self.get(c));
        let value = self.b.ins().fma(a, b, c);
        self.set(dst, value);
    }

    /// Truncation to int64; what does not fit gives the least integer. (Below the range the saturating
    /// conversion does so by itself.)
    fn signed(&mut self, a: Value) -> Value {
        let limit = self.b.ins().f64const(TWO_63);
        let fits = self.b.ins().fcmp(FloatCC::LessThan, a, limit);
        let (value, least) = (self.b.ins().fcvt_to_sint_sat(types::I64, a), self.int(i64::MIN));
        self.b.ins().select(fits, value, least)
    }

    pub(crate) fn s64_from_f64(&mut self, dst: Reg, a: Reg) {
        let a = self.get(a);
        let value = self.signed(a);
        self.set(dst, value);
    }

    pub(crate) fn u64_from_f64(&mut self, dst: Reg, a: Reg) {
        let a = self.get(a);
        let limit = self.b.ins().f64const(TWO_63);
        let small = self.b.ins().fcmp(FloatCC::LessThan, a, limit);
        let less = self.b.ins().fsub(a, limit);
        let (low, high) = (self.signed(a), self.signed(less));
        let top = self.int(i64::MIN);
        let high = self.b.ins().bxor(high, top);
        let value = self.b.ins().select(small, low, high);
        self.set(dst, value);
    }

    pub(crate) fn bits_from_f64(&mut self, dst: Reg, a: Reg) {
        let word = self.word(a);
        self.set_word(dst, word);
    }

    pub(crate) fn bits_from_f32(&mut self, dst: Reg, a: Reg) {
        let word = self.word(a);
        self.set_word(dst, word);
    }

    pub(crate) fn f64_from_bits(&mut self, dst: Reg, a: Reg) {
        let word = self.word(a);
        let value = self.b.ins().bitcast(types::F64, MemFlagsData::new(), word);
        self.set(dst, value);
    }

    pub(crate) fn f32_from_bits(&mut self, dst: Reg, a: Reg) {
        let word = self.word(a);
        self.set_word(dst, word);
    }
}
