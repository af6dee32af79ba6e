//! The natives that the language itself needs: `print` and `println`, complex division.
//!
//! `print` and `println` come as one call for each operand (`runtime.printint`, `runtime.printsp`, ...,
//! `runtime.printnl`). What they write is gathered in the machine and given to the host as one piece, at
//! the end of a line or before anything else can be seen of the fiber. The names with `outprint` in
//! place of `print` write to standard output.

use crate::machine::Machine;
use crate::native::{Classes, Native, NativeCx, NativeFn, bytes, float};
use crate::report::{Float, write_complex, write_float};
use vo_bytecode::{Class, Status};

/// Bytes that are gathered at most.
const FULL: usize = 8 << 10;

/// What a machine has gathered of its fiber's output.
#[derive(Default)]
pub(crate) struct Printer {
    text: Vec<u8>,
    fd: i32,
}

impl Machine {
    /// Gives what was gathered to the host.
    #[inline]
    pub(crate) fn flush_print(&mut self) {
        if !self.printer.text.is_empty() {
            self.flush_print_now();
        }
    }

    /// Whether something waits to be written.
    #[inline(always)]
    pub(crate) fn has_printed(&self) -> bool {
        !self.printer.text.is_empty()
    }

    #[cold]
    fn flush_print_now(&mut self) {
        let text = std::mem::take(&mut self.printer.text);
        write_all(&*self.vm.host, self.printer.fd, &text);
    }
}

/// Writes to one of the program's streams, as far as it takes it.
fn write_all(host: &dyn crate::Host, fd: i32, mut text: &[u8]) {
    while !text.is_empty() {
        let written = host.write(fd, text).unwrap_or_else(|| write_descriptor(fd, text));
        match written {
            Ok(n) if n > 0 => text = &text[n.min(text.len())..],
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            _ => return,
        }
    }
}

fn write_descriptor(fd: i32, text: &[u8]) -> std::io::Result<usize> {
    // SAFETY: the bytes are readable.
    let n = unsafe { libc::write(fd, text.as_ptr().cast(), text.len()) };
    usize::try_from(n).map_err(|_| std::io::Error::last_os_error())
}

fn gather<const FD: i32>(cx: &mut NativeCx<'_>, text: &[u8]) -> Status {
    if cx.m.printer.fd != FD {
        cx.m.flush_print();
        cx.m.printer.fd = FD;
    }
    cx.m.printer.text.extend_from_slice(text);
    if cx.m.printer.text.len() >= FULL || text.ends_with(b"\n") {
        cx.m.flush_print();
    }
    Status::Ok
}

fn gather_fmt<const FD: i32>(cx: &mut NativeCx<'_>, text: std::fmt::Arguments<'_>) -> Status {
    gather::<FD>(cx, text.to_string().as_bytes())
}

fn complex<T: Float>(re: T, im: T) -> String {
    let mut text = String::new();
    write_complex(&mut text, re, im);
    text
}

fn floating(value: impl Float) -> String {
    let mut text = String::new();
    write_float(&mut text, value);
    text
}

/// A float32 that was widened.
fn single(word: u64) -> f32 {
    float(word) as f32
}

/// The native that prints one kind of operand.
fn printer<const FD: i32>(what: &str) -> Option<Native> {
    use Class::{Any, F64, Int, Ptr};
    let (params, run): (&[Class], NativeFn) = match what {
        "bool" => (&[Int], |cx, args, _| gather_fmt::<FD>(cx, format_args!("{}", args[0] != 0))),
        "int" => (&[Int], |cx, args, _| gather_fmt::<FD>(cx, format_args!("{}", args[0] as i64))),
        "uint" => (&[Int], |cx, args, _| gather_fmt::<FD>(cx, format_args!("{}", args[0]))),
        "float" => (&[F64], |cx, args, _| gather::<FD>(cx, floating(float(args[0])).as_bytes())),
        "float32" => (&[F64], |cx, args, _| gather::<FD>(cx, floating(single(args[0])).as_bytes())),
        "complex64" => (&[F64, F64], |cx, args, _| {
            gather::<FD>(cx, complex(single(args[0]), single(args[1])).as_bytes())
        }),
        "complex" => {
            (&[F64, F64], |cx, args, _| gather::<FD>(cx, complex(float(args[0]), float(args[1])).as_bytes()))
        }
        "string" => (&[Ptr, Int], |cx, args, _| gather::<FD>(cx, bytes(args, 0))),
        "iface" => {
            (&[Int, Any], |cx, args, _| gather_fmt::<FD>(cx, format_args!("({:#x},{:#x})", args[0], args[1])))
        }
        "slice" => (&[Ptr, Int, Int], |cx, args, _| {
            gather_fmt::<FD>(cx, format_args!("[{}/{}]{:#x}", args[1], args[2], args[0]))
        }),
        "pointer" => (&[Ptr], |cx, args, _| gather_fmt::<FD>(cx, format_args!("{:#x}", args[0]))),
        "sp" => (&[], |cx, _, _| gather::<FD>(cx, b" ")),
        "nl" => (&[], |cx, _, _| gather::<FD>(cx, b"\n")),
        _ => return None,
    };
    Some(Native { run, params: Classes::of(params), results: Classes::NONE })
}

/// The native of this name, if it is one of the language's own.
pub(crate) fn find(name: &str) -> Option<Native> {
    let name = name.strip_prefix("runtime.")?;
    if name == "complexdiv" {
        let complex = Classes::of(&[Class::F64, Class::F64]);
        return Some(Native { run: complex_div, params: complex.and(complex), results: complex });
    }
    match name.strip_prefix("outprint") {
        Some(what) => printer::<1>(what),
        None => printer::<2>(name.strip_prefix("print")?),
    }
}

/// Whether a native only gathers output.
pub(crate) fn only_prints(name: &str) -> bool {
    name.starts_with("runtime.print") || name.starts_with("runtime.outprint")
}

/// `n / m` of complex numbers: scaled by the larger part of the divisor, with infinities and NaNs as
/// the language wants them.
fn complex_div(_: &mut NativeCx<'_>, args: &[u64], results: &mut [u64]) -> Status {
    let [nr, ni, mr, mi] = [0, 1, 2, 3].map(|i| float(args[i]));
    let (re, im) = quotient(nr, ni, mr, mi);
    results[0] = re.to_bits();
    results[1] = im.to_bits();
    Status::Ok
}

fn quotient(nr: f64, ni: f64, mr: f64, mi: f64) -> (f64, f64) {
    let (mut e, mut f);
    if mr.abs() >= mi.abs() {
        let ratio = mi / mr;
        let denominator = mr + ratio * mi;
        e = (nr + ni * ratio) / denominator;
        f = (ni - nr * ratio) / denominator;
    } else {
        let ratio = mr / mi;
        let denominator = mi + ratio * mr;
        e = (nr * ratio + ni) / denominator;
        f = (ni * ratio - nr) / denominator;
    }
    if e.is_nan() && f.is_nan() {
        (e, f) = special_quotient(nr, ni, mr, mi).unwrap_or((e, f));
    }
    (e, f)
}

/// Quotients that are infinite or zero though the formula gives NaN.
fn special_quotient(a: f64, b: f64, c: f64, d: f64) -> Option<(f64, f64)> {
    let boxed = |x: f64| if x.is_infinite() { 1f64.copysign(x) } else { 0f64.copysign(x) };
    let infinite = |x: f64, y: f64| x.is_infinite() || y.is_infinite();
    let finite = |x: f64, y: f64| x.is_finite() && y.is_finite();
    if c == 0.0 && d == 0.0 && !(a.is_nan() && b.is_nan()) {
        let inf = f64::INFINITY.copysign(c);
        return Some((inf * a, inf * b));
    }
    if infinite(a, b) && finite(c, d) {
        let (a, b) = (boxed(a), boxed(b));
        return Some((f64::INFINITY * (a * c + b * d), f64::INFINITY * (b * c - a * d)));
    }
    if infinite(c, d) && finite(a, b) {
        let (c, d) = (boxed(c), boxed(d));
        return Some((0.0 * (a * c + b * d), 0.0 * (b * c - a * d)));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complex_quotients() {
        assert_eq!(quotient(1.0, 2.0, 3.0, 4.0), (0.44, 0.08));
        assert_eq!(quotient(1.0, 0.0, 0.0, 0.0).0, f64::INFINITY);
        let (re, im) = quotient(f64::INFINITY, 0.0, 1.0, 1.0);
        assert!(re.is_infinite() && im.is_infinite());
        assert_eq!(quotient(1.0, 1.0, f64::INFINITY, 0.0), (0.0, 0.0));
    }

    #[test]
    fn the_language_has_its_natives() {
        for name in ["runtime.printint", "runtime.outprintnl", "runtime.complexdiv"] {
            assert!(find(name).is_some(), "{name}");
        }
        assert!(find("runtime.GC").is_none() && find("math.printint").is_none());
    }
}
