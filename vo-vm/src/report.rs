//! The reports of panics and fatal errors, as Go prints them.
//!
//! ```text
//!   panic: first [recovered]
//!       panic: second
//!   [signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x2c]
//!
//!   goroutine 1 [running]:
//!   main.f(...)
//!       /home/me/prog.vo:12 +0x1d
//! ```

use crate::machine::Machine;
use crate::trace;
use crate::unwind::{Panic, Panics};
use std::fmt::Write;
use vo_runtime::rtype::{Kind, Ty};
use vo_runtime::value::load_str;

/// The report of the fiber's panics, none of which was recovered.
pub(crate) fn uncaught_panic(m: &mut Machine) -> String {
    let id = m.fiber_ref().id();
    let program = m.program_ref();
    let fiber = m.fiber_mut();
    let mut out = String::new();
    let created = (fiber.creator, fiber.created_at);
    let panics = fiber.panics();
    write_panics(&mut out, panics, panics.stack.len());
    let last = panics.stack.last().expect("internal error: a report of no panic");
    if last.signal {
        let pc = last.trace.first().map_or(0, |site| trace::place_number(site.func, site.pc));
        let _ = writeln!(out, "[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc={pc:#x}]");
    }
    let _ = write!(out, "\ngoroutine {id} [running]:\n");
    trace::write_sites(&mut out, program, last.trace.iter().copied());
    trace::write_creator(&mut out, program, created);
    out
}

/// What the fiber's last panic says, on one line.
pub(crate) fn panic_text(m: &mut Machine) -> String {
    let mut out = String::new();
    if let Some(last) = m.fiber_mut().panics().stack.last() {
        write_value(&mut out, last);
    }
    format!("panic: {out}")
}

/// The first `n` panics, oldest first.
fn write_panics(out: &mut String, panics: &Panics, n: usize) {
    let Some(i) = n.checked_sub(1) else { return };
    let panic = &panics.stack[i];
    if i > 0 {
        write_panics(out, panics, i);
        let older = &panics.stack[i - 1];
        if older.repanicked {
            return;
        }
        if !older.goexit {
            out.push('\t');
        }
    }
    if panic.goexit {
        return;
    }
    out.push_str("panic: ");
    write_value(out, panic);
    if panic.recovered && panic.repanicked {
        out.push_str(" [recovered, repanicked]");
    } else if panic.recovered {
        out.push_str(" [recovered]");
    }
    out.push('\n');
}

fn write_value(out: &mut String, panic: &Panic) {
    if let Some(text) = &panic.text {
        return write_indented(out, text);
    }
    // SAFETY: the value of a panic is an interface value, kept alive by the fiber.
    match unsafe { Ty::from_word(panic.ty) } {
        None => out.push_str("nil"),
        Some(ty) => write_basic(out, ty, panic.data),
    }
}

/// A value as the panic report shows it: what has a basic kind by its value, with the type's name
/// around it where that is a defined one; all else by its type and address.
fn write_basic(out: &mut String, ty: Ty, data: u64) {
    if matches!(
        ty.kind,
        Kind::Array
            | Kind::Struct
            | Kind::Slice
            | Kind::Map
            | Kind::Chan
            | Kind::Func
            | Kind::Pointer
            | Kind::Interface
            | Kind::UnsafePointer
            | Kind::Internal
    ) {
        let _ = write!(out, "({}) {:#x}", ty.name, data);
        return;
    }
    let named = !ty.defined.is_empty() && !ty.pkg.is_empty();
    if matches!(ty.kind, Kind::Complex64 | Kind::Complex128) {
        // It has parentheses of its own.
        if named {
            out.push_str(&ty.name);
        }
        return write_complex_at(out, ty.kind, data);
    }
    if named {
        let _ = write!(out, "{}(", ty.name);
    }
    match ty.kind {
        Kind::String => {
            // SAFETY: a string is not inline: the data word is the address of its two words.
            let s = unsafe { load_str(data) };
            // SAFETY: the string is alive as long as the panic is.
            let text = unsafe { vo_runtime::value::bytes_of(s) };
            if named {
                out.push('"');
            }
            write_indented(out, text);
            if named {
                out.push('"');
            }
        }
        Kind::Bool => out.push_str(if data != 0 { "true" } else { "false" }),
        Kind::Float32 => write_float(out, f32::from_bits(data as u32)),
        Kind::Float64 => write_float(out, f64::from_bits(data)),
        kind if kind >= Kind::Uint => {
            let _ = write!(out, "{data}");
        }
        _ => {
            let _ = write!(out, "{}", data as i64);
        }
    }
    if named {
        out.push(')');
    }
}

/// A float that is printed in the fewest digits that tell it from its neighbours.
pub(crate) trait Float: Copy + std::fmt::Display + std::fmt::LowerExp + Into<f64> {}

impl Float for f32 {}
impl Float for f64 {}

/// A float as `print` writes it: with an exponent below 1e-4 and from 1e6 on.
pub(crate) fn write_float(out: &mut String, value: impl Float) {
    let wide: f64 = value.into();
    if wide.is_nan() {
        return out.push_str("NaN");
    }
    if wide.is_infinite() {
        return out.push_str(if wide > 0.0 { "+Inf" } else { "-Inf" });
    }
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let _ = if (-4..6).contains(&exponent) || wide == 0.0 {
        write!(out, "{value}")
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        write!(out, "{mantissa}e{sign}{:02}", exponent.abs())
    };
}

/// A complex number as `print` writes it.
pub(crate) fn write_complex<T: Float>(out: &mut String, re: T, im: T) {
    out.push('(');
    write_float(out, re);
    let mut text = String::new();
    write_float(&mut text, im);
    if !text.starts_with(['+', '-']) {
        out.push('+');
    }
    out.push_str(&text);
    out.push_str("i)");
}

fn write_complex_at(out: &mut String, kind: Kind, data: u64) {
    // SAFETY: a complex number is not inline: the data word is the address of its parts.
    unsafe {
        if kind == Kind::Complex64 {
            let parts = data as *const f32;
            write_complex(out, *parts, *parts.add(1));
        } else {
            let parts = data as *const f64;
            write_complex(out, *parts, *parts.add(1));
        }
    }
}

/// Text whose further lines are indented by a tab.
fn write_indented(out: &mut String, text: &[u8]) {
    out.push_str(&String::from_utf8_lossy(text).replace('\n', "\n\t"));
}

/// What a method that should have given a panic its text panicked with.
pub(crate) fn why_printing_failed(ty: u64, data: u64) -> String {
    // SAFETY: the value of a panic, kept alive by the fiber.
    match unsafe { Ty::from_word(ty) } {
        None => String::from("nil"),
        Some(ty) if ty.kind == Kind::String && ty.pkg.is_empty() => {
            // SAFETY: a string's data word is the address of its two words.
            let s = unsafe { load_str(data) };
            // SAFETY: the string is alive as long as the panic is.
            String::from_utf8_lossy(unsafe { vo_runtime::value::bytes_of(s) }).into_owned()
        }
        Some(ty) => format!("type {}", ty.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn float(value: impl Float) -> String {
        let mut out = String::new();
        write_float(&mut out, value);
        out
    }

    #[test]
    fn floats_print_as_the_builtin_does() {
        assert_eq!(float(1e20), "1e+20");
        assert_eq!(float(123_456_789.0), "1.23456789e+08");
        assert_eq!(float(100_000.0), "100000");
        assert_eq!(float(-0.001), "-0.001");
        assert_eq!(float(1e-5), "1e-05");
        assert_eq!(float(-0.0), "-0");
        assert_eq!(float(0.1f32), "0.1");
        assert_eq!(float(f64::NEG_INFINITY), "-Inf");
        let mut text = String::new();
        write_complex(&mut text, 1e21, f64::NAN);
        assert_eq!(text, "(1e+21+NaNi)");
    }
}
