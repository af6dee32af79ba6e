//! Copying and zeroing values in memory, by type.
//!
//! Words that may hold pointers are copied whole, so that a racing reader or the collector never
//! sees half of one; other bytes go as the machine likes.

use crate::heap::barrier::overwriting_values;
use crate::layout::Layout;
use crate::rtype::RtType;
use crate::value::{Word, copy_bytes, copy_words, load_word, store_word, zero_bytes};

/// Copies a value; the places may overlap.
///
/// # Safety
/// `src` holds a value of the type, `dst` has room for one.
#[inline]
pub unsafe fn copy(ty: &RtType, dst: Word, src: Word) {
    // SAFETY: handed on.
    unsafe { copy_layout(ty.layout, dst, src, ty.size) }
}

/// Copies `bytes` bytes of a layout; the ranges may overlap.
///
/// # Safety
/// Both ranges are accessible; with pointers, they are aligned to words and so is `bytes`.
#[inline]
pub unsafe fn copy_layout(layout: &Layout, dst: Word, src: Word, bytes: u64) {
    // SAFETY: handed on.
    unsafe {
        if layout.is_noscan() {
            copy_bytes(dst, src, bytes);
        } else {
            overwriting_values(layout, dst, bytes);
            copy_words(dst, src, bytes / 8);
        }
    }
}

/// Zeroes a value.
///
/// # Safety
/// `dst` has room for a value of the type.
#[inline]
pub unsafe fn zero(ty: &RtType, dst: Word) {
    // SAFETY: handed on.
    unsafe { zero_layout(ty.layout, dst, ty.size) }
}

/// Zeroes `bytes` bytes of a layout.
///
/// # Safety
/// The range is writable; with pointers, it is aligned to words and so is `bytes`.
#[inline]
pub unsafe fn zero_layout(layout: &Layout, dst: Word, bytes: u64) {
    // SAFETY: handed on.
    unsafe {
        if layout.is_noscan() {
            zero_bytes(dst, bytes);
        } else {
            overwriting_values(layout, dst, bytes);
            for i in 0..bytes / 8 {
                store_word(dst + 8 * i, 0);
            }
        }
    }
}

/// Exchanges two values.
///
/// # Safety
/// Both addresses hold values of the type, which are the same or do not overlap.
#[inline]
pub unsafe fn swap(ty: &RtType, a: Word, b: Word) {
    // SAFETY: both ranges are accessible; each word or byte is read before it is written.
    unsafe {
        if ty.align == 8 {
            overwriting_values(ty.layout, a, ty.size);
            overwriting_values(ty.layout, b, ty.size);
            for at in (0..ty.size).step_by(8) {
                let word = load_word(a + at);
                store_word(a + at, load_word(b + at));
                store_word(b + at, word);
            }
        } else if a != b {
            std::ptr::swap_nonoverlapping(a as *mut u8, b as *mut u8, ty.size as usize);
        }
    }
}
