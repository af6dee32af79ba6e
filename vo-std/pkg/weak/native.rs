//! Natives of package weak.

use crate::abi::Ptr;
use crate::natives;
use vo_bytecode::Status;
use vo_runtime::heap::barrier::taken;
use vo_vm::native::NativeCx;

/// The handle of an address, made where there is none.
fn handle(cx: &mut NativeCx<'_>, addr: u64) -> Result<Ptr, Status> {
    if let Some(known) = cx.heap().weak_handle(addr) {
        taken(&[known]);
        return Ok(Ptr(known));
    }
    let made = cx.allocator().and_then(|cache| cache.alloc_bytes(8));
    let made = made.map_err(|trap| cx.trap(trap))?;
    let handle = cx.heap().add_weak_handle(addr, made);
    taken(&[handle]);
    Ok(Ptr(handle))
}

natives! {
    "weak.handle" => fn weak_handle(cx, ptr: Ptr) -> Result<Ptr, Status> { handle(cx, ptr.0) }
    "weak.value" => fn weak_value(cx, handle: Ptr) -> Ptr {
        // SAFETY: a handle that `handle` made; the caller holds it.
        let value = unsafe { cx.heap().weak_value(handle.0) };
        taken(&[value]);
        Ptr(value)
    }
}
