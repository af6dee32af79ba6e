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

natives! {
    "internal/bytealg.Compare" => fn compare(cx, a: Slice, b: Slice) -> i64 { order(slice_bytes(a), slice_bytes(b)) }
    "internal/bytealg.CompareString" => fn compare_string(cx, a: Str, b: Str) -> i64 { order(str_bytes(a), str_bytes(b)) }
    "internal/bytealg.Equal" => fn equal(cx, a: Slice, b: Slice) -> bool { slice_bytes(a) == slice_bytes(b) }
    "internal/bytealg.IndexByte" => fn index_byte(cx, b: Slice, c: u8) -> i64 { place(memchr::memchr(c, slice_bytes(b))) }
    "internal/bytealg.IndexByteString" => fn index_byte_string(cx, s: Str, c: u8) -> i64 { place(memchr::memchr(c, str_bytes(s))) }
    "internal/bytealg.Index" => fn index(cx, b: Slice, sep: Slice) -> i64 { place(memchr::memmem::find(slice_bytes(b), slice_bytes(sep))) }
    "internal/bytealg.IndexString" => fn index_string(cx, s: Str, sep: Str) -> i64 { place(memchr::memmem::find(str_bytes(s), str_bytes(sep))) }
    "internal/bytealg.Count" => fn count_bytes(cx, b: Slice, c: u8) -> i64 { count(slice_bytes(b), c) }
    "internal/bytealg.CountString" => fn count_string(cx, s: Str, c: u8) -> i64 { count(str_bytes(s), c) }
}
