//! Select.
//!
//! The contract of every door is that of [`super`].

use crate::callbacks::machine;
use crate::ops::chan::Waited;
use crate::ops::select;
use vo_bytecode::Status;
use vo_runtime::context::{JitContext, SelectCase};

pub(in crate::callbacks) unsafe extern "C" fn select_begin(ctx: *mut JitContext, n: u64) {
    machine(ctx).select.begin(n as usize);
}

pub(in crate::callbacks) unsafe extern "C" fn select_add_send(
    ctx: *mut JitContext,
    index: u64,
    ch: u64,
    words: *mut u64,
    n: u64,
) {
    let words = std::slice::from_raw_parts(words, n as usize);
    machine(ctx).select.add_send(index as u16, ch, words.iter().copied());
}

pub(in crate::callbacks) unsafe extern "C" fn select_add_recv(
    ctx: *mut JitContext,
    index: u64,
    ch: u64,
    _n: u64,
) {
    machine(ctx).select.add_recv(index as u16, ch);
}

pub(in crate::callbacks) unsafe extern "C" fn select_add_port(
    ctx: *mut JitContext,
    index: u64,
    port: u64,
    _n: u64,
) {
    machine(ctx).select.add_port(index as u16, port);
}

pub(in crate::callbacks) unsafe extern "C" fn select_exec(ctx: *mut JitContext, default: u64) -> Status {
    let m = machine(ctx);
    let floor = m.at_floor();
    let chosen = select::exec(m, floor, default == 0);
    m.selected(chosen)
}

pub(in crate::callbacks) unsafe extern "C" fn select(
    ctx: *mut JitContext,
    cases: *mut u64,
    n: u64,
    default: u64,
) -> Status {
    let m = machine(ctx);
    let cases = std::slice::from_raw_parts(cases.cast::<SelectCase>(), n as usize);
    if let Some(case) = select::exec_at_once(m, cases) {
        return m.selected(Ok(Waited::Done(case)));
    }
    let floor = m.at_floor();
    let chosen = select::exec_cases(m, floor, cases, default == 0);
    m.selected(chosen)
}

pub(in crate::callbacks) unsafe extern "C" fn select_value(
    ctx: *mut JitContext,
    words: *mut u64,
    n: u64,
) -> u64 {
    let m = machine(ctx);
    std::ptr::copy_nonoverlapping(m.select.values.as_ptr(), words, n as usize);
    m.context.select_ok
}
