//! Strings and bytes.
//!
//! The contract of every door is that of [`super`].

use crate::callbacks::machine;
use vo_bytecode::Status;
use vo_runtime::context::JitContext;
use vo_runtime::heap::sizeclass::round_up;
use vo_runtime::object::string;
use vo_runtime::value::{Slice, Str};

pub(in crate::callbacks) unsafe extern "C" fn str_concat(
    ctx: *mut JitContext,
    parts: *mut u64,
    n: u64,
    out: *mut u64,
) -> Status {
    let m = machine(ctx);
    let parts = std::slice::from_raw_parts(parts.cast::<Str>(), n as usize);
    if let Some(made) = string::join_at_hand(m.cache(), parts) {
        return m.deliver(out, Ok([made.ptr, made.len]));
    }
    let floor = m.at_floor();
    let made = m.ensure(floor).and_then(|()| string::concat(m.cache(), parts));
    m.deliver(out, made.map(|s| [s.ptr, s.len]))
}

pub(in crate::callbacks) unsafe extern "C" fn str_concat2(
    ctx: *mut JitContext,
    ap: u64,
    al: u64,
    bp: u64,
    bl: u64,
) -> u64 {
    let m = machine(ctx);
    let parts = [Str { ptr: ap, len: al }, Str { ptr: bp, len: bl }];
    if let Some(made) = string::concat_at_hand(m.cache(), parts[0], parts[1]) {
        return made;
    }
    let floor = m.at_floor();
    let made = m.ensure(floor).and_then(|()| string::concat(m.cache(), &parts));
    m.word(made.map(|s| s.ptr))
}

pub(in crate::callbacks) unsafe extern "C" fn str_copy(ctx: *mut JitContext, p: u64, n: u64) -> u64 {
    let m = machine(ctx);
    if let Some(made) = string::copy_at_hand(m.cache(), p, n) {
        return made;
    }
    let floor = m.at_floor();
    let made = m.ensure(floor).and_then(|()| string::from_byte_slice(m.cache(), p, n));
    m.word(made.map(|s| s.ptr))
}

pub(in crate::callbacks) unsafe extern "C" fn bytes_copy(ctx: *mut JitContext, p: u64, n: u64) -> u64 {
    let m = machine(ctx);
    if let Some(made) = string::copy_at_hand(m.cache(), p, n) {
        m.context.ret[0] = round_up(n, true);
        return made;
    }
    let floor = m.at_floor();
    let s = Str { ptr: p, len: n };
    let made = m.ensure(floor).and_then(|()| string::to_bytes(m.cache(), s));
    let made = made.map(|slice| {
        m.context.ret[0] = slice.cap;
        slice.ptr
    });
    m.word(made)
}

pub(in crate::callbacks) unsafe extern "C" fn str_eq(_: *mut JitContext, a: u64, b: u64, len: u64) -> u64 {
    u64::from(string::eq(Str { ptr: a, len }, Str { ptr: b, len }))
}

pub(in crate::callbacks) unsafe extern "C" fn str_cmp(
    _: *mut JitContext,
    ap: u64,
    al: u64,
    bp: u64,
    bl: u64,
) -> u64 {
    string::cmp(Str { ptr: ap, len: al }, Str { ptr: bp, len: bl }) as u64
}

pub(in crate::callbacks) unsafe extern "C" fn str_convert(
    ctx: *mut JitContext,
    what: u64,
    p: u64,
    l: u64,
    out: *mut u64,
) -> Status {
    let m = machine(ctx);
    let (floor, s) = (m.at_floor(), Str { ptr: p, len: l });
    let pair = |s: Str| [s.ptr, s.len, 0];
    let triple = |s: Slice| [s.ptr, s.len, s.cap];
    let made = m.ensure(floor).and_then(|()| match what {
        0 => string::from_byte_slice(m.cache(), p, l).map(pair),
        1 => string::from_runes(m.cache(), p, l).map(pair),
        2 => string::from_rune(m.cache(), p as i64).map(pair),
        3 => string::to_bytes(m.cache(), s).map(triple),
        _ => string::to_runes(m.cache(), s).map(triple),
    });
    m.deliver(out, made)
}

pub(in crate::callbacks) unsafe extern "C" fn str_rune(_: *mut JitContext, p: u64, l: u64, i: u64) -> u64 {
    let (rune, width) = string::rune_at(Str { ptr: p, len: l }, i);
    rune as u32 as u64 | width << 32
}
