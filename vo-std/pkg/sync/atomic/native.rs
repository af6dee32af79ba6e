//! Natives of package sync/atomic: sequentially consistent operations on words
//! of Vo memory. Stores of pointers tell the collector.

use crate::abi::{Any, Ptr};
use crate::natives;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};
use vo_bytecode::Status;
use vo_runtime::panic::RuntimePanic;
use vo_vm::native::NativeCx;

/// The 32-bit word at an address; nil panics as a nil dereference.
fn word32<'a>(cx: &mut NativeCx<'_>, addr: Ptr) -> Result<&'a AtomicU32, Status> {
    if addr.0 == 0 {
        return Err(cx.panic_runtime(RuntimePanic::NilDereference {}));
    }
    // SAFETY: a non-nil pointer of Vo code to a 32-bit integer is aligned and its object is alive for
    // the call, since the caller's frame holds it; all access to the word is atomic or a plain machine access.
    Ok(unsafe { AtomicU32::from_ptr(addr.0 as *mut u32) })
}

/// The 64-bit word at an address; nil panics as a nil dereference.
fn word64<'a>(cx: &mut NativeCx<'_>, addr: Ptr) -> Result<&'a AtomicU64, Status> {
    if addr.0 == 0 {
        return Err(cx.panic_runtime(RuntimePanic::NilDereference {}));
    }
    // SAFETY: as for `word32`, for a 64-bit integer or pointer.
    Ok(unsafe { AtomicU64::from_ptr(addr.0 as *mut u64) })
}

/// The pointer at an address, which is about to be replaced; nil panics as a nil dereference.
fn overwritten<'a>(cx: &mut NativeCx<'_>, addr: Ptr) -> Result<&'a AtomicU64, Status> {
    let word = word64(cx, addr)?;
    cx.overwriting(addr.0);
    Ok(word)
}

fn compare_and_swap32(cx: &mut NativeCx<'_>, addr: Ptr, old: u32, new: u32) -> Result<bool, Status> {
    Ok(word32(cx, addr)?.compare_exchange(old, new, SeqCst, SeqCst).is_ok())
}

fn compare_and_swap64(cx: &mut NativeCx<'_>, addr: Ptr, old: u64, new: u64) -> Result<bool, Status> {
    Ok(word64(cx, addr)?.compare_exchange(old, new, SeqCst, SeqCst).is_ok())
}

natives! {
    "sync/atomic.LoadInt32" => fn load_i32(cx, addr: Ptr) -> Result<i32, Status> { word32(cx, addr).map(|w| w.load(SeqCst) as i32) }
    "sync/atomic.StoreInt32" => fn store_i32(cx, addr: Ptr, val: i32) -> Result<(), Status> { word32(cx, addr).map(|w| w.store(val as u32, SeqCst)) }
    "sync/atomic.SwapInt32" => fn swap_i32(cx, addr: Ptr, new: i32) -> Result<i32, Status> { word32(cx, addr).map(|w| w.swap(new as u32, SeqCst) as i32) }
    "sync/atomic.CompareAndSwapInt32" => fn cas_i32(cx, addr: Ptr, old: i32, new: i32) -> Result<bool, Status> { compare_and_swap32(cx, addr, old as u32, new as u32) }
    "sync/atomic.AddInt32" => fn add_i32(cx, addr: Ptr, delta: i32) -> Result<i32, Status> { word32(cx, addr).map(|w| (w.fetch_add(delta as u32, SeqCst) as i32).wrapping_add(delta)) }
    "sync/atomic.AndInt32" => fn and_i32(cx, addr: Ptr, mask: i32) -> Result<i32, Status> { word32(cx, addr).map(|w| w.fetch_and(mask as u32, SeqCst) as i32) }
    "sync/atomic.OrInt32" => fn or_i32(cx, addr: Ptr, mask: i32) -> Result<i32, Status> { word32(cx, addr).map(|w| w.fetch_or(mask as u32, SeqCst) as i32) }

    "sync/atomic.LoadUint32" => fn load_u32(cx, addr: Ptr) -> Result<u32, Status> { word32(cx, addr).map(|w| w.load(SeqCst)) }
    "sync/atomic.StoreUint32" => fn store_u32(cx, addr: Ptr, val: u32) -> Result<(), Status> { word32(cx, addr).map(|w| w.store(val, SeqCst)) }
    "sync/atomic.SwapUint32" => fn swap_u32(cx, addr: Ptr, new: u32) -> Result<u32, Status> { word32(cx, addr).map(|w| w.swap(new, SeqCst)) }
    "sync/atomic.CompareAndSwapUint32" => fn cas_u32(cx, addr: Ptr, old: u32, new: u32) -> Result<bool, Status> { compare_and_swap32(cx, addr, old, new) }
    "sync/atomic.AddUint32" => fn add_u32(cx, addr: Ptr, delta: u32) -> Result<u32, Status> { word32(cx, addr).map(|w| w.fetch_add(delta, SeqCst).wrapping_add(delta)) }
    "sync/atomic.AndUint32" => fn and_u32(cx, addr: Ptr, mask: u32) -> Result<u32, Status> { word32(cx, addr).map(|w| w.fetch_and(mask, SeqCst)) }
    "sync/atomic.OrUint32" => fn or_u32(cx, addr: Ptr, mask: u32) -> Result<u32, Status> { word32(cx, addr).map(|w| w.fetch_or(mask, SeqCst)) }

    "sync/atomic.LoadInt64" => fn load_i64(cx, addr: Ptr) -> Result<u64, Status> { word64(cx, addr).map(|w| w.load(SeqCst)) }
    "sync/atomic.StoreInt64" => fn store_i64(cx, addr: Ptr, val: u64) -> Result<(), Status> { word64(cx, addr).map(|w| w.store(val, SeqCst)) }
    "sync/atomic.SwapInt64" => fn swap_i64(cx, addr: Ptr, new: u64) -> Result<u64, Status> { word64(cx, addr).map(|w| w.swap(new, SeqCst)) }
    "sync/atomic.CompareAndSwapInt64" => fn cas_i64(cx, addr: Ptr, old: u64, new: u64) -> Result<bool, Status> { compare_and_swap64(cx, addr, old, new) }
    "sync/atomic.AddInt64" => fn add_i64(cx, addr: Ptr, delta: u64) -> Result<u64, Status> { word64(cx, addr).map(|w| w.fetch_add(delta, SeqCst).wrapping_add(delta)) }
    "sync/atomic.AndInt64" => fn and_i64(cx, addr: Ptr, mask: u64) -> Result<u64, Status> { word64(cx, addr).map(|w| w.fetch_and(mask, SeqCst)) }
    "sync/atomic.OrInt64" => fn or_i64(cx, addr: Ptr, mask: u64) -> Result<u64, Status> { word64(cx, addr).map(|w| w.fetch_or(mask, SeqCst)) }

    "sync/atomic.LoadUint64" => fn load_u64(cx, addr: Ptr) -> Result<u64, Status> { word64(cx, addr).map(|w| w.load(SeqCst)) }
    "sync/atomic.StoreUint64" => fn store_u64(cx, addr: Ptr, val: u64) -> Result<(), Status> { word64(cx, addr).map(|w| w.store(val, SeqCst)) }
    "sync/atomic.SwapUint64" => fn swap_u64(cx, addr: Ptr, new: u64) -> Result<u64, Status> { word64(cx, addr).map(|w| w.swap(new, SeqCst)) }
    "sync/atomic.CompareAndSwapUint64" => fn cas_u64(cx, addr: Ptr, old: u64, new: u64) -> Result<bool, Status> { compare_and_swap64(cx, addr, old, new) }
    "sync/atomic.AddUint64" => fn add_u64(cx, addr: Ptr, delta: u64) -> Result<u64, Status> { word64(cx, addr).map(|w| w.fetch_add(delta, SeqCst).wrapping_add(delta)) }
    "sync/atomic.AndUint64" => fn and_u64(cx, addr: Ptr, mask: u64) -> Result<u64, Status> { word64(cx, addr).map(|w| w.fetch_and(mask, SeqCst)) }
    "sync/atomic.OrUint64" => fn or_u64(cx, addr: Ptr, mask: u64) -> Result<u64, Status> { word64(cx, addr).map(|w| w.fetch_or(mask, SeqCst)) }

    "sync/atomic.LoadUintptr" => fn load_uintptr(cx, addr: Ptr) -> Result<u64, Status> { word64(cx, addr).map(|w| w.load(SeqCst)) }
    "sync/atomic.StoreUintptr" => fn store_uintptr(cx, addr: Ptr, val: u64) -> Result<(), Status> { word64(cx, addr).map(|w| w.store(val, SeqCst)) }
    "sync/atomic.SwapUintptr" => fn swap_uintptr(cx, addr: Ptr, new: u64) -> Result<u64, Status> { word64(cx, addr).map(|w| w.swap(new, SeqCst)) }
    "sync/atomic.CompareAndSwapUintptr" => fn cas_uintptr(cx, addr: Ptr, old: u64, new: u64) -> Result<bool, Status> { compare_and_swap64(cx, addr, old, new) }
    "sync/atomic.AddUintptr" => fn add_uintptr(cx, addr: Ptr, delta: u64) -> Result<u64, Status> { word64(cx, addr).map(|w| w.fetch_add(delta, SeqCst).wrapping_add(delta)) }
    "sync/atomic.AndUintptr" => fn and_uintptr(cx, addr: Ptr, mask: u64) -> Result<u64, Status> { word64(cx, addr).map(|w| w.fetch_and(mask, SeqCst)) }
    "sync/atomic.OrUintptr" => fn or_uintptr(cx, addr: Ptr, mask: u64) -> Result<u64, Status> { word64(cx, addr).map(|w| w.fetch_or(mask, SeqCst)) }

    "sync/atomic.LoadPointer" => fn load_pointer(cx, addr: Ptr) -> Result<Ptr, Status> { word64(cx, addr).map(|w| Ptr(w.load(SeqCst))) }
    "sync/atomic.StorePointer" => fn store_pointer(cx, addr: Ptr, val: Ptr) -> Result<(), Status> {
        overwritten(cx, addr).map(|w| w.store(val.0, SeqCst))
    }
    "sync/atomic.SwapPointer" => fn swap_pointer(cx, addr: Ptr, new: Ptr) -> Result<Ptr, Status> {
        overwritten(cx, addr).map(|w| Ptr(w.swap(new.0, SeqCst)))
    }
    "sync/atomic.CompareAndSwapPointer" => fn cas_pointer(cx, addr: Ptr, old: Ptr, new: Ptr) -> Result<bool, Status> {
        overwritten(cx, addr).map(|w| w.compare_exchange(old.0, new.0, SeqCst, SeqCst).is_ok())
    }
    "sync/atomic.sameType" => fn same_type(cx, a: Any, b: Any) -> bool { a.ty == b.ty }
}
