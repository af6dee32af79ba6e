//! Natives of package runtime/debug: the collector's settings.

use crate::natives;

natives! {
    "runtime/debug.SetGCPercent" => fn set_gc_percent(cx, percent: i64) -> i64 {
        let old = cx.set_gc_percent(u32::try_from(percent).ok());
        old.map_or(-1, i64::from)
    }
    "runtime/debug.setMemoryLimit" => fn set_memory_limit(cx, limit: i64) -> i64 {
        let old = cx.memory_limit(u64::try_from(limit).ok());
        old.map_or(i64::MAX, |n| n as i64)
    }
    "runtime/debug.SetMaxStack" => fn set_max_stack(cx, bytes: i64) -> i64 { cx.max_stack(usize::try_from(bytes).ok()) as i64 }
    "runtime/debug.FreeOSMemory" => fn free_os_memory(cx) -> () { cx.free_os_memory() }
}
