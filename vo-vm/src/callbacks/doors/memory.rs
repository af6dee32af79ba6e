//! Allocation, barriers, whole values.
//!
//! The contract of every door is that of [`super`].

use crate::callbacks::{machine, type_of};
use crate::machine::Machine;
use vo_bytecode::Status;
use vo_runtime::context::JitContext;
use vo_runtime::object::mem;
use vo_runtime::rtype::{self};

pub(in crate::callbacks) unsafe extern "C" fn alloc(ctx: *mut JitContext, ty: u64) -> u64 {
    let m = machine(ctx);
    if m.cache().heap().must_collect() && !collect_first(m) {
        return 0;
    }
    alloc_now(m, ty)
}

/// A part by itself, as is the one below: most collections begin here, and in the holes of a larger frame lie old addresses.
#[cold]
#[inline(never)]
fn collect_first(m: &mut Machine) -> bool {
    let collected = m.ensure(m.at_floor());
    collected.map_err(|trap| m.raise(trap)).is_ok()
}

/// # Safety
/// As for [`alloc`].
#[inline(never)]
unsafe fn alloc_now(m: &mut Machine, ty: u64) -> u64 {
    let made = m.cache().alloc(type_of(ty));
    m.word(made)
}

/// Frames are leaving: some of their records lie where no collection looks. So there is none before the next turn.
pub(in crate::callbacks) unsafe extern "C" fn remake(
    ctx: *mut JitContext,
    made: u64,
    ty: u64,
    image: *mut u64,
) -> u64 {
    let m = machine(ctx);
    if ty == 0 || m.leaving {
        return made;
    }
    let ty = type_of(ty);
    if made != 0 {
        // Mostly for another frame that leaves, and it holds that already. But a panic may have come to a landing pad
        // in between.
        mem::copy(&ty, made, image as u64);
        return made;
    }
    m.collect_first |= m.cache().heap().must_collect();
    let object = m.cache().alloc(ty);
    if let Ok(object) = object {
        // SAFETY: the object is new, and both have the type's size.
        unsafe { std::ptr::copy_nonoverlapping(image.cast::<u8>(), object as *mut u8, ty.size as usize) };
    }
    m.word(object)
}

pub(in crate::callbacks) unsafe extern "C" fn make_slice(
    ctx: *mut JitContext,
    ty: u64,
    len: u64,
    cap: u64,
    out: *mut u64,
) -> Status {
    let m = machine(ctx);
    let (floor, ty) = (m.at_floor(), type_of(ty));
    let made = m.make_slice(floor, ty, len, cap);
    m.deliver(out, made.map(|slice| [slice.ptr]))
}

pub(in crate::callbacks) unsafe extern "C" fn write_barrier(_: *mut JitContext, slot: u64, _value: u64) {
    vo_runtime::heap::barrier::overwriting(slot);
}

pub(in crate::callbacks) unsafe extern "C" fn copy_mem(_: *mut JitContext, dst: u64, src: u64, ty: u64) {
    mem::copy(&type_of(ty), dst, src);
}

pub(in crate::callbacks) unsafe extern "C" fn zero_mem(_: *mut JitContext, dst: u64, ty: u64) {
    mem::zero(&type_of(ty), dst);
}

pub(in crate::callbacks) unsafe extern "C" fn eq_mem(
    ctx: *mut JitContext,
    a: u64,
    b: u64,
    ty: u64,
    out: *mut u64,
) -> Status {
    let m = machine(ctx);
    let equal = rtype::eq_mem(&type_of(ty), a, b);
    m.deliver(out, equal.map(|equal| [u64::from(equal)]))
}
