//! Slices.
//!
//! The contract of every door is that of [`super`].

use crate::callbacks::{machine, type_of};
use vo_bytecode::Status;
use vo_runtime::context::JitContext;
use vo_runtime::object::slice;
use vo_runtime::value::{Slice, Str, copy_bytes};

pub(in crate::callbacks) unsafe extern "C" fn slice_grow(
    ctx: *mut JitContext,
    p: u64,
    l: u64,
    c: u64,
    n: u64,
    ty: u64,
    out: *mut u64,
) -> Status {
    let m = machine(ctx);
    let (floor, ty) = (m.at_floor(), type_of(ty));
    let s = Slice { ptr: p, len: l, cap: c };
    let made = m.ensure(floor).and_then(|()| slice::grow(m.cache(), ty, s, n));
    m.deliver(out, made.map(|s| [s.ptr, s.cap]))
}

pub(in crate::callbacks) unsafe extern "C" fn slice_append(
    ctx: *mut JitContext,
    a: *mut u64,
    b: *mut u64,
    ty: u64,
    out: *mut u64,
) -> Status {
    let m = machine(ctx);
    let (floor, ty) = (m.at_floor(), type_of(ty));
    let (a, b) = (*a.cast::<Slice>(), *b.cast::<Slice>());
    let made = m.ensure(floor).and_then(|()| slice::append(m.cache(), ty, a, b.ptr, b.len));
    m.deliver(out, made.map(|s| [s.ptr, s.len, s.cap]))
}

pub(in crate::callbacks) unsafe extern "C" fn move_bytes(_: *mut JitContext, dst: u64, src: u64, n: u64) {
    copy_bytes(dst, src, n);
}

pub(in crate::callbacks) unsafe extern "C" fn slice_copy(
    _: *mut JitContext,
    a: *mut u64,
    b: *mut u64,
    ty: u64,
) -> u64 {
    let (a, b) = (*a.cast::<Str>(), *b.cast::<Str>());
    slice::copy(&type_of(ty), a.ptr, a.len, b.ptr, b.len)
}

pub(in crate::callbacks) unsafe extern "C" fn slice_clear(_: *mut JitContext, p: u64, l: u64, ty: u64) {
    slice::clear(&type_of(ty), p, l);
}
