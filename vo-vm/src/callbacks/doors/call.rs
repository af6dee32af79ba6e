//! Calls, natives, polls, new fibers.
//!
//! The contract of every door is that of [`super`].

use crate::callbacks::{machine, site_parts};
use crate::native::NativeCx;
use crate::record;
use crate::resume;
use vo_bytecode::Status;
use vo_runtime::context::JitContext;
use vo_runtime::rtype::Ty;

pub(in crate::callbacks) unsafe extern "C" fn call_interpreted(
    ctx: *mut JitContext,
    func: u64,
    args: *mut u64,
    results: *mut u64,
) -> Status {
    machine(ctx).call_function(func as u32, args, results)
}

pub(in crate::callbacks) unsafe extern "C" fn resolve_method(
    _: *mut JitContext,
    ty: u64,
    selector: u64,
) -> u64 {
    let ty = Ty::from_word(ty);
    ty.and_then(|ty| ty.method(selector as u32)).map_or(u64::MAX, u64::from)
}

pub(in crate::callbacks) unsafe extern "C" fn guard_missed(
    ctx: *mut JitContext,
    site: u64,
    unit: u64,
    target: u64,
    made: u64,
) {
    let (func, point) = site_parts(unit);
    machine(ctx).guessed_wrong(site_parts(site), target, (func, point.checked_sub(1)), made as u32);
}

pub(in crate::callbacks) unsafe extern "C" fn call_native(
    ctx: *mut JitContext,
    native: u64,
    args: *mut u64,
    results: *mut u64,
    _site: u64,
) -> Status {
    let m = machine(ctx);
    let import = &m.program_ref().module().natives[native as usize];
    let (n, r) = (import.params.len(), import.results.len());
    let (args, results) = (std::slice::from_raw_parts(args, n), std::slice::from_raw_parts_mut(results, r));
    let function = m.program_ref().native(native as u32);
    m.stats.native_calls += 1;
    let site = m.native_site();
    if !function.prints {
        m.flush_print();
    }
    let status = function.call(&mut NativeCx { m, site, args }, args, results);
    let status = m.native_done(status, results);
    if status == Status::Ok && m.takes_every_point() {
        let kept = resume::keep_results(results);
        m.fiber_mut().pending.push(kept);
        return Status::Wake;
    }
    status
}

pub(in crate::callbacks) unsafe extern "C" fn poll_entry(
    ctx: *mut JitContext,
    func: u64,
    args: *mut u64,
    exhausted: u64,
) -> Status {
    let m = machine(ctx);
    let leaves = exhausted != 0 || (!std::mem::take(&mut m.skip_poll) && m.answer_interrupt(m.at_floor()));
    if !leaves {
        return Status::Ok;
    }
    let code = m.program_ref().code(func as u32);
    let args = std::slice::from_raw_parts(args, code.params());
    record::spill_call(m, code, args);
    if exhausted != 0 {
        m.exhausted = m.stack_bytes();
    }
    Status::Wake
}

pub(in crate::callbacks) unsafe extern "C" fn leave_frame(
    ctx: *mut JitContext,
    status: u64,
    place: u64,
    live: *mut u64,
    slots: *mut u64,
) -> Status {
    let m = machine(ctx);
    let status = Status::from_u32(status as u32).expect("internal error: a frame leaves with no status");
    let (func, point) = site_parts(place);
    let code = m.program_ref().code(func);
    let at = &code.function().points[point as usize];
    if status == Status::Panic {
        m.fiber_mut().panics().leave(func, at.pc);
        return status;
    }
    if m.leaving {
        return status;
    }
    let live = std::slice::from_raw_parts(live, at.live.len());
    let slots = if slots.is_null() { &[] } else { std::slice::from_raw_parts(slots, code.slot_words) };
    record::spill_compiled(m, code, point, live, slots);
    status
}

pub(in crate::callbacks) unsafe extern "C" fn leave(ctx: *mut JitContext, site: u64) {
    let (func, pc) = site_parts(site);
    machine(ctx).fiber_mut().panics().leave(func, pc);
}

pub(in crate::callbacks) unsafe extern "C" fn go_start(
    ctx: *mut JitContext,
    func: u64,
    args: *mut u64,
    n: u64,
    site: u64,
) -> Status {
    let words = std::slice::from_raw_parts(args, n as usize);
    machine(ctx).go_from(site_parts(site), func as u32, None, words);
    Status::Ok
}

pub(in crate::callbacks) unsafe extern "C" fn go_closure(
    ctx: *mut JitContext,
    closure: u64,
    args: *mut u64,
    n: u64,
    site: u64,
) -> Status {
    let (m, words) = (machine(ctx), std::slice::from_raw_parts(args, n as usize));
    let started = m.go_closure_from(site_parts(site), closure, words);
    m.status(started)
}

pub(in crate::callbacks) unsafe extern "C" fn yield_now(ctx: *mut JitContext) -> Status {
    // It is gone on with as a native without results is.
    machine(ctx).fiber_mut().pending.push(None);
    Status::Wake
}

pub(in crate::callbacks) unsafe extern "C" fn interrupt(ctx: *mut JitContext) -> Status {
    let m = machine(ctx);
    let floor = m.at_floor();
    if m.answer_interrupt(floor) { Status::Wake } else { Status::Ok }
}
