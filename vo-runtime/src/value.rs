//! Values as words, and the only way in which the runtime touches memory that Vo code shares.
//!
//! A register is a 64-bit [`Word`]; an address travels as a word too. A string is (address,
//! length), a slice (address, length, capacity), an interface (type word, data word).
//!
//! Vo programs may race, and then get Go's guarantees: words do not tear. So Vo memory is never
//! seen through a Rust reference: it is read and written here, by value, through raw pointers,
//! pointer-holding words as relaxed atomics.

use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering::Relaxed};

/// A 64-bit register or memory word.
pub type Word = u64;

/// A string in registers and in memory.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Str {
    pub ptr: Word,
    pub len: Word,
}

/// A slice in registers and in memory.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    pub ptr: Word,
    pub len: Word,
    pub cap: Word,
}

/// An interface value in registers and in memory; `ty` is 0 for nil.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Iface {
    pub ty: Word,
    pub data: Word,
}

/// Lengths are kept below this, so that offsets never overflow: the size of the user half of the
/// address space, as in Go.
pub const MAX_ALLOC: u64 = 1 << 48;

/// The word at an address.
///
/// # Safety
/// `addr` is aligned to eight bytes and readable.
#[inline(always)]
pub unsafe fn load_word(addr: Word) -> Word {
    // SAFETY: aligned and readable by the contract; atomics of u64 have its layout.
    unsafe { AtomicU64::from_ptr(addr as *mut u64) }.load(Relaxed)
}

/// Stores a word.
///
/// # Safety
/// `addr` is aligned to eight bytes and writable.
#[inline(always)]
pub unsafe fn store_word(addr: Word, value: Word) {
    // SAFETY: aligned and writable by the contract.
    unsafe { AtomicU64::from_ptr(addr as *mut u64) }.store(value, Relaxed)
}

/// The unsigned integer of `size` bytes (1, 2, 4 or 8) at an address.
///
/// # Safety
/// `addr` is aligned to `size` and readable.
#[inline(always)]
pub unsafe fn load_uint(addr: Word, size: u64) -> Word {
    // SAFETY: aligned and readable by the contract.
    unsafe {
        match size {
            1 => AtomicU8::from_ptr(addr as *mut u8).load(Relaxed) as u64,
            2 => AtomicU16::from_ptr(addr as *mut u16).load(Relaxed) as u64,
            4 => AtomicU32::from_ptr(addr as *mut u32).load(Relaxed) as u64,
            _ => load_word(addr),
        }
    }
}

/// Stores the low `size` bytes (1, 2, 4 or 8) of a word.
///
/// # Safety
/// `addr` is aligned to `size` and writable.
#[inline(always)]
pub unsafe fn store_uint(addr: Word, size: u64, value: Word) {
    // SAFETY: aligned and writable by the contract.
    unsafe {
        match size {
            1 => AtomicU8::from_ptr(addr as *mut u8).store(value as u8, Relaxed),
            2 => AtomicU16::from_ptr(addr as *mut u16).store(value as u16, Relaxed),
            4 => AtomicU32::from_ptr(addr as *mut u32).store(value as u32, Relaxed),
            _ => store_word(addr, value),
        }
    }
}

/// The string at an address.
///
/// # Safety
/// `addr` is aligned to eight bytes and holds a string.
#[inline(always)]
pub unsafe fn load_str(addr: Word) -> Str {
    // SAFETY: two readable words by the contract.
    unsafe { Str { ptr: load_word(addr), len: load_word(addr + 8) } }
}

/// The slice at an address.
///
/// # Safety
/// `addr` is aligned to eight bytes and holds a slice.
#[inline(always)]
pub unsafe fn load_slice(addr: Word) -> Slice {
    // SAFETY: three readable words by the contract.
    unsafe { Slice { ptr: load_word(addr), len: load_word(addr + 8), cap: load_word(addr + 16) } }
}

/// The interface value at an address.
///
/// # Safety
/// `addr` is aligned to eight bytes and holds an interface value.
#[inline(always)]
pub unsafe fn load_iface(addr: Word) -> Iface {
    // SAFETY: two readable words by the contract.
    unsafe { Iface { ty: load_word(addr), data: load_word(addr + 8) } }
}

/// Copies `n` bytes without pointers; the ranges may overlap.
///
/// # Safety
/// Both ranges are accessible.
#[inline(always)]
pub unsafe fn copy_bytes(dst: Word, src: Word, n: u64) {
    // SAFETY: accessible by the contract; `copy` allows overlap.
    unsafe { std::ptr::copy(src as *const u8, dst as *mut u8, n as usize) }
}

/// Copies `n` bytes without pointers to where nobody reads yet. Few bytes are copied by their two ends, which overlap.
///
/// # Safety
/// Both ranges are accessible and do not overlap.
#[inline(always)]
pub unsafe fn copy_new_bytes(dst: Word, src: Word, n: u64) {
    macro_rules! ends {
        ($ty:ty) => {{
            let last = n - size_of::<$ty>() as u64;
            // SAFETY: accessible by the contract, and so long.
            unsafe {
                (dst as *mut $ty).write_unaligned((src as *const $ty).read_unaligned());
                ((dst + last) as *mut $ty).write_unaligned(((src + last) as *const $ty).read_unaligned());
            }
        }};
    }
    match n {
        0 => {}
        1 => ends!(u8),
        2..=3 => ends!(u16),
        4..=7 => ends!(u32),
        8..=16 => ends!(u64),
        17..=32 => ends!(u128),
        // SAFETY: by the contract.
        _ => unsafe { std::ptr::copy_nonoverlapping(src as *const u8, dst as *mut u8, n as usize) },
    }
}

/// Copies `n` words that may hold pointers, none of them torn; the ranges may overlap.
///
/// # Safety
/// Both ranges are aligned to eight bytes and accessible.
#[inline]
pub unsafe fn copy_words(dst: Word, src: Word, n: u64) {
    // SAFETY: accessible by the contract. The direction makes overlap harmless.
    unsafe {
        if dst <= src {
            for i in 0..n {
                store_word(dst + 8 * i, load_word(src + 8 * i));
            }
        } else {
            for i in (0..n).rev() {
                store_word(dst + 8 * i, load_word(src + 8 * i));
            }
        }
    }
}

/// Zeroes `n` bytes.
///
/// # Safety
/// The range is writable.
#[inline(always)]
pub unsafe fn zero_bytes(dst: Word, n: u64) {
    // SAFETY: writable by the contract.
    unsafe { std::ptr::write_bytes(dst as *mut u8, 0, n as usize) }
}

/// The bytes of a string, for a short look.
///
/// # Safety
/// The string is alive and nobody writes its bytes while the slice is used (strings are immutable).
#[inline(always)]
pub unsafe fn bytes_of<'a>(s: Str) -> &'a [u8] {
    if s.len == 0 {
        return &[];
    }
    // SAFETY: a string's bytes are readable and immutable.
    unsafe { std::slice::from_raw_parts(s.ptr as *const u8, s.len as usize) }
}
