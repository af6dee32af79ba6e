//! Equality and hashing of values: `==` and map keys.
//!
//! Equal values hash alike: +0.0 and -0.0; padding and blank fields are left out. NaN is unequal to
//! itself and gets another hash each time, so that many NaN keys do not crowd one place.
//! Interfaces whose dynamic type has no `==` answer a panic that names that type.

use super::{Equality, KeyForm, RtType, Ty};
use crate::panic::{Result, RuntimePanic, Trap};
use crate::value::{Str, Word, bytes_of, load_iface, load_str, load_uint, load_word};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use vo_bytecode::Module;
use vo_bytecode::typedesc::{Mem, TypeDesc, TypeKind};

/// Whether every value of a type equals itself.
pub(super) fn is_reflexive(module: &Module, desc: &TypeDesc) -> bool {
    use TypeKind::*;
    match &desc.kind {
        Float32 | Float64 | Complex64 | Complex128 | Interface { .. } => false,
        Array { elem, .. } => is_reflexive(module, module.type_desc(*elem)),
        Struct { fields } => fields.iter().all(|f| is_reflexive(module, module.type_desc(f.ty))),
        _ => true,
    }
}

// ---- equality ----

/// Whether two values of a type, at two addresses, are equal.
///
/// # Safety
/// Both addresses hold values of type `ty`.
pub unsafe fn eq_mem(ty: &RtType, a: Word, b: Word) -> Result<bool> {
    // SAFETY: handed on; parts of a value lie inside of it.
    unsafe {
        Ok(match ty.equality {
            Equality::Bytes => eq_bytes(a, b, ty.size),
            Equality::Str => eq_str(load_str(a), load_str(b)),
            Equality::Iface => {
                let (a, b) = (load_iface(a), load_iface(b));
                return eq_iface(a.ty, a.data, b.ty, b.data);
            }
            Equality::F32 => load_f32(a) == load_f32(b),
            Equality::F64 => load_f64(a) == load_f64(b),
            Equality::C64 => load_f32(a) == load_f32(b) && load_f32(a + 4) == load_f32(b + 4),
            Equality::C128 => load_f64(a) == load_f64(b) && load_f64(a + 8) == load_f64(b + 8),
            Equality::Array => return eq_array(ty, a, b),
            Equality::Struct => return eq_struct(ty, a, b),
            Equality::Never => return Err(uncomparable(ty)),
        })
    }
}

/// # Safety
/// As for [`eq_mem`]; `ty` is an array type.
unsafe fn eq_array(ty: &RtType, a: Word, b: Word) -> Result<bool> {
    let elem = ty.elem_type();
    for i in 0..ty.len {
        // SAFETY: elements lie inside the arrays.
        if !unsafe { eq_mem(&elem, a + i * elem.size, b + i * elem.size)? } {
            return Ok(false);
        }
    }
    Ok(true)
}

/// # Safety
/// As for [`eq_mem`]; `ty` is a struct type.
unsafe fn eq_struct(ty: &RtType, a: Word, b: Word) -> Result<bool> {
    for field in ty.fields.iter().filter(|f| f.name != "_") {
        // SAFETY: fields lie inside the structs.
        if !unsafe { eq_mem(&field.ty, a + field.offset, b + field.offset)? } {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether two interface values are equal; panics where they have one dynamic type without `==`.
///
/// # Safety
/// `at`, `bt` are type words or 0, the data words belong to them.
#[inline]
pub unsafe fn eq_iface(at: Word, ad: Word, bt: Word, bd: Word) -> Result<bool> {
    if at != bt {
        return Ok(false);
    }
    // SAFETY: type words by the contract.
    let Some(ty) = (unsafe { Ty::from_word(at) }) else { return Ok(true) };
    if !ty.comparable {
        return Err(uncomparable(&ty));
    }
    if !ty.inline {
        // SAFETY: the data words are addresses of values of the type.
        return unsafe { eq_mem(&ty, ad, bd) };
    }
    Ok(match inline_float(&ty) {
        Some(Mem::F32) => f32::from_bits(ad as u32) == f32::from_bits(bd as u32),
        Some(_) => f64::from_bits(ad) == f64::from_bits(bd),
        None => ad == bd,
    })
}

/// The float that an inline type's data word is, if any.
fn inline_float(ty: &RtType) -> Option<Mem> {
    match ty.leaves.as_deref() {
        Some([leaf]) if matches!(leaf.mem, Mem::F32 | Mem::F64) => Some(leaf.mem),
        _ => None,
    }
}

#[cold]
fn uncomparable(ty: &RtType) -> Trap {
    RuntimePanic::Uncomparable { ty: handle(ty) }.into()
}

#[cold]
fn unhashable(ty: &RtType) -> Trap {
    RuntimePanic::Unhashable { ty: handle(ty) }.into()
}

fn handle(ty: &RtType) -> Ty {
    // SAFETY: every descriptor is made by `load` and immortal.
    unsafe { Ty::from_word(ty as *const RtType as Word).expect("internal error: nil type") }
}

/// # Safety
/// The address holds a float32.
unsafe fn load_f32(addr: Word) -> f32 {
    // SAFETY: by the contract.
    f32::from_bits(unsafe { load_uint(addr, 4) } as u32)
}

/// # Safety
/// The address holds a float64.
unsafe fn load_f64(addr: Word) -> f64 {
    // SAFETY: by the contract.
    f64::from_bits(unsafe { load_word(addr) })
}

/// # Safety
/// Both strings are alive.
#[inline]
pub(crate) unsafe fn eq_str(a: Str, b: Str) -> bool {
    // SAFETY: strings are readable and immutable.
    a.len == b.len && (a.ptr == b.ptr || unsafe { same_bytes(a.ptr, b.ptr, a.len) })
}

/// Whether two ranges of so many bytes are equal. Short ones are compared by their two ends, which overlap.
///
/// # Safety
/// Both ranges are readable.
#[inline]
pub(crate) unsafe fn same_bytes(a: Word, b: Word, n: u64) -> bool {
    macro_rules! ends {
        ($ty:ty) => {{
            let last = n - size_of::<$ty>() as u64;
            // SAFETY: readable by the contract, and so long.
            let read = |at: Word| unsafe { (at as *const $ty).read_unaligned() };
            read(a) == read(b) && read(a + last) == read(b + last)
        }};
    }
    match n {
        0 => true,
        1 => ends!(u8),
        2..=3 => ends!(u16),
        4..=7 => ends!(u32),
        8..=16 => ends!(u64),
        // SAFETY: readable by the contract.
        _ => unsafe { bytes_of(Str { ptr: a, len: n }) == bytes_of(Str { ptr: b, len: n }) },
    }
}

/// # Safety
/// Both ranges are readable.
unsafe fn eq_bytes(a: Word, b: Word, n: u64) -> bool {
    // SAFETY: readable by the contract; racing writers get either answer.
    unsafe {
        let a = bytes_of(Str { ptr: a, len: n });
        a == bytes_of(Str { ptr: b, len: n })
    }
}

// ---- hashing ----

const K0: u64 = 0x9E37_79B9_7F4A_7C15;
const K1: u64 = 0xD6E8_FEB8_6659_FD93;
const K2: u64 = 0xA076_1D64_78BD_642F;

/// Both halves of the 128-bit product, folded.
#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    product as u64 ^ (product >> 64) as u64
}

/// The hash of an integer key.
#[inline(always)]
pub fn hash_word(word: Word, seed: u64) -> u64 {
    fold(word ^ seed, K0)
}

/// The hash of a string key.
///
/// # Safety
/// The string is alive.
#[inline(always)]
pub unsafe fn hash_str(s: Str, seed: u64) -> u64 {
    // SAFETY: strings are readable and immutable.
    hash_bytes(unsafe { bytes_of(s) }, seed)
}

#[inline(always)]
fn hash_bytes(bytes: &[u8], seed: u64) -> u64 {
    let n = bytes.len();
    let seed = seed ^ K1;
    let read8 = |i: usize| u64::from_le_bytes(bytes[i..i + 8].try_into().expect("eight bytes"));
    let read4 = |i: usize| u32::from_le_bytes(bytes[i..i + 4].try_into().expect("four bytes")) as u64;
    let (a, b) = match n {
        0 => (0, 0),
        1..=3 => ((bytes[0] as u64) << 16 | (bytes[n / 2] as u64) << 8 | bytes[n - 1] as u64, 0),
        4..=8 => (read4(0), read4(n - 4)),
        9..=16 => (read8(0), read8(n - 8)),
        _ => {
            let mut state = seed;
            let mut i = 0;
            while i + 16 < n {
                state = fold(read8(i) ^ K1, read8(i + 8) ^ state);
                i += 16;
            }
            return fold(K2 ^ n as u64, fold(read8(n - 16) ^ K1, read8(n - 8) ^ state));
        }
    };
    fold(K2 ^ n as u64, fold(a ^ K1, b ^ seed))
}

/// The hash of a value in memory; a panic where an interface in it holds what has no `==`.
///
/// # Safety
/// `addr` holds a value of type `ty`.
pub unsafe fn hash_mem(ty: &RtType, addr: Word, seed: u64) -> Result<u64> {
    // SAFETY: handed on; parts of a value lie inside of it.
    unsafe {
        Ok(match ty.equality {
            Equality::Bytes => hash_bytes(bytes_of(Str { ptr: addr, len: ty.size }), seed),
            Equality::Str => hash_str(load_str(addr), seed),
            Equality::Iface => {
                let value = load_iface(addr);
                return hash_iface(value.ty, value.data, seed);
            }
            Equality::F32 => hash_float(load_f32(addr) as f64, seed),
            Equality::F64 => hash_float(load_f64(addr), seed),
            Equality::C64 => hash_float(load_f32(addr + 4) as f64, hash_float(load_f32(addr) as f64, seed)),
            Equality::C128 => hash_float(load_f64(addr + 8), hash_float(load_f64(addr), seed)),
            Equality::Array | Equality::Struct => return hash_parts(ty, addr, seed),
            Equality::Never => return Err(unhashable(ty)),
        })
    }
}

/// # Safety
/// As for [`hash_mem`]; `ty` is an array or struct type.
unsafe fn hash_parts(ty: &RtType, addr: Word, seed: u64) -> Result<u64> {
    let mut hash = seed;
    // SAFETY: parts of a value lie inside of it.
    unsafe {
        if ty.equality == Equality::Array {
            let elem = ty.elem_type();
            for i in 0..ty.len {
                hash = hash_mem(&elem, addr + i * elem.size, hash)?;
            }
        } else {
            for field in ty.fields.iter().filter(|f| f.name != "_") {
                hash = hash_mem(&field.ty, addr + field.offset, hash)?;
            }
        }
    }
    Ok(hash)
}

fn hash_float(value: f64, seed: u64) -> u64 {
    static NAN: AtomicU64 = AtomicU64::new(0);
    if value == 0.0 {
        return hash_word(0, seed);
    }
    if value.is_nan() {
        return hash_word(NAN.fetch_add(K0, Relaxed), seed);
    }
    hash_word(value.to_bits(), seed)
}

/// The hash of an interface value.
///
/// # Safety
/// `ty` is a type word or 0, `data` belongs to it.
pub unsafe fn hash_iface(ty: Word, data: Word, seed: u64) -> Result<u64> {
    // SAFETY: a type word by the contract.
    let Some(ty) = (unsafe { Ty::from_word(ty) }) else { return Ok(hash_word(0, seed)) };
    if !ty.comparable {
        return Err(unhashable(&ty));
    }
    let seed = seed.wrapping_add(ty.id as u64);
    if !ty.inline {
        // SAFETY: the data word is the address of a value of the type.
        return unsafe { hash_mem(&ty, data, seed) };
    }
    Ok(match inline_float(&ty) {
        Some(Mem::F32) => hash_float(f32::from_bits(data as u32) as f64, seed),
        Some(_) => hash_float(f64::from_bits(data), seed),
        None => hash_word(data, seed),
    })
}

impl KeyForm {
    /// The bits of an integer key of so many bytes that count.
    #[inline(always)]
    pub fn mask(size: u8) -> u64 {
        u64::MAX >> (64 - 8 * size as u32)
    }
}
