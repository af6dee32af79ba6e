//! Slices: (address, length, capacity) over elements in a row.
//!
//! Growth follows Go 1.27 to the byte, since programs print `cap`: double up to 256 elements, then a
//! quarter and 192 more, rounded up to what the allocator would give.

use super::mem::{copy_layout, zero_layout};
use crate::heap::AllocCache;
use crate::heap::sizeclass::round_up;
use crate::panic::{Result, RuntimePanic};
use crate::rtype::{RtType, Ty};
use crate::value::{MAX_ALLOC, Slice, Word};

/// `make([]T, len, cap)`.
pub fn make(cache: &mut AllocCache, elem: Ty, len: i64, cap: i64) -> Result<Slice> {
    let fits = |n: i64| u64::try_from(n).is_ok_and(|n| in_range(elem.size, n));
    if !fits(len) {
        return Err(RuntimePanic::MakeSliceLen {}.into());
    }
    if !fits(cap) || len > cap {
        return Err(RuntimePanic::MakeSliceCap {}.into());
    }
    let ptr = cache.alloc_array(elem, cap as u64)?;
    Ok(Slice { ptr, len: len as u64, cap: cap as u64 })
}

fn in_range(size: u64, n: u64) -> bool {
    n <= i64::MAX as u64 && size.checked_mul(n).is_some_and(|bytes| bytes <= MAX_ALLOC)
}

/// Bit of `three` in [`slice_expr`]: the third index was written.
pub const THREE: u16 = 1;
/// Bit of `three` in [`slice_expr`]: an array is sliced, whose errors speak of a length.
pub const ARRAY: u16 = 2;

/// `s[lo:hi:max]` of elements of so many bytes; where `max` was not written it is the capacity.
#[inline]
pub fn slice_expr(s: Slice, lo: Word, hi: Word, max: Word, elem_size: u64, three: u16) -> Result<Slice> {
    let limit = if three & THREE != 0 { max } else { s.cap };
    if limit > s.cap || hi > limit || lo > hi {
        return Err(slice_panic(s, lo, hi, max, three).into());
    }
    let cap = limit - lo;
    // Without capacity the address stays inside the object.
    let ptr = if cap == 0 { s.ptr } else { s.ptr + lo * elem_size };
    Ok(Slice { ptr, len: hi - lo, cap })
}

#[cold]
fn slice_panic(s: Slice, lo: Word, hi: Word, max: Word, three: u16) -> RuntimePanic {
    let (lo, hi, max, cap) = (lo as i64, hi as i64, max as i64, s.cap as i64);
    let array = three & ARRAY != 0;
    if three & THREE != 0 {
        return match () {
            _ if max as u64 > s.cap && array => RuntimePanic::Slice3Alen { max, len: cap },
            _ if max as u64 > s.cap => RuntimePanic::Slice3Acap { max, cap },
            _ if hi as u64 > max as u64 => RuntimePanic::Slice3B { hi, max },
            _ => RuntimePanic::Slice3C { lo, hi },
        };
    }
    match () {
        _ if hi as u64 > s.cap && array => RuntimePanic::SliceAlen { hi, len: cap },
        _ if hi as u64 > s.cap => RuntimePanic::SliceAcap { hi, cap },
        _ => RuntimePanic::SliceB { lo, hi },
    }
}

/// Room for `n` more elements behind the first `s.len`: the slice itself where it has it, else a
/// copy with more. The length stays.
///
/// # Safety
/// `s` is a slice of elements of the type.
#[inline]
pub unsafe fn grow(cache: &mut AllocCache, elem: Ty, s: Slice, n: u64) -> Result<Slice> {
    if n <= s.cap - s.len {
        return Ok(s);
    }
    // SAFETY: handed on.
    unsafe { reallocate(cache, elem, s, n) }
}

/// As [`grow`], of bytes that nobody else changes, nor looks at behind the first `s.len`: their array may stay where it is.
///
/// # Safety
/// `s` is a slice of bytes.
pub unsafe fn grow_own(cache: &mut AllocCache, s: Slice, n: u64) -> Result<Slice> {
    if n <= s.cap - s.len {
        return Ok(s);
    }
    let cap = cap_for(s, n, 1, true)?;
    // SAFETY: the slice's array is alive; a new one has room for the old bytes.
    let ptr = unsafe {
        if cache.heap().extend(s.ptr, s.cap, cap) {
            s.ptr
        } else {
            let ptr = cache.alloc_bytes(cap)?;
            std::ptr::copy_nonoverlapping(s.ptr as *const u8, ptr as *mut u8, s.len as usize);
            cache.heap().outgrow(s.ptr, s.cap);
            ptr
        }
    };
    Ok(Slice { ptr, len: s.len, cap })
}

/// # Safety
/// As for [`grow`].
#[cold]
#[inline(never)]
unsafe fn reallocate(cache: &mut AllocCache, elem: Ty, s: Slice, n: u64) -> Result<Slice> {
    let cap = cap_for(s, n, elem.size, elem.is_noscan())?;
    let ptr = cache.alloc_array(elem, cap)?;
    // SAFETY: the new array has room for the old elements; the old ones lie in a live object, or outside of the heap.
    unsafe {
        copy_layout(elem.layout, ptr, s.ptr, s.len * elem.size);
        cache.heap().outgrow(s.ptr, s.cap * elem.size);
    }
    Ok(Slice { ptr, len: s.len, cap })
}

/// The capacity of a slice that `n` elements come to.
fn cap_for(s: Slice, n: u64, size: u64, noscan: bool) -> Result<u64> {
    let len = s.len.checked_add(n).filter(|&len| len <= i64::MAX as u64);
    let cap = len.and_then(|len| grown_cap(len, s.cap, size, noscan));
    cap.ok_or_else(|| RuntimePanic::GrowSlice {}.into())
}

/// The capacity of a slice that grows from `old_cap` to hold `len` elements; `None` beyond the address space.
pub fn grown_cap(len: u64, old_cap: u64, size: u64, noscan: bool) -> Option<u64> {
    if size == 0 {
        return Some(len);
    }
    let wanted = amortised_cap(len, old_cap);
    let bytes = round_up(wanted.checked_mul(size)?, noscan);
    let cap = bytes / size;
    (cap * size <= MAX_ALLOC).then_some(cap)
}

/// The growth formula before rounding.
fn amortised_cap(len: u64, old_cap: u64) -> u64 {
    const THRESHOLD: u64 = 256;
    let double = old_cap.saturating_mul(2);
    if len > double {
        return len;
    }
    if old_cap < THRESHOLD {
        return double;
    }
    let mut cap = old_cap;
    while cap < len {
        cap += (cap + 3 * THRESHOLD) >> 2;
    }
    cap
}

/// `append(a, b...)`.
///
/// # Safety
/// `a` is a slice, and `bl` elements at `bp` are readable, of the type.
pub unsafe fn append(cache: &mut AllocCache, elem: Ty, a: Slice, bp: Word, bl: u64) -> Result<Slice> {
    if bl == 0 {
        return Ok(a);
    }
    // SAFETY: there is room for `bl` more elements after `grow`.
    unsafe {
        let grown = grow(cache, elem, a, bl)?;
        copy_layout(elem.layout, grown.ptr + a.len * elem.size, bp, bl * elem.size);
        Ok(Slice { len: a.len + bl, ..grown })
    }
}

/// `copy(a, b)`: the number of elements copied; the slices may overlap.
///
/// # Safety
/// `al` elements at `ap` and `bl` at `bp` are accessible, of the type.
pub unsafe fn copy(elem: &RtType, ap: Word, al: u64, bp: Word, bl: u64) -> u64 {
    let n = al.min(bl);
    // SAFETY: accessible by the contract.
    unsafe { copy_layout(elem.layout, ap, bp, n * elem.size) };
    n
}

/// `clear(s)`.
///
/// # Safety
/// `len` elements at `ptr` are writable, of the type.
pub unsafe fn clear(elem: &RtType, ptr: Word, len: u64) {
    // SAFETY: handed on.
    unsafe { zero_layout(elem.layout, ptr, len * elem.size) }
}

/// `(*[n]T)(s)`: the address of the elements.
#[inline]
pub fn to_array(ptr: Word, len: u64, n: u64) -> Result<Word> {
    if len < n {
        return Err(RuntimePanic::SliceToArray { want: n as i64, len: len as i64 }.into());
    }
    Ok(ptr)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Types, heap, plain_heap, ty};
    use crate::value::{load_word, store_word};

    /// Capacities that Go 1.27 prints for `append` of one element at a time.
    #[test]
    fn capacities_are_gos() {
        let sequence = |size: u64, noscan: bool| {
            let (mut cap, mut out) = (0, vec![]);
            while cap < 5000 {
                cap = grown_cap(cap + 1, cap, size, noscan).unwrap();
                out.push(cap);
            }
            out
        };
        assert_eq!(
            sequence(8, true),
            [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 848, 1280, 1792, 2560, 3408, 5120]
        );
        assert_eq!(sequence(1, true), [8, 16, 32, 64, 128, 256, 512, 896, 1408, 2048, 3072, 4096, 5376]);
        assert_eq!(sequence(16, false)[..13], [1, 2, 4, 8, 16, 32, 71, 143, 303, 591, 1023, 1535, 2560]);
        assert_eq!(sequence(8, false)[..13], [1, 2, 4, 8, 16, 32, 64, 143, 287, 607, 1023, 1535, 2303]);
        assert_eq!(sequence(24, false)[..13], [1, 2, 4, 8, 16, 37, 74, 170, 341, 682, 1135, 1706, 2389]);
        assert_eq!(sequence(40, false)[..13], [1, 2, 4, 8, 17, 35, 76, 153, 307, 614, 1024, 1638, 2252]);
        assert_eq!(sequence(24, true)[..12], [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 853, 1365]);
        assert_eq!(grown_cap(5, 0, 8, true), Some(6));
        assert_eq!(grown_cap(5, 0, 24, false), Some(5));
        assert_eq!(grown_cap(7, 0, 1, true), Some(8));
        assert_eq!(grown_cap(1 << 62, 0, 8, true), None);
        assert_eq!(grown_cap(9, 4, 0, true), Some(9));
    }

    #[test]
    fn appending_copies_when_full() {
        let mut types = Types::default();
        let int = types.int();
        let types = types.load();
        let (_heap, mut cache) = plain_heap(&types);
        let int = ty(&types, int);
        let mut s = Slice::default();
        // SAFETY: slices of ints.
        unsafe {
            for i in 0..1000u64 {
                let value = i * 3;
                s = append(&mut cache, int, s, &raw const value as u64, 1).unwrap();
            }
            assert!((0..1000).all(|i| load_word(s.ptr + 8 * i) == i * 3));
            let twice = append(&mut cache, int, s, s.ptr, s.len).unwrap();
            assert_eq!((twice.len, load_word(twice.ptr + 8 * 1999)), (2000, 999 * 3));
            assert_eq!(copy(&int, s.ptr + 8, 999, s.ptr, 1000), 999);
            assert_eq!(load_word(s.ptr + 8 * 999), 998 * 3);
            clear(&int, s.ptr, 10);
            assert_eq!((load_word(s.ptr + 72), load_word(s.ptr + 80)), (0, 27));
        }
    }

    /// A builder's array stays where it is, or moves (the pages behind it may be other tests'); what is added is zero, and it dies as
    /// a whole.
    #[test]
    fn own_bytes_grow() {
        let types = Types::default().load();
        let (heap, mut cache) = plain_heap(&types);
        let ptr = cache.alloc_bytes(1 << 20).unwrap();
        let mut s = Slice { ptr, len: 1 << 20, cap: 1 << 20 };
        // SAFETY: bytes of live arrays.
        unsafe {
            std::ptr::write_bytes(s.ptr as *mut u8, 7, s.len as usize);
            while s.len < 40 << 20 {
                s = grow_own(&mut cache, s, 5).unwrap();
                let bytes = std::slice::from_raw_parts_mut(s.ptr as *mut u8, s.cap as usize);
                assert!(bytes[s.len as usize..].iter().all(|&b| b == 0));
                bytes[s.len as usize..].fill(7);
                s.len = s.cap;
                assert_eq!(heap.object_at(s.ptr + s.len - 1), Some((s.ptr, s.cap)));
                heap.collect(&mut vec![s.ptr + s.len / 2]);
            }
            let bytes = std::slice::from_raw_parts(s.ptr as *const u8, s.len as usize);
            assert!(bytes.iter().all(|&b| b == 7));
            let part = Slice { ptr: s.ptr + 8, len: s.len - 8, cap: s.cap - 8 };
            let copy = grow_own(&mut cache, part, 1).unwrap();
            assert_ne!(copy.ptr, part.ptr, "it is not the whole array");
            heap.collect(&mut vec![]);
        }
        assert_eq!(heap.stats().heap_in_use, 0);
    }

    #[test]
    fn pointers_move_whole() {
        let mut types = Types::default();
        let string = types.string();
        let types = types.load();
        let (heap, mut cache) = heap(&types);
        let string = ty(&types, string);
        let text = cache.alloc_bytes(5).unwrap();
        // SAFETY: a slice of strings.
        unsafe {
            let mut s = make(&mut cache, string, 1, 1).unwrap();
            store_word(s.ptr, text);
            store_word(s.ptr + 8, 5);
            s = grow(&mut cache, string, s, 1).unwrap();
            heap.collect(&mut vec![s.ptr]);
            assert_eq!((load_word(s.ptr), s.cap), (text, 2));
        }
        assert!(heap.object_at(text).is_some());
    }

    #[test]
    fn bad_sizes_and_bounds_panic_as_in_go() {
        let mut types = Types::default();
        let int = types.int();
        let types = types.load();
        let (_heap, mut cache) = plain_heap(&types);
        let int = ty(&types, int);
        let mut text = |len, cap| match make(&mut cache, int, len, cap) {
            Err(crate::Trap::Panic(p)) => p.error_text(),
            other => format!("{other:?}"),
        };
        assert_eq!(text(-1, -1), "runtime error: makeslice: len out of range");
        assert_eq!(text(1 << 60, 1 << 60), "runtime error: makeslice: len out of range");
        assert_eq!(text(2, 1), "runtime error: makeslice: cap out of range");
        let s = Slice { ptr: 800, len: 3, cap: 4 };
        let text = |lo: i64, hi: i64, max: i64, three| match slice_expr(
            s, lo as u64, hi as u64, max as u64, 8, three,
        ) {
            Err(crate::Trap::Panic(p)) => p.to_string(),
            Ok(s) => format!("{} {} {}", s.ptr, s.len, s.cap),
            other => format!("{other:?}"),
        };
        assert_eq!(text(1, 4, 4, 0), "808 3 3");
        assert_eq!(text(4, 4, 4, 0), "800 0 0");
        assert_eq!(text(0, 5, 4, 0), "slice bounds out of range [:5] with capacity 4");
        assert_eq!(text(0, 5, 4, ARRAY), "slice bounds out of range [:5] with length 4");
        assert_eq!(text(3, 2, 4, 0), "slice bounds out of range [3:2]");
        assert_eq!(text(0, 1, 5, THREE), "slice bounds out of range [::5] with capacity 4");
        assert_eq!(text(0, 3, 2, THREE), "slice bounds out of range [:3:2]");
        assert_eq!(text(2, 1, 2, THREE), "slice bounds out of range [2:1:]");
        assert_eq!(text(-1, 1, 2, THREE), "slice bounds out of range [-1::]");
        let Err(crate::Trap::Panic(p)) = to_array(0, 2, 4) else { panic!() };
        assert_eq!(
            p.to_string(),
            "cannot convert slice with length 2 to array or pointer to array with length 4"
        );
    }
}
