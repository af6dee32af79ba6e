//! Natives of package internal/bytealg: searching and comparing bytes with the
//! machine's widest instructions, by the memchr crate; arrays of bytes that grow where they are.

use crate::abi::{Slice, Str, slice_bytes, str_bytes};
use crate::natives;
use std::cmp::Ordering;
use vo_bytecode::Status;
use vo_runtime::leaf::find;
use vo_runtime::object::slice::grow_own;
use vo_vm::native::NativeCx;

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

/// Characters of UTF-8 text; each byte of what is no UTF-8 is one.
fn runes(bytes: &[u8]) -> i64 {
    bytes.utf8_chunks().map(|chunk| chunk.valid().chars().count() + chunk.invalid().len()).sum::<usize>()
        as i64
}

fn grown(cx: &mut NativeCx<'_>, b: Slice, n: i64) -> Result<Slice, Status> {
    let room = cx.allocator().and_then(|cache| {
        // SAFETY: a slice of bytes of verified code.
        unsafe { grow_own(cache, b, n as u64) }
    });
    room.map_err(|trap| cx.trap(trap))
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
    "internal/bytealg.Grow" => fn grow(cx, b: Slice, n: i64) -> Result<Slice, Status> { grown(cx, b, n) }
}

#[cfg(test)]
mod tests {
    use super::*;

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
