//! Natives of the built-in functions print and println.
//!
//! The compiler calls one for each operand and `printend` behind the last. What a
//! statement prints is collected and written at once, so that lines of several
//! goroutines do not mix.

use crate::abi::{Any, Complex, Slice, Str, str_bytes};
use crate::natives;
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{LazyLock, Mutex, PoisonError};
use vo_vm::native::NativeCx;

/// What each fiber's current statement has printed so far; by address, since a
/// fiber may go on on another worker in between.
static PENDING: LazyLock<Mutex<HashMap<usize, Vec<u8>>>> = LazyLock::new(Mutex::default);

fn key(cx: &NativeCx<'_>) -> usize {
    cx.fiber().as_ptr() as usize
}

fn put(cx: &NativeCx<'_>, text: &[u8]) {
    let mut pending = PENDING.lock().unwrap_or_else(PoisonError::into_inner);
    pending.entry(key(cx)).or_default().extend_from_slice(text);
}

/// Writes what the statement has printed to standard error.
fn flush(cx: &mut NativeCx<'_>) {
    let text = PENDING.lock().unwrap_or_else(PoisonError::into_inner).remove(&key(cx));
    let mut rest = text.as_deref().unwrap_or_default();
    while !rest.is_empty() {
        let n = match cx.host().write(2, rest) {
            Some(written) => written.unwrap_or(rest.len()),
            None => crate::syscall::write_all(2, rest),
        };
        rest = &rest[n.min(rest.len())..];
    }
}

/// A float as print writes it: `+1.500000e+000`.
fn float(x: f64) -> String {
    if x.is_nan() {
        return "NaN".into();
    }
    if x.is_infinite() {
        return if x > 0.0 { "+Inf".into() } else { "-Inf".into() };
    }
    let text = format!("{x:+.6e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:03}", exponent.abs())
}

fn print(cx: &NativeCx<'_>, text: std::fmt::Arguments<'_>) {
    let mut line = String::new();
    let _ = line.write_fmt(text);
    put(cx, line.as_bytes());
}

natives! {
    "runtime.printbool" => fn print_bool(cx, x: bool) -> () { print(cx, format_args!("{x}")) }
    "runtime.printint" => fn print_int(cx, x: i64) -> () { print(cx, format_args!("{x}")) }
    "runtime.printuint" => fn print_uint(cx, x: u64) -> () { print(cx, format_args!("{x}")) }
    "runtime.printfloat" => fn print_float(cx, x: f64) -> () { put(cx, float(x).as_bytes()) }
    "runtime.printcomplex" => fn print_complex(cx, x: Complex) -> () { print(cx, format_args!("({}{}i)", float(x.0), float(x.1))) }
    "runtime.printstring" => fn print_string(cx, s: Str) -> () { put(cx, str_bytes(s)) }
    "runtime.printpointer" => fn print_pointer(cx, p: u64) -> () { print(cx, format_args!("{p:#x}")) }
    "runtime.printiface" => fn print_iface(cx, v: Any) -> () { print(cx, format_args!("({:#x},{:#x})", v.ty, v.data)) }
    "runtime.printslice" => fn print_slice(cx, s: Slice) -> () { print(cx, format_args!("[{}/{}]{:#x}", s.len, s.cap, s.ptr)) }
    "runtime.printsp" => fn print_space(cx) -> () { put(cx, b" ") }
    "runtime.printnl" => fn print_newline(cx) -> () { put(cx, b"\n") }
    "runtime.printend" => fn print_end(cx) -> () { flush(cx) }
}
