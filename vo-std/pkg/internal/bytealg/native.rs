//! Natives of package internal/bytealg: searching and comparing bytes with the
//! machine's widest instructions, by the memchr crate.

use crate::abi::{Slice, Str, slice_bytes, str_bytes};
use crate::natives;
use std::cmp::Ordering;

fn order(a: &[u8], b: &[u8]) -> i64 {
    match a.cmp(b) {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }
}

fn place(found: Option<usize>) -> i64 {
    found.map_or(-1, |i| i as i64)
}

fn count(bytes: &[u8], c: u8) -> i64 {
    memchr::memchr_iter(c, bytes).count() as i64
}

/// The first place of a needle that is not empty.
///
/// A prepared search costs as much as looking at some hundred bytes. So candidates are found by the first byte, and
/// only text that has many wrong ones is searched in the prepared way.
fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
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

/// Characters of UTF-8 text; each byte of what is no UTF-8 is one.
fn runes(bytes: &[u8]) -> i64 {
    bytes.utf8_chunks().map(|chunk| chunk.valid().chars().count() + chunk.invalid().len()).sum::<usize>()
        as i64
}

natives! {
    "internal/bytealg.Compare" => fn compare(cx, a: Slice, b: Slice) -> i64 { order(slice_bytes(a), slice_bytes(b)) }
    "internal/bytealg.CompareString" => fn compare_string(cx, a: Str, b: Str) -> i64 { order(str_bytes(a), str_bytes(b)) }
    "internal/bytealg.Equal" => fn equal(cx, a: Slice, b: Slice) -> bool { slice_bytes(a) == slice_bytes(b) }
    "internal/bytealg.IndexByte" => fn index_byte(cx, b: Slice, c: u8) -> i64 { place(memchr::memchr(c, slice_bytes(b))) }
    "internal/bytealg.IndexByteString" => fn index_byte_string(cx, s: Str, c: u8) -> i64 { place(memchr::memchr(c, str_bytes(s))) }
    "internal/bytealg.Index" => fn index(cx, b: Slice, sep: Slice) -> i64 { place(find(slice_bytes(b), slice_bytes(sep))) }
    "internal/bytealg.IndexString" => fn index_string(cx, s: Str, sep: Str) -> i64 { place(find(str_bytes(s), str_bytes(sep))) }
    "internal/bytealg.Count" => fn count_bytes(cx, b: Slice, c: u8) -> i64 { count(slice_bytes(b), c) }
    "internal/bytealg.CountString" => fn count_string(cx, s: Str, c: u8) -> i64 { count(str_bytes(s), c) }
    "internal/bytealg.Valid" => fn valid(cx, b: Slice) -> bool { std::str::from_utf8(slice_bytes(b)).is_ok() }
    "internal/bytealg.ValidString" => fn valid_string(cx, s: Str) -> bool { std::str::from_utf8(str_bytes(s)).is_ok() }
    "internal/bytealg.RuneCount" => fn rune_count(cx, b: Slice) -> i64 { runes(slice_bytes(b)) }
    "internal/bytealg.RuneCountString" => fn rune_count_string(cx, s: Str) -> i64 { runes(str_bytes(s)) }
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
        assert_eq!(
            (find(b"", b""), find(b"ab", b""), find(b"ab", b"abc"), find(b"", b"a")),
            (Some(0), Some(0), None, None)
        );
    }

    #[test]
    fn every_byte_of_what_is_no_utf8_is_a_character() {
        for (bytes, want) in [
            (&b""[..], 0),
            (b"abc", 3),
            ("a\u{e9}\u{65e5}\u{1f600}".as_bytes(), 4),
            (b"\xff\xfe", 2),
            (b"a\xe2\x82z", 4),
            (b"\xe2\x82", 2),
            (b"\xed\xa0\x80", 3),
            (b"\xf0\x9f\x98", 3),
        ] {
            assert_eq!(runes(bytes), want, "{bytes:?}");
        }
    }
}
