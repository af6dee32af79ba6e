//! Strings: immutable bytes at (address, length), usually UTF-8.
//!
//! Bytes lie in objects without pointers, or in the module's constants. A part of a string shares its
//! bytes. Where decoding meets bytes that are no UTF-8 it yields U+FFFD, one byte wide.

use crate::heap::AllocCache;
use crate::heap::sizeclass::round_up;
use crate::panic::{Fatal, Result, RuntimePanic};
use crate::value::{Slice, Str, Word, bytes_of, copy_bytes, copy_new_bytes};
use std::cmp::Ordering;

pub(crate) use crate::rtype::eq_str;

/// What stands for what is no code point.
pub const RUNE_ERROR: u32 = 0xFFFD;

/// The concatenation of strings. A single part that is not empty is answered as it is.
///
/// # Safety
/// The parts are strings that are alive.
pub unsafe fn concat(cache: &mut AllocCache, parts: &[Str]) -> Result<Str> {
    let mut total = 0u64;
    let (mut filled, mut last) = (0, Str::default());
    for &part in parts.iter().filter(|p| p.len > 0) {
        total = total.checked_add(part.len).filter(|&n| n <= i64::MAX as u64).ok_or(Fatal::StringTooLong)?;
        (filled, last) = (filled + 1, part);
    }
    if filled <= 1 {
        return Ok(last);
    }
    let ptr = cache.alloc_bytes(total)?;
    let mut at = ptr;
    for part in parts {
        // SAFETY: the new object has room for all parts.
        unsafe { copy_new_bytes(at, part.ptr, part.len) };
        at += part.len;
    }
    Ok(Str { ptr, len: total })
}

/// The bytes of the concatenation of two strings that are not empty, where the cache has room for them at hand.
///
/// # Safety
/// The parts are strings that are alive.
#[inline(always)]
pub unsafe fn concat_at_hand(cache: &mut AllocCache, a: Str, b: Str) -> Option<Word> {
    let ptr = cache.pop_bytes(a.len.checked_add(b.len)?)?;
    // SAFETY: the new object has room for both.
    unsafe {
        copy_new_bytes(ptr, a.ptr, a.len);
        copy_new_bytes(ptr + a.len, b.ptr, b.len);
    }
    Some(ptr)
}

/// The concatenation of strings of which two or more are not empty, where the cache has room for it at hand.
///
/// # Safety
/// The parts are strings that are alive.
#[inline(always)]
pub unsafe fn join_at_hand(cache: &mut AllocCache, parts: &[Str]) -> Option<Str> {
    let (mut len, mut filled) = (0u64, 0);
    for part in parts {
        len = len.checked_add(part.len)?;
        filled += u32::from(part.len != 0);
    }
    if filled < 2 {
        return None;
    }
    let ptr = cache.pop_bytes(len)?;
    let mut at = ptr;
    for part in parts {
        // SAFETY: the new object has room for all parts.
        unsafe { copy_new_bytes(at, part.ptr, part.len) };
        at += part.len;
    }
    Some(Str { ptr, len })
}

/// A copy of bytes, one or more, where the cache has room for them at hand.
///
/// # Safety
/// `n` bytes at `ptr` are readable.
#[inline(always)]
pub unsafe fn copy_at_hand(cache: &mut AllocCache, ptr: Word, n: u64) -> Option<Word> {
    let copy = cache.pop_bytes(n)?;
    // SAFETY: the new object has room.
    unsafe { copy_new_bytes(copy, ptr, n) };
    Some(copy)
}

/// A new string with these bytes.
pub fn from_bytes(cache: &mut AllocCache, bytes: &[u8]) -> Result<Str> {
    // SAFETY: the source is a Rust slice.
    unsafe { from_byte_slice(cache, bytes.as_ptr() as Word, bytes.len() as u64) }
}

/// `string([]byte)`: a new string with a copy of the bytes.
///
/// # Safety
/// `len` bytes at `ptr` are readable.
pub unsafe fn from_byte_slice(cache: &mut AllocCache, ptr: Word, len: u64) -> Result<Str> {
    if len == 0 {
        return Ok(Str::default());
    }
    let copy = cache.alloc_bytes(len)?;
    // SAFETY: readable by the contract; the new object has room.
    unsafe { copy_new_bytes(copy, ptr, len) };
    Ok(Str { ptr: copy, len })
}

/// `string([]rune)`.
///
/// # Safety
/// `len` int32 values at `ptr` are readable.
pub unsafe fn from_runes(cache: &mut AllocCache, ptr: Word, len: u64) -> Result<Str> {
    // SAFETY: readable by the contract; runes are read one by one.
    let rune = |i: u64| unsafe { ((ptr + 4 * i) as *const i32).read_volatile() } as i64;
    let mut bytes = Vec::with_capacity(len as usize);
    for i in 0..len {
        push_rune(&mut bytes, rune(i));
    }
    from_bytes(cache, &bytes)
}

/// `string(rune)`.
pub fn from_rune(cache: &mut AllocCache, rune: i64) -> Result<Str> {
    from_bytes(cache, char_of(rune).encode_utf8(&mut [0; 4]).as_bytes())
}

/// The code point with this number, U+FFFD where there is none.
#[inline]
fn char_of(rune: i64) -> char {
    u32::try_from(rune).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Appends the UTF-8 form of a code point, of U+FFFD where it is none.
#[inline]
pub fn push_rune(bytes: &mut Vec<u8>, rune: i64) {
    match rune {
        0..0x80 => bytes.push(rune as u8),
        _ => bytes.extend_from_slice(char_of(rune).encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

/// `[]byte(string)`.
///
/// # Safety
/// The string is alive.
pub unsafe fn to_bytes(cache: &mut AllocCache, s: Str) -> Result<Slice> {
    let cap = round_up(s.len, true);
    let ptr = cache.alloc_bytes(cap)?;
    // SAFETY: the new object has room.
    unsafe { copy_new_bytes(ptr, s.ptr, s.len) };
    Ok(Slice { ptr, len: s.len, cap })
}

/// `[]rune(string)`.
///
/// # Safety
/// The string is alive.
pub unsafe fn to_runes(cache: &mut AllocCache, s: Str) -> Result<Slice> {
    // SAFETY: by the contract.
    let bytes = unsafe { bytes_of(s) };
    let mut runes = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let (rune, width) = decode_rune(&bytes[at..]);
        runes.push(rune);
        at += width;
    }
    let mem = round_up(4 * runes.len() as u64, true);
    let ptr = cache.alloc_bytes(mem)?;
    // SAFETY: the new object has room.
    unsafe { copy_bytes(ptr, runes.as_ptr() as Word, 4 * runes.len() as u64) };
    Ok(Slice { ptr, len: runes.len() as u64, cap: mem / 4 })
}

/// Whether two strings have the same bytes.
///
/// # Safety
/// The strings are alive.
#[inline]
pub unsafe fn eq(a: Str, b: Str) -> bool {
    // SAFETY: handed on.
    unsafe { eq_str(a, b) }
}

/// -1, 0 or 1, by bytes.
///
/// # Safety
/// The strings are alive.
#[inline]
pub unsafe fn cmp(a: Str, b: Str) -> i64 {
    if a.len >= 8 && b.len >= 8 {
        // SAFETY: strings of eight bytes or more.
        let first = |s: Str| u64::from_be(unsafe { (s.ptr as *const u64).read_unaligned() });
        match first(a).cmp(&first(b)) {
            Ordering::Less => return -1,
            Ordering::Greater => return 1,
            Ordering::Equal => {}
        }
    }
    // SAFETY: by the contract.
    match unsafe { bytes_of(a).cmp(bytes_of(b)) } {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }
}

/// `s[lo:hi]`; panics out of range.
#[inline]
pub fn slice(s: Str, lo: Word, hi: Word) -> Result<Str> {
    if hi > s.len {
        return Err(RuntimePanic::SliceAlen { hi: hi as i64, len: s.len as i64 }.into());
    }
    if lo > hi {
        return Err(RuntimePanic::SliceB { lo: lo as i64, hi: hi as i64 }.into());
    }
    // An empty rest keeps the address inside the bytes.
    let ptr = if lo == s.len { s.ptr } else { s.ptr + lo };
    Ok(Str { ptr, len: hi - lo })
}

/// The code point at a byte offset below the length, and its width in bytes.
///
/// # Safety
/// The string is alive, `at` is below its length.
#[inline]
pub unsafe fn rune_at(s: Str, at: u64) -> (i64, u64) {
    // SAFETY: by the contract.
    let (rune, width) = decode_rune(unsafe { &bytes_of(s)[at as usize..] });
    (rune as i64, width as u64)
}

/// The first code point of bytes that are not empty, and its width.
#[inline]
pub fn decode_rune(bytes: &[u8]) -> (u32, usize) {
    match bytes[0] {
        ascii @ 0..=0x7F => (ascii as u32, 1),
        first => decode_long(first, bytes),
    }
}

fn decode_long(first: u8, bytes: &[u8]) -> (u32, usize) {
    const INVALID: (u32, usize) = (RUNE_ERROR, 1);
    // What the second byte may be excludes overlong forms, surrogates and what is past U+10FFFF.
    let (len, low, high) = match first {
        0xC2..=0xDF => (2, 0x80, 0xBF),
        0xE0 => (3, 0xA0, 0xBF),
        0xED => (3, 0x80, 0x9F),
        0xE1..=0xEF => (3, 0x80, 0xBF),
        0xF0 => (4, 0x90, 0xBF),
        0xF1..=0xF3 => (4, 0x80, 0xBF),
        0xF4 => (4, 0x80, 0x8F),
        _ => return INVALID,
    };
    if bytes.len() < len || !(low..=high).contains(&bytes[1]) {
        return INVALID;
    }
    if bytes[2..len].iter().any(|b| b & 0xC0 != 0x80) {
        return INVALID;
    }
    let lead = first as u32 & (0x7F >> len);
    (bytes[1..len].iter().fold(lead, |rune, b| rune << 6 | (b & 0x3F) as u32), len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Types, plain_heap};

    fn text(s: Str) -> String {
        // SAFETY: tests keep their strings alive.
        String::from_utf8_lossy(unsafe { bytes_of(s) }).into_owned()
    }

    fn constant(s: &'static str) -> Str {
        Str { ptr: s.as_ptr() as u64, len: s.len() as u64 }
    }

    #[test]
    fn concatenation_copies_only_where_it_must() {
        let (_heap, mut cache) = plain_heap(&Types::default().load());
        let (a, b, none) = (constant("ab"), constant("c"), constant(""));
        // SAFETY: constants.
        unsafe {
            assert_eq!(text(concat(&mut cache, &[a, b, none, a]).unwrap()), "abcab");
            assert_eq!(concat(&mut cache, &[none, a, none]).unwrap(), a);
            assert_eq!(concat(&mut cache, &[none, none]).unwrap().len, 0);
            let huge = Str { ptr: 8, len: i64::MAX as u64 };
            assert_eq!(concat(&mut cache, &[huge, huge]).unwrap_err(), Fatal::StringTooLong.into());
        }
    }

    #[test]
    fn decoding_follows_the_standard_library() {
        let all: Vec<u32> = (0..=0x10FFFF).filter(|&c| char::from_u32(c).is_some()).collect();
        for c in all {
            let mut buf = [0; 4];
            let s = char::from_u32(c).unwrap().encode_utf8(&mut buf);
            assert_eq!(decode_rune(s.as_bytes()), (c, s.len()));
        }
        for bad in
            [&[0x80u8][..], &[0xC0, 0x80], &[0xED, 0xA0, 0x80], &[0xE2, 0x82], &[0xF5, 0x80, 0x80, 0x80]]
        {
            assert_eq!(decode_rune(bad), (RUNE_ERROR, 1));
        }
        // Every three-byte input decodes to the width that lossy decoding implies.
        for n in 0..1u32 << 16 {
            let bytes = [(n >> 8) as u8 | 0x80, n as u8, 0x80];
            let (rune, width) = decode_rune(&bytes);
            match std::str::from_utf8(&bytes[..width]) {
                Ok(s) => assert_eq!(s.chars().next().map(|c| c as u32), Some(rune)),
                Err(_) => assert_eq!((rune, width), (RUNE_ERROR, 1)),
            }
        }
    }

    #[test]
    fn conversions_go_there_and_back() {
        let (_heap, mut cache) = plain_heap(&Types::default().load());
        let s = constant("aé日😀");
        // SAFETY: constants and new objects.
        unsafe {
            let runes = to_runes(&mut cache, s).unwrap();
            assert_eq!((runes.len, runes.cap), (4, 4));
            assert_eq!(text(from_runes(&mut cache, runes.ptr, runes.len).unwrap()), "aé日😀");
            let bytes = to_bytes(&mut cache, s).unwrap();
            assert_eq!((bytes.len, bytes.cap), (10, 16));
            assert_eq!(text(from_byte_slice(&mut cache, bytes.ptr, bytes.len).unwrap()), "aé日😀");
            assert_eq!(rune_at(s, 1), (0xE9, 2));
        }
        for (rune, want) in [(0x65E5, "日"), (-1, "\u{FFFD}"), (0xD800, "\u{FFFD}"), (1 << 40, "\u{FFFD}")] {
            assert_eq!(text(from_rune(&mut cache, rune).unwrap()), want);
        }
    }

    #[test]
    fn comparison_and_parts() {
        let s = constant("hello");
        // SAFETY: constants.
        unsafe {
            assert_eq!((cmp(s, constant("help")), cmp(s, s), cmp(s, constant(""))), (-1, 0, 1));
            assert!(eq(s, constant("hello")) && !eq(s, constant("hell")));
        }
        assert_eq!(text(slice(s, 1, 3).unwrap()), "el");
        assert_eq!(slice(s, 5, 5).unwrap(), Str { ptr: s.ptr, len: 0 });
        let error = |lo: i64, hi: i64| match slice(s, lo as u64, hi as u64).unwrap_err() {
            crate::Trap::Panic(p) => p.error_text(),
            other => panic!("{other:?}"),
        };
        assert_eq!(error(0, 6), "runtime error: slice bounds out of range [:6] with length 5");
        assert_eq!(error(3, 2), "runtime error: slice bounds out of range [3:2]");
        assert_eq!(error(-1, 2), "runtime error: slice bounds out of range [-1:]");
    }
}
