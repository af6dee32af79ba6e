//! Leaves: natives of the library that are so short that calling them costs more than what they do.
//!
//! Such a native neither waits, allocates nor calls back, so that compiled code needs nothing of the machine around
//! it: it calls the function here by its address. A leaf that would have to panic does nothing, and answers that the
//! native of that name is to be called, which does it all.
//!
//! Must stay true: a leaf does what the native of its name does. The interpreter only knows the natives.

use crate::reflect;
use crate::value::{Iface, Str, Word, bytes_of};
use std::cmp::Ordering;

/// A leaf: gets its arguments and leaves its results as natives do. It answers 0, or 1 where the native must be
/// called.
///
/// # Safety
/// The arguments are values of the native's parameters, the results have the room that the native's have.
pub type Leaf = unsafe extern "C" fn(args: *const Word, results: *mut Word) -> u64;

/// The leaf that does what the native of this name does.
pub fn named(name: &str) -> Option<Leaf> {
    Some(match name {
        "internal/bytealg.IndexByte" => index_byte_slice,
        "internal/bytealg.IndexByteString" => index_byte_string,
        "internal/bytealg.IndexString" => index_string,
        "internal/bytealg.CompareString" => compare_string,
        "internal/refl.Swap" => swap,
        _ => return None,
    })
}

/// The first place of a needle.
///
/// A prepared search costs as much as looking at some hundred bytes. So candidates are found by the first byte, and
/// only text that has many wrong ones is searched in the prepared way.
pub fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    const PATIENCE: usize = 4;
    let (Some(&first), Some(places)) = (needle.first(), (text.len() + 1).checked_sub(needle.len())) else {
        return needle.is_empty().then_some(0);
    };
    let mut at = 0;
    for wrong in 0.. {
        at += memchr::memchr(first, &text[at..places])?;
        if text[at..].starts_with(needle) {
            return Some(at);
        }
        at += 1;
        if wrong >= PATIENCE + (at >> 5) {
            break;
        }
    }
    memchr::memmem::find(&text[at..], needle).map(|i| at + i)
}

/// # Safety
/// Two words that are a string, or the first ones of a slice of bytes, are readable.
unsafe fn bytes<'a>(at: *const Word) -> &'a [u8] {
    // SAFETY: a string by the contract, alive during the call.
    unsafe { bytes_of(Str { ptr: *at, len: *at.add(1) }) }
}

fn place(found: Option<usize>) -> Word {
    found.map_or(-1, |i| i as i64) as Word
}

unsafe extern "C" fn index_byte_slice(args: *const Word, results: *mut Word) -> u64 {
    // SAFETY: a slice and a byte, and room for an int, by the contract.
    unsafe { *results = place(memchr::memchr(*args.add(3) as u8, bytes(args))) };
    0
}

unsafe extern "C" fn index_byte_string(args: *const Word, results: *mut Word) -> u64 {
    // SAFETY: a string and a byte, and room for an int, by the contract.
    unsafe { *results = place(memchr::memchr(*args.add(2) as u8, bytes(args))) };
    0
}

unsafe extern "C" fn index_string(args: *const Word, results: *mut Word) -> u64 {
    // SAFETY: two strings, and room for an int, by the contract.
    unsafe { *results = place(find(bytes(args), bytes(args.add(2)))) };
    0
}

unsafe extern "C" fn compare_string(args: *const Word, results: *mut Word) -> u64 {
    // SAFETY: two strings, and room for an int, by the contract.
    let order = match unsafe { bytes(args).cmp(bytes(args.add(2))) } {
        Ordering::Less => -1i64,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    };
    // SAFETY: as above.
    unsafe { *results = order as Word };
    0
}

unsafe extern "C" fn swap(args: *const Word, _: *mut Word) -> u64 {
    // SAFETY: an interface and two ints by the contract.
    let swapped = unsafe {
        let slice = Iface { ty: *args, data: *args.add(1) };
        reflect::swap(slice, *args.add(2) as i64, *args.add(3) as i64)
    };
    u64::from(!matches!(swapped, Some(Ok(()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_needle_is_found_like_by_the_standard_library() {
        let text = "aabaabaaabaaaabaaaaab the quick brown fox jumps over the lazy dog aaaaaaaaaaaaaaaaaaac"
            .repeat(3);
        for start in 0..90 {
            let text = &text[start..];
            for needle in
                ["a", "c", "ab", "aaab", "aaaaac", "the lazy", "zz", "dog aaaaaaaaaaaaaaaaaaac", "b the", "x"]
            {
                assert_eq!(find(text.as_bytes(), needle.as_bytes()), text.find(needle), "{needle} in {text}");
            }
        }
        let found = [find(b"", b""), find(b"ab", b""), find(b"ab", b"abc"), find(b"", b"a")];
        assert_eq!(found, [Some(0), Some(0), None, None]);
    }

    #[test]
    fn leaves_take_words() {
        let (text, needle) = ("hello world", "wor");
        let args = [text.as_ptr() as u64, text.len() as u64, needle.as_ptr() as u64, needle.len() as u64];
        let byte = [args[0], args[1], u64::from(b'z')];
        let slice = [args[0], args[1], args[1], u64::from(b'o')];
        let run = |name: &str, args: &[u64]| {
            let mut result = [77];
            // SAFETY: what the names take.
            let answer = unsafe { named(name).unwrap()(args.as_ptr(), result.as_mut_ptr()) };
            (answer, result[0] as i64)
        };
        assert_eq!(run("internal/bytealg.IndexString", &args), (0, 6));
        assert_eq!(run("internal/bytealg.CompareString", &args), (0, -1));
        assert_eq!(run("internal/bytealg.IndexByteString", &byte), (0, -1));
        assert_eq!(run("internal/bytealg.IndexByte", &slice), (0, 4));
        assert_eq!(run("internal/refl.Swap", &[0, 0, 0, 0]).0, 1, "nil is no slice");
        assert!(named("os.ReadFile").is_none());
    }
}
