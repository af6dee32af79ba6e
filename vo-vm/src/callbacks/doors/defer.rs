//! Deferred calls, panics, recovery.
//!
//! The contract of every door is that of [`super`].

use crate::callbacks::{machine, site_parts, type_of, unknown_panic};
use crate::unwind::Unwound;
use crate::value::Deferred;
use vo_bytecode::Status;
use vo_runtime::context::JitContext;
use vo_runtime::panic::{AssertionError, RuntimePanic};
use vo_runtime::rtype::Ty;

pub(in crate::callbacks) unsafe extern "C" fn defer_push(
    ctx: *mut JitContext,
    list: u64,
    kind: u64,
    target: u64,
    args: *mut u64,
    n: u64,
) -> u64 {
    let m = machine(ctx);
    let (floor, words) = (m.at_floor(), std::slice::from_raw_parts(args, n as usize));
    let pushed = match kind {
        0 => Deferred::push_func(m, floor, list, target as u32, words),
        _ => Deferred::push_closure(m, floor, list, target, words),
    };
    m.word(pushed)
}

pub(in crate::callbacks) unsafe extern "C" fn err_defer_push(_: *mut JitContext, list: u64) {
    if let Some(call) = Deferred::at(list) {
        call.mark_errdefer();
    }
}

pub(in crate::callbacks) unsafe extern "C" fn err_defer_drop(ctx: *mut JitContext, list: u64) -> u64 {
    let m = machine(ctx);
    Deferred::without_errdefers(m, list)
}

pub(in crate::callbacks) unsafe extern "C" fn run_defers(ctx: *mut JitContext, list: *mut u64) -> Status {
    let m = machine(ctx);
    while let Some(call) = Deferred::at(*list) {
        *list = call.next();
        match m.run_deferred(call, 0) {
            Status::Ok => {}
            status => return status,
        }
    }
    Status::Ok
}

pub(in crate::callbacks) unsafe extern "C" fn defer_unwind(
    ctx: *mut JitContext,
    list: *mut u64,
    state: *mut u64,
    site: u64,
) -> Status {
    let m = machine(ctx);
    let (func, pc) = site_parts(site);
    loop {
        match m.fiber_mut().panics().arrive(&mut *state) {
            Unwound::Recovered => return Status::Ok,
            Unwound::Running(token) => {
                let Some(call) = Deferred::at(*list) else { return Status::Panic };
                *list = call.next();
                match m.run_deferred(call, token) {
                    Status::Ok => {}
                    // A panic of the deferred call arrives here at once.
                    Status::Panic => m.fiber_mut().panics().leave(func, pc),
                    status => return status,
                }
            }
        }
    }
}

pub(in crate::callbacks) unsafe extern "C" fn recover_token(ctx: *mut JitContext) -> u64 {
    machine(ctx).take_recover_token()
}

pub(in crate::callbacks) unsafe extern "C" fn recover(ctx: *mut JitContext, token: u64, out: *mut u64) {
    let (ty, data) = machine(ctx).recover(token);
    out.cast::<[u64; 2]>().write([ty, data]);
}

pub(in crate::callbacks) unsafe extern "C" fn panic(ctx: *mut JitContext, ty: u64, data: u64) -> Status {
    let m = machine(ctx);
    let floor = m.at_floor();
    m.set_panic(floor, ty, data);
    Status::Panic
}

pub(in crate::callbacks) unsafe extern "C" fn panic_runtime(
    ctx: *mut JitContext,
    code: u64,
    a: u64,
    b: u64,
) -> Status {
    let m = machine(ctx);
    match RuntimePanic::from_code(code, a, b) {
        Some(panic) => m.raise(panic.into()),
        None => unknown_panic(code),
    }
}

pub(in crate::callbacks) unsafe extern "C" fn assert_fail(
    ctx: *mut JitContext,
    ty: u64,
    from: u64,
    to: u64,
) -> Status {
    let m = machine(ctx);
    let (floor, types) = (m.at_floor(), m.program_ref().types());
    let error = AssertionError::new(types, Ty::from_word(ty), type_of(from), type_of(to));
    m.set_assertion_panic(floor, &error);
    Status::Panic
}
